"""Case mix: each organisation against what its own kinds of case would give elsewhere."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from types import MappingProxyType
from typing import Final

import pandas as pd

from .errors import MethodError, MethodWarning, TableError
from .framework import Dimension, Framework, Indicator
from .labels import Language, word
from .measures import LEDGER_CODES, Where
from .methods.case_mix import direct, indirect
from .methods.guards import choose
from .tables import CHANNELS, TIERS, VOCABULARIES, Dataset, Frequency
from .tallying.ledger import Ledger
from .tallying.tally import tally

_Declared = dict[str, object]
_CODES: Final = {**VOCABULARIES, "channel": CHANNELS, "tier": TIERS}
_ALL: Final = ""  # stands for events of every kind, recorded or not
OUTCOMES: Final[Mapping[str, tuple[str, _Declared]]] = MappingProxyType(
    {
        "late": ("due", {"measure": "overdue_share", "days": 0.0}),
        "open": ("accepted", {"measure": "open_share"}),
        "reopened": ("reopened", {"measure": "reopened_share"}),
        "dissatisfied": (
            "satisfaction",
            {"measure": "share", "of": {"satisfaction": ("dissatisfied",)}, "among": {}},
        ),
    }
)
"""Word -> the column it needs, and the measure that counts it. All are the rarer outcome."""


@dataclass(frozen=True, eq=False, slots=True)
class CaseMix:
    """Outcomes against expectation, organisation by organisation (see `adjust_case_mix`).

    Attributes
    ----------
    table : DataFrame
        Indexed by (org, period): ``cases``, ``observed``, ``expected``, ``ratio`` with ``low`` and
        ``high`` (compare with 1 only), and ``rate`` with ``rate_low`` and ``rate_high`` on the
        common mix (compare with one another; NaN where the cells do not allow it).
    reference : DataFrame
        (period) x kind: the common rate of the outcome.
    mix : DataFrame
        (org, period) x kind: share of the organisation's cases.
    outcome : str
    by : tuple of str
        Columns that make the kinds.
    unclassified : int
        Events of which the kind is not recorded; they are in no number.
    """

    table: pd.DataFrame
    reference: pd.DataFrame
    mix: pd.DataFrame
    outcome: str
    by: tuple[str, ...]
    unclassified: int

    def __repr__(self) -> str:
        above = int((self.table["low"] > 1).sum())
        return (
            f"CaseMix({self.outcome} by {', '.join(self.by)}: {len(self.table)} ratios, "
            f"{above} above expectation, {self.unclassified} events unclassified)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.table.round(3).head(20).to_html()}"

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph what was compared with what, ready for a methods section."""
        joint = "、" if language == "zh" else ", "
        return word("methods.case_mix", language).format(
            outcome=word(f"outcome.{self.outcome}", language),
            by=joint.join(word(f"field.{column}", language) for column in self.by),
        )


def adjust_case_mix(
    data: Dataset,
    *,
    by: str | Sequence[str] = "need",
    outcome: str = "late",
    period: Frequency = "Y",
    as_of: str | date | None = None,
    confidence: float = 0.95,
    ledger: Ledger | None = None,
) -> CaseMix:
    """Set each organisation's outcomes against what its own mix of cases would give elsewhere.

    Parameters
    ----------
    data : Dataset
        What `read` gave.
    by : str or list of str
        Columns of the service ledger whose codes make the kinds of case: ``need``, ``service``,
        ``channel``, ``tier``, ``way``, …
    outcome : {"late", "open", "reopened", "dissatisfied"}
        What is counted: past its deadline (open cases by Kaplan–Meier), not settled, sent back, or
        rated dissatisfied.
    period : {"Y", "H", "Q", "M"}
        Organisations are compared within each period.
    as_of : str, date or Timestamp, optional
        The day the ledger was drawn, as for `tally`.
    confidence : float
        Level of the intervals.
    ledger : Ledger, optional
        Service records of any size (see `open_ledger`), in place of ``data.services``; kinds are
        then the codes of the vocabularies.

    Returns
    -------
    CaseMix

    Raises
    ------
    MethodError
        For another column or outcome.
    TableError
        Where the ledger has no event of which kind and outcome are recorded.

    Notes
    -----
    Expected = Σ cases of a kind × the rate of that kind in all organisations of the period;
    the interval of observed / expected is exact below 10 outcomes, else Byar's
    (`servicepo.methods.case_mix.indirect`). The rates are standardised on the mix of all
    organisations (`servicepo.methods.case_mix.direct`). A ratio may be compared with 1, but not
    with another organisation's, which rests on another mix; the rates may be compared.

    Examples
    --------
    >>> import servicepo as sp
    >>> data, truth = sp.synthesise(organisations=12, years=1, seed=0)
    >>> mix = sp.adjust_case_mix(data, by="way")
    >>> bool((mix.table["observed"].sum() - mix.table["expected"].sum()).round(6) == 0)
    True
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    for column in columns:
        choose(column, dict.fromkeys(LEDGER_CODES), "by")
    needed, declared = choose(outcome, OUTCOMES, "outcome")
    if needed in columns or not columns:
        raise MethodError(
            f"by must name columns other than the outcome's, got {by!r} for {outcome!r}. "
            "Take the kind of need or service."
        )
    if ledger is None:
        told = data.services.dropna(subset=["org", needed, *columns])
        kinds = sorted(set(told[list(columns)].itertuples(index=False, name=None)))
    else:
        kinds = list(product(*(_CODES[column] for column in columns)))
    if not kinds:
        raise TableError(
            f"The ledger must record {', '.join(columns)} and {needed}, got no event with both. "
            "Complete these columns or take others."
        )
    wheres: dict[str, Where] = {_ALL: ()} | {
        " / ".join(kind): tuple(zip(columns, ((code,) for code in kind), strict=True))
        for kind in kinds
    }
    with warnings.catch_warnings():
        # A kind may have no event that counts; it is then in no number.
        warnings.filterwarnings("ignore", "Everything the framework names", MethodWarning)
        values = tally(
            data, _framework(wheres, declared), period=period, as_of=as_of, ledger=ledger
        )
    cells = values.evidence.table
    cases, observed = (
        cells[name].unstack("indicator").fillna(0.0)  # noqa: PD010 (keys are unique)
        for name in ("denominator", "numerator")
    )
    every = cases.pop(_ALL)
    observed = observed.drop(columns=_ALL)
    parts, reference = [], {}
    for when, n in cases.groupby(level="period"):
        o = observed.loc[n.index]
        ratios = indirect(o, n, confidence=confidence)
        rates = direct(o, n, confidence=confidence)[["rate", "low", "high"]]
        parts.append(ratios.join(rates.set_axis(["rate", "rate_low", "rate_high"], axis=1)))
        reference[when] = o.sum() / n.sum().where(n.sum() > 0)
    return CaseMix(
        table=pd.concat(parts).sort_index(),
        reference=pd.DataFrame(reference).T.rename_axis("period"),
        mix=cases.div(cases.sum(axis=1), axis=0),
        outcome=outcome,
        by=columns,
        unclassified=round(every.sum() - cases.to_numpy().sum()),
    )


def _framework(wheres: dict[str, Where], declared: _Declared) -> Framework:
    """Make one indicator for each kind of case."""
    kinds = tuple(
        Indicator(
            code=kind,
            name={"zh": kind, "en": kind},
            dimension="kinds",
            direction="cost",
            unit="share",
            full_mark=None,
            goalposts=None,
            target=None,
            interval=None,
            weight=1.0,
            domains=(),
            sectors=(),
            source={"kind": "service", "where": dict(where), **declared},
            illustrative=False,
            citation="",
        )
        for kind, where in wheres.items()
    )
    name = {"zh": "事项构成", "en": "Case mix"}
    whole = Dimension("kinds", name, 1.0, kinds, illustrative=False, citation="")
    return Framework("case_mix", name, "1", "", (whole,), {})
