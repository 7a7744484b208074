"""Shrinkage: published examples, laws, slow formulas, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import beta, norm

from servicepo.errors import MethodError
from servicepo.methods import shrinkage, shrunken_rates

SCHOOLS_Y = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0]
SCHOOLS_SE = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0]


@pytest.fixture
def league(shared):
    return shared / "reference" / "methods" / "01_league"


def simulated(n=2000, seed=0):
    draw = np.random.default_rng(seed)
    truth = draw.normal(80, 4, n)
    errors = draw.uniform(1, 8, n)
    return truth, truth + draw.normal(size=n) * errors, errors


def test_between_variance_bcg_viechtbauer2010(league):
    bcg = pd.read_csv(league / "bcg_dl.csv")
    errors = np.sqrt(bcg["vi"])
    assert shrinkage.dersimonian_laird(bcg["yi"], errors) == pytest.approx(0.3088, abs=5e-5)
    assert shrinkage.paule_mandel(bcg["yi"], errors) == pytest.approx(0.3181, abs=5e-5)
    assert shrinkage.restricted_likelihood(bcg["yi"], errors) == pytest.approx(0.3132, abs=5e-5)
    made = shrinkage.shrink(bcg["yi"], errors, tau2="dersimonian_laird")
    assert made.centre == pytest.approx(-0.7141, abs=5e-5)


@pytest.mark.parametrize("tau2", ["paule_mandel", "dersimonian_laird", "restricted_likelihood"])
def test_eight_schools_have_no_variance_between_them_rubin1981(tau2):
    made = shrinkage.shrink(SCHOOLS_Y, SCHOOLS_SE, tau2=tau2)
    assert made.tau2 == 0
    assert made.centre == pytest.approx(7.6856, abs=5e-5)
    assert_allclose(made.mean, made.centre)
    assert_allclose(made.sd, 0)
    assert repr(made) == "Shrunken(8 values, centre 7.686, tau2 0)"


def test_baseball_efron_morris1975(league):
    players = pd.read_csv(league / "efron_morris_1975_baseball.csv")
    average = players["hits45"] / players["n"]
    common = average.mean()
    error = pd.Series(np.sqrt(common * (1 - common) / 45), index=average.index)
    made = shrinkage.shrink(average, error, tau2="efron_morris")
    assert made.centre == pytest.approx(0.2654, abs=5e-5)
    assert made.reliability.iloc[0] == pytest.approx(0.2117, abs=1e-4)
    assert_allclose(made.mean, players["js"], atol=1e-4)
    lost = ((average - players["remainder"]) ** 2).sum()
    assert lost / ((made.mean - players["remainder"]) ** 2).sum() == pytest.approx(3.5, abs=0.05)


def test_beta_binomial_surgical12_spiegelhalter1996(league):
    hospitals = pd.read_csv(league / "surgical12_shrinkage_and_ranks.csv")
    made = shrunken_rates.beta_binomial(hospitals["r"], hospitals["n"])
    assert made.a == pytest.approx(8.253495, abs=2e-3)
    assert made.b == pytest.approx(99.636929, abs=2e-2)
    assert_allclose(made.mean, hospitals["betabin_ML_mean"], atol=2e-6)
    assert_allclose(made.sd, hospitals["betabin_ML_sd"], atol=2e-6)
    assert_allclose(made.mean, hospitals["mamba_mcmc_mean"], atol=2e-3)
    assert (made.low < made.mean).all()
    assert (made.mean < made.high).all()
    assert repr(made) == "BetaBinomial(12 rates, a 8.253, b 99.64)"


def test_paule_mandel_solves_its_equation():
    _, y, s = simulated(60)
    tau2 = shrinkage.paule_mandel(y, s)
    w = 1 / (s**2 + tau2)
    centre = np.average(y, weights=w)
    assert (w * (y - centre) ** 2).sum() == pytest.approx(59)


def test_posterior_is_the_normal_formula():
    _, y, s = simulated(20)
    made = shrinkage.shrink(y, s, tau2=9.0)
    share = s**2 / (s**2 + 9)
    centre = np.average(y, weights=1 / (s**2 + 9))
    assert_allclose(made.mean, share * centre + (1 - share) * y)
    assert_allclose(made.sd, np.sqrt((1 - share) * s**2))
    assert_allclose(made.reliability, 1 - share)
    assert shrinkage.shrink(y, s, tau2=lambda *_: 9.0).tau2 == 9.0


def test_shrunken_values_are_nearer_the_truth_and_their_intervals_hold_it():
    covered = []
    for seed in range(6):
        truth, y, s = simulated(seed=seed)
        made = shrinkage.shrink(y, s)
        assert np.mean((made.mean - truth) ** 2) < 0.5 * np.mean((y - truth) ** 2)
        covered.append((np.abs(made.mean - truth) < 1.645 * made.sd).mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.01)


def test_probability_bottom_lin2006_against_draws():
    _, y, s = simulated(300)
    exact = shrinkage.probability_bottom(y, s, 0.1)
    made = shrinkage.shrink(y, s)
    draws = np.random.default_rng(1).normal(made.mean, made.sd, (4000, 300))
    cut = np.quantile(draws, 0.1, axis=1)[:, None]
    assert np.abs((draws < cut).mean(axis=0) - exact).max() < 0.07
    assert exact.mean() == pytest.approx(0.1, abs=1e-9)


def test_probability_bottom_chooses_better_than_the_raw_values():
    hits = {"raw": 0, "probability": 0}
    for seed in range(5):
        truth, y, s = simulated(seed=seed)
        weak = set(np.argsort(truth)[:200])
        by = {"raw": -y, "probability": shrinkage.probability_bottom(y, s)}
        for name, column in by.items():
            hits[name] += len(weak & set(np.argsort(-column)[:200]))
    assert hits["probability"] > hits["raw"] + 50


def test_nobody_can_be_told_apart_where_noise_explains_all():
    assert_allclose(shrinkage.probability_bottom(SCHOOLS_Y, SCHOOLS_SE, 0.25), 0.25)


def test_missing_values_take_no_part():
    y = pd.Series([70.0, np.nan, 80.0, 90.0, 60.0], index=list("abcde"))
    s = pd.Series([2.0, 2.0, np.nan, 3.0, 1.0], index=list("abcde"))
    made = shrinkage.shrink(y, s)
    alone = shrinkage.shrink(y[["a", "d", "e"]], s[["a", "d", "e"]])
    assert made.mean.isna().tolist() == [False, True, True, False, False]
    assert made.reliability.isna().tolist() == [False, True, True, False, False]
    pd.testing.assert_series_equal(made.mean.dropna(), alone.mean)
    found = shrinkage.probability_bottom(y, s, 0.3)
    assert found.isna().tolist() == [False, True, True, False, False]
    assert found.dropna().mean() == pytest.approx(0.3)


def test_rates_that_do_not_differ_shrink_all_the_way():
    made = shrunken_rates.beta_binomial([5, 10, 20], [10, 20, 40])
    assert made.a == np.inf
    assert_allclose(made.mean, 0.5)
    common = beta(35.5, 35.5)
    assert_allclose(made.sd, common.std())
    assert_allclose(made.low, common.ppf(0.05))
    assert_allclose(made.high, common.ppf(0.95))


def test_rates_that_are_all_full_are_not_certain():
    made = shrunken_rates.beta_binomial([3, 4, np.nan], [3, 4, 5])
    assert (made.a, made.b) == (np.inf, np.inf)
    assert_allclose(made.mean, [1, 1, np.nan])
    assert_allclose(made.low, [beta(7.5, 0.5).ppf(0.05)] * 2 + [np.nan])
    assert_allclose(made.high, [1, 1, np.nan])


def test_beta_binomial_leaves_out_what_nobody_answered():
    counts = pd.DataFrame({"r": [9.0, np.nan, 0.0, 30.0, 5.5], "n": [10.0, 5.0, 0.0, 60.0, 10.0]})
    made = shrunken_rates.beta_binomial(counts["r"], counts["n"])
    assert made.mean.isna().tolist() == [False, True, True, False, False]
    assert made.sd.isna().tolist() == [False, True, True, False, False]


def test_beta_binomial_maximises_the_likelihood():
    from scipy.special import betaln

    r, n = np.array([9.0, 40, 95, 12, 3]), np.array([10.0, 80, 100, 30, 4])
    made = shrunken_rates.beta_binomial(r, n)

    def likelihood(a, b):
        return (betaln(a + r, b + n - r) - betaln(a, b)).sum()

    best = likelihood(made.a, made.b)
    for up in (0.98, 1.02):
        assert likelihood(made.a * up, made.b) < best
        assert likelihood(made.a, made.b * up) < best


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 20)), min_size=3, max_size=12),
    st.floats(-50, 50),
    st.floats(0.1, 10),
)
def test_shrinkage_follows_shift_and_scale(pairs, shift, scale):
    y, s = (np.array(side) for side in zip(*pairs, strict=True))
    made = shrinkage.shrink(y, s)
    moved = shrinkage.shrink(y * scale + shift, s * scale)
    assert_allclose(moved.mean, made.mean * scale + shift, atol=1e-3)
    assert ((made.reliability >= 0) & (made.reliability <= 1)).all()
    assert (made.mean >= y.min() - 1e-9).all()
    assert (made.mean <= y.max() + 1e-9).all()
    p = shrinkage.probability_bottom(y, s, 0.2)
    assert p.mean() == pytest.approx(0.2, abs=1e-6)


def test_the_lowest_of_equal_noise_is_the_likeliest():
    y = np.array([50.0, 60.0, 70.0, 80.0])
    p = shrinkage.probability_bottom(y, np.full(4, 5.0), 0.25)
    assert (np.diff(p) < 0).all()


def test_the_callers_series_is_left_alone():
    y, s = pd.Series(SCHOOLS_Y, name="y"), pd.Series(SCHOOLS_SE)
    before = y.copy(), s.copy()
    shrinkage.shrink(y, s)
    shrinkage.probability_bottom(y, s)
    pd.testing.assert_series_equal(y, before[0])
    pd.testing.assert_series_equal(s, before[1])


def test_the_formula_of_probability_bottom():
    _, y, s = simulated(50)
    made = shrinkage.shrink(y, s)
    p = shrinkage.probability_bottom(y, s, 0.2)
    cut = made.mean + made.sd * norm.ppf(p)  # one cut for everybody
    assert_allclose(cut, cut[0], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: shrinkage.shrink([1.0, 2.0], [1.0, 0.0]),
            "standard errors must be positive, got 0. "
            "Mark the standard error as missing where the noise is not known.",
        ),
        (
            lambda: shrinkage.shrink([1.0, 2.0], [1.0]),
            "both columns must have the same length, got 2 and 1. "
            "Give one entry per organisation in each.",
        ),
        (
            lambda: shrinkage.shrink(pd.Series([1.0, 2.0]), pd.Series([1.0, 1.0], index=[1, 2])),
            "both columns must have the same index, got two that differ. "
            "Reindex one like the other.",
        ),
        (
            lambda: shrinkage.shrink([1.0, np.nan], [1.0, 1.0]),
            "values must hold at least 2 that are known together with a standard error, got 1. "
            "Add organisations or report the values unshrunken.",
        ),
        (
            lambda: shrinkage.shrink([1.0, 2.0], [1.0, 1.0], tau2="dl"),
            "tau2 must be one of 'paule_mandel', 'dersimonian_laird', 'efron_morris', "
            "'restricted_likelihood', got 'dl'. Give one of these words.",
        ),
        (
            lambda: shrinkage.shrink([1.0, 2.0], [1.0, 1.0], tau2=-1.0),
            "tau2 must be a number from 0, got -1.0. Give a variance.",
        ),
        (
            lambda: shrinkage.probability_bottom([1.0, 2.0], [1.0, 1.0], 10),
            "share must lie between 0 and 1, got 10. Give 0.1 for the lowest tenth.",
        ),
        (
            lambda: shrunken_rates.beta_binomial(pd.Series([1, 7], index=["甲村", "乙村"]), [5, 6]),
            "successes must lie between 0 and n, got 7 of 6 (at 乙村). Correct the counts.",
        ),
        (
            lambda: shrunken_rates.beta_binomial([1.0, 2.0], [5.0, np.nan]),
            "successes must hold at least 2 known counts, got 1. "
            "Add organisations or report the rates unshrunken.",
        ),
    ],
)
def test_refusals_say_what_where_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()


def test_answers_needed_for_a_rate_of_85_per_cent():
    """Reliability .16, .37 and .66 with 10, 30 and 100 answers where rates differ by .05."""
    concentration = 0.85 * 0.15 / 0.05**2 - 1
    for n, reliability in ((10, 0.16), (30, 0.37), (100, 0.66)):
        assert n / (n + concentration) == pytest.approx(reliability, abs=0.01)
    assert shrunken_rates.answers_needed(concentration, 0.8) == 200
    assert shrunken_rates.answers_needed(np.inf) == np.inf
    with pytest.raises(MethodError) as caught:
        shrunken_rates.answers_needed(50, 1)
    assert str(caught.value) == (
        "reliability must lie between 0 and 1, got 1. Give 0.8, for example."
    )
    with pytest.raises(MethodError) as caught:
        shrunken_rates.answers_needed(0)
    assert str(caught.value) == (
        "concentration must be above 0, got 0. Give a + b of beta_binomial."
    )
