import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

from servicepo.charts import trend
from servicepo.charts.trends import spread
from servicepo.errors import TableError


def lines(ax):
    return [line for line in ax.lines if line.get_marker() != "None"]


def test_lines_go_through_the_means_and_are_named_at_their_ends(frames):
    ax = trend(frames["trend"])
    assert [text.get_text() for text in ax.texts] == ["农村（村、社区）", "企业", "机关事业"]
    for line, (_, rows) in zip(
        lines(ax), frames["trend"].groupby("domain", sort=False), strict=True
    ):
        np.testing.assert_array_equal(line.get_xdata(), [2022, 2023, 2024])
        np.testing.assert_array_equal(line.get_ydata(), rows["mean"])
    assert ax.get_legend() is None
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2022年", "2023年", "2024年"]
    assert len({line.get_marker() for line in lines(ax)}) == 3


def test_a_band_is_drawn_where_its_ends_are_given(frames):
    assert len(trend(frames["trend"]).collections) == 0
    frame = frames["trend"].assign(low=lambda t: t["mean"] - 2, high=lambda t: t["mean"] + 2)
    bands = trend(frame).collections
    assert len(bands) == 3
    y = bands[0].get_paths()[0].vertices[:, 1]
    first = frame[frame["domain"] == "rural"]
    assert (y.min(), y.max()) == (first["low"].min(), first["high"].max())


def test_halves_and_quarters_name_the_year_once():
    halves = pd.DataFrame(
        {"period": ["2023H2", "2024H1", "2024H2"], "domain": "rural", "mean": [1.0, 2.0, 3.0]}
    )
    assert [t.get_text() for t in trend(halves).get_xticklabels()] == [
        "下半年\n2023年",
        "上半年\n2024年",
        "下半年\n",
    ]
    quarters = halves.assign(period=pd.period_range("2024Q1", periods=3, freq="Q"))
    assert [t.get_text() for t in trend(quarters, language="en").get_xticklabels()] == [
        "Q1\n2024",
        "Q2\n",
        "Q3\n",
    ]


def test_a_period_that_is_missing_leaves_its_room():
    frame = pd.DataFrame({"period": ["2021", "2024"], "domain": "rural", "mean": [1.0, 2.0]})
    assert lines(trend(frame))[0].get_xdata().tolist() == [2021, 2024]


def test_many_periods_are_named_at_even_steps():
    periods = pd.period_range("2021-01", periods=36, freq="M")
    frame = pd.DataFrame({"period": periods, "domain": "rural", "mean": np.arange(36.0)})
    labels = [t.get_text() for t in trend(frame).get_xticklabels()]
    assert labels[:5] == ["1月\n2021年", "4月\n", "7月\n", "10月\n", "1月\n2022年"]
    assert len(labels) == 12


def test_rows_out_of_order_and_missing_means():
    frame = pd.DataFrame(
        {"period": ["2024", "2022", "2023"], "domain": "rural", "mean": [3.0, 1.0, np.nan]}
    )
    line = lines(trend(frame))[0]
    np.testing.assert_array_equal(line.get_xdata(), [2022, 2023, 2024])
    np.testing.assert_array_equal(line.get_ydata(), [1, np.nan, 3])


def test_a_group_without_any_mean_is_not_named(frames):
    frame = frames["trend"]
    frame.loc[frame["domain"] == "organs", "mean"] = np.nan
    assert [t.get_text() for t in trend(frame).texts] == ["农村（村、社区）", "企业"]


def test_names_at_the_ends_do_not_touch():
    frame = pd.DataFrame(
        {
            "period": ["2023", "2024"] * 4,
            "sector": [s for s in ("village", "school", "building", "community") for _ in "ab"],
            "mean": [50, 60.0, 50, 60.1, 50, 60.2, 50, 90],
        }
    )
    ax = trend(frame, by="sector")
    ax.figure.draw_without_rendering()
    boxes = sorted((Text.get_window_extent(t) for t in ax.texts), key=lambda box: box.y0)
    for below, above in itertools.pairwise(boxes):
        assert below.y1 <= above.y0 + 2


@settings(max_examples=30)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_spread_keeps_order_and_distance(values):
    values = sorted(values)
    places = spread(values, [5.0] * len(values))
    assert all(b - a >= 5 - 1e-9 for a, b in itertools.pairwise(places))
    if all(b - a >= 5 for a, b in itertools.pairwise(values)):
        assert places == pytest.approx(values)
    assert np.mean(places) == pytest.approx(np.mean(values), abs=1e-6)


def test_a_group_twice_in_a_period_is_refused():
    frame = pd.DataFrame({"period": ["2024", "2024"], "domain": "rural", "mean": [1.0, 2.0]})
    with pytest.raises(TableError) as caught:
        trend(frame)
    assert str(caught.value) == (
        "a frame for charts.trend must have one row for each period and domain, "
        "got '2024, rural' more than once. Select or average rows first."
    )
