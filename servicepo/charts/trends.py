"""Means of groups over periods."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language
from .frames import (
    Moment,
    Words,
    check_keys,
    grouped,
    moment,
    present,
    shown,
    table_of,
    title_of,
    wrap,
)
from .style import LETTER_WIDTH, Style, drawing, size_of, styles_of

__all__ = ["name_ends", "trend"]

TICK: Final = 1.3  # cm that the name of a period takes


def trend(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    by: str = "domain",
    words: Words = None,
) -> Axes:
    r"""Draw the mean of each group over periods, named at the end of its line.

    Parameters
    ----------
    frame : DataFrame
        One row per group and period. Columns (or index levels):

        - ``period``: pandas Period, or text such as 2024, 2024H1, 2024Q3, 2024-05; a period that is
          not there leaves its room on the axis;
        - ``domain``, or the column that ``by`` names: code of the group;
        - ``mean``: number; a missing one breaks the line;
        - ``low``, ``high`` (may be absent, both or neither): numbers, the ends of a band. Say in
          the caption what it is.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    by : str
        The column of groups.
    words : mapping of str to str, optional
        Words to show for groups, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, a group that stands twice in a period, or
        a text that is no period.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame(
    ...     {"period": ["2024H1", "2024H2"], "domain": "rural", "mean": [61.0, 64.5]}
    ... )
    >>> ax = trend(frame)
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['上半年\n2024年', '下半年\n']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame, "trend", text=("period", by), numbers=("mean",), optional_numbers=("low", "high")
    )
    codes, groups = grouped(table[by])
    table = table.assign(**{by: codes})
    check_keys(table, "trend", "period", by)
    present(table, "trend", "mean")
    moments = {period: moment(period) for period in table["period"].unique()}
    table = table.assign(position=table["period"].map(lambda period: moments[period].position))
    table = table.sort_values("position", kind="stable")
    styles = styles_of(groups)

    with drawing(ax, height=9.0) as axes:
        ends: dict[Hashable, tuple[float, float]] = {}
        for group, style in styles.items():
            own = table[table[by] == group]
            _draw_line(axes, own, style)
            known = own.dropna(subset=["mean"])
            if len(known):
                ends[group] = (known["position"].iloc[-1], known["mean"].iloc[-1])
        mark_periods(axes, sorted(moments.values(), key=lambda m: m.position), language)
        axes.margins(x=0.06, y=0.1)
        axes.grid(axis="y")
        axes.set_ylabel(title_of("score", language))
        name_ends(axes, ends, {group: shown(group, language, words) for group in ends}, styles)
        axes.set_title(title or "")
        return axes


def _draw_line(ax: Axes, own: pd.DataFrame, style: Style) -> None:
    if {"low", "high"} <= set(own.columns):
        ax.fill_between(
            own["position"],
            own["low"],
            own["high"],
            color=style.colour,
            alpha=0.16,
            linewidth=0,
        )
    ax.plot(
        own["position"],
        own["mean"],
        color=style.colour,
        marker=style.marker,
        linestyle=style.line,
        markeredgecolor="white",
        markeredgewidth=0.4,
        markersize=5.5,
    )


def mark_periods(ax: Axes, moments: list[Moment], language: Language) -> None:
    """Name as many periods as have room; a year is told once, at its first part."""
    most = max(2, int(size_of(ax)[0] / TICK))
    parts = moments[0].parts
    steps = (step for step in range(1, len(moments) + 1) if step % parts == 0 or parts % step == 0)
    marked = moments[:: next(step for step in steps if len(moments) <= step * most)]
    names, year = [], None
    for each in marked:
        if each.parts == 1:
            names.append(each.text(language))
        else:
            # The second line is there even where it is empty, so that all first lines are level.
            whole = "" if each.year == year else Moment(each.year).text(language)
            names.append(f"{each.part_text(language)}\n{whole}")
        year = each.year
    ax.set_xticks([each.position for each in marked], names)


def name_ends(
    ax: Axes,
    ends: dict[Hashable, tuple[float, float]],
    names: dict[Hashable, str],
    styles: dict[Hashable, Style],
) -> None:
    """Write each group's name right of its last point, moved apart where two would touch."""
    low, high = ax.get_ylim()
    turned = high < low  # ranks, 1 on top
    if turned:
        low, high = high, low
    tall = 1.6 * LETTER_WIDTH / size_of(ax)[1]
    texts = {group: wrap(name, 9) for group, name in names.items()}
    order = sorted(ends, key=lambda group: ends[group][1])
    needed = [tall * (high - low) * (texts[group].count("\n") + 1) for group in order]
    heights = spread([ends[group][1] for group in order], needed)
    for group, height in zip(order, heights, strict=True):
        colour = styles[group].colour
        ax.annotate(
            texts[group],
            ends[group],
            xytext=(1.02, height),
            textcoords=("axes fraction", "data"),
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkB": 4},
        )
    ends_at = min([low, *heights]), max([high, *heights])
    ax.set_ylim(ends_at[::-1] if turned else ends_at)


def spread(values: list[float], needed: list[float]) -> list[float]:
    """Return the ascending values moved as little as keeps each its height from the next.

    Examples
    --------
    >>> spread([1.0, 1.0, 5.0], [2.0, 2.0, 2.0])
    [0.0, 2.0, 5.0]
    """
    # Blocks of labels that touch are merged and centred on what they name, from below upwards.
    blocks: list[tuple[list[float], list[float]]] = []
    for value, room in zip(values, needed, strict=True):
        blocks.append(([value], [room]))
        while len(blocks) > 1 and _top(blocks[-2]) > _bottom(blocks[-1]):
            above = blocks.pop()
            blocks[-1] = (blocks[-1][0] + above[0], blocks[-1][1] + above[1])
    return [place for block in blocks for place in _places(block)]


def _bottom(block: tuple[list[float], list[float]]) -> float:
    return float(np.mean(block[0])) - sum(block[1]) / 2


def _top(block: tuple[list[float], list[float]]) -> float:
    return float(np.mean(block[0])) + sum(block[1]) / 2


def _places(block: tuple[list[float], list[float]]) -> list[float]:
    rooms = np.array(block[1])
    return [float(y) for y in _bottom(block) + np.cumsum(rooms) - rooms / 2]
