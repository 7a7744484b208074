"""Domains side by side: distributions, tests and inequality, on what they are all measured by."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .bench import Group, combine
from .declared import near
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, word
from .methods.group_tests import dunn, kruskal_wallis
from .methods.inequality import dagum, theil_decomposition
from .tables import period_text, text_of

_QUANTILES = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}


@dataclass(frozen=True, eq=False, slots=True)
class DomainComparison:
    """Groups of organisations compared in one period.

    Attributes
    ----------
    scores : DataFrame
        Indexed by (org, period): the group (a column named as ``by``) and ``score``, put together
        from the shared indicators only.
    summary : DataFrame
        Indexed by group: ``n`` (with a score), ``without_score``, ``mean``, ``sd``, ``min``,
        ``q25``, ``median``, ``q75``, ``max``, ``shared_weight`` (share of the group's own weight
        that rests on the shared indicators).
    tests : DataFrame
        One row, ``kruskal_wallis``: ``statistic``, ``degrees_of_freedom``, ``p_value``,
        ``epsilon_squared``, ``eta_squared``.
    pairs : DataFrame
        One row per pair of groups: ``group``, ``other``, ``n``, ``n_other``, ``difference`` (of
        medians), ``z``, ``p_value``, ``p_holm`` (Dunn), ``cliffs_delta``.
    inequality : DataFrame
        Indexed by (measure, part): ``value`` and ``share`` (of the total). Gini by group; Theil T
        within and between; Dagum within, between and transvariation.
    distances : DataFrame
        Dagum's relative affluence D_jh of each pair of groups, 0..1.
    indicators : tuple of str
        The shared indicators.
    by : str
        Column of the organisations that was compared.
    period : Period
        When.
    index : Index
        What was compared.
    """

    scores: pd.DataFrame
    summary: pd.DataFrame
    tests: pd.DataFrame
    pairs: pd.DataFrame
    inequality: pd.DataFrame
    distances: pd.DataFrame
    indicators: tuple[str, ...]
    by: str
    period: pd.Period
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

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how the groups were compared, ready for a methods section."""
        return word("methods.comparison", language).format(
            by=word(self.by, language),
            groups=len(self.summary),
            indicators=len(self.indicators),
            low=f"{self.summary['shared_weight'].min():.0%}",
        )


def compare_domains(
    index: Index, *, by: str = "domain", period: pd.Period | str | None = None
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

    Returns
    -------
    DomainComparison

    Raises
    ------
    MethodError
        For a column or a period that is not there, fewer than 2 groups, groups without a shared
        indicator or scored on different full marks, or scores that are all equal.

    Warns
    -----
    MethodWarning
        Where organisations have no group and are left out; where the groups' weights of the shared
        indicators differ; where negative scores, or a group of zeros, leave no inequality measures.

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
    when = _period(index, period)
    groups = _groups(index, by, when)
    indicators = _shared(index, groups)
    _refuse_mixed_full_marks(index, groups, indicators)
    own = index.weights["global_weight"]
    shared_weight = own[own.index.isin(indicators, level="indicator")].groupby(level="group").sum()
    share = index.group_of_row[groups.index].map(shared_weight)
    scores = pd.DataFrame({by: groups, "score": _shared_score(index, indicators, groups.index)})
    summary = _summary(scores["score"], groups).assign(shared_weight=share.groupby(groups).mean())
    known = scores.dropna()
    tests = kruskal_wallis(known["score"], known[by])._asdict()
    inequality, distances = _inequality(known["score"], known[by])
    return DomainComparison(
        scores=scores,
        summary=summary,
        tests=pd.DataFrame(tests, index=pd.Index(["kruskal_wallis"], name="test")),
        pairs=_pairs(known["score"], known[by], summary),
        inequality=inequality,
        distances=distances,
        indicators=indicators,
        by=by,
        period=when,
        index=index,
    )


def _period(index: Index, period: pd.Period | str | None) -> pd.Period:
    periods = pd.PeriodIndex(index.overall.index.get_level_values("period").unique())
    if period is None:
        return periods.max()
    texts = list(period_text(periods))
    asked = text_of(period)
    if asked not in texts:
        raise MethodError(
            f"period must be one of the index, got {asked!r}. Take one of {', '.join(texts)}."
        )
    return periods[texts.index(asked)]


def _groups(index: Index, by: str, when: pd.Period) -> pd.Series:
    """Return the group of every row of the period, those without a group left out."""
    attributes = index.attributes
    if by not in attributes.columns:
        raise MethodError(
            f"by must be a column of the organisations, got {by!r}. {near(by, attributes.columns)}"
        )
    groups = attributes[by][attributes.index.get_level_values("period") == when]
    lost = int(groups.isna().sum())
    if lost:
        warnings.warn(
            f"Every organisation should have a {by!r} to be compared; {lost} of {len(groups)} have "
            "none and are left out. Complete the roster.",
            MethodWarning,
            stacklevel=3,
        )
    groups = groups.dropna().rename(by)
    scored = groups[index.overall[groups.index].notna()]
    if scored.nunique() < 2:
        raise MethodError(
            f"{by} must hold at least 2 groups with scores in {text_of(when)} to be compared, "
            f"got {', '.join(map(str, scored.unique())) or 'none'}. "
            "Choose another column or period."
        )
    return groups


def _shared(index: Index, groups: pd.Series) -> tuple[str, ...]:
    """Name the indicators that apply to all these organisations and have values in every group."""
    columns = [c for c in ("domain", "sector") if c in index.attributes.columns]
    kinds = index.attributes.loc[groups.index, columns].drop_duplicates()
    kinds = kinds.reindex(columns=["domain", "sector"]).astype(object)
    pairs = list(kinds.where(kinds.notna(), None).itertuples(index=False, name=None))
    filled = index.values.loc[groups.index].notna().groupby(groups).any().all()
    found = tuple(
        code
        for code in index.scale.codes
        if filled[code] and all(index.framework.indicator(code).applies(*pair) for pair in pairs)
    )
    if not found:
        raise MethodError(
            f"Groups must share at least one indicator to be compared, got none for "
            f"{', '.join(sorted(map(str, groups.unique())))}. "
            "Compare groups measured by the same things."
        )
    return found


def _refuse_mixed_full_marks(index: Index, groups: pd.Series, indicators: tuple[str, ...]) -> None:
    if index.evidence is None:
        return
    marks = index.evidence.table["full_mark"].dropna()
    orgs = groups.index.get_level_values("org")
    now = marks.index.get_level_values("period") == groups.index[0][1]
    mine = now & marks.index.get_level_values("org").isin(orgs)
    for code, own in marks.loc[mine].groupby(level="indicator"):
        found = sorted(own.unique()) if code in indicators else []
        if len(found) > 1:
            raise MethodError(
                "Groups must be scored on one full mark to be compared, got "
                f"{', '.join(f'{mark:g}' for mark in found)} for {code!r}. "
                "Compare groups with the same full mark."
            )


def _shared_score(index: Index, indicators: tuple[str, ...], compared: pd.Index) -> pd.Series:
    """Put the score of some rows together again from some indicators, their weights scaled up."""
    own = index.group_of_row[compared]
    groups = []
    for label in own.dropna().unique():
        weights = index.weights.loc[[label]]
        across = weights.groupby("dimension", sort=False)["global_weight"].sum()
        kept = weights.droplevel("group").reindex(indicators).dropna()
        local = {
            str(d): part["local_weight"] / part["local_weight"].sum()
            for d, part in kept.groupby("dimension", sort=False)
            if part["local_weight"].sum() > 0
        }
        top = across[list(local)]
        rows = np.flatnonzero((own == label).to_numpy())
        if len(local):
            groups.append(Group(str(label), rows, local, top / top.sum()))
    _warn_where_weights_differ(groups)
    choices = index.choices
    scores = index.scores.loc[compared, list(indicators)]
    made = combine(
        scores, tuple(groups), aggregation=choices.aggregate, available=choices.available
    )
    return made.overall.rename("score")


def _warn_where_weights_differ(groups: list[Group]) -> None:
    tables = [
        pd.concat([local * group.across[d] for d, local in group.local.items()]) for group in groups
    ]
    if any(not np.allclose(table, tables[0].reindex(table.index)) for table in tables[1:]):
        warnings.warn(
            "Groups compared should have the same weights; data-driven weights were computed for "
            "each class of organisations apart. Build the index with declared or equal weights.",
            MethodWarning,
            stacklevel=4,
        )


def _summary(score: pd.Series, groups: pd.Series) -> pd.DataFrame:
    by = score.groupby(groups)
    n = by.count()
    parts = {"n": n, "without_score": by.size() - n, "mean": by.mean(), "sd": by.std()}
    parts |= {name: by.quantile(level) for name, level in _QUANTILES.items()}
    return pd.DataFrame(parts).rename_axis("group")


def _pairs(score: pd.Series, groups: pd.Series, summary: pd.DataFrame) -> pd.DataFrame:
    pairs = dunn(score, groups)
    first, second = summary.loc[pairs["group"]], summary.loc[pairs["other"]]
    pairs.insert(2, "n", first["n"].to_numpy())
    pairs.insert(3, "n_other", second["n"].to_numpy())
    pairs.insert(4, "difference", first["median"].to_numpy() - second["median"].to_numpy())
    return pairs


def _inequality(score: pd.Series, groups: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    index = pd.MultiIndex.from_tuples([], names=["measure", "part"])
    if (score < 0).any() or (score.groupby(groups).max() <= 0).any():
        warnings.warn(
            "Inequality measures need scores of at least 0, and groups that have not only zeros; "
            "they are left out. Build the index with declared bounds, such as "
            'normalise="goalposts".',
            MethodWarning,
            stacklevel=3,
        )
        return pd.DataFrame({"value": [], "share": []}, index=index, dtype=float), pd.DataFrame()
    entropy, parts = theil_decomposition(score, groups), dagum(score, groups)
    rows: dict[tuple[str, str], tuple[float, float]] = {("gini", "total"): (parts.total, 1.0)}
    for group in parts.gini.index:
        rows["gini", str(group)] = (float(parts.gini.loc[group, group]), np.nan)
    rows["theil", "total"] = (entropy.total, 1.0)
    for name in ("within", "between"):
        value = getattr(entropy, name)
        rows["theil", name] = (value, value / entropy.total)
    for name in ("within", "between", "transvariation"):
        value = getattr(parts, name)
        rows["dagum", name] = (value, value / parts.total)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "share"])
    table.index = pd.MultiIndex.from_tuples(rows, names=["measure", "part"])
    return table, parts.distance
