"""What each indicator adds to the overall index: gaps to the full score, shared out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .bench import Group
from .choices import Choice, by_level
from .errors import MethodError


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
    if not (isinstance(method, str) and method in ("arithmetic", "geometric")):
        raise MethodError(
            f"Contributions need an arithmetic or geometric aggregation, got {method!r}. "
            "Look at index.dimensions instead, or build with one of the two."
        )
    present = block.notna() * weights
    total = present.sum(axis=1)
    scaled = present.div(total.where(total > 0), axis=0).where(block.notna())
    if method == "arithmetic":
        return scaled, scaled * (100 - block)
    logs = scaled * np.log(100 / block)
    gap = logs.sum(axis=1)
    mean = (100 - 100 * np.exp(-gap)) / gap.where(gap != 0)
    return scaled, logs.mul(mean.fillna(100.0), axis=0)


def split(
    scores: pd.DataFrame, dimensions: pd.DataFrame, groups: tuple[Group, ...], aggregation: Choice
) -> pd.DataFrame:
    """Split the overall index into what each indicator adds.

    Parameters
    ----------
    scores : DataFrame
        (org, period) x indicator, 0..100; NaN is missing.
    dimensions : DataFrame
        (org, period) x dimension, as `combine` gives.
    groups : tuple of Group
        The weights.
    aggregation : word or mapping by level
        As `build_index` takes it.

    Returns
    -------
    DataFrame
        As ``scores``; rows sum to the overall index.

    Raises
    ------
    MethodError
        As `gaps`.
    """
    inner, outer = by_level(aggregation, "arithmetic", "aggregate")
    parts = pd.DataFrame(np.nan, index=scores.index, columns=scores.columns)
    for group in groups:
        tops = dimensions.iloc[group.rows][list(group.across.index)]
        top_weights, top_gaps = gaps(tops, group.across, outer)
        for dimension, local in group.local.items():
            block = scores.iloc[group.rows][list(local.index)]
            weights, own = gaps(block, local, inner)
            total = own.sum(axis=1)
            # A dimension without a gap spreads its nothing by weight.
            share = own.div(total.where(total != 0), axis=0).where(total != 0, weights)
            part = weights.mul(top_weights[dimension] * 100, axis=0)
            part = part - share.mul(top_gaps[dimension], axis=0)
            columns = parts.columns.get_indexer(local.index)
            parts.iloc[group.rows, columns] = part.to_numpy()
    return parts
