"""The index: values and a framework become scores, dimensions and one overall number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from .bench import (
    Built,
    Group,
    combine,
    hold_down,
    weigh,
    weights_frame,
)
from .choices import Choice, Choices, by_level
from .classing import applicable, classify, warn_without_values
from .errors import MethodError
from .framework import Framework
from .incoming import check_rows, known_columns, on_the_roster
from .labels import Language
from .methods.normalisation import Scale
from .methods_sentence import methods_sentence
from .preparing import Prepared, prepare, screening
from .ranked import refuse_mixed_full_marks, warn_where_little_is_shared
from .scaling import fit, scored
from .scored import Scored
from .splitting import split
from .tables import PLACE, period_text
from .tallying.evidence import Evidence

DEFAULTS: Final = MappingProxyType(
    {"treat": "none", "impute": "none", "normalise": "minmax", "aggregate": "arithmetic"}
)


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
        Every choice, with what the framework declares put in its place.
    prepared : Prepared
        The values that were scored, and what was done to them before: ``screened``, ``imputed``
        (mask and quality) and ``treated`` (table of treated points), None where nothing was.
    overall : Series
        The index by (org, period), 0..100 (better is higher) for every bounded normalisation.
    dimensions : DataFrame
        (org, period) x dimension, on the same range.
    weights : DataFrame
        Indexed by (group, indicator): ``dimension``, ``local_weight`` (sums to 1 in the dimension)
        and ``global_weight`` (sums to 1 in the group). The group is "all" where everybody has the
        same weights.
    coverage : Series
        Share of the weight (0..1) that was used, by (org, period): present in the data (imputed
        cells count as present), in a dimension that had enough of it to be given.
    vetoed : DataFrame or None
        Where a veto was asked for: ``before``, ``score``, ``failed`` by (org, period).
    """

    framework: Framework
    values: pd.DataFrame
    organisations: pd.DataFrame | None
    scale: Scale
    choices: Choices
    prepared: Prepared
    overall: pd.Series
    dimensions: pd.DataFrame
    weights: pd.DataFrame
    coverage: pd.Series
    vetoed: pd.DataFrame | None
    _groups: tuple[Group, ...] = field(repr=False)

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
        return self._scored(self.prepared.values).table_of_all()

    @property
    def evidence(self) -> Evidence | None:
        """What the values were tallied from, where `tally` made them."""
        found = getattr(self.values, "evidence", None)
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
        values = self.prepared.values[codes]
        before = self.overall if self.vetoed is None else self.vetoed["before"]
        errors = self.evidence.standard_errors().reindex(index=values.index, columns=codes)
        known = errors.notna() & values.notna()
        variance = np.zeros(len(values))
        for code in (code for code in codes if known[code].any()):
            # Step towards the middle of the column, so that a cap at either end is not met.
            step = errors[code].fillna(0.0)
            step = step.where(values[code] < values[code].median(), -step)
            moved = values.assign(**{code: values[code] + step})
            shift = self._combine(self._scored(moved)).overall - before
            variance += np.nan_to_num(shift.to_numpy()) ** 2
        found = np.where(known.any(axis=1), np.sqrt(variance), np.nan)
        return pd.Series(found, index=values.index, name="standard_error")

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
            Where a class mixes full marks; for a column that is not there or tells nothing.

        Warns
        -----
        MethodWarning
            Where less than 90 % of the weight of a class rests on indicators that all its
            organisations share.
        """
        frame = pd.DataFrame({"group": self._classes(within), "score": self.overall})
        frame = _in_period(frame, period)
        refuse_mixed_full_marks(self.evidence, frame["group"])
        if len(self._groups) > 1:
            own = self.group_of_row.reindex(frame.index)
            warn_where_little_is_shared(frame["group"], own, self.weights["global_weight"])
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
            or is missing. Where a veto was asked for a last column, "veto", holds what it took off.

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
        parts = split(self.scores, self.dimensions, self._groups, self.choices.aggregate)
        if self.vetoed is not None:
            parts["veto"] = self.vetoed["score"] - self.vetoed["before"]
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
        mine = self.overall.index.get_level_values("org") == org
        if not mine.any():
            raise MethodError(
                f"org must be an organisation of the index, got {org!r}. "
                "Look its name up in index.overall."
            )
        codes = list(self.scale.codes) if indicator is None else [indicator]
        if codes[0] not in self.scale.codes:
            raise MethodError(
                f"indicator must be a code of the index, got {indicator!r}. "
                f"Take one of {', '.join(self.scale.codes)}."
            )
        steps = {"score": self.scores, "value": self.values}
        if self._splits:
            steps = {"contribution": self.contributions(), **steps}
        parts = []
        for step, frame in steps.items():
            wide = _in_period(frame.loc[mine, codes], period).reset_index()
            long = wide.melt(["org", "period"], var_name="indicator", value_name="amount")
            parts.append(long.dropna(subset="amount").assign(step=step))
        if self.evidence is not None:
            for code in codes:
                cells = self.evidence.cells(org, code, period=period)
                cells = cells.rename(columns={"value": "cell"})
                parts.append(cells.assign(indicator=code, step="cell"))
        columns = ["org", "period", "indicator", "step", "amount", "role", *PLACE, "cell"]
        found = pd.concat(parts, ignore_index=True).reindex(columns=columns)
        found["step"] = pd.Categorical(found["step"], [*steps, "cell"], ordered=True)
        by = ["period", "indicator", "step"]
        return found.sort_values(by, kind="stable", ignore_index=True)

    def rebuild(self, **choices: object) -> Index:
        """Build the index again from the same values, with some choices changed.

        Parameters
        ----------
        **choices
            Any of ``treat``, ``impute``, ``normalise``, ``weights``, ``aggregate``, ``available``,
            ``scale``.
        """
        kept = {f.name: getattr(self.choices, f.name) for f in fields(self.choices)}
        return build_index(
            self.values, self.framework, organisations=self.organisations, **{**kept, **choices}
        )

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how the index was made, ready for a methods section."""
        return methods_sentence(
            self.framework,
            self.choices,
            self.prepared,
            rows=self.overall.index,
            codes=self.scale.codes,
            dimensions=len(self.dimensions.columns),
            coverage=float(self.coverage.mean()),
            vetoed=None if self.vetoed is None else int((self.vetoed["failed"] != "").sum()),
            language=language,
        )

    @property
    def _splits(self) -> bool:
        """Whether contributions can be given."""
        levels = by_level(self.choices.aggregate, "arithmetic", "aggregate")
        return all(isinstance(x, str) and x in ("arithmetic", "geometric") for x in levels)

    def _scored(self, values: pd.DataFrame) -> Scored:
        return scored(values, self.scale, self.choices.normalise, self.organisations)

    def _combine(self, scores: Scored) -> Built:
        aggregation, available = self.choices.aggregate, self.choices.available
        return combine(scores, self._groups, aggregation=aggregation, available=available)

    def _classes(self, within: str | None) -> pd.Series:
        if within is None or (within == "domain" and self.organisations is None):
            return pd.Series("all", index=self.overall.index, dtype="str")
        attributes = self.attributes
        if within not in attributes.columns:
            raise MethodError(
                f"within must be a column of the organisations, got {within!r}. "
                f"Take one of {', '.join(map(str, attributes.columns))}."
            )
        classes = attributes[within].astype("str")
        if classes.isna().all():
            raise MethodError(
                f"The classes ranked apart must be known, got no {within!r} of anybody. "
                "Complete the roster or choose another column; within=None ranks all together."
            )
        return classes


def build_index(
    values: pd.DataFrame,
    framework: Framework,
    *,
    organisations: pd.DataFrame | None = None,
    treat: Choice = "framework",
    impute: Choice = "framework",
    normalise: Choice = "framework",
    weights: Choice = "framework",
    aggregate: Choice = "framework",
    available: float | Mapping[str, float] = 2 / 3,
    scale: Scale | None = None,
) -> Index:
    """Build a composite index from values and a framework.

    Every choice is a word, a callable, or a mapping ``{"method": word, option: ...}`` that gives
    the options of the method; "framework" takes what the framework declares, else the first word
    named below.

    Parameters
    ----------
    values : DataFrame
        Raw values, rows (org, period), columns = indicator codes, as `tally` gives them. Missing
        values are NaN; nothing is filled in unless ``impute`` says so.
    framework : Framework
        Dimensions, indicators, directions and declared weights.
    organisations : DataFrame, optional
        Attributes indexed by ``org``; needed where indicators apply to some domains or sectors.
    treat : word, callable or mapping
        Treatment of outliers, after imputation: "none"; "skew" (two-stage rule), "percentile",
        "iqr", "mad" (winsorising), or a transform ("log", "log_ct", "log_gii", "box_cox",
        "yeo_johnson"). A mapping from indicators to these treats some of them. A callable takes and
        gives a frame.
    impute : word, callable or mapping
        "none", or a word of ``methods.imputation.IMPUTATIONS``; ``{"method": "group_median",
        "groups": "sector"}`` names a column of the organisations. Cells that do not apply to an
        organisation are never filled in.
    normalise : word, callable or mapping
        "minmax", or another word of ``methods.normalisation.NORMALISATIONS``, fitted over all
        organisations and periods, so that years can be compared. ``{"method": "zscore", "within":
        "period"}`` (or "domain", "sector", ...) fits within each class. A mapping from indicators
        to words takes one for each.
    weights : word, callable, Series or mapping
        "framework" takes the declared weights. A word of ``OBJECTIVE_WEIGHTS`` or a callable
        (frame of scores 0..1 -> Series) weighs all indicators of a group of organisations at once.
        A Series gives global weights by indicator code (they must sum to 1): expert weights, as
        ``ahp(matrix).weights``. ``{"method": "game_theoretic", "parts": {"experts": series,
        "data": "entropy"}}`` combines several by a word of ``COMBINATIONS``. A mapping
        ``{"indicators": ..., "dimensions": ...}`` chooses for each level.
    aggregate : word, callable or mapping
        "arithmetic", or another word of ``registry.AGGREGATES`` (means, votes, and the ranking
        methods as marks of 0..100) for both levels, or a mapping per level. A key "veto" holds
        scores down where a raw value falls short: ``{"method": "arithmetic", "veto":
        {"thresholds": {"safety": 60}, "cap": 59}}`` (or "deduct": points for each failure; for a
        cost the threshold is the most that is acceptable).
    available : float or mapping
        Smallest share of the weight (0..1) that must be present for a dimension, and for the
        overall index, to be given; below it the result is NaN. Above it the weights of what is
        present are scaled up. A mapping gives shares for nodes by their code ("overall" or a
        dimension), and leaves out at the start what has too little: "indicators" by their share of
        rows, "organisations" by their share of indicators; other nodes keep 2/3.
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
        Where an indicator has no value at all, or none for a group of organisations, and is left
        out (what `tally` told of already is not told again); where organisations of the values are
        not among ``organisations`` and are left out.

    Examples
    --------
    >>> from servicepo.framework import load_framework
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村", "乙村", "丙村", "丁村"], pd.PeriodIndex(["2024"], freq="Y")],
    ...     names=["org", "period"],
    ... )
    >>> values = pd.DataFrame(
    ...     {"team_style": [60.0, 80, 95, 90], "team_level": [70.0, np.nan, 80, 75],
    ...      "premises_service": [90.0, 75, 95, 60]}, rows
    ... )
    >>> index = build_index(
    ...     values, load_framework("six_haves"), impute="median",
    ...     normalise={"method": "minmax_positive", "within": "period"},
    ...     weights={"indicators": {"method": "linear", "parts": ["equal", "entropy"]},
    ...              "dimensions": pd.Series({"team": 0.7, "premises": 0.3})},
    ...     aggregate={"indicators": "arithmetic", "dimensions": "geometric",
    ...                "veto": {"thresholds": {"premises_service": 65}, "cap": 15}},
    ... )
    >>> index.overall.round(1).droplevel("period").to_dict()
    {'甲村': 3.8, '乙村': 50.6, '丙村': 100.0, '丁村': 15.0}
    >>> index.vetoed["failed"].tolist()
    ['', '', '', 'premises_service']
    >>> int(index.prepared.imputed.mask["team_level"].sum())
    1
    """
    declared = {**DEFAULTS, **framework.methods}
    told = {"treat": treat, "impute": impute, "normalise": normalise, "aggregate": aggregate}
    meant: dict[str, Any] = {
        k: declared[k] if _as_declared(choice) else choice for k, choice in told.items()
    }
    choices = Choices(**meant, weights=weights, available=available)
    screen = screening(available, framework)
    check_rows(values)
    values = on_the_roster(values, organisations)
    known = known_columns(values)
    codes = [i.code for i in framework.indicators if i.code in known]
    if not codes:
        raise MethodError(
            "At least one column of the values must be an indicator of the framework with values, "
            f"got {', '.join(map(str, values.columns)) or 'no column'}. "
            f"Name columns by the codes of {framework.id}: "
            f"{', '.join(i.code for i in framework.indicators)}."
        )
    warn_without_values(values, codes, framework, organisations)
    if scale is not None and (missing := sorted(set(scale.codes) - set(codes))):
        raise MethodError(
            "Values on an earlier scale must have its indicators, got none for "
            f"{', '.join(missing)}. Add these columns, or build without scale=."
        )
    if scale is not None and choices.treat != "none":
        raise MethodError(
            "Values on an earlier scale must be left untreated, got "
            f"treat={choices.treat!r} beside scale=. Transform the values of both years yourself."
        )
    codes = codes if scale is None else list(scale.codes)
    used = values if list(values.columns) == codes else values[codes]
    counted = screen or choices.impute != "none"
    prepared = prepare(
        used,
        applicable(used, framework, organisations) if counted else None,
        organisations,
        screen=screen,
        impute=choices.impute,
        treat=choices.treat,
    )
    if prepared.values is not used:
        known = known_columns(prepared.values)
    if scale is None:
        scale = fit(prepared.values, choices.normalise, framework, organisations, known)
    incomplete = frozenset(c for c, found in known.items() if found.n < len(values))
    scores = scored(prepared.values, scale, choices.normalise, organisations, incomplete)
    groups = weigh(
        scores,
        classify(prepared.values, framework, organisations),
        framework,
        weights=weights,
        aggregation=choices.aggregate,
    )
    built = combine(scores, groups, aggregation=choices.aggregate, available=available)
    vetoed = hold_down(built.overall, prepared.values, choices.aggregate, framework)
    return Index(
        framework=framework,
        values=values,
        organisations=organisations,
        scale=scale,
        choices=choices,
        prepared=prepared,
        overall=built.overall if vetoed is None else vetoed["score"].rename("overall"),
        dimensions=built.dimensions,
        weights=weights_frame(groups),
        coverage=built.coverage,
        vetoed=vetoed,
        _groups=groups,
    )


def _as_declared(choice: Choice) -> bool:
    return isinstance(choice, str) and choice == "framework"


def _in_period(frame: pd.DataFrame, period: pd.Period | str | None) -> pd.DataFrame:
    if period is None:
        return frame
    written = _written(frame.index)
    asked = period_text(pd.PeriodIndex([period]))[0] if isinstance(period, pd.Period) else period
    if asked not in written:
        raise MethodError(
            f"period must be one of the index, got {asked!r}. "
            f"Take one of {', '.join(dict.fromkeys(written))}."
        )
    return frame[written == asked]


def _written(rows: pd.Index) -> pd.Index:
    """Return the periods of the rows as text."""
    return period_text(pd.PeriodIndex(rows.get_level_values("period")))
