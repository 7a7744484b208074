"""Ledgers of any size: the same values from a frame, files, a database; every row accounted for."""

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from servicepo.errors import MethodError, MethodWarning, TableError
from servicepo.synthetic.county import synthesise
from servicepo.tables import Dataset, empty
from servicepo.tallying import engine as engines
from servicepo.tallying.ledger import open_ledger
from servicepo.tallying.tally import tally

SCALE = (
    "scale = {satisfied = 1, mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0}, "
    'unknown = "exclude"'
)
MEASURES = ("volume", "open_share", "on_time_share", "median_days", "p90_days", "one_visit_share")


def service(measure, more=""):
    return f'source = {{ kind = "service", measure = "{measure}"{more} }}'


@pytest.fixture(scope="module")
def county():
    return synthesise(organisations=12, years=2, seed=5)[0]


@pytest.fixture
def asked(framework):
    return framework(*map(service, MEASURES), service("satisfaction", f", {SCALE}"))


def without_events(data):
    fields = {name: getattr(data, name) for name in Dataset.__slots__}
    return Dataset(**fields | {"services": empty("services")})


def assert_same(found, expected):
    pd.testing.assert_frame_equal(found, expected)
    pd.testing.assert_frame_equal(found.evidence.table, expected.evidence.table)
    assert found.evidence.as_of == expected.evidence.as_of


def test_the_rows_behind_a_value_are_found_in_a_ledger(county, asked, tmp_path):
    events = county.services
    path = as_parquet(events, tmp_path)
    values = tally(without_events(county), asked, ledger=open_ledger(path))
    expected = tally(county, asked).evidence
    org = events["org"].iloc[0]
    for indicator in ("i2", "i6"):  # on-time share, satisfaction
        cells = values.evidence.cells(org, indicator, "2024")
        before = expected.cells(org, indicator, "2024")
        assert cells.groupby("role").size().equals(before.groupby("role").size())
        assert sorted(cells["value"].astype(str)) == sorted(before["value"].astype(str))
    assert set(cells["file"]) == {str(path)}
    assert set(cells["column"]) == {"satisfaction"}
    read = events.reset_index(drop=True)["satisfaction"][cells["row"].astype(int)]
    assert read.tolist() == cells["value"].tolist()


# -- one ledger, many forms ------------------------------------------------------------------------
def as_parquet(events, folder):
    events.to_parquet(folder / "ledger.parquet", index=False)
    return folder / "ledger.parquet"


def as_partitions(events, folder):
    months = events["accepted"].dt.strftime("%Y-%m")
    events.assign(month=months).to_parquet(folder / "by_month", partition_cols=["month"])
    return folder / "by_month"


def as_csv(events, folder):
    (folder / "csv").mkdir()
    for year, own in events.groupby(events["accepted"].dt.year):
        own.to_csv(folder / "csv" / f"{year}.csv", index=False)
    return folder / "csv"


@pytest.mark.parametrize("write", [as_parquet, as_partitions, as_csv])
def test_files_give_what_a_frame_gives(county, asked, tmp_path, write):
    expected = tally(county, asked, period="Q")
    ledger = open_ledger(write(county.services, tmp_path))
    found = tally(without_events(county), asked, period="Q", ledger=ledger)
    assert_same(found, expected)
    assert "Ledger(" in repr(ledger)


def test_a_table_of_a_database_gives_what_a_frame_gives(county, asked, tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    database = sa.create_engine(url)
    county.services.rename(columns={"org": "unit"}).to_sql("services", database, index=False)
    ledger = open_ledger("services", engine=url, columns={"org": "unit"}, spill=tmp_path)
    found = tally(without_events(county), asked, period="H", ledger=ledger)
    assert_same(found, tally(county, asked, period="H"))
    assert not [p for p in tmp_path.iterdir() if p.is_dir()]


@pytest.mark.parametrize("limit", [60, 700])
def test_small_passes_give_what_one_pass_gives(county, asked, monkeypatch, limit):
    # With 60 events at a time, not even a quarter is counted at once, but some organisations of it.
    expected = tally(county, asked, period="Q")
    monkeypatch.setattr(engines, "_SORTING", limit * engines.EVENT / 2**31)
    assert_same(tally(county, asked, period="Q"), expected)


# -- every row is accounted for --------------------------------------------------------------------
ROSTER = [{"org": "甲", "domain": "rural"}, {"org": "乙", "domain": "rural"}]
CROOKED = """record,org,accepted,replied,due,satisfaction
1,甲,2024-03-01,2024-03-04,2024-03-05,satisfied
2,甲,2024/3/2 9:30,2024-03-04 10:00:00.5,,
3,甲,2024-03-02,三月四日,2024-03-05,
4,甲,2024-02-30,,,
5,甲,2024-03-05T08:00:00+08:00,,,
6,,2024-03-05,,,
7,甲,,,,
8,乙,2024-03-05,2024-03-01,,
9,乙,2024-03-05,,2024-03-01,
10,乙,2024-03-06,,2024-03-20,
10,乙,2024-03-06,2024-03-09,2024-03-20,
10,乙,2024-03-06,2024-03-08,2024-03-20,
10,甲,2024-03-06,2024-03-08,2024-03-20,
11,丙,2024-03-06,2024-03-08,2024-03-20,
12,甲,2024-04-09,,,
"""


@pytest.fixture
def crooked(tmp_path):
    path = tmp_path / "crooked.csv"
    path.write_text(CROOKED, encoding="utf-8")
    return open_ledger(path)


def test_events_read_are_events_counted_and_problems(dataset, framework, crooked):
    asked = framework(service("volume"), service("median_days"))
    with pytest.warns(MethodWarning) as caught:
        values = tally(dataset(ROSTER), asked, ledger=crooked, as_of="2024-03-31")
    assert [str(w.message) for w in caught] == [
        "Service events must have an organisation and a date and end after they begin, got 4 that "
        "do not, which are left out. Mend them in the ledger.",
        "Times in the ledger must be readable and bear no time zone, got 3 events with others, "
        "which are left out. Write them as 2024-03-31 14:05.",
        "A record must stand once in the ledger, got 2 repeats, which are left out. Delete the "
        "older ones.",
    ]
    told = values.evidence.ledger
    assert told.rules == {
        "missing": 2,
        "unreadable_time": 3,
        "replied_before_accepted": 1,
        "due_before_accepted": 1,
        "duplicate": 2,
        "unknown_organisation": 1,
    }
    assert (told.read, told.events, told.later) == (15, 5, 1)
    assert told.read == told.events + told.later + sum(told.rules.values()) - 1
    assert repr(told) == (
        "Accounts(15 read = 5 counted + 1 later than 2024-03-31 00:00:00 + 9 set aside)"
    )
    by_rule = told.problems.set_index("rule")
    assert by_rule.loc["unreadable_time", "value"].tolist() == [
        "三月四日",
        "2024-02-30",
        "2024-03-05T08:00:00+08:00",
    ]
    assert by_rule.loc["replied_before_accepted", "value"] == "2024-03-01；2024-03-05"
    assert by_rule.loc["unknown_organisation", ["severity", "value"]].tolist() == [
        "warning",
        "丙",
    ]
    assert by_rule["file"].drop("unknown_organisation").str.endswith("crooked.csv").all()
    # The latest reply of record 10 of 乙; the same number of 甲 is another record.
    assert values.loc["乙", "i1"].item() == 3
    assert values.loc["甲", "i0"].item() == 3


def test_without_a_day_the_future_is_left_out(dataset, framework, tmp_path):
    path = tmp_path / "future.csv"
    path.write_text(
        "org,accepted,replied\n甲,2024-03-01,2024-03-04\n甲,2024-03-02,\n甲,2204-03-02,\n", "utf-8"
    )
    values = tally(dataset(), framework(service("open_share")), ledger=open_ledger(path))
    assert values.evidence.as_of == pd.Timestamp("2024-03-04")
    assert values.evidence.ledger.later == 1
    assert values["i0"].item() == 1 / 2


def test_a_missing_number_is_missing_whatever_the_file_calls_it(dataset, framework, tmp_path):
    path = tmp_path / "nan.parquet"
    pd.DataFrame(
        {"org": "甲", "accepted": pd.Timestamp("2024-03-01"), "times": [1.0, np.nan, np.nan, 2.0]}
    ).to_parquet(path)
    values = tally(dataset(), framework(service("one_visit_share")), ledger=open_ledger(path))
    assert values["i0"].item() == 1 / 2


# -- refusals --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"memory": "much"},
            r"^memory must be an amount, got 'much'\. Write it as '2GB' or '500MB'\.$",
        ),
        (
            {"memory": "100MB"},
            r"^memory must be at least 256MB, got '100MB'\. Give memory='256MB' or more\.$",
        ),
        (
            {"columns": {"acepted": "受理日期"}},
            r"^columns must name fields of the table of services, got 'acepted'\. Did you mean "
            r"'accepted'\?$",
        ),
    ],
)
def test_what_cannot_be_opened(tmp_path, changes, message):
    (tmp_path / "a.csv").write_text("org,accepted\n甲,2024-03-01\n", "utf-8")
    with pytest.raises((MethodError, TableError), match=message):
        open_ledger(tmp_path, **changes)


def test_files_that_are_no_ledger(tmp_path):
    with pytest.raises(TableError) as caught:
        open_ledger(tmp_path / "nowhere")
    assert str(caught.value) == (
        f"The ledger must exist, got '{tmp_path}/nowhere'. Correct the path."
    )
    with pytest.raises(TableError, match=r"^A ledger must be Parquet or CSV files, got none in "):
        open_ledger(tmp_path)
    (tmp_path / "a.csv").write_text("unit,date\n甲,2024-03-01\n", "utf-8")
    with pytest.raises(TableError) as caught:
        open_ledger(tmp_path)
    assert str(caught.value) == (
        "A ledger must have a column 'org', got unit, date, file. "
        "Say which it is: columns={'org': ...}."
    )
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(TableError, match=r"^A ledger must be .*, got \.csv and \.parquet in "):
        open_ledger(tmp_path)


@pytest.mark.parametrize("where", ["end", "middle"])
def test_a_file_that_cannot_be_read_is_named(county, asked, tmp_path, where):
    for n in range(3):
        county.services.to_parquet(tmp_path / f"part{n}.parquet", compression="zstd", index=False)
    ledger = open_ledger(tmp_path)
    broken = tmp_path / "part1.parquet"
    content = bytearray(broken.read_bytes())
    half = len(content) // 2
    if where == "middle":
        content[4:half] = bytes(half - 4)
    else:
        content = content[:half]  # a copy that was broken off
    broken.write_bytes(content)
    with pytest.raises(TableError) as caught:
        tally(without_events(county), asked, ledger=ledger)
    assert str(caught.value).startswith(
        f"Every file of a ledger must be readable, got '{broken}' ("
    )
    assert str(caught.value).endswith("). Replace it, or take it out of the folder.")


def test_moments_with_a_zone_are_refused(tmp_path):
    moment = pd.Timestamp("2024-03-01", tz="Asia/Shanghai")
    pd.DataFrame({"org": "甲", "accepted": [moment]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(TableError, match=r"^Moments of the service ledger must have no time zone"):
        open_ledger(tmp_path)


def test_no_such_table(tmp_path):
    with pytest.raises(TableError, match=r"^The ledger must be a table of a database, got 'no' "):
        open_ledger("no", engine=f"sqlite:///{tmp_path}/x.db")


def test_one_ledger_only(county, asked, tmp_path):
    ledger = open_ledger(as_parquet(county.services, tmp_path))
    with pytest.raises(TableError, match=r"^Service events must come from one ledger, got \d+ in "):
        tally(county, asked, ledger=ledger)
