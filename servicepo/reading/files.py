"""Files, folders and databases -> grids: cells as they stand, with merges, encoding and digest."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import python_calamine

from ..labels import Language
from .notes import refusal

if TYPE_CHECKING:  # each takes a third of a second and few inputs ask for it
    import sqlalchemy

TEXT: Final = (".csv", ".tsv", ".txt")
WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".ods")
PARQUET: Final = (".parquet",)
_LONG: Final = 1 << 20
_PROBES, _PROBE_LINES = 8, 50
READABLE: Final = (*TEXT, *WORKBOOKS, *PARQUET)

Merge = tuple[int, int, int, int]
"""First row, first column, last row, last column of a merged range, counted from 0."""


class Unreadable(Exception):  # noqa: N818 - it never leaves the package; it becomes a problem
    """One file that cannot be read: the rule it breaks, and the words of the rule's sentences."""

    def __init__(self, rule: str, **words: str) -> None:
        super().__init__(rule)
        self.rule, self.words = rule, words


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to read: its name in every table of places, and where it is."""

    name: str
    place: Path | sqlalchemy.Engine


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """One sheet as it stands.

    Attributes
    ----------
    file, sheet : str
        Where it stands; ``sheet`` is "" for a text file.
    cells : DataFrame
        Columns 0, 1, ...; rows 0, 1, ... A blank cell is missing.
    merges : tuple of Merge
        The merged ranges of the sheet.
    header : tuple of str or None
        The names of the columns where the format keeps them apart (Parquet, database).
    encoding : str
        The text encoding, or the format where the text has none of its own.
    sha256 : str or None
        Digest of the file; None for a database.
    hidden : bool
        Whether the workbook hides the sheet.
    """

    file: str
    sheet: str
    cells: pd.DataFrame
    merges: tuple[Merge, ...] = ()
    header: tuple[str, ...] | None = None
    encoding: str = ""
    sha256: str | None = None
    hidden: bool = False


# -- what there is to read ---------------------------------------------------------------------
Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def find_inputs(source: Source, language: Language = "zh") -> tuple[list[Input], list[str]]:
    """List what a source holds, in a fixed order, and the names of files that are passed over."""
    parts = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    if not parts:
        raise refusal("source", language)
    inputs: dict[str, Input] = {}
    passed: list[str] = []
    root = _root([Path(part) for part in parts if not _is_url(part)])
    for part in parts:
        if _is_url(part):
            found = [_database(str(part), language)]
        else:
            found = _files(Path(part), root, passed, language)
        inputs |= {item.name: item for item in found}
    return list(inputs.values()), passed


def _is_url(part: str | os.PathLike[str]) -> bool:
    return isinstance(part, str) and "://" in part


def _root(paths: list[Path]) -> Path:
    """Return the folder that names are told from: of one folder, itself."""
    if not paths:
        return Path()
    whole = [p.absolute() if len(paths) == 1 and p.is_dir() else p.absolute().parent for p in paths]
    return Path(os.path.commonpath(whole))


def _files(told: Path, root: Path, passed: list[str], language: Language) -> list[Input]:
    path = told.absolute()
    if path.is_dir():
        return _walk(path, root, passed, language)
    name = path.relative_to(root).as_posix()
    if not path.exists():
        raise refusal("path", language, path=str(told))
    if path.suffix.lower() not in READABLE:
        raise refusal("format", language, kinds=", ".join(READABLE), name=name)
    return [Input(name, path)]


def _walk(folder: Path, root: Path, passed: list[str], language: Language) -> list[Input]:
    inputs = []
    for name, path in sorted((p.relative_to(folder).as_posix(), p) for p in folder.rglob("*")):
        hidden = any(part.startswith((".", "~$", "__MACOSX")) for part in name.split("/"))
        about = path.stem.upper().startswith("README") or path.suffix.lower() in (".md", ".toml")
        if hidden or about or not path.is_file():
            continue
        named = path.relative_to(root).as_posix()
        if path.suffix.lower() in READABLE:
            inputs.append(Input(named, path))
        else:
            passed.append(named)
    if not inputs:
        raise refusal("folder", language, kinds=", ".join(READABLE), name=folder.name)
    return inputs


def _database(url: str, language: Language) -> Input:
    import sqlalchemy

    try:
        engine = sqlalchemy.create_engine(url)
    except (sqlalchemy.exc.ArgumentError, ImportError) as error:
        kind = type(error).__name__
        raise refusal("url", language, url=_masked(url), error=kind) from None
    named = engine.url
    lost = named.get_backend_name() == "sqlite" and named.database not in (None, "", ":memory:")
    if lost and not Path(str(named.database)).exists():  # connecting would create an empty one
        raise refusal("database", language, url=url)
    where = f"{named.host}/{named.database}" if named.host else Path(named.database or "").name
    return Input(f"{named.get_backend_name()}:{where}", engine)


def _masked(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", url)


# -- one input -> its grids --------------------------------------------------------------------
def read_grids(item: Input, encoding: str | None = None) -> Iterator[Grid]:
    """Yield the sheets of one input; raise `Unreadable` where it cannot be read."""
    if not isinstance(item.place, Path):
        yield from _read_database(item.name, item.place)
        return
    data = item.place.read_bytes()
    if not data or data.isspace():
        raise Unreadable("file_empty")
    suffix = item.place.suffix.lower()
    if suffix in TEXT:
        with ThreadPoolExecutor(1) as beside:  # neither the digest nor the parser holds the lock
            digested = beside.submit(_digest, data)
            grid = _read_text(item.name, data, encoding)
        yield replace(grid, sha256=digested.result())
        return
    digest = _digest(data)
    if suffix in PARQUET:
        yield _read_parquet(item.name, data, digest)
    else:
        yield from _read_workbook(item, digest, suffix[1:])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _typed(file: str, sheet: str, frame: pd.DataFrame, **more: Any) -> Grid:
    header = tuple(str(c) for c in frame.columns)
    return Grid(file, sheet, frame.set_axis(range(frame.shape[1]), axis=1), header=header, **more)


def _read_parquet(file: str, data: bytes, digest: str) -> Grid:
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except (pa.ArrowException, OSError, ValueError):
        raise Unreadable("file_damaged", kind="parquet") from None
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame = frame.reset_index(drop=True)
    return _typed(file, "", frame, encoding="parquet", sha256=digest)


def _read_database(file: str, engine: sqlalchemy.Engine) -> Iterator[Grid]:
    import sqlalchemy

    try:
        with engine.connect() as connection:
            inspector = sqlalchemy.inspect(connection)
            names = sorted({*inspector.get_table_names(), *inspector.get_view_names()})
            for name in names:
                table = sqlalchemy.table(name, sqlalchemy.column("*", is_literal=True))
                frame = pd.read_sql(sqlalchemy.select(table), connection)
                yield _typed(file, name, frame, encoding="database")
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise Unreadable("database_unreachable", error=type(error).__name__) from None
    finally:
        engine.dispose()


# -- text --------------------------------------------------------------------------------------
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Decode a text file without ever guessing silently: the text and the encoding found.

    Byte-order mark, then strict UTF-8, then UTF-16 (told by its zero bytes), then strict GB18030
    whose characters must be those people use. Any other encoding is used only when it is named.
    """
    if encoding is not None:
        try:
            return data.decode(encoding).removeprefix("\ufeff"), encoding
        except UnicodeDecodeError:
            raise Unreadable("encoding_wrong", encoding=encoding) from None
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], name), name
    if b"\x00" in data:
        name = "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"
        return _strictly(data, name), name
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text = _strictly(data, "gb18030")
    if not _is_chinese(text):
        raise Unreadable("encoding_unknown")
    return text, "gb18030"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("encoding_unknown") from None


_FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三"
    "之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重"
    "新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设"
    "及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海"
    "口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科"
    "张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支"
    "般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细"
    "引听该铁价严龙飞村镇乡街居评考核项评价服务意诉渠册账单位楼宇企校姓址"
    "黨組織務眾鎮鄉評領導隊場載體業績滿單項標對幹發動義與員區縣會這個為時來們國種過說產學經還後應開進實現計較應問題總數點號類別"
)


def _is_chinese(text: str) -> bool:
    """Tell whether text read as GB18030 consists of characters that people write.

    Big5, Latin or Japanese text that happens to be valid GB18030 comes out as rare characters and
    characters of private use.
    """
    foreign = re.sub(r"[\x00-\x7f，。、；：（）《》“”—\u3000]+", "", text[:200_000])[:4000]
    if any("\ue000" <= c <= "\uf8ff" for c in foreign):
        return False
    return sum(c in _FREQUENT for c in foreign) >= 0.15 * len(foreign)


def _read_text(file: str, data: bytes, encoding: str | None) -> Grid:
    if encoding is None and b"\x00" not in data:
        body = data.removeprefix(_BOMS[0][0])
        try:
            cells = _plain_cells(body)
        except pa.ArrowInvalid:  # lines of different length, or not UTF-8: the careful way
            pass
        else:
            return Grid(file, "", cells, encoding="utf-8")
    text, encoding = decode(data, encoding)
    try:
        cells = _plain_cells(text.encode("utf-8"))
    except pa.ArrowInvalid:
        cells = _ragged_cells(text)
    return Grid(file, "", cells, encoding=encoding)


def _head(text: str) -> tuple[str, int]:
    """Return the mark between the fields of a text, and their number, by its first lines."""
    lines = text[:65_536].splitlines()[:50]
    mark = _delimiter([line for line in lines if line.strip()])
    return mark, max((len(row) for row in csv.reader(lines, delimiter=mark)), default=0)


def _plain_cells(data: bytes) -> pd.DataFrame:
    """Read UTF-8 text whose lines all have the same number of fields; refuse any other.

    In a long file, columns that repeat their words come as categories: each word is kept once.
    """
    mark, width = _head(data[:65_536].decode("utf-8", errors="ignore"))
    table = pyarrow.csv.read_csv(
        pa.BufferReader(data),
        read_options=pyarrow.csv.ReadOptions(column_names=[str(i) for i in range(width)]),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=mark, newlines_in_values=b'"' in data, ignore_empty_lines=False
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={str(i): pa.large_string() for i in range(width)},
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    if len(data) < _LONG:
        cells = [column.to_pandas() for column in table.columns]
    else:
        repeats = _repeating(data, mark, width)
        with ThreadPoolExecutor() as pool:
            cells = list(pool.map(_by_words, table.columns, repeats))
    return pd.DataFrame(dict(enumerate(cells)), copy=False)


def _by_words(column: pa.ChunkedArray, repeats: bool) -> pd.Series:
    cells: pd.Series = (column.dictionary_encode() if repeats else column).to_pandas()
    return cells


def _repeating(data: bytes, mark: str, width: int) -> list[bool]:
    """Tell which columns repeat their words, by some lines from all over the file."""
    lines: list[str] = []
    for start in range(0, len(data), len(data) // _PROBES + 1):
        piece = data[start : start + 16_384].decode("utf-8", errors="ignore")
        lines += piece.splitlines()[1:-1][:_PROBE_LINES]
    rows = [row for row in csv.reader(lines, delimiter=mark) if len(row) == width]
    return [len(set(column)) <= 0.9 * len(column) for column in zip(*rows, strict=True)]


def _delimiter(lines: list[str]) -> str:
    """Return the mark that most lines have; where two do, the one they have more of."""
    counts = {mark: [line.count(mark) for line in lines] for mark in ",\t;|"}
    return max(counts, key=lambda mark: (sum(map(bool, counts[mark])), sum(counts[mark])))


def _ragged_cells(text: str) -> pd.DataFrame:
    """Read text whose lines differ in length: title rows, footers, stray marks."""
    mark, width = _head(text)

    def parse(width: int) -> pd.DataFrame:
        return pd.read_csv(
            io.StringIO(text),
            sep=mark,
            header=None,
            names=range(width),
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
            index_col=False,
            on_bad_lines="error",
        )

    try:
        return parse(width)
    except pd.errors.ParserError:
        rows = csv.reader(io.StringIO(text), delimiter=mark)
        try:
            return parse(max(len(row) for row in rows))
        except (csv.Error, pd.errors.ParserError):
            raise Unreadable("file_damaged", kind="csv") from None


# -- workbooks ---------------------------------------------------------------------------------
def _read_workbook(item: Input, digest: str, kind: str) -> Iterator[Grid]:
    path = item.place
    assert isinstance(path, Path)
    try:
        book = python_calamine.load_workbook(path)
    except python_calamine.PasswordError:
        raise Unreadable("file_locked") from None
    except python_calamine.CalamineError:
        raise Unreadable("file_damaged", kind=kind) from None
    percents = _percent_cells(path) if kind in ("xlsx", "xlsm") else {}
    with book:
        for meta in book.sheets_metadata:
            if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            merges = tuple(
                sorted((r0, c0, r1, c1) for (r0, c0), (r1, c1) in sheet.merged_cell_ranges or ())
            )
            if kind == "ods":
                merges = _ods_merges(path, meta.name)
            yield Grid(
                item.name,
                meta.name,
                _cells_of_sheet(sheet, percents.get(meta.name, [])),
                merges=merges,
                encoding=kind,
                sha256=digest,
                hidden=meta.visible != python_calamine.SheetVisibleEnum.Visible,
            )


def _cells_of_sheet(
    sheet: python_calamine.CalamineSheet, percents: list[tuple[int, int]]
) -> pd.DataFrame:
    rows = [[_cell(v) for v in row] for row in sheet.to_python(skip_empty_area=False)]
    for r, c in percents:
        if isinstance(rows[r][c], (int, float)):
            rows[r][c] = round(100 * rows[r][c], 10)
    width = max((len(row) for row in rows), default=0)
    cells = np.empty((len(rows), width), dtype=object)
    for i, row in enumerate(rows):
        cells[i, : len(row)] = row
    return pd.DataFrame(cells, dtype=object)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _percent_cells(path: Path) -> dict[str, list[tuple[int, int]]]:
    """Find the cells that Excel shows as a percentage: it stores 38.46% as 0.3846."""
    try:
        with zipfile.ZipFile(path) as archive:
            styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile):
        return {}
    formats = styles.iter(f"{_MAIN}numFmt")
    own = {f.get("numFmtId", "") for f in formats if "%" in f.get("formatCode", "")}
    used = styles.find(f"{_MAIN}cellXfs")
    if used is None or not any(x.get("numFmtId") in {"9", "10", *own} for x in used):
        return {}
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of drawings and validations that are not asked for
        book = openpyxl.load_workbook(path, data_only=True)
    return {
        sheet.title: [
            (cell.row - 1, cell.column - 1)
            for row in sheet.iter_rows()
            for cell in row
            if "%" in (cell.number_format or "") and isinstance(cell.value, (int, float))
        ]
        for sheet in book.worksheets
    }


_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def _ods_merges(path: Path, name: str) -> tuple[Merge, ...]:
    """Read the merged ranges of an ods sheet, which the reader of its cells does not tell."""
    with zipfile.ZipFile(path) as archive:
        content = ElementTree.fromstring(archive.read("content.xml"))
    merges = []
    for table in content.iter(f"{_TABLE}table"):
        if table.get(f"{_TABLE}name") != name:
            continue
        r = 0
        for row in table.iter(f"{_TABLE}table-row"):
            c = 0
            for cell in row:
                if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                    continue
                down = int(cell.get(f"{_TABLE}number-rows-spanned", "1"))
                right = int(cell.get(f"{_TABLE}number-columns-spanned", "1"))
                if down > 1 or right > 1:
                    merges.append((r, c, r + down - 1, c + right - 1))
                c += int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
            r += int(row.get(f"{_TABLE}number-rows-repeated", "1"))
    return tuple(sorted(merges))
