"""Mann–Kendall under autocorrelation: Nile, pymannkendall, false alarms, refusals."""

import json
import re

import numpy as np
import pandas as pd
import pymannkendall
import pytest

from servicepo.errors import MethodError
from servicepo.methods.autocorrelated_trends import hamed_rao, trend_free_pre_whitening
from servicepo.methods.trend import mann_kendall


def wandering(n, periods, alike, seed):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, periods + 50))
    for t in range(1, x.shape[1]):
        x[:, t] += alike * x[:, t - 1]
    return pd.DataFrame(x[:, 50:])


@pytest.mark.parametrize(
    ("test", "name", "z"),
    [
        (hamed_rao, "hamed_rao_modification_test", -2.8199791956451388),
        (
            trend_free_pre_whitening,
            "trend_free_pre_whitening_modification_test",
            -4.577026992252815,
        ),
    ],
)
def test_nile_hamed_rao1998_yue2002(shared, test, name, z):
    folder = shared / "reference" / "methods" / "05_trends"
    nile = pd.read_csv(folder / "nile.csv")["flow"].astype(float)
    saved = json.loads((folder / "nile_pymannkendall.json").read_text())[name]
    made = test(pd.DataFrame([nile])).iloc[0]
    assert made["z"] == pytest.approx(z, rel=1e-9)
    assert made["p_value"] == pytest.approx(saved["p"], rel=1e-8)
    assert made["s"] == saved["s"]


def test_a_panel_as_pymannkendall():
    panel = wandering(6, 40, 0.5, 1) + 0.02 * np.arange(40)
    ours, white = hamed_rao(panel), trend_free_pre_whitening(panel)
    for row in range(len(panel)):
        x = panel.iloc[row].to_numpy()
        oracle = pymannkendall.hamed_rao_modification_test(x)
        assert ours["z"].iloc[row] == pytest.approx(oracle.z)
        assert ours["p_value"].iloc[row] == pytest.approx(oracle.p)
        oracle = pymannkendall.trend_free_pre_whitening_modification_test(x)
        assert white["z"].iloc[row] == pytest.approx(oracle.z)


def test_how_often_wandering_is_taken_for_a_trend():
    panel = wandering(3000, 60, 0.5, 2)
    tests = (mann_kendall, hamed_rao, trend_free_pre_whitening)
    false = [(test(panel)["p_value"] <= 0.05).mean() for test in tests]
    assert false == pytest.approx([0.24, 0.19, 0.31], abs=0.02)  # as the module says


def test_a_series_of_equal_values_has_no_test():
    panel = pd.DataFrame([[3.0] * 12, list(range(12))], dtype=float)
    assert np.isnan(hamed_rao(panel)["p_value"].iloc[0])
    assert np.isnan(trend_free_pre_whitening(panel)["p_value"].iloc[0])


def test_the_callers_frame_is_left_alone():
    panel = wandering(3, 12, 0.5, 3)
    before = panel.copy()
    hamed_rao(panel)
    trend_free_pre_whitening(panel)
    pd.testing.assert_frame_equal(panel, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: hamed_rao(pd.DataFrame([[1.0, 2.0, 3.0]])),
            "a correction for autocorrelation needs at least 10 periods, got 3. "
            "Use the plain mann_kendall, and say that it takes periods as independent.",
        ),
        (
            lambda: trend_free_pre_whitening(
                pd.DataFrame([[1.0] * 9 + [np.nan], [1.0] * 10], index=["甲村", "乙村"])
            ),
            "a correction for autocorrelation needs series without gaps, got missing periods for "
            "'甲村'. Leave these organisations out.",
        ),
        (
            lambda: hamed_rao(pd.DataFrame([[1.0] * 12]), level=5),
            "level must lie between 0 and 1, got 5. Give .95, for example.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
