"""Control charts: NIST, NHSR, Laney; the rules the slow way; gaps, baselines, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.control import CHARTS, cusum, ewma, p_chart, xmr
from servicepo.methods.control_rules import SIGNALS

NHSR = {
    "Common Cause": "none",
    "Above UCL": "above_limit",
    "Below LCL": "below_limit",
    "7 Point Trend (Increasing)": "rising_run",
    "7 Point Trend (Decreasing)": "falling_run",
    "2 in 3 Above CL": "two_of_three_above",
    "2 in 3 Below CL": "two_of_three_below",
    "7 Points Above CL": "run_above",
    "7 Points Below CL": "run_below",
}


def spc(shared, name):
    return pd.read_csv(shared / "reference" / "methods" / "02_spc" / f"{name}.csv")


def row(*columns):
    return [pd.DataFrame([np.asarray(column, dtype=float)], index=["甲村"]) for column in columns]


@pytest.mark.parametrize(
    ("name", "choices"),
    [("screen", {}), ("noscreen", {"screen": False}), ("fix10", {"baseline": 10})],
)
def test_36_months_as_nhsrplotthedots(shared, name, choices):
    table = spc(shared, f"nhsr_ptd_synthetic36_{name}")
    (values,) = row(table["y"])
    chart = xmr(values, **choices)
    assert_allclose(chart.centre.iloc[0], table["mean_col"], rtol=1e-12)
    assert_allclose(chart.low.iloc[0], table["lpl"], rtol=1e-12)
    assert_allclose(chart.high.iloc[0], table["upl"], rtol=1e-12)
    marks = [SIGNALS[code] for code in chart.signals.iloc[0]]
    assert marks == table["special_cause_type"].map(NHSR).tolist()


def test_xmr_nist_6_3_2_2(shared):
    (values,) = row(spc(shared, "nist_individuals_flowrate")["flowrate"])
    chart = xmr(values, screen=False, reach=3 / 1.128)
    assert chart.centre.iloc[0, 0] == pytest.approx(50.81)
    assert (chart.centre - chart.low).iloc[0, 0] * 1.128 / 3 == pytest.approx(1.8778, abs=5e-5)
    assert chart.high.iloc[0, 0] == pytest.approx(55.8041, abs=5e-5)
    assert chart.low.iloc[0, 0] == pytest.approx(45.8159, abs=5e-5)


def test_ewma_and_cusum_nist_6_3_2_4_as_qcc(shared):
    table = spc(shared, "nist_ewma_qcc")
    (values,) = row(table["x"])
    chart = ewma(values, weight=0.3, reach=3, target=50, sd=2.0539)
    assert_allclose(chart.values.iloc[0], table["ewma"], rtol=1e-12)
    assert_allclose(chart.high.iloc[0], table["ucl"], rtol=1e-12)
    assert_allclose(chart.low.iloc[0], table["lcl"], rtol=1e-12)
    longer = ewma(
        pd.concat([values] * 5, axis=1, ignore_index=True),
        weight=0.3,
        reach=3,
        target=50,
        sd=2.0539,
    )
    assert longer.high.iloc[0, -1] == pytest.approx(52.5884, abs=5e-5)
    assert longer.low.iloc[0, -1] == pytest.approx(47.4115, abs=1.5e-4)
    sums = cusum(values, target=50, sd=2.0539).values.iloc[0]
    up, down = table["cusum_pos"], table["cusum_neg"]
    assert_allclose(sums, np.where(up >= -down, up, down), atol=1e-12)
    assert sums.iloc[-1] == pytest.approx(3.29385559)


def test_accidents_laney2002(shared):
    """Trap: over 280,000 patients a month a plain p chart calls 16 months of 20 special."""
    table = spc(shared, "nhs_accidents_laney")
    counts, totals = row(table["r"], table["n"])
    widened = p_chart(counts, totals)
    assert_allclose(widened.low.iloc[0], table["pp_lcl"], rtol=1e-12)
    assert_allclose(widened.high.iloc[0], table["pp_ucl"], rtol=1e-12)
    message = (
        "Shares should vary as the binomial lets them for a plain p chart, got up to 10.6 times "
        "that for '甲村'. Take laney=True (p′)."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        plain = p_chart(counts, totals, laney=False)
    assert_allclose(plain.low.iloc[0], table["p_lcl"], rtol=1e-12)
    limits = [1, 2]
    assert plain.signals.isin(limits).sum(axis=None) == 16
    assert widened.signals.isin(limits).sum(axis=None) == 0
    width = (widened.high - widened.low) / (plain.high - plain.low)
    assert width.iloc[0].to_numpy() == pytest.approx(10.64042186349651)


def slowly(x, centre, low, high):
    """Mark one series by the four rules, rule by rule and window by window."""
    n = len(x)
    marks, alarms = [0] * n, [0] * n

    def mark(code, points, end):
        for at in points:
            marks[at] = marks[at] or code
        alarms[end] = alarms[end] or code

    def near(at, way):
        if way > 0:
            return centre + (high - centre) * 2 / 3 < x[at] <= high
        return low <= x[at] < centre - (centre - low) * 2 / 3

    for code, out in ((1, lambda v: v > high), (2, lambda v: v < low)):
        for at in range(n):
            if out(x[at]):
                mark(code, [at], at)
    for code, way in ((3, 1), (4, -1)):
        for end in range(6, n):
            if all(way * (x[t] - x[t - 1]) > 0 for t in range(end - 5, end + 1)):
                mark(code, range(end - 6, end + 1), end)
    for code, way in ((5, 1), (6, -1)):
        for end in range(2, n):
            window = range(end - 2, end + 1)
            close = [at for at in window if near(at, way)]
            if len(close) >= 2 and all(way * (x[t] - centre) > 0 for t in window):
                mark(code, close, end)
    for code, way in ((7, 1), (8, -1)):
        for end in range(6, n):
            if all(way * (x[t] - centre) > 0 for t in range(end - 6, end + 1)):
                mark(code, range(end - 6, end + 1), end)
    return marks, alarms


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=24), st.integers(2, 8))
def test_the_rules_the_slow_way(x, baseline):
    (values,) = row(x)
    chart = xmr(values, baseline=baseline, screen=False)
    own = [part.iloc[0, 0] for part in (chart.centre, chart.low, chart.high)]
    if np.isnan(own[1]):
        assert (chart.signals == 0).all(axis=None)
        return
    # The mean of small whole numbers can lie on one of them, so sides are told by the same floats.
    marks, alarms = slowly(x, *own)
    assert chart.signals.iloc[0].tolist() == marks
    assert chart.alarms.iloc[0].tolist() == alarms


def test_alarms_know_nothing_of_what_comes_after():
    draw = np.random.default_rng(1)
    panel = pd.DataFrame(draw.normal(size=(200, 30)).cumsum(axis=1) * 0.3)
    for chart in (xmr, ewma, cusum):
        whole = chart(panel, baseline=12).alarms
        for end in (14, 20, 29):
            then = chart(panel.iloc[:, :end], baseline=12).alarms
            pd.testing.assert_frame_equal(then, whole.iloc[:, :end])


@pytest.mark.parametrize("name", ["xmr", "ewma", "cusum", "p"])
def test_a_panel_with_gaps_is_a_pile_of_single_series(name):
    draw = np.random.default_rng(2)
    panel = pd.DataFrame(draw.normal(70, 5, (25, 18)).round())
    panel = panel.where(draw.random(panel.shape) > 0.2)
    totals = panel.notna() * 100.0

    def call(values, of):
        return p_chart(values, of) if name == "p" else CHARTS[name](values)

    made = call(panel, totals)
    for at in range(len(panel)):
        known = panel.iloc[[at]].dropna(axis=1)
        alone = call(known, totals.iloc[[at]][known.columns])
        for part in ("values", "low", "signals", "alarms"):
            ours = getattr(made, part).iloc[[at]][known.columns]
            pd.testing.assert_frame_equal(ours, getattr(alone, part))
    holes = panel.isna().to_numpy()
    assert made.values.isna().to_numpy()[holes].all()
    assert (made.signals.to_numpy()[holes] == 0).all()


def test_limits_are_set_anew_from_a_rebase_on():
    draw = np.random.default_rng(3)
    periods = pd.period_range("2023-01", periods=24, freq="M")
    panel = pd.DataFrame(draw.normal(60, 2, (5, 24)), columns=periods)
    panel.iloc[:, 12:] += 20
    assert (xmr(panel).signals.to_numpy() > 0).mean() > 0.8
    made = xmr(panel, rebase=[periods[12]])
    for part, columns in (
        (made.low.iloc[:, :12], periods[:12]),
        (made.low.iloc[:, 12:], periods[12:]),
    ):
        pd.testing.assert_frame_equal(part, xmr(panel[columns]).low)
    assert (made.signals.to_numpy() > 0).mean() < 0.2


def test_what_never_moves_has_no_limits():
    made = xmr(pd.DataFrame([[5.0] * 12, [5.0] + [np.nan] * 11]))
    assert made.low.isna().all(axis=None)
    assert (made.signals == 0).all(axis=None)
    counts = pd.DataFrame([[5.0] * 12])
    assert p_chart(counts, counts).low.isna().all(axis=None)
    assert (p_chart(counts, 2 * counts).signals == 0).all(axis=None)


def test_limits_of_shares_stay_within_0_and_1():
    counts, totals = row([9, 10, 8, 10, 9, 5], [10] * 6)
    made = p_chart(counts, totals)
    assert made.high.max(axis=None) == 1.0
    assert made.low.min(axis=None) >= 0


def test_a_total_of_0_is_a_gap():
    counts, totals = row([1, 2, 0, 2, 1, 3], [5, 5, 0, 5, 5, 5])
    made = p_chart(counts, totals)
    assert made.values.iloc[0].isna().tolist() == [False, False, True, False, False, False]


def test_each_organisation_may_have_its_own_target():
    panel = pd.DataFrame([[50.0, 52, 51], [70.0, 72, 71]], index=["甲村", "乙村"])
    targets = pd.Series({"乙村": 70.0, "甲村": 50.0})
    made = ewma(panel, target=targets, sd=1.0).z
    assert_allclose(made.loc["甲村"], made.loc["乙村"])


def test_the_callers_frames_are_left_alone():
    counts, totals = row([9, np.nan, 8, 10, 9, 5], [10] * 6)
    kept = counts.copy(), totals.copy()
    for chart in (xmr, ewma, cusum):
        chart(counts)
    p_chart(counts, totals)
    pd.testing.assert_frame_equal(counts, kept[0])
    pd.testing.assert_frame_equal(totals, kept[1])


def test_a_chart_tells_itself():
    assert repr(xmr(pd.DataFrame([[1.0, 2, 1, 2, 1, 2, 90]]), baseline=6)) == (
        "ControlChart(1 series × 7 periods, 1 points signalled)"
    )


COUNTS, TOTALS = row([5, 6], [4, 8])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: p_chart(COUNTS, TOTALS),
            "counts must lie between 0 and their totals, got others for '甲村'. "
            "Correct these cells or mark them as missing.",
        ),
        (
            lambda: p_chart(COUNTS, TOTALS[[0]]),
            "counts and totals must have the same rows and columns in the same order, got (1, 2) "
            "and (1, 1). Reindex one like the other.",
        ),
        (
            lambda: xmr(COUNTS, baseline=1),
            "baseline must be at least 2 periods, got 1. Take a year, 12.",
        ),
        (
            lambda: xmr(COUNTS, rebase=["2024"]),
            "rebase must name periods of the panel, got '2024'. Take some of 0, 1.",
        ),
        (
            lambda: ewma(COUNTS, weight=0),
            "weight must lie in 0..1 without 0, got 0. Take .2.",
        ),
        (
            lambda: ewma(COUNTS, sd=-1.0),
            "sd must be positive, got -1. Give that of the values.",
        ),
        (
            lambda: cusum(COUNTS, limit=0),
            "a CUSUM needs slack of at least 0 and a positive limit, got 0.5 and 0. "
            "Take .5 and 5, for example.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
