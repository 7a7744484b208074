"""Handling times of many groups at once: the slow way, Kaplan–Meier, laws, awkward groups."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.methods.durations import kaplan_meier, quantile_time, survival_at
from servicepo.tallying import times as rooms
from servicepo.tallying.handling import on_time_share
from servicepo.tallying.times import DAY, NEVER, times


def one_by_one(group, elapsed, closed, allowed, groups):
    """Do the same through the toolbox's curves, one group after the other."""
    rows = []
    for g in range(groups):
        own = group == g
        age, done, limit = elapsed[own] / DAY, closed[own], allowed[own]
        row = dict.fromkeys(("pending", "pending_on_time"), 0.0)
        row |= dict.fromkeys(("median_days", "p90_days"), np.nan)
        if own.any():
            curve = kaplan_meier(age, done)
            row["median_days"] = quantile_time(curve, 0.5).item()
            row["p90_days"] = quantile_time(curve, 0.9).item()
        has = limit != NEVER
        age, done, limit = age[has], done[has], limit[has] / DAY
        pending = ~done & (age < limit)
        row["pending"] = pending.sum()
        if pending.any():
            curve = kaplan_meier(age, done)
            asked = ["all"] * int(pending.sum())
            then = survival_at(curve, limit[pending], groups=asked, tail="exponential")
            now = survival_at(curve, age[pending], groups=asked)
            row["pending_on_time"] = (1 - then["survival"] / now["survival"]).sum()
        rows.append(row)
    return pd.DataFrame(rows).astype(float)


def share(group, elapsed, closed, allowed, groups):
    """Estimate the on-time share, with the counts that go with it."""
    frame = pd.DataFrame({"group": group, "events_due": allowed != NEVER})
    frame["closed_on_time"] = closed & (elapsed <= allowed)
    totals = frame.groupby("group").sum().reindex(range(groups), fill_value=0)
    return on_time_share(times(group, elapsed, closed, allowed, groups), totals)


def draw(seed, n, groups, unit, without=0.1):
    """Events of many groups; handling times in whole units, so that some tie."""
    rng = np.random.default_rng(seed)
    handling = (rng.lognormal(2, 1.1, n) * DAY).astype(np.int64) // unit * unit
    age = rng.integers(0, 60 * DAY // unit, n) * unit
    allowed = rng.choice([5, 10, 30, 45], n) * DAY
    allowed[rng.random(n) < without] = NEVER
    closed = handling <= age
    group = rng.integers(0, groups, n)
    return group, np.where(closed, handling, age), closed, allowed, groups


@pytest.mark.parametrize(
    ("n", "groups", "unit", "without"),
    [
        (600, 12, DAY, 0.1),
        (300, 150, DAY, 0.0),
        (300, 150, 1, 0.3),
        (400, 2, DAY // 24, 0.0),
        (5, 9, DAY, 0.5),
        (0, 3, DAY, 0.0),
    ],
)
def test_many_groups_at_once_are_each_as_one_by_one(n, groups, unit, without):
    events = draw(n, n, groups, unit, without)
    before = [np.copy(a) for a in events[:4]]
    pd.testing.assert_frame_equal(times(*events), one_by_one(*events), rtol=1e-11)
    for kept, given_ in zip(before, events, strict=False):
        np.testing.assert_array_equal(kept, given_)


def test_groups_that_do_not_fit_into_64_bits_together_are_sorted_apart(monkeypatch):
    events = draw(1, 500, 20, DAY)
    whole = times(*events)
    monkeypatch.setattr(rooms, "_ROOM", 3 * 2 * (60 * DAY))
    pd.testing.assert_frame_equal(times(*events), whole)


def test_remission_of_leukaemia_gehan1965():
    weeks = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
    ended = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    group = np.zeros(21, dtype=int)
    found = times(group, weeks * DAY, ended, np.full(21, NEVER), 1)
    assert found["median_days"].item() == 23
    assert np.isnan(found["p90_days"].item())


def test_small_groups_are_right_on_average():
    rng = np.random.default_rng(3)
    groups, n = 1500, 10
    group = np.repeat(np.arange(groups), n)
    allowed = rng.choice([7, 15, 30], groups * n) * DAY
    handling = (rng.exponential(25, groups * n) * DAY).astype(np.int64)
    age = rng.integers(0, 45 * DAY, groups * n)
    closed = handling <= age
    estimate = share(group, np.minimum(handling, age), closed, allowed, groups)
    assert abs(estimate["value"].mean() - (handling <= allowed).mean()) < 0.015
    spread = (estimate["value"] - (1 - np.exp(-np.array([7, 15, 30]) / 25)).mean()).std()
    assert 0.8 * spread < estimate["standard_error"].mean() < 1.25 * spread


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 80))
def test_on_time_laws(seed, n):
    rng = np.random.default_rng(seed)
    elapsed = rng.integers(0, 30, n) * DAY
    allowed = rng.choice([5 * DAY, 10 * DAY, NEVER], n)
    closed = rng.random(n) < 0.7
    found = share(np.zeros(n, dtype=int), elapsed, closed, allowed, 1)
    due = allowed != NEVER
    if not due.any():
        assert found.empty
        return
    registered = (due & closed & (elapsed <= allowed)).sum() / due.sum()
    late = due & (elapsed > allowed)
    value = found["value"].item()
    if np.isnan(value):
        assert not closed[due].any()
        assert not late.any()
        return
    assert registered - 1e-12 <= value <= 1 - late.sum() / due.sum() + 1e-12
    assert 0 < found["standard_error"].item() < 0.5
    if closed[due].all():
        assert value == pytest.approx(registered)
