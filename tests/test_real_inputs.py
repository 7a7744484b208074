"""Public tables as they were published, from the file to ranks and back to the cell.

The frameworks and mappings stand on the page ``docs/real_inputs.md``; so does the code a reader
would write, which is run here block by block.
"""

import contextlib
import csv
import io
import math
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import servicepo as sp
from servicepo.reading.mapping import load_mapping
from servicepo.rules import load_scheme

PAGE = Path(__file__).parents[1] / "docs" / "real_inputs.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
TOML = {code.partition("\n")[0].removeprefix("# "): code for kind, code in BLOCKS if kind == "toml"}
ZONE = ZoneInfo("Europe/Amsterdam")
DRAWN = "2012-01-23"


@pytest.fixture(scope="module")
def folder(shared, tmp_path_factory):
    """Return a folder with the public tables and, beside them, the TOML files of the page."""
    here = tmp_path_factory.mktemp("public")
    for table in [*(shared / "real").glob("*.csv"), shared / "reference" / "tai.csv"]:
        shutil.copy(table, here)
    for name, code in TOML.items():
        (here / name).write_text(code, encoding="utf-8")
    return here


def indexed(folder, table, framework, *, mapping=None, **choices):
    """Read one table and build its index as the page does."""
    data = sp.read(folder / table, mapping=mapping and folder / mapping)
    plan = sp.load_framework(folder / framework)
    chosen = {k: choices.pop(k) for k in ("period", "as_of") if k in choices}
    values = sp.tally(data, plan, **chosen)
    return data, sp.build_index(values, plan, organisations=data.organisations, **choices)


def rows_of(path):
    """Read a table the plain way."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def cell_of(path, row, letter):
    """Return the header and the text of one cell, by its row number and column letter."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    return lines[0][ord(letter) - ord("A")], lines[row - 1][ord(letter) - ord("A")]


def assert_accounted(data, *, records, set_aside=0):
    """Every record is kept, or stands among the problems with its reason."""
    (account,) = data.sources[["records", "kept", "set_aside"]].to_numpy().tolist()
    assert account == [records, records - set_aside, set_aside]
    assert data.problems["severity"].eq("error").sum() == set_aside
    assert len(data.evaluations) + len(data.services) == records - set_aside


def assert_traced(index, folder, org, period, columns):
    """The overall score is the sum of its contributions, and each value is the cell of the file."""
    trace = index.trace(org, period=period)
    total = trace.loc[trace["step"] == "contribution", "amount"].sum()
    assert total == pytest.approx(index.overall[org].loc[period])
    cells = trace[trace["step"] == "cell"].set_index("indicator")
    assert cells.index.tolist() == list(columns)
    for code, cell in cells.iterrows():
        header, text = cell_of(folder / cell["file"], cell["row"], cell["column"])
        assert header == columns[code]
        assert float(text) == cell["cell"]


# -- the page ------------------------------------------------------------------------------------
def test_the_declarations_of_the_page_are_right(tmp_path):
    for name, code in TOML.items():
        path = tmp_path / name
        path.write_text(code, encoding="utf-8")
        load = load_mapping if name.endswith("_mapping.toml") else sp.load_framework
        assert load(path)


def test_the_page_prints_what_it_says(folder, monkeypatch):
    monkeypatch.chdir(folder)
    names = {"folder": folder}
    with pd.option_context("display.unicode.east_asian_width", False):
        for (kind, code), (after, told) in pairwise([*BLOCKS, ("", "")]):
            if kind != "python":
                continue
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, PAGE.name, "exec"), names)
            lines = [line.rstrip() for line in printed.getvalue().splitlines()]
            assert lines == (told.splitlines() if after == "text" else [])


# -- Lianyungang ---------------------------------------------------------------------------------
LIANYUNGANG = "lianyungang_12345_monthly.csv"


@pytest.fixture(scope="module")
def hotline(folder):
    return indexed(folder, LIANYUNGANG, "lianyungang.toml", period="M")


@pytest.fixture(scope="module")
def hotline_of_100(folder):
    return indexed(folder, LIANYUNGANG, "lianyungang_100.toml", period="M", normalise="goalposts")[
        1
    ]


def test_lianyungang_is_read_whole_without_a_mapping(hotline):
    data, index = hotline
    assert_accounted(data, records=90)
    left = data.problems[data.problems["severity"] == "notice"].set_index("value")["rule"]
    assert left.to_dict() == {"排名": "column_passed_over", "来源": "column_unknown"}
    assert len(index.overall.dropna()) == 45


def test_lianyungang_is_refused_as_one_ranking(hotline):
    index = hotline[1]
    with pytest.raises(sp.MethodError) as refused:
        index.ranks(within=None)
    assert str(refused.value) == (
        "Organisations ranked together must be scored on one full mark, got 100, 150 for 'score' "
        "in 'all'. Rank within a class, such as within=\"group\"."
    )
    with pytest.raises(sp.MethodError) as refused:
        index.ranks()
    assert str(refused.value) == (
        "The classes ranked apart must be known, got no 'domain' of anybody. "
        "Complete the roster or choose another column; within=None ranks all together."
    )
    with pytest.raises(sp.MethodError) as refused:
        sp.compare_domains(index, by="group")
    assert str(refused.value) == (
        "Groups must be scored on one full mark to be compared, got 100, 150 for 'score'. "
        "Compare groups with the same full mark."
    )
    with pytest.raises(sp.MethodError) as refused:
        sp.measure_change(index)
    assert str(refused.value) == (
        "Scores must be on one full mark for their change to be measured, got 100, 150 for "
        "'score'. Declare its full_mark in the framework; the scores are then folded to it."
    )


def test_lianyungang_ranks_within_the_class_are_the_published_ones(hotline, folder):
    ranks = hotline[1].ranks(within="group")["rank"]
    published = {
        (row["单位"], pd.Period(row["月份"])): int(row["排名"])
        for row in rows_of(folder / LIANYUNGANG)
    }
    # No deviation to explain: two decimals are enough here, and nobody ties.
    assert ranks.astype(int).to_dict() == published


def test_lianyungang_leads_back_to_the_cell(hotline, folder):
    for row in rows_of(folder / LIANYUNGANG)[::7]:
        assert_traced(hotline[1], folder, row["单位"], row["月份"], {"score": "得分"})


def test_lianyungang_folded_to_100_by_declaration(hotline_of_100, folder):
    expected = {
        (row["单位"], pd.Period(row["月份"])): 100 * float(row["得分"]) / float(row["满分"])
        for row in rows_of(folder / LIANYUNGANG)
    }
    assert hotline_of_100.overall.to_dict() == pytest.approx(expected)
    found = sp.compare_domains(hotline_of_100, by="group", period="2021-08").summary
    assert found["n"].to_dict() == {"区、功能板块组": 5, "县、赣榆区组": 4}
    assert hotline_of_100.ranks(within=None)["n"].eq(9).all()


def test_lianyungang_grades_by_quota_within_the_class_only(hotline):
    with pytest.raises(sp.MethodError) as refused:
        sp.grade(hotline[1], "four_grades_quota", within=None)
    assert str(refused.value) == (
        "Organisations ranked together must be scored on one full mark, got 100, 150 for 'score' "
        "in 'all'. Rank within a class, such as within=\"group\"."
    )
    with pytest.raises(sp.MethodError) as refused:
        sp.grade(hotline[1])
    assert str(refused.value) == (
        "Scores must be on one full mark for cut-offs, got 100, 150 for 'score'. "
        "Declare its full_mark in the framework; the scores are then folded to it."
    )
    scheme = replace(load_scheme("four_grades_quota"), rounding="ceil")
    made = sp.grade(hotline[1], scheme, within="group")
    best = made.table[made.table["grade"] == "good"].xs("2021-07", level="period")
    assert best.index.tolist() == ["徐圩新区", "灌南县"]  # the first of each class
    # One place is rounded up from 0.4 of four and from 0.5 of five.
    assert made.quotas["places"].isin([1, 3]).all()
    assert not made.rescored


def test_lianyungang_weak_by_class_without_a_probability(hotline_of_100):
    weak = sp.find_weak(hotline_of_100, within="group", share=0.2, names=True)
    lowest = weak.table[weak.table["bottom"]]
    assert lowest["group"].to_dict() == {"连云区": "区、功能板块组", "赣榆区": "县、赣榆区组"}
    assert lowest["note"].eq("no_standard_error").all()
    assert lowest["p_weak"].isna().all()
    assert weak.table["rules"].ne("").sum() == 2


def test_lianyungang_change_over_five_months_the_slow_way(hotline_of_100, folder):
    change = sp.measure_change(hotline_of_100)
    months = {}
    for row in rows_of(folder / LIANYUNGANG):
        scores = months.setdefault(row["月份"], {})
        scores[row["单位"]] = 100 * float(row["得分"]) / float(row["满分"])
    for month, scores in months.items():
        mean = math.fsum(scores.values()) / 9
        sd = math.sqrt(math.fsum((s - mean) ** 2 for s in scores.values()) / 8)
        assert change.convergence.loc[month, ["n", "mean", "sd"]].tolist() == pytest.approx(
            [9, mean, sd]
        )
    fell = 0
    for before, after in pairwise(months):
        for unit, score in months[after].items():
            step = score - months[before][unit]
            assert change.steps.loc[(unit, pd.Period(after)), "change"] == pytest.approx(step)
            fell += after == "2021-08" and step < 0
    assert len(change.steps) == 4 * 9
    assert fell == 8  # as the page says
    assert change.trends["n"].eq(5).all()
    assert change.trends["p_value"].min() > 0.05


# -- Putuo ---------------------------------------------------------------------------------------
PUTUO = "putuo_2024q3_villages.csv"


@pytest.fixture(scope="module")
def villages(folder):
    return indexed(folder, PUTUO, "environment.toml", period="Q", normalise="goalposts")


def test_putuo_is_ranked_in_the_published_order(villages, folder):
    data, index = villages
    assert_accounted(data, records=20)
    assert set(data.evaluations["period"]) == {"2024Q3"}  # from the name of the file alone
    ranks = index.ranks(within=None, period="2024Q3")["rank"].droplevel("period")
    published = rows_of(folder / PUTUO)
    for place, row in enumerate(published, start=1):
        better = sum(float(other["得分"]) > float(row["得分"]) for other in published)
        assert ranks[row["村"]] == better + 1 <= place
        assert (ranks[row["村"]] <= 10) == (row["名次组"] == "前十")


def test_putuo_names_the_ties(villages):
    ranks = villages[1].ranks(within=None)["rank"].droplevel("period")
    ties = {
        int(rank): set(members.index) for rank, members in ranks.groupby(ranks) if len(members) > 1
    }
    assert ties == {
        2: {"梅峙村", "黄杨尖村"},
        6: {"杜庄村", "黄石村", "盐厂村"},
        12: {"苍洞村", "洋山新村"},
        14: {"横街村", "兴港村", "沙井村"},
        17: {"沙浦新村", "平峧村"},
    }


def test_putuo_bottom_tenth_of_all_61_villages_keeps_a_tie_together(villages):
    weak = sp.find_weak(villages[1], within=None, share=0.1 * 61 / 20, names=True)
    assert weak.classes[["named", "cut", "bottom", "tied"]].iloc[0].tolist() == [6, 72, 7, 3]
    tied = weak.table.index[weak.table["tied"]]
    assert set(tied) == {"横街村", "兴港村", "沙井村"}


def test_putuo_leads_back_to_the_cell(villages, folder):
    for row in rows_of(folder / PUTUO):
        assert_traced(villages[1], folder, row["村"], "2024Q3", {"score": "得分"})


def test_putuo_says_that_its_full_mark_is_assumed(villages):
    assert "示例" in villages[1].methods()


# -- Xiangan -------------------------------------------------------------------------------------
XIANGAN = "xiangan_village_env_by_town.csv"
ROUNDS = {"2020年第三轮(5-6月)": "2020Q2", "2021年第一轮(1-2月)": "2021Q1"}


@pytest.fixture(scope="module")
def towns(folder):
    mapping = {"mapping": "xiangan_mapping.toml", "normalise": "goalposts"}
    return indexed(folder, XIANGAN, "environment.toml", period="Q", **mapping)


def test_xiangan_keeps_counts_of_villages_out_and_says_so(towns):
    data = towns[0]
    assert_accounted(data, records=10)
    assert set(data.evaluations["indicator"]) == {"平均分"}
    left = data.problems[data.problems["rule"] == "column_ignored"]
    assert left["value"].tolist() == ["村居数", "优秀", "良好", "及格", "不及格"]
    assert left["severity"].eq("notice").all()


def test_xiangan_ranks_in_two_rounds(towns, folder):
    index = towns[1]
    published = {}
    for row in rows_of(folder / XIANGAN):
        published.setdefault(ROUNDS[row["轮次"]], []).append(row["镇街"])
    order = {}
    for round_ in published:
        ranks = index.ranks(within=None, period=round_)["rank"].droplevel("period")
        order[round_] = ranks.sort_values(kind="stable")
    assert order["2021Q1"].index.tolist() == published["2021Q1"]
    # 88.88 twice: the bulletin names 马巷镇 first, its printed decimals cannot tell.
    assert published["2020Q2"][:2] == ["马巷镇", "新店镇"]
    assert order["2020Q2"].tolist() == [1, 1, 3, 4, 5]
    assert order["2020Q2"].index[2:].tolist() == published["2020Q2"][2:]
    assert len(sp.measure_change(index).steps) == 5


def test_xiangan_leads_back_to_the_cell(towns, folder):
    for row in rows_of(folder / XIANGAN):
        assert_traced(towns[1], folder, row["镇街"], ROUNDS[row["轮次"]], {"score": "平均分"})


# -- permits -------------------------------------------------------------------------------------
CASES = "municipal_cases.csv"
UNITS = {"General": "综合部门", "Customer contact": "客户联络", "Experts": "专家部门"}


def moment(text):
    """Read a moment with its offset and tell it in the time of the place; None for a blank."""
    if not text:
        return None
    return datetime.fromisoformat(text).astimezone(ZONE).replace(tzinfo=None)


def whole_day(when):
    """A moment without a time of day stands for its whole day."""
    return when + timedelta(days=1, microseconds=-1) if when.time() == time(0) else when


def days(span):
    return span / timedelta(days=1)


@pytest.fixture(scope="module")
def cases(folder):
    """Return the cases of each unit and year, and the rows of the impossible ones.

    A case is (days spent so far, closed, days allowed, channel).
    """
    drawn = datetime.fromisoformat(DRAWN)
    groups, impossible = {}, []
    for number, row in enumerate(rows_of(folder / CASES), start=2):
        start, end, due = (moment(row[c]) for c in ("startdate", "enddate", "deadline"))
        if end is not None and whole_day(end) < start:
            impossible.append(number)
            continue
        closed = end is not None
        spent = days((end if closed else drawn) - start)
        case = (spent, closed, days(whole_day(due) - start), row["channel"])
        groups.setdefault((UNITS[row["department"]], start.year), []).append(case)
    return groups, impossible


def kaplan_meier(group):
    """Return the steps (days, share still open) and the last day anybody was watched."""
    steps, share = [], 1.0
    for at in sorted({spent for spent, closed, *_ in group if closed}):
        at_risk = sum(spent >= at for spent, *_ in group)
        ended = sum(spent == at and closed for spent, closed, *_ in group)
        share *= 1 - ended / at_risk
        steps.append((at, share))
    return steps, max(spent for spent, *_ in group)


def still_open(curve, at):
    """Read the curve; beyond its end it goes on falling at its mean rate."""
    steps, last = curve
    share = 1.0
    for when, level in steps:
        if when <= at:
            share = level
    return share ** (at / last) if at > last else share


def on_time(group):
    """Share settled by the deadline: certain ones as they are, pending ones by their chance."""
    curve = kaplan_meier(group)
    total, known = 0.0, 0
    for spent, closed, allowed, *_ in group:
        if closed or spent >= allowed:
            total += closed and spent <= allowed
            known += 1
        else:
            total += 1 - still_open(curve, allowed) / still_open(curve, spent)
    return total / len(group) if known else math.nan


def median_days(group):
    """First day by which half are settled; not yet known where more than half are open."""
    steps, _ = kaplan_meier(group)
    return next((at for at, share in steps if share <= 0.5 + 1e-12), math.nan)


@pytest.fixture(scope="module")
def permits(folder):
    mapping = {"mapping": "permits_mapping.toml", "as_of": DRAWN, "normalise": "goalposts"}
    return indexed(folder, CASES, "permits.toml", period="Y", **mapping)


def by_unit_and_year(column):
    return {(org, period.year): value for (org, period), value in column.items()}


def test_permits_that_end_before_they_begin_are_set_aside(permits, cases):
    data = permits[0]
    assert_accounted(data, records=1434, set_aside=2)
    wrong = data.problems[data.problems["severity"] == "error"]
    assert wrong["row"].tolist() == cases[1]
    assert wrong["rule"].eq("replied_before_accepted").all()
    assert data.services["replied"].isna().sum() == 105


def test_permits_keep_no_column_of_persons(permits):
    data = permits[0]
    dropped = data.problems[data.problems["rule"] == "personal_column"]
    assert dropped["column"].tolist() == ["D"]
    assert "responsible" not in data.layout["header"].tolist()
    assert "Resource21" not in data.services.to_csv()


def test_permits_on_time_share_with_open_cases_the_slow_way(permits, cases):
    found = by_unit_and_year(permits[1].values["on_time"])
    expected = {key: on_time(group) for key, group in cases[0].items()}
    assert found == pytest.approx(expected, rel=1e-9)


def test_permits_median_days_the_slow_way(permits, cases):
    found = by_unit_and_year(permits[1].values["median"])
    expected = {key: median_days(group) for key, group in cases[0].items()}
    assert found == pytest.approx(expected, rel=1e-9, nan_ok=True)
    assert math.isnan(found["综合部门", 2012])  # 10 of 11 are open
    assert permits[1].overall.isna().sum() == 1


def test_permits_closed_only_and_registered_shares_stand_beside_it(permits, cases):
    values = permits[1].values
    for code, among in (("closed_only", lambda g: [c for c in g if c[1]]), ("registered", list)):
        expected = {}
        for key, group in cases[0].items():
            inside = sum(closed and spent <= allowed for spent, closed, allowed, *_ in group)
            expected[key] = inside / len(among(group))
        assert by_unit_and_year(values[code]) == pytest.approx(expected)
    assert (values["registered"] <= values["on_time"] + 1e-12).all()
    told = values.xs("综合部门")[["closed_only", "on_time", "registered"]].round(2)
    assert told.loc["2012"].tolist() == [1.00, 0.25, 0.09]  # as the page says
    assert told.loc["2011"].tolist() == [0.75, 0.71, 0.69]


def test_permits_of_one_channel(permits, cases):
    expected = {}
    for key, group in cases[0].items():
        own = [case for case in group if case[3] == "Desk"]
        expected[key] = on_time(own) if own else math.nan
    found = by_unit_and_year(permits[1].values["at_the_desk"])
    assert found == pytest.approx(expected, nan_ok=True)
    assert math.isnan(found["综合部门", 2012])  # one case, of which nothing is known yet


def test_permits_lead_back_to_moments_in_the_file(permits, folder):
    index = permits[1]
    headers = {"accepted": "startdate", "replied": "enddate", "due": "deadline"}
    trace = index.trace("专家部门", "on_time")
    cells = trace[trace["step"] == "cell"]
    assert len(cells) == 3 * 15
    for cell in cells.itertuples():
        header, text = cell_of(folder / cell.file, cell.row, cell.column)
        assert header == headers[cell.role]
        assert pd.Timestamp(moment(text)) == cell.cell
        assert moment(text).year == cell.period.year or cell.role != "accepted"
    parts = index.contributions().sum(axis=1, min_count=1)
    scored = index.overall.notna()
    pd.testing.assert_series_equal(parts[scored], index.overall[scored], check_names=False)


def test_permits_told_in_another_zone_are_the_same_moments(folder):
    text = TOML["permits_mapping.toml"].replace("Europe/Amsterdam", "UTC")
    (folder / "utc_mapping.toml").write_text(text, encoding="utf-8")
    data = sp.read(folder / CASES, mapping=folder / "utc_mapping.toml")
    first = rows_of(folder / CASES)[0]
    there = datetime.fromisoformat(first["startdate"]).astimezone(UTC).replace(tzinfo=None)
    assert data.services["accepted"].iloc[0] == there


# -- Technology Achievement Index ----------------------------------------------------------------
@pytest.fixture(scope="module")
def achievement(folder):
    mapping = {"mapping": "tai_mapping.toml", "normalise": "goalposts"}
    return indexed(folder, "tai.csv", "tai.toml", **mapping)


def test_equal_weight_ranks_from_the_file_oecd_2008_table_23(achievement, shared):
    data, index = achievement
    assert_accounted(data, records=23 * 8)
    published = (shared / "reference" / "tai_published.md").read_text(encoding="utf-8")
    ranks = {}
    for entry in published.split("## 11.")[1].split("```")[1].replace("\n", "|").split("|"):
        if words := entry.split():
            ranks[" ".join(words[:-5])] = int(words[-5])
    found = index.ranks(within=None)["rank"].droplevel("period").astype(int)
    found.index = found.index.str.replace("Korea, Rep. of", "Korea")
    assert len(ranks) == 23
    assert found.to_dict() == ranks
    assert index.weights["global_weight"].eq(1 / 8).all()


def test_overall_of_the_technology_achievement_index(achievement, shared):
    published = (shared / "reference" / "tai_published.md").read_text(encoding="utf-8")
    line = published.split("## 14.")[1].splitlines()[1]
    expected = dict(re.findall(r"([A-Z][^;]*?) (0\.\d{3})", line))
    found = (achievement[1].overall.droplevel("period") / 100).round(3)
    assert len(expected) == 23
    assert {k: float(v) for k, v in expected.items()} == pytest.approx(found.to_dict(), abs=5e-4)


def test_tai_leads_back_to_the_cells(achievement, folder):
    columns = {c: c for c in ("exports", "internet", "patents", "royalties")}
    columns |= {"electricity": "electricity_log10", "telephones": "telephones_log10"}
    columns |= {"schooling": "schooling", "university": "university"}
    ordered = dict(sorted(columns.items()))
    for country in ("Finland", "Korea, Rep. of", "Slovenia"):
        assert_traced(achievement[1], folder, country, "2001", ordered)
