"""What indicators come to count in an index, and weights that make them count as meant."""

from __future__ import annotations

from typing import Any
from warnings import warn

import numpy as np
import pandas as pd
from scipy.optimize import least_squares, nnls

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .guards import (
    FloatArray,
    as_matrix,
    as_vector,
    as_weights,
    check_weights,
    column_names,
    like_columns,
    listed,
)
from .moments import Table, correlated


def regression(x: Table, outcome: pd.Series | FloatArray) -> Any:
    """Weights by regression: how much of an outcome each indicator explains, never less than 0.

    Parameters
    ----------
    x : DataFrame or array, n × m, n > m
        Scores. NaN is refused.
    outcome : Series or array, n
        What the index is to explain, such as overall satisfaction. A Series is put in the rows'
        order.

    Returns
    -------
    Series or ndarray, m
        Standardised coefficients of the non-negative least squares, scaled to sum 1.

    Raises
    ------
    MethodError
        For a constant column or outcome, n <= m, or where no indicator goes with the outcome.

    References
    ----------
    OECD/JRC (2008), p. 101 (regression approach); Lawson and Hanson (1974) for NNLS.

    Examples
    --------
    >>> x = np.array([[1.0, 5], [2, 3], [3, 4], [4, 1], [5, 2]])
    >>> regression(x, 2 * x[:, 0] + x[:, 1]).round(4)
    array([0.6667, 0.3333])
    """
    array = as_matrix(x, least=3)
    found = correlated(x, "regression weights")
    if isinstance(outcome, pd.Series) and isinstance(x, pd.DataFrame):
        outcome = outcome.reindex(x.index)
    y = as_vector(outcome, what="outcome", least=3)
    if len(y) != len(array):
        raise MethodError(
            f"outcome must have one value per row of x, got {len(y)} for {len(array)}. "
            "Give the outcome of the same organisations."
        )
    if found.n <= found.m:
        raise MethodError(
            f"regression weights need more organisations than indicators, got {found.n} for "
            f"{found.m}. Add organisations or take fewer indicators."
        )
    if not y.std() > 0:
        raise MethodError(
            "outcome must vary between organisations, got one single value. Choose another outcome."
        )
    standard = (array - found.mean) / found.sd
    coefficients, _ = nnls(standard, (y - y.mean()) / y.std(ddof=1))
    if not coefficients.any():
        raise MethodError(
            "regression weights need an indicator that goes with the outcome, got none above 0. "
            "Check the directions or choose another outcome."
        )
    return as_weights(x, coefficients)


def importance(x: Table, weights: pd.Series | FloatArray) -> Any:
    """Tell how much of a weighted mean's variance each indicator explains alone.

    ``S_j = r(x_j, y)²`` with the weighted arithmetic mean y.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Scores. NaN is refused.
    weights : Series or array, m
        Weights of the arithmetic mean y, sum 1.

    Returns
    -------
    Series or ndarray, m
        Linear correlation ratios in 0..1; they need not sum to 1.

    Raises
    ------
    MethodError
        For a constant column or weights that are not as said.

    References
    ----------
    Becker, Saisana, Paruolo and Vandecasteele (2017), Ecological Indicators 80, 12–22.

    Examples
    --------
    >>> importance(np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]]), [0.5, 0.5]).round(3)
    array([0.5, 0.5])
    """
    found = correlated(x, "importance")
    w = check_weights(weights, column_names(x))
    return like_columns(x, _importance(found.covariance, w), "importance")


def _importance(covariance: FloatArray, w: FloatArray) -> FloatArray:
    with_y = covariance @ w
    found: FloatArray = with_y**2 / (np.diag(covariance) * (w @ with_y))
    return found


def target_importance(x: Table, targets: pd.Series | FloatArray | None = None) -> Any:
    """Weights by target importance: those under which each indicator counts as it is meant to.

    Declared weights are not what indicators come to count: correlation and spread interfere. Here
    weights are sought whose `importance` (scaled to sum 1) is the target.

    Parameters
    ----------
    x : DataFrame or array, n × m, n > m
        Scores. NaN is refused.
    targets : Series or array, m, optional
        Importance each indicator is meant to have, sum 1; equal by default.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        For a constant column, n <= m, or targets that are not as said.

    Warns
    -----
    MethodWarning
        Where no weights reach the targets (within 0.01): the nearest are returned.

    References
    ----------
    Becker, Saisana, Paruolo and Vandecasteele (2017), Ecological Indicators 80, 12–22.

    Examples
    --------
    >>> x = np.array([[0.0, 0], [1, 0], [0, 2], [1, 2]])
    >>> target_importance(x).round(4)
    array([0.6667, 0.3333])
    """
    found = correlated(x, "target importance weights")
    if found.n <= found.m:
        raise MethodError(
            "target importance weights need more organisations than indicators, got "
            f"{found.n} for {found.m}. Add organisations or take fewer indicators."
        )
    m, names = found.m, column_names(x)
    goal = np.full(m, 1 / m) if targets is None else check_weights(targets, names, what="targets")

    def gap(w: FloatArray) -> FloatArray:
        reached = _importance(found.covariance, w / w.sum())
        shares: FloatArray = reached / reached.sum() - goal
        return shares

    start = goal / found.sd
    best = least_squares(gap, start / start.sum(), bounds=(1e-9, np.inf), xtol=1e-12, ftol=1e-12)
    weights = np.where(best.x > 1e-8, best.x, 0.0)
    missed = np.abs(gap(weights / weights.sum()))
    if missed.max() > 0.01:
        warn(
            MethodWarning(
                f"target importances should be reached within 0.01, missed by {missed.max():.3f} "
                f"for {listed([names[int(missed.argmax())]])}; the nearest weights are given. "
                "Merge strongly correlated indicators.",
                zh="目标重要性应能达到（误差 0.01 以内）；"
                f"{enumerated([names[int(missed.argmax())]])}差 {missed.max():.3f}，"
                "给出最接近的权重。请合并高度相关的指标。",
            ),
            stacklevel=2,
        )
    return as_weights(x, weights)
