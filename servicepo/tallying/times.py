"""Handling times with open cases, for a hundred thousand groups of events at once.

One sort of whole numbers puts the events of every group in the order of their handling times. Where
no open event is younger than the median (or the 90th percentile), that is the element at its rank;
the other groups, and those with events whose fate is not known yet, get their Kaplan–Meier curve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ..methods.durations import TIE, along

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

DAY: Final = 86_400_000_000  # microseconds
NEVER: Final = -(2**62)  # "time allowed" of an event without a deadline
TENTHS: Final = {"median_days": 5, "p90_days": 9}
EVENTS: Final = pa.schema(
    {"group": pa.int32(), "elapsed": pa.int64(), "closed": pa.bool_(), "allowed": pa.int64()}
)
"""The columns of events in Arrow, as `times_of` takes them."""
_ROOM: Final = 2**63


def times(
    group: npt.NDArray[np.integer], elapsed: Ints, closed: Flags, allowed: Ints, groups: int
) -> pd.DataFrame:
    r"""Summarise handling times, group by group.

    Parameters
    ----------
    group : ndarray of int, n
        Number of each event's group, 0 to ``groups`` - 1.
    elapsed : ndarray of int64, n
        Microseconds until it was closed, or until the ledger was drawn.
    closed : ndarray of bool, n
    allowed : ndarray of int64, n
        Microseconds until its deadline; `NEVER` without one.
    groups : int
        How many groups there are.

    Returns
    -------
    DataFrame
        One row per group: ``pending`` (events with a deadline whose fate is not known yet),
        ``pending_on_time`` (how many of them to expect in time), ``median_days`` and
        ``p90_days`` (NaN where so many are not settled yet).

    Notes
    -----
    The quantile is :math:`\inf\{t: S(t) \le 1 - q\}` of the group's Kaplan–Meier curve S. Before
    its first open event the curve falls by one n-th with every event closed, so that the quantile
    is the element of rank :math:`\lceil q n \rceil` wherever no open event comes before it.

    A pending event of age c and deadline d counts :math:`1 - S(d) / S(c)`, with
    :math:`S(t) = S(t_m)^{t / t_m}` beyond the last event :math:`t_m` of the group.

    Examples
    --------
    >>> day = np.int64(DAY)
    >>> found = times(
    ...     np.array([0, 0, 0]), np.array([2, 4, 3]) * day, np.array([True, True, False]),
    ...     np.array([3, 3, 5]) * day, 1,
    ... )
    >>> found.round(3).to_dict("records")[0]
    {'pending': 1.0, 'pending_on_time': 1.0, 'median_days': 4.0, 'p90_days': 4.0}
    """
    pending = np.flatnonzero(~closed & (elapsed < allowed))  # never so without a deadline
    found = {
        "pending": np.bincount(group[pending], minlength=groups).astype(float),
        "pending_on_time": np.zeros(groups),
        **{name: np.full(groups, np.nan) for name in TENTHS},
    }
    # Events without a deadline say nothing about how deadlines are kept.
    undated = np.bincount(group[allowed == NEVER], minlength=groups) > 0
    mixed = (found["pending"] > 0) & undated
    span = 2 * (max(int(elapsed.max(initial=0)), int(allowed[pending].max(initial=0))) + 1)
    step = max(_ROOM // span, 1)  # so many groups fit into whole numbers of 64 bits
    for first in range(0, groups, step):
        last = min(first + step, groups)
        own = slice(None) if step >= groups else (group >= first) & (group < last)
        few = pending[(group[pending] >= first) & (group[pending] < last)]
        asked = _Pending(group[few].astype(np.int64) - first, elapsed[few], allowed[few])
        part = {name: column[first:last] for name, column in found.items()}
        events = _Events.ordered(group[own] - first, elapsed[own], closed[own], last - first, span)
        _summarise(part, events, asked.of(~mixed[first:last]))
        if mixed[first:last].any():
            dated = np.flatnonzero(mixed[group] & (allowed != NEVER))
            dated = dated[(group[dated] >= first) & (group[dated] < last)]
            number, age, done = group[dated] - first, elapsed[dated], closed[dated]
            events = _Events.ordered(number, age, done, last - first, span)
            _chances(part, _Curves.of(events, mixed[first:last]), asked.of(mixed[first:last]))
    return pd.DataFrame(found)


def times_of(events: pa.Table, groups: int) -> pd.DataFrame:
    """Summarise the handling times of events (`EVENTS`)."""
    group, elapsed, closed, allowed = (events[name].to_numpy() for name in EVENTS.names)
    return times(group, elapsed, closed, allowed, groups)


def times_by(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Summarise whole groups of events, told by ``org`` and ``period``; workers of a cluster do it.

    Parameters
    ----------
    batches : iterable of RecordBatch
        ``org``, ``period``, and `EVENTS` without ``group``: all events of some groups.

    Yields
    ------
    RecordBatch
        ``org``, ``period`` and the columns of `times`.
    """
    some = list(batches)
    if not some:
        return
    events = pa.Table.from_batches(some)
    groups = events.select(["org", "period"]).to_pandas()
    group = groups.groupby(["org", "period"]).ngroup().to_numpy()
    found = times_of(events.append_column("group", pa.array(group)), int(group.max()) + 1)
    names = groups.groupby(["org", "period"]).size().index.to_frame(index=False)
    summary = pa.Table.from_pandas(pd.concat([names, found], axis=1), preserve_index=False)
    kinds = {"org": pa.string(), "period": pa.int64()}
    told = pa.schema({name: kinds.get(name, pa.float64()) for name in summary.column_names})
    yield from summary.cast(told).to_batches()


class _Pending(NamedTuple):
    """Events whose fate is not known yet."""

    group: Ints
    age: Ints
    allowed: Ints

    def of(self, chosen: Flags) -> _Pending:
        here = chosen[self.group]
        return _Pending(self.group[here], self.age[here], self.allowed[here])


class _Events(NamedTuple):
    """Events in the order of group and handling time, an open one after those closed then."""

    keys: Ints  # group * span + 2 * elapsed + (1 where open)
    sizes: Ints
    span: int

    @classmethod
    def ordered(
        cls, group: npt.NDArray[np.integer], elapsed: Ints, closed: Flags, groups: int, span: int
    ) -> _Events:
        keys = group * np.int64(span)
        keys += 2 * elapsed
        keys += ~closed
        keys.sort()
        return cls(keys, np.bincount(group, minlength=groups), span)

    @property
    def starts(self) -> Ints:
        return np.cumsum(self.sizes) - self.sizes

    def days(self, at: Ints) -> Floats:
        return (self.keys[at] % self.span // 2) / DAY


class _Curves(NamedTuple):
    """Kaplan–Meier curves of some groups, event by event."""

    events: _Events
    names: Ints  # the groups
    place: Ints  # place of each step among the events
    code: Ints  # number of each step's curve
    ends: Ints  # where each curve ends among the steps
    survival: Floats

    @classmethod
    def of(cls, events: _Events, chosen: Flags) -> _Curves:
        at = np.flatnonzero(np.repeat(chosen, events.sizes))
        names = np.flatnonzero(chosen)
        sizes = events.sizes[names]
        ends = np.cumsum(sizes)
        code = np.repeat(np.arange(len(names)), sizes)
        at_risk = np.repeat(ends, sizes) - np.arange(len(at))
        left = np.where(events.keys[at] & 1, 1.0, (at_risk - 1) / at_risk)
        return cls(events, names, at, code, ends, along(np.multiply, left, code))


def _summarise(part: dict[str, Floats], events: _Events, asked: _Pending) -> None:
    """Set the quantiles and chances, drawing a curve only where one is needed."""
    unclear = _by_rank(part, events)
    unclear[asked.group] = True
    if unclear.any():
        curves = _Curves.of(events, unclear)
        _quantiles(part, curves)
        _chances(part, curves, asked)


def _by_rank(part: dict[str, Floats], events: _Events) -> Flags:
    """Set the quantiles where no open event comes before; return the groups that need a curve."""
    sizes, starts = events.sizes, events.starts
    open_at = np.flatnonzero(events.keys & 1)
    group = events.keys[open_at] // events.span
    leads = _leads(group)
    clear = sizes.copy()  # events before the first open one
    clear[group[leads]] = open_at[leads] - starts[group[leads]]
    # Only closed events after the first open one can bring the curve down further.
    falls = clear + np.bincount(group, minlength=len(sizes)) < sizes
    above = np.zeros(len(sizes), dtype=bool)
    for name, tenths in TENTHS.items():
        rank = -(-sizes * tenths // 10)
        here = (rank > 0) & (rank <= clear)
        part[name][here] = events.days(starts[here] + rank[here] - 1)
        above |= ~here
    return falls & above


def _quantiles(part: dict[str, Floats], curves: _Curves) -> None:
    """Set the quantiles of some groups off their curves."""
    for name, tenths in TENTHS.items():
        reached = np.flatnonzero(curves.survival <= 1 - tenths / 10 + TIE)
        first = reached[_leads(curves.code[reached])]
        at = curves.place[first]
        part[name][curves.names[curves.code[first]]] = curves.events.days(at)


def _chances(part: dict[str, Floats], curves: _Curves, asked: _Pending) -> None:
    """Add the chances of pending events to be on time."""
    events = curves.events
    keys = events.keys[curves.place]
    own = np.searchsorted(curves.names, asked.group)
    ends = curves.ends[own]
    starts = ends - events.sizes[asked.group]

    def still_open(time: Ints) -> Floats:
        upto = asked.group * events.span + 2 * time + 1
        step = np.searchsorted(keys, upto, side="right") - 1
        return np.where(step < starts, 1.0, curves.survival[step])

    last = events.days(curves.place[ends - 1])
    limit = asked.allowed / DAY
    beyond = (limit > last) & (last > 0)
    power = np.divide(limit, last, out=np.ones(len(own)), where=beyond)
    chance = 1 - still_open(asked.allowed) ** power / still_open(asked.age)
    part["pending_on_time"] += np.bincount(asked.group, chance, minlength=len(events.sizes))


def _leads(group: Ints) -> Ints:
    """Return where each group begins."""
    return np.flatnonzero(np.r_[True, np.diff(group) != 0][: len(group)])
