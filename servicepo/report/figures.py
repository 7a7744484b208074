"""Figures as bytes: PNG for Word and slides, SVG for the page and the press."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import matplotlib as mpl
import matplotlib.pyplot as plt

from .pieces import Figure

DPI: Final = 300
# Compressing harder takes longer than drawing and saves little.
QUICK: Final = {"compress_level": 2}


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure, drawn: ``png`` (300 dpi) and ``svg`` bytes."""

    png: bytes
    svg: bytes


def draw(figure: Figure) -> Picture:
    """Draw a figure; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        What to draw.

    Returns
    -------
    Picture

    Examples
    --------
    >>> def line():
    ...     axes = plt.figure(figsize=(1, 1)).subplots()
    ...     axes.plot([1, 2])
    ...     return axes
    >>> draw(Figure("line", "A line", line)).png[1:4]
    b'PNG'
    """
    # Characters become outlines: the page then looks alike on machines without Chinese fonts.
    with mpl.rc_context({"svg.hashsalt": figure.key, "svg.fonttype": "path"}):
        drawn = figure.draw().get_figure(root=True)
        assert drawn is not None
        png, svg = BytesIO(), BytesIO()
        try:
            drawn.savefig(png, format="png", dpi=DPI, metadata={"Software": None}, pil_kwargs=QUICK)
            drawn.set_layout_engine("none")  # laid out once is enough
            drawn.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        finally:
            plt.close(drawn)
    return Picture(png.getvalue(), svg.getvalue())
