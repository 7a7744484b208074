"""What would take an organisation off a list: the least improvement, the limits to reach."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import MethodError
from .index import Index
from .rules import Condition, Criteria

# Scores are sums of products; what differs by less than this is equal.
TOLERANCE: Final = 1e-9


def off_bottom(index: Index, row: tuple[str, pd.Period], target: float) -> list[tuple[object, ...]]:
    """Return the least steps after which one row's overall score reaches the target."""
    choice = index.choices.aggregate
    if choice != "arithmetic" or not index.scale.bounded:
        raise MethodError(
            'conditions need a bounded index with aggregate="arithmetic", got aggregate='
            f"{choice!r}. Rebuild it with these choices."
        )
    rows = pd.MultiIndex.from_tuples([row], names=["org", "period"])
    weights = counted_weights(index, rows).iloc[0]
    scores = index.scores.loc[rows].iloc[0]
    short = target - float(index.overall.loc[rows].iloc[0])
    steps: list[tuple[object, ...]] = []
    order = pd.DataFrame({"weight": -weights.round(9), "score": scores})[weights > 0]
    for code in order.sort_values(["weight", "score"], kind="stable").index:
        weight, now = weights[code], scores[code]
        step = min(100 - now, short / weight)
        if short <= TOLERANCE:
            break
        if step > TOLERANCE:
            gain = step * weight
            steps.append(("bottom_share", code, now, now + step, step, weight, gain))
            short -= gain
    return steps


def off_criteria(
    index: Index, declared: Criteria, row: tuple[str, pd.Period], rules: str
) -> list[tuple[object, ...]]:
    """Return the limits one row must reach so that it no longer meets the criteria of ``rules``."""
    rows = pd.MultiIndex.from_tuples([row], names=["org", "period"])
    steps: list[tuple[object, ...]] = []
    for criterion in (c for c in declared.criteria if c.code in rules.split(";")):
        for condition in criterion.conditions:
            value = float(looked_at(index, condition, rows)[0])
            for limit, met in (
                (condition.below, value < condition.below),
                (condition.above, value > condition.above),
            ):
                if met:
                    name = condition.indicator or condition.column
                    step = abs(limit - value)
                    steps.append((criterion.code, name, value, limit, step, np.nan, np.nan))
    return steps


def looked_at(index: Index, condition: Condition, rows: pd.Index) -> npt.NDArray[np.float64]:
    """Return the numbers a condition looks at; NaN where there are none."""
    return column_of(index, condition.indicator, condition.column, rows)


def column_of(index: Index, indicator: str, column: str, rows: pd.Index) -> npt.NDArray[np.float64]:
    """Return the raw values of an indicator, or a column of the organisations, row by row."""
    found = None
    people = index.organisations
    if indicator in index.values.columns:
        found = index.values[indicator].reindex(rows)
    elif column and people is not None and column in people.columns:
        numbers = pd.to_numeric(people[column], errors="coerce")
        found = numbers.reindex(rows.get_level_values("org"))
    return np.full(len(rows), np.nan) if found is None else np.asarray(found, dtype=float)


def counted_weights(index: Index, rows: pd.Index) -> pd.DataFrame:
    """Return the weights that count in each row: scaled up over what is present."""
    present = index.scores.loc[rows].notna()
    groups = index.group_of_row.loc[rows].to_numpy(dtype=object)
    tops = index.dimensions.loc[rows].notna()
    made = np.zeros(present.shape)
    for label in pd.unique(groups[~pd.isna(groups)]):
        own = index.weights.loc[label]
        mine = np.flatnonzero(groups == label)
        across = own.groupby("dimension", sort=False)["global_weight"].sum()
        given = _scaled(tops[across.index].to_numpy()[mine] * across.to_numpy())
        for place, dimension in enumerate(across.index):
            local = own.loc[own["dimension"] == dimension, "local_weight"]
            columns = present.columns.get_indexer(local.index)
            held = _scaled(present.to_numpy()[np.ix_(mine, columns)] * local.to_numpy())
            made[np.ix_(mine, columns)] = held * given[:, [place]]
    return pd.DataFrame(made, index=rows, columns=present.columns)


def _scaled(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale every row to sum to 1; rows of zeros stay."""
    total = weights.sum(axis=1, keepdims=True)
    scaled: npt.NDArray[np.float64] = weights / np.where(total > 0, total, 1.0)
    return scaled
