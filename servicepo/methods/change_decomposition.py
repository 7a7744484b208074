"""What drove a change: the change of a mean split into what its parts and its weights did.

For rules that are no mean there is `shapley.shapley_change`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, listed

Weights: TypeAlias = "pd.Series | pd.DataFrame"


@dataclass(frozen=True, eq=False, slots=True)
class ChangeParts:
    """The change of a weighted mean, part by part.

    Attributes
    ----------
    scores : DataFrame of float, n × m
        What the change of each part's score added, in units of the mean.
    weights : DataFrame of float, n × m
        What the change of each part's weight added; a part that came or went is in here.
    rates : DataFrame of float, n × m
        Change of the mean per unit of change of the part: ``scores`` is ``rates`` times the change
        of the parts.
    """

    scores: pd.DataFrame
    weights: pd.DataFrame
    rates: pd.DataFrame

    def __repr__(self) -> str:
        total = self.total
        return f"ChangeParts({len(total)} rows, mean change {total.mean():+.4g})"

    @property
    def total(self) -> pd.Series:
        """The change of the mean: the sum of all parts, NaN where it is not known."""
        both = self.scores.sum(axis=1, skipna=False) + self.weights.sum(axis=1, skipna=False)
        return both.rename("total")


def arithmetic_change(
    before: pd.DataFrame,
    after: pd.DataFrame,
    weights: Weights,
    weights_after: Weights | None = None,
) -> ChangeParts:
    """Split the change of a weighted arithmetic mean into scores and weights, without a rest.

    Parameters
    ----------
    before, after : DataFrame of float, n × m
        Scores of the same organisations on the same parts; NaN where one is missing.
    weights, weights_after : Series (m) or DataFrame (n × m)
        Weights before and after, for all or for each organisation; the same by default. They are
        scaled to 1 over what is present, as the index does.

    Returns
    -------
    ChangeParts
        NaN in the rows where nothing is present before or after.

    Raises
    ------
    MethodError
        For other rows or columns after than before, negative weights, or infinite scores.

    Notes
    -----
    Δ = Σ w̄ Δx + Σ x̄ Δw with w̄ and x̄ the means of before and after: the decomposition of Marshall
    and Edgeworth, which for a linear mean is the Shapley value. A part that is missing on one side
    has weight 0 there and Δx = 0.

    References
    ----------
    Shorrocks, A. F. (2013). Decomposition procedures for distributional analysis: a unified
    framework based on the Shapley value. Journal of Economic Inequality 11: 99–126.

    Examples
    --------
    >>> before = pd.DataFrame({"a": [60.0], "b": [80.0]})
    >>> after = pd.DataFrame({"a": [70.0], "b": [76.0]})
    >>> made = arithmetic_change(before, after, pd.Series({"a": 0.5, "b": 0.5}))
    >>> made.scores.iloc[0].tolist(), made.total.tolist()
    ([5.0, -2.0], [3.0])
    """
    x0, x1, w0, w1 = _checked(before, after, weights, weights_after)
    rates = (w0 + w1) / 2
    middle = np.nan_to_num((x0 + x1) / 2)
    return _parts(before, rates * (x1 - x0), middle * (w1 - w0), rates)


def geometric_change(
    before: pd.DataFrame,
    after: pd.DataFrame,
    weights: Weights,
    weights_after: Weights | None = None,
) -> ChangeParts:
    """Split the change of a weighted geometric mean into scores and weights, without a rest.

    Parameters
    ----------
    before, after, weights, weights_after
        As in `arithmetic_change`; scores must be positive.

    Returns
    -------
    ChangeParts
        As `arithmetic_change`.

    Raises
    ------
    MethodError
        As `arithmetic_change`, and for scores that are zero or negative, naming the organisations.

    Notes
    -----
    LMDI-I: Δ = L(G₁, G₀) (Σ w̄ Δln x + Σ mean(ln x) Δw) with L(a, b) = (a − b) / ln(a / b) the
    logarithmic mean. It leaves no rest and differs from the Shapley value in the third or fourth
    digit.

    References
    ----------
    Ang, B. W. (2005). The LMDI approach to decomposition analysis: a practical guide. Energy Policy
    33: 867–871.

    Examples
    --------
    >>> before = pd.DataFrame({"a": [60.0], "b": [80.0]})
    >>> after = pd.DataFrame({"a": [70.0], "b": [76.0]})
    >>> made = geometric_change(before, after, pd.Series({"a": 0.5, "b": 0.5}))
    >>> made.scores.round(3).iloc[0].tolist(), made.total.round(3).tolist()
    ([5.48, -1.823], [3.656])
    """
    x0, x1, w0, w1 = _checked(before, after, weights, weights_after)
    wrong = np.flatnonzero(((x0 <= 0) & (w0 > 0) | (x1 <= 0) & (w1 > 0)).any(axis=1))
    if len(wrong):
        raise MethodError(
            "the change of a geometric mean can be split only where all scores are positive, got "
            f"zero or less for {listed(before.index[wrong])}. Score with a positive floor, such as "
            'normalise="minmax_positive", or aggregate arithmetically.'
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        logs0, logs1 = np.log(x0), np.log(x1)
    means = [
        np.exp((w * np.nan_to_num(logs)).sum(axis=1)) for w, logs in ((w0, logs0), (w1, logs1))
    ]
    scale = _log_mean(means[1], means[0])[:, None]
    rates = scale * (w0 + w1) / 2 / _log_mean(x1, x0)
    middle = np.nan_to_num((logs0 + logs1) / 2)
    return _parts(before, rates * (x1 - x0), scale * middle * (w1 - w0), rates)


def _checked(
    before: pd.DataFrame, after: pd.DataFrame, weights: Weights, weights_after: Weights | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return scores of both sides, each filled from the other where missing, and their weights."""
    x0 = as_matrix(before, what="before", missing=True)
    x1 = as_matrix(after, what="after", missing=True)
    for what, ours, theirs in (
        ("organisations", before.index, after.index),
        ("columns", before.columns, after.columns),
    ):
        if not ours.equals(theirs):
            other = ours.symmetric_difference(theirs)
            raise MethodError(
                f"before and after must have the same {what} in the same order, got "
                f"{listed(other) if len(other) else 'another order'}. "
                "Reindex one like the other."
            )
    w0 = _weights(weights, before, ~np.isnan(x0))
    w1 = _weights(weights if weights_after is None else weights_after, before, ~np.isnan(x1))
    return np.where(np.isnan(x0), x1, x0), np.where(np.isnan(x1), x0, x1), w0, w1


def _weights(weights: Weights, like: pd.DataFrame, present: np.ndarray) -> FloatArray:
    columns = weights.columns if isinstance(weights, pd.DataFrame) else weights.index
    lost = [name for name in like.columns if name not in columns]
    if lost:
        raise MethodError(
            f"every column must have a weight, got none for {listed(lost)}. Add it, or give it 0."
        )
    if isinstance(weights, pd.DataFrame):
        own = weights.reindex(index=like.index, columns=like.columns).to_numpy(dtype=float)
    else:
        own = np.tile(weights[list(like.columns)].to_numpy(dtype=float), (len(like), 1))
    if not (own >= 0).all():
        raise MethodError(
            f"weights must be at least 0, got {np.nanmin(own) if own.size else np.nan:g} or none. "
            "Correct them."
        )
    own = own * present
    total = own.sum(axis=1, keepdims=True)
    scaled: FloatArray = np.divide(own, total, out=np.full(own.shape, np.nan), where=total > 0)
    return scaled


def _log_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return (a − b) / ln(a / b), a where both are equal; the digits stay where they are close."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(a / b)
        found: FloatArray = np.where(ratio == 0, a, b * np.expm1(ratio) / ratio)
    return found


def _parts(
    like: pd.DataFrame, scores: FloatArray, weights: FloatArray, rates: FloatArray
) -> ChangeParts:
    known = ~np.isnan(rates).all(axis=1, keepdims=True)
    tables = (np.where(known, np.nan_to_num(part), np.nan) for part in (scores, weights, rates))
    made = [pd.DataFrame(part, index=like.index, columns=like.columns) for part in tables]
    return ChangeParts(*made)
