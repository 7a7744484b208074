"""One definition, two engines: awkward rows counted alike by DuckDB and by Spark."""

import importlib.util
import os
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import MethodError, TableError
from servicepo.measures import MEASURES as WORDS
from servicepo.tables import ANSWERS
from servicepo.tallying import cluster
from servicepo.tallying.ledger import open_ledger
from servicepo.tallying.tally import tally

MEASURES = (
    "volume",
    "open_share",
    "on_time_share",
    "closed_on_time_share",
    "registered_on_time_share",
    "median_days",
    "p90_days",
    "backlog",
    "one_visit_share",
    "agency_share",
    "visit_groups_covered",
)
SCALE = (
    "scale = {satisfied = 1, mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0}, "
    'unknown = "exclude"'
)
AWKWARD = """record,org,accepted,replied,due,satisfaction,times,way,visit,service
1,甲,2024-03-01,2024-03-05,2024-03-05,satisfied,1,agency,disabled,livelihood
2,甲,2024-03-01,2024-03-05 23:59:59,2024-03-05,,2,direct,,
3,甲,2024-03-01,2024-03-06 00:00:01,2024-03-05,average,,direct,,
4,甲,2024-03-01 10:00,2024-03-05 11:00,2024-03-05 10:59:59,,1,,,
5,甲,2024-03-01 10:00,2024-03-05 10:59:59,2024-03-05 11:00,,,agency,elderly_alone,masses
6,甲,2024-03-01 15:00,2024-03-01,2024-03-01,unknown,1,,,
7,甲,2024-02-28,2024-02-29,2024-02-29,dissatisfied,3,,,
8,甲,2023-12-31 23:59:59.999999,2024-01-01,2023-12-31,,1,,,
9,甲,2024-01-01,2024-01-01,2024-01-01,satisfied,1,,disabled,
10,甲,2024-03-31 01:30,2024-03-31 03:30,2024-03-31 03:30,,,,,
11,甲,2024-10-27 02:30,2024-10-27 02:30,2024-10-27,,,,,
12,甲,2024-03-10 02:30:00.5,2024-03-10 02:30:00.75,2024-03-10,,,,,
13,甲,2024/3/12 9:05,2024/3/13 10:00,2024/3/20,satisfied,1,,,
14,甲,2024-04-01,,2024-04-11,,,,,
15,甲,2024-04-01,,,,,,,
16,甲,2024-12-20,,2025-01-20,,,,,
17,甲,2024-12-28 08:00,,2024-12-30,,,,,
18,甲,2024-12-31,2024-12-31,2025-01-31,mostly_satisfied,1,,,
19,甲,2024-12-01,2024-12-04,2024-12-11,,,,,
20,甲,2024-12-01,2024-12-04,2024-12-11,,,,,
21,甲,2024-12-01,2024-12-09,2024-12-08,,,,,
22,甲,2024-12-11,2024-12-31 12:00,2025-01-10,,,,,
23,乙,2024-05-05,,,,,,,
24,乙,2024-05-05,,2024-05-09,unknown,,,,
25,丙,2024-12-25,,2025-03-01,,,,,
26,丙,2024-12-26,,2025-03-01,,,,,
27,丁,1999-12-31 23:00,2024-06-30,2000-02-29,satisfied,9,direct,,
28,戊,2025-01-15,2025-01-16,,,,,,
29,戊,2024-06-30 23:59:59,2025-01-15,2024-07-01,,,,,
30,,2024-03-05,,,,,,,
31,甲,,,,,,,,
32,甲,2024-03-05,2024-03-01,,,,,,
33,甲,2024-03-05,,2024-03-01,,,,,
34,甲,2024-02-30,,,,,,,
35,甲,三月五日,,,,,,,
36,甲,2024-03-05T08:00:00+08:00,,,,,,,
37,甲,2024-03-05T08:00:00Z,,,,,,,
38,乙,2024-07-01,,2024-07-08,,,,,
38,乙,2024-07-01,2024-07-05,2024-07-08,satisfied,1,,,
38,乙,2024-07-01,2024-07-03,2024-07-08,average,1,,,
38,甲,2024-07-01,2024-07-03,2024-07-08,average,1,,,
39,乙,2024-08-01,2024-08-03,,,x,,,
40,乙,2024-08-01,2024-08-04,,,nan,,,
,乙,2024-09-01,2024-09-01 00:00:00.000001,,,,,,
,乙,2024-09-01,2024-09-01 00:00:00.000001,,,,,,
"""
RULES = {
    "missing": 2,
    "replied_before_accepted": 1,
    "due_before_accepted": 1,
    "unreadable_time": 4,
    "duplicate": 2,
}


@pytest.fixture(scope="module")
def session():
    """Start Spark here, once; say why not where it is not."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed (pip install servicepo[spark])")
    if shutil.which("java") is None:
        pytest.skip("there is no Java to run Spark")
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # its workers run here
    settings = {
        "spark.sql.session.timeZone": "Asia/Shanghai",
        # A few rows are counted: compiling for them takes longer than counting.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
    }
    session = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def awkward(tmp_path):
    path = tmp_path / "awkward.csv"
    path.write_text(AWKWARD, encoding="utf-8")
    return path


@pytest.fixture
def asked(framework):
    measures = (f'source = {{ kind = "service", measure = "{m}" }}' for m in MEASURES)
    rated = f'source = {{ kind = "service", measure = "satisfaction", {SCALE} }}'
    some = (
        'source = { kind = "service", measure = "volume", '
        'where = { service = ["livelihood", "masses"] } }'
    )
    return framework(*measures, rated, some)


def counted(dataset, asked, ledger):
    with pytest.warns():
        return tally(dataset(), asked, period="Q", as_of="2024-12-31", ledger=ledger)


def one(values, org, period, column):
    found = values.loc[org][column]
    return found[found.index.astype(str) == period].item()


def test_awkward_rows_by_hand(dataset, asked, awkward):
    values = counted(dataset, asked, open_ledger(awkward))
    told = values.evidence.ledger
    assert told.rules == RULES
    assert (told.read, told.events, told.later) == (45, 34, 1)
    on_time, median, backlog = (f"i{MEASURES.index(m)}" for m in MEASURES if m in (
        "on_time_share", "median_days", "backlog"))  # fmt: skip
    # 1 to 7, 9, 10, 12, 13: late are 3 (a second), 4 (a second).
    assert one(values, "甲", "2024Q1", on_time) == pytest.approx(9 / 11)
    assert one(values, "甲", "2023Q4", on_time) == 0  # settled on the next day
    assert one(values, "甲", "2024Q2", median) != one(values, "甲", "2024Q2", median)  # both open
    assert one(values, "甲", "2024Q4", backlog) == 4
    assert one(values, "乙", "2024Q3", median) == pytest.approx(2)
    assert one(values, "戊", "2024Q2", on_time) == 0
    assert one(values, "丁", "1999Q4", median) == pytest.approx(8948 - 23 / 24 + 0)


def test_spark_counts_as_duckdb_does(dataset, asked, awkward, session):
    here = counted(dataset, asked, open_ledger(awkward))
    there = counted(dataset, asked, open_ledger(str(awkward), engine=session))
    pd.testing.assert_frame_equal(there, here, rtol=0, atol=1e-9)
    whole = [f"i{n}" for n, m in enumerate(MEASURES) if m in ("volume", "backlog")]
    pd.testing.assert_frame_equal(there[whole], here[whole], check_exact=True)
    assert there.evidence.ledger.rules == here.evidence.ledger.rules
    told = [v.evidence.ledger.problems[["rule", "value"]] for v in (here, there)]
    pd.testing.assert_frame_equal(*told)
    assert session.conf.get("spark.sql.session.timeZone") == "Asia/Shanghai"
    assert session.catalog.listTables() == []


def test_every_word_of_the_catalogue_is_the_same_on_both_engines(
    dataset, framework, tmp_path, session
):
    rng = np.random.default_rng(8)
    n = 600
    accepted = pd.Timestamp("2023-11-01") + pd.to_timedelta(rng.integers(0, 400 * 86_400, n), "s")
    yes = ["yes", "no", None]
    events = pd.DataFrame(
        {
            "org": rng.choice(["甲", "乙", "丙"], n),
            "record": np.arange(n),
            "accepted": accepted,
            "undertaken": (accepted + pd.Timedelta(hours=5)).where(rng.random(n) < 0.7),
            "replied": (accepted + pd.to_timedelta(rng.exponential(20, n), "D")).where(
                rng.random(n) < 0.9
            ),
            "due": (accepted + pd.Timedelta(days=15)).normalize().where(rng.random(n) < 0.8),
            **{c: rng.choice(yes, n) for c in ("first_asked", "reopened", "called_back")},
            "way": rng.choice(["agency", "direct", None], n),
            "visit": rng.choice(["disabled", "elderly_alone", None], n),
            "activity": rng.choice(["branch_congress", "party_lecture", None], n),
            "satisfaction": rng.choice([*ANSWERS, None], n),
            "times": rng.choice([1.0, 2.0, np.nan], n),
            "hours": rng.choice([0.5, 2.25, np.nan], n),
        }
    )
    moments = ["accepted", "undertaken", "replied", "due"]
    events[moments] = events[moments].astype("datetime64[us]")
    events.to_parquet(tmp_path / "events.parquet", index=False)
    more = {
        "satisfaction": SCALE,
        "overdue_share": "days = 3",
        "backlog_over_target": "target_days = 10",
        "relief_ratio": "target_days = 10, within_days = 30",
        "share": 'of = { times = { least = 2 } }, among = { way = "agency" }',
        "total": 'column = "hours"',
        "kinds": 'column = "activity"',
    }
    words = [w for w in WORDS if not w.startswith("volume_per")]  # these divide volumes
    asked = framework(
        *(
            f'source = {{ kind = "service", measure = "{w}"{", " + more[w] if w in more else ""} }}'
            for w in words
        )
    )
    path = str(tmp_path / "events.parquet")
    here = tally(dataset(), asked, period="Q", ledger=open_ledger(path))
    there = tally(dataset(), asked, period="Q", ledger=open_ledger(path, engine=session))
    assert here.notna().any().all()
    pd.testing.assert_frame_equal(there, here, rtol=0, atol=1e-9)


def test_moments_in_the_zone_of_the_session_are_taken_as_its_clock_shows(
    dataset, framework, session
):
    rows = session.sql(
        "SELECT '甲' AS unit, timestamp '2024-01-01 00:30:00' AS accepted, "
        "timestamp '2024-01-02 00:30:00' AS replied"
    )
    assert rows.schema["accepted"].dataType.typeName() == "timestamp"
    asked = framework('source = { kind = "service", measure = "median_days" }')
    ledger = open_ledger(rows, engine=session, columns={"org": "unit"})
    values = tally(dataset(), asked, period="Q", ledger=ledger)
    assert one(values, "甲", "2024Q1", "i0") == 1


def test_a_table_that_spark_does_not_have(session):
    with pytest.raises(TableError) as caught:
        open_ledger("no_such_table", engine=session)
    assert str(caught.value) == (
        "The ledger must be a table or a path that Spark can read, got 'no_such_table'. "
        "Correct the name."
    )


def test_moments_in_nanoseconds_which_spark_does_not_read(session, tmp_path):
    path = str(tmp_path / "nanoseconds.parquet")
    moments = pd.Series(["2024-03-01"], dtype="datetime64[ns]", name="accepted")
    moments.to_frame().to_parquet(path, index=False)
    with pytest.raises(TableError) as caught:
        open_ledger(path, engine=session)
    assert str(caught.value) == (
        f"Moments in Parquet must be in microseconds for Spark, got nanoseconds in {path!r}. "
        "Write them again (pandas: to_parquet(..., coerce_timestamps='us'))."
    )


def test_an_engine_that_is_missing_says_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster.shutil, "which", lambda name: None)
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: "there")
    with pytest.raises(MethodError) as caught:
        open_ledger("services", engine="local[2]")
    assert str(caught.value) == (
        "Counting on a cluster must have Java 17 or later, got none for 'local[2]'. Install a Java "
        "runtime (Debian: apt-get install openjdk-17-jre-headless)."
    )
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MethodError) as caught:
        open_ledger("services", engine="spark://host:7077")
    assert str(caught.value) == (
        "Counting on a cluster must have pyspark, got none for 'spark://host:7077'. "
        "Install it: pip install servicepo[spark]."
    )
    only = {"pyspark": "there"}
    monkeypatch.setattr(cluster.importlib.util, "find_spec", only.get)
    with pytest.raises(MethodError) as caught:
        open_ledger("services", engine="sc://host")
    assert str(caught.value) == (
        "Counting through Spark Connect must have its client, got none for 'sc://host'. "
        "Install it: pip install 'pyspark[connect]'."
    )


def test_a_table_without_moments_of_spark_stays_as_it_is():
    class Table:  # Spark Connect refuses withColumns({})
        schema = type("Schema", (), {"fields": []})

    table = Table()
    assert cluster._local(table) is table
