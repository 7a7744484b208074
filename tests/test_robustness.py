"""Robustness: the crossed design the slow way, laws, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError
from servicepo.methods.normalisation import fit_scale
from servicepo.robustness import AVERAGED, POSITIVE, _drawn_weights

CODES = ["team_awareness", "team_style", "task_village", "results_welcomed"]


def county(n=24, seed=0, spread=8.0):
    draw = np.random.default_rng(seed)
    orgs = [f"o{i:02d}" for i in range(n)]
    people = pd.DataFrame(
        {
            "sector": ["village"] * (2 * n // 3) + ["school"] * (n // 3),
            "domain": ["rural"] * (2 * n // 3) + ["organs"] * (n // 3),
        },
        index=pd.Index(orgs, name="org"),
    )
    rows = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(["2023", "2024"], freq="Y")], names=["org", "period"]
    )
    values = np.clip(70 + draw.normal(0, spread, (len(rows), 4)), 1, 100)
    values = pd.DataFrame(values, rows, CODES)
    values["results_welcomed"] /= 100
    villages = np.repeat(people["sector"] == "village", 2).to_numpy()
    values["task_village"] = values["task_village"].where(villages)
    return values, people


@pytest.fixture(scope="module")
def made(small_index):
    values, people = county()
    framework = small_index(values, people).framework
    return sp.assess_robustness(values, framework, organisations=people, draws=60)


def test_ranks_and_shares_the_slow_way(small_index, made):
    values, people = county()
    index = made.index
    weights = _drawn_weights(index, 60, np.random.default_rng(0))
    own = index.group_of_row
    members = own.index[people["sector"].reindex(own.index.get_level_values("org")) == "school"]
    members = [row for row in members if row[1] == pd.Period("2024")]
    label = own[members[0]]
    bounds = pd.DataFrame({"direction": "benefit"}, index=CODES)
    runs = {}
    for a, (name, positive) in enumerate(POSITIVE.items()):
        x = fit_scale(values[CODES], name, directions=bounds).apply(values[CODES])
        x = pd.DataFrame(positive(x.to_numpy()), values.index, CODES).loc[members]
        for b, averaged in enumerate(AVERAGED):
            for d in range(60):
                w = weights[label][d] * x.notna()
                table = x if averaged == "arithmetic" else np.log(x)
                score = (table.fillna(0) * w).sum(axis=1) / w.sum(axis=1)
                runs[a, b, d] = score.rank(ascending=False, method="min")
    ranks = pd.DataFrame(runs)
    found = made.ranks.loc[members]
    np.testing.assert_allclose(found["median"], ranks.quantile(0.5, axis=1, interpolation="lower"))
    assert ((ranks.to_numpy() >= found["low"].to_numpy()[:, None]).mean(axis=1) >= 0.95).all()
    assert ((ranks.to_numpy() <= found["high"].to_numpy()[:, None]).mean(axis=1) >= 0.95).all()
    np.testing.assert_allclose(found["p_bottom"], (ranks > 8 - 1).mean(axis=1))
    shift = ranks.sub(found["rank"], axis=0).abs().mean(axis=1)
    np.testing.assert_allclose(found["mean_shift"], shift)


def test_the_shares_of_the_variance_sum_to_one(made):
    assert made.sensitivity["share"].sum() == pytest.approx(1)
    assert (made.sensitivity["share"] >= -1e-12).all()
    assert made.sensitivity.index.tolist() == [
        "normalisation",
        "aggregation",
        "weights",
        "interactions",
    ]


def test_the_baseline_is_the_index_as_declared(made):
    expected = made.index.ranks(within="sector")[["group", "n", "rank"]]
    pd.testing.assert_frame_equal(made.ranks[["group", "n", "rank"]], expected)
    assert (made.ranks["low"] <= made.ranks["median"]).all()
    assert (made.ranks["median"] <= made.ranks["high"]).all()
    assert made.runs == 360


def test_drawn_weights_are_dirichlet_around_the_declared_ones(made):
    weights = _drawn_weights(made.index, 20_000, np.random.default_rng(0))
    for label, drawn in weights.items():
        declared = made.index.weights.loc[label, "global_weight"].reindex(CODES).fillna(0)
        shares = drawn / drawn.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(shares.mean(axis=0), declared, atol=0.01)
        assert (shares[:, declared == 0] == 0).all()
    # Villages and schools share the draws of what they have in common.
    rural, organs = weights.values()
    np.testing.assert_allclose(rural[:, 3] / rural[:, 3].mean(), organs[:, 3] / organs[:, 3].mean())


def test_who_is_best_at_everything_is_always_first(small_index):
    values, people = county()
    values.loc["o03"] = [100, 100, 100, 1]
    values.loc["o20"] = [1, 1, np.nan, 0.01]
    framework = small_index(values, people).framework
    made = sp.assess_robustness(values, framework, organisations=people, draws=40)
    best, worst = made.ranks.loc["o03"], made.ranks.loc["o20"]
    assert best[["median", "low", "high"]].eq(1).all(axis=None)
    assert worst[["median", "low", "high"]].eq(8).all(axis=None)
    assert worst["p_bottom"].eq(1).all()
    assert best["p_bottom"].eq(0).all()


def test_p_bottom_sums_to_the_quota(made):
    sums = made.ranks.groupby(["group", "period"])["p_bottom"].sum()
    assert sums["village"].to_numpy() == pytest.approx(2)
    assert sums["school"].to_numpy() == pytest.approx(1)


def test_the_same_seed_gives_the_same_ranks(small_index, made):
    values, people = county()
    again = sp.assess_robustness(
        values, made.index.framework, organisations=people, draws=60, seed=0
    )
    pd.testing.assert_frame_equal(again.ranks, made.ranks)


def test_without_organisations_all_are_ranked_together(small_index):
    values, people = county()
    values = values.drop(columns="task_village")
    framework = small_index(values, people).framework
    made = sp.assess_robustness(values, framework, draws=20)
    assert made.within is None
    assert made.ranks["group"].eq("all").all()
    assert made.ranks["n"].eq(24).all()


def test_missing_scores_scale_the_other_weights_up(small_index):
    values, people = county()
    values.loc[("o00", pd.Period("2024")), "team_style"] = np.nan
    values.loc[("o01", pd.Period("2024")), :] = np.nan
    framework = small_index(values, people).framework
    made = sp.assess_robustness(values, framework, organisations=people, draws=20)
    assert made.ranks.loc[("o00", pd.Period("2024")), "median"] >= 1
    assert np.isnan(made.ranks.loc[("o01", pd.Period("2024")), "median"])
    assert np.isnan(made.ranks.loc[("o01", pd.Period("2024")), "p_bottom"])


def test_the_result_tells_itself(made):
    assert re.fullmatch(
        r"Robustness\(360 runs: ranks move by \d\.\d on average, "
        r"median 90 % interval \d+ ranks wide\)",
        repr(made),
    )
    assert "共重建指数 360 次" in made.methods()
    assert "360 indices in all" in made.methods("en")
    assert "<table" in made._repr_html_()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"draws": 1}, "draws must be at least 2, got 1. Give 1000, for example."),
        ({"share": 10}, "share must lie between 0 and 1, got 10. Give 0.1 for the lowest tenth."),
    ],
)
def test_refusals_say_what_and_how_to_mend(made, choices, message):
    values, people = county()
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        sp.assess_robustness(values, made.index.framework, organisations=people, **choices)


def test_those_who_tie_on_the_cut_are_all_in_the_bottom_share(small_index):
    values, people = county()
    last = [("o20", pd.Period("2024")), ("o21", pd.Period("2024"))]
    values.loc[last, ["team_awareness", "team_style"]] = 5.0
    values.loc[last, "results_welcomed"] = 0.05
    framework = small_index(values, people).framework
    made = sp.assess_robustness(values, framework, organisations=people, draws=20)
    assert made.ranks.loc[last, "p_bottom"].eq(1).all()
    assert made.ranks.loc[last, "low"].eq(7).all()
    schools = [f"o{i}" for i in range(16, 24)]
    values.loc[pd.IndexSlice[schools, "2024"], :] = [60.0, 60, np.nan, 0.6]
    made = sp.assess_robustness(values, framework, organisations=people, draws=20)
    now = made.ranks.xs(pd.Period("2024"), level="period")
    assert now.loc[schools, "p_bottom"].eq(0).all()


def test_many_organisations_are_ranked_in_parts(small_index, made, monkeypatch):
    values, people = county()
    monkeypatch.setattr("servicepo.robustness.MOST_RANKED", 100)
    again = sp.assess_robustness(
        values, made.index.framework, organisations=people, draws=60, seed=0
    )
    pd.testing.assert_frame_equal(again.ranks, made.ranks)
    pd.testing.assert_frame_equal(again.sensitivity, made.sensitivity)
