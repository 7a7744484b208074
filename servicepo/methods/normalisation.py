"""Normalisation: raw values of any unit and direction become scores of which more is better.

A formula of ``servicepo.methods.scalings`` is fitted once, column by column, and applied as often
as wanted: `fit_scale` gives a `Scale`, and ``scale.apply`` scores these values or the next year's
on the same footing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import (
    FloatArray,
    as_matrix,
    choose,
    listed,
    refuse_columns,
    refuse_not_finite,
    refuse_words,
)
from .maps import DIRECTIONS, Line, Map, Method, Rule, UnfitError
from .scalings import NORMALISATIONS

Groups: TypeAlias = Sequence[Any] | pd.Index | npt.NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Scale:
    """A fitted normalisation, to be applied to these values or to another year's.

    Attributes
    ----------
    method : str
        The word, the callable's name, or "mixed".
    parameters : DataFrame
        One row per indicator (and group): ``method``, ``direction``, ``n`` (values it was fitted
        on) and what was fitted: ``zero`` and ``one`` are the raw values that score 0 and 1 (for a
        target or an interval: minus the distances).
    groups : str or None
        The index level the groups come from, "given" for groups given row by row, None for one
        scale over all rows.
    """

    method: str
    parameters: pd.DataFrame
    groups: str | None
    _maps: Mapping[tuple[Any, Any], tuple[Rule, Map]]

    def __repr__(self) -> str:
        """Return one line."""
        within = f", within {self.groups}" if self.groups else ""
        return f"Scale({self.method}, {len(self.codes)} indicators{within})"

    @property
    def codes(self) -> tuple[Any, ...]:
        """The indicators' codes, in the order they were fitted."""
        return tuple(dict.fromkeys(code for code, _ in self._maps))

    @property
    def bounded(self) -> bool:
        """Whether every score is meant to lie in 0..1."""
        return all(made.bounded for _, made in self._maps.values())

    def only(self, codes: Sequence[object]) -> Scale:
        """Return the scale of some of the indicators, for values that lack the others.

        Parameters
        ----------
        codes : sequence
            Indicators of the scale.

        Returns
        -------
        Scale

        Examples
        --------
        >>> fit_scale(pd.DataFrame({"a": [0.0, 10.0], "b": [1.0, 3.0]})).only(["b"]).codes
        ('b',)
        """
        own = self.parameters.index.get_level_values("indicator").isin(list(codes))
        maps = {key: made for key, made in self._maps.items() if key[0] in codes}
        return Scale(self.method, self.parameters[own], self.groups, MappingProxyType(maps))

    def column(self, code: object, x: FloatArray, groups: Groups | None = None) -> FloatArray:
        """Score one indicator.

        Parameters
        ----------
        code : str
            The indicator.
        x : array, n
            Raw values; NaN stays NaN. Never written to.
        groups : sequence, n, optional
            Each row's group, where the scale was fitted within groups.

        Returns
        -------
        ndarray, n

        Raises
        ------
        MethodError
            For an unknown indicator or group, or an infinite value.

        Examples
        --------
        >>> scale = fit_scale(pd.DataFrame({"a": [0.0, 10.0]}))
        >>> scale.column("a", np.array([5.0, 20.0]))
        array([0.5, 2. ])
        """
        if (code, None) not in self._maps and code not in self.codes:
            raise MethodError(
                f"an indicator must be one of the scale's, got {code!r}. "
                f"Take one of {listed(self.codes, most=40)}."
            )
        if self.groups is not None and groups is None:
            raise MethodError(
                f"a scale fitted within groups ({self.groups}) must know each row's group, "
                "got None. Give groups, one label per row."
            )
        return self._score(code, x, _parts(groups if self.groups else None, len(x)))

    def scorer(self, code: object) -> Callable[[FloatArray, FloatArray], None]:
        """Return what scores finite values of one indicator, without looking at them first.

        Parameters
        ----------
        code : str
            The indicator.

        Returns
        -------
        callable
            ``(raw values, out)``: the scores are written to ``out``; NaN stays NaN.

        Raises
        ------
        MethodError
            For an unknown indicator, or a scale fitted within groups.

        Examples
        --------
        >>> out = np.empty(1)
        >>> fit_scale(pd.DataFrame({"a": [0.0, 10.0]})).scorer("a")(np.array([5.0]), out)
        >>> out
        array([0.5])
        """
        if (code, None) not in self._maps:
            raise MethodError(
                f"an indicator must be scaled over all rows, got {code!r}. Score it by apply."
            )
        rule, made = self._maps[code, None]

        def write(x: FloatArray, out: FloatArray) -> None:
            if isinstance(made, Line):
                made(rule.orient(x), out)
            else:
                out[:] = made(rule.orient(x))

        return write

    def line(self, code: object) -> tuple[float, float] | None:
        """Return the raw values of one indicator that score 0 and 1, where scores follow a line.

        Parameters
        ----------
        code : str
            The indicator.

        Returns
        -------
        (float, float) or None
            None for a curve, steps, a cap, a target or an interval, or scales within groups.

        Examples
        --------
        >>> fit_scale(pd.DataFrame({"a": [0.0, 10.0]})).line("a")
        (0.0, 10.0)
        """
        rule, made = self._maps.get((code, None), (None, None))
        if rule is None or rule.is_loss or not isinstance(made, Line) or made.capped:
            return None
        return made.zero, made.one

    def apply(self, values: pd.DataFrame, groups: Groups | None = None) -> pd.DataFrame:
        """Score values, one column at a time.

        Parameters
        ----------
        values : DataFrame, n × m
            Raw values with the scale's columns; NaN stays NaN.
        groups : sequence, n, optional
            Each row's group, where the scale was fitted within groups given row by row.

        Returns
        -------
        DataFrame
            Scores, columns in the order of ``codes``; more is better.

        Raises
        ------
        MethodError
            Where a column is missing or unknown, not numeric or infinite, or a group is unknown.

        Examples
        --------
        >>> last = pd.DataFrame({"cases": [10.0, 30.0]}, index=["甲村", "乙村"])
        >>> scale = fit_scale(last)
        >>> scale.apply(pd.DataFrame({"cases": [20.0, 40.0]}, index=["甲村", "乙村"]))
            cases
        甲村    0.5
        乙村    1.5
        """
        lost = [c for c in self.codes if c not in values.columns]
        spare = [c for c in values.columns if c not in self.codes]
        if lost or spare:
            got = f"no column {listed(lost)}" if lost else f"{listed(spare)} beside them"
            raise MethodError(
                f"values must have the columns the scale was fitted on, got {got}. "
                "Take values[list(scale.codes)], or fit a new scale."
            )
        parts = _parts(_labels(values, groups, self.groups), len(values))
        scores = np.empty((len(values), len(self.codes)), order="F")
        for j, code in enumerate(self.codes):
            column = values[code].to_numpy(dtype=float, na_value=np.nan)
            scores[:, j] = self._score(code, column, parts)
        return pd.DataFrame(scores, index=values.index, columns=list(self.codes), copy=False)

    def _score(self, code: object, x: FloatArray, parts: _Parts) -> FloatArray:
        refuse_not_finite(x[:, None], [code], what="values", missing=True)
        if self.groups is None:
            rule, made = self._maps[code, None]
            return made(rule.orient(x))
        scores = np.full(len(x), np.nan)
        for label, rows in parts:
            if (code, label) not in self._maps:
                if np.isnan(x[rows]).all():
                    continue
                known = listed([g for c, g in self._maps if c == code], most=40)
                raise MethodError(
                    f"a group must be one the scale was fitted on, got {listed([label])}. "
                    f"Take one of {known}, or fit a new scale."
                )
            rule, made = self._maps[code, label]
            scores[rows] = made(rule.orient(x[rows]))
        return scores


def fit_scale(
    values: pd.DataFrame,
    method: str | Method | Mapping[Any, str | Method] = "minmax",
    *,
    directions: pd.Series | pd.DataFrame | None = None,
    bounds: pd.DataFrame | None = None,
    groups: str | Groups | None = None,
) -> Scale:
    """Fit a normalisation to values, column by column.

    Parameters
    ----------
    values : DataFrame, n × m
        Raw values; NaN is passed over. Fitted over all rows (all periods alike) unless ``groups``.
    method : str, callable or mapping
        A word of `NORMALISATIONS`; a callable ``(oriented values without NaN, Rule) -> Map``, such
        as ``functools.partial(categorical, cuts=..., marks=...)``; or one of these per indicator.
    directions : Series or DataFrame, optional
        Indexed by indicator: "benefit" (the default), "cost", "target", "interval", "boolean". A
        frame has a column ``direction`` and may hold the bounds too.
    bounds : DataFrame, optional
        Indexed by indicator; any of ``low, high, target, interval_low, interval_high, full_mark,
        reference``.
    groups : str or sequence, optional
        Fit within groups: the name of an index level of ``values`` ("period" scales every year
        apart), or one label per row.

    Returns
    -------
    Scale

    Raises
    ------
    MethodError
        Where values are not finite numbers, an indicator has no direction, or a method cannot be
        fitted to a column: constant, without a value, without the bounds it needs. All columns
        with the same trouble are named at once.

    Warns
    -----
    MethodWarning
        Under "minmax", where every value of an indicator lies on its target: all score 1.

    Examples
    --------
    >>> values = pd.DataFrame({"cases": [10.0, 20, 30], "days": [2.0, 4, 4]})
    >>> fit_scale(values, directions=pd.Series({"cases": "benefit", "days": "cost"})).apply(values)
       cases  days
    0    0.0   1.0
    1    0.5   0.0
    2    1.0   0.0
    """
    if not isinstance(values, pd.DataFrame):
        raise MethodError(
            f"values must be a DataFrame, got {type(values).__name__}. "
            "Name the columns by their indicators."
        )
    codes = list(values.columns)
    refuse_words(values, what="values")
    rules = _rules(codes, directions, bounds)
    methods = _methods(codes, method)
    level = groups if isinstance(groups, str) else None
    parts = _parts(_labels(values, groups, level), len(values))
    maps: dict[tuple[Any, Any], tuple[Rule, Map]] = {}
    rows = []
    troubles: dict[tuple[str, str], list[object]] = {}
    for code in codes:
        name, fit = methods[code]
        column = values[code].to_numpy(dtype=float, na_value=np.nan)
        refuse_not_finite(column[:, None], [code], what="values", missing=True)
        for label, members in parts:
            # What does not apply to a group has no value there and needs no scale.
            if label is not None and np.isnan(column[members]).all() and len(parts) > 1:
                continue
            try:
                rule, made, n = _fit_column(column[members], rules[code], fit)
            except UnfitError as trouble:
                place = code if label is None else f"{code} ({label})"
                troubles.setdefault((trouble.holds, trouble.mend), []).append(place)
                continue
            maps[code, label] = rule, made
            rows.append(
                {"indicator": code, "group": label, "method": name}
                | {"direction": rules[code].direction, "n": n, **made.parameters()}
            )
    for (holds, mend), places in troubles.items():
        raise MethodError(f"{holds} {listed(places)}. {mend}")
    names = {name for name, _ in methods.values()}
    keys = ["indicator"] if groups is None else ["indicator", "group"]
    return Scale(
        method=names.pop() if len(names) == 1 else "mixed",
        parameters=pd.DataFrame(rows).set_index(keys).drop(columns=["group"], errors="ignore"),
        groups=level if groups is None or level else "given",
        _maps=MappingProxyType(maps),
    )


def vote_score(
    votes: pd.DataFrame, scale: Mapping[Any, float], *, unknown: str | float
) -> pd.DataFrame:
    """Turn counts of votes on an ordinal scale (满意、基本满意、一般、不满意) into scores.

    Several incompatible scales are in use, and 不了解 or 弃权 is counted by some and not by others;
    neither has a default.

    Parameters
    ----------
    votes : DataFrame, n × answers
        Counts, at least 0; NaN counts as no votes.
    scale : mapping
        Answer -> mark, such as ``{"满意": 100, "基本满意": 80, "一般": 60, "不满意": 40}``.
    unknown : "exclude" or float
        What becomes of answers that the scale does not name: left out of the count, or this mark.

    Returns
    -------
    DataFrame
        Rows as ``votes``: ``score`` (mean mark, NaN without a counted vote), ``n`` (counted votes)
        and ``standard_error`` of the score (NaN for fewer than 2 votes).

    Raises
    ------
    MethodError
        For negative counts, a scale with an answer that is no column, or another ``unknown``.

    Examples
    --------
    >>> votes = pd.DataFrame({"满意": [8], "不满意": [2], "不了解": [10]}, index=["甲村"])
    >>> vote_score(votes, {"满意": 100, "不满意": 0}, unknown="exclude").round(2)
        score     n  standard_error
    甲村   80.0  10.0           13.33
    """
    counts = np.nan_to_num(as_matrix(votes, what="votes", missing=True))
    answers = list(votes.columns)
    if lost := [answer for answer in scale if answer not in answers]:
        raise MethodError(
            f"a vote scale must name columns of votes, got {listed(lost)}. "
            f"Take some of {listed(answers, most=20)}."
        )
    refuse_columns(
        (counts < 0).any(axis=0),
        answers,
        "votes must be counts of at least 0, got negative ones in",
        "Correct these cells.",
    )
    if isinstance(unknown, bool) or not (unknown == "exclude" or isinstance(unknown, (int, float))):
        raise MethodError(
            f"unknown must be 'exclude' or a mark, got {unknown!r}. "
            "Say what becomes of answers such as 不了解."
        )
    kept = [k for k, answer in enumerate(answers) if answer in scale or unknown != "exclude"]
    marks = np.array([float(scale.get(answers[k], unknown)) for k in kept])
    counted = counts[:, kept]
    n = counted.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = counted @ marks / n
        squares = (counted * (marks - score[:, None]) ** 2).sum(axis=1)
        error = np.where(n > 1, np.sqrt(squares / (n - 1) / n), np.nan)
    return pd.DataFrame({"score": score, "n": n, "standard_error": error}, index=votes.index)


def _fit_column(x: FloatArray, rule: Rule, fit: Method) -> tuple[Rule, Map, int]:
    if len(x) and np.isnan(x.min()):  # a minimum finds NaN faster than looking at each
        x = x[~np.isnan(x)]
    if len(x) == 0:
        raise UnfitError(
            "every indicator must have a value, got nothing but missing values in",
            "Leave these columns out.",
        )
    if rule.direction == "boolean" and not np.isin(x, (0.0, 1.0)).all():
        raise UnfitError(
            "a boolean indicator must be 0 or 1, got other values in",
            "Correct these cells or change the direction.",
        )
    made = fit(rule.orient(x), rule)
    if rule.direction == "cost" and isinstance(made, Line):
        # A line takes the sign in: one pass fewer over the data, and its ends are raw values.
        made = replace(made, zero=0.0 - made.zero, one=0.0 - made.one)
        rule = Rule(code=rule.code)
    return rule, made, len(x)


def _rules(
    codes: list[Any], directions: pd.Series | pd.DataFrame | None, bounds: pd.DataFrame | None
) -> dict[Any, Rule]:
    """Gather each indicator's direction and bounds; all wrong ones are named at once."""
    known = [f.name for f in fields(Rule) if f.name not in ("direction", "code")]
    told: dict[str, pd.Series] = {}
    if isinstance(directions, pd.DataFrame):
        told.update({name: directions[name] for name in known if name in directions.columns})
        if "direction" not in directions.columns:
            raise MethodError(
                "directions must have a column 'direction', "
                f"got {listed(directions.columns)}. Rename it or give a Series."
            )
        directions = directions["direction"]
    if bounds is not None:
        told.update({str(name): bounds[name] for name in bounds.columns})
        if unknown := [name for name in told if name not in known]:
            raise MethodError(
                f"bounds must have columns among {listed(known, most=9)}, got {listed(unknown)}. "
                "Rename or drop them."
            )
    if directions is None:
        directions = pd.Series("benefit", index=pd.Index(codes))
    if lost := [code for code in codes if code not in directions.index]:
        raise MethodError(
            f"every indicator must have a direction, got none for {listed(lost)}. "
            f"Say one of {listed(DIRECTIONS)} for each."
        )
    wrong = [code for code in codes if directions[code] not in DIRECTIONS]
    if wrong:
        raise MethodError(
            f"a direction must be one of {listed(DIRECTIONS)}, got {directions[wrong[0]]!r} for "
            f"{listed(wrong)}. Correct it."
        )
    rules = {}
    for code in codes:
        numbers = {n: float(s[code]) for n, s in told.items() if code in s.index}
        rules[code] = Rule(direction=str(directions[code]), code=code, **numbers)
    _refuse_without_ideal(rules)
    return rules


def _refuse_without_ideal(rules: Mapping[Any, Rule]) -> None:
    needs = {"target": ("target",), "interval": ("interval_low", "interval_high")}
    for direction, names in needs.items():
        mine = {code: rule for code, rule in rules.items() if rule.direction == direction}
        lost = [c for c, rule in mine.items() if any(np.isnan(getattr(rule, n)) for n in names)]
        if lost:
            raise MethodError(
                f'an indicator of direction "{direction}" must have {" and ".join(names)}, '
                f"got none for {listed(lost)}. Add what is missing to bounds."
            )
    turned = [c for c, rule in rules.items() if rule.interval_low > rule.interval_high]
    if turned:
        raise MethodError(
            "interval_low must not be above interval_high, got them the other way round in "
            f"{listed(turned)}. Swap them."
        )


def _methods(
    codes: list[Any], method: str | Method | Mapping[Any, str | Method]
) -> dict[Any, tuple[str, Method]]:
    """Name and find each indicator's method."""
    if isinstance(method, Mapping):
        if lost := [code for code in codes if code not in method]:
            raise MethodError(
                f"a mapping of normalisations must name every indicator, got none for "
                f"{listed(lost)}. Add them."
            )
        return {code: _methods([code], method[code])[code] for code in codes}
    if isinstance(method, str):
        pair = method, choose(method, NORMALISATIONS, "normalise")
    else:
        inner = getattr(method, "func", method)  # a partial is named by its function
        pair = getattr(inner, "__name__", type(method).__name__), method
    return dict.fromkeys(codes, pair)


_Parts: TypeAlias = list[tuple[Any, Any]]


def _labels(values: pd.DataFrame, groups: Any, level: str | None) -> Groups | None:
    """Return each row's group: given row by row, or from an index level."""
    if groups is not None and not isinstance(groups, str):
        return groups  # type: ignore[no-any-return]
    if level is None:
        return None
    if level == "given":
        raise MethodError(
            "a scale fitted within groups (given) must know each row's group, got None. "
            "Give groups, one label per row."
        )
    if level not in values.index.names:
        raise MethodError(
            f"groups must name a level of the index, got {level!r}. "
            f"Take one of {listed(values.index.names)}, or give one label per row."
        )
    return values.index.get_level_values(level)


def _parts(groups: Groups | None, rows: int) -> _Parts:
    """Return each group's label and rows; one part with every row where there are no groups."""
    if groups is None:
        return [(None, slice(None))]
    codes, labels = pd.factorize(pd.Index(groups))
    if len(codes) != rows or (codes < 0).any():
        got = f"{len(codes)} for {rows} rows" if len(codes) != rows else "a missing one"
        raise MethodError(f"groups must have one label per row, got {got}. Complete them.")
    order = np.argsort(codes, kind="stable")
    cuts = np.cumsum(np.bincount(codes))[:-1]
    return list(zip(labels, np.split(order, cuts), strict=True))
