"""Transitions: published chain, laws, refusals."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods import transitions

STATES = ["poor", "average", "good"]


@pytest.fixture
def us_quintiles(shared):
    path = shared / "reference" / "methods" / "05_trends" / "giddy_us_quintile_markov.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_us_income_quintiles_rey2001(us_quintiles):
    states = range(5)
    counts = pd.DataFrame(us_quintiles["transitions"], index=states, columns=states)
    table = transitions.transition_probabilities(counts)
    p = table["probability"].to_numpy().reshape(5, 5)
    assert_allclose(p, us_quintiles["p"], atol=1e-12)
    steady = transitions.steady_state(pd.DataFrame(p))
    assert_allclose(steady, us_quintiles["steady"], atol=1e-9)


def test_counts_of_the_us_states_rey2001(shared, us_quintiles):
    income = pd.read_csv(
        shared / "reference" / "methods" / "05_trends" / "usjoin_pci_1929_2009.csv", index_col=0
    )
    yearly = income.apply(lambda year: pd.qcut(year, 5, labels=False)).to_numpy()
    before, after = pd.Series(yearly[:, :-1].ravel()), pd.Series(yearly[:, 1:].ravel())
    counts = transitions.transition_matrix(before, after, states=range(5))
    assert counts.to_numpy().tolist() == us_quintiles["transitions"]


def test_first_passage_of_the_us_income_quintiles_as_giddy(us_quintiles):
    """The first row as giddy's documentation prints it."""
    steps = transitions.mean_first_passage(pd.DataFrame(us_quintiles["p"]))
    printed = [4.81354357, 11.50292712, 29.60921231, 53.38594954, 103.59816743]
    assert_allclose(steps.loc[0], printed, atol=5e-9)
    assert_allclose(1 / np.diag(steps), us_quintiles["steady"], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_first_passage_the_slow_way_kemeny1960(counts):
    p = pd.DataFrame(counts, STATES, STATES, dtype=float)
    p = p.div(p.sum(axis=1), axis=0)
    made = transitions.mean_first_passage(p)
    for target in STATES:  # one step, and from wherever it led unless there already
        onwards = p.drop(columns=target) @ made[target].drop(target)
        assert_allclose(made[target], 1 + onwards, rtol=1e-9)


def test_matrices_of_classes_add_up_to_the_whole():
    draw = np.random.default_rng(3)
    before, after, by = (pd.Series(draw.choice(x, 300)) for x in (STATES, STATES, ["r", "o"]))
    made = transitions.transition_matrices(before, after, by, states=STATES)
    whole = transitions.transition_matrix(before, after, states=STATES)
    assert (made.loc["r"] + made.loc["o"]).equals(whole)
    assert (
        made.loc[("r", "poor"), "good"]
        == ((by == "r") & (before == "poor") & (after == "good")).sum()
    )


def test_dirichlet_intervals_are_quantiles_of_the_posterior():
    counts = pd.DataFrame([[8, 2, 0], [0, 5, 0], [0, 0, 0]], STATES, STATES)
    made = transitions.transition_probabilities(counts, interval="dirichlet")
    first = made.iloc[0]
    assert first["probability"] == 0.8
    ends = stats.beta.ppf([0.025, 0.975], 8.5, 3.0)
    assert_allclose(first[["low", "high"]].to_numpy(dtype=float), ends)
    assert made["low"].iloc[2] == 0
    assert made["high"].iloc[4] == 1
    assert made.iloc[6:, 4:].isna().all(axis=None)
    draws = np.random.default_rng(0).dirichlet([8.5, 2.5, 0.5], 100_000)[:, 1]
    assert_allclose(
        made.iloc[1][["low", "high"]].to_numpy(dtype=float),
        np.quantile(draws, [0.025, 0.975]),
        atol=0.005,
    )


def test_steady_state_of_green_efficiency_zhou2019(shared):
    """Table 2 prints three digits, so its rows are scaled to 1 and its fixed point is checked."""
    path = shared / "reference" / "chinese_methods.json"
    printed = json.loads(path.read_text(encoding="utf-8"))["markov_ugde_2005_2008"]["lag1_matrix"]
    p = pd.DataFrame(printed)
    assert_allclose(p.sum(axis=1), 1, atol=0.0011)
    p = p.div(p.sum(axis=1), axis=0)
    shares = transitions.steady_state(p)
    assert_allclose(np.linalg.matrix_power(p.to_numpy(), 200)[0], shares, atol=1e-9)


def test_counts_the_slow_way():
    draw = np.random.default_rng(0)
    before = pd.Series(draw.choice(STATES, 200))
    after = pd.Series(draw.choice(STATES, 200))
    counts = transitions.transition_matrix(before, after, states=STATES)
    for one in STATES:
        for other in STATES:
            assert counts.loc[one, other] == ((before == one) & (after == other)).sum()


def test_pairs_with_a_missing_state_are_not_counted():
    before = pd.Series(["poor", None, "good"], dtype="str")
    after = pd.Series(["poor", "good", None], dtype="str")
    assert transitions.transition_matrix(before, after, states=STATES).to_numpy().sum() == 1


def test_ordered_categories_are_read_as_their_words():
    grades = pd.Series(pd.Categorical(["poor", "good"], categories=STATES, ordered=True))
    counts = transitions.transition_matrix(grades, grades[::-1], states=STATES)
    assert counts.loc["poor", "good"] == 1
    assert list(counts.index) == STATES


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_steady_state_stays(counts):
    p = pd.DataFrame(counts, index=STATES, columns=STATES, dtype=float)
    p = p.div(p.sum(axis=1), axis=0)
    shares = transitions.steady_state(p)
    assert shares.sum() == pytest.approx(1)
    assert_allclose(shares.to_numpy() @ p.to_numpy(), shares, atol=1e-9)


def test_steady_state_of_an_absorbing_state():
    p = pd.DataFrame([[0.5, 0.5], [0.0, 1.0]], index=["a", "b"], columns=["a", "b"])
    assert transitions.steady_state(p).to_dict() == pytest.approx({"a": 0.0, "b": 1.0})


def test_promotions_sum_to_n():
    draw = np.random.default_rng(1)
    counts = pd.DataFrame(draw.integers(0, 9, (3, 3)), index=STATES, columns=STATES)
    made = transitions.promotions(counts)
    assert (made[["promoted", "stayed", "demoted"]].sum(axis=1) == made["n"]).all()
    assert made.loc["good", "promoted"] == 0
    assert made.loc["poor", "demoted"] == 0
    assert (
        made.loc["poor", "promoted"] == counts.loc["poor", "average"] + counts.loc["poor", "good"]
    )


def frame(rows, names="ab"):
    return pd.DataFrame(rows, index=list(names), columns=list(names))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: transitions.transition_matrix(
                pd.Series(["poor", "bad"]), pd.Series(["good", "poor"]), states=STATES
            ),
            "every state must be listed in states, got 'bad'. Add it to the list or correct it.",
        ),
        (
            lambda: transitions.transition_matrix(
                pd.Series(["poor"]), pd.Series(["good", "poor"]), states=STATES
            ),
            "before and after must have the same length, got 1 and 2. "
            "Give both states of every organisation.",
        ),
        (
            lambda: transitions.transition_matrix(
                pd.Series(["a"]), pd.Series(["a"]), states=["a", "a"]
            ),
            "states must be listed once each, got 'a' again. Drop the repeated ones.",
        ),
        (
            lambda: transitions.transition_probabilities(
                pd.DataFrame([[1]], index=["a"], columns=["b"])
            ),
            "rows and columns must be the same states in the same order, got 'a' and 'b'. "
            "Use transition_matrix.",
        ),
        (
            lambda: transitions.transition_probabilities(frame([[1, 1], [1, 1]]), interval="wilsn"),
            "interval must be one of 'wilson', 'dirichlet', got 'wilsn'. Did you mean 'wilson'?",
        ),
        (
            lambda: transitions.mean_first_passage(frame([[0.5, 0.5], [0.0, 1.0]])),
            "every state must be reachable from every other for passage times, got 'a' that are "
            "left for good. Merge them with their neighbours.",
        ),
        (
            lambda: transitions.transition_matrices(
                pd.Series(["a"]), pd.Series(["a"]), pd.Series([None]), states=["a"]
            ),
            "steps must have a class to be told apart, got none. Name the classes.",
        ),
        (
            lambda: transitions.transition_matrices(
                pd.Series(["a"]), pd.Series(["a"]), pd.Series(["x", "y"]), states=["a"]
            ),
            "every step must have its class, got 2 classes for 1 steps. "
            "Give the class of every step in the same order.",
        ),
        (
            lambda: transitions.transition_probabilities(frame([[1, 1], [1, 1]]), confidence=95),
            "confidence must lie between 0 and 1, got 95. Give 0.95 for 95 %.",
        ),
        (
            lambda: transitions.steady_state(frame([[0.5, 0.5], [np.nan, np.nan]])),
            "every row of probabilities must be at least 0 and sum to 1, got another in 'b'. "
            "Merge a state nobody started from with its neighbour.",
        ),
        (
            lambda: transitions.steady_state(frame([[1.0, 0.0], [0.0, 1.0]])),
            "the states must form one closed class for a steady state, got 2. "
            "Merge states, or report the matrix alone.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
