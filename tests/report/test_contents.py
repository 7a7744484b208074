import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.anonymity import anonymous_codes
from servicepo.labels import WORDS
from servicepo.report.contents import gather
from servicepo.report.disclosure import FEWEST, suppressed
from servicepo.report.pieces import Table
from servicepo.report.sections.framework import FAMILIES


def quiet(*_):
    """Tell nobody."""


def built(data, **choices):
    framework = sp.load_framework("six_haves")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sp.MethodWarning)
        values = sp.tally(data, framework)
        return sp.build_index(values, framework, organisations=data.organisations, **choices)


@pytest.fixture(scope="module")
def data():
    found, _ = sp.synthesise(40, 2, seed=1)
    surveys = found.surveys.copy()
    # One organisation with too few answers to be shown.
    last = surveys["period"].max()
    few = (surveys["org"] == surveys["org"].iloc[0]) & (surveys["period"] == last)
    surveys["count"] = surveys["count"].mask(few, (surveys["answer"] == "satisfied") * 1.0)
    return replace(found, surveys=surveys)


@pytest.fixture(scope="module")
def index(data):
    return built(data)


@pytest.fixture(scope="module")
def content(index):
    return gather(index, language="zh", names=False, seed=0, tell=quiet)


def texts(content):
    """Everything a reader can read, figures aside."""
    said = [content.title, content.subtitle]
    for section in content.sections:
        said += [section.title, *(part for part in section.parts if isinstance(part, str))]
    for table in [*content.tables, *content.appendix]:
        said += [table.title, *table.notes, *map(str, table.frame.columns)]
        said += [cell for row in replace(table, shown=None).cells() for cell in row]
    return said


def test_sections_come_in_their_order(content):
    assert [s.key for s in content.sections] == [
        "summary",
        "data",
        "framework",
        "scores",
        "domains",
        "dimensions",
        "grades",
        "parties",
        "weak",
        "change",
        "robustness",
        "methods",
        "notes",
    ]
    assert [s.title[:2] for s in content.sections[:3]] == ["一、", "二、", "三、"]


def test_no_code_of_the_house_is_left_in_what_people_read(content, index):
    codes = {i.code for i in index.framework.indicators} | {"bottom_share", "[[", "]]", "{", "}"}
    found = {code for code in codes for text in texts(content) if code in text}
    assert found == set()


@pytest.mark.parametrize(
    "framework", ["six_haves", "five_services", "five_tasks", "base_plus_plan"]
)
def test_every_word_of_an_illustrative_number_is_known(framework):
    numbers = sp.load_framework(framework).illustrative_numbers()["number"].str.cat(sep=" ")
    for token in re.findall("[a-z_]+", numbers):
        assert any(f"{family}.{token}" in WORDS for family in FAMILIES), token


def test_organisations_are_codes_unless_names_are_asked_for(content, index):
    names = set(index.overall.index.get_level_values("org"))
    said = "\n".join(texts(content))
    assert [name for name in names if name in said] == []
    named = gather(index, language="zh", names=True, seed=0, tell=quiet)
    ranks = next(t for t in named.appendix if t.key == "all_ranks")
    assert set(ranks.frame["党组织"]) == names


def test_the_order_of_the_appendix_does_not_tell_names(content, index):
    by_name = anonymous_codes(index.organisations, index.overall.index.unique("org"))
    for table in content.appendix[:4]:
        shown = table.frame["党组织"]
        assert shown.is_monotonic_increasing
        assert list(shown.unique()) != list(by_name.sort_index())
    scores, ranks = content.appendix[2].frame, content.appendix[0].frame
    np.testing.assert_array_equal(scores["党组织"], ranks["党组织"])
    assert sorted(ranks["综合得分"].dropna()) == sorted(index.overall.dropna())


def test_whose_weights_are_told_in_words(content):
    weights = next(t for t in content.appendix if t.key == "all_weights").frame
    assert {"村", "机关"} <= set(weights["类别"])
    assert not weights["类别"].str.contains("[a-z]").any()


def test_figures_show_codes_too(content, index):
    names = set(index.overall.index.get_level_values("org"))
    import matplotlib.pyplot as plt

    for figure in content.figures:
        axes = figure.draw()
        shown = {text.get_text().replace("\n", "") for text in axes.findobj(plt.Text)}
        plt.close(axes.figure)
        assert not shown & names


def test_survey_results_from_few_answers_are_shown_nowhere(content, index, data):
    hidden = suppressed(index)
    org, last = data.surveys["org"].iloc[0], index.overall.index.get_level_values("period").max()
    assert hidden.loc[(org, last), "results_welcomed"]
    # What would give it away beside the score of the dimension goes with it.
    assert hidden.loc[(org, last), "results_benefited"]
    assert not hidden.loc[(org, last), "team_style"]
    code = anonymous_codes(index.organisations, index.overall.index.unique("org"))[org]
    for key in ("all_values", "all_scores"):
        table = next(t for t in content.appendix if t.key == key)
        frame = table.frame
        [row] = frame.index[(frame["党组织"] == code) & (frame["考评期"] == str(last))]
        assert pd.isna(frame["群众欢迎"].iloc[row])
        assert pd.isna(frame["群众受益"].iloc[row])
        assert not pd.isna(frame["服务作风"].iloc[row])
        assert f"作答不足 {FEWEST} 份" in table.notes[0]


def test_cells_with_enough_answers_are_not_suppressed(index):
    answers = index.evidence.table["n"].xs("results_welcomed", level="indicator")
    enough = answers[answers >= FEWEST].index
    assert not suppressed(index).loc[enough, "results_recognised"].all()
    assert suppressed(index)["results_welcomed"].reindex(enough).mean() < 0.2


def test_the_weak_list_comes_with_the_warning_against_stigma(content):
    section = next(s for s in content.sections if s.key == "weak")
    assert "污名化" in section.parts[0]
    assert any("代码" in part for part in section.parts if isinstance(part, str))


def test_the_weak_list_tells_where_ranks_may_lie_and_which_reach_across_the_cut(content, index):
    table = next(t for t in content.tables if t.key == "weak")
    found = sp.find_weak(index, names=True)
    listed = found.table[found.table["weak"]]
    places = table.frame.iloc[:, 2].tolist()
    assert all(re.fullmatch(r"\d+/\d+( \(\d+–\d+\)\*?)?", place) for place in places)
    known = listed["rank_low"].notna()
    assert sum("(" in place for place in places) == known.sum() > 0
    assert sum("*" in place for place in places) == (listed["verdict"] == "unclear").sum()
    assert any("90%" in note for note in table.notes)


def test_the_numbers_of_the_sentences_are_those_of_the_index(content, index):
    last = index.overall.index.get_level_values("period").max()
    scores = index.overall.xs(last, level="period").dropna()
    section = next(s for s in content.sections if s.key == "scores")
    assert f"{len(scores)} 个党组织" in section.parts[0]
    assert f"平均 {scores.mean():.1f} 分" in section.parts[0]


def test_sources_are_compared_where_two_scored_and_else_not_mentioned(content, index):
    section = next(s for s in content.sections if s.key == "parties")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sp.MethodWarning)
        compared = sp.compare_sources(index, within=content.choices["ranked_within"])
    found = compared.inflation
    said = " ".join(part for part in section.parts if isinstance(part, str))
    assert "由自评、群众测评、组织考评分别评分" in said
    assert f"自评比组织考评平均高 {found['inflation'].mean():.1f} 分" in said
    sure = int((found["probability"] > 0.9).sum())
    assert f"{sure} 个党组织偏高超过 5 分的把握在九成以上" in said
    table = next(part for part in section.parts if isinstance(part, Table))
    overall = compared.agreement.set_index("sources")["w"]
    told = table.frame.set_index("评价主体")["Kendall W"]
    assert told["自评—组织考评"] == pytest.approx(overall["self;superior"])
    alone = index.evidence.data.evaluations.query("source == 'superior'")
    framework = sp.load_framework("six_haves")
    data = replace(index.evidence.data, evaluations=alone)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sp.MethodWarning)
        one = sp.build_index(sp.tally(data, framework), framework, organisations=data.organisations)
    made = gather(one, language="zh", names=False, seed=0, tell=quiet)
    assert "parties" not in [s.key for s in made.sections]
    assert [s.title[:2] for s in made.sections][7:9] == ["八、", "九、"]


def test_the_same_seed_gives_the_same_report(content, index):
    again = gather(index, language="zh", names=False, seed=0, tell=quiet)
    assert texts(again) == texts(content)


def test_english_says_everything_in_english(index):
    content = gather(index, language="en", names=False, seed=0, tell=quiet)
    heads = [str(name) for t in content.tables for name in t.frame.columns]
    titles = [piece.title for piece in (*content.sections, *content.tables, *content.appendix)]
    captions = [figure.caption for figure in content.figures]
    for text in [*heads, *titles, *captions]:
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in text), text


def one_period(marks):
    """Return the report on bare marks of one year, without files or roster."""
    framework = sp.load_framework("six_haves")
    rows = pd.MultiIndex.from_product(
        [[f"org{n}" for n in range(len(marks))], pd.period_range("2024", periods=1, freq="Y")],
        names=["org", "period"],
    )
    codes = [i.code for i in framework.indicators if not i.sectors and i.unit == "points"]
    values = pd.DataFrame(
        np.broadcast_to(marks, (len(codes), len(marks))).T * 1.0, index=rows, columns=codes
    )
    index = sp.build_index(values, framework, normalise="goalposts")
    return gather(index, language="zh", names=False, seed=0, tell=quiet)


def test_nobody_is_listed_where_all_are_alike():
    parts = {s.key: s.parts for s in one_period(np.full(5, 70.0)).sections}
    assert parts["weak"] == ("没有党组织符合所列规则，或各党组织得分相同、数据不足，无法区分。",)
    assert parts["robustness"][0].startswith("按现有数据无法完成本项分析")


def test_a_weak_list_without_reasons_names_none():
    # More than half stand at the bottom together, so that nobody is below the median.
    made = one_period(np.repeat([40.0, 90.0], [7, 3]))
    parts = {s.key: s.parts for s in made.sections}
    assert "7 个党组织进入软弱涣散（后进）名单。" in " ".join(map(str, parts["summary"]))
    assert "weak_reasons" not in [figure.key for figure in made.figures]


def test_one_period_without_evidence_or_organisations_is_told_not_failed():
    parts = {s.key: s.parts for s in one_period(np.linspace(60, 99, 12)).sections}
    assert parts["change"] == ("数据只有一个考评期，不能分析变化趋势。",)
    assert parts["data"][0].startswith("本指数由给定的数值直接计算")
    assert parts["domains"][0].startswith("按现有数据无法完成本项分析")
    assert any(isinstance(part, Table) for part in parts["scores"])


def test_a_report_on_little_of_the_framework_says_so_first():
    framework = sp.load_framework("six_haves")
    rows = pd.MultiIndex.from_product(
        [["甲", "乙", "丙"], pd.period_range("2024", periods=1, freq="Y")], names=["org", "period"]
    )
    values = pd.DataFrame({"team_style": [60.0, 70, 90], "team_level": [61.0, 72, 88]}, index=rows)
    index = sp.build_index(values, framework, normalise="goalposts")
    (summary,) = (
        s
        for s in gather(index, language="zh", names=False, seed=0, tell=quiet).sections
        if s.key == "summary"
    )
    assert summary.parts[0].startswith("注意：指标体系适用的 27 个指标中只有 2 个有数据")


def test_domains_are_compared_with_what_chance_would_give(content):
    section = next(s for s in content.sections if s.key == "domains")
    said = " ".join(part for part in section.parts if isinstance(part, str))
    assert re.search(r"P [=<] [\d.]+，置换检验 P [=<] [\d.]+", said)
    assert re.search(r"来自领域之间（95% 区间 [\d.]+%—[\d.]+%；随机分成同样大小的组时约为", said)
    assert re.search(r"各领域平均分最大相差 [\d.]+ 分，.*为 [\d.]+ 分", said)
    table = next(p for p in section.parts if getattr(p, "key", "") == "inequality")
    assert {"95% 下限", "95% 上限"} <= set(table.frame.columns)
    assert table.frame.iloc[:, 0].iloc[-1] == "Wolfson 极化指数"
