"""Each organisation's way through the periods: slopes of scores, or bumps of ranks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..errors import TableError
from ..labels import Language
from .frames import Words, check_keys, moment, present, shown, table_of, title_of
from .style import FAINT, drawing, styles_of
from .trends import mark_periods, name_ends

__all__ = ["slope"]

MOST_NAMED: Final = 12  # lines that can be told apart and named at their ends


def slope(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    of: str = "score",
    highlight: Sequence[Hashable] | None = None,
    words: Words = None,
) -> Axes:
    """Draw one line for each organisation through its periods, and name those that matter.

    Parameters
    ----------
    frame : DataFrame
        One row per organisation and period, such as ``index.ranks()``. Columns (or index levels):

        - ``org``: name or code of the organisation;
        - ``period``: as in `trend`;
        - ``score``, or the column that ``of`` names: number; a missing one breaks the line. With
          ``of="rank"`` 1 is on top.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    of : str
        The column that is drawn.
    highlight : sequence of str, optional
        Organisations that are drawn strongly and named, at most 12; the others stand faintly behind
        them. All, where they are not more than 12.
    words : mapping of str to str, optional
        Words to show for organisations, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, an organisation that stands twice in a
        period, more than 12 to be named, or one that is not there.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> years = ["2023", "2023", "2024", "2024"]
    >>> frame = pd.DataFrame({"org": ["甲村", "乙村"] * 2, "period": years, "rank": [1, 2, 2, 1]})
    >>> ax = slope(frame, of="rank")
    >>> sorted(text.get_text() for text in ax.texts)
    ['乙村', '甲村']
    >>> plt.close(ax.figure)
    """
    table = table_of(frame, "slope", text=("org", "period"), numbers=(of,))
    check_keys(table, "slope", "org", "period")
    present(table, "slope", of)
    orgs = list(dict.fromkeys(table["org"]))
    named = _named(orgs, highlight)
    moments = {period: moment(period) for period in table["period"].unique()}
    table = table.assign(position=table["period"].map(lambda period: moments[period].position))
    table = table.sort_values("position", kind="stable")
    styles = styles_of(named)
    with drawing(ax, height=9.0) as axes:
        ends: dict[Hashable, tuple[float, float]] = {}
        for _, own in table[~table["org"].isin(named)].groupby("org", sort=False):
            axes.plot(own["position"], own[of], color=FAINT, linewidth=0.7, zorder=1)
        for org in named:
            own, style = table[table["org"] == org], styles[org]
            axes.plot(
                own["position"],
                own[of],
                color=style.colour,
                linestyle=style.line,
                marker=style.marker,
                markeredgecolor="white",
                markeredgewidth=0.4,
                markersize=5.5,
                zorder=3,
            )
            known = own.dropna(subset=[of])
            if len(known):
                ends[org] = (known["position"].iloc[-1], known[of].iloc[-1])
        mark_periods(axes, sorted(moments.values(), key=lambda m: m.position), language)
        axes.margins(x=0.06, y=0.1)
        axes.grid(axis="y")
        axes.set_ylabel(title_of(of, language))
        if of == "rank":
            axes.yaxis.set_major_locator(MaxNLocator(8, integer=True))
            axes.invert_yaxis()
        name_ends(axes, ends, {org: shown(org, language, words) for org in ends}, styles)
        if of == "rank":
            ticks = [tick for tick in axes.get_yticks() if 1.5 < tick <= table[of].max()]
            axes.set_yticks([1.0, *ticks])
        axes.set_title(title or "")
        return axes


def _named(orgs: list[Hashable], highlight: Sequence[Hashable] | None) -> list[Hashable]:
    if highlight is None:
        return orgs if len(orgs) <= MOST_NAMED else []
    lost = [str(org) for org in highlight if org not in orgs]
    if lost:
        raise TableError(
            f"highlight for charts.slope must name organisations of the frame, got {lost!r}. "
            "Take others or select other rows."
        )
    if len(highlight) > MOST_NAMED:
        raise TableError(
            f"highlight for charts.slope must name at most {MOST_NAMED} organisations, "
            f"got {len(highlight)!r}. Draw several charts."
        )
    return list(highlight)
