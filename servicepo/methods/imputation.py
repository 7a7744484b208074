"""Imputation: missing cells are filled in by a named method, marked, and the method is tested.

Nothing else in the package fills in a value. Rows are organisations (and periods), columns are
indicators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from warnings import warn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError, MethodWarning
from .guards import FloatArray, as_matrix, choose, listed, refuse_columns

# (values with NaN, what the method needs to know of the rows) -> values, NaN where it cannot tell
Filler: TypeAlias = Callable[[pd.DataFrame, "Context"], FloatArray]


class Context(NamedTuple):
    """What a method may need beside the values."""

    groups: npt.NDArray[Any] | None
    neighbours: int


@dataclass(frozen=True, eq=False, slots=True)
class Imputed:
    """Values with missing cells filled in.

    Attributes
    ----------
    values : DataFrame
        As given, filled in; NaN where the method could not tell.
    mask : DataFrame of bool
        True for every cell that was filled in.
    quality : DataFrame
        One row per indicator: ``imputed``, ``left`` (cells still missing), and a test in which
        known cells were hidden and filled in again: ``tested`` cells, ``rmse``, ``nrmse`` (rmse ÷
        sd; about 1 for filling in the mean), ``bias`` and ``r`` (correlation with the truth).
    method : str
    """

    values: pd.DataFrame
    mask: pd.DataFrame
    quality: pd.DataFrame
    method: str

    def __repr__(self) -> str:
        """Return one line."""
        left = int(self.quality["left"].sum())
        return f"Imputed({self.method}: {int(self.mask.to_numpy().sum())} cells, {left} left)"


def impute(
    values: pd.DataFrame,
    method: str = "median",
    *,
    groups: Sequence[Any] | pd.Series | None = None,
    neighbours: int = 5,
    hidden: float = 0.1,
    seed: int | np.random.Generator | None = 0,
) -> Imputed:
    """Fill in missing values and test how well the method does it.

    Parameters
    ----------
    values : DataFrame, n × m
        Raw values; rows are org or (org, period). Never written to.
    method : str
        A word of `IMPUTATIONS`:
        "mean", "median" of the indicator; "group_mean", "group_median" within ``groups``;
        "latest" (the organisation's last earlier value), "constant" (its nearest known value: the
        last earlier, else the first later one), "linear" (between its known values, flat beyond
        them); "knn" (mean of the nearest organisations); "em" (conditional mean of a multivariate
        normal).
    groups : sequence, n, optional
        Each row's group.
    neighbours : int
        For "knn".
    hidden : float
        Share of each indicator's known cells that are hidden for the test; 0 for none.
    seed : int, Generator or None
        Which cells are hidden.

    Returns
    -------
    Imputed

    Raises
    ------
    MethodError
        For an indicator without any value, groups or periods that the method lacks, or fewer
        organisations than the method needs.

    Warns
    -----
    MethodWarning
        Where "em" does not converge.

    References
    ----------
    OECD/JRC (2008), pp. 55–62; Little and Rubin (2002), Statistical Analysis with Missing Data.

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1.0, np.nan, 3.0, 8.0]}, index=["甲", "乙", "丙", "丁"])
    >>> made = impute(values)
    >>> made.values["a"].tolist(), int(made.mask["a"].sum())
    ([1.0, 3.0, 3.0, 8.0], 1)
    """
    fill = choose(method, IMPUTATIONS, "method")
    array = as_matrix(values, what="values", missing=True)
    if not 0 <= hidden < 1:
        raise MethodError(f"hidden must be a share in 0..1, got {hidden!r}. Give 0.1, for example.")
    _refuse_empty(values, array)
    context = Context(_labels(groups, values), neighbours)
    filled = fill(values, context)
    missing = np.isnan(array)
    mask = missing & ~np.isnan(filled)
    quality = pd.DataFrame(
        {"imputed": mask.sum(axis=0), "left": np.isnan(filled).sum(axis=0)}, index=values.columns
    ).join(_test(values, array, fill, context, hidden, np.random.default_rng(seed)))
    return Imputed(
        pd.DataFrame(filled, index=values.index, columns=values.columns),
        pd.DataFrame(mask, index=values.index, columns=values.columns),
        quality,
        method,
    )


def _test(
    values: pd.DataFrame,
    array: FloatArray,
    fill: Filler,
    context: Context,
    hidden: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Hide known cells, fill them in and compare."""
    holes = np.zeros(array.shape, dtype=bool)
    for j in range(array.shape[1]):
        known = np.flatnonzero(~np.isnan(array[:, j]))
        count = min(round(hidden * len(known)), len(known) - 2)
        if count > 0:
            holes[rng.choice(known, count, replace=False), j] = True
    if not holes.any():
        return pd.DataFrame(
            {"tested": 0, "rmse": np.nan, "nrmse": np.nan, "bias": np.nan, "r": np.nan},
            index=values.columns,
        )
    again = fill(values.mask(holes), context)
    records = []
    for j in range(array.shape[1]):
        told = holes[:, j] & ~np.isnan(again[:, j])
        truth, guess = array[told, j], again[told, j]
        error = guess - truth
        rmse = float(np.sqrt(np.mean(error**2))) if len(error) else np.nan
        sd = float(np.nanstd(array[:, j]))
        related = len(error) > 2 and np.ptp(truth) > 0 and np.ptp(guess) > 0
        records.append(
            {
                "tested": len(error),
                "rmse": rmse,
                "nrmse": rmse / sd if sd > 0 else np.nan,
                "bias": float(error.mean()) if len(error) else np.nan,
                "r": float(np.corrcoef(truth, guess)[0, 1]) if related else np.nan,
            }
        )
    return pd.DataFrame(records, index=values.columns)


@dataclass(frozen=True, eq=False, slots=True)
class MultiplyImputed:
    """Several completed copies of the values; they differ as much as the missing cells are unknown.

    Attributes
    ----------
    frames : tuple of DataFrame
        Completed values; build an index from each and `pool` the scores.
    mask : DataFrame of bool
        True for every cell that was filled in.
    spread : DataFrame
        As the values: standard deviation of a filled-in cell over the copies; 0 for known ones.
    seed : int, Generator or None
    """

    frames: tuple[pd.DataFrame, ...]
    mask: pd.DataFrame
    spread: pd.DataFrame
    seed: int | np.random.Generator | None

    def __repr__(self) -> str:
        """Return one line."""
        cells = int(self.mask.to_numpy().sum())
        return f"MultiplyImputed({len(self.frames)} copies, {cells} cells)"


def impute_multiply(
    values: pd.DataFrame,
    *,
    draws: int = 20,
    seed: int | np.random.Generator | None = 0,
) -> MultiplyImputed:
    """Fill in missing values several times, each time from a bootstrapped normal model.

    Parameters
    ----------
    values : DataFrame, n × m, n > m
        Raw values. Never written to.
    draws : int
        Number of completed copies, at least 2.
    seed : int, Generator or None

    Returns
    -------
    MultiplyImputed

    Raises
    ------
    MethodError
        As `impute` with "em", and for fewer than 2 draws.

    Notes
    -----
    Rows are drawn with replacement, mean and covariance estimated by EM, and every missing cell is
    drawn from its conditional normal distribution given the row's known cells.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Honaker and King (2010), American
    J. Political Science 54, 561–581, for EM with bootstrapping.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> values = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    >>> values.iloc[0, 0] = np.nan
    >>> impute_multiply(values, draws=5)
    MultiplyImputed(5 copies, 1 cells)
    """
    if draws < 2:
        raise MethodError(f"draws must be at least 2, got {draws!r}. Give 20, for example.")
    array = as_matrix(values, what="values", missing=True)
    _refuse_empty(values, array)
    _refuse_few(array)
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(draws):
        model = _estimate(_resample(array, rng))
        drawn = _conditional(array, model, rng)
        frames.append(pd.DataFrame(drawn, index=values.index, columns=values.columns))
    spread = np.std([frame.to_numpy() for frame in frames], axis=0, ddof=1)
    spread[~np.isnan(array)] = 0.0
    return MultiplyImputed(
        tuple(frames),
        values.isna(),
        pd.DataFrame(spread, index=values.index, columns=values.columns),
        seed,
    )


def pool(scores: Sequence[pd.Series], variances: Sequence[pd.Series] | None = None) -> pd.DataFrame:
    """Pool the scores that were built from several completed copies of the values.

    Parameters
    ----------
    scores : sequence of Series, n
        One Series per copy, same rows.
    variances : sequence of Series, n, optional
        Sampling variance of each score; 0 by default.

    Returns
    -------
    DataFrame
        Rows as the scores: ``score`` (mean), ``within``, ``between`` (variances),
        ``standard_error``, ``df`` and ``missing_information`` (share of the variance that comes
        from missing values).

    Raises
    ------
    MethodError
        For fewer than 2 copies or rows that differ.

    Notes
    -----
    ``T = W + (1 + 1/D) B``; ``df = (D - 1)(1 + W / ((1 + 1/D) B))²``.

    References
    ----------
    Rubin (1987), pp. 76–77.

    Examples
    --------
    >>> pool([pd.Series([60.0]), pd.Series([64.0])])[["score", "between"]]
       score  between
    0   62.0      8.0
    """
    count = len(scores)
    others = scores[1:] if variances is None else [*scores[1:], *variances]
    if count < 2 or any(not scores[0].index.equals(other.index) for other in others):
        raise MethodError(
            "pooling needs scores of at least 2 copies with the same rows, got "
            f"{count} {'with other rows' if count > 1 else 'copy' if count else 'copies'}. "
            "Build every copy from the same organisations."
        )
    table = np.array([score.to_numpy(dtype=float) for score in scores])
    within = np.zeros(table.shape[1])
    if variances is not None:
        within = np.mean([variance.to_numpy(dtype=float) for variance in variances], axis=0)
    between = table.var(axis=0, ddof=1)
    extra = (1 + 1 / count) * between
    total = within + extra
    known = extra > 0
    ratio = np.divide(within, extra, out=np.zeros_like(extra), where=known)
    return pd.DataFrame(
        {
            "score": table.mean(axis=0),
            "within": within,
            "between": between,
            "standard_error": np.sqrt(total),
            "df": np.where(known, (count - 1) * (1 + ratio) ** 2, np.inf),
            "missing_information": np.divide(
                extra, total, out=np.zeros_like(extra), where=total > 0
            ),
        },
        index=scores[0].index,
    )


# -- the methods -------------------------------------------------------------------------------


def _by_statistic(statistic: str) -> Filler:
    def fill(values: pd.DataFrame, context: Context) -> FloatArray:
        return _array(values.fillna(values.agg(statistic)))

    return fill


def _by_group(statistic: Literal["mean", "median"]) -> Filler:
    def fill(values: pd.DataFrame, context: Context) -> FloatArray:
        if context.groups is None:
            raise MethodError(
                f"group_{statistic} needs each row's group, got none. Give groups, one per row."
            )
        return _array(values.fillna(values.groupby(context.groups).transform(statistic)))

    return fill


def _latest(values: pd.DataFrame, context: Context) -> FloatArray:
    return _over_time(values, lambda own: own.ffill())


def _constant(values: pd.DataFrame, context: Context) -> FloatArray:
    return _over_time(values, lambda own: own.ffill().bfill())


def _linear(values: pd.DataFrame, context: Context) -> FloatArray:
    def between(own: pd.DataFrame) -> pd.DataFrame:
        when = own.index.get_level_values(-1)
        places = when.asi8 if isinstance(when, pd.PeriodIndex) else np.asarray(when, dtype=float)
        filled = own.copy()
        for code in own.columns:
            x = own[code].to_numpy()
            known = ~np.isnan(x)
            if known.any():
                filled[code] = np.where(known, x, np.interp(places, places[known], x[known]))
        return filled

    return _over_time(values, between)


def _over_time(values: pd.DataFrame, fill: Callable[[pd.DataFrame], pd.DataFrame]) -> FloatArray:
    """Fill in each organisation's values in the order of time."""
    if values.index.nlevels != 2:
        raise MethodError(
            "a panel method needs rows (org, period), got "
            f"{listed(values.index.names)}. Use another method, or set the index."
        )
    ordered = values.sort_index()
    parts = [fill(own) for _, own in ordered.groupby(level=0, sort=False)]
    return _array(pd.concat(parts).reindex(values.index))


def _nearest(values: pd.DataFrame, context: Context) -> FloatArray:
    """Fill in with the mean of the nearest rows that know the cell.

    The distance is over the standardised indicators both rows know, scaled up to all of them.
    """
    k = context.neighbours
    if k < 1:
        raise MethodError(f"neighbours must be at least 1, got {k!r}. Give 5, for example.")
    array = _array(values)
    sd = np.nanstd(array, axis=0)
    z = (array - np.nanmean(array, axis=0)) / np.where(sd > 0, sd, 1.0)
    known = ~np.isnan(z)
    flat, seen = np.where(known, z, 0.0), known.astype(float)
    squares = flat**2
    filled = array.copy()
    rows = np.flatnonzero(~known.all(axis=1))
    for some in _chunks(rows, 256):
        shared = seen[some] @ seen.T
        distance = squares[some] @ seen.T - 2 * flat[some] @ flat.T + seen[some] @ squares.T
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.where(shared > 0, np.maximum(distance, 0.0) / shared, np.inf)
        for place, i in enumerate(some):
            for j in np.flatnonzero(~known[i]):
                donors = np.flatnonzero(known[:, j] & np.isfinite(distance[place]))
                near = donors[np.argsort(distance[place, donors], kind="stable")[:k]]
                if len(near):
                    filled[i, j] = array[near, j].mean()
    return filled


def _chunks(rows: npt.NDArray[Any], size: int) -> Iterator[npt.NDArray[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


class _Normal(NamedTuple):
    mean: FloatArray
    covariance: FloatArray


def _em(values: pd.DataFrame, context: Context) -> FloatArray:
    array = _array(values)
    _refuse_few(array)
    return _conditional(array, _estimate(array), None)


def _estimate(array: FloatArray, most: int = 500) -> _Normal:
    """Estimate mean and covariance by EM (maximum likelihood under normality)."""
    scale = np.nanstd(array, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    centre = np.nanmean(array, axis=0)
    z = (array - centre) / scale
    n, m = z.shape
    mean, covariance = np.zeros(m), np.eye(m)
    patterns = _patterns(z)
    for _ in range(most):
        filled, extra = z.copy(), np.zeros((m, m))
        for rows, absent in patterns:
            slope, left = _regression(covariance, absent)
            filled[np.ix_(rows, absent)] = (
                mean[absent] + (z[np.ix_(rows, ~absent)] - mean[~absent]) @ slope.T
            )
            extra[np.ix_(absent, absent)] += len(rows) * left
        new_mean = filled.mean(axis=0)
        centred = filled - new_mean
        new = (centred.T @ centred + extra) / n
        moved = max(np.abs(new_mean - mean).max(), np.abs(new - covariance).max())
        mean, covariance = new_mean, new
        if moved < 1e-8:
            break
    else:
        warn(
            MethodWarning(
                f"EM should converge within {most} rounds, got a last change of {moved:.2g} sd. "
                "Drop indicators that repeat each other or are mostly missing.",
                zh=f"EM 填补应在 {most} 轮内收敛，末轮仍变动 {moved:.2g} 个标准差。"
                "请去掉互相重复或大多缺失的指标。",
            ),
            stacklevel=4,
        )
    return _Normal(centre + mean * scale, covariance * np.outer(scale, scale))


def _conditional(array: FloatArray, model: _Normal, rng: np.random.Generator | None) -> FloatArray:
    """Fill in each missing cell by its conditional mean, or a draw around it."""
    filled = array.copy()
    for rows, absent in _patterns(array):
        slope, left = _regression(model.covariance, absent)
        guess = model.mean[absent] + (array[np.ix_(rows, ~absent)] - model.mean[~absent]) @ slope.T
        if rng is not None:
            values, vectors = np.linalg.eigh(left)
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            guess = guess + rng.standard_normal(guess.shape) @ root.T
        filled[np.ix_(rows, absent)] = guess
    return filled


def _patterns(array: FloatArray) -> list[tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]]:
    """Gather rows by which cells they miss; complete rows are left out."""
    missing = np.isnan(array)
    kinds, of_row = np.unique(missing, axis=0, return_inverse=True)
    of_row = of_row.reshape(-1)
    return [(np.flatnonzero(of_row == k), kind) for k, kind in enumerate(kinds) if kind.any()]


def _regression(
    covariance: FloatArray, absent: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Return the slopes of the absent on the known indicators, and what they leave unexplained."""
    known = covariance[np.ix_(~absent, ~absent)]
    across = covariance[np.ix_(absent, ~absent)]
    slope: FloatArray = across @ np.linalg.pinv(known, hermitian=True) if known.size else across
    left: FloatArray = covariance[np.ix_(absent, absent)] - slope @ across.T
    return slope, left


def _resample(array: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw rows with replacement, until every indicator is known at least twice."""
    while True:
        drawn = array[rng.integers(len(array), size=len(array))]
        if ((~np.isnan(drawn)).sum(axis=0) >= 2).all():
            return drawn


def _array(values: pd.DataFrame) -> FloatArray:
    return values.to_numpy(dtype=float, na_value=np.nan)


def _labels(groups: Sequence[Any] | pd.Series | None, values: pd.DataFrame) -> Any:
    if groups is None:
        return None
    labels = pd.Series(groups).to_numpy()
    if len(labels) != len(values) or pd.isna(labels).any():
        got = "a missing one" if len(labels) == len(values) else f"{len(labels)} for {len(values)}"
        raise MethodError(f"groups must have one label per row, got {got}. Complete them.")
    return labels


def _refuse_empty(values: pd.DataFrame, array: FloatArray) -> None:
    refuse_columns(
        np.isnan(array).all(axis=0),
        values.columns,
        "every indicator must have a value to be imputed from, got nothing but missing values in",
        "Leave these columns out.",
    )


def _refuse_few(array: FloatArray) -> None:
    n, m = array.shape
    if n <= m + 1:
        raise MethodError(
            f"EM needs more organisations than indicators + 1, got {n} for {m}. "
            "Use median or group_median, or take fewer indicators."
        )


IMPUTATIONS: Final[Mapping[str, Filler]] = MappingProxyType(
    {
        "mean": _by_statistic("mean"),
        "median": _by_statistic("median"),
        "group_mean": _by_group("mean"),
        "group_median": _by_group("median"),
        "latest": _latest,
        "constant": _constant,
        "linear": _linear,
        "knn": _nearest,
        "em": _em,
    }
)
