"""Promotion between two gradings: matrix, rates with intervals, targets, lists with codes."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError
from servicepo.methods.intervals import wilson_interval
from servicepo.promotion import TARGETS

ORDER = ["lagging", "ordinary", "advanced"]
KIND = pd.CategoricalDtype(ORDER, ordered=True)


def hongta():
    """Make 318 organisations graded as in 红塔区 2012 (201/80/37) and again a year later."""
    before = np.repeat(["advanced", "ordinary", "lagging"], [201, 80, 37])
    after = before.copy()
    after[201:221] = "advanced"  # 20 of 80 ordinary ones
    after[281:315] = "ordinary"  # 34 of 37 lagging ones
    after[:3] = "ordinary"
    orgs = pd.Index([f"o{i:03d}" for i in range(318)], name="org")
    return pd.Series(before, orgs, dtype=KIND), pd.Series(after, orgs, dtype=KIND)


def test_targets_of_hongta_2012():
    """红塔区 2012: 先进提升率 ≥ 10 %, 一般晋级率 ≥ 20 %, 后进转化率 ≥ 90 %."""
    assert dict(TARGETS["hongta_2012"]) == {"advanced": 0.1, "ordinary": 0.2, "lagging": 0.9}
    made = sp.track_promotions(*hongta(), targets="hongta_2012")
    rates = made.rates.set_index("grade")
    assert rates["n"].tolist() == [201, 80, 37]
    assert rates["rate"].tolist() == pytest.approx([(20 - 3) / 201, 20 / 80, 34 / 37])
    assert rates["met"].tolist() == [False, True, True]
    low, high = wilson_interval([20, 34], [80, 37])
    assert rates["low"].tolist()[1:] == pytest.approx(low.tolist())
    assert rates["high"].tolist()[1:] == pytest.approx(high.tolist())
    assert rates["sure"].tolist() == [False, False, False]  # 12 % to 10 %: could be either
    gains = [23 * (2 * float(end) - 1) / 201 for end in wilson_interval(20, 23)]
    assert rates.loc["advanced", ["low", "high"]].tolist() == pytest.approx(gains)
    assert made.matrix.loc["ordinary"].tolist() == [20, 60, 0]
    assert made.matrix.index.tolist() == ORDER[::-1]
    assert repr(made) == "Promotions(318 organisations: 54 promoted, 3 demoted; 2 of 3 targets met)"


def test_lists_carry_codes_unless_names_are_asked_for():
    before, after = hongta()
    before, after = before.drop("o010"), after.drop("o020")
    made = sp.track_promotions(before, after)
    assert made.moves["org"].str.fullmatch(r"党组织-\d{3}").all()
    named = sp.track_promotions(before, after, names=True).moves.set_index("org")["move"]
    assert named.value_counts().to_dict() == {
        "stayed": 259,
        "promoted": 54,
        "demoted": 3,
        "new": 1,
        "gone": 1,
    }
    assert (named["o010"], named["o020"], named["o300"]) == ("new", "gone", "promoted")
    assert made.rates["met"].isna().all()


def test_two_gradings_tell_what_chance_alone_moves(small_index):
    draw = np.random.default_rng(0)
    orgs = [f"o{i}" for i in range(60)]
    parts = []
    for year in ("2023", "2024"):
        rows = pd.MultiIndex.from_product([orgs, [pd.Period(year)]], names=["org", "period"])
        marks = draw.uniform(50, 98, 60)
        parts.append(pd.DataFrame({"team_awareness": marks, "results_welcomed": 0.95}, rows))
    people = pd.DataFrame({"sector": "village"}, index=orgs)
    grades = []
    for part in parts:
        errors = pd.DataFrame(8.0, part.index, part.columns).assign(results_welcomed=np.nan)
        grades.append(sp.grade(small_index(part, people, errors=errors), "three_grades"))
    made = sp.track_promotions(*grades)
    assert made.chance == grades[1].expected_churn
    assert f"chance alone moves {made.chance:.0%}" in repr(made)
    assert "重新测评" in made.methods()
    assert made.moves["org"].str.startswith("村-").all()
    series = [g.table["grade"] for g in grades]
    assert (
        sp.track_promotions(*series)
        .rates.drop(columns="sure")
        .equals(made.rates.drop(columns="sure"))
    )
    message = (
        "before must hold one period, got 2. "
        'Give grades.table["grade"].xs("2023", level="period"), for example.'
    )
    both = pd.concat(series)
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.track_promotions(both, series[1])


def test_the_gradings_are_left_alone():
    before, after = hongta()
    kept = before.copy(), after.copy()
    sp.track_promotions(before, after)
    pd.testing.assert_series_equal(before, kept[0])
    pd.testing.assert_series_equal(after, kept[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda a, b: sp.track_promotions(a.astype("str"), b),
            "before must be ordered categories, worst first, got str. Give a grading, or its "
            'table["grade"].',
        ),
        (
            lambda a, b: sp.track_promotions(a, b.cat.set_categories(ORDER[:2])),
            "both gradings must have the same grades, got lagging, ordinary, advanced and lagging, "
            "ordinary. Grade both by one scheme.",
        ),
        (
            lambda a, b: sp.track_promotions(a, b, targets="hongta"),
            "targets must be known, got 'hongta'. Did you mean 'hongta_2012'?",
        ),
        (
            lambda a, b: sp.track_promotions(a, b, targets={"good": 0.1}),
            "targets must be for grades of the scheme, got 'good'. "
            "Take one of lagging, ordinary, advanced.",
        ),
        (
            lambda a, b: sp.track_promotions(a, b, targets={"lagging": 90}),
            "targets must lie on 0..1, got 90 for 'lagging'. Give 0.9.",
        ),
        (
            lambda a, b: sp.track_promotions(a, b.rename(lambda org: f"x{org}")),
            "somebody must be graded both times, got nobody. Check that both gradings name "
            "organisations alike.",
        ),
        (
            lambda a, b: sp.track_promotions(pd.concat([a, a.iloc[:1]]), b),
            "before must name every organisation once, got 'o000' again. Drop the repeated row.",
        ),
    ],
)
def test_promotions_refuse(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call(*hongta())
