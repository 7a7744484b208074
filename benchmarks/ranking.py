"""How fast TOPSIS, VIKOR and PROMETHEE II are, as a multiple of hand-vectorised NumPy.

python benchmarks/ranking.py [organisations] [indicators]
"""

import sys
import time

import numpy as np
import pandas as pd

from servicepo.methods.promethee import promethee
from servicepo.methods.ranking import topsis, vikor

ROWS, COLUMNS = (int(a) for a in (sys.argv[1:] + ["100000", "40"][len(sys.argv) - 1 :])[:2])


def topsis_by_hand(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """TOPSIS column by column, with one scratch column."""
    plus, minus = np.zeros(len(x)), np.zeros(len(x))
    scratch = np.empty(len(x))
    for j in range(x.shape[1]):
        column = x[:, j]
        scale = w[j] / np.sqrt(column @ column)
        for total, end in ((plus, column.max()), (minus, column.min())):
            np.subtract(column, end, out=scratch)
            scratch *= scale
            scratch *= scratch
            total += scratch
    minus = np.sqrt(minus)
    return minus / (minus + np.sqrt(plus))


def vikor_by_hand(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """VIKOR column by column, with one scratch column."""
    s, r = np.zeros(len(x)), np.zeros(len(x))
    scratch = np.empty(len(x))
    for j in range(x.shape[1]):
        column = x[:, j]
        low, high = column.min(), column.max()
        np.subtract(high, column, out=scratch)
        scratch *= w[j] / (high - low)
        s += scratch
        np.maximum(r, scratch, out=r)
    return 0.5 * (s - s.min()) / np.ptp(s) + 0.5 * (r - r.min()) / np.ptp(r)


def promethee_by_hand(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """PROMETHEE II with the usual preference, without ties: one argsort per column."""
    n = len(x)
    flow, place = np.zeros(n), 2 * np.arange(n) - n + 1.0
    for j in range(x.shape[1]):
        flow[np.argsort(x[:, j])] += w[j] * place
    return flow / (n - 1)


def seconds(*works, times: int = 5) -> list[float]:
    """Return the least time of each call; they take turns, so that all meet the same weather."""
    taken = [[] for _ in works]
    for _ in range(times):
        for work, own in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            own.append(time.perf_counter() - start)
    return [min(own) for own in taken]


if __name__ == "__main__":
    rng = np.random.default_rng(42)
    table = np.empty((ROWS, COLUMNS), order="F")
    for column in range(COLUMNS):
        table[:, column] = rng.uniform(0.1, 1, ROWS)
    frame = pd.DataFrame(table, columns=[f"i{c}" for c in range(COLUMNS)], copy=False)
    weights = np.full(COLUMNS, 1 / COLUMNS)
    print(f"{ROWS:,} × {COLUMNS}")
    for name, ours, hand in (
        ("TOPSIS", lambda: topsis(frame, weights).closeness, topsis_by_hand),
        ("VIKOR", lambda: vikor(frame, weights).q, vikor_by_hand),
        ("PROMETHEE II", lambda: promethee(frame, weights).net, promethee_by_hand),
    ):
        assert np.allclose(ours(), hand(table, weights))
        own, by_hand = seconds(ours, lambda hand=hand: hand(table, weights))
        print(f"{name}: {own:.3f} s, NumPy by hand {by_hand:.3f} s, ratio {own / by_hand:.2f}")
