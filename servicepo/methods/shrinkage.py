"""Shrinkage: what noisy values say about the organisations behind them.

A value y_i with standard error s_i is read as y_i ~ N(θ_i, s_i²) with θ_i ~ N(μ, τ²). The less a
value is worth (large s_i), the further its estimate moves to the common mean. Rates of small
surveys have their own model (`shrunken_rates`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq

from ..errors import MethodError
from .guards import FloatArray, as_vector, choose
from .posteriors import NormalPosterior, Posterior, mixed_posterior

Numbers: TypeAlias = "pd.Series | FloatArray | list[float]"
MOST_STEPS: Final = 200
PRIORS: Final = MappingProxyType({"normal": "normal", "npmle": "npmle"})


@dataclass(frozen=True, eq=False, slots=True)
class Shrunken:
    """Values after shrinkage to their common mean.

    Attributes
    ----------
    mean, sd : Series or ndarray of float, n
        Posterior mean and standard deviation of each true value, in the unit of the values; NaN
        where the value or its standard error is missing.
    reliability : Series or ndarray of float, n
        τ² / (τ² + s_i²), 0..1: the weight of an organisation's own value against the common mean.
    centre : float
        μ, the common mean.
    tau2 : float
        τ², the variance of the true values; 0 where they differ no more than noise makes them.
    """

    mean: pd.Series | FloatArray
    sd: pd.Series | FloatArray
    reliability: pd.Series | FloatArray
    centre: float
    tau2: float

    def __repr__(self) -> str:
        return f"Shrunken({len(self.mean)} values, centre {self.centre:.4g}, tau2 {self.tau2:.4g})"


def paule_mandel(values: Numbers, standard_errors: Numbers) -> float:
    """Variance between true values by the Paule–Mandel moment equation.

    Parameters
    ----------
    values, standard_errors : Series or array of float, n
        At least 2, without NaN; standard errors positive.

    Returns
    -------
    float
        τ², at least 0, in squared units of the values.

    Raises
    ------
    MethodError
        For missing values, fewer than 2, or a standard error that is not positive.

    Notes
    -----
    τ² solves Σ (y_i − μ)² / (s_i² + τ²) = n − 1 with μ the mean weighted by 1 / (s_i² + τ²); it is
    0 where the left side is smaller than n − 1 already at τ² = 0.

    References
    ----------
    Paule, R. C. & Mandel, J. (1982). Consensus values and weighting factors. Journal of Research of
    the National Bureau of Standards 87: 377–385.

    Examples
    --------
    >>> round(paule_mandel([1.0, 5.0, 9.0], [1.0, 1.0, 1.0]), 6)
    15.0
    """
    y, s = _known(values, standard_errors)
    return _solve_moment(y, s, len(y) - 1)


def dersimonian_laird(values: Numbers, standard_errors: Numbers) -> float:
    """Variance between true values by DerSimonian and Laird's closed form, cut off at 0.

    Parameters
    ----------
    values, standard_errors : Series or array of float, n
        As in `paule_mandel`.

    Returns
    -------
    float
        τ², at least 0.

    Raises
    ------
    MethodError
        As `paule_mandel`.

    Notes
    -----
    τ² = max(0, (Q − (n − 1)) / (Σw − Σw² / Σw)) with w = 1 / s² and Q = Σ w (y − ȳ_w)².

    References
    ----------
    DerSimonian, R. & Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials
    7: 177–188.

    Examples
    --------
    >>> dersimonian_laird([1.0, 5.0, 9.0], [1.0, 1.0, 1.0])
    15.0
    >>> dersimonian_laird([1.0, 1.1, 0.9], [1.0, 1.0, 1.0])
    0.0
    """
    y, s = _known(values, standard_errors)
    w = 1 / s**2
    q = _scatter(y, s, 0.0)
    return float(max(0.0, (q - (len(y) - 1)) / (w.sum() - (w**2).sum() / w.sum())))


def efron_morris(values: Numbers, standard_errors: Numbers) -> float:
    """Variance between true values such that equal standard errors give James–Stein estimates.

    Parameters
    ----------
    values, standard_errors : Series or array of float, n
        As in `paule_mandel`, but at least 4.

    Returns
    -------
    float
        τ², at least 0.

    Raises
    ------
    MethodError
        As `paule_mandel`.

    Notes
    -----
    The equation of Paule and Mandel with n − 3 in place of n − 1. With equal standard errors the
    reliability is then 1 − (n − 3) s² / Σ (y − ȳ)², Efron and Morris's shrinkage factor.

    References
    ----------
    Efron, B. & Morris, C. (1975). Data analysis using Stein's estimator and its generalizations.
    JASA 70: 311–319.

    Examples
    --------
    >>> round(efron_morris([1.0, 5.0, 9.0, 5.0], [1.0, 1.0, 1.0, 1.0]), 6)
    31.0
    """
    y, s = _known(values, standard_errors, least=4)
    return _solve_moment(y, s, len(y) - 3)


def restricted_likelihood(values: Numbers, standard_errors: Numbers) -> float:
    """Variance between true values by restricted maximum likelihood (REML), cut off at 0.

    Parameters
    ----------
    values, standard_errors : Series or array of float, n
        As in `paule_mandel`.

    Returns
    -------
    float
        τ², at least 0.

    Raises
    ------
    MethodError
        As `paule_mandel`.

    Notes
    -----
    Steps of τ² ← max(0, Σ w² ((y − μ)² − s²) / Σ w² + 1 / Σ w), w = 1 / (s² + τ²) and μ the mean
    weighted by w, from DerSimonian and Laird's value on until they stand still.

    References
    ----------
    Viechtbauer, W. (2005). Bias and efficiency of meta-analytic variance estimators in the
    random-effects model. Journal of Educational and Behavioral Statistics 30: 261–293.

    Examples
    --------
    >>> round(restricted_likelihood([1.0, 5.0, 9.0], [1.0, 1.0, 1.0]), 6)
    15.0
    """
    y, s = _known(values, standard_errors)
    tau2 = dersimonian_laird(y, s)
    for _ in range(10 * MOST_STEPS):
        w = 1 / (s**2 + tau2)
        centre = (w * y).sum() / w.sum()
        own = (w**2 * ((y - centre) ** 2 - s**2)).sum() / (w**2).sum()
        before, tau2 = tau2, max(0.0, float(own + 1 / w.sum()))
        if abs(tau2 - before) <= 1e-12 * max(1.0, tau2):
            break
    return tau2


Variance: TypeAlias = Callable[[Any, Any], float]

BETWEEN_VARIANCES: Final = MappingProxyType(
    {
        "paule_mandel": paule_mandel,
        "dersimonian_laird": dersimonian_laird,
        "efron_morris": efron_morris,
        "restricted_likelihood": restricted_likelihood,
    }
)


def shrink(
    values: Numbers,
    standard_errors: Numbers,
    *,
    tau2: str | float | Variance = "paule_mandel",
    prior: str = "normal",
) -> Shrunken:
    """Shrink noisy values to their common mean, each by what it is worth.

    Parameters
    ----------
    values : Series or array of float, n
        Observed values in any unit.
    standard_errors : Series or array of float, n
        Their standard errors, positive, in the same unit.
    tau2 : str, float or callable
        Variance of the true values: a word of `BETWEEN_VARIANCES`, a number (at least 0) or a
        function (values, standard errors) → number. A free prior has its own.
    prior : {"normal", "npmle"}
        How true values are distributed: normally, or freely, as the data say (`mixed_posterior`).
        A group of weak organisations beside the others is no normal distribution; a free prior
        sees it where there are some hundreds of organisations.

    Returns
    -------
    Shrunken
        Series where Series came in, arrays otherwise. A value that is missing or has no standard
        error takes no part and gets NaN.

    Raises
    ------
    MethodError
        For other lengths, a standard error that is not positive, fewer than 2 known pairs or
        another word.

    Notes
    -----
    With B_i = s_i² / (s_i² + τ²): E θ_i = B_i μ + (1 − B_i) y_i and Var θ_i = (1 − B_i) s_i².
    The variance of μ itself is left out (empirical Bayes), so intervals are a little too short
    where there are few organisations.

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78: 47–55.

    Examples
    --------
    >>> made = shrink([70.0, 80.0, 90.0], [2.0, 2.0, 8.0])
    >>> made.mean.round(1)
    array([70.4, 79.9, 84.4])
    """
    y = as_vector(values, what="values", missing=True)
    s = as_vector(standard_errors, what="standard errors", missing=True)
    known = _known_together(values, standard_errors, y, s)
    found, centre, variance = fit_prior(y[known], s[known], prior=prior, tau2=tau2)
    own = variance / (variance + s**2)
    own[~known] = np.nan
    mean, sd = np.full(len(y), np.nan), np.full(len(y), np.nan)
    mean[known], sd[known] = found.mean, found.sd
    return Shrunken(
        _like(values, mean, "mean"),
        _like(values, sd, "sd"),
        _like(values, own, "reliability"),
        centre,
        variance,
    )


def fit_prior(
    y: FloatArray,
    s: FloatArray,
    *,
    prior: str = "normal",
    tau2: str | float | Variance = "paule_mandel",
) -> tuple[Posterior, float, float]:
    """Fit the distribution of true values; return what it says of each, its mean and variance.

    Parameters
    ----------
    y, s : ndarray of float, n
        Values and positive standard errors, at least 2, without NaN.
    prior, tau2
        As in `shrink`.

    Returns
    -------
    (Posterior, float, float)

    Raises
    ------
    MethodError
        For another word.

    Examples
    --------
    >>> posterior, centre, tau2 = fit_prior(np.array([70.0, 90.0]), np.array([2.0, 2.0]))
    >>> centre, posterior.mean.round(1)
    (80.0, array([70.2, 89.8]))
    """
    if choose(prior, PRIORS, "prior") == "npmle":
        mixed = mixed_posterior(y, s)
        return mixed, float(mixed.weights @ mixed.middles), mixed.variance
    variance = _between(y, s, tau2)
    weight = 1 / (s**2 + variance)
    centre = float((weight * y).sum() / weight.sum())
    own = variance / (variance + s**2)
    return NormalPosterior(centre + own * (y - centre), np.sqrt(own) * s), centre, variance


def probability_bottom(
    values: Numbers,
    standard_errors: Numbers,
    share: float = 0.1,
    *,
    tau2: str | float | Variance = "paule_mandel",
    prior: str = "normal",
) -> pd.Series | FloatArray:
    """Probability that an organisation's true value lies in the lowest share of all true values.

    Parameters
    ----------
    values, standard_errors : Series or array of float, n
        As in `shrink`.
    share : float
        The lowest share, between 0 and 1 exclusive.
    tau2, prior
        As in `shrink`.

    Returns
    -------
    Series or ndarray of float, n
        0..1, with mean ``share`` over the known values; NaN where value or standard error is
        missing. Where the values differ no more than noise makes them (τ² = 0) nobody can be told
        apart and everybody gets ``share``.

    Raises
    ------
    MethodError
        For a share outside 0..1, and as `shrink`.

    Notes
    -----
    With posterior means m_i and standard deviations d_i, t solves mean_j Φ((t − m_j) / d_j) = share
    and the probability is Φ((t − m_i) / d_i). Choosing by it, rather than by the values, puts the
    fewest wrong organisations on a list of that length.

    References
    ----------
    Lin, R., Louis, T. A., Paddock, S. M. & Ridgeway, G. (2006). Loss function based ranking in
    two-stage, hierarchical models. Bayesian Analysis 1: 915–946.

    Examples
    --------
    >>> probability_bottom([60.0, 70.0, 80.0, 90.0], [1.0, 1.0, 1.0, 1.0], 0.25).round(3)
    array([1., 0., 0., 0.])
    """
    if not 0 < share < 1:
        raise MethodError(
            f"share must lie between 0 and 1, got {share!r}. Give 0.1 for the lowest tenth."
        )
    y = as_vector(values, what="values", missing=True)
    s = as_vector(standard_errors, what="standard errors", missing=True)
    known = _known_together(values, standard_errors, y, s)
    posterior, _, variance = fit_prior(y[known], s[known], prior=prior, tau2=tau2)
    found = np.full(len(y), np.nan)
    found[known] = share if variance == 0 else posterior.below(_cut(posterior, share))
    answer: pd.Series | FloatArray = _like(values, found, "probability")
    return answer


def _cut(posterior: Posterior, share: float) -> float:
    """Return the value below which the expected share of true values lies."""
    low, high = (posterior.mean - 9 * posterior.sd).min(), (posterior.mean + 9 * posterior.sd).max()

    def excess(cut: float) -> float:
        return float(posterior.below(cut).mean()) - share

    return float(brentq(excess, low, high, xtol=1e-12 * max(1.0, high - low)))


def _between(y: FloatArray, s: FloatArray, tau2: str | float | Variance) -> float:
    if isinstance(tau2, str):
        return choose(tau2, BETWEEN_VARIANCES, "tau2")(y, s)
    found = float(tau2(y, s)) if callable(tau2) else float(tau2)
    if not 0 <= found < np.inf:
        raise MethodError(f"tau2 must be a number from 0, got {found!r}. Give a variance.")
    return found


def _scatter(y: FloatArray, s: FloatArray, tau2: float) -> float:
    """Return Σ w (y − ȳ_w)² with w = 1 / (s² + τ²)."""
    w = 1 / (s**2 + tau2)
    return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())


def _solve_moment(y: FloatArray, s: FloatArray, target: int) -> float:
    """Solve Σ w (y − ȳ_w)² = target for τ² ≥ 0 by Newton's steps from the left.

    The left side falls and is convex, so that no step goes too far; its slope is −Σ w² (y − ȳ_w)².
    """
    tau2, square = 0.0, s**2
    for _ in range(MOST_STEPS):
        w = 1 / (square + tau2)
        parts = w * (y - (w * y).sum() / w.sum()) ** 2
        over = float(parts.sum()) - target
        if over <= 1e-13 * target:
            return tau2
        tau2 += over / float((w * parts).sum())
    return tau2


def _known_together(
    values: Numbers, standard_errors: Numbers, y: FloatArray, s: FloatArray
) -> npt.NDArray[np.bool_]:
    """Return which values have a standard error; refuse too few, or errors not above 0."""
    _refuse_unequal(values, standard_errors)
    _refuse_not_positive(s)
    known: npt.NDArray[np.bool_] = ~np.isnan(y) & ~np.isnan(s)
    if known.sum() < 2:
        raise MethodError(
            "values must hold at least 2 that are known together with a standard error, "
            f"got {int(known.sum())}. Add organisations or report the values unshrunken."
        )
    return known


def _known(
    values: Numbers, standard_errors: Numbers, least: int = 2
) -> tuple[FloatArray, FloatArray]:
    y = as_vector(values, what="values", least=least)
    s = as_vector(standard_errors, what="standard errors")
    _refuse_unequal(values, standard_errors)
    _refuse_not_positive(s)
    return y, s


def _refuse_unequal(first: Numbers, second: Numbers) -> None:
    if len(first) != len(second):
        raise MethodError(
            f"both columns must have the same length, got {len(first)} and {len(second)}. "
            "Give one entry per organisation in each."
        )
    both = isinstance(first, pd.Series) and isinstance(second, pd.Series)
    if both and not first.index.equals(second.index):  # type: ignore[union-attr]
        raise MethodError(
            "both columns must have the same index, got two that differ. "
            "Reindex one like the other."
        )


def _refuse_not_positive(s: FloatArray) -> None:
    if (s <= 0).any():
        raise MethodError(
            f"standard errors must be positive, got {s[np.argmax(s <= 0)]:g}. "
            "Mark the standard error as missing where the noise is not known."
        )


def _like(x: Numbers, values: FloatArray, name: str) -> Any:
    return pd.Series(values, index=x.index, name=name) if isinstance(x, pd.Series) else values
