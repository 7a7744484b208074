"""What titles, sheet names, file names and folders say about a block: when, who, which table."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

import pandas as pd

from .aliases import code_in, code_of, field_of, kind_of_row
from .layout import Block
from .text import clean_cell
from .values import parse_periods, period_in_text

_PART: Final = re.compile(r"第?[一二三四1-4]季度?|[上下]半年|(?<!\d)1?\d月")
_FILLED_IN: Final = re.compile(r"\S*(?:日期|时间|填报|填表|制表)\S*")
_ORG_NAME: Final = re.compile(
    r"(?:村|社区|支部|总支|党委|党组|党组织|居委会|公司|局|学校|中学|小学|医院|协会|商会|楼宇)$"
)
_TABLES: Final = {
    "organisations": r"名册|名单|花名册|基本情况|一览表|roster|organi[sz]ations",
    "services": r"台账|工单|办件|登记簿|登记表|记录表|ledger|services?",
    "surveys": r"问卷|测评票|满意度|民意|票数|surveys?",
    "evaluations": r"考评|考核|评分|得分|打分|自评|统计|evaluations?|scores?",
}


@lru_cache(maxsize=4096)
def code_for(vocabulary: str, word: str) -> str | None:
    """Return the code one word stands for."""
    code = code_of(vocabulary, pd.Series([word], dtype="str")).iloc[0]
    return None if pd.isna(code) else str(code)


@lru_cache(maxsize=4096)
def period_for(word: str, year: int | None) -> str | None:
    """Return the period one word stands for; 三季度 needs the year that the names speak of."""
    value = parse_periods(pd.Series([word], dtype="str"), year=year).values.iloc[0]
    return None if pd.isna(value) else str(value)


def clues_of(block: Block) -> dict[str, str]:
    """Read what is said about a whole block: period, source, respondent, org, sector, group."""
    path = PurePosixPath(block.grid.file)
    titles = [title for title in block.titles if kind_of_row(title) != "signature"]
    texts = [*reversed(titles), block.grid.sheet, path.stem, *reversed(path.parent.parts)]
    clues = {}
    if period := _period_of([_FILLED_IN.sub("", text) for text in texts]):
        clues["period"] = period
    for vocabulary in ("source", "respondent"):
        said = (text.replace("党组织", "") for text in texts)  # 党组织考核 is not 组织考核
        if code := next((c for text in said if (c := code_in(vocabulary, text))), None):
            clues[vocabulary] = code
    if org := _org_of(block):
        clues["org"] = org
    for name in (block.group, block.grid.sheet):
        if name and (sector := code_for("sector", name)):
            clues.setdefault("sector", sector)
    if block.group:
        clues["group"] = block.group
    return clues


def _org_of(block: Block) -> str | None:
    """Return the organisation a line above the table or the sheet is named after."""
    for part in "　".join(block.titles).split("　"):
        label, mark, value = part.replace("：", ":").partition(":")
        if mark and value.strip() and any(name == "org" for _, name in field_of(label)):
            return clean_cell(value)
    name = block.grid.sheet
    kind = code_for("sector", name) or code_for("domain", name)  # 农村 is no organisation
    return clean_cell(name) if _ORG_NAME.search(name) and kind is None else None


def _period_of(texts: list[str]) -> str | None:
    """Return the finest period the texts tell together: 2024 in one of them, 三季度 in another."""
    found = [p for t in texts if (p := period_in_text(t))]
    if not found:
        return None
    if len(found[0]) > 4:
        return found[0]
    for text in texts:
        if part := _PART.search(text):
            finer = period_in_text(f"{found[0]}年{part[0]}")
            if finer:
                return finer
    return found[0]


def table_named(block: Block) -> str | None:
    """Return the table that titles and names speak of."""
    said = (*block.titles, block.grid.sheet, PurePosixPath(block.grid.file).stem)
    text = " ".join(said).lower()
    return next((table for table, words in _TABLES.items() if re.search(words, text)), None)
