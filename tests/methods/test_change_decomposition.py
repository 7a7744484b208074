"""Change decompositions: worked numbers, no rest, the Shapley value, missing parts, refusals."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods.change_decomposition import arithmetic_change, geometric_change
from servicepo.methods.shapley import shapley_change

COLUMNS = ["a", "b", "c"]
rows = st.lists(st.floats(1, 100), min_size=3, max_size=3)
shares = st.lists(st.floats(0.05, 1), min_size=3, max_size=3)


def frame(row, index=("甲村",)):
    return pd.DataFrame([row] * len(index), index=list(index), columns=COLUMNS, dtype=float)


@pytest.fixture
def worked(shared):
    path = shared / "reference" / "methods" / "05_trends" / "index_change_decomposition.json"
    return json.loads(path.read_text())


def test_linear_change_marshall_edgeworth(worked):
    w0, w1 = (pd.Series(worked[key], COLUMNS) for key in ("w0", "w1"))
    made = arithmetic_change(frame(worked["x0"]), frame(worked["x1"]), w0, w1)
    assert made.scores.iloc[0].tolist() == pytest.approx(worked["linear"]["x"])
    assert made.weights.iloc[0].tolist() == pytest.approx(worked["linear"]["w"], abs=1e-12)
    assert made.total.iloc[0] == pytest.approx(worked["linear"]["total"])


def test_geometric_change_lmdi_ang2005(worked):
    w0 = pd.Series(worked["w0"], COLUMNS)
    before, after = frame(worked["x0"]), frame(worked["x1"])
    made = geometric_change(before, after, w0)
    geo = worked["geo"]
    assert made.scores.iloc[0].tolist() == pytest.approx(geo["lmdi"], rel=1e-12)
    assert made.total.iloc[0] == pytest.approx(geo["G1"] - geo["G0"], rel=1e-12)
    assert made.weights.iloc[0].tolist() == [0, 0, 0]
    exact = shapley_change(before, after, lambda x: np.exp(np.log(x) @ w0))
    assert exact.iloc[0].tolist() == pytest.approx(geo["shapley"], rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(rows, rows, shares, shares)
def test_parts_sum_to_the_change(x0, x1, w0, w1):
    w0, w1 = (pd.Series(w, COLUMNS) / sum(w) for w in (w0, w1))
    made = arithmetic_change(frame(x0), frame(x1), w0, w1)
    assert made.total.iloc[0] == pytest.approx(w1 @ x1 - w0 @ x0, abs=1e-9)
    made = geometric_change(frame(x0), frame(x1), w0, w1)
    expected = np.exp(w1 @ np.log(x1)) - np.exp(w0 @ np.log(x0))
    assert made.total.iloc[0] == pytest.approx(expected, abs=1e-9)
    moved = made.rates * (frame(x1) - frame(x0))
    pd.testing.assert_frame_equal(moved, made.scores, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(rows, rows, shares, shares)
def test_the_linear_split_is_the_shapley_value(x0, x1, w0, w1):
    """Scores and weights of each indicator as players of their own."""
    w0, w1 = (pd.Series(w, COLUMNS) / sum(w) for w in (w0, w1))
    made = arithmetic_change(frame(x0), frame(x1), w0, w1)

    def rule(x):
        return (x[COLUMNS].to_numpy() * x[["wa", "wb", "wc"]].to_numpy()).sum(axis=1)

    names = [*COLUMNS, "wa", "wb", "wc"]
    before, after = (pd.DataFrame([[*x, *w]], columns=names) for x, w in ((x0, w0), (x1, w1)))
    exact = shapley_change(before, after, rule).iloc[0].tolist()
    ours = [*made.scores.iloc[0], *made.weights.iloc[0]]
    assert ours == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("split", [arithmetic_change, geometric_change])
def test_a_part_that_came_is_a_change_of_weights(split):
    w = pd.Series([0.5, 0.3, 0.2], COLUMNS)
    made = split(frame([60, 70, np.nan]), frame([66, 70, 55]), w)
    before = np.average([60, 70], weights=[0.5, 0.3])
    after = np.average([66, 70, 55], weights=w)
    if split is geometric_change:
        before = np.exp(np.average(np.log([60, 70]), weights=[0.5, 0.3]))
        after = np.exp(np.log([66, 70, 55]) @ w)
    assert made.total.iloc[0] == pytest.approx(after - before)
    assert made.scores["c"].iloc[0] == 0
    assert made.scores["b"].iloc[0] == 0
    assert made.weights["c"].iloc[0] != 0


def test_rows_are_worked_out_apart_and_with_their_own_weights():
    draw = np.random.default_rng(0)
    orgs = [f"o{i}" for i in range(30)]
    x0, x1 = (pd.DataFrame(draw.uniform(20, 90, (30, 3)), orgs, COLUMNS) for _ in range(2))
    w0, w1 = (pd.DataFrame(draw.dirichlet([1, 1, 1], 30), orgs, COLUMNS) for _ in range(2))
    x0 = x0.where(draw.random(x0.shape) > 0.1)
    made = geometric_change(x0, x1, w0, w1)
    for org in orgs:
        alone = geometric_change(x0.loc[[org]], x1.loc[[org]], w0.loc[org], w1.loc[org])
        pd.testing.assert_frame_equal(made.scores.loc[[org]], alone.scores)
        pd.testing.assert_frame_equal(made.weights.loc[[org]], alone.weights)


def test_nothing_before_is_no_change_to_split():
    made = arithmetic_change(frame([np.nan] * 3), frame([1, 2, 3]), pd.Series(1 / 3, COLUMNS))
    assert made.total.isna().all()
    assert "1 rows" in repr(made)


def test_the_callers_frames_are_left_alone():
    before, after = frame([60, np.nan, 40]), frame([66, 63, 55])
    kept = before.copy(), after.copy()
    geometric_change(before, after, pd.Series(1 / 3, COLUMNS))
    shapley_change(after, after + 1, lambda x: x.mean(axis=1))
    pd.testing.assert_frame_equal(before, kept[0])
    pd.testing.assert_frame_equal(after, kept[1])


EQUAL = pd.Series(1 / 3, COLUMNS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: geometric_change(frame([1, 2, 0]), frame([1, 2, 3]), EQUAL),
            "the change of a geometric mean can be split only where all scores are positive, got "
            "zero or less for '甲村'. Score with a positive floor, such as "
            'normalise="minmax_positive", or aggregate arithmetically.',
        ),
        (
            lambda: arithmetic_change(frame([1, 2, 3]), frame([1, 2, 3], ["乙村"]), EQUAL),
            "before and after must have the same organisations in the same order, got '乙村', "
            "'甲村'. Reindex one like the other.",
        ),
        (
            lambda: arithmetic_change(frame([1, 2, 3]), frame([1, 2, 3]), EQUAL[["a"]]),
            "every column must have a weight, got none for 'b', 'c'. Add it, or give it 0.",
        ),
        (
            lambda: arithmetic_change(frame([1, 2, 3]), frame([1, 2, 3]), -EQUAL),
            "weights must be at least 0, got -0.333333 or none. Correct them.",
        ),
        (
            lambda: shapley_change(frame([1, 2, 3]), frame([1, 2, 3])[["a"]], len),
            "before and after must have the same rows and columns in the same order, got (1, 3) "
            "and (1, 1). Reindex one like the other.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
