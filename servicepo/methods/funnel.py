"""Funnels: how far a value may lie from the target by chance alone, given what it rests on.

Where organisations differ more than chance lets them (over-dispersion), the limits are widened by
one of three published recipes. They are not interchangeable, so each goes by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import pdtr, pdtrik

from ..errors import MethodError
from .guards import FloatArray, as_vector, choose
from .intervals import count_interval, normal_quantile

Numbers: TypeAlias = "pd.Series | FloatArray | list[float]"
LEVELS: Final = MappingProxyType({"95": 0.95, "998": 0.998})


class Recipe(NamedTuple):
    """How over-dispersion is estimated."""

    transform: Callable[[FloatArray], FloatArray]
    back: Callable[[FloatArray], FloatArray]
    trim: str  # "winsorise" or "truncate", a tenth of the z-scores at each end


RECIPES: Final = MappingProxyType(
    {
        "PR": Recipe(
            lambda x: np.arcsin(np.sqrt(x)),
            lambda y: np.sin(np.clip(y, 0.0, np.pi / 2)) ** 2,
            "winsorise",
        ),
        "SHMI": Recipe(np.log, np.exp, "truncate"),
        "CQC": Recipe(np.sqrt, lambda y: np.maximum(y, 0.0) ** 2, "winsorise"),
    }
)


@dataclass(frozen=True, eq=False, slots=True)
class Funnel:
    """Values between the limits of chance.

    Attributes
    ----------
    table : DataFrame
        One row per value: ``value``, ``denominator``, ``target``, ``low_95``, ``high_95``,
        ``low_998``, ``high_998``, ``z`` (standard errors from the target), ``state`` ("low_998",
        "low_95", "within", "high_95", "high_998"; "" where the value is missing). Give it to
        `servicepo.charts.funnel` with the organisations under ``org``.
    target : float
        What all are held against.
    phi : float
        Mean square of the trimmed z-scores: 1 where chance explains all; NaN where not asked for.
    tau2 : float
        Variance between organisations beyond chance, on the scale of the recipe.
    recipe : str
        "PR", "SHMI", "CQC", or "none".
    """

    table: pd.DataFrame
    target: float
    phi: float
    tau2: float
    recipe: str

    def __repr__(self) -> str:
        beyond = self.table["state"].isin(["low_998", "high_998"]).sum()
        return (
            f"Funnel({len(self.table)} values, target {self.target:.4g}, over-dispersion "
            f"{self.recipe}, {beyond} beyond the 99.8 % limits)"
        )


def funnel_proportions(
    numerators: Numbers,
    denominators: Numbers,
    *,
    target: float | None = None,
    overdispersion: str = "none",
) -> Funnel:
    """Hold proportions against a common one.

    Parameters
    ----------
    numerators, denominators : Series or array of float, n
        How many of how many, 0 ≤ numerator ≤ denominator. A pair that is missing or has the
        denominator 0 stays without state.
    target : float, optional
        The common proportion; by default all numerators over all denominators.
    overdispersion : {"none", "PR"}
        "PR": limits for values that differ by more than chance (`over_dispersion`).

    Returns
    -------
    Funnel

    Raises
    ------
    MethodError
        For counts that are no proportions, a target outside 0..1, other lengths or words.

    Notes
    -----
    Limits p ± z √(p (1 − p) / n), cut off at 0 and 1, z = 1.96 and 3.09; with "PR"
    sin²(arcsin √p ± z √(1 / (4 n) + τ²)).

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in
    Medicine 24: 1185–1202. Public Health England, Technical Guide: funnel plots.

    Examples
    --------
    >>> made = funnel_proportions([9, 20, 85], [10, 60, 100])
    >>> made.table["state"].tolist()
    ['within', 'low_998', 'high_998']
    """
    r = as_vector(numerators, what="numerators", missing=True)
    n = as_vector(denominators, what="denominators", missing=True)
    _refuse_lengths(r, n)
    wrong = (r < 0) | (r > n + 1e-9)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise MethodError(
            f"numerators must lie between 0 and their denominators, got {r[at]:g} of {n[at]:g} "
            f"(at {_label(numerators, at)!r}). Correct the counts; rates over 1 are no proportions."
        )
    known = ~np.isnan(r) & (n > 0)
    p = _target(target, r[known].sum(), n[known].sum())
    if not 0 < p < 1:
        raise MethodError(
            f"the target of proportions must lie between 0 and 1, got {p:g}. Give another target."
        )
    value = np.divide(r, n, out=np.full(len(r), np.nan), where=known)
    if overdispersion == "none":
        error = np.sqrt(p * (1 - p) / np.where(known, n, np.nan))
        limits = {
            f"{side}_{name}": np.clip(p + sign * normal_quantile(level) * error, 0, 1)
            for name, level in LEVELS.items()
            for side, sign in (("low", -1), ("high", 1))
        }
        return _funnel(numerators, value, n, p, (value - p) / error, limits)
    error = 0.5 / np.sqrt(np.where(known, n, np.nan))
    recipe = choose(overdispersion, {"PR": RECIPES["PR"]}, "overdispersion of proportions")
    return _widened(numerators, (value, n, error), p, overdispersion, recipe)


def funnel_ratios(
    observed: Numbers,
    expected: Numbers,
    *,
    target: float = 1.0,
    overdispersion: str = "none",
) -> Funnel:
    """Hold observed counts against expected ones.

    Parameters
    ----------
    observed, expected : Series or array of float, n
        Counts from 0, and what would be expected, above 0.
    target : float
        The ratio held against, above 0.
    overdispersion : {"none", "SHMI", "CQC"}
        As in `over_dispersion`.

    Returns
    -------
    Funnel
        ``value`` is observed / expected; ``denominator`` what was expected.

    Raises
    ------
    MethodError
        For negative counts, nothing expected, other lengths or words.

    Notes
    -----
    Without over-dispersion ``state`` asks whether the target lies outside the interval of the
    observed count (exact below 10, Byar's from there on), as Public Health England does; the limits
    for the chart are quantiles of a Poisson count of mean target × expected, drawn through between
    whole numbers, over the expected.

    References
    ----------
    Spiegelhalter, D. J. (2005), as in `funnel_proportions`. NHS Digital, Summary Hospital-level
    Mortality Indicator, methodology (log, truncated). Care Quality Commission, Intelligent
    Monitoring, statistical methodology (square root, winsorised).

    Examples
    --------
    >>> made = funnel_ratios([4, 30, 12], [10.0, 29.0, 12.5])
    >>> made.table["state"].tolist()
    ['within', 'within', 'within']
    """
    o = as_vector(observed, what="observed counts", missing=True)
    e = as_vector(expected, what="expected counts", missing=True)
    _refuse_lengths(o, e)
    if (o < 0).any() or (e <= 0).any() or not target > 0:
        raise MethodError(
            "observed counts must be at least 0, expected ones and the target above 0, got "
            f"{np.nanmin(o):g}, {np.nanmin(e):g} and {target:g}. Correct the counts."
        )
    value = o / e
    if overdispersion != "none":
        own = {word: RECIPES[word] for word in ("SHMI", "CQC")}
        recipe = choose(overdispersion, own, "overdispersion of ratios")
        with np.errstate(divide="ignore"):
            error = 1 / np.sqrt(e) if overdispersion == "SHMI" else 0.5 / np.sqrt(e)
        return _widened(observed, (value, e, error), target, overdispersion, recipe)
    mean = target * e
    limits, state = {}, np.full(len(o), "within", dtype=object)
    for name, level in LEVELS.items():
        low, high = count_interval(o, confidence=level)
        state[high < mean], state[low > mean] = f"low_{name}", f"high_{name}"
        tail = (1 - level) / 2
        limits[f"low_{name}"] = _poisson(tail, mean) / e
        limits[f"high_{name}"] = _poisson(1 - tail, mean) / e
    state[np.isnan(value)] = ""
    made = _funnel(observed, value, e, target, (o - mean) / np.sqrt(mean), limits)
    made.table["state"] = state
    return made


def over_dispersion(z: FloatArray, s: FloatArray, *, trim: str) -> tuple[float, float]:
    """Estimate over-dispersion from trimmed z-scores.

    Parameters
    ----------
    z, s : ndarray of float, n
        Distances from the target in standard errors, and the standard errors; without NaN.
    trim : {"winsorise", "truncate"}
        What is done to the tenth of the z-scores at each end: set to the 10 % and 90 % quantiles,
        or left out (the floor of n / 10 at each end).

    Returns
    -------
    phi, tau2 : float

    Raises
    ------
    MethodError
        For another word.

    Notes
    -----
    φ = mean z²; τ² = max(0, (n φ − (n − 1)) / (Σw − Σw² / Σw)) with w = 1 / s², over those kept.

    References
    ----------
    Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and
    Safety in Health Care 14: 347–351.

    Examples
    --------
    >>> phi, tau2 = over_dispersion(np.array([-3.0, -1, 0, 1, 3]), np.ones(5), trim="winsorise")
    >>> round(phi, 2), round(tau2, 2)
    (2.34, 1.92)
    """
    if trim == "winsorise":
        kept, errors = np.clip(z, *np.quantile(z, [0.1, 0.9])), s
    elif trim == "truncate":
        cut = int(np.floor(0.1 * len(z)))
        place = np.argsort(z, kind="stable")[cut : len(z) - cut]
        kept, errors = z[place], s[place]
    else:
        raise MethodError(f"trim must be 'winsorise' or 'truncate', got {trim!r}. Give one.")
    n, w = len(kept), 1 / errors**2
    phi = float((kept**2).mean())
    spread = float(w.sum() - (w**2).sum() / w.sum())
    return phi, max(0.0, (n * phi - (n - 1)) / spread) if spread > 0 else 0.0


def _widened(
    given: Numbers,
    told: tuple[FloatArray, FloatArray, FloatArray],
    target: float,
    word: str,
    recipe: Recipe,
) -> Funnel:
    """Make a funnel on a recipe's scale, with the variance between organisations in its limits."""
    value, size, error = told
    with np.errstate(divide="ignore"):
        y, centre = recipe.transform(value), float(recipe.transform(np.array(target)))
    z = (y - centre) / error
    known = np.isfinite(z)
    if known.sum() < 2:
        raise MethodError(
            f"over-dispersion needs at least 2 values, got {int(known.sum())}. Leave it out."
        )
    phi, tau2 = over_dispersion(z[known], error[known], trim=recipe.trim)
    total = np.sqrt(error**2 + tau2)
    limits = {
        f"{side}_{name}": recipe.back(centre + sign * normal_quantile(level) * total)
        for name, level in LEVELS.items()
        for side, sign in (("low", -1), ("high", 1))
    }
    made = _funnel(given, value, size, target, (y - centre) / total, limits)
    return Funnel(made.table, target, phi, tau2, word)


def _funnel(
    given: Numbers,
    value: FloatArray,
    size: FloatArray,
    target: float,
    z: FloatArray,
    limits: dict[str, FloatArray],
) -> Funnel:
    state = np.full(len(value), "within", dtype=object)
    for name in LEVELS:
        state[value < limits[f"low_{name}"]] = f"low_{name}"
        state[value > limits[f"high_{name}"]] = f"high_{name}"
    state[np.isnan(value)] = ""
    columns = {"value": value, "denominator": size, "target": target, **limits}
    index = given.index if isinstance(given, pd.Series) else None
    table = pd.DataFrame({**columns, "z": z, "state": pd.array(state, dtype="str")}, index=index)
    return Funnel(table, target, np.nan, np.nan, "none")


def _poisson(p: float, mean: FloatArray) -> FloatArray:
    """Return the p-quantile of a Poisson count, drawn through between whole numbers."""
    top = np.ceil(np.maximum(pdtrik(p, mean), 0.0))
    above, below = pdtr(top, mean), np.where(top > 0, pdtr(top - 1, mean), 0.0)
    found: FloatArray = np.maximum(top - (above - p) / (above - below), 0.0)
    return found


def _target(target: float | None, numerator: float, denominator: float) -> float:
    if target is not None:
        return float(target)
    return float(numerator / denominator) if denominator > 0 else np.nan


def _refuse_lengths(first: FloatArray, second: FloatArray) -> None:
    if len(first) != len(second):
        raise MethodError(
            f"both columns must have the same length, got {len(first)} and {len(second)}. "
            "Give one entry per organisation in each."
        )


def _label(x: Numbers, place: int) -> object:
    return x.index[place] if isinstance(x, pd.Series) else place
