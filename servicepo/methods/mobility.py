"""How much movement a transition matrix holds, beside what noise alone would show."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from ..errors import MethodError
from .guards import FloatArray, as_vector, listed
from .intervals import normal_quantile
from .transitions import refuse_not_square

INDICES: Final = ("prais", "determinant", "second_eigenvalue", "leaving", "distance")
NODES: Final = 64  # of the quadrature; its error is below 1e-5


class Homogeneity(NamedTuple):
    """Answer of `homogeneity_test`.

    Attributes
    ----------
    likelihood_ratio : float
        LR statistic.
    likelihood_ratio_p : float
        Its p-value, from the chi-square distribution.
    chi_square : float
        Pearson's Q.
    chi_square_p : float
        Its p-value.
    degrees_of_freedom : int
        Σ over states of (classes that start there − 1)(states moved to − 1).
    least_expected : float
        The smallest number of moves expected in a cell; below about 5 the p-values are rough.
    """

    likelihood_ratio: float
    likelihood_ratio_p: float
    chi_square: float
    chi_square_p: float
    degrees_of_freedom: int
    least_expected: float


def homogeneity_test(counts: pd.DataFrame) -> Homogeneity:
    """Test whether classes (domains, periods, kinds of neighbours) move alike.

    Parameters
    ----------
    counts : DataFrame of int, (classes · k) × k
        Rows (class, before), columns after, as `transitions.transition_matrices` gives.

    Returns
    -------
    Homogeneity

    Raises
    ------
    MethodError
        For fewer than 2 classes with moves, or moves that leave nothing to test.

    Notes
    -----
    With p_ij from all classes together: LR = 2 Σ n_ij(s) ln(p_ij(s) / p_ij),
    Q = Σ n_i(s) (p_ij(s) − p_ij)² / p_ij, over cells with p_ij > 0.

    References
    ----------
    Anderson, T. W. & Goodman, L. A. (1957). Statistical inference about Markov chains. Annals of
    Mathematical Statistics 28: 89–110. Bickenbach, F. & Bode, E. (2003). Evaluating the Markov
    property in studies of economic convergence. International Regional Science Review 26: 363–392.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([["rural", "organs"], ["low", "high"]])
    >>> counts = pd.DataFrame([[8, 2], [1, 9], [5, 5], [3, 7]], rows, ["low", "high"])
    >>> made = homogeneity_test(counts)
    >>> round(made.chi_square, 3), made.degrees_of_freedom, round(made.chi_square_p, 3)
    (3.228, 2, 0.199)
    """
    names = counts.index.get_level_values(0).unique()
    n = np.stack([counts.loc[name].to_numpy(dtype=float) for name in names])
    moving = n.sum(axis=(1, 2)) > 0
    if moving.sum() < 2:
        raise MethodError(
            "at least 2 classes must have moves to be compared, got "
            f"{listed(names[moving]) or 'none'}. Add classes or periods."
        )
    starts = n.sum(axis=2, keepdims=True)
    together = n.sum(axis=0)
    rows = together.sum(axis=1, keepdims=True)
    p = np.divide(together, rows, out=np.zeros_like(together), where=rows > 0)
    expected = starts * p
    real = expected > 0
    likelihood = 2 * float((n[n > 0] * np.log(n[n > 0] / expected[n > 0])).sum())
    chi_square = float((((n - expected)[real]) ** 2 / expected[real]).sum())
    classes = (starts[:, :, 0] > 0).sum(axis=0)
    targets = (together > 0).sum(axis=1)
    freedom = int(((classes - 1) * (targets - 1))[rows[:, 0] > 0].sum())
    if freedom == 0:
        raise MethodError(
            "classes must share states that are left in more than one way, got none. "
            "Merge states or add periods."
        )
    likelihood = max(0.0, likelihood)  # rounding may leave -1e-15
    return Homogeneity(
        likelihood,
        float(chdtrc(freedom, likelihood)),
        chi_square,
        float(chdtrc(freedom, chi_square)),
        freedom,
        float(expected[real].min()),
    )


def mobility_indices(
    counts: pd.DataFrame,
    *,
    start: npt.ArrayLike | None = None,
    reliability: float | None = None,
    draws: int = 0,
    confidence: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """Sum up how mobile the organisations are, each index beside what noise alone would give.

    Parameters
    ----------
    counts : DataFrame of int, k × k
        As `transitions.transition_matrix` gives, the states in their order; moves start from each.
    start : array of float, k, optional
        Shares of the states for the last two indices; by default those of the moves' starts.
    reliability : float, optional
        Share of the variance of the scores behind the states that is real, above 0 and at most 1.
        Without it the noise is not known.
    draws : int
        Samples of the Dirichlet posterior (Jeffreys' prior) for the intervals; 0 gives none.
    confidence : float
        Level of the intervals.
    seed : int, Generator or None
        For the draws.

    Returns
    -------
    DataFrame
        Indexed by index: ``prais`` (k − tr P)/(k − 1), the chance to leave a state on average;
        ``determinant`` 1 − |det P|; ``second_eigenvalue`` 1 − |λ₂|, the speed at which the start is
        forgotten; ``leaving`` (Bartholomew) k/(k − 1) · Σ π_i (1 − p_ii); ``distance``
        (Bartholomew) Σ π_i p_ij |i − j| / (k − 1). Columns: ``value``; ``noise``, the same index of
        `noise_transitions` (NaN where the reliability is not known); ``low``, ``high`` (NaN without
        draws).

    Raises
    ------
    MethodError
        For a state from which no move starts, one state only, other shares or another reliability.

    References
    ----------
    Shorrocks, A. F. (1978). The measurement of mobility. Econometrica 46: 1013–1024. Formby, J. P.,
    Smith, W. J. & Zheng, B. (2004). Mobility measurement, transition matrices and statistical
    inference. Journal of Econometrics 120: 181–205.

    Examples
    --------
    >>> counts = pd.DataFrame([[8, 2], [3, 7]], index=["low", "high"], columns=["low", "high"])
    >>> mobility_indices(counts, reliability=0.8)[["value", "noise"]].round(3)
                       value  noise
    index
    prais               0.50  0.416
    determinant         0.50  0.416
    second_eigenvalue   0.50  0.416
    leaving             0.50  0.416
    distance            0.25  0.208
    """
    refuse_not_square(counts)
    n = counts.to_numpy(dtype=float)
    k = len(n)
    idle = counts.index[n.sum(axis=1) == 0]
    if k < 2 or len(idle):
        got = f"no move from {listed(idle)}" if len(idle) else f"{k} state"
        raise MethodError(
            f"mobility needs at least 2 states with moves from each, got {got}. "
            "Merge a state nobody started from with its neighbour."
        )
    shares = _shares(start, k) if start is not None else n.sum(axis=1) / n.sum()
    table = pd.DataFrame(index=pd.Index(INDICES, name="index"))
    table["value"] = _indices((n / n.sum(axis=1, keepdims=True))[None], shares)[0]
    table["noise"] = np.nan
    if reliability is not None:
        moved = n.sum(axis=0) / n.sum()
        baseline = noise_transitions(reliability, n.sum(axis=1) / n.sum(), moved)
        table["noise"] = _indices(baseline.to_numpy()[None], shares)[0]
    table["low"], table["high"] = np.nan, np.nan
    if draws:
        gammas = np.random.default_rng(seed).gamma(n + 0.5, size=(draws, k, k))
        drawn = _indices(gammas / gammas.sum(axis=2, keepdims=True), shares)
        tail = float(ndtr(-normal_quantile(confidence)))
        table["low"], table["high"] = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return table


def noise_transitions(
    reliability: float, before: npt.ArrayLike, after: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Give the transition matrix that noise alone would show, with no real movement at all.

    Parameters
    ----------
    reliability : float
        Share ρ of the variance of the scores that is real, above 0 and at most 1.
    before, after : array of float, k
        Shares of the states from the lowest, above 0 with sum 1: of the quantiles [0.2] * 5, of
        grades what was given. ``after`` is ``before`` by default.

    Returns
    -------
    DataFrame of float, k × k
        Probabilities from the row's state to the column's; rows sum to 1.

    Raises
    ------
    MethodError
        For another reliability or shares.

    Notes
    -----
    Scores of two periods are y = θ + e with the same θ and independent normal e, so that they are
    bivariate normal with correlation ρ. States are cut where the shares say. With ρ = .8, fifths
    give .65, .36, .32, .36, .65 on the diagonal: a third of the middle stays, although nobody has
    moved.

    Examples
    --------
    >>> np.diag(noise_transitions(0.8, [0.2] * 5)).round(2).tolist()
    [0.65, 0.36, 0.32, 0.36, 0.65]
    """
    if not 0 < reliability <= 1:
        raise MethodError(
            f"reliability must lie above 0 and be at most 1, got {reliability!r}. Give 0.8 where a "
            "fifth of the variance is noise."
        )
    own = _shares(before, np.size(before))
    next_own = own if after is None else _shares(after, len(own))
    ends = np.clip(np.cumsum(own), 0, 1)
    cuts = ndtri(np.clip(np.cumsum(next_own)[:-1], 0, 1))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    # Scores at even steps of their probability inside each state, so the ends need no infinity.
    p = (ends - own)[:, None] + own[:, None] * (nodes + 1) / 2
    z = ndtri(p)
    if reliability == 1:
        below = (z[:, :, None] <= cuts).astype(float)
    else:
        scale = np.sqrt(1 - reliability**2)
        below = ndtr((cuts - reliability * z[:, :, None]) / scale)
    reached = np.einsum("q,iqj->ij", weights / 2, below)
    table = np.diff(reached, axis=1, prepend=0.0, append=1.0)
    return pd.DataFrame(table).rename_axis(index="before", columns="after")


def _indices(p: FloatArray, shares: FloatArray) -> FloatArray:
    """Return the indices of matrices of probabilities, draws × k × k → draws × 5."""
    k = p.shape[-1]
    stays = np.diagonal(p, axis1=1, axis2=2)
    sizes = np.sort(np.abs(np.linalg.eigvals(p)), axis=1)
    far = np.abs(np.subtract.outer(np.arange(k), np.arange(k)))
    return np.stack(
        [
            (k - stays.sum(axis=1)) / (k - 1),
            1 - np.abs(np.linalg.det(p)),
            1 - sizes[:, -2],
            k / (k - 1) * ((1 - stays) @ shares),
            (p * far).sum(axis=2) @ shares / (k - 1),
        ],
        axis=1,
    )


def _shares(shares: npt.ArrayLike, k: int) -> FloatArray:
    array = as_vector(shares, what="shares")
    if len(array) != k or (array < 0).any() or not np.isclose(array.sum(), 1):
        raise MethodError(
            f"shares of the states must be {k} numbers of at least 0 with sum 1, got "
            f"{len(array)} with sum {array.sum():.6g}. Divide them by their sum."
        )
    return array
