"""Convergence: the US states, regression to the mean, refusals."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods.convergence import beta_convergence


def test_us_states_1929_2009_barro_sala_i_martin(shared):
    folder = shared / "reference" / "methods" / "05_trends"
    expected = json.loads((folder / "us_convergence.json").read_text(encoding="utf-8"))["beta"]
    income = np.log(pd.read_csv(folder / "usjoin_pci_1929_2009.csv", index_col=0))
    made = beta_convergence(income["1929"], income["2009"], periods=80)
    assert made.slope == pytest.approx(expected["b"], rel=1e-9)
    assert made.standard_error == pytest.approx(expected["se"], rel=1e-9)
    assert made.speed == pytest.approx(expected["speed"], rel=1e-9)
    assert made.half_life == pytest.approx(expected["half_life"], rel=1e-9)
    assert made.r_squared == pytest.approx(expected["R2"], rel=1e-9)
    assert made.n == 48


def test_noise_alone_looks_like_convergence():
    """Trap: reliability .8 and no real change give a slope of -.20; Oldham's correlation is 0."""
    draw = np.random.default_rng(0)
    truth = draw.normal(70, 8, 200_000)
    first, last = (truth + draw.normal(0, 4, truth.size) for _ in range(2))
    made = beta_convergence(first, last)
    assert made.slope == pytest.approx(-0.20, abs=0.01)
    assert made.oldham == pytest.approx(0, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=4, max_size=12))
def test_the_regression_the_slow_way(pairs):
    x, y = (np.array(side) for side in zip(*pairs, strict=True))
    if np.ptp(x) < 1e-3:
        return
    made = beta_convergence(x, y, periods=2)
    slope, _ = np.polyfit(x, (y - x) / 2, 1)
    assert made.slope == pytest.approx(slope, abs=1e-6)


def test_pairs_with_a_missing_value_are_left_out():
    made = beta_convergence([10, np.nan, 20, 30, 40], [20, 5, 25, np.nan, 35.0])
    assert made.n == 3
    assert made.slope == pytest.approx(-0.5)
    assert np.isnan(beta_convergence([1, 2, 3.0], [2, 4, 6.0]).half_life)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: beta_convergence([1.0, 2.0], [1.0]),
            "first and last must have the same length, got 2 and 1. "
            "Give both values of every organisation.",
        ),
        (
            lambda: beta_convergence([1.0, 2.0], [1.0, 2.0]),
            "convergence needs at least 3 organisations with different starts, got 2 pairs. "
            "Add organisations or leave convergence out.",
        ),
        (
            lambda: beta_convergence([5.0] * 3, [1.0, 2.0, 3.0]),
            "convergence needs at least 3 organisations with different starts, got 5 everywhere. "
            "Add organisations or leave convergence out.",
        ),
        (
            lambda: beta_convergence([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], periods=0),
            "periods must be above 0, got 0. Give the time between.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
