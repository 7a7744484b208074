"""Inequality of scores, and how much of it lies between groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_vector, listed

Numbers: TypeAlias = "pd.Series | FloatArray | list[float]"
Codes: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class TheilDecomposition:
    """A generalised entropy measure split into the parts within and between groups.

    Attributes
    ----------
    total, within, between : float
        ``total == within + between``.
    groups : DataFrame
        Indexed by group: ``n``, ``mean``, ``population_share``, ``value_share``, ``inequality``
        (inside the group), ``contribution`` (to ``within``, they sum to it).
    alpha : float
        1 for Theil T, 0 for Theil L.
    """

    total: float
    within: float
    between: float
    groups: pd.DataFrame
    alpha: float

    def __repr__(self) -> str:
        return (
            f"TheilDecomposition(alpha {self.alpha:g}: total {self.total:.4g}, "
            f"within {self.within:.4g}, between {self.between:.4g})"
        )


@dataclass(frozen=True, eq=False, slots=True)
class Dagum:
    """Dagum's decomposition of the Gini coefficient.

    Attributes
    ----------
    total : float
        Gini coefficient G of all values; ``total == within + between + transvariation``.
    within : float
        G_w, from differences inside groups.
    between : float
        G_nb, the net difference between groups.
    transvariation : float
        G_t, from the overlap of groups.
    gini : DataFrame, k × k
        G_jh: Gini inside a group (diagonal) and between two groups.
    distance : DataFrame, k × k
        D_jh, 0..1: relative affluence of the richer over the poorer of two groups; 1 where they do
        not overlap, 0 where their means are equal.
    groups : DataFrame
        Indexed by group: ``n``, ``mean``, ``population_share``, ``value_share``.
    """

    total: float
    within: float
    between: float
    transvariation: float
    gini: pd.DataFrame
    distance: pd.DataFrame
    groups: pd.DataFrame

    def __repr__(self) -> str:
        return (
            f"Dagum(G {self.total:.4g} = within {self.within:.4g} + between {self.between:.4g} + "
            f"transvariation {self.transvariation:.4g})"
        )


def gini(x: Numbers) -> float:
    """Gini coefficient, population convention.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0, not all 0, without NaN.

    Returns
    -------
    float
        0 (all equal) .. 1 − 1/n (one has all).

    Raises
    ------
    MethodError
        For negative or missing values, or a total of 0.

    Notes
    -----
    G = Σ (2i − n − 1) x_(i) / (n² μ) over the sorted values; times n / (n − 1) gives the sample
    convention.

    Examples
    --------
    >>> gini([1.0, 1.0, 1.0]), gini([0.0, 0.0, 3.0])
    (0.0, 0.6666666666666666)
    """
    return _gini(np.sort(amounts(x)))


def theil(x: Numbers, *, alpha: float = 1.0) -> float:
    """Generalised entropy measure GE(α): Theil T for α = 1, Theil L for α = 0.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0 and not all 0 for α > 0 (0 ln 0 counts as 0); positive for α ≤ 0.
    alpha : float
        Larger: more weight on differences among high values. 2 gives half the squared coefficient
        of variation.

    Returns
    -------
    float
        At least 0; 0 where all are equal.

    Raises
    ------
    MethodError
        For values the measure is not defined for.

    Notes
    -----
    With r = x / μ: mean(r ln r) for α = 1, −mean(ln r) for α = 0, otherwise
    mean(r^α − 1) / (α (α − 1)).

    References
    ----------
    Theil, H. (1967). Economics and Information Theory. North-Holland. Shorrocks, A. F. (1980). The
    class of additively decomposable inequality measures. Econometrica 48: 613–625.

    Examples
    --------
    >>> round(theil([1.0, 3.0]), 6), round(theil([1.0, 3.0], alpha=0), 6)
    (0.130812, 0.143841)
    """
    values = amounts(x)
    _refuse_zeros(x, values, alpha)
    return float(entropy_terms(values / values.mean(), alpha).mean())


def theil_decomposition(
    x: Numbers, groups: pd.Series | npt.ArrayLike, *, alpha: float = 1.0
) -> TheilDecomposition:
    """Split a generalised entropy measure into parts within and between groups.

    Parameters
    ----------
    x : Series or array of float, n
        As in `theil`.
    groups : Series or array, n
        The group of each value, in the same order, none missing.
    alpha : float
        As in `theil`.

    Returns
    -------
    TheilDecomposition

    Raises
    ------
    MethodError
        As `theil`; for a missing group or a group whose values are all 0.

    Notes
    -----
    Within = Σ_g (n_g / n) (μ_g / μ)^α GE_g: inner parts of Theil T are weighted by value shares,
    those of Theil L by population shares. Between is the measure of the group means, each counted
    n_g times.

    References
    ----------
    Shorrocks, A. F. (1984). Inequality decomposition by population subgroups. Econometrica 52:
    1369–1385.

    Examples
    --------
    >>> made = theil_decomposition([1.0, 3.0, 5.0, 7.0], ["a", "a", "b", "b"])
    >>> round(made.within, 4), round(made.between, 4)
    (0.0432, 0.1308)
    """
    values = amounts(x)
    _refuse_zeros(x, values, alpha)
    codes, names = coded(x, values, groups)
    table = _group_table(codes, names, values)
    ratio = table["mean"].to_numpy() / values.mean()
    terms = entropy_terms(values / table["mean"].to_numpy()[codes], alpha)
    inner = np.bincount(codes, weights=terms, minlength=len(names)) / table["n"]
    table["inequality"] = inner
    table["contribution"] = table["population_share"] * ratio**alpha * inner
    between = float(table["population_share"] @ entropy_terms(ratio, alpha))
    within = float(table["contribution"].sum())
    return TheilDecomposition(within + between, within, between, table, float(alpha))


def atkinson(x: Numbers, *, epsilon: float = 0.5) -> float:
    """Atkinson index: the share of the total that equality could do without.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0 and not all 0; a 0 makes the index 1 for ε ≥ 1.
    epsilon : float
        Aversion to inequality, above 0.

    Returns
    -------
    float
        0 (all equal) .. 1.

    Raises
    ------
    MethodError
        For negative or missing values, a total of 0, or ε ≤ 0.

    Notes
    -----
    1 − mean(r^(1−ε))^(1/(1−ε)) with r = x / μ; 1 − exp(mean(ln r)) for ε = 1.

    References
    ----------
    Atkinson, A. B. (1970). On the measurement of inequality. J. Economic Theory 2: 244–263.

    Examples
    --------
    >>> round(atkinson([1.0, 3.0]), 6), round(atkinson([1.0, 3.0], epsilon=1), 6)
    (0.066987, 0.133975)
    """
    if not epsilon > 0:
        raise MethodError(f"epsilon must be above 0, got {epsilon!r}. Give 0.5 or 1.")
    values = amounts(x)
    ratio = values / values.mean()
    if epsilon >= 1 and (ratio == 0).any():
        return 1.0
    if epsilon == 1:
        return float(1 - np.exp(np.log(ratio).mean()))
    return float(1 - (ratio ** (1 - epsilon)).mean() ** (1 / (1 - epsilon)))


def coefficient_of_variation(x: Numbers) -> float:
    """Divide the standard deviation (over n) by the mean.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0, not all 0, without NaN.

    Returns
    -------
    float

    Raises
    ------
    MethodError
        For negative or missing values, or a total of 0.

    Examples
    --------
    >>> coefficient_of_variation([1.0, 3.0])
    0.5
    """
    values = amounts(x)
    return float(values.std() / values.mean())


def dagum(x: Numbers, groups: pd.Series | npt.ArrayLike) -> Dagum:
    """Decompose the Gini coefficient into within, net between and transvariation, exactly.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0, not all 0, without NaN.
    groups : Series or array, n
        The group of each value, in the same order, none missing.

    Returns
    -------
    Dagum

    Raises
    ------
    MethodError
        For negative or missing values, a missing group or a group whose values are all 0.

    Notes
    -----
    With population shares p and value shares s: G_w = Σ_j G_jj p_j s_j,
    G_nb = Σ_{j<h} G_jh D_jh (p_j s_h + p_h s_j) and G_t the same with 1 − D_jh. Here
    G_jh = Δ_jh / (μ_j + μ_h) with Δ_jh the mean absolute difference, and
    D_jh = |μ_j − μ_h| / Δ_jh. So G_nb is the Gini coefficient of the group means, and all Δ_jh
    come from one sort: O(n log n) and a pass for each group, no approximation.

    References
    ----------
    Dagum, C. (1997). A new approach to the decomposition of the Gini income inequality ratio.
    Empirical Economics 22: 515–531.

    Examples
    --------
    >>> made = dagum([1.0, 3.0, 2.0, 4.0], ["a", "a", "b", "b"])
    >>> made
    Dagum(G 0.25 = within 0.1 + between 0.1 + transvariation 0.05)
    >>> made.distance.loc["a", "b"].round(3)
    np.float64(0.667)
    """
    values = amounts(x)
    codes, names = coded(x, values, groups)
    table = _group_table(codes, names, values)
    gaps = _mean_gaps(values, codes, table["n"].to_numpy(dtype=float))
    p, mean = table["population_share"].to_numpy(), table["mean"].to_numpy()
    apart = np.abs(mean[:, None] - mean[None, :])
    double = 2 * values.mean()
    total, between = float(p @ gaps @ p) / double, float(p @ apart @ p) / double
    within = float((p * p * np.diag(gaps)).sum()) / double
    distance = np.divide(apart, gaps, out=np.zeros_like(gaps), where=(gaps > 0) & (apart > 0))
    frame = partial(pd.DataFrame, index=table.index, columns=table.index)
    return Dagum(
        total=total,
        within=within,
        between=between,
        transvariation=max(0.0, total - within - between),  # rounding may leave -1e-17
        gini=frame(gaps / (mean[:, None] + mean[None, :])),
        distance=frame(np.minimum(distance, 1.0)),
        groups=table,
    )


def lorenz(x: Numbers) -> pd.DataFrame:
    """Lorenz curve: which share of the total the lowest share of the organisations has.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0, not all 0, without NaN.

    Returns
    -------
    DataFrame, n + 1 rows
        ``population_share`` and ``value_share``, both from 0 to 1, the lowest first.

    Raises
    ------
    MethodError
        For negative or missing values, or a total of 0.

    Notes
    -----
    The Gini coefficient is twice the area between the curve and the diagonal.

    References
    ----------
    Lorenz, M. O. (1905). Methods of measuring the concentration of wealth. Publications of the
    American Statistical Association 9: 209–219.

    Examples
    --------
    >>> lorenz([3.0, 1.0])
       population_share  value_share
    0               0.0         0.00
    1               0.5         0.25
    2               1.0         1.00
    """
    sums = np.concatenate([[0.0], np.cumsum(np.sort(amounts(x)))])
    n = len(sums) - 1
    return pd.DataFrame({"population_share": np.arange(n + 1) / n, "value_share": sums / sums[-1]})


def wolfson(x: Numbers) -> float:
    """Wolfson index of polarisation: how far two camps have left the middle empty.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0, without NaN, with a median above 0.

    Returns
    -------
    float
        0 where all are equal, 1 where one half has nothing and the other half the same each; more
        where the mean lies far above the median.

    Raises
    ------
    MethodError
        For negative or missing values, or a median of 0.

    Notes
    -----
    P = 2 (2T − G) μ / m with m the median, T = ½ − L(½) and L the Lorenz curve. Inequality inside
    the two halves lowers it, inequality between them raises it: so polarisation may rise while the
    Gini coefficient falls.

    References
    ----------
    Wolfson, M. C. (1994). When inequalities diverge. American Economic Review 84: 353–358.

    Examples
    --------
    >>> round(wolfson([1.0, 1.0, 3.0, 3.0]), 6), round(wolfson([1.0, 2.0, 2.0, 3.0]), 6)
    (0.5, 0.125)
    """
    ordered = np.sort(amounts(x))
    median = float(np.median(ordered))
    if not median > 0:
        raise MethodError(
            f"x must have a median above 0 for polarisation, got {median:g}. "
            "Leave the measure out where half of all have nothing."
        )
    sums = np.concatenate([[0.0], np.cumsum(ordered)]) / ordered.sum()
    half = float(np.interp(0.5, np.linspace(0, 1, len(sums)), sums))
    polarisation = 2 * (1 - 2 * half - _gini(ordered)) * ordered.mean() / median
    return float(max(0.0, polarisation))


def _gini(ordered: FloatArray) -> float:
    n = len(ordered)
    # 2i − n − 1 for i = 1..n; centred values keep the digits that large sums would lose.
    ranks = np.arange(1 - n, n, 2, dtype=float)
    mean = ordered.mean()
    return float(max(0.0, ranks @ (ordered - mean)) / (n * n * mean))


def _mean_gaps(values: FloatArray, codes: Codes, sizes: FloatArray) -> FloatArray:
    """Mean absolute difference between the values of every two groups, k × k, by one sort."""
    order = np.argsort(values)
    codes = codes[order]
    ordered = values[order] - values.mean()  # small numbers keep the digits that sums would lose
    k = len(sizes)
    gaps = np.empty((k, k))
    for other in range(k):
        mine = codes == other
        below = np.cumsum(mine)
        sums = np.cumsum(np.where(mine, ordered, 0.0))
        from_all = ordered * (2 * below - sizes[other]) + (sums[-1] - 2 * sums)
        gaps[:, other] = np.bincount(codes, weights=from_all, minlength=k) / (sizes * sizes[other])
    return np.maximum(gaps + gaps.T, 0.0) / 2


def entropy_terms(ratio: FloatArray, alpha: float) -> FloatArray:
    """Say what every value adds to a generalised entropy measure.

    Parameters
    ----------
    ratio : ndarray of float
        Values over their mean; above 0 for α ≤ 0.
    alpha : float
        As in `theil`.

    Returns
    -------
    ndarray of float
        At least 0 each; their mean is the measure.

    Examples
    --------
    >>> entropy_terms(np.array([0.5, 1.5]), 2.0)
    array([0.125, 0.125])
    """
    # The ratios have mean 1, so the linear terms add nothing; they keep every term at least 0.
    if alpha == 0:
        return ratio - 1 - np.log(ratio)
    if alpha == 1:
        logs = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
        return ratio * logs - (ratio - 1)
    return (ratio**alpha - 1 - alpha * (ratio - 1)) / (alpha * (alpha - 1))


def amounts(x: Numbers) -> FloatArray:
    """Return values that inequality is defined for, or refuse them.

    Parameters
    ----------
    x : Series or array of float, n

    Returns
    -------
    ndarray of float, n

    Raises
    ------
    MethodError
        For negative or missing values, or a total of 0.

    Examples
    --------
    >>> amounts([1, 2])
    array([1., 2.])
    """
    values = as_vector(x, what="x")
    if (values < 0).any():
        raise MethodError(
            f"x must be at least 0 for inequality measures, got {values.min():g} at the lowest "
            f"(below 0: {_labels(x, values < 0)}). "
            "Use scores with a natural zero, such as 0..100."
        )
    if not values.sum() > 0:
        raise MethodError(
            f"x must have a positive total, got {values.sum():g} of {len(values)} values. "
            "Leave the measure out where everybody has nothing."
        )
    return values


def _refuse_zeros(x: Numbers, values: FloatArray, alpha: float) -> None:
    if alpha <= 0 and not values.all():
        raise MethodError(
            f"x must be positive for Theil with alpha {alpha:g}, got 0 for "
            f"{_labels(x, values == 0)}. Use alpha=1, which allows zeros."
        )


def _labels(x: Numbers, wrong: npt.NDArray[np.bool_]) -> str:
    index = x.index if isinstance(x, pd.Series) else pd.RangeIndex(len(wrong))
    return listed(index[wrong])


def coded(
    x: Numbers, values: FloatArray, groups: pd.Series | npt.ArrayLike
) -> tuple[Codes, pd.Index]:
    """Return the group of each value as a number, and the groups' names in their order.

    Parameters
    ----------
    x : Series or array, n
        What the caller gave.
    values : ndarray, n
        Its numbers.
    groups : Series or array, n
        In the same order, none missing, none whose values are all 0.

    Returns
    -------
    codes : ndarray of int, n
    names : Index

    Raises
    ------
    MethodError

    Examples
    --------
    >>> codes, names = coded([1.0, 2.0], np.array([1.0, 2.0]), ["b", "a"])
    >>> codes.tolist(), names.tolist()
    ([1, 0], ['a', 'b'])
    """
    own = groups if isinstance(groups, pd.Series) else pd.Series(np.asarray(groups))
    both = isinstance(x, pd.Series) and isinstance(groups, pd.Series)
    if len(own) != len(values) or (both and not x.index.equals(own.index)):  # type: ignore[union-attr]
        raise MethodError(
            f"groups must name the group of each value, got {len(own)} for {len(values)} values. "
            "Give both the same order and index."
        )
    if own.isna().any():
        raise MethodError(
            f"every value must have a group, got none for {_labels(x, own.isna().to_numpy())}. "
            "Name the group or leave the values out."
        )
    codes, names = pd.factorize(own, sort=True)
    totals = np.bincount(codes, weights=values)
    if not totals.all():
        raise MethodError(
            f"every group must have a positive total, got 0 in {listed(names[totals == 0])}. "
            "Leave the group out or merge it."
        )
    return codes, pd.Index(names)


def _group_table(codes: Codes, names: pd.Index, values: FloatArray) -> pd.DataFrame:
    sizes = np.bincount(codes)
    totals = np.bincount(codes, weights=values)
    return pd.DataFrame(
        {
            "n": sizes,
            "mean": totals / sizes,
            "population_share": sizes / len(values),
            "value_share": totals / values.sum(),
        },
        index=names.rename("group"),
    )
