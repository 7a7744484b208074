"""Average run lengths: published tables, simulation, designs, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import MethodError
from servicepo.methods.control import cusum, ewma
from servicepo.methods.run_lengths import (
    cusum_limit,
    cusum_run_length,
    ewma_reach,
    ewma_run_length,
)


def test_cusum_tables_montgomery2009_as_r_spc(shared):
    table = pd.read_csv(shared / "reference" / "methods" / "02_spc" / "cusum_arl_spc.csv")
    for row in table.itertuples():
        one = cusum_run_length(row.k, row.h, shift=row.mu, sides=1)
        assert one == pytest.approx(row.arl_onesided, rel=1e-9)
        two = cusum_run_length(row.k, row.h, shift=row.mu)
        assert two == pytest.approx(row.arl_twosided, rel=1e-9)


def test_ewma_tables_as_r_spc(shared):
    table = pd.read_csv(shared / "reference" / "methods" / "02_spc" / "ewma_arl_spc.csv")
    for row in table.itertuples():
        made = ewma_run_length(row.l, row.c, shift=row.mu)
        assert made == pytest.approx(row.arl_twosided, rel=1e-9)


@pytest.mark.parametrize("run_length", [5, 100, 370, 1e4, 1e6])
def test_a_design_has_the_run_length_it_was_asked_for(run_length):
    assert cusum_run_length(0.5, cusum_limit(0.5, run_length)) == pytest.approx(run_length)
    reach = ewma_reach(0.2, run_length)
    assert ewma_run_length(0.2, reach) == pytest.approx(run_length)
    assert reach < ewma_reach(0.2, min(2 * run_length, 1e6)) or run_length == 1e6


def test_stable_organisations_alarm_as_often_as_designed():
    draw = np.random.default_rng(0)
    panel = pd.DataFrame(draw.normal(size=(4000, 150)))
    sums = cusum(panel, limit=cusum_limit(0.5, 50), target=0, sd=1)
    averages = ewma(panel, reach=ewma_reach(0.2, 50), target=0, sd=1)
    last = averages.high.iloc[0, -1]  # the limits of the first periods are narrower
    for alarm in (sums.alarms.to_numpy() > 0, averages.values.abs().to_numpy() > last):
        first = np.where(alarm.any(axis=1), alarm.argmax(axis=1) + 1, 150)
        # E[min(run, 150)] of a run length that is nearly geometric with mean 50
        assert first.mean() == pytest.approx(50 * (1 - np.exp(-3)), rel=0.06)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: cusum_run_length(-1, 5),
            "a CUSUM needs slack of at least 0, a positive limit and 1 or 2 sides, got -1, 5 and "
            "2. Take .5, 5 and 2, for example.",
        ),
        (
            lambda: ewma_run_length(2, 3),
            "an EWMA needs a weight in 0..1 and a positive reach, got 2 and 3. "
            "Take .2 and 2.86, for example.",
        ),
        (
            lambda: ewma_reach(0.2, 2),
            "run_length must lie between 5 and 1,000,000 periods, got 2. "
            "Allow more or fewer false alarms.",
        ),
        (
            lambda: cusum_limit(0, 370),
            "slack must lie between .1 and 1 for a limit to be found, got 0. "
            "Take half the shift that is to be found, in standard deviations.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
