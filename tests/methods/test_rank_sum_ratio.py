import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods.rank_sum_ratio import rank_sum_ratio

tables = arrays(
    float, st.tuples(st.integers(5, 12), st.integers(1, 4)), elements=st.integers(1, 30).map(float)
).filter(lambda x: all(len(np.unique(c)) > 4 for c in x.T))


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        rank_sum_ratio(*args, **kwargs)
    return str(caught.value)


@pytest.fixture(scope="module")
def regions(shared):
    """Return 田凤调's ten regions with cost indicators turned, and the table of results."""
    path = shared / "reference" / "methods" / "03_grading" / "rsr_tian_10regions.csv"
    told = pd.read_csv(path, index_col=0)
    signs = {"antenatal_check_rate": 1, "maternal_mortality": -1, "perinatal_mortality": -1}
    return pd.DataFrame({name: sign * told[name] for name, sign in signs.items()}), told


@pytest.mark.parametrize("grades", [3, 4, 5])
def test_ten_regions_tian(regions, grades):
    x, told = regions
    made = rank_sum_ratio(x, grades=grades)
    np.testing.assert_allclose(made.table["rsr"], told["RSR"], atol=1e-11)
    np.testing.assert_allclose(made.table["probit"], told["probit"], atol=1e-12)
    np.testing.assert_allclose(made.table["fitted"], told["RSRfit"], atol=1e-12)
    assert made.table["grade"].tolist() == told[f"grade{grades}"].tolist()
    assert (made.intercept, made.slope) == pytest.approx((-0.6085, 0.2217), abs=6e-5)
    assert len(made.groups) == 8


def test_the_same_regions_mathmodels_book(regions, shared):
    path = shared / "reference" / "chinese_methods.json"
    told = json.loads(path.read_text(encoding="utf-8"))["rsr_maternal_10x3"]
    made = rank_sum_ratio(regions[0])
    assert made.table["rsr"].to_dict() == pytest.approx(told["RSR"], abs=5e-7)
    np.testing.assert_allclose(made.groups["probit"], list(told["probit"].values()), atol=5e-7)
    line = told["regression"]
    assert made.intercept == pytest.approx(line["a"], abs=5e-6)
    assert made.slope == pytest.approx(line["b"], abs=5e-6)
    assert made.r_squared == pytest.approx(line["R2"], abs=5e-5)
    assert repr(made) == (
        "RankSumRatio(10 organisations, integer: RSR = -0.6085 + 0.2217 Probit, R² 0.938)"
    )


def test_line_and_tests_are_scipys(regions):
    made = rank_sum_ratio(regions[0])
    line = stats.linregress(made.groups["probit"], made.groups["rsr"])
    assert made.slope_p_value == pytest.approx(line.pvalue, rel=1e-9)
    parts = [part["rsr"].to_numpy() for _, part in made.table.groupby("grade")]
    assert made.anova == pytest.approx(tuple(stats.f_oneway(*parts)), rel=1e-9)
    assert made.levene == pytest.approx(tuple(stats.levene(*parts, center="mean")), rel=1e-9)


def test_ties_share_their_mean_rank_and_weights_count():
    x = pd.DataFrame({"a": [1.0, 2, 2, 3, 5], "b": [5.0, 1, 2, 3, 4]}, index=list("vwxyz"))
    made = rank_sum_ratio(x, pd.Series({"b": 0.25, "a": 0.75}))
    ranks = x.rank()
    expected = (0.75 * ranks["a"] + 0.25 * ranks["b"]) / 5
    pd.testing.assert_series_equal(made.table["rsr"], expected, check_names=False)
    assert made.table["rank"].tolist() == expected.rank(ascending=False).tolist()


def test_non_integer_ranks_keep_distances():
    x = pd.DataFrame({"a": [0.0, 1, 10], "b": [3.0, 2, 9]})
    made = rank_sum_ratio(x, form="non_integer")
    by_hand = (1 + 2 * (x - x.min()) / (x.max() - x.min())).mean(axis=1) / 3
    np.testing.assert_allclose(made.table["rsr"], by_hand, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(x=tables)
def test_laws(x):
    made = rank_sum_ratio(x, form="non_integer")
    # So many columns in one order that no other can level the sums of ranks.
    order = np.repeat(np.arange(len(x))[:, None], len(x), axis=1)
    integer = rank_sum_ratio(np.column_stack([x, order]))
    for found in (made, integer):
        assert found.table["rsr"].between(1 / len(x) - 1e-9, 1 + 1e-9).all()
        assert found.table["grade"].between(1, 3).all()
        by = np.argsort(found.table["rsr"], kind="stable")
        assert found.table["grade"].to_numpy()[by].tolist() == sorted(found.table["grade"])
    moved = rank_sum_ratio(7 * x + 3, form="non_integer")
    np.testing.assert_allclose(moved.table["rsr"], made.table["rsr"], atol=1e-9)
    # Ranks know the order only.
    bent = rank_sum_ratio(np.column_stack([np.log(x), order]))
    pd.testing.assert_frame_equal(bent.table, integer.table)


def test_refusals_and_the_callers_frame_is_left_alone():
    x = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 1.0, 1.0]})
    before = x.copy()
    rank_sum_ratio(x)
    pd.testing.assert_frame_equal(x, before)
    assert refusal(x, form="non_integer") == (
        "every indicator must vary between organisations for non-integer ranks, got one single "
        "value in 'b'. Drop these columns or choose their weights yourself."
    )
    assert refusal(x[["b"]]) == (
        "a line needs at least 3 distinct rank sum ratios, got 1. "
        "Add organisations or indicators, or use form='non_integer'."
    )
    assert refusal(x[:2]) == (
        "x must have at least 3 organisations for this method, got 2. "
        "Add organisations or choose a method that needs fewer."
    )
    assert refusal(x, grades=6) == ("grades must be 3, 4 or 5, got 6. Or give cuts=.")
    assert refusal(x, cuts=(6, 4)) == "cuts must rise, got (6, 4). Give probits such as (4, 6)."
