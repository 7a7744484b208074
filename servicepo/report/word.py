"""The report as a Word file: three-line tables, captions where the standards want them.

Tables follow CY/T 170-2019 (title above, three rules, notes below, the head repeated on every
page), figures CY/T 171-2019 (title below).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table as DocxTable
from docx.table import _Row
from docx.text.paragraph import Paragraph

from ..labels import Language
from .figures import Picture
from .pieces import Content, Figure, Table

SONG, HEI, LATIN, LATIN_HEI = "宋体", "黑体", "Times New Roman", "Arial"
BLACK: Final = RGBColor(0, 0, 0)
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = Cm(21.0), Cm(29.7), Cm(2.5)
TEXT_WIDTH: Final = Emu(PAGE_WIDTH - 2 * MARGIN)
# Half the width of a Chinese letter of a table, and what a cell leaves free beside them.
_LETTER: Final = Pt(4.6)
_PADDING: Final = Cm(0.5)
# A table up to this many rows stays on one page.
WHOLE: Final = 10
# Word files record a date; a fixed one makes the same report the same bytes.
EPOCH: Final = datetime(1980, 1, 1)

CENTRE, LEFT, RIGHT = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.RIGHT,
)


def compose_docx(content: Content, pictures: Mapping[str, Picture]) -> bytes:
    """Write the report as a Word file.

    Parameters
    ----------
    content : Content
        The report.
    pictures : mapping
        Key of each figure -> its picture.

    Returns
    -------
    bytes
        The same content gives the same bytes.

    Examples
    --------
    >>> from servicepo.report.pieces import Section
    >>> content = Content("Report", "2024", (Section("s", "1. Data", ("Few.",)),), (), "en", {})
    >>> compose_docx(content, {})[:2]
    b'PK'
    """
    document = Document()
    _dress(document, content.language)
    document.add_paragraph(content.title, style="Title")
    document.add_paragraph(content.subtitle, style="Subtitle")
    for section in content.sections:
        document.add_heading(section.title, level=1)
        for part in section.parts:
            if isinstance(part, Table):
                _add_table(document, part, content.language)
            elif isinstance(part, Figure):
                _add_figure(document, part, pictures[part.key].png, content.language)
            else:
                document.add_paragraph(part, style="Body Text")
    core = document.core_properties
    core.title, core.author, core.comments = content.title, "servicepo", ""
    core.created = core.modified = EPOCH
    buffer = BytesIO()
    document.save(buffer)
    return _dateless(buffer.getvalue())


def _dress(document: DocumentObject, language: Language) -> None:
    """Set page, fonts, sizes and spacing of every style that is used."""
    section = document.sections[0]
    section.page_width, section.page_height = PAGE_WIDTH, PAGE_HEIGHT
    section.left_margin = section.right_margin = MARGIN
    section.top_margin = section.bottom_margin = MARGIN
    styles = document.styles
    for name in ("Caption Below", "Caption Above", "Table Text", "Table Note"):
        styles.add_style(name, 1)  # a paragraph style
    looks: list[tuple[str, str, float, bool, WD_ALIGN_PARAGRAPH, float, float, float]] = [
        # style, font, size, bold, alignment, before, after, line spacing
        ("Normal", SONG, 10.5, False, LEFT, 0, 0, 1.0),
        ("Body Text", SONG, 10.5, False, WD_ALIGN_PARAGRAPH.JUSTIFY, 0, 3, 1.5),
        ("Title", HEI, 18, True, CENTRE, 0, 6, 1.2),
        ("Subtitle", SONG, 10.5, False, CENTRE, 0, 12, 1.2),
        ("Heading 1", HEI, 14, True, LEFT, 18, 6, 1.2),
        ("Caption Above", HEI, 9, False, CENTRE, 9, 3, 1.0),
        ("Caption Below", SONG, 9, False, CENTRE, 3, 0, 1.0),
        ("Table Text", SONG, 9, False, LEFT, 1, 1, 1.0),
        ("Table Note", SONG, 8, False, LEFT, 2, 0, 1.0),
    ]
    for name, font, size, bold, alignment, before, after, spacing in looks:
        style = styles[name]
        assert isinstance(style, ParagraphStyle)
        _set_font(style, font, size, bold)
        layout = style.paragraph_format
        layout.alignment = alignment
        layout.space_before, layout.space_after = Pt(before), Pt(after)
        layout.line_spacing_rule = WD_LINE_SPACING.MULTIPLE
        layout.line_spacing = spacing
    # Digits and Chinese letters differ in height; exact lines keep the cells of a row level.
    styles["Table Text"].paragraph_format.line_spacing = Pt(13)
    for name in ("Caption Above", "Heading 1"):
        styles[name].paragraph_format.keep_with_next = True
    if language == "zh":
        body = styles["Body Text"]
        body.paragraph_format.first_line_indent = Pt(2 * 10.5)
        # In letters, so that the indent follows when the size of the type is changed.
        body.element.pPr.ind.set(qn("w:firstLineChars"), "200")
    for border in list(styles["Title"].element.iter(qn("w:pBdr"))):
        border.getparent().remove(border)
    _number_pages(section.footer.paragraphs[0])


def _set_font(style: ParagraphStyle, font: str, size: float, bold: bool) -> None:
    """Set Latin and Chinese fonts; theme fonts would win over them, so they go."""
    style.font.name = LATIN_HEI if font == HEI else LATIN
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = BLACK
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _number_pages(paragraph: Paragraph) -> None:
    paragraph.alignment = CENTRE
    run = paragraph.add_run()
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        element.text = text
        run._r.append(element)


def _add_table(document: DocumentObject, table: Table, language: Language) -> None:
    title = document.add_paragraph(_caption(table.label, table.title, language), "Caption Above")
    title.paragraph_format.keep_with_next = True
    head, rows = [str(name) for name in table.frame.columns], table.cells()
    made = document.add_table(rows=0, cols=len(head))
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    made.autofit = False
    sizes = _widths(head, rows)
    numeric = table.numeric()
    for count, texts in enumerate([head, *rows]):
        row = made.add_row()
        # The head stays with the first row, the last row with the notes, a short table whole.
        last = count == len(rows)
        kept = bool(table.notes) if last else count == 0 or len(rows) <= WHOLE
        for cell, text, size, is_number in zip(row.cells, texts, sizes, numeric, strict=True):
            cell.width = size
            paragraph = cell.paragraphs[0]
            # By its id: looking styles up by name for every cell takes seconds.
            paragraph._p.style = "TableText"
            paragraph.add_run(text)
            paragraph.alignment = RIGHT if is_number else LEFT
            paragraph.paragraph_format.keep_with_next = kept
        _mark(row, "w:cantSplit")
    for column, size in zip(made.columns, sizes, strict=True):
        column.width = size
    _mark(made.rows[0], "w:tblHeader")
    _rule(made)
    _add_notes(document, table.notes)


def _add_figure(document: DocumentObject, figure: Figure, png: bytes, language: Language) -> None:
    paragraph = document.add_paragraph(style="Caption Below")
    paragraph.paragraph_format.space_before = Pt(9)
    paragraph.paragraph_format.keep_with_next = True
    picture = paragraph.add_run().add_picture(BytesIO(png))
    shrink = min(1.0, TEXT_WIDTH / picture.width, 0.8 * (PAGE_HEIGHT - 2 * MARGIN) / picture.height)
    picture.width, picture.height = (
        Emu(int(picture.width * shrink)),
        Emu(int(picture.height * shrink)),
    )
    # Read aloud by screen readers.
    picture._inline.docPr.set("descr", figure.caption)
    caption = document.add_paragraph(
        _caption(figure.label, figure.caption, language), "Caption Below"
    )
    caption.paragraph_format.keep_with_next = bool(figure.notes)
    _add_notes(document, figure.notes)


def _add_notes(document: DocumentObject, notes: tuple[str, ...]) -> None:
    for note in notes:
        paragraph = document.add_paragraph(note, "Table Note")
        paragraph.paragraph_format.keep_with_next = note is not notes[-1]
    last = document.paragraphs[-1] if notes else document.add_paragraph(style="Table Note")
    last.paragraph_format.space_after = Pt(9)


def _caption(label: str, title: str, language: Language) -> str:
    return f"{label}{'　' if language == 'zh' else '  '}{title}"


def _mark(row: _Row, tag: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(tag))


def _rule(table: DocxTable) -> None:
    """Draw the three rules: thick above and below, thin under the head."""
    for row, edges in (
        (table.rows[0], {"top": 12, "bottom": 6}),
        (table.rows[-1], {"bottom": 12}),
    ):
        for cell in row.cells:
            properties = cell._tc.get_or_add_tcPr()
            borders = properties.first_child_found_in("w:tcBorders")
            if borders is None:
                borders = OxmlElement("w:tcBorders")
                properties.append(borders)
            for edge, eighths in edges.items():
                line = OxmlElement(f"w:{edge}")
                for key, value in (("val", "single"), ("sz", str(eighths)), ("color", "000000")):
                    line.set(qn(f"w:{key}"), value)
                borders.append(line)


def _widths(head: list[str], rows: list[list[str]]) -> list[Emu]:
    """Share the width of the text among the columns by the length of what they hold."""
    needs = []
    for column in zip(head, *rows, strict=True):
        lengths = sorted(_length(text) for text in column[1:]) or [0]
        # One very long text among many wraps; it does not take the room of the others.
        usual = lengths[min(int(0.95 * len(lengths)), len(lengths) - 1)]
        needs.append(_PADDING + _LETTER * (max(usual, _length(column[0]), 3) + 0.4))
    # Only the widest columns give way: cap them where the sum fits.
    cap = float(max(needs))
    while sum(min(need, cap) for need in needs) > TEXT_WIDTH:
        cap *= 0.98
    widths = [min(need, cap) for need in needs]
    return [Emu(int(width * TEXT_WIDTH / sum(widths))) for width in widths]


def _length(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _dateless(file: bytes) -> bytes:
    """Write the parts of the file again without the time of writing."""
    buffer = BytesIO()
    with ZipFile(BytesIO(file)) as before, ZipFile(buffer, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(ZipInfo(name, EPOCH.timetuple()[:6]), before.read(name), ZIP_DEFLATED)
    return buffer.getvalue()
