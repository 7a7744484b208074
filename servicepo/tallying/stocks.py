"""What waits at the end of each period, from when events came and when they were settled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd

from ..tables import Frequency
from .events import EPOCH
from .ordinals import PARTS, of_dates

Stocks: TypeAlias = Callable[[pd.DataFrame], pd.DataFrame]


def stocks(freq: Frequency, as_of: pd.Timestamp) -> Stocks:
    """Return `stock` for one frequency and day."""
    return partial(stock, freq=freq, as_of=as_of)


def stock(flows: pd.DataFrame, *, freq: Frequency, as_of: pd.Timestamp) -> pd.DataFrame:
    """Add up what came and what was settled, period by period.

    Parameters
    ----------
    flows : DataFrame
        ``org``, ``period`` in which events came, ``settled`` (the period in which they were, NaN
        for open ones), ``events``, ``begun`` (sum of the seconds at which they came).
    freq : {"Y", "H", "Q", "M"}
    as_of : Timestamp
        The day the ledger was drawn: no period is longer than to its end.

    Returns
    -------
    DataFrame
        By (org, period), from an organisation's first event to ``as_of``: ``came`` and ``settled``
        in it, ``open`` at its end, ``age`` (days that these have been open by then, summed), and
        ``days`` (its length). All float.

    Notes
    -----
    A period's backlog is all that ever came less all that was ever settled, so that what was open
    before the first period of the ledger is not in it.
    """
    keys = ["org", "period", "came", "settled", "open", "age", "days"]
    if flows.empty:
        return pd.DataFrame(columns=keys).set_index(["org", "period"]).astype(float)
    org, names = pd.factorize(flows["org"], sort=True)
    came = flows["period"].to_numpy(dtype=np.int64)
    gone = flows["settled"].to_numpy(dtype=float, na_value=np.nan)
    first = came.min()
    last = max(of_dates(pd.Series([as_of]), freq).to_numpy()[0], came.max())
    shape = len(names), last - first + 1
    left = ~np.isnan(gone)
    at_start = org * shape[1] + came - first
    at_end = org[left] * shape[1] + gone[left].astype(np.int64) - first

    def per_period(at: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        return np.bincount(at, weights=amounts, minlength=shape[0] * shape[1]).reshape(shape)

    events = flows["events"].to_numpy(dtype=float)
    begun = flows["begun"].to_numpy(dtype=float) / 86_400  # days since the epoch, summed
    into, out = per_period(at_start, events), per_period(at_end, events[left])
    waiting = (into - out).cumsum(axis=1)
    since = (per_period(at_start, begun) - per_period(at_end, begun[left])).cumsum(axis=1)
    starts, ends = _bounds(np.arange(first, last + 1), freq, as_of)
    found = pd.DataFrame(
        {
            "came": into.ravel(),
            "settled": out.ravel(),
            "open": waiting.ravel(),
            "age": (waiting * ends - since).ravel(),
            "days": np.tile(ends - starts, shape[0]),
        },
        index=pd.MultiIndex.from_product([names, np.arange(first, last + 1)], names=keys[:2]),
    )
    seen = (into.cumsum(axis=1) > 0).ravel()
    # Seconds summed and taken away again leave a trace of rounding.
    found["age"] = found["age"].where(found["open"] > 0, 0.0).clip(lower=0.0)
    return found[seen]


def _bounds(
    numbers: np.ndarray, freq: Frequency, as_of: pd.Timestamp
) -> tuple[np.ndarray, np.ndarray]:
    """Return where periods begin and end, in days since the epoch."""
    parts = PARTS[freq]
    months = np.append(numbers, numbers[-1] + 1) * (12 // parts)
    days = (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    edges = (days - np.datetime64(EPOCH, "D")).astype(float)
    day = as_of == as_of.normalize()
    cut = (as_of - pd.Timestamp(EPOCH)) / pd.Timedelta(days=1) + day
    return edges[:-1], np.minimum(edges[1:], cut)
