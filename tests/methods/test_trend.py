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
from scipy.stats import norm

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
    assert made["z"] == pytest.approx(-4.128066522844101, rel=1e-9)
    assert made["tau"] == pytest.approx(-0.2807413, abs=5e-8)
    assert made["p_value"] == pytest.approx(3.658262921657496e-05, rel=1e-9)
    assert trend.sen_slope(row).iloc[0] == pytest.approx(-2.6)


def test_the_normal_p_value_of_short_series_is_not_ours():
    """Trap: pymannkendall says .0275 of five rising values; the exact p-value is 2 / 5!."""
    rising = np.arange(5.0)
    assert pymannkendall.original_test(rising).p == pytest.approx(0.0275, abs=5e-5)
    assert trend.mann_kendall(pd.DataFrame([rising]))["p_value"].iloc[0] == pytest.approx(1 / 60)


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
    made = trend.mann_kendall(panel)
    assert_allclose(made["p_value"], 2 * norm.sf(made["z"].abs()), atol=0.01)


def test_nile_interval_gilbert1987_as_r_trend(shared):
    nile = pd.read_csv(shared / "reference" / "methods" / "05_trends" / "nile.csv")
    made = trend.sen_interval(pd.DataFrame([nile["flow"].astype(float)]))
    assert made.iloc[0].tolist() == pytest.approx([-3.627907, -1.428571], abs=5e-7)


@pytest.mark.parametrize(("periods", "level"), [(5, 0.95), (7, 0.9), (12, 0.95), (25, 0.95)])
def test_intervals_of_slopes_cover_what_they_promise(periods, level):
    draw = np.random.default_rng(periods)
    panel = pd.DataFrame(3 * np.arange(periods) + draw.normal(size=(4000, periods)))
    made = trend.sen_interval(panel, level=level)
    covered = ((made["low"] <= 3) & (made["high"] >= 3)).mean()
    assert level - 0.015 < covered
    assert (made["low"] <= trend.sen_slope(panel)).all()
    assert (made["high"] >= trend.sen_slope(panel)).all()


def test_up_to_four_values_no_slope_has_an_interval():
    panel = pd.DataFrame([[1.0, 2.0, 3.0, 4.0, np.nan], [1.0, np.nan, np.nan, np.nan, np.nan]])
    made = trend.sen_interval(panel)
    assert made.iloc[0].tolist() == [-np.inf, np.inf]
    assert made.iloc[1].isna().all()
    assert np.isfinite(trend.sen_interval(panel, level=0.9).iloc[0]).all()


def test_intervals_the_slow_way_with_gaps_and_times():
    draw = np.random.default_rng(4)
    panel = pd.DataFrame(draw.normal(size=(20, 9)))
    panel = panel.where(draw.random(panel.shape) > 0.2)
    times = np.cumsum(draw.integers(1, 4, 9))
    made = trend.sen_interval(panel, times=times, level=0.9)
    for row in range(len(panel)):
        known = panel.iloc[row].dropna()
        n = len(known)
        all_s = np.array([statistic(order) for order in permutations(range(min(n, 6)))])
        if n > 6:
            continue
        k = next((s for s in range(16) if (abs(all_s) >= s).mean() <= 0.1 and s in all_s), None)
        at = times[known.index]
        slopes = sorted(
            (known.iloc[j] - known.iloc[i]) / (at[j] - at[i]) for i, j in combinations(range(n), 2)
        )
        pairs, c = len(slopes), k - 2
        expected = [slopes[(pairs - c) // 2 - 1], slopes[(pairs + c) // 2]]
        assert made.iloc[row].tolist() == pytest.approx(expected)


def test_fitted_slopes_share_one_noise_the_slow_way():
    draw = np.random.default_rng(5)
    panel = pd.DataFrame(draw.normal(size=(12, 5)))
    panel = panel.where(draw.random(panel.shape) > 0.2)
    panel.iloc[0, 1:] = np.nan
    times = np.array([0.0, 1, 2, 4, 5])
    made = trend.fitted_slope(panel, times=times)
    lines = {}
    for row in range(1, len(panel)):
        known = panel.iloc[row].dropna()
        lines[row] = (times[known.index], known.to_numpy())
    rest = sum(np.polyfit(t, y, 1, full=True)[1].sum() for t, y in lines.values() if len(t) > 2)
    noise = np.sqrt(rest / sum(max(len(t) - 2, 0) for t, _ in lines.values()))
    for row, (t, y) in lines.items():
        assert made["slope"].iloc[row] == pytest.approx(np.polyfit(t, y, 1)[0])
        error = noise / np.sqrt(((t - t.mean()) ** 2).sum())
        assert made["standard_error"].iloc[row] == pytest.approx(error)
    assert made.iloc[0].isna().all()
    assert trend.fitted_slope(panel[[0, 1]])["standard_error"].isna().all()


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
    trend.sen_interval(panel)
    trend.fitted_slope(panel)
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
            lambda: trend.sen_interval(pd.DataFrame([[1.0, 2.0]]), level=95),
            "level must lie between 0 and 1, got 95. Give .95, for example.",
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
