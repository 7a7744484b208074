"""Inequality: published and cross-checked examples, laws, slow formulas, refusals."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods import inequality

amounts = st.lists(st.floats(0.5, 100), min_size=2, max_size=12)


@pytest.fixture
def groups36(shared):
    folder = shared / "reference" / "methods" / "04_inequality"
    return {
        "frame": pd.read_csv(folder / "groups36.csv"),
        "expected": json.loads((folder / "groups36_expected.json").read_text(encoding="utf-8")),
        "gini": pd.read_csv(folder / "groups36_dagum_Gjh.csv", index_col=0),
    }


def test_dagum_groups36_as_dineq_and_pysal(groups36):
    frame, expected = groups36["frame"], groups36["expected"]["dagum"]
    made = inequality.dagum(frame["score"], frame["group"])
    assert made.total == pytest.approx(expected["G"], abs=1e-14)
    assert made.within == pytest.approx(expected["Gw"], abs=1e-14)
    assert made.between == pytest.approx(expected["Gnb"], abs=1e-14)
    assert made.transvariation == pytest.approx(expected["Gt"], abs=1e-14)
    assert_allclose(made.gini, groups36["gini"], atol=1e-14)
    assert made.groups["n"].to_dict() == {
        "community": 10,
        "enterprise": 8,
        "organ": 6,
        "village": 12,
    }
    assert made.groups.loc["village", "value_share"] == pytest.approx(0.2879213, abs=1e-7)
    text = "Dagum(G 0.07704 = within 0.0128 + between 0.06108 + transvariation 0.003172)"
    assert repr(made) == text


@pytest.mark.parametrize("alpha", [0, 1, 2])
def test_theil_groups36_as_dineq(groups36, alpha):
    """Theil T weighs inner parts by value shares (mathmodels' theil_g2_cross does not)."""
    frame, expected = groups36["frame"], groups36["expected"][f"GE{alpha}"]
    made = inequality.theil_decomposition(frame["score"], frame["group"], alpha=alpha)
    assert made.total == pytest.approx(expected["total"], abs=1e-13)
    assert made.within == pytest.approx(expected["within"], abs=1e-13)
    assert made.between == pytest.approx(expected["between"], abs=1e-13)
    assert made.groups["contribution"].sum() == pytest.approx(made.within)
    assert made.total == pytest.approx(inequality.theil(frame["score"], alpha=alpha), abs=1e-13)


def slow_dagum(x, groups):
    x, groups = np.asarray(x, dtype=float), np.asarray(groups)
    names, n, mean = sorted(set(groups)), len(x), np.mean(x)
    parts = {name: x[groups == name] for name in names}
    within = between = overlap = 0.0
    for j, one in enumerate(names):
        for h, other in enumerate(names[: j + 1]):
            a, b = parts[one], parts[other]
            gaps = a[:, None] - b[None, :]
            g = np.abs(gaps).mean() / (a.mean() + b.mean())
            p, q = len(a) / n, len(b) / n
            s, t = p * a.mean() / mean, q * b.mean() / mean
            if j == h:
                within += g * p * s
                continue
            if a.mean() < b.mean():
                gaps = -gaps
            d, r = np.maximum(gaps, 0).mean(), np.maximum(-gaps, 0).mean()
            distance = (d - r) / (d + r) if d + r else 0.0
            between += g * distance * (p * t + q * s)
            overlap += g * (1 - distance) * (p * t + q * s)
    return within, between, overlap


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.5, 100), st.sampled_from("abc")), min_size=2, max_size=15))
def test_dagum_the_slow_way_dagum1997(pairs):
    x, groups = zip(*pairs, strict=True)
    made = inequality.dagum(np.array(x), list(groups))
    assert_allclose(
        (made.within, made.between, made.transvariation), slow_dagum(x, groups), atol=1e-12
    )
    assert made.total == pytest.approx(inequality.gini(np.array(x)), abs=1e-12)
    assert (made.distance >= 0).all(axis=None)
    assert (made.distance <= 1 + 1e-12).all(axis=None)


@settings(max_examples=30, deadline=None)
@given(amounts, st.floats(0.1, 50))
def test_measures_ignore_the_unit_and_the_order(x, scale):
    x = np.array(x)
    for measure in (inequality.gini, inequality.theil, inequality.atkinson):
        made = measure(x)
        assert measure(x[::-1] * scale) == pytest.approx(made, abs=1e-10)
        assert -1e-12 <= made < 1 or measure is inequality.theil
    assert inequality.theil(x) <= np.log(len(x)) + 1e-12
    assert inequality.gini(x) <= 1 - 1 / len(x) + 1e-12


@settings(max_examples=30, deadline=None)
@given(amounts)
def test_a_gift_from_rich_to_poor_never_raises_inequality(x):
    x = np.array(x)
    rich, poor = x.argmax(), x.argmin()
    given_away = x.copy()
    given_away[rich] -= (x[rich] - x[poor]) / 4
    given_away[poor] += (x[rich] - x[poor]) / 4
    for measure in (
        inequality.gini,
        inequality.theil,
        inequality.atkinson,
        inequality.coefficient_of_variation,
    ):
        assert measure(given_away) <= measure(x) + 1e-12


@settings(max_examples=30, deadline=None)
@given(amounts)
def test_the_formulas_the_slow_way(x):
    x = np.array(x)
    r = x / x.mean()
    gaps = np.abs(x[:, None] - x[None, :])
    assert inequality.gini(x) == pytest.approx(gaps.mean() / (2 * x.mean()), abs=1e-12)
    assert inequality.theil(x) == pytest.approx(np.mean(r * np.log(r)), abs=1e-12)
    assert inequality.theil(x, alpha=0) == pytest.approx(-np.mean(np.log(r)), abs=1e-12)
    assert inequality.theil(x, alpha=2) == pytest.approx(
        inequality.coefficient_of_variation(x) ** 2 / 2, abs=1e-12
    )
    geometric = np.exp(np.mean(np.log(r)))
    assert inequality.atkinson(x, epsilon=1) == pytest.approx(1 - geometric, abs=1e-12)
    assert inequality.atkinson(x, epsilon=2) == pytest.approx(1 - 1 / np.mean(1 / r), abs=1e-12)


def test_zeros_count_where_the_measure_is_defined():
    assert inequality.theil([0.0, 2.0]) == pytest.approx(np.log(2))
    assert inequality.gini([0.0, 2.0]) == 0.5
    assert inequality.atkinson([0.0, 2.0], epsilon=1) == 1.0
    assert inequality.atkinson([0.0, 2.0]) == pytest.approx(0.5)


def test_equal_values_are_equal():
    made = inequality.dagum([3.0] * 6, list("aabbcc"))
    assert (made.total, made.within, made.between, made.transvariation) == (0, 0, 0, 0)
    assert made.distance.to_numpy().sum() == 0


def test_decomposition_of_one_group_is_all_within():
    made = inequality.theil_decomposition([1.0, 2.0, 5.0], ["a"] * 3)
    assert made.between == 0
    assert made.within == pytest.approx(inequality.theil([1.0, 2.0, 5.0]))
    assert repr(made) == "TheilDecomposition(alpha 1: total 0.1984, within 0.1984, between 0)"


def test_the_callers_series_is_left_alone():
    x = pd.Series([3.0, 1.0, 2.0])
    inequality.dagum(x, pd.Series(list("aab")))
    assert x.tolist() == [3.0, 1.0, 2.0]


@settings(max_examples=30, deadline=None)
@given(amounts)
def test_lorenz_bounds_the_gini_lorenz1905(x):
    curve = inequality.lorenz(np.array(x))
    share, value = curve["population_share"], curve["value_share"]
    assert (value <= share + 1e-12).all()
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == pytest.approx([1, 1])
    area = ((value + value.shift()) / 2 * share.diff()).sum()
    assert inequality.gini(np.array(x)) == pytest.approx(1 - 2 * area, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.5, 100), min_size=1, max_size=8))
def test_wolfson_is_between_less_within_the_two_halves_wolfson1994(x):
    x = np.sort(np.array(x * 2) + np.arange(2 * len(x)) / 7)  # an even number, so two halves
    halves = inequality.dagum(x, np.repeat([0, 1], len(x) // 2))
    made = inequality.wolfson(x)
    scale = 2 * x.mean() / np.median(x)
    assert made == pytest.approx(scale * (halves.between - halves.within), abs=1e-9)
    assert made >= 0


def test_two_camps_are_polarised_and_one_middle_is_not():
    assert inequality.wolfson([0.0, 0.0, 2.0, 2.0]) == pytest.approx(1)
    apart, together = [1.0] * 5 + [3.0] * 5, [1.0] + [2.0] * 8 + [3.0]
    assert inequality.wolfson(apart) > 5 * inequality.wolfson(together)
    spread = [1.0, 1.0, 2.0, 4.0, 5.0, 5.0]  # less unequal than before, more polarised
    camps = [1.3, 1.3, 1.3, 4.7, 4.7, 4.7]
    assert inequality.gini(camps) < inequality.gini(spread)
    assert inequality.wolfson(camps) > inequality.wolfson(spread)


def test_trap_inner_theil_weighted_by_population_is_not_the_whole(groups36):
    """A widely used R function weighs inner Theil by population and gets .27983 for .27882."""
    frame = groups36["frame"].assign(score=lambda f: (f["score"] - 50) ** 2 + 1)
    made = inequality.theil_decomposition(frame["score"], frame["group"])
    whole = inequality.theil(frame["score"])
    by_population = made.groups["population_share"] @ made.groups["inequality"]
    assert made.within + made.between == pytest.approx(whole, abs=1e-13)
    assert abs(by_population + made.between - whole) > 1e-3


@pytest.mark.parametrize("k", [1, 2, 40])
def test_dagum_of_many_groups_and_ties_the_slow_way(k):
    draw = np.random.default_rng(k)
    x, groups = draw.integers(0, 5, 300) + 1.0, draw.integers(0, k, 300)
    made = inequality.dagum(x, groups)
    expected = slow_dagum(x, groups)
    assert_allclose((made.within, made.between, made.transvariation), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: inequality.gini(pd.Series([1.0, -2.0], index=["甲村", "乙村"])),
            "x must be at least 0 for inequality measures, got -2 at the lowest "
            "(below 0: '乙村'). Use scores with a natural zero, such as 0..100.",
        ),
        (
            lambda: inequality.gini([0.0, 0.0]),
            "x must have a positive total, got 0 of 2 values. "
            "Leave the measure out where everybody has nothing.",
        ),
        (
            lambda: inequality.theil(pd.Series([0.0, 1.0], index=["甲村", "乙村"]), alpha=0),
            "x must be positive for Theil with alpha 0, got 0 for '甲村'. "
            "Use alpha=1, which allows zeros.",
        ),
        (
            lambda: inequality.atkinson([1.0, 2.0], epsilon=0),
            "epsilon must be above 0, got 0. Give 0.5 or 1.",
        ),
        (
            lambda: inequality.dagum([1.0, 2.0], ["a"]),
            "groups must name the group of each value, got 1 for 2 values. "
            "Give both the same order and index.",
        ),
        (
            lambda: inequality.dagum([1.0, 2.0], ["a", None]),
            "every value must have a group, got none for 1. "
            "Name the group or leave the values out.",
        ),
        (
            lambda: inequality.dagum([1.0, 0.0], ["a", "b"]),
            "every group must have a positive total, got 0 in 'b'. "
            "Leave the group out or merge it.",
        ),
        (
            lambda: inequality.wolfson([0.0, 0.0, 0.0, 1.0]),
            "x must have a median above 0 for polarisation, got 0. "
            "Leave the measure out where half of all have nothing.",
        ),
        (
            lambda: inequality.gini([1.0, np.nan]),
            "x must have no missing values, got 1 NaN. Impute them first or leave them out.",
        ),
    ],
)
def test_refusals_say_what_where_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
