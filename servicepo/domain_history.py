"""The same groups through all periods, on what all are measured by in all of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .comparability import refuse_unlike_scores
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, word
from .methods.densities import densities
from .methods.inequality import theil_decomposition
from .methods.inequality_table import inequality_table
from .methods.nested_inequality import theil_change
from .shared_scores import (
    groups_of,
    shared_indicators,
    shared_score,
    summarise,
)
from .tables import period_text


@dataclass(frozen=True, eq=False, slots=True)
class DomainHistory:
    """Groups of organisations compared in every period.

    Attributes
    ----------
    scores : DataFrame
        Indexed by (org, period): the group (a column named as ``by``) and ``score``, put together
        from the indicators that all share in all periods.
    summary : DataFrame
        Indexed by (period, group): ``n``, ``mean``, ``low``, ``high`` (95 % interval of the mean,
        by Student's t), ``sd``, ``q25``, ``median``, ``q75``.
    inequality : DataFrame
        Indexed by period: ``n``, ``gap`` (highest less lowest mean of a group, in points), Theil's
        ``total``, ``within``, ``between``, the ``between_share`` with ``low`` and ``high``
        (bootstrap) and ``by_chance`` (what groups drawn by lot would have), ``gini``, ``wolfson``.
    change : DataFrame
        As `methods.nested_inequality.theil_change`, last period against first.
    indicators : tuple of str
        What the scores are made of.
    by : str
        Column of the organisations that was compared.
    index : Index
        What was compared.
    """

    scores: pd.DataFrame
    summary: pd.DataFrame
    inequality: pd.DataFrame
    change: pd.DataFrame
    indicators: tuple[str, ...]
    by: str
    index: Index

    def __repr__(self) -> str:
        periods = list(period_text(pd.PeriodIndex(self.inequality.index)))
        ends = self.inequality.iloc[[0, -1]]
        gap, share = ends["gap"].tolist(), ends["between_share"].tolist()
        return (
            f"DomainHistory({self.by}, {periods[0]}–{periods[-1]}: gap {gap[0]:.1f} → "
            f"{gap[1]:.1f} points; between groups {share[0]:.1%} → {share[1]:.1%} of inequality)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.inequality.round(4).to_html()}"

    def densities(
        self, *, group: str | None = None, bandwidth: float | None = None
    ) -> pd.DataFrame:
        """Estimate the density of each period's scores, with one bandwidth for all periods.

        Parameters
        ----------
        group : str, optional
            One group only; by default all organisations.
        bandwidth : float, optional
            In points; by default as `methods.densities.common_bandwidth` chooses.

        Returns
        -------
        DataFrame
            ``period``, ``score``, ``density`` and ``n``.

        Raises
        ------
        MethodError
            For a group that is not there, or where no period has 5 scores that differ.
        """
        known = self.scores.dropna()
        if group is not None:
            known = known[known[self.by] == group]
            if known.empty:
                raise MethodError(
                    f"group must be one of those compared, got {group!r}. "
                    f"Take one of {', '.join(map(str, self.scores[self.by].unique()))}."
                )
        periods = pd.PeriodIndex(known.index.get_level_values("period"))
        times = pd.Series(periods, index=known.index)
        return tidy_densities(known["score"], times, "period", self.index, bandwidth)

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how the groups were followed, ready for a methods section."""
        return word("methods.history", language).format(
            by=word(self.by, language), indicators=len(self.indicators)
        )


def follow(index: Index, by: str, *, draws: int, seed: int) -> DomainHistory:
    """Compare the same groups in every period of an index.

    Parameters
    ----------
    index : Index
        Built with ``organisations``, of at least 2 periods.
    by : str
        Column of the organisations.
    draws : int
        For the intervals; 0 gives none.
    seed : int
        For the draws.

    Returns
    -------
    DomainHistory

    Raises
    ------
    MethodError
        As `comparison.DomainComparison.history`.
    """
    refuse_unlike_scores(index)
    groups = groups_of(index, by)
    periods = pd.PeriodIndex(groups.index.get_level_values("period"))
    if periods.nunique() < 2:
        raise MethodError(
            f"groups need at least 2 periods to be followed, got {periods.nunique()}. "
            "Read the periods before as well."
        )
    indicators = shared_indicators(index, groups)
    _warn_of_absent(index, groups, indicators)
    parts = index.scores.loc[groups.index, list(indicators)]
    scores = pd.DataFrame({by: groups, "score": shared_score(index, parts)})
    known = scores.dropna()
    summary = summarise(known["score"], [known.index.get_level_values("period"), known[by]])
    summary = summary.rename_axis(["period", "group"])
    measured, split = {}, {}
    for period, own in known.groupby(level="period"):
        measured[period] = _measure(own["score"], own[by], draws, seed)
        split[period] = theil_decomposition(own["score"], own[by])
    inequality = pd.DataFrame.from_dict(measured, orient="index").rename_axis("period")
    means = summary["mean"].groupby(level="period")
    inequality.insert(1, "gap", means.max() - means.min())
    first, last = min(split), max(split)
    return DomainHistory(
        scores=scores,
        summary=summary,
        inequality=inequality.astype({"n": int}),
        change=theil_change(split[first], split[last]),
        indicators=indicators,
        by=by,
        index=index,
    )


def tidy_densities(
    score: pd.Series, groups: pd.Series, name: str, index: Index, bandwidth: float | None
) -> pd.DataFrame:
    """Return densities as rows: the group, ``score``, ``density`` and ``n``.

    Parameters
    ----------
    score, groups : Series
        In the same order.
    name : str
        What the groups are called.
    index : Index
        Tells whether scores have bounds.
    bandwidth : float or None
        As in `methods.densities.densities`.

    Returns
    -------
    DataFrame
        Groups of fewer than 5 are left out.
    """
    low, high = float(score.min()), float(score.max())
    margin = (high - low) / 4
    bounds = (
        (min(0.0, low), max(100.0, high)) if index.scale.bounded else (low - margin, high + margin)
    )
    made = densities(score, groups, bounds=bounds, bandwidth=bandwidth)
    sizes = groups.value_counts()
    curves = made.curves.dropna(axis=1)
    parts = [
        pd.DataFrame(
            {name: group, "score": curves.index, "density": curves[group], "n": sizes[group]}
        )
        for group in curves.columns
    ]
    return pd.concat(parts, ignore_index=True)


def _measure(score: pd.Series, groups: pd.Series, draws: int, seed: int) -> dict[str, float]:
    table = inequality_table(score, groups, draws=draws, seed=seed)
    figures: dict[Any, float] = table.stack().to_dict()  # noqa: PD013
    found = {
        "total": ("theil", "total", "value"),
        "within": ("theil", "within", "value"),
        "between": ("theil", "between", "value"),
        "between_share": ("theil", "between", "share"),
        "low": ("theil", "between", "share_low"),
        "high": ("theil", "between", "share_high"),
        "by_chance": ("theil", "between", "by_chance"),
        "gini": ("gini", "total", "value"),
        "wolfson": ("wolfson", "total", "value"),
    }
    named = {name: figures.get(place, np.nan) for name, place in found.items()}
    return {"n": float(len(score)), **named}


def _warn_of_absent(index: Index, groups: pd.Series, indicators: tuple[str, ...]) -> None:
    """Warn where an indicator is left out of all periods because one of them lacks it."""
    measured = index.values.loc[groups.index].notna().groupby(level="period").any()
    gone = {
        code: ", ".join(period_text(pd.PeriodIndex(measured.index[~measured[code]])))
        for code in index.scale.codes
        if code not in indicators and measured[code].any() and not measured[code].all()
    }
    if gone:
        told = "; ".join(f"{code} in {periods}" for code, periods in gone.items())
        names = (index.framework.indicator(code).label("zh") for code in gone)
        absent = "；".join(f"{n}（{p}）" for n, p in zip(names, gone.values(), strict=True))
        warnings.warn(
            MethodWarning(
                "Periods should be measured by the same indicators to be compared; there are no "
                f"values of {told}, and these indicators are left out of all periods. "
                "Add the values, or compare the periods that have them.",
                zh="各期须用同一套指标才能比较；下列指标有的考评期没有数据，各期都未计入："
                f"{absent}。请补充数据，或只比较有数据的考评期。",
            ),
            stacklevel=4,
        )
