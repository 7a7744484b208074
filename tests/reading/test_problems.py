import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile

from servicepo.errors import TableError
from servicepo.reading.read import read
from servicepo.tables import PROBLEMS


def told(data, rule):
    return data.problems[data.problems["rule"].eq(rule)]


def keeps_accounts(data):
    """Rows in = rows kept + rows set aside, sheet by sheet and in all."""
    sources = data.sources
    assert (sources["records"] == sources["kept"] + sources["set_aside"]).all()
    errors = data.problems[data.problems["severity"].eq("error")].fillna({"sheet": ""})
    counted = errors.groupby(["file", "sheet"]).size()
    for source in sources.itertuples():
        assert counted.get((source.file, source.sheet), 0) == source.set_aside
    rosters = data.organisations["file"].isin(
        sources.loc[sources["table"].str.contains("organisations", na=False), "file"]
    )
    kept = len(data.evaluations) + len(data.services) + len(data.surveys) + rosters.sum()
    assert kept == sources["kept"].sum()
    return True


# -- blanks ------------------------------------------------------------------------------------
BLANKS = [
    ["党组织", "服务意识", "服务作风"],
    ["张村", 9, None],
    ["李村", None, "—"],
    ["赵村", 7, 6],
]


@pytest.mark.parametrize(
    ("blank", "scores", "counts", "rule", "column"),
    [
        (None, [9, 7, 6], (5, 3, 2, 1), "blank_score", ["B", "C"]),
        ("missing", [9, 7, 6], (3, 3, 0, 3), "blank_as_missing", ["B", "C"]),
        ("zero", [9, 0, 0, 7, 6], (5, 5, 0, 1), "blank_as_zero", ["B", "C"]),
    ],
)
def test_a_blank_score_is_asked_for_not_guessed(write, blank, scores, counts, rule, column):
    data = read(write("2023年组织考评.xlsx", Sheet1=(BLANKS, [])), blank=blank)
    assert data.evaluations["score"].tolist() == scores
    assert data.sources.loc[0, ["records", "kept", "set_aside", "skipped"]].tolist() == list(counts)
    assert sorted(told(data, rule)["column"]) == column
    assert keeps_accounts(data)


def test_what_is_asked_tells_both_answers(write):
    data = read(write("2023年组织考评.xlsx", Sheet1=(BLANKS, [])))
    asked = told(data, "blank_score").iloc[0]
    assert (asked["severity"], asked["row"], asked["must"]) == (
        "error",
        2,
        "服务作风（得分）空白，须说明是 0 还是缺失",
    )
    assert asked["mend"] == (
        '请补填；或读取时写明 blank="zero"（按 0 计）或 blank="missing"（按缺失）。'
    )


def test_an_empty_column_is_no_question_of_blanks(write):
    rows = [["党组织", "自评得分", "考评组得分"], ["张村", 9, None], ["李村", 8, None]]
    data = read(write("2023年.xlsx", Sheet1=(rows, [])))
    assert set(data.evaluations["source"]) == {"self"}
    assert told(data, "column_empty")["value"].tolist() == ["考评组得分"]
    assert told(data, "blank_score").empty


# -- columns -----------------------------------------------------------------------------------
def test_personal_columns_are_dropped_and_show_nothing(write):
    rows = [
        ["党组织", "服务意识", "填表人", "备注", "卡号"],
        ["张村", 9, "张三丰", "13812345678", "6222020200012345678"],
        ["李村", 8, "李四光", "13912345678", "6222020200012345679"],
        ["填表人：王五福　13700000000"],
    ]
    data = read(write("2023年组织考评.xlsx", Sheet1=(rows, [])))
    dropped = told(data, "personal_column")
    assert dropped["column"].tolist() == ["C", "D", "E"]
    assert dropped["severity"].eq("notice").all()
    everything = "".join(
        getattr(data, name).to_csv()
        for name in ("organisations", "evaluations", "problems", "sources", "layout")
    )
    for person in ("张三丰", "李四光", "王五福", "13812345678", "6222020200012345678"):
        assert person not in everything


def test_a_misspelt_header_is_told_with_the_near_one(write):
    rows = [["党组织", "所属乡填", "服务意识"], ["张村", "城关镇", 9]]
    data = read(write("2023年组织考评.xlsx", Sheet1=(rows, [])))
    found = told(data, "column_misspelt").iloc[0]
    assert (found["severity"], found["column"], found["value"]) == ("warning", "B", "所属乡填")
    assert found["mend"] == "是否为“所属乡镇”？请改列名，或用 mapping 文件说明。"


def test_a_word_that_is_like_no_other_is_answered_with_all_that_are_known(write):
    rows = [["编号", "党组织", "服务类别", "受理日期"], ["1", "张村", "便民类", "2024-01-05"]]
    data = read(write("台账.xlsx", Sheet1=(rows, [])))
    assert told(data, "word_not_known")["mend"].tolist() == [
        "请改用：服务改革、服务发展、服务民生、服务群众、服务党员；或用 mapping 文件说明。"
    ]


def test_a_column_of_text_where_numbers_must_be(write):
    rows = [["党组织", "服务意识(10分)"], ["张村", "较好"], ["李村", "一般"]]
    data = read([write("2023年组织考评.xlsx", Sheet1=(rows, []))])
    assert told(data, "not_a_number")["value"].tolist() == ["较好", "一般"]
    assert told(data, "not_a_number")["must"].iloc[0] == "服务意识（得分）须为数"
    assert keeps_accounts(data)


def test_several_reasons_of_one_record_are_joined(write):
    rows = [
        ["党组织", "考评期", "服务意识"],
        ["张村", "某年某月", "甲"],
        ["李村", "2023年", 9],
    ]
    data = read(write("组织考评.xlsx", Sheet1=(rows, [])))
    (found,) = data.problems[data.problems["severity"].eq("error")].itertuples()
    assert (found.row, found.column, found.value) == (2, "C；B", "甲；某年某月")
    assert found.must == "服务意识（得分）须为数；考评期须为年、半年、季或月"
    assert keeps_accounts(data)


def test_problems_are_told_in_english_too(write):
    data = read(write("2023年组织考评.xlsx", Sheet1=(BLANKS, [])), language="en")
    assert told(data, "blank_score")["must"].iloc[0] == (
        "服务作风（score） is blank: it must be said whether that is 0 or missing"
    )
    assert list(data.problems) == list(PROBLEMS)


# -- files -------------------------------------------------------------------------------------
def test_files_that_cannot_be_read_stand_beside_those_that_can(sheets, write, tmp_path):
    write("2023年.xlsx", Sheet1=sheets.SCORES)
    folder = tmp_path / "county"
    openpyxl.Workbook().save(tmp_path / "plain.xlsx")
    with (tmp_path / "plain.xlsx").open("rb") as plain, (folder / "密.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt("secret", locked)
    (folder / "坏.xls").write_bytes(b"no workbook")
    (folder / "空.csv").write_bytes(b"")
    (folder / "big5.csv").write_bytes("黨組織名稱,得分\n張家村黨支部,90\n服務群眾\n".encode("big5"))
    (folder / "扫描.pdf").write_bytes(b"%PDF")
    (folder / "说明.txt").write_text("请各单位按时报送。\n", encoding="utf-8")
    (folder / "别的.csv").write_text("a,b,c\n1,2,3\n4,5,6\n", encoding="utf-8")
    data = read(folder)
    found = {
        p.file: (p.severity, p.rule) for p in data.problems.itertuples() if p.file != "2023年.xlsx"
    }
    assert found == {
        "密.xlsx": ("error", "file_locked"),
        "坏.xls": ("error", "file_damaged"),
        "空.csv": ("error", "file_empty"),
        "big5.csv": ("error", "encoding_unknown"),
        "扫描.pdf": ("notice", "file_passed_over"),
        "说明.txt": ("notice", "sheet_empty"),
        "别的.csv": ("error", "sheet_unrecognised"),
    }
    assert keeps_accounts(data)
    lost = data.sources.set_index("file").loc["密.xlsx"]
    assert (lost["records"], lost["kept"], lost["set_aside"]) == (1, 0, 1)
    assert pd.isna(lost["table"])


def test_a_hidden_sheet_is_not_read(sheets, write):
    path = write("2023年.xlsx", Sheet1=sheets.SCORES, 旧=sheets.SCORES)
    book = openpyxl.load_workbook(path)
    book["旧"].sheet_state = "hidden"
    book.save(path)
    data = read(path)
    assert told(data, "sheet_hidden")["sheet"].tolist() == ["旧"]
    assert data.sources["records"].tolist() == [8, 0]


def test_a_password_alone_is_refused(tmp_path):
    openpyxl.Workbook().save(tmp_path / "plain.xlsx")
    with (tmp_path / "plain.xlsx").open("rb") as plain, (tmp_path / "密.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt("secret", locked)
    assert refusals(tmp_path / "密.xlsx") == (
        f"{NOTHING[0]}\n工作簿不能有打开密码（密.xlsx）。请去掉密码后另存，再读一次。",
        f"{NOTHING[1]}\na workbook must open without a password (at 密.xlsx). "
        "Save it without the password and read again.",
    )


NOTHING = (
    "至少须有一张表是党组织名册、考核评分、服务台账或测评问卷，1 张中都没有。"
    "请修改文件，或用 mapping 文件说明。",
    "at least one sheet must be a roster, scores, a service ledger or a survey, got none in 1. "
    "Mend the files, or give a mapping.",
)


def refusals(source, **choices):
    """Return what `read` says in Chinese (its default) and in English."""
    told = []
    for language in ({}, {"language": "en"}):
        with pytest.raises(TableError) as error:
            read(source, **choices, **language)
        told.append(str(error.value))
    return tuple(told)


def test_nothing_recognisable_is_refused_with_the_near_header(tmp_path):
    (tmp_path / "a.csv").write_text("党组识名称,受里日期,x\na,b,c\n", encoding="utf-8")
    assert refusals(tmp_path) == (
        f"{NOTHING[0]}\n"
        "须能认出是党组织名册、考核评分、服务台账或测评问卷，实为“党组识名称、受里日期、x”"
        "（a.csv:1）。“党组识名称”是否为“党组织名称”？请检查列名，或用 mapping 文件说明。",
        f"{NOTHING[1]}\n"
        "it must be a roster, scores, a service ledger or a survey, "
        "got '党组识名称、受里日期、x' (at a.csv:1). "
        "Did you mean 党组织名称 by 党组识名称? Check the headers, or use a mapping file.",
    )


def test_a_file_that_holds_no_table_is_refused_with_what_it_says(tmp_path):
    (tmp_path / "a.csv").write_text("hello,world\n1,2", encoding="utf-8")
    assert refusals(tmp_path) == (
        f"{NOTHING[0]}\n工作表中没有表格记录，实为“hello、world”（a.csv）。如有数据，请写明列名。",
        f"{NOTHING[1]}\nthe sheet holds no records, got 'hello、world' (at a.csv). "
        "If it holds data, give its columns headers.",
    )


def test_an_empty_file_alone_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("", encoding="utf-8")
    for told, nothing in zip(refusals(tmp_path), NOTHING, strict=True):
        assert told.startswith(f"{nothing}\n")


def test_a_database_without_tables_is_refused_with_a_full_stop(tmp_path):
    (tmp_path / "a.db").touch()
    assert refusals(f"sqlite:///{tmp_path / 'a.db'}") == tuple(
        text.replace("1 张", "0 张").replace("in 1", "in 0") for text in NOTHING
    )


def test_wrong_words_for_blanks_and_encodings_are_refused(tmp_path):
    assert refusals(tmp_path, blank="null") == (
        'blank 须是 "missing"、"zero" 或 None，实为 \'null\'。请选其中一种。',
        'blank must be "missing", "zero" or None, got \'null\'. Choose one of them.',
    )
    assert refusals(tmp_path, encoding="gb2313") == (
        "encoding 须是 Python 认识的编码，实为“gb2313”。请写 gb18030、big5 或 utf-8 等。",
        "encoding must be one Python knows, got 'gb2313'. "
        'Give "gb18030", "big5" or "utf-8", for example.',
    )


# -- the law -----------------------------------------------------------------------------------
CELLS = st.one_of(
    st.integers(-5, 130),
    st.sampled_from(
        ["90分", "38.46%", "—", "/", "", None, "优秀", "√", "同上", "扣1分", "第四名", "约80"]
    ),
)
NAMES = st.sampled_from(["张村", "李村", "张 村", "合计", "", None, "平均", "签名："])


@given(
    rows=st.lists(st.tuples(NAMES, CELLS, CELLS), min_size=1, max_size=12),
    blank=st.sampled_from([None, "missing", "zero"]),
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_rows_in_are_rows_kept_and_rows_set_aside(tmp_path, rows, blank):
    path = tmp_path / "2023年组织考评.csv"
    frame = pd.DataFrame(rows, columns=["党组织", "服务意识(100分)", "服务作风(100分)"])
    frame.to_csv(path, index=False)
    data = read(path, blank=blank)
    assert keeps_accounts(data)
    for record in data.evaluations.itertuples():
        cell = frame.iloc[record.row - 2, "ABC".index(record.column)]
        assert blank == "zero" or (pd.notna(cell) and cell != "")
