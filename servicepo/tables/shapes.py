"""The shapes of the four tables, their vocabularies, and the Dataset that holds them.

Every table is one tidy frame. Each row keeps its place (``file``, ``sheet``, ``row``, and where
one cell made the row, ``column``), so that any number can be followed back to its cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import pandas as pd

from ..errors import TableError

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
MEETINGS: Final = (
    "member_study",
    "policy_briefing",
    "opinion_exchange",
    "topic_deliberation",
    "joint_conference",
)
CAMPAIGNS: Final = ("culture", "health", "law", "science")
REPORTS: Final = (
    "damaged_facilities",
    "unclean_streets",
    "new_pregnancies",
    "rented_houses",
    "emergencies",
    "neighbour_disputes",
)
HOTLINES: Final = (
    "service_line",
    "family_planning_line",
    "labour_line",
    "civil_affairs_line",
    "security_line",
    "civility_line",
)
ACTIVITIES: Final = (*MEETINGS, *CAMPAIGNS, *REPORTS, *HOTLINES, "group_visit", "volunteering")
YES_NO: Final = ("yes", "no")
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
    "first_asked",
    "reopened",
    "called_back",
    "activity",
    "participants",
    "hours",
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
        One row per score (columns ``EVALUATIONS``): the score of one item (``indicator``, its
        name as written) of one organisation in one ``period`` by one ``source``. Deductions are
        negative, bonuses positive: the scores of all kinds add up.
    services : DataFrame
        One row per service event (columns ``SERVICE_RECORDS``); ``satisfaction`` holds codes of
        ``ANSWERS``, ``first_asked``, ``reopened`` and ``called_back`` hold "yes" or "no". An event
        without ``replied`` is open.
    surveys : DataFrame
        One row per organisation, period, question, answer (columns ``SURVEYS``) with its count.
        ``issued`` is the number of questionnaires handed out, where told.
    problems : DataFrame
        Everything that was not understood or set aside (columns ``PROBLEMS``).
    sources : DataFrame
        One row per sheet: ``file, sheet, table, encoding, records, kept, set_aside, skipped,
        sha256``; ``records == kept + set_aside`` always, and ``set_aside`` counts its "error" rows
        in ``problems``. ``skipped`` counts what was left out on purpose (titles, totals);
        ``sha256`` is that of the file.
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
            f"Dataset({len(self.organisations)} organisations, "
            f"{len(self.evaluations)} evaluations, "
            f"{len(self.services)} services, {len(self.surveys)} survey counts, "
            f"{len(self.problems)} problems)"
        )


FAMILY: Final[Mapping[str, str]] = MappingProxyType(
    {"tags": "tag", "satisfaction": "answer"}
    | dict.fromkeys(("first_asked", "reopened", "called_back"), "yes_no")
)
"""Column -> the vocabulary its words belong to, where that bears another name."""

_FLOATS: Final = frozenset(
    (
        *("members", "households", "staff", "grids", "score", "full_mark"),
        *("times", "participants", "hours", "count", "issued"),
    )
)
_DATES: Final = frozenset(("accepted", "undertaken", "replied", "due"))
_TYPES: Final = MappingProxyType(
    dict.fromkeys(_FLOATS, "float64")
    | dict.fromkeys(_DATES, "datetime64[us]")
    | dict.fromkeys(("records", "kept", "set_aside", "skipped"), "int64")
    | {"row": "Int64"}
)
_ALL: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **COLUMNS,
        "problems": PROBLEMS,
        "sources": (
            "file",
            "sheet",
            "table",
            "encoding",
            "records",
            "kept",
            "set_aside",
            "skipped",
            "sha256",
        ),
        "layout": ("file", "sheet", "table", "field", "column", "header"),
    }
)


def dtype_of(column: str) -> str:
    """Return the dtype of a column of the tables.

    Parameters
    ----------
    column : str
        Name of the column; what is not a number, a date or a row number is text.

    Returns
    -------
    str

    Examples
    --------
    >>> dtype_of("score"), dtype_of("accepted"), dtype_of("org")
    ('float64', 'datetime64[us]', 'str')
    """
    return _TYPES.get(column, "str")


def empty(table: str) -> pd.DataFrame:
    """Return an empty table with its columns and dtypes.

    Parameters
    ----------
    table : {"organisations", "evaluations", "services", "surveys", "problems", "sources", "layout"}
        Which table; ``organisations`` is indexed by ``org``.

    Returns
    -------
    DataFrame

    Raises
    ------
    TableError
        For another word.

    Examples
    --------
    >>> list(empty("layout").columns)
    ['file', 'sheet', 'table', 'field', 'column', 'header']
    """
    if table not in _ALL:
        raise TableError(
            f"table must be one of {', '.join(_ALL)}, got {table!r}. Give one of them."
        )
    return _empty(table).copy()


@cache
def _empty(table: str) -> pd.DataFrame:
    index = pd.Index([], dtype="str", name="org") if table == "organisations" else None
    columns = {name: pd.Series(dtype=dtype_of(name), index=index) for name in _ALL[table]}
    return pd.DataFrame(columns, index=index)
