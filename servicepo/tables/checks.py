"""The rules that one row must keep, as pandera schemas; rows that break them are set aside."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from ..errors import TableError
from ..labels import Language, word
from .periods import FORM
from .problems import problem_rows
from .shapes import (
    ACTIVITIES,
    ANSWERS,
    COLUMNS,
    CORE_ROLES,
    DISPOSALS,
    DOMAIN_OF_SECTOR,
    DOMAINS,
    EVIDENCE,
    FAMILY,
    KINDS,
    LEVELS,
    NEEDS,
    RESPONDENTS,
    SECTORS,
    SERVICES,
    SOURCES,
    TAGS,
    VISITS,
    WAYS,
    YES_NO,
    dtype_of,
    empty,
)

with warnings.catch_warnings():
    # Where pyspark is installed pandera loads it, and it warns of every pandas 3.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    import pandera.pandas as pa

# Closed vocabularies: field -> codes. Cells of _SEVERAL may hold several, joined by ";".
VOCABULARIES: Final = MappingProxyType(
    {
        "domain": DOMAINS,
        "sector": SECTORS,
        "level": LEVELS,
        "core_role": CORE_ROLES,
        "tags": TAGS,
        "source": SOURCES,
        "kind": KINDS,
        "evidence": EVIDENCE,
        "service": SERVICES,
        "need": NEEDS,
        "way": WAYS,
        "disposal": DISPOSALS,
        "satisfaction": ANSWERS,
        "visit": VISITS,
        "activity": ACTIVITIES,
        **dict.fromkeys(("first_asked", "reopened", "called_back"), YES_NO),
        "respondent": RESPONDENTS,
        "answer": ANSWERS,
    }
)
_SEVERAL: Final = ("tags", "evidence")
_REQUIRED: Final = {
    "organisations": ("org",),
    "evaluations": ("org", "period", "indicator", "score"),
    "services": ("org", "accepted"),
    "surveys": ("org", "period", "question", "answer", "count"),
}
_COUNTS: Final = (
    "members",
    "households",
    "staff",
    "grids",
    "times",
    "participants",
    "hours",
    "count",
    "issued",
    "full_mark",
)


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """A table after its check.

    Attributes
    ----------
    rows : DataFrame
        The rows that keep every rule, as they were given.
    problems : DataFrame
        One "error" for each row set aside (columns ``PROBLEMS``), in the order of the rows.
    """

    rows: pd.DataFrame
    problems: pd.DataFrame


# -- the rules ---------------------------------------------------------------------------------
def _codes_known(codes: Iterable[str]) -> Callable[[pd.Series], Any]:
    allowed = frozenset(codes)

    def known(cells: pd.Series) -> Any:
        unknown = [c for c in cells.unique() if not (c in allowed or pd.isna(c))]
        return ~cells.isin(unknown) if unknown else True

    return known


def _every_code_known(codes: Iterable[str]) -> Callable[[pd.Series], Any]:
    allowed = frozenset(codes)

    def known(cells: pd.Series) -> Any:
        unknown = [
            c for c in cells.unique() if not (pd.isna(c) or allowed.issuperset(c.split(";")))
        ]
        return ~cells.isin(unknown) if unknown else True

    return known


def _period_form(cells: pd.Series) -> Any:
    wrong = [c for c in cells.unique() if not (pd.isna(c) or FORM.fullmatch(str(c)))]
    return ~cells.isin(wrong) if wrong else True


def _sector_in_domain(frame: pd.DataFrame) -> pd.Series:
    expected = frame["sector"].map(DOMAIN_OF_SECTOR)
    return (frame["domain"] == expected) | frame["domain"].isna() | expected.isna()


def _not_before(first: str, then: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Compare two moments; one without a time of day is only compared by its day."""

    def ordered(frame: pd.DataFrame) -> pd.Series:
        before, after = frame[first], frame[then]
        wrong = after < before
        if wrong.any():
            day = after.dt.normalize()
            wrong &= ~((after == day) & (before.dt.normalize() == day))
        return ~wrong

    return ordered


def _not_above(small: str, large: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: ~(frame[small] > frame[large])


_ROW_RULES: Final[dict[str, tuple[tuple[str, tuple[str, ...], Callable[..., Any]], ...]]] = {
    "organisations": (("sector_of_other_domain", ("sector", "domain"), _sector_in_domain),),
    "evaluations": (("above_full_mark", ("score", "full_mark"), _not_above("score", "full_mark")),),
    "services": tuple(
        (f"{then}_before_accepted", (then, "accepted"), _not_before("accepted", then))
        for then in ("undertaken", "replied", "due")
    ),
    "surveys": (("above_issued", ("count", "issued"), _not_above("count", "issued")),),
}


def _type_of(column: str) -> Callable[[pd.Series], bool]:
    kinds = {"float64": "iuf", "datetime64[us]": "M"}[dtype_of(column)]
    return lambda cells: cells.dtype.kind in kinds


def _column(table: str, name: str) -> pa.Column:
    """Return the schema of one column: its type, its codes or form, its range."""
    rules: list[tuple[str, Callable[[pd.Series], Any]]] = []
    if dtype_of(name) in ("float64", "datetime64[us]"):
        rules.append(("type", _type_of(name)))
    if name in VOCABULARIES:
        known = _every_code_known if name in _SEVERAL else _codes_known
        rules.append(("unknown_code", known(VOCABULARIES[name])))
    if name == "period":
        rules.append(("period_form", _period_form))
    if name in _COUNTS:
        rules.append(("negative", lambda cells: ~(cells < 0)))
    if dtype_of(name) == "float64":
        rules.append(("not_finite", lambda cells: ~np.isinf(cells)))
    checks = [pa.Check(rule, name=code, ignore_na=False) for code, rule in rules]
    return pa.Column(None, checks, nullable=name not in _REQUIRED[table])


def _schema(table: str) -> pa.DataFrameSchema:
    names = ("org", *COLUMNS[table]) if table == "organisations" else COLUMNS[table]
    return pa.DataFrameSchema(
        {name: _column(table, name) for name in names},
        checks=[pa.Check(rule, name=code, ignore_na=False) for code, _, rule in _ROW_RULES[table]],
        name=table,
    )


SCHEMAS: Final = MappingProxyType({table: _schema(table) for table in COLUMNS})
# Columns that may hold anything need no visit: `_ready` has seen that they are there.
_RULED: Final = {
    table: schema.remove_columns(
        [name for name, column in schema.columns.items() if column.nullable and not column.checks]
    )
    for table, schema in SCHEMAS.items()
}


# -- the check ---------------------------------------------------------------------------------
def check(frame: pd.DataFrame, table: str, *, language: Language = "zh") -> Checked:
    """Check every row of a table by itself.

    Parameters
    ----------
    frame : DataFrame
        The table, with all its columns (see `empty`); ``organisations`` is indexed by ``org``.
        Text may be categorical.
        Missing values are allowed except in what identifies a row (``org``, ``period``,
        ``indicator``, ``score``, ``accepted``, ``question``, ``answer``, ``count``).
    table : {"organisations", "evaluations", "services", "surveys"}
        Which table it is.
    language : {"zh", "en"}
        Language of ``must`` and ``mend`` in the problems.

    Returns
    -------
    Checked
        ``len(rows) + len(problems) == len(frame)``.

    Raises
    ------
    TableError
        Where columns are missing or of the wrong type: no row could be checked then.

    Notes
    -----
    Rules: codes of a closed vocabulary; a sector of its own domain; the form of the period; counts
    and full marks not negative; numbers finite; score ≤ full mark; count ≤ questionnaires issued;
    undertaken, replied and due not before accepted (a moment without a time of day counts as its
    whole day).

    Examples
    --------
    >>> frame = empty("surveys").reindex(range(2)).assign(
    ...     org="张村", period="2024", question="总体", answer="satisfied", count=[30.0, -1.0]
    ... )
    >>> checked = check(frame, "surveys", language="en")
    >>> len(checked.rows), checked.problems.loc[0, "must"]
    (1, 'count must not be negative')
    """
    rows = _ready(frame, table)
    if rows.empty:
        return Checked(frame, empty("problems"))
    try:
        _RULED[table].validate(rows, lazy=True, inplace=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return Checked(frame, empty("problems"))
    _refuse_types(rows, cases, table)
    problems = _problems(rows, cases, table, language)
    kept = np.ones(len(rows), dtype=bool)
    kept[cases["index"].to_numpy(np.int64)] = False
    return Checked(frame[kept], problems)


def _ready(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the frame with positions as index and all columns, or refuse."""
    if table not in COLUMNS:
        raise TableError(
            f"table must be one of {', '.join(COLUMNS)}, got {table!r}. Give one of them."
        )
    if table == "organisations" and "org" not in frame:
        frame = frame.rename_axis("org").reset_index()
    wanted = ["org", *COLUMNS[table]] if table == "organisations" else COLUMNS[table]
    missing = [name for name in wanted if name not in frame]
    if missing:
        others = [str(c) for c in frame.columns if c not in wanted]
        near = {
            m: process.extractOne(m, others, scorer=fuzz.ratio, score_cutoff=60) for m in missing
        }
        named = ", ".join(f"{m} (near: {n[0]})" if n else m for m, n in near.items())
        raise TableError(
            f"{table} must have all its columns, got none for {named}. "
            f'Start from servicepo.tables.empty("{table}").'
        )
    return frame.reset_index(drop=True)


def _refuse_types(rows: pd.DataFrame, cases: pd.DataFrame, table: str) -> None:
    wrong = cases.loc[cases["check"].eq("type"), "column"].unique()
    if len(wrong):
        named = ", ".join(f"{c} ({dtype_of(c)}, not {rows[c].dtype})" for c in wrong)
        raise TableError(
            f"columns of {table} must be of their type, got {named}. "
            "Convert them with servicepo.reading.values."
        )


def _problems(
    rows: pd.DataFrame, cases: pd.DataFrame, table: str, language: Language
) -> pd.DataFrame:
    """Return one problem per broken row, its reasons joined."""
    fields = {code: names for code, names, _ in _ROW_RULES[table]}
    cases = cases.assign(
        rule=cases["check"].replace("not_nullable", "missing"),
        index=cases["index"].astype(np.int64),
    )
    # A rule over several columns is reported once per column of the frame: one case is enough.
    cases["column"] = cases["column"].mask(cases["rule"].isin(fields), "")
    cases = cases.drop_duplicates(["rule", "column", "index"])
    parts = [
        _tell(rows.loc[group["index"]], str(rule), fields.get(str(rule), (str(column),)), language)
        for (rule, column), group in cases.groupby(["rule", "column"], sort=False)
    ]
    joined = parts[0]
    for part in parts[1:]:
        again = part.index.intersection(joined.index)
        for column, between in (
            ("column", "；"),
            ("value", "；"),
            ("must", "；"),
            ("mend", "" if language == "zh" else " "),
        ):
            joined.loc[again, column] += between + part.loc[again, column]
        joined = pd.concat([joined, part.drop(again)])
    joined = joined.sort_index()
    told = {str(name): joined[name] for name in joined}
    return problem_rows(rows.loc[joined.index], severity="error", **told)


def _tell(
    rows: pd.DataFrame, rule: str, fields: tuple[str, ...], language: Language
) -> pd.DataFrame:
    words = {
        "field": word(f"field.{fields[0]}", language),
        "codes": _codes_in_words(fields[0], language),
    }
    values = shown(rows[fields[0]])
    for field in fields[1:]:
        values = values + "；" + shown(rows[field])
    return pd.DataFrame(
        {
            "rule": rule,
            "column": "；".join(fields),
            "value": values,
            "must": word(f"must.{rule}", language).format(**words),
            "mend": word(f"mend.{rule}", language).format(**words),
        },
        index=rows.index,
    )


def _codes_in_words(field: str, language: Language) -> str:
    family = FAMILY.get(field, field)
    codes = VOCABULARIES.get(field, ())
    return ("、" if language == "zh" else ", ").join(word(f"{family}.{c}", language) for c in codes)


def shown(cells: pd.Series) -> pd.Series:
    """Return cells as text for people: whole numbers without a point, days without a time.

    Parameters
    ----------
    cells : Series
        Numbers, moments or text.

    Returns
    -------
    Series of str
        Missing cells are empty text.

    Examples
    --------
    >>> shown(pd.Series([120.0, None, 0.5])).tolist()
    ['120', '', '0.5']
    """
    if cells.dtype.kind == "f":
        return cells.map("{:.10g}".format, na_action="ignore").astype("str").fillna("")
    if cells.dtype.kind == "M":
        text: pd.Series = cells.dt.strftime("%Y-%m-%d %H:%M").astype("str")
        return text.str.removesuffix(" 00:00").fillna("")
    return cells.astype("str").fillna("")  # text and row numbers
