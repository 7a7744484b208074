"""Marks out of 100: an index scored against the declared bounds of its indicators."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Final

import pandas as pd

from .bench import hold_down
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import enumerated
from .methods.grades import TOLERANCE

# Normalisations that measure against declared bounds, so that 60 means 60 of 100 marks.
ABSOLUTE: Final = ("goalposts", "score_rate", "fixed")


def against_bounds(index: Index) -> Index:
    """Return the index scored against declared bounds, where all its indicators have them.

    Parameters
    ----------
    index : Index

    Returns
    -------
    Index
        The given one where its scores are marks already, or cannot be; then with a warning.

    Raises
    ------
    MethodError
        Where an indicator without declared bounds was scored on several full marks.
    """
    if index.choices.normalise in ABSOLUTE:
        return index
    codes = index.scale.codes
    unbounded = [code for code in codes if index.framework.indicator(code).goalposts is None]
    if not unbounded:
        return _rescored(index)
    _refuse_mixed_full_marks(index, unbounded)
    names = [index.framework.indicator(code).label("zh") for code in unbounded]
    warnings.warn(
        MethodWarning(
            "Cut-offs are marks out of 100 and need indicators with declared bounds; "
            f"{', '.join(unbounded)} have none, so relative scores are graded. Add full_mark or "
            "goalposts to the framework.",
            zh=f"等次分数线以满分 100 为准，指标须有上下界；{enumerated(names)}没有，"
            "只好按相对得分划等次。请在指标体系中写明 full_mark 或 goalposts。",
        ),
        stacklevel=3,
    )
    return index


def _rescored(index: Index) -> Index:
    """Score against declared bounds; the weights stay as they are, whatever data gave them."""
    marks = index.rebuild(treat="none", normalise="goalposts", weights="equal")
    choices = replace(marks.choices, weights=index.choices.weights)
    marks = replace(marks, choices=choices, weights=index.weights, _groups=index._groups)
    values = marks.prepared.values
    built = marks._combine(marks._scored(values))
    held = hold_down(built.overall, values, choices.aggregate, index.framework)
    return replace(
        marks,
        overall=built.overall if held is None else held["score"].rename("overall"),
        dimensions=built.dimensions,
        coverage=built.coverage,
        vetoed=held,
    )


def refuse_outside(score: pd.Series) -> None:
    """Refuse scores that are no marks out of 100."""
    outside = score[(score < -TOLERANCE) | (score > 100 + TOLERANCE)]
    if len(outside):
        raise MethodError(
            f"scores must lie on 0..100 to be graded, got {outside.iloc[0]:.4g} "
            f"(at {outside.index[0][0]}). Build the index with a bounded normalisation, "
            'such as normalise="goalposts".'
        )


def _refuse_mixed_full_marks(index: Index, codes: list[str]) -> None:
    """Refuse cut-offs for scores of one indicator on several full marks."""
    if index.evidence is None:
        return
    mixed = index.evidence.mixed_full_marks(over_time=True).droplevel("class")
    for code, marks in mixed.items():
        if code in codes:
            raise MethodError(
                f"Scores must be on one full mark for cut-offs, got {marks} for {code!r}. "
                "Declare its full_mark in the framework; the scores are then folded to it."
            )
