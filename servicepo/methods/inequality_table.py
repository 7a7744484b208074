"""All inequality measures of grouped values in one table, with intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from .guards import FloatArray
from .inequality import Numbers, amounts, coded, entropy_terms
from .resampling import bootstrap_interval, resample


def inequality_table(
    x: Numbers,
    groups: pd.Series | npt.ArrayLike,
    *,
    draws: int = 0,
    confidence: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """Measure the inequality of all values, inside each group and between the groups.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0, not all 0, without NaN.
    groups : Series or array, n
        The group of each value, in the same order; none missing, none whose values are all 0.
    draws : int
        Samples for the intervals; 0 gives none.
    confidence : float
        Level of the intervals.
    seed : int, Generator or None
        For the draws.

    Returns
    -------
    DataFrame
        Indexed by (measure, part): ``gini`` of the total and of each group; ``theil`` (T) total,
        within, between; ``dagum`` within, between, transvariation; the totals of ``cv`` (standard
        deviation over n ÷ mean), ``atkinson`` (ε = ½) and ``wolfson`` (NaN where the median is 0).
        Columns: ``value``; ``share`` of the measure's total; ``by_chance``, the share between
        groups of these sizes drawn by lot; ``low``, ``high`` (bootstrap; NaN
        without draws); ``share_low``, ``share_high``.

    Raises
    ------
    MethodError
        As `inequality.dagum`.

    Notes
    -----
    Values are drawn with replacement inside groups. The intervals tell how far a figure rests on
    single organisations; they are freed of what small groups add by chance
    (`resampling.bootstrap_interval`), so that with many small groups that of
    a part between lies below the figure.

    Examples
    --------
    >>> made = inequality_table([1.0, 3.0, 2.0, 4.0], ["a", "a", "b", "b"])
    >>> made.loc[["gini", "dagum"], ["value", "share"]].round(3)
                            value  share
    measure part
    gini    total           0.250    1.0
            a               0.250    NaN
            b               0.167    NaN
    dagum   within          0.100    0.4
            between         0.100    0.4
            transvariation  0.050    0.2
    """
    values = amounts(x)
    codes, names = coded(x, values, groups)
    sizes = np.bincount(codes)
    ordered = values[np.argsort(codes, kind="stable")]

    def measure(samples: FloatArray) -> FloatArray:
        return _measures(samples, sizes)

    rows = [
        ("gini", "total"),
        *(("gini", str(name)) for name in names),
        *(("theil", part) for part in ("total", "within", "between")),
        *(("dagum", part) for part in ("within", "between", "transvariation")),
        *((name, "total") for name in ("cv", "atkinson", "wolfson")),
    ]
    observed = measure(ordered[None])[0]
    table = pd.DataFrame(
        {"value": observed, "share": _shares(observed, len(names))},
        index=pd.MultiIndex.from_tuples(rows, names=["measure", "part"]),
    )
    chance = (len(names) - 1) / max(len(values) - 1, 1)
    table["by_chance"] = [chance if row == ("theil", "between") else np.nan for row in rows]
    table[["low", "high", "share_low", "share_high"]] = np.nan
    if draws:
        drawn = resample(ordered, sizes, measure, draws=draws, seed=seed)
        shares = _shares(drawn, len(names))
        table["low"], table["high"] = bootstrap_interval(drawn, observed, confidence=confidence)
        ends = bootstrap_interval(shares, table["share"].to_numpy(), confidence=confidence)
        table["share_low"], table["share_high"] = np.minimum(ends, 1.0)
    return table


def _measures(samples: FloatArray, sizes: npt.NDArray[np.intp]) -> FloatArray:
    """Measure every sample (row), its groups one after another."""
    n = samples.shape[1]
    mean = samples.mean(axis=1)
    starts = np.cumsum(sizes) - sizes
    means = np.add.reduceat(samples, starts, axis=1) / sizes
    p = sizes / n
    s = p * means / mean[:, None]
    parts = [
        np.sort(samples[:, a : a + size], axis=1) for a, size in zip(starts, sizes, strict=True)
    ]
    inner = np.stack([_gini(part) for part in parts], axis=1)
    ordered = np.sort(samples, axis=1)
    total = _gini(ordered)
    within = (inner * p * s).sum(axis=1)
    apart = np.abs(means[:, :, None] - means[:, None, :])
    between = np.einsum("j,bjh,h->b", p, apart, p) / (2 * mean)
    theil = entropy_terms(samples / mean[:, None], 1.0).mean(axis=1)
    theil_between = entropy_terms(means / mean[:, None], 1.0) @ p
    root = np.sqrt(samples / mean[:, None]).mean(axis=1)
    return np.column_stack(
        [
            total,
            inner,
            theil,
            theil - theil_between,
            theil_between,
            within,
            between,
            np.maximum(0.0, total - within - between),
            samples.std(axis=1) / mean,
            1 - root**2,
            _wolfson(ordered, total, mean),
        ]
    )


def _gini(ordered: FloatArray) -> FloatArray:
    n = ordered.shape[1]
    mean = ordered.mean(axis=1)
    ranked = (ordered - mean[:, None]) @ np.arange(1 - n, n, 2, dtype=float)
    found: FloatArray = np.zeros_like(mean)
    np.divide(np.maximum(ranked, 0.0), n * n * mean, out=found, where=mean > 0)
    return found


def _wolfson(ordered: FloatArray, gini: FloatArray, mean: FloatArray) -> FloatArray:
    n = ordered.shape[1]
    median = (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2
    lower = ordered[:, : n // 2].sum(axis=1) + (n % 2) * ordered[:, n // 2] / 2
    ratio = np.divide(mean, median, out=np.full_like(mean, np.nan), where=median > 0)
    found: FloatArray = np.maximum(0.0, 2 * (1 - 2 * lower / (n * mean) - gini) * ratio)
    return found


def _shares(measures: FloatArray, k: int) -> FloatArray:
    """Return the share of each figure in its measure's total; NaN for the Gini of groups."""
    shares = np.full_like(measures, np.nan)
    shares[..., 0] = 1.0
    for total, parts in ((k + 1, slice(k + 1, k + 4)), (0, slice(k + 4, k + 7))):
        whole = measures[..., [total]]
        shares[..., parts] = np.divide(
            measures[..., parts], whole, out=np.zeros_like(measures[..., parts]), where=whole > 0
        )
    shares[..., k + 7 :] = 1.0
    return shares
