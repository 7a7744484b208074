"""What it takes: the cheapest rises after which a score, and every gate, is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from ..errors import MethodError
from .guards import (
    BLOCK_CELLS,
    FloatArray,
    as_matrix,
    check_weights,
    column_names,
    listed,
    refuse_columns,
    row_blocks,
)

Gates = Mapping[str, tuple[Sequence[str], float | pd.Series]]

REACHED: Final = 1e-9  # of the top: what misses a score by less misses it by rounding only
SMALLEST: Final = 1e-300  # stands for a score of 0, which has no logarithm


def cheapest_improvement(
    scores: pd.DataFrame,
    weights: pd.Series | pd.DataFrame,
    target: float | pd.Series,
    *,
    costs: pd.Series | None = None,
    most: float | pd.Series | pd.DataFrame = np.inf,
    top: float = 1.0,
    gates: Gates | None = None,
) -> pd.DataFrame:
    """Tell how far every indicator must rise, at the least cost, to reach a weighted mean.

    Parameters
    ----------
    scores : DataFrame, n × m
        Normalised scores, higher is better. An indicator that is NaN cannot be improved and counts
        as 0.
    weights : Series of float, m, or DataFrame, n × m
        Sum 1; a row for each organisation where they differ.
    target : float or Series, n
        The weighted mean to be reached, on the scale of the scores; NaN asks for nothing.
    costs : Series of float, m, optional
        Cost of one unit of each score, above 0; equal by default.
    most : float, Series, m, or DataFrame, n × m
        The farthest an indicator can rise.
    top : float
        The best score.
    gates : mapping, optional
        Name → (columns, least): the weighted mean of these columns alone (their weights scaled up)
        must reach ``least`` (a number, or a Series by row; NaN asks for nothing) as well. A gate of
        one column is a floor. Any two gates must be nested or apart.

    Returns
    -------
    DataFrame, n × m
        Rises, at least 0; all 0 where everything is reached already, all NaN where it is out of
        reach.

    Raises
    ------
    MethodError
        Where weights or costs do not fit the columns, or gates cross.

    Notes
    -----
    Minimise ``sum_j c_j d_j`` subject to ``sum_j w_j (x_j + d_j) >= T``, the gates, and ``0 <= d_j
    <= min(most, top - x_j)``. Every constraint adds up the same ``w_j d_j``, and their sets of
    columns are nested or apart, so the greedy answer is that of the linear programme: gates from
    the narrowest to the widest and then the whole, in each the indicators in the order of ``w_j /
    c_j``; among equals the lowest score first.

    References
    ----------
    Kadziński et al. (2016), Journal of Global Optimization 65, 531, look for such changes in
    rankings and classes.

    Examples
    --------
    >>> scores = pd.DataFrame({"a": [0.5, 0.9], "b": [0.25, 0.9]}, index=["u", "v"])
    >>> weights = pd.Series({"a": 0.75, "b": 0.25})
    >>> cheapest_improvement(scores, weights, 0.875)
         a     b
    u  0.5  0.25
    v  0.0  0.00
    >>> cheapest_improvement(scores, weights, 0.8, gates={"b": (["b"], 0.5)})
         a     b
    u  0.4  0.25
    v  0.0  0.00
    """
    x = as_matrix(scores, what="scores", least=0, missing=True)
    w, c = _weights(weights, scores), _costs(costs, scores)
    wanted = _by_row(target, scores)
    nested = _nested(gates or {}, scores)
    # fmax takes the number beside a NaN: what is missing counts as 0 and has no room.
    room = np.fmax(np.minimum(top - x, _most(most, scores)), 0.0)
    now = np.where(np.isnan(x), 0.0, x) if np.isnan(x.sum()) else x
    rises = np.zeros_like(room, order="F")
    lost = np.zeros(len(x), dtype=bool)
    for rows, own in _alike(w, len(x)):
        raised, missed = _raise(now[rows], own, c, room[rows], wanted[rows], nested, rows, top)
        rises[rows], lost[rows] = raised, missed
    rises[lost] = np.nan
    return pd.DataFrame(rises, index=scores.index, columns=scores.columns, copy=False)


def cheapest_geometric_improvement(
    scores: pd.DataFrame,
    weights: pd.Series | pd.DataFrame,
    target: float | pd.Series,
    *,
    costs: pd.Series | None = None,
    most: float | pd.Series | pd.DataFrame = np.inf,
    top: float = 1.0,
) -> pd.DataFrame:
    """Tell the same for a weighted geometric mean.

    Parameters
    ----------
    scores, weights, target, costs, most, top
        As in `cheapest_improvement`; scores at least 0. Weights of what is missing must be 0.

    Returns
    -------
    DataFrame, n × m

    Raises
    ------
    MethodError
        As there, and for scores below 0.

    Notes
    -----
    Minimise ``sum_j c_j d_j`` subject to ``sum_j w_j ln(x_j + d_j) >= ln T``: convex, and optimal
    where ``x_j + d_j = min(max(u w_j / c_j, x_j), top_j)`` with one u for all. The left side is
    piecewise linear in ln u, so u is read off between two sorted breakpoints, exactly.

    Examples
    --------
    >>> scores = pd.DataFrame({"a": [0.25], "b": [1.0]})
    >>> cheapest_geometric_improvement(scores, pd.Series({"a": 0.5, "b": 0.5}), 0.7)
          a    b
    0  0.24  0.0
    """
    x = as_matrix(scores, what="scores", least=0, missing=True)
    refuse_columns(
        np.nanmin(x, axis=0, initial=0.0) < 0,
        list(scores.columns),
        "scores must be at least 0 for a geometric mean, got less in",
        "Normalise to 0..1 first.",
    )
    w, c = _weights(weights, scores), _costs(costs, scores)
    wanted = _by_row(target, scores)
    end = np.minimum(top, x + _most(most, scores))
    rises = np.zeros_like(x, order="F")
    for rows in row_blocks(x):
        own = np.broadcast_to(w if w.ndim == 1 else w[rows], x[rows].shape)
        rises[rows] = _fill_up(x[rows], end[rows], own, c, wanted[rows])
    return pd.DataFrame(rises, index=scores.index, columns=scores.columns, copy=False)


@dataclass(frozen=True, eq=False, slots=True)
class Actions:
    """Answer of `cheapest_actions`.

    Attributes
    ----------
    chosen : tuple of str
        The actions to take, in the order they were given; empty where nothing is needed.
    cost : float
        What they cost together; NaN where even all of them do not reach the target.
    scores : Series, m
        The scores after them, cut off at the top.
    score : float
        Their weighted mean.
    """

    chosen: tuple[str, ...]
    cost: float
    scores: pd.Series
    score: float

    def __repr__(self) -> str:
        return f"Actions({', '.join(self.chosen) or 'none'}: cost {self.cost:g}, {self.score:.4g})"


def cheapest_actions(
    scores: pd.Series,
    weights: pd.Series,
    target: float,
    *,
    actions: pd.DataFrame,
    costs: pd.Series,
    top: float = 1.0,
    gates: Mapping[str, tuple[Sequence[str], float]] | None = None,
) -> Actions:
    """Choose the cheapest set of whole actions after which one organisation reaches a score.

    Parameters
    ----------
    scores : Series of float, m
        Its scores; NaN counts as 0.
    weights : Series of float, m
        Sum 1.
    target : float
        The weighted mean to be reached.
    actions : DataFrame, a × m
        One row per action: how many points it adds to each score. An action is taken or not.
    costs : Series of float, a
        What each action costs, at least 0.
    top : float
        The best score; what would lie above is lost.
    gates : mapping, optional
        As in `cheapest_improvement`, but any sets of columns.

    Returns
    -------
    Actions

    Raises
    ------
    MethodError
        Where weights, actions or costs do not fit, or a cost is below 0.

    Notes
    -----
    A mixed-integer programme (HiGHS): minimise ``sum_i k_i z_i`` with z_i 0 or 1, ``y_j <= x_j +
    sum_i a_ij z_i``, ``y_j <= top``, and ``sum_j w_j y_j >= T`` for the whole and every gate.

    Examples
    --------
    >>> scores = pd.Series({"team": 0.5, "rooms": 0.2})
    >>> found = cheapest_actions(
    ...     scores, pd.Series({"team": 0.5, "rooms": 0.5}), 0.6,
    ...     actions=pd.DataFrame(
    ...         {"team": [0.3, 0.0, 0.1], "rooms": [0.0, 0.5, 0.3]},
    ...         index=["train", "build", "borrow"],
    ...     ),
    ...     costs=pd.Series({"train": 2.0, "build": 5.0, "borrow": 2.5}),
    ... )
    >>> found
    Actions(train, borrow: cost 4.5, 0.7)
    """
    codes = list(scores.index)
    x = np.nan_to_num(scores.to_numpy(dtype=float))
    w = check_weights(weights, codes)
    lost = [code for code in codes if code not in actions.columns]
    if lost:
        raise MethodError(
            f"actions must have a column for every score, got none for {listed(lost)}. "
            "Add it, with 0 where an action does not change it."
        )
    gains = as_matrix(actions[codes], what="actions")
    price = costs.reindex(actions.index).to_numpy(dtype=float)
    refuse_columns(
        ~((price >= 0) & np.isfinite(price)),
        list(actions.index),
        "costs must be at least 0 for every action, got another or none for",
        "Give what it costs.",
    )
    a, m = gains.shape
    # Rows: y - gains' z <= x; then one weighted sum for the whole and for each gate.
    sums, least = [w], [float(target)]
    for columns, low in (gates or {}).values():
        own = np.where(np.isin(codes, list(columns)), w, 0.0)
        sums.append(own / own.sum())
        least.append(float(low))
    asked = LinearConstraint(np.hstack([np.zeros((len(sums), a)), np.array(sums)]), least, np.inf)
    reached = LinearConstraint(np.hstack([-gains.T, np.eye(m)]), -np.inf, x)
    found = milp(
        np.r_[price, np.zeros(m)],
        constraints=[asked, reached],
        integrality=np.r_[np.ones(a), np.zeros(m)],
        bounds=Bounds(np.r_[np.zeros(a), np.full(m, -np.inf)], np.r_[np.ones(a), np.full(m, top)]),
    )
    taken = np.zeros(a, dtype=bool) if found.x is None else found.x[:a] > 0.5
    after = np.minimum(top, x + taken @ gains)
    return Actions(
        tuple(str(name) for name in actions.index[taken]),
        float(price[taken].sum()) if found.x is not None else np.nan,
        pd.Series(after, index=scores.index, name="score"),
        float(w @ after),
    )


def _raise(
    x: FloatArray,
    w: FloatArray,
    c: FloatArray,
    room: FloatArray,
    target: FloatArray,
    gates: list[tuple[npt.NDArray[np.intp], FloatArray]],
    rows: slice | npt.NDArray[np.intp],
    top: float,
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Raise organisations with the same weights; tell for which something is out of reach."""
    rises = np.zeros_like(room, order="F")
    missed = np.zeros(len(x), dtype=bool)
    every = np.arange(x.shape[1])
    for columns, low in [*((g, least[rows]) for g, least in gates), (every, target)]:
        own = w[columns]
        if not own.sum() > 0:
            # Nothing counts there: nothing can be missed.
            continue
        gap = np.fmax(low * own.sum() - (x[:, columns] + rises[:, columns]) @ own, 0.0)
        for tied in _cheapest_first(own / c[columns]):
            _step(rises, gap, w, x, room, columns[tied])
        missed |= gap > REACHED * top
    return rises, missed


def _step(
    rises: FloatArray,
    gap: FloatArray,
    w: FloatArray,
    x: FloatArray,
    room: FloatArray,
    tied: npt.NDArray[np.intp],
) -> None:
    """Raise columns that are equally cheap until the gap is closed, the lowest score first."""
    if len(tied) == 1:
        j = tied[0]
        step = np.clip(gap / w[j], 0.0, room[:, j] - rises[:, j])
        rises[:, j] += step
        gap -= w[j] * step
        return
    order = np.argsort(x[:, tied], axis=1, kind="stable")
    weight = w[tied][order]
    gain = np.take_along_axis(room[:, tied] - rises[:, tied], order, axis=1) * weight
    before = np.cumsum(gain, axis=1) - gain
    taken = np.clip(gap[:, None] - before, 0.0, gain)
    steps = np.empty_like(taken)
    np.put_along_axis(steps, order, taken / weight, axis=1)
    rises[:, tied] += steps
    gap -= taken.sum(axis=1)


def _cheapest_first(worth: FloatArray) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the positions of equal worth together, the best first; none that is worth nothing."""
    key = worth.round(12)
    for value in np.unique(key[key > 0])[::-1]:
        yield np.flatnonzero(key == value)


def _alike(w: FloatArray, n: int) -> Iterator[tuple[slice | npt.NDArray[np.intp], FloatArray]]:
    """Yield rows with the same weights together, in blocks that stay in cache."""
    if w.ndim == 1:
        for rows in row_blocks(np.broadcast_to(w, (n, len(w)))):
            yield rows, w
        return
    # One number tells rows apart, so that they need not be sorted; where it fails, they are.
    code, _ = pd.factorize(w @ np.random.default_rng(0).uniform(1, 2, w.shape[1]))
    first = np.flatnonzero(~pd.Series(code).duplicated())  # kinds are numbered as they appear
    if not np.array_equal(w[first][code], w):
        _, first, code = np.unique(w, axis=0, return_index=True, return_inverse=True)
    if len(first) == 1:
        yield from _alike(w[0], n)
        return
    # Blocks stay in cache where kinds are few, and hold about a thousand rows of each kind.
    for block in row_blocks(w, max(BLOCK_CELLS, 1024 * len(first) * w.shape[1])):
        order = block.start + np.argsort(code[block], kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(code[order])) + 1):
            yield members, w[members[0]]


def _fill_up(
    x: FloatArray, end: FloatArray, w: FloatArray, c: FloatArray, target: FloatArray
) -> FloatArray:
    """Find the common level u of every row and return the rises up to it."""
    counts = (w > 0) & ~np.isnan(x)
    low, high = (np.log(np.maximum(np.where(counts, v, 1.0), SMALLEST)) for v in (x, end))
    with np.errstate(divide="ignore"):
        shift = np.where(counts, np.log(np.where(counts, w, 1.0) / c), 0.0)
    own = np.where(counts, w, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        need = np.log(target) - (own * low).sum(axis=1)
    need = np.where(need > 0, need, 0.0)  # NaN asks for nothing
    breaks = np.hstack([low - shift, high - shift])
    order = np.argsort(breaks, axis=1)
    breaks = np.take_along_axis(breaks, order, axis=1)
    slope = np.cumsum(np.take_along_axis(np.hstack([own, -own]), order, axis=1), axis=1)
    gained = np.zeros_like(breaks)
    np.cumsum(slope[:, :-1] * np.diff(breaks, axis=1), axis=1, out=gained[:, 1:])
    rows = np.arange(len(x))
    at = np.maximum((gained < need[:, None]).sum(axis=1) - 1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = breaks[rows, at] + (need - gained[rows, at]) / slope[rows, at]
    level = np.where(need >= gained[:, -1], breaks[:, -1], level)
    after = np.exp(np.clip(level[:, None] + shift, low, high))
    rises: FloatArray = np.where(counts & (need > 0)[:, None], np.maximum(after - x, 0.0), 0.0)
    rises[need > gained[:, -1] + REACHED] = np.nan
    return rises


def _weights(weights: pd.Series | pd.DataFrame, scores: pd.DataFrame) -> FloatArray:
    if isinstance(weights, pd.Series):
        return check_weights(weights, scores.columns)
    if not (weights.index.equals(scores.index) and list(weights) == column_names(scores)):
        raise MethodError(
            "weights by row must have the rows and columns of the scores, got others. "
            "Reindex them like the scores."
        )
    w = as_matrix(weights, what="weights", least=0)
    wrong = (w < 0).any(axis=1) | (np.abs(w.sum(axis=1) - 1) > 1e-9)
    if wrong.any():
        raise MethodError(
            "weights of every row must be at least 0 and sum to 1, got others in "
            f"{listed(weights.index[wrong])}. Divide them by their sum."
        )
    return w


def _costs(costs: pd.Series | None, scores: pd.DataFrame) -> FloatArray:
    if costs is None:
        return np.ones(scores.shape[1])
    c = costs.reindex(scores.columns).to_numpy(dtype=float)
    refuse_columns(
        ~((c > 0) & np.isfinite(c)),
        list(scores.columns),
        "costs must be above 0 for every indicator, got another or none for",
        "Give what one unit of the score costs.",
    )
    return c


def _most(most: float | pd.Series | pd.DataFrame, scores: pd.DataFrame) -> FloatArray | float:
    # What is not named may rise as far as the top.
    if isinstance(most, pd.DataFrame):
        table = most.reindex(index=scores.index, columns=scores.columns)
        return table.fillna(np.inf).to_numpy(dtype=float)
    if isinstance(most, pd.Series):
        return most.reindex(scores.columns).fillna(np.inf).to_numpy(dtype=float)
    return float(most)


def _by_row(least: float | pd.Series, scores: pd.DataFrame) -> FloatArray:
    if isinstance(least, pd.Series):
        return least.reindex(scores.index).to_numpy(dtype=float)
    return np.full(len(scores), float(least))


def _nested(gates: Gates, scores: pd.DataFrame) -> list[tuple[npt.NDArray[np.intp], FloatArray]]:
    """Return the columns and the limits of the gates, the narrowest first."""
    found: list[tuple[str, npt.NDArray[np.intp], FloatArray]] = []
    for name, (columns, least) in gates.items():
        lost = [code for code in columns if code not in scores.columns]
        if lost:
            raise MethodError(
                f"a gate must name columns of the scores, got {listed(lost)} in {name!r}. "
                "Correct the name."
            )
        places = scores.columns.get_indexer(pd.Index(list(columns)))
        for other, own, _ in found:
            common = set(own.tolist()) & set(places.tolist())
            if common and len(common) < min(len(own), len(places)):
                raise MethodError(
                    f"gates must be nested or apart, got {other!r} and {name!r}, which cross. "
                    "Use cheapest_actions, which takes any gates."
                )
        found.append((name, places, _by_row(least, scores)))
    return [(places, least) for _, places, least in sorted(found, key=lambda gate: len(gate[1]))]
