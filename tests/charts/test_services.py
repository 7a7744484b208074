import numpy as np
import pandas as pd
import pytest

from servicepo.charts import backlog, calendar, survival_curves
from servicepo.errors import TableError


def test_curves_begin_whole_and_step_down(frames):
    frame = frames["survival_curves"].rename(columns={"group": "channel"})
    ax = survival_curves(frame.assign(standard_error=[0.1, 0.1, 0.1, 0.2, np.nan]), by="channel")
    hotline = ax.lines[0]
    assert hotline.get_xydata().tolist() == [[0, 1], [2, 0.8], [5, 0.5], [9, 0.2]]
    assert hotline.get_drawstyle() == "steps-post"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["热线", "走访"]
    assert len(ax.collections) == 2  # the bands
    assert len({line.get_linestyle() for line in ax.lines}) == 2


def test_the_words_of_the_caller_come_first(frames):
    ax = survival_curves(frames["survival_curves"], words={"hotline": "12345"})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["12345", "visits"]


def test_every_day_stands_in_its_week():
    days = pd.to_datetime(["2024-01-01", "2024-01-07", "2024-01-08", "2024-12-31", "2025-01-01"])
    ax = calendar(pd.DataFrame({"date": days, "value": [1.0, 2, 3, 4, 5]}))
    grid = ax.collections[0].get_array()
    filled = {tuple(at): grid[tuple(at)] for at in np.argwhere(~np.ma.getmaskarray(grid)).tolist()}
    # 2024 began on a Monday; the second year's strip begins eight rows below.
    assert filled == {(0, 0): 1, (6, 0): 2, (0, 1): 3, (1, 52): 4, (8 + 2, 0): 5}
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2024年", "2025年"]
    assert len(ax.get_xticks()) == 12


def test_bars_and_line_of_the_backlog(frames):
    frame = frames["backlog"].assign(
        accepted=[20, 24, 22, 18, 21, 22], settled=[19, 20, 24, 21, 19, 20]
    )
    ax = backlog(frame.iloc[::-1])
    line = next(line for line in ax.lines if len(line.get_xdata()) == 6)
    assert line.get_ydata().tolist() == frame["open"].tolist()
    heights = [[bar.get_height() for bar in bars] for bars in ax.containers]
    assert heights == [frame["accepted"].tolist(), frame["settled"].tolist()]
    assert {bars[0].get_hatch() or "" for bars in ax.containers} == {"", "////"}
    alone = backlog(frame[["period", "open"]])
    assert alone.containers == []


@pytest.mark.parametrize(
    ("draw", "change", "message"),
    [
        (
            survival_curves, lambda f: f["survival_curves"].assign(survival=80.0),
            "column survival for charts.survival_curves must lie between 0 and 1, got 80. "
            "Give shares, not percent.",
        ),
        (
            survival_curves,
            lambda f: pd.DataFrame({"group": range(7), "time": 1.0, "survival": 0.5}),
            "a frame for charts.survival_curves must have at most 6 groups, got 7. Select some.",
        ),
        (
            calendar, lambda f: f["calendar"].assign(date="2024-01-01"),
            "column date for charts.calendar must hold dates, got 'str'. "
            "Convert it with pandas.to_datetime.",
        ),
        (
            calendar,
            lambda f: pd.DataFrame(
                {"date": pd.to_datetime(["2010-01-01", "2024-01-01"]), "value": 1.0}
            ),
            "a frame for charts.calendar must span at most 6 years, got 15. Select some.",
        ),
        (
            backlog, lambda f: f["backlog"].assign(period="2024-01"),
            "a frame for charts.backlog must have one row for each period, got '2024-01' more "
            "than once. Select or average rows first.",
        ),
    ],
)  # fmt: skip
def test_refusals(draw, change, message, frames):
    with pytest.raises(TableError) as caught:
        draw(change(frames))
    assert str(caught.value) == message
