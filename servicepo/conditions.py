"""What would take an organisation off a list or into the next grade: the least improvement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from .choices import by_level, veto_of
from .errors import MethodError
from .index import Index
from .methods.grades import TOLERANCE
from .methods.improvement import cheapest_geometric_improvement, cheapest_improvement
from .rules import Condition, Criteria
from .scaling import scored

TOP: Final = 100.0

COLUMNS: Final = ["rule", "indicator", "now", "needed", "improvement", "weight", "gain", "cost"]


class Limit(NamedTuple):
    """A number that some rows must reach, whatever their overall score.

    Attributes
    ----------
    rule : str
        The rule that asks for it.
    indicator, column, dimension : str
        What is looked at; one is given.
    limit : float
        In the unit of what is looked at.
    rows : ndarray of bool
        Who must reach it.
    """

    rule: str
    indicator: str
    column: str
    dimension: str
    limit: float
    rows: npt.NDArray[np.bool_]


def least_steps(
    index: Index,
    at: npt.NDArray[np.intp],
    *,
    target: npt.NDArray[np.float64],
    rule: str,
    limits: Sequence[Limit] = (),
    costs: pd.Series | None = None,
    caps: pd.Series | None = None,
) -> pd.DataFrame:
    """List the cheapest steps after which rows reach their limits and their overall score.

    Parameters
    ----------
    index : Index
    at : array of int
        Some rows of the index, by position.
    target : array of float
        The overall score each must reach; NaN asks for nothing.
    rule : str
        What asks for it.
    limits : sequence of Limit
    costs : Series, optional
        Cost of a point of score by indicator; 1 each by default.
    caps : Series, optional
        The farthest each indicator can rise, in points of score.

    Returns
    -------
    DataFrame
        One row per step: ``org`` and the columns that `WeakBranches.conditions` tells of. An
        organisation that cannot get there has one row with an empty indicator.

    Raises
    ------
    MethodError
        Where a target is asked of an index that is no bounded arithmetic or geometric mean.
    """
    rule_of_means = _mean_of(index)
    if rule_of_means is None and not np.isnan(target).all():
        raise MethodError(
            'conditions need a bounded index with aggregate="arithmetic" or "geometric", got '
            f"aggregate={index.choices.aggregate!r}. Rebuild it with one of them."
        )
    rows = cast(pd.MultiIndex, index.overall.index.take(at))
    limits = [*limits, *_vetoes(index, rows, ~np.isnan(target))]
    x = _take(index.scores, at)
    w = _weights_at(index, at, x)
    lifted, gates = x, dict[str, tuple[list[str], Any]]()
    if limits:
        floors = _floors(index, rows, limits, x)
        lifted = x.where(~(floors > x), floors)
        asked = floors.columns[floors.notna().any()]
        gates = {str(code): ([str(code)], floors[code]) for code in asked}
    own = [limit for limit in limits if limit.dimension]
    for limit in own:
        codes = [i.code for i in index.framework.indicators if i.dimension == limit.dimension]
        least = pd.Series(np.where(limit.rows, limit.limit, np.nan))
        gates[limit.rule] = ([code for code in codes if code in x], least)
    weighed = w.where(w.sum(axis=1) > 0, 1 / w.shape[1])
    most = np.inf if caps is None else caps
    arithmetic = partial(
        cheapest_improvement, x, weighed, costs=costs, most=most, top=TOP, gates=gates
    )
    wanted = pd.Series(target)
    between = lifted
    if rule_of_means == "geometric":
        if own:
            raise MethodError(
                "conditions with a gate on a dimension need an arithmetic mean, "
                f"got {own[0].rule!r} on a geometric one. Rebuild the index with "
                'aggregate="arithmetic".'
            )
        rises = cheapest_geometric_improvement(
            lifted, weighed, wanted, costs=costs, most=most, top=TOP
        )
        rises = rises + (lifted - x).fillna(0.0)
    else:
        rises = arithmetic(wanted)
        if own:
            between = x + arithmetic(pd.Series(np.nan, index=x.index))
    worth = w / (1.0 if costs is None else costs.reindex(w.columns))
    parts = [_to_target(rule, between, x + rises, w, worth, rule_of_means)]
    if own:
        names = {limit.dimension: limit.rule for limit in own}
        steps = _to_target(rule, lifted, between, w, worth, rule_of_means)
        dimension = {i.code: i.dimension for i in index.framework.indicators}
        parts.append(steps.assign(rule=steps["indicator"].map(dimension).map(names)))
    parts += [_to_limit(index, rows, limit, x, lifted, w) for limit in limits]
    lost = np.flatnonzero(rises.isna().any(axis=1))
    parts.append(pd.DataFrame({"at": lost, "rule": rule, "indicator": "", "order": 0.0}))
    made = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    price = made["indicator"].map(costs) if costs is not None else 1.0
    made["cost"] = made.pop("points") * price if "points" in made else np.nan
    if len(limits) or len(lost) or own:
        made = made.sort_values(["at", "order"], kind="stable", ignore_index=True)
    made.insert(0, "org", rows.take(made["at"].to_numpy(dtype=np.intp)).get_level_values("org"))
    return made.reindex(columns=["org", *COLUMNS])


def criteria_limits(
    index: Index, declared: Criteria, rows: pd.MultiIndex, rules: Sequence[str]
) -> list[Limit]:
    """Return what rows must reach to meet none of the criteria that are named for them.

    Parameters
    ----------
    index : Index
    declared : Criteria
    rows : MultiIndex
    rules : sequence of str
        For each row the codes of the criteria it meets, joined by ";".

    Returns
    -------
    list of Limit
    """
    found = []
    named = [set(rule.split(";")) for rule in rules]
    for criterion in declared.criteria:
        own = np.array([criterion.code in some for some in named], dtype=bool)
        for condition in criterion.conditions if own.any() else ():
            values = looked_at(index, condition, rows)
            for limit, met in (
                (condition.below, values < condition.below),
                (condition.above, values > condition.above),
            ):
                if (own & met).any():
                    at = (condition.indicator, condition.column, "")
                    found.append(Limit(criterion.code, *at, limit, own & met))
    return found


def _mean_of(index: Index) -> str | None:
    """Return the mean an index is, at both levels; None where it is another or has no bounds."""
    inner, outer = by_level(index.choices.aggregate, "arithmetic", "aggregate")
    same = isinstance(inner, str) and inner == outer and inner in ("arithmetic", "geometric")
    return inner if same and index.scale.bounded else None


def _vetoes(index: Index, rows: pd.MultiIndex, asked: npt.NDArray[np.bool_]) -> list[Limit]:
    """Return the thresholds of the index's own veto that rows miss."""
    rule = veto_of(index.choices.aggregate)
    if rule is None:
        return []
    found = []
    for code, limit in dict(rule.get("thresholds", {})).items():
        values = column_of(index, code, "", rows)
        cost = index.framework.indicator(code).direction == "cost"
        short = (values > limit) if cost else (values < limit)
        if (short & asked).any():
            found.append(Limit("veto", code, "", "", float(limit), short & asked))
    return found


def _floors(
    index: Index, rows: pd.MultiIndex, limits: Sequence[Limit], x: pd.DataFrame
) -> pd.DataFrame:
    """Return the scores that limits on indicators ask for; NaN where none does."""
    floors = pd.DataFrame(np.nan, index=x.index, columns=x.columns)
    limits = [limit for limit in limits if limit.indicator in x]
    if not limits:
        return floors
    values = index.prepared.values.loc[rows]
    for limit in limits:
        code = limit.indicator
        moved = values.assign(**{code: limit.limit})
        made = scored(moved, index.scale, index.choices.normalise, index.organisations)
        score = made.frame([code], slice(0, len(moved)))[code].to_numpy()
        floors[code] = floors[code].fillna(-np.inf).clip(lower=np.where(limit.rows, score, -np.inf))
        floors[code] = floors[code].where(np.isfinite(floors[code]))
    # A limit beyond the top can be reached in its own unit all the same.
    return floors.clip(upper=TOP) if index.scale.bounded else floors


def _to_target(
    rule: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    w: pd.DataFrame,
    worth: pd.DataFrame,
    mean: str | None,
) -> pd.DataFrame:
    """List the steps from one table of scores to another, the most useful first."""
    low, high, weight = before.to_numpy(), after.to_numpy(), w.to_numpy()
    step = np.nan_to_num(high - low)
    if mean == "geometric":
        safe = np.maximum(np.stack([low, high]), 1e-300)
        part = np.nan_to_num(weight * (np.log(safe[1]) - np.log(safe[0])))
        start = np.exp(np.nansum(weight * np.log(safe[0]), axis=1))
        total = part.sum(axis=1)
        gain = (
            part
            * np.divide(start * np.expm1(total), total, where=total > 0, out=total * 0)[:, None]
        )
    else:
        gain = step * weight
    at, column = np.nonzero(step > TOLERANCE)
    # One number holds the row, the worth of the indicator and its score, so that one sort will do.
    _, rank = np.unique(-worth.to_numpy()[at, column].round(9), return_inverse=True)
    score = low[at, column]
    key = at * (rank.max(initial=0) + 2.0) + rank + (score - score.min(initial=0)) / 1e3
    order = np.argsort(key, kind="stable")
    at, column = at[order], column[order]
    return pd.DataFrame(
        {
            "at": at,
            "rule": rule,
            "indicator": before.columns.array.take(column),
            "now": low[at, column],
            "needed": high[at, column],
            "improvement": step[at, column],
            "weight": weight[at, column],
            "gain": gain[at, column],
            "points": step[at, column],
            "order": 0.0,
        }
    )


def _to_limit(
    index: Index,
    rows: pd.MultiIndex,
    limit: Limit,
    x: pd.DataFrame,
    lifted: pd.DataFrame,
    w: pd.DataFrame,
) -> pd.DataFrame:
    """List the steps to one limit, in its own unit."""
    if limit.dimension:
        return pd.DataFrame(columns=["at"])
    at = np.flatnonzero(limit.rows)
    now = column_of(index, limit.indicator, limit.column, rows)[at]
    made = pd.DataFrame({"at": at, "rule": limit.rule, "now": now, "needed": limit.limit})
    made["indicator"] = limit.indicator or limit.column
    made["improvement"] = np.abs(limit.limit - now)
    made["order"] = 1.0
    if limit.indicator in x:
        points = (lifted[limit.indicator] - x[limit.indicator]).clip(lower=0).to_numpy()[at]
        made["weight"] = w[limit.indicator].to_numpy()[at]
        made["gain"], made["points"] = points * made["weight"], points
    return made


def looked_at(index: Index, condition: Condition, rows: pd.Index) -> npt.NDArray[np.float64]:
    """Return the numbers a condition looks at; NaN where there are none."""
    return column_of(index, condition.indicator, condition.column, rows)


def column_of(index: Index, indicator: str, column: str, rows: pd.Index) -> npt.NDArray[np.float64]:
    """Return the raw values of an indicator, or a column of the organisations, row by row."""
    found = None
    people = index.organisations
    if indicator == "overall":
        found = index.overall.reindex(rows)
    elif indicator in index.values.columns:
        found = index.values[indicator].reindex(rows)
    elif column and people is not None and column in people.columns:
        numbers = pd.to_numeric(people[column], errors="coerce")
        found = numbers.reindex(rows.get_level_values("org"))
    return np.full(len(rows), np.nan) if found is None else np.asarray(found, dtype=float)


def counted_weights(index: Index, rows: pd.Index) -> pd.DataFrame:
    """Return the weights that count in each row: scaled up over what is present."""
    at = positions(index, rows)
    return _weights_at(index, at, _take(index.scores, at)).set_axis(rows)


def _weights_at(index: Index, at: npt.NDArray[np.intp], scores: pd.DataFrame) -> pd.DataFrame:
    """Return the same for rows by their position, whose scores are known."""
    there = np.isnan(np.column_stack([scores.to_numpy(), _take(index.dimensions, at).to_numpy()]))
    kind, _ = pd.factorize(index.group_of_row.array.take(at))
    # Many rows lack the same and are weighed alike: their weights are worked out once.
    for byte in np.packbits(there, axis=1).T:
        kind, _ = pd.factorize(kind * 256 + byte)
    first = np.flatnonzero(~pd.Series(kind).duplicated())  # kinds are numbered as they appear
    each = _weights_of(index, at[first], scores.iloc[first]).to_numpy()
    table = np.array([column[kind] for column in each.T]).T
    return pd.DataFrame(table, index=scores.index, columns=scores.columns, copy=False)


def _weights_of(index: Index, at: npt.NDArray[np.intp], scores: pd.DataFrame) -> pd.DataFrame:
    """Return the same row by row."""
    groups = np.asarray(index.group_of_row.array.take(at), dtype=object)
    tops = _take(index.dimensions, at)
    present = ~np.isnan(scores.to_numpy())
    made = np.zeros(present.shape, order="F")
    for label in pd.unique(groups[~pd.isna(groups)]):
        own = index.weights.loc[label]
        mine = np.flatnonzero(groups == label)
        across = own.groupby("dimension", sort=False)["global_weight"].sum()
        given = _scaled(tops[across.index].notna().to_numpy()[mine] * across.to_numpy())
        for place, dimension in enumerate(across.index):
            local = own.loc[own["dimension"] == dimension, "local_weight"]
            columns = scores.columns.get_indexer(local.index)
            held = _scaled(present[np.ix_(mine, columns)] * local.to_numpy())
            made[np.ix_(mine, columns)] = held * given[:, [place]]
    return pd.DataFrame(made, index=scores.index, columns=scores.columns, copy=False)


def positions(index: Index, rows: pd.Index) -> npt.NDArray[np.intp]:
    """Return where rows stand in the index."""
    whole = index.overall.index
    return np.arange(len(whole)) if rows is whole else whole.get_indexer(rows)


def _take(frame: pd.DataFrame, at: npt.NDArray[np.intp]) -> pd.DataFrame:
    """Take rows by position, numbered from 0: labels of a million rows cost more than the rows."""
    columns = [frame[code].to_numpy()[at] for code in frame.columns]
    table = np.array(columns, dtype=float).T if columns else np.zeros((len(at), 0))
    return pd.DataFrame(table, columns=frame.columns, copy=False)


def _scaled(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale every row to sum to 1; rows of zeros stay."""
    total = weights.sum(axis=1, keepdims=True)
    scaled: npt.NDArray[np.float64] = weights / np.where(total > 0, total, 1.0)
    return scaled
