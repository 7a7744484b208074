"""The two long loops of an index, compiled where numba is installed (``servicepo[fast]``).

NumPy walks through its scratch once for every operation; compiled, each number is read once, on
every core. Only what a nation's table needs is here: entropy weights and weighted means of scores
on straight lines. Everything else, and every refusal, is NumPy's; the answers agree to 1e-12.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from .guards import FloatArray

Part = TypeVar("Part")
Made = TypeVar("Made")

LEAST: Final = 1 << 23  # numbers in a table; below it NumPy is done before a compiler is loaded
LANES: Final = 1024  # running sums side by side, so that processors add several at once
ROWS: Final = 1 << 15  # rows of a weighted sum that stay in cache

ONE: Final = int(np.float64(1.0).view(np.int64))
ROOT_HALF: Final = int(np.float64(np.sqrt(0.5)).view(np.int64))
FRACTION: Final = (1 << 52) - 1
INTEGERS: Final = 1.5 * 2.0**52  # from here on the last bits of a float count whole numbers
INTEGERS_BITS: Final = int(np.float64(INTEGERS).view(np.int64))
LN_2: Final = float(np.log(2.0))


class Straight(NamedTuple):
    """A complete column of raw values, and the values that score 0 and 1."""

    x: FloatArray
    zero: float
    one: float


def worth_it(cells: int) -> bool:
    """Tell whether a table of so many numbers should go through the compiled loops.

    Parameters
    ----------
    cells : int
        Rows times columns.

    Returns
    -------
    bool
        False without numba, and for tables of less than about 200,000 × 40.

    Examples
    --------
    >>> worth_it(1000)
    False
    """
    return cells >= LEAST and find_spec("numba") is not None


def on_every_core(work: Callable[[Part], Made], parts: Iterable[Part]) -> list[Made]:
    """Do the same to every part, as many at a time as there are cores; answer in their order.

    Parameters
    ----------
    work : callable
        Lets go of Python's lock, as NumPy and the compiled loops do.
    parts : iterable

    Returns
    -------
    list

    Examples
    --------
    >>> on_every_core(np.sum, [np.ones(2), np.ones(3)])
    [np.float64(2.0), np.float64(3.0)]
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, parts))


def divergences(columns: Sequence[Straight]) -> FloatArray | None:
    """Return what entropy weights are shares of, as ``dispersion.divergence`` does.

    Parameters
    ----------
    columns : sequence of Straight
        More than 2 rows.

    Returns
    -------
    ndarray, m, or None
        None where a score is negative or a column hardly varies: NumPy then says what is wrong.

    Notes
    -----
    ``sum(y ln y - (y - 1))`` with ``y = (x - zero) / mean(x - zero)``; where 1 stands does not
    matter to shares.
    """
    diverged = kernels().diverged
    made = np.array(on_every_core(lambda column: diverged(column.x, column.zero), columns))
    return made if (made > 1e-10 * len(columns[0].x)).all() else None


def weighted_sum(columns: Sequence[Straight], weights: FloatArray) -> FloatArray:
    """Return the weighted sum of the columns' scores, row by row.

    Parameters
    ----------
    columns : sequence of Straight
    weights : ndarray, m

    Returns
    -------
    ndarray, n
    """
    add = kernels().add
    total = np.zeros(len(columns[0].x))

    def walk(start: int) -> None:
        rows = slice(start, start + ROWS)
        for (x, zero, one), weight in zip(columns, weights, strict=True):
            add(x[rows], zero, weight / (one - zero), total[rows])

    on_every_core(walk, range(0, len(total), ROWS))
    return total


class Kernels(NamedTuple):
    """The compiled loops."""

    diverged: Callable[[FloatArray, float], float]
    add: Callable[[FloatArray, float, float, FloatArray], None]


@cache
def kernels() -> Kernels:
    """Compile the loops, or load them as compiled before; numba is imported here and only here.

    Returns
    -------
    Kernels

    Raises
    ------
    ImportError
        Without numba.

    Notes
    -----
    The first call on a machine takes some seconds. What was compiled is kept beside this file, or
    in the user's cache where that folder is read-only; where neither can be written, every process
    compiles for itself.
    """
    import numba

    real, table = numba.float64, numba.types.Array
    given, made = table(real, 1, "C", readonly=True), table(real, 1, "C")

    def jit(loop: Any, signature: Any) -> Any:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
        try:
            return numba.njit(signature, cache=True, **options)(loop)
        except RuntimeError:  # no folder that could keep it: compile for this process alone
            return numba.njit(signature, **options)(loop)

    return Kernels(
        jit(_diverged, real(given, real)), jit(_add, numba.void(given, real, real, made))
    )


def _diverged(x: FloatArray, zero: float) -> float:
    """Return ``sum(y ln y - (y - 1))``, or -1 where a y is negative.

    Plain arithmetic without branches, so that it compiles to vectors.

    With ``y = 2^k m`` and m around 1, ``ln y = k ln 2 + 2 artanh(s)``, ``s = (m - 1) / (m + 1)``:
    |s| < 0.172, and eleven terms of the series reach the last digit.
    """
    lanes = np.zeros(LANES)
    for start in range(0, x.size, LANES):
        part = x[start : start + LANES]
        for lane in range(part.size):
            lanes[lane] += part[lane] - zero
    unit = x.size / lanes.sum()
    lanes[:] = 0.0
    least = np.zeros(LANES)
    for start in range(0, x.size, LANES):
        part = x[start : start + LANES]
        for lane in range(part.size):
            y = (part[lane] - zero) * unit
            least[lane] = y if y < least[lane] else least[lane]
            # The bits of a float are its exponent and its fraction; from the root of 1/2 to that of
            # 2 the exponent counts as 0. A score of 0 gets some finite logarithm, times 0.
            bits = np.float64(y).view(np.int64) + (ONE - ROOT_HALF)
            k = np.int64((bits >> 52) - 1023 + INTEGERS_BITS).view(np.float64) - INTEGERS
            f = np.int64((bits & FRACTION) + ROOT_HALF).view(np.float64) - 1.0
            s = f / (2.0 + f)
            z = s * s
            tail = z * (1 / 17 + z * (1 / 19 + z * (1 / 21)))
            tail = z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + tail)))
            tail = z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + tail))))
            lanes[lane] += y * (2.0 * (s + s * tail) + k * LN_2) - (y - 1.0)
    return lanes.sum() if least.min() == 0.0 else -1.0


def _add(x: FloatArray, zero: float, factor: float, total: FloatArray) -> None:
    """Add ``(x - zero) factor`` to the total."""
    for i in range(x.size):
        total[i] += (x[i] - zero) * factor
