"""Forward validation of early warnings: flagged in one period, true in the next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import MethodError


class Foresight(NamedTuple):
    """How far warnings told what came.

    Attributes
    ----------
    flags : int
        Warnings that a next period could prove right or wrong.
    precision : float
        Share of them after which the organisation was in trouble in the next period; NaN without
        any.
    base_rate : float
        Share of all organisations and next periods in trouble: what warnings drawn by lot reach.
    recall : float
        Share of the troubled next periods that were flagged in the period before; NaN without any.
    onsets : int
        Organisations that came into trouble after a period without.
    caught : float
        Share of these that were flagged, not earlier than ``window`` periods before their onset.
    lead : float
        Median of onset − first such flag, in periods: above 0 before the onset, below 0 after.
    """

    flags: int
    precision: float
    base_rate: float
    recall: float
    onsets: int
    caught: float
    lead: float


def foresight(flags: pd.DataFrame, truth: pd.DataFrame, *, window: int = 6) -> Foresight:
    """Hold warnings against what came after them.

    Truth must not be read off the same noisy figures as the warnings: whoever is flagged for an
    extreme figure looks better in the next period without having changed (regression to the mean).
    Take planted truth, a later inspection, or figures of their own.

    Parameters
    ----------
    flags, truth : DataFrame of bool, n × T
        Who was warned of, and who was in trouble, in each period, in order; the same rows and
        columns.
    window : int
        How many periods before an onset a flag still counts as one of it.

    Returns
    -------
    Foresight

    Raises
    ------
    MethodError
        For other rows or columns, cells that are not bool, or fewer than 2 periods.

    Examples
    --------
    >>> flags = pd.DataFrame([[False, True, True, True], [True, False, False, False]])
    >>> truth = pd.DataFrame([[False, False, True, True], [False, False, False, False]])
    >>> foresight(flags, truth)[:3]
    (3, 0.6666666666666666, 0.3333333333333333)
    >>> foresight(flags, truth).lead
    1.0
    """
    if not (flags.index.equals(truth.index) and flags.columns.equals(truth.columns)):
        raise MethodError(
            "flags and truth must have the same rows and columns in the same order, got "
            f"{flags.shape} and {truth.shape}. Reindex one like the other."
        )
    kinds = {str(kind) for frame in (flags, truth) for kind in frame.dtypes}
    if kinds != {"bool"} or flags.shape[1] < 2:
        raise MethodError(
            "flags and truth must be bool over at least 2 periods, got "
            f"{', '.join(sorted(kinds))} over {flags.shape[1]}. Say in every cell what held."
        )
    raised, trouble = flags.to_numpy(), truth.to_numpy()
    said, came = raised[:, :-1], trouble[:, 1:]
    hits = int((said & came).sum())
    begins = ~trouble[:, :-1] & trouble[:, 1:]
    rows = np.flatnonzero(begins.any(axis=1))
    onset = begins[rows].argmax(axis=1) + 1
    counts = raised[rows] & (np.arange(flags.shape[1]) >= (onset - window)[:, None])
    caught = counts.any(axis=1)
    lead = (onset - counts.argmax(axis=1))[caught]
    return Foresight(
        flags=int(said.sum()),
        precision=hits / int(said.sum()) if said.any() else np.nan,
        base_rate=float(came.mean()),
        recall=hits / int(came.sum()) if came.any() else np.nan,
        onsets=len(rows),
        caught=float(caught.mean()) if len(rows) else np.nan,
        lead=float(np.median(lead)) if len(lead) else np.nan,
    )
