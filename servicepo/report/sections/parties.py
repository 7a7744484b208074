"""评价主体比较: what self, masses and superiors say of the same organisations."""

from __future__ import annotations

import pandas as pd

from ... import charts
from ...source_comparison import SourceComparison
from ..material import Material
from ..pieces import Part, Section, Style

SURE = 0.9  # an inflation beyond δ is counted from this probability on
SHOWN = 15
_AGREED = ("w", "icc_agreement", "low", "high")


def parties_section(material: Material) -> Section | None:
    """Write the section; None where no two sources scored the same organisations.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section or None
    """
    found = material.analyses.parties
    if found is None:
        return None
    orgs = found.scores.index.unique("org").size
    sources = material.listed(material.word(f"source.{source}") for source in found.sources)
    parts: list[Part] = [
        material.say(
            "parties.who", period=material.when(found.period), count=orgs, sources=sources
        ),
        _agreement(material, found),
    ]
    if found.inflation is not None and found.pair is not None:
        own, other = (material.word(f"source.{source}") for source in found.pair)
        parts += [
            material.say(
                "parties.inflation",
                own=own,
                other=other,
                mean=found.inflation["inflation"].mean(),
                count=int((found.inflation["probability"] > SURE).sum()),
                delta=found.delta,
            ),
            _figure(material, found, own, other),
        ]
    if found.critical is not None and found.rising is not None:
        parts.append(
            material.say(
                "parties.critical",
                rising=material.word(f"source.{found.rising}"),
                count=found.critical["org"].nunique(),
            )
        )
    return Section("parties", material.say("parties.title"), tuple(parts))


def _agreement(material: Material, found: SourceComparison) -> Part:
    """Tell for each pair of sources how far levels and orders agree."""
    overall = found.agreement[found.agreement["indicator"].eq("overall")]
    pairs = overall[overall["sources"].str.count(";").eq(1)]
    apart = found.divergence[found.divergence["indicator"].eq("overall")]
    mean = apart.groupby(["source", "other"])["difference"].mean()
    frame = pd.DataFrame(
        {
            "parties": [_pair(material, codes) for codes in pairs["sources"]],
            "n": pairs["n"].to_numpy(),
            "mean_difference": [mean[tuple(codes.split(";"))] for codes in pairs["sources"]],
            **{name: pairs[name].to_numpy() for name in _AGREED},
        }
    )
    styles: dict[str, Style] = {"n": "integer", "mean_difference": "one"}
    styles |= dict.fromkeys(_AGREED, "two")
    return material.table(
        "agreement",
        frame,
        styles,
        notes=[material.say("note.agreement")],
        period=material.when(found.period),
    )


def _pair(material: Material, codes: str) -> str:
    return "—".join(material.word(f"source.{source}") for source in codes.split(";"))


def _figure(material: Material, found: SourceComparison, own: str, other: str) -> Part:
    assert found.inflation is not None
    frame = found.inflation.reset_index()
    return material.figure(
        "inflation",
        charts.source_divergence,
        frame.assign(org=material.hide(frame["org"])),
        notes=[material.say("note.inflation", delta=found.delta)],
        options={"top": SHOWN, "bottom": SHOWN // 3, "delta": found.delta},
        own=own,
        other=other,
    )
