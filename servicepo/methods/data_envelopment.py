"""Data envelopment (数据包络分析, DEA): results from resources, against the best practice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from warnings import warn

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from ..errors import MethodError, MethodWarning
from .guards import FloatArray, as_matrix, choose, column_names, like_rows, listed, refuse_columns
from .moments import Table

COLUMNS: Final = 4_000  # unknowns that are solved together; more do not save time


@dataclass(frozen=True, eq=False, slots=True)
class DataEnvelopment:
    """Answer of `data_envelopment`.

    Attributes
    ----------
    scores : Series or ndarray, n
        Efficiency: 1 on the frontier, below 1 behind it; above 1 for super-efficiency. NaN where no
        others together do as much ("variable" super-efficiency).
    peers : DataFrame
        ``org``, ``peer``, ``intensity``: the best practice each organisation is compared with, one
        row per peer.
    returns, orientation : str
    super_efficiency : bool
    """

    scores: Any
    peers: pd.DataFrame
    returns: str
    orientation: str
    super_efficiency: bool

    def __repr__(self) -> str:
        """Return one line."""
        best = int((np.asarray(self.scores) > 1 - 1e-9).sum())
        n = len(self.scores)
        return f"DataEnvelopment({best} of {n} efficient, {self.returns}, {self.orientation})"


def data_envelopment(
    inputs: Table,
    outputs: Table,
    *,
    returns: str = "constant",
    orientation: str = "input",
    super_efficiency: bool = False,
) -> DataEnvelopment:
    """Radial efficiency of organisations that turn resources into results.

    Parameters
    ----------
    inputs : DataFrame or array, n × m
        Resources (staff, funds, premises), at least 0, each organisation with one above 0.
    outputs : DataFrame or array, n × s
        Results (cases, satisfaction), likewise, in the same rows.
    returns : {"constant", "variable"}
        Returns to scale: CCR or BCC. CCR by BCC is the efficiency of scale.
    orientation : {"input", "output"}
        "input": by which share resources could shrink; "output": one by the factor by which results
        could grow. Alike for constant returns.
    super_efficiency : bool
        Compare each organisation with the others only, so that efficient ones differ.

    Returns
    -------
    DataEnvelopment

    Raises
    ------
    MethodError
        For negative or missing values, an organisation without input or output, or other rows.

    Warns
    -----
    MethodWarning
        For fewer than 3 (m + s) organisations: then too many are efficient.

    Notes
    -----
    input: least t with ``sum_k l_k x_k <= t x_i``, ``sum_k l_k y_k >= y_i``, ``l >= 0`` (and
    ``sum l = 1`` for "variable"). Many organisations are put into one sparse programme for HiGHS.

    References
    ----------
    Charnes, Cooper and Rhodes (1978), European Journal of Operational Research 2, 429–444; Banker,
    Charnes and Cooper (1984), Management Science 30, 1078–1092; Andersen and Petersen (1993),
    Management Science 39, 1261–1264.

    Examples
    --------
    >>> staff = pd.DataFrame({"staff": [2.0, 3, 4, 5, 6, 8]}, index=list("ABCDEF"))
    >>> cases = pd.DataFrame({"cases": [1.0, 3, 3, 4, 2, 5]}, index=list("ABCDEF"))
    >>> data_envelopment(staff, cases).scores.round(3).to_dict()
    {'A': 0.5, 'B': 1.0, 'C': 0.75, 'D': 0.8, 'E': 0.333, 'F': 0.625}
    """
    choose(returns, {"constant": 0, "variable": 1}, "returns")
    choose(orientation, {"input": 0, "output": 1}, "orientation")
    x, y = _amounts(inputs, "inputs"), _amounts(outputs, "outputs")
    if len(x) != len(y) or (
        isinstance(inputs, pd.DataFrame)
        and isinstance(outputs, pd.DataFrame)
        and not inputs.index.equals(outputs.index)
    ):
        raise MethodError(
            "inputs and outputs must have the same rows, got others. "
            "Reindex the outputs like the inputs."
        )
    n, columns = len(x), x.shape[1] + y.shape[1]
    if n < 3 * columns:
        warn(
            f"data envelopment should have at least 3 organisations per input and output, got {n} "
            f"for {columns}: too many come out efficient. Leave some out, or add organisations.",
            MethodWarning,
            stacklevel=2,
        )
    programme = _Programme(
        x / x.max(axis=0), y / y.max(axis=0), returns == "variable", orientation == "output"
    )
    size = max(1, COLUMNS // n)
    factor, parts = np.empty(n), []
    names = list(inputs.index) if isinstance(inputs, pd.DataFrame) else list(range(n))
    for start in range(0, n, size):
        rows = range(start, min(start + size, n))
        factor[start : rows.stop], intensities = programme.solve(
            rows, without_self=super_efficiency
        )
        parts.append(_peers(intensities, names[start : rows.stop], names))
    scores = 1 / factor if orientation == "output" else factor
    return DataEnvelopment(
        like_rows(inputs, scores, "efficiency"),
        pd.concat(parts, ignore_index=True),
        returns,
        orientation,
        super_efficiency,
    )


class _Programme:
    """The linear programmes of all organisations, which share their table of best practice."""

    def __init__(self, x: FloatArray, y: FloatArray, variable: bool, grow: bool) -> None:
        self.x, self.y, self.variable, self.grow = x, y, variable, grow
        self.practice = sparse.csc_matrix(np.vstack([x.T, -y.T]))

    def solve(self, rows: range, *, without_self: bool) -> tuple[FloatArray, FloatArray]:
        """Return the factor and the intensities of some organisations, NaN where there is none."""
        k, n = len(rows), len(self.x)
        own_x, own_y = self.x[rows.start : rows.stop], self.y[rows.start : rows.stop]
        zero_x, zero_y = np.zeros_like(own_x), np.zeros_like(own_y)
        moving = np.hstack([zero_x, own_y] if self.grow else [-own_x, zero_y])
        limits = np.hstack([own_x, zero_y] if self.grow else [zero_x, -own_y])
        factor = sparse.block_diag([column[:, None] for column in moving])
        upper = np.full((k, n), np.inf)
        if without_self:
            upper[np.arange(k), rows] = 0.0
        together: dict[str, Any] = {}
        if self.variable:
            sums = sparse.kron(sparse.eye(k), np.ones((1, n)))
            together = {
                "A_eq": sparse.hstack([sparse.csr_matrix((k, k)), sums]),
                "b_eq": np.ones(k),
            }
        bounds = np.zeros((k + k * n, 2))
        bounds[:k, 1], bounds[k:, 1] = np.inf, upper.ravel()
        found = linprog(
            np.append(np.full(k, -1.0 if self.grow else 1.0), np.zeros(k * n)),
            A_ub=sparse.hstack([factor, sparse.kron(sparse.eye(k), self.practice)]),
            b_ub=limits.ravel(),
            bounds=bounds,
            method="highs",
            **together,
        )
        if found.status == 0:
            return found.x[:k], found.x[k:].reshape(k, n)
        if k == 1:
            return np.array([np.nan]), np.zeros((1, n))
        alone = [self.solve(range(row, row + 1), without_self=without_self) for row in rows]
        return np.concatenate([f for f, _ in alone]), np.vstack([share for _, share in alone])


def _amounts(table: Table, what: str) -> FloatArray:
    array, names = as_matrix(table, what=what), column_names(table)
    refuse_columns(
        (array < 0).any(axis=0), names, f"{what} must be at least 0, got less in", "Correct it."
    )
    refuse_columns(
        ~array.any(axis=0), names, f"{what} must be above 0 somewhere, got only 0 in", "Drop it."
    )
    empty = np.flatnonzero(~array.any(axis=1))
    if len(empty):
        labels = table.index[empty] if isinstance(table, pd.DataFrame) else empty
        raise MethodError(
            f"every organisation must have {what} above 0, got only 0 for {listed(labels)}. "
            "Leave it out."
        )
    return array


def _peers(intensities: FloatArray, orgs: list[Any], names: list[Any]) -> pd.DataFrame:
    i, j = np.nonzero(intensities > 1e-9)
    return pd.DataFrame(
        {
            "org": [orgs[k] for k in i],
            "peer": [names[k] for k in j],
            "intensity": intensities[i, j],
        }
    )
