"""Trends of short series: Sen's slope and the Mann–Kendall test, all organisations at once."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import factorial
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from ..errors import MethodError
from .guards import FloatArray, as_matrix

MOST_EXACT: Final = 20  # 20! is the last factorial that 64 bits hold


def sen_slope(values: pd.DataFrame, *, times: npt.ArrayLike | None = None) -> pd.Series:
    """Give each organisation's Sen slope: the median of the slopes between all pairs of periods.

    Parameters
    ----------
    values : DataFrame of float, n × T
        One row per organisation, one column per period in order; NaN where a period is missing.
    times : array of float, T, optional
        When the periods are, increasing; 0, 1, 2, … by default.

    Returns
    -------
    Series of float, n
        Change per unit of time; NaN with fewer than 2 values.

    Raises
    ------
    MethodError
        For fewer than 2 periods, infinite values, or times that do not increase.

    References
    ----------
    Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau. JASA 63:
    1379–1389.

    Examples
    --------
    >>> sen_slope(pd.DataFrame([[1.0, 2.0, 9.0]])).tolist()
    [4.0]
    """
    x = as_matrix(values, what="values", missing=True)
    when = _times(times, x.shape[1])
    pairs = list(combinations(range(x.shape[1]), 2))
    slopes = np.empty((len(x), len(pairs)))
    for column, (i, j) in enumerate(pairs):
        np.divide(x[:, j] - x[:, i], when[j] - when[i], out=slopes[:, column])
    return pd.Series(_row_medians(slopes), index=values.index, name="slope")


def mann_kendall(values: pd.DataFrame) -> pd.DataFrame:
    """Test each organisation's series for a monotone trend.

    Parameters
    ----------
    values : DataFrame of float, n × T
        One row per organisation, one column per period in order; NaN where a period is missing (the
        test uses what is there).

    Returns
    -------
    DataFrame
        Indexed like ``values``: ``n`` (values used), ``s`` (rising pairs minus falling pairs),
        ``tau`` (Kendall's τ_b), ``p_value`` (two-sided), ``smallest_p_value`` (the least that any
        order of these values could give). NaN with fewer than 2 values or where all are equal.

    Raises
    ------
    MethodError
        For fewer than 2 periods or infinite values.

    Notes
    -----
    Up to 20 values the p-value is exact, ties included: over all orders of the values, S = M − 2·I
    with M the number of untied pairs and I the number of inversions, whose generating function is
    the Gaussian multinomial coefficient. Beyond, the normal approximation with the variance
    corrected for ties and a continuity correction. With 4 values the smallest possible p-value is
    .083, so nothing can be significant at .05. Autocorrelation is not corrected for.

    References
    ----------
    Mann, H. B. (1945). Nonparametric tests against trend. Econometrica 13: 245–259. Kendall, M. G.
    (1970). Rank Correlation Methods, 4th ed. Griffin.

    Examples
    --------
    >>> mann_kendall(pd.DataFrame([[1.0, 2.0, 3.0, 4.0, 5.0]])).round(4)
       n   s  tau  p_value  smallest_p_value
    0  5  10  1.0   0.0167            0.0167
    """
    x = as_matrix(values, what="values", missing=True)
    _times(None, x.shape[1])
    present = (~np.isnan(x)).sum(axis=1)
    s = np.zeros(len(x), dtype=np.int64)
    untied = np.zeros(len(x), dtype=np.int64)
    for i, j in combinations(range(x.shape[1]), 2):
        step = np.sign(x[:, j] - x[:, i])
        step[np.isnan(step)] = 0
        s += step.astype(np.int64)
        untied += step != 0
    p, least = _p_values(x, present, s)
    pairs = present * (present - 1) / 2
    scale = np.sqrt(pairs * untied)
    return pd.DataFrame(
        {
            "n": present,
            "s": s,
            "tau": np.divide(s, scale, out=np.full(len(x), np.nan), where=scale > 0),
            "p_value": p,
            "smallest_p_value": least,
        },
        index=values.index,
    )


def smallest_p_value(periods: int) -> float:
    """Give the least two-sided p-value that a Mann–Kendall test of so many periods can reach.

    Parameters
    ----------
    periods : int
        At least 2.

    Returns
    -------
    float
        2 / T!, at most 1.

    Raises
    ------
    MethodError
        For fewer than 2 periods.

    Examples
    --------
    >>> [round(smallest_p_value(t), 3) for t in (3, 4, 5)]
    [0.333, 0.083, 0.017]
    """
    if periods < 2:
        raise MethodError(
            f"a trend needs at least 2 periods, got {periods!r}. Add the periods before."
        )
    return min(1.0, 2 / factorial(periods))


def _p_values(
    x: FloatArray, present: npt.NDArray[np.int_], s: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Return p-values and the least ones possible, one pattern of ties after the other."""
    p, least = np.full(len(x), np.nan), np.full(len(x), np.nan)
    ordered = np.sort(x, axis=1)
    # Bit t tells that the sorted value t + 1 equals the one before: the pattern of ties.
    same = np.ascontiguousarray(ordered[:, 1:] == ordered[:, :-1])
    bits = np.packbits(same, axis=1)
    key = np.column_stack([present, bits])
    member = np.unique(key, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(member, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(member))[:-1]):
        n = int(present[rows[0]])
        ties = _tie_sizes(same[rows[0], : max(n - 1, 0)], n)
        if len(ties) < 2:
            continue
        size = np.abs(s[rows])
        if n <= MOST_EXACT:
            upper = _exact_upper(ties)
            p[rows], least[rows] = upper[size], upper[-1]
        else:
            p[rows], least[rows] = _normal_p(size, ties), smallest_p_value(n)
    return p, least


def _tie_sizes(same: npt.NDArray[np.bool_], n: int) -> tuple[int, ...]:
    if n == 0:
        return ()
    starts = np.flatnonzero(np.r_[True, ~same])
    return tuple(sorted(int(size) for size in np.diff(np.r_[starts, n])))


@lru_cache(maxsize=1024)
def _exact_upper(ties: tuple[int, ...]) -> FloatArray:
    """P(|S| >= s) for s = 0 .. M over all orders of values tied in groups of these sizes."""
    ways = np.ones(1, dtype=np.int64)
    for k in range(2, sum(ties) + 1):
        ways = np.convolve(ways, np.ones(k, dtype=np.int64))
    for size in ties:
        for k in range(2, size + 1):
            ways = _divided(ways, k)
    untied = len(ways) - 1
    s = np.abs(untied - 2 * np.arange(len(ways)))
    exactly = np.bincount(s, weights=ways / ways.sum(), minlength=untied + 1)
    upper: FloatArray = np.minimum(1.0, np.cumsum(exactly[::-1])[::-1])
    return upper


def _divided(ways: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.int64]:
    """Divide a polynomial by 1 + q + … + q^(k−1), which goes without remainder."""
    quotient = np.zeros(len(ways) - k + 1, dtype=np.int64)
    steps = np.diff(ways, prepend=0)
    for power in range(len(quotient)):
        quotient[power] = steps[power] + (quotient[power - k] if power >= k else 0)
    return quotient


def _normal_p(size: npt.NDArray[np.int64], ties: tuple[int, ...]) -> FloatArray:
    n = sum(ties)
    tied = sum(t * (t - 1) * (2 * t + 5) for t in ties)
    variance = (n * (n - 1) * (2 * n + 5) - tied) / 18
    z = np.maximum(size - 1, 0) / np.sqrt(variance)
    p: FloatArray = 2 * ndtr(-z)
    return p


def _row_medians(table: FloatArray) -> FloatArray:
    """Median of each row over what is not NaN; sorts in place."""
    table.sort(axis=1)  # NaN go last
    n = (~np.isnan(table)).sum(axis=1)
    rows = np.arange(len(table))
    low, high = table[rows, np.maximum(n - 1, 0) // 2], table[rows, np.minimum(n // 2, n.max())]
    return np.where(n > 0, (low + np.where(n % 2 == 1, low, high)) / 2, np.nan)


def _times(times: npt.ArrayLike | None, periods: int) -> FloatArray:
    smallest_p_value(periods)
    when = np.arange(periods, dtype=float) if times is None else np.asarray(times, dtype=float)
    if when.shape != (periods,) or not (np.diff(when) > 0).all():
        raise MethodError(
            f"times must be one increasing number per period, got {when.tolist()!r} for "
            f"{periods} periods. Sort the columns by time."
        )
    return when
