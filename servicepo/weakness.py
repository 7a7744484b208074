"""Weak branches: who, by which rule, how surely, why, and what would take them off the list."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from .anonymity import anonymous_codes
from .chances import chances, errors_of
from .conditions import criteria_limits, least_steps, positions
from .errors import MethodError, MethodWarning
from .index import Index
from .labels import Language, word
from .methods.grades import ROUNDINGS, TOLERANCE
from .methods.selection import Selection, select
from .methods.shrunken_rates import answers_needed, beta_binomial
from .reasons import Reference, reasons_of
from .rules import Criteria
from .situations import Lists, load_lists, rules_met, tried_on
from .tables import text_of

Share = float | tuple[float, str]
Seed = int | np.random.Generator | None

RELIABLE: Final = 0.8  # of a satisfaction rate, for which ``answers_needed`` is told


@dataclass(frozen=True, eq=False, slots=True)
class WeakBranches:
    """Weak branches of one period, by several rules side by side.

    Organisations are shown by codes such as 村-017 unless names were asked for.

    Attributes
    ----------
    table : DataFrame
        Indexed by ``org``, the lowest of each class first:

        - ``group``, ``score``, ``rank`` (1 is best), ``n`` in the class;
        - ``bottom``: in the bottom share of its class; ``tied``: stands on the cut together with
          others;
        - ``p_weak``: probability of truly belonging to the bottom share, given the noise that is
          known; ``note`` says why it is missing or the same for all: "no_standard_error",
          "indistinguishable", "nobody_named", "all_equal", "no_score", "no_group";
        - ``verdict``: "below" or "above" where the 90 % interval of its rank lies wholly below or
          above the cut, "unclear" where it cannot be told apart from those on the other side;
        - ``rank_expected``, ``rank_median``, and ``rank_low`` to ``rank_high``: where its true rank
          lies with a probability of 90 %; ``joint_low`` to ``joint_high``: where all true ranks of
          the class lie together with a probability of 90 %;
        - ``standard_error`` of the score as used, and ``reliability`` (0..1) of the score;
        - ``satisfaction``, and ``shrunken`` with ``low`` and ``high`` (90 %): the rate as observed
          and shrunken to its class; ``answers``: how many answered; ``answers_needed``: how many
          would have to, for the rate to have a reliability of 0.8 (infinite where rates differ no
          more than by chance);
        - ``criteria``: how many criteria it meets; ``rules``: all rules it meets, joined by ";"
          ("bottom_share" and the codes of criteria); ``weak``: whether there is any.
    reasons : DataFrame
        The three largest obstacles of every weak organisation against the median of its class, as
        `why` gives them.
    criteria : DataFrame
        One row per organisation and criterion: ``org``, ``list``, ``criterion``, ``state`` ("hit",
        "passed", "no_data"), ``detail`` (what was hit).
    classes : DataFrame
        Indexed by group: ``n``, ``quota`` (share × n), ``named`` (the quota rounded), ``cut`` (the
        highest score in the bottom share), ``bottom`` (how many stand there), ``tied`` (how many
        stand on a cut that ties), ``note``, ``prior`` that was used and ``tau2`` (variance of true
        scores).
    codes : Series
        Organisation → code, of all organisations of the index, so that the codes are the same for
        every period. The key to the tables: keep it apart from them.
    share : float
        The bottom share.
    rounding : str
        How quotas are rounded: "floor", "nearest" or "ceil".
    within : str or None
        Column of the classes.
    names : bool
        Whether the tables show names.
    declared : tuple of Criteria
        The lists of criteria as declared.
    noise : float
        Points of noise added to the known standard errors.
    period : Period
        When.
    index : Index
        What was looked at.
    """

    table: pd.DataFrame
    reasons: pd.DataFrame
    criteria: pd.DataFrame
    classes: pd.DataFrame
    codes: pd.Series
    share: float
    rounding: str
    within: str | None
    names: bool
    declared: tuple[Criteria, ...]
    noise: float
    period: pd.Period
    index: Index

    def __repr__(self) -> str:
        likely = int((self.table["p_weak"] >= 0.5).sum())
        met = int((self.table["criteria"] > 0).sum())
        bottom = int(self.table["bottom"].sum())
        return (
            f"WeakBranches({text_of(self.period)}: {bottom} of {len(self.table)} in the bottom "
            f"{self.share:.0%} of their {self.within or 'county'}, P(weak) >= .5 for {likely}, "
            f"{met} meet a criterion)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.table[self.table['weak']].round(3).to_html()}"

    def why(self, *, reference: Reference = "peers", most: int = 3) -> pd.DataFrame:
        """Name what holds every weak organisation back, measured to a reference.

        Parameters
        ----------
        reference : {"peers", "full", "past"} or float
            The median of the class, full marks, the organisation's own scores of the period before,
            or a threshold in points of score.
        most : int
            How many are named per organisation.

        Returns
        -------
        DataFrame
            ``org``, ``place`` (1 for the largest), ``indicator``, ``dimension``, ``degree`` (share
            of its distance), ``gap`` (points below the reference), ``p_below`` (probability that
            the true score lies below it), ``state``: "clear" from a probability of 0.8 on, else
            "unclear", or "unknown" where the error of the indicator is not known. Only a clear
            reason should be acted on before a second look.

        Raises
        ------
        MethodError
            For another reference, or the past where there is none.
        """
        names = pd.Series(self.codes.index, self.codes)
        shown = self.table.index[self.table["weak"]]
        orgs = shown if self.names else pd.Index(names[shown])
        ranked = self.table.index if self.names else pd.Index(names[self.table.index])
        group = pd.Series(self.table["group"].to_numpy(), ranked)
        made = _reasons(self.index, group, orgs, self.period, reference, most)
        return made if self.names else made.assign(org=made["org"].map(self.codes))

    def select(self, *, fdr: float = 0.2, capacity: int | None = None) -> Selection:
        """Name as many as can be named with few wrong names, over all classes.

        Parameters
        ----------
        fdr : float
            The largest expected share of wrong names.
        capacity : int, optional
            The longest list that can be worked on.

        Returns
        -------
        Selection
            ``chosen`` is indexed as the table. Nobody is chosen where no probabilities are known.

        Raises
        ------
        MethodError
            As `servicepo.methods.selection.select`.
        """
        return select(self.table["p_weak"], fdr=fdr, capacity=capacity)

    def conditions(
        self,
        org: str | None = None,
        *,
        costs: pd.Series | None = None,
        caps: pd.Series | None = None,
    ) -> pd.DataFrame:
        """Tell what would take organisations off the list, the others staying as they are.

        Parameters
        ----------
        org : str, optional
            The organisation, by code or by name; all that a rule names by default.
        costs : Series, optional
            What a point of score costs, by indicator, above 0; 1 each by default.
        caps : Series, optional
            The farthest an indicator can rise, in points of score; to 100 by default.

        Returns
        -------
        DataFrame
            One row per step: ``org`` (where all were asked for), ``rule`` it answers, ``indicator``
            (or column of the organisations), ``now``, ``needed``, ``improvement``, ``weight``,
            ``gain`` (points of the overall score) and ``cost``. Steps for "bottom_share" are in
            points of score (0..100): the cheapest improvement after which the overall score is as
            high as the lowest score outside the bottom share, which must then be exceeded. Steps
            for a criterion are in the unit of the indicator and come first: what they add to the
            overall score counts. One row with an empty indicator where it cannot be reached. Empty
            for an organisation that no rule names.

        Raises
        ------
        MethodError
            For an unknown organisation; for an index that is no bounded arithmetic or geometric
            mean; where the whole class stands in the bottom share.

        Notes
        -----
        Minimise Σ c_j d_j subject to Σ w_j (s_j + d_j) ≥ T, the limits of the criteria and 0 ≤ d_j
        ≤ 100 − s_j (`methods.improvement.cheapest_improvement`).
        """
        table = self.table[self.table["weak"]]
        if org is not None:
            coded = self.codes.index[self.codes == org]
            name = coded[0] if len(coded) else org
            shown = name if self.names else self.codes.get(name)
            if shown not in self.table.index:
                raise MethodError(
                    f"an organisation of the list must be named, got {org!r}. "
                    "Look it up in weak.table."
                )
            table = self.table.loc[[shown]]
        name_of = pd.Series(self.codes.index, self.codes)
        names = table.index if self.names else pd.Index(name_of[table.index])
        rows = pd.MultiIndex.from_product([names, [self.period]], names=["org", "period"])
        outside = self.table[~self.table["bottom"]].groupby("group")["score"].min()
        target = table["group"].map(outside).where(table["bottom"]).to_numpy(dtype=float)
        alone = table["bottom"].to_numpy() & np.isnan(target)
        if alone.any():
            raise MethodError(
                "somebody must stand above the bottom share, got nobody in "
                f"{table['group'][alone].iloc[0]!r}. Choose a smaller share."
            )
        rules = list(table["rules"])
        limits = [
            limit
            for each in self.declared
            for limit in criteria_limits(self.index, each, rows, rules)
        ]
        for limit in (limit for limit in limits if limit.indicator == "overall"):
            target = np.fmax(target, np.where(limit.rows, limit.limit, np.nan))
        made = least_steps(
            self.index,
            positions(self.index, rows),
            target=target,
            rule="bottom_share",
            limits=limits,
            costs=costs,
            caps=caps,
        )
        if org is not None:
            return made.drop(columns="org")
        shown_as = pd.Series(table.index, names)
        return made.assign(org=made["org"].map(shown_as))

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how weak branches were found, ready for a methods section."""
        unknown = self.table["p_weak"].isna().all()
        added = word("methods.weak.noise", language).format(noise=self.noise) if self.noise else ""
        parts = [
            word("methods.weak", language).format(
                within=word(self.within, language) if self.within else word("all", language),
                share=f"{self.share:.0%}",
                rounding=word(f"rounding.{self.rounding}", language),
                criteria="、".join(each.name[language] for each in self.declared),
            ),
            word(f"methods.weak.{'unsure' if unknown else 'probability'}", language).format(
                noise=added
            ),
        ]
        if any(each.illustrative for each in self.declared):
            parts.append(word("methods.weak.illustrative", language))
        return ("" if language == "zh" else " ").join(parts)


def find_weak(
    index: Index,
    *,
    share: Share = 0.1,
    within: str | None = "sector",
    criteria: Lists = "weak_opinion_eight",
    prior: str = "npmle",
    noise: float | str = 0.0,
    draws: int = 1000,
    seed: Seed = 0,
    names: bool = False,
    period: pd.Period | str | None = None,
) -> WeakBranches:
    """Find weak branches by the bottom share of their class and by lists of criteria, side by side.

    Parameters
    ----------
    index : Index
        What organisations are judged by.
    share : float or (float, str)
        The bottom share of each class (5–10 % 倒排), and how the quota is rounded: "nearest" (by
        default; half up), "floor" or "ceil". 10 % of 6 branches is 0.6: nearest and ceil name one,
        floor nobody. 10 % of 4 is 0.4: only ceil names one.
    within : str or None
        Column of the organisations whose classes are judged apart; None judges all together.
    criteria : str, Path or sequence of them
        Lists of criteria, each a built-in id ("weak_opinion_eight", the Opinion's eight;
        "weak_thirteen", thirteen situations of villages; "weak_veto_score", a least score and
        vetoes) or a path to a ``.toml`` file of your own.
    prior : {"npmle", "normal"}
        How true scores of a class are distributed: freely, as the data say, or normally. A free
        prior sees a group of weak branches beside the others; classes of fewer than 100, or whose
        scores differ no more than chance makes them (Cochran's Q, 5 %), get the normal one all the
        same (``classes["prior"]`` tells).
    noise : float or {"periods"}
        Noise of a score that its own standard error does not know of (lenient teams, luck), as a
        standard deviation in points; a score without a standard error gets this one. "periods"
        estimates it from how scores go up and come down again over three periods or more.
    draws : int
        Draws of true scores per class for its ranks, and up to 100 organisations for P(weak) too;
        larger classes get P(weak) in closed form, and those for which the draws would be more than
        4 million numbers also their ranks.
    seed : int, Generator or None
        For the draws and the codes.
    names : bool
        Whether the tables show names. Lists of weak branches stigmatise; codes are the default.
    period : Period or str, optional
        The last one by default.

    Returns
    -------
    WeakBranches

    Raises
    ------
    MethodError
        For a share outside 0..1, another rounding, prior or noise, fewer than 1 draw, rates outside
        0..1, a list of one's own that looks at something that is not there, two lists with the
        same code, and as ``index.ranks``.
    FrameworkError
        For a list that is unknown or declared with mistakes.

    Warns
    -----
    MethodWarning
        Where a class holds only equal scores, so that nobody can be named there; where all classes
        are so small that their quotas are rounded to 0; and as ``index.ranks``.

    Notes
    -----
    Branches with the same score are never torn apart: all that stand on the cut are in the bottom
    share, and ``tied`` says so.

    P(weak): scores with known standard errors are shrunken to their class (free prior, or normal
    with Paule and Mandel's variance), true scores are drawn from the posteriors, and P(weak) is the
    share of draws in which the organisation is among the lowest ``named``. Scores without a
    standard error stay as they are in the draws and get no probability. Where scores differ no more
    than noise makes them, everybody gets named / n ("indistinguishable"). A standard error of 0
    counts as unknown.

    Standard errors know only what the tally could know: the sampling of respondents, and raters
    where there were several. Without ``noise`` probabilities near 0 and 1 are therefore too sure.
    What is wrong with the same organisation in every period is in no figure here.

    References
    ----------
    《关于加强基层服务型党组织建设的意见》（2014）第(11)条. Lin, R., Louis, T. A., Paddock, S. M. &
    Ridgeway, G. (2006). Loss function based ranking in two-stage, hierarchical models. Bayesian
    Analysis 1: 915–946.

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
    >>> weak = find_weak(index, share=(0.1, "ceil"), within=None, names=True)
    >>> weak.table["bottom"].to_dict()
    {'甲村': True, '丙校': False, '丁校': False, '乙村': False}
    >>> weak.conditions("甲村")[["rule", "indicator", "now", "needed"]]
               rule   indicator   now  needed
    0  bottom_share  team_style  60.0    85.0
    """
    quota, rounding = _checked_share(share)
    if draws < 1:
        raise MethodError(f"draws must be at least 1, got {draws!r}. Give 1000, for example.")
    random = np.random.default_rng(seed)
    declared = load_lists(criteria, index)
    when = index.overall.index.get_level_values("period").max() if period is None else period
    ranks = index.ranks(within=within, period=when)
    when = ranks.index.get_level_values("period")[0]
    codes = anonymous_codes(index.organisations, index.overall.index.unique("org"), seed=random)
    table = ranks.droplevel("period")
    classes = _classes(table, quota, rounding)
    table = table.assign(**_bottom(table, classes))
    errors, added = errors_of(index, ranks.index, table["group"], noise)
    sure, fitted = chances(table, classes, errors, prior=prior, draws=draws, random=random)
    table = table.join(sure).assign(**_satisfaction(index, ranks.index, table["group"]))
    tried = tried_on(index, declared, ranks.index)
    hits = tried[tried["state"] == "hit"]
    table["criteria"] = hits.groupby("org").size().reindex(table.index, fill_value=0)
    table["rules"] = rules_met(table["bottom"], hits)
    table["weak"] = table["rules"] != ""
    # Rows in the order of the names would tell who hides behind a code.
    shown = pd.Series(codes.index, codes.index) if names else codes
    table = table.assign(shown=shown[table.index]).sort_values(["group", "score", "shown"])
    reasons = _reasons(index, table["group"], table.index[table["weak"]], when)
    table = table.set_index("shown").rename_axis("org")
    reasons["org"], tried["org"] = reasons["org"].map(shown), tried["org"].map(shown)
    order = [criterion.code for each in declared for criterion in each.criteria]
    place = tried["criterion"].map(order.index)
    tried = tried.assign(place=place).sort_values(["place", "org"], ignore_index=True)
    return WeakBranches(
        table=table,
        reasons=reasons,
        criteria=tried.drop(columns="place"),
        classes=classes.join(fitted),
        codes=codes,
        share=quota,
        rounding=rounding,
        within=within,
        names=names,
        declared=declared,
        noise=added,
        period=when,
        index=index,
    )


def _checked_share(share: Share) -> tuple[float, str]:
    quota, rounding = share if isinstance(share, tuple) else (share, "nearest")
    if not 0 < quota < 1:
        raise MethodError(
            f"share must lie between 0 and 1, got {quota!r}. Give 0.1 for the lowest tenth."
        )
    if rounding not in ROUNDINGS:
        raise MethodError(
            f"the rounding of a share must be one of {', '.join(ROUNDINGS)}, got {rounding!r}. "
            'Give share=(0.1, "ceil"), for example.'
        )
    return float(quota), rounding


def _classes(table: pd.DataFrame, share: float, rounding: str) -> pd.DataFrame:
    """Find the cut of every class."""
    rows = {}
    for group, scores in table["score"].dropna().groupby(table["group"]):
        n, quota = len(scores), share * len(scores)
        named = int(ROUNDINGS[rounding](quota))
        row = {"n": n, "quota": quota, "named": named, "cut": np.nan, "bottom": 0, "tied": 0}
        note = "" if named else "nobody_named"
        if named and np.ptp(scores) <= TOLERANCE and n > 1:
            note = "all_equal"
            warnings.warn(
                MethodWarning(
                    f"Scores must differ for a bottom share; all {n} in {group!r} are equal, so "
                    "nobody is named there. Look at the indicators of this class.",
                    zh=f"倒排须有高低之分：{group!r} 的 {n} 个得分全部相同，未列出任何组织。"
                    "请查看这一类的指标。",
                ),
                stacklevel=3,
            )
        elif named:
            cut = np.partition(scores, named - 1)[named - 1]
            on_cut = int((np.abs(scores - cut) <= TOLERANCE).sum())
            bottom = int((scores <= cut + TOLERANCE).sum())
            row |= {"cut": cut, "bottom": bottom, "tied": on_cut if bottom > named else 0}
        rows[group] = {**row, "note": note}
    columns = ["n", "quota", "named", "cut", "bottom", "tied", "note"]
    made = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    if len(made) and not made["named"].any():
        warnings.warn(
            MethodWarning(
                f"A bottom share should name somebody; {share:.0%} of the largest class, "
                f"{made['n'].max()}, is rounded to 0, so nobody is named. Give "
                f'share=({share:g}, "ceil"), or choose wider classes, such as within="domain".',
                zh=f"倒排至少应列出一个组织：最大的一类有 {made['n'].max()} 个，其 {share:.0%} "
                f'舍入为 0，未列出任何组织。请用 share=({share:g}, "ceil")，'
                '或按更宽的类别，如 within="domain"。',
            ),
            stacklevel=3,
        )
    return made.rename_axis("group")


def _bottom(table: pd.DataFrame, classes: pd.DataFrame) -> dict[str, pd.Series]:
    cut = table["group"].map(classes["cut"]).astype(float)
    bottom = table["score"] <= cut + TOLERANCE
    ties = table["group"].map(classes["tied"]).fillna(0) > 0
    return {"bottom": bottom, "tied": bottom & ties & (table["score"] >= cut - TOLERANCE)}


def _satisfaction(index: Index, rows: pd.Index, group: pd.Series) -> dict[str, pd.Series]:
    """Return the satisfaction rate, observed and shrunken within its class."""
    names = ("satisfaction", "shrunken", "low", "high", "answers", "answers_needed")
    found = {name: pd.Series(np.nan, index=group.index) for name in names}
    surveys = [i.code for i in index.framework.indicators if i.source.get("kind") == "survey"]
    told = index.values.columns[index.values.notna().any()]
    code = next((code for code in surveys if code in told), None)
    if code is None:
        return found
    found["satisfaction"] = rate = index.values[code].reindex(rows).set_axis(group.index)
    if index.framework.indicator(code).unit == "share" and not rate.dropna().between(0, 1).all():
        raise MethodError(
            f"rates must lie between 0 and 1, got {rate[~rate.between(0, 1)].dropna().iloc[0]:g} "
            f"in {code!r}. Divide per cent by 100."
        )
    if index.evidence is None:
        return found
    evidence = index.evidence.table.xs(code, level="indicator").reindex(rows)
    counts = evidence[["numerator", "denominator", "n"]].set_axis(group.index)
    found["answers"] = counts["n"]
    for _, own in counts.groupby(group):
        known = own[(own["denominator"] > 0) & own["numerator"].notna()]
        if len(known) >= 2:
            made = beta_binomial(known["numerator"], known["denominator"])
            found["shrunken"][known.index] = made.mean
            found["low"][known.index], found["high"][known.index] = made.low, made.high
            found["answers_needed"][known.index] = answers_needed(made.a + made.b, RELIABLE)
    return found


def _reasons(
    index: Index,
    group: pd.Series,
    orgs: pd.Index,
    period: pd.Period,
    reference: Reference = "peers",
    most: int = 3,
) -> pd.DataFrame:
    """Name the largest obstacles of some organisations, in the order they are given."""
    rest = group.index.difference(orgs, sort=False)
    every = orgs.append(rest)
    rows = pd.MultiIndex.from_product([every, [period]], names=["org", "period"])
    chosen = np.arange(len(every)) < len(orgs)
    return reasons_of(index, rows, group[every], chosen, reference=reference, most=most)
