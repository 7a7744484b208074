"""Queues: published values, Little's law on a simulated queue, backlog the slow way, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods import queues


def test_waiting_list_values_fong2022_as_in_nhs_r_waiting_list():
    assert queues.load(30, 27) == pytest.approx(1.1111, abs=5e-5)
    assert queues.relief_capacity(30, 1200, 390, 26) == pytest.approx(61.1538, abs=5e-5)
    assert queues.target_queue(30, 52) == 390
    capacity = queues.target_capacity(30, 52, factor=3, variation=(1.1, 1.2))
    assert capacity == pytest.approx(30.076442, abs=5e-7)
    assert queues.pressure(63, 52) == pytest.approx(2.423077, abs=5e-7)


def test_everything_goes_element_by_element():
    demand, queue = np.array([30.0, 10.0]), np.array([1200.0, 100.0])
    target = queues.target_queue(demand, 52)
    found = queues.relief_capacity(demand, queue, target, 26)
    assert_allclose(found, [30 + (1200 - 390) / 26, 10 + (100 - 130) / 26])
    assert_allclose(queues.relief_capacity(demand, target, target, 26), demand)


def test_the_factor_of_the_target_queue_leaves_as_many_late_as_said():
    """With exponential waits of mean target / factor, exp(−factor) wait longer than the target."""
    for factor, late in ((3, 0.05), (4, 0.018), (6, 0.0025)):
        assert np.exp(-factor) == pytest.approx(late, abs=5e-4)
        mean_wait = queues.target_queue(30, 52, factor=factor) / 30
        assert np.exp(-52 / mean_wait) == pytest.approx(np.exp(-factor))


def one_server(n=40_000, demand=0.9, seed=4):
    """Simulate cases that come at random and are handled one by one; moments in days."""
    rng = np.random.default_rng(seed)
    came = np.cumsum(rng.exponential(1 / demand, n))
    work = rng.exponential(1, n)
    done = np.empty(n)
    free = 0.0
    for i in range(n):
        free = max(free, came[i]) + work[i]
        done[i] = free
    return came, done


def test_littles_law_on_a_simulated_queue():
    came, done = one_server()
    moments = np.linspace(0, done[-1], 200_000, endpoint=False)
    waiting = np.searchsorted(came, moments, "right") - np.searchsorted(done, moments, "right")
    found = queues.queue_length(len(came) / done[-1], (done - came).mean())
    assert waiting.mean() == pytest.approx(found, rel=2e-3)
    # The textbook queue: L = ρ / (1 − ρ).
    assert found == pytest.approx(0.9 / 0.1, rel=0.1)


def test_backlog_case_by_case():
    came, done = one_server(n=400, demand=1.05, seed=1)
    start = pd.Timestamp("2024-01-01")
    accepted = pd.Series(start + pd.to_timedelta(came, unit="D"))
    settled = pd.Series(start + pd.to_timedelta(done, unit="D")).mask(done > 350)
    groups = pd.Series(np.where(np.arange(400) % 3, "乙", "甲"))
    before = accepted.copy(), settled.copy()
    at = pd.date_range("2024-01-31", periods=12, freq="ME")
    found = queues.backlog(accepted, settled, at, groups=groups)
    assert len(found) == 24
    for row in found.itertuples():
        ages = [
            (row.at - accepted[i]).total_seconds() / 86400
            for i in range(400)
            if groups[i] == row.group
            and accepted[i] <= row.at
            and (pd.isna(settled[i]) or settled[i] > row.at)
        ]
        assert row.open == len(ages)
        expected = [np.mean(ages), np.median(ages), max(ages)] if ages else [np.nan] * 3
        assert_allclose([row.mean_age, row.median_age, row.oldest], expected)
    pd.testing.assert_series_equal(accepted, before[0])
    pd.testing.assert_series_equal(settled, before[1])


def test_nothing_waits_before_the_first_and_after_the_last():
    day = pd.Series(pd.to_datetime(["2024-01-02"]))
    at = pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"])
    found = queues.backlog(day, day + pd.Timedelta(days=3), at)
    assert found["open"].tolist() == [0, 1, 0, 0]
    assert found["oldest"].isna().tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: queues.load(30, 0), "capacity must be above 0, got 0. Leave such queues out."),
        (lambda: queues.load(-1, 2), "demand must be at least 0, got -1. Correct it."),
        (
            lambda: queues.pressure(np.nan, 52),
            "mean_wait must have no missing values, got 1 NaN. "
            "Impute them first or leave them out.",
        ),
        (
            lambda: queues.backlog(pd.Series([pd.NaT]), pd.Series([pd.NaT]), []),
            "Every case must have the moment it came in, got 1 without. "
            "Leave these cases out or complete them.",
        ),
        (
            lambda: queues.backlog(pd.Series([1, 2]), pd.Series([1]), []),
            "accepted, settled and groups must be of one length, got 2, 1 and 2. "
            "Give columns of one table.",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
