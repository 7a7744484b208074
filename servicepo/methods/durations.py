"""How long things take when some are not finished yet: Kaplan–Meier, for many groups at once.

The closed cases alone tell a tale that is too good: what takes long is still open when the records
are drawn. Here every open case counts for as long as it has been open. The input may be counts by
(group, duration), so that millions of cases need only their distinct durations.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_vector, choose

Ints: TypeAlias = npt.NDArray[np.int64]

_CURVE = ["group", "time", "at_risk", "closed", "censored", "survival", "standard_error"]
TIE = 1e-12  # survival this close to a level has reached it


class _Steps(NamedTuple):
    """One row per group and distinct duration, sorted by both."""

    group: Ints
    time: FloatArray
    closed: FloatArray
    censored: FloatArray


def kaplan_meier(
    durations: npt.ArrayLike,
    closed: npt.ArrayLike,
    *,
    counts: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | pd.Series | None = None,
    entries: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    r"""Estimate the share still open after each duration, group by group.

    Parameters
    ----------
    durations : array-like of float, n
        Duration until closing, or until the records were drawn for a case that is open.
    closed : array-like of bool, n
        Whether the case was closed (False: censored).
    counts : array-like of float, n, optional
        How many cases each row stands for; 1 each by default.
    groups : array-like, n, optional
        Group of each row; one group "all" by default.
    entries : array-like of float, n, optional
        Age at which a case came under observation (left truncation): cases that were already open
        when the ledger began are at risk from there on only. Below ``durations`` everywhere.

    Returns
    -------
    DataFrame
        One row per group and distinct duration, sorted: ``group``, ``time``, ``at_risk`` (cases
        open just before), ``closed`` and ``censored`` (at that duration), ``survival`` (share still
        open after it, 0..1), ``standard_error`` (Greenwood; NaN once nobody is left).

    Raises
    ------
    MethodError
        For lengths that differ, missing or infinite values, negative counts, a case that ends
        before it is observed, or no case at all.

    Notes
    -----
    With :math:`d_j` closed and :math:`r_j` at risk at duration :math:`t_j`,

    .. math:: S(t) = \prod_{t_j \le t} (1 - d_j / r_j), \qquad
              se(S) = S \sqrt{\sum_{t_j \le t} d_j / (r_j (r_j - d_j))}.

    A case censored at :math:`t_j` is still at risk there. With late entries the first steps may
    rest on very few cases; a step that closes all of them takes the curve to 0 for good.

    References
    ----------
    Kaplan and Meier (1958), JASA 53: 457-481. Greenwood (1926), Reports on Public Health 33.
    Klein and Moeschberger (2003), Survival Analysis, 2nd ed., sections 4.2 and 4.6.

    Examples
    --------
    >>> kaplan_meier([6, 6, 7, 9], [True, True, True, False])[["time", "survival"]]
       time  survival
    0   6.0      0.50
    1   7.0      0.25
    2   9.0      0.25
    """
    time, done, weight, entry = _cases(durations, closed, counts, entries)
    code, names = _group_codes(groups, len(time))
    steps = _steps(code, time, done, weight)
    at_risk = _at_risk(steps, code, weight, entry)
    survival, error = _survival(steps, at_risk)
    frame = pd.DataFrame(
        {
            "group": names.take(steps.group),
            "time": steps.time,
            "at_risk": at_risk,
            "closed": steps.closed,
            "censored": steps.censored,
            "survival": survival,
            "standard_error": error,
        }
    )
    return frame[_CURVE]


def survival_at(
    curve: pd.DataFrame,
    times: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    tail: Literal["flat", "exponential"] = "flat",
) -> pd.DataFrame:
    r"""Read curves off at given durations.

    Parameters
    ----------
    curve : DataFrame
        What `kaplan_meier` gave.
    times : float or array-like of float
        Durations; one for each of ``groups``, or one for all.
    groups : array-like, optional
        The group each duration is asked for, as often as wanted; every group once by default.
    tail : {"flat", "exponential"}
        How a curve goes on beyond its last duration where cases are still open there: it stays
        where it was (the true share can only be lower), or it goes on falling at its mean rate.

    Returns
    -------
    DataFrame
        One row per question: ``group``, ``time``, ``survival``, ``standard_error`` (in the tail
        that of the last duration). Before the first step the survival is 1 with error 0. A missing
        time gives NaN.

    Raises
    ------
    MethodError
        For a group without a curve, lengths that do not match, or another word for the tail.

    Notes
    -----
    Exponential tail: :math:`S(t) = S(t_m)^{t / t_m}` beyond the last duration :math:`t_m`.

    References
    ----------
    Brown, Hollander and Korwar (1974), in Proschan and Serfling (eds), Reliability and Biometry,
    327-354. Klein and Moeschberger (2003), section 4.2, practical note 2.

    Examples
    --------
    >>> curve = kaplan_meier([6, 6, 7, 9], [True, True, True, False])
    >>> survival_at(curve, [5, 6, 18], groups=["all"] * 3)["survival"].tolist()
    [1.0, 0.5, 0.25]
    >>> survival_at(curve, 18, tail="exponential")["survival"].tolist()
    [0.0625]
    """
    choose(tail, dict.fromkeys(("flat", "exponential")), "tail")
    names, starts, steps = _curves(curve)
    asked = names if groups is None else pd.Index(np.asarray(groups))
    code = names.get_indexer(asked)
    if (code < 0).any():
        raise MethodError(
            f"Every group must have a curve, got {asked[code < 0][0]!r}. "
            "Ask for groups of the curve only."
        )
    try:
        when = np.broadcast_to(np.asarray(times, dtype=float), len(asked))
    except ValueError:
        raise MethodError(
            f"times must be one number or one for each group, got {np.size(times)} for "
            f"{len(asked)} groups. Give as many times as groups."
        ) from None
    # Steps and questions sorted together: the last step of its group at or before each question.
    order = np.lexsort(
        (
            np.r_[np.zeros(len(steps)), np.ones(len(asked))],
            np.r_[curve["time"], when],
            np.r_[steps, code],
        )
    )
    seen = np.maximum.accumulate(np.where(order < len(steps), order, -1))
    last = np.empty(len(order), dtype=np.int64)
    last[order] = seen
    last = last[len(steps) :]
    before = last < starts[code]
    found = {
        name: np.where(before, first, curve[name].to_numpy(dtype=float)[last])
        for name, first in (("survival", 1.0), ("standard_error", 0.0))
    }
    if tail == "exponential":
        end = curve["time"].to_numpy(dtype=float)[np.r_[starts[1:], len(steps)] - 1][code]
        beyond = (when > end) & (end > 0)
        power = np.divide(when, end, out=np.ones(len(asked)), where=beyond)
        found["survival"] = found["survival"] ** power
    frame = pd.DataFrame({"group": asked, "time": when, **found})
    frame.loc[np.isnan(when), ["survival", "standard_error"]] = np.nan
    return frame


def quantile_time(curve: pd.DataFrame, q: float) -> pd.Series:
    r"""Return the duration by which a share of the cases is closed.

    Parameters
    ----------
    curve : DataFrame
        What `kaplan_meier` gave.
    q : float
        Share of the cases, 0 < q < 1.

    Returns
    -------
    Series
        By group; NaN where so many have not closed yet.

    Raises
    ------
    MethodError
        For a share outside (0, 1).

    Notes
    -----
    :math:`\inf\{t : S(t) \le 1 - q\}` (Klein and Moeschberger 2003, eq. 4.5.1). Where all cases are
    closed this is the lower sample quantile.

    Examples
    --------
    >>> quantile_time(kaplan_meier([6, 6, 7, 9], [True, True, True, False]), 0.75)
    group
    all    7.0
    Name: time, dtype: float64
    """
    if not 0 < q < 1:
        raise MethodError(f"q must lie between 0 and 1, got {q!r}. Give 0.5 for the median.")
    names, _, _ = _curves(curve)
    reached = curve[curve["survival"] <= 1 - q + TIE]
    found = reached.drop_duplicates("group").set_index("group")["time"]
    return found.reindex(names.rename("group"))


def median_time(curve: pd.DataFrame) -> pd.Series:
    """Return the duration by which half of the cases are closed (see `quantile_time`).

    Parameters
    ----------
    curve : DataFrame
        What `kaplan_meier` gave.

    Returns
    -------
    Series
        By group; NaN where more than half are still open.

    Examples
    --------
    >>> median_time(kaplan_meier([1, 2, 3], [True, True, False])).tolist()
    [2.0]
    """
    return quantile_time(curve, 0.5)


# -- the numbers ---------------------------------------------------------------------------------
def _cases(
    durations: npt.ArrayLike,
    closed: npt.ArrayLike,
    counts: npt.ArrayLike | None,
    entries: npt.ArrayLike | None,
) -> tuple[FloatArray, npt.NDArray[np.bool_], FloatArray, FloatArray | None]:
    """Check the cases and drop rows that stand for none."""
    time = as_vector(durations, what="durations", least=1)
    done = np.asarray(closed)
    if done.dtype != np.bool_ and not np.isin(done, (0, 1)).all():
        raise MethodError("closed must be true or false, got other values. Give a column of bool.")
    done = done.astype(bool)
    weight = np.ones(len(time)) if counts is None else as_vector(counts, what="counts")
    entry = None if entries is None else as_vector(entries, what="entries")
    for what, array in (("closed", done), ("counts", weight), ("entries", entry)):
        if array is not None and len(array) != len(time):
            raise MethodError(
                f"{what} must have one entry per duration, got {len(array)} for {len(time)}. "
                "Give columns of one length."
            )
    if (weight < 0).any():
        raise MethodError(
            f"counts must be at least 0, got {weight.min():g}. Count cases, not differences."
        )
    if entry is not None and (entry >= time).any():
        raise MethodError(
            "Every case must be observed before it ends, got an entry at or after the end. "
            "Leave out cases that ended before the records began."
        )
    if (weight == 0).any():
        kept = weight > 0
        time, done, weight = time[kept], done[kept], weight[kept]
        entry = None if entry is None else entry[kept]
    if not len(time):
        raise MethodError("durations must hold at least one case, got 0. Give cases to count.")
    return time, done, weight, entry


def _group_codes(groups: npt.ArrayLike | pd.Series | None, n: int) -> tuple[Ints, pd.Index]:
    if groups is None:
        return np.zeros(n, dtype=np.int64), pd.Index(["all"])
    code, names = pd.factorize(
        pd.Series(groups) if not isinstance(groups, pd.Series) else groups, sort=True
    )
    if len(code) != n:
        raise MethodError(
            f"groups must have one entry per duration, got {len(code)} for {n}. "
            "Give columns of one length."
        )
    if (code < 0).any():
        raise MethodError(
            f"Every case must have a group, got {int((code < 0).sum())} without. "
            "Leave these cases out or name their group."
        )
    return code.astype(np.int64), pd.Index(names)


def _steps(code: Ints, time: FloatArray, done: npt.NDArray[np.bool_], weight: FloatArray) -> _Steps:
    """Gather the cases by group and duration."""
    order = np.lexsort((time, code))
    code, time, done, weight = code[order], time[order], done[order], weight[order]
    first = np.flatnonzero(np.r_[True, (np.diff(code) != 0) | (np.diff(time) != 0)])
    return _Steps(
        code[first],
        time[first],
        np.add.reduceat(np.where(done, weight, 0.0), first),
        np.add.reduceat(np.where(done, 0.0, weight), first),
    )


def _at_risk(steps: _Steps, code: Ints, weight: FloatArray, entry: FloatArray | None) -> FloatArray:
    """Count the cases open and under observation just before each step."""
    gone = steps.closed + steps.censored
    left = along(np.add, gone, steps.group) - gone
    if entry is None:
        total = np.bincount(code, weight)
        return np.asarray(total[steps.group] - left)
    # Steps and entries sorted together; a case that enters at a step is not yet at risk there.
    n = len(steps.time)
    when, group = np.r_[steps.time, entry], np.r_[steps.group, code]
    order = np.lexsort((np.repeat([0, 1], [n, len(entry)]), when, group))
    entered = np.empty(len(order))
    entered[order] = along(np.add, np.r_[np.zeros(n), weight][order], group[order])
    return np.asarray(entered[:n] - left)


def _survival(steps: _Steps, at_risk: FloatArray) -> tuple[FloatArray, FloatArray]:
    over = steps.closed >= at_risk * (1 - TIE)
    staying = np.where(over, 0.0, at_risk - steps.closed)
    survival = along(np.multiply, staying / at_risk, steps.group)
    terms = np.divide(steps.closed, at_risk * staying, out=np.zeros(len(over)), where=~over)
    error = survival * np.sqrt(along(np.add, terms, steps.group))
    return survival, np.where(survival > 0, error, np.nan)


def along(ufunc: np.ufunc, amounts: FloatArray, group: Ints) -> FloatArray:
    """Accumulate along each group (sorted).

    One running total over everything, less its value where the group began, would lose the digits
    that decide whether a curve has reached one half. So the groups are run through one by one or,
    where they are many and short, all together step by step.
    """
    starts = np.flatnonzero(np.r_[True, np.diff(group) != 0])
    sizes = np.diff(np.r_[starts, len(group)])
    out = np.array(amounts, dtype=float)
    if len(starts) <= sizes.max():
        for start, size in zip(starts, sizes, strict=True):
            ufunc.accumulate(amounts[start : start + size], out=out[start : start + size])
        return out
    by_size = np.argsort(-sizes, kind="stable")
    starts, sizes = starts[by_size], sizes[by_size]
    for step in range(1, sizes[0]):
        at = starts[: np.searchsorted(-sizes, -step)] + step
        out[at] = ufunc(out[at - 1], out[at])
    return out


def _curves(curve: pd.DataFrame) -> tuple[pd.Index, Ints, Ints]:
    """Return the groups' names, where each begins, and each step's group number."""
    if missing := [c for c in _CURVE if c not in curve.columns]:
        raise MethodError(
            f"curve must be what kaplan_meier gave, got no column {missing[0]!r}. "
            "Call kaplan_meier first."
        )
    code, names = pd.factorize(curve["group"])
    starts: Any = np.flatnonzero(np.r_[True, np.diff(code) != 0])
    return pd.Index(names), starts, code
