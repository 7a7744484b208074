"""The shift function: scipy, laws, bands that hold, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import mstats

from servicepo.errors import MethodError
from servicepo.methods.quantile_shift import DECILES, quantile_shift

scores = st.lists(st.floats(0, 100), min_size=5, max_size=20)


@settings(max_examples=20, deadline=None)
@given(scores, scores)
def test_quantiles_as_scipy_harrell_davis1982(x, y):
    made = quantile_shift(x, y, draws=2, seed=0)
    assert_allclose(made["x"], mstats.hdquantiles(x, DECILES), atol=1e-9)
    assert_allclose(made["difference"], made["y"] - made["x"], atol=1e-9)
    plain = quantile_shift(x, y, estimator="plain", draws=2, seed=0)
    assert_allclose(plain["y"], np.quantile(y, DECILES), atol=1e-9)


def test_a_shift_is_the_same_everywhere_and_a_wider_spread_is_not():
    x = np.random.default_rng(0).normal(60, 5, 80)
    shifted = quantile_shift(x, x + 7, draws=50, seed=0)
    assert_allclose(shifted["difference"], 7)
    wider = quantile_shift(x, x.mean() + 2 * (x - x.mean()), draws=50, seed=0)["difference"]
    assert (wider.diff().dropna() > 0).all()
    assert wider[0.1] < -3 < 3 < wider[0.9]


def test_the_band_is_wider_than_the_intervals_and_follows_the_seed():
    draw = np.random.default_rng(1)
    x, y = draw.normal(60, 5, 40), draw.normal(65, 8, 50)
    made = quantile_shift(x, y, seed=2)
    pd.testing.assert_frame_equal(made, quantile_shift(x, y, seed=2))
    assert (made["band_low"] < made["low"]).mean() > 0.8
    assert (made["band_high"] - made["band_low"] > made["high"] - made["low"]).all()
    assert made["difference"].between(made["low"], made["high"]).all()


def test_the_band_holds_all_deciles_together_about_as_often_as_it_says():
    draw = np.random.default_rng(3)
    hits = []
    for _ in range(120):
        x, y = draw.normal(60, 5, 60), draw.normal(60, 5, 70)
        made = quantile_shift(x, y, draws=199, seed=draw)
        hits.append(((made["band_low"] <= 0) & (made["band_high"] >= 0)).all())
    assert 0.86 <= np.mean(hits) <= 1  # .936 in 500 trials


def test_the_callers_series_is_left_alone():
    x = pd.Series([5.0, 3.0, 1.0, 2.0, 4.0])
    quantile_shift(x, x, draws=2, seed=0)
    assert x.tolist() == [5, 3, 1, 2, 4]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: quantile_shift([1.0, 2.0], [1.0] * 5),
            "x must have at least 5 values for this method, got 2. "
            "Add values or choose a method that needs fewer.",
        ),
        (
            lambda: quantile_shift([1.0] * 5, [1.0] * 5, quantiles=[0.5, 50]),
            "quantiles must lie between 0 and 1, got 0.5, 50. Give 0.5 for the median.",
        ),
        (
            lambda: quantile_shift([1.0] * 5, [1.0] * 5, estimator="hd"),
            "estimator must be one of 'harrell_davis', 'plain', got 'hd'. Give one of these words.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
