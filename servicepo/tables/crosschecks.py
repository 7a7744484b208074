"""The rules between rows and between tables: duplicates, unknown organisations, missing periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz, process

from ..labels import Language, word
from .checks import VOCABULARIES, shown
from .periods import FREQUENCIES, Frequency, split_period
from .problems import problem_rows
from .shapes import empty

_KEYS: Final = {
    "organisations": ["org"],
    "evaluations": ["org", "period", "indicator", "source", "rater", "kind"],
    "services": ["org", "record"],
    "surveys": ["org", "period", "respondent", "stratum", "question", "answer"],
}
_MEASURES: Final = {"evaluations": "score", "surveys": "count"}
_PAIRS: Final = 10_000_000  # names compared at most, to suggest the nearest


@dataclass(frozen=True, eq=False, slots=True)
class CrossChecked:
    """The four tables after the checks between them.

    Attributes
    ----------
    organisations, evaluations, services, surveys : DataFrame
        The rows kept, as they were given.
    problems : DataFrame
        An "error" for each row set aside, and warnings about rows that were kept.
    """

    organisations: pd.DataFrame
    evaluations: pd.DataFrame
    services: pd.DataFrame
    surveys: pd.DataFrame
    problems: pd.DataFrame


def cross_check(
    organisations: pd.DataFrame,
    evaluations: pd.DataFrame,
    services: pd.DataFrame,
    surveys: pd.DataFrame,
    *,
    as_of: pd.Timestamp | str | None = None,
    language: Language = "zh",
) -> CrossChecked:
    """Check the four tables against themselves and each other.

    Parameters
    ----------
    organisations, evaluations, services, surveys : DataFrame
        The tables, each row of which has passed `check`; ``organisations`` is indexed by ``org``.
        Text may be categorical.
    as_of : Timestamp or str, optional
        The day the data speak of. Later dates and periods are warned of.
    language : {"zh", "en"}
        Language of ``must`` and ``mend`` in the problems.

    Returns
    -------
    CrossChecked

    Notes
    -----
    Errors; the row is set aside and the first one is kept:

    * a second row of one organisation in the roster;
    * a second score for one organisation, period, indicator, source, rater and kind. Several
      bonuses or deductions in one sheet are a ledger and no duplicates; in two sheets they are;
    * a second service event of one organisation with the same record number in the same year;
    * a second count for one organisation, period, respondents, stratum, question and answer.

    Warnings; the row is kept:

    * an organisation that is not in the roster (unless there is no roster), with the nearest name;
    * more answers to one question than questionnaires issued;
    * dates and periods after ``as_of``;
    * periods missing. An item that is told by the month is expected 12 times a year, by the quarter
      4 times, by the half-year twice; one told by the year, every year from its first to its last.
      Items with the same gap are told together, and what nobody has only once.

    Examples
    --------
    >>> roster = empty("organisations").reindex(["张村党支部", "李村党支部"])
    >>> scores = empty("evaluations").reindex(range(2)).assign(
    ...     org=["张村党支部", "李庄党支部"], period="2024", indicator="服务意识", score=90.0
    ... )
    >>> told = cross_check(roster, scores, empty("services"), empty("surveys"), language="en")
    >>> told.problems.loc[0, ["value", "mend"]].tolist()
    ['李庄党支部', 'Did you mean 李村党支部? Mend the name or add it to the roster.']
    """
    day = None if as_of is None else pd.Timestamp(as_of).normalize()
    tables, found = {}, []
    for name, frame in (
        ("organisations", organisations),
        ("evaluations", evaluations),
        ("services", services),
        ("surveys", surveys),
    ):
        tables[name], problems = _without_duplicates(frame, name, language)
        found.append(problems)
    roster = tables["organisations"].index
    for name, item in (("evaluations", "indicator"), ("services", None), ("surveys", "question")):
        frame = tables[name]
        if frame.empty:
            continue
        found.append(_unknown_organisations(frame, roster, language))
        if day is not None:
            found.append(_future(frame, day, language))
        if item is not None:
            found.append(_missing_periods(frame, item, roster, day, language))
    found.append(_more_answers_than_issued(tables["surveys"], language))
    return CrossChecked(**tables, problems=_together(found))


def _together(found: list[pd.DataFrame]) -> pd.DataFrame:
    told = [problems for problems in found if len(problems)]
    return pd.concat(told, ignore_index=True) if told else empty("problems")


# -- duplicates --------------------------------------------------------------------------------
def _without_duplicates(
    frame: pd.DataFrame, table: str, language: Language
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows without the second ones, and an error for each of these."""
    if frame.empty:
        return frame, empty("problems")
    first = _first_of_its_kind(frame, table)
    second = first != np.arange(len(frame))
    if not second.any():
        return frame, empty("problems")
    rows, kept = frame[second].reset_index(), frame.iloc[first[second]].reset_index()
    measure = _MEASURES.get(table)
    differs = np.zeros(len(rows), dtype=bool)
    if measure is not None:
        differs = rows[measure].ne(kept[measure]).to_numpy()
    rule = pd.Series(np.where(differs, "conflict", "duplicate"), dtype="str")
    mend = [
        word(f"mend.{code}", language).format(place=place)
        for code, place in zip(rule, _places(kept, language), strict=True)
    ]
    problems = problem_rows(
        rows,
        severity="error",
        rule=rule,
        must=word("must.duplicate", language),
        mend=pd.Series(mend, dtype="str"),
        column="；".join(_KEYS[table]),
        value=_joined(_in_words(rows[_KEYS[table]], language)),
    )
    return frame[~second], problems


def _in_words(keys: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Say codes as people do: 自评, not self."""
    coded = [str(name) for name in keys if name in VOCABULARIES]
    return keys.assign(
        **{n: keys[n].map(partial(_word_of, n, language), na_action="ignore") for n in coded}
    )


def _word_of(vocabulary: str, language: Language, code: str) -> str:
    return word(f"{vocabulary}.{code}", language)


def _first_of_its_kind(frame: pd.DataFrame, table: str) -> npt.NDArray[np.int64]:
    """Return, for every row, the position of the first row that has the same key."""
    first = np.arange(len(frame))
    if table == "organisations":
        return first if frame.index.is_unique else _first_rows(frame.index.to_frame(index=False))
    if table == "services":
        filled = np.flatnonzero(frame["record"].notna())
        rows = frame.iloc[filled] if len(filled) < len(frame) else frame
        if not rows["record"].is_unique:
            # Offices commonly number from 1, and again each year.
            keys = rows[["org", "record"]].assign(year=rows["accepted"].dt.year)
            first[filled] = filled[_first_rows(keys)]
        return first
    first = _first_rows(frame[_KEYS[table]])
    if table == "evaluations":
        # Bonuses and deductions of one sheet are a ledger: several lines for one item are meant.
        sheets = frame[["file", "sheet"]].fillna("")
        alike = (sheets.to_numpy() == sheets.iloc[first].to_numpy()).all(axis=1)
        ledger = frame["kind"].isin(("bonus", "deduction")).to_numpy() & alike
        first = np.where(ledger, np.arange(len(frame)), first)
    return first


def _first_rows(keys: pd.DataFrame) -> npt.NDArray[np.int64]:
    if not keys.duplicated().any():
        return np.arange(len(keys))
    group = keys.groupby(list(keys), dropna=False, sort=False).ngroup()
    return np.flatnonzero(~group.duplicated())[group]


def _places(rows: pd.DataFrame, language: Language) -> list[str]:
    sheet = shown(rows["sheet"])
    where = shown(rows["file"]) + ("〔" + sheet + "〕").where(sheet.ne(""), "")
    form = word("place.row", language)
    return [form.format(where=w, row=r) for w, r in zip(where, shown(rows["row"]), strict=True)]


def _joined(columns: pd.DataFrame) -> pd.Series:
    """Return the filled cells of each row, joined."""
    parts = [shown(columns[name]) for name in columns]
    text = parts[0]
    for part in parts[1:]:
        text = text + ("；" + part).where(part.ne(""), "")
    return text


# -- organisations -----------------------------------------------------------------------------
def _unknown_organisations(
    frame: pd.DataFrame, roster: pd.Index, language: Language
) -> pd.DataFrame:
    """Return one warning for each organisation that is not in the roster."""
    if not len(roster):
        return empty("problems")
    names = pd.Index(frame["org"].unique())
    unknown = names[~names.isin(roster)]
    if not len(unknown):
        return empty("problems")
    rows = frame[frame["org"].isin(unknown)]
    times = rows["org"].value_counts()
    rows = rows.drop_duplicates("org")
    near = _nearest(rows["org"].tolist()[: _PAIRS // len(roster)], roster)
    with_near, alone = (word(f"mend.unknown_organisation{end}", language) for end in (".near", ""))
    must = word("must.unknown_organisation", language)
    return problem_rows(
        rows,
        severity="warning",
        rule="unknown_organisation",
        must=rows["org"].map(lambda org: must.format(rows=times[org])),
        mend=rows["org"].map(
            lambda org: with_near.format(near=near[org]) if org in near else alone
        ),
        column="org",
        value=rows["org"],
    )


def _nearest(names: list[str], known: pd.Index) -> dict[str, str]:
    """Return the nearest known name of each name that has a near one."""
    choices = known.tolist()
    found = {n: process.extractOne(n, choices, scorer=fuzz.ratio, score_cutoff=60) for n in names}
    return {name: best[0] for name, best in found.items() if best}


# -- counts, dates -----------------------------------------------------------------------------
def _more_answers_than_issued(surveys: pd.DataFrame, language: Language) -> pd.DataFrame:
    if not surveys["issued"].notna().any():
        return empty("problems")
    asked = ["org", "period", "respondent", "stratum", "question"]
    answers = surveys.groupby(asked, dropna=False, sort=False)
    total, issued = answers["count"].transform("sum"), answers["issued"].transform("max")
    above = total > issued
    rows = surveys[above].drop_duplicates(asked)
    return problem_rows(
        rows,
        severity="warning",
        rule="more_answers_than_issued",
        must=word("must.more_answers_than_issued", language),
        mend=word("mend.more_answers_than_issued", language),
        column="count；issued",
        value=shown(total.loc[rows.index]) + "；" + shown(issued.loc[rows.index]),
    )


def _future(frame: pd.DataFrame, as_of: pd.Timestamp, language: Language) -> pd.DataFrame:
    """Return a warning for each moment or period of a table after the day of the data."""
    found = []
    for name in ("accepted", "undertaken", "replied"):
        if name in frame:
            found.append(
                _later(frame[frame[name] >= as_of + pd.Timedelta(days=1)], name, as_of, language)
            )
    if "period" in frame:
        later = [period for period in frame["period"].unique() if _starts(period) > as_of]
        found.append(_later(frame[frame["period"].isin(later)], "period", as_of, language))
    return _together(found)


def _starts(period: str) -> pd.Timestamp:
    parts = split_period(period)
    return pd.Timestamp.min if parts is None else pd.Timestamp(parts[0], parts[1], 1)


def _later(
    rows: pd.DataFrame, column: str, as_of: pd.Timestamp, language: Language
) -> pd.DataFrame:
    words = {"field": word(f"field.{column}", language), "day": f"{as_of:%Y-%m-%d}"}
    return problem_rows(
        rows,
        severity="warning",
        rule="future_date",
        must=word("must.future_date", language).format(**words),
        mend=word("mend.future_date", language).format(**words),
        column=column,
        value=shown(rows[column]),
    )


# -- missing periods ---------------------------------------------------------------------------
def _missing_periods(
    frame: pd.DataFrame,
    item: str,
    roster: pd.Index,
    as_of: pd.Timestamp | None,
    language: Language,
) -> pd.DataFrame:
    """Return a warning for each organisation that lacks periods some items are told by."""
    told = frame[["org", item, "period"]].reset_index(drop=True).drop_duplicates()
    if len(roster):  # who is not on the roster has a warning of its own
        told = told[told["org"].isin(roster)]
    parts = {text: part for text in told["period"].unique() if (part := split_period(text))}
    told["slot"] = told["period"].map({text: _slot(part) for text, part in parts.items()})
    found = []
    for freq in FREQUENCIES:
        of_freq = told["period"].isin([text for text, part in parts.items() if part[2] == freq])
        gaps = [
            gap
            for name, group in told[of_freq].groupby(item, sort=False, observed=True)
            for gap in _gaps(group, freq, as_of, str(name))
        ]
        found.append(_tell_gaps(frame, gaps, freq, language))
    return _together(found)


def _slot(part: tuple[int, int, Frequency]) -> int:
    """Return the running number of a period among those of its frequency."""
    year, month, freq = part
    months = FREQUENCIES[freq][1]
    return year * (12 // months) + (month - 1) // months


def _gaps(
    told: pd.DataFrame, freq: Frequency, as_of: pd.Timestamp | None, item: str
) -> Iterator[tuple[int, str, str, str]]:
    """Yield the gaps of one item: first row, organisation ("" for all), periods, item."""
    a_year = 12 // FREQUENCIES[freq][1]
    slots = told["slot"].to_numpy(np.int64)
    start = slots.min() // a_year * a_year
    length = (slots.max() // a_year + 1) * a_year - start
    names = np.array([_name(slot, freq) for slot in range(start, start + length)])
    due = np.array([as_of is None or _starts(name) <= as_of for name in names])
    codes, orgs = pd.factorize(told["org"])
    present = np.zeros((len(orgs), length), dtype=bool)
    present[codes, slots - start] = True
    anybody = present.any(axis=0)
    if (due & ~anybody).any():
        yield told.index[0], "", "、".join(names[due & ~anybody]), item
    joined = present.argmax(axis=1) // a_year * a_year  # an organisation's duty starts with a year
    lacks = anybody & ~present & (np.arange(length) >= joined[:, None])
    some = np.flatnonzero(lacks.any(axis=1))
    rows = told.index[~told["org"].duplicated()]
    for row, org, mask in zip(rows[some], orgs[some], lacks[some], strict=True):
        yield row, org, "、".join(names[mask]), item


def _tell_gaps(
    frame: pd.DataFrame,
    gaps: list[tuple[int, str, str, str]],
    freq: Frequency,
    language: Language,
) -> pd.DataFrame:
    """Return one warning for each organisation and gap, with the items that have it."""
    if not gaps:
        return empty("problems")
    table = pd.DataFrame(gaps, columns=["row", "org", "missing", "item"])
    table = table.groupby(["org", "missing"], sort=False, as_index=False).agg(
        row=("row", "first"), items=("item", list)
    )
    rule = pd.Series(np.where(table["org"].eq(""), "periods_nobody_has", "missing_periods"))
    words = {"duty": word(f"duty.{freq}", language), "times": 12 // FREQUENCIES[freq][1]}
    must = word("must.missing_periods", language)
    return problem_rows(
        frame.iloc[table["row"]].reset_index(drop=True),
        severity="warning",
        rule=rule,
        must=table["items"].map(lambda items: must.format(item=_some(items, language), **words)),
        mend=rule.map(lambda code: word(f"mend.{code}", language)),
        column="period",
        value=(table["org"] + "：").where(table["org"].ne(""), "") + table["missing"],
    )


def _some(items: list[str], language: Language) -> str:
    """Name some items, and how many they are."""
    listed = ("、" if language == "zh" else ", ").join(items[:3])
    if len(items) <= 3:
        return listed
    return word("items.more", language).format(items=listed, count=len(items))


def _name(slot: int, freq: Frequency) -> str:
    """Return the canonical text of a numbered period."""
    year, part = divmod(slot, 12 // FREQUENCIES[freq][1])
    return {"Y": f"{year}", "M": f"{year}-{part + 1:02d}"}.get(freq, f"{year}{freq}{part + 1}")
