"""Rates of small surveys: what they say once their sizes are allowed for.

A rate r_i / n_i is read as Binomial(n_i, p_i) with p_i ~ Beta(a, b): the fewer answered, the more
the rate moves to the common one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln, psi

from ..errors import MethodError
from .guards import FloatArray, as_vector

Numbers: TypeAlias = "pd.Series | FloatArray | list[float]"
LARGEST_CONCENTRATION: Final = 1e7  # a + b from here on: the rates do not differ beyond chance


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
    unlike = len(r) != len(size)
    if isinstance(successes, pd.Series) and isinstance(n, pd.Series):
        unlike = not successes.index.equals(n.index)
    if unlike:
        raise MethodError(
            "both columns must have the same rows, got others. Give one entry per organisation in "
            "each, and reindex one like the other."
        )
    wrong = (r < 0) | (r > size + 1e-9)
    if wrong.any():
        place = int(np.argmax(wrong))
        label = successes.index[place] if isinstance(successes, pd.Series) else place
        raise MethodError(
            f"successes must lie between 0 and n, got {r[place]:g} of {size[place]:g} "
            f"(at {label}). Correct the counts."
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


def answers_needed(concentration: float, reliability: float = 0.8) -> float:
    """Tell how many must answer before a rate is as reliable as asked for.

    Parameters
    ----------
    concentration : float
        a + b of the common distribution, as `beta_binomial` gives them; above 0.
    reliability : float
        Weight of an organisation's own rate against the common one, between 0 and 1.

    Returns
    -------
    float
        A whole number; infinite where the rates do not differ, so that no number would do.

    Raises
    ------
    MethodError
        For a reliability outside 0..1 or a concentration that is not above 0.

    Notes
    -----
    With n answers the own rate weighs n / (n + a + b); n = (a + b) ρ / (1 − ρ) makes that ρ.

    Examples
    --------
    >>> answers_needed(50.0, 0.8), answers_needed(np.inf)
    (200.0, inf)
    """
    if not 0 < reliability < 1:
        raise MethodError(
            f"reliability must lie between 0 and 1, got {reliability!r}. Give 0.8, for example."
        )
    if not concentration > 0:
        raise MethodError(
            f"concentration must be above 0, got {concentration!r}. Give a + b of beta_binomial."
        )
    return float(np.ceil(concentration * reliability / (1 - reliability) - 1e-9))


def _fit_beta(r: FloatArray, n: FloatArray) -> tuple[float, float]:
    """Return the common rate and the concentration a + b that maximise the likelihood."""
    pooled = r.sum() / n.sum()
    if pooled in (0.0, 1.0):
        return float(pooled), np.inf

    def cost(at: FloatArray) -> tuple[float, FloatArray]:
        m, k = 1 / (1 + np.exp(-at[0])), np.exp(at[1])
        a, b = m * k, (1 - m) * k
        value = -float((betaln(a + r, b + n - r) - betaln(a, b)).sum())
        both = psi(a + b + n) - psi(a + b)
        by_a, by_b = (both - psi(a + r) + psi(a)).sum(), (both - psi(b + n - r) + psi(b)).sum()
        return value, np.array([m * (1 - m) * k * (by_a - by_b), a * by_a + b * by_b])

    start = np.log(pooled / (1 - pooled))
    bounds = [(start - 5, start + 5), (-5.0, np.log(LARGEST_CONCENTRATION))]
    tries = [
        minimize(
            cost,
            [start, k],
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-15, "gtol": 1e-9},
        )
        for k in (0.0, 4.0)
    ]
    best = min(tries, key=lambda found: found.fun)
    # No finite concentration is better than none by chance alone: the rates are all the same.
    binomial = -float((r * np.log(pooled) + (n - r) * np.log1p(-pooled)).sum())
    if best.x[1] >= bounds[1][1] - 1 or binomial <= best.fun:
        return float(pooled), np.inf
    return float(1 / (1 + np.exp(-best.x[0]))), float(np.exp(best.x[1]))


def _like(x: Numbers, values: FloatArray, name: str) -> Any:
    return pd.Series(values, index=x.index, name=name) if isinstance(x, pd.Series) else values
