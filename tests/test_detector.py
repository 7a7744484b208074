"""What the detector must do in counties whose truth is known: find, cover, be calibrated, abstain.

The worlds and their sizes are those of ``benchmarks/detector.py``, which runs more of them.
"""

import numpy as np
import pandas as pd
import pytest

from servicepo.chances import chances
from servicepo.errors import MethodError
from servicepo.methods.detection import calibration_error, precision_at
from servicepo.methods.selection import select
from servicepo.synthetic.worlds import WORLDS, trial

N, LOWEST = 300, 30
RUNS = 12
NOISY = ["normal", "heavy", "weak_tenth", "weak_graded", "lenient"]


def detected(made, *, prior="npmle", noise=None, seed=0, draws=150):
    """Run the detector on one county as one class."""
    errors = np.hypot(made.errors, made.noise if noise is None else noise)
    table = pd.DataFrame({"group": "all", "score": made.scores})
    classes = pd.DataFrame({"n": [N], "named": [LOWEST], "note": [""]}, index=["all"])
    random = np.random.default_rng(seed)
    return chances(table, classes, errors, prior=prior, draws=draws, random=random)[0]


@pytest.fixture(scope="module")
def runs():
    """Return, by world, the counties and what the detector says of them."""
    found = {}
    for world in [*NOISY, "even"]:
        counties = [trial(world, N, seed=seed) for seed in range(RUNS)]
        found[world] = [(made, detected(made)) for made in counties]
    return found


@pytest.mark.parametrize("world", NOISY)
def test_probability_finds_a_tenth_more_of_the_weak_than_the_raw_score(runs, world):
    raw = [precision_at(made.lowest(), -made.scores, LOWEST) for made, _ in runs[world]]
    ours = [precision_at(made.lowest(), told["p_weak"], LOWEST) for made, told in runs[world]]
    assert np.mean(ours) - np.mean(raw) >= 0.10


@pytest.mark.parametrize("world", [*NOISY, "even"])
def test_rank_intervals_cover_nine_in_ten(runs, world):
    held = []
    for made, told in runs[world]:
        rank = (-made.truth).argsort().argsort() + 1
        held.append(((told["rank_low"] <= rank) & (rank <= told["rank_high"])).mean())
    assert 0.88 <= np.mean(held) <= 0.92


@pytest.mark.parametrize("world", [*NOISY, "even"])
def test_what_is_said_comes_true_as_often_as_it_is_said(runs, world):
    truth = np.concatenate([made.lowest() for made, _ in runs[world]])
    said = np.concatenate([told["p_weak"] for _, told in runs[world]])
    assert calibration_error(truth, said) <= 0.03


def test_where_nobody_is_weak_nobody_is_named():
    named = [
        select(detected(trial("none", N, seed=seed), draws=60)["p_weak"], fdr=0.2).chosen.sum()
        for seed in range(40)
    ]
    assert np.mean(np.array(named) == 0) >= 0.95


def test_verdicts_are_rarely_wrong(runs):
    wrong, told_apart = 0, 0
    for world in NOISY:
        for made, told in runs[world]:
            low = made.lowest()
            wrong += ((told["verdict"] == "below") & ~low).sum()
            wrong += ((told["verdict"] == "above") & low).sum()
            told_apart += (told["verdict"] != "unclear").sum()
    assert wrong / told_apart < 0.05


def test_where_surveys_are_alike_the_raw_score_does_as_well(runs):
    raw = [precision_at(made.lowest(), -made.scores, LOWEST) for made, _ in runs["even"]]
    ours = [precision_at(made.lowest(), told["p_weak"], LOWEST) for made, told in runs["even"]]
    assert np.mean(ours) == pytest.approx(np.mean(raw), abs=0.03)


def test_with_a_weak_group_the_normal_prior_is_worse(runs):
    gaps = {"npmle": [], "normal": []}
    for made, told in runs["weak_tenth"]:
        for prior, found in gaps.items():
            p = told["p_weak"] if prior == "npmle" else detected(made, prior=prior)["p_weak"]
            found += (p - made.lowest())[p > 0.5].tolist()
    assert abs(np.mean(gaps["npmle"])) < 0.5 * abs(np.mean(gaps["normal"]))


def test_without_the_noise_of_teams_one_is_too_sure():
    """Sampling errors alone leave out what teams add; the stated noise puts it back."""
    said = {0.0: [], None: []}
    truth = []
    for seed in range(3):
        made = trial("lenient", N, seed=seed)
        made = type(made)(
            made.truth, made.scores, made.errors / 3, np.hypot(made.noise, made.errors.mean())
        )
        truth.append(made.lowest())
        for noise, found in said.items():
            found.append(detected(made, noise=noise, prior="normal")["p_weak"])
    truth = np.concatenate(truth)
    sure = {k: np.concatenate(v) for k, v in said.items()}
    assert calibration_error(truth, sure[0.0]) > 2 * calibration_error(truth, sure[None])


def test_the_same_seed_makes_the_same_county_and_worlds_are_as_told():
    one, other = (trial("heavy", 50, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.scores, other.scores)
    for world in WORLDS:
        made = trial(world, 2000, seed=0)
        assert made.lowest().sum() == 200
        assert (made.errors > 0).all()
    assert np.ptp(trial("none", 50).truth) == 0
    assert np.ptp(trial("even", 50).errors) == 0
    graded = trial("weak_graded", 2000, seed=1).truth
    assert (graded < 74).mean() == pytest.approx(0.085, abs=0.02)


def test_worlds_that_are_not_there_are_refused():
    with pytest.raises(MethodError) as caught:
        trial("flat", 100)
    assert str(caught.value) == (
        "world must be one of normal, heavy, weak_tenth, weak_graded, lenient, even, none, got "
        "'flat'. Give one of these words."
    )
    with pytest.raises(MethodError) as caught:
        trial("normal", 5)
    assert str(caught.value) == "organisations must be at least 10, got 5. Ask for more."
