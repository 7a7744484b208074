"""Grids -> blocks: where the header stands, how deep it is, which tables stand side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from .aliases import bare_header, field_of, kind_of_row
from .files import Grid
from .text import clean_cell

HEAD: Final = 60
"""A header is looked for in this many rows."""
DEEPEST: Final = 4
"""No header has more levels than this."""
SMALL: Final = 20_000
"""Sheets of at most this many rows are searched for further headers below the first."""

Known = Callable[[str], bool]
Path = tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Skipped:
    """A row passed over on purpose: its position in the grid, why, and what it says."""

    rule: str
    position: int
    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """One table inside a sheet.

    Attributes
    ----------
    grid : Grid
        The sheet it stands in.
    cells : DataFrame
        The rows below the header; the index holds positions of rows and the columns hold positions
        of columns in the grid. Merged ranges are filled from their first cell; nothing else is.
    covered : DataFrame or None
        True where a cell was filled from a merged range; None where the body has no merges.
    headers : dict
        Position of a column -> its header from top to bottom.
    titles : tuple of str
        The lines above the header.
    group : str or None
        The title of the block where several stand side by side under titles of their own.
    """

    grid: Grid
    cells: pd.DataFrame
    covered: pd.DataFrame | None
    headers: dict[int, Path]
    titles: tuple[str, ...]
    group: str | None = None


def column_letter(position: int) -> str:
    """Return the letters of a column.

    Parameters
    ----------
    position : int
        Counted from 0.

    Returns
    -------
    str

    Examples
    --------
    >>> column_letter(0), column_letter(26)
    ('A', 'AA')
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def find_blocks(grid: Grid, known: Known) -> tuple[list[Block], list[Skipped]]:
    """Find the tables of one sheet.

    Parameters
    ----------
    grid : Grid
        The sheet.
    known : callable
        Tells whether a header is one that somebody declared.

    Returns
    -------
    list of Block, list of Skipped
        No block where no header was found.
    """
    if grid.header is not None:
        headers = {i: (name,) for i, name in enumerate(grid.header)}
        return [Block(grid, grid.cells, None, headers, ())], []
    if grid.cells.empty:
        return [], []
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    texts = _Texts(grid)
    starts = _header_rows(texts, known)
    ends = [*(start for start, _ in starts[1:]), texts.height]
    above = 0
    for (top, bottom), end in zip(starts, ends, strict=True):
        titles = _titles(texts, above, top)
        skipped += titles
        found, repeated = _blocks_of(grid, texts, (top, bottom, end), tuple(t.text for t in titles))
        blocks += found
        skipped += repeated
        above = end
    return blocks, skipped


# -- the words of a sheet ----------------------------------------------------------------------
_VALUE = re.compile(
    r"[-+−]?[\d.,]+\s*(?:%|分|名|人|次|户|件|个)?|\d{4}[-./年]\d{1,2}.*|[√×✓✗]|[—–\-/]+|第.{1,3}名"
)


class _Texts:
    """The words of a sheet, with merged ranges filled; asked for row by row."""

    def __init__(self, grid: Grid) -> None:
        self.cells, self.merges = grid.cells, grid.merges
        self.height, self.width = grid.cells.shape
        self._rows: dict[int, list[str]] = {}

    def row(self, r: int) -> list[str]:
        if r not in self._rows:
            words = ["" if pd.isna(v) else _word(v) for v in self.cells.iloc[r]]
            for r0, c0, r1, c1 in self.merges:
                if r0 <= r <= r1 and c0 < self.width and r0 < self.height:
                    first = self.cells.iat[r0, c0]
                    fill = "" if pd.isna(first) else _word(first)
                    for c in range(c0, min(c1 + 1, self.width)):
                        words[c] = fill
            self._rows[r] = words
        return self._rows[r]

    def distinct(self, r: int) -> list[str]:
        return list(dict.fromkeys(w for w in self.row(r) if w))

    def labels(self, r: int) -> list[str]:
        return [w for w in self.distinct(r) if not _VALUE.fullmatch(w)]


def _word(value: object) -> str:
    return clean_cell(str(value))


# -- the header --------------------------------------------------------------------------------
def _header_rows(texts: _Texts, known: Known) -> list[tuple[int, int]]:
    """Find the first and last row of each header of a sheet, from top to bottom."""
    hits: dict[int, int] = {}
    last = min(HEAD, texts.height)
    for r in range(last):
        if r >= last:
            break
        hits[r] = _hits(texts, r, known)
        if hits[r] >= max(3, 0.5 * len(texts.labels(r))):  # only its further levels can be better
            last = min(last, r + DEEPEST)
    best = max(hits.values(), default=0)
    if best == 0:
        return []
    first = next(r for r, n in hits.items() if n == best or (n and _fills_its_width(texts, r)))
    found = [_whole_header(texts, first, known)]
    if texts.height <= SMALL and texts.cells.dtypes.eq(object).all():
        r = found[0][1] + 1
        while r < texts.height:
            labels = texts.labels(r)
            enough = len(labels) >= 3 and len(labels) == len(texts.distinct(r))
            if enough and _hits(texts, r, known) >= max(3, 0.6 * len(labels)):
                header = _whole_header(texts, r, known)
                if header[0] > found[-1][1]:
                    found.append(header)
                r = header[1]
            r += 1
    return found


def _fills_its_width(texts: _Texts, r: int) -> bool:
    """Tell whether a row is all labels, each its own: a header, though its words be foreign."""
    words = [w for w in texts.row(r) if w]
    used = texts.cells.iloc[:HEAD].notna().any().sum()
    return len(words) == len(set(words)) == len(texts.labels(r)) >= max(3, 0.8 * used)


def _hits(texts: _Texts, r: int, known: Known) -> int:
    """Count the declared headers in a row; a row of one word is a title, not a header."""
    if len(texts.distinct(r)) < min(2, texts.width):
        return 0
    return sum(map(known, texts.labels(r)))


def _whole_header(texts: _Texts, row: int, known: Known) -> tuple[int, int]:
    """Extend one row of a header to all its levels."""
    top = bottom = row
    changed = True
    while changed and bottom - top + 1 <= DEEPEST:
        before = top, bottom
        for r0, _, r1, _ in texts.merges:
            if r0 <= bottom and r1 >= top and r1 - r0 < DEEPEST:
                top, bottom = min(top, r0), max(bottom, r1)
        if top > 0 and _groups_columns(texts, top - 1, top):
            top -= 1
        if (bottom + 1 < texts.height and _groups_columns(texts, bottom, bottom + 1)) or (
            bottom + 1 < texts.height and _completes(texts, bottom, bottom + 1, known)
        ):
            bottom += 1
        if top > 0 and _completes(texts, top - 1, top, known):
            top -= 1
        changed = (top, bottom) != before
    return top, bottom


def _groups_columns(texts: _Texts, upper: int, lower: int) -> bool:
    """Tell whether merged cells of the upper row stand over several labels of the lower one."""
    if _is_heading(texts, upper) or len(texts.distinct(upper)) < 2:
        return False
    over = [(c0, c1) for r0, c0, r1, c1 in texts.merges if r0 <= upper and r1 == upper and c1 > c0]
    below = texts.row(lower)
    under = [set(filter(None, below[c0 : c1 + 1])) for c0, c1 in over if c0 < texts.width]
    labels = [w for words in under for w in words]
    return any(len(words) > 1 for words in under) and not any(map(_VALUE.fullmatch, labels))


def _completes(texts: _Texts, upper: int, lower: int, known: Known) -> bool:
    """Tell whether two rows without merges are one header: the lower one fills gaps of the upper."""
    if _merged_across(texts, upper) or _is_heading(texts, upper):
        return False
    above, below = texts.row(upper), texts.row(lower)
    if len(texts.labels(upper)) < 2 or len(texts.labels(lower)) != len(texts.distinct(lower)):
        return False
    gaps = [b for a, b in zip(above, below, strict=True) if b and not a]
    open_ = [a for a, b in zip(above, below, strict=True) if a and not b]
    words = [w for w in below if w]
    declared = sum(map(known, dict.fromkeys(words)))
    return bool(gaps and open_) and (declared >= 2 or len(set(words)) < len(words))


def _merged_across(texts: _Texts, r: int) -> bool:
    return any(r0 <= r <= r1 and c1 > c0 for r0, c0, r1, c1 in texts.merges)


def _is_heading(texts: _Texts, r: int) -> bool:
    """Tell whether a row is a line above the table: 考评对象：……, 单位：分."""
    words = texts.distinct(r)
    return len(words) < 2 or any(re.search(r"[:：]", w) for w in words)


def _titles(texts: _Texts, above: int, top: int) -> list[Skipped]:
    """Read the lines between the table above and a header; a label and its value are joined."""
    titles = []
    for r in range(max(above, top - 12) if above else 0, top):
        words = texts.distinct(r)
        pairs: list[str] = []
        for word in words:
            label = pairs and (pairs[-1].endswith((":", "：")) or kind_of_row(pairs[-1]) == "head")
            if label and not re.search(r"[:：].", pairs[-1]):
                pairs[-1] = f"{pairs[-1].rstrip(':：')}：{word}"
            else:
                pairs.append(word)
        if words and not above:
            titles.append(Skipped("title_row", r, "　".join(pairs)))
    return titles


# -- columns and blocks ------------------------------------------------------------------------
def _blocks_of(
    grid: Grid, texts: _Texts, rows: tuple[int, int, int], titles: tuple[str, ...]
) -> tuple[list[Block], list[Skipped]]:
    top, bottom, end = rows
    paths = _paths(texts, top, bottom)
    body = grid.cells.iloc[bottom + 1 : end]
    repeated = _repeated_headers(texts, paths, range(bottom + 1, end))
    if repeated:
        body = body.drop(index=[s.position for s in repeated])
    body, covered = _fill_merges(grid, body)
    whole = Block(grid, body, covered, paths, titles)
    return list(_side_by_side(whole)), repeated


def _paths(texts: _Texts, top: int, bottom: int) -> dict[int, Path]:
    levels = [texts.row(r) for r in range(top, bottom + 1)]
    if len(levels) > 1 and not any(_merged_across(texts, r) for r in range(top, bottom)):
        levels = [_spread(level, levels[i + 1]) for i, level in enumerate(levels[:-1])] + levels[
            -1:
        ]
    paths = {}
    for c in range(texts.width):
        path = [level[c] for level in levels if level[c]]
        paths[c] = tuple(w for i, w in enumerate(path) if i == 0 or w != path[i - 1])
    return paths


def _spread(upper: list[str], lower: list[str]) -> list[str]:
    """Let a label stand over the labels that fill the gaps to its right (a text file has no merges)."""
    done = list(upper)
    for c in range(1, len(done)):
        if not done[c] and lower[c] and lower[c - 1]:
            done[c] = done[c - 1]
    return done


def _repeated_headers(texts: _Texts, paths: dict[int, Path], rows: range) -> list[Skipped]:
    """Find the header again where every printed page has it."""
    if texts.height > SMALL or not texts.cells.dtypes.eq(object).all():
        return []
    leaves = [path[-1] if path else "" for path in paths.values()]
    tops = [path[0] if path else "" for path in paths.values()]
    return [
        Skipped("repeated_header_row", r, "　".join(texts.distinct(r)))
        for r in rows
        if len(texts.distinct(r)) > 1 and texts.row(r) in (leaves, tops)
    ]


def _fill_merges(grid: Grid, body: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Fill merged ranges of the body from their first cells, and remember which cells were filled."""
    inside = [m for m in grid.merges if m[2] >= body.index.min() and m[1] < body.shape[1]]
    if body.empty or not inside:
        return body, None
    values = grid.cells.to_numpy(dtype=object, copy=True)
    filled = np.zeros(values.shape, dtype=bool)
    for r0, c0, r1, c1 in inside:
        if r0 < len(values):
            values[r0 : r1 + 1, c0 : c1 + 1] = values[r0, c0]
            filled[r0 : r1 + 1, c0 : c1 + 1] = True
            filled[r0, c0] = False
    rows = body.index
    return (
        pd.DataFrame(values[rows], index=rows, columns=body.columns),
        pd.DataFrame(filled[rows], index=rows, columns=body.columns),
    )


def _side_by_side(block: Block) -> Iterator[Block]:
    """Split a table whose columns are printed again beside it: 单位|得分|排名|单位|得分|排名."""
    used = [c for c, path in block.headers.items() if path or block.cells[c].notna().any()]
    leaves = [block.headers[c][-1] if block.headers[c] else "" for c in used]
    org = next((w for w in leaves if any(f == "org" for _, f in field_of(w))), None)
    starts = [i for i, w in enumerate(leaves) if w == org] if org else []
    if len(starts) < 2:
        yield replace(block, headers={c: block.headers[c] for c in used})
        return
    lead = 0
    while lead < starts[0] and len({leaves[s - lead - 1] for s in starts}) == 1:
        lead += 1
    starts = [s - lead for s in starts]
    shared = used[: starts[0]]
    for start, end in zip(starts, [*starts[1:], len(used)], strict=True):
        own = [c for c in used[start:end] if block.headers[c]]
        tops = {block.headers[c][0] for c in own}
        title = (
            tops.pop() if len(tops) == 1 and all(len(block.headers[c]) > 1 for c in own) else None
        )
        headers = {c: block.headers[c] for c in shared}
        headers |= {c: block.headers[c][1:] if title else block.headers[c] for c in own}
        cells = block.cells[own].dropna(how="all").index
        yield replace(
            block,
            cells=block.cells.loc[cells],
            covered=None if block.covered is None else block.covered.loc[cells],
            headers=headers,
            group=title,
        )


def leaf_of(path: Path) -> str:
    """Return the lowest level of a header without marks and units, "" where there is none."""
    return bare_header(path[-1]) if path else ""
