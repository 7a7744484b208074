"""Empty Excel sheets to hand out: the four tables, how to fill them in, the words to choose."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

import xlsxwriter
from xlsxwriter.format import Format

from .framework import Framework, Indicator, load_framework
from .labels import WORDS, Language, word
from .sources import is_number
from .tables import (
    ACTIVITIES,
    ANSWERS,
    CHANNELS,
    CORE_ROLES,
    DISPOSALS,
    LEVELS,
    NEEDS,
    ORGANISATIONS,
    SECTORS,
    SERVICES,
    TAGS,
    TIERS,
    VISITS,
    WAYS,
    YES_NO,
)

_VOCABULARIES: Final = MappingProxyType(
    {
        "sector": SECTORS,
        "level": LEVELS,
        "core_role": CORE_ROLES,
        "tag": TAGS,
        "service": SERVICES,
        "need": NEEDS,
        "channel": CHANNELS,
        "tier": TIERS,
        "way": WAYS,
        "disposal": DISPOSALS,
        "answer": ANSWERS,
        "visit": VISITS,
        "activity": ACTIVITIES,
        "yes_no": YES_NO,
    }
)
_OPEN: Final = ("tag", "channel", "tier")  # other words, or several, may be written too
_ROWS: Final = 2000
_MANY: Final = 1e9
_LIST: Final = 255  # characters that a list of Excel may have
_RULES: Final = ("rows", "example", "blank", "private")
# A workbook tells when it was made; a fixed day keeps its bytes the same.
_CREATED: Final = datetime.datetime(2025, 1, 6, 9, 0, 0)


class _Field(NamedTuple):
    """A field of a table: ``kind`` is "text", "number", "date" or the family of its words."""

    name: str
    kind: str = "text"
    example: Any = None  # of text fields: the word ``template.example.<name>``
    required: bool = False


class _Column(NamedTuple):
    """A column as it stands on a sheet, in one language."""

    header: str
    hint: str
    kind: str
    example: Any
    required: bool = False
    limit: float = _MANY
    top: str = ""  # the merged header above


class _Form(NamedTuple):
    """A sheet to be filled in."""

    name: str
    columns: Sequence[_Column]


_ORG: Final = _Field("org", required=True)
_PERIOD: Final = _Field("period", required=True)
_ROSTER: Final = (
    _ORG,
    _Field("sector", "sector", "village", required=True),
    *map(_Field, ("province", "city", "county", "township", "supervisor")),
    _Field("level", "level", "branch"),
    _Field("core_role", "core_role", "leadership_core"),
    _Field("members", "number", 45),
    _Field("households", "number", 520),
    _Field("staff", "number", 8),
    _Field("grids", "number", 7),
    _Field("tags", "tag", "poor"),
)
_LEDGER: Final = (
    _Field("record", required=True),
    _ORG,
    _Field("service", "service", "livelihood", required=True),
    _Field("need", "need", "schooling"),
    _Field("channel", "channel", "reception"),
    _Field("tier", "tier", "village"),
    _Field("way", "way", "promised"),
    _Field("accepted", "date", datetime.date(2024, 1, 16), required=True),
    _Field("undertaken", "date", datetime.date(2024, 1, 17)),
    _Field("due", "date", datetime.date(2024, 1, 31)),
    _Field("replied", "date", datetime.date(2024, 1, 22)),
    _Field("disposal", "disposal", "solved"),
    _Field("satisfaction", "answer", "satisfied"),
    _Field("visit", "visit"),
    _Field("times", "number", 1),
    _Field("first_asked", "yes_no", "yes"),
    _Field("reopened", "yes_no", "no"),
    _Field("called_back", "yes_no", "yes"),
    _Field("activity", "activity"),
    _Field("participants", "number"),
    _Field("hours", "number"),
)
_VOTES: Final = (30, 12, 5, 2, 1)


def write_templates(
    folder: str | Path,
    *,
    language: Language = "zh",
    framework: str | Path | Framework = "six_haves",
) -> list[Path]:
    """Write empty workbooks for the four tables, ready to be handed out.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there; files of the same names are overwritten.
    language : {"zh", "en"}
        Language of headers, instructions and words. Names of items and questions stay as the
        framework writes them.
    framework : str, Path or Framework
        Whose items and questions the score sheets and survey sheets ask for; an id or a path is
        loaded.

    Returns
    -------
    list of Path
        The workbooks: roster, scores (a sheet per source), service ledger, surveys (a sheet per
        kind of respondent). Each begins with a sheet of instructions; every form has one example
        row, marked as such; words are chosen from lists and numbers are held within bounds.

    Raises
    ------
    FrameworkError
        If the framework cannot be loaded.
    ValueError
        For another language.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_templates(folder)]
    ['党组织名册.xlsx', '考核评分.xlsx', '服务台账.xlsx', '测评问卷.xlsx']
    """
    if not isinstance(framework, Framework):
        framework = load_framework(framework)
    roster = [_column(field, language) for field in _ROSTER]
    ledger = [_column(field, language) for field in _LEDGER]
    books = {
        "organisations": [_Form(word("table.organisations", language), roster)],
        "evaluations": _score_forms(framework, language),
        "services": [_Form(word("table.services", language), ledger)],
        "surveys": _survey_forms(framework, language),
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {table: folder / f"{word(f'table.{table}', language)}.xlsx" for table in books}
    for table, forms in books.items():
        if forms:
            _write_book(paths[table], forms, language)
    return [paths[table] for table, forms in books.items() if forms]


# -- what is asked for -----------------------------------------------------------------------------


def _column(field: _Field, language: Language) -> _Column:
    hint = f"template.hint.{field.name}"
    if hint not in WORDS:
        hint = (
            f"template.hint.{field.kind if field.kind in ('text', 'number', 'date') else 'words'}"
        )
    example = field.example
    if field.kind in _VOCABULARIES and example is not None:
        example = word(f"{field.kind}.{example}", language)
    elif field.kind == "text":
        example = word(f"template.example.{field.name}", language)
    return _Column(
        header=word(f"field.{field.name}", language),
        hint=word(hint, language),
        kind=field.kind,
        example=example,
        required=field.required,
    )


def _score_forms(framework: Framework, language: Language) -> list[_Form]:
    """Return a form for each source, with the items that it scores."""
    forms: dict[str, dict[str, _Column]] = {}
    for indicator in framework.indicators:
        for item, sources in _items(indicator, framework):
            for source in sources:
                column = _score_column(item, indicator, source, framework, language)
                forms.setdefault(source, {}).setdefault(item, column)
    return [
        _Form(
            word(f"source.{source}", language),
            [
                _column(_ORG, language),
                _column(_PERIOD, language),
                *([_column(_Field("rater"), language)] if source == "superior" else []),
                *columns.values(),
            ],
        )
        for source, columns in forms.items()
    ]


def _items(indicator: Indicator, framework: Framework) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the items behind an indicator, each with the sources that give it."""
    source = indicator.source
    if source["kind"] == "evaluation":
        weights = cast("Mapping[str, float]", source.get("sources") or framework.source_weights)
        for item in cast("Sequence[str]", source["item"]):
            yield item, tuple(weights)
    elif source["kind"] == "ratio":
        for part in ("numerator", "denominator"):
            if source[part] not in ORGANISATIONS and not is_number(str(source[part])):
                yield str(source[part]), ("record",)
    elif source["kind"] == "checklist":
        for part in ("items", "conditional"):
            for item in cast("Sequence[str]", source[part]):
                yield item, ("record",)


def _score_column(
    item: str, indicator: Indicator, source: str, framework: Framework, language: Language
) -> _Column:
    mark = None if source == "record" else indicator.full_mark
    where = [word(f"domain.{d}", language) for d in indicator.domains]
    where += [word(f"sector.{s}", language) for s in indicator.sectors]
    hint = indicator.label(language)
    if where:
        hint += word("template.only", language).format(where=_listed(where, language))
    example: Any = 100 if mark is None else round(0.85 * mark, 1)
    if not indicator.applies("rural", "village"):
        example = "/"  # the example is a village
    return _Column(
        header=item if mark is None else f"{item}({mark:g}分)",
        hint=hint,
        kind="number",
        example=example,
        limit=_MANY if mark is None else mark,
        top=framework.dimension(indicator.dimension).label(language),
    )


def _survey_forms(framework: Framework, language: Language) -> list[_Form]:
    """Return a form for each kind of respondent, with the questions that it is asked."""
    asked: dict[str, dict[str, None]] = {"mass": {}, "member": {}}
    for indicator in framework.indicators:
        if indicator.source["kind"] == "survey":
            only = indicator.source.get("respondent")
            for respondent in asked if only is None else [str(only)]:
                questions = cast("Sequence[str]", indicator.source["question"])
                asked[respondent].update(dict.fromkeys(questions))
    fixed = [_ORG, _PERIOD, _Field("issued", "number", 60)]
    return [
        _Form(
            word(f"template.{respondent}", language),
            [_column(field, language) for field in fixed]
            + [
                _Column(
                    header=word(f"answer.{answer}", language),
                    hint=word("template.hint.votes", language),
                    kind="number",
                    example=votes,
                    top=question,
                )
                for question in questions
                for answer, votes in zip(ANSWERS, _VOTES, strict=True)
            ],
        )
        for respondent, questions in asked.items()
        if questions
    ]


# -- workbooks -------------------------------------------------------------------------------------


def _write_book(path: Path, forms: Sequence[_Form], language: Language) -> None:
    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": _CREATED})
    grey = {"italic": True, "font_color": "#808080"}
    date = {"num_format": "yyyy-mm-dd"}
    middle = {"align": "center", "valign": "vcenter", "text_wrap": True}
    formats = {
        "head": book.add_format({"bold": True, "border": 1, "bg_color": "#DDE6F0"} | middle),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "bold": book.add_format({"bold": True}),
        "example": book.add_format(grey),
        "example_date": book.add_format(grey | date),
        "date": book.add_format(date),
    }
    _write_instructions(book, forms, formats, language)
    for form in forms:
        _write_form(book, form, formats, language)
    book.close()


def _write_instructions(
    book: xlsxwriter.Workbook,
    forms: Sequence[_Form],
    formats: Mapping[str, Format],
    language: Language,
) -> None:
    # One line a cell, in one column: nobody, and no program, takes it for a table.
    page = book.add_worksheet(word("template.instructions", language))
    page.set_column(0, 0, 110, formats["wrap"])
    lines = [(word(f"template.rule.{rule}", language), "wrap") for rule in _RULES]
    for form in forms:
        lines += [("", "wrap"), (word("template.sheet", language).format(sheet=form.name), "bold")]
        lines += [(_instruction(column, language), "wrap") for column in form.columns]
    for row, (line, look) in enumerate(lines):
        page.write(row, 0, line, formats[look])


def _instruction(column: _Column, language: Language) -> str:
    """Return how to fill in a column, in one line."""
    name = f"{column.top} / {column.header}" if column.top else column.header
    parts = [word("template.required", language)] if column.required else []
    parts += [column.hint, _listed(_words(column.kind, language), language)]
    return word("template.line", language).format(
        name=name, how=word("template.pause", language).join(filter(None, parts))
    )


def _write_form(
    book: xlsxwriter.Workbook, form: _Form, formats: Mapping[str, Format], language: Language
) -> None:
    page = book.add_worksheet(form.name)
    serial = _Column(word("template.serial", language), "", "text", word("template.mark", language))
    columns = [serial, *form.columns]
    depth = 2 if any(column.top for column in columns) else 1
    for c, column in enumerate(columns):
        if depth == 1 or column.top:
            page.write(depth - 1, c, column.header, formats["head"])
        else:
            page.merge_range(0, c, 1, c, column.header, formats["head"])
        if column.example is not None:
            kind = "example_date" if column.kind == "date" else "example"
            page.write(depth, c, column.example, formats[kind])
        page.set_column(c, c, 14, formats["date"] if column.kind == "date" else None)
        rule = _validation(column, language)
        if rule:
            page.data_validation(depth, c, depth + _ROWS, c, rule)
    if depth == 2:
        _write_tops(page, columns, formats["head"])
    page.set_row(depth - 1, 45)
    page.set_column(1, 1, 28)
    page.freeze_panes(depth, 2)
    page.set_paper(9)  # A4
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _write_tops(page: Any, columns: Sequence[_Column], look: Format) -> None:
    """Write the upper header row; neighbours under one label share a merged cell."""
    start = 0
    for c in range(1, len(columns) + 1):
        if c < len(columns) and columns[c].top == columns[start].top:
            continue
        if columns[start].top and c - start > 1:
            page.merge_range(0, start, 0, c - 1, columns[start].top, look)
        elif columns[start].top:
            page.write(0, start, columns[start].top, look)
        start = c


def _listed(words: Sequence[str], language: Language) -> str:
    return word("template.comma", language).join(words)


def _words(kind: str, language: Language) -> list[str]:
    return [word(f"{kind}.{code}", language) for code in _VOCABULARIES.get(kind, ())]


def _validation(column: _Column, language: Language) -> dict[str, Any] | None:
    """Return the rule that Excel holds the cells of a column to."""
    if column.kind == "text":
        return None
    if column.kind in _VOCABULARIES and len(",".join(_words(column.kind, language))) > _LIST:
        return None  # more than Excel takes; the instructions name them
    if column.kind in _VOCABULARIES:
        rule: dict[str, Any] = {"validate": "list", "source": _words(column.kind, language)}
    elif column.kind == "date":
        first = datetime.date(2000, 1, 1)
        rule = {"validate": "date", "criteria": ">=", "value": first}
    else:
        bounds = {"minimum": 0, "maximum": column.limit}
        rule = {"validate": "decimal", "criteria": "between", **bounds}
    # "/" for what does not apply, and words of one's own, must still be possible.
    stop = column.kind in _VOCABULARIES and column.kind not in _OPEN
    hint = {"error_title": column.header[:32], "error_message": column.hint[:255]}
    return rule | hint | {"error_type": "stop" if stop else "warning"}
