"""Whom to name: the rule by hand, what it promises, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods.selection import select


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.7, 0.9, 1.0]), min_size=1, max_size=12),
    st.sampled_from([0.05, 0.2, 0.4]),
    st.one_of(st.none(), st.integers(0, 12)),
)
def test_the_longest_list_that_fits_the_slow_way(probabilities, fdr, capacity):
    made = select(probabilities, fdr=fdr, capacity=capacity)
    best = []
    for cut in sorted(set(probabilities), reverse=True):
        named = [p for p in probabilities if p >= cut]
        if 1 - np.mean(named) <= fdr + 1e-12 and (capacity is None or len(named) <= capacity):
            best = named
    assert sorted(np.array(probabilities)[made.chosen]) == sorted(best)
    assert made.expected_false == pytest.approx(1 - np.mean(best) if best else 0.0)


def test_what_is_promised_comes_true_on_average():
    rng = np.random.default_rng(0)
    wrong, named, promised = 0, 0, 0.0
    for _ in range(200):
        p = rng.beta(0.5, 2, 300)
        weak = rng.random(300) < p
        made = select(p, fdr=0.2)
        wrong, named = wrong + (made.chosen & ~weak).sum(), named + made.chosen.sum()
        promised += made.expected_false * made.chosen.sum()
    assert promised / named <= 0.2
    assert wrong / named == pytest.approx(promised / named, abs=0.02)


def test_equal_probabilities_are_not_torn_apart_and_nan_is_never_named():
    p = pd.Series([0.9, 0.8, 0.8, np.nan], index=list("abcd"))
    made = select(p, fdr=0.3, capacity=2)
    assert made.chosen.to_dict() == {"a": True, "b": False, "c": False, "d": False}
    assert repr(made) == "Selection(1 of 4 named, expected share of wrong names 0.100)"
    assert select(p, fdr=0.3).chosen.sum() == 3
    assert select([np.nan]).chosen.sum() == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: select([50.0]),
            "probabilities must lie between 0 and 1, got 50. Give shares, not per cent.",
        ),
        (
            lambda: select([0.5], fdr=20),
            "fdr must lie between 0 and 1, got 20. Give 0.2 for one wrong name in five.",
        ),
        (
            lambda: select([0.5], capacity=-1),
            "capacity must be at least 0, got -1. Give a whole number.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
