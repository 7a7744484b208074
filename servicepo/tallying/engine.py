"""The embedded engine: a ledger of any size, run through DuckDB under a stated memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from .events import BY
from .keeping import Keep
from .rows import RECORD, uniform
from .times import NEVER, times_of

EVENT: Final = 96  # bytes of one event in memory while its handling time is sorted
BATCH: Final = 1 << 20  # rows that the engine hands over at a time
_ENGINE: Final = 0.5  # of the memory
_SORTING: Final = 0.4


Summary: TypeAlias = Callable[[], pd.DataFrame]
"""Sum up what was read; it needs no engine, so that this may read on meanwhile."""


class Engine(Protocol):
    """What counts a ledger: the operations that mean the same on every engine."""

    limit: int
    """Events that should be summarised in one pass."""
    files: Sequence[Path]
    """The files of the ledger in their order; none where it is in something else."""
    keep: Keep | None
    """Where is kept what was counted before."""

    def rows(self, files: Sequence[Path] = ()) -> Any:
        """Return the rows of the ledger (of some of its files), uniform and judged."""

    def frame(self, expression: Any) -> pd.DataFrame:
        """Evaluate an expression."""

    def table(self, rows: Any) -> Any:
        """Return a frame, or what an expression gives, as a table that stands beside the ledger."""

    def kept(self, files: Sequence[Path]) -> Any:
        """Return rows that were kept."""

    def write(self, expression: Any, folder: Path, by: str) -> None:
        """Write rows to Parquet, a folder for each value of a column."""

    def hold(self, events: Any, columns: Sequence[str]) -> Held:
        """Hold the events of a pass, so that they can be counted in many ways."""


class Held(Protocol):
    """Events of a pass, with those of their columns that are needed."""

    events: Any

    @property
    def by(self) -> Sequence[str]:
        """Return the columns that tell organisation and period of an event."""

    def frame(self, counts: Any) -> pd.DataFrame:
        """Evaluate an expression grouped by ``by``; its rows bear ``org`` and ``period``."""

    def times(self, events: Any, totals: pd.DataFrame) -> Summary:
        """Read the handling times of some events; there is one row for each of ``totals``."""

    def repeated(self) -> Any:
        """Return the records that have more than one row, as a table of `RECORD`; or None."""


class Embedded:
    """DuckDB in this process.

    Parameters
    ----------
    source : list of Path, or Arrow table
        Files of one kind, or the rows.
    columns : mapping of str to str
        Field -> name of its column in the source, where it has another.
    memory : int
        Bytes for the engine and the sorting together.
    spill : Path, optional
        Folder for what does not fit.
    files : list of Path
        The files of the source that bear names of their own.
    keep : Keep, optional
        Where is kept what was counted before.
    """

    def __init__(
        self,
        source: Sequence[Path] | pa.Table,
        columns: Mapping[str, str],
        *,
        memory: int,
        spill: Path | None = None,
        files: Sequence[Path] = (),
        keep: Keep | None = None,
    ) -> None:
        self.files, self.keep = files, keep
        self._columns = columns
        self.limit = max(int(memory * _SORTING / EVENT), 1)
        settings = {"memory_limit": f"{int(memory * _ENGINE) >> 20}MiB"}
        if spill is not None:
            settings["temp_directory"] = str(spill)
        self._connection = ibis.duckdb.connect(preserve_insertion_order=False, **settings)
        self._source = source
        self._tables: dict[tuple[Path, ...], Any] = {}
        if isinstance(source, pa.Table):
            self._connection.create_table("ledger", source)
        self._orgs = pd.Index([], dtype="str")
        self._numbers = count()

    def __enter__(self) -> Embedded:
        """Hold the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._connection.disconnect()

    def found(self, files: Sequence[Path] = ()) -> Any:
        """Return the source (some of its files) as a table, its columns named as the fields are."""
        if isinstance(self._source, pa.Table):
            table = self._connection.table("ledger")
        else:
            table = self._opened(tuple(files or self._source))
        there = {field: c for field, c in self._columns.items() if c in table.columns}
        return table.rename(there)

    def _opened(self, files: tuple[Path, ...]) -> Any:
        """Open files once: their beginnings are read to find their columns."""
        if files not in self._tables:
            self._tables[files] = _read(self._connection, files)
        return self._tables[files]

    def rows(self, files: Sequence[Path] = ()) -> Any:
        """Return the rows, uniform and judged."""
        return self._connection.create_view("rows", uniform(self.found(files)), overwrite=True)

    def frame(self, expression: Any) -> pd.DataFrame:
        """Evaluate an expression."""
        found: pd.DataFrame = self._connection.to_pyarrow(expression).to_pandas()
        return found

    def table(self, rows: Any) -> Any:
        """Return a frame, or what an expression gives, as a table that stands beside the ledger."""
        if isinstance(rows, pd.DataFrame):
            rows = pa.Table.from_pandas(rows, preserve_index=False)
        return self._connection.create_table(f"beside_{next(self._numbers)}", rows)

    def kept(self, files: Sequence[Path]) -> Any:
        """Read rows that were kept."""
        names = [str(file) for file in files]
        return self._connection.read_parquet(names, union_by_name=True, hive_partitioning=False)

    def write(self, expression: Any, folder: Path, by: str) -> None:
        """Write rows to Parquet."""
        self._connection.to_parquet(expression, folder, partition_by=by)

    def hold(self, events: Any, columns: Sequence[str]) -> Held:
        """Read the events of a pass into memory, with numbers for organisations."""
        held = None
        if len(self._orgs):
            held = self._read(events, columns)
        if held is None or held["number"].null_count:
            self._learn(events)
            held = self._read(events, columns)
        return _Held(self._connection, events, held, self._orgs)

    def _learn(self, events: Any) -> None:
        """Give numbers to organisations that were not met before."""
        met = self.frame(events.select("org").distinct())["org"]
        self._orgs = self._orgs.append(pd.Index(met).difference(self._orgs))
        number = pa.array(np.arange(len(self._orgs), dtype=np.int32))
        codes = pa.table({"org": pa.array(self._orgs), "number": number})
        self._connection.create_table("organisations", codes, overwrite=True)

    def _read(self, events: Any, columns: Sequence[str]) -> pa.Table:
        numbered = events.left_join(self._connection.table("organisations"), "org")
        chosen = numbered.select("number", "period", *columns, key=_key(numbered))
        # Ibis would have all of it twice in memory.
        found = self._connection.con.sql(self._connection.compile(chosen))
        table: pa.Table = found.to_arrow_reader(BATCH).read_all()
        return table


class _Held:
    """Events in memory, in Arrow; a number stands for organisation and period."""

    by = ("group",)

    def __init__(self, connection: Any, events: Any, held: pa.Table, orgs: pd.Index) -> None:
        self._connection = connection
        self._all = events
        self._keys = held["key"].drop_null().to_numpy()
        number, period = held["number"].to_numpy(), held["period"].to_numpy()
        first, last = (int(period.min()), int(period.max())) if len(period) else (0, 0)
        width = last - first + 1
        group, places = number, np.arange(len(orgs))
        if width > 1:
            group, places = pd.factorize(number * np.int64(width) + (period - first))
        org, period = orgs[places // width], places % width + first
        self._groups = pd.DataFrame({"org": org, "period": period})
        held = held.drop_columns(["key", "number", "period"])
        held = held.append_column("group", pa.array(group.astype(np.int32, copy=False)))
        connection.con.register("events", held)  # in the place of those of the pass before
        self.events = connection.table("events")

    def frame(self, counts: Any) -> pd.DataFrame:
        """Evaluate an expression, and put organisation and period in the place of the number."""
        found = self._connection.to_pyarrow(counts).to_pandas().set_index("group").sort_index()
        groups = self._groups.take(found.index.to_numpy())
        named: pd.DataFrame = found.assign(**{name: groups[name].array for name in BY})
        return named

    def times(self, events: Any, totals: pd.DataFrame) -> Summary:
        """Read handling times."""
        allowed = events.allowed.fill_null(NEVER)
        chosen = events.select("group", "elapsed", "closed", allowed=allowed)
        found = self._connection.to_pyarrow(chosen)
        return lambda: times_of(found, len(self._groups)).take(totals.index.to_numpy())

    def repeated(self) -> Any:
        """Look for keys that stand twice; only where there are any, compare the records."""
        keys = np.sort(self._keys)
        again = np.unique(keys[1:][keys[1:] == keys[:-1]])
        if not len(again):
            return None
        suspects = ibis.memtable(pa.table({"key": again}))
        rows = self._all.mutate(key=_key(self._all)).semi_join(suspects, "key")
        several = rows.group_by(*RECORD).aggregate(n=rows.count())
        found = self._connection.to_pyarrow(several.filter(several.n > 1).select(*RECORD))
        return ibis.memtable(found) if len(found) else None


def _key(events: Any) -> Any:
    """Return 64 bits that stand for a record, NULL without a number."""
    key = _hash(events.org, events.record, events.accepted)
    return ibis.cases((events.record.isnull(), ibis.null("uint64")), else_=key)


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(org, record, accepted) -> ibis.dtype("uint64"):  # type: ignore[no-untyped-def, valid-type]
    """Return 64 bits that stand for a record of an organisation."""


def _read(connection: Any, files: Sequence[Path]) -> Any:
    """Read files as one table; the place of a row is its file and, in Parquet, its number."""
    names = [str(file) for file in files]
    if files[0].suffix.lower() == ".csv":
        return connection.read_csv(
            names, all_varchar=True, header=True, union_by_name=True, filename=True
        ).rename(file="filename")
    table = connection.read_parquet(names, union_by_name=True, filename=True, file_row_number=True)
    return table.rename(file="filename", row="file_row_number")


def unreadable(files: Sequence[Path]) -> tuple[Path, str] | None:
    """Find the first file that cannot be read to its end, and why."""
    for file in files:
        csv = file.suffix.lower() == ".csv"
        read, more = ("read_csv", ", all_varchar = true") if csv else ("read_parquet", "")
        with duckdb.connect() as connection:
            try:
                connection.execute(
                    f"SELECT count(COLUMNS(*)) FROM {read}(?{more})", [str(file)]
                ).fetchall()
            except duckdb.Error as error:
                return file, str(error).splitlines()[0]
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep quiet about what the reader can do nothing about."""
    with warnings.catch_warnings():
        # Ibis 12 calls a name that DuckDB has renamed.
        warnings.filterwarnings(
            "ignore", message=r"fetch_(arrow_table|record_batch)\(\)", category=DeprecationWarning
        )
        yield
