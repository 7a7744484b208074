"""指标体系与权重: what is measured, with which weights, and which numbers are illustrative."""

from __future__ import annotations

import re

import pandas as pd

from ... import charts
from ..material import Material
from ..pieces import Part, Section

_TOKEN = re.compile("[a-z_]+")
FAMILIES = ("declared", "direction", "source", "answer", "weights")
"""Where the words of a framework file stand among the labels."""


def framework_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    framework = material.index.framework
    weights = _counting(material)
    parts: list[Part] = [
        material.say(
            "framework.what",
            name=framework.kind(material.language),
            dimensions=len(framework.dimensions),
            indicators=len(framework.indicators),
            citation=framework.citation,
        )
    ]
    if framework.source_weights:
        shares = (
            f"{material.word(f'source.{source}')} {weight:.0%}"
            for source, weight in framework.source_weights.items()
        )
        parts.append(material.say("framework.sources", shares=material.listed(shares)))
    absent = [i.code for i in framework.indicators if i.code not in set(weights["indicator"])]
    if absent:
        names = material.listed(material.word(code) for code in absent)
        parts.append(material.say("framework.absent", names=names, count=len(absent)))
    parts += [_indicators(material, weights), _weights(material, weights)]
    marked = framework.illustrative_numbers()
    if marked.empty:
        parts.append(material.say("framework.all_given"))
    else:
        parts += [
            material.say("framework.illustrative", count=len(marked)),
            _illustrative(material, marked),
        ]
    return Section("framework", material.say("framework.title"), tuple(parts))


def _counting(material: Material) -> pd.DataFrame:
    """Return the weights that count in the last period: those of anybody with a score there."""
    index = material.index
    scored = material.latest(pd.DataFrame({"group": index.group_of_row, "score": index.overall}))
    groups = scored["group"][scored["score"].notna()].unique()
    weights = index.weights.reset_index()
    return weights[weights["group"].isin(groups)]


def _indicators(material: Material, weights: pd.DataFrame) -> Part:
    """List the indicators with their weights; where weights differ by group, their range."""
    by = weights.groupby("indicator", sort=False)["global_weight"]
    spans = by.agg(["min", "max"])
    described = material.index.framework.to_frame(material.language).loc[spans.index]
    applies = described["sectors"].where(described["sectors"] != "", described["domains"])
    frame = pd.DataFrame(
        {
            "dimension": described["dimension_name"],
            "indicator": described["name"],
            "unit": described["unit"],
            "direction": material.words("direction", described["direction"]),
            "applies": [_scope(material, codes) for codes in applies],
            "weight": [
                f"{low:.1%}" if high - low < 5e-4 else f"{low:.1%}–{high:.1%}"
                for low, high in spans.to_numpy()
            ],
        }
    )
    note = material.say("note.weights") if len(set(weights["group"])) > 1 else ""
    when = material.when(material.period)
    return material.table("indicators", frame, notes=[note], period=when)


def _scope(material: Material, codes: str) -> str:
    if not codes:
        return material.say("framework.everywhere")
    words = (
        material.word(f"{family}.{code}")
        for code in codes.split(";")
        for family in ("sector", "domain")
        if material.word(f"{family}.{code}") != f"{family}.{code}"
    )
    return material.listed(words)


def _weights(material: Material, weights: pd.DataFrame) -> Part:
    """Draw the weights of the indicators that all share; the others stand in the table."""
    groups = weights["group"].nunique()
    common = weights.groupby("indicator")["group"].transform("nunique") == groups
    by = weights[common].groupby(["dimension", "indicator"], sort=False)
    frame = by["global_weight"].mean().reset_index()
    note = material.say("note.weights_common") if groups > 1 else ""
    return material.figure("weights", charts.weights, frame, notes=[note])


def _declared(material: Material, token: str) -> str:
    """Turn a word of a framework file into a word for people."""
    keys = (key for family in FAMILIES if material.knows(key := f"{family}.{token}"))
    return material.word(next(keys, token))


def _illustrative(material: Material, marked: pd.DataFrame) -> Part:
    """List the numbers; places that share number, citation and reason share a row."""
    names = {material.index.framework.id: material.say("framework.whole"), **material.chart_words}
    by = ["number", "citation", "reason"]
    places = marked.assign(where=marked["code"].map(names)).groupby(by, sort=False)["where"]
    frame = places.agg(material.listed).reset_index()
    frame = frame.assign(
        number=[
            _TOKEN.sub(lambda found: _declared(material, found[0]), number)
            for number in frame["number"]
        ]
    )
    return material.table("illustrative", frame[["where", *by]])
