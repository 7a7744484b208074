"""Domains side by side: distributions, tests and inequality, on what they are all measured by."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .domain_history import DomainHistory, follow, tidy_densities
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, enumerated, word
from .methods.group_tests import dunn, holm, kruskal_wallis, permutation_test
from .methods.guards import listed
from .methods.inequality import dagum
from .methods.inequality_table import inequality_table
from .methods.nested_inequality import NestedTheil, nested_theil
from .methods.quantile_shift import quantile_shift
from .shared_scores import (
    groups_of,
    period_of,
    refuse_mixed_full_marks,
    refuse_several_scales,
    shared_indicators,
    shared_score,
    summarise,
)
from .tables import text_of


@dataclass(frozen=True, eq=False, slots=True)
class DomainComparison:
    """Groups of organisations compared in one period.

    Attributes
    ----------
    scores : DataFrame
        Indexed by (org, period): the group (a column named as ``by``) and ``score``, put together
        from the shared indicators only.
    summary : DataFrame
        Indexed by group: ``n`` (with a score), ``without_score``, ``mean``, ``low``, ``high`` (95 %
        interval of the mean, by Student's t), ``sd``, ``skew``, ``min``, ``q25``, ``median``,
        ``q75``, ``max``, ``floor_share``, ``ceiling_share`` (with a score of 0 and of 100; NaN for
        scores without bounds), ``shared_weight`` (share of the group's own weight that rests on the
        shared indicators).
    ends : DataFrame
        Indexed by (indicator, group): ``n``, ``floor_share``, ``ceiling_share`` of the shared
        indicators. Where most have the full mark, an indicator tells nobody apart any more.
    tests : DataFrame
        Rows ``kruskal_wallis`` and ``permutation`` (the same statistic without its approximation;
        absent without draws): ``statistic``, ``degrees_of_freedom``, ``p_value``,
        ``epsilon_squared``, ``eta_squared``.
    pairs : DataFrame
        One row per pair of groups: ``group``, ``other``, ``n``, ``n_other``, ``difference`` (of
        medians), ``z``, ``p_value``, ``p_holm`` (Dunn), ``p_permutation`` (of the means, by Holm;
        NaN without draws), ``cliffs_delta``.
    inequality : DataFrame
        Indexed by (measure, part), as `methods.inequality_table` gives: ``value``, ``share``,
        ``by_chance``, ``low``, ``high``, ``share_low``, ``share_high``. Empty where scores are
        negative or a group has only zeros.
    distances : DataFrame
        Dagum's relative affluence D_jh of each pair of groups, 0..1.
    indicators : tuple of str
        The shared indicators.
    by : str
        Column of the organisations that was compared.
    period : Period
        When.
    draws, seed : int
        Of everything that was drawn.
    index : Index
        What was compared.
    """

    scores: pd.DataFrame
    summary: pd.DataFrame
    ends: pd.DataFrame
    tests: pd.DataFrame
    pairs: pd.DataFrame
    inequality: pd.DataFrame
    distances: pd.DataFrame
    indicators: tuple[str, ...]
    by: str
    period: pd.Period
    draws: int
    seed: int
    index: Index

    def __repr__(self) -> str:
        medians = ", ".join(f"{g} {m:.1f}" for g, m in self.summary["median"].items())
        p = self.tests["p_value"].iloc[0]
        return (
            f"DomainComparison({self.by}, {text_of(self.period)}: medians {medians}; "
            f"Kruskal–Wallis p {p:.3g}; {len(self.indicators)} shared indicators)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.summary.round(2).to_html()}"

    def densities(self, *, bandwidth: float | None = None) -> pd.DataFrame:
        """Estimate the density of each group's scores, with one bandwidth on one grid.

        Parameters
        ----------
        bandwidth : float, optional
            In points; by default as `methods.densities.common_bandwidth` chooses.

        Returns
        -------
        DataFrame
            ``group``, ``score``, ``density`` and ``n``; groups of fewer than 5 are left out.

        Raises
        ------
        MethodError
            Where no group has 5 scores that differ.
        """
        known = self.scores.dropna()
        return tidy_densities(known["score"], known[self.by], "group", self.index, bandwidth)

    def shift(
        self, one: str, other: str, *, estimator: str = "harrell_davis", draws: int = 2000
    ) -> pd.DataFrame:
        """Compare two groups decile by decile, to see where the second lies above the first.

        Parameters
        ----------
        one, other : str
            Groups.
        estimator : {"harrell_davis", "plain"}
            As `methods.quantile_shift.quantile_shift`.
        draws : int
            For the intervals and the band.

        Returns
        -------
        DataFrame
            As `methods.quantile_shift.quantile_shift`, indexed by quantile: ``x``, ``y``,
            ``difference`` (other − one), ``low``, ``high``, ``band_low``, ``band_high``.

        Raises
        ------
        MethodError
            For a group that is not there, or fewer than 5 scores in one.
        """
        for group in (one, other):
            if group not in self.summary.index:
                raise MethodError(
                    f"groups must be those compared, got {group!r}. "
                    f"Take two of {listed(self.summary.index)}."
                )
        known = self.scores.dropna()
        first, second = (known.loc[known[self.by] == g, "score"] for g in (one, other))
        return quantile_shift(first, second, estimator=estimator, draws=draws, seed=self.seed)

    def nested(self, outer: str, *, draws: int = 1000) -> NestedTheil:
        """Split inequality over an outer grouping (such as townships) and these groups inside it.

        Parameters
        ----------
        outer : str
            Column of the organisations.
        draws : int
            For the intervals; 0 gives none.

        Returns
        -------
        NestedTheil

        Raises
        ------
        MethodError
            For a column that is not there, or an organisation without a class in it; for negative
            scores.

        Warns
        -----
        MethodWarning
            Where a group inside a class holds one organisation only.
        """
        known = self.scores.dropna()
        classes = groups_of(self.index, outer, self.period).reindex(known.index)
        levels = pd.DataFrame({outer: classes, self.by: known[self.by]})
        return nested_theil(known["score"], levels, draws=draws, seed=self.seed)

    def history(self, *, draws: int = 1000) -> DomainHistory:
        """Follow the same groups through all periods, to see whether the gap is closing.

        Parameters
        ----------
        draws : int
            For the intervals; 0 gives none.

        Returns
        -------
        DomainHistory

        Raises
        ------
        MethodError
            For one period, a period without two groups, groups without an indicator that all share
            in all periods, or scores whose full marks or scale change.

        Warns
        -----
        MethodWarning
            Where an indicator is left out because it has no values in some period.
        """
        return follow(self.index, self.by, draws=draws, seed=self.seed)

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how the groups were compared, ready for a methods section."""
        return word("methods.comparison", language).format(
            by=word(self.by, language),
            groups=len(self.summary),
            indicators=len(self.indicators),
            low=f"{self.summary['shared_weight'].min():.0%}",
            draws=self.draws,
        )


def compare_domains(
    index: Index,
    *,
    by: str = "domain",
    period: pd.Period | str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> DomainComparison:
    """Compare the distributions of groups of organisations in one period.

    Parameters
    ----------
    index : Index
        Built with ``organisations``.
    by : str
        Column of the organisations whose classes are compared: "domain", "sector", a region.
    period : Period or str, optional
        The last one by default.
    draws : int
        Deals of the permutation tests and samples of the intervals of inequality; 0 leaves both
        out, as may be wanted beyond some 10,000 organisations, where they take seconds.
    seed : int
        For the draws.

    Returns
    -------
    DomainComparison

    Raises
    ------
    MethodError
        For a column or a period that is not there, fewer than 2 groups, groups without a shared
        indicator or scored on different full marks or scales, or scores that are all equal.

    Warns
    -----
    MethodWarning
        Where organisations have no group and are left out; where a group holds one organisation
        only; where the groups' weights of the shared indicators differ; where negative scores, or a
        group of zeros, leave no inequality measures.

    Notes
    -----
    Groups measured by different things cannot be compared. So the score is put together again from
    the indicators that apply to every organisation compared and have values in every group; the
    weights of these are scaled up to 1, dimension by dimension.

    Examples
    --------
    >>> from servicepo.framework import load_framework
    >>> from servicepo.index import build_index
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村", "乙村", "丙校", "丁校"], pd.PeriodIndex(["2023", "2024"], freq="Y")],
    ...     names=["org", "period"],
    ... )
    >>> values = pd.DataFrame({"team_style": [70.0, 60, 90, 92, 80, 85, 75, 88]}, rows)
    >>> people = pd.DataFrame({"domain": ["rural", "rural", "organs", "organs"]})
    >>> people.index = ["甲村", "乙村", "丙校", "丁校"]
    >>> index = build_index(
    ...     values, load_framework("six_haves"), organisations=people, normalise="goalposts"
    ... )
    >>> compare_domains(index).summary[["n", "mean", "median"]]
            n  mean  median
    group
    organs  2  86.5    86.5
    rural   2  76.0    76.0
    """
    refuse_several_scales(index)
    when = period_of(index, period)
    groups = groups_of(index, by, when)
    indicators = shared_indicators(index, groups)
    refuse_mixed_full_marks(index, groups, indicators)
    own = index.weights["global_weight"]
    shared_weight = own[own.index.isin(indicators, level="indicator")].groupby(level="group").sum()
    share = index.group_of_row[groups.index].map(shared_weight)
    parts = index.scores.loc[groups.index, list(indicators)]
    scores = pd.DataFrame({by: groups, "score": shared_score(index, parts)})
    bounded = index.scale.bounded
    summary = _summary(scores["score"], groups, bounded)
    known = scores.dropna()
    _warn_of_single(known[by])
    inequality, distances = _inequality(known["score"], known[by], draws, seed)
    return DomainComparison(
        scores=scores,
        summary=summary.assign(shared_weight=share.groupby(groups).mean()),
        ends=_ends(parts, groups, bounded),
        tests=_tests(known["score"], known[by], draws, seed),
        pairs=_pairs(known["score"], known[by], summary, draws, seed),
        inequality=inequality,
        distances=distances,
        indicators=indicators,
        by=by,
        period=when,
        draws=draws,
        seed=seed,
        index=index,
    )


def _warn_of_single(groups: pd.Series) -> None:
    sizes = groups.value_counts()
    alone = sorted(map(str, sizes.index[sizes == 1]))
    if alone:
        warnings.warn(
            MethodWarning(
                "Groups should hold at least 2 organisations to be compared, got 1 in "
                f"{listed(alone)}; a test of it says little. Merge small groups or choose another "
                "column.",
                zh=f"每组须有至少 2 个组织才能比较；{enumerated(alone)}只有 1 个，"
                "检验说明不了什么。请合并小组，或换一个分组列。",
            ),
            stacklevel=3,
        )


def _summary(score: pd.Series, groups: pd.Series, bounded: bool) -> pd.DataFrame:
    table = summarise(score, [groups])
    by = score.groupby(groups)
    table.insert(1, "without_score", by.size() - table["n"])
    table.insert(6, "skew", by.skew())
    table.insert(7, "min", by.min())
    table["max"] = by.max()
    known = score.dropna()
    for name, end in (("floor_share", 0.0), ("ceiling_share", 100.0)):
        at_end = pd.Series(np.isclose(known, end) if bounded else np.nan, known.index)
        table[name] = at_end.groupby(groups).mean()
    return table.rename_axis("group")


def _ends(scores: pd.DataFrame, groups: pd.Series, bounded: bool) -> pd.DataFrame:
    """Count how many stand at the floor and at the ceiling of each indicator, group by group."""
    n = scores.notna().groupby(groups).sum()
    at = {"floor_share": scores == 0, "ceiling_share": scores == 100}
    parts = {"n": n} | {
        name: (hits.groupby(groups).sum() / n.where(n > 0)) if bounded else n * np.nan
        for name, hits in at.items()
    }
    table = pd.DataFrame({name: part.T.stack() for name, part in parts.items()})  # noqa: PD013
    return table.rename_axis(["indicator", "group"])


def _tests(score: pd.Series, groups: pd.Series, draws: int, seed: int) -> pd.DataFrame:
    rows = {"kruskal_wallis": kruskal_wallis(score, groups)._asdict()}
    if draws:
        p = permutation_test(score, groups, draws=draws, seed=seed)
        rows["permutation"] = {"statistic": rows["kruskal_wallis"]["statistic"], "p_value": p}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis("test")


def _pairs(
    score: pd.Series, groups: pd.Series, summary: pd.DataFrame, draws: int, seed: int
) -> pd.DataFrame:
    pairs = dunn(score, groups)
    first, second = summary.loc[pairs["group"]], summary.loc[pairs["other"]]
    pairs.insert(2, "n", first["n"].to_numpy())
    pairs.insert(3, "n_other", second["n"].to_numpy())
    pairs.insert(4, "difference", first["median"].to_numpy() - second["median"].to_numpy())
    p = np.full(len(pairs), np.nan)
    if draws:
        for place, two in enumerate(zip(pairs["group"], pairs["other"], strict=True)):
            own = groups.isin(two)
            p[place] = _p_of_means(score[own], groups[own], draws, seed)
        p = holm(p)
    pairs.insert(8, "p_permutation", p)
    return pairs


def _p_of_means(score: pd.Series, groups: pd.Series, draws: int, seed: int) -> float:
    if score.nunique() < 2:
        return 1.0
    return permutation_test(score, groups, of="means", draws=draws, seed=seed)


def _inequality(
    score: pd.Series, groups: pd.Series, draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if (score < 0).any() or (score.groupby(groups).max() <= 0).any():
        warnings.warn(
            MethodWarning(
                "Inequality measures need scores of at least 0, and groups that have not only "
                "zeros; they are left out. Build the index with declared bounds, such as "
                'normalise="goalposts".',
                zh="不平等指标要求得分不小于 0，且没有全为 0 的组；现不满足，未计算。"
                '请用有上下界的标准化，如 normalise="goalposts"。',
            ),
            stacklevel=3,
        )
        columns = ["value", "share", "by_chance", "low", "high", "share_low", "share_high"]
        rows = pd.MultiIndex.from_tuples([], names=["measure", "part"])
        return pd.DataFrame(columns=columns, index=rows, dtype=float), pd.DataFrame()
    table = inequality_table(score, groups, draws=draws, seed=seed)
    return table, dagum(score, groups).distance
