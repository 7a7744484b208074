"""All analyses of a report, run once; what cannot be run for these data is told, not raised."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import pandas as pd

from ..change import Change, measure_change
from ..comparison import DomainComparison, compare_domains
from ..domain_history import DomainHistory
from ..errors import MethodError, MethodWarning
from ..grading import Grades, grade
from ..index import Index
from ..robustness import Robustness, assess_robustness
from ..source_comparison import SourceComparison, compare_sources
from ..weakness import WeakBranches, find_weak

T = TypeVar("T")

# Classes that may be ranked within, the coarsest first.
CLASSES: Final = ("domain", "sector", "group")
# Weights drawn for the robustness of ranks; each is tried with six ways to build the index.
DRAWS: Final = 500


@dataclass(frozen=True, eq=False, slots=True)
class Analyses:
    """What was computed on an index.

    Attributes
    ----------
    ranks : DataFrame
        As ``index.ranks``, for all periods.
    within : str or None
        Column of the organisations that was ranked within; None ranks all together.
    standard_errors : Series or None
        As ``index.standard_errors``.
    domains, history, grades, parties, weak, change, robustness
        Results, or None where they cannot be computed for these data.
    refused : dict of str to str
        Name of an analysis that cannot be computed -> why.
    conventions : tuple of MethodWarning
        Conventions the analyses warned of, each once.
    """

    ranks: pd.DataFrame
    within: str | None
    standard_errors: pd.Series | None
    domains: DomainComparison | None
    history: DomainHistory | None
    grades: Grades | None
    parties: SourceComparison | None
    weak: WeakBranches | None
    change: Change | None
    robustness: Robustness | None
    refused: dict[str, str]
    conventions: tuple[MethodWarning, ...]


def analyse(index: Index, *, seed: int, tell: Callable[[str], None]) -> Analyses:
    """Run all analyses.

    Parameters
    ----------
    index : Index
        What is reported.
    seed : int
        For the draws.
    tell : callable
        Called with the name of each analysis before it starts.

    Returns
    -------
    Analyses
    """
    refused: dict[str, str] = {}

    def attempt(name: str, run: Callable[[], T]) -> T | None:
        tell(name)
        try:
            return run()
        except MethodError as error:
            refused[name] = str(error)
            return None

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MethodWarning)
        ranks, within = _ranked(index)
        finest = "sector" if _has(index, "sector") else within
        domains = attempt("domains", lambda: compare_domains(index, seed=seed))
        history = None if domains is None else attempt("history", lambda: domains.history(draws=0))
        grades = attempt("grades", lambda: grade(index))
        parties = attempt("parties", lambda: compare_sources(index, within=within, names=True))
        weak = attempt("weak", lambda: find_weak(index, within=finest, seed=seed, names=True))
        graded = None if grades is None else grades.table["grade"]
        change = attempt("change", lambda: measure_change(index, grades=graded))
        robustness = attempt(
            "robustness",
            lambda: assess_robustness(
                index.values,
                index.framework,
                organisations=index.organisations,
                within=within,
                draws=DRAWS,
                seed=seed,
            ),
        )
    told = [w.message for w in caught if isinstance(w.message, MethodWarning)]
    return Analyses(
        ranks=ranks,
        within=within,
        standard_errors=index.standard_errors,
        domains=domains,
        history=history,
        grades=grades,
        parties=parties,
        weak=weak,
        change=change,
        robustness=robustness,
        refused=refused,
        conventions=tuple({str(said): said for said in told}.values()),
    )


def _ranked(index: Index) -> tuple[pd.DataFrame, str | None]:
    """Rank within the coarsest classes that may be compared in the last period."""
    last = index.overall.index.get_level_values("period").max()
    for within in CLASSES:
        if not _has(index, within):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", MethodWarning)
                index.ranks(within=within, period=last)
                warnings.simplefilter("ignore", MethodWarning)
                return index.ranks(within=within), within
        except (MethodError, MethodWarning):
            continue
    finest = next((name for name in reversed(CLASSES) if _has(index, name)), None)
    return index.ranks(within=finest), finest


def _has(index: Index, column: str) -> bool:
    people = index.organisations
    return people is not None and column in people and bool(people[column].notna().any())
