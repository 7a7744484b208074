"""Cut-offs with quotas and bands, natural breaks, and the probability of a grade."""

import re
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from servicepo.errors import MethodError
from servicepo.methods.grades import (
    ROUNDINGS,
    award,
    grade_probabilities,
    natural_breaks,
    posterior_cut,
    repeat_probability,
)
from servicepo.methods.shrinkage import shrink

NAN, ANY = np.nan, -np.inf
FIFTHS = norm.ppf([0.2, 0.4, 0.6, 0.8])


# -- award ---------------------------------------------------------------------------------------
def slowly(scores, cuts, quotas, ceiling, previous, margin, rounding, ties):
    """Give grades one organisation at a time, as the rules read."""
    k = len(cuts) + 1
    left = [i for i, s in enumerate(scores) if not np.isnan(s)]
    grades = [-1 if np.isnan(s) else 0 for s in scores]
    n = len(left)
    for level in range(k - 1, 0, -1):

        def moved(i, level=level):
            if previous[i] < 0:
                return scores[i]
            return scores[i] + (margin if previous[i] >= level else -margin)

        line = [i for i in left if ceiling[i] >= level and moved(i) >= cuts[level - 1] - 1e-9]
        if not np.isnan(quotas[level]):
            places = ROUNDINGS[rounding](quotas[level] * n)
            above = {i: sum(moved(j) > moved(i) + 1e-9 for j in line) for i in line}
            equal = {i: sum(abs(moved(j) - moved(i)) <= 1e-9 for j in line) for i in line}
            place = {i: above[i] + (1 if ties == "up" else equal[i]) for i in line}
            line = [i for i in line if place[i] <= places]
        for i in line:
            grades[i] = level
            left.remove(i)
    return grades


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_award_is_what_the_rules_read_one_by_one(data):
    n, k = data.draw(st.integers(1, 12)), data.draw(st.integers(2, 5))
    scores = np.array(data.draw(st.lists(st.integers(0, 10), min_size=n, max_size=n)), dtype=float)
    scores[data.draw(st.lists(st.integers(0, n - 1), max_size=2))] = NAN
    cuts = sorted(data.draw(st.lists(st.integers(0, 10), min_size=k - 1, max_size=k - 1)))
    shares = st.sampled_from([NAN, 0.1, 0.25, 0.4])
    quotas = [NAN, *data.draw(st.lists(shares, min_size=k - 1, max_size=k - 1))]
    levels = st.lists(st.integers(-1, k - 1), min_size=n, max_size=n)
    previous = np.array(data.draw(levels))
    ceiling = np.maximum(np.array(data.draw(levels)), 0)
    margin = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    words = {
        "rounding": data.draw(st.sampled_from(list(ROUNDINGS))),
        "ties": data.draw(st.sampled_from(["up", "down"])),
    }
    made = award(
        scores, cuts, quotas=quotas, ceiling=ceiling, previous=previous, margin=margin, **words
    )
    assert made.grade.tolist() == slowly(
        scores, cuts, quotas, ceiling, previous, margin, *words.values()
    )


def test_classes_are_filled_apart():
    scores = np.array([9.0, 8, 7, 6, 5, 4, 3, 2])
    classes = np.array(list("ababbbbb"))
    made = award(scores, [ANY], quotas=[NAN, 0.25], classes=classes)
    assert made.grade.tolist() == [1, 1, 0, 1, 0, 0, 0, 0]
    assert made.places[["class", "n", "quota", "places", "given"]].to_numpy().tolist() == [
        ["a", 2, 0.5, 1, 1],
        ["b", 6, 1.5, 2, 2],
    ]
    alone = [award(scores[classes == c], [ANY], quotas=[NAN, 0.25]).grade for c in "ab"]
    np.testing.assert_array_equal(made.grade[classes == "a"], alone[0])
    np.testing.assert_array_equal(made.grade[classes == "b"], alone[1])


@pytest.mark.parametrize(("rounding", "places"), [("nearest", 1), ("floor", 0), ("ceil", 1)])
def test_a_tenth_of_a_small_town_is_six_tenths_of_a_village(rounding, places):
    made = award([9.0, 8, 7, 6, 5, 4], [ANY], quotas=[NAN, 0.1], rounding=rounding)
    assert made.places[["quota", "places"]].to_numpy().tolist() == [[pytest.approx(0.6), places]]
    assert made.grade.tolist() == [places, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(("ties", "given_"), [("up", 3), ("down", 1)])
def test_equals_on_the_last_place_are_never_torn_apart(ties, given_):
    made = award([9.0, 8, 8, 7, 6], [ANY], quotas=[NAN, 0.4], ties=ties)
    assert made.places[["places", "given", "tied"]].to_numpy().tolist() == [[2, given_, 2]]
    assert made.grade.tolist() == [int(i < given_) for i in range(5)]


def test_a_place_somebody_may_not_take_goes_to_the_next():
    made = award([95.0, 94, 93, 50], [ANY], quotas=[NAN, 0.25], ceiling=[0, 1, 1, 1])
    assert made.grade.tolist() == [0, 1, 0, 0]
    assert made.queue[:, 1].tolist()[1:] == [1, 2, 3]
    assert np.isnan(made.queue[0, 1])


def test_the_arrays_of_the_caller_are_left_alone():
    scores, cuts = np.array([1.0, 2, 3]), np.array([1.5, 2.5])
    ceiling, previous = np.array([2, 1, 1]), np.array([0, 1, 2])
    before = [a.copy() for a in (scores, cuts, ceiling, previous)]
    award(scores, cuts, quotas=[NAN, NAN, 0.5], ceiling=ceiling, previous=previous, margin=0.1)
    for old, now in zip(before, (scores, cuts, ceiling, previous), strict=True):
        np.testing.assert_array_equal(old, now)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: award([1.0], [2, 1]),
            "cuts must rise, got [2. 1.]. Start with the least score of the second lowest grade.",
        ),
        (
            lambda: award([1.0, 2.0], [[1.0]]),
            "cuts must be one row of numbers, or one for each of 2 scores, got the shape (1, 1). "
            "Give the least score of each grade but the lowest.",
        ),
        (
            lambda: award([1.0], [1, 2], quotas=[NAN, 0.1]),
            "quotas must be one for each of 3 grades, got 2. Give NaN for a grade without a quota.",
        ),
        (
            lambda: award([1.0], [1], quotas=[0.5, 0.1]),
            "quotas must lie on 0..1, and the lowest grade takes the rest, got [0.5, 0.1]. "
            "Give 0.1 for a tenth, and NaN for the lowest grade.",
        ),
        (
            lambda: award([1.0], [1], ties="both"),
            "ties must be one of 'up', 'down', got 'both'. Give one of these words.",
        ),
        (
            lambda: award([1.0], [1], rounding="cel"),
            "rounding must be one of 'floor', 'nearest', 'ceil', got 'cel'. Did you mean 'ceil'?",
        ),
    ],
)
def test_award_refuses(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()


# -- natural breaks ------------------------------------------------------------------------------
def test_natural_breaks_calhoun_county_mapclassify(shared):
    """mapclassify's example, Calhoun County 58: FisherJenks with 5 classes."""
    path = shared / "reference" / "methods" / "03_grading" / "mapclassify_calhoun58.csv"
    made = natural_breaks(pd.read_csv(path)["emp_per_km2"], 5)
    assert made.high.tolist() == [75.29, 192.05, 370.5, 722.85, 4111.45]
    assert made.count.tolist() == [49, 3, 4, 1, 1]


def squares(values):
    mean = Fraction(sum(values), len(values))
    return sum((v - mean) ** 2 for v in values)


def exactly(values, k):
    """Try every way to cut sorted whole numbers, in fractions."""
    values = sorted(values)
    ends = range(1, len(values))
    return min(
        sum(squares(values[a:b]) for a, b in zip((0, *cut), (*cut, len(values)), strict=True))
        for cut in combinations(ends, k - 1)
        if all(values[c - 1] < values[c] for c in cut)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=5, max_size=10), st.integers(2, 4))
def test_natural_breaks_are_the_best_of_all(values, k):
    if len(set(values)) < k:
        return
    made = natural_breaks(values, k)
    own = np.searchsorted(made.cuts, values)
    found = sum(squares([v for v, g in zip(values, own, strict=True) if g == c]) for c in range(k))
    assert found == exactly(values, k)
    assert np.bincount(own, minlength=k).tolist() == made.count.tolist()


def test_natural_breaks_do_not_lose_digits_as_float32_sums_do():
    """Four heaps around a million, half a point apart: single precision keeps few of the digits."""
    heaps = 1e6 + np.array([0.0, 0.5, 1.0, 1.5])
    values = (heaps[:, None] + np.linspace(0, 0.1, 1000)).ravel()
    made = natural_breaks(values, 4)
    assert made.count.tolist() == [1000] * 4
    np.testing.assert_allclose(made.cuts, [1e6 + 0.3, 1e6 + 0.8, 1e6 + 1.3])
    single = values.astype(np.float32)
    assert len(np.unique(single)) < len(values) / 100


def test_natural_breaks_are_those_of_kmeans1d():
    kmeans = pytest.importorskip("kmeans1d")
    draw = np.random.default_rng(0)
    for k in (2, 3, 4, 6):
        values = draw.gamma(2, 10, 3000).round(2)
        made = natural_breaks(values, k)
        label, _ = kmeans.cluster(values, k)
        np.testing.assert_array_equal(np.searchsorted(made.cuts, values), label)


def test_natural_breaks_need_enough_values():
    message = (
        "natural breaks into 4 classes need as many distinct values, got 3. "
        "Ask for fewer classes or use cut-offs."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        natural_breaks([1.0, 1, 2, 3, NAN], 4)
    with pytest.raises(MethodError, match="classes must be at least 2, got 1"):
        natural_breaks([1.0, 2], 1)


# -- how sure ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def world():
    """Return true scores and two measurements with reliability .8 and nothing changed."""
    draw = np.random.default_rng(1)
    n = 40_000
    truth = draw.normal(0, 0.8**0.5, n)
    noise = np.full(n, 0.2**0.5)
    first, second = (truth + noise * draw.normal(size=n) for _ in range(2))
    return truth, noise, first, second


def test_chance_alone_changes_half_of_all_fifths_and_a_band_halves_it(world):
    """Reliability .8 and no change: 53 % change their fifth; a band of 0.7 SE leaves 28 %."""
    _, noise, first, second = world
    before = award(first, FIFTHS).grade
    plain = award(second, FIFTHS).grade
    banded = award(second, FIFTHS, previous=before, margin=0.7 * noise).grade
    assert (plain != before).mean() == pytest.approx(0.53, abs=0.01)
    assert (banded != before).mean() == pytest.approx(0.284, abs=0.01)
    quotas, nothing = [NAN, 0.2, 0.2, 0.2, 0.2], [ANY] * 4
    before = award(first, nothing, quotas=quotas).grade
    banded = award(second, nothing, quotas=quotas, previous=before, margin=0.7 * noise)
    assert (banded.grade != before).mean() == pytest.approx(0.284, abs=0.01)
    tenth = norm.ppf([0.1])
    left = award(second, tenth).grade[award(first, tenth).grade == 0]
    assert left.mean() == pytest.approx(0.44, abs=0.02)


@pytest.mark.parametrize("band", [0.0, 0.7])
def test_expected_churn_is_what_a_second_measurement_shows(world, band):
    _, noise, first, second = world
    before = award(first, FIFTHS).grade
    after = award(second, FIFTHS, previous=before, margin=band * noise).grade
    made = shrink(first, noise)
    same = repeat_probability(made.mean, made.sd, noise, before, FIFTHS, margin=band * noise)
    assert 1 - same.mean() == pytest.approx((after != before).mean(), abs=0.005)
    sure = same > 0.8
    assert same[sure].mean() == pytest.approx((after == before)[sure].mean(), abs=0.01)


def test_probabilities_of_grades_come_true(world):
    truth, noise, first, _ = world
    made = shrink(first, noise)
    p = grade_probabilities(made.mean, made.sd, FIFTHS)
    really = award(truth, FIFTHS).grade
    np.testing.assert_allclose(p.sum(axis=1), 1)
    for level in range(5):
        own = p[:, level]
        for low in np.arange(0, 0.9, 0.2):
            some = (own >= low) & (own < low + 0.2)
            if some.sum() > 300:
                gap = own[some].mean() - (really[some] == level).mean()
                assert abs(gap) < 4 * np.sqrt(0.25 / some.sum()) + 0.01


def test_a_ceiling_takes_what_lies_above_it():
    p = grade_probabilities([80.0, 80.0], [5.0, 5.0], [60, 75], ceiling=np.array([1, 2]))
    assert p[0].tolist() == pytest.approx([p[1, 0], p[1, 1] + p[1, 2], 0])
    same = repeat_probability([80.0], [0.0], [5.0], np.array([1]), [60, 75], ceiling=np.array([1]))
    assert same[0] == pytest.approx(norm.cdf(4))


def test_without_noise_the_mean_decides_and_without_knowledge_nothing():
    p = grade_probabilities([75.0, 74.9, NAN], [0.0, 0.0, 1.0], [75])
    assert p[:2].tolist() == [[0, 1], [1, 0]]
    assert np.isnan(p[2]).all()
    assert np.isnan(repeat_probability([1.0], [1.0], [NAN], np.array([0]), [2.0])).all()


def test_the_cut_of_a_share_of_true_scores():
    draw = np.random.default_rng(3)
    mean, sd = draw.normal(70, 5, 300), draw.uniform(1, 4, 300)
    cut = posterior_cut(mean, sd, 0.2)
    assert norm.cdf((cut - mean) / sd).mean() == pytest.approx(0.2)
    assert posterior_cut(mean, sd, 0.0) == -np.inf
    assert posterior_cut(mean, sd, 1.0) == np.inf
