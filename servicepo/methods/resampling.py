"""Draw the organisations again and again, to see how far a figure rests on who was there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from ..errors import MethodError
from .guards import BLOCK_CELLS, FloatArray
from .intervals import normal_quantile

Measure = Callable[[FloatArray], FloatArray]


def resample(
    values: FloatArray,
    sizes: npt.NDArray[np.intp],
    measure: Measure,
    *,
    draws: int,
    seed: int | np.random.Generator | None,
) -> FloatArray:
    """Measure values drawn with replacement inside each group, so that groups keep their sizes.

    Parameters
    ----------
    values : ndarray of float, n
        Group after group.
    sizes : ndarray of int, k
        How many values each group has; they sum to n.
    measure : callable
        Array of samples, b × n in the order of ``values`` → array of results, b × m.
    draws : int
        How many samples, at least 1.
    seed : int, Generator or None
        The same seed gives the same samples.

    Returns
    -------
    ndarray of float, draws × m

    Raises
    ------
    MethodError
        For fewer draws than 1.

    Examples
    --------
    >>> mean = lambda samples: samples.mean(axis=1, keepdims=True)
    >>> drawn = resample(np.array([1.0, 1.0, 5.0]), np.array([2, 1]), mean, draws=2, seed=0)
    >>> drawn.ravel().round(3)
    array([2.333, 2.333])
    """
    if draws < 1:
        raise MethodError(f"draws must be at least 1, got {draws!r}. Give 1000 or more.")
    random = np.random.default_rng(seed)
    start = np.repeat(np.cumsum(sizes) - sizes, sizes)
    high = np.repeat(sizes, sizes)
    block = max(1, BLOCK_CELLS // len(values))
    parts = [
        measure(values[start + random.integers(0, high, (min(block, draws - done), len(values)))])
        for done in range(0, draws, block)
    ]
    return np.concatenate(parts)


def bootstrap_interval(
    drawn: FloatArray, observed: FloatArray, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give bias-corrected percentile intervals from resampled figures.

    Parameters
    ----------
    drawn : ndarray of float, draws × m
        As `resample` gives.
    observed : ndarray of float, m
        The figures of the values themselves.
    confidence : float
        Level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float, m

    Raises
    ------
    MethodError
        For another confidence.

    Notes
    -----
    Samples are more unequal between groups than the organisations they are drawn from, so plain
    percentiles would lie too high. With z₀ = Φ⁻¹(share of draws below the observed figure, ties
    counted half) the ends are the Φ(2z₀ ± z) quantiles of the draws.

    References
    ----------
    Efron, B. (1981). Nonparametric standard errors and confidence intervals. Canadian Journal of
    Statistics 9: 139–158.

    Examples
    --------
    >>> low, high = bootstrap_interval(np.arange(101.0)[:, None], np.array([50.0]), confidence=0.9)
    >>> low, high
    (array([5.]), array([95.]))
    """
    reach = normal_quantile(confidence)
    draws = len(drawn)
    below = ((drawn < observed).mean(axis=0) + (drawn <= observed).mean(axis=0)) / 2
    shift = 2 * ndtri(np.clip(below, 1 / (2 * draws), 1 - 1 / (2 * draws)))
    ordered = np.sort(drawn, axis=0)
    places = np.stack([ndtr(shift - reach), ndtr(shift + reach)]) * (draws - 1)
    lower = np.floor(places).astype(np.intp)
    upper = np.ceil(places).astype(np.intp)
    one, other = (np.take_along_axis(ordered, side, axis=0) for side in (lower, upper))
    low, high = one + (places - lower) * (other - one)
    return low, high
