"""Ranking by distance: TOPSIS, VIKOR and grey relational analysis.

More is better in every column. A cost indicator goes in with its sign changed (``-x``): for the
normalisations here that is exactly the cost form of each method. Tables are walked through in
blocks of rows; nothing as large as the table is ever made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from warnings import warn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .guards import (
    FloatArray,
    as_table,
    as_vector,
    check_weights,
    choose,
    column_names,
    like_rows,
    listed,
    refuse_not_finite,
    row_blocks,
)
from .moments import Table

Weights: TypeAlias = pd.Series | npt.ArrayLike

ROUNDING: Final = 1e-12  # numbers of 0..1 that differ by less are equal


@dataclass(frozen=True, eq=False, slots=True)
class Topsis:
    """Answer of `topsis`.

    Attributes
    ----------
    closeness : Series or ndarray, n
        C, 0..1, more is better.
    to_ideal, to_anti_ideal : Series or ndarray, n
        Distances D+ and D-.
    normalise, weighting : str
        The conventions that were chosen.
    """

    closeness: Any
    to_ideal: Any
    to_anti_ideal: Any
    normalise: str
    weighting: str

    def __repr__(self) -> str:
        """Return one line."""
        n = len(self.closeness)
        return f"Topsis({n} organisations, {self.normalise}, weights on {self.weighting})"


@dataclass(frozen=True, eq=False, slots=True)
class Vikor:
    """Answer of `vikor`: of all three, less is better.

    Attributes
    ----------
    q : Series or ndarray, n
        Compromise, 0..1.
    s, r : Series or ndarray, n
        Group utility (weighted sum of distances to the best) and individual regret (the largest of
        them), 0..1.
    compromise : list
        The organisations among which the method does not decide; one where it does.
    v : float
        Weight of the group utility.
    """

    q: Any
    s: Any
    r: Any
    compromise: list[Any]
    v: float

    def __repr__(self) -> str:
        """Return one line."""
        return f"Vikor({len(self.q)} organisations, best {listed(self.compromise)})"


@dataclass(frozen=True, eq=False, slots=True)
class GreyRelation:
    """Answer of `grey_relation`.

    Attributes
    ----------
    grade : Series or ndarray, n
        Grey relational grade, 0..1, more is better.
    low, high : float
        The least and greatest distance to the reference in the whole table.
    rho : float
        The distinguishing coefficient.
    normalise : str
    """

    grade: Any
    low: float
    high: float
    rho: float
    normalise: str

    def __repr__(self) -> str:
        """Return one line."""
        return f"GreyRelation({len(self.grade)} organisations, {self.normalise}, rho {self.rho:g})"


def topsis(
    x: Table, weights: Weights, *, normalise: str = "vector", weighting: str = "values"
) -> Topsis:
    """Rank by closeness to the ideal organisation (优劣解距离法).

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 2
        Values or scores, more is better (``-x`` for a cost). NaN is refused.
    weights : Series or array, m
        At least 0, sum 1.
    normalise : {"vector", "minmax", "none"}
        "vector": ``z = x / sqrt(sum x^2)``; "none": x is normalised already.
    weighting : {"values", "distances"}
        Where weights go. "values": ``v = w z`` before distances are taken (Hwang and Yoon; SPSSAU's
        熵权TOPSIS), so that they come in squared; "distances": ``D = sqrt(sum w (z - z*)^2)``.

    Returns
    -------
    Topsis

    Raises
    ------
    MethodError
        Where nothing varies, for missing values, or weights that do not fit.

    Notes
    -----
    ``C = D- / (D+ + D-)``. A column that does not vary adds nothing to any distance.

    References
    ----------
    Hwang and Yoon (1981). Multiple Attribute Decision Making. Springer.

    Examples
    --------
    >>> x = np.array([[9.0, 3.0], [6.0, 6.0], [1.0, 9.0]])
    >>> topsis(x, [0.5, 0.5]).closeness.round(4)
    array([0.5794, 0.5807, 0.4206])
    """
    scale_of = choose(normalise, _SCALES, "normalise")
    power = choose(weighting, {"values": 2, "distances": 1}, "weighting")
    array, names = as_table(x, least=2), column_names(x)
    w = check_weights(weights, names)
    squares, low, high = _summary(array, names)
    if not (low < high).any():
        raise MethodError(
            "some indicator must vary between organisations for TOPSIS, got none. "
            "There is nothing to rank."
        )
    # Distances are taken in the units of x; scale and weight come in as one factor per column.
    factor = w**power * scale_of(squares, low, high) ** 2
    to_ideal, to_anti = np.empty(len(array)), np.empty(len(array))
    for rows, apart in _walk(array):
        for distance, end in ((to_ideal, high), (to_anti, low)):
            np.subtract(array[rows], end, out=apart)
            apart *= apart
            np.matmul(apart, factor, out=distance[rows])
    np.sqrt(to_ideal, out=to_ideal)
    np.sqrt(to_anti, out=to_anti)
    total = to_ideal + to_anti
    if not (total > 0).all():
        raise MethodError(
            "some indicator with a weight above 0 must vary between organisations for TOPSIS, got "
            "none. Correct the weights."
        )
    return Topsis(
        like_rows(x, to_anti / total, "closeness"),
        like_rows(x, to_ideal, "to_ideal"),
        like_rows(x, to_anti, "to_anti_ideal"),
        normalise,
        weighting,
    )


def vikor(x: Table, weights: Weights, *, v: float = 0.5) -> Vikor:
    """Compromise ranking by VIKOR.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 2
        Values or scores, more is better (``-x`` for a cost). NaN is refused.
    weights : Series or array, m
        At least 0, sum 1.
    v : float
        0..1: weight of the group utility against the individual regret.

    Returns
    -------
    Vikor
        The compromise set: the first by Q alone where it is ahead by ``1 / (n - 1)`` and first by S
        or R too; the first two where only it is ahead; else all that are not behind by so much.

    Raises
    ------
    MethodError
        Where nothing varies, for missing values, or weights that do not fit.

    Warns
    -----
    MethodWarning
        Where a column does not vary: it adds nothing.

    Notes
    -----
    ``d = w (max - x) / (max - min)``, ``S = sum d``, ``R = max d``, ``Q = v (S - S*) / (S- - S*) +
    (1 - v) (R - R*) / (R- - R*)``; a part in which all are equal is 0.

    References
    ----------
    Opricovic and Tzeng (2004), European Journal of Operational Research 156, 445–455.

    Examples
    --------
    >>> x = np.array([[9.0, 3.0], [6.0, 6.0], [1.0, 9.0]])
    >>> made = vikor(x, [0.5, 0.5])
    >>> made.q.round(4), made.compromise
    (array([1., 0., 1.]), [1])
    """
    if not 0 <= v <= 1:
        raise MethodError(f"v must lie between 0 and 1, got {v!r}. Give 0.5 for a compromise.")
    array, names = as_table(x, least=2), column_names(x)
    w = check_weights(weights, names)
    low, high = _range(array, names)
    varies = _varying(low, high, names, "VIKOR")
    factor = np.divide(w, high - low, out=np.zeros_like(w), where=varies)
    s, r = np.empty(len(array)), np.empty(len(array))
    for rows, apart in _walk(array):
        np.subtract(high, array[rows], out=apart)
        apart *= factor
        apart.sum(axis=1, out=s[rows])
        apart.max(axis=1, out=r[rows])
    q = _unit(s)
    q *= v
    regret = _unit(r)
    regret *= 1 - v
    q += regret
    chosen = _compromise(q, s, r)
    return Vikor(
        like_rows(x, q, "q"),
        like_rows(x, s, "s"),
        like_rows(x, r, "r"),
        list(x.index[chosen]) if isinstance(x, pd.DataFrame) else chosen.tolist(),
        v,
    )


def grey_relation(
    x: Table,
    weights: Weights | None = None,
    *,
    reference: Weights | None = None,
    normalise: str = "minmax",
    rho: float = 0.5,
) -> GreyRelation:
    """Grey relational analysis (灰色关联分析): nearness to a reference, column by column.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 2
        Values or scores, more is better (``-x`` for a cost, with "minmax"). NaN is refused.
    weights : Series or array, m, optional
        Sum 1; equal by default.
    reference : Series or array, m, optional
        What rows are compared with, in the units of x; the greatest value of each column by
        default.
    normalise : {"minmax", "mean", "none"}
        "mean" divides by the column's mean (均值化). They change the order.
    rho : float
        Distinguishing coefficient, above 0 up to 1.

    Returns
    -------
    GreyRelation

    Raises
    ------
    MethodError
        Where nothing varies, for a mean that is not above 0, missing values, or weights that do not
        fit.

    Warns
    -----
    MethodWarning
        Where a column does not vary under "minmax": its distance is 0.

    Notes
    -----
    ``xi_ij = (low + rho high) / (d_ij + rho high)`` with ``d_ij = |z_ij - z_0j|`` and its least and
    greatest value in the whole table; the grade is ``sum_j w_j xi_ij``.

    References
    ----------
    邓聚龙 (1990). 灰色系统理论教程. 华中理工大学出版社.

    Examples
    --------
    >>> x = np.array([[9.0, 3.0], [6.0, 6.0], [1.0, 9.0]])
    >>> grey_relation(x).grade.round(4)
    array([0.6667, 0.5357, 0.6667])
    """
    if not 0 < rho <= 1:
        raise MethodError(f"rho must lie above 0 and up to 1, got {rho!r}. Give 0.5.")
    array, names = as_table(x, least=2), column_names(x)
    m = len(names)
    w = np.full(m, 1 / m) if weights is None else check_weights(weights, names)
    low, high = _range(array, names)
    factor = choose(
        normalise, {"minmax": _by_range, "mean": _by_mean, "none": _as_is}, "normalise"
    )(array, low, high, names)
    centre = high if reference is None else _named(reference, names, "reference")
    ends = np.array([np.abs(low - centre), np.abs(high - centre)]) * factor
    far = float(ends.max())
    if not far > 0:
        raise MethodError(
            "some organisation must differ from the reference for grey relational analysis, got "
            "none. There is nothing to rank."
        )
    near = 0.0 if reference is None else _nearest(array, centre, factor)
    grade = np.empty(len(array))
    for rows, apart in _walk(array):
        np.subtract(array[rows], centre, out=apart)
        np.abs(apart, out=apart)
        apart *= factor
        apart += rho * far
        np.divide(near + rho * far, apart, out=apart)
        np.matmul(apart, w, out=grade[rows])
    return GreyRelation(like_rows(x, grade, "grade"), near, far, rho, normalise)


def _walk(array: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """Walk over the rows in blocks, with scratch of the same shape that is used over again."""
    scratch = None
    for rows in row_blocks(array):
        scratch = np.empty_like(array[rows]) if scratch is None else scratch
        yield rows, scratch[: rows.stop - rows.start]


def _summary(array: FloatArray, names: list[Any]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return each column's sum of squares, least and greatest value in one walk over the rows."""
    squares = np.zeros(array.shape[1])
    low, high = np.full_like(squares, np.inf), np.full_like(squares, -np.inf)
    for rows in row_blocks(array):
        block = array[rows]
        squares += np.einsum("ij,ij->j", block, block)
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
    _refuse_unless_finite(array, low, high, names)
    return squares, low, high


def _range(array: FloatArray, names: list[Any]) -> tuple[FloatArray, FloatArray]:
    """Return each column's least and greatest value in one walk over the rows."""
    low, high = np.full(array.shape[1], np.inf), np.full(array.shape[1], -np.inf)
    for rows in row_blocks(array):
        block = array[rows]
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
    _refuse_unless_finite(array, low, high, names)
    return low, high


def _refuse_unless_finite(
    array: FloatArray, low: FloatArray, high: FloatArray, names: list[Any]
) -> None:
    if not (np.isfinite(low) & np.isfinite(high)).all():
        refuse_not_finite(array, names)


def _vector(squares: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    return np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)


def _minmax(squares: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    return np.divide(1.0, high - low, out=np.zeros_like(low), where=high > low)


def _none(squares: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    return np.ones_like(low)


_SCALES: Final = {"vector": _vector, "minmax": _minmax, "none": _none}


def _varying(
    low: FloatArray, high: FloatArray, names: list[Any], method: str
) -> npt.NDArray[np.bool_]:
    varies = low < high
    if not varies.any():
        raise MethodError(
            f"some indicator must vary between organisations for {method}, got none. "
            "There is nothing to rank."
        )
    if not varies.all():
        still = [name for name, moves in zip(names, varies, strict=True) if not moves]
        warn(
            MethodWarning(
                f"every indicator should vary between organisations for {method}, got one single "
                f"value in {listed(still)}: it adds nothing. Drop these columns and scale the "
                "weights up.",
                zh=f"排序要求指标有差异；{enumerated(still)}只有一个取值，不起作用。请去掉这些列，"
                "其余权重按比例放大。",
            ),
            stacklevel=3,
        )
    return varies


def _unit(values: FloatArray) -> FloatArray:
    low, high = values.min(), values.max()
    if high - low < ROUNDING:  # all are equal, and 0/0 would call rounding a difference
        return np.zeros_like(values)
    unit: FloatArray = values - low
    unit /= high - low
    return unit


def _compromise(q: FloatArray, s: FloatArray, r: FloatArray) -> npt.NDArray[np.intp]:
    """Return the rows of the compromise set, the first by Q first."""
    ahead = 1 / (len(q) - 1)
    first = int(q.argmin())
    near = np.flatnonzero(q < q[first] + ahead)
    if len(near) > 1:
        order: npt.NDArray[np.intp] = near[np.argsort(q[near], kind="stable")]
        return order
    if s[first] - s.min() < ROUNDING or r[first] - r.min() < ROUNDING:
        return near
    return np.argsort(q, kind="stable")[:2]


def _by_range(array: FloatArray, low: FloatArray, high: FloatArray, names: list[Any]) -> FloatArray:
    varies = low < high
    if varies.any():
        varies = _varying(low, high, names, "grey relational analysis")
    return np.divide(1.0, high - low, out=np.zeros_like(low), where=varies)


def _by_mean(array: FloatArray, low: FloatArray, high: FloatArray, names: list[Any]) -> FloatArray:
    mean = array.mean(axis=0)
    bad = [name for name, value in zip(names, mean, strict=True) if not value > 0]
    if bad:
        raise MethodError(
            f"means must be above 0 for normalise='mean', got 0 or less in {listed(bad)}. "
            "Use normalise='minmax'."
        )
    return np.asarray(1.0 / mean)


def _as_is(array: FloatArray, low: FloatArray, high: FloatArray, names: list[Any]) -> FloatArray:
    return np.ones_like(low)


_SLOPES: Final = {"minmax": _by_range, "mean": _by_mean, "none": _as_is}


def _named(reference: Weights, names: list[Any], what: str) -> FloatArray:
    if isinstance(reference, pd.Series):
        lost = [name for name in names if name not in reference.index]
        if lost:
            raise MethodError(
                f"{what} must name every indicator, got none for {listed(lost)}. Add it."
            )
        reference = reference.loc[names]
    found = as_vector(reference, what=what)
    if len(found) != len(names):
        raise MethodError(
            f"{what} must have one entry per column, got {len(found)} for {len(names)} columns. "
            "Give one number per column."
        )
    return found


def _nearest(array: FloatArray, centre: FloatArray, factor: FloatArray) -> float:
    near = np.inf
    for rows, apart in _walk(array):
        np.subtract(array[rows], centre, out=apart)
        np.abs(apart, out=apart)
        near = min(near, float((apart.min(axis=0) * factor).min()))
    return near
