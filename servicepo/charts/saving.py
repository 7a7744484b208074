"""Figures as files: the size that was drawn, letters embedded, the same bytes every time."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import TableError
from .style import figure_of

__all__ = ["save_figure"]

# What would otherwise put the time of writing into the file.
_TIMELESS: Final = MappingProxyType(
    {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}
)
_RC: Final[Mapping[Any, object]] = MappingProxyType(
    {
        "savefig.bbox": "standard",  # "tight" would change the size
        "savefig.facecolor": "white",
        "savefig.transparent": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "servicepo",
        "pdf.fonttype": 3,
    }
)


def save_figure(target: Axes | Figure, path: str | os.PathLike[str], *, dpi: int = 300) -> Path:
    """Write a chart as PNG, SVG or PDF in the size it was drawn.

    Letters are embedded (outlines in SVG, a subset of the font in PDF), so the file looks the same
    on a machine without Chinese fonts. The same chart gives the same bytes.

    Parameters
    ----------
    target : Axes or Figure
        What a chart returned, or its figure. It stays open.
    path : str or path
        The file; its ending (.png, .svg, .pdf) chooses the format.
    dpi : int
        Dots per inch of PNG, and of dense points inside SVG and PDF.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    TableError
        For another ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(Figure(figsize=(1, 1)), Path(folder, "figure.svg")).name
    'figure.svg'
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _TIMELESS:
        raise TableError(
            f"a figure must be saved as .png, .svg or .pdf, got {path.name!r}. Change the ending."
        )
    figure = target if isinstance(target, Figure) else figure_of(target)
    _forget_layout(figure)
    drawn = io.BytesIO()
    with mpl.rc_context({**_RC}):
        figure.savefig(drawn, format=kind, dpi=dpi, metadata=dict(_TIMELESS[kind]))
    path.write_bytes(drawn.getvalue())
    return path


def _forget_layout(figure: Figure) -> None:
    """Put axes back where a layout engine starts; from elsewhere it ends a hair's breadth apart."""
    if figure.get_layout_engine() is None:
        return
    for ax in figure.axes:
        cell, moved = ax.get_subplotspec(), ax.get_in_layout()
        if cell is not None and moved:
            ax.set_position(cell.get_position(figure))
            ax.set_in_layout(True)  # which set_position turns off
