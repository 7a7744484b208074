"""Ledgers of service records of any size: where they are, and what may be used to count them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow as pa

from ..declared import near
from ..errors import MethodError, TableError
from ..tables import PLACE, dtype_of, empty
from .cluster import Cluster, is_cluster
from .database import staged
from .engine import Embedded, Engine, quiet, unreadable
from .keeping import Keep
from .rows import FIELDS, MOMENTS, sound_of

LEAST: Final = 256 << 20
"""The least memory that counts any ledger, in bytes."""
_UNITS: Final = MappingProxyType({"MB": 20, "GB": 30, "TB": 40})
_KINDS: Final = (".parquet", ".csv")
_NEEDED: Final = ("org", "accepted")


@dataclass(frozen=True, eq=False, slots=True)
class Ledger:
    """A ledger of service records, as `open_ledger` found it.

    Attributes
    ----------
    source : object
        Path, name of a table, or table.
    engine : object
        None for files; a Spark session, the URL of a cluster or of a database.
    memory : int
        Bytes that counting may use beside Python itself.
    spill : Path or None
        Folder for what does not fit into the memory.
    columns : mapping of str to str
        Field -> name of its column in the source, where it has another.
    files : tuple of Path
        Files of a ledger in files, in the order of their names (2月 before 10月).
    keep : Path or None
        Folder in which is kept what was counted.
    """

    source: Any
    engine: Any
    memory: int
    spill: Path | None
    columns: Mapping[str, str]
    files: tuple[Path, ...] = ()
    keep: Path | None = None

    def __repr__(self) -> str:
        what = f"{len(self.files)} files" if self.files else "table"
        by = "embedded engine" if self.engine is None else str(self.engine)
        return f"Ledger({self.source!s}: {what}, {by}, {self.memory >> 20} MB)"


def open_ledger(
    source: Any,
    *,
    engine: Any = None,
    memory: str | int = "2GB",
    spill: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    keep: str | Path | None = None,
) -> Ledger:
    r"""Open a ledger of service records of any size for `tally`.

    Parameters
    ----------
    source : path, str or table
        A Parquet or CSV file, or a folder of one kind of them (partitioned or not, subfolders
        included); with ``engine``, a path or the name of a table there, or a DataFrame of Spark.
    engine : str or SparkSession, optional
        By default the embedded engine (DuckDB). A Spark session or the URL of a cluster
        ("spark://…", "local[2]", "yarn", "sc://…"); or the URL of a database for SQLAlchemy
        ("sqlite:///ledger.db", "postgresql://…"), whose table is read once and counted here.
    memory : str or int
        What counting may use beside Python itself, as "2GB", "500MB" or bytes. A cluster has its
        own.
    spill : path, optional
        Folder for what does not fit; by default that for temporary files.
    columns : mapping of str to str, optional
        Field (a column of the table of service records) -> name of its column, where it has
        another.
    keep : path, optional
        Folder for what `tally` counts of a ledger in files: next time only files that are new or
        changed are read. It may be deleted at any time.

    Returns
    -------
    Ledger

    Raises
    ------
    TableError
        Where nothing is found, files of both kinds stand together, a field that is needed is
        missing, or moments bear a time zone.
    MethodError
        For a memory that cannot be read or is too small, an engine that is not installed, or a
        ``keep`` within the ledger or for one that is not in files.

    Notes
    -----
    Where a record (``org``, ``record``, ``accepted``) stands in several files, its row in the last
    of them by name is counted, so that later files correct earlier ones; numbers in names go by
    their size (2月 before 10月). Of several rows in that file, or in a ledger that is not in files,
    one that was replied to is counted rather than one that is open, and the latest reply.

    Needed are ``org`` and ``accepted``; without ``record`` no record can be seen to be told twice.
    Moments written as text are read as 2024-03-31 or 2024-03-31 14:05:00, with "-" or "/".

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     csv = Path(folder) / "2024.csv"
    ...     _ = csv.write_text("org,accepted,replied\n张村,2024-03-01,2024-03-04\n", "utf-8")
    ...     ledger = open_ledger(folder, memory="500MB")
    >>> len(ledger.files), ledger.memory >> 20
    (1, 500)
    """
    size = _bytes(memory)
    mapped = dict(columns or {})
    if wrong := [field for field in mapped if field not in FIELDS]:
        raise TableError(
            f"columns must name fields of the table of services, got {wrong[0]!r}. "
            f"{near(wrong[0], FIELDS)}"
        )
    folder = None if spill is None else Path(spill)
    files = () if engine is not None else _files(Path(source))
    kept = None if keep is None else _keep(Path(keep), source, engine)
    ledger = Ledger(source, engine, size, folder, MappingProxyType(mapped), files, kept)
    with opened(ledger):
        return ledger


@contextmanager
def opened(ledger: Ledger | pd.DataFrame) -> Iterator[Engine]:
    """Connect to what counts a ledger, and check that it has what is needed.

    Parameters
    ----------
    ledger : Ledger or DataFrame

    Yields
    ------
    Engine

    Raises
    ------
    TableError
        Where a field that is needed is missing, moments bear a time zone, or a file cannot be
        read, be it in the middle of the run: a ledger without a part of it would mislead.
    MethodError
        Where the memory does not do.
    """
    if isinstance(ledger, pd.DataFrame):
        with _embedded(_arrow(ledger), {}, 2 << 30, None) as engine:
            yield engine
    elif is_cluster(ledger.engine):
        with quiet(), Cluster(ledger.engine, ledger.source, ledger.columns) as cluster:
            _check(cluster.found(), ledger.columns)
            yield cluster
    elif ledger.engine is not None:
        with TemporaryDirectory(dir=ledger.spill) as folder:
            files = staged(str(ledger.engine), str(ledger.source), Path(folder))
            with _embedded(files, ledger.columns, ledger.memory, ledger.spill) as engine:
                yield engine
    else:
        own = Path(ledger.source)
        named = [Path(os.path.abspath(file)) for file in ledger.files]  # as rows will tell theirs
        keep = Keep(ledger.keep, own, ledger.columns, named) if ledger.keep else None
        with _embedded(
            named, ledger.columns, ledger.memory, ledger.spill, named=True, keep=keep
        ) as engine:
            yield engine


def records_of(ledger: Ledger, org: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of one organisation, and the columns in which their fields stand.

    Parameters
    ----------
    ledger : Ledger
    org : str

    Returns
    -------
    tuple of DataFrame
        Tables "services" and "layout".
    """
    with opened(ledger) as engine:
        rows = engine.rows()
        own = engine.frame(sound_of(rows.filter(rows.org == org)))
    own = own.reindex(columns=empty("services").columns).assign(sheet="")
    own = own.astype({c: dtype_of(c) for c in own.columns if c in FIELDS})
    layout = (
        own[["file", "sheet"]].drop_duplicates().merge(pd.Series(FIELDS, name="field"), "cross")
    )
    column = layout["field"].map(lambda field: ledger.columns.get(field, field))
    layout = layout.assign(table="services", column=column, header=column)
    return own, layout


@contextmanager
def _embedded(
    source: Sequence[Path] | pa.Table,
    columns: Mapping[str, str],
    memory: int,
    spill: Path | None,
    *,
    named: bool = False,
    keep: Keep | None = None,
) -> Iterator[Embedded]:
    files = tuple(source) if named else ()
    known = keep.known() if keep else set()
    fresh = [file for file in files if str(file) not in known]
    try:
        with (
            quiet(),
            Embedded(source, columns, memory=memory, spill=spill, files=files, keep=keep) as engine,
        ):
            if not known:
                _whole(engine.found(), columns)
            if fresh or not known:
                _check(engine.found(fresh), columns)
            yield engine
    except duckdb.OutOfMemoryException as error:
        raise MethodError(
            f"memory must hold what is counted in one pass, got {memory >> 20}MB, which does not. "
            f"Give memory='{memory >> 19}MB', or tally by a shorter period."
        ) from error
    except duckdb.Error as error:
        broken = None if isinstance(source, pa.Table) else unreadable(source)
        if broken is None:
            raise
        raise TableError(
            f"Every file of a ledger must be readable, got {str(broken[0])!r} ({broken[1]}). "
            "Replace it, or take it out of the folder."
        ) from error


def _whole(table: Any, columns: Mapping[str, str]) -> None:
    """Refuse names of columns that no file has; one of several may well be without."""
    for field, column in columns.items():
        if field not in table.columns:
            raise TableError(
                f"columns must name columns of the ledger, got {column!r} for {field!r}. "
                f"{near(column, table.columns)}"
            )


def _check(table: Any, columns: Mapping[str, str]) -> None:
    for field in _NEEDED:
        if field not in table.columns:
            raise TableError(
                f"A ledger must have a column {field!r}, got {', '.join(table.columns)}. "
                f"Say which it is: columns={{{field!r}: ...}}."
            )
    for field in MOMENTS:
        kind = table[field].type() if field in table.columns else None
        zone = getattr(kind, "timezone", None)
        if zone is not None:
            raise TableError(
                f"Moments of the service ledger must have no time zone, got {zone} in "
                f"{columns.get(field, field)!r}. Convert them to local time, then write them "
                "without a zone (pandas: dt.tz_localize(None))."
            )
        if kind is not None and not (kind.is_timestamp() or kind.is_date() or kind.is_string()):
            raise TableError(
                f"Moments of the service ledger must be dates, times or text, got {kind} in "
                f"{columns.get(field, field)!r}. Convert them."
            )


def _bytes(memory: str | int) -> int:
    """Read an amount of memory."""
    size = memory if isinstance(memory, int) else None
    if isinstance(memory, str) and (found := re.fullmatch(r"([\d.]+) ?(MB|GB|TB)", memory.upper())):
        size = int(float(found[1]) * 2 ** _UNITS[found[2]])
    if size is None:
        raise MethodError(
            f"memory must be an amount, got {memory!r}. Write it as '2GB' or '500MB'."
        )
    if size < LEAST:
        raise MethodError(
            f"memory must be at least {LEAST >> 20}MB, got {memory!r}. "
            f"Give memory='{LEAST >> 20}MB' or more."
        )
    return size


def _files(source: Path) -> tuple[Path, ...]:
    if not source.exists():
        raise TableError(f"The ledger must exist, got {str(source)!r}. Correct the path.")
    found = [source] if source.is_file() else [p for p in source.rglob("*") if p.is_file()]
    found = sorted(found, key=_by_name)
    files = [p for p in found if p.suffix.lower() in _KINDS and not p.name.startswith((".", "_"))]
    kinds = sorted({p.suffix.lower() for p in files})
    if len(kinds) != 1:
        raise TableError(
            f"A ledger must be Parquet or CSV files, got {' and '.join(kinds) or 'none'} in "
            f"{str(source)!r}. Give a file, or a folder with one kind of them."
        )
    return tuple(files)


def _by_name(file: Path) -> tuple[list[str | int], str]:
    """Return what a file is ordered by: its folders and name, numbers by their size."""
    name = file.as_posix().replace("/", "\0")
    parts = re.split(r"(\d+)", name)  # every second one is a number
    return [int(part) if n % 2 else part for n, part in enumerate(parts)], name


def _keep(folder: Path, source: Any, engine: Any) -> Path:
    if engine is not None:
        raise MethodError(
            f"keep must go with a ledger in files, got engine={engine!r}. Leave it out, or write "
            "the ledger to files, one for each month: only files tell what is new."
        )
    if folder.resolve().is_relative_to(Path(source).resolve()):
        raise MethodError(
            f"keep must be a folder outside the ledger, got {str(folder)!r}. Name another."
        )
    if folder.exists() and not folder.is_dir():
        raise MethodError(f"keep must be a folder, got {str(folder)!r}. Name another.")
    return folder


def _arrow(services: pd.DataFrame) -> pa.Table:
    """Return the fields of a frame for the engine; categories as text, missing values as NULL."""
    frame = services[[c for c in services.columns if c in (*FIELDS, *PLACE)]]
    for column in [c for c in MOMENTS if c in frame]:
        moments = pd.to_datetime(frame[column])
        if moments.dt.tz is not None:
            raise TableError(
                f"Moments of the service ledger must have no time zone, got {moments.dt.tz} in "
                f"{column!r}. Convert them to local time, then dt.tz_localize(None)."
            )
        frame = frame.assign(**{column: moments.astype("datetime64[us]")})
    frame = frame.astype({c: "str" for c in FIELDS if c in frame and dtype_of(c) == "str"})
    return pa.Table.from_pandas(frame, preserve_index=False)
