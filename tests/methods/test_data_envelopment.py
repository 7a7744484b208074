import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.benefit_of_the_doubt import benefit_of_the_doubt
from servicepo.methods.data_envelopment import data_envelopment, efficiency


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        data_envelopment(*args, **kwargs)
    return str(caught.value)


def sample(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(1, 10, (n, 2)), rng.uniform(1, 10, (n, 2))


@pytest.fixture
def stores():
    """Return the eight stores of Cooper, Seiford and Tone (2007), table 1.1."""
    names = list("ABCDEFGH")
    staff = pd.DataFrame({"employees": [2.0, 3, 3, 4, 5, 5, 6, 8]}, index=names)
    sales = pd.DataFrame({"sales": [1.0, 3, 2, 3, 4, 2, 3, 5]}, index=names)
    return staff, sales


def test_eight_stores_cooper_seiford_tone_2007(stores):
    staff, sales = stores
    before = staff.copy()
    made = data_envelopment(staff, sales)
    told = [0.5, 1, 0.667, 0.75, 0.8, 0.4, 0.5, 0.625]
    np.testing.assert_allclose(made.scores, told, atol=5e-4)
    assert set(made.peers["peer"]) == {"B"}
    pd.testing.assert_frame_equal(staff, before)
    assert repr(made) == "DataEnvelopment(1 of 8 efficient, constant, input)"
    variable = data_envelopment(staff, sales, returns="variable").scores
    assert variable[variable > 1 - 1e-9].index.tolist() == ["A", "B", "E", "H"]


@pytest.mark.parametrize("returns", ["constant", "variable"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_the_programme_one_by_one(returns, orientation):
    x, y = sample()
    made = data_envelopment(x, y, returns=returns, orientation=orientation)
    n = len(x)
    for k in range(0, n, 7):
        # The dual form: prices that show the organisation in the best light.
        free = returns == "variable"
        if orientation == "input":
            cost = np.concatenate([np.zeros(2), -y[k], [-1.0 if free else 0]])
            fixed = np.concatenate([x[k], np.zeros(3)])
            rows = np.column_stack([-x, y, np.ones(n)])
        else:
            cost = np.concatenate([x[k], np.zeros(2), [1.0 if free else 0]])
            fixed = np.concatenate([np.zeros(2), y[k], [0]])
            rows = np.column_stack([-x, y, -np.ones(n)])
        bounds = [(0, None)] * 4 + [(None, None) if free else (0, 0)]
        found = linprog(cost, rows, np.zeros(n), fixed[None], [1.0], bounds)
        value = -found.fun if orientation == "input" else 1 / found.fun
        assert made.scores[k] == pytest.approx(value, abs=1e-9)


def test_slacks_of_two_inputs_cooper_seiford_tone_2007():
    """Six with two inputs and one output: F could save 2 of the first, though it scores 1."""
    used = pd.DataFrame(
        {"x1": [4.0, 7, 8, 4, 2, 10], "x2": [3.0, 3, 1, 2, 4, 1]}, index=list("ABCDEF")
    )
    with pytest.warns(MethodWarning, match="at least 3 organisations per input and output"):
        made = data_envelopment(used, pd.DataFrame({"y": np.ones(6)}, index=used.index))
    np.testing.assert_allclose(made.scores, [0.8571, 0.6316, 1, 1, 1, 1], atol=5e-5)
    peers = made.peers.set_index(["org", "peer"])["intensity"]
    told = {("A", "D"): 0.7143, ("A", "E"): 0.2857, ("B", "C"): 0.1053, ("B", "D"): 0.8947}
    told |= {("C", "C"): 1.0, ("D", "D"): 1.0, ("E", "E"): 1.0, ("F", "C"): 1.0}
    assert peers.round(4).to_dict() == told
    assert made.slacks["input", "x1"].round(9).to_dict() == dict.fromkeys("ABCDE", 0) | {"F": 2}
    assert not made.slacks[[("input", "x2"), ("output", "y")]].to_numpy().any()


@pytest.mark.parametrize("returns", ["constant", "variable"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_slacks_the_slow_way_whatever_the_unit(returns, orientation):
    rng = np.random.default_rng(3)
    x, y = rng.integers(1, 6, (30, 2)) * [1.0, 500], rng.integers(1, 6, (30, 3)) / 7
    made = data_envelopment(x, y, returns=returns, orientation=orientation)
    tops = np.concatenate([x.max(axis=0), y.max(axis=0)])
    u, v = x / tops[:2], y / tops[2:]
    for k in range(0, 30, 4):
        score = made.scores[k]
        here_u, here_v = (u[k] * score, v[k]) if orientation == "input" else (u[k], v[k] / score)
        rows = np.block([[u.T, np.eye(2), np.zeros((2, 3))], [v.T, np.zeros((3, 2)), -np.eye(3)]])
        right = np.concatenate([here_u, here_v])
        if returns == "variable":
            rows, right = np.vstack([rows, [1.0] * 30 + [0.0] * 5]), np.append(right, 1.0)
        found = linprog(np.append(np.zeros(30), -np.ones(5)), A_eq=rows, b_eq=right)
        assert (made.slacks.loc[k] / tops).sum() == pytest.approx(-found.fun, abs=1e-7)


def test_small_organisations_among_large_ones_keep_their_digits():
    rng = np.random.default_rng(8)
    x, y = rng.lognormal(0, 2.5, (50, 2)), rng.lognormal(0, 2.5, (50, 1))
    made = data_envelopment(x, y).scores
    for k in np.argsort(made)[:5]:  # the programme in the organisation's own units
        rows = np.vstack([np.c_[-np.ones(2), (x / x[k]).T], np.c_[[0.0], -(y / y[k]).T]])
        found = linprog(np.append(1.0, np.zeros(50)), rows, [0.0, 0.0, -1.0])
        assert made[k] == pytest.approx(found.fun, rel=1e-8)


@pytest.mark.parametrize("returns", ["constant", "variable"])
def test_amounts_of_all_sizes(returns):
    rng = np.random.default_rng(0)
    x, y = 10 ** rng.uniform(-2, 2, (200, 3)), 10 ** rng.uniform(-2, 2, (200, 2))
    made = data_envelopment(x, y, returns=returns)
    assert ((made.scores > 0) & (made.scores < 1 + 1e-8)).all()
    for k in range(0, 200, 10):  # what the peers do together is as much, from no more
        own = made.peers[made.peers["org"] == k]
        share = own["intensity"].to_numpy()
        assert (share @ y[own["peer"]] >= y[k] * (1 - 1e-6)).all()
        assert (share @ x[own["peer"]] <= x[k] * (made.scores[k] + 1e-6)).all()


def test_one_unit_of_input_is_benefit_of_the_doubt():
    _, y = sample()
    doubt = benefit_of_the_doubt(y, bounds=(0, 1)).scores
    found = data_envelopment(np.ones((len(y), 1)), y).scores
    np.testing.assert_allclose(found, doubt, atol=1e-7)


def test_laws():
    x, y = sample()
    ccr = data_envelopment(x, y).scores
    bcc = data_envelopment(x, y, returns="variable").scores
    assert ((ccr > 0) & (ccr <= bcc + 1e-9) & (bcc <= 1 + 1e-9)).all()
    np.testing.assert_allclose(data_envelopment(x, y, orientation="output").scores, ccr, atol=1e-9)
    np.testing.assert_allclose(data_envelopment(x * [1, 1000], y / 7).scores, ccr, atol=1e-9)
    above = data_envelopment(x, y, super_efficiency=True).scores
    np.testing.assert_allclose(np.minimum(above, 1), ccr, atol=1e-9)
    assert (above[ccr > 1 - 1e-9] >= 1 - 1e-9).all()


def test_super_efficiency_has_no_answer_where_nobody_else_does_as_much(stores):
    staff, sales = stores
    made = data_envelopment(staff, sales, returns="variable", super_efficiency=True)
    assert np.isnan(made.scores["H"])  # nobody else sells 5
    assert made.scores["A"] == pytest.approx(1.5)
    assert made.slacks.loc["H"].isna().all()
    assert "H" not in set(made.peers["org"])
    alone = np.array(
        [[1.0, 0], [2, 0], [1, 3], [3, 0], [2, 0], [1, 0]]
    )  # one does the second thing
    for orientation in ("input", "output"):
        for returns in ("constant", "variable"):
            made = data_envelopment(
                np.ones((9, 1)),
                np.vstack([alone, alone[[0, 1, 3]]]),
                returns=returns,
                orientation=orientation,
                super_efficiency=True,
            )
            assert np.flatnonzero(np.isnan(made.scores)).tolist() == [2]


def test_refusals(stores):
    staff, sales = stores
    assert refusal(staff, sales[::-1]) == (
        "inputs and outputs must have the same rows, got others. "
        "Reindex the outputs like the inputs."
    )
    assert (
        refusal(-staff, sales) == "inputs must be at least 0, got less in 'employees'. Correct it."
    )
    assert refusal(staff, sales * 0) == (
        "outputs must be above 0 somewhere, got only 0 in 'sales'. Drop it."
    )
    assert refusal(staff.replace(8.0, 0.0), sales) == (
        "every organisation must have inputs above 0, got only 0 for 'H'. Leave it out."
    )
    with pytest.warns(MethodWarning) as caught:
        data_envelopment(staff[:5], sales[:5])
    assert str(caught[0].message) == (
        "data envelopment should have at least 3 organisations per input and output, got 5 for 2: "
        "too many come out efficient. Leave some out, or add organisations."
    )


def test_efficiency_names_inputs_that_are_no_columns():
    x = pd.DataFrame({"staff": [75.0, 50, 0], "cases": [20.0, 80, 100]})
    with pytest.raises(MethodError) as error:
        efficiency(x, inputs=["funds"])
    assert str(error.value) == (
        "inputs must name some columns, and leave some that are results, got no column 'funds'. "
        "Take some of 'staff', 'cases'."
    )
