"""Stacked bars of grades: order, widths, numbers, refusals."""

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import TableError


def frame(**changes):
    table = pd.DataFrame(
        {
            "domain": ["rural"] * 3 + ["organs"] * 3,
            "grade": ["poor", "average", "good"] * 2,
            "share": [0.1, 0.3, 0.6, 0.0, 0.97, 0.03],
        }
    )
    return table.assign(**changes)


def test_bars_add_up_from_the_best_grade_on():
    ax = sp.charts.grade_shares(frame(), by="domain")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["好", "一般", "较差"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["农村（村、社区）", "机关事业"]
    widths = [[bar.get_width() for bar in part] for part in ax.containers]
    np.testing.assert_allclose(widths, [[60, 3], [30, 97], [10, 0]])
    starts = [[bar.get_x() for bar in part] for part in ax.containers]
    np.testing.assert_allclose(starts, [[0, 0], [60, 3], [90, 100]])
    assert sorted(t.get_text() for t in ax.texts) == ["10", "30", "60", "97"]  # 3 has no room


def test_categories_give_the_order_and_the_last_period_is_drawn():
    kind = pd.CategoricalDtype(["poor", "average", "good"], ordered=True)
    two = pd.concat([frame(period="2023", share=1 / 3), frame(period="2024")])
    ax = sp.charts.grade_shares(two.astype({"grade": kind}), by="domain", language="en")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["good", "average", "poor"]
    assert ax.containers[0][0].get_width() == 60


def test_counts_of_grades_are_drawn_as_they_are(small_index):
    rows = pd.MultiIndex.from_product(
        [["a", "b", "c"], [pd.Period("2024")]], names=["org", "period"]
    )
    values = pd.DataFrame({"team_awareness": [95.0, 70, 40], "results_welcomed": 0.95}, rows)
    people = pd.DataFrame({"domain": ["rural", "rural", "organs"]}, index=["a", "b", "c"])
    people = people.assign(sector="village")
    made = sp.grade(small_index(values, people))
    ax = sp.charts.grade_shares(made.counts(by="domain"), by="domain")
    assert len(ax.containers) == 4
    long = made.probabilities.fillna(0.25).melt(
        ignore_index=False, var_name="grade", value_name="share"
    )
    assert len(sp.charts.grade_shares(long).containers) == 4


def test_a_row_and_grade_stand_once():
    with pytest.raises(TableError, match="one row for each domain and grade, got 'rural, poor'"):
        sp.charts.grade_shares(pd.concat([frame(), frame()]), by="domain")
