"""Evaluations: raters averaged, periods coarsened, sources combined, bonuses added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, cast

import numpy as np
import pandas as pd

from ..framework import Framework, Indicator
from ..tables import Frequency, split_period
from .bonuses import adjustments
from .matching import pairs
from .ordinals import PARTS, ordinals, over

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
    bonuses : DataFrame
        One row per bonus or deduction, as `bonuses.adjustments` gives them.
    irregular : list of str
        Periods as written whose frequency an indicator does not weigh: their scores are not used.
    """

    values: pd.DataFrame
    sources: pd.DataFrame
    unweighted: list[str]
    bonuses: pd.DataFrame
    irregular: list[str]


def score(evaluations: pd.DataFrame, framework: Framework, organisations: pd.DataFrame) -> Scored:
    """Turn evaluation rows into values.

    Parameters
    ----------
    evaluations : DataFrame
        Columns of the table, ``key`` (of the item's name), ``period`` (its number), ``text``
        (the period as written).
    framework : Framework
    organisations : DataFrame
        Indexed by ``org``; ``domain`` tells whose source weights hold.

    Returns
    -------
    Scored

    Notes
    -----
    The scores of one source in one period as written are averaged over raters; finer periods are
    averaged (or summed, as the framework says), those of each frequency by itself where the
    framework weighs frequencies, combined by these weights scaled up over those present. Sources
    are combined by their weights (the indicator's, else the domain's, else the framework's), scaled
    up over those present. Rows that do not say who scored count only where no source with a weight
    did. Then bonuses are added and deductions subtracted (averaged over those who gave them, up to
    their caps), and the result is cut off at 0.
    """
    indicators = [i for i in framework.indicators if i.source["kind"] == "evaluation"]
    rows = evaluations.drop(columns="indicator").merge(pairs(indicators, "item"), on="key")
    rows["source"] = rows["source"].astype("str").fillna("")
    rows = _on_one_mark(rows, indicators)
    base = rows["kind"].fillna("base") == "base"
    rows["per"], rows["share"] = _shares(rows, indicators)
    irregular = sorted(rows.loc[base & rows["share"].isna(), "text"].unique())
    by_source = _by_source(rows[base & rows["share"].notna()], indicators)
    weights = _weights(indicators, framework)
    domain = organisations["domain"].reindex(by_source["org"]).to_numpy()
    domain = np.where(np.isin(domain, list(framework.source_weights_by_domain)), domain, "")
    lookup = pd.MultiIndex.from_arrays([by_source["indicator"], domain, by_source["source"]])
    by_source["weight"] = weights.reindex(lookup).to_numpy()
    counted = by_source["weight"].groupby([by_source[k] for k in KEY]).transform("sum") > 0
    alone = (by_source["source"] == "") & ~counted
    unweighted = by_source.loc[by_source["weight"].isna() & (by_source["source"] != ""), "source"]
    by_source["weight"] = by_source["weight"].where(~alone, 1.0).fillna(0.0)
    total = by_source.groupby(KEY)["weight"].transform("sum")
    by_source["weight"] /= total.where(total > 0, 1.0)
    values = _combined(by_source[by_source["weight"] > 0])
    values["full_mark"] = rows.groupby(KEY)["mark"].max().reindex(values.index)
    bonuses = adjustments(rows[~base], rows[base], indicators)
    values = _adjusted(values, bonuses)
    named = by_source[(by_source["source"] != "") | (by_source["weight"] > 0)]
    told = ["value", "weight", "n", "standard_error"]
    sources = named.set_index([*KEY, "source"])[told].sort_index()
    return Scored(values, sources, sorted(unweighted.unique()), bonuses, irregular)


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


def _shares(rows: pd.DataFrame, indicators: Sequence[Indicator]) -> tuple[pd.Series, pd.Series]:
    """Return each row's frequency and its weight; "" and 1 where none are declared.

    A frequency that is not declared beside others has the weight NaN.
    """
    declared = {
        (i.code, per): weight
        for i in indicators
        for per, weight in i.source.get("frequencies", {}).items()  # type: ignore[attr-defined]
    }
    weighed = rows["indicator"].isin([code for code, _ in declared])
    if not weighed.any():
        return pd.Series("", index=rows.index), pd.Series(1.0, index=rows.index)
    per = _frequency(rows["text"]).where(weighed, "")
    keys = zip(rows["indicator"], per, strict=True)
    found = pd.Series([declared.get(key, np.nan) for key in keys], index=rows.index)
    return per, found.where(weighed, 1.0)


def _frequency(text: pd.Series) -> pd.Series:
    """Return how long the periods as written are: M, Q, H or Y."""
    distinct = {word: split_period(str(word)) for word in text.unique()}
    return text.map({word: parts[2] if parts else None for word, parts in distinct.items()})


def _by_source(base: pd.DataFrame, indicators: Sequence[Indicator]) -> pd.DataFrame:
    """Average over raters, then over the periods as written, then over their frequencies."""
    each = [*KEY, "source", "per", "share"]
    grouped = base.groupby([*each, "text"])["score"]
    seen = grouped.agg(["mean", "var", "count"])
    seen["variance"] = seen["var"] / seen["count"]
    by = seen.groupby(each)
    found = by.agg(
        value=("mean", "mean"),
        total=("mean", "sum"),
        n=("count", "sum"),
        k=("mean", "size"),
        variance=("variance", "mean"),
    ).reset_index()
    summed = found["indicator"].isin([i.code for i in indicators if i.source["combine"] == "sum"])
    found["value"] = found["value"].where(~summed, found["total"])
    found["variance"] *= np.where(summed, found["k"], 1 / found["k"])
    keys = [*KEY, "source"]
    found["share"] /= found.groupby(keys)["share"].transform("sum")
    found["value"] *= found["share"]
    found["variance"] *= found["share"] ** 2
    by = found.groupby(keys)
    made = by.agg(value=("value", "sum"), n=("n", "sum"))
    made["standard_error"] = np.sqrt(by["variance"].sum(min_count=1))
    return made.reset_index()


def missing_records(
    evaluations: pd.DataFrame,
    framework: Framework,
    organisations: pd.DataFrame,
    parts: int,
    day: pd.Timestamp | None,
) -> pd.DataFrame:
    """List the records that are missing where a framework says how often they are due.

    Parameters
    ----------
    evaluations : DataFrame
        As for `score`.
    framework : Framework
    organisations : DataFrame
        The roster: every organisation to which an indicator applies is due, and who was scored.
    parts : int
        Periods of the tally in a year.
    day : Timestamp or None
        The day on which the records were drawn: what was not over by then is not due yet. Where it
        is not known, all of a period is.

    Returns
    -------
    DataFrame
        Columns ``org, period, indicator, missing`` (number of the shorter period), ``per``: one row
        for each month, quarter, half-year or year that was due and in which nobody scored, in the
        periods in which anybody did.
    """
    found = []
    for indicator in framework.indicators:
        frequencies = indicator.source.get("frequencies")
        if not frequencies:
            continue
        rows = evaluations.merge(pairs([indicator], "item"), on="key")
        rows = rows[(rows["kind"].fillna("base") == "base") & (rows["source"] != "record")]
        kinds = organisations[["domain", "sector"]].astype(object)
        kinds = kinds.where(kinds.notna(), None)
        due = [indicator.applies(*kind) for kind in kinds.itertuples(index=False, name=None)]
        orgs = organisations.index[due].union(pd.Index(rows["org"].unique()))
        for per in frequencies:  # type: ignore[attr-defined]
            within = PARTS[per] // parts
            if within == 0:
                continue
            slots = pd.MultiIndex.from_product(
                [
                    orgs,
                    sorted(rows["period"].unique()),
                    range(within),
                ],
                names=["org", "period", "slot"],
            ).to_frame(index=False)
            slots["missing"] = slots["period"] * within + slots["slot"]
            own = rows[_frequency(rows["text"]) == per]
            there = pd.MultiIndex.from_arrays([own["org"], ordinals(own["text"], per)])
            if day is not None:
                slots = slots[slots["missing"] <= over(cast(Frequency, per), day)]
            lost = ~pd.MultiIndex.from_frame(slots[["org", "missing"]]).isin(there)
            found.append(slots[lost].assign(indicator=indicator.code, per=per))
    columns = [*KEY, "missing", "per"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _weights(indicators: Sequence[Indicator], framework: Framework) -> pd.Series:
    """Return the weights of sources, indexed by (indicator, domain or "", source)."""
    sets = {"": framework.source_weights, **framework.source_weights_by_domain}
    rows = {
        (i.code, domain, source): weight
        for i in indicators
        for domain, declared in sets.items()
        for source, weight in i.source.get("sources", declared).items()  # type: ignore[attr-defined]
    }
    index = pd.MultiIndex.from_tuples(list(rows), names=["indicator", "domain", "source"])
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


def _adjusted(values: pd.DataFrame, bonuses: pd.DataFrame) -> pd.DataFrame:
    """Add bonuses, subtract deductions, cut off at 0."""
    if bonuses.empty:
        return values
    change = bonuses.groupby(KEY)["counted"].sum(min_count=1).reindex(values.index)
    moved = (values["value"] + change).clip(lower=0)
    return values.assign(value=moved.where(change.notna(), values["value"]))
