"""Who may be ranked together: scored on one full mark, and mostly measured by the same things."""

from __future__ import annotations

import warnings
from typing import Final

import pandas as pd

from .errors import MethodError, MethodWarning
from .tallying.evidence import Evidence

# Groups ranked together should be measured by mostly the same things; below this share of common
# weight the ranking is still given, with a warning.
COMMON_WEIGHT: Final = 0.9


def refuse_mixed_full_marks(evidence: Evidence | None, classes: pd.Series) -> None:
    """Refuse to rank organisations together whose scores had different full marks.

    Parameters
    ----------
    evidence : Evidence or None
        What the values were tallied from, where that is known.
    classes : Series
        By (org, period): the class in which a row is ranked.

    Raises
    ------
    MethodError
    """
    mixed = pd.Series() if evidence is None else evidence.mixed_full_marks(classes)
    if len(mixed):
        label, indicator = mixed.index[0]
        marks = mixed.iloc[0]
        raise MethodError(
            "Organisations ranked together must be scored on one full mark, got "
            f"{marks} for {indicator!r} in {label!r}. "
            'Rank within a class, such as within="group".'
        )


def warn_where_little_is_shared(classes: pd.Series, groups: pd.Series, weights: pd.Series) -> None:
    """Warn where a class rests on indicators that not all its organisations share.

    Parameters
    ----------
    classes : Series
        By (org, period): the class in which a row is ranked.
    groups : Series
        By (org, period): its weighting group.
    weights : Series
        Global weights by (group, indicator).

    Warns
    -----
    MethodWarning
        Naming the first class in which less than 90 % of the weight is shared.
    """
    # Classes are ranked period by period, so only groups of one period must be alike.
    for (label, _), members in groups.groupby([classes, "period"], observed=True):
        tables = [weights.loc[group] for group in members.dropna().unique()]
        if not tables:
            continue
        shared = pd.concat(tables, axis=1).dropna().min(axis=1).sum()
        if shared < COMMON_WEIGHT - 1e-12:
            warnings.warn(
                MethodWarning(
                    f"Organisations ranked together should be measured alike; in {label!r} only "
                    f"{shared:.0%} of the weight rests on shared indicators. Rank within a finer "
                    'class, such as within="sector".',
                    zh=f"放在一起排名的组织应按同样的指标衡量；“{label}”中共有指标只占权重的 "
                    f"{shared:.0%}。"
                    '请在更细的类别内排名，如 within="sector"。',
                ),
                stacklevel=4,
            )
            return
