"""Transitions between states: grades of one year against grades of the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from ..errors import MethodError
from .guards import FloatArray, listed
from .intervals import wilson_interval


def transition_matrix(
    before: pd.Series, after: pd.Series, *, states: Sequence[object]
) -> pd.DataFrame:
    """Count the moves from each state to each state.

    Parameters
    ----------
    before, after : Series of length n
        State of the same organisation at the start and at the end of a step, in the same order. A
        pair with a missing state is not counted.
    states : sequence
        All states in their order, such as from worst to best.

    Returns
    -------
    DataFrame of int, k × k
        Rows ``before``, columns ``after``, both in the order of ``states``.

    Raises
    ------
    MethodError
        For other lengths, a repeated state or a state that is not listed.

    Examples
    --------
    >>> transition_matrix(
    ...     pd.Series(["low", "low", "high"]), pd.Series(["low", "high", "high"]),
    ...     states=["low", "high"],
    ... )
    after   low  high
    before
    low       1     1
    high      0     1
    """
    order = pd.Index(list(states))
    if not order.is_unique:
        raise MethodError(
            f"states must be listed once each, got {listed(order[order.duplicated()])} again. "
            "Drop the repeated ones."
        )
    if len(before) != len(after):
        raise MethodError(
            f"before and after must have the same length, got {len(before)} and {len(after)}. "
            "Give both states of every organisation."
        )
    first, second = np.asarray(before, dtype=object), np.asarray(after, dtype=object)
    present = ~(pd.isna(first) | pd.isna(second))
    rows, columns = (order.get_indexer(pd.Index(side[present])) for side in (first, second))
    strange = [*first[present][rows < 0], *second[present][columns < 0]]
    if strange:
        raise MethodError(
            f"every state must be listed in states, got {listed(dict.fromkeys(strange))}. "
            "Add it to the list or correct it."
        )
    k = len(order)
    counts = np.bincount(rows * k + columns, minlength=k * k).reshape(k, k)
    return pd.DataFrame(counts, index=order.rename("before"), columns=order.rename("after"))


def transition_probabilities(counts: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the probability of every move, with its interval.

    Parameters
    ----------
    counts : DataFrame of int, k × k
        As `transition_matrix` gives.
    confidence : float
        Level of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row per move: ``before``, ``after``, ``count``, ``n`` (moves that start there),
        ``probability`` (count / n, maximum likelihood), ``low``, ``high`` (Wilson); NaN where n is
        0.

    Raises
    ------
    MethodError
        Where the rows and columns are not the same states, or for another confidence.

    References
    ----------
    Anderson, T. W. & Goodman, L. A. (1957). Statistical inference about Markov chains. Annals of
    Mathematical Statistics 28: 89–110.

    Examples
    --------
    >>> counts = pd.DataFrame([[8, 2], [0, 0]], index=["a", "b"], columns=["a", "b"])
    >>> transition_probabilities(counts).round(3)
      before after  count   n  probability    low   high
    0      a     a      8  10          0.8  0.490  0.943
    1      a     b      2  10          0.2  0.057  0.510
    2      b     a      0   0          NaN    NaN    NaN
    3      b     b      0   0          NaN    NaN    NaN
    """
    _refuse_not_square(counts)
    k = len(counts)
    count = counts.to_numpy().ravel()
    n = np.repeat(counts.to_numpy().sum(axis=1), k)
    low, high = wilson_interval(count, n, confidence=confidence)
    return pd.DataFrame(
        {
            "before": np.repeat(counts.index.to_numpy(), k),
            "after": np.tile(counts.columns.to_numpy(), k),
            "count": count,
            "n": n,
            "probability": count / np.where(n > 0, n, np.nan),
            "low": low,
            "high": high,
        }
    )


def steady_state(probabilities: pd.DataFrame) -> pd.Series:
    """Find the shares of the states that would no longer change if the probabilities stayed.

    Parameters
    ----------
    probabilities : DataFrame of float, k × k
        Rows before, columns after; rows sum to 1.

    Returns
    -------
    Series of float, k
        Shares that sum to 1, indexed by state.

    Raises
    ------
    MethodError
        Where rows do not sum to 1 (a state nobody started from has none), or where the states fall
        into several closed classes, so that the long run depends on the start.

    Notes
    -----
    π solves π P = π with Σ π = 1.

    Examples
    --------
    >>> p = pd.DataFrame([[0.9, 0.1], [0.3, 0.7]], index=["a", "b"], columns=["a", "b"])
    >>> steady_state(p).round(3).to_dict()
    {'a': 0.75, 'b': 0.25}
    """
    _refuse_not_square(probabilities)
    p = probabilities.to_numpy(dtype=float)
    sums = p.sum(axis=1)
    wrong = ~(np.abs(sums - 1) < 1e-9) | (p < 0).any(axis=1)
    if wrong.any():
        raise MethodError(
            "every row of probabilities must be at least 0 and sum to 1, got another in "
            f"{listed(probabilities.index[wrong])}. "
            "Merge a state nobody started from with its neighbour."
        )
    closed = _closed_classes(p)
    if closed > 1:
        raise MethodError(
            f"the states must form one closed class for a steady state, got {closed}. "
            "Merge states, or report the matrix alone."
        )
    k = len(p)
    equations = np.vstack([p.T - np.eye(k), np.ones(k)])
    shares, *_ = np.linalg.lstsq(equations, np.r_[np.zeros(k), 1.0], rcond=None)
    found = np.clip(shares, 0, None)
    return pd.Series(found / found.sum(), index=probabilities.index, name="share")


def promotions(counts: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Sum up how many of each state were promoted, stayed or were demoted.

    Parameters
    ----------
    counts : DataFrame of int, k × k
        As `transition_matrix` gives, with the states from worst to best.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        Indexed by the state before: ``n``; ``promoted``, ``stayed``, ``demoted`` (counts);
        ``promoted_share``, ``demoted_share`` (of n) and ``promoted_low``, ``promoted_high``
        (Wilson). Shares are NaN where n = 0.

    Raises
    ------
    MethodError
        As `transition_probabilities`.

    Notes
    -----
    These are the rates that 晋位升级 targets name: 后进转化率 is the promoted share of the lowest
    state, 先进提升率 and 一般晋级率 those of the states above.

    Examples
    --------
    >>> counts = pd.DataFrame([[6, 4], [1, 9]], index=["low", "high"], columns=["low", "high"])
    >>> promotions(counts)[["n", "promoted", "demoted", "promoted_share"]]
             n  promoted  demoted  promoted_share
    before
    low     10         4        0             0.4
    high    10         0        1             0.0
    """
    _refuse_not_square(counts)
    table = counts.to_numpy()
    n = table.sum(axis=1)
    up, down = np.triu(table, 1).sum(axis=1), np.tril(table, -1).sum(axis=1)
    low, high = wilson_interval(up, n, confidence=confidence)
    known = np.where(n > 0, n, np.nan)
    return pd.DataFrame(
        {
            "n": n,
            "promoted": up,
            "stayed": np.diag(table),
            "demoted": down,
            "promoted_share": up / known,
            "demoted_share": down / known,
            "promoted_low": low,
            "promoted_high": high,
        },
        index=counts.index.rename("before"),
    )


def _closed_classes(p: FloatArray) -> int:
    """Count the sets of states that are never left once entered."""
    classes, label = connected_components(p > 0, directed=True, connection="strong")
    leaves = label[:, None] != label[None, :]
    open_ones = np.unique(label[((p > 0) & leaves).any(axis=1)])
    return int(classes - len(open_ones))


def _refuse_not_square(table: pd.DataFrame) -> None:
    if list(table.index) != list(table.columns):
        raise MethodError(
            "rows and columns must be the same states in the same order, "
            f"got {listed(table.index)} and {listed(table.columns)}. Use transition_matrix."
        )
