"""While the weight of one source rises: scores, ranks and grades, and where they change."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from .errors import MethodError, MethodWarning
from .index import Index
from .marks import against_bounds
from .methods.weight_paths import TOLERANCE, critical_weights
from .rules import Scheme
from .source_scores import SCORING

GRID: Final = np.linspace(0, 1, 21)
BENT: Final = 1e-6  # an overall score further than this from its straight line is cut off


def path_ends(
    index: Index, *, rising: str, period: pd.Period, within: str | None
) -> pd.DataFrame | None:
    """Score organisations with the weight of one source at 0 and at 1.

    Parameters
    ----------
    index : Index
    rising : str
        The source whose weight rises; the others share the rest in proportion to their weights.
    period : Period
    within : str or None
        Column of the organisations whose classes are ranked apart.

    Returns
    -------
    DataFrame or None
        Indexed by ``org``: ``group``, ``at_0``, ``at_1``, ``now`` (weights as declared), in marks
        of 0..100. Between the ends scores are straight lines. None where they are not.

    Warns
    -----
    MethodWarning
        Where the aggregation is not arithmetic, there is a veto, or goalposts cut scores off.
    """
    marks = against_bounds(index)
    if marks.vetoed is not None or not _is_arithmetic(index.choices.aggregate):
        _warn_no_path(
            "an arithmetic aggregation without a veto",
            repr(index.choices.aggregate),
            "用算术平均且没有一票否决",
        )
        return None
    rows = marks.overall.index.get_level_values("period") == period
    scores = {}
    for weight in (0.0, 0.5, 1.0):
        values = _values_at(marks, rising, period, weight)
        built = marks._combine(marks._scored(values))
        scores[weight] = built.overall[rows].droplevel("period")
    bent = ((scores[0.0] + scores[1.0]) / 2 - scores[0.5]).abs() > BENT
    if bent.any():
        _warn_no_path(
            "scores that no goalposts cut off",
            f"{int(bent.sum())} that are cut off",
            "得分不受上下界截断",
        )
        return None
    ends = pd.DataFrame(
        {
            "group": marks.ranks(within=within, period=period)["group"].droplevel("period"),
            "at_0": scores[0.0],
            "at_1": scores[1.0],
            "now": marks.overall[rows].droplevel("period"),
        }
    )
    return ends.dropna()


def refuse_without_cuts(scheme: Scheme) -> None:
    """Refuse a scheme that does not grade by cut-offs."""
    if not np.isfinite(scheme.cuts).all():
        raise MethodError(
            f"scheme must grade by cut-offs for a weight path, got {scheme.id!r}. "
            'Take "four_grades_2012", for example.'
        )


def graded(table: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Add ``rank`` (within ``group``, and ``weight`` where there is one) and ``grade``."""
    place = np.searchsorted(scheme.cuts, table["score"] + TOLERANCE, side="right")
    grade = pd.Categorical.from_codes(place, categories=pd.Index(scheme.order), ordered=True)
    by = [name for name in ("group", "weight") if name in table]
    rank = table.groupby(by, observed=True)["score"].rank(method="min", ascending=False)
    return table.assign(rank=rank, grade=grade)


def weight_path(ends: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Follow organisations along the weight: ``org, group, weight, score, rank, grade``."""
    scores = np.outer(ends["at_0"], 1 - GRID) + np.outer(ends["at_1"], GRID)
    table = pd.DataFrame(
        {
            "org": np.repeat(ends.index, len(GRID)),
            "group": np.repeat(ends["group"].to_numpy(), len(GRID)),
            "weight": np.tile(GRID, len(ends)),
            "score": scores.ravel(),
        }
    )
    return graded(table, scheme)


def grade_changes(ends: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Solve for the weights at which grades change: ``org, group, weight, cut, before, after``."""
    found = critical_weights(ends["at_0"], ends["at_1"], scheme.cuts)
    order = pd.Index(scheme.order)
    steps = {
        name: pd.Categorical.from_codes(found[name].to_numpy(), categories=order, ordered=True)
        for name in ("before", "after")
    }
    place = found["place"].to_numpy()
    return pd.DataFrame(
        {
            "org": ends.index[place],
            "group": ends["group"].to_numpy()[place],
            "weight": found["weight"],
            "cut": found["cut"],
            **steps,
        }
    )


def _is_arithmetic(choice: object) -> bool:
    if isinstance(choice, Mapping):
        levels = [choice["method"]] if "method" in choice else list(choice.values())
        return all(_is_arithmetic(level) for level in levels)
    return choice == "arithmetic"


def _warn_no_path(must: str, got: str, zh: str) -> None:
    warnings.warn(
        MethodWarning(
            f"An exact weight path needs {must}, got {got}; the path is left out. "
            'Build the index with aggregate="arithmetic" and goalposts from 0 to the full mark.',
            zh=f"精确的权重路径要求{zh}，现未给出。"
            '请用 aggregate="arithmetic"，并把上下界写成 0 至满分。',
        ),
        stacklevel=4,
    )


def _values_at(marks: Index, rising: str, period: pd.Period, weight: float) -> pd.DataFrame:
    """Return the values with the weight of one source set wherever it scored beside others."""
    evidence = marks.evidence
    assert evidence is not None  # who scored has been asked before
    told = evidence.sources.reset_index()
    told = told[(told["period"] == period) & told["source"].isin(SCORING)]
    keys = ["org", "period", "indicator"]
    told = told.assign(part=told["weight"] * told["value"])
    mine = told["source"] == rising
    own = told[mine].set_index(keys)["value"]
    others = told[~mine]
    by = others.groupby(keys)
    total = by["weight"].sum()
    # Sources without a weight count alike where nobody else is there.
    rest = (by["part"].sum() / total.where(total > 0)).fillna(by["value"].mean())
    both = own.index.intersection(rest.index)
    used = told.groupby(keys)["part"].sum()
    given = evidence.table["value"].reindex(both) - used[both]  # bonuses and deductions
    made = (1 - weight) * rest[both] + weight * own[both] + given
    wide: pd.DataFrame = made.unstack("indicator")  # noqa: PD010 (keys are unique)
    values = marks.prepared.values
    wide = wide.reindex(index=values.index, columns=values.columns)
    # Only what has a value is moved: nothing is filled in.
    return values.mask(wide.notna() & values.notna(), wide)
