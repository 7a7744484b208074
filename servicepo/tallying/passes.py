"""A ledger counted pass by pass, each as large as the memory allows.

An engine reads, judges and counts the rows of a pass. What an organisation did in a period is known
from one pass, so that results are only put under one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from functools import reduce
from itertools import count
from operator import or_
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd

from ..measures import Where
from ..tables import Frequency
from . import events as expressions
from .engine import Engine
from .keeping import ROWS, Before, Keep, Part, digest, rows_in
from .looking import EXAMPLES, joined
from .planning import Drawn, Plan, new_rows, plan
from .rows import sound_of, without_repeats, worst
from .times import TENTHS

BY: Final = expressions.BY
SUMMARY: Final = ["pending", "pending_on_time", *TENTHS]


class Asked(NamedTuple):
    """What is counted.

    Attributes
    ----------
    wheres : tuple of Where
        Choices of events; the first is ``()``, every event.
    timed, flowing : set of Where
        Those whose handling times, and whose periods of settling, are wanted.
    extras : tuple of tuple of Extra
        What else is counted of each choice.
    """

    wheres: tuple[Where, ...]
    timed: Set[Where]
    flowing: Set[Where]
    extras: tuple[tuple[expressions.Extra, ...], ...]

    def columns(self) -> list[str]:
        """Return what of each event is needed."""
        more = [extra for extras in self.extras for extra in extras]
        return expressions.columns(self.wheres, more, flowing=bool(self.flowing))

    def digest(self, freq: Frequency) -> str:
        """Return a name for all that decides what is counted."""
        sets = (sorted(map(repr, chosen)) for chosen in (self.timed, self.flowing))
        return digest((freq, self.wheres, *sets, self.extras))


class _Piece(NamedTuple):
    """What one pass found; summaries of handling times may be under way still."""

    part: Part
    times: tuple[Future[pd.DataFrame] | None, ...]

    def whole(self) -> Part:
        counts = tuple(
            frame if spent is None else frame.assign(**spent.result().set_axis(frame.index))
            for frame, spent in zip(self.part.counts, self.times, strict=True)
        )
        return self.part._replace(counts=counts)


class _Share(NamedTuple):
    """What one pass counts: whole periods, or a share of the organisations in one period."""

    periods: tuple[int, ...]
    nth: int = 0
    of: int = 1

    def take(self, rows: Any) -> Any:
        return rows.filter(rows.org.hash().abs() % self.of == self.nth) if self.of > 1 else rows


class Passes:
    """Counts the rows of a ledger.

    Parameters
    ----------
    engine : Engine
    asked : Asked
    drawn : Drawn
    held : DataFrame
        How many sound ``rows`` of which ``period`` which ``file`` holds, and the ``last`` of them;
        without ``file`` for a ledger without files.
    faulty : bool
        Whether any row breaks a rule.
    """

    def __init__(
        self, engine: Engine, asked: Asked, drawn: Drawn, held: pd.DataFrame, *, faulty: bool
    ) -> None:
        self._engine, self._asked, self._drawn, self._held = engine, asked, drawn, held
        self._faulty = faulty
        self._name = asked.digest(drawn.freq)
        self._waiting: Future[pd.DataFrame] | None = None
        self._numbers = count()
        self._shapes: dict[int, set[str]] = {}  # of the rows of each period that is kept anew
        self._rows: dict[int, list[Path]] = {}  # and where they are

    def count(self) -> Part:
        """Count what is new, take the rest from what is kept, and keep all of it."""
        todo = plan(self._engine, self._held, self._drawn, self._name, len(self._asked.wheres))
        keep = self._engine.keep
        with ThreadPoolExecutor(1) as self._other:
            if keep is None:
                return _sum([piece.whole() for piece in self._pieces(todo, None)])
            with keep.room() as room:
                pieces = list(self._pieces(todo, room))
                part = _sum([*_left(todo), *(piece.whole() for piece in pieces)])
                self._save(keep, part)
        return part

    # -- where the rows of a pass are --------------------------------------------------------------
    def _pieces(self, todo: Plan, room: Path | None) -> Iterator[_Piece]:
        sizes = self._held.groupby("period")["rows"].sum()
        for share in self._split(sizes[todo.anew]):
            yield self._take(self._filed(share.periods), share, todo, room)
        for share in self._split(sizes[list(todo.again)]):
            groups = pd.concat([todo.again[period] for period in share.periods])
            rows = self._filed(share.periods)
            again = self._drawn.judge(rows).semi_join(self._engine.table(groups), BY)
            # Few groups of many rows: they are looked for once.
            few = self._engine.table(share.take(again.select(rows.columns)))
            yield self._take(few, share, todo, room)
        fresh = todo.fresh.groupby("period")["rows"].sum()
        for shape in sorted({todo.before[period].shape for period in todo.live}):
            alike = [period for period in todo.live if todo.before[period].shape == shape]
            sizes = pd.Series({period: todo.before[period].rows for period in alike})
            for share in self._split(sizes.add(fresh, fill_value=0)[alike]):
                yield self._take(self._kept(todo, share.periods), share, todo, room)

    def _split(self, sizes: pd.Series) -> Iterator[_Share]:
        """Split periods with their numbers of rows into passes that memory holds."""
        periods: list[int] = []
        held, limit = 0, self._engine.limit
        sizes = sizes.sort_index()
        for period, n in zip(sizes.index.tolist(), sizes.astype(int).tolist(), strict=True):
            if periods and held + n > limit:
                yield _Share(tuple(periods))
                periods, held = [], 0
            if n > limit:
                shares = -(-n // limit)
                yield from (_Share((period,), nth, shares) for nth in range(shares))
            else:
                periods.append(period)
                held += n
        if periods:
            yield _Share(tuple(periods))

    def _filed(self, periods: Sequence[int]) -> Any:
        """Return the sound rows of some periods, from the files that hold any."""
        files = []
        if self._engine.files:
            own = set(self._held.loc[self._held["period"].isin(periods), "file"])
            files = [file for file in self._engine.files if str(file) in own]
        rows = self._engine.rows(files)
        rows = sound_of(rows) if self._faulty else rows  # judging takes its time
        begin = self._drawn.begin
        spans = [[period, period + 1] for period in periods]
        for n in reversed(range(1, len(spans))):  # neighbours are one span
            if spans[n - 1][1] == spans[n][0]:
                spans[n - 1][1] = spans.pop(n)[1]
        within = [
            (rows.accepted >= begin(first)) & (rows.accepted < begin(last)) for first, last in spans
        ]
        return rows.filter(reduce(or_, within))

    def _kept(self, todo: Plan, periods: Sequence[int]) -> Any:
        """Return the rows of some periods that were kept, and those that are new."""
        folders = [todo.before[period].folder for period in periods if todo.before[period].rows]
        files = [file for folder in folders for file in sorted((folder / ROWS).glob("*.parquet"))]
        fresh = todo.fresh[todo.fresh["period"].isin(periods)]
        if fresh.empty:
            return self._engine.kept(files)
        new = new_rows(self._engine, fresh, self._drawn)
        if again := [todo.again[period] for period in periods if period in todo.again]:
            names, groups = new.columns, self._engine.table(pd.concat(again))
            new = self._drawn.judge(new).anti_join(groups, BY).select(names)
        if not files:
            return new
        return self._engine.kept(files).select(new.columns).cast(new.schema()).union(new)

    # -- one pass ----------------------------------------------------------------------------------
    def _take(self, some: Any, share: _Share, todo: Plan, room: Path | None) -> _Piece:
        """Count the rows of one pass."""
        engine, asked, drawn = self._engine, self._asked, self._drawn
        some, periods = share.take(some), share.periods
        only = periods[0] if len(periods) == 1 else None
        columns = asked.columns()
        held = engine.hold(drawn.judge(self._known(some), only), columns)
        repeats = examples = pd.DataFrame()
        if (several := held.repeated()) is not None:
            some, again = without_repeats(some, several, engine.table, self._order())
            again = drawn.judge(again)
            repeats = engine.frame(again.group_by(*BY).aggregate(rows=again.count()))
            examples = engine.frame(worst(again, ["period"], EXAMPLES))
            held = engine.hold(drawn.judge(self._known(some), only), columns)
        counts, times, flows = [], [], []
        for where, extras in zip(asked.wheres, asked.extras, strict=True):
            events = expressions.chosen(held.events, where)
            counts.append(held.frame(expressions.totals(events, extras, by=held.by)))
            spent, flow = None, pd.DataFrame()
            if where in asked.timed:
                summary = held.times(events, counts[-1])
                if self._waiting is not None:
                    self._waiting.result()  # no more than one waits, so that memory is kept
                spent = self._waiting = self._other.submit(summary)
            if where in asked.flowing:
                flow = held.frame(expressions.flows(events, by=held.by))
            times.append(spent)
            flows.append(flow)
        later = self._later(some) if drawn.period in periods else 0
        if room is not None:
            self._write(some, counts[0], share, todo, room)
        return _Piece(Part(tuple(counts), tuple(flows), repeats, examples, later), tuple(times))

    def _known(self, rows: Any) -> Any:
        return rows.filter(rows.accepted <= self._drawn.cut)

    def _order(self) -> Any:
        """Return the place of each file, which tells the later row of a record from others."""
        names = [str(file) for file in self._engine.files]
        if not names:
            return None
        return self._engine.table(pd.DataFrame({"file": names, "nth": range(len(names))}))

    def _later(self, rows: Any) -> int:
        """Count the rows accepted after the ledger was drawn."""
        cut = self._drawn.cut
        if not (self._held["last"] > cut).any():
            return 0
        rows = rows.filter(rows.accepted > cut)
        return int(self._engine.frame(rows.aggregate(n=rows.count()))["n"].iloc[0])

    # -- what is kept ------------------------------------------------------------------------------
    def _write(
        self, some: Any, counts: pd.DataFrame, share: _Share, todo: Plan, room: Path
    ) -> None:
        """Write the rows of groups that may change, so that their files need not be read again."""
        live = counts[counts["events_open"] > 0]
        left = live.groupby("period")["events"].sum()
        over = {period for period in share.periods if self._drawn.over(period)}
        due = [
            period
            for period in share.periods
            if _due(period, todo, left, whole=share.of == 1 and period in over)
        ]
        rows = some.drop("rule") if "rule" in some.columns else some
        for period in due:
            self._shapes.setdefault(period, set()).add(str(rows.schema()))
        if not due:
            return
        judged = self._drawn.judge(rows)
        groups = self._engine.table(live.loc[live["period"].isin(over & set(due)), BY])
        chosen = judged.semi_join(groups, BY)
        if set(due) - over:  # all of a period that goes on
            chosen = chosen.union(judged.filter(judged.period == self._drawn.period))
        folder = room / str(next(self._numbers))
        self._engine.write(chosen.select(*rows.columns, "period"), folder, "period")
        for period in due:
            written = (folder / f"period={period}").glob("*.parquet")
            self._rows.setdefault(period, []).extend(sorted(written))

    def _save(self, keep: Keep, part: Part) -> None:
        for period, shapes in self._shapes.items():
            own = self._held.loc[self._held["period"] == period, "file"]
            before = Before(
                folder=keep.folder,
                as_of=self._drawn.as_of,
                over=self._drawn.over(period),
                marks=frozenset(own.map(keep.marks)),
                rows=rows_in(self._rows[period]),
                shape=" or ".join(sorted(shapes)),
                later=part.later if period == self._drawn.period else 0,
            )
            keep.save(self._name, period, before, part.of(period), self._rows[period])


def _due(period: int, todo: Plan, left: pd.Series, *, whole: bool) -> bool:
    """Tell whether a period must be kept anew: for new rows, or because that will save many."""
    if period not in todo.live or period in set(todo.fresh["period"]):
        return True
    return whole and bool(left.get(period, 0) <= todo.before[period].rows / 2)


def _left(todo: Plan) -> Iterator[Part]:
    """Take what stays as it was counted before."""
    for period in todo.before:
        part = todo.parts[period]
        if period in todo.again:
            part = part.without(todo.again[period]).without_repeats(todo.again[period])
        if period in todo.live:
            part = part.without(todo.live[period])._replace(later=0)
        yield part


def _sum(parts: Sequence[Part]) -> Part:
    """Put what was counted under one another."""
    if not parts:
        return Part((), (), pd.DataFrame(), pd.DataFrame(), 0)
    counts, flows, repeats, examples, later = zip(*parts, strict=True)
    return Part(
        tuple(map(joined, zip(*counts, strict=True))),
        tuple(map(joined, zip(*flows, strict=True))),
        joined(repeats),
        joined(examples),
        sum(later),
    )
