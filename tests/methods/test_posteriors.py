"""Posteriors: normal and free priors answer the same questions alike."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from servicepo.errors import MethodError
from servicepo.methods import posteriors
from servicepo.methods.detection import calibration_error
from servicepo.methods.posteriors import NormalPosterior, compressed, mixed_posterior
from servicepo.methods.repeats import noise_between_periods
from servicepo.methods.shrinkage import probability_bottom, shrink


def weak_tail(n, seed):
    """Return truth, values and errors of a county in which a tenth are weak."""
    rng = np.random.default_rng(seed)
    weak = rng.random(n) < 0.1
    truth = np.where(weak, rng.normal(-3, 0.5, n), rng.normal(0, 0.5, n))
    errors = rng.uniform(0.4, 2, n)
    return truth, truth + errors * rng.normal(size=n), errors


@pytest.mark.parametrize("kind", ["normal", "mixed"])
def test_what_is_said_agrees_with_draws(kind):
    _, y, s = weak_tail(60, 0)
    posterior = NormalPosterior(y, s) if kind == "normal" else mixed_posterior(y, s)
    drawn = posterior.draw(20_000, np.random.default_rng(1))
    assert_allclose(drawn.mean(axis=0), posterior.mean, atol=0.06)
    assert_allclose(drawn.std(axis=0), posterior.sd, atol=0.06)
    assert_allclose((drawn < -1).mean(axis=0), posterior.below(-1.0), atol=0.02)
    assert_allclose((drawn < posterior.quantile(0.3)).mean(axis=0), 0.3, atol=0.02)
    cuts = np.array([-3.0, -1.0, 0.5])
    assert_allclose(
        [(drawn < cut).mean() for cut in cuts], posterior.average_below(cuts), atol=0.01
    )
    points = np.linspace(-12, 12, 400)
    heights = 1 / (1 + np.exp(-points))
    said = (1 / (1 + np.exp(-drawn))).mean(axis=0)
    assert_allclose(posterior.expected(points, heights), said, atol=0.01)


def test_the_free_prior_is_the_likeliest():
    """Against a numerical optimum on few cells (Kiefer and Wolfowitz 1956)."""
    _, y, s = weak_tail(80, 1)
    made = mixed_posterior(y, s, cells=12)
    width = made.edges[1] - made.edges[0]
    variance = s**2 + width**2 / 12
    density = np.exp(-0.5 * (y[:, None] - made.middles) ** 2 / variance[:, None])

    def cost(free):
        w = np.exp(free - free.max())
        return -np.log(density @ (w / w.sum())).sum()

    best = minimize(cost, np.zeros(12), method="L-BFGS-B", options={"maxiter": 5000}).fun
    ours = -np.log(density @ made.weights).sum()
    assert made.gap <= 1e-3
    assert ours - best <= 80 * made.gap + 1e-6


@pytest.mark.parametrize("n", [300, 6000])
def test_no_cell_of_the_free_prior_would_gain(n):
    """The conditions of the optimum (Kiefer and Wolfowitz 1956), and EM again with every digit."""
    _, y, s = weak_tail(n, 3)
    made = mixed_posterior(y, s)
    value, error, count = compressed(y, s)
    variance = error**2 + np.diff(made.edges)[0] ** 2 / 12
    power = -0.5 * (value[:, None] - made.middles) ** 2 / variance[:, None]
    density = np.exp(power - power.max(axis=1, keepdims=True))

    def gain(weights):
        return (count / (density @ weights)) @ density / n

    assert gain(made.weights).max() <= 1 + 1e-3
    weights = np.full(300, 1 / 300)
    while (step := gain(weights)).max() > 1 + 1e-3:
        weights *= step
    weights *= step
    slow, ours = (count @ np.log(density @ w) / n for w in (weights, made.weights))
    assert ours >= slow - 1e-7
    assert_allclose(np.cumsum(made.weights), np.cumsum(weights), atol=1e-4)


def test_with_a_weak_group_the_free_prior_is_calibrated_and_the_normal_one_is_not():
    """Gap of reported probabilities, .076 and .016 in the county it was first measured on."""
    gaps = {"normal": [], "npmle": []}
    for seed in range(3):
        truth, y, s = weak_tail(4000, seed)
        weak = truth <= np.quantile(truth, 0.1)
        for prior, found in gaps.items():
            p = probability_bottom(y, s, 0.1, prior=prior)
            likely = p > 0.5
            found.append(abs(p[likely].mean() - weak[likely].mean()))
    assert np.mean(gaps["npmle"]) < 0.03
    assert np.mean(gaps["normal"]) > 2 * np.mean(gaps["npmle"])


def test_probabilities_under_a_free_prior_sum_to_the_share_and_are_calibrated():
    truth, y, s = weak_tail(3000, 5)
    p = probability_bottom(y, s, 0.1, prior="npmle")
    assert p.mean() == pytest.approx(0.1, abs=1e-9)
    assert calibration_error(truth <= np.quantile(truth, 0.1), p) < 0.03


def test_shrinking_with_a_free_prior_is_nearer_the_truth():
    truth, y, s = weak_tail(3000, 6)
    lost = {
        prior: ((shrink(y, s, prior=prior).mean - truth) ** 2).mean()
        for prior in ("normal", "npmle")
    }
    assert lost["npmle"] < 0.9 * lost["normal"] < 0.9 * 0.75 * ((y - truth) ** 2).mean()
    made = shrink(y, s, prior="npmle")
    assert made.tau2 == pytest.approx(truth.var(), rel=0.1)


def test_like_values_are_taken_together_only_where_they_are_many():
    _, y, s = weak_tail(50_000, 7)
    value, spread, count = compressed(y, s)
    assert len(value) < 4200
    assert count.sum() == 50_000
    assert value @ count == pytest.approx(y.sum())
    assert spread @ count == pytest.approx(s.sum())
    assert compressed(y[:100], s[:100])[0] is not None
    assert len(compressed(y[:100], s[:100])[0]) == 100
    whole, half = NormalPosterior(y, s), NormalPosterior(y[::25], s[::25])
    slow = [whole.below(cut).mean() for cut in (-2.0, 0.0)]
    assert_allclose(whole.average_below(np.array([-2.0, 0.0])), slow, atol=2e-4)
    slow = [half.below(cut).mean() for cut in (-2.0, 0.0)]
    assert_allclose(half.average_below(np.array([-2.0, 0.0])), slow, atol=1e-12)


def test_answers_drawn_through_a_net_are_those_worked_out(monkeypatch):
    _, y, s = weak_tail(10_000, 8)
    net = mixed_posterior(y, s)
    drawn = [net.mean, net.sd, net.below(-1.5), net.quantile(0.05)]
    monkeypatch.setattr(posteriors, "MOST_TOLD_APART", 5000)
    each = [net.below(-1.5), net.quantile(0.05)]
    assert np.abs(drawn[2] - each[0]).max() < 8e-3
    assert np.abs(drawn[3] - each[1]).mean() < 5e-3
    assert np.abs(drawn[2] - each[0]).mean() < 5e-4
    same = net.values.argsort()[::100]
    mass = net._mass(y[same], s[same])
    assert_allclose(drawn[0][same], mass @ net.middles, atol=0.02)


def test_equal_values_leave_a_free_prior_nothing_to_find():
    with pytest.raises(MethodError) as caught:
        mixed_posterior(np.array([70.0, 70.0]), np.ones(2))
    assert str(caught.value) == (
        "values must differ for a free prior, got 70 only. Use the normal prior."
    )
    with pytest.raises(MethodError) as caught:
        shrink([1.0, 2.0], [1.0, 1.0], prior="npml")
    assert str(caught.value) == (
        "prior must be one of 'normal', 'npmle', got 'npml'. Did you mean 'npmle'?"
    )


def test_noise_between_periods_is_found_whatever_truly_moves():
    rng = np.random.default_rng(0)
    truth = rng.normal(70, 6, (3000, 1)) + np.cumsum(rng.normal(0, 2, (3000, 4)), axis=1)
    common = np.array([0.0, 5.0, -3.0, 2.0])
    for noise in (0.0, 3.0):
        seen = truth + common + rng.normal(0, 1, truth.shape) * noise
        found = noise_between_periods(pd.DataFrame(seen))
        assert found == pytest.approx(noise, abs=0.45)


def test_what_moves_a_class_is_no_noise():
    up = np.array([[60.0, 70, 60], [61, 71, 61], [80, 80, 80], [82, 82, 82]])
    groups = pd.Series(["a", "a", "b", "b"])
    assert noise_between_periods(pd.DataFrame(up), groups) == 0
    assert noise_between_periods(pd.DataFrame(up)) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            [[1.0, 2.0]],
            "noise between periods needs at least 3 periods, got 2. Give the noise as a number "
            "instead.",
        ),
        (
            [[1.0, np.nan, 2.0]],
            "noise between periods needs organisations with scores in 3 periods in a row, got "
            "none. Give the noise as a number instead.",
        ),
    ],
)
def test_noise_that_cannot_be_told_is_refused(table, message):
    with pytest.raises(MethodError) as caught:
        noise_between_periods(pd.DataFrame(table))
    assert str(caught.value) == message
