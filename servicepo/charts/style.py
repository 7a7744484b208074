"""How charts look: sizes in centimetres, a palette that survives the photocopier, plain axes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib import style as mpl_style
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text

from .fonts import TYPEFACES, register_fonts, set_typeface
from .frames import vocabulary

__all__ = ["DOUBLE", "SINGLE", "Style", "drawing", "new_axes", "styles_of"]

SINGLE: Final = 8.0  # cm, one column of a journal page
DOUBLE: Final = 17.0  # cm, both columns
PAGE: Final = 23.0  # cm, as high as a figure on A4 may be with its caption
CM: Final = 1 / 2.54
LETTER: Final = 8.0  # pt, the smallest that journals print
LETTER_WIDTH: Final = LETTER / 72 / CM  # cm that a Chinese letter takes

INK: Final = "#1a1a1a"
SOFT: Final = "#6b6b6b"
FAINT: Final = "#dcdcdc"
MAIN: Final = "#1f4e79"
PALE: Final = "#9db8d2"
LIGHT_TO_DARK: Final = LinearSegmentedColormap.from_list(
    "servicepo", ["#f7f9fb", "#cfdfec", "#9dc1dc", "#5b93c0", "#1f4e79"]
)

_RC: Final = MappingProxyType(
    {
        "font.family": list(TYPEFACES["sans"]),
        "font.size": LETTER,
        "axes.titlesize": LETTER + 1,
        "axes.labelsize": LETTER,
        "xtick.labelsize": LETTER,
        "ytick.labelsize": LETTER,
        "legend.fontsize": LETTER,
        "legend.frameon": False,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": FAINT,
        "grid.linewidth": 0.5,
        "axes.axisbelow": True,
        "hatch.linewidth": 0.5,
        "lines.linewidth": 1.4,
        "lines.markersize": 4.5,
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    """How one group is drawn: a colour, and all that tells it apart where colour is lost."""

    colour: str
    hatch: str
    marker: str
    line: str | tuple[int, tuple[float, ...]]


# The first three (the three domains) differ most in lightness (L* 32, 48, 70) and hue.
_STYLES: Final = (
    Style("#1f4e79", "", "o", "-"),
    Style("#b85c00", "////", "s", (0, (5, 1.5))),
    Style("#6dbb9f", "....", "^", (0, (1, 1))),
    Style("#56a0d3", "xxxx", "D", (0, (5, 1, 1, 1))),
    Style("#b8558f", "\\\\\\\\", "v", (0, (3, 1, 1, 1, 1, 1))),
    Style("#6b6b6b", "----", "P", (0, (8, 2))),
    Style("#d9c34a", "++++", "X", (0, (2, 1))),
    Style("#4f7a3a", "||||", "<", (0, (8, 2, 1, 2))),
    Style("#7d2b2b", "oooo", ">", (0, (1, 2))),
)


def styles_of(codes: Iterable[Hashable]) -> dict[Hashable, Style]:
    """Return a style for every code; domains and sectors always get the same one.

    Parameters
    ----------
    codes : iterable of hashable
        Groups, in the order they are drawn. From the tenth unknown code on, styles come again.

    Returns
    -------
    dict of code to Style

    Examples
    --------
    >>> styles_of(["organs", "rural"])["rural"].marker
    'o'
    """
    codes = list(codes)
    families = (vocabulary("domain"), vocabulary("sector"))
    fixed = next((family for family in families if set(codes) & set(family)), [])
    order = [*fixed, *(code for code in codes if code not in fixed)]
    return {code: _STYLES[order.index(code) % len(_STYLES)] for code in codes}


@contextmanager
def drawing(ax: Axes | None, *, width: float = DOUBLE, height: float) -> Iterator[Axes]:
    """Hold the style while a chart is drawn, then fix the letters; the caller's rcParams come back.

    The style starts from matplotlib's defaults, so the same frame gives the same picture whatever
    theme is on. Only the resolution on the screen stays the caller's.
    """
    register_fonts()
    # A backend that wakes up inside the context would lose its interactive mode on the way out:
    # notebooks would show the first chart and no other. So it is woken before.
    plt.draw_if_interactive()  # type: ignore[no-untyped-call]
    resolution = {"figure.dpi": mpl.rcParams["figure.dpi"]}
    with mpl_style.context(["default", {**_RC, **resolution}]):
        if ax is None:
            _, ax = plt.subplots(figsize=(width * CM, height * CM), layout="constrained")
        else:
            _dress(ax)
        yield ax
        set_typeface(ax)
        for text in ax.findobj(Text):
            text.set_linespacing(1.3)  # Chinese letters fill the line that Latin ones leave airy


def _dress(ax: Axes) -> None:
    """Give axes that were made under other settings the looks of our own."""
    ax.tick_params(labelsize=LETTER, labelcolor=INK, color=INK, width=0.6)
    ax.tick_params(grid_color=FAINT, grid_linewidth=0.5)
    ax.grid(False)
    ax.set_axisbelow(True)
    ax.set_facecolor("white")
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(fontsize=LETTER, color=INK)
    for side, spine in ax.spines.items():
        spine.set(visible=side in ("left", "bottom"), linewidth=0.6, edgecolor=SOFT)


def new_axes(*, width: float = DOUBLE, height: float = 9.0) -> Axes:
    """Make a figure of a size in centimetres and return its axes, ready for a chart.

    Parameters
    ----------
    width : float
        Width in cm: 8 for one column of a journal, 17 for two.
    height : float
        Height in cm.

    Returns
    -------
    Axes
        The axes of a new pyplot figure whose layout keeps long labels inside.

    Examples
    --------
    >>> ax = new_axes(width=8, height=6)
    >>> (ax.figure.get_size_inches() * 2.54).round(1).tolist()
    [8.0, 6.0]
    >>> plt.close(ax.figure)
    """
    with drawing(None, width=width, height=height) as ax:
        return ax


def figure_of(ax: Axes) -> Figure:
    """Return the whole figure the axes stand in, around any subfigure."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # only axes that were removed have none
    return figure


def size_of(ax: Axes) -> tuple[float, float]:
    """Return the width and height in cm that the axes may fill.

    With a layout engine that is their cell of the grid, labels included; without, it is the place
    where they stand.
    """
    figure = figure_of(ax)
    width, height = figure.get_size_inches() / CM
    cell = ax.get_subplotspec()
    if figure.get_layout_engine() is None or cell is None:
        place = ax.get_position()
        return width * place.width, height * place.height
    rows, columns = cell.get_gridspec().get_geometry()
    return width * len(cell.colspan) / columns, height * len(cell.rowspan) / rows


def room_for_labels(ax: Axes | None, share: float = 0.36) -> int:
    """Return how many Chinese letters a line of row labels may hold beside these axes."""
    width = DOUBLE if ax is None else size_of(ax)[0]
    return max(6, int(width * share / LETTER_WIDTH))
