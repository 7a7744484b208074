"""The bench: how a class of organisations is weighted, and how scores are put together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .choices import Choice, Method, by_level, chosen, veto_of
from .classing import Class, Rows
from .errors import MethodError, MethodWarning
from .framework import Framework
from .methods.aggregation import ROW_BY_ROW, veto
from .methods.combined_weights import COMBINATIONS
from .methods.compiled import divergences, weighted_sum
from .methods.dispersion import IMPORTANCES, weights_of
from .methods.objective_weights import OBJECTIVE_WEIGHTS, equal
from .registry import AGGREGATES
from .scored import Array, Scored
from .scored import Rows as Some


class Group(NamedTuple):
    """A class of rows with the weights it got; both kinds of weights sum to 1."""

    label: str
    rows: Rows
    local: dict[str, pd.Series]  # dimension -> weights of its indicators
    across: pd.Series  # weights of the dimensions


class Built(NamedTuple):
    """What the scores add up to, row by row."""

    overall: pd.Series
    dimensions: pd.DataFrame
    coverage: pd.Series


def weigh(
    scores: Scored,
    classes: list[Class],
    framework: Framework,
    *,
    weights: Choice,
    aggregation: Choice,
) -> tuple[Group, ...]:
    """Give every class its weights.

    Parameters
    ----------
    scores : Scored
        (org, period) x indicator; what data-driven weights are computed from, inside each class.
    classes : list of Class
        From `classify`.
    framework : Framework
        The declared weights.
    weights, aggregation : word, callable, Series or mapping by level
        As `build_index` takes them.

    Returns
    -------
    tuple of Group
    """
    levels = isinstance(weights, Mapping) and "method" not in weights
    nested = levels or _is(weights, "framework")
    groups = []
    for label, rows, indicators, declared in classes:
        if not nested:
            codes = [code for own in indicators.values() for code in own]
            flat = _resolve(weights, scores, codes, rows, "weights")
            across = pd.Series({d: flat[own].sum() for d, own in indicators.items()})
            local = {d: _shares(flat[own], f"weights of {d}") for d, own in indicators.items()}
            groups.append(Group(label, rows, local, across))
            continue
        inner, outer = by_level(weights, "framework", "weights")
        local = {}
        for d, own in indicators.items():
            choice = framework.indicator_weights(d) if _is(inner, "framework") else inner
            local[d] = _resolve(choice, scores, own, rows, f"weights of {d}")
        choice = declared if _is(outer, "framework") else outer
        tops, members = scores, rows
        if _comes_from_data(choice):
            within = by_level(aggregation, "arithmetic", "aggregate")[0]
            found, _ = _dimensions(scores, Group(label, rows, local, pd.Series()), within, 0.0)
            tops = Scored(found)
            members = np.arange(len(tops))
        across = _resolve(choice, tops, list(indicators), members, "weights of the dimensions")
        groups.append(Group(label, rows, local, across))
    return tuple(groups)


def combine(
    scores: Scored | pd.DataFrame,
    groups: tuple[Group, ...],
    *,
    aggregation: Choice,
    available: float | Mapping[str, float],
) -> Built:
    """Aggregate scores into dimensions and dimensions into the overall index.

    Parameters
    ----------
    scores : Scored or DataFrame
        (org, period) x indicator; NaN is missing.
    groups : tuple of Group
        From `weigh`.
    aggregation : word, callable or mapping by level
        As `build_index` takes it.
    available : float or mapping
        Share of the weight (0..1) that a node needs, for all nodes or by code; below it the node is
        NaN.

    Returns
    -------
    Built
        ``overall``, ``dimensions`` and ``coverage`` (share of the weight that was used), by row.
    """
    if isinstance(scores, pd.DataFrame):
        scores = Scored(scores)
    inner, outer = by_level(aggregation, "arithmetic", "aggregate")
    order = list(dict.fromkeys(code for group in groups for code in group.local))
    parts = [_built(scores, group, inner, outer, available) for group in groups]
    if len(parts) == 1 and len(groups[0].rows) == len(scores):
        return parts[0]
    table = np.full((len(scores), len(order)), np.nan, order="F")
    overall = np.full(len(scores), np.nan)
    coverage = np.zeros(len(scores))
    for group, part in zip(groups, parts, strict=True):
        overall[group.rows], coverage[group.rows] = part.overall, part.coverage
        for code, column in part.dimensions.items():
            table[group.rows, order.index(str(code))] = column
    return Built(
        pd.Series(overall, index=scores.index, name="overall"),
        pd.DataFrame(table, index=scores.index, columns=order, copy=False),
        pd.Series(coverage, index=scores.index, name="coverage"),
    )


def _built(
    scores: Scored, group: Group, inner: Any, outer: Any, available: float | Mapping[str, float]
) -> Built:
    """Do the same for the rows of one group."""
    tops, covered = _dimensions(scores, group, inner, available)
    top, least = Scored(tops), _least(available, "overall")
    overall, _ = _node(top, group.across, slice(0, len(top)), _aggregation(outer), least)
    return Built(
        pd.Series(overall, index=tops.index, name="overall"),
        tops,
        pd.Series(covered, index=tops.index, name="coverage"),
    )


def hold_down(
    overall: pd.Series, values: pd.DataFrame, aggregation: Choice, framework: Framework
) -> pd.DataFrame | None:
    """Hold scores down where raw values fall short of the thresholds of a veto.

    Parameters
    ----------
    overall : Series
        By (org, period).
    values : DataFrame
        (org, period) x indicator, in raw units.
    aggregation : word, callable or mapping
        As `build_index` takes it; its key "veto" counts.
    framework : Framework
        The directions: for a cost less is better, and the threshold is the most.

    Returns
    -------
    DataFrame or None
        ``before``, ``score``, ``failed``; None without a veto.

    Raises
    ------
    MethodError
        For a veto without thresholds, or without a cap or a deduction.
    """
    rule = veto_of(aggregation)
    if rule is None:
        return None
    options = {key: value for key, value in rule.items() if key != "thresholds"}
    limits = dict(rule.get("thresholds", {}))
    if not limits or not options or set(options) - {"cap", "deduct"}:
        raise MethodError(
            f"veto must have thresholds, and a cap or a deduction, got {dict(rule)!r}. "
            'Write {"thresholds": {code: least value}, "cap": 59}.'
        )
    costs = [c for c in limits if c in values and framework.indicator(c).direction == "cost"]
    x = values[[code for code in limits if code in values]].copy()
    for code in costs:
        x[code], limits[code] = -x[code], -limits[code]
    return veto(overall, x, limits, **options)


def weights_frame(groups: tuple[Group, ...]) -> pd.DataFrame:
    """List the weights: rows (group, indicator), columns dimension, local and global weight."""
    rows = [
        (group.label, code, dimension, weight, weight * group.across[dimension])
        for group in groups
        for dimension, local in group.local.items()
        for code, weight in local.items()
    ]
    columns = ["group", "indicator", "dimension", "local_weight", "global_weight"]
    return pd.DataFrame(rows, columns=columns).set_index(["group", "indicator"])


def _aggregation(choice: Any) -> Method:
    return chosen(choice, AGGREGATES, "aggregate")


def _dimensions(
    scores: Scored, group: Group, choice: Any, available: float | Mapping[str, float]
) -> tuple[pd.DataFrame, Array]:
    """Return the dimensions of a group's rows, and the share of the weight present there."""
    method, rows = _aggregation(choice), scores.all_or(group.rows)
    made = np.empty((len(group.rows), len(group.local)), order="F")
    covered = np.zeros(len(group.rows))
    for place, (code, local) in enumerate(group.local.items()):
        made[:, place], present = _node(scores, local, rows, method, _least(available, code))
        # What a dimension has is of no use where it has too little to be given.
        covered += group.across.get(code, 0.0) * np.where(np.isnan(made[:, place]), 0.0, present)
    tops = pd.DataFrame(made, index=scores.labels(rows), columns=list(group.local), copy=False)
    return tops, covered


def _least(available: float | Mapping[str, float], node: str) -> float:
    return available.get(node, 2 / 3) if isinstance(available, Mapping) else available


def _node(
    scores: Scored, weights: pd.Series, rows: Some, method: Method, available: float
) -> tuple[Array, Array | float]:
    """Aggregate the rows in which enough of the weight is present; tell how much is."""
    codes = list(weights.index)
    whole = scores.incomplete.isdisjoint(codes)
    if method.word == "arithmetic" and (lines := scores.straight(codes, rows)):
        return weighted_sum(lines, weights.to_numpy()), 1.0
    if method.word not in ROW_BY_ROW:
        frame = scores.frame(codes, rows)
        present = 1.0 if whole else frame.notna().to_numpy() @ weights.to_numpy()
        return _where_enough(frame, weights, method, present, available), present
    found, share = np.empty(scores.count(rows)), weights.to_numpy()
    told = np.ones(len(found))
    try:
        for part, place in scores.chunks(rows):
            block = scores.block(codes, place)
            if not whole:
                told[part] = ~np.isnan(block) @ share
            found[part] = _where_enough(block, share, method, told[part], available)
    except MethodError:
        # A refusal names columns: have it said by a table that knows their names.
        named = scores.frame(codes, rows)
        _where_enough(named, weights, method, np.ones(len(named)), 0.0)
        raise
    return found, 1.0 if whole else told


def _where_enough(
    block: Any, weights: Any, method: Method, present: Array | float, available: float
) -> Array:
    enough = np.asarray((present >= available - 1e-9) & (present > 0))
    if enough.all():
        return np.asarray(method.call(block, weights), dtype=float)
    found = np.full(len(block), np.nan)
    if enough.any():
        found[enough] = np.asarray(method.call(block[enough], weights), dtype=float)
    return found


def _is(choice: Choice, name: str) -> bool:
    return isinstance(choice, str) and choice == name


def _comes_from_data(choice: Choice) -> bool:
    return (
        isinstance(choice, str)
        or callable(choice)
        or (isinstance(choice, Mapping) and "method" in choice)
    )


def _resolve(choice: Choice, scores: Scored, codes: list[str], rows: Rows, what: str) -> pd.Series:
    """Turn a word, a callable or given numbers into weights of some columns."""
    # Weights declared in a framework are relative; a Series says what it means.
    given = isinstance(choice, pd.Series)
    if _comes_from_data(choice):
        choice = _from_data(choice, scores, codes, rows, what)
    if isinstance(choice, np.ndarray):
        choice = pd.Series(choice, index=codes)
    found = pd.Series(choice, dtype=float)
    if given and set(found.index) == set(codes) and abs(found.sum() - 1) > 1e-6:
        raise MethodError(f"{what} must sum to 1, got {found.sum():.6g}. Divide them by their sum.")
    if missing := [code for code in codes if code not in found.index]:
        raise MethodError(
            f"{what} must name every column, got none for {', '.join(missing)}. Add them."
        )
    return _shares(found[codes], what)


def _from_data(choice: Choice, scores: Scored, codes: list[str], rows: Rows, what: str) -> Any:
    """Let the scores say their weights."""
    if isinstance(choice, Mapping) and "parts" in choice:
        return _combined(choice, scores, codes, rows, what)
    method = chosen(choice, OBJECTIVE_WEIGHTS, what)
    names = pd.DataFrame(columns=codes, dtype=float)
    if len(codes) == 1 or method.call is equal:
        return equal(names)
    complete = scores.complete(codes, scores.all_or(rows))
    if scores.count(complete) < len(rows):
        warnings.warn(
            MethodWarning(
                f"{what}: computed from the {scores.count(complete)} of {len(rows)} rows in which "
                "no score is missing. Complete the data, or give the weights.",
                zh=f"权重按没有缺失的 {scores.count(complete)} 行计算，共 {len(rows)} 行。"
                "请补齐数据，或给定权重。",
            ),
            stacklevel=5,
        )
    if method.call is not OBJECTIVE_WEIGHTS.get(method.word) or method.word not in IMPORTANCES:
        return method.call(scores.frame(codes, complete) / 100)
    told, importance = IMPORTANCES[method.word]

    def weighty(code: str) -> float:
        # One column at a time, without the labels of its rows.
        column = pd.DataFrame(scores.table([code], complete, unit=1.0), columns=[code], copy=False)
        return float(importance(column)[0])

    raw = None
    if method.word == "entropy" and (lines := scores.straight(codes, complete, unit=1.0)):
        raw = divergences(lines)
    if raw is None:
        raw = np.array([weighty(code) for code in codes])
    return weights_of(names, raw, told)


def _combined(
    choice: Mapping[str, Any], scores: Scored, codes: list[str], rows: Rows, what: str
) -> pd.Series:
    """Combine weights of several kinds."""
    parts = choice["parts"]
    if not isinstance(parts, Mapping):
        parts = {p if isinstance(p, str) else f"part {n}": p for n, p in enumerate(parts, 1)}
    if len(codes) == 1:
        return pd.Series(1.0, index=codes)
    table = {name: _resolve(part, scores, codes, rows, what) for name, part in parts.items()}
    options = {key: value for key, value in choice.items() if key != "parts"}
    made = chosen(options, COMBINATIONS, what).call(pd.DataFrame(table))
    return pd.Series(getattr(made, "weights", made))


def _shares(weights: pd.Series, what: str) -> pd.Series:
    """Scale weights to sum to 1; refuse negative ones and only zeros."""
    wrong = weights[weights.isna() | (weights < 0)]
    if len(wrong) or weights.sum() <= 0:
        got = f"{wrong.iloc[0]} for {wrong.index[0]!r}" if len(wrong) else "only zeros"
        raise MethodError(
            f"{what} must be zero or more and not all zero, got {got}. Correct the weights."
        )
    return weights / weights.sum()
