"""Intervals of rates and counts, element by element."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

from ..errors import MethodError
from .guards import FloatArray

FEW: Final = 10  # counts below this have exact limits


def normal_quantile(confidence: float) -> float:
    """Return how many standard errors a two-sided interval reaches.

    Parameters
    ----------
    confidence : float
        Level, between 0 and 1.

    Raises
    ------
    MethodError
        For another confidence.

    Examples
    --------
    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    if not 0 < confidence < 1:
        raise MethodError(
            f"confidence must lie between 0 and 1, got {confidence!r}. Give 0.95 for 95 %."
        )
    return float(ndtri((1 + confidence) / 2))


def wilson_interval(
    successes: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Give the Wilson score interval of a rate, good for small samples and rates near 0 or 1.

    Parameters
    ----------
    successes, n : array of float
        Counts, with successes from 0 to n.
    confidence : float
        Level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        0..1; NaN where n = 0.

    Raises
    ------
    MethodError
        For another confidence.

    Notes
    -----
    With p = r / n and z the normal quantile:
    (p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n).

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA
    22: 209–212.

    Examples
    --------
    >>> low, high = wilson_interval(0, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.0, 0.278)
    """
    z = normal_quantile(confidence)
    size = np.asarray(n, dtype=float)
    size = np.where(size > 0, size, np.nan)
    rate = np.asarray(successes, dtype=float) / size
    middle = rate + z**2 / (2 * size)
    reach = z * np.sqrt(rate * (1 - rate) / size + z**2 / (4 * size**2))
    scale = 1 + z**2 / size
    # At a rate of 0 or 1 one end is the rate itself; rounding must move it neither way.
    low = np.where(rate == 0, 0.0, np.minimum((middle - reach) / scale, rate))
    high = np.where(rate == 1, 1.0, np.maximum((middle + reach) / scale, rate))
    return low, high


def agresti_coull_interval(
    successes: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Give the Agresti–Coull interval of a rate: the normal one after adding z² imagined cases.

    Parameters
    ----------
    successes, n : array of float
        Counts, with successes from 0 to n.
    confidence : float
        Level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        Cut off at 0 and 1; NaN where n = 0.

    Raises
    ------
    MethodError
        For another confidence.

    Notes
    -----
    With ñ = n + z² and p̃ = (r + z²/2) / ñ: p̃ ± z √(p̃ (1 − p̃) / ñ). Never shorter than Wilson's,
    which has the same middle.

    References
    ----------
    Agresti, A. & Coull, B. A. (1998). Approximate is better than "exact" for interval estimation of
    binomial proportions. American Statistician 52: 119–126.

    Examples
    --------
    >>> low, high = agresti_coull_interval(0, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.0, 0.321)
    """
    z = normal_quantile(confidence)
    size = np.asarray(n, dtype=float)
    more = np.where(size > 0, size, np.nan) + z**2
    rate = (np.asarray(successes, dtype=float) + z**2 / 2) / more
    reach = z * np.sqrt(rate * (1 - rate) / more)
    return np.maximum(rate - reach, 0.0), np.minimum(rate + reach, 1.0)


def exact_count_interval(
    counts: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give the exact interval of the mean of a Poisson count.

    Parameters
    ----------
    counts : array of float
        At least 0; NaN passes on.
    confidence : float
        Level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        In counts; the lower limit of 0 is 0.

    Raises
    ------
    MethodError
        For a negative count or another confidence.

    Notes
    -----
    χ²(α/2; 2x) / 2 and χ²(1 − α/2; 2x + 2) / 2.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28: 437–442.

    Examples
    --------
    >>> low, high = exact_count_interval(9)
    >>> round(float(low), 2), round(float(high), 2)
    (4.12, 17.08)
    """
    x = _counts(counts)
    tail = (1 - confidence) / 2 if normal_quantile(confidence) else np.nan
    low = np.where(x == 0, 0.0, gammaincinv(np.where(x == 0, 1.0, x), tail))
    return low, np.asarray(gammaincinv(x + 1, 1 - tail))


def byar_interval(
    counts: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give Byar's interval of the mean of a Poisson count: close to the exact one from 10 on.

    Parameters
    ----------
    counts : array of float
        At least 0; NaN passes on.
    confidence : float
        Level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        In counts. The lower limit is NaN where the formula breaks down (0, and 1 at 99.8 %).

    Raises
    ------
    MethodError
        For a negative count or another confidence.

    Notes
    -----
    x (1 − 1/(9x) − z/(3√x))³ and the same with x + 1 and + z.

    References
    ----------
    Breslow, N. E. & Day, N. E. (1987). Statistical methods in cancer research, vol. II. IARC
    Scientific Publications 82: 69.

    Examples
    --------
    >>> low, high = byar_interval(65)
    >>> round(float(low), 2), round(float(high), 2)
    (50.16, 82.85)
    """
    z = normal_quantile(confidence)
    x = _counts(counts)
    some = np.where(x > 0, x, np.nan)
    root = 1 - 1 / (9 * some) - z / (3 * np.sqrt(some))
    low = np.where(root >= 0, some * root**3, np.nan)
    return low, (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * np.sqrt(x + 1))) ** 3


def count_interval(
    counts: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give the interval of the mean of a Poisson count: exact below 10, Byar's from there on.

    Parameters
    ----------
    counts : array of float
        At least 0; NaN passes on.
    confidence : float
        Level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        In counts.

    Raises
    ------
    MethodError
        For a negative count or another confidence.

    Examples
    --------
    >>> low, high = count_interval([9, 65])
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([4.12, 50.16], [17.08, 82.85])
    """
    few = np.asarray(counts, dtype=float) < FEW
    exact = exact_count_interval(counts, confidence=confidence)
    byar = byar_interval(counts, confidence=confidence)
    return np.where(few, exact[0], byar[0]), np.where(few, exact[1], byar[1])


def _counts(counts: npt.ArrayLike) -> FloatArray:
    x = np.asarray(counts, dtype=float)
    if (x < 0).any():
        raise MethodError(
            f"counts must be at least 0, got {np.nanmin(x):g}. Count cases, not differences."
        )
    return x
