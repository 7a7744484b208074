"""Shrinkage: what noisy values say about the organisations behind them.

A value y_i with standard error s_i is read as y_i ~ N(θ_i, s_i²) with θ_i ~ N(μ, τ²). The less a
value is worth (large s_i), the further its estimate moves to the common mean. Rates of small
surveys have their own model, the beta-binomial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize
from scipy.special import betaincinv, betaln, ndtr

from ..errors import MethodError
from .guards import FloatArray, as_vector, choose

Numbers: TypeAlias = "pd.Series | FloatArray | list[float]"
LARGEST_CONCENTRATION: Final = 1e7  # a + b from here on: the rates do not differ beyond chance


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


@dataclass(frozen=True, eq=False, slots=True)
class BetaBinomial:
    """Rates after shrinkage to their common distribution Beta(a, b).

    Attributes
    ----------
    mean, sd, low, high : Series or ndarray of float, n
        Posterior mean, standard deviation and central 90 % interval of each true rate, 0..1; NaN
        where the counts are missing or n is 0.
    a, b : float
        Parameters of the common distribution; infinite where the rates differ no more than
        sampling makes them.
    centre : float
        a / (a + b), the common rate.
    """

    mean: pd.Series | FloatArray
    sd: pd.Series | FloatArray
    low: pd.Series | FloatArray
    high: pd.Series | FloatArray
    a: float
    b: float
    centre: float

    def __repr__(self) -> str:
        return f"BetaBinomial({len(self.mean)} rates, a {self.a:.4g}, b {self.b:.4g})"


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


Variance: TypeAlias = Callable[[Any, Any], float]

BETWEEN_VARIANCES: Final = MappingProxyType(
    {
        "paule_mandel": paule_mandel,
        "dersimonian_laird": dersimonian_laird,
        "efron_morris": efron_morris,
    }
)


def shrink(
    values: Numbers,
    standard_errors: Numbers,
    *,
    tau2: str | float | Variance = "paule_mandel",
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
        function (values, standard errors) → number.

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
    _refuse_unequal(values, standard_errors)
    _refuse_not_positive(s)
    known = ~np.isnan(y) & ~np.isnan(s)
    if known.sum() < 2:
        raise MethodError(
            "values must hold at least 2 that are known together with a standard error, "
            f"got {int(known.sum())}. Add organisations or report the values unshrunken."
        )
    variance = _between(y[known], s[known], tau2)
    weight = 1 / (s[known] ** 2 + variance)
    centre = float((weight * y[known]).sum() / weight.sum())
    own = variance / (variance + s**2)
    own[~known] = np.nan
    mean = centre + own * (y - centre)
    sd = np.sqrt(own) * s
    return Shrunken(
        _like(values, mean, "mean"),
        _like(values, sd, "sd"),
        _like(values, own, "reliability"),
        centre,
        variance,
    )


def probability_bottom(
    values: Numbers,
    standard_errors: Numbers,
    share: float = 0.1,
    *,
    tau2: str | float | Variance = "paule_mandel",
) -> pd.Series | FloatArray:
    """Probability that an organisation's true value lies in the lowest share of all true values.

    Parameters
    ----------
    values, standard_errors : Series or array of float, n
        As in `shrink`.
    share : float
        The lowest share, between 0 and 1 exclusive.
    tau2 : str, float or callable
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
    made = shrink(values, standard_errors, tau2=tau2)
    mean, sd = np.asarray(made.mean), np.asarray(made.sd)
    known = ~np.isnan(mean)
    found = np.full(len(mean), np.nan)
    found[known] = share if made.tau2 == 0 else _below_cut(mean[known], sd[known], share)
    answer: pd.Series | FloatArray = _like(values, found, "probability")
    return answer


def beta_binomial(successes: Numbers, n: Numbers) -> BetaBinomial:
    """Shrink rates of unequal sample sizes to their common beta distribution.

    Parameters
    ----------
    successes : Series or array of float, k
        How many said yes; graded answers (0.8 for 基本满意) may make fractions.
    n : Series or array of float, k
        How many answered, at least ``successes``.

    Returns
    -------
    BetaBinomial
        Series where Series came in. A pair that is missing or has n = 0 takes no part and gets NaN.

    Raises
    ------
    MethodError
        For other lengths, negative counts, more successes than answers or fewer than 2 known pairs.

    Notes
    -----
    r_i ~ Binomial(n_i, p_i), p_i ~ Beta(a, b); a and b maximise
    Σ ln B(a + r_i, b + n_i − r_i) − ln B(a, b), and p_i has the posterior
    Beta(a + r_i, b + n_i − r_i). Where rates differ no more than sampling makes them, all are the
    common rate Σr / Σn, with Jeffreys' interval from Beta(Σr + ½, Σ(n − r) + ½). Fractions make it
    a quasi-likelihood.

    References
    ----------
    Griffiths, D. A. (1973). Maximum likelihood estimation for the beta-binomial distribution.
    Biometrics 29: 637–648.

    Examples
    --------
    >>> made = beta_binomial([9, 40, 95], [10, 80, 100])
    >>> made.mean.round(3)
    array([0.862, 0.514, 0.943])
    """
    r = as_vector(successes, what="successes", missing=True)
    size = as_vector(n, what="n", missing=True)
    _refuse_unequal(successes, n)
    wrong = (r < 0) | (r > size + 1e-9)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise MethodError(
            f"successes must lie between 0 and n, got {r[place]:g} of {size[place]:g} "
            f"(at {_label(successes, place)}). Correct the counts."
        )
    known = ~np.isnan(r) & (size > 0)
    if known.sum() < 2:
        raise MethodError(
            f"successes must hold at least 2 known counts, got {int(known.sum())}. "
            "Add organisations or report the rates unshrunken."
        )
    centre, concentration = _fit_beta(r[known], size[known])
    if np.isfinite(concentration):
        a, b = centre * concentration, (1 - centre) * concentration
        above, below = a + r, b + size - r
        mean = above / (above + below)
    else:
        a = b = np.inf
        # One rate for all: all that is not known about it is known from everybody's answers.
        above = np.full(len(r), r[known].sum() + 0.5)
        below = np.full(len(r), (size - r)[known].sum() + 0.5)
        mean = np.full(len(r), centre)
    total = above + below
    columns = {
        "mean": mean,
        "sd": np.sqrt(above * below / (total**2 * (total + 1))),
        "low": np.minimum(betaincinv(above, below, 0.05), mean),
        "high": np.maximum(betaincinv(above, below, 0.95), mean),
    }
    made = {
        name: _like(successes, np.where(known, column, np.nan), name)
        for name, column in columns.items()
    }
    return BetaBinomial(**made, a=float(a), b=float(b), centre=float(centre))


def _fit_beta(r: FloatArray, n: FloatArray) -> tuple[float, float]:
    """Return the common rate and the concentration a + b that maximise the likelihood."""
    pooled = r.sum() / n.sum()
    if pooled in (0.0, 1.0):
        return float(pooled), np.inf

    def cost(at: FloatArray) -> float:
        m, k = 1 / (1 + np.exp(-at[0])), np.exp(at[1])
        a, b = m * k, (1 - m) * k
        return -float((betaln(a + r, b + n - r) - betaln(a, b)).sum())

    start = np.log(pooled / (1 - pooled))
    bounds = [(start - 5, start + 5), (-5.0, np.log(LARGEST_CONCENTRATION))]
    tries = [
        minimize(cost, [start, k], method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14})
        for k in (0.0, 4.0)
    ]
    best = min(tries, key=lambda found: found.fun)
    # No finite concentration is better than none by chance alone: the rates are all the same.
    binomial = -float((r * np.log(pooled) + (n - r) * np.log1p(-pooled)).sum())
    if best.x[1] >= bounds[1][1] - 1 or binomial <= best.fun:
        return float(pooled), np.inf
    return float(1 / (1 + np.exp(-best.x[0]))), float(np.exp(best.x[1]))


def _below_cut(mean: FloatArray, sd: FloatArray, share: float) -> FloatArray:
    def excess(cut: float) -> float:
        return float(ndtr((cut - mean) / sd).mean()) - share

    low, high = (mean - 9 * sd).min(), (mean + 9 * sd).max()
    cut = brentq(excess, low, high, xtol=1e-12 * max(1.0, high - low))
    found: FloatArray = ndtr((cut - mean) / sd)
    return found


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
    if _scatter(y, s, 0.0) <= target:
        return 0.0
    # Σ w (y − ȳ_w)² ≤ Σ (y − ȳ)² / τ², so the root lies below this.
    high = float(((y - y.mean()) ** 2).sum()) / target
    return float(brentq(lambda t: _scatter(y, s, t) - target, 0.0, high, xtol=1e-14 * high))


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


def _label(x: Numbers, place: int) -> object:
    return x.index[place] if isinstance(x, pd.Series) else place


def _like(x: Numbers, values: FloatArray, name: str) -> Any:
    return pd.Series(values, index=x.index, name=name) if isinstance(x, pd.Series) else values
