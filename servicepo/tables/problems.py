"""Problems: one row for each thing that is wrong, with its place and how to mend it."""

from __future__ import annotations

import pandas as pd

from .shapes import PLACE, PROBLEMS, dtype_of, empty


def problem_rows(
    rows: pd.DataFrame,
    *,
    severity: str,
    rule: str | pd.Series,
    must: str | pd.Series,
    mend: str | pd.Series,
    column: str | pd.Series | None = None,
    value: str | pd.Series | None = None,
) -> pd.DataFrame:
    """Return one problem for each row of a table.

    Parameters
    ----------
    rows : DataFrame
        The rows that have the problem; their place is taken from ``file``, ``sheet``, ``row`` and
        ``column``, so far as they have these.
    severity : {"error", "warning", "notice"}
        "error": set aside; "warning": kept, but look; "notice": left out on purpose.
    rule : str or Series
        Code of the rule; its words are the labels ``rule.<code>``.
    must, mend : str or Series
        What must hold, and how to mend it. A Series is aligned to the index of ``rows``.
    column : str or Series, optional
        Where the rows have no column of their own (or none is told there): the column or field.
    value : str or Series, optional
        What stands there.

    Returns
    -------
    DataFrame
        Columns ``PROBLEMS``, a fresh index.

    Examples
    --------
    >>> rows = pd.DataFrame({"file": ["a.csv"], "row": [7], "score": [120.0]})
    >>> found = problem_rows(
    ...     rows, severity="error", rule="above_full_mark", column="score", value="120",
    ...     must="得分不得高于满分", mend="请核对得分与满分。",
    ... )
    >>> found[["file", "row", "column", "value"]].to_dict("records")
    [{'file': 'a.csv', 'row': 7, 'column': 'score', 'value': '120'}]
    """
    if rows.empty:
        return empty("problems")
    given = {
        "severity": severity,
        "rule": rule,
        **{place: rows[place] for place in PLACE if place in rows},
        "value": value,
        "must": must,
        "mend": mend,
    }
    own = rows["column"] if "column" in rows else pd.Series(pd.NA, index=rows.index, dtype="str")
    given["column"] = own if column is None else own.where(own.notna(), column)
    found = pd.DataFrame(given, index=rows.index, columns=list(PROBLEMS))
    return found.astype({name: dtype_of(name) for name in PROBLEMS}).reset_index(drop=True)
