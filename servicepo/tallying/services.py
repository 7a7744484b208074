"""Service indicators: events counted by the engine, measures computed from the counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from ..framework import Indicator
from ..measures import Where
from ..tables import Frequency
from .counting import Count, count
from .engine import Engine
from .events import Extra
from .figures import FLOWING, TIMED, extras_of, figure_of, where_of
from .stocks import stocks


class Served(NamedTuple):
    """What the service ledger says: values by (org, period, indicator), and what was counted."""

    values: pd.DataFrame
    counts: Count


def serve(
    engine: Engine,
    indicators: Sequence[Indicator],
    organisations: pd.DataFrame,
    *,
    freq: Frequency,
    as_of: pd.Timestamp | None,
) -> Served | None:
    """Compute the service indicators.

    Parameters
    ----------
    engine : Engine
        What counts the service ledger.
    indicators : sequence of Indicator
        Those whose source is "service".
    organisations : DataFrame
        Indexed by ``org``: households and members.
    freq : {"Y", "H", "Q", "M"}
    as_of : Timestamp or None
        The day the ledger was drawn; None for its latest moment that is not in the future.

    Returns
    -------
    Served or None
        None for a ledger without events. Where an organisation has events in a period, but none of
        the codes an indicator asks for, its volume is 0; where it has none at all, its values are
        missing: the ledger may be.
    """
    wheres = list(dict.fromkeys(where_of(i) for i in indicators))
    extras: dict[Where, list[Extra]] = {where: [] for where in wheres}
    for indicator in indicators:
        extras[where_of(indicator)] += extras_of(indicator)
    counts = count(
        engine,
        wheres,
        {where_of(i) for i in indicators if i.source["measure"] in TIMED},
        flowing={where_of(i) for i in indicators if i.source["measure"] in FLOWING},
        extras={where: list(dict.fromkeys(own)) for where, own in extras.items()},
        freq=freq,
        as_of=as_of,
    )
    if counts is None or not counts.events:
        return None
    everything = counts.counted[()].totals.index
    parts = []
    for indicator in indicators:
        own = counts.counted[where_of(indicator)]
        own = own._replace(totals=own.totals.reindex(everything, fill_value=0))
        found = figure_of(indicator)(own, indicator, organisations, stocks(freq, counts.as_of))
        found["indicator"] = indicator.code
        parts.append(found.set_index("indicator", append=True))
    return Served(pd.concat(parts) if parts else pd.DataFrame(), counts)
