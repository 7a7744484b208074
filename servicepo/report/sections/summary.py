"""摘要: the main numbers, each in one sentence."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from ..material import Material
from ..pieces import Part, Section
from .domains import SIGNIFICANT

ENOUGH: Final = 2 / 3  # share of the indicators below which a report must open with a warning


def summary_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    parts: list[Part] = [
        _few(material),
        material.say(
            "summary.what",
            framework=material.index.framework.kind(material.language),
            organisations=int(material.ranks["score"].notna().sum()),
            span=material.span,
            records=_records(material),
        ),
        material.joined(
            [*_scores(material), *_domains(material), *_grades(material)],
        ),
        material.joined(
            [*_weak(material), *_change(material), *_robustness(material)],
        ),
        material.say("summary.illustrative")
        if len(material.index.framework.illustrative_numbers())
        else "",
    ]
    return Section("summary", material.say("summary.title"), tuple(p for p in parts if p))


def _few(material: Material) -> str:
    """Say first where most of the framework has no data."""
    index = material.index
    people = index.organisations
    kinds: list[tuple[Any, ...]] = [(None, None)]
    if people is not None:
        pairs = people[["domain", "sector"]].drop_duplicates().itertuples(index=False)
        kinds = [tuple(None if pd.isna(x) else x for x in pair) for pair in pairs]
    declared = sum(any(i.applies(*kind) for kind in kinds) for i in index.framework.indicators)
    present = len(index.scale.codes)
    if present >= ENOUGH * declared:
        return ""
    return material.say("summary.few", declared=declared, present=present)


def _records(material: Material) -> str:
    if material.index.evidence is None:
        return ""
    sources = material.index.evidence.data.sources
    return material.say(
        "summary.records",
        files=sources["file"].nunique(),
        kept=int(sources["kept"].sum()),
        aside=int(sources["set_aside"].sum()),
    )


def _scores(material: Material) -> list[str]:
    scores = material.ranks["score"].dropna()
    if scores.empty:
        return [material.say("scores.none")]
    said = [
        material.say(
            "summary.scores",
            period=material.when(material.period),
            mean=scores.mean(),
            median=scores.median(),
        )
    ]
    means = material.latest(material.index.dimensions).mean().dropna()
    if len(means) > 1:
        best, worst = str(means.idxmax()), str(means.idxmin())
        said.append(
            material.say("summary.ends", best=material.word(best), worst=material.word(worst))
        )
    return said


def _domains(material: Material) -> list[str]:
    found = material.analyses.domains
    if found is None:
        return []
    medians = found.summary["median"]
    said = (
        f"{material.word(f'{found.by}.{code}')} {medians[code]:.1f}"
        for code in material.in_order(found.summary.index)
    )
    p = found.tests["p_value"].iloc[0]
    return [
        material.say(
            f"summary.{'differ' if p <= SIGNIFICANT else 'alike'}",
            medians=material.listed(said),
            p=material.p_value(p),
        )
    ]


def _grades(material: Material) -> list[str]:
    found = material.analyses.grades
    if found is None:
        return []
    counts = material.latest(found.table)["grade"].value_counts()
    said = (
        f"{grade.label(material.language)} {counts.get(grade.code, 0)}"
        for grade in found.scheme.grades
    )
    return [material.say("summary.grades", counts=material.listed(said))]


def _weak(material: Material) -> list[str]:
    found = material.analyses.weak
    if found is None or not found.table["weak"].any():
        return []
    count = int(found.table["weak"].sum())
    reasons = found.reasons["dimension"].value_counts().index[:2]
    if reasons.empty:
        return [material.say("summary.weak_alone", count=count)]
    named = material.listed(material.word(str(code)) for code in reasons)
    return [material.say("summary.weak", count=count, reasons=named)]


def _change(material: Material) -> list[str]:
    found = material.analyses.change
    if found is None:
        return []
    last = found.steps[found.steps.index.get_level_values("period") == material.period]
    if last.empty:
        return []
    fell = int((found.warnings["period"] == material.period).sum())
    return [material.say("summary.change", mean=material.signed(last["change"].mean()), fell=fell)]


def _robustness(material: Material) -> list[str]:
    found = material.analyses.robustness
    if found is None:
        return []
    ranks = material.latest(found.ranks).dropna(subset=["median"])
    if ranks.empty:
        return []
    return [material.say("summary.robustness", width=(ranks["high"] - ranks["low"]).median())]
