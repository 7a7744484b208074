"""Inequality between and within nested groups, with intervals, and how both change."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .guards import FloatArray, as_vector, listed
from .inequality import TheilDecomposition, entropy_terms, theil_decomposition
from .resampling import bootstrap_interval, resample


@dataclass(frozen=True, eq=False, slots=True)
class NestedTheil:
    """A generalised entropy measure split over nested groups.

    Attributes
    ----------
    parts : DataFrame
        Indexed by part: one row per level of groups, the outermost first (differences between its
        groups inside those of the level above), then ``within`` and ``total``. Columns: ``groups``
        (how many; NaN for the last two), ``value``, ``share`` (of the total), ``by_chance`` (the
        share that groups of these sizes would have if they were drawn by lot), ``low``, ``high``
        (of the value) and ``share_low``, ``share_high``; the four are NaN without draws.
    groups : DataFrame
        Indexed by innermost group: ``n``, ``mean``, ``population_share``, ``value_share``,
        ``inequality`` and ``contribution`` (to ``within``).
    alpha : float
        1 for Theil T, 0 for Theil L.
    draws : int
        Samples behind the intervals.
    """

    parts: pd.DataFrame
    groups: pd.DataFrame
    alpha: float
    draws: int

    def __repr__(self) -> str:
        told = ", ".join(map("{} {:.1%}".format, self.parts.index, self.parts["share"]))
        total = float(self.parts["value"].iloc[-1])
        return f"NestedTheil(alpha {self.alpha:g}: total {total:.4g}; {told})"


def nested_theil(
    x: pd.Series | npt.ArrayLike,
    levels: pd.DataFrame,
    *,
    alpha: float = 1.0,
    draws: int = 0,
    confidence: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> NestedTheil:
    """Split a generalised entropy measure over nested groups, such as regions and domains in them.

    Parameters
    ----------
    x : Series or array of float, n
        At least 0 and not all 0; positive for α ≤ 0.
    levels : DataFrame, n × levels
        The groups of each value, in the same order, the outermost in the first column. A group of
        the second level is its name inside that of the first, and so on.
    alpha : float
        1 for Theil T, 0 for Theil L.
    draws : int
        Samples for the intervals; 0 gives none.
    confidence : float
        Level of the intervals.
    seed : int, Generator or None
        For the draws.

    Returns
    -------
    NestedTheil

    Raises
    ------
    MethodError
        As `inequality.theil_decomposition`; where there is no level.

    Warns
    -----
    MethodWarning
        Where intervals are asked for and a group holds one organisation only.

    Notes
    -----
    With B_l the measure of the means of the groups of level l, each counted n_g times, the part of
    level l is B_l − B_(l−1), and within is T minus the last B; the parts sum to the total. The
    other order of the columns (domains, and regions in them) gives other parts. By chance a level
    that has m groups more than the one above has the share m / (n − 1): exactly for α = 2, nearly
    for others. Intervals: organisations are drawn with replacement inside the innermost groups;
    they tell how far a figure rests on single organisations, and are freed of what small groups add
    by chance (`resampling.bootstrap_interval`), so that with many small groups that of
    a part between lies below the figure.

    References
    ----------
    Akita, T. (2003). Decomposing regional income inequality in China and Indonesia using two-stage
    nested Theil decomposition method. Annals of Regional Science 37: 55–77.

    Examples
    --------
    >>> levels = pd.DataFrame({"region": list("aaaabbbb"), "domain": list("rroorroo")})
    >>> made = nested_theil([1.0, 3.0, 5.0, 7.0, 2.0, 4.0, 6.0, 8.0], levels)
    >>> made.parts[["value", "share"]].round(3)
            value  share
    part
    region  0.006  0.043
    domain  0.104  0.728
    within  0.033  0.229
    total   0.143  1.000
    """
    values = as_vector(x, what="x")
    codes, path = _cells(x, levels, len(values))
    rows = x.index if isinstance(x, pd.Series) else None
    amounts = x if isinstance(x, pd.Series) else values
    whole = theil_decomposition(amounts, pd.Series(codes, index=rows), alpha=alpha)
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    level_of = [
        path.groupby(list(path.columns[: d + 1])).ngroup().to_numpy() for d in range(path.shape[1])
    ]

    def measure(samples: FloatArray) -> FloatArray:
        return _parts(samples, sizes, level_of, alpha)

    ordered = values[order]
    observed = measure(ordered[None, :])[0]
    table = _table(observed, path, level_of, len(values))
    if draws:
        _warn_of_single(path, sizes)
        drawn = resample(ordered, sizes, measure, draws=draws, seed=seed)
        table["low"], table["high"] = bootstrap_interval(drawn, observed, confidence=confidence)
        ends = bootstrap_interval(_shares(drawn), _shares(observed), confidence=confidence)
        table["share_low"], table["share_high"] = np.minimum(ends, 1.0)
    return NestedTheil(
        table, whole.groups.set_axis(pd.MultiIndex.from_frame(path)), float(alpha), draws
    )


def theil_change(first: TheilDecomposition, last: TheilDecomposition) -> pd.DataFrame:
    """Say where a change of inequality came from.

    Parameters
    ----------
    first, last : TheilDecomposition
        Of the same groups and α at two times.

    Returns
    -------
    DataFrame
        Indexed by part: ``between`` (the groups' means), ``inequality`` (inside the groups),
        ``weights`` (the groups' sizes and shares, by which the inner parts count), ``within`` (the
        two before together) and ``total``. Columns: ``first``, ``last`` (NaN for ``inequality`` and
        ``weights``), ``change``.

    Raises
    ------
    MethodError
        For other groups or another α.

    Notes
    -----
    With w_g the weight of group g in the within part, Δwithin = Σ w̄_g ΔI_g + Σ Ī_g Δw_g, where
    bars are means of both times: exact, nothing is left over.

    References
    ----------
    Mookherjee, D. & Shorrocks, A. (1982). A decomposition analysis of the trend in UK income
    inequality. Economic Journal 92: 886–902.

    Examples
    --------
    >>> groups = ["a", "a", "b", "b"]
    >>> made = theil_change(
    ...     theil_decomposition([1.0, 3.0, 5.0, 7.0], groups),
    ...     theil_decomposition([2.0, 2.0, 5.0, 7.0], groups),
    ... )
    >>> made["change"].round(3).to_dict()
    {'between': 0.0, 'inequality': -0.033, 'weights': 0.0, 'within': -0.033, 'total': -0.033}
    """
    if first.alpha != last.alpha:
        raise MethodError(
            f"both times must be measured alike, got alpha {first.alpha:g} and {last.alpha:g}. "
            "Give both the same alpha."
        )
    strange = first.groups.index.symmetric_difference(last.groups.index)
    if len(strange):
        raise MethodError(
            f"both times must have the same groups, got only one of them with {listed(strange)}. "
            "Leave these groups out or merge them."
        )
    sides = [made.groups.loc[first.groups.index] for made in (first, last)]
    people, value, inner = (
        np.array([side[name].to_numpy(dtype=float) for side in sides])
        for name in ("population_share", "value_share", "inequality")
    )
    weights = people * (value / people) ** first.alpha
    inside = float(weights.mean(axis=0) @ (inner[1] - inner[0]))
    shifted = float(inner.mean(axis=0) @ (weights[1] - weights[0]))
    rows = {
        "between": (first.between, last.between, last.between - first.between),
        "inequality": (np.nan, np.nan, inside),
        "weights": (np.nan, np.nan, shifted),
        "within": (first.within, last.within, last.within - first.within),
        "total": (first.total, last.total, last.total - first.total),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["first", "last", "change"])
    return table.rename_axis("part")


def _cells(
    x: pd.Series | npt.ArrayLike, levels: pd.DataFrame, n: int
) -> tuple[npt.NDArray[np.intp], pd.DataFrame]:
    """Return the innermost group of each value as a number, and the path to each group."""
    if levels.shape[1] == 0:
        raise MethodError("levels must have at least 1 column, got 0. Give the groups' names.")
    if len(levels) != n or (isinstance(x, pd.Series) and not x.index.equals(levels.index)):
        raise MethodError(
            f"levels must name the groups of each value, got {len(levels)} rows for {n} values. "
            "Give both the same order and index."
        )
    absent = levels.isna().any(axis=1)
    if absent.any():
        raise MethodError(
            f"every value must have a group on every level, got none for "
            f"{listed(levels.index[absent])}. Name the group or leave the values out."
        )
    columns = list(levels.columns)
    codes = np.asarray(levels.groupby(columns, observed=True).ngroup(), dtype=np.intp)
    path = levels.assign(_code=codes).drop_duplicates("_code").sort_values("_code")
    return codes, path[columns].reset_index(drop=True)


def _parts(
    samples: FloatArray, sizes: npt.NDArray[np.intp], level_of: list[Any], alpha: float
) -> FloatArray:
    """Return the parts of every sample (row): each level, within, total."""
    n = samples.shape[1]
    mean = samples.mean(axis=1, keepdims=True)
    total = entropy_terms(samples / mean, alpha).mean(axis=1)
    sums = np.add.reduceat(samples, np.cumsum(sizes) - sizes, axis=1)
    steps = [np.zeros(len(samples))]
    for codes in level_of:
        member = np.zeros((len(codes), codes.max() + 1))
        member[np.arange(len(codes)), codes] = 1.0
        shares = sizes @ member / n
        steps.append(entropy_terms(sums @ member / (n * shares * mean), alpha) @ shares)
    return np.stack([*np.diff(steps, axis=0), total - steps[-1], total], axis=1)


def _table(observed: FloatArray, path: pd.DataFrame, level_of: list[Any], n: int) -> pd.DataFrame:
    groups = np.array([codes.max() + 1.0 for codes in level_of])
    chance = np.diff(groups, prepend=1.0) / max(n - 1, 1)
    unknown = [np.nan, np.nan]
    return pd.DataFrame(
        {
            "groups": [*groups, *unknown],
            "value": observed,
            "share": _shares(observed),
            "by_chance": [*chance, 1 - chance.sum(), np.nan],
            **dict.fromkeys(["low", "high", "share_low", "share_high"], np.nan),
        },
        index=pd.Index([*map(str, path.columns), "within", "total"], name="part"),
    )


def _shares(parts: FloatArray) -> FloatArray:
    total = parts[..., -1:]
    return np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)


def _warn_of_single(path: pd.DataFrame, sizes: npt.NDArray[np.intp]) -> None:
    alone = pd.MultiIndex.from_frame(path[sizes == 1])
    if len(alone):
        warnings.warn(
            MethodWarning(
                "Groups should hold at least 2 organisations to be drawn from, got 1 in "
                f"{listed(alone)}; the intervals are too narrow. Merge small groups.",
                zh=f"每组须有至少 2 个组织才能抽样；{enumerated(alone)}只有 1 个，区间偏窄。"
                "请合并小组。",
            ),
            stacklevel=3,
        )
