"""Grades: cut-offs, the satisfaction bar, traces, counts, refusals."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.grading import grade_scores
from servicepo.rules import load_scheme

YEAR = pd.Period("2024")


def values(rows):
    """Make values of one year; each row is (awareness and style, satisfaction)."""
    index = pd.MultiIndex.from_product(
        [[f"o{i}" for i in range(len(rows))], [YEAR]], names=["org", "period"]
    )
    frame = pd.DataFrame(rows, index=index, columns=["team_awareness", "results_welcomed"])
    return frame.assign(team_style=frame["team_awareness"])


# score, satisfaction -> 95, 90 exactly, 84 with and without the bar, 75, 40
ROWS = [(95, 0.95), (85, 0.95), (75, 0.93), (88, 0.80), (72, 0.78), (40, 0.40)]
EXPECTED = ["good", "good", "fairly_good", "average", "average", "poor"]


@pytest.fixture(scope="module")
def index(small_index):
    people = pd.DataFrame(
        {"domain": ["rural"] * 3 + ["organs"] * 3}, index=[f"o{i}" for i in range(6)]
    )
    return small_index(values(ROWS), people)


def test_grades_by_cut_off_and_satisfaction(index):
    made = sp.grade(index)
    assert made.table["grade"].tolist() == EXPECTED
    assert made.table["by_score"].tolist()[3] == "fairly_good"
    assert made.table["bars"].tolist() == ["", "", "", "satisfaction", "", ""]
    assert made.table["unchecked"].eq("").all()
    assert made.table["grade"].cat.ordered
    assert list(made.table["grade"].cat.categories) == ["poor", "average", "fairly_good", "good"]
    assert not made.rescored
    np.testing.assert_allclose(made.table["score"], index.overall)


def test_every_rule_is_told(index):
    made = sp.grade(index)
    trace = made.trace("o3")
    assert trace["rule"].tolist() == ["score", "satisfaction"]
    assert trace["outcome"].tolist() == ["earned", "barred"]
    assert trace["grade"].tolist() == ["fairly_good", "average"]
    assert trace["least"].tolist() == [80, 0.9]
    assert made.trace("o0")["outcome"].tolist() == ["earned", "passed"]
    assert made.trace("o5")["outcome"].tolist() == ["earned", "no_effect"]


def test_relative_scores_are_graded_against_the_declared_bounds(small_index, index):
    relative = small_index(values(ROWS), normalise="minmax")
    made = sp.grade(relative)
    assert made.rescored
    assert made.table["grade"].tolist() == EXPECTED
    assert "百分制" in made.methods()


def test_a_score_that_misses_by_rounding_only_reaches_the_cut_off():
    scheme = load_scheme("four_grades_2012")
    scores = pd.Series([90 - 1e-12, 89.999, 80.0, 60.0, 59.99, np.nan])
    grades = grade_scores(scores, scheme)
    assert grades.astype(object).tolist()[:5] == [
        "good",
        "fairly_good",
        "fairly_good",
        "average",
        "poor",
    ]
    assert pd.isna(grades.iloc[5])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=2, max_size=20))
def test_a_higher_score_never_earns_a_lower_grade(scores):
    scheme = load_scheme("four_grades_2012")
    codes = grade_scores(pd.Series(sorted(scores)), scheme).cat.codes
    assert codes.is_monotonic_increasing
    for score, code in zip(sorted(scores), codes, strict=True):
        low = scheme.grades[3 - code].low
        high = scheme.grades[3 - code].high
        assert low - 1e-8 <= score < high


def test_without_satisfaction_the_bar_is_said_to_be_unchecked(small_index):
    rows = values(ROWS).drop(columns="results_welcomed")
    index = small_index(rows)
    message = (
        "The bar 'satisfaction' needs values of 'results_welcomed'; 6 of 6 graded rows have none "
        "and are graded by their score alone. Add the values, or name another indicator with "
        "satisfaction=."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = sp.grade(index)
    assert made.table["unchecked"].eq("satisfaction").all()
    assert made.table["grade"].tolist() == made.table["by_score"].tolist()
    assert made.trace("o0")["outcome"].tolist() == ["earned", "no_data"]


def test_the_indicator_of_the_bar_can_be_named(small_index):
    people = pd.DataFrame({"sector": "village"}, index=[f"o{i}" for i in range(6)])
    index = small_index(values(ROWS).assign(task_village=0.5), people)
    made = sp.grade(index, satisfaction="task_village")
    assert (made.table["grade"] <= "average").all()


def test_an_organisation_without_a_score_has_no_grade(small_index):
    rows = values(ROWS)
    rows.iloc[0] = np.nan
    made = sp.grade(small_index(rows))
    assert pd.isna(made.table["grade"].iloc[0])
    assert made.trace("o0")["outcome"].tolist() == ["no_data"]
    assert repr(made) == (
        "Grades(four_grades_2012: good 1, fairly_good 1, average 2, poor 1, ungraded 1)"
    )


def test_counts_add_up(index):
    made = sp.grade(index)
    counts = made.counts()
    assert counts["grade"].tolist() == ["good", "fairly_good", "average", "poor"]
    assert counts["count"].tolist() == [2, 1, 2, 1]
    assert counts["share"].sum() == pytest.approx(1)
    by_domain = made.counts(by="domain")
    assert by_domain.groupby("domain")["share"].sum().to_numpy() == pytest.approx(1)
    assert by_domain["count"].sum() == 6


def test_three_grades(index):
    made = sp.grade(index, "three_grades")
    assert made.table["grade"].tolist() == [
        "advanced",
        "advanced",
        "ordinary",
        "ordinary",
        "ordinary",
        "lagging",
    ]
    assert made.methods().endswith("分数线或比例为示例，并非来源文件规定。")


def test_the_methods_sentence(index):
    made = sp.grade(index)
    assert made.methods() == (
        "等次按“四档定级（组厅字〔2012〕6号口径）”评定：90 分及以上为好、80 分及以上为较好、"
        "60 分及以上为一般，其余为较差。限制条件：群众满意率低于 90%的，不得定为好、较好。"
    )
    assert made.methods("en").startswith("Grades follow “Four grades")


def test_the_index_is_left_alone(index):
    before = index.values.copy(), index.overall.copy()
    sp.grade(index)
    pd.testing.assert_frame_equal(index.values, before[0])
    pd.testing.assert_series_equal(index.overall, before[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda index: sp.grade(index, satisfaction="happiness"),
            "satisfaction must be an indicator with values, got 'happiness'. "
            "Take one of team_awareness, results_welcomed, team_style.",
        ),
        (
            lambda index: sp.grade(index).trace("o9"),
            "an organisation of the index must be named, got 'o9'. Look it up in grades.table.",
        ),
        (
            lambda index: sp.grade(index).counts(by="domian"),
            "by must be a column of the organisations, got 'domian'. Did you mean 'domain'?",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(index, call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call(index)


def test_scores_beyond_full_marks_are_refused(small_index):
    rows = values([(130, 1.2), (50, 0.5)])
    message = (
        "scores must lie on 0..100 to be graded, got 125 (at o0). "
        'Build the index with a bounded normalisation, such as normalise="goalposts".'
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.grade(small_index(rows, normalise="fixed"))


@pytest.mark.parametrize("weights", ["entropy", {"indicators": "critic", "dimensions": "equal"}])
def test_weights_found_in_the_data_stay_as_they_are(small_index, weights):
    draw = np.random.default_rng(2)
    rows = pd.MultiIndex.from_product(
        [[f"o{i}" for i in range(12)], pd.PeriodIndex(["2024"], freq="Y")], names=["org", "period"]
    )
    scores = np.column_stack([draw.uniform(40, 95, 12), draw.uniform(88, 92, 12)])
    values = pd.DataFrame(scores, rows, columns=["team_awareness", "team_style"])
    values["results_welcomed"] = 0.95
    values.iloc[0, 2] = 0.9
    index = small_index(values, normalise="minmax", weights=weights)
    made = sp.grade(index)
    pd.testing.assert_frame_equal(made.index.weights, index.weights)
    own = index.weights.loc["all", "global_weight"]
    marks = values * [1, 1, 100]
    expected = (marks * own[marks.columns]).sum(axis=1)
    np.testing.assert_allclose(made.table["score"], expected)
    assert made.rescored


def test_what_was_filled_in_is_graded_and_outliers_are_as_they_were(small_index):
    rows = values([*ROWS, (10, 0.9)]).astype(float)
    rows.iloc[1, 0] = np.nan
    index = small_index(rows, normalise="minmax", impute="median", treat="iqr")
    made = sp.grade(index)
    assert made.index.prepared.treated is None
    assert made.index.prepared.imputed.mask.to_numpy().sum() == 1
    assert made.table["score"].notna().all()
    assert made.table["score"].iloc[6] == pytest.approx(0.5 * 10 + 50 * 0.9)
    assert made.index.choices.weights == index.choices.weights


def test_the_bar_looks_at_the_survey_of_a_framework_of_ones_own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        """
id = "own"
version = "1"
name = { zh = "本地", en = "Local" }
citation = "-"
[[dimensions]]
code = "all"
name = { zh = "全部", en = "All" }
citation = "-"
[[dimensions.indicators]]
code = "marks"
name = { zh = "考核", en = "Marks" }
unit = "points"
full_mark = 100
source = { kind = "given" }
[[dimensions.indicators]]
code = "praise"
name = { zh = "满意", en = "Praise" }
unit = "share"
goalposts = [0, 1]
[dimensions.indicators.source]
kind = "survey"
question = ["满意度"]
unknown = "exclude"
scale = { satisfied = 1, mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0 }
""",
        encoding="utf-8",
    )
    own = values(ROWS).rename(columns={"results_welcomed": "praise", "team_awareness": "marks"})
    own = own[["marks", "praise"]].assign(marks=100.0)
    index = sp.build_index(own, sp.load_framework(path), normalise="goalposts")
    table = sp.grade(index).table
    assert table["bars"].tolist() == ["", "", "", "satisfaction", "satisfaction", ""]


# -- quotas, bars, bands -------------------------------------------------------------------------
def marks(scores, orgs=None, period=YEAR):
    """Make values whose overall score is the given one."""
    orgs = [f"o{i:02d}" for i in range(len(scores))] if orgs is None else orgs
    rows = pd.MultiIndex.from_product([orgs, [period]], names=["org", "period"])
    table = np.column_stack([scores, scores, np.asarray(scores) / 100])
    return pd.DataFrame(table, rows, ["team_awareness", "team_style", "results_welcomed"])


def roster(sectors, **columns):
    orgs = pd.Index([f"o{i:02d}" for i in range(len(sectors))], name="org")
    return pd.DataFrame({"sector": sectors, "domain": "rural", **columns}, index=orgs)


SCHEME = """
id = "own"
name = "本地办法"
citation = "made for the tests"
{top}
[[grades]]
code = "up"
name = "上"
{up}
[[grades]]
code = "mid"
name = "中"
{mid}
[[grades]]
code = "low"
name = "下"
{low}
{bars}
"""


@pytest.fixture
def own_scheme(tmp_path):
    def write(top="", up="", mid="", low="", bars=""):
        path = tmp_path / "own.toml"
        text = SCHEME.format(top=top, up=up, mid=mid, low=low, bars=bars)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_five_stars_by_cut_off_and_quota(small_index):
    """五星创评 2015: 90 分以上且有创新项目为五星, 至多 10 %; 四星 30 %, 三星 40 %."""
    scores = [96, 94, 92, 91, 88, 85, 83, 78, 72, 65, 61, 55, 93, 82, 81, 76, 74, 71, 68, 40]
    people = roster(["village"] * 20, innovation_projects=[0, 2, 1] + [0] * 17)
    made = sp.grade(small_index(marks(scores), people), "five_stars_2015")
    got = made.table["grade"].droplevel("period")
    # 20 villages: 2 places for five stars, 6 for four, 8 for three.
    assert got[["o01", "o02"]].tolist() == ["five_stars"] * 2
    assert got[["o00", "o12", "o03", "o04", "o05", "o06"]].tolist() == ["four_stars"] * 6
    assert got[["o13", "o14"]].tolist() == ["three_stars"] * 2  # 82 and 81, but no place left
    assert got[["o09", "o18"]].tolist() == ["two_stars"] * 2
    assert got[["o11", "o19"]].tolist() == ["one_star"] * 2
    table = made.quotas.set_index("grade")
    assert table["places"].to_dict() == {"five_stars": 2, "four_stars": 6, "three_stars": 8}
    assert table["candidates"].to_dict() == {"five_stars": 2, "four_stars": 8, "three_stars": 7}
    assert table["note"].to_dict() == {
        "five_stars": "",
        "four_stars": "",
        "three_stars": "not_filled",
    }
    trace = made.trace("o13")
    assert trace["rule"].tolist() == [
        "score",
        "no_innovation",
        "quota:four_stars",
        "quota:three_stars",
    ]
    assert trace["outcome"].tolist() == ["earned", "no_effect", "over_quota", "placed"]
    assert trace["value"].tolist() == [82, 0, 7, 1]
    assert trace["grade"].tolist() == ["four_stars"] * 2 + ["three_stars"] * 2
    assert made.trace("o00")["outcome"].tolist() == ["earned", "barred", "placed"]
    assert made.table["bars"].droplevel("period")["o00"] == "no_innovation"
    assert made.methods().startswith(
        "等次按“五星创评（2015）”评定：90 分及以上为五星、80 分及以上为四星、70 分及以上为三星、"
        "60 分及以上为二星，其余为一星。"
        "比例（按类型分类）：五星至多 10%、四星至多 30%、三星至多 40%；"
        "名额四舍五入，末位同分者都定为该等次。限制条件：没有党建创新项目的，不得定为五星。"
    )


def test_a_bonus_is_added_up_to_what_the_scheme_allows(small_index):
    people = roster(["village"] * 10, innovation_projects=1)
    index = small_index(marks([82, 70, 60, 50, 40, 30, 20, 10, 5, 1]), people)
    bonus = pd.Series({"o00": 25.0, "o01": -5.0})
    made = sp.grade(index, "five_stars_2015", bonus=bonus)
    assert made.table["score"].tolist()[:3] == pytest.approx([92, 65, 60])
    assert made.table["grade"].tolist()[:3] == ["five_stars", "two_stars", "two_stars"]
    message = (
        "a scheme must allow a bonus for points to be added, got none in 'four_grades_2012'. "
        "Write bonus = 10 into the scheme, for example."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.grade(index, bonus=bonus)
    message = (
        "bonus must name organisations of the index, each once, got 'o99'. "
        "Index it by org, or by (org, period) as index.overall."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.grade(index, "five_stars_2015", bonus=pd.Series({"o99": 1.0}))


def test_without_the_column_a_bar_is_said_to_be_unchecked(small_index):
    index = small_index(marks(range(50, 60)), roster(["village"] * 10))
    message = (
        "The bar 'no_innovation' needs values of 'innovation_projects'; 10 of 10 graded rows have "
        "none and are graded by their score alone. Add this column to the organisations, or drop "
        "the bar from the scheme."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$") as told:
        made = sp.grade(index, "five_stars_2015")
    assert "没有党建创新项目" in told[0].message.said("zh")
    assert made.table["unchecked"].eq("no_innovation").all()


def test_quotas_alone_are_filled_within_classes(small_index):
    scores = np.r_[np.arange(60, 70), np.arange(90, 100)].astype(float)
    index = small_index(marks(scores), roster(["village"] * 10 + ["school"] * 10))
    made = sp.grade(index, "branch_stars")
    expected = ["no_star"] * 2 + ["three_stars"] * 3 + ["four_stars"] * 4 + ["five_stars"]
    assert made.table["grade"].tolist() == expected * 2
    assert not made.rescored
    assert made.trace("o02")["outcome"].tolist() == [
        "ranked",
        "over_quota",
        "over_quota",
        "placed",
    ]
    assert made.trace("o02")["least"].tolist()[1:] == [1, 4, 3]
    together = sp.grade(index, "branch_stars", within=None)
    assert together.table["grade"].tolist()[:10] == ["no_star"] * 4 + ["three_stars"] * 6
    assert made.methods().startswith(
        "等次按“党支部星级化管理（按比例）”评定：在同类中按得分从高到低排"
    )


def test_a_quota_of_less_than_one_is_said_aloud(small_index):
    index = small_index(marks([60, 70, 80, 90]), roster(["village"] * 4))
    message = (
        "A quota should give somebody a place; 1 of 3 are rounded to 0, such as that of "
        "'five_stars' in 'village': 10% of 4 is 0.4. "
        'Set rounding = "ceil" in the scheme, or choose wider classes.'
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$") as told:
        made = sp.grade(index, "branch_stars")
    assert "4 个的 10% 是 0.4 个" in told[0].message.said("zh")
    assert made.quotas["note"].tolist() == ["below_one", "", ""]
    assert made.table["grade"].tolist() == ["no_star", "three_stars", "four_stars", "four_stars"]
    up = replace(load_scheme("branch_stars"), rounding="ceil")
    assert sp.grade(index, up).table["grade"].tolist()[-1] == "five_stars"


@pytest.mark.parametrize(("ties", "best"), [("up", 2), ("down", 0)])
def test_equals_on_the_last_place_are_said_aloud(small_index, ties, best):
    index = small_index(marks([90, 90, *range(50, 58)]), roster(["village"] * 10))
    with pytest.warns(MethodWarning, match=r"^Equals should not stand on the last place") as told:
        made = sp.grade(index, replace(load_scheme("branch_stars"), ties=ties))
    fate = {"up": "all of them get it", "down": "none of them gets it"}[ties]
    assert str(told[0].message) == (
        "Equals should not stand on the last place of a quota; 2 do for 'five_stars' in 'village' "
        f"of 2024 (1 quotas in all), and {fate}. Score more finely, or set ties in the scheme."
    )
    assert (made.table["grade"] == "five_stars").sum() == best
    assert made.quotas["note"].iloc[0] == f"tie_{ties}"


def test_equal_scores_leave_a_quota_nothing_to_choose_by(small_index):
    index = small_index(
        marks([70] * 6 + list(range(50, 60))), roster(["village"] * 6 + ["school"] * 10)
    )
    message = (
        "Scores must differ for a quota; all 6 in 'village' are equal, so nobody gets a grade "
        "there. Look at the indicators of this class."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = sp.grade(index, "branch_stars")
    assert made.table["grade"].isna().tolist() == [True] * 6 + [False] * 10
    assert made.trace("o00")["outcome"].tolist() == ["no_data"]


def test_who_has_no_class_gets_no_grade(small_index):
    people = roster(["village"] * 10)
    people.loc["o03", "sector"] = None
    index = small_index(marks(range(50, 60)), people)
    with pytest.warns(MethodWarning, match=r"^Organisations must have a class") as told:
        made = sp.grade(index, replace(load_scheme("branch_stars"), rounding="ceil"))
    assert len(told) == 1
    assert made.table["grade"].isna().sum() == 1
    assert made.quotas["n"].eq(9).all()


def test_a_veto_makes_poor_outright(small_index):
    """广西农业厅 2012: 四种情形直接定为较差."""
    people = roster(["village"] * 4, discipline_cases=[1, 0, 0, 0], inactive=0, mass_petitions=0)
    rows = marks([95, 95, 85, 95])
    rows.loc[("o03", YEAR), "results_welcomed"] = 0.49
    made = sp.grade(small_index(rows, people), "four_grades_guangxi_2012")
    assert made.table["grade"].tolist() == ["poor", "good", "fairly_good", "poor"]
    assert made.table["bars"].tolist() == ["discipline", "", "", "satisfaction"]
    assert made.trace("o00")["outcome"].tolist() == [
        "earned",
        "barred",
        "passed",
        "passed",
        "passed",
    ]


def test_a_gate_on_a_dimension_and_a_bar_on_promotion(small_index, own_scheme):
    path = own_scheme(
        up="from = 80",
        mid="from = 60\nbelow = 80",
        low="below = 60",
        bars="""
[[bars]]
code = "team_gate"
name = "班子不足 70 分"
dimension = "team"
below = 70
grades = ["up"]
[[bars]]
code = "no_promotion"
name = "满意率低于 80%"
indicator = "results_welcomed"
below = 0.8
promotion = true
""",
    )
    rows = pd.DataFrame(
        {
            "team_awareness": [65.0, 90, 90, 90, 55],
            "results_welcomed": [0.97, 0.95, 0.75, 0.75, 0.5],
        },
        pd.MultiIndex.from_product(
            [[f"o{i:02d}" for i in range(5)], [YEAR]], names=["org", "period"]
        ),
    ).assign(team_style=lambda t: t["team_awareness"])
    index = small_index(rows)
    before = pd.Series({"o02": "mid", "o03": "up", "o04": "low"})
    made = sp.grade(index, path, previous=before, band=0)
    assert made.table["by_score"].tolist() == ["up"] * 4 + ["low"]
    assert made.table["grade"].tolist() == ["mid", "up", "mid", "up", "low"]
    assert made.table["bars"].tolist() == ["team_gate", "", "no_promotion", "", ""]
    trace = made.trace("o02")
    assert trace["outcome"].tolist() == ["earned", "passed", "barred"]
    assert "满意率低于 80%的，不得晋位升级" in made.methods()
    assert sp.grade(index, path).table["grade"].tolist()[2] == "up"  # nothing is known of before


def two_years(seed=4, n=300):
    """Make two years of noisy marks in which nothing changed."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(70, 8, n)
    noise = np.full(n, 4.0)
    parts, errors = [], []
    for year in ("2023", "2024"):
        seen = np.clip(truth + draw.normal(0, noise), 0, 100)
        parts.append(marks(seen, [f"o{i:03d}" for i in range(n)], pd.Period(year)))
        # The noise of the score is put on one indicator, which weighs a quarter of it.
        columns = {"team_awareness": noise * 4, "team_style": 0.0, "results_welcomed": 0.0}
        errors.append(pd.DataFrame(columns, parts[-1].index))
    return pd.concat(parts), pd.concat(errors)


def test_a_band_keeps_grades_that_only_noise_would_change(small_index):
    values, errors = two_years()
    index = small_index(values, errors=errors.where(errors > 0))
    plain = sp.grade(index, "three_grades")
    banded = sp.grade(index, "three_grades", band=0.7)
    moved = [
        (t.xs("2023", level="period") != t.xs("2024", level="period")).mean()
        for t in (plain.table["grade"], banded.table["grade"])
    ]
    assert moved[1] < 0.7 * moved[0]
    assert banded.table.xs("2023", level="period")["held"].sum() == 0
    kept = banded.table[banded.table["held"]]
    assert (kept["grade"] != plain.table["grade"].reindex(kept.index)).all()
    org = kept.index[0][0]
    trace = banded.trace(org)
    assert trace["rule"].tolist() == ["score", "score", "band"]
    assert trace["outcome"].tolist() == ["earned", "earned", "held"]
    earlier = plain.table.loc[[i for i in plain.table.index if i[1] == pd.Period("2023")]]
    later = values.xs("2024", level="period", drop_level=False)
    alone = small_index(later, errors=errors.where(errors > 0).loc[later.index])
    after = sp.grade(alone, "three_grades", previous=earlier["grade"])
    assert after.band == 0.7
    assert after.table["grade"].tolist() == banded.table.loc[later.index, "grade"].tolist()
    assert "0.7 个标准误" in after.methods()
    points = sp.grade(
        alone, "three_grades", previous=earlier["grade"], band=pd.Series({"o000": 50.0})
    )
    assert points.table["held"].sum() <= 1
    assert "一定分数" in points.methods()


def test_how_sure_grades_are_is_told(small_index):
    values, errors = two_years()
    index = small_index(values, errors=errors.where(errors > 0))
    made = sp.grade(index, "three_grades")
    np.testing.assert_allclose(made.probabilities.sum(axis=1), 1)
    own = made.table["p_grade"].to_numpy()
    columns = made.table["grade"].cat.codes.to_numpy()
    np.testing.assert_allclose(own, made.probabilities.to_numpy()[np.arange(len(own)), columns])
    grades = made.table["grade"]
    really = (grades.xs("2023", level="period") != grades.xs("2024", level="period")).mean()
    assert made.expected_churn == pytest.approx(really, abs=0.05)
    assert repr(made).endswith(f"chance alone changes at least {made.expected_churn:.0%})")
    assert f"预计至少仍有 {made.expected_churn:.0%} 的等次会变" in made.methods()
    quiet = sp.grade(small_index(values), "three_grades")
    assert quiet.table["p_grade"].isna().all()
    assert np.isnan(quiet.expected_churn)
    assert "重新测评" not in quiet.methods()


def test_the_probabilities_of_a_quota_add_up_to_the_places_given(small_index):
    values, errors = two_years()
    people = pd.DataFrame({"sector": "village"}, index=values.index.unique("org"))
    index = small_index(values, people, errors=errors.where(errors > 0))
    made = sp.grade(index, "branch_stars")
    for year in ("2023", "2024"):
        expected = made.probabilities.xs(year, level="period").sum()
        given_ = made.table.xs(year, level="period")["grade"].value_counts()
        pd.testing.assert_series_equal(
            expected,
            given_.reindex(expected.index).astype(float),
            atol=1e-3,
            check_names=False,
            check_index_type=False,
        )
    grades = made.table["grade"]
    really = (grades.xs("2023", level="period") != grades.xs("2024", level="period")).mean()
    assert made.expected_churn == pytest.approx(really, abs=0.05)


def test_natural_breaks_grade_by_the_gaps(small_index):
    made = sp.grade(
        small_index(marks([10, 12, 40, 41, 60, 62, 90, 95])), "four_grades_natural_breaks"
    )
    assert made.table["grade"].tolist() == sorted(
        made.scheme.order * 2, key=made.scheme.order.index
    )
    assert made.trace("o02")["least"].tolist() == [26]
    assert "自然断点法" in made.methods()
    with pytest.raises(MethodError, match=r"^all: natural breaks into 4 classes need as many dist"):
        sp.grade(small_index(marks([10, 10, 20, 30])), "four_grades_natural_breaks")


def test_rank_sum_ratio_grades_tian_ten_regions(shared, tmp_path):
    """田凤调: ten regions; 3 grades: C and H at the top, J at the bottom."""
    path = shared / "reference" / "methods" / "03_grading" / "rsr_tian_10regions.csv"
    table = pd.read_csv(path, index_col=0)
    costs = {"maternal_mortality", "perinatal_mortality"}
    text = 'id = "tian"\nversion = "1"\nname = "妇幼"\ncitation = "-"\n'
    for code in table.columns[:3]:
        way = "cost" if code in costs else "benefit"
        text += (
            f'[[dimensions]]\ncode = "d_{code}"\nname = "{code}"\ncitation = "-"\nweight = 1\n'
            f'[[dimensions.indicators]]\ncode = "{code}"\nname = "{code}"\nunit = "rate"\n'
            f'direction = "{way}"\nsource = {{ kind = "given" }}\n'
        )
    (tmp_path / "tian.toml").write_text(text, encoding="utf-8")
    rows = pd.MultiIndex.from_product([table.index, [YEAR]], names=["org", "period"])
    values = table.iloc[:, :3].set_axis(rows)
    index = sp.build_index(values, sp.load_framework(tmp_path / "tian.toml"), weights="equal")
    made = sp.grade(index, "three_grades_rank_sum_ratio", within=None)
    np.testing.assert_allclose(made.table["score"], 100 * table["RSR"])
    names = {"lagging": 1, "ordinary": 2, "advanced": 3}
    assert made.table["grade"].map(names).tolist() == table["grade3"].tolist()
    assert made.table["p_grade"].isna().all()
    assert "秩和比" in made.methods()
    message = (
        "a band of standard errors needs index.standard_errors, got band=0.7 and none that are "
        "known. Give band as a Series of points by organisation, or band=0."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.grade(index, "three_grades_rank_sum_ratio", within=None, band=0.7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda index: sp.grade(index, previous=pd.Series({"o0": "godo"}), band=0),
            "grades held before must be those of 'four_grades_2012', got 'godo'. "
            "Did you mean 'good'?",
        ),
        (
            lambda index: sp.grade(index, previous=sp.grade(index)),
            "previous must hold grades from before 2024, got none. Grade the periods before, or "
            "leave previous out; band alone holds from period to period.",
        ),
        (
            lambda index: sp.grade(index, band=pd.Series({"o0": -1.0})),
            "band must be at least 0, got -1. Give 0.7, for example.",
        ),
    ],
)
def test_bands_are_refused(index, call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call(index)


def test_a_rate_outside_0_to_1_is_refused(small_index):
    rows = marks([95, 85])
    rows.loc[("o01", YEAR), "results_welcomed"] = 85.0
    message = (
        "the bar 'satisfaction' looks at a rate, which must lie on 0..1, got 85 for "
        "'results_welcomed' (at o01). Write 0.85 for 85 %."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.grade(small_index(rows, normalise="minmax"))


def test_a_limit_of_a_rate_in_per_cent_is_refused(small_index, own_scheme):
    bar = '[[bars]]\ncode = "sat"\nname = "满"\nindicator = "results_welcomed"\nbelow = 90\n'
    path = own_scheme(
        up="from = 80", mid="from = 60\nbelow = 80", low="below = 60", bars=bar + 'grades = ["up"]'
    )
    message = (
        "the bar 'sat' looks at the rate 'results_welcomed', so its limit must lie on 0..1, "
        "got 90. Write 0.85 for 85 %."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.grade(small_index(marks([95, 85])), path)


def test_different_full_marks_are_refused_together_and_graded_within_the_class(small_index):
    people = roster(["village"] * 10 + ["school"] * 10)
    full = pd.Series(np.repeat([100.0, 150.0], 10), people.index)
    index = small_index(marks(np.arange(40, 60)), people, full_marks=full)
    with pytest.raises(MethodError, match=r"^Organisations ranked together must be scored on one"):
        sp.grade(index, "branch_stars", within=None)
    made = sp.grade(index, "branch_stars")
    assert made.table["grade"].eq("five_stars").sum() == 2
