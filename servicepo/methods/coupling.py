"""Coupling coordination (耦合协调度): whether several systems are high together, or one alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import (
    FloatArray,
    as_matrix,
    as_vector,
    check_weights,
    choose,
    column_names,
    like_rows,
    refuse_columns,
    row_blocks,
)

LEVELS: Final = (
    ("极度失调", "extreme imbalance"),
    ("严重失调", "severe imbalance"),
    ("中度失调", "moderate imbalance"),
    ("轻度失调", "mild imbalance"),
    ("濒临失调", "near imbalance"),
    ("勉强协调", "bare coordination"),
    ("初级协调", "primary coordination"),
    ("中级协调", "intermediate coordination"),
    ("良好协调", "good coordination"),
    ("优质协调", "excellent coordination"),
)
"""The ten classes of the coordination degree, 0–0.1 to 0.9–1, in Chinese and English."""


@dataclass(frozen=True, eq=False, slots=True)
class CouplingCoordination:
    """Coupling, development and coordination of every organisation.

    Attributes
    ----------
    coupling : Series or ndarray, n
        C, 0..1: how alike the systems are (standard), how alike and high (wang_2021).
    development : Series or ndarray, n
        T, 0..1: the weighted mean of the systems.
    coordination : Series or ndarray, n
        D = sqrt(C T), 0..1.
    form : str
        Which formula gave C.
    """

    coupling: Any
    development: Any
    coordination: Any
    form: str

    def __repr__(self) -> str:
        """Return one line."""
        n, mean = len(self.coordination), float(np.mean(self.coordination))
        return f"CouplingCoordination({n} organisations, {self.form}, mean D {mean:.3f})"


def coupling_coordination(
    x: pd.DataFrame | npt.ArrayLike,
    weights: pd.Series | npt.ArrayLike | None = None,
    *,
    form: str = "standard",
    zeros: str | tuple[float, float] = "refuse",
) -> CouplingCoordination:
    """Coupling coordination of two or more systems.

    Parameters
    ----------
    x : DataFrame or array, n × k, k >= 2
        Scores of the systems, 0..1, more is better. NaN is refused.
    weights : Series or array, k, optional
        Weights in the development index, sum 1; equal by default.
    form : {"standard", "wang_2021"}
        The standard C is near 1 for most data; the form of 王淑佳等 spreads it over 0..1.
    zeros : {"refuse", "allow"} or (float, float)
        A system at 0 takes C and D to 0, however high the others are. "refuse" says so; "allow"
        lets it; a pair stretches every column into that interval first, (0.01, 0.99) as SPSSAU.

    Returns
    -------
    CouplingCoordination
        Where all systems are 0 ("allow"), C is NaN (there is nothing to compare) and D is 0.

    Raises
    ------
    MethodError
        For one system, scores outside 0..1, missing values, zeros (by default), weights that do not
        fit, or a constant column that should be stretched.

    Notes
    -----
    standard: ``C = k (prod U)^(1/k) / sum U``. wang_2021: ``C = sqrt((1 - sum_{i<j} |U_i - U_j| /
    (k (k - 1) / 2)) (prod U_i / max U)^(1 / (k - 1)))``. ``T = sum a U``, ``D = sqrt(C T)``. About
    half of 379 papers checked by 刘春林 (2017) had the coefficient or the root of C wrong.

    References
    ----------
    王淑佳, 孔伟, 任亮 等 (2021). 国内耦合协调度模型的误区及修正. 自然资源学报 36(3), 793–810.

    Examples
    --------
    >>> made = coupling_coordination(np.array([[0.4, 0.9], [0.6, 0.6]]))
    >>> made.coupling.round(4), made.coordination.round(4)
    (array([0.9231, 1.    ]), array([0.7746, 0.7746]))
    >>> coupling_coordination(np.array([[0.4, 0.9]]), form="wang_2021").coupling.round(4)
    array([0.4714])
    """
    coupling_of = choose(form, {"standard": _standard, "wang_2021": _wang}, "form")
    array, names = as_matrix(x), column_names(x)
    k = len(names)
    if k < 2:
        raise MethodError(f"coupling needs at least 2 systems, got {k}. Give one column for each.")
    w = np.full(k, 1 / k) if weights is None else check_weights(weights, names)
    low, high = array.min(axis=0), array.max(axis=0)
    refuse_columns(
        (low < 0) | (high > 1),
        names,
        "scores of systems must lie between 0 and 1, got others in",
        "Divide scores of 0..100 by 100, or normalise by minmax first.",
    )
    stretch = _stretch(low, high, names, zeros)
    coupling, development = np.empty(len(array)), np.empty(len(array))
    for rows in row_blocks(array):
        block = array[rows] if stretch is None else stretch[0] + stretch[1] * (array[rows] - low)
        development[rows] = block @ w
        coupling[rows] = coupling_of(block)
    coordination = np.sqrt(np.where(np.isnan(coupling), 0.0, coupling) * development)
    return CouplingCoordination(
        like_rows(x, coupling, "coupling"),
        like_rows(x, development, "development"),
        like_rows(x, coordination, "coordination"),
        form,
    )


def coordination_level(coordination: pd.Series | npt.ArrayLike, *, language: str = "zh") -> Any:
    """Name the class of each coordination degree.

    Parameters
    ----------
    coordination : Series or array, n
        D, 0..1; NaN stays without a class.
    language : {"zh", "en"}
        Of the names.

    Returns
    -------
    Series or Categorical, n
        Ordered; one of the ten ``LEVELS``. A bound belongs to the class above it (0.1 to the
        second), 1 to the last.

    Raises
    ------
    MethodError
        For a degree outside 0..1, or another language.

    Examples
    --------
    >>> list(coordination_level([0.05, 0.5, 1.0]))
    ['极度失调', '勉强协调', '优质协调']
    """
    place = choose(language, {"zh": 0, "en": 1}, "language")
    d = as_vector(coordination, what="coordination", missing=True)
    if (d < 0).any() or (d > 1).any():
        wrong = d[(d < 0) | (d > 1)][0]
        raise MethodError(
            f"coordination must lie between 0 and 1, got {wrong:g}. "
            "Compute it from scores between 0 and 1."
        )
    # A degree such as 0.3 arises with rounding; it belongs to the class that begins there.
    step = np.minimum(np.floor(np.nan_to_num(d) * 10 + 1e-9), 9).astype(int)
    names = [level[place] for level in LEVELS]
    step[np.isnan(d)] = -1
    kinds: Any = pd.Categorical.from_codes(step, pd.Index(names), ordered=True)
    if isinstance(coordination, pd.Series):
        return pd.Series(kinds, index=coordination.index, name="level")
    return kinds


def _standard(block: FloatArray) -> FloatArray:
    mean = block.mean(axis=1)
    with np.errstate(divide="ignore"):
        geometric = np.exp(np.log(block).mean(axis=1))
    nothing = np.full_like(mean, np.nan)
    found: FloatArray = np.divide(geometric, mean, out=nothing, where=mean > 0)
    return np.minimum(found, 1.0, out=found)


def _wang(block: FloatArray) -> FloatArray:
    k = block.shape[1]
    ordered = np.sort(block, axis=1)
    # Differences of all pairs from one sort: each value counts as often as it is the larger one.
    apart = ordered @ (2.0 * np.arange(k) - k + 1) / (k * (k - 1) / 2)
    top = ordered[:, -1]
    shares = np.zeros_like(ordered[:, :-1])
    np.divide(ordered[:, :-1], top[:, None], out=shares, where=top[:, None] > 0)
    with np.errstate(divide="ignore"):
        product = np.exp(np.log(shares).mean(axis=1))
    return np.where(top > 0, np.sqrt(np.maximum(1 - apart, 0.0) * product), np.nan)


def _stretch(
    low: FloatArray, high: FloatArray, names: list[Any], zeros: str | tuple[float, float]
) -> tuple[float, FloatArray] | None:
    """Apply the rule about zeros; return start and slopes where columns are stretched."""
    if isinstance(zeros, str) and zeros in ("refuse", "allow"):
        if zeros == "refuse":
            refuse_columns(
                low <= 0,
                names,
                "scores of systems must be above 0 for coupling, got 0 in",
                "Choose zeros=(0.01, 0.99) to stretch them as SPSSAU does, or zeros='allow'.",
            )
        return None
    if not (isinstance(zeros, tuple) and len(zeros) == 2 and 0 <= zeros[0] < zeros[1] <= 1):
        raise MethodError(
            f"zeros must be 'refuse', 'allow' or an interval within 0..1, got {zeros!r}. "
            "Give (0.01, 0.99) for the convention of SPSSAU."
        )
    refuse_columns(
        ~(low < high),
        names,
        "every system must vary between organisations to be stretched, got one single value in",
        "Choose zeros='allow' or leave the system out.",
    )
    return zeros[0], (zeros[1] - zeros[0]) / (high - low)
