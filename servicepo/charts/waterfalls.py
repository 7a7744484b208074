"""What drove a change: steps from a start to an end."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language, word
from .frames import Words, check_keys, moment, present, shown, table_of, title_of
from .rows import Line, height_of, label_lines, wrapped_lines
from .style import INK, MAIN, PALE, SOFT, drawing

__all__ = ["waterfall"]

OWN: Final = ("start", "end", "weights", "veto", "other")  # steps that are no indicators


def waterfall(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    words: Words = None,
) -> Axes:
    """Draw the steps that lead from one score to another, from top to bottom.

    Parameters
    ----------
    frame : DataFrame
        One row per step, in order, such as ``change.waterfall()``. Columns:

        - ``step``: "start", codes of indicators, "weights", "veto", "other", "end", once each;
        - ``amount``: number, what the step adds; of start and end the score itself;
        - ``low``, ``high``: numbers, where the step lies;
        - ``kind``: "total" (a diamond), "rise" or "fall" (a bar);
        - ``period`` (may be absent): of start and end, which period they are.

        Scores are cut off at the left: bars are changes, and the two diamonds are levels.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    words : mapping of str to str, optional
        Words to show for indicators, before those of `servicepo.labels`.

    Returns
    -------
    Axes

    Raises
    ------
    TableError
        For a missing column, text where numbers must be, or a step that stands twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"step": ["start", "服务作风", "end"], "amount": [60.0, 2.0, 62.0],
    ...                       "low": [0.0, 60.0, 0.0], "high": [60.0, 62.0, 62.0],
    ...                       "kind": ["total", "rise", "total"]})
    >>> ax = waterfall(frame)
    >>> [text.get_text() for text in ax.texts]
    ['60.0', '+2.0', '62.0']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame,
        "waterfall",
        text=("step", "kind"),
        numbers=("amount", "low", "high"),
        optional=("period",),
    )
    check_keys(table, "waterfall", "step")
    present(table, "waterfall", "amount")
    steps = table.reset_index(drop=True)
    names = [_name(row, language, words) for _, row in steps.iterrows()]
    lines = wrapped_lines([Line(name, at) for at, name in enumerate(names)], ax, extra=2.0)
    with drawing(ax, height=height_of(lines, extra=2.0)) as axes:
        label_lines(axes, lines)
        totals = steps["kind"] == "total"
        at = steps["amount"].where(totals, steps["high"].where(steps["amount"] > 0, steps["low"]))
        kinds: dict[str, dict[str, Any]] = {
            "rise": {"color": MAIN},
            "fall": {"facecolor": PALE, "hatch": "////"},
        }
        for kind, own_looks in kinds.items():
            own = steps[steps["kind"] == kind]
            width = own["high"] - own["low"]
            looks = {"height": 0.62, "linewidth": 0.6, "edgecolor": MAIN, **own_looks}
            axes.barh(own.index, width, left=own["low"], **looks)
        axes.plot(at[totals], steps.index[totals], "D", color=INK, markersize=6.0)
        axes.vlines(at[:-1], steps.index[:-1], steps.index[1:], color=SOFT, linewidth=0.6)
        ends = pd.concat([at, steps["high"].where(~totals), steps["low"].where(~totals)])
        room = float(np.ptp(ends.dropna())) or 1.0
        axes.set_xlim(ends.min() - 0.12 * room, ends.max() + 0.16 * room)
        rights = steps["amount"].where(totals, steps["high"])
        digits = 1 if np.ptp(steps["amount"][totals]) >= 0.5 else 2
        for y, (amount, right, total) in enumerate(
            zip(steps["amount"], rights, totals, strict=True)
        ):
            axes.annotate(
                f"{amount:.{digits}f}" if total else _signed(amount),
                (right, y),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
            )
        axes.grid(axis="x")
        axes.set_xlabel(title_of("overall", language))
        axes.set_title(title or "")
        return axes


def _name(row: pd.Series, language: Language, words: Words) -> str:
    step = str(row["step"])
    if step not in OWN:
        return shown(step, language, words)
    if step in ("start", "end") and "period" in row.index and not pd.isna(row["period"]):
        return moment(row["period"]).text(language)
    text = word(f"chart.step.{step}", language)
    return text[:1].upper() + text[1:]


def _signed(amount: float) -> str:
    digits = 1 if abs(amount) >= 0.95 else 2
    return f"{amount:+.{digits}f}".replace("-", "−")
