"""Curves of whole distributions: cumulative shares, Lorenz curves, shifts of quantiles."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..labels import Language, word
from .frames import (
    UNSTATED,
    Words,
    check_keys,
    grouped,
    latest,
    present,
    shown,
    table_of,
    title_of,
    wrap,
)
from .style import INK, MAIN, PALE, SOFT, drawing, styles_of

__all__ = ["cumulative_distribution", "lorenz_curve", "quantile_shift"]

MARKS: Final = 8  # markers along a curve, so that it is told apart without its colour
LEGEND: Final = 14  # Chinese letters in a line of a legend


def cumulative_distribution(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    by: str = "domain",
    words: Words = None,
) -> Axes:
    r"""Draw, for each group, which share of its organisations has at most each score.

    Parameters
    ----------
    frame : DataFrame
        One row per organisation. Columns (or index levels):

        - ``score``: number, any unit;
        - ``domain``, or the column that ``by`` names: code of the group;
        - ``period`` (may be absent): of several periods the last is drawn and named.

    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    by : str
        The column of groups.
    words : mapping of str to str, optional
        Words to show for groups, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, or text where numbers must be.

    Notes
    -----
    A curve that lies to the right of another all along stands for higher scores at every share;
    where curves cross, one group is better at the bottom and the other at the top.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"domain": ["organs", "rural", "rural"], "score": [80.0, 60.0, 75.0]})
    >>> ax = cumulative_distribution(frame)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['农村（村、社区）（n = 2）', '机关事业（n = 1）']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame, "cumulative_distribution", text=(by,), numbers=("score",), optional=("period",)
    )
    table, period = latest(table)
    table = present(table, "cumulative_distribution", "score")
    codes, groups = grouped(table[by])
    styles = styles_of(groups)
    with drawing(ax, height=9.0) as axes:
        for group in groups:
            scores = np.sort(table["score"][codes == group].to_numpy())
            style = styles[group]
            name = word("chart.group_of_n", language).format(
                shown(group, language, words), len(scores)
            )
            axes.step(
                np.concatenate([scores[:1], scores]),
                np.arange(len(scores) + 1) / len(scores),
                where="post",
                color=style.colour,
                linestyle=style.line,
                marker=style.marker,
                markevery=_marks(len(scores) + 1),
                label=wrap(name, LEGEND),
            )
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(axis="both")
        axes.set_xlabel(title_of("score", language, period))
        axes.set_ylabel(title_of("chart.share_at_most", language))
        axes.legend(loc="upper left")
        axes.set_title(title or "")
        return axes


def lorenz_curve(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    by: str = "group",
    words: Words = None,
) -> Axes:
    r"""Draw Lorenz curves: which share of all scores the lowest share of organisations has.

    Parameters
    ----------
    frame : DataFrame
        One row per point, as `methods.inequality.lorenz` gives. Columns (or index levels):

        - ``population_share``, ``value_share``: numbers, 0..1;
        - ``group``, or the column that ``by`` names (may be absent): one curve for each;
        - ``gini`` (may be absent): told in the legend.

    ax : Axes, optional
        Where to draw; without it a new figure 10 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    by : str
        The column of groups.
    words : mapping of str to str, optional
        Words to show for groups, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, or text where numbers must be.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"population_share": [0, 0.5, 1], "value_share": [0, 0.25, 1]})
    >>> ax = lorenz_curve(frame.assign(gini=0.25))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['完全平均', '基尼系数 0.250']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "lorenz_curve",
        numbers=("population_share", "value_share"),
        optional=(by,),
        optional_numbers=("gini",),
    )
    table = present(table, "lorenz_curve", "population_share", "value_share")
    groups: list[Hashable] = [UNSTATED]
    if by in table:
        codes, groups = grouped(table[by])
        table = table.assign(**{by: codes})
    styles = styles_of(groups)
    with drawing(ax, width=10.0, height=10.0) as axes:
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, label=word("chart.equality", language))
        for group in groups:
            own = (table[table[by] == group] if by in table else table).sort_values(
                ["population_share", "value_share"], kind="stable"
            )
            style = styles[group]
            names = [shown(group, language, words)] if by in table else []
            if "gini" in own and own["gini"].notna().any():
                gini = f"{own['gini'].iloc[0]:.3f}"
                names.append(f"{word('inequality.gini', language)} {gini}")
            axes.plot(
                own["population_share"],
                own["value_share"],
                color=style.colour,
                linestyle=style.line,
                marker=style.marker,
                markevery=_marks(len(own)),
                label=wrap(" ".join(names), LEGEND) or "_",
            )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_aspect("equal")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(axis="both")
        axes.set_xlabel(title_of("chart.population_share", language))
        axes.set_ylabel(title_of("chart.value_share", language))
        axes.legend(loc="upper left")
        axes.set_title(title or "")
        return axes


def quantile_shift(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    names: Sequence[str] = (),
    words: Words = None,
) -> Axes:
    r"""Draw by how much a second group lies above a first at each quantile.

    Parameters
    ----------
    frame : DataFrame
        One row per quantile, as `methods.quantile_shift.quantile_shift` gives. Columns (or index
        levels):

        - ``quantile``: number, 0..1;
        - ``difference``: number, in points;
        - ``low``, ``high`` (may be absent): interval of each difference;
        - ``band_low``, ``band_high`` (may be absent): band of all of them together.

    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    names : sequence of two str
        Codes of the first and the second group, for the label of the axis.
    words : mapping of str to str, optional
        Words to show for groups, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or a quantile that stands twice.

    Notes
    -----
    Where the band holds 0 the groups cannot be told apart. A level line is a shift of the whole
    group.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"quantile": [0.25, 0.75], "difference": [2.0, 5.0]})
    >>> ax = quantile_shift(frame, names=["rural", "organs"])
    >>> ax.get_ylabel()
    '得分之差：机关事业 − 农村（村、社区）'
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "quantile_shift",
        numbers=("quantile", "difference"),
        optional_numbers=("low", "high", "band_low", "band_high"),
    )
    table = present(table, "quantile_shift", "quantile", "difference")
    check_keys(table, "quantile_shift", "quantile")
    table = table.sort_values("quantile", kind="stable")
    with drawing(ax, height=8.0) as axes:
        axes.axhline(0, color=INK, linewidth=0.8)
        if {"band_low", "band_high"} <= set(table.columns):
            axes.fill_between(
                table["quantile"],
                table["band_low"],
                table["band_high"],
                color=PALE,
                alpha=0.4,
                linewidth=0,
                label=word("chart.band", language),
            )
        reach: Any = None
        if {"low", "high"} <= set(table.columns):
            reach = np.abs(table[["low", "high"]].sub(table["difference"], axis=0).to_numpy().T)
        axes.errorbar(
            table["quantile"],
            table["difference"],
            yerr=reach,
            color=MAIN,
            marker="o",
            capsize=2.5,
            elinewidth=0.9,
            label=word(
                "chart.difference_interval" if reach is not None else "chart.difference", language
            ),
        )
        axes.set_xticks(table["quantile"])
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(axis="y")
        axes.set_xlabel(title_of("chart.quantile", language))
        axes.set_ylabel(_difference_of(names, language, words))
        axes.legend(loc="best")
        axes.set_title(title or "")
        return axes


def _difference_of(names: Sequence[str], language: Language, words: Words) -> str:
    label = title_of("chart.difference", language)
    if len(names) != 2:
        return label
    one, other = (shown(name, language, words) for name in names)
    return word("chart.difference_of", language).format(label, other, one)


def _marks(points: int) -> int:
    return max(1, points // MARKS)
