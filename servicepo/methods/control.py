"""Control charts: when a monthly or quarterly figure is more than its usual ups and downs.

Every chart takes a panel (one row per organisation, one column per period) and answers for all
organisations at once. Gaps are passed over: the next known value counts as the next one. What a
stable organisation would trigger by chance is told by `stability.stable_signals`; how rarely EWMA
and CUSUM alarm, by `run_lengths`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .control_rules import ControlChart, Limits, charted, outside
from .guards import FloatArray, as_matrix, listed

D2: Final = 1.128  # mean moving range of a normal, in standard deviations
WIDE_RANGE: Final = 3.267  # times the mean moving range: screened out before limits are set
OVERDISPERSED: Final = 1.5  # σ_z from which on limits of p charts mislead

Given: TypeAlias = "float | pd.Series | None"


def xmr(
    values: pd.DataFrame,
    *,
    baseline: int | None = None,
    rebase: Sequence[object] = (),
    screen: bool = True,
    reach: float = 2.66,
) -> ControlChart:
    """Chart individual values (XmR): limits from the ranges between neighbouring periods.

    Parameters
    ----------
    values : DataFrame of float, n × T
        One row per organisation, one column per period in order; NaN is a gap.
    baseline : int, optional
        Set the limits by the first so many known values (of every part), 2 or more; all by default.
    rebase : sequence of column labels
        Periods in which something known changed: limits are set anew from each of them on, and no
        rule reaches across.
    screen : bool
        Whether moving ranges above 3.267 times their mean are left out, once, before the mean range
        is taken.
    reach : float
        Limits are the mean ± reach × mean moving range; 2.66, or 3 / 1.128 to the last digit.

    Returns
    -------
    ControlChart
        Limits are NaN, and nothing is signalled, where a part has fewer than 2 known values or all
        of the baseline are equal.

    Raises
    ------
    MethodError
        For infinite values, a baseline below 2, or periods of ``rebase`` that are not columns.

    Notes
    -----
    Four rules, the first that holds marks the point: outside the limits; 7 points rising or
    falling; 2 of 3 points beyond two thirds of the way to a limit (not outside), all 3 on one side;
    7 points on one side of the centre.

    References
    ----------
    Wheeler, D. J. & Chambers, D. S. (1992). Understanding Statistical Process Control, 2nd ed.; NHS
    England, Making data count (the rules and their order).

    Examples
    --------
    >>> flow = [[49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]]
    >>> chart = xmr(pd.DataFrame(flow), screen=False, reach=3 / 1.128)
    >>> chart.low[0].round(4).item(), chart.high[0].round(4).item()
    (45.8159, 55.8041)
    """
    x = as_matrix(values, what="values", missing=True)
    _refuse_baseline(baseline)

    def limits(y: FloatArray) -> Limits:
        centre, spread = _usual(y[:baseline], screen)
        return Limits(y, centre, reach * spread, spread / D2)

    return charted(values, (x,), limits, rebase)


def p_chart(
    counts: pd.DataFrame,
    totals: pd.DataFrame,
    *,
    laney: bool = True,
    baseline: int | None = None,
    rebase: Sequence[object] = (),
) -> ControlChart:
    """Chart shares: limits from the binomial and, by Laney (p′), from how much they really vary.

    Parameters
    ----------
    counts, totals : DataFrame, n × T
        Cases that count, of so many; the same rows and columns. NaN, or a total of 0, is a gap.
    laney : bool
        Whether limits are widened or narrowed by σ_z. Without, they are those of a plain p chart.
    baseline, rebase
        As in `xmr`.

    Returns
    -------
    ControlChart
        Of the shares, 0..1, limits cut off at 0 and 1.

    Raises
    ------
    MethodError
        For counts below 0 or above their totals, naming the organisations, and as `xmr`.

    Warns
    -----
    MethodWarning
        Where shares of a plain p chart vary much more than the binomial lets them, as they do over
        large totals: its limits are then far too narrow.

    Notes
    -----
    p̄ ± 3 σ_i σ_z with p̄ = Σ counts / Σ totals, σ_i = √(p̄ (1 − p̄) / n_i), z_i = (p_i − p̄) / σ_i and
    σ_z the mean moving range of z over 1.128 (1 in a plain p chart). Rules as in `xmr`.

    References
    ----------
    Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14: 531–537.

    Examples
    --------
    >>> counts, totals = pd.DataFrame([[90, 85, 95, 60]]), pd.DataFrame([[100, 100, 100, 100]])
    >>> p_chart(counts, totals, baseline=3).low.iloc[0].round(3).tolist()
    [0.701, 0.701, 0.701, 0.701]
    """
    r, n = _counted(counts, totals)
    _refuse_baseline(baseline)
    found: list[FloatArray] = []

    def limits(r: FloatArray, n: FloatArray) -> Limits:
        base = slice(None, baseline)
        with np.errstate(invalid="ignore", divide="ignore"):
            p = r / n
            mean = np.nansum(r[base], axis=0) / np.nansum(n[base], axis=0)
            sd = np.sqrt(mean * (1 - mean) / n)
            spread = _usual(((p - mean) / sd)[base], False)[1] / D2
        found.append(spread)
        if laney:
            sd = sd * spread
        sd = np.where(sd > 0, sd, np.nan)
        return Limits(p, mean, 3 * sd, sd)

    made = charted(counts, (r, n), limits, rebase, within=(0.0, 1.0))
    spread = np.nan_to_num(found).max(axis=0)
    wide = np.flatnonzero(spread > OVERDISPERSED)
    if not laney and len(wide):
        warnings.warn(
            MethodWarning(
                "Shares should vary as the binomial lets them for a plain p chart, got up to "
                f"{spread[wide].max():.1f} times that for {listed(counts.index[wide])}. Take "
                "laney=True (p′).",
                zh=f"普通 p 图要求比率只按二项分布波动；{enumerated(counts.index[wide])}的波动达 "
                f"{spread[wide].max():.1f} 倍。请用 laney=True（p′ 图）。",
            ),
            stacklevel=2,
        )
    return made


def ewma(
    values: pd.DataFrame,
    *,
    weight: float = 0.2,
    reach: float = 2.86,
    target: Given = None,
    sd: Given = None,
    baseline: int | None = None,
) -> ControlChart:
    """Chart the exponentially weighted moving average: finds small lasting shifts early.

    Parameters
    ----------
    values : DataFrame of float, n × T
        As in `xmr`.
    weight : float
        λ, the weight of the newest value, in 0..1 (0 excluded).
    reach : float
        Half-width of the limits in standard deviations of the average; `run_lengths.ewma_reach`
        gives the one for a rate of false alarms (2.86: one in 370 periods at weight .2).
    target, sd : float or Series (n), optional
        Centre and standard deviation of the values; by default those of the baseline, the latter
        from moving ranges as in `xmr`.
    baseline : int, optional
        As in `xmr`.

    Returns
    -------
    ControlChart
        ``values`` are the averages; the only signals are those outside the limits.

    Raises
    ------
    MethodError
        For a weight outside 0..1, a standard deviation that is not positive, and as `xmr`.

    Notes
    -----
    e_t = λ x_t + (1 − λ) e_{t−1} from the target on, with limits
    target ± reach · sd · √(λ / (2 − λ) (1 − (1 − λ)^{2t})).

    References
    ----------
    Roberts, S. W. (1959). Control chart tests based on geometric moving averages. Technometrics 1:
    239–250. NIST/SEMATECH e-Handbook of Statistical Methods, § 6.3.2.4.

    Examples
    --------
    >>> flow = pd.DataFrame([[52.0, 47, 53, 49.3]])
    >>> chart = ewma(flow, weight=0.3, reach=3, target=50, sd=2.0539)
    >>> chart.values.iloc[0].round(4).tolist(), chart.high.iloc[0].round(4).tolist()
    ([50.6, 49.52, 50.564, 50.1848], [51.8485, 52.2564, 52.4314, 52.5127])
    """
    if not 0 < weight <= 1:
        raise MethodError(f"weight must lie in 0..1 without 0, got {weight!r}. Take .2.")
    x = as_matrix(values, what="values", missing=True)
    given = _given(values, target, sd, baseline)

    def limits(y: FloatArray) -> Limits:
        centre, spread = given(y)
        average = np.empty_like(y)
        before = np.broadcast_to(centre, y.shape[1:])
        for t, now in enumerate(y):
            average[t] = before = weight * now + (1 - weight) * before
        grown = 1 - (1 - weight) ** (2 * np.arange(1, len(y) + 1))
        own = spread * np.sqrt(weight / (2 - weight) * grown)[:, None]
        return Limits(average, centre, reach * own, own)

    return charted(values, (x,), limits, rules=outside)


def cusum(
    values: pd.DataFrame,
    *,
    slack: float = 0.5,
    limit: float = 5.0,
    target: Given = None,
    sd: Given = None,
    baseline: int | None = None,
) -> ControlChart:
    """Chart cumulative sums of what goes beyond the usual, upwards and downwards.

    Parameters
    ----------
    values : DataFrame of float, n × T
        As in `xmr`.
    slack : float
        k, what is let pass each period, in standard deviations: half the shift to be found.
    limit : float
        h, where the sums alarm; `run_lengths.cusum_limit` gives the one for a rate of false alarms
        (5: one in 465 periods at slack .5).
    target, sd, baseline
        As in `ewma`.

    Returns
    -------
    ControlChart
        ``values`` are the larger of the two sums, C⁺ or −C⁻, in standard deviations, with the
        centre 0. The only signals are those outside the limits; the sums go on after an alarm.

    Raises
    ------
    MethodError
        As `ewma`, and for a negative slack or a limit that is not positive.

    Notes
    -----
    C⁺_t = max(0, C⁺_{t−1} + z_t − k), C⁻_t = max(0, C⁻_{t−1} − z_t − k) with z = (x − target) / sd.

    References
    ----------
    Page, E. S. (1954). Continuous inspection schemes. Biometrika 41: 100–115.

    Examples
    --------
    >>> chart = cusum(pd.DataFrame([[52.0, 47, 53, 49.3]]), target=50, sd=2.0539)
    >>> chart.values.iloc[0].round(4).tolist()
    [0.4738, -0.9606, 0.9606, 0.1198]
    """
    if slack < 0 or limit <= 0:
        raise MethodError(
            "a CUSUM needs slack of at least 0 and a positive limit, got "
            f"{slack!r} and {limit!r}. Take .5 and 5, for example."
        )
    x = as_matrix(values, what="values", missing=True)
    given = _given(values, target, sd, baseline)

    def limits(y: FloatArray) -> Limits:
        centre, spread = given(y)
        z = (y - centre) / spread
        larger = np.empty_like(y)
        up = down = np.zeros(y.shape[1])
        for t, now in enumerate(z):
            up, down = np.maximum(0, up + now - slack), np.maximum(0, down - now - slack)
            larger[t] = np.where(up >= down, up, -down)
        one = np.where(np.isnan(spread), np.nan, 1.0)
        return Limits(larger, 0 * one, limit * one, one)

    return charted(values, (x,), limits, rules=outside)


def _usual(y: FloatArray, screen: bool) -> tuple[FloatArray, FloatArray]:
    """Mean and mean moving range of each column; NaN ranges where nothing moves."""
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.nansum(y, axis=0) / (~np.isnan(y)).sum(axis=0)
        ranges = np.abs(np.diff(y, axis=0))
        mean = np.nansum(ranges, axis=0) / (~np.isnan(ranges)).sum(axis=0)
        if screen:
            kept = ranges <= WIDE_RANGE * mean
            mean = np.where(kept, ranges, 0.0).sum(axis=0) / kept.sum(axis=0)
    return np.asarray(centre), np.where(mean > 0, mean, np.nan)


def _given(
    values: pd.DataFrame, target: Given, sd: Given, baseline: int | None
) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    """Return what gives centre and standard deviation, told or from the baseline."""
    _refuse_baseline(baseline)
    told = [None if part is None else _own(part, values.index) for part in (target, sd)]
    if told[1] is not None and not (told[1] > 0).all():
        least = float(np.min(told[1]))
        raise MethodError(f"sd must be positive, got {least:g}. Give that of the values.")

    def given(y: FloatArray) -> tuple[FloatArray, FloatArray]:
        centre, spread = _usual(y[:baseline], True)
        centre = centre if told[0] is None else told[0]
        return centre, np.asarray(spread / D2) if told[1] is None else told[1]

    return given


def _own(part: float | pd.Series, orgs: pd.Index) -> FloatArray:
    own = part.reindex(orgs) if isinstance(part, pd.Series) else pd.Series(part, index=orgs)
    return np.asarray(own, dtype=float)


def _counted(counts: pd.DataFrame, totals: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    r = as_matrix(counts, what="counts", missing=True)
    n = as_matrix(totals, what="totals", missing=True)
    if not (counts.index.equals(totals.index) and counts.columns.equals(totals.columns)):
        raise MethodError(
            "counts and totals must have the same rows and columns in the same order, got "
            f"{counts.shape} and {totals.shape}. Reindex one like the other."
        )
    wrong = np.flatnonzero(((r > n) | (r < 0) | (n < 0)).any(axis=1))
    if len(wrong):
        raise MethodError(
            "counts must lie between 0 and their totals, got others for "
            f"{listed(counts.index[wrong])}. Correct these cells or mark them as missing."
        )
    gap = np.isnan(r) | ~(n > 0)
    return np.where(gap, np.nan, r), np.where(gap, np.nan, n)


def _refuse_baseline(baseline: int | None) -> None:
    if baseline is not None and baseline < 2:
        raise MethodError(
            f"baseline must be at least 2 periods, got {baseline!r}. Take a year, 12."
        )


CHARTS: Final[MappingProxyType[str, Callable[..., ControlChart]]] = MappingProxyType(
    {"xmr": xmr, "p": p_chart, "ewma": ewma, "cusum": cusum}
)
"""Word → chart, as `servicepo.watch` takes them."""
