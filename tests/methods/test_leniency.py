"""Leniency of places that grade themselves: real shares of four places, ridits, refusals."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.leniency import leniency


@pytest.fixture
def places(shared):
    table = pd.read_csv(shared / "real" / "grading_distributions.csv", encoding="utf-8-sig")
    return table.set_index("地区")[["好_先进", "较好", "一般", "较差_后进_薄弱"]]


def test_three_real_counties_cannot_be_compared(places):
    """某县 2012 (好 10.1 %), 津市市 2013 (58 %), 繁昌县 2012 (35.2 %): shares as published."""
    counts = places.dropna()
    assert len(counts) == 3
    message = (
        "Grade shares of places that grade themselves must not be compared; they differ beyond "
        "chance (Cramér's V 0.33), and whether by merit or by leniency cannot be told. "
        "Compare where organisations stand inside their place (.standing)."
    )
    with pytest.warns(MethodWarning, match=f"^{re.escape(message)}$") as told:
        made = leniency(counts)
    assert "不能互比" in told[0].message.said("zh")
    assert made.shares["好_先进"].round(3).tolist() == [0.101, 0.580, 0.352]
    assert made.shares["较差_后进_薄弱"].round(3).tolist() == [0.092, 0.011, 0.005]
    assert made.lenient.idxmax() == "湖南津市市"
    oracle = chi2_contingency(counts)
    assert made.chi2 == pytest.approx(oracle.statistic)
    assert made.p_value == pytest.approx(oracle.pvalue)
    # 好 of the lenient county says less than 好 of the strict one.
    best = made.standing["好_先进"]
    assert best.iloc[0] == pytest.approx(1 - 54 / 533 / 2)
    assert best.min() == best["湖南津市市"]


def test_another_scheme_is_refused_beside_them(places):
    message = (
        "every place must use the same grades, got others in '云南玉溪红塔区'. "
        "Compare places with one scheme, and write 0 for nobody."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        leniency(places)


def test_lenient_is_the_chance_of_a_better_grade_the_slow_way():
    counts = pd.DataFrame([[3, 2, 1], [1, 1, 2], [2, 2, 2]], columns=["a", "b", "c"])
    made = leniency(counts)
    everybody = np.repeat([2, 1, 0], counts.sum())
    for place in range(3):
        own = np.repeat([2, 1, 0], counts.iloc[place])
        apart = own[:, None] - everybody[None, :]
        chance = ((apart > 0) + 0.5 * (apart == 0)).mean()
        assert made.lenient[place] == pytest.approx(chance)
        inside = own[:, None] - own[None, :]
        ridit = ((inside > 0) + 0.5 * (inside == 0)).mean(axis=1)
        standing = made.standing.iloc[place, ::-1].to_numpy()[own]
        np.testing.assert_allclose(standing, ridit)
    overall = (made.lenient * counts.sum(axis=1)).sum() / counts.to_numpy().sum()
    assert overall == pytest.approx(0.5)


def test_like_shares_pass_without_a_warning():
    made = leniency(pd.DataFrame({"good": [10, 20], "poor": [30, 60]}, index=["x", "y"]))
    assert made.chi2 == pytest.approx(0)
    assert made.p_value == pytest.approx(1)
    assert made.lenient.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            pd.DataFrame({"a": [1, 0], "b": [1, 0]}),
            "counts must be at least 0, and above 0 somewhere, got others in 1. Correct them.",
        ),
        (
            pd.DataFrame({"a": [1, 2]}),
            "places must have at least 2 grades to be compared, got 1. Add grades.",
        ),
    ],
)
def test_counts_are_refused(counts, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        leniency(counts)
