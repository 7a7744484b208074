"""The embedded engine: a ledger of any size, run through DuckDB under a stated memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from .rows import uniform
from .times import EVENTS, NEVER, times_of

EVENT: Final = 64  # bytes of one event while handling times are sorted
_ENGINE: Final = 0.5  # of the memory
_SORTING: Final = 0.4


class Engine(Protocol):
    """What counts a ledger: the operations that mean the same on every engine."""

    limit: int
    """Events that should be summarised in one pass."""

    def rows(self, files: Sequence[Path] = ()) -> Any:
        """Return the rows of the ledger (of some of its files), uniform and judged."""

    def frame(self, expression: Any) -> pd.DataFrame:
        """Evaluate an expression."""

    def times(self, events: Any, totals: pd.DataFrame) -> pd.DataFrame:
        """Summarise the handling times of events, one row for each of ``totals``."""

    def repeated(self, rows: Any) -> bool:
        """Tell whether any record of an organisation may be told twice."""


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
    """

    def __init__(
        self,
        source: Sequence[Path] | pa.Table,
        columns: Mapping[str, str],
        *,
        memory: int,
        spill: Path | None = None,
    ) -> None:
        self._columns = columns
        self.limit = max(int(memory * _SORTING / EVENT), 1)
        settings = {"memory_limit": f"{int(memory * _ENGINE) >> 20}MiB"}
        if spill is not None:
            settings["temp_directory"] = str(spill)
        self._connection = ibis.duckdb.connect(preserve_insertion_order=False, **settings)
        self._all = self._open(source)

    def __enter__(self) -> Embedded:
        """Hold the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._connection.disconnect()

    def found(self, files: Sequence[Path] = ()) -> Any:
        """Return the source as a table, its columns named as the fields are."""
        return (self._open(files) if files else self._all).rename(dict(self._columns))

    def _open(self, source: Sequence[Path] | pa.Table) -> Any:
        if isinstance(source, pa.Table):
            return self._connection.create_table("ledger", source)
        return _read(self._connection, source)

    def rows(self, files: Sequence[Path] = ()) -> Any:
        """Return the rows, uniform and judged."""
        return self._connection.create_view("rows", uniform(self.found(files)), overwrite=True)

    def frame(self, expression: Any) -> pd.DataFrame:
        """Evaluate an expression."""
        found: pd.DataFrame = self._connection.to_pyarrow(expression).to_pandas()
        return found

    def times(self, events: Any, totals: pd.DataFrame) -> pd.DataFrame:
        """Sort so many groups at once as fit into the memory."""
        found = [times_of(EVENTS.empty_table(), 0)]
        upto = totals["events"].to_numpy().cumsum()
        first = 0
        while first < len(totals):
            before = upto[first - 1] if first else 0
            last = max(int(np.searchsorted(upto, before + self.limit, side="right")), first + 1)
            found.append(self._times(events, totals[["org", "period"]].iloc[first:last]))
            first = last
        return pd.concat(found, ignore_index=True)

    def _times(self, events: Any, groups: pd.DataFrame) -> pd.DataFrame:
        number = np.arange(len(groups), dtype=np.int32)
        codes = pa.Table.from_pandas(groups.assign(group=number), preserve_index=False)
        one = groups["period"].iloc[0]
        keys = ["org"] if (groups["period"] == one).all() else ["org", "period"]
        numbered = events.inner_join(ibis.memtable(codes), keys)
        found = self._connection.to_pyarrow(
            numbered.select("group", "elapsed", "closed", allowed=numbered.allowed.fill_null(NEVER))
        )
        return times_of(found, len(groups))

    def repeated(self, rows: Any) -> bool:
        """Tell whether two rows share the 64 bits that stand for their record."""
        key = _hash(rows.org, rows.record, rows.accepted)
        found = self._connection.to_pyarrow(rows.drop_null("record").select(key=key))
        keys = np.sort(found["key"].to_numpy())
        return bool((keys[1:] == keys[:-1]).any())


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(org, record, accepted) -> ibis.dtype("uint64"):  # type: ignore[no-untyped-def, valid-type]
    """Return 64 bits that stand for a record of an organisation."""


def _read(connection: Any, files: Sequence[Path]) -> Any:
    """Read files as one table; the place of a row is its file and, in Parquet, its number."""
    names = [str(file) for file in files]
    if files[0].suffix == ".csv":
        return connection.read_csv(
            names, all_varchar=True, header=True, union_by_name=True, filename=True
        ).rename(file="filename")
    table = connection.read_parquet(names, union_by_name=True, filename=True, file_row_number=True)
    return table.rename(file="filename", row="file_row_number")


def unreadable(files: Sequence[Path]) -> tuple[Path, str] | None:
    """Find the first file that cannot be read to its end, and why."""
    for file in files:
        read = "read_csv" if file.suffix == ".csv" else "read_parquet"
        more = ", all_varchar = true" if file.suffix == ".csv" else ""
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
