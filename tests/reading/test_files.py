import hashlib
import shutil

import openpyxl
import pandas as pd
import pytest
import sqlalchemy
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from servicepo.errors import TableError
from servicepo.reading.files import Input, Unreadable, decode, find_inputs, read_grids

TEXT = "党组织,类型,得分\n张村党支部,村,90\n李村党支部,社区,85.5\n"


def grids(path):
    return list(read_grids(Input(path.name, path)))


# -- encodings ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode("utf-8"), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("gbk"), "gb18030"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        ("黨組織,類型,得分\n張村黨支部,村,90\n".encode("gbk"), "gb18030"),
    ],
)
def test_text_is_decoded_by_the_encoding_it_is_in(data, encoding):
    text, found = decode(data)
    assert found == encoding
    assert text.splitlines()[1].endswith("村,90")


@given(st.text(alphabet="张李村党支部服务意识得分，、0123456789,\n", min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_no_encoding_changes_a_character(text):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert decode(text.encode(encoding))[0] == text
    table = TEXT + text
    assert decode(table.encode("gb18030"))[0] == table


@pytest.mark.parametrize(
    "data",
    [
        "黨組織名稱,得分\n張家村黨支部,90\n服務群眾與改革,80\n".encode("big5"),
        "Québec,Montréal,été\n".encode("latin-1"),
        "組織名,得点\n東京支部,90\n".encode("shift_jis"),
        TEXT.encode("utf-16")[:-1],
        b"\xef\xbb\xbf\xff\xfe",
    ],
    ids=["big5", "latin-1", "shift_jis", "half a character", "broken utf-8"],
)
def test_what_is_none_of_the_encodings_is_refused_not_guessed(data):
    with pytest.raises(Unreadable, match="encoding_unknown"):
        decode(data)


def test_another_encoding_is_used_when_named():
    text = "黨組織名稱,得分\n張家村黨支部,90\n"
    assert decode(text.encode("big5"), "big5") == (text, "big5")
    with pytest.raises(Unreadable, match="encoding_wrong"):
        decode(TEXT.encode("utf-8"), "ascii")


# -- text --------------------------------------------------------------------------------------
@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_the_mark_between_fields_is_found(tmp_path, mark):
    path = tmp_path / "a.csv"
    path.write_text(TEXT.replace(",", mark), encoding="utf-8")
    (grid,) = grids(path)
    assert grid.cells.shape == (3, 3)
    assert grid.cells.iloc[1].tolist() == ["张村党支部", "村", "90"]


def test_codes_stay_text_and_blanks_stay_blank(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('编号,名称,值\n001,NA,\n002,"张\n村",""\n', encoding="utf-8")
    (grid,) = grids(path)
    assert grid.cells.iloc[1, :2].tolist() == ["001", "NA"]
    assert grid.cells.iloc[2, 1] == "张\n村"
    assert grid.cells[2].iloc[1:].isna().tolist() == [True, True]
    assert grid.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_lines_of_different_length_keep_their_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("某县考评表\n\n单位,得分\n张村,9\n李村,8,多出\n", encoding="gb18030")
    (grid,) = grids(path)
    assert grid.cells.shape == (5, 3)
    assert grid.cells.iloc[0, 0] == "某县考评表"
    assert grid.cells.iloc[1].isna().all()
    assert grid.cells.iloc[4].tolist() == ["李村", "8", "多出"]


def test_a_long_line_far_below_is_read_whole(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("单位,得分\n" + "张村,9\n" * 80 + "李村,8,a,b\n", encoding="utf-8")
    (grid,) = grids(path)
    assert grid.cells.iloc[-1].tolist() == ["李村", "8", "a", "b"]


def test_an_empty_file_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b" \n ")
    with pytest.raises(Unreadable, match="file_empty"):
        grids(path)


# -- workbooks ---------------------------------------------------------------------------------
def test_xlsx_keeps_merges_codes_dates_and_percentages_as_shown(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["B2"], sheet["B3"], sheet["C3"] = "标题", "001", 12.0
    sheet["D3"], sheet["E3"] = pd.Timestamp("2014-01-16").to_pydatetime(), 0.3846
    sheet["E3"].number_format = "0.00%"
    sheet.merge_cells("B2:E2")
    hidden = book.create_sheet("旧")
    hidden["A1"], hidden.sheet_state = "x", "hidden"
    book.save(tmp_path / "a.xlsx")
    first, second = grids(tmp_path / "a.xlsx")
    assert first.merges == ((1, 1, 1, 4),)
    assert first.cells.shape == (3, 5)
    assert first.cells.iloc[2, 1:3].tolist() == ["001", 12]
    assert str(first.cells.iloc[2, 3]) == "2014-01-16"
    assert first.cells.iloc[2, 4] == 38.46
    assert (first.hidden, second.hidden) == (False, True)


def test_xls_and_ods_keep_merges(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("甲")
    sheet.write_merge(0, 0, 0, 2, "标题")
    sheet.write(1, 0, "001")
    sheet.write(1, 1, 2.5)
    book.save(str(tmp_path / "a.xls"))

    document = OpenDocumentSpreadsheet()
    table = Table(name="乙")
    for words, span in ((["标题"], 3), (["001", "2.5", "x"], 1)):
        row = TableRow()
        for text in words:
            cell = TableCell(numbercolumnsspanned=span, numberrowsspanned=1, valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
            for _ in range(span - 1):
                row.addElement(CoveredTableCell())
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(tmp_path / "a.ods")

    for name, sheet_name in (("a.xls", "甲"), ("a.ods", "乙")):
        (grid,) = grids(tmp_path / name)
        assert (grid.sheet, grid.merges) == (sheet_name, ((0, 0, 0, 2),))
        assert grid.cells.iloc[1, 0] == "001"


def test_a_locked_and_a_broken_workbook_are_told_apart(tmp_path):
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with (tmp_path / "a.xlsx").open("rb") as plain, (tmp_path / "b.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt("secret", locked)
    (tmp_path / "c.xlsx").write_bytes(b"no workbook")
    with pytest.raises(Unreadable, match="file_locked"):
        grids(tmp_path / "b.xlsx")
    with pytest.raises(Unreadable, match="file_damaged"):
        grids(tmp_path / "c.xlsx")


# -- tables with types -------------------------------------------------------------------------
def test_parquet_and_database_keep_types_and_names(tmp_path):
    frame = pd.DataFrame({"党组织": ["张村"], "受理日期": pd.to_datetime(["2014-01-16"])})
    frame.to_parquet(tmp_path / "a.parquet")
    (grid,) = grids(tmp_path / "a.parquet")
    assert grid.header == ("党组织", "受理日期")
    assert grid.cells[1].dtype.kind == "M"
    (tmp_path / "b.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(Unreadable, match="file_damaged"):
        grids(tmp_path / "b.parquet")

    url = f"sqlite:///{tmp_path / 'a.db'}"
    engine = sqlalchemy.create_engine(url)
    frame.to_sql("台账", engine, index=False)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text('CREATE VIEW "视图" AS SELECT * FROM "台账"'))
    engine.dispose()
    (item,), _ = find_inputs(url)
    found = list(read_grids(item))
    assert item.name == "sqlite:a.db"
    assert [(g.sheet, g.header) for g in found] == [
        ("台账", ("党组织", "受理日期")),
        ("视图", ("党组织", "受理日期")),
    ]


def test_a_database_out_of_reach_shows_no_password(tmp_path):
    with pytest.raises(TableError) as error:
        find_inputs(f"sqlite:///{tmp_path / 'none.db'}")
    assert "须存在" in str(error.value)
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(TableError) as error:
        find_inputs("nosuch://me:secret@host/db")
    assert "“nosuch://***@host/db”" in str(error.value)
    assert "secret" not in str(error.value)


# -- folders and lists -------------------------------------------------------------------------
def test_a_folder_is_walked_in_order_and_passes_over_what_is_no_table(tmp_path):
    for name in (
        *("b.csv", "a/c.csv", ".hidden.csv", "~$b.xlsx", "README.txt", "readme.md"),
        *("mapping.toml", "scan.pdf", ".git/x.csv", "__MACOSX/b.csv"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    inputs, passed = find_inputs(tmp_path)
    assert [i.name for i in inputs] == ["a/c.csv", "b.csv"]
    assert passed == ["scan.pdf"]


def test_files_of_a_list_are_named_from_their_common_folder(tmp_path):
    for name in ("x/a.csv", "y/a.csv", "y/z/b.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    inputs, _ = find_inputs([tmp_path / "x/a.csv", tmp_path / "y"])
    assert [i.name for i in inputs] == ["x/a.csv", "y/a.csv", "y/z/b.csv"]
    assert [i.name for i in find_inputs(str(tmp_path / "x/a.csv"))[0]] == ["a.csv"]


def test_nothing_to_read_is_refused_with_what_to_do(tmp_path):
    kinds = ".csv, .tsv, .txt, .xlsx, .xlsm, .xls, .ods, .parquet"
    (tmp_path / "empty").mkdir()
    shutil.copy(__file__, tmp_path / "a.py")
    none = f"sqlite:///{tmp_path / 'none.db'}"
    cases = {
        (): (
            "source 至少须指明一个文件，实为 []。请给出文件夹或文件。",
            "source must name at least one file, got []. Give a folder or a file.",
        ),
        tmp_path / "empty": (
            f"文件夹中至少须有一个表格文件（{kinds}），“empty”中没有。"
            "请把文件放进去，或改用别的文件夹。",
            f"a folder must hold at least one table ({kinds}), got none "
            "(at empty). Put the files there, or give another folder.",
        ),
        "no/where.csv": (
            "source 须是存在的文件夹、文件或数据库 URL，实为“no/where.csv”。请检查路径。",
            "source must be a folder, a file or a database URL that exists, "
            "got 'no/where.csv'. Check the path.",
        ),
        tmp_path / "a.py": (
            f"文件须是 {kinds} 之一，实为“a.py”。请另存为其中一种格式。",
            f"a file must be one of {kinds}, got 'a.py'. Save it in one of these formats.",
        ),
        none: (
            f"数据库须存在，实为“{none}”。请检查路径。",
            f"a database must exist, got {none!r}. Check the path.",
        ),
        "nosuch://me:secret@host/db": (
            "source 须是 SQLAlchemy 能识别的数据库 URL，实为“nosuch://***@host/db”"
            "（NoSuchModuleError）。请写成 dialect://user:password@host/database，并安装驱动。",
            "source must be a database URL that SQLAlchemy understands, "
            "got 'nosuch://***@host/db' (NoSuchModuleError). Write it as "
            "dialect://user:password@host/database and install the driver.",
        ),
    }
    for source, messages in cases.items():
        for language, message in zip(("zh", "en"), messages, strict=True):
            with pytest.raises(TableError) as error:
                find_inputs(source, language)
            assert str(error.value) == message


def test_an_open_quote_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('单位,得分\n"张村,9\n李村,8\n', encoding="utf-8")
    with pytest.raises(Unreadable, match="file_damaged"):
        grids(path)
