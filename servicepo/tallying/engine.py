"""The embedded engine: a frame and expressions in, frames out; the connection lives as long."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa


def evaluate(
    frame: pd.DataFrame, expressions: Callable[[Any], Mapping[str, Any]]
) -> dict[str, pd.DataFrame]:
    """Evaluate expressions over a frame in an embedded DuckDB.

    Parameters
    ----------
    frame : DataFrame
        The rows; missing values become NULL.
    expressions : callable
        From the table (as Ibis sees it) to named expressions.

    Returns
    -------
    dict of str to DataFrame
        One frame per expression; the order of its rows is not defined.

    Examples
    --------
    >>> frame = pd.DataFrame({"org": ["a", "a", "b"]})
    >>> found = evaluate(frame, lambda t: {"n": t.group_by("org").aggregate(n=t.count())})
    >>> found["n"].sort_values("org")["n"].tolist()
    [2, 1]
    """
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    with _without_known_warnings():
        connection = ibis.duckdb.connect()
        try:
            table = connection.create_table("ledger", rows)
            return {
                name: connection.to_pyarrow(expression).to_pandas()
                for name, expression in expressions(table).items()
            }
        finally:
            connection.disconnect()


@contextmanager
def _without_known_warnings() -> Iterator[None]:
    # Ibis 12 calls a name that DuckDB has renamed.
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=r"fetch_(arrow_table|record_batch)\(\)", category=DeprecationWarning
        )
        yield
