"""Duties by the month, quarter, half-year or year: which were met, and which are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from ..errors import MethodError
from ..framework import Indicator
from ..measures import Where
from ..tables import Frequency
from .figures import where_of
from .ordinals import PARTS, over

KEY = ["org", "period", "indicator"]


class Kept(NamedTuple):
    """How duties were kept.

    Attributes
    ----------
    values : DataFrame
        By (org, period, indicator): ``value`` (share of the duties that were met), ``numerator``
        (met), ``denominator`` and ``n`` (due).
    gaps : DataFrame
        One row per duty that was not met: ``org``, ``period``, ``indicator``, ``missing`` (number
        of the shorter period), ``per`` (its frequency).
    """

    values: pd.DataFrame
    gaps: pd.DataFrame


def kept(
    counts: Mapping[Frequency, Mapping[Where, pd.Series]],
    indicators: Sequence[Indicator],
    *,
    freq: Frequency,
    as_of: pd.Timestamp,
) -> Kept:
    """See whether enough events fell into every month (quarter, half-year) of a period.

    Parameters
    ----------
    counts : dict
        ``per`` -> choice of events -> number of events by (org, shorter period); ``()`` is every
        event.
    indicators : sequence of Indicator
        Those whose source is "frequency".
    freq : {"Y", "H", "Q", "M"}
    as_of : Timestamp
        The day the ledger was drawn: what was not over by then is not due yet.

    Returns
    -------
    Kept
        For organisations with any event in the period: without one, the ledger itself may be
        missing.
    """
    parts, gaps = [], []
    for indicator in indicators:
        per = cast(Frequency, indicator.source["per"])
        every, own = counts[per][()], counts[per][where_of(indicator)]
        table = _duties(every, PARTS[per] // PARTS[freq], over(per, as_of))
        found = own.reindex(pd.MultiIndex.from_frame(table[["org", "slot"]]), fill_value=0)
        table["met"] = found.to_numpy() >= cast(float, indicator.source["least"])
        table["indicator"] = indicator.code
        by = table.groupby(KEY)["met"]
        met, due = by.sum().astype(float), by.size().astype(float)
        parts.append(
            pd.DataFrame({"value": met / due, "numerator": met, "denominator": due, "n": due})
        )
        missed = table[~table["met"]].rename(columns={"slot": "missing"})
        gaps.append(missed[[*KEY, "missing"]].assign(per=per))
    return Kept(pd.concat(parts), pd.concat(gaps, ignore_index=True))


def refuse_coarse(indicators: Sequence[Indicator], freq: Frequency) -> None:
    """Refuse duties that are longer than the periods of the tally.

    Raises
    ------
    MethodError
    """
    for indicator in indicators:
        if PARTS[str(indicator.source["per"])] < PARTS[freq]:
            raise MethodError(
                f"A duty must fall due within the period {freq!r}, got per = "
                f"{indicator.source['per']!r} for {indicator.code!r}. Tally by a longer period."
            )


def _duties(every: pd.Series, within: int, last: int) -> pd.DataFrame:
    """List the shorter periods due, for each organisation and period with any event."""
    org = every.index.get_level_values("org")
    period = every.index.get_level_values("period").to_numpy(dtype=np.int64) // within
    pairs = pd.DataFrame({"org": org, "period": period}).drop_duplicates(ignore_index=True)
    table = pairs.loc[pairs.index.repeat(within)].reset_index(drop=True)
    table["slot"] = table["period"] * within + np.tile(np.arange(within), len(pairs))
    return table[table["slot"] <= last].reset_index(drop=True)
