"""What was counted of a ledger before, kept in a folder: only what is new must be read again.

Each period of each choice of indicators has a folder, which gets its name when it is whole, so that
a run that breaks off leaves what was there. What cannot be read, or was written by another version,
counts as not there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .. import __version__
from ..errors import TableError
from .events import BY

FORMAT: Final = 1  # raised where what is kept gets another shape or another meaning
ROWS: Final = "rows"
_ABOUT: Final = "about.json"


class Mark(NamedTuple):
    """What tells whether a file is still the one that was read."""

    file: str
    size: int
    changed: int  # nanoseconds


class Part(NamedTuple):
    """What was counted of some periods; each frame has columns ``org`` and ``period``.

    Attributes
    ----------
    counts : tuple of DataFrame
        For each choice of events: counts, and beside them what `times` tells of them.
    flows : tuple of DataFrame
        For each choice: events by the periods in which they were settled.
    repeats : DataFrame
        How many ``rows`` were repeats.
    examples : DataFrame
        Some of these.
    later : int
        Rows accepted after the ledger was drawn.
    """

    counts: tuple[pd.DataFrame, ...]
    flows: tuple[pd.DataFrame, ...]
    repeats: pd.DataFrame
    examples: pd.DataFrame
    later: int

    def without(self, groups: pd.DataFrame) -> Part:
        """Leave out what was counted of some groups; their repeats stay."""
        counts, flows = (tuple(without(f, groups) for f in frames) for frames in self[:2])
        return self._replace(counts=counts, flows=flows)

    def without_repeats(self, groups: pd.DataFrame) -> Part:
        """Leave out the repeats of some groups."""
        repeats, examples = (without(frame, groups) for frame in (self.repeats, self.examples))
        return self._replace(repeats=repeats, examples=examples)

    def of(self, period: int) -> Part:
        """Keep what was counted of one period."""
        counts, flows = (tuple(_within(f, period) for f in frames) for frames in self[:2])
        repeats, examples = (_within(frame, period) for frame in (self.repeats, self.examples))
        return Part(counts, flows, repeats, examples, self.later)


class Before(NamedTuple):
    """What is kept of a period.

    Attributes
    ----------
    folder : Path
    as_of : Timestamp
        The day the ledger was drawn.
    over : bool
        Whether the period was over by then.
    marks : frozenset of Mark
        The files that had rows in it.
    rows : int
        Its rows that are kept because what is counted of them may change as time goes on.
    shape : str
        Their columns and types.
    later : int
        Its rows accepted after the ledger was drawn.
    """

    folder: Path
    as_of: pd.Timestamp
    over: bool
    marks: frozenset[Mark]
    rows: int
    shape: str
    later: int

    def live(self, part: Part) -> pd.DataFrame:
        """Return the groups whose rows are kept: those with open events, or all of them."""
        every = part.counts[0]
        return every.loc[every["events_open"] > 0, BY] if self.over else every[BY]


class Keep:
    """The folder in which is kept what was counted of one ledger.

    Parameters
    ----------
    folder : Path
    source : Path
        The ledger.
    columns : mapping of str to str
        Field -> name of its column.
    files : sequence of Path
        Its files.

    Raises
    ------
    TableError
        Where a file is gone.
    """

    def __init__(
        self, folder: Path, source: Path, columns: Mapping[str, str], files: Sequence[Path]
    ) -> None:
        ledger = (FORMAT, __version__, str(source.resolve()), sorted(columns.items()))
        self.folder = folder / digest(ledger)
        self.marks = {str(file): _mark(file) for file in files}

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Give a folder for what is not whole yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="unfinished-", dir=self.folder) as room:
            yield Path(room)

    def known(self) -> set[str]:
        """Return the files that are as they were when they were looked over."""
        return set(self._overview()[0]["file"])

    def overview(self, now: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return days and examples of these files.

        Files with a moment that lay in the future then, and does no longer, are left out.
        """
        days, examples = self._overview()
        come = set(days.loc[days["ahead"] <= now, "file"]) if len(days) else set()
        return _from(days, known := set(days["file"]) - come), _from(examples, known)

    def _overview(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        try:
            days, examples = (_read(self.folder / f"{n}.parquet") for n in ("days", "examples"))
        except (OSError, ValueError):
            return pd.DataFrame({"file": []}), pd.DataFrame()
        names = list(Mark._fields)
        known = days[names].drop_duplicates().itertuples(index=False, name=None)
        same = {file for file, *rest in known if self.marks.get(file) == (file, *rest)}
        return _from(days.drop(columns=names[1:]), same), _from(examples, same)

    def hold(self, days: pd.DataFrame, examples: pd.DataFrame) -> None:
        """Keep days and examples of all files."""
        marks = pd.DataFrame(list(self.marks.values()))
        with self.room() as room:
            for name, frame in (("examples", examples), ("days", days.merge(marks, on="file"))):
                _write(frame, room / name)
                (room / name).replace(self.folder / f"{name}.parquet")

    def periods(self, asked: str) -> dict[int, Before]:
        """Return what is kept of each period, for a digest of what is asked."""
        found = ((_period(folder), _before(folder)) for folder in self._folders(asked, "*"))
        return {period: before for period, before in found if before is not None}

    def part(self, before: Before, choices: int) -> Part | None:
        """Read what was counted of a period; None where that cannot be done."""
        names = ("counts", "flows", "repeats", "examples")
        try:
            counts, flows, repeats, examples = (
                _read(before.folder / f"{n}.parquet") for n in names
            )
            return Part(
                _apart(counts, choices), _apart(flows, choices), repeats, examples, before.later
            )
        except (OSError, ValueError, KeyError):
            return None

    def save(
        self, asked: str, period: int, before: Before, part: Part, rows: Sequence[Path]
    ) -> None:
        """Keep what was counted of a period in the place of what was; files of rows are moved."""
        with self.room() as room:
            new = room / "whole"
            new.mkdir()
            frames = {"counts": _together(part.counts), "flows": _together(part.flows)}
            for name, frame in (
                frames | {"repeats": part.repeats, "examples": part.examples}
            ).items():
                _write(frame, new / f"{name}.parquet")
            (new / ROWS).mkdir()
            for n, file in enumerate(rows):
                file.replace(new / ROWS / f"{n}.parquet")
            day = {"folder": "", "as_of": before.as_of.isoformat(), "marks": sorted(before.marks)}
            about = json.dumps(before._asdict() | day, ensure_ascii=False)
            (new / _ABOUT).write_text(about, "utf-8")
            older = self._folders(asked, str(period))
            (self.folder / asked).mkdir(exist_ok=True)
            new.replace(self.folder / asked / f"{period}.{time.time_ns()}")
        for folder in older:
            shutil.rmtree(folder, ignore_errors=True)

    def _folders(self, asked: str, period: str) -> list[Path]:
        """List what is kept, the latest last."""
        found = (self.folder / asked).glob(f"{period}.[0-9]*")
        return sorted(found, key=lambda folder: int(folder.suffix[1:]))


def digest(about: object) -> str:
    """Return a short name for what has a text.

    Examples
    --------
    >>> digest(("Q", 1)) == digest(("Q", 1)), digest("Q") == digest("Y"), len(digest(0))
    (True, False, 16)
    """
    return sha256(repr(about).encode()).hexdigest()[:16]


def _from(frame: pd.DataFrame, files: set[str]) -> pd.DataFrame:
    return frame[frame["file"].isin(files)] if len(frame) else frame


def _mark(file: Path) -> Mark:
    try:
        stat = file.stat()
    except OSError as error:
        raise TableError(
            f"Every file of a ledger must be readable, got {str(file)!r} ({error.strerror}). "
            "Open the ledger again."
        ) from error
    return Mark(str(file), stat.st_size, stat.st_mtime_ns)


def _period(folder: Path) -> int:
    return int(folder.stem)


def _before(folder: Path) -> Before | None:
    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        marks = frozenset(Mark(*mark) for mark in about["marks"])
        changes = {"folder": folder, "as_of": pd.Timestamp(about["as_of"]), "marks": marks}
        found = Before(**about | changes)
        whole = found.rows == rows_in((folder / ROWS).glob("*.parquet"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if whole else None


def rows_in(files: Iterable[Path]) -> int:
    """Return how many rows Parquet files have."""
    return sum(pq.read_metadata(file).num_rows for file in files)


def without(frame: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Leave out some groups; all are of one period."""
    if frame.empty or groups.empty:
        return frame
    return frame[~frame["org"].isin(groups["org"])]


def _within(frame: pd.DataFrame, period: int) -> pd.DataFrame:
    return frame[frame["period"] == period] if len(frame) else frame


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the frames of all choices under one another."""
    return pd.concat([frame.assign(choice=n) for n, frame in enumerate(frames)], ignore_index=True)


def _apart(frame: pd.DataFrame, choices: int) -> tuple[pd.DataFrame, ...]:
    return tuple(frame[frame["choice"] == n].drop(columns="choice") for n in range(choices))


def _read(path: Path) -> pd.DataFrame:
    found: pd.DataFrame = pq.read_table(path).to_pandas()
    return found


def _write(frame: pd.DataFrame, path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")
