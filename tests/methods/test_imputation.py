import numpy as np
import pandas as pd
import pytest
from sklearn.impute import KNNImputer

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.imputation import IMPUTATIONS, impute, impute_multiply, pool

PANEL = pd.MultiIndex.from_product(
    [["甲", "乙"], pd.period_range("2020", "2024", freq="Y-DEC")], names=["org", "period"]
)
GROUPS = ["x", "x", "x", "y", "y", "y"]
SMALL = pd.DataFrame({"a": [1.0, np.nan, 4.0, 10.0, 12.0, np.nan], "b": [1.0, 2, 3, 4, 5, 6]})


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def county(n=60, m=4, share=0.1, seed=0):
    """Return correlated values with holes, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, m))
    truth = pd.DataFrame(50 + 10 * truth, columns=list("abcdefgh")[:m])
    holes = rng.random(truth.shape) < share
    holes[0] = False
    return truth.mask(holes), truth


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("mean", [6.75, 6.75]),
        ("median", [7.0, 7.0]),
        ("group_mean", [2.5, 11.0]),
        ("group_median", [2.5, 11.0]),
    ],
)
def test_statistics_by_hand(method, expected):
    made = impute(SMALL, method, groups=GROUPS, hidden=0)
    assert made.values["a"].iloc[[1, 5]].tolist() == expected
    assert made.mask["a"].tolist() == [False, True, False, False, False, True]
    assert made.quality["imputed"].tolist() == [2, 0]
    assert repr(made) == f"Imputed({method}: 2 cells, 0 left)"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("latest", [np.nan, 2, 2, 8, 8, 1, 1, 1, 1, 5]),
        ("constant", [2, 2, 2, 8, 8, 1, 1, 1, 1, 5]),
        ("linear", [2, 2, 5, 8, 8, 1, 2, 3, 4, 5]),
    ],
)
def test_panels_by_hand_in_any_order_of_rows(method, expected):
    nan = np.nan
    values = pd.DataFrame({"a": [nan, 2, nan, 8, nan, 1, nan, nan, nan, 5]}, index=PANEL)
    made = impute(values, method, hidden=0)
    np.testing.assert_allclose(made.values["a"], expected)
    assert made.quality.loc["a", "left"] == np.isnan(expected).sum()
    shuffled = values.sample(frac=1, random_state=1)
    again = impute(shuffled, method, hidden=0).values
    pd.testing.assert_frame_equal(again.loc[values.index], made.values)


def test_linear_minds_gaps_between_periods():
    index = PANEL[[0, 1, 4]]
    made = impute(pd.DataFrame({"a": [0.0, np.nan, 8.0]}, index=index), "linear", hidden=0)
    assert made.values["a"].tolist() == [0.0, 2.0, 8.0]


def test_an_organisation_without_any_value_is_left_alone():
    values = pd.DataFrame({"a": [1.0, 2, 3, 4, 5] + [np.nan] * 5}, index=PANEL)
    for method in ("latest", "constant", "linear"):
        made = impute(values, method, hidden=0)
        assert made.quality.loc["a", "left"] == 5
        assert not made.mask.to_numpy().any()


def test_nearest_neighbours_agree_with_scikit_learn():
    values, _ = county()
    z = (values - values.mean()) / values.std(ddof=0)
    expected = KNNImputer(n_neighbors=5).fit_transform(z)
    made = impute(z, "knn", hidden=0)
    np.testing.assert_allclose(made.values, expected, atol=1e-12)
    units = impute(values * [1, 10, 100, 1000], "knn", hidden=0).values / [1, 10, 100, 1000]
    np.testing.assert_allclose(units, impute(values, "knn", hidden=0).values)


def test_em_has_the_closed_form_of_a_monotone_pattern_little_rubin_2002():
    rng = np.random.default_rng(0)
    x = rng.normal(size=50)
    y = 2 * x + rng.normal(size=50)
    values = pd.DataFrame({"x": x, "y": np.where(np.arange(50) < 35, y, np.nan)})
    seen = values.dropna()
    slope = np.cov(seen.x, seen.y)[0, 1] / seen.x.var()
    made = impute(values, "em", hidden=0).values["y"]
    np.testing.assert_allclose(made.iloc[35:], seen.y.mean() + slope * (x[35:] - seen.x.mean()))


@pytest.mark.parametrize("method", ["mean", "median", "knn", "em"])
def test_the_test_of_hidden_cells_tells_good_from_bad(method):
    values, truth = county(n=200)
    made = impute(values, method)
    nrmse = made.quality["nrmse"]
    holes = values.isna()
    real = (((made.values - truth)[holes] ** 2).mean() ** 0.5) / truth.std()
    if method in ("mean", "median"):
        assert nrmse.between(0.6, 1.6).all()
        assert made.quality["r"].isna().all()
    else:
        assert (nrmse < 0.9).all()
        assert (made.quality["r"] > 0.6).all()
        assert np.abs(nrmse - real).max() < 0.35
    assert (made.quality["tested"] > 10).all()


def test_the_same_seed_gives_the_same_test():
    values, _ = county()
    first, second = (impute(values, "em", seed=3).quality for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("method", sorted(IMPUTATIONS))
def test_known_cells_and_the_callers_frame_are_left_alone(method):
    values = pd.DataFrame(
        np.random.default_rng(0).random((10, 3)), index=PANEL, columns=list("abc")
    )
    values.iloc[3, 0] = values.iloc[7, 1] = np.nan
    before = values.copy(deep=True)
    made = impute(values, method, groups=["x", "y"] * 5)
    pd.testing.assert_frame_equal(values, before)
    known = values.notna()
    pd.testing.assert_frame_equal(made.values.where(known), values)
    assert not (made.mask & known).to_numpy().any()
    pd.testing.assert_frame_equal(made.mask, values.isna())


# -- multiple imputation -----------------------------------------------------------------------


def test_copies_differ_only_where_values_were_missing():
    values, truth = county()
    made = impute_multiply(values, draws=8, seed=1)
    assert len(made.frames) == 8
    for copy in made.frames:
        pd.testing.assert_frame_equal(copy.where(values.notna()), values)
    holes, spread = values.isna().to_numpy(), made.spread.to_numpy()
    assert (spread[holes] > 0).all()
    assert (spread[~holes] == 0).all()
    again = impute_multiply(values, draws=8, seed=1)
    pd.testing.assert_frame_equal(made.frames[3], again.frames[3])
    assert repr(made) == f"MultiplyImputed(8 copies, {int(values.isna().to_numpy().sum())} cells)"
    # The truth lies within two standard deviations of most filled-in cells.
    middle = np.mean([copy.to_numpy() for copy in made.frames], axis=0)
    z = (truth.to_numpy() - middle)[holes] / spread[holes]
    assert (np.abs(z) < 2.5).mean() > 0.8


def test_pooling_by_hand_rubin1987():
    scores = [pd.Series([60.0, 50.0]), pd.Series([64.0, 50.0]), pd.Series([62.0, 50.0])]
    variances = [pd.Series([1.0, 4.0])] * 3
    made = pool(scores, variances)
    extra = 4 / 3 * 4.0
    assert made.loc[0, ["score", "within", "between"]].tolist() == [62.0, 1.0, 4.0]
    assert made.loc[0, "standard_error"] == pytest.approx(np.sqrt(1 + extra))
    assert made.loc[0, "df"] == pytest.approx(2 * (1 + 1 / extra) ** 2)
    assert made.loc[0, "missing_information"] == pytest.approx(extra / (1 + extra))
    assert made.loc[1, ["standard_error", "df", "missing_information"]].tolist() == [2, np.inf, 0]


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: impute(SMALL.assign(a=np.nan)),
            "every indicator must have a value to be imputed from, got nothing but missing values "
            "in 'a'. Leave these columns out.",
        ),
        (
            lambda: impute(SMALL, "group_mean"),
            "group_mean needs each row's group, got none. Give groups, one per row.",
        ),
        (
            lambda: impute(SMALL, "group_mean", groups=["x"]),
            "groups must have one label per row, got 1 for 6. Complete them.",
        ),
        (
            lambda: impute(SMALL, "group_mean", groups=[None, *GROUPS[1:]]),
            "groups must have one label per row, got a missing one. Complete them.",
        ),
        (
            lambda: impute(SMALL, "linear"),
            "a panel method needs rows (org, period), got None. "
            "Use another method, or set the index.",
        ),
        (
            lambda: impute(SMALL.iloc[:3], "em"),
            "EM needs more organisations than indicators + 1, got 3 for 2. "
            "Use median or group_median, or take fewer indicators.",
        ),
        (
            lambda: impute(SMALL, "knn", neighbours=0),
            "neighbours must be at least 1, got 0. Give 5, for example.",
        ),
        (
            lambda: impute(SMALL, hidden=1),
            "hidden must be a share in 0..1, got 1. Give 0.1, for example.",
        ),
        (
            lambda: impute(SMALL, "meen"),
            f"method must be one of {', '.join(map(repr, IMPUTATIONS))}, got 'meen'. "
            "Did you mean 'mean'?",
        ),
        (
            lambda: impute_multiply(SMALL, draws=1),
            "draws must be at least 2, got 1. Give 20, for example.",
        ),
        (
            lambda: pool([pd.Series([1.0])]),
            "pooling needs scores of at least 2 copies with the same rows, got 1 copy. "
            "Build every copy from the same organisations.",
        ),
        (
            lambda: pool([pd.Series([1.0]), pd.Series([1.0], index=["甲"])]),
            "pooling needs scores of at least 2 copies with the same rows, got 2 with other rows. "
            "Build every copy from the same organisations.",
        ),
    ],
)
def test_refusals(call, told):
    assert refusal(call) == told


def test_em_that_does_not_settle_is_warned_of(monkeypatch):
    import servicepo.methods.imputation as room

    values, _ = county()
    monkeypatch.setattr(room._estimate, "__defaults__", (2,))
    with pytest.warns(
        MethodWarning, match=r"^EM should converge within 2 rounds, got a last change"
    ):
        impute(values, "em", hidden=0)
