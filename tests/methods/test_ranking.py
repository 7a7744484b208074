import numpy as np
import pandas as pd
import pymcdm.methods as peer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pymcdm.normalizations import vector_normalization

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.promethee import promethee
from servicepo.methods.ranking import grey_relation, topsis, vikor

tables = arrays(
    float,
    st.tuples(st.integers(2, 9), st.integers(1, 5)),
    elements=st.integers(1, 40).map(float),
).filter(lambda x: (np.ptp(x, axis=0) > 0).all())


def even(x):
    return np.full(x.shape[1], 1 / x.shape[1])


def sample(n=30, m=5, seed=0):
    rng = np.random.default_rng(seed)
    w = rng.dirichlet(np.ones(m))
    return rng.uniform(1, 10, (n, m)), w


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


# -- TOPSIS ------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalise", ["vector", "minmax", "none"])
@pytest.mark.parametrize("weighting", ["values", "distances"])
def test_topsis_the_slow_way(normalise, weighting):
    x, w = sample()
    z = {
        "vector": x / np.sqrt((x**2).sum(axis=0)),
        "minmax": (x - x.min(axis=0)) / np.ptp(x, axis=0),
        "none": x,
    }[normalise]
    v = z * (w if weighting == "values" else np.sqrt(w))
    plus = np.sqrt(((v - v.max(axis=0)) ** 2).sum(axis=1))
    minus = np.sqrt(((v - v.min(axis=0)) ** 2).sum(axis=1))
    made = topsis(x, w, normalise=normalise, weighting=weighting)
    np.testing.assert_allclose(made.closeness, minus / (plus + minus), atol=1e-13)
    np.testing.assert_allclose(made.to_ideal, plus, atol=1e-13)
    np.testing.assert_allclose(made.to_anti_ideal, minus, atol=1e-13)


def test_topsis_pymcdm_with_costs_as_negative_values():
    x, w = sample()
    types = np.array([1, -1, 1, -1, 1])
    # pymcdm turns a cost round before it weighs; the distances are the same.
    for body, normalise in (
        (peer.TOPSIS(vector_normalization), "vector"),
        (peer.TOPSIS(), "minmax"),
    ):
        found = topsis(x * types, w, normalise=normalise).closeness
        np.testing.assert_allclose(found, body(x, w, types), atol=1e-12)


# -- VIKOR -------------------------------------------------------------------------------------


def test_vikor_mountain_climber_opricovic_tzeng_2004():
    """Three peaks, risk and altitude of equal weight; S, R and Q by hand: the middle one."""
    peaks = pd.DataFrame({"risk": [-1.0, -2, -5], "altitude": [3000.0, 3750, 4500]}, list("123"))
    made = vikor(peaks, [0.5, 0.5])
    assert made.s.tolist() == [0.5, 0.375, 0.5]
    assert made.r.tolist() == [0.5, 0.25, 0.5]
    assert made.q.tolist() == [1.0, 0.0, 1.0]
    assert made.compromise == ["2"]


@pytest.mark.parametrize("v", [0.0, 0.3, 1.0])
def test_vikor_pymcdm(v):
    x, w = sample()
    types = np.array([1, -1, 1, -1, 1])
    expected = peer.VIKOR(v=v)(x, w, types)
    np.testing.assert_allclose(vikor(x * types, w, v=v).q, expected, atol=1e-12)


def test_vikor_the_slow_way():
    x, w = sample(8)
    d = w * (x.max(axis=0) - x) / np.ptp(x, axis=0)
    made = vikor(pd.DataFrame(x, index=list("abcdefgh")), w)
    np.testing.assert_allclose(made.s, d.sum(axis=1))
    np.testing.assert_allclose(made.r, d.max(axis=1))
    assert made.compromise[0] == made.q.idxmin()
    assert repr(made).startswith("Vikor(8 organisations, best '")


def test_vikor_names_the_organisations_it_cannot_tell_apart():
    # The first is far ahead and best by all: alone.
    alone = vikor(pd.DataFrame({"a": [9.0, 1, 2], "b": [9.0, 2, 1]}, index=list("xyz")), [0.5, 0.5])
    assert alone.compromise == ["x"]
    # Two mirror images: no advantage of 1 / (n - 1).
    mirror = pd.DataFrame({"a": [9.0, 8, 1], "b": [8.0, 9, 1]}, index=list("xyz"))
    assert vikor(mirror, [0.5, 0.5]).compromise == ["x", "y"]


def test_vikor_warns_of_a_column_that_adds_nothing():
    x = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [5.0, 5.0, 5.0]})
    with pytest.warns(MethodWarning) as caught:
        made = vikor(x, [0.5, 0.5])
    assert str(caught[0].message) == (
        "every indicator should vary between organisations for VIKOR, got one single value in 'b': "
        "it adds nothing. Drop these columns and scale the weights up."
    )
    assert caught[0].filename == __file__
    assert made.q.tolist() == [1, 0.5, 0]


# -- grey relational analysis ------------------------------------------------------------------


@pytest.mark.parametrize("normalise", ["minmax", "mean", "none"])
def test_grey_relation_the_slow_way(normalise):
    x, w = sample()
    z = {
        "minmax": (x - x.min(axis=0)) / np.ptp(x, axis=0),
        "mean": x / x.mean(axis=0),
        "none": x,
    }[normalise]
    d = np.abs(z - z.max(axis=0))
    xi = (d.min() + 0.4 * d.max()) / (d + 0.4 * d.max())
    made = grey_relation(x, w, normalise=normalise, rho=0.4)
    np.testing.assert_allclose(made.grade, xi @ w, atol=1e-12)
    assert (made.low, made.high) == pytest.approx((d.min(), d.max()), abs=1e-12)
    assert repr(made) == f"GreyRelation(30 organisations, {normalise}, rho 0.4)"


def test_grey_relation_to_a_reference_of_ones_own():
    x, w = sample()
    own = x.mean(axis=0) + 0.3
    d = np.abs(x - own)
    expected = ((d.min() + 0.5 * d.max()) / (d + 0.5 * d.max())) @ w
    found = grey_relation(x, w, reference=own, normalise="none").grade
    np.testing.assert_allclose(found, expected, atol=1e-12)


# -- PROMETHEE II ------------------------------------------------------------------------------


def flows_slowly(x, w, preference):
    d = x[:, None, :] - x[None, :, :]
    p = preference(d) @ w
    np.fill_diagonal(p, 0)
    n = len(x)
    return p.sum(axis=1) / (n - 1), p.sum(axis=0) / (n - 1)


@settings(max_examples=25, deadline=None)
@given(x=tables)
def test_promethee_usual_the_slow_way_with_ties(x):
    made = promethee(x, even(x))
    plus, minus = flows_slowly(x, even(x), lambda d: (d > 0).astype(float))
    np.testing.assert_allclose(made.positive, plus, atol=1e-12)
    np.testing.assert_allclose(made.negative, minus, atol=1e-12)
    assert made.net.sum() == pytest.approx(0, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(x=tables, q=st.integers(0, 3), more=st.integers(0, 9))
def test_promethee_linear_the_slow_way_with_ties(x, q, more):
    p = q + more

    def preference(d):
        if p == q:
            return (d > q).astype(float)
        return np.clip((d - q) / (p - q), 0, 1)

    made = promethee(x, even(x), preference="linear", indifference=q, strict=p)
    plus, minus = flows_slowly(x, even(x), preference)
    np.testing.assert_allclose(made.positive, plus, atol=1e-11)
    np.testing.assert_allclose(made.negative, minus, atol=1e-11)


def test_promethee_pymcdm():
    x, w = sample()
    types = np.ones(5)
    usual = peer.PROMETHEE_II("usual")(x, w, types)
    np.testing.assert_allclose(promethee(x, w).net, usual, atol=1e-12)
    p, q = np.full(5, 4.0), np.full(5, 1.0)
    linear = peer.PROMETHEE_II("vshape_2", p=p, q=q)(x, w, types)
    found = promethee(x, w, preference="linear", indifference=1, strict=pd.Series([4.0] * 5))
    np.testing.assert_allclose(found.net, linear, atol=1e-12)


# -- laws --------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(x=tables, factor=st.sampled_from([0.01, 3.0, 1000.0]))
def test_laws_of_all(x, factor):
    w = even(x)
    answers = {
        "topsis": lambda x: topsis(x, w).closeness,
        "vikor": lambda x: 1 - vikor(x, w).q,
        "grey": lambda x: grey_relation(x, w).grade,
        "promethee": lambda x: promethee(x, w).net,
    }
    for name, score in answers.items():
        found = score(x)
        np.testing.assert_allclose(score(x * factor), found, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(score(x[::-1])[::-1], found, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(score(x[:, ::-1]), found, atol=1e-9, err_msg=name)
        # Who is at least as good everywhere never stands below.
        best = (x[:, None, :] >= x[None, :, :]).all(axis=2)
        assert (found[:, None] - found[None, :] >= -1e-9)[best].all(), name


# -- refusals ----------------------------------------------------------------------------------


def test_refusals_and_the_callers_frame_is_left_alone():
    x = pd.DataFrame({"a": [1.0, 2.0], "b": [4.0, 3.0]}, index=["u", "v"])
    before = x.copy()
    w = pd.Series({"b": 0.5, "a": 0.5})
    assert topsis(x, w).closeness.index.tolist() == ["u", "v"]
    assert repr(topsis(x, w)) == "Topsis(2 organisations, vector, weights on values)"
    assert repr(promethee(x, w)) == "Promethee(2 organisations, usual)"
    vikor(x, w)
    grey_relation(x, w)
    pd.testing.assert_frame_equal(x, before)
    flat = x * 0 + 1
    for method, name in ((topsis, "TOPSIS"), (vikor, "VIKOR")):
        assert refusal(method, flat, w) == (
            f"some indicator must vary between organisations for {name}, got none. "
            "There is nothing to rank."
        )
    assert refusal(topsis, x.assign(a=1.0), [1.0, 0.0]) == (
        "some indicator with a weight above 0 must vary between organisations for TOPSIS, got "
        "none. Correct the weights."
    )
    assert refusal(grey_relation, flat, w) == (
        "some organisation must differ from the reference for grey relational analysis, got none. "
        "There is nothing to rank."
    )
    assert refusal(grey_relation, -x, w, normalise="mean") == (
        "means must be above 0 for normalise='mean', got 0 or less in 'a', 'b'. "
        "Use normalise='minmax'."
    )
    assert refusal(grey_relation, x, w, reference=pd.Series({"a": 1.0})) == (
        "reference must name every indicator, got none for 'b'. Add it."
    )
    assert refusal(grey_relation, x, w, reference=[1.0]) == (
        "reference must have one entry per column, got 1 for 2 columns. Give one number per column."
    )
    assert refusal(grey_relation, x, w, rho=0) == (
        "rho must lie above 0 and up to 1, got 0. Give 0.5."
    )
    assert refusal(vikor, x, w, v=2) == (
        "v must lie between 0 and 1, got 2. Give 0.5 for a compromise."
    )
    assert refusal(topsis, x[:1], w) == (
        "x must have at least 2 organisations for this method, got 1. "
        "Add organisations or choose a method that needs fewer."
    )
    assert refusal(promethee, x, w, preference="linear") == (
        "strict must be given for preference='linear', got None. "
        "Say from which lead on a preference is whole."
    )
    assert refusal(promethee, x, w, preference="linear", indifference=2, strict=[3, 1]) == (
        "thresholds must satisfy 0 <= indifference <= strict, got others for 'b'. Correct them."
    )
    assert refusal(promethee, x, w, preference="linear", strict=[3, 1, 1]) == (
        "strict must be one number or one per column, got [3, 1, 1]. Give a number or a Series."
    )
    assert refusal(promethee, x, w, preference="linear", strict=pd.Series({"b": 1})) == (
        "strict must name every indicator, got none for 'a'. Add it."
    )
    assert refusal(topsis, x.assign(a=np.nan), w) == (
        "x must have no missing values, got NaN in 'a'. "
        "Impute them first or leave these columns out."
    )


# -- other packages, where they are installed --------------------------------------------------


def test_agrees_with_pyrepo_mcda():
    methods = pytest.importorskip("pyrepo_mcda.mcda_methods")
    shapes = pytest.importorskip("pyrepo_mcda.promethee_preference_functions")
    norms = pytest.importorskip("pyrepo_mcda.normalizations")
    x, w = sample()
    types = np.array([1, -1, 1, -1, 1])
    other = methods.TOPSIS(normalization_method=norms.vector_normalization)(x, w, types)
    np.testing.assert_allclose(topsis(x * types, w).closeness, other, atol=1e-12)
    other = methods.VIKOR(v=0.4)(x, w, types)
    np.testing.assert_allclose(vikor(x * types, w, v=0.4).q, other, atol=1e-12)
    usual = [shapes.preference_usual_function] * 5
    other = methods.PROMETHEE_II()(x, w, types, preference_functions=usual)
    np.testing.assert_allclose(promethee(x * types, w).net, other, atol=1e-12)


def test_agrees_with_scikit_criteria():
    """Its VIKOR ties the compromise set at rank 1: Q is compared, not ranks."""
    skc = pytest.importorskip("skcriteria")
    agg = pytest.importorskip("skcriteria.agg.topsis")
    compromise = pytest.importorskip("skcriteria.agg.vikor")
    x, w = sample()
    z = x / np.sqrt((x**2).sum(axis=0))
    problem = skc.mkdm(z, [max] * 5, weights=w)
    found = agg.TOPSIS().evaluate(problem).e_.similarity
    np.testing.assert_allclose(topsis(x, w).closeness, found, atol=1e-12)
    found = compromise.VIKOR(v=0.5).evaluate(skc.mkdm(x, [max] * 5, weights=w)).e_.q_k
    np.testing.assert_allclose(vikor(x, w).q, found, atol=1e-12)
