"""Rank sum ratio (秩和比法, RSR): sums of ranks, set against the normal distribution, in grades."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
from scipy.special import fdtrc, ndtri

from ..errors import MethodError
from .guards import (
    FloatArray,
    as_matrix,
    check_weights,
    choose,
    column_names,
    refuse_constant,
)
from .moments import Table

PROBIT_CUTS: Final = MappingProxyType({3: (4.0, 6.0), 4: (3.5, 5.0, 6.5), 5: (3.2, 4.4, 5.6, 6.8)})
"""Usual bounds of 3, 4 and 5 grades in probits: equal steps between 2 and 8."""


@dataclass(frozen=True, eq=False, slots=True)
class RankSumRatio:
    """Answer of `rank_sum_ratio`.

    Attributes
    ----------
    table : DataFrame
        One row per organisation: ``rsr``, ``rank`` (1 is best, mean of ties), ``probit``,
        ``fitted`` (RSR on the line), ``grade`` (1 is the lowest).
    groups : DataFrame
        The distribution, one row per distinct RSR: ``rsr``, ``count``, ``cumulative``,
        ``mean_rank``, ``share``, ``probit``, ``fitted``, ``grade``.
    intercept, slope, r_squared : float
        Of RSR = a + b Probit over the distinct groups.
    slope_p_value : float
        Test of b = 0.
    cuts : tuple of float
        Bounds of the grades, in probits.
    anova : (F, p)
        Do the RSR of the grades differ? NaN where grades have too few members.
    levene : (W, p)
        Do their variances differ (around the means)? NaN likewise.
    form : str
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    intercept: float
    slope: float
    r_squared: float
    slope_p_value: float
    cuts: tuple[float, ...]
    anova: tuple[float, float]
    levene: tuple[float, float]
    form: str

    def __repr__(self) -> str:
        """Return one line."""
        line = f"RSR = {self.intercept:.4f} + {self.slope:.4f} Probit, R² {self.r_squared:.3f}"
        return f"RankSumRatio({len(self.table)} organisations, {self.form}: {line})"


def rank_sum_ratio(
    x: Table,
    weights: pd.Series | npt.ArrayLike | None = None,
    *,
    form: str = "integer",
    grades: int = 3,
    cuts: tuple[float, ...] | None = None,
) -> RankSumRatio:
    """Rank by the sum of ranks and cut into grades (秩和比综合评价法).

    Parameters
    ----------
    x : DataFrame or array, n × m, n >= 3
        Values or scores, more is better (``-x`` for a cost). NaN is refused.
    weights : Series or array, m, optional
        Sum 1 (加权秩和比); equal by default.
    form : {"integer", "non_integer"}
        整次秩和比: ranks 1..n, the best n, ties share their mean rank. 非整次秩和比: ``1 + (n - 1)
        (x - min) / (max - min)``, which keeps distances.
    grades : {3, 4, 5}
        How many grades, cut at the usual probits.
    cuts : tuple of float, optional
        Other bounds, in probits, rising; a probit on a bound belongs to the grade below.

    Returns
    -------
    RankSumRatio

    Raises
    ------
    MethodError
        For fewer than 3 organisations or distinct ratios, a constant column ("non_integer"),
        missing values, or weights that do not fit.

    Notes
    -----
    ``RSR = sum_j w_j R_j / n``. Distinct ratios are put in order; a group's share is its mean rank
    by n, the last one's ``1 - 1/(4n)``; ``Probit = 5 + Phi^-1(share)``. The line is fitted to the
    distinct groups, not to organisations, as 田凤调 does. Grades should differ (ANOVA, p < 0.05)
    with like variances (Levene); otherwise choose other bounds.

    References
    ----------
    田凤调 (1988). 秩和比法及其应用. 中国医师杂志.

    Examples
    --------
    >>> x = pd.DataFrame({"a": [9.0, 7, 5, 1], "b": [8.0, 9, 4, 2]}, index=list("wxyz"))
    >>> made = rank_sum_ratio(x)
    >>> made.table["rsr"].to_dict()
    {'w': 0.875, 'x': 0.875, 'y': 0.5, 'z': 0.25}
    >>> made.groups["probit"].round(4).tolist()
    [4.3255, 5.0, 6.5341]
    """
    rank_of = choose(form, {"integer": _integer, "non_integer": _non_integer}, "form")
    bounds = _bounds(grades, cuts)
    array, names = as_matrix(x, least=3), column_names(x)
    n, m = array.shape
    w = np.full(m, 1 / m) if weights is None else check_weights(weights, names)
    if form == "non_integer":
        refuse_constant(x, "non-integer ranks")
    rsr = np.zeros(n)
    for j in range(m):
        rsr += w[j] / n * rank_of(array[:, j])
    # Equal sums of ranks differ by rounding only; the twelfth digit tells.
    distinct, group, count = np.unique(rsr.round(12), return_inverse=True, return_counts=True)
    if len(distinct) < 3:
        raise MethodError(
            f"a line needs at least 3 distinct rank sum ratios, got {len(distinct)}. "
            "Add organisations or indicators, or use form='non_integer'."
        )
    cumulative = np.cumsum(count)
    mean_rank = cumulative - (count - 1) / 2
    share = mean_rank / n
    share[-1] = 1 - 1 / (4 * n)
    probit = 5 + ndtri(share)
    a, b, r_squared, p = _line(probit, distinct)
    fitted = a + b * probit
    grade = 1 + np.searchsorted(bounds, probit.round(12), side="left")
    groups = {
        "rsr": distinct,
        "count": count,
        "cumulative": cumulative,
        "mean_rank": mean_rank,
        "share": share,
        "probit": probit,
        "fitted": fitted,
        "grade": grade,
    }
    table = {
        "rsr": distinct[group],
        "rank": n + 1 - mean_rank[group],
        "probit": probit[group],
        "fitted": fitted[group],
        "grade": grade[group],
    }
    index = x.index if isinstance(x, pd.DataFrame) else pd.RangeIndex(n)
    return RankSumRatio(
        pd.DataFrame(table, index=index),
        pd.DataFrame(groups),
        a,
        b,
        r_squared,
        p,
        tuple(bounds),
        *_grade_tests(distinct[group], grade[group]),
        form,
    )


def _integer(column: FloatArray) -> FloatArray:
    return np.asarray(scipy.stats.rankdata(column), dtype=float)


def _non_integer(column: FloatArray) -> FloatArray:
    low, high = column.min(), column.max()
    return np.asarray(1 + (len(column) - 1) * (column - low) / (high - low))


def _bounds(grades: int, cuts: tuple[float, ...] | None) -> FloatArray:
    if cuts is None:
        if grades not in PROBIT_CUTS:
            raise MethodError(f"grades must be 3, 4 or 5, got {grades!r}. Or give cuts=.")
        return np.asarray(PROBIT_CUTS[grades], dtype=float)
    found = np.asarray(cuts, dtype=float)
    if found.ndim != 1 or len(found) < 1 or not (np.diff(found) > 0).all():
        raise MethodError(f"cuts must rise, got {cuts!r}. Give probits such as (4, 6).")
    return found


def _line(u: FloatArray, y: FloatArray) -> tuple[float, float, float, float]:
    """Return intercept, slope, R² and the p-value of the slope, by least squares."""
    n = len(u)
    du, dy = u - u.mean(), y - y.mean()
    b = float(du @ dy / (du @ du))
    a = float(y.mean() - b * u.mean())
    rest = float(((dy - b * du) ** 2).sum())
    r_squared = 1 - rest / float(dy @ dy)
    explained = b * b * float(du @ du)
    p = float(fdtrc(1, n - 2, explained / (rest / (n - 2)))) if rest > 0 else 0.0
    return a, b, r_squared, p


_Test = tuple[float, float]


def _grade_tests(rsr: FloatArray, grade: npt.NDArray[Any]) -> tuple[_Test, _Test]:
    """Return F and p of RSR between grades, and the same of distances to the grades' means."""
    members = [rsr[grade == g] for g in np.unique(grade)]
    apart = [np.abs(part - part.mean()) for part in members]
    return _f_test(members), _f_test(apart)


def _f_test(members: list[FloatArray]) -> _Test:
    k, n = len(members), sum(len(part) for part in members)
    if k < 2 or n <= k:
        return float("nan"), float("nan")
    mean = np.concatenate(members).mean()
    between = sum(len(part) * (part.mean() - mean) ** 2 for part in members) / (k - 1)
    within = sum(((part - part.mean()) ** 2).sum() for part in members) / (n - k)
    if within <= 1e-24:
        return float("nan"), float("nan")
    return float(between / within), float(fdtrc(k - 1, n - k, between / within))
