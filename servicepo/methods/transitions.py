"""Transitions between states: grades of one year against grades of the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from scipy.special import betaincinv, ndtr

from ..errors import MethodError
from .guards import FloatArray, choose, listed
from .intervals import normal_quantile, wilson_interval

Ends: TypeAlias = tuple[FloatArray, FloatArray]


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


def transition_matrices(
    before: pd.Series, after: pd.Series, by: pd.Series, *, states: Sequence[object]
) -> pd.DataFrame:
    """Count the moves of every class apart: of domains, periods, or by how the neighbours stood.

    Parameters
    ----------
    before, after, states
        As in `transition_matrix`.
    by : Series of length n
        Class of each step, in the same order. A step with a missing class is not counted.

    Returns
    -------
    DataFrame of int, (classes · k) × k
        Rows (``class``, ``before``), the classes sorted; columns ``after``. Give it to
        `mobility.homogeneity_test`; ``.loc[name]`` is the matrix of one class.

    Raises
    ------
    MethodError
        As `transition_matrix`; where no step has a class.

    Examples
    --------
    >>> before, after = pd.Series(["low", "low", "high"]), pd.Series(["low", "high", "high"])
    >>> transition_matrices(
    ...     before, after, pd.Series(["rural", "organs", "rural"]), states=["low", "high"]
    ... )
    after          low  high
    class  before
    organs low       0     1
           high      0     0
    rural  low       1     0
           high      0     1
    """
    if len(by) != len(before):
        raise MethodError(
            f"every step must have its class, got {len(by)} classes for {len(before)} steps. "
            "Give the class of every step in the same order."
        )
    codes, classes = pd.factorize(by, sort=True)
    if not len(classes):
        raise MethodError("steps must have a class to be told apart, got none. Name the classes.")
    parts = {
        name: transition_matrix(before[codes == i], after[codes == i], states=states)
        for i, name in enumerate(classes)
    }
    table: pd.DataFrame = pd.concat(parts, names=["class"])
    return table


def transition_probabilities(
    counts: pd.DataFrame, *, confidence: float = 0.95, interval: str = "wilson"
) -> pd.DataFrame:
    """Estimate the probability of every move, with its interval.

    Parameters
    ----------
    counts : DataFrame of int, k × k
        As `transition_matrix` gives.
    confidence : float
        Level of the intervals, between 0 and 1.
    interval : {"wilson", "dirichlet"}
        Wilson's score interval, or the interval of the Dirichlet posterior with Jeffreys' prior (½
        for every move); both are made for few moves.

    Returns
    -------
    DataFrame
        One row per move: ``before``, ``after``, ``count``, ``n`` (moves that start there),
        ``probability`` (count / n, maximum likelihood), ``low``, ``high``; NaN where n is 0.

    Raises
    ------
    MethodError
        Where the rows and columns are not the same states, or for another confidence or interval.

    Notes
    -----
    Dirichlet: the quantiles of Beta(c + ½, n − c + (k − 1)/2); 0 and 1 are kept where no move or
    every move went there (Brown et al. 2001).

    References
    ----------
    Anderson, T. W. & Goodman, L. A. (1957). Statistical inference about Markov chains. Annals of
    Mathematical Statistics 28: 89–110. Brown, L. D., Cai, T. T. & DasGupta, A. (2001). Interval
    estimation for a binomial proportion. Statistical Science 16: 101–133.

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
    refuse_not_square(counts)
    k = len(counts)
    count = counts.to_numpy().ravel()
    n = np.repeat(counts.to_numpy().sum(axis=1), k)
    low, high = choose(interval, _INTERVALS, "interval")(count, n, k, confidence)
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
    refuse_not_square(probabilities)
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


def mean_first_passage(probabilities: pd.DataFrame) -> pd.DataFrame:
    """Say how many steps it takes on average to get from each state to each.

    Parameters
    ----------
    probabilities : DataFrame of float, k × k
        Rows before, columns after; rows sum to 1.

    Returns
    -------
    DataFrame of float, k × k
        Steps from the row's state until the column's state is first reached; on the diagonal, until
        it is reached again (1 / its share in the steady state).

    Raises
    ------
    MethodError
        As `steady_state`; where a state cannot be reached from another.

    Notes
    -----
    With Z = (I − P + 1π')⁻¹: m_ij = (δ_ij − z_ij + z_jj) / π_j.

    References
    ----------
    Kemeny, J. G. & Snell, J. L. (1960). Finite Markov Chains. Van Nostrand, theorem 4.4.7.

    Examples
    --------
    >>> p = pd.DataFrame([[0.9, 0.1], [0.3, 0.7]], index=["a", "b"], columns=["a", "b"])
    >>> mean_first_passage(p).round(2).to_numpy().tolist()
    [[1.33, 10.0], [3.33, 4.0]]
    """
    share = steady_state(probabilities).to_numpy()
    p = probabilities.to_numpy(dtype=float)
    apart = connected_components(p > 0, directed=True, connection="strong")[0]
    if apart > 1:
        never = probabilities.index[share < 1e-12]
        raise MethodError(
            "every state must be reachable from every other for passage times, got "
            f"{listed(never)} that are left for good. Merge them with their neighbours."
        )
    eye = np.eye(len(p))
    z = np.linalg.inv(eye - p + share)
    steps = (eye - z + np.diag(z)) / share
    return pd.DataFrame(steps, index=probabilities.index, columns=probabilities.columns)


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
    refuse_not_square(counts)
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


def _wilson(count: FloatArray, n: FloatArray, k: int, confidence: float) -> Ends:
    return wilson_interval(count, n, confidence=confidence)


def _dirichlet(count: FloatArray, n: FloatArray, k: int, confidence: float) -> Ends:
    tail = float(ndtr(-normal_quantile(confidence)))
    a, b = count + 0.5, np.where(n > 0, n - count + (k - 1) / 2, np.nan)
    low = np.where(count == 0, b * 0, betaincinv(a, b, tail))
    high = np.where(count == n, b * 0 + 1, betaincinv(a, b, 1 - tail))
    return low, high


_INTERVALS: Final = {"wilson": _wilson, "dirichlet": _dirichlet}


def _closed_classes(p: FloatArray) -> int:
    """Count the sets of states that are never left once entered."""
    classes, label = connected_components(p > 0, directed=True, connection="strong")
    leaves = label[:, None] != label[None, :]
    open_ones = np.unique(label[((p > 0) & leaves).any(axis=1)])
    return int(classes - len(open_ones))


def refuse_not_square(table: pd.DataFrame) -> None:
    """Refuse a table whose rows and columns are not the same states.

    Parameters
    ----------
    table : DataFrame

    Raises
    ------
    MethodError

    Examples
    --------
    >>> refuse_not_square(pd.DataFrame([[1]], index=["a"], columns=["a"]))
    """
    if list(table.index) != list(table.columns):
        raise MethodError(
            "rows and columns must be the same states in the same order, "
            f"got {listed(table.index)} and {listed(table.columns)}. Use transition_matrix."
        )
