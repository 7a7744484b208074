"""Aggregation by votes: every indicator ranks the organisations, and only the order counts.

Indicators vote with their weights. Nothing is made up for between indicators, and neither units nor
normalisation matter, which is why these are the non-compensatory rules of the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from ..errors import MethodError
from .guards import FloatArray, as_matrix, check_weights, column_names, like_rows

Table: TypeAlias = pd.DataFrame | npt.NDArray[Any]
Weights: TypeAlias = pd.Series | npt.ArrayLike

PAIRWISE_LIMIT: Final = 10_000  # organisations; every pair is compared on every indicator
KEMENY_LIMIT: Final = 16  # organisations; 2 ** n sets are looked at
TIED_RANKINGS: Final = 10_000  # rankings that are listed when many are equally good


def borda(x: Table, weights: Weights) -> Any:
    """Borda points: the weighted mean number of organisations that stand lower; a tie counts half.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Scores or values, more is better. NaN is refused: an indicator must rank everybody.
    weights : Series or array, m
        At least 0, sum 1.

    Returns
    -------
    Series or ndarray, n
        0..n - 1.

    Raises
    ------
    MethodError
        For missing scores or weights that are not as said.

    References
    ----------
    Borda (1784); OECD/JRC (2008), p. 107.

    Examples
    --------
    >>> borda(np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]]), [0.75, 0.25])
    array([1.5, 1. , 0.5])
    """
    array, w = as_matrix(x), check_weights(weights, column_names(x))
    points = np.zeros(len(array))
    for j in np.flatnonzero(w):
        points += w[j] * (scipy.stats.rankdata(array[:, j]) - 1)
    return like_rows(x, points, "score")


def outranking(x: Table, weights: Weights) -> Any:
    """Tell for each pair how much weight says that the first is better; a tie counts half.

    Parameters
    ----------
    x, weights
        As in `borda`, up to 10,000 organisations.

    Returns
    -------
    DataFrame or ndarray, n × n
        0..1 with a diagonal of 0; an entry and its mirror image sum to 1.

    Raises
    ------
    MethodError
        As `borda`, and for more organisations.

    References
    ----------
    OECD/JRC (2008), p. 113.

    Examples
    --------
    >>> outranking(np.array([[3.0, 1.0], [2.0, 2.0]]), [0.75, 0.25])
    array([[0.  , 0.75],
           [0.25, 0.  ]])
    """
    array, w = as_matrix(x), check_weights(weights, column_names(x))
    _refuse_many(len(array), PAIRWISE_LIMIT, "comparing every pair", "Use borda")
    wins = np.zeros((len(array), len(array)))
    for j in np.flatnonzero(w):
        column = array[:, j]
        wins += w[j] * (column[:, None] > column)
        wins += w[j] / 2 * (column[:, None] == column)
    np.fill_diagonal(wins, 0.0)
    if isinstance(x, pd.DataFrame):
        return pd.DataFrame(wins, index=x.index, columns=x.index)
    return wins


def copeland(x: Table, weights: Weights) -> Any:
    """Copeland's score: organisations beaten less those lost to, in votes of two.

    Parameters
    ----------
    x, weights
        As in `borda`, up to 10,000 organisations.

    Returns
    -------
    Series or ndarray, n
        ``-(n - 1)..n - 1``.

    Raises
    ------
    MethodError
        As `outranking`.

    References
    ----------
    Copeland (1951); OECD/JRC (2008), p. 111.

    Examples
    --------
    >>> copeland(np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]]), [0.75, 0.25])
    array([ 2.,  0., -2.])
    """
    wins = np.asarray(outranking(x, weights))
    margin = wins - wins.T
    return like_rows(x, np.sign(np.where(np.abs(margin) > 1e-12, margin, 0)).sum(axis=1), "score")


def condorcet_winner(x: Table, weights: Weights) -> Any:
    """Find the organisation that beats every other in votes of two, if there is one.

    Parameters
    ----------
    x, weights
        As in `borda`, up to 10,000 organisations.

    Returns
    -------
    label of the row (its position for an array), or None
        None where no organisation beats all others: there is a cycle or a tie.

    Raises
    ------
    MethodError
        As `outranking`.

    References
    ----------
    Condorcet (1785); OECD/JRC (2008), p. 108.

    Examples
    --------
    >>> condorcet_winner(np.array([[3.0, 1.0], [2.0, 2.0]]), [0.75, 0.25])
    0
    """
    wins = np.asarray(copeland(x, weights))
    best = int(wins.argmax())
    if wins[best] < len(wins) - 1:
        return None
    return x.index[best] if isinstance(x, pd.DataFrame) else best


@dataclass(frozen=True, eq=False, slots=True)
class Kemeny:
    """The rankings that agree best with the indicators' votes (Condorcet–Kemeny–Young–Levenglick).

    Attributes
    ----------
    rankings : tuple of tuples
        Best rankings, best organisation first; more than one where they tie (at most 10,000).
    score : float
        Weight of the pairwise votes a best ranking agrees with.
    count : int
        How many rankings reach that score.
    points : Series or ndarray, n
        Organisations below each in the ranking; the mean over ``rankings`` where they tie.
    """

    rankings: tuple[tuple[Any, ...], ...]
    score: float
    count: int
    points: Any

    def __repr__(self) -> str:
        """Return one line."""
        return f"Kemeny({len(self.points)} organisations, score {self.score:g}, {self.count} tied)"


def kemeny(x: Table, weights: Weights) -> Kemeny:
    """Find the consensus ranking exactly, for up to 16 organisations.

    Parameters
    ----------
    x, weights
        As in `borda`.

    Returns
    -------
    Kemeny

    Raises
    ------
    MethodError
        As `borda`, and for more than 16 organisations: the exact answer is then out of reach.

    Notes
    -----
    The ranking maximises the sum of ``outranking[i, k]`` over pairs with i above k. Found by
    dynamic programming over sets: ``best(A) = max_i best(A - i) + sum_{k not in A} e_ik`` puts i
    below the rest of A and above everybody else.

    References
    ----------
    Young and Levenglick (1978), SIAM J. Applied Mathematics 35, 285–300; OECD/JRC (2008), p. 113.

    Examples
    --------
    >>> kemeny(np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]]), [0.75, 0.25]).rankings
    ((0, 1, 2),)
    """
    n = len(as_matrix(x))
    _refuse_many(n, KEMENY_LIMIT, "an exact Kemeny ranking", "Use copeland or borda")
    wins = np.asarray(outranking(x, weights))
    best, count = _best_by_set(wins)
    orders = _best_orders(wins, best)
    points = np.zeros(n)
    for order in orders:
        points[list(order)] += np.arange(n - 1, -1, -1)
    labels = list(x.index) if isinstance(x, pd.DataFrame) else list(range(n))
    return Kemeny(
        rankings=tuple(tuple(labels[i] for i in order) for order in orders),
        score=float(best[-1]),
        count=count,
        points=like_rows(x, points / len(orders), "score"),
    )


def _best_by_set(wins: FloatArray) -> tuple[FloatArray, int]:
    """Return the best score of each set as the top of a ranking, and how many rankings are best."""
    n = len(wins)
    size = 1 << n
    sets = np.arange(size)
    # gain[A, i]: votes for i over everybody outside A
    outside = 1 - ((sets[:, None] >> np.arange(n)) & 1)
    gain = outside @ wins.T
    best, ways = np.zeros(size), np.ones(size)
    members = n - outside.sum(axis=1)
    for k in range(1, n + 1):
        of_size = sets[members == k]
        scores = np.full((len(of_size), n), -np.inf)
        reach = np.zeros((len(of_size), n))
        for i in range(n):
            inside = np.flatnonzero((of_size >> i) & 1)
            chosen = of_size[inside]
            before = chosen ^ (1 << i)
            scores[inside, i] = best[before] + gain[chosen, i]
            reach[inside, i] = ways[before]
        top = scores.max(axis=1)
        best[of_size] = top
        ways[of_size] = np.where(scores >= top[:, None] - 1e-9, reach, 0).sum(axis=1)
    return best, int(ways[-1])


def _best_orders(wins: FloatArray, best: FloatArray) -> list[tuple[int, ...]]:
    """Walk back from the full set through every tie, up to a stated number of rankings."""
    n = len(wins)
    partial: list[tuple[int, tuple[int, ...]]] = [((1 << n) - 1, ())]
    done: list[tuple[int, ...]] = []
    while partial and len(done) < TIED_RANKINGS:
        chosen, below = partial.pop()
        if not chosen:
            done.append(below)
            continue
        for i in reversed(range(n)):
            if chosen >> i & 1:
                before = chosen ^ (1 << i)
                gain = sum(wins[i, k] for k in below)
                if best[before] + gain >= best[chosen] - 1e-9:
                    partial.append((before, (i, *below)))
    return sorted(done)


def _refuse_many(n: int, limit: int, method: str, instead: str) -> None:
    if n > limit:
        raise MethodError(
            f"{method} must be limited to {limit:,} organisations, got {n:,}. "
            f"{instead}, or compare within groups."
        )
