from functools import partial

import numpy as np
import pandas as pd
import pymcdm.normalizations as peer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.maps import Rule, Steps
from servicepo.methods.normalisation import Scale, fit_scale, vote_score
from servicepo.methods.scalings import NORMALISATIONS, categorical, mean_threshold, minmax_positive

NEEDS_BOUNDS = {"fixed", "goalposts", "distance_to_reference", "distance_to_target", "score_rate"}
FREE = sorted(set(NORMALISATIONS) - NEEDS_BOUNDS)
BOUNDS = {"low": -2e4, "high": 2e4, "reference": 2e4, "target": 2e4, "full_mark": 100.0}
columns = arrays(float, st.integers(3, 12), elements=st.integers(1, 10_000).map(float), unique=True)


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def frame(*values, name="a"):
    return pd.DataFrame({name: np.array(values, dtype=float)})


def scores(values, method="minmax", **rule):
    """Score one column by a method, with its rule given as keywords."""
    bounds = pd.DataFrame({k: [v] for k, v in rule.items() if k != "direction"}, index=["a"])
    made = fit_scale(
        frame(*values),
        method,
        directions=pd.Series({"a": rule.get("direction", "benefit")}),
        bounds=bounds,
    )
    return made.apply(frame(*values))["a"].to_numpy()


# -- published ---------------------------------------------------------------------------------

SCHOOLING = {  # OECD/JRC (2008), Table 15, p. 87: z, min–max, ratio to mean, ratio to best
    "Finland": (0.26, 0.59, 1.04, 0.83),
    "United States": (1.52, 1.00, 1.25, 1.00),
    "Sweden": (1.14, 0.88, 1.19, 0.95),
    "Japan": (-0.06, 0.49, 0.99, 0.79),
    "Singapore": (-1.58, 0.00, 0.74, 0.59),
    "Spain": (-1.46, 0.04, 0.76, 0.61),
    "Hungary": (-0.31, 0.41, 0.95, 0.76),
}
# the last two columns of the same table: above or below the mean (p = 20 %), categorical scale
ABOVE = [0, 1, 0, 0, 0, 0, 0, 1, 0, -1, 0, 1, 0, 0, 1, 0, 0, 0, -1, -1, 0, 0, -1]
CATEGORIES = [60, 100, 60, 50, 60, 50, 50, 80, 60, 0, 60, 100, 50, 40, 80, 40, 40, 50, 40, 20]
CATEGORIES += [50, 40, 0]


def test_normalisations_of_schooling_oecd2008_table_15(tai):
    column = tai[["schooling"]]
    made = pd.DataFrame(
        {
            word: fit_scale(column, word).apply(column)["schooling"]
            for word in ("zscore", "minmax", "ratio_to_mean", "fraction_of_maximum")
        }
    )
    for country, published in SCHOOLING.items():
        np.testing.assert_allclose(made.loc[country], published, atol=0.011)


def test_above_or_below_the_mean_and_categories_oecd2008_table_15(tai):
    column = tai[["schooling"]]
    above = fit_scale(column, "mean_threshold").apply(column)["schooling"]
    assert above.tolist() == ABOVE
    bands = fit_scale(column, "categorical").apply(column)["schooling"]
    assert (bands * 100).round(9).tolist() == CATEGORIES


def test_goalposts_and_equal_weights_rank_all_23_countries_oecd2008_table_23(tai, tai_goalposts):
    made = fit_scale(tai, "goalposts", bounds=tai_goalposts).apply(tai).mean(axis=1)
    published = [1, 2, 3, 4, 5, 6, 7, 9, 10, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    assert made.rank(ascending=False).astype(int).tolist() == published
    assert made.iloc[:2].round(3).tolist() == [0.745, 0.733]


# -- formula again, and oracle -----------------------------------------------------------------


def slow(method, x, direction="benefit"):
    g = -x if direction == "cost" else x
    low, high = min(g), max(g)
    n = len(g)
    rank = [sum(h < v for h in g) + (sum(h == v for h in g) + 1) / 2 for v in g]
    mean = sum(g) / n
    sd = (sum((v - mean) ** 2 for v in g) / (n - 1)) ** 0.5
    return {
        "minmax": [(v - low) / (high - low) for v in g],
        "minmax_positive": [0.01 + 0.99 * (v - low) / (high - low) for v in g],
        "distance_to_maximum": [1 - (high - v) / (high - low) for v in g],
        "zscore": [(v - mean) / sd for v in g],
        "rank": rank,
        "borda": [r - 1 for r in rank],
        "percentile_rank": [(r - 1) / (n - 1) for r in rank],
    }[method]


@pytest.mark.parametrize("direction", ["benefit", "cost"])
@pytest.mark.parametrize(
    "method",
    [
        "minmax",
        "minmax_positive",
        "distance_to_maximum",
        "zscore",
        "rank",
        "borda",
        "percentile_rank",
    ],
)
def test_the_formula_again_the_slow_way(method, direction):
    x = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0])
    np.testing.assert_allclose(
        scores(x, method, direction=direction), slow(method, x, direction), atol=1e-12
    )


@pytest.mark.parametrize(
    ("word", "oracle"),
    [
        ("minmax", peer.minmax_normalization),
        ("vector", peer.vector_normalization),
        ("fraction_of_maximum", peer.max_normalization),
    ],
)
@pytest.mark.parametrize("direction", ["benefit", "cost"])
def test_agrees_with_pymcdm(word, oracle, direction):
    x = np.random.default_rng(3).uniform(1, 9, 20)
    if direction == "cost" and word == "fraction_of_maximum":
        expected = 1 - x / x.max()
    else:
        expected = oracle(x, cost=direction == "cost")
    np.testing.assert_allclose(scores(x, word, direction=direction), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("method", "rule", "x", "expected"),
    [
        ("goalposts", {"low": 0, "high": 10}, [-5, 5, 12], [0, 0.5, 1]),
        ("goalposts", {"low": 0, "high": 10, "direction": "cost"}, [-5, 4, 12], [1, 0.6, 0]),
        (
            "goalposts",
            {"low": 0, "high": 10, "target": 8, "direction": "target"},
            [0, 8, 10, 20],
            [0, 1, 0.75, 0],
        ),
        (
            "goalposts",  # 50 to 100 households per grid
            {
                "low": 0,
                "high": 200,
                "interval_low": 50,
                "interval_high": 100,
                "direction": "interval",
            },
            [0, 50, 80, 100, 150, 300],
            [0.5, 1, 1, 1, 0.5, 0],
        ),
        (
            "minmax",  # 1 - gap / greatest gap
            {"interval_low": 50, "interval_high": 100, "direction": "interval"},
            [40, 60, 120],
            [0.5, 1, 0],
        ),
        ("minmax", {"target": 5, "direction": "target"}, [1, 4, 7], [0, 0.75, 0.5]),
        ("minmax", {"direction": "boolean"}, [1, 1, 1], [1, 1, 1]),
        ("score_rate", {"full_mark": 15}, [12, 15, 16.5], [0.8, 1, 1.1]),
        ("score_rate", {"full_mark": 10, "direction": "cost"}, [0, 2], [1, 0.8]),
        ("fixed", {"low": 0, "high": 10}, [5, 12], [0.5, 1.2]),
        ("distance_to_reference", {"reference": 6}, [2, 6, 8], [0, 1, 1.5]),
        ("distance_to_target", {"target": 6}, [2, 4, 8], [0, 0.5, 1]),
        (
            "distance_to_target",
            {"target": 2, "direction": "cost"},
            [10, 6, 1],
            [0, 0.5, 1],
        ),
        ("robust_z", {}, [1, 2, 3, 4, 100], np.array([-2, -1, 0, 1, 97]) / 1.4826),
        ("ratio_to_mean", {"direction": "cost"}, [5, 15], [1.5, 0.5]),
    ],
)
def test_directions_and_bounds_by_hand(method, rule, x, expected):
    np.testing.assert_allclose(scores(x, method, **rule), expected, atol=1e-12)


# -- laws --------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", FREE)
@settings(max_examples=15, deadline=None)
@given(x=columns)
def test_more_is_never_scored_lower(word, x):
    try:
        gain, loss = scores(x, word), scores(x, word, direction="cost")
    except MethodError as told:
        assert "robust_z" in str(told)  # noqa: PT017 - the one method that most equal values stop
        return
    order = np.argsort(x)
    assert (np.diff(gain[order]) >= 0).all()
    assert (np.diff(loss[order]) <= 0).all()


@pytest.mark.parametrize("word", sorted(NORMALISATIONS))
@settings(max_examples=10, deadline=None)
@given(x=columns)
def test_bounded_methods_keep_fitted_scores_in_0_to_1(word, x):
    bounds = pd.DataFrame(BOUNDS | {"full_mark": 1e4}, index=["a"])
    try:
        made = fit_scale(frame(*x), word, bounds=bounds)
    except MethodError:
        return
    if made.bounded:
        got = made.apply(frame(*x))["a"]
        assert got.between(-1e-12, 1 + 1e-12).all()


@pytest.mark.parametrize("word", ["minmax", "zscore", "percentile_rank", "rank", "vector"])
@settings(max_examples=15, deadline=None)
@given(x=columns, unit=st.sampled_from([0.5, 2.0, 4.0, 1024.0]))
def test_scores_do_not_depend_on_the_unit_of_measure(word, x, unit):
    np.testing.assert_allclose(scores(x, word), scores(x * unit, word), atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(x=columns)
def test_a_duplicated_organisation_leaves_the_others_min_max_scores_alone(x):
    doubled = np.append(x, x[0])
    np.testing.assert_array_equal(scores(doubled)[:-1], scores(x))


@pytest.mark.parametrize("word", sorted(NORMALISATIONS))
def test_missing_stays_missing_and_changes_nobody_else(word):
    x = np.array([3.0, 1.0, 4.0, 2.0, 5.0])
    gapped = np.array([3.0, np.nan, 1.0, 4.0, 2.0, 5.0])
    expected, got = scores(x, word, **BOUNDS), scores(gapped, word, **BOUNDS)
    assert np.isnan(got[1])
    np.testing.assert_array_equal(got[[0, 2, 3, 4, 5]], expected)


def test_the_order_of_rows_and_columns_is_irrelevant():
    values = pd.DataFrame(np.random.default_rng(0).random((6, 3)), columns=list("abc"))
    turned = values.iloc[::-1, ::-1]
    made = fit_scale(turned).apply(turned).loc[values.index, values.columns]
    pd.testing.assert_frame_equal(made, fit_scale(values).apply(values))


def test_the_callers_frame_is_left_alone():
    values = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": [5.0, 4.0, 3.0]})
    before = values.copy(deep=True)
    for word in FREE:
        with np.errstate(all="raise"):
            fit_scale(values, word, directions=pd.Series({"a": "benefit", "b": "cost"})).apply(
                values
            )
    pd.testing.assert_frame_equal(values, before)


def test_the_worst_of_a_cost_scores_a_plain_zero():
    assert str(scores([1, 2], direction="cost")[1]) == "0.0"


# -- fit once, apply later ---------------------------------------------------------------------


def test_next_year_is_scored_on_this_years_scale():
    scale = fit_scale(frame(0, 10), directions=pd.Series({"a": "cost"}))
    assert scale.apply(frame(5, 20))["a"].tolist() == [0.5, -1.0]
    assert scale.parameters.loc["a", ["zero", "one"]].tolist() == [10.0, 0.0]
    assert scale.parameters.loc["a", "n"] == 2
    assert (scale.codes, scale.bounded, scale.method) == (("a",), True, "minmax")
    assert repr(scale) == "Scale(minmax, 1 indicators)"


@pytest.mark.parametrize("word", ["rank", "percentile_rank", "borda"])
def test_a_rank_scale_places_new_values_between_the_fitted(word):
    scale = fit_scale(frame(10, 20, 20, 30), word)
    got = scale.apply(frame(5, 10, 15, 20, 25, 99))["a"].to_numpy()
    ranks = np.array([1.0, 1.0, 1.5, 2.5, 3.5, 4.0])
    expected = {"rank": ranks, "borda": ranks - 1, "percentile_rank": (ranks - 1) / 3}[word]
    np.testing.assert_allclose(got, expected)


def test_ranks_of_many_ties_agree_with_scipy():
    x = np.random.default_rng(1).integers(0, 20, 200).astype(float)
    np.testing.assert_array_equal(scores(x, "rank"), rankdata(x))


def test_one_column_can_be_streamed():
    values = pd.DataFrame(np.random.default_rng(0).random((50, 3)), columns=list("abc"))
    scale = fit_scale(values, directions=pd.Series({"a": "cost", "b": "benefit", "c": "cost"}))
    whole = scale.apply(values)
    for code in scale.codes:
        np.testing.assert_array_equal(scale.column(code, values[code].to_numpy()), whole[code])


def test_each_period_apart_or_all_together():
    index = pd.MultiIndex.from_product([["甲", "乙"], [2023, 2024]], names=["org", "period"])
    values = pd.DataFrame({"a": [1.0, 10.0, 3.0, 30.0]}, index=index)
    apart = fit_scale(values, groups="period")
    assert apart.apply(values)["a"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert apart.parameters.index.tolist() == [("a", 2023), ("a", 2024)]
    together = fit_scale(values).apply(values)["a"]
    assert together.tolist() == [0.0, 9 / 29, 2 / 29, 1.0]
    assert repr(apart) == "Scale(minmax, 1 indicators, within period)"


def test_within_sectors_given_row_by_row():
    values = frame(1, 3, 10, 30)
    sectors = np.array(["village", "village", "school", "school"])
    scale = fit_scale(values, groups=sectors)
    assert scale.apply(values, sectors)["a"].tolist() == [0.0, 1.0, 0.0, 1.0]
    assert refusal(scale.apply, values) == (
        "a scale fitted within groups (given) must know each row's group, got None. "
        "Give groups, one label per row."
    )
    assert refusal(scale.column, "a", np.ones(1)) == (
        "a scale fitted within groups (given) must know each row's group, got None. "
        "Give groups, one label per row."
    )
    assert refusal(scale.apply, values, ["building"] * 4) == (
        "a group must be one the scale was fitted on, got 'building'. "
        "Take one of 'village', 'school', or fit a new scale."
    )


def test_each_indicator_may_have_its_own_method():
    values = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [10.0, 12.0, 20.0]})
    scale = fit_scale(
        values, {"a": "rank", "b": "score_rate"}, bounds=pd.DataFrame({"full_mark": {"b": 20}})
    )
    assert scale.apply(values).to_numpy().tolist() == [[1, 0.5], [2, 0.6], [3, 1]]
    assert scale.method == "mixed"
    assert not scale.bounded


def test_a_callable_is_a_method():
    values = frame(8, 10, 12)
    scale = fit_scale(values, partial(mean_threshold, margin=0.1))
    assert scale.apply(values)["a"].tolist() == [-1.0, 0.0, 1.0]
    assert scale.method == "mean_threshold"
    own = fit_scale(values, lambda g, rule: Steps((9.0,), (0.0, 1.0)))
    assert own.apply(values)["a"].tolist() == [0.0, 1.0, 1.0]


# -- refusals and warnings ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "x", "rule", "told"),
    [
        (
            "minmax",
            [2, 2],
            {},
            "every indicator must vary between organisations for minmax, got one single value in "
            "'a'. Leave these columns out, or use goalposts.",
        ),
        (
            "zscore",
            [2, 2],
            {},
            "every indicator must vary between organisations for zscore, got one single value in "
            "'a'. Leave these columns out, or use goalposts.",
        ),
        (
            "minmax",
            [np.nan, np.nan],
            {},
            "every indicator must have a value, got nothing but missing values in 'a'. "
            "Leave these columns out.",
        ),
        (
            "minmax",
            [1, np.inf],
            {},
            "values must be finite, got an infinite value in 'a'. "
            "Correct these cells or mark them as missing.",
        ),
        (
            "goalposts",
            [1, 2],
            {},
            "goalposts needs low and high for every indicator, got none for 'a'. "
            "Add low and high to bounds or choose another normalisation.",
        ),
        (
            "goalposts",
            [1, 2],
            {"low": 5, "high": 1},
            "goalposts needs low below high, got them the other way round in 'a'. "
            'Give low < high; the direction "cost" says that less is better.',
        ),
        (
            "score_rate",
            [1, 2],
            {},
            "score_rate needs full_mark for every indicator, got none for 'a'. "
            "Add full_mark to bounds or choose another normalisation.",
        ),
        (
            "score_rate",
            [1, 2],
            {"full_mark": 0},
            "score_rate needs a full mark above 0 and a direction benefit, cost or boolean, got "
            "another in 'a'. Use goalposts for these columns.",
        ),
        (
            "vector",
            [-1, 2],
            {},
            "vector needs values of at least 0, got negative ones in 'a'. "
            "Use minmax for these columns.",
        ),
        (
            "fraction_of_maximum",
            [0, 0],
            {},
            "fraction_of_maximum needs a value above 0, got nothing but zeros in 'a'. "
            "Leave these columns out, or use goalposts.",
        ),
        (
            "robust_z",
            [1, 1, 1, 5],
            {},
            "robust_z needs a median absolute deviation above 0, got more than half of the values "
            "the same in 'a'. Use zscore or percentile_rank for these columns.",
        ),
        (
            "distance_to_target",
            [8, 9],
            {"target": 6},
            "distance_to_target needs a value that is worse than the level to reach, got none in "
            "'a'. Set a more demanding level or choose another normalisation.",
        ),
        (
            "minmax",
            [0, 2],
            {"direction": "boolean"},
            "a boolean indicator must be 0 or 1, got other values in 'a'. "
            "Correct these cells or change the direction.",
        ),
        (
            "minmax",
            [0, 2],
            {"direction": "target"},
            "an indicator of direction \"target\" must have target, got none for 'a'. "
            "Add what is missing to bounds.",
        ),
        (
            "minmax",
            [0, 2],
            {"direction": "interval", "interval_low": 9, "interval_high": 3},
            "interval_low must not be above interval_high, got them the other way round in 'a'. "
            "Swap them.",
        ),
        (
            "minmax",
            [0, 2],
            {"direction": "good"},
            "a direction must be one of 'benefit', 'cost', 'target', 'interval', 'boolean', got "
            "'good' for 'a'. Correct it.",
        ),
        (
            "minmax",
            [0, 2],
            {"lowest": 0},
            "bounds must have columns among 'low', 'high', 'target', 'interval_low', "
            "'interval_high', 'full_mark', 'reference', got 'lowest'. Rename or drop them.",
        ),
        (
            "min_max",
            [0, 2],
            {},
            f"normalise must be one of {', '.join(map(repr, NORMALISATIONS))}, got 'min_max'. "
            "Did you mean 'minmax'?",
        ),
        (
            partial(categorical, cuts=(0.5, 0.2), marks=(0, 1)),
            [0, 2],
            {},
            "cuts must rise within 0..1 and marks be one more, got 2 cuts (0.5, 0.2) and 2 marks. "
            "Correct them.",
        ),
    ],
)
def test_refusals(word, x, rule, told):
    assert refusal(scores, x, word, **rule) == told


def test_all_columns_with_the_same_trouble_are_named_at_once():
    values = pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 2.0], "c": [3.0, 3.0]})
    assert refusal(fit_scale, values) == (
        "every indicator must vary between organisations for minmax, got one single value in "
        "'a', 'c'. Leave these columns out, or use goalposts."
    )
    assert refusal(fit_scale, values, groups=["x", "y"]) == (
        "every indicator must vary between organisations for minmax, got one single value in "
        "'a (x)', 'a (y)', 'b (x)', 'b (y)', 'c (x)' and 1 more. "
        "Leave these columns out, or use goalposts."
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"directions": pd.Series({"b": "cost"})},
            "every indicator must have a direction, got none for 'a'. "
            "Say one of 'benefit', 'cost', 'target', 'interval', 'boolean' for each.",
        ),
        (
            {"directions": pd.DataFrame({"way": {"a": "cost"}})},
            "directions must have a column 'direction', got 'way'. Rename it or give a Series.",
        ),
        (
            {"method": {"b": "rank"}},
            "a mapping of normalisations must name every indicator, got none for 'a'. Add them.",
        ),
        (
            {"groups": "period"},
            "groups must name a level of the index, got 'period'. "
            "Take one of None, or give one label per row.",
        ),
        (
            {"groups": ["x"]},
            "groups must have one label per row, got 1 for 2 rows. Complete them.",
        ),
        (
            {"groups": ["x", None]},
            "groups must have one label per row, got a missing one. Complete them.",
        ),
    ],
)
def test_refusals_of_what_goes_with_the_values(arguments, told):
    assert refusal(fit_scale, frame(1, 2), **arguments) == told


def test_a_scale_refuses_other_columns():
    scale = fit_scale(frame(1, 2))
    assert refusal(scale.apply, frame(1, name="b")) == (
        "values must have the columns the scale was fitted on, got no column 'a'. "
        "Take values[list(scale.codes)], or fit a new scale."
    )
    wide = pd.DataFrame({"a": [1.0], "b": [1.0]})
    assert refusal(scale.apply, wide) == (
        "values must have the columns the scale was fitted on, got 'b' beside them. "
        "Take values[list(scale.codes)], or fit a new scale."
    )
    assert refusal(scale.column, "c", np.ones(1)) == (
        "an indicator must be one of the scale's, got 'c'. Take one of 'a'."
    )
    assert refusal(scale.apply, frame(np.inf)) == (
        "values must be finite, got an infinite value in 'a'. "
        "Correct these cells or mark them as missing."
    )


def test_values_must_be_a_frame():
    assert refusal(fit_scale, np.ones((2, 2))) == (
        "values must be a DataFrame, got ndarray. Name the columns by their indicators."
    )


@pytest.mark.parametrize(("method", "least"), [("minmax", 0.0), ("minmax_positive", 0.01)])
def test_when_all_lie_in_the_interval_all_score_1_with_a_warning(method, least):
    told = (
        "an indicator should vary; every value of 'a' lies on its interval, so all score 1 and any "
        "other value would score 0. Give goalposts."
    )
    bounds = pd.DataFrame({"interval_low": 50, "interval_high": 100}, index=["a"])
    with pytest.warns(MethodWarning) as caught:
        scale = fit_scale(
            frame(60, 70), method, directions=pd.Series({"a": "interval"}), bounds=bounds
        )
    assert [str(w.message) for w in caught] == [told]
    assert scale.apply(frame(60, 70, 40))["a"].tolist() == [1.0, 1.0, least]


def test_every_method_says_what_it_does():
    assert len(NORMALISATIONS) >= 14
    for word, method in NORMALISATIONS.items():
        assert method.__name__ == word
        assert ">>>" in method.__doc__


def test_a_rule_and_a_map_can_be_used_by_themselves():
    made = minmax_positive(np.array([1.0, 3.0]), Rule())
    assert made.parameters()["one"] == 3.0
    assert isinstance(fit_scale(frame(1, 2)), Scale)


# -- votes -------------------------------------------------------------------------------------

VOTES = pd.DataFrame(
    {"满意": [60, 0], "基本满意": [20, 0], "一般": [10, 0], "不满意": [0, 0], "不了解": [10, 5]},
    index=["甲村", "乙村"],
)
MARKS = {"满意": 100, "基本满意": 80, "一般": 60, "不满意": 40}


def test_votes_without_those_who_do_not_know():
    made = vote_score(VOTES, MARKS, unknown="exclude")
    assert made.loc["甲村", "score"] == pytest.approx((6000 + 1600 + 600) / 90)
    assert made.loc["甲村", "n"] == 90
    assert made.loc["乙村"].isna().tolist() == [True, False, True]
    marks = np.repeat([100, 80, 60], [60, 20, 10])
    expected = marks.std(ddof=1) / np.sqrt(90)
    assert made.loc["甲村", "standard_error"] == pytest.approx(expected)


def test_votes_with_a_mark_for_those_who_do_not_know():
    assert vote_score(VOTES, MARKS, unknown=0).loc["甲村", "score"] == pytest.approx(82.0)


def test_votes_are_refused():
    assert refusal(vote_score, VOTES, {"很满意": 100}, unknown=0) == (
        "a vote scale must name columns of votes, got '很满意'. "
        "Take some of '满意', '基本满意', '一般', '不满意', '不了解'."
    )
    assert refusal(vote_score, VOTES, MARKS, unknown="drop") == (
        "unknown must be 'exclude' or a mark, got 'drop'. "
        "Say what becomes of answers such as 不了解."
    )
    assert refusal(vote_score, -VOTES, MARKS, unknown=0) == (
        "votes must be counts of at least 0, got negative ones in "
        "'满意', '基本满意', '一般', '不了解'. Correct these cells."
    )
