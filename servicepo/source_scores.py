"""What each source said, side by side: marks of 0..100 by organisation, indicator and source."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import MethodError, MethodWarning
from .index import Index
from .labels import enumerated
from .methods.guards import listed
from .tables import SOURCES, period_text, text_of

SCORING: Final = tuple(source for source in SOURCES if source != "record")
SWEEPS: Final = 8
LEAST: Final = 30  # organisations more than classes, for a third source to tell noise
TOLERANCE: Final = 1e-6

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class SourceScores:
    """The scores of several sources in one period.

    Attributes
    ----------
    marks : dict of str to DataFrame
        Source -> organisations x indicators, 0..100 (share of the full mark); NaN where it did not
        score. All frames have the same rows and columns.
    errors : dict of str to DataFrame
        Standard errors between the raters of a source, in marks; NaN for a single rater.
    weights : DataFrame
        Organisations x indicators: global weight of the indicator for the organisation.
    classes : Series
        Class of every organisation.
    period : Period
    """

    marks: dict[str, pd.DataFrame]
    errors: dict[str, pd.DataFrame]
    weights: pd.DataFrame
    classes: pd.Series
    period: pd.Period

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources, in the order of the vocabulary."""
        return tuple(self.marks)

    @property
    def codes(self) -> list[str]:
        """The indicators that were scored, in the order of the framework."""
        return list(self.weights.columns)

    def pairs(self) -> list[tuple[str, str]]:
        """Return every pair of sources."""
        return list(combinations(self.marks, 2))

    def indicator(self, code: str) -> pd.DataFrame:
        """Return the marks of one indicator: organisations x sources."""
        return pd.DataFrame({source: marks[code] for source, marks in self.marks.items()})

    def shared(self, sources: tuple[str, ...]) -> pd.DataFrame:
        """Return weights over the indicators that all these sources scored; rows sum to 1 or 0."""
        both = np.logical_and.reduce([self.marks[s].notna().to_numpy() for s in sources])
        weights = self.weights.where(both, 0.0)
        total = weights.sum(axis=1)
        return weights.div(total.where(total > 0, 1.0), axis=0)

    def overall(self, sources: tuple[str, ...]) -> pd.DataFrame:
        """Return each source's weighted mean over what all of them scored; NaN where nothing is."""
        weights = self.shared(sources)
        known = weights.sum(axis=1) > 0
        found = {s: (self.marks[s].fillna(0.0) * weights).sum(axis=1).where(known) for s in sources}
        # Equal scores stay equal, whatever order they were added in.
        return pd.DataFrame(found).round(9)

    def overall_errors(self, pair: tuple[str, str]) -> pd.DataFrame:
        """Return the standard errors of the overall scores of a pair.

        Notes
        -----
        What one source says of the indicators of an organisation scatters about the organisation's
        level and the indicators' means. What both sources of the pair share of this scatter is the
        organisation's profile; the rest is noise. Where a source had several raters, the error
        between them is taken instead. Errors common to all indicators (a lenient team, a halo) are
        not in it; `common_noise` finds them by a third source.
        """
        weights = self.shared(pair)
        scored = weights.to_numpy() > 0
        left = [_residuals(self.marks[s], scored, self.classes) for s in pair]
        cells = int(scored.sum())
        columns = sum(scored[rows].any(axis=0).sum() for rows in _rows(self.classes))
        free = cells - int(scored.any(axis=1).sum()) - int(columns) + self.classes.nunique()
        squares = np.array([[float((a * b).sum()) for b in left] for a in left])
        common = max(squares[0, 1] / free, 0.0) if free > 0 else np.nan
        found = {}
        for place, source in enumerate(pair):
            noise = max(squares[place, place] / free - common, 0.0) if free > 0 else np.nan
            variance = (self.errors[source] ** 2).fillna(noise)
            known = (variance * weights**2).where(scored).sum(axis=1, min_count=1)
            unknown = (variance.isna() & scored).any(axis=1)
            found[source] = np.sqrt(known).mask(unknown)
        return pd.DataFrame(found)

    def common_noise(self, pair: tuple[str, str]) -> float:
        """Return the variance of the second of a pair that no other source confirms.

        Returns
        -------
        float
            In squared marks, at least 0; NaN without a third source, or with fewer than 30
            organisations more than classes.

        Notes
        -----
        With a third source t as instrument, the true variance of the reference r is
        cov(own, r) cov(t, r) / cov(own, t), all within classes; what var(r) has beyond that is
        noise, whether of indicators, of a lenient team or of a halo.

        References
        ----------
        Fuller, W. A. (1987). Measurement error models, section 1.4.
        """
        third = [source for source in self.marks if source not in pair]
        if not third:
            return np.nan
        total = self.overall((*pair, third[0])).dropna()
        classes = self.classes[total.index]
        free = len(total) - classes.nunique()
        if free < LEAST:
            return np.nan
        centred = total - total.groupby(classes).transform("mean")
        spread = centred.to_numpy().T @ centred.to_numpy() / free
        true = spread[0, 1] * spread[2, 1] / spread[0, 2] if spread[0, 2] > 0 else np.nan
        return float(np.maximum(spread[1, 1] - np.maximum(true, 0.0), 0.0))


def source_scores(
    index: Index, *, within: str | None, period: pd.Period | str | None
) -> SourceScores:
    """Take what the sources of an index said in one period.

    Parameters
    ----------
    index : Index
        Built from values that `tally` made.
    within : str or None
        Column of the organisations whose classes are compared apart.
    period : Period or str, optional
        By default the last in which at least two sources scored.

    Returns
    -------
    SourceScores

    Raises
    ------
    MethodError
        For values without evidence, a single source, no organisation with two sources, scores
        outside 0..full mark, an unknown period.

    Warns
    -----
    MethodWarning
        Where an indicator has no full mark, so that its scores cannot be compared.
    """
    rows = _scored_rows(index)
    when = _period(rows, period)
    rows = rows[rows["period"] == when]
    if missing := sorted(rows.loc[rows["mark"].isna(), "indicator"].unique()):
        warnings.warn(
            MethodWarning(
                "Scores need a full mark to be compared between sources, got none for "
                f"{listed(missing)}, left out. Declare full_mark in the framework.",
                zh=f"各方评分须有满分才能比较；{enumerated(missing)}没有，未计入。"
                "请在指标体系中写明 full_mark。",
            ),
            stacklevel=3,
        )
        rows = rows[rows["mark"].notna()]
    _refuse_outside(rows)
    _refuse_single(rows, when)
    share = 100 / rows["mark"]
    costs = [i.code for i in index.framework.indicators if i.direction == "cost"]
    marks = rows["value"] * share
    rows = rows.assign(marks=marks.mask(rows["indicator"].isin(costs), 100 - marks))
    rows = rows.assign(error=rows["standard_error"] * share)
    order = list(index.scale.codes)
    present = [s for s in SCORING if (rows["source"] == s).any()]
    tables = {name: _by_source(rows, name, present, order) for name in ("marks", "error")}
    frame = tables["marks"][present[0]]
    classes = index.ranks(within=within, period=when)["group"].droplevel("period")
    return SourceScores(
        marks=tables["marks"],
        errors=tables["error"],
        weights=_weights(index, frame, when),
        classes=classes.reindex(frame.index).fillna(""),
        period=when,
    )


def _scored_rows(index: Index) -> pd.DataFrame:
    """Return the scores by named sources of the organisations and indicators of the index."""
    evidence = index.evidence
    if evidence is None or evidence.sources is None or not len(evidence.sources):
        raise MethodError(
            "It must be known who scored to compare sources, got values without evaluations. "
            "Build the index from sp.tally(data, framework), with indicators of the kind "
            "evaluation."
        )
    rows = evidence.sources.reset_index()
    marks = evidence.table["full_mark"]
    keys = pd.MultiIndex.from_frame(rows[["org", "period", "indicator"]])
    rows["mark"] = marks.reindex(keys).to_numpy()
    known = pd.MultiIndex.from_frame(rows[["org", "period"]]).isin(index.overall.index)
    known &= rows["indicator"].isin(index.scale.codes) & rows["source"].isin(SCORING)
    return rows[known]


def _period(rows: pd.DataFrame, period: pd.Period | str | None) -> pd.Period:
    several = rows.groupby("period")["source"].nunique()
    enough = several.index[several > 1]
    if period is None and len(enough):
        return pd.Period(enough.max())
    periods = pd.PeriodIndex(several.index)
    found = dict(zip(period_text(periods), periods, strict=True))
    wanted = max(found) if period is None else text_of(period)
    if wanted not in found:
        raise MethodError(
            f"period must be one in which somebody scored, got {wanted!r}. "
            f"Take one of {', '.join(found)}."
        )
    return pd.Period(found[wanted])


def _refuse_outside(rows: pd.DataFrame) -> None:
    limit = rows["mark"] * (1 + TOLERANCE)
    wrong = rows[(rows["value"] < -TOLERANCE) | (rows["value"] > limit)]
    if len(wrong):
        row = wrong.iloc[0]
        raise MethodError(
            f"scores of sources must lie between 0 and the full mark {row['mark']:g}, got "
            f"{row['value']:g} (at {row['org']} {row['indicator']} {row['source']}). "
            "Correct the score or the full mark."
        )


def _refuse_single(rows: pd.DataFrame, when: pd.Period) -> None:
    sources = rows["source"].unique()
    if len(sources) < 2:
        raise MethodError(
            f"at least 2 sources must have scored in {text_of(when)} to be compared, got "
            f"{listed(sources) or 'none'} alone. Choose another period or add the other sheets."
        )
    both = rows.groupby(["org", "indicator"])["source"].nunique()
    if not (both > 1).any():
        raise MethodError(
            "some organisation must be scored by 2 sources on one indicator to compare them, got "
            f"none in {text_of(when)}. Check that the sheets of {listed(sorted(sources))} name the "
            "same organisations and items."
        )


def _by_source(
    rows: pd.DataFrame, name: str, present: list[str], codes: Sequence[str]
) -> dict[str, pd.DataFrame]:
    wide = rows.set_index(["org", "indicator", "source"])[name].unstack("source")  # noqa: PD010
    tables = {s: wide[s].unstack("indicator") for s in present}  # noqa: PD010
    return {s: table[[c for c in codes if c in table]] for s, table in tables.items()}


def _weights(index: Index, frame: pd.DataFrame, when: pd.Period) -> pd.DataFrame:
    rows = pd.MultiIndex.from_product([frame.index, [when]], names=["org", "period"])
    groups = index.group_of_row.reindex(rows)
    table = index.weights["global_weight"].unstack("indicator").reindex(columns=frame.columns)  # noqa: PD010
    return table.reindex(groups).fillna(0.0).set_axis(frame.index)


def _rows(classes: pd.Series) -> list[npt.NDArray[np.intp]]:
    codes, found = pd.factorize(classes)
    return [np.flatnonzero(codes == number) for number in range(len(found))]


def _residuals(
    marks: pd.DataFrame, scored: npt.NDArray[np.bool_], classes: pd.Series
) -> FloatArray:
    """Take the level of every organisation and, within classes, the mean of every indicator out."""
    left = np.where(scored, marks.to_numpy(), 0.0)
    groups = _rows(classes)
    for _ in range(SWEEPS):
        left -= scored * _mean(left, scored, axis=1)
        for rows in groups:
            left[rows] -= scored[rows] * _mean(left[rows], scored[rows], axis=0)
    return left


def _mean(x: FloatArray, scored: npt.NDArray[np.bool_], axis: int) -> FloatArray:
    count = scored.sum(axis=axis, keepdims=True)
    found: FloatArray = x.sum(axis=axis, keepdims=True) / np.maximum(count, 1)
    return found
