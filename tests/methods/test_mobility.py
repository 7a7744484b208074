"""Mobility: the US states, spatial Markov, noise, laws, refusals."""

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
from servicepo.methods import mobility, panel_states
from servicepo.methods.transitions import transition_matrices

# The 48 states in the order of their names, and which touch which (corners too), each pair once.
CODES = """AL AZ AR CA CO CT DE FL GA ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT
NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"""
TOUCHING = """AL FL GA MS TN/AZ CA CO NM NV UT/AR LA MO MS OK TN TX/CA NV OR/CO KS NE NM OK UT WY
CT MA NY RI/DE MD NJ PA/FL GA/GA NC SC TN/ID MT NV OR UT WA WY/IL IA IN KY MO WI/IN KY MI OH
IA MN MO NE SD WI/KS MO NE OK/KY MO OH TN VA WV/LA MS TX/ME NH/MD PA VA WV/MA NH NY RI VT/MI OH WI
MN ND SD WI/MS TN/MO NE OK TN/MT ND SD WY/NE SD WY/NV OR UT/NH VT/NJ NY PA/NM OK TX UT/NY PA VT
NC SC TN VA/ND SD/OH PA WV/OK TX/OR WA/PA WV/SD WY/TN VA/UT WY/VA WV"""


def neighbours_of_the_us_states():
    rows = [line.split() for line in TOUCHING.replace("\n", "/").split("/")]
    pairs = [(first, other) for first, *others in rows for other in others]
    both = [*pairs, *((other, first) for first, other in pairs)]
    return pd.DataFrame(both, columns=["org", "neighbour"])


def long_of(wide):
    rows = pd.MultiIndex.from_product([wide.index, wide.columns], names=["org", "period"])
    return pd.Series(wide.to_numpy().ravel(), rows)


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "reference" / "methods" / "05_trends"


def test_us_mobility_as_giddy(folder):
    expected = json.loads((folder / "giddy_us_quintile_markov.json").read_text(encoding="utf-8"))
    counts = pd.DataFrame(expected["transitions"])
    made = mobility.mobility_indices(counts, start=[0.1, 0.2, 0.2, 0.4, 0.1])["value"]
    assert_allclose(made, [expected["mobility"][m] for m in ("P", "D", "L2", "B1", "B2")])


def test_spatial_markov_of_the_us_states_rey2001(folder):
    """Fifths of income relative to the mean, by fifths of the neighbours' mean at the start.

    giddy's documentation prints LR 170.659, Q 200.624 and 60 degrees of freedom.
    """
    income = pd.read_csv(folder / "usjoin_pci_1929_2009.csv", index_col=0).set_axis(CODES.split())
    scores = long_of(income / income.mean())
    around = panel_states.mean_of_neighbours(scores, neighbours_of_the_us_states())
    steps = panel_states.state_steps(panel_states.quantile_states(scores, k=5))
    place = panel_states.at_start(panel_states.quantile_states(around, k=5), steps)
    states = steps["before"].cat.categories
    counts = transition_matrices(steps["before"], steps["after"], place, states=states)
    made = mobility.homogeneity_test(counts)
    assert made.likelihood_ratio == pytest.approx(170.659, abs=5e-4)
    assert made.chi_square == pytest.approx(200.624, abs=5e-4)
    assert made.degrees_of_freedom == 60
    assert made.likelihood_ratio_p < 1e-3
    poor = counts.loc["q1"].div(counts.loc["q1"].sum(axis=1), axis=0)
    assert_allclose(poor.loc["q1"], [0.96341463, 0.0304878, 0.00609756, 0, 0], atol=1e-8)


def test_trap_noise_alone_looks_like_movement():
    """Reliability .8 and no real change: a third of the middle stays, Prais is .667."""
    made = mobility.noise_transitions(0.8, [0.2] * 5)
    assert_allclose(np.diag(made), [0.645, 0.361, 0.321, 0.361, 0.645], atol=5e-4)
    prais = (5 - np.trace(made)) / 4
    assert prais == pytest.approx(0.667, abs=5e-4)
    draw = np.random.default_rng(0)
    truth = draw.normal(0, 2, 40_000)
    scores = pd.Series(
        (truth[:, None] + draw.normal(size=(40_000, 2))).ravel(),
        pd.MultiIndex.from_product([range(40_000), [2023, 2024]], names=["org", "period"]),
    )
    steps = panel_states.state_steps(panel_states.quantile_states(scores, k=5))
    table = pd.crosstab(steps["before"], steps["after"])
    found = mobility.mobility_indices(table, reliability=0.8)
    assert_allclose(found["value"], found["noise"], atol=0.012)
    assert_allclose(table.div(table.sum(axis=1), axis=0), made, atol=0.015)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 0.95), st.lists(st.floats(0.1, 1), min_size=2, max_size=5))
def test_noise_of_grades_keeps_their_shares_and_is_the_normal_orthant(reliability, shares):
    shares = np.array(shares) / np.sum(shares)
    made = mobility.noise_transitions(reliability, shares).to_numpy()
    assert_allclose(made.sum(axis=1), 1)
    assert_allclose(shares @ made, shares, atol=1e-5)
    cut = stats.norm.ppf(shares[0])
    joint = stats.multivariate_normal(cov=[[1, reliability], [reliability, 1]])
    assert made[0, 0] * shares[0] == pytest.approx(joint.cdf([cut, cut]), abs=1e-5)


def test_without_noise_nobody_moves():
    assert_allclose(mobility.noise_transitions(1.0, [0.25, 0.5, 0.25]), np.eye(3), atol=1e-12)
    still = pd.DataFrame(np.diag([3, 4]))
    made = mobility.mobility_indices(still, reliability=1.0)
    assert_allclose(made[["value", "noise"]], 0, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(1, 30), min_size=3, max_size=3), min_size=3, max_size=3))
def test_indices_lie_between_none_and_all(counts):
    made = mobility.mobility_indices(pd.DataFrame(counts), draws=50, seed=0)
    assert made["value"].between(-1e-12, 1.5 + 1e-12).all()
    assert made.loc[["determinant", "second_eigenvalue", "distance"], "value"].max() <= 1 + 1e-12
    assert (made["low"] <= made["high"]).all()
    assert made["noise"].isna().all()


def test_intervals_narrow_with_the_moves_and_follow_the_seed():
    few = pd.DataFrame([[6, 4], [3, 7]])
    first, again = (mobility.mobility_indices(few, draws=500, seed=1) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    many = mobility.mobility_indices(few * 100, draws=500, seed=1)
    assert ((many["high"] - many["low"]) * 5 < first["high"] - first["low"]).all()
    assert many["value"].between(many["low"], many["high"]).all()


def test_homogeneity_is_the_chi_square_of_each_states_table():
    draw = np.random.default_rng(2)
    rows = pd.MultiIndex.from_product([list("xyz"), list("abc")])
    counts = pd.DataFrame(draw.integers(1, 20, (9, 3)), rows, list("abc"))
    made = mobility.homogeneity_test(counts)
    tables = [counts.xs(state, level=1) for state in "abc"]
    pearson = [stats.chi2_contingency(table, correction=False) for table in tables]
    ratio = [stats.chi2_contingency(table, lambda_="log-likelihood") for table in tables]
    assert made.chi_square == pytest.approx(sum(t.statistic for t in pearson))
    assert made.likelihood_ratio == pytest.approx(sum(t.statistic for t in ratio))
    assert made.degrees_of_freedom == sum(t.dof for t in pearson) == 12
    assert made.least_expected == pytest.approx(min(t.expected_freq.min() for t in pearson))
    assert made.chi_square_p == pytest.approx(stats.chi2.sf(made.chi_square, 12))


def test_classes_that_move_alike_are_alike():
    one = pd.DataFrame([[8, 2], [3, 7]], list("ab"), list("ab"))
    made = mobility.homogeneity_test(pd.concat({"x": one, "y": 3 * one}))
    assert made.chi_square == pytest.approx(0, abs=1e-12)
    assert made.likelihood_ratio_p == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: mobility.homogeneity_test(pd.concat({"rural": pd.DataFrame([[1, 1], [1, 1]])})),
            "at least 2 classes must have moves to be compared, got 'rural'. "
            "Add classes or periods.",
        ),
        (
            lambda: mobility.homogeneity_test(
                pd.concat(dict.fromkeys("xy", pd.DataFrame([[2, 0], [0, 2]])))
            ),
            "classes must share states that are left in more than one way, got none. "
            "Merge states or add periods.",
        ),
        (
            lambda: mobility.mobility_indices(
                pd.DataFrame([[2, 1], [0, 0]], list("ab"), list("ab"))
            ),
            "mobility needs at least 2 states with moves from each, got no move from 'b'. "
            "Merge a state nobody started from with its neighbour.",
        ),
        (
            lambda: mobility.mobility_indices(pd.DataFrame([[1, 1], [1, 1]]), start=[0.5, 0.6]),
            "shares of the states must be 2 numbers of at least 0 with sum 1, got 2 with sum 1.1. "
            "Divide them by their sum.",
        ),
        (
            lambda: mobility.noise_transitions(0.0, [0.5, 0.5]),
            "reliability must lie above 0 and be at most 1, got 0.0. Give 0.8 where a fifth of the "
            "variance is noise.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
