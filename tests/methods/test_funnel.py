"""Funnels: published limits and significances, recipes of over-dispersion, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import poisson

from servicepo.errors import MethodError
from servicepo.methods.funnel import funnel_proportions, funnel_ratios, over_dispersion
from servicepo.methods.intervals import exact_count_interval

WORDS = {
    "within": "Not significant",
    "low_95": "Low (0.025)",
    "high_95": "High (0.025)",
    "low_998": "Low (0.001)",
    "high_998": "High (0.001)",
}
LIMITS = ["low_95", "high_95", "low_998", "high_998"]


@pytest.fixture
def league(shared):
    return shared / "reference" / "methods" / "01_league"


def read(path):
    return pd.read_csv(path, encoding="utf-8-sig")


def test_significance_of_303_proportions_phe2021(league):
    areas = read(league / "phe" / "testdata_funnel_prop_inputs.csv")
    made = funnel_proportions(areas["numerator"], areas["denominator"])
    assert (made.table["state"].map(WORDS) == areas["significance"]).sum() == 303


def test_limits_of_proportions_phe2021(league):
    areas = read(league / "phe" / "testdata_funnel_prop_inputs.csv")
    common = areas["numerator"].sum() / areas["denominator"].sum()
    printed = read(league / "phe" / "testdata_funnel_prop_outputs.csv")
    n = printed["Population"]
    made = funnel_proportions(n / 2, n, target=common)
    names = ["Lower2s0025limit", "Upper2s0025limit", "Lower3s0001limit", "Upper3s0001limit"]
    assert_allclose(100 * made.table[LIMITS], printed[names], atol=5.1e-7)


def test_significance_of_300_ratios_phe2021(league):
    areas = read(league / "phe" / "testdata_funnel_ratio_inputs.csv")
    made = funnel_ratios(areas["obs"], areas["expected"])
    assert (made.table["state"].map(WORDS) == areas["significance"]).sum() == 300


def test_expected_events_at_the_limits_phe2021(league):
    printed = read(league / "phe" / "testdata_funnel_ratio_outputs.csv")
    for level, name in ((0.95, "2s"), (0.998, "3s")):
        low, high = exact_count_interval(printed.iloc[:, 0].to_numpy(), confidence=level)
        assert_allclose(low, printed[f"upper_{name}_exp_events"], rtol=3e-7, atol=1e-6)
        assert_allclose(high, printed[f"lower_{name}_exp_events"], rtol=3e-7, atol=1e-6)


def test_surgical12_with_over_dispersion_funnelplotr060(league):
    printed = read(league / "surgical12_funnelplotr_PR.csv")
    made = funnel_proportions(printed["numerator"], printed["denominator"], overdispersion="PR")
    assert made.phi == pytest.approx(2.379792, abs=5e-7)
    assert made.tau2 == pytest.approx(0.001809571, abs=5e-10)
    assert_allclose(made.table["z"], printed["ODz"], atol=1e-12)
    assert repr(made) == (
        "Funnel(12 values, target 0.07392, over-dispersion PR, 1 beyond the 99.8 % limits)"
    )


@pytest.mark.parametrize(
    ("recipe", "phi", "tau2"),
    [("SHMI", 2.948033, 0.01947753), ("CQC", 2.327178, 0.00343978)],
)
def test_six_ratios_by_two_recipes_funnelplotr060(league, recipe, phi, tau2):
    printed = read(league / f"funnelplotr_test6_SR_{recipe}.csv")
    made = funnel_ratios(printed["numerator"], printed["denominator"], overdispersion=recipe)
    assert made.phi == pytest.approx(phi, abs=5e-7)
    assert made.tau2 == pytest.approx(tau2, abs=5e-9)
    assert_allclose(made.table["z"], printed["ODz"], atol=1e-12)


def test_states_follow_from_the_limits():
    rng = np.random.default_rng(0)
    n = rng.integers(5, 400, 300)
    for made in (
        funnel_proportions(rng.binomial(n, 0.8), n),
        funnel_proportions(rng.binomial(n, rng.beta(8, 2, 300)), n, overdispersion="PR"),
        funnel_ratios(rng.poisson(n * 1.0), n, overdispersion="CQC"),
    ):
        table = made.table
        low, high = table["value"] < table["low_998"], table["value"] > table["high_998"]
        assert (table["state"] == "low_998").equals(low)
        assert (table["state"] == "high_998").equals(high)
        assert (table["low_998"] <= table["low_95"]).all()
        assert (table["high_95"] <= table["high_998"]).all()


def test_by_chance_alone_few_lie_outside_and_recipes_widen_nothing():
    rng = np.random.default_rng(1)
    n = rng.integers(50, 400, 4000)
    made = funnel_proportions(rng.binomial(n, 0.7), n)
    outside = 1 - (made.table["state"] == "within").mean()
    assert outside == pytest.approx(0.05, abs=0.012)
    assert funnel_proportions(rng.binomial(n, 0.7), n, overdispersion="PR").tau2 < 1e-4


def test_limits_of_ratios_are_poisson_quantiles():
    made = funnel_ratios([10.0], [10.0]).table.iloc[0]
    assert poisson.cdf(np.floor(made["low_95"] * 10), 10) <= 0.025 + 1e-9 or made["low_95"] == 0
    assert poisson.ppf(0.025, 10) - 1 <= made["low_95"] * 10 <= poisson.ppf(0.025, 10)
    assert poisson.ppf(0.975, 10) - 1 <= made["high_95"] * 10 <= poisson.ppf(0.975, 10)


def test_over_dispersion_the_slow_way():
    rng = np.random.default_rng(2)
    z, s = rng.normal(0, 2, 40), rng.uniform(0.5, 2, 40)
    order = sorted(range(40), key=lambda at: z[at])[4:36]
    w = [1 / s[at] ** 2 for at in order]
    phi = sum(z[at] ** 2 for at in order) / 32
    tau2 = (32 * phi - 31) / (sum(w) - sum(x**2 for x in w) / sum(w))
    assert over_dispersion(z, s, trim="truncate") == pytest.approx((phi, tau2))


def test_missing_pairs_and_empty_surveys_stay_without_a_state():
    made = funnel_proportions(pd.Series([5.0, np.nan, 0.0], list("abc")), [10.0, 10.0, 0.0])
    assert made.table["state"].tolist() == ["within", "", ""]
    assert made.table.index.tolist() == ["a", "b", "c"]
    assert np.isnan(made.table["value"].iloc[2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: funnel_proportions(pd.Series([1.0, 7.0], ["甲村", "乙村"]), [5.0, 6.0]),
            "numerators must lie between 0 and their denominators, got 7 of 6 (at '乙村'). Correct "
            "the counts; rates over 1 are no proportions.",
        ),
        (
            lambda: funnel_proportions([1.0], [5.0, 6.0]),
            "both columns must have the same length, got 1 and 2. Give one entry per organisation "
            "in each.",
        ),
        (
            lambda: funnel_proportions([5.0, 6.0], [5.0, 6.0]),
            "the target of proportions must lie between 0 and 1, got 1. Give another target.",
        ),
        (
            lambda: funnel_proportions([1.0], [5.0], overdispersion="SHMI"),
            "overdispersion of proportions must be one of 'PR', got 'SHMI'. Give one of these "
            "words.",
        ),
        (
            lambda: funnel_proportions([1.0], [5.0], overdispersion="PR"),
            "over-dispersion needs at least 2 values, got 1. Leave it out.",
        ),
        (
            lambda: funnel_ratios([1.0], [0.0]),
            "observed counts must be at least 0, expected ones and the target above 0, got 1, 0 "
            "and 1. Correct the counts.",
        ),
        (
            lambda: over_dispersion(np.ones(2), np.ones(2), trim="cut"),
            "trim must be 'winsorise' or 'truncate', got 'cut'. Give one.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
