import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicepo.errors import MethodError
from servicepo.methods.fuzzy_evaluation import (
    OPERATORS,
    fuzzy_evaluation,
    fuzzy_scores,
    memberships_by_value,
)

votes = arrays(
    float, st.tuples(st.integers(1, 5), st.integers(2, 4)), elements=st.integers(1, 30).map(float)
).map(lambda x: pd.DataFrame(x / x.sum(axis=1, keepdims=True)))


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_weighted_average_mathmodels_book(shared):
    path = shared / "reference" / "chinese_methods.json"
    told = json.loads(path.read_text(encoding="utf-8"))["weights_as_fuzzy"]
    r = pd.DataFrame(told["R_rows_grades_x_factors"]).T
    made = fuzzy_evaluation(r, pd.Series(told["w"]))
    np.testing.assert_allclose(made.membership, told["M(·,+)"], atol=1e-12)
    assert made.grade == 0
    assert made.effectiveness == pytest.approx((3 * 0.7 - 1) / (2 * 0.16 * 2))


def slowly(a, r, operator):
    n, g = r.shape
    b = []
    for j in range(g):
        if operator == "weighted_average":
            b.append(sum(a[i] * r[i, j] for i in range(n)))
        elif operator == "max_min":
            b.append(max(min(a[i], r[i, j]) for i in range(n)))
        elif operator == "max_product":
            b.append(max(a[i] * r[i, j] for i in range(n)))
        elif operator == "bounded_sum":
            b.append(min(1, sum(min(a[i], r[i, j]) for i in range(n))))
        else:
            b.append(sum(min(a[i], r[i, j] / r[:, j].sum()) for i in range(n)))
    return np.array(b) / sum(b)


@pytest.mark.parametrize("operator", OPERATORS)
@settings(max_examples=20, deadline=None)
@given(r=votes)
def test_operators_the_slow_way(operator, r):
    a = np.arange(1.0, len(r) + 1)
    a /= a.sum()
    made = fuzzy_evaluation(r, pd.Series(a), operator=operator)
    np.testing.assert_allclose(made.membership, slowly(a, r.to_numpy(), operator))
    assert made.membership.sum() == pytest.approx(1)
    assert made.membership.max() == made.membership[made.grade]


def test_two_levels_are_the_first_level_twice():
    r = pd.DataFrame(
        {"好": [0.6, 0.2, 0.5], "一般": [0.3, 0.5, 0.5], "差": [0.1, 0.3, 0.0]}, index=list("abc")
    )
    before = r.copy()
    weights = pd.Series({"a": 0.4, "b": 0.6, "c": 1.0})
    whole = pd.Series({"B": 0.3, "A": 0.7})
    made = fuzzy_evaluation(
        r,
        weights,
        dimensions={"a": "A", "b": "A", "c": "B"},
        dimension_weights=whole,
        marks={"好": 95, "一般": 75, "差": 50},
    )
    first = fuzzy_evaluation(r.loc[["a", "b"]], weights[["a", "b"]]).membership
    np.testing.assert_allclose(made.dimensions.loc["A"], first)
    np.testing.assert_allclose(made.membership, 0.7 * first + 0.3 * r.loc["c"])
    assert made.score == pytest.approx(made.membership @ [95, 75, 50])
    assert (
        repr(made)
        == f"FuzzyEvaluation('一般' with {made.membership['一般']:.3f}, weighted_average)"
    )
    pd.testing.assert_frame_equal(r, before)


@pytest.mark.parametrize("operator", OPERATORS)
def test_three_levels_are_the_lower_levels_one_after_the_other(operator):
    rng = np.random.default_rng(1)
    r = pd.DataFrame(rng.dirichlet([1, 1, 1], 5), index=list("abcde"), columns=["好", "一般", "差"])
    weights = pd.Series({"a": 0.4, "b": 0.6, "c": 1.0, "d": 0.5, "e": 0.5})
    tree = {"a": "A", "b": "A", "c": "B", "d": "C", "e": "C", "A": "甲", "B": "甲", "C": "乙"}
    above = pd.Series({"A": 0.3, "B": 0.7, "C": 1.0, "甲": 0.8, "乙": 0.2})
    made = fuzzy_evaluation(r, weights, operator=operator, dimensions=tree, dimension_weights=above)
    lower = {name: list(members) for name, members in {"A": "ab", "B": "c", "C": "de"}.items()}
    first = pd.DataFrame(
        {k: slowly(weights[m].to_numpy(), r.loc[m].to_numpy(), operator) for k, m in lower.items()}
    ).T
    second = pd.DataFrame(
        {
            k: slowly(above[m].to_numpy(), first.loc[m].to_numpy(), operator)
            for k, m in {"甲": ["A", "B"], "乙": ["C"]}.items()
        }
    ).T
    np.testing.assert_allclose(made.dimensions.loc[list("ABC")], first)
    np.testing.assert_allclose(made.dimensions.loc[["甲", "乙"]], second)
    np.testing.assert_allclose(
        made.membership, slowly(np.array([0.8, 0.2]), second.to_numpy(), operator)
    )


@pytest.mark.parametrize("shape", ["triangular", "normal"])
def test_memberships_by_value(shape):
    centres = pd.Series({"好": 90.0, "一般": 70.0, "差": 50.0})
    values = pd.Series([100.0, 90.0, 80.0, 60.0, 0.0])
    made = memberships_by_value(values, centres, shape=shape)
    np.testing.assert_allclose(made.sum(axis=1), 1)
    assert made.idxmax(axis=1)[[0, 1, 4]].tolist() == ["好", "好", "差"]
    assert made.loc[2, "好"] == pytest.approx(made.loc[2, "一般"])
    turned = memberships_by_value(values, centres[::-1], shape=shape)
    pd.testing.assert_frame_equal(turned[made.columns], made)


def test_refusals():
    r = pd.DataFrame({"好": [0.6, 0.2], "差": [0.4, 0.8]}, index=list("ab"))
    half = pd.Series({"a": 0.5, "b": 0.5})
    assert refusal(fuzzy_evaluation, r.mul([1, 2], axis=0), half) == (
        "memberships must lie between 0 and 1 and sum to 1 for every indicator, got others for "
        "'b'. Divide votes by their number."
    )
    assert refusal(fuzzy_evaluation, r, half, operator="max") == (
        "operator must be one of 'weighted_average', 'max_min', 'max_product', 'bounded_sum', "
        "'balanced', got 'max'. Did you mean 'max_min'?"
    )
    assert refusal(fuzzy_evaluation, r, half, marks={"好": 1}) == (
        "marks must name every grade, got none for '差'. Add it."
    )
    assert refusal(fuzzy_evaluation, r, half * 2, dimensions={"a": "A"}) == (
        "every indicator must have a dimension, got none for 'b'. Name it."
    )
    both = {"a": "A", "b": "B"}
    assert refusal(fuzzy_evaluation, r, half * 2, dimensions=both) == (
        "dimension_weights must be given with dimensions, got None. Give one per dimension."
    )
    halves = {"dimensions": both, "dimension_weights": pd.Series({"A": 0.5, "B": 0.5})}
    assert refusal(fuzzy_evaluation, r, half, **halves) == (
        "weights within 'A' must sum to 1, got a sum of 0.5. Divide them by their sum."
    )
    assert refusal(fuzzy_evaluation, r, half[["a"]], **halves) == (
        "weights must name every indicator, got none for 'b'. Add it."
    )
    assert refusal(memberships_by_value, pd.Series([1.0]), {"x": 1, "y": 3, "z": 2}) == (
        "centres must rise or fall all along, at least 2 of them, got [1.0, 3.0, 2.0]. "
        "Put the grades in order."
    )


def test_trees_that_are_none():
    r = pd.DataFrame({"好": [0.6, 0.2], "差": [0.4, 0.8]}, index=list("ab"))
    one, whole = pd.Series({"a": 1.0, "b": 1.0}), pd.Series({"A": 0.5, "B": 0.5})
    told = "no dimension may stand below itself or be called like an indicator, got {}. Rename it."
    for tree, name in (
        ({"a": "A", "b": "B", "A": "B", "B": "A"}, "'A'"),
        ({"a": "A", "b": "a"}, "'a'"),
    ):
        assert refusal(
            fuzzy_evaluation, r, one, dimensions=tree, dimension_weights=whole
        ) == told.format(name)
    assert (
        refusal(
            fuzzy_evaluation,
            r,
            one,
            dimensions={"a": "A", "b": "B"},
            dimension_weights=whole[["A"]],
        )
        == "dimension_weights must name every dimension, got none for 'B'. Add it."
    )
    assert (
        refusal(
            fuzzy_evaluation, r, one, dimensions={"a": "A", "b": "B"}, dimension_weights=whole * 2
        )
        == "dimension_weights must sum to 1, got a sum of 2. Divide them by their sum."
    )


@pytest.mark.parametrize("operator", OPERATORS)
def test_scores_of_many_are_those_of_one_by_one(operator):
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.uniform(0, 100, (40, 3)), columns=list("abc"))
    weights = pd.Series({"c": 0.5, "a": 0.2, "b": 0.3})
    grades = {"好": 90.0, "较好": 75.0, "一般": 60.0, "差": 30.0}
    before = x.copy()
    found = fuzzy_scores(x, weights, operator=operator, grades=list(grades.values()))
    for org, row in x.iterrows():
        r = memberships_by_value(row, grades)
        own = fuzzy_evaluation(r, weights[x.columns], operator=operator, marks=grades)
        assert found[org] == pytest.approx(own.score)
    pd.testing.assert_frame_equal(x, before)


def test_grades_must_rise_or_fall():
    with pytest.raises(MethodError) as error:
        fuzzy_scores(np.ones((3, 1)), [1.0], grades=(90, 90, 60))
    assert str(error.value) == (
        "grades must rise or fall all along, at least 2 of them, got [90.0, 90.0, 60.0]. "
        "Put them in order."
    )
