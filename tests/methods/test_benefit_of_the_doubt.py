from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from servicepo.errors import MethodError
from servicepo.methods.aggregation import aggregate
from servicepo.methods.benefit_of_the_doubt import benefit_of_the_doubt
from servicepo.methods.normalisation import fit_scale


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def one_by_one(x, low, high):
    """Solve every organisation's linear programme by itself."""
    n, m = x.shape
    low, high = np.broadcast_to(low, m), np.broadcast_to(high, m)
    rows = np.vstack([x, low[:, None] - np.eye(m), np.eye(m) - high[:, None]])
    limits = np.r_[np.ones(n), np.zeros(2 * m)]
    return np.array([-linprog(-own, A_ub=rows, b_ub=limits).fun for own in x])


PUBLISHED = [1, 1, 1, 0.87, 0.80, 0.75, 0.71, 0.73, 0.66, 0.62, 0.62, 0.86, 0.60, 0.54, 0.58]
PUBLISHED += [0.52, 0.51, 0.49, 0.34, 0.38, 0.31, 0.27, 0.28]


def test_scores_tai_oecd2008_table_19(tai):
    x = fit_scale(tai).apply(tai)
    made = benefit_of_the_doubt(x, leeway=0.2)  # 0.125 ± 20 %: weight shares of 10 % to 15 %
    gap = np.abs(made.scores.to_numpy() - PUBLISHED)
    assert gap.max() <= 0.007  # published with two decimals, from data rounded likewise
    assert (gap <= 0.005).sum() >= 19
    free = benefit_of_the_doubt(x, bounds=(0, 1))
    assert (free.scores > 1 - 1e-9).sum() == 8


@pytest.mark.parametrize(
    ("n", "m", "low", "high"),
    [(25, 4, 0, 1), (25, 5, 0.1, 0.3), (30, 8, 0.1, 0.15), (20, 3, 0.2, 0.5), (6, 1, 0, 1)],
)
def test_agrees_with_linear_programmes_solved_one_by_one(n, m, low, high):
    x = np.random.default_rng(m).random((n, m)).round(1)
    x[1] = x[0]
    x[2] = 0
    x[3, 0] = 0
    made = benefit_of_the_doubt(x, bounds=(low, high))
    np.testing.assert_allclose(made.scores, one_by_one(x, low, high), atol=1e-9)
    np.testing.assert_allclose(made.weights.sum(axis=1), 1)
    assert made.weights.min() >= low - 1e-9
    assert made.weights.max() <= high + 1e-9


def test_bounds_may_differ_by_indicator_and_lie_around_given_weights():
    x = np.random.default_rng(0).random((20, 3))
    w = np.array([0.5, 0.3, 0.2])
    made = benefit_of_the_doubt(x, w, leeway=0.1)
    np.testing.assert_allclose(made.scores, one_by_one(x, 0.9 * w, 1.1 * w), atol=1e-9)


def test_without_leeway_it_is_the_weighted_mean_over_its_best():
    x = np.random.default_rng(0).random((20, 3))
    w = np.array([0.5, 0.3, 0.2])
    mean = x @ w
    made = benefit_of_the_doubt(x, w, leeway=0)
    np.testing.assert_allclose(made.scores, mean / mean.max())


def test_more_freedom_never_lowers_a_score():
    x = np.random.default_rng(0).random((40, 4))
    chain = [benefit_of_the_doubt(x, leeway=k).scores for k in (0, 0.1, 0.5, 1.0, 3.0)]
    for tight, loose in pairwise(chain):
        assert (loose >= tight - 1e-9).all()


def test_answers_in_kind_and_by_word():
    x = pd.DataFrame(np.random.default_rng(0).random((9, 3)), columns=list("abc"))
    before = x.copy(deep=True)
    made = benefit_of_the_doubt(x)
    pd.testing.assert_frame_equal(x, before)
    assert list(made.weights.columns) == list("abc")
    pd.testing.assert_series_equal(
        aggregate(x, np.full(3, 1 / 3), "benefit_of_the_doubt"), made.scores
    )
    count = int((made.scores > 1 - 1e-6).sum())
    assert repr(made) == f"BenefitOfTheDoubt(9 organisations, {count} at 1)"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: benefit_of_the_doubt(pd.DataFrame({"a": [-1.0, 1.0], "b": [1.0, 2.0]})),
            "scores must be at least 0 for benefit of the doubt, got negative ones in 'a'. "
            "Normalise by minmax first.",
        ),
        (
            lambda: benefit_of_the_doubt(np.zeros((3, 2))),
            "benefit of the doubt needs a score above 0, got none. Check the scores.",
        ),
        (
            lambda: benefit_of_the_doubt(np.ones((3, 2)), leeway=-1),
            "leeway must be at least 0, got -1. Give a share such as 0.2.",
        ),
        (
            lambda: benefit_of_the_doubt(np.ones((3, 2)), bounds=(0.6, 0.9)),
            "bounds must let weights sum to 1, got sums of 1.2 (low) and 1.8 (high). Widen them.",
        ),
        (
            lambda: benefit_of_the_doubt(np.ones((3, 2)), bounds=([0.5, 0.2], [0.4, 0.9])),
            "bounds must satisfy 0 <= low <= high, got others for 0. Correct them.",
        ),
    ],
)
def test_refusals(call, told):
    assert refusal(call) == told
