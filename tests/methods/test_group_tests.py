"""Rank tests between groups: cross-checked examples, scipy, laws, refusals."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods import group_tests


@pytest.fixture
def groups36(shared):
    folder = shared / "reference" / "methods" / "04_inequality"
    expected = json.loads((folder / "groups36_kruskal_dunn.json").read_text(encoding="utf-8"))
    return pd.read_csv(folder / "groups36.csv"), expected


def test_kruskal_wallis_groups36(groups36):
    frame, expected = groups36
    made = group_tests.kruskal_wallis(frame["score"], frame["group"])
    assert made.statistic == pytest.approx(expected["H"], abs=1e-10)
    assert made.p_value == pytest.approx(expected["p"], rel=1e-9)
    assert made.epsilon_squared == pytest.approx(expected["eps2"], abs=1e-12)
    assert made.eta_squared == pytest.approx(expected["eta2H"], abs=1e-12)
    assert made.degrees_of_freedom == 3


def test_dunn_groups36(groups36):
    frame, expected = groups36
    made = group_tests.dunn(frame["score"], frame["group"])
    found = {f"{row.group}|{row.other}": row.z for row in made.itertuples()}
    assert found == pytest.approx(expected["dunn"], abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abc")), min_size=5, max_size=25))
def test_kruskal_wallis_as_scipy_with_ties(pairs):
    x, groups = (np.array(side) for side in zip(*pairs, strict=True))
    if len(set(groups)) < 2 or len(set(x)) < 2:
        return
    oracle = stats.kruskal(*[x[groups == name] for name in sorted(set(groups))])
    made = group_tests.kruskal_wallis(x, groups)
    assert made.statistic == pytest.approx(oracle.statistic, abs=1e-9)
    assert made.p_value == pytest.approx(oracle.pvalue, abs=1e-9)
    assert -1e-12 <= made.epsilon_squared <= 1 + 1e-12


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=9),
    st.lists(st.integers(0, 5), min_size=1, max_size=9),
)
def test_cliffs_delta_the_slow_way(x, y):
    signs = np.sign(np.subtract.outer(x, y))
    assert group_tests.cliffs_delta(x, y) == pytest.approx(signs.mean())
    assert group_tests.cliffs_delta(y, x) == pytest.approx(-signs.mean())


def test_two_groups_give_one_dunn_comparison_that_is_kruskal_wallis():
    x, groups = [1.0, 5.0, 2.0, 8.0, 9.0], list("aabbb")
    z = group_tests.dunn(x, groups)["z"].iloc[0]
    assert z**2 == pytest.approx(group_tests.kruskal_wallis(x, groups).statistic)


def test_dunn_and_holm_as_scikit_posthocs():
    posthocs = pytest.importorskip("scikit_posthocs")
    draw = np.random.default_rng(5)
    frame = pd.DataFrame({"g": draw.choice(list("abcd"), 60), "x": draw.integers(0, 12, 60)})
    oracle = posthocs.posthoc_dunn(frame, val_col="x", group_col="g", p_adjust="holm")
    for row in group_tests.dunn(frame["x"], frame["g"]).itertuples():
        assert row.p_holm == pytest.approx(oracle.loc[row.group, row.other])


@pytest.mark.parametrize("of", ["ranks", "means"])
def test_permutation_of_two_small_groups_is_the_whole_count(of):
    """Of the 126 ways to deal 4 of 9 values out, scipy counts every one."""
    x = np.array([3.0, 5, 8, 9, 11, 2, 4, 6, 1])
    groups = np.array(list("aaaaabbbb"))
    values = stats.rankdata(x) if of == "ranks" else x
    exact = stats.permutation_test(
        (values[:5], values[5:]),
        lambda a, b, axis: np.abs(a.mean(axis=axis) - b.mean(axis=axis)),
        vectorized=True,
        alternative="greater",
        n_resamples=np.inf,
    ).pvalue
    made = group_tests.permutation_test(x, groups, of=of, draws=20_000, seed=0)
    assert made == pytest.approx(exact, abs=0.01)
    assert made == group_tests.permutation_test(x, groups, of=of, draws=20_000, seed=0)


def test_permutation_agrees_with_the_approximation_for_large_groups(groups36):
    draw = np.random.default_rng(6)
    x, groups = draw.normal(0, 1, 300), draw.choice(list("abc"), 300)
    approximate = group_tests.kruskal_wallis(x, groups).p_value
    assert group_tests.permutation_test(x, groups, seed=0) == pytest.approx(approximate, abs=0.02)
    frame, _ = groups36
    least = group_tests.permutation_test(frame["score"], frame["group"], draws=999, seed=0)
    assert least == 1 / 1000


def test_permutation_is_right_when_nothing_differs():
    draw = np.random.default_rng(7)
    p = [
        group_tests.permutation_test(draw.normal(size=9), list("aabbbcccc"), draws=99, seed=draw)
        for _ in range(400)
    ]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.045)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_the_plain_and_bonferroni(p):
    p = np.array(p)
    made = group_tests.holm(p)
    assert (made >= p - 1e-15).all()
    assert (made <= np.minimum(1, p * len(p)) + 1e-15).all()
    assert made[p.argmin()] == pytest.approx(min(1, p.min() * len(p)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: group_tests.kruskal_wallis([1.0, 2.0], ["a", "a"]),
            "groups must be at least 2 to be compared, got 'a'. Choose a column with more classes.",
        ),
        (
            lambda: group_tests.kruskal_wallis([1.0, 1.0], ["a", "b"]),
            "x must vary to be compared, got 1 everywhere. Report that the groups are equal.",
        ),
        (
            lambda: group_tests.permutation_test([1.0, 2.0], ["a", "b"], of="median"),
            "of must be one of 'ranks', 'means', got 'median'. Did you mean 'means'?",
        ),
        (
            lambda: group_tests.permutation_test([1.0, 2.0], ["a", "b"], draws=0),
            "draws must be at least 1, got 0. Give 9999.",
        ),
        (
            lambda: group_tests.dunn([1.0, 2.0], ["a", None]),
            "every value must have a group, got 1 groups for 2 values. "
            "Name the group or leave the values out.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
