"""综合得分与名次: ranked within classes that may be compared, never across them."""

from __future__ import annotations

from ... import charts
from ..material import Material
from ..pieces import Part, Section

FIRST, FIRST_OF_EACH = 10, 5


def scores_section(material: Material) -> Section:
    """Write the section.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    title = material.say("scores.title")
    ranks = material.ranks
    scored = ranks.dropna(subset=["score"])
    if scored.empty:
        return Section("scores", title, (material.say("scores.none"),))
    parts: list[Part] = [
        material.say(
            "scores.spread",
            period=material.when(material.period),
            count=len(scored),
            mean=scored["score"].mean(),
            sd=scored["score"].std(),
            low=scored["score"].min(),
            high=scored["score"].max(),
        ),
        material.say(f"scores.within.{material.analyses.within or 'all'}"),
    ]
    if len(ranks) > len(scored):
        parts.append(material.say("scores.unscored", count=len(ranks) - len(scored)))
    parts += [_first(material), _figure(material)]
    return Section("scores", title, tuple(parts))


def _first(material: Material) -> Part:
    """List the first of each class."""
    first = FIRST if len(material.groups) < 2 else FIRST_OF_EACH
    frame = material.ranks[material.ranks["rank"] <= first]
    order = {group: place for place, group in enumerate(material.groups)}
    frame = frame.assign(order=frame["group"].map(order)).sort_values(["order", "rank", "org"])
    frame = frame.assign(
        group=frame["group"].map(material.group_names), org=material.hide(frame["org"])
    )
    columns = ["group", "rank", "org", "score", "standard_error", "n"]
    kept = [name for name in columns if name in frame and frame[name].notna().any()]
    notes = [material.say("note.standard_error")] if "standard_error" in kept else []
    return material.table(
        "first",
        frame[kept],
        {"rank": "integer", "score": "one", "standard_error": "one", "n": "integer"},
        notes=notes,
        first=first,
        period=material.when(material.period),
    )


def _figure(material: Material) -> Part:
    frame = material.ranks.assign(org=material.hide(material.ranks["org"]))
    words = {**material.chart_words, **material.group_names}
    return material.figure(
        "ranking",
        charts.ranking,
        frame.drop(columns="period"),
        options={"top": 12, "bottom": 12, "words": words},
        period=material.when(material.period),
    )
