"""How much every column varies by itself: what the weights by entropy, sd and cv are shares of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from warnings import warn

import numpy as np
import numpy.typing as npt

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .compiled import on_every_core
from .guards import (
    FloatArray,
    as_matrix,
    as_weights,
    column_names,
    listed,
    refuse_columns,
    row_blocks,
)
from .moments import Table, moments, varying

# Squared coefficient of variation from which 1 + r keeps enough digits of r.
FAR_APART: Final = 0.01
FEW: Final = 16  # blocks that are done before threads have started


def divergence(x: Table, *, zeros: str | float | tuple[float, float] = "limit") -> FloatArray:
    """Return what `entropy` weights are shares of: ``n ln n (1 - e)`` of every column.

    Parameters
    ----------
    x, zeros
        As in `entropy`.

    Returns
    -------
    ndarray, m
        Exactly 0 for a column that does not vary.

    Raises
    ------
    MethodError
        For negative scores or fewer than 3 organisations.

    Examples
    --------
    >>> divergence(np.array([[0.0, 0.4], [0.5, 0.5], [1.0, 0.6]])).round(4)
    array([1.3863, 0.0403])
    """
    array = _shifted(as_matrix(x, least=3), zeros)
    mean = array.mean(axis=0)
    _refuse_negative(x, array, mean < 0)
    unit = np.where(mean > 0, mean, 1.0)
    least = np.nextafter(-1.0, 0.0)  # keeps 0 * ln 0 at its limit

    def diverged(rows: slice) -> FloatArray:
        block = array[rows]
        lowest = block.min()
        if lowest < 0:
            _refuse_negative(x, array, array.min(axis=0) < 0)
        r = block - mean
        r *= 1.0 / unit
        ratio = 1.0 + r
        # The plain logarithm is faster, and good to 1e-13 where a column's values lie well apart.
        if lowest > 0 and np.einsum("ij,ij->j", r, r).min() > FAR_APART * len(r):
            log = np.log(ratio)
        else:
            log = np.log1p(np.maximum(r, least))
        log *= ratio
        log -= r
        total: FloatArray = log.sum(axis=0)
        return total

    blocks = list(row_blocks(array, cells=1 << 15))  # with its scratch, this much stays in cache
    parts = on_every_core(diverged, blocks) if len(blocks) > FEW else map(diverged, blocks)
    found = np.sum(list(parts), axis=0)
    # The divergence is about half the squared coefficient of variation where that is small.
    varies = varying(array, unit, 2 * found / len(array) * unit**2)
    return np.where(varies, found, 0.0)


def _refuse_negative(x: Table, array: FloatArray, wrong: npt.NDArray[np.bool_]) -> None:
    if wrong.any():
        refuse_columns(
            array.min(axis=0) < 0,
            column_names(x),
            "scores must be at least 0 for entropy weights, got negative ones in",
            "Normalise by minmax first, or shift them by zeros=.",
        )


def _shifted(array: FloatArray, zeros: str | float | tuple[float, float]) -> FloatArray:
    """Apply a rule about zeros; the array itself is never written to."""
    if isinstance(zeros, str) and zeros == "limit":
        return array
    low, high = array.min(axis=0), array.max(axis=0)
    if isinstance(zeros, str) and zeros == "spssau":
        return array + np.where(low <= 0, np.abs(low) + 0.01, 0.0)
    if isinstance(zeros, tuple) and len(zeros) == 2 and 0 <= zeros[0] < zeros[1]:
        spread = np.where(high > low, high - low, 1.0)
        stretched: FloatArray = zeros[0] + (zeros[1] - zeros[0]) * (array - low) / spread
        return stretched
    if isinstance(zeros, (int, float)) and not isinstance(zeros, bool) and zeros >= 0:
        return array + zeros
    raise MethodError(
        "zeros must be 'limit', 'spssau', a shift of at least 0 or an interval (low, high), "
        f"got {zeros!r}. Name one of them."
    )


def deviation(x: Table) -> FloatArray:
    """Return the sample standard deviation of every column, exactly 0 where it does not vary.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        NaN is refused.

    Returns
    -------
    ndarray, m

    Raises
    ------
    MethodError
        For fewer than 3 organisations.

    Examples
    --------
    >>> deviation(np.array([[0.0, 0.1], [1.0, 0.1], [2.0, 0.1]]))
    array([1., 0.])
    """
    found = moments(as_matrix(x, least=3))
    return np.where(found.varies, found.sd, 0.0)


def variation(x: Table) -> FloatArray:
    """Return the coefficient of variation of every column, exactly 0 where it does not vary.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Means above 0. NaN is refused.

    Returns
    -------
    ndarray, m

    Raises
    ------
    MethodError
        For a mean of 0 or less, or fewer than 3 organisations.

    Examples
    --------
    >>> variation(np.array([[1.0], [2.0], [3.0]]))
    array([0.5])
    """
    found = moments(as_matrix(x, least=3))
    refuse_columns(
        found.mean <= 0,
        column_names(x),
        "means must be above 0 for coefficient of variation weights, got 0 or less in",
        "Use scores of at least 0, such as min–max.",
    )
    return np.where(found.varies, found.sd / found.mean, 0.0)


def weights_of(x: Table, importance: FloatArray, method: str) -> Any:
    """Share out the weight by importance; a column that does not vary has none.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Only its columns count.
    importance : ndarray, m
        At least 0; exactly 0 for a column that does not vary.
    method : str
        What the weights are called in a message.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        Where nothing varies.

    Warns
    -----
    MethodWarning
        Where some column does not vary.

    Examples
    --------
    >>> weights_of(np.zeros((0, 2)), np.array([1.0, 3.0]), "my weights")
    array([0.25, 0.75])
    """
    varies = importance > 0
    if not varies.any():
        raise MethodError(
            f"some indicator must vary between organisations for {method}, got none. "
            "Use equal weights."
        )
    if not varies.all():
        still = [name for name, moves in zip(column_names(x), varies, strict=True) if not moves]
        warn(
            MethodWarning(
                f"every indicator should vary between organisations for {method}, got one single "
                f"value in {listed(still)}: weight 0. Drop these columns or choose their weights "
                "yourself.",
                zh=f"由数据定权要求指标有差异；{enumerated(still)}只有一个取值，权重为 0。"
                "请去掉这些列，或自行给定权重。",
            ),
            stacklevel=3,
        )
    return as_weights(x, importance)


IMPORTANCES: Final[Mapping[str, tuple[str, Callable[[Table], FloatArray]]]] = MappingProxyType(
    {
        "entropy": ("entropy weights", divergence),
        "standard_deviation": ("standard deviation weights", deviation),
        "coefficient_of_variation": ("coefficient of variation weights", variation),
        "information": ("coefficient of variation weights", variation),
    }
)
"""The methods that look at one column at a time: `weights_of` their importances are the weights."""
