import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servicepo.errors import MethodError
from servicepo.methods.coupling import LEVELS, coordination_level, coupling_coordination

systems = arrays(
    float,
    st.tuples(st.integers(1, 6), st.integers(2, 5)),
    elements=st.integers(1, 1000).map(lambda k: k / 1000),
)


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        coupling_coordination(*args, **kwargs)
    return str(caught.value)


def slowly(u, form):
    """Return C of one row, written as the paper prints it."""
    k = len(u)
    if form == "standard":
        return k * np.prod(u) ** (1 / k) / sum(u)
    apart = sum(np.sqrt((a - b) ** 2) for a, b in combinations(u, 2))
    product = np.prod([a / max(u) for a in u]) ** (1 / (k - 1))
    return np.sqrt((1 - apart / sum(range(1, k))) * product)


def test_both_forms_agree_with_table_8_of_wang_2021(shared):
    """Two systems are determined by both published degrees; every city has one such pair."""
    path = shared / "reference" / "chinese_methods.json"
    told = json.loads(path.read_text(encoding="utf-8"))["coupling_wang2021_T8_2008"]
    c, modified = np.array(told["C_original"]), np.array(told["C_modified"])
    ratio = ((1 - np.sqrt(1 - c**2)) / c) ** 2  # U2 / U1 from C = 2 sqrt(r) / (1 + r)
    first = (1 - modified**2 / ratio) / (1 - ratio)
    u = np.column_stack([first, first * ratio])
    assert ((u > 0.045) & (u < 0.5)).all()
    np.testing.assert_allclose(coupling_coordination(u).coupling, c, atol=5e-5)
    made = coupling_coordination(u, form="wang_2021")
    np.testing.assert_allclose(made.coupling, modified, atol=5e-5)


@pytest.mark.parametrize("form", ["standard", "wang_2021"])
@settings(max_examples=25, deadline=None)
@given(u=systems)
def test_the_formula_again_the_slow_way(form, u):
    made = coupling_coordination(u, form=form)
    np.testing.assert_allclose(made.coupling, [slowly(row, form) for row in u], atol=1e-7)
    np.testing.assert_allclose(made.development, u.mean(axis=1))
    np.testing.assert_allclose(
        made.coordination, np.sqrt(made.coupling * made.development), atol=1e-12
    )


@settings(max_examples=25, deadline=None)
@given(u=systems, factor=st.floats(0.1, 1.0))
def test_laws(u, factor):
    made, wang = coupling_coordination(u), coupling_coordination(u, form="wang_2021")
    for found in (made, wang):
        assert ((found.coupling >= 0) & (found.coupling <= 1)).all()
        assert ((found.coordination >= 0) & (found.coordination <= 1)).all()
    # The standard form knows no level: it is the same for all systems at a tenth.
    np.testing.assert_allclose(coupling_coordination(u * factor).coupling, made.coupling)
    turned = coupling_coordination(u[:, ::-1], form="wang_2021")
    np.testing.assert_allclose(turned.coupling, wang.coupling, atol=1e-9)


def test_equal_systems_are_fully_coupled_at_their_own_level():
    made = coupling_coordination(np.full((1, 4), 0.36), form="wang_2021")
    assert made.coupling[0] == pytest.approx(1.0)
    assert made.coordination[0] == pytest.approx(0.6)


def test_weights_move_development_alone():
    u = pd.DataFrame({"a": [0.2], "b": [0.8]}, index=["u"])
    made = coupling_coordination(u, pd.Series({"b": 0.75, "a": 0.25}))
    assert made.development["u"] == pytest.approx(0.65)
    assert made.coupling["u"] == pytest.approx(0.8)


def test_zeros_are_refused_allowed_or_stretched():
    u = pd.DataFrame({"a": [0.0, 0.5, 1.0, 0.0], "b": [0.9, 0.5, 0.7, 0.0]}, index=list("uvwx"))
    assert refusal(u) == (
        "scores of systems must be above 0 for coupling, got 0 in 'a', 'b'. "
        "Choose zeros=(0.01, 0.99) to stretch them as SPSSAU does, or zeros='allow'."
    )
    for form in ("standard", "wang_2021"):
        allowed = coupling_coordination(u, zeros="allow", form=form)
        assert allowed.coupling["u"] == 0
        assert np.isnan(allowed.coupling["x"])
        assert allowed.coordination[["u", "x"]].tolist() == [0, 0]
    stretched = coupling_coordination(u, zeros=(0.01, 0.99))
    by_hand = 0.01 + 0.98 * (u - u.min()) / (u.max() - u.min())
    pd.testing.assert_series_equal(stretched.coupling, coupling_coordination(by_hand).coupling)


def test_levels_have_the_ten_names():
    d = pd.Series([0.0, 0.1, 3 * 0.1, 0.55, 0.999, 1.0, np.nan], index=list("abcdefg"))
    found = coordination_level(d)
    assert found.iloc[:6].tolist() == [LEVELS[k][0] for k in (0, 1, 3, 5, 9, 9)]
    assert found.isna().tolist() == [False] * 6 + [True]
    assert list(coordination_level([0.25], language="en")) == ["moderate imbalance"]
    with pytest.raises(MethodError) as caught:
        coordination_level([0.5, 40.0])
    assert str(caught.value) == (
        "coordination must lie between 0 and 1, got 40. Compute it from scores between 0 and 1."
    )


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        (
            ([[0.5]],),
            {},
            "coupling needs at least 2 systems, got 1. Give one column for each.",
        ),
        (
            (pd.DataFrame({"a": [50.0], "b": [0.5]}),),
            {},
            "scores of systems must lie between 0 and 1, got others in 'a'. "
            "Divide scores of 0..100 by 100, or normalise by minmax first.",
        ),
        (
            ([[0.5, 0.5]],),
            {"form": "wang"},
            "form must be one of 'standard', 'wang_2021', got 'wang'. Did you mean 'wang_2021'?",
        ),
        (
            ([[0.5, 0.5]],),
            {"zeros": 0.01},
            "zeros must be 'refuse', 'allow' or an interval within 0..1, got 0.01. "
            "Give (0.01, 0.99) for the convention of SPSSAU.",
        ),
        (
            (pd.DataFrame({"a": [0.5, 0.5], "b": [0.0, 1.0]}),),
            {"zeros": (0.01, 0.99)},
            "every system must vary between organisations to be stretched, got one single value "
            "in 'a'. Choose zeros='allow' or leave the system out.",
        ),
        (
            ([[0.5, np.nan]],),
            {},
            "x must have no missing values, got NaN in 1. "
            "Impute them first or leave these columns out.",
        ),
    ],
)
def test_refusals(args, kwargs, message):
    assert refusal(*args, **kwargs) == message


def test_the_callers_frame_is_left_alone():
    u = pd.DataFrame({"a": [0.1, 0.9], "b": [0.3, 0.7]})
    before = u.copy()
    made = coupling_coordination(u, zeros=(0.01, 0.99))
    pd.testing.assert_frame_equal(u, before)
    assert repr(made) == "CouplingCoordination(2 organisations, standard, mean D 0.547)"
