"""Why organisations are weak: how often each reason stands, or how far each one falls short."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from ..labels import Language
from .frames import Words, check_keys, in_order, present, shown, table_of, title_of
from .heat import draw_cells, height_of_cells, refuse_many, row_names
from .rows import Line, height_of, label_lines, wrapped_lines
from .style import MAIN, PALE, SOFT, drawing

__all__ = ["weak_reasons"]

_CHANCE: Final[Mapping[str, Any]] = MappingProxyType(
    {"facecolor": "none", "edgecolor": SOFT, "hatch": "//", "linewidth": 0.0}
)


def weak_reasons(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    words: Words = None,
) -> Axes:
    """Draw the reasons of weak branches: bars of counts, or a heat map of shortfalls.

    Parameters
    ----------
    frame : DataFrame
        One row per reason, for bars. Columns (or index levels):

        - ``reason``: code or words, once each;
        - ``count``: number of organisations.

        Or, with a column ``org``, one row per organisation and reason, for a heat map:

        - ``org``: name or code of the organisation (up to 60), in the order of the rows;
        - ``reason``: code or words of the dimension or indicator;
        - ``shortfall``: number; the higher, the darker the cell. None is a white cell with a dash;
        - ``state``, optional: "unclear" where it may be chance; such cells are crossed out by lines
          and are not reasons.

        ``find_weak(index).reasons`` may be given as it is: its ``indicator`` is the reason, its
        ``degree``, a share, is shown in per cent.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    words : mapping of str to str, optional
        Words to show for reasons and organisations, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or a reason that stands twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = weak_reasons(pd.DataFrame({"reason": ["服务作风", "便于议事"], "count": [3, 7]}))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['便于议事', '服务作风']
    >>> plt.close(ax.figure)
    """
    if "org" in frame.columns or "org" in frame.index.names:
        return _shortfalls(frame, ax, language, title, words)
    return _counts(frame, ax, language, title, words)


def _counts(
    frame: pd.DataFrame, ax: Axes | None, language: Language, title: str | None, words: Words
) -> Axes:
    table = table_of(frame, "weak_reasons", text=("reason",), numbers=("count",))
    check_keys(table, "weak_reasons", "reason")
    table = present(table, "weak_reasons", "count")
    table = table.sort_values("count", ascending=False, kind="stable")
    lines = [Line(shown(reason, language, words), at) for at, reason in enumerate(table["reason"])]
    lines = wrapped_lines(lines, ax)
    with drawing(ax, height=height_of(lines)) as axes:
        label_lines(axes, lines)
        counts = table["count"].to_numpy(dtype=float)
        bars = axes.barh(
            range(len(lines)), counts, height=0.66, color=PALE, edgecolor=MAIN, linewidth=0.6
        )
        axes.bar_label(bars, [f"{count:.10g}" for count in counts], padding=3)
        axes.set_xlim(0, 1.08 * counts.max(initial=1.0))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(title_of("chart.organisations", language))
        axes.set_title(title or "")
        return axes


def _shortfalls(
    frame: pd.DataFrame, ax: Axes | None, language: Language, title: str | None, words: Words
) -> Axes:
    obstacles = "reason" not in frame and {"indicator", "degree"} <= set(frame.columns)
    if obstacles:
        frame = frame.assign(reason=frame["indicator"], shortfall=100 * frame["degree"])
    table = table_of(
        frame, "weak_reasons", text=("org", "reason"), numbers=("shortfall",), optional=("state",)
    )
    check_keys(table, "weak_reasons", "org", "reason")
    present(table, "weak_reasons", "shortfall")
    orgs, reasons = in_order(table["org"]), in_order(table["reason"])
    refuse_many(len(orgs), "weak_reasons")
    pairs = table.set_index(["org", "reason"])
    pairs = pairs.reindex(pd.MultiIndex.from_product([orgs, reasons]))
    values = pairs["shortfall"].to_numpy(dtype=float).reshape(len(orgs), len(reasons))
    unclear = np.zeros(values.shape, dtype=bool)
    if "state" in pairs:
        unclear = (pairs["state"] == "unclear").to_numpy(dtype=bool).reshape(values.shape)
    rows = row_names([shown(org, language, words) for org in orgs], len(reasons), ax)
    with drawing(ax, height=height_of_cells(rows)) as axes:
        draw_cells(
            axes,
            values,
            rows,
            [shown(reason, language, words) for reason in reasons],
            limits=(0.0, float(np.nanmax(values)) or 1.0),
        )
        for row, column in np.argwhere(unclear):
            axes.add_patch(Rectangle((column, row), 1, 1, **_CHANCE, zorder=1.5))
        axes.set_xlabel(title_of("chart.obstacle", language) if obstacles else "")
        if unclear.any():
            mark = Patch(**_CHANCE, label=title_of("chart.may_be_chance", language))
            axes.legend(
                handles=[mark], loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=2
            )
        axes.set_title(title or "")
        return axes
