"""Change over periods: steps, trends, transitions, convergence, and what is more than noise."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from .declared import near
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, word
from .methods.convergence import beta_convergence
from .methods.transitions import promotions, transition_matrix, transition_probabilities
from .methods.trend import mann_kendall, sen_slope, smallest_p_value
from .tables import period_text

QUARTERS: Final = ("q1", "q2", "q3", "q4")  # from the lowest
Z: Final = 1.96
NORMAL_MAD: Final = 1.4826  # median absolute deviation -> standard deviation of a normal
SIGNIFICANT: Final = 0.05
FEWEST: Final = 5  # changes in one period that tell how large changes usually are


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """How scores and grades changed from period to period.

    Attributes
    ----------
    steps : DataFrame
        Indexed by (org, period), one row per step from the period before: ``before``, ``score``,
        ``change``, ``standard_error`` (of the change; NaN unknown), ``usual`` (how large changes of
        that period usually are; NaN where fewer than 5 or most of them are alike), ``noise`` (the
        larger of the two; NaN where neither is known), ``beyond`` (whether the change is known to
        be more than 1.96 times the noise).
    trends : DataFrame
        Indexed by org: ``n`` periods, ``slope`` (Sen, points per period), ``s``, ``tau``,
        ``p_value`` (Mann–Kendall, exact), ``smallest_p_value`` (the least it could be).
    transitions : DataFrame
        One row per pair of states, best first: ``before``, ``after``, ``count``, ``n``,
        ``probability``, ``low``, ``high`` (Wilson, 95 %). States are the given grades, or quarters
        of all scores.
    promotions : DataFrame
        Indexed by the state before: ``n``, ``promoted``, ``stayed``, ``demoted``,
        ``promoted_share``, ``demoted_share``, ``promoted_low``, ``promoted_high``.
    convergence : DataFrame
        Indexed by period, over the organisations scored in every period: ``n``, ``mean``, ``sd``,
        ``cv`` (sd ÷ mean; NaN where a score is below 0).
    beta : DataFrame
        One row, last period against first: ``slope`` (points per period and point of the start),
        ``standard_error``, ``noise_slope`` (what noise alone would give; NaN where it is not
        known), ``oldham``, ``n``. Empty with fewer than 3 organisations.
    warnings : DataFrame
        The steps that fell by more than noise, deepest first: ``org``, ``period``, ``before``,
        ``score``, ``change``, ``noise``.
    index : Index
        What was looked at.
    """

    steps: pd.DataFrame
    trends: pd.DataFrame
    transitions: pd.DataFrame
    promotions: pd.DataFrame
    convergence: pd.DataFrame
    beta: pd.DataFrame
    warnings: pd.DataFrame
    index: Index

    def __repr__(self) -> str:
        periods = _texts(self.convergence.index)
        significant = int((self.trends["p_value"] <= SIGNIFICANT).sum())
        return (
            f"Change({periods[0]}–{periods[-1]}: {len(self.steps)} steps, "
            f"mean {self.steps['change'].mean():+.1f}, {len(self.warnings)} fell by more than "
            f"noise; {len(self.trends)} trends, {significant} significant)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.convergence.round(2).to_html()}"

    @property
    def expected_false_warnings(self) -> float:
        """How many steps would be called falls beyond noise if nothing had really changed."""
        return len(self.steps) * SIGNIFICANT / 2

    def means(self, *, by: str = "domain") -> pd.DataFrame:
        """Average the overall score of each group and period.

        Parameters
        ----------
        by : str
            Column of the organisations.

        Returns
        -------
        DataFrame
            ``period``, the column ``by``, ``n``, ``mean``, ``low``, ``high`` (mean ± 1.96 standard
            errors of the mean; NaN for a single organisation).

        Raises
        ------
        MethodError
            For a column that the organisations do not have.
        """
        attributes = self.index.attributes
        if by not in attributes.columns:
            raise MethodError(
                f"by must be a column of the organisations, got {by!r}. "
                f"{near(by, attributes.columns)}"
            )
        frame = pd.DataFrame({by: attributes[by], "score": self.index.overall}).dropna()
        groups = frame.groupby(["period", by])["score"]
        n, mean = groups.count(), groups.mean()
        reach = Z * groups.std() / n**0.5
        parts = {"n": n, "mean": mean, "low": mean - reach, "high": mean + reach}
        return pd.DataFrame(parts).reset_index()

    def note(self, language: Language = "zh") -> str:
        """Say what the number of periods and the noise allow to be concluded."""
        periods = int(self.trends["n"].max())
        least = smallest_p_value(max(periods, 2))
        possible = "short" if least > SIGNIFICANT else "long"
        parts = [
            word(f"note.change.{possible}", language).format(periods=periods, least=f"{least:.3f}"),
            word("note.change.false", language).format(
                steps=len(self.steps),
                expected=f"{self.expected_false_warnings:.1f}",
                found=len(self.warnings),
            ),
            word("note.change.beta", language),
        ]
        return ("" if language == "zh" else " ").join(parts)

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how change was measured, ready for a methods section."""
        return word("methods.change", language)


def measure_change(index: Index, *, grades: pd.Series | None = None) -> Change:
    """Measure how the organisations of an index changed from period to period.

    Parameters
    ----------
    index : Index
        Of at least 2 periods on one scale.
    grades : Series of ordered categories, optional
        Indexed by (org, period), worst first, such as ``grade(index).table["grade"]``. By default
        quarters of all scores of all periods together, "q1" (lowest) to "q4".

    Returns
    -------
    Change

    Raises
    ------
    MethodError
        For fewer than 2 periods, scores on different full marks, or grades that are not ordered
        categories.

    Warns
    -----
    MethodWarning
        Where the weights change from year to year, so that scores change without any change of the
        organisations.

    Notes
    -----
    A step joins two periods that follow each other among those in which anybody was scored; an
    organisation that was not scored in one of them has no step there. Its noise is the larger of
    two: the standard error of the change, √(s_t² + s_{t−1}²), which knows only the sampling the
    tally could know, and the usual size of changes in that period, 1.4826 times their median
    absolute deviation. β by ordinary least squares of the change per period on the start; noise
    alone gives −(1 − ρ) / T with ρ = 1 − mean(s²) / var(y) at the start.

    Examples
    --------
    >>> from servicepo.framework import load_framework
    >>> from servicepo.index import build_index
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村", "乙村", "丙校", "丁校"], pd.PeriodIndex(["2023", "2024"], freq="Y")],
    ...     names=["org", "period"],
    ... )
    >>> values = pd.DataFrame({"team_style": [70.0, 60, 90, 92, 80, 85, 75, 88]}, rows)
    >>> index = build_index(values, load_framework("six_haves"), normalise="goalposts")
    >>> change = measure_change(index)
    >>> change.steps["change"].round(1).droplevel("period").to_dict()
    {'丁校': 13.0, '丙校': 5.0, '乙村': 2.0, '甲村': -10.0}
    >>> change.note("en").split(":")[0]
    'With 2 periods the smallest possible p-value of the Mann–Kendall test is 1.000'
    """
    _refuse_mixed_full_marks(index)
    panel = _panel(index.overall)
    if panel.shape[1] < 2:
        raise MethodError(
            "change needs at least 2 periods, got "
            f"{', '.join(_texts(panel.columns)) or 'none'}. Read the periods before as well."
        )
    _warn_where_weights_change(index)
    _warn_where_indicators_change(index)
    errors = index.standard_errors
    noise = panel * np.nan if errors is None else _panel(errors).reindex_like(panel)
    steps = _steps(panel, noise)
    states = _quarters(index.overall) if grades is None else _checked(grades)
    counts = _counts(states)
    fell = steps[steps["beyond"] & (steps["change"] < 0)].sort_values("change", kind="stable")
    slopes = sen_slope(panel, times=_times(panel))
    tested = mann_kendall(panel)
    tested.insert(1, "slope", slopes)
    whole = panel.dropna()
    return Change(
        steps=steps,
        trends=tested,
        transitions=_best_first(transition_probabilities(counts), counts),
        promotions=promotions(counts).iloc[::-1],
        convergence=_spread(whole),
        beta=_beta(whole, noise.loc[whole.index]),
        warnings=fell.reset_index()[["org", "period", "before", "score", "change", "noise"]],
        index=index,
    )


def _refuse_mixed_full_marks(index: Index) -> None:
    """Refuse scores of one indicator on several full marks: their steps cannot be laid together."""
    if index.evidence is None:
        return
    marks = index.evidence.table["full_mark"].dropna()
    for code, own in marks.groupby(level="indicator"):
        found = sorted(own.unique())
        if code in index.scale.codes and len(found) > 1:
            raise MethodError(
                "Scores must be on one full mark for their change to be measured, got "
                f"{', '.join(f'{mark:g}' for mark in found)} for {code!r}. "
                "Declare its full_mark in the framework; the scores are then folded to it."
            )


def _warn_where_weights_change(index: Index) -> None:
    own = index.group_of_row
    first = own.groupby(level="org").transform("first")
    moves = pd.DataFrame({"first": first, "own": own}).dropna().drop_duplicates()
    weights = index.weights["global_weight"].unstack("group").fillna(0.0)  # noqa: PD010 (unique keys)
    if not np.allclose(weights[moves["first"]], weights[moves["own"]]):
        warnings.warn(
            "Scores should be weighted alike in all periods for their change to be measured; the "
            f"weights of {index.framework.id} change over time, and part of the change is theirs. "
            'Build the index with weights that stay, such as weights="equal".',
            MethodWarning,
            stacklevel=3,
        )


def _warn_where_indicators_change(index: Index) -> None:
    """Warn where an indicator has values in some periods and none in others."""
    codes = list(index.scale.codes)
    measured = index.values[codes].notna().groupby(level="period").any()
    gone = {
        code: ", ".join(_texts(measured.index[~measured[code]]))
        for code in codes
        if not measured[code].all()
    }
    if gone:
        told = "; ".join(f"{code} in {periods}" for code, periods in gone.items())
        warnings.warn(
            "Periods should be measured by the same indicators for their change to be measured; "
            f"there are no values of {told}, and part of the change is theirs. Add the values, or "
            "take these indicators out of the framework.",
            MethodWarning,
            stacklevel=3,
        )


def _texts(periods: pd.Index) -> list[str]:
    return [str(text) for text in period_text(pd.PeriodIndex(periods))]


def _panel(column: pd.Series) -> pd.DataFrame:
    """Spread (org, period) out: a row for each organisation, a column for each period told of."""
    rows, orgs = pd.factorize(column.index.get_level_values("org"), sort=True)
    places, periods = pd.factorize(column.index.get_level_values("period"), sort=True)
    table = np.full((len(orgs), len(periods)), np.nan)
    table[rows, places] = column
    panel = pd.DataFrame(table, index=pd.Index(orgs, name="org"), columns=periods)
    return panel.rename_axis(columns="period").dropna(axis=1, how="all")


def _times(panel: pd.DataFrame) -> list[float]:
    """Count from the first period of a panel on."""
    periods = list(pd.PeriodIndex(panel.columns))
    return [(period.ordinal - periods[0].ordinal) / period.freq.n for period in periods]


def _steps(panel: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    before, after = panel.iloc[:, :-1].to_numpy(), panel.iloc[:, 1:].to_numpy()
    change = pd.DataFrame(after - before)
    usual = NORMAL_MAD * (change - change.median()).abs().median()
    usual = usual.where((change.count() >= FEWEST) & (usual > 0))
    squares = errors.to_numpy() ** 2
    steps = pd.DataFrame(
        {
            "before": before.ravel(),
            "score": after.ravel(),
            "change": change.to_numpy().ravel(),
            "standard_error": np.sqrt(squares[:, 1:] + squares[:, :-1]).ravel(),
            "usual": np.tile(usual, len(panel)),
        },
        index=pd.MultiIndex.from_product([panel.index, panel.columns[1:]]),
    ).dropna(subset="change")
    noise = steps[["standard_error", "usual"]].max(axis=1)
    return steps.assign(noise=noise, beyond=steps["change"].abs() > Z * noise)


def _quarters(overall: pd.Series) -> pd.Series:
    cuts = overall.quantile([0.25, 0.5, 0.75]).to_numpy()
    place = np.where(overall.isna(), -1, np.searchsorted(cuts, overall.to_numpy(), side="left"))
    made = pd.Categorical.from_codes(place, categories=pd.Index(QUARTERS), ordered=True)
    return pd.Series(made, index=overall.index)


def _checked(grades: pd.Series) -> pd.Series:
    kind = grades.dtype
    if not (isinstance(kind, pd.CategoricalDtype) and kind.ordered):
        raise MethodError(
            f"grades must be ordered categories by (org, period), got {kind}. "
            'Give grade(index).table["grade"].'
        )
    return grades


def _counts(states: pd.Series) -> pd.DataFrame:
    """Count the moves of all steps together, states from worst to best."""
    order = list(states.cat.categories)
    wide = _panel(states.cat.codes.where(states.notna())).to_numpy()
    before, after = (pd.Series(side.ravel()) for side in (wide[:, :-1], wide[:, 1:]))
    counts = transition_matrix(before, after, states=range(len(order)))
    return counts.set_axis(order, axis=0).set_axis(order, axis=1)


def _best_first(table: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    kind = pd.CategoricalDtype(list(counts.index[::-1]), ordered=True)
    ordered = table.astype({"before": kind, "after": kind})
    return ordered.sort_values(["before", "after"]).reset_index(drop=True)


def _spread(whole: pd.DataFrame) -> pd.DataFrame:
    table = whole.agg(["count", "mean", "std"]).T
    table.columns = ["n", "mean", "sd"]
    cv = table["sd"] / table["mean"].where((whole >= 0).all() & (table["mean"] > 0))
    return table.assign(n=table["n"].astype(int), cv=cv)


def _beta(whole: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    columns = ["slope", "standard_error", "noise_slope", "oldham", "n"]
    first, last = whole.iloc[:, 0], whole.iloc[:, -1]
    if len(whole) < 3 or first.nunique() < 2:
        return pd.DataFrame(columns=columns, dtype=float)
    span = int(_times(whole)[-1])
    made = beta_convergence(first, last, periods=span)
    noise = float((errors.iloc[:, 0] ** 2).mean())
    known = bool(errors.iloc[:, 0].notna().all())
    row = {**made._asdict(), "noise_slope": -noise / first.var() / span if known else np.nan}
    return pd.DataFrame([row])[columns]
