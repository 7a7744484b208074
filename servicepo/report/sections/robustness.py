"""稳健性: how far ranks depend on choices that could have been made otherwise."""

from __future__ import annotations

import pandas as pd

from ... import charts
from ...robustness import Robustness
from ..material import Material
from ..pieces import Part, Section


def robustness_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("robustness.title")
    found = material.analyses.robustness
    if found is None:
        return Section("robustness", title, (material.refusal("robustness"),))
    ranks = material.latest(found.ranks).dropna(subset=["median"])
    if ranks.empty:
        return Section("robustness", title, (material.say("scores.none"),))
    width = ranks["high"] - ranks["low"]
    parts: list[Part] = [
        material.say(
            "robustness.width",
            runs=found.runs,
            period=material.when(material.period),
            width=width.median(),
            shift=ranks["mean_shift"].mean(),
            sure=int((ranks["p_bottom"] >= 0.8).sum()),
            share=found.share,
        )
    ]
    if found.sensitivity["share"].notna().all():
        largest = str(found.sensitivity["share"].idxmax())
        parts.append(
            material.say(
                "robustness.source",
                choice=material.word(f"choice.{largest}"),
                share=found.sensitivity["share"].max(),
            )
        )
    parts += [_by_class(material, ranks), _figure(material, ranks)]
    if found.sensitivity["share"].notna().all():
        parts.append(_sensitivity(material, found))
    return Section("robustness", title, tuple(parts))


def _by_class(material: Material, ranks: pd.DataFrame) -> Part:
    frame = ranks.assign(width=ranks["high"] - ranks["low"])
    table = frame.groupby("group").agg(
        n=("width", "size"), width=("width", "median"), mean_shift=("mean_shift", "mean")
    )
    table = table.reindex([code for code in material.groups if code in table.index])
    table = table.assign(relative=table["width"] / table["n"]).reset_index()
    table = table.assign(group=table["group"].map(material.group_names))
    return material.table(
        "robustness",
        table,
        {"n": "integer", "width": "integer", "mean_shift": "one", "relative": "percent"},
        period=material.when(material.period),
    )


def _figure(material: Material, ranks: pd.DataFrame) -> Part:
    """Draw the class with the most organisations; ranks of several classes do not mix."""
    largest = str(ranks["group"].value_counts().idxmax())
    frame = ranks[ranks["group"] == largest].reset_index()
    frame = frame.assign(org=material.hide(frame["org"]))
    return material.figure(
        "intervals",
        charts.rank_intervals,
        frame,
        options={"top": 20, "bottom": 20},
        period=material.when(material.period),
        group=material.group_names[largest],
    )


def _sensitivity(material: Material, found: Robustness) -> Part:
    frame = found.sensitivity.reset_index()
    frame = frame.assign(choice=material.words("choice", frame["choice"]))
    return material.table("sensitivity", frame, {"share": "percent"})
