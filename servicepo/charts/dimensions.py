"""Dimensions of several rows: a radar for a few, a heat map for many."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..errors import TableError
from ..labels import Language
from .frames import Words, moment, shown, wrap
from .heat import draw_cells, height_of_cells, refuse_many, row_names
from .style import DOUBLE, FAINT, LETTER_WIDTH, SOFT, drawing, room_for_labels, size_of, styles_of

__all__ = ["dimensions_heatmap", "dimensions_radar"]

MOST_POLYGONS: Final = 6
BESIDE: Final = 0.7  # room for names left and right of the web, in radii


def dimensions_radar(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    limits: tuple[float, float] = (0.0, 100.0),
    words: Words = None,
) -> Axes:
    """Draw a few rows as closed polygons over the dimensions, told apart by marker and line.

    Parameters
    ----------
    frame : DataFrame
        One row per polygon, one column of numbers per dimension (3 or more): 1 to 6 rows of
        ``index.dimensions``, or its means by domain. The index names the rows; levels of a
        MultiIndex are joined. Where a dimension is missing the polygon stays open.
    ax : Axes, optional
        Where to draw (ordinary axes, not polar); without it a new figure 12 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    limits : (float, float)
        Values at the centre and on the outer ring.
    words : mapping of str to str, optional
        Words to show for dimensions and rows, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For text where numbers must be, fewer than 3 dimensions, or more than 6 rows.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame(
    ...     {"team": [70.0, 60.0], "premises": [80.0, 90.0], "results": [60.0, 75.0]},
    ...     index=["rural", "organs"],
    ... )
    >>> ax = dimensions_radar(frame, words={"team": "领导班子"})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['农村（村、社区）', '机关事业']
    >>> plt.close(ax.figure)
    """
    values = _numbers_of(frame, "dimensions_radar")
    if len(frame) > MOST_POLYGONS:
        raise TableError(
            f"a frame for charts.dimensions_radar must have at most {MOST_POLYGONS} rows, "
            f"got {len(frame)!r}. Use charts.dimensions_heatmap."
        )
    if values.shape[1] < 3:
        raise TableError(
            "a frame for charts.dimensions_radar must have at least 3 dimensions, "
            f"got {values.shape[1]!r}. Use charts.dimensions_heatmap."
        )
    low, high = limits
    radii = (np.clip(values, low, high) - low) / (high - low)
    # From the top, clockwise.
    angles = np.pi / 2 - np.linspace(0, 2 * np.pi, values.shape[1], endpoint=False)
    letters = room_for_labels(ax, share=1.0 if ax else 12.0 / DOUBLE)
    names = [wrap(_row_name(row, language, words), letters // 2) for row in frame.index]
    styles = styles_of(frame.index)

    with drawing(ax, width=12.0, height=10.5) as axes:
        _draw_web(axes, angles, limits)
        _name_corners(axes, angles, [shown(code, language, words) for code in frame.columns])
        around = np.append(np.arange(len(angles)), 0)
        for row, name, radius in zip(frame.index, names, radii, strict=True):
            style = styles[row]
            axes.plot(
                (radius * np.cos(angles))[around],
                (radius * np.sin(angles))[around],
                color=style.colour,
                marker=style.marker,
                linestyle=style.line,
                label=name,
            )
        if len(frame) > 1 or isinstance(frame.index, pd.MultiIndex):
            longest = max(len(line) for name in names for line in name.split("\n"))
            axes.legend(
                loc="upper center",
                bbox_to_anchor=(0.5, -0.02),
                ncols=max(1, min(3, letters // (longest + 5))),
                handlelength=3.2,
            )
        axes.set_title(title or "")
        return axes


def _draw_web(ax: Axes, angles: np.ndarray, limits: tuple[float, float]) -> None:
    """Draw rings at fifths of the scale, the spokes, and the numbers of the rings."""
    x, y = np.cos(angles), np.sin(angles)
    around = np.append(np.arange(len(angles)), 0)
    # The numbers stand in the middle of the last side, away from spokes and markers.
    side = np.array([x[0] + x[-1], y[0] + y[-1]]) / 2
    for ring in (0.2, 0.4, 0.6, 0.8, 1.0):
        ax.plot(ring * x[around], ring * y[around], color=FAINT, linewidth=0.7, zorder=0)
        ax.text(
            ring * side[0],
            ring * side[1],
            f"{limits[0] + ring * (limits[1] - limits[0]):g}",
            ha="center",
            va="center",
            color=SOFT,
            zorder=3,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.75},
        )
    ax.plot([np.zeros_like(x), x], [np.zeros_like(y), y], color=FAINT, linewidth=0.7, zorder=0)
    ax.set_aspect("equal")
    ax.set_xlim(-1 - BESIDE, 1 + BESIDE)
    ax.set_ylim(-1.2, 1.2)
    ax.set_axis_off()


def _name_corners(ax: Axes, angles: np.ndarray, names: list[str]) -> None:
    """Write names outside the corners, wrapped to the room that the axes leave beside the web."""
    width, height = size_of(ax)
    radius = min(width / (2 + 2 * BESIDE), height / 2.4)
    letters = max(2, int((BESIDE - 0.07) * radius / LETTER_WIDTH))
    for angle, name in zip(angles, names, strict=True):
        x, y = np.cos(angle), np.sin(angle)
        ax.text(
            1.07 * x,
            1.07 * y,
            wrap(name, letters if abs(x) > 0.1 else 3 * letters),
            ha="center" if abs(x) < 0.1 else "left" if x > 0 else "right",
            va="bottom" if y > 0.9 else "top" if y < -0.9 else "center",
        ).set_in_layout(False)


def dimensions_heatmap(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    limits: tuple[float, float] = (0.0, 100.0),
    words: Words = None,
) -> Axes:
    """Draw rows × dimensions as cells, the higher the darker, each with its number.

    Parameters
    ----------
    frame : DataFrame
        One row per group or organisation (up to 60), one column of numbers per dimension or
        indicator. The index names the rows; levels of a MultiIndex are joined. A missing number
        is a white cell with a dash.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    limits : (float, float)
        Values of the lightest and the darkest colour.
    words : mapping of str to str, optional
        Words to show for dimensions and rows, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For text where numbers must be, or more than 60 rows.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"team": [70, 61.5], "results": [60, None]}, index=["甲村", "乙村"])
    >>> ax = dimensions_heatmap(frame)
    >>> [text.get_text() for text in ax.texts]
    ['70.0', '60.0', '61.5', '—']
    >>> plt.close(ax.figure)
    """
    values = _numbers_of(frame, "dimensions_heatmap")
    refuse_many(len(frame), "dimensions_heatmap")
    names = [_row_name(row, language, words) for row in frame.index]
    rows = row_names(names, frame.shape[1], ax)
    columns = [shown(code, language, words) for code in frame.columns]
    with drawing(ax, height=height_of_cells(rows)) as axes:
        draw_cells(axes, values, rows, columns, limits)
        axes.set_title(title or "")
        return axes


def _numbers_of(frame: pd.DataFrame, chart: str) -> np.ndarray:
    text = [str(name) for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    if text:
        raise TableError(
            f"every column for charts.{chart} must hold numbers, got text in {text!r}. "
            "Select the columns of dimensions."
        )
    if frame.empty:
        raise TableError(
            f"a frame for charts.{chart} must have at least one row and one column, "
            f"got {frame.shape!r}. Select rows that exist."
        )
    return frame.to_numpy(dtype=float)


def _row_name(row: Hashable, language: Language, words: Words) -> str:
    parts = row if isinstance(row, tuple) else (row,)
    return " ".join(
        moment(part).text(language) if isinstance(part, pd.Period) else shown(part, language, words)
        for part in parts
    )
