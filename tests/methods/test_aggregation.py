from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicepo.errors import MethodError
from servicepo.methods.aggregation import (
    AGGREGATIONS,
    adjusted_mazziotta_pareto,
    aggregate,
    arithmetic,
    geometric,
    harmonic,
    mazziotta_pareto,
    mean_min,
    median,
    minimum,
    owa,
    power,
    veto,
    wroclaw,
)
from servicepo.methods.normalisation import fit_scale

COUNTRY_BY_COUNTRY = (
    "arithmetic",
    "geometric",
    "harmonic",
    "power",
    "minimum",
    "median",
    "owa",
    "mean_min",
    "adjusted_mazziotta_pareto",
)
scores = arrays(
    float,
    st.tuples(st.integers(3, 8), st.integers(2, 5)),
    elements=st.integers(1, 1000).map(lambda k: k / 10),
)


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def even(m):
    return np.full(m, 1 / m)


def uneven(m):
    w = np.arange(1.0, m + 1)
    return w / w.sum()


# -- published ---------------------------------------------------------------------------------

BAP = np.array([0.11, 0.11, 0.11, 0.18, 0.10, 0.06, 0.15, 0.18])  # Table 22, p. 100


def test_equal_weights_rank_all_23_countries_oecd2008_table_23(tai, tai_goalposts):
    x = fit_scale(tai, "goalposts", bounds=tai_goalposts).apply(tai)
    published = [1, 2, 3, 4, 5, 6, 7, 9, 10, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    assert arithmetic(x, even(8)).rank(ascending=False).astype(int).tolist() == published


def test_budget_allocation_ranks_all_23_countries_oecd2008_table_23(tai, tai_goalposts):
    x = fit_scale(tai, "goalposts", bounds=tai_goalposts).apply(tai)
    published = [1, 2, 3, 5, 4, 8, 7, 10, 11, 6, 9, 13, 12, 14, 17, 15, 16, 18, 19, 21, 22, 20, 23]
    made = arithmetic(x, pd.Series(BAP / BAP.sum(), index=tai.columns))
    assert made.rank(ascending=False).astype(int).tolist() == published


def test_geometric_mean_of_the_raw_table_ranks_all_23_countries_oecd2008_table_38(tai):
    published = [2, 1, 3, 4, 16, 5, 6, 13, 14, 18, 8, 11, 7, 9, 17, 12, 10, 15, 19, 21, 23, 22, 20]
    assert geometric(tai, even(8)).rank(ascending=False).astype(int).tolist() == published


def test_geometric_example_oecd2008_page_104():
    x = np.array([[21.0, 1, 1, 1], [6, 6, 6, 6], [21, 2, 1, 1], [7, 6, 6, 6]])
    np.testing.assert_allclose(geometric(x, even(4)), [2.14, 6.0, 2.54, 6.23], atol=0.006)


def test_every_aggregate_of_the_asem_example_coinr(shared, asem, asem_meta):
    path = shared / "reference" / "asem" / "asem_scores_aggs.csv"
    published, level = pd.read_csv(path).set_index("uCode"), asem
    for k in (1, 2, 3):
        parents = asem_meta[asem_meta.Level == k].groupby("Parent")
        level = pd.DataFrame(
            {
                parent: aggregate(level[list(own.index)], own.Weight / own.Weight.sum())
                for parent, own in parents
            }
        )
        gap = (level - published[list(level.columns)]).abs().to_numpy().max()
        assert gap <= 1e-10
    assert level["Index"].nlargest(3).index.tolist() == ["CHE", "NLD", "DNK"]


# -- formula again -----------------------------------------------------------------------------


def slow(word, row, w):
    """One row, in plain Python."""
    pairs = [(x, v) for x, v in zip(row, w, strict=True) if not np.isnan(x)]
    total = sum(v for _, v in pairs)
    pairs = [(x, v / total) for x, v in pairs]
    mean = sum(v * x for x, v in pairs)
    least = min(x for x, _ in pairs)
    if word == "arithmetic":
        return mean
    if word == "geometric":
        return np.prod([x**v for x, v in pairs])
    if word == "harmonic":
        return 1 / sum(v / x for x, v in pairs)
    if word == "power":
        return sum(v * x**0.5 for x, v in pairs) ** 2
    if word == "minimum":
        return least
    if word == "mean_min":
        return mean - 0.5 * (mean - least)
    if word == "adjusted_mazziotta_pareto":
        r = [(70 + 0.6 * x, v) for x, v in pairs]
        m = sum(v * x for x, v in r)
        var = sum(v * (x - m) ** 2 for x, v in r)
        return (m - var / m - 70) / 0.6
    ordered = sorted(pairs, reverse=True)
    if word == "owa":
        made = seen = 0.0
        for x, v in ordered:
            made += x * ((seen + v) ** 2 - seen**2)
            seen += v
        return made
    seen, low = 0.0, None  # weighted median
    for x, v in ordered:
        seen += v
        if low is None and seen > 0.5 - 1e-12:
            low = x
        if seen > 0.5 + 1e-12:
            return (low + x) / 2
    return low


@pytest.mark.parametrize("word", COUNTRY_BY_COUNTRY)
def test_the_formula_again_the_slow_way_with_missing_scores(word):
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 99, (60, 5))
    x[rng.random(x.shape) < 0.2] = np.nan
    x[0] = [np.nan, np.nan, 40, np.nan, np.nan]
    w = uneven(5)
    expected = [slow(word, row, w) if (~np.isnan(row)).any() else np.nan for row in x]
    np.testing.assert_allclose(AGGREGATIONS[word](x, w), expected, rtol=1e-12)


def test_mazziotta_pareto_the_slow_way():
    x = np.random.default_rng(0).uniform(0, 1, (12, 3))
    z = 100 + 10 * (x - x.mean(axis=0)) / x.std(axis=0)
    mean, sd = z.mean(axis=1), z.std(axis=1)
    np.testing.assert_allclose(mazziotta_pareto(x, even(3)), mean - sd * sd / mean)
    np.testing.assert_allclose(
        mazziotta_pareto(x, even(3), penalty="positive"), mean + sd * sd / mean
    )


def test_wroclaw_the_slow_way():
    x = np.random.default_rng(0).uniform(0, 1, (12, 3))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    distance = np.sqrt(((z - z.max(axis=0)) ** 2) @ uneven(3))
    expected = 1 - distance / (distance.mean() + 2 * distance.std())
    np.testing.assert_allclose(wroclaw(x, uneven(3)), expected)


def test_special_cases_meet():
    x = np.random.default_rng(0).uniform(1, 9, (10, 4))
    w = uneven(4)
    np.testing.assert_allclose(power(x, w, exponent=1), arithmetic(x, w))
    np.testing.assert_allclose(power(x, w, exponent=-1), harmonic(x, w))
    np.testing.assert_allclose(power(x, w, exponent=1e-9), geometric(x, w), rtol=1e-6)
    np.testing.assert_allclose(owa(x, w, alpha=1), arithmetic(x, w))
    np.testing.assert_allclose(mean_min(x, w, alpha=0), arithmetic(x, w))
    np.testing.assert_allclose(mean_min(x, w, alpha=1), minimum(x, w))
    np.testing.assert_allclose(median(x, even(4)), np.median(x, axis=1))


# -- laws --------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(x=scores)
def test_the_means_stand_in_their_order(x):
    w = uneven(x.shape[1])
    chain = [minimum(x, w), harmonic(x, w), geometric(x, w), power(x, w), arithmetic(x, w)]
    for low, high in pairwise(chain):
        assert (low <= high * (1 + 1e-12)).all()


# Left out: a penalty for imbalance may outweigh a better score; a relative index moves everybody.
MONOTONE = sorted(set(AGGREGATIONS) - {"mazziotta_pareto", "adjusted_mazziotta_pareto", "wroclaw"})


@pytest.mark.parametrize("word", MONOTONE)
@settings(max_examples=10, deadline=None)
@given(x=scores, step=st.integers(1, 50))
def test_a_better_score_never_lowers_the_organisation(word, x, step):
    better = x.copy()
    better[0, 0] += step
    w = uneven(x.shape[1])
    assert AGGREGATIONS[word](better, w)[0] >= AGGREGATIONS[word](x, w)[0] - 1e-9


@pytest.mark.parametrize("word", [*COUNTRY_BY_COUNTRY])
@settings(max_examples=10, deadline=None)
@given(x=scores)
def test_equal_scores_give_that_score(word, x):
    level = np.repeat(x[:, :1], x.shape[1], axis=1)
    made = AGGREGATIONS[word](level, uneven(x.shape[1]))
    np.testing.assert_allclose(made, level[:, 0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("word", sorted(AGGREGATIONS))
def test_the_order_of_rows_and_columns_is_irrelevant(word):
    x = pd.DataFrame(
        np.random.default_rng(0).uniform(1, 9, (7, 4)), index=list("tuvwxyz"), columns=list("abcd")
    )
    w = pd.Series(uneven(4), index=x.columns)
    made = aggregate(x, w, word)
    turned = aggregate(x.iloc[::-1, ::-1], w, word)
    pd.testing.assert_series_equal(turned[list("tuvwxyz")], made)
    assert made.name == "score"


@pytest.mark.parametrize("word", sorted(AGGREGATIONS))
def test_answers_in_kind_and_leaves_the_callers_frame_alone(word):
    x = pd.DataFrame(np.random.default_rng(0).uniform(1, 9, (7, 4)), columns=list("abcd"))
    before = x.copy(deep=True)
    made = aggregate(x, even(4), word)
    pd.testing.assert_frame_equal(x, before)
    np.testing.assert_array_equal(aggregate(x.to_numpy(), even(4), word), made.to_numpy())


@pytest.mark.parametrize("word", [*COUNTRY_BY_COUNTRY, "mazziotta_pareto", "wroclaw"])
def test_missing_scores_hand_their_weight_to_the_others(word):
    x = np.array([[20.0, 80, 50], [30, 60, 55], [80, 10, np.nan], [np.nan, np.nan, np.nan]])
    made = AGGREGATIONS[word](x, [0.2, 0.3, 0.5])
    assert np.isnan(made[3])
    assert np.isfinite(made[:3]).all()
    if word in COUNTRY_BY_COUNTRY:
        whole = AGGREGATIONS[word](x[2:3, :2], [0.4, 0.6])
        np.testing.assert_allclose(made[2:3], whole)


def test_a_missing_score_of_weight_0_changes_nothing():
    x = np.array([[40.0, np.nan], [60.0, 10.0]])
    assert arithmetic(x, [1.0, 0.0]).tolist() == [40.0, 60.0]
    assert minimum(x, [1.0, 0.0]).tolist() == [40.0, 60.0]
    assert np.isnan(arithmetic(x, [0.0, 1.0])[0])


def test_many_blocks_give_what_one_block_gives(monkeypatch):
    import servicepo.methods.guards as guards

    x = np.random.default_rng(0).uniform(1, 9, (50, 4))
    expected = {word: AGGREGATIONS[word](x, even(4)) for word in COUNTRY_BY_COUNTRY}
    monkeypatch.setattr(guards.row_blocks, "__defaults__", (28,))
    for word, made in expected.items():
        np.testing.assert_allclose(AGGREGATIONS[word](x, even(4)), made, rtol=1e-14)


def test_a_callable_is_a_method():
    x = np.array([[1.0, 7.0]])
    assert aggregate(x, [0.5, 0.5], partial(power, exponent=2)).tolist() == [5.0]


# -- veto --------------------------------------------------------------------------------------

FACTS = pd.DataFrame(
    {"safety": [0.0, 1.0, 0.0], "petitions": [0.0, 0.0, np.nan]}, index=["甲村", "乙村", "丙村"]
)
OVERALL = pd.Series([90.0, 85.0, 40.0], index=FACTS.index)


def test_a_veto_caps_and_a_penalty_deducts():
    made = veto(OVERALL, FACTS, {"safety": 1, "petitions": 1}, cap=59)
    assert made["score"].tolist() == [59.0, 59.0, 40.0]
    assert made["failed"].tolist() == ["safety、petitions", "petitions", "safety"]
    made = veto(OVERALL, FACTS, {"safety": 1, "petitions": 1}, deduct=5)
    assert made["score"].tolist() == [80.0, 80.0, 35.0]
    assert made["before"].tolist() == OVERALL.tolist()


# -- refusals ----------------------------------------------------------------------------------

ZERO = pd.DataFrame({"a": [0.0, 50.0], "b": [10.0, 20.0]})
MEND = "Normalise by minmax_positive or by goalposts below every value, or aggregate by arithmetic."


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: geometric(ZERO, even(2)),
            f"scores must be above 0 for the geometric mean, got 0 or less in 'a'. {MEND}",
        ),
        (
            lambda: harmonic(ZERO, even(2)),
            f"scores must be above 0 for the harmonic mean, got 0 or less in 'a'. {MEND}",
        ),
        (
            lambda: power(ZERO - 1, even(2)),
            "scores must be at least 0 for a power mean with exponent 0.5, got negative ones in "
            f"'a'. {MEND}",
        ),
        (
            lambda: power(ZERO, even(2), exponent=0),
            "exponent must be a finite number other than 0, got 0. "
            "Use geometric for 0 and minimum for minus infinity.",
        ),
        (
            lambda: owa(ZERO, even(2), alpha=0),
            "alpha must be above 0, got 0. Give 2 to stress weak scores.",
        ),
        (
            lambda: mean_min(ZERO, even(2), alpha=2),
            "alpha must lie in 0..1 and beta be at least 0, got 2 and 0.0. Correct them.",
        ),
        (
            lambda: mazziotta_pareto(ZERO.assign(a=1.0), even(2)),
            "every indicator must vary between organisations for the Mazziotta–Pareto index, got "
            "one single value in 'a'. Drop these columns or choose their weights yourself.",
        ),
        (
            lambda: adjusted_mazziotta_pareto(ZERO, even(2), top=1),
            "scores must lie in 0..1 for the adjusted Mazziotta–Pareto index, got others in "
            "'a', 'b'. Normalise by goalposts, or say the best score by top=.",
        ),
        (
            lambda: arithmetic(ZERO, [0.5, 0.6]),
            "weights must sum to 1, got a sum of 1.1. Divide them by their sum.",
        ),
        (
            lambda: aggregate(ZERO, even(2), "aritmetic"),
            f"aggregate must be one of {', '.join(map(repr, AGGREGATIONS))}, got 'aritmetic'. "
            "Did you mean 'arithmetic'?",
        ),
        (
            lambda: arithmetic(ZERO.assign(a=np.inf), even(2)),
            "x must be finite, got an infinite value in 'a'. "
            "Correct these cells or mark them as missing.",
        ),
        *(
            (
                lambda method=method: method(ZERO.assign(a="x"), even(2)),
                "every column of x must hold numbers, got text or objects in 'a'. "
                "Convert these columns to numbers or leave them out.",
            )
            for method in (arithmetic, mazziotta_pareto, wroclaw)
        ),
        (
            lambda: veto(OVERALL, FACTS, {"fire": 1}, cap=59),
            "thresholds must name columns of x, got 'fire'. Take some of 'safety', 'petitions'.",
        ),
        (
            lambda: veto(OVERALL.iloc[::-1], FACTS, {"safety": 1}, cap=59),
            "overall and x must have the same rows in the same order, got different ones. "
            "Take x.loc[overall.index].",
        ),
        (
            lambda: veto(OVERALL, FACTS, {"safety": 1}, deduct=-1),
            "deduct must be at least 0, got -1. Give points to take off.",
        ),
    ],
)
def test_refusals(call, told):
    assert refusal(call) == told


def test_a_zero_of_weight_0_is_no_obstacle_to_a_geometric_mean():
    np.testing.assert_allclose(geometric(ZERO, [0.0, 1.0]), [10.0, 20.0])


def test_the_adjusted_index_of_scores_in_0_to_1_must_be_told():
    x = np.array([[0.2, 0.8], [0.5, 0.5]])
    np.testing.assert_allclose(
        adjusted_mazziotta_pareto(x, even(2), top=1) * 100,
        adjusted_mazziotta_pareto(x * 100, even(2)),
    )
