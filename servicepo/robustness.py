"""Robustness: how ranks move when the choices behind an index are made otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import MethodError
from .framework import Framework
from .index import Index, build_index
from .labels import Language, word
from .scaling import fit_where_values_differ

Array = npt.NDArray[np.float64]
Seed = int | np.random.Generator | None

# How far an average weight is moved: its coefficient of variation over the draws.
WEIGHT_SPREAD: Final = 0.25
QUANTILES: Final = (0.5, 0.05, 0.95)
MOST_RANKED: Final = 4_000_000  # ranks worked on at a time

# Every normalisation is brought to positive numbers around 1..100, which a geometric mean needs;
# an arithmetic mean ranks alike before and after.
POSITIVE: Final[Mapping[str, Callable[[Array], Array]]] = MappingProxyType(
    {
        "minmax": lambda x: 1 + 99 * x,
        "zscore": lambda x: np.maximum(50 + 10 * x, 1),
        "percentile_rank": lambda x: 1 + 99 * x,
    }
)
# What is averaged: the scores themselves, or their logarithms (ranks need no way back).
AVERAGED: Final[Mapping[str, Callable[[Array], Array]]] = MappingProxyType(
    {"arithmetic": lambda x: x, "geometric": np.log}
)


@dataclass(frozen=True, eq=False, slots=True)
class Robustness:
    """Ranks under many ways to build the same index.

    Attributes
    ----------
    ranks : DataFrame
        Indexed by (org, period): ``group``, ``n``, ``rank`` (as built with the declared choices),
        ``median``, ``low``, ``high`` (5 % and 95 %) of the rank over all runs, ``mean_shift`` (mean
        absolute difference from ``rank``), ``p_bottom`` (share of runs in the bottom share).
    sensitivity : DataFrame
        Indexed by choice ("normalisation", "aggregation", "weights", "interactions"): ``share`` of
        the variance of ranks that it explains by itself; they sum to 1. NaN where no rank moves.
    runs : int
        How many indices were built.
    draws : int
        Random weights among them.
    share : float
        The bottom share.
    within : str or None
        Column of the classes.
    index : Index
        As built with the declared choices.
    """

    ranks: pd.DataFrame
    sensitivity: pd.DataFrame
    runs: int
    draws: int
    share: float
    within: str | None
    index: Index

    def __repr__(self) -> str:
        moved = self.ranks["mean_shift"].mean()
        width = (self.ranks["high"] - self.ranks["low"]).median()
        return (
            f"Robustness({self.runs} runs: ranks move by {moved:.1f} on average, "
            f"median 90 % interval {width:.0f} ranks wide)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.sensitivity.round(3).to_html()}"

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how robustness was assessed, ready for a methods section."""
        comma = "、" if language == "zh" else ", "
        return word("methods.robustness", language).format(
            runs=self.runs,
            draws=self.draws,
            spread=f"{WEIGHT_SPREAD:.0%}",
            normalisations=comma.join(word(f"normalise.{w}", language) for w in POSITIVE),
            aggregations=comma.join(word(f"aggregate.{w}", language) for w in AVERAGED),
        )


def assess_robustness(
    values: pd.DataFrame,
    framework: Framework,
    *,
    organisations: pd.DataFrame | None = None,
    within: str | None = "sector",
    share: float = 0.1,
    draws: int = 1000,
    seed: Seed = 0,
) -> Robustness:
    """Rank organisations again under other weights, normalisations and aggregations.

    Parameters
    ----------
    values, framework, organisations
        As `build_index` takes them.
    within : str or None
        Column of the organisations whose classes are ranked apart; None, or no organisations, ranks
        all together.
    share : float
        The bottom share of each class for ``p_bottom``; quotas are rounded to the nearest, and all
        that stand on the cut are in, as in `find_weak`.
    draws : int
        Random weights, at least 2; each is tried with every normalisation and aggregation.
    seed : int, Generator or None
        For the weights.

    Returns
    -------
    Robustness

    Raises
    ------
    MethodError
        For fewer than 2 draws, a share outside 0..1, and as `build_index` and ``Index.ranks``.

    Notes
    -----
    Weights: every declared weight w_j is multiplied by a gamma variate of mean 1 and shape κ w_j
    and scaled to sum 1, which makes the weights Dirichlet(κ w); κ is set so that an average weight
    varies by 25 %. Organisations to which different indicators apply share the draws of those they
    have in common. Where scores are missing the weights of the others are scaled up.

    The design is fully crossed, so the shares of the variance are exact for it: S_i = Var of the
    mean rank given choice i, over the whole variance, summed over organisations (ranks divided by
    n); what is left is interaction. All draws of a class are one matrix product.

    References
    ----------
    Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis
    techniques as tools for the quality assessment of composite indicators. J. R. Stat. Soc. A 168:
    307–323.

    Examples
    --------
    >>> from servicepo.framework import load_framework
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村", "乙村", "丙村"], pd.PeriodIndex(["2024"], freq="Y")], names=["org", "period"]
    ... )
    >>> values = pd.DataFrame(
    ...     {"team_style": [60.0, 80, 95], "premises_service": [90.0, 75, 95]}, rows
    ... )
    >>> made = assess_robustness(values, load_framework("six_haves"), draws=200)
    >>> made.ranks[["rank", "low", "high"]]
                 rank  low  high
    org  period
    甲村 2024     2.0  2.0   3.0
    乙村 2024     3.0  2.0   3.0
    丙村 2024     1.0  1.0   1.0
    """
    if draws < 2:
        raise MethodError(f"draws must be at least 2, got {draws!r}. Give 1000, for example.")
    if not 0 < share < 1:
        raise MethodError(
            f"share must lie between 0 and 1, got {share!r}. Give 0.1 for the lowest tenth."
        )
    index = build_index(values, framework, organisations=organisations)
    classes = None if organisations is None else within
    base = index.ranks(within=classes)
    tables = _tables(index)
    weights = _drawn_weights(index, draws, np.random.default_rng(seed))
    own_group = index.group_of_row.to_numpy(dtype=object)
    parts, variances = [], []
    for rows in _classes(base):
        ranks = np.empty((len(tables), draws, len(rows)), dtype=np.int32)
        for place, x in enumerate(tables):
            ranks[place] = _ranks(x, own_group[rows], rows, weights)
        cuts = _cuts(ranks, share)
        for part in _slices(len(rows), len(tables) * draws):
            own = ranks[:, :, part]
            parts.append(_summary(own, base.iloc[rows[part]], cuts))
            shape = (len(POSITIVE), len(AVERAGED), draws, -1)
            variances.append(_variances(own.reshape(shape) / len(rows)))
    columns = ["median", "low", "high", "mean_shift", "p_bottom"]
    summary = pd.concat(parts)[columns].reindex(base.index)
    return Robustness(
        ranks=base[["group", "n", "rank"]].join(summary),
        sensitivity=_shares(np.sum(variances, axis=0)),
        runs=len(tables) * draws,
        draws=draws,
        share=float(share),
        within=classes,
        index=index,
    )


def _tables(index: Index) -> list[Array]:
    """Return what is averaged under each normalisation and aggregation; NaN is missing."""
    values = index.values[list(index.scale.codes)]
    made = []
    for name, positive in POSITIVE.items():
        scores = fit_where_values_differ(values, name, index.framework).apply(values)
        x = positive(scores.to_numpy(dtype=float))
        made += [averaged(x) for averaged in AVERAGED.values()]
    return made


def _drawn_weights(index: Index, draws: int, random: np.random.Generator) -> dict[str, Array]:
    """Draw weights around the declared ones: group -> draws × indicators, 0 where none applies."""
    codes = list(index.scale.codes)
    declared = {
        str(label): own.droplevel("group").reindex(codes).fillna(0.0).to_numpy()
        for label, own in index.weights["global_weight"].groupby(level="group")
    }
    table = np.stack(list(declared.values()))
    applied = table > 0
    # An indicator that applies to some groups only is drawn by its mean weight where it applies.
    mean = table.sum(axis=0) / np.maximum(applied.sum(axis=0), 1)
    concentration = applied.sum(axis=1).mean() / WEIGHT_SPREAD**2
    shape = np.where(mean > 0, concentration * mean, 1.0)
    factors = random.gamma(shape, 1 / shape, (draws, len(codes)))
    return {label: own * factors for label, own in declared.items()}


def _classes(base: pd.DataFrame) -> Iterator[npt.NDArray[np.intp]]:
    """Give the rows of each class in each period, those without a score left out."""
    ranked = base["rank"].notna().to_numpy()
    numbers = base.groupby(["group", "period"], observed=True).ngroup().to_numpy()
    for number in np.unique(numbers[ranked]):
        yield np.flatnonzero((numbers == number) & ranked)


def _ranks(
    table: Array,
    groups: npt.NDArray[np.object_],
    rows: npt.NDArray[np.intp],
    weights: Mapping[str, Array],
) -> npt.NDArray[np.int32]:
    """Rank the rows of a class under every draw of weights: draws × rows, 1 is best."""
    draws = len(next(iter(weights.values())))
    scores = np.empty((draws, len(rows)))
    for label in dict.fromkeys(groups):
        mine = np.flatnonzero(groups == label)
        own = weights[str(label)]
        used = own.any(axis=0)  # indicators that apply here
        x, own = table[np.ix_(rows[mine], used)], own[:, used]
        present = ~np.isnan(x)
        total = own @ np.where(present, x, 0.0).T
        whole = present.all()
        held = own.sum(axis=1, keepdims=True) if whole else own @ present.T.astype(float)
        scores[:, mine] = total / held
    # Equal scores may differ in the last digit of a product; seven digits tell the others apart.
    coarse = np.negative(scores).astype(np.float32)
    ranks = np.empty(coarse.shape, dtype=np.int32)
    for part in _slices(draws, len(rows)):
        ranks[part] = pd.DataFrame(coarse[part].T).rank(method="min").to_numpy().T
    return ranks


def _slices(count: int, width: int) -> Iterator[slice]:
    """Cut a table of so many rows (or columns) of this width into parts that memory holds."""
    size = max(1, MOST_RANKED // width)
    for start in range(0, count, size):
        yield slice(start, start + size)


def _cuts(ranks: npt.NDArray[np.int32], share: float) -> npt.NDArray[np.int32]:
    """Give the rank from which on one is in the bottom share, run by run: ties stand together."""
    n = ranks.shape[-1]
    named = math.floor(share * n + 0.5 + 1e-9)
    if not named:
        return np.full(ranks.shape[:-1], n + 1, dtype=np.int32)
    cuts = np.stack([np.partition(own, n - named, axis=1)[:, n - named] for own in ranks])
    return np.where((cuts == 1) & (n > 1), np.int32(n + 1), cuts)  # where all are equal, nobody is


def _summary(
    ranks: npt.NDArray[np.int32], base: pd.DataFrame, cuts: npt.NDArray[np.int32]
) -> pd.DataFrame:
    """Sum up the ranks of some organisations of a class over all runs."""
    runs = ranks.reshape(-1, ranks.shape[-1])
    levels = np.quantile(runs, QUANTILES, axis=0, method="inverted_cdf")
    made = dict(zip(("median", "low", "high"), levels.astype(float), strict=True))
    made["mean_shift"] = np.abs(runs - base["rank"].to_numpy()).mean(axis=0)
    made["p_bottom"] = (runs >= cuts.reshape(-1, 1)).mean(axis=0)
    return pd.DataFrame(made, index=base.index)


def _variances(ranks: Array) -> Array:
    """Sum over organisations: variance by normalisation, aggregation, weights, and in all."""
    whole = ranks.var(axis=(0, 1, 2)).sum()
    others = [(1, 2), (0, 2), (0, 1)]
    return np.array([*(ranks.mean(axis=axes).var(axis=0).sum() for axes in others), whole])


def _shares(variances: Array) -> pd.DataFrame:
    *single, whole = variances
    shares = np.array([*single, whole - sum(single)])
    choices = ["normalisation", "aggregation", "weights", "interactions"]
    table = pd.DataFrame({"share": shares / whole if whole > 0 else shares * np.nan})
    return table.set_axis(pd.Index(choices, name="choice"), axis=0)
