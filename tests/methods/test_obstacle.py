"""Obstacle degree: worked example, laws, refusals."""

import json
import re
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods import obstacle

SCORES = pd.DataFrame(
    {"a": [0.5, 0.9, 1.0], "b": [0.2, np.nan, 1.0], "c": [0.8, 0.1, 1.0]}, index=list("uvw")
)
WEIGHTS = pd.Series({"a": 0.5, "b": 0.3, "c": 0.2})


@pytest.fixture
def example(shared):
    path = shared / "reference" / "methods" / "09_diagnosis" / "obstacle_shapley.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_obstacle_degree_seven_indicators(example):
    scores = pd.DataFrame([example["x"]], columns=example["ind"])
    weights = pd.Series(example["w"], index=example["ind"])
    made = obstacle.obstacle_degree(scores, weights)
    assert_allclose(made.iloc[0] * 100, example["obstacle_pct"], rtol=1e-12)
    in_points = obstacle.obstacle_degree(scores * 100, weights, reference=100)
    assert_allclose(in_points, made, rtol=1e-12)


def test_raw_obstacles_are_the_shapley_values_of_a_linear_gap(example):
    x, w = np.array(example["x"][:5]), np.array(example["w"][:5]) / sum(example["w"][:5])
    value = {}
    for order in permutations(range(5)):
        state = x.copy()
        for j in order:
            before = w @ state
            state[j] = 1.0
            value.setdefault(j, []).append(w @ state - before)
    shapley = [np.mean(value[j]) for j in range(5)]
    frame, weights = pd.DataFrame([x]), pd.Series(w)
    raw = obstacle.obstacle_degree(frame, weights, normalised=False)
    assert_allclose(raw.iloc[0], shapley)
    assert raw.sum(axis=1).iloc[0] == pytest.approx(1 - w @ x)


def test_a_missing_score_is_no_obstacle():
    made = obstacle.obstacle_degree(SCORES, WEIGHTS)
    assert np.isnan(made.loc["v", "b"])
    assert made.loc["v"].sum() == pytest.approx(1)
    assert made.loc["v", "c"] == pytest.approx(0.18 / (0.05 + 0.18))


def test_at_the_reference_there_are_no_obstacles():
    assert obstacle.obstacle_degree(SCORES, WEIGHTS).loc["w"].tolist() == [0, 0, 0]


def test_references_by_indicator_and_by_cell():
    peers = pd.Series({"c": 0.5, "a": 0.6, "b": 0.6})
    made = obstacle.obstacle_degree(SCORES, WEIGHTS, reference=peers, normalised=False)
    assert_allclose(made.loc["u"], [0.5 * 0.1, 0.3 * 0.4, 0.0])
    past = SCORES + 0.1
    made = obstacle.obstacle_degree(SCORES, WEIGHTS, reference=past, normalised=False)
    assert_allclose(made.loc["u"], 0.1 * WEIGHTS)


def test_weights_of_each_organisation_apart():
    own = pd.DataFrame([WEIGHTS, WEIGHTS, WEIGHTS], index=SCORES.index)
    pd.testing.assert_frame_equal(
        obstacle.obstacle_degree(SCORES, own), obstacle.obstacle_degree(SCORES, WEIGHTS)
    )
    own.loc["u"] = [1.0, 0.0, 0.0]
    assert obstacle.obstacle_degree(SCORES, own).loc["u"].tolist() == [1, 0, 0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_rows_sum_to_one_or_zero(rows):
    scores = pd.DataFrame(rows, columns=list("abc"))
    made = obstacle.obstacle_degree(scores, WEIGHTS)
    sums = made.sum(axis=1)
    assert (np.isclose(sums, 1) | (sums == 0)).all()
    assert (made >= 0).all(axis=None)


def test_dimensions_sum_their_indicators():
    made = obstacle.obstacle_degree(SCORES, WEIGHTS)
    by_dimension = obstacle.dimension_obstacles(made, pd.Series({"a": "A", "b": "B", "c": "A"}))
    assert list(by_dimension.columns) == ["A", "B"]
    assert by_dimension.loc["u", "A"] == pytest.approx(made.loc["u", ["a", "c"]].sum())
    assert by_dimension.loc["v", "B"] == 0


def test_main_obstacles_in_order_without_zeros():
    made = obstacle.obstacle_degree(SCORES, WEIGHTS).rename_axis("org")
    top = obstacle.main_obstacles(made, most=2)
    assert top[["org", "place", "indicator"]].to_numpy().tolist() == [
        ["u", 1, "a"],
        ["u", 2, "b"],
        ["v", 1, "c"],
        ["v", 2, "a"],
    ]
    assert len(obstacle.main_obstacles(made, most=9)) == 5


def test_main_obstacles_keep_the_levels_of_the_index():
    index = pd.MultiIndex.from_product([["u"], [2023, 2024]], names=["org", "period"])
    degrees = pd.DataFrame({"a": [0.4, 0.5], "b": [0.6, 0.5]}, index=index)
    top = obstacle.main_obstacles(degrees, most=1)
    assert top.to_numpy().tolist() == [["u", 2023, 1, "b", 0.6], ["u", 2024, 1, "a", 0.5]]


def test_nobody_has_no_obstacles():
    made = obstacle.obstacle_degree(SCORES.iloc[:0], WEIGHTS)
    assert made.shape == (0, 3)
    assert obstacle.main_obstacles(made).empty


def test_the_callers_frame_is_left_alone():
    before = SCORES.copy()
    obstacle.main_obstacles(obstacle.obstacle_degree(SCORES, WEIGHTS))
    pd.testing.assert_frame_equal(SCORES, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: obstacle.obstacle_degree(SCORES, pd.Series({"a": 0.5, "b": 0.5})),
            "weights must have one entry per column, got no weight for 'c'. "
            "Give the columns and the weights the same names.",
        ),
        (
            lambda: obstacle.obstacle_degree(SCORES, pd.DataFrame({"a": [1.0]})),
            "weights must have the rows and columns of the scores, got others. "
            "Reindex it like the scores.",
        ),
        (
            lambda: obstacle.obstacle_degree(SCORES, WEIGHTS, reference=pd.Series({"a": 1.0})),
            "reference must name every indicator, got none for 'b', 'c'. Add it.",
        ),
        (
            lambda: obstacle.dimension_obstacles(SCORES, {"a": "A"}),
            "every indicator must have a dimension, got none for 'b', 'c'. Name it.",
        ),
        (
            lambda: obstacle.main_obstacles(SCORES, most=0),
            "most must be at least 1, got 0. Give 3 for the top three.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
