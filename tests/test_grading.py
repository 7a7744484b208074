"""Grades: cut-offs, the satisfaction bar, traces, counts, refusals."""

import re

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
    assert made.methods().endswith("分数线为示例，并非来源文件规定。")


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
