"""Charts whose rows are names: which rows are drawn, how high they are, how they are labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from matplotlib.axes import Axes

from ..labels import Language, word
from .frames import cells, wrap
from .style import FAINT, INK, PAGE, SOFT, room_for_labels, size_of

LINE: Final = 0.37  # cm, a line of a label
GAP: Final = 0.12  # cm between the labels of two rows

__all__ = ["Line", "chosen_lines", "height_of", "label_lines", "wrapped", "wrapped_lines"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart from top to bottom; a row of the frame, a heading, or a gap.

    Attributes
    ----------
    text : str
        What stands there.
    at : int or None
        The position of the row in the table that is drawn; None for a heading or a gap.
    kind : {"row", "heading", "gap"}
    """

    text: str
    at: int | None = None
    kind: Literal["row", "heading", "gap"] = "row"


def chosen_lines(
    at: Sequence[int], name_of: Callable[[int], str], top: int, bottom: int, language: Language
) -> list[Line]:
    """Return the first and last rows, and between them a line that tells how many are left out."""
    hidden = len(at) - top - bottom
    if hidden <= 0:
        return [Line(name_of(each), each) for each in at]
    told = word("chart.gap", language).format(hidden)
    first = [Line(name_of(each), each) for each in at[:top]]
    last = [Line(name_of(each), each) for each in at[len(at) - bottom :]]
    return [*first, Line(told, kind="gap"), *last]


def wrapped(
    names: Sequence[str],
    ax: Axes | None,
    *,
    rows: int | None = None,
    most: int = 99,
    extra: float = 1.6,
) -> list[str]:
    """Return names in one line, or broken into as many as their rows have room for.

    The room is that of a page, or of the axes the caller gave; a line holds at most ``most``
    letters. Where the rows are so many that each has room for one line only, that may be longer;
    on a page of our own the rows rather grow than that two names look alike.
    """
    if max(map(cells, names), default=0) <= 2 * min(most, room_for_labels(ax, share=0.42)):
        return list(names)
    height = (PAGE if ax is None else size_of(ax)[1]) - extra
    deepest = int(np.clip((height / (rows or len(names)) - GAP) / LINE, 1, 3))
    while True:
        letters = min(most, room_for_labels(ax, share=0.36 if deepest > 1 else 0.5))
        labels = [wrap(name, letters, deepest) for name in names]
        if ax is not None or deepest == 3 or len(set(labels)) == len(set(names)):
            return labels
        deepest += 1


def wrapped_lines(lines: Sequence[Line], ax: Axes | None, *, extra: float = 1.6) -> list[Line]:
    """Return the lines with the names of their rows broken as `wrapped` breaks them."""
    rows = [line for line in lines if line.kind == "row"]
    names = iter(wrapped([line.text for line in rows], ax, rows=len(lines), extra=extra))
    return [replace(line, text=next(names)) if line.kind == "row" else line for line in lines]


def height_of(lines: Sequence[Line], *, extra: float = 1.6) -> float:
    """Return the height in cm at which the longest label still fits its row."""
    deepest = max(line.text.count("\n") + 1 for line in lines)
    return extra + len(lines) * (GAP + LINE * deepest)


def label_lines(ax: Axes, lines: Sequence[Line], *, pad: float = 3.0) -> None:
    """Name the rows at the left and write headings and gaps inside; the first line is on top."""
    rows = [(y, line) for y, line in enumerate(lines) if line.kind == "row"]
    ax.set_yticks([y for y, _ in rows], [line.text for _, line in rows])
    ax.tick_params(axis="y", length=0, pad=pad)
    ax.spines["left"].set_zorder(3)
    for y, line in enumerate(lines):
        if line.kind == "row":
            continue
        heading = line.kind == "heading"
        ax.annotate(
            line.text,
            (0, y),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=INK if heading else SOFT,
            annotation_clip=False,
        )
        if heading and y:
            ax.axhline(y - 0.5, color=FAINT, linewidth=0.6, zorder=0)
    ax.set_ylim(len(lines) - 0.4, -0.6)
