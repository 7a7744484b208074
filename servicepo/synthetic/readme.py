"""The README of a synthetic county: what it is, how it was made, what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Final

import pandas as pd

from ..tables import Dataset
from .faults import FAULTS
from .sheets import Sheet

_TEXT: Final = Path(__file__).with_name("readme.md")


def readme(data: Dataset, sheets: Sequence[Sheet], faults: pd.DataFrame, seed: object) -> str:
    """Return the text of the README, in Chinese and English.

    Parameters
    ----------
    data : Dataset
        The county; its sources tell the call that made it.
    sheets : sequence of Sheet
        What was written.
    faults : DataFrame
        What was planted.
    seed : object
        The seed of the faults.

    Examples
    --------
    >>> from servicepo.synthetic.county import synthesise
    >>> data, _ = synthesise(8, 1)
    >>> columns = ["fault", "file", "sheet", "row", "column", "cell", "truth", "written"]
    >>> readme(data, [], pd.DataFrame(columns=columns), 0).splitlines()[0]
    '# 合成示例县 · A synthetic county'
    """
    organisations = data.organisations
    return Template(_TEXT.read_text(encoding="utf-8")).substitute(
        made_by=data.sources["file"].iloc[0],
        seed=f", seed={seed}" if isinstance(seed, int) else "",
        organisations=f"{len(organisations):,}",
        sectors=organisations["sector"].nunique(),
        domains=organisations["domain"].nunique(),
        townships=organisations["township"].nunique(),
        evaluations=f"{len(data.evaluations):,}",
        services=f"{len(data.services):,}",
        open=f"{data.services['replied'].isna().sum():,}",
        surveys=f"{len(data.surveys):,}",
        files="\n".join(_file_lines(sheets)),
        faults="\n".join(_fault_lines(faults)),
    )


def _file_lines(sheets: Sequence[Sheet]) -> list[str]:
    lines = []
    for file in dict.fromkeys(sheet.file for sheet in sheets):
        mine = [sheet for sheet in sheets if sheet.file == file]
        names = "、".join(sheet.name for sheet in mine) or "—"
        encoding = mine[0].encoding.upper() if file.endswith(".csv") else "xlsx"
        rows = sum(len(sheet.rows) - sheet.head - sheet.foot for sheet in mine)
        lines.append(f"| {file} | {names} | {encoding} | {rows:,} |")
    return lines


def _fault_lines(faults: pd.DataFrame) -> list[str]:
    lines = []
    for fault in faults.fillna("（空 blank）").to_dict("records"):
        what = " · ".join(FAULTS[fault["fault"]])
        place = fault["cell"] if fault["sheet"] else f"第{fault['row']}行第{fault['column']}列"
        cells = [
            fault["file"],
            fault["sheet"] or "—",
            place,
            fault["truth"],
            fault["written"],
            what,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
