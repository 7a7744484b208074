"""How a scheme is applied to an index: classes, cut-offs, bars, quotas, the grade held before."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .conditions import Limit, column_of, least_steps
from .errors import MethodError, MethodWarning
from .index import Index
from .methods.grades import (
    TOLERANCE,
    Levels,
    award,
    grade_probabilities,
    natural_breaks,
    posterior_cut,
    repeat_probability,
)
from .methods.rank_sum_ratio import rank_sum_ratio
from .methods.shrinkage import shrink
from .rules import Bar, Scheme
from .tables import text_of

Numbers = npt.NDArray[np.float64]
QUOTA_COLUMNS: Final = ["class", "grade", "n", "quota", "places", "candidates", "given", "tied"]


class Band(NamedTuple):
    """The grade held before, and how far a score must go beyond a cut-off to leave it."""

    held: pd.Series | None  # org -> level; None where nobody held any
    margin: Numbers | None  # points by row; None without a band


@dataclass(frozen=True, eq=False, slots=True)
class Awarded:
    """What became of every row; arrays of the rows of the index, levels from 0, the lowest.

    Attributes
    ----------
    score : n
        What was graded, in points.
    group : Series of str
        The class of each row; NaN where it is not known.
    code : n
        A number for each class and period, −1 without a class.
    cuts : n × (k − 1)
        The least score of each grade but the lowest.
    by_score, by_cut, grade : n
        The grade by scores alone, by cut-offs alone (k − 1 where there are none) and in the end.
    before, held, margin : n
        The grade held before (−1: none), whether the band around it made a difference, and half
        the width of the band.
    ceiling : n
        The best grade the bars leave open.
    lowered, unchecked : n
        Codes of the bars that lowered the grade by scores, and of those without data.
    queue : n × k
        Places in the queues for the quotas.
    quotas : DataFrame
        As `methods.grades.award` gives it, with ``period`` and ``group`` for the class.
    probabilities : n × k
        P(grade); NaN where the noise is not known.
    repeated : n
        Probability of the same grade in a second measurement.
    """

    score: Numbers
    group: pd.Series
    code: Levels
    cuts: Numbers
    by_score: Levels
    by_cut: Levels
    grade: Levels
    before: Levels
    held: npt.NDArray[np.bool_]
    margin: Numbers
    ceiling: Levels
    lowered: npt.NDArray[Any]
    unchecked: npt.NDArray[Any]
    queue: Numbers
    quotas: pd.DataFrame
    probabilities: Numbers
    repeated: Numbers


def apply_scheme(
    index: Index, scheme: Scheme, score: pd.Series, group: pd.Series, band: Band
) -> Awarded:
    """Apply a scheme to the scores of an index.

    Parameters
    ----------
    index : Index
        Where bars look, and where standard errors come from.
    scheme : Scheme
    score : Series
        The rows of the index; the overall score with its bonus.
    group : Series of str
        The class of each row.
    band : Band

    Returns
    -------
    Awarded
    """
    orgs, names = pd.factorize(score.index.get_level_values("org"))
    periods, when = pd.factorize(score.index.get_level_values("period"), sort=True)
    groups, labels = pd.factorize(group, sort=True)
    code = np.where(groups < 0, -1, periods * max(len(labels), 1) + groups)
    points, basis, cuts = _basis(index, scheme, score, group, code)
    if scheme.quotas is not None:
        basis = np.where(_all_equal(basis, code, group), np.nan, basis)
    n, k = len(basis), len(scheme.grades)
    scored = ~np.isnan(basis)
    ceiling, before = np.full(n, k - 1), np.full(n, -1)
    values = {bar.code: bar_values(index, bar) for bar in scheme.bars}
    allowed = {bar.code: _allowed(scheme, bar) for bar in scheme.bars}
    for bar in scheme.bars:
        _refuse_not_a_rate(index, bar, values[bar.code], score.index)
        if bar.grades:
            hit = trips(bar, values[bar.code])
            ceiling[hit] = np.minimum(ceiling[hit], allowed[bar.code])
    promoting = [bar for bar in scheme.bars if not bar.grades]
    margin = np.zeros(n) if band.margin is None else band.margin
    by_score, grade, queue = np.full(n, -1), np.full(n, -1), np.full((n, k), np.nan)
    held, kept = np.full(len(names), -1), np.zeros(n, dtype=bool)
    if band.held is not None:
        held = band.held.reindex(names).fillna(-1).to_numpy(dtype=np.intp)
    in_turn = band.margin is not None or band.held is not None or bool(promoting)
    parts = [np.flatnonzero(periods == p) for p in range(len(when))] if in_turn else [np.arange(n)]
    tables = []
    for rows in parts:
        fill = partial(
            award,
            basis[rows],
            cuts[rows],
            quotas=scheme.quotas,
            classes=code[rows],
            rounding=scheme.rounding,
            ties=scheme.ties,
        )
        before[rows] = held[orgs[rows]]
        for bar in promoting:
            stopped = rows[trips(bar, values[bar.code])[rows] & (before[rows] >= 0)]
            ceiling[stopped] = np.minimum(ceiling[stopped], before[stopped])
        by_score[rows] = fill().grade
        made = fill(ceiling=ceiling[rows], previous=before[rows], margin=margin[rows])
        grade[rows], queue[rows] = made.grade, made.queue
        if margin.any():
            kept[rows] = made.grade != fill(ceiling=ceiling[rows]).grade
        tables.append(made.places)
        held[orgs[rows]] = np.where(made.grade >= 0, made.grade, held[orgs[rows]])
    quotas = pd.concat(tables, ignore_index=True)
    quotas = quotas[quotas["class"] >= 0] if len(quotas) else quotas
    lowered, unchecked = _told(scheme, values, allowed, by_score, before)
    errors = None if scheme.method == "rank_sum_ratio" else index.standard_errors
    noise = np.full(n, np.nan) if errors is None else errors.to_numpy(dtype=float)
    probabilities, repeated = _certainty(
        basis, np.where(noise > 0, noise, np.nan), code, grade, cuts, ceiling, margin, quotas
    )
    return Awarded(
        score=points,
        group=group,
        code=code,
        cuts=cuts,
        by_score=by_score,
        by_cut=np.where(scored, award(basis, cuts).grade, -1),
        grade=grade,
        before=before,
        held=kept,
        margin=margin,
        ceiling=ceiling,
        lowered=lowered,
        unchecked=unchecked,
        queue=queue,
        quotas=_readable(quotas, scheme, when, labels),
        probabilities=probabilities,
        repeated=repeated,
    )


def steps_to(
    index: Index,
    scheme: Scheme,
    made: Awarded,
    level: int,
    at: Levels,
    costs: pd.Series | None = None,
    caps: pd.Series | None = None,
) -> pd.DataFrame:
    """List the cheapest steps of some rows, all of the grade below, to one grade.

    Parameters
    ----------
    index, scheme, made
        What was graded, how, and what came of it.
    level : int
        The grade to be reached.
    at : array of int
        The rows.
    costs, caps : Series, optional
        As `least_steps` takes them.

    Returns
    -------
    DataFrame
        As `least_steps`.
    """
    rows = index.overall.index
    full = made.quotas[made.quotas["given"] < made.quotas["candidates"]]
    full = full[full["grade"] == scheme.order[level]]
    turned = set(zip(full["period"], full["group"], strict=True))
    last = np.full(len(at), -math.inf)
    code = made.code[at]
    for number, first in zip(*np.unique(code, return_index=True), strict=True):
        if (rows[at[first]][1], made.group.iloc[at[first]]) in turned:
            own = made.code == number
            # Where nobody of the class got the grade there is nothing to reach.
            last[code == number] = made.score[own & (made.grade >= level)].min(initial=math.inf)
    limits = []
    for bar in scheme.bars:
        hit = trips(bar, bar_values(index, bar))[at]
        if bar.grades:
            hit &= _allowed(scheme, bar) < level
        else:
            hit &= (made.before[at] >= 0) & (made.before[at] < level)
        if hit.any():
            places = (bar.indicator, bar.column, bar.dimension)
            limits.append(Limit(bar.code, *places, bar.limit, hit))
    target = (
        np.maximum(made.cuts[at, level - 1], last) - made.score[at] + index.overall.to_numpy()[at]
    )
    return least_steps(
        index,
        at,
        target=np.where(np.isfinite(target), target, np.nan),
        rule=scheme.order[level],
        limits=limits,
        costs=costs,
        caps=caps,
    )


def bar_values(index: Index, bar: Bar) -> Numbers:
    """Return what a bar looks at, row by row; NaN where there is nothing."""
    rows = index.overall.index
    if bar.dimension:
        found = index.dimensions.get(bar.dimension)
        return np.full(len(rows), np.nan) if found is None else found.to_numpy(dtype=float)
    return column_of(index, bar.indicator, bar.column, rows)


def trips(bar: Bar, values: Numbers) -> npt.NDArray[np.bool_]:
    """Tell where a bar bars; not where its value is missing."""
    found: npt.NDArray[np.bool_] = (values < bar.below - TOLERANCE) | (values > bar.above)
    return found


def _allowed(scheme: Scheme, bar: Bar) -> int:
    return scheme.order.index(scheme.best_allowed(bar)) if bar.grades else -1


def _basis(
    index: Index, scheme: Scheme, score: pd.Series, group: pd.Series, code: Levels
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the points that are shown, what is held against the cuts, and the cuts of each row."""
    points = score.to_numpy(dtype=float)
    known = np.where(code < 0, np.nan, points)
    k = len(scheme.grades)
    if scheme.method == "rules":
        return points, known, np.broadcast_to(np.array(scheme.cuts), (len(points), k - 1))
    if scheme.method == "natural_breaks":
        cuts = np.full((len(points), k - 1), np.inf)
        for label in group.dropna().unique():
            own = (group == label).to_numpy() & ~np.isnan(points)
            cuts[own] = _in_class(lambda own=own: natural_breaks(points[own], k).cuts, str(label))
        return points, known, cuts
    ratio, level = np.full(len(points), np.nan), np.full(len(points), np.nan)
    for number in np.unique(code[code >= 0]):
        own = np.flatnonzero(code == number)
        own, made = _in_class(lambda own=own: _rsr(index, own, k), str(group.iloc[own[0]]))
        ratio[own], level[own] = 100 * made["rsr"], made["grade"] - 1.0
    return ratio, level, np.broadcast_to(np.arange(1.0, k), (len(points), k - 1))


def _rsr(index: Index, rows: Levels, k: int) -> tuple[Levels, pd.DataFrame]:
    """Rank the rows of one class by the rank sum ratio of their dimensions."""
    tops = index.dimensions.iloc[rows].dropna(axis=1, how="all")
    whole = tops.notna().all(axis=1).to_numpy()
    own = index.group_of_row.iloc[rows[whole]].unique()
    weights = [
        index.weights.loc[label].groupby("dimension")["global_weight"].sum()[tops.columns]
        for label in own
    ]
    if any(not np.allclose(w, weights[0]) for w in weights):
        raise MethodError(
            "a class must have one set of weights for its rank sum ratio, "
            f'got {len(weights)}. Grade within a finer class, such as within="sector".'
        )
    made = rank_sum_ratio(tops[whole], weights[0] / weights[0].sum(), grades=k)
    return rows[whole], made.table


def _in_class(work: Any, label: str) -> Any:
    try:
        return work()
    except MethodError as error:
        raise MethodError(f"{label}: {error}") from None


def _all_equal(basis: Numbers, code: Levels, group: pd.Series) -> npt.NDArray[np.bool_]:
    """Mark the classes of two and more whose scores are all equal; a quota cannot choose there."""
    found = np.zeros(len(basis), dtype=bool)
    frame = pd.DataFrame({"code": code, "basis": basis}).dropna()
    by = frame[frame["code"] >= 0].groupby("code")["basis"]
    spread, size = by.max() - by.min(), by.size()
    for number in size.index[(size > 1) & (spread <= TOLERANCE)]:
        own = code == number
        label, count = group[own].iloc[0], int(size[number])
        warnings.warn(
            MethodWarning(
                f"Scores must differ for a quota; all {count} in {label!r} are equal, so nobody "
                "gets a grade there. Look at the indicators of this class.",
                zh=f"按比例定级要求得分有高低；{label} 的 {count} 个组织全部同分，未定级。"
                "请检查这一类的指标。",
            ),
            stacklevel=5,
        )
        found |= own
    return found


def _told(
    scheme: Scheme,
    values: dict[str, Numbers],
    allowed: dict[str, int],
    by_score: Levels,
    before: Levels,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Name the bars that lower each row, in their order, and those that lack its data."""
    place = by_score.copy()
    lowered, unchecked = (np.full(len(place), "", dtype=object) for _ in range(2))
    for bar in scheme.bars:
        found = values[bar.code]
        missing = np.isnan(found) & (place >= 0)
        _warn_unchecked(bar, int(missing.sum()), int((place >= 0).sum()))
        most = allowed[bar.code] if bar.grades else before
        barred = trips(bar, found) & (place > most) & (np.asarray(most) >= 0)
        place = np.where(barred, most, place)
        for told, rows in ((unchecked, missing), (lowered, barred)):
            told[rows] = [f"{old};{bar.code}".lstrip(";") for old in told[rows]]
    return lowered, unchecked


def _certainty(
    basis: Numbers,
    noise: Numbers,
    code: Levels,
    grade: Levels,
    cuts: Numbers,
    ceiling: Levels,
    margin: Numbers,
    quotas: pd.DataFrame,
) -> tuple[Numbers, Numbers]:
    """Return P(grade), and the probability of the same grade in a second measurement."""
    n, k = len(basis), cuts.shape[1] + 1
    p, again = np.full((n, k), np.nan), np.full(n, np.nan)
    known = ~np.isnan(basis) & ~np.isnan(noise) & (code >= 0)
    full = quotas[quotas["candidates"] > quotas["given"]]
    for number in np.unique(code[known]):
        rows = np.flatnonzero((code == number) & ~np.isnan(basis))
        own = rows[known[rows]]
        if len(own) < 2:
            continue
        made = shrink(basis[own], noise[own])
        mean, sd = np.asarray(made.mean), np.asarray(made.sd)
        true, seen = cuts[own[0]].copy(), cuts[own[0]].copy()
        for level in full.loc[full["class"] == number, "grade"]:
            above = grade[rows] >= level
            # The quota turned somebody away, so the last place given is the cut-off.
            true[level - 1] = max(true[level - 1], posterior_cut(mean, sd, 1 - above.mean()))
            seen[level - 1] = basis[rows][above].min(initial=math.inf)
        true, seen = np.maximum.accumulate(true), np.maximum.accumulate(seen)
        if made.tau2 == 0 and (full["class"] == number).any():
            p[own] = np.bincount(grade[rows], minlength=k) / len(rows)
        else:
            p[own] = grade_probabilities(mean, sd, true, ceiling=ceiling[own])
        again[own] = repeat_probability(
            mean, sd, noise[own], grade[own], seen, ceiling=ceiling[own], margin=margin[own]
        )
    return p, again


def _readable(
    quotas: pd.DataFrame, scheme: Scheme, when: pd.Index, labels: pd.Index
) -> pd.DataFrame:
    """Give the table of quotas its words, and say aloud what its reader must know."""
    number = quotas["class"].to_numpy(dtype=np.intp)
    codes = np.array(scheme.order, dtype=object)
    note = np.select(
        [
            (quotas["places"] == 0).to_numpy(),
            (quotas["tied"] > 0).to_numpy(),
            (quotas["candidates"] < quotas["places"]).to_numpy(),
        ],
        ["below_one", f"tie_{scheme.ties}", "not_filled"],
        "",
    )
    made = quotas.drop(columns="class").assign(
        grade=codes[quotas["grade"].to_numpy(dtype=np.intp)], note=note
    )
    made.insert(0, "group", labels.to_numpy()[number % max(len(labels), 1)])
    made.insert(0, "period", when[number // max(len(labels), 1)])
    counts = dict.fromkeys(("n", "places", "candidates", "given", "tied"), int)
    made = made.astype({**counts, "quota": float}).sort_values(["period", "group"], kind="stable")
    _warn_of_quotas(made, scheme)
    return made.reset_index(drop=True)


def _warn_of_quotas(made: pd.DataFrame, scheme: Scheme) -> None:
    small = made[made["note"] == "below_one"]
    if len(small):
        first = small.iloc[0]
        share = first["quota"] / first["n"]
        name = scheme.label(first["grade"])
        warnings.warn(
            MethodWarning(
                f"A quota should give somebody a place; {len(small)} of {len(made)} are rounded "
                f"to 0, such as that of {first['grade']!r} in {first['group']!r}: {share:.0%} of "
                f"{first['n']} is {first['quota']:.1f}. "
                'Set rounding = "ceil" in the scheme, or choose wider classes.',
                zh=f"按比例定级应至少有一个名额；{len(made)} 个名额中有 {len(small)} 个取整为 0，"
                f"如“{first['group']}”的{name}：{first['n']} 个的 {share:.0%} 是 "
                f'{first["quota"]:.1f} 个。请在办法中设 rounding = "ceil"，或放宽分类。',
            ),
            stacklevel=5,
        )
    tied = made[made["tied"] > 0]
    if len(tied):
        first = tied.iloc[0]
        fate = {"up": "all of them get it", "down": "none of them gets it"}[scheme.ties]
        zh = {"up": "全部定为该等次", "down": "都不定为该等次"}[scheme.ties]
        warnings.warn(
            MethodWarning(
                f"Equals should not stand on the last place of a quota; {first['tied']} do for "
                f"{first['grade']!r} in {first['group']!r} of {text_of(first['period'])} "
                f"({len(tied)} quotas in all), and {fate}. Score more finely, or set ties in the "
                "scheme.",
                zh=f"名额末位不应有同分；“{first['group']}”{text_of(first['period'])}年度的"
                f"{scheme.label(first['grade'])}末位有 {first['tied']} 个同分"
                f"（共 {len(tied)} 处），{zh}。请细化评分，或在办法中设 ties。",
            ),
            stacklevel=5,
        )


def _refuse_not_a_rate(index: Index, bar: Bar, values: Numbers, rows: pd.Index) -> None:
    if not bar.indicator or bar.indicator not in index.values.columns:
        return
    if index.framework.indicator(bar.indicator).unit != "share":
        return
    with np.errstate(invalid="ignore"):
        wrong = (values < -TOLERANCE) | (values > 1 + TOLERANCE)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise MethodError(
            f"the bar {bar.code!r} looks at a rate, which must lie on 0..1, got "
            f"{values[place]:g} for {bar.indicator!r} (at {rows[place][0]}). "
            "Write 0.85 for 85 %."
        )
    if not 0 <= bar.limit <= 1:
        raise MethodError(
            f"the bar {bar.code!r} looks at the rate {bar.indicator!r}, so its limit must lie on "
            f"0..1, got {bar.limit:g}. Write 0.85 for 85 %."
        )


def _warn_unchecked(bar: Bar, missing: int, graded: int) -> None:
    if not missing:
        return
    mend = {
        bar.indicator: "Add the values, or name another indicator with satisfaction=.",
        bar.column: "Add this column to the organisations, or drop the bar from the scheme.",
        bar.dimension: "Give the bar a dimension of the framework.",
    }[bar.looks_at]
    warnings.warn(
        MethodWarning(
            f"The bar {bar.code!r} needs values of {bar.looks_at!r}; {missing} of {graded} graded "
            f"rows have none and are graded by their score alone. {mend}",
            zh=f"限制条件“{bar.name['zh']}”需要“{bar.looks_at}”的数据；{graded} 个中有 {missing} "
            "个没有，只按得分定级。请补充数据。",
        ),
        stacklevel=5,
    )
