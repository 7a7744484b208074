"""What a normalisation is made of: how an indicator points, and the map that scores its values.

The direction comes first. A gain (benefit, boolean) is normalised as it stands. A loss is turned
round: its size is the value itself (cost), the distance from the target, or the distance outside
the interval, and ``g = -loss`` is what a formula sees. More is then better everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from ..errors import MethodError
from .guards import FloatArray

DIRECTIONS: Final = ("benefit", "cost", "target", "interval", "boolean")


class UnfitError(MethodError):
    """One column cannot be fitted; `fit_scale` names all columns with the same trouble at once."""

    def __init__(self, holds: str, mend: str) -> None:
        super().__init__(f"{holds} this column. {mend}")
        self.holds = holds
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Rule:
    """How one indicator points, and the bounds that were declared for it (NaN: none).

    Attributes
    ----------
    direction : {"benefit", "cost", "target", "interval", "boolean"}
    low, high : float
        Goalposts, in raw units; low < high.
    target : float
        The best value (direction "target"), or the level to reach (`distance_to_target`).
    interval_low, interval_high : float
        The best range.
    full_mark : float
        The mark that counts as full.
    reference : float
        The value to be compared with (`distance_to_reference`).
    code : object
        The indicator, to be named in warnings.

    Examples
    --------
    >>> Rule("interval", interval_low=50, interval_high=100).orient(np.array([40.0, 60.0, 130.0]))
    array([-10.,   0., -30.])
    """

    direction: str = "benefit"
    low: float = np.nan
    high: float = np.nan
    target: float = np.nan
    interval_low: float = np.nan
    interval_high: float = np.nan
    full_mark: float = np.nan
    reference: float = np.nan
    code: object = None

    @property
    def is_loss(self) -> bool:
        """Whether less of what is measured is better."""
        return self.direction in ("cost", "target", "interval")

    @property
    def has_ideal(self) -> bool:
        """Whether the best value is declared rather than found in the data."""
        return self.direction in ("target", "interval")

    def orient(self, x: FloatArray) -> FloatArray:
        """Return g, of which more is better: x itself, or minus the loss."""
        match self.direction:
            case "cost":
                return np.negative(x)
            case "target":
                return -np.abs(x - self.target)
            case "interval":
                return np.minimum(np.minimum(x - self.interval_low, self.interval_high - x), 0.0)
            case _:
                return x

    def ends(self, method: str) -> tuple[float, float]:
        """Return the oriented worst and best that the declared bounds allow."""
        self.require(method, "low", "high")
        if not self.low < self.high:
            raise UnfitError(
                f"{method} needs low below high, got them the other way round in",
                'Give low < high; the direction "cost" says that less is better.',
            )
        if self.direction == "boolean":
            return self.low, self.high
        ends = self.orient(np.array([self.low, self.high]))
        return float(ends.min()), 0.0 if self.has_ideal else float(ends.max())

    def require(self, method: str, *names: str) -> None:
        """Refuse a method whose declared bounds are missing."""
        if any(np.isnan(getattr(self, name)) for name in names):
            raise UnfitError(
                f"{method} needs {' and '.join(names)} for every indicator, got none for",
                f"Add {' and '.join(names)} to bounds or choose another normalisation.",
            )


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through the value that scores 0 and the value that scores 1.

    Attributes
    ----------
    zero, one : float
        Oriented values that score 0 and 1.
    capped : bool
        Whether scores stay within 0..1 beyond these values.
    bounded : bool
        Whether scores are meant to lie in 0..1.

    Examples
    --------
    >>> Line(10.0, 20.0)(np.array([10.0, 15.0, 25.0]))
    array([0. , 0.5, 1.5])
    """

    zero: float
    one: float
    capped: bool = False
    bounded: bool = True

    def __call__(self, g: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Return (g - zero) / (one - zero), written to ``out`` where there is one."""
        if self.zero < self.one:
            scores = np.subtract(g, self.zero, out=out)
            scores /= self.one - self.zero
        else:  # the same, without a negative zero for the worst
            scores = np.subtract(self.zero, g, out=out)
            scores /= self.zero - self.one
        if self.capped:
            np.clip(scores, 0.0, 1.0, out=scores)
        return scores

    def parameters(self) -> dict[str, float]:
        """Return the oriented values that score 0 and 1."""
        return {"zero": self.zero, "one": self.one}


@dataclass(frozen=True, slots=True)
class Ranks:
    """The place of a value among the fitted ones: 1 = lowest, ties share their mean.

    A value between two fitted ones stands half-way between their ranks. ``(rank - start) / unit``.

    Examples
    --------
    >>> Ranks(np.array([1.0, 2.0, 2.0]))(np.array([2.0, 1.0, 1.5]))
    array([2.5, 1. , 1.5])
    """

    fitted: FloatArray
    start: float = 0.0
    unit: float = 1.0
    bounded: bool = False

    def __call__(self, g: FloatArray) -> FloatArray:
        """Score by rank."""
        order = np.argsort(g)  # sorted queries walk through the fitted values once
        asked = g[order]
        ranks = np.empty(len(g))
        below = np.searchsorted(self.fitted, asked, side="left")
        upto = np.searchsorted(self.fitted, asked, side="right")
        ranks[order] = np.clip((below + upto + 1) / 2, 1.0, len(self.fitted))
        ranks[np.isnan(g)] = np.nan
        return (ranks - self.start) / self.unit

    def parameters(self) -> dict[str, float]:
        """Return the lowest and highest of the fitted values."""
        return {"lowest": float(self.fitted[0]), "highest": float(self.fitted[-1])}


@dataclass(frozen=True, slots=True)
class Steps:
    """A staircase: ``marks[k]`` for values from the k-th cut on.

    Examples
    --------
    >>> Steps((60.0, 90.0), (0.0, 0.5, 1.0))(np.array([59.0, 60.0, 95.0]))
    array([0. , 0.5, 1. ])
    """

    cuts: tuple[float, ...]
    marks: tuple[float, ...]
    bounded: bool = True

    def __call__(self, g: FloatArray) -> FloatArray:
        """Score by step."""
        scores = np.asarray(self.marks)[np.searchsorted(self.cuts, g, side="right")]
        scores[np.isnan(g)] = np.nan
        return scores

    def parameters(self) -> dict[str, float]:
        """Return the cuts."""
        return {f"cut_{k}": cut for k, cut in enumerate(self.cuts, start=1)}


Map: TypeAlias = Line | Ranks | Steps
Method: TypeAlias = Callable[[FloatArray, Rule], Map]
