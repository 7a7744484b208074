"""What counties call things: headers -> fields, words -> codes, by the table `aliases.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pandas as pd
from rapidfuzz import fuzz, process

from ..errors import TableError
from ..labels import WORDS
from ..tables import DOMAIN_OF_SECTOR, dtype_of
from .text import clean_cell, each_text, key_of

__all__ = [
    "Suggestion",
    "bare_header",
    "code_in",
    "code_of",
    "codes_of",
    "field_of",
    "full_mark_in",
    "kind_of_column",
    "kind_of_row",
    "meant_codes",
    "nearest_field",
]

_TABLE: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("aliases.toml").read_text(encoding="utf-8")
)

# -- headers -----------------------------------------------------------------------------------
_UNITS: Final = "百分制|分|人次|户次|件次|户|人|个|名|件|次|天|日|月|年|小时|万元|元|%|份|票|家|㎡"
_OPEN, _SHUT = r"[(（\[【]\s*", r"\s*[)）\]】]"
_ASIDE: Final = re.compile(
    f"{_OPEN}(?:"
    r"(?:满分|总分|最高|共|计)[:：为是]?\s*\d+(?:\.\d+)?(?:分制?)?"  # (满分100)
    r"|\d+(?:\.\d+)?\s*分制?"  # (3分)
    rf"|(?:单位\s*[:：]?\s*)?(?:{_UNITS})"  # (户) (单位:户) (%)
    f"|必填|选填|单选|多选|盖章|公章|全称){_SHUT}"
)
_MARK_AFTER: Final = re.compile(r"(?<=[^\d.+\-加扣减附得])(\d+(?:\.\d+)?)\s*分制?$")
_FULL_MARK: Final = (
    re.compile(rf"{_OPEN}(?:(?:满分|总分|最高|共|计)[:：为是]?\s*)?(\d+(?:\.\d+)?)\s*分制?{_SHUT}"),
    re.compile(r"满分\s*[:：为是]?\s*(\d+(?:\.\d+)?)"),
    _MARK_AFTER,
)
_NUMBERING: Final = re.compile(
    r"^(?:[(（](?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）]"
    r"|\d{1,2}(?:[、．]|\.(?!\d))|[一二三四五六七八九十]{1,3}[、.．])\s*"
)
_NOISE: Final = re.compile(r"[\s_\-*·:,;.、。/()\[\]“”\"'#&+]+")


def bare_header(header: str) -> str:
    r"""Return a header without its marks, units, stars and numbering; fit to be shown.

    Parameters
    ----------
    header : str
        A header, or the name of an item.

    Returns
    -------
    str

    Examples
    --------
    >>> bare_header("动员部署(3分)"), bare_header("*户数（户）"), bare_header("1.单位\n名称")
    ('动员部署', '户数', '单位名称')
    """
    text = _ASIDE.sub("", clean_cell(header)).strip(" *＊:：")
    return _MARK_AFTER.sub("", _NUMBERING.sub("", text)).strip() or text


def full_mark_in(header: str) -> float | None:
    """Return the full mark that a header tells.

    Parameters
    ----------
    header : str
        A header, or the name of an item.

    Returns
    -------
    float or None

    Examples
    --------
    >>> full_mark_in("动员部署(3分)"), full_mark_in("得分（满分150）"), full_mark_in("户数(户)")
    (3.0, 150.0, None)
    """
    text = clean_cell(header)
    found = next((m for pattern in _FULL_MARK if (m := pattern.search(text))), None)
    return float(found[1]) if found else None


@lru_cache(maxsize=20_000)
def _key(text: str) -> str:
    """Return what all ways of writing a word of the table have in common."""
    key = key_of(text)
    return _NOISE.sub("", key) or key


def _look_up(known: Mapping[str, Any], text: str) -> Any:
    """Return what the table says of a text, without its asides or as it stands."""
    found = known.get(_key(bare_header(text)))
    return known.get(_key(text)) if found is None else found


def _words(table: str, field: str) -> list[str]:
    """Return the declared words of a field; "table" or "@table" refers to those of another."""
    words = _TABLE["fields"][table][field]
    if isinstance(words, str):
        return _words(words, field)
    return [w for word in words for w in (_words(word[1:], field) if word[0] == "@" else [word])]


@cache
def _fields() -> Mapping[str, tuple[Suggestion, ...]]:
    found: dict[str, list[Suggestion]] = {}
    for table, fields in _TABLE["fields"].items():
        for field in fields:
            shown = WORDS[f"field.{field}"]  # as our own templates say
            for header in (*_words(table, field), *shown, field):
                found.setdefault(_key(header), []).append(Suggestion(header, table, field, 100.0))
    return MappingProxyType({key: tuple(places) for key, places in found.items()})


def field_of(header: str) -> list[tuple[str, str]]:
    """Return the fields that a header may name.

    Parameters
    ----------
    header : str
        As it stands on the sheet.

    Returns
    -------
    list of (table, field)
        Several where the word serves several; empty where the header is not known.

    Examples
    --------
    >>> field_of("受理日期"), field_of("黨員數（人）")
    ([('services', 'accepted')], [('organisations', 'members')])
    """
    places = _look_up(_fields(), header) or ()
    return list(dict.fromkeys((place.table, place.field) for place in places))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A known header near to an unknown one.

    Attributes
    ----------
    header : str
        The known header.
    table, field : str
        What it names.
    similarity : float
        0 to 100.
    """

    header: str
    table: str
    field: str
    similarity: float


def nearest_field(header: str, table: str | None = None) -> Suggestion | None:
    """Return the known header that is nearest to an unknown one.

    Parameters
    ----------
    header : str
        As it stands on the sheet.
    table : str, optional
        Look only among the fields of this table.

    Returns
    -------
    Suggestion or None
        None where nothing is near (similarity below 60 of 100). A header that ends in 数 is a
        count: only numbers are near to it (村居数 is not 村居).

    Examples
    --------
    >>> near = nearest_field("受里日期")
    >>> near.header, near.table, near.field
    ('受理日期', 'services', 'accepted')
    """
    sought = _key(bare_header(header))
    known = {
        key: place
        for key, places in _fields().items()
        for place in reversed(places)
        if (table is None or place.table == table)
        and (not sought.endswith("数") or dtype_of(place.field) == "float64")
    }
    best = process.extractOne(sought, known.keys(), scorer=fuzz.ratio, score_cutoff=60)
    if best is None:
        return None
    place = known[best[0]]
    return Suggestion(place.header, place.table, place.field, best[1])


# -- words -------------------------------------------------------------------------------------
@cache
def _codes(vocabulary: str) -> Mapping[str, str]:
    if vocabulary not in _TABLE["codes"]:
        raise TableError(
            f"vocabulary must be one of {', '.join(_TABLE['codes'])}, got {vocabulary!r}. "
            "Give one of them."
        )
    found = {}
    if vocabulary == "domain":  # a sector tells its domain
        found = {word: DOMAIN_OF_SECTOR[sector] for word, sector in _codes("sector").items()}
    for code, words in _TABLE["codes"][vocabulary].items():
        shown = WORDS[f"{vocabulary}.{code}"]  # as our own templates say
        found |= {_key(word): code for word in (code, *shown, *words)}
    return MappingProxyType(found)


_AROUND: Final = re.compile(
    r"^(?:党支部|支部|党组织|单位|年度)|(?:总分|得分|评分|分数|打分|分值|分|意见|结果|情况|票数|票)$"
)


def _code(vocabulary: str, text: str) -> str | None:
    known = _codes(vocabulary)
    found: str | None = _look_up(known, text)
    return found or known.get(_AROUND.sub("", _key(bare_header(text))))


def code_of(vocabulary: str, words: pd.Series) -> pd.Series:
    """Return the codes of a column of words.

    Parameters
    ----------
    vocabulary : str
        Which words they are: domain, sector, source, kind, evidence, service, need, channel, tier,
        way, disposal, visit, activity, yes_no, respondent, answer, tag, level, core_role.
    words : Series
        Words as written; 得分, 评分 and their kind around a word do not matter (支部自评得分).

    Returns
    -------
    Series of str
        Missing where a word is missing, not known, or covers several codes (see `meant_codes`).

    Raises
    ------
    TableError
        For another vocabulary.

    Examples
    --------
    >>> code_of("source", pd.Series(["支部自评得分", "上级评定", "某处"])).tolist()
    ['self', 'superior', nan]
    """
    _codes(vocabulary)
    return each_text(words, lambda text: _code(vocabulary, text))


_BETWEEN: Final = re.compile(r"[、,，;；/+|\s]+|[和与及]")


def codes_of(vocabulary: str, words: pd.Series) -> pd.Series:
    """Return the codes of a column whose cells may hold several words (听、看、查).

    Parameters
    ----------
    vocabulary : str
        As for `code_of`.
    words : Series
        Words as written, between any marks; single characters may stand without one (听看查).

    Returns
    -------
    Series of str
        Codes joined by ";"; missing where one of the words is not known.

    Raises
    ------
    TableError
        For another vocabulary.

    Examples
    --------
    >>> codes_of("evidence", pd.Series(["听、看、查", "走访", "猜"])).tolist()
    ['listen;look;check', 'visit', nan]
    """
    _codes(vocabulary)

    def several(text: str) -> str | None:
        if whole := _code(vocabulary, text):
            return whole
        parts = [part for part in _BETWEEN.split(clean_cell(text)) if part]
        if len(parts) == 1:
            parts = list(parts[0])
        codes = [code for part in parts if (code := _code(vocabulary, part))]
        return ";".join(dict.fromkeys(codes)) if codes and len(codes) == len(parts) else None

    return each_text(words, several)


def code_in(vocabulary: str, text: str) -> str | None:
    """Return the code whose longest word stands inside a title, a sheet name or a file name.

    Parameters
    ----------
    vocabulary : str
        As for `code_of`.
    text : str
        The title or name. Words of one character are not looked for.

    Returns
    -------
    str or None

    Raises
    ------
    TableError
        For another vocabulary.

    Examples
    --------
    >>> code_in("source", "2024年度群众测评汇总表"), code_in("respondent", "党员测评票")
    ('mass', 'member')
    """
    key = _key(text)
    inside = [word for word in _codes(vocabulary) if len(word) > 1 and word in key]
    return _codes(vocabulary)[max(inside, key=len)] if inside else None


def meant_codes(vocabulary: str, word: str) -> list[str]:
    """Return the codes that a word without a code may mean.

    Parameters
    ----------
    vocabulary : str
        As for `code_of`.
    word : str
        A word that `code_of` does not know.

    Returns
    -------
    list of str
        The codes it covers where that is known (两新组织: private enterprises and social
        organisations), else those of up to three near words.

    Raises
    ------
    TableError
        For another vocabulary.

    Examples
    --------
    >>> meant_codes("sector", "两新组织")
    ['private_enterprise', 'social_organisation']
    """
    known = _codes(vocabulary)
    covered = _TABLE["ambiguous"].get(vocabulary, {})
    for cover, codes in covered.items():
        if _key(cover) == _key(word):
            return list(codes)
    near = process.extract(_key(word), known.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=50)
    return list(dict.fromkeys(known[key] for key, _, _ in near))


def codes_in(vocabulary: str) -> list[str]:
    """Return all codes of a vocabulary, as declared.

    Parameters
    ----------
    vocabulary : str
        As for `code_of`.

    Returns
    -------
    list of str

    Raises
    ------
    TableError
        For another vocabulary.

    Examples
    --------
    >>> codes_in("kind")
    ['base', 'bonus', 'deduction']
    """
    return list(dict.fromkeys(_codes(vocabulary).values()))


# -- rows and columns that are not data --------------------------------------------------------
@cache
def _kinds(section: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for kind, words in _TABLE[section].items():
        for word in words:
            found.setdefault(_key(word), kind)
    return MappingProxyType(found)


_SIGNED: Final = ("签字", "签名", "签章", "盖章")
_BRACKETED: Final = re.compile(r"[(（].*?[)）]")


def kind_of_row(text: str) -> str | None:
    """Return what a row that begins with this text is, if it is no data.

    Parameters
    ----------
    text : str
        The first filled cell of the row.

    Returns
    -------
    {"total", "signature", "note", "head"} or None
        合计, 小计, 平均 …; 签名, 盖章, 填表人 …; 备注：, 说明： …; 考评对象： … .

    Examples
    --------
    >>> kind_of_row("合　计"), kind_of_row("签名（支部章）：　年　月　日"), kind_of_row("张村")
    ('total', 'signature', None)
    """
    kinds = _kinds("rows")
    whole = clean_cell(text).replace("：", ":")
    before = _key(_BRACKETED.sub("", whole.partition(":")[0])).removesuffix("年月日")
    # 考核组长签字, 乡镇党委（盖章）
    signed = "signature" if _key(whole.partition(":")[0]).rstrip(")）").endswith(_SIGNED) else None
    return kinds.get(_key(whole)) or kinds.get(before) or signed


def kind_of_column(header: str) -> str | None:
    """Return what a column with this header is, if it is no data of the four tables.

    Parameters
    ----------
    header : str
        As it stands on the sheet.

    Returns
    -------
    {"serial", "rank", "total", "grade", "share", "dimension", "note"} or None
        序号 …; 排名 …; 合计, 总分 …; 等次 …; 满意率 …; 一级指标 …; 备注, 评分要点 … .

    Examples
    --------
    >>> kind_of_column("序号"), kind_of_column("排 名"), kind_of_column("得分")
    ('serial', 'rank', None)
    """
    found: str | None = _look_up(_kinds("columns"), header)
    return found
