"""What is counted in a service ledger, written once as Ibis expressions.

Counts by (organisation, period, handling time) come first, statistics after: that form adds up, and
every engine does it well. Only operations that mean the same on every engine are used: differences
in microseconds, whole numbers, no division, NULL and never NaN.

An event belongs to the period in which it was accepted. It is closed when it was replied to by the
day the ledger was drawn (``as_of``), open otherwise. A moment without a time of day stands for its
whole day: a due date ends with that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import ibis

from ..tables import ANSWERS, Frequency
from .ordinals import PARTS

if TYPE_CHECKING:
    from datetime import datetime

DAY: Final = 86_400_000_000  # microseconds


def possible(ledger: Any, cut: datetime) -> Any:
    """Keep the events that can be counted: accepted by ``cut``, no end or deadline before that."""
    accepted = ledger.accepted.date()
    return ledger.filter(
        ledger.org.notnull(),
        ledger.accepted.notnull(),
        ledger.accepted <= cut,
        ledger.replied.isnull() | (ledger.replied.date() >= accepted),
        ledger.due.isnull() | (ledger.due.date() >= accepted),
    )


def impossible(ledger: Any) -> Any:
    """Count the events without organisation or date, and those that end before they begin."""
    accepted = ledger.accepted.date()
    backwards = (ledger.replied.date() < accepted) | (ledger.due.date() < accepted)
    blank = ledger.org.isnull() | ledger.accepted.isnull()
    return ledger.aggregate(impossible=_count(blank | backwards.fill_null(False)))


def events(ledger: Any, *, freq: Frequency, cut: datetime, as_of: datetime) -> Any:
    """Return one row per event: period, whether closed, handling time and time allowed (µs).

    A reply after ``cut`` had not come yet; what is open is as old as it was at ``as_of``.
    """
    accepted, due = ledger.accepted, ledger.due
    closed = ledger.replied.notnull() & (ledger.replied <= cut)
    end = closed.ifelse(ledger.replied, ibis.literal(as_of, type="timestamp"))
    whole_day = (due == due.truncate("D")).ifelse(DAY - 1, 0)
    parts = PARTS[freq]
    period = accepted.year() * parts + (accepted.month() - 1) // (12 // parts)
    return ledger.mutate(
        period=period.cast("int64"),
        closed=closed,
        # A reply dated to the day alone may seem to come before the hour of acceptance.
        elapsed=ibis.greatest(end.delta(accepted, unit="microsecond"), 0),
        allowed=due.delta(accepted, unit="microsecond") + whole_day,
    )


def chosen(ledger: Any, where: Mapping[str, tuple[str, ...]]) -> Any:
    """Keep the events of the wanted codes."""
    wanted = [ledger[column].isin(codes) for column, codes in where.items()]
    return ledger.filter(*wanted) if wanted else ledger


def totals(events: Any) -> Any:
    """Count events by organisation and period."""
    return events.group_by("org", "period").aggregate(**counts(events))


def counts(events: Any) -> dict[str, Any]:
    """Name what is counted of the events of an organisation in a period."""
    on_time = events.closed & (events.elapsed <= events.allowed)
    return {
        "events": events.count(),
        "events_open": _count(~events.closed),
        "events_due": _count(events.allowed.notnull()),
        "closed_due": _count(events.closed & events.allowed.notnull()),
        "closed_on_time": _count(on_time),
        "events_times_known": _count(events.times.notnull()),
        "events_one_visit": _count(events.times <= 1),
        "events_way_known": _count(events.way.notnull()),
        "events_agency": _count(events.way == "agency"),
        "visit_groups": events.visit.nunique(),
        **{f"answer_{a}": _count(events.satisfaction == a) for a in ANSWERS},
    }


def durations(events: Any) -> Any:
    """Count events by organisation, period, handling time, time allowed and whether closed."""
    by = ("org", "period", "elapsed", "allowed", "closed")
    return events.group_by(*by).aggregate(count=events.count())


def _count(condition: Any) -> Any:
    return condition.ifelse(1, 0).sum()
