"""等次: grades by a declared scheme, counted by class."""

from __future__ import annotations

from typing import Final

import pandas as pd

from ...grading import Grades
from ..material import Material
from ..pieces import Part, Section, Style

SURE: Final = 0.8  # a grade below this probability could well be another


def grades_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("grades.title")
    found = material.analyses.grades
    if found is None:
        return Section("grades", title, (material.refusal("grades"),))
    own = material.latest(found.table)
    basis = "same" if found.index is material.index else "bounds"
    parts: list[Part] = [
        material.say("grades.scheme", citation=found.scheme.citation),
        material.say(f"grades.basis.{basis}"),
        material.say(
            "grades.counts",
            period=material.when(material.period),
            list=material.clauses(_said(material, found, own)),
        ),
    ]
    barred = int((own["bars"] != "").sum())
    unchecked = int((own["unchecked"] != "").sum())
    if barred:
        names = {bar.code: bar.name[material.language] for bar in found.scheme.bars}
        parts.append(
            material.say("grades.barred", count=barred, bars=material.listed(names.values()))
        )
    if unchecked:
        parts.append(material.say("grades.unchecked", count=unchecked))
    sure = own["p_grade"].dropna()
    if len(sure):
        parts.append(
            material.say(
                "grades.sure",
                count=int((sure < SURE).sum()),
                known=len(sure),
                churn=found.expected_churn,
            )
        )
    parts.append(_table(material, found, own))
    return Section("grades", title, tuple(parts))


def _said(material: Material, found: Grades, own: pd.DataFrame) -> list[str]:
    counts = own["grade"].value_counts()
    graded = max(int(counts.sum()), 1)
    return [
        material.say(
            "grades.count",
            grade=grade.label(material.language),
            count=int(counts.get(grade.code, 0)),
            share=counts.get(grade.code, 0) / graded,
        )
        for grade in found.scheme.grades
    ]


def _table(material: Material, found: Grades, own: pd.DataFrame) -> Part:
    """Count the grades of each class, best first, with the share of each."""
    group = material.ranks.set_index("org")["group"].reindex(own.index)
    counts = pd.crosstab(group, own["grade"], dropna=False).reindex(material.groups)
    counts = counts.reindex(columns=[grade.code for grade in found.scheme.grades], fill_value=0)
    counts.index = pd.Index([material.group_names[code] for code in counts.index])
    if len(counts) > 1:
        counts.loc[material.say("all")] = counts.sum()
    total = counts.sum(axis=1)
    frame = pd.DataFrame({"group": counts.index.to_numpy(), "n": total.to_numpy()})
    styles: dict[str, Style] = {"n": "integer"}
    for grade in found.scheme.grades:
        name = grade.label(material.language)
        share = material.say("grades.share", grade=name)
        frame[name] = counts[grade.code].to_numpy()
        frame[share] = (counts[grade.code] / total.where(total > 0)).to_numpy()
        styles |= {name: "integer", share: "percent"}
    return material.table("grades", frame, styles, period=material.when(material.period))
