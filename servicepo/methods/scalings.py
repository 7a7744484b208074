"""Normalisation formulas: each takes one column's oriented values and gives a map into scores.

More is better in oriented values (see ``servicepo.methods.maps``): a loss comes as minus its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from warnings import warn

import numpy as np

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .guards import FloatArray, listed
from .maps import Line, Map, Method, Ranks, Rule, Steps, UnfitError


def _spread(g: FloatArray, method: str) -> tuple[float, float]:
    """Return the least and greatest oriented value, or refuse a constant column."""
    low, high = float(g.min()), float(g.max())
    if not low < high:
        raise UnfitError(
            f"every indicator must vary between organisations for {method}, "
            "got one single value in",
            "Leave these columns out, or use goalposts.",
        )
    return low, high


# -- the methods: (oriented values without NaN, rule) -> map -----------------------------------


def minmax(g: FloatArray, rule: Rule) -> Map:
    """Min–max: 0 for the worst, 1 for the best of the fitted values.

    ``(g - min) / (max - min)``. The best of a target or interval is the target or interval itself
    (``1 - loss / max loss``); a boolean is scored as it stands.

    Parameters
    ----------
    g : array
        Oriented values without NaN: more is better.
    rule : Rule
        Direction and declared bounds.

    Returns
    -------
    Line
        Steps, with a `MethodWarning`, where every value lies on its target or in its interval.

    Raises
    ------
    MethodError
        For a constant column.

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, p. 85.

    Examples
    --------
    >>> minmax(np.array([1.0, 3.0]), Rule())(np.array([1.0, 2.0, 4.0]))
    array([0. , 0.5, 1.5])
    """
    if rule.direction == "boolean":
        return Line(0.0, 1.0)
    if not rule.has_ideal:
        return Line(*_spread(g, "minmax"))
    if g.any():
        return Line(float(g.min()), 0.0)
    warn(
        MethodWarning(
            f"an indicator should vary; every value of {listed([rule.code])} lies on its "
            f"{rule.direction}, so all score 1 and any other value would score 0. Give goalposts.",
            zh=f"指标应有差异；{enumerated([rule.code])}的值都正好在目标上，全得 1 分，其他值将得 "
            "0 分。请写明上下界（goalposts）。",
        ),
        stacklevel=2,
    )
    return Steps((0.0,), (0.0, 1.0))


def minmax_positive(g: FloatArray, rule: Rule, *, least: float = 0.01) -> Map:
    """Min–max into ``least..1`` instead of 0..1, for geometric means and logarithms.

    Parameters
    ----------
    g, rule
        As in `minmax`.
    least : float
        Score of the worst, above 0 and below 1.

    Returns
    -------
    Line or Steps
        ``least + (1 - least) minmax``.

    Raises
    ------
    MethodError
        As `minmax`.

    Examples
    --------
    >>> minmax_positive(np.array([1.0, 3.0]), Rule())(np.array([1.0, 3.0]))
    array([0.01, 1.  ])
    """
    made = minmax(g, rule)
    if isinstance(made, Line):
        return Line(made.zero - least / (1 - least) * (made.one - made.zero), made.one)
    return Steps((0.0,), (least, 1.0))


def fixed(g: FloatArray, rule: Rule) -> Map:
    """Scale between declared bounds without caps: beyond ``low`` and ``high`` scores leave 0..1.

    Parameters and returns as in `minmax`; the bounds are ``low`` and ``high``.

    Examples
    --------
    >>> fixed(np.array([5.0]), Rule(low=0, high=10))(np.array([5.0, 12.0]))
    array([0.5, 1.2])
    """
    return Line(*rule.ends("fixed"))


def goalposts(g: FloatArray, rule: Rule) -> Map:
    """Scale between declared bounds, capped to 0..1.

    Parameters and returns as in `minmax`; the bounds are ``low`` and ``high``. A target's worst is
    the bound farther from it.

    References
    ----------
    UNDP (2001), Human Development Report, technical note 2.

    Examples
    --------
    >>> goalposts(np.array([5.0]), Rule(low=0, high=10))(np.array([5.0, 12.0]))
    array([0.5, 1. ])
    """
    return Line(*rule.ends("goalposts"), capped=True)


def zscore(g: FloatArray, rule: Rule) -> Map:
    """Z-score: ``(g - mean) / sd`` with the sample sd (n - 1).

    Parameters, returns and raises as in `minmax`.

    References
    ----------
    OECD/JRC (2008), p. 84.

    Examples
    --------
    >>> zscore(np.array([1.0, 2.0, 3.0]), Rule())(np.array([3.0]))
    array([1.])
    """
    _spread(g, "zscore")
    mean = float(g.mean())
    return Line(mean, mean + float(g.std(ddof=1)), bounded=False)


def robust_z(g: FloatArray, rule: Rule) -> Map:
    """Robust z-score: ``(g - median) / (1.4826 MAD)``, the factor that matches a normal's sd.

    Parameters and returns as in `minmax`.

    Raises
    ------
    MethodError
        Where more than half the values are the same (MAD = 0).

    Examples
    --------
    >>> robust_z(np.array([1.0, 2.0, 3.0]), Rule())(np.array([2.0, 3.4826]))
    array([0., 1.])
    """
    middle = float(np.median(g))
    mad = 1.4826 * float(np.median(np.abs(g - np.median(g))))
    if mad == 0:
        raise UnfitError(
            "robust_z needs a median absolute deviation above 0, got more than half of the values "
            "the same in",
            "Use zscore or percentile_rank for these columns.",
        )
    return Line(middle, middle + mad, bounded=False)


def distance_to_maximum(g: FloatArray, rule: Rule) -> Map:
    """Distance to the best reached: ``1 - (max - g) / (max - min)``.

    As `minmax`, but the best of a target or interval is the nearest value reached, not the target.

    Parameters, returns and raises as in `minmax`.

    Examples
    --------
    >>> distance_to_maximum(np.array([-4.0, -2.0]), Rule("target", target=5))(np.array([-2.0]))
    array([1.])
    """
    return Line(*_spread(g, "distance_to_maximum"))


def distance_to_reference(g: FloatArray, rule: Rule) -> Map:
    """Distance to a reference: ``1 - (reference - g) / (reference - min)``; above 1 where better.

    Parameters and returns as in `minmax`; ``reference`` is declared in raw units.

    Raises
    ------
    MethodError
        Without a reference, or where no value is worse than it.

    Examples
    --------
    >>> distance_to_reference(np.array([2.0, 8.0]), Rule(reference=6))(np.array([2.0, 6.0, 8.0]))
    array([0. , 1. , 1.5])
    """
    rule.require("distance_to_reference", "reference")
    return Line(*_reach(g, rule, rule.reference, "distance_to_reference"))


def distance_to_target(g: FloatArray, rule: Rule) -> Map:
    """Distance to a level to be reached: ``1 - (target - g) / (target - min)``, at most 1.

    Parameters and returns as in `minmax`; ``target`` is declared in raw units.

    Raises
    ------
    MethodError
        Without a target, or where no value is worse than it.

    Examples
    --------
    >>> distance_to_target(np.array([2.0, 8.0]), Rule(target=6))(np.array([2.0, 4.0, 8.0]))
    array([0. , 0.5, 1. ])
    """
    rule.require("distance_to_target", "target")
    return Line(*_reach(g, rule, rule.target, "distance_to_target"), capped=True)


def _reach(g: FloatArray, rule: Rule, level: float, method: str) -> tuple[float, float]:
    worst, goal = float(g.min()), float(rule.orient(np.array([level]))[0])
    if not worst < goal:
        raise UnfitError(
            f"{method} needs a value that is worse than the level to reach, got none in",
            "Set a more demanding level or choose another normalisation.",
        )
    return worst, goal


def fraction_of_maximum(g: FloatArray, rule: Rule) -> Map:
    """Fraction of the maximum: ``x / max`` for a gain, ``1 - loss / max loss`` for a loss.

    Parameters and returns as in `minmax`.

    Raises
    ------
    MethodError
        For negative values, or where all are zero.

    Examples
    --------
    >>> fraction_of_maximum(np.array([5.0, 10.0]), Rule())(np.array([5.0]))
    array([0.5])
    """
    size = _size(g, rule, "fraction_of_maximum")
    most = float(size.max())
    return Line(-most, 0.0) if rule.is_loss else Line(0.0, most)


def vector(g: FloatArray, rule: Rule) -> Map:
    """Vector normalisation (TOPSIS): ``x / sqrt(sum x²)``; for a loss 1 minus that.

    Parameters and returns as in `minmax`.

    Raises
    ------
    MethodError
        For negative values, or where all are zero.

    Examples
    --------
    >>> vector(np.array([3.0, 4.0]), Rule())(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    norm = float(np.linalg.norm(_size(g, rule, "vector")))
    return Line(-norm, 0.0) if rule.is_loss else Line(0.0, norm)


def ratio_to_mean(g: FloatArray, rule: Rule) -> Map:
    """Ratio to the mean (均值化): ``x / mean`` for a gain, ``2 - loss / mean loss`` for a loss.

    Either way the mean scores 1.

    Parameters and returns as in `minmax`.

    Raises
    ------
    MethodError
        For negative values, or where all are zero.

    References
    ----------
    OECD/JRC (2008), p. 85 (distance to a reference).

    Examples
    --------
    >>> ratio_to_mean(np.array([5.0, 15.0]), Rule())(np.array([5.0, 15.0]))
    array([0.5, 1.5])
    """
    mean = float(_size(g, rule, "ratio_to_mean").mean())
    if rule.is_loss:
        return Line(-2 * mean, -mean, bounded=False)
    return Line(0.0, mean, bounded=False)


def _size(g: FloatArray, rule: Rule, method: str) -> FloatArray:
    size = -g if rule.is_loss else g
    if size.min() < 0:
        raise UnfitError(
            f"{method} needs values of at least 0, got negative ones in",
            "Use minmax for these columns.",
        )
    if not size.any():
        raise UnfitError(
            f"{method} needs a value above 0, got nothing but zeros in",
            "Leave these columns out, or use goalposts.",
        )
    return size


def rank(g: FloatArray, rule: Rule) -> Map:
    """Rank: 1 for the worst, n for the best; ties share the mean of their ranks.

    Parameters as in `minmax`. A value of another year between two fitted ones stands half-way.

    Returns
    -------
    Ranks

    Examples
    --------
    >>> rank(np.array([7.0, 9.0, 9.0]), Rule())(np.array([7.0, 9.0]))
    array([1. , 2.5])
    """
    return Ranks(np.sort(g))


def percentile_rank(g: FloatArray, rule: Rule) -> Map:
    """Percentile rank: ``(rank - 1) / (n - 1)``, 0 for the worst, 1 for the best.

    Parameters as in `rank`.

    Returns
    -------
    Ranks

    Raises
    ------
    MethodError
        For a constant column.

    Examples
    --------
    >>> percentile_rank(np.array([7.0, 8.0, 9.0]), Rule())(np.array([7.0, 8.0, 9.0]))
    array([0. , 0.5, 1. ])
    """
    _spread(g, "percentile_rank")
    return Ranks(np.sort(g), start=1.0, unit=len(g) - 1.0, bounded=True)


def borda(g: FloatArray, rule: Rule) -> Map:
    """Borda points: how many of the fitted organisations stand lower, a tie counting half.

    Parameters as in `rank`.

    Returns
    -------
    Ranks

    Examples
    --------
    >>> borda(np.array([7.0, 8.0, 9.0]), Rule())(np.array([7.0, 9.0]))
    array([0., 2.])
    """
    return Ranks(np.sort(g), start=1.0)


def mean_threshold(g: FloatArray, rule: Rule, *, margin: float = 0.2) -> Map:
    """Above or below the mean: 1 above ``(1 + margin) mean``, -1 below ``(1 - margin) mean``.

    Parameters
    ----------
    g, rule
        As in `minmax`.
    margin : float
        Half width of the indifferent band, as a share of the mean's size.

    Returns
    -------
    Steps

    References
    ----------
    OECD/JRC (2008), p. 86, p = 20 %.

    Examples
    --------
    >>> mean_threshold(np.array([8.0, 12.0]), Rule())(np.array([7.0, 11.0, 13.0]))
    array([-1.,  0.,  1.])
    """
    mean = float(g.mean())
    low, high = mean - margin * abs(mean), mean + margin * abs(mean)
    return Steps((low, float(np.nextafter(high, np.inf))), (-1.0, 0.0, 1.0), bounded=False)


CATEGORIES: Final = (0.05, 0.15, 0.35, 0.65, 0.85, 0.95), (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)


def categorical(
    g: FloatArray,
    rule: Rule,
    *,
    cuts: Sequence[float] = CATEGORIES[0],
    marks: Sequence[float] = CATEGORIES[1],
) -> Map:
    """Categorical scale: marks by bands of the fitted values' percentiles (rank ÷ n).

    Parameters
    ----------
    g, rule
        As in `minmax`.
    cuts : sequence of float
        Rising shares of the organisations at which a band ends. The defaults give the published
        column of the Handbook's Table 15 (0, 20, 40, 50, 60, 80, 100).
    marks : sequence of float
        Score of each band, one more than ``cuts``.

    Returns
    -------
    Steps

    Raises
    ------
    MethodError
        Where cuts do not rise within 0..1 or the marks are not one more.

    References
    ----------
    OECD/JRC (2008), pp. 84, 87.

    Examples
    --------
    >>> three = categorical(np.arange(1.0, 11.0), Rule(), cuts=(0.2, 0.8), marks=(0, 0.5, 1))
    >>> three(np.array([1.0, 2.0, 8.0]))
    array([0. , 0.5, 1. ])
    """
    if (
        len(marks) != len(cuts) + 1
        or list(cuts) != sorted(set(cuts))
        or not 0 < cuts[0] <= cuts[-1] < 1
    ):
        raise MethodError(
            f"cuts must rise within 0..1 and marks be one more, got {len(cuts)} cuts "
            f"{tuple(cuts)!r} and {len(marks)} marks. Correct them."
        )
    ordered = np.append(np.sort(g), np.inf)
    # Percentile of a value: its rank ÷ n, ties taking the lowest of their ranks.
    percentile = (np.searchsorted(ordered[:-1], ordered[:-1]) + 1) / len(g)
    starts = ordered[np.searchsorted(percentile, np.asarray(cuts) - 1e-12)]
    return Steps(tuple(starts.tolist()), tuple(map(float, marks)))


def score_rate(g: FloatArray, rule: Rule) -> Map:
    """得分率: score ÷ full mark; for a cost (marks taken off) 1 minus that. Not capped.

    Parameters and returns as in `minmax`; ``full_mark`` is declared.

    Raises
    ------
    MethodError
        Without a full mark above 0, or for a target or interval.

    Examples
    --------
    >>> score_rate(np.array([12.0]), Rule(full_mark=15))(np.array([12.0]))
    array([0.8])
    """
    if rule.direction == "boolean":
        return Line(0.0, 1.0)
    rule.require("score_rate", "full_mark")
    if rule.full_mark <= 0 or rule.has_ideal:
        raise UnfitError(
            "score_rate needs a full mark above 0 and a direction benefit, cost or boolean, "
            "got another in",
            "Use goalposts for these columns.",
        )
    return Line(-rule.full_mark, 0.0) if rule.is_loss else Line(0.0, rule.full_mark)


NORMALISATIONS: Final[Mapping[str, Method]] = MappingProxyType(
    {
        str(made.__name__): made
        for made in (
            minmax,
            minmax_positive,
            fixed,
            goalposts,
            zscore,
            robust_z,
            distance_to_maximum,
            distance_to_reference,
            distance_to_target,
            fraction_of_maximum,
            ratio_to_mean,
            vector,
            percentile_rank,
            rank,
            borda,
            mean_threshold,
            categorical,
            score_rate,
        )
    }
)
