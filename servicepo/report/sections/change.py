"""趋势与等次转移: means over periods, what moved them, moves between grades, falls beyond noise."""

from __future__ import annotations

import numpy as np

from ... import charts
from ...change import Change
from ...errors import MethodError
from ..material import Material
from ..pieces import Part, Section, Style

SHOWN = 15
LARGEST = 3  # drivers that the text names


def change_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("change.title")
    found = material.analyses.change
    if len(material.periods) < 2:
        return Section("change", title, (material.say("change.one_period"),))
    if found is None:
        return Section("change", title, (material.refusal("change"),))
    last = found.steps[found.steps.index.get_level_values("period") == material.period]
    parts: list[Part] = []
    if len(last):
        parts.append(
            material.say(
                "change.last",
                period=material.when(material.period),
                count=len(last),
                mean=material.signed(last["change"].mean()),
                rose=int((last["change"] > 0).sum()),
                fell=int((last["change"] < 0).sum()),
                beyond=int(last["beyond"].sum()),
            )
        )
    parts += [_convergence(material, found), *_trend(material), *_drivers(material, found)]
    parts += _transitions(material, found)
    parts.append(found.note(material.language))
    if len(found.warnings):
        parts.append(_warnings(material, found))
    return Section("change", title, tuple(parts))


def _convergence(material: Material, found: Change) -> Part:
    frame = found.convergence.reset_index()
    frame = frame.assign(period=[material.when(period) for period in frame["period"]])
    styles: dict[str, Style] = {"n": "integer", "mean": "one", "sd": "one", "cv": "three"}
    return material.table("convergence", frame, styles, notes=[material.say("note.convergence")])


def _trend(material: Material) -> list[Part]:
    """Draw the mean of each class with its interval."""
    frame = material.analyses.ranks.dropna(subset=["score", "group"]).reset_index()
    by = frame.groupby(["period", "group"])["score"]
    means = by.agg(n="count", mean="mean", sd="std").reset_index()
    reach = 1.96 * means["sd"] / np.sqrt(means["n"])
    means = means.assign(low=means["mean"] - reach, high=means["mean"] + reach)
    words = {**material.chart_words, **material.group_names}
    if means["group"].nunique() > 9:
        return []
    return [
        material.figure(
            "trend",
            charts.trend,
            means,
            options={"by": "group", "words": words},
            notes=[material.say("note.band")],
        )
    ]


def _drivers(material: Material, found: Change) -> list[Part]:
    """Say which indicators moved the mean since the period before."""
    try:
        steps = found.waterfall()
    except MethodError as error:
        return [material.say("refused", why=str(error))]
    own = steps[steps["kind"].ne("total") & steps["step"].isin(list(material.chart_words))]
    largest = [
        material.say("change.driver", name=material.word(step), amount=_signed(amount))
        for step, amount in zip(own["step"][:LARGEST], own["amount"][:LARGEST], strict=True)
    ]
    if not largest:
        return []
    return [
        material.say("change.drivers", drivers=material.listed(largest)),
        material.figure("drivers", charts.waterfall, steps, notes=[material.say("note.drivers")]),
    ]


def _signed(amount: float) -> str:
    return f"{amount:+.2f}".replace("-", "−")


def _transitions(material: Material, found: Change) -> list[Part]:
    moves = found.transitions
    if not moves["count"].sum():
        return []
    grades = material.analyses.grades
    if grades is None:
        names = {q: material.say(f"change.{q}") for q in ("q1", "q2", "q3", "q4")}
    else:
        names = {g.code: g.label(material.language) for g in grades.scheme.grades}
    words = {**material.chart_words, **names}
    frame = found.promotions.reset_index()
    frame = frame.rename(columns={frame.columns[0]: "before_grade"})
    frame = frame.assign(before_grade=frame["before_grade"].astype("str").map(names))
    counted, shares = ["n", "promoted", "stayed", "demoted"], ["promoted_share", "demoted_share"]
    columns = ["before_grade", *counted, *shares]
    styles: dict[str, Style] = {
        **dict.fromkeys(counted, "integer"),
        **dict.fromkeys(shares, "percent"),
    }
    return [
        material.say("change.moves", steps=int(moves["count"].sum())),
        material.figure("transitions", charts.transition_matrix, moves, options={"words": words}),
        material.table("promotions", frame[columns], styles),
    ]


def _warnings(material: Material, found: Change) -> Part:
    frame = found.warnings
    frame = frame.assign(
        org=material.hide(frame["org"]), period=[material.when(p) for p in frame["period"]]
    )
    styles = dict.fromkeys(["before", "score", "change", "noise"], "one")
    return material.table("warnings", frame, styles, shown=SHOWN)  # type: ignore[arg-type]
