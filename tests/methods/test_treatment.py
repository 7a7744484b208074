import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from servicepo.errors import MethodError
from servicepo.methods.treatment import (
    TRANSFORMS,
    denominate,
    kurtosis,
    screen,
    skewness,
    transform,
    treat_skew,
    winsorise,
)

numbers = arrays(float, st.integers(8, 20), elements=st.integers(1, 1000).map(float), unique=True)


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def frame(**columns):
    return pd.DataFrame({k: np.array(v, dtype=float) for k, v in columns.items()})


# -- screening ---------------------------------------------------------------------------------


def test_indicators_go_first_then_organisations():
    values = pd.DataFrame(
        {"a": [1.0, 2, 3, 4], "b": [1.0, np.nan, 3, 4], "c": [np.nan, np.nan, np.nan, 4]},
        index=["甲", "乙", "丙", "丁"],
    )
    made = screen(values, organisations=0.9, indicators=0.5)
    assert made.values.index.tolist() == ["甲", "丙", "丁"]
    assert made.values.columns.tolist() == ["a", "b"]
    assert made.indicators["available"].tolist() == [1.0, 0.75, 0.25]
    assert made.indicators["kept"].tolist() == [True, True, False]
    assert made.organisations["available"].tolist() == [1.0, 0.5, 1.0, 1.0]
    assert repr(made) == "Screened(3 of 4 rows, 2 of 3 indicators kept)"


def test_rows_of_zeros_may_go():
    values = pd.DataFrame(
        {"a": [0.0, 0, 3, np.nan], "b": [0.0, 5, 3, 0], "c": [0.0, 5, 0, np.nan]},
        index=["甲", "乙", "丙", "丁"],
    )
    assert screen(values, organisations=0).values.index.tolist() == ["甲", "乙", "丙", "丁"]
    made = screen(values, organisations=0, indicators=0.5, nonzero=0.5)
    assert made.values.index.tolist() == ["乙", "丙"]
    np.testing.assert_allclose(made.organisations["nonzero"], [0, 2 / 3, 2 / 3, 0])
    values.loc["丁"] = np.nan
    made = screen(values, organisations=0, indicators=0.5, nonzero=0.5)
    assert np.isnan(made.organisations.loc["丁", "nonzero"])  # nothing is there, not even zeros
    assert refusal(screen, values, nonzero=-1) == (
        "nonzero must be a share in 0..1, got -1. Give 2/3 or such."
    )


def test_screening_is_refused():
    empty = frame(a=[np.nan, 1], b=[1, np.nan])
    assert refusal(screen, empty, indicators=2) == (
        "indicators must be a share in 0..1, got 2. Give 2/3 or such."
    )
    assert refusal(screen, empty) == (
        "something must be available enough to be kept, got nothing. "
        "Lower the shares or look for missing files."
    )


# -- denomination ------------------------------------------------------------------------------


def test_denominators_of_organisations_serve_every_period():
    index = pd.MultiIndex.from_product([["甲", "乙"], [2023, 2024]], names=["org", "period"])
    values = pd.DataFrame({"visits": [30.0, 60, 10, np.nan], "rate": 0.5}, index=index)
    households = pd.DataFrame({"households": [300, 50]}, index=pd.Index(["甲", "乙"], name="org"))
    before = values.copy(deep=True)
    made = denominate(values, households, {"visits": "households"}, per=100)
    np.testing.assert_allclose(made["visits"], [10, 20, 20, np.nan])
    assert made["rate"].tolist() == [0.5] * 4
    pd.testing.assert_frame_equal(values, before)
    yearly = denominate(
        values, pd.DataFrame({"h": [300, 600, 50, 50]}, index=index), {"visits": "h"}
    )
    np.testing.assert_allclose(yearly["visits"], [0.1, 0.1, 0.2, np.nan])


def test_denomination_is_refused():
    values = frame(visits=[1, 2])
    below = frame(households=[0, 5])
    assert refusal(denominate, values, below, {"visits": "households"}) == (
        "a denominator must be above 0, got 0 or less in 'households' for 0. "
        "Correct it or mark it as missing."
    )
    assert refusal(denominate, values, below, {"visit": "households"}) == (
        "by must name columns of values, got 'visit'. Take some of 'visits'."
    )
    assert refusal(denominate, values, below, {"visits": "members"}) == (
        "by must lead to columns of denominators, got 'members'. Take some of 'households'."
    )


# -- outliers ----------------------------------------------------------------------------------


def test_skewness_and_kurtosis_are_those_of_sas_and_spss():
    x = np.random.default_rng(0).exponential(size=30)
    n = len(x)
    d = x - x.mean()
    g1 = (d**3).mean() / (d**2).mean() ** 1.5
    g2 = (d**4).mean() / (d**2).mean() ** 2 - 3
    assert skewness(x) == pytest.approx(g1 * np.sqrt(n * (n - 1)) / (n - 2))
    assert kurtosis(x) == pytest.approx((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6))
    assert np.isnan([skewness([1, 2]), kurtosis([1, 2, 3]), skewness([2, 2, 2])]).all()
    assert skewness([*x, np.nan]) == skewness(x)


def test_two_stages_winsorise_what_they_can_and_transform_the_rest():
    rng = np.random.default_rng(0)
    mild = np.append(rng.normal(size=58), [30.0, 40.0])
    wild = np.append(rng.normal(10, 1, 46), 10.0 ** np.arange(3, 17))
    values = frame(calm=rng.normal(size=60), mild=mild, wild=wild)
    before = values.copy(deep=True)
    made = treat_skew(values)
    assert made.indicators["treatment"].tolist() == ["none", "winsorised", "log_ct"]
    assert made.values["calm"].equals(values["calm"])
    assert made.points[["row", "indicator"]].to_numpy().tolist() == [[58, "mild"], [59, "mild"]]
    assert made.points["before"].tolist() == [30.0, 40.0]
    assert made.points["after"].tolist() == [mild[:58].max()] * 2
    low, high = wild.min(), wild.max()
    np.testing.assert_allclose(made.values["wild"], np.log(wild - low + 0.01 * (high - low)))
    assert made.indicators["passes"].tolist() == [True, True, False]
    assert repr(made) == "Treated(2 of 3 indicators, 2 cells winsorised)"
    pd.testing.assert_frame_equal(values, before)


def test_low_outliers_are_brought_up():
    x = -np.append(np.random.default_rng(0).normal(size=28), [30.0, 40.0])
    made = treat_skew(frame(a=x))
    assert made.values["a"].min() == x[:28].min()


def test_fences_by_hand():
    x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100, np.nan]
    iqr = winsorise(frame(a=x), "iqr").values["a"]
    assert iqr.iloc[9] == pytest.approx(7.75 + 1.5 * 4.5)
    mad = winsorise(frame(a=x), "mad", width=2).values["a"]
    assert mad.iloc[9] == pytest.approx(5.5 + 2 * 1.4826 * 2.5)
    share = winsorise(frame(a=x), width=10).values["a"]
    known = np.array(x[:10])
    np.testing.assert_allclose(share.iloc[:10], known.clip(*np.percentile(known, [10, 90])))
    assert np.isnan(share.iloc[10])


@settings(max_examples=10, deadline=None)
@given(x=numbers)
@pytest.mark.parametrize("rule", ["percentile", "iqr", "mad"])
def test_winsorising_keeps_the_order_and_says_what_it_touched(rule, x):
    made = winsorise(frame(a=x), rule)
    after = made.values["a"].to_numpy()
    assert (np.diff(after[np.argsort(x)]) >= 0).all()
    assert made.points["row"].tolist() == np.flatnonzero(after != x).tolist()
    assert made.indicators.loc["a", "points"] == len(made.points)


# -- transforms --------------------------------------------------------------------------------


def test_transforms_by_formula():
    x = np.array([0.5, 2.0, 3.0, 10.0])
    span = 9.5
    expected = {
        "log": np.log(x),
        "log_ct": np.log(x - 0.5 + 0.01 * span),
        "log_gii": np.log(9 * (x - 0.5) / span + 1),
        "box_cox": stats.boxcox(x)[0],
        "yeo_johnson": stats.yeojohnson(x)[0],
    }
    for word, told in expected.items():
        np.testing.assert_allclose(transform(frame(a=x), word).values["a"], told)
    np.testing.assert_allclose(transform(frame(a=x + 1), "log_gii").values["a"], np.log(x + 1))
    assert transform(frame(a=x), "box_cox").indicators.loc["a", "parameter"] == pytest.approx(
        stats.boxcox(x)[1]
    )


@pytest.mark.parametrize("word", sorted(TRANSFORMS))
@settings(max_examples=6, deadline=None)
@given(x=numbers)
def test_transforms_keep_the_order_and_missing_cells(word, x):
    made = transform(frame(a=[*x, np.nan]), word).values["a"].to_numpy()
    assert (np.diff(made[:-1][np.argsort(x)]) > 0).all()
    assert np.isnan(made[-1])


def test_an_empty_column_passes_untouched():
    values = frame(a=[np.nan] * 4, b=[1, 2, 3, 50])
    for made in (winsorise(values, "iqr"), transform(values), treat_skew(values)):
        assert made.values["a"].isna().all()
        assert made.indicators.loc["a", "treatment"] == "none"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: transform(frame(a=[0, 1], b=[1, 2], c=[-1, 2])),
            "log needs values above 0, got 0 or less in 'a', 'c'. Use log_ct for these columns.",
        ),
        (
            lambda: transform(frame(a=[0, 1, 2]), "box_cox"),
            "box_cox needs values above 0, got 0 or less in 'a'. "
            "Use yeo_johnson for these columns.",
        ),
        (
            lambda: transform(frame(a=[0, 0.5, 0.9]), "log_gii"),
            "log_gii needs a value above 1, got none in 'a'. Use log_ct for these columns.",
        ),
        (
            lambda: transform(frame(a=[2, 2, 2]), "log_ct"),
            "a transform needs values that vary, got one single value in 'a'. "
            "Leave these columns out.",
        ),
        (
            lambda: transform(frame(a=[1, 2]), "logct"),
            "method must be one of 'log', 'log_ct', 'log_gii', 'box_cox', 'yeo_johnson', got "
            "'logct'. Did you mean 'log_ct'?",
        ),
        (
            lambda: winsorise(frame(a=[1, 1, 1, 9]), "mad"),
            "winsorising by mad needs fences that lie apart, got them together in 'a'. "
            "Use another rule for these columns.",
        ),
        (
            lambda: winsorise(frame(a=[1, 2]), "percentile", width=50),
            "width must be above 0 (and below 50 for percentiles), got 50. Give 5, for example.",
        ),
        (
            lambda: winsorise(frame(a=[1, np.inf])),
            "values must be finite, got an infinite value in 'a'. "
            "Correct these cells or mark them as missing.",
        ),
    ],
)
def test_refusals(call, told):
    assert refusal(call) == told
