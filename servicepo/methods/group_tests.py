"""Do groups differ? Rank tests between groups and the size of the differences."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, ndtr

from ..errors import MethodError
from .guards import BLOCK_CELLS, FloatArray, as_vector, choose, listed


class KruskalWallis(NamedTuple):
    """Answer of `kruskal_wallis`.

    Attributes
    ----------
    statistic : float
        H, corrected for ties.
    degrees_of_freedom : int
        Number of groups less one.
    p_value : float
        From the chi-square distribution.
    epsilon_squared : float
        H / (n − 1), 0..1: share of the variance of the ranks that lies between groups.
    eta_squared : float
        (H − k + 1) / (n − k), the same corrected for the number of groups; may be below 0.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    epsilon_squared: float
    eta_squared: float


def kruskal_wallis(
    x: pd.Series | npt.ArrayLike, groups: pd.Series | npt.ArrayLike
) -> KruskalWallis:
    """Test whether groups come from one distribution, by ranks.

    Parameters
    ----------
    x : Series or array of float, n
        Values without NaN, not all equal.
    groups : Series or array, n
        Group of each value, in the same order; at least 2 groups, none missing.

    Returns
    -------
    KruskalWallis

    Raises
    ------
    MethodError
        For one group, a missing group or value, other lengths, or values that are all equal.

    References
    ----------
    Kruskal, W. H. & Wallis, W. A. (1952). Use of ranks in one-criterion variance analysis. JASA 47:
    583–621. Tomczak, M. & Tomczak, E. (2014). The need to report effect size estimates revisited.
    Trends in Sport Sciences 21: 19–25 (ε² and η²).

    Examples
    --------
    >>> made = kruskal_wallis([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], list("aaabbb"))
    >>> round(made.statistic, 3), round(made.p_value, 3), round(made.epsilon_squared, 3)
    (3.857, 0.05, 0.771)
    """
    ranks, codes, names, ties = _ranked(x, groups)
    n, k = len(ranks), len(names)
    sizes = np.bincount(codes, minlength=k)
    mean_ranks = np.bincount(codes, weights=ranks, minlength=k) / sizes
    raw = 12 / (n * (n + 1)) * (sizes * (mean_ranks - (n + 1) / 2) ** 2).sum()
    h = float(raw / (1 - ties / (n**3 - n)))
    eta = (h - k + 1) / (n - k) if n > k else np.nan
    return KruskalWallis(h, k - 1, float(chdtrc(k - 1, h)), h / (n - 1), float(eta))


def dunn(x: pd.Series | npt.ArrayLike, groups: pd.Series | npt.ArrayLike) -> pd.DataFrame:
    """Compare every pair of groups after Kruskal–Wallis, with Holm's correction.

    Parameters
    ----------
    x, groups
        As in `kruskal_wallis`.

    Returns
    -------
    DataFrame
        One row per pair: ``group``, ``other``, ``z`` (positive where the first group ranks
        higher), ``p_value`` (two-sided), ``p_holm`` (corrected for the number of pairs),
        ``cliffs_delta`` (first over other, −1..1).

    Raises
    ------
    MethodError
        As `kruskal_wallis`.

    Notes
    -----
    z = (R̄_i − R̄_j) / √((n (n + 1)/12 − T/(12 (n − 1))) (1/n_i + 1/n_j)) with the joint ranks of all
    groups and T = Σ (t³ − t) over ties.

    References
    ----------
    Dunn, O. J. (1964). Multiple comparisons using rank sums. Technometrics 6: 241–252. Holm, S.
    (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6: 65–70.

    Examples
    --------
    >>> dunn([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], list("aaabbb")).round(3)
      group other      z  p_value  p_holm  cliffs_delta
    0     a     b -1.964     0.05    0.05          -1.0
    """
    ranks, codes, names, ties = _ranked(x, groups)
    values = np.asarray(x, dtype=float)
    n, k = len(ranks), len(names)
    sizes = np.bincount(codes, minlength=k)
    mean_ranks = np.bincount(codes, weights=ranks, minlength=k) / sizes
    variance = n * (n + 1) / 12 - ties / (12 * (n - 1))
    pairs = list(combinations(range(k), 2))
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    z = (mean_ranks[first] - mean_ranks[second]) / np.sqrt(
        variance * (1 / sizes[first] + 1 / sizes[second])
    )
    p = 2 * ndtr(-np.abs(z))
    parts = [np.sort(values[codes == code]) for code in range(k)]
    return pd.DataFrame(
        {
            "group": names[first],
            "other": names[second],
            "z": z,
            "p_value": p,
            "p_holm": holm(p),
            "cliffs_delta": [cliffs_delta(parts[i], parts[j]) for i, j in pairs],
        }
    )


def permutation_test(
    x: pd.Series | npt.ArrayLike,
    groups: pd.Series | npt.ArrayLike,
    *,
    of: str = "ranks",
    draws: int = 9999,
    seed: int | np.random.Generator | None = None,
) -> float:
    """Test whether groups come from one distribution by dealing the values out at random.

    Parameters
    ----------
    x, groups
        As in `kruskal_wallis`.
    of : {"ranks", "means"}
        What is compared: the groups' mean ranks (Kruskal–Wallis without its approximation, right
        for groups of two or three as well) or their means.
    draws : int
        How often the values are dealt out, at least 1.
    seed : int, Generator or None
        The same seed gives the same p-value.

    Returns
    -------
    float
        (1 + deals that differ as much or more) / (1 + draws): never 0.

    Raises
    ------
    MethodError
        As `kruskal_wallis`; for fewer draws than 1 or another word.

    Notes
    -----
    The statistic is Σ n_g (mean_g − mean)². For two groups it is the two-sided test of their
    difference.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments. Oliver & Boyd. Phipson, B. & Smyth, G. K.
    (2010). Permutation p-values should never be zero. Statistical Applications in Genetics and
    Molecular Biology 9: 39.

    Examples
    --------
    >>> permutation_test([1.0, 2.0, 3.0, 7.0, 8.0, 9.0], list("aaabbb"), draws=9999, seed=0)
    0.102
    """
    ranks, codes, *_ = _ranked(x, groups)
    if draws < 1:
        raise MethodError(f"draws must be at least 1, got {draws!r}. Give 9999.")
    plain = np.asarray(x, dtype=float)
    values = choose(of, {"ranks": ranks, "means": plain - plain.mean()}, "of")
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    centred = values[order] - values.mean()

    def spread(dealt: FloatArray) -> FloatArray:
        sums: FloatArray = np.add.reduceat(dealt, starts, axis=1)
        found: FloatArray = (sums**2 / sizes).sum(axis=1)
        return found

    random = np.random.default_rng(seed)
    # A deal that is as extreme may come out a rounding smaller.
    observed = float(spread(centred[None])[0]) * (1 - 1e-10)
    block = max(1, BLOCK_CELLS // len(values))
    beyond = 0
    for done in range(0, draws, block):
        deals = np.tile(centred, (min(block, draws - done), 1))
        beyond += int((spread(random.permuted(deals, axis=1)) >= observed).sum())
    return (1 + beyond) / (1 + draws)


def cliffs_delta(x: pd.Series | npt.ArrayLike, y: pd.Series | npt.ArrayLike) -> float:
    """Give the chance that a value of x beats one of y, less the chance that it loses.

    Parameters
    ----------
    x, y : Series or array of float
        At least one value each, without NaN.

    Returns
    -------
    float
        −1 (x always lower) .. 1 (x always higher).

    Raises
    ------
    MethodError
        For an empty or missing value.

    References
    ----------
    Cliff, N. (1993). Dominance statistics: ordinal analyses to answer ordinal questions.
    Psychological Bulletin 114: 494–509.

    Examples
    --------
    >>> cliffs_delta([2.0, 3.0], [1.0, 2.0])
    0.75
    """
    a, b = as_vector(x, what="x"), np.sort(as_vector(y, what="y"))
    wins = np.searchsorted(b, a, side="left").sum()
    losses = len(a) * len(b) - np.searchsorted(b, a, side="right").sum()
    return float((wins - losses) / (len(a) * len(b)))


def holm(p: npt.ArrayLike) -> FloatArray:
    """Correct p-values for their number by Holm's step-down rule.

    Parameters
    ----------
    p : array of float, m
        0..1, without NaN.

    Returns
    -------
    ndarray of float, m
        At most 1, in the given order.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    given = as_vector(p, what="p")
    order = np.argsort(given)
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    corrected = np.empty(len(given))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def _ranked(
    x: pd.Series | npt.ArrayLike, groups: pd.Series | npt.ArrayLike
) -> tuple[FloatArray, npt.NDArray[np.intp], npt.NDArray[np.object_], float]:
    """Return mid-ranks, the group of each as a number, the groups' names and Σ (t³ − t)."""
    values = as_vector(x, what="x", least=2)
    own = pd.Series(np.asarray(groups))
    if len(own) != len(values) or own.isna().any():
        got = len(own) - int(own.isna().sum())
        raise MethodError(
            f"every value must have a group, got {got} groups for {len(values)} values. "
            "Name the group or leave the values out."
        )
    codes, names = pd.factorize(own, sort=True)
    if len(names) < 2:
        raise MethodError(
            f"groups must be at least 2 to be compared, got {listed(names)}. "
            "Choose a column with more classes."
        )
    counts = np.unique(values, return_counts=True)[1].astype(float)
    if len(counts) == 1:
        raise MethodError(
            f"x must vary to be compared, got {values[0]:g} everywhere. "
            "Report that the groups are equal."
        )
    return (
        np.asarray(pd.Series(values).rank(), dtype=np.float64),
        codes,
        np.asarray(names, dtype=object),
        float((counts**3 - counts).sum()),
    )
