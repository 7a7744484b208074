"""servicepo: from the spreadsheets a county sends to indices that hold up in a policy paper.

The way through the house::

    read ──> tally ──> build_index ──> compare_domains, compare_sources, grade,
    (files)  (values)  (index)         find_weak, measure_change, assess_robustness
                                       ──> charts, write_report

Read
    `read` files into a `Dataset`; `open_ledger` opens service records of any size;
    `load_framework` (六有 and others, or your own TOML).
Measure
    `tally` values per indicator; `build_index` scores, weights, dimensions and the overall index.
Analyse
    `compare_domains`, `compare_sources`, `grade`, `find_weak`, `measure_change`,
    `assess_robustness`; `watch` monthly figures for early warning; `adjust_case_mix` of a service
    ledger; `track_promotions` (晋位升级), `track_rectification` (整顿台账).
Show
    `charts` (a frame in, matplotlib axes out); `write_report` (HTML, Word, Excel, figures).
Try
    `synthesise` a county with planted truth; `write_templates` for empty sheets.

Formulas stand under their own names in ``servicepo.methods``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# name -> module that defines it; loaded at first use so that the import costs nothing.
_ROOMS = {
    "Dataset": ".tables",
    "DomainComparison": ".comparison",
    "CaseMix": ".case_mix",
    "Change": ".change",
    "Framework": ".framework",
    "FrameworkError": ".errors",
    "Grades": ".grading",
    "Index": ".index",
    "Ledger": ".tallying.ledger",
    "MethodError": ".errors",
    "MethodWarning": ".errors",
    "Promotions": ".promotion",
    "Rectification": ".rectification",
    "Robustness": ".robustness",
    "ServicepoError": ".errors",
    "SeverityCorrection": ".severity",
    "SourceComparison": ".source_comparison",
    "TableError": ".errors",
    "Watch": ".watching",
    "WeakBranches": ".weakness",
    "adjust_case_mix": ".case_mix",
    "assess_robustness": ".robustness",
    "build_index": ".index",
    "compare_domains": ".comparison",
    "compare_sources": ".source_comparison",
    "correct_severity": ".severity",
    "find_weak": ".weakness",
    "grade": ".grading",
    "load_framework": ".framework",
    "measure_change": ".change",
    "open_ledger": ".tallying.ledger",
    "read": ".reading.read",
    "synthesise": ".synthetic.county",
    "tally": ".tallying.tally",
    "track_promotions": ".promotion",
    "track_rectification": ".rectification",
    "watch": ".watching",
    "write_report": ".report.write",
    "write_templates": ".templates",
}
_FLATS = ("charts", "methods")

__all__ = ["__version__", "charts", "methods", *_ROOMS]

if TYPE_CHECKING:
    from . import charts as charts
    from . import methods as methods
    from .case_mix import CaseMix as CaseMix
    from .case_mix import adjust_case_mix as adjust_case_mix
    from .change import Change as Change
    from .change import measure_change as measure_change
    from .comparison import DomainComparison as DomainComparison
    from .comparison import compare_domains as compare_domains
    from .errors import FrameworkError as FrameworkError
    from .errors import MethodError as MethodError
    from .errors import MethodWarning as MethodWarning
    from .errors import ServicepoError as ServicepoError
    from .errors import TableError as TableError
    from .framework import Framework as Framework
    from .framework import load_framework as load_framework
    from .grading import Grades as Grades
    from .grading import grade as grade
    from .index import Index as Index
    from .index import build_index as build_index
    from .promotion import Promotions as Promotions
    from .promotion import track_promotions as track_promotions
    from .reading.read import read as read
    from .rectification import Rectification as Rectification
    from .rectification import track_rectification as track_rectification
    from .report.write import write_report as write_report
    from .robustness import Robustness as Robustness
    from .robustness import assess_robustness as assess_robustness
    from .severity import SeverityCorrection as SeverityCorrection
    from .severity import correct_severity as correct_severity
    from .source_comparison import SourceComparison as SourceComparison
    from .source_comparison import compare_sources as compare_sources
    from .synthetic.county import synthesise as synthesise
    from .tables import Dataset as Dataset
    from .tallying.ledger import Ledger as Ledger
    from .tallying.ledger import open_ledger as open_ledger
    from .tallying.tally import tally as tally
    from .templates import write_templates as write_templates
    from .watching import Watch as Watch
    from .watching import watch as watch
    from .weakness import WeakBranches as WeakBranches
    from .weakness import find_weak as find_weak


def __getattr__(name: str) -> object:
    if name in _FLATS:
        found: object = importlib.import_module(f".{name}", __name__)
    elif name in _ROOMS:
        found = getattr(importlib.import_module(_ROOMS[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
