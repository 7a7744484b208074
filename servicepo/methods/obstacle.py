"""Obstacle degree (障碍度): how much each indicator holds an organisation back, and a way up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, check_weights, listed


def obstacle_degree(
    scores: pd.DataFrame,
    weights: pd.Series | pd.DataFrame,
    *,
    reference: float | pd.Series | pd.DataFrame = 1.0,
    normalised: bool = True,
) -> pd.DataFrame:
    """Share of each indicator in an organisation's weighted distance to a reference.

    Parameters
    ----------
    scores : DataFrame, n × m
        Normalised scores, higher is better. NaN (missing or not applicable) is no obstacle and
        stays NaN.
    weights : Series of float, m, or DataFrame, n × m
        Weights by indicator that sum to 1, or one row of weights (at least 0) per organisation
        where they differ; NaN where an indicator does not apply.
    reference : float, Series or DataFrame
        What the distance is measured to: one number (1 or 100 is the ideal, on the scale of the
        scores), one per indicator (a threshold, the peers' median), or one per cell (its own past);
        where it is NaN there is no distance.
    normalised : bool
        True: rows sum to 1 (the share of each indicator in the organisation's distance). False: the
        weighted distances themselves, w_j (r_j − x_j).

    Returns
    -------
    DataFrame, n × m
        At least 0: an indicator above its reference is no obstacle. A row without any distance
        is 0.

    Raises
    ------
    MethodError
        Where weights or reference do not fit the columns, or an entry is infinite.

    Notes
    -----
    O_ij = w_j d_ij / Σ_k w_k d_ik with d_ij = max(0, r_j − x_ij). For a linear index and the ideal
    as reference it is the Shapley value of the gap; for other aggregations it is not.

    References
    ----------
    张敬信, mathmodels-book (https://zhjx19.github.io/mathmodels-book), gives the form that is not
    normalised; papers print the normalised one.

    Examples
    --------
    >>> scores = pd.DataFrame({"a": [0.5, 1.0], "b": [0.75, 1.0]}, index=["u", "v"])
    >>> obstacle_degree(scores, pd.Series({"a": 0.5, "b": 0.5})).round(3)
           a      b
    u  0.667  0.333
    v  0.000  0.000
    """
    x = as_matrix(scores, what="scores", least=0, missing=True)
    if isinstance(weights, pd.DataFrame):
        own = _fitted(weights, scores, "weights")
        w = as_matrix(own, what="weights", least=0, missing=True)
    else:
        w = check_weights(weights, scores.columns)[None, :]
    gaps = w * np.fmax(_reference(reference, scores) - x, 0.0)
    gaps[np.isnan(x)] = np.nan
    if normalised:
        total = np.nansum(gaps, axis=1, keepdims=True)
        gaps = np.divide(gaps, total, out=gaps, where=total > 0)
    return pd.DataFrame(gaps, index=scores.index, columns=scores.columns)


def dimension_obstacles(
    obstacles: pd.DataFrame, dimensions: Mapping[str, str] | pd.Series
) -> pd.DataFrame:
    """Sum obstacle degrees over the indicators of each dimension.

    Parameters
    ----------
    obstacles : DataFrame, n × m
        As `obstacle_degree` gives; NaN counts as 0.
    dimensions : mapping
        Indicator → dimension, for every column.

    Returns
    -------
    DataFrame, n × dimensions
        In the order in which the dimensions first appear.

    Raises
    ------
    MethodError
        Where a column has no dimension.

    Examples
    --------
    >>> obstacles = pd.DataFrame({"a": [0.2], "b": [0.3], "c": [0.5]})
    >>> dimension_obstacles(obstacles, {"a": "A", "b": "A", "c": "B"})
         A    B
    0  0.5  0.5
    """
    belongs = dict(dimensions)
    lost = [code for code in obstacles.columns if code not in belongs]
    if lost:
        raise MethodError(
            f"every indicator must have a dimension, got none for {listed(lost)}. Name it."
        )
    own: dict[str, list[object]] = {}
    for code in obstacles.columns:
        own.setdefault(belongs[code], []).append(code)
    return pd.DataFrame({name: obstacles[codes].sum(axis=1) for name, codes in own.items()})


def main_obstacles(obstacles: pd.DataFrame, *, most: int = 3) -> pd.DataFrame:
    """List each organisation's largest obstacles.

    Parameters
    ----------
    obstacles : DataFrame, n × m
        As `obstacle_degree` gives.
    most : int
        How many are listed per organisation, at least 1.

    Returns
    -------
    DataFrame
        One row per organisation and obstacle: the levels of the index of ``obstacles``, ``place``
        (1 for the largest), ``indicator``, ``degree``. Of equal obstacles the first column comes
        first; those of degree 0 or NaN are not listed.

    Raises
    ------
    MethodError
        For fewer than 1.

    Examples
    --------
    >>> obstacles = pd.DataFrame({"a": [0.2], "b": [0.8]}, index=pd.Index(["u"], name="org"))
    >>> main_obstacles(obstacles, most=1)
      org  place indicator  degree
    0   u      1         b     0.8
    """
    if most < 1:
        raise MethodError(f"most must be at least 1, got {most!r}. Give 3 for the top three.")
    degrees = obstacles.to_numpy(dtype=float)
    kept = min(most, degrees.shape[1])
    order: npt.NDArray[np.intp] = np.argsort(-np.nan_to_num(degrees), axis=1, kind="stable")
    columns = order[:, :kept].ravel()
    rows = np.repeat(np.arange(len(degrees)), kept)
    found = degrees[rows, columns]
    listed_ones = found > 0
    index = obstacles.index
    if index.nlevels == 1 and index.name is None:
        index = index.rename("org")
    names = index[rows[listed_ones]].to_frame(index=False)
    return names.assign(
        place=np.tile(np.arange(1, kept + 1), len(degrees))[listed_ones],
        indicator=obstacles.columns.to_numpy()[columns[listed_ones]],
        degree=found[listed_ones],
    )


def _reference(reference: float | pd.Series | pd.DataFrame, scores: pd.DataFrame) -> FloatArray:
    if isinstance(reference, pd.DataFrame):
        own = _fitted(reference, scores, "reference")
        return as_matrix(own, what="reference", least=0, missing=True)
    if isinstance(reference, pd.Series):
        lost = [code for code in scores.columns if code not in reference.index]
        if lost:
            raise MethodError(
                f"reference must name every indicator, got none for {listed(lost)}. Add it."
            )
        return np.asarray(reference[list(scores.columns)], dtype=float)[None, :]
    return np.array([[float(reference)]])


def _fitted(table: pd.DataFrame, scores: pd.DataFrame, what: str) -> pd.DataFrame:
    if not table.index.equals(scores.index) or not set(scores.columns) <= set(table.columns):
        raise MethodError(
            f"{what} must have the rows and columns of the scores, got others. "
            "Reindex it like the scores."
        )
    return table[list(scores.columns)]
