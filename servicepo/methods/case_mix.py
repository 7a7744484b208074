"""Who handles the harder cases? Observed against expected outcomes, and rates on one mix.

An organisation that is given the hard kinds of case has more of them late, without handling any
kind worse. Indirect standardisation sets what happened against what the common rate of each kind
would have given with the organisation's own mix. Direct standardisation asks what its rates would
give with one mix for all.

Outcomes are counted as Poisson: count the rarer one (late, reopened, dissatisfied). For an outcome
that most cases have, the intervals are too wide.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, listed
from .intervals import FEW, byar_interval, count_interval


def indirect(
    observed: pd.DataFrame,
    cases: pd.DataFrame,
    *,
    reference: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Compare each organisation's outcomes with what the common rates expect of its own mix.

    Parameters
    ----------
    observed : DataFrame, organisations × kinds
        Cases with the outcome, from 0 to ``cases``; NaN counts as 0.
    cases : DataFrame, organisations × kinds
        All cases, same rows and columns; NaN counts as 0.
    reference : Series, kinds, optional
        Rate of the outcome by kind, at least 0; by default that of all organisations together.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame
        By organisation: ``cases``, ``observed``, ``expected``, ``ratio`` (observed / expected; NaN
        where nothing is expected), ``low``, ``high`` (exact below 10 observed, else Byar's).

    Raises
    ------
    MethodError
        For tables that do not match, negative counts, more outcomes than cases, or a kind without
        reference rate that has cases.

    Notes
    -----
    With cases n_ik of kind k and reference rates p_k: :math:`E_i = \sum_k n_{ik} p_k` and
    :math:`O_i / E_i`. The limits are those of a Poisson count O_i, divided by E_i; the error of
    the reference rates is left out.

    **What may be compared**: each ratio with 1, the organisation with the whole on its own mix. Two
    ratios may not be compared with each other: each rests on another mix, and the organisation that
    is worse in every kind can still have the lower ratio. Use `direct` for that.

    References
    ----------
    Breslow, N. E. & Day, N. E. (1987). Statistical methods in cancer research, vol. II, IARC 82:
    section 2.3. Armitage, Berry & Matthews (2002), Statistical methods in medical research, 4th
    ed., section 19.3.

    Examples
    --------
    >>> cases = pd.DataFrame({"easy": [90, 10], "hard": [10, 90]}, index=["甲", "乙"])
    >>> late = pd.DataFrame({"easy": [9, 1], "hard": [5, 45]}, index=["甲", "乙"])
    >>> indirect(late, cases)[["observed", "expected", "ratio"]]
       observed  expected  ratio
    甲      14.0      14.0    1.0
    乙      46.0      46.0    1.0
    """
    o, n = _tables(observed, cases)
    if reference is None:
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = o.sum(axis=0) / n.sum(axis=0)
    else:
        rate = reference.reindex(cases.columns).to_numpy(dtype=float)
        if (rate < 0).any():
            raise MethodError(
                f"reference must hold rates of at least 0, got {np.nanmin(rate):g}. Correct it."
            )
        lost = np.isnan(rate) & (n.sum(axis=0) > 0)
        if lost.any():
            raise MethodError(
                "Every kind with cases must have a reference rate, got none for "
                f"{listed(cases.columns[lost])}. Add it, or leave these cases out."
            )
    expected = n @ np.nan_to_num(rate)
    total = o.sum(axis=1)
    low, high = count_interval(total, confidence=confidence)
    base = np.where(expected > 0, expected, np.nan)
    return pd.DataFrame(
        {
            "cases": n.sum(axis=1),
            "observed": total,
            "expected": expected,
            "ratio": total / base,
            "low": low / base,
            "high": high / base,
        },
        index=cases.index,
    )


def direct(
    observed: pd.DataFrame,
    cases: pd.DataFrame,
    *,
    standard: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Give the rate each organisation would have if all had one mix of kinds.

    Parameters
    ----------
    observed, cases : DataFrame, organisations × kinds
        As in `indirect`.
    standard : Series, kinds, optional
        Size of each kind in the common mix (only the proportions count); by default that of all
        organisations together.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame
        By organisation: ``cases``, ``observed``, ``rate``, ``low``, ``high``. All three are NaN
        where the cells do not allow it: no case of a kind that the common mix has, or fewer than
        10 outcomes in all. Rates may be compared with one another.

    Raises
    ------
    MethodError
        For tables that do not match, negative counts, more outcomes than cases, a kind that the
        standard lacks, or a standard of nothing.

    Notes
    -----
    With weights w_k = N_k / ΣN and rates r_ik = O_ik / n_ik: :math:`R_i = \sum_k w_k r_{ik}`, with
    variance :math:`V_i = \sum_k w_k^2 O_{ik} / n_{ik}^2`. Limits by Dobson's method:
    :math:`R_i + \sqrt{V_i / O_i} \, (L(O_i) - O_i)` with Byar's limit L of the total count.

    References
    ----------
    Dobson, A. J., Kuulasmaa, K., Eberle, E. & Scherer, J. (1991). Confidence intervals for weighted
    sums of Poisson parameters. Statistics in Medicine 10: 457–462.

    Examples
    --------
    >>> cases = pd.DataFrame({"easy": [90, 10], "hard": [10, 90]}, index=["甲", "乙"])
    >>> late = pd.DataFrame({"easy": [9, 1], "hard": [5, 45]}, index=["甲", "乙"])
    >>> direct(late, cases)["rate"].round(3).to_dict()
    {'甲': 0.3, '乙': 0.3}
    """
    o, n = _tables(observed, cases)
    size = n.sum(axis=0) if standard is None else _standard(standard, cases.columns)
    if not size.sum() > 0:
        raise MethodError(
            "standard must hold at least one case, got nothing. Give the mix to compare on."
        )
    weight = size / size.sum()
    allowed = ~((n == 0) & (weight > 0)).any(axis=1) & (o.sum(axis=1) >= FEW)
    some = np.where(n > 0, n, 1.0)
    total = o.sum(axis=1)
    rate = np.where(allowed, (weight * o / some).sum(axis=1), np.nan)
    spread = np.sqrt((weight**2 * o / some**2).sum(axis=1) / np.where(allowed, total, np.nan))
    low, high = byar_interval(total, confidence=confidence)
    return pd.DataFrame(
        {
            "cases": n.sum(axis=1),
            "observed": total,
            "rate": rate,
            "low": rate + spread * (low - total),
            "high": rate + spread * (high - total),
        },
        index=cases.index,
    )


def _tables(observed: pd.DataFrame, cases: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Return both tables as counts, in one order."""
    if set(observed.index) != set(cases.index) or set(observed.columns) != set(cases.columns):
        raise MethodError(
            f"observed and cases must have the same rows and columns, got {observed.shape} and "
            f"{cases.shape} or other names. Make both from one table."
        )
    o = np.nan_to_num(as_matrix(observed, what="observed", missing=True))
    n = np.nan_to_num(as_matrix(cases, what="cases", missing=True))
    if not (observed.index.equals(cases.index) and observed.columns.equals(cases.columns)):
        rows, columns = (
            getattr(observed, axis).get_indexer(getattr(cases, axis))
            for axis in ("index", "columns")
        )
        o = o[np.ix_(rows, columns)]
    for what, array in (("observed", o), ("cases", n)):
        if (array < 0).any():
            raise MethodError(
                f"{what} must be counts of at least 0, got {array.min():g}. Correct these cells."
            )
    over = np.flatnonzero((o > n).any(axis=1))
    if len(over):
        raise MethodError(
            "observed must be at most cases, got more outcomes than cases for "
            f"{listed(cases.index[over])}. Count outcomes among the cases."
        )
    return o, n


def _standard(standard: pd.Series, kinds: pd.Index) -> FloatArray:
    size = standard.reindex(kinds).to_numpy(dtype=float)
    if np.isnan(size).any() or (size < 0).any():
        wrong = kinds[np.isnan(size) | (size < 0)]
        raise MethodError(
            "standard must give every kind a size of at least 0, got none for "
            f"{listed(wrong)}. Complete it."
        )
    return size
