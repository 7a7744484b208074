import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicepo.errors import MethodError
from servicepo.methods import shapley
from servicepo.methods.obstacle import obstacle_degree
from servicepo.methods.shapley import shapley_gap

tables = arrays(
    float, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(1, 100)
).map(lambda x: pd.DataFrame(x / 100.0))


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        shapley_gap(*args, **kwargs)
    return str(caught.value)


@pytest.fixture(scope="module")
def saved(shared):
    """Return scores, weights and shares of one organisation, computed by another programme."""
    path = shared / "reference" / "methods" / "09_diagnosis" / "obstacle_shapley.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    return pd.DataFrame([told["x"]], columns=told["ind"]), pd.Series(told["w"], told["ind"]), told


def test_weighted_mean_is_the_obstacle_degree(saved):
    x, w, told = saved
    found = shapley_gap(x, lambda t: t @ w)
    np.testing.assert_allclose(found.iloc[0] / found.sum(axis=1)[0] * 100, told["obstacle_pct"])
    np.testing.assert_allclose(found.div(found.sum(axis=1), axis=0), obstacle_degree(x, w))


def test_geometric_mean_reference_09_diagnosis(saved):
    x, w, told = saved
    found = shapley_gap(x, lambda t: np.exp(np.log(t) @ w))
    np.testing.assert_allclose(found.iloc[0], told["shapley_geo"], atol=1e-14)


def test_veto_reference_09_diagnosis(saved):
    """Below 0.5 on time the index is capped at 0.6: that alone owes 59 % of the gap, not 22 %."""
    x, w, told = saved

    def vetoed(t):
        return (t @ w).where(t["on_time"] >= 0.5, np.minimum(t @ w, 0.6))

    found = shapley_gap(x, vetoed)
    np.testing.assert_allclose(found.iloc[0], told["shapley_veto"], atol=1e-14)
    assert found.loc[0, "on_time"] / found.loc[0].sum() == pytest.approx(0.59, abs=0.005)


def slowly(row, rule, top):
    """Average an indicator's step over all orders in which indicators can be raised."""
    m = len(row)
    owed = np.zeros(m)
    orders = list(permutations(range(m)))
    for order in orders:
        now = row.copy()
        for j in order:
            before = rule(now)
            now[j] = max(now[j], top)
            owed[j] += rule(now) - before
    return owed / len(orders)


@settings(max_examples=20, deadline=None)
@given(x=tables, top=st.sampled_from([1.0, 0.6]))
def test_all_orders_the_slow_way(x, top):
    def rule(row):
        return row.min() + row.prod()

    found = shapley_gap(x, lambda t: t.apply(rule, axis=1), reference=top)
    expected = [slowly(row.to_numpy(), rule, top) for _, row in x.iterrows()]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    raised = x.clip(lower=top)
    np.testing.assert_allclose(
        found.sum(axis=1), raised.apply(rule, axis=1) - x.apply(rule, axis=1), atol=1e-12
    )


def test_dimensions_play_for_their_indicators(saved):
    x, w, _ = saved
    of = dict(zip(x.columns, "AABBCCC", strict=True))
    alone = shapley_gap(x, lambda t: t @ w)
    grouped = shapley_gap(x, lambda t: t @ w, players=of)
    np.testing.assert_allclose(grouped, alone.T.groupby(of).sum().T)
    assert list(grouped.columns) == ["A", "B", "C"]


def test_blocks_of_rows_change_nothing_and_the_callers_frame_is_left_alone(monkeypatch):
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.uniform(0.1, 1, (25, 3)), columns=list("abc"))
    before = x.copy()
    whole = shapley_gap(x, lambda t: t.min(axis=1))
    monkeypatch.setattr(shapley, "CELLS", 64)
    pd.testing.assert_frame_equal(shapley_gap(x, lambda t: t.min(axis=1)), whole)
    pd.testing.assert_frame_equal(x, before)


def test_what_does_not_apply_owes_nothing():
    x = pd.DataFrame({"a": [0.5], "b": [np.nan]})
    found = shapley_gap(x, lambda t: t.mean(axis=1), reference=pd.Series({"a": 0.8, "b": 1.0}))
    assert found.loc[0, "a"] == pytest.approx(0.3)
    assert np.isnan(found.loc[0, "b"])


def test_refusals():
    x = pd.DataFrame({"a": [0.5], "b": [0.5]}, index=["甲"])
    assert refusal(pd.DataFrame(np.ones((1, 13))), lambda t: t.sum(axis=1)) == (
        "exact Shapley values need at most 12 players, got 13. "
        "Let dimensions play: players={indicator: dimension}."
    )
    assert refusal(x, lambda t: 1.0) == (
        "rule must give one value per row, got the shape () for 1 rows. "
        "Return a Series or a one-dimensional array."
    )
    assert refusal(x, lambda t: t["a"] * np.nan) == (
        "rule must give finite values, got NaN or infinity for '甲'. "
        "Leave these organisations out, or let the rule say what they get."
    )
    assert refusal(x, lambda t: t["a"], players={"a": "A"}) == (
        "every indicator must have a player, got none for 'b'. Name it."
    )
    assert refusal(x, lambda t: t["a"], reference=pd.Series({"b": 1.0})) == (
        "reference must name every indicator, got none for 'a'. Add it."
    )
