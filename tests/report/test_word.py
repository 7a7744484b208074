from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn

from servicepo.report.figures import draw
from servicepo.report.word import compose_docx


@pytest.fixture
def pictures(content):
    return {f.key: draw(f) for f in content.figures}


@pytest.fixture
def document(content, pictures):
    return Document(BytesIO(compose_docx(content, pictures)))


def borders(cell):
    found = cell._tc.tcPr.find(qn("w:tcBorders"))
    if found is None:
        return {}
    return {line.tag.split("}")[1]: int(line.get(qn("w:sz"))) for line in found}


def test_tables_have_three_rules(document):
    table = document.tables[0]
    assert borders(table.rows[0].cells[0]) == {"top": 12, "bottom": 6}
    assert borders(table.rows[1].cells[0]) == {}
    assert borders(table.rows[-1].cells[0]) == {"bottom": 12}


def test_the_head_is_repeated_on_every_page(document):
    marks = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in document.tables[1].rows]
    assert marks == [True] + [False] * 50


def test_notes_stay_with_the_last_row_of_their_table(document):
    short, long = (
        [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in table.rows]
        for table in document.tables[:2]
    )
    assert short == [True] * 4
    assert long[:2] == [True, False]
    assert long[-2:] == [False, True]


def test_titles_stand_above_tables_and_below_figures(document):
    body = [child for child in document.element.body if child.tag != qn("w:sectPr")]
    texts = ["".join(t.text or "" for t in child.iter(qn("w:t"))) for child in body]
    at = texts.index("表1\u3000综合得分与名次")
    assert body[at + 1].tag == qn("w:tbl")
    at = texts.index("图1\u3000一条线")
    assert body[at - 1].find(f".//{qn('w:drawing')}") is not None


def test_chinese_fonts_are_set_and_themes_do_not_override_them(document):
    for name, font in (("Body Text", "宋体"), ("Heading 1", "黑体"), ("Title", "黑体")):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == font
        assert not [key for key in fonts.attrib if "Theme" in key]


def test_tables_fill_the_width_of_the_text(document):
    section = document.sections[0]
    text = section.page_width - section.left_margin - section.right_margin
    for table in document.tables:
        assert 0.98 * text < sum(column.width for column in table.columns) <= text


def test_figures_bear_a_text_for_screen_readers(document):
    properties = document.element.body.find(f".//{qn('wp:docPr')}")
    assert properties.get("descr") == "一条线"


def test_the_same_report_gives_the_same_bytes(content, pictures):
    assert compose_docx(content, pictures) == compose_docx(content, pictures)
