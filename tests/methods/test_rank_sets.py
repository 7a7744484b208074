"""Ranks that admit chance: the published regions, slow sums, closed forms against draws."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtr

from servicepo.errors import MethodError
from servicepo.methods import rank_sets
from servicepo.methods.posteriors import NormalPosterior
from servicepo.methods.rank_sets import (
    expected_ranks,
    joint_rank_sets,
    ranks_of_intervals,
    standing,
)


@pytest.fixture
def league(shared):
    return shared / "reference" / "methods" / "01_league"


def test_joint_region_of_51_states_klein_wright_wieczorek2020(league):
    states = pd.read_csv(league / "kww_travel_time_with_joint_rank_region.csv")
    made = joint_rank_sets(states["Estimate.2dec"], states["SE.2dec"], best="lowest")
    assert made.z == pytest.approx(3.081, abs=5e-4)
    assert (made.table["low"] == states["rank_lo_90joint"]).all()
    assert (made.table["high"] == states["rank_hi_90joint"]).all()
    assert repr(made) == "RankSets(51 values, joint level 0.9, z 3.081)"


def test_joint_region_as_printed_klein_wright_wieczorek2020(league):
    """The printed figure rests on intervals rounded to a tenth of a minute."""
    states = pd.read_csv(league / "kww2020_published_joint_region_1dec.csv").set_index(
        "Abbreviation"
    )
    reach = 3.081 * states["MOE.1dec"] / 1.645
    low, high = ((states["Estimate.1dec"] + sign * reach).round(1) for sign in (-1, 1))
    made = ranks_of_intervals(low.to_numpy(), high.to_numpy(), best="lowest")
    made.index = states.index
    assert made.loc[["SD", "OK", "NV", "MD"]].to_numpy().tolist() == [
        [1, 6],
        [10, 14],
        [20, 37],
        [50, 51],
    ]
    assert_allclose(made, states[["rank_lo", "rank_hi"]])


def test_surgical12_expected_rank_spiegelhalter1996(league):
    """Normal posteriors come near the sampled expected ranks; there rank 12 is the worst."""
    hospitals = pd.read_csv(league / "surgical12_shrinkage_and_ranks.csv")
    ranks = 13 - expected_ranks(hospitals["mamba_mcmc_mean"], hospitals["mamba_mcmc_sd"])
    assert_allclose(ranks, hospitals["expected_rank"], atol=0.35)
    assert ranks[7] == pytest.approx(11.42, abs=0.2)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10_000))
def test_rank_sets_the_slow_way(n, seed):
    rng = np.random.default_rng(seed)
    y, s = rng.normal(0, 2, n), rng.uniform(0.1, 1, n)
    made = joint_rank_sets(y, s)
    low, high = y - made.z * s, y + made.z * s
    for i in range(n):
        assert made.table["low"][i] == 1 + sum(low[j] >= high[i] for j in range(n))
        assert made.table["high"][i] == n - sum(high[j] <= low[i] for j in range(n))


def test_joint_sets_hold_together_as_often_as_promised():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        truth, s = rng.normal(0, 2, 30), rng.uniform(0.2, 1, 30)
        made = joint_rank_sets(truth + s * rng.normal(size=30), s).table
        rank = (-truth).argsort().argsort() + 1
        held += bool(((made["low"] <= rank) & (rank <= made["high"])).all())
    assert held / 200 >= 0.9


@pytest.mark.parametrize(("n", "error"), [(40, 1e-12), (4000, 1e-3)])
def test_expected_ranks_the_slow_way(n, error):
    rng = np.random.default_rng(n)
    m, d = rng.normal(0, 1, n), rng.uniform(0.1, 1, n)
    some = rng.choice(n, 40, replace=False)
    made = expected_ranks(m, d)
    slow = [0.5 + ndtr((m - m[i]) / np.sqrt(d**2 + d[i] ** 2)).sum() for i in some]
    assert np.abs(made[some] - slow).max() <= error * n
    assert made.mean() == pytest.approx((n + 1) / 2, rel=1e-3)


def test_closed_forms_agree_with_draws(monkeypatch):
    rng = np.random.default_rng(0)
    posterior = NormalPosterior(rng.normal(0, 1, 1500), rng.uniform(0.1, 1, 1500))
    fixed = rng.normal(0, 1, 100)
    drawn = standing(posterior, lowest=160, known=fixed, draws=2000)
    monkeypatch.setattr(rank_sets, "MOST_DRAWN", 0)
    closed = standing(posterior, lowest=160, known=fixed)
    assert np.abs(drawn.lowest - closed.lowest).max() < 0.045
    assert np.abs(drawn.expected - closed.expected).max() < 0.02 * 1600
    for side in ("low", "high"):
        away = np.abs(getattr(drawn, side) - getattr(closed, side))
        assert np.quantile(away, 0.95) < 0.03 * 1600


def test_probabilities_sum_to_how_many_are_lowest():
    rng = np.random.default_rng(1)
    made = standing(NormalPosterior(rng.normal(0, 1, 50), np.ones(50)), lowest=5)
    assert made.lowest.sum() == pytest.approx(5)
    assert (made.low <= made.expected).all()
    assert (made.expected <= made.high).all()


def test_who_has_no_error_takes_no_part():
    made = joint_rank_sets(pd.Series([3.0, np.nan, 1.0], list("abc")), [0.1, 0.1, 0.1]).table
    assert made.loc["b"].isna().all()
    assert made.loc["c"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: joint_rank_sets([1.0], [1.0, 2.0]),
            "both columns must have the same length, got 1 and 2. Give one entry per organisation "
            "in each.",
        ),
        (
            lambda: joint_rank_sets([1.0], [1.0], level=90),
            "level must lie between 0 and 1, got 90. Give 0.9, for example.",
        ),
        (
            lambda: joint_rank_sets([1.0], [1.0], best="top"),
            "best must be 'highest' or 'lowest', got 'top'. Give one of these words.",
        ),
        (
            lambda: joint_rank_sets([1.0], [0.0]),
            "standard errors must be positive, got 0. Mark the standard error as missing where the "
            "noise is not known.",
        ),
        (
            lambda: expected_ranks([1.0, 2.0], [1.0]),
            "means must have as many standard deviations of at least 0, got 2 and 1. Give what "
            "shrink returns.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
