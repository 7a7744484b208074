"""Frameworks: dimensions and indicators, declared in a TOML file and checked whole."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pandas as pd

from .catalogue import from_catalogue
from .declared import Table, near, told
from .declared_methods import take_methods
from .errors import FrameworkError
from .indicators import Dimension, Indicator
from .labels import Language
from .measures import MEASURES
from .sources import Known, check_source
from .tables import DOMAIN_OF_SECTOR, DOMAINS, SECTORS
from .weighting import (
    DECLARED,
    Weighting,
    authority,
    take_level,
    take_source_weights,
    take_weight,
    take_weight_by_year,
)

__all__ = ["DIRECTIONS", "Dimension", "Framework", "Indicator", "load_framework"]

DIRECTIONS: Final = ("benefit", "cost", "target", "interval", "boolean")
_SHARES: Final = ("frequency", "checklist")
_BUILT_IN: Final = Path(__file__).parent / "frameworks"


@dataclass(frozen=True, slots=True, repr=False)
class Framework:
    """A framework as declared: what is evaluated, with which weights, on whose authority.

    Attributes
    ----------
    id : str
    name : mapping
    version : str
    citation : str
    dimensions : tuple of Dimension
    source_weights : mapping of str to float
        Weights of those who score; they sum to 1. Empty where none are declared.
    source_weights_by_domain : mapping
        Domain -> the same, where a domain has weights of its own.
    weighting : Weighting
        How the dimensions are weighted.
    sources : Weighting
        Whether the source weights are illustrative, and on whose authority they stand.
    methods : mapping
        What ``[methods]`` declares of "treat", "impute", "normalise" and "aggregate", as
        `build_index` takes them.
    """

    id: str
    name: Mapping[str, str]
    version: str
    citation: str
    dimensions: tuple[Dimension, ...]
    source_weights: Mapping[str, float]
    weighting: Weighting = DECLARED
    sources: Weighting = DECLARED
    methods: Mapping[str, object] = field(default_factory=dict)
    source_weights_by_domain: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"Framework({self.id} {self.version}: {len(self.dimensions)} dimensions, "
            f"{len(self.indicators)} indicators)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.name['zh']}</p>{self.to_frame().to_html()}"

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All indicators, in the order of the file."""
        return tuple(i for d in self.dimensions for i in d.indicators)

    @property
    def weights_change_over_time(self) -> bool:
        """Whether the weights of the dimensions depend on the year."""
        return any(d.weight_by_year for d in self.dimensions)

    def indicator(self, code: str) -> Indicator:
        """Return an indicator by its code.

        Raises
        ------
        FrameworkError
            For a code the framework does not have; near ones are named.

        Examples
        --------
        >>> load_framework("six_haves").indicator("team_style").label()
        '服务作风'
        """
        found = {i.code: i for i in self.indicators}
        if code not in found:
            raise FrameworkError(
                f"An indicator of {self.id} must be named, got {code!r}. {near(code, found)}"
            )
        return found[code]

    def dimension(self, code: str) -> Dimension:
        """Return a dimension by its code.

        Raises
        ------
        FrameworkError
            For a code the framework does not have.

        Examples
        --------
        >>> load_framework("six_haves").dimension("team").label("en")
        'Leadership team'
        """
        found = {d.code: d for d in self.dimensions}
        if code not in found:
            raise FrameworkError(
                f"A dimension of {self.id} must be named, got {code!r}. {near(code, found)}"
            )
        return found[code]

    def applicable(
        self, domain: str | None = None, sector: str | None = None
    ) -> tuple[Indicator, ...]:
        """Return the indicators that apply to an organisation of this domain and sector.

        Examples
        --------
        >>> framework = load_framework("six_haves")
        >>> len(framework.indicators), len(framework.applicable("rural", "village"))
        (27, 19)
        """
        return tuple(i for i in self.indicators if i.applies(domain, sector))

    def names(self, language: Language = "zh") -> dict[str, str]:
        """Return the names of dimensions and indicators by code, such as charts take as ``words``.

        Examples
        --------
        >>> names = load_framework("six_haves").names()
        >>> names["team"], names["team_style"]
        ('领导班子', '服务作风')
        """
        dimensions = {d.code: d.label(language) for d in self.dimensions}
        return dimensions | {i.code: i.label(language) for i in self.indicators}

    def dimension_weights(
        self, period: pd.Period | str | int | None = None
    ) -> Mapping[str, Any] | str:
        """Return the declared weights of the dimensions.

        Parameters
        ----------
        period : Period, text or year, optional
            Needed where the weights change over time: the weights of the latest declared year that
            is not after the period hold; before the first declared year, those of the first.

        Returns
        -------
        dict of str to float, or str
            Weights by dimension (not scaled); or the word of the objective method, or the
            combination of several, to be used, as `build_index` takes it.

        Raises
        ------
        FrameworkError
            Where the weights change over time and no period is given.

        Examples
        --------
        >>> load_framework("base_plus_plan").dimension_weights("2024")["base"] < 0.5
        True
        """
        if self.weighting.choice:
            return self.weighting.choice
        if not self.weights_change_over_time:
            return {d.code: d.weight for d in self.dimensions}
        if period is None:
            raise FrameworkError(
                f"A period must be given where weights change over time, got None for {self.id}. "
                "Ask for dimension_weights(period)."
            )
        year = period.year if isinstance(period, pd.Period) else int(str(period)[:4])
        years = sorted(self.dimensions[0].weight_by_year)
        at = max((y for y in years if y <= year), default=years[0])
        return {d.code: d.weight_by_year[at] for d in self.dimensions}

    def indicator_weights(self, dimension: str) -> Mapping[str, Any] | str:
        """Return the declared weights of the indicators inside a dimension.

        Returns
        -------
        dict of str to float, or str
            Weights by indicator (not scaled, whether or not they apply everywhere); or the word of
            the objective method, or the combination of several, to be used.

        Examples
        --------
        >>> load_framework("six_haves").indicator_weights("team")
        {'team_awareness': 1.0, 'team_style': 1.0, 'team_level': 1.0}
        """
        found = self.dimension(dimension)
        return found.weighting.choice or {i.code: i.weight for i in found.indicators}

    def kind(self, language: Language = "zh") -> str:
        """Return the name as it stands before 指标体系 in a sentence: 本县考核 of 本县考核体系.

        Examples
        --------
        >>> load_framework("six_haves").kind("en")
        'Six Haves'
        """
        name = self.name[language]
        return name.removesuffix("体系").removesuffix("指标") if language == "zh" else name

    def illustrative_numbers(self) -> pd.DataFrame:
        """List every number the source documents do not give.

        Returns
        -------
        DataFrame
            One row per place marked ``illustrative = true``: ``path`` (in the file), ``code``,
            ``number`` (what is declared there; the direction where no number is), ``citation``,
            ``reason``.

        Examples
        --------
        >>> load_framework("six_haves").illustrative_numbers()["path"].head(2).tolist()
        ['$.weights', '$.source_weights']
        """
        rows = []
        shares = "、".join(f"{k} {v:g}" for k, v in self.source_weights.items())
        marked: list[tuple[str, str, str, Weighting | Dimension | Indicator]] = [
            ("$.weights", self.id, _weighting_text(self.weighting), self.weighting),
            ("$.source_weights", self.id, shares, self.sources),
        ]
        for n, d in enumerate(self.dimensions):
            by_year = [f"{year}: {weight:g}" for year, weight in d.weight_by_year.items()]
            at = f"$.dimensions[{n}]"
            marked.append((at, d.code, "; ".join(by_year) or f"weight {d.weight:g}", d))
            marked.append((f"{at}.weights", d.code, _weighting_text(d.weighting), d.weighting))
            marked += [
                (f"{at}.indicators[{m}]", i.code, _numbers_text(i, d.weighting), i)
                for m, i in enumerate(d.indicators)
            ]
        for path, code, number, item in marked:
            if item.illustrative:
                rows.append((path, code, number, item.citation, item.reason))
        return pd.DataFrame(
            rows, columns=["path", "code", "number", "citation", "reason"], dtype="str"
        )

    def to_frame(self, language: Language = "zh") -> pd.DataFrame:
        """List the indicators, one row each.

        Returns
        -------
        DataFrame
            Indexed by ``indicator`` (code): ``dimension`` (code), ``dimension_name``, ``name``,
            ``direction``, ``unit``, ``weight``, ``full_mark``, ``low``, ``high``, ``target``,
            ``interval_low``, ``interval_high``, ``domains``, ``sectors``, ``kind`` (of source),
            ``illustrative``, ``citation``.

        Examples
        --------
        >>> load_framework("six_haves").to_frame("en").loc["team_level", "name"]
        'Service level'
        """
        none = (None, None)
        rows = [
            {
                "indicator": i.code,
                "dimension": d.code,
                "dimension_name": d.label(language),
                "name": i.label(language),
                "direction": i.direction,
                "unit": i.unit_label(language),
                "weight": i.weight,
                "full_mark": i.full_mark,
                "low": (i.goalposts or none)[0],
                "high": (i.goalposts or none)[1],
                "target": i.target,
                "interval_low": (i.interval or none)[0],
                "interval_high": (i.interval or none)[1],
                "domains": ";".join(i.domains),
                "sectors": ";".join(i.sectors),
                "kind": i.source["kind"],
                "illustrative": i.illustrative,
                "citation": i.citation,
            }
            for d in self.dimensions
            for i in d.indicators
        ]
        bounds = ["full_mark", "low", "high", "target", "interval_low", "interval_high"]
        frame = pd.DataFrame(rows).set_index("indicator")
        return frame.astype(dict.fromkeys(bounds, float))


def load_framework(
    id_or_path: str | Path, *, measures: Mapping[str, Callable[..., Any]] | None = None
) -> Framework:
    """Load a framework and check it whole.

    Parameters
    ----------
    id_or_path : str or Path
        The id of a built-in framework (``six_haves``, ``five_services``, ``five_tasks``,
        ``base_plus_plan``) or the path to a ``.toml`` file of your own.
    measures : mapping of str to callable, optional
        Service measures of your own, by the words the file uses for them: each takes the declared
        ``counts`` (frame by (org, period)) and returns a Series of values, or a frame with
        ``value`` and, where known, ``n`` and ``standard_error``.

    Returns
    -------
    Framework

    Raises
    ------
    FrameworkError
        For an id that is not built in, a file that cannot be read, or a declaration with mistakes:
        the message lists every one of them with its path in the file.

    Examples
    --------
    >>> load_framework("six_haves")
    Framework(six_haves 1: 6 dimensions, 27 indicators)
    >>> load_framework("six_have")
    Traceback (most recent call last):
    ...
    servicepo.errors.FrameworkError: A framework must be a built-in id or a path to a .toml file, \
got 'six_have'. Did you mean 'six_haves'? Built in: base_plus_plan, five_services, five_tasks, \
six_haves.
    """
    path = _path_of(id_or_path)
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FrameworkError(
            f"A framework file must be UTF-8 text, got other bytes (at {path}). Save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise FrameworkError(
            f"A framework file must be TOML, got a mistake: {error} (at {path}). "
            "Mend the line it names; text stands between double quotes."
        ) from None
    problems: list[str] = []
    framework = _framework(Table(table, "$", problems), measures or {})
    if problems:
        lines = "\n".join(f"- {p}" for p in problems)
        raise FrameworkError(
            f"A framework must be declared without mistakes, got {len(problems)} (at {path}). "
            f"Mend each of them:\n{lines}"
        )
    return framework


def _path_of(id_or_path: str | Path) -> Path:
    built_in = {p.stem: p for p in sorted(_BUILT_IN.glob("*.toml"))}
    if isinstance(id_or_path, str) and id_or_path in built_in:
        return built_in[id_or_path]
    path = Path(id_or_path)
    if path.is_file():
        return path
    if path.suffix == ".toml":
        raise FrameworkError(
            f"A framework file must exist, got {str(id_or_path)!r}. Check the path."
        )
    near = get_close_matches(str(id_or_path), built_in, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise FrameworkError(
        "A framework must be a built-in id or a path to a .toml file, got "
        f"{str(id_or_path)!r}. {hint}Built in: {', '.join(built_in)}."
    )


# -- checking the file ---------------------------------------------------------------------------
def _framework(table: Table, measures: Mapping[str, Callable[..., Any]]) -> Framework:
    """Read the whole file; mistakes are noted in ``table.problems``."""
    source_weights, by_domain, sources = take_source_weights(table)
    known = Known(bool(source_weights), measures)
    dimensions = [_dimension(t, known) for t in table.tables("dimensions")]
    _refuse_twice(table, "dimensions", [d.code for d in dimensions])
    _refuse_twice(table, "dimensions", [i.code for d in dimensions for i in d.indicators])
    _check_years(table, dimensions)
    weighting, weights = take_level(table, "dimensions", [(d.code, d.weight) for d in dimensions])
    if weighting.parts and any(d.weight_by_year for d in dimensions):
        mend = "Write weight, or leave the combination out."
        table.wrong("weights", "weights by year must stand alone", weighting.method, mend)
    found = Framework(
        id=table.text("id", required=True),
        name=table.names(),
        version=table.text("version", default="1"),
        citation=table.text("citation", required=True),
        dimensions=tuple(replace(d, weight=w) for d, w in zip(dimensions, weights, strict=True)),
        source_weights=source_weights,
        source_weights_by_domain=by_domain,
        weighting=weighting,
        sources=sources,
        methods=take_methods(table),
    )
    table.close()
    return found


def _dimension(table: Table, known: Known) -> Dimension:
    code = table.text("code", required=True)
    indicators = [_indicator(t, code, known) for t in table.tables("indicators")]
    weighting, weights = take_level(table, "indicators", [(i.code, i.weight) for i in indicators])
    illustrative, citation, reason = authority(table)
    by_year = take_weight_by_year(table)
    weight = take_weight(table)
    if by_year and not math.isnan(weight):
        mend = "Leave out one of the two."
        table.wrong("weight", "weight must not stand beside weight_by_year", weight, mend)
    found = Dimension(
        code=code,
        name=table.names(),
        weight=next(iter(by_year.values()), weight),
        indicators=tuple(replace(i, weight=w) for i, w in zip(indicators, weights, strict=True)),
        illustrative=illustrative,
        citation=citation,
        reason=reason,
        weighting=weighting,
        weight_by_year=by_year,
    )
    table.close()
    return found


def _indicator(table: Table, dimension: str, known: Known) -> Indicator:
    table = from_catalogue(table)
    source = check_source(table, known)
    measure = MEASURES.get(str(source.get("measure")))
    points = measure.direction if measure else "benefit"
    unit = measure.unit if measure else "share" if source["kind"] in _SHARES else ""
    full_mark = table.number("full_mark")
    if full_mark is not None and full_mark <= 0:
        table.wrong("full_mark", "full_mark must be above 0", full_mark, "Correct the number.")
        full_mark = None
    illustrative, citation, reason = authority(table)
    found = Indicator(
        code=table.text("code", required=True),
        name=table.names(),
        dimension=dimension,
        direction=table.choice("direction", DIRECTIONS, default=points),
        unit=table.text("unit", required=not unit, default=unit),
        full_mark=full_mark,
        goalposts=table.pair("goalposts") or (None if full_mark is None else (0.0, full_mark)),
        target=table.number("target"),
        interval=table.pair("interval"),
        weight=take_weight(table),
        domains=table.words("domains", DOMAINS),
        sectors=table.words("sectors", SECTORS),
        source=source,
        illustrative=illustrative,
        citation=citation,
        reason=reason,
    )
    for key in ("target", "interval"):
        written = table.take(key)
        if (written is not None) != (found.direction == key):
            must = f"{key} must {'be left out' if written else 'be given'}"
            mend = f'{key} goes with direction = "{key}", and only with it.'
            table.wrong(key, f"{must} where direction is {found.direction!r}", written, mend)
    for sector in found.sectors:
        if found.domains and DOMAIN_OF_SECTOR.get(sector, found.domains[0]) not in found.domains:
            mend = f"Add {DOMAIN_OF_SECTOR[sector]!r} to domains or take the sector out."
            table.wrong("sectors", "sectors must lie in the domains", sector, mend)
    table.close()
    return found


def _check_years(table: Table, dimensions: Sequence[Dimension]) -> None:
    """Refuse weights by year that not all dimensions have, or that are all 0 in a year."""
    years = {tuple(d.weight_by_year) for d in dimensions}
    if len(years) > 1:
        got = "; ".join(f"{d.code}: {', '.join(map(str, d.weight_by_year))}" for d in dimensions)
        must = "weight_by_year must name the same years in every dimension"
        table.wrong("dimensions", must, got, "Complete the years.")
        return
    for year in next(iter(years), ()):
        if sum(d.weight_by_year[year] for d in dimensions) == 0:
            must = f"weights of {year} must not all be 0"
            table.wrong("dimensions", must, 0, "Correct them.")


def _refuse_twice(table: Table, key: str, codes: Sequence[str]) -> None:
    for code in dict.fromkeys(c for c in codes if c and codes.count(c) > 1):
        table.wrong(key, "Every code must stand once", code, "Rename one of them.")


def _weighting_text(weighting: Weighting) -> str:
    return f"method {weighting.method}"


def _numbers_text(indicator: Indicator, weighting: Weighting) -> str:
    """Say the numbers that an indicator declares, or else which way it points."""
    numbers: dict[str, object] = {
        "weight": indicator.weight if weighting.method == "given" else None,
        "full_mark": indicator.full_mark,
        "goalposts": indicator.goalposts,
        "target": indicator.target,
        "interval": indicator.interval,
        **{k: v for k, v in indicator.source.items() if k in ("scale", "unknown", "sources")},
    }
    return told(numbers) or f"direction {indicator.direction}"
