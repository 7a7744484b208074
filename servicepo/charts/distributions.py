"""Scores of groups side by side: half a violin, a box, and the points themselves."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..labels import Language, word
from .frames import Words, grouped, latest, present, shown, table_of, title_of, wrap
from .style import INK, Style, drawing, room_for_labels, styles_of

__all__ = ["domain_distribution"]

MOST_POINTS: Final = 1000  # more points in one band of 17 cm are one blot
FEWEST: Final = 5  # a density or quartiles of fewer points are invention
GOLDEN: Final = 0.6180339887498949


def domain_distribution(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    by: str = "domain",
    words: Words = None,
) -> Axes:
    r"""Draw how the scores of each domain spread: half a violin above, a box, points below.

    Parameters
    ----------
    frame : DataFrame
        One row per organisation. Columns (or index levels):

        - ``score``: number, any unit;
        - ``domain``, or the column that ``by`` names: code of the group; rows without it form a
          group of their own;
        - ``period`` (may be absent): of several periods the last is drawn and named.

        Rows without a score are not drawn and not counted in n.
    ax : Axes, optional
        Where to draw; without it a new figure 17 cm wide.
    language : {"zh", "en"}
        Language of labels.
    title : str, optional
        A title above the axes.
    by : str
        The column of groups, such as "sector" or the "group" of ``index.ranks()``.
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
    Box: quartiles and median; whiskers reach the farthest point within 1.5 quartile ranges.
    Violin: Gaussian kernel, Scott's bandwidth, cut at the extremes. Fewer than 5 scores are drawn
    as points only.
    Of more than 1,000 scores in a group, 1,000 evenly spaced in their order are drawn as points
    (the axis says so); the box uses all.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> frame = pd.DataFrame({"domain": ["organs", "rural", "rural"], "score": [80.0, 60.0, 75.0]})
    >>> ax = domain_distribution(frame)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['农村（村、社区）\nn = 2', '机关事业\nn = 1']
    >>> plt.close(ax.figure)
    """
    table = table_of(
        frame, "domain_distribution", text=(by,), numbers=("score",), optional=("period",)
    )
    table, period = latest(table)
    table = present(table, "domain_distribution", "score")
    codes, groups = grouped(table[by])
    samples = [np.sort(table["score"][codes == group].to_numpy()) for group in groups]
    styles = styles_of(groups)
    size = 7.0 if max(map(len, samples)) > 50 else 14.0  # square points
    letters = room_for_labels(ax)

    with drawing(ax, height=1.6 + 1.75 * len(groups)) as axes:
        for y, (group, scores) in enumerate(zip(groups, samples, strict=True)):
            _draw_group(axes, y, scores, styles[group], size)
        axes.set_yticks(
            range(len(groups)),
            [
                f"{wrap(shown(group, language, words), letters)}\nn = {len(scores)}"
                for group, scores in zip(groups, samples, strict=True)
            ],
        )
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(groups) - 0.5, -0.55)
        axes.grid(axis="x")
        thinned = any(len(scores) > MOST_POINTS for scores in samples)
        note = "\n" + word("chart.thinned", language).format(MOST_POINTS) if thinned else ""
        axes.set_xlabel(title_of("score", language, period) + note)
        axes.set_title(title or "")
        return axes


def _draw_group(ax: Axes, y: int, scores: np.ndarray, style: Style, size: float) -> None:
    points = thinned(scores)
    if len(points) >= FEWEST and points[0] < points[-1]:
        violin = ax.violinplot(
            points,
            positions=[y - 0.12],
            orientation="horizontal",
            side="low",
            widths=0.72,
            showextrema=False,
        )
        bodies: Any = violin["bodies"]
        for body in bodies:
            body.set(facecolor=style.colour, edgecolor=style.colour, hatch=style.hatch)
            body.set(alpha=0.45, linewidth=0.8)
    if len(points) >= FEWEST:
        thin = {"color": INK, "linewidth": 0.8}
        ax.boxplot(
            scores,
            positions=[y],
            orientation="horizontal",
            widths=0.13,
            showfliers=False,
            manage_ticks=False,
            patch_artist=True,
            boxprops={"facecolor": "white", "edgecolor": INK, "linewidth": 0.8},
            whiskerprops=thin,
            capprops=thin,
            medianprops={"color": INK, "linewidth": 1.8},
        )
    # Multiples of the golden section spread neighbours evenly, and the same way every time.
    offsets = 0.14 + 0.22 * ((np.arange(len(points)) * GOLDEN) % 1)
    ax.scatter(
        points,
        y + offsets,
        s=size,
        facecolor=style.colour,
        edgecolor="white",
        linewidth=0.2,
        alpha=0.8,
        rasterized=len(points) > MOST_POINTS // 2,
    )


def thinned(ordered: np.ndarray) -> np.ndarray:
    """Return at most ``MOST_POINTS`` of sorted numbers, evenly spaced in their order, ends kept."""
    if len(ordered) <= MOST_POINTS:
        return ordered
    kept = np.linspace(0, len(ordered) - 1, MOST_POINTS).round().astype(int)
    return np.take(ordered, kept)
