"""Densities of groups or years one above another, on one scale."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language
from .frames import Words, check_keys, grouped, moment, present, shown, table_of, title_of, wrap
from .style import Style, drawing, room_for_labels, styles_of

__all__ = ["density_ridges"]

OVERLAP: Final = 1.5  # how many rows the highest peak may fill


def density_ridges(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    by: str = "group",
    words: Words = None,
) -> Axes:
    r"""Draw the density of each group, or each year, one above another (ridges).

    Parameters
    ----------
    frame : DataFrame
        One row per point of a curve. Columns (or index levels):

        - ``group``, or the column that ``by`` names: code of the group, or a period;
        - ``score``: number, where on the scale;
        - ``density``: number of at least 0;
        - ``n`` (may be absent): organisations behind the curve.

    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    by : str
        The column of groups; "period" puts the years in their order.
    words : mapping of str to str, optional
        Words to show for groups, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or a point that stands twice.

    Notes
    -----
    All curves have one scale of density, so that a higher peak is a narrower group. Curves of
    different bandwidths must not be laid together.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"group": ["rural"] * 3, "score": [0.0, 50.0, 100.0],
    ...                       "density": [0.0, 0.02, 0.0], "n": 30})
    >>> ax = density_ridges(frame)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['农村（村、社区）\nn = 30']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "density_ridges",
        text=(by,),
        numbers=("score", "density"),
        optional_numbers=("n",),
    )
    table = present(table, "density_ridges", by, "score", "density")
    check_keys(table, "density_ridges", by, "score")
    codes, groups = grouped(table[by])
    if by == "period":
        groups = sorted(groups, key=lambda period: moment(period).position)
    table = table.assign(**{by: codes}).sort_values("score", kind="stable")
    highest = float(table["density"].max())
    rise = OVERLAP / highest if highest > 0 else 0.0
    styles = styles_of(groups)
    # Years of one thing share one colour; their order is told by their place.
    same = Style("#1f4e79", "", "o", "-")
    letters = room_for_labels(ax)

    with drawing(ax, height=2.2 + 1.5 * len(groups)) as axes:
        names = []
        for place, group in enumerate(groups):
            own = table[table[by] == group]
            _draw_ridge(axes, own, place, rise, same if by == "period" else styles[group])
            name = moment(group).text(language) if by == "period" else shown(group, language, words)
            count = f"\nn = {own['n'].iloc[0]:.0f}" if "n" in own and own["n"].notna().any() else ""
            names.append(f"{wrap(name, letters)}{count}")
        axes.set_yticks(range(len(groups)), names, va="bottom")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(groups) - 0.7, -OVERLAP - 0.1)
        axes.margins(x=0)
        axes.grid(axis="x")
        axes.set_xlabel(title_of("score", language))
        axes.set_title(title or "")
        return axes


def _draw_ridge(ax: Axes, own: pd.DataFrame, place: int, rise: float, style: Style) -> None:
    top = place - own["density"] * rise
    depth = 2 + place / 100  # lower rows lie in front
    ax.fill_between(
        own["score"],
        place,
        top,
        facecolor=style.colour,
        edgecolor="white",
        hatch=style.hatch,
        alpha=0.55,
        linewidth=0,
        zorder=depth,
    )
    ax.plot(own["score"], top, color=style.colour, linestyle="-", zorder=depth)
    ax.axhline(place, color=style.colour, linewidth=0.6, zorder=depth)
