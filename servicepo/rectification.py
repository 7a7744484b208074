"""The rectification ledger (整顿台账): who is on it, until when, and whether it holds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from .anonymity import anonymous_codes
from .errors import TableError
from .labels import Language, word
from .methods.intervals import wilson_interval
from .reading.files import find_inputs, read_grids
from .reading.layout import find_blocks, leaf_of
from .reading.text import key_of
from .reading.values import Parsed, parse_dates

ALIASES: Final = MappingProxyType(
    {
        "org": "org|党组织|党组织名称|单位|单位名称|组织名称|整顿对象|整顿对象名称|名称",
        "listed": "listed|列入时间|列入日期|认定时间|认定日期|确定时间|倒排时间|开始时间",
        "reasons": "reasons|原因|存在问题|主要问题|软弱涣散原因|软弱涣散情形|判定情形|表现",
        "post": "post|责任人职务|责任岗位|责任领导职务|责任人|责任领导|包联领导|联系领导",
        "deadline": "deadline|整顿期限|整改期限|完成时限|转化时限|限期|期限|时限",
        "state": "state|状态|转化状态|整顿状态|转化情况|整顿情况|进展",
        "closed": "closed|转化时间|转化日期|完成时间|销号时间|销号日期|状态时间|验收时间",
    }
)
"""Headers of a ledger, column -> words it goes by."""

NEVER: Final = pd.Timestamp("2200-01-01")
NEEDED: Final = ("org", "listed", "deadline", "state")

STATES: Final = MappingProxyType(
    {
        "rectifying": "rectifying|整顿中|正在整顿|未转化|未完成|进行中|在整顿",
        "turned": "turned|已转化|转化|已完成|已销号|已摘帽|完成转化|验收合格",
        "dissolved": "dissolved|已撤并|撤并|已撤销|撤销|已合并",
    }
)
"""States of an entry: being rectified, turned round, or the organisation is no more."""

# What a post ends with; a name stands before or behind it.
_POSTS: Final = (
    "书记|部长|主任|镇长|乡长|县长|市长|区长|局长|科长|处长|站长|所长|院长|校长|主席|组长|委员|组织员|指导员|"
    "干事|专干|负责人|班子成员|领导|经理|董事长|党委|党工委|支部|工作组|专班|组织部|办公室"
)
_PLACES: Final = "县市区镇乡村委部局办处科站所院校组室厂司街道社支党总各本该原驻帮包联第副正常"
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔汤"
)
_ENGLISH_POST: Final = re.compile(
    r"(?i)^[a-z ,.'/-]*"
    r"(secretary|head|director|chief|officer|deputy|member|leader|committee)[a-z ]*$"
)


@dataclass(frozen=True, eq=False, slots=True)
class Rectification:
    """A checked ledger of rectification, as of one day.

    Organisations are shown by codes such as 村-017 unless names were asked for.

    Attributes
    ----------
    table : DataFrame
        One row per sound entry: ``org``, ``listed``, ``deadline``, ``state`` ("rectifying",
        "turned", "dissolved"), ``closed``, ``reasons``, ``post``; ``days`` and ``years`` on the
        list so far; ``overdue`` (open, or closed, after the deadline); ``time`` (1 for the first
        time on the list); ``relapsed`` (turned, and listed again later).
    problems : DataFrame
        What is wrong: ``row`` (as in the sheet, the first row below the header is 1), ``column``,
        ``rule``, ``value`` (never of a post), ``severity`` ("error": the entry is set aside;
        "warning": it is kept), ``mend``.
    lists : DataFrame
        Where lists of several periods were given: ``org``, ``periods`` (how often listed),
        ``longest`` (the longest run of periods one after another), ``returned`` (how often it came
        back after a period off the list).
    codes : Series
        Organisation → code. The key to the tables: keep it apart from them.
    as_of : Timestamp
        The day.
    names : bool
        Whether the tables show names.
    """

    table: pd.DataFrame
    problems: pd.DataFrame
    lists: pd.DataFrame
    codes: pd.Series
    as_of: pd.Timestamp
    names: bool

    def __repr__(self) -> str:
        rates = self.rates().set_index("rate")
        turned = rates.loc["conversion"]
        share = "" if np.isnan(turned["share"]) else f" ({turned['share']:.0%})"
        open_ = self.table["state"] == "rectifying"
        return (
            f"Rectification({self.as_of:%Y-%m-%d}: {len(self.table)} entries, "
            f"{turned['count']:.0f} turned{share}, {int((open_ & self.table['overdue']).sum())} "
            f"overdue, {int(self.table['relapsed'].sum())} relapsed, {len(self.problems)} problems)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.rates().round(3).to_html(index=False)}"

    def rates(self) -> pd.DataFrame:
        """Tell how many turned, in time and for good.

        Returns
        -------
        DataFrame
            ``rate``, ``count``, ``n``, ``share``, ``low``, ``high`` (Wilson, 95 %; NaN where n is
            0):

            - "conversion" (转化率): turned, of all but the dissolved; entries still open count
              against it, so it can only rise;
            - "in_time": turned by the deadline, of those whose deadline has passed;
            - "overdue": open after the deadline, of those still open;
            - "relapse": listed again later, of those that turned.
        """
        own = self.table[self.table["state"] != "dissolved"]
        turned, open_ = own["state"] == "turned", own["state"] == "rectifying"
        due = own["deadline"] < self.as_of
        counts = {
            "conversion": (turned.sum(), len(own)),
            "in_time": ((turned & due & ~own["overdue"]).sum(), due.sum()),
            "overdue": ((open_ & own["overdue"]).sum(), open_.sum()),
            "relapse": (own["relapsed"].sum(), turned.sum()),
        }
        made = pd.DataFrame(counts.values(), columns=["count", "n"]).astype(int)
        made.insert(0, "rate", list(counts))
        low, high = wilson_interval(made["count"], made["n"])
        return made.assign(share=made["count"] / made["n"].where(made["n"] > 0), low=low, high=high)

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph how the ledger was read, ready for a methods section."""
        return word("methods.rectification", language).format(
            as_of=f"{self.as_of:%Y-%m-%d}", entries=len(self.table), problems=len(self.problems)
        )


def track_rectification(
    ledger: pd.DataFrame | str | os.PathLike[str],
    *,
    organisations: pd.DataFrame | None = None,
    lists: pd.Series | None = None,
    as_of: pd.Timestamp | str | None = None,
    names: bool = False,
    seed: int | np.random.Generator | None = 0,
) -> Rectification:
    """Check a ledger of rectification and tell how many turned, in time and for good.

    Parameters
    ----------
    ledger : DataFrame or path
        One row per stay on the list, with the headers the field uses (党组织, 列入时间, 原因,
        责任人职务, 整顿期限, 状态, 转化时间) or their English codes (``org``, ``listed``,
        ``reasons``, ``post``, ``deadline``, ``state``, ``closed``). A path to a sheet (xlsx, xls,
        ods, csv in GB18030 or UTF-8) is read as `read` reads it.
    organisations : DataFrame, optional
        The roster, indexed by ``org``: who is not in it is unknown. Its ``sector`` gives codes.
    lists : Series of bool, optional
        By (org, period): who stood on the list of weak branches in each period, such as
        ``find_weak(..., names=True).table["weak"]`` of several periods.
    as_of : Timestamp or str, optional
        The day; by default the last date in the ledger.
    names : bool
        Whether the tables show names. Lists of weak branches stigmatise; codes are the default.
    seed : int, Generator or None
        For the codes.

    Returns
    -------
    Rectification

    Raises
    ------
    TableError
        For a column that is missing or stands twice, a ledger without a sound entry, or a
        responsible person told by name: a ledger names posts.

    Notes
    -----
    Errors, set aside: no organisation, or one that is unknown; a date that is missing or cannot be
    read; a deadline or a closing date before the listing; a closing date after ``as_of``; an
    unknown state; "turned" without its date; a stay that overlaps an earlier one of the same
    organisation. Warnings, kept: no deadline.

    Examples
    --------
    >>> ledger = pd.DataFrame({
    ...     "党组织": ["甲村", "乙村", "甲村"],
    ...     "列入时间": ["2022-03-01", "2022-03-01", "2024-03-01"],
    ...     "整顿期限": ["2022-12-31", "2022-12-31", "2024-12-31"],
    ...     "状态": ["已转化", "整顿中", "整顿中"],
    ...     "转化时间": ["2022-11-01", "", ""],
    ... })
    >>> tracked = track_rectification(ledger, as_of="2024-06-30")
    >>> tracked
    Rectification(2024-06-30: 3 entries, 1 turned (33%), 1 overdue, 1 relapsed, 0 problems)
    >>> tracked.rates()[["rate", "count", "n"]].to_numpy().tolist()
    [['conversion', 1, 3], ['in_time', 1, 2], ['overdue', 1, 2], ['relapse', 1, 1]]
    """
    raw = _columns(ledger if isinstance(ledger, pd.DataFrame) else _read(ledger))
    _refuse_persons(raw["post"])
    number = np.arange(1, len(raw) + 1)
    dates = {c: parse_dates(raw[c]) for c in ("listed", "deadline", "closed")}
    table = pd.DataFrame({"org": raw["org"], **{c: p.values for c, p in dates.items()}})
    table["state"] = raw["state"].map(_state)
    table = table.assign(reasons=raw["reasons"], post=raw["post"], row=number)
    told = pd.concat([p.values for p in dates.values()])
    when = pd.Timestamp(told.max() if as_of is None else as_of)
    problems = _check(table, raw, dates, organisations, when)
    wrong = {p["row"] for p in problems if p["severity"] == "error"}
    table = table[~table["row"].isin(wrong)].sort_values(["listed", "org"], kind="stable")
    if table.empty:
        raise TableError(
            f"a ledger must have a sound entry, got {len(raw)} entries with "
            f"{len(problems)} problems ({_first(problems)}). Mend the ledger."
        )
    orgs = pd.Index(table["org"])
    everybody = orgs if lists is None else orgs.append(lists.index.get_level_values("org"))
    codes = anonymous_codes(organisations, everybody.unique(), seed=seed)
    end = table["closed"].fillna(when)
    table["days"] = (end - table["listed"]).dt.days
    table["years"] = table["days"] / 365.25
    table["overdue"] = end > table["deadline"]
    table["time"] = table.groupby("org").cumcount() + 1
    again = table.groupby("org").cumcount(ascending=False) > 0
    table["relapsed"] = again & (table["state"] == "turned")
    shown = pd.Series(codes.index, codes.index) if names else codes
    columns = ["org", "listed", "deadline", "state", "closed", "reasons", "post", "days", "years"]
    columns += ["overdue", "time", "relapsed"]
    table = table.assign(org=table["org"].map(shown))[columns].reset_index(drop=True)
    notes = pd.DataFrame(
        problems, columns=["row", "column", "rule", "value", "severity", "mend"]
    ).sort_values("row", kind="stable", ignore_index=True)
    return Rectification(table, notes, _runs(lists, shown), codes, when, names)


def _read(source: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the sheets of a file whose headers are those of a ledger."""
    inputs, _ = find_inputs(source)
    parts = []
    for item in inputs:
        for grid in read_grids(item):
            blocks, _ = find_blocks(grid, lambda header: _column(header) is not None)
            for block in blocks:
                headers = {place: leaf_of(path) for place, path in block.headers.items()}
                if {_column(h) for h in headers.values()} >= set(NEEDED):
                    parts.append(block.cells.rename(columns=headers)[list(headers.values())])
    if not parts:
        raise TableError(
            f"a ledger must have a header with {', '.join(NEEDED)}, got none in {str(source)!r}. "
            "Name the columns 党组织, 列入时间, 整顿期限 and 状态."
        )
    return pd.concat(parts, ignore_index=True)


def _word_in(words: MappingProxyType[str, str]) -> Callable[[object], str | None]:
    table = {key_of(said): code for code, every in words.items() for said in every.split("|")}
    return lambda cell: table.get(key_of(str(cell)))


_column: Final = _word_in(ALIASES)
_state: Final = _word_in(STATES)


def _columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a ledger under their codes, as text where they hold words."""
    found = {name: _column(name) for name in frame.columns}
    codes = [code for code in found.values() if code is not None]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        same = [str(name) for name, code in found.items() if code == twice[0]]
        raise TableError(
            f"a ledger must have one column for {twice[0]!r}, got {', '.join(same)}. Drop one."
        )
    lost = [code for code in NEEDED if code not in codes]
    if lost:
        raise TableError(
            f"a ledger must have a column for {', '.join(NEEDED)}, got none for "
            f"{', '.join(lost)}. Name it {ALIASES[lost[0]].split('|')[1]}, for example."
        )
    made = frame.rename(columns=found)[codes].reindex(columns=list(ALIASES))
    for code in ("org", "reasons", "post", "state"):
        text = made[code].astype("str").str.strip()
        made[code] = text.where(made[code].notna() & (text != ""), "")
    return made.reset_index(drop=True)


def _refuse_persons(posts: pd.Series) -> None:
    """Refuse a ledger that tells of persons by name, without telling the name again."""
    named = [place + 1 for place, post in enumerate(posts) if post and not _is_post(post)]
    if named:
        raise TableError(
            "a responsible must be told by post, without a person's name, got something else in "
            f"{len(named)} entries (the first is entry {named[0]}). "
            "Write 镇党委书记 or another post alone."
        )


def _is_post(text: str) -> bool:
    """Tell whether every part of a text is a post and none could be a person's name."""
    if text.isascii():
        return bool(_ENGLISH_POST.match(text))
    for part in re.split(r"[、，,;；/和及\s]+", text):
        found = re.fullmatch(rf"(.*?)({_POSTS})", part)
        if found is None:
            return False
        before = re.sub(_POSTS, "|", found.group(1)).split("|")[-1]
        # 张某书记: two or three letters that begin like a name and end like no place.
        like_name = 2 <= len(before) <= 3 and before[0] in _SURNAMES
        if like_name and before[-1] not in _PLACES:
            return False
    return True


def _check(
    table: pd.DataFrame,
    raw: pd.DataFrame,
    dates: Mapping[str, Parsed],
    organisations: pd.DataFrame | None,
    when: pd.Timestamp,
) -> list[dict[str, object]]:
    """List what is wrong with the entries."""
    listed, deadline, closed = table["listed"], table["deadline"], table["closed"]
    unread = {c: ~p.understood for c, p in dates.items()}
    known = organisations is None or table["org"].isin(organisations.index)
    wrong = {
        ("org", "org_missing"): table["org"] == "",
        ("org", "org_unknown"): (table["org"] != "") & ~known,
        ("listed", "date_missing"): listed.isna() & ~unread["listed"],
        ("listed", "date_unreadable"): unread["listed"],
        ("deadline", "date_unreadable"): unread["deadline"],
        ("closed", "date_unreadable"): unread["closed"],
        ("deadline", "deadline_before_listed"): deadline < listed,
        ("closed", "closed_before_listed"): closed < listed,
        ("closed", "closed_in_future"): closed > when,
        ("state", "state_unknown"): table["state"].isna(),
        ("closed", "turned_without_date"): (table["state"] == "turned")
        & closed.isna()
        & ~unread["closed"],
    }
    failed = np.logical_or.reduce([np.asarray(rows, dtype=bool) for rows in wrong.values()])
    sound = table[~failed].sort_values("listed", kind="stable")
    # A stay ends when it is closed; one that never was lasts to this day.
    last = sound["closed"].fillna(NEVER)
    before = last.groupby(sound["org"]).cummax().groupby(sound["org"]).shift()
    overlap = pd.Series(False, index=table.index)
    overlap[sound.index] = (before >= sound["listed"]).to_numpy()
    wrong["org", "entry_twice"] = overlap
    warned = {("deadline", "deadline_missing"): deadline.isna() & ~unread["deadline"] & ~failed}
    found = []
    for severity, rules in (("error", wrong), ("warning", warned)):
        for (column, rule), rows in rules.items():
            for place in np.flatnonzero(np.asarray(rows, dtype=bool)):
                found.append(
                    {
                        "row": int(table["row"].iloc[place]),
                        "column": column,
                        "rule": rule,
                        "value": str(raw[column].iloc[place]),
                        "severity": severity,
                        "mend": word(f"rectification.{rule}", "zh"),
                    }
                )
    return found


def _first(problems: list[dict[str, object]]) -> str:
    return f"{problems[0]['rule']} in entry {problems[0]['row']}" if problems else "none"


def _runs(lists: pd.Series | None, shown: pd.Series) -> pd.DataFrame:
    """Count for each organisation its periods on the list, the longest run, and its returns."""
    columns = ["org", "periods", "longest", "returned"]
    if lists is None:
        return pd.DataFrame(columns=columns)
    wide = lists.astype(bool).unstack("period").fillna(False).sort_index(axis=1)  # noqa: PD010
    on = wide.to_numpy(dtype=bool)
    run, longest = np.zeros(len(on), dtype=int), np.zeros(len(on), dtype=int)
    for period in range(on.shape[1]):
        run = (run + 1) * on[:, period]
        longest = np.maximum(longest, run)
    starts = on[:, :1].sum(axis=1) + (on[:, 1:] & ~on[:, :-1]).sum(axis=1)
    made = pd.DataFrame(
        {
            "org": shown[wide.index].to_numpy(),
            "periods": on.sum(axis=1),
            "longest": longest,
            "returned": np.maximum(starts - 1, 0),
        }
    )
    made = made[made["periods"] > 0]
    return made.sort_values(["periods", "org"], ascending=[False, True], ignore_index=True)
