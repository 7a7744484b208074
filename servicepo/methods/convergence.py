"""Convergence: whether those who stood low rise faster, and whether the spread narrows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .guards import FloatArray, as_matrix, as_vector, choose, listed


class BetaConvergence(NamedTuple):
    """Answer of `beta_convergence`.

    Attributes
    ----------
    slope : float
        b, change per period for each unit of the start; below 0 where the low catch up.
    standard_error : float
        Of the slope, by ordinary least squares.
    r_squared : float
        Share of the variance of change that the start (and the controls) explain.
    speed : float
        −ln(1 + bT) / T per period; NaN where 1 + bT is not positive.
    half_life : float
        Periods until half the gap is gone; NaN without convergence.
    oldham : float
        Correlation of change with the mean of start and end, which noise alone leaves at 0.
    n : int
        Organisations with both values.
    noise_slope : float
        The slope that noise alone would give; NaN where the reliability is not known.
    corrected_slope : float
        The slope without what noise adds to it; NaN where the reliability is not known, or where
        noise is all there is.
    oldham_p : float
        Two-sided p-value of ``oldham``: whether the spread changed (Pitman–Morgan test).
    """

    slope: float
    standard_error: float
    r_squared: float
    speed: float
    half_life: float
    oldham: float
    n: int
    noise_slope: float
    corrected_slope: float
    oldham_p: float


def beta_convergence(
    first: pd.Series | npt.ArrayLike,
    last: pd.Series | npt.ArrayLike,
    *,
    periods: float = 1.0,
    controls: pd.DataFrame | None = None,
    reliability: float | None = None,
    scale: str = "levels",
) -> BetaConvergence:
    """Regress change on the start: absolute β-convergence, or conditional on controls.

    Parameters
    ----------
    first, last : Series or array of float, n
        Values of the same organisations at the start and at the end, in the same order. Pairs with
        a missing value are left out.
    periods : float
        T, how many periods lie between, above 0.
    controls : DataFrame, n × c, optional
        What else may explain change, in the same order: numbers, or classes such as the domain (one
        dummy column each). Rows with a missing one are left out. The slope is then that inside
        classes, or between organisations alike in them.
    reliability : float, optional
        ρ, the share of the variance of the start that is real, above 0 and at most 1.
    scale : {"levels", "logs"}
        Scores as they are, or their logarithms, as the literature does for incomes.

    Returns
    -------
    BetaConvergence

    Raises
    ------
    MethodError
        For other lengths, too few pairs, starts that are all equal (inside the controls), T ≤ 0,
        values of 0 or below under logarithms, or another reliability or scale.

    Notes
    -----
    (y_T − y_0) / T = a + b y_0 + controls + e. Noise alone makes b negative: with reliability ρ of
    the start and no real change, bT = −(1 − ρ), so −.20 at ρ = .8 (with controls, ρ of what they
    leave of the start). In general b = ρ β − (1 − ρ)/T, which gives the corrected slope β. Look at
    it, at Oldham's correlation and at the spread before speaking of convergence.

    References
    ----------
    Barro, R. J. & Sala-i-Martin, X. (1992). Convergence. Journal of Political Economy 100: 223–251.
    Oldham, P. D. (1962). A note on the analysis of repeated measurements of the same subjects.
    Journal of Chronic Diseases 15: 969–977. Pitman, E. J. G. (1939). A note on normal correlation.
    Biometrika 31: 9–12.

    Examples
    --------
    >>> made = beta_convergence([10.0, 20.0, 30.0], [20.0, 25.0, 30.0], reliability=0.8)
    >>> made.slope, round(made.half_life, 6), made.n
    (-0.5, 1.0, 3)
    >>> round(made.noise_slope, 2), round(made.corrected_slope, 3)
    (-0.2, -0.375)
    """
    x, y = _values(first, scale, "first"), _values(last, scale, "last")
    if len(x) != len(y):
        raise MethodError(
            f"first and last must have the same length, got {len(x)} and {len(y)}. "
            "Give both values of every organisation."
        )
    if not periods > 0:
        raise MethodError(f"periods must be above 0, got {periods!r}. Give the time between.")
    if reliability is not None and not 0 < reliability <= 1:
        raise MethodError(
            f"reliability must lie above 0 and be at most 1, got {reliability!r}. Give 0.8 where a "
            "fifth of the variance is noise."
        )
    design, known = _design(controls, len(x))
    both = ~np.isnan(x) & ~np.isnan(y) & known
    x, y, design = x[both], y[both], design[both]
    n, free = len(x), len(x) - int(np.linalg.matrix_rank(design)) - 1 if both.any() else -1
    if free < 1 or np.ptp(x) == 0:
        got = f"{n} pairs" if free < 1 else f"{x[0]:g} everywhere"
        raise MethodError(
            f"convergence needs at least 3 organisations with different starts, got {got}. "
            "Add organisations or leave convergence out."
        )
    growth = (y - x) / periods
    start, growth_left = _left(design, x), _left(design, growth)
    varied = float(start @ start)
    if varied <= 1e-12 * float(x @ x):
        raise MethodError(
            "starts must differ between organisations that are alike in the controls, got the "
            "same start in each class. Take fewer controls."
        )
    slope = float(start @ growth_left / varied)
    residual = growth_left - slope * start
    left, spread = float(residual @ residual), float(((growth - growth.mean()) ** 2).sum())
    noise = np.nan if reliability is None else (1 - reliability) * n * float(x.var()) / varied
    step = 1 + slope * periods
    speed = float(-np.log(step) / periods) if step > 0 else np.nan
    oldham = _correlation(growth, x + y)
    return BetaConvergence(
        slope=slope,
        standard_error=float(np.sqrt(left / free / varied)),
        r_squared=1 - left / spread if spread > 0 else np.nan,
        speed=speed,
        half_life=float(np.log(2) / speed) if speed > 0 else np.nan,
        oldham=oldham,
        n=n,
        noise_slope=0.0 - noise / periods,
        corrected_slope=(slope + noise / periods) / (1 - noise) if noise < 1 else np.nan,
        oldham_p=_correlation_p(oldham, n),
    )


def sigma_convergence(
    panel: pd.DataFrame, *, error_variance: pd.Series | None = None, scale: str = "levels"
) -> pd.DataFrame:
    """Follow the spread of the same organisations from period to period (σ-convergence).

    Parameters
    ----------
    panel : DataFrame, n × periods
        A row for each organisation, the periods in their order. Organisations with a missing period
        are left out, so that nobody's coming or going looks like convergence.
    error_variance : Series of float, optional
        Indexed by period: the mean squared standard error of the scores.
    scale : {"levels", "logs"}
        Scores as they are, or their logarithms.

    Returns
    -------
    DataFrame
        Indexed by period: ``n``, ``mean``, ``sd`` (sample), ``cv`` (sd / mean; NaN for logarithms
        and where a score is below 0), ``sd_real`` (without the noise, √(sd² − error variance), at
        least 0; NaN where it is not known).

    Raises
    ------
    MethodError
        For fewer than 2 periods or 2 whole organisations, values of 0 or below under logarithms, or
        another scale.

    Warns
    -----
    MethodWarning
        Where organisations are left out because of a gap.

    References
    ----------
    Barro, R. J. & Sala-i-Martin, X. (1992). Convergence. Journal of Political Economy 100: 223–251.

    Examples
    --------
    >>> panel = pd.DataFrame({2023: [60.0, 80.0, 70.0], 2024: [68.0, 76.0, 72.0]}, list("abc"))
    >>> sigma_convergence(panel)[["n", "mean", "sd"]]
          n  mean    sd
    2023  3  70.0  10.0
    2024  3  72.0   4.0
    """
    if panel.shape[1] < 2:
        raise MethodError(
            f"the spread needs at least 2 periods to be followed, got {panel.shape[1]}. "
            "Add the periods before."
        )
    as_matrix(panel, what="panel", missing=True)
    gone = panel.index[panel.isna().any(axis=1)]
    whole = panel.drop(gone)
    if len(whole) < 2:
        raise MethodError(
            "the spread needs at least 2 organisations with every period, got "
            f"{len(whole)} of {len(panel)}. Take fewer periods."
        )
    if len(gone):
        warnings.warn(
            MethodWarning(
                "Organisations should have a score in every period for their spread to be "
                f"followed, got gaps for {listed(gone)}; they are left out. Add the missing "
                "periods.",
                zh=f"看差距变化要求每期都有得分；{enumerated(gone)}有缺期，未计入。请补齐各期。",
            ),
            stacklevel=2,
        )
    columns = {name: _values(whole[name], scale, f"panel in {name}") for name in whole.columns}
    table = pd.DataFrame(columns).agg(["count", "mean", "std"]).T
    table.columns = ["n", "mean", "sd"]
    positive = (table["mean"] > 0) & (whole >= 0).all() & (scale == "levels")
    noise = np.nan if error_variance is None else error_variance.reindex(table.index)
    return table.assign(
        n=table["n"].astype(int),
        cv=table["sd"] / table["mean"].where(positive),
        sd_real=np.sqrt((table["sd"] ** 2 - noise).clip(lower=0)),
    )


def _as_they_are(values: FloatArray) -> FloatArray:
    return values


_SCALES: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "levels": _as_they_are,
    "logs": np.log,
}


def _values(x: pd.Series | npt.ArrayLike, scale: str, what: str) -> FloatArray:
    change = choose(scale, _SCALES, "scale")
    values = as_vector(x, what=what, missing=True)
    wrong = np.asarray(values <= 0) & (scale == "logs")
    if wrong.any():
        index = x.index if isinstance(x, pd.Series) else pd.RangeIndex(len(values))
        raise MethodError(
            f"{what} must be above 0 under logarithms, got {values[wrong].min():g} at the lowest "
            f'(0 or below: {listed(index[wrong])}). Use scale="levels".'
        )
    return change(values)


def _design(controls: pd.DataFrame | None, n: int) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return the columns that the start and the change are freed of, and the rows that have all."""
    if controls is None:
        return np.ones((n, 1)), np.ones(n, dtype=bool)
    if len(controls) != n:
        raise MethodError(
            f"controls must have a row for every organisation, got {len(controls)} for {n}. "
            "Give them in the same order."
        )
    known = controls.notna().all(axis=1).to_numpy()
    dummies = pd.get_dummies(controls, dtype=float, drop_first=True).to_numpy(dtype=float)
    return np.column_stack([np.ones(n), dummies]), known


def _left(design: FloatArray, values: FloatArray) -> FloatArray:
    """Return what least squares on the design leaves of the values."""
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


def _correlation_p(r: float, n: int) -> float:
    if n < 3 or np.isnan(r):
        return np.nan
    if abs(r) >= 1:
        return 0.0
    return float(2 * stdtr(n - 2, -abs(r) * np.sqrt((n - 2) / (1 - r * r))))


def _correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else np.nan
