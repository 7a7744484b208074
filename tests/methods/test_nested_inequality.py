"""Nested inequality: sums, slow formulas, intervals, change, refusals."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.inequality import theil, theil_decomposition
from servicepo.methods.nested_inequality import nested_theil, theil_change


def county(n=120, seed=0):
    draw = np.random.default_rng(seed)
    levels = pd.DataFrame(
        {"township": draw.choice(list("东西南"), n), "domain": draw.choice(list("roe"), n)},
        index=[f"o{i}" for i in range(n)],
    )
    shift = levels["domain"].map({"r": 0.0, "o": 10.0, "e": 5.0})
    return pd.Series(draw.uniform(40, 90, n), levels.index) + shift, levels


@pytest.mark.parametrize("alpha", [0, 1, 2, -1])
def test_one_level_is_the_plain_decomposition_of_groups36(shared, alpha):
    frame = pd.read_csv(shared / "reference" / "methods" / "04_inequality" / "groups36.csv")
    made = nested_theil(frame["score"], frame[["group"]], alpha=alpha)
    plain = theil_decomposition(frame["score"], frame["group"], alpha=alpha)
    expected = [plain.between, plain.within, plain.total]
    assert_allclose(made.parts["value"], expected, rtol=1e-12)
    assert_allclose(made.groups["contribution"], plain.groups["contribution"], rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(1, 100), st.sampled_from("ab"), st.sampled_from("xyz")),
        min_size=2,
        max_size=25,
    ),
    st.sampled_from([0.0, 1.0, 2.0]),
)
def test_the_parts_the_slow_way_akita2003(rows, alpha):
    x, regions, domains = (np.array(side) for side in zip(*rows, strict=True))
    made = nested_theil(x, pd.DataFrame({"region": regions, "domain": domains}), alpha=alpha)
    inner = inside = 0.0
    for region in np.unique(regions):
        own = x[regions == region]
        weight = len(own) / len(x) * (own.mean() / x.mean()) ** alpha
        split = theil_decomposition(own, domains[regions == region], alpha=alpha)
        inner += weight * split.between
        inside += weight * split.within
    outer = theil_decomposition(x, regions, alpha=alpha).between
    assert_allclose(made.parts["value"], [outer, inner, inside, theil(x, alpha=alpha)], atol=1e-12)


def test_by_chance_is_the_mean_share_of_groups_drawn_by_lot():
    x, levels = county(40)
    draw = np.random.default_rng(1)
    shares = []
    for _ in range(80):
        shuffled = levels.set_axis(draw.permutation(levels.index)).loc[levels.index]
        shares.append(nested_theil(x, shuffled, alpha=2).parts["share"])
    made = nested_theil(x, levels, alpha=2).parts
    assert_allclose(np.mean(shares, axis=0)[:3], made["by_chance"][:3], atol=0.03)


def test_intervals_hold_the_figure_and_follow_the_seed():
    x, levels = county()
    first, again = (nested_theil(x, levels, draws=300, seed=3).parts for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert (first["low"] < first["high"]).all()
    assert (first["low"][["township", "domain"]] >= 0).all()
    assert first.loc["total", "low"] < first.loc["total", "value"] < first.loc["total", "high"]
    assert first.loc["total", ["share_low", "share_high"]].tolist() == [1, 1]
    narrow = nested_theil(x, levels, draws=300, seed=3, confidence=0.5).parts
    assert ((narrow["high"] - narrow["low"]) < (first["high"] - first["low"])).all()
    assert nested_theil(x, levels).parts[["low", "share_high"]].isna().all(axis=None)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    draw = np.random.default_rng(0)
    domains = np.repeat(list("abc"), [40, 50, 40])
    centre = pd.Series(domains).map({"a": 60.0, "b": 70.0, "c": 75.0}).to_numpy()
    levels = pd.DataFrame({"domain": domains})
    means = np.array([60.0, 70.0, 75.0])
    share = np.array([4, 5, 4]) / 13
    between = share @ (means - share @ means) ** 2
    truth = between / (between + 64)  # of GE(2), which is half the squared variation
    hits = 0
    for _ in range(120):
        ends = nested_theil(draw.normal(centre, 8), levels, alpha=2, draws=199, seed=draw).parts
        hits += ends.loc["domain", "share_low"] <= truth <= ends.loc["domain", "share_high"]
    assert 0.88 <= hits / 120 <= 1


def test_a_group_of_one_is_told_by_name_where_intervals_are_asked_for():
    x, levels = county(200)
    levels.loc["o0"] = ["北", "r"]
    message = (
        "Groups should hold at least 2 organisations to be drawn from, got 1 in '北 r'; the "
        "intervals are too narrow. Merge small groups."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        nested_theil(x, levels, draws=10, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nested_theil(x, levels).groups.loc[("北", "r"), "inequality"] == 0


def test_all_equal_is_no_inequality_and_one_group_is_all_within():
    levels = pd.DataFrame({"a": list("ppqq")})
    assert (nested_theil([3.0] * 4, levels).parts["value"] == 0).all()
    made = nested_theil([1.0, 2.0, 3.0], pd.DataFrame({"a": list("ppp")}))
    assert made.parts.loc["a", ["value", "by_chance"]].tolist() == [0, 0]
    assert repr(made) == "NestedTheil(alpha 1: total 0.08721; a 0.0%, within 100.0%, total 100.0%)"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 99), st.floats(1, 99)), min_size=6, max_size=12))
def test_changes_add_up(pairs):
    first, last = (np.array(side) for side in zip(*pairs, strict=True))
    groups = np.resize(list("aab"), len(pairs))
    sides = [theil_decomposition(x, groups) for x in (first, last)]
    made = theil_change(*sides)["change"]
    assert made["inequality"] + made["weights"] == pytest.approx(made["within"], abs=1e-12)
    assert made["between"] + made["within"] == pytest.approx(made["total"], abs=1e-12)
    assert made["total"] == pytest.approx(theil(last) - theil(first), abs=1e-12)


def test_the_callers_frames_are_left_alone():
    x, levels = county(200)
    before = x.copy(), levels.copy()
    nested_theil(x, levels, draws=2, seed=0)
    pd.testing.assert_series_equal(x, before[0])
    pd.testing.assert_frame_equal(levels, before[1])


LEVELS = pd.DataFrame({"a": ["p", "q"]}, index=["甲村", "乙村"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nested_theil([1.0, 2.0], LEVELS[[]]),
            "levels must have at least 1 column, got 0. Give the groups' names.",
        ),
        (
            lambda: nested_theil([1.0, 2.0, 3.0], LEVELS),
            "levels must name the groups of each value, got 2 rows for 3 values. "
            "Give both the same order and index.",
        ),
        (
            lambda: nested_theil([1.0, 2.0], LEVELS.assign(b=["r", None])),
            "every value must have a group on every level, got none for '乙村'. "
            "Name the group or leave the values out.",
        ),
        (
            lambda: nested_theil(pd.Series([0.0, 2.0], LEVELS.index), LEVELS, alpha=0),
            "x must be positive for Theil with alpha 0, got 0 for '甲村'. "
            "Use alpha=1, which allows zeros.",
        ),
        (
            lambda: nested_theil([1.0, 2.0], LEVELS, draws=-1),
            "draws must be at least 1, got -1. Give 1000 or more.",
        ),
        (
            lambda: theil_change(
                theil_decomposition([1.0, 2.0], ["a", "b"]),
                theil_decomposition([1.0, 2.0], ["a", "c"]),
            ),
            "both times must have the same groups, got only one of them with 'b', 'c'. "
            "Leave these groups out or merge them.",
        ),
        (
            lambda: theil_change(
                theil_decomposition([1.0, 2.0], ["a", "b"]),
                theil_decomposition([1.0, 2.0], ["a", "b"], alpha=0),
            ),
            "both times must be measured alike, got alpha 1 and 0. Give both the same alpha.",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Groups should hold")
def test_refusals_say_what_where_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
