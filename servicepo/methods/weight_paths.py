"""Scores as straight lines in one weight: where they cross cut-offs and each other.

When the weight of one source rises from 0 to 1 and the others share the rest in proportion, an
additive score moves on a straight line from its value at 0 to its value at 1. So the weights at
which a grade or a rank changes are solved, and not searched on a grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_vector

TOLERANCE = 1e-9  # scores are sums of products; what misses a cut-off by less reaches it


def critical_weights(
    at_0: pd.Series | npt.ArrayLike, at_1: pd.Series | npt.ArrayLike, cuts: Sequence[float]
) -> pd.DataFrame:
    """Solve for the weights at which scores cross cut-offs.

    Parameters
    ----------
    at_0, at_1 : Series or array of float, n
        Scores where the weight is 0 and 1. NaN crosses nothing.
    cuts : sequence of float
        The cut-offs, rising; a score on a cut-off reaches it.

    Returns
    -------
    DataFrame
        One row per crossing, by organisation and weight: ``place`` (position of the organisation),
        ``weight`` (0..1), ``cut``, ``before`` and ``after`` (how many cut-offs are reached). A
        score that rises reaches its cut-off at the weight, one that falls loses it just above.

    Raises
    ------
    MethodError
        For lengths that differ, or cut-offs that do not rise.

    Notes
    -----
    w = (cut − s₀) / (s₁ − s₀), kept where 0 < w ≤ 1 for a rising and 0 ≤ w < 1 for a falling score.

    Examples
    --------
    >>> critical_weights([55.0, 92.0], [95.0, 72.0], [60, 80, 90])
       place  weight   cut  before  after
    0      0   0.125  60.0       0      1
    1      0   0.625  80.0       1      2
    2      0   0.875  90.0       2      3
    3      1   0.100  90.0       3      2
    4      1   0.600  80.0       2      1
    """
    a, b = _ends(at_0, at_1)
    limits = np.asarray(cuts, dtype=float)
    if len(limits) == 0 or not (np.diff(limits) > 0).all():
        raise MethodError(
            f"cut-offs must be at least one and rise, got {list(cuts)!r}. Give them sorted, as "
            "[60, 80, 90]."
        )
    reached_0 = np.searchsorted(limits, a + TOLERANCE, side="right")
    reached_1 = np.searchsorted(limits, b + TOLERANCE, side="right")
    known = ~np.isnan(a) & ~np.isnan(b)
    # Between the two ends a line crosses exactly the cut-offs that lie between them.
    low = np.where(known, np.minimum(reached_0, reached_1), 0)
    count = np.where(known, np.abs(reached_1 - reached_0), 0)
    place = np.repeat(np.arange(len(a)), count)
    step = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    rising = (b > a)[place]
    which = np.where(rising, low[place] + step, (low + count)[place] - 1 - step)
    weight = np.clip((limits[which] - a[place]) / (b - a)[place], 0.0, 1.0)
    return pd.DataFrame(
        {
            "place": place,
            "weight": weight,
            "cut": limits[which],
            "before": np.where(rising, which, which + 1),
            "after": np.where(rising, which + 1, which),
        }
    )


def rank_crossings(
    at_0: pd.Series | npt.ArrayLike, at_1: pd.Series | npt.ArrayLike, place: int
) -> pd.DataFrame:
    """Solve for the weights at which one organisation overtakes others or is overtaken.

    Parameters
    ----------
    at_0, at_1 : Series or array of float, n
        Scores where the weight is 0 and 1. NaN takes no part.
    place : int
        Position of the organisation.

    Returns
    -------
    DataFrame
        One row per crossing with 0 < weight < 1, by weight: ``weight``, ``other`` (position),
        ``overtakes`` (bool), ``rank`` (1 is best, just above the weight).

    Raises
    ------
    MethodError
        For lengths that differ, or an organisation without a score.

    Examples
    --------
    >>> rank_crossings([90.0, 80.0, 70.0], [70.0, 80.0, 85.0], 0)
         weight  other  overtakes  rank
    0  0.500000      1      False     2
    1  0.571429      2      False     3
    """
    a, b = _ends(at_0, at_1)
    if np.isnan(a[place]) or np.isnan(b[place]):
        raise MethodError(
            f"an organisation with a score must be named, got position {place}. Choose another."
        )
    start, end = a - a[place], b - b[place]
    crossing = np.flatnonzero(start * end < 0)
    weight = start[crossing] / (start[crossing] - end[crossing])
    order = np.argsort(weight, kind="stable")
    crossing, weight = crossing[order], weight[order]
    overtakes = start[crossing] > 0
    # Just above 0, equals are parted by where they go.
    rank = 1 + int(((start > 0) | ((start == 0) & (end > 0))).sum())
    return pd.DataFrame(
        {
            "weight": weight,
            "other": crossing,
            "overtakes": overtakes,
            "rank": rank + np.cumsum(np.where(overtakes, -1, 1)),
        }
    )


def _ends(
    at_0: pd.Series | npt.ArrayLike, at_1: pd.Series | npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    a = as_vector(at_0, what="scores at 0", missing=True)
    b = as_vector(at_1, what="scores at 1", missing=True)
    if len(a) != len(b):
        raise MethodError(
            f"scores at both ends must have the same length, got {len(a)} and {len(b)}. "
            "Give one of each per organisation."
        )
    return a, b
