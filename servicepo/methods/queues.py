"""Queues of cases: is the capacity enough, how long is too long a queue, what waits since when.

Rates are in cases per unit of time; any unit will do as long as it is one for all.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_vector


def load(demand: npt.ArrayLike, capacity: npt.ArrayLike) -> FloatArray:
    """Compare what comes in with what can be handled.

    Parameters
    ----------
    demand : float or array
        Cases that come in per unit of time, at least 0.
    capacity : float or array
        Cases that can be handled (or were) per unit of time, above 0.

    Returns
    -------
    ndarray of float
        ρ = demand / capacity. From 1 on the queue grows without end; just below 1 it is long.

    Raises
    ------
    MethodError
        For a capacity of 0, or a negative or missing number.

    References
    ----------
    Fong, K., Mushtaq, Y., House, T., Gordon, D., Chen, Y. & Griffiths, D. (2022). Understanding
    waiting lists pressures. medRxiv 2022.08.23.22279117.

    Examples
    --------
    >>> round(float(load(30, 27)), 4)
    1.1111
    """
    return _at_least_0(demand, "demand") / _above_0(capacity, "capacity")


def target_queue(
    demand: npt.ArrayLike, target_wait: npt.ArrayLike, *, factor: float = 4.0
) -> FloatArray:
    """Give the longest queue with which a waiting-time target is kept.

    Parameters
    ----------
    demand : float or array
        Cases per unit of time, at least 0.
    target_wait : float or array
        The promised time, in the same unit, above 0.
    factor : float
        Target over mean waiting time. With waits spread exponentially, 4 leaves
        exp(−4) = 1.8 % of the cases over the target; 3 leaves 5 %, 6 leaves 0.25 %.

    Returns
    -------
    ndarray of float
        demand · target / factor, in cases.

    Raises
    ------
    MethodError
        For a target or factor of 0, or a negative or missing number.

    References
    ----------
    Fong et al. (2022), see `load`; the queue is Little's law at a mean wait of target / factor.

    Examples
    --------
    >>> target_queue(30, 52).item()
    390.0
    """
    wait = _above_0(target_wait, "target_wait") / _above_0(factor, "factor")
    return queue_length(demand, wait)


def relief_capacity(
    demand: npt.ArrayLike, queue: npt.ArrayLike, target: npt.ArrayLike, within: npt.ArrayLike
) -> FloatArray:
    """Give the capacity that brings a queue down to its target in a given time.

    Parameters
    ----------
    demand : float or array
        Cases that keep coming in per unit of time, at least 0.
    queue, target : float or array
        Cases waiting now, and as many as may wait; at least 0.
    within : float or array
        In what time, in the same unit, above 0.

    Returns
    -------
    ndarray of float
        demand + (queue − target) / within, in cases per unit of time. Below the demand where the
        queue is shorter than its target.

    Raises
    ------
    MethodError
        For a time of 0, or a negative or missing number.

    References
    ----------
    Fong et al. (2022), see `load`.

    Examples
    --------
    >>> round(float(relief_capacity(30, 1200, 390, 26)), 4)
    61.1538
    """
    excess = _at_least_0(queue, "queue") - _at_least_0(target, "target")
    return _at_least_0(demand, "demand") + excess / _above_0(within, "within")


def target_capacity(
    demand: npt.ArrayLike,
    target_wait: npt.ArrayLike,
    *,
    factor: float = 4.0,
    variation: tuple[float, float] = (1.0, 1.0),
) -> FloatArray:
    """Give the capacity that keeps a queue at its target once it is there.

    Parameters
    ----------
    demand : float or array
        Cases per unit of time, at least 0.
    target_wait : float or array
        The promised time, in the same unit, above 0.
    factor : float
        As in `target_queue`.
    variation : (float, float)
        Coefficients of variation of the times between arrivals and of the handling times; 1 for
        arrivals at random.

    Returns
    -------
    ndarray of float
        In cases per unit of time; always above the demand.

    Raises
    ------
    MethodError
        For a target or factor of 0, or a negative or missing number.

    Notes
    -----
    demand + (c_a² + c_h²) / 2 · factor / target: Kingman's formula for a queue in heavy traffic.

    References
    ----------
    Kingman, J. F. C. (1961). The single server queue in heavy traffic. Mathematical Proceedings of
    the Cambridge Philosophical Society 57: 902–904. Fong et al. (2022), see `load`.

    Examples
    --------
    >>> round(float(target_capacity(30, 52, factor=3, variation=(1.1, 1.2))), 6)
    30.076442
    """
    spread = (_at_least_0(variation, "variation") ** 2).sum() / 2
    wait = _above_0(target_wait, "target_wait") / _above_0(factor, "factor")
    return np.asarray(_at_least_0(demand, "demand") + spread / wait)


def pressure(mean_wait: npt.ArrayLike, target_wait: npt.ArrayLike) -> FloatArray:
    """Compare queues with different promised times on one scale.

    Parameters
    ----------
    mean_wait, target_wait : float or array
        Mean waiting time of the cases in the queue, at least 0, and the promised time, above 0.

    Returns
    -------
    ndarray of float
        2 · mean / target. Below 1 the mean is under half of what was promised.

    Raises
    ------
    MethodError
        For a target of 0, or a negative or missing number.

    References
    ----------
    Fong et al. (2022), see `load`.

    Examples
    --------
    >>> round(float(pressure(63, 52)), 6)
    2.423077
    """
    return 2 * _at_least_0(mean_wait, "mean_wait") / _above_0(target_wait, "target_wait")


def queue_length(rate: npt.ArrayLike, mean_wait: npt.ArrayLike) -> FloatArray:
    """Give the mean number of cases that wait (Little's law).

    Parameters
    ----------
    rate : float or array
        Cases that pass per unit of time, at least 0.
    mean_wait : float or array
        How long one waits on average, in the same unit, at least 0.

    Returns
    -------
    ndarray of float
        L = λ W. It holds for any order of handling, in the long run or between two moments at which
        nothing waits.

    Raises
    ------
    MethodError
        For a negative or missing number.

    References
    ----------
    Little, J. D. C. (1961). A proof for the queuing formula L = λW. Operations Research 9: 383–387.

    Examples
    --------
    >>> queue_length(30, 13).item()
    390.0
    """
    return _at_least_0(rate, "rate") * _at_least_0(mean_wait, "mean_wait")


def backlog(
    accepted: pd.Series,
    settled: pd.Series,
    at: pd.DatetimeIndex | pd.Series | list[pd.Timestamp],
    *,
    groups: pd.Series | None = None,
) -> pd.DataFrame:
    """Count what was waiting at given moments, and since when.

    Parameters
    ----------
    accepted, settled : Series of datetime, n
        When each case came in and when it was settled; a case without ``settled`` is open still.
        A case settled before it was accepted counts at no moment.
    at : moments
        When to look. A case accepted at the moment itself waits already, one settled then waits no
        more.
    groups : Series, n, optional
        Group of each case; one group "all" by default.

    Returns
    -------
    DataFrame
        One row per group and moment: ``group``, ``at``, ``open`` (cases), ``mean_age``,
        ``median_age``, ``oldest`` (days; NaN where nothing waits).

    Raises
    ------
    MethodError
        For a case without ``accepted``, or columns of different length.

    Examples
    --------
    >>> days = pd.to_datetime(pd.Series(["2024-01-01", "2024-01-03"]))
    >>> done = pd.to_datetime(pd.Series(["2024-01-05", None]))
    >>> backlog(days, done, pd.DatetimeIndex(["2024-01-04", "2024-01-08"]))
      group         at  open  mean_age  median_age  oldest
    0   all 2024-01-04     2       2.0         2.0     3.0
    1   all 2024-01-08     1       5.0         5.0     5.0
    """
    begun, ended = pd.Series(accepted), pd.Series(settled)
    names = pd.Series("all", index=begun.index) if groups is None else pd.Series(groups)
    if not len(begun) == len(ended) == len(names):
        raise MethodError(
            "accepted, settled and groups must be of one length, got "
            f"{len(begun)}, {len(ended)} and {len(names)}. Give columns of one table."
        )
    if begun.isna().any():
        raise MethodError(
            f"Every case must have the moment it came in, got {int(begun.isna().sum())} without. "
            "Leave these cases out or complete them."
        )
    code, kinds = pd.factorize(names, sort=True)
    every = pd.Index(range(len(kinds)))
    parts = []
    for moment in pd.DatetimeIndex(at):
        waits = (begun <= moment).to_numpy() & ~(ended <= moment).to_numpy()
        ages = (moment - begun[waits]).dt.total_seconds() / 86_400
        found = ages.groupby(code[waits]).agg(["size", "mean", "median", "max"]).reindex(every)
        found.columns = pd.Index(["open", "mean_age", "median_age", "oldest"])
        found.insert(0, "group", kinds)
        found.insert(1, "at", moment)
        parts.append(found)
    table: pd.DataFrame = pd.concat(parts)
    table = table.sort_values(["group", "at"], kind="stable", ignore_index=True)
    table["open"] = table["open"].fillna(0).astype(int)
    return table


def _at_least_0(x: npt.ArrayLike, what: str) -> FloatArray:
    array = np.asarray(x, dtype=float)
    if array.ndim <= 1:
        as_vector(np.atleast_1d(array), what=what)
    if (array < 0).any():
        raise MethodError(f"{what} must be at least 0, got {array.min():g}. Correct it.")
    return array


def _above_0(x: npt.ArrayLike, what: str) -> FloatArray:
    array = _at_least_0(x, what)
    if (array == 0).any():
        raise MethodError(f"{what} must be above 0, got 0. Leave such queues out.")
    return array
