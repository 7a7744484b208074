"""Choices of an index: every way of writing one, alone and in a framework's file."""

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import servicepo as sp
from servicepo import bench, scored
from servicepo.errors import FrameworkError, MethodError, MethodWarning
from servicepo.labels import WORDS
from servicepo.methods.aggregation import power
from servicepo.methods.combined_weights import COMBINATIONS, game_theoretic
from servicepo.methods.data_envelopment import data_envelopment
from servicepo.methods.objective_weights import entropy
from servicepo.methods.ranking import topsis
from servicepo.methods.treatment import treat_skew
from servicepo.registry import AGGREGATES, IMPUTERS, RANKINGS, TREATMENTS

HEAD = """
id = "small"
version = "1"
name = { zh = "小体系", en = "Small" }
citation = "made for this test"
"""
BODY = """
[[dimensions]]
code = "team"
name = { zh = "班子", en = "Team" }
citation = "-"
[[dimensions.indicators]]
code = "spirit"
name = { zh = "意识", en = "Spirit" }
unit = "points"
full_mark = 100
source = { kind = "given" }
[[dimensions.indicators]]
code = "delay"
name = { zh = "时长", en = "Delay" }
direction = "cost"
unit = "days"
source = { kind = "given" }
[[dimensions]]
code = "results"
name = { zh = "业绩", en = "Results" }
citation = "-"
[[dimensions.indicators]]
code = "praise"
name = { zh = "认可", en = "Praise" }
unit = "points"
full_mark = 100
source = { kind = "given" } # praise
"""


def framework_of(folder, methods="", body=BODY):
    path = folder / "small.toml"
    path.write_text(HEAD + body + methods, encoding="utf-8")
    return sp.load_framework(path)


@pytest.fixture
def framework(tmp_path):
    return framework_of(tmp_path)


def frame(rows, periods=("2023",)):
    orgs = [f"o{i}" for i in range(len(rows) // len(periods))]
    index = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(periods, freq="Y")], names=["org", "period"]
    )
    return pd.DataFrame(rows, index=index, columns=["spirit", "delay", "praise"], dtype=float)


VALUES = frame([[60, 10, 70], [80, 5, 90], [90, 20, 80], [70, 15, 65], [75, 12, 85]])
PEOPLE = pd.DataFrame(
    {"domain": ["rural", "rural", "rural", "organs", "organs"]},
    index=pd.Index([f"o{i}" for i in range(5)], name="org"),
)


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        sp.build_index(*args, **kwargs)
    return str(caught.value)


# -- parts and the whole -------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.one_of(st.floats(1, 100), st.just(np.nan))] * 3), min_size=5, max_size=30
    ),
    aggregate=st.sampled_from(["arithmetic", "geometric", "harmonic", "median", "owa", "minimum"]),
    weights=st.sampled_from(["entropy", "standard_deviation", "coefficient_of_variation"]),
    available=st.sampled_from([0.0, 0.5, 2 / 3, 1.0]),
)
@pytest.mark.filterwarnings("ignore::servicepo.errors.MethodWarning")
def test_in_parts_and_as_a_whole_an_index_is_the_same(
    tmp_path_factory, rows, aggregate, weights, available
):
    fw = framework_of(tmp_path_factory.mktemp("f"))
    values = frame(rows)
    complete = values.dropna()
    if len(complete) < 3 or (complete.max() - complete.min()).lt(1e-3).any():
        return
    choices = {"normalise": "minmax_positive", "weights": weights, "aggregate": aggregate}
    kept = scored.Scored.chunks.__defaults__
    try:
        scored.Scored.chunks.__defaults__ = (2,)
        parts = sp.build_index(values, fw, available=available, **choices)
    finally:
        scored.Scored.chunks.__defaults__ = kept
    scores = parts.scores
    whole = {}
    for dimension, codes in (("team", ["spirit", "delay"]), ("results", ["praise"])):
        w = parts.weights.loc["all", "local_weight"][codes]
        present = scores[codes].notna() @ w
        enough = (present >= available - 1e-9) & (present > 0)
        node = AGGREGATES[aggregate](scores[codes], w)
        whole[dimension] = node.where(enough)
    tops = pd.DataFrame(whole)
    pd.testing.assert_frame_equal(parts.dimensions, tops, rtol=1e-12)
    across = parts.weights.loc["all"].groupby("dimension", sort=False)["global_weight"].sum()
    present = tops.notna() @ across
    node = AGGREGATES[aggregate](tops, across).where((present >= available - 1e-9) & (present > 0))
    pd.testing.assert_series_equal(parts.overall, node, check_names=False, rtol=1e-12)
    known = scores.dropna() / 100
    own = bench.OBJECTIVE_WEIGHTS[weights](known)
    found = parts.weights.loc["all", "global_weight"]
    pd.testing.assert_series_equal(found, own, check_names=False, rtol=1e-9)


def test_a_table_of_several_parts_with_missing_values(tmp_path):
    fw = framework_of(tmp_path)
    n = scored.CHUNK + 17
    rng = np.random.default_rng(0)
    rows = pd.MultiIndex.from_arrays(
        [np.arange(n), pd.PeriodIndex.from_ordinals(np.full(n, 54), freq="Y")],
        names=["org", "period"],
    )
    values = pd.DataFrame(
        rng.uniform(1, 100, (n, 3)), index=rows, columns=["spirit", "delay", "praise"]
    )
    values.iloc[::7, 1] = np.nan
    with pytest.warns(MethodWarning, match="rows in which no score is missing"):
        index = sp.build_index(values, fw, weights="entropy")
    low, high = values.min(), values.max()
    scores = (values - low) / (high - low)
    scores["delay"] = 1 - scores["delay"]
    w = entropy(scores.dropna())
    np.testing.assert_allclose(index.weights.loc["all", "global_weight"], w)
    both = scores[["spirit", "delay"]].fillna({"delay": scores["spirit"]})
    team = both @ (w[["spirit", "delay"]] / w[["spirit", "delay"]].sum())
    expected = team * (1 - w["praise"]) + scores["praise"] * w["praise"]
    lacks = values["delay"].isna()
    least = w["spirit"] / w[["spirit", "delay"]].sum()
    known = ~lacks if least < 2 / 3 else lacks | True
    np.testing.assert_allclose(index.overall[known], 100 * expected[known])


# -- before normalisation ------------------------------------------------------------------------


def test_imputed_cells_are_marked_tested_counted_and_told(framework):
    values = VALUES.copy()
    values.iloc[0, 0] = np.nan
    index = sp.build_index(values, framework, impute="median")
    assert index.prepared.imputed.mask.to_numpy().sum() == 1
    assert index.prepared.values.iloc[0, 0] == 77.5
    assert np.isnan(index.values.iloc[0, 0])
    assert index.prepared.imputed.quality.loc["spirit", "imputed"] == 1
    assert index.coverage.eq(1).all()
    assert "缺失值以中位数填补，共 1 个（占全部数据的 6.7%），计入数据完备率。" in index.methods()
    assert "Missing values were imputed by the median: 1 cells (6.7% of all)" in index.methods("en")
    plain = sp.build_index(values, framework)
    assert plain.prepared.imputed is None
    assert "缺失值不作填补。" in plain.methods()
    pd.testing.assert_series_equal(index.rebuild().overall, index.overall)
    assert index.rebuild(impute="none").prepared.imputed is None


def test_what_does_not_apply_is_neither_missing_nor_filled_in(tmp_path):
    only = BODY.replace(
        'source = { kind = "given" } # praise',
        'domains = ["rural"]\nsource = { kind = "given" }',
    )
    fw = framework_of(tmp_path, body=only)
    values = VALUES.copy()
    values.iloc[3:, 2] = np.nan
    values.iloc[0, 2] = np.nan
    index = sp.build_index(values, fw, organisations=PEOPLE, impute="mean")
    assert index.prepared.imputed.mask["praise"].tolist() == [True, False, False, False, False]
    assert index.prepared.imputed.quality.loc["praise", ["imputed", "left"]].tolist() == [1, 0]
    assert index.prepared.values["praise"].isna().tolist() == [False] * 3 + [True] * 2
    kept = sp.build_index(values, fw, organisations=PEOPLE, available={"indicators": 0.6})
    assert kept.prepared.screened.indicators["available"].round(2).tolist() == [1, 1, 0.67]
    inside = sp.build_index(
        values, fw, organisations=PEOPLE, normalise={"method": "minmax", "within": "domain"}
    )
    domains = PEOPLE["domain"].reindex(values.index.get_level_values("org")).to_numpy()
    best = inside.scores.groupby(domains).max()
    assert best.to_numpy().ravel()[~best.isna().to_numpy().ravel()].tolist() == [100] * 5
    assert inside.scores["praise"].isna().sum() == 3


def test_groups_of_an_imputation_are_named_by_a_column(framework):
    values = VALUES.copy()
    values.iloc[0, 0] = np.nan
    index = sp.build_index(
        values,
        framework,
        organisations=PEOPLE,
        impute={"method": "group_mean", "groups": "domain"},
    )
    assert index.prepared.values.iloc[0, 0] == 85
    assert "组内均值" in index.methods()
    assert refusal(values, framework, impute={"method": "group_mean", "groups": "sectr"}) == (
        "groups must be the period or a column of the organisations, got 'sectr'. "
        "Take one of period."
    )


def test_own_functions_impute_and_treat(framework):
    values = VALUES.copy()
    values.iloc[0, 0] = np.nan
    index = sp.build_index(
        values, framework, impute=lambda x: x.fillna(50), treat=lambda x: x.clip(upper=85)
    )
    assert index.prepared.values.iloc[0, 0] == 50
    points = index.prepared.treated.points
    assert points[["org", "indicator", "before", "after"]].to_numpy().tolist() == [
        ["o1", "praise", 90, 85],
        ["o2", "spirit", 90, 85],
    ]
    assert refusal(values, framework, impute=lambda x: x * 0) == (
        "an imputation must leave known cells alone, got others. Fill in NaN only."
    )


def test_treated_points_are_listed_and_told(framework):
    values = pd.concat([VALUES] * 3, keys=range(3)).reset_index(level=[0, 1])
    values["org"] = values["org"] + values["level_0"].astype("str")
    values = values.set_index("org", append=True).swaplevel().drop(columns="level_0")
    values.loc["o00", "delay"] = 5000.0
    index = sp.build_index(values, framework, treat="skew")
    expected = treat_skew(values)
    pd.testing.assert_frame_equal(index.prepared.treated.points, expected.points)
    pd.testing.assert_frame_equal(index.prepared.values, expected.values)
    assert index.prepared.treated.points["before"].tolist() == [5000.0]
    assert "处理 1 个二级指标，缩尾 1 个数据点。" in index.methods()
    assert "1 indicators were changed and 1 points winsorised" in index.methods("en")
    one = sp.build_index(values, framework, treat={"delay": "log"})
    np.testing.assert_allclose(one.prepared.values["delay"], np.log(values["delay"]))
    pd.testing.assert_series_equal(one.prepared.values["praise"], values["praise"])
    assert sp.build_index(values, framework, treat={"method": "iqr", "width": 3}).prepared.treated
    assert refusal(values, framework, treat={"dealy": "log"}) == (
        "treat must name indicators with values, got 'dealy'. Did you mean 'delay'?"
    )
    later = refusal(values, framework, treat="log", scale=index.scale)
    assert later == (
        "Values on an earlier scale must be left untreated, got treat='log' beside scale=. "
        "Transform the values of both years yourself."
    )


def test_what_has_too_little_is_left_out_by_share(framework):
    values = VALUES.copy()
    values.iloc[0, :2] = np.nan
    values.iloc[:3, 2] = np.nan
    index = sp.build_index(values, framework, available={"indicators": 0.5, "organisations": 0.5})
    assert index.scale.codes == ("spirit", "delay")
    assert index.overall.isna().tolist() == [True, False, False, False, False]
    assert index.prepared.screened.organisations["kept"].tolist() == [False, *[True] * 4]
    assert "剔除党组织考评记录 1 条、二级指标 1 个" in index.methods()
    by_node = sp.build_index(values, framework, available={"overall": 0.2, "results": 1.0})
    assert by_node.overall.notna().tolist() == [False, True, True, True, True]
    assert refusal(values, framework, available={"rows": 0.5}) == (
        "available must name nodes of the framework, got 'rows'. "
        "Take some of overall, indicators, organisations, team, results."
    )


# -- scales within groups ------------------------------------------------------------------------


def test_scales_may_be_fitted_within_periods_or_classes(framework):
    values = frame(
        [[1, 1, 1], [10, 10, 10], [2, 2, 2], [30, 30, 30], [3, 3, 3], [20, 20, 20]],
        periods=("2022", "2023"),
    )
    apart = sp.build_index(values, framework, normalise={"method": "minmax", "within": "period"})
    assert apart.scores["spirit"].tolist() == [0, 0, 50, 100, 100, 50]
    together = sp.build_index(values, framework)
    assert together.scores["spirit"].max() == 100
    assert together.scores["spirit"].iloc[4] < 10
    assert "极差标准化" in apart.methods()
    assert "（分组 = 考评期）" in apart.methods()
    again = sp.build_index(
        values, framework, normalise={"method": "minmax", "within": "period"}, scale=apart.scale
    )
    pd.testing.assert_series_equal(again.overall, apart.overall)


# -- weights, aggregation, ranking, veto ---------------------------------------------------------


def test_options_go_with_the_word(framework):
    index = sp.build_index(VALUES, framework, aggregate={"method": "power", "exponent": 2})
    own = sp.build_index(VALUES, framework, aggregate=functools.partial(power, exponent=2))
    pd.testing.assert_series_equal(index.overall, own.overall)
    assert "加权幂平均（指数 = 2）" in index.methods()
    assert "weighted power mean (exponent = 2)" in index.methods("en")
    assert refusal(VALUES, framework, aggregate={"method": "power", "exponnent": 2}) == (
        "aggregate power must have known options, got 'exponnent'. It takes exponent."
    )
    mixed = sp.build_index(
        VALUES, framework, aggregate={"indicators": "minimum", "dimensions": "median"}
    )
    assert "二级指标 最小值；一级指标 加权中位数" in mixed.methods()


def test_weights_of_experts_and_of_data_combine(framework):
    experts = pd.Series({"spirit": 0.5, "delay": 0.2, "praise": 0.3})
    choice = {"method": "game_theoretic", "parts": {"experts": experts, "data": "entropy"}}
    index = sp.build_index(VALUES, framework, weights=choice)
    table = pd.DataFrame({"experts": experts, "data": entropy(index.scores / 100)})
    expected = game_theoretic(table).weights
    found = index.weights.loc["all", "global_weight"]
    pd.testing.assert_series_equal(found, expected, check_names=False)
    assert "博弈论组合赋权" in index.methods()
    listed = {"method": "linear", "parts": ["equal", "critic"]}
    by_level = sp.build_index(VALUES, framework, weights={"indicators": listed})
    assert by_level.weights["global_weight"].sum() == pytest.approx(1)
    assert "linear combination (parts = equal weights + CRITIC weights)" in by_level.methods("en")


def test_efficiency_of_dimensions_is_that_of_the_raw_values(framework):
    values = frame(
        [[60, 10, 70], [80, 5, 90], [90, 20, 80], [70, 15, 65], [75, 12, 85], [50, 9, 99]]
    )
    one_each = {"indicators": pd.Series({"spirit": 0.0, "delay": 1.0, "praise": 1.0})}
    asked = {"method": "data_envelopment", "inputs": ["team"]}
    index = sp.build_index(
        values,
        framework,
        normalise="fraction_of_maximum",
        weights=one_each,
        aggregate={"indicators": "arithmetic", "dimensions": asked},
    )
    raw = data_envelopment(values[["delay"]], values[["praise"]]).scores
    np.testing.assert_allclose(index.overall, 100 * raw)
    assert "数据包络分析（效率值×100）（投入 = team）" in index.methods()
    assert refusal(values, framework, aggregate={"dimensions": "data_envelopment"}) == (
        "inputs must name some columns, and leave some that are results, got 0 of 2. "
        "Take some of 'team', 'results'."
    )


def test_fuzzy_evaluation_by_weighted_average_is_the_arithmetic_mean(framework):
    plain = sp.build_index(VALUES, framework)
    fuzzy = plain.rebuild(aggregate="fuzzy_evaluation")
    pd.testing.assert_series_equal(fuzzy.overall, plain.overall)
    asked = {"method": "fuzzy_evaluation", "operator": "max_min", "grades": [95, 80, 60, 30]}
    other = plain.rebuild(aggregate={"dimensions": asked})
    assert other.overall.between(30, 95).all()
    assert "算子 = 主因素决定 M(∧,∨)、等级分值 = 95–80–60–30" in other.methods()


@pytest.mark.parametrize("word", [word for word in RANKINGS if word != "data_envelopment"])
def test_ranking_methods_give_marks(framework, word):
    index = sp.build_index(VALUES, framework, aggregate={"indicators": word})
    assert index.dimensions["team"].between(0, 100).all()
    assert (index.overall.rank() == index.overall.rank()).all()


def test_topsis_of_the_scores(framework):
    index = sp.build_index(VALUES, framework, aggregate={"indicators": "topsis"})
    scores = index.scores[["spirit", "delay"]]
    expected = 100 * topsis(scores, pd.Series(0.5, index=scores.columns)).closeness
    np.testing.assert_allclose(index.dimensions["team"], expected)
    values = VALUES.copy()
    values.iloc[0, 0] = np.nan
    assert refusal(values, framework, aggregate="topsis", available=0.1) == (
        "x must have no missing values, got NaN in 'spirit'. "
        "Impute them first or leave these columns out."
    )


def test_a_veto_holds_scores_down_and_contributions_still_sum(framework):
    rule = {"thresholds": {"delay": 12, "spirit": 65}, "cap": 20}
    index = sp.build_index(VALUES, framework, aggregate={"method": "arithmetic", "veto": rule})
    before = sp.build_index(VALUES, framework)
    assert index.vetoed["failed"].tolist() == ["spirit", "", "delay", "delay", ""]
    pd.testing.assert_series_equal(index.vetoed["before"], before.overall, check_names=False)
    assert index.overall.tolist() == np.minimum(before.overall, [20, 99, 20, 20, 99]).tolist()
    np.testing.assert_allclose(index.contributions().sum(axis=1), index.overall)
    assert "（时长 12、意识 65），涉及 3 条" in index.methods()
    both = {"indicators": "arithmetic", "veto": {"thresholds": {"spirit": 65}, "deduct": 5}}
    deducted = sp.build_index(VALUES, framework, aggregate=both)
    assert (before.overall - deducted.overall).round(9).tolist() == [5, 0, 0, 0, 0]
    assert refusal(VALUES, framework, aggregate={"veto": {"thresholds": {"spirit": 1}}}) == (
        "veto must have thresholds, and a cap or a deduction, got {'thresholds': {'spirit': 1}}. "
        'Write {"thresholds": {code: least value}, "cap": 59}.'
    )


# -- a framework's file --------------------------------------------------------------------------

METHODS = """
[methods]
treat = { delay = "log" }
impute = { method = "knn", neighbours = 2 }
normalise = { method = "minmax_positive", within = "period" }
aggregate = { indicators = "arithmetic", dimensions = "geometric" }
"""


def test_a_framework_declares_methods_and_the_caller_may_do_otherwise(tmp_path):
    index = sp.build_index(VALUES, framework_of(tmp_path, METHODS))
    assert index.choices.normalise == {"method": "minmax_positive", "within": "period"}
    assert index.choices.aggregate == {"indicators": "arithmetic", "dimensions": "geometric"}
    np.testing.assert_allclose(index.prepared.values["delay"], np.log(VALUES["delay"]))
    plain = index.rebuild(treat="none", impute="none", normalise="minmax", aggregate="arithmetic")
    pd.testing.assert_series_equal(
        plain.overall, sp.build_index(VALUES, framework_of(tmp_path)).overall
    )


COMBINED = """
[weights]
method = "linear"
shares = [0.75, 0.25]
[[weights.parts]]
method = "ahp"
matrix = [[1, 3], ["1/3", 1]]
[[weights.parts]]
method = "entropy"
"""


def test_a_framework_declares_combined_weights_for_each_level(tmp_path):
    body = BODY.replace('unit = "points"', 'unit = "points"\nweight = 3', 1)
    body = body.replace('unit = "days"', 'unit = "days"\nweight = 1')
    inside = '[dimensions.weights]\nmethod = "geometric"\nparts = ["given", "entropy"]\n'
    body = body.replace("[[dimensions.indicators]]", inside + "[[dimensions.indicators]]", 1)
    fw = framework_of(tmp_path, COMBINED, body=body)
    index = sp.build_index(VALUES, fw)
    across = pd.Series({"team": 0.75, "results": 0.25})
    by_hand = sp.build_index(
        VALUES,
        framework_of(tmp_path, body=body.replace(inside, "")),
        weights={
            "indicators": {
                "method": "geometric",
                "parts": [pd.Series({"spirit": 0.75, "delay": 0.25, "praise": 1.0}), "entropy"],
            },
            "dimensions": {
                "method": "linear",
                "parts": [across, "entropy"],
                "shares": [0.75, 0.25],
            },
        },
    )
    pd.testing.assert_frame_equal(index.weights, by_hand.weights)
    assert index.weights["global_weight"].sum() == pytest.approx(1)
    assert not np.allclose(
        index.weights["global_weight"],
        sp.build_index(VALUES, fw, weights="equal").weights["global_weight"],
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[weights]\nmethod = "linear"\nparts = ["entropy"]\n',
            "linear must have at least 2 parts, each of another kind, got ['entropy'] (at "
            '$.weights.parts). Write parts = ["given", "entropy"], for example.',
        ),
        (
            '[weights]\nmethod = "linear"\nparts = ["entropi", "critic"]\n',
            "method must be a known word, got 'entropi' (at $.weights.parts[0].method). Did you "
            "mean 'entropy'?",
        ),
        (
            '[weights]\nmethod = "moment"\nparts = ["entropy", "critic"]\n',
            "weights moment must have its options, got none for subjective (at $.weights). Write "
            '{"method": "moment", "subjective": ...}.',
        ),
        (
            '[weights]\nmethod = "linear"\nparts = ["given", "critic"]\n',
            "weight must be given for all, got '0 of 2' (at $.dimensions). Write weight for every "
            'one of them, or leave "given" out.',
        ),
    ],
)
def test_wrong_combinations_of_a_framework_are_told(tmp_path, text, told):
    with pytest.raises(FrameworkError) as caught:
        framework_of(tmp_path, text)
    assert told in str(caught.value)


def test_wrong_methods_of_a_framework_are_told_all_at_once(tmp_path):
    wrong = """
[methods]
treat = "logg"
impute = { method = "knn", neighbour = 2 }
normalise = "minmix"
aggregate = { inner = "geometric" }
agregate = "geometric"
"""
    with pytest.raises(FrameworkError) as caught:
        framework_of(tmp_path, wrong)
    lines = str(caught.value).splitlines()[1:]
    assert lines == [
        "- treat must be a known word, got 'logg' (at $.methods.treat). Did you mean 'log'?",
        "- impute knn must have known options, got 'neighbour' (at $.methods.impute). "
        "It takes groups, neighbours, hidden, seed.",
        "- normalise must be a known word, got 'minmix' (at $.methods.normalise). "
        "Did you mean 'minmax'?",
        '- aggregate by level must have the keys "indicators" and "dimensions", got \'inner\' '
        "(at $.methods.aggregate). Rename it; one number per indicator goes into a Series.",
        "- Every key must be known, got 'agregate' (at $.methods). Did you mean 'aggregate'?",
    ]


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("treat", TREATMENTS),
        ("impute", IMPUTERS),
        ("aggregate", AGGREGATES),
        ("weights", COMBINATIONS),
    ],
)
def test_every_word_of_a_choice_has_a_name(family, words):
    assert [w for w in words if f"{family}.{w}" not in WORDS] == []


# -- bad input -----------------------------------------------------------------------------------


def with_column(code, column):
    return VALUES.assign(**{code: np.array(column, dtype=float)})


@pytest.mark.parametrize(
    ("values", "choices", "message"),
    [
        (
            with_column("delay", [3] * 5),
            {},
            "every indicator must vary between organisations for minmax, got one single value in "
            "'delay'. Leave these columns out, or use goalposts.",
        ),
        (
            with_column("delay", [3, 0, 2, 4, 5]),
            {"treat": "log"},
            "log needs values above 0, got 0 or less in 'delay'. Use log_ct for these columns.",
        ),
        (
            VALUES,
            {"aggregate": "geometric"},
            "scores must be above 0 for the geometric mean, got 0 or less in 'spirit', 'delay'. "
            "Normalise by minmax_positive or by goalposts below every value, or aggregate by "
            "arithmetic.",
        ),
        (
            VALUES.iloc[:2],
            {"weights": "entropy"},
            "x must have at least 3 organisations for this method, got 2. Add organisations or "
            "choose a method that needs fewer.",
        ),
        (
            with_column("delay", [3, np.inf, 2, 4, 5]),
            {},
            "Values must be finite, got infinity in 'delay'. Mend the division that made it.",
        ),
        (
            with_column("delay", [3, 1, 2, 4, 5]).astype({"delay": str}),
            {},
            "Values must be numbers, got text in 'delay'. Convert the column first.",
        ),
        (
            VALUES.iloc[[0, 1, 0]],
            {},
            "Each (org, period) must stand once in the values, got ('o0', Period('2023', 'Y-DEC')) "
            "again. Keep one row of each.",
        ),
        (
            VALUES.set_axis(["spirit", "delay", "spirit"], axis=1),
            {},
            "Each indicator must stand once in the values, got 'spirit' again. Rename or drop one "
            "of the columns.",
        ),
        (
            VALUES,
            {"weights": pd.Series({"spirit": 0.5, "delay": 0.5, "praise": 0.5})},
            "weights must sum to 1, got 1.5. Divide them by their sum.",
        ),
        (
            VALUES,
            {"normalise": {"method": "categorical", "cut": (0.2, 0.8)}},
            "normalise categorical must have known options, got 'cut'. It takes cuts, marks.",
        ),
        (
            VALUES,
            {"normalise": {"method": "zscore", "margin": 0.1}},
            "normalise zscore must have known options, got 'margin'. Leave it out.",
        ),
        (
            VALUES * np.nan,
            {},
            "At least one column of the values must be an indicator of the framework with values, "
            "got spirit, delay, praise. Name columns by the codes of small: spirit, delay, praise.",
        ),
        (
            VALUES,
            {"normalise": {"method": "minmax", "within": "sector"}},
            "groups must be the period or a column of the organisations, got 'sector'. "
            "Take one of period.",
        ),
        (
            VALUES,
            {"weights": {"method": "linear", "parts": ["entropy"]}},
            "a combination must have at least 2 weightings, got 1. Add another one.",
        ),
        (
            VALUES,
            {"weights": {"method": "moment", "parts": ["equal", "entropy"]}},
            "weights moment must have its options, got none for subjective. "
            'Write {"method": "moment", "subjective": ...}.',
        ),
        (
            VALUES,
            {"normalise": "zscore", "weights": "entropy"},
            "scores must be at least 0 for entropy weights, got negative ones in 'spirit'. "
            "Normalise by minmax first, or shift them by zeros=.",
        ),
    ],
)
def test_bad_input_is_refused_whole(framework, values, choices, message):
    assert refusal(values, framework, **choices) == message


def test_an_indicator_that_is_all_missing_is_left_out_aloud_by_its_name(framework):
    with pytest.warns(MethodWarning) as caught:
        index = sp.build_index(with_column("delay", [np.nan] * 5), framework)
    assert index.scale.codes == ("spirit", "praise")
    assert index.overall.notna().all()
    (told,) = (w.message for w in caught)
    assert told.said("en") == (
        "Every indicator should have values, got none at all for Delay, left out (the weights of "
        "the others are scaled up). Add their data, or take them out of the framework."
    )
    assert told.said("zh") == (
        "各项指标都应有数据；下列指标全部缺失，未参与计算，其权重按比例分给其余指标：时长。"
        "请补充资料，或从指标体系中去掉。"
    )
    assert caught[0].filename == __file__


def test_what_applies_to_nobody_needs_no_values(tmp_path):
    only = BODY.replace('{ kind = "given" } # praise', '{ kind = "given" }\ndomains = ["organs"]')
    values, fw = with_column("praise", [np.nan] * 5), framework_of(tmp_path, body=only)
    villages = PEOPLE.assign(domain="rural")
    assert sp.build_index(values, fw, organisations=villages).scale.codes == ("spirit", "delay")
    with pytest.warns(MethodWarning, match="got none at all for Praise"):
        sp.build_index(values, fw, organisations=PEOPLE)


def test_what_tally_told_is_not_told_again():
    data, _ = sp.synthesise(12, 1, seed=0)
    fw = sp.load_framework("six_haves")
    kept = data.evaluations[data.evaluations["indicator"] != "服务作风"]
    with pytest.warns(MethodWarning, match="Everything the framework names"):
        values = sp.tally(replace(data, evaluations=kept), fw)
    assert values["team_style"].isna().all()
    choices = {"organisations": data.organisations, "normalise": "goalposts"}
    index = sp.build_index(values, fw, **choices)  # in silence
    assert "team_style" not in index.scale.codes
    lost = sp.tally(data, fw).assign(team_style=np.nan)  # what the user lost on the way
    with pytest.warns(MethodWarning) as caught:
        sp.build_index(lost, fw, **choices)
    assert "服务作风" in caught[0].message.said("zh")
    assert "team_style" not in caught[0].message.said("zh") + str(caught[0].message)
