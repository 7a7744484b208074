"""Case mix: published tables, the paradox that forbids comparing, the slow way, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods.case_mix import direct, indirect

LEVELS = ((0.95, "95_0"), (0.998, "99_8"))


def by_area(shared, name, value):
    table = pd.read_csv(shared / "reference/methods/01_league/phe" / name)
    wide = table.pivot_table(index="area", columns="ageband", values=value, aggfunc="sum")
    return wide, table


@pytest.fixture
def phe(shared):
    """Return counts and people by area and age band, and the reference population."""
    name = "testdata_DSR_ISR__testdata_multiarea.csv"
    counts, _ = by_area(shared, name, "count")
    people, _ = by_area(shared, name, "pop")
    reference = pd.read_csv(
        shared / "reference/methods/01_league/phe/testdata_DSR_ISR__refdata.csv",
        index_col="Age Band",
    )
    return counts, people, reference


def test_indirect_rows_phe_indicator_methods(shared, phe):
    counts, people, reference = phe
    rates = reference["refcount"] / reference["refpop"]
    known = pd.read_csv(
        shared / "reference/methods/01_league/phe/testdata_DSR_ISR__testresults_ISR.csv"
    )
    checked = 0
    for level, ends in LEVELS:
        found = indirect(counts, people, reference=rates, confidence=level)
        for row in known[known["area"].isin(found.index)].itertuples():
            mine = found.loc[row.area]
            times = float(row.statistic.split()[-1])  # "… ratio x 100", "… rate per 1000"
            if "rate per" in row.statistic:
                times = row.ref_rate
            assert mine["observed"] == row.observed
            assert_allclose(mine["expected"], row.expected, rtol=1e-11)
            limits = [getattr(row, f"lower{ends}cl"), getattr(row, f"upper{ends}cl")]
            assert_allclose(mine[["ratio", "low", "high"]] * times, [row.value, *limits], rtol=1e-9)
            checked += 1
    assert checked == 24  # two levels of 12 rows; the other four rows have no published input


def test_direct_rows_phe_indicator_methods(shared, phe):
    counts, people, reference = phe
    known = pd.read_csv(
        shared / "reference/methods/01_league/phe/testdata_DSR_ISR__testresults_DSR.csv"
    )
    checked = 0
    for level, ends in LEVELS:
        # The package's tests use the European standard population of 2013.
        esp = [5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000, 7000, 6500, 6000, 5500]
        esp += [5000, 4000, 2500, 1500, 1000]
        standard = pd.Series(esp, index=reference.index)
        found = direct(counts, people, standard=standard, confidence=level)
        for row in known[known["area"].isin(found.index)].itertuples():
            mine = found.loc[row.area]
            per = 10_000 if row.statistic.endswith(" 10000") else 100_000
            limits = [getattr(row, f"lower{ends}cl"), getattr(row, f"upper{ends}cl")]
            expected = [row.value, *limits]
            assert mine["observed"] == row.total_count
            assert mine["cases"] == row.total_pop
            assert_allclose(mine[["rate", "low", "high"]] * per, expected, rtol=1e-9)
            checked += 1
    assert checked == 12


KINDS = ["宅基地", "医保", "纠纷"]


def tables(seed, orgs=6):
    rng = np.random.default_rng(seed)
    cases = rng.integers(20, 90, (orgs, 3))
    late = rng.binomial(cases, [0.05, 0.2, 0.5])
    index = [f"党支部{i}" for i in range(orgs)]
    return (
        pd.DataFrame(late, index=index, columns=KINDS),
        pd.DataFrame(cases, index=index, columns=KINDS),
    )


def test_both_ways_slowly():
    late, cases = tables(3)
    before = late.copy(), cases.copy()
    o_e, common = indirect(late, cases), direct(late, cases)
    pd.testing.assert_frame_equal(late, before[0])
    pd.testing.assert_frame_equal(cases, before[1])
    for org in late.index:
        expected = sum(cases.loc[org, k] * late[k].sum() / cases[k].sum() for k in KINDS)
        assert o_e.loc[org, "expected"] == pytest.approx(expected)
        assert o_e.loc[org, "ratio"] == pytest.approx(late.loc[org].sum() / expected)
        rate = sum(
            cases[k].sum() / cases.to_numpy().sum() * late.loc[org, k] / cases.loc[org, k]
            for k in KINDS
        )
        assert common.loc[org, "rate"] == pytest.approx(rate)
    # The whole is as expected.
    assert o_e["expected"].sum() == pytest.approx(late.to_numpy().sum())


def test_ratios_of_two_organisations_can_contradict_every_kind():
    """乙 is worse in both kinds, and its ratio is lower: the mixes differ (Simpson)."""
    kinds = ["易", "难"]
    reference = pd.Series([0.02, 0.40], index=kinds)
    cases = pd.DataFrame([[900, 100], [100, 900]], index=["甲", "乙"], columns=kinds)
    late = pd.DataFrame([[45, 40], [6, 380]], index=["甲", "乙"], columns=kinds)
    rates = late / cases
    assert (rates.loc["乙"] > rates.loc["甲"]).all()
    ratio = indirect(late, cases, reference=reference)["ratio"]
    assert ratio["乙"] < ratio["甲"]
    rate = direct(late, cases)["rate"]
    assert rate["乙"] > rate["甲"]


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(8)
    cases = pd.DataFrame(rng.integers(60, 160, (4000, 3)), columns=KINDS)
    truth = pd.Series([0.02, 0.1, 0.2], index=KINDS)
    late = pd.DataFrame(rng.poisson(cases * truth), columns=KINDS).clip(upper=cases)
    found = indirect(late, cases, reference=truth)
    assert ((found["low"] <= 1) & (found["high"] >= 1)).mean() == pytest.approx(0.955, abs=0.012)
    direct_found = direct(late, cases)
    common = (cases.sum() / cases.to_numpy().sum()) @ truth
    inside = (direct_found["low"] <= common) & (direct_found["high"] >= common)
    assert inside.mean() == pytest.approx(0.95, abs=0.012)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999))
def test_laws(seed):
    late, cases = tables(seed)
    o_e = indirect(late, cases)
    assert (o_e["low"].fillna(0) <= o_e["ratio"]).all()
    assert (o_e["high"] >= o_e["ratio"]).all()
    # One kind only: the ratio is the crude rate over the common rate, and so is the direct rate.
    one = indirect(late[["医保"]], cases[["医保"]])
    if late["医保"].sum():
        crude = late["医保"] / cases["医保"] / (late["医保"].sum() / cases["医保"].sum())
        assert_allclose(one["ratio"], crude)
    turned = indirect(late[KINDS[::-1]].iloc[::-1], cases)
    pd.testing.assert_frame_equal(turned, o_e)


def test_few_outcomes_have_exact_limits():
    cases = pd.DataFrame({"医保": [100.0]}, index=["甲"])
    found = indirect(cases * 0.04, cases, reference=pd.Series({"医保": 0.02})).loc["甲"]
    assert found["ratio"] == 2
    assert found["low"] == pytest.approx(stats.chi2.ppf(0.025, 8) / 2 / 2)
    assert found["high"] == pytest.approx(stats.chi2.ppf(0.975, 10) / 2 / 2)


def test_direct_rates_only_where_the_cells_allow():
    late, cases = tables(5)
    cases.loc["党支部0", "医保"] = late.loc["党支部0", "医保"] = 0
    late.loc["党支部1"] = [3, 3, 3]
    cases.loc["党支部1"] = [29, 29, 29]
    found = direct(late, cases)
    assert found[["rate", "low", "high"]].isna().all(axis=1).tolist()[:2] == [True, True]
    assert found["rate"].notna().sum() >= 3
    # A kind that the common mix lacks asks for no cases.
    standard = pd.Series({"宅基地": 1.0, "医保": 0.0, "纠纷": 2.0})
    assert direct(late, cases, standard=standard)["rate"].notna()["党支部0"]


def test_nothing_expected_no_ratio():
    cases = pd.DataFrame({"医保": [5.0, 0.0]}, index=["甲", "乙"])
    found = indirect(cases * 0, cases)
    assert found["ratio"].isna().all()
    assert found["expected"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda o, n: indirect(o + 100, n),
            "observed must be at most cases, got more outcomes than cases for "
            "'党支部0', '党支部1', '党支部2', '党支部3', '党支部4' and 1 more. "
            "Count outcomes among the cases.",
        ),
        (
            lambda o, n: indirect(o - 100, n),
            "observed must be counts of at least 0, got -100. Correct these cells.",
        ),
        (
            lambda o, n: direct(o.iloc[:, 1:], n),
            "observed and cases must have the same rows and columns, got (6, 2) and (6, 3) or "
            "other names. Make both from one table.",
        ),
        (
            lambda o, n: indirect(o, n, reference=pd.Series({"医保": 0.1})),
            "Every kind with cases must have a reference rate, got none for '宅基地', '纠纷'. "
            "Add it, or leave these cases out.",
        ),
        (
            lambda o, n: indirect(o, n, reference=pd.Series(-0.5, index=KINDS)),
            "reference must hold rates of at least 0, got -0.5. Correct it.",
        ),
        (
            lambda o, n: direct(o, n, standard=pd.Series({"医保": 1.0})),
            "standard must give every kind a size of at least 0, got none for '宅基地', '纠纷'. "
            "Complete it.",
        ),
        (
            lambda o, n: direct(o, n, standard=pd.Series(0.0, index=KINDS)),
            "standard must hold at least one case, got nothing. Give the mix to compare on.",
        ),
    ],
)
def test_refusals(change, message):
    late, cases = tables(0)
    late[:] = 0
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        change(late, cases)
