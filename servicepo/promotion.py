"""Promotion (晋位升级): grades of one year against the next, and the targets set for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from .anonymity import anonymous_codes
from .declared import near
from .errors import MethodError
from .grading import Grades
from .labels import Language, word
from .methods.intervals import wilson_interval
from .methods.transitions import transition_matrix

TARGETS: Final = MappingProxyType(
    {"hongta_2012": MappingProxyType({"advanced": 0.10, "ordinary": 0.20, "lagging": 0.90})}
)
"""云南省玉溪市红塔区 2012: 先进提升率 ≥ 10 %, 一般晋级率 ≥ 20 %, 后进转化率 ≥ 90 %."""


@dataclass(frozen=True, eq=False, slots=True)
class Promotions:
    """Moves between the grades of two periods.

    Attributes
    ----------
    matrix : DataFrame of int
        Rows the grade before, columns the grade after, best first.
    rates : DataFrame
        One row per grade before, best first: ``grade``, ``n``, ``promoted``, ``stayed``,
        ``demoted``; ``rate``, ``low``, ``high`` (95 %), ``target``, ``met`` (whether the rate
        reaches it; missing without a target or with n = 0), ``sure`` (whether the interval lies on
        that side of the target altogether).
    moves : DataFrame
        One row per organisation: ``org`` (a code, unless names were asked for), ``before``,
        ``after``, ``move`` ("promoted", "stayed", "demoted", "new", "gone").
    chance : float
        Share of grades that would have changed by chance alone; NaN where the noise is not known.
    """

    matrix: pd.DataFrame
    rates: pd.DataFrame
    moves: pd.DataFrame
    chance: float

    def __repr__(self) -> str:
        counts = self.moves["move"].value_counts()
        told = ", ".join(f"{counts.get(move, 0)} {move}" for move in ("promoted", "demoted"))
        asked = self.rates["met"].notna()
        met = self.rates.loc[asked, "met"].astype(bool)
        targets = f"; {int(met.sum())} of {int(asked.sum())} targets met" if asked.any() else ""
        chance = "" if np.isnan(self.chance) else f"; chance alone moves {self.chance:.0%}"
        return f"Promotions({int(self.rates['n'].sum())} organisations: {told}{targets}{chance})"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.rates.round(3).to_html(index=False)}"

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how promotion was measured, ready for a methods section."""
        parts = [word("methods.promotion", language)]
        if not np.isnan(self.chance):
            parts.append(word("methods.promotion.chance", language).format(chance=self.chance))
        return ("" if language == "zh" else " ").join(parts)


def track_promotions(
    before: Grades | pd.Series,
    after: Grades | pd.Series,
    *,
    targets: str | Mapping[str, float] | None = None,
    names: bool = False,
    seed: int | np.random.Generator | None = 0,
) -> Promotions:
    """Lay the grades of one period beside those of a later one.

    Parameters
    ----------
    before, after : Grades or Series of ordered categories
        By org, or by (org, period) of one period each; the same grades, worst first.
    targets : str, mapping or None
        The least rate by grade before, or "hongta_2012".
    names : bool
        Whether ``moves`` shows names; codes by default.
    seed : int, Generator or None
        For the codes.

    Returns
    -------
    Promotions

    Raises
    ------
    MethodError
        For grades that are not ordered categories, not the same, or of several periods; nobody
        graded twice; targets for unknown grades or outside 0..1.

    Notes
    -----
    The rate of a grade is the share of those that held it and now hold a better one (一般晋级率,
    后进转化率), with Wilson's interval. Nothing is above the best grade, so its rate (先进提升率,
    which the source does not define) is read as the growth of its number, (gained − lost) / n; its
    interval is Wilson's for the share of gains among gains and losses. Only organisations graded
    both times count.

    References
    ----------
    云南省玉溪市红塔区 (2012). 基层党组织分类定级、晋位升级目标.

    Examples
    --------
    >>> kind = pd.CategoricalDtype(["lagging", "ordinary", "advanced"], ordered=True)
    >>> before = pd.Series(["lagging", "lagging", "ordinary", "advanced"], list("abcd"), dtype=kind)
    >>> after = pd.Series(["ordinary", "lagging", "advanced", "advanced"], list("abcd"), dtype=kind)
    >>> made = track_promotions(before, after, targets="hongta_2012")
    >>> made
    Promotions(4 organisations: 2 promoted, 0 demoted; 2 of 3 targets met)
    >>> made.rates[["grade", "n", "rate", "target", "met"]]
          grade  n  rate  target    met
    0  advanced  1   1.0     0.1   True
    1  ordinary  1   1.0     0.2   True
    2   lagging  2   0.5     0.9  False
    """
    first, second = _by_org(before, "before"), _by_org(after, "after")
    order = list(first.cat.categories)
    if order != list(second.cat.categories):
        raise MethodError(
            f"both gradings must have the same grades, got {', '.join(map(str, order))} and "
            f"{', '.join(map(str, second.cat.categories))}. Grade both by one scheme."
        )
    asked = _checked(targets, order)
    pair = pd.DataFrame({"before": first, "after": second}).rename_axis("org")
    both = pair.dropna()
    if both.empty:
        raise MethodError(
            "somebody must be graded both times, got nobody. Check that both gradings name "
            "organisations alike."
        )
    counts = transition_matrix(both["before"], both["after"], states=order)
    a, b = (pair[side].cat.codes.to_numpy() for side in ("before", "after"))
    move = np.select(
        [(a < 0) & (b < 0), a < 0, b < 0, b > a, b < a],
        ["", "new", "gone", "promoted", "demoted"],
        "stayed",
    )
    people = after.index.organisations if isinstance(after, Grades) else None
    codes = anonymous_codes(people, pair.index, seed=seed)
    shown = pair.index if names else pd.Index(codes[pair.index], name="org")
    moves = pair.assign(move=move).set_axis(shown)[move != ""].rename_axis("org").reset_index()
    moves = moves.sort_values(["before", "after", "org"], ascending=[False, False, True])
    chance = after.expected_churn if isinstance(after, Grades) else np.nan
    best = counts.iloc[::-1, ::-1]
    return Promotions(best, _rates(counts, asked), moves.reset_index(drop=True), float(chance))


def _by_org(grades: Grades | pd.Series, what: str) -> pd.Series:
    found = grades.table["grade"] if isinstance(grades, Grades) else grades
    kind = found.dtype
    if not (isinstance(kind, pd.CategoricalDtype) and kind.ordered):
        raise MethodError(
            f"{what} must be ordered categories, worst first, got {kind}. "
            'Give a grading, or its table["grade"].'
        )
    if found.index.nlevels == 2:
        periods = found.index.get_level_values("period").unique()
        if len(periods) > 1:
            raise MethodError(
                f"{what} must hold one period, got {len(periods)}. "
                f'Give grades.table["grade"].xs("{periods[0]}", level="period"), for example.'
            )
        found = found.droplevel("period")
    if not found.index.is_unique:
        twice = found.index[found.index.duplicated()][0]
        raise MethodError(
            f"{what} must name every organisation once, got {twice!r} again. Drop the repeated row."
        )
    return found


def _checked(targets: str | Mapping[str, float] | None, order: list[str]) -> Mapping[str, float]:
    if isinstance(targets, str) and targets not in TARGETS:
        raise MethodError(f"targets must be known, got {targets!r}. {near(targets, TARGETS)}")
    found = TARGETS[targets] if isinstance(targets, str) else targets or {}
    for grade, least in found.items():
        if grade not in order:
            raise MethodError(
                f"targets must be for grades of the scheme, got {grade!r}. {near(grade, order)}"
            )
        if not 0 <= least <= 1:
            raise MethodError(f"targets must lie on 0..1, got {least!r} for {grade!r}. Give 0.9.")
    return found


def _rates(counts: pd.DataFrame, targets: Mapping[str, float]) -> pd.DataFrame:
    table = counts.to_numpy()
    n = table.sum(axis=1)
    up, down = np.triu(table, 1).sum(axis=1), np.tril(table, -1).sum(axis=1)
    known = np.where(n > 0, n, np.nan)
    rate = up / known
    low, high = wilson_interval(up, n)
    gained, lost = int(table[:-1, -1].sum()), int(down[-1])
    rate[-1] = (gained - lost) / known[-1]
    ends = [float(end) for end in wilson_interval(gained, gained + lost)]
    moved = gained + lost
    low[-1], high[-1] = [moved * (2 * p - 1) / known[-1] if moved else rate[-1] for p in ends]
    least = np.array([targets.get(str(grade), np.nan) for grade in counts.index])
    asked = ~np.isnan(least) & ~np.isnan(rate)
    met = rate >= least - 1e-9
    made = pd.DataFrame(
        {
            "grade": counts.index.astype(str),
            "n": n,
            "promoted": up,
            "stayed": np.diag(table),
            "demoted": down,
            "rate": rate,
            "low": low,
            "high": high,
            "target": least,
            "met": pd.array(met, dtype="boolean"),
            "sure": np.where(met, low >= least - 1e-9, high < least) & asked,
        }
    )
    made.loc[~asked, "met"] = pd.NA
    return made.iloc[::-1].reset_index(drop=True)
