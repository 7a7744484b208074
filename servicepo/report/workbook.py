"""The report's tables as a workbook: a guide first, then one clean table per sheet."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import Final

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ..labels import word
from .pieces import DASH, NUMBERS, Content, Table

# Workbooks record a date; a fixed one makes the same report the same bytes.
EPOCH: Final = datetime(1980, 1, 1)
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME: Final = 31


def compose_xlsx(content: Content) -> bytes:
    """Write all tables, whole, into a workbook.

    The first sheet lists the others with their notes. Every other sheet is one table: its head in
    the first row, its numbers as numbers, a missing number as a dash.

    Parameters
    ----------
    content : Content
        The report.

    Returns
    -------
    bytes
        The same content gives the same bytes.

    Examples
    --------
    >>> compose_xlsx(Content("Report", "2024", (), (), "en", {}))[:2]
    b'PK'
    """
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": content.title, "author": "servicepo", "created": EPOCH})
    base = {"font_name": "宋体" if content.language == "zh" else "Times New Roman", "font_size": 10}
    plain = book.add_format({**base, "valign": "top"})
    wrapped = book.add_format({**base, "valign": "top", "text_wrap": True})
    head = book.add_format({**base, "bold": True, "text_wrap": True, "top": 2, "bottom": 1})
    link = book.add_format({**base, "valign": "top", "underline": 1, "font_color": "#8C1C13"})
    numbers: dict[str, Format] = {
        style: book.add_format({**base, "valign": "top", "num_format": pattern, "align": "right"})
        for style, pattern in NUMBERS.items()
    }
    tables = [*content.tables, *content.appendix]
    names = _sheet_names(tables, first=word("report.sheet.guide", content.language))
    guide = book.add_worksheet(names[0])
    _write_guide(guide, content, tables, names[1:], {"": wrapped, "head": head, "link": link})
    for table, name in zip(tables, names[1:], strict=True):
        _write_table(book.add_worksheet(name), table, {"": plain, "head": head, **numbers})
    book.close()
    return buffer.getvalue()


def _write_guide(
    sheet: Worksheet,
    content: Content,
    tables: list[Table],
    names: list[str],
    formats: dict[str, Format],
) -> None:
    """List the sheets: name, title, rows, notes."""
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, content.title, formats["head"])
    sheet.write_string(1, 0, content.subtitle, formats[""])
    sheet.write_string(2, 0, word("report.sheet.dash", content.language), formats[""])
    for column, key in enumerate(("sheet", "title", "rows", "notes")):
        text = word(f"report.sheet.{key}", content.language)
        sheet.write_string(4, column, text, formats["head"])
    for row, (table, name) in enumerate(zip(tables, names, strict=True), start=5):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", formats["link"], name)
        sheet.write_string(row, 1, table.title, formats[""])
        sheet.write_number(row, 2, len(table.frame), formats[""])
        sheet.write_string(row, 3, "\n".join(table.notes), formats[""])
    for column, width in enumerate((30, 44, 8, 80)):
        sheet.set_column(column, column, width)


def _write_table(sheet: Worksheet, table: Table, formats: dict[str, Format]) -> None:
    for column, name in enumerate(table.frame.columns):
        style = table.styles.get(name, "text")
        cell_format = formats["" if style == "text" else style]
        sheet.write_string(0, column, str(name), formats["head"])
        longest = _length(str(name))
        for row, value in enumerate(table.frame[name].tolist(), start=1):
            if pd.isna(value):
                sheet.write_string(row, column, DASH, cell_format)
            elif style == "text":
                sheet.write_string(row, column, str(value), cell_format)
                longest = max(longest, _length(str(value)))
            else:
                sheet.write_number(row, column, float(value), cell_format)
        sheet.set_column(column, column, min(max(longest + 2, 8), 60))
    sheet.freeze_panes(1, 1)
    if len(table.frame):
        sheet.autofilter(0, 0, len(table.frame), len(table.frame.columns) - 1)


def _sheet_names(tables: list[Table], *, first: str) -> list[str]:
    """Name the sheets after the tables, within what workbooks allow, each once."""
    names = [first]
    for table in tables:
        whole = _NOT_IN_NAMES.sub("", " ".join(filter(None, (table.label, table.title))))
        name, count = whole[:_LONGEST_NAME], 2
        while name.casefold() in (known.casefold() for known in names):
            tail = f" ({count})"
            name, count = whole[: _LONGEST_NAME - len(tail)] + tail, count + 1
        names.append(name)
    return names


def _length(text: str) -> int:
    return sum(1 if character < "\u2e80" else 2 for character in text)
