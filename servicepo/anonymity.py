"""Codes in place of names: lists of weak branches are not pillories."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .labels import WORDS, Language, word


def anonymous_codes(
    organisations: pd.DataFrame | None,
    orgs: pd.Index,
    *,
    seed: int | np.random.Generator | None = 0,
    language: Language = "zh",
) -> pd.Series:
    """Give organisations codes that tell their sector and nothing else.

    A sector of the user's own stands there in the user's word.

    Parameters
    ----------
    organisations : DataFrame or None
        Indexed by ``org``, with ``sector`` where it is known.
    orgs : Index
        The organisations that get a code, each once.
    seed : int, Generator or None
        The same organisations and seed give the same codes.
    language : {"zh", "en"}
        Language of the sector.

    Returns
    -------
    Series of str
        Organisation → code, such as 村-017, sorted by organisation. Numbers are drawn, so that
        neither their order nor that of the roster shows.

    Examples
    --------
    >>> people = pd.DataFrame({"sector": ["village", "village"]}, index=["甲村", "乙村"])
    >>> sorted(anonymous_codes(people, people.index))
    ['村-001', '村-002']
    """
    random = np.random.default_rng(seed)
    names = pd.Index(sorted(orgs.unique()), name="org")
    sectors = pd.Series(index=names, dtype="str")
    if organisations is not None and "sector" in organisations.columns:
        sectors = organisations["sector"].reindex(names)
        sectors = sectors.where(sectors != "")
    codes: dict[str, str] = {}
    for sector in [*sorted(sectors.dropna().unique()), None]:
        own = names[sectors.isna()] if sector is None else names[sectors == sector]
        key = "org" if sector is None else f"sector.{sector}"
        label = word(key, language) if key in WORDS else str(sector)
        width = max(3, len(str(len(own))))
        numbers = random.permutation(len(own)) + 1
        codes |= {
            org: f"{label}-{number:0{width}d}" for org, number in zip(own, numbers, strict=True)
        }
    return pd.Series(codes, dtype="str", name="code").reindex(names)
