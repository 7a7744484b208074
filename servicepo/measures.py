"""The words for service measures: what each counts, over what, and which way is good.

A framework names a measure by its word; `servicepo.tally` computes it from the service ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from .labels import Language, word

SERVICE_FILTERS: Final = ("service", "need", "channel", "tier", "way", "disposal", "visit")
"""Columns of the service ledger that a framework may filter by (``where = { ... }``)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One service measure, as a framework may name it.

    Attributes
    ----------
    code : str
        The word used in framework files.
    numerator, denominator : str
        What is counted and over what; keys of the labels (``count.<word>``). Empty for a measure
        that is not a quotient.
    unit : str
        Code of its unit (labels ``unit.<code>``).
    direction : {"benefit", "cost"}
        Which way is good, unless the framework says otherwise.
    """

    code: str
    numerator: str
    denominator: str
    unit: str
    direction: Literal["benefit", "cost"] = "benefit"

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language.

        Examples
        --------
        >>> MEASURES["on_time_share"].label()
        '按期办结率（含在办，生存分析）'
        """
        return word(f"measure.{self.code}", language)


MEASURES: Final = MappingProxyType(
    {
        m.code: m
        for m in (
            Measure("volume", "events", "", "events"),
            Measure(
                "volume_per_100_households", "events", "households", "events_per_100_households"
            ),
            Measure("volume_per_100_members", "events", "members", "events_per_100_members"),
            Measure("on_time_share", "events_on_time", "events_due", "share"),
            Measure("closed_on_time_share", "closed_on_time", "closed_due", "share"),
            Measure("registered_on_time_share", "closed_on_time", "events_due", "share"),
            Measure("median_days", "", "", "days", "cost"),
            Measure("p90_days", "", "", "days", "cost"),
            Measure("open_share", "events_open", "events", "share", "cost"),
            Measure("one_visit_share", "events_one_visit", "events_times_known", "share"),
            Measure("agency_share", "events_agency", "events_way_known", "share"),
            Measure("satisfaction", "scale_points", "events_rated", "share"),
            Measure("visit_groups_covered", "visit_groups", "", "groups"),
        )
    }
)
"""Word -> measure; the words a framework may use for ``measure = "..."``."""
