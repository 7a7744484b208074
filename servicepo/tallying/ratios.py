"""Attributes of organisations, and ratios of statistics to counts or to one another."""

from __future__ import annotations

import pandas as pd

from ..framework import Indicator
from ..reading.text import key_of
from ..sources import COUNTS
from .scores import records


def ratio(
    indicator: Indicator, evaluations: pd.DataFrame, organisations: pd.DataFrame
) -> pd.DataFrame:
    """Divide one statistic or count by another.

    Parameters
    ----------
    indicator : Indicator
        Its source names ``numerator``, ``denominator`` (an item of statistics, or a count of the
        organisations) and ``lag``: by how many periods the denominator is older.
    evaluations : DataFrame
        Columns of the table, ``key``, ``period`` (its number), ``text``.
    organisations : DataFrame
        Indexed by ``org``.

    Returns
    -------
    DataFrame
        ``value``, ``numerator``, ``denominator`` by (org, period), or by org where both are counts.
        A denominator of 0 gives NaN.
    """
    source = indicator.source
    top = _amounts(str(source["numerator"]), indicator, evaluations, organisations)
    bottom = _amounts(str(source["denominator"]), indicator, evaluations, organisations)
    lag = int(str(source["lag"]))
    if lag and bottom.index.nlevels == 2:
        org, period = (bottom.index.get_level_values(level) for level in ("org", "period"))
        bottom = bottom.set_axis(pd.MultiIndex.from_arrays([org, period + lag]))
    index = top.index if top.index.nlevels >= bottom.index.nlevels else bottom.index
    top, bottom = _on(index, top), _on(index, bottom)
    bottom = bottom.where(bottom != 0)
    return pd.DataFrame({"value": top / bottom, "numerator": top, "denominator": bottom})


def attribute(indicator: Indicator, organisations: pd.DataFrame) -> pd.DataFrame:
    """Return a count of the organisations as a value, by org."""
    return pd.DataFrame({"value": organisations[str(indicator.source["column"])].astype(float)})


def _amounts(
    name: str, indicator: Indicator, evaluations: pd.DataFrame, organisations: pd.DataFrame
) -> pd.Series:
    if name in COUNTS:
        return organisations[name].astype(float)
    return records(evaluations, key_of(name), str(indicator.source["combine"]))


def _on(index: pd.Index, amounts: pd.Series) -> pd.Series:
    """Give every row of the index its amount; a count of the organisation for all its periods."""
    if amounts.index.nlevels == index.nlevels:
        return amounts.reindex(index)
    return amounts.reindex(index.get_level_values("org")).set_axis(index)
