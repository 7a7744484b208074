"""Means and covariances of a table, walked through in blocks of rows."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .guards import FloatArray, as_matrix, column_names, refuse_columns, row_blocks

Table: TypeAlias = pd.DataFrame | npt.NDArray[Any]


class Moments(NamedTuple):
    """What a table's rows have in common.

    Attributes
    ----------
    n, m : int
        Rows and columns.
    mean : ndarray, m
    covariance : ndarray, m × m
        Divides by n - 1.
    varies : ndarray of bool, m
        Whether a column holds more than one value.
    """

    n: int
    m: int
    mean: FloatArray
    covariance: FloatArray
    varies: npt.NDArray[np.bool_]

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
    mean = array.mean(axis=0)
    gram = np.zeros((array.shape[1], array.shape[1]))
    for rows in row_blocks(array, cells=1 << 18):  # enough rows for a product to be worth it
        centred = array[rows] - mean
        gram += centred.T @ centred
    covariance = gram / (len(array) - 1)
    varies = varying(array, mean, np.diag(covariance))
    return Moments(len(array), array.shape[1], mean, covariance, varies)


def varying(array: FloatArray, mean: FloatArray, variance: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which columns hold more than one value; only doubtful ones are looked through again.

    Parameters
    ----------
    array : ndarray, n × m
    mean, variance : ndarray, m

    Returns
    -------
    ndarray of bool, m

    Examples
    --------
    >>> varying(np.array([[0.1, 1.0], [0.1, 2.0]]), np.array([0.1, 1.5]), np.array([1e-34, 0.5]))
    array([False,  True])
    """
    varies = variance > 1e-14 * mean**2
    for j in np.flatnonzero(~varies):
        varies[j] = array[:, j].min() < array[:, j].max()
    return varies


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
        ~found.varies,
        column_names(x),
        f"every indicator must vary between organisations for {method}, got one single value in",
        "Drop these columns or choose their weights yourself.",
    )
    return found
