"""Cell suppression: what the totals of a table give away, and what else must be hidden for it.

The audit does what an attacker would do with the totals; secondary suppression hides the cheapest
other cells until that no longer works. `disclosure` says which cells are sensitive to begin with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from ..errors import MethodError
from .disclosure import FEWEST
from .guards import FloatArray, as_matrix, choose, refuse_columns

LARGEST: Final = 6_000  # sides to protect × cells that may be hidden: some seconds
UNBOUNDED: Final = (3, 4)  # the solver's words for it; the truth is always one of the solutions
LOSSES: Final[Mapping[str, Callable[[FloatArray], FloatArray]]] = {
    "values": np.positive,
    "cells": np.ones_like,
}


def audit(table: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """Work out what an attacker can from the cells and totals that are shown.

    Parameters
    ----------
    table : DataFrame of float, (r + 1) × (c + 1)
        Counts or sums of at least 0. The last row and the last column are the totals, as
        ``pd.crosstab(…, margins=True)`` gives them.
    hidden : DataFrame of bool
        Like the table: what is not shown. Totals may be hidden as well.

    Returns
    -------
    DataFrame
        Index: row and column of each hidden cell. Columns: ``value``, ``low`` and ``high``: the
        narrowest interval that follows from what is shown. Where both are equal the cell is known.

    Raises
    ------
    MethodError
        For missing or negative cells, totals that do not add up, or other labels.

    Notes
    -----
    For each hidden cell, least and greatest ``y_k`` subject to all totals and ``y >= 0``: two
    linear programmes (HiGHS). Their matrix is that of a network, so the bounds of whole numbers
    are whole: nothing is gained by knowing that counts are.

    References
    ----------
    Fischetti, M. & Salazar-González, J. J. (2000). Models and algorithms for optimizing cell
    suppression in tabular data with linear constraints. JASA 95: 916–928.

    Examples
    --------
    >>> table = pd.DataFrame([[20, 50, 70], [8, 19, 27], [28, 69, 97]], list("IJT"), list("ABT"))
    >>> audit(table, table == 8)
         value  low  high
    J A    8.0  8.0   8.0
    """
    values = _table(table)
    away = _like_table(hidden, table, "hidden")
    incidence = _incidence(*table.shape)[:, away]
    known = values[away]
    shown = incidence @ known
    bounds = np.empty((len(known), 2))
    for k in range(len(known)):
        for side, sign in enumerate((1.0, -1.0)):
            goal = np.zeros(len(known))
            goal[k] = sign
            found = linprog(goal, A_eq=incidence, b_eq=shown, method="highs")
            bounds[k, side] = np.inf if found.status in UNBOUNDED else sign * found.fun
    cells = pd.MultiIndex.from_product([table.index, table.columns])[away]
    return pd.DataFrame({"value": known, "low": bounds[:, 0], "high": bounds[:, 1]}, index=cells)


@dataclass(frozen=True, eq=False, slots=True)
class Suppression:
    """Answer of `suppress`.

    Attributes
    ----------
    shown : DataFrame of float
        The table with NaN where a cell is hidden.
    pattern : DataFrame of str
        ``primary``, ``secondary`` or empty.
    bounds : DataFrame
        What an attacker can work out now, as `audit` gives it.
    lost : float
        Loss of the secondary cells together.
    """

    shown: pd.DataFrame
    pattern: pd.DataFrame
    bounds: pd.DataFrame
    lost: float

    def __repr__(self) -> str:
        primary, secondary = (
            int((self.pattern == w).sum().sum()) for w in ("primary", "secondary")
        )
        return (
            f"Suppression({primary} sensitive cells, {secondary} others hidden, {self.lost:g} lost)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.shown.to_html(na_rep='—', float_format='{:g}'.format)}"


def suppress(
    table: pd.DataFrame,
    sensitive: pd.DataFrame,
    *,
    below: float | pd.DataFrame = FEWEST / 2,
    above: float | pd.DataFrame = FEWEST / 2,
    loss: str = "values",
) -> Suppression:
    """Hide the sensitive cells of a small table, and the cheapest others that give them away.

    Parameters
    ----------
    table : DataFrame of float, (r + 1) × (c + 1)
        As in `audit`.
    sensitive : DataFrame of bool
        Like the table: what may not be known, from `too_few` or `sensitive_sums`.
    below, above : float or DataFrame
        How far the interval that remains must reach to both sides of a sensitive cell, in the unit
        of the table (for sums, say ``0.1 * table``); downwards no farther than 0.
    loss : {"values", "cells"}
        What is kept small: the sum of the other hidden cells, or their number.

    Returns
    -------
    Suppression

    Raises
    ------
    MethodError
        As in `audit`; for negative distances, another word, a table that is too large, or a
        sensitive 0 beside a total of 0 that is shown.

    Notes
    -----
    A mixed-integer programme: for each sensitive cell and side one shift of the table by the wanted
    distance d that leaves all totals right, moves hidden cells only, each by at most d, and none
    below 0. In a two-way table such a shift exists wherever a cell can move by d. Cells of 0 are
    not used, as an attacker may know that they must be 0. Each cell is protected from outsiders;
    a contributor who knows an own share of one hidden cell may work out more of another. The sum
    of several hidden cells of a row may still be known. The solver (HiGHS) now and then writes a
    line of its own to the terminal; it means nothing.

    References
    ----------
    Fischetti & Salazar-González (2000), see `audit`.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [[20, 50, 10, 80], [8, 19, 22, 49], [17, 32, 12, 61], [45, 101, 44, 190]],
    ...     index=["I", "II", "III", "all"], columns=["A", "B", "C", "all"])
    >>> found = suppress(table, table == 22, below=5, above=8)
    >>> found
    Suppression(1 sensitive cells, 3 others hidden, 37 lost)
    >>> found.bounds.loc[("II", "C")].tolist()
    [22.0, 5.0, 30.0]
    """
    values = _table(table)
    primary = _like_table(sensitive, table, "sensitive")
    cost = choose(loss, LOSSES, "loss")(values)
    down = np.minimum(_distance(below, table, "below"), values)
    up = _distance(above, table, "above")
    usable = np.flatnonzero(primary | (values > 0))
    moves = np.vstack(
        [_moves(down[usable], -1.0, primary[usable]), _moves(up[usable], 1.0, primary[usable])]
    )
    if len(moves) * len(usable) > LARGEST:
        raise MethodError(
            "sides to protect times cells that are not 0 must be at most "
            f"{LARGEST} for an exact answer, got {len(moves) * len(usable)}. "
            "Join rows or columns, or use pytauargus."
        )
    away = primary.copy()
    if len(moves):
        matrix = _incidence(*table.shape)[:, usable]
        away[usable] |= _cheapest(values[usable], primary[usable], cost[usable], moves, matrix)
    hidden = pd.DataFrame(
        away.reshape(table.shape), index=table.index, columns=table.columns, copy=True
    )
    words = np.where(primary, "primary", np.where(away, "secondary", "")).reshape(table.shape)
    return Suppression(
        shown=table.astype(float).mask(hidden),
        pattern=pd.DataFrame(words, index=table.index, columns=table.columns),
        bounds=audit(table, hidden),
        lost=float(cost[away & ~primary].sum()),
    )


def _moves(far: FloatArray, sign: float, primary: npt.NDArray[np.bool_]) -> FloatArray:
    """List the shifts wanted to one side as rows of cell, sign and distance."""
    cells = np.flatnonzero(primary & (far > 0))
    return np.column_stack([cells, np.full(len(cells), sign), far[cells]])


def _cheapest(
    values: FloatArray,
    primary: npt.NDArray[np.bool_],
    cost: FloatArray,
    moves: FloatArray,
    incidence: FloatArray,
) -> npt.NDArray[np.bool_]:
    """Choose the cells to hide. Shifts are in units of their distance, so that all are near 1."""
    n, m = len(values), len(moves)
    fall = np.minimum(values / moves[:, 2:], 1.0).ravel()
    low, high = -fall, np.ones(m * n)
    fixed = np.arange(m) * n + moves[:, 0].astype(int)
    low[fixed] = high[fixed] = moves[:, 1]
    shifts = sparse.identity(m * n)
    choice = sparse.kron(np.ones((m, 1)), sparse.identity(n))  # one choice of cells for all shifts
    none = sparse.csr_array((m * len(incidence), n))
    totals = sparse.hstack([none, sparse.kron(sparse.identity(m), incidence)])
    up = sparse.hstack([-choice, shifts])
    down = sparse.hstack([choice.multiply(fall[:, None]), shifts])
    found = milp(
        np.append(np.where(primary, 0.0, cost / (cost.max() or 1.0)), np.zeros(m * n)),
        integrality=np.repeat([1, 0], [n, m * n]),
        bounds=Bounds(np.append(primary.astype(float), low), np.append(np.ones(n), high)),
        constraints=[
            LinearConstraint(totals.tocsr(), 0, 0),
            LinearConstraint(up.tocsr(), -np.inf, 0),
            LinearConstraint(down.tocsr(), 0, np.inf),
        ],
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise MethodError(
            "every sensitive cell must be able to grow, got a 0 that cannot, as other zeros of its "
            "row or column are shown. Mark these as sensitive too."
        )
    return np.asarray(found.x[:n] > 0.5)


def _incidence(rows: int, columns: int) -> FloatArray:
    """Give the sums that are 0: with the totals' signs turned, every row's and every column's."""
    turned_rows, turned_columns = np.ones(rows), np.ones(columns)
    turned_rows[-1] = turned_columns[-1] = -1.0
    by_row = np.kron(np.eye(rows), turned_columns)
    by_column = np.kron(turned_rows, np.eye(columns))
    return np.vstack([by_row, by_column])


def _table(table: pd.DataFrame) -> FloatArray:
    """Return the cells one after the other, row by row."""
    values = as_matrix(table, what="table")
    refuse_columns(
        (values < 0).any(axis=0),
        table.columns,
        "table must be at least 0, got less in",
        "Correct these numbers.",
    )
    off = np.abs(_incidence(*values.shape) @ values.ravel()).max()
    if min(values.shape) < 2 or off > 1e-9 * max(values[-1, -1], 1.0):
        raise MethodError(
            "the last row and the last column of table must be the totals of the others, got "
            f"{'no others' if min(values.shape) < 2 else f'a difference of {off:g}'}. "
            "Give the table with its totals, as pd.crosstab(..., margins=True) does."
        )
    return values.ravel()


def _like_table(cells: pd.DataFrame, table: pd.DataFrame, what: str) -> npt.NDArray[np.bool_]:
    _same_labels(cells, table, what)
    if any(kind != np.bool_ for kind in cells.dtypes):
        raise MethodError(f"{what} must hold True or False, got other values. Compare the table.")
    return cells.to_numpy(dtype=bool).ravel()


def _distance(given: float | pd.DataFrame, table: pd.DataFrame, what: str) -> FloatArray:
    if isinstance(given, pd.DataFrame):
        _same_labels(given, table, what)
    far = np.broadcast_to(np.asarray(given, dtype=float), table.shape).ravel()
    wrong = ~(np.isfinite(far) & (far >= 0))
    if wrong.any():
        raise MethodError(
            f"{what} must be at least 0 and finite, got {far[wrong][0]:g}. Give a distance."
        )
    return far


def _same_labels(cells: pd.DataFrame, table: pd.DataFrame, what: str) -> None:
    if not (cells.index.equals(table.index) and cells.columns.equals(table.columns)):
        raise MethodError(
            f"{what} must have the rows and columns of the table, got others. "
            "Make it from the table."
        )
