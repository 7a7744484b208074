import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import friedmanchisquare

from servicepo.errors import MethodError
from servicepo.methods.delphi import BASIS_SCALE, delphi_round, expert_authority

marks = arrays(float, (6, 4), elements=st.integers(1, 5).map(float)).filter(
    lambda x: (np.ptp(x, axis=1) > 0).any()
)


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_authority_of_the_first_round_bmj_open_table_4(shared):
    """16 experts; their answers per basis and familiarity as the paper counts them."""
    path = shared / "reference" / "chinese_methods.json"
    told = json.loads(path.read_text(encoding="utf-8"))["delphi_bmjopen"]["round1"]
    basis = pd.DataFrame(
        {
            "practice": [0.5] * 16,
            "theory": [0.3] * 7 + [0.2] * 9,
            "peers": [0.1] * 16,
            "intuition": [0.1] * 16,
        }
    )
    # The paper counts 3 + 11 + 2 answers of 0.1 and 2 + 8 + 6 of 0.1, one for each expert.
    made = expert_authority(basis, [1.0] + [0.8] * 12 + [0.6] * 3)
    assert made["basis"].mean() == pytest.approx(told["Ca"], abs=5e-4)
    assert made["familiarity"].mean() == pytest.approx(told["Cs"], abs=5e-4)
    assert made["authority"].mean() == pytest.approx(told["Cr"], abs=1e-3)
    assert BASIS_SCALE["practice"][0] == 0.5


def test_kendalls_w_shrout_fleiss_1979(shared):
    """Six objects ranked by four judges: here judges are the experts."""
    data = pd.read_csv(shared / "reference" / "methods" / "07_raters" / "shrout_fleiss_1979.csv")
    made = delphi_round(data.T.rename(columns=str), full_mark=10)
    assert made.kendall_w == pytest.approx(0.887037, abs=5e-7)


@settings(max_examples=25, deadline=None)
@given(x=marks)
def test_w_is_friedmans_test(x):
    made = delphi_round(pd.DataFrame(x))
    expected = friedmanchisquare(*x.T)
    assert made.chi_square == pytest.approx(expected.statistic, abs=1e-9)
    assert made.p_value == pytest.approx(expected.pvalue, abs=1e-9)
    assert 0 <= made.kendall_w <= 1
    assert made.items["weight"].sum() == pytest.approx(1)


def test_experts_of_one_mind_and_items_of_a_round():
    ratings = pd.DataFrame([[5, 4, 1]] * 3, columns=list("abc"), index=list("xyz"))
    before = ratings.copy()
    made = delphi_round(ratings)
    pd.testing.assert_frame_equal(ratings, before)
    assert made.kendall_w == pytest.approx(1)
    assert made.items["cv"].tolist() == [0, 0, 0]
    assert made.items["full_mark_share"].tolist() == [1, 0, 0]
    assert np.isnan(made.response_rate)
    assert repr(made) == f"DelphiRound(3 items, W 1.000, p {made.p_value:.3g})"


def test_refusals():
    ratings = pd.DataFrame({"a": [5, 4], "b": [5, 4]}, index=["甲", "乙"])
    assert refusal(delphi_round, ratings) == (
        "somebody must tell what is scored apart, got one single score for all. Ask them again."
    )
    assert refusal(delphi_round, ratings, full_mark=4) == (
        "ratings must lie between 0 and the full mark 4, got others for 'a', 'b'. "
        "Correct them or give full_mark=."
    )
    assert refusal(delphi_round, ratings, asked=1) == (
        "asked must be at least the 2 experts who answered, got 1. Count all who got the questions."
    )
    assert refusal(delphi_round, ratings[["a"]]) == (
        "a round must have at least 2 items, got 1. Add items."
    )
    assert refusal(delphi_round, ratings.assign(a=0)) == (
        "every item must be rated above 0 by somebody, got 0 from all for 'a'. Drop it."
    )
    assert refusal(expert_authority, ratings / 5, [1, 1]) == (
        "basis must come to 0..1 for every expert, got another number for '甲', '乙'. "
        "Use the usual scale."
    )
    assert refusal(expert_authority, ratings / 50, [1]) == (
        "familiarity must have one entry per expert, got 1 for 2 experts. "
        "Give one number per expert."
    )
