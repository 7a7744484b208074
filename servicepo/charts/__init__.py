"""Charts for a policy paper: a tidy frame in, matplotlib Axes out.

Every chart takes a frame and ``*, ax=None, language="zh", title=None`` and returns the Axes it drew
on. Charts compute no statistics; a column they miss is named in the error. They are drawn at the
size they are printed in (17 cm wide unless you make axes yourself with `new_axes`), in letters of
8 pt and more, and tell groups apart by hatch, marker and line as well as by colour, so that they
survive black-and-white printing. The Chinese font comes with the package's dependencies and is set
on the letters themselves: your own ``rcParams`` stay as they are. The title of a figure belongs
below it, in the text, so none is drawn unless you ask.

Axes of your own keep long labels inside when their figure was made with ``layout="constrained"``;
`new_axes` does so.

Rows and shares
    `ranking`, `rank_intervals`, `weights`
Dimensions
    `dimensions_radar`, `dimensions_heatmap`
Groups and time
    `domain_distribution`, `density_ridges`, `cumulative_distribution`, `quantile_shift`,
    `lorenz_curve`, `trend`, `slope`, `waterfall`, `transition_matrix`
Early warning
    `control_chart`
Services
    `survival_curves`, `calendar`, `backlog`
Weak branches
    `funnel`, `weak_reasons`
Sources
    `source_divergence`, `mass_weight_path`
Tools
    `new_axes`, `set_typeface`, `save_figure`
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

# name -> module that defines it; loaded at first use so that the import draws in no matplotlib.
_MODULES = {
    "control_chart": ".control",
    "cumulative_distribution": ".curves",
    "density_ridges": ".densities",
    "backlog": ".services",
    "calendar": ".services",
    "dimensions_heatmap": ".dimensions",
    "dimensions_radar": ".dimensions",
    "domain_distribution": ".distributions",
    "funnel": ".funnels",
    "grade_shares": ".grades",
    "lorenz_curve": ".curves",
    "mass_weight_path": ".sources",
    "new_axes": ".style",
    "quantile_shift": ".curves",
    "rank_intervals": ".rankings",
    "ranking": ".rankings",
    "save_figure": ".saving",
    "set_typeface": ".fonts",
    "slope": ".slopes",
    "source_divergence": ".sources",
    "survival_curves": ".services",
    "transition_matrix": ".transitions",
    "trend": ".trends",
    "waterfall": ".waterfalls",
    "weak_reasons": ".reasons",
    "weights": ".weightings",
}

__all__ = [
    "backlog",
    "calendar",
    "control_chart",
    "cumulative_distribution",
    "density_ridges",
    "dimensions_heatmap",
    "dimensions_radar",
    "domain_distribution",
    "funnel",
    "grade_shares",
    "lorenz_curve",
    "mass_weight_path",
    "new_axes",
    "quantile_shift",
    "rank_intervals",
    "ranking",
    "save_figure",
    "set_typeface",
    "slope",
    "source_divergence",
    "survival_curves",
    "transition_matrix",
    "trend",
    "waterfall",
    "weak_reasons",
    "weights",
]

if TYPE_CHECKING:
    from .control import control_chart
    from .curves import cumulative_distribution, lorenz_curve, quantile_shift
    from .densities import density_ridges
    from .dimensions import dimensions_heatmap, dimensions_radar
    from .distributions import domain_distribution
    from .fonts import set_typeface
    from .funnels import funnel
    from .grades import grade_shares
    from .rankings import rank_intervals, ranking
    from .reasons import weak_reasons
    from .saving import save_figure
    from .services import backlog, calendar, survival_curves
    from .slopes import slope
    from .sources import mass_weight_path, source_divergence
    from .style import new_axes
    from .transitions import transition_matrix
    from .trends import trend
    from .waterfalls import waterfall
    from .weightings import weights


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_MODULES[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
