"""Early warning: which organisations' monthly figures are more than their usual ups and downs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from .anonymity import anonymous_codes
from .errors import MethodError, MethodWarning
from .labels import Language, word
from .methods.control import CHARTS
from .methods.control_rules import SIGNALS, ControlChart, downwards, upwards
from .methods.guards import choose, listed
from .methods.panel_states import refuse_no_panel
from .methods.run_lengths import LONGEST, SHORTEST, cusum_limit, ewma_reach
from .methods.stability import StableSignals, chance_of_low, lag_one, stable_signals
from .panel import spread, texts
from .tables import text_of

FEWEST: Final = 12  # known values that limits need
WEIGHT: Final = 0.2
SLACK: Final = 0.5
ECHO: Final = 0.15  # mean autocorrelation from which on false alarms are told to be more frequent
KIND: Final = pd.CategoricalDtype(list(SIGNALS))
UNWATCHED: Final = ("few", "constant", "silent")


@dataclass(frozen=True, eq=False, slots=True)
class Watch:
    """Control charts of many organisations, and whom they warn of now.

    Attributes
    ----------
    table : DataFrame
        Indexed by (org, period), all watched organisations: ``value`` (what is charted: value,
        share, moving average or cumulative sum), ``centre``, ``low``, ``high``, ``signal`` (which
        rule marks the point, looking back; "none" or another word of ``control_rules.SIGNALS``),
        ``alarm`` (which rule was met at that point).
    alarms : DataFrame
        The organisations with an alarm on the bad side in the last period, the least likely by
        chance first: ``org``, ``period``, ``value``, ``centre``, ``low``, ``high``, ``signal``,
        ``since`` (first period of the signals that reach to now), ``p_value`` (chance of a figure
        this bad in a stable organisation), ``q_value`` (by Benjamini and Hochberg over all watched
        organisations), ``within_budget`` (whether the alarm stays where only ``budget`` false ones
        are allowed).
    unwatched : DataFrame
        Indexed by org, those without limits or without a figure now: ``known`` (values), ``reason``
        ("few": fewer than 12 values; "constant"; "silent": none in the last period).
    stable : StableSignals
        What the same charts signal of organisations in which nothing changes.
    autocorrelation : float
        Of neighbouring periods, the mean of all watched organisations.
    chart : str
        "xmr", "p", "ewma" or "cusum".
    better : {"high", "low"}
        Which way is good.
    budget : float
        False alarms allowed per period, over all organisations.
    codes : Series of str
        Organisation -> the code that stands for it in the tables; empty where they show names.
    """

    table: pd.DataFrame
    alarms: pd.DataFrame
    unwatched: pd.DataFrame
    stable: StableSignals
    autocorrelation: float
    chart: str
    better: str
    budget: float
    codes: pd.Series

    def __repr__(self) -> str:
        return (
            f"Watch({self.chart}: {self.watched} organisations, {self.periods} periods, "
            f"{len(self.alarms)} alarms now, {self.expected_false_alarms:.1f} expected by chance, "
            f"{int(self.alarms['within_budget'].sum())} within budget)"
        )

    def _repr_html_(self) -> str:
        table = self.alarms.head(10).to_html(float_format="{:.3g}".format)
        return f"<p>{self!r}</p>{table}"

    @property
    def watched(self) -> int:
        """How many organisations have limits and a figure now."""
        gone = self.unwatched.index[self.unwatched["reason"] == "silent"]
        return self.table.index.get_level_values("org").nunique() - len(gone)

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return self.table.index.get_level_values("period").nunique()

    @property
    def expected_false_alarms(self) -> float:
        """How many alarms on the bad side stable organisations would give now."""
        share = self.stable.now_low if self.better == "high" else self.stable.now_high
        return self.watched * share

    def note(self, language: Language = "zh") -> str:
        """Say how many alarms there are, how many would come by chance, and which to trust."""
        kept = int(self.alarms["within_budget"].sum())
        parts = [
            word("note.watch.alarms", language).format(
                watched=self.watched,
                unwatched=len(self.unwatched),
                alarms=len(self.alarms),
                expected=f"{self.expected_false_alarms:.1f}",
            ),
            word("note.watch.stable", language).format(
                periods=self.periods, ever=f"{self.stable.ever:.0%}"
            ),
            word("note.watch.budget", language).format(
                budget=f"{self.budget:g}",
                kept=kept,
                found=int((self.alarms["q_value"] <= 0.1).sum()),
            ),
        ]
        if self.autocorrelation > ECHO:
            echo = f"{self.autocorrelation:.2f}"
            parts.append(word("note.watch.echo", language).format(echo=echo))
        return ("" if language == "zh" else " ").join(parts)

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how organisations were watched, ready for a methods section."""
        return word(f"methods.watch.{self.chart}", language)


def watch(
    values: pd.Series,
    *,
    totals: pd.Series | None = None,
    chart: str = "xmr",
    better: str = "high",
    baseline: int | None = None,
    rebase: Sequence[pd.Period | str] = (),
    budget: float = 1.0,
    names: bool = False,
) -> Watch:
    """Watch monthly or quarterly figures of many organisations for changes beyond the usual.

    Parameters
    ----------
    values : Series of float
        One figure by (org, period), such as ``values["on_time_share"]`` of a monthly tally; with
        ``chart="p"`` the cases that count. A missing value is a gap and passed over.
    totals : Series of float, optional
        Of how many cases, by (org, period); for ``chart="p"`` only.
    chart : {"xmr", "p", "ewma", "cusum"}
        "xmr": single values and four rules; "p": shares of counted cases, with limits as wide as
        they really vary (Laney's p′), and the same rules; "ewma" and "cusum": small lasting shifts,
        with limits such that all organisations together give ``budget`` false alarms a period.
    better : {"high", "low"}
        Which way is good: alarms are given on the other side.
    baseline : int, optional
        Set limits by the first so many known values, 12 or more; by default by all.
    rebase : sequence of Period or str
        Periods from which on limits are set anew, where something known changed (not for "ewma"
        and "cusum").
    budget : float
        False alarms that are affordable per period over all organisations together.
    names : bool
        Whether the tables show names. An alarm is a reason to look, no blame; codes are the
        default, and ``codes`` of the result tells whose they are.

    Returns
    -------
    Watch

    Raises
    ------
    MethodError
        For a frame in place of a column, an (org, period) that stands twice, counts above totals,
        fewer than 12 known values of everybody, a word that is not there, or a budget that is not
        positive.

    Warns
    -----
    MethodWarning
        Where figures of neighbouring periods are alike (a mean autocorrelation above .15 and beyond
        its noise), so that there are more false alarms.

    Notes
    -----
    Organisations with fewer than 12 known values (since the last ``rebase``), or without any change
    in them, get no limits and stand in ``unwatched``. p-values are those of the last figure alone,
    one-sided (see `methods.stability.chance_of_low`; for CUSUM the share of 20,000 stable
    organisations); an alarm stays within the budget where p ≤ budget / organisations watched.

    References
    ----------
    Grigg, O. A., Spiegelhalter, D. J. & Jones, H. E. (2009). Local and marginal control charts
    applied to methicillin resistant Staphylococcus aureus bacteraemia reports. JRSS A 172: 49–66.

    Examples
    --------
    >>> months = pd.period_range("2023-01", periods=24, freq="M")
    >>> rows = pd.MultiIndex.from_product([["甲村", "乙村"], months], names=["org", "period"])
    >>> figures = 80 + np.random.default_rng(0).normal(0, 2, 48)
    >>> figures[-1] = 65
    >>> made = watch(pd.Series(figures, rows), names=True)
    >>> made.alarms[["org", "signal", "within_budget"]].to_numpy().tolist()
    [['乙村', 'below_limit', True]]
    """
    choose(chart, CHARTS, "chart")
    good_high = choose(better, {"high": True, "low": False}, "better")
    if not budget > 0:
        raise MethodError(f"budget must be positive, got {budget!r}. Allow 1 false alarm a period.")
    panels = _panels(values, totals, chart)
    codes = pd.Series(dtype="str", name="code")
    if not names:  # sorted by code, for rows in the order of the names would tell who is who
        codes = anonymous_codes(None, panels[0].index)
        panels = tuple(
            part.set_axis(pd.Index(codes[part.index], name="org")).sort_index() for part in panels
        )
    panel = panels[0] / panels[1] if totals is not None else panels[0]
    starts = _starts(panel.columns, rebase, chart)
    known, reasons = _watchable(panel, starts, baseline)
    orgs = panel.index[reasons.isin(["", "silent"])]
    now = panel.index[reasons == ""]
    if now.empty:
        raise MethodError(
            f"watching needs at least {FEWEST} known values of an organisation, the last period's "
            f"among them, got at most {int(known.max())}. "
            "Add earlier periods, or compare steps by measure_change."
        )
    draw = _chart(chart, baseline, starts, len(now) / (2 * budget))
    made = draw(*(part.loc[orgs] for part in panels))
    recent = _since(panel, starts).loc[now]
    echo = lag_one(recent)
    _warn_of_echo(echo)
    stand_in = _chart("xmr" if chart == "p" else chart, baseline, (), len(now) / (2 * budget))
    stable = stable_signals(stand_in, max(FEWEST, int(known[now].median())))
    p = _p_values(made, now, recent, baseline, chart, good_high, stable)
    return Watch(
        table=_table(made),
        alarms=_alarms(made, p, good_high, budget),
        unwatched=pd.DataFrame({"known": known, "reason": reasons})[reasons != ""],
        stable=stable,
        autocorrelation=float(echo.mean()),
        chart=chart,
        better=better,
        budget=budget,
        codes=codes,
    )


def _panels(values: pd.Series, totals: pd.Series | None, chart: str) -> tuple[pd.DataFrame, ...]:
    for column in (values, totals):
        if column is None:
            continue
        if not isinstance(column, pd.Series):
            raise MethodError(
                f"values must be one column by (org, period), got {type(column).__name__}. "
                'Choose one, such as values["on_time_share"].'
            )
        refuse_no_panel(column.index)
    if (chart == "p") != (totals is not None):
        raise MethodError(
            f'totals must be given with chart="p" and with no other, got chart={chart!r} and '
            f"{'no totals' if totals is None else 'totals'}. "
            "Give counts and totals, or a figure alone."
        )
    if totals is None:
        return (spread(values),)
    both = pd.DataFrame({"values": values, "totals": totals}).dropna()
    return spread(both["values"]), spread(both["totals"])


def _starts(periods: pd.Index, rebase: Sequence[pd.Period | str], chart: str) -> tuple[object, ...]:
    if len(rebase) and chart in ("ewma", "cusum"):
        raise MethodError(
            f"rebase must be left out with chart={chart!r}, got {listed(rebase)}. "
            "Watch the periods from there on by themselves."
        )
    named = dict(zip(texts(periods), periods, strict=True))
    asked = [text_of(period) for period in rebase]
    lost = [name for name in asked if name not in named]
    if lost:
        raise MethodError(
            f"rebase must name periods with values, got {listed(lost)}. "
            f"Take some of {listed(named, most=3)}."
        )
    return tuple(sorted(named[name] for name in asked))


def _since(panel: pd.DataFrame, starts: tuple[object, ...]) -> pd.DataFrame:
    """Return the part of a panel that the limits now in force are about."""
    first = panel.columns.get_indexer(pd.Index(starts[-1:]))[0] if starts else 0
    return panel.iloc[:, first:]


def _watchable(
    panel: pd.DataFrame, starts: tuple[object, ...], baseline: int | None
) -> tuple[pd.Series, pd.Series]:
    """Count the values that set the limits now in force; say why an organisation has none."""
    if baseline is not None and baseline < FEWEST:
        raise MethodError(
            f"baseline must be at least {FEWEST} periods, got {baseline!r}. "
            "Set limits by a year or more."
        )
    recent = _since(panel, starts)
    known = recent.notna().sum(axis=1)
    reasons = pd.Series("", index=panel.index, dtype="str")
    reasons[recent.iloc[:, -1].isna()] = "silent"
    first = recent.where(recent.notna().cumsum(axis=1) <= (baseline or np.inf))
    reasons[first.max(axis=1) == first.min(axis=1)] = "constant"
    reasons[known < FEWEST] = "few"
    return known, reasons


def _chart(
    chart: str, baseline: int | None, starts: tuple[object, ...], run_length: float
) -> Callable[..., ControlChart]:
    length = float(np.clip(run_length, SHORTEST, LONGEST))
    options: dict[str, object] = {"baseline": baseline}
    if chart in ("xmr", "p"):
        options["rebase"] = starts
    elif chart == "ewma":
        options |= {"weight": WEIGHT, "reach": ewma_reach(WEIGHT, length)}
    else:
        options |= {"slack": SLACK, "limit": cusum_limit(SLACK, length)}
    return partial(CHARTS[chart], **options)


def _warn_of_echo(echo: pd.Series) -> None:
    mean, noise = echo.mean(), echo.std() / np.sqrt(echo.count())
    if mean > ECHO and mean > 2 * noise:
        warnings.warn(
            MethodWarning(
                "Figures of neighbouring periods should be independent of each other for control "
                f"limits to hold, got a mean autocorrelation of {mean:.2f}; false alarms are more "
                "frequent (at .3 and 36 months in 66 % of stable organisations, not 29 %). Give "
                "rebase where something known changed, watch longer periods, or chart "
                "methods.stability.residuals.",
                zh=f"控制限要求相邻各期互不影响；现平均自相关为 {mean:.2f}，误报会偏多（自相关 "
                "0.3、36 个月时，平稳的组织有 66% 会误报，而不是 29%）。已知何时有变的请用 "
                "rebase，或拉长考评期，或改用 methods.stability.residuals。",
            ),
            stacklevel=3,
        )


def _p_values(
    made: ControlChart,
    now: pd.Index,
    recent: pd.DataFrame,
    baseline: int | None,
    chart: str,
    good_high: bool,
    stable: StableSignals,
) -> pd.Series:
    """Give the chance of a last figure this bad, for those who have one."""
    z = made.z.loc[now].iloc[:, -1]
    if chart == "cusum":
        drawn = stable.z if good_high else -stable.z[::-1]
        place = np.searchsorted(drawn, z if good_high else -z, side="right")
        return pd.Series((place + 1) / (len(drawn) + 1), index=now)
    n = recent.notna().sum(axis=1)
    first = n if baseline is None else n.clip(upper=baseline)
    weight = WEIGHT if chart == "ewma" else 1.0
    return chance_of_low(z if good_high else -z, n, first, weight=weight)


def _table(made: ControlChart) -> pd.DataFrame:
    panel = made.values
    rows = pd.MultiIndex.from_product([panel.index, panel.columns], names=["org", "period"])
    parts: dict[str, object] = {
        name: frame.to_numpy().ravel()
        for name, frame in (
            ("value", panel),
            ("centre", made.centre),
            ("low", made.low),
            ("high", made.high),
        )
    }
    for name, codes in (("signal", made.signals), ("alarm", made.alarms)):
        parts[name] = pd.Categorical.from_codes(codes.to_numpy().ravel(), dtype=KIND)
    table = pd.DataFrame(parts, index=rows, copy=False)
    return table[table["value"].notna()]


def _alarms(made: ControlChart, p: pd.Series, good_high: bool, budget: float) -> pd.DataFrame:
    bad = downwards if good_high else upwards
    signals = made.signals.loc[p.index].to_numpy()
    raised = bad(made.alarms.loc[p.index].iloc[:, -1].to_numpy())
    q = pd.Series(false_discovery_control(p), index=p.index)
    orgs = p.index[raised]
    marked = bad(signals[raised]) | made.values.loc[orgs].isna().to_numpy()
    unbroken = np.logical_and.accumulate(marked[:, ::-1], axis=1).sum(axis=1)
    last = {
        name: frame.loc[orgs].iloc[:, -1]
        for name, frame in (
            ("value", made.values),
            ("centre", made.centre),
            ("low", made.low),
            ("high", made.high),
        )
    }
    codes = made.alarms.loc[orgs].iloc[:, -1]
    columns = made.values.columns
    found = pd.DataFrame(
        {
            "org": orgs,
            "period": columns[-1],
            **last,
            "signal": pd.Categorical.from_codes(codes, dtype=KIND),
            "since": columns[len(columns) - np.maximum(unbroken, 1)],
            "p_value": p[orgs],
            "q_value": q[orgs],
            "within_budget": p[orgs] <= budget / len(p),
        }
    )
    return found.sort_values("p_value", kind="stable").reset_index(drop=True)
