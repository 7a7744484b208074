"""From which grade to which: probabilities with their counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language
from .frames import Words, check_keys, in_order, present, shown, table_of, title_of, wrap
from .heat import draw_cells, height_of_cells
from .style import drawing, room_for_labels

__all__ = ["transition_matrix"]


def transition_matrix(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    words: Words = None,
) -> Axes:
    r"""Draw the matrix of transitions: a row for each state before, a column for each after.

    Parameters
    ----------
    frame : DataFrame
        One row per pair of states. Columns (or index levels):

        - ``before``, ``after``: code of the state; categories give the order, else that of
          `servicepo.labels`, else that of the rows;
        - ``probability``: number 0–1, how often ``before`` was followed by ``after``;
        - ``count``: number of organisations that moved so;
        - ``low``, ``high`` (may be absent): interval of the probability, told in the cell.

        A pair that is not there is a white cell with a dash. The row names tell the row's n.
    ax : Axes, optional
        Where to draw; without it a new figure 12 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    words : mapping of str to str, optional
        Words to show for states, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or a pair that stands twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"before": ["好", "好"], "after": ["好", "差"],
    ...                       "probability": [0.75, 0.25], "count": [3, 1]})
    >>> ax = transition_matrix(frame)
    >>> [text.get_text() for text in ax.texts[:4]]
    ['0.75\n(3)', '0.25\n(1)', '—', '—']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "transition_matrix",
        text=("before", "after"),
        numbers=("probability", "count"),
        optional_numbers=("low", "high"),
    )
    present(table, "transition_matrix", "before", "after")
    check_keys(table, "transition_matrix", "before", "after")
    states = in_order(pd.concat([table["before"], table["after"]]))
    pairs = table.set_index(["before", "after"]).reindex(
        pd.MultiIndex.from_product([states, states])
    )
    probability, count = (
        pairs[name].to_numpy(dtype=float).reshape(len(states), len(states))
        for name in ("probability", "count")
    )
    told = {"low", "high"} <= set(table.columns)
    ends = pairs[["low", "high"]].to_numpy() if told else np.full((len(pairs), 2), np.nan)
    cells = [_cell(*cell) for cell in zip(probability.ravel(), count.ravel(), *ends.T, strict=True)]
    texts = [cells[at : at + len(states)] for at in range(0, len(cells), len(states))]
    names = [shown(state, language, words) for state in states]
    rows = [f"{name}\nn = {n:.0f}" for name, n in zip(names, np.nansum(count, axis=1), strict=True)]
    note, tall = ("chart.transition_interval", 1.5) if told else ("chart.transition", 1.1)
    with drawing(ax, width=12.0, height=height_of_cells(rows, tall=tall) + 0.6) as axes:
        draw_cells(axes, probability, rows, names, limits=(0.0, 1.0), texts=texts)
        axes.set_ylabel(title_of("chart.before", language))
        axes.xaxis.set_label_position("top")
        axes.set_xlabel(title_of("chart.after", language))
        axes.annotate(
            wrap(title_of(note, language), room_for_labels(axes, share=0.9)),
            (0.5, 0),
            xycoords="axes fraction",
            xytext=(0, -5),
            textcoords="offset points",
            ha="center",
            va="top",
        )
        axes.set_title(title or "")
        return axes


def _cell(probability: float, count: float, low: float, high: float) -> str:
    if np.isnan(probability):
        return "—"
    interval = "" if np.isnan(low) else f"\n{low:.2f}–{high:.2f}"
    return f"{probability:.2f}{interval}\n({count:.0f})"
