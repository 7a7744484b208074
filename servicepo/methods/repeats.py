"""How much of a score is noise, told by how scores of the same organisations move over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import MethodError
from .guards import as_matrix


def noise_between_periods(scores: pd.DataFrame, groups: pd.Series | None = None) -> float:
    """Estimate the standard deviation of the noise in scores of successive periods.

    Parameters
    ----------
    scores : DataFrame, n × periods
        One row per organisation, periods in order and evenly spaced, at least 3; NaN where there is
        no score.
    groups : Series, optional
        The class of each organisation; what moves a whole class in a period is no noise.

    Returns
    -------
    float
        In the units of the scores; all noise of a single period, whatever it comes from: few
        respondents, lenient teams, luck. 0 where changes do not turn back.

    Raises
    ------
    MethodError
        For fewer than 3 periods or nobody with scores in 3 periods in a row.

    Notes
    -----
    With y_t = θ_t + e_t and true changes θ_t − θ_{t−1} that do not depend on the one before,
    Cov(Δ_t, Δ_{t+1}) = −σ²: what noise added it takes away again. The estimate is
    √max(0, −mean Δ_t Δ_{t+1}) over all organisations and pairs of changes, each change taken from
    its class's mean. Where organisations tend back to where they were, that is counted as noise
    too, so the figure is an upper one; what is wrong with the same organisation in every period
    (raters who always favour it) is not seen at all.

    References
    ----------
    Kane, T. J. & Staiger, D. O. (2002). The promise and pitfalls of using imprecise school
    accountability measures. Journal of Economic Perspectives 16(4): 91–114, separate lasting from
    passing differences by such covariances.

    Examples
    --------
    >>> scores = pd.DataFrame({2022: [70.0, 80.0], 2023: [74.0, 76.0], 2024: [70.0, 80.0]})
    >>> noise_between_periods(scores)
    4.0
    """
    y = as_matrix(scores, what="scores", missing=True)
    if y.shape[1] < 3:
        raise MethodError(
            f"noise between periods needs at least 3 periods, got {y.shape[1]}. "
            "Give the noise as a number instead."
        )
    changes = pd.DataFrame(np.diff(y, axis=1), index=scores.index)
    by = changes.groupby(groups) if groups is not None else None
    mean = changes.mean() if by is None else by.transform("mean")
    moved = (changes - mean).to_numpy()
    product = moved[:, :-1] * moved[:, 1:]
    if not (~np.isnan(product)).any():
        raise MethodError(
            "noise between periods needs organisations with scores in 3 periods in a row, got none."
            " Give the noise as a number instead."
        )
    return float(np.sqrt(max(0.0, -np.nanmean(product))))
