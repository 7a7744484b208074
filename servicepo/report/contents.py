"""Gather a report: run the analyses once, write the sections, number their parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from .. import __version__
from ..index import Index
from ..labels import Language
from ..tables import period_text
from .analyses import analyse
from .material import Material
from .pieces import Content, Style, Table, number
from .problems import problems_in_words
from .sections.change import change_section
from .sections.data import data_section
from .sections.dimensions import dimensions_section
from .sections.domains import domains_section
from .sections.framework import framework_section
from .sections.grades import grades_section
from .sections.methods import methods_section, notes_section
from .sections.parties import parties_section
from .sections.robustness import robustness_section
from .sections.scores import scores_section
from .sections.summary import summary_section
from .sections.weak import weak_section

SECTIONS = (
    summary_section,
    data_section,
    framework_section,
    scores_section,
    domains_section,
    dimensions_section,
    grades_section,
    parties_section,
    weak_section,
    change_section,
    robustness_section,
    methods_section,
    notes_section,
)


def gather(
    index: Index, *, language: Language, names: bool, seed: int, tell: Callable[[str], None]
) -> Content:
    """Run the analyses and write the report, without any file format.

    Parameters
    ----------
    index : Index
        What to report.
    language : {"zh", "en"}
        The language of the report.
    names : bool
        Whether organisations are shown by name.
    seed : int
        For whatever is drawn.
    tell : callable
        Called with the name of each step before it starts.

    Returns
    -------
    Content
    """
    analyses = analyse(index, seed=seed, tell=tell)
    tell("sections")
    material = Material(index, analyses, language, names, seed)
    framework = index.framework.name[language]
    written = [made for section in SECTIONS if (made := section(material)) is not None]
    return Content(
        title=material.say("title", place=_place(material), framework=framework),
        subtitle=material.say(
            "subtitle",
            span=material.span,
            framework=framework,
            version=index.framework.version,
            servicepo=__version__,
        ),
        sections=number(written, language),
        appendix=_appendix(material),
        language=language,
        choices={
            "language": language,
            "names": names,
            "seed": seed,
            "periods": list(period_text(pd.PeriodIndex(material.periods))),
            "ranked_within": analyses.within,
            **{name: _told(getattr(index.choices, name)) for name in index.choices.__slots__},
        },
    )


def _place(material: Material) -> str:
    """Name the county, or the city, where all organisations lie in one."""
    people = material.index.organisations
    for region in ("county", "city"):
        if people is not None and region in people:
            found = people[region].dropna().unique()
            if len(found) == 1:
                return f" — {found[0]}" if material.language == "en" else str(found[0])
    return ""


def _appendix(material: Material) -> tuple[Table, ...]:
    """Give the workbook whole tables: ranks, dimensions, indicators, weights, problems."""
    index = material.index
    keys = _keys(material)

    def with_keys(*frames: pd.DataFrame | pd.Series) -> pd.DataFrame:
        # Sorted by code: rows in the order of the names would tell who hides behind a code.
        rows = pd.concat([keys, *(frame.reset_index(drop=True) for frame in frames)], axis=1)
        return rows.sort_values(["org", "period"], ignore_index=True)

    ranks = material.analyses.ranks
    ranks = ranks.assign(group=ranks["group"].map(material.group_names))
    overall = with_keys(ranks[["group", "rank", "n", "score"]], index.coverage)
    dimensions = with_keys(index.dimensions)
    tables = [
        material.table(
            "all_ranks",
            overall,
            {"rank": "integer", "n": "integer", "score": "two", "coverage": "percent"},
        ),
        material.table("all_dimensions", dimensions, _all(index.dimensions, "two")),
    ]
    for key, frame in (("all_scores", index.scores), ("all_values", index.values)):
        shown = frame.mask(material.hidden.reindex_like(frame))
        tables.append(
            material.table(
                key,
                with_keys(shown),
                _all(frame, "two"),
                notes=[material.suppression],
            )
        )
    weights = index.weights.reset_index()
    weights = weights.assign(
        group=[_classes(material, str(label)) for label in weights["group"]],
        dimension=weights["dimension"].map(material.word),
        indicator=weights["indicator"].map(material.word),
    )
    tables.append(
        material.table(
            "all_weights", weights, {"local_weight": "percent", "global_weight": "percent"}
        )
    )
    if index.evidence is not None and len(index.evidence.data.problems):
        problems = problems_in_words(index.evidence.data.problems, material.language)
        tables.append(material.table("all_problems", problems, {"row": "integer"}))
    return tuple(tables)


def _classes(material: Material, label: str) -> str:
    """Say in words for whom weights hold: ``enterprise/organs``."""
    keys = {code: code for code in label.split("/")}
    for family in ("domain", "sector"):
        keys |= {code: key for code in keys if material.knows(key := f"{family}.{code}")}
    return material.listed(material.word(key) for key in keys.values())


def _all(frame: pd.DataFrame, style: Style) -> dict[str, Style]:
    return {str(name): style for name in frame.columns}


def _keys(material: Material) -> pd.DataFrame:
    """Tell who and when, row by row of the index."""
    rows = material.index.overall.index
    orgs = rows.get_level_values("org")
    periods = pd.PeriodIndex(rows.get_level_values("period"))
    keys = pd.DataFrame({"org": material.hide(orgs), "period": period_text(periods)})
    people = material.index.organisations
    for column in ("domain", "sector"):
        if people is not None and column in people:
            keys[column] = material.words(column, people[column].reindex(orgs)).to_numpy()
    return keys


def _told(choice: object) -> object:
    """Name a choice in plain JSON: words and numbers as they are, functions by name."""
    if isinstance(choice, str | int | float):
        return choice
    if isinstance(choice, pd.Series):
        return {str(key): float(value) for key, value in choice.items()}
    if isinstance(choice, Mapping):
        return {str(key): _told(value) for key, value in choice.items()}
    return getattr(choice, "__name__", "given")
