"""Periods measured alike: shared indicators, frameworks linked over a shared period, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.comparability import linked
from servicepo.errors import MethodError, MethodWarning
from servicepo.panel import spread

CODES = ["team_awareness", "team_style", "results_welcomed"]


def table(periods, seed=0, n=12):
    draw = np.random.default_rng(seed)
    orgs = [f"o{i:02d}" for i in range(n)]
    rows = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(periods, freq="Y")], names=["org", "period"]
    )
    values = pd.DataFrame(draw.uniform(40, 95, (len(rows), 3)), rows, CODES)
    return values.assign(results_welcomed=values["results_welcomed"] / 100)


def without(values, code, period):
    found = values.copy()
    found.loc[found.index.get_level_values("period") == period, code] = np.nan
    return found


def test_shared_indicators_alone_measure_the_change(small_index):
    values = table(["2021", "2022", "2023"])
    index = small_index(without(values, "results_welcomed", "2022"), available=0.4)
    made = sp.measure_change(index, indicators="shared")
    only = small_index(values[CODES[:2]], available=0.4)
    pd.testing.assert_series_equal(made.overall, only.overall)
    pd.testing.assert_frame_equal(made.steps, sp.measure_change(only).steps)
    assert made.index.scale.codes == tuple(CODES[:2])


def test_the_scale_stays_where_indicators_go(small_index):
    values = table(["2021", "2022", "2023"])
    base = small_index(values.xs("2021", level="period", drop_level=False), normalise="minmax")
    later = without(values, "results_welcomed", "2022")
    index = sp.build_index(later, base.framework, scale=base.scale, available=0.4)
    with pytest.warns(MethodWarning, match="Scores should stay within the scale"):
        made = sp.measure_change(index, indicators="shared")
    codes = list(made.index.scale.codes)
    pd.testing.assert_frame_equal(made.index.scores, index.scores[codes])


def test_values_outside_the_base_years_scale_are_told(small_index):
    values = table(["2021", "2022"])
    first = values.index.get_level_values("period") == "2021"
    values.loc[first, "team_style"] = values.loc[first, "team_style"].clip(50, 90)
    values.loc[~first, ["team_awareness", "results_welcomed"]] = values.loc[
        first, ["team_awareness", "results_welcomed"]
    ].to_numpy()
    values.loc[~first, "team_style"] = [95.0, 30.0, *[70.0] * 10]
    base = small_index(values[first], normalise="minmax")
    index = sp.build_index(values, base.framework, scale=base.scale)
    message = (
        "Scores should stay within the scale for their change to be measured in its points, got 2 "
        "below 0 or above 100, in 'team_style'. Fit the scale over all periods, or declare "
        "goalposts that hold for years."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        sp.measure_change(index)


def test_without_gaps_the_index_is_the_very_index(small_index):
    index = small_index(table(["2021", "2022"]))
    assert sp.measure_change(index, indicators="shared").index is index


def test_nothing_shared_is_refused(small_index):
    values = without(table(["2021", "2022"]), "team_awareness", "2021")
    values = without(without(values, "team_style", "2021"), "results_welcomed", "2022")
    index = small_index(values, available=0.1)
    message = (
        "Periods must share an indicator for their change to be measured, got none that has values "
        "in all of 2021, 2022. Leave out a period, or link two indices that share one: "
        "measure_change(index, earlier=older)."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.measure_change(index, indicators="shared")


def test_a_framework_that_followed_another_is_linked(small_index):
    values = table(["2021", "2022", "2023", "2024"])
    years = values.index.get_level_values("period").astype(str)
    old = small_index(values.loc[years <= "2022", CODES[:1]], available=0.2)
    new = small_index(values.loc[years >= "2022"])
    made = sp.measure_change(new, earlier=old)
    wide = spread(made.overall)
    assert [str(p) for p in wide.columns] == ["2021", "2022", "2023", "2024"]
    steps = spread(made.steps["change"])
    first = spread(old.overall)
    np.testing.assert_allclose(steps["2022"], first["2022"] - first["2021"])
    rest = spread(new.overall)
    np.testing.assert_allclose(steps["2023"], rest["2023"] - rest["2022"])
    np.testing.assert_allclose(wide[rest.columns], rest)
    assert made.trends["n"].eq(4).all()
    assert made.earlier is old
    parts = made.drivers(since="2021", until="2022")
    np.testing.assert_allclose(parts.sum(axis=1), first["2022"] - first["2021"])


def test_linking_lets_no_other_framework_into_a_step():
    """The law: with d_t any difference of frameworks, linked steps are those of one of them."""
    draw = np.random.default_rng(3)
    rows = pd.MultiIndex.from_product(
        [list("abc"), pd.PeriodIndex(["2021", "2022", "2023"], freq="Y")], names=["org", "period"]
    )
    old, new = (pd.Series(draw.normal(size=9), rows) for _ in range(2))
    year = rows.get_level_values("period").astype(str)
    made = spread(linked(old, new[year >= "2022"]))
    both = (new - old)[(year >= "2022")].groupby("org").mean()
    expected = spread(old)["2021"] + both
    np.testing.assert_allclose(made["2021"], expected)
    np.testing.assert_allclose(made["2023"], spread(new)["2023"])


def test_organisations_that_cannot_be_linked_are_named(small_index):
    values = table(["2021", "2022", "2023"], n=4)
    years = values.index.get_level_values("period").astype(str)
    old = small_index(values[years <= "2022"].drop(index=("o01", pd.Period("2022"))))
    new = small_index(values[years >= "2022"])
    message = (
        "Organisations should be scored by both frameworks in a shared period to be linked, got no "
        "such score of 'o01', which start with the new framework. Score them by both."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = sp.measure_change(new, earlier=old)
    assert made.trends.loc["o01", "n"] == 2
    assert made.trends.loc["o00", "n"] == 3


def test_frameworks_without_a_shared_period_are_refused(small_index):
    values = table(["2021", "2022", "2023", "2024"])
    years = values.index.get_level_values("period").astype(str)
    old, new = small_index(values[years <= "2022"]), small_index(values[years > "2022"])
    message = (
        "Frameworks that follow each other must have scored an organisation in one period both, "
        "got 2021, 2022 and 2023, 2024. Score one period by both, and build both indices with it."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.measure_change(new, earlier=old)


def test_scales_fitted_within_each_period_are_refused(small_index):
    index = small_index(table(["2021", "2022"]), normalise={"method": "minmax", "within": "period"})
    message = (
        "Scores must be on one scale over all periods for their change to be measured, got scales "
        "fitted within each period. Build the index without within='period', or on the scale of a "
        "base year: build_index(values, framework, scale=base.scale)."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.measure_change(index)


def test_another_word_for_indicators_is_refused(small_index):
    with pytest.raises(MethodError, match="indicators"):
        sp.measure_change(small_index(table(["2021", "2022"])), indicators="all")


def test_linked_standard_errors_follow_the_scores(small_index):
    values = table(["2021", "2022", "2023"])
    years = values.index.get_level_values("period").astype(str)
    errors = values * 0 + [2.0, 2.0, 0.02]
    old = small_index(values[years <= "2022"], errors=errors[years <= "2022"])
    new = small_index(values[years >= "2022"], errors=2 * errors[years >= "2022"])
    made = spread(sp.measure_change(new, earlier=old).steps["standard_error"])
    ratio = made["2023"] / made["2022"]
    # √(4² + 4²) against √(4² + 2²)
    np.testing.assert_allclose(ratio, np.sqrt(32 / 20), rtol=1e-6)
