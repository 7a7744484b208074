import pandas as pd
import pytest

from servicepo.charts import slope
from servicepo.charts.style import FAINT
from servicepo.errors import TableError

YEARS = pd.period_range("2022", "2024", freq="Y")


def ranks(n):
    return pd.DataFrame(
        [(f"第{i}村", year, (i + k) % n + 1) for k, year in enumerate(YEARS) for i in range(n)],
        columns=["org", "period", "rank"],
    )


def test_a_few_lines_are_all_named(frames):
    ax = slope(frames["slope"])
    assert [text.get_text() for text in ax.texts] == ["甲村", "乙村", "丙校"]
    assert len(ax.lines) == 3
    assert len({line.get_marker() for line in ax.lines}) == 3
    assert ax.lines[0].get_ydata().tolist() == frames["slope"]["score"][::3].tolist()
    assert ax.get_ylabel() == "得分"
    assert not ax.yaxis_inverted()


def test_of_many_lines_only_the_highlighted_are_named():
    ax = slope(ranks(30), of="rank", highlight=["第3村", "第7村"])
    assert sorted(text.get_text() for text in ax.texts) == ["第3村", "第7村"]
    faint = [line for line in ax.lines if line.get_color() == FAINT]
    assert len(faint) == 28
    assert all(line.get_zorder() < 3 for line in faint)
    assert len(slope(ranks(30), of="rank").texts) == 0


def test_rank_1_is_on_top():
    ax = slope(ranks(30), of="rank")
    assert ax.yaxis_inverted()
    ticks = ax.get_yticks()
    assert ticks[0] == 1
    assert ticks.max() <= 30


def test_a_gap_breaks_the_line(frames):
    frame = frames["slope"]
    frame.loc[3, "score"] = float("nan")
    line = slope(frame).lines[0].get_ydata()
    assert pd.isna(line).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("highlight", "message"),
    [
        (
            ["第99村"],
            "highlight for charts.slope must name organisations of the frame, got ['第99村']. "
            "Take others or select other rows.",
        ),
        (
            [f"第{i}村" for i in range(13)],
            "highlight for charts.slope must name at most 12 organisations, got 13. "
            "Draw several charts.",
        ),
    ],
)
def test_what_cannot_be_named_is_refused(highlight, message):
    with pytest.raises(TableError) as caught:
        slope(ranks(30), of="rank", highlight=highlight)
    assert str(caught.value) == message
