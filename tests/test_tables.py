"""The four tables: periods, checks of one row, checks between rows and tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import TableError
from servicepo.labels import WORDS
from servicepo.tables import (
    CHANNELS,
    COLUMNS,
    FAMILY,
    SCHEMAS,
    TABLES,
    TIERS,
    VOCABULARIES,
    check,
    cross_check,
    dtype_of,
    empty,
    period_text,
    problem_rows,
    shown,
    split_period,
    to_periods,
)

years = st.integers(1990, 2060)
texts = {
    "Y": years.map(str),
    "H": st.builds("{}H{}".format, years, st.integers(1, 2)),
    "Q": st.builds("{}Q{}".format, years, st.integers(1, 4)),
    "M": st.builds("{}-{:02d}".format, years, st.integers(1, 12)),
}


def table(name, rows, **columns):
    """Return a table of some rows; columns not told are missing."""
    frame = empty(name).reset_index().iloc[:, 1:] if name == "organisations" else empty(name)
    frame = frame.reindex(range(rows)).assign(**columns)
    return frame.astype({c: dtype_of(c) for c in frame})


def evaluations(rows=1, **columns):
    given = {"org": "张村", "period": "2024", "indicator": "服务意识", "score": 90.0}
    return table("evaluations", rows, **given | columns)


def services(rows=1, **columns):
    return table(
        "services", rows, **{"org": "张村", "accepted": pd.Timestamp("2024-05-01")} | columns
    )


def surveys(rows=1, **columns):
    given = {
        "org": "张村",
        "period": "2024",
        "question": "总体",
        "answer": "satisfied",
        "count": 30.0,
    }
    return table("surveys", rows, **given | columns)


def roster(*orgs, **columns):
    frame = table("organisations", len(orgs), **columns)
    return frame.set_index(pd.Index(orgs, dtype="str", name="org"))


def crossed(organisations=None, evaluated=None, served=None, surveyed=None, **options):
    given = (organisations, evaluated, served, surveyed)
    frames = [empty(t) if f is None else f for t, f in zip(TABLES, given, strict=True)]
    return cross_check(*frames, **options)


# -- periods -----------------------------------------------------------------------------------
@pytest.mark.parametrize("freq", "YHQM")
@given(data=st.data())
@settings(max_examples=25)
def test_period_text_undoes_to_periods(freq, data):
    text = pd.Series(data.draw(st.lists(texts[freq] | st.none(), max_size=8)), dtype="str")
    periods = to_periods(text, freq)
    assert isinstance(periods, pd.PeriodIndex)
    assert period_text(periods).equals(pd.Index(text))


def test_half_years_are_pairs_of_quarters():
    periods = to_periods(pd.Series(["2024H1", "2024H2"]), "H")
    assert periods.dtype == "period[2Q-DEC]"
    assert periods.tolist() == [pd.Period("2024Q1", "2Q-DEC"), pd.Period("2024Q3", "2Q-DEC")]
    assert (periods.end_time.year == 2024).all()


@given(st.sampled_from("YHQM"), st.sampled_from("YHQM"), st.data())
@settings(max_examples=30)
def test_finer_text_is_coarsened_to_the_period_that_holds_it(fine, coarse, data):
    text = pd.Series([data.draw(texts[fine])])
    if "MQHY".index(fine) > "MQHY".index(coarse):
        with pytest.raises(TableError):
            to_periods(text, coarse)
        return
    inside, outside = to_periods(text, fine), to_periods(text, coarse)
    assert outside.start_time[0] <= inside.start_time[0]
    assert inside.end_time[0] <= outside.end_time[0]


def test_to_periods_keeps_order_name_and_missing():
    text = pd.Index(["2024", None, "2023"], name="period")
    periods = to_periods(text, "Y")
    assert periods.name == "period"
    assert periods.isna().tolist() == [False, True, False]


def test_coarser_or_foreign_text_is_refused():
    with pytest.raises(TableError) as caught:
        to_periods(pd.Series(["2024", "2024Q2", "去年"]), "Q")
    assert str(caught.value) == (
        "periods must be like 2024, 2024H1, 2024Q3 or 2024-05 and not coarser than 'Q', "
        "got '2024', '去年'. Mend the text or choose a coarser freq."
    )


def test_another_frequency_is_refused():
    with pytest.raises(TableError) as caught:
        to_periods(pd.Series(["2024"]), "W")
    assert str(caught.value) == "freq must be one of Y, H, Q, M, got 'W'. Give one of them."
    with pytest.raises(TableError) as caught:
        period_text(pd.period_range("2024-01-01", periods=2, freq="D"))
    assert str(caught.value) == (
        "periods must be of frequency Y-DEC, 2Q-DEC, Q-DEC, M, got 'D'. "
        "Convert them with PeriodIndex.asfreq."
    )


def test_split_period():
    assert split_period("2024H2") == (2024, 7, "H")
    assert split_period("2024-13") is None


# -- shapes ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [*TABLES, "problems", "sources", "layout"])
def test_empty_tables_have_their_types_and_are_nobodys(name):
    frame = empty(name)
    assert all(frame[c].dtype == dtype_of(c) for c in frame)
    frame["new"] = 1
    assert "new" not in empty(name)


def test_an_unknown_table_is_refused():
    with pytest.raises(TableError) as caught:
        empty("service")
    assert str(caught.value) == (
        "table must be one of organisations, evaluations, services, surveys, problems, sources, "
        "layout, got 'service'. Give one of them."
    )


def test_every_code_and_field_has_its_words():
    codes = {f"{FAMILY.get(v, v)}.{c}" for v, codes in VOCABULARIES.items() for c in codes}
    codes |= {f"channel.{c}" for c in CHANNELS} | {f"tier.{c}" for c in TIERS}
    fields = {f"field.{c}" for table in TABLES for c in ("org", *COLUMNS[table])}
    assert codes | fields <= set(WORDS)


def test_problem_rows_take_the_place_of_the_rows():
    rows = table("evaluations", 2, file="a.xlsx", sheet="一", row=[3, 4], column=["D", None])
    found = problem_rows(
        rows, severity="warning", rule="r", must="m", mend=pd.Series(["x", "y"]), column="score"
    )
    assert found.columns.tolist() == empty("problems").columns.tolist()
    assert (found.dtypes == empty("problems").dtypes).all()
    assert found["column"].tolist() == ["D", "score"]
    assert found["mend"].tolist() == ["x", "y"]
    assert problem_rows(rows[:0], severity="error", rule="r", must="", mend="").empty


def test_shown():
    assert shown(pd.Series([1.0, 0.25, None])).tolist() == ["1", "0.25", ""]
    moments = pd.Series(pd.to_datetime(["2024-05-01 00:00", "2024-05-01 09:30", None]))
    assert shown(moments).tolist() == ["2024-05-01", "2024-05-01 09:30", ""]
    assert shown(pd.Series([3, None], dtype="Int64")).tolist() == ["3", ""]


# -- one row -----------------------------------------------------------------------------------
def test_clean_rows_come_back_as_they_were():
    frame = evaluations(2, source=["self", None], full_mark=100.0, evidence="listen;look")
    checked = check(frame, "evaluations")
    assert checked.rows is frame
    assert checked.problems.empty


WRONG = [
    ("organisations", {"domain": "city"}, "unknown_code", "domain"),
    (
        "organisations",
        {"sector": "village", "domain": "organs"},
        "sector_of_other_domain",
        "sector；domain",
    ),
    ("organisations", {"members": -1.0}, "negative", "members"),
    ("organisations", {"households": np.inf}, "not_finite", "households"),
    ("organisations", {"tags": "poor;rich"}, "unknown_code", "tags"),
    ("organisations", {"level": "党委"}, "unknown_code", "level"),
    ("evaluations", {"period": "2024年"}, "period_form", "period"),
    ("evaluations", {"score": None}, "missing", "score"),
    ("evaluations", {"indicator": None}, "missing", "indicator"),
    ("evaluations", {"source": "boss"}, "unknown_code", "source"),
    ("evaluations", {"evidence": "listen;guess"}, "unknown_code", "evidence"),
    ("evaluations", {"kind": "extra"}, "unknown_code", "kind"),
    ("evaluations", {"full_mark": 80.0}, "above_full_mark", "score；full_mark"),
    ("evaluations", {"score": -np.inf}, "not_finite", "score"),
    ("services", {"accepted": pd.NaT}, "missing", "accepted"),
    (
        "services",
        {"replied": pd.Timestamp("2024-04-30")},
        "replied_before_accepted",
        "replied；accepted",
    ),
    (
        "services",
        {"undertaken": pd.Timestamp("2024-04-30 23:59")},
        "undertaken_before_accepted",
        "undertaken；accepted",
    ),
    ("services", {"due": pd.Timestamp("2023-05-08")}, "due_before_accepted", "due；accepted"),
    ("services", {"way": "slow"}, "unknown_code", "way"),
    ("services", {"satisfaction": "great"}, "unknown_code", "satisfaction"),
    ("services", {"times": -2.0}, "negative", "times"),
    ("surveys", {"count": -5.0}, "negative", "count"),
    ("surveys", {"issued": 20.0}, "above_issued", "count；issued"),
    ("surveys", {"answer": "maybe"}, "unknown_code", "answer"),
    ("surveys", {"respondent": "leader"}, "unknown_code", "respondent"),
]
MAKERS = {"evaluations": evaluations, "services": services, "surveys": surveys}


@pytest.mark.parametrize(("name", "wrong", "rule", "column"), WRONG)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wrong_row_is_set_aside_with_its_reason(name, wrong, rule, column, language):
    if name == "organisations":
        frame = pd.concat([roster("李村"), roster("张村", **wrong)])
    else:
        frame = pd.concat([MAKERS[name](1), MAKERS[name](1, **wrong)], ignore_index=True)
    checked = check(frame, name, language=language)
    assert checked.rows.equals(frame.iloc[:1])
    problem = checked.problems.iloc[0]
    assert len(checked.problems) == 1
    assert (problem["severity"], problem["rule"], problem["column"]) == ("error", rule, column)
    field = WORDS[f"field.{column.split('；')[0]}"][language == "en"]
    assert problem["must"].startswith(
        WORDS[f"must.{rule}"][language == "en"].format(field=field, codes="")
    )
    assert problem["mend"] == WORDS[f"mend.{rule}"][language == "en"].format(field=field)
    assert f"rule.{rule}" in WORDS


def test_one_problem_tells_all_reasons_of_a_row():
    frame = services(
        1, way="slow", times=-2.0, replied=pd.Timestamp("2024-04-30"), file="a.csv", sheet="", row=7
    )
    problems = check(frame, "services").problems
    assert problems.to_dict("records") == [
        {
            "severity": "error",
            "rule": "replied_before_accepted",
            "file": "a.csv",
            "sheet": "",
            "row": 7,
            "column": "replied；accepted；way；times",
            "value": "2024-04-30；2024-05-01；slow；-2",
            "must": "回复日期不得早于受理日期；办理方式须为下列之一："
            "直接办理、承诺办理、明确答复、代办；办理次数不得为负",
            "mend": "请核对两个日期。请改为其中之一。请核对办理次数。",
        }
    ]


def test_an_error_in_a_cell_names_its_column():
    problems = check(evaluations(1, period="今年", column="F"), "evaluations").problems
    assert problems["column"].tolist() == ["F"]
    assert problems["value"].tolist() == ["今年"]


def test_a_day_without_a_time_is_not_before_a_moment_of_it():
    morning = pd.Timestamp("2024-05-01 09:30")
    frame = services(
        3,
        accepted=[morning, morning, pd.Timestamp("2024-05-01")],
        replied=pd.to_datetime(["2024-05-01 00:00", "2024-05-01 09:00", "2024-05-01 00:00"]),
    )
    assert check(frame, "services").rows.index.tolist() == [0, 2]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["张村", None]),
            st.sampled_from(["2024", "2024Q2", "年", None]),
            st.floats(-10, 120) | st.none(),
            st.sampled_from([100.0, -1.0, None]),
            st.sampled_from(["self", "x", None]),
        ),
        max_size=12,
    )
)
@settings(max_examples=30, deadline=None)
def test_rows_and_problems_are_the_rows_given(rows):
    frame = evaluations(len(rows))
    frame[["org", "period", "score", "full_mark", "source"]] = pd.DataFrame(
        rows, columns=["org", "period", "score", "full_mark", "source"], index=frame.index
    )
    frame = frame.astype({c: dtype_of(c) for c in frame}).assign(row=range(len(rows)))
    given = frame.copy()
    checked = check(frame, "evaluations")
    assert sorted([*checked.rows["row"], *checked.problems["row"]]) == list(range(len(rows)))
    assert checked.problems["row"].is_monotonic_increasing
    pd.testing.assert_frame_equal(frame, given)
    assert check(checked.rows, "evaluations").problems.empty


def test_missing_columns_are_refused_with_the_near_ones():
    frame = evaluations(1).rename(columns={"full_mark": "fullmark", "rater": "who"})
    with pytest.raises(TableError) as caught:
        check(frame, "evaluations")
    assert str(caught.value) == (
        "evaluations must have all its columns, got none for rater, full_mark (near: fullmark). "
        'Start from servicepo.tables.empty("evaluations").'
    )


def test_columns_of_another_type_are_refused():
    frame = services(1).assign(accepted="2024-05-01", times="3")
    with pytest.raises(TableError) as caught:
        check(frame, "services")
    assert str(caught.value) == (
        "columns of services must be of their type, got accepted (datetime64[us], not str), "
        "times (float64, not str). Convert them with servicepo.reading.values."
    )


def test_every_table_has_a_schema_of_its_columns():
    assert tuple(SCHEMAS) == TABLES
    for name, schema in SCHEMAS.items():
        assert [c for c in schema.columns if c != "org" or name != "organisations"] == list(
            COLUMNS[name]
        )


# -- between rows and tables -------------------------------------------------------------------
def test_clean_tables_have_no_problems():
    told = crossed(roster("张村"), evaluations(1), services(1), surveys(1), as_of="2024-12-31")
    assert told.problems.empty


def test_a_second_score_is_set_aside_and_says_whether_it_differs():
    frame = evaluations(
        4,
        score=[90.0, 90.0, 80.0, 70.0],
        source=["self"] * 3 + ["mass"],
        file="a.xlsx",
        sheet="表1",
    ).assign(row=[5, 6, 7, 8])
    told = crossed(evaluated=frame)
    assert told.evaluations["row"].tolist() == [5, 8]
    assert told.problems[["severity", "rule", "row", "value", "mend"]].to_numpy().tolist() == [
        [
            "error",
            "duplicate",
            6,
            "张村；2024；服务意识；自评",
            "与a.xlsx〔表1〕第5行重复，已保留先出现者。请删去多余的一行。",
        ],
        [
            "error",
            "conflict",
            7,
            "张村；2024；服务意识；自评",
            "与a.xlsx〔表1〕第5行重复而数值不同，已保留先出现者。请核对后只留一行。",
        ],
    ]


def test_a_ledger_of_deductions_is_kept_but_not_a_second_copy_of_it():
    frame = evaluations(4, score=-1.0, kind="deduction", sheet=["一", "一", "二", "二"])
    told = crossed(evaluated=frame)
    assert told.evaluations["sheet"].tolist() == ["一", "一"]
    assert told.problems["sheet"].tolist() == ["二", "二"]


def test_record_numbers_may_start_again_each_year_and_in_each_office():
    frame = services(
        6,
        org=["张村", "张村", "李村", "张村", "张村", "张村"],
        record=["1", "1", "1", "1", None, None],
        accepted=pd.to_datetime(
            ["2024-05-01", "2024-06-01", "2024-05-01", "2023-05-01"] + ["2024-07-01"] * 2
        ),
    )
    told = crossed(served=frame)
    assert told.services.index.tolist() == [0, 2, 3, 4, 5]
    assert told.problems["rule"].tolist() == ["duplicate"]


def test_duplicates_in_roster_and_surveys():
    told = crossed(roster("张村", "李村", "张村"), surveyed=surveys(2, count=[30.0, 31.0]))
    assert told.organisations.index.tolist() == ["张村", "李村"]
    assert told.surveys["count"].tolist() == [30.0]
    assert told.problems["rule"].tolist() == ["duplicate", "conflict"]


def test_unknown_organisations_are_kept_with_the_nearest_name():
    frame = evaluations(
        3, org=["李庄村党支部", "李庄村党支部", "某某有限公司"], source=["self", "mass", "self"]
    )
    told = crossed(roster("李家庄村党支部", "王村党支部"), frame)
    assert len(told.evaluations) == 3
    unknown = told.problems[told.problems["rule"] == "unknown_organisation"]
    assert unknown[["severity", "value", "must", "mend"]].to_numpy().tolist() == [
        [
            "warning",
            "李庄村党支部",
            "党组织须在名册中（共 2 条记录）",
            "是否为“李家庄村党支部”？请改正名称或补入名册。",
        ],
        ["warning", "某某有限公司", "党组织须在名册中（共 1 条记录）", "请改正名称或补入名册。"],
    ]


def test_without_a_roster_no_organisation_is_unknown():
    assert crossed(evaluated=evaluations(1)).problems.empty


def test_more_answers_than_questionnaires():
    frame = surveys(2, answer=["satisfied", "average"], count=[30.0, 25.0], issued=50.0)
    problems = crossed(surveyed=frame).problems
    assert problems[["severity", "rule", "value"]].to_numpy().tolist() == [
        ["warning", "more_answers_than_issued", "55；50"]
    ]


def test_dates_after_the_day_of_the_data():
    frame = services(2, replied=pd.to_datetime(["2024-06-30 18:00", "2024-07-01 00:00"]))
    told = crossed(evaluated=evaluations(1, period="2025"), served=frame, as_of="2024-06-30")
    assert told.problems[["severity", "rule", "column", "value", "must"]].to_numpy().tolist() == [
        ["warning", "future_date", "period", "2025", "考评期不得晚于 2024-06-30"],
        ["warning", "future_date", "replied", "2024-07-01", "回复日期不得晚于 2024-06-30"],
    ]
    assert len(told.services) == 2


def missing(problems):
    chosen = problems[problems["rule"].isin(["missing_periods", "periods_nobody_has"])]
    return chosen[["rule", "value"]].to_numpy().tolist()


def test_missing_quarters_are_named():
    periods = ["2024Q1", "2024Q2", "2024Q3", "2024Q4", "2024Q1", "2024Q4"]
    told = crossed(evaluated=evaluations(6, org=["张村"] * 4 + ["李村"] * 2, period=periods))
    assert missing(told.problems) == [["missing_periods", "李村：2024Q2、2024Q3"]]
    assert told.problems.loc[0, "must"] == "“服务意识”按季考评，每年应有 4 期"
    assert told.problems.loc[0, "severity"] == "warning"


@pytest.mark.parametrize(
    ("period", "nobody"),
    [
        ("2024-03", "、".join(f"2024-{m:02d}" for m in range(1, 13) if m != 3)),
        ("2024Q2", "2024Q1、2024Q3、2024Q4"),
        ("2024H2", "2024H1"),
    ],
)
def test_a_duty_is_met_12_4_or_2_times_a_year(period, nobody):
    assert missing(crossed(evaluated=evaluations(1, period=period)).problems) == [
        ["periods_nobody_has", nobody]
    ]


def test_a_yearly_duty_is_due_from_an_organisations_first_year_to_the_last_of_all():
    frame = evaluations(
        6,
        org=["张村"] * 4 + ["新村", "旧村"],
        period=["2020", "2021", "2023", "2024", "2023", "2021"],
    )
    assert missing(crossed(evaluated=frame).problems) == [
        ["periods_nobody_has", "2022"],
        ["missing_periods", "新村：2024"],
        ["missing_periods", "旧村：2023、2024"],
    ]


def test_periods_still_to_come_are_not_missing():
    frame = evaluations(2, period=["2024Q1", "2024Q2"])
    assert crossed(evaluated=frame, as_of="2024-06-30").problems.empty
    assert missing(crossed(evaluated=frame, as_of="2024-07-01").problems) == [
        ["periods_nobody_has", "2024Q3"]
    ]


def test_items_with_the_same_gap_are_told_together():
    items = [f"指标{i}" for i in range(5)]
    frame = pd.concat(
        [
            evaluations(
                3, org=["张村", "张村", "李村"], period=["2023", "2024", "2023"], indicator=item
            )
            for item in items
        ],
        ignore_index=True,
    )
    problems = crossed(evaluated=frame).problems
    assert missing(problems) == [["missing_periods", "李村：2024"]]
    assert problems.loc[0, "must"] == "“指标0、指标1、指标2等 5 项”按年考评，每年应有 1 期"


def test_who_is_not_on_the_roster_is_only_told_to_be_unknown():
    frame = evaluations(3, org=["张村", "张村", "某村"], period=["2024H1", "2024H2", "2024H1"])
    assert crossed(roster("张村"), frame).problems["rule"].tolist() == ["unknown_organisation"]


def test_categories_are_checked_like_text():
    frame = services(
        4, org=["张村", "张村", "李村", "王村"], record=["1", "1", "1", None], way="direct"
    )
    frame.loc[3, "way"] = "slow"
    coded = frame.astype({"org": "category", "way": "category", "record": "category"})
    checked, plain = check(coded, "services"), check(frame, "services")
    assert checked.problems.equals(plain.problems)
    assert checked.rows.index.equals(plain.rows.index)
    told = crossed(roster("张村"), served=checked.rows)
    assert told.problems.equals(crossed(roster("张村"), served=plain.rows).problems)


def test_surveys_have_duties_too():
    frame = surveys(1, period="2024H1")
    assert missing(crossed(surveyed=frame).problems) == [["periods_nobody_has", "2024H2"]]


def test_cross_check_leaves_the_frames_alone_and_loses_no_row():
    frame = evaluations(
        5, score=[1.0, 2.0, 1.0, 3.0, 4.0], period=["2024", "2024", "2024", "2023", "2022"]
    )
    frame.index = [7, 7, 8, 9, 9]
    given = frame.copy()
    told = crossed(evaluated=frame)
    pd.testing.assert_frame_equal(frame, given)
    errors = told.problems["severity"].eq("error").sum()
    assert len(told.evaluations) + errors == len(frame)
