"""How good a list of weak organisations is, where the truth is known or comes out later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, as_vector
from .intervals import normal_quantile

BINS: Final = 10


@dataclass(frozen=True, eq=False, slots=True)
class Stability:
    """How alike several lists of the same organisations are.

    Attributes
    ----------
    value : float
        1 where all lists are the same; 0 is what lists drawn at random have on average.
    low, high : float
        Its interval.
    """

    value: float
    low: float
    high: float

    def __repr__(self) -> str:
        return f"Stability({self.value:.3f}, {self.low:.3f} to {self.high:.3f})"


def precision_at(truth: npt.ArrayLike, scores: npt.ArrayLike, k: int) -> float:
    """Return the share of truly weak among the k with the highest scores.

    Parameters
    ----------
    truth : array of bool, n
        Who is truly weak.
    scores : array of float, n
        The higher, the more likely weak.
    k : int
        Length of the list, 1..n.

    Returns
    -------
    float
        Where scores tie at the end of the list: what a random choice among the tied gives on
        average.

    Raises
    ------
    MethodError
        For a truth that is not yes or no, missing scores, other lengths, or k outside 1..n.

    Examples
    --------
    >>> precision_at([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1], 2)
    0.75
    """
    y, s = _checked(truth, scores)
    return _hits(y, s, k) / k


def recall_at(truth: npt.ArrayLike, scores: npt.ArrayLike, k: int) -> float:
    """Return the share of the truly weak that are among the k with the highest scores.

    Parameters
    ----------
    truth, scores, k
        As in `precision_at`.

    Returns
    -------
    float
        NaN where nobody is weak; ties as in `precision_at`.

    Raises
    ------
    MethodError
        As `precision_at`.

    Examples
    --------
    >>> recall_at([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1], 2)
    0.75
    """
    y, s = _checked(truth, scores)
    return float(_hits(y, s, k) / y.sum()) if y.any() else np.nan


def lift_at(truth: npt.ArrayLike, scores: npt.ArrayLike, k: int) -> float:
    """Return how many times more truly weak the list holds than one drawn at random.

    Parameters
    ----------
    truth, scores, k
        As in `precision_at`.

    Returns
    -------
    float
        Precision over the share of weak; NaN where nobody is weak.

    Raises
    ------
    MethodError
        As `precision_at`.

    Examples
    --------
    >>> lift_at([1, 0, 1, 0], [0.9, 0.5, 0.6, 0.1], 2)
    2.0
    """
    y, s = _checked(truth, scores)
    return float(_hits(y, s, k) / k / y.mean()) if y.any() else np.nan


def average_precision(truth: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean precision at the places of the truly weak.

    Parameters
    ----------
    truth, scores
        As in `precision_at`.

    Returns
    -------
    float
        NaN where nobody is weak. Tied scores count as one place.

    Raises
    ------
    MethodError
        As `precision_at`.

    Notes
    -----
    Σ_k (R_k − R_{k−1}) P_k over the distinct scores. Drawing straight lines between the points
    (the trapezoid) is another number and too kind or unkind by turns.

    Examples
    --------
    >>> round(average_precision([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1]), 4)
    0.8333
    """
    y, s = _checked(truth, scores)
    if not y.any():
        return np.nan
    order = np.argsort(-s, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(s[order])), len(s) - 1)
    hits = np.cumsum(y[order])[ends]
    gained = np.diff(hits, prepend=0) / y.sum()
    return float((gained * hits / (ends + 1)).sum())


def brier(truth: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the mean squared distance of probabilities from what is true.

    Parameters
    ----------
    truth : array of bool, n
    probability : array of float, n
        0..1.

    Returns
    -------
    float
        0 is perfect; always saying the common share p gives p (1 − p).

    Raises
    ------
    MethodError
        As `precision_at`, and for probabilities outside 0..1.

    Examples
    --------
    >>> round(brier([1, 0], [0.8, 0.1]), 3)
    0.025
    """
    y, p = _checked(truth, probability, within=True)
    return float(((p - y) ** 2).mean())


def reliability_curve(
    truth: npt.ArrayLike, probability: npt.ArrayLike, *, bins: int = BINS
) -> pd.DataFrame:
    """Compare what was said with what came true, bin by bin.

    Parameters
    ----------
    truth, probability
        As in `brier`.
    bins : int
        Equally wide bins of probability, 1 or more.

    Returns
    -------
    DataFrame
        One row per bin that holds any: ``low``, ``high``, ``n``, ``said`` (mean probability),
        ``true`` (share that is weak).

    Raises
    ------
    MethodError
        As `brier`, and for fewer than 1 bin.

    Examples
    --------
    >>> reliability_curve([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], bins=2)
       low  high  n  said  true
    0  0.0   0.5  2  0.15   0.0
    1  0.5   1.0  2  0.80   1.0
    """
    y, p = _checked(truth, probability, within=True)
    if bins < 1:
        raise MethodError(f"bins must be at least 1, got {bins!r}. Give 10, for example.")
    place = np.minimum((p * bins).astype(int), bins - 1)
    n = np.bincount(place, minlength=bins)
    held = n > 0
    edges = np.arange(bins + 1) / bins
    sums = [np.bincount(place, weights=x, minlength=bins)[held] / n[held] for x in (p, y)]
    return pd.DataFrame(
        {
            "low": edges[:-1][held],
            "high": edges[1:][held],
            "n": n[held],
            "said": sums[0],
            "true": sums[1],
        }
    )


def calibration_error(
    truth: npt.ArrayLike, probability: npt.ArrayLike, *, bins: int = BINS
) -> float:
    """Return the expected calibration error: the mean gap of the bins, by how many they hold.

    Parameters
    ----------
    truth, probability, bins
        As in `reliability_curve`.

    Returns
    -------
    float
        0 where every bin came true as often as was said.

    Raises
    ------
    MethodError
        As `reliability_curve`.

    Examples
    --------
    >>> round(calibration_error([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], bins=2), 3)
    0.175
    """
    curve = reliability_curve(truth, probability, bins=bins)
    return float(((curve["said"] - curve["true"]).abs() * curve["n"]).sum() / curve["n"].sum())


def stability(lists: npt.ArrayLike, *, confidence: float = 0.95) -> Stability:
    """Measure how alike lists are that were made from resampled respondents, raters or years.

    Parameters
    ----------
    lists : array of 0 and 1, m × n
        One row per list, at least 2: who is on it.
    confidence : float
        Level of the interval.

    Returns
    -------
    Stability

    Raises
    ------
    MethodError
        For fewer than 2 lists, entries other than 0 and 1, or lists that are all empty or all full.

    Notes
    -----
    Φ = 1 − mean_f s²_f / (k̄/n (1 − k̄/n)) with s²_f = m/(m−1) p_f (1 − p_f), p_f the share of lists
    that hold f and k̄ their mean length. Its variance is estimated from
    Φ_i = (mean_f z_if p_f − k_i k̄/n² + Φ/2 (2 k_i k̄/n² − k_i/n − k̄/n + 1)) / (k̄/n (1 − k̄/n)),
    v = 4/m² Σ (Φ_i − Φ̄)².

    References
    ----------
    Nogueira, S., Sechidis, K. & Brown, G. (2018). On the stability of feature selection algorithms.
    JMLR 18(174): 1–54.

    Examples
    --------
    >>> stability([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]])
    Stability(0.333, -0.022 to 0.689)
    """
    z = as_matrix(lists, what="lists", least=2)
    if not np.isin(z, (0, 1)).all():
        raise MethodError(
            "lists must hold 0 and 1 only, got other numbers. Mark who is on a list with 1."
        )
    m, n = z.shape
    k, p = z.sum(axis=1), z.mean(axis=0)
    share = float(k.mean()) / n
    if share in (0.0, 1.0):
        raise MethodError(
            "lists must name some and leave out some, got all empty or all full. "
            "Choose another length of list."
        )
    spread = share * (1 - share)
    value = 1 - float((m / (m - 1) * p * (1 - p)).mean()) / spread
    own = (z @ p) / n - k * share / n
    own = (own + value / 2 * (2 * k * share / n - k / n - share + 1)) / spread
    half = normal_quantile(confidence) * 2 / m * float(np.sqrt(((own - own.mean()) ** 2).sum()))
    return Stability(value, value - half, min(1.0, value + half))


def _hits(y: npt.NDArray[np.bool_], s: FloatArray, k: int) -> float:
    if not 1 <= k <= len(s):
        raise MethodError(f"k must lie between 1 and {len(s)}, got {k!r}. Shorten the list.")
    cut = np.partition(s, len(s) - k)[len(s) - k]
    above, tied = s > cut, s == cut
    return float(y[above].sum() + (k - above.sum()) * y[tied].mean())


def _checked(
    truth: npt.ArrayLike, scores: npt.ArrayLike, *, within: bool = False
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    y: Any = as_vector(truth, what="truth")
    s = as_vector(scores, what="scores")
    if not np.isin(y, (0, 1)).all():
        raise MethodError(
            "truth must be yes or no, got other numbers. Mark the truly weak with True."
        )
    if len(y) != len(s):
        raise MethodError(
            f"truth and scores must have the same length, got {len(y)} and {len(s)}. "
            "Give one entry per organisation in each."
        )
    if within and ((s < 0) | (s > 1)).any():
        wrong = s[(s < 0) | (s > 1)][0]
        raise MethodError(
            f"probabilities must lie between 0 and 1, got {wrong:g}. Give shares, not per cent."
        )
    return y.astype(bool), s
