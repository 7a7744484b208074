"""Schemes and criteria in TOML: what is built in, and every mistake told at once."""

import math
import re

import pytest

from servicepo.errors import FrameworkError
from servicepo.framework import load_framework
from servicepo.rules import load_criteria, load_scheme

TWO = """
id = "two"
name = "两档"
citation = "made for the tests"
[[grades]]
code = "up"
name = "上"
from = 60
[[grades]]
code = "down"
name = "下"
below = 60
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="own.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_cut_offs_of_the_circular_of_2012():
    """组厅字〔2012〕6号: 90 and more 好, 80-89 较好, 60-79 一般, below 60 较差; bar at 90 %."""
    scheme = load_scheme("four_grades_2012")
    assert [(g.code, g.low, g.high) for g in scheme.grades] == [
        ("good", 90, math.inf),
        ("fairly_good", 80, 90),
        ("average", 60, 80),
        ("poor", -math.inf, 60),
    ]
    assert [g.label() for g in scheme.grades] == ["好", "较好", "一般", "较差"]
    (bar,) = scheme.bars
    assert (bar.indicator, bar.below, bar.grades) == (
        "results_welcomed",
        0.9,
        ("good", "fairly_good"),
    )
    assert scheme.best_allowed(bar) == "average"
    assert not scheme.illustrative
    assert scheme.label("poor", "en") == "poor"


def test_three_grades_say_that_their_cut_offs_are_illustrative():
    scheme = load_scheme("three_grades")
    assert [g.label() for g in scheme.grades] == ["先进", "一般", "后进"]
    assert scheme.illustrative
    assert scheme.reason


def test_the_eight_criteria_stand_in_the_order_of_the_opinion():
    criteria = load_criteria("weak_opinion_eight")
    assert [c.label() for c in criteria.criteria] == [
        "组织设置不合理",
        "隶属关系不顺畅",
        "领导班子不健全",
        "工作制度不完善",
        "经费场所保障不落实",
        "宗旨意识不牢",
        "工作作风不好",
        "服务能力不强",
    ]
    assert criteria.illustrative
    assert all(c.conditions or c.note for c in criteria.criteria)


def test_built_in_rules_look_at_indicators_of_six_haves():
    codes = {i.code for i in load_framework("six_haves").indicators}
    looked_at = {bar.indicator for bar in load_scheme("four_grades_2012").bars}
    for criterion in load_criteria("weak_opinion_eight").criteria:
        looked_at |= {c.indicator for c in criterion.conditions if c.indicator}
    assert looked_at <= codes


def test_a_scheme_of_ones_own(written):
    scheme = load_scheme(written(TWO))
    assert repr(scheme) == "Scheme(two 1: 2 grades, 0 bars)"
    assert scheme.order == ["down", "up"]


def test_every_mistake_of_a_scheme_is_told_at_once(written):
    path = written(
        """
id = "wrong"
name = "错"
citation = "-"
colour = "red"
[[grades]]
code = "a"
name = "甲"
from = 90
below = 100
[[grades]]
code = "b"
name = "乙"
from = 70
below = 85
[[grades]]
code = "a"
name = "丙"
from = 10
below = 75
[[bars]]
code = "bar"
name = "限"
indicator = "results_welcomed"
below = 0.9
grades = ["b"]
"""
    )
    lines = [
        "grades of a bar must be the best ones, got ['b'] (at $.bars[0].grades). "
        "Take the first ones of a, b.",
        "every code must stand once, got 'a' (at $.grades). Rename one of them.",
        "the best grade must be open above, got 100.0 (at $.grades[0].below). "
        "Drop it, or write the best grade first.",
        "the lowest grade must be open below, got 10.0 (at $.grades[2].from). "
        "Drop it, or add a grade below.",
        "grades must meet without a gap, got 'a from 90, b below 85' (at $.grades[1].below). "
        "Give both the same number.",
        "grades must meet without an overlap, got 'b from 70, a below 75' (at $.grades[2].below). "
        "Give both the same number.",
        "Every key must be known, got 'colour' (at $). "
        "Take one of bars, bonus, citation, grades, id, illustrative, method, name, reason, "
        "rounding, ties, version, within.",
    ]
    message = (
        f"A scheme must be declared without mistakes, got 7 (at {path}). Mend each of them:\n"
        + "\n".join(f"- {line}" for line in lines)
    )
    with pytest.raises(FrameworkError, match=f"^{re.escape(message)}$"):
        load_scheme(path)


def test_every_mistake_of_criteria_is_told_at_once(written):
    path = written(
        """
id = "wrong"
name = "错"
citation = "-"
[[criteria]]
code = "a"
name = "甲"
[[criteria]]
code = "a"
name = "乙"
[[criteria.conditions]]
indicator = "x"
column = "y"
below = 1
above = 2
"""
    )
    lines = [
        "a criterion must have conditions or a note, got None (at $.criteria[0].conditions). "
        "Add [[criteria.conditions]], or say in note why there are none.",
        "a condition must name an indicator or a column, got ['x', 'y'] "
        "(at $.criteria[1].conditions[0]). Keep the one that is looked at.",
        "a condition must give below or above, got [1.0, 2.0] "
        "(at $.criteria[1].conditions[0]). Keep one of them.",
        "every code must stand once, got 'a' (at $.criteria). Rename one of them.",
    ]
    message = (
        f"A scheme must be declared without mistakes, got 4 (at {path}). Mend each of them:\n"
        + "\n".join(f"- {line}" for line in lines)
    )
    with pytest.raises(FrameworkError, match=f"^{re.escape(message)}$"):
        load_criteria(path)


def test_one_grade_is_no_scheme(written):
    path = written('id = "x"\nname = "x"\ncitation = "-"\n[[grades]]\ncode = "a"\nname = "甲"\n')
    with pytest.raises(FrameworkError, match="a scheme must have at least 2 grades, got 1"):
        load_scheme(path)


def test_files_that_cannot_be_read(written, tmp_path):
    with pytest.raises(FrameworkError, match=r"^A scheme file must exist, got '.*none\.toml'\. "):
        load_scheme(tmp_path / "none.toml")
    broken = written("id = ")
    with pytest.raises(FrameworkError, match=r"^A scheme file must be TOML, got a mistake: "):
        load_scheme(broken)
    broken.write_bytes("id = '好'".encode("gb18030"))
    with pytest.raises(FrameworkError, match=r"^A scheme file must be UTF-8 text, got other bytes"):
        load_scheme(broken)
    message = (
        "A scheme must be a built-in id or a path to a .toml file, got 'five_stars'. "
        "Did you mean 'five_stars_2015'?"
    )
    with pytest.raises(FrameworkError, match=f"^{re.escape(message)}$"):
        load_scheme("five_stars")


SCHEMES = [
    "branch_stars",
    "five_stars_2015",
    "four_grades_2012",
    "four_grades_guangxi_2012",
    "four_grades_natural_breaks",
    "four_grades_quota",
    "three_grades",
    "three_grades_hubei_2011",
    "three_grades_rank_sum_ratio",
]


@pytest.mark.parametrize("name", SCHEMES)
def test_built_in_schemes_give_their_source(name):
    scheme = load_scheme(name)
    assert scheme.id == name
    assert len(scheme.citation) > 20
    assert bool(scheme.reason) == scheme.illustrative
    assert all(g.label("en").isascii() and g.label() for g in scheme.grades)


def test_numbers_of_five_stars_2015():
    """五星创评 2015: 90/80/70/60, about 10 %, 30 %, 40 %, 110 points, an innovation project."""
    scheme = load_scheme("five_stars_2015")
    assert scheme.cuts == [60, 70, 80, 90]
    assert scheme.quotas[2:] == [0.4, 0.3, 0.1]
    assert all(map(math.isnan, scheme.quotas[:2]))
    assert (scheme.bonus, scheme.within, scheme.rounding, scheme.ties) == (
        10,
        "sector",
        "nearest",
        "up",
    )
    (bar,) = scheme.bars
    assert (bar.looks_at, bar.limit, bar.grades) == ("innovation_projects", 1, ("five_stars",))


def grades(*lines):
    """Write three grades, each with its own lines."""
    codes = ["a", "b", "c"]
    return "\n".join(
        f'[[grades]]\ncode = "{c}"\nname = "{c}"\n{line}'
        for c, line in zip(codes, lines, strict=True)
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            grades("quota = 0.5", "quota = 0.5", ""),
            "quotas must sum to less than 1, got 1.0 (at $.grades). "
            "Lower them so that something is left for the lowest grade.",
        ),
        (
            grades("quota = 10", "quota = 0.5", ""),
            "a quota must lie between 0 and 1, got 10.0 (at $.grades[0].quota). "
            "Write 0.1 for a tenth of a class.",
        ),
        (
            grades("quota = 0.1", "quota = 0.5", "quota = 0.4"),
            "the lowest grade must have no quota, got 0.4 (at $.grades[2].quota). "
            "Drop it; the lowest grade takes the rest.",
        ),
        (
            grades("quota = 0.1", "", ""),
            "grades must have cut-offs or quotas, got ['b'] (at $.grades). "
            'Write from and below, or quota, or method = "natural_breaks".',
        ),
        (
            'method = "natural_breaks"\n' + grades("from = 1", "", ""),
            "grades by natural_breaks must have no cut-offs and no quotas, got 'some' "
            "(at $.grades). Drop from, below and quota of the grades.",
        ),
        (
            'rounding = "up"\n' + grades("quota = 0.1", "quota = 0.5", ""),
            "rounding must be a known word, got 'up' (at $.rounding). "
            "Take one of floor, nearest, ceil.",
        ),
        (
            grades("quota = 0.1", "quota = 0.5", "")
            + '\n[[bars]]\ncode = "x"\nname = "x"\ncolumn = "y"\ndimension = "z"\nbelow = 1\n'
            'grades = ["a"]\n',
            "a bar must name an indicator, a column or a dimension, got ['', 'y', 'z'] "
            "(at $.bars[0]). Keep the one that is looked at.",
        ),
        (
            grades("quota = 0.1", "quota = 0.5", "")
            + '\n[[bars]]\ncode = "x"\nname = "x"\ncolumn = "y"\ngrades = ["a"]\n',
            "a bar must give below or above, got [None, None] (at $.bars[0]). Keep one of them.",
        ),
        (
            grades("quota = 0.1", "quota = 0.5", "")
            + '\n[[bars]]\ncode = "x"\nname = "x"\ncolumn = "y"\nbelow = 1\npromotion = true\n'
            'grades = ["a"]\n',
            "a bar on promotion must name no grades, got ['a'] (at $.bars[0].grades). "
            "Keep promotion for what bars grades better than before.",
        ),
    ],
)
def test_quotas_and_bars_that_cannot_be(written, text, line):
    path = written('id = "x"\nname = "x"\ncitation = "-"\n' + text)
    message = f"A scheme must be declared without mistakes, got 1 (at {path}). Mend each of them:"
    message = f"{message}\n- {line}"
    with pytest.raises(FrameworkError, match=f"^{re.escape(message)}$"):
        load_scheme(path)
