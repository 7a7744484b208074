"""Sources side by side: inflation with its intervals, and scores while one weight rises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..errors import TableError
from ..labels import Language, word
from .frames import Words, check_keys, latest, present, shown, table_of, title_of
from .rows import chosen_lines, height_of, label_lines, wrapped_lines
from .style import FAINT, INK, MAIN, PALE, SOFT, drawing, styles_of
from .trends import name_ends

__all__ = ["mass_weight_path", "source_divergence"]

MOST: Final = 9  # lines that styles can tell apart


def source_divergence(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    top: int = 20,
    bottom: int = 10,
    delta: float | None = None,
    words: Words = None,
) -> Axes:
    """Draw how much each organisation inflates, with its interval, beside the raw difference.

    Parameters
    ----------
    frame : DataFrame
        Such as ``compare_sources(index).inflation``. Columns (or index levels):

        - ``org``: the organisation (a code, unless names were asked for), once each;
        - ``inflation``, ``low``, ``high``: numbers, the estimate and the ends of its 90 % interval;
        - ``difference`` (may be absent): the raw difference, drawn as a hollow diamond.

        Rows without an estimate are not drawn; the axis tells how many they are.
    ax, language, title, words
        As in `ranking`.
    top, bottom : int
        How many of the largest and smallest to draw.
    delta : float, optional
        A limit to mark.

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
    >>> frame = pd.DataFrame(
    ...     {"org": ["村-001", "村-002"], "inflation": [2.0, 7.5], "low": [0, 5], "high": [4, 10]}
    ... )
    >>> ax = source_divergence(frame, delta=5)
    >>> [label.get_text() for label in ax.get_yticklabels()], ax.get_xlabel()
    (['村-002', '村-001'], '偏高（分）')
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "source_divergence",
        text=("org",),
        numbers=("inflation", "low", "high"),
        optional=("period",),
        optional_numbers=("difference",),
    )
    table, period = latest(table)
    check_keys(table, "source_divergence", "org")
    drawn = present(table, "source_divergence", "inflation")
    drawn = drawn.sort_values("inflation", ascending=False, kind="stable").reset_index(drop=True)
    lines = chosen_lines(
        range(len(drawn)),
        lambda at: shown(drawn["org"].iloc[at], language, words),
        top,
        bottom,
        language,
    )
    lines = wrapped_lines(lines, ax, extra=2.2)
    with drawing(ax, height=height_of(lines, extra=2.2)) as axes:
        y = [place for place, line in enumerate(lines) if line.at is not None]
        rows = drawn.iloc[[line.at for line in lines if line.at is not None]]
        label_lines(axes, lines)
        axes.axvline(0, color=SOFT, linewidth=0.8)
        if delta is not None:
            axes.axvline(delta, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
            axes.annotate(
                f"δ = {delta:g}",
                (delta, 0),
                xycoords=("data", "axes fraction"),
                xytext=(3, 3),
                textcoords="offset points",
            )
        thick: dict[str, Any] = {"color": PALE, "linewidth": 3.2}
        axes.hlines(y, rows["low"], rows["high"], **thick)
        axes.plot(rows["inflation"], y, "o", color=MAIN)
        told = title_of("chart.shrunken", language)
        axes.plot([], [], marker="o", mfc=MAIN, mec=MAIN, label=told, **thick)
        if "difference" in rows.columns:
            told = title_of("chart.raw_difference", language)
            axes.plot(rows["difference"], y, "D", mfc="none", mec=INK, mew=0.8, ms=5.5, label=told)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        axes.grid(axis="x")
        without = len(table) - len(drawn)
        left = "\n" + word("chart.unscored", language).format(without) if without else ""
        axes.set_xlabel(title_of("chart.inflation", language, period) + left)
        axes.set_title(title or "")
        return axes


def mass_weight_path(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    marked: Sequence[str] = (),
    cuts: Mapping[str, float] | None = None,
    words: Words = None,
) -> Axes:
    """Draw scores while the weight of the masses (or of another source) rises from 0 to 1.

    Parameters
    ----------
    frame : DataFrame
        Such as ``compare_sources(index).path``, of all organisations or of some. Columns (or index
        levels):

        - ``org``: the organisation (a code, unless names were asked for);
        - ``weight``: number, 0..1;
        - ``score``: number.
    ax, language, title, words
        As in `ranking`.
    marked : sequence of str
        Organisations drawn in lines of their own and named, at most 9; without any, all where they
        are at most 9. The others stand behind them in grey.
    cuts : mapping of str to float, optional
        Grade → its least score: drawn as levels, the grade named above each.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, an organisation that stands twice at one weight, or one in ``marked``
        that is not there; for more than 9 of them.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame(
    ...     {"org": ["村-001"] * 2, "weight": [0.0, 1.0], "score": [75.0, 92.0]}
    ... )
    >>> ax = mass_weight_path(frame, cuts={"good": 90, "fairly_good": 80})
    >>> ax.get_xlabel(), sorted(text.get_text() for text in ax.texts)
    ('群众测评权重', ['好', '村-001', '较好'])
    >>> plt.close(ax.figure)
    """
    table = table_of(frame, "mass_weight_path", text=("org",), numbers=("weight", "score"))
    check_keys(table, "mass_weight_path", "org", "weight")
    table = present(table, "mass_weight_path", "score").sort_values("weight", kind="stable")
    wide = table.pivot_table("score", "weight", "org", sort=True)
    named = _named(list(wide.columns), marked)
    styles = styles_of(named)
    with drawing(ax, height=9.5) as axes:
        rest = wide.drop(columns=named)
        if rest.shape[1]:
            axes.plot(rest.index, rest.to_numpy(), color=FAINT, linewidth=0.5, zorder=1)
        ends = {}
        for org, style in styles.items():
            own = wide[org].dropna()
            spots = np.unique(np.linspace(0, len(own) - 1, 5).astype(int)).tolist()
            axes.plot(
                own.index,
                own,
                color=style.colour,
                linestyle=style.line,
                marker=style.marker,
                markevery=spots,
                zorder=3,
            )
            ends[org] = (float(own.index[-1]), float(own.iloc[-1]))
        axes.set_xlim(wide.index.min(), wide.index.max())
        for grade, least in (cuts or {}).items():
            axes.axhline(least, color=SOFT, linewidth=0.7, linestyle=(0, (2, 2)), zorder=2)
            axes.annotate(
                shown(grade, language, words),
                (0, least),
                xycoords=("axes fraction", "data"),
                xytext=(3, 2),
                textcoords="offset points",
                color=SOFT,
                zorder=4,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
            )
        axes.set_xlabel(title_of("chart.mass_weight", language))
        axes.set_ylabel(title_of("score", language))
        if ends:
            name_ends(axes, ends, {org: shown(org, language, words) for org in ends}, styles)
        axes.set_title(title or "")
        return axes


def _named(orgs: list[str], marked: Sequence[str]) -> list[str]:
    """Return who is drawn in a line of its own."""
    if not len(marked):
        return orgs if len(orgs) <= MOST else []
    lost = [org for org in marked if org not in orgs]
    if lost:
        raise TableError(
            f"marked for charts.mass_weight_path must be organisations of the frame, got "
            f"{lost[0]!r}. Take them from its column org."
        )
    if len(marked) > MOST:
        raise TableError(
            f"marked for charts.mass_weight_path must be at most {MOST} organisations, got "
            f"{len(marked)}. Draw several charts."
        )
    return list(dict.fromkeys(marked))
