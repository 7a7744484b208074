"""Grids -> blocks: where the header stands, how deep it is, which tables stand side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

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
        named: dict[int, Path] = {i: (name,) for i, name in enumerate(grid.header)}
        return [Block(grid, grid.cells, None, named, ())], []
    texts = _Texts(grid)
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    headers = _headers(texts, known)
    for i, header in enumerate(headers):
        end = headers[i + 1].start if i + 1 < len(headers) else texts.height
        titles = _titles(texts, header)
        repeated = _repeated(texts, header, end)
        passed = {s.position for s in repeated}
        rows = [r for r in range(header.bottom + 1, end) if r not in passed] if passed else None
        body = grid.cells.iloc[header.bottom + 1 : end] if rows is None else grid.cells.iloc[rows]
        body, covered = _fill_merges(grid, body)
        whole = Block(grid, body, covered, _paths(texts, header), tuple(t.text for t in titles))
        blocks += _side_by_side(whole)
        skipped += titles + repeated
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
            words = [_word(value) for value in self.cells.iloc[r]]
            for r0, c0, r1, c1 in self.merges:
                if r0 <= r <= r1 and c0 < self.width and r0 < self.height:
                    fill = _word(self.cells.iloc[r0, c0])
                    for c in range(c0, min(c1 + 1, self.width)):
                        words[c] = fill
            self._rows[r] = words
        return self._rows[r]

    def distinct(self, r: int) -> list[str]:
        return list(dict.fromkeys(w for w in self.row(r) if w))

    def labels(self, r: int) -> list[str]:
        return [w for w in self.distinct(r) if not _VALUE.fullmatch(w)]


def _word(value: Any) -> str:
    return "" if pd.isna(value) else clean_cell(str(value))


# -- the header --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Header:
    """The rows of one header: its titles start at ``start``, its levels are top to bottom."""

    start: int
    top: int
    bottom: int


def _headers(texts: _Texts, known: Known) -> list[_Header]:
    """Find the header of each table of a sheet, from top to bottom."""
    first = _first_header_row(texts, known)
    if first is None:
        return []
    found = [_Header(0, *_levels(texts, first, known))]
    if texts.height > SMALL:
        return found
    filled = texts.cells.notna().sum(axis=1).to_numpy()
    after_gap = np.flatnonzero((filled[1:] >= 3) & (filled[:-1] <= 1)) + 1
    for r in after_gap[after_gap > found[0].bottom]:
        if r <= found[-1].bottom or not _is_header(texts, int(r), known):
            continue
        top, bottom = _levels(texts, int(r), known)
        start = top
        while start - 1 > found[-1].bottom and filled[start - 1] <= 1:
            start -= 1
        found.append(_Header(start, top, bottom))
    return found


def _first_header_row(texts: _Texts, known: Known) -> int | None:
    """Return the row with most declared headers, or the first before it that is all labels."""
    hits: dict[int, int] = {}
    last = min(HEAD, texts.height)
    while len(hits) < last:
        r = len(hits)
        hits[r] = _hits(texts, r, known)
        if hits[r] >= max(3, 0.5 * len(texts.labels(r))):  # only its further levels can be better
            last = min(last, r + DEEPEST)
    best = max(hits.values(), default=0)
    if best == 0:
        return None
    return next(r for r, n in hits.items() if n == best or (n and _fills_its_width(texts, r)))


def _is_header(texts: _Texts, r: int, known: Known) -> bool:
    labels = texts.labels(r)
    whole = len(labels) >= 3 and len(labels) == len(texts.distinct(r))
    return whole and _hits(texts, r, known) >= max(3, 0.6 * len(labels))


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


def _levels(texts: _Texts, row: int, known: Known) -> tuple[int, int]:
    """Extend one row of a header to all its levels: its first and its last row."""
    top = bottom = row
    before = (-1, -1)
    while (top, bottom) != before and bottom - top + 1 <= DEEPEST:
        before = top, bottom
        for r0, _, r1, _ in texts.merges:
            if r0 <= bottom and r1 >= top and r1 - r0 < DEEPEST:
                top, bottom = min(top, r0), max(bottom, r1)
        if top > 0 and _are_one(texts, top - 1, top, known):
            top -= 1
        if bottom + 1 < texts.height and _are_one(texts, bottom, bottom + 1, known):
            bottom += 1
    return top, bottom


def _are_one(texts: _Texts, upper: int, lower: int, known: Known) -> bool:
    """Tell whether two neighbouring rows are levels of one header."""
    if _is_heading(texts, upper):
        return False
    if _is_merged_across(texts, upper):
        return _groups_columns(texts, upper, lower)
    return _completes(texts, upper, lower, known)


def _groups_columns(texts: _Texts, upper: int, lower: int) -> bool:
    """Tell whether merged cells of the upper row stand over several labels of the lower one."""
    over = [(c0, c1) for r0, c0, r1, c1 in texts.merges if r0 <= upper == r1 and c1 > c0]
    below = texts.row(lower)
    under = [{w for w in below[c0 : c1 + 1] if w} for c0, c1 in over]
    labels = [w for words in under for w in words]
    return any(len(words) > 1 for words in under) and not any(map(_VALUE.fullmatch, labels))


def _completes(texts: _Texts, upper: int, lower: int, known: Known) -> bool:
    """Tell whether the lower row fills the gaps of the upper one, in a sheet without merges."""
    above, below = texts.row(upper), texts.row(lower)
    if len(texts.labels(upper)) < 2 or len(texts.labels(lower)) != len(texts.distinct(lower)):
        return False
    fills = any(b and not a for a, b in zip(above, below, strict=True))
    leaves = any(a and not b for a, b in zip(above, below, strict=True))
    words = [w for w in below if w]
    declared = sum(map(known, dict.fromkeys(words)))
    return fills and leaves and (declared >= 2 or len(set(words)) < len(words))


def _is_merged_across(texts: _Texts, r: int) -> bool:
    return any(r0 <= r <= r1 and c1 > c0 for r0, c0, r1, c1 in texts.merges)


def _is_heading(texts: _Texts, r: int) -> bool:
    """Tell whether a row is a line above the table: 考评对象：……, 单位：分."""
    words = texts.distinct(r)
    return len(words) < 2 or any(re.search(r"[:：]", w) for w in words)


def _titles(texts: _Texts, header: _Header) -> list[Skipped]:
    """Read the lines above a header; a label and the value beside it are joined."""
    titles = []
    for r in range(header.start, header.top):
        pairs: list[str] = []
        for said in texts.distinct(r):
            if pairs and _wants_value(pairs[-1]):
                pairs[-1] = f"{pairs[-1].rstrip(':：')}：{said}"
            else:
                pairs.append(said)
        if pairs:
            titles.append(Skipped("title_row", r, "　".join(pairs)))
    return titles


def _wants_value(text: str) -> bool:
    """Tell whether a cell above the table is a label whose value stands in the next cell."""
    return text.endswith((":", "：")) or (
        not re.search("[:：]", text) and kind_of_row(text) == "head"
    )


# -- columns and blocks ------------------------------------------------------------------------
def _paths(texts: _Texts, header: _Header) -> dict[int, Path]:
    levels = [texts.row(r) for r in range(header.top, header.bottom + 1)]
    if not any(_is_merged_across(texts, r) for r in range(header.top, header.bottom)):
        for upper, lower in zip(range(len(levels) - 1), range(1, len(levels)), strict=True):
            levels[upper] = _spread(levels[upper], levels[lower])
    paths = {}
    for c in range(texts.width):
        path = [level[c] for level in levels if level[c]]
        paths[c] = tuple(w for i, w in enumerate(path) if i == 0 or w != path[i - 1])
    return paths


def _spread(upper: list[str], lower: list[str]) -> list[str]:
    """Let a label stand over the labels in the gaps to its right: text files have no merges."""
    done = list(upper)
    for c in range(1, len(done)):
        if not done[c] and lower[c] and lower[c - 1]:
            done[c] = done[c - 1]
    return done


def _repeated(texts: _Texts, header: _Header, end: int) -> list[Skipped]:
    """Find the header again where every printed page has it."""
    if texts.height > SMALL:
        return []
    body = texts.cells.iloc[header.bottom + 1 : end]
    again = np.zeros(len(body), dtype=bool)
    for r in range(header.top, header.bottom + 1):
        words = texts.cells.iloc[r].dropna()
        if len(words) > 1:
            again |= (body[words.index] == words).all(axis=1).to_numpy()
    rows = body.index[again]
    return [Skipped("repeated_header_row", int(r), "　".join(texts.distinct(r))) for r in rows]


def _fill_merges(grid: Grid, body: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Fill the merged ranges of the body from their first cells, and tell which were filled."""
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
        pd.DataFrame(values[rows], index=rows, columns=body.columns, dtype=object),
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
        titled = len(tops) == 1 and all(len(block.headers[c]) > 1 for c in own)
        title = tops.pop() if titled else None
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
