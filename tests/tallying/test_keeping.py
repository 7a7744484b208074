"""What is kept of a ledger: the same as a count from scratch, whatever became of its files."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError, MethodWarning, TableError
from servicepo.measures import Range
from servicepo.tallying import engine as engines
from servicepo.tallying.counting import count
from servicepo.tallying.engine import Embedded
from servicepo.tallying.events import Extra
from servicepo.tallying.ledger import open_ledger, opened
from servicepo.tallying.tally import tally

WHERES = [(), (("service", ("a",)), ("times", Range(1, 2)))]
EXTRAS = [Extra("sum", "hours"), Extra("kinds", "visit"), Extra("count", (("replied", ("*",)),))]
FIRST = pd.Timestamp("2024-01-01")


def counted(ledger, freq, day):
    """Count all that can be counted."""
    with opened(ledger) as engine:
        return count(
            engine,
            WHERES,
            {()},
            flowing={()},
            extras={(): EXTRAS[:2], WHERES[1]: EXTRAS},
            freq=freq,
            as_of=day,
        )


def assert_same(found, expected):
    assert found[1:-1] == expected[1:-1]
    pd.testing.assert_frame_equal(found.examples, expected.examples, check_dtype=False)
    assert list(found.counted) == list(expected.counted)
    for where, own in expected.counted.items():
        for mine, theirs in zip(found.counted[where], own, strict=True):
            exact = [c for c in theirs if c != "pending_on_time"]  # a sum in the order of the rows
            pd.testing.assert_frame_equal(mine, theirs, rtol=1e-12, check_dtype=False)
            pd.testing.assert_frame_equal(
                mine[exact], theirs[exact], check_exact=True, check_dtype=False
            )


def events(rng, month, n=30):
    """Make events of a month and the days after it, a few of them broken."""
    accepted = FIRST + pd.DateOffset(months=month) + pd.to_timedelta(rng.integers(0, 33, n), "D")
    spent = pd.to_timedelta(rng.integers(-1, 70, n), "D")
    return pd.DataFrame(
        {
            "record": rng.integers(0, 1000, n),
            "org": rng.choice(["甲", "乙", "丙", "丁", None], n, p=[0.4, 0.3, 0.2, 0.08, 0.02]),
            "accepted": accepted,
            "replied": (accepted + spent).where(rng.random(n) < 0.8),
            "due": accepted + pd.to_timedelta(rng.integers(0, 40, n), "D"),
            "service": rng.choice(["a", "b"], n),
            "visit": rng.choice(["x", "y", None], n),
            "times": rng.integers(1, 4, n).astype(float),
            "hours": rng.integers(0, 8, n) / 2,
        }
    )


def corrected(rng, rows):
    """Write some rows again: replied to at last, or earlier, or with other words."""
    again = rows.sample(min(len(rows), int(rng.integers(0, 8))), random_state=int(rng.integers(99)))
    spent = pd.to_timedelta(rng.integers(0, 50, len(again)), "D")
    change = rng.random(len(again)) < 0.6
    return again.assign(
        replied=again["replied"].mask(change, again["accepted"] + spent),
        service=rng.choice(["a", "b"], len(again)),
        due=again["due"].mask(~change),
    )


def write(rows, path):
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path, index=False)


STEPS = ("month", "month", "correction", "change", "delete", "day", "back", "nothing")


@settings(max_examples=1, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@example(seed=89393, freq="Q", kind=".parquet", limit=60)  # one period by two ways, in shares
@given(
    seed=st.integers(0, 2**20),
    freq=st.sampled_from("MQY"),
    kind=st.sampled_from([".csv", ".parquet"]),
    limit=st.sampled_from([60, 10**6]),
)
def test_what_is_kept_gives_what_a_count_from_scratch_gives(seed, freq, kind, limit):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "_SORTING", limit * engines.EVENT / 2**31)
        live_through(np.random.default_rng(seed), Path(folder), freq, kind)


def live_through(rng, folder, freq, kind, steps=3):
    """Build a ledger step by step, and compare after each."""
    place, keep = folder / "files", folder / "keep"
    place.mkdir()
    month, day = 0, None
    for step in ["month", "month", *rng.choice(STEPS, steps)]:
        files = sorted(place.iterdir())
        every = pd.concat(map(read, files), ignore_index=True) if files else events(rng, 0, 0)
        if step == "month":
            month += 1
            rows = pd.concat([events(rng, month - 1), corrected(rng, every)])
            write(rows, place / f"{month}月{kind}")
        elif step == "correction":
            write(corrected(rng, every), place / f"{rng.integers(1, 12)}月补{kind}")
        elif step == "change":
            write(events(rng, int(rng.integers(month))), rng.choice(files))
        elif step == "delete" and len(files) > 1:
            rng.choice(files).unlink()
        elif step == "day":
            day = FIRST + pd.Timedelta(days=int(rng.integers(30, 40 * (month + 1))))
        elif step == "back" and day is not None:
            day -= pd.Timedelta(days=int(rng.integers(1, 30)), hours=5)
        found = counted(open_ledger(place, keep=keep), freq, day)
        assert_same(found, counted(open_ledger(place), freq, day))


def read(file):
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    return pd.read_csv(file).astype(dict.fromkeys(["accepted", "replied", "due"], "datetime64[us]"))


# -- what is read ----------------------------------------------------------------------------------
@pytest.fixture
def months(tmp_path):
    """Write three months of a ledger, and keep what is counted of them."""
    rng = np.random.default_rng(3)
    place = tmp_path / "files"
    place.mkdir()
    for month in range(3):
        write(events(rng, month), place / f"{month + 1}月.parquet")
    return place, tmp_path / "keep"


def spoil(files):
    """Make files unreadable that look as before."""
    for file in files:
        stat = file.stat()
        file.write_bytes(b"?" * stat.st_size)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("freq", ["M", "Y"])
def test_old_files_are_not_read_again(months, freq):
    place, keep = months
    counted(open_ledger(place, keep=keep), freq, pd.Timestamp("2024-04-05"))
    old = sorted(place.iterdir())
    content = [(file.read_bytes(), file.stat()) for file in old]
    every = pd.concat(map(read, old))
    spoil(old)
    # New events, replies to some that were open, and an event of long ago where there was none.
    rows = events(np.random.default_rng(8), 3)
    waiting = every[every["replied"].isna() & every["org"].notna()]
    replies = waiting.assign(replied=waiting["due"].clip(lower=waiting["accepted"]))[:9]
    late = rows[:1].assign(org="戊", accepted=FIRST, replied=FIRST, due=FIRST)
    rows = rows[rows["accepted"] > every["accepted"].max()]
    write(pd.concat([rows, replies, late]), place / "4月.parquet")
    ledger, day = open_ledger(place, keep=keep), pd.Timestamp("2024-05-05")
    found = counted(ledger, freq, day)
    assert found.rules["duplicate"] >= 9
    files = [*old, place / "4月.parquet"]
    content.append((files[-1].read_bytes(), files[-1].stat()))
    spoil(files)
    later = counted(ledger, freq, day + pd.Timedelta(days=9))  # only the day is another
    for file, (text, stat) in zip(files, content, strict=True):
        file.write_bytes(text)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert_same(found, counted(open_ledger(place), freq, day))
    assert_same(later, counted(open_ledger(place), freq, day + pd.Timedelta(days=9)))


def test_a_pass_reads_only_the_files_with_rows_in_its_periods(months, monkeypatch):
    asked_for = []
    monkeypatch.chdir(months[0].parent)
    rows = Embedded.rows
    monkeypatch.setattr(
        Embedded, "rows", lambda self, files=(): asked_for.append(len(files)) or rows(self, files)
    )
    monkeypatch.setattr(engines, "_SORTING", 20 * engines.EVENT / 2**31)
    counted(open_ledger("files"), "M", None)
    assert asked_for[0] == 3  # the overview
    assert max(asked_for[1:]) == 2  # a month, and what came late for it


def test_what_is_kept_by_halves_or_spoilt_is_not_used(months):
    place, keep = months
    expected = counted(open_ledger(place), "M", None)
    for pattern, spoilt in [("days.parquet", b"?"), ("counts.parquet", b""), ("about.json", b"{}")]:
        counted(open_ledger(place, keep=keep), "M", None)
        files = list(keep.rglob(pattern))
        assert files
        for file in files:
            file.write_bytes(spoilt)
        assert_same(counted(open_ledger(place, keep=keep), "M", None), expected)
    assert not list(keep.rglob("unfinished-*"))


def test_a_later_file_replaces_the_rows_of_earlier_ones(tmp_path, dataset, framework):
    head = "record,org,accepted,replied,satisfaction\n"
    first = "1,甲,2024-01-05,2024-01-20,satisfied\n2,甲,2024-01-06,2024-01-07,satisfied\n"
    (tmp_path / "2月.csv").write_text(head + first, "utf-8")
    (tmp_path / "10月.csv").write_text(head + "1,甲,2024-01-05,2024-01-08,dissatisfied\n", "utf-8")
    asked = framework(
        'source = { kind = "service", measure = "p90_days" }',
        'source = { kind = "service", measure = "satisfaction", scale = { satisfied = 1, '
        'mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0 }, unknown = "exclude" }',
    )
    with pytest.warns(MethodWarning, match="1 repeats"):
        values = tally(dataset(), asked, ledger=open_ledger(tmp_path))
    assert values.to_numpy().tolist() == [[3.0, 0.5]]
    assert values.evidence.ledger.problems["file"].str.endswith("2月.csv").all()


# -- refusals --------------------------------------------------------------------------------------
def test_where_nothing_can_be_kept(months):
    place, keep = months
    with pytest.raises(MethodError) as caught:
        open_ledger("services", engine="sqlite:///a.db", keep=keep)
    assert str(caught.value) == (
        "keep must go with a ledger in files, got engine='sqlite:///a.db'. Leave it out, or write "
        "the ledger to files, one for each month: only files tell what is new."
    )
    with pytest.raises(MethodError) as caught:
        open_ledger(place, keep=place / "keep")
    assert str(caught.value) == (
        f"keep must be a folder outside the ledger, got '{place / 'keep'}'. Name another."
    )
    with pytest.raises(MethodError, match=r"^keep must be a folder, got '.*1月\.parquet'\. Name"):
        open_ledger(place / "2月.parquet", keep=place / "1月.parquet")


def test_a_file_that_is_gone_is_named(months):
    place, keep = months
    ledger = open_ledger(place, keep=keep)
    (place / "1月.parquet").unlink()
    with pytest.raises(TableError) as caught:
        counted(ledger, "M", None)
    assert str(caught.value) == (
        f"Every file of a ledger must be readable, got '{place}/1月.parquet' (No such file or "
        "directory). Open the ledger again."
    )
