"""A value against how many it rests on, between the limits that chance alone would keep to."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from ..labels import Language, word
from .frames import Words, cells, check_keys, decimals, latest, present, shown, table_of, title_of
from .style import INK, LETTER, MAIN, PALE, SOFT, drawing, size_of

__all__ = ["funnel"]

WIDE: Final = (
    30.0  # from this ratio of the largest to the smallest size on, its axis is logarithmic
)
LIMITS: Final = ("low_95", "high_95", "low_998", "high_998")


def funnel(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    most: int = 15,
    words: Words = None,
) -> Axes:
    """Draw a funnel: values against their sizes, with the limits that chance keeps to.

    Parameters
    ----------
    frame : DataFrame
        Such as ``methods.funnel.funnel_proportions(...).table``. Columns (or index levels):

        - ``org``: the name or code of the organisation, once each;
        - ``value``: number, any unit;
        - ``denominator``: number above 0, what the value rests on, such as how many answered;
        - ``target``: number, what all are held against;
        - ``low_95``, ``high_95``, ``low_998``, ``high_998``: numbers, the limits for that size;
        - ``period`` (may be absent): of several periods the last is drawn and named.

        Rows without value or denominator are not drawn; the axis tells how many they are.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    most : int
        How many organisations beyond the outer limits to name, the furthest first. A name that
        would cover another is left out.
    words : mapping of str to str, optional
        Words to show for organisations, and for the axes under "value" and "denominator".

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or an organisation that stands twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"org": ["村-01", "村-02"], "value": [0.9, 0.4],
    ...     "denominator": [10, 40], "target": 0.8, "low_95": [0.55, 0.68], "high_95": [1, 0.92],
    ...     "low_998": [0.41, 0.60], "high_998": [1, 1]})
    >>> ax = funnel(frame)
    >>> [text.get_text() for text in ax.texts], ax.get_xlabel()
    (['村-02'], '应答人数')
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "funnel",
        text=("org",),
        numbers=("value", "denominator", "target", *LIMITS),
        optional=("period",),
    )
    table, period = latest(table)
    check_keys(table, "funnel", "org")
    drawn = present(table, "funnel", "value", "denominator").sort_values("denominator")
    size = drawn["denominator"]

    with drawing(ax, height=10.0) as axes:
        axes.plot(size, drawn["target"], color=SOFT, linewidth=0.9)
        for name, line, width in (("95", (0, (4, 2)), 0.9), ("998", "-", 1.1)):
            told = word(f"chart.limits.{name}", language)
            for side in ("low", "high"):
                axes.plot(
                    size,
                    drawn[f"{side}_{name}"],
                    color=INK,
                    linestyle=line,
                    linewidth=width,
                    label=told if side == "low" else None,
                )
        beyond = (drawn["value"] < drawn["low_998"]) | (drawn["value"] > drawn["high_998"])
        for chosen, face, edge in ((~beyond, PALE, MAIN), (beyond, MAIN, MAIN)):
            axes.plot(
                size[chosen],
                drawn["value"][chosen],
                linestyle="none",
                marker="o",
                markerfacecolor=face,
                markeredgecolor=edge,
                markeredgewidth=0.5,
                markersize=4.0,
            )
        if size.max() > WIDE * size.min():
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.minorticks_off()
        axes.margins(x=0.05, y=0.08)
        _name(axes, drawn[beyond], most, language, words)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        axes.grid(axis="y")
        axes.yaxis.set_major_formatter(f"{{x:.{_places(axes)}f}}")
        missing = len(table) - len(drawn)
        told = "\n" + word("chart.unscored", language).format(missing) if missing else ""
        axes.set_xlabel(_axis("denominator", language, words) + told)
        axes.set_ylabel(_axis("value", language, words, period))
        axes.set_title(title or "")
        return axes


def _axis(name: str, language: Language, words: Words, period: object = None) -> str:
    given = None if words is None else words.get(name)
    return title_of(given or f"chart.{name}", language, period)


def _places(ax: Axes) -> int:
    """Return how many decimals the ticks of the values need."""
    ticks = ax.get_yticks()
    return 0 if np.ptp(ticks) > 5 * len(ticks) else decimals(np.diff(ticks)) - 1


def _name(ax: Axes, beyond: pd.DataFrame, most: int, language: Language, words: Words) -> None:
    """Name the furthest beyond the limits, where their names do not cover each other."""
    width, height = size_of(ax)
    letter = LETTER / 72 * 2.54  # cm
    line = 1.2 * letter
    distance = (beyond["value"] - beyond["target"]).abs()
    furthest = beyond.loc[distance.sort_values(ascending=False, kind="stable").index[:most]]
    ax.autoscale_view()
    places = ax.transData.transform(furthest[["denominator", "value"]])
    places = ax.transAxes.inverted().transform(places) * (width, height)
    taken: list[tuple[float, float, float]] = []
    for (x, y), org in zip(places, furthest.itertuples(index=False), strict=True):
        text = shown(org.org, language, words)
        wide = letter * cells(text) / 2
        at_left = x + wide > 0.95 * width
        start = x - wide if at_left else x
        if any(abs(y - b) < line and start < a + w and a < start + wide for a, b, w in taken):
            continue
        taken.append((start, y, wide))
        ax.annotate(
            text,
            (org.denominator, org.value),
            xytext=(-4 if at_left else 4, 0),
            textcoords="offset points",
            ha="right" if at_left else "left",
            va="center",
        )
