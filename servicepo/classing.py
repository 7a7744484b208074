"""Who is measured by what: rows with the same indicators and the same declared weights."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import MethodError, MethodWarning
from .framework import Framework
from .labels import Language

Rows: TypeAlias = npt.NDArray[np.intp]


class Kind(NamedTuple):
    """What decides how a row is measured; None where it does not matter, "" where not known."""

    period: pd.Period | None
    domain: str | None
    sector: str | None


class Class(NamedTuple):
    """Rows of the values to which the same indicators apply with the same declared weights."""

    label: str
    rows: Rows
    indicators: dict[str, list[str]]  # dimension -> its applicable indicators that have values
    declared: Mapping[str, Any] | str  # weights of the dimensions, a word, or a combination


def classify(
    values: pd.DataFrame, framework: Framework, organisations: pd.DataFrame | None
) -> list[Class]:
    """Split the rows into classes with the same indicators and the same declared weights.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator.
    framework : Framework
        Says where each indicator applies, and whether weights change from year to year.
    organisations : DataFrame or None
        Attributes by ``org``; ``domain`` and ``sector`` are used.

    Returns
    -------
    list of Class
        One class, "all", where everybody is measured alike.

    Raises
    ------
    MethodError
        Where indicators apply to some organisations only and no organisations are given.

    Warns
    -----
    MethodWarning
        Where an indicator that applies has no value in a whole class; it is left out there.
    """
    listed = [i for i in framework.indicators if i.code in values.columns]
    restricted = [i.code for i in listed if i.domains or i.sectors]
    if restricted and organisations is None:
        raise MethodError(
            "organisations must be given where indicators apply to some domains or sectors only, "
            f"got None with {restricted[0]!r}. Add organisations=data.organisations."
        )
    numbers, kinds = _kinds(values.index, organisations if restricted else None, framework)
    gathered: dict[tuple[tuple[str, ...], str], list[int]] = {}
    weights: dict[str, Mapping[str, Any] | str] = {}
    for number, (period, domain, sector) in enumerate(kinds):
        applicable = tuple(i.code for i in listed if i.applies(domain, sector))
        declared = framework.dimension_weights(period)
        weights[repr(declared)] = declared
        gathered.setdefault((applicable, repr(declared)), []).append(number)
    classes = []
    for (applicable, given), members in gathered.items():
        own = [kinds[number] for number in members]
        others = [kind for kind in kinds if kind not in own]
        label = "all" if len(gathered) == 1 else _label(own, others)
        rows = np.flatnonzero(np.isin(numbers, members))
        codes = _with_values(values, rows, applicable, label, framework)
        dimensions = {
            d.code: listed_here
            for d in framework.dimensions
            if (listed_here := [i.code for i in d.indicators if i.code in codes])
        }
        if dimensions:
            classes.append(Class(label, rows, dimensions, weights[given]))
    return classes


def applicable(
    values: pd.DataFrame, framework: Framework, organisations: pd.DataFrame | None
) -> pd.DataFrame | None:
    """Tell which cells apply to their organisation.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator.
    framework, organisations
        As in `classify`.

    Returns
    -------
    DataFrame of bool or None
        As the values; None where every indicator applies everywhere.
    """
    numbers, kinds = _kinds(values.index, organisations, framework)
    listed = {i.code: i for i in framework.indicators}
    if not any(listed[code].domains or listed[code].sectors for code in values.columns):
        return None
    told = {
        code: np.array([listed[code].applies(k.domain, k.sector) for k in kinds])[numbers]
        for code in values.columns
    }
    return pd.DataFrame(told, index=values.index)


def _kinds(
    rows: pd.Index, organisations: pd.DataFrame | None, framework: Framework
) -> tuple[Rows, list[Kind]]:
    """Give every row the number of its kind: period (where weights change), domain, sector."""
    columns: dict[str, pd.Index] = {}
    if framework.weights_change_over_time:
        columns["period"] = rows.get_level_values("period")
    for name in ("domain", "sector"):
        if organisations is not None and name in organisations.columns:
            columns[name] = pd.Index(organisations[name].reindex(rows.get_level_values("org")))
    if not columns:
        return np.zeros(len(rows), dtype=np.intp), [Kind(None, None, None)]
    coded = {name: pd.factorize(column, use_na_sentinel=False) for name, column in columns.items()}
    shape = [len(words) for _, words in coded.values()]
    mixed = np.ravel_multi_index([codes for codes, _ in coded.values()], shape)
    kinds, numbers = np.unique(mixed, return_inverse=True)
    places = np.unravel_index(kinds, shape)
    found = {
        name: [_known(words[place]) for place in where]
        for (name, (_, words)), where in zip(coded.items(), places, strict=True)
    }
    nothing = [None] * len(kinds)
    named = (found.get(name, nothing) for name in ("period", "domain", "sector"))
    return numbers, [Kind(*kind) for kind in zip(*named, strict=True)]


def _known(value: Any) -> Any:
    """Return "" for an organisation whose domain or sector nobody told: nothing special applies."""
    return "" if pd.isna(value) else value


def _label(kinds: list[Kind], others: list[Kind]) -> str:
    """Name a class by its years and its domains, or its sectors where others share the domain."""
    periods, domains, sectors = (
        list(dict.fromkeys(str(x) for x in column if x)) for column in zip(*kinds, strict=True)
    )
    shared = {kind.domain for kind in others} & set(domains)
    finer = sectors if shared else domains
    return " · ".join("/".join(part) for part in (periods, finer) if part) or "rest"


def _with_values(
    values: pd.DataFrame, rows: Rows, codes: tuple[str, ...], label: str, framework: Framework
) -> set[str]:
    """Return the codes that have a value in these rows; warn of the others."""
    if len(rows) == len(values):  # columns without any value are left out before
        return set(codes)
    filled = {code for code in codes if values[code].iloc[rows].notna().any()}
    if empty := [code for code in codes if code not in filled]:
        warned = MethodWarning(
            f"Every indicator should have values; in {label!r} there are none for "
            f"{_names(framework, empty, 'en')}, left out there. Add their data, or take them out "
            "of the framework.",
            zh=f"各项指标都应有数据；有一类党组织的下列指标全部缺失，在该类中未参与计算："
            f"{_names(framework, empty, 'zh')}。请补充资料，或从指标体系中去掉。",
        )
        warnings.warn(warned, stacklevel=4)
    return filled


def warn_without_values(
    values: pd.DataFrame,
    codes: Collection[str],
    framework: Framework,
    organisations: pd.DataFrame | None,
) -> None:
    """Warn of indicators whose column is all missing, though they apply to somebody.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator; where `tally` made them, it told of what the data do not hold.
    codes : collection of str
        The indicators that have a value.
    framework, organisations
        As in `classify`.

    Warns
    -----
    MethodWarning
        Naming the indicators; they are left out of the index.
    """
    empty = [i.code for i in framework.indicators if i.code in values and i.code not in codes]
    if (evidence := getattr(values, "evidence", None)) is not None:
        counted = set(evidence.table.index.unique("indicator"))
        empty = [code for code in empty if code in counted]
    if empty and (applies := applicable(values[empty], framework, organisations)) is not None:
        empty = [code for code in empty if applies[code].any()]
    if empty:
        warned = MethodWarning(
            f"Every indicator should have values, got none at all for "
            f"{_names(framework, empty, 'en')}, left out (the weights of the others are scaled "
            "up). Add their data, or take them out of the framework.",
            zh=f"各项指标都应有数据；下列指标全部缺失，未参与计算，其权重按比例分给其余指标："
            f"{_names(framework, empty, 'zh')}。请补充资料，或从指标体系中去掉。",
        )
        warnings.warn(warned, stacklevel=3)


def _names(framework: Framework, codes: Iterable[str], language: Language) -> str:
    mark = "、" if language == "zh" else ", "
    return mark.join(framework.indicator(code).label(language) for code in codes)
