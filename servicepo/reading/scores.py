"""Score sheets and vote sheets: one record a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..labels import word
from ..tables import COLUMNS, dtype_of, empty
from .aliases import code_of
from .body import Body, Rows, Words
from .layout import column_letter
from .notes import Faults
from .recognise import Measure
from .text import clean_text
from .values import parse_numbers

Blank = Literal["missing", "zero"]

_LABELS: Final = {
    "evaluations": ("org", "period", "indicator", "source", "rater", "kind", "evidence"),
    "surveys": ("org", "period", "respondent", "stratum", "question", "answer", "issued"),
}


@dataclass(frozen=True, eq=False, slots=True)
class _Column:
    """One column of scores or votes, row by row.

    ``there`` tells which rows hold a record at all; ``faults`` which of these cannot be kept.
    """

    values: pd.Series
    there: npt.NDArray[np.bool_]
    kinds: pd.Series | None = None
    answers: pd.Series | None = None
    faults: list[tuple[str, Rows, list[object]]] = field(default_factory=list)


def cell_records(body: Body, blank: Blank | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn each cell of scores or votes into a record.

    Parameters
    ----------
    body : Body
        The data rows of a block that has measures.
    blank : {"missing", "zero"} or None
        What a blank cell is.

    Returns
    -------
    rows, faults : DataFrame
        All records (the faulty ones too) and the reasons of the faulty ones, by the same index.
    """
    measures = [m for m in body.plan.measures if not _is_empty(body, m)]
    table = body.plan.table
    if not measures or not body.height:
        return empty(table), Faults(body.language).joined()
    labels = {name: body.read(name) for name in _LABELS[table]}
    faults, parts = Faults(body.language), []
    for j, measure in enumerate(measures):
        column = _column(body, measure, blank)
        for rule, rows, values in column.faults:
            faults.add(
                rows * len(measures) + j,
                rule,
                column=column_letter(measure.position),
                value=values,
                field=_name(body, measure),
            )
        part = _part(body, measure, labels, column)
        part.index = pd.RangeIndex(j, j + body.height * len(measures), len(measures))
        parts.append(part[column.there])
    records = pd.concat(parts).sort_index() if len(parts) > 1 else parts[0]
    for fault in body.faults:  # a fault of the row is a fault of each of its cells
        for j in range(len(measures)):
            numbers = fault.rows * len(measures) + j
            there = np.isin(numbers, records.index)
            values = [v for v, t in zip(fault.values, there, strict=True) if t]
            faults.add(numbers[there], fault.rule, column=fault.column, value=values, **fault.words)
    return records, faults.joined()


def _name(body: Body, measure: Measure) -> str:
    told = "field.count" if body.plan.table == "surveys" else "field.score"
    named = word(told, body.language)
    return f"{measure.item}（{named}）" if measure.item else named


def _is_empty(body: Body, measure: Measure) -> bool:
    """Tell whether nobody filled in a column: it is noted once, not blank by blank."""
    if not body.height or body.cells[measure.position].notna().any():
        return False
    header = "/".join(body.plan.block.headers[measure.position])
    body.remark("notice", "column_empty", position=measure.position, value=header)
    return True


def _column(body: Body, measure: Measure, blank: Blank | None) -> _Column:
    found = body.words_at(measure.position)
    covered = np.zeros(body.height, dtype=bool)
    if body.covered is not None:
        covered = body.covered[measure.position].to_numpy(dtype=bool)
    if measure.answer == "*":
        return _answers(found, covered)
    parsed = parse_numbers(found.words)
    if not parsed.understood.all() and not parsed.note.isin(("", "percent")).any():
        marks = parse_numbers(found.words, boolean=True)  # a column of √ and ×
        parsed = marks if marks.understood.all() else parsed
    body.remark_on_loose(found, parsed, measure.position)
    values = found.spread(parsed.values.astype(float))
    there = ~covered
    passed = found.rows(parsed.note.eq("not_applicable"))
    passed = passed[there[passed]]
    _leave_out(body, measure, there, passed, "not_applicable")
    bad = found.rows(~parsed.understood)
    bad = bad[there[bad]]
    faults = [("not_a_number", bad, list(found.words.take(found.codes[bad])))]
    blanks = np.flatnonzero((found.codes < 0) & there)
    if blank == "missing":
        _leave_out(body, measure, there, blanks, "blank_as_missing")
    elif blank == "zero" and len(blanks):
        values = values.mask(found.codes < 0, 0.0)
        _remark_on_cells(body, measure, blanks, "blank_as_zero")
    else:
        faults.append(("blank_score", blanks, [""] * len(blanks)))
    kinds = _kinds(body, measure, found, parsed.note)
    if kinds is not None:
        values = values.mask(kinds.eq("deduction"), -values.abs())
    return _Column(values, there, kinds=kinds, faults=faults)


def _answers(found: Words, covered: npt.NDArray[np.bool_]) -> _Column:
    """Read a column of answers, one questionnaire a row; an unanswered question is no record."""
    words = clean_text(found.words)
    codes = code_of("answer", words)
    unknown = (codes.isna() & words.notna()).to_numpy(dtype=bool)
    there = ~covered & (found.codes >= 0)
    bad = found.rows(unknown)
    return _Column(
        pd.Series(1.0, index=range(len(found.codes))),
        there,
        answers=found.spread(codes),
        faults=[
            ("not_an_answer", bad[there[bad]], list(found.words.take(found.codes[bad[there[bad]]])))
        ],
    )


def _leave_out(
    body: Body, measure: Measure, there: npt.NDArray[np.bool_], rows: Rows, rule: str
) -> None:
    """Leave cells out on purpose, and say so once for the column."""
    if len(rows):
        there[rows] = False
        body.skipped += len(rows)
        _remark_on_cells(body, measure, rows, rule)


def _remark_on_cells(body: Body, measure: Measure, rows: Rows, rule: str) -> None:
    cell = body.cells[measure.position].iloc[rows[0]]
    body.remark(
        "notice",
        rule,
        row=int(rows[0]),
        position=measure.position,
        value=None if pd.isna(cell) else str(cell),
        times=len(rows),
        field=_name(body, measure),
    )


def _kinds(body: Body, measure: Measure, found: Words, notes: pd.Series) -> pd.Series | None:
    if measure.kind:
        return constant(measure.kind, body.height)
    told = notes.where(notes.isin(("deduction", "bonus")))
    return found.spread(told.astype("str")) if told.notna().any() else None


def _part(
    body: Body, measure: Measure, labels: Mapping[str, pd.Series | None], column: _Column
) -> pd.DataFrame:
    """Return the records of one column."""
    told = dict(labels)
    height = body.height
    own = {
        "org": measure.org,
        "period": measure.period,
        "source": measure.source,
        "respondent": measure.respondent,
        "answer": None if measure.answer == "*" else measure.answer,
        "indicator": measure.item,
        "question": measure.item,
    }
    told |= {k: constant(v, height) for k, v in own.items() if v is not None}
    told["column"] = constant(column_letter(measure.position), height)
    if body.plan.table == "surveys":
        told["count"] = column.values
        if column.answers is not None:
            told["answer"] = column.answers
    else:
        told["score"] = column.values
        told["full_mark"] = _full_mark(body, measure)
        kinds = [k for k in (column.kinds, told["kind"]) if k is not None]
        told["kind"] = constant("base", height)
        for kind in reversed(kinds):
            told["kind"] = kind.where(kind.notna(), told["kind"])
    return frame_of(height, {**told, **place_of(body)}, COLUMNS[body.plan.table])


def _full_mark(body: Body, measure: Measure) -> pd.Series | None:
    if measure.full_mark_at is not None:
        found = body.words_at(measure.full_mark_at)
        return found.spread(parse_numbers(found.words).values.astype(float))
    if measure.full_mark is not None:
        return pd.Series(measure.full_mark, index=range(body.height), dtype=float)
    return body.number("full_mark")


# -- frames ------------------------------------------------------------------------------------
def place_of(body: Body) -> dict[str, pd.Series]:
    """Return file, sheet and row of the data rows."""
    grid = body.plan.block.grid
    return {
        "file": constant(grid.file, body.height),
        "sheet": constant(grid.sheet, body.height),
        "row": pd.Series(pd.array(body.cells.index.to_numpy(np.int64) + 1, dtype="Int64")),
    }


def constant(text: str, height: int) -> pd.Series:
    """Return a column that says one word."""
    return pd.Series(pd.array([text], dtype="str").take(np.zeros(height, dtype=np.intp)))


def frame_of(
    height: int, told: Mapping[str, pd.Series | None], order: tuple[str, ...]
) -> pd.DataFrame:
    """Return a frame with some columns, each of its type; what nobody tells is missing."""
    data = {}
    for name in order:
        dtype, cells = dtype_of(name), told.get(name)
        if cells is None:
            cells = pd.Series(pd.array([None], dtype=dtype).take(np.zeros(height, np.intp)))
        data[name] = cells if cells.dtype == dtype else cells.astype(dtype)
    return pd.DataFrame(data, index=range(height))
