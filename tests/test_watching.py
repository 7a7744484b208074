"""Early warning: who is warned of, what chance alone gives, budgets, gaps, refusals."""

import re
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.control import xmr
from servicepo.panel import spread

watch = partial(sp.watch, names=True)
MONTHS = pd.period_range("2023-01", periods=24, freq="M")


def series(table, months=MONTHS):
    orgs = [f"o{i:03d}" for i in range(len(table))]
    rows = pd.MultiIndex.from_product([orgs, months], names=["org", "period"])
    return pd.Series(np.asarray(table, dtype=float).ravel(), rows)


@pytest.fixture(scope="module")
def figures():
    return 80 + np.random.default_rng(0).normal(0, 3, (200, 24))


@pytest.fixture(scope="module")
def fallen(figures):
    table = figures.copy()
    table[7, -1] -= 25
    table[9, -5:] -= 8
    return table


def test_a_figure_far_below_its_usual_is_warned_of_first(fallen):
    made = watch(series(fallen))
    first = made.alarms.iloc[0]
    assert first["org"] == "o007"
    assert first["signal"] == "below_limit"
    assert first["period"] == MONTHS[-1] == first["since"]
    assert first["within_budget"]
    assert first["q_value"] < 0.05
    assert "o009" in set(made.alarms["org"])
    assert made.alarms["p_value"].is_monotonic_increasing


def test_alarms_bear_codes_unless_names_are_asked_for(fallen):
    told, named = sp.watch(series(fallen)), watch(series(fallen))
    assert told.alarms["org"].str.fullmatch(r"党组织-\d{3}").all()
    assert not {*told.table.index.unique("org")} & {*named.table.index.unique("org")}
    assert told.table.index.unique("org").is_monotonic_increasing
    back = pd.Series(told.codes.index, told.codes)
    pd.testing.assert_series_equal(
        told.alarms.assign(org=told.alarms["org"].map(back)).set_index("org")["p_value"],
        named.alarms.set_index("org")["p_value"],
    )
    assert named.codes.empty


def test_its_limits_are_those_of_the_chart(fallen):
    made = watch(series(fallen)).table
    chart = xmr(spread(series(fallen)))
    for name in ("low", "high", "centre"):
        pd.testing.assert_frame_equal(spread(made[name]), getattr(chart, name), check_names=False)
    assert made.loc[("o007", MONTHS[-1]), "alarm"] == "below_limit"


def test_up_is_bad_where_low_is_better(fallen):
    made = watch(-series(fallen), better="low").alarms
    assert made["org"].iloc[0] == "o007"
    assert made["signal"].iloc[0] == "above_limit"
    same = watch(series(fallen)).alarms
    assert made["org"].tolist() == same["org"].tolist()
    np.testing.assert_allclose(made["p_value"], same["p_value"])


@pytest.mark.parametrize("chart", ["xmr", "ewma", "cusum"])
def test_as_many_false_alarms_as_foretold(chart):
    table = np.random.default_rng(5).normal(size=(6000, 24))
    made = watch(series(table), chart=chart, budget=60)
    expected = made.expected_false_alarms
    assert len(made.alarms) == pytest.approx(expected, abs=5 * expected**0.5)
    kept = made.alarms["within_budget"].sum()
    assert kept <= 60 + 3 * 60**0.5
    assert (made.alarms["q_value"] < 0.1).sum() <= 2


def test_a_lasting_small_fall_is_found_by_sums_and_averages(figures):
    table = figures.copy()
    table[:100, -6:] -= 4.5
    caught = {}
    for chart in ("xmr", "ewma", "cusum"):
        made = watch(series(table), chart=chart, budget=5, baseline=18)
        caught[chart] = (made.alarms["org"] < "o100").sum()
    assert min(caught["ewma"], caught["cusum"]) > 60
    assert min(caught["ewma"], caught["cusum"]) > caught["xmr"]


def test_shares_have_limits_as_wide_as_they_vary():
    draw = np.random.default_rng(1)
    totals = draw.integers(400, 900, (60, 24))
    shares = np.clip(draw.normal(0.85, 0.05, (60, 24)), 0, 1)  # far more than the binomial
    counts = np.round(totals * shares)
    counts[3, -1] = np.round(totals[3, -1] * 0.4)
    made = watch(series(counts), totals=series(totals), chart="p")
    assert made.alarms["org"].iloc[0] == "o003"
    assert made.alarms["value"].iloc[0] == pytest.approx(0.4, abs=0.01)
    assert len(made.alarms) <= 4
    assert made.table["high"].max() <= 1


def test_a_rebase_forgets_what_was_before(figures):
    table = figures.copy()
    table[:, :12] += 20
    with pytest.warns(MethodWarning, match="Give rebase where something known changed"):
        assert len(watch(series(table)).alarms) > 100
    made = watch(series(table), rebase=["2024-01"])
    assert len(made.alarms) < 10
    pd.testing.assert_frame_equal(
        made.alarms, watch(series(table[:, 12:], MONTHS[12:])).alarms, check_exact=False
    )


def test_who_cannot_be_watched_is_told(figures):
    values = series(figures[:6])
    values[("o000", MONTHS[-1])] = np.nan
    values = values.drop([("o001", month) for month in MONTHS[:14]])
    values["o002"] = 80.0
    made = watch(values)
    assert made.unwatched["reason"].to_dict() == {
        "o000": "silent",
        "o001": "few",
        "o002": "constant",
    }
    assert made.unwatched.loc["o001", "known"] == 10
    assert made.watched == 3
    assert "o000" in made.table.index
    assert "o001" not in made.table.index


def test_what_it_says(fallen):
    made = watch(series(fallen))
    assert re.fullmatch(
        r"Watch\(xmr: 200 organisations, 24 periods, \d+ alarms now, 1\.\d expected by chance, "
        r"[12] within budget\)",
        repr(made),
    )
    assert "<table" in made._repr_html_()
    note = made.note("en")
    assert "signalled at least once in 24 periods with a probability of 19%" in note
    assert "若全部组织每期合计只容许 1 个误报" in made.note()
    assert made.methods("en").startswith("Figures were watched by XmR charts")
    for chart in ("ewma", "cusum"):
        assert "平均运行长度" in watch(series(fallen), chart=chart).methods()


def test_figures_that_echo_are_told(figures):
    table = figures.copy()
    for t in range(1, 24):
        table[:, t] = 80 + 0.6 * (table[:, t - 1] - 80) + 0.8 * (table[:, t] - 80)
    with pytest.warns(MethodWarning) as caught:
        made = watch(series(table))
    assert re.fullmatch(
        r"Figures of neighbouring periods should be independent of each other for control limits "
        r"to hold, got a mean autocorrelation of 0\.\d\d; false alarms are more frequent \(at \.3 "
        r"and 36 months in 66 % of stable organisations, not 29 %\)\. Give rebase where something "
        r"known changed, watch longer periods, or chart methods\.stability\.residuals\.",
        str(caught[0].message),
    )
    assert made.autocorrelation == pytest.approx(0.6, abs=0.08)
    assert "自相关" in made.note()


def test_12345_of_five_months_is_too_short_to_watch(shared):
    table = pd.read_csv(shared / "real" / "lianyungang_12345_monthly.csv")
    months = pd.PeriodIndex(table["月份"], freq="M")
    rows = pd.MultiIndex.from_arrays([table["单位"], months], names=["org", "period"])
    message = (
        "watching needs at least 12 known values of an organisation, the last period's among them, "
        "got at most 5. Add earlier periods, or compare steps by measure_change."
    )
    scores = pd.Series((table["得分"] / table["满分"]).to_numpy(), rows)
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        watch(scores)
    # Five months say whether a month is out of line with the others' usual ups and downs.
    chart = xmr(spread(scores))
    assert chart.low.notna().all(axis=None)


def test_the_callers_column_is_left_alone(fallen):
    values = series(fallen)
    before = values.copy()
    watch(values)
    pd.testing.assert_series_equal(values, before)


TWO = series(np.ones((2, 24)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda v: watch(v.to_frame()),
            "values must be one column by (org, period), got DataFrame. "
            'Choose one, such as values["on_time_share"].',
        ),
        (
            lambda v: watch(pd.concat([v, v.iloc[:1]])),
            "every organisation must stand once in a period, got 'o000 2023-01' more than once. "
            "Merge or drop the repeated rows.",
        ),
        (
            lambda v: watch(v, chart="p"),
            "totals must be given with chart=\"p\" and with no other, got chart='p' and no totals. "
            "Give counts and totals, or a figure alone.",
        ),
        (
            lambda v: watch(v, totals=v - 1, chart="p"),
            "counts must lie between 0 and their totals, got others for 'o000', 'o001', 'o002', "
            "'o003', 'o004' and 195 more. Correct these cells or mark them as missing.",
        ),
        (
            lambda v: watch(v, baseline=6),
            "baseline must be at least 12 periods, got 6. Set limits by a year or more.",
        ),
        (
            lambda v: watch(v, rebase=["2030-01"]),
            "rebase must name periods with values, got '2030-01'. "
            "Take some of '2023-01', '2023-02', '2023-03' and 21 more.",
        ),
        (
            lambda v: watch(v, chart="ewma", rebase=["2024-01"]),
            "rebase must be left out with chart='ewma', got '2024-01'. "
            "Watch the periods from there on by themselves.",
        ),
        (
            lambda v: watch(v, budget=0),
            "budget must be positive, got 0. Allow 1 false alarm a period.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(figures, call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call(series(figures))


def test_stable_organisations_raise_no_python_warning(figures):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch(series(figures).where(np.random.default_rng(3).random(4800) > 0.1))
