"""What is counted in a service ledger, written once as Ibis expressions.

Only operations that mean the same on every engine are used: differences in microseconds, whole
numbers, no division, NULL and never NaN.

An event belongs to the period in which it was accepted. It is closed when it was replied to by the
day the ledger was drawn (``as_of``), open otherwise. A moment without a time of day stands for its
whole day: a due date ends with that day.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any, Final, Literal, NamedTuple

import ibis

from ..measures import KNOWN, Condition, Range, Where
from ..tables import Frequency
from .ordinals import PARTS
from .times import DAY

BY: Final = ["org", "period"]
EPOCH: Final = datetime(1900, 1, 1)  # before every event
GRACE: Final = "grace"
"""In place of a column: by how many days a deadline may be missed."""


def events(
    ledger: Any, *, freq: Frequency, cut: datetime, as_of: datetime, only: int | None = None
) -> Any:
    """Add to each event: period, whether closed, handling time and time allowed (µs).

    A reply after ``cut`` had not come yet; what is open is as old as it was at ``as_of``. ``only``
    is the period of all of them, where there is but one.
    """
    accepted, due = ledger.accepted, ledger.due
    closed = ledger.replied.notnull() & (ledger.replied <= cut)
    end = closed.ifelse(ledger.replied, ibis.literal(as_of, type="timestamp"))
    whole_day = (due == due.truncate("D")).ifelse(DAY - 1, 0)
    return ledger.mutate(
        period=_period(accepted, freq) if only is None else ibis.literal(only, type="int64"),
        settled=_period(closed.ifelse(ledger.replied, ibis.null("timestamp")), freq),
        closed=closed,
        # A reply dated to the day alone may seem to come before the hour of acceptance.
        elapsed=ibis.greatest(end.delta(accepted, unit="microsecond"), 0),
        allowed=due.delta(accepted, unit="microsecond") + whole_day,
    )


def chosen(events: Any, where: Where) -> Any:
    """Keep the events that meet every condition; `GRACE` gives them more time instead."""
    wanted = [_meets(events, *pair) for pair in where if pair[0] != GRACE]
    events = events.filter(*wanted) if wanted else events
    for more in (condition for column, condition in where if column == GRACE):
        events = events.mutate(allowed=events.allowed + int(float(more[0]) * DAY))
    return events


def _meets(events: Any, column: str, condition: Condition) -> Any:
    """Tell whether events meet a condition; NULL, where it is not known, counts as not."""
    if column == "replied":  # later replies had not come yet
        return events.closed
    if condition == KNOWN:
        return events[column].notnull()
    if isinstance(condition, Range):
        low = events[column] >= condition.least if condition.least > -math.inf else None
        high = events[column] <= condition.most if condition.most < math.inf else None
        both = [end for end in (low, high) if end is not None]
        return both[0] if len(both) == 1 else both[0] & both[1]
    return events[column].isin(condition)


class Extra(NamedTuple):
    """Something more to be counted: events that meet conditions, a sum, or distinct codes."""

    kind: Literal["count", "sum", "kinds"]
    of: Where | str

    @property
    def name(self) -> str:
        """The column of the totals that holds it."""
        return f"{self.kind} {self.of}"


def columns(wheres: Iterable[Where], extras: Collection[Extra], *, flowing: bool) -> list[str]:
    """Return what of each event is needed for the counts and the handling times."""
    chosen = [*wheres, *(extra.of for extra in extras if not isinstance(extra.of, str))]
    asked = {column for where in chosen for column, _ in where} - {GRACE, "replied"}
    asked |= {extra.of for extra in extras if isinstance(extra.of, str)}
    if flowing:
        asked |= {"accepted", "settled"}
    return ["closed", "elapsed", "allowed", *sorted(asked)]


def totals(events: Any, extras: Iterable[Extra] = (), *, by: Sequence[str] = BY) -> Any:
    """Count events by organisation and period."""
    more = {extra.name: _extra(events, extra) for extra in extras}
    return events.group_by(*by).aggregate(**counts(events), **more)


def _extra(events: Any, extra: Extra) -> Any:
    if isinstance(extra.of, str):
        column = events[extra.of]
        return column.nunique() if extra.kind == "kinds" else column.sum().fill_null(0.0)
    met = [_meets(events, *pair) for pair in extra.of]
    return _count(reduce(and_, met)) if met else events.count()


def flows(events: Any, *, by: Sequence[str] = BY) -> Any:
    """Count events by the periods in which they came and were settled (NULL: open still)."""
    begun = events.accepted.delta(ibis.literal(EPOCH, type="timestamp"), unit="microsecond")
    return events.group_by(*by, "settled").aggregate(
        events=events.count(), begun=(begun // 1_000_000).cast("int64").sum()
    )


def _period(moment: Any, freq: Frequency) -> Any:
    parts = PARTS[freq]
    return (moment.year() * parts + (moment.month() - 1) // (12 // parts)).cast("int64")


def counts(events: Any) -> dict[str, Any]:
    """Name what is counted of the events of an organisation in a period."""
    on_time = events.closed & (events.elapsed <= events.allowed)
    return {
        "events": events.count(),
        "events_open": _count(~events.closed),
        "events_due": _count(events.allowed.notnull()),
        "closed_due": _count(events.closed & events.allowed.notnull()),
        "closed_on_time": _count(on_time),
    }


def _count(condition: Any) -> Any:
    return condition.nullif(False).count()
