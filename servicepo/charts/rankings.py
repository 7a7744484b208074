"""Organisations in the order of their ranks: bars of scores, and intervals of ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..labels import Language, word
from .frames import (
    Words,
    check_keys,
    decimals,
    grouped,
    latest,
    present,
    shown,
    table_of,
    title_of,
)
from .rows import Line, chosen_lines, height_of, label_lines, wrapped_lines
from .style import INK, MAIN, PALE, drawing

__all__ = ["rank_intervals", "ranking"]


def ranking(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    top: int = 20,
    bottom: int = 20,
    words: Words = None,
) -> Axes:
    """Draw scores as bars in the order of their ranks; several groups stand below each other.

    Parameters
    ----------
    frame : DataFrame
        Such as ``index.ranks()``. Columns (or index levels):

        - ``org``: the name of the organisation, once each;
        - ``score``: number, any unit;
        - ``rank``: number, 1 is best; ties may share a rank;
        - ``group`` (may be absent): code of the group that is ranked within;
        - ``period`` (may be absent): of several periods the last is drawn and named.

        Rows without score or rank are not drawn; the axis tells how many they are.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    top, bottom : int
        How many first and last rows to draw, shared out among the groups; the number of rows left
        out stands between them.
    words : mapping of str to str, optional
        Words to show for organisations and groups, before those of `servicepo.labels`.

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
    >>> frame = pd.DataFrame({"org": ["甲村", "乙村"], "score": [70.5, 88.0], "rank": [2, 1]})
    >>> ax = ranking(frame)
    >>> [label.get_text() for label in ax.get_yticklabels()], ax.get_xlabel()
    (['乙村', '甲村'], '得分')
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame, "ranking", text=("org",), numbers=("score", "rank"), optional=("group", "period")
    )
    table, period = latest(table)
    check_keys(table, "ranking", "org")
    drawn = present(table, "ranking", "score", "rank")
    drawn = drawn.sort_values(["rank", "score"], ascending=[True, False], kind="stable")
    drawn = drawn.reset_index(drop=True)
    lines = wrapped_lines(_grouped_lines(drawn, top, bottom, language, words), ax)

    with drawing(ax, height=height_of(lines)) as axes:
        y = [place for place, line in enumerate(lines) if line.at is not None]
        rows = drawn.iloc[[line.at for line in lines if line.at is not None]]
        scores = rows["score"].to_numpy(dtype=float)
        bars = axes.barh(y, scores, height=0.68, color=PALE, edgecolor=MAIN, linewidth=0.6)
        axes.bar_label(bars, [f"{score:.{decimals(scores)}f}" for score in scores], padding=2)
        ranks = [f"{rank:.10g}" for rank in rows["rank"]]
        width = max(map(len, ranks), default=1)
        label_lines(axes, lines, pad=8 + 4.6 * width)
        # The ranks stand in a column of their own between the names and the bars.
        for place, rank in zip([-0.9, *y], [title_of("rank", language), *ranks], strict=True):
            axes.annotate(
                rank,
                (0, place),
                xycoords=("axes fraction", "data"),
                xytext=(-4, 0),
                textcoords="offset points",
                ha="right",
                va="center_baseline",
                annotation_clip=False,
            )
        _leave_room(axes, scores)
        axes.set_xlabel(title_of("score", language, period) + _left_out(table, drawn, language))
        axes.set_title(title or "")
        return axes


def _leave_room(ax: Axes, scores: np.ndarray) -> None:
    """Start the bars at nought and leave room for the numbers at their ends."""
    low, high = scores.min(initial=0.0), scores.max(initial=0.0)
    room = 0.1 * (high - low or 1.0)
    ax.set_xlim(low - room if low < 0 else 0.0, high + room)


def _mark_ranks(ax: Axes, ranks: np.ndarray) -> None:
    """Let the axis begin at rank 1, which has a tick; there is no rank 0."""
    last = np.nanmax(ranks, initial=2.0)
    room = 0.03 * (last - 1)
    ax.set_xlim(1 - room, last + room)
    ticks = MaxNLocator(8, integer=True).tick_values(1, last)
    ax.set_xticks([1, *(tick for tick in ticks if 1.5 < tick <= last + room)])


def _grouped_lines(
    table: pd.DataFrame, top: int, bottom: int, language: Language, words: Words
) -> list[Line]:
    def name_of(at: int) -> str:
        return shown(table["org"].iloc[at], language, words)

    codes, groups = grouped(table["group"]) if "group" in table.columns else (None, [])
    if len(groups) < 2:
        return chosen_lines(range(len(table)), name_of, top, bottom, language)
    lines = []
    first, last = (max(1, most // len(groups)) if most else 0 for most in (top, bottom))
    for group in groups:
        at = np.flatnonzero(codes == group).tolist()
        lines.append(Line(f"{shown(group, language, words)}  n = {len(at)}", kind="heading"))
        lines += chosen_lines(at, name_of, first, last, language)
    return lines


def _left_out(table: pd.DataFrame, drawn: pd.DataFrame, language: Language) -> str:
    """Return a line under the title of an axis that tells how many rows have no number."""
    without = len(table) - len(drawn)
    return "\n" + word("chart.unscored", language).format(without) if without else ""


def rank_intervals(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    top: int = 20,
    bottom: int = 20,
    words: Words = None,
) -> Axes:
    """Draw the interval in which each organisation's rank lies, the best median on top.

    Parameters
    ----------
    frame : DataFrame
        Such as the ranks of `assess_robustness`. Columns (or index levels):

        - ``org``: the name of the organisation, once each;
        - ``median``, ``low``, ``high``: numbers, the median rank and the ends of its 5–95 %
          interval, 1 being best;
        - ``rank`` (may be absent): the rank as built, drawn as a hollow diamond;
        - ``group`` (may be absent): code of the group that is ranked within;
        - ``period`` (may be absent): of several periods the last is drawn and named.

        Rows without a median are not drawn; the axis tells how many they are.
    ax, language, title, top, bottom, words
        As in `ranking`.

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
    ...     {"org": ["甲村", "乙村"], "median": [2, 1], "low": [1, 1], "high": [2, 2]}
    ... )
    >>> ax = rank_intervals(frame, language="en")
    >>> [label.get_text() for label in ax.get_yticklabels()], ax.get_xlabel()
    (['乙村', '甲村'], 'Rank')
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "rank_intervals",
        text=("org",),
        numbers=("median", "low", "high"),
        optional=("group", "period"),
        optional_numbers=("rank",),
    )
    table, period = latest(table)
    check_keys(table, "rank_intervals", "org")
    drawn = present(table, "rank_intervals", "median")
    drawn = drawn.sort_values(["median", "low", "high"], kind="stable").reset_index(drop=True)
    lines = _grouped_lines(drawn, top, bottom, language, words)
    lines = wrapped_lines(lines, ax, extra=2.2)

    with drawing(ax, height=height_of(lines, extra=2.2)) as axes:
        y = [place for place, line in enumerate(lines) if line.at is not None]
        rows = drawn.iloc[[line.at for line in lines if line.at is not None]]
        label_lines(axes, lines)
        thick: dict[str, Any] = {"color": PALE, "linewidth": 3.2}
        axes.hlines(y, rows["low"], rows["high"], **thick)
        axes.plot(rows["median"], y, "o", color=MAIN)
        told = title_of("chart.interval", language)
        axes.plot([], [], marker="o", mfc=MAIN, mec=MAIN, label=told, **thick)
        if "rank" in rows.columns:
            told = title_of("chart.given_rank", language)
            axes.plot(rows["rank"], y, "D", mfc="none", mec=INK, mew=0.8, ms=7.0, label=told)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        axes.grid(axis="x")
        _mark_ranks(axes, rows[["low", "high"]].to_numpy(dtype=float))
        axes.set_xlabel(title_of("rank", language, period) + _left_out(table, drawn, language))
        axes.set_title(title or "")
        return axes
