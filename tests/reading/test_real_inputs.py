"""Tables as they were published; skipped where they do not stand beside the project."""

import pandas as pd

from servicepo.reading.read import read


def test_hotline_months_of_lianyungang_need_no_mapping(shared):
    path = shared / "real/lianyungang_12345_monthly.csv"
    data = read(path)
    published = pd.read_csv(path)
    scores = data.evaluations[data.evaluations["indicator"].eq("得分")]
    assert scores["score"].tolist() == published["得分"].tolist()
    assert scores["full_mark"].tolist() == published["满分"].tolist()
    assert scores["org"].tolist() == published["单位"].tolist()
    assert scores["period"].tolist() == published["月份"].tolist()
    orders = data.evaluations[data.evaluations["indicator"].eq("总工单数")]
    assert orders["score"].tolist() == published["总工单数"].tolist()
    groups = published.drop_duplicates("单位").set_index("单位")["分组"]
    assert data.organisations["group"].to_dict() == groups.to_dict()
    assert data.sources.loc[0, ["records", "kept"]].tolist() == [90, 90]


def test_villages_of_putuo_take_their_quarter_from_the_name_of_the_file(shared):
    path = shared / "real/putuo_2024q3_villages.csv"
    data = read(path)
    published = pd.read_csv(path)
    assert data.evaluations["score"].tolist() == published["得分"].tolist()
    assert set(data.evaluations["period"]) == {"2024Q3"}
    told = data.organisations.reindex(published["村"])
    assert told["township"].tolist() == published["镇街管委会"].tolist()
    assert set(told["sector"]) == {"village"}
    assert set(told["domain"]) == {"rural"}


def test_villages_of_xiangan_by_town_with_a_mapping(shared):
    path = shared / "real/xiangan_village_env_by_town.csv"
    rounds = {"2020年第三轮(5-6月)": "2020H1", "2021年第一轮(1-2月)": "2021H1"}
    mapping = {
        "match": "xiangan*",
        "table": "evaluations",
        "columns": {"轮次": "period", "镇街": "org", "平均分": "score", "来源": "ignore"},
        "constants": {"source": "superior"},
        "values": {"period": rounds},
    }
    data = read(path, mapping={"files": [mapping]})
    published = pd.read_csv(path)
    items = ["村居数", "优秀", "良好", "及格", "不及格", "平均分"]
    table = data.evaluations.pivot_table(index="row", columns="indicator", values="score")
    assert table[items].to_numpy().tolist() == published[items].to_numpy(float).tolist()
    assert data.evaluations["period"].tolist() == [
        rounds[r] for r in published["轮次"] for _ in items
    ]
    assert data.sources.loc[0, "set_aside"] == 0


CASES = {
    "match": "municipal_cases.csv",
    "table": "services",
    "timezone": "Europe/Amsterdam",
    "columns": {
        "case": "record",
        "channel": "channel",
        "department": "org",
        "startdate": "accepted",
        "deadline": "due",
        "enddate": "replied",
    },
    "values": {"channel": {"Internet": "network", "Desk": "reception", "Post": "post"}},
}


def test_municipal_cases_are_a_ledger_with_a_mapping(shared):
    path = shared / "real/municipal_cases.csv"
    data = read(path, mapping={"files": [CASES]})
    published = pd.read_csv(path).set_index("case")
    events = data.services.set_index("record")
    assert data.sources.loc[0, "records"] == len(published) == 1434
    ended = published["enddate"].dropna()
    late = pd.to_datetime(ended, utc=True) < pd.to_datetime(
        published["startdate"][ended.index], utc=True
    )
    aside = data.problems[data.problems["severity"].eq("error")]
    assert set(aside["rule"]) <= {"replied_before_accepted"}
    assert len(aside) <= late.sum()
    assert len(events) == 1434 - len(aside)
    kept = published.loc[events.index]
    assert events["org"].tolist() == kept["department"].tolist()
    for ours, theirs in (("accepted", "startdate"), ("due", "deadline"), ("replied", "enddate")):
        local = pd.to_datetime(kept[theirs], utc=True).dt.tz_convert("Europe/Amsterdam")
        expected = local.dt.tz_localize(None).astype("datetime64[us]")
        pd.testing.assert_series_equal(events[ours], expected, check_names=False)
    assert events["replied"].isna().sum() == kept["enddate"].isna().sum()
    assert events["channel"].eq("network").sum() == kept["channel"].eq("Internet").sum()
    assert "responsible" not in data.layout["header"].tolist()


def test_the_technology_achievement_index_is_a_wide_score_sheet(shared):
    path = shared / "reference/tai.csv"
    mapping = {
        "match": "tai.csv",
        "table": "evaluations",
        "columns": {"country": "org"},
        "constants": {"period": "2001", "source": "record"},
    }
    data = read(path, mapping={"files": [mapping]})
    published = pd.read_csv(path).set_index("country")
    table = data.evaluations.pivot_table(index="org", columns="indicator", values="score")
    assert table.shape == published.shape == (23, 8)
    assert table.loc[published.index, list(published)].equals(published.astype(float))
    assert data.organisations.index.tolist() == published.index.tolist()
