"""PROMETHEE II: every organisation compared with every other, by one sort per indicator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, check_weights, choose, column_names, like_rows, listed
from .moments import Table

Numbers: TypeAlias = float | pd.Series | npt.ArrayLike


@dataclass(frozen=True, eq=False, slots=True)
class Promethee:
    """Answer of `promethee`.

    Attributes
    ----------
    net : Series or ndarray, n
        Net flow, -1..1, more is better; sums to 0.
    positive, negative : Series or ndarray, n
        How far an organisation is preferred to the others, and the others to it, 0..1; where both
        agree PROMETHEE I ranks the same way.
    preference : str
        The preference function.
    """

    net: Any
    positive: Any
    negative: Any
    preference: str

    def __repr__(self) -> str:
        """Return one line."""
        return f"Promethee({len(self.net)} organisations, {self.preference})"


def promethee(
    x: Table,
    weights: pd.Series | npt.ArrayLike,
    *,
    preference: str = "usual",
    indifference: Numbers = 0.0,
    strict: Numbers | None = None,
) -> Promethee:
    """Outranking flows by PROMETHEE II.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 2
        Values or scores, more is better (``-x`` for a cost). NaN is refused.
    weights : Series or array, m
        At least 0, sum 1.
    preference : {"usual", "linear"}
        "usual": any lead counts whole (type I). "linear": a lead up to ``indifference`` counts
        nothing, from ``strict`` on it counts whole, in between by the straight line (types II, III
        and V).
    indifference, strict : float, Series or array, m
        Thresholds q and p in the units of x, ``0 <= q <= p``; for "linear" p must be given.

    Returns
    -------
    Promethee

    Raises
    ------
    MethodError
        For missing values, weights that do not fit, or thresholds that are missing or in the wrong
        order.

    Notes
    -----
    ``positive_i = sum_j w_j sum_k P(x_ij - x_kj) / (n - 1)``; net = positive - negative. Per column
    the sum over k comes from sorted values and their running sums: n log n, not n^2.

    References
    ----------
    Brans and Vincke (1985), Management Science 31, 647–656.

    Examples
    --------
    >>> x = np.array([[9.0, 3.0], [6.0, 6.0], [1.0, 9.0]])
    >>> promethee(x, [0.6, 0.4]).net.round(4)
    array([ 0.2,  0. , -0.2])
    """
    choose(preference, {"usual": 1, "linear": 2}, "preference")
    array, names = as_matrix(x, least=2), column_names(x)
    w = check_weights(weights, names)
    n = len(array)
    if preference == "linear":
        q, p = _thresholds(indifference, strict, names)
    positive, neutral = np.zeros(n), np.zeros(n)
    for j in np.flatnonzero(w):
        column = array[:, j]
        order = np.argsort(column)
        ordered = column[order]
        if preference == "usual":
            behind, neither = _counts(ordered)
        else:
            behind = _leads(ordered, q[j], p[j])
            neither = n - 1 - behind - _leads(-ordered[::-1], q[j], p[j])[::-1]
        behind *= w[j]
        positive[order] += behind
        if neither is not None:
            neither *= w[j]
            neutral[order] += neither
    positive /= n - 1
    negative = np.maximum(1 - positive - neutral / (n - 1), 0.0)
    return Promethee(
        like_rows(x, positive - negative, "net"),
        like_rows(x, positive, "positive"),
        like_rows(x, negative, "negative"),
        preference,
    )


def _counts(ordered: FloatArray) -> tuple[FloatArray, FloatArray | None]:
    """Return how many values lie below each of a sorted column, and how many others beside it."""
    n = len(ordered)
    below = np.arange(n, dtype=float)
    tied = ordered[1:] == ordered[:-1]
    if not tied.any():
        return below, None
    last = below.copy()
    below[1:][tied] = 0
    np.maximum.accumulate(below, out=below)
    last[:-1][tied] = n
    last = np.minimum.accumulate(last[::-1])[::-1]
    return below, last - below


def _leads(ordered: FloatArray, q: float, p: float) -> FloatArray:
    """Return the sum over all others of the linear preference, for each of a sorted column."""
    whole = np.searchsorted(ordered, ordered - p, side="right" if p > q else "left")
    if p <= q:
        return whole.astype(float)
    part = np.searchsorted(ordered, ordered - q, side="left")
    # Running sums of distances to the mean lose fewer digits than those of the values.
    centred = ordered - ordered.mean()
    sums = np.append(0.0, np.cumsum(centred))
    between = (part - whole) * (centred - q) - (sums[part] - sums[whole])
    return np.asarray(whole + np.maximum(between, 0.0) / (p - q))


def _thresholds(
    indifference: Numbers, strict: Numbers | None, names: list[Any]
) -> tuple[FloatArray, FloatArray]:
    if strict is None:
        raise MethodError(
            "strict must be given for preference='linear', got None. "
            "Say from which lead on a preference is whole."
        )
    q, p = _per_column(indifference, names, "indifference"), _per_column(strict, names, "strict")
    wrong = [name for name, a, b in zip(names, q, p, strict=True) if not 0 <= a <= b]
    if wrong:
        raise MethodError(
            "thresholds must satisfy 0 <= indifference <= strict, got others for "
            f"{listed(wrong)}. Correct them."
        )
    return q, p


def _per_column(value: Numbers, names: list[Any], what: str) -> FloatArray:
    if isinstance(value, pd.Series):
        lost = [name for name in names if name not in value.index]
        if lost:
            raise MethodError(
                f"{what} must name every indicator, got none for {listed(lost)}. Add it."
            )
        value = value.loc[names]
    try:
        return np.broadcast_to(np.asarray(value, dtype=float), len(names))
    except (TypeError, ValueError):
        raise MethodError(
            f"{what} must be one number or one per column, got {value!r}. "
            "Give a number or a Series."
        ) from None
