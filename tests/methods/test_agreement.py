"""Agreement: published examples, laws, the slow formulas, refusals."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.stats import friedmanchisquare

from servicepo.errors import MethodError
from servicepo.methods.agreement import icc, kendall_w, krippendorff_alpha

LEVELS = ["nominal", "ordinal", "interval", "ratio"]
tables = arrays(float, (7, 3), elements=st.integers(0, 5).map(float)).filter(
    lambda x: (np.ptp(x, axis=0) > 0).all()
)


@pytest.fixture
def raters(shared):
    return shared / "reference" / "methods" / "07_raters"


@pytest.fixture
def judges(raters):
    return pd.read_csv(raters / "shrout_fleiss_1979.csv")


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_six_forms_shrout_fleiss_1979(judges):
    before = judges.copy()
    found = icc(judges)
    pd.testing.assert_frame_equal(judges, before)
    assert found.index.tolist() == [
        "ICC(1)",
        "ICC(A,1)",
        "ICC(C,1)",
        "ICC(k)",
        "ICC(A,k)",
        "ICC(C,k)",
    ]
    assert found["shrout_fleiss"].tolist() == [f"ICC({i},{k})" for k in "1k" for i in "123"]
    expected = [0.165742, 0.289764, 0.714841, 0.442797, 0.620051, 0.909316]
    assert_allclose(found["value"], expected, atol=5e-7)
    # Their table 4: MSB 11.24, WMS 6.26, EMS 1.02; intervals as in the manual of R's psych.
    assert_allclose(found["f"], [1.79, 11.03, 11.03] * 2, atol=0.01)
    assert_allclose(found["low"], [-0.133, 0.019, 0.342, -0.884, 0.071, 0.676], atol=1e-3)
    assert_allclose(found["high"], [0.723, 0.761, 0.946, 0.912, 0.927, 0.986], atol=1e-3)
    assert found["df2"].tolist() == [18, 15, 15] * 2


def test_kendalls_w_shrout_fleiss_1979(judges):
    found = kendall_w(judges)
    assert found.w == pytest.approx(0.887037, abs=5e-7)
    assert repr(found) == f"KendallW(0.887, p {found.p_value:.3g})"


def test_four_observers_krippendorff_2011(raters):
    table = pd.read_csv(raters / "krippendorff_2011_4obs.csv", index_col=0).T
    found = [krippendorff_alpha(table, level=level) for level in LEVELS]
    assert_allclose(found, [0.743, 0.815, 0.849, 0.797], atol=5e-4)


def test_three_coders_of_the_wikipedia_article(raters):
    table = pd.read_csv(raters / "krippendorff_wikipedia_3coders.csv", index_col=0).T
    found = [krippendorff_alpha(table, level=level) for level in LEVELS]
    assert_allclose(found, [0.691358, 0.806721, 0.810845, 0.808944], atol=5e-7)


def slow_alpha(x, level):
    """Krippendorff's own way: a matrix of coincidences of values."""
    values = np.unique(x[~np.isnan(x)])
    coincidences = np.zeros((len(values),) * 2)
    for row in x:
        own = row[~np.isnan(row)]
        if len(own) > 1:
            for a, b in permutations(range(len(own)), 2):
                at = np.searchsorted(values, [own[a], own[b]])
                coincidences[at[0], at[1]] += 1 / (len(own) - 1)
    n = coincidences.sum(axis=1)
    distance = np.zeros_like(coincidences)
    for a, c in enumerate(values):
        for b, k in enumerate(values):
            low, high = min(a, b), max(a, b)
            distance[a, b] = {
                "nominal": float(c != k),
                "ordinal": (n[low : high + 1].sum() - (n[a] + n[b]) / 2) ** 2,
                "interval": (c - k) ** 2,
                "ratio": ((c - k) / (c + k)) ** 2 if c + k else 0.0,
            }[level]
    expected = (np.outer(n, n) - np.diag(n)) * distance
    return 1 - (n.sum() - 1) * (coincidences * distance).sum() / expected.sum()


@settings(max_examples=40, deadline=None)
@given(x=tables, holes=arrays(bool, (7, 3)), level=st.sampled_from(LEVELS))
def test_alpha_by_its_coincidences(x, holes, level):
    x = np.where(holes, np.nan, x)
    pairable = x[(~np.isnan(x)).sum(axis=1) > 1]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        return
    assert krippendorff_alpha(x, level=level) == pytest.approx(slow_alpha(x, level), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(x=tables)
def test_laws(x):
    w = kendall_w(x)
    expected = friedmanchisquare(*x)
    assert w.chi_square == pytest.approx(expected.statistic, abs=1e-9)
    assert w.p_value == pytest.approx(expected.pvalue, abs=1e-9)
    found = icc(x)["value"]
    # Severity of a rater moves absolute agreement and leaves consistency and order alone.
    moved = icc(x + np.array([0, 3, 9]))["value"]
    assert moved["ICC(C,1)"] == pytest.approx(found["ICC(C,1)"], abs=1e-9)
    assert kendall_w(x + np.array([0, 3, 9])).w == pytest.approx(w.w)
    # Another unit changes nothing.
    assert_allclose(icc(7 * x + 1)["value"], found, atol=1e-9)
    for level in ("ordinal", "interval"):
        assert krippendorff_alpha(7 * x + 1, level=level) == pytest.approx(
            krippendorff_alpha(x, level=level)
        )


def test_perfect_agreement_and_shifted_agreement():
    same = np.repeat([[1.0], [2.0], [4.0]], 3, axis=1)
    found = icc(same)
    assert_allclose(found[["value", "low", "high"]], 1)
    assert (found["p_value"] == 0).all()
    assert krippendorff_alpha(same) == 1
    assert kendall_w(same).w == 1
    shifted = icc(same + np.array([0, 1, 2]))["value"]
    assert shifted["ICC(C,1)"] == 1
    assert shifted["ICC(A,1)"] < 1


def test_intervals_cover_simulated():
    """90 % intervals of ICC(C,1) = .5 hold it in about 90 of 100 tables."""
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        x = draw.normal(size=(20, 1)) + draw.normal(size=(1, 3)) + draw.normal(size=(20, 3))
        found = icc(x, confidence=0.9).loc["ICC(C,1)"]
        held += found["low"] <= 0.5 <= found["high"]
    assert 0.86 <= held / 400 <= 0.94


def test_grades_as_words_are_compared_by_name():
    grades = pd.DataFrame({"甲组": ["好", "好", "差", None], "乙组": ["好", "差", "差", "好"]})
    codes = grades.replace({"好": 1.0, "差": 0.0}).astype(float)
    found = krippendorff_alpha(grades, level="nominal")
    assert found == pytest.approx(slow_alpha(codes.to_numpy(), "nominal"))


def test_refusals():
    table = pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, np.nan]})
    assert refusal(icc, table) == (
        "ratings must have no missing values, got NaN in 'b'. "
        "Impute them first or leave these columns out."
    )
    one = "agreement must be between at least 2 raters, got 1. Add the scores of another."
    for function in (icc, kendall_w, krippendorff_alpha):
        assert refusal(function, table[["a"]]) == one
    assert refusal(icc, table.dropna(), confidence=95) == (
        "confidence must lie between 0 and 1, got 95. Give 0.95."
    )
    flat = table.dropna() * 0
    assert refusal(icc, flat) == (
        "scores must vary for an intraclass correlation, got one single score. "
        "Compare scores that tell organisations apart."
    )
    assert refusal(krippendorff_alpha, flat) == (
        "scores must vary for Krippendorff's alpha, got one single score. "
        "Compare scores that tell organisations apart."
    )
    assert refusal(kendall_w, flat) == (
        "somebody must tell what is scored apart, got one single score for all. Ask them again."
    )
    assert refusal(krippendorff_alpha, table, level="intervall") == (
        "level must be one of 'nominal', 'ordinal', 'interval', 'ratio', got 'intervall'. "
        "Did you mean 'interval'?"
    )
    assert refusal(krippendorff_alpha, table - 2, level="ratio") == (
        'scores on a ratio scale must be at least 0, got -1. Use level="interval".'
    )
    assert refusal(krippendorff_alpha, table.loc[[2, 2]].reset_index()[["a", "b"]]) == (
        "some organisation must have 2 scores to compare, got none. "
        "Bring together what different raters said of the same organisations."
    )
