"""Why organisations are weak: what holds each back against a reference, and is it beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from .choices import by_level, veto_of
from .conditions import counted_weights
from .errors import MethodError
from .index import Index
from .methods.guards import choose
from .methods.obstacle import main_obstacles, obstacle_degree
from .methods.shapley import MOST_PLAYERS, shapley_values
from .methods.shrinkage import fit_prior
from .probing import overall_of, score_errors

Floats = npt.NDArray[np.float64]
Reference = float | str

SURE: Final = 0.8  # a reason is clear from this probability of lying below the reference on
REFERENCES: Final[Mapping[str, str]] = MappingProxyType(
    {"peers": "peers", "full": "full", "past": "past"}
)


def reasons_of(
    index: Index,
    rows: pd.Index,
    groups: pd.Series,
    chosen: npt.NDArray[np.bool_],
    *,
    reference: Reference = "peers",
    most: int = 3,
) -> pd.DataFrame:
    """Name the largest obstacles of some organisations.

    Parameters
    ----------
    index : Index
    rows : MultiIndex
        All rows (org, period) of one period: the peers.
    groups : Series
        The class of each of them.
    chosen : array of bool
        Whose reasons are asked for.
    reference : {"peers", "full", "past"} or float
        What the distance is measured to: the median of the class, full marks, the organisation's
        own scores of the period before, or a score (a threshold).
    most : int
        How many are named per organisation.

    Returns
    -------
    DataFrame
        ``org``, ``place``, ``indicator``, ``dimension``, ``degree`` (share of the organisation's
        distance), ``gap`` (points of score below the reference), ``p_below``, ``state``: "clear"
        (probability 0.8 or more of truly lying below the reference), "unclear", or "unknown" where
        the error of the indicator is not known.

    Raises
    ------
    MethodError
        For another reference, or the past where there is none.

    Notes
    -----
    For a weighted arithmetic mean without veto the degree is w_j max(0, r_j − x_j), scaled to sum
    to 1. Otherwise it is the exact Shapley value of raising indicators to the reference, the
    index's own aggregation and vetoes counting; with more than 12 indicators the dimensions play,
    and a dimension's share is split among its indicators by their weighted distances.

    ``p_below`` comes from scores shrunken to their class, indicator by indicator (normal prior).
    """
    scores = index.scores.loc[rows]
    target = _reference(index, rows, groups, scores, reference)
    probability = _below(index, rows, groups, scores, target, reference)
    asked = scores[chosen]
    weights = counted_weights(index, asked.index)
    degrees = obstacle_degree(asked, weights, reference=target[chosen])
    if not _is_linear(index):
        degrees = _shapley(index, asked, target[chosen], degrees)
    made = main_obstacles(degrees.droplevel("period"), most=most)
    dimension = {i.code: i.dimension for i in index.framework.indicators}
    made.insert(3, "dimension", made["indicator"].map(dimension).astype("str"))
    row = asked.index.get_level_values("org").get_indexer(pd.Index(made["org"]))
    column = asked.columns.get_indexer(pd.Index(made["indicator"]))
    made["gap"] = (target[chosen] - asked).to_numpy()[row, column]
    p = probability[chosen][row, column]
    state = np.where(np.isnan(p), "unknown", np.where(p >= SURE, "clear", "unclear"))
    return made.assign(p_below=p, state=pd.array(state, dtype="str"))


def _reference(
    index: Index, rows: pd.Index, groups: pd.Series, scores: pd.DataFrame, asked: Reference
) -> pd.DataFrame:
    """Return the reference of every cell."""
    if not isinstance(asked, str):
        return pd.DataFrame(float(asked), index=scores.index, columns=scores.columns)
    choose(asked, REFERENCES, "reference")
    if asked == "full":
        ideal = 100.0 if index.scale.bounded else index.scores.max().to_numpy()
        return pd.DataFrame(ideal, index=scores.index, columns=scores.columns)
    if asked == "peers":
        return scores.groupby(groups.to_numpy()).transform("median")
    return index.scores.reindex(_before(index, rows)).set_axis(scores.index)


def _before(index: Index, rows: pd.Index) -> pd.MultiIndex:
    """Return the rows of the period before."""
    periods = index.overall.index.unique("period").sort_values()
    place = int(periods.searchsorted(rows.get_level_values("period")[0]))
    if place == 0:
        raise MethodError(
            f'reference="past" needs a period before {periods[0]}, got none. '
            'Give reference="peers".'
        )
    orgs = rows.get_level_values("org")
    past = np.full(len(rows), periods[place - 1], dtype=object)
    return pd.MultiIndex.from_arrays([orgs, pd.PeriodIndex(past)], names=["org", "period"])


def _below(
    index: Index,
    rows: pd.Index,
    groups: pd.Series,
    scores: pd.DataFrame,
    target: pd.DataFrame,
    asked: Reference,
) -> Floats:
    """Return the probability that each true score lies below its reference; NaN where unknown."""
    found = np.full(scores.shape, np.nan)
    errors = score_errors(index, rows)
    if errors is None:
        return found
    x, s, r = (frame[scores.columns].to_numpy() for frame in (scores, errors, target))
    if asked == "past":
        past = score_errors(index, index.overall.index.intersection(_before(index, rows)))
        assert past is not None
        earlier = past.reindex(_before(index, rows))[scores.columns].to_numpy()
        x, s, r = x - r, np.hypot(s, earlier), np.zeros_like(r)
    for members in groups.reset_index(drop=True).groupby(groups.to_numpy()).indices.values():
        for column in range(x.shape[1]):
            y, e = x[members, column], s[members, column]
            known = ~np.isnan(y) & (e > 0)
            if known.sum() < 2:
                continue
            posterior, _, tau2 = fit_prior(y[known], e[known])
            if tau2 == 0:  # nobody can be told apart from anybody
                found[members[known], column] = 0.5
                continue
            z = (r[members[known], column] - posterior.mean) / posterior.sd
            found[members[known], column] = ndtr(z)
    return found


def _is_linear(index: Index) -> bool:
    levels = by_level(index.choices.aggregate, "arithmetic", "aggregate")
    return veto_of(index.choices.aggregate) is None and all(
        isinstance(level, str) and level == "arithmetic" for level in levels
    )


def _shapley(
    index: Index, asked: pd.DataFrame, target: pd.DataFrame, linear: pd.DataFrame
) -> pd.DataFrame:
    """Share out what raising the scores to the reference would gain, under the index's own rule."""
    values = index.prepared.values.loc[asked.index]
    better = _values_at(index, values, target)
    codes = [code for code in asked.columns if (target[code] > asked[code]).any()]
    dimension = {i.code: i.dimension for i in index.framework.indicators}
    own = {code: code if len(codes) <= MOST_PLAYERS else dimension[code] for code in codes}
    players = list(dict.fromkeys(own.values()))
    place = np.array([players.index(own[c]) if c in own else -1 for c in values.columns])

    def worth(inside: npt.NDArray[np.bool_]) -> Floats:
        raised = np.append(inside, False)[place]
        mixed = np.where(raised, better.to_numpy(), values.to_numpy())
        return overall_of(index, pd.DataFrame(mixed, values.index, values.columns)).to_numpy()

    shares = pd.DataFrame(shapley_values(worth, len(players)), asked.index, players)
    made = linear * 0.0
    for player in players:
        members = [code for code in codes if own[code] == player]
        parts = linear[members]
        total = parts.sum(axis=1)
        inner = parts.div(total.where(total > 0), axis=0).fillna(0.0)
        made[members] = inner.mul(shares[player].clip(lower=0), axis=0)
    total = made.sum(axis=1)
    return made.div(total.where(total > 0, 1.0), axis=0)


def _values_at(index: Index, values: pd.DataFrame, target: pd.DataFrame) -> pd.DataFrame:
    """Return the values at which scores reach the target; as they are where they are above it."""
    every = index.prepared.values
    scores = index.scores
    made = values.copy()
    for code in target.columns:
        seen = pd.DataFrame({"score": scores[code], "value": every[code]}).dropna()
        seen = seen.sort_values("score", kind="stable")
        wanted, now = target[code].to_numpy(), scores.loc[values.index, code].to_numpy()
        # The value that was seen with the nearest score from the target up.
        at = np.searchsorted(seen["score"].to_numpy(), wanted - 1e-9)
        at = np.minimum(at, len(seen) - 1)
        reached = seen["value"].to_numpy()[at]
        made[code] = np.where(wanted > now, reached, values[code].to_numpy())
    return made
