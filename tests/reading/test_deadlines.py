from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicepo.reading.deadlines import after, read_days
from servicepo.reading.read import read

LEDGER = [
    ["登记号", "党组织", "服务类别", "受理日期", "承诺时限", "实际办结"],
    ["1", "张村", "服务民生", "2024-03-01", "3个工作日", "2024-03-06"],
    ["2", "张村", "服务民生", "2024-03-01", "３ 天内", "办理中"],
    ["3", "张村", "服务民生", "2024-03-01", "2024-03-09", None],
    ["4", "张村", "服务民生", "2024-03-01", "尽快", "2024-03-02"],
]


@pytest.mark.parametrize(
    ("word", "header", "days", "workdays"),
    [
        ("5个工作日", "承诺时限", 5, True),
        ("十五个工作日内", "承诺时限", 15, True),
        ("7日", "承诺时限", 7, False),
        (5, "办理时限（工作日）", 5, True),
        (5.0, "办理时限（天）", 5, False),
        ("0天", "承诺时限", 0, False),
        ("5", "承诺办结日", None, False),
        ("5个月", "承诺时限", None, False),
        ("2024-03-01", "办理时限（天）", None, False),
    ],
)
def test_days_as_people_write_them(word, header, days, workdays):
    told = read_days(pd.Series([word], dtype=object), header)
    assert told.number[0] == days or (days is None and pd.isna(told.number[0]))
    assert told.workdays[0] == workdays


@given(st.dates(date(2015, 1, 1), date(2030, 12, 31)), st.integers(1, 60))
def test_workdays_counted_one_by_one(day, number):
    due = after(pd.Series([pd.Timestamp(day)]), pd.Series([float(number)]), pd.Series([True]))
    reached, left = pd.Timestamp(day), number
    while left:
        reached += pd.Timedelta(days=1)
        left -= reached.day_of_week < 5
    assert due[0] == reached


def test_a_ledger_whose_deadlines_are_days_and_whose_open_matters_are_words(write):
    data = read(write("台账.xlsx", Sheet1=(LEDGER, [])), language="en")
    kept = data.services.set_index("record")
    assert kept["due"].dt.strftime("%m-%d").to_dict() == {"1": "03-06", "2": "03-04", "3": "03-09"}
    assert kept["replied"].notna().to_dict() == {"1": True, "2": False, "3": False}
    told = data.problems.set_index("rule")
    assert told.loc["not_a_date", ["severity", "value"]].tolist() == ["error", "尽快"]
    assert told.loc["due_in_days", "severity"] == "notice"
    assert told.loc["due_in_workdays", ["severity", "row", "column", "must", "mend"]].tolist() == [
        "warning",
        2,
        "E",
        "a deadline told in workdays; counted Monday to Friday from the day after acceptance, "
        "public holidays not known (1 rows)",
        "Deadlines across public holidays come out too early; write them as dates.",
    ]


def test_a_deadline_in_days_needs_a_date_of_acceptance(write):
    rows = [LEDGER[0], ["1", "张村", "服务民生", "昨天", "3天", None], *LEDGER[2:4]]
    data = read(write("台账.xlsx", Sheet1=(rows, [])))
    assert data.services["record"].tolist() == ["2", "3"]
    assert data.problems.set_index("rule").loc["not_a_date", "value"] == "昨天"
