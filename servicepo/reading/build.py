"""Plans -> rows of the four tables, each with its place; what cannot be kept becomes a problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ..labels import Language, word
from ..tables import COLUMNS, PLACE, empty, problem_rows
from .body import Body, data_rows
from .layout import column_letter
from .notes import Faults, problem_frame
from .recognise import ATTRIBUTES, Left, Plan
from .scores import Blank, cell_records, frame_of, place_of, plain

_SILENT: Final = ("column.serial",)


@dataclass(frozen=True, eq=False, slots=True)
class Built:
    """What one block gave.

    Attributes
    ----------
    rows : DataFrame
        Rows of its table (organisations carry ``org`` as a column).
    problems : DataFrame
        One "error" per record that could not be built, and remarks.
    attributes : DataFrame
        One row per organisation of the block, with what stands beside its scores or events.
    layout : DataFrame
        One row per recognised column.
    records, skipped : int
        Records met, and cells or rows left out on purpose.
    """

    rows: pd.DataFrame
    problems: pd.DataFrame
    attributes: pd.DataFrame
    layout: pd.DataFrame
    records: int
    skipped: int


def build(plan: Plan, *, blank: Blank | None, language: Language) -> Built:
    """Turn one block into rows of its table.

    Parameters
    ----------
    plan : Plan
        What the block is.
    blank : {"missing", "zero"} or None
        What a blank score is; None sets it aside and asks.
    language : {"zh", "en"}
        Language of the problems.

    Returns
    -------
    Built
        ``records == len(rows) + number of errors``.
    """
    body = data_rows(plan, language)
    _remark_on_columns(body)
    if plan.measures:
        rows, faults = cell_records(body, blank)
    else:
        rows, faults = _row_records(body)
    kept = rows.drop(index=faults.index) if len(faults) else rows
    found = [_errors(rows, faults), problem_frame(body.remarks)]
    told = [f for f in found if len(f)] or found[:1]
    return Built(
        rows=kept,
        problems=told[0] if len(told) == 1 else pd.concat(told, ignore_index=True),
        attributes=_attributes(body, kept),
        layout=_layout(plan),
        records=len(rows),
        skipped=body.skipped,
    )


def _row_records(body: Body) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read rosters and ledgers: one record a row."""
    table = body.plan.table
    order = COLUMNS[table] if "org" in COLUMNS[table] else ("org", *COLUMNS[table])
    body.categories = table == "services"
    told = {name: body.read(name) for name in order if name not in PLACE}
    rows = frame_of(body.height, {**told, **place_of(body)}, order)
    faults = Faults(body.language)
    for fault in body.faults:
        faults.add(fault.rows, fault.rule, column=fault.column, value=fault.values, **fault.words)
    return rows, faults.joined()


def _errors(rows: pd.DataFrame, faults: pd.DataFrame) -> pd.DataFrame:
    if not len(faults):
        return empty("problems")
    places = rows.loc[faults.index, ["file", "sheet", "row"]]
    return problem_rows(places, severity="error", **{str(c): faults[c] for c in faults})


# -- remarks -----------------------------------------------------------------------------------
def _remark_on_columns(body: Body) -> None:
    """Say which columns are not kept and what nobody wrote but is assumed."""
    plan = body.plan
    for left in sorted(plan.left, key=lambda item: item.position):
        if left.rule not in _SILENT:
            _remark_on_column(body, left)
    if "source" in plan.guessed:
        source = word(f"source.{plan.guessed['source']}", body.language)
        body.remark("warning", "source_assumed", source=source)
    if "question" in plan.guessed:
        body.remark("warning", "question_assumed", question=plan.guessed["question"])


def _remark_on_column(body: Body, left: Left) -> None:
    family, _, reason = left.rule.partition(".")
    if family == "personal":
        what = word(f"personal.{reason}", body.language)
        body.remark("notice", "personal_column", position=left.position, what=what)
        return
    named = ("unknown", "second", "without_header", "ignored")
    rule = f"column_{reason}" if reason in named else "column_passed_over"
    if left.near:
        body.remark(
            "warning", "column_misspelt", position=left.position, value=left.header, near=left.near
        )
    else:
        body.remark("notice", rule, position=left.position, value=left.header)


# -- what else is told -------------------------------------------------------------------------
def _attributes(body: Body, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what stands beside scores and events about their organisations, one row for each."""
    plan = body.plan
    columns = ["org", *ATTRIBUTES, "file", "sheet", "row"]
    if plan.table == "organisations" or rows.empty:
        return empty("organisations").reset_index()[columns]
    met = rows["org"].drop_duplicates().dropna().index
    first = plain(rows[["org", *PLACE[:3]]].loc[met]).reset_index(drop=True)
    height = len(first)
    beside = {str(c): first[c] for c in first}
    told = [c for c in ATTRIBUTES if c in plan.fields or c in plan.constants]
    told = [c for c in told if c not in COLUMNS[plan.table]]
    if told:
        at = pd.Index(body.cells.index).get_indexer(first["row"].to_numpy(np.int64) - 1)
        for name in told:
            cells = body.read(name)
            if cells is not None:
                beside[name] = cells.iloc[at].reset_index(drop=True)
    return plain(frame_of(height, beside, tuple(columns)))


def _layout(plan: Plan) -> pd.DataFrame:
    grid = plan.block.grid
    named = [(name, p) for name, positions in plan.fields.items() for p in positions]
    named += [("count" if plan.table == "surveys" else "score", m.position) for m in plan.measures]
    named += [("full_mark", m.full_mark_at) for m in plan.measures if m.full_mark_at is not None]
    rows = [
        {
            "file": grid.file,
            "sheet": grid.sheet,
            "table": plan.table,
            "field": name,
            "column": column_letter(position),
            "header": "/".join(plan.block.headers[position]),
        }
        for name, position in sorted(dict.fromkeys(named), key=lambda pair: pair[1])
    ]
    return pd.DataFrame(rows, columns=list(empty("layout"))).astype("str")
