"""Average run lengths: how long a stable organisation goes on before EWMA or CUSUM alarm falsely.

A chart is designed backwards: say how rarely it may alarm without cause, and get its limit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from ..errors import MethodError
from .guards import FloatArray

NODES: Final = 80  # of Gauss–Legendre quadrature; more changes no digit that is told
SHORTEST, LONGEST = 5.0, 1e6  # run lengths that a chart can be designed for


def cusum_run_length(slack: float, limit: float, *, shift: float = 0.0, sides: int = 2) -> float:
    """Average number of periods until a CUSUM chart alarms.

    Parameters
    ----------
    slack : float
        k, the reference value in standard deviations, at least 0: half the shift to be found.
    limit : float
        h, above which it alarms, in standard deviations.
    shift : float
        By how many standard deviations the mean has moved from the start.
    sides : {1, 2}
        Whether one sum (upwards) or both are watched.

    Returns
    -------
    float
        Periods; the false alarms of a stable organisation are this far apart on average.

    Raises
    ------
    MethodError
        For a negative slack, a limit that is not positive, or other sides.

    Notes
    -----
    L(s) = 1 + Φ(k − s − μ) L(0) + ∫₀ʰ φ(x + k − s − μ) L(x) dx, by Gauss–Legendre quadrature; of
    both sides together 1 / L = 1 / L₊ + 1 / L₋.

    References
    ----------
    Page, E. S. (1954). Continuous inspection schemes. Biometrika 41: 100–115. Montgomery, D. C.
    (2009). Introduction to Statistical Quality Control, 6th ed., table 9.3.

    Examples
    --------
    >>> round(cusum_run_length(0.5, 5), 1), round(cusum_run_length(0.5, 5, shift=1), 2)
    (465.4, 10.38)
    """
    if slack < 0 or limit <= 0 or sides not in (1, 2):
        raise MethodError(
            "a CUSUM needs slack of at least 0, a positive limit and 1 or 2 sides, got "
            f"{slack!r}, {limit!r} and {sides!r}. Take .5, 5 and 2, for example."
        )
    up = _cusum_one_side(float(slack), float(limit), float(shift))
    if sides == 1:
        return up
    return 1 / (1 / up + 1 / _cusum_one_side(float(slack), float(limit), -float(shift)))


def ewma_run_length(weight: float, reach: float, *, shift: float = 0.0) -> float:
    """Average number of periods until an EWMA chart alarms on either side.

    Parameters
    ----------
    weight : float
        λ, the weight of the newest value, in 0..1 (0 excluded).
    reach : float
        L, the half-width of the limits in standard deviations of the average.
    shift : float
        By how many standard deviations of the values the mean has moved from the start.

    Returns
    -------
    float
        Periods.

    Raises
    ------
    MethodError
        For a weight outside 0..1 or a reach that is not positive.

    Notes
    -----
    L(z) = 1 + 1/λ ∫₋ₕʰ φ((x − (1 − λ) z) / λ − μ) L(x) dx with h = reach √(λ / (2 − λ)), the limits
    that the chart has once it has run for a while; those of its first periods are narrower.

    References
    ----------
    Crowder, S. V. (1987). A simple method for studying run-length distributions of exponentially
    weighted moving average charts. Technometrics 29: 401–407.

    Examples
    --------
    >>> round(ewma_run_length(0.2, 3), 1), round(ewma_run_length(0.2, 3, shift=1), 2)
    (559.9, 10.84)
    """
    if not 0 < weight <= 1 or reach <= 0:
        raise MethodError(
            f"an EWMA needs a weight in 0..1 and a positive reach, got {weight!r} and {reach!r}. "
            "Take .2 and 2.86, for example."
        )
    h = reach * np.sqrt(weight / (2 - weight))
    x, w = _nodes(-h, h)
    away = (x[None, :] - (1 - weight) * np.append(x, 0.0)[:, None]) / weight - shift
    kernel = _density(away) * w / weight
    run = np.linalg.solve(np.eye(len(x)) - kernel[:-1], np.ones(len(x)))
    return float(1 + kernel[-1] @ run)


def cusum_limit(slack: float, run_length: float) -> float:
    """Give the limit at which a two-sided CUSUM alarms falsely once in so many periods.

    Parameters
    ----------
    slack : float
        As in `cusum_run_length`, .1 to 1.
    run_length : float
        Periods between false alarms of one stable organisation, 5 to 1,000,000.

    Returns
    -------
    float
        h.

    Raises
    ------
    MethodError
        For another run length or slack.

    Examples
    --------
    >>> round(cusum_limit(0.5, 465.44), 3)
    5.0
    """
    if not 0.1 <= slack <= 1:
        raise MethodError(
            f"slack must lie between .1 and 1 for a limit to be found, got {slack!r}. "
            "Take half the shift that is to be found, in standard deviations."
        )
    return _solved(lambda h: cusum_run_length(slack, h), run_length)


def ewma_reach(weight: float, run_length: float) -> float:
    """Give the half-width at which an EWMA alarms falsely once in so many periods.

    Parameters
    ----------
    weight : float
        As in `ewma_run_length`.
    run_length : float
        As in `cusum_limit`.

    Returns
    -------
    float
        L.

    Raises
    ------
    MethodError
        For another run length, or as `ewma_run_length`.

    Examples
    --------
    >>> round(ewma_reach(0.2, 370), 2)
    2.86
    """
    return _solved(lambda reach: ewma_run_length(weight, reach), run_length)


@lru_cache(maxsize=256)
def _cusum_one_side(k: float, h: float, shift: float) -> float:
    x, w = _nodes(0.0, h)
    starts = np.append(x, 0.0)
    kernel = _density(x[None, :] + k - starts[:, None] - shift) * w
    back = ndtr(k - starts - shift)[:, None]
    # The last unknown is L(0), to which every fall below 0 returns.
    system = np.eye(len(starts)) - np.hstack([kernel, back])
    return float(np.linalg.solve(system, np.ones(len(starts)))[-1])


def _nodes(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = (high - low) / 2
    return low + half * (x + 1), half * w


def _density(x: FloatArray) -> FloatArray:
    found: FloatArray = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return found


def _solved(length: Callable[[float], float], wanted: float) -> float:
    if not SHORTEST <= wanted <= LONGEST:
        raise MethodError(
            f"run_length must lie between {SHORTEST:g} and {LONGEST:,.0f} periods, got {wanted!r}. "
            "Allow more or fewer false alarms."
        )
    low, high = 1e-3, 1.0
    while length(high) < wanted:  # far out the equations lose their digits, so from below
        low, high = high, 1.3 * high
    return float(brentq(lambda at: np.log(length(at) / wanted), low, high, xtol=1e-10))
