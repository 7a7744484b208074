"""What drove a change: the change of an index shared out among its indicators and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from .choices import by_level
from .errors import MethodError
from .index import Index
from .methods.change_decomposition import ChangeParts, arithmetic_change, geometric_change
from .methods.guards import listed
from .panel import texts
from .tables import text_of

SPLITS: Final[dict[str, Callable[..., ChangeParts]]] = {
    "arithmetic": arithmetic_change,
    "geometric": geometric_change,
}


def drivers_of(index: Index, since: pd.Period, until: pd.Period) -> pd.DataFrame:
    """Share out every organisation's change between two periods.

    Parameters
    ----------
    index : Index
    since, until : Period
        Two periods of the index.

    Returns
    -------
    DataFrame
        Indexed by org, for those scored in both: a column for each indicator (what the change of
        its score added), ``weights`` (what the change of weights added, and indicators that came
        or went), ``veto`` (where a veto was asked for). Rows sum to the change of the overall
        score.

    Raises
    ------
    MethodError
        For an aggregation other than arithmetic or geometric; for zero scores under a geometric
        one, naming the organisations; where nobody was scored in both periods.

    Notes
    -----
    The dimensions' changes are shared out first, then each dimension's among its indicators:
    arithmetic means by Marshall and Edgeworth, geometric ones by LMDI (see
    `methods.change_decomposition`). Nothing is left over.
    """
    splits = [_split(part) for part in by_level(index.choices.aggregate, "arithmetic", "aggregate")]
    inner, outer = splits
    rows = [_rows(index, period) for period in (since, until)]
    orgs = rows[0].intersection(rows[1]).sort_values()
    if orgs.empty:
        raise MethodError(
            f"Drivers need organisations scored in both periods, got none in {since} and {until}. "
            "Choose other periods."
        )
    at = [pd.MultiIndex.from_product([orgs, [period]]) for period in (since, until)]
    before, after = (index.scores.loc[own].droplevel("period") for own in at)
    tops = [index.dimensions.loc[own].droplevel("period") for own in at]
    labels = [index.group_of_row.loc[own].droplevel("period") for own in at]
    across = [_spread(index, own, "across").reindex(columns=tops[0].columns) for own in labels]
    local = [_spread(index, own, "local") for own in labels]
    top = outer(*tops, *(part.fillna(0.0) for part in across))
    dimension_of = index.weights["dimension"].droplevel("group")
    dimension_of = dimension_of[~dimension_of.index.duplicated()]
    parts = {}
    weights = top.weights.sum(axis=1)
    for dimension, rate in top.rates.items():
        codes = list(dimension_of.index[dimension_of == dimension])
        own = [part.reindex(columns=codes).fillna(0.0) for part in local]
        node = inner(before[codes], after[codes], *own)
        for code in codes:
            parts[code] = (rate * node.scores[code]).fillna(0.0)
        weights = weights + (rate * node.weights.sum(axis=1)).fillna(0.0)
    found = pd.DataFrame(parts)[list(dimension_of.index)].assign(weights=weights)
    if index.vetoed is not None:
        taken = index.vetoed["score"] - index.vetoed["before"]
        found["veto"] = taken.loc[at[1]].to_numpy() - taken.loc[at[0]].to_numpy()
    return found.rename_axis(index="org")


def waterfall_of(parts: pd.DataFrame, start: float, top: int) -> pd.DataFrame:
    """Turn the mean of drivers into steps from a start to an end.

    Parameters
    ----------
    parts : DataFrame
        From `drivers_of`, one organisation or several.
    start : float
        The (mean) overall score before.
    top : int
        How many drivers stand by themselves, the largest in size; the rest are added up as
        ``other``.

    Returns
    -------
    DataFrame
        In order: ``step`` ("start", codes, "other", "end"), ``amount`` (the height of the step),
        ``low``, ``high`` (its lower and upper end), ``kind`` ("total", "rise" or "fall").

    Examples
    --------
    >>> steps = waterfall_of(pd.DataFrame({"a": [2.0], "b": [-3.0], "weights": [0.0]}), 60.0, 5)
    >>> steps[["step", "low", "high"]].to_numpy().tolist()
    [['start', 0.0, 60.0], ['b', 57.0, 60.0], ['a', 57.0, 59.0], ['end', 0.0, 59.0]]
    """
    mean = parts.mean()
    mean = mean[mean != 0]
    order = mean.abs().sort_values(ascending=False, kind="stable").index
    amounts = mean[order[:top]]
    if len(order) > top:
        amounts["other"] = mean[order[top:]].sum()
    ends = start + amounts.cumsum()
    starts = ends - amounts
    end = float(ends.iloc[-1]) if len(ends) else start
    steps = pd.DataFrame(
        {
            "step": amounts.index,
            "amount": amounts.to_numpy(),
            "low": starts.where(starts < ends, ends).to_numpy(),
            "high": starts.where(starts > ends, ends).to_numpy(),
            "kind": ["rise" if amount > 0 else "fall" for amount in amounts],
        }
    )
    totals = pd.DataFrame(
        {
            "step": ["start", "end"],
            "amount": [start, end],
            "low": [min(0.0, start), min(0.0, end)],
            "high": [max(0.0, start), max(0.0, end)],
            "kind": "total",
        }
    )
    return pd.concat([totals.iloc[:1], steps, totals.iloc[1:]], ignore_index=True)


def between(
    indices: tuple[Index, ...], since: pd.Period | str | None, until: pd.Period | str | None
) -> tuple[Index, pd.Period, pd.Period]:
    """Find the index that holds two periods.

    Parameters
    ----------
    indices : tuple of Index
        Looked at in turn.
    since, until : Period or str, optional
        The last two of an index by default.

    Returns
    -------
    (Index, Period, Period)

    Raises
    ------
    MethodError
        Where none holds both.
    """
    held = []
    for index in indices:
        scored = index.overall.dropna().index.get_level_values("period").unique().sort_values()
        named = dict(zip(texts(scored), scored, strict=True))
        held.append(", ".join(named))
        if len(named) < 2:
            continue
        first, last = (
            usual if asked is None else text_of(asked)
            for asked, usual in zip((since, until), list(named)[-2:], strict=True)
        )
        if first in named and last in named and first != last:
            return index, named[first], named[last]
    raise MethodError(
        f"since and until must be two periods of one index, got {since!s} and {until!s}. "
        f"Take two of {'; or of '.join(held)}."
    )


def _split(choice: object) -> Callable[..., ChangeParts]:
    word = choice.get("method") if isinstance(choice, dict) else choice
    found = SPLITS.get(word) if isinstance(word, str) else None
    if found is None:
        raise MethodError(
            f"Drivers need an arithmetic or geometric aggregation, got {word!r}. "
            "Use methods.shapley.shapley_change with your rule."
        )
    return found


def _rows(index: Index, period: pd.Period) -> pd.Index:
    scored = index.overall.dropna()
    own = scored.index.get_level_values("period") == period
    return scored.index.get_level_values("org")[own]


def _spread(index: Index, labels: pd.Series, level: str) -> pd.DataFrame:
    """Give each organisation the weights of its group: of dimensions, or within them."""
    weights = index.weights.reset_index()
    if level == "local":
        table = weights.pivot_table(index="group", columns="indicator", values="local_weight")
    else:
        table = weights.pivot_table(
            index="group", columns="dimension", values="global_weight", aggfunc="sum"
        )
    lost = labels.index[labels.isna()]
    if len(lost):
        raise MethodError(
            f"Drivers need the weights of every organisation, got none for {listed(lost)}. "
            "Complete the roster."
        )
    return table.reindex(labels).set_axis(labels.index)
