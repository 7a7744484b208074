"""Weights of indicators, by dimension."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language
from .frames import Words, check_keys, grouped, in_order, present, shown, table_of, title_of
from .heat import draw_cells, height_of_cells, refuse_many, row_names
from .rows import Line, height_of, label_lines, wrapped_lines
from .style import INK, MAIN, PALE, drawing, styles_of

__all__ = ["weights"]

MOST_MARKERS: Final = 4


def weights(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    words: Words = None,
) -> Axes:
    """Draw the weight of every indicator by dimension: bars, markers of groups, or cells.

    Parameters
    ----------
    frame : DataFrame
        Such as ``index.weights``. Columns (or index levels):

        - ``indicator``: code, once in each group;
        - ``dimension``: code;
        - ``global_weight``: number, share of the whole (0–1);
        - ``local_weight`` (may be absent): number, share of the dimension (0–1), written in
          brackets where there is one group;
        - ``group`` (may be absent): code of the group the weights hold for; two to four groups
          are drawn as markers on one line, more as cells (up to 60 indicators).

        Rows without ``global_weight`` (an indicator that does not apply to a group) are not drawn.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    words : mapping of str to str, optional
        Words to show for dimensions, indicators and groups, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or an indicator that stands twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"dimension": ["d1", "d1"], "indicator": ["i1", "i2"],
    ...                       "local_weight": [0.25, 0.75], "global_weight": [0.125, 0.375]})
    >>> ax = weights(frame)
    >>> [round(float(bar.get_width()), 1) for bar in ax.patches]
    [12.5, 37.5]
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "weights",
        text=("dimension", "indicator"),
        numbers=("global_weight",),
        optional=("group",),
        optional_numbers=("local_weight",),
    )
    if "group" not in table.columns:
        table = table.assign(group="all")
    table = present(table, "weights", "global_weight")
    check_keys(table, "weights", "group", "indicator")
    groups = in_order(table["group"])
    if len(groups) > MOST_MARKERS:
        return _cells(table, ax, language, title, words)
    lines, places = _lines(table, ax, language, words, totals=len(groups) == 1)

    with drawing(ax, height=height_of(lines, extra=1.6 if len(groups) == 1 else 2.3)) as axes:
        label_lines(axes, lines)
        y = table["indicator"].map(places).to_numpy(dtype=float)
        if len(groups) == 1:
            _draw_bars(axes, table, y, language)
        else:
            _draw_groups(axes, table, y, language, words)
        axes.set_title(title or "")
        return axes


def _draw_bars(ax: Axes, table: pd.DataFrame, y: np.ndarray, language: Language) -> None:
    percent = 100 * table["global_weight"].to_numpy()
    texts, told = [f"{share:.1f}" for share in percent], "chart.weight"
    if "local_weight" in table.columns:
        told = "chart.weight_local"
        inside = [f" ({100 * part:.1f})" if part == part else "" for part in table["local_weight"]]
        texts = [text + part for text, part in zip(texts, inside, strict=True)]
    bars = ax.barh(y, percent, height=0.66, color=PALE, edgecolor=MAIN, linewidth=0.6)
    ax.bar_label(bars, texts, padding=3)
    ax.set_xlim(0, 1.22 * percent.max())
    ax.set_xlabel(title_of(told, language))


def _cells(
    table: pd.DataFrame, ax: Axes | None, language: Language, title: str | None, words: Words
) -> Axes:
    """Draw indicators × groups as cells, with a line where a dimension ends."""
    groups, (dimensions, order) = in_order(table["group"]), grouped(table["dimension"])
    codes: list[Hashable] = []
    names: list[str] = []
    ends = []
    for dimension in order:
        own = list(dict.fromkeys(table["indicator"][dimensions == dimension]))
        first, *others = (shown(code, language, words) for code in own)
        names += [f"{shown(dimension, language, words)}  {first}", *others]
        codes += own
        ends.append(len(codes))
    refuse_many(len(codes), "weights")
    pairs = table.set_index(["indicator", "group"])["global_weight"]
    pairs = pairs.reindex(pd.MultiIndex.from_product([codes, groups]))
    percent = 100 * pairs.to_numpy().reshape(len(codes), len(groups))
    rows = row_names(names, len(groups), ax)
    columns = [shown(group, language, words) for group in groups]
    with drawing(ax, height=height_of_cells(rows) + 0.6) as axes:
        draw_cells(axes, percent, rows, columns, limits=(0.0, float(np.nanmax(percent)) or 1.0))
        for end in ends[:-1]:
            axes.axhline(end, color=INK, linewidth=0.6)
        axes.set_xlabel(title_of("chart.weight", language))
        axes.set_title(title or "")
        return axes


def _draw_groups(
    ax: Axes,
    table: pd.DataFrame,
    y: np.ndarray,
    language: Language,
    words: Words,
) -> None:
    percent = 100 * table["global_weight"].to_numpy()
    styles = styles_of(in_order(table["group"]))
    # Markers of one indicator stand a little apart, so that equal weights do not hide each other.
    steps = np.linspace(-0.24, 0.24, len(styles))
    for step, (group, style) in zip(steps, styles.items(), strict=True):
        own = (table["group"] == group).to_numpy()
        ax.plot(
            percent[own],
            y[own] + step,
            linestyle="none",
            color=style.colour,
            marker=style.marker,
            label=shown(group, language, words),
        )
    ax.grid(axis="both")
    ax.set_xlim(0, 1.08 * percent.max())
    ax.set_xlabel(title_of("chart.weight", language))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(len(styles), 4), borderaxespad=0.2)


def _lines(
    table: pd.DataFrame, ax: Axes | None, language: Language, words: Words, *, totals: bool
) -> tuple[list[Line], dict[str, int]]:
    """Return the lines of the chart, and on which line each indicator stands."""
    lines: list[Line] = []
    places: dict[str, int] = {}
    dimensions, order = grouped(table["dimension"])
    for dimension in order:
        own = table[dimensions == dimension]
        total = f"  {100 * own['global_weight'].sum():.1f}%" if totals else ""
        lines.append(Line(shown(dimension, language, words) + total, kind="heading"))
        for indicator in dict.fromkeys(own["indicator"]):
            places[indicator] = len(lines)
            lines.append(Line(shown(indicator, language, words), at=len(lines)))
    return wrapped_lines(lines, ax, extra=2.3), places
