import numpy as np
import pandas as pd
import pytest

from servicepo.errors import MethodError
from servicepo.methods import guards


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_a_frame_of_floats_is_viewed_not_copied():
    frame = pd.DataFrame(np.ones((4, 3)))
    assert np.shares_memory(guards.as_matrix(frame), frame.to_numpy())


def test_nullable_and_whole_numbers_become_floats():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1, 2]})
    array = guards.as_matrix(frame, missing=True)
    assert array.dtype == float
    assert np.isnan(array[1, 0])


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (
            pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]}),
            "every column of x must hold numbers, got text or objects in 'a'. "
            "Convert these columns to numbers or leave them out.",
        ),
        (
            pd.DataFrame(np.zeros((2, 2)), columns=["a", "a"]),
            "every column of x must have its own name, got 'a' more than once. "
            "Rename or drop the repeated columns.",
        ),
        (
            pd.DataFrame({"a": [1.0, 2.0]}, index=["甲村", "甲村"]),
            "every row of x must be labelled once, got '甲村' more than once. "
            "Merge or drop the repeated rows.",
        ),
        (
            pd.DataFrame({"a": [1.0, np.inf], "b": [1.0, -np.inf], "c": [1.0, np.nan]}),
            "x must be finite, got an infinite value in 'a', 'b'. "
            "Correct these cells or mark them as missing.",
        ),
        (
            pd.DataFrame({"a": [1.0, 2.0], "c": [1.0, np.nan]}),
            "x must have no missing values, got NaN in 'c'. "
            "Impute them first or leave these columns out.",
        ),
        (
            np.zeros(3),
            "x must be a table of numbers with two dimensions, got 1. "
            "Give a DataFrame or a two-dimensional array.",
        ),
        (
            [["a"]],
            "x must be a table of numbers, got list. Give a DataFrame or a two-dimensional array.",
        ),
        (np.zeros((3, 0)), "x must have at least 1 column, got 0. Give it an indicator."),
    ],
)
def test_a_table_is_refused_with_what_must_hold(x, told):
    assert refusal(guards.as_matrix, x) == told


def test_too_few_organisations_are_refused():
    assert refusal(guards.as_matrix, np.zeros((2, 2)), least=3) == (
        "x must have at least 3 organisations for this method, got 2. "
        "Add organisations or choose a method that needs fewer."
    )


def test_large_finite_values_whose_sum_overflows_pass():
    assert guards.as_matrix(np.full((3, 1), 1e308)).shape == (3, 1)


def test_rows_of_organisation_and_period_are_named_plainly():
    index = pd.MultiIndex.from_tuples([("甲村", pd.Period("2024"))] * 2, names=["org", "period"])
    assert refusal(guards.refuse_repeated_rows, index) == (
        "every row of x must be labelled once, got '甲村 2024' more than once. "
        "Merge or drop the repeated rows."
    )


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([0.5, 0.6], "weights must sum to 1, got a sum of 1.1. Divide them by their sum."),
        ([1.5, -0.5], "weights must be at least 0, got a negative one for 'b'. Correct it."),
        (
            [1.0],
            "weights must have one entry per column, got 1 for 2 columns. "
            "Give one weight per column.",
        ),
        (
            [np.nan, 1.0],
            "weights must have no missing values, got 1 NaN. Impute them first or leave them out.",
        ),
        (
            pd.Series({"a": 1.0}),
            "weights must have one entry per column, got no weight for 'b'. "
            "Give the columns and the weights the same names.",
        ),
        (
            pd.Series({"a": 0.5, "b": 0.5, "c": 0.0}),
            "weights must have one entry per column, got a weight for 'c'. "
            "Give the columns and the weights the same names.",
        ),
        (
            ["x", "y"],
            "weights must be a list of numbers, got list. "
            "Give a Series or a one-dimensional array.",
        ),
        (
            [[0.5, 0.5]],
            "weights must have one dimension, got 2. Give a Series or a one-dimensional array.",
        ),
        (
            [np.inf, 1.0],
            "weights must be finite, got an infinite value. Correct it or mark it as missing.",
        ),
    ],
)
def test_weights_are_refused_with_what_must_hold(weights, told):
    assert refusal(guards.check_weights, weights, ["a", "b"]) == told


def test_a_short_vector_is_refused():
    assert refusal(guards.as_vector, [1.0], what="outcome", least=3) == (
        "outcome must have at least 3 values for this method, got 1. "
        "Add values or choose a method that needs fewer."
    )


def test_a_word_that_is_far_from_all_is_answered_with_the_list():
    assert refusal(guards.choose, "zzz", {"mean": 1, "median": 2}, "method") == (
        "method must be one of 'mean', 'median', got 'zzz'. Give one of these words."
    )
    assert refusal(guards.choose, 3, {"mean": 1}, "method") == (
        "method must be one of 'mean', got 3. Give one of these words."
    )


def test_all_columns_with_the_same_trouble_are_named_at_once():
    frame = pd.DataFrame({"a": [1.0, 1.0], "b": [np.nan, np.nan], "c": [1.0, 2.0]})
    assert refusal(guards.refuse_constant, frame, "CRITIC weights") == (
        "every indicator must vary between organisations for CRITIC weights, "
        "got one single value in 'a', 'b'. Drop these columns or choose their weights yourself."
    )


def test_weights_that_are_all_zero_are_refused():
    assert refusal(guards.as_weights, np.zeros((2, 2)), np.zeros(2)) == (
        "weights must have a positive sum, got 0 for every indicator. Use equal weights."
    )
