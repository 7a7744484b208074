"""The weights of one level of a framework: equal, given, from judgements, or a method's word."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from .choices import chosen
from .declared import Table
from .errors import MethodError
from .methods.combined_weights import COMBINATIONS
from .methods.elicitation import best_worst, order_relation
from .methods.expert_weights import ahp
from .methods.objective_weights import OBJECTIVE_WEIGHTS
from .tables import DOMAINS, SOURCES


@dataclass(frozen=True, slots=True)
class Weighting:
    """How the weights of one level are found.

    Attributes
    ----------
    method : str
        "equal", "given", "ahp" (from the judgement matrix), "best_worst", "order_relation" (from
        the comparisons), a word of ``OBJECTIVE_WEIGHTS`` or one of ``COMBINATIONS``.
    matrix : tuple of tuples of float
        The judgement matrix, for "ahp".
    illustrative : bool
        True where the source documents give no such weights.
    citation, reason : str
        Where they come from; why they are illustrative.
    parts : mapping of str to str or mapping
        What a combination combines, by its name: a word, or weights (sum 1) by code.
    options : mapping
        The options of a combination, as ``{"negative": "absolute"}``.
    """

    method: str = "given"
    matrix: tuple[tuple[float, ...], ...] = ()
    illustrative: bool = False
    citation: str = ""
    reason: str = ""
    parts: Mapping[str, str | Mapping[str, float]] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def choice(self) -> str | Mapping[str, Any] | None:
        """What `build_index` is to do; None where the weights are declared as numbers."""
        if self.parts:
            parts = {
                name: part if isinstance(part, str) else pd.Series(dict(part))
                for name, part in self.parts.items()
            }
            return {"method": self.method, "parts": parts, **self.options}
        return self.method if self.method in OBJECTIVE_WEIGHTS and self.method != "equal" else None


DECLARED: Final = Weighting()
"""Weights as declared, on the authority of the file itself."""


def authority(table: Table) -> tuple[bool, str, str]:
    """Take ``illustrative``, ``citation`` and ``reason``; what is illustrative needs a reason."""
    illustrative, reason = table.flag("illustrative"), table.text("reason")
    if illustrative and not reason:
        mend = "Say in one sentence why the sources do not give the number."
        table.wrong("reason", "reason must be given where illustrative is true", None, mend)
    return illustrative, table.text("citation"), reason


def take_level(
    table: Table, below: str, written: Sequence[tuple[str, float]]
) -> tuple[Weighting, list[float]]:
    """Take how a level is weighted and return the weights of what is below it.

    Parameters
    ----------
    table : Table
        Where ``weights`` may stand: a method's word, or a table with ``method`` and its parameters,
        for a combination its ``parts`` and options.
    below : str
        The key of what is weighted, for the messages.
    written : sequence of (str, float)
        Codes and weights as written, NaN where none is.

    Returns
    -------
    (Weighting, list of float)
        Weights in the order given; 1 each where the method finds them later.
    """
    given = [not math.isnan(weight) for _, weight in written]
    some = f"{sum(given)} of {len(given)}"
    words = (*_SIMPLE, *(w for w in COMBINATIONS if w not in _SIMPLE))
    default = "given" if any(given) else "equal"
    short = isinstance(table.take("weights"), str)  # weights = "entropy"
    inner = None if short else table.table("weights")
    inner = inner or Table({}, f"{table.path}.weights", table.problems)
    method = (
        table.choice("weights", words) if short else inner.choice("method", words, default=default)
    )
    weights = [1.0 if math.isnan(weight) else weight for _, weight in written]
    matrix = _matrix(inner, [code for code, _ in written]) if method == "ahp" else None
    if matrix is not None:
        weights = _ahp_weights(inner, matrix)
    if method in _COMPARED:
        weights = _compared_weights(inner, method, [code for code, _ in written])
    stands = authority(inner)
    parts, options = _combination(inner, method, written)
    weighting = Weighting(method, _rows(matrix), *stands, parts, options)
    inner.close()
    if (method == "given" or "given" in parts) and written:
        if not all(given):
            other = 'leave "given" out' if parts else 'weights = "equal"'
            mend = f"Write weight for every one of them, or {other}."
            table.wrong(below, "weight must be given for all", some, mend)
        elif sum(weights) == 0:
            table.wrong(below, "weights must not all be 0", 0, "Correct them.")
    elif any(given) and method != "given":
        mend = 'Leave the weights out, or write method = "given".'
        must = f"weight must not be written where the method is {method!r}"
        table.wrong(below, must, some, mend)
    return weighting, weights


def _combination(
    table: Table, method: str, written: Sequence[tuple[str, float]]
) -> tuple[dict[str, str | Mapping[str, float]], dict[str, object]]:
    """Take the parts and the options of a combination; empty for any other method."""
    if method in _SIMPLE:
        return {}, {}
    codes, found = [code for code, _ in written], table.take("parts")
    parts: dict[str, str | Mapping[str, float]] = {}
    for n, part in enumerate(found if isinstance(found, list) else []):
        content = {"method": part} if isinstance(part, str) else part
        inner = Table(content, f"{table.path}.parts[{n}]", table.problems)
        word = inner.choice("method", _SIMPLE)
        numbers: Sequence[float] | None = None
        if word == "given":
            numbers = [weight for _, weight in written]
        elif word == "ahp":
            matrix = _matrix(inner, codes)
            numbers = [1.0] * len(codes) if matrix is None else _ahp_weights(inner, matrix)
        elif word in _COMPARED:
            numbers = _compared_weights(inner, word, codes)
        inner.close()
        total = sum(numbers or [])
        shares = (
            {} if numbers is None else {c: x / total for c, x in zip(codes, numbers, strict=True)}
        )
        parts[word] = shares or word
    if len(parts) < 2:
        must = f"{method} must have at least 2 parts, each of another kind"
        table.wrong("parts", must, found, 'Write parts = ["given", "entropy"], for example.')
    options = {key: table.take(key) for key in table.content if key not in _OWN}
    try:
        chosen({"method": method, **options}, COMBINATIONS, "weights")
    except MethodError as error:
        refused, _, mend = str(error).partition(". ")
        table.problems.append(f"{refused} (at {table.path}). {mend}")
    return parts, options


def _matrix(table: Table, codes: Sequence[str]) -> pd.DataFrame | None:
    """Take a judgement matrix; entries are numbers or fractions such as "1/3"."""
    found = table.take("matrix")
    try:
        rows = [[float(Fraction(str(x))) for x in row] for row in found]
    except (TypeError, ValueError, ZeroDivisionError):
        mend = 'Write rows of numbers and fractions, as [[1, 3], ["1/3", 1]].'
        table.wrong("matrix", "matrix must be a judgement matrix", found, mend)
        return None
    if {len(rows), *map(len, rows)} != {len(codes)}:
        must = f"matrix must have {len(codes)} rows and columns, one for each of what is weighted"
        got = f"{len(rows)} x {'/'.join(map(str, sorted({len(row) for row in rows})))}"
        table.wrong("matrix", must, got, "Complete it.")
        return None
    return pd.DataFrame(rows, index=list(codes), columns=list(codes))


def _rows(matrix: pd.DataFrame | None) -> tuple[tuple[float, ...], ...]:
    return () if matrix is None else tuple(matrix.itertuples(index=False, name=None))


def _ahp_weights(table: Table, matrix: pd.DataFrame) -> list[float]:
    """Weigh by the judgements; what `ahp` refuses is a mistake of the file."""
    try:
        return [float(weight) for weight in ahp(matrix).weights]
    except MethodError as error:
        refused, _, mend = str(error).rpartition(". ")
        table.problems.append(f"{refused} (at {table.path}.matrix). {mend}")
        return [1.0] * len(matrix)


def _best_worst(codes: Sequence[str], best: Any, worst: Any) -> pd.Series:
    """Weigh by the best–worst method; both lists are in the order of what is weighted."""
    index = list(codes)
    return pd.Series(best_worst(pd.Series(best, index), pd.Series(worst, index)).weights)


def _order_relation(codes: Sequence[str], order: Any, ratios: Any) -> pd.Series:
    """Weigh by order relation: the codes from the most important on, and the steps between."""
    if sorted(map(str, order)) != sorted(codes):
        raise MethodError(
            f"order must name each of {', '.join(codes)} once, got {order!r}. Correct it."
        )
    return order_relation(order, ratios)


_COMPARED: Final = MappingProxyType(
    {
        "best_worst": (_best_worst, ("best_to_others", "others_to_worst")),
        "order_relation": (_order_relation, ("order", "ratios")),
    }
)
"""Methods of comparison: what weighs the codes, and the two lists it takes."""

_SIMPLE: Final = (
    *("equal", "given", "ahp"),
    *_COMPARED,
    *(word for word in OBJECTIVE_WEIGHTS if word != "equal"),
)
"""What stands alone, or as a part of a combination."""

_OWN: Final = ("method", "parts", "illustrative", "citation", "reason")
"""Keys of a combination that are no options of it."""


def _compared_weights(table: Table, method: str, codes: Sequence[str]) -> list[float]:
    """Weigh by comparisons; what the method refuses is a mistake of the file."""
    weigh, keys = _COMPARED[method]
    lists = [table.take(key) for key in keys]
    if not all(isinstance(given, list) for given in lists):
        must = f"{method} must have the lists {' and '.join(keys)}"
        table.wrong(None, must, lists, "Write both, as shown in docs/frameworks.md.")
        return [1.0] * len(codes)
    try:
        return [float(weight) for weight in weigh(codes, *lists)[list(codes)]]
    except (MethodError, TypeError, ValueError) as error:
        refused, _, mend = str(error).rpartition(". ")
        table.problems.append(
            f"{refused or error} (at {table.path}). {mend if refused else 'Correct the lists.'}"
        )
        return [1.0] * len(codes)


def take_weight(table: Table) -> float:
    """Take a weight; NaN where none is written."""
    found = table.number("weight", least=0)
    return math.nan if found is None else found


def take_weight_by_year(table: Table) -> dict[int, float]:
    """Take ``weight_by_year``, in the order of the years; empty where it is not written."""
    inner = table.table("weight_by_year")
    if inner is None:
        return {}
    found = {}
    for year in inner.content:
        weight = inner.number(year, least=0, required=True)
        if not (year.isdecimal() and len(year) == 4):
            mend = "Write four digits, as 2024 = 0.5."
            inner.wrong(None, "weight_by_year must be by year", year, mend)
        elif weight is not None:
            found[int(year)] = weight
    return dict(sorted(found.items()))


def take_source_weights(
    table: Table,
) -> tuple[dict[str, float], dict[str, dict[str, float]], Weighting]:
    """Take ``[source_weights]`` and, where a domain has its own, ``[source_weights.rural]``.

    Returns
    -------
    (dict, dict, Weighting)
        Source -> weight; domain -> source -> weight; whether they are illustrative. Empty where
        none are written; each set sums to 1.
    """
    inner = table.table("source_weights")
    if inner is None:
        return {}, {}, DECLARED
    stands = Weighting("given", (), *authority(inner))
    own = {domain: inner.table(domain) for domain in DOMAINS}
    by_domain = {d: _sources(t, table) for d, t in own.items() if t is not None}
    return _sources(inner, table), by_domain, stands


def _sources(inner: Table, table: Table) -> dict[str, float]:
    taken = {s: inner.number(s, least=0) for s in SOURCES}
    inner.close()
    weights = {s: w for s, w in taken.items() if w is not None}
    if abs(sum(weights.values()) - 1) > 1e-6:
        total = round(sum(weights.values()), 6)
        key = inner.path.removeprefix(f"{table.path}.")
        table.wrong(key, "source weights must sum to 1", total, "Correct the weights.")
    return weights
