"""Surveys and rated events: counts of answers -> mean score on a declared scale."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Final, cast

import numpy as np
import pandas as pd

from ..errors import MethodError, MethodWarning
from ..framework import Indicator
from ..methods.guards import FloatArray
from ..methods.survey_rates import pool_strata
from .matching import pairs
from .spread import score_error

KEY: Final = ["org", "period", "indicator"]
MANY: Final = 1e12  # people where nobody says how many there are: none is missed


def scale_of(indicator: Indicator) -> dict[str, float]:
    """Return what each answer is worth; an excluded "unknown" is not in it."""
    declared: Mapping[str, float] = indicator.source["scale"]  # type: ignore[assignment]
    unknown = indicator.source["unknown"]
    return dict(declared) if unknown == "exclude" else {**declared, "unknown": float(str(unknown))}


def rate(
    surveys: pd.DataFrame, indicators: Iterable[Indicator], organisations: pd.DataFrame
) -> pd.DataFrame:
    """Turn counted answers into rates.

    Parameters
    ----------
    surveys : DataFrame
        Columns of the table, ``key`` (of the question), ``period`` (its number).
    indicators : iterable of Indicator
    organisations : DataFrame
        Indexed by ``org``: the counts that a population may be.

    Returns
    -------
    DataFrame
        Indexed by (org, period, indicator): ``value``, ``numerator`` (points given),
        ``denominator`` and ``n`` (valid answers), ``standard_error``, ``issued`` (asked) and
        ``population``, where known. Answers are pooled over finer periods; over strata too, unless
        the framework says what share of the people each stands for: then by these shares.

    Raises
    ------
    MethodError
        Where an answer occurs that the scale does not value, a stratum that has no share, or more
        answers than people.

    Warns
    -----
    MethodWarning
        Where a declared stratum has no answers, so that the others stand for it.
    """
    surveyed = [i for i in indicators if i.source["kind"] == "survey"]
    rows = surveys.merge(pairs(surveyed, "question"), on="key")
    parts = []
    for indicator in surveyed:
        own = rows[rows["indicator"] == indicator.code]
        if "respondent" in indicator.source:
            own = own[own["respondent"] == indicator.source["respondent"]]
        if len(own):
            parts.append(_surveyed(own, indicator, organisations))
    return pd.concat(parts) if parts else pd.DataFrame()


def _surveyed(
    rows: pd.DataFrame, indicator: Indicator, organisations: pd.DataFrame
) -> pd.DataFrame:
    """Rate the answers to one question, by the design that the framework declares."""
    shares = cast(Mapping[str, float], indicator.source.get("strata", {"": 1.0}))
    layer = rows["stratum"] if "strata" in indicator.source else ""
    rows = rows.assign(layer=rows["stratum"], stratum=layer)
    _refuse_strata(rows, indicator, shares)
    by = [*KEY, "stratum"]
    counts = rows.pivot_table(
        index=by, columns="answer", values="count", aggfunc="sum", fill_value=0.0
    )
    strata = rated(counts, indicator).rename(columns={"value": "score"})
    asked = rows.groupby([*by, "layer", "text", "respondent", "key"], dropna=False)["issued"].max()
    asked = asked.groupby(by).sum(skipna=False)
    # Reading has said already where more came back than was issued: the response is not known.
    strata["issued"] = asked.where(asked >= counts.sum(axis=1))
    groups = strata.index.to_frame(index=False)[KEY].drop_duplicates()
    every = groups.merge(pd.DataFrame({"stratum": list(shares)}, dtype="str"), how="cross")
    strata = strata.reindex(pd.MultiIndex.from_frame(every[by])).fillna({"n": 0.0})
    size = _population(strata.index.get_level_values("org"), indicator, organisations)
    share = strata.index.get_level_values("stratum").map(shares).to_numpy(dtype=float)
    _refuse_crowds(strata["n"], share * size, indicator)
    strata["population"] = share * np.where(np.isnan(size), MANY, size)
    worth = scale_of(indicator).values()
    pooled = pool_strata(strata, scale=(min(worth), max(worth)))
    if lacking := int(pooled["coverage"].between(1e-9, 1 - 1e-9).sum()):
        warnings.warn(
            MethodWarning(
                f"Every stratum of {indicator.code!r} should have answers, got {lacking} values "
                "without some, for which the other strata stand. Complete the survey, or read "
                "these values with care.",
                zh=f"{indicator.code!r} 的每一层都须有答卷：有 {lacking} 个值缺某些层，"
                "以其余各层代替。请补齐调查，或谨慎使用这些值。",
            ),
            stacklevel=4,
        )
    return pd.DataFrame(
        {
            "value": pooled["score"],
            "numerator": pooled["score"] * pooled["n"],
            "denominator": pooled["n"],
            "n": pooled["n"],
            "standard_error": pooled["standard_error"],
            "issued": strata["issued"][strata["n"] > 0].groupby(KEY).sum(skipna=False),
            "population": pd.Series(size, index=strata.index).groupby(KEY).first(),
        }
    ).rename_axis(KEY)


def _population(orgs: pd.Index, indicator: Indicator, organisations: pd.DataFrame) -> FloatArray:
    """Return how many people each row's organisation asks among, NaN where nobody says."""
    told = indicator.source.get("population")
    if isinstance(told, str):
        size = organisations[told].reindex(orgs).to_numpy(dtype=float)
        return np.where(size > 0, size, np.nan)
    return np.full(len(orgs), np.nan if told is None else float(cast(float, told)))


def _refuse_strata(rows: pd.DataFrame, indicator: Indicator, shares: Mapping[str, float]) -> None:
    met = rows["stratum"].drop_duplicates()
    if wrong := [s for s in met if s not in shares]:
        got = "answers without a stratum" if pd.isna(wrong[0]) else f"{wrong[0]!r} without"
        raise MethodError(
            f"Every stratum of {indicator.code!r} must have its share of the people, got {got}. "
            "Add it to strata in the framework, or name the stratum in the survey."
        )


def _refuse_crowds(n: pd.Series, people: FloatArray, indicator: Indicator) -> None:
    crowded = n.to_numpy() > people
    if crowded.any():
        org = n.index.get_level_values("org")[crowded][0]
        raise MethodError(
            f"There must not be more answers than people, got {n[crowded].iloc[0]:g} of "
            f"{people[crowded][0]:g} for {org!r} ({indicator.code}). "
            "Correct the population in the framework or the roster, or leave it out."
        )


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
