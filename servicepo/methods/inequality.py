"""Inequality of scores, and how much of it lies between groups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_vector, listed

Numbers: TypeAlias = "pd.Series | FloatArray | list[float]"


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
    return _gini(np.sort(_amounts(x)))


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
    values = _amounts(x)
    _refuse_zero_under_logs(values, alpha, f"Theil with alpha {alpha:g}")
    return _entropy(values, alpha)


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
    values = _amounts(x)
    _refuse_zero_under_logs(values, alpha, f"Theil with alpha {alpha:g}")
    parts = _grouped(x, values, groups)
    table = _group_table(parts, values)
    inner = pd.Series({name: _entropy(part, alpha) for name, part in parts.items()})
    ratio = table["mean"] / values.mean()
    contribution = table["population_share"] * ratio**alpha * inner
    between = _mean_entropy(ratio.to_numpy(), table["population_share"].to_numpy(), alpha)
    table["inequality"], table["contribution"] = inner, contribution
    within = float(contribution.sum())
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
    values = _amounts(x)
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
    values = _amounts(x)
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
    D_jh = |μ_j − μ_h| / Δ_jh. So G_nb is the Gini coefficient of the group means, and all three
    parts come from sorting: O(n log n), no approximation.

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
    values = _amounts(x)
    parts = {name: np.sort(part) for name, part in _grouped(x, values, groups).items()}
    table = _group_table(parts, values)
    inner = np.array([_gini(part) for part in parts.values()])
    p, s = table["population_share"].to_numpy(), table["value_share"].to_numpy()
    within = float((inner * p * s).sum())
    between = _gini_of_means(table["mean"].to_numpy(), p)
    total = _gini(np.sort(values))
    names = table.index
    g = pd.DataFrame(np.diag(inner), index=names, columns=names)
    d = pd.DataFrame(0.0, index=names, columns=names)
    for one, other in combinations(names, 2):
        difference = _mean_difference(parts[one], parts[other])
        means = table.loc[[one, other], "mean"]
        g.loc[one, other] = g.loc[other, one] = difference / means.sum()
        gap = abs(means.iloc[0] - means.iloc[1])
        d.loc[one, other] = d.loc[other, one] = gap / difference if difference > 0 else 0.0
    overlap = max(0.0, total - within - between)  # rounding may leave -1e-17
    return Dagum(total, within, between, overlap, g, d, table)


def _gini(ordered: FloatArray) -> float:
    n = len(ordered)
    # 2i − n − 1 for i = 1..n; centred values keep the digits that large sums would lose.
    ranks = np.arange(1 - n, n, 2, dtype=float)
    mean = ordered.mean()
    return float(max(0.0, ranks @ (ordered - mean)) / (n * n * mean))


def _gini_of_means(means: FloatArray, shares: FloatArray) -> float:
    gaps = np.abs(means[:, None] - means[None, :])
    return float(shares @ gaps @ shares / (2 * (shares @ means)))


def _mean_difference(a: FloatArray, b: FloatArray) -> float:
    """Mean absolute difference between the values of two sorted arrays."""
    sums = np.concatenate([[0.0], np.cumsum(b)])
    below = np.searchsorted(b, a)
    above = a * (2.0 * below - len(b)) + sums[-1] - 2 * sums[below]
    return float(above.sum() / (len(a) * len(b)))


def _entropy(values: FloatArray, alpha: float) -> float:
    shares = np.full(len(values), 1 / len(values))
    return _mean_entropy(values / values.mean(), shares, alpha)


def _mean_entropy(ratio: FloatArray, shares: FloatArray, alpha: float) -> float:
    if alpha == 0:
        terms = ratio - 1 - np.log(ratio)
    elif alpha == 1:
        logs = np.log(ratio, out=np.zeros(len(ratio)), where=ratio > 0)
        terms = ratio * logs - (ratio - 1)
    else:
        terms = (ratio**alpha - 1 - alpha * (ratio - 1)) / (alpha * (alpha - 1))
    # The ratios have mean 1, so the linear terms add nothing; they keep every term at least 0.
    return float(shares @ terms)


def _amounts(x: Numbers) -> FloatArray:
    values = as_vector(x, what="x")
    if (values < 0).any():
        place = int(np.argmax(values < 0))
        where = x.index[place] if isinstance(x, pd.Series) else place
        raise MethodError(
            f"x must be at least 0 for inequality measures, got {values[place]:g} (at {where}). "
            "Use scores with a natural zero, such as 0..100."
        )
    if not values.sum() > 0:
        raise MethodError(
            f"x must have a positive total, got {values.sum():g} of {len(values)} values. "
            "Leave the measure out where everybody has nothing."
        )
    return values


def _refuse_zero_under_logs(values: FloatArray, alpha: float, name: str) -> None:
    zeros = int((values == 0).sum())
    if alpha <= 0 and zeros:
        raise MethodError(
            f"x must be positive for {name}, got {zeros} zeros. Use alpha=1, which allows them."
        )


def _grouped(
    x: Numbers, values: FloatArray, groups: pd.Series | npt.ArrayLike
) -> dict[object, FloatArray]:
    own = groups if isinstance(groups, pd.Series) else pd.Series(np.asarray(groups))
    both = isinstance(x, pd.Series) and isinstance(groups, pd.Series)
    if len(own) != len(values) or (both and not x.index.equals(own.index)):  # type: ignore[union-attr]
        raise MethodError(
            f"groups must name the group of each value, got {len(own)} for {len(values)} values. "
            "Give both the same order and index."
        )
    if own.isna().any():
        raise MethodError(
            f"every value must have a group, got {int(own.isna().sum())} without. "
            "Name the group or leave the values out."
        )
    codes, names = pd.factorize(own, sort=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    parts = dict(zip(names, np.split(values[order], ends), strict=True))
    empty = [name for name, part in parts.items() if not part.sum() > 0]
    if empty:
        raise MethodError(
            f"every group must have a positive total, got 0 in {listed(empty)}. "
            "Leave the group out or merge it."
        )
    return parts


def _group_table(parts: dict[object, FloatArray], values: FloatArray) -> pd.DataFrame:
    sizes = np.array([len(part) for part in parts.values()])
    totals = np.array([part.sum() for part in parts.values()])
    return pd.DataFrame(
        {
            "n": sizes,
            "mean": totals / sizes,
            "population_share": sizes / len(values),
            "value_share": totals / values.sum(),
        },
        index=pd.Index(list(parts), name="group"),
    )
