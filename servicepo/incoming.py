"""Values as they come in: rows and columns checked before anything is done with them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from .errors import MethodError, MethodWarning
from .scored import numbers


def check_rows(values: pd.DataFrame) -> None:
    """Refuse values whose rows are not (org, period), or stand twice."""
    if not isinstance(values, pd.DataFrame) or list(values.index.names) != ["org", "period"]:
        got = values.index.names if isinstance(values, pd.DataFrame) else type(values).__name__
        raise MethodError(
            f"Values must be a frame with rows (org, period), got {got}. "
            'Use the frame that tally gives, or set_index(["org", "period"]).'
        )
    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()][0]
        raise MethodError(
            f"Each (org, period) must stand once in the values, got {twice} again. "
            "Keep one row of each."
        )


def known_columns(values: pd.DataFrame) -> dict[object, bool]:
    """Check the values; return the columns that have any, and whether they have all."""
    for code in values.columns:
        if not pd.api.types.is_numeric_dtype(values[code]):
            raise MethodError(
                f"Values must be numbers, got text in {code!r}. Convert the column first."
            )
    found = {code: _known(values, code) for code in values.columns}
    return {code: whole for code, whole in found.items() if whole is not None}


def _known(values: pd.DataFrame, code: object) -> bool | None:
    """Tell whether a column has all values; None where it has none."""
    x = numbers(values[code])
    # A finite sum proves a column finite and known at the price of one walk.
    with np.errstate(over="ignore", invalid="ignore"):
        if len(x) > 0 and np.isfinite(x.sum()):
            return True
    if np.isinf(x).any():
        raise MethodError(
            f"Values must be finite, got infinity in {code!r}. Mend the division that made it."
        )
    absent = np.isnan(x)
    return None if absent.all() else not absent.any()


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
    warnings.warn(
        warned,
        stacklevel=4,
    )
    return values[known]
