"""What is known about true values behind noisy ones: normal, or a mixture over a grid of cells.

Both kinds answer the same questions (`Posterior`), so that ranks and probabilities need not know
how the values were shrunken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.special import ndtr, ndtri
from threadpoolctl import threadpool_limits

from ..errors import MethodError
from .guards import BLOCK_CELLS, FloatArray

IntArray: TypeAlias = npt.NDArray[np.intp]

CELLS: Final = 300  # cells of the grid on which a free prior lives
MOST_TOLD_APART: Final = 4096  # from so many values on, like ones are taken together
NET: Final = (17, 513)  # errors × values at which answers for very many are worked out
MOST_STEPS: Final = 2000
CLOSE: Final = 1e-3  # the gap at which the fit of a free prior ends
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)


class Posterior(Protocol):
    """What is known about n true values."""

    @property
    def mean(self) -> FloatArray:
        """Their means, n."""

    @property
    def sd(self) -> FloatArray:
        """Their standard deviations, n."""

    def below(self, cut: float) -> FloatArray:
        """Return the probability that each true value lies below a cut, n."""

    def average_below(self, cuts: FloatArray) -> FloatArray:
        """Return the expected share of true values below each of some cuts."""

    def quantile(self, p: float) -> FloatArray:
        """Return the p-quantile of each true value, n."""

    def expected(self, points: FloatArray, heights: FloatArray) -> FloatArray:
        """Return the expectation of a function drawn through some points, for each true value."""

    def draw(self, size: int, random: np.random.Generator) -> FloatArray:
        """Draw true values, size × n."""


@dataclass(frozen=True, eq=False, slots=True)
class NormalPosterior:
    """True values that are normal, each by itself; an sd of 0 is a value that is known."""

    mean: FloatArray
    sd: FloatArray

    def below(self, cut: float) -> FloatArray:
        """Return the probability that each true value lies below a cut, n."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found: FloatArray = ndtr((cut - self.mean) / self.sd)
        return found

    def average_below(self, cuts: FloatArray) -> FloatArray:
        """Return the expected share of true values below each of some cuts."""
        mean, sd, count = compressed(self.mean, self.sd)
        share: FloatArray = np.empty(len(cuts))
        for rows in _blocks(len(cuts), len(mean)):
            with np.errstate(divide="ignore", invalid="ignore"):
                share[rows] = ndtr((cuts[rows, None] - mean) / sd) @ count
        share /= count.sum()
        return share

    def quantile(self, p: float) -> FloatArray:
        """Return the p-quantile of each true value, n."""
        found: FloatArray = self.mean + self.sd * ndtri(p)
        return found

    def expected(self, points: FloatArray, heights: FloatArray) -> FloatArray:
        """Return the expectation of a function drawn through some points, for each true value."""
        total = np.zeros(len(self.mean))
        for node, weight in zip(NODES, NODE_WEIGHTS / NODE_WEIGHTS.sum(), strict=True):
            total += weight * np.interp(self.mean + node * self.sd, points, heights)
        return total

    def draw(self, size: int, random: np.random.Generator) -> FloatArray:
        """Draw true values, size × n."""
        return self.mean + self.sd * random.standard_normal((size, len(self.mean)))


@dataclass(frozen=True, eq=False, slots=True)
class Net:
    """Values and errors at which answers are worked out, and the way from there to every value.

    Attributes
    ----------
    mass : ndarray of float, nodes × cells
        Share of the posterior in each cell, for each node of the net.
    between : sparse array, n × nodes
        How much each node counts for each value: bilinear in value and error.
    """

    mass: FloatArray
    between: csr_array

    @classmethod
    def spread(
        cls,
        y: FloatArray,
        s: FloatArray,
        mass: Callable[[FloatArray, FloatArray], FloatArray],
    ) -> Net:
        """Spread a net over values and errors."""
        spreads = np.unique(np.quantile(s, np.linspace(0, 1, NET[0])))
        places = np.linspace(y.min(), y.max(), NET[1])
        error, value = (grid.ravel() for grid in np.meshgrid(spreads, places, indexing="ij"))
        row, up = _placed(s, spreads)
        column, right = _placed(y, places)
        corner = row * len(places) + column
        # Where all errors are the same the net has one row, and no next one counts.
        next_row = len(places) if len(spreads) > 1 else 0
        nodes = np.column_stack([corner, corner + 1, corner + next_row, corner + next_row + 1])
        shares = [(1 - up) * (1 - right), (1 - up) * right, up * (1 - right), up * right]
        where = nodes.ravel(), np.arange(0, 4 * len(y) + 1, 4)
        between = csr_array((np.column_stack(shares).ravel(), *where), shape=(len(y), len(value)))
        return cls(mass(value, error), between)

    def drawn(self, answer: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Work out an answer at the nodes, and draw it through between."""
        found: FloatArray = self.between @ answer(self.mass)
        return found


@dataclass(frozen=True, eq=False, slots=True)
class MixedPosterior:
    """True values under a free prior: a share of the prior in every cell of a grid.

    Attributes
    ----------
    mean, sd : ndarray of float, n
    values, errors : ndarray of float, n
        What was observed.
    edges : ndarray of float, cells + 1
        Ends of the cells, in which the prior's density is constant.
    weights : ndarray of float, cells
        The prior: share of the true values in each cell.
    gap : float
        How far the fit is from the best prior: at most this much log-likelihood per value.
    net : Net or None
        For very many values: where the answers are worked out that are drawn through between.
    """

    mean: FloatArray
    sd: FloatArray
    values: FloatArray
    errors: FloatArray
    edges: FloatArray
    weights: FloatArray
    gap: float
    net: Net | None = None

    @property
    def middles(self) -> FloatArray:
        """The middles of the cells."""
        found: FloatArray = (self.edges[1:] + self.edges[:-1]) / 2
        return found

    @property
    def variance(self) -> float:
        """The variance of the true values under the prior."""
        return float(_variance(self.middles, self.weights, self.edges))

    def below(self, cut: float) -> FloatArray:
        """Return the probability that each true value lies below a cut, n."""
        part = np.clip((cut - self.edges[:-1]) / np.diff(self.edges), 0.0, 1.0)
        return np.minimum(self._rows(lambda mass: mass @ part), 1.0)

    def average_below(self, cuts: FloatArray) -> FloatArray:
        """Return the expected share of true values below each of some cuts."""
        value, error, count = compressed(self.values, self.errors)
        total = np.zeros(len(self.weights))
        for rows in _blocks(len(value), len(self.weights)):
            total += count[rows] @ self._mass(value[rows], error[rows])
        share = np.concatenate([[0.0], np.cumsum(total / len(self.values))])
        found: FloatArray = np.interp(cuts, self.edges, share)
        return found

    def quantile(self, p: float) -> FloatArray:
        """Return the p-quantile of each true value, n."""
        return self._rows(lambda mass: self._inverse(mass, np.full((1, len(mass)), p))[0])

    def expected(self, points: FloatArray, heights: FloatArray) -> FloatArray:
        """Return the expectation of a function drawn through some points, for each true value."""
        at = np.interp(self.middles, points, heights)
        return self._rows(lambda mass: mass @ at)

    def draw(self, size: int, random: np.random.Generator) -> FloatArray:
        """Draw true values, size × n."""
        return self._inverse(
            self._mass(self.values, self.errors), random.random((size, len(self.values)))
        )

    def _mass(self, y: FloatArray, s: FloatArray) -> FloatArray:
        return _posterior_mass(y, s, self.middles, self.weights, self.edges)

    def _rows(self, answer: Callable[[FloatArray], FloatArray]) -> FloatArray:
        if self.net is not None:
            return self.net.drawn(answer)
        found = np.empty(len(self.values))
        for rows in _blocks(len(found), len(self.weights)):
            found[rows] = answer(self._mass(self.values[rows], self.errors[rows]))
        return found

    def _inverse(self, mass: FloatArray, p: FloatArray) -> FloatArray:
        """Return quantiles: row k of ``p`` asks one of every row of ``mass``."""
        n, cells = mass.shape
        share = np.cumsum(mass, axis=1)
        share /= share[:, -1:]
        # Row i of the cumulated shares is lifted by i, so that one sorted list serves all rows.
        flat = (share + np.arange(n)[:, None]).ravel()
        cell = np.searchsorted(flat, p + np.arange(n)) - np.arange(n) * cells
        cell = np.clip(cell, 0, cells - 1)
        row = np.arange(n)[None, :]
        own = np.maximum(mass[row, cell], np.finfo(float).tiny)
        inside = np.clip(1 - (share[row, cell] - p) / own, 0.0, 1.0)
        found: FloatArray = self.edges[cell] + inside * np.diff(self.edges)[cell]
        return found


def mixed_posterior(y: FloatArray, s: FloatArray, *, cells: int = CELLS) -> MixedPosterior:
    """Fit a free prior to values with standard errors and return what it says about each.

    Parameters
    ----------
    y, s : ndarray of float, n
        Values and their standard errors, positive, without NaN.
    cells : int
        Cells of the grid between the smallest and the largest value.

    Returns
    -------
    MixedPosterior

    Raises
    ------
    MethodError
        Where all values are equal.

    Notes
    -----
    Nonparametric maximum likelihood: the weights w of the cells maximise Σ_i ln Σ_k w_k L_ik with
    L_ik the density N(y_i; c_k, s_i² + h²/12) for cells of width h around c_k. EM steps
    w_k ← w_k mean_i (L_ik / Σ_l w_l L_il) are taken until no cell would gain:
    max_k mean_i (L_ik / Σ_l w_l L_il) − 1 ≤ 0.001. From 4,096 values on, like ones are taken
    together for the fit (16 classes of standard errors × 256 of values); from 8,192 on, answers are
    worked out at 17 standard errors × 513 values and drawn through between (probabilities then
    within 0.008).

    References
    ----------
    Kiefer, J. & Wolfowitz, J. (1956). Annals of Mathematical Statistics 27: 887–906. Koenker, R. &
    Mizera, I. (2014). Convex optimization, shape constraints, and compound decisions. JASA 109:
    674–685.

    Examples
    --------
    >>> draw = np.random.default_rng(0)
    >>> truth = np.repeat([60.0, 80.0], [20, 180])
    >>> made = mixed_posterior(truth + draw.normal(size=200) * 3, np.full(200, 3.0))
    >>> round(float(made.average_below(np.array([70.0]))[0]), 2)
    0.1
    """
    low, high = float(y.min()), float(y.max())
    if low == high:
        raise MethodError(
            f"values must differ for a free prior, got {low:g} only. Use the normal prior."
        )
    edges = np.linspace(low, high, cells + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    value, error, count = compressed(y, s)
    # Half the digits: a step is as fast as memory is read, and its end is asked for to 0.001.
    density = _density(value, error, middles, edges).astype(np.float32)
    share = (count / count.sum()).astype(np.float32)
    weights = np.full(cells, 1 / cells)
    gap = np.inf
    # To share products as small as these among the cores takes longer than the products.
    with threadpool_limits(1, "blas"):
        for _ in range(MOST_STEPS):
            gain = (share / (density @ weights.astype(np.float32))) @ density
            gap = float(gain.max()) - 1
            weights *= gain
            if gap <= CLOSE:
                break
    weights /= weights.sum()

    net = None
    if len(y) > MOST_TOLD_APART * 2:
        net = Net.spread(y, s, lambda y, s: _posterior_mass(y, s, middles, weights, edges))
    unknown = np.empty(0)
    made = MixedPosterior(unknown, unknown, y, s, edges, weights, gap, net)
    mean = made._rows(lambda mass: mass @ middles)
    second = made._rows(lambda mass: mass @ middles**2)
    sd = np.sqrt(np.maximum(second - mean**2, 0.0) + (edges[1] - edges[0]) ** 2 / 12)
    return replace(made, mean=mean, sd=sd)


def compressed(x: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return values and their spreads, and how many each stands for; like ones together.

    Up to 4,096 values stay as they are. More are put into 16 classes of spread with as many values
    each, and into 256 equally wide classes of values; each cell is told by its means.
    """
    if len(x) <= MOST_TOLD_APART:
        return x, s, np.ones(len(x))
    cuts = np.unique(np.quantile(s, np.arange(1, 16) / 16))
    low, high = x.min(), x.max()
    scaled = (x - low) * (256 / max(high - low, np.finfo(float).tiny))
    cell = np.searchsorted(cuts, s) * 257 + scaled.astype(np.intp)
    count = np.bincount(cell).astype(float)
    held = count > 0
    means = [(np.bincount(cell, weights=each)[held] / count[held]) for each in (x, s)]
    return means[0], means[1], count[held]


def _density(y: FloatArray, s: FloatArray, middles: FloatArray, edges: FloatArray) -> FloatArray:
    """Return how likely each value is in each cell, every row divided by its largest."""
    variance = s**2 + (edges[1] - edges[0]) ** 2 / 12
    power: Any = (y[:, None] - middles) ** 2
    power *= (-0.5 / variance)[:, None]
    power -= power.max(axis=1, keepdims=True)
    found: FloatArray = np.exp(power, out=power)
    return found


def _posterior_mass(
    y: FloatArray, s: FloatArray, middles: FloatArray, weights: FloatArray, edges: FloatArray
) -> FloatArray:
    mass = _density(y, s, middles, edges)
    mass *= weights
    # A value that the prior thinks impossible at machine precision keeps the nearest cell it has.
    lost = mass.sum(axis=1) == 0
    if lost.any():
        held = np.flatnonzero(weights)
        nearest = held[np.abs(y[lost, None] - middles[held]).argmin(axis=1)]
        mass[np.flatnonzero(lost), nearest] = 1.0
    mass /= mass.sum(axis=1, keepdims=True)
    return mass


def _placed(x: FloatArray, nodes: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return for each number the node before it, and how far it is on the way to the next."""
    before = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, max(len(nodes) - 2, 0))
    if len(nodes) == 1:
        return before, np.zeros(len(x))
    return before, (x - nodes[before]) / np.diff(nodes)[before]


def _variance(middles: FloatArray, weights: FloatArray, edges: FloatArray) -> float:
    mean = weights @ middles
    return float(weights @ (middles - mean) ** 2 + (edges[1] - edges[0]) ** 2 / 12)


def _blocks(rows: int, columns: int) -> list[slice]:
    size = max(1, BLOCK_CELLS // max(columns, 1))
    return [slice(start, start + size) for start in range(0, rows, size)]
