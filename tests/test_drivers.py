"""What drove a change: parts sum to it, by both means, with weights, vetoes and gaps; refusals."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError
from servicepo.panel import spread

CODES = ["team_awareness", "team_style", "results_welcomed"]
YEARS = ("2022", "2023", "2024")


def frame(seed=0, n=10, periods=YEARS):
    draw = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product(
        [[f"o{i:02d}" for i in range(n)], pd.PeriodIndex(periods, freq="Y")],
        names=["org", "period"],
    )
    values = pd.DataFrame(draw.uniform(40, 95, (len(rows), 3)), rows, CODES)
    return values.assign(results_welcomed=values["results_welcomed"] / 100)


def change_between(index, since="2023", until="2024"):
    wide = spread(index.overall)
    return wide[until] - wide[since]


LEVELS = [
    "arithmetic",
    "geometric",
    {"indicators": "arithmetic", "dimensions": "geometric"},
    {"indicators": "geometric", "dimensions": "arithmetic"},
]


@pytest.mark.parametrize("aggregate", LEVELS)
def test_drivers_sum_to_the_change(small_index, aggregate):
    index = small_index(frame(), aggregate=aggregate)
    parts = sp.measure_change(index).drivers()
    np.testing.assert_allclose(parts.sum(axis=1), change_between(index), atol=1e-9)
    assert list(parts.columns) == [*CODES, "weights"]
    assert parts["weights"].abs().max() < 1e-12
    over_all = sp.measure_change(index).drivers(since="2022", until="2024")
    np.testing.assert_allclose(
        over_all.sum(axis=1), change_between(index, "2022", "2024"), atol=1e-9
    )


@pytest.mark.parametrize("aggregate", LEVELS)
def test_a_missing_indicator_is_a_change_of_weights(small_index, aggregate):
    values = frame()
    values.loc[("o03", pd.Period("2023")), "team_style"] = np.nan
    values.loc[("o04", pd.Period("2024")), ["team_style", "team_awareness"]] = np.nan
    index = small_index(values, aggregate=aggregate, available=0.2)
    parts = sp.measure_change(index).drivers()
    np.testing.assert_allclose(parts.sum(axis=1), change_between(index), atol=1e-9)
    assert parts.loc["o03", "team_style"] == 0
    assert abs(parts.loc["o03", "weights"]) > 1e-6
    assert parts.drop(index=["o03", "o04"])["weights"].abs().max() < 1e-12


def test_a_linear_driver_is_weight_times_change_of_score(small_index):
    index = small_index(frame())
    parts = sp.measure_change(index).drivers()
    scores = index.scores
    moved = scores.xs("2024", level="period") - scores.xs("2023", level="period")
    weights = index.weights.loc["all", "global_weight"]
    pd.testing.assert_frame_equal(parts[CODES], moved[CODES] * weights[CODES], check_names=False)


def test_weights_that_change_over_time_have_their_share():
    rows = pd.MultiIndex.from_product(
        [["甲", "乙", "丙"], pd.PeriodIndex(["2022", "2023"], freq="Y")], names=["org", "period"]
    )
    values = pd.DataFrame({"base_dues": [90.0] * 6, "plan_effect": [60.0] * 6}, rows)
    index = sp.build_index(values, sp.load_framework("base_plus_plan"), normalise="goalposts")
    with pytest.warns(sp.MethodWarning, match="weights of base_plus_plan change"):
        change = sp.measure_change(index)
    parts = change.drivers()
    np.testing.assert_allclose(parts["weights"], change_between(index, "2022", "2023"))
    assert parts[["base_dues", "plan_effect"]].abs().max(axis=None) < 1e-12


def test_a_veto_has_its_share(small_index):
    aggregate = {
        "method": "arithmetic",
        "veto": {"thresholds": {"results_welcomed": 0.6}, "cap": 40},
    }
    index = small_index(frame(), aggregate=aggregate)
    parts = sp.measure_change(index).drivers()
    assert parts["veto"].abs().max() > 0
    np.testing.assert_allclose(parts.sum(axis=1), change_between(index), atol=1e-9)


def test_only_who_was_scored_in_both_periods_has_drivers(small_index):
    index = small_index(frame().drop(index=("o02", pd.Period("2023"))))
    assert "o02" not in sp.measure_change(index).drivers().index


def test_steps_of_a_waterfall_lead_from_start_to_end(small_index):
    index = small_index(frame())
    change = sp.measure_change(index)
    own = change.waterfall("o05")
    assert own["step"].iloc[[0, -1]].tolist() == ["start", "end"]
    score = index.overall.xs("o05", level="org")
    assert own["amount"].iloc[[0, -1]].tolist() == pytest.approx([score["2023"], score["2024"]])
    parts = change.drivers().loc["o05", CODES]
    assert own["step"].iloc[1:-1].tolist() == list(parts.abs().sort_values(ascending=False).index)
    at = own["amount"].iloc[0]
    for step in own.iloc[1:-1].itertuples():
        assert sorted([at, at + step.amount]) == pytest.approx([step.low, step.high])
        assert step.kind == ("rise" if step.amount > 0 else "fall")
        at += step.amount
    mean = change.waterfall(top=1)
    assert mean["step"].tolist()[2:] == ["other", "end"]
    means = index.overall.groupby("period").mean()
    assert mean["amount"].iloc[-1] == pytest.approx(means["2024"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda build: sp.measure_change(build(frame())).drivers(since="2019"),
            "since and until must be two periods of one index, got 2019 and None. "
            "Take two of 2022, 2023, 2024.",
        ),
        (
            lambda build: sp.measure_change(build(frame())).waterfall("o5"),
            "org must be scored in both 2023 and 2024, got 'o5'. Did you mean 'o05'?",
        ),
        (
            lambda build: sp.measure_change(build(frame(), aggregate="minimum")).drivers(),
            "Drivers need an arithmetic or geometric aggregation, got 'minimum'. "
            "Use methods.shapley.shapley_change with your rule.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(small_index, call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call(small_index)
