"""软弱涣散名单: who is on the list by which rule, how surely, why, and what would take it off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from ... import charts
from ...errors import MethodError
from ...weakness import WeakBranches
from ..material import Material
from ..pieces import DASH, Part, Section

STEPS = 3
SHOWN = 40


def weak_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("weak.title")
    found = material.analyses.weak
    if found is None:
        return Section("weak", title, (material.refusal("weak"),))
    listed = _in_order(material, found.table[found.table["weak"]])
    if listed.empty:
        return Section("weak", title, (material.say("weak.none"),))
    parts: list[Part] = [
        material.say("weak.purpose"),
        material.say(
            "weak.count",
            period=material.when(material.period),
            count=len(listed),
            scored=int(found.table["score"].notna().sum()),
            bottom=int(listed["bottom"].sum()),
            share=found.share,
        ),
        _criteria(material, found, listed),
        material.say("weak.shown" if material.names else "weak.hidden"),
    ]
    known = listed["p_weak"].dropna()
    if len(known):
        parts.append(
            material.say(
                "weak.sure",
                sure=int((known >= 0.8).sum()),
                unsure=int((known < 0.5).sum()),
                unclear=int((listed["verdict"] == "unclear").sum()),
            )
        )
    parts.append(_list(material, found, listed))
    if len(found.reasons):
        parts.append(_reasons(material, found))
    steps = _steps(material, found, listed)
    if len(steps):
        parts += [material.say("weak.steps"), steps_table(material, steps)]
    return Section("weak", title, tuple(parts))


def _in_order(material: Material, listed: pd.DataFrame) -> pd.DataFrame:
    order = {group: place for place, group in enumerate(material.in_order(set(listed["group"])))}
    return listed.assign(order=listed["group"].map(order)).sort_values(["order", "score"])


def _criteria(material: Material, found: WeakBranches, listed: pd.DataFrame) -> str:
    name = material.listed([each.name[material.language] for each in found.declared])
    if (found.criteria["state"] == "no_data").all():
        return material.say("weak.no_criteria", name=name)
    return material.say("weak.criteria", name=name, count=int((listed["criteria"] > 0).sum()))


def _list(material: Material, found: WeakBranches, listed: pd.DataFrame) -> Part:
    reasons = _reasons_by_org(material, found)
    frame = listed.reset_index()
    known = bool(frame["p_weak"].notna().any())
    frame = pd.DataFrame(
        {
            "org": material.hide(frame["org"]),
            "score": frame["score"],
            "place": [_place(row) for row in frame.itertuples(index=False)],
            "p_weak": frame["p_weak"],
            "rules": [_rules(material, found, rules) for rules in frame["rules"]],
            "reasons": [reasons.get(org, "") for org in frame["org"]],
        }
    )
    return material.table(
        "weak",
        frame if known else frame.drop(columns="p_weak"),
        {"score": "one", "p_weak": "chance"},
        notes=[
            material.say("note.chance") if known else "",
            material.say("note.rank_interval") if known else "",
            material.say("note.obstacle"),
            _suppression(material, listed),
        ],
        shown=SHOWN,
        period=material.when(material.period),
    )


def _place(row: Any) -> str:
    """Tell the rank, how many are ranked, and where the true rank may lie."""
    if row.rank != row.rank:
        return DASH
    told = f"{row.rank:.0f}/{row.n:.0f}"
    if row.rank_low == row.rank_low:
        star = "*" if row.verdict == "unclear" else ""
        told += f" ({row.rank_low:.0f}–{row.rank_high:.0f}){star}"
    return told


def _suppression(material: Material, listed: pd.DataFrame) -> str:
    hidden = material.latest(material.hidden).reindex(listed.index)
    return material.suppression if hidden.any(axis=None) else ""


def _rules(material: Material, found: WeakBranches, rules: str) -> str:
    every = (criterion for each in found.declared for criterion in each.criteria)
    names = {criterion.code: criterion.label(material.language) for criterion in every}
    names["bottom_share"] = material.say("weak.rule.bottom", share=found.share)
    return material.clauses(names[rule] for rule in rules.split(";"))


def _reasons_by_org(material: Material, found: WeakBranches) -> dict[str, str]:
    """Name the largest obstacles of each organisation; a hidden indicator without its degree."""
    said: dict[str, list[str]] = {}
    for row in found.reasons.sort_values(["org", "place"]).itertuples(index=False):
        name = material.word(str(row.indicator)) + ("?" if row.state == "unclear" else "")
        hidden = material.is_hidden(str(row.org), str(row.indicator))
        said.setdefault(str(row.org), []).append(name if hidden else f"{name} {row.degree:.0%}")
    return {org: material.listed(words) for org, words in said.items()}


def _reasons(material: Material, found: WeakBranches) -> Part:
    """Count how often each indicator is among the largest obstacles."""
    counts = found.reasons["indicator"].value_counts(sort=False).rename("count")
    frame = counts.rename_axis("reason").reset_index()
    frame = frame.sort_values(["count", "reason"], ascending=[False, True], kind="stable")
    return material.figure(
        "weak_reasons", charts.weak_reasons, frame.head(15), notes=[material.say("note.reasons")]
    )


def _steps(material: Material, found: WeakBranches, listed: pd.DataFrame) -> pd.DataFrame:
    """Ask what would take each off the bottom share: the first and largest steps."""
    rows = list(_step_rows(material, found, listed.index[listed["bottom"]]))
    return pd.DataFrame(rows, columns=["org", "shortfall", "needed"])


def _step_rows(
    material: Material, found: WeakBranches, orgs: pd.Index
) -> Iterator[tuple[str, float, str]]:
    for org in orgs:
        try:
            steps = found.conditions(org)
        except MethodError:
            continue
        gain = float(steps["gain"].sum())
        steps = steps[steps["rule"] == "bottom_share"]
        if steps.empty:
            continue
        first = steps.head(STEPS)
        said = []
        for code, now, needed in zip(
            first["indicator"], first["now"], first["needed"], strict=True
        ):
            ends = (
                (DASH, DASH) if material.is_hidden(org, code) else (f"{now:.1f}", f"{needed:.1f}")
            )
            name = material.word(code)
            said.append(material.say("weak.step", name=name, now=ends[0], needed=ends[1]))
        more = len(steps) - STEPS
        if more > 0:
            said.append(material.say("weak.more_steps", count=more))
        yield material.shown[org], gain, material.clauses(said)


def steps_table(material: Material, steps: pd.DataFrame) -> Part:
    """List the least improvements that would take each organisation off the bottom share."""
    return material.table(
        "steps", steps, {"shortfall": "one"}, notes=[material.say("note.steps")], shown=SHOWN
    )
