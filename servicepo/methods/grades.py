"""Grades: cut-offs, quotas and bands in one rule, natural breaks, and how sure a grade is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr

from ..errors import MethodError
from .guards import FloatArray, as_vector, choose

Levels = npt.NDArray[np.intp]

# Scores are sums of products; what misses a cut-off by less than this misses it by rounding only.
TOLERANCE: Final = 1e-9

ROUNDINGS: Final[Mapping[str, Callable[[Any], FloatArray]]] = MappingProxyType(
    {
        "floor": lambda quota: np.floor(quota + TOLERANCE),
        "nearest": lambda quota: np.floor(quota + 0.5 + TOLERANCE),
        "ceil": lambda quota: np.ceil(quota - TOLERANCE),
    }
)
"""How a quota becomes a number of places: 0.6 of an organisation is 0, 1 or 1."""

TIES: Final = ("up", "down")
"""What becomes of equals on the last place of a quota: all of them get it, or none does."""


@dataclass(frozen=True, eq=False, slots=True)
class Award:
    """Answer of `award`.

    Attributes
    ----------
    grade : ndarray of int, n
        0 for the lowest grade, k − 1 for the best, −1 without a score.
    queue : ndarray of float, n × k
        Place among the candidates for a grade with a quota, 1 for the first, equals sharing the
        place that decides; NaN for who was no candidate, or where the grade has no quota.
    places : DataFrame
        One row per class and grade with a quota, best first: ``class``, ``grade``, ``n`` (with a
        score), ``quota`` (share × n), ``places`` (the quota rounded), ``candidates``, ``given``,
        ``tied`` (how many equals stood on the last place where their number did not fit).
    """

    grade: Levels
    queue: FloatArray
    places: pd.DataFrame

    def __repr__(self) -> str:
        counts = np.bincount(self.grade[self.grade >= 0], minlength=self.queue.shape[1])
        return f"Award({len(self.grade)} organisations, worst first {counts.tolist()})"


def award(
    scores: pd.Series | npt.ArrayLike,
    cuts: npt.ArrayLike,
    *,
    quotas: Sequence[float] | None = None,
    classes: npt.ArrayLike | None = None,
    ceiling: npt.ArrayLike | None = None,
    previous: npt.ArrayLike | None = None,
    margin: float | npt.ArrayLike = 0.0,
    rounding: str = "nearest",
    ties: str = "up",
) -> Award:
    """Give grades by cut-offs, quotas, ceilings and a band around the grade held before.

    Parameters
    ----------
    scores : Series or array of float, n
        NaN gets no grade.
    cuts : array of float, k − 1 or n × (k − 1)
        The least score of each grade but the lowest, rising; −inf asks for nothing. One row for
        everybody, or a row each.
    quotas : sequence of float, k, optional
        The largest share of a class that may get each grade, worst first; NaN: no quota.
    classes : array, n, optional
        Whose quotas are filled apart; one class by default.
    ceiling : array of int, n, optional
        The best grade each may get.
    previous : array of int, n, optional
        The grade held before, −1 where there is none.
    margin : float or array of float, n
        How far beyond a cut-off a score must be to move away from the grade held before.
    rounding : {"nearest", "floor", "ceil"}
        How share × n becomes a number of places ("nearest": half up).
    ties : {"up", "down"}
        Whether equals on the last place all get the grade, or none of them.

    Returns
    -------
    Award

    Raises
    ------
    MethodError
        For cuts that fall, quotas of another number or outside 0..1, or an unknown word.

    Notes
    -----
    From the best grade down: candidates for grade g are those without a grade yet whose ceiling
    allows it and whose score s ≥ cut_g − margin where they held g or better before, s ≥ cut_g +
    margin where they held less. With a quota only the first places of them, in the order of that
    same moved score, get the grade; the others try the next one. A place that somebody may not
    take goes to the next in the queue. What misses a cut by less than 1e-9 reaches it.

    Examples
    --------
    >>> award([95.0, 92, 91, 70, 40], [60, 80, 90], quotas=[np.nan, np.nan, np.nan, 0.2]).grade
    array([3, 2, 2, 1, 0])
    >>> award([89.0, 91.0, 93.0], [90], previous=[1, 0, 0], margin=2.0).grade
    array([1, 0, 1])
    """
    s = as_vector(scores, what="scores", missing=True)
    lows = _cuts(cuts, len(s))
    k = lows.shape[1] + 1
    shares = _quotas(quotas, k)
    round_ = choose(rounding, ROUNDINGS, "rounding")
    choose(ties, dict.fromkeys(TIES), "ties")
    code, labels = (
        (np.zeros(len(s), dtype=np.intp), [None])
        if classes is None
        else pd.factorize(np.asarray(classes), sort=True, use_na_sentinel=False)
    )
    before = np.full(len(s), -1) if previous is None else np.asarray(previous, dtype=np.intp)
    most = np.full(len(s), k - 1) if ceiling is None else np.asarray(ceiling, dtype=np.intp)
    reach = np.broadcast_to(np.asarray(margin, dtype=float), s.shape)
    waiting = ~np.isnan(s)
    size = np.bincount(code[waiting], minlength=len(labels))
    grade = np.where(waiting, 0, -1)
    queue = np.full((len(s), k), np.nan)
    rows = []
    banded = bool(reach.any()) and bool((before >= 0).any())
    order = None if banded or np.isnan(shares).all() else _in_order(s, code)
    for level in range(k - 1, 0, -1):
        moved = s + np.select([before < 0, before >= level], [0.0, reach], -reach) if banded else s
        able = waiting & (most >= level) & (moved >= lows[:, level - 1] - TOLERANCE)
        if not np.isnan(shares[level]):
            line = _in_order(moved, code) if order is None else order
            line = line[able[line]]
            quota = shares[level] * size
            places = round_(quota).astype(np.intp)
            first, end = _places(moved[line], code[line])
            queue[line, level] = end if ties == "down" else first
            across = (first <= places[code[line]]) & (end > places[code[line]])
            inside = queue[line, level] <= places[code[line]]
            table = {
                "class": labels,
                "grade": level,
                "n": size,
                "quota": quota,
                "places": places,
                "candidates": np.bincount(code[line], minlength=len(labels)),
                "given": np.bincount(code[line[inside]], minlength=len(labels)),
                "tied": np.bincount(code[line[across]], minlength=len(labels)),
            }
            rows.append(pd.DataFrame(table)[size > 0])
            able[line[~inside]] = False
        grade[able] = level
        waiting[able] = False
    columns = ["class", "grade", "n", "quota", "places", "candidates", "given", "tied"]
    made = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return Award(grade, queue, made)


@dataclass(frozen=True, eq=False, slots=True)
class NaturalBreaks:
    """Answer of `natural_breaks`.

    Attributes
    ----------
    cuts : ndarray of float, k − 1
        Halfway between neighbouring classes, rising.
    low, high : ndarray of float, k
        Smallest and largest value of each class, lowest class first.
    count : ndarray of int, k
    goodness : float
        Goodness of variance fit, 0..1: the share of the variance that lies between the classes.
    """

    cuts: FloatArray
    low: FloatArray
    high: FloatArray
    count: Levels
    goodness: float

    def __repr__(self) -> str:
        return f"NaturalBreaks(cuts {self.cuts.round(4).tolist()}, goodness {self.goodness:.3f})"


def natural_breaks(values: pd.Series | npt.ArrayLike, classes: int = 4) -> NaturalBreaks:
    """Cut values where they leave gaps, so that classes are as alike inside as they can be.

    Parameters
    ----------
    values : Series or array of float, n
        NaN takes no part.
    classes : int
        How many classes, at least 2.

    Returns
    -------
    NaturalBreaks

    Raises
    ------
    MethodError
        For fewer distinct values than classes, or fewer than 2 classes.

    Notes
    -----
    The exact optimum (Fisher 1958), not the heuristic of Jenks: the k contiguous classes with the
    least Σ Σ (x − x̄_c)², found by dynamic programming over the distinct values. Since the total is
    fixed, Σ S_c² / n_c is maximised, with S_c the sum of a class around the overall mean. The last
    break moves to the right with the values, so every layer is solved by halving in O(n log n).

    References
    ----------
    Fisher, W. D. (1958). On grouping for maximum homogeneity. JASA 53: 789–798.

    Examples
    --------
    >>> natural_breaks([1.0, 9, 12, 50, 56, 90], 3)
    NaturalBreaks(cuts [31.0, 73.0], goodness 0.986)
    """
    x = as_vector(values, what="values", missing=True)
    if classes < 2:
        raise MethodError(f"classes must be at least 2, got {classes!r}. Give 4, for example.")
    distinct, count = np.unique(x[~np.isnan(x)], return_counts=True)
    if len(distinct) < classes:
        raise MethodError(
            f"natural breaks into {classes} classes need as many distinct values, "
            f"got {len(distinct)}. Ask for fewer classes or use cut-offs."
        )
    n = len(distinct)
    size = np.r_[0.0, np.cumsum(count)]
    apart = distinct - (distinct * count).sum() / size[-1]
    total = np.r_[0.0, np.cumsum(apart * count)]
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(size > 0, total**2 / size, -np.inf)
    back = []
    for layer in range(2, classes):
        best, where = _layer(best, layer - 1, total, size)
        back.append(where)
    starts = np.arange(classes - 1, n)
    gain = best[starts] + (total[n] - total[starts]) ** 2 / (size[n] - size[starts])
    edges = [n, int(starts[np.argmax(gain)])]
    for where in reversed(back):
        edges.append(int(where[edges[-1]]))
    first = np.array([0, *edges[:0:-1]])
    last = np.r_[first[1:], n] - 1
    whole = float((apart**2 * count).sum())
    between = float(((total[last + 1] - total[first]) ** 2 / (size[last + 1] - size[first])).sum())
    return NaturalBreaks(
        cuts=(distinct[first[1:]] + distinct[first[1:] - 1]) / 2,
        low=distinct[first],
        high=distinct[last],
        count=(size[last + 1] - size[first]).astype(np.intp),
        goodness=min(1.0, between / whole),
    )


def grade_probabilities(
    mean: npt.ArrayLike, sd: npt.ArrayLike, cuts: npt.ArrayLike, *, ceiling: Levels | None = None
) -> FloatArray:
    """Probability that the true score of each organisation lies in each grade.

    Parameters
    ----------
    mean, sd : array of float, n
        Posterior mean and standard deviation of the true scores, as `shrinkage.shrink` gives them.
        NaN gives NaN; where sd is 0 the mean decides.
    cuts : array of float, k − 1 or n × (k − 1)
        As in `award`.
    ceiling : array of int, n, optional
        The best grade each may get; what lies above counts for it.

    Returns
    -------
    ndarray of float, n × k
        Rows sum to 1, worst grade first.

    Notes
    -----
    P(θ ≥ cut) = Φ((m − cut) / d).

    Examples
    --------
    >>> grade_probabilities([80.0, 95.0], [5.0, 0.0], [60, 90]).round(3)
    array([[0.   , 0.977, 0.023],
           [0.   , 0.   , 1.   ]])
    """
    m, d = np.asarray(mean, dtype=float), np.asarray(sd, dtype=float)
    lows = _cuts(cuts, len(m))
    above = np.zeros((len(m), lows.shape[1] + 2))
    above[:, 0] = 1.0
    for level in range(1, lows.shape[1] + 1):
        above[:, level] = _above(m, d, lows[:, level - 1])
        if ceiling is not None:
            above[ceiling < level, level] = 0.0
    found = above[:, :-1] - above[:, 1:]
    found[np.isnan(m) | np.isnan(d)] = np.nan
    return found


def repeat_probability(
    mean: npt.ArrayLike,
    sd: npt.ArrayLike,
    standard_errors: npt.ArrayLike,
    grade: Levels,
    cuts: npt.ArrayLike,
    *,
    ceiling: Levels | None = None,
    margin: float | npt.ArrayLike = 0.0,
) -> FloatArray:
    """Probability of the same grade if everybody were measured again and nothing had changed.

    Parameters
    ----------
    mean, sd : array of float, n
        As in `grade_probabilities`.
    standard_errors : array of float, n
        Noise of one measurement.
    grade : array of int, n
        The grade now, −1 where there is none.
    cuts, ceiling
        As in `grade_probabilities`.
    margin : float or array of float, n
        Half the width of the band in which a grade is kept.

    Returns
    -------
    ndarray of float, n
        NaN where something is not known. One minus its mean is the expected churn.

    Notes
    -----
    A second measurement of the same organisation is N(m, d² + s²).

    Examples
    --------
    >>> repeat_probability([70.0], [3.0], [4.0], np.array([0]), [75]).round(3)
    array([0.841])
    """
    m, d = np.asarray(mean, dtype=float), np.asarray(sd, dtype=float)
    s, reach = np.asarray(standard_errors, dtype=float), np.asarray(margin, dtype=float)
    lows = _cuts(cuts, len(m))
    edges = np.full((len(m), lows.shape[1] + 2), np.inf)
    edges[:, 0], edges[:, 1:-1] = -np.inf, lows
    rows, own = np.arange(len(m)), np.maximum(grade, 0)
    low, high = edges[rows, own], edges[rows, own + 1]
    if ceiling is not None:
        high = np.where(grade >= ceiling, np.inf, high)
    spread = np.hypot(d, s)
    found = _above(m, spread, low - reach) - _above(m, spread, high + reach)
    # With a wide band neighbouring cut-offs may overlap; a grade is never kept with less than none.
    found = np.clip(found, 0.0, 1.0)
    found[(grade < 0) | np.isnan(m) | np.isnan(spread)] = np.nan
    return found


def posterior_cut(mean: FloatArray, sd: FloatArray, share: float) -> float:
    """Return the score below which a share of all true scores is expected to lie.

    Parameters
    ----------
    mean, sd : ndarray of float, n
        Posterior means and standard deviations, without NaN.
    share : float
        0..1; −inf comes back for 0, inf for 1.

    Returns
    -------
    float

    Notes
    -----
    t solves mean_j Φ((t − m_j) / d_j) = share (Lin et al. 2006).

    Examples
    --------
    >>> round(posterior_cut(np.array([0.0, 2.0]), np.array([1.0, 1.0]), 0.5), 6)
    1.0
    """
    if share <= 0 or share >= 1:
        return -math.inf if share <= 0 else math.inf
    if not (sd > 0).all():
        return float(np.quantile(mean, share))
    low, high = float((mean - 9 * sd).min()), float((mean + 9 * sd).max())
    return float(brentq(lambda t: ndtr((t - mean) / sd).mean() - share, low, high, xtol=1e-9))


def _layer(
    best: FloatArray, least: int, total: FloatArray, size: FloatArray
) -> tuple[FloatArray, Levels]:
    """Add one class: for every end the best start of the last class, by halving the ends."""
    n = len(best) - 1
    made, where = np.full(n + 1, -np.inf), np.full(n + 1, least)
    step = 1 << n.bit_length()
    while step:
        end = np.arange(step, n + 1, 2 * step)
        end = end[end > least]
        step_up = np.minimum(end + step, n)
        low = where[end - step]
        high = np.where(end + step <= n, where[step_up], n)
        high = np.clip(high, low, end - 1)
        if len(end):
            width = high - low + 1
            begin = np.r_[0, np.cumsum(width)[:-1]]
            start = np.arange(int(width.sum())) + np.repeat(low - begin, width)
            value = np.repeat(total[end], width)
            value -= total[start]
            value *= value
            value /= np.repeat(size[end], width) - size[start]
            value += best[start]
            made[end] = np.maximum.reduceat(value, begin)
            hits = np.flatnonzero(value >= np.repeat(made[end], width))
            # Of equal starts the first.
            where[end] = start[hits[np.searchsorted(hits, begin)]]
        step >>= 1
    return made, where


def _in_order(scores: FloatArray, code: Levels) -> Levels:
    """Order by class, and in it from the highest score down."""
    return np.lexsort((-scores, code))


def _places(scores: FloatArray, code: Levels) -> tuple[Levels, Levels]:
    """Place everybody of an ordered line in its class: the first and the last of its equals."""
    if not len(scores):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    other = np.diff(code) != 0
    begin = np.r_[0, np.flatnonzero(other) + 1]
    start = np.repeat(begin, np.diff(np.r_[begin, len(scores)]))
    fresh = np.r_[0, np.flatnonzero(other | (np.abs(np.diff(scores)) > TOLERANCE)) + 1]
    length = np.diff(np.r_[fresh, len(scores)])
    first = np.repeat(fresh, length)
    return first - start + 1, np.repeat(fresh + length, length) - start


def _above(mean: FloatArray, sd: FloatArray, cut: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (mean - cut) / sd
    return np.where(sd > 0, ndtr(z), (mean >= cut - TOLERANCE).astype(float))


def _cuts(cuts: npt.ArrayLike, n: int) -> FloatArray:
    lows = np.asarray(cuts, dtype=float)
    if lows.ndim not in (1, 2) or (lows.ndim == 2 and len(lows) != n) or not lows.shape[-1]:
        raise MethodError(
            f"cuts must be one row of numbers, or one for each of {n} scores, "
            f"got the shape {lows.shape}. Give the least score of each grade but the lowest."
        )
    with np.errstate(invalid="ignore"):
        falls = np.diff(lows, axis=-1) < 0
    if falls.any():
        raise MethodError(
            f"cuts must rise, got {lows if lows.ndim == 1 else lows[falls.any(axis=1)][0]}. "
            "Start with the least score of the second lowest grade."
        )
    return np.broadcast_to(lows, (n, lows.shape[-1]))


def _quotas(quotas: Sequence[float] | None, k: int) -> FloatArray:
    if quotas is None:
        return np.full(k, np.nan)
    shares = np.asarray(quotas, dtype=float)
    if shares.shape != (k,):
        raise MethodError(
            f"quotas must be one for each of {k} grades, got {len(shares)}. "
            "Give NaN for a grade without a quota."
        )
    if ((shares < 0) | (shares > 1)).any() or not np.isnan(shares[0]):
        raise MethodError(
            "quotas must lie on 0..1, and the lowest grade takes the rest, "
            f"got {shares.tolist()}. Give 0.1 for a tenth, and NaN for the lowest grade."
        )
    return shares
