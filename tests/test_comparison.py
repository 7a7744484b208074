"""Domains side by side: shared indicators, tests, inequality, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.inequality import dagum
from servicepo.methods.quantile_shift import quantile_shift

CODES = ["team_awareness", "team_style", "task_village", "results_welcomed"]


def county(n=30, seed=0, years=("2023", "2024")):
    """Make villages, schools and firms with values; villages have a task of their own."""
    draw = np.random.default_rng(seed)
    orgs = [f"{kind}{i:02d}" for kind in ("村", "校", "企") for i in range(n // 3)]
    people = pd.DataFrame(
        {
            "domain": np.repeat(["rural", "organs", "enterprise"], n // 3),
            "sector": np.repeat(["village", "school", "private_enterprise"], n // 3),
            "township": np.tile(["东乡", "西乡"], n // 2),
        },
        index=pd.Index(orgs, name="org"),
    )
    rows = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(years, freq="Y")], names=["org", "period"]
    )
    level = rows.get_level_values("org").str[0].map({"村": 60, "校": 75, "企": 70}).to_numpy()
    values = pd.DataFrame(
        np.clip(level[:, None] + draw.normal(0, 6, (len(rows), 4)), 0, 100), rows, columns=CODES
    )
    values["results_welcomed"] /= 100
    values["task_village"] = values["task_village"].where(level == 60)
    return values, people


@pytest.fixture(scope="module")
def index(small_index):
    return small_index(*county())


def test_only_shared_indicators_are_compared(index):
    made = sp.compare_domains(index)
    assert made.indicators == ("team_awareness", "team_style", "results_welcomed")
    values = index.values.xs(pd.Period("2024"), level="period")
    by_hand = (values["team_awareness"] + values["team_style"]) / 4 + 50 * values[
        "results_welcomed"
    ]
    np.testing.assert_allclose(made.scores["score"].droplevel("period")[by_hand.index], by_hand)
    assert made.summary.loc["rural", "shared_weight"] == pytest.approx(5 / 6)
    assert made.summary.loc["organs", "shared_weight"] == 1
    assert made.period == pd.Period("2024")


def test_where_all_is_shared_the_score_is_the_index(small_index):
    values, people = county()
    index = small_index(values.drop(columns="task_village"), people)
    made = sp.compare_domains(index, by="sector", period="2023")
    expected = index.overall.xs(pd.Period("2023"), level="period")
    np.testing.assert_allclose(made.scores["score"].droplevel("period")[expected.index], expected)


def test_the_summary_the_slow_way(index):
    made = sp.compare_domains(index)
    for group, row in made.summary.iterrows():
        own = made.scores.loc[made.scores["domain"] == group, "score"]
        assert row["n"] == len(own) == 10
        assert row["mean"] == pytest.approx(own.mean())
        assert row["sd"] == pytest.approx(own.std(ddof=1))
        found = row[["min", "q25", "median", "q75", "max"]].to_numpy(dtype=float)
        np.testing.assert_allclose(found, np.percentile(own, [0, 25, 50, 75, 100]))


def test_tests_and_inequality_come_from_the_formulas(index):
    made = sp.compare_domains(index)
    parts = [own["score"] for _, own in made.scores.groupby("domain")]
    oracle = stats.kruskal(*parts)
    assert made.tests.loc["kruskal_wallis", "statistic"] == pytest.approx(oracle.statistic)
    assert made.tests.loc["kruskal_wallis", "p_value"] == pytest.approx(oracle.pvalue)
    parts = dagum(made.scores["score"], made.scores["domain"])
    assert made.inequality.loc[("dagum", "between"), "value"] == pytest.approx(parts.between)
    assert made.inequality.loc["dagum", "share"].sum() == pytest.approx(1)
    theil = made.inequality.loc["theil", "value"]
    assert theil["within"] + theil["between"] == pytest.approx(theil["total"])
    pd.testing.assert_frame_equal(made.distances, parts.distance)
    assert list(made.pairs["group"]) == ["enterprise", "enterprise", "organs"]
    medians = made.summary["median"]
    assert made.pairs["difference"].iloc[2] == pytest.approx(medians["organs"] - medians["rural"])
    assert made.pairs["cliffs_delta"].iloc[2] > 0.5


def test_the_interval_skew_and_ends_of_the_summary(small_index):
    values, people = county()
    schools = values.index.get_level_values("org").str[0] == "校"
    values.loc[schools, "team_awareness"] = 100.0
    values.loc[("校00", pd.Period("2024")), :] = 100.0
    values.loc[("校00", pd.Period("2024")), "results_welcomed"] = 1.0
    made = sp.compare_domains(small_index(values, people))
    own = made.scores.loc[made.scores["domain"] == "organs", "score"]
    row = made.summary.loc["organs"]
    ends = stats.t.interval(0.95, 9, own.mean(), stats.sem(own))
    np.testing.assert_allclose(row[["low", "high"]].to_numpy(dtype=float), ends)
    assert row["skew"] == pytest.approx(stats.skew(own, bias=False))
    assert row[["floor_share", "ceiling_share"]].tolist() == [0, 0.1]
    assert made.ends.loc[("team_awareness", "organs")].tolist() == [10, 0, 1]
    assert made.ends.loc[("team_style", "organs"), "ceiling_share"] == 0.1


def test_scores_without_bounds_have_no_ends(small_index):
    index = small_index(*county(), normalise="zscore")
    with pytest.warns(MethodWarning, match="Inequality measures need"):
        made = sp.compare_domains(index)
    assert made.summary["ceiling_share"].isna().all()
    assert made.ends["floor_share"].isna().all()
    assert made.densities()["density"].min() >= 0


def test_permutations_and_intervals_follow_the_seed_and_may_be_left_out(index):
    made, again = sp.compare_domains(index, draws=99), sp.compare_domains(index, draws=99)
    pd.testing.assert_frame_equal(made.tests, again.tests)
    pd.testing.assert_frame_equal(made.inequality, again.inequality)
    assert made.tests.loc["permutation", "p_value"] == 0.01
    assert made.pairs["p_permutation"].between(0.01, 1).all()
    assert made.inequality["low"].notna().all()
    without = sp.compare_domains(index, draws=0)
    assert list(without.tests.index) == ["kruskal_wallis"]
    assert without.pairs["p_permutation"].isna().all()
    assert without.inequality["low"].isna().all()


def test_a_group_of_one_is_told(small_index):
    values, people = county()
    people = people.assign(circle=["独"] + ["众"] * 15 + ["余"] * 14)
    message = (
        "Groups should hold at least 2 organisations to be compared, got 1 in '独'; a test of it "
        "says little. Merge small groups or choose another column."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = sp.compare_domains(small_index(values, people), by="circle")
    assert made.summary.loc["独", ["n", "sd"]].isna().tolist() == [False, True]


def test_densities_have_one_bandwidth_and_all_their_mass(index):
    table = sp.compare_domains(index).densities()
    assert list(table.columns) == ["group", "score", "density", "n"]
    for _, curve in table.groupby("group"):
        assert np.trapezoid(curve["density"], curve["score"]) == pytest.approx(1, abs=1e-3)
        assert curve["score"].iloc[[0, -1]].tolist() == [0, 100]
        assert (curve["n"] == 10).all()


def test_the_shift_is_that_of_the_two_groups(index):
    made = sp.compare_domains(index)
    table = made.shift("rural", "organs", draws=200)
    own = made.scores.groupby("domain")["score"]
    expected = quantile_shift(own.get_group("rural"), own.get_group("organs"), draws=200, seed=0)
    pd.testing.assert_frame_equal(table, expected)
    message = "groups must be those compared, got 'urban'. Take two of 'enterprise', 'organs', "
    with pytest.raises(MethodError, match=f"^{re.escape(message)}"):
        made.shift("rural", "urban")


def test_nested_inequality_sums_to_that_of_the_comparison(index):
    made = sp.compare_domains(index)
    parts = made.nested("township", draws=50).parts
    assert parts.index.tolist() == ["township", "domain", "within", "total"]
    assert parts["value"].iloc[:3].sum() == pytest.approx(parts["value"].iloc[3])
    total = made.inequality.loc[("theil", "total"), "value"]
    assert parts.loc["total", "value"] == pytest.approx(total)
    assert made.nested("township", draws=0).parts["low"].isna().all()


def test_missing_scores_are_counted(small_index):
    values, people = county()
    values.loc[("校00", pd.Period("2024")), :] = np.nan
    made = sp.compare_domains(small_index(values, people))
    assert made.summary.loc["organs", ["n", "without_score"]].tolist() == [9, 1]


def test_organisations_without_a_group_are_left_out_with_a_word(small_index):
    values, people = county()
    people = people.assign(circle=people["township"].where(people.index != "村00"))
    with pytest.warns(MethodWarning, match="have a 'circle' to be compared; 1 of 30"):
        made = sp.compare_domains(small_index(values, people), by="circle")
    assert made.summary["n"].sum() == 29
    assert made.indicators == ("team_awareness", "team_style", "results_welcomed")


def test_negative_scores_leave_no_inequality(small_index):
    index = small_index(*county(), normalise="zscore")
    with pytest.warns(MethodWarning, match="Inequality measures need scores of at least 0"):
        made = sp.compare_domains(index)
    assert made.inequality.empty
    assert not made.tests.empty


def test_a_group_of_zeros_leaves_no_inequality(small_index):
    values, people = county(6)
    schools = values.index.get_level_values("org").str[0] == "校"
    values.loc[schools] = 0.0
    message = (
        "Inequality measures need scores of at least 0, and groups that have not only zeros; they "
        'are left out. Build the index with declared bounds, such as normalise="goalposts".'
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = sp.compare_domains(small_index(values, people))
    assert made.inequality.empty
    assert made.summary.loc["organs", "mean"] == 0
    assert len(made.pairs) == 3


def test_weights_that_change_from_year_to_year_are_those_of_the_period():
    framework = sp.load_framework("base_plus_plan")
    values, people = county()
    values = values.iloc[:, :3].set_axis(["base_dues", "base_members", "plan_effect"], axis=1)
    values["plan_effect"] = values["base_dues"].to_numpy()[::-1]
    index = sp.build_index(values, framework, organisations=people, normalise="goalposts")
    for period in ("2023", "2024"):
        made = sp.compare_domains(index, period=period)
        expected = index.overall.xs(pd.Period(period), level="period")
        found = made.scores["score"].droplevel("period")
        np.testing.assert_allclose(found[expected.index], expected)


def test_half_years_are_told_as_such(small_index):
    values, people = county()
    halves = pd.PeriodIndex(["2024Q1", "2024Q3"], freq="2Q-DEC")
    values.index = pd.MultiIndex.from_product(
        [values.index.unique("org"), halves], names=["org", "period"]
    )
    assert repr(sp.compare_domains(small_index(values, people))).startswith(
        "DomainComparison(domain, 2024H2: "
    )


def test_weights_that_differ_between_groups_are_told(small_index):
    index = small_index(*county(), weights="entropy")
    with pytest.warns(MethodWarning, match="Groups compared should have the same weights"):
        sp.compare_domains(index)


def test_the_result_tells_itself(index):
    made = sp.compare_domains(index)
    assert re.fullmatch(
        r"DomainComparison\(domain, 2024: medians enterprise \d+\.\d, organs .*, rural .*; "
        r"Kruskal–Wallis p [\d.e-]+; 3 shared indicators\)",
        repr(made),
    )
    assert "按领域比较 3 组党组织：只用各组共有的 3 个指标" in made.methods()
    assert "The 3 groups by domain were compared" in made.methods("en")
    assert "<table" in made._repr_html_()


def test_different_full_marks_are_refused_together(small_index):
    values, people = county()
    marks = people["domain"].map({"rural": 150.0, "organs": 100.0, "enterprise": 100.0})
    index = small_index(values, people, full_marks=marks)
    message = (
        "Groups must be scored on one full mark to be compared, got 100, 150 for "
        "'results_welcomed'. Compare groups with the same full mark."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.compare_domains(index)


def test_the_two_classes_of_lianyungang_are_refused_together(shared, small_index):
    """连云港 12345, 2021: two groups of units with full marks of 150 and 100."""
    table = pd.read_csv(shared / "real" / "lianyungang_12345_monthly.csv", encoding="utf-8-sig")
    table["period"] = pd.PeriodIndex(table["月份"], freq="M")
    rows = table.rename(columns={"单位": "org"}).set_index(["org", "period"]).sort_index()
    values = rows[["得分"]].rename(columns={"得分": "team_awareness"}).astype(float)
    units = rows.groupby("org").first()
    people = pd.DataFrame({"group": units["分组"]})
    index = small_index(values, people, full_marks=units["满分"].astype(float), normalise="minmax")
    with pytest.raises(MethodError, match=r"got 100, 150 for 'team_awareness'\. Compare groups"):
        sp.compare_domains(index, by="group")
    assert sp.find_weak(index, within="group").classes["n"].tolist() == [5, 4]
    with pytest.raises(MethodError, match=r"got 100, 150 for 'team_awareness'\. Declare"):
        sp.measure_change(index)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"by": "domian"},
            "by must be a column of the organisations, got 'domian'. Did you mean 'domain'?",
        ),
        (
            {"period": "2020"},
            "period must be one of the index, got '2020'. Take one of 2023, 2024.",
        ),
        (
            {"by": "county"},
            "county must hold at least 2 groups with scores in 2024 to be compared, got 甲县. "
            "Choose another column or period.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(small_index, choices, message):
    values, people = county()
    index = small_index(values, people.assign(county="甲县"))
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.compare_domains(index, **choices)


def test_scores_fitted_within_each_domain_are_refused(small_index):
    index = small_index(*county(), normalise={"method": "minmax", "within": "domain"})
    message = (
        "Groups must be scored on one scale to be compared, got scores fitted within each domain. "
        "Build the index without within='domain'."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.compare_domains(index)


def test_groups_without_a_shared_indicator_are_refused(small_index):
    values, people = county()
    rural = values.index.get_level_values("org").str[0] == "村"
    values.loc[rural, ["team_awareness", "team_style"]] = np.nan
    values.loc[~rural, "results_welcomed"] = np.nan
    with pytest.warns(MethodWarning):
        index = small_index(values, people, available=0.0)
    message = (
        "Groups must share at least one indicator to be compared, got none for "
        "enterprise, organs, rural. Compare groups measured by the same things."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.compare_domains(index)
