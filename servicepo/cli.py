"""The command line: parse, call, print."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# The front door loads each room at first use, so that --help costs no import of pandas.
import servicepo as sp

from .errors import MethodWarning, ServicepoError
from .labels import Language, word
from .report.place import refuse_strangers
from .report.problems import problems_in_words

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 200
SOME = 5
# A table of problems is not squeezed below this many columns.
NARROWEST = 110

app = typer.Typer(
    help="从考评表格到综合指数、名单与报告 · from evaluation sheets to indices and a report",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="资料文件夹或文件 · folder or file")]
Mapped = Annotated[Path | None, typer.Option(help="列名对照 TOML · mapping of columns")]
Blank = Annotated[
    Literal["missing", "zero"] | None, typer.Option(help="空白的含义 · what a blank means")
]
Tongue = Annotated[Language, typer.Option(help="语言 · language")]


@app.command()
def report(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="报告写入的文件夹 · folder of the report")],
    framework: Annotated[str, typer.Option(help="指标体系 · built-in or TOML")] = "six_haves",
    language: Tongue = "zh",
    period: Annotated[
        Literal["Y", "H", "Q", "M"], typer.Option(help="考评期 · length of a period")
    ] = "Y",
    normalise: Annotated[str, typer.Option(help="标准化 · normalisation")] = "framework",
    mapping: Mapped = None,
    blank: Blank = None,
    names: Annotated[bool, typer.Option("--names", help="列出名称 · names, not codes")] = False,
    seed: Annotated[int, typer.Option(help="随机种子 · seed")] = 0,
) -> None:
    """读入资料，写出报告（HTML、Word、Excel、图） · read sheets, write the report."""
    with _clear_errors(language) as tell:
        refuse_strangers(out)
        chosen = sp.load_framework(framework)
        tell("read")
        data = sp.read(folder, mapping=mapping, blank=blank, language=language, progress=tell.say)
        told = _counts(data, language)
        tell("tally")
        values = sp.tally(data, chosen, period=period)
        tell("index")
        index = sp.build_index(
            values, chosen, organisations=data.organisations, normalise=normalise
        )
        written = sp.write_report(
            index, out, language=language, names=names, seed=seed, progress=tell.say
        )
        print(told)
        said = word("cli.written", language)
        print(said.format(folder=written.folder, files=len(written.paths), seconds=tell.seconds))


@app.command()
def check(
    folder: Folder,
    mapping: Mapped = None,
    blank: Blank = None,
    out: Annotated[
        Path | None, typer.Option(help="另存问题清单 .xlsx/.csv · save the problems")
    ] = None,
    language: Tongue = "zh",
) -> None:
    """读入资料，列出数据问题 · read sheets, list what is wrong with them."""
    with _clear_errors(language) as tell:
        tell("read")
        data = sp.read(folder, mapping=mapping, blank=blank, language=language, progress=tell.say)
        problems = problems_in_words(data.problems, language)
        if out is not None:
            _save(problems, out, language)
        _print_problems(problems, language)
        print(_counts(data, language))


@app.command()
def template(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="写入的文件夹 · folder to fill")],
    framework: Annotated[str, typer.Option(help="指标体系 · built-in or TOML")] = "six_haves",
    language: Tongue = "zh",
) -> None:
    """写出带填写说明的空白 Excel 模板 · write empty Excel templates with instructions."""
    with _clear_errors(language):
        written = sp.write_templates(folder, language=language, framework=framework)
        for path in written:
            print(path)


def _version(asked: bool) -> None:
    if asked:
        print(f"servicepo {sp.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 · version")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line (``servicepo`` and ``python -m servicepo``)."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show Chinese shows question marks instead of failing.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app()


class _Teller:
    """Says on stderr what is being done, with the seconds since the start."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._start = perf_counter()

    @property
    def seconds(self) -> float:
        return perf_counter() - self._start

    def __call__(self, step: str) -> None:
        self.say(word(f"report.step.{step}", self.language))

    def say(self, sentence: str) -> None:
        self.console.print(f"[dim]{self.seconds:5.1f} s[/dim]  {escape(sentence)}")

    def fail(self, sentence: str) -> NoReturn:
        # One line, but a list of mistakes keeps its items.
        items = f"{word('cli.error', self.language)}{sentence}".split("\n- ")
        told = "\n- ".join(" ".join(item.split()) for item in items)
        self.console.print(f"[red]{escape(told)}[/red]")
        raise typer.Exit(2)


@contextmanager
def _clear_errors(language: Language) -> Iterator[_Teller]:
    """Turn whatever goes wrong into one line on stderr and exit status 2."""
    tell = _Teller(language)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", MethodWarning)
            yield tell
        told = [w.message for w in caught if isinstance(w.message, MethodWarning)]
        for message in dict.fromkeys(warned.said(language) for warned in told):
            line = escape(f"{word('cli.note', language)}{message}")
            tell.console.print(f"[yellow]{line}[/yellow]")
    except typer.Exit:
        raise
    except ServicepoError as error:
        tell.fail(str(error))
    except OSError as error:
        tell.fail(f"{error.strerror or error}: {error.filename or ''}")
    except Exception as error:
        if os.environ.get("SERVICEPO_TRACEBACK"):
            raise
        said = " ".join(f"{type(error).__name__}: {error}".split())
        tell.fail(word("cli.unexpected", language).format(error=said))


def _save(problems: pd.DataFrame, out: Path, language: Language) -> None:
    heads = [word(f"report.column.{name}", language) for name in problems.columns]
    frame = problems.set_axis(heads, axis=1)
    if out.suffix.lower() == ".csv":
        frame.to_csv(out, index=False, encoding="utf-8-sig")
    else:
        frame.to_excel(out, index=False, engine="xlsxwriter")


def _print_problems(problems: pd.DataFrame, language: Language) -> None:
    """Print errors and warnings, those alike on one line, and count notices; --out saves all."""
    notices = problems["severity"] == word("severity.notice", language)
    listed = _together(problems[~notices])
    if len(listed):
        table = Table("severity", "where", "cell", "must", "mend", header_style="bold")
        for column in table.columns:
            column.header = word(f"report.column.{column.header}", language)
            column.overflow = "fold"
        for row in listed.head(SHOWN).astype("object").fillna("").astype("str").itertuples():
            where = _where(row)
            if row.times != "1":
                where += word("cli.cells", language).format(count=row.times)
            cells = (row.severity, where, row.cell, row.must, row.mend)
            table.add_row(*(escape(str(cell)) for cell in cells))
        console = Console()
        console.width = max(console.width, NARROWEST)
        console.print(table)
    if len(listed) > SHOWN:
        print(word("cli.more", language).format(rest=len(listed) - SHOWN))
    for rule, found in problems[notices].groupby("rule", sort=False):
        headers = _some(found.loc[found["row"].isna(), "cell"])
        said = word("cli.notice", language).format(rule=rule, count=len(found))
        print(f"{said}（{headers}）" if headers else said)


def _counts(data: sp.Dataset, language: Language) -> str:
    """Say how much was read and how many problems there are."""
    found = data.problems["severity"].value_counts()
    return word("cli.checked", language).format(
        files=data.sources["file"].nunique(),
        kept=int(data.sources["kept"].sum()),
        **{s: int(found.get(s, 0)) for s in ("error", "warning", "notice")},
    )


def _together(problems: pd.DataFrame) -> pd.DataFrame:
    """Put on one line what is wrong alike in many cells of a sheet, and mended alike."""
    same = ["severity", "rule", "file", "sheet", "must", "mend"]
    groups = problems.groupby(same, sort=False, dropna=False)
    first = {name: (name, "first") for name in ("row", "column")}
    return groups.agg(**first, cell=("cell", _some), times=("row", "size")).reset_index()


def _some(words: pd.Series) -> str:
    """Return the first few of the distinct words."""
    told = words.dropna().unique()
    return "、".join(told[:SOME]) + "…" * (len(told) > SOME)


def _where(row: Any) -> str:
    """Write a place as people look it up: file, sheet, cell."""
    named = row.column.split("；")
    cells = "；".join(f"{n}{row.row}" if n.isupper() else f"{row.row} {n}".strip() for n in named)
    return "\n".join(part for part in (row.file, f"{row.sheet} {cells}".strip()) if part)
