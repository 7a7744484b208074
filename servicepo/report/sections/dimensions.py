"""维度: strengths and shortfalls by dimension and class."""

from __future__ import annotations

import pandas as pd

from ... import charts
from ..material import Material
from ..pieces import Part, Section


def dimensions_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("dimensions.title")
    means = _means(material)
    known = means.dropna(axis=1, how="all")
    if known.empty:
        return Section("dimensions", title, (material.say("scores.none"),))
    whole = known.loc[material.say("all")]
    parts: list[Part] = [
        material.say(
            "dimensions.ends",
            period=material.when(material.period),
            best=material.word(str(whole.idxmax())),
            high=whole.max(),
            worst=material.word(str(whole.idxmin())),
            low=whole.min(),
        )
    ]
    parts += _weakest_by_group(material, known)
    table = known.rename_axis(index="group").reset_index()
    parts.append(
        material.table(
            "dimensions",
            table,
            dict.fromkeys(known.columns, "one"),
            period=material.when(material.period),
        )
    )
    groups = known.drop(index=material.say("all")) if len(known) > 1 else known
    if len(known.columns) >= 3 and len(groups) <= 6:
        when = material.when(material.period)
        parts.append(material.figure("radar", charts.dimensions_radar, groups, period=when))
    return Section("dimensions", title, (*parts, *_by_sector(material)))


def _by_sector(material: Material) -> list[Part]:
    """Draw the means of the sectors, where there are several and not too many to read."""
    people = material.index.organisations
    if people is None or "sector" not in people or material.analyses.within == "sector":
        return []
    frame = material.latest(material.index.dimensions)
    means = frame.groupby(people["sector"].reindex(frame.index)).mean().dropna(how="all")
    if not 2 <= len(means) <= 30:
        return []
    means = means.loc[material.in_order(means.index)]
    means.index = material.words("sector", means.index.to_series())
    when = material.when(material.period)
    figure = material.figure("heatmap", charts.dimensions_heatmap, means, period=when)
    return [material.say("dimensions.sectors"), figure]


def _means(material: Material) -> pd.DataFrame:
    """Average the dimensions by class, and over all."""
    frame = material.latest(material.index.dimensions)
    group = material.ranks.set_index("org")["group"].reindex(frame.index)
    means = frame.groupby(group).mean().reindex(material.groups)
    means.index = pd.Index([material.group_names[code] for code in material.groups], dtype="str")
    whole = pd.DataFrame([frame.mean()], index=[material.say("all")])
    return pd.concat([means, whole]) if len(means) > 1 else whole


def _weakest_by_group(material: Material, means: pd.DataFrame) -> list[Part]:
    if len(means) < 2:
        return []
    groups = means.drop(index=material.say("all")).dropna(how="all")
    lowest = groups.idxmin(axis=1).unique()
    if len(lowest) == 1:
        return [material.say("dimensions.all_alike", name=material.word(str(lowest[0])))]
    said = (
        material.say("dimensions.weakest", group=group, name=material.word(str(row.idxmin())))
        for group, row in groups.iterrows()
    )
    return [material.say("dimensions.by_group", list=material.clauses(said))]
