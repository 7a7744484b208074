"""A figure by (org, period), spread out: a row for each organisation, a column for each period."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from .tables import period_text


def spread(column: pd.Series) -> pd.DataFrame:
    """Spread a column by (org, period) out.

    Parameters
    ----------
    column : Series
        Indexed by (org, period), each once.

    Returns
    -------
    DataFrame of float
        A row for each organisation, a column for each period in which anybody has a value.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([["甲村", "乙村"], ["2023", "2024"]])
    >>> rows = rows.set_names(["org", "period"])
    >>> spread(pd.Series([1.0, 2.0, 3.0, np.nan], rows)).loc["乙村"].tolist()
    [3.0, nan]
    """
    index = cast(pd.MultiIndex, column.index)
    rows, orgs = _numbered(index, "org")
    places, periods = _numbered(index, "period")
    table = np.full((len(orgs), len(periods)), np.nan, order="F")
    table[rows, places] = column
    panel = pd.DataFrame(table, index=pd.Index(orgs, name="org"), columns=periods, copy=False)
    return panel.rename_axis(columns="period").dropna(axis=1, how="all")


def _numbered(index: pd.MultiIndex, level: str) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Return the place of each row in the sorted labels of a level, and these; reads codes only."""
    at = index.names.index(level)
    labels, codes = index.levels[at], index.codes[at]
    used = np.flatnonzero(np.bincount(codes, minlength=len(labels)))
    order = used[labels[used].argsort()]
    place = np.empty(len(labels), dtype=np.intp)
    place[order] = np.arange(len(order))
    return place[codes], labels[order]


def times(panel: pd.DataFrame) -> list[float]:
    """Count the periods of a panel from its first on; one that is not there leaves its room.

    Examples
    --------
    >>> years = pd.PeriodIndex(["2021", "2024"], freq="Y")
    >>> times(pd.DataFrame([[1.0, 2.0]], columns=years))
    [0.0, 3.0]
    """
    periods = list(pd.PeriodIndex(panel.columns))
    return [(period.ordinal - periods[0].ordinal) / period.freq.n for period in periods]


def texts(periods: pd.Index) -> list[str]:
    """Write periods as people do.

    Examples
    --------
    >>> texts(pd.PeriodIndex(["2024Q1"], freq="Q"))
    ['2024Q1']
    """
    return [str(text) for text in period_text(pd.PeriodIndex(periods))]
