"""What the framework names and what the data call it: matching by cleaned, simplified names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

import pandas as pd

from ..framework import Framework, Indicator
from ..reading.text import key_of, match_key
from ..sources import COUNTS, is_number


class Named(NamedTuple):
    """One name in a framework: who names it, and in which table it should stand."""

    indicator: str
    table: str
    name: str
    near: str | None = None


def names_of(indicator: Indicator, key: str) -> tuple[str, ...]:
    """Return the names an indicator gives under a key of its source."""
    found = indicator.source.get(key, ())
    return (found,) if isinstance(found, str) else tuple(found)  # type: ignore[arg-type]


def record_names(indicator: Indicator) -> tuple[str, ...]:
    """Return the record items a ratio names (its counts of organisations and numbers aside)."""
    both = (names_of(indicator, key)[0] for key in ("numerator", "denominator"))
    return tuple(name for name in both if name not in COUNTS and not is_number(name))


def pairs(indicators: Iterable[Indicator], key: str) -> pd.DataFrame:
    """List which matching key belongs to which indicator (columns ``key``, ``indicator``)."""
    rows = {(key_of(name), i.code): None for i in indicators for name in names_of(i, key)}
    return pd.DataFrame(list(rows), columns=["key", "indicator"], dtype="str")


def keyed(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Add the matching key of a column of names."""
    return table.assign(key=match_key(table[column]))


def wanted_keys(framework: Framework, table: str) -> set[str]:
    """Return the matching keys of everything the framework asks of a table."""
    return {key_of(name) for _, at, names in _asked(framework) if at == table for name in names}


def not_found(framework: Framework, names: dict[str, pd.Series], codes: set[str]) -> list[Named]:
    """List the names of the framework that no row of the data carries.

    Parameters
    ----------
    framework : Framework
    names : dict
        Table ("evaluations", "surveys") -> the names as they stand there (a Series of text).
    codes : set of str
        Codes of the indicators that apply to somebody.

    Returns
    -------
    list of Named
        With the nearest name of the data, where one is near.
    """
    known = {t: {key_of(name): name for name in s.dropna().unique()} for t, s in names.items()}
    lost = []
    for code, table, asked in _asked(framework):
        if code not in codes or any(key_of(name) in known[table] for name in asked):
            continue
        close = get_close_matches(key_of(asked[0]), known[table], n=1)
        lost.append(Named(code, table, asked[0], known[table][close[0]] if close else None))
    return lost


def _asked(framework: Framework) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield (indicator, table, names of which one must be there)."""
    for i in framework.indicators:
        kind = i.source["kind"]
        if kind == "evaluation":
            yield i.code, "evaluations", names_of(i, "item")
        elif kind == "survey":
            yield i.code, "surveys", names_of(i, "question")
        elif kind == "ratio":
            yield from ((i.code, "evaluations", (name,)) for name in record_names(i))
        elif kind == "checklist":
            yield from ((i.code, "evaluations", (name,)) for name in names_of(i, "items"))
