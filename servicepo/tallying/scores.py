"""Evaluations: raters averaged, periods coarsened, sources combined, bonuses added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from ..framework import Framework, Indicator
from .matching import pairs

KEY: Final = ["org", "period", "indicator"]


class Scored(NamedTuple):
    """What the evaluations say.

    Attributes
    ----------
    values : DataFrame
        Indexed by (org, period, indicator): ``value``, ``n``, ``standard_error``, ``full_mark``.
    sources : DataFrame
        Indexed by (org, period, indicator, source): ``value``, ``weight`` (as used; 0 for a source
        that scored and does not count), ``n``, ``standard_error``.
    unweighted : list of str
        Sources that scored but have no weight: their scores are not used.
    """

    values: pd.DataFrame
    sources: pd.DataFrame
    unweighted: list[str]


def score(evaluations: pd.DataFrame, framework: Framework) -> Scored:
    """Turn evaluation rows into values.

    Parameters
    ----------
    evaluations : DataFrame
        Columns of the table, ``key`` (of the item's name), ``period`` (its number), ``text``
        (the period as written).
    framework : Framework

    Returns
    -------
    Scored

    Notes
    -----
    The scores of one source in one period as written are averaged over raters; finer periods are
    averaged (or summed, as the framework says); sources are combined by their weights, scaled up
    over those present. Rows that do not say who scored count only where no source with a weight
    did. Then bonuses are added and deductions subtracted (averaged over those who gave them), and
    the result is cut off at 0.
    """
    indicators = [i for i in framework.indicators if i.source["kind"] == "evaluation"]
    rows = evaluations.drop(columns="indicator").merge(pairs(indicators, "item"), on="key")
    rows["source"] = rows["source"].astype("str").fillna("")
    rows = _on_one_mark(rows, indicators)
    base = rows["kind"].fillna("base") == "base"
    by_source = _by_source(rows[base], indicators)
    weights = _weights(indicators, framework.source_weights)
    lookup = pd.MultiIndex.from_frame(by_source[["indicator", "source"]])
    by_source["weight"] = weights.reindex(lookup).to_numpy()
    counted = by_source["weight"].groupby([by_source[k] for k in KEY]).transform("sum") > 0
    alone = (by_source["source"] == "") & ~counted
    unweighted = by_source.loc[by_source["weight"].isna() & (by_source["source"] != ""), "source"]
    by_source["weight"] = by_source["weight"].where(~alone, 1.0).fillna(0.0)
    total = by_source.groupby(KEY)["weight"].transform("sum")
    by_source["weight"] /= total.where(total > 0, 1.0)
    values = _combined(by_source[by_source["weight"] > 0])
    values["full_mark"] = rows.groupby(KEY)["mark"].max().reindex(values.index)
    values = _adjusted(values, rows[~base], base_rows=rows[base])
    named = by_source[(by_source["source"] != "") | (by_source["weight"] > 0)]
    told = ["value", "weight", "n", "standard_error"]
    sources = named.set_index([*KEY, "source"])[told].sort_index()
    return Scored(values, sources, sorted(unweighted.unique()))


def records(evaluations: pd.DataFrame, key: str, combine: str) -> pd.Series:
    """Return a statistic by (org, period) from evaluation rows of the source "record".

    Parameters
    ----------
    evaluations : DataFrame
        As for `score`.
    key : str
        Matching key of the statistic's name.
    combine : {"mean", "sum"}
        How finer periods are coarsened.
    """
    who = evaluations["source"]
    own = evaluations[(evaluations["key"] == key) & ((who == "record") | who.isna())]
    as_written = own.groupby(["org", "period", "text"])["score"].mean()
    found: pd.Series = as_written.groupby(["org", "period"]).agg(combine)
    return found


def _on_one_mark(rows: pd.DataFrame, indicators: Sequence[Indicator]) -> pd.DataFrame:
    """Fold the scores to the declared full mark, or to 100 where one sheet's marks differ.

    Without a declared full mark a score stays as it stands on the sheet; ``mark`` tells its full
    mark, so that nobody ranks 147 of 150 above 98 of 100.
    """
    declared = rows["indicator"].map({i.code: i.full_mark for i in indicators}).astype(float)
    marked = rows["full_mark"].astype(float)
    by = rows.groupby(KEY)["full_mark"]
    mixed = by.transform("min") != by.transform("max")
    wanted = declared.fillna(marked.where(~mixed.fillna(False) | marked.isna(), 100.0))
    factor = (wanted / marked).fillna(1.0)
    return rows.assign(score=rows["score"] * factor, mark=wanted, factor=factor)


def _by_source(base: pd.DataFrame, indicators: Sequence[Indicator]) -> pd.DataFrame:
    """Average over raters, then over the periods as written."""
    grouped = base.groupby([*KEY, "source", "text"])["score"]
    seen = grouped.agg(["mean", "var", "count"])
    seen["variance"] = seen["var"] / seen["count"]
    by = seen.groupby([*KEY, "source"])
    found = by.agg(
        value=("mean", "mean"),
        total=("mean", "sum"),
        n=("count", "sum"),
        k=("mean", "size"),
        variance=("variance", "mean"),
    ).reset_index()
    summed = found["indicator"].isin([i.code for i in indicators if i.source["combine"] == "sum"])
    found["value"] = found["value"].where(~summed, found["total"])
    times = np.where(summed, found["k"], 1 / found["k"])
    found["standard_error"] = np.sqrt(found["variance"] * times)
    return found[[*KEY, "source", "value", "n", "standard_error"]]


def _weights(indicators: Sequence[Indicator], declared: Mapping[str, float]) -> pd.Series:
    """Return the weight of each source for each indicator, indexed by (indicator, source)."""
    rows = {
        (i.code, source): weight
        for i in indicators
        for source, weight in i.source.get("sources", declared).items()  # type: ignore[attr-defined]
    }
    index = pd.MultiIndex.from_tuples(list(rows), names=["indicator", "source"])
    return pd.Series(list(rows.values()), index=index, dtype=float)


def _combined(by_source: pd.DataFrame) -> pd.DataFrame:
    """Combine the sources; an error that one source lacks adds nothing."""
    weight = by_source["weight"]
    parts = by_source.assign(
        value=weight * by_source["value"],
        variance=(weight * by_source["standard_error"]) ** 2,
    )
    by = parts.groupby(KEY)
    found = by.agg(value=("value", "sum"), n=("n", "sum"))
    found["standard_error"] = np.sqrt(by["variance"].sum(min_count=1))
    return found


def _adjusted(
    values: pd.DataFrame, adjustments: pd.DataFrame, *, base_rows: pd.DataFrame
) -> pd.DataFrame:
    """Add bonuses, subtract deductions, cut off at 0."""
    if adjustments.empty:
        return values
    scale = base_rows.groupby(KEY)["factor"].mean().rename("scale")
    points = adjustments["score"] / adjustments["factor"]
    points = points.abs().where(adjustments["kind"] == "bonus", -points.abs())
    rows = adjustments.assign(points=points, rater=adjustments["rater"].fillna(""))
    given = rows.groupby([*KEY, "text", "source", "rater"])["points"].sum()
    mean = given.groupby([*KEY, "text"]).mean()
    written = base_rows.groupby(KEY)["text"].nunique()
    change = mean.groupby(KEY).sum() / written * scale
    change = change.reindex(values.index)
    moved = (values["value"] + change).clip(lower=0)
    return values.assign(value=moved.where(change.notna(), values["value"]))
