"""Counting a service ledger: `tally` beside the best queries written by hand, in one run.

    python benchmarks/services.py [events] [organisations]      # 50,000,000 and 100,000
    python benchmarks/services.py growth [events …]             # one line for each size, and a plot
    python benchmarks/services.py spark [events] [organisations]
    python benchmarks/services.py increments [events] [organisations]   # a month joins 23 others

Every competitor runs in a process of its own; its time is from the open file to the result in
memory, its memory the peak of the process. Data lie in a temporary folder and go at the end.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PERIODS = 8
DAY = 86_400_000_000
FRAMEWORK = """
id = "ledger"
name = "Ledger"
citation = "for the benchmark"
[[dimensions]]
code = "d"
name = "d"
"""
INDICATOR = """
[[dimensions.indicators]]
code = "{0}"
name = "{0}"
unit = "x"
source = {{ kind = "service", measure = "{0}"{1} }}
"""
SCALE = (
    ", scale = { satisfied = 1, mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0 }, "
    'unknown = "exclude"'
)
MEASURES = ("volume", "open_share", "on_time_share", "median_days", "p90_days", "satisfaction")


# -- the data --------------------------------------------------------------------------------------
def write_quarter(k: int, n: int, orgs: int, folder: Path) -> None:
    """Write the events accepted in one of eight quarters; what takes long is open at the end."""
    rng = np.random.default_rng([2024, k])
    begin = np.datetime64("2023-01-01", "us").astype("datetime64[M]") + 3 * k
    end = (begin + 3).astype("datetime64[us]").astype(np.int64)
    begin = begin.astype("datetime64[us]").astype(np.int64)
    accepted = begin + rng.integers(0, (end - begin) // 1_000_000, n) * 1_000_000
    replied = accepted + (rng.lognormal(2.0, 1.1, n) * 86_400).astype(np.int64) * 1_000_000
    last = np.datetime64("2025-01-01", "us").astype(np.int64)
    closed = (replied < last) & (rng.random(n) > 0.01)
    due = accepted + rng.choice([5, 10, 15, 30], n) * DAY
    names = pa.array([f"O{i:06d}" for i in range(orgs)])
    answers = pa.array(["satisfied", "mostly_satisfied", "average", "dissatisfied"])
    org = pa.array(rng.integers(0, orgs, n, dtype=np.int32))
    answer = pa.array(rng.integers(0, 4, n, dtype=np.int8), mask=rng.random(n) > 0.6)
    moment = pa.timestamp("us")
    table = pa.table(
        {
            "record": pa.array(np.arange(n) + k * n),
            "org": pa.DictionaryArray.from_arrays(org, names),
            "accepted": pa.array(accepted).cast(moment),
            "replied": pa.array(replied, mask=~closed).cast(moment),
            "due": pa.array(due).cast(moment),
            "satisfaction": pa.DictionaryArray.from_arrays(answer, answers),
        }
    )
    pq.write_table(table, folder / f"q{k}.parquet", row_group_size=500_000)


def write(events: int, orgs: int, folder: Path) -> None:
    for k in range(PERIODS):
        write_quarter(k, events // PERIODS, orgs, folder)


# -- the competitors -------------------------------------------------------------------------------
COUNTS = """
    org, quarter, count(*) AS n, count(*) FILTER (replied IS NULL) AS open,
    count(*) FILTER (replied <= due) / count(*) AS on_time,
    count(*) FILTER (satisfaction = 'satisfied') AS a1,
    count(*) FILTER (satisfaction = 'mostly_satisfied') AS a2,
    count(*) FILTER (satisfaction = 'average') AS a3,
    count(*) FILTER (satisfaction = 'dissatisfied') AS a4"""
TIMES = """,
    quantile_disc(coalesce(epoch_us(replied) - epoch_us(accepted), 9000000000000000000::BIGINT),
                  [0.5, 0.9]) AS days"""
ROWS = "(SELECT *, date_trunc('quarter', accepted) AS quarter FROM read_parquet('{}'))"


def by_hand(folder: Path, *, quantiles: bool, passes: bool, memory: str) -> int:
    """On time are those closed in time among all registered; nothing is checked, no curve drawn."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": memory, "temp_directory": str(folder)})
    connection.execute("SET preserve_insertion_order = false")
    found = 0
    for files in sorted(folder.glob("q*.parquet")) if passes else [folder / "q*.parquet"]:
        query = (
            f"SELECT {COUNTS}{TIMES if quantiles else ''} FROM {ROWS.format(files)} GROUP BY 1, 2"
        )
        found += connection.sql(query).to_arrow_table().num_rows
    return found


PASS = """
CREATE OR REPLACE TEMP VIEW rows AS
SELECT org, record, accepted, satisfaction, replied IS NOT NULL AS closed,
    epoch_us(coalesce(replied, '{as_of}'::TIMESTAMP)) - epoch_us(accepted) AS elapsed,
    epoch_us(due) - epoch_us(accepted)
        + CASE WHEN due = date_trunc('day', due) THEN 86399999999 ELSE 0 END AS allowed,
    org IS NULL OR accepted IS NULL OR replied < date_trunc('day', accepted)
        OR due < date_trunc('day', accepted) AS broken
FROM read_parquet('{file}')"""
CHECK = """
SELECT count(*) - count(DISTINCT hash(org, record, accepted)) + count(*) FILTER (broken)
FROM rows"""
GROUPS = """
CREATE OR REPLACE TEMP TABLE groups AS
SELECT org, count(*) AS n, count(*) FILTER (NOT closed) AS open, count(allowed) AS due,
    count(*) FILTER (closed AND elapsed <= allowed) AS on_time,
    count(*) FILTER (NOT closed AND elapsed < allowed) AS pending,
    count(*) FILTER (satisfaction = 'satisfied') AS a1,
    count(*) FILTER (satisfaction = 'mostly_satisfied') AS a2,
    count(*) FILTER (satisfaction = 'average') AS a3,
    count(*) FILTER (satisfaction = 'dissatisfied') AS a4,
    min(elapsed) FILTER (NOT closed) AS first_open,
    quantile_disc(CASE WHEN closed THEN elapsed ELSE 9000000000000000000 END, [0.5, 0.9]) AS days
FROM rows GROUP BY org"""
CURVES = """
CREATE OR REPLACE TEMP TABLE curves AS
SELECT org, elapsed, min(survival) AS survival FROM (
    SELECT org, elapsed, product(CASE WHEN closed THEN (n - k) / (n - k + 1) ELSE 1 END)
        OVER (PARTITION BY org ORDER BY elapsed, NOT closed ROWS UNBOUNDED PRECEDING) AS survival
    FROM (SELECT org, elapsed, closed, count(*) OVER (PARTITION BY org) AS n,
            row_number() OVER (PARTITION BY org ORDER BY elapsed, NOT closed) AS k
          FROM rows SEMI JOIN
            (SELECT org FROM groups WHERE pending > 0 OR first_open < days[2]) USING (org)))
GROUP BY org, elapsed"""
ANSWER = """
SELECT groups.*, median, p90, expected FROM groups
LEFT JOIN (SELECT org, min(elapsed) FILTER (survival <= 0.5 + 1e-12) AS median,
               min(elapsed) FILTER (survival <= 0.1 + 1e-12) AS p90 FROM curves GROUP BY org)
    USING (org)
LEFT JOIN (SELECT p.org, sum(1 - coalesce(d.survival, 1) / coalesce(c.survival, 1)) AS expected
           FROM (SELECT org, elapsed, allowed FROM rows WHERE NOT closed AND elapsed < allowed) p
           ASOF LEFT JOIN curves c ON p.org = c.org AND p.elapsed >= c.elapsed
           ASOF LEFT JOIN curves d ON p.org = d.org AND p.allowed >= d.elapsed GROUP BY p.org)
    USING (org)"""


def same_by_hand(folder: Path) -> int:
    """Give the answers of servicepo: every row checked, curves where an open event asks for one."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder)})
    connection.execute("SET preserve_insertion_order = false")
    last = f"SELECT greatest(max(accepted), max(replied)) FROM read_parquet('{folder}/q*.parquet')"
    as_of = connection.sql(last).fetchall()[0][0]
    found = 0
    for file in sorted(folder.glob("q*.parquet")):
        connection.execute(PASS.format(as_of=as_of, file=file))
        assert connection.sql(CHECK).fetchall()[0][0] == 0
        connection.execute(GROUPS)
        connection.execute(CURVES)
        found += connection.sql(ANSWER).to_arrow_table().num_rows
    return found


def with_polars(folder: Path) -> int:
    import polars as pl

    spent = (pl.col("replied") - pl.col("accepted")).dt.total_microseconds()
    answers = ["satisfied", "mostly_satisfied", "average", "dissatisfied"]
    frame = (
        pl.scan_parquet(folder / "q*.parquet")
        .group_by("org", pl.col("accepted").dt.truncate("1q").alias("quarter"))
        .agg(
            pl.len().alias("n"),
            pl.col("replied").is_null().sum().alias("open"),
            (pl.col("replied") <= pl.col("due")).mean().alias("on_time"),
            *((pl.col("satisfaction") == a).sum().alias(a) for a in answers),
            *(spent.fill_null(2**62).quantile(q, "higher").alias(f"q{q}") for q in (0.5, 0.9)),
        )
    )
    return len(frame.collect(engine="streaming"))


def with_servicepo(folder: Path, *, memory: str, engine: object = None, period="Q", **more):
    import servicepo as sp
    from servicepo.tables import Dataset, empty

    names = ("organisations", "evaluations", "services", "surveys", "problems", "sources", "layout")
    data = Dataset(**{name: empty(name) for name in names})
    lines = [INDICATOR.format(m, SCALE if m == "satisfaction" else "") for m in MEASURES]
    path = folder / "ledger.toml"
    path.write_text(FRAMEWORK + "".join(lines), "utf-8")
    framework = sp.load_framework(path)
    start = time.perf_counter()
    where = folder if engine is None else f"{folder}/q*.parquet"
    as_of, keep = more.get("as_of"), more.get("keep")
    ledger = sp.open_ledger(where, engine=engine, memory=memory, spill=folder, keep=keep)
    values = sp.tally(data, framework, period=period, ledger=ledger, as_of=as_of)
    told = values.evidence.ledger
    assert told.read == told.events + told.later + told.rules.get("duplicate", 0)
    return values, time.perf_counter() - start


COMPETITORS = {
    "DuckDB, whole": lambda f: by_hand(f, quantiles=True, passes=False, memory="20GB"),
    "DuckDB, by quarter": lambda f: by_hand(f, quantiles=True, passes=True, memory="1GB"),
    "DuckDB, same answers": same_by_hand,
    "DuckDB, no quantiles": lambda f: by_hand(f, quantiles=False, passes=True, memory="1GB"),
    "Polars, streaming": with_polars,
    "servicepo": lambda f: len(with_servicepo(f, memory="1536MB")[0]),
}


def alone(name: str, folder: Path) -> dict[str, float]:
    """Run one competitor in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "one", name, str(folder)],
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def one(name: str, folder: Path) -> None:
    start = time.perf_counter()
    groups = COMPETITORS[name](folder)
    spent = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": spent, "peak": peak, "groups": groups}))


# -- the runs --------------------------------------------------------------------------------------
def compare(events: int, orgs: int) -> None:
    import importlib.util

    names = [n for n in COMPETITORS if n[0] != "P" or importlib.util.find_spec("polars")]
    with tempfile.TemporaryDirectory(prefix="servicepo-") as folder:
        write(events, orgs, Path(folder))
        found = {name: alone(name, Path(folder)) for name in names}
    print(f"{events:,} events × {orgs:,} organisations × {PERIODS} quarters")
    best = min(
        f["seconds"] for n, f in found.items() if n not in ("servicepo", "DuckDB, no quantiles")
    )
    for name, f in found.items():
        ratio = f["seconds"] / best
        print(
            f"{name:22} {f['seconds']:7.1f} s  × {ratio:4.2f}  {f['peak']:5.2f} GiB"
            f"  {f['groups']:,} rows"
        )


def growth(sizes: list[int]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    points = []
    for events in sizes:
        with tempfile.TemporaryDirectory(prefix="servicepo-") as folder:
            write(events, min(100_000, events // 500), Path(folder))
            found = alone("servicepo", Path(folder))
        points.append((events / 1e6, found["seconds"], found["peak"]))
        print(
            f"{events:>12,} events {found['seconds']:7.1f} s {found['peak']:5.2f} GiB", flush=True
        )
    x, seconds, peak = zip(*points, strict=True)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for ax, y, label in zip(axes, (seconds, peak), ("seconds", "GiB at most"), strict=True):
        ax.plot(x, y, "o-", color="#b22222")
        ax.set(xlabel="million events", ylabel=label, xlim=0, ylim=0)
    figure.savefig("services.png", dpi=150)


def spark(events: int, orgs: int) -> None:
    """Compare every cell of the values counted by both engines."""
    with tempfile.TemporaryDirectory(prefix="servicepo-") as name:
        folder = Path(name)
        write(events, orgs, folder)
        here, embedded = with_servicepo(folder, memory="1GB")
        there, cluster = with_servicepo(folder, memory="1GB", engine="local[2]")
        difference = (here - there).abs()
        same = (here == there) | (here.isna() & there.isna())
        print(f"{events:,} events: embedded {embedded:.1f} s, Spark local[2] {cluster:.1f} s")
        print(f"{same.to_numpy().sum():,} of {same.size:,} cells equal, "
              f"largest difference {difference.max().max():.1e}")  # fmt: skip


def increments(events: int, orgs: int) -> None:
    """Let December join 23 months, one in a hundred of its rows a late correction of an old one."""
    with tempfile.TemporaryDirectory(prefix="servicepo-") as name:
        quarters, folder = Path(name) / "quarters", Path(name) / "ledger"
        quarters.mkdir()
        folder.mkdir()
        write(events, orgs, quarters)
        text = dict.fromkeys(("org", "satisfaction"), pa.string())
        old, rng = [], np.random.default_rng(0)
        for k in range(PERIODS):
            rows = pq.read_table(quarters / f"q{k}.parquet")
            rows = rows.cast(pa.schema([(f.name, text.get(f.name, f.type)) for f in rows.schema]))
            number = rows["accepted"].to_numpy().astype("datetime64[M]").astype(int)
            for month in np.unique(number):
                own = rows.filter(pa.array(number == month))
                file = folder / f"{np.datetime64(int(month), 'M')}.parquet"
                if file.stem == "2024-12":
                    late = pa.concat_tables(old).slice(0, len(own) // 100)
                    answers = pa.array(["dissatisfied"] * len(late))
                    own = pa.concat_tables([own, late.set_column(5, "satisfaction", answers)])
                else:
                    old.append(own.take(pa.array(rng.integers(0, len(own), len(own) // 2000 + 1))))
                    pq.write_table(own, file)
        ask = {"memory": "1GB", "period": "M", "as_of": "2024-11-30"}
        _, before = with_servicepo(folder, keep=Path(name) / "keep", **ask)
        pq.write_table(own, file)  # December, the last
        ask["as_of"] = "2024-12-31"
        kept, joined = with_servicepo(folder, keep=Path(name) / "keep", **ask)
        _, same = with_servicepo(folder, keep=Path(name) / "keep", **ask)
        whole, scratch = with_servicepo(folder, **ask)
        size = sum(f.stat().st_size for f in (Path(name) / "keep").rglob("*.parquet"))
        print(
            f"{events:,} events × {orgs:,} organisations × 24 months: {scratch:.2f} s from scratch"
        )
        print(f"23 months kept {before:.2f} s, December joins {joined:.2f} s, again {same:.2f} s; "
              f"{size / 2**20:.0f} MiB kept; "
              f"largest difference {(kept - whole).abs().max().max():.1e}")  # fmt: skip


def main(words: list[str]) -> None:
    what, rest = (words[0], words[1:]) if words and not words[0].isdigit() else ("compare", words)
    if what == "one":
        one(rest[0], Path(rest[1]))
    elif what == "growth":
        growth([int(w) for w in rest] or [1_000_000, 5_000_000, 20_000_000, 50_000_000])
    else:
        events = int(rest[0]) if rest else 50_000_000
        orgs = int(rest[1]) if len(rest) > 1 else 100_000
        {"compare": compare, "spark": spark, "increments": increments}[what](events, orgs)


if __name__ == "__main__":
    main(sys.argv[1:])
