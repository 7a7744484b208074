"""The measures of a service ledger: from counts to values, one function for each word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

import numpy as np
import pandas as pd

from ..errors import MethodError
from ..framework import Indicator
from ..measures import KNOWN, MEASURES, Condition, Where
from ..methods.queues import relief_capacity, target_queue
from ..tables import ANSWERS
from .answers import rated
from .counting import Counted
from .events import GRACE, Extra
from .handling import days, on_time_share
from .spread import share_error
from .stocks import Stocks

Figure: TypeAlias = Callable[[Counted, Indicator, pd.DataFrame, Stocks], pd.DataFrame]
"""Counts, indicator, organisations, stocks -> value, numerator, denominator, n, standard_error."""

TIMED: Final = ("on_time_share", "overdue_share", "median_days", "p90_days")
FLOWING: Final = ("backlog", "backlog_days", "load", "backlog_over_target", "relief_ratio")


def where_of(indicator: Indicator) -> Where:
    """Return the choice of events that an indicator is about."""
    chosen = _conditions(indicator.source["where"])
    late = cast(float, indicator.source.get("days", 0.0))
    return (*chosen, (GRACE, (str(late),))) if late else chosen


def extras_of(indicator: Indicator) -> list[Extra]:
    """Return what an indicator needs counted beyond the events themselves."""
    source = indicator.source
    word = str(source["measure"])
    if "counts" in source:
        counts = cast(Mapping[str, Mapping[str, Condition]], source["counts"])
        return [Extra("count", _conditions(each)) for each in counts.values()]
    if word == "total":
        return [Extra("sum", str(source["column"]))]
    if word == "kinds":
        return [Extra("kinds", str(source["column"]))]
    if word == "visit_groups_covered":
        return [Extra("kinds", "visit")]
    if word == "satisfaction":
        return [Extra("count", (("satisfaction", (answer,)),)) for answer in ANSWERS]
    return list(_share_of(indicator)) if word == "share" or MEASURES[word].of else []


def figure_of(indicator: Indicator) -> Figure:
    """Return the function that computes the measure of an indicator."""
    word = str(indicator.source["measure"])
    if "function" in indicator.source:
        return _own
    return _declared_share if MEASURES[word].of else FIGURES[word]


def _conditions(declared: object) -> Where:
    return tuple(sorted(cast(Mapping[str, Condition], declared).items()))


# -- shares ----------------------------------------------------------------------------------------
def _share_of(indicator: Indicator) -> tuple[Extra, Extra]:
    """Return the counts of a share: the events in question, and all of which it is known."""
    measure = MEASURES[str(indicator.source["measure"])]
    of = measure.of or _conditions(indicator.source["of"])
    among = dict(measure.among or _conditions(indicator.source.get("among", {})))
    known = {column: KNOWN for column, condition in of if condition != KNOWN} | among
    both = {**known, **dict(of)}
    if clash := [c for c in dict(of) if c in among]:
        raise MethodError(
            f"A column must stand in of or in among, got {clash[0]!r} in both for "
            f"{indicator.code!r}. Take it out of one of them in the framework."
        )
    return Extra("count", tuple(sorted(both.items()))), Extra("count", tuple(sorted(known.items())))


def _declared_share(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    part, whole = _share_of(indicator)
    return _quotient(counted.totals[part.name], counted.totals[whole.name])


def _share(numerator: str, denominator: str) -> Figure:
    def figure(
        counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
    ) -> pd.DataFrame:
        return _quotient(counted.totals[numerator], counted.totals[denominator])

    return figure


def _quotient(part: pd.Series, whole: pd.Series) -> pd.DataFrame:
    part, whole = part.astype(float), whole.astype(float)
    whole = whole.where(whole > 0)
    share = part / whole
    return pd.DataFrame(
        {
            "value": share,
            "numerator": part,
            "denominator": whole,
            "n": whole,
            "standard_error": share_error(share, whole),
        }
    )


# -- numbers ---------------------------------------------------------------------------------------
def _volume(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    events = counted.totals["events"].astype(float)
    return pd.DataFrame({"value": events, "numerator": events, "n": events})


def _volume_per_100(base: str) -> Figure:
    def figure(
        counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
    ) -> pd.DataFrame:
        found = _volume(counted, indicator, organisations, stocks)
        return _over(found, base, organisations, times=100)

    return figure


def _over(found: pd.DataFrame, base: str, organisations: pd.DataFrame, times: int) -> pd.DataFrame:
    """Divide by a count of the organisation."""
    size = organisations[base].reindex(found.index.get_level_values("org")).astype(float)
    found["denominator"] = size.where(size > 0).to_numpy()
    found["value"] = times * found["numerator"] / found["denominator"]
    return found


def _total(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    total = counted.totals[extras_of(indicator)[0].name].astype(float)
    found = pd.DataFrame({"value": total, "numerator": total, "n": counted.totals["events"]})
    base = str(indicator.source["per"])
    return _over(found, base, organisations, times=1) if base else found


def _kinds(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    kinds = counted.totals[extras_of(indicator)[0].name].astype(float)
    return pd.DataFrame({"value": kinds, "numerator": kinds, "n": counted.totals["events"]})


# -- time ------------------------------------------------------------------------------------------
def _on_time(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    return on_time_share(counted.times, counted.totals)


def _overdue(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    found = on_time_share(counted.times, counted.totals)
    found["value"] = 1 - found["value"]
    found["numerator"] = found["denominator"] - found["numerator"]
    return found


def _days(name: str) -> Figure:
    def figure(
        counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
    ) -> pd.DataFrame:
        return days(counted.times, counted.totals, name)

    return figure


# -- what waits ------------------------------------------------------------------------------------
def _backlog(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    stock = stocks(counted.flows)
    open_ = stock["open"]
    return pd.DataFrame({"value": open_, "numerator": open_, "n": open_})


def _backlog_days(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    stock = stocks(counted.flows)
    waits = stock["open"].where(stock["open"] > 0)
    age = stock["age"] / waits
    return pd.DataFrame({"value": age, "numerator": stock["age"], "denominator": waits, "n": waits})


def _load(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    stock = stocks(counted.flows)
    return _plain_quotient(stock["came"], stock["settled"], stock["came"])


def _backlog_over_target(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    stock = stocks(counted.flows)
    return _plain_quotient(stock["open"], _target(stock, indicator), stock["came"])


def _relief(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    stock = stocks(counted.flows)
    demand = stock["came"] / stock["days"]
    within = cast(float, indicator.source["within_days"])
    relief = relief_capacity(demand, stock["open"], _target(stock, indicator), within)
    # Where the queue is short enough, no more than the demand must be met.
    needed = pd.Series(np.maximum(relief, demand), index=stock.index)
    return _plain_quotient(needed, stock["settled"] / stock["days"], stock["came"])


def _target(stock: pd.DataFrame, indicator: Indicator) -> pd.Series:
    wait = cast(float, indicator.source["target_days"])
    return pd.Series(target_queue(stock["came"] / stock["days"], wait), index=stock.index)


def _plain_quotient(part: pd.Series, whole: pd.Series, n: pd.Series) -> pd.DataFrame:
    whole = whole.where(whole > 0)
    return pd.DataFrame({"value": part / whole, "numerator": part, "denominator": whole, "n": n})


# -- answers, and measures of one's own ------------------------------------------------------------
def _satisfaction(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    columns = [extra.name for extra in extras_of(indicator)]
    counts = counted.totals[columns].set_axis(list(ANSWERS), axis=1)
    return rated(counts, indicator)


def _own(
    counted: Counted, indicator: Indicator, organisations: pd.DataFrame, stocks: Stocks
) -> pd.DataFrame:
    names = list(cast(Mapping[str, Any], indicator.source["counts"]))
    columns = [extra.name for extra in extras_of(indicator)]
    counts = counted.totals[["events", *columns]].set_axis(["events", *names], axis=1)
    found = cast(Callable[..., Any], indicator.source["function"])(counts.astype(float))
    if isinstance(found, pd.Series):
        found = found.to_frame("value")
    if not isinstance(found, pd.DataFrame) or "value" not in found:
        raise MethodError(
            "A measure of your own must return a Series, or a frame with a column 'value', got "
            f"{type(found).__name__} for {indicator.code!r}. Return one value for each row."
        )
    if not found.index.isin(counts.index).all():
        raise MethodError(
            "A measure of your own must keep the rows it was given, got others for "
            f"{indicator.code!r}. Leave the index of the counts as it is."
        )
    return found.copy()


FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {
        "volume": _volume,
        "volume_per_100_households": _volume_per_100("households"),
        "volume_per_100_members": _volume_per_100("members"),
        "on_time_share": _on_time,
        "closed_on_time_share": _share("closed_on_time", "closed_due"),
        "registered_on_time_share": _share("closed_on_time", "events_due"),
        "overdue_share": _overdue,
        "median_days": _days("median_days"),
        "p90_days": _days("p90_days"),
        "open_share": _share("events_open", "events"),
        "backlog": _backlog,
        "backlog_days": _backlog_days,
        "load": _load,
        "backlog_over_target": _backlog_over_target,
        "relief_ratio": _relief,
        "satisfaction": _satisfaction,
        "visit_groups_covered": _kinds,
        "share": _declared_share,
        "total": _total,
        "kinds": _kinds,
    }
)
"""Word -> function, for every measure that is not a share with conditions of its own."""
