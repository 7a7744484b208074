"""Densities: mass, reflection, scipy, one bandwidth, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods.densities import common_bandwidth, densities


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(0, 100), min_size=5, max_size=30).filter(lambda x: np.ptp(x) > 1),
    st.floats(0.5, 20),
)
def test_every_curve_holds_all_the_mass_between_the_bounds(x, bandwidth):
    made = densities(x, ["a"] * len(x), bandwidth=bandwidth, points=2001)
    curve = made.curves["a"]
    assert np.trapezoid(curve, curve.index) == pytest.approx(1, abs=2e-3)
    assert (curve >= 0).all()
    assert made.bandwidth == bandwidth


def test_far_from_the_bounds_it_is_the_plain_gaussian_kernel():
    x = np.random.default_rng(0).normal(50, 4, 60)
    made = densities(x, ["a"] * 60, bandwidth=1.5)
    oracle = stats.gaussian_kde(x, bw_method=1.5 / x.std(ddof=1))
    assert_allclose(made.curves["a"], oracle(made.curves.index), atol=1e-12)


def test_reflection_keeps_what_heaps_up_at_the_full_mark_silverman1986():
    x = 100 - np.random.default_rng(1).exponential(5, 4000).clip(0, 100)
    made = densities(x, ["a"] * 4000)
    plain = stats.gaussian_kde(x, bw_method=made.bandwidth / x.std(ddof=1))
    at_top, truth = made.curves["a"].loc[100.0], 0.2
    assert plain(100.0)[0] == pytest.approx(truth / 2, rel=0.15)  # half of it lies beyond 100
    assert at_top == pytest.approx(truth, rel=0.2)


def test_one_bandwidth_is_the_median_of_silvermans_rule():
    draw = np.random.default_rng(2)
    groups = np.repeat(["a", "b", "c"], [30, 40, 50])
    x = draw.normal(50, np.repeat([2.0, 5.0, 9.0], [30, 40, 50]))
    each = [common_bandwidth(x[groups == g], groups[groups == g]) for g in "abc"]
    own = x[groups == "b"]
    spread = min(own.std(ddof=1), stats.iqr(own) / 1.349)
    assert each[1] == pytest.approx(0.9 * spread * 40**-0.2)
    assert common_bandwidth(x, groups) == pytest.approx(sorted(each)[1])
    assert densities(x, groups).bandwidth == common_bandwidth(x, groups)


def test_few_values_and_equal_values_get_no_invented_curve():
    made = densities([50.0] * 6 + [60.0, 70.0, 75.0, 80.0, 90.0, 40.0, 41.0], list("aaaaaabbbbbcc"))
    assert made.curves["c"].isna().all()
    assert made.curves["a"].notna().all()
    assert common_bandwidth([50.0] * 5 + [60.0], ["a"] * 6) > 0  # quartiles alike, so s


def test_the_callers_series_is_left_alone():
    x = pd.Series([50.0, 60.0, 70.0, 65.0, 55.0])
    densities(x, pd.Series(list("aaaaa")))
    assert x.tolist() == [50, 60, 70, 65, 55]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: densities(pd.Series([50.0, 101.0], ["甲村", "乙村"]), ["a", "a"]),
            "x must lie between the bounds 0 and 100, got others for '乙村'. "
            "Give the bounds of the scale or correct the scores.",
        ),
        (
            lambda: densities([50.0] * 5, ["a"] * 5),
            "a density needs a group of at least 5 values that differ, got none. "
            "Show the values themselves.",
        ),
        (
            lambda: densities([50.0] * 5, ["a"] * 5, bandwidth=60),
            "bandwidth must be above 0 and at most half of the range of scores, got 60. "
            "Give about a tenth of the range.",
        ),
        (
            lambda: densities([50.0, 60.0], ["a", None]),
            "every value must have a group, got 1 groups for 2 values. "
            "Name the group or leave the values out.",
        ),
    ],
)
def test_refusals_say_what_where_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
