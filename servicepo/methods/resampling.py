"""Draw the organisations again and again, to see how far a figure rests on who was there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

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
    size = np.repeat(sizes, sizes)
    block = max(1, BLOCK_CELLS // len(values))
    parts = []
    for done in range(0, draws, block):
        steps = random.random((min(block, draws - done), len(values)))
        parts.append(measure(values[start + (steps * size).astype(np.intp)]))
    return np.concatenate(parts)


def bootstrap_interval(
    drawn: FloatArray, observed: FloatArray, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give intervals of figures of at least 0 from resampling, freed of what it adds to them.

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
        At least 0.

    Raises
    ------
    MethodError
        For another confidence.

    Notes
    -----
    Small groups differ by chance: samples are more unequal between groups than the organisations
    they are drawn from, as these are more unequal than what they stand for. So the interval is
    (2 · observed − mean of the draws) ± z · their standard deviation. With many small groups it may
    lie wholly below the figure. In trials with 3 to 36 groups of 7 to 90 it held the truth of a
    share between groups 89 to 100 times of 100, plain percentiles 0 to 92 times.

    References
    ----------
    Efron, B. & Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman & Hall, chapter
    10.

    Examples
    --------
    >>> low, high = bootstrap_interval(np.array([[1.0], [2.0], [3.0]]), np.array([2.0]))
    >>> low.round(2), high.round(2)
    (array([0.4]), array([3.6]))
    """
    reach = normal_quantile(confidence) * drawn.std(axis=0)
    middle = 2 * observed - drawn.mean(axis=0)
    return np.maximum(middle - reach, 0.0), np.maximum(middle + reach, 0.0)
