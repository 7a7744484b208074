"""Values as they come in: rows and columns checked before anything is done with them."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import MethodError, MethodWarning
from .methods.compiled import on_every_core, worth_it
from .scored import numbers


def check_rows(values: pd.DataFrame) -> None:
    """Refuse values whose rows are not (org, period), or whose rows or columns stand twice."""
    if not isinstance(values, pd.DataFrame) or list(values.index.names) != ["org", "period"]:
        got = values.index.names if isinstance(values, pd.DataFrame) else type(values).__name__
        raise MethodError(
            f"Values must be a frame with rows (org, period), got {got}. "
            'Use the frame that tally gives, or set_index(["org", "period"]).'
        )
    if not values.columns.is_unique:
        twice = values.columns[values.columns.duplicated()][0]
        raise MethodError(
            f"Each indicator must stand once in the values, got {twice!r} again. "
            "Rename or drop one of the columns."
        )
    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()][0]
        raise MethodError(
            f"Each (org, period) must stand once in the values, got {twice} again. "
            "Keep one row of each."
        )


class Known(NamedTuple):
    """What is known of a column: its least and greatest value, and how many values there are."""

    low: float
    high: float
    n: int


def known_columns(values: pd.DataFrame) -> dict[object, Known]:
    """Check the values; return the columns that have any, and what is known of them."""
    for code in values.columns:
        if not pd.api.types.is_numeric_dtype(values[code]):
            raise MethodError(
                f"Values must be numbers, got text in {code!r}. Convert the column first."
            )
    columns = {code: numbers(values[code]) for code in values.columns}
    walk = on_every_core if worth_it(values.size) else map
    found = zip(columns, walk(_known, columns.items()), strict=True)
    return {code: known for code, known in found if known is not None}


def _known(column: tuple[object, npt.NDArray[np.number]]) -> Known | None:
    """Return what is known of a column; None where it has no value."""
    code, x = column
    if len(x) and np.isnan(x.min()):  # a minimum finds NaN faster than looking at each
        x = x[~np.isnan(x)]
    if len(x) == 0:
        return None
    low, high = float(x.min()), float(x.max())
    if np.isinf(low) or np.isinf(high):
        raise MethodError(
            f"Values must be finite, got infinity in {code!r}. Mend the division that made it."
        )
    return Known(low, high, len(x))


def on_the_roster(values: pd.DataFrame, organisations: pd.DataFrame | None) -> pd.DataFrame:
    """Leave out, aloud, organisations of which nobody told what they are."""
    if organisations is None:
        return values
    orgs = values.index.get_level_values("org")
    known = orgs.isin(organisations.index)
    if known.all():
        return values
    strangers = list(dict.fromkeys(orgs[~known]))
    shown = ", ".join(map(str, strangers[:5])) + (" and others" if len(strangers) > 5 else "")
    if not known.any():
        raise MethodError(
            f"Organisations of the values must be among organisations=, got {shown}. "
            "Give the roster these values belong to."
        )
    warned = MethodWarning(
        f"Every organisation should be among organisations=; {len(strangers)} left out: {shown}. "
        "Correct the names, or add them to the roster.",
        zh=f"有 {len(strangers)} 个党组织不在名册中，未参与计算：{shown}。请改正名称或补入名册。",
    )
    warnings.warn(warned, stacklevel=3)
    return values[known]
