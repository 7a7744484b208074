"""How sure one can be who is in the bottom share: probabilities, ranks and their intervals."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from .errors import MethodError
from .index import Index
from .methods.rank_sets import joint_rank_sets, standing
from .methods.repeats import noise_between_periods
from .methods.shrinkage import PRIORS, fit_prior

Floats = npt.NDArray[np.float64]

LEVEL: Final = 0.9  # of rank intervals
FEWEST_FREE: Final = 100  # organisations with known errors that a free prior needs
ALPHA: Final = 0.05  # and how unlikely their differences must be by chance alone

COLUMNS: Final = (
    *("p_weak", "standard_error", "reliability"),
    *("rank_expected", "rank_median", "rank_low", "rank_high", "joint_low", "joint_high"),
)


def errors_of(
    index: Index, rows: pd.Index, groups: pd.Series, noise: float | str
) -> tuple[Floats, float]:
    """Return the standard error of every score, and the noise that was added to what is known.

    Parameters
    ----------
    index : Index
    rows : MultiIndex
        Rows (org, period) of one period.
    groups : Series
        The class of each of them.
    noise : float or {"periods"}
        Noise of a score that its own error does not know of, in points; "periods" estimates it.

    Returns
    -------
    (ndarray of float, float)
        Errors, NaN where nothing is known; a standard error of 0 counts as unknown.

    Raises
    ------
    MethodError
        For a negative noise, another word, or noise that cannot be estimated.

    Notes
    -----
    A known error s becomes √(s² + a²), an unknown one a. With "periods" all the noise is estimated
    (`noise_between_periods`), and a² is what is left of it after the mean of the known s²; an
    unknown error becomes all of it.
    """
    errors = index.standard_errors
    own = np.full(len(rows), np.nan) if errors is None else errors.loc[rows].to_numpy(dtype=float)
    known = np.where(own > 0, own, np.nan)
    if isinstance(noise, str):
        if noise != "periods":
            raise MethodError(
                f'noise must be a number of points or "periods", got {noise!r}. '
                "Give the standard deviation of the noise, such as 3."
            )
        wide = index.overall.unstack("period")  # noqa: PD010 (keys are unique)
        label = pd.Series(groups.to_numpy(), rows.get_level_values("org")).reindex(wide.index)
        whole = noise_between_periods(wide.sort_index(axis=1), label.astype("str").fillna(""))
        counted = np.nanmean(known**2) if (~np.isnan(known)).any() else 0.0
        added = float(np.sqrt(max(0.0, whole**2 - counted)))
    else:
        if not 0 <= noise < np.inf:
            raise MethodError(f"noise must be at least 0, got {noise!r}. Give points of the score.")
        whole = added = float(noise)
    rest = whole if whole > 0 else np.nan
    return np.where(np.isnan(known), rest, np.hypot(known, added)), added


def chances(
    table: pd.DataFrame,
    classes: pd.DataFrame,
    errors: Floats,
    *,
    prior: str,
    draws: int,
    random: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell for every organisation how surely it is in the bottom share of its class.

    Parameters
    ----------
    table : DataFrame
        By org: ``group``, ``score``.
    classes : DataFrame
        By group: ``n``, ``named``, ``note``.
    errors : ndarray of float
        Standard error of every score; NaN where unknown.
    prior, draws
        As `find_weak` takes them.
    random : Generator
        For the draws.

    Returns
    -------
    (DataFrame, DataFrame)
        By org: `COLUMNS`, ``verdict`` and ``note``. By group: ``prior`` used, ``tau2``.
    """
    if prior not in PRIORS:
        raise MethodError(
            f'prior must be "normal" or "npmle", got {prior!r}. Give one of these words.'
        )
    score = table["score"].to_numpy(dtype=float)
    made = {name: np.full(len(table), np.nan) for name in COLUMNS}
    made["standard_error"] = np.where(np.isnan(score), np.nan, errors)
    verdict = np.full(len(table), "", dtype=object)
    note = np.where(table["group"].isna(), "no_group", "no_score").astype(object)
    fitted = pd.DataFrame({"prior": "", "tau2": np.nan}, index=classes.index)
    fitted["prior"] = fitted["prior"].astype("str")
    places = table.groupby("group", sort=False).indices
    for group, row in classes.iterrows():
        every = places[group]
        members = every[~np.isnan(score[every])]
        known = members[~np.isnan(errors[members])]
        note[members] = row["note"] or "no_standard_error"
        if row["note"] or len(known) < 2:
            continue
        y, s, n, named = score[known], errors[known], int(row["n"]), int(row["named"])
        kind = prior if _has_shape(y, s) else "normal"
        posterior, _, tau2 = fit_prior(y, s, prior=kind)
        fitted.loc[group, ["prior", "tau2"]] = kind, tau2
        made["reliability"][known] = tau2 / (tau2 + s**2)
        joint = joint_rank_sets(y, s, level=LEVEL).table
        unknown = n - len(known)  # they may stand anywhere
        made["joint_low"][known] = joint["low"]
        made["joint_high"][known] = joint["high"] + unknown
        if tau2 == 0:
            note[known], verdict[known] = "indistinguishable", "unclear"
            made["p_weak"][known] = named / n
            made["rank_expected"][known] = made["rank_median"][known] = (n + 1) / 2
            made["rank_low"][known], made["rank_high"][known] = 1, n
            continue
        note[known] = ""
        fixed = score[np.setdiff1d(members, known)]
        found = standing(
            posterior, lowest=named, known=fixed, level=LEVEL, draws=draws, seed=random
        )
        made["p_weak"][known], made["rank_expected"][known] = found.lowest, found.expected
        made["rank_median"][known] = found.median
        made["rank_low"][known], made["rank_high"][known] = found.low, found.high
        verdict[known] = np.select(
            [found.low > n - named, found.high <= n - named], ["below", "above"], "unclear"
        )
    told = {"verdict": verdict, "note": note}
    words = {name: pd.Series(x, index=table.index, dtype="str") for name, x in told.items()}
    return pd.DataFrame(made, index=table.index).assign(**words), fitted


def _has_shape(y: Floats, s: Floats) -> bool:
    """Tell whether values show enough for a free prior: many, and beyond chance (Cochran's Q)."""
    w = 1 / s**2
    q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
    return len(y) >= FEWEST_FREE and bool(chdtrc(len(y) - 1, q) < ALPHA)
