"""Whether the scores of an index can be laid side by side over time, and what to do where not."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
import pandas as pd

from .errors import MethodError, MethodWarning
from .index import Index, build_index
from .labels import enumerated
from .methods.guards import listed
from .panel import spread, texts

SLACK: Final = 1e-6  # points that rounding may add to a score


def refuse_unlike_scores(index: Index) -> None:
    """Refuse scores of several full marks, or scored period by period: no step joins them.

    Parameters
    ----------
    index : Index

    Raises
    ------
    MethodError
    """
    if index.scale.groups == "period":
        raise MethodError(
            "Scores must be on one scale over all periods for their change to be measured, got "
            "scales fitted within each period. Build the index without within='period', or on the "
            "scale of a base year: build_index(values, framework, scale=base.scale)."
        )
    if index.evidence is None:
        return
    mixed = index.evidence.mixed_full_marks(over_time=True).droplevel("class")
    for code, marks in mixed.items():
        if code in index.scale.codes:
            raise MethodError(
                "Scores must be on one full mark for their change to be measured, got "
                f"{marks} for {code!r}. Declare its full_mark in the framework; the scores are "
                "then folded to it."
            )


def warn_where_weights_change(index: Index) -> None:
    """Warn where the weights of a framework change from year to year."""
    own = index.group_of_row
    first = own.groupby(level="org").transform("first")
    moves = pd.DataFrame({"first": first, "own": own}).dropna().drop_duplicates()
    weights = index.weights["global_weight"].unstack("group").fillna(0.0)  # noqa: PD010 (unique keys)
    if not np.allclose(weights[moves["first"]], weights[moves["own"]]):
        warned = MethodWarning(
            "Scores should be weighted alike in all periods for their change to be measured; the "
            f"weights of {index.framework.id} change over time, and part of the change is theirs. "
            'Build the index with weights that stay, such as weights="equal".',
            zh="各期权重不同，得分变化中有一部分来自权重，不是工作本身的变化。",
        )
        warnings.warn(warned, stacklevel=3)


def warn_where_indicators_change(index: Index) -> None:
    """Warn where an indicator has values in some periods and none in others."""
    measured = _measured(index)
    gone = {
        code: ", ".join(texts(measured.index[~measured[code]]))
        for code in measured.columns
        if not measured[code].all()
    }
    if gone:
        told = "; ".join(f"{code} in {periods}" for code, periods in gone.items())
        absent = "；".join(f"{code}（{periods}）" for code, periods in gone.items())
        warned = MethodWarning(
            "Periods should be measured by the same indicators for their change to be measured; "
            f"there are no values of {told}, and part of the change is theirs. Pass "
            'indicators="shared" to measure by the others, or add the values.',
            zh=f"各期指标不同，以下指标在部分考评期没有数据：{absent}。"
            "得分变化中有一部分由此而来。",
        )
        warnings.warn(warned, stacklevel=3)


def warn_where_scores_leave_the_scale(index: Index) -> None:
    """Warn where values lie outside the scale they are scored on, as later years' may."""
    if not index.scale.bounded:
        return
    scores = index.scores
    outside = ((scores < -SLACK) | (scores > 100 + SLACK)).sum()
    beyond = outside[outside > 0]
    if len(beyond):
        names = [index.framework.indicator(str(code)).label("zh") for code in beyond.index]
        warnings.warn(
            MethodWarning(
                "Scores should stay within the scale for their change to be measured in its "
                f"points, got {int(beyond.sum())} below 0 or above 100, in "
                f"{listed(beyond.index)}. Fit the scale over all periods, or declare goalposts "
                "that hold for years.",
                zh=f"要按分数比较升降，得分须在标尺之内；有 {int(beyond.sum())} 个低于 0 或高于 "
                f"100，涉及{enumerated(names)}。请用全部考评期定标尺，或写明多年适用的上下界。",
            ),
            stacklevel=3,
        )


def on_shared_indicators(index: Index) -> Index:
    """Build an index again from the indicators that have values in every period.

    Parameters
    ----------
    index : Index

    Returns
    -------
    Index
        The very index where all of them have; else on the same scale, with the weights of the
        shared indicators scaled up to 1 (or found anew, where the data give them).

    Raises
    ------
    MethodError
        Where no indicator has values in every period.
    """
    measured = _measured(index)
    shared = [code for code in measured.columns if measured[code].all()]
    if not shared:
        raise MethodError(
            "Periods must share an indicator for their change to be measured, got none that has "
            f"values in all of {', '.join(texts(measured.index))}. Leave out a period, or link "
            "two indices that share one: measure_change(index, earlier=older)."
        )
    if len(shared) == len(measured.columns):
        return index
    choices = index.choices
    untouched = choices.treat == "none"  # a scale can be kept only where nothing is treated before
    return build_index(
        index.values[shared],
        index.framework,
        organisations=index.organisations,
        treat=choices.treat,
        impute=choices.impute,
        normalise=choices.normalise,
        weights=choices.weights,
        aggregate=choices.aggregate,
        available=choices.available,
        scale=index.scale.only(shared) if untouched else None,
    )


def linked(earlier: pd.Series, later: pd.Series) -> pd.Series:
    """Link the scores of two frameworks over the periods that were scored by both.

    Parameters
    ----------
    earlier, later : Series of float
        Scores by (org, period) under the old and the new framework.

    Returns
    -------
    Series of float
        ``later``, and before its first period ``earlier`` raised, for each organisation, by the
        mean of later − earlier over the periods that have both. Each step is thus measured by one
        framework.

    Raises
    ------
    MethodError
        Where the two share no period, or no organisation has both in one.

    Warns
    -----
    MethodWarning
        Naming organisations without scores of both in a shared period: they start with the new
        framework.

    Examples
    --------
    >>> def scores(years, *values):
    ...     rows = pd.MultiIndex.from_product([["甲村"], pd.PeriodIndex(years, freq="Y")])
    ...     return pd.Series(values, rows.set_names(["org", "period"]))
    >>> linked(scores(["2021", "2022"], 60., 64.), scores(["2022", "2023"], 70., 75.)).tolist()
    [66.0, 70.0, 75.0]
    """
    old, new = spread(earlier), spread(later)
    both = old.columns.intersection(new.columns)
    gap = (new.reindex(columns=both) - old.reindex(columns=both)).mean(axis=1)
    if not gap.notna().any():
        raise MethodError(
            "Frameworks that follow each other must have scored an organisation in one period "
            f"both, got {', '.join(texts(old.columns))} and {', '.join(texts(new.columns))}. "
            "Score one period by both, and build both indices with it."
        )
    past = old.loc[:, old.columns < new.columns.min()]
    lost = past.index[past.notna().any(axis=1) & gap.reindex(past.index).isna()]
    if len(lost):
        warnings.warn(
            MethodWarning(
                "Organisations should be scored by both frameworks in a shared period to be "
                f"linked, got no such score of {listed(lost)}, which start with the new "
                "framework. Score them by both.",
                zh=f"两套体系衔接，各党组织须在共有的一期里两套都有得分；{enumerated(lost)}没有，"
                "从新体系起算。请在共有的一期用两套体系各评一次。",
            ),
            stacklevel=3,
        )
    raised = past.add(gap.reindex(past.index), axis=0)
    whole: pd.Series = pd.concat([_long(raised), later])
    whole.name = later.name
    return whole


def linked_errors(earlier: Index, later: Index) -> pd.Series | None:
    """Put the standard errors of two linked indices one after the other; None without any."""
    old, new = earlier.standard_errors, later.standard_errors
    if old is None or new is None:
        return None
    first = later.overall.index.get_level_values("period").min()
    both: pd.Series = pd.concat([old[old.index.get_level_values("period") < first], new])
    return both


def _long(panel: pd.DataFrame) -> pd.Series:
    rows = pd.MultiIndex.from_product([panel.index, panel.columns], names=["org", "period"])
    return pd.Series(panel.to_numpy().ravel(), rows).dropna()


def _measured(index: Index) -> pd.DataFrame:
    """Tell by period whether an indicator has any value."""
    values = index.values[list(index.scale.codes)]
    return values.notna().groupby(level="period").any()
