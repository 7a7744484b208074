import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods.elicitation import (
    best_worst,
    budget_allocation,
    direct_rating,
    order_relation,
)


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


# -- best–worst --------------------------------------------------------------------------------


@given(w=st.lists(st.sampled_from([1, 2, 3, 4, 6, 9]), min_size=2, max_size=7))
@settings(max_examples=25, deadline=None)
def test_consistent_comparisons_give_their_weights_back(w):
    w = np.array(w, dtype=float)
    made = best_worst(pd.Series(w.max() / w), pd.Series(w / w.min()))
    np.testing.assert_allclose(made.weights, w / w.sum(), atol=1e-9)
    assert made.xi == pytest.approx(0, abs=1e-9)
    assert made.input_ratio == pytest.approx(0, abs=1e-9)


def test_linear_model_the_slow_way():
    """The example of three criteria, (8, 2, 1) and (1, 5, 8), over a fine grid of weights."""
    made = best_worst(pd.Series([8, 2, 1], list("abc")), pd.Series([1, 5, 8], list("abc")))
    step = np.arange(0.001, 1, 0.001)
    a, b = (g.ravel() for g in np.meshgrid(step, step))
    c = 1 - a - b
    xi = np.max(np.abs([c - 8 * a, c - 2 * b, b - 5 * a]), axis=0)
    xi[c <= 0] = np.inf
    found = xi.argmin()
    assert made.xi == pytest.approx(xi.min(), abs=0.004)
    np.testing.assert_allclose(made.weights, [a[found], b[found], c[found]], atol=0.003)
    assert (made.best, made.worst) == ("c", "a")
    assert made.input_ratio == pytest.approx(2 / 56)  # |2 · 5 − 8| of 8² − 8
    assert repr(made) == f"BestWorst(3 weights, xi {made.xi:.4f})"


def test_order_of_labels_does_not_matter():
    b, o = pd.Series([3, 1, 6], list("abc")), pd.Series([2, 6, 1], list("abc"))
    pd.testing.assert_series_equal(
        best_worst(b, o[["c", "a", "b"]]).weights, best_worst(b, o).weights
    )


def test_best_worst_refusals():
    b, o = pd.Series([1, 2], ["x", "y"]), pd.Series([2, 1], ["x", "y"])
    assert refusal(best_worst, b, o.rename({"y": "z"})) == (
        "both comparisons must have the same labels, got 'x', 'y' and 'x', 'z'. "
        "Compare the same things."
    )
    assert refusal(best_worst, b + 1, o) == (
        "best_to_others must be 1 for one of them, got 2 or more for all. "
        "Give 1 to what the others are compared with."
    )
    assert refusal(best_worst, b, o / 2) == (
        "others_to_worst must be at least 1, got less for 'y'. Judge it from 1 to 9."
    )


# -- order relation ----------------------------------------------------------------------------


@given(steps=st.lists(st.sampled_from([1.0, 1.2, 1.4, 1.6, 1.8]), max_size=8))
@settings(max_examples=25, deadline=None)
def test_order_relation_the_slow_way(steps):
    """The formula of 郭亚军 (2007), from the last weight up."""
    m = len(steps) + 1
    last = 1 / (1 + sum(np.prod(steps[k:]) for k in range(m - 1)))
    expected = [last]
    for r in reversed(steps):
        expected.insert(0, r * expected[0])
    found = order_relation(range(m), steps)
    np.testing.assert_allclose(found, expected)
    assert found.sum() == pytest.approx(1)
    assert found.is_monotonic_decreasing


def test_order_relation_refusals():
    assert refusal(order_relation, ["a", "b", "a"], [1, 1]) == (
        "order must name everything once, got 'a' more than once. Drop it."
    )
    assert refusal(order_relation, ["a", "b"], [1, 1]) == (
        "ratios must be one fewer than what is ordered, got 2 for 2. "
        "Give one between each and the next."
    )
    assert refusal(order_relation, ["a", "b", "c"], [1.2, 0.8]) == (
        "ratios must lie between 1 and 2, got another one after 'b'. "
        "Choose 1, 1.2, 1.4, 1.6 or 1.8, or change the order."
    )


# -- budgets and ratings -----------------------------------------------------------------------


def test_budgets_are_averaged_over_experts():
    points = pd.DataFrame({"a": [50, 80], "b": [50, 20]}, index=["甲", "乙"])
    before = points.copy()
    assert budget_allocation(points).to_dict() == pytest.approx({"a": 0.65, "b": 0.35})
    pd.testing.assert_frame_equal(points, before)
    assert refusal(budget_allocation, points, budget=10) == (
        "the points of every expert must sum to 10, got another sum from '甲', '乙'. "
        "Ask them again, or use direct_rating."
    )
    assert refusal(budget_allocation, points - 30) == (
        "points must be at least 0, got a negative number from '乙'. Correct it."
    )


def test_an_experts_own_level_does_not_count():
    mild = pd.DataFrame({"a": [8, 2], "b": [4, 1]}, index=["甲", "乙"])
    assert direct_rating(mild).to_dict() == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert refusal(direct_rating, mild.mul([1, 0], axis=0)) == (
        "ratings of every expert must have a positive sum, got 0 from '乙'. Leave this expert out."
    )
