from dataclasses import replace
from io import BytesIO

import pandas as pd
import pytest
from openpyxl import load_workbook

from servicepo.report.workbook import compose_xlsx


@pytest.fixture
def book(content):
    return load_workbook(BytesIO(compose_xlsx(content)))


def test_the_guide_comes_first_and_names_every_other_sheet(book):
    guide = book.worksheets[0]
    assert guide.title == "说明"
    named = [guide.cell(row, 1).value for row in range(6, guide.max_row + 1)]
    assert named == book.sheetnames[1:] == ["表1 综合得分与名次", "表2 长表", "全部得分"]


def test_sheets_hold_all_rows_with_a_frozen_head(book):
    sheet = book["表2 长表"]
    assert sheet.max_row == 61
    assert sheet.freeze_panes == "B2"


def test_numbers_are_numbers_with_a_format_and_missing_ones_a_dash(book):
    sheet = book["表1 综合得分与名次"]
    assert (sheet["C2"].value, sheet["C2"].number_format) == (92.5, "0.0")
    assert (sheet["D2"].value, sheet["D2"].number_format) == (0.5, "0.0%")
    assert sheet["C4"].value == "—"


def test_no_cell_becomes_a_formula(book):
    cell = book["表1 综合得分与名次"]["B3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_pandas_reads_a_sheet_as_it_is(content):
    frame = pd.read_excel(
        BytesIO(compose_xlsx(content)),
        sheet_name="表1 综合得分与名次",
        na_values="—",
        engine="openpyxl",
    )
    assert frame["综合得分"].tolist()[:2] == [92.5, -0.04]


def test_names_of_sheets_are_made_to_fit(content):
    table = replace(content.tables[0], title="得分/名次[全部]：" + "很长" * 20, label="")
    book = load_workbook(
        BytesIO(compose_xlsx(replace(content, sections=(), appendix=(table, table))))
    )
    assert [len(name) for name in book.sheetnames[1:]] == [31, 31]
    assert book.sheetnames[2].endswith(" (2)")


def test_the_same_report_gives_the_same_bytes(content):
    assert compose_xlsx(content) == compose_xlsx(content)
