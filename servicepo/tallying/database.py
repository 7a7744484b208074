"""A table of a database, read once into files that the embedded engine counts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from ..errors import TableError

ROWS: Final = 250_000  # read at once


def staged(url: str, table: str, folder: Path) -> list[Path]:
    """Write a table to Parquet files, some rows at a time.

    Parameters
    ----------
    url : str
        Of the database, for SQLAlchemy.
    table : str
        Its name, with its schema if need be ("public.services").
    folder : Path
        Where to.

    Returns
    -------
    list of Path

    Raises
    ------
    TableError
        Where there is no such database or table.
    """
    schema, _, name = table.rpartition(".")
    try:
        engine = sa.create_engine(url)
        with engine.connect().execution_options(stream_results=True) as connection:
            query = sa.select(
                sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=connection)
            )
            chunks = pd.read_sql(query, connection, chunksize=ROWS, dtype_backend="pyarrow")
            files = []
            for n, chunk in enumerate(chunks):
                files.append(folder / f"{n:06d}.parquet")
                pq.write_table(_plain(pa.Table.from_pandas(chunk, preserve_index=False)), files[-1])
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise TableError(
            f"The ledger must be a table of a database, got {table!r} "
            f"({type(error).__name__}: {error.args[0]}). Correct the name or the URL, or install "
            "its driver."
        ) from error
    return files


def _plain(table: pa.Table) -> pa.Table:
    """Give a column without any value a type: another part of the table has values there."""
    fields = [f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))
