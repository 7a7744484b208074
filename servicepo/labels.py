"""Chinese and English words for everything shown to people; the language is chosen per call.

A word's key is dotted: its family, then its code (``domain.rural``, ``grade.good``,
``chart.ranking``). Codes travel through the code; words appear only where people read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal

Language = Literal["zh", "en"]

_FILE = resources.files(__package__).joinpath("labels.toml")

WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {key: (zh, en) for key, (zh, en) in tomllib.loads(_FILE.read_text("utf-8")).items()}
)
"""The words, key -> (Chinese, English); they stand in ``labels.toml``, where they may be mended."""


def enumerated(names: Iterable[object], most: int = 5) -> str:
    """Name things in a Chinese sentence, at most a few of them.

    Parameters
    ----------
    names : iterable
        What to name.
    most : int
        How many are named before the rest is counted.

    Returns
    -------
    str

    Examples
    --------
    >>> enumerated(["甲", "乙"]), enumerated("甲乙丙丁", most=2)
    ('甲、乙', '甲、乙等 4 个')
    """
    every = [str(name) for name in names]
    rest = f"等 {len(every)} 个" if len(every) > most else ""
    return "、".join(every[:most]) + rest


def word(key: str, language: Language = "zh") -> str:
    """Return the word for a key.

    Parameters
    ----------
    key : str
        A key of ``WORDS``. A key that is not there is returned as it is: names of indicators and
        organisations pass through unharmed.
    language : {"zh", "en"}
        The language of the word.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        For another language.

    Examples
    --------
    >>> word("domain.rural"), word("domain.rural", "en")
    ('农村（村、社区）', 'rural')
    """
    if language not in ("zh", "en"):
        raise ValueError(f'language must be "zh" or "en", got {language!r}. Give one of the two.')
    pair = WORDS.get(key)
    return key if pair is None else pair[language == "en"]
