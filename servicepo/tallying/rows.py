"""The rows of a ledger made uniform and judged, as Ibis expressions that every engine runs.

Columns get the types of the table of service records, whatever the engine read; each row gets the
first rule it breaks, or none. Only operations that mean the same on every engine are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis

from ..tables import PLACE, SERVICE_RECORDS, dtype_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

FIELDS: Final = tuple(c for c in SERVICE_RECORDS if c not in PLACE)
MOMENTS: Final = tuple(c for c in FIELDS if dtype_of(c).startswith("datetime"))
_LATER: Final = ("undertaken", "replied", "due")  # not before an event was accepted
_HAPPENED: Final = ("accepted", "undertaken", "replied")
RECORD: Final = ["org", "record", "accepted"]
"""What tells a record from others."""
RULES: Final = ("missing", "unreadable_time", *(f"{c}_before_accepted" for c in _LATER))
_WRITTEN: Final = r"^\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
_ENDLESS: Final = 1e300


def uniform(table: Any) -> Any:
    """Give every field its type, and judge every row.

    Parameters
    ----------
    table : Ibis table
        The ledger as it was found, its columns named as the fields are; others are left aside.

    Returns
    -------
    Ibis table
        `FIELDS` (NULL where the ledger has no such column; ``record`` as it was found), the place
        so far as it is known, ``rule``: the first of `RULES` that the row breaks, or NULL, and
        ``written``: a moment that cannot be read, or NULL.
    """
    there = set(table.columns)
    fields = {c: _typed(table, c) if c in there else _nothing(c) for c in FIELDS}
    rows = table.select(
        **fields, **{c: table[c] for c in PLACE if c in there}, written=_unread(table)
    )
    day = rows.accepted.truncate("D")
    rule = ibis.cases(
        (rows.org.isnull() | (rows.accepted.isnull() & rows.written.isnull()), "missing"),
        (rows.written.notnull(), "unreadable_time"),
        # The day is only looked up where a moment comes before the moment of acceptance.
        *(((rows[c] < rows.accepted) & (rows[c] < day), f"{c}_before_accepted") for c in _LATER),
        else_=ibis.null("string"),
    )
    return rows.mutate(rule=rule)


def _typed(table: Any, field: str) -> Any:
    cells = table[field]
    kind = dtype_of(field)
    if kind.startswith("datetime"):
        return _moment(cells)
    if kind == "float64":
        number = cells.try_cast("float64") if cells.type().is_string() else cells.cast("float64")
        return (number < _ENDLESS).ifelse(number, ibis.null("float64"))  # NaN is no number
    if field == "record":
        return cells
    return cells.cast("string").nullif("")


def _moment(cells: Any) -> Any:
    if not cells.type().is_string():
        return cells.cast("timestamp")
    text = _written(cells)
    return text.re_search(_WRITTEN).ifelse(text.try_cast("timestamp"), ibis.null("timestamp"))


def _written(cells: Any) -> Any:
    return cells.strip().replace("/", "-")


def _nothing(field: str) -> Any:
    kind = dtype_of(field)
    if kind.startswith("datetime"):
        return ibis.null("timestamp")
    return ibis.null("float64" if kind == "float64" else "string")


def _unread(table: Any) -> Any:
    """Return the first moment of each row that is written, but cannot be read as one."""
    found = ibis.null("string")
    for field in MOMENTS:
        if field in table.columns and table[field].type().is_string():
            text = _written(table[field])
            wrong = (text != "") & _moment(table[field]).isnull()
            found = found.coalesce(wrong.ifelse(text, ibis.null("string")))
    return found


def sound_of(rows: Any) -> Any:
    """Keep the rows that break no rule."""
    return rows.filter(rows.rule.isnull())


def faulty_of(rows: Any) -> Any:
    """Keep the others."""
    return rows.filter(rows.rule.notnull())


def without_repeats(
    rows: Any, several: Any, held: Callable[[Any], Any], files: Any = None
) -> tuple[Any, Any]:
    """Split sound rows into records and their repeats (rule ``duplicate``).

    Parameters
    ----------
    rows : Ibis table
    several : Ibis table
        `RECORD` of those that have more than one row.
    held : callable
        Holds the rows of these, so that they are looked for and told apart once.
    files : Ibis table, optional
        ``file`` and ``nth``, its place among the files, where the ledger is in files.

    Notes
    -----
    Of the rows of a record that of the latest file is kept; of several there (or of a ledger
    without files) one that was replied to rather than one that is open, the latest reply; what
    still ties is told apart by the other fields, so that every engine keeps the same.
    """
    others = [c for c in FIELDS if c != "replied"]  # ordered twice, a field would be ordered once
    told = rows.semi_join(several, RECORD)
    order = []
    if files is not None:
        told = told.left_join(files, "file")
        order = [told.nth.desc()]
    order += [told.replied.isnull(), told.replied.desc()]
    order += [told[c].isnull() for c in others] + [told[c] for c in others]
    mine = ibis.window(group_by=RECORD, order_by=order)
    placed = held(told.mutate(place=ibis.row_number().over(mine)))
    kept = placed.filter(placed.place == 0).select(rows.columns)
    again = placed.filter(placed.place > 0).select(rows.columns)
    return rows.anti_join(several, RECORD).union(kept), again.mutate(rule=ibis.literal("duplicate"))


def worst(rows: Any, by: list[str], n: int) -> Any:
    """Choose a few rows of each kind in a fixed order, with their places."""
    places = [c for c in PLACE if c in rows.columns]
    order = ["org", "record", *MOMENTS, "written", *places]
    more = [c for c in dict.fromkeys(("rule", *by)) if c not in order]
    shown = rows.mutate(record=rows.record.cast("string")).select(*order, *more)
    keys = [key for c in order for key in (shown[c].isnull(), shown[c])]
    mine = ibis.window(group_by=by, order_by=keys)
    placed = shown.mutate(place=ibis.row_number().over(mine))
    return placed.filter(placed.place < n).drop("place")


def overview(rows: Any, *, now: datetime, by: Sequence[str] = ()) -> Any:
    """Count the rows by rule and day of acceptance (and by more), with the moments they know of."""
    rows = rows.mutate(day=rows.accepted.date())
    never = ibis.null("timestamp")
    known = [(rows[c] <= now).ifelse(rows[c], never).max() for c in _HAPPENED]
    ahead = [(rows[c] > now).ifelse(rows[c], never).min() for c in _HAPPENED]
    return rows.group_by(*by, "rule", "day").aggregate(
        rows=rows.count(),
        last=rows.accepted.max(),
        known=ibis.greatest(*known),
        ahead=ibis.least(*ahead),
    )
