"""Where an indicator's value comes from: the source kinds of a framework file, checked.

========== ==================================================================================
kind       parameters
========== ==================================================================================
evaluation ``item`` (names), ``sources`` (source -> weight; else the framework's), ``combine``
service    ``measure`` (a word of ``MEASURES``), ``where`` (column -> codes), for satisfaction
           ``scale`` and ``unknown``
survey     ``question`` (names), ``respondent``, ``scale`` (answer -> number), ``unknown``
attribute  ``column`` (a count of the organisations)
ratio      ``numerator``, ``denominator`` (a record item or a count), ``lag``, ``combine``
given      none: the values are handed to `build_index` directly
========== ==================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from .declared import Table
from .measures import MEASURES, SERVICE_FILTERS
from .tables import (
    ANSWERS,
    DISPOSALS,
    NEEDS,
    RESPONDENTS,
    SERVICES,
    SOURCES,
    VISITS,
    WAYS,
)

Source = dict[str, object]

COUNTS: Final = ("members", "households", "staff", "grids")
"""Columns of the organisations that hold counts; attributes and ratios may name them."""

_RATED: Final = tuple(a for a in ANSWERS if a != "unknown")
_COMBINE: Final = ("mean", "sum")
_CODES: Final = MappingProxyType(
    {
        "service": SERVICES,
        "need": NEEDS,
        "way": WAYS,
        "disposal": DISPOSALS,
        "visit": VISITS,
    }
)


def check_source(indicator: Table, sources_known: bool) -> Source:
    """Take the ``source`` of an indicator; mistakes are noted.

    Parameters
    ----------
    indicator : Table
        The indicator's table.
    sources_known : bool
        Whether the framework declares source weights.

    Returns
    -------
    dict
        ``kind`` and its parameters: names and codes as tuples, numbers as floats.

    Examples
    --------
    >>> problems = []
    >>> found = Table({"source": {"kind": "servce"}}, "$.dimensions[0].indicators[0]", problems)
    >>> check_source(found, True)
    {'kind': 'given'}
    >>> problems[0]
    "kind must be a known word, got 'servce' (at $.dimensions[0].indicators[0].source.kind). \
Did you mean 'service'?"
    """
    table = indicator.table("source")
    if table is None:
        return {"kind": "given"}
    before = len(table.problems)
    kind = table.choice("kind", tuple(_KINDS))
    if len(table.problems) > before:
        return {"kind": "given"}
    found: Source = {"kind": kind}
    if kind == "evaluation":
        found |= _evaluation(table, sources_known)
    else:
        found |= _KINDS[kind](table)
    table.close()
    return found


def _evaluation(table: Table, sources_known: bool = True) -> Source:
    weights = table.numbers("sources", SOURCES)
    if weights is None and not sources_known:
        mend = "Add sources = { superior = 1 }, or [source_weights] for the whole framework."
        table.wrong("sources", "sources must be given without source_weights", None, mend)
    if weights is not None and abs(sum(weights.values()) - 1) > 1e-6:
        total = round(sum(weights.values()), 6)
        table.wrong("sources", "source weights must sum to 1", total, "Correct the weights.")
    found: Source = {
        "item": table.words("item", required=True),
        "combine": table.choice("combine", _COMBINE, default="mean"),
    }
    return found | ({"sources": weights} if weights else {})


def _service(table: Table) -> Source:
    measure = table.choice("measure", tuple(MEASURES))
    found: Source = {"measure": measure, "where": _where(table.table("where"))}
    return found | (_scale(table) if measure == "satisfaction" else {})


def _where(table: Table | None) -> dict[str, tuple[str, ...]]:
    if table is None:
        return {}
    found = {c: table.words(c, _CODES.get(c)) for c in SERVICE_FILTERS}
    table.close()
    return {column: codes for column, codes in found.items() if codes}


def _survey(table: Table) -> Source:
    found: Source = {"question": table.words("question", required=True)}
    if table.take("respondent") is not None:
        found["respondent"] = table.choice("respondent", RESPONDENTS)
    return found | _scale(table)


def _scale(table: Table) -> Source:
    """Take the scale that turns answers into numbers, and what "unknown" is worth."""
    scale = table.numbers("scale", _RATED)
    if scale is None or len(scale) < 2:
        mend = "Write scale = { satisfied = 1, mostly_satisfied = 0.8, dissatisfied = 0 }."
        table.wrong("scale", "scale must value at least two answers", scale, mend)
    unknown = table.take("unknown")
    if unknown == "exclude":
        return {"scale": scale or {}, "unknown": unknown}
    number = table.number("unknown") if unknown is not None else None
    if unknown is None:
        mend = 'Write unknown = "exclude", or the number such answers are worth.'
        table.wrong("unknown", "unknown must be declared", None, mend)
    return {"scale": scale or {}, "unknown": "exclude" if number is None else number}


def _attribute(table: Table) -> Source:
    return {"column": table.choice("column", COUNTS)}


def _ratio(table: Table) -> Source:
    lag = table.number("lag", least=0)
    if lag is not None and lag != int(lag):
        table.wrong("lag", "lag must be a whole number of periods", lag, "Write 0 or 1.")
    return {
        "numerator": table.text("numerator", required=True),
        "denominator": table.text("denominator", required=True),
        "lag": int(lag or 0),
        "combine": table.choice("combine", _COMBINE, default="mean"),
    }


def _given(table: Table) -> Source:
    return {}


_KINDS: Final[MappingProxyType[str, Callable[[Table], Source]]] = MappingProxyType(
    {
        "evaluation": _evaluation,
        "service": _service,
        "survey": _survey,
        "attribute": _attribute,
        "ratio": _ratio,
        "given": _given,
    }
)
