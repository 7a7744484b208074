"""Measures of a ledger: declared shares, backlog, duties, checklists, one's own; the slow way."""

import re

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import FrameworkError, MethodError
from servicepo.framework import load_framework
from servicepo.methods.queues import backlog
from servicepo.tallying.tally import tally


def service(measure, more=""):
    more = f", {more}" if more else ""
    return f'source = {{ kind = "service", measure = "{measure}"{more} }}'


def ledger(n=600, seed=0, orgs=("甲", "乙", "丙")):
    """Make two years of events as a frame of what the table has."""
    rng = np.random.default_rng(seed)
    accepted = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.uniform(0, 700, n), unit="D")
    replied = accepted + pd.to_timedelta(rng.exponential(25, n), unit="D")
    yes_no = pd.Series(["yes", "no", None], dtype="str")
    return pd.DataFrame(
        {
            "org": rng.choice(orgs, n),
            "accepted": accepted.floor("s"),
            "undertaken": (accepted + pd.Timedelta(hours=1)).where(rng.random(n) < 0.8).floor("s"),
            "replied": replied.where(replied < "2024-12-01").floor("s"),
            "due": (accepted + pd.Timedelta(days=20)).where(rng.random(n) < 0.9).floor("s"),
            "channel": rng.choice(["hotline", "visits", "network"], n),
            "way": rng.choice(["agency", "direct", None], n),
            "activity": rng.choice(["culture", "law", "member_study", None], n),
            "times": rng.choice([1.0, 2.0, 3.0, np.nan], n),
            "participants": rng.choice([10.0, 25.0, np.nan], n),
            **{
                c: yes_no.iloc[rng.integers(0, 3, n)].to_numpy()
                for c in ("first_asked", "reopened", "called_back")
            },
        }
    )


AS_OF = pd.Timestamp("2024-11-30")
ROSTER = [
    {"org": org, "domain": "rural", "sector": "village", "members": m, "households": 100}
    for org, m in (("甲", 50), ("乙", 20), ("丙", np.nan))
]


@pytest.fixture
def events():
    return ledger()


@pytest.fixture
def data(dataset, events):
    return dataset(ROSTER, services=events.astype(object).to_dict("records"))


def by_year(events, values):
    """Group a column of the events by organisation and year."""
    return values.groupby([events["org"], events["accepted"].dt.year])


def close(found, expected):
    found = found.copy()
    found.index = pd.MultiIndex.from_arrays(
        [found.index.get_level_values(0), found.index.get_level_values(1).year]
    )
    expected = expected.rename_axis(found.index.names).reindex(found.index)
    np.testing.assert_allclose(found.to_numpy(float), expected.to_numpy(float), rtol=1e-9)


def test_shares_slowly(data, events, framework):
    closed = events["replied"].notna()
    known = {c: events[c].notna() for c in events}
    yes = {c: events[c] == "yes" for c in ("first_asked", "reopened", "called_back")}
    expected = {
        "one_visit_share": (events["times"] <= 1, known["times"]),
        "agency_share": (events["way"] == "agency", known["way"]),
        "first_asked_share": (yes["first_asked"], known["first_asked"]),
        "reopened_share": (yes["reopened"], known["reopened"]),
        "called_back_share": (yes["called_back"], known["called_back"] & closed),
        "three_step_share": (known["undertaken"], closed),
    }
    declared = {
        'of = { times = { least = 2 } }, among = { channel = ["hotline", "network"] }': (
            events["times"] >= 2,
            known["times"] & events["channel"].isin(["hotline", "network"]),
        ),
        'of = { activity = "*" }': (known["activity"], known["org"]),
        'of = { way = "direct", times = { most = 2 } }, where = { channel = "visits" }': (
            (events["way"] == "direct") & (events["times"] <= 2),
            known["way"] & known["times"] & (events["channel"] == "visits"),
        ),
    }
    asked = framework(*map(service, expected), *(service("share", more) for more in declared))
    before = data.services.copy()
    values = tally(data, asked, as_of=AS_OF)
    pd.testing.assert_frame_equal(data.services, before)
    for column, (part, whole) in zip(values, [*expected.values(), *declared.values()], strict=True):
        counts = by_year(events, (part & whole).astype(float)).sum(), by_year(events, whole).sum()
        close(values[column], counts[0] / counts[1])
        table = values.evidence.table.xs(column, level="indicator")
        close(table["n"], counts[1])


def test_a_reply_after_the_day_had_not_come(data, events, framework):
    day = pd.Timestamp("2024-06-30")
    values = tally(data, framework(service("three_step_share")), as_of=day)
    then = events[(events["accepted"] < "2024-07-01") & (events["replied"] < "2024-07-01")]
    close(values["i0"], by_year(then, then["undertaken"].notna()).mean())


def test_totals_and_kinds_slowly(data, events, framework):
    values = tally(
        data,
        framework(
            service("total", 'column = "participants"'),
            service("total", 'column = "participants", per = "members"'),
            service("kinds", 'column = "activity"'),
            service("kinds", 'column = "activity", where = { activity = ["culture", "law"] }'),
            service("volume"),
        ),
        as_of=AS_OF,
    )
    total = by_year(events, events["participants"].fillna(0)).sum()
    close(values["i0"], total)
    members = total.index.get_level_values(0).map({"甲": 50, "乙": 20, "丙": np.nan})
    close(values["i1"], total / members.to_numpy(float))
    close(values["i2"], by_year(events, events["activity"]).nunique())
    assert (values["i3"] == 2).all()


@pytest.mark.parametrize("freq", ["Y", "Q", "M"])
def test_backlog_and_its_age_event_by_event(data, events, framework, freq):
    words = ("backlog", "backlog_days", "load")
    values = tally(data, framework(*map(service, words)), period=freq, as_of=AS_OF)
    periods = pd.period_range("2023-01", "2024-11", freq=freq)
    ends = [min(p.end_time.ceil("s"), AS_OF + pd.Timedelta(days=1)) for p in periods]
    slow = backlog(events["accepted"], events["replied"], ends, groups=events["org"])
    slow["period"] = np.tile([str(p) for p in periods], 3)
    for row in slow.itertuples():
        own = values.loc[row.group]
        mine = own[own.index.astype(str) == row.period]
        if row.open == 0:
            assert mine.empty or mine["i0"].item() == 0
            continue
        assert mine["i0"].item() == row.open
        assert mine["i1"].item() == pytest.approx(row.mean_age, abs=1e-4)  # whole seconds
    came = events.groupby(["org", events["accepted"].dt.to_period(freq)]).size()
    gone = events.groupby(["org", events["replied"].dt.to_period(freq)]).size()
    loads = (came / gone).dropna()
    found = values["i2"].dropna()
    found.index = pd.MultiIndex.from_arrays(
        [found.index.get_level_values(0), found.index.get_level_values(1).astype(str)]
    )
    loads.index = pd.MultiIndex.from_arrays(
        [loads.index.get_level_values(0), loads.index.get_level_values(1).astype(str)]
    )
    np.testing.assert_allclose(found.reindex(loads.index), loads)


def test_queue_against_its_target(dataset, framework):
    """30 events came in a 30-day month, 20 were settled, 10 wait; a promise of 8 days allows 2."""
    days = pd.date_range("2024-04-01", periods=30)
    rows = [
        {"org": "甲", "accepted": day, "replied": day if n < 20 else pd.NaT}
        for n, day in enumerate(days)
    ]
    asked = framework(
        service("backlog_over_target", "target_days = 8"),
        service("relief_ratio", "target_days = 8, within_days = 4"),
        service("relief_ratio", "target_days = 400, within_days = 4"),
    )
    values = tally(dataset(services=rows), asked, period="M", as_of="2024-04-30")
    assert values["i0"].item() == pytest.approx(10 / (1 * 8 / 4))
    assert values["i1"].item() == pytest.approx((1 + (10 - 2) / 4) / (20 / 30))
    assert values["i2"].item() == pytest.approx(1 / (20 / 30))


def test_overdue_by_length(data, events, framework):
    values = tally(
        data,
        framework(
            service("on_time_share"), service("overdue_share"),
            service("overdue_share", "days = 10"), service("overdue_share", "days = 40"),
        ),
        as_of=AS_OF,
    )  # fmt: skip
    np.testing.assert_allclose(values["i1"], 1 - values["i0"])
    old = values[values.index.get_level_values("period").astype(str) == "2023"]
    due = events[events["due"].notna() & (events["accepted"].dt.year == 2023)]
    days = (due["replied"] - due["due"]).dt.total_seconds() / 86400
    for column, late in (("i2", 10), ("i3", 40)):
        expected = ((days > late) | days.isna()).groupby(due["org"]).mean()
        np.testing.assert_allclose(
            old[column].droplevel("period").to_numpy(),
            expected.reindex(old.index.get_level_values("org")).to_numpy(),
        )
    assert (values["i1"] >= values["i2"]).all()
    assert (values["i2"] >= values["i3"]).all()


# -- duties ----------------------------------------------------------------------------------------
def duty(per, more=""):
    return f'source = {{ kind = "frequency", per = "{per}"{more} }}'


def test_months_missing_are_named(dataset, framework):
    days = ["2023-12-05", *(f"2024-{m:02d}-10" for m in range(1, 13) if m not in (3, 8))]
    rows = [{"org": "甲", "accepted": pd.Timestamp(d), "channel": "visits"} for d in days]
    rows.append({"org": "甲", "accepted": pd.Timestamp("2024-03-01"), "channel": "hotline"})
    rows.append({"org": "乙", "accepted": pd.Timestamp("2024-03-01"), "channel": "hotline"})
    asked = framework(
        duty("M", ', where = { channel = "visits" }'), duty("Q"), duty("H", ", least = 5"),
        duty("Y", ", least = 20"),
    )  # fmt: skip
    values = tally(dataset(services=rows), asked, as_of="2024-12-31")
    assert values.loc["甲"].to_numpy().tolist() == [
        [1 / 12, 1 / 4, 0, 0],
        [10 / 12, 1, 1, 0],
    ]
    assert values.loc["乙"].to_numpy().tolist() == [[0, 1 / 4, 0, 0]]
    gaps = values.evidence.gaps
    own = gaps.xs(("甲", "i0"), level=("org", "indicator"))
    assert own[own.index == pd.Period("2024")]["missing"].tolist() == ["2024-03", "2024-08"]
    quarters = gaps.xs(("乙", "i1"), level=("org", "indicator"))["missing"]
    assert quarters.tolist() == ["2024Q2", "2024Q3", "2024Q4"]
    years = gaps.xs("i3", level="indicator")["missing"]
    assert sorted(zip(years.index.get_level_values("org"), years, strict=True)) == [
        ("乙", "2024"), ("甲", "2023"), ("甲", "2024"),
    ]  # fmt: skip
    row = values.evidence.table.loc[("甲", pd.Period("2024"), "i0")]
    assert row[["numerator", "denominator"]].tolist() == [10, 12]


def test_what_is_not_over_is_not_due(dataset, framework):
    rows = [{"org": "甲", "accepted": pd.Timestamp(f"2024-{m:02d}-10")} for m in (1, 2, 4)]
    values = tally(dataset(services=rows), framework(duty("M")), as_of="2024-04-29")
    assert values["i0"].item() == pytest.approx(2 / 3)
    assert values.evidence.gaps["missing"].tolist() == ["2024-03"]
    whole = tally(dataset(services=rows), framework(duty("M")), as_of="2024-04-30")
    assert whole["i0"].item() == pytest.approx(3 / 4)


def test_a_duty_longer_than_the_period_is_refused(dataset, framework):
    rows = [{"org": "甲", "accepted": pd.Timestamp("2024-01-10")}]
    message = (
        "A duty must fall due within the period 'Q', got per = 'H' for 'i0'. "
        "Tally by a longer period."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        tally(dataset(services=rows), framework(duty("H")), period="Q")


# -- records ---------------------------------------------------------------------------------------
def record(item, score, org="甲"):
    return {"org": org, "period": "2024", "indicator": item, "source": "record", "score": score}


CHECKLIST = 'source = { kind = "checklist", items = ["服务室", "服务牌"], conditional = ["电脑"] }'


def test_a_checklist_counts_what_is_there_and_keeps_blank_apart_from_absent(dataset, framework):
    rows = [
        record("服务室", 1), record("服务牌", 0), record("电脑", 1),
        record("服务室", 1, "乙"), record("服务牌", 1, "乙"),
        record("服务室", 1, "丙"),
    ]  # fmt: skip
    values = tally(dataset(evaluations=rows), framework(CHECKLIST))
    found = values["i0"].droplevel("period")
    assert found.to_dict() == pytest.approx({"甲": 2 / 3, "乙": 1.0})
    cells = values.evidence.cells("甲", "i0")
    assert sorted(cells["role"]) == ["服务室", "服务牌", "电脑"] or len(cells) == 3
    message = (
        "Items of a checklist must be recorded as 1 (there) or 0, got others for '服务牌'. "
        "Correct the records, or count the item in another way."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        tally(dataset(evaluations=[*rows, record("服务牌", 3, "丁")]), framework(CHECKLIST))


def test_a_ratio_to_a_number(dataset, framework):
    asked = framework('source = { kind = "ratio", numerator = "选聘顾问的村", denominator = 100 }')
    values = tally(dataset(ROSTER, evaluations=[record("选聘顾问的村", 87)]), asked)
    assert values["i0"].item() == 0.87


# -- of one's own ----------------------------------------------------------------------------------
def test_a_measure_of_ones_own(data, events, tmp_path):
    text = """
id = "f"
name = "体系"
citation = "无"
[[dimensions]]
code = "d"
name = "维"
[[dimensions.indicators]]
code = "busy"
name = "热线与走访之比"
unit = "倍"
source = { kind = "service", measure = "hotline_over_visits", counts = { hotline = { channel = \
"hotline" }, visits = { channel = "visits" } } }
"""
    path = tmp_path / "f.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FrameworkError, match="measure must be a known word"):
        load_framework(path)

    def ratio(counts):
        return counts["hotline"] / counts["visits"]

    asked = load_framework(path, measures={"hotline_over_visits": ratio})
    values = tally(data, asked, as_of=AS_OF)
    counts = [by_year(events, events["channel"] == c).sum() for c in ("hotline", "visits")]
    close(values["busy"], counts[0] / counts[1])
    for wrong, message in (
        (
            lambda counts: 3,
            "A measure of your own must return a Series, or a frame with a column 'value', got "
            "int for 'busy'. Return one value for each row.",
        ),
        (
            lambda counts: pd.Series([1.0]),
            "A measure of your own must keep the rows it was given, got others for 'busy'. "
            "Leave the index of the counts as it is.",
        ),
    ):
        asked = load_framework(path, measures={"hotline_over_visits": wrong})
        with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
            tally(data, asked, as_of=AS_OF)


# -- the way back, and mistakes in the file --------------------------------------------------------
def test_cells_of_declared_shares(data, framework):
    asked = framework(
        service("share", 'of = { times = { least = 2 } }, where = { channel = "hotline" }'),
        service("three_step_share"), service("backlog"), duty("M"),
    )  # fmt: skip
    values = tally(data, asked, as_of=AS_OF)
    rows = data.services[(data.services["org"] == "甲") & (data.services["channel"] == "hotline")]
    cells = values.evidence.cells("甲", "i0")
    assert set(cells["role"]) == {"times"}
    assert len(cells) == rows["times"].notna().sum()
    assert set(values.evidence.cells("甲", "i1")["role"]) == {"undertaken", "replied"}
    assert set(values.evidence.cells("甲", "i3")["role"]) == {"accepted"}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (service("share"), "of must say which events, got None"),
        (
            service("share", "of = { times = { } }"),
            "times must have least or most, got {}",
        ),
        (
            service("share", 'of = { undertaken = "2024" }'),
            "undertaken must be \"*\", got '2024'",
        ),
        (service("share", 'of = { activity = "cultur" }'), "Did you mean 'culture'?"),
        (service("total", 'column = "way"'), "column must be a known word, got 'way'"),
        (service("backlog_over_target"), "target_days must be a number, got None"),
        (service("backlog_over_target", "target_days = 0"), "target_days must be above 0, got 0"),
        (duty("W"), "per must be a known word, got 'W'"),
        (
            'source = { kind = "checklist", items = ["室", "室"] }',
            "Every item must stand once, got '室'",
        ),
        (
            'source = { kind = "ratio", numerator = "顾问", denominator = 0 }',
            "denominator must be above 0, got 0",
        ),
    ],
)
def test_mistakes_in_a_framework(framework, lines, told):
    with pytest.raises(FrameworkError, match=re.escape(told)):
        framework(lines)


def test_a_column_in_of_and_among_is_refused(data, framework):
    asked = framework(service("share", 'of = { way = "direct" }, among = { way = "*" }'))
    message = (
        "A column must stand in of or in among, got 'way' in both for 'i0'. "
        "Take it out of one of them in the framework."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        tally(data, asked, as_of=AS_OF)


# -- surveys by design -----------------------------------------------------------------------------
SCALE = 'scale = { satisfied = 1, dissatisfied = 0 }, unknown = "exclude"'


def survey(more=""):
    return f'source = {{ kind = "survey", question = ["满意"], {SCALE}{more} }}'


def answers(stratum, satisfied, dissatisfied, issued=np.nan, org="甲"):
    return [
        {
            "org": org, "period": "2024", "question": "满意", "stratum": stratum,
            "answer": answer, "count": count, "issued": issued,
        }
        for answer, count in (("satisfied", satisfied), ("dissatisfied", dissatisfied))
    ]  # fmt: skip


STRATA = ', strata = { "党员" = 0.1, "群众" = 0.9 }'


def test_strata_weigh_as_the_people_they_stand_for(dataset, framework):
    rows = answers("党员", 38, 2, 40) + answers("群众", 36, 24, 100)
    roster = [{"org": "甲", "households": 600}]
    asked = framework(survey(), survey(STRATA), survey(STRATA + ', population = "households"'))
    values = tally(dataset(roster, surveys=rows), asked)
    assert values.iloc[0].tolist() == pytest.approx([0.74, 0.1 * 0.95 + 0.9 * 0.6, 0.635])
    table = values.evidence.table.droplevel(["org", "period"])
    assert table["issued"].tolist() == [140, 140, 140]
    assert table["population"].fillna(0).tolist() == [0, 0, 600]
    p, f = np.array([38.5 / 41, 36.5 / 61]), 1 - np.array([40 / 60, 60 / 540])
    each = p * (1 - p) / (np.array([41, 61]) + 1)
    weights = np.array([0.01, 0.81])
    assert table["standard_error"].iloc[1] == pytest.approx(np.sqrt((weights * each).sum()))
    assert table["standard_error"].iloc[2] == pytest.approx(np.sqrt((weights * f * each).sum()))


def test_surveys_that_do_not_fit_their_design(dataset, framework):
    rows = answers("党员", 38, 2) + answers("干部", 36, 24)
    roster = [{"org": "甲", "households": 30}]
    message = (
        "Every stratum of 'i0' must have its share of the people, got '干部' without. "
        "Add it to strata in the framework, or name the stratum in the survey."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        tally(dataset(roster, surveys=rows), framework(survey(STRATA)))
    message = (
        "There must not be more answers than people, got 100 of 30 for '甲' (i0). "
        "Correct the population in the framework or the roster, or leave it out."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        tally(dataset(roster, surveys=rows), framework(survey(', population = "households"')))
    with pytest.warns(UserWarning, match="Every stratum of 'i0' should have answers, got 1 val"):
        values = tally(dataset(roster, surveys=rows[:2]), framework(survey(STRATA)))
    assert values["i0"].item() == 0.95
    with pytest.raises(FrameworkError, match=r"shares of the strata must sum to 1, got 0\.5"):
        framework(survey(', strata = { "党员" = 0.5 }'))


# -- real permit cases -----------------------------------------------------------------------------
def test_real_permit_cases_three_ways_and_their_backlog_slowly(shared, dataset, framework):
    cases = pd.read_csv(shared / "real/municipal_cases.csv")
    for column, field in {"startdate": "accepted", "enddate": "replied", "deadline": "due"}.items():
        utc = pd.to_datetime(cases[column], utc=True)
        # Half a second away from midnight: these deadlines are moments, not days.
        cases[field] = utc.dt.tz_localize(None) + pd.Timedelta(milliseconds=500)
    assert len(cases) == 1434
    cases = cases[~(cases["replied"].dt.normalize() < cases["accepted"].dt.normalize())]
    cases = cases[~(cases["due"].dt.normalize() < cases["accepted"].dt.normalize())]
    as_of = max(cases["accepted"].max(), cases["replied"].max())
    data = dataset(services=cases.assign(org="市").to_dict("records"))
    words = ("closed_on_time_share", "registered_on_time_share", "on_time_share", "backlog")
    values = tally(data, framework(*map(service, words)), as_of=as_of)
    due, year = cases[cases["due"].notna()], cases["accepted"].dt.year
    for y, own in due.groupby(year):
        found = values.loc[("市", pd.Period(str(y)))]
        closed = own[own["replied"].notna()]
        assert found["i0"] == pytest.approx((closed["replied"] <= closed["due"]).mean())
        assert found["i1"] == pytest.approx((own["replied"] <= own["due"]).mean())
        assert found["i1"] <= found["i2"] + 1e-12
        end = min(pd.Timestamp(f"{y + 1}-01-01"), as_of + pd.Timedelta(microseconds=1))
        waits = (cases["accepted"] < end) & ~(cases["replied"] < end)
        assert found["i3"] == waits.sum()


def test_closed_cases_alone_turn_632_in_a_thousand_into_795(dataset, framework):
    """Handling times of 30 days on average, a deadline of 30: 1 − 1/e = .632 are on time."""
    rng = np.random.default_rng(12)
    n, window = 80_000, 90
    began, handling = rng.uniform(0, window, n), rng.exponential(30, n)
    start, day = pd.Timestamp("2024-01-01 08:00"), pd.Timedelta(days=1)
    events = pd.DataFrame({"org": "甲", "accepted": start + began * day})
    events["replied"] = pd.Series(start + (began + handling) * day).where(
        began + handling <= window
    )
    events["due"] = events["accepted"] + 30 * day
    words = ("on_time_share", "closed_on_time_share", "registered_on_time_share", "median_days")
    data = dataset(services=events.to_dict("records"))
    values = tally(data, framework(*map(service, words)), as_of=start + window * day)
    on_time, closed, registered, median = values.to_numpy()[0]
    assert on_time == pytest.approx(1 - np.exp(-1), abs=0.01)
    assert closed == pytest.approx(0.795, abs=0.01)
    assert registered == pytest.approx(0.545, abs=0.01)
    assert median == pytest.approx(30 * np.log(2), abs=0.5)
