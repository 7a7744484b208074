"""Whom to name: the longest list whose expected share of wrong names is small enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_vector


@dataclass(frozen=True, eq=False, slots=True)
class Selection:
    """Who is named.

    Attributes
    ----------
    chosen : Series or ndarray of bool, n
        Who is on the list.
    expected_false : float
        Expected share of wrong names on it; 0 for an empty list.
    fdr, capacity : float, int or None
        What was asked for.
    """

    chosen: pd.Series | npt.NDArray[np.bool_]
    expected_false: float
    fdr: float
    capacity: int | None

    def __repr__(self) -> str:
        return (
            f"Selection({int(np.sum(self.chosen))} of {len(self.chosen)} named, expected share of "
            f"wrong names {self.expected_false:.3f})"
        )


def select(
    probability: pd.Series | FloatArray | list[float],
    *,
    fdr: float = 0.2,
    capacity: int | None = None,
) -> Selection:
    """Name as many as can be named with few wrong names.

    Parameters
    ----------
    probability : Series or array of float, n
        Probability, 0..1, of truly belonging on the list; NaN is never named.
    fdr : float
        The largest expected share of wrong names, between 0 and 1.
    capacity : int, optional
        The longest list that can be worked on.

    Returns
    -------
    Selection

    Raises
    ------
    MethodError
        For probabilities outside 0..1, a share outside 0..1 or a capacity below 0.

    Notes
    -----
    In the order of falling probability π, the list is the longest start for which
    mean(1 − π) ≤ fdr and whose length is at most ``capacity``. Equal probabilities are not torn
    apart: where they do not fit together, none of them is named.

    References
    ----------
    Gu, J. & Koenker, R. (2023). Invidious comparisons: ranking and selection as compound decisions.
    Econometrica 91: 1–41.

    Examples
    --------
    >>> select([0.95, 0.9, 0.6, 0.1], fdr=0.2)
    Selection(3 of 4 named, expected share of wrong names 0.183)
    >>> select([0.95, 0.9, 0.6, 0.1], fdr=0.2, capacity=2).chosen
    array([ True,  True, False, False])
    """
    p = as_vector(probability, what="probability", missing=True)
    wrong = (p < 0) | (p > 1)
    if wrong.any():
        raise MethodError(
            f"probabilities must lie between 0 and 1, got {p[np.argmax(wrong)]:g}. "
            "Give shares, not per cent."
        )
    if not 0 < fdr < 1:
        raise MethodError(
            f"fdr must lie between 0 and 1, got {fdr!r}. Give 0.2 for one wrong name in five."
        )
    if capacity is not None and capacity < 0:
        raise MethodError(f"capacity must be at least 0, got {capacity!r}. Give a whole number.")
    falling = np.sort(p[~np.isnan(p)])[::-1]
    false = np.cumsum(1 - falling) / np.arange(1, len(falling) + 1)
    fits = false <= fdr + 1e-12
    if capacity is not None:
        fits[capacity:] = False
    # A list ends only where the next probability is lower.
    fits[:-1] &= falling[:-1] > falling[1:]
    length = int(np.flatnonzero(fits)[-1]) + 1 if fits.any() else 0
    chosen = p >= falling[length - 1] if length else np.zeros(len(p), dtype=bool)
    expected = float(false[length - 1]) if length else 0.0
    if isinstance(probability, pd.Series):
        named = pd.Series(chosen, index=probability.index, name="chosen")
        return Selection(named, expected, fdr, capacity)
    return Selection(chosen, expected, fdr, capacity)
