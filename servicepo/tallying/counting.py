"""The events of a service ledger, counted by the engine for every choice of codes."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, Final, NamedTuple

import pandas as pd

from ..errors import TableError
from ..measures import LEDGER_CODES, LEDGER_NUMBERS, Where
from ..tables import Frequency
from . import events as expressions
from .engine import evaluate

MOMENTS: Final = ("accepted", "undertaken", "replied", "due")
NEEDED: Final = ("org", *MOMENTS, *LEDGER_NUMBERS, *LEDGER_CODES)


class Counted(NamedTuple):
    """Events counted for one choice of codes.

    By (org, period); by handling time; and by the periods in which they came and were settled. The
    last two are empty where nobody asked.
    """

    totals: pd.DataFrame
    durations: pd.DataFrame
    flows: pd.DataFrame


def count(
    services: pd.DataFrame,
    wheres: Sequence[Where],
    timed: Set[Where],
    *,
    flowing: Set[Where] = frozenset(),
    extras: Sequence[expressions.Extra] = (),
    freq: Frequency,
    as_of: pd.Timestamp,
) -> tuple[dict[Where, Counted], int]:
    """Count the events for every choice of codes, in one session of the engine.

    Parameters
    ----------
    services : DataFrame
        The service ledger.
    wheres : sequence of Where
        The choices of codes; ``()``, every event, is counted always.
    timed : set of Where
        Those of which handling times are wanted.
    flowing : set of Where
        Those of which it is wanted when they came and were settled.
    extras : sequence of Extra
        What else is counted, for every choice.
    freq : {"Y", "H", "Q", "M"}
    as_of : Timestamp
        The day the ledger was drawn.

    Returns
    -------
    dict of Where to Counted, int
        And how many events are impossible and left out.

    Raises
    ------
    TableError
        For moments with a time zone.
    """
    # The whole of the day on which the ledger was drawn belongs to it.
    cut = as_of + pd.Timedelta(days=1, microseconds=-1) if as_of == as_of.normalize() else as_of
    choices: list[Where] = list(dict.fromkeys([(), *wheres]))

    def build(table: Any) -> dict[str, Any]:
        every = expressions.events(
            expressions.possible(table, cut.to_pydatetime()), freq=freq, cut=cut, as_of=as_of
        )
        found = {"impossible": expressions.impossible(table)}
        for n, where in enumerate(choices):
            chosen = expressions.chosen(every, where)
            found[f"{n}.totals"] = expressions.totals(chosen, extras)
            if where in timed:
                found[f"{n}.durations"] = expressions.durations(chosen)
            if where in flowing:
                found[f"{n}.flows"] = expressions.flows(chosen)
        return found

    frames = evaluate(_ready(services), build)
    counted = {
        where: Counted(
            frames[f"{n}.totals"].set_index(["org", "period"]).sort_index(),
            frames.get(f"{n}.durations", pd.DataFrame()),
            frames.get(f"{n}.flows", pd.DataFrame()),
        )
        for n, where in enumerate(choices)
    }
    return counted, int(frames["impossible"]["impossible"].fillna(0).item())


def _ready(services: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that are counted, each with its type, missing ones as missing."""
    frame = services.reindex(columns=list(NEEDED))
    for column in MOMENTS:
        moments = pd.to_datetime(frame[column])
        if moments.dt.tz is not None:
            raise TableError(
                f"Moments of the service ledger must have no time zone, got {moments.dt.tz} in "
                f"{column!r}. Convert them to local time, then dt.tz_localize(None)."
            )
        frame[column] = moments.astype("datetime64[us]")
    words = dict.fromkeys(("org", *LEDGER_CODES), "str")
    return frame.astype({**words, **dict.fromkeys(LEDGER_NUMBERS, float)})
