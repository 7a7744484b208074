"""Surveys and rated events: counts of answers -> mean score on a declared scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd

from ..errors import MethodError
from ..framework import Indicator
from .matching import pairs
from .spread import score_error

KEY: Final = ["org", "period", "indicator"]


def scale_of(indicator: Indicator) -> dict[str, float]:
    """Return what each answer is worth; an excluded "unknown" is not in it."""
    declared: Mapping[str, float] = indicator.source["scale"]  # type: ignore[assignment]
    unknown = indicator.source["unknown"]
    return dict(declared) if unknown == "exclude" else {**declared, "unknown": float(str(unknown))}


def rate(surveys: pd.DataFrame, indicators: Iterable[Indicator]) -> pd.DataFrame:
    """Turn counted answers into rates.

    Parameters
    ----------
    surveys : DataFrame
        Columns of the table, ``key`` (of the question), ``period`` (its number).
    indicators : iterable of Indicator

    Returns
    -------
    DataFrame
        Indexed by (org, period, indicator): ``value``, ``numerator`` (points given),
        ``denominator`` and ``n`` (valid answers), ``standard_error``. Answers are pooled over
        strata and finer periods.

    Raises
    ------
    MethodError
        Where an answer occurs that the scale does not value.
    """
    surveyed = [i for i in indicators if i.source["kind"] == "survey"]
    rows = surveys.merge(pairs(surveyed, "question"), on="key")
    parts = []
    for indicator in surveyed:
        own = rows[rows["indicator"] == indicator.code]
        if "respondent" in indicator.source:
            own = own[own["respondent"] == indicator.source["respondent"]]
        if len(own):
            counts = own.pivot_table(
                index=KEY, columns="answer", values="count", aggfunc="sum", fill_value=0.0
            )
            parts.append(rated(counts, indicator))
    return pd.concat(parts) if parts else pd.DataFrame()


def rated(counts: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Value counted answers (rows x answers) on the scale of an indicator.

    Raises
    ------
    MethodError
        Where an answer occurs that the scale does not value.
    """
    scale = scale_of(indicator)
    spare = sorted(
        a for a in counts.columns if a not in scale and a != "unknown" and counts[a].sum() > 0
    )
    if spare:
        raise MethodError(
            f"The scale of {indicator.code!r} must value every answer that occurs, got "
            f"{spare[0]!r} without a value. Add it to scale in the framework."
        )
    counts = counts.reindex(columns=list(scale), fill_value=0.0).astype(float)
    n = counts.sum(axis=1)
    points = counts @ pd.Series(scale)
    by_worth: dict[float, pd.Series] = {}
    for answer, worth in scale.items():
        by_worth[worth] = by_worth.get(worth, 0.0) + counts[answer]
    return pd.DataFrame(
        {
            "value": points / n.where(n > 0),
            "numerator": points,
            "denominator": n,
            "n": n,
            "standard_error": score_error(by_worth),
        }
    )
