"""A service ledger in pictures: how long things take, when they came, what waits."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from ..errors import TableError
from ..labels import WORDS, Language, word
from .frames import (
    Words,
    check_keys,
    grouped,
    moment,
    present,
    shown,
    table_of,
    title_of,
)
from .style import INK, LIGHT_TO_DARK, MAIN, PALE, SOFT, drawing, figure_of, styles_of
from .trends import mark_periods

__all__ = ["backlog", "calendar", "survival_curves"]

MOST_GROUPS: Final = 6
MOST_YEARS: Final = 6


def survival_curves(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    by: str = "group",
    words: Words = None,
) -> Axes:
    """Draw for each group the share of cases still open after so many days.

    Parameters
    ----------
    frame : DataFrame
        Such as ``methods.durations.kaplan_meier(...)``, durations in days. Columns:

        - ``group``, or the column that ``by`` names: code of the group, at most 6;
        - ``time``: number, days;
        - ``survival``: number, 0..1, the share still open from that day on;
        - ``standard_error`` (may be absent): number; a band of 1.96 of them is drawn. Say so in the
          caption.
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
        For a missing column, text where numbers must be, a day that stands twice in a group, a
        share outside 0..1, or more than 6 groups.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"group": "hotline", "time": [3.0, 8.0], "survival": [0.6, 0.2]})
    >>> ax = survival_curves(frame, by="group", words={"hotline": "热线"})
    >>> ax.lines[0].get_ydata().tolist(), ax.get_legend().get_texts()[0].get_text()
    ([1.0, 0.6, 0.2], '热线')
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "survival_curves",
        text=(by,),
        numbers=("time", "survival"),
        optional_numbers=("standard_error",),
    )
    codes, groups = grouped(table[by])
    table = present(table.assign(**{by: codes}), "survival_curves", "time", "survival")
    check_keys(table, "survival_curves", by, "time")
    if not table["survival"].between(0, 1).all():
        wrong = table["survival"][~table["survival"].between(0, 1)].iloc[0]
        raise TableError(
            f"column survival for charts.survival_curves must lie between 0 and 1, got {wrong:g}. "
            "Give shares, not percent."
        )
    if len(groups) > MOST_GROUPS:
        raise TableError(
            f"a frame for charts.survival_curves must have at most {MOST_GROUPS} groups, "
            f"got {len(groups)!r}. Select some."
        )
    with drawing(ax, height=8.5) as axes:
        for group, style in styles_of(groups).items():
            own = table[table[by] == group].sort_values("time")
            days = np.r_[0.0, own["time"]]
            axes.step(
                days,
                np.r_[1.0, own["survival"]],
                where="post",
                color=style.colour,
                linestyle=style.line,
                label=_named(group, by, language, words),
            )
            if "standard_error" in own:
                reach = 1.96 * own["standard_error"].fillna(0.0)
                axes.fill_between(
                    own["time"],
                    (own["survival"] - reach).clip(0, 1),
                    (own["survival"] + reach).clip(0, 1),
                    step="post",
                    color=style.colour,
                    alpha=0.12,
                    linewidth=0,
                )
        axes.set(xlim=(0, None), ylim=(0, 1.02))
        axes.set_xlabel(title_of("chart.days", language))
        axes.set_ylabel(title_of("chart.still_open", language))
        axes.grid(axis="y")
        axes.legend(loc="upper right", handlelength=3.2)
        axes.set_title(title or "")
        return axes


def calendar(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    words: Words = None,
) -> Axes:
    """Draw a number for every day: a strip of weeks for each year, Monday on top.

    Parameters
    ----------
    frame : DataFrame
        Columns (or index levels):

        - ``date``: day, as a datetime, once each;
        - ``value``: number of at least 0; a missing one, and a day that is not there, stays white.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    words : mapping of str to str, optional
        A word for the scale under "value", before that of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, dates that are none, a day that stands twice, or more than 6 years.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> days = pd.date_range("2024-01-01", "2024-03-31")
    >>> ax = calendar(pd.DataFrame({"date": days, "value": range(len(days))}))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['2024年']
    >>> plt.close(ax.figure)
    """
    table = table_of(frame, "calendar", text=("date",), numbers=("value",))
    if not pd.api.types.is_datetime64_any_dtype(table["date"]):
        raise TableError(
            "column date for charts.calendar must hold dates, got "
            f"{str(table['date'].dtype)!r}. Convert it with pandas.to_datetime."
        )
    table = present(table.assign(date=table["date"].dt.normalize()), "calendar", "date", "value")
    check_keys(table, "calendar", "date")
    years = list(range(table["date"].dt.year.min(), table["date"].dt.year.max() + 1))
    if len(years) > MOST_YEARS:
        raise TableError(
            f"a frame for charts.calendar must span at most {MOST_YEARS} years, "
            f"got {len(years)!r}. Select some."
        )
    with drawing(ax, height=1.9 + 2.6 * len(years)) as axes:
        grid = np.full((8 * len(years) - 1, 54), np.nan)  # an empty row between two years
        day = table["date"].dt
        first = pd.to_datetime(day.year.astype("str") + "-01-01").dt.day_of_week
        week = (day.day_of_year - 1 + first) // 7
        grid[8 * (day.year - years[0]) + day.day_of_week, week] = table["value"]
        mesh = axes.pcolormesh(
            np.ma.masked_invalid(grid),
            cmap=LIGHT_TO_DARK,
            norm=Normalize(0, table["value"].max()),
            edgecolor="white",
            linewidth=0.6,
        )
        _name_months(axes, years, language)
        axes.set_yticks(
            [8 * n + 3.5 for n in range(len(years))],
            [word("chart.year", language).format(year) for year in years],
        )
        axes.tick_params(length=0)
        axes.invert_yaxis()
        axes.spines[:].set_visible(False)
        scale = figure_of(axes).colorbar(
            mesh, ax=axes, orientation="horizontal", shrink=0.35, aspect=30, pad=0.02
        )
        scale.set_label((words or {}).get("value") or title_of("count.events", language))
        scale.outline.set_visible(False)
        scale.ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        scale.ax.tick_params(length=2)
        axes.set_title(title or "")
        return axes


def backlog(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
) -> Axes:
    """Draw what came and what was settled in each period, and what waited at its end.

    Parameters
    ----------
    frame : DataFrame
        One row per period. Columns (or index levels):

        - ``period``: pandas Period, or text such as 2024, 2024H1, 2024Q3, 2024-05;
        - ``open``: number of cases open at its end;
        - ``accepted``, ``settled`` (may be absent, both or neither): cases in the period.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, a period that stands twice, or a text that
        is no period.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"period": ["2024Q1", "2024Q2"], "open": [5, 9],
    ...     "accepted": [40, 44], "settled": [35, 40]})
    >>> ax = backlog(frame)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['期末在办', '本期受理', '本期办结']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "backlog",
        text=("period",),
        numbers=("open",),
        optional_numbers=("accepted", "settled"),
    )
    table = present(table, "backlog", "open")
    check_keys(table, "backlog", "period")
    moments = {period: moment(period) for period in table["period"]}
    table = table.assign(at=[moments[period].position for period in table["period"]])
    table = table.sort_values("at", kind="stable")
    wide = 0.4 / max(m.parts for m in moments.values())
    with drawing(ax, height=8.5) as axes:
        for name, side, colour, hatch in (
            ("accepted", -0.5, PALE, ""),
            ("settled", 0.5, "white", "////"),
        ):
            if name in table:
                axes.bar(
                    table["at"] + side * wide,
                    table[name],
                    wide,
                    color=colour,
                    hatch=hatch,
                    edgecolor=SOFT,
                    linewidth=0.5,
                    label=word(f"chart.{name}", language),
                )
        axes.plot(
            table["at"],
            table["open"],
            color=MAIN,
            marker="o",
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=word("chart.open", language),
        )
        mark_periods(axes, sorted(moments.values(), key=lambda m: m.position), language)
        axes.set_ylim(0, None)
        axes.margins(y=0.18)
        axes.set_ylabel(title_of("chart.cases", language))
        axes.grid(axis="y")
        axes.legend(loc="upper left", ncols=3)
        axes.set_ylim(0, axes.get_ylim()[1] * 1.12)  # room for the legend
        axes.set_title(title or "")
        return axes


def _named(code: Hashable, family: str, language: Language, words: Words) -> str:
    key = f"{family}.{code}"
    if (words is None or str(code) not in words) and key in WORDS:
        return word(key, language)
    return shown(code, language, words)


def _name_months(ax: Axes, years: list[int], language: Language) -> None:
    """Name the months on top of the strips, where the first year's begin."""
    starts = pd.date_range(f"{years[0]}-01-01", periods=12, freq="MS")
    lead = starts[0].day_of_week
    weeks = (starts.day_of_year - 1 + lead) // 7
    names = word("chart.parts.12", language).split()
    ax.set_xticks(np.asarray(weeks) + 2.2, names)
    ax.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, pad=2)
    ax.xaxis.label.set_color(INK)
