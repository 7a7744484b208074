import pandas as pd
import pytest

from servicepo.report.pieces import Section, Table, number, ordinal, show


@pytest.mark.parametrize(
    ("value", "style", "written"),
    [
        (-0.04, "one", "0.0"),
        (-0.06, "one", "−0.1"),
        (1234.5, "two", "1234.50"),
        (0.005, "percent", "0.5%"),
        (3.0, "integer", "3"),
        (None, "integer", "—"),
        ("", "text", "—"),
        (float("nan"), "text", "—"),
    ],
)
def test_a_cell_is_written_as_journals_want(value, style, written):
    assert show(value, style) == written


def test_headings_are_numbered_in_chinese():
    assert [ordinal(n, "zh") for n in (1, 10, 11, 19)] == ["一、", "十、", "十一、", "十九、"]


def test_a_mention_of_a_table_that_is_not_there_is_an_error_not_a_gap():
    with pytest.raises(KeyError, match="lost"):
        number([Section("a", "A", ("见[[lost]]。",))], "zh")


def test_tables_and_figures_are_numbered_apart_and_mentioned(content):
    assert [t.label for t in content.tables] == ["表1", "表2"]
    assert [f.label for f in content.figures] == ["图1"]
    assert content.sections[0].parts[0] == "最高 92.5 分（表1、图1）。"
    assert [s.title for s in content.sections] == ["一、综合得分", "二、长表"]


def test_documents_show_the_first_rows_only(content):
    assert len(content.tables[1].cells()) == 50


def test_the_callers_frame_is_left_alone():
    frame = pd.DataFrame({"x": [1.0]})
    before = frame.copy()
    Table("t", "T", frame, {"x": "two"}).cells()
    pd.testing.assert_frame_equal(frame, before)
