"""What charts ask of a frame, and how codes, long names and periods become words."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ..errors import TableError
from ..labels import WORDS, Language, word

__all__ = ["Moment", "Words", "latest", "moment", "shown", "table_of", "wrap"]

Words = Mapping[str, str] | None

_FAMILIES: Final = ("domain", "sector", "dimension", "indicator", "grade", "group")
UNSTATED: Final = "chart.unstated"  # a key of labels, so that it is shown as a word
_PERIOD: Final = re.compile(r"(\d{4})(?:H([12])|Q([1-4])|-(\d{2}))?")
_NO_LINE_START: Final = "，。、；：！？）》」』”’%％…"


def table_of(
    frame: pd.DataFrame,
    chart: str,
    *,
    text: Sequence[str] = (),
    numbers: Sequence[str] = (),
    optional: Sequence[str] = (),
    optional_numbers: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the columns a chart draws as a frame of its own, index levels among them.

    Parameters
    ----------
    frame : DataFrame
        Tidy; named index levels count as columns. It is left alone.
    chart : str
        The chart that asks, for the message.
    text, numbers : sequence of str
        Columns that must be there, and columns that must be there and hold numbers.
    optional, optional_numbers : sequence of str
        The same, taken along where they are there.

    Returns
    -------
    DataFrame
        Numbers are float, missing ones NaN.

    Raises
    ------
    TableError
        For a missing column (its nearest name is told), for text or infinities where numbers must
        be.
    """
    levels = [name for name in frame.index.names if name is not None and name not in frame.columns]
    table = frame.reset_index(level=levels) if levels else frame
    required = [*text, *numbers]
    missing = [name for name in required if name not in table.columns]
    if missing:
        names = [str(name) for name in table.columns]
        raise TableError(
            f"a frame for charts.{chart} must have the columns {', '.join(required)}, "
            f"got {names!r}. Add {', '.join(_with_near(name, names) for name in missing)}."
        )
    wanted = dict.fromkeys([*required, *optional, *optional_numbers])
    table = table[[name for name in wanted if name in table.columns]]
    columns = [name for name in (*numbers, *optional_numbers) if name in table.columns]
    return table.assign(**{name: _floats(table[name], chart) for name in columns})


def _with_near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=2)
    return f"{name} (near: {', '.join(near)})" if near else name


def _floats(column: pd.Series, chart: str) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(column):
        raise TableError(
            f"column {column.name} for charts.{chart} must hold numbers, "
            f"got {str(column.dtype)!r}. Convert it to numbers."
        )
    numbers: np.ndarray = column.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(numbers).any():
        raise TableError(
            f"column {column.name} for charts.{chart} must hold finite numbers, "
            f"got {float(numbers[np.isinf(numbers)][0])!r}. Make it missing."
        )
    return numbers


def vocabulary(family: str) -> list[str]:
    """Return the codes of a family of labels in their order: rural, enterprise, organs."""
    return [key.removeprefix(family + ".") for key in WORDS if key.startswith(family + ".")]


def in_order(values: pd.Series) -> list[Hashable]:
    """Return the distinct values in the order of their categories, else labels, else rows."""
    found = list(dict.fromkeys(values.dropna()))
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [value for value in values.cat.categories if value in found]
    known = [code for family in _FAMILIES for code in vocabulary(family)]
    return sorted(found, key=lambda code: known.index(code) if code in known else len(known))


def grouped(values: pd.Series) -> tuple[pd.Series, list[Hashable]]:
    """Return the codes of groups, the missing ones as a group of their own, and their order."""
    order = in_order(values)
    if values.isna().any():
        values = values.astype(object).where(values.notna(), UNSTATED)
        order.append(UNSTATED)
    return values, order


def shown(code: Hashable, language: Language, words: Words = None) -> str:
    """Return the word people read for a code: the caller's, else the labels', else the code.

    Examples
    --------
    >>> shown("village", "zh"), shown("东风村", "zh"), shown("a", "zh", {"a": "服务意识"})
    ('村', '东风村', '服务意识')
    """
    text = str(code)
    if words is not None and text in words:
        return words[text]
    keys = (key for family in _FAMILIES if (key := f"{family}.{text}") in WORDS)
    return word(next(keys, text), language)


def title_of(key: str, language: Language, period: Hashable | None = None) -> str:
    """Return the title of an axis: the word with a capital, and the period it is about."""
    text = word(key, language)
    text = text[:1].upper() + text[1:]
    if period is None:
        return text
    return word("chart.of_period", language).format(text, moment(period).text(language))


def decimals(values: np.ndarray) -> int:
    """Return how many decimals tell numbers apart: one for 0–100, more for smaller scales."""
    largest = np.nanmax(np.abs(values), initial=0.0)
    return 1 if largest >= 10 else 2 if largest >= 1 else 3


def cells(text: str) -> int:
    """Return the width of a text, a Chinese letter being 2 and a Latin one 1."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def wrap(text: str, letters: int, lines: int = 3) -> str:
    r"""Break a name into lines of so many Chinese letters; Latin words stay whole.

    Lines are made about equally long. What does not fit into the lines leaves out its middle: names
    of organisations begin alike.

    Examples
    --------
    >>> wrap("中共清河县东风镇东风村总支部委员会", 10)
    '中共清河县东风镇东\n风村总支部委员会'
    >>> wrap("中共清河县东风镇东风村总支部委员会", 10, lines=1)
    '中共清…总支部委员会'
    >>> wrap("Service premises", 5)
    'Service\npremises'
    """
    most = 2 * letters
    needed = max(1, -(-cells(text) // most))
    if needed > lines:
        return wrap(_shortened(text, lines * most), letters, lines)
    goal = min(most, -(-cells(text) // needed) + 1) if needed > 1 else most
    rows = [""]
    for piece in _pieces(text):
        full = cells(rows[-1]) + cells(piece.rstrip()) > goal
        if full and rows[-1] and len(rows) < lines and piece not in _NO_LINE_START:
            rows.append("")
        rows[-1] += piece
    return "\n".join(row.strip() for row in rows)


def _shortened(text: str, most: int) -> str:
    """Return the head and the tail of a text, two fifths and three, that fit into so many cells."""
    head, tail = "", ""
    for letter in text:
        if cells(head + letter) > 2 * (most - 2) // 5:
            break
        head += letter
    for letter in reversed(text):
        if cells(head + letter + tail) > most - 2:
            break
        tail = letter + tail
    return f"{head}…{tail}"


def _pieces(text: str) -> Iterator[str]:
    """Yield what may stand on a line of its own: a wide letter, or a Latin word and its space."""
    return (found.group() for found in re.finditer(r"[!-~À-ɏ]+\s*|.", text.replace("\n", " ")))


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A period as people count: the n-th of so many parts of a year."""

    year: int
    part: int = 1
    parts: int = 1

    @property
    def position(self) -> float:
        """Years since year 0, for an axis on which a missing period leaves a gap."""
        return self.year + (self.part - 1) / self.parts

    def part_text(self, language: Language) -> str:
        """Return the word for the part of the year: 上半年, 三季度, 5月."""
        return word(f"chart.parts.{self.parts}", language).split()[self.part - 1]

    def text(self, language: Language) -> str:
        """Return the whole period in words."""
        year = word("chart.year", language).format(self.year)
        if self.parts == 1:
            return year
        return word("chart.part_of_year", language).format(year, self.part_text(language))


def moment(period: Hashable) -> Moment:
    """Return what a pandas Period, or a text such as 2024, 2024H1, 2024Q3 or 2024-05, stands for.

    Examples
    --------
    >>> moment("2024H2").text("zh"), moment(pd.Period("2024-05", "M")).text("en")
    ('2024年下半年', 'May 2024')
    """
    if isinstance(period, pd.Period):
        parts = {"Y": 1, "2Q": 2, "Q": 4, "M": 12}[period.freqstr.split("-")[0]]
        return Moment(period.year, (period.start_time.month - 1) * parts // 12 + 1, parts)
    found = _PERIOD.fullmatch(str(period))
    if found is None:
        raise TableError(
            "a period must be a pandas Period or a text such as 2024, 2024H1, 2024Q3, 2024-05, "
            f"got {period!r}. Write it so."
        )
    year, *rest = found.groups()
    for parts, part in zip((2, 4, 12), rest, strict=True):
        if part is not None:
            return Moment(int(year), int(part), parts)
    return Moment(int(year))


def latest(table: pd.DataFrame) -> tuple[pd.DataFrame, Hashable | None]:
    """Return the rows of the last period, and that period; without the column, all rows."""
    if "period" not in table.columns or table["period"].isna().all():
        return table, None
    last = max(table["period"].dropna().unique(), key=lambda period: moment(period).position)
    return table[table["period"] == last], last


def present(table: pd.DataFrame, chart: str, *columns: str) -> pd.DataFrame:
    """Return the rows that have all of the columns; refuse a table where none has."""
    rows = table.dropna(subset=list(columns))
    if rows.empty:
        raise TableError(
            f"a frame for charts.{chart} must have at least one row with {' and '.join(columns)}, "
            f"got {len(table)!r} rows without. Select rows that have values."
        )
    return rows


def check_keys(table: pd.DataFrame, chart: str, *columns: str) -> None:
    """Refuse a row without its key, and two rows where a chart has one place."""
    keys = table[list(columns)]
    if keys.isna().any(axis=None):
        column = keys.columns[keys.isna().any()][0]
        raise TableError(
            f"column {column} for charts.{chart} must be filled in every row, "
            f"got {int(keys[column].isna().sum())!r} rows without. Fill them or leave them out."
        )
    repeated = keys[keys.duplicated()]
    if len(repeated):
        place = ", ".join(str(value) for value in repeated.iloc[0])
        raise TableError(
            f"a frame for charts.{chart} must have one row for each {' and '.join(columns)}, "
            f"got {place!r} more than once. Select or average rows first."
        )
