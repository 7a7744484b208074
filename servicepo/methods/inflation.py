"""Self-inflation (自评偏高): how much higher one party scores itself than its true quality.

The raw difference of two scores misleads. Whoever was scored low by accident shows a large
difference, so that under pure noise differences fall with performance although nobody inflates. So
the quality behind the reference is treated as what it is, known with error, and what is left is
shrunken by how little it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from ..errors import MethodError
from .guards import FloatArray, as_vector

LEAST = 5
"""Fewest degrees of freedom from which three variances can be told apart at all."""


@dataclass(frozen=True, eq=False, slots=True)
class Inflation:
    """Differences between own and reference scores, and what they say of true inflation.

    Attributes
    ----------
    table : DataFrame
        Indexed like the scores: ``difference`` (own − reference, as observed), ``standard_error``
        (of it), ``inflation`` (posterior mean of the true difference), ``sd``, ``low`` and ``high``
        (90 %), ``probability`` (that it exceeds the threshold). NaN where a score is missing.
    slope : float
        β: how far own scores follow true quality (1: fully; 0: everybody reports the same).
    reliability : float
        Share of the variance of the reference that is true, 0..1.
    sd_quality, sd_inflation : float
        Standard deviations of true quality and of what is inflated beside the common line.
    trap : float
        Slope of the raw difference on the reference, as observed.
    trap_by_noise : float
        The part of it that noise alone makes: −(1 − reliability).
    threshold : float
        δ.
    n : int
        Organisations with both scores.
    """

    table: pd.DataFrame
    slope: float
    reliability: float
    sd_quality: float
    sd_inflation: float
    trap: float
    trap_by_noise: float
    threshold: float
    n: int

    def __repr__(self) -> str:
        mean = self.table["difference"].mean()
        return (
            f"Inflation({self.n} organisations, mean difference {mean:.3g}, true sd "
            f"{self.sd_inflation:.3g}, slope {self.slope:.2f})"
        )


def inflation(
    own: pd.Series,
    reference: pd.Series,
    *,
    own_errors: pd.Series,
    reference_errors: pd.Series,
    groups: pd.Series | None = None,
    threshold: float = 0.0,
) -> Inflation:
    """Estimate how much own scores exceed true quality, with the noise of both taken out.

    Parameters
    ----------
    own, reference : Series of float, n
        Scores of the same organisations on one scale, with the same index. NaN takes no part.
    own_errors, reference_errors : Series of float, n
        Their standard errors, at least 0.
    groups : Series, n, optional
        Classes (domains) with levels of their own; variances and slope are common.
    threshold : float
        δ of P(inflation > δ), in the unit of the scores.

    Returns
    -------
    Inflation

    Raises
    ------
    MethodError
        For an index that differs, a standard error that is negative or missing beside a score, or
        too few organisations with both scores (5 more than classes).

    Notes
    -----
    reference = θ + e and own = α + β θ + u + f with θ ~ N(μ, τ²), u ~ N(0, ω²) and errors e, f of
    known variance; α and μ by class. Moments within classes give τ² = var(reference) − mean s_e²,
    β = cov / τ² (regression with errors in variables) and ω² = var(own) − β cov − mean s_f², each
    cut off at 0; without true differences in the reference β is set to 1. The inflation is α +
    (β − 1) θ + u; its mean and variance given both scores are those of the joint normal
    distribution, the variance of the class mean added.

    With β = 1 the mean is that of the class plus what is left of own scores once the *shrunken*
    reference is taken off; it does not fall with performance, as the raw difference does with slope
    −(1 − reliability).

    References
    ----------
    Edwards, J. R. (1994). The study of congruence in organizational behavior research: critique and
    a proposed alternative. Organizational Behavior and Human Decision Processes 58: 51–100. Fuller,
    W. A. (1987). Measurement error models, section 1.2. Morris, C. N. (1983). JASA 78: 47–55.

    Examples
    --------
    >>> own = pd.Series([96.0, 95, 94, 97, 88, 90, 92, 99])
    >>> reference = pd.Series([80.0, 82, 78, 85, 79, 81, 84, 70])
    >>> error = pd.Series(2.0, own.index)
    >>> made = inflation(own, reference, own_errors=error, reference_errors=error, threshold=10)
    >>> made.table[["difference", "inflation", "probability"]].round(2).tail(2)
       difference  inflation  probability
    6         8.0       8.96         0.38
    7        29.0      26.54         1.00
    """
    pairs = {"reference": reference, "own_errors": own_errors, "reference_errors": reference_errors}
    for name, series in pairs.items():
        if not series.index.equals(own.index):
            raise MethodError(
                f"{name} must have the index of the own scores, got another. Reindex it like them."
            )
    y = as_vector(own, what="own scores", missing=True)
    x = as_vector(reference, what="reference scores", missing=True)
    s_y = as_vector(own_errors, what="standard errors", missing=True)
    s_x = as_vector(reference_errors, what="standard errors", missing=True)
    both = ~np.isnan(y) & ~np.isnan(x)
    wrong = both & ~((s_y >= 0) & (s_x >= 0))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise MethodError(
            "standard errors must be at least 0 beside every score, got "
            f"{s_y[place]:g} and {s_x[place]:g} (at {own.index[place]}). "
            "Correct them, or leave the organisation out."
        )
    codes = np.zeros(len(y), int) if groups is None else pd.factorize(groups)[0]
    both &= codes >= 0
    _, codes = np.unique(codes[both], return_inverse=True)
    size = np.bincount(codes)
    free = len(codes) - len(size)
    if free < LEAST:
        raise MethodError(
            f"at least {LEAST} more organisations than classes must have both scores to tell "
            f"inflation from noise, got {len(codes)} in {len(size)} classes. "
            "Compare more organisations, or fewer classes."
        )
    found = np.full((5, len(y)), np.nan)
    parts = _moments(y[both], x[both], s_y[both], s_x[both], codes, free)
    found[:, both] = _posterior(y[both], x[both], s_y[both], s_x[both], codes, parts, threshold)
    names = ["inflation", "sd", "low", "high", "probability"]
    table = pd.DataFrame(found.T, index=own.index, columns=names)
    table.insert(0, "difference", np.where(both, y - x, np.nan))
    table.insert(1, "standard_error", np.where(both, np.hypot(s_y, s_x), np.nan))
    observed = parts.quality + float((s_x[both] ** 2).mean())
    reliability = parts.quality / observed if observed > 0 else 0.0
    return Inflation(
        table=table,
        slope=parts.slope,
        reliability=reliability,
        sd_quality=parts.quality**0.5,
        sd_inflation=parts.inflation**0.5,
        trap=parts.trap,
        trap_by_noise=reliability - 1,
        threshold=threshold,
        n=len(codes),
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    quality: float  # τ²
    slope: float  # β
    inflation: float  # ω²
    trap: float


def _moments(
    y: FloatArray, x: FloatArray, s_y: FloatArray, s_x: FloatArray, codes: FloatArray, free: int
) -> _Parts:
    """Find the variances and the slope by moments within classes."""
    y, x = _centred(y, codes), _centred(x, codes)
    xx, xy, yy = (float((a * b).sum() / free) for a, b in ((x, x), (x, y), (y, y)))
    quality = max(xx - float((s_x**2).mean()), 0.0)
    slope = xy / quality if quality > 0 else 1.0
    rest = yy - slope * xy - float((s_y**2).mean()) if quality > 0 else yy - float((s_y**2).mean())
    return _Parts(quality, slope, max(rest, 0.0), xy / xx - 1 if xx > 0 else np.nan)


def _posterior(
    y: FloatArray,
    x: FloatArray,
    s_y: FloatArray,
    s_x: FloatArray,
    codes: FloatArray,
    parts: _Parts,
    threshold: float,
) -> FloatArray:
    """Return mean, sd, 90 % interval and P(> threshold) of the inflation."""
    tau2, beta, omega2 = parts.quality, parts.slope, parts.inflation
    difference = y - x
    size = np.bincount(codes)
    level = np.bincount(codes, difference) / size
    y, x = _centred(y, codes), _centred(x, codes)
    # Covariances of (reference, own) and of the inflation with them.
    xx, xy, yy = tau2 + s_x**2, beta * tau2, beta**2 * tau2 + omega2 + s_y**2
    c_x, c_y = (beta - 1) * tau2, (beta - 1) * beta * tau2 + omega2
    determinant = xx * yy - xy**2
    safe = np.where(determinant > 0, determinant, 1.0)
    on_x = np.where(determinant > 0, (c_x * yy - c_y * xy) / safe, 0.0)
    on_y = np.where(determinant > 0, (c_y * xx - c_x * xy) / safe, 0.0)
    mean = level[codes] + on_x * x + on_y * y
    prior = (beta - 1) ** 2 * tau2 + omega2
    rest = np.maximum(prior - on_x * c_x - on_y * c_y, 0.0)
    spread = np.bincount(codes, (difference - level[codes]) ** 2) / np.maximum(size - 1, 1)
    sd = np.sqrt(rest + (spread / size)[codes])
    known = sd > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(known, ndtr((mean - threshold) / sd), mean > threshold)
    wide = ndtri(0.95) * sd
    return np.array([mean, sd, mean - wide, mean + wide, above])


def _centred(x: FloatArray, codes: FloatArray) -> FloatArray:
    found: FloatArray = x - (np.bincount(codes, x) / np.bincount(codes))[codes]
    return found
