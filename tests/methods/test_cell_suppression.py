"""Cell suppression: the published table, attacker and cheapest choice the slow way, laws."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servicepo.errors import MethodError
from servicepo.methods.cell_suppression import audit, suppress
from servicepo.methods.disclosure import too_few


def with_totals(cells) -> pd.DataFrame:
    table = pd.DataFrame(np.asarray(cells))
    table["all"] = table.sum(axis=1)
    table.loc["all"] = table.sum()
    return table


def small_tables(most=30):
    shape = st.tuples(st.integers(2, 3), st.integers(2, 4))
    return shape.flatmap(
        lambda s: st.lists(st.integers(0, most), min_size=s[0] * s[1], max_size=s[0] * s[1]).map(
            lambda cells: with_totals(np.reshape(cells, s))
        )
    )


@pytest.fixture
def published() -> pd.DataFrame:
    """Return investment by activity and region, with its totals."""
    table = with_totals([[20, 50, 10], [8, 19, 22], [17, 32, 12]])
    table.index, table.columns = ["I", "II", "III", "all"], ["A", "B", "C", "all"]
    return table


def test_a_cell_hidden_alone_is_known_fischetti_salazar2000(published):
    found = audit(published, published == 22)
    assert found.index.tolist() == [("II", "C")]
    assert found.loc[("II", "C")].tolist() == [22, 22, 22]


def test_bounds_after_secondary_suppression_fischetti_salazar2000(published):
    hidden = pd.DataFrame(False, index=published.index, columns=published.columns)
    hidden.loc[["II", "III"], ["A", "C"]] = True
    found = audit(published, hidden)
    assert found[["low", "high"]].round(9).T.to_dict("list") == {
        ("II", "A"): [0, 25],
        ("II", "C"): [5, 30],
        ("III", "A"): [0, 25],
        ("III", "C"): [4, 29],
    }


def test_the_published_pattern_is_the_cheapest_fischetti_salazar2000(published):
    before = published.copy()
    sensitive = published == 22
    found = suppress(published, sensitive, below=5, above=8)
    assert found.pattern.loc["II", "C"] == "primary"
    assert set(found.bounds.index) == {("II", "A"), ("II", "C"), ("III", "A"), ("III", "C")}
    assert (found.pattern == "secondary").to_numpy().sum() == 3
    assert found.lost == 8 + 17 + 12
    assert found.bounds.loc[("II", "C"), ["low", "high"]].round(9).tolist() == [5, 30]
    assert repr(found) == "Suppression(1 sensitive cells, 3 others hidden, 37 lost)"
    assert "—" in found._repr_html_()
    pd.testing.assert_frame_equal(published, before)
    assert sensitive.to_numpy().sum() == 1


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_the_attacker_the_slow_way(cells, hide):
    """All tables of whole numbers that agree with what is shown."""
    assume(any(hide))
    table = with_totals(np.reshape(cells, (2, 2)))
    hidden = pd.DataFrame(False, index=table.index, columns=table.columns)
    hidden.iloc[:2, :2] = np.reshape(hide, (2, 2))
    tried = np.array(list(product(range(9), repeat=4))).reshape(-1, 2, 2)
    shown = ~np.reshape(hide, (2, 2))
    agrees = (tried[:, shown] == np.reshape(cells, (2, 2))[shown]).all(axis=1)
    agrees &= (tried.sum(axis=2) == table.iloc[:2, 2].to_numpy()).all(axis=1)
    agrees &= (tried.sum(axis=1) == table.iloc[2, :2].to_numpy()).all(axis=1)
    agree = tried[agrees][:, ~shown]
    found = audit(table, hidden)
    np.testing.assert_allclose(found["low"], np.min(agree, axis=0), atol=1e-9)
    np.testing.assert_allclose(found["high"], np.max(agree, axis=0), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(small_tables(), st.data())
def test_the_bounds_contain_the_truth(table, data):
    n = table.size
    hide = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    hidden = pd.DataFrame(np.reshape(hide, table.shape), index=table.index, columns=table.columns)
    found = audit(table, hidden)
    assert len(found) == sum(hide)
    slack = 1e-7 * (1 + table.to_numpy().max())
    assert (found["low"] >= -slack).all()
    assert (found["low"] <= found["value"] + slack).all()
    assert (found["high"] >= found["value"] - slack).all()


def test_where_all_is_hidden_nothing_bounds_it():
    table = with_totals([[1, 2], [3, 4]])
    found = audit(table, table >= 0)
    assert (found["low"] == 0).all()
    assert np.isinf(found["high"]).all()


@settings(max_examples=25, deadline=None)
@given(small_tables(), st.integers(0, 6), st.integers(1, 6), st.sampled_from(["shown", "hidden"]))
def test_every_sensitive_cell_is_left_as_wide_as_asked(table, below, above, zeros):
    sensitive = too_few(table, zeros=zeros)
    found = suppress(table, sensitive, below=below, above=above)
    left = found.bounds[sensitive.to_numpy()[found.shown.isna().to_numpy()]]
    slack = 1e-5
    assert (left["high"] >= left["value"] + above - slack).all()
    assert (left["low"] <= (left["value"] - below).clip(lower=0) + slack).all()
    assert ((found.pattern == "primary") == sensitive).all(axis=None)
    shown = found.pattern == ""
    assert (found.shown.isna() == ~shown).all(axis=None)
    assert (found.shown.where(shown, 0) == table.where(shown, 0)).all(axis=None)


@pytest.mark.parametrize("loss", ["values", "cells"])
def test_no_cheaper_choice_protects(loss):
    table = with_totals([[3, 14], [25, 11]])
    sensitive = too_few(table)
    found = suppress(table, sensitive, below=2, above=4, loss=loss)
    cost = table.to_numpy(float).ravel() if loss == "values" else np.ones(table.size)
    others = np.flatnonzero(~sensitive.to_numpy().ravel())
    tried = 0
    for chosen in product([False, True], repeat=len(others)):
        picked = others[np.array(chosen)]
        if cost[picked].sum() >= found.lost:
            continue
        tried += 1
        hidden = sensitive.to_numpy().ravel().copy()
        hidden[picked] = True
        frame = pd.DataFrame(hidden.reshape(table.shape), table.index, table.columns)
        low, high = audit(table, frame).loc[(0, 0), ["low", "high"]]
        assert not (low <= 1 + 1e-9 and high >= 7 - 1e-9)
    assert tried > 3


def test_distances_may_differ_from_cell_to_cell(published):
    found = suppress(published, published == 22, below=0.1 * published, above=0.1 * published)
    low, high = found.bounds.loc[("II", "C"), ["low", "high"]]
    assert low <= 22 - 2.2 + 1e-6
    assert high >= 22 + 2.2 - 1e-6


def test_nothing_sensitive_hides_nothing(published):
    found = suppress(published, published < 0)
    assert found.lost == 0
    assert found.bounds.empty
    pd.testing.assert_frame_equal(found.shown, published.astype(float))


def refusal(call, *args, **kwargs) -> str:
    with pytest.raises(MethodError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_a_table_is_refused_where_it_is_not_one(published):
    wrong = published.copy()
    wrong.loc["I", "A"] = 21
    assert refusal(audit, wrong, wrong == 22) == (
        "the last row and the last column of table must be the totals of the others, got a "
        "difference of 1. Give the table with its totals, as pd.crosstab(..., margins=True) does."
    )
    alone = published.loc[["all"]]
    assert "got no others" in refusal(audit, alone, alone == 22)
    wrong.loc["I", "A"] = -1
    assert refusal(audit, wrong, wrong == 22) == (
        "table must be at least 0, got less in 'A'. Correct these numbers."
    )
    assert "table must have no missing values" in refusal(
        audit, published.where(published != 22), published == 22
    )


def test_masks_distances_and_words_are_refused_where_they_do_not_fit(published):
    sensitive = published == 22
    assert refusal(audit, published, sensitive.astype(int)) == (
        "hidden must hold True or False, got other values. Compare the table."
    )
    assert refusal(suppress, published, sensitive.iloc[:2]) == (
        "sensitive must have the rows and columns of the table, got others. Make it from the table."
    )
    assert refusal(suppress, published, sensitive, below=-1) == (
        "below must be at least 0 and finite, got -1. Give a distance."
    )
    assert refusal(suppress, published, sensitive, loss="value") == (
        "loss must be one of 'values', 'cells', got 'value'. Did you mean 'values'?"
    )


def test_a_table_that_nothing_protects_or_that_is_too_large_is_refused(published):
    lone = with_totals([[0, 0], [5, 40]])
    sensitive = lone > 100
    sensitive.loc[0, 0] = True
    assert refusal(suppress, lone, sensitive) == (
        "every sensitive cell must be able to grow, got a 0 that cannot, as other zeros of its row "
        "or column are shown. Mark these as sensitive too."
    )
    both = too_few(lone, zeros="hidden")
    assert suppress(lone, both).bounds.loc[(0, 0), "high"] >= 5 - 1e-6
    large = with_totals(np.full((20, 20), 5))
    assert refusal(suppress, large, too_few(large)) == (
        "sides to protect times cells that are not 0 must be at most 6000 for an exact answer, "
        "got 352800. Join rows or columns, or use pytauargus."
    )
