"""Principal components of a correlation matrix, and their rotation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any
from warnings import warn

import numpy as np
import pandas as pd

from ..errors import MethodWarning
from .guards import FloatArray
from .moments import Table, correlated


@dataclass(frozen=True, eq=False, slots=True)
class Components:
    """Principal components of the correlation matrix.

    Attributes
    ----------
    eigenvalues : ndarray, m
        Falling; they sum to m.
    shares : ndarray, m
        Share of the variance each component explains.
    loadings : DataFrame or ndarray, m × m
        Correlation of each indicator (row) with each component (column); a component's sign makes
        the sum of its loadings positive.
    """

    eigenvalues: FloatArray
    shares: FloatArray
    loadings: Any

    def __repr__(self) -> str:
        """Return one line."""
        first = ", ".join(f"{share:.1%}" for share in self.shares[:3])
        return f"Components({len(self.shares)}: {first}, ...)"


def principal_components(x: Table) -> Components:
    """Find the principal components of the correlation matrix.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Values or scores. NaN is refused.

    Returns
    -------
    Components

    Raises
    ------
    MethodError
        For a constant column or fewer than 3 organisations.

    Warns
    -----
    MethodWarning
        Where there are not more organisations than indicators.

    Examples
    --------
    >>> principal_components(np.array([[1.0, 1], [2, 3], [3, 2]])).eigenvalues
    array([1.5, 0.5])
    """
    found = correlated(x, "principal components")
    if found.n <= found.m:
        warn(
            MethodWarning(
                "principal components should rest on more organisations than indicators, got "
                f"{found.n} for {found.m}. Add organisations or take fewer indicators.",
                zh=f"主成分分析的组织数应多于指标数；现有 {found.n} 个组织、{found.m} 项指标。"
                "请增加组织，或减少指标。",
            ),
            stacklevel=2,
        )
    values, vectors = np.linalg.eigh(found.correlation)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    loadings = vectors * np.sqrt(values)
    loadings *= np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    table: Any = loadings
    if isinstance(x, pd.DataFrame):
        names = [f"PC{k}" for k in range(1, found.m + 1)]
        table = pd.DataFrame(loadings, index=x.columns, columns=names)
    return Components(values, values / values.sum(), table)


def varimax(loadings: FloatArray, *, normalise: bool = True) -> FloatArray:
    """Rotate loadings by varimax, so that each factor loads high on few indicators.

    Parameters
    ----------
    loadings : array, m × k
    normalise : bool
        Kaiser normalisation: rows are brought to length 1 for the rotation.

    Returns
    -------
    ndarray, m × k

    References
    ----------
    Kaiser (1958), Psychometrika 23, 187–200.

    Examples
    --------
    >>> np.abs(varimax(np.array([[0.8, 0.6], [0.6, -0.8]]))).round(6)
    array([[1., 0.],
           [0., 1.]])
    """
    rows = np.asarray(loadings, dtype=float)
    m, k = rows.shape
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True)) if normalise else np.ones((m, 1))
    lengths = np.where(lengths > 0, lengths, 1.0)
    unit = rows / lengths
    widest = 1.0
    while widest > 1e-10:  # planar rotations of every pair; each raises the criterion
        widest = 0.0
        for p, q in combinations(range(k), 2):
            a, b = unit[:, p], unit[:, q]
            u, v = a**2 - b**2, 2 * a * b
            across = 2 * (u @ v) - 2 * u.sum() * v.sum() / m
            along = u @ u - v @ v - (u.sum() ** 2 - v.sum() ** 2) / m
            angle = float(np.arctan2(across, along)) / 4 if np.hypot(across, along) > 1e-14 else 0.0
            widest = max(widest, abs(angle))
            cos, sin = np.cos(angle), np.sin(angle)
            unit[:, p], unit[:, q] = cos * a + sin * b, cos * b - sin * a
    rotated: FloatArray = unit * lengths
    return rotated
