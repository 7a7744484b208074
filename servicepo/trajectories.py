"""Where organisations went: steps, trends and distances between them, of one panel of scores."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import false_discovery_control

from .methods.convergence import beta_convergence
from .methods.shrinkage import shrink
from .methods.trend import fitted_slope, mann_kendall, sen_interval, sen_slope
from .panel import times

Z: Final = 1.96
NORMAL_MAD: Final = 1.4826  # median absolute deviation -> standard deviation of a normal
FEWEST: Final = 5  # changes in one period that tell how large changes usually are


def steps_of(panel: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Join each period to the one before; the columns are told at `change.Change`."""
    before, after = panel.iloc[:, :-1].to_numpy(), panel.iloc[:, 1:].to_numpy()
    change = pd.DataFrame(after - before)
    usual = NORMAL_MAD * (change - change.median()).abs().median()
    usual = usual.where((change.count() >= FEWEST) & (usual > 0))
    squares = errors.to_numpy() ** 2
    steps = pd.DataFrame(
        {
            "before": before.ravel(),
            "score": after.ravel(),
            "change": change.to_numpy().ravel(),
            "standard_error": np.sqrt(squares[:, 1:] + squares[:, :-1]).ravel(),
            "usual": np.tile(usual, len(panel)),
        },
        index=pd.MultiIndex.from_product([panel.index, panel.columns[1:]]),
    ).dropna(subset="change")
    noise = steps[["standard_error", "usual"]].max(axis=1)
    return steps.assign(noise=noise, beyond=steps["change"].abs() > Z * noise)


def trends_of(panel: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Give each organisation its trend; the columns are told at `change.Change`."""
    when = times(panel)
    tested = mann_kendall(panel)
    known = tested["p_value"].notna()
    tested.loc[known, "q_value"] = false_discovery_control(tested.loc[known, "p_value"])
    columns = ["n", "slope", "low", "high", "s", "tau", "p_value", "smallest_p_value", "q_value"]
    slopes = sen_interval(panel, times=when).assign(slope=sen_slope(panel, times=when))
    found = tested.join(slopes).reindex(columns=columns)
    lines = fitted_slope(panel, times=when)
    noise = pd.concat([lines["standard_error"], _slope_error(panel, errors, when)], axis=1).max(
        axis=1
    )
    usable = lines["slope"].notna() & (noise > 0)
    if usable.sum() < 2:
        return found.assign(shrunken=np.nan, shrunken_sd=np.nan, falling=np.nan)
    made = shrink(lines["slope"].where(usable), noise.where(usable))
    with np.errstate(divide="ignore", invalid="ignore"):
        falling = ndtr(-np.asarray(made.mean) / np.asarray(made.sd))
    return found.assign(shrunken=made.mean, shrunken_sd=made.sd, falling=falling)


def _slope_error(panel: pd.DataFrame, errors: pd.DataFrame, when: list[float]) -> pd.Series:
    """Give the standard error of a straight line's slope that comes from those of the scores."""
    known = panel.notna().to_numpy() & errors.notna().to_numpy()
    at = np.where(known, when, np.nan)
    apart = at - (np.nansum(at, axis=1) / np.maximum(known.sum(axis=1), 1))[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.nansum((apart * errors.to_numpy()) ** 2, axis=1) ** 0.5
        found = size / np.nansum(apart**2, axis=1)
    whole = known.sum(axis=1) == panel.notna().sum(axis=1)
    return pd.Series(np.where(whole & np.isfinite(found), found, np.nan), index=panel.index)


def distances_of(whole: pd.DataFrame) -> pd.DataFrame:
    """Tell, period by period, how far organisations stand apart."""
    table = whole.agg(["count", "mean", "std"]).T
    table.columns = ["n", "mean", "sd"]
    cv = table["sd"] / table["mean"].where((whole >= 0).all() & (table["mean"] > 0))
    return table.assign(n=table["n"].astype(int), cv=cv)


def beta_of(whole: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Tell whether those who started low rose more than the others, and than noise would."""
    columns = ["slope", "standard_error", "noise_slope", "corrected_slope", "oldham", "n"]
    first, last = whole.iloc[:, 0], whole.iloc[:, -1]
    if len(whole) < 3 or first.nunique() < 2:
        return pd.DataFrame(columns=columns, dtype=float)
    noise = float((errors.iloc[:, 0] ** 2).mean(skipna=False))
    share = 1 - noise / float(first.var())
    made = beta_convergence(
        first,
        last,
        periods=int(times(whole)[-1]),
        reliability=share if 0 < share <= 1 else None,
    )
    return pd.DataFrame([made._asdict()])[columns]
