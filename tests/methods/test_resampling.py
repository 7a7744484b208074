"""Resampling: sizes kept, seeds, intervals against NumPy's percentiles, refusals."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods.resampling import bootstrap_interval, resample


def test_every_draw_takes_from_its_own_group_only():
    values = np.array([1.0, 2.0, 3.0, 10.0, 20.0])
    drawn = resample(values, np.array([3, 2]), lambda b: b, draws=200, seed=0)
    assert drawn.shape == (200, 5)
    assert set(drawn[:, :3].ravel()) == {1, 2, 3}
    assert set(drawn[:, 3:].ravel()) == {10, 20}


def test_blocks_give_all_draws():
    values = np.arange(100_000.0)
    drawn = resample(
        values, np.array([100_000]), lambda b: b.mean(axis=1)[:, None], draws=5, seed=1
    )
    assert drawn.shape == (5, 1)
    assert_allclose(drawn, 50_000, rtol=0.02)


def test_without_bias_the_interval_of_a_normal_figure_is_its_percentiles():
    drawn = np.random.default_rng(0).normal(50, 3, size=(20_001, 1))
    low, high = bootstrap_interval(drawn, drawn.mean(axis=0))
    assert_allclose([low[0], high[0]], np.percentile(drawn, [2.5, 97.5]), atol=0.2)


def test_what_resampling_adds_is_taken_off_again_efron1993():
    drawn = np.array([[4.0, 0.2], [6.0, 0.4]])
    low, high = bootstrap_interval(drawn, np.array([4.5, 0.1]), confidence=0.9)
    z = stats.norm.ppf(0.95)
    assert_allclose([low[0], high[0]], [4.0 - z, 4.0 + z])
    assert low[1] == 0  # never below 0


def test_constant_draws_give_the_constant():
    low, high = bootstrap_interval(np.ones((50, 2)), np.ones(2))
    assert_allclose([low, high], 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: resample(np.ones(2), np.array([2]), lambda b: b, draws=0, seed=0),
            "draws must be at least 1, got 0. Give 1000 or more.",
        ),
        (
            lambda: bootstrap_interval(np.ones((2, 1)), np.ones(1), confidence=95),
            "confidence must lie between 0 and 1, got 95. Give 0.95 for 95 %.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
