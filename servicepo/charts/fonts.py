"""Chinese letters on any machine: the fonts of a dependency, registered when a chart is drawn.

The family is a list of two concrete names. Matplotlib falls back from one to the next glyph by
glyph only in such a list, never through a generic name such as "sans-serif".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from pylopdf_fonts_zh_cn import sans_path, serif_path

from ..errors import MethodError

__all__ = ["TYPEFACES", "Typeface", "register_fonts", "set_typeface"]

Typeface = Literal["sans", "serif"]

TYPEFACES: Final = MappingProxyType(
    {
        "sans": ("Noto Sans SC", "DejaVu Sans"),
        "serif": ("Noto Serif SC", "DejaVu Serif"),
    }
)


def register_fonts() -> None:
    """Make Noto Sans SC and Noto Serif SC known to matplotlib; twice is as good as once.

    Examples
    --------
    >>> register_fonts()
    >>> font_manager.FontProperties(family=list(TYPEFACES["serif"])).get_name()
    'Noto Serif SC'
    """
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in (str(sans_path()), str(serif_path())):
        if path not in known:
            font_manager.fontManager.addfont(path)


def set_typeface(target: Axes | Figure, typeface: Typeface = "sans") -> None:
    """Set every letter of the axes, or of all axes of a figure, in Noto Sans SC or Noto Serif SC.

    The family is fixed on the texts that are there (titles, labels, ticks, legend) and on the ticks
    still to come, so it holds whatever ``rcParams`` say when the figure is saved.

    Parameters
    ----------
    target : Axes or Figure
        What to set; sizes, colours and places stay.
    typeface : {"sans", "serif"}
        The black letters of screens (黑体) or the Song letters of journals (宋体).

    Raises
    ------
    MethodError
        For another typeface.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> set_typeface(ax, "serif")
    >>> ax.xaxis.label.get_fontfamily()
    ['Noto Serif SC', 'DejaVu Serif']
    """
    if typeface not in TYPEFACES:
        raise MethodError(
            f'typeface must be "sans" or "serif", got {typeface!r}. Give one of the two.'
        )
    register_fonts()
    family = list(TYPEFACES[typeface])
    for ax in target.axes if isinstance(target, Figure) else [target]:
        ax.tick_params(axis="both", which="both", labelfontfamily=family)
    for text in target.findobj(Text):
        text.set(fontfamily=family)
