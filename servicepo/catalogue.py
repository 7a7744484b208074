"""The catalogue of built-in indicators: what each divides by what, by which rule, on whose word.

A framework takes one by ``catalogue = "on_time"``; keys written beside it come first. The text is
``catalogue.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from .declared import Table
from .labels import Language, word

_ABOUT: Final = ("group", "numerator", "denominator", "rule")  # for readers, not for the indicator


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    text = Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def catalogue(language: Language = "zh") -> pd.DataFrame:
    """List the built-in indicators.

    Parameters
    ----------
    language : {"zh", "en"}

    Returns
    -------
    DataFrame
        Indexed by the word that a framework writes: ``group``, ``name``, ``numerator``,
        ``denominator`` (empty where there is none), ``rule`` (to which period what belongs),
        ``kind`` (of source), ``citation`` (as the sources write it).

    Examples
    --------
    >>> catalogue("en").loc["grid_households", ["numerator", "denominator"]].tolist()
    ['households', 'grids']
    """
    at = 0 if language == "zh" else 1
    rows = {
        code: {
            "group": entry["group"][at],
            "name": entry["name"][language],
            "numerator": entry["numerator"][at],
            "denominator": entry["denominator"][at] if "denominator" in entry else "",
            "rule": word(f"rule.{entry['rule']}", language),
            "kind": entry["source"]["kind"],
            "citation": entry["citation"],
        }
        for code, entry in _entries().items()
    }
    return pd.DataFrame(rows).T.rename_axis("catalogue")


def from_catalogue(table: Table) -> Table:
    """Fill an indicator's table from the catalogue where it names a word of it.

    Examples
    --------
    >>> problems = []
    >>> filled = from_catalogue(Table({"catalogue": "on_time"}, "$", problems))
    >>> filled.text("code"), filled.names()["zh"]
    ('on_time', '按期办结率')
    """
    if "catalogue" not in table.content:
        return table
    code = table.choice("catalogue", tuple(_entries()))
    entry = {key: value for key, value in _entries()[code].items() if key not in _ABOUT}
    own = {key: value for key, value in table.content.items() if key != "catalogue"}
    return Table({"code": code, **entry, **own}, table.path, table.problems)
