"""What a framework is made of: indicators, and the dimensions that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .labels import WORDS, Language, word
from .weighting import DECLARED, Weighting


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
        Unit of the raw value: a code of the labels (``unit.<code>``) or free text.
    full_mark : float or None
        For 得分率: the mark that counts as full. Scores on another full mark are folded to it.
    goalposts : (float, float) or None
        Fixed worst-to-best or low-to-high bounds (low < high; the direction says which is best).
        Where only ``full_mark`` is declared they are (0, full_mark).
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
    reason : str
        Why its numbers are illustrative.
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
    reason: str = ""

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language."""
        return self.name[language]

    def unit_label(self, language: Language = "zh") -> str:
        """Return its unit in a language; a unit in the user's own words as it is."""
        key = f"unit.{self.unit}"
        return word(key, language) if key in WORDS else self.unit

    def applies(self, domain: str | None, sector: str | None) -> bool:
        """Tell whether it applies to an organisation of this domain and sector (None: unknown)."""
        return (not self.domains or domain is None or domain in self.domains) and (
            not self.sectors or sector is None or sector in self.sectors
        )


@dataclass(frozen=True, slots=True)
class Dimension:
    """The first level of a framework: a code, a name, a weight and its indicators.

    Attributes
    ----------
    code : str
    name : mapping
    weight : float
        Weight among the dimensions, before scaling.
    indicators : tuple of Indicator
    illustrative : bool
    citation : str
    reason : str
    weighting : Weighting
        How the indicators inside it are weighted.
    weight_by_year : mapping of int to float
        Its weight from each year on, where weights change over time; otherwise empty.
    """

    code: str
    name: Mapping[str, str]
    weight: float
    indicators: tuple[Indicator, ...]
    illustrative: bool
    citation: str
    reason: str = ""
    weighting: Weighting = DECLARED
    weight_by_year: Mapping[int, float] = field(default_factory=dict)

    def label(self, language: Language = "zh") -> str:
        """Return its name in a language."""
        return self.name[language]
