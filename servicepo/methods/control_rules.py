"""What control charts are made of: limits part by part, and the rules that mark points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, listed

SIGNALS: Final = (
    "none",
    "above_limit",
    "below_limit",
    "rising_run",
    "falling_run",
    "two_of_three_above",
    "two_of_three_below",
    "run_above",
    "run_below",
)
"""What the codes of signals mean; an earlier one goes before a later one. Odd codes are upwards."""

RUN: Final = 7

Codes: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False, slots=True)
class ControlChart:
    """A panel beside its control limits; every frame is n × T like the values.

    Attributes
    ----------
    values : DataFrame of float
        What is charted: the value, the share, the moving average or the larger of the two sums.
    centre, low, high : DataFrame of float
        Centre line and limits; NaN where there are none.
    z : DataFrame of float
        Distance from the centre in standard deviations of what is charted.
    signals : DataFrame of int8
        Codes of `SIGNALS`: the rule that marks the point, looking back from the end of the series.
    alarms : DataFrame of int8
        The rule that was met at this point by what was known then, given the limits.
    """

    values: pd.DataFrame
    centre: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    z: pd.DataFrame
    signals: pd.DataFrame
    alarms: pd.DataFrame

    def __repr__(self) -> str:
        rows, columns = self.values.shape
        marked = int((self.signals.to_numpy() > 0).sum())
        return f"ControlChart({rows} series × {columns} periods, {marked} points signalled)"


def four_rules(
    y: FloatArray, centre: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[Codes, Codes]:
    """Mark a panel by the four rules of `control.xmr`.

    Parameters
    ----------
    y, centre, low, high : ndarray of float, T × n
        Time first, without gaps between known values; NaN after the last.

    Returns
    -------
    (ndarray of int8, ndarray of int8), T × n
        Signals, looking back, and alarms, as of then; codes of `SIGNALS`.

    Examples
    --------
    >>> y = np.array([[5.0], [1.0], [0.5]])
    >>> zero = np.zeros((3, 1))
    >>> [codes.ravel().tolist() for codes in four_rules(y, zero, zero - 3, zero + 3)]
    [[1, 0, 0], [1, 0, 0]]
    """
    signals, alarms = outside(y, centre, low, high)
    side = _side(y, centre)
    steps = np.zeros(y.shape, dtype=np.int8)
    steps[1:] = _side(y[1:], y[:-1])
    near = np.zeros(y.shape, dtype=np.int8)
    third = (high - centre) / 3
    near[(y > centre + 2 * third) & (y <= high)] = 1
    near[(y < centre - 2 * third) & (y >= low)] = -1
    drawn = ~np.isnan(third)
    for up, way in enumerate((1, -1)):
        trend_ends = (_run(steps == way) >= RUN - 1) & drawn
        _mark(signals, alarms, 3 + up, _back(trend_ends, RUN), trend_ends)
    for up, way in enumerate((1, -1)):
        ends = np.zeros(y.shape, dtype=bool)
        if len(y) > 2:
            alike = (side[2:] == way) & (side[1:-1] == way) & (side[:-2] == way)
            close = near == way
            ends[2:] = alike & (close[2:].view(np.int8) + close[1:-1] + close[:-2] >= 2)
            _mark(signals, alarms, 5 + up, _back(ends, 3) & close, ends)
    for up, way in enumerate((1, -1)):
        ends = (_run(side == way) >= RUN) & drawn
        _mark(signals, alarms, 7 + up, _back(ends, RUN), ends)
    return signals, alarms


def outside(
    y: FloatArray, centre: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[Codes, Codes]:
    """Mark what lies outside the limits, the only rule of averages and sums.

    Parameters
    ----------
    y, centre, low, high
        As in `four_rules`.

    Returns
    -------
    (ndarray of int8, ndarray of int8), T × n
        As in `four_rules`; both alike.

    Examples
    --------
    >>> y = np.array([[5.0], [1.0]])
    >>> outside(y, 0 * y, 0 * y - 3, 0 * y + 3)[0].ravel().tolist()
    [1, 0]
    """
    signals = np.zeros(y.shape, dtype=np.int8)
    signals[y > high] = 1
    signals[y < low] = 2
    return signals, signals.copy()


class Limits(NamedTuple):
    """What is charted, its centre, and half the width of its limits; T × n or n."""

    y: FloatArray
    centre: FloatArray
    half: FloatArray
    sd: FloatArray


def charted(
    frame: pd.DataFrame,
    parts: tuple[FloatArray, ...],
    limits: Callable[..., Limits],
    rebase: Sequence[object] = (),
    *,
    rules: Callable[..., tuple[Codes, Codes]] = four_rules,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> ControlChart:
    """Set limits and look for signals, part by part.

    Parameters
    ----------
    frame : DataFrame, n × T
        Gives the result its labels.
    parts : tuple of ndarray of float, n × T
        What the limits come from; a gap is NaN in all of them.
    limits : callable
        The parts, time first and with their gaps moved to the end → Limits.
    rebase : sequence of column labels
        Where a part starts.
    rules : callable
        `four_rules` or `outside`.
    within : (float, float)
        Where the limits are cut off.

    Returns
    -------
    ControlChart
    """
    shape = frame.shape[::-1]
    tables = [np.full(shape, np.nan) for _ in range(5)]
    codes = [np.zeros(shape, dtype=np.int8) for _ in range(2)]
    starts = [*_starts(frame.columns, rebase), shape[0]]
    for first, end in pairwise(starts):
        rows = slice(first, end)
        own = [part[:, rows].T for part in parts]
        gaps = np.isnan(own[0])
        order = np.argsort(gaps, axis=0, kind="stable") if gaps.any() else None
        if order is not None:
            own = [np.take_along_axis(part, order, axis=0) for part in own]
        y, centre, half, sd = limits(*own)
        centre, half, sd = (np.broadcast_to(part, y.shape) for part in (centre, half, sd))
        low, high = centre - half, centre + half
        marked = rules(y, centre, low, high)
        made = (y, centre, np.maximum(low, within[0]), np.minimum(high, within[1]))
        for table, part in zip(tables, (*made, (y - centre) / sd), strict=True):
            _put(table[rows], part, order)
        for code, mark in zip(codes, marked, strict=True):
            _put(code[rows], mark, order)
    frames = [
        pd.DataFrame(table.T, index=frame.index, columns=frame.columns, copy=False)
        for table in (*tables, *codes)
    ]
    return ControlChart(*frames)


def _put(table: np.ndarray, part: np.ndarray, order: npt.NDArray[np.intp] | None) -> None:
    if order is None:
        table[:] = part
    else:
        np.put_along_axis(table, order, part, axis=0)


def _side(y: FloatArray, of: FloatArray) -> Codes:
    return (y > of).view(np.int8) - (y < of).view(np.int8)


def _run(holds: npt.NDArray[np.bool_]) -> Codes:
    """How many times in a row it has held, up to 100; time first."""
    run = np.zeros(holds.shape, dtype=np.int8)
    now = run[0]
    for t, row in enumerate(holds):
        now = np.where(row, np.minimum(now + 1, 100), 0).astype(np.int8)
        run[t] = now
    return run


def _back(ends: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.bool_]:
    """Mark all points of windows of this length by where they end."""
    found = ends.copy()
    for back in range(1, min(length, len(ends))):
        found[:-back] |= ends[back:]
    return found


def _mark(signals: Codes, alarms: Codes, code: int, marks: np.ndarray, ends: np.ndarray) -> None:
    """Mark what no rule before has marked."""
    signals[marks & (signals == 0)] = code
    alarms[ends & (alarms == 0)] = code


def upwards(codes: np.ndarray) -> np.ndarray:
    """Tell which codes of `SIGNALS` mean that a figure went up."""
    return np.asarray(codes % 2 == 1)


def downwards(codes: np.ndarray) -> np.ndarray:
    """Tell which codes of `SIGNALS` mean that a figure went down."""
    return np.asarray((codes > 0) & (codes % 2 == 0))


def _starts(columns: pd.Index, rebase: Sequence[object]) -> list[int]:
    lost = [label for label in rebase if label not in columns]
    if lost:
        raise MethodError(
            f"rebase must name periods of the panel, got {listed(lost)}. "
            f"Take some of {listed(columns)}."
        )
    return sorted({0, *columns.get_indexer(pd.Index(rebase)).tolist()}) if len(rebase) else [0]
