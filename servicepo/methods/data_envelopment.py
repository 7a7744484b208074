"""Data envelopment (数据包络分析, DEA): results from resources, against the best practice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from warnings import warn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError, MethodWarning
from .guards import FloatArray, as_matrix, choose, column_names, like_rows, listed, refuse_columns
from .moments import Table

CELLS: Final = 1 << 21  # reduced costs looked at together
MOST_STEPS: Final = 5_000
NOTHING: Final = 1e-9  # intensities, slacks and gains below this are rounding
PERTURBATION: Final = 1e-8  # of limits, relative: no two vertices are then at the same place


@dataclass(frozen=True, eq=False, slots=True)
class DataEnvelopment:
    """Answer of `data_envelopment`.

    Attributes
    ----------
    scores : Series or ndarray, n
        Efficiency: 1 on the frontier, below 1 behind it; above 1 for super-efficiency. NaN where
        the others together cannot do as much at all (super-efficiency, mostly "variable").
    peers : DataFrame
        ``org``, ``peer``, ``intensity``: the best practice each organisation is compared with, one
        row per peer.
    slacks : DataFrame, n × (m + s)
        What is left after all inputs shrank (or outputs grew) by the same share, in units as given:
        inputs that could shrink further, outputs that could grow. An organisation is fully
        efficient with a score of 1 and no slack. Columns ("input" or "output", name).
    returns, orientation : str
    super_efficiency : bool
    """

    scores: Any
    peers: pd.DataFrame
    slacks: pd.DataFrame
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
    ``sum l = 1`` for "variable"); output: greatest f with ``sum_k l_k x_k <= x_i``,
    ``sum_k l_k y_k >= f y_i``, score 1 / f. Then, with that t or f, the slacks of greatest sum,
    each in units of its column's maximum, so that the unit of measure does not matter.

    One simplex serves all organisations at once: every step is one matrix product over all of them.

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
            MethodWarning(
                "data envelopment should have at least 3 organisations per input and output, got "
                f"{n} for {columns}: too many come out efficient. Leave some out, or add "
                "organisations.",
                zh=f"数据包络分析的组织数应不少于投入产出项数的 3 倍；现有 {n} 个，{columns} 项，"
                "被判有效的会偏多。请减少项目，或增加组织。",
            ),
            stacklevel=2,
        )
    top = np.concatenate([x.max(axis=0), y.max(axis=0)])
    frontier = _Frontier(
        x / x.max(axis=0), y / y.max(axis=0), returns == "variable", orientation == "output"
    )
    factor, basis, amounts = frontier.solve(without_self=super_efficiency)
    scores = 1 / factor if orientation == "output" else factor
    rows = inputs.index if isinstance(inputs, pd.DataFrame) else pd.RangeIndex(n)
    columns_of = [("input", name) for name in column_names(inputs)]
    columns_of += [("output", name) for name in column_names(outputs)]
    return DataEnvelopment(
        like_rows(inputs, scores, "efficiency"),
        _peers(basis, amounts, rows),
        pd.DataFrame(
            _slacks(basis, amounts, columns) * top,
            index=rows,
            columns=pd.MultiIndex.from_tuples(columns_of),
        ),
        returns,
        orientation,
        super_efficiency,
    )


def efficiency(
    x: pd.DataFrame,
    weights: pd.Series | None = None,
    *,
    inputs: Sequence[str] = (),
    returns: str = "constant",
    orientation: str = "input",
    top: float = 100.0,
) -> pd.Series:
    """Score efficiency from scores: `data_envelopment`, where some columns are resources.

    Parameters
    ----------
    x : DataFrame, n × m
        Scores of 0..top, more is better. NaN is refused.
    weights
        Not looked at: every organisation is seen with the weights that favour it most.
    inputs : sequence of str
        The columns in which resources are scored, as costs: what was used is ``top - score``. The
        others are results.
    returns, orientation
        As in `data_envelopment`.
    top : float
        The best score.

    Returns
    -------
    Series, n
        0..1.

    Raises
    ------
    MethodError
        As `data_envelopment`; for inputs that are no columns, or all of them.

    Notes
    -----
    Under "fraction_of_maximum" a cost scores ``1 - x / max``, so that what was used is in
    proportion to the raw value, and the efficiency is that of the raw values exactly.

    Examples
    --------
    >>> staff, cases = [75.0, 62.5, 50, 37.5, 25, 0], [20.0, 60, 60, 80, 40, 100]
    >>> scores = pd.DataFrame({"staff": staff, "cases": cases}, index=list("ABCDEF"))
    >>> efficiency(scores, inputs=["staff"]).round(3).to_dict()
    {'A': 0.5, 'B': 1.0, 'C': 0.75, 'D': 0.8, 'E': 0.333, 'F': 0.625}
    """
    asked = [inputs] if isinstance(inputs, str) else list(inputs)
    lost = [name for name in asked if name not in x.columns]
    results = [name for name in x.columns if name not in asked]
    if lost or not asked or not results:
        got = f"no column {listed(lost)}" if lost else f"{len(asked)} of {len(x.columns)}"
        raise MethodError(
            f"inputs must name some columns, and leave some that are results, got {got}. "
            f"Take some of {listed(x.columns, most=20)}."
        )
    made = data_envelopment(top - x[asked], x[results], returns=returns, orientation=orientation)
    return pd.Series(made.scores)


class _Frontier:
    """The linear programmes of all organisations, which share their table of best practice.

    Columns are numbered: the practice of every organisation, then the slack of every row. The
    radial factor is not among them: it is free and the first of every basis.
    """

    def __init__(self, x: FloatArray, y: FloatArray, variable: bool, grow: bool) -> None:
        n, rows = len(x), x.shape[1] + y.shape[1]
        self.size = np.ones(n)
        if not variable:  # the size of an organisation does not matter: all are made alike
            self.size = np.sqrt((x**2).sum(axis=1) + (y**2).sum(axis=1))
            x, y = x / self.size[:, None], y / self.size[:, None]
        whole = np.ones((n, int(variable)))
        self.columns = np.zeros((n + rows, rows + int(variable)))
        self.columns[:n] = np.hstack([-x, y, whole])
        self.columns[n:, :rows] = -np.eye(rows)
        self.slack = np.append(np.zeros(n), np.ones(rows))
        zero_x, zero_y = np.zeros_like(x), np.zeros_like(y)
        moving, fixed = ([zero_x, -y], [-x, zero_y]) if grow else ([x, zero_y], [zero_x, y])
        self.radial = np.hstack([*moving, 0 * whole])
        self.limits = np.hstack([*fixed, whole])
        self.towards = -1.0 if grow else 1.0
        # An organisation starts as its own practice, factor 1. Both take the place of one slack
        # each (the practice that of the whole for variable returns).
        most_x, most_y = x.argmax(axis=1), x.shape[1] + y.argmax(axis=1)
        taken = np.zeros((n, rows), dtype=bool)
        taken[np.arange(n), most_y if grow else most_x] = True
        if not variable:
            taken[np.arange(n), most_x if grow else most_y] = True
        slacks = np.nonzero(~taken)[1].reshape(n, -1)
        self.start = np.hstack([np.arange(n)[:, None], n + slacks])
        relaxed = np.where(taken, 0.0, np.maximum(np.hstack([x, y]), 1e-3))
        relaxed *= PERTURBATION * (0.5 + np.random.default_rng(0).random(taken.shape))
        self.perturbed = self.limits.copy()
        self.perturbed[:, :rows] -= relaxed

    def solve(self, *, without_self: bool) -> tuple[FloatArray, npt.NDArray[np.intp], FloatArray]:
        """Return factors, the columns of each basis and their amounts, NaN where there is none.

        The aims are met one after the other: no use of oneself, the best factor, the most slack.
        What would spoil an earlier aim may not enter for a later one.
        """
        n = len(self.limits)
        basis, aim = self.start.copy(), np.full(n, 0 if without_self else 1)
        for _ in range(MOST_STEPS):
            active = np.flatnonzero(aim < 3)
            if not len(active):
                break
            inverse = self._inverse(basis, active)
            entering = self._entering(basis[active], active, aim[active], inverse, without_self)
            stays = entering < 0
            aim[active[stays]] += 1
            rows, enters, inverse = active[~stays], entering[~stays], inverse[~stays]
            if len(rows):
                now = (self.perturbed[rows, None, :] @ inverse)[:, 0, 1:]
                step = (self.columns[enters][:, None, :] @ inverse)[:, 0, 1:]
                ahead = np.where(step > NOTHING, step, np.nan)
                leaves = np.nan_to_num(np.maximum(now, 0.0) / ahead, nan=np.inf).argmin(axis=1)
                basis[rows, leaves] = enters
        else:
            raise MethodError(
                f"data envelopment must be solved within {MOST_STEPS} steps, got more. "
                "Drop what repeats another, and organisations that are too small by far."
            )
        amounts = (self.limits[:, None, :] @ self._inverse(basis, np.arange(n)))[:, 0, :]
        if without_self:
            alone = ((basis == np.arange(n)[:, None]) & (amounts[:, 1:] > 1e-7)).any(axis=1)
            amounts[alone | (np.abs(amounts[:, 0]) < NOTHING)] = np.nan
        intensities = np.where(amounts[:, 1:] < NOTHING, 0.0, amounts[:, 1:])  # NaN stays
        of_column = np.append(self.size, np.ones(len(self.columns) - n))
        return amounts[:, 0], basis, intensities * self.size[:, None] / of_column[basis]

    def _inverse(self, basis: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> FloatArray:
        """Return the inverse of every basis, a row per column of it."""
        matrix = np.concatenate([self.radial[rows, None, :], self.columns[basis[rows]]], axis=1)
        return np.asarray(np.linalg.inv(matrix))

    def _entering(
        self,
        basis: npt.NDArray[np.intp],
        rows: npt.NDArray[np.intp],
        aim: npt.NDArray[np.intp],
        inverse: FloatArray,
        without_self: bool,
    ) -> npt.NDArray[np.intp]:
        """Return the column that serves every organisation's present aim best, -1 for none."""
        entering = np.full(len(rows), -1)
        costs = np.zeros((3, len(rows), basis.shape[1] + 1))
        costs[0, :, 1:] = basis == rows[:, None]
        costs[1, :, 0] = self.towards
        costs[2, :, 1:] = -self.slack[basis]
        prices = (inverse @ costs[..., None])[..., 0]
        # What prices come to at the organisation's own amounts is what they are exact to.
        amounts = np.abs(prices * self.columns[rows]).sum(axis=2)
        small = NOTHING * np.maximum(1.0, amounts)
        for level in np.unique(aim):
            of_level = np.flatnonzero(aim == level)
            size = max(1, CELLS // len(self.columns))
            for start in range(0, len(of_level), size):
                part = of_level[start : start + size]
                gain = prices[level, part] @ self.columns.T
                if level == 2:
                    gain += self.slack
                for earlier in range(0 if without_self else 1, level):
                    spoils = np.abs(prices[earlier, part] @ self.columns.T)
                    gain[spoils > small[earlier, part, None]] = -np.inf
                if without_self:
                    gain[np.arange(len(part)), rows[part]] = -np.inf
                best = gain.argmax(axis=1)
                better = gain[np.arange(len(part)), best] > small[level, part]
                entering[part] = np.where(better, best, -1)
        return entering


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


def _peers(basis: npt.NDArray[np.intp], amounts: FloatArray, names: pd.Index) -> pd.DataFrame:
    i, j = np.nonzero((amounts > 0) & (basis < len(names)))
    i, j = np.divmod(np.sort(i * len(names) + basis[i, j]), len(names))
    shares = np.zeros(len(i))
    for column in range(basis.shape[1]):
        own = basis[i, column] == j
        shares[own] = amounts[i[own], column]
    return pd.DataFrame({"org": names[i], "peer": names[j], "intensity": shares})


def _slacks(basis: npt.NDArray[np.intp], amounts: FloatArray, rows: int) -> FloatArray:
    n = len(basis)
    slacks = np.where(np.isnan(amounts[:, :1]), np.nan, np.zeros((n, rows)))
    i, j = np.nonzero((basis >= n) & (amounts > 0))
    slacks[i, basis[i, j] - n] = amounts[i, j]
    return slacks
