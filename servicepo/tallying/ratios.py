"""Attributes of organisations, and ratios of statistics to counts or to one another."""

from __future__ import annotations

import pandas as pd

from ..errors import MethodError
from ..framework import Indicator
from ..reading.text import key_of
from ..sources import COUNTS, is_number
from .matching import names_of
from .scores import records


def ratio(
    indicator: Indicator, evaluations: pd.DataFrame, organisations: pd.DataFrame
) -> pd.DataFrame:
    """Divide one statistic or count by another.

    Parameters
    ----------
    indicator : Indicator
        Its source names ``numerator``, ``denominator`` (an item of statistics, a count of the
        organisations, or a number) and ``lag``: by how many periods the denominator is older.
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


def checklist(indicator: Indicator, evaluations: pd.DataFrame) -> pd.DataFrame:
    """Count which items of a checklist are there.

    Parameters
    ----------
    indicator : Indicator
        Its source names ``items`` (due everywhere) and ``conditional`` ones (due where recorded).
    evaluations : DataFrame
        Columns of the table, ``key``, ``period`` (its number), ``text``.

    Returns
    -------
    DataFrame
        ``value``, ``numerator`` (items there), ``denominator`` and ``n`` (items due) by (org,
        period). NaN where an item that is due everywhere is not recorded: blank is not absent.

    Raises
    ------
    MethodError
        For a record that is neither 0 nor 1.
    """
    due = names_of(indicator, "items")
    parts = {
        name: records(evaluations, key_of(name), "mean")
        for name in (*due, *names_of(indicator, "conditional"))
    }
    table = pd.DataFrame({name: part for name, part in parts.items() if len(part)})
    if wrong := [n for n in table if not table[n].dropna().isin([0.0, 1.0]).all()]:
        raise MethodError(
            "Items of a checklist must be recorded as 1 (there) or 0, got others for "
            f"{wrong[0]!r}. Correct the records, or count the item in another way."
        )
    table = table.reindex(columns=list(parts))
    whole = table[list(due)].notna().all(axis=1)
    there, n = table.sum(axis=1).where(whole), table.notna().sum(axis=1).astype(float)
    return pd.DataFrame({"value": there / n, "numerator": there, "denominator": n, "n": n})


def attribute(indicator: Indicator, organisations: pd.DataFrame) -> pd.DataFrame:
    """Return a count of the organisations as a value, by org."""
    return pd.DataFrame({"value": organisations[str(indicator.source["column"])].astype(float)})


def _amounts(
    name: str, indicator: Indicator, evaluations: pd.DataFrame, organisations: pd.DataFrame
) -> pd.Series:
    if name in COUNTS:
        return organisations[name].astype(float)
    if is_number(name):
        return pd.Series(float(name), index=organisations.index)
    return records(evaluations, key_of(name), str(indicator.source["combine"]))


def _on(index: pd.Index, amounts: pd.Series) -> pd.Series:
    """Give every row of the index its amount; a count of the organisation for all its periods."""
    if amounts.index.nlevels == index.nlevels:
        return amounts.reindex(index)
    return amounts.reindex(index.get_level_values("org")).set_axis(index)
