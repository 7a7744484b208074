"""The catalogue of indicators: every entry loads, is computed somewhere, and stands on its page."""

from pathlib import Path

import pytest

from servicepo.catalogue import _entries, catalogue
from servicepo.errors import FrameworkError
from servicepo.framework import load_framework
from servicepo.labels import WORDS
from servicepo.measures import MEASURES

PAGE = Path(__file__).parents[1] / "docs" / "catalogue.md"
HEAD = 'id = "all"\nname = "全部"\ncitation = "无"\n[[dimensions]]\ncode = "d"\nname = "维"\n'


@pytest.fixture
def everything(tmp_path):
    lines = "".join(f'[[dimensions.indicators]]\ncatalogue = "{c}"\n' for c in _entries())
    path = tmp_path / "all.toml"
    path.write_text(HEAD + lines, encoding="utf-8")
    return load_framework(path)


def test_every_entry_is_an_indicator(everything):
    assert [i.code for i in everything.indicators] == list(_entries())
    for indicator, entry in zip(everything.indicators, _entries().values(), strict=True):
        assert dict(indicator.name) == entry["name"]
        assert indicator.citation == entry["citation"]


def test_every_measure_of_the_ledger_stands_in_the_catalogue(everything):
    used = {i.source["measure"] for i in everything.indicators if i.source["kind"] == "service"}
    assert used == set(MEASURES)
    kinds = {i.source["kind"] for i in everything.indicators}
    assert kinds == {"service", "ratio", "frequency", "checklist"}


def test_the_page_is_the_catalogue():
    """The page holds one line for each entry, in both languages; `page` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


def page():
    chinese, english = catalogue("zh"), catalogue("en")
    lines = [
        "# 内置指标目录", "",
        "在指标体系里写 `catalogue = \"on_time\"`，就用上目录里的一个指标；同一处再写的键"
        "（名称、上下界、来源……）优先。", "",
        "A framework takes an indicator of this list by `catalogue = \"on_time\"`; keys written "
        "beside it come first.", "",
    ]  # fmt: skip
    for group in chinese["group"].unique():
        own = chinese[chinese["group"] == group]
        lines += [
            f"## {group} {english.loc[own.index[0], 'group']}", "",
            "| 词 | 名称 | 分子 | 分母 | 归期 | 依据 |", "|---|---|---|---|---|---|",
        ]  # fmt: skip
        for code, row in own.iterrows():
            other = english.loc[code]
            cells = [f"`{code}`"]
            for column in ("name", "numerator", "denominator", "rule"):
                cells.append(f"{row[column]}<br>{other[column]}" if row[column] else "—")
            lines.append(f"| {' | '.join([*cells, row['citation']])} |")
        lines.append("")
    return "\n".join(lines)


def test_keys_beside_it_come_first(tmp_path):
    path = tmp_path / "f.toml"
    line = (
        '[[dimensions.indicators]]\ncatalogue = "on_time"\ncode = "fast"\nname = "快"\n'
        'source = { kind = "service", measure = "on_time_share", where = { way = "agency" } }\n'
    )
    path.write_text(HEAD + line, encoding="utf-8")
    indicator = load_framework(path).indicators[0]
    assert (indicator.code, indicator.label()) == ("fast", "快")
    assert indicator.source["where"] == {"way": ("agency",)}
    assert indicator.goalposts == (0, 1)


def test_a_wrong_word_is_told(tmp_path):
    path = tmp_path / "f.toml"
    path.write_text(HEAD + '[[dimensions.indicators]]\ncatalogue = "on_tme"\n', encoding="utf-8")
    with pytest.raises(FrameworkError, match="catalogue must be a known word, got 'on_tme'"):
        load_framework(path)


def test_every_rule_has_its_words():
    assert {f"rule.{entry['rule']}" for entry in _entries().values()} <= set(WORDS)
