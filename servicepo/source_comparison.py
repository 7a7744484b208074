"""Three parties side by side (三方评价): how far they differ, who inflates, what weights decide."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from .anonymity import anonymous_codes
from .declared import near
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, word
from .methods.agreement import icc, kendall_w, krippendorff_alpha
from .methods.guards import listed
from .methods.inflation import LEAST, Inflation, inflation
from .methods.weight_paths import rank_crossings
from .respondents import compare_respondents
from .rules import Scheme, load_scheme
from .source_scores import SCORING, SourceScores, source_scores
from .source_weights import grade_changes, graded, path_ends, refuse_without_cuts, weight_path
from .tables import text_of

OVERALL: Final = "overall"


@dataclass(frozen=True, eq=False, slots=True)
class SourceComparison:
    """What several sources say of the same organisations in one period.

    Organisations are shown by codes such as 村-017 unless names were asked for. Marks are shares of
    the full mark, 0..100.

    Attributes
    ----------
    scores : DataFrame
        Indexed by (org, indicator), one column per source: marks; ``overall`` among the indicators
        is the weighted mean over what all the sources scored there.
    divergence : DataFrame
        One row per organisation, indicator ("overall" too) and pair of sources: ``org``,
        ``indicator``, ``source``, ``other``, ``difference`` (source − other). The overall
        difference of a pair is taken over all that both of them scored.
    indicators : DataFrame
        The same by indicator: ``indicator``, ``source``, ``other``, ``n``, ``difference`` (mean),
        ``sd``, ``correlation``.
    agreement : DataFrame
        One row per indicator ("overall" too, there also by pair): ``indicator``, ``sources``
        (joined by ";"), ``n`` (organisations scored by all of them), ``icc_agreement``
        (ICC(A,1)) with ``low`` and ``high`` (95 %), ``icc_consistency`` (ICC(C,1)), ``alpha``
        (Krippendorff, interval, missing scores allowed), ``w`` (Kendall) and ``p_value``. NaN where
        scores do not vary or fewer than 3 organisations were scored by all.
    inflation : DataFrame or None
        Indexed by ``org``, the largest first: ``group``, ``own``, ``reference`` (marks),
        ``difference``, ``standard_error``, ``inflation`` (shrunken), ``sd``, ``low``, ``high``
        (90 %), ``probability`` (of more than ``delta``). None where there is no pair to judge.
    model : Inflation or None
        What it was estimated with: slope, reliability, and the trap of raw differences.
    path : DataFrame or None
        While the weight of one source rises and the others share the rest in proportion: ``org``,
        ``group``, ``weight`` (0..1), ``score`` (0..100), ``rank`` (1 is best, in the group),
        ``grade`` (by the cut-offs of the scheme alone). None where there is no exact path.
    critical : DataFrame or None
        The weights at which an organisation changes grade, solved exactly: ``org``, ``group``,
        ``weight``, ``cut``, ``before``, ``after``.
    now : DataFrame or None
        Indexed by ``org``: ``score``, ``rank``, ``grade`` with the weights as declared.
    respondents : DataFrame or None
        Where surveys asked members and masses apart: ``org``, ``indicator``, ``member``, ``mass``
        (rates), ``n_member``, ``n_mass``, ``difference``, ``standard_error``, ``shrunken``, ``sd``.
    codes : Series
        Organisation → code. The key to the tables: keep it apart from them.
    sources : tuple of str
    pair : tuple of str or None
        Who is judged for inflation, and against whom.
    rising : str or None
        Whose weight rises.
    delta : float
    scheme : Scheme
    within : str or None
    names : bool
    period : Period
    index : Index
    """

    scores: pd.DataFrame
    divergence: pd.DataFrame
    indicators: pd.DataFrame
    agreement: pd.DataFrame
    inflation: pd.DataFrame | None
    model: Inflation | None
    path: pd.DataFrame | None
    critical: pd.DataFrame | None
    now: pd.DataFrame | None
    respondents: pd.DataFrame | None
    codes: pd.Series
    sources: tuple[str, ...]
    pair: tuple[str, str] | None
    rising: str | None
    delta: float
    scheme: Scheme
    within: str | None
    names: bool
    period: pd.Period
    index: Index
    _ends: pd.DataFrame | None

    def __repr__(self) -> str:
        told = [f"{', '.join(self.sources)} of {len(self.codes_shown)} organisations"]
        if self.inflation is not None and self.pair is not None:
            many = int((self.inflation["probability"] > 0.9).sum())
            told.append(f"{many} surely {self.delta:g} points above {self.pair[1]}")
        if self.critical is not None:
            moved = self.critical["org"].nunique()
            told.append(f"{moved} change grade as the weight of {self.rising} rises")
        return f"SourceComparison({text_of(self.period)}: {'; '.join(told)})"

    def _repr_html_(self) -> str:
        table = self.agreement[self.agreement["indicator"] == OVERALL]
        return f"<p>{self!r}</p>{table.round(3).to_html(index=False)}"

    @property
    def codes_shown(self) -> list[str]:
        """The organisations as the tables show them."""
        return list(self.scores.index.unique("org"))

    def crossings(self, org: str) -> pd.DataFrame:
        """Solve for every weight at which an organisation changes its rank in its class.

        Parameters
        ----------
        org : str
            The organisation, by code or by name.

        Returns
        -------
        DataFrame
            ``weight``, ``other`` (as the tables show it), ``overtakes`` (bool), ``rank`` (just
            above the weight), by weight.

        Raises
        ------
        MethodError
            For an unknown organisation, or where there is no path.
        """
        if self._ends is None:
            raise MethodError(
                "there must be a weight path to look for crossings, got None. "
                "Compare sources in a period in which the masses and others scored."
            )
        coded = self.codes.index[self.codes == org]
        name = str(coded[0]) if len(coded) else org
        shown = name if self.names else str(self.codes.get(name, org))
        if shown not in self._ends.index:
            raise MethodError(
                f"an organisation of the comparison must be named, got {org!r}. "
                "Look it up in comparison.now."
            )
        peers = self._ends[self._ends["group"] == self._ends.loc[shown, "group"]]
        place = int(np.flatnonzero(peers.index == shown)[0])
        found = rank_crossings(peers["at_0"], peers["at_1"], place)
        return found.assign(other=peers.index[found["other"]])

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how sources were compared, ready for a methods section."""
        comma = "、" if language == "zh" else ", "
        parts = [
            word("methods.source_comparison", language).format(
                sources=comma.join(word(f"source.{s}", language) for s in self.sources),
                period=text_of(self.period),
                n=len(self.codes_shown),
            )
        ]
        if self.pair is not None and self.model is not None:
            own, other = (word(f"source.{s}", language) for s in self.pair)
            parts.append(
                word("methods.source_comparison.inflation", language).format(
                    own=own,
                    other=other,
                    delta=self.delta,
                    reliability=self.model.reliability,
                    trap=self.model.trap_by_noise,
                )
            )
        if self.path is not None and self.rising is not None:
            parts.append(
                word("methods.source_comparison.path", language).format(
                    source=word(f"source.{self.rising}", language),
                    scheme=self.scheme.name[language],
                )
            )
        return ("" if language == "zh" else " ").join(parts)


def compare_sources(
    index: Index,
    *,
    pair: tuple[str, str] | None = None,
    rising: str | None = None,
    delta: float = 5.0,
    scheme: str | Path = "four_grades_2012",
    within: str | None = "domain",
    period: pd.Period | str | None = None,
    names: bool = False,
) -> SourceComparison:
    """Compare what self, masses, superiors, line and area say of the same organisations.

    Parameters
    ----------
    index : Index
        Built from values that `tally` made, which know who scored what.
    pair : (str, str), optional
        Whose inflation is judged, against whom; self against superior by default, where both
        scored.
    rising : str, optional
        The source whose weight rises from 0 to 1; the masses by default, where they scored.
    delta : float
        δ of P(inflation > δ), in marks.
    scheme : str or Path
        The grading scheme whose cut-offs the path is graded by; bars and quotas are left aside.
    within : str or None
        Column of the organisations whose classes have levels and ranks of their own.
    period : Period or str, optional
        The last one in which two sources scored by default.
    names : bool
        Whether the tables show names; codes are the default.

    Returns
    -------
    SourceComparison

    Raises
    ------
    MethodError
        For values without evidence, a single source, no organisation with two sources, an unknown
        source, scores outside 0..full mark, a δ that is no number, a scheme without cut-offs.

    Warns
    -----
    MethodWarning
        Where there is no exact path (an aggregation other than arithmetic, a veto, scores cut off
        at the goalposts), no noise that could be estimated, or rates that rest on one answer.

    Notes
    -----
    Inflation: see `methods.inflation`. The noise of both scores comes from their scatter over
    indicators and raters, without what both share; what the reference shares with nobody (a lenient
    team, a halo) counts as its noise where a third source scored at least 30 organisations more
    than there are classes. Without one it passes for quality.

    Path: an indicator scored by the rising source and by others has the value (1 − w) × (mean of
    the others by their weights) + w × (its own), bonuses and deductions added as they are; other
    indicators stay. So with arithmetic aggregation every overall score is linear in w, and critical
    weights are exact. Weights by domain and by indicator stay as declared.

    References
    ----------
    《关于加强基层服务型党组织建设的意见》（2014）第(14)条：加大群众对基层党组织和党员干部服务评价权重.

    Examples
    --------
    >>> import servicepo as sp
    >>> data, _ = sp.synthesise(organisations=60, years=1, seed=0)
    >>> framework = sp.load_framework("six_haves")
    >>> index = sp.build_index(
    ...     sp.tally(data, framework), framework, organisations=data.organisations
    ... )
    >>> compared = compare_sources(index)
    >>> compared.sources
    ('self', 'mass', 'superior')
    >>> compared.inflation["inflation"].mean().round(1).item()
    7.0
    """
    plan = load_scheme(scheme)
    if not np.isfinite(delta):
        raise MethodError(f"delta must be a number of marks, got {delta!r}. Give 5, for example.")
    found = source_scores(index, within=within, period=period)
    pair = _pair(pair, found.sources)
    rising = _rising(rising, found.sources)
    codes = anonymous_codes(index.organisations, index.overall.index.unique("org"))
    shown = pd.Series(codes.index, codes.index) if names else codes
    own = _inflation(found, pair, delta) if pair else None
    respondents = compare_respondents(index, found.classes.index, found.period)
    ends = None
    if rising:
        refuse_without_cuts(plan)
        ends = path_ends(index, rising=rising, period=found.period, within=within)
    path = critical = now = None
    if ends is not None:
        ends = _in_order(ends, shown)
        path, critical = weight_path(ends, plan), grade_changes(ends, plan)
        now = graded(ends[["group", "now"]].rename(columns={"now": "score"}), plan)
    return SourceComparison(
        scores=_scores(found, shown),
        divergence=_divergence(found, shown),
        indicators=_by_indicator(found),
        agreement=_agreement(found),
        inflation=None if own is None else _told(own, found, pair, shown),
        model=own,
        path=path,
        critical=critical,
        now=now,
        respondents=None if respondents is None else _coded(respondents, shown),
        codes=codes,
        sources=found.sources,
        pair=pair if own is not None else None,
        rising=rising if ends is not None else None,
        delta=float(delta),
        scheme=plan,
        within=within,
        names=names,
        period=found.period,
        index=index,
        _ends=ends,
    )


def _known(source: str, present: Sequence[str], what: str) -> str:
    if source not in present:
        mend = near(source, present if source in SCORING else SCORING)
        raise MethodError(f"{what} must be a source that scored, got {source!r}. {mend}")
    return source


def _pair(pair: tuple[str, str] | None, present: Sequence[str]) -> tuple[str, str] | None:
    if pair is None:
        usual = ("self", "superior")
        return usual if set(usual) <= set(present) else None
    own, other = (_known(source, present, "pair") for source in pair)
    if own == other:
        raise MethodError(f"pair must name two sources, got {own!r} twice. Name another.")
    return own, other


def _rising(rising: str | None, present: Sequence[str]) -> str | None:
    if rising is None:
        return "mass" if "mass" in present else None
    return _known(rising, present, "rising")


# -- what they said --------------------------------------------------------------------------------
def _in_order(table: pd.DataFrame, shown: pd.Series) -> pd.DataFrame:
    """Show organisations by code, in the order of the codes, which tells nothing."""
    return table.set_axis(pd.Index(shown[table.index], name="org")).sort_index()


def _coded(table: pd.DataFrame, shown: pd.Series) -> pd.DataFrame:
    table = table.assign(org=table["org"].map(shown))
    return table.sort_values(["indicator", "org"], ignore_index=True)


def _long(wide: pd.DataFrame, shown: pd.Series) -> pd.Series:
    """Put a frame of organisations x indicators under one another."""
    table = _in_order(wide, shown)
    index = pd.MultiIndex.from_product([table.index, table.columns], names=["org", "indicator"])
    return pd.Series(table.to_numpy().ravel(), index=index)


def _scores(found: SourceScores, shown: pd.Series) -> pd.DataFrame:
    together = found.overall(found.sources)
    stacked = {
        source: _long(marks.assign(**{OVERALL: together[source]}), shown)
        for source, marks in found.marks.items()
    }
    return pd.DataFrame(stacked).dropna(how="all")


def _divergence(found: SourceScores, shown: pd.Series) -> pd.DataFrame:
    parts = []
    for source, other in found.pairs():
        total = found.overall((source, other))
        apart = found.marks[source] - found.marks[other]
        long = _long(apart.assign(**{OVERALL: total[source] - total[other]}), shown)
        parts.append(long.rename("difference").reset_index().assign(source=source, other=other))
    columns = ["org", "indicator", "source", "other", "difference"]
    return pd.concat(parts, ignore_index=True)[columns].dropna(ignore_index=True)


def _by_indicator(found: SourceScores) -> pd.DataFrame:
    parts = []
    for source, other in found.pairs():
        total = found.overall((source, other))
        a, b = (found.marks[s].assign(**{OVERALL: total[s]}) for s in (source, other))
        both = a.notna() & b.notna()
        a, b = a.where(both), b.where(both)
        apart = a - b
        # Centred, so that the products are covariances; NaN where a source does not vary.
        a, b = a - a.mean(), b - b.mean()
        spread = ((a**2).sum() * (b**2).sum()) ** 0.5
        told = {
            "n": both.sum(),
            "difference": apart.mean(),
            "sd": apart.std(),
            "correlation": (a * b).sum() / spread.where(spread > 0),
        }
        part = pd.DataFrame(told).rename_axis("indicator").reset_index()
        part.insert(1, "source", source)
        part.insert(2, "other", other)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _agreement(found: SourceScores) -> pd.DataFrame:
    several = [found.sources] if len(found.sources) > 2 else []
    overall = [(found.overall(sources), OVERALL) for sources in [*several, *found.pairs()]]
    each = [(found.indicator(code).dropna(axis=1, how="all"), code) for code in found.codes]
    return pd.DataFrame([_agreed(table, name) for table, name in [*overall, *each]])


def _agreed(table: pd.DataFrame, indicator: str) -> dict[str, object]:
    told: dict[str, object] = {
        "indicator": indicator,
        "sources": ";".join(table.columns),
        "n": len(table.dropna()),
    }
    measures = ("icc_agreement", "low", "high", "icc_consistency", "alpha", "w", "p_value")
    told |= dict.fromkeys(measures, np.nan)
    whole = table.dropna()
    if table.shape[1] < 2 or len(whole) < 3 or (whole.nunique() < 2).all():
        return told
    forms, concord = icc(whole), kendall_w(whole)
    agreed = forms.loc["ICC(A,1)", ["value", "low", "high"]]
    told |= dict(zip(measures, agreed, strict=False))
    told["icc_consistency"] = forms.loc["ICC(C,1)", "value"]
    return told | {"alpha": krippendorff_alpha(table), "w": concord.w, "p_value": concord.p_value}


# -- inflation -------------------------------------------------------------------------------------
def _inflation(found: SourceScores, pair: tuple[str, str], delta: float) -> Inflation | None:
    total, errors = found.overall(pair), found.overall_errors(pair)
    known = total.notna().all(axis=1) & errors.notna().all(axis=1)
    classes = found.classes.where(known)
    if known.sum() - classes.nunique() < LEAST:
        warnings.warn(
            MethodWarning(
                f"Inflation needs at least {LEAST} more organisations than classes with scores of "
                f"{listed(pair)} on several indicators or by several raters, got "
                f"{int(known.sum())} in {classes.nunique()} classes; it is left out. Add scores, "
                "or compare within=None.",
                zh=f"自评偏高须由至少比类别多 {LEAST} 个、且有多项指标或多位评分人的组织来估计；"
                f"现有 {int(known.sum())} 个，分 {classes.nunique()} 类，未估计。请补充评分，或设 "
                "within=None。",
            ),
            stacklevel=3,
        )
        return None
    own, other = pair
    noise = errors[other] ** 2
    # What a third source does not confirm is noise too: a lenient team, a halo.
    beyond = np.nan_to_num(found.common_noise(pair) - noise[known].mean())
    return inflation(
        total[own].where(known),
        total[other],
        own_errors=errors[own],
        reference_errors=np.sqrt(noise + max(float(beyond), 0.0)),
        groups=found.classes,
        threshold=delta,
    )


def _told(
    own: Inflation, found: SourceScores, pair: tuple[str, str] | None, shown: pd.Series
) -> pd.DataFrame:
    total = found.overall(pair or found.sources)
    table = own.table.copy()
    table.insert(0, "group", found.classes)
    table.insert(1, "own", total.iloc[:, 0])
    table.insert(2, "reference", total.iloc[:, 1])
    table = _in_order(table[table["inflation"].notna()], shown)
    return table.sort_values("inflation", ascending=False, kind="stable")
