"""Benefit of the doubt: every organisation is weighed in the way that is best for it.

Data envelopment analysis with one unit of input: a score tells how near an organisation comes to
the best of all when both are weighed by the weights most favourable to the first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, check_weights, column_names, like_rows, refuse_columns

Table: TypeAlias = pd.DataFrame | npt.NDArray[Any]

PERTURBATION = 1e-9  # keeps vertices apart, so that no step of the simplex is empty
MOST_STEPS = 2_000


@dataclass(frozen=True, eq=False, slots=True)
class BenefitOfTheDoubt:
    """Scores, and the weights that each organisation would choose for itself.

    Attributes
    ----------
    scores : Series or ndarray, n
        0..1; 1 where nobody does better under the organisation's own weights.
    weights : DataFrame or ndarray, n × m
        Each organisation's weights, rows sum to 1, within the bounds.
    """

    scores: Any
    weights: Any

    def __repr__(self) -> str:
        """Return one line."""
        best = int((np.asarray(self.scores) > 1 - 1e-6).sum())
        return f"BenefitOfTheDoubt({len(self.scores)} organisations, {best} at 1)"


def benefit_of_the_doubt(
    x: Table,
    weights: pd.Series | npt.ArrayLike | None = None,
    *,
    leeway: float = 0.2,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> BenefitOfTheDoubt:
    """Score every organisation under the weights that suit it best, within bounds.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Scores of at least 0, more is better. NaN is refused.
    weights : Series or array, m, optional
        Weights the bounds lie around; equal by default.
    leeway : float
        How far a weight may move, as a share of itself: 0.2 lets a weight of 0.125 range over
        0.10..0.15. Not below 0.
    bounds : (low, high), optional
        Least and greatest weight instead, as numbers or m numbers each; (0, 1) leaves all free.

    Returns
    -------
    BenefitOfTheDoubt

    Raises
    ------
    MethodError
        For missing or negative scores, or bounds that no weights can meet.

    Notes
    -----
    ``score_i = max_u (u · x_i) / max_k (u · x_k)`` over ``low <= u <= high, sum(u) = 1``. The
    linear programmes of all organisations share their constraints and differ in the objective
    alone, so one simplex serves them together: organisations that stand at the same vertex and
    leave it by the same edge make one step.

    References
    ----------
    Melyn and Moesen (1991); Cherchye, Moesen, Rogge and Van Puyenbroeck (2007), Social Indicators
    Research 82, 111–145; OECD/JRC (2008), pp. 92–94.

    Examples
    --------
    >>> made = benefit_of_the_doubt(np.array([[1.0, 0.2], [0.4, 1.0], [0.5, 0.5]]), bounds=(0, 1))
    >>> made.scores.round(4)
    array([1.    , 1.    , 0.7609])
    """
    array, names = as_matrix(x), column_names(x)
    refuse_columns(
        array.min(axis=0) < 0,
        names,
        "scores must be at least 0 for benefit of the doubt, got negative ones in",
        "Normalise by minmax first.",
    )
    if not array.any():
        raise MethodError("benefit of the doubt needs a score above 0, got none. Check the scores.")
    low, high = _bounds(names, weights, leeway, bounds)
    scaled = array / array.max()
    if low.sum() > 1 - 1e-12:
        shares, vertex_of = (low / low.sum())[None, :], np.zeros(len(array), dtype=int)
    else:
        shares, vertex_of = _Simplex(scaled, low, high).solve()
    best = np.array([(scaled @ share).max() for share in shares])
    own = shares[vertex_of]
    scores = (scaled * own).sum(axis=1) / best[vertex_of]
    kept: Any = own
    if isinstance(x, pd.DataFrame):
        kept = pd.DataFrame(own, index=x.index, columns=x.columns)
    return BenefitOfTheDoubt(like_rows(x, np.minimum(scores, 1.0), "score"), kept)


def _bounds(
    names: list[Any],
    weights: pd.Series | npt.ArrayLike | None,
    leeway: float,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None,
) -> tuple[FloatArray, FloatArray]:
    m = len(names)
    if bounds is None:
        if not leeway >= 0:
            raise MethodError(
                f"leeway must be at least 0, got {leeway!r}. Give a share such as 0.2."
            )
        centre = np.full(m, 1 / m) if weights is None else check_weights(weights, names)
        low, high = np.maximum(centre * (1 - leeway), 0.0), np.minimum(centre * (1 + leeway), 1.0)
    else:
        low, high = (np.broadcast_to(np.asarray(b, dtype=float), m).copy() for b in bounds)
    refuse_columns(
        ~((low >= 0) & (low <= high)),
        names,
        "bounds must satisfy 0 <= low <= high, got others for",
        "Correct them.",
    )
    if low.sum() > 1 + 1e-9 or high.sum() < 1 - 1e-9:
        raise MethodError(
            "bounds must let weights sum to 1, got sums of "
            f"{low.sum():.6g} (low) and {high.sum():.6g} (high). Widen them."
        )
    return low, high


class _Simplex:
    """Linear programmes with common constraints ``rows @ w <= limits`` and many objectives."""

    def __init__(self, x: FloatArray, low: FloatArray, high: FloatArray) -> None:
        m = x.shape[1]
        self.x = x
        # Upper bounds that follow from the lower bounds of the others are left out.
        upper = np.flatnonzero(high < 1 - (low.sum() - low) - 1e-12)
        at_least = low[:, None] - np.eye(m)
        at_most = np.eye(m)[upper] - high[upper, None]
        self.rows = np.vstack([x, at_least, at_most])
        self.limits = np.concatenate([np.ones(len(x)), np.zeros(m + len(upper))])
        jitter = np.random.default_rng(0).random(len(self.limits))
        self.perturbed = self.limits + PERTURBATION * (0.5 + jitter)
        self.start = self._first_basis(low, high, upper)
        self.steps: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}

    def _first_basis(
        self, low: FloatArray, high: FloatArray, upper: npt.NDArray[Any]
    ) -> tuple[int, ...]:
        """Fill weights from the first column on: all but one of them lie at a bound."""
        n, m = self.x.shape
        weights, rest = low.copy(), 1 - low.sum()
        place = {int(j): n + m + k for k, j in enumerate(upper)}
        basis = [n + j for j in range(m)]
        for j in range(m):
            room = high[j] - low[j] if j in place else np.inf
            weights[j] += min(room, rest)
            if rest <= room:
                basis[j] = int((self.x @ weights).argmax())
                break
            rest -= room
            basis[j] = place[j]
        return tuple(sorted(basis))

    def solve(self) -> tuple[FloatArray, npt.NDArray[Any]]:
        """Return the weights at the vertices that are best for somebody, and each one's vertex."""
        waiting = {self.start: np.arange(len(self.x))}
        shares: list[FloatArray] = []
        vertex_of = np.zeros(len(self.x), dtype=int)
        for _ in range(MOST_STEPS):
            moved: defaultdict[tuple[int, ...], list[npt.NDArray[Any]]] = defaultdict(list)
            for basis, members in waiting.items():
                inverse = np.linalg.inv(self.rows[list(basis)])
                prices = self.x[members] @ inverse
                leaving = prices.argmin(axis=1)
                is_best = prices[np.arange(len(members)), leaving] >= -1e-9
                if is_best.any():
                    vertex_of[members[is_best]] = len(shares)
                    w = np.maximum(inverse @ self.limits[list(basis)], 0.0)
                    shares.append(w / w.sum())
                for r in np.unique(leaving[~is_best]):
                    step = basis, int(r)
                    if step not in self.steps:
                        self.steps[step] = self._next_basis(basis, int(r), inverse)
                    moved[self.steps[step]].append(members[~is_best & (leaving == r)])
            if not moved:
                return np.array(shares), vertex_of
            waiting = {basis: np.concatenate(parts) for basis, parts in moved.items()}
        raise MethodError(
            f"benefit of the doubt must be solved within {MOST_STEPS} steps, got more. "
            "Drop indicators that repeat each other."
        )

    def _next_basis(self, basis: tuple[int, ...], r: int, inverse: FloatArray) -> tuple[int, ...]:
        """Walk along the edge that leaves the r-th constraint up to the next one."""
        towards = self.rows @ -inverse[:, r]
        slack = self.perturbed - self.rows @ (inverse @ self.perturbed[list(basis)])
        ahead = np.flatnonzero(towards > 1e-11)
        ahead = ahead[~np.isin(ahead, basis)]
        entering = int(ahead[(np.maximum(slack[ahead], 0.0) / towards[ahead]).argmin()])
        return tuple(sorted((*basis[:r], *basis[r + 1 :], entering)))
