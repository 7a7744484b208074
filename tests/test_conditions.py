"""What it takes: off the list, into the next grade; costs, caps, gates, vetoes, geometric means."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError
from servicepo.rules import load_scheme

YEAR = pd.Period("2024")
CODES = ["team_awareness", "team_style", "results_welcomed"]


def table(rows):
    orgs = [f"o{i:02d}" for i in range(len(rows))]
    index = pd.MultiIndex.from_product([orgs, [YEAR]], names=["org", "period"])
    return pd.DataFrame(rows, index, CODES, dtype=float)


def roster(n, **columns):
    orgs = pd.Index([f"o{i:02d}" for i in range(n)], name="org")
    return pd.DataFrame({"sector": "village", "domain": "rural", **columns}, index=orgs)


def improved(index, steps):
    """Take every step on the raw values; steps in points of score are folded to the indicator."""
    values = index.values.copy()
    limits = steps["gain"].isna() | ~steps["rule"].isin(
        ["good", "fairly_good", "average", "up", "mid"]
    )
    for step in pd.concat([steps[limits], steps[~limits]]).itertuples():
        points = step.rule in ("good", "fairly_good", "average", "up", "mid")
        fold = 100 if points and step.indicator == "results_welcomed" else 1
        values.loc[(step.org, YEAR), step.indicator] = step.needed / fold
    return values


def draw_values(n=40, seed=2):
    draw = np.random.default_rng(seed)
    marks = draw.uniform(45, 97, (n, 2)).round(1)
    return table(np.column_stack([marks, draw.uniform(0.5, 1, n).round(3)]))


@pytest.mark.parametrize("aggregate", ["arithmetic", "geometric"])
def test_taking_the_steps_gives_the_next_grade(small_index, aggregate):
    index = small_index(draw_values(), aggregate=aggregate)
    made = sp.grade(index)
    steps = made.conditions()
    better = sp.grade(small_index(improved(index, steps), aggregate=aggregate))
    before = made.table["grade"].cat.codes.to_numpy()
    after = better.table["grade"].cat.codes.to_numpy()
    below = before < 3
    assert below.sum() > 30
    assert (after[below] >= before[below] + 1).all()
    assert (after[~below] == 3).all()
    one = steps["org"].iloc[0]
    alone = made.conditions(one)
    own = steps[steps["org"] == one].drop(columns="org").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, own)


def test_a_bar_on_the_way_is_a_step_of_its_own(small_index):
    index = small_index(table([[95, 95, 0.85], [70, 70, 0.95]]))
    made = sp.grade(index)
    assert made.table["grade"].tolist() == ["average", "fairly_good"]
    steps = made.conditions("o00")
    assert steps[["rule", "indicator", "now", "needed", "improvement"]].to_numpy().tolist() == [
        ["satisfaction", "results_welcomed", 0.85, 0.9, pytest.approx(0.05)]
    ]
    assert steps[["weight", "gain", "cost"]].iloc[0].tolist() == pytest.approx([0.5, 2.5, 5])


def test_costs_and_caps_choose_the_steps(small_index):
    index = small_index(table([[70, 70, 0.92], [95, 95, 0.95]]))
    made = sp.grade(index)
    assert made.conditions("o00")["indicator"].tolist() == ["results_welcomed", "team_awareness"]
    assert made.table["score"].iloc[0] == 81
    dear = pd.Series({"team_awareness": 1.0, "team_style": 2.0, "results_welcomed": 10.0})
    steps = made.conditions("o00", costs=dear)
    assert steps["indicator"].tolist() == ["team_awareness", "team_style"]
    assert steps["cost"].sum() == pytest.approx(30 * 1 + 6 * 2)
    capped = made.conditions("o00", caps=pd.Series({"results_welcomed": 2.0, "team_style": 5.0}))
    assert capped["improvement"].tolist() == pytest.approx([2, 30, 2])
    tight = pd.Series(0.5, CODES)
    lost = made.conditions("o00", caps=tight)
    assert lost[["rule", "indicator"]].to_numpy().tolist() == [["good", ""]]
    assert lost["improvement"].isna().all()


def test_a_gate_on_a_dimension(small_index, tmp_path):
    text = """
id = "gate"
name = "门槛"
citation = "-"
[[grades]]
code = "up"
name = "上"
from = 80
[[grades]]
code = "mid"
name = "下"
below = 80
[[bars]]
code = "team_gate"
name = "班子不足 70"
dimension = "team"
below = 70
grades = ["up"]
"""
    path = tmp_path / "gate.toml"
    path.write_text(text, encoding="utf-8")
    index = small_index(table([[50, 60, 0.8]]))
    made = sp.grade(index, path)
    steps = made.conditions()
    assert steps["rule"].tolist() == ["up", "team_gate"]
    assert steps["indicator"].tolist() == ["results_welcomed", "team_awareness"]
    assert steps["needed"].tolist() == pytest.approx([90, 80])
    again = sp.grade(small_index(improved(index, steps)), path)
    assert again.table["grade"].tolist() == ["up"]
    assert steps["cost"].sum() == pytest.approx(40)
    geometric = sp.grade(small_index(table([[50, 60, 0.9]]), aggregate="geometric"), path)
    message = (
        "conditions with a gate on a dimension need an arithmetic mean, got 'team_gate' on a "
        'geometric one. Rebuild the index with aggregate="arithmetic".'
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        geometric.conditions()


def test_a_full_quota_asks_for_the_score_of_the_last_place(small_index):
    scores = np.arange(60, 70)
    index = small_index(table(np.column_stack([scores, scores, scores / 100])), roster(10))
    made = sp.grade(index, "branch_stars")
    steps = made.conditions("o08")
    assert steps["rule"].tolist() == ["five_stars"]
    assert steps["gain"].sum() == pytest.approx(1)  # 68 has to come up to 69, and pass it
    assert "o09" not in set(made.conditions()["org"])


def test_a_column_of_the_roster_is_a_step_without_points(small_index):
    people = roster(10, innovation_projects=0)
    marks = np.r_[95, np.arange(50, 59)]
    index = small_index(table(np.column_stack([marks, marks, marks / 100])), people)
    made = sp.grade(index, "five_stars_2015")
    steps = made.conditions("o00")
    assert steps[["rule", "indicator", "now", "needed"]].to_numpy().tolist() == [
        ["no_innovation", "innovation_projects", 0, 1]
    ]
    assert steps[["weight", "gain", "cost"]].isna().all(axis=None)


def test_the_veto_of_an_index_is_lifted_first(small_index):
    veto = {"method": "arithmetic", "veto": {"thresholds": {"team_style": 60}, "cap": 59}}
    values = table([[90, 50, 0.95], [80, 80, 0.95]])
    index = small_index(values, aggregate=veto)
    made = sp.grade(index, "three_grades")
    assert made.table["grade"].tolist() == ["lagging", "ordinary"]
    steps = made.conditions("o00")
    assert steps["rule"].tolist() == ["veto"]
    assert steps[["now", "needed"]].iloc[0].tolist() == [50, 60]


def test_all_of_the_list_at_once_is_each_by_itself(small_index):
    values = draw_values(30)
    made = sp.find_weak(small_index(values, roster(30)))
    every = made.conditions()
    assert set(every["org"]) == set(made.table.index[made.table["weak"]])
    assert every["org"].str.fullmatch(r"村-\d{3}").all()
    for org, own in every.groupby("org", sort=False):
        alone = made.conditions(org)
        pd.testing.assert_frame_equal(own.drop(columns="org").reset_index(drop=True), alone)


def test_conditions_of_grades_refuse(small_index):
    index = small_index(draw_values(12), roster(12))
    made = sp.grade(index)
    message = (
        "an organisation with a grade in 2024 must be named, got 'o99'. Look it up in grades.table."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        made.conditions("o99")
    ratio = sp.grade(index, replace(load_scheme("three_grades_rank_sum_ratio"), within=None))
    message = (
        "conditions need cut-offs, quotas or natural breaks, got a rank sum ratio. "
        "Grade by another scheme."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        ratio.conditions()
    with pytest.raises(MethodError, match=r"^conditions need a bounded index with aggregate="):
        sp.grade(small_index(draw_values(12), aggregate="harmonic")).conditions()


def test_who_is_at_the_top_needs_nothing(small_index):
    made = sp.grade(small_index(table([[95, 95, 0.95]])))
    assert made.conditions().empty
    assert made.conditions("o00").empty
