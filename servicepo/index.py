"""The bench: values and a framework become scores, dimensions and an overall index."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import MethodError, MethodWarning
from .framework import Framework
from .labels import Language, word
from .methods.aggregation import aggregate as aggregate_scores
from .methods.normalisation import Scale, fit_scale
from .methods.objective_weights import OBJECTIVE_WEIGHTS
from .tally import Evidence

Array = npt.NDArray[np.float64]
Choice = str | Callable[..., object] | Mapping[str, object] | pd.Series

# Groups ranked together should be measured by mostly the same things; below this share of common
# weight the ranking is still given, with a warning.
COMMON_WEIGHT: Final = 0.9


class _Group(NamedTuple):
    """Rows that share applicable indicators and dimension weights, and the weights they get."""

    label: str
    rows: npt.NDArray[np.intp]
    local: dict[str, pd.Series]  # dimension -> local weights of its indicators
    across: pd.Series  # weights of the dimensions


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices an index was built with, so that it can be built again."""

    normalise: Choice
    weights: Choice
    aggregate: Choice
    available: float


@dataclass(frozen=True, eq=False, slots=True)
class Index:
    """A composite index: overall, by dimension and by indicator, with what made it.

    Attributes
    ----------
    framework : Framework
        The dimensions and indicators.
    values : DataFrame
        The raw values, (org, period) x indicator.
    organisations : DataFrame or None
        Attributes of the organisations, indexed by ``org``.
    scale : Scale
        The fitted normalisation; give it to `build_index` to score other years on the same scale.
    choices : Choices
        Normalisation, weights, aggregation and the availability rule.
    overall : Series
        The index by (org, period), 0..100 (better is higher) for every bounded normalisation.
    dimensions : DataFrame
        (org, period) x dimension, on the same range.
    weights : DataFrame
        Indexed by (group, indicator): ``dimension``, ``local_weight`` (sums to 1 in the dimension)
        and ``global_weight`` (sums to 1 in the group). The group is "all" where everybody has the
        same weights.
    coverage : Series
        Share of the weight (0..1) that was present in the data, by (org, period).
    """

    framework: Framework
    values: pd.DataFrame
    organisations: pd.DataFrame | None
    scale: Scale
    choices: Choices
    overall: pd.Series
    dimensions: pd.DataFrame
    weights: pd.DataFrame
    coverage: pd.Series
    _groups: tuple[_Group, ...] = field(repr=False)

    def __repr__(self) -> str:
        orgs = self.overall.index.get_level_values("org").nunique()
        periods = self.overall.index.get_level_values("period").nunique()
        return (
            f"Index({self.framework.id}: {orgs} organisations, {periods} periods, "
            f"{len(self.scale.codes)} indicators, mean {self.overall.mean():.1f})"
        )

    def _repr_html_(self) -> str:
        table = self.dimensions.assign(overall=self.overall).describe().round(2)
        return f"<p>{self!r}</p>{table.to_html()}"

    @property
    def scores(self) -> pd.DataFrame:
        """Normalised scores, (org, period) x indicator; computed when asked for, never stored."""
        return _scores(self.values[list(self.scale.codes)], self.scale)

    @property
    def evidence(self) -> Evidence | None:
        """What the values were tallied from, where `tally` made them."""
        found = self.values.attrs.get("evidence")
        return found if isinstance(found, Evidence) else None

    @property
    def attributes(self) -> pd.DataFrame:
        """Attributes of the organisations, aligned with the rows of the index.

        Raises
        ------
        MethodError
            Where the index was built without organisations.
        """
        if self.organisations is None:
            raise MethodError(
                "The organisations of an index must be known for this, got None. "
                "Build it with build_index(values, framework, organisations=data.organisations)."
            )
        orgs = self.overall.index.get_level_values("org")
        return self.organisations.reindex(orgs).set_axis(self.overall.index)

    @property
    def group_of_row(self) -> pd.Series:
        """The weighting group of every row: a first-level key of `weights`."""
        labels = pd.Series(pd.NA, index=self.overall.index, dtype="str", name="group")
        for group in self._groups:
            labels.iloc[group.rows] = group.label
        return labels

    @property
    def standard_errors(self) -> pd.Series | None:
        """Measurement standard error of the overall index, in its units.

        Only what the tally could know is in it (sampling of respondents, events and raters); an
        indicator without a standard error adds nothing, so this is a lower bound. None where the
        values came without evidence, NaN where nothing is known for a row.

        Notes
        -----
        Delta method, one indicator at a time: the square root of
        sum_j (I(x + s_j e_j) - I(x))^2, where s_j is the standard error of indicator j.
        """
        if self.evidence is None:
            return None
        codes = list(self.scale.codes)
        errors = self.evidence.standard_errors().reindex(self.values.index).reindex(columns=codes)
        known = errors.notna() & self.values[codes].notna()
        variance = np.zeros(len(self.overall))
        base = self.overall.to_numpy()
        for code in (c for c in codes if known[c].any()):
            moved = self.values[codes].copy()
            # Step towards the middle of the column so that a cap at either end is not met.
            step = errors[code].fillna(0.0)
            step = step.where(moved[code] < moved[code].median(), -step)
            moved[code] = moved[code] + step
            shift = _evaluate(_scores(moved, self.scale), self._groups, self.framework, self.choices)
            variance += np.nan_to_num(shift.overall.to_numpy() - base) ** 2
        found = np.where(known.any(axis=1), np.sqrt(variance), np.nan)
        return pd.Series(found, index=self.overall.index, name="standard_error")

    def ranks(
        self, *, within: str | None = "domain", period: pd.Period | str | None = None
    ) -> pd.DataFrame:
        """Rank the organisations of each period, 1 for the best.

        Parameters
        ----------
        within : str or None
            Column of the organisations whose classes are ranked apart ("domain", "sector",
            "group", ...). None ranks all together. An index without organisations has one class.
        period : Period or str, optional
            One period only.

        Returns
        -------
        DataFrame
            Indexed by (org, period): ``group``, ``score``, ``rank`` (equal scores share the best
            rank), ``n`` (organisations ranked in the class). Rows without a score have rank NaN.

        Raises
        ------
        MethodError
            Where one class holds organisations scored on different full marks, or the column is
            not there.

        Warns
        -----
        MethodWarning
            Where less than 90 % of the weight of a class rests on indicators that all its
            organisations share.
        """
        frame = pd.DataFrame({"group": self._classes(within), "score": self.overall})
        frame = _in_period(frame, period)
        _refuse_mixed_full_marks(self.evidence, frame["group"])
        self._warn_where_little_is_shared(frame["group"])
        by = frame.groupby(["group", "period"], observed=True)["score"]
        frame["rank"] = by.rank(method="min", ascending=False)
        frame["n"] = by.transform("count")
        return frame

    def contributions(self) -> pd.DataFrame:
        """Split the overall index into what each indicator adds; rows sum to `overall`.

        Returns
        -------
        DataFrame
            (org, period) x indicator, in units of the index; NaN where an indicator does not apply
            or is missing.

        Raises
        ------
        MethodError
            For an aggregation other than arithmetic or geometric.

        Notes
        -----
        A node's gap to 100 is shared among its children: w_j (100 - s_j) for the arithmetic mean,
        L(100, G) w_j ln(100 / s_j) for the geometric mean G, with L the logarithmic mean
        (LMDI-I; Ang 2005, Energy Policy 33: 867-871). The contribution is the global weight times
        100 less the indicator's share of the gap; for the arithmetic mean that is w_j s_j.
        """
        within, across = _levels(self.choices.aggregate, "aggregate")
        scores = self.scores
        parts = pd.DataFrame(np.nan, index=scores.index, columns=scores.columns)
        for group in self._groups:
            rows = group.rows
            dims = self.dimensions.iloc[rows][list(group.across.index)]
            top_weights, top_gaps = _gaps(dims, group.across, across)
            for dimension, local in group.local.items():
                block = scores.iloc[rows][list(local.index)]
                weights, gaps = _gaps(block, local, within)
                gap = gaps.sum(axis=1)
                share = gaps.div(gap.where(gap != 0), axis=0).fillna(weights.fillna(0.0))
                part = weights.mul(top_weights[dimension], axis=0) * 100 - share.mul(
                    top_gaps[dimension], axis=0
                )
                for code in local.index:
                    parts.iloc[rows, parts.columns.get_loc(code)] = part[code].to_numpy()
        return parts

    def trace(
        self, org: str, indicator: str | None = None, *, period: pd.Period | str | None = None
    ) -> pd.DataFrame:
        """Follow a score back to the cells it came from.

        Parameters
        ----------
        org : str
            The organisation.
        indicator : str, optional
            Code of the indicator; all of them by default.
        period : Period or str, optional
            One period only.

        Returns
        -------
        DataFrame
            One row per step: ``org, period, indicator, step, amount, role, file, sheet, row,
            column, cell``. The steps are "contribution", "score", "value" and then one "cell" per
            cell of the files (where `tally` made the values).

        Raises
        ------
        MethodError
            For an organisation or an indicator that the index does not hold.
        """
        orgs = self.overall.index.get_level_values("org")
        if org not in orgs:
            raise MethodError(f"An organisation of the index must be named, got {org!r}. Look it up in index.overall.")
        codes = list(self.scale.codes) if indicator is None else [indicator]
        if unknown := sorted(set(codes) - set(self.scale.codes)):
            raise MethodError(
                f"An indicator of the index must be named, got {unknown[0]!r}. "
                f"Take one of {', '.join(self.scale.codes)}."
            )
        mine = orgs == org
        steps = {
            "contribution": self.contributions()[mine],
            "score": self.scores[mine],
            "value": self.values[mine],
        }
        parts = []
        for step, frame in steps.items():
            long = _in_period(frame[codes], period).stack().rename("amount").reset_index()
            long.columns = ["org", "period", "indicator", "amount"]
            parts.append(long.assign(step=step))
        if self.evidence is not None:
            for code in codes:
                cells = self.evidence.cells(org, code, period=period)
                parts.append(
                    cells.rename(columns={"value": "cell"}).assign(indicator=code, step="cell")
                )
        steps_order = ["contribution", "score", "value", "cell"]
        columns = ["org", "period", "indicator", "step", "amount", "role"]
        columns += ["file", "sheet", "row", "column", "cell"]
        found = pd.concat(parts, ignore_index=True).reindex(columns=columns)
        order = found["step"].map(steps_order.index)
        return (
            found.assign(_order=order)
            .sort_values(["period", "indicator", "_order"], kind="stable")
            .drop(columns="_order")
            .reset_index(drop=True)
        )

    def rebuild(self, **choices: object) -> Index:
        """Build the index again from the same values, with some choices changed.

        Parameters
        ----------
        **choices
            Any of ``normalise``, ``weights``, ``aggregate``, ``available``, ``scale``.
        """
        kept: dict[str, object] = {
            name: getattr(self.choices, name) for name in Choices.__dataclass_fields__
        }
        return build_index(
            self.values, self.framework, organisations=self.organisations, **{**kept, **choices}
        )  # type: ignore[arg-type]

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how the index was made, ready for a methods section."""
        return _methods_sentence(self, language)

    def _classes(self, within: str | None) -> pd.Series:
        if within is None or (within == "domain" and self.organisations is None):
            return pd.Series("all", index=self.overall.index, dtype="str")
        attributes = self.attributes
        if within not in attributes.columns:
            raise MethodError(
                f"within must be a column of the organisations, got {within!r}. "
                f"Take one of {', '.join(map(str, attributes.columns))}."
            )
        return attributes[within].astype("str")

    def _warn_where_little_is_shared(self, classes: pd.Series) -> None:
        if len(self._groups) == 1:
            return
        own = self.group_of_row.reindex(classes.index)
        for label, members in own.groupby(classes, observed=True):
            tables = [self.weights.loc[g, "global_weight"] for g in members.unique()]
            shared = pd.concat(tables, axis=1).dropna().min(axis=1).sum()
            if shared < COMMON_WEIGHT - 1e-12:
                warnings.warn(
                    f"Organisations ranked together should be measured alike; in {label!r} only "
                    f"{shared:.0%} of the weight rests on shared indicators. Rank within a finer "
                    'class, such as within="sector".',
                    MethodWarning,
                    stacklevel=3,
                )


def build_index(
    values: pd.DataFrame,
    framework: Framework,
    *,
    organisations: pd.DataFrame | None = None,
    normalise: Choice = "minmax",
    weights: Choice = "framework",
    aggregate: Choice = "arithmetic",
    available: float = 2 / 3,
    scale: Scale | None = None,
) -> Index:
    """Build a composite index from values and a framework.

    Parameters
    ----------
    values : DataFrame
        Raw values, rows (org, period), columns = indicator codes, as `tally` gives them. Missing
        values are NaN; nothing is filled in.
    framework : Framework
        Dimensions, indicators, directions and declared weights.
    organisations : DataFrame, optional
        Attributes indexed by ``org``; needed where indicators apply to some domains or sectors.
    normalise : str or callable
        A word of ``methods.normalisation.NORMALISATIONS``, fitted over all organisations and
        periods, so that years can be compared.
    weights : str, callable, Series or mapping
        "framework" takes the declared weights. A word of ``OBJECTIVE_WEIGHTS`` or a callable
        (scores frame -> Series) weighs all indicators of a group of organisations at once. A Series
        gives global weights by indicator code (they must sum to 1). A mapping
        ``{"indicators": ..., "dimensions": ...}`` chooses for each level.
    aggregate : str, callable or mapping
        A word of ``methods.aggregation.AGGREGATIONS`` for both levels, or a mapping per level.
    available : float
        Smallest share of the weight (0..1) that must be present for a dimension, and for the
        overall index, to be given; below it the result is NaN. Above it the weights of what is
        present are scaled up.
    scale : Scale, optional
        The ``scale`` of an earlier index: these values are then scored on that year's scale.

    Returns
    -------
    Index

    Raises
    ------
    MethodError
        For values that are not as said, an unknown word, weights that are negative or do not sum
        to 1, or whatever the chosen methods refuse.

    Warns
    -----
    MethodWarning
        Where an indicator has no value at all for a group of organisations and is left out there.
    """
    if not 0 <= available <= 1:
        raise MethodError(
            f"available must be a share between 0 and 1, got {available!r}. Give 2/3, for example."
        )
    _check_values(values)
    # An indicator without any value is left out; the weights of the others are scaled up.
    codes = [i.code for i in framework.indicators if i.code in values.columns]
    codes = [code for code in codes if values[code].notna().any()]
    if not codes:
        raise MethodError(
            "At least one column of the values must be an indicator of the framework with values, "
            f"got {', '.join(map(str, values.columns)) or 'no column'}. "
            f"Name columns by the codes of {framework.id}: "
            f"{', '.join(i.code for i in framework.indicators)}."
        )
    if scale is None:
        scale = fit_scale(values[codes], normalise, directions=directions(framework).loc[codes])
    elif missing := sorted(set(scale.codes) - set(codes)):
        raise MethodError(
            f"Values on an earlier scale must have its indicators, got none for {', '.join(missing)}. "
            "Add these columns, or build without scale=."
        )
    choices = Choices(normalise, weights, aggregate, available)
    codes = list(scale.codes)
    scores = _scores(values[codes], scale)
    groups = _weigh(
        scores, _grouped(values[codes], framework, organisations), framework, weights, aggregate
    )
    found = _evaluate(scores, groups, framework, choices)
    return Index(
        framework=framework,
        values=values,
        organisations=organisations,
        scale=scale,
        choices=choices,
        overall=found.overall,
        dimensions=found.dimensions,
        weights=_weights_frame(groups),
        coverage=found.coverage,
        _groups=groups,
    )


def directions(framework: Framework) -> pd.DataFrame:
    """Return the directions and bounds of the indicators, as `fit_scale` takes them."""
    rows = {
        i.code: {
            "direction": i.direction,
            "low": i.goalposts[0] if i.goalposts else np.nan,
            "high": i.goalposts[1] if i.goalposts else np.nan,
            "target": np.nan if i.target is None else i.target,
            "interval_low": i.interval[0] if i.interval else np.nan,
            "interval_high": i.interval[1] if i.interval else np.nan,
            "full_mark": np.nan if i.full_mark is None else i.full_mark,
        }
        for i in framework.indicators
    }
    return pd.DataFrame.from_dict(rows, orient="index")


class _Evaluated(NamedTuple):
    overall: pd.Series
    dimensions: pd.DataFrame
    coverage: pd.Series


def _evaluate(
    scores: pd.DataFrame, groups: tuple[_Group, ...], framework: Framework, choices: Choices
) -> _Evaluated:
    """Aggregate scores into dimensions and dimensions into the overall index."""
    within, across = _levels(choices.aggregate, "aggregate")
    present = [d.code for d in framework.dimensions if any(d.code in g.local for g in groups)]
    dimensions = np.full((len(scores), len(present)), np.nan)
    overall = np.full(len(scores), np.nan)
    coverage = np.zeros(len(scores))
    for group in groups:
        everybody = len(group.rows) == len(scores)
        block = scores if everybody else scores.iloc[group.rows]
        tops = {}
        for code, local in group.local.items():
            tops[code], covered = _combine(block[list(local.index)], local, within, choices)
            dimensions[group.rows, present.index(code)] = tops[code].to_numpy()
            coverage[group.rows] += group.across[code] * covered
        top, _ = _combine(pd.DataFrame(tops), group.across, across, choices)
        overall[group.rows] = top.to_numpy()
    return _Evaluated(
        pd.Series(overall, index=scores.index, name="overall"),
        pd.DataFrame(dimensions, index=scores.index, columns=present),
        pd.Series(coverage, index=scores.index, name="coverage"),
    )


def _combine(
    block: pd.DataFrame, weights: pd.Series, method: Choice, choices: Choices
) -> tuple[pd.Series, Array]:
    """Aggregate the columns of a block where enough of the weight is present."""
    covered = np.zeros(len(block))
    for code, weight in weights.items():
        covered += weight * block[code].notna().to_numpy()
    enough = covered >= choices.available - 1e-9
    enough &= covered > 0
    made: pd.Series = aggregate_scores(block[enough], weights[list(block.columns)], method)
    return made.reindex(block.index) if not enough.all() else made, covered


def _scores(values: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    scores = scale.apply(values)
    return scores * 100 if scale.bounded else scores


def _check_values(values: pd.DataFrame) -> None:
    if not isinstance(values, pd.DataFrame) or list(values.index.names) != ["org", "period"]:
        got = list(values.index.names) if isinstance(values, pd.DataFrame) else type(values).__name__
        raise MethodError(
            f"Values must be a frame with rows (org, period), got {got!r}. "
            'Use the frame that tally gives, or set_index(["org", "period"]).'
        )
    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()][0]
        raise MethodError(
            f"Each (org, period) must stand once in the values, got {twice} again. "
            "Keep one row of each."
        )
    for code in values.columns:
        if not pd.api.types.is_numeric_dtype(values[code]):
            raise MethodError(
                f"Values must be numbers, got text in {code!r}. Convert the column first."
            )
        if np.isinf(values[code].to_numpy(dtype=float)).any():
            raise MethodError(
                f"Values must be finite, got infinity in {code!r}. Mend the division that made it."
            )


def _grouped(
    values: pd.DataFrame, framework: Framework, organisations: pd.DataFrame | None
) -> list[tuple[str, Array, dict[str, list[str]], dict[str, float]]]:
    """Split the rows into groups with the same applicable indicators and dimension weights."""
    listed = [i for i in framework.indicators if i.code in values.columns]
    restricted = [i for i in listed if i.domains or i.sectors]
    if restricted and organisations is None:
        raise MethodError(
            "organisations must be given where indicators apply to some domains or sectors, got None "
            f"with {restricted[0].code!r}. Add organisations=data.organisations."
        )
    orgs = values.index.get_level_values("org")
    keys = pd.DataFrame(index=values.index)
    keys["period"] = values.index.get_level_values("period")
    for column in ("domain", "sector"):
        known = organisations is not None and restricted and column in organisations.columns
        keys[column] = organisations[column].reindex(orgs).to_numpy() if known else None
    if not framework.weights_change_over_time:
        keys["period"] = None
    codes, classes = pd.factorize(pd.MultiIndex.from_frame(keys), use_na_sentinel=False)
    gathered: dict[tuple[object, ...], list[int]] = {}
    for number, (period, domain, sector) in enumerate(classes):
        domain, sector = (None if pd.isna(x) else x for x in (domain, sector))
        applicable = tuple(i.code for i in listed if i.applies(domain, sector))
        weights = framework.dimension_weights(None if pd.isna(period) else period)
        gathered.setdefault((applicable, tuple(weights.items())), []).append(number)
    groups = []
    for (applicable, weights), numbers in gathered.items():
        rows = np.flatnonzero(np.isin(codes, numbers))
        block = values.iloc[rows]
        kept = [code for code in applicable if block[code].notna().any()]
        label = "all" if len(gathered) == 1 else _label([classes[n] for n in numbers])
        if empty := sorted(set(applicable) - set(kept)):
            warnings.warn(
                f"Every indicator should have values; in {label!r} there are none for "
                f"{', '.join(empty)}, which are left out. Add their data or take them out of the "
                "framework.",
                MethodWarning,
                stacklevel=3,
            )
        dims = {
            d.code: own
            for d in framework.dimensions
            if (own := [i.code for i in d.indicators if i.code in kept])
        }
        if dims:
            groups.append((label, rows, dims, dict(weights)))
    return groups


def _label(classes: list[tuple[object, ...]]) -> str:
    """Name a group of rows by the coarsest words that tell it: period, then domain or sector."""
    periods = {str(c[0]) for c in classes if not pd.isna(c[0])}
    sectors = {str(c[2]) for c in classes if not pd.isna(c[2])}
    domains = {str(c[1]) for c in classes if not pd.isna(c[1])}
    kind = sectors if len(sectors) == 1 or len(domains) > 1 else domains
    return " · ".join(x for x in ("/".join(sorted(periods)), "/".join(sorted(kind))) if x) or "rest"


def _weigh(
    scores: pd.DataFrame,
    groups: list[tuple[str, Array, dict[str, list[str]], dict[str, float]]],
    framework: Framework,
    weights: Choice,
    aggregate: Choice,
) -> tuple[_Group, ...]:
    """Give every group its weights."""
    weighed = []
    for label, rows, dims, declared in groups:
        block = scores if len(rows) == len(scores) else scores.iloc[rows]
        codes = [code for own in dims.values() for code in own]
        if isinstance(weights, Mapping) or weights == "framework" if isinstance(weights, str) else isinstance(weights, Mapping):
            local, across = _by_level(block, dims, declared, framework, weights, aggregate)
        else:
            flat = _resolve(weights, block[codes], "weights", strict=True)
            across = pd.Series({d: flat[own].sum() for d, own in dims.items()})
            if (across == 0).any():
                raise MethodError(
                    f"Every dimension must have a positive weight, got 0 for {across.idxmin()!r}. "
                    "Take its indicators out of the framework."
                )
            local = {d: flat[own] / across[d] for d, own in dims.items()}
        weighed.append(_Group(label, rows, local, across))
    return tuple(weighed)


def _by_level(
    block: pd.DataFrame,
    dims: dict[str, list[str]],
    declared: dict[str, float],
    framework: Framework,
    weights: Choice,
    aggregate: Choice,
) -> tuple[dict[str, pd.Series], pd.Series]:
    """Weigh indicators inside each dimension, then the dimensions."""
    inner, outer = _levels(weights, "weights")
    within, _ = _levels(aggregate, "aggregate")
    local = {}
    for code, own in dims.items():
        choice: Choice = inner
        if isinstance(inner, str) and inner == "framework":
            choice = framework.indicator_weights(code)
        local[code] = _resolve(choice, block[own], f"weights of {code}")
    choice = outer
    if isinstance(outer, str) and outer == "framework":
        choice = pd.Series(declared)
    tops = pd.DataFrame({}, index=block.index)
    if isinstance(choice, str) or callable(choice):
        tops = pd.DataFrame(
            {code: aggregate_scores(block[own], local[code], within) for code, own in dims.items()}
        )
    else:
        tops = pd.DataFrame(columns=list(dims), dtype=float)
    return local, _resolve(choice, tops, "weights of the dimensions")


def _resolve(
    choice: Choice, block: pd.DataFrame, what: str, *, strict: bool = False
) -> pd.Series:
    """Turn a word, a callable or given numbers into weights of a block's columns that sum to 1."""
    columns = list(block.columns)
    if isinstance(choice, str):
        if choice not in OBJECTIVE_WEIGHTS:
            words = ", ".join(["framework", *OBJECTIVE_WEIGHTS])
            raise MethodError(f"{what} must be a word that is known, got {choice!r}. Take one of {words}.")
        choice = OBJECTIVE_WEIGHTS[choice]
    if callable(choice) and not isinstance(choice, pd.Series):
        if len(columns) == 1:
            return pd.Series(1.0, index=columns)
        complete = block.dropna()
        if len(complete) < len(block):
            warnings.warn(
                f"{what}: computed from the {len(complete)} of {len(block)} rows that have every "
                "score. Complete the data, or give weights.",
                MethodWarning,
                stacklevel=5,
            )
        given = choice(complete / 100)
    else:
        given = choice
    found = pd.Series(given, dtype=float) if isinstance(given, (Mapping, pd.Series)) else pd.Series(np.asarray(given, dtype=float), index=columns)
    if missing := [c for c in columns if c not in found.index]:
        raise MethodError(
            f"{what} must name every column, got none for {', '.join(map(str, missing))}. Add them."
        )
    if strict and abs(found.sum() - 1) > 1e-6:
        raise MethodError(
            f"{what} must sum to 1, got {found.sum():.6g}. Divide them by their sum."
        )
    found = found[columns]
    if found.isna().any() or (found < 0).any() or found.sum() <= 0:
        bad = found[found.isna() | (found < 0)]
        got = f"{bad.iloc[0]} for {bad.index[0]!r}" if len(bad) else "only zeros"
        raise MethodError(
            f"{what} must be zero or more and not all zero, got {got}. Correct the weights."
        )
    return found / found.sum()


def _levels(choice: Choice, what: str) -> tuple[Choice, Choice]:
    """Split a choice into the one for indicators and the one for dimensions."""
    if not isinstance(choice, Mapping):
        return choice, choice
    default = {"weights": "framework", "aggregate": "arithmetic"}[what]
    if unknown := sorted(set(choice) - {"indicators", "dimensions"}):
        raise MethodError(
            f'{what} by level must have the keys "indicators" and "dimensions", got {unknown[0]!r}. '
            "Rename it; one number per indicator goes into a Series."
        )
    return choice.get("indicators", default), choice.get("dimensions", default)  # type: ignore[return-value]


def _weights_frame(groups: tuple[_Group, ...]) -> pd.DataFrame:
    rows = [
        (group.label, code, dimension, weight, weight * group.across[dimension])
        for group in groups
        for dimension, local in group.local.items()
        for code, weight in local.items()
    ]
    columns = ["group", "indicator", "dimension", "local_weight", "global_weight"]
    return pd.DataFrame(rows, columns=columns).set_index(["group", "indicator"])


def _gaps(
    block: pd.DataFrame, weights: pd.Series, method: Choice
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the weights over what is present, and each child's share of the node's gap to 100."""
    if method not in ("arithmetic", "geometric"):
        raise MethodError(
            f"Contributions need an arithmetic or geometric aggregation, got {method!r}. "
            "Use methods.obstacle for other rules."
        )
    present = block.notna() * weights
    scaled = present.div(present.sum(axis=1).where(lambda s: s > 0), axis=0).where(block.notna())
    if method == "arithmetic":
        return scaled, scaled * (100 - block)
    logs = np.log(100 / block)
    gap_log = (scaled * logs).sum(axis=1)
    node = 100 * np.exp(-gap_log)
    mean = ((100 - node) / gap_log.where(gap_log != 0)).fillna(100.0)
    return scaled, (scaled * logs).mul(mean, axis=0)


def _in_period(frame: pd.DataFrame, period: pd.Period | str | None) -> pd.DataFrame:
    if period is None:
        return frame
    periods = frame.index.get_level_values("period")
    mine = periods == period if isinstance(period, pd.Period) else period_text(periods) == period
    if not mine.any():
        known = ", ".join(dict.fromkeys(period_text(periods)))
        raise MethodError(f"period must be one of the index, got {period!r}. Take one of {known}.")
    return frame[mine]


def _refuse_mixed_full_marks(evidence: Evidence | None, classes: pd.Series) -> None:
    """Refuse to rank organisations together whose scores had different full marks."""
    if evidence is None:
        return
    marks = evidence.table["full_mark"].dropna()
    if marks.empty:
        return
    frame = marks.reset_index().merge(
        classes.rename("class").reset_index(), on=["org", "period"], how="inner"
    )
    spread = frame.groupby(["class", "period", "indicator"], observed=True)["full_mark"].unique()
    for (label, _, indicator), found in spread.items():
        if len(found) > 1:
            raise MethodError(
                f"Organisations ranked together must be scored on one full mark, got "
                f"{', '.join(f'{m:g}' for m in sorted(found))} for {indicator!r} in {label!r}. "
                'Rank within a class, such as within="group".'
            )


def _methods_sentence(index: Index, language: Language) -> str:
    """Name every choice in one paragraph."""

    def named(choice: Choice, family: str) -> str:
        if isinstance(choice, Mapping):
            parts = [f"{word(k, language)}: {named(v, family)}" for k, v in choice.items()]  # type: ignore[arg-type]
            return ("；" if language == "zh" else "; ").join(parts)
        if isinstance(choice, str):
            return word(f"{family}.{choice}", language)
        return word(f"{family}.given", language)

    periods = index.overall.index.get_level_values("period")
    text = word("methods.index", language)
    return text.format(
        framework=index.framework.name[language],
        version=index.framework.version,
        dimensions=len(index.dimensions.columns),
        indicators=len(index.scale.codes),
        organisations=index.overall.index.get_level_values("org").nunique(),
        periods="、".join(dict.fromkeys(period_text(periods))) if language == "zh" else ", ".join(dict.fromkeys(period_text(periods))),
        normalise=named(index.choices.normalise, "normalise"),
        weights=named(index.choices.weights, "weights"),
        aggregate=named(index.choices.aggregate, "aggregate"),
        available=f"{index.choices.available:.0%}",
        coverage=f"{index.coverage.mean():.1%}",
    )
