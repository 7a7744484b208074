"""Columns that tell of persons: found by their header and by their content, told without a value.

Numbers are tested, not only measured: an identity-card number must have a province, a birthday and
its check digit, a bank card its Luhn digit. So record numbers and packed dates pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Final

import numpy as np
import pandas as pd

from .text import key_of, text_of

__all__ = ["personal", "personal_columns"]

SHARE: Final = 0.2  # of the filled cells; less is left to chance
_SAMPLE: Final = 500

_RATERS: Final = "评价|测评|评分|打分|考评|考核"
_ROLES: Final = (
    "填表|填报|制表|统计|经办|承办|受理|登记|被访|受访|走访|联系|责任|负责|申请|申报|诉求|反映|来访|投诉|"
    f"求助|审核|复核|记录|回访|调查|代办|值班|带队|报送|分管|召集|主持|被服务|帮扶|{_RATERS}"
)
_HEADERS: Final = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("id_card", "身份证|证件号|公民身份|idcard|identity(card|number)"),
        ("mobile", "手机|移动电话|mobile|cellphone"),
        ("bank_card", "银行卡|卡号$|[账帐]号$|bank(card|account)"),
        ("email", "邮箱|电子邮件|e-?mail"),
        ("telephone", "电话(号码)?$|联系方式|微信号|qq号|telephone|phone"),
        ("address", "住址|家庭地址|联系地址|门牌号|homeaddress"),
        (
            "name",
            f"姓名|(?:{_ROLES})(?:人|人员|者)$|^户主|[受被]访者|调查员|联络员|网格员$|书记$|组长$|村主任$|"
            "^委员$|^评委$|respondentname|contactperson|responsible|^assignee$",
        ),
    )
)
_OF_RATERS: Final = re.compile(f"(?:{_RATERS})(?:人|人员|者)$|^评委$")


def personal_columns(frame: pd.DataFrame) -> dict[Hashable, str]:
    """Return the columns of a sheet that tell of persons.

    Parameters
    ----------
    frame : DataFrame
        A sheet with its headers as column names.

    Returns
    -------
    dict
        Column -> reason: "id_card", "mobile", "bank_card", "email", "telephone", "address" or
        "name" (words: the labels ``personal.<reason>``). Never a value.

    Notes
    -----
    A column is found by its header, or where at least a fifth of its filled cells (of up to 500
    spread over the column) hold an identity-card, mobile or bank-card number or an e-mail address.
    Persons' names are only found by header; a column of scores under 书记 holds none.

    Examples
    --------
    >>> sheet = pd.DataFrame({"支部": ["张村"], "填表人": ["某某"], "备注": ["电13800000000"]})
    >>> personal_columns(sheet)
    {'填表人': 'name', '备注': 'mobile'}
    """
    told = ((c, personal(str(c), frame.iloc[:, i])) for i, c in enumerate(frame.columns))
    return {column: reason for column, reason in told if reason is not None}


def personal(header: str, cells: pd.Series) -> str | None:
    """Return why a column tells of persons, None where it does not (see `personal_columns`).

    Parameters
    ----------
    header : str
        Its header.
    cells : Series
        Its cells.

    Returns
    -------
    str or None

    Examples
    --------
    >>> personal("填表人", pd.Series(["某某"])), personal("户数", pd.Series([120]))
    ('name', None)
    """
    return _by_header(header, cells) or _by_content(cells)


def _by_header(header: str, cells: pd.Series) -> str | None:
    key = key_of(header)
    reason = next((reason for reason, pattern in _HEADERS if pattern.search(key)), None)
    if reason in ("telephone", "mobile") and _below_a_million(cells):
        return None  # a statistic about telephones
    if reason == "name":
        # Scores and ticks under 书记 are no names, nor is a rater called 评委3 or 第二组.
        other = r"[-+√×/—\s]*|\d+(\.\d+)?分?"
        if _OF_RATERS.search(key):
            other += r"|.*[\dA-Za-z组①-⑳].*"
        texts = _sample(cells)
        if texts and sum(bool(re.fullmatch(other, t)) for t in texts) > (1 - SHARE) * len(texts):
            return None
    return reason


def _below_a_million(cells: pd.Series) -> bool:
    numbers = pd.to_numeric(pd.Series(_sample(cells), dtype="str"), errors="coerce")
    return bool(len(numbers) and numbers.abs().lt(1e6).all())


def _by_content(cells: pd.Series) -> str | None:
    if pd.api.types.is_datetime64_any_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype):
        return None
    texts = _sample(cells)
    if not _SUSPECT.search("\n".join(texts)):
        return None
    for reason, pattern, genuine in _CONTENTS:
        held = sum(any(map(genuine, pattern.findall(text))) for text in texts)
        if held and held >= SHARE * len(texts):
            return reason
    return None


def _sample(cells: pd.Series) -> list[str]:
    """Return up to 500 filled cells, spread over the column."""
    filled = np.flatnonzero(cells.notna())
    return [text_of(cell) for cell in cells.iloc[filled[:: len(filled) // _SAMPLE + 1]]]


# -- what the numbers must be ------------------------------------------------------------------
_PROVINCE: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _id_card(number: str) -> bool:
    """Test a number by GB 11643: province, birthday, and (18 digits) ISO 7064 mod 11-2."""
    if not _PROVINCE.match(number):
        return False
    if len(number) == 15:
        # Records are numbered by region and day too; who has 15 digits was born before 1986.
        return _is_day(f"19{number[6:12]}", 1930, 1990)
    if not _is_day(number[6:14], 1900, 2100):
        return False
    total = sum(int(c) * w for c, w in zip(number[:17], _WEIGHTS, strict=True))
    return number[17].upper() == "10X98765432"[total % 11]


def _is_day(digits: str, first: int, last: int) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    return first <= year <= last and 1 <= month <= 12 and 1 <= day <= 31


def _luhn(number: str) -> bool:
    digits = [int(c) for c in reversed(re.sub(r"\D", "", number))]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _always(_: str) -> bool:
    return True


_SUSPECT: Final = re.compile(r"@|\d(?:[ -]?\d){10}")
_CONTENTS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("id_card", re.compile(r"(?<!\d)[1-8]\d{14}(?:\d{2}[\dXx])?(?!\d)"), _id_card),
    ("mobile", re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), _always),
    (
        "bank_card",
        re.compile(r"(?<!\d)(?:62\d|4\d\d|5[1-5]\d)\d(?:[ -]?\d{4}){3}(?:\d{3})?(?!\d)"),
        _luhn,
    ),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII), _always),
)
