"""Deadlines written as a number of days: 5个工作日, 7天, 十五日内, or 5 under 办理时限（天）."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .text import narrow
from .values import chinese_number

_DAYS: Final = re.compile(
    r"(\d{1,3}|[一二三四五六七八九十百]{1,5})个?(工作日|自然日|日历日|天|日)[以之]?内?"
)
_UNIT: Final = re.compile(r"工作日|天")


class Days(NamedTuple):
    """What words say: a number of days (NaN where they say none), and whether these are workdays.

    Examples
    --------
    >>> told = read_days(pd.Series(["5个工作日", "七天", "2024-01-05"]), "承诺时限")
    >>> told.number.tolist(), told.workdays.tolist()
    ([5.0, 7.0, nan], [True, False, False])
    """

    number: npt.NDArray[np.float64]
    workdays: npt.NDArray[np.bool_]


def read_days(words: pd.Series, header: str) -> Days:
    """Read words as numbers of days.

    Parameters
    ----------
    words : Series
        Words as written.
    header : str
        The header above them; a bare number takes the unit it names (办理时限（工作日）).

    Returns
    -------
    Days

    Examples
    --------
    >>> read_days(pd.Series([5, "10"]), "办理时限（工作日）").workdays.tolist()
    [True, True]
    """
    unit = found[0] if (found := _UNIT.search(header)) else ""
    told = [_DAYS.fullmatch(_plain(word) + unit * _plain(word).isdigit()) for word in words]
    number = [np.nan if t is None else chinese_number(t[1]) or float(t[1]) for t in told]
    workdays = [t is not None and t[2] == "工作日" for t in told]
    return Days(np.array(number, dtype=np.float64), np.array(workdays, dtype=np.bool_))


def _plain(word: object) -> str:
    text = f"{word:.10g}" if isinstance(word, float) else str(word)
    return narrow(text).replace(" ", "")


def after(accepted: pd.Series, number: pd.Series, workdays: pd.Series) -> pd.Series:
    """Return the last day of a number of days that begin on the day after the acceptance.

    Parameters
    ----------
    accepted : Series of datetime64
        When the matters were accepted.
    number : Series of float
        Numbers of days.
    workdays : Series of bool
        Whether only Mondays to Fridays count. Public holidays are not known.

    Returns
    -------
    Series of datetime64
        Days; missing where either is.

    Examples
    --------
    >>> friday = pd.Series(pd.to_datetime(["2024-03-01 09:30"] * 2))
    >>> due = after(friday, pd.Series([3.0, 3.0]), pd.Series([True, False]))
    >>> due.dt.strftime("%m-%d %a").tolist()
    ['03-06 Wed', '03-04 Mon']
    """
    day = accepted.dt.normalize()
    due: pd.Series = (day + pd.to_timedelta(number, unit="D")).astype("datetime64[us]")
    counted = (workdays & due.notna()).to_numpy()
    worked = np.busday_offset(
        day[counted].to_numpy("datetime64[D]"), number[counted].astype(int), roll="backward"
    )
    due.loc[counted] = worked.astype("datetime64[us]")
    return due
