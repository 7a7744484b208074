"""Trends of short series: slopes and the Mann–Kendall test, all organisations at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import factorial
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from ..errors import MethodError
from .guards import FloatArray, as_matrix

MOST_EXACT: Final = 20  # 20! is the last factorial that 64 bits hold
CELLS: Final = 1 << 22  # slopes of pairs kept at a time


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
    found = np.empty(len(x))
    for rows in _blocks(x):
        found[rows] = _row_medians(_pair_slopes(x[rows], when))
    return pd.Series(found, index=values.index, name="slope")


def sen_interval(
    values: pd.DataFrame, *, times: npt.ArrayLike | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Give the confidence interval of each organisation's Sen slope.

    Parameters
    ----------
    values, times
        As in `sen_slope`.
    level : float
        Confidence, between 0 and 1.

    Returns
    -------
    DataFrame of float, n × 2
        ``low``, ``high``; −∞ and ∞ where the values are too few for any interval of this level
        (at .95 up to 4 of them), NaN with fewer than 2.

    Raises
    ------
    MethodError
        As `sen_slope`, and for a level outside 0..1.

    Notes
    -----
    With N pairs and C such that P(|S| < C + 2) reaches the level without a trend, the ends are the
    slopes of rank (N − C) / 2 and (N + C) / 2 + 1. Up to 20 values C is exact, for values without
    ties; beyond, C = z √var(S) with the variance corrected for ties, and ranks are rounded.

    References
    ----------
    Hollander, M. & Wolfe, D. A. (1999). Nonparametric Statistical Methods, 2nd ed., § 9.3. Gilbert,
    R. O. (1987). Statistical Methods for Environmental Pollution Monitoring, § 16.5.

    Examples
    --------
    >>> sen_interval(pd.DataFrame([[1.0, 2.0, 4.0, 4.0, 5.0, 9.0]])).round(2)
       low  high
    0  0.5   2.5
    >>> sen_interval(pd.DataFrame([[1.0, 2.0, 3.0, 4.0]]))
       low  high
    0 -inf   inf
    """
    if not 0 < level < 1:
        raise MethodError(f"level must lie between 0 and 1, got {level!r}. Give .95, for example.")
    x = as_matrix(values, what="values", missing=True)
    when = _times(times, x.shape[1])
    present = (~np.isnan(x)).sum(axis=1)
    pairs = present * (present - 1) // 2
    reach = np.array([_reach(n, level) for n in range(x.shape[1] + 1)])[present]
    long = present > MOST_EXACT
    reach[long] = -ndtri((1 - level) / 2) * np.sqrt(_variances(x[long], present[long]))
    first = np.rint((pairs - reach) / 2).astype(int) - 1
    last = np.rint((pairs + reach) / 2).astype(int)
    found = np.empty((len(x), 2))
    for rows in _blocks(x):
        slopes = _pair_slopes(x[rows], when)
        slopes.sort(axis=1)
        at = np.arange(len(slopes))
        for side, place in enumerate((first[rows], last[rows])):
            found[rows, side] = slopes[at, np.clip(place, 0, slopes.shape[1] - 1)]
    found[first < 0] = -np.inf, np.inf
    found[present < 2] = np.nan
    return pd.DataFrame(found, index=values.index, columns=["low", "high"])


def fitted_slope(values: pd.DataFrame, *, times: npt.ArrayLike | None = None) -> pd.DataFrame:
    """Fit a straight line to each organisation's series, with one noise for all of them.

    Series of three or four periods tell next to nothing about their own noise; together they tell
    it well. Slopes with standard errors can be shrunk to their common mean.

    Parameters
    ----------
    values, times
        As in `sen_slope`.

    Returns
    -------
    DataFrame of float, n × 2
        ``slope`` (least squares, per unit of time; NaN with fewer than 2 values) and
        ``standard_error`` (NaN too where no organisation has 3 values).

    Raises
    ------
    MethodError
        As `sen_slope`.

    Notes
    -----
    se_i = σ / √Σ_t (t − t̄_i)² with σ² = Σ_i RSS_i / Σ_i (n_i − 2) over the organisations with 3
    values or more.

    Examples
    --------
    >>> fitted_slope(pd.DataFrame([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])).round(3)
       slope  standard_error
    0    1.0           0.612
    1    0.5           0.612
    """
    x = as_matrix(values, what="values", missing=True)
    when = _times(times, x.shape[1])
    known = ~np.isnan(x)
    n = known.sum(axis=1)
    count = np.maximum(n, 1)
    y = np.where(known, x, 0.0)
    apart = np.where(known, when - (known @ when / count)[:, None], 0.0)
    sxx = (apart**2).sum(axis=1)
    sxx[n < 2] = np.nan
    slope = (apart * y).sum(axis=1) / sxx
    rest = np.where(known, y - (y.sum(axis=1) / count)[:, None] - slope[:, None] * apart, 0.0)
    freedom = np.maximum(n - 2, 0)
    squares = np.where(freedom > 0, (rest**2).sum(axis=1), 0.0).sum()
    noise = squares / freedom.sum() if freedom.any() else np.nan
    parts = {"slope": slope, "standard_error": np.sqrt(noise / sxx)}
    return pd.DataFrame(parts, index=values.index)


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
        ``tau`` (Kendall's τ_b), ``z`` (S moved by 1 towards 0, in standard deviations corrected
        for ties), ``p_value`` (two-sided), ``smallest_p_value`` (the least that any order of these
        values could give). NaN with fewer than 2 values or where all are equal.

    Raises
    ------
    MethodError
        For fewer than 2 periods or infinite values.

    Notes
    -----
    Up to 20 values the p-value is exact, ties included: over all orders of the values, S = M − 2·I
    with M the number of untied pairs and I the number of inversions, whose generating function is
    the Gaussian multinomial coefficient. Beyond, it is that of z. With 4 values the smallest
    possible p-value is .083, so nothing can be significant at .05. Autocorrelation is not corrected
    for; `autocorrelated_trends` does that for series of ten periods and more.

    References
    ----------
    Mann, H. B. (1945). Nonparametric tests against trend. Econometrica 13: 245–259. Kendall, M. G.
    (1970). Rank Correlation Methods, 4th ed. Griffin.

    Examples
    --------
    >>> mann_kendall(pd.DataFrame([[1.0, 2.0, 3.0, 4.0, 5.0]])).round(4)
       n   s  tau       z  p_value  smallest_p_value
    0  5  10  1.0  2.2045   0.0167            0.0167
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
    z, p, least = _tested(x, present, s)
    pairs = present * (present - 1) / 2
    scale = np.sqrt(pairs * untied)
    return pd.DataFrame(
        {
            "n": present,
            "s": s,
            "tau": np.divide(s, scale, out=np.full(len(x), np.nan), where=scale > 0),
            "z": z,
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


def _tested(
    x: FloatArray, present: npt.NDArray[np.int_], s: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return z, p-values and the least ones possible, one pattern of ties after the other."""
    z, p, least = (np.full(len(x), np.nan) for _ in range(3))
    for rows, ties in _patterns(x, present):
        if len(ties) < 2:
            continue
        n, size = sum(ties), np.abs(s[rows])
        z[rows] = np.sign(s[rows]) * np.maximum(size - 1, 0) / np.sqrt(_variance(ties))
        if n <= MOST_EXACT:
            upper = _exact_upper(ties)
            p[rows], least[rows] = upper[size], upper[-1]
        else:
            p[rows], least[rows] = 2 * ndtr(-np.abs(z[rows])), smallest_p_value(n)
    return z, p, least


def _patterns(
    x: FloatArray, present: npt.NDArray[np.int_]
) -> Iterator[tuple[npt.NDArray[np.intp], tuple[int, ...]]]:
    """Yield the rows whose values are tied alike, with the sizes of their groups of equals."""
    ordered = np.sort(x, axis=1)
    # Bit t tells that the sorted value t + 1 equals the one before: the pattern of ties.
    same = np.ascontiguousarray(ordered[:, 1:] == ordered[:, :-1])
    bits = np.packbits(same, axis=1)
    key = np.column_stack([present, bits])
    member = np.unique(key, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(member, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(member))[:-1]):
        if len(rows):
            n = int(present[rows[0]])
            yield rows, _tie_sizes(same[rows[0], : max(n - 1, 0)], n)


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


def _variance(ties: tuple[int, ...]) -> float:
    """Variance of S over all orders of values tied in groups of these sizes."""
    n = sum(ties)
    tied = sum(t * (t - 1) * (2 * t + 5) for t in ties)
    return (n * (n - 1) * (2 * n + 5) - tied) / 18


def _variances(x: FloatArray, present: npt.NDArray[np.int_]) -> FloatArray:
    found = np.zeros(len(x))
    for rows, ties in _patterns(x, present):
        found[rows] = _variance(ties)
    return found


@lru_cache(maxsize=256)
def _reach(n: int, level: float) -> float:
    """C of the interval of a slope among n untied values: more than all pairs where none is."""
    if n < 2 or n > MOST_EXACT:
        return 0.0  # no interval, and not this one
    upper = _exact_upper((1,) * n)
    pairs = len(upper) - 1
    rare = np.flatnonzero(upper <= 1 - level)
    if not len(rare):
        return pairs + 2.0
    return float(rare[0] + (rare[0] - pairs) % 2 - 2)


def _blocks(x: FloatArray) -> Iterator[slice]:
    size = max(1, CELLS // max(1, x.shape[1] * (x.shape[1] - 1) // 2))
    for start in range(0, len(x), size):
        yield slice(start, start + size)


def _pair_slopes(x: FloatArray, when: FloatArray) -> FloatArray:
    pairs = list(combinations(range(x.shape[1]), 2))
    slopes = np.empty((len(x), len(pairs)))
    for column, (i, j) in enumerate(pairs):
        np.divide(x[:, j] - x[:, i], when[j] - when[i], out=slopes[:, column])
    return slopes


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
