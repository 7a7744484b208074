"""The weights of one level of a framework: equal, given, from judgements, or a method's word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from .declared import Table
from .methods.objective_weights import OBJECTIVE_WEIGHTS

Matrix: TypeAlias = npt.NDArray[np.float64]

_RECIPROCAL: Final = 0.005  # three decimals of 1/3 or 1/7 pass, two do not
_CONSISTENT: Final = 0.1  # largest consistency ratio of a judgement matrix (Saaty 1980)


@dataclass(frozen=True, slots=True)
class Weighting:
    """How the weights of one level are found.

    Attributes
    ----------
    method : str
        "equal", "given", "ahp" (from the judgement matrix) or a word of ``OBJECTIVE_WEIGHTS``.
    matrix : tuple of tuples of float
        The judgement matrix, for "ahp".
    illustrative : bool
        True where the source documents give no such weights.
    citation, reason : str
        Where they come from; why they are illustrative.
    """

    method: str = "given"
    matrix: tuple[tuple[float, ...], ...] = ()
    illustrative: bool = False
    citation: str = ""
    reason: str = ""

    @property
    def word(self) -> str | None:
        """The method's word where the weights come from the data; None where they are declared."""
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


def take_level(table: Table, below: str, written: Sequence[float]) -> tuple[Weighting, list[float]]:
    """Take how a level is weighted and return the weights of what is below it."""
    given = [not math.isnan(w) for w in written]
    some = f"{sum(given)} of {len(given)}"
    words = ("equal", "given", "ahp", *(w for w in OBJECTIVE_WEIGHTS if w != "equal"))
    default = "given" if any(given) else "equal"
    short = isinstance(table.take("weights"), str)  # weights = "entropy"
    inner = None if short else table.table("weights")
    inner = inner or Table({}, f"{table.path}.weights", table.problems)
    method = (
        table.choice("weights", words) if short else inner.choice("method", words, default=default)
    )
    matrix = _matrix(inner, len(written)) if method == "ahp" else None
    weighting = Weighting(method, _rows(matrix), *authority(inner))
    inner.close()
    if method == "given" and written:
        if not all(given):
            mend = 'Write weight for every one of them, or weights = "equal".'
            table.wrong(below, "weight must be given for all", some, mend)
        elif sum(written) == 0:
            table.wrong(below, "weights must not all be 0", 0, "Correct them.")
    elif any(given) and method != "given":
        mend = 'Leave the weights out, or write method = "given".'
        must = f"weight must not be written where the method is {method!r}"
        table.wrong(below, must, some, mend)
    if matrix is None:
        return weighting, [1.0 if math.isnan(w) else w for w in written]
    return weighting, _ahp_weights(inner, matrix)


def _matrix(table: Table, size: int) -> Matrix | None:
    """Take a judgement matrix; entries are numbers or fractions such as "1/3"."""
    found = table.take("matrix")
    try:
        matrix = np.array([[float(Fraction(str(x))) for x in row] for row in found], dtype=float)
    except (TypeError, ValueError, ZeroDivisionError):
        mend = 'Write rows of numbers and fractions, as [[1, 3], ["1/3", 1]].'
        table.wrong("matrix", "matrix must be a judgement matrix", found, mend)
        return None
    if matrix.shape != (size, size):
        must = f"matrix must have {size} rows and columns, one for each of what is weighted"
        table.wrong("matrix", must, " x ".join(map(str, matrix.shape)), "Complete it.")
        return None
    if not (matrix > 0).all():
        table.wrong("matrix", "matrix must be positive", float(matrix.min()), "Correct it.")
        return None
    for i in range(size):
        for j in range(i, size):
            product = matrix[i, j] * matrix[j, i]
            if abs(product - 1) > _RECIPROCAL:
                must = f"matrix must be reciprocal: [{i}][{j}] times [{j}][{i}] is 1"
                mend = 'Write the reciprocal as a fraction, such as "1/3".'
                table.wrong("matrix", must, round(float(product), 4), mend)
                return None
    # The upper triangle counts; the lower one is its exact reciprocal.
    upper = np.triu(matrix, 1)
    return upper + np.tril(1 / matrix.T, -1) + np.eye(size)


def _rows(matrix: Matrix | None) -> tuple[tuple[float, ...], ...]:
    return () if matrix is None else tuple(tuple(map(float, row)) for row in matrix)


def _ahp_weights(table: Table, matrix: Matrix) -> list[float]:
    found = ahp(matrix)
    if found.cr >= _CONSISTENT:
        must = f"matrix must be consistent (CR below {_CONSISTENT})"
        mend = "Look at the judgements again, three at a time."
        table.wrong("matrix", must, round(float(found.cr), 4), mend)
    return [float(w) for w in np.asarray(found.weights)]


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
