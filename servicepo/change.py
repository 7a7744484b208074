"""Change over periods: steps, trends, transitions, convergence, and what is more than noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from .comparability import (
    linked,
    linked_errors,
    on_shared_indicators,
    refuse_unlike_scores,
    warn_where_indicators_change,
    warn_where_scores_leave_the_scale,
    warn_where_weights_change,
)
from .declared import near
from .drivers import between, drivers_of, waterfall_of
from .errors import MethodError
from .index import Index
from .labels import Language, word
from .methods.guards import choose
from .methods.transitions import promotions, transition_matrix, transition_probabilities
from .methods.trend import smallest_p_value
from .movement import Movement, movement_of
from .panel import spread, texts
from .tables import text_of
from .trajectories import Z, beta_of, distances_of, steps_of, trends_of

QUARTERS: Final = ("q1", "q2", "q3", "q4")  # from the lowest
SIGNIFICANT: Final = 0.05
LIKELY: Final = 0.9  # probability from which on a slope is said to fall, or to rise


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """How scores and grades changed from period to period.

    Attributes
    ----------
    steps : DataFrame
        Indexed by (org, period), one row per step from the period before: ``before``, ``score``,
        ``change``, ``standard_error`` (of the change; NaN unknown), ``usual`` (how large changes of
        that period usually are; NaN where fewer than 5 or most of them are alike), ``noise`` (the
        larger of the two; NaN where neither is known), ``beyond`` (whether the change is known to
        be more than 1.96 times the noise).
    trends : DataFrame
        Indexed by org: ``n`` periods, ``slope`` (Sen, points per period), ``low``, ``high`` (its
        95 % interval; −∞ and ∞ with 4 periods and fewer), ``s``, ``tau``, ``p_value``
        (Mann–Kendall, exact), ``smallest_p_value`` (the least it could be), ``q_value`` (by
        Benjamini and Hochberg over all organisations), ``shrunken``, ``shrunken_sd`` (slope of a
        straight line, shrunk to the mean of all, and its standard deviation), ``falling``
        (probability that the true slope is below 0; NaN like these two where the noise of slopes
        is not known).
    transitions : DataFrame
        One row per pair of states, best first: ``before``, ``after``, ``count``, ``n``,
        ``probability``, ``low``, ``high`` (Wilson, 95 %). States are the given grades, or quarters
        of all scores.
    promotions : DataFrame
        Indexed by the state before: ``n``, ``promoted``, ``stayed``, ``demoted``,
        ``promoted_share``, ``demoted_share``, ``promoted_low``, ``promoted_high``.
    convergence : DataFrame
        Indexed by period, over the organisations scored in every period: ``n``, ``mean``, ``sd``,
        ``cv`` (sd ÷ mean; NaN where a score is below 0).
    beta : DataFrame
        One row, last period against first: ``slope`` (points per period and point of the start),
        ``standard_error``, ``noise_slope`` (what noise alone would give; NaN where it is not
        known), ``corrected_slope`` (without what noise adds), ``oldham``, ``n``. Empty with fewer
        than 3 organisations.
    warnings : DataFrame
        The steps that fell by more than noise, deepest first: ``org``, ``period``, ``before``,
        ``score``, ``change``, ``noise``.
    states : Series
        By (org, period): the grades, or the quarters of all scores.
    overall : Series
        The scores that were looked at, by (org, period): those of the index, of the shared
        indicators, or linked.
    index : Index
        What was looked at.
    earlier : Index or None
        The index of the framework before, where two were linked.
    """

    steps: pd.DataFrame
    trends: pd.DataFrame
    transitions: pd.DataFrame
    promotions: pd.DataFrame
    convergence: pd.DataFrame
    beta: pd.DataFrame
    warnings: pd.DataFrame
    states: pd.Series
    overall: pd.Series
    index: Index
    earlier: Index | None

    def __repr__(self) -> str:
        periods = texts(self.convergence.index)
        significant = int((self.trends["q_value"] <= SIGNIFICANT).sum())
        return (
            f"Change({periods[0]}–{periods[-1]}: {len(self.steps)} steps, "
            f"mean {self.steps['change'].mean():+.1f}, {len(self.warnings)} fell by more than "
            f"noise; {len(self.trends)} trends, {significant} significant)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.convergence.round(2).to_html()}"

    @property
    def _indices(self) -> tuple[Index, ...]:
        return (self.index,) if self.earlier is None else (self.index, self.earlier)

    @property
    def expected_false_warnings(self) -> float:
        """How many steps would be called falls beyond noise if nothing had really changed."""
        return len(self.steps) * SIGNIFICANT / 2

    def means(self, *, by: str = "domain") -> pd.DataFrame:
        """Average the overall score of each group and period.

        Parameters
        ----------
        by : str
            Column of the organisations.

        Returns
        -------
        DataFrame
            ``period``, the column ``by``, ``n``, ``mean``, ``low``, ``high`` (mean ± 1.96 standard
            errors of the mean; NaN for a single organisation).

        Raises
        ------
        MethodError
            For a column that the organisations do not have.
        """
        attributes = self.index.attributes
        if by not in attributes.columns:
            raise MethodError(
                f"by must be a column of the organisations, got {by!r}. "
                f"{near(by, attributes.columns)}"
            )
        of = self.index.organisations
        assert of is not None  # else it has no attributes
        orgs = self.overall.index.get_level_values("org")
        groups_of = of[by].reindex(orgs).set_axis(self.overall.index)
        frame = pd.DataFrame({by: groups_of, "score": self.overall}).dropna()
        groups = frame.groupby(["period", by])["score"]
        n, mean = groups.count(), groups.mean()
        reach = Z * groups.std() / n**0.5
        parts = {"n": n, "mean": mean, "low": mean - reach, "high": mean + reach}
        return pd.DataFrame(parts).reset_index()

    def drivers(
        self,
        *,
        since: pd.Period | str | None = None,
        until: pd.Period | str | None = None,
    ) -> pd.DataFrame:
        """Share out every organisation's change between two periods among indicators and weights.

        Parameters
        ----------
        since, until : Period or str, optional
            The two periods; by default the last two of the index.

        Returns
        -------
        DataFrame
            Indexed by org, for those scored in both: a column for each indicator (what its score
            added, in points of the overall score), ``weights`` (what the change of weights added,
            and indicators that came or went), ``veto`` (where a veto was asked for). Rows sum to
            the change.

        Raises
        ------
        MethodError
            For other periods than those of one index, an aggregation other than arithmetic or
            geometric, or zero scores under a geometric one, naming the organisations.

        Notes
        -----
        Means are taken apart by Marshall and Edgeworth (arithmetic) or LMDI (geometric), first
        into dimensions, then into indicators; see `methods.change_decomposition`.
        """
        index, first, last = between(self._indices, since, until)
        return drivers_of(index, first, last)

    def waterfall(
        self,
        org: str | None = None,
        *,
        since: pd.Period | str | None = None,
        until: pd.Period | str | None = None,
        top: int = 8,
    ) -> pd.DataFrame:
        """Give the steps from the score of one period to that of another, ready for a chart.

        Parameters
        ----------
        org : str, optional
            One organisation; by default the mean of all that were scored in both periods.
        since, until
            As in `drivers`.
        top : int
            How many drivers stand by themselves; the rest are added up as "other".

        Returns
        -------
        DataFrame
            ``step`` ("start", codes of indicators, "weights", "veto", "other", "end"), ``amount``,
            ``low``, ``high`` (where the step lies), ``kind`` ("total", "rise", "fall"), ``period``
            (of start and end).

        Raises
        ------
        MethodError
            As `drivers`, and for an organisation not scored in both periods.
        """
        index, first, last = between(self._indices, since, until)
        parts = drivers_of(index, first, last)
        if org is not None:
            if org not in parts.index:
                both = f"{text_of(first)} and {text_of(last)}"
                raise MethodError(
                    f"org must be scored in both {both}, got {org!r}. {near(org, parts.index)}"
                )
            parts = parts.loc[[org]]
        before = index.overall.xs(first, level="period").reindex(parts.index)
        steps = waterfall_of(parts, float(before.mean()), top)
        when = {"start": text_of(first), "end": text_of(last)}
        return steps.assign(period=steps["step"].map(when))

    def movement(
        self, *, reliability: float | None = None, draws: int = 1000, seed: int = 0
    ) -> Movement:
        """Look closer at the moves between states: mobility, noise, classes, who moved.

        Parameters
        ----------
        reliability : float, optional
            Share of the variance of scores that is real; by default what their standard errors
            tell, 1 − mean(s²) / var(y), which knows only the sampling the tally could know.
        draws : int
            Samples for the intervals of the mobility indices; 0 gives none.
        seed : int
            For the draws.

        Returns
        -------
        Movement

        Raises
        ------
        MethodError
            For another reliability.

        Warns
        -----
        MethodWarning
            Where organisations have a gap between their first and their last state.
        """
        errors = self.index.standard_errors if reliability is None else None
        if errors is not None and errors.notna().any():
            known = 1 - float((errors**2).mean() / self.index.overall.var())
            reliability = known if known > 0 else None
        return movement_of(
            self.states,
            organisations=self.index.organisations,
            reliability=reliability,
            draws=draws,
            seed=seed,
        )

    def note(self, language: Language = "zh") -> str:
        """Say what the number of periods and the noise allow to be concluded."""
        periods = int(self.trends["n"].max())
        least = smallest_p_value(max(periods, 2))
        possible = "short" if least > SIGNIFICANT else "long"
        mean = self.trends["shrunken"].mean()
        parts = [
            word(f"note.change.{possible}", language).format(periods=periods, least=f"{least:.3f}"),
            ""
            if np.isnan(mean)
            else word("note.change.shrunken", language).format(
                mean=f"{mean:+.2f}".replace("-", "−"),
                falling=int((self.trends["falling"] >= LIKELY).sum()),
                rising=int((self.trends["falling"] <= 1 - LIKELY).sum()),
            ),
            word("note.change.false", language).format(
                steps=len(self.steps),
                expected=f"{self.expected_false_warnings:.1f}",
                found=len(self.warnings),
            ),
            word("note.change.beta", language),
        ]
        return ("" if language == "zh" else " ").join(filter(None, parts))

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how change was measured, ready for a methods section."""
        return word("methods.change", language)


def measure_change(
    index: Index,
    *,
    grades: pd.Series | None = None,
    indicators: str = "own",
    earlier: Index | None = None,
) -> Change:
    """Measure how the organisations of an index changed from period to period.

    Parameters
    ----------
    index : Index
        Of at least 2 periods on one scale.
    grades : Series of ordered categories, optional
        Indexed by (org, period), worst first, such as ``grade(index).table["grade"]``. By default
        quarters of all scores of all periods together, "q1" (lowest) to "q4".
    indicators : {"own", "shared"}
        Whether each period is measured by the indicators it has, or all by those that have values
        in every period.
    earlier : Index, optional
        The index of the framework before, of the same organisations. The two must share a period
        that both have scored; the earlier scores are raised, organisation by organisation, by the
        difference there (chain-linking), so that each step is measured by one framework.

    Returns
    -------
    Change

    Raises
    ------
    MethodError
        For fewer than 2 periods, scores on different full marks or scaled period by period, no
        indicator that all periods share (where asked for), frameworks that share no period, or
        grades that are not ordered categories.

    Warns
    -----
    MethodWarning
        Where weights or indicators change from period to period, so that scores change without any
        change of the organisations; where later values lie outside the scale of a base year; where
        organisations cannot be linked.

    Notes
    -----
    A step joins two periods that follow each other among those in which anybody was scored; an
    organisation that was not scored in one of them has no step there. Its noise is the larger of
    two: the standard error of the change, √(s_t² + s_{t−1}²), which knows only the sampling the
    tally could know, and the usual size of changes in that period, 1.4826 times their median
    absolute deviation. β by ordinary least squares of the change per period on the start; noise
    alone gives −(1 − ρ) / T with ρ = 1 − mean(s²) / var(y) at the start.

    With 4 periods and fewer no trend of one organisation can be significant. What many short series
    say together is in ``shrunken``: slopes of straight lines, with one residual noise for all or,
    where it is larger, their standard errors, shrunk to the common mean by empirical Bayes.

    A step is a matter of scores on one scale: the index scales all its periods together, or all on
    the scale of a base year where it is built with ``scale=base.scale``.

    Examples
    --------
    >>> from servicepo.framework import load_framework
    >>> from servicepo.index import build_index
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村", "乙村", "丙校", "丁校"], pd.PeriodIndex(["2023", "2024"], freq="Y")],
    ...     names=["org", "period"],
    ... )
    >>> values = pd.DataFrame({"team_style": [70.0, 60, 90, 92, 80, 85, 75, 88]}, rows)
    >>> index = build_index(values, load_framework("six_haves"), normalise="goalposts")
    >>> change = measure_change(index)
    >>> change.steps["change"].round(1).droplevel("period").to_dict()
    {'丁校': 13.0, '丙校': 5.0, '乙村': 2.0, '甲村': -10.0}
    >>> change.note("en").split(":")[0]
    'With 2 periods the smallest possible p-value of the Mann–Kendall test is 1.000'
    """
    shared = choose(indicators, {"own": False, "shared": True}, "indicators")
    if shared:
        index = on_shared_indicators(index)
    for part in (index,) if earlier is None else (earlier, index):
        refuse_unlike_scores(part)
        warn_where_weights_change(part)
        warn_where_indicators_change(part)
        warn_where_scores_leave_the_scale(part)
    overall, errors = index.overall, index.standard_errors
    if earlier is not None:
        overall, errors = linked(earlier.overall, overall), linked_errors(earlier, index)
    panel = spread(overall)
    if panel.shape[1] < 2:
        raise MethodError(
            "change needs at least 2 periods, got "
            f"{', '.join(texts(panel.columns)) or 'none'}. Read the periods before as well."
        )
    noise = panel * np.nan if errors is None else spread(errors).reindex_like(panel)
    steps = steps_of(panel, noise)
    states = _quarters(overall) if grades is None else _checked(grades)
    counts = _counts(states)
    fell = steps[steps["beyond"] & (steps["change"] < 0)].sort_values("change", kind="stable")
    whole = panel.dropna()
    return Change(
        steps=steps,
        trends=trends_of(panel, noise),
        transitions=_best_first(transition_probabilities(counts), counts),
        promotions=promotions(counts).iloc[::-1],
        convergence=distances_of(whole),
        beta=beta_of(whole, noise.loc[whole.index]),
        warnings=fell.reset_index()[["org", "period", "before", "score", "change", "noise"]],
        states=states,
        overall=overall,
        index=index,
        earlier=earlier,
    )


def _quarters(overall: pd.Series) -> pd.Series:
    cuts = overall.quantile([0.25, 0.5, 0.75]).to_numpy()
    place = np.where(overall.isna(), -1, np.searchsorted(cuts, overall.to_numpy(), side="left"))
    made = pd.Categorical.from_codes(place, categories=pd.Index(QUARTERS), ordered=True)
    return pd.Series(made, index=overall.index)


def _checked(grades: pd.Series) -> pd.Series:
    kind = grades.dtype
    if not (isinstance(kind, pd.CategoricalDtype) and kind.ordered):
        raise MethodError(
            f"grades must be ordered categories by (org, period), got {kind}. "
            'Give grade(index).table["grade"].'
        )
    return grades


def _counts(states: pd.Series) -> pd.DataFrame:
    """Count the moves of all steps together, states from worst to best."""
    order = list(states.cat.categories)
    wide = spread(states.cat.codes.where(states.notna())).to_numpy()
    before, after = (pd.Series(side.ravel()) for side in (wide[:, :-1], wide[:, 1:]))
    counts = transition_matrix(before, after, states=range(len(order)))
    return counts.set_axis(order, axis=0).set_axis(order, axis=1)


def _best_first(table: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    kind = pd.CategoricalDtype(list(counts.index[::-1]), ordered=True)
    ordered = table.astype({"before": kind, "after": kind})
    return ordered.sort_values(["before", "after"]).reset_index(drop=True)
