"""Objective weights: the data themselves say how much each indicator counts.

Every function takes normalised scores of which more is better (n organisations × m indicators) and
returns m weights, at least 0, that sum to 1: a Series for a frame, an array for an array. None of
them knows what matters; they know what varies, what repeats itself and what stands apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from warnings import warn

import numpy as np

from ..errors import MethodError, MethodWarning
from .components import Components, principal_components, varimax
from .dispersion import deviation, divergence, variation, weights_of
from .guards import (
    as_matrix,
    as_weights,
    column_names,
    like_columns,
    refuse_columns,
    row_blocks,
)
from .importance import target_importance
from .moments import Table, correlated


def equal(x: Table) -> Any:
    """Equal weights: ``1 / m`` each.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Scores; only their number of columns counts.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Examples
    --------
    >>> equal(np.zeros((3, 4)))
    array([0.25, 0.25, 0.25, 0.25])
    """
    m = len(column_names(x))
    return like_columns(x, np.full(m, 1.0 / m), "weight")


def entropy(x: Table, *, zeros: str | float | tuple[float, float] = "limit") -> Any:
    r"""Entropy weights (熵权法): an indicator counts by how unevenly its sum is shared out.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Normalised scores of at least 0, more is better. NaN is refused.
    zeros : {"limit", "spssau"}, float or (float, float)
        What is done about zeros. "limit": nothing, as ``0 ln 0 = 0``. A number: added to every
        score (0.0001 and 0.01 are common after min–max). A pair: every column is stretched into
        that interval (0.002, 0.998). "spssau": ``|min| + 0.01`` is added to columns whose minimum
        is at most 0. The choice moves weights in the third or fourth decimal; leaving out the
        normalisation moves them altogether.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        For negative scores, fewer than 3 organisations, or where nothing varies.

    Warns
    -----
    MethodWarning
        Where a column does not vary: its weight is 0.

    Notes
    -----
    With ``p = x / sum(x)``, ``e = -sum(p ln p) / ln n`` and ``d = 1 - e``, the weight is
    ``d / sum(d)``. Computed as ``d = mean((1 + r) log1p(r) - r) / ln n`` with ``r = x / mean - 1``,
    which keeps the digits that ``1 - e`` loses where scores are close together.

    References
    ----------
    Shannon (1948); SPSSAU, help of 熵值法, for its shift.

    Examples
    --------
    >>> entropy(np.array([[0.0, 0.4], [0.5, 0.5], [1.0, 0.6]])).round(4)
    array([0.9718, 0.0282])
    """
    return weights_of(x, divergence(x, zeros=zeros), "entropy weights")


def standard_deviation(x: Table) -> Any:
    """Weights by standard deviation: ``sd / sum(sd)``.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Normalised scores on one scale, such as min–max. NaN is refused.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        For fewer than 3 organisations, or where nothing varies.

    Warns
    -----
    MethodWarning
        Where a column does not vary: its weight is 0.

    Examples
    --------
    >>> standard_deviation(np.array([[0.0, 0.0], [1.0, 3.0], [2.0, 6.0]]))
    array([0.25, 0.75])
    """
    return weights_of(x, deviation(x), "standard deviation weights")


def coefficient_of_variation(x: Table) -> Any:
    """Weights by coefficient of variation (变异系数法): ``v = sd / mean``, ``v / sum(v)``.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Values or scores with a mean above 0, more is better. NaN is refused.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1; unchanged by the unit of measure.

    Raises
    ------
    MethodError
        For a mean of 0 or less, fewer than 3 organisations, or where nothing varies.

    Warns
    -----
    MethodWarning
        Where a column does not vary: its weight is 0.

    Examples
    --------
    >>> coefficient_of_variation(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]))
    array([0.5, 0.5])
    """
    return weights_of(x, variation(x), "coefficient of variation weights")


def information(x: Table) -> Any:
    """信息量权重: the name under which SPSSAU offers `coefficient_of_variation`.

    Parameters, returns and raises as in `coefficient_of_variation`.

    Examples
    --------
    >>> information(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]))
    array([0.5, 0.5])
    """
    return coefficient_of_variation(x)


def critic(x: Table) -> Any:
    r"""CRITIC weights: contrast times conflict, ``C_j = sd_j sum_k (1 - r_jk)``.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Scores by min–max (or another scale that keeps contrast), direction already applied: CRITIC
        weights change with the direction. NaN is refused.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        For a constant column, fewer than 3 organisations, or where all indicators are perfectly
        correlated.

    Warns
    -----
    MethodWarning
        Where all standard deviations are the same (z-scores, ranks): only conflict decides.

    References
    ----------
    Diakoulaki, Mavrotas and Papayannakis (1995), Computers & Operations Research 22(7), 763–770.

    Examples
    --------
    >>> critic(np.array([[0.0, 0.0, 1.0], [0.5, 0.6, 0.4], [1.0, 1.0, 0.0]])).round(4)
    array([0.2488, 0.2512, 0.5   ])
    """
    found = correlated(x, "CRITIC weights")
    if found.m == 1:
        return as_weights(x, np.ones(1))
    conflict = (1.0 - found.correlation).sum(axis=1)
    if np.all(conflict < 1e-9):
        raise MethodError(
            "CRITIC weights need indicators that are not all perfectly correlated, got "
            f"{found.m} that are. Keep one of them, or use equal weights."
        )
    if np.allclose(found.sd, found.sd[0], rtol=1e-9):
        warn(
            MethodWarning(
                "CRITIC weights should see contrast between indicators, got one standard "
                "deviation for all (z-scores or ranks?), so that only conflict decides. Give "
                "min–max scores.",
                zh="CRITIC 定权要看指标的离散程度；现在各指标标准差相同（用了 Z 分数或名次？），"
                "只剩相关性起作用。请改用极差标准化的得分。",
            ),
            stacklevel=2,
        )
    return as_weights(x, found.sd * np.maximum(conflict, 0.0))


def independence(x: Table) -> Any:
    """Independence weights (独立性权重, 复相关): ``1 / R_j``, R_j from regressing j on the others.

    Parameters
    ----------
    x : DataFrame or array, n × m, n > m >= 2
        Scores. NaN is refused.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        For a constant column, n <= m, an indicator that the others explain completely, or one that
        they do not explain at all (R = 0).

    Notes
    -----
    ``R_j² = 1 - 1 / (C⁻¹)_jj`` with the correlation matrix C.

    Examples
    --------
    >>> x = np.array([[1.0, 2, 1], [2, 1, 3], [3, 4, 2], [4, 3, 5], [5, 5, 3]])
    >>> independence(x).round(4)
    array([0.3261, 0.332 , 0.3419])
    """
    found = correlated(x, "independence weights")
    if found.m == 1:
        return as_weights(x, np.ones(1))
    if found.n <= found.m:
        raise MethodError(
            "independence weights need more organisations than indicators, got "
            f"{found.n} for {found.m}. Add organisations or use critic."
        )
    values, vectors = np.linalg.eigh(found.correlation)
    if values[0] < 1e-10 * values[-1]:
        tied = np.abs(vectors[:, 0]) > 1e-6
        refuse_columns(
            tied,
            column_names(x),
            "independence weights need indicators that the others do not explain completely, got",
            "Drop one of them.",
        )
    inverse = (vectors**2 / values).sum(axis=1)
    multiple = np.sqrt(np.clip(1.0 - 1.0 / inverse, 0.0, 1.0))
    refuse_columns(
        multiple < 1e-6,
        column_names(x),
        "independence weights need a multiple correlation above 0, got 0 for",
        "Use critic, which weighs an uncorrelated indicator without dividing by 0.",
    )
    return as_weights(x, 1.0 / multiple)


def merec(x: Table) -> Any:
    """MEREC: an indicator counts by how much the overall performance changes when it is taken away.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Scores or values above 0, more is better. NaN is refused.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1; unchanged by the unit of measure.

    Raises
    ------
    MethodError
        For scores of 0 or less, fewer than 3 organisations, or where nothing varies.

    Warns
    -----
    MethodWarning
        Where a column does not vary: its weight is 0.

    Notes
    -----
    ``a_ij = |ln(min_j / x_ij)|``, ``S_i = ln(1 + mean_j a_ij)``, ``S'_ij`` the same without j
    (still divided by m), ``E_j = sum_i |S'_ij - S_i|``.

    References
    ----------
    Keshavarz-Ghorabaee et al. (2021), Symmetry 13(4), 525.

    Examples
    --------
    >>> merec(np.array([[1.0, 4.0], [2.0, 3.0], [4.0, 3.5]])).round(4)
    array([0.8162, 0.1838])
    """
    array = as_matrix(x, least=3)
    low = array.min(axis=0)
    refuse_columns(
        low <= 0,
        column_names(x),
        "scores must be above 0 for MEREC, got 0 or less in",
        "Normalise by minmax_positive, or give goalposts below every value.",
    )
    logs, m = np.log(low), array.shape[1]
    effect = np.zeros(m)
    for rows in row_blocks(array):
        a = np.log(array[rows])
        a -= logs
        total = a.sum(axis=1, keepdims=True)
        # S - S' = ln((m + total) / (m + total - a)), without the loss of digits in a difference
        effect += np.log1p(a / (m + total - a)).sum(axis=0)
    return weights_of(x, effect, "MEREC weights")


def pca(x: Table, *, keep: str | int | float = "kaiser", negative: str = "refuse") -> Any:
    r"""PCA weights: the coefficients of the variance-explained composite of the components.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Values or scores, more is better. NaN is refused.
    keep : "kaiser", int or float
        Components that are kept: those with an eigenvalue above 1, so many, or (a float below 1)
        as many as explain that share of the variance. ``keep=1`` is the first component alone.
    negative : {"refuse", "absolute"}
        What is done about a negative coefficient: refuse, or take absolute values, as some papers
        do.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        As `principal_components`, and for a negative coefficient.

    Notes
    -----
    ``c_j = sum_k share_k loading_jk / sqrt(eigenvalue_k) / sum_k share_k``, then divided by the sum
    over j: the composite score coefficients and weights as SPSSAU reports them.

    Examples
    --------
    >>> x = np.array([[1.0, 1, 2], [2, 3, 1], [3, 2, 3], [4, 4, 5]])
    >>> pca(x, keep=1).round(4)
    array([0.3604, 0.317 , 0.3227])
    """
    made = principal_components(x)
    count = _kept(made, keep)
    if negative not in ("refuse", "absolute"):
        raise MethodError(
            f"negative must be 'refuse' or 'absolute', got {negative!r}. Give one of the two."
        )
    shares, roots = made.shares[:count], np.sqrt(made.eigenvalues[:count])
    coefficients = (np.asarray(made.loadings)[:, :count] / roots) @ shares / shares.sum()
    if negative == "refuse":
        refuse_columns(
            coefficients < 0,
            column_names(x),
            "PCA weights need indicators that pull the same way, got a negative coefficient for",
            "Check their direction, use factor_analysis, or allow negative='absolute'.",
        )
    return as_weights(x, np.abs(coefficients))


def first_component(x: Table) -> Any:
    """PCA weights from the first component alone: `pca` with ``keep=1``.

    Parameters, returns and raises as in `pca`.

    Examples
    --------
    >>> first_component(np.array([[1.0, 1], [2, 3], [3, 2]]))
    array([0.5, 0.5])
    """
    return pca(x, keep=1)


def _kept(made: Components, keep: str | int | float) -> int:
    m = len(made.shares)
    if keep == "kaiser":
        return max(1, int((made.eigenvalues > 1.0).sum()))
    if isinstance(keep, (int, np.integer)) and not isinstance(keep, bool) and 1 <= keep <= m:
        return int(keep)
    if isinstance(keep, float) and 0 < keep < 1:
        return min(m, int(np.searchsorted(made.shares.cumsum(), keep - 1e-12)) + 1)
    raise MethodError(
        f"keep must be 'kaiser', a number from 1 to {m} or a share between 0 and 1, got {keep!r}. "
        "Give one of these."
    )


def factor_analysis(x: Table, *, factors: int | None = None) -> Any:
    """Weights from rotated factors: each indicator by its loading on the factor it belongs to.

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Values or scores. NaN is refused.
    factors : int, optional
        How many components are rotated; by default those that explain at least 10 % each, and as
        many as are needed for 60 % together.

    Returns
    -------
    Series or ndarray, m
        Weights, sum 1.

    Raises
    ------
    MethodError
        As `principal_components`.

    Notes
    -----
    Components are rotated by varimax (Kaiser normalised). An indicator belongs to the factor on
    which its squared loading is greatest; its weight is (squared loading / the factor's variance) ×
    (the factor's variance / that of all factors), scaled to sum 1.

    References
    ----------
    Nicoletti, Scarpetta and Boylaud (2000), OECD Economics Working Paper 226; OECD/JRC (2008),
    pp. 89–91.

    Examples
    --------
    >>> x = np.array([[1.0, 1, 2], [2, 3, 1], [3, 2, 3], [4, 4, 5]])
    >>> factor_analysis(x, factors=1).round(4)
    array([0.3883, 0.3004, 0.3114])
    """
    made = principal_components(x)
    if factors is None:
        enough = int(np.searchsorted(made.shares.cumsum(), 0.6 - 1e-12)) + 1
        factors = max(int((made.shares >= 0.1 - 1e-12).sum()), enough)
    if not 1 <= factors <= len(made.shares):
        raise MethodError(
            f"factors must be from 1 to {len(made.shares)}, got {factors!r}. Give such a number."
        )
    rotated = varimax(np.asarray(made.loadings)[:, :factors])
    return as_weights(x, (rotated**2).max(axis=1))


OBJECTIVE_WEIGHTS: Final[Mapping[str, Callable[[Table], Any]]] = MappingProxyType(
    {
        "equal": equal,
        "entropy": entropy,
        "critic": critic,
        "standard_deviation": standard_deviation,
        "coefficient_of_variation": coefficient_of_variation,
        "independence": independence,
        "information": information,
        "merec": merec,
        "pca": pca,
        "first_component": first_component,
        "factor_analysis": factor_analysis,
        "target_importance": target_importance,
    }
)
