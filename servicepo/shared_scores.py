"""What groups of organisations are all measured by, and their scores on nothing else."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from .bench import Group, combine
from .declared import near
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import enumerated, word
from .methods.guards import listed
from .scaling import within_of
from .tables import period_text, text_of


def period_of(index: Index, period: pd.Period | str | None) -> pd.Period:
    """Return the period of an index that is asked for, by default the last.

    Parameters
    ----------
    index : Index
    period : Period or str, optional

    Returns
    -------
    Period

    Raises
    ------
    MethodError
        For a period that the index does not have.
    """
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


def groups_of(index: Index, by: str, when: pd.Period | None = None) -> pd.Series:
    """Return the group of every row of a period (or of all), those without a group left out.

    Parameters
    ----------
    index : Index
        Built with organisations.
    by : str
        A column of the organisations.
    when : Period, optional
        All periods by default.

    Returns
    -------
    Series
        By (org, period), named as ``by``.

    Raises
    ------
    MethodError
        For a column that is not there, or a period in which fewer than 2 groups have scores.

    Warns
    -----
    MethodWarning
        Where organisations have no group.
    """
    attributes = index.attributes
    if by not in attributes.columns:
        raise MethodError(
            f"by must be a column of the organisations, got {by!r}. {near(by, attributes.columns)}"
        )
    times = attributes.index.get_level_values("period")
    groups = attributes[by] if when is None else attributes.loc[times == when, by]
    lost = groups.index[groups.isna()].unique("org")
    if len(lost):
        warnings.warn(
            MethodWarning(
                f"Every organisation should have a {by!r} to be compared; {len(lost)} of "
                f"{groups.index.unique('org').size} have none ({listed(lost)}) and are left out. "
                "Complete the roster.",
                zh=f"比较要求每个组织都有“{word(by)}”；{groups.index.unique('org').size} 个中有 "
                f"{len(lost)} 个没有（{enumerated(lost)}），未计入。请补全名册。",
            ),
            stacklevel=3,
        )
    groups = groups.dropna().rename(by)
    scored = groups[index.overall[groups.index].notna()]
    for period in times.unique() if when is None else [when]:
        found = scored[scored.index.get_level_values("period") == period].unique()
        if len(found) < 2:
            raise MethodError(
                f"{by} must hold at least 2 groups with scores in {text_of(period)} to be "
                f"compared, got {', '.join(map(str, found)) or 'none'}. "
                "Choose another column or period."
            )
    return groups


def shared_indicators(index: Index, groups: pd.Series) -> tuple[str, ...]:
    """Name the indicators that apply to all these organisations and have values everywhere.

    Parameters
    ----------
    index : Index
        Built with organisations.
    groups : Series
        As `groups_of` gives, of one period or several.

    Returns
    -------
    tuple of str
        Indicators with values in every group and period.

    Raises
    ------
    MethodError
        Where there is none.
    """
    columns = [c for c in ("domain", "sector") if c in index.attributes.columns]
    kinds = index.attributes.loc[groups.index, columns].drop_duplicates()
    kinds = kinds.reindex(columns=["domain", "sector"]).astype(object)
    pairs = list(kinds.where(kinds.notna(), None).itertuples(index=False, name=None))
    periods = groups.index.get_level_values("period")
    filled = index.values.loc[groups.index].notna().groupby([groups, periods]).any().all()
    found = tuple(
        code
        for code in index.scale.codes
        if filled[code] and all(index.framework.indicator(code).applies(*pair) for pair in pairs)
    )
    if not found:
        told = ", ".join(sorted(map(str, groups.unique())))
        times = period_text(pd.PeriodIndex(periods.unique()))
        over = f" in all of {', '.join(times)}" if len(times) > 1 else ""
        raise MethodError(
            f"Groups must share at least one indicator to be compared, got none for {told}{over}. "
            "Compare groups measured by the same things."
        )
    return found


def refuse_several_scales(index: Index) -> None:
    """Refuse scores that were fitted within classes: their ends mean another thing in each.

    Parameters
    ----------
    index : Index

    Raises
    ------
    MethodError
    """
    if index.scale.groups == "given":
        within = within_of(index.choices.normalise)
        raise MethodError(
            f"Groups must be scored on one scale to be compared, got scores fitted within each "
            f"{within or 'class'}. Build the index without within={within!r}."
        )


def refuse_mixed_full_marks(index: Index, groups: pd.Series, indicators: tuple[str, ...]) -> None:
    """Refuse an indicator on which the organisations compared have several full marks.

    Parameters
    ----------
    index : Index
    groups : Series
        As `groups_of` gives.
    indicators : tuple of str
        Those that are compared.

    Raises
    ------
    MethodError
    """
    if index.evidence is None:
        return
    compared = pd.Series("all", index=groups.index)
    mixed = index.evidence.mixed_full_marks(compared, over_time=True).droplevel("class")
    for code, marks in mixed.items():
        if code in indicators:
            raise MethodError(
                f"Groups must be scored on one full mark to be compared, got {marks} for {code!r}. "
                "Compare groups with the same full mark."
            )


def shared_score(index: Index, scores: pd.DataFrame) -> pd.Series:
    """Put scores together again from some indicators, their weights scaled up.

    Parameters
    ----------
    index : Index
    scores : DataFrame
        Rows and columns of ``index.scores``.

    Returns
    -------
    Series
        By (org, period), on the range of the overall score.

    Warns
    -----
    MethodWarning
        Where organisations have different weights of these indicators.
    """
    compared, indicators = scores.index, list(scores.columns)
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
    made = combine(
        scores, tuple(groups), aggregation=choices.aggregate, available=choices.available
    )
    return made.overall.rename("score")


def summarise(score: pd.Series, keys: list[pd.Series | pd.Index]) -> pd.DataFrame:
    """Describe the scores of each group: their middle, its interval and their spread.

    Parameters
    ----------
    score : Series
    keys : list of Series or Index
        What the scores are grouped by, in the same order.

    Returns
    -------
    DataFrame
        ``n`` (with a score), ``mean``, ``low``, ``high`` (95 % interval of the mean, by Student's
        t; NaN for one score), ``sd``, ``q25``, ``median``, ``q75``.

    Examples
    --------
    >>> made = summarise(pd.Series([60.0, 70.0, 80.0]), [pd.Series(["a", "a", "a"])])
    >>> made.round(1).loc["a"].tolist()
    [3.0, 70.0, 45.2, 94.8, 10.0, 65.0, 70.0, 75.0]
    """
    by = score.groupby(keys)
    n, mean, sd = by.count(), by.mean(), by.std()
    reach = stdtrit((n - 1).clip(lower=1), 0.975) * sd / n**0.5
    table = {"n": n, "mean": mean, "low": mean - reach, "high": mean + reach, "sd": sd}
    levels = {"q25": 0.25, "median": 0.5, "q75": 0.75}
    return pd.DataFrame(table | {name: by.quantile(q) for name, q in levels.items()})


def _warn_where_weights_differ(groups: list[Group]) -> None:
    tables = [
        pd.concat([local * group.across[d] for d, local in group.local.items()]) for group in groups
    ]
    if any(not np.allclose(table, tables[0].reindex(table.index)) for table in tables[1:]):
        warnings.warn(
            MethodWarning(
                "Groups compared should have the same weights; data-driven weights were computed "
                "for each class of organisations apart. Build the index with declared or equal "
                "weights.",
                zh="相互比较的各组权重应当相同；现在的权重由数据按类别分别算出。"
                "请用给定权重或等权。",
            ),
            stacklevel=4,
        )
