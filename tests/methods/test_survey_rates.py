"""Surveys by design: a published stratified sample, simulated truth, laws, the slow way."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods.intervals import agresti_coull_interval, wilson_interval
from servicepo.methods.normalisation import vote_score
from servicepo.methods.survey_rates import pool_strata


def test_stratified_mean_lohr2010_agstrat():
    """Acres of farms by census region: example 3.2 prints 909,736,035 acres, SE 50,417,248."""
    strata = pd.DataFrame(
        {
            "score": [97_629.81, 300_504.16, 211_315.04, 662_295.51],
            "n": [21, 103, 135, 41],
            "variance": [7_647_472_708, 29_618_183_543, 53_587_487_856, 396_185_950_266],
            "population": [220, 1054, 1382, 422],
        },
        index=["Northeast", "North Central", "South", "West"],
    )
    strata["standard_error"] = np.sqrt(strata["variance"] / strata["n"])
    found = pool_strata(strata, scale=(0, 1e7)).loc["all"]
    assert found["score"] * 3078 == pytest.approx(909_736_035, rel=1e-7)
    assert found["standard_error"] * 3078 == pytest.approx(50_417_248, rel=1e-6)
    assert found["coverage"] == 1


def frame(*rows, names=("甲",)):
    """Make strata from (group, stratum, score, n, standard error, population, issued)."""
    columns = ["org", "stratum", "score", "n", "standard_error", "population", "issued"]
    return pd.DataFrame(list(rows), columns=columns).set_index(["org", "stratum"])


def votes(satisfied, dissatisfied, population, issued=np.nan):
    counts = pd.DataFrame({"满意": satisfied, "不满意": dissatisfied})
    made = vote_score(counts, {"满意": 1, "不满意": 0}, unknown="exclude")
    return made.assign(population=population, issued=issued)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.integers(1, 30))
def test_one_large_stratum_of_yes_and_no_is_a_simple_sample(yes, more):
    n = yes + more
    strata = votes([yes], [more], [1.0])
    found = pool_strata(strata, finite=False).loc["all"]
    assert found["score"] == pytest.approx(yes / n)
    if n == 1:  # no error of its own
        assert np.isnan(found["effective_n"])
        return
    assert found["effective_n"] == pytest.approx(n)
    assert_allclose(found[["low", "high"]].astype(float), wilson_interval(yes, n), atol=1e-12)
    wide = pool_strata(strata, finite=False, interval="agresti_coull").loc["all"]
    assert_allclose(wide[["low", "high"]].astype(float), agresti_coull_interval(yes, n), atol=1e-12)
    normal = pool_strata(strata, finite=False, interval="normal").loc["all"]
    reach = 1.959964 * np.sqrt(yes * more / n**2 / (n - 1))
    expected = np.clip([yes / n - reach, yes / n + reach], 0, 1)
    assert_allclose(normal[["low", "high"]].astype(float), expected, atol=1e-6)


def test_everything_slowly_for_many_groups():
    rng = np.random.default_rng(2)
    rows = []
    for org in range(40):
        for stratum in range(3):
            population = int(rng.integers(40, 400))
            issued = int(rng.integers(20, 40))
            n = int(rng.integers(5, 20))
            yes = int(rng.integers(1, n))
            error = np.sqrt(yes * (n - yes) / n**2 / (n - 1))
            rows.append((f"村{org:02d}", stratum, yes / n, n, error, population, issued))
    strata = frame(*rows)
    before = strata.copy()
    shuffled = strata.sample(frac=1, random_state=1)
    found = pool_strata(shuffled)
    pd.testing.assert_frame_equal(strata, before)
    for org, own in strata.groupby(level="org"):
        total = own["population"].sum()
        mean = variance = response = low = 0.0
        for row in own.itertuples():
            weight = row.population / total
            mean += weight * row.score
            variance += weight**2 * (1 - row.n / row.population) * row.standard_error**2
            response += weight * row.n / row.issued
            low += weight * row.n / row.issued * row.score
        mine = found.loc[org]
        assert mine["score"] == pytest.approx(mean)
        assert mine["standard_error"] == pytest.approx(np.sqrt(variance))
        assert mine["response"] == pytest.approx(response)
        assert mine["worst"] == pytest.approx(low)
        assert mine["best"] == pytest.approx(low + 1 - response)
        assert mine["worst"] <= mine["score"] <= mine["best"]
        assert 0 <= mine["low"] < mine["score"] < mine["high"] <= 1


def test_the_sampled_share_of_strata_is_set_right():
    """Members are asked ten times as often as the masses: the plain mean flatters."""
    rng = np.random.default_rng(7)
    truth = 0.1 * 0.95 + 0.9 * 0.6
    yes = np.column_stack([rng.binomial(50, 0.95, 2000), rng.binomial(50, 0.6, 2000)])
    strata = votes(yes.ravel(), 50 - yes.ravel(), np.tile([100.0, 900.0], 2000))
    strata.index = pd.MultiIndex.from_product([range(2000), ["党员", "群众"]])
    found = pool_strata(strata, finite=False)
    assert yes.mean() / 50 == pytest.approx(0.775, abs=0.005)
    assert found["score"].mean() == pytest.approx(truth, abs=0.003)
    assert found["standard_error"].mean() == pytest.approx(found["score"].std(), rel=0.05)
    inside = (found["low"] <= truth) & (found["high"] >= truth)
    assert inside.mean() == pytest.approx(0.95, abs=0.015)


def test_few_people_left_unasked_leave_little_doubt():
    few = pool_strata(votes([30], [10], [50.0])).loc["all"]
    many = pool_strata(votes([30], [10], [5000.0])).loc["all"]
    everybody = pool_strata(votes([30], [10], [40.0])).loc["all"]
    assert few["standard_error"] == pytest.approx(many["standard_error"] * np.sqrt(0.2 / 0.992))
    assert everybody["standard_error"] == 0
    assert everybody["low"] == everybody["score"] == everybody["high"] == 0.75
    assert np.isinf(everybody["effective_n"])
    assert few["high"] - few["low"] < many["high"] - many["low"]


def test_agreement_of_all_is_no_certainty():
    found = pool_strata(votes([12, 8], [0, 0], [100.0, 100.0]), finite=False).loc["all"]
    assert found["score"] == 1
    assert found["effective_n"] == pytest.approx(1 / (0.25 / 12 + 0.25 / 8))
    assert found["low"] < 0.85
    assert found["high"] == 1


def test_a_stratum_without_answers_is_told():
    strata = frame(
        ("甲", "一组", 0.8, 10, 0.13, 100, 20), ("甲", "二组", np.nan, 0, np.nan, 300, 20),
        ("乙", "一组", np.nan, 0, np.nan, 300, 20),
    )  # fmt: skip
    found = pool_strata(strata)
    assert found.loc["甲", ["score", "coverage", "response"]].tolist() == [0.8, 0.25, 0.5]
    assert found.loc["乙"].drop(["n", "coverage"]).isna().all()
    assert found.loc["乙", ["n", "coverage"]].tolist() == [0, 0]


def test_a_single_answer_has_no_error():
    strata = frame(("甲", "一组", 1.0, 1, np.nan, 100, 4), ("甲", "二组", 0.5, 4, 0.29, 100, 4))
    found = pool_strata(strata).loc["甲"]
    assert found["score"] == 0.75
    assert np.isnan(found["standard_error"])
    assert np.isnan(found["low"])


@settings(max_examples=30, deadline=None)
@given(st.floats(-50, 50), st.floats(0.1, 100))
def test_another_scale_moves_everything_along(shift, times):
    strata = votes([7, 3], [3, 5], [100.0, 300.0], 20.0)
    plain = pool_strata(strata).loc["all"]
    moved = strata.assign(
        score=shift + times * strata["score"], standard_error=times * strata["standard_error"]
    )
    found = pool_strata(moved, scale=(shift, shift + times)).loc["all"]
    for name in ("score", "low", "high", "worst", "best"):
        assert found[name] == pytest.approx(shift + times * plain[name], abs=1e-9)
    assert found["effective_n"] == pytest.approx(plain["effective_n"])


@pytest.mark.parametrize(
    ("change", "choices", "message"),
    [
        (
            lambda f: f.drop(columns="n"), {},
            "strata must have the columns score, n, standard_error, population, got no 'n'. "
            "Add it.",
        ),
        (
            lambda f: pd.concat([f, f]), {},
            "Every stratum must stand once, got ('甲', '一组') twice. Add its answers together "
            "first.",
        ),
        (
            lambda f: f.assign(population=[100, np.nan]), {},
            "Every stratum must have a population above 0, got one without. "
            "Give how many people it stands for.",
        ),
        (
            lambda f: f.assign(n=[10, -1]), {},
            "n must be at least 0, got a negative or missing number. Correct it.",
        ),
        (
            lambda f: f.assign(score=[80, 90]), {},
            "Scores must lie on the scale from 0 to 1, got 80. "
            "Give the scale that the votes were valued on.",
        ),
        (
            lambda f: f, {"scale": (1, 0)},
            "scale must run from the worst score to a better one, got (1, 0). "
            "Write the smaller number first.",
        ),
        (
            lambda f: f.assign(n=[101, 10]), {},
            "There must not be more answers than people, got 101 of 100. "
            "Correct the numbers of the stratum.",
        ),
        (
            lambda f: f.assign(n=[21, 10]), {"finite": False},
            "There must not be more answers than were asked, got 21 of 20. "
            "Correct the numbers of the stratum.",
        ),
        (
            lambda f: f, {"interval": "wison"},
            "interval must be one of 'wilson', 'agresti_coull', 'normal', got 'wison'. "
            "Did you mean 'wilson'?",
        ),
    ],
)  # fmt: skip
def test_refusals(change, choices, message):
    strata = frame(("甲", "一组", 0.8, 10, 0.1, 100, 20), ("甲", "二组", 0.7, 10, 0.1, 300, 20))
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        pool_strata(change(strata), **choices)
