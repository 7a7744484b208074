"""Cells as people write them -> numbers, dates and periods; a column at a time.

Each parser returns `Parsed`: the values, whether each cell was understood, and a word on how.
Distinct cells are read once, so a ledger of 100,000 rows costs no more than its distinct words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .text import narrow, text_of

__all__ = [
    "CHINA",
    "Parsed",
    "chinese_number",
    "parse_dates",
    "parse_numbers",
    "parse_periods",
    "period_in_text",
]

CHINA: Final = timezone(timedelta(hours=8))

NOT_APPLICABLE: Final = frozenset(
    ("—", "——", "–", "-", "--", "/", "\\", "不适用", "无此项", "不涉及", "N/A", "n/a", "NA")
)

# What one cell says: its value, whether it was understood, and a note.
Read = tuple[Any, bool, str]
Array = npt.NDArray[Any]
Objects = npt.NDArray[np.object_]


class Parsed(NamedTuple):
    """A column after reading; the three Series have the index of the cells.

    Attributes
    ----------
    values : Series
        The values; missing where a cell is blank, not applicable or not understood.
    understood : Series of bool
        False only where a cell says something that could not be read.
    note : Series of str
        How the cell was read: "" plainly, "blank", "not_applicable", or a word of the parser's own.
    """

    values: pd.Series
    understood: pd.Series
    note: pd.Series


def _nothing(text: str) -> Read | None:
    """Read a cell that says nothing, or return None where it says something."""
    if not text:
        return None, True, "blank"
    return (None, True, "not_applicable") if text in NOT_APPLICABLE else None


def _plain(values: pd.Series) -> Parsed:
    """Return a column that needs no reading."""
    note = pd.Series("", index=values.index, dtype="str", name=values.name)
    understood = pd.Series(True, index=values.index, name=values.name)
    return Parsed(values, understood, note.mask(values.isna(), "blank"))


def _read(
    cells: pd.Series,
    one: Callable[[object], Read],
    *,
    dtype: str,
    many: Callable[[Objects], tuple[Array, Objects]] | None = None,
) -> Parsed:
    """Read each distinct cell once: at first many at a time, then those left one by one.

    ``many`` returns values (missing where it could not read) and notes of the distinct cells.
    """
    codes, distinct = pd.factorize(cells)
    words = np.asarray(distinct, dtype=object)
    count = len(words)
    values: Array = np.full(count, None, dtype=object)
    notes: Objects = np.full(count, "", dtype=object)
    if many is not None and count:
        values, notes = many(words)
    understood = np.ones(count, dtype=bool)
    for i in np.flatnonzero(pd.isna(values)):
        values[i], understood[i], notes[i] = one(words[i])

    def column(said: Array, missing: object, dtype: str) -> pd.Series:
        spread = np.append(said, np.array([missing], dtype=said.dtype))[codes]
        return pd.Series(spread, index=cells.index, name=cells.name, dtype=dtype)

    return Parsed(
        column(values, None, dtype),
        column(understood, True, "bool"),
        column(notes, "blank", "str"),
    )


# -- numbers -----------------------------------------------------------------------------------
_FORMAL: Final = str.maketrans(
    "壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸", "一二三四五六七八九十百千万亿两二三六"
)
_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_LARGE: Final = {"万": 10_000, "亿": 100_000_000}


def chinese_number(text: str) -> float | None:
    """Return the number that a Chinese numeral stands for.

    Parameters
    ----------
    text : str
        一百二十三, 十二, 两万三, 二〇二四, 三点五, 壹拾 …

    Returns
    -------
    float or None
        None where the text is not a Chinese numeral.

    Examples
    --------
    >>> chinese_number("一百二十三"), chinese_number("二〇二四"), chinese_number("三点五")
    (123.0, 2024.0, 3.5)
    """
    whole, point, decimals = text.translate(_FORMAL).partition("点")
    if point:
        head = chinese_number(whole)
        digits = [_DIGITS.get(c) for c in decimals]
        if head is None or not digits or None in digits:
            return None
        return float(f"{head:.0f}." + "".join(map(str, digits)))
    if not whole or (whole[0] not in _DIGITS and whole[0] != "十"):
        return None
    if all(c in _DIGITS for c in whole):
        return float("".join(str(_DIGITS[c]) for c in whole))
    total = section = digit = 0
    unit = 10  # what a last digit without its unit counts in tenths of: 一百二 is 120
    for c in whole:
        if c in _DIGITS:
            digit = _DIGITS[c]
            unit = 10 if digit == 0 else unit
        elif c in _TENS:
            section += (digit or 1) * _TENS[c]
            digit, unit = 0, _TENS[c]
        elif c in _LARGE:
            total = (total + section + digit) * _LARGE[c]
            section, digit, unit = 0, 0, _LARGE[c]
        else:
            return None
    return float(total + section + digit * unit // 10)


_LEADS: Final = {
    "得分": "",
    "得": "",
    "共计": "",
    "共": "",
    "计": "",
    "第": "rank",
    "百分之": "percent",
    "约": "approximate",
    "近": "approximate",
    "不少于": "lower_bound",
    "不低于": "lower_bound",
    "至少": "lower_bound",
    ">=": "lower_bound",
    "≥": "lower_bound",
    "扣减": "deduction",
    "扣除": "deduction",
    "扣": "deduction",
    "减": "deduction",
    "附加分": "bonus",
    "附加": "bonus",
    "奖励": "bonus",
    "加分": "bonus",
    "加": "bonus",
}
_UNITS: Final = (
    "分钟|分|户次|户|人次|人|名|个百分点|百分点|个小时|小时|个月|个|件次|件|次|天|工作日|日|元|块|篇|份|票|"
    "家|处|项|场次|场|期|平方米|㎡|m2|岁|公里|条|张|位|支|组|株|亩|台|套|本|部|间"
)
_WRITTEN: Final = re.compile(
    rf"(?P<lead>{'|'.join(_LEADS)})?:?"
    r"(?P<number>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[-+]?\.\d+|[零一二三四五六七八九〇两十百千万亿点"
    r"壹贰叁肆伍陆柒捌玖拾佰仟]+?)"
    rf"(?P<more>[多余几])?(?P<large>[万亿])?(?P<more2>[多余])?(?:{_UNITS})?(?P<over>以上|[多余])?"
    r"(?P<percent>%)?(?:\([^()\d]*\))?"
)
_YES: Final = re.compile("[√✓✔☑有是已对y]|yes|true|达标|合格|(已)?完成")
_NO: Final = re.compile("[×✗✘☐无否未错xn]|no|false|没有|不是|不达标|不合格|未完成")


def parse_numbers(cells: pd.Series, *, boolean: bool = False) -> Parsed:
    """Read a column of numbers.

    Parameters
    ----------
    cells : Series
        Numbers, text, or both: "90 分", "38.46%", "第四名", "一百二十三", "110多万", "１２",
        "1,234", "扣1分", "附加分2", "—".
    boolean : bool
        Whether √/×, 有/无, 是/否 and their kind stand for 1 and 0. Else they are not understood.

    Returns
    -------
    Parsed
        ``values`` are float. Notes: "percent" (38.46% is 38.46), "rank" (第四名 is 4),
        "lower_bound" (110多万 is 1100000), "approximate" (约30), "deduction" (扣1分 is -1),
        "bonus", "boolean", "blank", "not_applicable".

    Examples
    --------
    >>> read = parse_numbers(pd.Series(["90 分", "第四名", "110多万", "/", "较好"]))
    >>> read.values.tolist()
    [90.0, 4.0, 1100000.0, nan, nan]
    >>> read.understood.tolist()
    [True, True, True, True, False]
    >>> read.note.tolist()
    ['', 'rank', 'lower_bound', 'not_applicable', '']
    """
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return _plain(cells.astype("float64"))
    return _read(cells, partial(_number, boolean=boolean), dtype="float64", many=_numbers)


def _numbers(words: Objects) -> tuple[Array, Objects]:
    """Read plain numbers all at once."""
    told = [word if isinstance(word, (str, int, float, np.number)) else None for word in words]
    values = pd.to_numeric(pd.Series(told, dtype=object), errors="coerce").to_numpy("float64")
    return np.where(np.isinf(values), np.nan, values), np.full(len(words), "", dtype=object)


def _number(word: object, boolean: bool) -> Read:
    if not isinstance(word, str):
        return None, False, ""
    text = narrow(word)
    if boolean:
        for truth, words in ((1.0, _YES), (0.0, _NO)):
            if words.fullmatch(text.casefold()):
                return truth, True, "boolean"
    if nothing := _nothing(text):
        return nothing
    found = _WRITTEN.fullmatch(text.replace(" ", "").replace("−", "-"))
    if found is None:
        return None, False, ""
    number = found["number"].replace(",", "")
    value = chinese_number(number) if number[0] in _HANZI else float(number)
    if value is None:
        return None, False, ""
    value *= _LARGE.get(found["large"] or "", 1)
    note = _LEADS.get(found["lead"] or "", "")
    if note == "deduction":
        return -abs(value), True, note
    if not note and found["percent"]:
        note = "percent"
    if not note and (found["more"] or found["more2"] or found["over"]):
        note = "lower_bound"
    return value, True, note


_HANZI: Final = frozenset([*_DIGITS, *_TENS, *_LARGE, "点", *"壹贰叁肆伍陆柒捌玖拾佰仟"])


# -- dates -------------------------------------------------------------------------------------
_DAY_AND_TIME: Final = r"^(?P<day>[\d年月日./-]+)[ T](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$"
_ZONED: Final = r"[T ]\d{2}:?\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$"
_DATE: Final = re.compile(
    r"(\d{4})\s*[年./-]\s*(\d{1,2})(?:\s*[月./-]\s*(\d{1,2})\s*[日号]?|\s*月)?"
    r"(?:(?:T|\s+|(?<=[日号]))(\d{1,2})\s*[:时点]\s*(?:(\d{1,2})\s*分?)?(?::?(\d{1,2})(?:\.\d+)?秒?)?)?"
)
_PACKED: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?)?")
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000  # 1954 to 2119
_SERIAL_ZERO: Final = datetime(1899, 12, 30)


_PENDING: Final = frozenset(
    (
        *("在办", "正在办理", "办理中", "在办理", "处理中", "正在处理", "待办", "待办结"),
        *("未办结", "未办理", "未办完", "未完成", "未回复", "未答复"),
        *("进行中", "跟进中", "正在跟进", "pending", "open"),
    )
)
"""Words in the place of a date: nothing has happened yet."""


def parse_dates(cells: pd.Series, *, zone: tzinfo = CHINA) -> Parsed:
    """Read a column of dates and moments.

    Parameters
    ----------
    cells : Series
        Moments, text, Excel serial numbers, or all of them: 2014.1.16, 2014年1月, 2014年1月16日,
        20140116, 2014/1/16 9:30, 2014-01-16T09:30:00+08:00, 45292.
    zone : tzinfo
        The zone in which moments with an offset are told; China by default. Moments without one
        are taken as they are.

    Returns
    -------
    Parsed
        ``values`` are datetime64[us] without zone. Notes: "month" (2014年1月 is its first day),
        "serial" (an Excel serial), "zone" (told with an offset), "blank", "not_applicable",
        "pending" (办理中: no date yet).

    Examples
    --------
    >>> read = parse_dates(pd.Series(["2014.1.16", "2014年1月", "45292", "元月"]))
    >>> read.values.dt.strftime("%Y-%m-%d").tolist()
    ['2014-01-16', '2014-01-01', '2024-01-01', nan]
    >>> read.note.tolist()
    ['', 'month', 'serial', '']
    """
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return _plain(cells.dt.tz_convert(zone).dt.tz_localize(None).astype("datetime64[us]"))
    if pd.api.types.is_datetime64_dtype(cells.dtype):
        return _plain(cells.astype("datetime64[us]"))
    return _read(
        cells, partial(_date, zone=zone), dtype="datetime64[us]", many=partial(_dates, zone=zone)
    )


def _dates(words: Objects, zone: tzinfo) -> tuple[Array, Objects]:
    """Read all at once what is written the ISO way, or day, then time (the distinct days first)."""
    texts = pa.array([word if isinstance(word, str) else "" for word in words], pa.string())
    values = np.full(len(words), np.datetime64("NaT"), dtype="datetime64[us]")
    notes = np.full(len(words), "", dtype=object)

    def matches(pattern: str) -> Array:
        found: Array = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
        return found

    iso = matches(r"^\d{4}-\d{2}-\d{2}$")
    if iso.any():
        days = pd.to_datetime(words[iso].astype(str), format="%Y-%m-%d", errors="coerce")
        values[iso] = days.to_numpy("datetime64[us]")
    if iso.all():
        return values, notes
    zoned = matches(_ZONED)
    if zoned.any():
        moments = pd.to_datetime(
            words[zoned].astype(str), format="ISO8601", errors="coerce", utc=True
        )
        values[zoned] = moments.tz_convert(zone).tz_localize(None).to_numpy("datetime64[us]")
        notes[zoned] = "zone"
    parts = pc.extract_regex(texts, _DAY_AND_TIME)
    timed = parts.is_valid().to_numpy(zero_copy_only=False) & ~zoned
    if timed.any():
        day_parts, times = (
            pd.factorize(parts.field(name).filter(pa.array(timed)).to_pandas()) for name in range(2)
        )
        read = [_date_in(text) for text in day_parts[1]]
        day = np.array([None if note else moment for moment, _, note in read], "datetime64[us]")
        clock = pd.Series(times[1], dtype="str")
        clock = clock.where(clock.str.count(":").eq(2), clock + ":00")
        passed = pd.to_timedelta(clock, errors="coerce")
        time = passed.where(passed < pd.Timedelta(days=1)).to_numpy("timedelta64[us]")
        values[timed] = day[day_parts[0]] + time[times[0]]
    return values, notes


def _date(word: object, zone: tzinfo) -> Read:
    if isinstance(word, str):
        return _date_in(word)
    if isinstance(word, datetime):
        if word.tzinfo is None:
            return word, True, ""
        return word.astimezone(zone).replace(tzinfo=None), True, "zone"
    if isinstance(word, date):
        return datetime(word.year, word.month, word.day), True, ""
    if isinstance(word, (int, float, np.number)):
        return _date_number(float(word))
    return None, False, ""


def _date_in(word: str) -> Read:
    text = narrow(word)
    if nothing := _nothing(text):
        return nothing
    if text in _PENDING:
        return None, True, "pending"
    found = _DATE.fullmatch(text) or _PACKED.fullmatch(text)
    if found is None:
        try:
            return _date_number(float(text))
        except ValueError:
            return None, False, ""
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in found.groups())
    try:
        moment = datetime(year, month, day or 1, hour, minute, second)
    except ValueError:
        return None, False, ""
    return moment, True, "" if day else "month"


def _date_number(value: float) -> Read:
    """Read an Excel serial (days since 1899-12-30), or a date whose digits became a number."""
    if _FIRST_SERIAL <= value < _LAST_SERIAL:
        return _SERIAL_ZERO + timedelta(seconds=round(value * 86_400)), True, "serial"
    if value.is_integer() and _PACKED.fullmatch(f"{value:.0f}"):
        return _date_in(f"{value:.0f}")
    return None, False, ""


# -- periods -----------------------------------------------------------------------------------
_YEAR: Final = r"(?<!\d)(?P<year>(?:19|20)\d{2})(?!\d)"
_PART: Final = (
    r"(?:(?P<half>上半年|下半年|前半年|后半年|H[12])"
    r"|第?(?P<quarter>[一二三四1-4])季度?|Q(?P<q>[1-4])"
    r"|(?:第[一二三四五六1-6]轮\()?(?P<first>1[0-2]|[1-9])月?[-—–~～至到]"
    r"(?P<last>1[0-2]|[1-9])月份?\)?"
    r"|(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?"
    r"|(?P<digits>0[1-9]|1[0-2]|(?<=[-./])[1-9])(?!\d)"
    r"|(?P<whole>全年|年终|年度))"
)
_BETWEEN: Final = r"(?:年度?)?[·.\-/]?"
_PERIOD: Final = re.compile(f"{_YEAR}{_BETWEEN}{_PART}", re.IGNORECASE)
_LONE: Final = re.compile(_PART, re.IGNORECASE)
_WHOLE: Final = re.compile(rf"{_YEAR}(?:年度?|\.0)?")
_JOINED: Final = re.compile(r"((?:19|20)\d{2})(0[1-9]|1[0-2])")
_DAY_OR_YEARS: Final = re.compile(
    r"(?<!\d)\d{4}(?:[年./-]\d{1,2}[月./-]\d{1,2}(?!\d)日?|[-—–~～至到]\d{4}年?度?)"
)
_QUARTERS: Final = {"一": 1, "二": 2, "三": 3, "四": 4}


def parse_periods(cells: pd.Series, *, year: int | None = None) -> Parsed:
    """Read a column of periods.

    Parameters
    ----------
    cells : Series
        2024, 2024年度, 2024上半年, 2024年第三季度, 2024q3, 2021-07, 2021年7月, 1-6月 …; also
        dates, which stand for their month.
    year : int, optional
        The year of cells that tell none (三季度).

    Returns
    -------
    Parsed
        ``values`` are canonical text: 2024, 2024H1, 2024Q3, 2021-07. Notes: "year_given" (the year
        came from ``year``), "date" (a day was told), "range" (1-6月 is the first half; other
        ranges are the quarter or half they lie in), "blank", "not_applicable".

    Examples
    --------
    >>> read = parse_periods(pd.Series(["2024年度", "2024q3", "三季度", "第三轮"]), year=2023)
    >>> read.values.tolist()
    ['2024', '2024Q3', '2023Q3', nan]
    """
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        cells = cells.dt.strftime("%Y-%m-%d")
    return _read(cells, partial(_period, year=year), dtype="str")


def _period(word: object, year: int | None) -> Read:
    text = narrow(f"{word:%Y-%m-%d}" if isinstance(word, date) else text_of(word)).replace(" ", "")
    if nothing := _nothing(text):
        return nothing
    if found := _WHOLE.fullmatch(text):
        return found["year"], True, ""
    if found := _PERIOD.fullmatch(text):
        return _part(found, found["year"], "")
    if found := _JOINED.fullmatch(text):
        return f"{found[1]}-{found[2]}", True, ""
    if year is not None and (found := _LONE.fullmatch(text)):
        return _part(found, str(year), "year_given")
    day, understood, note = _date_in(text)
    if day is None or note == "serial":
        return None, False, ""
    return f"{day:%Y-%m}", understood, "date"


def _part(found: re.Match[str], year: str, note: str) -> Read:
    """Return the canonical text of a part of a year."""
    if half := found["half"]:
        return f"{year}H{1 if half[0] in '上前' or half[-1] == '1' else 2}", True, note
    if quarter := found["quarter"] or found["q"]:
        return f"{year}Q{_QUARTERS.get(quarter) or quarter}", True, note
    if found["first"]:
        span = _span(int(found["first"]), int(found["last"]))
        return (None, False, "") if span is None else (year + span, True, note or "range")
    if found["whole"]:
        return year, True, note
    month = found["month"] or found["digits"]
    number = int(month) if month.isdecimal() else int(chinese_number(month) or 0)
    return f"{year}-{number:02d}", True, note


def _span(first: int, last: int) -> str | None:
    """Return the quarter, half or year that a range of months lies in; a year only when whole."""
    if first > last:
        return None
    if (first - 1) // 3 == (last - 1) // 3:
        return f"Q{(first + 2) // 3}"
    if (first - 1) // 6 == (last - 1) // 6:
        return f"H{(first + 5) // 6}"
    return "" if (first, last) == (1, 12) else None


def period_in_text(text: str) -> str | None:
    """Return the period that a title, a sheet name or a file name speaks of.

    Parameters
    ----------
    text : str
        Such as 2024年第三季度考核评分表 or 台账202403.xlsx.

    Returns
    -------
    str or None
        Canonical text. None where it speaks of none, or of several years without 年度; a day
        (2024年1月16日) is when something was written, not its period.

    Examples
    --------
    >>> period_in_text("某县2024年第三季度考核评分表"), period_in_text("名册")
    ('2024Q3', None)
    """
    text = _DAY_OR_YEARS.sub("", narrow(text).replace(" ", ""))
    if found := _PERIOD.search(text):
        period: str | None = _part(found, found["year"], "")[0]
        return period
    if found := re.search(rf"(?<!\d){_JOINED.pattern}(?!\d)", text):
        return f"{found[1]}-{found[2]}"
    years = set(re.findall(r"(?<!\d)((?:19|20)\d{2})(?!\d)", text))
    named = set(re.findall(r"(?<!\d)((?:19|20)\d{2})年度", text))
    told = named or years
    return told.pop() if len(told) == 1 else None
