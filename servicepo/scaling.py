"""Scales of an index: directions and bounds from the framework, fitted over all rows or within."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from .choices import Choice, chosen
from .errors import MethodError, MethodWarning
from .framework import Framework
from .incoming import Known
from .methods.guards import listed
from .methods.normalisation import Scale, fit_scale
from .methods.scalings import NORMALISATIONS
from .preparing import groups_of
from .scored import Scored

RELATIVE = ("minmax", "minmax_positive")


def directions(framework: Framework) -> pd.DataFrame:
    """Return the directions and bounds of the indicators, as `fit_scale` takes them."""
    rows = {
        i.code: {
            "direction": i.direction,
            "low": i.goalposts[0] if i.goalposts else np.nan,
            "high": i.goalposts[1] if i.goalposts else np.nan,
            "target": np.nan if i.target is None else i.target,
            "interval_low": i.interval[0] if i.interval else np.nan,
            "interval_high": i.interval[1] if i.interval else np.nan,
            "full_mark": np.nan if i.full_mark is None else i.full_mark,
        }
        for i in framework.indicators
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def fit(
    values: pd.DataFrame,
    choice: Choice,
    framework: Framework,
    organisations: pd.DataFrame | None,
    known: Mapping[object, Known],
) -> Scale:
    """Fit the scale that a choice of normalisation asks for.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator, prepared.
    choice, framework, organisations
        As `build_index` takes them.
    known : mapping
        From `known_columns` of the values.

    Returns
    -------
    Scale
    """
    within, method = within_of(choice), choice
    groups: Any = within
    if within is not None and within != "period":
        groups = groups_of(values.index, organisations, within)
    if isinstance(choice, Mapping) and "method" in choice:
        options = {k: v for k, v in choice.items() if k not in ("method", "within")}
        method = choice["method"]
        if options:
            method = chosen({"method": method, **options}, NORMALISATIONS, "normalise").call
    bounds = directions(framework).loc[list(values.columns)]
    made: Any = method
    if groups is None and isinstance(method, str) and method in RELATIVE:
        if (bounds["direction"] == "boolean").any():
            return fit_where_values_differ(values, method, framework)
        # Min–max sees no more of a column than its ends, and these are known.
        ends = pd.DataFrame({code: known[code][:2] for code in values.columns})
        scale = fit_where_values_differ(ends, method, framework)
        counts = [known[code].n for code in scale.parameters.index]
        return replace(scale, parameters=scale.parameters.assign(n=counts))
    return fit_scale(values, made, directions=bounds, groups=groups)


def fit_where_values_differ(values: pd.DataFrame, word: str, framework: Framework) -> Scale:
    """Fit a relative normalisation; score what does not differ against its declared bounds.

    A county with one school has one value for the schools' own task: nothing to be relative to, but
    no reason to leave the county without an index.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator.
    word : str
        A word of ``NORMALISATIONS``.
    framework : Framework
        The directions and bounds.

    Returns
    -------
    Scale

    Raises
    ------
    MethodError
        Where an indicator without bounds has one value only, and whatever else the method refuses.

    Warns
    -----
    MethodWarning
        Naming the indicators that are scored against their bounds.
    """
    bounds = directions(framework).loc[list(values.columns)]
    try:
        return fit_scale(values, word, directions=bounds)
    except MethodError:
        alike = values.columns[values.min().eq(values.max())]
        declared = bounds.loc[alike, ["low", "high"]].notna().all(axis=1)
        if alike.empty or len(alike) == values.shape[1] or not declared.all():
            raise
    names = "、".join(framework.indicator(code).label("zh") for code in alike)
    warned = MethodWarning(
        f"Values should differ for {word!r}, got one value only for {listed(alike)}, scored "
        "against the bounds of the framework. Compare organisations on the other indicators.",
        zh=f"指标{names}只有一个取值，无从比较高低，改按指标体系的上下界计分。",
    )
    warnings.warn(warned, stacklevel=4)
    mixed = {code: "goalposts" if code in alike else word for code in values.columns}
    return fit_scale(values, mixed, directions=bounds)


def scored(
    values: pd.DataFrame,
    scale: Scale,
    choice: Choice,
    organisations: pd.DataFrame | None,
    incomplete: frozenset[object] | None = None,
) -> Scored:
    """Score values by a scale, on demand; those fitted within groups at once.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator, prepared.
    scale : Scale
    choice, organisations
        As `build_index` takes them; they tell the groups.
    incomplete : frozenset, optional
        The columns in which a value is missing.

    Returns
    -------
    Scored
    """
    if scale.groups is None:
        return Scored(values, scale, incomplete)
    within = within_of(choice)
    groups: Any = None
    if scale.groups == "given" and within is not None:
        groups = groups_of(values.index, organisations, within)
    scores = scale.apply(values, groups)
    return Scored(scores * 100 if scale.bounded else scores, None, incomplete)


def within_of(choice: Choice) -> str | None:
    """Return what scales are fitted within, None for one scale over all.

    Examples
    --------
    >>> within_of({"method": "zscore", "within": "period"})
    'period'
    """
    return choice.get("within") if isinstance(choice, Mapping) and "method" in choice else None
