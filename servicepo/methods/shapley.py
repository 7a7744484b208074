"""Exact Shapley values: who owes how much of the distance to a reference, under any rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import factorial
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, listed

Players: TypeAlias = npt.NDArray[np.bool_]

MOST_PLAYERS: Final = 12  # 4,096 coalitions, the rule once for each
CELLS: Final = 1 << 21  # values of coalitions kept at a time


def shapley_gap(
    scores: pd.DataFrame,
    rule: Callable[[pd.DataFrame], Any],
    *,
    reference: float | pd.Series = 1.0,
    players: Mapping[str, str] | pd.Series | None = None,
) -> pd.DataFrame:
    """Share out the gap between an organisation and a reference among its indicators.

    Parameters
    ----------
    scores : DataFrame, n × m
        Scores, more is better. NaN (not applicable) goes to the rule as it is.
    rule : callable
        Scores (a frame of some of the rows, same columns) -> one value per row: an aggregation of
        any kind, vetoes and penalties included. It must treat rows one by one.
    reference : float or Series, m
        What every indicator is raised to; scores above it stay as they are.
    players : mapping, optional
        Indicator -> who answers for it (its dimension); every indicator for itself by default.

    Returns
    -------
    DataFrame, n × players
        In the units of the rule; rows sum to ``rule(raised) - rule(scores)``. NaN where all
        indicators of a player are missing.

    Raises
    ------
    MethodError
        For more than 12 players, a rule that does not give one number per row, an indicator without
        player or reference.

    Notes
    -----
    ``phi_i = sum_S |S|! (p - |S| - 1)! / p! (v(S + i) - v(S))`` over all coalitions S without i, v
    the rule's value with the indicators of S raised. The rule is called once per coalition and
    block of rows. For a weighted mean it is the obstacle degree; under a veto it is not: raising
    what is vetoed counts, the rest hardly.

    References
    ----------
    Shapley (1953). A value for n-person games. Contributions to the Theory of Games II.

    Examples
    --------
    >>> scores = pd.DataFrame({"a": [0.4], "b": [0.9]})
    >>> def capped(x):
    ...     return x.mean(axis=1).where(x["a"] >= 0.5, 0.3)
    >>> shapley_gap(scores, capped).round(3)
           a      b
    0  0.675  0.025
    """
    x = as_matrix(scores, what="scores", missing=True)
    raised = np.fmax(x, _reference(reference, scores))
    raised[np.isnan(x)] = np.nan
    return _shared_out(scores, x, raised, rule, players)


def shapley_change(
    before: pd.DataFrame,
    after: pd.DataFrame,
    rule: Callable[[pd.DataFrame], Any],
    *,
    players: Mapping[str, str] | pd.Series | None = None,
) -> pd.DataFrame:
    """Share out the change of an index under any rule among its indicators.

    Parameters
    ----------
    before, after : DataFrame, n × m
        Scores of the same organisations on the same indicators. NaN goes to the rule as it is.
    rule, players
        As in `shapley_gap`.

    Returns
    -------
    DataFrame, n × players
        In the units of the rule; rows sum to ``rule(after) - rule(before)``. NaN where all
        indicators of a player are missing before.

    Raises
    ------
    MethodError
        As `shapley_gap`, and for other organisations or indicators after than before.

    Notes
    -----
    The formula of `shapley_gap`, with a coalition's indicators as they are after. For a weighted
    mean it is what `change_decomposition.arithmetic_change` gives.

    Examples
    --------
    >>> before = pd.DataFrame({"a": [4.0], "b": [9.0]})
    >>> after = pd.DataFrame({"a": [9.0], "b": [9.0]})
    >>> shapley_change(before, after, lambda x: (x["a"] * x["b"]) ** 0.5).round(3)
         a    b
    0  3.0  0.0
    """
    x = as_matrix(before, what="before", missing=True)
    y = as_matrix(after, what="after", missing=True)
    if not (before.index.equals(after.index) and before.columns.equals(after.columns)):
        raise MethodError(
            "before and after must have the same rows and columns in the same order, got "
            f"{before.shape} and {after.shape}. Reindex one like the other."
        )
    return _shared_out(before, x, y, rule, players)


def _shared_out(
    scores: pd.DataFrame,
    x: FloatArray,
    raised: FloatArray,
    rule: Callable[[pd.DataFrame], Any],
    players: Mapping[str, str] | pd.Series | None,
) -> pd.DataFrame:
    """Share the way from ``x`` to ``raised`` among the players."""
    names, member = _players(scores, players)
    p = len(names)
    found = np.empty((len(x), p))
    size = max(1, CELLS >> p)
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        index = scores.index[rows]

        def worth(inside: Players, rows: slice = rows, index: pd.Index = index) -> FloatArray:
            mixed = np.where(inside[member], raised[rows], x[rows])
            return _value(rule, pd.DataFrame(mixed, index=index, columns=scores.columns))

        found[rows] = shapley_values(worth, p)
    for k in range(p):
        found[np.isnan(x[:, member == k]).all(axis=1), k] = np.nan
    return pd.DataFrame(found, index=scores.index, columns=names)


def shapley_values(worth: Callable[[Players], FloatArray], players: int) -> FloatArray:
    """Share out what is gained when all join, given what every coalition is worth.

    Parameters
    ----------
    worth : callable
        Who is inside (array of bool, one per player) -> one value per row.
    players : int
        At most 12.

    Returns
    -------
    ndarray of float, n × players
        Rows sum to the worth of all less the worth of nobody.

    Raises
    ------
    MethodError
        For more than 12 players.

    Notes
    -----
    As `shapley_gap`; ``worth`` is called once for each of the 2^players coalitions.

    Examples
    --------
    >>> shapley_values(lambda inside: np.array([10.0 * inside.all()]), 2)
    array([[5., 5.]])
    """
    if players > MOST_PLAYERS:
        raise MethodError(
            f"exact Shapley values need at most {MOST_PLAYERS} players, got {players}. "
            "Let dimensions play: players={indicator: dimension}."
        )
    coalitions = (np.arange(2**players)[:, None] >> np.arange(players)) & 1 == 1
    values = np.column_stack([worth(inside) for inside in coalitions])
    found: FloatArray = values @ _weights(coalitions)
    return found


def _players(
    scores: pd.DataFrame, players: Mapping[str, str] | pd.Series | None
) -> tuple[list[Any], npt.NDArray[np.intp]]:
    """Return who plays, and the player of every column."""
    own = dict(players) if players is not None else {name: name for name in scores.columns}
    lost = [name for name in scores.columns if name not in own]
    if lost:
        raise MethodError(
            f"every indicator must have a player, got none for {listed(lost)}. Name it."
        )
    names = list(dict.fromkeys(own[name] for name in scores.columns))
    if len(names) > MOST_PLAYERS:
        raise MethodError(
            f"exact Shapley values need at most {MOST_PLAYERS} players, got {len(names)}. "
            "Let dimensions play: players={indicator: dimension}."
        )
    place = {name: k for k, name in enumerate(names)}
    return names, np.array([place[own[name]] for name in scores.columns])


def _reference(reference: float | pd.Series, scores: pd.DataFrame) -> FloatArray:
    if isinstance(reference, pd.Series):
        lost = [name for name in scores.columns if name not in reference.index]
        if lost:
            raise MethodError(
                f"reference must name every indicator, got none for {listed(lost)}. Add it."
            )
        return np.asarray(reference[list(scores.columns)], dtype=float)
    return np.full(scores.shape[1], float(reference))


def _weights(coalitions: Players) -> FloatArray:
    """Return how much each coalition's value counts for each player."""
    p = coalitions.shape[1]
    size = coalitions.sum(axis=1)
    share = np.array([factorial(s) * factorial(p - s - 1) / factorial(p) for s in range(p)])
    joined = share[np.maximum(size - 1, 0)]
    absent = share[np.minimum(size, p - 1)]
    return np.asarray(np.where(coalitions, joined[:, None], -absent[:, None]))


def _value(rule: Callable[[pd.DataFrame], Any], table: pd.DataFrame) -> FloatArray:
    value = np.asarray(rule(table), dtype=float)
    if value.shape != (len(table),):
        raise MethodError(
            f"rule must give one value per row, got the shape {value.shape} for {len(table)} rows. "
            "Return a Series or a one-dimensional array."
        )
    if not np.isfinite(value).all():
        wrong = table.index[~np.isfinite(value)]
        raise MethodError(
            f"rule must give finite values, got NaN or infinity for {listed(wrong)}. "
            "Leave these organisations out, or let the rule say what they get."
        )
    return value
