"""The same groups through all periods: sums, intervals, what is left out, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.inequality import theil_decomposition

YEARS = ("2022", "2023", "2024")
LEVELS = {"rural": 60.0, "organs": 75.0, "enterprise": 70.0}


def county(n=30, years=("2023", "2024")):
    """Make organisations of three domains with three indicators that all share."""
    draw = np.random.default_rng(0)
    orgs = [f"{domain}{i}" for domain in LEVELS for i in range(n // 3)]
    people = pd.DataFrame({"domain": np.repeat(list(LEVELS), n // 3)}, pd.Index(orgs, name="org"))
    rows = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(years, freq="Y")], names=["org", "period"]
    )
    level = people["domain"].map(LEVELS).reindex(rows.get_level_values("org")).to_numpy()
    values = np.clip(level[:, None] + draw.normal(0, 6, (len(rows), 3)), 0, 100)
    frame = pd.DataFrame(values, rows, ["team_awareness", "team_style", "results_welcomed"])
    return frame.assign(results_welcomed=frame["results_welcomed"] / 100), people


@pytest.fixture(scope="module")
def closing(small_index):
    """Make a county whose domains come nearer each other year by year."""
    values, people = county(60, years=YEARS)
    done = (values.index.get_level_values("period").year.to_numpy() - 2022) / 2
    level = people["domain"].map(LEVELS).reindex(values.index.get_level_values("org"))
    nearer = done * (68 - level.to_numpy())
    moved = values.add(nearer, axis=0).assign(
        results_welcomed=values["results_welcomed"] + nearer / 100
    )
    return small_index(moved.clip(lower=0), people)


@pytest.fixture(scope="module")
def history(closing):
    return sp.compare_domains(closing, draws=20).history(draws=200)


def test_every_period_is_the_comparison_of_that_period(closing, history):
    for year in YEARS:
        alone = sp.compare_domains(closing, period=year, draws=0)
        when = pd.Period(year)
        pd.testing.assert_frame_equal(
            history.scores.xs(when, level="period", drop_level=False), alone.scores
        )
        columns = ["n", "mean", "low", "high", "sd", "median"]
        pd.testing.assert_frame_equal(history.summary.loc[when][columns], alone.summary[columns])
        own = alone.inequality.loc[("theil", "between")]
        assert history.inequality.loc[when, "between_share"] == pytest.approx(own["share"])
        assert history.inequality.loc[when, "by_chance"] == pytest.approx(2 / 59)


def test_a_gap_that_closes_is_seen(history):
    table = history.inequality
    assert (table["gap"].diff().dropna() < 0).all()
    assert (table["between_share"].diff().dropna() < 0).all()
    assert table["high"].iloc[-1] < table["low"].iloc[0]
    assert history.change.loc["between", "change"] < 0
    parts = history.change["change"]
    assert parts["between"] + parts["inequality"] + parts["weights"] == pytest.approx(
        parts["total"]
    )
    ends = [
        theil_decomposition(own["score"], own["domain"]).total
        for _, own in history.scores.groupby(level="period")
    ]
    assert parts["total"] == pytest.approx(ends[-1] - ends[0])


def test_densities_of_the_years_lie_on_one_grid(history):
    table = history.densities(group="rural")
    assert table["period"].nunique() == 3
    assert (table["n"] == 20).all()
    grids = [tuple(curve["score"]) for _, curve in table.groupby("period")]
    assert len(set(grids)) == 1
    with pytest.raises(MethodError, match="group must be one of those compared, got 'urban'"):
        history.densities(group="urban")


def test_the_history_tells_itself(history):
    assert re.fullmatch(
        r"DomainHistory\(domain, 2022–2024: gap \d+\.\d → \d+\.\d points; "
        r"between groups \d+\.\d% → \d+\.\d% of inequality\)",
        repr(history),
    )
    assert "各组各期共有的 3 个指标" in history.methods()
    assert "3 indicators that all share in all periods" in history.methods("en")
    assert "<table" in history._repr_html_()


def test_an_indicator_that_one_period_lacks_is_left_out_of_all_by_name(small_index):
    values, people = county(years=YEARS)
    values.loc[values.index.get_level_values("period") == "2022", "team_style"] = np.nan
    comparison = sp.compare_domains(small_index(values, people, available=0.0), draws=0)
    assert "team_style" in comparison.indicators
    message = (
        "Periods should be measured by the same indicators to be compared; there are no values of "
        "team_style in 2022, and these indicators are left out of all periods. Add the values, or "
        "compare the periods that have them."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        history = comparison.history(draws=0)
    assert history.indicators == ("team_awareness", "results_welcomed")


def test_a_framework_that_changed_altogether_is_refused(small_index):
    values, people = county(years=("2023", "2024"))
    early = values.index.get_level_values("period") == "2023"
    values.loc[early, ["team_awareness", "team_style"]] = np.nan
    values.loc[~early, "results_welcomed"] = np.nan
    index = small_index(values, people, available=0.0)
    message = (
        "Groups must share at least one indicator to be compared, got none for enterprise, organs, "
        "rural in all of 2023, 2024. Compare groups measured by the same things."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.compare_domains(index, draws=0).history()


def test_one_period_and_a_period_of_one_group_are_refused(small_index):
    values, people = county()
    index = small_index(values.xs("2024", level="period", drop_level=False), people)
    message = (
        "groups need at least 2 periods to be followed, got 1. Read the periods before as well."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.compare_domains(index, draws=0).history()
    early = values.index.get_level_values("period") == "2023"
    rural = values.index.get_level_values("org").str.startswith("rural")
    index = small_index(values[~early | rural], people)
    message = (
        "domain must hold at least 2 groups with scores in 2023 to be compared, got rural. "
        "Choose another column or period."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.compare_domains(index, draws=0).history()


def test_full_marks_that_change_between_periods_are_refused(small_index):
    values, people = county()
    index = small_index(values, people, full_marks=pd.Series(100.0, people.index))
    table = index.evidence.table
    early = table.index.get_level_values("period") == "2023"
    table.loc[early, "full_mark"] = 150.0
    with pytest.raises(MethodError, match="on one full mark for their change to be"):
        sp.compare_domains(index, draws=0).history()


def test_scales_fitted_period_by_period_are_refused(small_index):
    index = small_index(*county(), normalise={"method": "minmax", "within": "period"})
    with pytest.raises(MethodError, match=r"^Scores must be on one scale over all periods"):
        sp.compare_domains(index, draws=0).history()
