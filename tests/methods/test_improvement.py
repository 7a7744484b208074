"""What it takes: greedy against the linear programme, gates, geometric means, whole actions."""

import json
import re
from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import linprog, minimize

from servicepo.errors import MethodError
from servicepo.methods.improvement import (
    cheapest_actions,
    cheapest_geometric_improvement,
    cheapest_improvement,
)

SCORES = pd.DataFrame({"a": [0.5], "b": [0.25], "c": [1.0]}, index=["u"])
WEIGHTS = pd.Series({"a": 0.5, "b": 0.25, "c": 0.25})


def test_path_to_the_next_grade_reference_09_diagnosis(shared):
    path = shared / "reference" / "methods" / "09_diagnosis" / "path_to_next_grade.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    cost, scores = pd.Series(told["cost"]), pd.DataFrame([told["x"]])
    most = pd.Series(told["cap"])
    made = cheapest_improvement(scores, pd.Series(told["w"]), told["T"], costs=cost, most=most)
    assert float(made.iloc[0] @ cost) == pytest.approx(1.31, abs=1e-9)
    # The fourth and the fifth are equally cheap (0.15 / 3 and 0.2 / 4); the lower one rises.
    others = [0, 1, 2, 5, 6]
    assert_allclose(made.iloc[0][others], np.array(told["d"])[others], atol=1e-9)
    assert made.iloc[0][3] * 0.15 == pytest.approx(told["d"][4] * 0.2)


def programme(x, w, c, target, most, gates=()):
    """Solve one organisation as a linear programme; None where it is out of reach."""
    rows, least = [-w], [w @ x - target]
    for columns, low in gates:
        own = np.where(np.isin(np.arange(len(x)), columns), w, 0) / w[columns].sum()
        rows.append(-own)
        least.append(own @ x - low)
    found = linprog(c, rows, least, bounds=[(0, min(most, 1 - v)) for v in x])
    return None if found.status == 2 else found.fun


def test_greedy_is_the_linear_programme_in_200_random_cases():
    draw = np.random.default_rng(11)
    solved = 0
    for case in range(50):
        m = int(draw.integers(2, 8))
        w, c = draw.dirichlet(np.ones(m)), draw.uniform(0.5, 5, m)
        x = pd.DataFrame(draw.uniform(0, 1, (4, m)))
        x, kept = x.astype(float), x.copy()
        made = cheapest_improvement(x, pd.Series(w), 0.8, costs=pd.Series(c), most=0.5)
        for row in range(4):
            cost = programme(x.loc[row].to_numpy(), w, c, 0.8, 0.5)
            if cost is None:
                assert made.loc[row].isna().all(), case
            else:
                solved += 1
                assert made.loc[row] @ c == pytest.approx(cost, abs=1e-9), case
        pd.testing.assert_frame_equal(x, kept)
    assert solved > 150


def test_greedy_with_gates_is_the_linear_programme():
    draw = np.random.default_rng(12)
    solved = 0
    for _ in range(60):
        w, c = draw.dirichlet(np.ones(6)), draw.uniform(0.5, 5, 6)
        x = pd.DataFrame(draw.uniform(0, 1, (2, 6)), columns=list("abcdef"))
        floor, low, high = draw.uniform(0.3, 0.9, 3)
        gates = {"wide": (list("abc"), low), "one": (["b"], floor), "other": (list("de"), high)}
        prices = pd.Series(c, x.columns)
        weights = pd.Series(w, x.columns)
        made = cheapest_improvement(x, weights, 0.6, costs=prices, gates=gates, most=0.6)
        plain = [([0, 1, 2], low), ([1], floor), ([3, 4], high)]
        for row in range(2):
            cost = programme(x.loc[row].to_numpy(), w, c, 0.6, 0.6, plain)
            if cost is None:
                assert made.loc[row].isna().all()
            else:
                solved += 1
                assert made.loc[row] @ c == pytest.approx(cost, abs=1e-8)
    assert solved > 60


def test_weights_by_row_are_those_of_each_row():
    draw = np.random.default_rng(3)
    x = pd.DataFrame(draw.uniform(0, 1, (30, 4)), columns=list("abcd"))
    kinds = draw.dirichlet(np.ones(4), 3)
    w = pd.DataFrame(kinds[draw.integers(0, 3, 30)], columns=x.columns)
    target = pd.Series(draw.uniform(0.4, 0.9, 30))
    made = cheapest_improvement(x, w, target)
    for row in x.index:
        alone = cheapest_improvement(x.loc[[row]], w.loc[row], target[row])
        assert_allclose(made.loc[row], alone.loc[row], atol=1e-12)


def test_among_equals_the_lowest_rises_first():
    x = pd.DataFrame({"a": [0.9, 0.2], "b": [0.1, 0.8], "c": [0.5, 0.5]})
    made = cheapest_improvement(x, pd.Series(1 / 3, list("abc")), 0.6)
    assert_allclose(made, [[0, 0.3, 0], [0.3, 0, 0]], atol=1e-12)


def test_what_is_missing_cannot_rise():
    x = pd.DataFrame({"a": [0.5], "b": [np.nan]})
    w = pd.DataFrame({"a": [1.0], "b": [0.0]})
    assert cheapest_improvement(x, w, 0.75).iloc[0].tolist() == [0.25, 0.0]
    assert cheapest_geometric_improvement(x, w, 0.75).iloc[0].tolist() == pytest.approx([0.25, 0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 1.0))
def test_a_higher_target_never_costs_less(seed, target):
    draw = np.random.default_rng(seed)
    x = pd.DataFrame(draw.uniform(0, 1, (5, 4)))
    w, c = pd.Series(draw.dirichlet(np.ones(4))), pd.Series(draw.uniform(0.5, 2, 4))
    for method in (cheapest_improvement, cheapest_geometric_improvement):
        low = method(x, w, 0.9 * target, costs=c) @ c
        high = method(x, w, target, costs=c) @ c
        assert (low <= high + 1e-9).all()


def test_geometric_rises_reach_the_target_and_no_solver_finds_cheaper_ones():
    draw = np.random.default_rng(8)
    x = pd.DataFrame(draw.uniform(0.05, 1, (12, 4)))
    w, c = draw.dirichlet(np.ones(4)), draw.uniform(0.5, 5, 4)
    made = cheapest_geometric_improvement(x, pd.Series(w), 0.75, costs=pd.Series(c), most=0.8)
    for row in x.index:
        now, rises = x.loc[row].to_numpy(), made.loc[row].to_numpy()
        top = np.minimum(1, now + 0.8)
        if np.isnan(rises).all():
            assert w @ np.log(top) < np.log(0.75)
            continue
        gap = w @ np.log(now + rises) - np.log(0.75)
        assert gap == pytest.approx(0, abs=1e-9) or (rises == 0).all()
        found = minimize(
            lambda d: c @ d,
            top - now,
            jac=lambda d: c,
            bounds=[(0, t - v) for t, v in zip(top, now, strict=True)],
            constraints={
                "type": "ineq",
                "fun": lambda d, now=now: w @ np.log(now + d) - np.log(0.75),
            },
            options={"maxiter": 500, "ftol": 1e-12},
        )
        assert c @ rises <= found.fun + 1e-6


def test_geometric_means_leave_zero_at_the_first_step():
    x = pd.DataFrame({"a": [0.0, 0.0], "b": [1.0, 0.0]})
    w = pd.Series({"a": 0.5, "b": 0.5})
    made = cheapest_geometric_improvement(x, w, 0.5)
    assert_allclose(made, [[0.25, 0], [0.5, 0.5]], atol=1e-9)


def test_actions_are_the_cheapest_of_all_sets():
    draw = np.random.default_rng(5)
    for _ in range(12):
        x = pd.Series(draw.uniform(0, 0.7, 3), list("abc"))
        w = pd.Series(draw.dirichlet(np.ones(3)), x.index)
        gains = pd.DataFrame(draw.uniform(0, 0.5, (5, 3)), columns=x.index)
        gains.index = [f"k{i}" for i in range(5)]
        price = pd.Series(draw.integers(1, 20, 5).astype(float), gains.index)
        gate = {"b": (["b"], 0.5)}
        made = cheapest_actions(x, w, 0.7, actions=gains, costs=price, gates=gate)
        best = np.inf
        for some in chain.from_iterable(combinations(gains.index, k) for k in range(6)):
            taken = np.isin(gains.index, some)
            after = np.minimum(1, x + taken @ gains)
            if w @ after >= 0.7 - 1e-9 and after["b"] >= 0.5 - 1e-9:
                best = min(best, price[taken].sum())
        if np.isinf(best):
            assert np.isnan(made.cost)
            assert made.chosen == ()
        else:
            assert made.cost == pytest.approx(best)
            assert made.score >= 0.7 - 1e-6
            assert made.scores["b"] >= 0.5 - 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: cheapest_improvement(SCORES, WEIGHTS, 0.9, costs=pd.Series({"a": 1.0, "b": 0})),
            "costs must be above 0 for every indicator, got another or none for 'b', 'c'. "
            "Give what one unit of the score costs.",
        ),
        (
            lambda: cheapest_improvement(SCORES, WEIGHTS, 0.9, gates={"g": (["a", "z"], 0.5)}),
            "a gate must name columns of the scores, got 'z' in 'g'. Correct the name.",
        ),
        (
            lambda: cheapest_improvement(
                SCORES, WEIGHTS, 0.9, gates={"g": (["a", "b"], 0.5), "h": (["b", "c"], 0.5)}
            ),
            "gates must be nested or apart, got 'g' and 'h', which cross. "
            "Use cheapest_actions, which takes any gates.",
        ),
        (
            lambda: cheapest_improvement(SCORES, pd.DataFrame({"a": [1.0]}), 0.9),
            "weights by row must have the rows and columns of the scores, got others. "
            "Reindex them like the scores.",
        ),
        (
            lambda: cheapest_improvement(SCORES, SCORES, 0.9),
            "weights of every row must be at least 0 and sum to 1, got others in 'u'. "
            "Divide them by their sum.",
        ),
        (
            lambda: cheapest_geometric_improvement(-SCORES, WEIGHTS, 0.9),
            "scores must be at least 0 for a geometric mean, got less in 'a', 'b', 'c'. "
            "Normalise to 0..1 first.",
        ),
        (
            lambda: cheapest_actions(
                SCORES.loc["u"],
                WEIGHTS,
                0.9,
                actions=pd.DataFrame({"a": [1.0]}, index=["k"]),
                costs=pd.Series({"k": 1.0}),
            ),
            "actions must have a column for every score, got none for 'b', 'c'. "
            "Add it, with 0 where an action does not change it.",
        ),
        (
            lambda: cheapest_actions(
                SCORES.loc["u"], WEIGHTS, 0.9, actions=SCORES, costs=pd.Series({"u": -1.0})
            ),
            "costs must be at least 0 for every action, got another or none for 'u'. "
            "Give what it costs.",
        ),
    ],
)
def test_improvements_refuse(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
