"""Evaluations, service events, surveys and statistics -> one value per indicator."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date
from typing import Final, cast

import pandas as pd

from ..errors import MethodError, MethodWarning, TableError
from ..framework import Framework, Indicator
from ..methods.guards import choose, listed
from ..tables import Dataset, Frequency, period_text
from .accounts import Accounts, accounts
from .answers import rate
from .counting import count
from .engine import Engine
from .evidence import GAPS, Evidence, Values
from .figures import where_of
from .frequency import Kept, kept, refuse_coarse
from .ledger import Ledger, opened
from .matching import keyed, not_found, wanted_keys
from .ordinals import PARTS, coarser, ordinals, periods
from .ratios import attribute, checklist, ratio
from .scores import Scored, missing_records, score
from .services import serve

KEY: Final = ["org", "period", "indicator"]
KEPT: Final = [
    *("value", "numerator", "denominator", "n", "standard_error", "full_mark"),
    *("issued", "population"),
]


def tally(
    data: Dataset,
    framework: Framework,
    *,
    period: Frequency = "Y",
    as_of: str | date | None = None,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Compute the value of every indicator from the four tables.

    Parameters
    ----------
    data : Dataset
        What `read` gave.
    framework : Framework
        What is asked for (see `load_framework`).
    period : {"Y", "H", "Q", "M"}
        Year, half-year, quarter or month.
    as_of : str, date or Timestamp, optional
        The day the service ledger was drawn: events not replied to by then are open, events
        accepted later are left out. By default the latest moment in the ledger that is not in the
        future.
    ledger : Ledger, optional
        Service records of any size (see `open_ledger`), in place of ``data.services``.

    Returns
    -------
    DataFrame
        Rows (org, period), columns = codes of the indicators, raw values as float; NaN where an
        indicator does not apply or has no data. A row is there where anything was found for it.
        ``evidence`` is an `Evidence`: numerators, denominators, n, standard errors, full
        marks, and the way back to the cells.

    Raises
    ------
    TableError
        Where nothing that the framework names is in the data.
    MethodError
        For another word for the period, a day that cannot be read, or an answer that a scale does
        not value.

    Warns
    -----
    MethodWarning
        For what the framework names and the data do not have (with the nearest names), records too
        coarse for the period, events that end before they begin, scores by sources without weight.

    Notes
    -----
    Evaluations: raters of one source are averaged, sources combined by their weights scaled over
    those present, bonuses added and deductions subtracted. Services: an event belongs to the period
    in which it was accepted; handling times with open cases by Kaplan–Meier. Surveys: answers are
    pooled and valued on the declared scale. Ratios: the denominator may be an earlier period's.
    Names match after cleaning and simplifying.

    Examples
    --------
    >>> import servicepo as sp
    >>> data, truth = sp.synthesise(organisations=20, years=2, seed=0)
    >>> values = sp.tally(data, sp.load_framework("six_haves"))
    >>> values.shape, values.evidence.table["n"].notna().all().item()
    ((40, 27), True)
    """
    choose(period, PARTS, "period")
    day = None if as_of is None else _day(as_of)
    if ledger is not None and len(data.services):
        raise TableError(
            "Service events must come from one ledger, got "
            f"{len(data.services)} in data.services and {ledger}. Leave one of them out "
            '(dataclasses.replace(data, services=servicepo.tables.empty("services"))).'
        )
    evaluations = _ready(data.evaluations, "indicator", period)
    surveys = _ready(data.surveys, "question", period)
    notes = _coarse({"evaluations": evaluations, "surveys": surveys}, framework, period)
    evaluations = evaluations[evaluations["period"] >= 0]
    surveys = surveys[surveys["period"] >= 0]

    scored = score(evaluations, framework, data.organisations)
    notes += _unused(scored)
    if scored.unweighted:
        notes.append(
            MethodWarning(
                f"Every source should have a weight, got scores by {listed(scored.unweighted)}, "
                "which are not used. Add them to source_weights in the framework.",
                zh=f"每个评价主体都须有权重：{listed(scored.unweighted)}没有，其评分未采用。"
                "请在指标体系的 source_weights 中补上。",
            )
        )
    parts = [scored.values, rate(surveys, _of(framework, "survey"), data.organisations)]
    served, duties = _of(framework, "service"), _of(framework, "frequency")
    refuse_coarse(duties, period)
    counts, duty = None, None
    if (served or duties) and (ledger is not None or len(data.services)):
        with opened(data.services if ledger is None else ledger) as engine:
            found = serve(engine, served, data.organisations, freq=period, as_of=day)
            if found is not None:
                counts = found.counts
                duty = _duties(engine, duties, period, counts.as_of) if duties else None
                parts += [found.values] + ([duty.values] if duty else [])
    told = None if counts is None else accounts(counts, data.organisations.index)
    notes += [] if told is None else told.warnings()
    held = [
        *((i, checklist(i, evaluations)) for i in _of(framework, "checklist")),
        *((i, ratio(i, evaluations, data.organisations)) for i in _of(framework, "ratio")),
        *((i, attribute(i, data.organisations)) for i in _of(framework, "attribute")),
    ]
    table = _joined([*parts, *(_labelled(frame, i) for i, frame in held if _is_dated(frame))])
    if still := [(i, frame) for i, frame in held if not _is_dated(frame)]:
        rows = table[["org", "period"]].drop_duplicates()
        whole = [(i, rows.merge(frame, left_on="org", right_index=True)) for i, frame in still]
        table = _joined([table, *(frame.assign(indicator=i.code) for i, frame in whole)])
    table = _where_it_applies(table, framework, data.organisations)
    lost = _lost(table, framework, data)
    if table.empty:
        raise TableError(
            f"The data must hold something that {framework.id} names, got nothing that matches: "
            f"{lost}. Compare the names in the framework with those in the data."
        )
    if lost:
        notes.insert(
            0,
            MethodWarning(
                f"Everything the framework names should be in the data, got nothing for {lost}. "
                "Correct the names, complete the tables, or take these out of the framework.",
                zh=f"指标体系中的下列项目在资料里没有找到：{lost}。请核对名称、补充资料，"
                "或从指标体系中去掉。",
            ),
        )
    for note in notes:
        warnings.warn(note, stacklevel=2)
    drawn = told.as_of if told else day
    missing = missing_records(evaluations, framework, data.organisations, PARTS[period], drawn)
    gaps = _gaps([missing] if duty is None else [duty.gaps, missing], period)
    return _values(table, scored, framework, data, period, told, gaps, ledger)


def _of(framework: Framework, kind: str) -> list[Indicator]:
    return [i for i in framework.indicators if i.source["kind"] == kind]


def _ready(table: pd.DataFrame, names: str, freq: Frequency) -> pd.DataFrame:
    """Add the matching key of the names and the number of the period; keep it as written."""
    numbers = ordinals(table["period"], freq)
    return keyed(table, names).assign(text=table["period"], period=numbers)


def _unused(scored: Scored) -> list[MethodWarning]:
    """Tell which scores, bonuses and deductions find nothing to go with."""
    notes = []
    if scored.irregular:
        notes.append(
            MethodWarning(
                "Records must have a frequency that the framework weighs, got "
                f"{listed(scored.irregular)}, which are not used. Add it to frequencies, or "
                "correct the periods.",
                zh=f"记录的频次须是指标体系中有权重的：{listed(scored.irregular)}没有，未采用。"
                "请在 frequencies 中补上，或改正周期。",
            )
        )
    if alone := int(scored.bonuses["counted"].isna().sum()):
        notes.append(
            MethodWarning(
                f"Bonuses and deductions must stand beside a score, got {alone} without one, which "
                "are not used. Add the scores they go with; evidence.bonuses lists them.",
                zh=f"加分、扣分须与得分同在：有 {alone} 项没有对应的得分，未采用。请补上得分；"
                "evidence.bonuses 列出这些项目。",
            )
        )
    return notes


def _day(as_of: str | date) -> pd.Timestamp:
    """Return the day the ledger was drawn."""
    day = pd.to_datetime(as_of, errors="coerce")
    if pd.isna(day) or day.tz is not None:
        raise MethodError(
            f"as_of must be a day without a time zone, got {as_of!r}. Write it as 2024-12-31."
        )
    return pd.Timestamp(day)


def _coarse(
    tables: dict[str, pd.DataFrame], framework: Framework, freq: Frequency
) -> list[MethodWarning]:
    """Tell which records that are asked for are too coarse for the period."""
    notes = []
    for name, table in tables.items():
        asked = table.loc[table["key"].isin(wanted_keys(framework, name)), "text"]
        if too_coarse := coarser(asked, freq):
            notes.append(
                MethodWarning(
                    f"Records must be as fine as the period {freq!r}, got {listed(too_coarse)} in "
                    f"{name}, which are left out. Tally by a longer period, or ask for finer "
                    "records.",
                    zh=f"记录的周期不得长于考核周期 {freq!r}：{listed(too_coarse)}较长，未采用。"
                    "请按更长的周期汇总，或索取更细的记录。",
                )
            )
    return notes


def _duties(
    engine: Engine, duties: Sequence[Indicator], freq: Frequency, as_of: pd.Timestamp
) -> Kept:
    """Count the events of duties by the period in which they fall due, and judge them."""
    counts = {}
    for per in dict.fromkeys(cast(Frequency, i.source["per"]) for i in duties):
        wheres = [where_of(i) for i in duties if i.source["per"] == per]
        found = count(engine, wheres, set(), freq=per, as_of=as_of)
        counted = {} if found is None else found.counted
        counts[per] = {where: own.totals["events"] for where, own in counted.items()}
    return kept(counts, duties, freq=freq, as_of=as_of)


def _gaps(found: Sequence[pd.DataFrame], freq: Frequency) -> pd.DataFrame:
    """Name the periods in which duties were not met and records are missing."""
    filled = [part for part in found if len(part)]
    if not filled:
        return pd.DataFrame(columns=[*KEY, *GAPS], dtype="str").set_index(KEY)
    gaps = pd.concat(filled, ignore_index=True)
    missing = pd.Series("", index=gaps.index)
    for per, own in gaps.groupby("per"):
        missing[own.index] = period_text(periods(own["missing"], cast(Frequency, per)))
    gaps = gaps.assign(missing=missing, period=periods(gaps["period"], freq))
    return gaps.set_index(KEY)[list(GAPS)].sort_values("missing").sort_index(kind="stable")


def _is_dated(frame: pd.DataFrame) -> bool:
    """Tell values by (org, period) from those that hold for all periods."""
    return frame.index.nlevels == 2


def _labelled(frame: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    return frame.rename_axis(["org", "period"]).reset_index().assign(indicator=indicator.code)


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put values under one another; a row without a value is no row."""
    filled = []
    for part in parts:
        if len(part):
            own = part[part["value"].notna()]
            own = own if "indicator" in own else own.reset_index()
            filled.append(own.reindex(columns=[*KEY, *KEPT]).astype(dict.fromkeys(KEPT, float)))
    if not filled:
        return pd.DataFrame(columns=[*KEY, *KEPT])
    return pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]


def _where_it_applies(
    table: pd.DataFrame, framework: Framework, organisations: pd.DataFrame
) -> pd.DataFrame:
    """Leave out values of indicators for organisations they do not apply to."""
    if not any(i.domains or i.sectors for i in framework.indicators):
        return table
    kept = pd.Series(True, index=table.index)
    attributes = organisations[["domain", "sector"]].reindex(table["org"]).set_axis(table.index)
    for i in framework.indicators:
        for column, codes in (("domain", i.domains), ("sector", i.sectors)):
            if codes:
                others = attributes[column].notna() & ~attributes[column].isin(codes)
                kept &= ~(others & (table["indicator"] == i.code))
    return table[kept]


def _lost(table: pd.DataFrame, framework: Framework, data: Dataset) -> str:
    """Name what the framework asks for and the data do not have, in one sentence part."""
    kinds = data.organisations[["domain", "sector"]].drop_duplicates()
    pairs = [
        tuple(None if pd.isna(code) else code for code in pair)
        for pair in kinds.itertuples(index=False)
    ] or [(None, None)]
    asked = {i.code for i in framework.indicators if any(i.applies(*pair) for pair in pairs)}
    names = {"evaluations": data.evaluations["indicator"], "surveys": data.surveys["question"]}
    lost = not_found(framework, names, asked)
    told = {name.indicator for name in lost}
    silent = asked - told - set(table["indicator"].unique())
    sayings = [
        f"{name.name!r} of {name.indicator}" + (f" (near: {name.near!r})" if name.near else "")
        for name in lost
    ]
    sayings += [
        f"{i.code} (no {i.source['kind']} rows with values)"
        for i in framework.indicators
        if i.code in silent and i.source["kind"] != "given"
    ]
    return ", ".join(sayings)


def _values(
    table: pd.DataFrame,
    scored: Scored,
    framework: Framework,
    data: Dataset,
    freq: Frequency,
    told: Accounts | None,
    gaps: pd.DataFrame,
    ledger: Ledger | None,
) -> Values:
    """Shape the values and put their evidence beside them."""
    index = pd.MultiIndex.from_arrays(
        [table["org"], periods(table["period"], freq), table["indicator"]], names=KEY
    )
    table = table[KEPT].set_axis(index).sort_index()
    codes = pd.Index([i.code for i in framework.indicators], name="indicator")
    values: pd.DataFrame = table["value"].unstack("indicator")  # noqa: PD010
    values = values.reindex(columns=codes)
    sources, bonuses = scored.sources, scored.bonuses
    if len(bonuses):
        bonuses = bonuses.assign(period=periods(bonuses["period"], freq))
    if len(sources):
        levels = [sources.index.get_level_values(level) for level in [*KEY, "source"]]
        levels[1] = periods(levels[1], freq)
        sources = sources.set_axis(pd.MultiIndex.from_arrays(levels, names=[*KEY, "source"]))
    known = Values(values)
    known.evidence = Evidence(
        data,
        framework,
        freq,
        told.as_of if told else None,
        table,
        sources,
        gaps,
        told,
        bonuses,
        ledger,
    )
    return known
