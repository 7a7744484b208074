"""The rectification ledger: reading, checks, rates, relapse, persons refused, codes."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import TableError
from servicepo.methods.intervals import wilson_interval
from servicepo.rectification import _is_post

HEADER = [
    "序号",
    "党组织名称",
    "列入时间",
    "存在问题",
    "责任人职务",
    "整顿期限",
    "转化状态",
    "转化时间",
]


def ledger(*rows):
    return pd.DataFrame([[i + 1, *row] for i, row in enumerate(rows)], columns=HEADER)


SOUND = [
    ("甲村", "2022.3.1", "书记长期缺职", "镇党委书记", "2022-12-31", "已转化", "2022年11月1日"),
    ("乙村", "2022.3.1", "班子不团结", "县委组织部副部长", "2022-12-31", "整顿中", ""),
    ("丙村", "2022.3.1", "无活动场所", "镇长", "2022-12-31", "已销号", "2023-02-01"),
    ("丁村", "2023.3.1", "财务混乱", "镇纪委书记", "2024-12-31", "整顿中", None),
    ("戊村", "2022.3.1", "并入甲村", "镇党委书记", "2022-12-31", "撤并", "2022-06-01"),
    ("甲村", "2024.3.1", "群众意见大", "镇党委书记、镇长", "2024-12-31", "整顿中", ""),
]


def test_rates_of_a_ledger():
    made = sp.track_rectification(ledger(*SOUND), as_of="2024-06-30", names=True)
    assert made.problems.empty
    rates = made.rates().set_index("rate")
    assert rates[["count", "n"]].to_numpy().tolist() == [[2, 5], [1, 3], [1, 3], [1, 2]]
    low, high = wilson_interval(2, 5)
    assert rates.loc["conversion", ["share", "low", "high"]].tolist() == pytest.approx(
        [0.4, float(low), float(high)]
    )
    table = made.table.set_index(["org", "time"])
    assert table.loc[("甲村", 1), "relapsed"]
    assert not table.loc[("甲村", 2), "relapsed"]
    assert table["overdue"].to_dict() == {
        ("甲村", 1): False,
        ("乙村", 1): True,
        ("丙村", 1): True,
        ("戊村", 1): False,
        ("丁村", 1): False,
        ("甲村", 2): False,
    }
    assert (
        table.loc[("丁村", 1), "days"]
        == (pd.Timestamp("2024-06-30") - pd.Timestamp("2023-03-01")).days
    )
    assert repr(made) == (
        "Rectification(2024-06-30: 6 entries, 2 turned (40%), 1 overdue, 1 relapsed, 0 problems)"
    )
    assert "2024-06-30" in made.methods()


def test_names_are_shown_only_on_request():
    people = pd.DataFrame({"sector": "village"}, index=["甲村", "乙村", "丙村", "丁村", "戊村"])
    made = sp.track_rectification(ledger(*SOUND), organisations=people, as_of="2024-06-30")
    assert made.table["org"].str.fullmatch(r"村-\d{3}").all()
    again = sp.track_rectification(
        ledger(*SOUND), organisations=people, as_of="2024-06-30", names=True
    )
    assert made.codes[again.table["org"]].tolist() == made.table["org"].tolist()


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_ledger_is_read_from_a_sheet(tmp_path, kind):
    path = tmp_path / f"整顿台账.{kind}"
    table = ledger(*SOUND)
    if kind == "xlsx":
        titled = pd.DataFrame([HEADER, *table.to_numpy().tolist()])
        titled.loc[-1] = ["软弱涣散基层党组织整顿台账", *[None] * 7]
        titled.sort_index().to_excel(path, sheet_name="台账", index=False, header=False)
    else:
        path.write_bytes(table.to_csv(index=False).encode("gb18030"))
    read = sp.track_rectification(path, as_of="2024-06-30", names=True)
    given = sp.track_rectification(table, as_of="2024-06-30", names=True)
    assert read.problems.empty
    pd.testing.assert_frame_equal(read.table, given.table, check_dtype=False)


BAD = [
    ("", "2022-03-01", "", "", "2022-12-31", "整顿中", "", "org_missing"),
    ("外县村", "2022-03-01", "", "", "2022-12-31", "整顿中", "", "org_unknown"),
    ("甲村", "", "", "", "2022-12-31", "整顿中", "", "date_missing"),
    ("甲村", "去年", "", "", "2022-12-31", "整顿中", "", "date_unreadable"),
    ("甲村", "2022-03-01", "", "", "2021-12-31", "整顿中", "", "deadline_before_listed"),
    ("甲村", "2022-03-01", "", "", "2022-12-31", "已转化", "2022-01-01", "closed_before_listed"),
    ("甲村", "2022-03-01", "", "", "2022-12-31", "已转化", "2030-01-01", "closed_in_future"),
    ("甲村", "2022-03-01", "", "", "2022-12-31", "好转", "", "state_unknown"),
    ("甲村", "2022-03-01", "", "", "2022-12-31", "已转化", "", "turned_without_date"),
]


@pytest.mark.parametrize("row", BAD, ids=[row[-1] for row in BAD])
def test_a_wrong_entry_is_set_aside_and_told(row):
    people = pd.DataFrame(index=["甲村", "乙村"])
    table = ledger(SOUND[1], row[:-1])
    made = sp.track_rectification(table, organisations=people, as_of="2024-06-30", names=True)
    assert made.table["org"].tolist() == ["乙村"]
    assert made.problems[["row", "rule", "severity"]].to_numpy().tolist() == [[2, row[-1], "error"]]
    assert made.problems["mend"].iloc[0].endswith("。")


def test_entries_of_one_organisation_must_not_overlap():
    rows = [
        ("甲村", "2022-03-01", "", "", "2022-12-31", "整顿中", ""),
        ("甲村", "2023-03-01", "", "", "2023-12-31", "整顿中", ""),
        ("乙村", "2022-03-01", "", "", "2022-12-31", "已转化", "2022-12-01"),
        ("乙村", "2022-03-01", "", "", "2022-12-31", "已转化", "2022-12-01"),
    ]
    made = sp.track_rectification(ledger(*rows), as_of="2024-06-30", names=True)
    assert made.problems[["row", "rule"]].to_numpy().tolist() == [
        [2, "entry_twice"],
        [4, "entry_twice"],
    ]
    assert len(made.table) == 2


def test_without_a_deadline_an_entry_is_kept_with_a_warning():
    row = ("甲村", "2022-03-01", "", "", "", "整顿中", "")
    made = sp.track_rectification(ledger(row), as_of="2024-06-30")
    assert made.problems["rule"].tolist() == ["deadline_missing"]
    assert made.problems["severity"].tolist() == ["warning"]
    assert made.table["overdue"].tolist() == [False]


def test_lists_of_several_periods_tell_runs_and_returns():
    rows = pd.MultiIndex.from_product(
        [["甲村", "乙村", "丙村"], pd.period_range("2020", "2024", freq="Y")],
        names=["org", "period"],
    )
    on = pd.Series([1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0], rows).astype(bool)
    made = sp.track_rectification(ledger(*SOUND), lists=on, as_of="2024-06-30", names=True)
    assert made.lists.to_numpy().tolist() == [["乙村", 3, 3, 0], ["甲村", 3, 2, 1]]


@pytest.mark.parametrize(
    "post",
    [
        "镇党委书记",
        "县委组织部副部长",
        "第一书记",
        "清溪镇党委书记",
        "王庄村党支部书记",
        "驻村工作组",
        "镇党委书记、镇长",
        "town party secretary",
        "张家镇镇长",
    ],
)
def test_posts_pass(post):
    assert _is_post(post)


@pytest.mark.parametrize(
    "name", ["张三", "李建国", "张三书记", "镇党委书记李四", "镇长（王五）", "Zhang San"]
)
def test_names_of_persons_do_not(name):
    assert not _is_post(name)
    row = ("甲村", "2022-03-01", "", name, "2022-12-31", "整顿中", "")
    message = (
        "a responsible must be told by post, without a person's name, got something else in 1 "
        "entries (the first is entry 2). Write 镇党委书记 or another post alone."
    )
    with pytest.raises(TableError, match=f"^{re.escape(message)}$") as refused:
        sp.track_rectification(ledger(SOUND[1], row))
    assert name not in str(refused.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            ledger(*SOUND).drop(columns="整顿期限"),
            "a ledger must have a column for org, listed, deadline, state, got none for deadline. "
            "Name it 整顿期限, for example.",
        ),
        (
            ledger(*SOUND).assign(单位="x"),
            "a ledger must have one column for 'org', got 党组织名称, 单位. Drop one.",
        ),
        (
            ledger(("甲村", "", "", "", "2022-12-31", "整顿中", "")),
            "a ledger must have a sound entry, got 1 entries with 1 problems (date_missing in "
            "entry 1). Mend the ledger.",
        ),
    ],
)
def test_ledgers_are_refused(table, message):
    with pytest.raises(TableError, match=f"^{re.escape(message)}$"):
        sp.track_rectification(table, as_of="2024-06-30")


def test_the_frame_of_the_caller_is_left_alone():
    table = ledger(*SOUND)
    before = table.copy()
    sp.track_rectification(table, as_of="2024-06-30")
    pd.testing.assert_frame_equal(table, before)
    assert np.array_equal(table.columns, HEADER)
