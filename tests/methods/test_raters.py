"""Severity of raters: published fits, laws, the slow formulas, refusals, a world with teams."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods.agreement import icc
from servicepo.methods.raters import linked_groups, rater_effects


@pytest.fixture
def folder(shared):
    return shared / "reference" / "methods" / "07_raters"


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def teams(seed=0, units=40, raters=6, each=3, leniency=2.5, noise=3.0):
    """Every organisation is scored by a few teams, drawn by lot."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(80, 5, units)
    given_by = draw.normal(0, leniency, raters)
    unit = np.repeat(np.arange(units), each)
    rater = np.argsort(draw.random((units, raters)), axis=1)[:, :each].ravel()
    y = truth[unit] + given_by[rater] + draw.normal(0, noise, len(unit))
    return truth, given_by, y, unit, rater


def test_penicillin_bates_lme4(folder):
    data = pd.read_csv(folder / "lme4_penicillin.csv")
    before = data.copy()
    blups = pd.read_csv(folder / "lme4_penicillin_REML_blups.csv").set_index(["facet", "level"])
    made = rater_effects(data["diameter"], data["plate"], data["sample"])
    pd.testing.assert_frame_equal(data, before)
    # The published deviation of samples is that of an optimiser that stopped a little early.
    expected = {"unit": 0.84670, "rater": 1.93161, "noise": 0.54992}
    assert (made.variances**0.5).to_dict() == pytest.approx(expected, abs=6e-5)
    assert made.mean == pytest.approx(22.97222, abs=5e-6)
    plates, samples = blups["blup"]["plate"], blups["blup"]["sample"]
    assert_allclose(made.units["score"] - made.mean, plates.reindex(made.units.index), atol=1e-5)
    assert_allclose(made.raters["leniency"], samples.reindex(made.raters.index), atol=1e-5)


def test_insteval_bates_lme4(folder):
    data = pd.read_csv(folder / "lme4_insteval.csv")
    blups = pd.read_csv(folder / "lme4_insteval_lecturer_blups.csv").set_index("d")["blup"]
    made = rater_effects(data["y"], data["d"], data["s"])
    expected = {"unit": 0.52320, "rater": 0.32591, "noise": 1.17779}
    assert (made.variances**0.5).to_dict() == pytest.approx(expected, abs=6e-6)
    assert made.mean == pytest.approx(3.254158, abs=1e-6)
    assert_allclose(made.units["score"] - made.mean, blups.reindex(made.units.index), atol=1e-5)


def slow_random(made, y, unit, rater, c):
    """Generalised least squares and conditional expectations, with dense matrices."""
    v = made.variances
    z, w = np.eye(unit.max() + 1)[unit], np.eye(rater.max() + 1)[rater]
    total = v["unit"] * z @ z.T + v["rater"] * w @ w.T + np.diag(v["noise"] / c)
    inverse, one = np.linalg.inv(total), np.ones(len(y))
    mean = one @ inverse @ y / (one @ inverse @ one)
    p = inverse - np.outer(inverse @ one, one @ inverse) / (one @ inverse @ one)
    effect = v["unit"] * z.T @ inverse @ (y - mean)
    error = v["unit"] * np.eye(z.shape[1]) - v["unit"] ** 2 * z.T @ p @ z
    deviance = np.linalg.slogdet(total).logabsdet + np.log(one @ inverse @ one) + y @ p @ y
    return mean, effect, np.sqrt(np.diag(error)), deviance


@pytest.mark.parametrize("swap", [False, True])
def test_predictions_the_slow_way(swap):
    _, _, y, unit, rater = teams(seed=3)
    if swap:  # the other kind is eliminated then
        unit, rater = rater, unit
    c = np.random.default_rng(1).uniform(0.5, 2, len(y))
    made = rater_effects(y, unit, rater, confidence=c)
    units, raters = made.units.sort_index(), made.raters.sort_index()
    mean, effect, error, best = slow_random(made, y, unit, rater, c)
    assert made.mean == pytest.approx(mean)
    assert_allclose(units["score"] - mean, effect, atol=1e-9)
    assert_allclose(units["standard_error"], error, rtol=1e-9)
    assert_allclose(units["reliability"], 1 - error**2 / made.variances["unit"])
    assert made.reliability == pytest.approx(units["reliability"].mean())
    assert raters["n"].sum() == len(y)
    # No other variances are more likely.
    for name in made.variances.index:
        for factor in (0.99, 1.01):
            other = made.variances.copy()
            other[name] *= factor
            moved = type(made)(made.units, made.raters, other, made.mean, "random")
            assert slow_random(moved, y, unit, rater, c)[3] > best


def test_fixed_effects_the_slow_way():
    _, _, y, unit, rater = teams(seed=4)
    c = np.random.default_rng(1).uniform(0.5, 2, len(y))
    made = rater_effects(y, unit, rater, confidence=c, effects="fixed")
    units, raters = made.units.sort_index(), made.raters.sort_index()
    x = np.hstack([np.eye(40)[unit], np.eye(6)[rater]])
    root = np.sqrt(c)
    theta, *_ = np.linalg.lstsq(root[:, None] * x, root * y)
    shift = theta[40:].mean()
    assert_allclose(units["score"], theta[:40] + shift)
    assert_allclose(raters["leniency"], theta[40:] - shift, atol=1e-10)
    assert raters["leniency"].sum() == pytest.approx(0, abs=1e-9)
    noise = (c * (y - x @ theta) ** 2).sum() / (len(y) - 45)
    assert made.variances.to_dict() == {"noise": pytest.approx(noise)}
    # Under the side condition the covariance is that of contrasts.
    contrast = np.eye(46)
    contrast[:40, 40:] = 1 / 6
    contrast[40:, 40:] -= 1 / 6
    spread = noise * contrast @ np.linalg.pinv(x.T @ np.diag(c) @ x) @ contrast.T
    assert_allclose(units["standard_error"], np.sqrt(np.diag(spread)[:40]))
    assert_allclose(raters["standard_error"], np.sqrt(np.diag(spread)[40:]))
    assert made.mean == pytest.approx(units["score"].mean())
    assert np.isnan(made.reliability)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_complete_tables_agree_with_the_intraclass_correlation(seed):
    _, _, y, unit, rater = teams(seed, units=12, raters=4, each=4)
    made = rater_effects(y, unit, rater)
    table = pd.DataFrame({"y": y, "u": unit, "r": rater}).pivot_table("y", "u", "r")
    found = icc(table).loc["ICC(A,1)"]
    n, k = table.shape
    between, raters = k * table.mean(axis=1).var(), n * table.mean().var()
    noise = between / found["f"]
    if between > noise and raters > noise:  # analysis of variance would give negative variances
        expected = {"unit": (between - noise) / k, "rater": (raters - noise) / n, "noise": noise}
        assert made.variances.to_dict() == pytest.approx(expected, rel=1e-4, abs=1e-6)
        share = made.variances["unit"] / made.variances.sum()
        assert share == pytest.approx(found["value"], abs=1e-5)
    # Everybody was scored by the same teams: nothing to mend, the order stays.
    assert_allclose(made.units["score"].rank(), made.units["raw"].rank())


@pytest.mark.parametrize("effects", ["random", "fixed"])
def test_names_order_unit_and_zero_do_not_matter(effects):
    _, _, y, unit, rater = teams(seed=5)
    made = rater_effects(y, unit, rater, effects=effects).units.sort_index()
    order = np.random.default_rng(0).permutation(len(y))
    names = np.array([f"村{n:02d}" for n in range(40)])
    other = rater_effects(1e3 * y[order] - 7e5, names[unit][order], rater[order], effects=effects)
    assert_allclose(other.units.sort_index()["score"], 1e3 * made["score"] - 7e5, rtol=1e-6)


def test_a_kind_that_does_not_differ_gets_no_variance():
    draw = np.random.default_rng(2)
    unit, rater = np.repeat(np.arange(60), 3), np.tile(np.arange(6), 30)
    rater = rater[draw.permutation(180)]
    made = rater_effects(80 + 3.0 * (rater == 2) + draw.normal(size=180), unit, rater)
    assert made.variances["unit"] == 0
    assert_allclose(made.units["score"], made.mean)
    assert (made.units["reliability"] == 0).all()
    assert (made.units["standard_error"] == 0).all()


def test_correction_finds_more_of_the_weak():
    """10,000 organisations, 3 of 60 teams each: quality N(80, 5²), leniency 2.5, noise 3."""
    truth, given_by, y, unit, rater = teams(seed=0, units=10_000, raters=60)
    made = rater_effects(y, unit, rater)
    units = made.units.sort_index()
    weak = np.argsort(truth)[:1000]
    precision = {
        name: np.isin(np.argsort(units[name].to_numpy())[:1000], weak).mean()
        for name in ("raw", "score")
    }
    assert precision["score"] > precision["raw"] + 0.03
    assert np.corrcoef(made.raters.sort_index()["leniency"], given_by)[0, 1] > 0.99
    z = (units["score"] - truth) / units["standard_error"]
    assert z.std() == pytest.approx(1, abs=0.03)


def test_groups_and_what_they_refuse():
    units = ["a", "a", "b", "b", "c", "c", "d", "d"]
    raters = ["甲", "乙", "甲", "乙", "丙", "丁", "丙", "丁"]
    found = linked_groups(units, raters)
    assert found["group"].to_dict() == {"甲": 1, "乙": 1, "丙": 2, "丁": 2}
    assert found["units"].tolist() == [2, 2, 2, 2]
    scores = [80, 82, 70, 75, 60, 61, 90, 94]
    told = (
        "raters must be linked by organisations they have in common for severity to be told from "
        "quality, got 2 groups without a link: ('甲', '乙'); ('丙', '丁'). Have anchor "
        "organisations scored by teams of different groups, or, where organisations were given to "
        'teams by lot, say assigned="random".'
    )
    assert refusal(rater_effects, scores, units, raters) == told
    assert refusal(rater_effects, scores, units, raters, effects="fixed", assigned="random") == told
    assert len(rater_effects(scores, units, raters, assigned="random").units) == 4
    # An anchor mends it.
    assert len(rater_effects([*scores, 77], [*units, "a"], [*raters, "丙"]).raters) == 4


def test_one_team_per_organisation_is_refused():
    """400 teams, each with organisations of its own: nothing is identified."""
    orgs = np.arange(1200)
    scores = np.random.default_rng(0).normal(80, 5, 1200)
    assert refusal(rater_effects, scores, orgs, orgs % 400) == (
        "some organisations must be scored more than once to tell severity from quality, got "
        "1,200 scores of as many organisations. Have anchor organisations scored by several teams."
    )
    twice = refusal(
        rater_effects,
        [*scores, *scores[::-1]],
        [*orgs, *orgs[::-1]],
        [*(orgs % 400), *(orgs[::-1] % 400)],
    )
    assert "got 400 groups without a link: (0); (1); (2) and 397 more." in twice


def test_refusals():
    scores, units, raters = [1.0, 2, 3, 5], ["a", "a", "b", "b"], ["x", "y", "x", "y"]
    assert refusal(rater_effects, scores, units, ["x"] * 4) == (
        "severity must be compared between at least 2 raters, got 'x' alone. "
        "Add the scores of others, or leave the scores as they are."
    )
    assert refusal(rater_effects, [1.0, np.nan, 3, 5], units, raters) == (
        "scores must have no missing values, got 1 NaN. Impute them first or leave them out."
    )
    assert refusal(rater_effects, scores, units, ["x", None, "x", "y"]) == (
        "every score must tell its rater, got 1 that do not. "
        "Complete them or leave these scores out."
    )
    assert refusal(rater_effects, scores, units[:3], raters) == (
        "units and raters must have the same length, got 3 and 4. Give one of each per score."
    )
    assert refusal(rater_effects, scores[:3], units, raters) == (
        "every score must have a unit and a rater, got 3 scores and 4 labels. "
        "Give one of each per score."
    )
    assert refusal(rater_effects, [7.0] * 4, units, raters) == (
        "scores must vary, got one single score. Leave them as they are."
    )
    assert refusal(rater_effects, scores, units, raters, confidence=[1, 1, 0, 1]) == (
        "confidence must be a positive number for every score, got 0. "
        "Leave scores out that nobody trusts."
    )
    assert refusal(rater_effects, [1.0, 2, 3, 4], units, raters) == (
        "random effects need scores that differ by chance too, got scores that organisation "
        'and rater explain without rest. Use effects="fixed".'
    )
    assert refusal(rater_effects, scores, units, raters, effects="mixed") == (
        "effects must be one of 'random', 'fixed', got 'mixed'. Did you mean 'fixed'?"
    )
    assert refusal(rater_effects, scores, units, raters, assigned="lot") == (
        "assigned must be one of 'any', 'random', got 'lot'. Give one of these words."
    )
    many = np.arange(10_001)
    several = np.r_[many, many], np.r_[many, np.roll(many, 1)]
    assert refusal(rater_effects, np.arange(20_002.0), *several) == (
        "organisations or raters must be at most 10,000 to solve for both, got 10,001 and 10,001. "
        "Solve region by region."
    )
