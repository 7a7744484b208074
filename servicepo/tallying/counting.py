"""The events of a service ledger, counted for every choice of codes, a few periods at a time.

An engine reads, judges and counts the rows of a pass; passes are as large as the memory allows.
What an organisation did in a period is known from one pass, so that results are only put one under
another. Every row is accounted for: counted, set aside by a rule, or accepted after the day the
ledger was drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from ..errors import TableError
from ..measures import Where
from ..tables import PLACE, Frequency
from . import events as expressions
from .engine import Engine
from .ordinals import PARTS
from .rows import MOMENTS, overview, sound_of, without_repeats

EXAMPLES: Final = 5  # rows shown for each rule


class Counted(NamedTuple):
    """Events of one choice of codes.

    By (org, period): counts, and what `times` tells of them; and by the periods in which they came
    and were settled. The last two are empty where nobody asked.
    """

    totals: pd.DataFrame
    times: pd.DataFrame
    flows: pd.DataFrame


_Part: TypeAlias = tuple[pd.DataFrame, "Future[pd.DataFrame] | None", pd.DataFrame]


class Count(NamedTuple):
    """A ledger counted; ``read`` is the sum of ``events``, ``later`` and all of ``rules``.

    Attributes
    ----------
    counted : dict of Where to Counted
    as_of : Timestamp
        The day the ledger was drawn.
    read, events, later : int
        Rows of the ledger; those counted; those accepted after ``as_of``, which are left out.
    rules : dict of str to int
        Rows set aside, by the rule they break.
    examples : DataFrame
        Some of these: ``rule``, the place so far as it is known, the fields judged.
    """

    counted: dict[Where, Counted]
    as_of: pd.Timestamp
    read: int
    events: int
    later: int
    rules: dict[str, int]
    examples: pd.DataFrame


def count(
    engine: Engine,
    wheres: Sequence[Where],
    timed: Set[Where],
    *,
    flowing: Set[Where] = frozenset(),
    extras: Mapping[Where, Sequence[expressions.Extra]] = MappingProxyType({}),
    freq: Frequency,
    as_of: pd.Timestamp | None,
) -> Count | None:
    """Count the events for every choice of codes.

    Parameters
    ----------
    engine : Engine
        What reads and counts the ledger.
    wheres : sequence of Where
        The choices of codes; ``()``, every event, is counted always.
    timed : set of Where
        Those of which handling times are wanted.
    flowing : set of Where
        Those of which it is wanted when they came and were settled.
    extras : dict of Where to list of Extra
        What else is counted of a choice.
    freq : {"Y", "H", "Q", "M"}
    as_of : Timestamp or None
        The day the ledger was drawn; None for its latest moment that is not in the future.

    Returns
    -------
    Count or None
        None for a ledger without any moment.

    Raises
    ------
    TableError
        Where the ledger changes while it is read.
    """
    rows = engine.rows()
    found = engine.frame(overview(rows, now=_tonight()))
    as_of = found["known"].max() if as_of is None else as_of
    if pd.isna(as_of):
        return None
    # The whole of the day on which the ledger was drawn belongs to it.
    cut = as_of + pd.Timedelta(days=1, microseconds=-1) if as_of == as_of.normalize() else as_of
    broken = found[found["rule"].notna()]
    rules = {str(rule): int(n) for rule, n in broken.groupby("rule")["rows"].sum().items()}
    sound = sound_of(rows) if rules else rows
    whole = found[found["rule"].isna()]
    months = whole.groupby(pd.to_datetime(whole["day"]).map(_month))["rows"].sum()
    later = 0
    if found["last"].max() > cut:
        later = _size(engine, sound.filter(sound.accepted > cut))
    examples = [_examples(engine, rows.filter(rows.rule == rule)) for rule in sorted(rules)]
    parts: dict[Where, list[_Part]] = {where: [] for where in ((), *wheres)}
    more = [extra for own in extras.values() for extra in own]
    columns = expressions.columns(wheres, more, flowing=bool(flowing))
    waiting: Future[pd.DataFrame] | None = None
    with ThreadPoolExecutor(1) as other:
        width = 12 // PARTS[freq]
        for first, last, share, shares in _passes(
            months[months.index <= _month(cut)], width, engine.limit
        ):
            some = sound.filter(
                sound.accepted >= _begin(first),
                sound.accepted < _begin(last),
                sound.accepted <= cut,
            )
            if shares > 1:
                some = some.filter(some.org.hash().abs() % shares == share)
            only = first // width if last - first == width else None
            judge = partial(expressions.events, freq=freq, cut=cut, as_of=as_of, only=only)
            held = engine.hold(judge(some), columns)
            if (several := held.repeated()) is not None:
                some, repeats = without_repeats(some, several)
                rules["duplicate"] = rules.get("duplicate", 0) + _size(engine, repeats)
                examples.append(_examples(engine, repeats))
                held = engine.hold(judge(some), columns)
            for where, found_here in parts.items():
                events = expressions.chosen(held.events, where)
                totals = held.frame(expressions.totals(events, extras.get(where, ()), by=held.by))
                spent, flow = None, pd.DataFrame()
                if where in timed:
                    summary = held.times(events, totals)
                    if waiting is not None:
                        waiting.result()  # no more than one waits, so that memory is kept
                    spent = waiting = other.submit(summary)
                if where in flowing:
                    flow = held.frame(expressions.flows(events, by=held.by))
                found_here.append((totals, spent, flow))
    counted = {where: _together(found_here) for where, found_here in parts.items() if found_here}
    read, n = int(found["rows"].sum()), int(counted[()].totals["events"].sum() if counted else 0)
    if read != n + later + sum(rules.values()):
        raise TableError(
            f"A ledger must stand still while it is counted, got {read} rows at first and "
            f"{n + later + sum(rules.values())} later. Count it again."
        )
    shown = pd.concat(examples, ignore_index=True) if examples else pd.DataFrame()
    return Count(counted, as_of, read, n, later, rules, shown)


def _tonight() -> pd.Timestamp:
    """Return the last moment of today: nothing can have happened after it."""
    return pd.Timestamp.now().normalize() + pd.Timedelta(days=1, microseconds=-1)


def _month(moment: pd.Timestamp) -> int:
    return moment.year * 12 + moment.month - 1


def _begin(month: int) -> pd.Timestamp:
    return pd.Timestamp(year=month // 12, month=month % 12 + 1, day=1)


def _passes(months: pd.Series, width: int, limit: int) -> Iterator[tuple[int, int, int, int]]:
    """Split months with their numbers of events into passes that memory holds.

    A pass is the months of whole periods (first, last + 1), or one period of some of the
    organisations: which share, of how many.
    """
    by_period = months.groupby(months.index // width).sum()
    first, held = None, 0
    for period, n in zip(by_period.index.tolist(), by_period.tolist(), strict=True):
        if first is not None and held + n > limit:
            yield first * width, period * width, 0, 1
            first, held = None, 0
        if n > limit:
            shares = -(-n // limit)
            for share in range(shares):
                yield period * width, (period + 1) * width, share, shares
        else:
            first = period if first is None else first
            held += n
        end = (period + 1) * width
    if first is not None:
        yield first * width, end, 0, 1


def _size(engine: Engine, rows: Any) -> int:
    return int(engine.frame(rows.aggregate(n=rows.count()))["n"].iloc[0])


def _examples(engine: Engine, rows: Any) -> pd.DataFrame:
    """Return a few rows in a fixed order, with their places."""
    places = [c for c in PLACE if c in rows.columns]
    rows = rows.select(
        "rule", *places, "org", *MOMENTS, "written", record=rows.record.cast("string")
    )
    return engine.frame(rows.order_by("org", "record", "accepted", "written").limit(EXAMPLES))


def _together(parts: Sequence[_Part]) -> Counted:
    """Put what the passes found under one another, in the order of organisation and period."""
    totals = pd.concat([totals for totals, _, _ in parts], ignore_index=True)
    spent = pd.concat([s.result() if s else pd.DataFrame() for _, s, _ in parts], ignore_index=True)
    org, names = pd.factorize(totals.pop("org"), sort=True)
    period, numbers = pd.factorize(totals.pop("period"), sort=True)
    order = np.lexsort((period, org))
    levels: Any = [names, numbers]
    codes: Any = [org[order], period[order]]
    index = pd.MultiIndex(levels, codes, names=expressions.BY)
    return Counted(
        totals.take(order).set_axis(index),
        spent.take(order).set_axis(index) if len(spent.columns) else spent,
        pd.concat([flows for _, _, flows in parts], ignore_index=True),
    )
