"""The four tables: their columns, their vocabularies, their checks, and the Dataset that holds them.

Every table is one tidy frame. Each row keeps its place (``file``, ``sheet``, ``row``, and where one
cell made the row, ``column``), so that any number can be followed back to the cell it came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa
from rapidfuzz import fuzz, process

from .errors import TableError

DOMAIN_OF_SECTOR: Final = MappingProxyType(
    {
        "village": "rural",
        "community": "rural",
        "state_enterprise": "enterprise",
        "private_enterprise": "enterprise",
        "building": "enterprise",
        "government_organ": "organs",
        "public_institution": "organs",
        "school": "organs",
        "social_organisation": "organs",
    }
)
DOMAINS: Final = ("rural", "enterprise", "organs")
SECTORS: Final = tuple(DOMAIN_OF_SECTOR)
REGIONS: Final = ("province", "city", "county", "township")
SOURCES: Final = ("self", "mass", "superior", "line", "area", "record")
KINDS: Final = ("base", "bonus", "deduction")
EVIDENCE: Final = ("listen", "look", "check", "walk", "visit")
SERVICES: Final = ("reform", "development", "livelihood", "masses", "members")
NEEDS: Final = (
    "schooling",
    "medical",
    "employment",
    "elderly_care",
    "housing",
    "dispute",
    "other",
)
WAYS: Final = ("direct", "promised", "explicit_reply", "agency")
DISPOSALS: Final = ("solved", "relayed", "mobilised")
VISITS: Final = (
    "hardship",
    "elderly_alone",
    "children_left_behind",
    "disabled",
    "migrant_members",
    "unemployed",
)
RESPONDENTS: Final = ("member", "mass")
ANSWERS: Final = ("satisfied", "mostly_satisfied", "average", "dissatisfied", "unknown")
SEVERITIES: Final = ("error", "warning", "notice")
LEVELS: Final = ("committee", "general_branch", "branch", "group")
CORE_ROLES: Final = ("leadership_core", "political_core")
TAGS: Final = ("old_revolutionary", "ethnic", "border", "poor")
# Open vocabularies: known words become these codes, other words stay as they are written.
CHANNELS: Final = (
    "members",
    "reception",
    "leaders",
    "social_groups",
    "deputies",
    "network",
    "hotline",
    "visits",
    "post",
)
TIERS: Final = ("village", "township", "county")

PLACE: Final = ("file", "sheet", "row", "column")

ORGANISATIONS: Final = (
    "name",
    "domain",
    "sector",
    *REGIONS,
    "group",
    "supervisor",
    "level",
    "core_role",
    "members",
    "households",
    "staff",
    "grids",
    "tags",
    "file",
    "sheet",
    "row",
)
EVALUATIONS: Final = (
    "org",
    "period",
    "indicator",
    "source",
    "rater",
    "score",
    "full_mark",
    "kind",
    "evidence",
    *PLACE,
)
SERVICE_RECORDS: Final = (
    "record",
    "org",
    "service",
    "need",
    "channel",
    "tier",
    "way",
    "accepted",
    "undertaken",
    "replied",
    "due",
    "disposal",
    "satisfaction",
    "visit",
    "times",
    "file",
    "sheet",
    "row",
)
SURVEYS: Final = (
    "org",
    "period",
    "respondent",
    "stratum",
    "question",
    "answer",
    "count",
    "issued",
    *PLACE,
)
PROBLEMS: Final = ("severity", "rule", *PLACE, "value", "must", "mend")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "organisations": ORGANISATIONS,
        "evaluations": EVALUATIONS,
        "services": SERVICE_RECORDS,
        "surveys": SURVEYS,
    }
)
TABLES: Final = tuple(COLUMNS)


@dataclass(frozen=True, eq=False, slots=True)
class Dataset:
    """What was read: the four tables, what was wrong, and where everything stands.

    Attributes
    ----------
    organisations : DataFrame
        One row per organisation, indexed by ``org`` (unique text); columns ``ORGANISATIONS``.
        ``domain`` and ``sector`` hold codes, ``tags`` holds codes joined by ";", the counts are
        float. What no sheet tells is missing.
    evaluations : DataFrame
        One row per score (columns ``EVALUATIONS``): the score of one item (``indicator``, the item's
        name as written) of one organisation in one ``period`` by one ``source``.
    services : DataFrame
        One row per service event (columns ``SERVICE_RECORDS``). An event without ``replied`` is open.
    surveys : DataFrame
        One row per organisation, period, question and answer (columns ``SURVEYS``) with its count.
        ``issued`` is the number of questionnaires handed out, where told.
    problems : DataFrame
        Everything that was not understood or set aside (columns ``PROBLEMS``).
    sources : DataFrame
        One row per sheet: ``file, sheet, table, encoding, records, kept, set_aside``;
        ``records == kept + set_aside`` always, and ``set_aside`` counts its "error" rows in
        ``problems``.
    layout : DataFrame
        One row per recognised column: ``file, sheet, table, field, column, header``.

    Notes
    -----
    ``period`` is canonical text: ``2024``, ``2024H1``, ``2024Q3`` or ``2024-05``; `to_periods`
    turns it into a pandas ``PeriodIndex``.
    """

    organisations: pd.DataFrame
    evaluations: pd.DataFrame
    services: pd.DataFrame
    surveys: pd.DataFrame
    problems: pd.DataFrame
    sources: pd.DataFrame
    layout: pd.DataFrame

    def __repr__(self) -> str:
        return (
            f"Dataset({len(self.organisations)} organisations, {len(self.evaluations)} evaluations, "
            f"{len(self.services)} services, {len(self.surveys)} survey counts, "
            f"{len(self.problems)} problems)"
        )


# -- periods -----------------------------------------------------------------------------------
Frequency = Literal["Y", "H", "Q", "M"]

_FREQUENCIES: Final = {"Y": "Y-DEC", "H": "2Q-DEC", "Q": "Q-DEC", "M": "M"}
_PERIOD: Final = re.compile(r"(\d{4})(?:H([12])|Q([1-4])|-(0[1-9]|1[0-2]))?")
_MONTHS: Final = {"Y": 12, "H": 6, "Q": 3, "M": 1}


def to_periods(text: pd.Series | pd.Index, freq: Frequency) -> pd.PeriodIndex:
    """Turn canonical period text into pandas periods of one frequency."""
    if freq not in _FREQUENCIES:
        raise TableError(f"freq must be one of Y, H, Q, M, got {freq!r}. Give one of them.")
    codes, words = pd.factorize(text)
    start = np.full(len(words) + 1, pd.NaT, dtype=object)
    wrong = []
    for i, word in enumerate(words):
        found = _PERIOD.fullmatch(str(word))
        span = _span(found) if found else 0
        if not found or span > _MONTHS[freq]:
            wrong.append(str(word))
            continue
        month = _first_month(found)
        start[i] = pd.Period(
            year=int(found[1]), month=month - (month - 1) % _MONTHS[freq], freq="M"
        ).asfreq("Q-DEC" if freq == "H" else _FREQUENCIES[freq])
    if wrong:
        raise TableError(
            f"periods must be text such as 2024, 2024H1, 2024Q3 or 2024-05, no coarser than {freq}, "
            f"got {wrong[:5]!r}. Choose a coarser frequency or mend the periods."
        )
    base = pd.PeriodIndex(start, freq="Q-DEC" if freq == "H" else _FREQUENCIES[freq])
    ordinals = base.asi8.take(codes)
    return pd.PeriodIndex.from_ordinals(ordinals, freq=_FREQUENCIES[freq])


def _span(found: re.Match[str]) -> int:
    return 6 if found[2] else 3 if found[3] else 1 if found[4] else 12


def _first_month(found: re.Match[str]) -> int:
    if found[2]:
        return 6 * int(found[2]) - 5
    if found[3]:
        return 3 * int(found[3]) - 2
    return int(found[4] or 1)


def period_text(periods: pd.PeriodIndex) -> pd.Index:
    """Turn pandas periods into canonical text; the inverse of `to_periods`."""
    year = periods.year.astype(str)
    frequency = periods.freqstr
    if frequency.startswith("2Q"):
        return pd.Index(year + "H" + ((periods.quarter + 1) // 2).astype(str), dtype="str")
    if frequency.startswith("Q"):
        return pd.Index(year + "Q" + periods.quarter.astype(str), dtype="str")
    if frequency.startswith("M"):
        return pd.Index(periods.strftime("%Y-%m"), dtype="str")
    return pd.Index(year, dtype="str")


# -- empty tables ------------------------------------------------------------------------------
_FLOATS: Final = frozenset(
    ("members", "households", "staff", "grids", "score", "full_mark", "times", "count", "issued")
)
_DATES: Final = frozenset(("accepted", "undertaken", "replied", "due"))
_EXTRA: Final = {
    "problems": PROBLEMS,
    "sources": ("file", "sheet", "table", "encoding", "records", "kept", "set_aside"),
    "layout": ("file", "sheet", "table", "field", "column", "header"),
}


def dtype_of(column: str) -> str:
    """Return the dtype of a column of the tables."""
    if column in _FLOATS:
        return "float64"
    if column in _DATES:
        return "datetime64[us]"
    if column == "row":
        return "Int64"
    return "int64" if column in ("records", "kept", "set_aside") else "str"


def empty(table: str) -> pd.DataFrame:
    """Return an empty table with its columns and types."""
    columns = COLUMNS.get(table) or _EXTRA[table]
    frame = pd.DataFrame({c: pd.Series(dtype=dtype_of(c)) for c in columns})
    return frame.set_index(pd.Index([], dtype="str", name="org")) if table == "organisations" else frame
