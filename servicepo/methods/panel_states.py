"""From scores by organisation and period to states, steps between them, and who stood around."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .guards import choose, listed


def quantile_states(scores: pd.Series, *, k: int = 4, cuts: str = "pooled") -> pd.Series:
    """Cut scores into k equally large states: quarters, fifths.

    Parameters
    ----------
    scores : Series of float
        By (org, period).
    k : int
        Number of states, at least 2.
    cuts : {"pooled", "yearly"}
        One set of cuts from the scores of all periods, so that all may rise; or cuts of each
        period's own, so that somebody falls wherever somebody rises.

    Returns
    -------
    Series of ordered categories
        ``q1`` (lowest) to ``qk`` by (org, period); missing where the score is. A score on a cut
        belongs to the lower state.

    Raises
    ------
    MethodError
        For an (org, period) that stands twice, k below 2, or so many equal scores that cuts fall
        together.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([list("abcd"), ["2024"]], names=["org", "period"])
    >>> quantile_states(pd.Series([60.0, 90.0, 70.0, 80.0], rows), k=2).tolist()
    ['q1', 'q2', 'q1', 'q2']
    """
    refuse_no_panel(scores.index)
    if k < 2:
        raise MethodError(f"k must be at least 2 states, got {k!r}. Give 4 for quarters.")
    levels = np.linspace(0, 1, k + 1)[1:-1]
    values = scores.to_numpy(dtype=float, na_value=np.nan)
    pooled = choose(cuts, {"pooled": True, "yearly": False}, "cuts")
    times = scores.index.get_level_values("period")
    parts, found = (np.zeros(len(values), int), ["all periods"]) if pooled else pd.factorize(times)
    codes = np.full(len(values), -1)
    for part, name in enumerate(found):
        own = (parts == part) & ~np.isnan(values)
        at = np.quantile(values[own], levels) if own.any() else levels
        if len(np.unique(at)) < k - 1:
            raise MethodError(
                f"scores must differ enough for {k} states, got cuts that fall together in "
                f"{name}: {', '.join(f'{cut:g}' for cut in at)}. Give fewer states or grades."
            )
        codes[own] = np.searchsorted(at, values[own], side="left")
    names = pd.Index([f"q{i + 1}" for i in range(k)])
    made = pd.Categorical.from_codes(codes, categories=names, ordered=True)
    return pd.Series(made, index=scores.index, name="state")


def state_steps(states: pd.Series) -> pd.DataFrame:
    """Join each organisation's states of periods that follow each other into steps.

    Parameters
    ----------
    states : Series of ordered categories
        By (org, period), worst first.

    Returns
    -------
    DataFrame
        Indexed by (org, period), the period the step ends in: ``start`` (the period it starts in),
        ``before``, ``after`` (categories) and ``moved`` (states up; below 0 down). A step joins two
        periods that follow each other among those of the states; an organisation without a state in
        one of them has no step there.

    Raises
    ------
    MethodError
        For states that are not ordered categories, an (org, period) that stands twice, or fewer
        than 2 periods.

    Warns
    -----
    MethodWarning
        Where organisations have a gap between their first and their last state.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([["a", "b"], ["2023", "2024"]], names=["org", "period"])
    >>> kind = pd.CategoricalDtype(["poor", "good"], ordered=True)
    >>> state_steps(pd.Series(["poor", "good", "good", "good"], rows, dtype=kind))
               start before after  moved
    org period
    a   2024    2023   poor  good      1
    b   2024    2023   good  good      0
    """
    refuse_no_panel(states.index)
    kind = states.dtype
    if not (isinstance(kind, pd.CategoricalDtype) and kind.ordered):
        raise MethodError(
            f"states must be ordered categories by (org, period), got {kind}. "
            "Give grades, or quantile_states of scores."
        )
    wide = states.cat.codes.where(states.notna()).unstack("period").sort_index(axis=1)  # noqa: PD010 (unique keys)
    if wide.shape[1] < 2:
        raise MethodError(
            f"steps need at least 2 periods, got {listed(wide.columns) or 'none'}. "
            "Add the periods before."
        )
    table = wide.to_numpy(dtype=float)
    _warn_of_gaps(wide.index, ~np.isnan(table))
    before, after = table[:, :-1].ravel(), table[:, 1:].ravel()
    rows = pd.MultiIndex.from_product([wide.index, wide.columns[1:]], names=["org", "period"])
    whole = ~np.isnan(before) & ~np.isnan(after)
    sides = {
        name: pd.Categorical.from_codes(side[whole].astype(int), dtype=kind)
        for name, side in (("before", before), ("after", after))
    }
    moved = (after[whole] - before[whole]).astype(int)
    start = np.resize(wide.columns[:-1].to_numpy(), len(rows))[whole]
    return pd.DataFrame({"start": start, **sides, "moved": moved}, index=rows[whole])


def at_start(column: pd.Series, steps: pd.DataFrame) -> pd.Series:
    """Look up what held when each step started, such as how the neighbours stood.

    Parameters
    ----------
    column : Series
        By (org, period).
    steps : DataFrame
        As `state_steps` gives.

    Returns
    -------
    Series
        In the order of the steps; missing where the column has nothing for the start.

    Raises
    ------
    MethodError
        For an (org, period) that stands twice in the column.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([["a"], ["2023", "2024"]], names=["org", "period"])
    >>> kind = pd.CategoricalDtype(["poor", "good"], ordered=True)
    >>> steps = state_steps(pd.Series(["poor", "good"], rows, dtype=kind))
    >>> at_start(pd.Series(["few", "many"], rows), steps).tolist()
    ['few']
    """
    refuse_no_panel(column.index)
    rows = pd.MultiIndex.from_arrays([steps.index.get_level_values("org"), steps["start"]])
    return column.reindex(rows).set_axis(steps.index)


def mean_of_others(scores: pd.Series, groups: pd.Series) -> pd.Series:
    """Average the scores of the others under the same supervisor, or in the same township.

    Parameters
    ----------
    scores : Series of float
        By (org, period).
    groups : Series
        Group of each organisation, indexed by org.

    Returns
    -------
    Series of float
        By (org, period); NaN where there is no other with a score, or no group.

    Raises
    ------
    MethodError
        For an (org, period) that stands twice.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([list("abc"), ["2024"]], names=["org", "period"])
    >>> made = mean_of_others(pd.Series([60.0, 80.0, 90.0], rows), pd.Series({"a": 1, "b": 1}))
    >>> made.tolist()
    [80.0, 60.0, nan]
    """
    refuse_no_panel(scores.index)
    periods = scores.index.get_level_values("period")
    own = groups.reindex(scores.index.get_level_values("org")).set_axis(scores.index)
    by = scores.groupby([own, periods])
    others = by.transform("count") - scores.notna()
    total = by.transform("sum") - scores.fillna(0.0)
    return (total / others.where(others > 0)).rename("others")


def mean_of_neighbours(scores: pd.Series, neighbours: pd.DataFrame) -> pd.Series:
    """Average the scores of the neighbours of each organisation.

    Parameters
    ----------
    scores : Series of float
        By (org, period).
    neighbours : DataFrame
        Columns ``org`` and ``neighbour``, a row for each direction; ``weight`` (above 0) where
        neighbours count differently.

    Returns
    -------
    Series of float
        By (org, period); NaN where no neighbour has a score.

    Raises
    ------
    MethodError
        For an (org, period) or a pair that stands twice, or a neighbour without scores.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([list("abc"), ["2024"]], names=["org", "period"])
    >>> pairs = pd.DataFrame({"org": list("aabc"), "neighbour": list("bcaa")})
    >>> mean_of_neighbours(pd.Series([60.0, 80.0, 90.0], rows), pairs).tolist()
    [85.0, 60.0, 60.0]
    """
    refuse_no_panel(scores.index)
    twice = neighbours[neighbours.duplicated(["org", "neighbour"])]
    if len(twice):
        pairs = pd.MultiIndex.from_frame(twice[["org", "neighbour"]])
        raise MethodError(
            f"every pair of neighbours must stand once, got {listed(pairs)} again. "
            "Drop the repeated rows."
        )
    wide = scores.unstack("period")  # noqa: PD010 (unique keys)
    rows, columns = (wide.index.get_indexer(pd.Index(neighbours[c])) for c in ("org", "neighbour"))
    lost = neighbours["neighbour"][columns < 0].unique()
    if len(lost):
        raise MethodError(
            f"every neighbour must have scores, got none for {listed(lost)}. "
            "Drop these pairs or correct the names."
        )
    weight = neighbours["weight"] if "weight" in neighbours else np.ones(len(neighbours))
    kept = rows >= 0
    near = coo_array(
        (np.asarray(weight, dtype=float)[kept], (rows[kept], columns[kept])), (len(wide),) * 2
    ).tocsr()
    table = wide.to_numpy(dtype=float)
    there = ~np.isnan(table)
    weights = near @ there.astype(float)
    means = (near @ np.where(there, table, 0.0)) / np.where(weights > 0, weights, np.nan)
    places = wide.index.get_indexer(scores.index.get_level_values("org"))
    times = wide.columns.get_indexer(scores.index.get_level_values("period"))
    return pd.Series(means[places, times], index=scores.index, name="neighbours")


def refuse_no_panel(index: pd.Index) -> None:
    """Refuse rows that are not organisations by period, each once.

    Parameters
    ----------
    index : Index
        Of a frame or series.

    Raises
    ------
    MethodError

    Examples
    --------
    >>> refuse_no_panel(pd.MultiIndex.from_product([["a"], ["2024"]], names=["org", "period"]))
    """
    if list(index.names) != ["org", "period"]:
        raise MethodError(
            f"rows must be indexed by (org, period), got {listed(index.names)}. "
            'Use set_index(["org", "period"]).'
        )
    twice = index[index.duplicated()].unique()
    if len(twice):
        raise MethodError(
            f"every organisation must stand once in a period, got {listed(twice)} more than once. "
            "Merge or drop the repeated rows."
        )


def _warn_of_gaps(orgs: pd.Index, there: npt.NDArray[np.bool_]) -> None:
    """Warn where somebody has a state, then none, then one again."""
    seen = np.logical_or.accumulate(there, axis=1)
    later = np.logical_or.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    gaps = orgs[np.asarray((seen & later & ~there).any(axis=1))]
    if len(gaps):
        warnings.warn(
            MethodWarning(
                "Organisations should have a state in every period between their first and their "
                f"last, got gaps for {listed(gaps)}; no step crosses a gap. Add the missing "
                "periods.",
                zh=f"首末两期之间须每期都有状态；{enumerated(gaps)}有缺期，缺期前后不算转移。"
                "请补齐各期。",
            ),
            stacklevel=3,
        )
