"""Means, ranges and covariances of a table, walked through in blocks of rows."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .guards import FloatArray, as_matrix, column_names, refuse_columns, row_blocks

Table: TypeAlias = pd.DataFrame | npt.NDArray[Any]


class Moments(NamedTuple):
    """What a table's rows have in common: sizes, means, least and greatest values, covariance.

    The covariance divides by n - 1.
    """

    n: int
    m: int
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    covariance: FloatArray

    @property
    def sd(self) -> FloatArray:
        """The sample standard deviations."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> FloatArray:
        """The Pearson correlations."""
        r = self.covariance / np.outer(self.sd, self.sd)
        np.fill_diagonal(r, 1.0)
        return np.clip(r, -1.0, 1.0)


def summary(array: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return each column's mean, least and greatest value in one walk over the rows.

    Parameters
    ----------
    array : ndarray, n × m
        Without NaN.

    Returns
    -------
    mean, low, high : ndarray, m

    Examples
    --------
    >>> summary(np.array([[1.0, 5.0], [3.0, 5.0]]))
    (array([2., 5.]), array([1., 5.]), array([3., 5.]))
    """
    total = np.zeros(array.shape[1])
    low, high = np.full_like(total, np.inf), np.full_like(total, -np.inf)
    for rows in row_blocks(len(array)):
        block = array[rows]
        total += block.sum(axis=0)
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
    return total / len(array), low, high


def moments(array: FloatArray) -> Moments:
    """Return the moments of a table: a block of rows is centred at a time, never the whole.

    Parameters
    ----------
    array : ndarray, n × m
        Without NaN; n >= 2.

    Returns
    -------
    Moments

    Examples
    --------
    >>> moments(np.array([[1.0, 4.0], [3.0, 0.0]])).covariance
    array([[ 2., -4.],
           [-4.,  8.]])
    """
    mean, low, high = summary(array)
    gram = np.zeros((array.shape[1], array.shape[1]))
    for rows in row_blocks(len(array)):
        centred = array[rows] - mean
        gram += centred.T @ centred
    return Moments(len(array), array.shape[1], mean, low, high, gram / (len(array) - 1))


def correlated(x: Table, method: str) -> Moments:
    """Return the moments of a table in which every correlation is defined.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
    method : str
        What needs the correlations, for a refusal.

    Returns
    -------
    Moments

    Raises
    ------
    MethodError
        For a constant column, NaN or fewer than 3 rows.

    Examples
    --------
    >>> correlated(np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]), "critic").correlation
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    found = moments(as_matrix(x, least=3))
    refuse_columns(
        ~(found.low < found.high),
        column_names(x),
        f"every indicator must vary between organisations for {method}, got one single value in",
        "Drop these columns or choose their weights yourself.",
    )
    return found
