"""Do indicators belong together? Reliability, sampling adequacy, collinearity, correlations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from ..errors import MethodError
from .guards import FloatArray, as_matrix, column_names, listed, refuse_constant
from .moments import Table, correlated

WEAK: Final = 0.3
"""An indicator that correlates less with the rest of its dimension hardly belongs to it."""


@dataclass(frozen=True, eq=False, slots=True)
class CronbachAlpha:
    """Answer of `cronbach_alpha`.

    Attributes
    ----------
    alpha : float
        Up to 1; 0.7 and more is held acceptable. May be negative.
    standardised : float
        The same from correlations, as if all had one variance.
    items : DataFrame
        One row per indicator: ``item_total`` (correlation with the sum of the others),
        ``alpha_if_deleted``; from correlations where ``by`` is "correlation".
    by : str
    """

    alpha: float
    standardised: float
    items: pd.DataFrame
    by: str

    def __repr__(self) -> str:
        """Return one line."""
        return f"CronbachAlpha({self.alpha:.3f}, {len(self.items)} items)"


class Kmo(NamedTuple):
    """Answer of `kmo`.

    Attributes
    ----------
    overall : float
        0..1; above 0.6 a factor analysis makes sense.
    items : Series or ndarray, m
        The same for every indicator.
    """

    overall: float
    items: Any


class Bartlett(NamedTuple):
    """Answer of `bartlett`: statistic, degrees of freedom and p-value.

    Attributes
    ----------
    statistic : float
    degrees_of_freedom : int
    p_value : float
        Small where indicators correlate at all.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float


def cronbach_alpha(x: Table, *, by: str = "covariance") -> CronbachAlpha:
    """Cronbach's alpha: whether the indicators of a scale measure one thing.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3, m >= 2
        Values or scores, all in one direction. NaN is refused.
    by : {"covariance", "correlation"}
        Raw or standardised; for indicators in different units only the second makes sense.

    Returns
    -------
    CronbachAlpha

    Raises
    ------
    MethodError
        For a constant column, fewer than 2 columns or 3 rows, or missing values.

    Notes
    -----
    ``alpha = m / (m - 1) (1 - sum_j s_j^2 / s_T^2)``.

    References
    ----------
    Cronbach (1951), Psychometrika 16, 297–334; OECD/JRC (2008), pp. 72–73.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 3, 2, 4], "c": [2.0, 2, 3, 5]})
    >>> made = cronbach_alpha(x)
    >>> round(made.alpha, 3), made.items["alpha_if_deleted"].round(3).tolist()
    (0.929, [0.842, 0.952, 0.889])
    """
    if by not in ("covariance", "correlation"):
        raise MethodError(
            f"by must be one of 'covariance', 'correlation', got {by!r}. Give one of these words."
        )
    found, names = correlated(x, "Cronbach's alpha"), column_names(x)
    _refuse_few_columns(len(names), 2, "Cronbach's alpha")
    c = found.covariance if by == "covariance" else found.correlation
    rest = c.sum(axis=0) - np.diag(c)
    spread = c.sum() - 2 * rest - np.diag(c)
    with np.errstate(invalid="ignore", divide="ignore"):
        item_total = rest / np.sqrt(np.diag(c) * spread)
    deleted = [
        _alpha(np.delete(np.delete(c, j, 0), j, 1)) if len(c) > 2 else float("nan")
        for j in range(len(c))
    ]
    items = pd.DataFrame({"item_total": item_total, "alpha_if_deleted": deleted}, index=names)
    return CronbachAlpha(_alpha(c), _alpha(found.correlation), items, by)


def mcdonald_omega(x: Table) -> float:
    """McDonald's omega: reliability of a scale whose indicators load differently on one factor.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3, m >= 3
        Values or scores, all in one direction. NaN is refused.

    Returns
    -------
    float
        0..1, for standardised indicators.

    Raises
    ------
    MethodError
        As `cronbach_alpha`; where one factor does not fit (an indicator's own variance comes out
        negative, or indicators load in opposite directions).

    Notes
    -----
    ``omega = (sum l)^2 / ((sum l)^2 + sum (1 - l^2))`` with the loadings l of one factor, by
    iterated principal axes on correlations.

    References
    ----------
    McDonald (1999). Test Theory: A Unified Treatment. Erlbaum.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [1.0, 3, 2, 5, 4], "c": [2.0, 1, 3, 5, 4]})
    >>> round(mcdonald_omega(x), 3)
    0.91
    """
    names = column_names(x)
    _refuse_few_columns(len(names), 3, "McDonald's omega")
    r = correlated(x, "McDonald's omega").correlation
    shared = 1 - 1 / np.diag(_inverse(r, names))
    loading = np.zeros(len(r))
    for _ in range(10_000):
        reduced = r - np.diag(1 - shared)
        values, vectors = np.linalg.eigh(reduced)
        loading = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
        moved = np.abs(loading**2 - shared).max()
        shared = np.minimum(loading**2, 1.0)
        if moved < 1e-10:
            break
    loading *= np.sign(loading.sum())
    turned = [name for name, value in zip(names, loading, strict=True) if value <= 0]
    whole = [name for name, value in zip(names, shared, strict=True) if value >= 1 - 1e-9]
    if turned or whole:
        raise MethodError(
            "one factor must fit the indicators for McDonald's omega, got "
            + (f"loadings the other way in {listed(turned)}" if turned else "")
            + (f"no variance of its own in {listed(whole)}" if whole and not turned else "")
            + ". Turn or drop these indicators, or report Cronbach's alpha."
        )
    total = loading.sum() ** 2
    return float(total / (total + (1 - loading**2).sum()))


def kmo(x: Table) -> Kmo:
    """Kaiser–Meyer–Olkin measure of sampling adequacy.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3, m >= 2
        Values or scores. NaN is refused.

    Returns
    -------
    Kmo

    Raises
    ------
    MethodError
        For a constant column, missing values, or indicators that repeat each other exactly.

    Notes
    -----
    ``sum r^2 / (sum r^2 + sum q^2)`` over pairs, r correlations and q partial correlations given
    all other indicators.

    References
    ----------
    Kaiser (1974), Psychometrika 39, 31–36.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [1.0, 3, 2, 5, 4], "c": [2.0, 1, 3, 5, 4]})
    >>> round(kmo(x).overall, 3)
    0.73
    """
    names = column_names(x)
    _refuse_few_columns(len(names), 2, "the KMO measure")
    r = correlated(x, "the KMO measure").correlation
    inverse = _inverse(r, names)
    d = np.sqrt(np.diag(inverse))
    plain, partial = r**2, (inverse / np.outer(d, d)) ** 2
    np.fill_diagonal(plain, 0.0)
    np.fill_diagonal(partial, 0.0)
    both = plain.sum(axis=0) + partial.sum(axis=0)
    items = plain.sum(axis=0) / np.where(both > 0, both, 1.0)
    series = pd.Series(items, index=names, name="kmo") if isinstance(x, pd.DataFrame) else items
    return Kmo(float(plain.sum() / (plain.sum() + partial.sum())), series)


def bartlett(x: Table) -> Bartlett:
    """Bartlett's test of sphericity: whether indicators are correlated at all.

    Parameters
    ----------
    x : DataFrame or array, n × m, n > m >= 2
        Values or scores. NaN is refused.

    Returns
    -------
    Bartlett

    Raises
    ------
    MethodError
        As `kmo`.

    Notes
    -----
    ``-(n - 1 - (2 m + 5) / 6) ln |R|``, chi-square with m (m - 1) / 2 degrees of freedom.

    References
    ----------
    Bartlett (1951), Biometrika 38, 337–344.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [1.0, 3, 2, 5, 4], "c": [2.0, 1, 3, 5, 4]})
    >>> round(bartlett(x).statistic, 3)
    4.488
    """
    names = column_names(x)
    m = len(names)
    _refuse_few_columns(m, 2, "Bartlett's test")
    found = correlated(x, "Bartlett's test")
    _inverse(found.correlation, names)
    _, log_determinant = np.linalg.slogdet(found.correlation)
    statistic = float(-(found.n - 1 - (2 * m + 5) / 6) * log_determinant)
    df = m * (m - 1) // 2
    return Bartlett(statistic, df, float(chdtrc(df, max(statistic, 0.0))))


def vif(x: Table) -> Any:
    """Variance inflation factors: how far each indicator repeats the others.

    Parameters
    ----------
    x : DataFrame or array, n × m, n > m >= 2
        Values or scores. NaN is refused.

    Returns
    -------
    Series or ndarray, m
        ``1 / (1 - R_j^2)``, at least 1; above 10 (some say 5) an indicator says little of its own.

    Raises
    ------
    MethodError
        As `kmo`.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [1.0, 3, 2, 5, 4]})
    >>> vif(x).round(3).to_dict()
    {'a': 2.778, 'b': 2.778}
    """
    names = column_names(x)
    _refuse_few_columns(len(names), 2, "variance inflation")
    factors = np.diag(_inverse(correlated(x, "variance inflation").correlation, names)).copy()
    return pd.Series(factors, index=names, name="vif") if isinstance(x, pd.DataFrame) else factors


def level_correlations(
    scores: pd.DataFrame, dimensions: Mapping[str, str] | pd.Series
) -> pd.DataFrame:
    """Correlate every indicator with its own dimension, the nearest other one and the whole.

    Parameters
    ----------
    scores : DataFrame, n × m, n >= 3
        Normalised scores, more is better. NaN is refused.
    dimensions : mapping
        Indicator -> dimension.

    Returns
    -------
    DataFrame
        Indexed by indicator: ``dimension``, ``own`` (with the mean of the others of its dimension;
        NaN where it is alone), ``other`` and ``other_dimension`` (the highest correlation with
        another dimension's mean), ``total`` (with the mean of all others), ``flag``: "negative"
        (own below 0), "weak" (own below 0.3), "misplaced" (other above own) or "".

    Raises
    ------
    MethodError
        For a constant column, missing values, or an indicator without dimension.

    References
    ----------
    OECD/JRC (2008), pp. 63–66 and 72–73.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 3, 2, 4], "c": [4.0, 1, 3, 2]})
    >>> level_correlations(x, {"a": "A", "b": "A", "c": "C"})[["own", "flag"]].round(2)
       own flag
    a  0.8
    b  0.8
    c  NaN
    """
    array, names = as_matrix(scores, what="scores", least=3), list(scores.columns)
    refuse_constant(scores, "correlations")
    belongs = dict(dimensions)
    lost = [name for name in names if name not in belongs]
    if lost:
        raise MethodError(
            f"every indicator must have a dimension, got none for {listed(lost)}. Name it."
        )
    of = [belongs[name] for name in names]
    mine = {d: np.array([other == d for other in of]) for d in of}
    rows = []
    for j, d in enumerate(of):
        own, others = array[:, j], np.arange(len(names)) != j
        near = {e: _r(own, array[:, members]) for e, members in mine.items() if e != d}
        nearest = max(near, key=lambda e: near[e]) if near else None
        inside, outside = _r(own, array[:, others & mine[d]]), near.get(nearest, float("nan"))
        total = _r(own, array[:, others])
        rows.append((d, inside, outside, nearest, total, _flag(inside, outside)))
    columns = ["dimension", "own", "other", "other_dimension", "total", "flag"]
    return pd.DataFrame(rows, index=names, columns=columns)


def flagged_pairs(
    scores: pd.DataFrame,
    dimensions: Mapping[str, str] | pd.Series | None = None,
    *,
    high: float = 0.92,
    low: float = -0.4,
) -> pd.DataFrame:
    """List pairs of indicators that repeat or contradict each other within a dimension.

    Parameters
    ----------
    scores : DataFrame, n × m, n >= 3
        Normalised scores, more is better. NaN is refused.
    dimensions : mapping, optional
        Indicator -> dimension; all pairs are looked at by default.
    high, low : float
        Correlations from ``high`` on are "redundant", up to ``low`` "opposed".

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``r``, ``flag``, the strongest first.

    Raises
    ------
    MethodError
        For a constant column, missing values or fewer than 3 rows.

    References
    ----------
    The bounds are those of the JRC's audits of composite indicators.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 4, 6, 8], "c": [4.0, 1, 3, 2]})
    >>> flagged_pairs(x).round(2).values.tolist()
    [['a', 'b', 1.0, 'redundant'], ['a', 'c', -0.4, 'opposed'], ['b', 'c', -0.4, 'opposed']]
    """
    r, names = correlated(scores, "correlations").correlation, list(scores.columns)
    belongs = dict(dimensions) if dimensions is not None else dict.fromkeys(names)
    found = [
        (names[i], names[j], r[i, j], "redundant" if r[i, j] >= high else "opposed")
        for i, j in combinations(range(len(names)), 2)
        if belongs.get(names[i]) == belongs.get(names[j]) and not low < round(r[i, j], 12) < high
    ]
    found.sort(key=lambda row: -abs(row[2]))
    return pd.DataFrame(found, columns=["first", "second", "r", "flag"])


def _alpha(c: FloatArray) -> float:
    m = len(c)
    return float(m / (m - 1) * (1 - np.trace(c) / c.sum())) if c.sum() > 0 else float("nan")


def _r(a: FloatArray, b: FloatArray) -> float:
    if b.shape[1] == 0:
        return float("nan")
    a, mean = a - a.mean(), b.mean(axis=1)
    mean = mean - mean.mean()
    size = float(np.sqrt((a @ a) * (mean @ mean)))
    return float(a @ mean) / size if size > 0 else float("nan")


def _flag(own: float, other: float) -> str:
    if own < 0:
        return "negative"
    if own < WEAK:
        return "weak"
    return "misplaced" if other > own else ""


def _refuse_few_columns(m: int, least: int, method: str) -> None:
    if m < least:
        raise MethodError(
            f"x must have at least {least} columns for {method}, got {m}. Add indicators."
        )


def _inverse(r: FloatArray, names: list[Any]) -> FloatArray:
    if np.linalg.cond(r) > 1e12:
        apart = np.abs(r) - np.eye(len(r))
        i, j = np.unravel_index(int(apart.argmax()), r.shape)
        raise MethodError(
            "indicators must not repeat each other exactly, got a singular correlation matrix "
            f"(nearest pair {listed([names[i], names[j]])}, r {r[i, j]:.4f}). Drop one of them, or "
            "add organisations."
        )
    return np.asarray(np.linalg.inv(r))
