"""Blocks -> plans: which of the four tables a block is, and what each of its columns tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Final

import pandas as pd

from ..tables import ORGANISATIONS, PLACE, SERVICE_RECORDS
from .aliases import (
    bare_header,
    code_of,
    field_of,
    full_mark_in,
    kind_of_column,
    kind_of_row,
    nearest_field,
)
from .clues import clues_of, code_for, period_for, table_named
from .layout import Block, Path, leaf_of
from .mapping import IGNORE, FileMapping
from .personal import personal
from .values import parse_numbers

ATTRIBUTES: Final = tuple(c for c in ORGANISATIONS if c not in PLACE)
"""Fields of an organisation that may stand beside its scores or events."""

_ROSTER: Final = frozenset(
    ("members", "households", "staff", "grids", "level", "supervisor", "core_role", "tags")
)
_EVENT: Final = frozenset(
    ("record", "accepted", "undertaken", "replied", "due", "way", "service", "disposal")
)
_EITHER: Final = {("organisations", "sector"), ("organisations", "group")}
_SAMPLE: Final = 100
_NEAR: Final = 75
SCORE: Final = "得分"
"""The item of a column that names none."""
QUESTIONS: Final = ("总体满意度", "总体评价")
"""The question of a vote sheet that names none: where it speaks of satisfaction, and else."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of numbers: scores of one item, or votes for one answer; None where a row tells it.

    ``answer`` is "*" where the cells hold the answers themselves (one row per questionnaire).
    """

    position: int
    item: str | None = None
    source: str | None = None
    period: str | None = None
    respondent: str | None = None
    answer: str | None = None
    kind: str | None = None
    org: str | None = None
    full_mark: float | None = None
    full_mark_at: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A column that is not kept: where, its header, the rule, and the nearest known header."""

    position: int
    header: str
    rule: str
    near: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """How a block turns into rows of one table.

    ``fields`` holds for each field the columns that tell it (two for a year and its quarter);
    ``constants`` the one word a field has in all rows; ``guessed`` the constants nobody wrote;
    ``year`` the year that the names speak of.
    """

    block: Block
    table: str
    fields: dict[str, list[int]]
    measures: list[Measure]
    constants: dict[str, str]
    guessed: dict[str, str] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    mapping: FileMapping | None = None
    year: int | None = None


def is_known(header: str) -> bool:
    """Tell whether a header is declared: a field, an answer, a source or a column to pass over."""
    return bool(
        field_of(header)
        or kind_of_column(header)
        or code_for("answer", header)
        or code_for("source", header)
    )


# -- one column --------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class _Column:
    """What the header of one column says, before the table is known."""

    position: int
    path: Path
    leaf: str
    fields: tuple[tuple[str, str], ...]
    passed: str | None
    answer: str | None
    source: str | None
    respondent: str | None
    period: str | None
    kind: str | None
    full_mark: float | None
    cells: pd.Series
    dated: bool
    an_item: bool = False

    def of(self, *tables: str) -> str | None:
        """Return the field it names in the first of some tables that knows it."""
        return next((f for t in tables for table, f in self.fields if table == t), None)

    @cached_property
    def numeric(self) -> bool:
        """Whether most of the filled cells are numbers."""
        return _mostly_numbers(self.cells)

    @property
    def marked(self) -> bool:
        """Whether it must hold scores, whatever stands there: it tells a full mark or is blank."""
        return self.full_mark is not None or bool(self.cells.isna().all())

    @property
    def header(self) -> str:
        return "/".join(self.path)

    @cached_property
    def item(self) -> str | None:
        """The lowest level of the header that is free text."""
        return self.parents[-1] if self.parents else None

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """The levels of the header that are free text."""
        free = [w for w in self.path if not _is_role(w)]
        return tuple(bare_header(w) for w in (*free, *self.path[-1:] * self.an_item))


@lru_cache(maxsize=4096)
def _is_role(word: str) -> bool:
    """Tell whether a level of a header says who, when or which answer rather than what."""
    coded = any(code_for(v, word) for v in ("answer", "source"))
    fields = {(t, f) for t, f in field_of(word) if t in ("evaluations", "surveys")}
    return bool(coded or fields or period_for(word, 2000) or kind_of_column(word))


def _column(
    block: Block, position: int, path: Path, mapped: str | None, year: int | None
) -> _Column:
    leaf = leaf_of(path)
    cells = block.cells[position]
    fields: tuple[tuple[str, str], ...] = tuple(field_of(path[-1])) if path else ()
    if not fields and len(path) > 1:
        fields = tuple(field_of("".join(path)))
    if set(fields) >= _EITHER:  # 类别 may be 村, 社区 or 甲类, 乙类
        sectors = code_of("sector", _sample(cells)).notna().mean() >= 0.5
        fields = tuple(f for f in fields if f[1] != ("group" if sectors else "sector"))
    if mapped:
        fields = tuple((t, mapped) for t in ("evaluations", "services", "surveys", "organisations"))
    first = {
        v: next((c for w in reversed(path) if (c := code_for(v, w))), None)
        for v in ("source", "respondent")
    }
    kind = code_for("kind", leaf) if leaf else None
    return _Column(
        position=position,
        path=path,
        leaf=leaf,
        fields=fields,
        passed=None if mapped else kind_of_column(leaf) if leaf else None,
        answer=None if mapped else code_for("answer", leaf) if leaf else None,
        source=None if mapped else first["source"],
        respondent=first["respondent"] if len(path) > 1 else None,
        period=next((p for w in path if (p := period_for(w, year))), None),
        kind=kind if kind in ("bonus", "deduction") else None,
        full_mark=next((m for w in reversed(path) if (m := full_mark_in(w)) is not None), None),
        cells=cells,
        dated=pd.api.types.is_datetime64_any_dtype(cells.dtype),
    )


def _sample(cells: pd.Series) -> pd.Series:
    """Return some of the filled cells, spread over the column."""
    step = max(1, len(cells) // (4 * _SAMPLE))
    some = cells.iloc[::step].dropna().iloc[:_SAMPLE]
    some = some if len(some) else cells.dropna().iloc[:_SAMPLE]
    return some.astype(object) if isinstance(some.dtype, pd.CategoricalDtype) else some


def _mostly_numbers(cells: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return False
    sample = _sample(cells)
    if all(isinstance(cell, (int, float)) for cell in sample):
        return len(sample) > 0
    read = parse_numbers(sample, boolean=True)
    told = read.note != "not_applicable"
    return bool(read.values.notna().sum() >= max(1, 0.5 * told.sum()))


# -- the plan ----------------------------------------------------------------------------------
def plan_block(block: Block, mapping: FileMapping | None) -> Plan | None:
    """Decide what a block is; None where it is none of the four tables.

    Parameters
    ----------
    block : Block
        One table of a sheet.
    mapping : FileMapping or None
        What the user says about it.

    Returns
    -------
    Plan or None
    """
    mapped = _mapped_fields(block, mapping)
    given = dict(mapping.constants) if mapping else {}
    clues = clues_of(block)
    period = given.get("period", clues.get("period"))
    year = int(period[:4]) if period and period[:4].isdigit() else None
    columns, left = [], []
    for position, path in block.headers.items():
        cells = block.cells[position]
        header = "/".join(path)
        if mapped.get(position) == IGNORE:
            left.append(Left(position, header, "column.ignored"))
        elif not path:
            if cells.notna().any():
                left.append(Left(position, "", "column.without_header"))
        elif position not in mapped and (reason := _personal(header, cells)):
            left.append(Left(position, header, f"personal.{reason}"))
        else:
            columns.append(_column(block, position, path, mapped.get(position), year))
    table = (mapping and mapping.table) or _table_of(columns, block, {**clues, **given})
    if table is None:
        return None
    plan = _PLANNERS[table](columns, block)
    plan.left.extend(left)
    constants, guessed = _constants(plan, clues, given)
    return replace(plan, constants=constants, guessed=guessed, mapping=mapping, year=year)


def _personal(header: str, cells: pd.Series) -> str | None:
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return None
    sample = _sample(cells)
    reason = personal(header, sample)
    if reason is None:
        return None
    footer = [isinstance(cell, str) and kind_of_row(cell) is not None for cell in sample]
    sample = sample[[not passed for passed in footer]]  # 填表人：…… below the table
    reason = personal(header, sample)
    if reason in ("telephone", "mobile"):  # 电话普及率 is a number, no telephone
        numbers = parse_numbers(sample).values
        return None if numbers.notna().all() and numbers.lt(1e6).all() else reason
    return reason


def _mapped_fields(block: Block, mapping: FileMapping | None) -> dict[int, str]:
    if mapping is None:
        return {}
    names: dict[str, int] = {}
    for position, path in block.headers.items():
        for name in ("/".join(path), path[-1] if path else "", leaf_of(path)):
            names.setdefault(name, position)
    return {names[h]: f for h, f in mapping.columns.items() if h in names}


def _table_of(columns: list[_Column], block: Block, known: Mapping[str, str]) -> str | None:
    """Tell which table a block is by what its columns name."""
    names = Counter(dict.fromkeys(("organisations", "evaluations", "services", "surveys"), 0))
    fields: dict[str, set[str]] = {t: set() for t in names}
    for column in columns:
        for table, name in column.fields:
            fields[table].add(name)
    org = any({"org", "name"} & f for f in fields.values()) or "org" in known
    answers = {c.answer for c in columns if c.answer and c.numeric}
    sources = {c.source for c in columns if c.source and c.numeric}
    events = fields["services"] & _EVENT
    dates = events & {"accepted", "undertaken", "replied", "due"}
    prior = table_named(block)
    if len(answers) >= 2 and org:
        return "surveys"
    if {"answer", "count"} <= fields["surveys"] and {"question", "org"} & fields["surveys"]:
        return "surveys"
    told = len(fields["services"] & set(SERVICE_RECORDS))
    if len(events) >= 3 or (dates and (told >= 3 or (org and prior == "services"))):
        return "services"
    long = "indicator" in fields["evaluations"]
    if long and ("score" in fields["evaluations"] or sources or _free_numbers(columns)):
        return "evaluations"
    if not org:
        return None
    roster = fields["organisations"] - {"org", "name"}
    scored = (
        "score" in fields["evaluations"]
        or sources
        or any(_is_item(c) and c.full_mark for c in columns)
    )
    if not scored and ((prior == "organisations" and roster) or len(roster & _ROSTER) >= 2):
        return "organisations"
    if not scored and _questionnaire(columns, block):
        return "surveys"
    if scored or _free_numbers(columns) or any(c.passed == "total" and c.numeric for c in columns):
        return "evaluations"
    return "organisations" if roster else None


def _is_item(column: _Column) -> bool:
    """Tell whether a column may hold the scores of an item: its header is no field of the sheet."""
    return not column.passed and not column.dated and not column.of("evaluations", "organisations")


def _free_numbers(columns: list[_Column]) -> list[_Column]:
    return [c for c in columns if _is_item(c) and c.numeric]


def _questionnaire(columns: list[_Column], block: Block) -> list[_Column]:
    """Return the columns whose cells are answers: one row per questionnaire."""
    found = []
    for column in columns:
        if column.passed or column.numeric or column.of("organisations", "evaluations"):
            continue
        sample = _sample(block.cells[column.position])
        if len(sample) and code_of("answer", sample).notna().mean() >= 0.6:
            found.append(column)
    return found


def _take_fields(
    columns: list[_Column], *tables: str
) -> tuple[dict[str, list[int]], list[_Column], list[Left]]:
    """Give each field its column; return the fields, the free columns, and those left out."""
    fields: dict[str, list[int]] = {}
    free, left = [], []
    for column in sorted(columns, key=_preference):
        name = column.of(*tables)
        if column.passed:
            left.append(Left(column.position, column.header, f"column.{column.passed}"))
        elif name is None:
            free.append(column)
        elif name not in fields or name == "period":
            fields.setdefault(name, []).append(column.position)
        else:
            left.append(Left(column.position, column.header, "column.second"))
    if "org" not in fields and "name" in fields:
        fields["org"] = fields["name"]
    fields = {k: sorted(v) for k, v in fields.items()}
    return fields, sorted(free, key=lambda c: c.position), left


def _preference(column: _Column) -> tuple[bool, bool, int]:
    """Order the columns that name one field: names before codes, plain words before others."""
    code = bool(re.search(r"代码|编码|code", column.leaf, re.IGNORECASE))
    plain = any(t == "organisations" and f == "org" for t, f in column.fields)
    return code, not plain, column.position


def _unknown(column: _Column, table: str) -> Left:
    near = [n for t in (table, "organisations") if (n := nearest_field(column.leaf, t))]
    best = max(near, key=lambda n: n.similarity, default=None)
    close = best.header if best and best.similarity >= _NEAR else None
    return Left(column.position, column.header, "column.unknown", close)


def _plan_roster(columns: list[_Column], block: Block) -> Plan:
    fields, free, left = _take_fields(columns, "organisations")
    left += [_unknown(c, "organisations") for c in free]
    return Plan(block, "organisations", fields, [], {}, left=left)


def _plan_services(columns: list[_Column], block: Block) -> Plan:
    fields, free, left = _take_fields(columns, "services", "organisations")
    left += [_unknown(c, "services") for c in free]
    return Plan(block, "services", fields, [], {}, left=left)


def _plan_surveys(columns: list[_Column], block: Block) -> Plan:
    votes = [c for c in columns if c.answer and c.numeric and not c.passed]
    rest = [c for c in columns if c not in votes]
    counted = votes or any(c.of("surveys") == "count" for c in rest)
    sheets = [] if counted else _questionnaire(rest, block)
    rest = [c for c in rest if c not in sheets]
    fields, free, left = _take_fields(rest, "surveys", "organisations")
    measures = [
        Measure(c.position, _question(c), respondent=c.respondent, period=c.period, answer=c.answer)
        for c in votes
    ]
    measures += [Measure(c.position, bare_header(c.path[-1]), answer="*") for c in sheets]
    if not measures and "count" in fields:
        measures = [Measure(fields.pop("count")[0])]
    if votes:
        for name in ("answer", "count"):
            left += [
                Left(p, "/".join(block.headers[p]), "column.second") for p in fields.pop(name, [])
            ]
    left += [_unknown(c, "surveys") for c in free]
    return Plan(block, "surveys", fields, measures, {}, left=left)


def _question(column: _Column) -> str | None:
    words = [w for w in column.path[:-1] if not (code_for("respondent", w) or period_for(w, 2000))]
    return bare_header(words[-1]) if words else None


def _plan_evaluations(columns: list[_Column], block: Block) -> Plan:
    long = any(c.of("evaluations") == "indicator" and len(c.path) == 1 for c in columns)
    columns = [_as_item(c) if _is_item_among(c, columns) else c for c in columns]
    scores: list[_Column] = []
    rest: list[_Column] = []
    for column in columns:
        (scores if _may_score(column, long) else rest).append(column)
    if not scores:
        scores = [c for c in rest if c.passed == "total" and c.numeric]
        rest = [c for c in rest if c not in scores]
    marks = {c.parents: c for c in rest if c.of("evaluations") == "full_mark" and c.parents}
    rest = [c for c in rest if c not in marks.values()]
    fields, free, left = _take_fields(_with_one_indicator(rest), "evaluations", "organisations")
    left += [
        Left(c.position, c.header, "column.second")
        for c in rest
        if c.of("evaluations") == "indicator" and c.position not in fields.get("indicator", [])
    ]
    if any(c.source for c in scores) and "source" not in fields:
        summed = [
            c for c in scores if not c.source and not c.parents and c.of("evaluations") == "score"
        ]
        left += [Left(c.position, c.header, "column.total") for c in summed]
        scores = [c for c in scores if c not in summed]
    plain = fields.get("full_mark", [None])[0]
    measures = []
    names = Counter(c.item for c in scores)
    for column in scores:
        beside = marks.get(column.parents)
        alone = column.item is None or len(scores) == 1
        measures.append(
            Measure(
                column.position,
                item=None if long else _item_name(column, names, scores),
                source=column.source,
                period=column.period,
                kind=column.kind,
                full_mark=column.full_mark,
                full_mark_at=beside.position if beside else plain if long or alone else None,
            )
        )
    if long and "org" not in fields and all(c.item and not c.source for c in scores) and scores:
        measures = [replace(m, org=c.item) for m, c in zip(measures, scores, strict=True)]
    fields.pop("full_mark", None)
    left += [_unknown(c, "evaluations") for c in free]
    return Plan(block, "evaluations", fields, measures, {}, left=left)


def _is_item_among(column: _Column, columns: list[_Column]) -> bool:
    """Tell whether a source is an item: 群众评价(10分) beside 阵地建设(20分), not beside 自评."""
    if column.source is None or not column.path or full_mark_in(column.path[-1]) is None:
        return False
    beside = [
        c
        for c in columns
        if c is not column and c.path[:-1] == column.path[:-1] and full_mark_in(c.path[-1])
    ]
    return bool(beside) and all(c.item and not c.source for c in beside)


def _as_item(column: _Column) -> _Column:
    return replace(column, source=None, fields=(), an_item=True)


def _with_one_indicator(columns: list[_Column]) -> list[_Column]:
    """Leave one column of items: of 项目|内容|具体内容 the first that tells most items apart."""
    named = [c for c in columns if c.of("evaluations") == "indicator"]
    if len(named) < 2:
        return columns
    best = max(named, key=lambda c: (c.cells.nunique(), -c.position))
    return [c for c in columns if c not in named or c is best]


def _may_score(column: _Column, long: bool) -> bool:
    """Tell whether a column holds scores."""
    if column.passed or column.dated:
        return False
    named = column.of("evaluations", "organisations")
    if named == "score" or column.kind:
        return True
    if column.source not in (None, "record") and (column.numeric or column.marked):
        return named in (None, "source")
    if named is not None:
        return False
    return column.numeric or (column.full_mark is not None and not long)


def _item_name(column: _Column, names: Counter[str | None], scores: list[_Column]) -> str:
    """Name the item of a column; the level above is added where two items share a name."""
    if column.item is None:  # 2022年 or 自评 alone: when and who, not what
        return column.leaf if column.passed or column.fields else SCORE
    same = {c.parents for c in scores if c.item == column.item}
    return "/".join(column.parents[-2:]) if len(same) > 1 else column.item


_PLANNERS: Final = {
    "organisations": _plan_roster,
    "services": _plan_services,
    "surveys": _plan_surveys,
    "evaluations": _plan_evaluations,
}


def _constants(
    plan: Plan, clues: Mapping[str, str], given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Choose what all rows share: first what the user gives, then what the names say."""
    wanted = {
        "organisations": ("sector", "group"),
        "services": ("org", "sector", "group"),
        "evaluations": ("org", "period", "source", "sector", "group"),
        "surveys": ("org", "period", "respondent", "sector", "group"),
    }[plan.table]
    for position in plan.fields.get("org", []):  # the header 村 says what they all are
        if sector := code_for("sector", leaf_of(plan.block.headers[position])):
            clues = {"sector": sector, **clues}
    constants = {
        k: clues[k] for k in wanted if k in clues and k not in plan.fields and k not in given
    }
    if "org" in constants and any(m.org for m in plan.measures):
        del constants["org"]
    if "sector" in constants and "domain" in plan.fields:
        del constants["sector"]
    constants |= given
    guessed = {}
    told = plan.fields | constants
    if plan.table == "evaluations" and "source" not in told:
        if any(m.source is None for m in plan.measures):
            guessed["source"] = "superior"
    elif plan.table == "surveys" and "question" not in told:
        text = "".join((*plan.block.titles, plan.block.grid.sheet, plan.block.grid.file))
        if any(m.item is None for m in plan.measures):
            guessed["question"] = QUESTIONS["满意" not in text]
    return constants, guessed
