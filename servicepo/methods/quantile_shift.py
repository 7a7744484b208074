"""Where two distributions differ: at the bottom, in the middle, at the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betainc, ndtr

from ..errors import MethodError
from .guards import FloatArray, as_vector, choose
from .intervals import normal_quantile
from .resampling import resample

DECILES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def quantile_shift(
    x: pd.Series | npt.ArrayLike,
    y: pd.Series | npt.ArrayLike,
    *,
    quantiles: Sequence[float] = DECILES,
    estimator: str = "harrell_davis",
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """Compare two groups quantile by quantile (shift function).

    Parameters
    ----------
    x, y : Series or array of float
        Scores of two groups, at least 5 each, without NaN; not the same organisations twice.
    quantiles : sequence of float
        Between 0 and 1, ascending.
    estimator : {"harrell_davis", "plain"}
        A weighted mean of all values (steadier in small groups) or the interpolated order
        statistic.
    draws : int
        Bootstrap samples for the intervals and the band.
    confidence : float
        Level of both.
    seed : int, Generator or None
        For the draws.

    Returns
    -------
    DataFrame
        Indexed by ``quantile``: ``x``, ``y`` (the groups' quantiles), ``difference`` (y − x),
        ``low``, ``high`` (interval of each difference), ``band_low``, ``band_high`` (a band that
        holds all differences together with the given confidence).

    Raises
    ------
    MethodError
        For fewer than 5 values, quantiles outside 0..1, another estimator or confidence.

    Notes
    -----
    A difference that stays the same is a shift of the whole group; one that grows from the bottom
    to the top is a wider spread. Harrell–Davis: Σ w_i x_(i) with
    w_i = I(i/n) − I((i − 1)/n), I the distribution function of Beta((n + 1) q, (n + 1)(1 − q)).
    Intervals are percentiles of the differences of resampled groups. The band is difference ± c s
    with s the bootstrap standard error and c the quantile of the largest |deviation| / s.

    References
    ----------
    Doksum, K. (1974). Empirical probability plots and statistical inference for nonlinear models in
    the two-sample case. Annals of Statistics 2: 267–277. Harrell, F. E. & Davis, C. E. (1982). A
    new distribution-free quantile estimator. Biometrika 69: 635–640.

    Examples
    --------
    >>> made = quantile_shift(range(60, 80), range(65, 105, 2), quantiles=[0.25, 0.75], seed=0)
    >>> made[["x", "y", "difference"]].round(1)
                 x     y  difference
    quantile
    0.25      64.5  74.0         9.5
    0.75      74.5  94.0        19.5
    """
    one, other = as_vector(x, what="x", least=5), as_vector(y, what="y", least=5)
    levels = as_vector(list(quantiles), what="quantiles", least=1)
    if (levels <= 0).any() or (levels >= 1).any():
        raise MethodError(
            "quantiles must lie between 0 and 1, got "
            f"{', '.join(f'{q:g}' for q in levels)}. Give 0.5 for the median."
        )
    rule = choose(estimator, _ESTIMATORS, "estimator")
    of_x, of_y = rule(levels, len(one)), rule(levels, len(other))
    n = len(one)

    def both(samples: FloatArray) -> FloatArray:
        first, second = np.sort(samples[:, :n], axis=1), np.sort(samples[:, n:], axis=1)
        return second @ of_y - first @ of_x

    together = np.concatenate([one, other])
    difference = both(together[None])[0]
    drawn = resample(together, np.array([n, len(other)]), both, draws=draws, seed=seed)
    tail = float(ndtr(-normal_quantile(confidence)))
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    error = drawn.std(axis=0)
    apart = np.abs(drawn - drawn.mean(axis=0))
    scaled = np.divide(apart, error, out=np.zeros_like(apart), where=error > 0)
    reach = float(np.quantile(scaled.max(axis=1), confidence))
    return pd.DataFrame(
        {
            "x": np.sort(one) @ of_x,
            "y": np.sort(other) @ of_y,
            "difference": difference,
            "low": low,
            "high": high,
            "band_low": difference - reach * error,
            "band_high": difference + reach * error,
        },
        index=pd.Index(levels, name="quantile"),
    )


def _harrell_davis(levels: FloatArray, n: int) -> FloatArray:
    """Return the weights of sorted values, n × quantiles."""
    a, b = (n + 1) * levels, (n + 1) * (1 - levels)
    ends = betainc(a, b, np.linspace(0, 1, n + 1)[:, None])
    return np.diff(ends, axis=0)


def _plain(levels: FloatArray, n: int) -> FloatArray:
    place = levels * (n - 1)
    below = np.floor(place).astype(np.intp)
    weights = np.zeros((n, len(levels)))
    columns = np.arange(len(levels))
    weights[below, columns] += 1 - (place - below)
    weights[np.minimum(below + 1, n - 1), columns] += place - below
    return weights


_ESTIMATORS: Final[dict[str, Callable[[FloatArray, int], FloatArray]]] = {
    "harrell_davis": _harrell_davis,
    "plain": _plain,
}
