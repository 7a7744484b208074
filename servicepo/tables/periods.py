"""Periods: canonical text (2024, 2024H1, 2024Q3, 2024-05) <-> pandas periods."""

from __future__ import annotations

import re
from typing import Final, Literal

import numpy as np
import pandas as pd

from ..errors import TableError

Frequency = Literal["Y", "H", "Q", "M"]

# words -> pandas frequency, months
FREQUENCIES: Final[dict[Frequency, tuple[str, int]]] = {
    "Y": ("Y-DEC", 12),
    "H": ("2Q-DEC", 6),
    "Q": ("Q-DEC", 3),
    "M": ("M", 1),
}
FORM: Final = re.compile(r"(\d{4})(?:H([12])|Q([1-4])|-(0[1-9]|1[0-2]))?")


def split_period(text: str) -> tuple[int, int, Frequency] | None:
    """Split canonical text into its year, its first month and its frequency.

    Parameters
    ----------
    text : str
        Period text.

    Returns
    -------
    (int, int, {"Y", "H", "Q", "M"}) or None
        None where the text is not canonical.

    Examples
    --------
    >>> split_period("2024Q3"), split_period("2024年")
    ((2024, 7, 'Q'), None)
    """
    found = FORM.fullmatch(text)
    if found is None:
        return None
    year, half, quarter, month = (int(part) if part else 0 for part in found.groups())
    if half:
        return year, 6 * half - 5, "H"
    if quarter:
        return year, 3 * quarter - 2, "Q"
    return (year, month, "M") if month else (year, 1, "Y")


def to_periods(text: pd.Series | pd.Index, freq: Frequency) -> pd.PeriodIndex:
    """Turn canonical period text into pandas periods of one frequency.

    Parameters
    ----------
    text : Series or Index of str
        Canonical text: ``2024``, ``2024H1``, ``2024Q3``, ``2024-05``. Missing text becomes NaT.
    freq : {"Y", "H", "Q", "M"}
        Year, half, quarter or month. Finer text is coarsened (2024Q3 -> 2024).

    Returns
    -------
    PeriodIndex
        Of frequency ``Y-DEC``, ``2Q-DEC`` (half-years), ``Q-DEC`` or ``M``, in the order given.

    Raises
    ------
    TableError
        For text that is not canonical or coarser than ``freq``; the message names the first five.

    Examples
    --------
    >>> to_periods(pd.Series(["2024Q3", "2023-11"]), "Y")
    PeriodIndex(['2024', '2023'], dtype='period[Y-DEC]')
    """
    if freq not in FREQUENCIES:
        raise TableError(
            f"freq must be one of {', '.join(FREQUENCIES)}, got {freq!r}. Give one of them."
        )
    name, months = FREQUENCIES[freq]
    codes, words = pd.factorize(text)
    parts = [split_period(str(word)) for word in words]
    wrong = [w for w, p in zip(words, parts, strict=True) if not p or FREQUENCIES[p[2]][1] > months]
    if wrong:
        raise TableError(
            f"periods must be like 2024, 2024H1, 2024Q3 or 2024-05 and not coarser than {freq!r}, "
            f"got {', '.join(map(repr, wrong[:5]))}. Mend the text or choose a coarser freq."
        )
    # Ordinals count years, quarters (half-years too: their first quarter) or months since 1970.
    step = 3 if freq == "H" else months
    first = [
        (year - 1970) * 12 + (month - 1) // months * months
        for year, month, _ in filter(None, parts)
    ]
    ordinals = np.append(np.array(first, dtype=np.int64) // step, pd.NaT.value)
    periods = pd.arrays.PeriodArray(ordinals[codes], dtype=pd.PeriodDtype(name))
    return pd.PeriodIndex(periods, name=text.name)


def period_text(periods: pd.PeriodIndex) -> pd.Index:
    """Turn pandas periods into canonical text; the inverse of `to_periods`.

    Parameters
    ----------
    periods : PeriodIndex
        Years, half-years (frequency ``2Q-DEC``), quarters or months.

    Returns
    -------
    Index of str
        NaT becomes missing.

    Raises
    ------
    TableError
        For periods of another frequency.

    Examples
    --------
    >>> period_text(to_periods(pd.Series(["2024H1", "2024H2"]), "H")).tolist()
    ['2024H1', '2024H2']
    """
    known = {name: freq for freq, (name, _) in FREQUENCIES.items()}
    freq = known.get(periods.freqstr)
    if freq is None:
        raise TableError(
            f"periods must be of frequency {', '.join(known)}, got {periods.freqstr!r}. "
            "Convert them with PeriodIndex.asfreq."
        )
    codes, distinct = pd.factorize(periods)
    words = [
        {
            "Y": f"{p.year}",
            "H": f"{p.year}H{(p.quarter + 1) // 2}",
            "Q": f"{p.year}Q{p.quarter}",
            "M": f"{p.year}-{p.month:02d}",
        }[freq]
        for p in distinct
    ]
    return pd.Index(pd.array([*words, None], dtype="str").take(codes), name=periods.name)


def text_of(period: pd.Period | str) -> str:
    """Return one period as canonical text; text as it is.

    Examples
    --------
    >>> text_of(pd.Period("2024Q3", freq="2Q-DEC")), text_of("2024-05")
    ('2024H2', '2024-05')
    """
    return period if isinstance(period, str) else str(period_text(pd.PeriodIndex([period]))[0])
