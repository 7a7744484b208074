"""The faults planted in a synthetic county's files: what real files do to those who read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from .sheets import Cell, Sheet

FAULTS: Final = MappingProxyType(
    {
        "score_with_unit": ("分数带单位，应照常读出", "a score with its unit: to be read"),
        "votes_with_unit": ("票数带单位，应照常读出", "votes with their unit: to be read"),
        "full_width": ("全角数字，应照常读出", "full-width digits: to be read"),
        "dash": ("以“—”表示无数据", "a dash for no value"),
        "blank": (
            "空格：是 0 还是缺失，须由使用者说明",
            "a blank: 0 or missing, the user must say",
        ),
        "word_for_number": ("该填分数处写了等次", "a grade where a score must stand"),
        "above_full_mark": ("得分超过满分", "a score above its full mark"),
        "unknown_organisation": (
            "党组织名称有错字，名册中没有",
            "a misspelt name, not on the roster",
        ),
        "duplicate_row": ("同一行出现两次", "the same row twice"),
        "ditto": ("以“同上”代替内容", "“as above” instead of a word"),
        "reply_before_acceptance": ("回复日期早于受理日期", "replied before it was accepted"),
        "impossible_date": ("不存在的日期", "a date that does not exist"),
        "unknown_word": ("词表中没有的说法", "a word outside the vocabulary"),
        "more_than_issued": ("收回的票数多于发放数", "more questionnaires back than handed out"),
        "personal_column": (
            "个人信息列（号码、姓名均为虚构），应整列舍弃",
            "a column of personal data (invented): to be dropped whole",
        ),
    }
)


class _Planted(NamedTuple):
    """Where a fault goes: the end of a file's name, a sheet, the lowest label above a column."""

    fault: str
    file: str
    sheet: str
    header: str


# A doubled row moves what stands below it, so in each sheet it comes first.
_PLAN: Final = (
    _Planted("score_with_unit", "年度考核评分表.xlsx", "基层自评", "服务作风(100分)"),
    _Planted("unknown_organisation", "年度考核评分表.xlsx", "群众测评", "党组织"),
    _Planted("above_full_mark", "年度考核评分表.xlsx", "组织考评", "服务意识(100分)"),
    _Planted("full_width", "（分领域）.xlsx", "农村", "自评"),
    _Planted("dash", "（分领域）.xlsx", "机关事业", "群众测评"),
    _Planted("duplicate_row", "年度基层自评.xlsx", "基层自评", "党组织"),
    _Planted("blank", "年度群众测评.xlsx", "群众测评", "贴近群众(100分)"),
    _Planted("word_for_number", "农村党组织考核评分表.xlsx", "组织考评", "便捷服务(100分)"),
    _Planted("ditto", "服务台账.csv", "", "了解渠道"),
    _Planted("reply_before_acceptance", "服务台账.csv", "", "回复日期"),
    _Planted("impossible_date", "服务台账.csv", "", "承诺办结日期"),
    _Planted("duplicate_row", "服务台账.xlsx", "台账", "登记号"),
    _Planted("unknown_word", "服务台账.xlsx", "台账", "办理方式"),
    _Planted("votes_with_unit", "满意度测评.xlsx", "群众测评", "基本满意"),
    _Planted("more_than_issued", "满意度测评.xlsx", "党员测评", "发放数"),
    _Planted("personal_column", "党组织名册.xlsx", "名册", "联系电话"),
    _Planted("personal_column", "服务台账.csv", "", "诉求人"),
)

_FULL_WIDTH: Final = str.maketrans("0123456789.", "０１２３４５６７８９．")


def _misspelt(name: str) -> str:
    """Return a name whose fourth and fifth characters have changed places."""
    return name[:3] + name[4] + name[3] + name[5:]


_WRITE: Final[MappingProxyType[str, Callable[[Cell], Cell]]] = MappingProxyType(
    {
        "score_with_unit": lambda cell: f"{cell} 分",
        "votes_with_unit": lambda cell: f"{cell}票",
        "full_width": lambda cell: str(cell).translate(_FULL_WIDTH),
        "dash": lambda cell: "—",
        "blank": lambda cell: None,
        "word_for_number": lambda cell: "优秀",
        "above_full_mark": lambda cell: 108,
        "unknown_organisation": lambda cell: _misspelt(str(cell)),
        "duplicate_row": lambda cell: cell,
        "ditto": lambda cell: "同上",
        "reply_before_acceptance": lambda cell: f"{int(str(cell)[:4]) - 1}.12.30",
        "impossible_date": lambda cell: f"{str(cell)[:4]}.2.30",
        "unknown_word": lambda cell: "灵活办理",
        "more_than_issued": lambda cell: 1,
        "personal_column": lambda cell: cell,
    }
)


def plant_faults(sheets: Sequence[Sheet], rng: np.random.Generator) -> pd.DataFrame:
    """Plant every fault that finds its sheet and a row, and return what was planted.

    Parameters
    ----------
    sheets : sequence of Sheet
        They are changed.
    rng : Generator
        Chooses the rows.

    Returns
    -------
    DataFrame
        ``fault, file, sheet, row, column, cell, truth, written``; see
        `servicepo.synthetic.files.write_county`.

    Examples
    --------
    >>> rows = [["党组织", "贴近群众(100分)"], ["甲", 90.0]]
    >>> sheet = Sheet("2021年度群众测评.xlsx", "群众测评", rows)
    >>> plant_faults([sheet], np.random.default_rng(0))[["fault", "cell", "truth"]].values.tolist()
    [['blank', 'B2', '90.0']]
    >>> rows
    [['党组织', '贴近群众(100分)'], ['甲', None]]
    """
    planted = []
    touched: set[tuple[str, str, int]] = set()
    for where in _PLAN:
        sheet = next(
            (s for s in sheets if s.file.endswith(where.file) and s.name == where.sheet), None
        )
        if sheet is None:
            continue
        column = sheet.labels().index(where.header)
        rows = _rows_for(where, sheet, column, touched)
        if not rows:
            continue
        row = int(rng.choice(rows))
        truth = sheet.rows[row][column]
        if where.fault == "duplicate_row":
            sheet.rows.insert(row + 1, list(sheet.rows[row]))
            row += 1
        written = sheet.rows[row][column] = _WRITE[where.fault](truth)
        touched |= {(sheet.file, sheet.name, r) for r in (row - 1, row, row + 1)}
        cell = sheet.place(row, column)
        texts = [None if value is None else str(value) for value in (truth, written)]
        planted.append((where.fault, sheet.file, sheet.name, row + 1, column + 1, cell, *texts))
    names = ["fault", "file", "sheet", "row", "column", "cell", "truth", "written"]
    return pd.DataFrame(planted, columns=names)


def _rows_for(
    where: _Planted, sheet: Sheet, column: int, touched: set[tuple[str, str, int]]
) -> list[int]:
    """Return the rows where a fault can be planted: the header's where a column is the fault."""
    if where.fault == "personal_column":
        return [r for r in range(sheet.head) if sheet.rows[r][column] == where.header]
    rows = [
        r
        for r in range(sheet.head, len(sheet.rows) - sheet.foot)
        if sheet.rows[r][column] not in (None, "/") and (sheet.file, sheet.name, r) not in touched
    ]
    if where.fault == "ditto":
        rows = [r for r in rows if sheet.rows[r - 1][column] == sheet.rows[r][column]]
    return rows
