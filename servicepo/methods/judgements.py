"""What contradicts what in a judgement matrix, and what would mend it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, column_names
from .pairwise import (
    CONSISTENT,
    PRIORITIES,
    SAATY_SCALE,
    Matrix,
    as_judgements,
    complete,
    consistency,
    principal_values,
)


def like_matrix(matrix: Matrix, array: FloatArray) -> Any:
    """Answer in kind: a frame labelled like the matrix, or the array as it is.

    Parameters
    ----------
    matrix : DataFrame or array, n × n
        What the caller gave.
    array : ndarray, n × n

    Returns
    -------
    DataFrame or ndarray

    Examples
    --------
    >>> like_matrix([[1]], np.ones((1, 1)))
    array([[1.]])
    """
    if isinstance(matrix, pd.DataFrame):
        return pd.DataFrame(array, index=matrix.index, columns=matrix.columns)
    return array


def inconsistent_judgements(matrix: Matrix, *, random_index: str = "saaty") -> pd.DataFrame:
    """List the judgements of one expert, the one that contradicts the others most first.

    Parameters
    ----------
    matrix : DataFrame or array, n × n, n >= 3
        As in `ahp`, complete.
    random_index
        As in `ahp`.

    Returns
    -------
    DataFrame
        One row per pair: ``row``, ``column``, ``judgement``, ``implied`` (what all other judgements
        say about the pair), ``ratio`` (how many times they differ, at least 1), ``suggested`` (the
        step of the 1–9 scale nearest to ``implied``), ``cr_after`` (the consistency ratio if that
        were the judgement).

    Raises
    ------
    MethodError
        As `ahp`; for missing judgements, which contradict nothing.

    Notes
    -----
    ``implied`` is ``w_i / w_j`` of the eigenvector of the matrix without the pair: 0 in its place
    and 1 more on the diagonal of i and j.

    References
    ----------
    Harker (1987), Mathematical Modelling 9, 353–360; Saaty (2003), European Journal of Operational
    Research 145, 85–91.

    Examples
    --------
    >>> a = [[1, 2, 8], [1 / 2, 1, 1 / 2], [1 / 8, 2, 1]]
    >>> inconsistent_judgements(a).loc[0, ["judgement", "implied", "suggested"]].tolist()
    [2.0, 16.0, 9.0]
    """
    array, names = as_judgements(matrix), column_names(matrix)
    n = len(names)
    if n < 3:
        raise MethodError(
            f"judgements can contradict each other from 3 things on, got {n}. Nothing needs repair."
        )
    if np.isnan(array).any():
        raise MethodError(
            "judgements must be complete to be compared with each other, got "
            f"{int(np.isnan(array).sum()) // 2} missing. Take the matrix of ahp(...).matrix."
        )
    i, j = np.triu_indices(n, 1)
    pair = np.arange(len(i))
    without = np.repeat(array[None], len(i), axis=0)
    without[pair, i, j] = without[pair, j, i] = 0.0
    without[pair, i, i] = without[pair, j, j] = 2.0
    w = PRIORITIES["eigenvector"](without)
    implied = w[pair, i] / w[pair, j]
    steps = np.asarray(SAATY_SCALE)
    near = np.abs(np.log(implied)[:, None] - np.log(steps)[None, :]).argmin(axis=1)
    mended = np.repeat(array[None], len(i), axis=0)
    mended[pair, i, j], mended[pair, j, i] = steps[near], 1 / steps[near]
    top = principal_values(mended, PRIORITIES["eigenvector"](mended))
    off = np.abs(np.log(array[i, j] / implied))
    found = pd.DataFrame(
        {
            "row": [names[k] for k in i],
            "column": [names[k] for k in j],
            "judgement": array[i, j],
            "implied": implied,
            "ratio": np.exp(off),
            "suggested": steps[near],
            "cr_after": consistency(top, n, random_index)[1],
        }
    )
    return found.iloc[np.argsort(-off.round(12), kind="stable")].reset_index(drop=True)


def nearest_consistent(
    matrix: Matrix, *, below: float = CONSISTENT, random_index: str = "saaty"
) -> Any:
    """Return the judgements nearest to an expert's that are consistent enough.

    Parameters
    ----------
    matrix : DataFrame or array, n × n
        As in `ahp`.
    below : float
        The consistency ratio to come below, above 0.
    random_index
        As in `ahp`.

    Returns
    -------
    DataFrame or ndarray, n × n
        The judgements themselves where they are consistent enough. To be shown to the expert, not
        used in the expert's place.

    Raises
    ------
    MethodError
        As `ahp`.

    Notes
    -----
    Every judgement moves towards the ratio of the geometric mean weights, ``a_ij^(1-t)
    (w_i/w_j)^t``, with the least t that will do. In logarithms that ratio is the orthogonal
    projection of the matrix onto consistent ones, so no matrix at that distance is more consistent
    by the geometric index.

    References
    ----------
    Xu and Wei (1999), European Journal of Operational Research 116, 443–449.

    Examples
    --------
    >>> nearest_consistent([[1, 2, 8], [1 / 2, 1, 1 / 2], [1 / 8, 2, 1]]).round(3)[0]
    array([1.   , 2.85 , 5.614])
    """
    if not below > 0:
        raise MethodError(f"below must be above 0, got {below!r}. Give a ratio such as 0.1.")
    given = as_judgements(matrix)
    logs = np.log(complete(given, column_names(matrix), "eigenvector"))
    v = logs.mean(axis=1)
    away = v[:, None] - v[None, :] - logs

    def ratio(t: float) -> float:
        blend = np.exp(logs + t * away)[None]
        top = principal_values(blend, PRIORITIES["eigenvector"](blend))
        return float(consistency(top, len(v), random_index)[1][0])

    if ratio(0.0) < below:
        return like_matrix(matrix, np.exp(logs))
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if ratio(middle) < below else (middle, high)
    return like_matrix(matrix, np.exp(logs + high * away))
