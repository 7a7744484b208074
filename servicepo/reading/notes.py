"""What reading notes on its way: faults of records, and remarks on rows and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import TableError
from ..labels import Language, word
from ..tables import PROBLEMS, dtype_of, empty

_PERSONS = re.compile(r"填表|填报人|制表|联系|电话|负责人|书记|组长|签|\d{11}|@")


def problem(
    severity: str,
    rule: str,
    *,
    language: Language,
    place: tuple[str, str, int | None, str | None],
    value: str | None = None,
    mend: str | None = None,
    **words: object,
) -> dict[str, object]:
    """Return one problem: its place is file, sheet, row and column; words fill the sentences.

    ``mend`` is the label of the advice where it is not that of the rule.

    Examples
    --------
    >>> found = problem("notice", "total_row", language="en", place=("a.xlsx", "1", 9, None))
    >>> found["must"]
    'a row of totals is not a record'
    """
    file, sheet, row, column = place
    return {
        "severity": severity,
        "rule": rule,
        "file": file,
        "sheet": sheet,
        "row": row,
        "column": column,
        "value": value,
        "must": word(f"must.{rule}", language).format(**words),
        "mend": word(mend or f"mend.{rule}", language).format(**words),
    }


def refusal(why: str, language: Language, **words: object) -> TableError:
    """Return the error that `read` raises; words fill its sentence.

    Examples
    --------
    >>> refusal("database", "en", url="sqlite:///a.db")
    TableError("a database must exist, got 'sqlite:///a.db'. Check the path.")
    """
    return TableError(word(f"read.error.{why}", language).format(**words))


def without_persons(text: str) -> str | None:
    """Return the text of a line that is passed over, None where it may name a person.

    Examples
    --------
    >>> without_persons("2024年度考评表"), without_persons("填表人：某某")
    ('2024年度考评表', None)
    """
    return None if _PERSONS.search(text) else text


def problem_frame(found: list[dict[str, object]]) -> pd.DataFrame:
    """Return problems as a frame (columns ``PROBLEMS``)."""
    if not found:
        return empty("problems")
    frame = pd.DataFrame(found, columns=list(PROBLEMS))
    return frame.astype({name: dtype_of(name) for name in PROBLEMS})


@dataclass(eq=False, slots=True)
class Faults:
    """The reasons why records of one block are set aside; one record may have several."""

    language: Language
    parts: list[pd.DataFrame] = field(default_factory=list)

    def add(
        self,
        records: npt.NDArray[np.intp],
        rule: str,
        *,
        column: str | None,
        value: Iterable[Any],
        **words: object,
    ) -> None:
        """Note one reason for some records (numbered from 0)."""
        if not len(records):
            return
        self.parts.append(
            pd.DataFrame(
                {
                    "record": records,
                    "rule": rule,
                    "column": column,
                    "value": [_shown(v) for v in value],
                    "must": word(f"must.{rule}", self.language).format(**words),
                    "mend": word(f"mend.{rule}", self.language).format(**words),
                }
            )
        )

    def joined(self) -> pd.DataFrame:
        """Return one row per faulty record (the index), its reasons joined."""
        if not self.parts:
            return pd.DataFrame(columns=["rule", "column", "value", "must", "mend"])
        parts = pd.concat(self.parts, ignore_index=True)
        if parts["record"].is_unique:
            return parts.set_index("record").sort_index()
        grouped = parts.groupby("record", sort=True)
        between = "；" if self.language == "zh" else "; "
        told = {"rule": grouped["rule"].first()}
        for name in ("column", "value", "must", "mend"):
            joint = "" if name == "mend" else between
            told[name] = grouped[name].agg(partial(_join, joint=joint))
        return pd.DataFrame(told)


def _join(words: pd.Series, joint: str) -> str:
    return joint.join(dict.fromkeys(words.dropna()))


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.10g}"
    return "" if value is None or value is pd.NaT else str(value)
