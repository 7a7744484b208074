"""The rows of one block, read column by column: text, codes, numbers, dates, periods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..labels import Language, word
from ..tables import FAMILY, VOCABULARIES
from .aliases import code_of, codes_in, codes_of, kind_of_row, meant_codes
from .deadlines import Days, after, read_days
from .layout import column_letter, leaf_of
from .notes import problem, without_persons
from .recognise import Plan
from .text import DITTO, clean_text, fill_ditto
from .values import CHINA, NOT_APPLICABLE, Parsed, parse_dates, parse_numbers, parse_periods

_KEYS: Final = ("org", "indicator", "question", "answer", "name")
_EXAMPLES: Final = frozenset(("示例", "样例", "例", "例如", "example", "sample"))
_MANY: Final = 2000
_TAIL: Final = 50
_DATES: Final = ("accepted", "undertaken", "replied", "due")
_NUMBERS: Final = (
    *("members", "households", "staff", "grids", "times", "participants", "hours"),
    *("issued", "full_mark"),
)
_CODED: Final = frozenset((*VOCABULARIES, "channel", "tier"))
_SEVERAL: Final = ("tags", "evidence")
_OPEN: Final = ("channel", "tier")
_STRICT: Final = ("source", "kind", "answer")
LOOSE: Final = {
    "lower_bound": "number_at_least",
    "approximate": "number_about",
    "rank": "number_is_rank",
    "month": "date_without_day",
}
"""Notes of the parsers that deserve a warning, and the rule each becomes."""

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class Words:
    """A column by its distinct words: each row has the code of its word, -1 where it is blank."""

    codes: Rows
    words: pd.Series

    @classmethod
    def of(cls, cells: pd.Series) -> Words:
        """Find the distinct words of a column; 同上 becomes the word above it."""
        codes, words = _distinct(cells)
        if words.isin(DITTO).any():
            codes, words = _distinct(fill_ditto(cells.astype(object)))
        return cls(codes, words)

    def spread(self, values: pd.Series, *, categories: bool = False) -> pd.Series:
        """Give each row the value of its word; text as categories where that is asked for."""
        if categories:
            codes, kinds = pd.factorize(values)
            codes = np.append(codes, -1)[self.codes]
            return pd.Series(pd.Categorical.from_codes(codes, pd.Index(kinds), validate=False))
        if len(values) == 0:
            return pd.Series(np.nan, index=range(len(self.codes))).astype(values.dtype)
        return pd.Series(values.array.take(self.codes, allow_fill=True))

    def map(self, function: Callable[[str], Any]) -> pd.Series:
        """Give each row what a function makes of its word."""
        return self.spread(pd.Series([function(str(word)) for word in self.words]))

    def rows(self, chosen: npt.NDArray[np.bool_] | pd.Series) -> Rows:
        """Return the rows whose word is chosen."""
        chosen = np.asarray(chosen, dtype=bool)
        return np.flatnonzero(np.append(chosen, False)[self.codes]) if chosen.any() else _NONE

    def at(self, rows: Rows) -> pd.Series:
        """Return the words of some rows, missing where a row is blank."""
        return pd.Series(self.words.array.take(self.codes[rows], allow_fill=True))

    def first_row(self, i: int | np.intp) -> tuple[int, int]:
        """Return the first row of a word and how many rows have it."""
        found = np.flatnonzero(self.codes == i)
        return int(found[0]), len(found)


def _distinct(cells: pd.Series) -> tuple[Rows, pd.Series]:
    """Find the distinct words of a column; categories may hold words that no row has."""
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        numbers, words = pd.factorize(cells)
        return numbers, pd.Series(words)
    codes = cells.cat.codes.to_numpy(np.intp)
    used = np.zeros(len(cells.cat.categories) + 1, dtype=bool)
    used[codes] = True  # -1, a blank, marks the last
    anew = np.append(np.cumsum(used[:-1]) - 1, -1)
    return anew[codes], pd.Series(cells.cat.categories[used[:-1]])


_NONE: Final[Rows] = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why some rows cannot be kept."""

    rows: Rows
    rule: str
    column: str | None
    values: pd.Series
    words: dict[str, object]


@dataclass(eq=False, slots=True)
class Body:
    """The data rows of one block, with what is noted while they are read.

    ``categories`` asks for text as categories: a long ledger is checked and counted by its words.
    """

    plan: Plan
    cells: pd.DataFrame
    covered: pd.DataFrame | None
    language: Language
    faults: list[Fault] = field(default_factory=list)
    remarks: list[dict[str, object]] = field(default_factory=list)
    skipped: int = 0
    found: dict[int, Words] = field(default_factory=dict)
    categories: bool = False

    @property
    def height(self) -> int:
        """Number of data rows."""
        return len(self.cells)

    def remark(
        self,
        severity: str,
        rule: str,
        *,
        row: int | None = None,
        position: int | None = None,
        value: str | None = None,
        mend: str | None = None,
        **words: object,
    ) -> None:
        """Note something about a row (its place among the data rows), a column, or the sheet."""
        grid = self.plan.block.grid
        number = None if row is None else int(self.cells.index[row]) + 1
        letter = None if position is None else column_letter(position)
        place = (grid.file, grid.sheet, number, letter)
        self.remarks.append(
            problem(
                severity, rule, language=self.language, place=place, value=value, mend=mend, **words
            )
        )

    def drop(self, rows: list[int]) -> None:
        """Leave rows out (told by their place among the rows)."""
        if rows:
            kept = np.ones(self.height, dtype=bool)
            kept[rows] = False
            self.cells = self.cells[kept]
            self.covered = None if self.covered is None else self.covered[kept]
            self.found.clear()

    # -- one column ----------------------------------------------------------------------------
    def words_at(self, position: int) -> Words:
        """Return the distinct words of a column, found once."""
        if position not in self.found:
            self.found[position] = Words.of(self.cells[position])
        return self.found[position]

    def raw(self, name: str) -> pd.Series | None:
        """Return the cells of a field; None where nothing tells it."""
        if positions := self.plan.fields.get(name):
            return self.cells[positions[0]]
        constant = self.plan.constants.get(name) or self.plan.guessed.get(name)
        if constant is None:
            return None
        return pd.Series(pd.array([constant], dtype="str").take(np.zeros(self.height, np.intp)))

    def words(self, name: str) -> Words | None:
        """Return the words of a field, translated where a mapping says how."""
        if position := self.plan.fields.get(name):
            return self._translated(name, self.words_at(position[0]))
        cells = self.raw(name)
        return None if cells is None else self._translated(name, Words.of(cells))

    def _translated(self, name: str, found: Words) -> Words:
        mapping = self.plan.mapping
        if mapping is None or name not in mapping.values:
            return found
        table = mapping.values[name]
        return Words(found.codes, found.words.map(lambda w: table.get(str(w).strip(), w)))

    def letter(self, name: str) -> str | None:
        """Return the letters of the column that tells a field."""
        position = self.position(name)
        return None if position is None else column_letter(position)

    def fault(self, rows: Rows, rule: str, name: str, values: pd.Series, **words: object) -> None:
        """Note that some rows cannot be kept because of a field."""
        if len(rows):
            words = {"field": word(f"field.{name}", self.language), **words}
            self.faults.append(Fault(rows, rule, self.letter(name), values, words))

    def text(self, name: str) -> pd.Series | None:
        """Read a field of text."""
        if name == "record" and (cells := self.raw(name)) is not None and _is_tidy(cells):
            return cells.reset_index(drop=True)
        found = self.words(name)
        if found is None:
            return None
        told = clean_text(found.words).mask(found.words.isin(DITTO))  # nothing stands above it
        return found.spread(told, categories=self.categories)

    def code(self, name: str) -> pd.Series | None:
        """Read a field whose words stand for codes."""
        found = self.words(name)
        if found is None:
            return None
        vocabulary = FAMILY.get(name, name)
        read = codes_of if name in _SEVERAL else code_of
        codes = read(vocabulary, found.words)
        if codes.isna().any():
            told = clean_text(found.words)
            unknown = codes.isna() & told.notna() & ~told.isin(_NOTHING)
            if name in _OPEN:
                codes = codes.mask(unknown, told)
            else:
                self._unknown_words(name, vocabulary, found, unknown.to_numpy())
        return found.spread(codes, categories=self.categories)

    def _unknown_words(
        self, name: str, vocabulary: str, found: Words, unknown: npt.NDArray[np.bool_]
    ) -> None:
        if name in _STRICT:
            rows = found.rows(unknown)
            self.fault(rows, "unknown_word", name, found.at(rows))
            return
        for i in np.flatnonzero(unknown):
            row, times = found.first_row(i)
            meant = meant_codes(vocabulary, str(found.words[i]))
            codes = meant or codes_in(vocabulary)
            known = [word(f"{vocabulary}.{code}", self.language) for code in codes]
            self.remark(
                "warning",
                "word_not_known",
                row=row,
                position=self.position(name),
                value=str(found.words[i]),
                field=word(f"field.{name}", self.language),
                times=times,
                mend="mend.word_not_known" if meant else "mend.word_not_known.alone",
                meant="、".join(known),
            )

    def number(self, name: str) -> pd.Series | None:
        """Read a field of numbers; what is not a number is left out with a warning."""
        found = self.words(name)
        if found is None:
            return None
        parsed = parse_numbers(found.words)
        self.remark_on_loose(found, parsed, self.position(name))
        for i in np.flatnonzero(~parsed.understood.to_numpy()):
            row, times = found.first_row(i)
            self.remark(
                "warning",
                "number_not_read",
                row=row,
                position=self.position(name),
                value=str(found.words[i]),
                field=word(f"field.{name}", self.language),
                times=times,
            )
        return found.spread(parsed.values.astype(float))

    def read(self, name: str) -> pd.Series | None:
        """Read a field by its kind; None where nothing tells it."""
        if name in _DATES:
            return self.date(name)
        if name in _NUMBERS:
            return self.number(name)
        if name in _CODED:
            return self.code(name)
        return self.periods() if name == "period" else self.text(name)

    def date(self, name: str) -> pd.Series | None:
        """Read a field of dates; a date that cannot be read is a fault: open is not unreadable."""
        found = self.words(name)
        if found is None:
            return None
        parsed = parse_dates(found.words, zone=self._zone)
        self.remark_on_loose(found, parsed, self.position(name))
        values, unread = found.spread(parsed.values), ~parsed.understood.to_numpy()
        if name == "due" and unread.any() and (accepted := self.words("accepted")) is not None:
            days = read_days(found.words, "/".join(self._path(name)))
            counted = unread & ~np.isnan(days.number)
            if counted.any():
                began = accepted.spread(parse_dates(accepted.words, zone=self._zone).values)
                number, workdays = (found.spread(pd.Series(d)) for d in days)
                values = values.fillna(after(began, number, workdays.eq(True)))
                self._remark_on_days(found, days, counted)
                unread &= ~counted
        rows = found.rows(unread)
        self.fault(rows, "not_a_date", name, found.at(rows))
        return values

    @property
    def _zone(self) -> tzinfo:
        mapping = self.plan.mapping
        return CHINA if mapping is None or mapping.zone is None else mapping.zone

    def _path(self, name: str) -> tuple[str, ...]:
        position = self.position(name)
        return () if position is None else self.plan.block.headers[position]

    def _remark_on_days(self, found: Words, days: Days, counted: npt.NDArray[np.bool_]) -> None:
        """Say once for days, once for workdays, that deadlines were counted from acceptance."""
        for workdays, rule in ((False, "due_in_days"), (True, "due_in_workdays")):
            rows = found.rows(counted & (days.workdays == workdays))
            if len(rows):
                self.remark(
                    "warning" if workdays else "notice",
                    rule,
                    row=int(rows[0]),
                    position=self.position("due"),
                    value=str(found.at(rows).iloc[0]),
                    times=len(rows),
                )

    def periods(self) -> pd.Series | None:
        """Read the period, from one column or several (年度 and 季度)."""
        positions = self.plan.fields.get("period", [])
        found = self.words("period")
        if len(positions) > 1:
            found = self._translated("period", Words.of(self._joined_periods(positions)))
        if found is None:
            return None
        parsed = parse_periods(found.words, year=self.plan.year)
        rows = found.rows(~parsed.understood)
        self.fault(rows, "not_a_period", "period", found.at(rows))
        return found.spread(parsed.values)

    def _joined_periods(self, positions: list[int]) -> pd.Series:
        """Write 2024 and 三季度 of two columns as one: 2024年三季度."""
        headers = {p: leaf_of(self.plan.block.headers[p]) for p in positions}
        positions = sorted(positions, key=lambda p: "年" not in headers[p] or "半" in headers[p])
        columns = self.cells[positions[:2]].astype(object).reset_index(drop=True)
        texts = [clean_text(columns[p]) for p in positions[:2]]
        year = texts[0].str.replace(r"年度?$", "", regex=True)
        part = texts[1].where(
            ~texts[1].str.fullmatch(r"\d{1,2}").fillna(False),
            texts[1] + _suffix(headers[positions[1]]),
        )
        whole = part.str.contains(r"^\d{4}", regex=True).fillna(False)
        return (year + "年" + part).where(part.notna() & ~whole, part.where(whole, year))

    def remark_on_loose(self, found: Words, parsed: Parsed, position: int | None) -> None:
        """Warn of words that were read, but not to the letter: 约90, 第四名, 2014年1月."""
        for i in np.flatnonzero(parsed.note.isin(LOOSE)):
            row, times = found.first_row(i)
            self.remark(
                "warning",
                LOOSE[parsed.note[i]],
                row=row,
                position=position,
                value=str(found.words[i]),
                times=times,
                read=plainly(parsed.values[i]),
            )

    def position(self, name: str) -> int | None:
        """Return the column that tells a field."""
        return next(iter(self.plan.fields.get(name, [])), None)


_NOTHING: Final = NOT_APPLICABLE | {"无"}


def _suffix(header: str) -> str:
    return next((s for s in ("季度", "月", "半年") if s[0] in header), "")


def plainly(value: Any) -> str:
    """Return a number or a day as text."""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else f"{value:.10g}"


def _is_tidy(cells: pd.Series) -> bool:
    """Tell whether identifiers need no cleaning: plain characters without spaces."""
    if not isinstance(cells.dtype, pd.StringDtype):
        return False
    return bool(cells.str.isascii().all()) and not bool(cells.str.contains(" ", regex=False).any())


# -- rows that are not data --------------------------------------------------------------------
def data_rows(plan: Plan, language: Language) -> Body:
    """Part the data rows of a block from titles, totals, signatures and sections, which are noted.

    Parameters
    ----------
    plan : Plan
        The block and what its columns tell.
    language : {"zh", "en"}
        Language of the remarks.

    Returns
    -------
    Body
    """
    body = Body(plan, plan.block.cells, plan.block.covered, language)
    kinds = _kinds_of_rows(body)
    for row, kind in sorted(kinds.items()):
        if kind != "blank":
            said = None
            if kind not in ("signature", "note", "heading"):
                said = without_persons(next(str(v) for v in body.cells.iloc[row] if pd.notna(v)))
            body.remark("notice", f"{kind}_row", row=row, value=said)
            body.skipped += 1
    body.drop(list(kinds))
    return body


def _kinds_of_rows(body: Body) -> dict[int, str]:
    """Name the rows that are no data, by their place among the rows."""
    plan, cells = body.plan, body.cells
    keys = [p for name in _KEYS for p in plan.fields.get(name, [])]
    leading = [p for p in plan.block.headers if p <= max(keys, default=0)]
    kinds: dict[int, str] = {}
    for position in leading or list(plan.block.headers)[:1]:
        for row, kind in _named_rows(body, position):
            kinds.setdefault(row, kind)
    for row in _lonely_rows(body, keys):
        said = {str(v) for v in cells.iloc[row] if pd.notna(v)}
        if not said:
            kinds[row] = "blank"
        elif len(said) == 1:
            kinds.setdefault(row, "section")
    return kinds


def _named_rows(body: Body, position: int) -> Iterator[tuple[int, str]]:
    """Yield the rows that a word of a column marks as totals, signatures, notes or examples."""
    if position in body.plan.fields.get("record", []) and body.height > _MANY:
        # Distinct identifiers: what is no record stands at the end.
        tail = range(body.height - _TAIL, body.height)
        yield from ((i, kind) for i in tail if (kind := _kind(body.cells[position].iloc[i])))
        return
    found = body.words_at(position)
    named = [_kind(word) for word in found.words]
    for i in np.flatnonzero(np.array(named, dtype=object) != ""):
        for row in np.flatnonzero(found.codes == i):
            yield int(row), named[i]


def _lonely_rows(body: Body, keys: list[int]) -> list[int]:
    """Return the rows whose key is blank, and those one merged range covers."""
    bare = np.ones(body.height, dtype=bool)
    for position in keys:
        bare &= body.words_at(position).codes < 0
    if not keys:
        bare = body.cells.isna().all(axis=1).to_numpy()
    if body.covered is not None and body.cells.shape[1] > 2:
        bare |= body.covered.sum(axis=1).to_numpy() >= body.cells.shape[1] - 1
    return [int(row) for row in np.flatnonzero(bare)]


def _kind(text: object) -> str:
    if not isinstance(text, str):
        return ""
    if text.strip().lower() in _EXAMPLES:
        return "example"
    kind = kind_of_row(text)
    return {"head": "heading"}.get(kind, kind) if kind else ""
