"""Expert weights without judgement matrices: best–worst, order relation, budgets, ratings."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog

from ..errors import MethodError
from .guards import FloatArray, as_matrix, as_vector, like_columns, listed, refuse_columns


@dataclass(frozen=True, eq=False, slots=True)
class BestWorst:
    """Weights by the best–worst method.

    Attributes
    ----------
    weights : Series
        Sum 1.
    xi : float
        Largest distance between a weight and what the judgements ask of it; 0 where they agree.
    input_ratio : float
        Consistency of the judgements themselves, 0..1: ``max_j |b_j o_j - b_W| / (b_W^2 - b_W)``.
    best, worst : label
        What the others were compared with.
    """

    weights: pd.Series
    xi: float
    input_ratio: float
    best: Hashable
    worst: Hashable

    def __repr__(self) -> str:
        """Return one line."""
        return f"BestWorst({len(self.weights)} weights, xi {self.xi:.4f})"


def best_worst(best_to_others: pd.Series, others_to_worst: pd.Series) -> BestWorst:
    """Weights by the best–worst method, linear model.

    Parameters
    ----------
    best_to_others : Series, n
        How many times the best counts as much as each, 1..9; 1 for the best itself.
    others_to_worst : Series, n
        How many times each counts as much as the worst; 1 for the worst itself. The same labels.

    Returns
    -------
    BestWorst
        Where several are 1, the best is the one that counts most against the worst, and the worst
        the one that counts least against the best (the first of equals).

    Raises
    ------
    MethodError
        For other labels, judgements below 1 or none that is 1.

    Notes
    -----
    Least xi with ``|w_B - b_j w_j| <= xi``, ``|w_j - o_j w_W| <= xi``, ``sum(w) = 1``, ``w >= 0``:
    one linear programme, solved by HiGHS.

    References
    ----------
    Rezaei (2016), Omega 64, 126–130; Liang, Brunelli and Rezaei (2020), Omega 96, 102175, for the
    ratio of the judgements.

    Examples
    --------
    >>> names = ["班子", "队伍", "业绩"]
    >>> made = best_worst(pd.Series([8, 2, 1], names), pd.Series([1, 4, 8], names))
    >>> made.weights.round(4).to_dict(), made.xi
    ({'班子': 0.0769, '队伍': 0.3077, '业绩': 0.6154}, 0.0)
    """
    names = list(best_to_others.index)
    if set(names) != set(others_to_worst.index) or len(names) != len(others_to_worst):
        raise MethodError(
            "both comparisons must have the same labels, got "
            f"{listed(names)} and {listed(others_to_worst.index)}. Compare the same things."
        )
    b = as_vector(best_to_others, what="best_to_others", least=2)
    o = as_vector(others_to_worst.loc[names], what="others_to_worst")
    for what, judged in (("best_to_others", b), ("others_to_worst", o)):
        refuse_columns(
            judged < 1, names, f"{what} must be at least 1, got less for", "Judge it from 1 to 9."
        )
        if judged.min() > 1:
            raise MethodError(
                f"{what} must be 1 for one of them, got {judged.min():g} or more for all. "
                "Give 1 to what the others are compared with."
            )
    best = int(np.where(b == 1, o, -np.inf).argmax())
    worst = int(np.where(o == 1, b, -np.inf).argmax())
    n, eye = len(names), np.eye(len(names))
    gaps = np.vstack([eye[best] - b[:, None] * eye, eye - o[:, None] * eye[worst]])
    rows = np.vstack([gaps, -gaps])
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.column_stack([rows, -np.ones(len(rows))]),
        b_ub=np.zeros(len(rows)),
        A_eq=np.append(np.ones(n), 0.0)[None],
        b_eq=[1.0],
        method="highs",
    )
    whole = b[worst]
    ratio = np.abs(b * o - whole).max() / (whole**2 - whole) if whole > 1 else 0.0
    weights = pd.Series(found.x[:n] / found.x[:n].sum(), index=names, name="weight")
    return BestWorst(weights, max(float(found.x[n]), 0.0), float(ratio), names[best], names[worst])


def order_relation(order: Sequence[Hashable], ratios: Sequence[float]) -> pd.Series:
    """Weights by order relation (序关系分析法, G1): an order and its steps.

    Parameters
    ----------
    order : sequence, m
        What is weighed, the most important first.
    ratios : sequence, m - 1
        ``w_{k-1} / w_k``: 1 equally, 1.2 slightly, 1.4 clearly, 1.6 strongly, 1.8 extremely more
        important than the next.

    Returns
    -------
    Series, m
        Weights, sum 1, in the order given.

    Raises
    ------
    MethodError
        For repeated things, a ratio below 1 (which would turn the order round) or above 2, or
        another number of ratios.

    Notes
    -----
    ``w_m = 1 / (1 + sum_k prod_{i>=k} r_i)``, ``w_{k-1} = r_k w_k``. No matrix, so nothing can
    contradict itself and no consistency needs a test.

    References
    ----------
    郭亚军 (2007). 综合评价理论、方法及应用. 科学出版社.

    Examples
    --------
    >>> order_relation(["业绩", "队伍", "班子"], [1.2, 1.5]).round(4).to_dict()
    {'业绩': 0.4186, '队伍': 0.3488, '班子': 0.2326}
    """
    names = list(order)
    repeated = [name for k, name in enumerate(names) if name in names[:k]]
    if repeated:
        raise MethodError(
            f"order must name everything once, got {listed(repeated)} more than once. Drop it."
        )
    steps = as_vector(list(ratios), what="ratios", least=0)
    if len(steps) != len(names) - 1:
        raise MethodError(
            f"ratios must be one fewer than what is ordered, got {len(steps)} for {len(names)}. "
            "Give one between each and the next."
        )
    refuse_columns(
        (steps < 1) | (steps > 2),
        names[:-1],
        "ratios must lie between 1 and 2, got another one after",
        "Choose 1, 1.2, 1.4, 1.6 or 1.8, or change the order.",
    )
    w = np.append(np.cumprod(steps[::-1])[::-1], 1.0)
    return pd.Series(w / w.sum(), index=names, name="weight")


def budget_allocation(points: pd.DataFrame | npt.ArrayLike, *, budget: float = 100.0) -> Any:
    """Weights by budget allocation (专家打分分配): the mean share of the points experts gave away.

    Parameters
    ----------
    points : DataFrame or array, experts × m
        At least 0; every row sums to the budget.
    budget : float
        Points each expert had.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        Where an expert did not give away the budget, or points are negative or missing.

    References
    ----------
    OECD/JRC (2008), p. 96.

    Examples
    --------
    >>> budget_allocation([[50, 30, 20], [70, 10, 20]])
    array([0.6, 0.2, 0.2])
    """
    array = _ratings(points, "points")
    off = np.abs(array.sum(axis=1) - budget) > 1e-9 * budget
    refuse_columns(
        off,
        _experts(points),
        f"the points of every expert must sum to {budget:g}, got another sum from",
        "Ask them again, or use direct_rating.",
    )
    return like_columns(points, array.mean(axis=0) / budget, "weight")


def direct_rating(ratings: pd.DataFrame | npt.ArrayLike) -> Any:
    """Weights by direct rating: the mean of each expert's shares.

    Parameters
    ----------
    ratings : DataFrame or array, experts × m
        How important everything is, at least 0, on any scale; each expert's own level does not
        count, as ratings are divided by the expert's sum first.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        For missing or negative ratings, or an expert who gave only 0.

    Examples
    --------
    >>> direct_rating([[5, 5], [9, 3]])
    array([0.625, 0.375])
    """
    array = _ratings(ratings, "ratings")
    total = array.sum(axis=1, keepdims=True)
    refuse_columns(
        total[:, 0] <= 0,
        _experts(ratings),
        "ratings of every expert must have a positive sum, got 0 from",
        "Leave this expert out.",
    )
    return like_columns(ratings, (array / total).mean(axis=0), "weight")


def _experts(table: pd.DataFrame | npt.ArrayLike) -> list[Any]:
    return list(table.index) if isinstance(table, pd.DataFrame) else list(range(np.shape(table)[0]))


def _ratings(table: pd.DataFrame | npt.ArrayLike, what: str) -> FloatArray:
    array = as_matrix(table, what=what)
    refuse_columns(
        (array < 0).any(axis=1),
        _experts(table),
        f"{what} must be at least 0, got a negative number from",
        "Correct it.",
    )
    return array
