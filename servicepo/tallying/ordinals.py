"""Periods as whole numbers inside the tally: year * parts of a year + part, from 0."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from ..tables import Frequency, split_period, to_periods

PARTS: Final[Mapping[str, int]] = MappingProxyType({"Y": 1, "H": 2, "Q": 4, "M": 12})


def ordinals(text: pd.Series, freq: Frequency) -> pd.Series:
    """Return the periods as numbers; -1 where missing, not canonical or coarser than ``freq``.

    Examples
    --------
    >>> ordinals(pd.Series(["2024Q3", "2024H1", "2024"]), "H").tolist()
    [4049, 4048, -1]
    """
    codes, words = pd.factorize(text)
    parts = PARTS[freq]
    numbers = [-1] * (len(words) + 1)  # the last stands for missing text, whose code is -1
    for n, word in enumerate(words):
        found = split_period(str(word))
        if found and PARTS[found[2]] >= parts:
            year, month, _ = found
            numbers[n] = year * parts + (month - 1) // (12 // parts)
    return pd.Series(np.array(numbers)[codes], index=text.index, name="period")


def coarser(text: pd.Series, freq: Frequency) -> list[str]:
    """Name the periods that are coarser than ``freq`` and cannot be split.

    Examples
    --------
    >>> coarser(pd.Series(["2024", "2024Q3"]), "Q")
    ['2024']
    """
    found = {word: split_period(str(word)) for word in text.dropna().unique()}
    return sorted(w for w, parts in found.items() if parts and PARTS[parts[2]] < PARTS[freq])


def periods(numbers: pd.Series | pd.Index, freq: Frequency) -> pd.PeriodIndex:
    """Turn the numbers back into pandas periods.

    Examples
    --------
    >>> periods(pd.Index([4049]), "H")
    PeriodIndex(['2024Q3'], dtype='period[2Q-DEC]')
    """
    codes, distinct = pd.factorize(numbers)
    parts = PARTS[freq]
    text = []
    for number in distinct:
        year, part = divmod(int(number), parts)
        end = {"Y": "", "H": f"H{part + 1}", "Q": f"Q{part + 1}", "M": f"-{part + 1:02d}"}[freq]
        text.append(f"{year}{end}")
    return to_periods(pd.Index(text, dtype="str"), freq)[codes]


def of_dates(dates: pd.Series, freq: Frequency) -> pd.Series:
    """Return the numbers of the periods of moments; -1 where missing."""
    parts = PARTS[freq]
    found = dates.dt.year * parts + (dates.dt.month - 1) // (12 // parts)
    numbers: pd.Series = found.fillna(-1).astype(np.int64)
    return numbers


def over(freq: Frequency, as_of: pd.Timestamp) -> int:
    """Return the last period that was over by the end of a day.

    Examples
    --------
    >>> over("M", pd.Timestamp("2024-03-30")) - 2024 * 12  # February is the second month
    1
    """
    tomorrow = as_of.normalize() + pd.Timedelta(days=1)
    return int(of_dates(pd.Series([tomorrow]), freq).to_numpy()[0]) - 1
