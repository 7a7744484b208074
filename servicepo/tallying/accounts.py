"""What became of every row of a service ledger: counted, left out, or set aside by a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from ..errors import MethodWarning
from ..labels import Language, word
from ..tables import PLACE, empty, problem_rows, shown
from .counting import Count
from .looking import EXAMPLES
from .rows import MOMENTS

_BACKWARDS: Final = tuple(f"{c}_before_accepted" for c in MOMENTS[1:])


@dataclass(frozen=True, eq=False, slots=True)
class Accounts:
    """The accounts of a service ledger; they balance: ``read == events + later + set aside``.

    Attributes
    ----------
    as_of : Timestamp
        The day the ledger was drawn.
    read : int
        Rows of the ledger.
    events : int
        Those that were counted.
    later : int
        Those accepted after ``as_of``, left out on purpose.
    rules : mapping of str to int
        Those set aside, by the rule they break; ``unknown_organisation`` counts events of
        organisations that are not in the roster, which are counted all the same.
    problems : DataFrame
        Some rows for each rule, as in ``Dataset.problems``.
    """

    as_of: pd.Timestamp
    read: int
    events: int
    later: int
    rules: Mapping[str, int]
    problems: pd.DataFrame

    def __repr__(self) -> str:
        aside = self.read - self.events - self.later
        return (
            f"Accounts({self.read} read = {self.events} counted + {self.later} later than "
            f"{self.as_of} + {aside} set aside)"
        )

    def warnings(self) -> list[MethodWarning]:
        """Return what the reader of the values must know."""
        found = []
        if impossible := sum(self.rules.get(rule, 0) for rule in ("missing", *_BACKWARDS)):
            found.append(
                MethodWarning(
                    "Service events must have an organisation and a date and end after they begin, "
                    f"got {impossible} that do not, which are left out. Mend them in the ledger.",
                    zh=f"服务事项须有党组织和受理日期，且办结不早于受理：有 {impossible} 条不符，"
                    "未计入。请在台账中改正。",
                )
            )
        if unreadable := self.rules.get("unreadable_time", 0):
            found.append(
                MethodWarning(
                    "Times in the ledger must be readable and bear no time zone, got "
                    f"{unreadable} events with others, which are left out. Write them as "
                    "2024-03-31 14:05.",
                    zh=f"台账中的时间须能识别且不带时区：有 {unreadable} 条不符，未计入。"
                    "请写作 2024-03-31 14:05。",
                )
            )
        if repeated := self.rules.get("duplicate", 0):
            found.append(
                MethodWarning(
                    f"A record must stand once in the ledger, got {repeated} repeats, which are "
                    "left out. Delete the older ones.",
                    zh=f"同一记录只能登记一次：有 {repeated} 条重复，未计入。请删去较旧者。",
                )
            )
        return found


def accounts(count: Count, roster: pd.Index, *, language: Language = "zh") -> Accounts:
    """Make the accounts of a ledger that was counted.

    Parameters
    ----------
    count : Count
    roster : Index
        The organisations; where it is empty, none is unknown.
    language : {"zh", "en"}
        Language of ``must`` and ``mend`` in the problems.

    Returns
    -------
    Accounts
    """
    parts = [_told(rows, str(rule), language) for rule, rows in _by_rule(count.examples)]
    rules = dict(count.rules)
    unknown = _unknown(count, roster)
    if len(unknown):
        rules["unknown_organisation"] = int(unknown.sum())
        parts.append(_strangers(unknown, language))
    problems = pd.concat(parts, ignore_index=True) if parts else empty("problems")
    return Accounts(count.as_of, count.read, count.events, count.later, rules, problems)


def _by_rule(examples: pd.DataFrame) -> list[tuple[object, pd.DataFrame]]:
    return list(examples.groupby("rule")) if len(examples) else []


def _told(rows: pd.DataFrame, rule: str, language: Language) -> pd.DataFrame:
    """Return the problems of some rows that break one rule."""
    fields = {"missing": ["org", "accepted"], "duplicate": ["record"]}.get(rule)
    if rule == "unreadable_time":
        fields, value = ["accepted"], rows["written"]
    else:
        fields = fields or [rule.removesuffix("_before_accepted"), "accepted"]
        value = shown(rows[fields[0]])
        for name in fields[1:]:
            value = value + "；" + shown(rows[name])
    field = word(f"field.{fields[0]}", language)
    end = ".ledger" if rule == "duplicate" else ""
    return problem_rows(
        rows.reindex(columns=[*PLACE[:3]]),
        severity="error",
        rule=rule,
        column="；".join(fields),
        value=value,
        must=word(f"must.{rule}", language).format(field=field),
        mend=word(f"mend.{rule}{end}", language).format(field=field),
    )


def _unknown(count: Count, roster: pd.Index) -> pd.Series:
    """Return how many events organisations have that are not in the roster."""
    if not len(roster) or () not in count.counted:
        return pd.Series(dtype=int)
    events = count.counted[()].totals["events"].groupby(level="org").sum()
    return events[~events.index.isin(roster)]


def _strangers(events: pd.Series, language: Language) -> pd.DataFrame:
    some = events.sort_values(ascending=False, kind="stable").head(EXAMPLES)
    must = word("must.unknown_organisation", language)
    return problem_rows(
        some.to_frame(),
        severity="warning",
        rule="unknown_organisation",
        column="org",
        value=some.index.to_series(),
        must=some.map(lambda n: must.format(rows=n)),
        mend=word("mend.unknown_organisation", language),
    )
