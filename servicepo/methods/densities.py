"""Kernel densities of scores on one bounded grid, so that groups and years can be laid together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_vector, listed, row_blocks

FEWEST = 5  # a density of fewer values is invention


class Densities(NamedTuple):
    """Answer of `densities`.

    Attributes
    ----------
    curves : DataFrame, points × groups
        Indexed by the grid (``score``), a column for each group; every column integrates to 1
        between the bounds. NaN for a group of fewer than 5 values.
    bandwidth : float
        Of the Gaussian kernel, the same for all groups, in the unit of the scores.
    """

    curves: pd.DataFrame
    bandwidth: float


def densities(
    x: pd.Series | npt.ArrayLike,
    groups: pd.Series | npt.ArrayLike,
    *,
    bounds: tuple[float, float] = (0.0, 100.0),
    bandwidth: float | None = None,
    points: int = 201,
) -> Densities:
    """Estimate the density of each group (or year) with one bandwidth on one grid.

    Parameters
    ----------
    x : Series or array of float, n
        Scores inside the bounds, without NaN.
    groups : Series or array, n
        Group or period of each, in the same order, none missing.
    bounds : (float, float)
        The least and the highest possible score.
    bandwidth : float, optional
        Of the kernel; by default that of `common_bandwidth`. Give the same one to compare several
        calls.
    points : int
        Of the grid, the bounds included.

    Returns
    -------
    Densities

    Raises
    ------
    MethodError
        For scores beyond the bounds, a bandwidth that is not above 0 or wider than half of the
        range, or a missing group.

    Notes
    -----
    f(t) = Σ φ((t − x_i) / h) / (n h), where what the kernel puts beyond a bound is reflected back
    inside: without it the density would fall towards 0 and 100, where scores often heap up.

    References
    ----------
    Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis. Chapman & Hall,
    sections 2.10 and 3.4.2.

    Examples
    --------
    >>> scores = [95.0, 99.0, 100.0, 100.0, 98.0, 60.0, 62.0, 70.0, 66.0, 58.0]
    >>> made = densities(scores, ["organs"] * 5 + ["rural"] * 5, points=5)
    >>> round(made.bandwidth, 2)
    1.93
    >>> made.curves.round(4)
           organs   rural
    score
    0.0    0.0000  0.0000
    25.0   0.0000  0.0000
    50.0   0.0000  0.0000
    75.0   0.0000  0.0015
    100.0  0.2884  0.0000
    """
    values = as_vector(x, what="x")
    codes, names = _coded(values, groups)
    low, high = bounds
    beyond = (values < low) | (values > high)
    if beyond.any():
        index = x.index if isinstance(x, pd.Series) else pd.RangeIndex(len(values))
        raise MethodError(
            f"x must lie between the bounds {low:g} and {high:g}, got others for "
            f"{listed(index[beyond])}. Give the bounds of the scale or correct the scores."
        )
    h = _bandwidth(values, codes) if bandwidth is None else float(bandwidth)
    if not 0 < h <= (high - low) / 2:
        raise MethodError(
            "bandwidth must be above 0 and at most half of the range of scores, got "
            f"{h:g}. Give about a tenth of the range."
        )
    grid = np.linspace(low, high, points)
    curves = {
        name: _curve(values[codes == code], grid, h)
        if (codes == code).sum() >= FEWEST
        else np.full(points, np.nan)
        for code, name in enumerate(names)
    }
    return Densities(pd.DataFrame(curves, index=pd.Index(grid, name="score")), h)


def common_bandwidth(x: pd.Series | npt.ArrayLike, groups: pd.Series | npt.ArrayLike) -> float:
    """Choose one bandwidth for all groups: the median of Silverman's rule in each.

    Parameters
    ----------
    x, groups
        As in `densities`.

    Returns
    -------
    float
        In the unit of x.

    Raises
    ------
    MethodError
        Where no group of at least 5 values varies.

    Notes
    -----
    Silverman's rule for one group: 0.9 min(s, IQR / 1.349) n^(−1/5); s where the quartiles are
    equal.

    Examples
    --------
    >>> round(common_bandwidth([60.0, 62.0, 70.0, 66.0, 58.0], ["rural"] * 5), 3)
    2.901
    """
    values = as_vector(x, what="x")
    return _bandwidth(values, _coded(values, groups)[0])


def _bandwidth(values: FloatArray, codes: npt.NDArray[np.intp]) -> float:
    found = []
    for code in range(codes.max() + 1):
        own = values[codes == code]
        if len(own) >= FEWEST and np.ptp(own) > 0:
            quartiles = np.quantile(own, [0.25, 0.75])
            spread, s = float(quartiles[1] - quartiles[0]) / 1.349, float(own.std(ddof=1))
            found.append(0.9 * (min(s, spread) or s) * len(own) ** -0.2)
    if not found:
        raise MethodError(
            f"a density needs a group of at least {FEWEST} values that differ, got none. "
            "Show the values themselves."
        )
    return float(np.median(found))


def _curve(values: FloatArray, grid: FloatArray, h: float) -> FloatArray:
    total = np.zeros(len(grid))
    low, high = grid[0], grid[-1]
    for rows in row_blocks(np.broadcast_to(values[:, None], (len(values), len(grid)))):
        own = values[rows]
        for image in (own, 2 * low - own, 2 * high - own):
            total += np.exp(-0.5 * ((grid - image[:, None]) / h) ** 2).sum(axis=0)
    density: FloatArray = total / (len(values) * h * np.sqrt(2 * np.pi))
    return density


def _coded(
    values: FloatArray, groups: pd.Series | npt.ArrayLike
) -> tuple[npt.NDArray[np.intp], pd.Index]:
    own = pd.Series(np.asarray(groups))
    if len(own) != len(values) or own.isna().any() or not len(own):
        raise MethodError(
            f"every value must have a group, got {int(own.notna().sum())} groups for "
            f"{len(values)} values. Name the group or leave the values out."
        )
    codes, names = pd.factorize(own, sort=True)
    return codes, pd.Index(names)
