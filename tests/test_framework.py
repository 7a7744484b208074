"""Frameworks: the built-in ones, every mistake told at once, weights per level."""

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from servicepo import sources
from servicepo.errors import FrameworkError
from servicepo.framework import Dimension, Framework, Indicator, load_framework
from servicepo.measures import MEASURES
from servicepo.tables import DOMAIN_OF_SECTOR, SECTORS

BUILT_IN = ("six_haves", "five_services", "five_tasks", "base_plus_plan")

GOOD = """
id = "mine"
name = "我的体系"
citation = "某县 2024"

[source_weights]
self = 0.4
superior = 0.6

[[dimensions]]
code = "a"
name = { zh = "甲", en = "A" }
weight = 2

[[dimensions.indicators]]
code = "a1"
name = "甲一"
unit = "points"
full_mark = 10
source = { kind = "evaluation", item = "甲一" }

[[dimensions.indicators]]
code = "a2"
name = "甲二"
unit = "share"
goalposts = [0, 1]
sectors = ["village"]
[dimensions.indicators.source]
kind = "survey"
question = "满意吗"
scale = { satisfied = 1, dissatisfied = 0 }
unknown = 0.5

[[dimensions]]
code = "b"
name = "乙"
weight = 1

[[dimensions.indicators]]
code = "b1"
name = "乙一"
[dimensions.indicators.source]
kind = "service"
measure = "median_days"
where = { service = "livelihood", need = ["medical", "housing"] }
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def problems(write):
    """Load a changed framework and return the problems that are told."""

    def problems(old, new, text=GOOD):
        assert old in text
        with pytest.raises(FrameworkError) as caught:
            load_framework(write(text.replace(old, new)))
        first, *lines = str(caught.value).splitlines()
        assert re.fullmatch(
            rf"A framework must be declared without mistakes, got {len(lines)} "
            r"\(at .*mine\.toml\)\. Mend each of them:",
            first,
        )
        return [line.removeprefix("- ") for line in lines]

    return problems


# -- the built-in frameworks -----------------------------------------------------------------------
@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_frameworks_are_whole(name):
    framework = load_framework(name)
    assert framework.id == name
    assert framework.citation
    codes = [i.code for i in framework.indicators]
    assert len(set(codes)) == len(codes)
    for item in (*framework.dimensions, *framework.indicators):
        assert item.label("zh") != item.label("en")
        assert re.search("[\u4e00-\u9fff]", item.label("zh"))
        assert not re.search("[\u4e00-\u9fff]", item.label("en"))
    for indicator in framework.indicators:
        assert indicator.citation or indicator.illustrative
        assert indicator.unit_label("en") != indicator.unit_label("zh")
    told = framework.illustrative_numbers()
    assert (told["reason"] != "").all()
    assert framework.to_frame().index.tolist() == codes


def test_six_haves_has_eighteen_descriptors_and_a_task_for_every_sector():
    framework = load_framework("six_haves")
    assert [d.label() for d in framework.dimensions] == [
        "领导班子",
        "骨干队伍",
        "服务场所",
        "服务载体",
        "制度机制",
        "服务业绩",
    ]
    common = [i for i in framework.indicators if not i.sectors]
    assert len(common) == 18
    for sector in SECTORS:
        own = framework.applicable(DOMAIN_OF_SECTOR[sector], sector)
        assert len(own) == 19
        assert f"task_{sector}" in {i.code for i in own}
    assert framework.source_weights == {"self": 0.15, "mass": 0.2, "superior": 0.65}
    assert framework.dimension_weights() == dict.fromkeys([d.code for d in framework.dimensions], 1)


def test_the_numbers_of_the_source_documents_are_not_illustrative():
    framework = load_framework("five_tasks")
    grids = framework.indicator("system_grids")
    assert (grids.direction, grids.interval, grids.illustrative) == ("interval", (50, 100), False)
    staff = framework.indicator("backbone_staff_pay")
    assert (staff.source["lag"], staff.goalposts, staff.illustrative) == (1, (0, 1), False)
    assert framework.indicator("backbone_secretary_pay").source["lag"] == 0


def test_the_base_share_falls_year_by_year():
    framework = load_framework("base_plus_plan")
    assert framework.weights_change_over_time
    shares = [framework.dimension_weights(year)["base"] for year in range(2015, 2027)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 0.6
    assert shares[-1] == shares[-3] == 0.3
    assert framework.dimension_weights("2010")["base"] == 0.6
    for period in (2023, "2023", "2023H2", pd.Period("2023Q3", "2Q-DEC"), pd.Period("2023")):
        weights = framework.dimension_weights(period)
        assert weights == {"base": 0.35, "plan": 0.65}
    with pytest.raises(
        FrameworkError,
        match=r"^A period must be given where weights change over time, got None for "
        r"base_plus_plan\. Ask for dimension_weights\(period\)\.$",
    ):
        framework.dimension_weights()


# -- a framework of one's own ----------------------------------------------------------------------
def test_what_is_declared_is_what_is_there(write):
    framework = load_framework(write(GOOD))
    assert repr(framework) == "Framework(mine 1: 2 dimensions, 3 indicators)"
    assert framework.name == {"zh": "我的体系", "en": "我的体系"}
    assert framework.dimension_weights() == {"a": 2, "b": 1}
    assert framework.indicator_weights("a") == {"a1": 1, "a2": 1}
    a1, a2, b1 = framework.indicators
    assert a1.source == {"kind": "evaluation", "item": ("甲一",), "combine": "mean"}
    assert a1.goalposts == (0, 10)
    assert (a2.source["unknown"], a2.source["scale"]) == (0.5, {"satisfied": 1, "dissatisfied": 0})
    assert not a2.applies("enterprise", "building")
    assert a2.applies(None, None)
    assert b1.source["where"] == {"service": ("livelihood",), "need": ("medical", "housing")}
    assert (b1.direction, b1.unit) == ("cost", "days")
    assert b1.unit_label() == "天"
    frame = framework.to_frame("en")
    assert frame.loc["a2", ["dimension_name", "sectors", "kind"]].tolist() == [
        "A",
        "village",
        "survey",
    ]
    assert "我的体系" in framework._repr_html_()


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(GOOD.encode("utf-8-sig"))
    assert load_framework(str(path)).id == "mine"


def test_values_may_be_handed_over_without_a_source(write):
    text = GOOD.replace('source = { kind = "evaluation", item = "甲一" }', "")
    assert load_framework(write(text)).indicator("a1").source == {"kind": "given"}


def test_records_built_by_hand_have_declared_weights():
    indicator = Indicator(
        "x", {"zh": "某", "en": "x"}, "d", "benefit", "部", None, None, None, None, 3.0, (), (),
        {"kind": "given"}, False, "",
    )  # fmt: skip
    dimension = Dimension("d", {"zh": "维", "en": "d"}, 1.0, (indicator,), False, "")
    framework = Framework("f", {"zh": "架", "en": "f"}, "1", "", (dimension,), {})
    assert framework.indicator_weights("d") == {"x": 3.0}
    assert indicator.unit_label("en") == "部"


# -- weights ---------------------------------------------------------------------------------------
AHP = GOOD.replace("weight = 2", "").replace("weight = 1\n", "\n")


def test_a_method_word_is_passed_on(write):
    top = AHP.replace('citation = "某县 2024"', 'citation = "某县 2024"\nweights = "entropy"')
    framework = load_framework(write(top))
    assert framework.dimension_weights() == "entropy"
    inside = AHP.replace('code = "a"', 'code = "a"\nweights = "critic"')
    framework = load_framework(write(inside))
    assert framework.indicator_weights("a") == "critic"
    assert framework.indicator_weights("b") == {"b1": 1}


def test_ahp_weights_come_from_the_judgements(write):
    weights = '\n[weights]\nmethod = "ahp"\nmatrix = [[1, 3], ["1/3", 1]]\n'
    framework = load_framework(write(AHP.replace("[source_weights]", weights + "[source_weights]")))
    found = framework.dimension_weights()
    assert found["a"] / found["b"] == pytest.approx(3)
    assert framework.weighting.method == "ahp"
    assert framework.weighting.matrix == ((1, 3), (1 / 3, 1))


def test_three_decimals_of_a_reciprocal_pass(write):
    weights = '\n[weights]\nmethod = "ahp"\nmatrix = [[1, 7], [0.143, 1]]\n'
    framework = load_framework(write(AHP.replace("[source_weights]", weights + "[source_weights]")))
    weights = framework.dimension_weights()
    assert weights["a"] / weights["b"] == pytest.approx(7)


def test_an_illustrative_direction_is_told_as_one():
    told = load_framework("five_services").illustrative_numbers().set_index("code")["number"]
    assert told["reform_volume"] == "direction benefit"
    assert told["livelihood_days"] == "direction cost"
    assert (told != "").all()


def test_illustrative_numbers_name_their_place_and_reason(write):
    text = GOOD.replace(
        'code = "a2"', 'code = "a2"\nillustrative = true\nreason = "没有依据"\ncitation = "某书"'
    ).replace('name = "乙"', 'name = "乙"\nillustrative = true\nreason = "示例"')
    told = load_framework(write(text)).illustrative_numbers()
    assert told.to_dict("records") == [
        {
            "path": "$.dimensions[0].indicators[1]",
            "code": "a2",
            "number": "goalposts 0–1; scale satisfied 1, dissatisfied 0; unknown 0.5",
            "citation": "某书",
            "reason": "没有依据",
        },
        {
            "path": "$.dimensions[1]",
            "code": "b",
            "number": "weight 1",
            "citation": "",
            "reason": "示例",
        },
    ]


# -- mistakes --------------------------------------------------------------------------------------
CASES = [
    ('id = "mine"', "", "id must be a text, got None (at $.id). Write it between double quotes."),
    (
        'name = "我的体系"',
        'name = { en = "Mine" }',
        "name must give a Chinese name, got {'en': 'Mine'} (at $.name). "
        'Write name = { zh = "…", en = "…" }.',
    ),
    (
        'citation = "某县 2024"',
        'citation = "某县 2024"\nverson = "2"',
        "Every key must be known, got 'verson' (at $). Did you mean 'version'?",
    ),
    (
        "superior = 0.6",
        "superior = 0.5",
        "source weights must sum to 1, got 0.9 (at $.source_weights). Correct the weights.",
    ),
    (
        "superior = 0.6",
        "superior = 0.6\nsuperor = 0",
        "Every key must be known, got 'superor' (at $.source_weights). Did you mean 'superior'?",
    ),
    (
        'code = "b"',
        'code = "a"',
        "Every code must stand once, got 'a' (at $.dimensions). Rename one of them.",
    ),
    (
        'code = "b1"',
        'code = "a1"',
        "Every code must stand once, got 'a1' (at $.dimensions). Rename one of them.",
    ),
    (
        'code = "a1"',
        'code = "a1"\ndirection = "benifit"',
        "direction must be a known word, got 'benifit' "
        "(at $.dimensions[0].indicators[0].direction). Did you mean 'benefit'?",
    ),
    (
        "goalposts = [0, 1]",
        "goalposts = [1, 0]",
        "goalposts must run from low to high, got [1, 0] "
        "(at $.dimensions[0].indicators[1].goalposts). "
        "Write the smaller number first; direction says which is best.",
    ),
    (
        "goalposts = [0, 1]",
        "goalposts = [0]",
        "goalposts must be two numbers, got [0] (at $.dimensions[0].indicators[1].goalposts). "
        "Write goalposts = [low, high].",
    ),
    (
        "goalposts = [0, 1]",
        'direction = "interval"',
        "interval must be given where direction is 'interval', got None "
        "(at $.dimensions[0].indicators[1].interval). "
        'interval goes with direction = "interval", and only with it.',
    ),
    (
        "goalposts = [0, 1]",
        "target = 0.5",
        "target must be left out where direction is 'benefit', got 0.5 "
        "(at $.dimensions[0].indicators[1].target). "
        'target goes with direction = "target", and only with it.',
    ),
    (
        "full_mark = 10",
        "full_mark = 0",
        "full_mark must be above 0, got 0.0 (at $.dimensions[0].indicators[0].full_mark). "
        "Correct the number.",
    ),
    (
        "full_mark = 10",
        'full_mark = "10"',
        "full_mark must be a number, got '10' (at $.dimensions[0].indicators[0].full_mark). "
        "Write it without quotes.",
    ),
    (
        'unit = "points"',
        "",
        "unit must be a text, got None (at $.dimensions[0].indicators[0].unit). "
        "Write it between double quotes.",
    ),
    (
        'sectors = ["village"]',
        'sectors = ["vilage"]',
        "sectors must hold known words, got 'vilage' (at $.dimensions[0].indicators[1].sectors). "
        "Did you mean 'village'?",
    ),
    (
        'sectors = ["village"]',
        'sectors = ["village"]\ndomains = ["organs"]',
        "sectors must lie in the domains, got 'village' "
        "(at $.dimensions[0].indicators[1].sectors). "
        "Add 'rural' to domains or take the sector out.",
    ),
    (
        "weight = 2",
        "weight = -2",
        "weight must be at least 0, got -2 (at $.dimensions[0].weight). Correct the number.",
    ),
    (
        "weight = 2",
        "",
        "weight must be given for all, got '1 of 2' (at $.dimensions). "
        'Write weight for every one of them, or weights = "equal".',
    ),
    (
        'code = "a2"',
        'code = "a2"\nillustrative = true',
        "reason must be given where illustrative is true, got None "
        "(at $.dimensions[0].indicators[1].reason). "
        "Say in one sentence why the sources do not give the number.",
    ),
    (
        'code = "a2"',
        'code = "a2"\nillustrative = "yes"',
        "illustrative must be true or false, got 'yes' "
        "(at $.dimensions[0].indicators[1].illustrative). Write it without quotes.",
    ),
    (
        'kind = "survey"',
        'kind = "surveys"',
        "kind must be a known word, got 'surveys' (at $.dimensions[0].indicators[1].source.kind). "
        "Did you mean 'survey'?",
    ),
    (
        "unknown = 0.5",
        'unkown = "exclude"',
        "unknown must be declared, got None (at $.dimensions[0].indicators[1].source.unknown). "
        'Write unknown = "exclude", or the number such answers are worth.',
    ),
    (
        "scale = { satisfied = 1, dissatisfied = 0 }",
        "scale = { satisfied = 1 }",
        "scale must value at least two answers, got {'satisfied': 1.0} "
        "(at $.dimensions[0].indicators[1].source.scale). "
        "Write scale = { satisfied = 1, mostly_satisfied = 0.8, dissatisfied = 0 }.",
    ),
    (
        'measure = "median_days"',
        'measure = "medain_days"',
        "measure must be a known word, got 'medain_days' "
        "(at $.dimensions[1].indicators[0].source.measure). Did you mean 'median_days'?",
    ),
    (
        'service = "livelihood"',
        'service = "livelyhood"',
        "service must hold known words, got 'livelyhood' "
        "(at $.dimensions[1].indicators[0].source.where.service). Did you mean 'livelihood'?",
    ),
    (
        'service = "livelihood"',
        'servic = "livelihood"',
        "Every key must be known, got 'servic' (at $.dimensions[1].indicators[0].source.where). "
        "Did you mean 'service'?",
    ),
    (
        'item = "甲一"',
        'item = "甲一", sources = { self = 0.5, mass = 0.4 }',
        "source weights must sum to 1, got 0.9 (at $.dimensions[0].indicators[0].source.sources). "
        "Correct the weights.",
    ),
    (
        '{ kind = "evaluation", item = "甲一" }',
        '{ kind = "attribute", column = "famlies" }',
        "column must be a known word, got 'famlies' "
        "(at $.dimensions[0].indicators[0].source.column). "
        "Take one of members, households, staff, grids.",
    ),
    (
        '{ kind = "evaluation", item = "甲一" }',
        '{ kind = "ratio", numerator = "报酬", denominator = "收入", lag = 0.5 }',
        "lag must be a whole number of periods, got 0.5 "
        "(at $.dimensions[0].indicators[0].source.lag). Write 0 or 1.",
    ),
    (
        'citation = "某县 2024"',
        'citation = "某县 2024"\nweights = "entropie"',
        "weights must be a known word, got 'entropie' (at $.weights). Did you mean 'entropy'?",
    ),
    (
        'citation = "某县 2024"',
        'citation = "某县 2024"\nweights = "entropy"',
        "weight must not be written where the method is 'entropy', got '2 of 2' (at $.dimensions). "
        'Leave the weights out, or write method = "given".',
    ),
    (
        "weight = 2",
        "weight_by_year = { 2020 = 0.5 }",
        "weight_by_year must name the same years in every dimension, got 'a: 2020; b: ' "
        "(at $.dimensions). Complete the years.",
    ),
]


@pytest.mark.parametrize(("old", "new", "problem"), CASES)
def test_a_mistake_is_told_with_its_path(problems, old, new, problem):
    assert problem in problems(old, new)


JUDGED = (
    GOOD.replace("weight = 2", "")
    .replace("weight = 1\n", "\n")
    .replace("[source_weights]", '[weights]\nmethod = "ahp"\nmatrix = MATRIX\n\n[source_weights]')
)


@pytest.mark.parametrize(
    ("matrix", "problem"),
    [
        (
            "[[1, 3], [0.3, 1]]",
            "matrix must be reciprocal, got 3 and 0.3 (at (a, b) and its mirror) "
            "(at $.weights.matrix). "
            "Write one judgement and 1 divided by it, with three decimals or more.",
        ),
        (
            "[[1, 3, 5], [1, 1, 1]]",
            "matrix must have 2 rows and columns, one for each of what is weighted, got '2 x 3' "
            "(at $.weights.matrix). Complete it.",
        ),
        (
            '[[1, "a"], [1, 1]]',
            "matrix must be a judgement matrix, got [[1, 'a'], [1, 1]] (at $.weights.matrix). "
            'Write rows of numbers and fractions, as [[1, 3], ["1/3", 1]].',
        ),
        (
            "[[1, -3], [-3, 1]]",
            "every judgement of matrix must be above 0, got -3 (at (a, b)) (at $.weights.matrix). "
            "Write how many times the row counts as much as the column.",
        ),
    ],
)
def test_a_wrong_judgement_matrix(problems, matrix, problem):
    assert problems("MATRIX", matrix, JUDGED) == [problem]


def test_judgements_that_contradict_one_another_are_refused(problems):
    three = JUDGED + '\n[[dimensions]]\ncode = "c"\nname = "丙"\n[[dimensions.indicators]]\n'
    three += 'code = "c1"\nname = "丙一"\nunit = "points"\n'
    told = problems("MATRIX", '[[1, 9, "1/9"], ["1/9", 1, 9], [9, "1/9", 1]]', three)
    assert len(told) == 1
    assert re.fullmatch(
        r"judgements must have a consistency ratio below 0\.1, got CR \d+\.\d+ \(random index "
        r"'saaty'\) \(at \$\.weights\.matrix\)\. Judge the pair \(., .\) again first\.",
        told[0],
    )


def test_weights_that_are_all_zero(problems):
    text = GOOD.replace("weight = 1\n", "weight = 0\n")
    assert problems("weight = 2", "weight = 0", text) == [
        "weights must not all be 0, got 0 (at $.dimensions). Correct them."
    ]


def test_all_mistakes_are_told_at_once(problems):
    text = GOOD.replace('id = "mine"', "").replace("superior = 0.6", "superior = 0.7")
    text = text.replace("goalposts = [0, 1]", "goalposts = [2, 1]")
    found = problems('measure = "median_days"', 'measure = "days"', text)
    places = [re.search(r"\(at (\S+)\)", line).group(1) for line in found]
    assert sorted(places) == [
        "$.dimensions[0].indicators[1].goalposts",
        "$.dimensions[1].indicators[0].source.measure",
        "$.id",
        "$.source_weights",
    ]


def test_an_empty_file_says_what_is_missing(write):
    with pytest.raises(FrameworkError) as caught:
        load_framework(write(""))
    assert [re.search(r"\(at (\S+)\)", x).group(1) for x in str(caught.value).splitlines()[1:]] == [
        "$.dimensions",
        "$.id",
        "$.name",
        "$.citation",
    ]


def test_a_file_that_is_not_toml(write):
    with pytest.raises(
        FrameworkError,
        match=r"^A framework file must be TOML, got a mistake: .*line 1.* \(at .*mine\.toml\)\. "
        r"Mend the line it names; text stands between double quotes\.$",
    ):
        load_framework(write("id = mine"))


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(
        FrameworkError,
        match=r"^A framework file must be UTF-8 text, got other bytes \(at .*\)\. "
        r"Save it as UTF-8\.$",
    ):
        load_framework(path)


def test_a_file_that_is_not_there():
    with pytest.raises(
        FrameworkError,
        match=r"^A framework file must exist, got 'nowhere\.toml'\. Check the path\.$",
    ):
        load_framework("nowhere.toml")


def test_unknown_codes_name_the_near_ones():
    framework = load_framework("six_haves")
    with pytest.raises(
        FrameworkError,
        match=r"^An indicator of six_haves must be named, got 'team_styl'\. "
        r"Did you mean 'team_style'\?$",
    ):
        framework.indicator("team_styl")
    with pytest.raises(
        FrameworkError,
        match=r"^A dimension of six_haves must be named, got 'teams'\. Did you mean 'team'\?$",
    ):
        framework.dimension("teams")


def test_every_measure_has_a_name_a_unit_and_what_it_counts():
    for measure in MEASURES.values():
        for language in ("zh", "en"):
            assert measure.label(language) != f"measure.{measure.code}"


def test_the_example_of_the_documentation_loads(write):
    page = (Path(__file__).parents[1] / "docs" / "frameworks.md").read_text(encoding="utf-8")
    whole = re.search(r"```toml\n(id = .*?)```", page, re.DOTALL).group(1)
    framework = load_framework(write(whole))
    assert {i.source["kind"] for i in framework.indicators} == set(sources._KINDS) - {"given"}
    for measure in MEASURES:
        assert f"`{measure}`" in page


@pytest.mark.parametrize("name", ["本县考核", "本县考核体系", "本县考核指标体系"])
def test_a_framework_whose_name_says_so_is_not_called_a_framework_twice(name):
    framework = replace(load_framework("six_haves"), name={"zh": name, "en": "Our framework"})
    assert f"{framework.kind()}指标体系" == "本县考核指标体系"
    assert framework.kind("en") == "Our framework"
