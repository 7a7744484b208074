"""Service measures: awkward rows, the slow way, simulated truth, real permit cases."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import MethodError, MethodWarning, TableError
from servicepo.measures import MEASURES
from servicepo.synthetic.county import synthesise
from servicepo.tallying import figures
from servicepo.tallying.tally import tally

SCALE = "scale = {satisfied = 1, mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0}"


def service(measure, where="", more=""):
    where = f", where = {{ {where} }}" if where else ""
    return f'source = {{ kind = "service", measure = "{measure}"{where}{more} }}'


def events(*rows):
    """Make events from (org, accepted, replied, due) and further fields."""
    return [
        {
            "record": str(n),
            "org": org,
            "accepted": pd.Timestamp(accepted),
            "replied": pd.Timestamp(replied) if replied else pd.NaT,
            "due": pd.Timestamp(due) if due else pd.NaT,
            "file": "台账.csv",
            "row": float(n + 2),
            **(more[0] if more else {}),
        }
        for n, (org, accepted, replied, due, *more) in enumerate(rows)
    ]


def one(values, org="甲", period="2024", column="i0"):
    found = values.loc[org][column]
    return found[found.index.astype(str) == period].item()


# -- every measure on a handful of events ----------------------------------------------------------
def more(times=None, way=None, visit=None, satisfaction=None, service="reform"):
    return {
        "times": times,
        "way": way,
        "visit": visit,
        "satisfaction": satisfaction,
        "service": service,
    }


HANDFUL = events(
    (
        *("甲", "2024-01-01", "2024-01-03", "2024-01-05"),
        more(1, "agency", "elderly_alone", "satisfied", "livelihood"),
    ),
    (
        *("甲", "2024-01-01", "2024-01-11", "2024-01-05"),
        more(2, "direct", "elderly_alone", "dissatisfied", "livelihood"),
    ),
    ("甲", "2024-02-01", "2024-02-05", None, more(1, None, "disabled", "unknown")),
    ("甲", "2024-12-01", None, "2024-12-11", more(way="agency")),
    ("乙", "2024-12-31", "2024-12-31", "2024-12-31", more()),
)
ROSTER = [
    {"org": "甲", "domain": "rural", "sector": "village", "households": 200, "members": 50},
    {"org": "乙", "domain": "organs", "sector": "school", "households": np.nan, "members": 0},
]


def test_every_measure_by_hand(dataset, framework):
    expected = {
        "volume": 4,
        "volume_per_100_households": 2,
        "volume_per_100_members": 8,
        "closed_on_time_share": 1 / 2,
        "registered_on_time_share": 1 / 3,
        "on_time_share": 1 / 3,
        "median_days": 4,
        "open_share": 1 / 4,
        "one_visit_share": 2 / 3,
        "agency_share": 2 / 3,
        "visit_groups_covered": 2,
    }
    values = tally(dataset(ROSTER, services=HANDFUL), framework(*map(service, expected)))
    assert values.loc["甲"].to_numpy()[0] == pytest.approx(list(expected.values()))
    table = values.evidence.table.loc["甲"].droplevel("period")
    for code, measure in zip(values.columns, expected, strict=True):
        row = table.loc[code]
        if MEASURES[measure].denominator:
            hundred = 100 if "per_100" in measure else 1
            assert row["value"] == pytest.approx(hundred * row["numerator"] / row["denominator"])
        assert row["n"] in (2, 3, 4)


def test_satisfaction_on_a_declared_scale(dataset, framework):
    data = dataset(ROSTER, services=HANDFUL)
    left_out = framework(service("satisfaction", more=f', {SCALE}, unknown = "exclude"'))
    assert one(tally(data, left_out)) == pytest.approx(1 / 2)
    valued = framework(service("satisfaction", more=f", {SCALE}, unknown = 0.3"))
    assert one(tally(data, valued)) == pytest.approx(1.3 / 3)
    with pytest.raises(
        MethodError,
        match=r"^The scale of 'i0' must value every answer that occurs, got 'dissatisfied' without "
        r"a value\. Add it to scale in the framework\.$",
    ):
        tally(
            data,
            framework(
                service(
                    "satisfaction",
                    more=', scale = {satisfied = 1, average = 0}, unknown = "exclude"',
                )
            ),
        )


def test_all_words_can_be_computed():
    assert set(figures.FIGURES) | {m.code for m in MEASURES.values() if m.of} == set(MEASURES)


def test_ninetieth_percentile_is_missing_until_so_many_are_settled(dataset, framework):
    data = dataset(ROSTER, services=HANDFUL)
    values = tally(data, framework(service("p90_days"), service("volume")))
    assert np.isnan(one(values))
    assert one(values, "乙") == 0


def test_codes_are_chosen_and_none_is_zero_where_there_are_others(dataset, framework):
    data = dataset(ROSTER, services=HANDFUL)
    values = tally(
        data,
        framework(
            service("volume", 'service = ["reform", "masses"]'),
            service("volume", 'service = "livelihood"'),
        ),
    )
    assert values["i0"].tolist() == [1, 2]
    assert values["i1"].tolist() == [0, 2]


def test_an_organisation_without_any_event_is_missing_not_zero(dataset, framework):
    data = dataset(ROSTER, services=HANDFUL[:4])
    values = tally(data, framework(service("volume")))
    assert values.index.get_level_values("org").tolist() == ["甲"]


def test_no_households_no_rate(dataset, framework):
    data = dataset(ROSTER, services=HANDFUL)
    values = tally(
        data,
        framework(
            service("volume_per_100_households"),
            service("volume_per_100_members"),
            service("volume"),
        ),
    )
    assert values.loc["乙", ["i0", "i1"]].isna().all(axis=None)
    assert one(values, "乙", column="i2") == 1


# -- awkward rows ----------------------------------------------------------------------------------
AWKWARD = [
    # (accepted, replied, due, on time)                                          why it is awkward
    ("2024-03-01", "2024-03-05", "2024-03-05", 1),  # a day is over at its end
    ("2024-03-01", "2024-03-05 23:59:59", "2024-03-05", 1),
    ("2024-03-01", "2024-03-06 00:00:01", "2024-03-05", 0),
    ("2024-03-01 10:00", "2024-03-05 11:00", "2024-03-05 10:59:59", 0),  # to the second
    ("2024-03-01 10:00", "2024-03-05 10:59:59", "2024-03-05 11:00", 1),
    ("2024-03-01 15:00", "2024-03-01", "2024-03-01", 1),  # replied on the day, hour unknown
    ("2024-02-28", "2024-02-29", "2024-02-29", 1),  # a leap day
    ("2023-12-31", "2024-01-01", "2023-12-31", 0),  # belongs to 2023
    ("2024-03-31 01:30", "2024-03-31 03:30", "2024-03-31 03:30", 1),  # an hour that some lack
]


def test_awkward_moments(dataset, framework):
    rows = events(*((str(n), *row[:3]) for n, row in enumerate(AWKWARD)))
    words = ("on_time_share", "closed_on_time_share")
    values = tally(dataset(services=rows), framework(*map(service, words)))
    found = values.reset_index().set_index("org")
    for n, (accepted, _, _, on_time) in enumerate(AWKWARD):
        assert found.loc[str(n), ["i0", "i1"]].tolist() == [on_time, on_time], AWKWARD[n]
        assert str(found.loc[str(n), "period"]) == accepted[:4]


@pytest.mark.parametrize(
    ("freq", "expected"),
    [("Y", ["2023", "2024"]), ("H", ["2023Q3", "2024Q1", "2024Q3"]),
     ("Q", ["2023Q4", "2024Q1", "2024Q3"]), ("M", ["2023-12", "2024-03", "2024-07"])],
)  # fmt: skip
def test_an_event_belongs_to_the_period_in_which_it_was_accepted(
    dataset, framework, freq, expected
):
    data = dataset(
        services=events(
            ("甲", "2023-12-31 23:59", "2024-01-05", None),
            ("甲", "2024-03-31", "2024-07-01", None),
            ("甲", "2024-07-01", None, None),
        )
    )
    values = tally(data, framework(service("volume")), period=freq)
    periods = values.index.get_level_values("period")
    assert isinstance(values.index.levels[1], pd.PeriodIndex)
    assert [str(p) for p in periods] == expected
    assert (values["i0"] == 1).sum() >= len(expected) - 1


def test_impossible_events_are_left_out_and_told(dataset, framework):
    rows = events(
        ("甲", "2024-03-05", "2024-03-01", None),
        ("甲", "2024-03-05", None, "2024-03-01"),
        ("甲", None, None, None),
        (None, "2024-03-05", None, None),
        ("甲", "2024-03-05", "2024-03-06", None),
    )
    with pytest.warns(MethodWarning) as caught:
        values = tally(dataset(services=rows), framework(service("volume")))
    assert [str(w.message) for w in caught] == [
        "Service events must have an organisation and a date and end after they begin, got 4 that "
        "do not, which are left out. Mend them in the ledger."
    ]
    assert one(values) == 1


def test_what_had_not_come_by_the_day_of_the_cut_is_open(dataset, framework):
    rows = events(
        ("甲", "2024-03-01", "2024-03-09", None),
        ("甲", "2024-03-01", "2024-03-10 17:00", None),
        ("甲", "2024-03-01", "2024-03-11", None),
        ("甲", "2024-03-12", "2024-03-13", None),
    )
    data = dataset(services=rows)
    asked = framework(service("open_share"))
    values = tally(data, asked, as_of="2024-03-10")
    assert one(values) == pytest.approx(1 / 3)
    assert values.evidence.as_of == pd.Timestamp("2024-03-10")
    later = tally(data, asked)
    assert later.evidence.as_of == pd.Timestamp("2024-03-13")
    assert one(later) == 0
    assert one(tally(data, asked, as_of=datetime(2024, 3, 9))) == pytest.approx(2 / 3)


@pytest.mark.parametrize("as_of", ["someday", pd.Timestamp("2024-03-10", tz="Asia/Shanghai")])
def test_a_cut_that_is_no_day(dataset, framework, as_of):
    with pytest.raises(MethodError) as caught:
        tally(dataset(services=HANDFUL), framework(service("volume")), as_of=as_of)
    assert str(caught.value) == (
        f"as_of must be a day without a time zone, got {as_of!r}. Write it as 2024-12-31."
    )


def test_moments_with_a_time_zone_are_refused(dataset, framework):
    data = dataset(services=HANDFUL)
    zoned = data.services.assign(replied=data.services["replied"].dt.tz_localize("UTC"))
    data = type(data)(**{f: getattr(data, f) for f in data.__slots__} | {"services": zoned})
    with pytest.raises(TableError) as caught:
        tally(data, framework(service("volume")), as_of="2024-12-31")
    assert str(caught.value) == (
        "Moments of the service ledger must have no time zone, got UTC in 'replied'. "
        "Convert them to local time, then dt.tz_localize(None)."
    )


# -- open cases ------------------------------------------------------------------------------------
def simulate(n, seed, deadlines, *, proportional=False, window=90, mean=30.0):
    """One organisation's ledger with a known chance to be on time."""
    rng = np.random.default_rng(seed)
    allowed = rng.choice(deadlines, n).astype(float)
    handling = rng.exponential(1, n) * (allowed if proportional else mean)
    began = rng.uniform(0, window, n)
    start = pd.Timestamp("2024-01-01 08:00")
    day = pd.Timedelta(days=1)
    closed = began + handling <= window
    frame = pd.DataFrame({"org": "甲", "accepted": start + began * day})
    frame["replied"] = pd.Series(start + (began + handling) * day).where(closed)
    frame["due"] = start + (began + allowed) * day
    return (
        frame,
        (handling <= allowed).mean(),
        (handling <= allowed)[closed].mean(),
        start + window * day,
    )


@pytest.mark.parametrize(
    ("deadlines", "proportional", "within"),
    [([30], False, 0.01), ([7, 15, 30, 60], False, 0.01), ([7, 15, 30, 60], True, 0.015)],
)
def test_simulated_truth_where_closed_events_flatter(
    dataset, framework, deadlines, proportional, within
):
    frame, truth, closed, as_of = simulate(60_000, 1, deadlines, proportional=proportional)
    data = dataset(services=frame.to_dict("records"))
    words = ("on_time_share", "closed_on_time_share", "registered_on_time_share")
    values = tally(data, framework(*map(service, words)), as_of=as_of)
    on_time, closed_only, registered = values.to_numpy()[0]
    assert abs(on_time - truth) < within
    assert closed_only == pytest.approx(closed)
    assert closed_only > truth + 0.08
    assert registered < truth - 0.04


def test_one_deadline_for_all_gives_kaplan_meier_at_the_deadline(dataset, framework):
    frame, *_, as_of = simulate(500, 2, [30])
    data = dataset(services=frame.to_dict("records"))
    values = tally(data, framework(service("on_time_share")), as_of=as_of)
    end = frame["replied"].fillna(as_of)
    days = (end - frame["accepted"]).dt.total_seconds().to_numpy() / 86400
    closed = frame["replied"].notna().to_numpy()
    survival = 1.0
    for t in np.sort(days[closed & (days <= 30)]):
        survival *= 1 - 1 / (days >= t).sum()
    assert values.iloc[0, 0] == pytest.approx(1 - survival, abs=1e-12)


def test_nothing_is_said_where_no_fate_is_known(dataset, framework):
    rows = events(
        ("甲", "2024-03-01", None, "2024-03-20"), ("甲", "2024-03-02", None, "2024-03-20")
    )
    with pytest.warns(MethodWarning):
        values = tally(
            dataset(services=rows), framework(service("on_time_share"), service("volume"))
        )
    assert np.isnan(values["i0"].item())


# -- the slow way ----------------------------------------------------------------------------------
def slowly(frame, as_of):
    """On-time share (NaN where nothing is known) and median days of one unit, event by event."""
    age, done, allowed = [], [], []
    for row in frame.itertuples():
        open_ = pd.isna(row.replied)
        end = as_of if open_ else row.replied
        age.append(max((end - row.accepted).total_seconds(), 0) / 86400)
        done.append(not open_)
        allowed.append((row.due - row.accepted).total_seconds() / 86400)

    curve, share = [], 1.0
    for t in sorted(set(age)):
        ends = sum(d and a == t for a, d in zip(age, done, strict=True))
        share *= 1 - ends / sum(a >= t for a in age)
        curve.append((t, share))

    def still_open(t):
        last, share = curve[-1]
        if t > last:
            return share ** (t / last)
        return min([s for u, s in curve if u <= t], default=1.0)

    if not any(d or a >= limit for a, d, limit in zip(age, done, allowed, strict=True)):
        on_time = np.nan
    else:
        chances = [
            float(a <= limit) if d else max(0.0, 1 - still_open(limit) / still_open(a))
            for a, d, limit in zip(age, done, allowed, strict=True)
        ]
        on_time = sum(chances) / len(chances)
    half = [t for t, s in curve if s <= 0.5 + 1e-12]
    return on_time, half[0] if half else np.nan


def test_real_permit_cases_by_department_and_by_channel_slowly(shared, dataset, framework):
    cases = pd.read_csv(shared / "real/municipal_cases.csv")
    moments = {"startdate": "accepted", "enddate": "replied", "deadline": "due"}
    for column, field in moments.items():
        utc = pd.to_datetime(cases[column], utc=True)
        # Half a second away from midnight: these deadlines are moments, not days.
        cases[field] = utc.dt.tz_localize(None) + pd.Timedelta(milliseconds=500)
    possible = ~(cases["replied"].dt.normalize() < cases["accepted"].dt.normalize())
    for unit in ("department", "channel"):
        data = dataset(
            services=cases.rename(columns={unit: "org", "case": "record"}).to_dict("records")
        )
        asked = framework(*map(service, ("on_time_share", "median_days", "open_share", "volume")))
        if possible.all():
            values = tally(data, asked)
        else:
            with pytest.warns(MethodWarning, match=f"got {(~possible).sum()} that do not"):
                values = tally(data, asked)
        evidence = values.evidence
        as_of = max(cases["accepted"].max(), cases["replied"].max())
        assert evidence.as_of == as_of
        year = cases["accepted"].dt.year
        for (name, y), own in cases[possible].groupby([cases[unit], year]):
            on_time, median = slowly(own, as_of)
            found = values.loc[(name, pd.Period(str(y), "Y"))]
            assert found["i0"] == pytest.approx(on_time, abs=1e-9, nan_ok=True)
            assert found["i1"] == pytest.approx(median, abs=1e-9, nan_ok=True)
            assert found["i2"] == own["replied"].isna().mean()
            assert found["i3"] == len(own)


def test_the_callers_ledger_is_left_alone(dataset, framework):
    data = dataset(ROSTER, services=HANDFUL)
    before = data.services.copy()
    tally(data, framework(service("on_time_share")))
    pd.testing.assert_frame_equal(data.services, before)


def test_a_county_counted_by_pandas(framework):
    data, _ = synthesise(organisations=25, years=2, seed=3)
    words = (
        "volume",
        "open_share",
        "closed_on_time_share",
        "registered_on_time_share",
        "one_visit_share",
        "agency_share",
        "visit_groups_covered",
    )
    where = 'service = ["livelihood", "masses"], way = ["direct", "agency", "promised"]'
    for chosen in ("", where):
        values = tally(data, framework(*(service(word, chosen) for word in words)), period="H")
        ledger = data.services
        if chosen:
            ledger = ledger[ledger["service"].isin(["livelihood", "masses"])]
            ledger = ledger[ledger["way"].isin(["direct", "agency", "promised"])]
        half = (ledger["accepted"].dt.month - 1) // 6
        closed, due = ledger["replied"].notna(), ledger["due"].notna()
        on_time = closed & (ledger["replied"].dt.normalize() <= ledger["due"])
        counted = pd.DataFrame(
            {
                "i0": 1.0,
                "i1": 1.0 - closed,
                "i2": on_time.astype(float).where(closed & due),
                "i3": on_time.astype(float).where(due),
                "i4": (ledger["times"] <= 1).astype(float).where(ledger["times"].notna()),
                "i5": (ledger["way"] == "agency").astype(float).where(ledger["way"].notna()),
            }
        )
        by = counted.groupby([ledger["org"], ledger["accepted"].dt.year, half])
        expected = by.mean().assign(i0=by["i0"].sum())
        expected["i6"] = ledger.groupby([ledger["org"], ledger["accepted"].dt.year, half])[
            "visit"
        ].nunique()
        index = [(org, period.year, period.quarter // 3) for org, period in values.index]
        found = values.set_axis(pd.MultiIndex.from_tuples(index))
        nothing = found["i0"] == 0
        assert set(found.index[~nothing]) == set(expected.index)
        np.testing.assert_allclose(found[~nothing], expected.loc[found.index[~nothing]], atol=1e-12)
