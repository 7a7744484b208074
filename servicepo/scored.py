"""Scores that are computed when they are asked for, a few rows and columns at a time.

A nation's table of scores would be as large as its table of values. Nothing here holds one: weights
and aggregates take the columns and rows they need and let go of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .methods.compiled import Straight, worth_it
from .methods.normalisation import Scale

Rows: TypeAlias = slice | npt.NDArray[np.intp]
Array: TypeAlias = npt.NDArray[np.float64]

CHUNK = 1 << 15  # rows: a column of them, and a dimension of columns, stay in cache


class Scored:
    """Scores of (org, period) x indicator, on demand.

    Parameters
    ----------
    values : DataFrame
        Raw values, or the scores themselves where there is no scale.
    scale : Scale, optional
        Turns raw values into scores; not one fitted within groups.
    incomplete : frozenset of str, optional
        The columns in which a value is missing; looked for where they are not told.

    Attributes
    ----------
    index : Index
        The rows.
    incomplete : frozenset of str
        The columns in which a value is missing.
    """

    def __init__(
        self,
        values: pd.DataFrame,
        scale: Scale | None = None,
        incomplete: frozenset[object] | None = None,
    ) -> None:
        self.index = values.index
        self._unit = 100.0 if scale is not None and scale.bounded else 1.0
        self._columns = {code: numbers(values[code]) for code in values.columns}
        self._scale = scale
        self._score = {} if scale is None else {c: scale.scorer(c) for c in self._columns}
        if incomplete is None:
            incomplete = frozenset(code for code, x in self._columns.items() if _lacks(x))
        self.incomplete = incomplete

    def __len__(self) -> int:
        return len(self.index)

    def block(
        self,
        codes: Sequence[str],
        rows: Rows,
        *,
        out: Array | None = None,
        unit: float | None = None,
    ) -> Array:
        """Return the scores of some columns in some rows, rows x columns (0..1: ``unit=1``)."""
        times = self._unit if unit is None else unit
        made = np.empty((self.count(rows), len(codes)), order="F") if out is None else out
        for place, code in enumerate(codes):
            x = np.asarray(self._columns[code][rows], dtype=float)
            column = made[:, place]
            if self._score:
                self._score[code](x, column)
            else:
                column[:] = x
            if times != 1:
                column *= times
        return made

    def table(self, codes: Sequence[str], rows: Rows, *, unit: float | None = None) -> Array:
        """Return the same for any number of rows, worked out in chunks."""
        made = np.empty((self.count(rows), len(codes)), order="F")
        for part, place in self.chunks(rows):
            self.block(codes, place, out=made[part], unit=unit)
        return made

    def frame(self, codes: Sequence[str], rows: Rows) -> pd.DataFrame:
        """Return the same under its labels."""
        table = self.table(codes, rows)
        return pd.DataFrame(table, index=self.labels(rows), columns=list(codes), copy=False)

    def table_of_all(self) -> pd.DataFrame:
        """Return the whole table of scores."""
        return self.frame(list(self._columns), slice(0, len(self)))

    def straight(
        self, codes: Sequence[str], rows: Rows, *, unit: float | None = None
    ) -> list[Straight] | None:
        """Return the same as raw columns with their lines, for the compiled loops; None for NumPy.

        The one place where the two are told apart: numba is there, the table is large, and every
        column is complete, stored in one piece and scored along a line.
        """
        if not worth_it(len(self) * len(self._columns)) or not isinstance(rows, slice):
            return None
        times = self._unit if unit is None else unit
        found = []
        for code in codes:
            x: npt.NDArray[Any] = self._columns[code][rows]
            line = (0.0, 1.0) if self._scale is None else self._scale.line(code)
            whole = code not in self.incomplete and x.dtype == np.float64
            if line is None or not whole or not x.flags.c_contiguous:
                return None
            zero, one = line
            found.append(Straight(x, zero, zero + (one - zero) / times))
        return found

    def labels(self, rows: Rows) -> pd.Index:
        """Return the labels of rows; of all of them the very index, which knows itself unique."""
        whole = isinstance(rows, slice) and self.count(rows) == len(self)
        return self.index if whole else self.index[rows]

    def complete(self, codes: Sequence[str], rows: Rows) -> Rows:
        """Return those of the rows in which none of the columns is missing."""
        lacking = [self._columns[code] for code in codes if code in self.incomplete]
        if not lacking:
            return rows
        known = np.ones(self.count(rows), dtype=bool)
        for x in lacking:
            known &= ~np.isnan(x[rows])
        numbers = np.arange(len(self)) if isinstance(rows, slice) else rows
        return rows if known.all() else numbers[known]

    def chunks(self, rows: Rows, size: int = CHUNK) -> Iterator[tuple[slice, Rows]]:
        """Cut rows into parts: where a part stands among the rows, and in the whole."""
        count = self.count(rows)
        for start in range(0, count, size):
            part = slice(start, min(start + size, count))
            yield part, part if isinstance(rows, slice) else rows[part]

    def count(self, rows: Rows) -> int:
        """Count rows."""
        return len(range(*rows.indices(len(self)))) if isinstance(rows, slice) else len(rows)

    def all_or(self, rows: npt.NDArray[np.intp]) -> Rows:
        """Return a slice where the rows are all there are: then nothing is copied."""
        return slice(0, len(self)) if len(rows) == len(self) else rows


def numbers(column: pd.Series) -> npt.NDArray[np.number]:
    """Return a column as it is stored, without a copy where NumPy can hold it."""
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    return column.to_numpy(dtype=float, na_value=np.nan)


def _lacks(x: npt.NDArray[np.number]) -> bool:
    """Tell whether a number is missing; a sum tells it in one walk."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isnan(x.sum()))
