"""Change points: Nile, the slow way, false alarms, the trap of every fifth period, refusals."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from servicepo.errors import MethodError
from servicepo.methods.change_points import pelt, pettitt


@pytest.fixture
def nile(shared):
    table = pd.read_csv(shared / "reference" / "methods" / "05_trends" / "nile.csv")
    return table.set_index("year")["flow"].astype(float).to_frame().T


def test_nile_pettitt1979_as_r_trend(nile):
    made = pettitt(nile).iloc[0]
    assert made["statistic"] == 1617
    assert made["before"] == 28
    assert made["last_before"] == 1898
    assert made["p_value"] == pytest.approx(3.591e-7, rel=1e-4)
    assert made["shift"] == pytest.approx(849.9722 - 1097.75, abs=1e-4)


def test_nile_broke_after_1898_as_r_strucchange(nile):
    """Trap: ruptures looks at every fifth period by default, and finds 30."""
    ruptures = pytest.importorskip("ruptures")
    flow = nile.iloc[0].to_numpy()
    assert ruptures.Dynp(model="l2").fit(flow).predict(n_bkps=1)[0] == 30
    made = pelt(nile)
    assert made["before"].tolist() == [28]
    assert made["last_before"].tolist() == [1898]
    assert made["level_before"].tolist() == pytest.approx([1097.75])


def test_the_statistic_the_slow_way_with_gaps():
    draw = np.random.default_rng(0)
    panel = pd.DataFrame(draw.integers(0, 9, (15, 20)).astype(float))
    panel = panel.where(draw.random(panel.shape) > 0.15)
    made = pettitt(panel)
    for row in range(len(panel)):
        x = panel.iloc[row].dropna().to_numpy()
        u = [sum(np.sign(a - b) for a in x[:t] for b in x[t:]) for t in range(1, len(x))]
        k = int(np.argmax(np.abs(u))) + 1
        assert made["statistic"].iloc[row] == np.abs(u).max()
        assert made["before"].iloc[row] == k
        assert made["n"].iloc[row] == len(x)
        assert made["shift"].iloc[row] == pytest.approx(x[k:].mean() - x[:k].mean())
        p = min(1, 2 * np.exp(-6 * np.abs(u).max() ** 2 / (len(x) ** 3 + len(x) ** 2)))
        assert made["p_value"].iloc[row] == pytest.approx(p)


def test_series_without_a_change_rarely_have_one():
    draw = np.random.default_rng(1)
    false = {
        t: (pettitt(pd.DataFrame(draw.normal(size=(20000, t))))["p_value"] <= 0.05).mean()
        for t in (12, 20, 36)
    }
    assert_allclose(list(false.values()), [0.008, 0.018, 0.026], atol=0.003)


def test_what_cannot_be_tested_has_no_p_value():
    panel = pd.DataFrame([[1.0] * 12, [1.0] * 11 + [np.nan]])
    made = pettitt(panel)
    assert made["p_value"].isna().all()
    assert made["before"].isna().all()
    assert made["n"].tolist() == [12, 11]


def test_pelt_is_the_best_of_all_cuts():
    pytest.importorskip("ruptures")
    draw = np.random.default_rng(2)
    panel = pd.DataFrame(draw.normal(size=(5, 14)) + 4 * (np.arange(14) > 6))
    made = pelt(panel, penalty=6.0)
    for row in range(len(panel)):
        x = panel.iloc[row].to_numpy()
        best = {0: (-6.0, [])}
        for end in range(2, 15):
            options = [
                (cost + 6 + ((x[start:end] - x[start:end].mean()) ** 2).sum(), [*cuts, start])
                for start, (cost, cuts) in best.items()
                if end - start >= 2
            ]
            best[end] = min(options)
        assert made.loc[made["org"] == row, "before"].tolist() == best[14][1][1:]


def test_the_callers_frame_is_left_alone():
    panel = pd.DataFrame(np.random.default_rng(3).normal(size=(3, 12)))
    before = panel.copy()
    pettitt(panel)
    pd.testing.assert_frame_equal(panel, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: pettitt(pd.DataFrame([[1.0] * 5])),
            "Pettitt's test needs at least 12 periods, got 5. "
            "Look at trends instead, or at shorter periods.",
        ),
        (
            lambda: pelt(pd.DataFrame([[1.0, np.nan, 2.0, 3.0]], index=["甲村"])),
            "levels need series without gaps, got missing periods for '甲村'. "
            "Leave these organisations out.",
        ),
        (
            lambda: pelt(pd.DataFrame([[1.0, 2.0, 3.0]])),
            "levels need at least twice shortest=2 periods, got 3. Add the periods before.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()


def test_without_ruptures_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ruptures", None)
    message = (
        "cutting series into levels needs the package ruptures, got none. "
        "Install it with pip install servicepo[change]."
    )
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        pelt(pd.DataFrame([[1.0, 2.0, 3.0, 4.0]]))
