"""What an index would say of other values, by its own scale, weights and vetoes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .bench import combine, hold_down
from .index import Index
from .scaling import scored


def overall_of(index: Index, values: pd.DataFrame) -> pd.Series:
    """Return the overall scores that other values would get.

    Parameters
    ----------
    index : Index
        Whose scale, weights, aggregation and vetoes count.
    values : DataFrame
        Prepared values (as ``index.prepared.values``) of some or all of its rows, with all columns.

    Returns
    -------
    Series
        By (org, period), in the order of ``values``.
    """
    place = index.overall.index.get_indexer(values.index)
    groups = tuple(
        group._replace(rows=np.flatnonzero(np.isin(place, group.rows))) for group in index._groups
    )
    choices = index.choices
    scores = scored(values, index.scale, choices.normalise, index.organisations)
    built = combine(scores, groups, aggregation=choices.aggregate, available=choices.available)
    vetoed = hold_down(built.overall, values, choices.aggregate, index.framework)
    return built.overall if vetoed is None else vetoed["score"]


def score_errors(index: Index, rows: pd.Index) -> pd.DataFrame | None:
    """Return the standard errors of the scores of some rows, in points of score.

    Parameters
    ----------
    index : Index
    rows : MultiIndex
        Some of its rows (org, period).

    Returns
    -------
    DataFrame or None
        (org, period) x indicator; NaN where the error of a value is not known. None where the
        values came without evidence.

    Notes
    -----
    Delta method: how far a score moves when its value moves by one standard error, towards the
    middle of its column, so that a cap at either end is not met.
    """
    if index.evidence is None:
        return None
    codes = list(index.scale.codes)
    values = index.prepared.values.loc[rows, codes]
    errors = index.evidence.standard_errors().reindex(index=rows, columns=codes)
    moved = values + errors.where(values < values.median(), -errors)
    ends = (
        scored(x, index.scale, index.choices.normalise, index.organisations).table_of_all()
        for x in (moved, values)
    )
    after, before = ends
    return (after - before).abs()
