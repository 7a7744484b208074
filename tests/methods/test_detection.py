"""How good a list is: the saved case, ties by hand, oracles, refusals."""

import itertools
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods import detection as d


@pytest.fixture
def saved(shared):
    path = shared / "reference" / "methods" / "10_detector" / "small_detector.json"
    return json.loads(path.read_text("utf-8"))


def test_the_saved_case_scikit_learn191(saved):
    assert d.average_precision(saved["y"], saved["s"]) == pytest.approx(saved["AP"], abs=1e-12)
    assert d.brier(saved["y"], saved["s"]) == pytest.approx(saved["Brier"], abs=1e-12)
    for k, precision in saved["p_at_k"].items():
        assert d.precision_at(saved["y"], saved["s"], int(k)) == pytest.approx(precision)


def test_stability_of_four_lists_nogueira2018(saved):
    made = d.stability(saved["Z"])
    assert made.value == pytest.approx(saved["nogueira"], abs=1e-12)
    assert made.low < made.value < made.high
    assert repr(made) == "Stability(0.375, 0.191 to 0.559)"


def test_the_interval_of_stability_the_slow_way(saved):
    z = np.array(saved["Z"], dtype=float)
    m, n = z.shape
    k, p = z.sum(axis=1), z.mean(axis=0)
    mean, value = k.mean(), saved["nogueira"]
    parts = []
    for i in range(m):
        first = sum(z[i, f] * p[f] for f in range(n)) / n - k[i] * mean / n**2
        second = value / 2 * (2 * k[i] * mean / n**2 - k[i] / n - mean / n + 1)
        parts.append((first + second) / (mean / n * (1 - mean / n)))
    variance = 4 / m**2 * sum((x - np.mean(parts)) ** 2 for x in parts)
    assert d.stability(z).low == pytest.approx(value - 1.959964 * variance**0.5, abs=1e-6)


def test_precision_under_ties_is_the_mean_over_all_orders():
    truth, scores = [1, 0, 1, 0, 0], [0.9, 0.5, 0.5, 0.5, 0.1]
    hits = [sum(pair) + 1 for pair in itertools.combinations([0, 1, 0], 2)]
    assert d.precision_at(truth, scores, 3) == pytest.approx(np.mean(hits) / 3)
    assert d.recall_at(truth, scores, 3) == pytest.approx(np.mean(hits) / 2)
    assert d.lift_at(truth, scores, 3) == pytest.approx(np.mean(hits) / 3 / 0.4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_average_precision_is_that_of_scikit_learn(pairs):
    metrics = pytest.importorskip("sklearn.metrics")
    truth, scores = map(np.array, zip(*pairs, strict=True))
    if truth.any():
        ours = d.average_precision(truth, scores)
        assert ours == pytest.approx(metrics.average_precision_score(truth, scores))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=3, max_size=30), st.integers(0, 100))
def test_a_list_of_all_holds_the_common_share(truth, seed):
    scores = np.random.default_rng(seed).random(len(truth))
    assert d.precision_at(truth, scores, len(truth)) == pytest.approx(np.mean(truth))
    constant = np.zeros(len(truth))
    assert d.precision_at(truth, constant, 2) == pytest.approx(np.mean(truth))


def test_what_is_said_and_comes_true_has_no_error():
    rng = np.random.default_rng(0)
    p = rng.random(40_000)
    assert d.calibration_error(rng.random(40_000) < p, p) < 0.012
    assert d.calibration_error(rng.random(40_000) < p**2, p) > 0.1
    curve = d.reliability_curve(rng.random(40_000) < p, p)
    assert curve["n"].sum() == 40_000
    assert len(curve) == 10


def test_nobody_weak_gives_no_recall():
    assert np.isnan(d.recall_at([0, 0], [0.1, 0.2], 1))
    assert np.isnan(d.lift_at([0, 0], [0.1, 0.2], 1))
    assert np.isnan(d.average_precision([0, 0], [0.1, 0.2]))


def test_equal_lists_are_wholly_stable_and_random_ones_are_not():
    assert d.stability([[1, 0, 0, 1]] * 5).value == pytest.approx(1)
    rng = np.random.default_rng(3)
    lists = (rng.random((200, 50)).argsort(axis=1) < 5).astype(float)
    assert d.stability(lists).value == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: d.precision_at([1, 0], [0.5, 0.2], 3),
            "k must lie between 1 and 2, got 3. Shorten the list.",
        ),
        (
            lambda: d.precision_at([1, 2], [0.5, 0.2], 1),
            "truth must be yes or no, got other numbers. Mark the truly weak with True.",
        ),
        (
            lambda: d.precision_at([1, 0], [0.5], 1),
            "truth and scores must have the same length, got 2 and 1. Give one entry per "
            "organisation in each.",
        ),
        (
            lambda: d.brier([1, 0], [95.0, 0.2]),
            "probabilities must lie between 0 and 1, got 95. Give shares, not per cent.",
        ),
        (
            lambda: d.reliability_curve([1, 0], [0.9, 0.2], bins=0),
            "bins must be at least 1, got 0. Give 10, for example.",
        ),
        (
            lambda: d.stability([[1, 0], [2, 0]]),
            "lists must hold 0 and 1 only, got other numbers. Mark who is on a list with 1.",
        ),
        (
            lambda: d.stability([[0, 0], [0, 0]]),
            "lists must name some and leave out some, got all empty or all full. Choose another "
            "length of list.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
