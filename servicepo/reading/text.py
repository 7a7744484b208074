"""Text as people write it -> text as it was meant, and what two ways of writing one name share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import opencc
import pandas as pd

__all__ = [
    "clean_cell",
    "clean_text",
    "fill_ditto",
    "key_of",
    "match_key",
    "narrow",
    "simplify",
    "simplify_cell",
    "text_of",
]

DITTO: Final = frozenset(("同上", "〃", "″", '"', "''", "同前", "〞", "ditto", "Ditto"))

# Characters without width, and marks of direction only.
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_TONES: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜḿńňǹ"
_PINYIN: Final = re.compile(f"[(（](?=[a-zêü]*[{_TONES}])[a-zêü{_TONES}]{{1,7}}[)）]")
_MARKS: Final = "，。：；！？（）【】《》“”、"
_GAP: Final = re.compile(f"(?<=[{_HAN}{_MARKS}])\\s+(?=[{_HAN}{_MARKS}])")
_SPACES: Final = re.compile(r"\s+")
# Full-width marks that belong to Chinese text go round the narrowing as private characters.
_KEPT: Final = "，。：；！？（）【】《》“”‘’、…—～"
_HOLD: Final = {ord(mark): chr(0xE000 + i) for i, mark in enumerate(_KEPT)}
_BACK: Final = {0xE000 + i: mark for i, mark in enumerate(_KEPT)}
_SAME: Final = str.maketrans("（）【】〔〕：，", "()[][]:,")


def narrow(text: str) -> str:
    """Return text in one width (NFKC: digits, letters and marks), without unseen characters.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Stripped of white space at both ends.

    Examples
    --------
    >>> narrow("９０．５％ ")
    '90.5%'
    """
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).strip()


def clean_cell(text: str) -> str:
    r"""Return a text as it was meant, fit to be shown.

    Digits and letters in one width; Chinese punctuation as it stands; no line breaks or spaces
    inside Chinese names; no characters of zero width; no pinyin notes such as 務(wù).

    Parameters
    ----------
    text : str
        Text of a cell.

    Returns
    -------
    str

    Examples
    --------
    >>> clean_cell("辽滨沿海经济\n技术开发区"), clean_cell("服務(wù)型Ａ村（一组）")
    ('辽滨沿海经济技术开发区', '服務型A村（一组）')
    """
    text = _PINYIN.sub("", unicodedata.normalize("NFC", _UNSEEN.sub("", text)))
    text = unicodedata.normalize("NFKC", text.translate(_HOLD)).translate(_BACK)
    return _SPACES.sub(" ", _GAP.sub("", text)).strip()


def clean_text(cells: pd.Series) -> pd.Series:
    """Clean a column of text (see `clean_cell`).

    Parameters
    ----------
    cells : Series
        Text; numbers are written out (1.0 as 1).

    Returns
    -------
    Series of str
        What is missing, or only white space, is missing.

    Examples
    --------
    >>> clean_text(pd.Series(["张 村", " ", None])).tolist()
    ['张村', nan, nan]
    """
    return each_text(cells, lambda text: clean_cell(text) or None)


@cache
def _converter() -> Any:
    return opencc.OpenCC("t2s")


def simplify_cell(text: str) -> str:
    """Return a text in simplified characters (OpenCC t2s); for matching, not for display.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str

    Examples
    --------
    >>> simplify_cell("黨組織")
    '党组织'
    """
    return text if text.isascii() else str(_converter().convert(text))


def simplify(cells: pd.Series) -> pd.Series:
    """Return a column of text in simplified characters; for matching, not for display.

    Parameters
    ----------
    cells : Series
        Text.

    Returns
    -------
    Series of str
        What is missing is missing.

    Examples
    --------
    >>> simplify(pd.Series(["黨組織", None])).tolist()
    ['党组织', nan]
    """
    return each_text(cells, simplify_cell)


def key_of(text: str) -> str:
    """Return what all ways of writing one name have in common; for matching, never for display.

    Parameters
    ----------
    text : str
        A name.

    Returns
    -------
    str
        Clean, simplified, one kind of brackets, no spaces, lower case.

    Examples
    --------
    >>> key_of("張村 黨支部（一）") == key_of("张村党支部(一)")
    True
    """
    return simplify_cell(clean_cell(text)).translate(_SAME).replace(" ", "").casefold()


def match_key(cells: pd.Series) -> pd.Series:
    """Return the matching keys of a column of names (see `key_of`).

    Parameters
    ----------
    cells : Series
        Names.

    Returns
    -------
    Series of str
        What is missing is missing.

    Examples
    --------
    >>> match_key(pd.Series(["張村 A", None])).tolist()
    ['张村a', nan]
    """
    return each_text(cells, key_of)


def fill_ditto(cells: pd.Series) -> pd.Series:
    """Replace 同上 and its kind by what stands in the row above; never done unless asked.

    Parameters
    ----------
    cells : Series
        A column in the order of its sheet.

    Returns
    -------
    Series
        A blank above stays a blank. A ditto in the first row stays as it is.

    Examples
    --------
    >>> fill_ditto(pd.Series(["a", "同上", "〃", "b"])).tolist()
    ['a', 'a', 'a', 'b']
    """
    ditto = cells.isin(DITTO).to_numpy()
    rows = np.maximum.accumulate(np.where(ditto, 0, np.arange(len(cells))))
    return cells.iloc[rows].set_axis(cells.index)


def text_of(value: object) -> str:
    """Return a cell as text; whole numbers without a point.

    Parameters
    ----------
    value : object
        What stands in a cell.

    Returns
    -------
    str

    Examples
    --------
    >>> text_of(2024.0), text_of("2024年")
    ('2024', '2024年')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def each_text(cells: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    """Apply a function of text to a column, once for each distinct cell.

    Parameters
    ----------
    cells : Series
        A column; what is not text is written out.
    function : callable
        From text to text, or to None for missing.

    Returns
    -------
    Series of str
        What is missing stays missing.

    Examples
    --------
    >>> each_text(pd.Series(["a", None, "a"]), str.upper).tolist()
    ['A', nan, 'A']
    """
    codes, words = pd.factorize(cells)
    done = pd.array([*(function(text_of(word)) for word in words), None], dtype="str")
    return pd.Series(done.take(codes), index=cells.index, name=cells.name)
