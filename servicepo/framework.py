"""Frameworks: dimensions and indicators, declared in a TOML file and checked whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .labels import Language


@dataclass(frozen=True, slots=True)
class Indicator:
    """The lowest level of a framework: what is measured, how it points, where its value comes from.

    Attributes
    ----------
    code : str
        Unique in the framework.
    name : mapping
        ``{"zh": ..., "en": ...}``.
    dimension : str
        Code of the dimension it belongs to.
    direction : {"benefit", "cost", "target", "interval", "boolean"}
        How raw values point to good.
    unit : str
        Unit of the raw value.
    full_mark : float or None
        For 得分率: the mark that counts as full.
    goalposts : (float, float) or None
        Fixed worst-to-best or low-to-high bounds (low < high; the direction says which is best).
    target : float or None
        Best value where the direction is "target".
    interval : (float, float) or None
        Best range where the direction is "interval".
    weight : float
        Weight inside its dimension, before it is scaled to sum to 1 over the indicators that apply.
    domains, sectors : tuple of str
        Where it applies; empty means everywhere.
    source : mapping
        Where its value comes from: ``kind`` and the parameters of that kind.
    illustrative : bool
        True where weight or bounds are not given by the source documents.
    citation : str
        Where the indicator and its numbers come from.
    """

    code: str
    name: Mapping[str, str]
    dimension: str
    direction: str
    unit: str
    full_mark: float | None
    goalposts: tuple[float, float] | None
    target: float | None
    interval: tuple[float, float] | None
    weight: float
    domains: tuple[str, ...]
    sectors: tuple[str, ...]
    source: Mapping[str, object]
    illustrative: bool
    citation: str

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language."""
        return self.name[language]

    def applies(self, domain: str | None, sector: str | None) -> bool:
        """Tell whether it applies to an organisation of this domain and sector (None: unknown)."""
        return (not self.domains or domain is None or domain in self.domains) and (
            not self.sectors or sector is None or sector in self.sectors
        )


@dataclass(frozen=True, slots=True)
class Dimension:
    """The first level of a framework: a code, a name, a weight and its indicators."""

    code: str
    name: Mapping[str, str]
    weight: float
    indicators: tuple[Indicator, ...]
    illustrative: bool
    citation: str

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language."""
        return self.name[language]


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework as declared: what is evaluated, with which weights, on whose authority."""

    id: str
    name: Mapping[str, str]
    version: str
    citation: str
    dimensions: tuple[Dimension, ...]
    source_weights: Mapping[str, float]

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All indicators, in the order of the file."""
        return tuple(i for d in self.dimensions for i in d.indicators)
