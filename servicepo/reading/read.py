"""The way in: files, folders and databases -> a Dataset."""

from __future__ import annotations

import codecs
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

import pandas as pd
from rapidfuzz import process

from ..errors import TableError
from ..labels import Language, word
from ..tables import TABLES, Dataset, check, cross_check, empty
from .aliases import nearest_field
from .assemble import complete, in_letters, joined, unify_names
from .build import Built, build
from .files import READABLE, Grid, Input, Source, Unreadable, find_inputs, read_grids
from .layout import Block, find_blocks, leaf_of
from .mapping import FileMapping, load_mapping
from .notes import problem, problem_frame, refusal, without_persons
from .recognise import is_known, plan_block
from .scores import Blank, plain

_SHOWN: Final = 5
_INSTRUCTIONS: Final = r"(填写|填报|填表|使用|编制)?(说明|须知|指南)|instructions?|notes?|readme"


def read(
    source: Source,
    *,
    mapping: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    blank: Blank | None = None,
    encoding: str | None = None,
    as_of: pd.Timestamp | str | None = None,
    language: Language = "zh",
    progress: Callable[[str], None] | None = None,
) -> Dataset:
    r"""Read the files a county sent into the four tables.

    Parameters
    ----------
    source : path, URL or list of these
        A folder (with all its folders; README, hidden files, lock files, ``.md`` and ``.toml`` are
        passed over), a file (csv, tsv, txt, xlsx, xlsm, xls, ods, parquet), or a database URL that
        SQLAlchemy understands (each table or view is a sheet).
    mapping : path or dict, optional
        A TOML file that says how foreign columns and words translate (see Notes).
    blank : {"missing", "zero"}, optional
        What a blank cell among scores or votes is. By default it is set aside and asked about.
    encoding : str, optional
        Encoding of all text files. By default: byte-order mark, strict UTF-8, UTF-16, strict
        GB18030; what fits none of them is refused, never guessed.
    as_of : Timestamp or str, optional
        The day the data speak of; later dates are warned of.
    language : {"zh", "en"}
        Language of the problems, and of the error where there is nothing to read.
    progress : callable, optional
        Called with the name of each file before it is read.

    Returns
    -------
    Dataset
        ``sources`` tells for every sheet how many records were met, kept and set aside
        (``records == kept + set_aside``), how many cells and rows were ``skipped`` on purpose, and
        the digest of the file. A file or sheet that cannot be read counts as one record set aside.

    Raises
    ------
    TableError
        Where there is nothing to read, nothing is recognised, or the mapping is wrong.

    Notes
    -----
    A score sheet may be wide (an item a column, sources as columns or as a second level of the
    header), long (an item a row), the form of one organisation (named in a line above the table),
    or transposed (an organisation a column). A record is a row of a roster or ledger and a cell of
    scores or votes. Merged ranges are filled from their first cell; true blanks never are. Cells
    that Excel shows as per cent are read as they are shown (38.46). A deduction is negative.

    Every entry of a mapping file names files and what their columns mean::

        [[files]]
        match = "cases*.csv"            # which files; sheet = "..." narrows to sheets
        table = "services"              # optional
        timezone = "Europe/Amsterdam"   # where moments with an offset are told in local time
        [files.columns]                 # their header = our field, or "ignore"
        case = "record"
        department = "org"
        [files.constants]               # one value for all rows
        service = "livelihood"
        [files.values.channel]          # their word = our word
        Internet = "network"

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "2024年度组织考评.csv").write_text(
    ...     "党组织,类型,服务意识(10分),服务作风(10分)\n张村党支部,村,9,8.5\n李村党支部,村,7,—\n",
    ...     encoding="gb18030",
    ... )
    >>> data = read(folder)
    >>> data
    Dataset(2 organisations, 3 evaluations, 0 services, 0 survey counts, 1 problems)
    >>> data.evaluations[["org", "period", "indicator", "source", "score"]].head(2)
             org period indicator    source  score
    0      张村党支部   2024      服务意识  superior    9.0
    1      张村党支部   2024      服务作风  superior    8.5
    """
    if blank not in (None, *get_args(Blank)):
        raise refusal("blank", language, blank=blank)
    if encoding is not None and not _is_encoding(encoding):
        raise refusal("encoding", language, encoding=encoding)
    session = _Session(load_mapping(mapping), blank, language)
    inputs, passed = find_inputs(source, language)
    for name in passed:
        session.note(
            "notice", "file_passed_over", (name, "", None, None), kinds="、".join(READABLE)
        )
    for item in inputs:
        if progress is not None:
            progress(item.name)
        session.read(item, encoding)
    session.tell_unused()
    session.refuse_nothing()
    return session.dataset(as_of)


@dataclass(eq=False, slots=True)
class _Session:
    """What one call of `read` has gathered so far."""

    mappings: tuple[FileMapping, ...]
    blank: Blank | None
    language: Language
    built: list[tuple[str, Built]] = field(default_factory=list)
    problems: list[pd.DataFrame] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def note(
        self,
        severity: str,
        rule: str,
        place: tuple[str, str, int | None, str | None],
        **words: Any,
    ) -> None:
        found = problem(severity, rule, language=self.language, place=place, **words)
        self.problems.append(problem_frame([found]))

    # -- reading -------------------------------------------------------------------------------
    def read(self, item: Input, encoding: str | None) -> None:
        try:
            for grid in read_grids(item, encoding):
                self.read_sheet(grid)
        except Unreadable as error:
            self.note("error", error.rule, (item.name, "", None, None), **error.words)
            self.account(Grid(item.name, "", pd.DataFrame()), None, records=1)

    def read_sheet(self, grid: Grid) -> None:
        place = (grid.file, grid.sheet, None, None)
        if re.fullmatch(_INSTRUCTIONS, grid.sheet.strip(), re.IGNORECASE):
            self.note("notice", "sheet_of_instructions", place)
            self.account(grid, None)
            return
        if grid.hidden or all(grid.cells[c].isna().all() for c in grid.cells):
            self.note("notice", "sheet_hidden" if grid.hidden else "sheet_empty", place)
            self.account(grid, None)
            return
        mapping = self.mapping_of(grid)
        own = set() if mapping is None else set(mapping.columns)
        blocks, skipped = find_blocks(grid, lambda header: header in own or is_known(header))
        if mapping is not None and blocks:
            headers = _headers(blocks)
            if grid.sheet and own and not own & headers:
                mapping = None  # it speaks of another sheet of this workbook
            else:
                _refuse_unknown_columns(grid, mapping, headers)
        plans = [(block, plan_block(block, mapping)) for block in blocks]
        if not any(plan for _, plan in plans):
            self.leave(grid, blocks)
            return
        tables, records, left_out = [], 0, len(skipped)
        for found in skipped:
            row = (grid.file, grid.sheet, found.position + 1, None)
            self.note("notice", found.rule, row, value=without_persons(found.text))
        for block, plan in plans:
            if plan is None:
                records += 1
                self.unrecognised(grid, block)
                continue
            built = build(plan, blank=self.blank, language=self.language)
            self.built.append((plan.table, built))
            self.problems.append(built.problems)
            tables.append(plan.table)
            records += built.records
            left_out += built.skipped
        self.account(grid, ";".join(dict.fromkeys(tables)), records=records, skipped=left_out)

    def mapping_of(self, grid: Grid) -> FileMapping | None:
        for i, mapping in enumerate(self.mappings):
            if mapping.covers(grid.file, grid.sheet):
                self.used.add(i)
                return mapping
        return None

    def leave(self, grid: Grid, blocks: list[Block]) -> None:
        """Pass over a sheet that is no table; set aside one that looks like a table."""
        height, width = grid.cells.dropna(how="all").dropna(axis=1, how="all").shape
        if not blocks and (width < 3 or height < 2):
            said = without_persons("、".join(str(v) for v in grid.cells.iloc[0].dropna()))
            self.note("notice", "sheet_empty", (grid.file, grid.sheet, None, None), value=said)
            self.account(grid, None)
        else:
            self.unrecognised(grid, blocks[0] if blocks else None)
            self.account(grid, None, records=1)

    def unrecognised(self, grid: Grid, block: Block | None) -> None:
        if block is None:
            headers = [str(v) for v in grid.cells.iloc[0] if pd.notna(v)]
            row = 1
        else:
            headers = [leaf_of(path) for path in block.headers.values() if path]
            row = int(block.cells.index[0]) if len(block.cells) else 1
        near = [(h, n) for h in headers if (n := nearest_field(h)) and n.similarity < 100]
        words: dict[str, Any] = {}
        if near:
            header, found = max(near, key=lambda pair: pair[1].similarity)
            key = "mend.sheet_unrecognised.near"
            words = {"mend": key, "header": header, "near": found.header}
        self.note(
            "error",
            "sheet_unrecognised",
            (grid.file, grid.sheet, max(row, 1), None),
            value="、".join(headers[:12]),
            **words,
        )

    def account(self, grid: Grid, table: str | None, *, records: int = 0, skipped: int = 0) -> None:
        self.sources.append(
            {
                "file": grid.file,
                "sheet": grid.sheet,
                "table": table,
                "encoding": grid.encoding or None,
                "records": records,
                "skipped": skipped,
                "sha256": grid.sha256,
            }
        )

    # -- the whole -----------------------------------------------------------------------------
    def tell_unused(self) -> None:
        """Tell which entries of the mapping met no sheet."""
        for i, mapping in enumerate(self.mappings):
            if i not in self.used:
                match = mapping.match + ("" if mapping.sheet == "*" else f"〔{mapping.sheet}〕")
                self.note("warning", "mapping_unused", (mapping.match, "", None, None), match=match)

    def refuse_nothing(self) -> None:
        """Refuse where no table was recognised, and say why for the first files."""
        if self.built:
            return
        problems = joined(self.problems, "problems")
        grave = problems[problems["severity"].ne("notice")]
        told = (grave if len(grave) else problems).astype(object).fillna("").head(_SHOWN)
        lines = [word("read.error.nothing", self.language).format(count=len(self.sources))]
        for found in told.itertuples():
            form = word(f"read.error.because{'_of' if found.value else ''}", self.language)
            words = {"must": found.must, "value": found.value, "mend": found.mend}
            lines.append(form.format(**words, place=_place(found)))
        raise TableError("\n".join(lines))

    def dataset(self, as_of: pd.Timestamp | str | None) -> Dataset:
        tables = {t: joined([b.rows for name, b in self.built if name == t], t) for t in TABLES}
        layout = joined([b.layout for _, b in self.built], "layout")
        beside = joined([b.attributes for _, b in self.built], "organisations")
        for name in TABLES:
            if tables[name].empty:
                continue
            checked = check(tables[name], name, language=self.language)
            tables[name] = checked.rows
            self.problems.append(in_letters(checked.problems, layout))
        tables, beside, remarks = unify_names(tables, beside, self.language)
        self.problems.append(remarks)
        crossed = cross_check(**tables, as_of=as_of, language=self.language)
        self.problems.append(in_letters(crossed.problems, layout))
        problems = joined(self.problems, "problems")
        problems = problems[~problems.duplicated() | problems["severity"].eq("error")]
        order = {(s["file"], s["sheet"]): i for i, s in enumerate(self.sources)}
        places = zip(problems["file"], problems["sheet"].fillna(""), strict=True)
        problems = problems.assign(order=[order.get(place, -1) for place in places])
        problems = problems.sort_values(
            ["order", "row"], kind="stable", na_position="first", ignore_index=True
        )
        return Dataset(
            organisations=complete(plain(crossed.organisations), beside),
            evaluations=plain(crossed.evaluations).reset_index(drop=True),
            services=plain(crossed.services).reset_index(drop=True),
            surveys=plain(crossed.surveys).reset_index(drop=True),
            problems=problems.drop(columns="order"),
            sources=self.accounts(problems),
            layout=layout,
        )

    def accounts(self, problems: pd.DataFrame) -> pd.DataFrame:
        """Return one row per sheet; what was not set aside was kept."""
        errors = problems[problems["severity"].eq("error")]
        aside = Counter(zip(errors["file"], errors["sheet"].fillna(""), strict=True))
        shape = empty("sources")
        found = pd.DataFrame(self.sources, columns=list(shape))
        places = zip(found["file"], found["sheet"], strict=True)
        found["set_aside"] = [aside[place] for place in places]
        found["kept"] = found["records"] - found["set_aside"]
        return found.astype(dict(shape.dtypes))


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _place(found: Any) -> str:
    return ":".join(str(part) for part in (found.file, found.sheet, found.row) if part != "")


def _headers(blocks: list[Block]) -> set[str]:
    """Return all that a mapping may call the columns of some blocks."""
    paths = [path for block in blocks for path in block.headers.values() if path]
    return {name for path in paths for name in ("/".join(path), path[-1], leaf_of(path))}


def _refuse_unknown_columns(grid: Grid, mapping: FileMapping, headers: set[str]) -> None:
    lines = []
    for header in mapping.columns:
        if header not in headers:
            near = process.extractOne(header, sorted(headers), score_cutoff=50)
            hint = f"Perhaps {near[0]!r} is meant." if near else f"It has {sorted(headers)}."
            lines.append(
                f"a column of the mapping must stand in the file, got {header!r} "
                f"(at {grid.file}). {hint}"
            )
    if lines:
        raise TableError("\n".join(lines))
