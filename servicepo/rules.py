"""Rules declared in TOML files: grading schemes and criteria of weak branches, checked whole."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from .declared import Table, near
from .errors import FrameworkError
from .labels import Language
from .methods.grades import ROUNDINGS, TIES

_BUILT_IN: Final = Path(__file__).parent / "schemes"

METHODS: Final = ("rules", "natural_breaks", "rank_sum_ratio")
"""How a scheme finds grades: by its own cut-offs and quotas, by gaps, by the rank sum ratio."""


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade of a scheme and the scores that earn it: ``low <= score < high``.

    ``quota`` is the largest share of a class that may get it (NaN: no quota).
    """

    code: str
    name: Mapping[str, str]
    low: float
    high: float
    quota: float = math.nan

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language."""
        return self.name[language]


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that bars the better grades, whatever the score: a veto, a cap or a gate.

    Attributes
    ----------
    code : str
    name : mapping
    indicator, column, dimension : str
        What is looked at: the raw value of an indicator, a column of the organisations, or the
        score of a dimension (0..100). One is given, the others are empty.
    below, above : float
        Where it is below the one or above the other it bars; NaN: not asked. In its own unit.
    grades : tuple of str
        The grades it bars: the best ones of the scheme. Empty for a bar on promotion, which bars
        every grade better than the one held before.
    citation : str
    """

    code: str
    name: Mapping[str, str]
    indicator: str
    column: str
    dimension: str
    below: float
    above: float
    grades: tuple[str, ...]
    citation: str

    @property
    def looks_at(self) -> str:
        """The code of what is looked at."""
        return self.indicator or self.column or self.dimension

    @property
    def limit(self) -> float:
        """The number it compares with."""
        return self.above if math.isnan(self.below) else self.below


@dataclass(frozen=True, slots=True, repr=False)
class Scheme:
    """A grading scheme as declared.

    Attributes
    ----------
    id, version, citation : str
    name : mapping
    grades : tuple of Grade
        From best to worst, without gaps or overlaps.
    bars : tuple of Bar
    method : {"rules", "natural_breaks", "rank_sum_ratio"}
        "rules": by the cut-offs and quotas of the grades.
    within : str or None
        Column of the organisations whose classes quotas are filled in; None: all together.
    rounding : {"nearest", "floor", "ceil"}
        How a quota becomes a number of places.
    ties : {"up", "down"}
        Whether equals on the last place of a quota all get the grade, or none of them.
    bonus : float
        The most points that may be added to the score of 0..100.
    illustrative : bool
        True where its numbers are not given by the cited source.
    reason : str
        Why they are illustrative.
    """

    id: str
    name: Mapping[str, str]
    version: str
    citation: str
    grades: tuple[Grade, ...]
    bars: tuple[Bar, ...]
    method: str
    within: str | None
    rounding: str
    ties: str
    bonus: float
    illustrative: bool
    reason: str

    def __repr__(self) -> str:
        return f"Scheme({self.id} {self.version}: {len(self.grades)} grades, {len(self.bars)} bars)"

    @property
    def order(self) -> list[str]:
        """Codes of the grades from worst to best."""
        return [grade.code for grade in reversed(self.grades)]

    @property
    def cuts(self) -> list[float]:
        """The least score of each grade but the lowest, rising; −inf where there is none."""
        return [grade.low for grade in reversed(self.grades)][1:]

    @property
    def quotas(self) -> list[float] | None:
        """The quota of each grade, worst first (NaN: none); None where no grade has any."""
        shares = [grade.quota for grade in reversed(self.grades)]
        return None if all(map(math.isnan, shares)) else shares

    def label(self, code: str, language: Language = "zh") -> str:
        """Return the name of a grade in a language."""
        return next(grade.label(language) for grade in self.grades if grade.code == code)

    def best_allowed(self, bar: Bar) -> str:
        """Return the best grade that a bar leaves open."""
        return next(grade.code for grade in self.grades if grade.code not in bar.grades)

    def looking_at(self, indicator: str) -> Scheme:
        """Return the scheme with its bars on indicators looking at another indicator."""
        moved = (replace(bar, indicator=indicator) if bar.indicator else bar for bar in self.bars)
        return replace(self, bars=tuple(moved))


@dataclass(frozen=True, slots=True)
class Condition:
    """One number to look at: an indicator's raw value or a column of the organisations.

    Attributes
    ----------
    indicator, column : str
        One of the two is given, the other is empty.
    below, above : float
        It holds where the number is below the one or above the other; NaN: not asked.
    citation : str
    """

    indicator: str
    column: str
    below: float
    above: float
    citation: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One situation that makes a branch weak; any of its conditions is enough.

    Attributes
    ----------
    code : str
    name : mapping
    conditions : tuple of Condition
        Empty where no data can tell.
    note : str
        Why it has no conditions.
    """

    code: str
    name: Mapping[str, str]
    conditions: tuple[Condition, ...]
    note: str

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language."""
        return self.name[language]


@dataclass(frozen=True, slots=True, repr=False)
class Criteria:
    """A list of situations that make a branch weak, as declared."""

    id: str
    name: Mapping[str, str]
    version: str
    citation: str
    criteria: tuple[Criterion, ...]
    illustrative: bool
    reason: str

    def __repr__(self) -> str:
        return f"Criteria({self.id} {self.version}: {len(self.criteria)} criteria)"


def load_scheme(id_or_path: str | Path) -> Scheme:
    """Load a grading scheme and check it whole.

    Parameters
    ----------
    id_or_path : str or Path
        The id of a built-in scheme ("four_grades_2012", "three_grades", "five_stars_2015", …) or
        the path to a ``.toml`` file of your own.

    Returns
    -------
    Scheme

    Raises
    ------
    FrameworkError
        For an unknown id, a file that cannot be read, or a declaration with mistakes; the message
        lists every one with its path in the file.

    Examples
    --------
    >>> load_scheme("four_grades_2012")
    Scheme(four_grades_2012 1: 4 grades, 1 bars)
    >>> load_scheme("four_grades")
    Traceback (most recent call last):
    ...
    servicepo.errors.FrameworkError: A scheme must be a built-in id or a path to a .toml file, got \
'four_grades'. Did you mean 'four_grades_2012'?
    """
    path = _path_of(id_or_path, lambda stem: not stem.startswith("weak_"))
    top = _table_of(path)
    method = top.choice("method", METHODS, default="rules")
    grades = tuple(_take_grade(t) for t in top.tables("grades"))
    codes = [grade.code for grade in grades]
    top.take("bars")
    bars = tuple(_take_bar(t, codes) for t in top.tables("bars")) if "bars" in top.content else ()
    _check_grades(grades, top, method)
    _refuse_twice(top, "bars", [bar.code for bar in bars])
    found = Scheme(
        id=top.text("id", required=True),
        name=top.names(),
        version=top.text("version", default="1"),
        citation=top.text("citation", required=True),
        grades=grades,
        bars=bars,
        method=method,
        within=top.text("within") or None,
        rounding=top.choice("rounding", tuple(ROUNDINGS), default="nearest"),
        ties=top.choice("ties", TIES, default="up"),
        bonus=top.number("bonus", least=0) or 0.0,
        illustrative=top.flag("illustrative"),
        reason=top.text("reason"),
    )
    _refuse_mistakes(top, path)
    return found


def load_criteria(id_or_path: str | Path) -> Criteria:
    """Load criteria of weak branches and check them whole.

    Parameters
    ----------
    id_or_path : str or Path
        The id of a built-in list ("weak_opinion_eight") or the path to a ``.toml`` file.

    Returns
    -------
    Criteria

    Raises
    ------
    FrameworkError
        As `load_scheme`.

    Examples
    --------
    >>> load_criteria("weak_opinion_eight")
    Criteria(weak_opinion_eight 1: 8 criteria)
    """
    path = _path_of(id_or_path, lambda stem: stem.startswith("weak_"))
    top = _table_of(path)
    criteria = tuple(_take_criterion(t) for t in top.tables("criteria"))
    _refuse_twice(top, "criteria", [criterion.code for criterion in criteria])
    found = Criteria(
        id=top.text("id", required=True),
        name=top.names(),
        version=top.text("version", default="1"),
        citation=top.text("citation", required=True),
        criteria=criteria,
        illustrative=top.flag("illustrative"),
        reason=top.text("reason"),
    )
    _refuse_mistakes(top, path)
    return found


def _take_grade(table: Table) -> Grade:
    code, name = table.text("code", required=True), table.names()
    low, high = table.number("from"), table.number("below")
    quota = table.number("quota", least=0)
    if quota is not None and not 0 < quota < 1:
        mend = "Write 0.1 for a tenth of a class."
        table.wrong("quota", "a quota must lie between 0 and 1", quota, mend)
        quota = 0.0  # told once
    table.close()
    return Grade(
        code,
        name,
        -math.inf if low is None else low,
        math.inf if high is None else high,
        math.nan if quota is None else quota,
    )


def _take_bar(table: Table, codes: Sequence[str]) -> Bar:
    promotion = table.flag("promotion")
    grades = table.words("grades", codes, required=not promotion)
    code, name, found = table.text("code", required=True), table.names(), _take_limits(table)
    if promotion and grades:
        mend = "Keep promotion for what bars grades better than before."
        table.wrong("grades", "a bar on promotion must name no grades", list(grades), mend)
    known = bool(grades) and set(grades) <= set(codes)
    if known and set(grades) not in [set(codes[:n]) for n in range(1, len(codes))]:
        mend = f"Take the first ones of {', '.join(codes[:-1])}."
        table.wrong("grades", "grades of a bar must be the best ones", list(grades), mend)
    places, below, above = found
    bar = Bar(code, name, *places, below, above, grades, table.text("citation"))
    table.close()
    return bar


def _take_limits(table: Table) -> tuple[tuple[str, str, str], float, float]:
    """Take what a bar looks at and the limit it compares with."""
    places = (table.text("indicator"), table.text("column"), table.text("dimension"))
    below, above = table.number("below"), table.number("above")
    if sum(map(bool, places)) != 1:
        mend = "Keep the one that is looked at."
        must = "a bar must name an indicator, a column or a dimension"
        table.wrong(None, must, list(places), mend)
    if (below is None) == (above is None):
        table.wrong(None, "a bar must give below or above", [below, above], "Keep one of them.")
    missing = math.nan
    return places, missing if below is None else below, missing if above is None else above


def _take_criterion(table: Table) -> Criterion:
    code, name, note = table.text("code", required=True), table.names(), table.text("note")
    table.take("conditions")
    written = "conditions" in table.content
    found = tuple(_take_condition(t) for t in table.tables("conditions")) if written else ()
    if not written and not note:
        mend = "Add [[criteria.conditions]], or say in note why there are none."
        table.wrong("conditions", "a criterion must have conditions or a note", None, mend)
    table.close()
    return Criterion(code, name, found, note)


def _take_condition(table: Table) -> Condition:
    indicator, column = table.text("indicator"), table.text("column")
    below, above = table.number("below"), table.number("above")
    if bool(indicator) == bool(column):
        mend = "Keep the one that is looked at."
        got = [indicator, column]
        table.wrong(None, "a condition must name an indicator or a column", got, mend)
    if (below is None) == (above is None):
        got_numbers = [below, above]
        table.wrong(None, "a condition must give below or above", got_numbers, "Keep one of them.")
    citation = table.text("citation")
    table.close()
    missing = math.nan
    return Condition(
        indicator,
        column,
        missing if below is None else below,
        missing if above is None else above,
        citation,
    )


def _check_grades(grades: Sequence[Grade], table: Table, method: str) -> None:
    """Note gaps, overlaps, quotas that cannot be and repeated codes, best grade first."""
    _refuse_twice(table, "grades", [grade.code for grade in grades])
    if len(grades) < 2:
        mend = "Write [[grades]] for each, best first."
        table.wrong("grades", "a scheme must have at least 2 grades", len(grades), mend)
        return
    best, worst, last = grades[0], grades[-1], len(grades) - 1
    quotas = [grade.quota for grade in grades if not math.isnan(grade.quota)]
    cut = any(math.isfinite(edge) for grade in grades for edge in (grade.low, grade.high))
    if method != "rules":
        if cut or quotas:
            must = f"grades by {method} must have no cut-offs and no quotas"
            table.wrong("grades", must, "some", "Drop from, below and quota of the grades.")
        return
    if not math.isnan(worst.quota):
        mend = "Drop it; the lowest grade takes the rest."
        must = "the lowest grade must have no quota"
        table.wrong(f"grades[{last}].quota", must, worst.quota, mend)
    elif sum(quotas) >= 1 - 1e-9:
        mend = "Lower them so that something is left for the lowest grade."
        table.wrong("grades", "quotas must sum to less than 1", round(sum(quotas), 9), mend)
    if not cut:
        bare = [grade.code for grade in grades[:-1] if math.isnan(grade.quota)]
        if bare:
            mend = 'Write from and below, or quota, or method = "natural_breaks".'
            table.wrong("grades", "grades must have cut-offs or quotas", bare, mend)
        return
    if math.isfinite(best.high):
        mend = "Drop it, or write the best grade first."
        table.wrong("grades[0].below", "the best grade must be open above", best.high, mend)
    if math.isfinite(worst.low):
        mend = "Drop it, or add a grade below."
        table.wrong(f"grades[{last}].from", "the lowest grade must be open below", worst.low, mend)
    for place, (upper, lower) in enumerate(pairwise(grades), start=1):
        if math.isfinite(upper.low) and upper.low == lower.high:
            continue
        kind = "a gap" if lower.high < upper.low else "an overlap"
        got = f"{upper.code} from {upper.low:g}, {lower.code} below {lower.high:g}"
        must = f"grades must meet without {kind}"
        table.wrong(f"grades[{place}].below", must, got, "Give both the same number.")


def _refuse_twice(table: Table, key: str, codes: Sequence[str]) -> None:
    for code in dict.fromkeys(c for c in codes if c and codes.count(c) > 1):
        table.wrong(key, "every code must stand once", code, "Rename one of them.")


def _path_of(id_or_path: str | Path, is_one: Callable[[str], bool]) -> Path:
    built_in = {p.stem: p for p in sorted(_BUILT_IN.glob("*.toml")) if is_one(p.stem)}
    if isinstance(id_or_path, str) and id_or_path in built_in:
        return built_in[id_or_path]
    path = Path(id_or_path)
    if path.suffix != ".toml":
        raise FrameworkError(
            "A scheme must be a built-in id or a path to a .toml file, "
            f"got {str(id_or_path)!r}. {near(id_or_path, built_in)}"
        )
    if not path.is_file():
        raise FrameworkError(f"A scheme file must exist, got {str(path)!r}. Check the path.")
    return path


def _table_of(path: Path) -> Table:
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FrameworkError(
            f"A scheme file must be UTF-8 text, got other bytes (at {path}). Save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise FrameworkError(
            f"A scheme file must be TOML, got a mistake: {error} (at {path}). "
            "Mend the line it names; text stands between double quotes."
        ) from None
    return Table(content, "$", [])


def _refuse_mistakes(table: Table, path: Path) -> None:
    table.close()
    if table.problems:
        lines = "\n".join(f"- {problem}" for problem in table.problems)
        raise FrameworkError(
            f"A scheme must be declared without mistakes, got {len(table.problems)} (at {path}). "
            f"Mend each of them:\n{lines}"
        )
