"""Aggregation: scores become one number per organisation.

Every function takes scores of which more is better (n organisations × m columns) and m weights, and
returns n numbers: a Series for a frame, an array for an array. A missing score is left out and the
weights of the row's other scores are scaled up to sum 1; a row without any score is NaN. How much
must be present is the caller's rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .benefit_of_the_doubt import benefit_of_the_doubt
from .guards import (
    FloatArray,
    as_matrix,
    as_vector,
    check_weights,
    choose,
    column_names,
    like_rows,
    listed,
    refuse_columns,
    refuse_constant,
    row_blocks,
)
from .voting import borda, copeland, kemeny

Table: TypeAlias = pd.DataFrame | npt.NDArray[Any]
Weights: TypeAlias = pd.Series | npt.ArrayLike
# (scores of some rows, their weights with sum 1 and 0 for what is missing) -> one number per row
Kernel: TypeAlias = Callable[[FloatArray, FloatArray], FloatArray]


def aggregate(
    x: Table, weights: Weights, method: str | Callable[[Table, Weights], Any] = "arithmetic"
) -> Any:
    """Aggregate scores by a word or a callable.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Scores, more is better; NaN is left out row by row.
    weights : Series or array, m
        At least 0, sum 1.
    method : str or callable
        A word of `AGGREGATIONS`, or ``(x, weights) -> n numbers``, such as
        ``functools.partial(power, exponent=0.5)``.

    Returns
    -------
    Series or ndarray, n

    Raises
    ------
    MethodError
        For an unknown word or whatever the method refuses.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [40.0, 80.0], "b": [60.0, np.nan]}, index=["甲村", "乙村"])
    >>> aggregate(x, pd.Series({"a": 0.75, "b": 0.25}))
    甲村    45.0
    乙村    80.0
    Name: score, dtype: float64
    """
    return (choose(method, AGGREGATIONS, "aggregate") if isinstance(method, str) else method)(
        x, weights
    )


def arithmetic(x: Table, weights: Weights) -> Any:
    """Weighted arithmetic mean: ``sum(w x)``. A weak score is made up for by a strong one.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Scores, more is better; NaN is left out row by row.
    weights : Series or array, m
        At least 0, sum 1.

    Returns
    -------
    Series or ndarray, n
        On the scale of the scores.

    Raises
    ------
    MethodError
        For infinite scores or weights that are not as said.

    Examples
    --------
    >>> arithmetic(np.array([[0.0, 1.0]]), [0.25, 0.75])
    array([0.75])
    """
    return _by_rows(x, weights, lambda block, w: block @ w if w.ndim == 1 else (block * w).sum(1))


def geometric(x: Table, weights: Weights) -> Any:
    """Weighted geometric mean: ``prod(x ** w)``. A weak score pulls the more the weaker it is.

    Parameters, returns and raises as in `arithmetic`; scores of 0 or less are refused.

    References
    ----------
    OECD/JRC (2008), p. 104.

    Examples
    --------
    >>> geometric(np.array([[21.0, 1, 1, 1], [6, 6, 6, 6]]), np.full(4, 0.25)).round(2)
    array([2.14, 6.  ])
    """
    _refuse_below(x, weights, "the geometric mean", at=True)
    return _by_rows(x, weights, lambda block, w: np.exp((np.log(block) * w).sum(1)))


def harmonic(x: Table, weights: Weights) -> Any:
    """Weighted harmonic mean: ``1 / sum(w / x)``.

    Parameters, returns and raises as in `arithmetic`; scores of 0 or less are refused.

    Examples
    --------
    >>> harmonic(np.array([[1.0, 3.0]]), [0.5, 0.5])
    array([1.5])
    """
    _refuse_below(x, weights, "the harmonic mean", at=True)
    return _by_rows(x, weights, lambda block, w: 1.0 / (w / block).sum(1))


def power(x: Table, weights: Weights, *, exponent: float = 0.5) -> Any:
    """Weighted power mean: ``sum(w x ** p) ** (1 / p)``.

    1 is the arithmetic, -1 the harmonic mean; the limit at 0 is the geometric mean.

    Parameters
    ----------
    x, weights
        As in `arithmetic`; negative scores are refused, and zeros where the exponent is below 0.
    exponent : float
        p, not 0.

    Returns
    -------
    Series or ndarray, n

    Raises
    ------
    MethodError
        As `arithmetic`, and for an exponent of 0.

    Examples
    --------
    >>> power(np.array([[1.0, 7.0]]), [0.5, 0.5], exponent=2)
    array([5.])
    """
    if exponent == 0 or not np.isfinite(exponent):
        raise MethodError(
            f"exponent must be a finite number other than 0, got {exponent!r}. "
            "Use geometric for 0 and minimum for minus infinity."
        )
    _refuse_below(x, weights, f"a power mean with exponent {exponent:g}", at=exponent < 0)
    return _by_rows(x, weights, lambda block, w: (block**exponent * w).sum(1) ** (1 / exponent))


def minimum(x: Table, weights: Weights) -> Any:
    """Take the weakest score (短板): nothing is made up for. Columns of weight 0 are left out.

    Parameters, returns and raises as in `arithmetic`.

    Examples
    --------
    >>> minimum(np.array([[0.2, 0.9]]), [0.5, 0.5])
    array([0.2])
    """
    return _by_rows(x, weights, lambda block, w: np.where(w > 0, block, np.inf).min(1))


def median(x: Table, weights: Weights) -> Any:
    """Weighted median: half of the weight lies on either side.

    Parameters, returns and raises as in `arithmetic`.

    Examples
    --------
    >>> median(np.array([[0.2, 0.9, 0.4]]), np.full(3, 1 / 3))
    array([0.4])
    """

    def kernel(block: FloatArray, w: FloatArray) -> FloatArray:
        ordered, ordered_w = _falling(block, w)
        reached = ordered_w.cumsum(axis=1)
        rows = np.arange(len(block))
        first = (reached > 0.5 - 1e-12).argmax(axis=1)
        second = (reached > 0.5 + 1e-12).argmax(axis=1)
        middle: FloatArray = (ordered[rows, first] + ordered[rows, second]) / 2
        return middle

    return _by_rows(x, weights, kernel)


def owa(x: Table, weights: Weights, *, alpha: float = 2.0) -> Any:
    """Ordered weighted average: scores count by their order, weak ones more where alpha > 1.

    Parameters
    ----------
    x, weights
        As in `arithmetic`.
    alpha : float
        Above 0. 1 is the arithmetic mean; large values approach the minimum, small the maximum.

    Returns
    -------
    Series or ndarray, n

    Raises
    ------
    MethodError
        As `arithmetic`, and for an alpha of 0 or less.

    Notes
    -----
    Scores fall from left to right; the i-th counts ``Q(S_i) - Q(S_{i-1})`` with
    ``Q(s) = s ** alpha`` and S the running sum of the weights in that order. With equal weights the
    orness tends to ``1 / (1 + alpha)``.

    References
    ----------
    Yager (1988), IEEE Trans. SMC 18, 183–190; Yager (1996), Int. J. Intelligent Systems 11, 49–73.

    Examples
    --------
    >>> owa(np.array([[0.2, 0.6]]), [0.5, 0.5])
    array([0.3])
    """
    if not alpha > 0:
        raise MethodError(f"alpha must be above 0, got {alpha!r}. Give 2 to stress weak scores.")

    def kernel(block: FloatArray, w: FloatArray) -> FloatArray:
        ordered, ordered_w = _falling(block, w)
        quantifier = np.minimum(ordered_w.cumsum(axis=1), 1.0) ** alpha
        share = np.diff(quantifier, axis=1, prepend=0.0)
        return (ordered * share).sum(axis=1)  # type: ignore[no-any-return]

    return _by_rows(x, weights, kernel)


def mazziotta_pareto(x: Table, weights: Weights, *, penalty: str = "negative") -> Any:
    """Mazziotta–Pareto index: the mean of standardised scores less a penalty for imbalance.

    Parameters
    ----------
    x, weights
        As in `arithmetic`; columns are standardised over the organisations to mean 100 and
        standard deviation 10 (n in the denominator), so a constant column is refused.
    penalty : {"negative", "positive"}
        "negative" (more is better) takes the penalty off, "positive" adds it.

    Returns
    -------
    Series or ndarray, n
        Around 100.

    Raises
    ------
    MethodError
        As `arithmetic`, and for a constant column.

    Notes
    -----
    ``M - S · S / M`` with mean M and standard deviation S of a row's standardised scores.

    References
    ----------
    De Muro, Mazziotta and Pareto (2011), Social Indicators Research 104, 1–18.

    Examples
    --------
    >>> mazziotta_pareto(np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 4.0]]), [0.5, 0.5]).round(3)
    array([ 90.267,  96.335, 113.187])
    """
    array = as_matrix(x, missing=True, least=2)
    refuse_constant(x, "the Mazziotta–Pareto index")
    sign = {"negative": -1.0, "positive": 1.0}
    z = 100 + 10 * (array - np.nanmean(array, axis=0)) / np.nanstd(array, axis=0)
    factor = choose(penalty, sign, "penalty")
    scores = _by_rows(z, _ordered(x, weights), lambda block, w: _balanced(block, w, factor))
    return like_rows(x, scores, "score")


def adjusted_mazziotta_pareto(x: Table, weights: Weights, *, top: float = 100.0) -> Any:
    """Mazziotta–Pareto index, adjusted: comparable over time, as scores come from goalposts.

    Parameters
    ----------
    x, weights
        As in `arithmetic`; scores from 0 to ``top``.
    top : float
        The best score: 100 or 1.

    Returns
    -------
    Series or ndarray, n
        On the scale of the scores; ``70 + 60 score / top`` is the published scale.

    Raises
    ------
    MethodError
        As `arithmetic`, and for scores outside 0..top.

    Notes
    -----
    Scores are put on 70..130; then ``M - S · S / M`` as in `mazziotta_pareto`.

    References
    ----------
    Mazziotta and Pareto (2016), Social Indicators Research 127, 983–1003.

    Examples
    --------
    >>> adjusted_mazziotta_pareto(np.array([[50.0, 50.0], [25.0, 75.0]]), [0.5, 0.5])
    array([50.   , 46.25])
    """
    array = as_matrix(x, missing=True)
    outside = (np.fmin.reduce(array, axis=0) < 0) | (np.fmax.reduce(array, axis=0) > top)
    refuse_columns(
        outside,
        column_names(x),
        f"scores must lie in 0..{top:g} for the adjusted Mazziotta–Pareto index, got others in",
        "Normalise by goalposts, or say the best score by top=.",
    )
    published = _by_rows(
        70 + 60 * array / top, _ordered(x, weights), lambda block, w: _balanced(block, w, -1.0)
    )
    return like_rows(x, (published - 70) * top / 60, "score")


def _balanced(block: FloatArray, w: FloatArray, sign: float) -> FloatArray:
    mean = (block * w).sum(axis=1)
    variance = ((block - mean[:, None]) ** 2 * w).sum(axis=1)
    balanced: FloatArray = mean + sign * variance / mean
    return balanced


def mean_min(x: Table, weights: Weights, *, alpha: float = 0.5, beta: float = 0.0) -> Any:
    """Mean–min function: between the mean and the weakest score.

    Parameters
    ----------
    x, weights
        As in `arithmetic`.
    alpha : float
        0..1: 0 is the arithmetic mean; 1 (with beta 0) the minimum.
    beta : float
        At least 0: how gently small imbalance is treated, in the unit of the scores.

    Returns
    -------
    Series or ndarray, n

    Raises
    ------
    MethodError
        As `arithmetic`, and for parameters outside these ranges.

    Notes
    -----
    ``M - alpha (sqrt((M - min)² + beta²) - beta)``.

    References
    ----------
    Casadio Tarabusi and Guarini (2013), Social Indicators Research 112, 19–45.

    Examples
    --------
    >>> mean_min(np.array([[0.2, 0.6]]), [0.5, 0.5]).round(6)
    array([0.3])
    """
    if not (0 <= alpha <= 1 and beta >= 0):
        raise MethodError(
            f"alpha must lie in 0..1 and beta be at least 0, got {alpha!r} and {beta!r}. "
            "Correct them."
        )

    def kernel(block: FloatArray, w: FloatArray) -> FloatArray:
        mean = (block * w).sum(axis=1)
        gap = mean - np.where(w > 0, block, np.inf).min(axis=1)
        between: FloatArray = mean - alpha * (np.hypot(gap, beta) - beta)
        return between

    return _by_rows(x, weights, kernel)


def wroclaw(x: Table, weights: Weights) -> Any:
    """Wroclaw taxonomic method (Hellwig): nearness to an ideal made of the best scores.

    Parameters
    ----------
    x, weights
        As in `arithmetic`, n >= 2; columns are standardised over the organisations.

    Returns
    -------
    Series or ndarray, n
        1 for the ideal, around 0 and below for the farthest.

    Raises
    ------
    MethodError
        As `arithmetic`, and for a constant column.

    Notes
    -----
    ``1 - D / (mean(D) + 2 sd(D))`` with ``D² = sum(w (z - max z)²)``; sd divides by n.

    References
    ----------
    Hellwig (1968), Przegląd Statystyczny 15(4), 307–327.

    Examples
    --------
    >>> wroclaw(np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]), [0.5, 0.5]).round(4)
    array([0.2404, 0.6202, 1.    ])
    """
    array = as_matrix(x, missing=True, least=2)
    refuse_constant(x, "the Wroclaw method")
    z = (array - np.nanmax(array, axis=0)) / np.nanstd(array, axis=0)
    distance = _by_rows(z, _ordered(x, weights), lambda b, w: np.sqrt((b**2 * w).sum(axis=1)))
    farthest = np.nanmean(distance) + 2 * np.nanstd(distance)
    return like_rows(x, 1 - distance / farthest, "score")


def veto(
    overall: pd.Series,
    x: pd.DataFrame,
    thresholds: pd.Series | Mapping[Any, float],
    *,
    cap: float | None = None,
    deduct: float = 0.0,
) -> pd.DataFrame:
    """Hold a score down where indicators fall short (一票否决), or take points off for each.

    Parameters
    ----------
    overall : Series, n
        Scores by organisation.
    x : DataFrame, n × m
        What the thresholds are about, more is better, rows as in ``overall``. NaN does not fail.
    thresholds : Series or mapping
        Column of ``x`` -> least acceptable value.
    cap : float, optional
        Highest score that an organisation with a failure can have.
    deduct : float
        Points taken off for each failure.

    Returns
    -------
    DataFrame
        Rows as ``overall``: ``before``, ``score``, ``failed`` (columns that fell short, joined by
        "、"; empty where none did).

    Raises
    ------
    MethodError
        For a threshold without a column, rows that differ, or a negative deduction.

    Examples
    --------
    >>> x = pd.DataFrame({"safety": [0.0, 1.0]}, index=["甲村", "乙村"])
    >>> veto(pd.Series([90.0, 85.0], index=x.index), x, {"safety": 1}, cap=59)
        before  score  failed
    甲村    90.0   59.0  safety
    乙村    85.0   85.0
    """
    limits = pd.Series(thresholds, dtype=float)
    if lost := [code for code in limits.index if code not in x.columns]:
        raise MethodError(
            f"thresholds must name columns of x, got {listed(lost)}. "
            f"Take some of {listed(x.columns, most=40)}."
        )
    if not overall.index.equals(x.index):
        raise MethodError(
            "overall and x must have the same rows in the same order, got different ones. "
            "Take x.loc[overall.index]."
        )
    if deduct < 0:
        raise MethodError(f"deduct must be at least 0, got {deduct!r}. Give points to take off.")
    before = as_vector(overall, what="overall", missing=True)
    codes = list(limits.index)
    fails = as_matrix(x[codes], missing=True) < limits.to_numpy()
    count = fails.sum(axis=1)
    score = before - deduct * count
    if cap is not None:
        score = np.where(count > 0, np.minimum(score, cap), score)
    failed = ["、".join(str(codes[j]) for j in np.flatnonzero(row)) for row in fails]
    return pd.DataFrame({"before": before, "score": score, "failed": failed}, index=overall.index)


def _by_rows(x: Table, weights: Weights, kernel: Kernel) -> Any:
    """Run a kernel over blocks of rows, the weights of missing scores handed to the others."""
    array, w = as_matrix(x, missing=True), check_weights(weights, column_names(x))
    if not w.all():
        array, w = array[:, w > 0], w[w > 0]
    results = np.empty(len(array))
    for rows in row_blocks(array):
        block = array[rows]
        if not np.isnan(block.min()):  # a minimum finds NaN faster than looking at each
            results[rows] = kernel(block, w)
            continue
        absent = np.isnan(block)
        own = np.where(absent, 0.0, w)
        present = own.sum(axis=1, keepdims=True)
        nothing = present[:, 0] <= 0
        own /= np.where(present > 0, present, 1.0)
        own[nothing] = 1.0 / len(w)  # any weights will do: the result is NaN
        found = kernel(np.where(absent, 1.0, block), own)
        results[rows] = np.where(nothing, np.nan, found)
    return like_rows(x, results, "score")


def _falling(block: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sort each row's scores from high to low, and the weights with them."""
    order = np.argsort(-block, axis=1, kind="stable")
    spread = np.broadcast_to(w, block.shape)
    return np.take_along_axis(block, order, axis=1), np.take_along_axis(spread, order, axis=1)


def _ordered(x: Table, weights: Weights) -> FloatArray:
    """Put weights in the columns' order before the columns lose their names."""
    return check_weights(weights, column_names(x))


def _refuse_below(x: Table, weights: Weights, method: str, *, at: bool) -> None:
    """Refuse negative scores, and zeros where ``at``, in columns that count."""
    array, w = as_matrix(x, missing=True), _ordered(x, weights)
    least = np.fmin.reduce(array, axis=0, initial=np.inf)
    low = (least <= 0) if at else (least < 0)
    refuse_columns(
        low & (w > 0),
        column_names(x),
        f"scores must be {'above' if at else 'at least'} 0 for {method}, got "
        f"{'0 or less' if at else 'negative ones'} in",
        "Normalise by minmax_positive or by goalposts below every value, or aggregate by "
        "arithmetic.",
    )


def _doubt(x: Table, weights: Weights) -> Any:
    """Benefit-of-the-doubt scores: each organisation's weights within 20 % of the given ones."""
    return benefit_of_the_doubt(x, weights).scores


def _kemeny(x: Table, weights: Weights) -> Any:
    """Organisations below in the consensus ranking; the mean over tied rankings."""
    return kemeny(x, weights).points


AGGREGATIONS: Final[Mapping[str, Callable[[Table, Weights], Any]]] = MappingProxyType(
    {
        "arithmetic": arithmetic,
        "geometric": geometric,
        "harmonic": harmonic,
        "power": power,
        "minimum": minimum,
        "median": median,
        "owa": owa,
        "mazziotta_pareto": mazziotta_pareto,
        "adjusted_mazziotta_pareto": adjusted_mazziotta_pareto,
        "mean_min": mean_min,
        "wroclaw": wroclaw,
        "borda": borda,
        "copeland": copeland,
        "kemeny": _kemeny,
        "benefit_of_the_doubt": _doubt,
    }
)

ROW_BY_ROW: Final = frozenset(
    {
        "arithmetic",
        "geometric",
        "harmonic",
        "power",
        "minimum",
        "median",
        "owa",
        "adjusted_mazziotta_pareto",
        "mean_min",
    }
)
"""The methods that look at one organisation at a time, so that a table may come in parts."""
