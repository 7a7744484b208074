"""领域比较: distributions side by side, tests, and where the differences lie."""

from __future__ import annotations

from ... import charts
from ...comparison import DomainComparison
from ..material import Material
from ..pieces import Part, Section, Style

SIGNIFICANT = 0.05
MOST = 0.5  # share with the full score from which on an indicator tells few apart


def domains_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("domains.title")
    found = material.analyses.domains
    if found is None:
        return Section("domains", title, (material.refusal("domains"),))
    test = found.tests.iloc[0]
    verdict = "differ" if test["p_value"] <= SIGNIFICANT else "alike"
    parts: list[Part] = [
        material.say("domains.basis", count=len(found.indicators)),
        material.say(
            f"domains.{verdict}",
            p=material.p_value(test["p_value"]),
            permuted=material.p_value(found.tests["p_value"].loc["permutation"]),
            statistic=test["statistic"],
            epsilon=test["epsilon_squared"],
        ),
        *_between(material, found),
        *_history(material),
        *_ceiling(material, found),
    ]
    parts += [_summary(material, found), _figure(material, found)]
    if len(found.pairs) > 1:
        parts.append(_pairs(material, found))
    if len(found.inequality):
        parts.append(_inequality(material, found))
    return Section("domains", title, tuple(parts))


def _between(material: Material, found: DomainComparison) -> list[Part]:
    if ("theil", "between") not in found.inequality.index:
        return []
    row = found.inequality.loc[[("theil", "between")]].iloc[0]
    return [
        material.say(
            "domains.inequality",
            between=row["share"],
            within=1 - row["share"],
            low=row["share_low"],
            high=row["share_high"],
            chance=row["by_chance"],
        )
    ]


def _history(material: Material) -> list[Part]:
    found = material.analyses.history
    if found is None:
        return []
    first, last = found.inequality.iloc[0], found.inequality.iloc[-1]
    ends = found.inequality.index
    return [
        material.say(
            "domains.history",
            count=len(found.indicators),
            first=material.when(ends[0]),
            last=material.when(ends[-1]),
            gap=first["gap"],
            gap_now=last["gap"],
            share=first["between_share"],
            share_now=last["between_share"],
        )
    ]


def _ceiling(material: Material, found: DomainComparison) -> list[Part]:
    at_top = found.ends.index[found.ends["ceiling_share"] >= MOST].unique("indicator")
    if at_top.empty:
        return []
    return [material.say("domains.ceiling", names=material.listed(map(material.word, at_top)))]


def _summary(material: Material, found: DomainComparison) -> Part:
    columns = ["n", "mean", "sd", "min", "q25", "median", "q75", "max"]
    frame = found.summary.loc[material.in_order(found.summary.index), columns].reset_index()
    frame = frame.assign(group=material.words(found.by, frame["group"]))
    styles: dict[str, Style] = {**dict.fromkeys(columns[1:], "one"), "n": "integer"}
    return material.table("domains", frame, styles, period=material.when(found.period))


def _figure(material: Material, found: DomainComparison) -> Part:
    return material.figure(
        "distribution",
        charts.domain_distribution,
        found.scores.droplevel("period"),
        options={"by": found.by},
        notes=[material.say("note.boxes")],
        period=material.when(found.period),
    )


def _pairs(material: Material, found: DomainComparison) -> Part:
    frame = found.pairs.assign(
        group=material.words(found.by, found.pairs["group"]),
        other=material.words(found.by, found.pairs["other"]),
    )
    columns = [
        "group",
        "other",
        "n",
        "n_other",
        "difference",
        "z",
        "p_holm",
        "p_permutation",
        "cliffs_delta",
    ]
    styles: dict[str, Style] = {
        "n": "integer",
        "n_other": "integer",
        "difference": "one",
        "z": "two",
        "p_holm": "p_value",
        "p_permutation": "p_value",
        "cliffs_delta": "two",
    }
    return material.table("pairs", frame[columns], styles, notes=[material.say("note.pairs")])


def _inequality(material: Material, found: DomainComparison) -> Part:
    frame = found.inequality[["value", "low", "high", "share"]].reset_index()
    parts = frame["part"].map(
        lambda part: (
            material.word(f"inequality.{part}")
            if material.knows(f"inequality.{part}")
            else material.word(f"{found.by}.{part}")
        )
    )
    frame = frame.assign(measure=material.words("inequality", frame["measure"]), part=parts)
    return material.table(
        "inequality",
        frame,
        {"value": "four", "low": "four", "high": "four", "share": "percent"},
        notes=[material.say("note.inequality")],
    )
