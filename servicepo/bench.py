"""The bench: who is measured by what, with which weights, and how scores are put together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .choices import Choice, Method, by_level, chosen, veto_of
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

Rows: TypeAlias = npt.NDArray[np.intp]


class Kind(NamedTuple):
    """What decides how a row is measured; None where it does not matter, "" where not known."""

    period: pd.Period | None
    domain: str | None
    sector: str | None


class Class(NamedTuple):
    """Rows of the values to which the same indicators apply with the same declared weights."""

    label: str
    rows: Rows
    indicators: dict[str, list[str]]  # dimension -> its applicable indicators that have values
    declared: Mapping[str, float] | str  # weights of the dimensions, or a word


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


def classify(
    values: pd.DataFrame, framework: Framework, organisations: pd.DataFrame | None
) -> list[Class]:
    """Split the rows into classes with the same indicators and the same declared weights.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator.
    framework : Framework
        Says where each indicator applies, and whether weights change from year to year.
    organisations : DataFrame or None
        Attributes by ``org``; ``domain`` and ``sector`` are used.

    Returns
    -------
    list of Class
        One class, "all", where everybody is measured alike.

    Raises
    ------
    MethodError
        Where indicators apply to some organisations only and no organisations are given.

    Warns
    -----
    MethodWarning
        Where an indicator that applies has no value in a whole class; it is left out there.
    """
    listed = [i for i in framework.indicators if i.code in values.columns]
    restricted = [i.code for i in listed if i.domains or i.sectors]
    if restricted and organisations is None:
        raise MethodError(
            "organisations must be given where indicators apply to some domains or sectors only, "
            f"got None with {restricted[0]!r}. Add organisations=data.organisations."
        )
    numbers, kinds = _kinds(values.index, organisations if restricted else None, framework)
    gathered: dict[tuple[tuple[str, ...], str | tuple[tuple[str, float], ...]], list[int]] = {}
    for number, (period, domain, sector) in enumerate(kinds):
        applicable = tuple(i.code for i in listed if i.applies(domain, sector))
        declared = framework.dimension_weights(period)
        given = declared if isinstance(declared, str) else tuple(declared.items())
        gathered.setdefault((applicable, given), []).append(number)
    classes = []
    for (applicable, given), members in gathered.items():
        own = [kinds[number] for number in members]
        others = [kind for kind in kinds if kind not in own]
        label = "all" if len(gathered) == 1 else _label(own, others)
        rows = np.flatnonzero(np.isin(numbers, members))
        codes = _with_values(values, rows, applicable, label)
        dimensions = {
            d.code: listed_here
            for d in framework.dimensions
            if (listed_here := [i.code for i in d.indicators if i.code in codes])
        }
        if dimensions:
            declared = given if isinstance(given, str) else dict(given)
            classes.append(Class(label, rows, dimensions, declared))
    return classes


def applicable(
    values: pd.DataFrame, framework: Framework, organisations: pd.DataFrame | None
) -> pd.DataFrame | None:
    """Tell which cells apply to their organisation.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator.
    framework, organisations
        As in `classify`.

    Returns
    -------
    DataFrame of bool or None
        As the values; None where every indicator applies everywhere.
    """
    numbers, kinds = _kinds(values.index, organisations, framework)
    listed = {i.code: i for i in framework.indicators}
    if not any(listed[code].domains or listed[code].sectors for code in values.columns):
        return None
    told = {
        code: np.array([listed[code].applies(k.domain, k.sector) for k in kinds])[numbers]
        for code in values.columns
    }
    return pd.DataFrame(told, index=values.index)


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


def gaps(
    block: pd.DataFrame, weights: pd.Series, method: Choice
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Share a node's gap to 100 among its children.

    Parameters
    ----------
    block : DataFrame
        Scores of the children, 0..100; NaN is missing.
    weights : Series
        Their weights.
    method : str
        "arithmetic" or "geometric".

    Returns
    -------
    (DataFrame, DataFrame)
        The weights over what is present, and each child's part of the gap; the parts of a row sum
        to 100 less the node's score.

    Raises
    ------
    MethodError
        For another method.

    Notes
    -----
    Arithmetic: w_j (100 - s_j). Geometric: L(100, G) w_j ln(100 / s_j) with G the geometric mean
    and L(a, b) = (a - b) / ln(a / b) the logarithmic mean, which is exact and leaves no rest.

    References
    ----------
    Ang, B. W. (2005), The LMDI approach to decomposition analysis, Energy Policy 33: 867-871.

    Examples
    --------
    >>> scores = pd.DataFrame({"a": [80.0], "b": [60.0]})
    >>> gaps(scores, pd.Series({"a": 0.5, "b": 0.5}), "arithmetic")[1]
          a     b
    0  10.0  20.0
    """
    if not (_is(method, "arithmetic") or _is(method, "geometric")):
        raise MethodError(
            f"Contributions need an arithmetic or geometric aggregation, got {method!r}. "
            "Look at index.dimensions instead, or build with one of the two."
        )
    present = block.notna() * weights
    total = present.sum(axis=1)
    scaled = present.div(total.where(total > 0), axis=0).where(block.notna())
    if _is(method, "arithmetic"):
        return scaled, scaled * (100 - block)
    logs = scaled * np.log(100 / block)
    gap = logs.sum(axis=1)
    mean = (100 - 100 * np.exp(-gap)) / gap.where(gap != 0)
    return scaled, logs.mul(mean.fillna(100.0), axis=0)


def _kinds(
    rows: pd.Index, organisations: pd.DataFrame | None, framework: Framework
) -> tuple[Rows, list[Kind]]:
    """Give every row the number of its kind: period (where weights change), domain, sector."""
    columns: dict[str, pd.Index] = {}
    if framework.weights_change_over_time:
        columns["period"] = rows.get_level_values("period")
    for name in ("domain", "sector"):
        if organisations is not None and name in organisations.columns:
            columns[name] = pd.Index(organisations[name].reindex(rows.get_level_values("org")))
    if not columns:
        return np.zeros(len(rows), dtype=np.intp), [Kind(None, None, None)]
    coded = {name: pd.factorize(column, use_na_sentinel=False) for name, column in columns.items()}
    shape = [len(words) for _, words in coded.values()]
    mixed = np.ravel_multi_index([codes for codes, _ in coded.values()], shape)
    kinds, numbers = np.unique(mixed, return_inverse=True)
    places = np.unravel_index(kinds, shape)
    found = {
        name: [_known(words[place]) for place in where]
        for (name, (_, words)), where in zip(coded.items(), places, strict=True)
    }
    nothing = [None] * len(kinds)
    named = (found.get(name, nothing) for name in ("period", "domain", "sector"))
    return numbers, [Kind(*kind) for kind in zip(*named, strict=True)]


def _known(value: Any) -> Any:
    """Return "" for an organisation whose domain or sector nobody told: nothing special applies."""
    return "" if pd.isna(value) else value


def _label(kinds: list[Kind], others: list[Kind]) -> str:
    """Name a class by its years and its domains, or its sectors where others share the domain."""
    periods, domains, sectors = (
        list(dict.fromkeys(str(x) for x in column if x)) for column in zip(*kinds, strict=True)
    )
    shared = {kind.domain for kind in others} & set(domains)
    finer = sectors if shared else domains
    return " · ".join("/".join(part) for part in (periods, finer) if part) or "rest"


def _with_values(values: pd.DataFrame, rows: Rows, codes: tuple[str, ...], label: str) -> set[str]:
    """Return the codes that have a value in these rows; warn of the others."""
    if len(rows) == len(values):  # columns without any value are left out before
        return set(codes)
    filled = {code for code in codes if values[code].iloc[rows].notna().any()}
    if empty := [code for code in codes if code not in filled]:
        warnings.warn(
            f"Every indicator should have values; in {label!r} there are none for "
            f"{', '.join(empty)}, left out there. Add their data, or take them out of the "
            "framework.",
            MethodWarning,
            stacklevel=4,
        )
    return filled


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
            f"{what}: computed from the {scores.count(complete)} of {len(rows)} rows in which no "
            "score is missing. Complete the data, or give the weights.",
            MethodWarning,
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
