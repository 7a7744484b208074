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
from .style import INK, LETTER_WIDTH, LIGHT_TO_DARK, SOFT, size_of

__all__ = ["draw_cells", "height_of_cells", "numbers_in", "refuse_many"]

MOST_ROWS: Final = 60


def refuse_many(rows: int, chart: str) -> None:
    """Refuse more rows than a page holds."""
    if rows > MOST_ROWS:
        raise TableError(
            f"a frame for charts.{chart} must have at most {MOST_ROWS} rows, got {rows!r}. "
            "Select fewer rows or average them by group."
        )


def numbers_in(values: np.ndarray) -> list[list[str]]:
    """Return the texts of cells: as many decimals as tell them apart, a dash for a missing one."""
    digits = decimals(values)
    return [["—" if np.isnan(value) else f"{value:.{digits}f}" for value in row] for row in values]


def height_of_cells(rows: Sequence[str], *, tall: float = 0.62) -> float:
    """Return the height in cm for rows of cells with these labels."""
    return 2.2 + sum(max(tall, 0.2 + 0.37 * (row.count("\n") + 1)) for row in rows)


def draw_cells(
    ax: Axes,
    values: np.ndarray,
    texts: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    limits: tuple[float, float],
) -> None:
    """Draw cells from light (low) to dark (high), each with its text; missing ones stay white.

    Column names stand on top, wrapped to the width of a cell; where a Latin word is longer than
    that, all are slanted.
    """
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
    _name_columns(ax, columns, widest_row=max(map(_widest, rows)))
    ax.tick_params(length=0)
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)


def _is_dark(colour: tuple[float, float, float, float]) -> bool:
    """Tell whether white letters read better than black ones (WCAG relative luminance)."""
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
    return bool(1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05)


def _name_columns(ax: Axes, columns: Sequence[str], widest_row: int) -> None:
    width = (size_of(ax)[0] - (widest_row / 2 + 1) * LETTER_WIDTH) / len(columns)
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
