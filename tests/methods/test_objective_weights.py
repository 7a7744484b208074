import json

import numpy as np
import pandas as pd
import pymcdm.weights as peer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.components import principal_components, varimax
from servicepo.methods.dispersion import IMPORTANCES
from servicepo.methods.importance import importance, regression, target_importance
from servicepo.methods.normalisation import fit_scale
from servicepo.methods.objective_weights import (
    OBJECTIVE_WEIGHTS,
    coefficient_of_variation,
    critic,
    entropy,
    equal,
    factor_analysis,
    independence,
    information,
    merec,
    pca,
    standard_deviation,
)

scores = arrays(
    float,
    st.tuples(st.integers(8, 15), st.integers(2, 5)),
    elements=st.integers(1, 1000).map(lambda k: k / 1000),
).filter(lambda x: (np.ptp(x, axis=0) > 0.05).all())


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def sample(n=40, m=5, seed=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    raw = common + rng.normal(size=(n, m))
    return (raw - raw.min(axis=0)) / np.ptp(raw, axis=0)


# -- published ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def maternal(shared):
    """Return the 10 × 3 example of mathmodels-book, min–max normalised, with its weights."""
    path = shared / "reference" / "chinese_methods.json"
    told = json.loads(path.read_text(encoding="utf-8"))["rsr_maternal_10x3"]
    names = ("x1_positive", "x2_negative", "x3_negative")
    values = pd.DataFrame({name: told[name] for name in names}, index=told["ID"])
    ways = pd.Series(["benefit", "cost", "cost"], index=values.columns)
    return (
        values,
        fit_scale(values, directions=ways).apply(values),
        told["entropy_weights_same_data"],
    )


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("limit", "0ln0=0"),
        (0.0001, "minmax_plus_0.0001"),
        (0.01, "minmax_plus_0.01"),
        ((0.002, 0.998), "scale_0.002_0.998"),
    ],
)
def test_entropy_with_each_zero_rule_mathmodels_book(maternal, rule, key):
    _, normalised, told = maternal
    np.testing.assert_allclose(entropy(normalised, zeros=rule), told[key], atol=5e-8)


def test_entropy_without_normalisation_goes_astray_mathmodels_book(maternal):
    values, _, told = maternal
    raw = values.assign(x2_negative=1 / values.x2_negative, x3_negative=1 / values.x3_negative)
    key = "raw_proportion_no_standardisation_1/x_for_negative"
    np.testing.assert_allclose(entropy(raw), told[key], atol=5e-8)


def test_entropy_by_the_rule_of_spssau_shifts_only_columns_that_reach_zero():
    x = np.array([[0.0, 0.2], [0.5, 0.5], [1.0, 0.6]])
    expected = entropy(x + np.array([0.01, 0.0]))
    np.testing.assert_allclose(entropy(x, zeros="spssau"), expected, rtol=1e-12)


CORRELATIONS = """1.00 0.13 -0.09 0.45 0.28 0.03 0.22 0.08
1.00 0.46 0.25 0.56 0.32 0.30 0.06
1.00 -0.45 0.56 0.84 0.63 0.27
1.00 0.00 -0.36 -0.35 -0.03
1.00 0.64 0.30 0.33
1.00 0.65 0.26
1.00 0.08
1.00"""
LOADINGS = """-0.11 -0.75 0.13 0.60 -0.10 -0.12 -0.17 0.05
-0.56 -0.48 0.22 -0.54 0.27 -0.17 -0.04 0.10
-0.92 0.21 0.02 -0.10 0.04 0.11 -0.27 -0.13
0.35 -0.85 0.01 -0.13 0.11 0.35 0.06 -0.08
-0.76 -0.39 -0.16 -0.16 -0.41 -0.16 0.16 -0.09
-0.91 0.13 0.01 0.07 -0.19 0.30 0.04 0.16
-0.74 0.11 0.37 0.39 0.33 -0.02 0.20 -0.07
-0.36 -0.12 -0.87 0.15 0.26 -0.03 0.02 0.02"""
ROTATED = """0.07 0.97 0.06 0.06
0.13 0.07 -0.07 0.93
0.79 -0.21 0.21 0.42
-0.64 0.56 -0.04 0.36
0.37 0.17 0.38 0.68
0.82 -0.04 0.25 0.35
0.88 0.23 -0.09 0.09
0.08 0.04 0.96 0.04"""


def numbers(text):
    return np.array([[float(x) for x in line.split()] for line in text.splitlines()])


def same_up_to_order_and_sign(found, published, atol):
    """Each published column is one of the found columns, up to its sign."""
    left = list(range(found.shape[1]))
    for column in published.T:
        gaps = {
            k: min(np.abs(found[:, k] - column).max(), np.abs(found[:, k] + column).max())
            for k in left
        }
        best = min(gaps, key=gaps.get)
        assert gaps[best] <= atol
        left.remove(best)


def test_correlations_tai_oecd2008_table_6(tai):
    published = np.zeros((8, 8))
    for i, line in enumerate(CORRELATIONS.splitlines()):
        published[i, i:] = published[i:, i] = [float(x) for x in line.split()]
    made = principal_components(tai)
    rebuilt = made.loadings.to_numpy() @ made.loadings.to_numpy().T
    np.testing.assert_allclose(rebuilt, published, atol=0.021)


def test_eigenvalues_tai_oecd2008_table_7(tai):
    made = principal_components(tai)
    published = [3.3, 1.7, 1.0, 0.9, 0.5, 0.3, 0.2, 0.1]
    np.testing.assert_allclose(made.eigenvalues, published, atol=0.06)
    shares = [41.9, 21.8, 12.3, 11.1, 6.0, 3.7, 2.2, 0.9]
    np.testing.assert_allclose(made.shares * 100, shares, atol=0.12)
    assert repr(made) == "Components(8: 41.9%, 21.8%, 12.3%, ...)"


def test_loadings_tai_oecd2008_table_8(tai):
    made = principal_components(tai).loadings.to_numpy()
    same_up_to_order_and_sign(made, numbers(LOADINGS), 0.02)


def test_varimax_tai_oecd2008_table_9(tai):
    rotated = varimax(principal_components(tai).loadings.to_numpy()[:, :4])
    same_up_to_order_and_sign(rotated, numbers(ROTATED), 0.02)
    variances = np.sort((rotated**2).sum(axis=0))
    np.testing.assert_allclose(variances, [1.19, 1.39, 1.76, 2.64], atol=0.025)


def test_factor_weights_tai_oecd2008_table_18(tai):
    made = factor_analysis(tai)  # four factors by the rule of 10 % each and 60 % together
    published = np.array([0.17, 0.15, 0.11, 0.07, 0.08, 0.12, 0.14, 0.16])
    gap = np.abs(made.to_numpy() - published)
    assert np.delete(gap, 3).max() <= 0.01  # the book gives exports .07 here and .06 in Table 22
    assert gap[3] <= 0.014
    np.testing.assert_allclose(made, factor_analysis(tai, factors=4))


def gaussian(shared):
    path = shared / "reference" / "methods" / "06_uncertainty" / "becker_gaussian_and_ishigami.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    root = np.linalg.cholesky(np.array(told["corr"]))
    z = np.random.default_rng(0).normal(size=(400, 4))
    z -= z.mean(axis=0)
    z = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    return z @ root.T, told


def test_merec_keshavarz_ghorabaee_2021_illustrative_example():
    """Symmetry 13(4), 525, Table 2: two benefits, two costs (x / max is 1/x under our rule).

    The same matrix and weights stand, with the paper's name, in the test suites of pymcdm and
    scikit-criteria.
    """
    benefits = np.array([[450, 8000], [10, 9100], [100, 8200], [220, 9300], [5, 8400]])
    costs = np.array([[54, 145], [2, 160], [31, 153], [1, 162], [23, 158]])
    found = merec(np.column_stack([benefits, 1 / costs]))
    assert found.round(4).tolist() == [0.5752, 0.0141, 0.4016, 0.0091]


def test_critic_tus_adali_2019_time_and_attendance_software():
    """Opsearch 56(2), 528-538, five packages; as the test suite of pymcdm cites it."""
    packages = np.array(
        [
            [5000, 3, 3, 4, 3, 2],
            [680, 5, 3, 2, 2, 1],
            [2000, 3, 2, 3, 4, 3],
            [600, 4, 3, 1, 2, 2],
            [800, 2, 4, 3, 3, 4],
        ]
    )
    scores = (packages - packages.min(axis=0)) / np.ptp(packages, axis=0)
    assert critic(scores).round(3).tolist() == [0.157, 0.249, 0.168, 0.121, 0.154, 0.151]


def test_importance_of_equal_weights_becker2017_gaussian(shared):
    x, told = gaussian(shared)
    np.testing.assert_allclose(importance(x, told["w"]), told["S"], atol=1e-9)


def test_weights_for_equal_importance_becker2017_gaussian(shared):
    x, _ = gaussian(shared)
    made = target_importance(x)
    np.testing.assert_allclose(made, [0.131, 0.131, 0.359, 0.379], atol=5e-4)
    found = importance(x, made)
    np.testing.assert_allclose(found / found.sum(), 0.25, atol=1e-6)


# -- formula again, and oracles ----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_pymcdm(seed):
    x = np.random.default_rng(seed).uniform(0.1, 1, (30, 6))
    normalised = (x - x.min(axis=0)) / np.ptp(x, axis=0)
    np.testing.assert_allclose(entropy(x), peer.entropy_weights(x), rtol=1e-12)
    np.testing.assert_allclose(critic(normalised), peer.critic_weights(x), rtol=1e-12)
    np.testing.assert_allclose(merec(x), peer.merec_weights(x, np.ones(6)), rtol=1e-12)
    np.testing.assert_allclose(
        standard_deviation(x), peer.standard_deviation_weights(x), rtol=1e-12
    )


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_pyrepo_mcda(seed):
    other = pytest.importorskip("pyrepo_mcda.weighting_methods")
    x = np.random.default_rng(seed).uniform(0.1, 1, (20, 5))
    normalised = (x - x.min(axis=0)) / np.ptp(x, axis=0)
    pairs = {
        "entropy": other.entropy_weighting(x),
        "standard_deviation": other.std_weighting(x),
        "coefficient_of_variation": other.coeff_var_weighting(x),
        "merec": other.merec_weighting(x, np.ones(5)),
    }
    for word, expected in pairs.items():
        np.testing.assert_allclose(OBJECTIVE_WEIGHTS[word](x), expected, rtol=1e-12)
    np.testing.assert_allclose(critic(normalised), other.critic_weighting(x), rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_criteria(seed):
    other = pytest.importorskip("skcriteria.preprocessing.weighters")
    x = np.random.default_rng(seed).uniform(0.1, 1, (20, 5))
    normalised = (x - x.min(axis=0)) / np.ptp(x, axis=0)
    ways = np.ones(5)
    np.testing.assert_allclose(entropy(x), other.entropy_weights(x), rtol=1e-12)
    np.testing.assert_allclose(merec(x), other.merec_weights(x, ways), rtol=1e-12)
    np.testing.assert_allclose(
        critic(normalised),
        other.critic_weights(x, ways, correlation="pearson", scale=True),
        rtol=1e-12,
    )


def test_entropy_keeps_the_digits_that_one_minus_h_loses():
    spread = np.random.default_rng(0).random((200, 3)) * np.array([1, 2, 3])
    near, far = entropy(1 + 1e-7 * spread), entropy(1 + 1e-3 * spread)
    np.testing.assert_allclose(near, far, rtol=1e-2)


def test_independence_is_one_over_the_multiple_correlation():
    x = sample()
    multiple = []
    for j in range(x.shape[1]):
        others = np.column_stack([np.ones(len(x)), np.delete(x, j, axis=1)])
        fitted = others @ np.linalg.lstsq(others, x[:, j], rcond=None)[0]
        multiple.append(np.corrcoef(x[:, j], fitted)[0, 1])
    expected = 1 / np.array(multiple)
    np.testing.assert_allclose(independence(x), expected / expected.sum(), rtol=1e-9)


def test_pca_composite_the_slow_way():
    x = sample(m=6)
    made = principal_components(x)
    kept = made.eigenvalues > 1
    coefficients = sum(
        made.shares[k] * made.loadings[:, k] / made.eigenvalues[k] ** 0.5
        for k in np.flatnonzero(kept)
    ) / sum(made.shares[kept])
    found = pca(x, negative="absolute")
    np.testing.assert_allclose(found, np.abs(coefficients) / np.abs(coefficients).sum())


def test_pca_keeps_a_share_of_the_variance():
    x = sample(m=4)
    made = principal_components(x)
    count = int((made.shares.cumsum() < 0.85).sum()) + 1
    np.testing.assert_allclose(
        pca(x, keep=0.85, negative="absolute"), pca(x, keep=count, negative="absolute")
    )


def test_regression_finds_the_weights_an_outcome_was_made_with():
    x = np.random.default_rng(0).normal(size=(60, 3))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = x @ [0.5, 0.3, 0.2]
    np.testing.assert_allclose(regression(x, y), [0.5, 0.3, 0.2], atol=1e-9)
    frame = pd.DataFrame(x, columns=list("abc"))
    shuffled = pd.Series(y).sample(frac=1, random_state=0)
    np.testing.assert_allclose(regression(frame, shuffled), [0.5, 0.3, 0.2], atol=1e-9)


def test_scores_in_many_blocks_give_what_one_block_gives(monkeypatch):
    x = sample(200, 4)
    expected = {word: OBJECTIVE_WEIGHTS[word](x + 0.01) for word in ("entropy", "critic", "merec")}
    import servicepo.methods.guards as guards

    monkeypatch.setattr(guards.row_blocks, "__defaults__", (28,))
    for word, weights in expected.items():
        np.testing.assert_allclose(OBJECTIVE_WEIGHTS[word](x + 0.01), weights, rtol=1e-12)


# -- laws --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::servicepo.errors.MethodWarning")
@pytest.mark.parametrize("word", sorted(OBJECTIVE_WEIGHTS))
@settings(max_examples=15, deadline=None)
@given(x=scores)
def test_weights_are_at_least_0_and_sum_to_1(word, x):
    try:
        made = OBJECTIVE_WEIGHTS[word](x)
    except MethodError as told:
        assert word in ("pca", "first_component", "independence", "critic")
        assert str(told).endswith(".")  # noqa: PT017
        return
    assert (made >= 0).all()
    assert made.sum() == pytest.approx(1)


@pytest.mark.parametrize("word", sorted(set(OBJECTIVE_WEIGHTS) - {"target_importance"}))
def test_the_order_of_rows_and_columns_is_irrelevant(word):
    x = pd.DataFrame(sample() + 0.01, columns=list("abcde"))
    turned = OBJECTIVE_WEIGHTS[word](x.iloc[::-1, ::-1])
    pd.testing.assert_series_equal(turned[list("abcde")], OBJECTIVE_WEIGHTS[word](x))


@pytest.mark.parametrize(
    "word", ["entropy", "coefficient_of_variation", "merec", "pca", "independence", "equal"]
)
def test_weights_do_not_depend_on_the_unit_of_measure(word):
    x = sample() + 0.01
    units = np.array([1.0, 10.0, 0.5, 1e3, 7.0])
    np.testing.assert_allclose(OBJECTIVE_WEIGHTS[word](x * units), OBJECTIVE_WEIGHTS[word](x))


@pytest.mark.parametrize("word", sorted(OBJECTIVE_WEIGHTS))
def test_answers_in_kind_and_leaves_the_callers_frame_alone(word):
    x = pd.DataFrame(sample() + 0.01, columns=list("abcde"))
    before = x.copy(deep=True)
    made = OBJECTIVE_WEIGHTS[word](x)
    assert isinstance(made, pd.Series)
    assert made.name == "weight"
    assert list(made.index) == list("abcde")
    pd.testing.assert_frame_equal(x, before)
    np.testing.assert_array_equal(OBJECTIVE_WEIGHTS[word](x.to_numpy()), made.to_numpy())


@pytest.mark.parametrize("word", sorted(set(OBJECTIVE_WEIGHTS) - {"merec"}))
def test_one_indicator_alone_has_all_the_weight(word):
    assert OBJECTIVE_WEIGHTS[word](np.array([[0.1], [0.5], [0.9]])).tolist() == [1.0]


def test_correlated_indicators_share_their_critic_weight():
    rng = np.random.default_rng(0)
    a, c = rng.random((2, 100))
    x = np.column_stack([a, a + 0.01 * rng.random(100), c])
    made = critic((x - x.min(axis=0)) / np.ptp(x, axis=0))
    assert made[2] > 1.5 * made[0]


def test_varimax_raises_the_criterion_and_keeps_communalities():
    loadings = np.random.default_rng(0).normal(size=(7, 3))
    turned = varimax(loadings)
    np.testing.assert_allclose((turned**2).sum(axis=1), (loadings**2).sum(axis=1))
    lengths = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    assert ((turned / lengths) ** 2).var(axis=0).sum() > ((loadings / lengths) ** 2).var(
        axis=0
    ).sum()


def test_importances_column_by_column_are_the_weights_of_their_words():
    x = np.random.default_rng(0).uniform(0.1, 1, (20, 3))
    for word, (_, of_one) in IMPORTANCES.items():
        alone = np.concatenate([of_one(x[:, [j]]) for j in range(3)])
        np.testing.assert_allclose(alone / alone.sum(), OBJECTIVE_WEIGHTS[word](x))


# -- refusals and warnings ---------------------------------------------------------------------

STILL = pd.DataFrame({"a": [1.0, 1.0, 1.0], "b": [0.1, 0.2, 0.4]})


@pytest.mark.parametrize(
    ("word", "method"),
    [
        ("entropy", "entropy weights"),
        ("standard_deviation", "standard deviation weights"),
        ("coefficient_of_variation", "coefficient of variation weights"),
        ("merec", "MEREC weights"),
    ],
)
def test_a_column_that_does_not_vary_weighs_nothing_by_convention(word, method):
    with pytest.warns(MethodWarning) as caught:
        made = OBJECTIVE_WEIGHTS[word](STILL)
    assert made.tolist() == [0.0, 1.0]
    assert [str(w.message) for w in caught] == [
        f"every indicator should vary between organisations for {method}, got one single value in "
        "'a': weight 0. Drop these columns or choose their weights yourself."
    ]
    assert refusal(OBJECTIVE_WEIGHTS[word], np.ones((3, 2))) == (
        f"some indicator must vary between organisations for {method}, got none. Use equal weights."
    )


@pytest.mark.parametrize(
    ("word", "method"),
    [
        ("critic", "CRITIC weights"),
        ("independence", "independence weights"),
        ("pca", "principal components"),
        ("factor_analysis", "principal components"),
        ("target_importance", "target importance weights"),
    ],
)
def test_a_column_that_does_not_vary_has_no_correlations(word, method):
    assert refusal(OBJECTIVE_WEIGHTS[word], STILL) == (
        f"every indicator must vary between organisations for {method}, got one single value in "
        "'a'. Drop these columns or choose their weights yourself."
    )


@pytest.mark.parametrize("word", sorted(set(OBJECTIVE_WEIGHTS) - {"equal"}))
def test_nan_and_too_few_organisations_are_refused(word):
    gapped = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": [1.0, 2.0, 4.0]})
    assert refusal(OBJECTIVE_WEIGHTS[word], gapped) == (
        "x must have no missing values, got NaN in 'a'. "
        "Impute them first or leave these columns out."
    )
    assert refusal(OBJECTIVE_WEIGHTS[word], np.ones((2, 2))) == (
        "x must have at least 3 organisations for this method, got 2. "
        "Add organisations or choose a method that needs fewer."
    )


X = sample()
NEGATIVE = pd.DataFrame({"a": [-1.0, 0.5, 1.0], "b": [0.1, 0.2, 0.4]})
OPPOSED = pd.DataFrame({"a": [1.0, 2, 3, 4.0], "b": [1.0, 2, 3, 5], "c": [4.0, 3, 2, 1.5]})


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: entropy(NEGATIVE),
            "scores must be at least 0 for entropy weights, got negative ones in 'a'. "
            "Normalise by minmax first, or shift them by zeros=.",
        ),
        (
            lambda: entropy(X, zeros="shift"),
            "zeros must be 'limit', 'spssau', a shift of at least 0 or an interval (low, high), "
            "got 'shift'. Name one of them.",
        ),
        (
            lambda: merec(NEGATIVE),
            "scores must be above 0 for MEREC, got 0 or less in 'a'. Normalise by "
            "minmax_positive, or give goalposts below every value.",
        ),
        (
            lambda: coefficient_of_variation(NEGATIVE - 3),
            "means must be above 0 for coefficient of variation weights, got 0 or less in "
            "'a', 'b'. Use scores of at least 0, such as min–max.",
        ),
        (
            lambda: critic(np.column_stack([X[:, 0], X[:, 0]])),
            "CRITIC weights need indicators that are not all perfectly correlated, got 2 that are. "
            "Keep one of them, or use equal weights.",
        ),
        (
            lambda: independence(np.column_stack([X, X[:, 0]])),
            "independence weights need indicators that the others do not explain completely, got "
            "0, 5. Drop one of them.",
        ),
        (
            lambda: independence(X[:5]),
            "independence weights need more organisations than indicators, got 5 for 5. "
            "Add organisations or use critic.",
        ),
        (
            lambda: independence([[0.0, 0], [1, 0], [0, 1], [1, 1]]),
            "independence weights need a multiple correlation above 0, got 0 for 0, 1. "
            "Use critic, which weighs an uncorrelated indicator without dividing by 0.",
        ),
        (
            lambda: pca(OPPOSED, keep=1),
            "PCA weights need indicators that pull the same way, got a negative coefficient for "
            "'c'. Check their direction, use factor_analysis, or allow negative='absolute'.",
        ),
        (
            lambda: pca(X, negative="keep"),
            "negative must be 'refuse' or 'absolute', got 'keep'. Give one of the two.",
        ),
        (
            lambda: pca(X, keep=9),
            "keep must be 'kaiser', a number from 1 to 5 or a share between 0 and 1, got 9. "
            "Give one of these.",
        ),
        (
            lambda: factor_analysis(X, factors=6),
            "factors must be from 1 to 5, got 6. Give such a number.",
        ),
        (
            lambda: regression(X, np.ones(40)),
            "outcome must vary between organisations, got one single value. "
            "Choose another outcome.",
        ),
        (
            lambda: regression(X, np.ones(3)),
            "outcome must have one value per row of x, got 3 for 40. "
            "Give the outcome of the same organisations.",
        ),
        (
            lambda: regression(X[:5], np.arange(5.0)),
            "regression weights need more organisations than indicators, got 5 for 5. "
            "Add organisations or take fewer indicators.",
        ),
        (
            lambda: regression(X[:, :1], -X[:, 0]),
            "regression weights need an indicator that goes with the outcome, got none above 0. "
            "Check the directions or choose another outcome.",
        ),
        (
            lambda: target_importance(X[:5]),
            "target importance weights need more organisations than indicators, got 5 for 5. "
            "Add organisations or take fewer indicators.",
        ),
        (
            lambda: target_importance(X, [0.5, 0.5]),
            "targets must have one entry per column, got 2 for 5 columns. "
            "Give one weight per column.",
        ),
    ],
)
def test_refusals(call, told):
    assert refusal(call) == told


def test_critic_on_z_scores_says_that_contrast_is_gone():
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    with pytest.warns(MethodWarning) as caught:
        critic(z)
    assert [str(w.message) for w in caught] == [
        "CRITIC weights should see contrast between indicators, got one standard deviation for all "
        "(z-scores or ranks?), so that only conflict decides. Give min–max scores."
    ]


def test_components_of_too_few_organisations_are_warned_of():
    with pytest.warns(MethodWarning) as caught:
        principal_components(X[:5])
    assert [str(w.message) for w in caught] == [
        "principal components should rest on more organisations than indicators, got 5 for 5. "
        "Add organisations or take fewer indicators."
    ]


def test_targets_out_of_reach_are_warned_of():
    a = X[:, 0]
    x = np.column_stack([a, a + 0.001 * X[:, 1], X[:, 2]])
    with pytest.warns(MethodWarning, match=r"^target importances should be reached within 0\.01,"):
        target_importance(x, [0.8, 0.1, 0.1])


def test_every_method_says_what_it_does():
    for method in (*OBJECTIVE_WEIGHTS.values(), regression, importance):
        assert ">>>" in method.__doc__
    assert information(X).tolist() == coefficient_of_variation(X).tolist()
    assert equal(X).tolist() == [0.2] * 5
