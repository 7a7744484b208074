"""Weak branches: bottom shares, criteria, probabilities, reasons, conditions, codes, refusals."""

import contextlib
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.weakness import ROUNDINGS

YEAR = pd.Period("2024")
CODES = ["team_awareness", "team_style", "results_welcomed"]


def frame(awareness, style=None, welcomed=None):
    orgs = [f"o{i:03d}" for i in range(len(awareness))]
    index = pd.MultiIndex.from_product([orgs, [YEAR]], names=["org", "period"])
    awareness = np.asarray(awareness, dtype=float)
    style = awareness if style is None else style
    welcomed = awareness / 100 if welcomed is None else welcomed
    columns = dict(zip(CODES, (awareness, style, welcomed), strict=True))
    return pd.DataFrame(columns, index=index, dtype=float)


def roster(sectors, **columns):
    orgs = pd.Index([f"o{i:03d}" for i in range(len(sectors))], name="org")
    domain = {"village": "rural", "school": "organs"}
    people = pd.DataFrame({"sector": sectors, **columns}, index=orgs)
    return people.assign(domain=people["sector"].map(domain))


def county(n=60, seed=0, noise=4.0):
    """Make a county with known noise: values, errors, roster and the true scores."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(70, 6, n)
    errors = draw.uniform(0.5 * noise, 2 * noise, n)
    seen = np.clip(truth + draw.normal(size=n) * errors, 0, 100)
    values = frame(seen)
    scale = np.array([errors, errors, errors / 100]).T
    return values, pd.DataFrame(scale, values.index, CODES), roster(["village"] * n), truth


@pytest.fixture(scope="module")
def weak(small_index):
    values, errors, people, _ = county()
    return sp.find_weak(small_index(values, people, errors=errors), names=True)


@pytest.mark.parametrize(
    ("n", "share", "rounding", "named"),
    [
        (6, 0.1, "nearest", 1),
        (6, 0.1, "floor", 0),
        (6, 0.1, "ceil", 1),
        (4, 0.1, "nearest", 0),
        (4, 0.1, "ceil", 1),
        (5, 0.1, "nearest", 1),
        (30, 0.1, "ceil", 3),
        (30, 0.1, "floor", 3),
        (12, 0.08, "nearest", 1),
    ],
)
def test_what_ten_per_cent_of_a_small_class_is(small_index, n, share, rounding, named):
    index = small_index(frame(np.arange(n) + 50), roster(["village"] * n))
    nobody = pytest.warns(MethodWarning, match=r"^A bottom share should name somebody")
    with contextlib.nullcontext() if named else nobody:
        made = sp.find_weak(index, share=(share, rounding), names=True)
    assert made.classes.loc["village", "named"] == named
    assert made.table["bottom"].sum() == named
    assert set(made.table.index[made.table["bottom"]]) == {f"o{i:03d}" for i in range(named)}
    assert made.classes.loc["village", "note"] == ("" if named else "nobody_named")


def test_where_all_classes_are_too_small_it_is_said_aloud(small_index):
    index = small_index(frame([50, 60, 70, 80]), roster(["village"] * 3 + ["school"]))
    message = (
        "A bottom share should name somebody; 10% of the largest class, 3, is rounded to 0, so "
        'nobody is named. Give share=(0.1, "ceil"), or choose wider classes, such as '
        'within="domain".'
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        sp.find_weak(index)


def test_a_quota_of_a_real_county_2017():
    """某县: 15 % of villages and 8 % of communities gave 21 and 1 (weak_org_counts.csv)."""
    assert ROUNDINGS["nearest"](0.08 * 12) == 1
    assert ROUNDINGS["nearest"](0.15 * 140) == 21


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 300), st.sampled_from([0.05, 0.07, 0.1, 0.15]))
def test_roundings_stand_in_order(n, share):
    low, middle, high = (ROUNDINGS[word](share * n) for word in ("floor", "nearest", "ceil"))
    assert low <= middle <= high <= low + 1
    assert abs(middle - share * n) <= 0.5 + 1e-9


def test_each_class_has_its_own_bottom(small_index):
    scores = [90, 80, 70, 60, 50, 40, 35, 30, 20, 10]
    index = small_index(frame(scores), roster(["school"] * 5 + ["village"] * 5))
    made = sp.find_weak(index, share=0.2, names=True)
    assert set(made.table.index[made.table["bottom"]]) == {"o004", "o009"}
    assert made.table.loc["o004", ["group", "rank", "n"]].tolist() == ["school", 5, 5]
    together = sp.find_weak(index, share=0.2, within=None, names=True)
    assert set(together.table.index[together.table["bottom"]]) == {"o008", "o009"}


def test_ties_on_the_cut_are_named_together(small_index):
    index = small_index(frame([80, 60, 60, 60, 75, 90, 85, 88, 70, 95]), roster(["village"] * 10))
    made = sp.find_weak(index, names=True)
    assert made.table.index[made.table["bottom"]].tolist() == ["o001", "o002", "o003"]
    assert made.table["tied"].sum() == 3
    assert made.classes.loc["village", ["named", "bottom", "tied"]].tolist() == [1, 3, 3]


def test_where_all_are_equal_nobody_is_named(small_index):
    index = small_index(frame([60] * 10), roster(["village"] * 10))
    message = (
        "Scores must differ for a bottom share; all 10 in 'village' are equal, so nobody is named "
        "there. Look at the indicators of this class."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$"):
        made = sp.find_weak(index)
    assert not made.table["bottom"].any()
    assert made.table["note"].eq("all_equal").all()


def test_no_standard_error_no_probability(small_index):
    made = sp.find_weak(small_index(frame(np.arange(20) + 50), roster(["village"] * 20)))
    assert made.table["p_weak"].isna().all()
    assert made.table["note"].eq("no_standard_error").all()
    assert "测量误差未知，无法给出列入名单的概率" in made.methods()


def test_probabilities_sum_to_the_quota_and_fall_with_the_score(weak):
    assert weak.table["p_weak"].sum() == pytest.approx(weak.classes["named"].sum(), abs=1e-9)
    assert weak.table["note"].eq("").all()
    assert weak.table["p_weak"].between(0, 1).all()


def test_probability_names_more_of_the_truly_weak_than_the_raw_score(small_index):
    hits = {"p_weak": 0, "score": 0}
    for seed in range(6):
        values, errors, people, truth = county(200, seed, noise=6.0)
        index = small_index(values, people, errors=errors)
        made = sp.find_weak(index, names=True, draws=300)
        true = {f"o{i:03d}" for i in np.argsort(truth)[:20]}
        for by in hits:
            ordered = made.table.sort_values(by, ascending=by == "score")
            hits[by] += len(true & set(ordered.index[:20]))
    assert hits["p_weak"] > hits["score"]


def test_where_noise_explains_all_everybody_is_as_likely(small_index):
    values, errors, people, _ = county(40, noise=1.0)
    values = frame(70 + 0.1 * np.random.default_rng(0).normal(size=40))
    made = sp.find_weak(small_index(values, people, errors=errors * 50))
    assert made.table["note"].eq("indistinguishable").all()
    assert made.table["p_weak"].eq(4 / 40).all()
    assert made.table["bottom"].sum() == 4


def test_a_score_of_unknown_noise_gets_no_probability(small_index):
    values, errors, people, _ = county()
    errors.iloc[5] = np.nan
    made = sp.find_weak(small_index(values, people, errors=errors), names=True)
    assert np.isnan(made.table.loc["o005", "p_weak"])
    assert made.table.loc["o005", "note"] == "no_standard_error"
    assert made.table["p_weak"].notna().sum() == 59


def test_the_same_seed_gives_the_same_bytes(small_index):
    values, errors, people, _ = county()
    index = small_index(values, people, errors=errors)
    one, other = (sp.find_weak(index, seed=3, draws=50) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table)
    third = sp.find_weak(index, seed=4, draws=50)
    assert (
        not one.table["p_weak"]
        .reset_index(drop=True)
        .equals(third.table["p_weak"].reset_index(drop=True))
    )


def test_satisfaction_is_shrunken_to_the_class(weak):
    table = weak.table
    spread = table["satisfaction"].std()
    assert table["shrunken"].std() < spread
    assert (table["low"] <= table["shrunken"]).all()
    assert (table["shrunken"] <= table["high"]).all()
    assert table["answers"].eq(50).all()
    middle = table["satisfaction"].mean()
    towards = np.sign(middle - table["satisfaction"]) == np.sign(
        table["shrunken"] - table["satisfaction"]
    )
    assert towards.mean() > 0.9


def test_criteria_are_hit_passed_or_without_data(small_index):
    people = roster(["village"] * 10, members=[2.0, np.nan] + [20.0] * 8)
    values = frame([90] * 10, style=[55, 59.9, 60, 61] + [80 + i for i in range(6)])
    made = sp.find_weak(small_index(values, people), names=True)
    states = made.criteria.set_index(["criterion", "org"])["state"]
    assert states["setup"].iloc[:3].tolist() == ["hit", "no_data", "passed"]
    assert states["style"].iloc[:4].tolist() == ["hit", "hit", "passed", "passed"]
    assert states["incomplete_team"].eq("no_data").all()
    assert states["capacity"].eq("no_data").all()  # the framework has no such indicator
    assert made.table.loc["o000", "rules"] == "bottom_share;setup;style"
    assert made.table.loc["o001", "rules"] == "style"
    assert made.table["weak"].sum() == 2
    details = made.criteria[made.criteria["detail"] != ""]["detail"].tolist()
    assert details == ["members 2 < 3", "team_style 55 < 60", "team_style 59.9 < 60"]


def test_reasons_are_the_largest_gaps_to_full_marks(small_index):
    values = frame([90, 90, 90, 90, 90], style=[90, 90, 90, 90, 20])
    values["results_welcomed"] = 0.7
    made = sp.find_weak(small_index(values, roster(["village"] * 5)), share=0.2, names=True)
    own = made.why(reference="full").set_index("indicator")
    # Weights: one quarter each for awareness and style, one half for satisfaction.
    gaps = {"team_style": 0.25 * 80, "results_welcomed": 0.5 * 30, "team_awareness": 0.25 * 10}
    assert own["place"].to_dict() == {code: i for i, code in enumerate(gaps, start=1)}
    for code, gap in gaps.items():
        assert own.loc[code, "degree"] == pytest.approx(gap / sum(gaps.values()))
    assert own.loc["team_style", "dimension"] == "team"


def test_conditions_reach_the_lowest_score_outside_the_list(small_index, weak):
    org = weak.table.index[weak.table["bottom"]][0]
    steps = weak.conditions(org)
    target = weak.table.loc[~weak.table["bottom"], "score"].min()
    assert weak.table.loc[org, "score"] + steps["gain"].sum() == pytest.approx(target)
    assert (steps["needed"] <= 100 + 1e-9).all()
    improved = weak.index.values.copy()
    # What the criteria ask for comes first; the steps in points of score go on from there.
    for step in steps.sort_values("rule", key=lambda rule: rule == "bottom_share").itertuples():
        points = step.rule == "bottom_share" and step.indicator == "results_welcomed"
        improved.loc[(org, YEAR), step.indicator] = step.needed / (100 if points else 1)
    again = small_index(improved, weak.index.organisations)
    assert again.overall[(org, YEAR)] == pytest.approx(target)
    assert sp.find_weak(again, names=True).table.loc[org, "criteria"] == 0


def test_conditions_scale_weights_up_over_what_is_present(small_index):
    values = frame([50, 80, 85, 90, 95])
    values.loc[("o000", YEAR), "team_style"] = np.nan
    index = small_index(values, roster(["village"] * 5), available=0.5)
    made = sp.find_weak(index, share=0.2, names=True)
    steps = made.conditions("o000")
    own = steps[steps["rule"] == "bottom_share"]
    assert own["weight"].tolist() == [0.5, 0.5]
    purpose = steps[steps["rule"] == "purpose"]  # awareness below 60 is a criterion
    assert purpose[["improvement", "gain"]].to_numpy().tolist() == [[10, 5]]
    assert own["improvement"].tolist() == pytest.approx([10, 40])
    assert own["gain"].tolist() == pytest.approx([5, 20])


def test_conditions_for_criteria_are_their_thresholds(small_index):
    values = frame([90] * 10, style=[80] * 9 + [50])
    made = sp.find_weak(small_index(values, roster(["village"] * 10)), names=True)
    steps = made.conditions("o009").set_index("rule")
    assert steps.loc["style", ["indicator", "now", "needed"]].tolist() == ["team_style", 50, 60]
    assert made.conditions("o000").empty


def test_names_are_shown_only_on_request(small_index):
    values, errors, people, _ = county(30)
    index = small_index(values, people, errors=errors)
    made = sp.find_weak(index)
    shown = " ".join(
        [
            *(made.table.to_csv(), made.reasons.to_csv(), made.criteria.to_csv(), repr(made)),
            *(made.why(reference="full").to_csv(), made.select().chosen.to_csv()),
        ]
    )
    assert not any(org in shown for org in people.index)
    assert made.table.index.str.fullmatch(r"村-\d{3}").all()
    named = sp.find_weak(index, names=True)
    np.testing.assert_allclose(named.table["score"].to_numpy(), made.table["score"].to_numpy())
    key = made.codes
    org = named.table.index[named.table["bottom"]][0]
    pd.testing.assert_frame_equal(made.conditions(key[org]), named.conditions(org))
    pd.testing.assert_frame_equal(made.conditions(org), named.conditions(org))


def test_an_earlier_period_can_be_asked_for(small_index):
    values, _, people, _ = county(20)
    before = values.set_axis(
        values.index.set_levels(pd.PeriodIndex(["2023"], freq="Y"), level="period")
    )
    index = small_index(pd.concat([before * 0.99, values]).sort_index(), people)
    assert sp.find_weak(index, period="2023").period == pd.Period("2023")
    assert sp.find_weak(index).period == YEAR


def test_organisations_without_a_score_are_kept_and_said(small_index):
    values, errors, people, _ = county(20)
    values.iloc[3] = np.nan
    made = sp.find_weak(small_index(values, people, errors=errors), names=True)
    assert made.table.loc["o003", "note"] == "no_score"
    assert not made.table.loc["o003", "bottom"]
    assert made.classes.loc["village", "n"] == 19
    assert len(made.table) == 20


def test_the_result_tells_itself(weak):
    assert re.fullmatch(
        r"WeakBranches\(2024: 6 of 60 in the bottom 10% of their sector, P\(weak\) >= .5 for \d+, "
        r"\d+ meet a criterion\)",
        repr(weak),
    )
    assert "名额四舍五入，同分者一并列入" in weak.methods()
    assert "污名" in weak.methods() or "不得用于贬低" in weak.methods()
    assert "not for stigma" in weak.methods("en")
    assert "<table" in weak._repr_html_()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"share": 10}, "share must lie between 0 and 1, got 10. Give 0.1 for the lowest tenth."),
        (
            {"share": (0.1, "up")},
            "the rounding of a share must be one of floor, nearest, ceil, got 'up'. "
            'Give share=(0.1, "ceil"), for example.',
        ),
        ({"draws": 0}, "draws must be at least 1, got 0. Give 1000, for example."),
    ],
)
def test_refusals_say_what_and_how_to_mend(small_index, choices, message):
    index = small_index(frame(np.arange(10) + 50), roster(["village"] * 10))
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.find_weak(index, **choices)


def test_conditions_are_refused_where_they_cannot_be_told(small_index):
    values, people = frame(np.arange(10) + 50), roster(["village"] * 10)
    made = sp.find_weak(small_index(values, people, aggregate="harmonic"), names=True)
    message = (
        'conditions need a bounded index with aggregate="arithmetic" or "geometric", got '
        "aggregate='harmonic'. Rebuild it with one of them."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        made.conditions("o000")
    message = "an organisation of the list must be named, got '张村'. Look it up in weak.table."
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        made.conditions("张村")
    alone = sp.find_weak(
        small_index(frame([50]), roster(["village"])), share=(0.1, "ceil"), names=True
    )
    message = (
        "somebody must stand above the bottom share, got nobody in 'village'. "
        "Choose a smaller share."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        alone.conditions("o000")


def test_the_index_is_left_alone(small_index):
    values, errors, people, _ = county(20)
    index = small_index(values, people, errors=errors)
    before = index.values.copy(), index.organisations.copy()
    sp.find_weak(index)
    pd.testing.assert_frame_equal(index.values, before[0])
    pd.testing.assert_frame_equal(index.organisations, before[1])
    assert math.isfinite(index.overall.sum())


def test_the_order_of_rows_does_not_tell_who_hides_behind_a_code(small_index):
    values = frame([60] * 12 + [70] * 8 + [np.nan] * 4)
    made = sp.find_weak(small_index(values, roster(["village"] * 24)))
    for _, own in made.criteria.groupby("criterion"):
        assert own["org"].is_monotonic_increasing
    assert made.criteria["criterion"].drop_duplicates().iloc[0] == "setup"
    for _, own in made.table.groupby("score", dropna=False):
        assert own.index.is_monotonic_increasing
    names = pd.Series(made.codes.index, made.codes)
    assert not names[made.table.index[:12]].is_monotonic_increasing


def test_codes_are_the_same_for_every_period(small_index):
    values, _, people, _ = county(20)
    before = values.set_axis(
        values.index.set_levels(pd.PeriodIndex(["2023"], freq="Y"), level="period")
    )
    index = small_index(pd.concat([before.iloc[5:], values]).sort_index(), people)
    one, other = sp.find_weak(index, period="2023"), sp.find_weak(index)
    pd.testing.assert_series_equal(one.codes, other.codes)
    assert set(one.table.index) == set(one.codes.iloc[5:])


def test_conditions_take_a_code_where_names_are_shown(weak):
    org = weak.table.index[0]
    pd.testing.assert_frame_equal(weak.conditions(weak.codes[org]), weak.conditions(org))


def test_half_years_are_told_as_such(small_index):
    values = frame(np.arange(10) + 50)
    half = values.set_axis(
        values.index.set_levels(pd.PeriodIndex(["2024Q3"], freq="2Q-DEC"), level="period")
    )
    assert repr(sp.find_weak(small_index(half), within=None)).startswith(
        "WeakBranches(2024H2: 1 of 10"
    )


# -- how sure --------------------------------------------------------------------------------------


def test_ranks_have_intervals_and_verdicts(weak):
    table = weak.table
    assert (table["rank_low"] <= table["rank_median"]).all()
    assert (table["rank_median"] <= table["rank_high"]).all()
    assert table["rank_expected"].mean() == pytest.approx(30.5)
    cut = 60 - weak.classes.loc["village", "named"]
    below, above = table["rank_low"] > cut, table["rank_high"] <= cut
    assert (table["verdict"] == "below").equals(below)
    assert (table["verdict"] == "above").equals(above)
    assert table["verdict"].eq("unclear").any()
    assert table["p_weak"][below].min() > 0.9
    assert table["p_weak"][above].max() < 0.1
    assert (table["joint_low"] <= table["rank_low"]).mean() > 0.9


def test_reliability_is_the_weight_of_a_score_against_its_class(weak):
    tau2 = weak.classes.loc["village", "tau2"]
    told = tau2 / (tau2 + weak.table["standard_error"] ** 2)
    np.testing.assert_allclose(weak.table["reliability"], told)
    assert weak.classes.loc["village", "prior"] == "normal"  # 60 are too few for a free one


def test_answers_needed_make_a_rate_as_reliable_as_asked_for(weak):
    from servicepo.methods.shrunken_rates import beta_binomial

    made = beta_binomial(weak.table["satisfaction"] * 50, weak.table["answers"])
    needed = weak.table["answers_needed"].iloc[0]
    assert needed / (needed + made.a + made.b) == pytest.approx(0.8, abs=0.01)


def test_a_class_of_a_hundred_with_a_weak_group_gets_a_free_prior(small_index):
    draw = np.random.default_rng(0)
    truth = np.r_[draw.normal(50, 2, 15), draw.normal(80, 2, 135)]
    errors = draw.uniform(2, 8, 150)
    values = frame(np.clip(truth + errors * draw.normal(size=150), 0, 100))
    scale = pd.DataFrame(np.array([errors, errors, errors / 100]).T, values.index, CODES)
    index = small_index(values, roster(["village"] * 150), errors=scale)
    free, normal = (sp.find_weak(index, prior=prior, names=True) for prior in ("npmle", "normal"))
    assert free.classes.loc["village", "prior"] == "npmle"
    assert normal.classes.loc["village", "prior"] == "normal"
    weak = free.table.index < "o015"
    assert free.table.loc[weak, "p_weak"].mean() > 0.9
    assert (free.table.loc[weak, "verdict"] == "below").mean() > 0.8
    assert free.table["p_weak"].sum() == pytest.approx(15, abs=0.02)


def test_noise_that_errors_do_not_know_of_makes_less_sure(small_index):
    values, errors, people, _ = county(60, noise=2.0)
    index = small_index(values, people, errors=errors)
    known, more = sp.find_weak(index, names=True), sp.find_weak(index, noise=4.0, names=True)
    assert (known.noise, more.noise) == (0.0, 4.0)
    np.testing.assert_allclose(
        more.table["standard_error"], np.hypot(known.table["standard_error"], 4.0)
    )
    assert more.table["p_weak"].max() < known.table["p_weak"].max()
    assert (more.table["verdict"] == "unclear").sum() > (known.table["verdict"] == "unclear").sum()


def test_stated_noise_gives_scores_without_an_error_a_probability(small_index):
    index = small_index(frame(np.arange(20) * 2 + 50), roster(["village"] * 20))
    made = sp.find_weak(index, noise=3.0)
    assert made.table["p_weak"].sum() == pytest.approx(2)
    assert made.table["standard_error"].eq(3).all()


def test_noise_between_periods_is_estimated(small_index):
    draw = np.random.default_rng(0)
    truth = draw.normal(70, 6, 400)
    years = pd.PeriodIndex(["2021", "2022", "2023", "2024"], freq="Y")
    parts = []
    for year in years:
        seen = np.clip(truth + draw.normal(0, 3, 400), 0, 100)
        part = frame(seen)
        parts.append(part.set_axis(part.index.set_levels([year], level="period")))
    index = small_index(pd.concat(parts).sort_index(), roster(["village"] * 400))
    made = sp.find_weak(index, noise="periods", names=True)
    assert made.noise == pytest.approx(3, abs=0.3)
    assert made.table["standard_error"].eq(made.noise).all()
    weak = np.argsort(truth)[:40]
    assert made.table.loc[[f"o{i:03d}" for i in weak], "p_weak"].sum() == pytest.approx(
        (made.table["p_weak"] ** 2).sum(), rel=0.2
    )


def test_a_list_with_few_wrong_names_is_chosen(weak):
    made = weak.select(fdr=0.3)
    assert made.chosen.index.equals(weak.table.index)
    assert 1 - weak.table["p_weak"][made.chosen].mean() <= 0.3
    assert weak.select(fdr=0.3, capacity=1).chosen.sum() == 1


# -- rules side by side ----------------------------------------------------------------------------


def test_three_families_of_rules_stand_side_by_side(small_index):
    people = roster(["village"] * 10, no_premises=[1.0, 0.0] * 5, serious_violation=[0.0] * 10)
    values = frame([90] * 8 + [40, 70], welcomed=[0.9] * 7 + [0.55, 0.45, 0.9])
    lists = ("weak_opinion_eight", "weak_thirteen", "weak_veto_score")
    made = sp.find_weak(small_index(values, people), criteria=lists, names=True)
    rules = made.table["rules"]
    assert rules["o000"] == "no_premises"
    assert rules["o007"] == "masses_dissatisfied"
    assert set(rules["o008"].split(";")) == {
        *("bottom_share", "style", "purpose", "no_premises", "masses_dissatisfied"),
        *("score", "satisfaction_below_half"),
    }
    assert rules["o009"] == ""
    states = made.criteria.set_index(["list", "criterion", "org"])["state"]
    assert states[("weak_thirteen", "no_income", "o000")] == "no_data"
    assert states[("weak_veto_score", "serious_violation", "o000")] == "passed"
    assert [each.id for each in made.declared] == list(lists)
    assert "《意见》八种情形、村级十三种情形、否决项与分数线" in made.methods()
    steps = made.conditions("o008").set_index("rule")
    assert steps.loc["score", ["indicator", "needed"]].tolist() == ["overall", 60]


def test_the_thirteen_situations_are_those_of_the_system(shared):
    from servicepo.rules import load_criteria

    listed = pd.read_csv(shared / "real" / "weak_criteria.csv", encoding="utf-8-sig")
    theirs = listed[listed["体系"].str.contains("13选项")]["判定情形"]
    ours = [criterion.label() for criterion in load_criteria("weak_thirteen").criteria]
    assert len(ours) == len(theirs) == 13
    for short, long in zip(ours, theirs, strict=True):
        assert len(set(short) & set(long)) >= 4, (short, long)


OWN = """
id = "own"
name = { zh = "本县标准", en = "Ours" }
citation = "某县"

[[criteria]]
code = "style"
name = { zh = "作风", en = "style" }

[[criteria.conditions]]
INDICATOR
below = 70
"""


def test_a_list_of_one_s_own(small_index, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("INDICATOR", 'indicator = "team_style"'), encoding="utf-8")
    index = small_index(frame([90] * 10, style=[60] + [80] * 9), roster(["village"] * 10))
    made = sp.find_weak(index, criteria=path, names=True)
    assert made.table.loc["o000", "rules"] == "bottom_share;style"
    message = (
        "criteria of several lists must have codes of their own, got 'style' twice. Rename it in "
        "one of the lists."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.find_weak(index, criteria=(path, "weak_opinion_eight"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'indicator = "team_styl"',
            "criterion 'style' must look at an indicator of the framework that is there, got "
            "'team_styl' (at {path}: $.criteria[0]). Did you mean 'team_style'?",
        ),
        (
            'column = "member"',
            "criterion 'style' must look at a column that is there, got 'member' (at {path}: "
            "$.criteria[0]). Did you mean 'members'?",
        ),
    ],
)
def test_a_rule_on_what_is_not_there_is_refused(small_index, tmp_path, line, message):
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("INDICATOR", line), encoding="utf-8")
    people = roster(["village"] * 10, members=10.0)
    with pytest.raises(MethodError, match=f"^{re.escape(message.format(path=path))}$"):
        sp.find_weak(small_index(frame(np.arange(10) + 50), people), criteria=path)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"prior": "flat"},
            'prior must be "normal" or "npmle", got \'flat\'. Give one of these words.',
        ),
        (
            {"noise": "teams"},
            "noise must be a number of points or \"periods\", got 'teams'. Give the standard "
            "deviation of the noise, such as 3.",
        ),
        ({"noise": -1.0}, "noise must be at least 0, got -1.0. Give points of the score."),
        (
            {"noise": "periods"},
            "noise between periods needs at least 3 periods, got 1. Give the noise as a number "
            "instead.",
        ),
    ],
)
def test_refusals_of_priors_and_noise(small_index, choices, message):
    index = small_index(frame(np.arange(10) + 50), roster(["village"] * 10))
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.find_weak(index, **choices)


def test_rates_in_per_cent_are_refused(small_index):
    values = frame(np.arange(10) + 50, welcomed=[85.0] * 10)
    message = (
        "rates must lie between 0 and 1, got 85 in 'results_welcomed'. Divide per cent by 100."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.find_weak(small_index(values, roster(["village"] * 10)))


def test_one_respondent_says_almost_nothing(small_index):
    values, errors, people, _ = county(40, noise=3.0)
    errors.iloc[0] = [60.0, 60.0, 0.35]
    values.iloc[0] = [20.0, 20.0, 0.0]
    made = sp.find_weak(small_index(values, people, errors=errors), names=True)
    assert made.table.loc["o000", "bottom"]
    assert made.table.loc["o000", "p_weak"] < 0.5
    assert made.table.loc["o000", "verdict"] == "unclear"


# -- why -------------------------------------------------------------------------------------------


def test_reasons_are_measured_to_the_peers_by_default(small_index):
    values = frame([80, 82, 84, 86, 88], style=[80, 80, 80, 80, 20])
    made = sp.find_weak(small_index(values, roster(["village"] * 5)), share=0.2, names=True)
    own = made.reasons
    assert own["org"].unique().tolist() == ["o004"]
    assert own["indicator"].tolist() == ["team_style"]  # in all else it is above its peers
    assert own["gap"].tolist() == [60]
    assert own["degree"].tolist() == [1]
    assert own["state"].tolist() == ["unknown"]
    pd.testing.assert_frame_equal(own, made.why())


def test_a_reason_counts_only_if_it_is_beyond_chance(small_index):
    values, errors, people, _ = county(60)
    values["team_style"] = 80.0 + np.random.default_rng(1).normal(0, 1, 60)
    errors["team_style"] = 8.0  # all differences in style are noise
    made = sp.find_weak(small_index(values, people, errors=errors), names=True)
    states = made.reasons.groupby("indicator")["state"].agg(set)
    assert states["team_style"] == {"unclear"}
    assert "clear" in states["team_awareness"]
    told = made.reasons
    assert (told["p_below"] >= 0.8).equals(told["state"] == "clear")


def test_reasons_against_a_threshold_and_one_s_own_past(small_index):
    values, errors, people, _ = county(30)
    before = values.copy()
    before["team_style"] += 10
    before = before.set_axis(
        before.index.set_levels(pd.PeriodIndex(["2023"], freq="Y"), level="period")
    )
    both, noise = pd.concat([before, values]).sort_index(), errors.set_axis(before.index)
    index = small_index(both, people, errors=pd.concat([noise, errors]).sort_index())
    made = sp.find_weak(index, names=True)
    past = made.why(reference="past")
    assert set(past["indicator"]) == {"team_style"}
    np.testing.assert_allclose(past["gap"], 10)
    limit = made.why(reference=60.0)
    assert (limit["gap"] <= 60).all()
    with pytest.raises(MethodError) as caught:
        sp.find_weak(index, period="2023").why(reference="past")
    assert str(caught.value) == (
        'reference="past" needs a period before 2023, got none. Give reference="peers".'
    )
    with pytest.raises(MethodError) as caught:
        made.why(reference="peer")
    assert str(caught.value) == (
        "reference must be one of 'peers', 'full', 'past', got 'peer'. Did you mean 'peers'?"
    )


def test_under_a_veto_the_reason_is_what_is_vetoed(small_index):
    values = frame([80] * 9 + [70], style=[80] * 9 + [70], welcomed=[0.8] * 9 + [0.4])
    rule = {"method": "arithmetic", "veto": {"thresholds": {"results_welcomed": 0.5}, "cap": 20}}
    index = small_index(values, roster(["village"] * 10), aggregate=rule)
    plain = small_index(values, roster(["village"] * 10))
    held, free = (
        sp.find_weak(x, names=True).reasons.set_index("indicator") for x in (index, plain)
    )
    assert held.loc["results_welcomed", "degree"] > free.loc["results_welcomed", "degree"]
    # By hand: raising satisfaction lifts the veto; without it nothing is gained.
    base, full = 20.0, 80.0
    alone = 0.25 * 70 + 0.25 * 70 + 0.5 * 80  # satisfaction raised, the others as they are
    both = 0.25 * 80 + 0.25 * 70 + 0.5 * 80
    share = (alone - base) / 3 + 2 * (both - base) / 6 + (full - base) / 3
    assert held.loc["results_welcomed", "degree"] == pytest.approx(share / (full - base))


def test_shapley_of_a_veto_against_the_saved_example(shared):
    """Obstacle degree 22 % against 59 % of the gap: the obstacle degree is wrong under a veto."""
    import json

    from servicepo.methods.shapley import shapley_values

    path = shared / "reference" / "methods" / "09_diagnosis" / "obstacle_shapley.json"
    saved = json.loads(path.read_text("utf-8"))
    x, w = np.array(saved["x"]), np.array(saved["w"])

    def worth(inside):
        mixed = np.where(inside, 1.0, x)
        score = w @ mixed
        return np.array([min(score, 0.49) if mixed[3] < 0.5 else score])

    shares = shapley_values(worth, 7)[0]
    assert shares.sum() == pytest.approx(1 - worth(np.zeros(7, bool))[0])
    saved_share = np.array(saved["shapley_veto"])
    assert saved_share[3] / saved_share.sum() == pytest.approx(0.59, abs=0.01)
    assert saved["obstacle_pct"][3] == pytest.approx(22.03, abs=0.01)
    assert shares[3] / shares.sum() > 0.5
