"""Service indicators: events counted by the engine, measures computed from the counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from ..framework import Indicator
from ..tables import Frequency
from .counting import count
from .figures import FLOWING, TIMED, extras_of, figure_of, where_of
from .stocks import stocks


class Served(NamedTuple):
    """What the service ledger says: values by (org, period, indicator), and events set aside."""

    values: pd.DataFrame
    impossible: int


def serve(
    services: pd.DataFrame,
    indicators: Sequence[Indicator],
    organisations: pd.DataFrame,
    *,
    freq: Frequency,
    as_of: pd.Timestamp,
) -> Served:
    """Compute the service indicators.

    Parameters
    ----------
    services : DataFrame
        The service ledger.
    indicators : sequence of Indicator
        Those whose source is "service".
    organisations : DataFrame
        Indexed by ``org``: households and members.
    freq : {"Y", "H", "Q", "M"}
    as_of : Timestamp
        The day the ledger was drawn.

    Returns
    -------
    Served
        Where an organisation has events in a period, but none of the codes an indicator asks for,
        its volume is 0; where it has none at all, its values are missing: the ledger may be.

    Raises
    ------
    TableError
        For moments with a time zone.
    """
    wheres = list(dict.fromkeys(where_of(i) for i in indicators))
    counts, impossible = count(
        services,
        wheres,
        {where_of(i) for i in indicators if i.source["measure"] in TIMED},
        flowing={where_of(i) for i in indicators if i.source["measure"] in FLOWING},
        extras=list(dict.fromkeys(extra for i in indicators for extra in extras_of(i))),
        freq=freq,
        as_of=as_of,
    )
    everything = counts[()].totals.index
    parts = []
    for indicator in indicators:
        own = counts[where_of(indicator)]
        own = own._replace(totals=own.totals.reindex(everything, fill_value=0))
        found = figure_of(indicator)(own, indicator, organisations, stocks(freq, as_of))
        found["indicator"] = indicator.code
        parts.append(found.set_index("indicator", append=True))
    return Served(pd.concat(parts), impossible)
