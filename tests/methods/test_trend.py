"""Trends: Nile, exact permutations, panels with gaps, refusals."""

import re
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pymannkendall
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods import trend

short = st.lists(st.integers(0, 4), min_size=2, max_size=6)


def statistic(x):
    return sum(int(np.sign(b - a)) for a, b in combinations(x, 2))


def test_nile_mann1945_as_r_trend(shared):
    nile = pd.read_csv(shared / "reference" / "methods" / "05_trends" / "nile.csv")
    row = pd.DataFrame([nile["flow"].astype(float)])
    made = trend.mann_kendall(row).iloc[0]
    assert made["s"] == -1387
    assert made["tau"] == pytest.approx(-0.2807413, abs=5e-8)
    assert made["p_value"] == pytest.approx(3.658262921657496e-05, rel=1e-9)
    assert trend.sen_slope(row).iloc[0] == pytest.approx(-2.6)


@settings(max_examples=30, deadline=None)
@given(short)
def test_exact_p_values_over_all_orders(x):
    made = trend.mann_kendall(pd.DataFrame([x], dtype=float)).iloc[0]
    if len(set(x)) == 1:
        assert np.isnan(made["p_value"])
        return
    all_orders = np.abs([statistic(order) for order in permutations(x)])
    assert made["s"] == statistic(x)
    assert made["p_value"] == pytest.approx((all_orders >= abs(statistic(x))).mean())
    assert made["smallest_p_value"] == pytest.approx((all_orders == all_orders.max()).mean())


@pytest.mark.parametrize(
    ("periods", "least"), [(2, 1.0), (3, 1 / 3), (4, 1 / 12), (5, 1 / 60), (8, 2 / 40320)]
)
def test_up_to_four_periods_nothing_can_be_significant(periods, least):
    made = trend.mann_kendall(pd.DataFrame([np.arange(periods, dtype=float)])).iloc[0]
    assert made["p_value"] == pytest.approx(least)
    assert made["smallest_p_value"] == pytest.approx(least)
    assert trend.smallest_p_value(periods) == pytest.approx(least)


def test_a_tie_among_five_is_not_what_the_normal_approximation_says():
    """Trap: scipy's asymptotic p is .023 here, the exact one .033."""
    made = trend.mann_kendall(pd.DataFrame([[1.0, 2.0, 2.0, 3.0, 4.0]]))
    assert made["p_value"].iloc[0] == pytest.approx(1 / 30)


def test_long_series_as_pymannkendall():
    draw = np.random.default_rng(0)
    panel = pd.DataFrame(draw.integers(0, 9, (8, 30)).astype(float) + 0.1 * np.arange(30))
    panel.iloc[:, 5] = panel.iloc[:, 4]
    made, slopes = trend.mann_kendall(panel), trend.sen_slope(panel)
    for row in range(len(panel)):
        oracle = pymannkendall.original_test(panel.iloc[row].to_numpy())
        assert made["s"].iloc[row] == oracle.s
        assert made["p_value"].iloc[row] == pytest.approx(oracle.p, rel=1e-9)
        assert slopes.iloc[row] == pytest.approx(oracle.slope)


def test_exact_and_normal_agree_where_they_meet():
    draw = np.random.default_rng(1)
    panel = pd.DataFrame(draw.normal(size=(50, 20)))
    exact = trend.mann_kendall(panel)["p_value"]
    longer = trend._normal_p(np.abs(trend.mann_kendall(panel)["s"].to_numpy()), (1,) * 20)
    assert_allclose(exact, longer, atol=0.01)


def test_a_panel_with_gaps_is_a_pile_of_single_series():
    draw = np.random.default_rng(2)
    panel = pd.DataFrame(draw.integers(0, 5, (40, 7)).astype(float))
    panel = panel.where(draw.random(panel.shape) > 0.25)
    panel.iloc[0] = np.nan
    panel.iloc[1, 1:] = np.nan
    made = trend.mann_kendall(panel)
    slopes = trend.sen_slope(panel, times=range(2018, 2025))
    for row in range(len(panel)):
        known = panel.iloc[row].dropna()
        if len(known) < 2:
            assert np.isnan(made["p_value"].iloc[row])
            assert np.isnan(slopes.iloc[row])
            continue
        alone = trend.mann_kendall(known.to_frame().T.set_axis(range(len(known)), axis=1))
        pd.testing.assert_series_equal(made.iloc[row], alone.iloc[0], check_names=False)
        pairs = [(known[j] - known[i]) / (j - i) for i, j in combinations(known.index, 2)]
        assert slopes.iloc[row] == pytest.approx(np.median(pairs))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=3, max_size=8), st.floats(-5, 5))
def test_a_steady_rise_adds_to_the_slope(x, rise):
    panel = pd.DataFrame([x])
    steeper = panel + rise * np.arange(len(x))
    assert trend.sen_slope(steeper).iloc[0] == pytest.approx(
        trend.sen_slope(panel).iloc[0] + rise, abs=1e-9
    )
    backwards = trend.mann_kendall(panel.iloc[:, ::-1]).iloc[0]
    forwards = trend.mann_kendall(panel).iloc[0]
    assert backwards["s"] == -forwards["s"]


def test_the_callers_frame_is_left_alone():
    panel = pd.DataFrame([[3.0, 1.0, np.nan]])
    trend.sen_slope(panel)
    trend.mann_kendall(panel)
    pd.testing.assert_frame_equal(panel, pd.DataFrame([[3.0, 1.0, np.nan]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: trend.mann_kendall(pd.DataFrame([[1.0]])),
            "a trend needs at least 2 periods, got 1. Add the periods before.",
        ),
        (
            lambda: trend.sen_slope(pd.DataFrame([[1.0, 2.0]]), times=[2024, 2023]),
            "times must be one increasing number per period, got [2024.0, 2023.0] for 2 periods. "
            "Sort the columns by time.",
        ),
        (
            lambda: trend.sen_slope(pd.DataFrame([[1.0, np.inf]])),
            "values must be finite, got an infinite value in 1. "
            "Correct these cells or mark them as missing.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
