"""The events of a service ledger, counted for every choice of codes.

The ledger is looked over first, then counted pass by pass (only what is new, where what was counted
before is kept), and the results are put together. Every row is accounted for: counted, set aside by
a rule, or accepted after the day the ledger was drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..errors import TableError
from ..measures import Where
from ..tables import Frequency
from . import events as expressions
from .engine import Engine
from .keeping import Part
from .looking import first_examples, joined, look_over
from .passes import SUMMARY, Asked, Passes
from .planning import Drawn


class Counted(NamedTuple):
    """Events of one choice of codes.

    By (org, period): counts, and what `times` tells of them; and by the periods in which they came
    and were settled. The last two are empty where nobody asked.
    """

    totals: pd.DataFrame
    times: pd.DataFrame
    flows: pd.DataFrame


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
    found = look_over(engine)
    as_of = found.days["known"].max() if as_of is None else as_of
    if pd.isna(as_of):
        return None
    drawn = Drawn(as_of, freq)
    choices = tuple(dict.fromkeys(((), *wheres)))
    more = tuple(tuple(extras.get(where, ())) for where in choices)
    asked = Asked(choices, timed, flowing, more)
    sound = found.sound.assign(period=drawn.periods(pd.to_datetime(found.sound["day"])))
    future = sound["period"] > drawn.period
    held, after = sound[~future], sound[future]
    part = Passes(engine, asked, drawn, held, faulty=bool(found.rules)).count()
    counted = _counted(asked, part)
    later = part.later + int(after["rows"].sum())
    rules = found.rules
    if len(part.repeats):
        rules["duplicate"] = int(part.repeats["rows"].sum())
    read, n = (
        int(found.days["rows"].sum()),
        int(counted[()].totals["events"].sum() if counted else 0),
    )
    if read != n + later + sum(rules.values()):
        raise TableError(
            f"A ledger must stand still while it is counted, got {read} rows at first and "
            f"{n + later + sum(rules.values())} later. Count it again."
        )
    examples = first_examples(joined([found.examples, part.examples]))
    return Count(counted, as_of, read, n, later, rules, examples)


def _counted(asked: Asked, part: Part) -> dict[Where, Counted]:
    """Put what was counted in the order of organisation and period."""
    found = {}
    every = {extra.name for extras in asked.extras for extra in extras}
    choices = zip(asked.wheres, asked.extras, part.counts, part.flows, strict=False)
    for where, extras, counts, flows in choices:
        org, names = pd.factorize(counts["org"], sort=True)
        period, numbers = pd.factorize(counts["period"], sort=True)
        order = np.lexsort((period, org))
        levels: Any = [names, numbers]
        codes: Any = [org[order], period[order]]
        index = pd.MultiIndex(levels, codes, names=expressions.BY)
        ordered = counts.drop(columns=expressions.BY).take(order).set_axis(index)
        others = every - {extra.name for extra in extras}
        totals = ordered.drop(columns=[*SUMMARY, *others], errors="ignore")
        spent, flow = pd.DataFrame(), pd.DataFrame()
        if where in asked.timed:
            spent = ordered[SUMMARY]
        if where in asked.flowing:
            flow = flows.sort_values([*expressions.BY, "settled"], ignore_index=True)
        found[where] = Counted(totals, spent, flow)
    return found
