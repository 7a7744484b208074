"""What counties call things: headers -> fields, words -> codes, by the declared table `aliases.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import pandas as pd
from rapidfuzz import fuzz, process

from ..tables import DOMAIN_OF_SECTOR
from .values import clean_cell, key_of

__all__ = [
    "Suggestion",
    "bare_header",
    "code_of",
    "codes_of",
    "field_of",
    "full_mark_in",
    "kind_of_column",
    "kind_of_row",
    "meant_codes",
    "nearest_field",
]

_TABLE: Final = tomllib.loads(Path(__file__).with_name("aliases.toml").read_text(encoding="utf-8"))

_UNITS = "分|户|人|个|名|件|次|天|日|元|万元|小时|%|份|票|家|处|项|场|篇|平方米|㎡|m2|月|年|人次|户次|件次|百分制|必填|选填|单选|多选|盖章|公章|全称"
_MARK = re.compile(
    rf"[(（\[【]\s*(?:(?:满分|共|计|最高|{_UNITS}|单位)?[::：]?\s*(?:\d+(?:\.\d+)?)?\s*(?:{_UNITS})?(?:制)?)\s*[)）\]】]"
)
_FULL = re.compile(
    r"[(（\[【]\s*(?:满分|共|计|最高|总分|分值)?[:：]?\s*(\d+(?:\.\d+)?)\s*分制?\s*[)）\]】]"
    r"|(?:满分|总分值|分值)[为是:：]?\s*(\d+(?:\.\d+)?)"
    r"|(?<=\D)(\d+(?:\.\d+)?)分(?:制)?$"
)
_NUMBERING = re.compile(
    r"^(?:[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）]|\d{1,2}[.、．](?!\d)|[一二三四五六七八九十]{1,3}[、.．])"
)
_NOISE = re.compile(r"[\s_\-*·:,;.、，。：；/()\[\]“”\"'#&+]+")


def bare_header(header: str) -> str:
    """Return a header without its marks, units, stars and numbering."""
    text = _MARK.sub("", clean_cell(header)).strip(" *＊:：")
    return _NUMBERING.sub("", text).strip() or text


def full_mark_in(header: str) -> float | None:
    """Return the full mark a header tells."""
    found = _FULL.search(clean_cell(header))
    return float(next(g for g in found.groups() if g)) if found else None


def _key(text: str) -> str:
    key = key_of(text)
    return _NOISE.sub("", key) or key


@cache
def _fields() -> MappingProxyType[str, tuple[tuple[str, str], ...]]:
    declared = _TABLE["fields"]
    found: dict[str, list[tuple[str, str]]] = {}
    for table, fields in declared.items():
        for field, words in fields.items():
            for word in _words(words, declared, field):
                places = found.setdefault(_key(word), [])
                if (table, field) not in places:
                    places.append((table, field))
    return MappingProxyType({key: tuple(places) for key, places in found.items()})


def _words(words: Any, declared: dict[str, Any], field: str) -> list[str]:
    if isinstance(words, str):
        return list(declared[words][field])
    return [w for word in words for w in (declared[word[1:]][field] if word[0] == "@" else [word])]


def field_of(header: str) -> list[tuple[str, str]]:
    """Return the fields a header may name."""
    fields = _fields()
    return list(fields.get(_key(bare_header(header))) or fields.get(_key(header)) or ())


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The known header nearest to an unknown one."""

    header: str
    table: str
    field: str
    similarity: float


def nearest_field(header: str, table: str | None = None) -> Suggestion | None:
    """Return the known header nearest to one that is not known."""
    known = {k: [p for p in places if table in (None, p[0])] for k, places in _fields().items()}
    known = {k: places for k, places in known.items() if places}
    best = process.extractOne(
        _key(bare_header(header)), known.keys(), scorer=fuzz.ratio, score_cutoff=60
    )
    return Suggestion(best[0], *known[best[0]][0], best[1]) if best else None


@cache
def _codes(vocabulary: str) -> dict[str, str]:
    declared = _TABLE["codes"]
    found = {}
    if vocabulary == "domain":
        found = {w: DOMAIN_OF_SECTOR[s] for w, s in _codes("sector").items()}
        found |= {_key(w): d for d in declared["domain"] for w in declared["domain"][d]}
    for code, words in declared[vocabulary].items():
        found |= {_key(word): code for word in (code, *words)}
    return found


_AROUND = re.compile(
    r"^(?:支部|党支部|党组织|单位|本单位|年度)|(?:得分|评分|分数|打分|分|意见|结果|情况)$"
)


def _code(vocabulary: str, word: str) -> str | None:
    known = _codes(vocabulary)
    bare = _key(bare_header(word))
    return known.get(bare) or known.get(_key(word)) or known.get(_AROUND.sub("", bare))


def code_of(vocabulary: str, words: pd.Series) -> pd.Series:
    """Return the codes of a column of words; missing where a word is not known."""
    codes, uniques = pd.factorize(words)
    values = pd.array([*(_code(vocabulary, str(word)) for word in uniques), None], dtype="str")
    return pd.Series(values.take(codes), index=words.index, name=words.name)


_BETWEEN = re.compile(r"[、,，;；/ +和与及]+|\s+")


def codes_of(vocabulary: str, words: pd.Series) -> pd.Series:
    """Return several codes of one cell, joined by ";"."""
    known = _codes(vocabulary)

    def several(text: str) -> str | None:
        whole = known.get(_key(text))
        if whole:
            return whole
        parts = [p for p in _BETWEEN.split(clean_cell(text)) if p]
        if len(parts) == 1 and all(known.get(c) for c in parts[0]):
            parts = list(parts[0])
        found = [known.get(_key(part)) for part in parts]
        return ";".join(dict.fromkeys(f for f in found if f)) if parts and all(found) else None

    codes, uniques = pd.factorize(words)
    values = pd.array([*map(several, map(str, uniques)), None], dtype="str")
    return pd.Series(values.take(codes), index=words.index, name=words.name)


def meant_codes(vocabulary: str, word: str) -> list[str]:
    """Return the codes an unknown word may mean."""
    ambiguous = {_key(w): codes for w, codes in _TABLE["ambiguous"].get(vocabulary, {}).items()}
    if codes := ambiguous.get(_key(word)):
        return list(codes)
    known = _codes(vocabulary)
    near = process.extract(_key(word), known.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=50)
    return list(dict.fromkeys(known[key] for key, _, _ in near))


RowKind = Literal["total", "signature", "note", "head"]


@cache
def _kinds(section: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, words in _TABLE[section].items():
        for word in words:
            found.setdefault(_key(word), kind)
    return found


def kind_of_row(text: str) -> str | None:
    """Return what a row that is not data is."""
    kinds = _kinds("rows")
    whole = clean_cell(text)
    if kind := kinds.get(_key(whole)):
        return kind
    before, mark, _ = re.sub(r"[：:]", ":", whole).partition(":")
    return kinds.get(_key(re.sub(r"[(（].*?[)）]", "", before))) if mark else None


def kind_of_column(header: str) -> str | None:
    """Return what a column that is not data is."""
    kinds = _kinds("columns")
    return kinds.get(_key(bare_header(header))) or kinds.get(_key(header))
