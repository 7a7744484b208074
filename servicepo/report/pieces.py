"""What a report is made of before it has a file format: sentences, tables and figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language, word

Style = Literal["text", "integer", "one", "two", "three", "four", "percent", "chance", "p_value"]

DASH = "—"
NUMBERS: Mapping[Style, str] = {
    "integer": "0",
    "one": "0.0",
    "two": "0.00",
    "three": "0.000",
    "four": "0.0000",
    "percent": "0.0%",
    "chance": "0%",
    "p_value": "0.000",
}
_FORMATS: Mapping[Style, str] = {
    "integer": ".0f",
    "one": ".1f",
    "two": ".2f",
    "three": ".3f",
    "four": ".4f",
    "percent": ".1%",
    "chance": ".0%",
    "p_value": ".3f",
}
# Below and above these a number says more than is known.
_ENDS: Mapping[Style, tuple[float, float]] = {"chance": (0.01, 0.99), "p_value": (0.001, 1.0)}
_MENTION = re.compile(r"\[\[(\w+)\]\]")
_CHINESE = "零一二三四五六七八九十"


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A table as it is read: its columns bear words, its cells plain values.

    Attributes
    ----------
    key : str
        Its name in the files (the sheet of the workbook).
    title : str
        Stands above the table.
    frame : DataFrame
        Columns are the words of the head; the index is not shown.
    styles : mapping
        Column -> how its numbers are written; a column that is absent holds text.
    notes : tuple of str
        Lines below the table.
    shown : int or None
        How many rows HTML and Word show; the workbook always holds all.
    label : str
        ``表1`` or ``Table 1``; given by `number`.
    """

    key: str
    title: str
    frame: pd.DataFrame
    styles: Mapping[str, Style] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    shown: int | None = None
    label: str = ""

    def cells(self) -> list[list[str]]:
        """Return the shown rows as text, missing values as a dash."""
        rows = self.frame if self.shown is None else self.frame.iloc[: self.shown]
        columns = [
            [show(value, self.styles.get(name, "text")) for value in rows[name].tolist()]
            for name in rows.columns
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    def numeric(self) -> list[bool]:
        """Tell, column by column, whether it holds numbers."""
        return [self.styles.get(name, "text") != "text" for name in self.frame.columns]


@dataclass(frozen=True, eq=False, slots=True)
class Figure:
    """A figure: its caption and the drawing that makes it.

    Attributes
    ----------
    key : str
        Its name in the files.
    caption : str
        Stands below the figure.
    draw : callable
        Draws on new axes and returns them.
    notes : tuple of str
        Lines below the caption.
    label : str
        ``图1`` or ``Figure 1``; given by `number`.
    """

    key: str
    caption: str
    draw: Callable[[], Axes]
    notes: tuple[str, ...] = ()
    label: str = ""


Part = str | Table | Figure


@dataclass(frozen=True, eq=False, slots=True)
class Section:
    """A section: a heading and its parts in reading order."""

    key: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Content:
    """A whole report, before it has a file format.

    Attributes
    ----------
    title, subtitle : str
        The head of the report.
    sections : tuple of Section
        What HTML and Word show.
    appendix : tuple of Table
        Full tables that only the workbook holds.
    language : {"zh", "en"}
        The language everything above is written in.
    choices : mapping
        What was chosen for the analyses, for the manifest.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    appendix: tuple[Table, ...]
    language: Language
    choices: Mapping[str, object]

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables of the sections, in order."""
        return tuple(p for s in self.sections for p in s.parts if isinstance(p, Table))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures of the sections, in order."""
        return tuple(p for s in self.sections for p in s.parts if isinstance(p, Figure))


def show(value: str | float | None, style: Style) -> str:
    """Write one cell.

    Parameters
    ----------
    value : object
        A number, a text, or a missing value.
    style : str
        ``text`` or one of the number styles; ``percent`` and ``chance`` take a share (0 to 1).
        A chance is at most >99%, a p-value at least <0.001.

    Returns
    -------
    str
        A missing value is a dash; a minus is the sign U+2212; zero bears no sign.

    Examples
    --------
    >>> show(0.1234, "percent"), show(-2.5, "one"), show(float("nan"), "two"), show("a", "text")
    ('12.3%', '−2.5', '—', 'a')
    """
    if pd.isna(value):
        return DASH
    if style == "text":
        return str(value) or DASH
    low, high = _ENDS.get(style, (-inf, inf))
    held = min(max(float(value), low), high)
    text = format(held, _FORMATS[style])
    if held != value:
        return f"{'<' if held == low else '>'}{text}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.%") else f"−{text[1:]}"
    return text


def ordinal(number: int, language: Language) -> str:
    """Write the number of a heading: ``一、`` in Chinese, ``1. `` in English.

    Parameters
    ----------
    number : int
        1 to 19.
    language : {"zh", "en"}
        The language of the report.

    Returns
    -------
    str

    Examples
    --------
    >>> ordinal(3, "zh"), ordinal(12, "zh"), ordinal(3, "en")
    ('三、', '十二、', '3. ')
    """
    if language == "en":
        return f"{number}. "
    return ("十" if number > 10 else "") + _CHINESE[number - 10 if number > 10 else number] + "、"


def number(sections: Sequence[Section], language: Language) -> tuple[Section, ...]:
    """Give headings, tables and figures their numbers, and put them for ``[[key]]`` in sentences.

    Parameters
    ----------
    sections : sequence of Section
        Sections as gathered; each key of a table or figure stands once.
    language : {"zh", "en"}
        The language of the report.

    Returns
    -------
    tuple of Section

    Raises
    ------
    KeyError
        Where a sentence mentions a table or figure that the report does not hold.

    Examples
    --------
    >>> table = Table("a", "Scores", pd.DataFrame({"x": [1.0]}))
    >>> [section] = number([Section("s", "Scores", ("See [[a]].", table))], "en")
    >>> section.title, section.parts[0], section.parts[1].label
    ('1. Scores', 'See Table 1.', 'Table 1')
    """
    labels: dict[str, str] = {}
    for kind, key in ((Table, "report.table"), (Figure, "report.figure")):
        pieces = [p for s in sections for p in s.parts if isinstance(p, kind)]
        for count, piece in enumerate(pieces, start=1):
            labels[piece.key] = word(key, language).format(n=count)

    def labelled(part: Part) -> Part:
        if isinstance(part, str):
            return _MENTION.sub(lambda match: labels[match[1]], part)
        return replace(part, label=labels[part.key])

    return tuple(
        replace(
            section,
            title=ordinal(place, language) + section.title,
            parts=tuple(labelled(part) for part in section.parts),
        )
        for place, section in enumerate(sections, start=1)
    )
