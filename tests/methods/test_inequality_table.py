"""The table of inequality measures: the same as the formulas one by one, with intervals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods import inequality
from servicepo.methods.inequality_table import inequality_table


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.5, 100) | st.just(0.0), st.sampled_from("abc")),
        min_size=2,
        max_size=20,
    )
)
def test_every_row_is_the_formula_of_its_own(rows):
    x, groups = (np.array(side) for side in zip(*rows, strict=True))
    if any(x[groups == g].sum() == 0 for g in set(groups)):
        return
    made = inequality_table(x, groups)["value"]
    dagum, theil = inequality.dagum(x, groups), inequality.theil_decomposition(x, groups)
    expected = {
        ("gini", "total"): dagum.total,
        **{("gini", g): dagum.gini.loc[g, g] for g in dagum.gini.index},
        ("theil", "total"): theil.total,
        ("theil", "within"): theil.within,
        ("theil", "between"): theil.between,
        ("dagum", "within"): dagum.within,
        ("dagum", "between"): dagum.between,
        ("dagum", "transvariation"): dagum.transvariation,
        ("cv", "total"): inequality.coefficient_of_variation(x),
        ("atkinson", "total"): inequality.atkinson(x),
        ("wolfson", "total"): inequality.wolfson(x) if np.median(x) > 0 else np.nan,
    }
    assert made.to_dict() == pytest.approx(expected, abs=1e-10, nan_ok=True)


def test_groups36_with_intervals(shared):
    frame = pd.read_csv(shared / "reference" / "methods" / "04_inequality" / "groups36.csv")
    made = inequality_table(frame["score"], frame["group"], draws=500, seed=0)
    assert made.loc[("gini", "total"), "value"] == pytest.approx(0.07704439790851736)
    assert (made["low"] <= made["value"]).all()
    assert (made["value"] <= made["high"]).all()
    assert made["share"].xs("dagum").sum() == pytest.approx(1)
    assert made.loc[("theil", "between"), "by_chance"] == pytest.approx(3 / 35)
    between = made.loc[("theil", "between")]
    assert 0.3 < between["share_low"] < between["share"] < between["share_high"] < 0.85
    again = inequality_table(frame["score"], frame["group"], draws=500, seed=0)
    pd.testing.assert_frame_equal(made, again)


def test_equal_values_and_samples_of_zeros_raise_no_warning():
    made = inequality_table([5.0] * 6, list("aabbcc"), draws=20, seed=0)
    assert made["value"].eq(0).all()
    sparse = inequality_table([0.0, 0.0, 9.0, 5.0, 6.0], list("aaabb"), draws=200, seed=0)
    assert sparse.loc[("gini", "a"), "low"] >= 0


def test_the_callers_series_is_left_alone_and_bad_values_are_refused():
    x = pd.Series([3.0, 1.0, 2.0])
    inequality_table(x, ["a", "a", "b"], draws=2, seed=0)
    assert x.tolist() == [3, 1, 2]
    with pytest.raises(MethodError, match=r"below 0: 1\)\. Use scores with a natural zero"):
        inequality_table([1.0, -1.0], ["a", "b"])
