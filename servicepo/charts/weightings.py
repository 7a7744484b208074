"""Weights of indicators, by dimension."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language
from .frames import Words, check_keys, grouped, in_order, present, shown, table_of, title_of
from .rows import Line, height_of, label_lines, wrapped_lines
from .style import MAIN, PALE, drawing, styles_of

__all__ = ["weights"]


def weights(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    words: Words = None,
) -> Axes:
    """Draw the weight of every indicator under its dimension: bars, or a marker for each group.

    Parameters
    ----------
    frame : DataFrame
        Such as ``index.weights``. Columns (or index levels):

        - ``indicator``: code, once in each group;
        - ``dimension``: code;
        - ``global_weight``: number, share of the whole (0–1);
        - ``local_weight`` (may be absent): number, share of the dimension (0–1), written in
          brackets where there is one group;
        - ``group`` (may be absent): code of the group the weights hold for; several groups are
          drawn as markers on one line.

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
    lines, places = _lines(table, ax, language, words, totals=len(groups) == 1)

    with drawing(ax, height=height_of(lines, extra=1.6 if len(groups) == 1 else 2.3)) as axes:
        label_lines(axes, lines)
        y = table["indicator"].map(places).to_numpy(dtype=float)
        percent = 100 * table["global_weight"].to_numpy(dtype=float)
        local = len(groups) == 1 and "local_weight" in table.columns
        if len(groups) == 1:
            bars = axes.barh(y, percent, height=0.66, color=PALE, edgecolor=MAIN, linewidth=0.6)
            inside = 100 * table["local_weight"] if local else np.full(len(table), np.nan)
            axes.bar_label(
                bars,
                [
                    f"{share:.1f}" + (f" ({part:.1f})" if part == part else "")
                    for share, part in zip(percent, inside, strict=True)
                ],
                padding=3,
            )
            axes.set_xlim(0, 1.22 * percent.max())
        else:
            _draw_groups(axes, table, y, percent, language, words)
        axes.set_xlabel(title_of("chart.weight_local" if local else "chart.weight", language))
        axes.set_title(title or "")
        return axes


def _draw_groups(
    ax: Axes,
    table: pd.DataFrame,
    y: np.ndarray,
    percent: np.ndarray,
    language: Language,
    words: Words,
) -> None:
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
