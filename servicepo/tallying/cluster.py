"""A Spark cluster as the engine of a ledger: only counts and summaries come back from it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from weakref import WeakKeyDictionary
from zipfile import ZipFile

import ibis
import pandas as pd

from ..errors import MethodError, TableError
from .engine import Held, Summary
from .events import BY
from .keeping import Keep
from .rows import RECORD, uniform
from .times import NEVER, times_by

_URL: Final = re.compile(r"local(\[.*\])?$|yarn$|(spark|k8s|sc)://")
_SENT: Final[WeakKeyDictionary[Any, TemporaryDirectory[str]]] = WeakKeyDictionary()
_VIEW: Final = "servicepo_ledger"
_SUMMARY: Final = (
    "org string, period long, pending double, pending_on_time double, "
    "median_days double, p90_days double"
)


def is_cluster(engine: object) -> bool:
    """Tell a Spark session or the URL of a cluster from the URL of a database.

    Examples
    --------
    >>> is_cluster("local[2]"), is_cluster("spark://host:7077"), is_cluster("sqlite:///a.db")
    (True, True, False)
    """
    return bool(_URL.match(engine)) if isinstance(engine, str) else engine is not None


class Cluster:
    """Spark, through a session of its own or of the caller.

    Parameters
    ----------
    engine : SparkSession or str
        A session, which is left as it was; or a URL, for which one is started (or the running one
        taken) and left running.
    source : DataFrame of Spark, or str
        Rows, a path of Parquet or CSV files, or the name of a table.
    columns : mapping of str to str
        Field -> name of its column in the source, where it has another.

    Raises
    ------
    MethodError
        Where pyspark, Java or the client of Spark Connect is missing.
    TableError
        Where Spark finds no such table or path.
    """

    limit = 2**62  # a cluster spills by itself
    files: Sequence[Path] = ()
    keep: Keep | None = None

    def __init__(self, engine: Any, source: Any, columns: Mapping[str, str]) -> None:
        self._session = _started(engine) if isinstance(engine, str) else engine
        self._columns = dict(columns)
        self._zone = self._session.conf.get("spark.sql.session.timeZone")
        _local(_table(self._session, source)).createOrReplaceTempView(_VIEW)

    def __enter__(self) -> Cluster:
        """Connect; until the end the session counts in UTC, which leaves moments as they are."""
        self._connection = ibis.pyspark.connect(self._session)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the session as it was."""
        self._session.catalog.dropTempView(_VIEW)
        self._session.conf.set("spark.sql.session.timeZone", self._zone)

    def found(self) -> Any:
        """Return the source as a table, its columns named as the fields are."""
        return self._connection.table(_VIEW).rename(self._columns)

    def rows(self, files: Sequence[Path] = ()) -> Any:
        """Return the rows, uniform and judged."""
        return uniform(self.found())

    def frame(self, expression: Any) -> pd.DataFrame:
        """Evaluate an expression."""
        found: pd.DataFrame = self._sql(expression).toArrow().to_pandas()
        zoned = found.select_dtypes("datetimetz").columns  # in UTC, as the session is
        return found.assign(**{name: found[name].dt.tz_localize(None) for name in zoned})

    def table(self, rows: Any) -> Any:
        """Leave the rows of an expression where they are."""
        return rows

    def kept(self, files: Sequence[Path]) -> Any:
        """Refuse: nothing is kept of a cluster's."""
        raise NotImplementedError

    def write(self, expression: Any, folder: Path, by: str) -> None:
        """Refuse."""
        raise NotImplementedError

    def hold(self, events: Any, columns: Sequence[str]) -> Held:
        """Leave the events where they are."""
        return _Held(self, events)

    def summary(self, events: Any) -> pd.DataFrame:
        """Let the workers summarise the handling times of the groups they hold."""
        _send(self._session)
        by_group = self._sql(events).repartition(*BY)
        found: pd.DataFrame = by_group.mapInArrow(times_by, _SUMMARY).toArrow().to_pandas()
        return found

    def _sql(self, expression: Any) -> Any:
        return self._session.sql(self._connection.compile(expression))


class _Held:
    """Events on the cluster."""

    by = tuple(BY)

    def __init__(self, cluster: Cluster, events: Any) -> None:
        self._cluster = cluster
        self.events = events

    def frame(self, counts: Any) -> pd.DataFrame:
        """Evaluate an expression."""
        return self._cluster.frame(counts)

    def times(self, events: Any, totals: pd.DataFrame) -> Summary:
        """Summarise handling times."""
        allowed = events.allowed.fill_null(NEVER)
        found = self._cluster.summary(events.select(*BY, "elapsed", "closed", allowed=allowed))
        return lambda: totals[BY].merge(found, on=BY, how="left", validate="1:1").drop(columns=BY)

    def repeated(self) -> Any:
        """Look whether any record has more than one row."""
        records = self.events.drop_null("record")
        several = records.group_by(*RECORD).aggregate(n=records.count())
        several = several.filter(several.n > 1).select(*RECORD)
        return several if len(self._cluster.frame(several.limit(1))) else None


def _send(session: Any) -> None:
    """Send this package to the workers of a session, once; they need numpy, pandas and pyarrow."""
    if session in _SENT:
        return
    package = Path(__file__).parents[1]
    folder = TemporaryDirectory(prefix="servicepo-")
    archive = Path(folder.name) / f"{package.name}.zip"
    with ZipFile(archive, "w") as pack:
        for file in sorted(package.rglob("*.py")):
            pack.write(file, file.relative_to(package.parent))
    session.addArtifacts(str(archive), pyfile=True)
    _SENT[session] = folder  # workers may fetch it as long as the session lives


def _started(url: str) -> Any:
    """Start a session, or say what is missing."""
    if importlib.util.find_spec("pyspark") is None:
        raise MethodError(
            f"Counting on a cluster must have pyspark, got none for {url!r}. "
            "Install it: pip install servicepo[spark]."
        )
    if url.startswith("sc://") and importlib.util.find_spec("grpc") is None:
        raise MethodError(
            f"Counting through Spark Connect must have its client, got none for {url!r}. "
            "Install it: pip install 'pyspark[connect]'."
        )
    if not url.startswith("sc://") and shutil.which("java") is None:
        raise MethodError(
            f"Counting on a cluster must have Java 17 or later, got none for {url!r}. Install a "
            "Java runtime (Debian: apt-get install openjdk-17-jre-headless)."
        )
    with warnings.catch_warnings():
        # pyspark 4 says so of every pandas from 3.0 on; nothing here goes through pandas in Spark.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.appName("servicepo")
        if url.startswith("local"):  # its workers run here: with this Python
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.remote(url) if url.startswith("sc://") else builder.master(url)
        return builder.getOrCreate()


def _table(session: Any, source: Any) -> Any:
    if not isinstance(source, str | Path):
        return source
    name = str(source)
    try:
        if "/" not in name and not Path(name).exists():
            return session.table(name)
        if name.endswith(".csv") or any(Path(name).rglob("*.csv")):
            return session.read.option("header", True).option("recursiveFileLookup", True).csv(name)
        return session.read.parquet(name)
    except Exception as error:  # Spark's own, whose class differs between its two kinds of session
        if "AnalysisException" not in type(error).__name__:
            raise
        if "NANOS" in str(error):
            raise TableError(
                "Moments in Parquet must be in microseconds for Spark, got nanoseconds in "
                f"{name!r}. Write them again (pandas: to_parquet(..., coerce_timestamps='us'))."
            ) from error
        raise TableError(
            f"The ledger must be a table or a path that Spark can read, got {name!r}. "
            "Correct the name."
        ) from error


def _local(table: Any) -> Any:
    """Turn moments that Spark keeps in UTC into what the clock of the session shows."""
    zoned = [f.name for f in table.schema.fields if f.dataType.typeName() == "timestamp"]
    local = {name: table[name].cast("timestamp_ntz") for name in zoned}
    return table.withColumns(local) if local else table  # Spark Connect refuses to add none
