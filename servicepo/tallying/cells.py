"""The way back: which cells of the files stand behind a value of one organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from ..framework import Indicator
from ..measures import KNOWN, MEASURES, Condition, Range
from ..reading.text import key_of, match_key
from ..sources import COUNTS, is_number
from ..tables import Dataset, Frequency
from .matching import names_of
from .ordinals import of_dates, ordinals

CELLS: Final = ["period", "role", "file", "sheet", "row", "column", "value"]
STATIC: Final = -1  # the period of what holds for all periods

# The columns of the ledger that a measure looks at.
_LOOKED_AT: Final = {
    "on_time_share": ("accepted", "replied", "due"),
    "closed_on_time_share": ("accepted", "replied", "due"),
    "registered_on_time_share": ("accepted", "replied", "due"),
    "median_days": ("accepted", "replied"),
    "p90_days": ("accepted", "replied"),
    "open_share": ("accepted", "replied"),
    "overdue_share": ("accepted", "replied", "due"),
    "backlog": ("accepted", "replied"),
    "backlog_days": ("accepted", "replied"),
    "load": ("accepted", "replied"),
    "backlog_over_target": ("accepted", "replied"),
    "relief_ratio": ("accepted", "replied"),
    "satisfaction": ("satisfaction",),
    "visit_groups_covered": ("visit",),
}
_PER: Final = {"volume_per_100_households": "households", "volume_per_100_members": "members"}


def cells_of(data: Dataset, indicator: Indicator, org: str, freq: Frequency) -> pd.DataFrame:
    """Return the cells behind an indicator of one organisation, all periods.

    Parameters
    ----------
    data : Dataset
    indicator : Indicator
    org : str
    freq : {"Y", "H", "Q", "M"}

    Returns
    -------
    DataFrame
        Columns ``CELLS``; ``period`` is a number, ``STATIC`` where the cell holds for all periods.
    """
    source = indicator.source
    kind = source["kind"]
    if kind == "evaluation":
        parts = [_scores(data, names_of(indicator, "item"), org, freq)]
    elif kind == "survey":
        parts = [_answers(data, indicator, org, freq)]
    elif kind in ("service", "frequency"):
        parts = _events(data, indicator, org, freq)
    elif kind == "checklist":
        names = [*names_of(indicator, "items"), *names_of(indicator, "conditional")]
        parts = [_statistic(data, name, name, org, freq) for name in names]
    elif kind == "attribute":
        parts = [_count(data, str(source["column"]), str(source["column"]), org)]
    elif kind == "ratio":
        lag = int(str(source["lag"]))
        parts = [
            _statistic(data, str(source["numerator"]), "numerator", org, freq),
            _statistic(data, str(source["denominator"]), "denominator", org, freq, lag=lag),
        ]
    else:
        parts = []
    parts = [part.astype({"value": object}) for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CELLS)


def _scores(data: Dataset, names: Sequence[str], org: str, freq: Frequency) -> pd.DataFrame:
    rows = _named(data.evaluations, "indicator", names, org)
    kind = rows["kind"].fillna("base")
    role = rows["source"].where(kind == "base", kind).fillna("score")
    return _cells(rows, ordinals(rows["period"], freq), role, rows["score"])


def _answers(data: Dataset, indicator: Indicator, org: str, freq: Frequency) -> pd.DataFrame:
    rows = _named(data.surveys, "question", names_of(indicator, "question"), org)
    if "respondent" in indicator.source:
        rows = rows[rows["respondent"] == indicator.source["respondent"]]
    return _cells(rows, ordinals(rows["period"], freq), rows["answer"], rows["count"])


def _events(data: Dataset, indicator: Indicator, org: str, freq: Frequency) -> list[pd.DataFrame]:
    rows = data.services[data.services["org"] == org]
    for column, condition in indicator.source["where"].items():  # type: ignore[attr-defined]
        rows = rows[_meets(rows[column], condition)]
    measure = str(indicator.source.get("measure", ""))
    period = of_dates(pd.to_datetime(rows["accepted"]), freq)
    parts = []
    for field in _looked_at(indicator, measure):
        letters = _letters(data, "services", field, rows)
        parts.append(_cells(rows.assign(column=letters), period, field, rows[field]))
    if base := _PER.get(measure, str(indicator.source.get("per", ""))) if measure else "":
        parts.append(_count(data, base, base, org))
    return [part[part["value"].notna()] for part in parts]


def _looked_at(indicator: Indicator, measure: str) -> tuple[str, ...]:
    """Return the columns that a measure looks at: the words know some, the framework the others."""
    if measure in _LOOKED_AT:
        return _LOOKED_AT[measure]
    source = indicator.source
    known = MEASURES.get(measure)
    columns = dict(known.of + known.among) if known else {}
    for part in ("of", "among"):
        columns |= dict(source.get(part, {}))  # type: ignore[call-overload]
    for part in source.get("counts", {}).values():  # type: ignore[attr-defined]
        columns |= dict(part)
    return tuple(columns) or ((str(source["column"]),) if "column" in source else ("accepted",))


def _meets(cells: pd.Series, condition: Condition) -> pd.Series:
    if condition == KNOWN:
        return cells.notna()
    if isinstance(condition, Range):
        return cells.between(condition.least, condition.most)
    return cells.isin(condition)


def _statistic(
    data: Dataset, name: str, role: str, org: str, freq: Frequency, *, lag: int = 0
) -> pd.DataFrame:
    if name in COUNTS:
        return _count(data, name, role, org)
    if is_number(name):
        return pd.DataFrame(columns=CELLS)
    rows = _named(data.evaluations, "indicator", [name], org)
    rows = rows[(rows["source"] == "record") | rows["source"].isna()]
    period = ordinals(rows["period"], freq)
    return _cells(rows, (period + lag).where(period >= 0, period - 1), role, rows["score"])


def _count(data: Dataset, column: str, role: str, org: str) -> pd.DataFrame:
    rows = data.organisations[data.organisations.index == org].reset_index()
    letters = _letters(data, "organisations", column, rows)
    period = pd.Series(STATIC, index=rows.index)
    return _cells(rows.assign(column=letters), period, role, rows[column])


def _named(table: pd.DataFrame, column: str, names: Sequence[str], org: str) -> pd.DataFrame:
    rows = table[table["org"] == org]
    return rows[match_key(rows[column]).isin([key_of(name) for name in names])]


def _letters(data: Dataset, table: str, field: str, rows: pd.DataFrame) -> pd.Series:
    """Look up in which column of its sheet each row has a field."""
    layout = data.layout
    own = layout[(layout["table"] == table) & (layout["field"] == field)]
    letters = own.drop_duplicates(["file", "sheet"]).set_index(["file", "sheet"])["column"]
    keys = pd.MultiIndex.from_frame(rows[["file", "sheet"]])
    found: pd.Series = letters.reindex(keys).set_axis(rows.index)
    return found


def _cells(
    rows: pd.DataFrame, period: pd.Series, role: str | pd.Series, value: pd.Series
) -> pd.DataFrame:
    found = rows[["file", "sheet", "row", "column"]].assign(period=period, role=role, value=value)
    return found[CELLS]
