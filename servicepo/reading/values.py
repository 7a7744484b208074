"""Cells as people write them -> numbers, dates, periods and clean text; column by column.

Each parser takes one column and returns `Parsed`: the values, whether each cell was understood, and a
word on how. Distinct values are parsed once, so a ledger of 100,000 rows costs its distinct words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import opencc
import pandas as pd

__all__ = [
    "CHINA",
    "Parsed",
    "clean_cell",
    "clean_text",
    "fill_ditto",
    "match_key",
    "parse_dates",
    "parse_numbers",
    "parse_periods",
    "period_in_text",
    "simplify",
    "simplify_cell",
]

CHINA: Final = timezone(timedelta(hours=8))

NOT_APPLICABLE: Final = frozenset(
    (
        "—",
        "——",
        "–",
        "-",
        "--",
        "－",
        "/",
        "／",
        "\\",
        "不适用",
        "无此项",
        "N/A",
        "n/a",
        "NA",
        "不涉及",
    )
)
DITTO: Final = frozenset(("同上", "〃", "″", '"', "''", "同前", "〞", "ditto"))


class Parsed(NamedTuple):
    """One column after parsing; all three share the index of the cells.

    Attributes
    ----------
    values : Series
        The values; missing where the cell is blank, not applicable or not understood.
    understood : Series of bool
        False only where a cell says something that could not be read.
    note : Series of str
        How the cell was read: "" (plainly), "blank", "not_applicable", or a word of the parser's own.
    """

    values: pd.Series
    understood: pd.Series
    note: pd.Series


# -- text --------------------------------------------------------------------------------------
_KEPT = "，。：；！？（）【】《》“”‘’、…—～"  # full-width marks that belong to Chinese text
_HOLD = {ord(mark): chr(0xE000 + i) for i, mark in enumerate(_KEPT)}
_BACK = {0xE000 + i: mark for i, mark in enumerate(_KEPT)}
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad\ufe00-\ufe0f]")
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_PINYIN = re.compile(
    f"(?<=[{_HAN}?])[(（](?=[^()（）]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜḿńňǹ])[a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüêḿńňǹ]{{1,7}}[)）]"
)
_MARKS = "，。：；！？（）【】《》“”、"
_GAP = re.compile(f"(?<=[{_HAN}{_MARKS}])\\s+(?=[{_HAN}{_MARKS}])")
_SPACES = re.compile(r"\s+")


def clean_cell(text: str) -> str:
    """Return the text as it was meant: one width, no line breaks inside names, nothing unseen."""
    text = unicodedata.normalize("NFC", text)
    text = _PINYIN.sub("", _UNSEEN.sub("", text))
    text = unicodedata.normalize("NFKC", text.translate(_HOLD)).translate(_BACK)
    return _SPACES.sub(" ", _GAP.sub("", text)).strip()


def clean_text(cells: pd.Series) -> pd.Series:
    """Clean a column of text (see `clean_cell`); what is missing or only white space is missing."""
    return _each_text(cells, lambda text: clean_cell(text) or None)


@cache
def _converter() -> Any:
    return opencc.OpenCC("t2s")


def simplify_cell(text: str) -> str:
    """Return the text in simplified characters."""
    return str(_converter().convert(text))


def simplify(cells: pd.Series) -> pd.Series:
    """Return a column in simplified characters."""
    return _each_text(cells, simplify_cell)


_SAME = str.maketrans("（）【】［］：，", "()[][]:,")


def match_key(cells: pd.Series) -> pd.Series:
    """Return what two ways of writing one name have in common; for matching, never for display."""
    return _each_text(cells, key_of)


def key_of(text: str) -> str:
    """Return the matching key of one name (see `match_key`)."""
    text = simplify_cell(clean_cell(text)).translate(_SAME)
    return text.replace(" ", "").casefold()


def fill_ditto(cells: pd.Series) -> pd.Series:
    """Return the column with 同上 and its kind replaced by what stands in the row above."""
    ditto = cells.isin(DITTO).to_numpy()
    rows = np.maximum.accumulate(np.where(ditto, 0, np.arange(len(cells))))
    return pd.Series(cells.array.take(rows), index=cells.index, name=cells.name)


def _text_of(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _each_text(cells: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    codes, words = pd.factorize(cells)
    done = [function(_text_of(word)) for word in words]
    return _series([*done, None], codes, cells, "str")


def _series(uniques: Any, codes: np.ndarray, cells: pd.Series, dtype: Any = None) -> pd.Series:
    """Spread values of distinct cells over all cells; the last one is for the missing."""
    values = pd.array(uniques, dtype=dtype) if dtype is not None else np.asarray(uniques)
    return pd.Series(
        values.take(codes) if dtype is None else values[codes], cells.index, name=cells.name
    )


# -- numbers -----------------------------------------------------------------------------------
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_FORMAL = str.maketrans(
    "壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸", "一二三四五六七八九十百千万亿两二三六"
)
_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}


def chinese_number(text: str) -> float | None:
    """Return the number a Chinese numeral stands for, None where it is not one."""
    text = text.translate(_FORMAL)
    whole, point, rest = text.partition("点")
    if point:
        head = chinese_number(whole)
        if head is None or not rest or any(c not in _DIGITS for c in rest):
            return None
        return head + float("0." + "".join(str(_DIGITS[c]) for c in rest))
    if not text:
        return None
    if all(c in _DIGITS for c in text):
        return float("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    last = 1
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
            last = 1 if digit == 0 else last
        elif c in _TENS:
            section += (digit or 1) * _TENS[c]
            digit, last = 0, _TENS[c]
        elif c in _LARGE:
            total = (total + section + digit) * _LARGE[c]
            section, digit, last = 0, 0, _LARGE[c]
        else:
            return None
    return float(total + section + digit * (last // 10 if last > 10 else 1))


_ARABIC = r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[-+−]?\.\d+"
_HANZI = r"[零〇一二两三四五六七八九十百千万亿点壹贰叁肆伍陆柒捌玖拾佰仟]+"
_UNIT = (
    r"(?:分钟|分|户次|户|人次|人|名|个百分点|百分点|个小时|小时|个月|个|件次|件|次|天|工作日|日|元|块|篇|份|票|"
    r"家|处|项|场次|场|期|平方米|㎡|m2|岁|公里|条|张|点|位|支|组|场|期|株|亩|台|套|本|部|间)"
)
_WRITTEN = re.compile(
    rf"(?P<lead>得分|得|共计|共|计|约|近|不少于|不低于|至少|>=|≥|扣减|扣除|扣|减|附加分|附加|奖励|加分|加|百分之|第)?[::]?"
    rf"(?P<number>{_ARABIC}|{_HANZI}?)(?P<more>多|余|几)?(?P<large>[万亿])?(?P<more2>多|余)?"
    rf"(?P<unit>{_UNIT})?(?P<over>以上|多|余)?(?P<percent>%)?(?:\(\D*\))?"
)
_AT_LEAST = {"不少于", "不低于", "至少", ">=", "≥"}
_DEDUCT = {"扣减", "扣除", "扣", "减"}
_BONUS = {"附加分", "附加", "奖励", "加分", "加"}
_YES = frozenset("√ ✓ ✔ 有 是 已 对 Y y YES Yes yes TRUE True true 达标 合格 完成 已完成 ☑".split())
_NO = frozenset(
    "× ✗ ✘ X x 无 否 未 没有 不是 错 N n NO No no FALSE False false 不达标 不合格 未完成 ☐".split()
)


def _number(text: str, boolean: bool) -> tuple[float, bool, str]:
    """Read one cell's text: value, understood, note."""
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).strip()
    if not text:
        return np.nan, True, "blank"
    if boolean and (text in _YES or text in _NO):
        return float(text in _YES), True, "boolean"
    if text in NOT_APPLICABLE:
        return np.nan, True, "not_applicable"
    found = _WRITTEN.fullmatch(text.replace(" ", ""))
    if not found or not found["number"]:
        return np.nan, False, ""
    lead = found["lead"] or ""
    number = found["number"].replace(",", "").replace("−", "-")
    try:
        value = float(number)
    except ValueError:
        numeral = chinese_number(number)
        if numeral is None:
            return np.nan, False, ""
        value = numeral
    value *= _LARGE.get(found["large"] or "", 1)
    if lead in _DEDUCT:
        return -abs(value), True, "deduction"
    if lead in _BONUS:
        return value, True, "bonus"
    if lead == "第":
        return value, True, "rank"
    if found["percent"] or lead == "百分之":
        return value, True, "percent"
    if lead in _AT_LEAST or found["more"] or found["more2"] or found["over"]:
        return value, True, "lower_bound"
    if lead in ("约", "近"):
        return value, True, "approximate"
    return value, True, ""


def parse_numbers(cells: pd.Series, *, boolean: bool = False) -> Parsed:
    """Read a column of numbers as people write them."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return _plain(cells.astype(float))
    codes, words = pd.factorize(cells)
    read = [_number_of(word, boolean) for word in words]
    return _parsed(read, codes, cells, float)


def _number_of(word: object, boolean: bool) -> tuple[float, bool, str]:
    if isinstance(word, str):
        return _number(word, boolean)
    if isinstance(word, (int, float, np.number, np.bool_)):
        return float(word), True, ""
    return np.nan, False, ""


def _plain(values: pd.Series) -> Parsed:
    note = pd.Series("", index=values.index, dtype="str").mask(values.isna(), "blank")
    return Parsed(values, pd.Series(True, index=values.index), note)


def _parsed(read: list[Any], codes: np.ndarray, cells: pd.Series, dtype: Any) -> Parsed:
    values, understood, notes = zip(*[*read, (None, True, "blank")], strict=True)
    return Parsed(
        _series(list(values), codes, cells, dtype),
        _series(list(understood), codes, cells, bool),
        _series(list(notes), codes, cells, "str"),
    )


# -- dates -------------------------------------------------------------------------------------
_ZONED = r"[T ]\d{2}:?\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$"
_DATE = re.compile(
    r"(?P<year>\d{4})(?:[年./-](?P<month>\d{1,2})(?:[月./-](?P<day>\d{1,2})[日号]?)?月?)"
    r"(?:T?(?P<hour>\d{1,2})[:时点](?:(?P<minute>\d{1,2})分?)?(?::?(?P<second>\d{1,2})(?:\.\d+)?秒?)?)?"
)
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})?(?:(\d{2})(\d{2})(\d{2})?)?")
_EPOCH = datetime(1899, 12, 30)


def _date(text: str) -> tuple[datetime | None, bool, str]:
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).strip()
    if not text:
        return None, True, "blank"
    if text in NOT_APPLICABLE:
        return None, True, "not_applicable"
    packed = _SPACES.sub("", text)
    found = _DATE.fullmatch(packed if "时" in text or "日" in text else _SPACES.sub("T", text))
    found = found or _DATE.fullmatch(_SPACES.sub("", text)) if "年" in text else found
    try:
        if found:
            parts = [
                int(p) if p else 0
                for p in found.group("year", "month", "day", "hour", "minute", "second")
            ]
            return (
                datetime(*parts[:2], parts[2] or 1, *parts[3:]),
                True,
                "" if found["day"] else "month",
            )  # type: ignore[arg-type,misc]
        if (digits := _PACKED.fullmatch(packed)) and "1900" <= packed[:4] <= "2100":
            parts = [int(p) if p else 0 for p in digits.groups()]
            return (
                datetime(*parts[:2], parts[2] or 1, *parts[3:]),
                True,
                "" if parts[2] else "month",
            )  # type: ignore[arg-type,misc]
        return _serial(float(packed))
    except ValueError:
        return None, False, ""


def _serial(value: float) -> tuple[datetime | None, bool, str]:
    """Read an Excel serial (days since 1899-12-30) between 1954 and 2119, or a date packed in digits."""
    if 20_000 <= value < 80_000:
        return _EPOCH + timedelta(seconds=round(value * 86_400)), True, "serial"
    if value.is_integer() and 190_001 <= value <= 21_001_231:
        return _date(str(int(value)))
    return None, False, ""


def parse_dates(cells: pd.Series, *, zone: tzinfo = CHINA) -> Parsed:
    """Read a column of dates and moments as people write them."""
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        local = cells.dt.tz_convert(zone).dt.tz_localize(None).astype("datetime64[us]")
        return _plain(local)
    if pd.api.types.is_datetime64_dtype(cells.dtype):
        return _plain(cells.astype("datetime64[us]"))
    codes, words = pd.factorize(cells)
    texts = pd.Series(words)
    values = np.full(len(texts) + 1, np.datetime64("NaT"), dtype="datetime64[us]")
    understood = np.ones(len(texts) + 1, dtype=bool)
    notes = np.full(len(texts) + 1, "", dtype=object)
    notes[-1] = "blank"
    rest = np.ones(len(texts), dtype=bool)
    if isinstance(texts.dtype, pd.StringDtype) and len(texts):
        rest = _fast_dates(texts, values[:-1], notes[:-1], zone)
    for i in np.flatnonzero(rest):
        value, understood[i], notes[i] = _date_of(words[i], zone)
        values[i] = np.datetime64("NaT") if value is None else value
    return Parsed(
        pd.Series(values[codes], cells.index, name=cells.name),
        pd.Series(understood[codes], cells.index, name=cells.name),
        pd.Series(notes[codes], cells.index, dtype="str", name=cells.name),
    )


def _fast_dates(
    texts: pd.Series, values: np.ndarray, notes: np.ndarray, zone: tzinfo
) -> np.ndarray:
    """Read ISO dates and moments all at once; return the mask of what is left."""
    zoned = texts.str.contains(_ZONED).to_numpy(bool)
    plain = texts.str.len().ge(10).to_numpy(bool) & ~zoned
    if plain.any():
        read = pd.to_datetime(texts[plain], format="ISO8601", errors="coerce")
        values[plain] = read.to_numpy("datetime64[us]")
    if zoned.any():
        read = pd.to_datetime(texts[zoned], format="ISO8601", errors="coerce", utc=True)
        values[zoned] = read.dt.tz_convert(zone).dt.tz_localize(None).to_numpy("datetime64[us]")
        notes[zoned] = "zone"
    return np.isnat(values)


def _date_of(word: object, zone: tzinfo) -> tuple[datetime | None, bool, str]:
    if isinstance(word, datetime):
        if word.tzinfo is not None:
            return word.astimezone(zone).replace(tzinfo=None), True, "zone"
        return word, True, ""
    if isinstance(word, date):
        return datetime(word.year, word.month, word.day), True, ""
    if isinstance(word, str):
        return _date(word)
    if isinstance(word, (int, float, np.number)):
        return _serial(float(word))
    return None, False, ""


# -- periods -----------------------------------------------------------------------------------
_QUARTER = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_PART = (
    r"(?:(?P<half>上半年|下半年|前半年|后半年|[Hh][12])"
    r"|(?:第)?(?P<quarter>[一二三四1-4])季度?|[Qq](?P<q>[1-4])"
    r"|(?P<from>1?\d)月?(?:-|—|–|~|～|至|到)(?P<to>1?\d)月份?"
    r"|(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?)"
)
_PERIOD = re.compile(rf"{_YEAR}(?:年度?|[.\-/ ]|)?[·.\-/ ]?{_PART}")
_DASHED = re.compile(
    rf"{_YEAR}(?:[-./]|年)?(?P<month>0[1-9]|1[0-2]|(?<=\D)[1-9])月?(?:[-./](?:3[01]|[12]\d|0?[1-9])(?!\d).*|(?:0[1-9]|[12]\d|3[01]))?"
)
_WHOLE = re.compile(rf"{_YEAR}(?:年度?|\.0)?")
_SPAN = {
    (1, 6): "H1",
    (7, 12): "H2",
    (1, 12): "",
    (1, 3): "Q1",
    (4, 6): "Q2",
    (7, 9): "Q3",
    (10, 12): "Q4",
}


def _period(text: str, year: int | None) -> tuple[str | None, bool, str]:
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).replace(" ", "")
    if not text:
        return None, True, "blank"
    if text in NOT_APPLICABLE:
        return None, True, "not_applicable"
    if found := _WHOLE.fullmatch(text):
        return found["year"], True, ""
    if found := _PERIOD.fullmatch(text):
        return _part(found, found["year"], "")
    if found := _DASHED.fullmatch(text):
        note = "" if found.end("month") >= len(text.rstrip("月")) else "date"
        return f"{found['year']}-{int(found['month']):02d}", True, note
    if year is not None and (found := re.fullmatch(_PART, text)):
        return _part(found, str(year), "year_given")
    return None, False, ""


def _part(found: re.Match[str], year: str, note: str) -> tuple[str | None, bool, str]:
    if half := found["half"]:
        return f"{year}H{1 if half[0] in '上前' or half[-1] == '1' else 2}", True, note
    if quarter := found["quarter"] or found["q"]:
        return f"{year}Q{_QUARTER[quarter]}", True, note
    if found["from"]:
        span = _SPAN.get((int(found["from"]), int(found["to"])))
        return (None, False, "") if span is None else (year + span, True, note or "range")
    month = found["month"]
    number = int(month) if month.isdigit() else int(chinese_number(month) or 0)
    return f"{year}-{number:02d}", True, note


def parse_periods(cells: pd.Series, *, year: int | None = None) -> Parsed:
    """Read a column of periods into canonical text."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        cells = cells.dt.strftime("%Y-%m-%d")
    codes, words = pd.factorize(cells)
    read = [
        _period(str(word)[:10] if isinstance(word, date) else _text_of(word), year)
        for word in words
    ]
    return _parsed(read, codes, cells, "str")


def period_in_text(text: str) -> str | None:
    """Return the first period a title or file name speaks of, None where it speaks of none."""
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).replace(" ", "")
    if found := _PERIOD.search(text):
        return _part(found, found["year"], "")[0]
    if found := re.search(rf"(?<!\d){_YEAR}(?!\d)", text):
        return found["year"]
    return None
