"""The words for service measures: what each counts, over what, and which way is good.

A framework names a measure by its word; `servicepo.tally` computes it from the service ledger.
Three words take what they count from the framework itself: "share", "total" and "kinds".
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from .labels import Language, word

LEDGER_CODES: Final = (
    *("service", "need", "channel", "tier", "way", "disposal", "visit", "activity"),
    *("satisfaction", "first_asked", "reopened", "called_back"),
)
LEDGER_NUMBERS: Final = ("times", "participants", "hours")
LEDGER_MOMENTS: Final = ("undertaken", "replied", "due")
SERVICE_FILTERS: Final = (*LEDGER_CODES, *LEDGER_NUMBERS, *LEDGER_MOMENTS)
"""Columns of the service ledger that a framework may ask about (``where = { ... }``)."""
KNOWN: Final = ("*",)
"""The condition that a column is filled in."""
LEDGER_COUNTS: Final = ("members", "households", "staff", "grids")
"""Columns of the organisations that a total may be divided by."""


class Range(NamedTuple):
    """The condition that a number lies between two others (inclusive)."""

    least: float
    most: float


Condition: TypeAlias = tuple[str, ...] | Range
Where: TypeAlias = tuple[tuple[str, Condition], ...]
"""(column, codes or range) pairs that must all hold; () takes every event."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One service measure, as a framework may name it.

    Attributes
    ----------
    code : str
        The word used in framework files.
    numerator, denominator : str
        What is counted and over what; keys of the labels (``count.<word>``). Empty for a measure
        that is not a quotient, or that the framework itself declares.
    unit : str
        Code of its unit (labels ``unit.<code>``); empty where the framework must say it.
    direction : {"benefit", "cost"}
        Which way is good, unless the framework says otherwise.
    takes : tuple of str
        What else the framework must declare for it.
    of, among : Where
        For a share of events: which are counted, and among which.
    """

    code: str
    numerator: str
    denominator: str
    unit: str
    direction: Literal["benefit", "cost"] = "benefit"
    takes: tuple[str, ...] = ()
    of: Where = ()
    among: Where = ()

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language.

        Examples
        --------
        >>> MEASURES["on_time_share"].label()
        '按期办结率（含在办，生存分析）'
        """
        return word(f"measure.{self.code}", language)


_CLOSED: Final[Where] = (("replied", KNOWN),)
_YES: Final = ("yes",)

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
            Measure("overdue_share", "events_overdue", "events_due", "share", "cost", ("days",)),
            Measure("median_days", "", "", "days", "cost"),
            Measure("p90_days", "", "", "days", "cost"),
            Measure("open_share", "events_open", "events", "share", "cost"),
            Measure("backlog", "backlog", "", "events", "cost"),
            Measure("backlog_days", "backlog_days", "backlog", "days", "cost"),
            Measure("load", "events", "settled", "ratio", "cost"),
            Measure(
                *("backlog_over_target", "backlog", "target_queue", "ratio", "cost"),
                takes=("target_days",),
            ),
            Measure(
                *("relief_ratio", "relief_capacity", "settled", "ratio", "cost"),
                takes=("target_days", "within_days"),
            ),
            Measure(
                *("one_visit_share", "events_one_visit", "events_times_known", "share"),
                of=(("times", Range(0.0, 1.0)),),
            ),
            Measure(
                *("agency_share", "events_agency", "events_way_known", "share"),
                of=(("way", ("agency",)),),
            ),
            Measure(
                *("first_asked_share", "events_first_asked", "events_first_asked_known", "share"),
                of=(("first_asked", _YES),),
            ),
            Measure(
                *("reopened_share", "events_reopened", "events_reopened_known", "share", "cost"),
                of=(("reopened", _YES),),
            ),
            Measure(
                *("called_back_share", "closed_called_back", "closed_call_known", "share"),
                of=(("called_back", _YES),),
                among=_CLOSED,
            ),
            Measure(
                *("three_step_share", "closed_undertaken", "events_closed", "share"),
                of=(("undertaken", KNOWN),),
                among=_CLOSED,
            ),
            Measure("satisfaction", "scale_points", "events_rated", "share", takes=("scale",)),
            Measure("visit_groups_covered", "visit_groups", "", "groups"),
            Measure("share", "", "", "share", takes=("of", "among")),
            Measure("total", "", "", "", takes=("column", "per")),
            Measure("kinds", "", "", "groups", takes=("column",)),
        )
    }
)
"""Word -> measure; the words a framework may use for ``measure = "..."``."""
