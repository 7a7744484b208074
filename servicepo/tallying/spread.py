"""How sure a share or a mean of answers is: standard errors that are never falsely zero."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]


def share_error(share: pd.Series, n: pd.Series) -> FloatArray:
    r"""Return the standard error of a share of n independent cases.

    Notes
    -----
    Standard deviation of Beta(x + 1/2, n - x + 1/2) with x = share * n (Jeffreys): about
    :math:`\sqrt{p (1 - p) / n}`, and above 0 where all n cases agree.

    References
    ----------
    Brown, Cai and DasGupta (2001), Statistical Science 16: 101-133.

    Examples
    --------
    >>> share_error(pd.Series([0.5, 1.0]), pd.Series([98.0, 4.0])).round(4).tolist()
    [0.05, 0.1225]
    """
    return score_error({1.0: share * n, 0.0: (1 - share) * n})


def score_error(counts: Mapping[float, pd.Series]) -> FloatArray:
    r"""Return the standard error of a mean score from counts of answers.

    Parameters
    ----------
    counts : mapping of float to Series
        What an answer is worth -> how many gave it.

    Returns
    -------
    ndarray
        NaN where nobody answered.

    Notes
    -----
    Posterior standard deviation of :math:`\sum_k s_k p_k` under a Dirichlet prior of 1/2 on the
    best and 1/2 on the worst answer; for two answers that is `share_error`.

    Examples
    --------
    >>> score_error({1.0: pd.Series([60.0]), 0.0: pd.Series([40.0])}).round(4)
    array([0.0485])
    """
    worth = np.array(list(counts))
    prior = 0.5 * (worth == worth.max()) + 0.5 * (worth == worth.min())
    given = np.array([c.to_numpy(dtype=float) for c in counts.values()])
    alpha = given + prior[:, None]
    total = alpha.sum(axis=0)
    share = alpha / total
    mean = worth @ share
    error = np.sqrt(np.maximum((worth**2) @ share - mean**2, 0) / (total + 1))
    return np.where(given.sum(axis=0) > 0, error, np.nan)
