"""Convergence: whether those who stood low rise faster."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import as_vector


class BetaConvergence(NamedTuple):
    """Answer of `beta_convergence`.

    Attributes
    ----------
    slope : float
        b, change per period for each unit of the start; below 0 where the low catch up.
    standard_error : float
        Of the slope, by ordinary least squares.
    r_squared : float
        Share of the variance of change that the start explains.
    speed : float
        −ln(1 + bT) / T per period; NaN where 1 + bT is not positive.
    half_life : float
        Periods until half the gap is gone; NaN without convergence.
    oldham : float
        Correlation of change with the mean of start and end, which noise alone leaves at 0.
    n : int
        Organisations with both values.
    """

    slope: float
    standard_error: float
    r_squared: float
    speed: float
    half_life: float
    oldham: float
    n: int


def beta_convergence(
    first: pd.Series | npt.ArrayLike, last: pd.Series | npt.ArrayLike, *, periods: float = 1.0
) -> BetaConvergence:
    """Regress change on the start (absolute β-convergence).

    Parameters
    ----------
    first, last : Series or array of float, n
        Values of the same organisations at the start and at the end, in the same order: logarithms
        where rates of growth are meant, as the literature does for incomes; levels for scores.
        Pairs with a missing value are left out.
    periods : float
        T, how many periods lie between, above 0.

    Returns
    -------
    BetaConvergence

    Raises
    ------
    MethodError
        For other lengths, fewer than 3 pairs, starts that are all equal, or T ≤ 0.

    Notes
    -----
    (y_T − y_0) / T = a + b y_0 + e. Noise alone makes b negative: with reliability ρ of the start
    and no real change, bT = −(1 − ρ), so −.20 at ρ = .8. Look at Oldham's correlation and at the
    spread before speaking of convergence.

    References
    ----------
    Barro, R. J. & Sala-i-Martin, X. (1992). Convergence. Journal of Political Economy 100: 223–251.
    Oldham, P. D. (1962). A note on the analysis of repeated measurements of the same subjects.
    Journal of Chronic Diseases 15: 969–977.

    Examples
    --------
    >>> made = beta_convergence([10.0, 20.0, 30.0], [20.0, 25.0, 30.0])
    >>> made.slope, round(made.half_life, 6), made.n
    (-0.5, 1.0, 3)
    """
    x = as_vector(first, what="first", missing=True)
    y = as_vector(last, what="last", missing=True)
    if len(x) != len(y):
        raise MethodError(
            f"first and last must have the same length, got {len(x)} and {len(y)}. "
            "Give both values of every organisation."
        )
    if not periods > 0:
        raise MethodError(f"periods must be above 0, got {periods!r}. Give the time between.")
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    n = len(x)
    if n < 3 or np.ptp(x) == 0:
        got = f"{n} pairs" if n < 3 else f"{x[0]:g} everywhere"
        raise MethodError(
            f"convergence needs at least 3 organisations with different starts, got {got}. "
            "Add organisations or leave convergence out."
        )
    growth = (y - x) / periods
    start = x - x.mean()
    slope = float(start @ growth / (start @ start))
    residual = growth - growth.mean() - slope * start
    spread = float(((growth - growth.mean()) ** 2).sum())
    left = float(residual @ residual)
    step = 1 + slope * periods
    speed = float(-np.log(step) / periods) if step > 0 else np.nan
    return BetaConvergence(
        slope=slope,
        standard_error=float(np.sqrt(left / (n - 2) / (start @ start))),
        r_squared=1 - left / spread if spread > 0 else np.nan,
        speed=speed,
        half_life=float(np.log(2) / speed) if speed > 0 else np.nan,
        oldham=_correlation(growth, x + y),
        n=n,
    )


def _correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else np.nan
