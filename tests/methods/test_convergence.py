"""Convergence: the US states, regression to the mean, refusals."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.convergence import beta_convergence, sigma_convergence


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
    made = beta_convergence(first, last, reliability=0.8)
    assert made.slope == pytest.approx(-0.20, abs=0.01)
    assert made.noise_slope == pytest.approx(-0.20, abs=1e-12)
    assert made.corrected_slope == pytest.approx(0, abs=0.01)
    assert made.oldham == pytest.approx(0, abs=0.01)
    assert made.oldham_p > 0.01


def test_real_convergence_is_found_under_the_noise():
    draw = np.random.default_rng(1)
    truth = draw.normal(70, 8, 200_000)
    domain = draw.choice(["rural", "organs"], truth.size)
    truth += np.where(domain == "organs", 6, 0)
    later = truth - 4 * 0.05 * (truth - truth.mean()) + np.where(domain == "organs", 4, 0)
    first, last = (x + draw.normal(0, 4, truth.size) for x in (truth, later))
    rho = 1 - 16 / first.var()
    found = [
        beta_convergence(first, last, periods=4, reliability=rho, controls=controls).corrected_slope
        for controls in (None, pd.DataFrame({"domain": domain}))
    ]
    assert found[1] == pytest.approx(-0.05, abs=0.002)  # inside the domains
    assert found[0] > -0.04  # the domains drift apart


def test_conditional_convergence_as_statsmodels():
    api = pytest.importorskip("statsmodels.formula.api")
    draw = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "start": draw.normal(70, 8, 60),
            "members": draw.poisson(40, 60).astype(float),
            "domain": draw.choice(list("roe"), 60),
        }
    )
    frame["end"] = 30 + 0.7 * frame["start"] + 0.1 * frame["members"] + draw.normal(0, 3, 60)
    frame["growth"] = (frame["end"] - frame["start"]) / 3
    made = beta_convergence(
        frame["start"], frame["end"], periods=3, controls=frame[["members", "domain"]]
    )
    oracle = api.ols("growth ~ start + members + C(domain)", frame).fit()
    assert made.slope == pytest.approx(oracle.params["start"])
    assert made.standard_error == pytest.approx(oracle.bse["start"])
    assert made.r_squared == pytest.approx(oracle.rsquared)


def test_the_spread_of_us_incomes_falls(shared):
    folder = shared / "reference" / "methods" / "05_trends"
    expected = json.loads((folder / "us_convergence.json").read_text(encoding="utf-8"))
    income = pd.read_csv(folder / "usjoin_pci_1929_2009.csv", index_col=0)
    made = sigma_convergence(income, scale="logs")
    assert made["sd"][["1929", "1969", "2009"]].to_dict() == pytest.approx(expected["sigma_sdlog"])
    assert made["cv"].isna().all()
    beta = beta_convergence(income["1929"], income["2009"], periods=80, scale="logs")
    assert beta.slope == pytest.approx(expected["beta"]["b"])
    assert beta.oldham_p < 1e-9


def test_the_spread_without_noise():
    draw = np.random.default_rng(3)
    truth = draw.normal(70, [[8], [4]], (2, 50_000)).T
    noisy = pd.DataFrame(truth + draw.normal(0, 3, truth.shape), columns=["2023", "2024"])
    made = sigma_convergence(noisy, error_variance=pd.Series({"2023": 9.0, "2024": 9.0}))
    assert made["sd_real"].tolist() == pytest.approx([8, 4], rel=0.02)
    assert made["cv"]["2023"] == pytest.approx(made["sd"]["2023"] / made["mean"]["2023"])
    assert sigma_convergence(noisy)["sd_real"].isna().all()


def test_organisations_with_a_gap_are_left_out_by_name():
    panel = pd.DataFrame({2023: [60.0, 80, 70], 2024: [60.0, np.nan, 80]}, ["甲", "乙", "丙"])
    message = (
        "Organisations should have a score in every period for their spread to be followed, got "
        "gaps for '乙'; they are left out. Add the missing periods."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        assert sigma_convergence(panel)["n"].tolist() == [2, 2]


def test_pitmans_test_is_the_paired_test_of_variances():
    draw = np.random.default_rng(4)
    x = draw.normal(0, 1, 40)
    y = x + draw.normal(0, 1, 40)
    made = beta_convergence(x, y)
    oracle = stats.pearsonr(y - x, x + y)
    assert made.oldham == pytest.approx(oracle.statistic)
    assert made.oldham_p == pytest.approx(oracle.pvalue)


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
        (
            lambda: beta_convergence(
                pd.Series([1.0, 0.0, 3.0], ["甲", "乙", "丙"]), [1.0, 2.0, 3.0], scale="logs"
            ),
            "first must be above 0 under logarithms, got 0 at the lowest (0 or below: '乙'). "
            'Use scale="levels".',
        ),
        (
            lambda: beta_convergence([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], reliability=1.2),
            "reliability must lie above 0 and be at most 1, got 1.2. Give 0.8 where a fifth of the "
            "variance is noise.",
        ),
        (
            lambda: beta_convergence(
                [1.0, 1.0, 3.0, 3.0], [1.0] * 4, controls=pd.DataFrame({"d": list("aabb")})
            ),
            "starts must differ between organisations that are alike in the controls, got the same "
            "start in each class. Take fewer controls.",
        ),
        (
            lambda: beta_convergence(
                [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], controls=pd.DataFrame({"d": [1.0]})
            ),
            "controls must have a row for every organisation, got 1 for 3. "
            "Give them in the same order.",
        ),
        (
            lambda: sigma_convergence(pd.DataFrame({2024: [1.0, 2.0]})),
            "the spread needs at least 2 periods to be followed, got 1. Add the periods before.",
        ),
        (
            lambda: sigma_convergence(pd.DataFrame({1: [1.0, np.nan], 2: [np.nan, 1.0]})),
            "the spread needs at least 2 organisations with every period, got 0 of 2. "
            "Take fewer periods.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
