"""Change: steps and their noise, trends, transitions, convergence, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning

CODES = ["team_awareness", "team_style", "results_welcomed"]
YEARS = ("2021", "2022", "2023", "2024")


def frame(scores, periods=YEARS, freq="Y"):
    """Make values whose overall score is the given table: organisations × periods."""
    scores = np.asarray(scores, dtype=float)
    orgs = [f"o{i:02d}" for i in range(len(scores))]
    rows = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(periods, freq=freq)], names=["org", "period"]
    )
    flat = scores.ravel()
    return pd.DataFrame(np.array([flat, flat, flat / 100]).T, rows, CODES)


def errors_of(values, size):
    return pd.DataFrame(
        {"team_awareness": size, "team_style": size, "results_welcomed": size / 100},
        index=values.index,
    )


@pytest.fixture(scope="module")
def table():
    draw = np.random.default_rng(0)
    return np.clip(draw.normal(70, 8, (40, 1)) + draw.normal(0, 2, (40, 4)), 0, 100)


@pytest.fixture(scope="module")
def change(small_index, table):
    return sp.measure_change(small_index(frame(table)))


def test_steps_join_a_period_with_the_one_before(change, table):
    assert len(change.steps) == 40 * 3
    steps = change.steps.xs("o07", level="org")
    np.testing.assert_allclose(steps["before"], table[7, :-1])
    np.testing.assert_allclose(steps["score"], table[7, 1:])
    np.testing.assert_allclose(steps["change"], np.diff(table[7]))


def test_without_errors_the_noise_is_the_usual_size_of_changes(change, table):
    changes = np.diff(table)[:, 2]
    usual = 1.4826 * np.median(np.abs(changes - np.median(changes)))
    own = change.steps.xs(pd.Period("2024"), level="period")
    np.testing.assert_allclose(own["noise"], usual)
    assert own["standard_error"].isna().all()
    assert own["beyond"].tolist() == (np.abs(changes) > 1.96 * usual).tolist()


def test_the_larger_noise_counts(small_index, table):
    values = frame(table)
    made = sp.measure_change(small_index(values, errors=errors_of(values, 20.0)))
    # Two indicators of weight 1/4 and one of 1/2, each with 20 points of noise, in both years.
    expected = 20 * np.sqrt(1 / 16 + 1 / 16 + 1 / 4) * np.sqrt(2)
    np.testing.assert_allclose(made.steps["standard_error"], expected, rtol=1e-6)
    np.testing.assert_allclose(made.steps["noise"], expected, rtol=1e-6)
    assert made.warnings.empty


def test_a_fall_beyond_noise_is_a_warning(small_index, table):
    fallen = table.copy()
    fallen[3, 3] = 20.0
    fallen[5, 2] = 30.0
    made = sp.measure_change(small_index(frame(fallen)))
    assert made.warnings["org"].iloc[:2].tolist() == ["o03", "o05"]
    assert made.warnings["period"].iloc[0] == pd.Period("2024")
    assert (made.warnings["change"] < 0).all()
    assert made.warnings["change"].is_monotonic_increasing
    assert made.expected_false_warnings == pytest.approx(120 * 0.025)


def test_a_gap_breaks_a_step(small_index, table):
    values = frame(table).drop(index=("o00", pd.Period("2022")))
    made = sp.measure_change(small_index(values))
    assert made.steps.xs("o00", level="org").index.tolist() == [pd.Period("2024")]
    assert made.trends.loc["o00", "n"] == 3
    assert made.convergence["n"].eq(39).all()


def test_periods_in_which_nobody_was_scored_are_passed_over(small_index, table):
    made = sp.measure_change(small_index(frame(table, ["2019", "2021", "2022", "2024"])))
    assert len(made.steps) == 40 * 3
    assert made.convergence.index.astype(str).tolist() == ["2019", "2021", "2022", "2024"]
    assert made.convergence["n"].eq(40).all()
    slope = np.polyfit(table[:, 0], (table[:, 3] - table[:, 0]) / 5, 1)[0]
    assert made.beta["slope"].iloc[0] == pytest.approx(slope)
    rising = small_index(frame([[50, 60, 65, 75]], ["2019", "2021", "2022", "2024"]))
    assert sp.measure_change(rising).trends["slope"].tolist() == pytest.approx([5.0])


def test_half_years_follow_each_other(small_index, table):
    periods = pd.PeriodIndex(["2023Q1", "2023Q3", "2024Q1", "2024Q3"], freq="2Q-DEC")
    made = sp.measure_change(small_index(frame(table, periods, "2Q-DEC")))
    assert len(made.steps) == 120
    assert made.trends["n"].eq(4).all()


def test_with_four_periods_nothing_can_be_significant(change):
    assert change.trends["p_value"].min() >= 1 / 12 - 1e-12
    assert change.trends["smallest_p_value"].max() == pytest.approx(1 / 12)
    assert change.note().startswith(
        "只有 4 期数据，Mann–Kendall 检验的 p 值最小只能到 0.083，"
        "任何一个党组织的趋势都不可能显著（0.05）"
    )
    assert "no organisation's trend can be significant at .05" in change.note("en")


def test_with_five_periods_a_steady_rise_is_significant(small_index):
    rising = np.arange(5) * 3.0 + np.array([[50.0], [60.0], [70.0]])
    made = sp.measure_change(small_index(frame(rising, [*YEARS, "2025"])))
    assert made.trends["p_value"].to_numpy() == pytest.approx(1 / 60)
    assert made.trends["slope"].to_numpy() == pytest.approx(3.0)
    assert made.note().startswith("共有 5 期数据")


def test_transitions_count_every_step(change):
    assert change.transitions["count"].sum() == 120
    shares = change.transitions.groupby("before", observed=True)["probability"].sum()
    assert shares.to_numpy() == pytest.approx(1)
    assert list(change.transitions["before"].cat.categories) == ["q4", "q3", "q2", "q1"]
    assert change.transitions["before"].iloc[0] == "q4"
    known = change.transitions.dropna()
    assert (known["low"] <= known["probability"]).all()
    assert (known["probability"] <= known["high"]).all()


def test_transitions_of_given_grades_the_slow_way(small_index, table):
    index = small_index(frame(table))
    grades = sp.grade(index).table["grade"]
    made = sp.measure_change(index, grades=grades)
    wide = grades.astype("str").reset_index()
    wide["next"] = wide["period"] + 1
    pairs = wide.merge(
        wide, left_on=["org", "next"], right_on=["org", "period"], suffixes=("", "_after")
    )
    for row in made.transitions.itertuples():
        expected = ((pairs["grade"] == row.before) & (pairs["grade_after"] == row.after)).sum()
        assert row.count == expected
    moved = made.promotions
    assert list(moved.index) == ["good", "fairly_good", "average", "poor"]
    assert (moved["promoted"] + moved["stayed"] + moved["demoted"] == moved["n"]).all()


def test_convergence_over_the_balanced_panel(change, table):
    np.testing.assert_allclose(change.convergence["mean"], table.mean(axis=0))
    np.testing.assert_allclose(change.convergence["sd"], table.std(axis=0, ddof=1))
    np.testing.assert_allclose(
        change.convergence["cv"], table.std(axis=0, ddof=1) / table.mean(axis=0)
    )
    slope = np.polyfit(table[:, 0], (table[:, 3] - table[:, 0]) / 3, 1)[0]
    assert change.beta["slope"].iloc[0] == pytest.approx(slope)
    assert np.isnan(change.beta["noise_slope"].iloc[0])


def test_beta_stands_beside_what_noise_alone_would_give(small_index):
    draw = np.random.default_rng(1)
    truth = draw.normal(60, 8, (2000, 1))
    noise = 4 / np.sqrt(1 / 16 + 1 / 16 + 1 / 4)  # so that the overall score has noise 4
    values = frame(truth + draw.normal(0, 4, (2000, 2)), ("2023", "2024"))
    made = sp.measure_change(small_index(values, errors=errors_of(values, noise))).beta.iloc[0]
    assert made["noise_slope"] == pytest.approx(-0.2, abs=0.02)
    assert made["slope"] == pytest.approx(made["noise_slope"], abs=0.03)
    assert abs(made["oldham"]) < 0.05
    assert made["corrected_slope"] == pytest.approx(0, abs=0.03)


def test_means_by_group(small_index, table):
    people = pd.DataFrame(
        {"domain": ["rural", "organs"] * 20}, index=pd.Index([f"o{i:02d}" for i in range(40)])
    )
    made = sp.measure_change(small_index(frame(table), people))
    means = made.means().set_index(["period", "domain"])
    own = table[::2, 1]
    row = means.loc[(pd.Period("2022"), "rural")]
    reach = 1.96 * own.std(ddof=1) / np.sqrt(20)
    expected = [20, own.mean(), own.mean() - reach, own.mean() + reach]
    np.testing.assert_allclose(row[["n", "mean", "low", "high"]].to_numpy(dtype=float), expected)


def test_the_result_tells_itself(change):
    assert re.fullmatch(
        r"Change\(2021–2024: 120 steps, mean [+-]\d\.\d, \d+ fell by more than noise; "
        r"40 trends, 0 significant\)",
        repr(change),
    )
    assert "Sen 斜率" in change.methods()
    assert "<table" in change._repr_html_()


def test_few_organisations_have_no_beta(small_index):
    made = sp.measure_change(small_index(frame([[50, 60, 70, 80], [55, 50, 60, 70]])))
    assert made.beta.empty
    assert len(made.trends) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda build, table: sp.measure_change(build(frame(table[:, :1], ["2024"]))),
            "change needs at least 2 periods, got 2024. Read the periods before as well.",
        ),
        (
            lambda build, table: sp.measure_change(
                build(frame(table), full_marks={f"o{i:02d}": 150 if i else 100 for i in range(40)})
            ),
            "Scores must be on one full mark for their change to be measured, got 100, 150 for "
            "'results_welcomed'. Declare its full_mark in the framework; the scores are then "
            "folded to it.",
        ),
        (
            lambda build, table: sp.measure_change(
                build(frame(table)), grades=build(frame(table)).overall
            ),
            "grades must be ordered categories by (org, period), got float64. "
            'Give grade(index).table["grade"].',
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(small_index, table, call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call(small_index, table)


def test_too_few_changes_do_not_tell_how_large_they_usually_are(small_index, table):
    few = sp.measure_change(small_index(frame([[70, 60, 65, 64], [50, 55, 50, 51]])))
    assert few.steps["noise"].isna().all()
    assert few.warnings.empty
    still = np.tile(table[:, :1], (1, 4))
    still[0, 3] -= 1
    assert sp.measure_change(small_index(frame(still))).warnings.empty


def test_weights_that_change_over_time_are_told():
    rows = pd.MultiIndex.from_product(
        [["甲", "乙", "丙"], pd.PeriodIndex(["2022", "2023"], freq="Y")], names=["org", "period"]
    )
    values = pd.DataFrame({"base_dues": [90.0] * 6, "plan_effect": [60.0] * 6}, rows)
    framework = sp.load_framework("base_plus_plan")
    index = sp.build_index(values, framework, normalise="goalposts")
    message = (
        "Scores should be weighted alike in all periods for their change to be measured; the "
        "weights of base_plus_plan change over time, and part of the change is theirs. Build the "
        'index with weights that stay, such as weights="equal".'
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = sp.measure_change(index)
    assert (made.steps["change"] < 0).all()
    assert sp.measure_change(index.rebuild(weights="equal")).steps["change"].eq(0).all()


def test_half_years_are_told_as_such(small_index, table):
    halves = pd.PeriodIndex(["2023Q1", "2023Q3", "2024Q1", "2024Q3"], freq="2Q-DEC")
    values = frame(table, halves, "2Q-DEC")
    assert repr(sp.measure_change(small_index(values))).startswith("Change(2023H1–2024H2: 120")
    message = "change needs at least 2 periods, got 2024H2. Read the periods before as well."
    last = values[values.index.get_level_values("period") == halves[-1]]
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.measure_change(small_index(last))


def test_scores_around_zero_have_no_coefficient_of_variation(small_index, table):
    made = sp.measure_change(small_index(frame(table), normalise="zscore"))
    assert made.convergence["sd"].gt(0).all()
    assert made.convergence["cv"].isna().all()


def test_periods_measured_by_other_indicators_are_told(small_index, table):
    values = frame(table)
    values.loc[values.index.get_level_values("period") == "2023", "results_welcomed"] = np.nan
    index = small_index(values, available=0.4)
    with pytest.warns(MethodWarning) as caught:
        sp.measure_change(index)
    assert str(caught[0].message) == (
        "Periods should be measured by the same indicators for their change to be measured; there "
        "are no values of results_welcomed in 2023, and part of the change is theirs. Pass "
        'indicators="shared" to measure by the others, or add the values.'
    )
    assert caught[0].message.said("zh") == (
        "各期指标不同，以下指标在部分考评期没有数据：results_welcomed（2023）。"
        "得分变化中有一部分由此而来。"
    )


def test_trends_have_intervals_and_are_corrected_for_their_number(small_index):
    draw = np.random.default_rng(2)
    years = [str(year) for year in range(2017, 2025)]
    rising = 50 + 2.5 * np.arange(8) + draw.normal(0, 1, (10, 8))
    still = 60 + draw.normal(0, 1, (40, 8))
    made = sp.measure_change(small_index(frame(np.vstack([rising, still]), years))).trends
    assert (made["q_value"] >= made["p_value"]).all()
    assert (made["q_value"].iloc[:10] <= 0.05).all()
    assert (made["q_value"].iloc[10:] <= 0.05).sum() <= 3
    assert made["slope"].between(made["low"], made["high"]).all()
    assert (made["low"].iloc[:10] > 1.5).all()


def test_short_series_are_shrunk_instead(small_index):
    draw = np.random.default_rng(3)
    true = draw.normal(0, 0.8, 400)
    noise = draw.normal(0, 2, (400, 4))
    scores = 60 + np.outer(true, np.arange(4)) + noise
    made = sp.measure_change(small_index(frame(scores))).trends
    made = made.loc[[f"o{i:02d}" for i in range(400)]]
    assert np.isinf(made["low"]).all()
    error = (made["shrunken"] - true).pow(2).mean() ** 0.5
    assert error < 0.75 * (made["slope"] - true).pow(2).mean() ** 0.5
    # The probabilities mean what they say.
    likely = made["falling"] >= 0.5
    assert (true[likely] < 0).mean() == pytest.approx(made.loc[likely, "falling"].mean(), abs=0.1)
    assert made["falling"].mean() == pytest.approx((true < 0).mean(), abs=0.05)


def test_known_standard_errors_count_where_they_are_larger(small_index, table):
    values = frame(table)
    plain = sp.measure_change(small_index(values)).trends
    made = sp.measure_change(small_index(values, errors=errors_of(values, 20.0))).trends
    error = 20 * np.sqrt(1 / 16 + 1 / 16 + 1 / 4) / np.sqrt(5)  # Σ (t − 1.5)² = 5
    assert (made["shrunken_sd"] <= error).all()
    assert made["shrunken"].std() < plain["shrunken"].std() + 1e-12


def test_two_periods_without_errors_have_no_shrunken_slopes(small_index, table):
    made = sp.measure_change(small_index(frame(table[:, :2], YEARS[:2])))
    assert made.trends[["shrunken", "shrunken_sd", "falling"]].isna().all(axis=None)
    assert "收缩" not in made.note()


def test_a_later_year_on_the_base_years_scale(small_index, table):
    values = frame(table)
    first = values.index.get_level_values("period") == "2021"
    base = small_index(values[first], normalise="minmax")
    index = sp.build_index(values, base.framework, scale=base.scale)
    with pytest.warns(MethodWarning, match="Scores should stay within the scale"):
        made = sp.measure_change(index)
    alone = sp.build_index(values[~first], base.framework, scale=base.scale)
    pd.testing.assert_series_equal(alone.overall, index.overall[~first])
    assert made.steps["change"].abs().max() > 0


def test_five_months_of_12345(shared, small_index):
    """Nine districts, five months with gaps, two groups on full marks of 150 and 100."""
    table = pd.read_csv(shared / "real" / "lianyungang_12345_monthly.csv")
    table["share"] = 100 * table["得分"] / table["满分"]
    rows = pd.MultiIndex.from_arrays(
        [table["单位"], pd.PeriodIndex(table["月份"], freq="M")], names=["org", "period"]
    )
    values = pd.DataFrame({"team_awareness": table["share"].to_numpy()}, rows)
    made = sp.measure_change(small_index(values, available=0.2))
    assert len(made.trends) == 9
    assert made.trends["n"].eq(5).all()
    assert made.trends["p_value"].min() >= 1 / 60 - 1e-12
    for org, own in values["team_awareness"].groupby("org"):
        when = [(p - own.index[0][1]).n for p in own.index.get_level_values("period")]
        y = own.to_numpy()
        slopes = [(y[j] - y[i]) / (when[j] - when[i]) for i in range(5) for j in range(i + 1, 5)]
        assert made.trends.loc[org, "slope"] == pytest.approx(np.median(slopes))
    assert made.steps["change"].notna().sum() == 36
    parts = made.drivers()
    assert parts["team_awareness"].notna().all()
