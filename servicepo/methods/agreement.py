"""Agreement of those who score (评价一致性): intraclass correlation, Krippendorff's α, Kendall's W.

Rows are organisations, columns are raters or sources. The three answer different questions: the
intraclass correlation compares differences between organisations with differences between raters,
α compares disagreement with what chance would give and allows missing scores, W asks only whether
the order is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, fdtrc, fdtri

from ..errors import MethodError
from .guards import FloatArray, as_matrix, choose, row_blocks

ICC_FORMS: Final = MappingProxyType(
    {
        "ICC(1)": "ICC(1,1)",
        "ICC(A,1)": "ICC(2,1)",
        "ICC(C,1)": "ICC(3,1)",
        "ICC(k)": "ICC(1,k)",
        "ICC(A,k)": "ICC(2,k)",
        "ICC(C,k)": "ICC(3,k)",
    }
)
"""McGraw and Wong's names of the six forms -> Shrout and Fleiss's names."""

LEVELS: Final = MappingProxyType({"nominal": 0, "ordinal": 1, "interval": 2, "ratio": 3})
"""Levels of measurement that Krippendorff's α knows."""


@dataclass(frozen=True, slots=True)
class KendallW:
    """Kendall's coefficient of concordance.

    Attributes
    ----------
    w : float
        0 (no common order) .. 1 (one and the same order), corrected for ties.
    chi_square, degrees_of_freedom, p_value : float, int, float
        Test of W = 0.
    """

    w: float
    chi_square: float
    degrees_of_freedom: int
    p_value: float

    def __repr__(self) -> str:
        return f"KendallW({self.w:.3f}, p {self.p_value:.3g})"


def icc(ratings: pd.DataFrame | FloatArray, *, confidence: float = 0.95) -> pd.DataFrame:
    """Intraclass correlations of raters, all six forms.

    Parameters
    ----------
    ratings : DataFrame or array, organisations × raters
        Scores on one scale; at least 2 each way. NaN is refused: which form is right for incomplete
        tables depends on who scored whom (see `methods.raters`).
    confidence : float
        Level of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        Indexed by ``form`` (McGraw and Wong's names): ``shrout_fleiss`` (the other name),
        ``value``, ``low``, ``high``, ``f``, ``df1``, ``df2``, ``p_value`` (of F, for a correlation
        of 0).

        - ICC(1): every organisation has raters of its own;
        - ICC(A,1): the same raters for all, and it matters who is strict (absolute agreement);
        - ICC(C,1): the same raters for all, their severity does not matter (consistency);
        - with k: of the mean of the k raters.

    Raises
    ------
    MethodError
        For missing or infinite scores, fewer than 2 organisations or raters, scores that do not
        vary at all, or a confidence outside 0..1.

    Notes
    -----
    With the mean squares between organisations (MSR), within them (MSW), between raters (MSC) and
    of the rest (MSE): ICC(1) = (MSR − MSW) / (MSR + (k−1) MSW); ICC(C,1) = (MSR − MSE) / (MSR +
    (k−1) MSE); ICC(A,1) = (MSR − MSE) / (MSR + (k−1) MSE + k (MSC − MSE) / n). The forms with k are
    k r / (1 + (k−1) r). A value below 0 means less agreement than chance and is given as it is.
    Intervals of ICC(A,·) by Satterthwaite's degrees of freedom.

    References
    ----------
    Shrout, P. E. & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater
    reliability. Psychological Bulletin 86: 420–428. McGraw, K. O. & Wong, S. P. (1996). Forming
    inferences about some intraclass correlation coefficients. Psychological Methods 1: 30–46,
    tables 4 and 7.

    Examples
    --------
    >>> found = icc([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9],
    ...              [6, 2, 4, 7]])
    >>> found["value"].round(3).tolist()
    [0.166, 0.29, 0.715, 0.443, 0.62, 0.909]
    """
    x = as_matrix(ratings, what="ratings", least=2)
    n, k = x.shape
    _refuse_few_raters(k)
    if not 0 < confidence < 1:
        raise MethodError(f"confidence must lie between 0 and 1, got {confidence!r}. Give 0.95.")
    if not np.ptp(x) > 0:
        raise MethodError(
            "scores must vary for an intraclass correlation, got one single score. "
            "Compare scores that tell organisations apart."
        )
    rest = n - 1, (n - 1) * (k - 1)
    between, raters, residual, within = _mean_squares(x)
    tail = (1 + confidence) / 2
    one = _one_way(between, within, k, (n - 1, n * (k - 1)), tail)
    agreed = _agreement(between, raters, residual, x.shape, tail)
    consistent = _one_way(between, residual, k, rest, tail)
    singles = np.array([one, agreed, consistent])
    with np.errstate(divide="ignore", invalid="ignore"):
        several = k * singles / (1 + (k - 1) * singles)
        f = np.divide(between, [within, residual, residual])
    table = pd.DataFrame(
        np.vstack([singles, several]),
        index=pd.Index(list(ICC_FORMS), name="form"),
        columns=["value", "low", "high"],
    )
    table.insert(0, "shrout_fleiss", list(ICC_FORMS.values()))
    table["f"], table["df1"] = np.tile(f, 2), n - 1
    table["df2"] = np.tile([n * (k - 1), rest[1], rest[1]], 2)
    table["p_value"] = fdtrc(table["df1"], table["df2"], table["f"])
    return table


def krippendorff_alpha(ratings: pd.DataFrame | FloatArray, *, level: str = "interval") -> float:
    """Krippendorff's α: one minus the observed over the expected disagreement.

    Parameters
    ----------
    ratings : DataFrame or array, organisations × raters
        Scores, or categories (text too) for "nominal". NaN is a missing score; an organisation with
        fewer than 2 scores has nothing to compare and takes no part.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Level of measurement: what the distance between two scores c and k is.

    Returns
    -------
    float
        1: perfect agreement; 0: what chance would give; below 0: less than that.

    Raises
    ------
    MethodError
        For another level, no organisation with 2 scores, scores that are all the same (α is then
        not defined), and negative scores on a ratio scale.

    Notes
    -----
    δ² is [c ≠ k] for nominal, (c − k)² for interval, ((c − k) / (c + k))² for ratio, and the square
    of the difference of mean ranks among all scores that have a partner for ordinal. With m_u
    scores of organisation u and n of all: D_o = (1/n) Σ_u Σ_{i≠j} δ²(x_ui, x_uj) / (m_u − 1) and
    D_e = Σ_{i≠j} δ²(x_i, x_j) / (n (n − 1)) over all scores. Exact in one sort, except "ratio",
    which compares every distinct score with every other.

    References
    ----------
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of
    Pennsylvania, Annenberg School for Communication.

    Examples
    --------
    >>> scores = pd.DataFrame({"甲": [80, 70, 90, 60], "乙": [82, 70, np.nan, 65]})
    >>> round(krippendorff_alpha(scores), 3)
    0.933
    """
    choose(level, LEVELS, "level")
    if level == "nominal":
        x = _codes_of(ratings)
    else:
        x = as_matrix(ratings, what="ratings", missing=True)
    _refuse_few_raters(x.shape[1])
    scored = (~np.isnan(x)).sum(axis=1)
    units = np.flatnonzero(scored >= 2)
    if not len(units):
        raise MethodError(
            "some organisation must have 2 scores to compare, got none. "
            "Bring together what different raters said of the same organisations."
        )
    x = x[units]
    unit = np.nonzero(~np.isnan(x))[0]
    values = x[~np.isnan(x)]
    if level == "ratio" and values.min() < 0:
        raise MethodError(
            f"scores on a ratio scale must be at least 0, got {values.min():g}. "
            'Use level="interval".'
        )
    if not np.ptp(values) > 0:
        raise MethodError(
            "scores must vary for Krippendorff's alpha, got one single score. "
            "Compare scores that tell organisations apart."
        )
    if level == "nominal":
        observed, expected = _nominal(values, unit)
    elif level == "ratio":
        observed, expected = _ratio(x, values)
    else:
        if level == "ordinal":
            values = np.asarray(pd.Series(values).rank(), dtype=float)
        observed, expected = _squares(values, unit)
    return float(1 - observed / expected)


def kendall_w(ratings: pd.DataFrame | FloatArray) -> KendallW:
    """Kendall's W: how far raters put organisations into one and the same order.

    Parameters
    ----------
    ratings : DataFrame or array, organisations × raters
        Scores; only their order within each rater counts, and severity does not matter. At least 2
        each way; NaN is refused.

    Returns
    -------
    KendallW

    Raises
    ------
    MethodError
        For missing scores, fewer than 2 organisations or raters, or raters who all score everybody
        the same.

    Notes
    -----
    ``W = 12 S / (m^2 (n^3 - n) - m sum T)`` over m raters and n organisations, S the squared
    deviations of the rank sums and ``T = sum(t^3 - t)`` over one rater's ties; chi-square is
    ``m (n - 1) W`` with n − 1 degrees of freedom (Friedman's test), an approximation that is rough
    for fewer than about 7 organisations.

    References
    ----------
    Kendall and Babington Smith (1939), Annals of Mathematical Statistics 10, 275–287.

    Examples
    --------
    >>> kendall_w([[5, 5, 4], [4, 3, 4], [1, 2, 2]])
    KendallW(0.939, p 0.0597)
    """
    x = as_matrix(ratings, what="ratings", least=2)
    n, m = x.shape
    _refuse_few_raters(m)
    ranks = pd.DataFrame(x).rank().to_numpy()
    sums = ranks.sum(axis=1)
    # Ties cost a rater's ranks sum(t^3 - t) / 12 of their squares.
    ties = 12 * (m * n * (n + 1) * (2 * n + 1) / 6 - (ranks**2).sum())
    most = m**2 * (n**3 - n) - m * ties
    if most <= 1e-9 * m**2 * n**3:
        raise MethodError(
            "somebody must tell what is scored apart, got one single score for all. Ask them again."
        )
    w = float(np.clip(12 * ((sums - sums.mean()) ** 2).sum() / most, 0.0, 1.0))
    chi_square = m * (n - 1) * w
    return KendallW(w, chi_square, n - 1, float(chdtrc(n - 1, chi_square)))


def _refuse_few_raters(k: int) -> None:
    if k < 2:
        raise MethodError(
            f"agreement must be between at least 2 raters, got {k}. Add the scores of another."
        )


def _mean_squares(x: FloatArray) -> tuple[float, float, float, float]:
    """Return the mean squares between rows, between columns, of the rest and within rows."""
    n, k = x.shape
    x = x - x.mean()
    rows, columns = x.mean(axis=1), x.mean(axis=0)
    sums = np.array([n * (columns**2).sum(), ((x - rows[:, None] - columns) ** 2).sum()])
    # Nothing but rounding is nothing.
    raters, residual = np.where(sums > 1e-24 * x.size * (x**2).sum(), sums, 0.0).tolist()
    return (
        k * float((rows**2).sum()) / (n - 1),
        raters / (k - 1),
        residual / ((n - 1) * (k - 1)),
        (raters + residual) / (n * (k - 1)),
    )


def _one_way(
    between: float, error: float, k: int, df: tuple[int, int], tail: float
) -> tuple[float, float, float]:
    """Return ICC(1) or ICC(C,1) with its interval: MSR against one kind of error."""
    if error == 0:
        return 1.0, 1.0, 1.0
    f = between / error
    low, high = f / fdtri(*df, tail), f * fdtri(*df[::-1], tail)
    return tuple(float(1 - k / (at + k - 1)) for at in (f, low, high))  # type: ignore[return-value]


def _agreement(
    between: float, raters: float, residual: float, shape: tuple[int, ...], tail: float
) -> tuple[float, float, float]:
    """Return ICC(A,1) with its interval."""
    n, k = shape
    if raters == 0 and residual == 0:
        return 1.0, 1.0, 1.0
    other = k * raters + (k * n - k - n) * residual
    value = n * (between - residual) / (other + n * between)
    # a MSC + b MSE, both times n (1 - ICC), so that nothing is divided by 0.
    own = k * value * raters
    rest = (n * (1 - value) + k * value * (n - 1)) * residual
    df = (own + rest) ** 2 / (own**2 / (k - 1) + rest**2 / ((n - 1) * (k - 1)))
    below, above = fdtri(n - 1, df, tail), fdtri(df, n - 1, tail)
    low = n * (between - below * residual) / (below * other + n * between)
    high = n * (above * between - residual) / (other + n * above * between)
    return float(value), float(low), float(high)


def _codes_of(ratings: pd.DataFrame | FloatArray) -> FloatArray:
    """Give categories numbers; NaN stays."""
    frame = pd.DataFrame(ratings)
    codes, _ = pd.factorize(frame.to_numpy(dtype=object).ravel())
    found: FloatArray = np.where(codes < 0, np.nan, codes).reshape(frame.shape)
    return found


def _nominal(values: FloatArray, unit: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Return how often two scores of one organisation, and any two scores, differ."""
    n = len(values)
    size = np.bincount(unit)
    cells, together = np.unique(np.column_stack([unit, values]), axis=0, return_counts=True)
    m = size[cells[:, 0].astype(int)]
    total = np.unique(values, return_counts=True)[1]
    observed = (together * (m - together) / (m - 1)).sum() / n
    return float(observed), float((total * (n - total)).sum() / (n * (n - 1)))


def _squares(values: FloatArray, unit: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Half the observed and expected squared differences, by sums of squares."""
    n = len(values)
    values = values - values.mean()
    m = np.bincount(unit)
    mean = np.bincount(unit, values) / m
    own = np.bincount(unit, (values - mean[unit]) ** 2)
    return float((own * m / (m - 1)).sum() / n), float((values**2).sum() / (n - 1))


def _ratio(x: FloatArray, values: FloatArray) -> tuple[float, float]:
    n = len(values)
    m = (~np.isnan(x)).sum(axis=1)
    own = np.zeros(len(x))
    for other in range(1, x.shape[1]):
        own += np.nansum(_relative(x, np.roll(x, other, axis=1)), axis=1)
    distinct, count = np.unique(values, return_counts=True)
    total = 0.0
    for rows in row_blocks(np.broadcast_to(distinct, (len(distinct),) * 2)):
        total += float(count[rows] @ _relative(distinct[rows, None], distinct) @ count)
    return float((own / (m - 1)).sum() / n), total / (n * (n - 1))


def _relative(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return ((a - b) / (a + b))²; two zeros do not differ."""
    total = a + b
    found: FloatArray = ((a - b) / np.where(total == 0, 1.0, total)) ** 2
    return found
