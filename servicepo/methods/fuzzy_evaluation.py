"""Fuzzy comprehensive evaluation (模糊综合评价): memberships of indicators made into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import (
    BLOCK_CELLS,
    FloatArray,
    as_matrix,
    as_vector,
    check_weights,
    choose,
    column_names,
    like_rows,
    listed,
    refuse_columns,
    row_blocks,
)
from .moments import Table

MEMBERSHIP_SUM: Final = 1e-6  # memberships told with six decimals sum to 1


@dataclass(frozen=True, eq=False, slots=True)
class FuzzyEvaluation:
    """Answer of `fuzzy_evaluation`.

    Attributes
    ----------
    membership : Series
        Membership of the whole in every grade, sum 1.
    grade : label
        Where it is greatest (最大隶属度原则); the first of equals.
    effectiveness : float
        How far that grade may be trusted: ``(g b - 1) / (2 c (g - 1))`` for g grades with greatest
        membership b and second c; above 1 very effective, 0.5–1 effective, below little; infinite
        where there is no second.
    score : float
        Membership times marks; NaN without marks.
    dimensions : DataFrame
        Membership of every dimension of every level; empty where there is one level.
    operator : str
    """

    membership: pd.Series
    grade: Any
    effectiveness: float
    score: float
    dimensions: pd.DataFrame
    operator: str

    def __repr__(self) -> str:
        """Return one line."""
        most = self.membership[self.grade]
        return f"FuzzyEvaluation({self.grade!r} with {most:.3f}, {self.operator})"


def fuzzy_evaluation(
    memberships: pd.DataFrame,
    weights: pd.Series,
    *,
    operator: str = "weighted_average",
    dimensions: Mapping[str, str] | pd.Series | None = None,
    dimension_weights: pd.Series | None = None,
    marks: pd.Series | Mapping[str, float] | None = None,
) -> FuzzyEvaluation:
    """Evaluate one organisation from the memberships of its indicators, level by level.

    Parameters
    ----------
    memberships : DataFrame, m × g
        Membership of every indicator in every grade, 0..1, rows sum to 1 (shares of votes, or
        `memberships_by_value`).
    weights : Series, m
        Sum 1; within each dimension where there are dimensions.
    operator : {"weighted_average", "max_min", "max_product", "bounded_sum", "balanced"}
        加权平均 M(·,+), 主因素决定 M(∧,∨), 主因素突出 M(·,∨), 取小上界和 M(∧,⊕) and 均衡平均
        M(∧,+). They often disagree; the first uses all that is known.
    dimensions : mapping, optional
        Indicator -> dimension; also dimension -> dimension above it, to any depth.
    dimension_weights : Series, optional
        Weights of the dimensions, sum 1 at the top and within each dimension of dimensions; needed
        with ``dimensions``.
    marks : Series or mapping, optional
        What every grade is worth, such as 95, 85, 70, 50.

    Returns
    -------
    FuzzyEvaluation

    Raises
    ------
    MethodError
        For memberships outside 0..1 or that do not sum to 1, weights that do not fit, an indicator
        without dimension, a dimension that stands below itself, or a grade without mark.

    Notes
    -----
    With weights a and memberships r: ``sum_i a_i r_ij``; ``max_i min(a_i, r_ij)``;
    ``max_i a_i r_ij``; ``min(1, sum_i min(a_i, r_ij))``; ``sum_i min(a_i, r_ij / sum_k r_kj)``.
    Each result is divided by its sum. What comes out for a dimension is a row of the level above.

    References
    ----------
    杜栋, 庞庆华, 吴炎 (2008). 现代综合评价方法与案例精选. 清华大学出版社.

    Examples
    --------
    >>> votes = pd.DataFrame({"好": [0.6, 0.2], "一般": [0.4, 0.8]}, index=["队伍", "业绩"])
    >>> half = pd.Series({"队伍": 0.5, "业绩": 0.5})
    >>> made = fuzzy_evaluation(votes, half, marks={"好": 90, "一般": 60})
    >>> made.membership.round(2).to_dict(), made.grade, round(made.score, 1)
    ({'好': 0.4, '一般': 0.6}, '一般', 72.0)
    """
    compose = choose(operator, OPERATORS, "operator")
    r = _memberships(memberships)
    grades = memberships.columns
    below = pd.DataFrame(columns=grades, dtype=float)
    if dimensions is None:
        b = _scaled(compose(check_weights(weights, memberships.index), r))
    else:
        tree = _Tree(memberships, r, weights, dict(dimensions), dimension_weights)
        b = tree.compose(None, compose)
        below = pd.DataFrame.from_dict(tree.found, orient="index", columns=grades)
    first = int(b.argmax())
    second = float(np.partition(b, -2)[-2]) if len(b) > 1 else 0.0
    lead = len(b) * float(b[first]) - 1
    return FuzzyEvaluation(
        pd.Series(b, index=grades, name="membership"),
        grades[first],
        lead / (2 * second * (len(b) - 1)) if second > 0 else float("inf"),
        float("nan") if marks is None else float(b @ _marks(marks, grades)),
        below,
        operator,
    )


def memberships_by_value(
    values: pd.Series, centres: pd.Series | Mapping[str, float], *, shape: str = "triangular"
) -> pd.DataFrame:
    """Turn values into memberships in grades that have a typical value each.

    Parameters
    ----------
    values : Series, m
        NaN is refused.
    centres : Series or mapping
        Grade -> its typical value, rising or falling all along, at least 2.
    shape : {"triangular", "normal"}
        "triangular": linear between two neighbouring centres, whole beyond the outer ones;
        "normal": a bell around every centre, one half midway to the nearest other, scaled.

    Returns
    -------
    DataFrame, m × g
        Rows sum to 1.

    Raises
    ------
    MethodError
        For missing values, or centres that do not rise or fall.

    Examples
    --------
    >>> values = pd.Series({"a": 75.0, "b": 99.0})
    >>> memberships_by_value(values, {"好": 90, "一般": 70, "差": 50}).round(2)
          好    一般    差
    a  0.25  0.75  0.0
    b  1.00  0.00  0.0
    """
    x = as_vector(values, what="values")
    typical = pd.Series(dict(centres), dtype=float)
    c = typical.to_numpy(dtype=float)
    if len(c) < 2 or not ((np.diff(c) > 0).all() or (np.diff(c) < 0).all()):
        raise MethodError(
            f"centres must rise or fall all along, at least 2 of them, got {c.tolist()}. "
            "Put the grades in order."
        )
    shape_of = choose(shape, {"triangular": _triangular, "normal": _normal}, "shape")
    turned = c[0] > c[-1]
    table = shape_of(x, np.sort(c).astype(float))
    return pd.DataFrame(
        table[:, ::-1] if turned else table, index=values.index, columns=typical.index
    )


def fuzzy_scores(
    x: Table,
    weights: pd.Series | npt.ArrayLike,
    *,
    operator: str = "weighted_average",
    grades: Sequence[float] = (100.0, 75.0, 50.0, 25.0, 0.0),
) -> Any:
    """Evaluate many organisations from their scores: what their grades are worth together.

    Every score becomes memberships in the two grades nearest to it, these are composed as in
    `fuzzy_evaluation`, and the result is worth the mean of the grades. With grades from end to end
    of the scores, "weighted_average" is the arithmetic mean; the other operators are not.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Scores, more is better. NaN is refused.
    weights : Series or array, m
        At least 0, sum 1.
    operator : str
        A word of `OPERATORS`.
    grades : sequence of float
        What a typical member of every grade scores, and what the grade is worth: falling or rising
        all along.

    Returns
    -------
    Series or ndarray, n
        Within the range of the grades.

    Raises
    ------
    MethodError
        For missing scores, weights that do not fit, or grades that do not rise or fall.

    Examples
    --------
    >>> x = np.array([[90.0, 40.0], [60.0, 60.0]])
    >>> fuzzy_scores(x, [0.75, 0.25])
    array([77.5, 60. ])
    >>> fuzzy_scores(x, [0.75, 0.25], operator="max_min")
    array([72.5, 60. ])
    """
    compose = choose(operator, OPERATORS, "operator")
    array, w = as_matrix(x), check_weights(weights, column_names(x))
    c = np.asarray(grades, dtype=float)
    if len(c) < 2 or not ((np.diff(c) > 0).all() or (np.diff(c) < 0).all()):
        raise MethodError(
            f"grades must rise or fall all along, at least 2 of them, got {c.tolist()}. "
            "Put them in order."
        )
    worth = np.sort(c)
    scores = np.empty(len(array))
    for rows in row_blocks(array, cells=BLOCK_CELLS // len(c)):
        block = array[rows]
        r = _triangular(block.ravel(), worth).reshape(*block.shape, len(c))
        b = compose(w, r)
        scores[rows] = b @ worth / b.sum(axis=1)
    return like_rows(x, scores, "score")


def _memberships(memberships: pd.DataFrame) -> FloatArray:
    r = as_matrix(memberships, what="memberships")
    refuse_columns(
        ((r < 0) | (r > 1)).any(axis=1) | (np.abs(r.sum(axis=1) - 1) > MEMBERSHIP_SUM),
        memberships.index,
        "memberships must lie between 0 and 1 and sum to 1 for every indicator, got others for",
        "Divide votes by their number.",
    )
    return r


class _Tree:
    """Indicators below dimensions, dimensions below others, None above all."""

    def __init__(
        self,
        memberships: pd.DataFrame,
        r: FloatArray,
        weights: pd.Series,
        above: Mapping[Any, Any],
        dimension_weights: pd.Series | None,
    ) -> None:
        leaves = list(memberships.index)
        self.rows = dict(zip(leaves, r, strict=True))
        self.found: dict[Any, FloatArray] = {}
        lost = [name for name in leaves if name not in above]
        if lost:
            raise MethodError(
                f"every indicator must have a dimension, got none for {listed(lost)}. Name it."
            )
        if dimension_weights is None:
            raise MethodError(
                "dimension_weights must be given with dimensions, got None. Give one per dimension."
            )
        self.below: dict[Any, list[Any]] = {}
        for leaf in leaves:
            name, path = leaf, [leaf]
            while name is not None:
                parent = above.get(name)
                if parent in path or parent in self.rows:
                    raise MethodError(
                        "no dimension may stand below itself or be called like an indicator, got "
                        f"{parent!r}. Rename it."
                    )
                path.append(parent)
                members = self.below.setdefault(parent, [])
                members += [] if name in members else [name]
                name = parent
        self.weights = {"weights": weights, "dimension_weights": dimension_weights}
        for what, wanted in (
            ("weights", leaves),
            ("dimension_weights", [name for name in self.below if name is not None]),
        ):
            unweighed = [name for name in wanted if name not in self.weights[what].index]
            if unweighed:
                kind = "indicator" if what == "weights" else "dimension"
                raise MethodError(
                    f"{what} must name every {kind}, got none for {listed(unweighed)}. Add it."
                )

    def compose(
        self, name: Any, rule: Callable[[FloatArray, FloatArray], FloatArray]
    ) -> FloatArray:
        """Return the membership of a dimension (None: of the whole) from those below it."""
        members = self.below[name]
        r = np.array([self.rows[k] if k in self.rows else self.compose(k, rule) for k in members])
        own = [
            self.weights["weights" if k in self.rows else "dimension_weights"][k] for k in members
        ]
        what = "dimension_weights" if name is None else f"weights within {name!r}"
        made = _scaled(rule(check_weights(pd.Series(own, index=members), members, what=what), r))
        if name is not None:
            self.found[name] = made
        return made


def _scaled(b: FloatArray) -> FloatArray:
    return np.asarray(b / b.sum())


def _marks(marks: pd.Series | Mapping[str, float], grades: pd.Index) -> FloatArray:
    worth = dict(marks)
    lost = [grade for grade in grades if grade not in worth]
    if lost:
        raise MethodError(f"marks must name every grade, got none for {listed(lost)}. Add it.")
    return as_vector([float(worth[grade]) for grade in grades], what="marks")


def _weighted_average(a: FloatArray, r: FloatArray) -> FloatArray:
    return np.asarray(a @ r)


def _max_min(a: FloatArray, r: FloatArray) -> FloatArray:
    found: FloatArray = np.minimum(a[:, None], r).max(axis=-2)
    return found


def _max_product(a: FloatArray, r: FloatArray) -> FloatArray:
    found: FloatArray = (a[:, None] * r).max(axis=-2)
    return found


def _bounded_sum(a: FloatArray, r: FloatArray) -> FloatArray:
    found: FloatArray = np.minimum(a[:, None], r).sum(axis=-2)
    return np.minimum(found, 1.0, out=found)


def _balanced(a: FloatArray, r: FloatArray) -> FloatArray:
    total = r.sum(axis=-2, keepdims=True)
    shares = np.divide(r, total, out=np.zeros_like(r), where=total > 0)
    found: FloatArray = np.minimum(a[:, None], shares).sum(axis=-2)
    return found


OPERATORS: Final[Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]]] = MappingProxyType(
    {
        "weighted_average": _weighted_average,
        "max_min": _max_min,
        "max_product": _max_product,
        "bounded_sum": _bounded_sum,
        "balanced": _balanced,
    }
)
"""The words for compositions of weights and memberships."""


def _triangular(x: FloatArray, c: FloatArray) -> FloatArray:
    return np.column_stack([np.interp(x, c, unit) for unit in np.eye(len(c))])


def _normal(x: FloatArray, c: FloatArray) -> FloatArray:
    steps = np.diff(c)
    near = np.minimum(np.append(np.inf, steps), np.append(steps, np.inf))
    logs: FloatArray = -np.log(2) * (2 * (x[:, None] - c) / near) ** 2
    bells: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True))
    bells /= bells.sum(axis=1, keepdims=True)
    return bells
