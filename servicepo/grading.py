"""Grades: 好, 较好, 一般, 较差 by a declared scheme, with every rule that was applied."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .bench import hold_down
from .declared import near
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, word
from .rules import Bar, Scheme, load_scheme

# Scores are sums of products; what misses a cut-off by less than this misses it by rounding only.
TOLERANCE: Final = 1e-9
# Normalisations that measure against declared bounds, so that 60 means 60 of 100 marks.
ABSOLUTE: Final = ("goalposts", "score_rate", "fixed")


@dataclass(frozen=True, eq=False, slots=True)
class Grades:
    """The grades of organisations and the rules that led to them.

    Attributes
    ----------
    table : DataFrame
        Indexed by (org, period): ``score`` (0..100), ``by_score`` (the grade the score alone would
        earn), ``bars`` (codes of the bars that lowered it, joined by ";"), ``unchecked`` (codes of
        the bars whose value is missing), ``grade``. Grades are ordered categories, worst first;
        an organisation without a score has none.
    scheme : Scheme
        What was applied.
    index : Index
        What was graded: the given index, or the same values scored against their declared bounds.
    rescored : bool
        Whether it was the latter.
    """

    table: pd.DataFrame
    scheme: Scheme
    index: Index
    rescored: bool

    def __repr__(self) -> str:
        counts = self.table["grade"].value_counts().reindex(self.scheme.order[::-1])
        told = ", ".join(f"{code} {count}" for code, count in counts.items())
        return f"Grades({self.scheme.id}: {told}, ungraded {self.table['grade'].isna().sum()})"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.counts().to_html(index=False)}"

    def counts(self, *, by: str | None = None) -> pd.DataFrame:
        """Count the grades of each period.

        Parameters
        ----------
        by : str, optional
            Column of the organisations, such as "domain", whose classes are counted apart.

        Returns
        -------
        DataFrame
            One row per period (and class) and grade, best first: ``period``, the column ``by``,
            ``grade``, ``count``, ``share`` (of those graded there).

        Raises
        ------
        MethodError
            For a column that the organisations do not have.
        """
        keys = ["period"] if by is None else ["period", by]
        frame = self.table[["grade"]].reset_index("period")
        if by is not None:
            attributes = self.index.attributes
            if by not in attributes.columns:
                raise MethodError(
                    f"by must be a column of the organisations, got {by!r}. "
                    f"{near(by, attributes.columns)}"
                )
            frame[by] = attributes[by].to_numpy()
        counts = (
            frame.groupby([*keys, "grade"], observed=False)
            .size()
            .rename("count")
            .reset_index()
            .sort_values([*keys, "grade"], ascending=[True] * len(keys) + [False])
            .reset_index(drop=True)
        )
        total = counts.groupby(keys)["count"].transform("sum")
        return counts.assign(share=counts["count"] / total.where(total > 0))

    def trace(self, org: str) -> pd.DataFrame:
        """Tell every rule that was tried on an organisation, period by period.

        Parameters
        ----------
        org : str
            The organisation.

        Returns
        -------
        DataFrame
            One row per rule: ``period``, ``rule`` ("score" or the code of a bar), ``value``,
            ``least`` (what the rule asks for), ``outcome``, ``grade`` (after the rule). Outcomes:
            "earned" (by the score), "passed", "barred" (lowered by the bar), "no_effect" (below
            the bar, but the grade is not one that it bars), "no_data".

        Raises
        ------
        MethodError
            For an organisation that is not in the index.
        """
        if org not in self.table.index.get_level_values("org"):
            raise MethodError(
                f"an organisation of the index must be named, got {org!r}. "
                "Look it up in grades.table."
            )
        lows = {grade.code: grade.low for grade in self.scheme.grades}
        looked_at = {bar.code: _bar_values(self.index, bar) for bar in self.scheme.bars}
        rows: list[tuple[object, ...]] = []
        periods = self.table.index.get_level_values("period")
        for place in np.flatnonzero(self.table.index.get_level_values("org") == org).tolist():
            own, period = self.table.iloc[place], periods[place]
            now = own["by_score"]
            if pd.isna(now):
                rows.append((period, "score", np.nan, np.nan, "no_data", None))
                continue
            rows.append((period, "score", own["score"], lows[now], "earned", now))
            for bar in self.scheme.bars:
                value = looked_at[bar.code][place]
                outcome = _outcome(value, bar, now)
                now = self.scheme.best_allowed(bar) if outcome == "barred" else now
                rows.append((period, bar.code, value, bar.below, outcome, now))
        columns = ["period", "rule", "value", "least", "outcome", "grade"]
        return pd.DataFrame(rows, columns=columns)

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how grades were given, ready for a methods section."""
        names = {grade.code: grade.label(language) for grade in self.scheme.grades}
        comma, semicolon = ("、", "；") if language == "zh" else (", ", "; ")
        cuts = [
            word("methods.grade.cut", language).format(name=names[grade.code], low=grade.low)
            for grade in self.scheme.grades
            if math.isfinite(grade.low)
        ]
        bars = [
            word("methods.grade.bar", language).format(
                name=bar.name[language], grades=comma.join(names[code] for code in bar.grades)
            )
            for bar in self.scheme.bars
        ]
        parts = [
            word("methods.grade", language).format(
                scheme=self.scheme.name[language],
                cuts=comma.join(cuts),
                lowest=self.scheme.grades[-1].label(language),
            )
        ]
        if bars:
            parts.append(word("methods.grade.bars", language).format(bars=semicolon.join(bars)))
        if self.rescored:
            parts.append(word("methods.grade.rescored", language))
        if self.scheme.illustrative:
            parts.append(word("methods.grade.illustrative", language))
        return ("" if language == "zh" else " ").join(parts)


def grade(
    index: Index, scheme: str | Path = "four_grades_2012", *, satisfaction: str | None = None
) -> Grades:
    """Grade the organisations of every period by a declared scheme.

    Parameters
    ----------
    index : Index
        Cut-offs such as 90, 80 and 60 are marks out of 100. So an index that was normalised among
        the organisations themselves (min–max, ranks, …) is scored again against the declared bounds
        of its indicators, with the same weights and aggregation; outliers count as they are.
    scheme : str or Path
        The id of a built-in scheme ("four_grades_2012", "three_grades") or the path to a ``.toml``
        file of your own.
    satisfaction : str, optional
        Code of the indicator that the scheme's bars look at, in place of the one declared there. By
        default, where the framework does not know the declared one, its first survey indicator.

    Returns
    -------
    Grades

    Raises
    ------
    FrameworkError
        For a scheme that is unknown or wrong: gaps, overlaps and all other mistakes at once.
    MethodError
        For scores outside 0..100, or a ``satisfaction`` that has no values.

    Warns
    -----
    MethodWarning
        Where values that a bar looks at are missing: these rows are graded by their score alone.
        Where an indicator has no declared bounds, so that relative scores are graded.

    Notes
    -----
    A score counts as reaching a cut-off when it misses it by less than 1e-9; nothing else is
    rounded. A bar lowers a grade to the best one that it leaves open.

    Examples
    --------
    >>> from servicepo.framework import load_framework
    >>> from servicepo.index import build_index
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村", "乙村", "丙校", "丁校"], pd.PeriodIndex(["2023", "2024"], freq="Y")],
    ...     names=["org", "period"],
    ... )
    >>> values = pd.DataFrame({"team_style": [70.0, 60, 90, 92, 80, 85, 75, 88]}, rows)
    >>> values["results_welcomed"] = [0.8, 0.7, 0.95, 0.96, 0.9, 0.85, 0.8, 0.92]
    >>> index = build_index(values, load_framework("six_haves"), normalise="goalposts")
    >>> made = grade(index)
    >>> made
    Grades(four_grades_2012: good 3, fairly_good 1, average 4, poor 0, ungraded 0)
    >>> made.trace("丙校")[["rule", "value", "outcome", "grade"]].tail(2)
               rule  value outcome        grade
    2         score  85.00  earned  fairly_good
    3  satisfaction   0.85  barred      average
    """
    plan = load_scheme(scheme)
    if satisfaction is not None:
        if satisfaction not in index.values.columns:
            raise MethodError(
                f"satisfaction must be an indicator with values, got {satisfaction!r}. "
                f"{near(satisfaction, index.values.columns)}"
            )
        plan = plan.looking_at(satisfaction)
    elif plan.bars and not {bar.indicator for bar in plan.bars} & set(index.values.columns):
        # A framework of one's own names its satisfaction as it likes; the survey tells which it is.
        surveys = [i.code for i in index.framework.indicators if i.source.get("kind") == "survey"]
        present = [code for code in surveys if code in index.values.columns]
        plan = plan.looking_at(present[0]) if present else plan
    graded = _against_bounds(index)
    score = graded.overall.rename("score")
    _refuse_outside(score)
    by_score = grade_scores(score, plan)
    place = by_score.cat.codes.to_numpy().copy()
    lowered, unchecked = (np.full(len(score), "", dtype=object) for _ in range(2))
    for bar in plan.bars:
        values = _bar_values(graded, bar)
        missing = np.isnan(values) & (place >= 0)
        _warn_unchecked(bar, int(missing.sum()), int((place >= 0).sum()))
        allowed = plan.order.index(plan.best_allowed(bar))
        barred = (values < bar.below - TOLERANCE) & (place > allowed)
        place[barred] = allowed
        for told, rows in ((unchecked, missing), (lowered, barred)):
            told[rows] = [f"{old};{bar.code}".lstrip(";") for old in told[rows]]
    table = pd.DataFrame(
        {
            "score": score,
            "by_score": by_score,
            "bars": pd.Series(lowered, index=score.index, dtype="str"),
            "unchecked": pd.Series(unchecked, index=score.index, dtype="str"),
            "grade": pd.Categorical.from_codes(place, by_score.cat.categories, ordered=True),
        }
    )
    return Grades(table, plan, graded, graded is not index)


def grade_scores(scores: pd.Series, scheme: Scheme) -> pd.Series:
    """Grade scores by the cut-offs alone.

    Parameters
    ----------
    scores : Series of float
        0..100; NaN gets no grade.
    scheme : Scheme
        Its cut-offs.

    Returns
    -------
    Series of ordered categories
        Worst first.

    Examples
    --------
    >>> scheme = load_scheme("four_grades_2012")
    >>> grade_scores(pd.Series([90.0, 89.9, 60.0, 12.0]), scheme).tolist()
    ['good', 'fairly_good', 'average', 'poor']
    """
    cuts = [found.low for found in reversed(scheme.grades)][1:]
    place = np.searchsorted(cuts, scores.to_numpy(dtype=float) + TOLERANCE, side="right")
    place = np.where(scores.isna(), -1, place)
    made = pd.Categorical.from_codes(place, categories=pd.Index(scheme.order), ordered=True)
    return pd.Series(made, index=scores.index, name="grade")


def _against_bounds(index: Index) -> Index:
    """Return the index scored against declared bounds, where all its indicators have them."""
    if index.choices.normalise in ABSOLUTE:
        return index
    codes = index.scale.codes
    unbounded = [code for code in codes if index.framework.indicator(code).goalposts is None]
    if not unbounded:
        return _rescored(index)
    warnings.warn(
        "Cut-offs are marks out of 100 and need indicators with declared bounds; "
        f"{', '.join(unbounded)} have none, so relative scores are graded. "
        "Add full_mark or goalposts to the framework.",
        MethodWarning,
        stacklevel=3,
    )
    return index


def _rescored(index: Index) -> Index:
    """Score against declared bounds; the weights stay as they are, whatever data gave them."""
    marks = index.rebuild(treat="none", normalise="goalposts", weights="equal")
    choices = replace(marks.choices, weights=index.choices.weights)
    marks = replace(marks, choices=choices, weights=index.weights, _groups=index._groups)
    values = marks.prepared.values
    built = marks._combine(marks._scored(values))
    held = hold_down(built.overall, values, choices.aggregate, index.framework)
    return replace(
        marks,
        overall=built.overall if held is None else held["score"].rename("overall"),
        dimensions=built.dimensions,
        coverage=built.coverage,
        vetoed=held,
    )


def _refuse_outside(score: pd.Series) -> None:
    outside = score[(score < -TOLERANCE) | (score > 100 + TOLERANCE)]
    if len(outside):
        raise MethodError(
            f"scores must lie on 0..100 to be graded, got {outside.iloc[0]:.4g} "
            f"(at {outside.index[0][0]}). Build the index with a bounded normalisation, "
            'such as normalise="goalposts".'
        )


def _bar_values(index: Index, bar: Bar) -> npt.NDArray[np.float64]:
    if bar.indicator not in index.values.columns:
        return np.full(len(index.overall), np.nan)
    found = index.values[bar.indicator].reindex(index.overall.index)
    return np.asarray(found, dtype=float)


def _outcome(value: float, bar: Bar, grade: str) -> str:
    if np.isnan(value):
        return "no_data"
    if value >= bar.below - TOLERANCE:
        return "passed"
    return "barred" if grade in bar.grades else "no_effect"


def _warn_unchecked(bar: Bar, missing: int, graded: int) -> None:
    if missing:
        warnings.warn(
            f"The bar {bar.code!r} needs values of {bar.indicator!r}; {missing} of {graded} graded "
            "rows have none and are graded by their score alone. Add the values, or name another "
            "indicator with satisfaction=.",
            MethodWarning,
            stacklevel=3,
        )
