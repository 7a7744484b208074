"""States, steps and surroundings: the US states, slow ways, gaps, refusals."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods import panel_states as panel

GRADES = pd.CategoricalDtype(["poor", "fair", "good"], ordered=True)


def by_period(orgs, periods=("2022", "2023", "2024")):
    return pd.MultiIndex.from_product([list(orgs), list(periods)], names=["org", "period"])


def grades(words, orgs="ab", periods=("2022", "2023", "2024")):
    return pd.Series(words, by_period(orgs, periods), dtype=GRADES)


def test_yearly_fifths_are_those_of_pandas(shared):
    path = shared / "reference" / "methods" / "05_trends" / "usjoin_pci_1929_2009.csv"
    income = pd.read_csv(path, index_col=0)
    scores = pd.Series(income.to_numpy().ravel(), by_period(income.index, income.columns))
    made = panel.quantile_states(scores, k=5, cuts="yearly").cat.codes
    expected = income.apply(lambda year: pd.qcut(year, 5, labels=False)).to_numpy().ravel()
    assert (made.to_numpy() == expected).all()


def test_pooled_cuts_let_everybody_rise_and_yearly_cuts_do_not():
    scores = pd.Series([10.0, 40, 70, 20, 50, 80, 30, 60, 90, 35, 65, 95], by_period("abcd"))
    pooled = panel.quantile_states(scores, k=2)
    assert (pooled.xs("2022", level="period") == "q1").sum() == 4
    assert (pooled.xs("2024", level="period") == "q1").sum() == 0
    yearly = panel.quantile_states(scores, k=2, cuts="yearly")
    assert yearly.groupby(level="period").value_counts().tolist() == [2] * 6


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 100) | st.just(np.nan), min_size=3, max_size=30, unique=True))
def test_quantile_states_the_slow_way(values):
    scores = pd.Series(values, by_period(range(len(values)), ["2024"]))
    known = scores.dropna()
    if len(known) < 3:
        return
    cuts = np.quantile(known, [1 / 3, 2 / 3])
    made = panel.quantile_states(scores, k=3)
    for value, state in zip(scores, made, strict=True):
        if np.isnan(value):
            assert pd.isna(state)
        else:
            assert state == f"q{1 + sum(value > cut for cut in cuts)}"


def test_steps_join_periods_that_follow_each_other_and_cross_no_gap():
    states = grades(["poor", "good", "fair", "good", None, "poor"])
    message = (
        "Organisations should have a state in every period between their first and their last, got "
        "gaps for 'b'; no step crosses a gap. Add the missing periods."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = panel.state_steps(states)
    assert made.index.tolist() == [("a", "2023"), ("a", "2024")]
    assert made["moved"].tolist() == [2, -1]
    assert made["start"].tolist() == ["2022", "2023"]
    assert made["before"].tolist() == ["poor", "good"]
    assert made["after"].dtype == GRADES


def test_who_came_late_or_left_early_has_no_gap():
    states = grades(["poor", "good", None, None, "fair", "good"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = panel.state_steps(states)
    assert made["moved"].to_dict() == {("a", "2023"): 2, ("b", "2024"): 1}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100) | st.just(np.nan), st.integers(0, 2)), min_size=1))
def test_mean_of_others_the_slow_way(rows):
    scores = pd.Series([x for x, _ in rows], by_period(range(len(rows)), ["2024"]))
    groups = pd.Series([g for _, g in rows], range(len(rows)))
    made = panel.mean_of_others(scores, groups)
    for i, (_, group) in enumerate(rows):
        others = [x for j, (x, g) in enumerate(rows) if j != i and g == group and x == x]
        expected = np.mean(others) if others else np.nan
        assert_allclose(made.iloc[i], expected, atol=1e-9)


def test_mean_of_neighbours_the_slow_way():
    draw = np.random.default_rng(0)
    scores = pd.Series(draw.uniform(0, 100, 24), by_period(range(8)))
    scores[draw.random(24) < 0.2] = np.nan
    pairs = pd.DataFrame(
        [(i, j) for i in range(8) for j in range(8) if i != j and draw.random() < 0.4],
        columns=["org", "neighbour"],
    ).assign(weight=lambda f: draw.uniform(0.5, 2, len(f)))
    made = panel.mean_of_neighbours(scores, pairs)
    for (org, period), value in made.items():
        own = pairs[pairs["org"] == org].set_index("neighbour")["weight"]
        near = scores.xs(period, level="period").reindex(own.index).dropna()
        own = own[near.index]
        assert_allclose(value, (near * own).sum() / own.sum() if len(own) else np.nan)


def test_the_callers_series_is_left_alone():
    states = grades(["poor", "good", "fair", "good", "good", "poor"])
    before = states.copy()
    panel.at_start(states, panel.state_steps(states))
    pd.testing.assert_series_equal(states, before)


PLAIN = pd.Series([1.0, 2.0, 3.0, 4.0], by_period("ab", ["2023", "2024"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: panel.quantile_states(pd.concat([PLAIN, PLAIN.iloc[:1]])),
            "every organisation must stand once in a period, got 'a 2023' more than once. "
            "Merge or drop the repeated rows.",
        ),
        (
            lambda: panel.quantile_states(PLAIN.droplevel("period")),
            'rows must be indexed by (org, period), got \'org\'. Use set_index(["org", "period"]).',
        ),
        (
            lambda: panel.quantile_states(PLAIN, k=1),
            "k must be at least 2 states, got 1. Give 4 for quarters.",
        ),
        (
            lambda: panel.quantile_states(PLAIN * 0 + 5, cuts="yearly"),
            "scores must differ enough for 4 states, got cuts that fall together in 2023: "
            "5, 5, 5. Give fewer states or grades.",
        ),
        (
            lambda: panel.quantile_states(PLAIN, cuts="year"),
            "cuts must be one of 'pooled', 'yearly', got 'year'. Did you mean 'yearly'?",
        ),
        (
            lambda: panel.state_steps(PLAIN),
            "states must be ordered categories by (org, period), got float64. "
            "Give grades, or quantile_states of scores.",
        ),
        (
            lambda: panel.state_steps(grades(["poor", "good"], periods=["2024"])),
            "steps need at least 2 periods, got '2024'. Add the periods before.",
        ),
        (
            lambda: panel.mean_of_neighbours(
                PLAIN, pd.DataFrame({"org": ["a"], "neighbour": ["c"]})
            ),
            "every neighbour must have scores, got none for 'c'. "
            "Drop these pairs or correct the names.",
        ),
        (
            lambda: panel.mean_of_neighbours(
                PLAIN, pd.DataFrame({"org": ["a", "a"], "neighbour": ["b", "b"]})
            ),
            "every pair of neighbours must stand once, got 'a b' again. Drop the repeated rows.",
        ),
    ],
)
def test_refusals_say_what_where_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
