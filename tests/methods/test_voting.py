from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import MethodError
from servicepo.methods.voting import borda, condorcet_winner, copeland, kemeny, outranking


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def election(ballots):
    """Turn {"abcd": 3, ...} (best first: number of criteria) into scores and weights."""
    names = sorted(next(iter(ballots)))
    x = pd.DataFrame({order: [-order.index(a) for a in names] for order in ballots}, index=names)
    votes = pd.Series(ballots, dtype=float)
    return x.astype(float), votes / votes.sum(), int(votes.sum())


# -- published ---------------------------------------------------------------------------------

FIRST = {"abcd": 3, "acbd": 5, "bdca": 7, "cbda": 6}
SECOND = {"abc": 23, "bca": 17, "bac": 2, "cab": 10, "cba": 8}
THIRD = {"cbad": 3, "badc": 2, "adcb": 2}
FIVE = ["Finland", "United States", "Sweden", "Japan", "Korea, Rep. of"]
OUTRANKING = """0 .5 .375 .75 .625
.5 0 .5 .625 .625
.625 .5 0 .75 .625
.25 .375 .25 0 .75
.375 .375 .375 .25 0"""


def test_borda_and_condorcet_oecd2008_tables_25_to_27():
    x, w, count = election(FIRST)
    assert (borda(x, w) * count).round(6).to_dict() == {"a": 24, "b": 44, "c": 38, "d": 20}
    assert condorcet_winner(x, w) == "c"
    assert copeland(x, w).sort_values(ascending=False).index.tolist() == list("cbda")


def test_borda_and_kemeny_oecd2008_tables_28_to_30():
    x, w, count = election(SECOND)
    assert (borda(x, w) * count).round(6).to_dict() == {"a": 58, "b": 69, "c": 53}
    made = kemeny(x, w)
    assert made.rankings == (("b", "c", "a"),)
    assert made.score * count == pytest.approx(104)
    assert condorcet_winner(x, w) is None


def test_borda_changes_when_the_last_one_leaves_oecd2008_tables_31_to_33():
    x, w, count = election(THIRD)
    assert (borda(x, w) * count).round(6).to_dict() == {"a": 13, "b": 12, "c": 11, "d": 6}
    x, w, count = election({order.replace("d", ""): n for order, n in THIRD.items()})
    assert (borda(x, w) * count).round(6).to_dict() == {"a": 6, "b": 7, "c": 8}


def test_outranking_and_kemeny_of_five_countries_oecd2008_tables_36_and_37(tai):
    published = np.array([[float(v) for v in row.split()] for row in OUTRANKING.splitlines()])
    x = tai.loc[FIVE].copy()
    # Table A.2 rounds telephones to two decimals, a tie of Japan and the United States; the third
    # decimal of Table 35 puts Japan above.
    x.loc["Japan", "telephones_log10"] += 0.001
    made = outranking(x, np.full(8, 1 / 8))
    np.testing.assert_allclose(made, published)
    best = kemeny(x, np.full(8, 1 / 8))
    finland, usa, sweden, japan, korea = FIVE
    assert best.score == pytest.approx(6.375)
    assert set(best.rankings) == {
        (usa, sweden, finland, japan, korea),
        (sweden, finland, usa, japan, korea),
        (sweden, usa, finland, japan, korea),
    }
    assert best.count == 3
    assert repr(best) == "Kemeny(5 organisations, score 6.375, 3 tied)"
    assert best.points.round(4).tolist() == [2.3333, 3.0, 3.6667, 1.0, 0.0]


# -- formula again and laws --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_kemeny_is_the_best_of_all_rankings(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, (6, 5)).astype(float)
    w = rng.dirichlet(np.ones(5)) if seed % 2 else np.full(5, 0.2)
    wins = outranking(x, w)
    totals = {
        order: sum(wins[i, k] for place, i in enumerate(order) for k in order[place + 1 :])
        for order in permutations(range(6))
    }
    best = max(totals.values())
    made = kemeny(x, w)
    assert made.score == pytest.approx(best)
    assert set(made.rankings) == {order for order, t in totals.items() if t > best - 1e-9}
    assert made.count == len(made.rankings)


def test_borda_is_the_mean_number_below():
    x = np.random.default_rng(0).integers(0, 3, (6, 3)).astype(float)
    w = np.array([0.5, 0.3, 0.2])
    below = (x[:, None, :] > x[None, :, :]) + 0.5 * (x[:, None, :] == x[None, :, :])
    np.testing.assert_allclose(borda(x, w), below.sum(axis=1) @ w - 0.5)


def test_pairs_of_votes_sum_to_1_and_normalisation_does_not_matter():
    x = np.random.default_rng(0).random((7, 4))
    wins = outranking(x, np.full(4, 0.25))
    np.testing.assert_allclose((wins + wins.T)[~np.eye(7, dtype=bool)], 1)
    np.testing.assert_array_equal(outranking(np.exp(3 * x), np.full(4, 0.25)), wins)


def test_total_tie_lists_every_ranking():
    made = kemeny(np.ones((4, 2)), [0.5, 0.5])
    assert made.count == len(made.rankings) == 24
    assert made.points.tolist() == [1.5] * 4


def test_sixteen_organisations_are_ranked_exactly():
    x = np.column_stack([np.arange(16.0), np.arange(16.0)])
    made = kemeny(x, [0.5, 0.5])
    assert made.rankings == (tuple(range(15, -1, -1)),)
    assert made.points.tolist() == list(range(16))


# -- refusals ----------------------------------------------------------------------------------


def test_refusals():
    assert refusal(kemeny, np.ones((17, 2)), [0.5, 0.5]) == (
        "an exact Kemeny ranking must be limited to 16 organisations, got 17. "
        "Use copeland or borda, or compare within groups."
    )
    assert refusal(copeland, np.ones((10_001, 1)), [1.0]) == (
        "comparing every pair must be limited to 10,000 organisations, got 10,001. "
        "Use borda, or compare within groups."
    )
    assert refusal(borda, pd.DataFrame({"a": [1.0, np.nan]}), [1.0]) == (
        "x must have no missing values, got NaN in 'a'. "
        "Impute them first or leave these columns out."
    )
