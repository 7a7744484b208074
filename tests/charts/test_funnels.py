import numpy as np
import pandas as pd
import pytest

from servicepo.charts import funnel
from servicepo.errors import TableError


def rates(values, sizes, orgs=None):
    sizes = np.asarray(sizes, dtype=float)
    error = np.sqrt(0.8 * 0.2 / sizes)
    return pd.DataFrame(
        {
            "org": orgs or [f"村-{at:02d}" for at in range(len(sizes))],
            "value": values,
            "denominator": sizes,
            "target": 0.8,
            "low_95": 0.8 - 1.96 * error,
            "high_95": 0.8 + 1.96 * error,
            "low_998": 0.8 - 3.09 * error,
            "high_998": 0.8 + 3.09 * error,
        }
    )


def lines(ax):
    """Return target, the four limits, those within and those beyond, as (x, y)."""
    return [line.get_xydata() for line in ax.lines]


def test_points_stand_at_their_sizes_and_limits_run_from_small_to_large():
    frame = rates([0.9, 0.4, 0.8], [40, 100, 20])
    target, low, high, lowest, highest, within, beyond = lines(funnel(frame))
    assert target[:, 0].tolist() == [20, 40, 100]
    assert target[:, 1].tolist() == [0.8] * 3
    order = [2, 0, 1]
    for drawn, name in ((low, "low_95"), (high, "high_95"), (lowest, "low_998")):
        assert drawn[:, 1] == pytest.approx(frame[name].iloc[order])
    assert highest[:, 1] == pytest.approx(frame["high_998"].iloc[order])
    assert within.tolist() == [[20, 0.8], [40, 0.9]]
    assert beyond.tolist() == [[100, 0.4]]


def test_only_those_beyond_the_outer_limits_are_named_by_the_code_they_came_with():
    ax = funnel(rates([0.9, 0.4, 0.8, 0.99], [40, 100, 20, 300]), words={"村-03": "丁"})
    assert sorted(text.get_text() for text in ax.texts) == ["丁", "村-01"]


def test_the_furthest_are_named_first_and_names_do_not_cover_each_other():
    frame = rates([0.3, 0.301, 0.5, 0.6], [100, 101, 150, 160])
    assert [text.get_text() for text in funnel(frame).texts] == ["村-00", "村-02", "村-03"]
    assert [text.get_text() for text in funnel(frame, most=1).texts] == ["村-00"]


def test_a_name_at_the_right_edge_stands_left_of_its_point():
    sides = {t.get_text(): t.get_ha() for t in funnel(rates([0.3, 0.3], [100, 500])).texts}
    assert sides == {"村-00": "left", "村-01": "right"}


def test_sizes_that_differ_much_stand_on_a_logarithmic_axis():
    assert funnel(rates([0.8, 0.8], [10, 200])).get_xscale() == "linear"
    assert funnel(rates([0.8, 0.8], [10, 2000])).get_xscale() == "log"


def test_axes_are_named_by_the_caller_s_words():
    ax = funnel(rates([0.8], [10]), words={"value": "满意率", "denominator": "发卷数"})
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("满意率", "发卷数")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["95% 界限", "99.8% 界限"]


def test_rows_without_a_value_are_told_not_drawn():
    ax = funnel(rates([0.8, np.nan], [10, 20]))
    assert ax.get_xlabel() == "应答人数\n另有 1 个无得分，未显示"
    assert len(lines(ax)[0]) == 1


def test_the_last_period_is_drawn_and_named():
    frame = pd.concat(
        [rates([0.5], [10]).assign(period="2023"), rates([0.7], [10]).assign(period="2024")]
    )
    ax = funnel(frame)
    assert lines(ax)[5].tolist() == [[10, 0.7]]
    assert ax.get_ylabel() == "取值（2024年）"


def test_an_organisation_that_stands_twice_is_refused():
    with pytest.raises(TableError) as caught:
        funnel(rates([0.8, 0.7], [10, 20], ["甲", "甲"]))
    assert str(caught.value) == (
        "a frame for charts.funnel must have one row for each org, got '甲' more than once. "
        "Select or average rows first."
    )
