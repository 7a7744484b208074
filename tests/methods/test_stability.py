"""How often charts err: stable organisations, echoes of the period before, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import MethodError
from servicepo.methods.control import xmr
from servicepo.methods.stability import lag_one, residuals, stable_signals


def echoing(n, periods, echo, seed=0):
    x = np.random.default_rng(seed).normal(size=(periods, n))
    for t in range(1, periods):
        x[t] = echo * x[t - 1] + np.sqrt(1 - echo**2) * x[t]
    return pd.DataFrame(x.T)


@pytest.mark.parametrize(("months", "share"), [(12, 0.07), (24, 0.18), (36, 0.29), (60, 0.48)])
def test_stable_organisations_are_signalled_all_the_same(months, share):
    assert stable_signals(xmr, months, draws=8000).ever == pytest.approx(share, abs=0.015)


def test_an_echo_of_three_tenths_doubles_the_false_signals():
    made = stable_signals(xmr, 36, autocorrelation=0.3, draws=8000)
    assert made.ever == pytest.approx(0.66, abs=0.015)
    assert made.now_low > 2.5 * stable_signals(xmr, 36, draws=8000).now_low


def test_the_same_seed_gives_the_same():
    assert stable_signals(xmr, 12, draws=500)[:3] == stable_signals(xmr, 12, draws=500)[:3]


@pytest.mark.parametrize("echo", [0.0, 0.3, 0.6])
def test_autocorrelation_of_short_series_is_right_on_average(echo):
    panel = echoing(6000, 24, echo)
    assert lag_one(panel).mean() == pytest.approx(echo, abs=0.05)
    holes = panel.where(np.random.default_rng(1).random(panel.shape) > 0.1)
    assert lag_one(holes).mean() == pytest.approx(echo, abs=0.06)
    assert lag_one(pd.DataFrame([[1.0] * 8, [1.0, 2.0, 3.0] + [np.nan] * 5])).isna().all()


def test_residuals_have_no_echo_and_their_own_level():
    panel = 70 + echoing(4000, 36, 0.5)
    left = residuals(panel, 0.5)
    assert lag_one(left).mean() == pytest.approx(0, abs=0.05)
    assert left.mean(axis=None) == pytest.approx(70, abs=0.1)
    signalled = (xmr(left).signals.to_numpy() > 0).any(axis=1).mean()
    assert signalled < 0.4 < 0.7 < (xmr(panel).signals.to_numpy() > 0).any(axis=1).mean()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: stable_signals(xmr, 2),
            "stable series need at least 3 periods and an autocorrelation between -1 and 1, got 2 "
            "and 0.0. Correct these.",
        ),
        (
            lambda: residuals(pd.DataFrame([[1.0, 2.0]]), 1),
            "autocorrelation must lie between -1 and 1, got 1. Take the mean of lag_one(values).",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
