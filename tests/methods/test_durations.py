"""Kaplan–Meier by group: published curve, the slow way, scipy's own, laws, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods.durations import (
    kaplan_meier,
    median_time,
    quantile_time,
    survival_at,
)

# Remission in weeks of the 42 patients of Freireich et al. 1963, as printed in Gehan 1965.
SIX_MP = [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def gehan():
    time = np.array([*SIX_MP[0], *SIX_MP[1], *PLACEBO], dtype=float)
    closed = np.r_[np.ones(9, bool), np.zeros(12, bool), np.ones(21, bool)]
    return time, closed, np.repeat(["6-MP", "placebo"], 21)


def slowly(time, closed, entries=None):
    """Survival and Greenwood's error at each distinct time, by the definition."""
    entries = np.full(len(time), -np.inf) if entries is None else entries
    survival, total, found = 1.0, 0.0, []
    for t in sorted(set(time)):
        at_risk = ((time >= t) & (entries < t)).sum()
        done = ((time == t) & closed).sum()
        survival *= 1 - done / at_risk
        total += done / (at_risk * (at_risk - done)) if done < at_risk else np.nan
        found.append((at_risk, survival, survival * np.sqrt(total)))
    return np.array(found)


def test_six_mp_survival_freireich_gehan_1965():
    time, closed, groups = gehan()
    curve = kaplan_meier(time, closed, groups=groups)
    steps = curve[(curve["group"] == "6-MP") & (curve["closed"] > 0)]
    published = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert steps["survival"].round(4).tolist() == published
    assert steps["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert median_time(curve).to_dict() == {"6-MP": 23.0, "placebo": 8.0}


def test_six_mp_whole_curve_with_errors_survival_package(shared):
    known = pd.read_csv(shared / "reference/methods/08_service/gehan_6mp_km.csv")
    time, closed, groups = gehan()
    curve = kaplan_meier(time, closed, groups=groups).query("group == '6-MP'")
    np.testing.assert_array_equal(curve["at_risk"], known["n"])
    np.testing.assert_allclose(curve["survival"], known["S"], rtol=1e-13)
    np.testing.assert_allclose(curve["standard_error"], known["se"], rtol=1e-13)


def random_cases(seed, n=400, groups=7, grain=1.0):
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(20, n) / grain) * grain
    censor = np.ceil(rng.uniform(0, 60, n) / grain) * grain
    return np.minimum(time, censor), time <= censor, rng.integers(0, groups, n)


@pytest.mark.parametrize("grain", [1.0, 5.0, 1e-6])
def test_every_group_as_if_it_were_alone_and_slowly(grain):
    time, closed, groups = random_cases(1, grain=grain)
    curve = kaplan_meier(time, closed, groups=groups)
    for group, own in curve.groupby("group"):
        mine = groups == group
        expected = slowly(time[mine], closed[mine])
        found = own[["at_risk", "survival", "standard_error"]].to_numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("n", [40_000, 400])  # many short groups; few long ones
def test_half_is_half_however_many_groups_stand_before(n):
    rng = np.random.default_rng(8)
    groups = np.repeat(np.arange(n), 400_000 // n if n == 400 else 4)
    time = rng.permuted(np.tile(np.arange(len(groups) // n, dtype=float), (n, 1)), axis=1).ravel()
    middle = (len(groups) // n) / 2 - 1
    curve = kaplan_meier(time, np.ones(len(time), bool), groups=groups)
    assert (median_time(curve) == middle).all()
    again = kaplan_meier(time[groups == n - 1], np.ones(len(groups) // n, bool))
    np.testing.assert_array_equal(curve["survival"].tail(len(again)), again["survival"])


def test_late_entries_slowly():
    time, closed, groups = random_cases(2)
    entries = time - np.random.default_rng(3).integers(1, 30, len(time))
    curve = kaplan_meier(time, closed, groups=groups, entries=entries)
    for group, own in curve.groupby("group"):
        mine = groups == group
        expected = slowly(time[mine], closed[mine], entries[mine])
        np.testing.assert_array_equal(own["at_risk"], expected[:, 0])
        np.testing.assert_allclose(own["survival"], expected[:, 1], rtol=1e-11, atol=1e-12)


def test_late_entries_undo_length_bias():
    rng = np.random.default_rng(5)
    n = 60_000
    began, handling = rng.uniform(-200, 100, n), rng.exponential(20, n)
    seen = began + handling > 0  # the ledger began at 0: what was closed before is not in it
    began, handling = began[seen], handling[seen]
    time, closed = np.minimum(handling, 100 - began), handling <= 100 - began
    kept = survival_at(kaplan_meier(time, closed, entries=np.maximum(-began, -1e-9)), 20.0)
    naive = survival_at(kaplan_meier(time, closed), 20.0)
    assert abs(kept["survival"].item() - np.exp(-1)) < 0.01
    assert naive["survival"].item() > np.exp(-1) + 0.05


@pytest.mark.parametrize("seed", range(5))
def test_equals_scipy_ecdf(seed):
    time, closed, _ = random_cases(seed, n=120)
    known = stats.ecdf(stats.CensoredData(uncensored=time[closed], right=time[~closed])).sf
    curve = kaplan_meier(time, closed)
    np.testing.assert_array_equal(curve["time"], known.quantiles)
    np.testing.assert_allclose(curve["survival"], known.probabilities, rtol=1e-12, atol=1e-14)


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(np.float64, 25, elements=st.integers(0, 12)),
    hnp.arrays(np.bool_, 25),
    hnp.arrays(np.int64, 25, elements=st.integers(0, 3)),
)
def test_laws(time, closed, groups):
    curve = kaplan_meier(time, closed, groups=groups)
    assert curve["survival"].between(0, 1).all()
    falling = curve.groupby("group")["survival"].diff().fillna(0)
    assert (falling <= 1e-12).all()
    assert (curve["closed"] + curve["censored"]).sum() == 25
    # order of the rows, and counts instead of rows, change nothing
    again = kaplan_meier(time[::-1], closed[::-1], groups=groups[::-1])
    pd.testing.assert_frame_equal(curve, again)
    counted = pd.DataFrame({"t": time, "c": closed, "g": groups}).value_counts().reset_index()
    gathered = kaplan_meier(
        counted["t"], counted["c"], counts=counted["count"], groups=counted["g"]
    )
    pd.testing.assert_frame_equal(curve, gathered)
    # nothing open: the share still open is the plain one
    plain = survival_at(kaplan_meier(time, np.ones(25, bool), groups=groups), 6.0)
    expected = pd.Series(time > 6).groupby(groups).mean()
    np.testing.assert_allclose(plain["survival"], expected, atol=1e-12)


def test_reading_off():
    time, closed, groups = gehan()
    curve = kaplan_meier(time, closed, groups=groups)
    asked = survival_at(
        curve, [5.9, 6, 8, 100, np.nan], groups=["6-MP", "6-MP", "placebo"] + ["6-MP"] * 2
    )
    np.testing.assert_allclose(
        asked["survival"], [1, 6 / 7, 8 / 21, 0.4481792717, np.nan], rtol=1e-9
    )
    assert asked["standard_error"].iloc[0] == 0
    everyone = survival_at(curve, 23)
    assert everyone["group"].tolist() == ["6-MP", "placebo"]
    assert everyone["survival"].round(4).tolist() == [0.4482, 0]


def test_exponential_tail_goes_on_at_the_mean_rate_brown_hollander_korwar_1974():
    curve = kaplan_meier([1, 2, 4, 1, 2], [True, True, False, True, True], groups=list("aaabb"))
    asked = survival_at(curve, [2.0, 4.0, 12.0, 9.0], groups=list("aaab"), tail="exponential")
    np.testing.assert_allclose(asked["survival"], [1 / 3, 1 / 3, (1 / 3) ** 3, 0], atol=1e-12)


def test_quantiles_that_are_not_reached_are_missing():
    curve = kaplan_meier([1, 2, 3, 4], [True, False, False, False])
    assert np.isnan(median_time(curve)["all"])
    assert quantile_time(curve, 0.25)["all"] == 1


def test_open_cases_count_where_closed_ones_alone_flatter():
    rng = np.random.default_rng(11)
    n = 200_000
    handling, age = rng.exponential(30, n), rng.uniform(0, 90, n)
    closed = handling <= age
    share = (
        1 - survival_at(kaplan_meier(np.minimum(handling, age), closed), 30.0)["survival"].item()
    )
    assert abs(share - (1 - np.exp(-1))) < 0.01
    assert (handling[closed] <= 30).mean() > 1 - np.exp(-1) + 0.1


def test_the_callers_arrays_are_left_alone():
    time, closed, groups = gehan()
    frame = pd.DataFrame({"t": time, "c": closed, "g": groups})
    before = frame.copy()
    kaplan_meier(frame["t"], frame["c"], groups=frame["g"])
    pd.testing.assert_frame_equal(frame, before)


CURVE = kaplan_meier([1.0, 2.0], [True, False])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: kaplan_meier([1.0, 2.0], [True]),
            "closed must have one entry per duration, got 1 for 2. Give columns of one length.",
        ),
        (
            lambda: kaplan_meier([1.0], [2]),
            "closed must be true or false, got other values. Give a column of bool.",
        ),
        (
            lambda: kaplan_meier([1.0], [True], counts=[-1]),
            "counts must be at least 0, got -1. Count cases, not differences.",
        ),
        (
            lambda: kaplan_meier([1.0], [True], counts=[0]),
            "durations must hold at least one case, got 0. Give cases to count.",
        ),
        (
            lambda: kaplan_meier([1.0], [True], entries=[1.0]),
            "Every case must be observed before it ends, got an entry at or after the end. "
            "Leave out cases that ended before the records began.",
        ),
        (
            lambda: kaplan_meier([1.0, 2.0], [True, True], groups=["a"]),
            "groups must have one entry per duration, got 1 for 2. Give columns of one length.",
        ),
        (
            lambda: kaplan_meier([1.0, 2.0], [True, True], groups=pd.Series(["a", None])),
            "Every case must have a group, got 1 without. "
            "Leave these cases out or name their group.",
        ),
        (
            lambda: survival_at(CURVE, 1.0, groups=["b"]),
            "Every group must have a curve, got 'b'. Ask for groups of the curve only.",
        ),
        (
            lambda: survival_at(CURVE, [1.0, 2.0], groups=["all"] * 3),
            "times must be one number or one for each group, got 2 for 3 groups. "
            "Give as many times as groups.",
        ),
        (
            lambda: survival_at(CURVE, 1.0, tail="flatt"),
            "tail must be one of 'flat', 'exponential', got 'flatt'. Did you mean 'flat'?",
        ),
        (
            lambda: quantile_time(CURVE, 1.0),
            "q must lie between 0 and 1, got 1.0. Give 0.5 for the median.",
        ),
        (
            lambda: median_time(CURVE.drop(columns="at_risk")),
            "curve must be what kaplan_meier gave, got no column 'at_risk'. "
            "Call kaplan_meier first.",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
