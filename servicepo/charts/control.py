"""Control charts of some organisations side by side."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..errors import TableError
from ..labels import Language, word
from .frames import Moment, Words, check_keys, decimals, moment, present, shown, table_of, wrap
from .style import INK, LETTER_WIDTH, MAIN, SOFT, drawing, size_of

__all__ = ["control_chart"]

MOST: Final = 12
ACROSS: Final = 3
TALL: Final = 4.2  # cm, a row of panels
LEFT, BELOW = 1.2, 0.8  # cm beside and below a panel, for its numbers and periods
# Where a point is marked: upwards or downwards by the way the triangle points, and outside the
# limits or by another rule by whether it is filled.
MARKS: Final = {
    "above_limit": ("^", True),
    "below_limit": ("v", True),
    "rising_run": ("^", False),
    "falling_run": ("v", False),
    "two_of_three_above": ("^", False),
    "two_of_three_below": ("v", False),
    "run_above": ("^", False),
    "run_below": ("v", False),
}


def control_chart(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    words: Words = None,
) -> Axes:
    """Draw each organisation's figures between their control limits, a small panel for each.

    Parameters
    ----------
    frame : DataFrame
        One row per organisation and period, such as ``watch(...).table`` of up to 12 of them.
        Columns (or index levels):

        - ``org``: name or code of the organisation; panels stand in the order of the rows;
        - ``period``: as in `trend`;
        - ``value``: number; a missing one breaks the line;
        - ``centre``, ``low``, ``high``: numbers, drawn as steps;
        - ``signal``: "none", or a word of ``methods.control_rules.SIGNALS``: triangles that point
          up or down, filled outside the limits.
    ax : Axes, optional
        Where to draw; its frame is hidden and the panels are its children
        (``ax.child_axes``). Without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above all panels.
    words : mapping of str to str, optional
        Words to show for organisations, before those of `servicepo.labels`.

    Returns
    -------
    Axes
        The axes that hold the panels.

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, an organisation that stands twice in a
        period, or more than 12 organisations.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> months = pd.period_range("2024-01", periods=3, freq="M")
    >>> frame = pd.DataFrame({"org": "甲村", "period": months, "value": [80.0, 82.0, 60.0],
    ...                       "centre": 80.0, "low": 70.0, "high": 90.0,
    ...                       "signal": ["none", "none", "below_limit"]})
    >>> ax = control_chart(frame)
    >>> [panel.get_title() for panel in ax.child_axes]
    ['甲村']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "control_chart",
        text=("org", "period", "signal"),
        numbers=("value", "centre", "low", "high"),
    )
    check_keys(table, "control_chart", "org", "period")
    present(table, "control_chart", "value")
    orgs = list(dict.fromkeys(table["org"]))
    if len(orgs) > MOST:
        raise TableError(
            f"a frame for charts.control_chart must have at most {MOST} organisations, "
            f"got {len(orgs)!r}. Select those with alarms, or draw several charts."
        )
    moments = {period: moment(period) for period in table["period"].unique()}
    table = table.assign(position=table["period"].map(lambda period: moments[period].position))
    table = table.sort_values("position", kind="stable")
    across = min(ACROSS, len(orgs))
    down = -(-len(orgs) // across)
    kinds = [kind for kind in MARKS if (table["signal"].astype("str") == kind).any()]
    with drawing(ax, height=TALL * down + 1.2) as axes:
        width, height = size_of(axes)
        axes.set_axis_off()
        top = 1.0 / height
        for at, org in enumerate(orgs):
            row, column = divmod(at, across)
            low = (1 - top) * (1 - (row + 1) / down)
            panel = axes.inset_axes(
                (
                    column / across + LEFT / width,
                    low + BELOW / height,
                    1 / across - (LEFT + 0.3) / width,
                    (1 - top) / down - (BELOW + 0.7) / height,
                )
            )
            name = wrap(shown(org, language, words), int(width / across / LETTER_WIDTH) - 4, 1)
            _draw_panel(panel, table[table["org"] == org], name)
            _mark_ends(panel, sorted(moments.values(), key=lambda m: m.position), language)
        handles = [Line2D([], [], color=MAIN, marker="o", label=_word("chart.value", language))]
        handles.append(Line2D([], [], color=SOFT, ls="--", lw=0.9, label=_word("limits", language)))
        handles += _legend(kinds, language)
        axes.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0, 1),
            ncols=len(handles),
            borderaxespad=0.1,
            columnspacing=1.4,
            handletextpad=0.5,
        )
        axes.set_title(title or "")
        return axes


def _draw_panel(ax: Axes, own: pd.DataFrame, name: str) -> None:
    ax.plot(own["position"], own["value"], color=MAIN, marker="o", markersize=2.6, linewidth=1.0)
    looks: dict[str, Any] = {"drawstyle": "steps-mid", "color": SOFT}
    ax.plot(own["position"], own["centre"], linewidth=0.7, **looks)
    for side in ("low", "high"):
        ax.plot(own["position"], own[side], linestyle="--", linewidth=0.9, **looks)
    for kind, (marker, filled) in MARKS.items():
        points = own[own["signal"].astype("str") == kind]
        ax.plot(
            points["position"],
            points["value"],
            marker=marker,
            linestyle="none",
            markersize=6.0,
            markerfacecolor=INK if filled else "white",
            markeredgecolor=INK,
            markeredgewidth=0.8,
            zorder=4,
        )
    ax.margins(x=0.05, y=0.12)
    ax.spines[["top", "right"]].set_visible(False)
    digits = decimals(own[["value", "low", "high"]].to_numpy(dtype=float))
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:.{max(digits - 1, 0)}f}".replace("-", "−"))
    ax.locator_params(axis="y", nbins=5)
    ax.tick_params(length=2.5)
    ax.set_title(name, fontsize=8.0)


def _mark_ends(ax: Axes, moments: list[Moment], language: Language) -> None:
    """Name the first and the last period: panels have room for no more."""
    ends = list(dict.fromkeys((moments[0], moments[-1])))
    ax.set_xticks([end.position for end in ends], [end.text(language) for end in ends])
    if len(ends) > 1:
        first, last = ax.get_xticklabels()
        first.set_horizontalalignment("left")
        last.set_horizontalalignment("right")


def _legend(kinds: list[str], language: Language) -> list[Line2D]:
    """Explain the marks that are there, each look once."""
    looks: dict[tuple[str, bool], Hashable] = {}
    for kind in kinds:
        looks.setdefault(MARKS[kind], kind)
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markersize=6.0,
            markerfacecolor=INK if filled else "white",
            markeredgecolor=INK,
            markeredgewidth=0.8,
            label=_word(
                ("above_limit" if marker == "^" else "below_limit")
                if filled
                else ("rule_above" if marker == "^" else "rule_below"),
                language,
            ),
        )
        for marker, filled in looks
    ]


def _word(key: str, language: Language) -> str:
    text = word(key if key.startswith("chart.") else f"chart.signal.{key}", language)
    return text[:1].upper() + text[1:]
