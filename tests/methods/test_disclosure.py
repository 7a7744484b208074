"""Which cells are sensitive: each rule by hand and the slow way, zeros, rounding, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods import disclosure


def refusal(call, *args, **kwargs) -> str:
    with pytest.raises(MethodError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_ten_is_the_fewest_and_a_zero_is_what_it_is_declared_to_be():
    counts = pd.DataFrame({"yes": [0.0, 9.0, 10.0, np.nan]})
    before = counts.copy()
    assert disclosure.too_few(counts)["yes"].tolist() == [False, True, False, False]
    hidden = disclosure.too_few(counts, zeros="hidden")
    assert hidden["yes"].tolist() == [True, True, False, False]
    assert disclosure.too_few(counts, fewest=11)["yes"].tolist() == [False, True, True, False]
    pd.testing.assert_frame_equal(counts, before)


def test_same_answer_of_all_however_many():
    answers = pd.DataFrame({"good": [500, 499, 0], "bad": [0, 1, 0]}, index=["u", "v", "w"])
    assert disclosure.same_answer(answers).to_dict() == {"u": True, "v": False, "w": False}


@pytest.mark.parametrize(
    ("gifts", "dominated", "guessable"),
    [
        # 2 largest of 100: 91 > 90 %; the rest 9 is not under 10 % of 46.
        ([46, 45, 9], True, False),
        # exactly 90 %: not more than the share allowed.
        ([45, 45, 5, 5], False, False),
        # rest 8 under 10 % of 82; 92 > 90 %.
        ([82, 10, 8], True, True),
        # a tie: the rest 4 is just 10 % of 40.
        ([40, 30, 4], True, False),
        # one or two contributors know all.
        ([7], True, True),
        ([7, 5], True, True),
        # nobody gave anything.
        ([0, 0, 0], False, False),
    ],
)
def test_dominance_and_p_per_cent_by_hand(gifts, dominated, guessable):
    frame = pd.DataFrame({"cell": "a", "yuan": gifts})
    found = disclosure.sensitive_sums(frame, by=["cell"], value="yuan").loc["a"]
    assert (found["dominated"], found["guessable"]) == (dominated, guessable)
    assert found["few"]  # all of them have fewer than ten contributors
    assert found["contributors"] == len(gifts)


def slow(gifts: list[int], fewest: int, n: int, k: float, p: float) -> tuple[bool, bool, bool]:
    falling = sorted(gifts, reverse=True)
    rest = sum(falling[2:])
    return (
        len(falling) < fewest,
        sum(falling[:n]) > k * sum(falling),
        rest - p * falling[0] < -1e-9,
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 50)), min_size=1
    ),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_the_rules_again_the_slow_way(rows, fewest, n):
    frame = pd.DataFrame(rows, columns=["row", "column", "yuan"])
    before = frame.copy()
    # Shares of eighths are exact, so that ties fall the same way in both.
    found = disclosure.sensitive_sums(
        frame, by=["row", "column"], value="yuan", fewest=fewest, dominance=(n, 0.75), p=0.125
    )
    cells = {(r, c) for r, c, _ in rows}
    assert set(found.index) == cells
    for cell in cells:
        gifts = [yuan for r, c, yuan in rows if (r, c) == cell]
        line = found.loc[cell]
        wanted = slow(gifts, fewest, n, 0.75, 0.125)
        assert (line["few"], line["dominated"], line["guessable"]) == wanted
        assert line["sensitive"] == any(wanted)
        assert line["sum"] == sum(gifts)
    pd.testing.assert_frame_equal(frame, before)


def test_only_the_rules_asked_for_make_a_cell_sensitive():
    frame = pd.DataFrame({"cell": ["a"] * 4, "yuan": [25.0] * 4}, index=[0, 0, 1, 1])
    by_all = disclosure.sensitive_sums(frame, by=["cell"], value="yuan")
    no_threshold = disclosure.sensitive_sums(
        frame, by=["cell"], value="yuan", rules=["dominance", "p_percent"]
    )
    assert by_all["sensitive"].tolist() == [True]
    assert no_threshold["sensitive"].tolist() == [False]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=1), st.integers(2, 20))
def test_rounding_moves_by_half_a_base_at_most(counts, base):
    table = pd.DataFrame({"n": counts})
    found = disclosure.round_to_base(table, base=base)["n"].to_numpy()
    assert (found % base == 0).all()
    assert (np.abs(found - counts) <= base / 2).all()
    assert table["n"].tolist() == counts


def test_refusals_say_what_must_hold_and_how_to_mend_it():
    few = disclosure.too_few
    assert refusal(few, pd.DataFrame({"yes": [-1]})) == (
        "counts must be at least 0, got less in 'yes'. Correct these numbers."
    )
    assert refusal(few, pd.DataFrame({"yes": [1]}), zeros="shwn") == (
        "zeros must be one of 'shown', 'hidden', got 'shwn'. Did you mean 'shown'?"
    )
    gifts = pd.DataFrame({"cell": ["a", None], "yuan": [1.0, 2.0]})
    sums = disclosure.sensitive_sums
    assert refusal(sums, gifts, by=["cell"], value="yuan", rules=["dominanc"]) == (
        "rule must be one of 'few', 'dominance', 'p_percent', got 'dominanc'. "
        "Did you mean 'dominance'?"
    )
    assert refusal(sums, gifts, by=["town"], value="yuan") == (
        "contributions must have the columns of `by` and `value`, got none called 'town'. "
        "Name the columns as they are."
    )
    assert refusal(sums, gifts, by=["cell"], value="yuan") == (
        "every contribution must belong to a cell, got a missing value in the columns of `by`. "
        "Fill it in or leave the row out."
    )
    lost = pd.DataFrame({"cell": ["a", "b"], "yuan": [1.0, np.nan]})
    assert re.match(
        "contributions must have no missing", refusal(sums, lost, by=["cell"], value="yuan")
    )
    assert refusal(disclosure.round_to_base, pd.DataFrame({"n": [1]}), base=1) == (
        "base must be at least 2, got 1. Give 5 to round to fives."
    )
