"""Straight lines in one weight: every crossing by hand, against a fine grid, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicepo.errors import MethodError
from servicepo.methods.weight_paths import critical_weights, rank_crossings

CUTS = [60.0, 80.0, 90.0]
marks = arrays(float, 8, elements=st.integers(0, 100).map(float))


def refusal(function, *args):
    with pytest.raises(MethodError) as caught:
        function(*args)
    return str(caught.value)


def test_up_down_along_and_missing():
    at_0 = pd.Series([55.0, 92, 60, 80, np.nan, 90], index=list("abcdef"))
    at_1 = pd.Series([95.0, 72, 60, 70, 90, 95], index=list("abcdef"))
    before = at_0.copy()
    found = critical_weights(at_0, at_1, CUTS)
    pd.testing.assert_series_equal(at_0, before)
    # d stands on 80 and falls at once; c stays on 60 and f above 90.
    assert found["place"].tolist() == [0, 0, 0, 1, 1, 3]
    assert found["weight"].tolist() == pytest.approx([0.125, 0.625, 0.875, 0.1, 0.6, 0.0])
    assert found["before"].tolist() == [0, 1, 2, 3, 2, 2]
    assert found["after"].tolist() == [1, 2, 3, 2, 1, 1]


@settings(max_examples=60, deadline=None)
@given(a=marks, b=marks)
def test_grades_between_critical_weights_are_those_of_a_fine_grid(a, b):
    found = critical_weights(a, b, CUTS)
    grid = (np.arange(1, 400) + 0.123) / 401
    scores = a[:, None] * (1 - grid) + b[:, None] * grid
    truth = np.searchsorted(CUTS, scores + 1e-9, side="right")
    reached = np.searchsorted(CUTS, a + 1e-9, side="right")
    for i in range(len(a)):
        own = found[found["place"] == i]
        assert own["weight"].is_monotonic_increasing
        steps = (own["after"] - own["before"]).to_numpy()
        now = reached[i] + (steps[:, None] * (own["weight"].to_numpy()[:, None] < grid)).sum(axis=0)
        assert (now == truth[i]).all()


@settings(max_examples=60, deadline=None)
@given(a=marks, b=marks, place=st.integers(0, 7))
def test_ranks_between_crossings_are_those_of_a_fine_grid(a, b, place):
    found = rank_crossings(a, b, place)
    grid = (np.arange(1, 400) + 0.0123) / 401
    scores = a[:, None] * (1 - grid) + b[:, None] * grid
    truth = 1 + (scores > scores[place] + 1e-9).sum(axis=0)
    start, end = a - a[place], b - b[place]
    first = 1 + ((start > 0) | ((start == 0) & (end > 0))).sum()
    ranks = np.append(first, found["rank"])
    assert (ranks[np.searchsorted(found["weight"], grid)] == truth).all()


def test_refusals():
    assert refusal(critical_weights, [1.0], [1.0, 2.0], CUTS) == (
        "scores at both ends must have the same length, got 1 and 2. "
        "Give one of each per organisation."
    )
    assert refusal(critical_weights, [1.0], [2.0], [80, 60]) == (
        "cut-offs must be at least one and rise, got [80, 60]. Give them sorted, as [60, 80, 90]."
    )
    assert refusal(rank_crossings, [np.nan, 1.0], [1.0, 2.0], 0) == (
        "an organisation with a score must be named, got position 0. Choose another."
    )
