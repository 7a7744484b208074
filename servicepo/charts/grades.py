"""Grades side by side: shares of grades in each class, or how likely each grade is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from ..labels import Language
from .frames import Words, check_keys, in_order, latest, present, shown, table_of, title_of
from .heat import refuse_many
from .rows import Line, height_of, label_lines, wrapped_lines
from .style import INK, LIGHT_TO_DARK, SOFT, drawing

__all__ = ["grade_shares"]

NARROWEST: float = 0.06  # a narrower part has no room for its number


def grade_shares(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    by: str = "org",
    words: Words = None,
) -> Axes:
    """Draw stacked bars, a row for each class or organisation, the best grade at the left.

    Parameters
    ----------
    frame : DataFrame
        One row per row of the chart and grade. Columns (or index levels):

        - ``org``, or the column that ``by`` names: code or words of the row (up to 60), in the
          order of the rows;
        - ``grade``: code of the grade; ordered categories, worst first, else in the order of the
          rows, best first;
        - ``share``: number 0–1, the share of organisations with that grade, or its probability;
        - ``period`` (may be absent): of several periods the last is drawn.

        ``grade(index).counts(by="domain")`` may be given as it is, with ``by="domain"``.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    by : str
        The column of the rows.
    words : mapping of str to str, optional
        Words to show for rows and grades, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or a row and grade that stand twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"org": ["甲村", "甲村"], "grade": ["good", "poor"],
    ...                       "share": [0.75, 0.25]})
    >>> ax = grade_shares(frame)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['好', '较差']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame, "grade_shares", text=(by, "grade"), numbers=("share",), optional=("period",)
    )
    table = present(latest(table)[0], "grade_shares", by, "grade", "share")
    check_keys(table, "grade_shares", by, "grade")
    ordered = isinstance(table["grade"].dtype, pd.CategoricalDtype) and table["grade"].cat.ordered
    grades = list(table["grade"].cat.categories[::-1]) if ordered else in_order(table["grade"])
    rows = list(dict.fromkeys(table[by])) if by == "org" else in_order(table[by])
    refuse_many(len(rows), "grade_shares")
    cells = table.astype({"grade": object}).set_index([by, "grade"])["share"]
    places = pd.MultiIndex.from_product([rows, grades])
    parts = cells.reindex(places).fillna(0.0).to_numpy().reshape(len(rows), len(grades))
    lines = [Line(shown(row, language, words), at) for at, row in enumerate(rows)]
    lines = wrapped_lines(lines, ax)
    with drawing(ax, height=height_of(lines, extra=2.5)) as axes:
        label_lines(axes, lines)
        start = np.zeros(len(rows))
        for place in range(len(grades)):
            _draw_part(axes, parts[:, place], start, place, len(grades))
            start = start + parts[:, place]
        axes.set_xlim(0, 100)
        axes.set_xlabel(title_of("chart.share", language))
        handles = axes.containers[: len(grades)]
        names = [shown(grade, language, words) for grade in grades]
        axes.legend(
            handles,
            names,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(grades),
            borderaxespad=0.2,
            handlelength=1.4,
            columnspacing=1.4,
        )
        axes.set_title(title or "", pad=24)
        return axes


def _draw_part(ax: Axes, share: np.ndarray, start: np.ndarray, place: int, grades: int) -> None:
    """Draw one grade of every row: the better, the darker; the worst one is hatched as well."""
    colour = LIGHT_TO_DARK(0.95 - 0.85 * place / max(grades - 1, 1))
    last = place == grades - 1
    ax.barh(
        range(len(share)),
        100 * share,
        left=100 * start,
        height=0.7,
        color=colour,
        edgecolor=SOFT,
        linewidth=0.5,
        hatch="////" if last else None,
        clip_on=False,
    )
    # Rec. 709 luminance tells whether dark or white letters can be read.
    dark = float(np.dot([0.2126, 0.7152, 0.0722], to_rgb(colour))) < 0.45
    for row, (own, left) in enumerate(zip(share, start, strict=True)):
        if own >= NARROWEST:
            ax.text(
                100 * (left + own / 2),
                row,
                f"{100 * own:.0f}",
                ha="center",
                va="center",
                color="white" if dark else INK,
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 1} if last else None,
            )
