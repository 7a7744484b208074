import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods.multivariate import (
    bartlett,
    cronbach_alpha,
    flagged_pairs,
    kmo,
    level_correlations,
    mcdonald_omega,
    vif,
)


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def sample(n=60, m=5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1)) + rng.normal(size=(n, m))
    return pd.DataFrame(x, columns=list("abcdefgh")[:m])


# -- published ---------------------------------------------------------------------------------


def test_alpha_tai_oecd2008_table_11(tai):
    made = cronbach_alpha(tai, by="correlation")
    assert made.alpha == pytest.approx(0.704, abs=5e-4)
    assert made.standardised == made.alpha
    told = [
        (0.261, 0.704),
        (0.527, 0.645),
        (0.566, 0.636),
        (-0.108, 0.774),
        (0.701, 0.603),
        (0.614, 0.624),
        (0.451, 0.662),
        (0.249, 0.706),
    ]
    np.testing.assert_allclose(made.items, told, atol=6e-3)
    assert repr(made) == "CronbachAlpha(0.704, 8 items)"


def test_alpha_of_the_asem_pillars_coinr(shared, asem, asem_meta):
    path = shared / "reference" / "asem" / "asem_cronbach.csv"
    told = pd.read_csv(path, index_col="pillar")["alpha_normalised"]
    parents = asem_meta["Parent"].reindex(asem.columns)
    for pillar, alpha in told.items():
        own = asem[asem.columns[parents == pillar]]
        assert cronbach_alpha(own).alpha == pytest.approx(alpha, abs=1e-9)


def test_kmo_tai_recomputed(tai):
    assert kmo(tai).overall == pytest.approx(0.501, abs=5e-4)


# -- the slow way ------------------------------------------------------------------------------


def test_alpha_the_slow_way():
    x = sample()
    m = x.shape[1]
    made = cronbach_alpha(x)

    def alpha(t):
        k = t.shape[1]
        return k / (k - 1) * (1 - t.var().sum() / t.sum(axis=1).var())

    assert made.alpha == pytest.approx(alpha(x))
    assert made.standardised == pytest.approx(alpha((x - x.mean()) / x.std()))
    for name in x:
        rest = x.drop(columns=name)
        assert made.items.loc[name, "alpha_if_deleted"] == pytest.approx(alpha(rest))
        assert made.items.loc[name, "item_total"] == pytest.approx(x[name].corr(rest.sum(axis=1)))
    assert len(made.items) == m


def test_kmo_from_residuals_of_regressions():
    x = sample()
    z = (x - x.mean()) / x.std()
    r = x.corr().to_numpy()
    plain = partial = 0.0
    for i in range(5):
        for j in range(5):
            if i == j:
                continue
            rest = z.drop(columns=[x.columns[i], x.columns[j]]).to_numpy()
            left = [
                z.iloc[:, k] - rest @ np.linalg.lstsq(rest, z.iloc[:, k], rcond=None)[0]
                for k in (i, j)
            ]
            plain += r[i, j] ** 2
            partial += np.corrcoef(left)[0, 1] ** 2
    assert kmo(x).overall == pytest.approx(plain / (plain + partial))
    assert kmo(x).items.between(0, 1).all()


def test_vif_from_regressions():
    x = sample()
    found = vif(x)
    for name in x:
        rest = np.column_stack([np.ones(len(x)), x.drop(columns=name)])
        left = x[name] - rest @ np.linalg.lstsq(rest, x[name], rcond=None)[0]
        r_squared = 1 - left.var() / x[name].var()
        assert found[name] == pytest.approx(1 / (1 - r_squared))


def test_bartlett_the_slow_way():
    x = sample()
    made = bartlett(x)
    expected = -(60 - 1 - (2 * 5 + 5) / 6) * np.log(np.linalg.det(x.corr()))
    assert made.statistic == pytest.approx(expected)
    assert made.degrees_of_freedom == 10
    assert made.p_value < 1e-6
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=(200, 4)))
    assert bartlett(noise).p_value > 0.05


def test_omega_finds_the_loadings_that_were_planted():
    loading = np.array([0.9, 0.8, 0.6, 0.5])
    r = np.outer(loading, loading)
    np.fill_diagonal(r, 1)
    # Data whose correlations are exactly these.
    raw = np.random.default_rng(0).normal(size=(50, 4))
    white = np.linalg.qr(raw - raw.mean(axis=0))[0]
    x = white @ np.linalg.cholesky(r).T
    expected = loading.sum() ** 2 / (loading.sum() ** 2 + (1 - loading**2).sum())
    assert mcdonald_omega(x) == pytest.approx(expected, abs=1e-6)
    assert mcdonald_omega(x) > cronbach_alpha(x).standardised


# -- laws --------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), factor=st.sampled_from([0.01, 5.0, 300.0]))
def test_units_do_not_matter(seed, factor):
    x = sample(seed=seed)
    moved = x * [factor, 1, 1, 1, 1] + 7
    assert kmo(moved).overall == pytest.approx(kmo(x).overall)
    assert cronbach_alpha(moved).standardised == pytest.approx(cronbach_alpha(x).standardised)
    np.testing.assert_allclose(vif(moved), vif(x))
    assert (vif(x) >= 1).all()
    assert cronbach_alpha(x).alpha <= 1


# -- levels ------------------------------------------------------------------------------------


def test_indicators_that_stand_in_the_wrong_dimension_are_flagged():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 300))
    noise = rng.normal(size=(300, 6))
    x = pd.DataFrame(
        {
            "a": one + 0.3 * noise[:, 0],
            "b": one + 0.3 * noise[:, 1],
            "stray": two + 0.3 * noise[:, 2],
            "c": two + 0.3 * noise[:, 3],
            "d": two + 0.3 * noise[:, 4],
            "turned": -two + 0.3 * noise[:, 5],
        }
    )
    of = {"a": "A", "b": "A", "stray": "A", "c": "B", "d": "B", "turned": "B"}
    before = x.copy()
    found = level_correlations(x, of)
    assert found.loc["turned", "flag"] == "negative"
    assert found.loc["stray", "flag"] in ("weak", "negative")
    assert found.loc["a", "own"] == pytest.approx(x["a"].corr(x[["b", "stray"]].mean(axis=1)))
    assert found.loc["a", "other"] == pytest.approx(
        x["a"].corr(x[["c", "d", "turned"]].mean(axis=1))
    )
    assert found.loc["a", "total"] == pytest.approx(x["a"].corr(x.drop(columns="a").mean(axis=1)))
    assert found["dimension"].tolist() == list(of.values())
    pairs = flagged_pairs(x, of, high=0.85)
    assert [tuple(row) for row in pairs[["first", "second", "flag"]].to_numpy()] == sorted(
        [tuple(row) for row in pairs[["first", "second", "flag"]].to_numpy()],
        key=lambda row: -abs(x[row[0]].corr(x[row[1]])),
    )
    assert set(pairs["flag"]) == {"redundant", "opposed"}
    assert ("a", "c") not in set(zip(pairs["first"], pairs["second"], strict=True))
    pd.testing.assert_frame_equal(x, before)


# -- refusals ----------------------------------------------------------------------------------


def test_refusals():
    x = sample()
    assert refusal(cronbach_alpha, x, by="rank") == (
        "by must be one of 'covariance', 'correlation', got 'rank'. Give one of these words."
    )
    assert refusal(cronbach_alpha, x[["a"]]) == (
        "x must have at least 2 columns for Cronbach's alpha, got 1. Add indicators."
    )
    assert refusal(mcdonald_omega, x[["a", "b"]]) == (
        "x must have at least 3 columns for McDonald's omega, got 2. Add indicators."
    )
    assert refusal(kmo, x.assign(f=2 * x["a"])) == (
        "indicators must not repeat each other exactly, got a singular correlation matrix (nearest "
        "pair 'a', 'f', r 1.0000). Drop one of them, or add organisations."
    )
    assert refusal(vif, x.assign(a=1.0)) == (
        "every indicator must vary between organisations for variance inflation, got one single "
        "value in 'a'. Drop these columns or choose their weights yourself."
    )
    assert refusal(mcdonald_omega, x.assign(a=-x["a"])) == (
        "one factor must fit the indicators for McDonald's omega, got loadings the other way in "
        "'a'. Turn or drop these indicators, or report Cronbach's alpha."
    )
    assert refusal(level_correlations, x, {"a": "A"}) == (
        "every indicator must have a dimension, got none for 'b', 'c', 'd', 'e'. Name it."
    )
