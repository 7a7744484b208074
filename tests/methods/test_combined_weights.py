import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.combined_weights import (
    COMBINATIONS,
    game_theoretic,
    geometric,
    linear,
    minimum_relative_entropy,
    moment,
    multiplicative,
)

weightings = arrays(
    float,
    st.tuples(st.integers(2, 6), st.integers(2, 4)),
    elements=st.integers(1, 100).map(float),
).map(lambda x: pd.DataFrame(x / x.sum(axis=0)))


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


@pytest.fixture(scope="module")
def book(shared):
    path = shared / "reference" / "chinese_methods.json"
    told = json.loads(path.read_text(encoding="utf-8"))["combine_weights"]
    return pd.DataFrame({"ahp": told["w_subj"], "entropy": told["w_obj"]}), told


def test_linear_mathmodels_book(book):
    w, told = book
    np.testing.assert_allclose(linear(w, shares=[0.6, 0.4]).weights, told["linear_0.6"])


@pytest.mark.parametrize("word", ["multiplicative", "geometric", "minimum_relative_entropy"])
def test_products_mathmodels_book(book, word):
    w, told = book
    expected = told["multiplicative" if word == "multiplicative" else "geometric"]
    np.testing.assert_allclose(COMBINATIONS[word](w).weights, expected, atol=5e-8)


def test_game_theoretic_mathmodels_book(book):
    w, told = book
    made = game_theoretic(w)
    np.testing.assert_allclose(made.weights, told["game_linear"], atol=5e-8)
    np.testing.assert_allclose(made.raw, told["game_alpha_raw"], atol=5e-9)
    np.testing.assert_allclose(made.shares, told["game_alpha_norm"], atol=5e-9)
    assert repr(made) == "Combined(4 weights, game_theoretic: ahp 0.824, entropy 0.176)"


@settings(max_examples=25, deadline=None)
@given(w=weightings)
def test_weights_and_shares_sum_to_1_and_columns_have_no_order(w):
    turned = w[w.columns[::-1]]
    for word, combine in COMBINATIONS.items():
        if word == "game_theoretic":
            continue
        extra = {"subjective": [0]} if word == "moment" else {}
        made = combine(w, **extra)
        assert made.weights.sum() == pytest.approx(1)
        assert made.shares.sum() == pytest.approx(1)
        assert (made.weights >= 0).all()
        pd.testing.assert_series_equal(combine(turned, **extra).weights, made.weights)


@settings(max_examples=25, deadline=None)
@given(w=weightings)
def test_the_linear_kinds_lie_between_their_weightings(w):
    for made in (linear(w), moment(w, subjective=[1])):
        assert (made.weights >= w.min(axis=1) - 1e-12).all()
        assert (made.weights <= w.max(axis=1) + 1e-12).all()


def test_minimum_relative_entropy_is_the_minimum():
    w = pd.DataFrame({"a": [0.5, 0.3, 0.2], "b": [0.2, 0.2, 0.6], "c": [0.4, 0.4, 0.2]})

    def scaled(free):
        return np.exp(free) / np.exp(free).sum()

    def divergence(free):
        p = scaled(free)
        return sum((p * np.log(p / w[c].to_numpy())).sum() for c in w)

    found = scaled(minimize(divergence, np.zeros(3), tol=1e-12).x)
    np.testing.assert_allclose(minimum_relative_entropy(w).weights, found, atol=1e-5)


def test_moment_is_the_minimum_it_claims():
    w = pd.DataFrame({"a": [0.5, 0.3, 0.2], "b": [0.2, 0.2, 0.6], "c": [0.4, 0.4, 0.2]})
    made = moment(w, subjective=["a", "b"])
    s, o = w[["a", "b"]].mean(axis=1), w["c"]
    a = (s / (s + o)).mean()

    def loss(p):
        return (
            a * ((p - w["a"]) ** 2 + (p - w["b"]) ** 2).sum() + (1 - a) * ((p - w["c"]) ** 2).sum()
        )

    rng = np.random.default_rng(0)
    for step in rng.normal(0, 0.01, (50, 3)):
        assert loss(made.weights + step - step.mean()) > loss(made.weights)


def test_a_weighting_that_counts_against_itself_is_refused_or_told():
    w = pd.DataFrame({"x": [0.5, 0.3, 0.2], "y": [0.35, 0.35, 0.3], "z": [0.1, 0.2, 0.7]})
    raw = np.linalg.solve(w.T @ w, np.diag(w.T @ w))
    assert raw[1] < 0
    told = f"game-theoretic coefficients must be at least 0, got {raw[1]:.4f} for 'y'"
    assert refusal(game_theoretic, w) == (
        f"{told}. Choose negative='absolute' for the convention of papers, or linear."
    )
    with pytest.warns(MethodWarning) as caught:
        made = game_theoretic(w, negative="absolute")
    assert str(caught[0].message) == f"{told}: absolute values taken. Say so in the text."
    assert caught[0].filename == __file__
    np.testing.assert_allclose(made.shares, np.abs(raw) / np.abs(raw).sum())
    np.testing.assert_allclose(made.raw, raw)


def test_labels_decide_and_the_callers_table_is_left_alone():
    a = pd.Series({"x": 0.7, "y": 0.3})
    b = pd.Series({"y": 0.6, "x": 0.4})
    assert linear({"a": a, "b": b}).weights.to_dict() == pytest.approx({"x": 0.55, "y": 0.45})
    table = pd.DataFrame({"a": a, "b": b})
    before = table.copy()
    geometric(table, shares=pd.Series({"b": 0.25, "a": 0.75}))
    pd.testing.assert_frame_equal(table, before)


def test_refusals():
    w = pd.DataFrame({"a": [0.6, 0.4], "b": [0.5, 0.5]}, index=["x", "y"])
    assert refusal(linear, w[["a"]]) == (
        "a combination must have at least 2 weightings, got 1. Add another one."
    )
    assert refusal(linear, w * [1, 2]) == (
        "weights 'b' must sum to 1, got a sum of 2. Divide them by their sum."
    )
    assert refusal(linear, w, shares=[0.5, 0.6]) == (
        "shares must sum to 1, got a sum of 1.1. Divide them by their sum."
    )
    assert refusal(multiplicative, pd.DataFrame({"a": [1.0, 0.0], "b": [0.0, 1.0]})) == (
        "some indicator must have a weight above 0 in every weighting for a product, got none. "
        "Use linear."
    )
    assert refusal(game_theoretic, w.assign(b=w["a"])) == (
        "weightings must differ in more than scale for the game-theoretic combination, got 'a', "
        "'b' that depend on each other. Drop one, or use linear."
    )
    assert refusal(game_theoretic, w, negative="drop") == (
        "negative must be one of 'refuse', 'absolute', got 'drop'. Give one of these words."
    )
    assert refusal(moment, w, subjective=["a", "b"]) == (
        "subjective must name some of the weightings and leave some, got 'a', 'b' of 'a', 'b'. "
        "Name the experts' ones."
    )
    idle = pd.DataFrame({"a": [1.0, 0.0], "b": [1.0, 0.0]}, index=["x", "y"])
    assert refusal(moment, idle, subjective=["a"]) == (
        "every indicator must have a weight above 0 somewhere for moment estimation, got none for "
        "'y'. Drop it."
    )
