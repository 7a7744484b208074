"""Handling times with open cases: on-time share, median and P90 from counts of durations."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from ..methods.durations import kaplan_meier, quantile_time, survival_at
from .events import DAY
from .spread import share_error

BY: Final = ["org", "period"]


def on_time_share(counted: pd.DataFrame) -> pd.DataFrame:
    r"""Estimate the share of events settled by their deadlines, open ones included.

    Parameters
    ----------
    counted : DataFrame
        ``org, period, elapsed, allowed`` (microseconds), ``closed``, ``count``. Events without a
        deadline are left out.

    Returns
    -------
    DataFrame
        Indexed by (org, period): ``value`` (0..1), ``numerator`` (events settled on time, partly
        estimated), ``denominator`` and ``n`` (events with a deadline), ``standard_error``. NaN
        where the fate of no event is known yet.

    Notes
    -----
    Closed events, and open ones past their deadline, are known to be on time or late. An open event
    of age c whose deadline d is still to come counts with its chance to be on time,
    :math:`1 - S(d) / S(c)`, where S is the Kaplan–Meier curve of the organisation's handling times
    in the period, with an exponential tail beyond its last case. With one deadline for all, this is
    :math:`1 - S(d)` exactly (Efron's self-consistency); deadlines may differ from event to event.

    The standard error takes only the events of known fate as observed, which never understates it
    (the effective sample size of Dorey and Korn).

    References
    ----------
    Efron (1967), Proc. 5th Berkeley Symposium 4: 831-853. Dorey and Korn (1987), Statistics in
    Medicine 6: 679-687.
    """
    due = counted[counted["allowed"].notna()].reset_index(drop=True)
    if due.empty:
        return _nothing()
    group, index = _groups(due)
    age, allowed = due["elapsed"] / DAY, due["allowed"] / DAY
    on_time = (due["closed"] & (age <= allowed)).astype(float)
    pending = (~due["closed"] & (age < allowed)).to_numpy()
    if pending.any():
        curve = kaplan_meier(age, due["closed"], counts=due["count"], groups=group)
        asked = group[pending].to_numpy()
        then = survival_at(curve, allowed[pending], groups=asked, tail="exponential")["survival"]
        now = survival_at(curve, age[pending], groups=asked)["survival"]
        on_time[pending] = 1 - then.to_numpy() / now.to_numpy()
    sums = (
        pd.DataFrame(
            {
                "numerator": on_time * due["count"],
                "n": due["count"],
                "known": due["count"].where(~pending, 0),
            }
        )
        .groupby(group)
        .sum()
        .astype(float)
    )
    sums.index = index
    share = (sums["numerator"] / sums["n"]).where(sums["known"] > 0)
    return pd.DataFrame(
        {
            "value": share,
            "numerator": sums["numerator"].where(sums["known"] > 0),
            "denominator": sums["n"],
            "n": sums["n"],
            "standard_error": np.where(
                sums["known"] > 0, share_error(share.fillna(0.0), sums["known"]), np.nan
            ),
        }
    )


def days(counted: pd.DataFrame, q: float) -> pd.DataFrame:
    """Return the days by which a share of the events is settled, open ones included.

    Parameters
    ----------
    counted : DataFrame
        As for `on_time_share`; all events count, with or without a deadline.
    q : float
        0.5 for the median.

    Returns
    -------
    DataFrame
        Indexed by (org, period): ``value`` (days; NaN where so many are not settled yet), ``n``.
    """
    if counted.empty:
        return _nothing()
    group, index = _groups(counted)
    curve = kaplan_meier(
        counted["elapsed"] / DAY, counted["closed"], counts=counted["count"], groups=group
    )
    n = counted["count"].groupby(group).sum()
    return pd.DataFrame(
        {"value": quantile_time(curve, q).to_numpy(), "n": n.to_numpy(dtype=float)}, index=index
    )


def _groups(counted: pd.DataFrame) -> tuple[pd.Series, pd.Index]:
    """Return the number of each row's group, in their sorted order, and the groups' names."""
    by = counted.groupby(BY)
    return by.ngroup(), by.size().index


def _nothing() -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([pd.Index([], dtype="str"), np.array([], int)], names=BY)
    return pd.DataFrame({"value": pd.Series(index=index, dtype=float)})
