"""Where an indicator's value comes from: the source kinds of a framework file, checked.

========== ==================================================================================
kind       parameters
========== ==================================================================================
evaluation ``item`` (names), ``sources`` (source -> weight; else the framework's), ``combine``,
           ``frequencies`` (M, Q, H, Y -> weight), ``bonus_cap``, ``deduction_cap`` (points)
service    ``measure`` (a word of ``MEASURES`` or one of your own), ``where`` (column -> codes, a
           range or "*"), and what the measure takes
survey     ``question`` (names), ``respondent``, ``scale`` (answer -> number), ``unknown``,
           ``strata`` (stratum -> share of the people), ``population`` (a number or a count)
frequency  ``per`` (M, Q, H, Y), ``least`` (events in each), ``where``
checklist  ``items`` (record items, each there or not), ``conditional`` (those not due everywhere)
attribute  ``column`` (a count of the organisations)
ratio      ``numerator``, ``denominator`` (a record item, a count or a number), ``lag``, ``combine``
given      none: the values are handed to `build_index` directly
========== ==================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from .declared import Table
from .measures import (
    KNOWN,
    LEDGER_CODES,
    LEDGER_COUNTS,
    LEDGER_MOMENTS,
    LEDGER_NUMBERS,
    MEASURES,
    SERVICE_FILTERS,
    Condition,
    Range,
)
from .tables import ANSWERS, RESPONDENTS, SOURCES, VOCABULARIES

Source = dict[str, object]

COUNTS: Final = LEDGER_COUNTS
"""Columns of the organisations that hold counts; attributes and ratios may name them."""


class Known(NamedTuple):
    """What the rest of a framework tells its indicators.

    Attributes
    ----------
    sources : bool
        Whether it declares source weights.
    measures : mapping of str to callable
        Measures of the user's own, by their words.
    """

    sources: bool
    measures: Mapping[str, Callable[..., Any]] = MappingProxyType({})


_RATED: Final = tuple(a for a in ANSWERS if a != "unknown")
_COMBINE: Final = ("mean", "sum")
_PERIODS: Final = ("M", "Q", "H", "Y")


def is_number(name: str) -> bool:
    """Tell a number from the name of an item.

    Examples
    --------
    >>> is_number("100"), is_number("村书记报酬")
    (True, False)
    """
    try:
        return math.isfinite(float(name))
    except ValueError:
        return False


def check_source(indicator: Table, known: Known) -> Source:
    """Take the ``source`` of an indicator; mistakes are noted.

    Parameters
    ----------
    indicator : Table
        The indicator's table.
    known : Known
        What the rest of the framework tells.

    Returns
    -------
    dict
        ``kind`` and its parameters: names and codes as tuples, numbers as floats.

    Examples
    --------
    >>> problems = []
    >>> found = Table({"source": {"kind": "servce"}}, "$.dimensions[0].indicators[0]", problems)
    >>> check_source(found, Known(True))
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
    found |= _KINDS[kind](table, known)
    table.close()
    return found


def _evaluation(table: Table, known: Known) -> Source:
    weights = table.numbers("sources", SOURCES)
    if weights is None and not known.sources:
        mend = "Add sources = { superior = 1 }, or [source_weights] for the whole framework."
        table.wrong("sources", "sources must be given without source_weights", None, mend)
    if weights is not None and abs(sum(weights.values()) - 1) > 1e-6:
        total = round(sum(weights.values()), 6)
        table.wrong("sources", "source weights must sum to 1", total, "Correct the weights.")
    found: Source = {
        "item": table.words("item", required=True),
        "combine": table.choice("combine", _COMBINE, default="mean"),
    }
    frequencies = table.numbers("frequencies", _PERIODS)
    if frequencies is not None and abs(sum(frequencies.values()) - 1) > 1e-6:
        total = round(sum(frequencies.values()), 6)
        mend = "Correct them, as { M = 0.2, Q = 0.2, H = 0.2, Y = 0.4 }."
        table.wrong("frequencies", "weights of the frequencies must sum to 1", total, mend)
    caps = {key: table.number(key, least=0) for key in ("bonus_cap", "deduction_cap")}
    found |= {key: cap for key, cap in caps.items() if cap is not None}
    told = {"sources": weights, "frequencies": frequencies}
    return found | {key: given for key, given in told.items() if given}


def _service(table: Table, known: Known) -> Source:
    word = table.choice("measure", (*MEASURES, *known.measures))
    found: Source = {"measure": word, "where": _where(table, "where")}
    if word in known.measures:
        counts = table.table("counts")
        names = list(counts.content) if counts is not None else []
        found["counts"] = {name: _where(counts, name) for name in names if counts is not None}
        return found | {"function": known.measures[word]}
    for parameter in MEASURES[word].takes:
        found |= _PARAMETERS[parameter](table)
    return found


def _where(table: Table, key: str, *, required: bool = False) -> dict[str, Condition]:
    """Take conditions: column -> codes, ``{ least = 1, most = 3 }``, or "*" for filled in."""
    inner = table.table(key)
    if inner is None:
        if required:
            mend = f'Write {key} = {{ way = "agency" }}, for example.'
            table.wrong(key, f"{key} must say which events", None, mend)
        return {}
    found = {c: _condition(inner, c) for c in SERVICE_FILTERS if c in inner.content}
    for column in SERVICE_FILTERS:
        inner.take(column)
    inner.close()
    return {column: condition for column, condition in found.items() if condition}


def _condition(table: Table, column: str) -> Condition:
    if table.take(column) == "*":
        return KNOWN
    if column in LEDGER_CODES:
        return table.words(column, VOCABULARIES.get(column))
    if column in LEDGER_MOMENTS:
        mend = 'Write "*" for filled in.'
        table.wrong(column, f'{column} must be "*"', table.take(column), mend)
        return ()
    inner = table.table(column)
    if inner is None:
        return ()
    least, most = inner.number("least"), inner.number("most")
    inner.close()
    if least is None and most is None:
        mend = f"Write {column} = {{ least = 1 }}."
        table.wrong(column, f"{column} must have least or most", dict(inner.content), mend)
    return Range(-math.inf if least is None else least, math.inf if most is None else most)


# -- what a measure takes ----------------------------------------------------------------------
def _of(table: Table) -> Source:
    return {"of": _where(table, "of", required=True)}


def _among(table: Table) -> Source:
    return {"among": _where(table, "among")}


def _column(table: Table) -> Source:
    summed = table.content.get("measure") == "total"
    return {"column": table.choice("column", LEDGER_NUMBERS if summed else LEDGER_CODES)}


def _per(table: Table) -> Source:
    return {"per": table.choice("per", LEDGER_COUNTS) if table.take("per") is not None else ""}


def _days(table: Table) -> Source:
    return {"days": table.number("days", least=0) or 0.0}


def _positive(key: str) -> Callable[[Table], Source]:
    def take(table: Table) -> Source:
        found = table.number(key, required=True)
        if found is not None and found <= 0:
            table.wrong(key, f"{key} must be above 0", found, "Give it in days.")
        return {key: found}

    return take


def _survey(table: Table, known: Known) -> Source:
    found: Source = {"question": table.words("question", required=True)}
    if table.take("respondent") is not None:
        found["respondent"] = table.choice("respondent", RESPONDENTS)
    if strata := table.table("strata"):
        shares = {name: strata.number(name, least=0) or 0.0 for name in strata.content}
        for name in (n for n, share in shares.items() if share == 0):
            strata.wrong(name, f"{name} must be above 0", 0, "Leave the stratum out.")
        if abs(sum(shares.values()) - 1) > 1e-6:
            total = round(sum(shares.values()), 6)
            mend = "Correct the shares of the people that each stratum stands for."
            table.wrong("strata", "shares of the strata must sum to 1", total, mend)
        found["strata"] = shares
    population = table.take("population")
    if isinstance(population, str):
        found["population"] = table.choice("population", COUNTS)
    elif population is not None:
        found["population"] = table.number("population", least=1)
    return found | _scale(table)


def _frequency(table: Table, known: Known) -> Source:
    least = table.number("least", least=1)
    return {
        "per": table.choice("per", _PERIODS),
        "least": 1.0 if least is None else least,
        "where": _where(table, "where"),
    }


def _checklist(table: Table, known: Known) -> Source:
    items = table.words("items", required=True)
    conditional = table.words("conditional")
    for twice in dict.fromkeys(i for i in items if items.count(i) > 1 or i in conditional):
        table.wrong("items", "Every item must stand once", twice, "Take it out of one place.")
    return {"items": items, "conditional": conditional}


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


def _attribute(table: Table, known: Known) -> Source:
    return {"column": table.choice("column", COUNTS)}


def _ratio(table: Table, known: Known) -> Source:
    lag = table.number("lag", least=0)
    if lag is not None and lag != int(lag):
        table.wrong("lag", "lag must be a whole number of periods", lag, "Write 0 or 1.")
    bottom = table.take("denominator")
    if isinstance(bottom, int | float) and not isinstance(bottom, bool) and not bottom > 0:
        mend = "Give the number that was to be reached."
        table.wrong("denominator", "denominator must be above 0", bottom, mend)
    return {
        "numerator": table.text("numerator", required=True),
        "denominator": table.text("denominator", required=True),
        "lag": int(lag or 0),
        "combine": table.choice("combine", _COMBINE, default="mean"),
    }


def _given(table: Table, known: Known) -> Source:
    return {}


_PARAMETERS: Final[MappingProxyType[str, Callable[[Table], Source]]] = MappingProxyType(
    {
        "scale": _scale,
        "of": _of,
        "among": _among,
        "column": _column,
        "per": _per,
        "days": _days,
        "target_days": _positive("target_days"),
        "within_days": _positive("within_days"),
    }
)
_KINDS: Final[MappingProxyType[str, Callable[[Table, Known], Source]]] = MappingProxyType(
    {
        "evaluation": _evaluation,
        "service": _service,
        "survey": _survey,
        "frequency": _frequency,
        "checklist": _checklist,
        "attribute": _attribute,
        "ratio": _ratio,
        "given": _given,
    }
)
