import numpy as np
import pandas as pd
import pytest

from servicepo.charts import transition_matrix
from servicepo.errors import TableError


def test_cells_tell_probability_and_count():
    frame = pd.DataFrame(
        {
            "before": ["好", "好", "差"],
            "after": ["好", "差", "差"],
            "probability": [0.75, 0.25, 1.0],
            "count": [3, 1, 2],
        }
    )
    ax = transition_matrix(frame)
    cells = ax.collections[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(cells, [[0.75, 0.25], [np.nan, 1.0]])
    assert [t.get_text() for t in ax.texts] == [
        "0.75\n(3)",
        "0.25\n(1)",
        "—",
        "1.00\n(2)",
        "格内为转移概率，括号内为组织数",
    ]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["好\nn = 4", "差\nn = 2"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["好", "差"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("上期等次", "本期等次")


def test_intervals_are_told_where_they_are_known():
    frame = pd.DataFrame(
        {
            "before": ["好", "好", "差", "差"],
            "after": ["好", "差", "好", "差"],
            "probability": [0.75, 0.25, np.nan, np.nan],
            "count": [3, 1, 0, 0],
            "low": [0.3, 0.05, np.nan, np.nan],
            "high": [0.95, 0.7, np.nan, np.nan],
        }
    )
    ax = transition_matrix(frame)
    assert [t.get_text() for t in ax.texts] == [
        "0.75\n0.30–0.95\n(3)",
        "0.25\n0.05–0.70\n(1)",
        "—",
        "—",
        "格内为转移概率、95% 区间，括号内为组织数",
    ]


def test_categories_give_the_order_and_states_only_reached_have_a_row():
    grades = pd.CategoricalDtype(["差", "好"], ordered=True)
    frame = pd.DataFrame({"before": ["好"], "after": ["差"], "probability": [1.0], "count": [2]})
    ax = transition_matrix(frame.astype({"before": grades, "after": grades}))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["差\nn = 0", "好\nn = 2"]


def test_a_pair_that_stands_twice_is_refused(frames):
    with pytest.raises(TableError) as caught:
        transition_matrix(pd.concat([frames["transition_matrix"]] * 2))
    assert str(caught.value) == (
        "a frame for charts.transition_matrix must have one row for each before and after, "
        "got '好, 好' more than once. Select or average rows first."
    )


def test_no_transitions_at_all_are_refused(frames):
    with pytest.raises(TableError) as caught:
        transition_matrix(frames["transition_matrix"].head(0))
    assert str(caught.value) == (
        "a frame for charts.transition_matrix must have at least one row with before and after, "
        "got 0 rows without. Select rows that have values."
    )
