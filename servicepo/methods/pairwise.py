"""Judgement matrices: priorities, random indices, consistency and completion.

A judgement matrix says of every pair how many times the row counts as much as the column. Here they
come as stacks, k experts × n × n, and all experts are worked on together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components

from ..errors import MethodError
from .guards import FloatArray, as_matrix, choose, column_names, listed

Matrix: TypeAlias = pd.DataFrame | npt.ArrayLike

CONSISTENT: Final = 0.1
"""Judgements are consistent enough where the consistency ratio is below this (Saaty 1980)."""

SAATY_SCALE: Final = tuple(1 / k for k in range(9, 1, -1)) + tuple(map(float, range(1, 10)))
"""The judgements an expert can choose from: 1/9 … 1/2, 1, 2 … 9."""

RECIPROCAL: Final = 0.005  # three decimals of 1/3 or 1/7 pass, two do not

RANDOM_INDEX: Final[Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "saaty": (0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59),
        "saaty_2008": (
            *(0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45),
            *(1.49, 1.52, 1.54, 1.56, 1.58, 1.59),
        ),
        "tummala_ling": (
            *(0.5799, 0.8921, 1.1159, 1.2358, 1.3322, 1.3952, 1.4537),
            *(1.4882, 1.5117, 1.5356, 1.5571, 1.5714, 1.5831),
        ),
        "alonso_lamata": (),
    }
)
"""Mean consistency index of random matrices, for n = 3, 4, …, 15, by the name of the table."""


def random_index(n: int, table: str) -> float:
    """Return the mean consistency index of random n × n matrices.

    Parameters
    ----------
    n : int
        Size of the matrix.
    table : {"saaty", "saaty_2008", "tummala_ling", "alonso_lamata"}
        Saaty (1980) as most textbooks print it; Saaty (2008); Tummala and Ling (1998); or the line
        of Alonso and Lamata (2006), which goes on beyond n = 15. The numbers were taken from works
        that quote these sources, and checked by simulation (see Notes).

    Returns
    -------
    float
        0 for n < 3, where judgements cannot contradict each other.

    Raises
    ------
    MethodError
        For another word, or a matrix larger than the table.

    Notes
    -----
    Alonso and Lamata: the mean of lambda_max is 2.7699 n - 4.3513, so RI = (1.7699 n - 4.3513) /
    (n - 1).

    Matrices drawn at random from the 17 judgements of the scale have mean CI 0.525, 0.883, 1.106,
    1.248, 1.338, 1.404, 1.450, 1.486, 1.515, 1.536, 1.555, 1.571, 1.585 for n = 3 … 15 (simulated,
    standard error at most 0.002). "saaty_2008" agrees within 0.012; "tummala_ling" within 0.013
    from n = 4 on; "saaty" is 0.055 above at n = 3 and 0.056 below at n = 12, where textbooks also
    print 1.54. CR near 0.1 for three things therefore depends on the table.

    Examples
    --------
    >>> random_index(9, "saaty")
    1.45
    >>> round(random_index(20, "alonso_lamata"), 4)
    1.634
    """
    values = choose(table, RANDOM_INDEX, "random_index")
    if n < 3:
        return 0.0
    if not values:
        return (1.7699 * n - 4.3513) / (n - 1)
    if n - 3 >= len(values):
        raise MethodError(
            f"a matrix must be at most {len(values) + 2} × {len(values) + 2} for the random index "
            f"{table!r}, got {n} × {n}. Choose random_index='alonso_lamata', or split the level."
        )
    return values[n - 3]


def as_judgements(matrix: pd.DataFrame | npt.ArrayLike, *, what: str = "matrix") -> FloatArray:
    """Return one judgement matrix as an array, or refuse it.

    Parameters
    ----------
    matrix : DataFrame or array, n × n
        Positive and reciprocal (within 0.005); NaN on both sides where a pair was not judged.
    what : str
        What it is called in a refusal.

    Returns
    -------
    ndarray, n × n
        A copy whose lower triangle is the exact reciprocal of the upper one.

    Raises
    ------
    MethodError
        Where it is not square, not labelled alike on both sides, not positive or not reciprocal.

    Examples
    --------
    >>> as_judgements([[1, 3], [0.333, 1]])
    array([[1.        , 3.        ],
           [0.33333333, 1.        ]])
    """
    array = as_matrix(matrix, what=what, missing=True)
    if array.shape[0] != array.shape[1]:
        raise MethodError(
            f"{what} must have as many rows as columns, got {array.shape[0]} × {array.shape[1]}. "
            "Judge the same things in rows and columns."
        )
    if isinstance(matrix, pd.DataFrame) and list(matrix.index) != list(matrix.columns):
        raise MethodError(
            f"{what} must have the same labels in rows and columns, got {listed(matrix.index)} and "
            f"{listed(matrix.columns)}. Put them in the same order."
        )
    checked: FloatArray = check_stack(array[None], column_names(matrix), what=what)[0]
    return checked


def check_stack(stack: FloatArray, names: list[Any], *, what: str = "matrix") -> FloatArray:
    """Return judgement matrices made exactly reciprocal, or refuse the first wrong one.

    Parameters
    ----------
    stack : ndarray, k × n × n
    names : list
        What is judged.
    what : str
        What one matrix is called in a refusal.

    Returns
    -------
    ndarray, k × n × n
        A copy.

    Raises
    ------
    MethodError

    Examples
    --------
    >>> check_stack(np.ones((1, 2, 2)), ["a", "b"]).shape
    (1, 2, 2)
    """
    turned = stack.transpose(0, 2, 1)
    with np.errstate(invalid="ignore", over="ignore"):
        product = stack * turned
    least = stack.min()  # NaN where a judgement is missing
    worst = max(product.max() - 1, 1 - product.min())
    if worst < 1e-12 and least > 0:
        return stack.copy()
    if not (worst <= RECIPROCAL and least > 0):
        _refuse_judgements(stack, np.abs(product - 1), names, what)
    diagonal = np.arange(stack.shape[1])
    if np.isnan(stack[:, diagonal, diagonal]).any():
        raise MethodError(
            f"{what} must have 1 on its diagonal, got NaN. Judge everything equal to itself."
        )
    upper = np.tri(stack.shape[1], dtype=bool).T
    exact: FloatArray = np.where(upper, stack, 1 / turned)
    exact[:, diagonal, diagonal] = 1.0
    return exact


def _refuse_judgements(stack: FloatArray, off: FloatArray, names: list[Any], what: str) -> None:
    """Refuse the first judgement that is not positive or not reciprocal; pairs of NaN may pass."""
    wrong = (stack <= 0) | (off > RECIPROCAL) | (np.isnan(stack) != np.isnan(off))
    if not wrong.any():
        return
    k, i, j = (int(place) for place in np.argwhere(wrong)[0])
    place = f"({names[i]}, {names[j]})" + ("" if len(stack) == 1 else f" of matrix {k}")
    here, mirror = stack[k, i, j], stack[k, j, i]
    if here <= 0:
        raise MethodError(
            f"every judgement of {what} must be above 0, got {here:g} (at {place}). "
            "Write how many times the row counts as much as the column."
        )
    raise MethodError(
        f"{what} must be reciprocal, got {here:g} and {mirror:g} (at {place} and its mirror). "
        "Write one judgement and 1 divided by it, with three decimals or more."
    )


def _eigenvector(stack: FloatArray) -> FloatArray:
    """Return principal eigenvectors: powers of the matrices, until nothing moves."""
    power = stack @ stack
    power = power @ power
    power /= np.einsum("kii->k", power)[:, None, None]
    power = power @ power
    w: FloatArray = power.sum(axis=2)
    w /= w.sum(axis=1, keepdims=True)
    moved = 1.0
    for _ in range(1_000):
        before, w = w, (power @ w[..., None])[..., 0]
        w /= w.sum(axis=1, keepdims=True)
        last, moved = moved, float(np.abs(w - before).max())
        if moved < 4e-16 or moved * moved < 1e-17 * last:  # so little the next step would move
            break
    return w


def _geometric_mean(stack: FloatArray) -> FloatArray:
    w: FloatArray = np.exp(np.log(stack).mean(axis=2))
    w /= w.sum(axis=1, keepdims=True)
    return w


def _column_sum(stack: FloatArray) -> FloatArray:
    return np.asarray((stack / stack.sum(axis=1, keepdims=True)).mean(axis=2))


PRIORITIES: Final[Mapping[str, Callable[[FloatArray], FloatArray]]] = MappingProxyType(
    {"eigenvector": _eigenvector, "geometric_mean": _geometric_mean, "column_sum": _column_sum}
)
"""Stack of matrices -> weights, k × n, by the word of the method (特征根法, 方根法, 和积法)."""


def principal_values(stack: FloatArray, w: FloatArray) -> FloatArray:
    """Return lambda_max of each matrix as mean(A w / w), exact where w is its eigenvector.

    Parameters
    ----------
    stack : ndarray, k × n × n
    w : ndarray, k × n

    Returns
    -------
    ndarray, k
        Never below n by rounding.

    Examples
    --------
    >>> principal_values(np.ones((1, 3, 3)), np.full((1, 3), 1 / 3))
    array([3.])
    """
    values = ((stack @ w[..., None])[..., 0] / w).mean(axis=1)
    return np.asarray(np.maximum(values, stack.shape[1]))


def consistency(
    lambda_max: FloatArray, n: int, table: str, *, absent: int | npt.NDArray[np.intp] = 0
) -> tuple[FloatArray, FloatArray]:
    """Return consistency indices and ratios.

    Parameters
    ----------
    lambda_max : ndarray, k
    n : int
        Size of the matrices.
    table : str
        Name of the random index.
    absent : int or ndarray, k
        How many pairs were not judged.

    Returns
    -------
    ci, cr : ndarray, k
        ``CI = (lambda_max - n) / (n - 1)``, ``CR = CI / RI``; 0 where nothing can contradict.

    Notes
    -----
    With missing judgements RI shrinks to ``RI (1 - 2 absent / ((n - 1) (n - 2)))``: Ágoston and
    Csató (2022), Omega 108, 102576.

    Examples
    --------
    >>> ci, cr = consistency(np.array([5.0720844]), 5, "saaty")
    >>> ci.round(4), cr.round(4)
    (array([0.018]), array([0.0161]))
    """
    index = random_index(n, table)
    ci = (np.asarray(lambda_max) - n) / max(n - 1, 1)
    if index == 0:
        return np.zeros_like(ci), np.zeros_like(ci)
    scaled = index * (1 - 2 * np.asarray(absent) / ((n - 1) * (n - 2)))
    # A spanning tree of judgements has no circle that could contradict itself.
    cr = np.divide(ci, scaled, out=np.zeros_like(ci), where=scaled > 1e-12)
    return ci, cr


def complete(matrix: FloatArray, names: list[Any], method: str) -> FloatArray:
    """Fill judgements that were not made, as far as the others speak for them.

    Parameters
    ----------
    matrix : ndarray, n × n
        Reciprocal, with NaN.
    names : list
        What is judged.
    method : {"eigenvector", "geometric_mean", "column_sum"}
        "eigenvector": the completion of least lambda_max (Bozóki, Fülöp and Rónyai 2010);
        otherwise by logarithmic least squares over the judgements there are.

    Returns
    -------
    ndarray, n × n

    Raises
    ------
    MethodError
        Where no chain of judgements connects all that is judged.

    Examples
    --------
    >>> a = np.array([[1, 2, np.nan], [0.5, 1, 3], [np.nan, 1 / 3, 1]])
    >>> complete(a, ["a", "b", "c"], "eigenvector").round(4)[0]
    array([1., 2., 6.])
    """
    known = ~np.isnan(matrix)
    if known.all():
        return matrix
    parts, part = connected_components(known, directed=False)
    if parts > 1:
        sides = " | ".join(
            listed(name for name, own in zip(names, part, strict=True) if own == p)
            for p in range(parts)
        )
        raise MethodError(
            f"judgements must connect all that is compared, got separate groups: {sides}. "
            "Judge a pair between the groups."
        )
    # Normal equations of log a_ij = v_i - v_j over the known pairs: a graph's Laplacian.
    laplacian = np.diag(known.sum(axis=1)) - known.astype(float)
    v = np.linalg.pinv(laplacian) @ np.where(known, np.log(np.where(known, matrix, 1.0)), 0).sum(1)
    filled = np.where(known, matrix, np.exp(v[:, None] - v[None, :]))
    if method != "eigenvector":
        return filled
    i, j = np.nonzero(np.triu(~known))
    if not len(i):
        return filled

    def least(logs: FloatArray) -> tuple[float, FloatArray]:
        filled[i, j], filled[j, i] = np.exp(logs), np.exp(-logs)
        w = _eigenvector(filled[None])[0]
        left = _eigenvector(filled.T[None])[0]
        slope = left[i] * filled[i, j] * w[j] - left[j] * filled[j, i] * w[i]
        return float(principal_values(filled[None], w[None])[0]), slope / (left @ w)

    found = minimize(least, np.log(filled[i, j]), jac=True, method="BFGS", options={"gtol": 1e-10})
    least(found.x)
    return filled
