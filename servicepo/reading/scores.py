"""Score sheets and vote sheets: one record a cell.

The cells of a block are read all at once, row by row: record ``r * k + j`` is the cell of row ``r``
under measure ``j`` of ``k``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ..labels import word
from ..tables import COLUMNS, dtype_of, empty
from .aliases import bare_header, code_of, full_mark_in
from .body import LOOSE, Body, Rows, Words, plainly
from .layout import column_letter
from .notes import Faults
from .recognise import Measure
from .text import DITTO, clean_text, fill_ditto
from .values import Parsed, parse_numbers

Blank = Literal["missing", "zero"]

_LABELS: Final = {
    "evaluations": ("org", "period", "indicator", "source", "rater", "kind", "evidence"),
    "surveys": ("org", "period", "respondent", "stratum", "question", "answer", "issued"),
}


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
    table = body.plan.table
    cells = _Cells(body, _filled(body))
    if not cells.width or not body.height:
        return empty(table), cells.faults.joined()
    answered = cells.measures[0].answer == "*"
    told = cells.answers() if answered else cells.numbers(blank)
    labels = {name: body.read(name) for name in _LABELS[table]}
    if table == "evaluations" and labels["indicator"] is not None:
        labels["indicator"] = Words.of(labels["indicator"]).map(bare_header)
    there = np.flatnonzero(cells.there)
    records = _records(cells, {**labels, **told}, there)
    for fault in body.faults:  # a fault of the row is a fault of each of its cells
        for j in range(cells.width):
            numbers = fault.rows * cells.width + j
            kept = cells.there[numbers]
            values = [v for v, k in zip(fault.values, kept, strict=True) if k]
            cells.faults.add(
                numbers[kept], fault.rule, column=fault.column, value=values, **fault.words
            )
    return records, cells.faults.joined()


def _filled(body: Body) -> list[Measure]:
    """Return the columns somebody filled in; an empty one is noted once, not blank by blank."""
    filled = []
    for measure in body.plan.measures:
        if not body.height or body.cells[measure.position].notna().any():
            filled.append(measure)
        else:
            header = "/".join(body.plan.block.headers[measure.position])
            body.remark("notice", "column_empty", position=measure.position, value=header)
    return filled


class _Cells:
    """The cells of a block, read all at once.

    ``there`` tells which cells are records: not those that a merge covers, nor those left out.
    """

    def __init__(self, body: Body, measures: list[Measure]) -> None:
        self.body, self.measures, self.width = body, measures, len(measures)
        positions = [m.position for m in measures]
        cells = body.cells[positions]
        if cells.isin(DITTO).any(axis=None):
            cells = cells.apply(fill_ditto)
        self.words = Words.of(pd.Series(cells.to_numpy(dtype=object).ravel(), dtype=object))
        self.there = np.ones(cells.size, dtype=bool)
        self.faults = Faults(body.language)
        if body.covered is not None:
            covered = body.covered[positions].to_numpy(dtype=bool).ravel()
            self.there &= ~covered
            for j, rows in self.by_column(np.flatnonzero(covered)):
                self.remark("warning", "merged_scores", j, rows)

    def by_column(self, numbers: Rows) -> Iterator[tuple[int, Rows]]:
        """Yield measure by measure the rows of some cells."""
        for j in np.unique(numbers % self.width) if self.width else ():
            yield int(j), numbers[numbers % self.width == j] // self.width

    def remark(self, severity: str, rule: str, j: int, rows: Rows, **words: str) -> None:
        """Note something once about some cells of one column."""
        measure = self.measures[j]
        cell = self.body.cells[measure.position].iloc[rows[0]]
        self.body.remark(
            severity,
            rule,
            row=int(rows[0]),
            position=measure.position,
            value=None if pd.isna(cell) else str(cell),
            times=len(rows),
            field=self.name(j),
            **words,
        )

    def name(self, j: int) -> str:
        """Return what a column counts: 服务意识（得分）."""
        told = "field.count" if self.body.plan.table == "surveys" else "field.score"
        named, item = word(told, self.body.language), self.measures[j].item
        return f"{item}（{named}）" if item else named

    def fault(self, numbers: Rows, rule: str) -> None:
        """Note that some cells cannot be kept."""
        for j, rows in self.by_column(numbers[self.there[numbers]]):
            cells = rows * self.width + j
            self.faults.add(
                cells,
                rule,
                column=column_letter(self.measures[j].position),
                value=list(self.words.at(cells)),
                field=self.name(j),
            )

    def leave_out(self, numbers: Rows, rule: str) -> None:
        """Leave cells out on purpose, and say so once for each column."""
        numbers = numbers[self.there[numbers]]
        for j, rows in self.by_column(numbers):
            self.remark("notice", rule, j, rows)
        self.there[numbers] = False
        self.body.skipped += len(numbers)

    # -- what the cells say --------------------------------------------------------------------
    def numbers(self, blank: Blank | None) -> dict[str, pd.Series]:
        """Read scores or votes."""
        parsed = parse_numbers(self.words.words)
        values = self.words.spread(parsed.values.astype(float)).to_numpy(copy=True)
        bad = self._marks(parsed, values)
        self._remark_on_loose(parsed)
        self.leave_out(self.words.rows(parsed.note.eq("not_applicable")), "not_applicable")
        self.fault(bad, "not_a_number")
        blanks = np.flatnonzero((self.words.codes < 0) & self.there)
        if blank == "missing":
            self.leave_out(blanks, "blank_as_missing")
        elif blank == "zero":
            values[blanks] = 0.0
            for j, rows in self.by_column(blanks):
                self.remark("notice", "blank_as_zero", j, rows)
        else:
            self.fault(blanks, "blank_score")
        if self.body.plan.table == "surveys":
            self._add_votes(values)
            return {"count": pd.Series(values)}
        kinds = self._kinds(parsed.note)
        deducted = kinds.eq("deduction").to_numpy()
        values[deducted] = -np.abs(values[deducted])
        return {"score": pd.Series(values), "kinds": kinds, "full_mark": self._full_marks()}

    def _add_votes(self, counts: npt.NDArray[np.float64]) -> None:
        """Add up, in the first of them, columns of one answer: 非常满意 and 满意 are satisfied."""
        votes = counts.reshape(-1, self.width)
        there = self.there.reshape(-1, self.width)
        kinds = [(m.org, m.item, m.respondent, m.period, m.answer) for m in self.measures]
        for j, first in enumerate(kinds.index(kind) for kind in kinds):
            measure, other = self.measures[j], self.measures[first]
            if first == j or measure.answer is None:
                continue
            both = there[:, first] & there[:, j]
            votes[both, first] += votes[both, j]
            there[both, j] = False
            for part in self.faults.parts:  # a sum with a faulty part is faulty
                rows, column = np.divmod(part["record"].to_numpy(), self.width)
                part["record"] -= np.where((column == j) & both[rows], j - first, 0)
            headers = self.body.plan.block.headers
            self.body.remark(
                "notice",
                "answers_added",
                position=measure.position,
                value="/".join(headers[measure.position]),
                other="/".join(headers[other.position]),
                answer=word(f"answer.{measure.answer}", self.body.language),
            )

    def _marks(self, parsed: Parsed, values: npt.NDArray[np.float64]) -> Rows:
        """Read columns of √ and × as 1 and 0; return the cells that are no numbers."""
        bad = self.words.rows(~parsed.understood)
        told = parsed.values.notna().to_numpy()
        left = []
        for j, rows in self.by_column(bad):
            codes = self.words.codes[j :: self.width]
            used = np.unique(codes[codes >= 0])
            marks = parse_numbers(self.words.words.take(used), boolean=True)
            if told[used].any() or not marks.understood.all():
                left.append(rows * self.width + j)
            else:
                column = pd.Series(codes).map(dict(zip(used, marks.values, strict=True)))
                values[j :: self.width] = column.to_numpy(dtype=float)
        return np.sort(np.concatenate(left)) if left else bad[:0]

    def _remark_on_loose(self, parsed: Parsed) -> None:
        """Warn of cells that were read, but not to the letter: 约90, 第四名."""
        for i in np.flatnonzero(parsed.note.isin(LOOSE)):
            for j, rows in self.by_column(np.flatnonzero(self.words.codes == i)):
                self.remark(
                    "warning", LOOSE[parsed.note[i]], j, rows, read=plainly(parsed.values[i])
                )

    def _kinds(self, notes: pd.Series) -> pd.Series:
        """Return bonus and deduction, as the header or the cell says."""
        told = self.words.spread(notes.where(notes.isin(("deduction", "bonus"))).astype("str"))
        chosen = _chosen([m.kind for m in self.measures], np.arange(len(told)), told)
        assert chosen is not None
        return chosen

    def _full_marks(self) -> pd.Series:
        marks = np.full((self.body.height, self.width), np.nan)
        plain = self.body.number("full_mark")
        items = self.body.words("indicator")
        if items is not None:  # 动员部署(3分), a row
            told = items.map(full_mark_in).astype(float)
            plain = told if plain is None else told.where(told.notna(), plain)
        for j, measure in enumerate(self.measures):
            if measure.full_mark_at is not None:
                found = self.body.words_at(measure.full_mark_at)
                marks[:, j] = found.spread(parse_numbers(found.words).values.astype(float))
            elif measure.full_mark is not None:
                marks[:, j] = measure.full_mark
            elif plain is not None:
                marks[:, j] = plain
        return pd.Series(marks.ravel())

    def answers(self) -> dict[str, pd.Series]:
        """Read answers, one questionnaire a row; an unanswered question is no record."""
        words = clean_text(self.words.words)
        codes = code_of("answer", words)
        self.there &= self.words.codes >= 0
        self.fault(self.words.rows(codes.isna() & words.notna()), "not_an_answer")
        return {
            "count": pd.Series(1.0, index=range(len(self.there))),
            "answers": self.words.spread(codes),
        }


# -- records -----------------------------------------------------------------------------------
def _records(cells: _Cells, told: Mapping[str, pd.Series | None], there: Rows) -> pd.DataFrame:
    """Return the records: what the cell says, else what its column, else what its row says."""
    table, measures, width = cells.body.plan.table, cells.measures, cells.width
    rows = there // width

    def of_row(name: str) -> pd.Series | None:
        column = told[name]
        return None if column is None else pd.Series(column.array.take(rows))

    def of_cell(name: str) -> pd.Series:
        column = told[name]
        assert column is not None
        return pd.Series(column.array.take(there))

    columns: dict[str, pd.Series | None] = {name: of_row(name) for name in _LABELS[table]}
    item = "question" if table == "surveys" else "indicator"
    own: dict[str, Sequence[str | None]] = {
        "org": [m.org for m in measures],
        "period": [m.period for m in measures],
        item: [m.item for m in measures],
        "column": [column_letter(m.position) for m in measures],
    }
    if table == "surveys":
        own["respondent"] = [m.respondent for m in measures]
        own["answer"] = [None if m.answer == "*" else m.answer for m in measures]
        columns["count"] = of_cell("count")
        if "answers" in told:
            columns["answer"] = of_cell("answers")
    else:
        own["source"] = [m.source for m in measures]
        columns["score"], columns["full_mark"] = of_cell("score"), of_cell("full_mark")
        kinds, kind = of_cell("kinds"), columns["kind"]
        base = constant("base", len(there))
        rest = base if kind is None else kind.where(kind.notna(), base)
        columns["kind"] = kinds.where(kinds.notna(), rest)
    for name, words in own.items():
        columns[name] = _chosen(words, there, columns.get(name))
    columns |= {
        name: pd.Series(column.array.take(rows)) for name, column in place_of(cells.body).items()
    }
    return frame_of(len(there), columns, COLUMNS[table]).set_axis(there)


def _chosen(words: Sequence[str | None], cells: Rows, rest: pd.Series | None) -> pd.Series | None:
    """Give each cell the word of its column, or what the row says where the column has none."""
    if all(word is None for word in words):
        return rest
    told = pd.Series(pd.array(list(words), dtype="str").take(cells % len(words)))
    return told if rest is None else told.where(told.notna(), rest)


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
    return pd.Series(pd.array(pa.repeat(pa.scalar(text, pa.large_string()), height), dtype="str"))


def frame_of(
    height: int, told: Mapping[str, pd.Series | None], order: tuple[str, ...]
) -> pd.DataFrame:
    """Return a frame with some columns, each of its type; what nobody tells is missing.

    Text may stay in categories until `plain` writes it out.
    """
    data = {}
    for name in order:
        dtype: Any = dtype_of(name)
        cells = told.get(name)
        if cells is None:
            cells = pd.Series(pd.array([None], dtype=dtype).take(np.zeros(height, np.intp)))
        kept = cells.dtype == dtype or isinstance(cells.dtype, pd.CategoricalDtype)
        data[name] = cells if kept else cells.astype(dtype)
    return pd.DataFrame(data, index=range(height), copy=False)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Write text that stands in categories out as text."""
    written = {
        str(name): pd.Series(cells.cat.categories, dtype="str").array.take(
            cells.cat.codes.to_numpy(np.intp), allow_fill=True
        )
        for name, cells in frame.items()
        if isinstance(cells.dtype, pd.CategoricalDtype)
    }
    return frame.assign(**written) if written else frame
