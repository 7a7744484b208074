"""Text as it was meant, and names that are the same."""

import re

import pandas as pd
import pytest

from servicepo.reading.text import (
    clean_cell,
    clean_text,
    each_text,
    fill_ditto,
    key_of,
    match_key,
    narrow,
    simplify,
    simplify_cell,
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("辽滨沿海经济\n技术开发区", "辽滨沿海经济技术开发区"),
        ("辽滨沿海经济 技术开发区", "辽滨沿海经济技术开发区"),
        ("服務(wù)型黨組織建設(shè)", "服務型黨組織建設"),
        ("方針（zhēn）政策", "方針政策"),
        ("面积(m)与类别(a)", "面积(m)与类别(a)"),
        ("Ａ村（一组）：２０２４", "A村（一组）：2024"),
        ("张村\u200b党\ufeff支部", "张村党支部"),
        ("Smith  and\tJones 村", "Smith and Jones 村"),
        ("XX县 X办发〔2014〕XX号", "XX县 X办发〔2014〕XX号"),
        ("“三会一课”、述职……", "“三会一课”、述职……"),
    ],
)
def test_clean_cell(written, meant):
    assert clean_cell(written) == meant
    assert clean_cell(meant) == meant


def test_the_seed_of_pinyin_notes_loses_them_all(shared):
    text = (shared / "domain/seeds/004_08b00c859ad2d299.txt").read_text(encoding="utf-8")
    assert (len(text), "(wù)" in text) == (20764, True)
    clean = clean_cell(text)
    assert not re.search(r"\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]+\)", clean)
    assert "服務型" in clean


def test_narrow():
    assert narrow("（９０％）\u3000") == "(90%)"


def test_clean_text_of_a_column():
    cells = pd.Series([" 张 村 ", 3.0, "", None], index=[4, 5, 6, 7], name="村", dtype=object)
    cleaned = clean_text(cells)
    assert cleaned.fillna("缺").tolist() == ["张村", "3", "缺", "缺"]
    assert (cleaned.name, cleaned.index.tolist()) == ("村", [4, 5, 6, 7])


def test_names_written_two_ways_have_one_key():
    same = ["張村 黨支部（一）", "张村党支部(一)", "张村\n党支部 （一）", "張村黨支部【一】"]
    assert {key_of(name) for name in same[:3]} == {"张村党支部(一)"}
    assert match_key(pd.Series([*same[:2], None])).tolist()[:2] == ["张村党支部(一)"] * 2
    assert key_of("张村") != key_of("章村")


def test_simplify():
    assert simplify_cell("臺灣服務型黨組織") == "台湾服务型党组织"
    assert simplify_cell("abc") == "abc"
    assert simplify(pd.Series(["黨", None])).fillna("").tolist() == ["党", ""]


def test_ditto_takes_the_cell_above_even_a_blank():
    cells = pd.Series(["同上", "甲", "〃", None, "同上", "乙", '"'], dtype=object)
    assert fill_ditto(cells).fillna("缺").tolist() == ["同上", "甲", "甲", "缺", "缺", "乙", "乙"]
    assert cells[2] == "〃"


def test_each_text_works_once_for_each_distinct_cell():
    seen = []
    each_text(pd.Series(["a", "b", "a"]), lambda text: seen.append(text) or text)
    assert seen == ["a", "b"]
