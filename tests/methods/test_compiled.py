"""The compiled loops answer as NumPy does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import servicepo as sp
from servicepo import bench
from servicepo.methods import compiled
from servicepo.methods.compiled import Straight, divergences, weighted_sum, worth_it
from servicepo.methods.dispersion import divergence


@pytest.fixture
def always(monkeypatch):
    """Compile for every table, however small; skip where numba is missing."""
    pytest.importorskip("numba")
    monkeypatch.setattr(compiled, "LEAST", 0)


@pytest.fixture
def uses(monkeypatch):
    """Count how often the bench takes a compiled way that went through."""
    taken = []

    def counting(function):
        def call(*arguments):
            made = function(*arguments)
            taken.append(function.__name__ if made is not None else "refused")
            return made

        return call

    for name in ("divergences", "weighted_sum"):
        monkeypatch.setattr(bench, name, counting(getattr(compiled, name)))
    return taken


def columns(table, *, turned=()):
    """Return columns on min–max lines; turned ones score their lowest value 1."""
    ends = [(x.min(), x.max()) for x in table.T]
    ends = [(b, a) if j in turned else (a, b) for j, (a, b) in enumerate(ends)]
    return [Straight(x, *line) for x, line in zip(np.asfortranarray(table).T, ends, strict=True)]


def scores(lines):
    return np.column_stack([(x - zero) / (one - zero) for x, zero, one in lines])


def values(table, organisations):
    codes = ["team_awareness", "team_style", "results_welcomed"]
    orgs = [f"org {i}" for i in range(organisations)]
    rows = pd.MultiIndex.from_product(
        [orgs, pd.PeriodIndex(["2024"], freq="Y")], names=["org", "period"]
    )
    return pd.DataFrame(table, index=rows, columns=codes)


def roster(organisations):
    orgs = pd.Index([f"org {i}" for i in range(organisations)], name="org")
    return pd.DataFrame({"domain": "organs", "sector": "government_organ"}, index=orgs)


def test_small_tables_and_those_without_numba_stay_with_numpy(monkeypatch):
    assert not worth_it(250 * 40)
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert not worth_it(1_000_000 * 40)


@given(seed=st.integers(0, 2**32 - 1), offset=st.sampled_from([0.0, -7.0, 1e9]))
@settings(max_examples=20, deadline=None)
def test_divergences_are_those_of_numpy(seed, offset):
    pytest.importorskip("numba")
    rng = np.random.default_rng(seed)
    table = offset + rng.gamma(rng.uniform(0.05, 5), size=(2500, 4))
    lines = columns(table, turned=(1, 3))
    np.testing.assert_allclose(divergences(lines), divergence(scores(lines)), rtol=1e-12)


def test_divergence_of_many_zeros_and_tiny_scores(always):
    x = np.zeros(3000)
    x[::100] = np.logspace(-300, 0, 30)
    lines = columns(x[:, None])
    np.testing.assert_allclose(divergences(lines), divergence(scores(lines)), rtol=1e-12)


@pytest.mark.parametrize("x", [np.ones(5), 1 + 1e-9 * np.arange(5), np.array([-1.0, 2, 3, 4])])
def test_a_column_that_hardly_varies_or_falls_below_zero_is_left_to_numpy(always, x):
    good = Straight(np.arange(5.0), 0.0, 4.0)
    assert divergences([good]) is not None
    assert divergences([good, Straight(x, 0.0, 1.0)]) is None


def test_weighted_sums_are_those_of_numpy(always):
    table = np.random.default_rng(0).normal(size=(compiled.ROWS + 77, 3))
    lines, weights = columns(table, turned=(2,)), np.array([0.5, 0.2, 0.3])
    np.testing.assert_allclose(weighted_sum(lines, weights), scores(lines) @ weights, rtol=1e-11)


def test_loops_compile_where_no_folder_can_be_written(always, monkeypatch):
    import numba

    def unwritable(signature, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda loop: loop

    monkeypatch.setattr(numba, "njit", unwritable)
    made = compiled.kernels.__wrapped__()
    found = made.diverged(np.array([0.0, 1.0, 2.0]), 0.0)
    assert found == pytest.approx(2 * np.log(2), rel=1e-14)


@pytest.mark.parametrize("weights", ["entropy", "framework", {"dimensions": "entropy"}])
def test_an_index_is_the_same_either_way(always, uses, small_index, monkeypatch, weights):
    table = np.random.default_rng(1).uniform(20, 100, (60, 3))
    frame = values(table, 60)
    before = frame.copy()
    fast = small_index(frame, roster(60), weights=weights, normalise="minmax")
    assert "weighted_sum" in uses
    assert ("divergences" in uses) == (weights != "framework")
    monkeypatch.setattr(compiled, "LEAST", 1 << 62)
    slow = small_index(frame, roster(60), weights=weights, normalise="minmax")
    pd.testing.assert_series_equal(fast.overall, slow.overall, rtol=1e-12)
    pd.testing.assert_frame_equal(fast.dimensions, slow.dimensions, rtol=1e-12)
    pd.testing.assert_frame_equal(fast.weights, slow.weights, rtol=1e-12)
    pd.testing.assert_series_equal(fast.coverage, slow.coverage)
    pd.testing.assert_frame_equal(frame, before)


def test_missing_values_fall_back_to_numpy(always, uses, small_index, monkeypatch):
    table = np.random.default_rng(2).uniform(20, 100, (60, 3))
    table[:4, 0] = np.nan
    with pytest.warns(sp.MethodWarning, match="56 of 60 rows"):
        fast = small_index(values(table, 60), roster(60), weights="entropy", normalise="minmax")
    assert "divergences" not in uses
    assert uses.count("weighted_sum") == 1  # the dimension whose indicators are complete
    monkeypatch.setattr(compiled, "LEAST", 1 << 62)
    with pytest.warns(sp.MethodWarning, match="56 of 60 rows"):
        slow = small_index(values(table, 60), roster(60), weights="entropy", normalise="minmax")
    pd.testing.assert_series_equal(fast.overall, slow.overall, rtol=1e-12)


@pytest.mark.parametrize("choice", [{"normalise": "percentile_rank"}, {"aggregate": "harmonic"}])
def test_other_choices_are_numpys(always, uses, small_index, choice):
    table = np.random.default_rng(3).uniform(20, 100, (60, 3))
    choice = {"normalise": "minmax_positive", **choice}
    small_index(values(table, 60), roster(60), weights="framework", **choice)
    assert uses.count("divergences") == 0
    # Ranks are no lines: only the dimensions, which are scores already, go the compiled way.
    assert uses.count("weighted_sum") == (1 if "aggregate" not in choice else 0)


def test_scores_below_an_earlier_scale_are_refused_by_name(always, small_index):
    table = np.random.default_rng(4).uniform(20, 100, (60, 3))
    index = small_index(values(table, 60), roster(60), normalise="minmax")
    with pytest.raises(sp.MethodError, match="scores must be at least 0 for entropy weights"):
        small_index(
            values(table - 50, 60),
            roster(60),
            scale=index.scale,
            weights="entropy",
            normalise="minmax",
        )


def test_infinity_is_refused_on_every_core(always, small_index):
    table = np.random.default_rng(5).uniform(20, 100, (60, 3))
    table[7, 1] = np.inf
    with pytest.raises(sp.MethodError, match="Values must be finite, got infinity in 'team_style'"):
        small_index(values(table, 60), roster(60))
