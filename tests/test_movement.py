"""Who moved: counts, noise, classes, lists without names, refusals."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.mobility import homogeneity_test, noise_transitions
from servicepo.methods.panel_states import mean_of_others, quantile_states
from servicepo.movement import movement_of

KIND = pd.CategoricalDtype(["poor", "fair", "good"], ordered=True)
YEARS = ["2021", "2022", "2023", "2024"]


def people(n=60):
    orgs = pd.Index([f"org{i:02d}" for i in range(n)], name="org")
    domain = np.resize(["rural", "organs"], n)
    sector = np.resize(["village", "school"], n)
    return pd.DataFrame(
        {"domain": domain, "sector": sector, "supervisor": np.resize(list("甲乙丙"), n)}, orgs
    )


def scores(n=60, seed=0, noise=4.0):
    draw = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product([people(n).index, YEARS], names=["org", "period"])
    truth = np.repeat(draw.normal(70, 8, n), len(YEARS))
    return pd.Series(truth + draw.normal(0, noise, len(rows)), rows)


@pytest.fixture(scope="module")
def movement():
    states = quantile_states(scores(), k=3)
    return movement_of(states, organisations=people(), reliability=0.8, draws=100)


def test_counts_the_slow_way(movement):
    states = quantile_states(scores(), k=3).unstack("period")  # noqa: PD010
    for one in states[YEARS[0]].cat.categories:
        for other in states[YEARS[0]].cat.categories:
            moves = sum(
                ((states[a] == one) & (states[b] == other)).sum() for a, b in pairwise(YEARS)
            )
            assert movement.counts.loc[one, other] == moves
    assert movement.counts.to_numpy().sum() == 180
    best = movement.transitions.iloc[0]
    assert (best["before"], best["after"], best["n"]) == (
        "q3",
        "q3",
        movement.counts.loc["q3"].sum(),
    )


def test_movement_of_noise_is_about_that_of_the_baseline():
    states = quantile_states(scores(n=4000, seed=1), k=4)
    made = movement_of(states, reliability=0.8, draws=0)
    assert_allclose(made.transitions["probability"], made.transitions["noise"], atol=0.03)
    assert_allclose(made.mobility["value"], made.mobility["noise"], atol=0.03)
    expected = noise_transitions(0.8, [0.25] * 4)
    assert_allclose(np.diag(expected)[0], made.transitions["noise"].iloc[0], atol=0.01)


def test_classes_and_periods_sum_to_the_whole(movement):
    for condition in ("domain", "period"):
        parts = movement.by(condition)
        whole = sum(parts.loc[name] for name in parts.index.unique(0))
        assert (whole.to_numpy() == movement.counts.to_numpy()).all()
        assert movement.homogeneity(condition) == homogeneity_test(parts)
    assert movement.homogeneity("domain").chi_square_p > 0.001


def test_moves_by_how_the_others_under_the_supervisor_stood(movement):
    around = quantile_states(mean_of_others(scores(), people()["supervisor"]), k=2)
    parts = movement.by(around)
    assert parts.index.unique(0).tolist() == ["q1", "q2"]
    assert parts.to_numpy().sum() == 180


def test_movers_have_codes_unless_names_are_asked_for(movement):
    table = movement.movers()
    assert list(table.columns) == ["org", "period", "before", "after", "moved"]
    assert table["moved"].is_monotonic_increasing
    assert (table["moved"] != 0).all()
    assert table["org"].str.fullmatch(r"(村|学校)-\d{3}").all()
    named = movement.movers(names=True)
    assert named["org"].isin(people().index).all()
    assert len(named) == len(table) == (movement.steps["moved"] != 0).sum()
    assert movement.movers(language="en")["org"].str.startswith(("village", "school")).all()


def test_the_long_run(movement):
    table = movement.long_run()
    assert table["share"].sum() == pytest.approx(1)
    assert table["now"].sum() == pytest.approx(1)
    assert_allclose(1 / table["share"], np.diag(table[["to q1", "to q2", "to q3"]]))


def test_a_state_nobody_starts_from_leaves_no_mobility():
    rows = pd.MultiIndex.from_product([["a", "b"], ["2023", "2024"]], names=["org", "period"])
    states = pd.Series(["poor", "fair", "poor", "poor"], rows, dtype=KIND)
    made = movement_of(states, reliability=0.8)
    assert made.mobility.empty
    assert made.transitions["noise"].isna().all()
    with pytest.raises(MethodError, match="Merge a state nobody started from"):
        made.long_run()


def test_the_result_tells_itself(movement):
    assert re.fullmatch(
        r"Movement\(180 steps between 3 states: \d+ up, \d+ stayed, \d+ down\)", repr(movement)
    )
    assert "<table" in movement._repr_html_()


def test_a_condition_that_is_not_there_is_refused(movement):
    message = (
        "condition must be a column of the organisations, got 'domian'. Did you mean 'domain'?"
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        movement.by("domian")


def test_change_looks_closer_at_its_own_states(small_index):
    draw = np.random.default_rng(5)
    rows = pd.MultiIndex.from_product(
        [people(30).index, pd.PeriodIndex(YEARS, freq="Y")], names=["org", "period"]
    )
    values = pd.DataFrame(
        draw.normal(70, 8, (len(rows), 2)), rows, ["team_awareness", "team_style"]
    ).clip(0, 100)
    index = small_index(values, people(30), errors=values * 0 + 3.0)
    change = sp.measure_change(index)
    made = change.movement(draws=0)
    columns = ["before", "after", "count", "probability", "low", "high"]
    pd.testing.assert_frame_equal(
        made.transitions[columns], change.transitions[columns], check_categorical=False
    )
    expected = 1 - (index.standard_errors**2).mean() / index.overall.var()
    assert made.reliability == pytest.approx(expected)
    assert change.movement(reliability=0.8, draws=0).reliability == 0.8


def test_gaps_are_told_by_name():
    states = quantile_states(scores(n=10), k=2)
    states.loc[("org03", "2022")] = None
    with pytest.warns(MethodWarning, match="got gaps for 'org03'; no step crosses a gap"):
        made = movement_of(states, draws=0)
    assert len(made.steps) == 28
