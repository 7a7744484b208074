"""Sheets as people lay them out: a title, headers of several levels with merged cells, a foot."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

Cell = Any  # text, number, day or None (blank)
Header = tuple[str, ...]

# A workbook tells when it was made; a fixed day keeps its bytes the same.
CREATED = datetime.datetime(2025, 1, 6, 9, 0, 0)


@dataclass(slots=True)
class Sheet:
    """One sheet of a file, cell by cell.

    Attributes
    ----------
    file, name : str
        A file whose name ends in ".csv" has one sheet, named "".
    rows : list of list
        All cells from the first row on; None is blank.
    merges : list of (int, int, int, int)
        First row, first column, last row, last column of each merged range, from 0.
    head, foot : int
        Number of rows above and below the body.
    encoding : str
        Of a CSV file.
    """

    file: str
    name: str
    rows: list[list[Cell]]
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    head: int = 1
    foot: int = 0
    encoding: str = "utf-8-sig"

    def place(self, row: int, column: int) -> str:
        """Return the place of a cell as people say it: "F12", or row and column of a CSV file."""
        if self.file.endswith(".csv"):
            return f"{row + 1}:{column + 1}"
        return f"{xl_col_to_name(column)}{row + 1}"

    def labels(self) -> list[str]:
        """Return the lowest label above each column."""
        heads = self.rows[: self.head][::-1]
        return [
            next((str(line[column]) for line in heads if line[column]), "")
            for column in range(len(self.rows[0]))
        ]


def table_sheet(
    file: str,
    name: str,
    title: str,
    header: Sequence[Header],
    body: Iterable[Sequence[Cell]],
    foot: Sequence[Sequence[Cell]] = (),
) -> Sheet:
    """Lay out a sheet with a merged title, merged headers, a body and a foot.

    Parameters
    ----------
    header : sequence of tuple of str
        One tuple per column, from the top level down, all of one length. Neighbours with the same
        labels so far share one merged cell; "" below a label merges downwards.
    foot : sequence of rows
        Totals and signatures, as they stand.

    Examples
    --------
    >>> sheet = table_sheet("a.xlsx", "", "标题", [("单位", ""), ("得分", "自评")], [["甲", 1.0]])
    >>> sheet.rows
    [['标题', None], ['单位', '得分'], [None, '自评'], ['甲', 1.0]]
    >>> sheet.merges
    [(0, 0, 0, 1), (1, 0, 2, 0)]
    """
    labels, merges = _header_rows(header, top=1)
    width = len(header)
    rows: list[list[Cell]] = [[title, *[None] * (width - 1)], *labels]
    head = len(rows)
    rows += [list(line) for line in body]
    rows += [[*line, *[None] * (width - len(line))] for line in foot]
    return Sheet(file, name, rows, [(0, 0, 0, width - 1), *merges], head, len(foot))


def _header_rows(
    header: Sequence[Header], top: int
) -> tuple[list[list[Cell]], list[tuple[int, int, int, int]]]:
    """Return header rows and the ranges they merge."""
    depth = len(header[0])
    rows: list[list[Cell]] = [[None] * len(header) for _ in range(depth)]
    merges = []
    for level in range(depth):
        start = 0
        for path, group in groupby(path[: level + 1] for path in header):
            span = len(list(group))
            if path[level]:
                rows[level][start] = path[level]
                lowest = level
                while lowest + 1 < depth and not any(
                    header[c][lowest + 1] for c in range(start, start + span)
                ):
                    lowest += 1
                if span > 1 or lowest > level:
                    merges.append((top + level, start, top + lowest, start + span - 1))
            start += span
    return rows, merges


def write_sheets(sheets: Sequence[Sheet], folder: Path) -> None:
    """Write sheets to their files, in order."""
    for file, group in groupby(sheets, key=lambda sheet: sheet.file):
        if file.endswith(".csv"):
            _write_csv(next(group), folder / file)
        else:
            _write_workbook(list(group), folder / file)


def _write_csv(sheet: Sheet, path: Path) -> None:
    with path.open("w", encoding=sheet.encoding, newline="") as stream:
        csv.writer(stream).writerows(sheet.rows)


def _write_workbook(sheets: Sequence[Sheet], path: Path) -> None:
    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": CREATED, "comments": "合成数据 synthetic data"})
    title = book.add_format({"bold": True, "font_size": 14, "align": "center"})
    head = book.add_format(
        {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
    )
    middle = book.add_format({"valign": "vcenter"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for r, line in enumerate(sheet.rows):
            look = title if r == 0 and sheet.head > 1 else head if r < sheet.head else None
            for c, cell in enumerate(line):
                if isinstance(cell, datetime.date):
                    page.write_datetime(r, c, cell, day)
                elif cell is not None:
                    page.write(r, c, cell, look)
        for first_row, first_column, last_row, last_column in sheet.merges:
            look = title if first_row == 0 else head if first_row < sheet.head else middle
            cell = sheet.rows[first_row][first_column]
            page.merge_range(first_row, first_column, last_row, last_column, cell, look)
        page.set_column(1, 1, 26)
        page.freeze_panes(sheet.head, 2)
    book.close()
