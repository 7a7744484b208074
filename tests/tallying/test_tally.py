"""Evaluations, surveys, statistics and attributes: by hand, the slow way, and back to the cells."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import FrameworkError, MethodError, MethodWarning, TableError
from servicepo.framework import load_framework
from servicepo.synthetic.county import synthesise
from servicepo.tallying.tally import tally

WEIGHTS = "[source_weights]\nself = 0.15\nmass = 0.20\nsuperior = 0.65"
ITEM = 'source = { kind = "evaluation", item = "服务意识" }'
SURVEY = 'source = { kind = "survey", question = "总体满意度", scale = { satisfied = 1, \
mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0 }, unknown = "exclude" }'


def ratio(numerator, denominator, more=""):
    return (
        f'source = {{ kind = "ratio", numerator = "{numerator}", denominator = "{denominator}"'
        f"{more} }}"
    )


def scores(*rows):
    """Make scores from (org, period, source, score) and further fields."""
    return [
        {
            "org": org,
            "period": period,
            "source": source,
            "score": float(score),
            "indicator": "服务意识",
            "kind": "base",
            "file": "考核.xlsx",
            "sheet": "评分",
            "row": float(n + 3),
            "column": "D",
            **(more[0] if more else {}),
        }
        for n, (org, period, source, score, *more) in enumerate(rows)
    ]


def answers(*rows):
    """Make counted answers from (org, period, answer, count) and further fields."""
    return [
        {
            "org": org,
            "period": period,
            "answer": answer,
            "count": float(count),
            "question": "总体满意度",
            "respondent": "mass",
            "file": "问卷.xlsx",
            "sheet": "汇总",
            "row": 4.0,
            "column": "BCDEF"[n % 5],
            **(more[0] if more else {}),
        }
        for n, (org, period, answer, count, *more) in enumerate(rows)
    ]


# -- evaluations -----------------------------------------------------------------------------------
def test_sources_are_combined_by_their_weights(dataset, framework):
    rows = scores(
        ("甲", "2024", "self", 100), ("甲", "2024", "mass", 90), ("甲", "2024", "superior", 80)
    )
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert values.loc["甲", "i0"].item() == pytest.approx(15 + 18 + 52)
    assert values.index.names == ["org", "period"]
    assert isinstance(values.index.levels[1], pd.PeriodIndex)
    sources = values.evidence.sources.droplevel(["org", "period", "indicator"])
    assert sources["weight"].to_dict() == {"mass": 0.2, "self": 0.15, "superior": 0.65}


def test_weights_are_scaled_up_over_the_sources_present(dataset, framework):
    rows = scores(("甲", "2024", "self", 100), ("甲", "2024", "superior", 80))
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert values.iloc[0, 0] == pytest.approx((15 + 52) / 0.8)
    sources = values.evidence.sources
    assert sources["weight"].tolist() == pytest.approx([0.15 / 0.8, 0.65 / 0.8])


def test_raters_are_averaged_and_their_spread_is_the_error(dataset, framework):
    rows = scores(
        ("甲", "2024", "mass", 90), ("甲", "2024", "mass", 80), ("甲", "2024", "mass", 70),
        ("甲", "2024", "superior", 60),
        ("乙", "2024", "mass", 90), ("乙", "2024", "superior", 60),
    )  # fmt: skip
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert values["i0"].tolist() == pytest.approx([(0.2 * 90 + 39) / 0.85, (16 + 39) / 0.85])
    table = values.evidence.table
    assert table["n"].tolist() == [2, 4]
    error = 0.2 / 0.85 * 10 / np.sqrt(3)
    assert table["standard_error"].tolist() == pytest.approx([np.nan, error], nan_ok=True)


def test_finer_periods_are_averaged_or_summed(dataset, framework):
    rows = scores(
        *(("甲", f"2024Q{q}", "superior", s) for q, s in enumerate((80, 90, 70, 60), 1)),
        ("甲", "2024", "self", 100),
    )
    data = dataset(evaluations=rows)
    values = tally(data, framework(ITEM, head=WEIGHTS))
    assert values.iloc[0, 0] == pytest.approx((0.65 * 75 + 15) / 0.8)
    assert values.evidence.table["n"].item() == 5
    summed = ITEM.replace("}", ', sources = { superior = 1 }, combine = "sum" }')
    with pytest.warns(MethodWarning, match="got scores by 'self', which are not used"):
        assert tally(data, framework(summed)).iloc[0, 0] == 300


def test_each_quarter_by_itself(dataset, framework):
    rows = scores(("甲", "2024Q1", "superior", 80), ("甲", "2024-05", "superior", 60),
                  ("甲", "2024-06", "superior", 70))  # fmt: skip
    data = dataset(evaluations=rows)
    values = tally(data, framework(ITEM, head=WEIGHTS), period="Q")
    assert values["i0"].tolist() == [80, 65]
    halves = tally(data, framework(ITEM, head=WEIGHTS), period="H")
    assert halves["i0"].tolist() == [pytest.approx(70)]
    assert halves.index.levels[1].freqstr == "2Q-DEC"


def test_records_coarser_than_the_period_are_left_out_and_told(dataset, framework):
    rows = scores(("甲", "2024Q1", "superior", 80), ("甲", "2024", "superior", 60))
    with pytest.warns(MethodWarning) as caught:
        values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS), period="Q")
    assert [str(w.message) for w in caught] == [
        "Records must be as fine as the period 'Q', got '2024' in evaluations, which are left out. "
        "Tally by a longer period, or ask for finer records."
    ]
    assert values["i0"].tolist() == [80]


def test_bonus_and_deduction_are_applied_after_the_sources_down_to_zero(dataset, framework):
    bonus, minus = {"kind": "bonus"}, {"kind": "deduction"}
    rows = scores(
        ("甲", "2024", "superior", 80), ("甲", "2024", "self", 90),
        ("甲", "2024", "superior", 3, bonus), ("甲", "2024", "superior", -1, minus),
        ("乙", "2024", "superior", 4), ("乙", "2024", "superior", 9, minus),
        ("丙", "2024", "superior", 70), ("丙", "2024", "superior", 5, minus | {"rater": "一"}),
        ("丙", "2024", "superior", 7, minus | {"rater": "二"}),
    )  # fmt: skip
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    expected = {"甲": (0.65 * 80 + 0.15 * 90) / 0.8 + 2, "乙": 0, "丙": 64}
    assert values["i0"].droplevel("period").to_dict() == pytest.approx(expected)
    assert values.evidence.table["n"].droplevel([1, 2]).to_dict() == {
        "甲": 2, "乙": 1, "丙": 1,
    }  # fmt: skip


def test_a_bonus_is_folded_with_its_score(dataset, framework):
    full = {"full_mark": 150.0}
    rows = scores(
        ("甲", "2024", "superior", 120, full),
        ("甲", "2024", "superior", 3, full | {"kind": "bonus"}),
    )
    asked = framework("full_mark = 100\n" + ITEM, head=WEIGHTS)
    assert tally(dataset(evaluations=rows), asked).iloc[0, 0] == pytest.approx(82)


def test_full_marks_are_kept_beside_raw_scores_like_lianyungang_2021(dataset, framework):
    rows = scores(
        ("灌南县", "2021-07", "superior", 147.72, {"full_mark": 150.0}),
        ("海州区", "2021-07", "superior", 98.48, {"full_mark": 100.0}),
    )
    data = dataset(evaluations=rows)
    values = tally(data, framework(ITEM, head=WEIGHTS), period="M")
    assert values["i0"].droplevel("period").to_dict() == {"海州区": 98.48, "灌南县": 147.72}
    marks = values.evidence.table["full_mark"]
    assert marks.droplevel([1, 2]).to_dict() == {"海州区": 100, "灌南县": 150}
    folded = tally(data, framework("full_mark = 100\n" + ITEM, head=WEIGHTS), period="M")
    assert folded["i0"].tolist() == pytest.approx([98.48, 98.48])
    assert folded.evidence.table["full_mark"].tolist() == [100, 100]


def test_marks_that_differ_within_one_organisation_are_folded_to_a_hundred(dataset, framework):
    rows = scores(
        ("甲", "2024", "self", 9, {"full_mark": 10.0}),
        ("甲", "2024", "superior", 40, {"full_mark": 50.0}),
    )
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert values.iloc[0, 0] == pytest.approx((0.15 * 90 + 0.65 * 80) / 0.8)
    assert values.evidence.table["full_mark"].item() == 100


def test_a_score_by_nobody_in_particular_counts_where_nobody_else_scored(dataset, framework):
    rows = scores(("甲", "2024", None, 60), ("乙", "2024", None, 60), ("乙", "2024", "self", 90))
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert values["i0"].tolist() == [90, 60]


def test_names_match_after_cleaning_and_simplifying(dataset, framework):
    rows = scores(
        ("甲", "2024", "superior", 80, {"indicator": "服務意識"}),
        ("乙", "2024", "superior", 70, {"indicator": " 服务 意识"}),
    )
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert values["i0"].tolist() == [70, 80]


def test_unweighted_sources_are_told(dataset, framework):
    rows = scores(("甲", "2024", "line", 60), ("甲", "2024", "self", 90))
    with pytest.warns(MethodWarning) as caught:
        values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert [str(w.message) for w in caught] == [
        "Every source should have a weight, got scores by 'line', which are not used. "
        "Add them to source_weights in the framework."
    ]
    assert values.iloc[0, 0] == 90


def test_evaluations_slowly(dataset):
    rng = np.random.default_rng(4)
    framework = load_framework("six_haves")
    items = [i for i in framework.indicators if i.source["kind"] == "evaluation"][:6]
    rows = [
        row
        for org in "甲乙丙丁"
        for period in ("2023H1", "2023H2", "2024")
        for item in items
        for source in ("self", "mass", "superior")
        for _ in range(rng.integers(0, 4))
        for row in scores((org, period, source, rng.integers(40, 100), {"indicator": item.label()}))
    ]
    data = dataset(evaluations=rows)
    with pytest.warns(MethodWarning, match="got nothing for"):
        values = tally(data, framework)
    frame = data.evaluations
    for (org, period), found in values.iterrows():
        for item in items:
            total = weight = 0.0
            for source, w in framework.source_weights.items():
                means = [
                    own["score"].mean()
                    for _, own in frame[
                        (frame["org"] == org)
                        & (frame["period"].str[:4] == str(period))
                        & (frame["indicator"] == item.label())
                        & (frame["source"] == source)
                    ].groupby("period")
                ]
                if means:
                    total, weight = total + w * np.mean(means), weight + w
            expected = total / weight if weight else np.nan
            assert found[item.code] == pytest.approx(expected, nan_ok=True)


# -- surveys ---------------------------------------------------------------------------------------
def test_answers_are_valued_on_the_declared_scale(dataset, framework):
    rows = answers(
        ("甲", "2024H1", "satisfied", 30), ("甲", "2024H2", "mostly_satisfied", 10),
        ("甲", "2024H2", "dissatisfied", 5), ("甲", "2024H2", "unknown", 55),
        ("甲", "2024", "satisfied", 100, {"respondent": "member"}),
    )  # fmt: skip
    data = dataset(surveys=rows)
    mass = SURVEY.replace("question", 'respondent = "mass", question')
    valued = mass.replace('unknown = "exclude"', "unknown = 0.5")
    values = tally(data, framework(SURVEY, mass, valued))
    assert values.iloc[0].tolist() == pytest.approx([138 / 145, 38 / 45, (38 + 27.5) / 100])
    table = values.evidence.table.droplevel(["org", "period"])
    assert table["n"].tolist() == [145, 45, 100]
    assert table.loc["i1", ["numerator", "denominator"]].tolist() == [38, 45]


def test_error_of_a_rate_follows_the_multinomial_and_is_never_zero(dataset, framework):
    rows = answers(
        ("甲", "2024", "satisfied", 600), ("甲", "2024", "average", 300),
        ("甲", "2024", "dissatisfied", 100), ("乙", "2024", "satisfied", 5),
        ("丙", "2024", "unknown", 5),
    )  # fmt: skip
    values = tally(dataset(surveys=rows), framework(SURVEY))
    errors = values.evidence.standard_errors()["i0"].droplevel("period")
    worth = np.repeat([1, 0.6, 0], [600, 300, 100])
    assert errors["甲"] == pytest.approx(worth.std() / np.sqrt(1000), rel=0.01)
    assert 0.05 < errors["乙"] < 0.2
    assert "丙" not in errors.index


def test_an_answer_off_the_scale_is_refused(dataset, framework):
    rows = answers(("甲", "2024", "average", 3), ("甲", "2024", "satisfied", 3))
    with pytest.raises(MethodError) as caught:
        tally(dataset(surveys=rows), framework(SURVEY.replace("average = 0.6, ", "")))
    assert str(caught.value) == (
        "The scale of 'i0' must value every answer that occurs, got 'average' without a value. "
        "Add it to scale in the framework."
    )


# -- attributes and ratios -------------------------------------------------------------------------
def record(org, period, name, amount):
    return scores((org, period, "record", amount, {"indicator": name}))[0]


ROSTER = [
    {"org": "甲", "domain": "rural", "sector": "village", "households": 300, "grids": 4,
     "members": 40, "file": "名册.xlsx", "sheet": "名册", "row": 5.0},
    {"org": "乙", "domain": "rural", "sector": "community", "households": 90, "grids": 0,
     "members": 20, "file": "名册.xlsx", "sheet": "名册", "row": 6.0},
]  # fmt: skip


def test_pay_over_this_and_over_last_years_income(dataset, framework):
    rows = [
        record("甲", "2022", "报酬", 30_000), record("甲", "2023", "报酬", 36_000),
        record("甲", "2022", "收入", 40_000), record("甲", "2023", "收入", 45_000),
    ]  # fmt: skip
    asked = framework(ratio("报酬", "收入"), ratio("报酬", "收入", ", lag = 1"))
    values = tally(dataset(ROSTER, evaluations=rows), asked)
    assert values["i0"].tolist() == pytest.approx([0.75, 0.8])
    assert values["i1"].tolist() == pytest.approx([np.nan, 0.9], nan_ok=True)
    last = values.evidence.table.loc[("甲", "2023", "i1")]
    assert last[["numerator", "denominator"]].squeeze().tolist() == [36_000, 40_000]


def test_a_lag_counts_in_the_periods_of_the_tally(dataset, framework):
    rows = [record("甲", "2023H2", "收入", 50), record("甲", "2024H1", "报酬", 60),
            record("甲", "2024H1", "收入", 80)]  # fmt: skip
    values = tally(
        dataset(ROSTER, evaluations=rows), framework(ratio("报酬", "收入", ", lag = 1")), period="H"
    )
    assert values["i0"].tolist() == [1.2]
    assert str(values.index[0][1]) == "2024Q1"


def test_counts_hold_for_every_period_and_no_grid_gives_no_ratio(dataset, framework):
    rows = scores(*((org, year, "superior", 80) for org in "甲乙" for year in ("2023", "2024")))
    asked = framework(
        ITEM,
        ratio("households", "grids"),
        'source = { kind = "attribute", column = "members" }',
        head=WEIGHTS,
    )
    values = tally(dataset(ROSTER, evaluations=rows), asked)
    assert values.loc["甲", "i1"].tolist() == [75, 75]
    assert values.loc["乙", "i1"].isna().all()
    assert values["i2"].tolist() == [20, 20, 40, 40]


def test_statistics_over_counts_are_summed_over_the_year(dataset, framework):
    rows = [record("甲", f"2024Q{q}", "走访户数", 60) for q in (1, 2, 3, 4)]
    asked = framework(ratio("走访户数", "households", ', combine = "sum"'))
    assert tally(dataset(ROSTER, evaluations=rows), asked).iloc[0, 0] == pytest.approx(0.8)


# -- what applies, what is not there ---------------------------------------------------------------
def test_an_indicator_has_no_value_where_it_does_not_apply(dataset, framework):
    rows = scores(*((org, "2024", "superior", 80) for org in "甲乙丙"))
    asked = framework('sectors = ["village"]\n' + ITEM, 'domains = ["organs"]\n' + ITEM, ITEM,
                      head=WEIGHTS)  # fmt: skip
    values = tally(dataset(ROSTER, evaluations=rows), asked)
    assert values["i0"].droplevel("period").isna().to_dict() == {
        "甲": False,
        "乙": True,
        "丙": False,
    }
    assert values["i1"].notna().tolist() == [True, False, False]
    assert values["i2"].notna().all()


def test_what_is_not_in_the_data_is_told_once_with_near_names(dataset, framework):
    rows = scores(
        ("甲", "2024", "superior", 80), ("甲", "2024", "superior", 80, {"indicator": "服务作风"})
    )
    asked = framework(
        ITEM,
        ITEM.replace("服务意识", "服务作凤"),
        SURVEY,
        ratio("报酬", "members"),
        'source = { kind = "service", measure = "volume" }',
        'source = { kind = "attribute", column = "staff" }',
        'sectors = ["school"]\n' + ITEM.replace("服务意识", "学校服务任务"),
        head=WEIGHTS,
    )
    with pytest.warns(MethodWarning) as caught:
        values = tally(dataset(ROSTER, evaluations=rows), asked)
    assert [str(w.message) for w in caught] == [
        "Everything the framework names should be in the data, got nothing for '服务作凤' of i1 "
        "(near: '服务作风'), '总体满意度' of i2, '报酬' of i3, i4 (no service rows with values), "
        "i5 (no attribute rows with values). "
        "Correct the names, complete the tables, or take these out of the framework."
    ]
    assert caught[0].filename == __file__
    assert values.columns.tolist() == [f"i{n}" for n in range(7)]
    assert values[["i1", "i2", "i3", "i4", "i5", "i6"]].isna().all(axis=None)


def test_nothing_at_all_is_an_error(dataset, framework):
    rows = scores(("甲", "2024", "superior", 80, {"indicator": "服务意思"}))
    with pytest.raises(TableError) as caught:
        tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    assert str(caught.value) == (
        "The data must hold something that f names, got nothing that matches: '服务意识' of i0 "
        "(near: '服务意思'). Compare the names in the framework with those in the data."
    )
    with pytest.raises(TableError, match="got nothing that matches"):
        tally(dataset(), load_framework("six_haves"))


def test_a_wrong_word_for_the_period(dataset, framework):
    with pytest.raises(MethodError) as caught:
        tally(dataset(), framework(ITEM, head=WEIGHTS), period="year")
    assert str(caught.value).startswith("period must be one of 'Y', 'H', 'Q', 'M', got 'year'.")


# -- evidence --------------------------------------------------------------------------------------
def test_evidence_travels_with_the_values(dataset, framework):
    values = tally(
        dataset(evaluations=scores(("甲", "2024", "self", 80))), framework(ITEM, head=WEIGHTS)
    )
    evidence = values.evidence
    assert (values * 2).evidence is evidence
    assert copy.deepcopy(values).evidence is evidence
    assert repr(evidence) == "Evidence(1 values of f, as of None)"
    again = pickle.loads(pickle.dumps(evidence))
    pd.testing.assert_frame_equal(again.table, evidence.table)
    with pytest.raises(AttributeError):
        evidence.freq = "Q"


def test_every_value_leads_back_to_its_cells(dataset, framework):
    ledger = [
        {"org": "甲", "accepted": pd.Timestamp("2024-03-01"), "replied": pd.Timestamp("2024-03-02"),
         "due": pd.NaT, "service": "reform", "file": "台账.csv", "sheet": None, "row": 8.0},
        {"org": "甲", "accepted": pd.Timestamp("2024-03-01"), "replied": pd.Timestamp("2024-03-09"),
         "due": pd.Timestamp("2024-04-01"), "service": "masses", "file": "台账.csv", "row": 9.0},
    ]  # fmt: skip
    layout = [
        {"file": "台账.csv", "table": "services", "field": field, "column": letter}
        for field, letter in (("accepted", "H"), ("replied", "J"), ("due", "K"))
    ] + [
        {
            "file": "名册.xlsx",
            "sheet": "名册",
            "table": "organisations",
            "field": "households",
            "column": "G",
        }
    ]
    rows = scores(("甲", "2024", "self", 80), ("甲", "2024", "superior", 2, {"kind": "bonus"}),
                  ("乙", "2024", "self", 1), ("甲", "2023", "self", 70))  # fmt: skip
    rows += [record("甲", "2023", "收入", 5), record("甲", "2024", "报酬", 4)]
    data = dataset(ROSTER, rows, ledger, answers(("甲", "2024", "satisfied", 3)), layout)
    service = 'source = { kind = "service", measure = "on_time_share" }'
    per_100 = service.replace("on_time_share", "volume_per_100_households")
    pay = ratio("报酬", "收入", ", lag = 1")
    grids = ratio("households", "grids")
    asked = framework(ITEM, SURVEY, service, per_100, pay, grids, head=WEIGHTS)
    evidence = tally(data, asked).evidence

    def cells(code, **period):
        found = evidence.cells("甲", code, **period)
        assert (found["org"] == "甲").all()
        return [tuple(x) for x in found.drop(columns="org").astype(object).to_numpy()]

    y23, y24 = pd.Period("2023", "Y"), pd.Period("2024", "Y")
    assert cells("i0") == [
        (y23, "self", "考核.xlsx", "评分", 6, "D", 70.0),
        (y24, "bonus", "考核.xlsx", "评分", 4, "D", 2.0),
        (y24, "self", "考核.xlsx", "评分", 3, "D", 80.0),
    ]
    assert cells("i0", period=y23) == cells("i0", period="2023") == cells("i0")[:1]
    assert cells("i1") == [(y24, "satisfied", "问卷.xlsx", "汇总", 4, "B", 3.0)]
    assert [(role, row, column) for _, role, _, _, row, column, _ in cells("i2")] == [
        ("accepted", 8, "H"), ("accepted", 9, "H"), ("due", 9, "K"),
        ("replied", 8, "J"), ("replied", 9, "J"),
    ]  # fmt: skip
    assert cells("i3")[-1] == (y24, "households", "名册.xlsx", "名册", 5, "G", 300.0)
    assert [(c[0], c[1], c[6]) for c in cells("i4")] == [
        (y24, "denominator", 5.0), (y24, "numerator", 4.0),
    ]  # fmt: skip
    assert [(c[0], c[1]) for c in cells("i5")][:2] == [(y23, "denominator"), (y23, "numerator")]
    assert evidence.cells("无", "i0").empty


def test_the_callers_tables_are_left_alone(dataset, framework):
    data = dataset(
        ROSTER, scores(("甲", "2024", "self", 80)), (), answers(("甲", "2024", "satisfied", 3))
    )
    before = {t: getattr(data, t).copy() for t in ("organisations", "evaluations", "surveys")}
    tally(data, framework(ITEM, SURVEY, head=WEIGHTS))
    for name, table in before.items():
        pd.testing.assert_frame_equal(getattr(data, name), table)


# -- a whole county --------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["six_haves", "five_services", "five_tasks"])
def test_a_county_without_a_warning_and_the_same_twice(name):
    data, _ = synthesise(organisations=40, years=3, seed=1)
    framework = load_framework(name)
    values = tally(data, framework)
    assert values.columns.tolist() == [i.code for i in framework.indicators]
    assert values.index.is_monotonic_increasing
    assert len(values) == 120
    pd.testing.assert_frame_equal(values, tally(data, framework))
    shares = [i.code for i in framework.indicators if i.unit == "share"]
    assert values[shares].min().min() >= 0
    assert values[shares].max().max() <= 1
    table = values.evidence.table
    assert table["value"].notna().all()
    for code in values.columns[values.notna().any()][:4]:
        org, period = values[code].first_valid_index()
        assert len(values.evidence.cells(org, code, period))


def test_values_go_to_files_as_plain_numbers(dataset, framework, tmp_path):
    rows = scores(("甲", "2024", "self", 80), ("乙", "2024", "self", 90))
    values = tally(dataset(evaluations=rows), framework(ITEM, head=WEIGHTS))
    values.to_parquet(tmp_path / "values.parquet")
    values.to_csv(tmp_path / "values.csv")
    again = pd.read_parquet(tmp_path / "values.parquet")
    assert again.to_numpy().tolist() == values.to_numpy().tolist()
    assert values.loc[["甲"]].evidence is values.evidence


# -- weights by domain, frequencies, caps ----------------------------------------------------------
def test_a_domain_may_weigh_its_sources_by_itself(dataset, framework):
    head = f"{WEIGHTS}\n[source_weights.organs]\nself = 0.5\nmass = 0\nsuperior = 0.5"
    rows = scores(
        *(
            (org, "2024", source, score)
            for org in ("甲", "丙")
            for source, score in (("self", 100), ("mass", 90), ("superior", 80))
        )
    )
    people = [{"org": "甲", "domain": "rural"}, {"org": "丙", "domain": "organs"}]
    values = tally(dataset(organisations=people, evaluations=rows), framework(ITEM, head=head))
    assert values["i0"].droplevel("period").to_dict() == pytest.approx({"甲": 85, "丙": 90})
    weights = values.evidence.sources["weight"].loc["丙"].droplevel(["period", "indicator"])
    assert weights.to_dict() == {"mass": 0, "self": 0.5, "superior": 0.5}
    wrong = head.replace("superior = 0.5", "superior = 0.6")
    with pytest.raises(FrameworkError) as caught:
        framework(ITEM, head=wrong)
    assert (
        "source weights must sum to 1, got 1.1 (at $.source_weights.organs). Correct the weights."
        in str(caught.value)
    )


RHYTHM = ITEM.replace("}", ", frequencies = { M = 0.2, Q = 0.2, H = 0.2, Y = 0.4 } }")


def test_visits_observations_reviews_and_the_annual_appraisal_count_by_their_weights(
    dataset, framework
):
    """一月一访查，一季度一观摩，半年一评议，一年一考核."""
    months = [("甲", f"2024-{m:02d}", "superior", 60 + m) for m in range(1, 13)]
    rest = [("甲", "2024Q1", "superior", 80), ("甲", "2024Q3", "superior", 90),
            ("甲", "2024H1", "superior", 70), ("甲", "2024", "superior", 100)]  # fmt: skip
    some = [("乙", "2024-02", "superior", 50), ("乙", "2024", "superior", 80)]
    data = dataset(evaluations=scores(*months, *rest, *some))
    values = tally(data, framework(RHYTHM, head=WEIGHTS))
    expected = 0.2 * 66.5 + 0.2 * 85 + 0.2 * 70 + 0.4 * 100
    assert values.loc["甲", "i0"].item() == pytest.approx(expected)
    assert values.loc["乙", "i0"].item() == pytest.approx((0.2 * 50 + 0.4 * 80) / 0.6)
    gaps = values.evidence.gaps["missing"].droplevel(["period", "indicator"])
    assert gaps["甲"].tolist() == ["2024H2", "2024Q2", "2024Q4"]
    assert len(gaps["乙"]) == 11 + 4 + 2
    assert {"2024-01", "2024-12", "2024Q1", "2024H1"} <= set(gaps["乙"])
    assert "2024-02" not in set(gaps["乙"])


def test_by_the_half_year_what_is_longer_is_not_due(dataset, framework):
    rows = scores(("甲", "2024-02", "superior", 50), ("甲", "2024H1", "superior", 70))
    values = tally(dataset(evaluations=rows), framework(RHYTHM, head=WEIGHTS), period="H")
    assert values["i0"].tolist() == [pytest.approx(60)]
    missing = values.evidence.gaps["missing"]
    own = missing[missing.index.get_level_values("org") == "甲"].tolist()
    assert own == ["2024-01", "2024-03", "2024-04", "2024-05", "2024-06", "2024Q1", "2024Q2"]


def test_months_that_were_not_over_are_not_due(dataset, framework):
    rows = scores(("甲", "2024-02", "superior", 50))
    values = tally(
        dataset(evaluations=rows), framework(RHYTHM, head=WEIGHTS), period="H", as_of="2024-04-29"
    )
    assert values.evidence.gaps["missing"].tolist() == ["2024-01", "2024-03", "2024Q1"]


def test_a_frequency_without_weight_is_told_and_left_out(dataset, framework):
    rows = scores(("甲", "2024Q1", "superior", 50), ("甲", "2024", "superior", 80))
    item = ITEM.replace("}", ", frequencies = { M = 0.5, Y = 0.5 } }")
    with pytest.warns(MethodWarning) as caught:
        values = tally(dataset(evaluations=rows), framework(item, head=WEIGHTS))
    assert str(caught[0].message) == (
        "Records must have a frequency that the framework weighs, got '2024Q1', which are not "
        "used. Add it to frequencies, or correct the periods."
    )
    assert values["i0"].tolist() == [80]
    with pytest.raises(FrameworkError) as caught:
        framework(item.replace("Y = 0.5", "Y = 0.6"), head=WEIGHTS)
    assert (
        "weights of the frequencies must sum to 1, got 1.1 (at $.dimensions[0].indicators[0].source"
        ".frequencies). Correct them, as { M = 0.2, Q = 0.2, H = 0.2, Y = 0.4 }."
    ) in str(caught.value)


def test_bonuses_count_up_to_their_cap_and_every_entry_is_listed(dataset, framework):
    """封顶、扣完为止."""
    item = ITEM.replace("}", ", bonus_cap = 5, deduction_cap = 90 }")
    bonus, minus = {"kind": "bonus", "evidence": "check"}, {"kind": "deduction"}
    rows = scores(
        ("甲", "2024", "superior", 80),
        ("甲", "2024", "superior", 6, bonus), ("甲", "2024", "superior", 4, bonus),
        ("甲", "2024", "superior", 2, minus),
        ("乙", "2024", "superior", 70), ("乙", "2024", "superior", 95, minus),
        ("丁", "2024", "superior", 3, bonus),
    )  # fmt: skip
    data = dataset(evaluations=rows)
    with pytest.warns(MethodWarning) as caught:
        values = tally(data, framework(item, head=WEIGHTS))
    assert [str(w.message) for w in caught] == [
        "Bonuses and deductions must stand beside a score, got 1 without one, which are not used. "
        "Add the scores they go with; evidence.bonuses lists them."
    ]
    # 10 points of bonus are capped at 5; 95 off are capped at 90, and the score ends at 0.
    assert values["i0"].droplevel("period").to_dict() == pytest.approx({"甲": 83, "乙": 0})
    told = values.evidence.bonuses
    assert told["points"].tolist() == [6, 4, -2, -95, 3]
    assert told["counted"].tolist() == pytest.approx([3, 2, -2, -90, np.nan], nan_ok=True)
    assert told["evidence"].tolist()[:2] == ["check", "check"]
    assert told["row"].tolist() == [4, 5, 6, 8, 9]
    assert (told["period"] == pd.Period("2024", "Y")).all()
    own = told[told["org"] == "甲"]
    assert values.loc["甲", "i0"].item() == pytest.approx(80 + own["counted"].sum())
