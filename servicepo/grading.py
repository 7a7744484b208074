"""Grades: 好, 较好, 一般, 较差 by a declared scheme, with every rule that was applied."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .awarding import Awarded, Band, apply_scheme, bar_values, steps_to, trips
from .conditions import COLUMNS
from .declared import near
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, word
from .marks import against_bounds, refuse_outside
from .methods.compiled import on_every_core
from .methods.grades import award
from .rules import Bar, Scheme, load_scheme
from .tables import text_of

USUAL_BAND: Final = 0.7

BLOCK: Final = 1 << 17  # organisations whose steps are looked for at a time


@dataclass(frozen=True, eq=False, slots=True)
class Grades:
    """The grades of organisations and the rules that led to them.

    Attributes
    ----------
    table : DataFrame
        Indexed by (org, period):

        - ``group`` (the class, "all" without classes), ``score`` (0..100 and the bonus; 100 × RSR
          for a rank sum ratio);
        - ``by_score`` (the grade by scores alone), ``bars`` (codes of the bars that lowered it,
          joined by ";"), ``unchecked`` (codes of the bars whose value is missing), ``held``
          (whether the band around the grade held before made a difference), ``grade``;
        - ``p_grade`` (probability that the true score lies in this grade), ``p_same`` (probability
          of the same grade in a second measurement without any change); NaN where the noise is
          not known.

        Grades are ordered categories, worst first; an organisation without a score has none.
    quotas : DataFrame
        One row per period, class and grade with a quota, best first: ``period``, ``group``,
        ``grade``, ``n``, ``quota`` (share × n), ``places`` (the quota rounded), ``candidates``,
        ``given``, ``tied`` (equals on the last place), ``note`` ("below_one": rounded to no place;
        "tie_up", "tie_down": what became of the equals; "not_filled": fewer candidates).
    probabilities : DataFrame
        (org, period) × grade, worst first: P(grade), rows sum to 1.
    scheme : Scheme
        What was applied.
    index : Index
        What was graded: the given index, or the same values scored against their declared bounds.
    rescored : bool
        Whether it was the latter.
    within : str or None
        Column of the classes.
    band : float or None
        Half the width of the band around the grade held before, in standard errors; NaN where it
        was given in points, None without.
    """

    table: pd.DataFrame
    quotas: pd.DataFrame
    probabilities: pd.DataFrame
    scheme: Scheme
    index: Index
    rescored: bool
    within: str | None
    band: float | None
    _awarded: Awarded = field(repr=False)

    def __repr__(self) -> str:
        counts = self.table["grade"].value_counts().reindex(self.scheme.order[::-1])
        told = ", ".join(f"{code} {count}" for code, count in counts.items())
        churn = self.expected_churn
        more = "" if math.isnan(churn) else f"; chance alone changes at least {churn:.0%}"
        ungraded = self.table["grade"].isna().sum()
        return f"Grades({self.scheme.id}: {told}, ungraded {ungraded}{more})"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.counts().to_html(index=False)}"

    @property
    def expected_churn(self) -> float:
        """Share of grades that a second measurement would change though nothing had changed.

        Among those whose noise is known; NaN where that is nobody. A lower bound: standard errors
        know only what the tally could know, and what bars look at counts as certain.
        """
        return float(1 - self.table["p_same"].mean())

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
            One row per rule: ``period``, ``rule`` ("score", "band", the code of a bar, or "quota:"
            and the grade), ``value``, ``least`` (the limit of the rule; the number of places for a
            quota), ``outcome``, ``grade`` (after the rule). Outcomes: "earned" (by the score),
            "ranked" (the score counts by quotas only), "held" (kept by the band), "passed",
            "barred" (lowered by the bar), "no_effect" (the rule applies, but changes nothing),
            "placed" and "over_quota" (``value`` is the place in the queue), "no_data".

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
        looked_at = {bar.code: bar_values(self.index, bar) for bar in self.scheme.bars}
        rows: list[tuple[object, ...]] = []
        places = np.flatnonzero(self.table.index.get_level_values("org") == org)
        for place in places.tolist():
            rows += self._told(place, {code: values[place] for code, values in looked_at.items()})
        columns = ["period", "rule", "value", "least", "outcome", "grade"]
        return pd.DataFrame(rows, columns=columns)

    def _told(self, row: int, looked_at: Mapping[str, float]) -> list[tuple[object, ...]]:
        """Tell the rules of one row in the order in which they were applied."""
        made, order = self._awarded, self.scheme.order
        period = self.table.index.get_level_values("period")[row]
        score, now = made.score[row], int(made.by_cut[row])
        if now < 0:
            return [(period, "score", score, np.nan, "no_data", None)]
        cuts = [-math.inf, *made.cuts[row]]
        least = cuts[now] if math.isfinite(cuts[now]) else np.nan
        cut = any(map(math.isfinite, self.scheme.cuts)) or self.scheme.method != "rules"
        if self.scheme.method == "rank_sum_ratio":
            least = np.nan
        rows: list[tuple[object, ...]] = [
            (period, "score", score, least, "earned" if cut else "ranked", order[now])
        ]
        before, margin = int(made.before[row]), float(made.margin[row])
        if before >= 0 and margin > 0:
            given = award([score], made.cuts[[row]], previous=[before], margin=margin)
            kept = int(given.grade[0])
            outcome = "no_effect" if kept == now else "held"
            now = kept
            rows.append((period, "band", margin, np.nan, outcome, order[now]))
        for bar in self.scheme.bars:
            value = looked_at[bar.code]
            most = order.index(self.scheme.best_allowed(bar)) if bar.grades else before
            outcome = _outcome(value, bar, now, most)
            now = most if outcome == "barred" else now
            rows.append((period, bar.code, value, bar.limit, outcome, order[now]))
        while now > 0 and not np.isnan(made.queue[row, now]):
            queue = made.queue[row, now]
            own = self.quotas[self.quotas["grade"] == order[now]]
            own = own[(own["period"] == period) & (own["group"] == made.group.iloc[row])]
            seats = int(own["places"].iloc[0])
            outcome = "placed" if queue <= seats else "over_quota"
            rule = f"quota:{order[now]}"
            now -= outcome == "over_quota"
            rows.append((period, rule, queue, seats, outcome, order[now]))
            if outcome == "placed":
                break
        return rows

    def conditions(
        self,
        org: str | None = None,
        *,
        period: pd.Period | str | None = None,
        costs: pd.Series | None = None,
        caps: pd.Series | None = None,
    ) -> pd.DataFrame:
        """Tell what it takes to reach the next grade, the others staying as they are.

        Parameters
        ----------
        org : str, optional
            The organisation; everybody with a grade below the best by default.
        period : Period or str, optional
            The last one by default.
        costs, caps : Series, optional
            As in `WeakBranches.conditions`.

        Returns
        -------
        DataFrame
            As `WeakBranches.conditions`; ``rule`` is the next grade, or the code of a bar that
            closes it. Where a quota is full, the score to be reached is the lowest one that was
            given the grade in the class, which must then be exceeded.

        Raises
        ------
        MethodError
            For an unknown organisation or period, a scheme by rank sum ratio, or an index that is
            no bounded arithmetic or geometric mean.
        """
        if self.scheme.method == "rank_sum_ratio":
            raise MethodError(
                "conditions need cut-offs, quotas or natural breaks, got a rank sum ratio. "
                "Grade by another scheme."
            )
        periods = self.table.index.get_level_values("period")
        told = {text_of(when): when for when in periods.unique()}
        when = periods.max() if period is None else told.get(str(period))
        mine = (periods == when) & (self._awarded.grade >= 0)
        orgs = self.table.index.get_level_values("org")
        if org is not None:
            mine &= orgs == org
            if not mine.any():
                raise MethodError(
                    f"an organisation with a grade in {period or when} must be named, got {org!r}. "
                    "Look it up in grades.table."
                )
        at = np.flatnonzero(mine & (self._awarded.grade < len(self.scheme.grades) - 1))
        aims = self._awarded.grade[at] + 1
        how = self.index, self.scheme, self._awarded
        blocks = [
            (level, own[first : first + BLOCK])
            for level in np.unique(aims)
            for own in [at[aims == level]]
            for first in range(0, len(own), BLOCK)
        ]
        parts = on_every_core(lambda block: steps_to(*how, *block, costs, caps), blocks)
        made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        made = made.reindex(columns=["org", *COLUMNS])
        return made if org is None else made.drop(columns="org")

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how grades were given, ready for a methods section."""
        say = {"language": language}
        names = {grade.code: grade.label(language) for grade in self.scheme.grades}
        comma, semicolon = ("、", "；") if language == "zh" else (", ", "; ")
        cuts = [
            word("methods.grade.cut", **say).format(name=names[grade.code], low=grade.low)
            for grade in self.scheme.grades
            if math.isfinite(grade.low)
        ]
        lowest = self.scheme.grades[-1].label(language)
        key = "methods.grade" if cuts else f"methods.grade.{self.scheme.method}"
        parts = [
            word(key, language).format(
                scheme=self.scheme.name[language],
                cuts=comma.join(cuts),
                lowest=lowest,
                grades=comma.join(names.values()),
            )
        ]
        shares = [
            word("methods.grade.quota", language).format(name=g.label(language), quota=g.quota)
            for g in self.scheme.grades
            if not math.isnan(g.quota)
        ]
        if shares:
            classes = "methods.grade.within" if self.within else "methods.grade.together"
            parts.append(
                word("methods.grade.quotas", language).format(
                    within=word(classes, language).format(by=word(self.within or "", language)),
                    quotas=comma.join(shares),
                    rounding=word(f"rounding.{self.scheme.rounding}", language),
                    ties=word(f"ties.{self.scheme.ties}", language),
                )
            )
        bars = [
            word(f"methods.grade.bar{'' if bar.grades else '.promotion'}", language).format(
                name=bar.name[language], grades=comma.join(names[code] for code in bar.grades)
            )
            for bar in self.scheme.bars
        ]
        if bars:
            parts.append(word("methods.grade.bars", language).format(bars=semicolon.join(bars)))
        if self.band is not None:
            known = "band" if self.band == self.band else "band.points"
            parts.append(word(f"methods.grade.{known}", language).format(band=self.band))
        if self.rescored:
            parts.append(word("methods.grade.rescored", language))
        if self.scheme.illustrative:
            parts.append(word("methods.grade.illustrative", language))
        if not math.isnan(self.expected_churn):
            text = word("methods.grade.churn", language)
            parts.append(text.format(churn=self.expected_churn))
        return ("" if language == "zh" else " ").join(parts)


def grade(
    index: Index,
    scheme: str | Path | Scheme = "four_grades_2012",
    *,
    satisfaction: str | None = None,
    within: str | None = "scheme",
    previous: Grades | pd.Series | None = None,
    band: float | pd.Series | None = None,
    bonus: pd.Series | None = None,
) -> Grades:
    """Grade the organisations of every period by a declared scheme.

    Parameters
    ----------
    index : Index
        Cut-offs such as 90, 80 and 60 are marks out of 100. So for a scheme with cut-offs an index
        that was normalised among the organisations themselves (min–max, ranks, …) is scored again
        against the declared bounds of its indicators, with the same weights and aggregation;
        outliers count as they are.
    scheme : str, Path or Scheme
        The id of a built-in scheme ("four_grades_2012", "three_grades", "five_stars_2015",
        "branch_stars", "four_grades_quota", "four_grades_natural_breaks", …), the path to a
        ``.toml`` file of your own, or a scheme as `load_scheme` gives it.
    satisfaction : str, optional
        Code of the indicator that the scheme's bars look at, in place of the one declared there. By
        default, where the framework does not know the declared one, its first survey indicator.
    within : str or None
        Column of the organisations in whose classes quotas are filled, natural breaks found and
        scores shrunken; "scheme" takes what the scheme declares; None: all together.
    previous : Grades or Series, optional
        The grades held before the first period: of the same scheme, by org or (org, period).
    band : float or Series, optional
        A grade held before is given up only where the score goes beyond the cut-off by more than
        ``band`` standard errors (or points, for a Series by org or by (org, period)). With
        ``previous`` 0.7 by default, otherwise no band; 0 for none. Each period holds on to the one
        before.
    bonus : Series, optional
        Points added to the overall score (加分、扣分), by org or (org, period); cut off at what the
        scheme allows.

    Returns
    -------
    Grades

    Raises
    ------
    FrameworkError
        For a scheme that is unknown or wrong: gaps, overlaps and all other mistakes at once.
    MethodError
        For scores outside 0..100, scores on different full marks in one class, a rate outside 0..1
        under a bar, a ``satisfaction`` that has no values, grades held before that the scheme does
        not know, a band without standard errors, or a bonus that the scheme does not allow.

    Warns
    -----
    MethodWarning
        Where values that a bar looks at are missing: these rows are graded by their score alone.
        Where an indicator has no declared bounds, so that relative scores are graded. Where a quota
        is rounded to no place, equals stand on its last place, or a class holds only equal scores.

    Notes
    -----
    Bars first close the better grades to whom they apply; then, from the best grade down, the
    candidates of each class (whose score reaches the cut-off) get the grade in the order of their
    scores as long as its quota lasts. A score counts as reaching a cut-off when it misses it by
    less than 1e-9; nothing else is rounded.

    P(grade): scores with known standard errors are shrunken to their class and period
    (Paule–Mandel), and the true score is read from the posterior. Where a quota turned somebody
    away, its cut-off is the score below which as many true scores are expected as organisations
    stood below. Bars count as observed. A second measurement is N(m, d² + s²). Standard errors know
    only what the tally could know, so these probabilities are too sure.

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78: 47–55.

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
    plan = _plan(index, scheme, satisfaction)
    cut = any(map(math.isfinite, plan.cuts))
    graded = against_bounds(index) if cut else index
    by = plan.within if within == "scheme" else within
    ranking = plan.quotas is not None or plan.method != "rules"
    score = graded.overall.rename("score")
    if cut:
        refuse_outside(score)
    score = _with_bonus(score, plan, bonus)
    group = pd.Series("all", index=score.index, dtype="str", name="group")
    if ranking or by is not None:
        group = graded.ranks(within=by)["group"]
        _warn_without_class(group, by)
    held = _held(previous, plan, score)
    width = USUAL_BAND if band is None and held is not None else band
    margin = None if width is None else _margin(graded, plan, width)
    made = apply_scheme(graded, plan, score, group, Band(held, margin))
    return Grades(
        table=_table(made, plan, score.index),
        quotas=made.quotas,
        probabilities=pd.DataFrame(made.probabilities, index=score.index, columns=plan.order),
        scheme=plan,
        index=graded,
        rescored=graded is not index,
        within=by,
        band=math.nan if isinstance(width, pd.Series) else width,
        _awarded=made,
    )


def _table(made: Awarded, plan: Scheme, rows: pd.Index) -> pd.DataFrame:
    kind = pd.CategoricalDtype(plan.order, ordered=True)
    graded = made.grade >= 0
    own = np.maximum(made.grade, 0)
    p_grade = made.probabilities[np.arange(len(own)), own]
    return pd.DataFrame(
        {
            "group": made.group,
            "score": pd.Series(made.score, rows),
            "by_score": pd.Series(pd.Categorical.from_codes(made.by_score, dtype=kind), rows),
            "bars": pd.Series(made.lowered, index=rows, dtype="str"),
            "unchecked": pd.Series(made.unchecked, index=rows, dtype="str"),
            "held": pd.Series(made.held, rows),
            "grade": pd.Series(pd.Categorical.from_codes(made.grade, dtype=kind), rows),
            "p_grade": pd.Series(np.where(graded, p_grade, np.nan), rows),
            "p_same": pd.Series(made.repeated, rows),
        }
    )


def _plan(index: Index, scheme: str | Path | Scheme, satisfaction: str | None) -> Scheme:
    plan = scheme if isinstance(scheme, Scheme) else load_scheme(scheme)
    if satisfaction is not None:
        if satisfaction not in index.values.columns:
            raise MethodError(
                f"satisfaction must be an indicator with values, got {satisfaction!r}. "
                f"{near(satisfaction, index.values.columns)}"
            )
        return plan.looking_at(satisfaction)
    asked = {bar.indicator for bar in plan.bars if bar.indicator}
    if asked and not asked & set(index.values.columns):
        # A framework of one's own names its satisfaction as it likes; the survey tells which it is.
        surveys = [i.code for i in index.framework.indicators if i.source.get("kind") == "survey"]
        present = [code for code in surveys if code in index.values.columns]
        return plan.looking_at(present[0]) if present else plan
    return plan


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
    place = award(scores, scheme.cuts).grade
    made = pd.Categorical.from_codes(place, categories=pd.Index(scheme.order), ordered=True)
    return pd.Series(made, index=scores.index, name="grade")


def _with_bonus(score: pd.Series, plan: Scheme, bonus: pd.Series | None) -> pd.Series:
    if bonus is None:
        return score
    if not plan.bonus:
        raise MethodError(
            f"a scheme must allow a bonus for points to be added, got none in {plan.id!r}. "
            "Write bonus = 10 into the scheme, for example."
        )
    points = _by_row(bonus, score.index, "bonus").fillna(0.0).clip(upper=plan.bonus)
    return (score + points).rename("score")


def _by_row(given: pd.Series, rows: pd.Index, what: str) -> pd.Series:
    """Return a Series by org or by (org, period) row by row; NaN for who is not in it."""
    by_row = given.index.nlevels == 2
    keys = rows if by_row else rows.get_level_values("org")
    strange = given.index.difference(keys)
    if len(strange) or not given.index.is_unique:
        got = strange[0] if len(strange) else given.index[given.index.duplicated()][0]
        raise MethodError(
            f"{what} must name organisations of the index, each once, got {got!r}. "
            "Index it by org, or by (org, period) as index.overall."
        )
    return given.reindex(keys).astype(float).set_axis(rows)


def _margin(index: Index, plan: Scheme, width: float | pd.Series) -> npt.NDArray[np.float64] | None:
    if isinstance(width, pd.Series):
        found = _by_row(width, index.overall.index, "band").fillna(0.0).to_numpy()
    elif not width:
        return None
    else:
        errors = None if plan.method == "rank_sum_ratio" else index.standard_errors
        if errors is None or errors.isna().all():
            raise MethodError(
                f"a band of standard errors needs index.standard_errors, got band={width!r} and "
                "none that are known. Give band as a Series of points by organisation, or band=0."
            )
        found = width * np.nan_to_num(errors.to_numpy(dtype=float))
    if not (found >= 0).all():
        raise MethodError(f"band must be at least 0, got {found.min():g}. Give 0.7, for example.")
    return found


def _held(previous: Grades | pd.Series | None, plan: Scheme, score: pd.Series) -> pd.Series | None:
    """Return the level that each organisation held before the first period."""
    if previous is None:
        return None
    found = previous.table["grade"] if isinstance(previous, Grades) else previous
    found = found.dropna()
    if found.index.nlevels == 2:
        first = score.index.get_level_values("period").min()
        found = found[found.index.get_level_values("period") < first]
        found = found.sort_index(level="period").groupby(level="org").last()
        if found.empty:
            raise MethodError(
                f"previous must hold grades from before {first}, got none. "
                "Grade the periods before, or leave previous out; band alone holds from period to "
                "period."
            )
    strange = [code for code in found.unique() if code not in plan.order]
    if strange:
        raise MethodError(
            f"grades held before must be those of {plan.id!r}, got {strange[0]!r}. "
            f"{near(strange[0], plan.order)}"
        )
    return found.map(plan.order.index).astype(float)


def _warn_without_class(group: pd.Series, by: str | None) -> None:
    lost = int(group.isna().sum())
    if lost:
        warnings.warn(
            MethodWarning(
                f"Organisations must have a class to be graded within {by!r}; {lost} of "
                f"{len(group)} rows have none and get no grade. Complete the roster.",
                zh=f"分类定级要求每个组织都有“{word(by or '', 'zh')}”；{len(group)} 个中有 {lost} "
                "个没有，未定级。请补全名册。",
            ),
            stacklevel=3,
        )


def _outcome(value: float, bar: Bar, now: int, most: int) -> str:
    if np.isnan(value):
        return "no_data"
    if not trips(bar, np.array([value]))[0]:
        return "passed"
    return "barred" if now > most >= 0 else "no_effect"
