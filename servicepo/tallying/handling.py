"""Handling times with open cases as values: on-time share, median and P90."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .spread import share_error


def on_time_share(times: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    r"""Estimate the share of events settled by their deadlines, open ones included.

    Parameters
    ----------
    times : DataFrame
        Indexed by (org, period): what `servicepo.tallying.times.times` gives.
    totals : DataFrame
        Indexed likewise: ``events_due`` and ``closed_on_time`` are used.

    Returns
    -------
    DataFrame
        Indexed by (org, period): ``value`` (0..1), ``numerator`` (events settled on time, partly
        estimated), ``denominator`` and ``n`` (events with a deadline), ``standard_error``. NaN
        where the fate of no event is known yet; no row where no event has a deadline.

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
    counts = totals[["events_due", "closed_on_time"]].reindex(times.index).astype(float)
    due = counts["events_due"][counts["events_due"] > 0]
    on_time = (counts["closed_on_time"] + times["pending_on_time"])[due.index]
    known = due - times["pending"][due.index]
    share = (on_time / due).where(known > 0)
    error = share_error(share.fillna(0.0), known)
    return pd.DataFrame(
        {
            "value": share,
            "numerator": on_time.where(known > 0),
            "denominator": due,
            "n": due,
            "standard_error": np.where(known > 0, error, np.nan),
        }
    )


def days(times: pd.DataFrame, totals: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the days by which a share of the events is settled, open ones included.

    Parameters
    ----------
    times, totals : DataFrame
        Indexed by (org, period).
    name : {"median_days", "p90_days"}

    Returns
    -------
    DataFrame
        Indexed by (org, period): ``value`` (days; NaN where so many are not settled yet), ``n``.
        All events count, with or without a deadline.
    """
    events = totals["events"].reindex(times.index)
    return pd.DataFrame({"value": times[name], "n": events.astype(float)})
