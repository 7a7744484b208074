import json
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymcdm.weights.subjective import AHP

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.expert_weights import ahp, ahp_hierarchy, group_ahp
from servicepo.methods.judgements import inconsistent_judgements, nearest_consistent
from servicepo.methods.pairwise import (
    PRIORITIES,
    RANDOM_INDEX,
    SAATY_SCALE,
    principal_values,
    random_index,
)

WAYS = ["eigenvector", "geometric_mean", "column_sum"]


def refusal(function, *args, **kwargs):
    with pytest.raises(MethodError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def reciprocal(judged):
    """Return a matrix from its upper triangle, row by row."""
    n = int((1 + np.sqrt(1 + 8 * len(judged))) / 2)
    matrix = np.eye(n)
    matrix[np.triu_indices(n, 1)] = judged
    return np.triu(matrix) + np.tril(1 / np.where(matrix.T, matrix.T, 1), -1)


def labelled(rows, names):
    return pd.DataFrame(
        [[float(Fraction(str(v))) for v in row] for row in rows], index=names, columns=names
    )


def consistent(w):
    w = np.asarray(w, dtype=float)
    return w[:, None] / w[None, :]


judgements = st.integers(2, 6).flatmap(
    lambda n: st.lists(
        st.sampled_from(SAATY_SCALE), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2
    ).map(reciprocal)
)
wavering = reciprocal([1 / 9, 9, 2, 9, 1 / 9, 3])  # CR far above 0.1


# -- published ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def travel(shared):
    """Return the 5 × 5 example of mathmodels-book, chapter AHP, and what it prints."""
    path = shared / "reference" / "chinese_methods.json"
    told = json.loads(path.read_text(encoding="utf-8"))["ahp_travel_5x5"]
    return labelled(told["A"], ["景色", "费用", "居住", "饮食", "旅途"]), told


def test_eigenvector_mathmodels_book(travel):
    matrix, told = travel
    made = ahp(matrix)
    np.testing.assert_allclose(made.weights, told["w_eig"], atol=5e-9)
    assert made.lambda_max == pytest.approx(told["lambda_max"], abs=5e-8)
    assert made.cr == pytest.approx(told["CR_eig_RI1.12"], abs=5e-9)
    assert made.random_index == "saaty"


@pytest.mark.parametrize(
    ("method", "key"),
    [("geometric_mean", "w_geometric_mean_方根法"), ("column_sum", "w_column_sum_和积法")],
)
def test_other_ways_mathmodels_book(travel, method, key):
    matrix, told = travel
    np.testing.assert_allclose(ahp(matrix, method=method).weights, told[key], atol=5e-9)


def test_total_ranking_of_three_alternatives_mathmodels_book(travel):
    goal, told = travel
    places = ["P1", "P2", "P3"]
    below = {
        "景色": [["1", "2", "5"], ["1/2", "1", "2"], ["1/5", "1/2", "1"]],
        "费用": [["1", "1/3", "1/8"], ["3", "1", "1/3"], ["8", "3", "1"]],
        "居住": [["1", "1", "3"], ["1", "1", "3"], ["1/3", "1/3", "1"]],
        "饮食": [["1", "3", "4"], ["1/3", "1", "1"], ["1/4", "1", "1"]],
        "旅途": [["1", "1", "1/4"], ["1", "1", "1/4"], ["4", "4", "1"]],
    }
    made = ahp_hierarchy(goal, {name: labelled(rows, places) for name, rows in below.items()})
    np.testing.assert_allclose(made.weights[places], told["synthesis_3_alternatives"], atol=5e-8)
    assert made.table["global_weight"].groupby("item").sum()[places].sum() == pytest.approx(1)
    second = made.matrices.query("level == 2")
    ci = (second["weight"] * second["ci"]).sum()
    assert made.cr[2] == pytest.approx(ci / 0.58)
    assert repr(made) == f"AhpHierarchy(3 weights, CR {made.cr.max():.4f})"


def test_matrix_of_one_expert_tai_oecd2008_table_20():
    rows = """1 2 3 2 5 5 1 3; 1/2 1 2 1/2 4 4 1/2 3; 1/3 1/2 1 1/4 2 2 1/5 1/2;
        1/2 2 4 1 4 4 1/2 3;
        1/5 1/4 1/2 1/4 1 1 1/5 1/2; 1/5 1/4 1/2 1/4 1 1 1/5 1/2; 1 2 5 2 5 5 1 4;
        1/3 1/3 2 1/3 2 2 1/4 1"""
    made = ahp(labelled([row.split() for row in rows.split(";")], list("abcdefgh")))
    told = [0.2291, 0.1346, 0.0594, 0.1761, 0.0385, 0.0385, 0.2522, 0.0715]
    np.testing.assert_allclose(made.weights, told, atol=5e-5)
    assert made.lambda_max == pytest.approx(8.2111, abs=5e-5)
    assert (round(made.ci, 4), round(made.cr, 4)) == (0.0302, 0.0214)


# -- laws --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", WAYS)
@settings(max_examples=25, deadline=None)
@given(matrix=judgements)
def test_weights_sum_to_1_and_follow_the_order_of_things(method, matrix):
    made = ahp(matrix, method=method, inconsistent="allow")
    assert made.weights.sum() == pytest.approx(1)
    assert (made.weights > 0).all()
    assert made.cr >= 0
    turned = ahp(matrix[::-1, ::-1], method=method, inconsistent="allow")
    np.testing.assert_allclose(turned.weights[::-1], made.weights, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(matrix=judgements)
def test_eigenvector_is_numpys(matrix):
    made = ahp(matrix, inconsistent="allow")
    values, vectors = np.linalg.eig(matrix)
    top = values.real.argmax()
    w = np.abs(vectors[:, top].real)
    assert made.lambda_max == pytest.approx(values[top].real, rel=1e-12)
    np.testing.assert_allclose(made.weights, w / w.sum(), atol=1e-12)


@pytest.mark.parametrize("method", WAYS)
@given(w=st.lists(st.integers(1, 50), min_size=1, max_size=7))
@settings(max_examples=20, deadline=None)
def test_consistent_judgements_give_their_weights_back(method, w):
    made = ahp(consistent(w), method=method)
    np.testing.assert_allclose(made.weights, np.array(w) / sum(w), rtol=1e-10)
    assert made.cr == pytest.approx(0, abs=1e-12)


def test_pymcdm_agrees():
    rng = np.random.default_rng(0)
    for n in (3, 5, 8):
        matrix = reciprocal(rng.choice(SAATY_SCALE, n * (n - 1) // 2))
        peer = AHP(matrix=matrix)
        made = ahp(matrix, inconsistent="allow", random_index="tummala_ling")
        np.testing.assert_allclose(made.weights, peer(), atol=1e-12)
        assert made.cr == pytest.approx(peer.get_cr(), rel=1e-10)


# -- missing judgements ------------------------------------------------------------------------


@pytest.mark.parametrize("method", WAYS)
def test_missing_judgements_follow_from_consistent_ones(method):
    w = np.array([4, 2, 1, 3])
    matrix = consistent(w)
    for i, j in [(0, 1), (1, 3)]:
        matrix[i, j] = matrix[j, i] = np.nan
    made = ahp(matrix, method=method)
    np.testing.assert_allclose(made.weights, w / w.sum(), atol=1e-8)
    np.testing.assert_allclose(made.matrix, consistent(w), rtol=1e-7)


def test_completion_has_the_least_principal_eigenvalue():
    matrix = reciprocal([2, 5, 3, 4, 1, 1 / 3])
    matrix[0, 3] = matrix[3, 0] = np.nan
    made = ahp(matrix, inconsistent="allow")
    for factor in (0.97, 1.03):
        other = made.matrix.copy()
        other[0, 3] *= factor
        other[3, 0] /= factor
        assert ahp(other, inconsistent="allow").lambda_max > made.lambda_max
    assert made.cr == pytest.approx(made.ci / (0.9 * (1 - 2 / 6)))  # Ágoston and Csató (2022)


def test_separate_groups_of_judgements_are_refused():
    matrix = reciprocal([2, np.nan, np.nan, np.nan, np.nan, 3])
    matrix[np.isnan(matrix) | np.isnan(matrix.T)] = np.nan
    assert refusal(ahp, pd.DataFrame(matrix, index=list("abcd"), columns=list("abcd"))) == (
        "judgements must connect all that is compared, got separate groups: 'a', 'b' | 'c', 'd'. "
        "Judge a pair between the groups."
    )


# -- what contradicts --------------------------------------------------------------------------


def test_the_planted_contradiction_is_found_and_mended():
    matrix = consistent([8, 4, 2, 1])
    matrix[0, 3], matrix[3, 0] = 1 / 2, 2
    found = inconsistent_judgements(labelled(matrix.tolist(), list("abcd")))
    first = found.loc[0]
    assert (first["row"], first["column"]) == ("a", "d")
    assert first["implied"] == pytest.approx(8)
    assert first["suggested"] == 8
    assert first["cr_after"] == pytest.approx(0, abs=1e-12)
    assert (found["ratio"].diff().dropna() < 1e-9).all()
    assert len(found) == 6


def test_nearest_consistent_judgements_are_just_consistent_and_no_further():
    mended = nearest_consistent(wavering)
    assert ahp(mended, inconsistent="allow").cr == pytest.approx(0.1, abs=1e-6)
    near = np.abs(np.log(mended / wavering))
    further = np.abs(np.log(nearest_consistent(wavering, below=0.05) / wavering))
    assert (further >= near - 1e-9).all()
    fine = reciprocal([2, 4, 2])
    np.testing.assert_allclose(nearest_consistent(fine), fine)


def test_repair_refuses_what_it_cannot_judge():
    assert refusal(inconsistent_judgements, [[1, 2], [0.5, 1]]) == (
        "judgements can contradict each other from 3 things on, got 2. Nothing needs repair."
    )
    matrix = consistent([1, 2, 3])
    matrix[0, 1] = matrix[1, 0] = np.nan
    assert refusal(inconsistent_judgements, matrix) == (
        "judgements must be complete to be compared with each other, got 1 missing. "
        "Take the matrix of ahp(...).matrix."
    )
    assert refusal(nearest_consistent, consistent([1, 2]), below=0) == (
        "below must be above 0, got 0. Give a ratio such as 0.1."
    )


# -- groups ------------------------------------------------------------------------------------


def experts(k=6, n=4, seed=0):
    rng = np.random.default_rng(seed)
    w = rng.dirichlet(np.full(n, 5.0))
    noise = rng.normal(0, 0.1, (k, n * (n - 1) // 2))
    upper = consistent(w)[np.triu_indices(n, 1)]
    return np.stack([reciprocal(upper * np.exp(e)) for e in noise])


@pytest.mark.parametrize("method", WAYS)
def test_groups_the_slow_way(method):
    stack = experts()
    alone = np.array([ahp(m, method=method).weights for m in stack])
    for by, expected in [
        ("priorities", alone.mean(axis=0)),
        ("priorities_geometric", np.exp(np.log(alone).mean(axis=0))),
        ("judgements", ahp(np.exp(np.log(stack).mean(axis=0)), method=method).weights),
    ]:
        made = group_ahp(stack, by=by, method=method)
        np.testing.assert_allclose(made.weights, expected / expected.sum(), atol=1e-12)
        np.testing.assert_allclose(made.priorities, alone, atol=1e-12)
        assert np.isnan(made.cr) == (by != "judgements")


def test_experts_who_contradict_themselves():
    stack = {"甲": reciprocal([2, 4, 6, 2, 3, 2]), "乙": wavering, "丙": reciprocal([1] * 6)}
    cr = ahp(wavering, inconsistent="allow").cr
    told = (
        f"judgements must have a consistency ratio below 0.1, got CR {cr:.4f} for '乙' "
        "(random index 'saaty')"
    )
    mend = "Ask them to judge again, or choose inconsistent='drop'."
    assert refusal(group_ahp, stack) == f"{told}. {mend}"
    with pytest.warns(MethodWarning) as caught:
        group_ahp(stack, inconsistent="warn")
    assert str(caught[0].message) == f"{told}. {mend}"
    with pytest.warns(MethodWarning) as caught:
        dropped = group_ahp(stack, inconsistent="drop")
    assert str(caught[0].message) == f"{told}: left out. Ask them to judge again."
    assert dropped.experts["influence"].tolist() == [0.5, 0, 0.5]
    both = group_ahp([stack["甲"], stack["丙"]])
    np.testing.assert_allclose(dropped.weights, both.weights)
    assert repr(dropped) == "GroupAhp(2 of 3 experts, n=4, judgements)"
    less = group_ahp(stack, inconsistent="downweight").experts["influence"]
    assert less["乙"] / less["甲"] == pytest.approx(0.1 / cr)
    with pytest.raises(MethodError, match="nobody is left"):
        group_ahp({"乙": wavering}, inconsistent="drop")


def test_influence_counts_by_name():
    stack = experts(3)
    names = dict(zip("xyz", stack, strict=True))
    made = group_ahp(names, influence=pd.Series({"z": 3.0, "x": 0.0, "y": 1.0}))
    assert made.experts["influence"].tolist() == [0, 0.25, 0.75]
    assert refusal(group_ahp, stack, influence=[1, 1]) == (
        "influence must have one entry per expert, got 2 for 3 experts. Give one number per expert."
    )
    assert refusal(group_ahp, names, influence=[1, -1, 1]) == (
        "influence must be at least 0, got a negative one for 'y'. Correct it."
    )


def test_a_group_may_have_missing_judgements():
    w = np.array([3.0, 2.0, 1.0])
    partial = consistent(w)
    partial[0, 2] = partial[2, 0] = np.nan
    made = group_ahp(np.stack([partial, consistent(w)]))
    np.testing.assert_allclose(made.weights, w / w.sum(), atol=1e-8)


def test_group_refusals():
    a = labelled([[1, 2], ["1/2", 1]], list("ab"))
    assert refusal(group_ahp, []) == (
        "a group must have at least 1 expert, got 0. Give their matrices."
    )
    assert refusal(group_ahp, {"甲": a, "乙": a[["b", "a"]]}) == (
        "every expert must judge the same things in the same order, got others from '乙'. "
        "Reindex the matrix in rows and columns."
    )
    stack = experts()
    stack[2, 0, 1] *= 2
    low, high = stack[2, 0, 1], stack[2, 1, 0]
    assert refusal(group_ahp, stack) == (
        f"matrix must be reciprocal, got {low:g} and {high:g} (at (0, 1) of matrix 2 and its "
        "mirror). Write one judgement and 1 divided by it, with three decimals or more."
    )
    assert refusal(group_ahp, np.ones((2, 2, 3))) == (
        "matrix must have as many rows as columns, got 2 × 3. "
        "Judge the same things in rows and columns."
    )


# -- refusals ----------------------------------------------------------------------------------


def test_inconsistent_judgements_are_refused_warned_of_or_allowed():
    cr = ahp(wavering, inconsistent="allow").cr
    pair = inconsistent_judgements(wavering).loc[0]
    told = (
        f"judgements must have a consistency ratio below 0.1, got CR {cr:.4f} (random index "
        f"'saaty'). Judge the pair ({pair['row']:g}, {pair['column']:g}) again first."
    )
    assert refusal(ahp, wavering) == told
    with pytest.warns(MethodWarning) as caught:
        ahp(wavering, inconsistent="warn")
    assert str(caught[0].message) == told
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("matrix", "choices", "message"),
    [
        (
            [[1, -3], [-0.333, 1]],
            {},
            "every judgement of matrix must be above 0, got -3 (at (0, 1)). "
            "Write how many times the row counts as much as the column.",
        ),
        (
            [[1, 7], [0.14, 1]],
            {},
            "matrix must be reciprocal, got 7 and 0.14 (at (0, 1) and its mirror). "
            "Write one judgement and 1 divided by it, with three decimals or more.",
        ),
        (
            [[1, np.nan], [0.5, 1]],
            {},
            "matrix must be reciprocal, got 0.5 and nan (at (1, 0) and its mirror). "
            "Write one judgement and 1 divided by it, with three decimals or more.",
        ),
        (
            [[np.nan, 2], [0.5, 1]],
            {},
            "matrix must have 1 on its diagonal, got NaN. Judge everything equal to itself.",
        ),
        (
            pd.DataFrame(np.ones((2, 2)), index=["a", "b"], columns=["b", "a"]),
            {},
            "matrix must have the same labels in rows and columns, got 'a', 'b' and 'b', 'a'. "
            "Put them in the same order.",
        ),
        (
            np.ones((16, 16)),
            {},
            "a matrix must be at most 15 × 15 for the random index 'saaty', got 16 × 16. "
            "Choose random_index='alonso_lamata', or split the level.",
        ),
        (
            np.ones((2, 2)),
            {"method": "eigen"},
            "method must be one of 'eigenvector', 'geometric_mean', 'column_sum', got 'eigen'. "
            "Did you mean 'eigenvector'?",
        ),
        (
            np.ones((2, 2)),
            {"inconsistent": "drop"},
            "inconsistent must be one of 'refuse', 'warn', 'allow', got 'drop'. "
            "Give one of these words.",
        ),
    ],
)
def test_refusals(matrix, choices, message):
    assert refusal(ahp, matrix, **choices) == message


def test_hierarchies_that_are_none():
    goal, part = labelled([[1, 2], ["1/2", 1]], ["甲", "乙"]), labelled([[1]], ["甲"])
    assert refusal(ahp_hierarchy, goal, {"丙": part}) == (
        "every matrix must stand below something in the hierarchy, got '丙'. "
        "Judge it on the level above, or leave its matrix out."
    )
    assert refusal(ahp_hierarchy, goal, {"甲": part}) == (
        "nothing may stand below itself, got '甲' on two levels. "
        "Give what stands on different levels different names."
    )
    wrong = pd.DataFrame(wavering, index=list("abcd"), columns=list("abcd"))
    assert refusal(ahp_hierarchy, goal, {"甲": wrong}).startswith(
        "below '甲': judgements must have"
    )


def test_random_indices_are_those_of_random_matrices():
    """Mean consistency index of matrices whose judgements are drawn from the scale."""
    rng = np.random.default_rng(0)
    found = {}
    for n in range(3, 16):
        i, j = np.triu_indices(n, 1)
        stack = np.ones((2_000, n, n))
        stack[:, i, j] = rng.choice(SAATY_SCALE, (len(stack), len(i)))
        stack[:, j, i] = 1 / stack[:, i, j]
        top = principal_values(stack, PRIORITIES["eigenvector"](stack))
        ci = (top - n) / (n - 1)
        found[n] = ci.mean(), 4 * ci.std() / len(stack) ** 0.5
    told = [0.525, 0.883, 1.106, 1.248, 1.338, 1.404, 1.450]
    told += [1.486, 1.515, 1.536, 1.555, 1.571, 1.585]  # of the docstring
    wide = {("saaty", 3): 0.056, ("saaty", 12): 0.057, ("tummala_ling", 3): 0.056}
    for (n, (mean, noise)), number in zip(found.items(), told, strict=True):
        assert mean == pytest.approx(number, abs=noise)
        for table, near in (("saaty", 0.0185), ("saaty_2008", 0.0125), ("tummala_ling", 0.013)):
            off = wide.get((table, n), near)
            assert random_index(n, table) == pytest.approx(number, abs=off)
        if n > 3:  # the line is a fit over all sizes
            assert random_index(n, "alonso_lamata") == pytest.approx(number, abs=0.03)


def test_random_indices_never_fall_but_where_saaty_printed_so():
    for table, values in RANDOM_INDEX.items():
        if table not in ("saaty", "alonso_lamata"):
            assert list(values) == sorted(values)
    assert random_index(30, "alonso_lamata") == pytest.approx(1.6809, abs=5e-5)
    assert [random_index(n, "saaty") for n in (1, 2)] == [0, 0]


def test_two_decimals_of_reciprocals_pass_and_the_callers_frame_is_left_alone():
    matrix = labelled([[1, 3], ["0.333", 1]], list("ab"))
    before = matrix.copy()
    made = ahp(matrix)
    pd.testing.assert_frame_equal(matrix, before)
    assert made.weights.to_dict() == pytest.approx({"a": 0.75, "b": 0.25})
    assert repr(made) == "AhpResult(n=2, eigenvector, CR 0.0000)"
