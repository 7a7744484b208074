"""The one way tables of numbers are drawn as coloured cells; both heat maps use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from ..errors import TableError
from .frames import cells, decimals, wrap
from .rows import wrapped
from .style import DOUBLE, INK, LETTER_WIDTH, LIGHT_TO_DARK, SOFT, size_of

__all__ = ["draw_cells", "height_of_cells", "refuse_many", "row_names"]

MOST_ROWS: Final = 60
WIDE_CELL: Final = 0.75  # cm, room for 100.0
NARROW_CELL: Final = 0.6  # cm, below which a decimal is dropped, and all at half of it


def refuse_many(rows: int, chart: str) -> None:
    """Refuse more rows than a page holds."""
    if rows > MOST_ROWS:
        raise TableError(
            f"a frame for charts.{chart} must have at most {MOST_ROWS} rows, got {rows!r}. "
            "Select fewer rows or average them by group."
        )


def height_of_cells(rows: Sequence[str], *, tall: float = 0.62) -> float:
    """Return the height in cm for rows of cells with these labels."""
    return 2.2 + sum(max(tall, 0.2 + 0.37 * (row.count("\n") + 1)) for row in rows)


def row_names(names: Sequence[str], columns: int, ax: Axes | None) -> list[str]:
    """Return the names of rows, broken so that so many columns keep room for their numbers."""
    width = DOUBLE if ax is None else size_of(ax)[0]
    letters = max(6, int((width - columns * WIDE_CELL) / LETTER_WIDTH))
    return wrapped(names, ax, most=letters, extra=2.2)


def draw_cells(
    ax: Axes,
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    limits: tuple[float, float],
    texts: Sequence[Sequence[str]] | None = None,
) -> None:
    """Draw cells from light (low) to dark (high), each with its number; missing ones stay white.

    Other texts than the numbers may be given. Column names stand on top, wrapped to the width of a
    cell; where a Latin word is longer than that, all are slanted.
    """
    named = (max(map(_widest, rows)) / 2 + 1) * LETTER_WIDTH
    width = (size_of(ax)[0] - named) / len(columns)
    texts = _numbers_in(values, width) if texts is None else texts
    norm = Normalize(*limits)
    mesh = ax.pcolormesh(
        np.ma.masked_invalid(values),
        cmap=LIGHT_TO_DARK,
        norm=norm,
        edgecolor="white",
        linewidth=1.0,
    )
    for (row, column), value in np.ndenumerate(values):
        colour = INK
        if np.isnan(value):
            ax.add_patch(
                Rectangle((column, row), 1, 1, facecolor="white", edgecolor=SOFT, linewidth=0.3)
            )
        elif _is_dark(mesh.cmap(norm(value))):
            colour = "white"
        ax.text(column + 0.5, row + 0.5, texts[row][column], ha="center", va="center", color=colour)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    _name_columns(ax, columns, width)
    ax.tick_params(length=0)
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)


def _is_dark(colour: tuple[float, float, float, float]) -> bool:
    """Tell whether white letters read better than black ones (WCAG relative luminance)."""
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
    return bool(1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05)


def _numbers_in(values: np.ndarray, width: float) -> list[list[str]]:
    """Return the texts of cells so many cm wide; a dash for a missing number."""
    digits = decimals(values) if width >= NARROW_CELL else 0
    shown = width >= NARROW_CELL / 2
    return [
        ["—" if np.isnan(value) else f"{value:.{digits}f}" if shown else "" for value in row]
        for row in values
    ]


def _name_columns(ax: Axes, columns: Sequence[str], width: float) -> None:
    letters = max(2, int(width / LETTER_WIDTH))
    names = [wrap(name, letters, lines=4) for name in columns]
    slanted = max(map(_widest, names)) > 2 * letters + 1
    ax.set_xticks(
        np.arange(len(columns)) + 0.5,
        columns if slanted else names,
        rotation=40 if slanted else 0,
        ha="left" if slanted else "center",
        rotation_mode="anchor" if slanted else "default",
    )
    ax.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)


def _widest(text: str) -> int:
    return max(map(cells, text.split("\n")))
