"""Service indicators: events counted by the engine, measures computed from the counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import pandas as pd

from ..framework import Indicator
from ..tables import ANSWERS, Frequency
from .answers import rated
from .counting import Counted, Where, count
from .handling import days, on_time_share
from .spread import share_error

_TIMED: Final = ("on_time_share", "median_days", "p90_days")


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
    wheres = list(dict.fromkeys(_where(i) for i in indicators))
    timed = {_where(i) for i in indicators if i.source["measure"] in _TIMED}
    counts, impossible = count(services, wheres, timed, freq=freq, as_of=as_of)
    everything = counts[()].totals.index
    parts = []
    for indicator in indicators:
        own = counts[_where(indicator)]
        own = Counted(own.totals.reindex(everything, fill_value=0), own.durations)
        found = _MEASURES[str(indicator.source["measure"])](own, organisations, indicator)
        found["indicator"] = indicator.code
        parts.append(found.set_index("indicator", append=True))
    return Served(pd.concat(parts), impossible)


def _where(indicator: Indicator) -> Where:
    return tuple(indicator.source["where"].items())  # type: ignore[attr-defined]


# -- the measures --------------------------------------------------------------------------------
Measured = Callable[[Counted, pd.DataFrame, Indicator], pd.DataFrame]


def _volume(counted: Counted, organisations: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    events = counted.totals["events"].astype(float)
    return pd.DataFrame({"value": events, "numerator": events, "n": events})


def _volume_per_100(base: str) -> Measured:
    def measure(
        counted: Counted, organisations: pd.DataFrame, indicator: Indicator
    ) -> pd.DataFrame:
        found = _volume(counted, organisations, indicator)
        orgs = found.index.get_level_values("org")
        size = organisations[base].reindex(orgs).astype(float)
        found["denominator"] = size.where(size > 0).to_numpy()
        found["value"] = 100 * found["numerator"] / found["denominator"]
        return found

    return measure


def _share(numerator: str, denominator: str) -> Measured:
    def measure(
        counted: Counted, organisations: pd.DataFrame, indicator: Indicator
    ) -> pd.DataFrame:
        part = counted.totals[numerator].astype(float)
        whole = counted.totals[denominator].astype(float)
        whole = whole.where(whole > 0)
        share = part / whole
        return pd.DataFrame(
            {
                "value": share,
                "numerator": part,
                "denominator": whole,
                "n": whole,
                "standard_error": share_error(share, whole),
            }
        )

    return measure


def _on_time(counted: Counted, organisations: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    return on_time_share(counted.durations)


def _days(q: float) -> Measured:
    def measure(
        counted: Counted, organisations: pd.DataFrame, indicator: Indicator
    ) -> pd.DataFrame:
        return days(counted.durations, q)

    return measure


def _satisfaction(
    counted: Counted, organisations: pd.DataFrame, indicator: Indicator
) -> pd.DataFrame:
    counts = counted.totals[[f"answer_{a}" for a in ANSWERS]].set_axis(list(ANSWERS), axis=1)
    return rated(counts, indicator)


def _visit_groups(
    counted: Counted, organisations: pd.DataFrame, indicator: Indicator
) -> pd.DataFrame:
    groups = counted.totals["visit_groups"].astype(float)
    return pd.DataFrame({"value": groups, "numerator": groups, "n": counted.totals["events"]})


_MEASURES: Final[Mapping[str, Measured]] = MappingProxyType(
    {
        "volume": _volume,
        "volume_per_100_households": _volume_per_100("households"),
        "volume_per_100_members": _volume_per_100("members"),
        "on_time_share": _on_time,
        "closed_on_time_share": _share("closed_on_time", "closed_due"),
        "registered_on_time_share": _share("closed_on_time", "events_due"),
        "median_days": _days(0.5),
        "p90_days": _days(0.9),
        "open_share": _share("events_open", "events"),
        "one_visit_share": _share("events_one_visit", "events_times_known"),
        "agency_share": _share("events_agency", "events_way_known"),
        "satisfaction": _satisfaction,
        "visit_groups_covered": _visit_groups,
    }
)
