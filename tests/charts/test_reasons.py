import numpy as np
import pandas as pd
import pytest

from servicepo.charts import weak_reasons
from servicepo.errors import TableError


def test_the_most_frequent_reason_is_on_top():
    frame = pd.DataFrame({"reason": ["甲因", "乙因", "丙因"], "count": [3, 7, 0]})
    ax = weak_reasons(frame)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["乙因", "甲因", "丙因"]
    assert [bar.get_width() for bar in ax.patches] == [7, 3, 0]
    assert [text.get_text() for text in ax.texts] == ["7", "3", "0"]
    assert (ax.get_xlabel(), weak_reasons(frame, language="en").get_xlabel()) == (
        "组织数",
        "Number of organisations",
    )


def test_counts_have_whole_ticks():
    ax = weak_reasons(pd.DataFrame({"reason": ["甲因"], "count": [2]}))
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_shortfalls_are_cells_of_organisation_and_reason():
    frame = pd.DataFrame(
        {
            "org": ["乙村", "乙村", "甲村"],
            "reason": ["team", "results", "team"],
            "shortfall": [12.0, np.nan, 30.0],
        }
    )
    ax = weak_reasons(frame, words={"team": "领导班子", "results": "服务业绩"})
    cells = ax.collections[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(cells, [[12, np.nan], [30, np.nan]])
    assert [text.get_text() for text in ax.texts] == ["12.0", "—", "30.0", "—"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["乙村", "甲村"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["领导班子", "服务业绩"]


def test_what_may_be_chance_is_hatched():
    frame = pd.DataFrame(
        {
            "org": ["甲", "甲", "乙"],
            "reason": ["team", "results", "team"],
            "shortfall": [12.0, 5.0, 30.0],
            "state": ["clear", "unclear", "unknown"],
        }
    )
    ax = weak_reasons(frame)
    hatched = [patch.get_xy() for patch in ax.patches if patch.get_hatch()]
    assert hatched == [(1, 0)]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["可能只是偶然，不作为原因"]
    assert weak_reasons(frame.assign(state="clear")).get_legend() is None


def test_obstacle_degrees_are_drawn_as_they_are_found():
    frame = pd.DataFrame(
        {
            "org": ["村-001", "村-001", "村-002"],
            "place": [1, 2, 1],
            "indicator": ["team_style", "results_welcomed", "team_style"],
            "dimension": ["team", "results", "team"],
            "degree": [0.5, 0.25, 1.0],
        }
    )
    before = frame.copy()
    ax = weak_reasons(frame, words={"team_style": "服务作风"})
    cells = ax.collections[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(cells, [[50, 25], [100, np.nan]])
    assert ax.get_xlabel() == "障碍度（%）"
    assert weak_reasons(frame, language="en").get_xlabel() == "Obstacle degree (%)"
    pd.testing.assert_frame_equal(frame, before)


def test_too_many_organisations_are_refused():
    frame = pd.DataFrame({"org": [f"{i}村" for i in range(61)], "reason": "a", "shortfall": 1.0})
    with pytest.raises(TableError) as caught:
        weak_reasons(frame)
    assert str(caught.value) == (
        "a frame for charts.weak_reasons must have at most 60 rows, got 61. "
        "Select fewer rows or average them by group."
    )


def test_a_missing_shortfall_column_is_named():
    with pytest.raises(TableError) as caught:
        weak_reasons(pd.DataFrame({"org": ["甲"], "reason": ["a"], "shortfal": [1.0]}))
    assert str(caught.value) == (
        "a frame for charts.weak_reasons must have the columns org, reason, shortfall, "
        "got ['org', 'reason', 'shortfal']. Add shortfall (near: shortfal)."
    )
