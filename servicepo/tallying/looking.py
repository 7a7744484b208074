"""A ledger looked over: how many rows of which day, sound or not, each file holds.

Where a ledger is in files, each is looked over by itself, and only once where that is kept; from
then on a pass reads no file without rows in its periods.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import pandas as pd

from .engine import Engine
from .rows import faulty_of, overview, worst

EXAMPLES: Final = 5  # rows shown for each rule


class Found(NamedTuple):
    """What a ledger holds.

    Attributes
    ----------
    days : DataFrame
        One row per ``file`` (where the ledger is in files), ``rule`` (missing for sound rows) and
        ``day`` of acceptance: ``rows``, ``last`` (moment of acceptance), ``known`` (latest moment
        that is not in the future), ``ahead`` (earliest that is).
    examples : DataFrame
        Some rows that break a rule: ``rule``, the place so far as it is known, the fields judged.
    """

    days: pd.DataFrame
    examples: pd.DataFrame

    @property
    def sound(self) -> pd.DataFrame:
        """Those of the days that count rows without a fault."""
        return self.days[self.days["rule"].isna() & (self.days["rows"] > 0)]

    @property
    def rules(self) -> dict[str, int]:
        """How many rows break which rule."""
        broken = self.days[self.days["rule"].notna()].groupby("rule")["rows"].sum()
        return {str(rule): int(n) for rule, n in broken.items()}


def look_over(engine: Engine) -> Found:
    """Look over the files of a ledger that are new or changed, or the whole of one without files.

    Parameters
    ----------
    engine : Engine

    Returns
    -------
    Found
    """
    now = _tonight()
    before = Found(*engine.keep.overview(now)) if engine.keep else None
    known = set() if before is None else set(before.days["file"])
    fresh = [file for file in engine.files if str(file) not in known]
    if before is not None and not fresh:
        return before
    rows = engine.rows(fresh)
    by = ["file"] if engine.files else []
    days = engine.frame(overview(rows, now=now, by=by))
    examples = pd.DataFrame()
    if days["rule"].notna().any():
        examples = engine.frame(worst(faulty_of(rows), [*by, "rule"], EXAMPLES))
    if engine.files:  # one without rows was looked over too
        empty = sorted({str(file) for file in fresh} - set(days["file"]))
        days = joined([days, pd.DataFrame({"file": empty, "rows": 0})])
    found = Found(days, examples)
    if before is not None and engine.keep:
        found = Found(joined([before.days, days]), joined([before.examples, examples]))
        engine.keep.hold(*found)
    return found


def first_examples(examples: pd.DataFrame) -> pd.DataFrame:
    """Keep a few examples of each rule, in the order in which an engine would give them."""
    if examples.empty:
        return pd.DataFrame()
    order = [c for c in examples.columns if c not in ("rule", "period")]
    examples = examples.sort_values(["rule", *order], kind="stable", ignore_index=True)
    return examples.groupby("rule").head(EXAMPLES).reset_index(drop=True)


def joined(frames: list[pd.DataFrame] | tuple[pd.DataFrame, ...]) -> pd.DataFrame:
    """Put frames under one another; those without rows have no say in the types."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _tonight() -> pd.Timestamp:
    """Return the last moment of today: nothing can have happened after it."""
    return pd.Timestamp.now().normalize() + pd.Timedelta(days=1, microseconds=-1)
