"""Severity of teams taken out of a county's scores: planted leniency, refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import servicepo as sp
from servicepo.errors import MethodError


@pytest.fixture(scope="module")
def county():
    return sp.synthesise(organisations=250, years=4, seed=3)


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        sp.correct_severity(*args, **kwargs)
    return str(caught.value)


def quality_seen(data):
    rows = data.evaluations[data.evaluations["source"] == "superior"]
    means = rows.groupby(["org", "period"])["score"].mean()
    return means[means.index.get_level_values("period") == "2024"].droplevel("period")


def test_planted_leniency_is_found_by_rotation(county):
    data, truth = county
    before = data.evaluations.copy()
    made = sp.correct_severity(data, linked_by="rotation")
    pd.testing.assert_frame_equal(data.evaluations, before)
    planted = truth.groupby("rater")["leniency"].first()
    found = made.teams["leniency"]
    assert found.is_monotonic_increasing
    planted = planted[found.index]
    assert_allclose(found - found.mean(), planted - planted.mean(), atol=1.0)
    # What is left says more about true quality.
    quality = truth["quality"].xs(pd.Period("2024", "Y"), level="period")
    raw, corrected = quality_seen(data), quality_seen(made.data)
    assert corrected.corr(quality) > raw.corr(quality) + 0.01
    assert made.data.organisations is data.organisations
    others = data.evaluations["source"] != "superior"
    pd.testing.assert_frame_equal(made.data.evaluations[others], data.evaluations[others])
    row = made.scores.iloc[7]
    leniency = made.teams.loc[row["rater"], "leniency"]
    assert row["corrected"] == pytest.approx(np.clip(row["score"] - leniency, 0, 100))
    assert made.data.evaluations.loc[row.name, "score"] == row["corrected"]
    assert repr(made).startswith(f"SeverityCorrection(superior: {len(planted)} teams, ")
    assert f"{len(planted)} 个组" in made.methods()
    assert "linked by organisations that different teams" in made.methods("en")


def test_anchors_scored_by_all_teams_link_one_period(county):
    data, truth = county
    rows = data.evaluations[
        (data.evaluations["period"] == "2024") & (data.evaluations["source"] == "superior")
    ]
    planted = truth.groupby("rater")["leniency"].first()
    anchors = rows[rows["org"].isin(data.organisations.index[::10])]
    draw = np.random.default_rng(0)
    extra = []
    for team, lenient in planted.items():
        other = anchors[anchors["rater"] != team]
        moved = other["score"] - planted[other["rater"]].to_numpy() + lenient
        extra.append(
            other.assign(rater=team, score=(moved + draw.normal(0, 2, len(moved))).clip(0, 100))
        )
    overlapping = replace(data, evaluations=pd.concat([rows, *extra], ignore_index=True))
    made = sp.correct_severity(overlapping)
    found = made.teams["leniency"]
    planted = planted[found.index]
    assert_allclose(found - found.mean(), planted - planted.mean(), atol=1.0)
    assert made.effects.variances["rater"] > 0


def test_refusals(county):
    data = county[0]
    rows = data.evaluations
    assert refusal(data) == (
        "some organisation must be scored by 2 teams in one period to tell severity from quality, "
        "got none by 'superior'. Have anchor organisations scored by several teams, or, where "
        'teams rotate between periods, say linked_by="rotation".'
    )
    one_year = replace(data, evaluations=rows[rows["period"] == "2024"])
    assert refusal(one_year, linked_by="rotation").startswith(
        "some organisations must be scored more than once to tell severity from quality, got 250 "
    )
    assert refusal(data, source="superiors") == (
        "source must be one that scored, got 'superiors'. Did you mean 'superior'?"
    )
    assert refusal(data, source="mass") == (
        "scores must name the team that gave them, got no rater by 'mass'. "
        "Add a column such as 考评组 to the sheets."
    )
    assert refusal(data, linked_by="lot") == (
        "linked_by must be one of 'overlap', 'rotation', got 'lot'. Give one of these words."
    )
