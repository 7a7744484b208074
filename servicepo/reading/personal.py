"""Columns that hold persons: found by header and by content, reported without a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Final

import numpy as np
import pandas as pd

from .values import key_of

__all__ = ["personal_columns"]

_HEADERS: Final = (
    ("id_card", r"身份证|证件号|公民身份|id ?card|idcard|identity(card|number)"),
    ("mobile", r"手机|移动电话|mobile|cellphone"),
    ("bank_card", r"银行卡|银行帐号|银行账号|卡号|开户账号|bankcard|bankaccount"),
    ("email", r"邮箱|电子邮件|e-?mail"),
    ("telephone", r"电话|联系方式|telephone|phone"),
    ("address", r"家庭住址|住址|家庭地址|联系地址|门牌|homeaddress"),
    (
        "name",
        r"姓名|(?:填表|填报|制表|统计|经办|承办|受理|登记|被访|受访|走访|联系|责任|负责|申请|申报|诉求|反映|来访|投诉|求助|评价|测评|评分|打分|考评|"
        r"审核|记录|回访|调查|户主|代办|值班|带队)人员?$|^户主|受访者|被访者|调查员|网格员$|填表者|^书记$|书记姓名|^班长$|^评委$|responsible|respondentname|contactperson|^resource$",
    ),
)
_PATTERNS: Final = tuple((reason, re.compile(pattern)) for reason, pattern in _HEADERS)


def personal_columns(frame: pd.DataFrame) -> dict[Hashable, str]:
    """Return the columns that hold persons, each with the reason."""
    found: dict[Hashable, str] = {}
    for column in frame.columns:
        reason = _by_header(str(column)) or _by_content(frame[column])
        if reason:
            found[column] = reason
    return found


def _by_header(header: str) -> str | None:
    key = key_of(header)
    if re.search(r"组织名称|单位名称", key):
        return None
    return next((reason for reason, pattern in _PATTERNS if pattern.search(key)), None)


_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])


def _id_card(text: str) -> bool:
    if re.fullmatch(r"\d{17}[\dX]", text):
        if not _birthday(text[6:14]):
            return False
        total = sum(int(c) * int(w) for c, w in zip(text[:17], _ID_WEIGHTS, strict=True))
        return "10X98765432"[total % 11] == text[17]
    return bool(re.fullmatch(r"[1-8]\d{14}", text)) and _birthday("19" + text[6:12])


def _birthday(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    return 1900 <= year <= 2030 and 1 <= month <= 12 and 1 <= day <= 31


def _mobile(text: str) -> bool:
    return bool(re.fullmatch(r"(?:\+?86)?1[3-9]\d{9}", text))


def _bank_card(text: str) -> bool:
    if not re.fullmatch(r"[3-6]\d{15,18}", text):
        return False
    digits = [int(c) for c in reversed(text)]
    return sum(digits[::2]) % 10 + sum(sum(divmod(2 * d, 10)) for d in digits[1::2]) % 10 in (0, 10)


def _email(text: str) -> bool:
    return bool(re.fullmatch(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text, re.ASCII))


_CONTENTS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("id_card", _id_card),
    ("mobile", _mobile),
    ("bank_card", _bank_card),
    ("email", _email),
)
_SHARE = 0.2
_SAMPLE = 500


def _by_content(cells: pd.Series) -> str | None:
    """Return the reason where at least a fifth of the filled cells look personal."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype):
        return None
    filled = cells.dropna()
    if filled.empty:
        return None
    texts = [_plain(v) for v in filled.iloc[:: max(1, len(filled) // _SAMPLE)]]
    for reason, test in _CONTENTS:
        if sum(map(test, texts)) >= _SHARE * len(texts):
            return reason
    return None


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"[\s-]", "", str(value)).upper() if "@" not in str(value) else str(value).strip()
