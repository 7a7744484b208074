"""The synthetic county: planted truth, the same bytes again, and files that hold what they say."""

import filecmp
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from servicepo.errors import MethodError
from servicepo.framework import load_framework
from servicepo.reading.read import read
from servicepo.synthetic.county import evaluation_items, synthesise
from servicepo.synthetic.faults import FAULTS
from servicepo.synthetic.files import write_county
from servicepo.synthetic.names import BODIES, township_names
from servicepo.synthetic.sheets import table_sheet
from servicepo.tables import COLUMNS, TABLES, check, cross_check, empty

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
DIMENSIONS = ["team", "backbone", "premises", "vehicles", "institutions", "results"]


@pytest.fixture(scope="module")
def county():
    return synthesise(250, 4, seed=0)


@pytest.fixture(scope="module")
def large():
    return synthesise(3000, 4, seed=5)


@pytest.fixture(scope="module")
def written(county, tmp_path_factory):
    folder = tmp_path_factory.mktemp("county")
    return folder, write_county(county[0], folder)


def cells(path):
    """Return every sheet of a workbook: name, cells, merged ranges."""
    book = CalamineWorkbook.from_path(path)
    sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
    return [(s.name, s.to_python(skip_empty_area=False), s.merged_cell_ranges) for s in sheets]


# -- the same bytes --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_county():
    one, other = synthesise(60, 2, seed=7), synthesise(60, 2, seed=7)
    for table in (*TABLES, "problems", "sources", "layout"):
        pd.testing.assert_frame_equal(getattr(one[0], table), getattr(other[0], table))
    pd.testing.assert_frame_equal(one[1], other[1])


def test_another_seed_gives_another_county():
    one, other = synthesise(60, 2, seed=7), synthesise(60, 2, seed=8)
    assert set(one[0].organisations.index) != set(other[0].organisations.index)
    assert not np.allclose(one[1]["quality"], other[1]["quality"])


def test_a_generator_is_a_seed_too():
    data, _ = synthesise(30, 1, seed=np.random.default_rng(3))
    again, _ = synthesise(30, 1, seed=3)
    pd.testing.assert_frame_equal(
        data.surveys.drop(columns="file"), again.surveys.drop(columns="file")
    )
    assert data.surveys["file"].unique().tolist() == ["synthesise(30, 1, seed=?)"]


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    data, _ = synthesise(40, 4, seed=2)
    for name in ("one", "other"):
        write_county(data, tmp_path / name, seed=4)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    same, different, failed = filecmp.cmpfiles(
        tmp_path / "one", tmp_path / "other", names, shallow=False
    )
    assert (sorted(same), different, failed) == (names, [], [])


# -- the four tables -------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_their_columns_and_types(county, table):
    frame, model = getattr(county[0], table), empty(table)
    assert list(frame.columns) == list(COLUMNS[table])
    assert frame.dtypes.to_dict() == model.dtypes.to_dict()
    assert frame.index.name == model.index.name


@pytest.mark.parametrize("table", TABLES)
def test_every_row_passes_the_checks(county, table):
    assert check(getattr(county[0], table), table).problems.empty


def test_the_tables_agree_with_each_other(county):
    checked = cross_check(*(getattr(county[0], table) for table in TABLES))
    assert checked.problems.empty


def test_sources_account_for_every_row(county):
    sources = county[0].sources
    assert list(sources.columns) == list(empty("sources").columns)
    assert (sources["records"] == sources["kept"] + sources["set_aside"]).all()
    assert sources["kept"].tolist() == [len(getattr(county[0], table)) for table in TABLES]


def test_three_domains_eight_sectors_and_unique_names(large):
    organisations = large[0].organisations
    assert organisations.index.is_unique
    assert set(organisations["domain"]) == {"rural", "enterprise", "organs"}
    assert "building" not in set(organisations["sector"])
    shares = organisations["sector"].value_counts(normalize=True)
    assert len(shares) == 8
    assert shares["village"] == pytest.approx(0.46, abs=0.01)
    assert 10 < organisations.groupby("township").size().mean() < 30


def test_the_smallest_county_has_every_sector():
    data, truth = synthesise(8, 1)
    assert data.organisations["sector"].value_counts().eq(1).all()
    assert len(truth) == 8


def test_households_and_grids_belong_to_villages_and_communities(county):
    organisations = county[0].organisations
    rural = organisations["domain"] == "rural"
    assert organisations["households"].notna().equals(rural)
    per_grid = organisations["households"] / organisations["grids"]
    assert (per_grid < 50).any()
    assert per_grid.between(50, 100).any()
    assert (per_grid > 100).any()


def test_each_item_is_scored_by_its_sources_where_it_applies(county):
    data, _ = county
    rows = data.evaluations[data.evaluations["source"] != "record"]
    sector = rows["org"].map(data.organisations["sector"])
    for framework in map(load_framework, ("six_haves", "base_plus_plan")):
        for indicator in framework.indicators:
            if indicator.source["kind"] != "evaluation" or indicator.code == "task_building":
                continue
            mine = rows["indicator"] == indicator.source["item"][0]
            assert set(rows.loc[mine, "source"]) == set(framework.source_weights)
            assert set(sector[mine]) == set(indicator.sectors or sector)


def test_every_record_item_that_a_framework_asks_for_is_there(county):
    rows = county[0].evaluations
    there = set(rows.loc[rows["source"] == "record", "indicator"])
    asked = set()
    for framework in map(load_framework, ("five_tasks", "five_services")):
        for indicator in framework.indicators:
            source = indicator.source
            if source["kind"] == "ratio":
                asked |= {source["numerator"], source["denominator"]} - {*COLUMNS["organisations"]}
            if source["kind"] == "evaluation" and {*source.get("sources", ())} == {"record"}:
                asked |= set(source["item"])
    assert asked
    assert asked <= there


def test_community_staff_are_paid_by_last_years_wage(county):
    rows = county[0].evaluations
    pay, wage = (
        rows[rows["indicator"] == item].set_index(["org", "period"])["score"]
        for item in ("社区工作者报酬", "当地社会平均工资")
    )
    before = wage.rename(index=lambda year: str(int(year) + 1), level="period")
    assert (pay / before).mean() == pytest.approx(1.04, abs=0.03)
    assert (pay / wage).mean() == pytest.approx(0.99, abs=0.03)


def test_surveys_are_of_unequal_size(large):
    surveys = large[0].surveys
    size = surveys.groupby(["org", "period", "respondent", "question"])["count"].sum()
    assert (size.min(), size.max()) == (8, 300)
    assert (
        size.groupby("respondent").quantile(0.9).gt(2 * size.groupby("respondent").median()).any()
    )
    issued = surveys.groupby(["org", "period", "respondent", "question"])["issued"].first()
    assert (issued >= size).all()


def test_the_ledger_is_in_order_and_its_last_cases_are_open(county):
    services = county[0].services
    assert services["record"].is_unique
    assert services["accepted"].is_monotonic_increasing
    closed = services.dropna(subset="replied")
    assert (closed["accepted"] <= closed["undertaken"]).all()
    assert (closed["undertaken"] <= closed["replied"]).all()
    assert closed["replied"].max() <= pd.Timestamp(2024, 12, 31)
    is_open = services["replied"].isna()
    december = services["accepted"] >= pd.Timestamp(2024, 12, 1)
    assert is_open[december].mean() > 5 * is_open[~december].mean() > 0
    assert services.loc[is_open, ["disposal", "satisfaction", "times"]].isna().all(axis=None)


# -- the truth -------------------------------------------------------------------------------------


def test_truth_has_the_promised_shape(county):
    data, truth = county
    assert truth.index.names == ["org", "period"]
    assert isinstance(truth.index.levels[1], pd.PeriodIndex)
    assert truth.index.is_monotonic_increasing
    assert len(truth) == 1000
    assert set(truth.index.get_level_values("org")) == set(data.organisations.index)
    assert [*truth.columns] == [
        *("quality", *DIMENSIONS, "weak", "causes", "course", "trend", "rater", "leniency")
    ]
    np.testing.assert_allclose(truth[DIMENSIONS].mean(axis=1), truth["quality"])


def test_about_eight_percent_are_weak_in_every_year_and_sector(large):
    data, truth = large
    assert truth.groupby("period")["weak"].mean().between(0.065, 0.095).all()
    sector = data.organisations["sector"].reindex(truth.index.get_level_values("org")).to_numpy()
    ever = truth.groupby("org")["weak"].any()
    assert ever.mean() == pytest.approx(0.11, abs=0.002)
    # Systematic planting: every sector gets its share, to the nearest organisation.
    counts = ever.groupby(data.organisations["sector"]).agg(["sum", "size"])
    assert (counts["sum"] - 0.11 * counts["size"]).abs().max() <= 1
    assert len(np.unique(sector)) == 8


def test_courses_do_what_they_say(large):
    truth = large[1]
    weak = truth["weak"].unstack("period").astype(int)  # noqa: PD010
    course = truth["course"].groupby("org").first()
    change = weak.diff(axis=1).iloc[:, 1:]
    assert not weak[course == "steady"].any(axis=None)
    assert weak[course == "weak"].all(axis=None)
    turned, declined = change[course == "turned"], change[course == "declined"]
    assert (turned.sum(axis=1).eq(-1) & turned.le(0).all(axis=1)).all()
    assert (declined.sum(axis=1).eq(1) & declined.ge(0).all(axis=1)).all()
    shares = course.value_counts(normalize=True)
    assert shares["weak"] == pytest.approx(0.05, abs=0.005)
    assert shares["turned"] == pytest.approx(0.03, abs=0.005)


def test_causes_are_one_to_three_dimensions_of_the_weak(large):
    truth = large[1]
    assert (truth["causes"].ne("") == truth["weak"]).all()
    named = truth.loc[truth["weak"], "causes"].str.split(";")
    assert named.str.len().between(1, 3).all()
    assert set(named.explode()) == set(DIMENSIONS)


def test_the_weak_can_be_found_again_in_the_scores(large):
    data, truth = large
    rows = data.evaluations[data.evaluations["source"] == "superior"]
    scores = rows.groupby(["org", "period"])["score"].mean().to_numpy()  # the order of the truth
    weak = truth["weak"].to_numpy()
    assert scores[~weak].mean() - scores[weak].mean() > 8
    assert np.corrcoef(scores, truth["quality"])[0, 1] > 0.8
    # Signal and noise overlap: a perfect list would prove nothing about a detector.
    worst = np.argsort(scores)[: weak.sum()]
    assert 0.4 < weak[worst].mean() < 0.9


def test_a_cause_shows_in_its_own_dimension(large):
    data, truth = large
    weak = truth[truth["weak"]]
    rows = data.evaluations[data.evaluations["source"] == "superior"]
    items = evaluation_items(tuple(DIMENSIONS))
    places = [DIMENSIONS[d] if d >= 0 else "" for d in items.dimension]
    code = dict(zip(items.names, places, strict=True))
    rows = rows.assign(dimension=rows["indicator"].map(code))
    mean = rows.groupby(["org", "period", "dimension"])["score"].mean().unstack()  # noqa: PD010
    mean.index = truth.index
    causes = weak["causes"].str.get_dummies(";").reindex(columns=DIMENSIONS[:5]).astype(bool)
    seen = mean.loc[weak.index, DIMENSIONS[:5]].to_numpy()
    assert seen[~causes].mean() - seen[causes].mean() == pytest.approx(14, abs=1.5)


def test_self_scores_are_inflated_and_mass_scores_noisy(large):
    data, truth = large
    rows = data.evaluations
    rows = rows[rows["indicator"].isin(["服务意识", "服务作风", "服务水平"])]
    means = rows.groupby("source")["score"].mean()
    assert means["self"] - truth["team"].mean() == pytest.approx(6, abs=1.5)
    assert means["mass"] - truth["team"].mean() == pytest.approx(0, abs=1.5)
    spread = rows.groupby(["source", "org", "period"])["score"].std().groupby("source").mean()
    assert spread["mass"] > spread["superior"] > spread["self"]


def test_teams_differ_in_leniency_and_rotate(large):
    data, truth = large
    rows = data.evaluations[data.evaluations["source"] == "superior"]
    keys = ["org", "period"]
    seen = rows.groupby(keys).agg(score=("score", "mean"), rater=("rater", "first"))
    assert (seen["rater"].to_numpy() == truth["rater"].to_numpy()).all()
    gap = pd.Series(seen["score"].to_numpy() - truth["quality"].to_numpy())
    by_team = gap.groupby(truth["rater"].to_numpy()).mean()
    planted = truth.groupby("rater")["leniency"].first().reindex(by_team.index)
    assert np.corrcoef(by_team, planted)[0, 1] > 0.95
    assert truth.groupby("org")["rater"].nunique().eq(4).all()


def test_better_results_are_answered_sooner_and_please_more(large):
    data, truth = large
    services = data.services
    services = services[services["way"].isin(["promised", "agency"])].dropna(subset="replied")
    quality = truth["results"].groupby("org").mean()
    better = services["org"].map(quality) > quality.median()
    late = services["replied"] > services["due"]
    assert late[~better].mean() > 1.2 * late[better].mean()
    mass = data.surveys[data.surveys["question"] == "总体满意度"]
    pleased = mass[mass["answer"] == "satisfied"].groupby("org")["count"].sum()
    share = pleased / mass.groupby("org")["count"].sum()
    assert share.corr(quality) > 0.7


def test_planted_trends_show_in_a_long_series():
    _, truth = synthesise(200, 12, seed=1)
    steady = truth[truth["course"] == "steady"]
    wide = steady["quality"].unstack("period")  # noqa: PD010
    slope = np.polyfit(np.arange(12), wide.to_numpy().T, 1)[0]
    planted = steady["trend"].groupby("org").first()
    assert np.corrcoef(slope, planted)[0, 1] > 0.9


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [7, 1_000_001])
def test_a_county_too_small_or_too_large_is_refused(count):
    with pytest.raises(MethodError) as caught:
        synthesise(count)
    assert str(caught.value) == (
        f"organisations must be between 8 and 1,000,000, got {count}. "
        "Ask for a number in this range."
    )


def test_no_year_is_refused():
    with pytest.raises(MethodError) as caught:
        synthesise(50, 0)
    assert str(caught.value) == "years must be at least 1, got 0. Ask for one year or more."


# -- names -----------------------------------------------------------------------------------------


def test_there_are_names_for_a_nation():
    names = township_names(1_000_000 // 21, np.random.default_rng(0))
    assert names.is_unique


def test_no_list_of_bodies_says_a_name_twice():
    for bodies in BODIES.values():
        assert len(set(bodies)) == len(bodies) >= 12


# -- files -----------------------------------------------------------------------------------------


def test_headers_merge_where_neighbours_agree():
    header = [("序号", "", ""), ("甲", "一", "自评"), ("甲", "一", "考评"), ("甲", "二", "自评")]
    sheet = table_sheet("a.xlsx", "表", "题", header, [[1, 2, 3, 4]], [["注"]])
    assert sheet.rows[1:4] == [
        ["序号", "甲", None, None],
        [None, "一", None, "二"],
        [None, "自评", "考评", "自评"],
    ]
    assert sheet.merges == [(0, 0, 0, 3), (1, 0, 3, 0), (1, 1, 1, 3), (2, 1, 2, 2)]
    assert (sheet.head, sheet.foot, sheet.labels()) == (4, 1, ["序号", "自评", "考评", "自评"])


def test_writing_leaves_the_county_alone(tmp_path):
    data, _ = synthesise(30, 2, seed=1)
    before, _ = synthesise(30, 2, seed=1)
    write_county(data, tmp_path)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(data, table), getattr(before, table))


@pytest.mark.parametrize("count", [8, 24])
def test_a_small_county_is_written_too(tmp_path, count):
    data, _ = synthesise(count, 4)
    faults = write_county(data, tmp_path)
    assert not faults.empty
    assert (tmp_path / "2023年度基层自评.xlsx").is_file()


def test_every_fault_is_planted_where_it_is_said_to_be(written):
    folder, faults = written
    assert set(faults["fault"]) == set(FAULTS)
    for fault in faults.itertuples():
        path = folder / fault.file
        if path.suffix == ".csv":
            lines = path.read_text(encoding="gb18030").splitlines()
            found = lines[fault.row - 1].split(",")[fault.column - 1]
        else:
            sheets = {name: rows for name, rows, _ in cells(path)}
            found = sheets[fault.sheet][fault.row - 1][fault.column - 1]
            found = f"{found:g}" if isinstance(found, float) else found
        assert found == ("" if pd.isna(fault.written) else fault.written)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"| {cell} |" in readme for cell in faults.loc[faults["sheet"] != "", "cell"])
    assert all(text in readme for pair in FAULTS.values() for text in pair)


def test_the_sample_is_what_the_generator_writes(written):
    folder, _ = written
    names = sorted(path.name for path in folder.iterdir())
    assert sorted(path.name for path in SAMPLE.iterdir()) == names
    for name in names:
        if name.endswith(".xlsx"):
            assert cells(SAMPLE / name) == cells(folder / name), name
        else:
            assert (SAMPLE / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_sample_is_small():
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 3_000_000


# -- there and back --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def back(county, written):
    """Return the sample as it is read, and where faults were planted."""
    return read(SAMPLE), written[1]


def compared(ours, theirs, keys):
    """Put what was made beside what was read."""
    return ours.merge(theirs, on=keys, how="outer", suffixes=("", "_read"), indicator=True)


def where(faults, fault, sheet):
    """Return the planted faults of a kind in a file whose name ends so."""
    return faults[(faults["fault"] == fault) & faults["file"].str.endswith(sheet)]


def test_the_roster_comes_back(county, back):
    ours, theirs = county[0].organisations, back[0].organisations
    assert set(theirs.index) >= set(ours.index)
    columns = [
        *("domain", "sector", "county", "township", "supervisor", "level", "core_role"),
        *("members", "households", "staff", "grids", "tags"),
    ]
    pd.testing.assert_frame_equal(theirs.loc[ours.index, columns], ours[columns])


def test_every_score_comes_back_but_for_the_faults(county, back):
    data, faults = back
    keys = ["org", "period", "indicator", "source"]
    both = compared(county[0].evaluations, data.evaluations, keys)
    lost = both[both["_merge"] == "left_only"]
    misspelt = where(faults, "unknown_organisation", ".xlsx").iloc[0]
    other_name = lost["org"].eq(misspelt["truth"]) & lost["source"].eq("mass")
    assert set(both.loc[both["_merge"] == "right_only", "org"]) == {misspelt["written"]}
    assert (both["_merge"] == "right_only").sum() == other_name.sum() == 16
    # Each of these faults costs its one score: 108 of 100, a dash, a blank, a word.
    assert sorted(lost.loc[~other_name, ["period", "source"]].apply("/".join, axis=1)) == [
        *("2021/superior", "2022/mass", "2023/mass", "2024/superior")
    ]
    kept = both[both["_merge"] == "both"]
    assert (kept["score"] == kept["score_read"]).all()


def test_teams_come_back_where_the_sheet_names_them(county, back):
    both = compared(
        county[0].evaluations, back[0].evaluations, ["org", "period", "indicator", "source"]
    )
    both = both[(both["_merge"] == "both") & both["rater"].notna()]
    named = both["rater"] == both["rater_read"]
    is_plan = both["indicator"].isin(
        ["党费缴纳", "党内统计", "党员管理", "计划水平", "计划执行", "实际成效"]
    )
    # The sheets by domain (2022) have no room for the team.
    assert named.eq(is_plan | both["period"].ne("2022")).all()


def test_every_event_comes_back_but_for_the_faults(county, back):
    data, faults = back
    both = compared(county[0].services, data.services, ["record"])
    lost = both.loc[both["_merge"] == "left_only", "record"]
    # A reply before acceptance and a day that does not exist set their rows aside.
    assert len(lost) == 2
    assert (both["_merge"] != "right_only").all()
    kept = both[both["_merge"] == "both"]
    unknown = where(faults, "unknown_word", ".xlsx").iloc[0]
    for column in COLUMNS["services"][1:-3]:
        ours, theirs = kept[column], kept[f"{column}_read"]
        different = kept.loc[~((ours == theirs) | (ours.isna() & theirs.isna()))]
        if column == "way":
            assert different["row_read"].tolist() == [unknown["row"]]
        else:
            assert different.empty, column


def test_every_vote_comes_back_but_for_the_faults(county, back):
    data, _ = back
    keys = ["org", "period", "respondent", "question", "answer"]
    both = compared(county[0].surveys, data.surveys, keys)
    lost = both[both["_merge"] == "left_only"]
    assert len(set(lost["org"])) == 1
    assert lost["count"].gt(1).all()  # one questionnaire is said to be handed out
    assert (both["_merge"] != "right_only").all()
    kept = both[both["_merge"] == "both"]
    assert (kept["count"] == kept["count_read"]).all()
    wrong = kept["issued"] != kept["issued_read"]
    assert set(kept.loc[wrong, "org"]) == set(lost["org"])


def test_problems_tell_the_planted_faults_and_nothing_else(back):
    data, faults = back
    problems = data.problems[data.problems["severity"] != "notice"]
    found = set(zip(problems["file"], problems["row"], strict=True))
    mended = ["score_with_unit", "votes_with_unit", "full_width", "dash", "ditto"]
    told = faults[~faults["fault"].isin([*mended, "personal_column"])]
    assert found == set(zip(told["file"], told["row"], strict=True))


def test_personal_columns_are_dropped_and_no_value_is_shown(back):
    data, _ = back
    dropped = data.problems[data.problems["rule"] == "personal_column"]
    assert set(dropped["file"]) == {"党组织名册.xlsx", "2021年度服务台账.csv"}
    text = data.problems.astype(str).to_csv()
    assert "138-0000" not in text
    assert "某某" not in text


def test_what_is_read_and_what_is_set_aside_add_up(back):
    data, _ = back
    sources = data.sources
    assert (sources["records"] == sources["kept"] + sources["set_aside"]).all()
    assert sources["set_aside"].sum() == (data.problems["severity"] == "error").sum()
