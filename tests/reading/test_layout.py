import numpy as np
import pandas as pd
import pytest

from servicepo.reading.files import Grid
from servicepo.reading.layout import column_letter, find_blocks
from servicepo.reading.recognise import is_known


def grid(rows, *merges):
    width = max(map(len, rows))
    cells = pd.DataFrame([[*r, *[None] * (width - len(r))] for r in rows], dtype=object)
    return Grid("a.xlsx", "Sheet1", cells, merges=merges)


def one(found):
    (block,), _ = found
    return block


@pytest.mark.parametrize(
    ("position", "letters"),
    [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")],
)
def test_columns_are_lettered_as_spreadsheets_do(position, letters):
    assert column_letter(position) == letters


def test_titles_are_told_and_are_no_header():
    rows = [["某县2024年考评"], ["考评单位：", "组织部"], [], ["单位", "得分"], ["张村", 9]]
    (block,), skipped = find_blocks(grid(rows, (0, 0, 0, 1)), is_known)
    assert block.headers == {0: ("单位",), 1: ("得分",)}
    assert block.titles == ("某县2024年考评", "考评单位：组织部")
    assert [(s.rule, s.position) for s in skipped] == [("title_row", 0), ("title_row", 1)]
    assert block.cells.index.tolist() == [4]


def test_levels_of_a_header_follow_the_merges():
    rows = [
        ["序号", "单位名称", "依法办事", None, "规范收费", None],
        [None, None, "满意", "不满意", "满意", "不满意"],
        [1, "税务局", 3, 1, 4, 0],
    ]
    merges = ((0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 0, 5))
    block = one(find_blocks(grid(rows, *merges), is_known))
    assert block.headers[1] == ("单位名称",)
    assert block.headers[2] == ("依法办事", "满意")
    assert block.headers[5] == ("规范收费", "不满意")


def test_a_header_without_merges_spreads_only_over_gaps_below_it():
    rows = [
        ["序号", "单位名称", "依法办事", None, "规范收费", None],
        [None, None, "满意", "不满意", "满意", "不满意"],
        [1, "税务局", 3, 1, 4, 0],
    ]
    block = one(find_blocks(grid(rows), is_known))
    assert block.headers[3] == ("依法办事", "不满意")
    assert block.headers[4] == ("规范收费", "满意")


def test_true_blanks_are_never_filled():
    rows = [
        ["乡镇", "党组织", "得分"],
        ["城关镇", "张村", 9],
        [None, "李村", 8],
        ["河口乡", "王庄", 7],
        [None, "赵屯", 6],
    ]
    block = one(find_blocks(grid(rows, (1, 0, 2, 0)), is_known))
    assert block.cells[0].tolist() == ["城关镇", "城关镇", "河口乡", None]
    assert block.covered[0].tolist() == [False, True, False, False]


def test_tables_side_by_side_are_split_and_keep_their_titles():
    rows = [
        ["甲组", None, "乙组", None],
        ["单位", "得分", "单位", "得分"],
        ["张村", 9, "税务局", 7],
        ["李村", 8, None, None],
    ]
    blocks, _ = find_blocks(grid(rows, (0, 0, 0, 1), (0, 2, 0, 3)), is_known)
    assert [b.group for b in blocks] == ["甲组", "乙组"]
    assert [list(b.headers) for b in blocks] == [[0, 1], [2, 3]]
    assert [len(b.cells) for b in blocks] == [2, 1]


def test_columns_left_of_repeated_blocks_are_shared():
    rows = [["月份", "单位", "得分", "单位", "得分"], ["2021-07", "灌南县", 9, "徐圩新区", 7]]
    blocks, _ = find_blocks(grid(rows), is_known)
    assert [list(b.headers) for b in blocks] == [[0, 1, 2], [0, 3, 4]]


def test_two_serial_columns_are_no_repetition():
    rows = [["序号", "一级指标", "序号", "二级指标", "得分"], [1, "甲", 1, "乙", 3]]
    block = one(find_blocks(grid(rows), is_known))
    assert list(block.headers) == [0, 1, 2, 3, 4]


def test_tables_one_below_the_other_have_their_own_titles():
    rows = [
        ["一、自评"],
        ["单位", "指标", "得分"],
        ["张村", "服务意识", 9],
        [],
        ["二、组织考评"],
        ["单位", "指标", "得分"],
        ["李村", "服务意识", 8],
    ]
    blocks, _ = find_blocks(grid(rows), is_known)
    assert [b.titles for b in blocks] == [("一、自评",), ("二、组织考评",)]
    assert [b.cells[0].dropna().tolist() for b in blocks] == [["张村"], ["李村"]]


def test_the_header_of_every_page_is_passed_over():
    head = ["单位", "得分"]
    rows = [head, ["张村", 9], head, ["李村", 8]]
    (block,), skipped = find_blocks(grid(rows), is_known)
    assert block.cells[0].tolist() == ["张村", "李村"]
    assert [(s.rule, s.position) for s in skipped] == [("repeated_header_row", 2)]


def test_answers_in_the_body_are_no_header():
    rows = [
        ["党组织", "态度怎样", "效果怎样"],
        ["张村", "满意", "不满意"],
        ["李村", "一般", "基本满意"],
    ]
    assert one(find_blocks(grid(rows), is_known)).headers[1] == ("态度怎样",)


def test_a_sheet_without_any_declared_header_has_no_block():
    assert find_blocks(grid([["a", "b"], [1, 2]]), is_known) == ([], [])
    assert find_blocks(grid([["a", "b"], [1, 2]]), {"b"}.__contains__)[0][0].headers[1] == ("b",)


def test_the_grid_is_left_alone():
    made = grid([["乡镇", "单位", "得分"], ["城关镇", "张村", 9], [None, "李村", 8]], (1, 0, 2, 0))
    before = made.cells.copy()
    find_blocks(made, is_known)
    pd.testing.assert_frame_equal(made.cells, before)
    assert made.cells.to_numpy(dtype=object)[2, 0] in (None, np.nan)
