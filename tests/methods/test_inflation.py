"""Self-inflation: the trap of raw differences, recovery, calibration, refusals."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods.inflation import inflation


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        inflation(*args, **kwargs)
    return str(caught.value)


def world(n=4000, *, spread=3.0, noise=2.0, beta=1.0, seed=0):
    """Quality N(80, 4²), both scores with the same noise, own scores 6 too high on average."""
    draw = np.random.default_rng(seed)
    quality = draw.normal(80, 4, n)
    true = 6 + (beta - 1) * (quality - 80) + draw.normal(0, spread, n)
    own = pd.Series(quality + true + draw.normal(0, noise, n))
    reference = pd.Series(quality + draw.normal(0, noise, n))
    error = pd.Series(noise, own.index)
    return quality, true, own, reference, {"own_errors": error, "reference_errors": error}


def test_differences_fall_with_performance_under_pure_noise_edwards_1994():
    """Nobody inflates more than others; reliability .805, so the raw slope is near −.195."""
    noise = 4 * np.sqrt(1 / 0.805 - 1)
    _, _, own, reference, errors = world(20_000, spread=0.0, noise=noise)
    made = inflation(own, reference, **errors)
    raw = np.polyfit(reference, own - reference, 1)[0]
    assert made.trap == pytest.approx(raw)
    assert raw == pytest.approx(-0.195, abs=0.01)
    assert made.trap_by_noise == pytest.approx(-0.195, abs=0.01)
    assert made.slope == pytest.approx(1, abs=0.02)
    assert made.sd_inflation < 0.5
    # What is reported does not fall with performance, and nobody stands out.
    assert abs(np.polyfit(reference, made.table["inflation"], 1)[0]) < 0.02
    assert made.table["inflation"].std() < 0.2
    assert made.table["difference"].std() > 2.5


def test_shrinkage_halves_the_error_and_probabilities_are_calibrated():
    _, true, own, reference, errors = world()
    made = inflation(own, reference, **errors, threshold=8)
    raw_error = np.sqrt(((made.table["difference"] - true) ** 2).mean())
    error = np.sqrt(((made.table["inflation"] - true) ** 2).mean())
    assert error < 0.8 * raw_error
    assert made.sd_inflation == pytest.approx(3, abs=0.15)
    assert made.reliability == pytest.approx(0.8, abs=0.02)
    held = ((made.table["low"] <= true) & (true <= made.table["high"])).mean()
    assert held == pytest.approx(0.9, abs=0.02)
    band = pd.cut(made.table["probability"], [0, 0.2, 0.4, 0.6, 0.8, 1])
    stated = made.table["probability"].groupby(band, observed=True).mean()
    happened = pd.Series(true > 8).groupby(band, observed=True).mean()
    assert_allclose(stated, happened, atol=0.06)


def test_everybody_near_the_top_is_a_common_line():
    """Own scores follow quality by a third only: the weak inflate most, and that is found."""
    _, true, own, reference, errors = world(beta=1 / 3, spread=1.0)
    made = inflation(own, reference, **errors)
    assert made.slope == pytest.approx(1 / 3, abs=0.04)
    assert np.corrcoef(made.table["inflation"], true)[0, 1] > 0.8
    naive = ((own - reference) - true).std()
    assert (made.table["inflation"] - true).std() < 0.8 * naive


def test_the_joint_normal_the_slow_way():
    _, _, own, reference, errors = world(60, seed=3)
    errors = {k: v * np.linspace(0.5, 1.5, 60) for k, v in errors.items()}
    groups = pd.Series(np.arange(60) % 2)
    made = inflation(own, reference, **errors, groups=groups, threshold=7)
    tau2, beta, omega2 = made.sd_quality**2, made.slope, made.sd_inflation**2
    for i in (0, 13, 59):
        mine = groups == groups[i]
        s_x, s_y = errors["reference_errors"][i], errors["own_errors"][i]
        # Of quality and own part; then of reference and own score.
        prior = np.diag([tau2, omega2])
        look = np.array([[1, 0], [beta, 1]])
        total = look @ prior @ look.T + np.diag([s_x**2, s_y**2])
        gain = prior @ look.T @ np.linalg.inv(total)
        seen = np.array([reference[i] - reference[mine].mean(), own[i] - own[mine].mean()])
        wanted = np.array([beta - 1, 1])
        mean = (own - reference)[mine].mean() + wanted @ gain @ seen
        variance = wanted @ (prior - gain @ look @ prior) @ wanted
        variance += (own - reference)[mine].var() / mine.sum()
        row = made.table.loc[i]
        assert row["inflation"] == pytest.approx(mean)
        assert row["sd"] == pytest.approx(np.sqrt(variance))
        assert row["high"] - row["low"] == pytest.approx(2 * 1.6448536 * np.sqrt(variance))


def test_without_noise_the_difference_stands():
    _, _, own, reference, errors = world(30, noise=0.0)
    made = inflation(own, reference, **errors)
    assert_allclose(made.table["inflation"], made.table["difference"])


def test_a_missing_score_takes_no_part_and_the_callers_series_are_left_alone():
    _, _, own, reference, errors = world(30)
    own[3] = np.nan
    before = own.copy(), reference.copy()
    made = inflation(own, reference, **errors)
    pd.testing.assert_series_equal(own, before[0])
    pd.testing.assert_series_equal(reference, before[1])
    assert made.n == 29
    assert made.table.loc[3].isna().all()
    rest = own.drop(3)
    alone = inflation(rest, reference.drop(3), **{k: v.drop(3) for k, v in errors.items()})
    pd.testing.assert_frame_equal(made.table.drop(3), alone.table)
    assert repr(made).startswith("Inflation(29 organisations, mean difference ")


def test_refusals():
    _, _, own, reference, errors = world(12)
    assert refusal(own, reference[::-1], **errors) == (
        "reference must have the index of the own scores, got another. Reindex it like them."
    )
    wrong = {**errors, "own_errors": errors["own_errors"] * -1}
    assert refusal(own, reference, **wrong) == (
        "standard errors must be at least 0 beside every score, got -2 and 2 (at 0). "
        "Correct them, or leave the organisation out."
    )
    groups = pd.Series(list("abcdefgh") + ["a"] * 4)
    assert refusal(own, reference, **errors, groups=groups) == (
        "at least 5 more organisations than classes must have both scores to tell inflation from "
        "noise, got 12 in 8 classes. Compare more organisations, or fewer classes."
    )
