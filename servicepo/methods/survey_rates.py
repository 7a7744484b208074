"""Rates of a survey drawn by design: strata, small populations, those who did not answer.

Votes become scores before (`normalisation.vote_score`).
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, choose
from .intervals import agresti_coull_interval, normal_quantile, wilson_interval

Ints: TypeAlias = npt.NDArray[np.int64]

_NEEDED: Final = ("score", "n", "standard_error", "population")


def pool_strata(
    strata: pd.DataFrame,
    *,
    finite: bool = True,
    scale: tuple[float, float] = (0.0, 1.0),
    interval: str = "wilson",
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Put the strata of each group together, each by the people it stands for.

    Parameters
    ----------
    strata : DataFrame
        Indexed by (…, stratum): the last level is the stratum, those before it the group (an
        organisation, say); with one level there is one group "all". Columns ``score`` (mean of the
        answers), ``n`` (valid answers), ``standard_error`` (of the mean of n answers drawn from
        many; NaN for fewer than 2), as `normalisation.vote_score` gives them; ``population`` (how
        many people the stratum has; above 0); optionally ``issued`` (how many were asked).
    finite : bool
        Whether ``population`` counts people, so that few are left unasked; False where only its
        proportions are known.
    scale : (float, float)
        The worst and the best score an answer can have.
    interval : {"wilson", "agresti_coull", "normal"}
        How the interval is made; the first two from the effective number of answers.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame
        By group: ``score``, ``standard_error`` (NaN where a stratum has a single answer), ``n``,
        ``effective_n`` (answers of a simple sample that would be as telling; infinite where
        everybody was asked), ``low``, ``high``, ``coverage`` (share of the population in strata
        with answers; the others are left out and these scaled up), ``response`` (answers / asked,
        weighted as the score), ``worst``, ``best`` (the score if all who did not answer had given
        the worst or the best answer). The last three are NaN where ``issued`` is not known.

    Raises
    ------
    MethodError
        For a missing column, a stratum twice, no population, more answers than people or than were
        asked, scores off the scale, or another word for the interval.

    Notes
    -----
    With W_h = N_h / N and f_h = n_h / N_h (0 unless ``finite``):

    .. math:: \bar y = \sum_h W_h \bar y_h, \qquad
              V = \sum_h W_h^2 (1 - f_h) s_h^2 / n_h.

    Within a stratum, those who answered are taken to stand for those who did not; ``worst`` and
    ``best`` show how much hangs on that. On the scale from 0 to 1, the effective number of answers
    is :math:`\bar y (1 - \bar y) / V` with s_h² over n_h instead of n_h − 1: n itself for yes and
    no in one large stratum. Where all answers of every stratum agree, V = 0 says nothing, and the
    effective number is :math:`1 / \sum_h W_h^2 (1 - f_h) / n_h`.

    References
    ----------
    Cochran, W. G. (1977). Sampling techniques, 3rd ed.: equations 5.1, 5.7 and section 13.2. Korn,
    E. L. & Graubard, B. I. (1998). Confidence intervals for proportions with small expected number
    of positive counts estimated from survey data. Survey Methodology 24: 193–201. Manski, C. F.
    (1989). Anatomy of the selection problem. Journal of Human Resources 24: 343–360.

    Examples
    --------
    >>> strata = pd.DataFrame(
    ...     {"score": [0.9, 0.6], "n": [40, 60], "standard_error": [0.048, 0.064],
    ...      "population": [100, 900], "issued": [40, 80]}, index=["党员", "群众"])
    >>> pool_strata(strata).round(3)[["score", "standard_error", "low", "high", "response"]]
         score  standard_error    low  high  response
    all   0.63           0.056  0.518  0.73     0.775
    """
    frame, keys = _strata(strata)
    worst, best = _scale(scale)
    limits = choose(interval, _INTERVALS, "interval")
    score, n, error, people, issued = (frame[c].to_numpy(dtype=float) for c in (*_NEEDED, "issued"))
    _check(score, n, people, issued, worst, best, finite)

    answered = n > 0
    total, covered = _sums(keys, people), _sums(keys, np.where(answered, people, 0.0))
    held = np.where(covered > 0, covered, np.nan)[keys]
    weight = np.where(answered, people / held, 0.0)
    unasked = 1 - n / people if finite else np.ones(len(n))
    at = np.where(answered, score, 0.0)
    value = _sums(keys, weight * at) / np.where(covered > 0, 1.0, np.nan)

    # A stratum that was asked whole has no error, whatever its answers.
    spread = np.where(unasked > 0, error, 0.0) ** 2 * unasked
    variance = _sums(keys, np.where(answered, weight**2 * spread, 0.0))
    sizes = np.where(answered, n, 1.0)
    plug_in = _sums(keys, np.where(answered, weight**2 * spread * (sizes - 1) / sizes, 0.0))
    by_size = _sums(keys, np.where(answered, weight**2 * unasked / sizes, 0.0))
    rate = (value - worst) / (best - worst)
    effective = _effective(rate, plug_in / (best - worst) ** 2, by_size)
    low, high = limits(rate, effective, np.sqrt(variance) / (best - worst), confidence)

    asked = np.where(answered, issued, 1.0)
    replied = np.where(answered, weight * n / asked, 0.0)
    response = _sums(keys, replied) / np.where(covered > 0, 1.0, np.nan)
    given = _sums(keys, replied * at)
    return pd.DataFrame(
        {
            "score": value,
            "standard_error": np.sqrt(variance),
            "n": _sums(keys, n),
            "effective_n": effective,
            "low": worst + (best - worst) * low,
            "high": worst + (best - worst) * high,
            "coverage": covered / total,
            "response": response,
            "worst": given + (1 - response) * worst,
            "best": given + (1 - response) * best,
        },
        index=frame.attrs["groups"],
    ).assign(standard_error=lambda f: f["standard_error"].where(f["score"].notna()))


# -- intervals on the scale from 0 to 1 ------------------------------------------------------------
_Limits: TypeAlias = Callable[
    [FloatArray, FloatArray, FloatArray, float], tuple[FloatArray, FloatArray]
]


def _wilson(
    rate: FloatArray, n: FloatArray, error: FloatArray, confidence: float
) -> tuple[FloatArray, FloatArray]:
    return _known(*wilson_interval(*_counted(rate, n), confidence=confidence), rate, n)


def _agresti_coull(
    rate: FloatArray, n: FloatArray, error: FloatArray, confidence: float
) -> tuple[FloatArray, FloatArray]:
    return _known(*agresti_coull_interval(*_counted(rate, n), confidence=confidence), rate, n)


def _normal(
    rate: FloatArray, n: FloatArray, error: FloatArray, confidence: float
) -> tuple[FloatArray, FloatArray]:
    reach = normal_quantile(confidence) * error
    return np.maximum(rate - reach, 0.0), np.minimum(rate + reach, 1.0)


_INTERVALS: Final[MappingProxyType[str, _Limits]] = MappingProxyType(
    {"wilson": _wilson, "agresti_coull": _agresti_coull, "normal": _normal}
)


def _counted(rate: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    size = np.where(np.isinf(n), 1.0, n)
    return rate * size, size


def _known(
    low: FloatArray, high: FloatArray, rate: FloatArray, n: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Leave no doubt where everybody was asked."""
    return np.where(np.isinf(n), rate, low), np.where(np.isinf(n), rate, high)


# -- the numbers -----------------------------------------------------------------------------------
def _effective(rate: FloatArray, variance: FloatArray, by_size: FloatArray) -> FloatArray:
    """Return how many answers of a simple sample would be as telling."""
    some = variance > 0
    from_spread = np.divide(rate * (1 - rate), variance, out=np.zeros(len(rate)), where=some)
    few = np.divide(1.0, by_size, out=np.full(len(rate), np.inf), where=by_size > 0)
    # At the ends of the scale, or without any spread seen, only the number of answers speaks.
    found = np.where(from_spread > 0, from_spread, few)
    return np.where(np.isnan(rate) | np.isnan(variance), np.nan, found)


def _sums(keys: Ints, x: FloatArray) -> FloatArray:
    sums = np.bincount(keys, weights=x, minlength=int(keys.max(initial=-1)) + 1)
    return sums.astype(float)


def _strata(strata: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Return the columns, and the group number of each row."""
    if missing := [c for c in _NEEDED if c not in strata.columns]:
        raise MethodError(
            f"strata must have the columns {', '.join(_NEEDED)}, got no {missing[0]!r}. Add it."
        )
    if strata.index.has_duplicates:
        twice = strata.index[strata.index.duplicated()][0]
        raise MethodError(
            f"Every stratum must stand once, got {twice!r} twice. Add its answers together first."
        )
    frame = strata.reindex(columns=[*_NEEDED, "issued"])
    if frame.index.nlevels == 1:
        frame.attrs["groups"] = pd.Index(["all"])
        return frame, np.zeros(len(frame), dtype=np.int64)
    by = frame.groupby(level=list(range(frame.index.nlevels - 1)), sort=True)
    keys = np.asarray(by.ngroup(), dtype=np.int64)
    frame.attrs["groups"] = by.size().index
    return frame, keys


def _scale(scale: tuple[float, float]) -> tuple[float, float]:
    worst, best = scale
    if not worst < best:
        raise MethodError(
            f"scale must run from the worst score to a better one, got {scale!r}. "
            "Write the smaller number first."
        )
    return float(worst), float(best)


def _check(
    score: FloatArray,
    n: FloatArray,
    people: FloatArray,
    issued: FloatArray,
    worst: float,
    best: float,
    finite: bool,
) -> None:
    if not (people > 0).all():
        raise MethodError(
            "Every stratum must have a population above 0, got one without. "
            "Give how many people it stands for."
        )
    if not (n >= 0).all():
        raise MethodError("n must be at least 0, got a negative or missing number. Correct it.")
    slack = 1e-9 * (best - worst)
    off = (n > 0) & ~((score >= worst - slack) & (score <= best + slack))
    if off.any():
        raise MethodError(
            f"Scores must lie on the scale from {worst:g} to {best:g}, got {score[off][0]:g}. "
            "Give the scale that the votes were valued on."
        )
    for what, most, asked in (("people", people, finite), ("were asked", issued, True)):
        if asked and (n > most).any():
            raise MethodError(
                f"There must not be more answers than {what}, got {n[n > most][0]:g} of "
                f"{most[n > most][0]:g}. Correct the numbers of the stratum."
            )
