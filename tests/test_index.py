"""The index: laws, the slow way, published ranks, refusals and traces."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning

TOML = """
id = "small"
version = "1"
name = { zh = "小体系", en = "Small" }
citation = "made for this test"

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
DOMAIN_LINE = 'domains = ["rural"]\nsource = { kind = "given" }'


def small(folder):
    path = folder / "small.toml"
    path.write_text(TOML, encoding="utf-8")
    return sp.load_framework(path)


@pytest.fixture
def framework(tmp_path):
    return small(tmp_path)


@pytest.fixture
def rural_only(tmp_path):
    path = tmp_path / "small.toml"
    text = TOML.replace('source = { kind = "given" } # praise', DOMAIN_LINE)
    path.write_text(text, encoding="utf-8")
    return sp.load_framework(path)


def frame(rows, codes=("spirit", "delay", "praise"), periods=("2023",)):
    orgs = [f"o{i}" for i in range(len(rows) // len(periods))]
    index = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(periods, freq="Y")], names=["org", "period"]
    )
    return pd.DataFrame(rows, index=index, columns=list(codes), dtype=float)


VALUES = frame([[60, 10, 70], [80, 5, 90], [90, 20, 80], [70, 15, 65]])
PEOPLE = pd.DataFrame(
    {
        "domain": ["rural", "rural", "organs", "organs"],
        "sector": ["village", "community", "school", "school"],
    },
    index=pd.Index(["o0", "o1", "o2", "o3"], name="org"),
)


def test_overall_is_the_mean_of_dimension_means_done_by_hand(framework):
    index = sp.build_index(VALUES, framework)
    spirit = np.array([0, 2 / 3, 1, 1 / 3])
    delay = np.array([2 / 3, 1, 0, 1 / 3])
    praise = np.array([0.2, 1, 0.6, 0])
    team = (spirit + delay) / 2
    np.testing.assert_allclose(index.dimensions["team"], 100 * team)
    np.testing.assert_allclose(index.overall, 100 * (team + praise) / 2)
    assert index.overall.name == "overall"
    assert index.coverage.eq(1).all()


def test_weights_sum_to_one_and_multiply(framework):
    weights = sp.build_index(VALUES, framework).weights
    assert list(weights.index.names) == ["group", "indicator"]
    assert weights["global_weight"].sum() == pytest.approx(1)
    assert weights["local_weight"].groupby(weights["dimension"]).sum().to_numpy() == pytest.approx(
        1
    )


@pytest.mark.parametrize("words", ["equal", "entropy", "critic"])
def test_flat_weights_equal_the_method_on_all_scores(framework, words):
    from servicepo.methods.objective_weights import OBJECTIVE_WEIGHTS

    index = sp.build_index(VALUES, framework, weights=words)
    expected = OBJECTIVE_WEIGHTS[words](index.scores / 100)
    found = index.weights.loc["all", "global_weight"]
    pd.testing.assert_series_equal(found, expected, check_names=False)
    direct = index.scores.to_numpy() @ expected[list(index.scores)].to_numpy()
    np.testing.assert_allclose(index.overall, direct)


def test_weights_by_level(framework):
    given_weights = pd.Series({"team": 0.8, "results": 0.2})
    index = sp.build_index(VALUES, framework, weights={"dimensions": given_weights})
    mixed = index.dimensions["team"] * 0.8 + index.dimensions["results"] * 0.2
    np.testing.assert_allclose(index.overall, mixed)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(*[st.floats(1, 100)] * 3), min_size=3, max_size=12, unique=True))
def test_contributions_sum_to_the_index_and_the_order_of_rows_is_irrelevant(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("f") / "small.toml"
    path.write_text(TOML, encoding="utf-8")
    fw = sp.load_framework(path)
    values = frame(rows)
    if (values.max() - values.min()).lt(1e-6).any():
        return
    index = sp.build_index(values, fw)
    np.testing.assert_allclose(index.contributions().sum(axis=1), index.overall, atol=1e-9)
    assert index.overall.between(-1e-9, 100 + 1e-9).all()
    again = sp.build_index(values.iloc[::-1], fw)
    pd.testing.assert_series_equal(again.overall.sort_index(), index.overall.sort_index())


rows_of_numbers = st.lists(
    st.tuples(*[st.integers(0, 1000).map(float)] * 3), min_size=4, max_size=12, unique=True
).filter(lambda rows: all(len(set(column)) > 2 for column in zip(*rows, strict=True)))


@settings(max_examples=20, deadline=None)
@given(
    rows=rows_of_numbers,
    unit=st.sampled_from([0.001, 0.5, 60.0, 1e6]),
    aggregate=st.sampled_from(["arithmetic", "geometric", "topsis", "borda"]),
    weights=st.sampled_from(["framework", "entropy", "standard_deviation"]),
)
def test_the_unit_of_measure_is_irrelevant(tmp_path_factory, rows, unit, aggregate, weights):
    fw = small(tmp_path_factory.mktemp("f"))
    choices = {"normalise": "minmax_positive", "aggregate": aggregate, "weights": weights}
    values = frame(rows)
    index = sp.build_index(values, fw, **choices)
    other = sp.build_index(values.assign(delay=values["delay"] * unit), fw, **choices)
    np.testing.assert_allclose(other.overall, index.overall, rtol=1e-7, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(
    rows=rows_of_numbers,
    aggregate=st.sampled_from(["arithmetic", "geometric", "harmonic", "median", "owa", "minimum"]),
    step=st.floats(0.1, 200),
)
def test_more_of_a_benefit_and_less_of_a_cost_never_lowers_the_index(
    tmp_path_factory, rows, aggregate, step
):
    values, fw = frame(rows), small(tmp_path_factory.mktemp("f"))
    index = sp.build_index(values, fw, normalise="minmax_positive", aggregate=aggregate)
    for code, sign in (("spirit", 1), ("praise", 1), ("delay", -1)):
        better = values.copy()
        better.loc[better.index[0], code] += sign * step
        made = sp.build_index(better, fw, aggregate=aggregate, scale=index.scale)
        assert made.overall.iloc[0] >= index.overall.iloc[0] - 1e-9
        assert made.overall.iloc[1:].equals(index.overall.iloc[1:])


@settings(max_examples=20, deadline=None)
@given(rows=rows_of_numbers)
def test_a_duplicated_organisation_leaves_the_others_and_geometric_is_the_lower(
    tmp_path_factory, rows
):
    fw = small(tmp_path_factory.mktemp("f"))
    index = sp.build_index(frame(rows), fw, normalise="minmax_positive")
    twice = sp.build_index(frame([*rows, rows[0]]), fw, normalise="minmax_positive")
    np.testing.assert_allclose(twice.overall.iloc[:-1], index.overall, rtol=1e-12)
    lower = index.rebuild(aggregate="geometric")
    assert (lower.overall <= index.overall + 1e-9).all()


def test_geometric_contributions_sum_to_the_index(framework):
    index = sp.build_index(VALUES, framework, normalise="minmax")
    bounds = index.rebuild(normalise="minmax_positive", aggregate="geometric")
    np.testing.assert_allclose(bounds.contributions().sum(axis=1), bounds.overall)
    assert (bounds.overall <= bounds.rebuild(aggregate="arithmetic").overall + 1e-9).all()


def test_missing_values_are_never_filled_and_the_rule_decides(framework):
    values = VALUES.copy()
    values.iloc[0, 0] = np.nan
    index = sp.build_index(values, framework, available=0.5)
    assert index.scores.iloc[0, 0] != index.scores.iloc[0, 0]
    assert index.dimensions.iloc[0]["team"] == pytest.approx(index.scores.iloc[0]["delay"])
    assert index.coverage.iloc[0] == pytest.approx(0.75)
    strict = index.rebuild(available=0.9)
    assert np.isnan(strict.overall.iloc[0])
    assert strict.coverage.iloc[0] == pytest.approx(0.5)
    lenient = index.rebuild(available={"team": 0.9, "overall": 0.1})
    assert lenient.overall.iloc[0] == lenient.dimensions.iloc[0]["results"]
    assert lenient.coverage.iloc[0] == pytest.approx(0.5)
    assert strict.overall.iloc[1:].notna().all()
    np.testing.assert_allclose(index.contributions().sum(axis=1), index.overall)


def test_a_later_year_is_scored_on_this_years_scale(framework):
    first = sp.build_index(VALUES, framework)
    later = sp.build_index(VALUES.iloc[:2], framework, scale=first.scale)
    pd.testing.assert_frame_equal(later.scores, first.scores.iloc[:2])


def test_classes_get_their_own_weights(rural_only):
    values = VALUES.copy()
    values.loc[["o2", "o3"], "praise"] = np.nan
    index = sp.build_index(values, rural_only, organisations=PEOPLE)
    assert set(index.weights.index.get_level_values("group")) == {"rural", "organs"}
    assert index.weights.loc["organs", "global_weight"].to_dict() == {"spirit": 0.5, "delay": 0.5}
    assert index.coverage.eq(1).all()
    assert index.group_of_row.tolist() == ["rural", "rural", "organs", "organs"]
    ranks = index.ranks(within="domain")
    assert ranks["rank"].tolist() == [2, 1, 2, 1] or ranks["rank"].max() == 2
    message = (
        "Organisations ranked together should be measured alike; in 'all' only 50% of the weight "
        'rests on shared indicators. Rank within a finer class, such as within="sector".'
    )
    with pytest.warns(MethodWarning) as caught:
        index.ranks(within=None)
    assert str(caught[0].message) == message


def test_ranks_share_the_best_place_and_count_the_class(framework):
    values = frame([[60, 10, 70], [60, 10, 70], [90, 5, 80]])
    ranks = sp.build_index(values, framework).ranks()
    assert ranks["rank"].tolist() == [2, 2, 1]
    assert ranks["n"].tolist() == [3, 3, 3]
    assert ranks["group"].unique().tolist() == ["all"]


def test_periods_are_ranked_apart_and_can_be_chosen(framework):
    values = frame([[60, 10, 70], [61, 11, 71], [90, 5, 80], [91, 6, 81]], periods=("2022", "2023"))
    index = sp.build_index(values, framework)
    assert index.ranks()["n"].unique().tolist() == [2]
    assert len(index.ranks(period="2023")) == 2
    with pytest.raises(MethodError) as refused:
        index.ranks(period="2030")
    assert str(refused.value) == (
        "period must be one of the index, got '2030'. Take one of 2022, 2023."
    )


def test_classes_that_nobody_told_are_refused(framework):
    nobody = PEOPLE.assign(domain=pd.NA)
    index = sp.build_index(VALUES, framework, organisations=nobody)
    with pytest.raises(MethodError) as refused:
        index.ranks()
    assert str(refused.value) == (
        "The classes ranked apart must be known, got no 'domain' of anybody. "
        "Complete the roster or choose another column; within=None ranks all together."
    )
    half = PEOPLE.assign(domain=["rural", "rural", None, None])
    ranks = sp.build_index(VALUES, framework, organisations=half).ranks()["rank"]
    assert ranks.isna().tolist() == [False, False, True, True]


def test_trace_leads_from_contribution_to_value(framework):
    index = sp.build_index(VALUES, framework)
    trace = index.trace("o0", "spirit")
    assert trace["step"].tolist() == ["contribution", "score", "value"]
    assert trace["amount"].tolist() == [0, 0, 60]


def test_the_methods_sentence_names_every_choice(framework):
    index = sp.build_index(VALUES, framework, weights="entropy")
    assert "熵权法" in index.methods()
    assert "entropy weights" in index.methods("en")
    assert "Small" in index.methods("en")


def test_the_callers_frame_is_left_alone(framework):
    before = VALUES.copy(deep=True)
    sp.build_index(VALUES, framework, weights="entropy").contributions()
    pd.testing.assert_frame_equal(VALUES, before)


def test_an_index_can_be_shown(framework):
    index = sp.build_index(VALUES, framework)
    assert repr(index) == "Index(small: 4 organisations, 1 periods, 3 indicators, mean 47.5)"
    assert "overall" in index._repr_html_()
    assert index.standard_errors is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"weights": "entropie"},
            "weights must be a known word, got 'entropie'.",
        ),
        (
            {"weights": pd.Series({"spirit": 0.5, "delay": 0.5, "praise": 0.5})},
            "weights must sum to 1, got 1.5. Divide them by their sum.",
        ),
        (
            {"weights": pd.Series({"spirit": 1.5, "delay": -0.5, "praise": 0.0})},
            "weights must be zero or more and not all zero, got -0.5 for 'delay'. "
            "Correct the weights.",
        ),
        (
            {"weights": pd.Series({"spirit": 1.0})},
            "weights must name every column, got none for delay, praise. Add them.",
        ),
        (
            {"weights": {"top": "equal"}},
            'weights by level must have the keys "indicators" and "dimensions", got \'top\'. '
            "Rename it; one number per indicator goes into a Series.",
        ),
        (
            {"available": 2},
            "available must be a share between 0 and 1, got 2. Give 2/3, for example.",
        ),
    ],
)
def test_wrong_choices_are_refused(framework, change, message):
    with pytest.raises(MethodError) as refused:
        sp.build_index(VALUES, framework, **change)
    assert str(refused.value).startswith(message)


def test_wrong_values_are_refused(framework, rural_only):
    cases = [
        (VALUES.reset_index(), "Values must be a frame with rows (org, period), got [None]. "),
        (VALUES.iloc[[0, 0]], "Each (org, period) must stand once in the values, got ('o0', "),
        (VALUES.assign(delay="x"), "Values must be numbers, got text in 'delay'. "),
        (VALUES.assign(delay=np.inf), "Values must be finite, got infinity in 'delay'. "),
        (VALUES[[]], "At least one column of the values must be an indicator of the framework "),
    ]
    for values, message in cases:
        with pytest.raises(MethodError) as refused:
            sp.build_index(values, framework)
        assert str(refused.value).startswith(message)
    with pytest.raises(MethodError) as refused:
        sp.build_index(VALUES, rural_only)
    assert str(refused.value) == (
        "organisations must be given where indicators apply to some domains or sectors only, "
        "got None with 'praise'. Add organisations=data.organisations."
    )


def test_organisations_that_are_not_on_the_roster_are_left_out_aloud(framework):
    with pytest.warns(MethodWarning) as caught:
        index = sp.build_index(VALUES, framework, organisations=PEOPLE.iloc[:3])
    assert str(caught[0].message) == (
        "Every organisation should be among organisations=; 1 left out: o3. "
        "Correct the names, or add them to the roster."
    )
    assert caught[0].filename == __file__  # shown at the line of the user
    assert index.overall.index.get_level_values("org").tolist() == ["o0", "o1", "o2"]
    with pytest.raises(MethodError) as refused:
        sp.build_index(VALUES, framework, organisations=PEOPLE.iloc[:0])
    assert str(refused.value) == (
        "Organisations of the values must be among organisations=, got o0, o1, o2, o3. "
        "Give the roster these values belong to."
    )


def test_an_indicator_without_values_in_a_class_is_left_out_aloud(rural_only):
    values = VALUES.copy()
    values["praise"] = np.nan
    values.loc["o2", "praise"] = 1.0
    with pytest.warns(MethodWarning, match="there are none for Praise, left out there"):
        sp.build_index(
            values.assign(praise=[np.nan, np.nan, 3, 4]), rural_only, organisations=PEOPLE
        )


TAI_GOALPOSTS = {  # Saisana, Saltelli & Tarantola 2005, JRSS A 168(2), Table 1
    "patents": (0, 994),
    "royalties": (0, 272.6),
    "internet": (0, 232.4),
    "exports": (0, 80.8),
    "telephones_log10": (0, float(np.log10(901))),
    "electricity_log10": (float(np.log10(22)), float(np.log10(6969))),
    "schooling": (0.8, 12.0),
    "university": (0.1, 27.4),
}


def test_equal_weight_ranks_of_the_technology_achievement_index_oecd_2008_table_23(
    shared, tmp_path
):
    table = pd.read_csv(shared / "reference" / "tai.csv", index_col="country").rename_axis("org")
    text = TOML.split("[[dimensions]]")[0]
    text += '[[dimensions]]\ncode = "tai"\nname = { zh = "TAI", en = "TAI" }\ncitation = "-"\n'
    for code, (low, high) in TAI_GOALPOSTS.items():
        text += (
            f'[[dimensions.indicators]]\ncode = "{code}"\n'
            f'name = {{ zh = "{code}", en = "{code}" }}\nunit = "-"\ngoalposts = [{low}, {high}]\n'
            f'source = {{ kind = "given" }}\n'
        )
    path = tmp_path / "tai.toml"
    path.write_text(text, encoding="utf-8")
    values = table.set_index(
        pd.PeriodIndex(["1999"] * len(table), freq="Y", name="period"), append=True
    )
    index = sp.build_index(values, sp.load_framework(path), normalise="goalposts")
    published = (shared / "reference" / "tai_published.md").read_text(encoding="utf-8")
    lines = published.split("## 11.")[1].split("```")[1]
    expected = {}
    for cell in lines.replace("\n", "|").split("|"):
        if words := cell.split():
            expected[" ".join(words[:-5])] = int(words[-5])
    found = index.ranks()["rank"].droplevel("period").astype(int)
    found.index = found.index.str.replace("Korea, Rep. of", "Korea")
    assert found.to_dict() == expected
    assert index.overall.round(1).iloc[:2].tolist() == [74.5, 73.3]


def test_what_does_not_differ_is_scored_against_its_declared_bounds(framework):
    values = VALUES.assign(spirit=80.0)
    with pytest.warns(MethodWarning) as caught:
        index = sp.build_index(values, framework)
    assert str(caught[0].message) == (
        "Values should differ for 'minmax', got one value only for 'spirit', scored against the "
        "bounds of the framework. Compare organisations on the other indicators."
    )
    assert caught[0].message.said("zh") == (
        "指标意识只有一个取值，无从比较高低，改按指标体系的上下界计分。"
    )
    assert index.scores["spirit"].eq(80).all()
    assert index.scores["delay"].tolist() == pytest.approx([200 / 3, 100, 0, 100 / 3])
    with pytest.raises(MethodError, match="'delay'"):  # days have no declared bounds
        sp.build_index(VALUES.assign(delay=5.0), framework)


def test_who_is_screened_out_is_not_filled_in_again(framework):
    values = VALUES.copy()
    values.loc["o3"] = np.nan
    index = sp.build_index(
        values, framework, impute="median", available={"organisations": 0.5, "overall": 0.5}
    )
    assert np.isnan(index.overall.iloc[3])
    assert index.overall.iloc[:3].notna().all()
