"""Intervals of rates and counts: published tables, laws, the formula again, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods.intervals import (
    agresti_coull_interval,
    byar_interval,
    count_interval,
    exact_count_interval,
    wilson_interval,
)


def test_wilson_interval_newcombe1998():
    """81 of 263, and 1 of 29: the score method of Newcombe's table I."""
    low, high = wilson_interval(np.array([81, 15, 0, 1]), np.array([263, 148, 20, 29]))
    assert_allclose(low, [0.2553, 0.0624, 0.0, 0.0061], atol=5e-5)
    assert_allclose(high, [0.3662, 0.1605, 0.1611, 0.1718], atol=5e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_wilson_interval_holds_the_rate_and_is_symmetric(yes, no):
    n = yes + no
    low, high = wilson_interval(yes, n)
    if n == 0:
        assert np.isnan(low)
        assert np.isnan(high)
        return
    assert 0 <= low <= yes / n <= high <= 1
    other = wilson_interval(no, n)
    assert_allclose([1 - other[1], 1 - other[0]], [low, high], atol=1e-12)


LEVELS = {"95%": 0.95, "99.8%": 0.998}


def test_wilson_and_byar_phe_indicator_methods(shared):
    folder = shared / "reference/methods/01_league/phe"
    known = pd.read_csv(folder / "testdata_Byars_Wilson__testdata_B_W.csv")
    for row in known.itertuples():
        level = LEVELS[row.confidence]
        if row.method == "Wilson":
            found = wilson_interval(row.x, row.n, confidence=level)
        else:
            found = byar_interval(row.x, confidence=level)
        assert_allclose(found, [row.lowercl, row.uppercl], rtol=1e-10)
    assert len(known) == 13


def test_every_proportion_phe_indicator_methods(shared):
    folder = shared / "reference/methods/01_league/phe"
    known = pd.read_csv(folder / "testdata_Proportion__testdata_Prop.csv")
    for level, ends in ((0.95, "95_0"), (0.998, "99_8")):
        r, n = known["Numerator"], known["Denominator"]
        found = np.array(wilson_interval(r, n, confidence=level)) * known["multiplier"].to_numpy()
        assert_allclose(found[0], known[f"lower{ends}cl"], rtol=1e-9)
        assert_allclose(found[1], known[f"upper{ends}cl"], rtol=1e-9)
    grouped = pd.read_csv(folder / "testdata_Proportion__testdata_Prop_g.csv")
    found = wilson_interval(grouped["Numerator"], grouped["Denominator"])
    assert_allclose(found, [grouped["lowercl"], grouped["uppercl"]], rtol=1e-9)


def test_every_rate_exact_or_byar_phe_indicator_methods(shared):
    folder = shared / "reference/methods/01_league/phe"
    known = pd.read_csv(folder / "testdata_Rate__testdata_Rate.csv")
    per = (known["multiplier"] / known["Denominator"]).to_numpy()
    for level, ends in ((0.95, "95_0"), (0.998, "99_8")):
        low, high = count_interval(known["Numerator"], confidence=level)
        assert_allclose(low * per, known[f"lower{ends}cl"], rtol=1e-9)
        assert_allclose(high * per, known[f"upper{ends}cl"], rtol=1e-9)
    grouped = pd.read_csv(folder / "testdata_Rate__testdata_Rate_g.csv")
    found = np.array(count_interval(grouped["Numerator"]))
    found = found * (grouped["multiplier"] / grouped["Denominator"]).to_numpy()
    assert_allclose(found, [grouped["lowercl"], grouped["uppercl"]], rtol=1e-9)


def test_exact_limits_garwood1936_by_the_chi_square():
    counts = np.array([0.0, 1, 5, 30])
    low, high = exact_count_interval(counts)
    assert_allclose(low[1:], stats.chi2.ppf(0.025, 2 * counts[1:]) / 2)
    assert low[0] == 0
    assert_allclose(high, stats.chi2.ppf(0.975, 2 * counts + 2) / 2)
    # The count itself lies at the tails of the two means.
    assert_allclose(stats.poisson.sf(counts[1:] - 1, low[1:]), 0.025)
    assert_allclose(stats.poisson.cdf(counts, high), 0.025)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(1, 60), st.sampled_from([0.8, 0.95, 0.998]))
def test_agresti_coull_holds_wilson_and_has_its_middle(yes, more, level):
    n = yes + more
    low, high = agresti_coull_interval(yes, n, confidence=level)
    inner = wilson_interval(yes, n, confidence=level)
    assert low <= inner[0] + 1e-12
    assert high >= inner[1] - 1e-12
    z = stats.norm.ppf((1 + level) / 2)
    middle = (yes + z**2 / 2) / (n + z**2)
    reach = z * np.sqrt(middle * (1 - middle) / (n + z**2))
    assert_allclose([low, high], np.clip([middle - reach, middle + reach], 0, 1), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400), st.sampled_from([0.9, 0.95, 0.998]))
def test_count_limits_hold_the_count_and_byar_is_near_the_exact(count, level):
    low, high = count_interval(count, confidence=level)
    assert low <= count <= high
    if count >= 10:
        exact = exact_count_interval(count, confidence=level)
        assert_allclose([low, high], exact, rtol=0.05 if count < 15 else 0.02)


def test_what_cannot_be_an_interval():
    for confidence in (0, 1, 95, float("nan")):
        message = f"confidence must lie between 0 and 1, got {confidence!r}. Give 0.95 for 95 %."
        with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
            agresti_coull_interval(1, 2, confidence=confidence)
    for interval in (exact_count_interval, byar_interval, count_interval):
        message = "counts must be at least 0, got -1. Count cases, not differences."
        with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
            interval([3, -1])
    assert np.isnan(agresti_coull_interval(0, 0)).all()
    assert np.isnan(count_interval(np.nan)).all()
