"""数据与问题: what was read, what was set aside, and why."""

from __future__ import annotations

import pandas as pd

from ...tables import SEVERITIES, Dataset
from ..material import Material
from ..pieces import Part, Section, Style
from ..problems import problems_in_words

FIRST = 12


def data_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("data.title")
    if material.index.evidence is None:
        return Section("data", title, (material.say("data.unknown"),))
    data = material.index.evidence.data
    unfilled = material.index.choices.impute == "none"
    parts: list[Part] = [
        material.say(
            "data.read",
            files=data.sources["file"].nunique(),
            sheets=len(data.sources),
            records=int(data.sources["records"].sum()),
            kept=int(data.sources["kept"].sum()),
            aside=int(data.sources["set_aside"].sum()),
        ),
        *([material.say("data.unfilled")] if unfilled else []),
        _sources(material, data),
    ]
    if data.problems.empty:
        parts.append(material.say("data.no_problems"))
    else:
        counts = data.problems["severity"].value_counts()
        parts += [
            material.say("data.problems", **{s: int(counts.get(s, 0)) for s in SEVERITIES}),
            _kinds(material, data.problems),
        ]
        if (data.problems["severity"] == "error").any():
            parts.append(_aside(material, data.problems))
    return Section("data", title, tuple(parts))


def _sources(material: Material, data: Dataset) -> Part:
    """List the files with what was taken from them."""
    sources = data.sources.assign(table=material.words("table", data.sources["table"]))
    by = sources.groupby("file", sort=False)
    frame = by[["records", "kept", "set_aside"]].sum()
    kinds = by["table"].agg(lambda found: material.listed(found.dropna().unique()))
    frame.insert(0, "table", kinds)
    frame.insert(1, "sheets", by.size())
    styles: dict[str, Style] = dict.fromkeys(frame.columns[1:], "integer")
    return material.table("sources", frame.reset_index(), styles, shown=40)


def _kinds(material: Material, problems: pd.DataFrame) -> Part:
    """Count the problems of each kind, the gravest and most frequent first."""
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    by = problems.groupby(["severity", "rule"], sort=False)
    frame = by.agg(count=("rule", "size"), must=("must", "first"), mend=("mend", "first"))
    frame = frame.reset_index()
    frame = frame.assign(order=frame["severity"].map(order))
    frame = frame.sort_values(["order", "count"], ascending=[True, False], kind="stable")
    frame = problems_in_words(frame.drop(columns="order"), material.language)
    return material.table("problem_kinds", frame, {"count": "integer"}, shown=20)


def _aside(material: Material, problems: pd.DataFrame) -> Part:
    errors = problems_in_words(problems[problems["severity"] == "error"], material.language)
    frame = errors[["file", "sheet", "row", "column", "cell", "must"]]
    return material.table("aside", frame, {"row": "integer"}, shown=FIRST)
