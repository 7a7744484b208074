"""Bonuses and deductions (加分扣分): every entry with its evidence, and what of it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from ..framework import Indicator
from ..tables import PLACE

KEY: Final = ["org", "period", "indicator"]
ENTRY: Final = (*KEY, "kind", "points", "counted", "evidence", "source", "rater", *PLACE)
CAPS: Final = {"bonus": "bonus_cap", "deduction": "deduction_cap"}


def adjustments(
    rows: pd.DataFrame, base: pd.DataFrame, indicators: Sequence[Indicator]
) -> pd.DataFrame:
    """List bonuses and deductions, and what each adds to the value.

    Parameters
    ----------
    rows, base : DataFrame
        Rows of the kinds "bonus" and "deduction", and the scores they go with, on one full mark:
        ``score`` (folded), ``factor`` (of the folding), ``text`` (the period as written).
    indicators : sequence of Indicator
        ``bonus_cap`` and ``deduction_cap`` of their sources, in points of the value.

    Returns
    -------
    DataFrame
        Columns ``ENTRY``: ``points`` as on the sheet (deductions negative), ``counted`` in points
        of the value, after averaging and caps; NaN where there is no score to go with.

    Notes
    -----
    Several raters' entries are averaged over those who gave any, those of finer periods over the
    periods scored, and folded like the score. Where the bonuses (or deductions) of an organisation
    come to more than their cap (封顶), each counts for its share of the cap.
    """
    if rows.empty:
        return pd.DataFrame(columns=list(ENTRY))
    by = base.groupby(KEY)
    held = pd.DataFrame({"scale": by["factor"].mean(), "written": by["text"].nunique()})
    points = (rows["score"] / rows["factor"]).abs()
    points = points.where(rows["kind"] == "bonus", -points)
    found = rows.assign(points=points).join(held, on=KEY)
    giver = found["source"].fillna("") + "\n" + found["rater"].fillna("").astype("str")
    givers = giver.groupby([found[k] for k in [*KEY, "text"]]).transform("nunique")
    found["counted"] = points * found["scale"] / found["written"] / givers
    total = found.groupby([*KEY, "kind"])["counted"].transform("sum").abs()
    caps = {
        (i.code, kind): i.source[key]
        for i in indicators
        for kind, key in CAPS.items()
        if key in i.source
    }
    keys = zip(found["indicator"], found["kind"], strict=True)
    cap = np.array([caps.get(key, np.inf) for key in keys], dtype=float)
    share = np.where(total > cap, cap / total.where(total > 0, 1.0), 1.0)
    found["counted"] *= share
    return found.reindex(columns=list(ENTRY)).reset_index(drop=True)
