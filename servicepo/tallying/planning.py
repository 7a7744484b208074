"""What of a ledger must be counted: all of it, or only what is new since it was counted before.

What was counted of an organisation in a period that is over stays as it is once all of its events
are closed. Groups with open events are live: their rows were kept, and are counted again with the
new day. A period that is not over is live as a whole. Rows that are new join the rows kept; only
where they fall into a group that is not live any more must its older rows be read again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd

from ..tables import Frequency
from . import events as expressions
from .engine import Engine
from .keeping import Before, Part, without
from .looking import EXAMPLES
from .ordinals import PARTS
from .rows import sound_of

BY: Final = expressions.BY
_NOBODY: Final = pd.DataFrame({"org": pd.Series(dtype="str"), "period": pd.Series(dtype="int64")})


class Drawn(NamedTuple):
    """The day a ledger was drawn, and the periods it is counted by."""

    as_of: pd.Timestamp
    freq: Frequency

    @property
    def cut(self) -> pd.Timestamp:
        """The last moment that was known: the whole of the day belongs to it."""
        whole = self.as_of == self.as_of.normalize()
        return self.as_of + pd.Timedelta(days=1, microseconds=-1) if whole else self.as_of

    @property
    def period(self) -> int:
        """The period in which it was drawn."""
        return int(self.periods(pd.Series([self.cut])).to_numpy()[0])

    def periods(self, moments: pd.Series) -> pd.Series:
        """Return the periods of moments."""
        months: pd.Series = moments.dt.year * 12 + moments.dt.month - 1
        return months // (12 // PARTS[self.freq])

    def begin(self, period: int) -> pd.Timestamp:
        """Return when a period begins."""
        month = period * (12 // PARTS[self.freq])
        return pd.Timestamp(year=month // 12, month=month % 12 + 1, day=1)

    def over(self, period: int) -> bool:
        """Tell whether a period was over."""
        return self.begin(period + 1) - pd.Timedelta(microseconds=1) <= self.cut

    def judge(self, rows: Any, only: int | None = None) -> Any:
        """Add to each row what depends on the day."""
        return expressions.events(rows, freq=self.freq, cut=self.cut, as_of=self.as_of, only=only)


class Plan(NamedTuple):
    """What of a ledger must be counted.

    Attributes
    ----------
    anew : list of int
        Periods to be counted from their files.
    again : dict of int to DataFrame
        Period -> groups (``org``, ``period``) to be counted from the files of their periods.
    live : dict of int to DataFrame
        Period -> groups to be counted from the rows kept and those that are new.
    fresh : DataFrame
        ``file``, ``period`` and ``rows``: what was not counted yet of the periods in ``before``.
    before : dict of int to Before
        What is kept of the other periods.
    parts : dict of int to Part
        What was counted of them.
    """

    anew: list[int]
    again: dict[int, pd.DataFrame]
    live: dict[int, pd.DataFrame]
    fresh: pd.DataFrame
    before: dict[int, Before]
    parts: dict[int, Part]


def plan(engine: Engine, held: pd.DataFrame, drawn: Drawn, asked: str, choices: int) -> Plan:
    """See what must be counted.

    Parameters
    ----------
    engine : Engine
    held : DataFrame
        How many sound ``rows`` of which ``period`` which ``file`` holds.
    drawn : Drawn
    asked : str
        Digest of what is asked.
    choices : int
        How many choices of events.

    Returns
    -------
    Plan
    """
    every = sorted(set(held["period"]))
    if engine.keep is None:
        return Plan(every, {}, {}, held.iloc[:0], {}, {})
    marks = held["file"].map(engine.keep.marks)
    before: dict[int, Before] = {}
    parts: dict[int, Part] = {}
    for period, kept in engine.keep.periods(asked).items():
        own = set(marks[held["period"] == period])
        # A file that is gone or changed may have taken rows away.
        if own and kept.marks <= own and Drawn(kept.as_of, drawn.freq).cut <= drawn.cut:
            part = engine.keep.part(kept, choices)
            if part is not None:
                before[period], parts[period] = kept, part
    known = {(period, mark) for period, kept in before.items() for mark in kept.marks}
    pairs = zip(held["period"], marks, strict=True)
    fresh = held[[pair[0] in before and pair not in known for pair in pairs]]
    touched, shape = _touched(engine, fresh, drawn) if len(fresh) else (_NOBODY, "")
    again: dict[int, pd.DataFrame] = {}
    live: dict[int, pd.DataFrame] = {}
    for period, kept in list(before.items()):
        part, new = parts[period], touched[touched["period"] == period]
        mine = kept.live(part)
        settled = without(part.counts[0][BY], mine)
        hit = _shared(new, settled)
        if kept.rows and len(new) and kept.shape != shape:
            del before[period]  # rows that cannot stand under one another
            continue
        if _hidden(part, hit):
            del before[period]
            continue
        if len(hit):
            again[period] = hit
        if len(new) > len(hit) or (kept.rows and (len(hit) or kept.as_of != drawn.as_of)):
            live[period] = pd.concat([mine, without(new, hit)]).drop_duplicates()
    anew = [period for period in every if period not in before]
    return Plan(anew, again, live, fresh, before, parts)


def _touched(engine: Engine, fresh: pd.DataFrame, drawn: Drawn) -> tuple[pd.DataFrame, str]:
    """Return the groups that new rows belong to, and the shape of these rows."""
    rows = new_rows(engine, fresh, drawn)
    groups = engine.frame(drawn.judge(rows).select(BY).distinct())
    return groups, str(rows.schema())


def new_rows(engine: Engine, fresh: pd.DataFrame, drawn: Drawn) -> Any:
    """Return the sound rows of some files in some periods."""
    rows = sound_of(engine.rows([Path(file) for file in fresh["file"].unique()])).drop("rule")
    names = rows.columns
    pairs = engine.table(fresh[["file", "period"]])
    return drawn.judge(rows).semi_join(pairs, ["file", "period"]).select(names)


def _shared(groups: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    return groups.merge(others, on=BY)


def _hidden(part: Part, groups: pd.DataFrame) -> bool:
    """Tell whether examples would be missing if those of some groups were left out."""
    few = part.repeats["rows"].sum() <= EXAMPLES if len(part.repeats) else True
    return not few and len(_shared(part.examples[BY], groups)) > 0
