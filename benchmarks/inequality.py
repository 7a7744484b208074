"""How fast inequality measures are, beside their NumPy core and the plain formula.

Prints wall seconds (best of three). The core of Dagum's decomposition is one sort of all values
with their groups; the plain formula lays every value beside every other and is timed on few.

    python benchmarks/inequality.py [values] [groups]
"""

import os
import sys
import time

import numpy as np
import pandas as pd

from servicepo.methods.inequality import dagum, gini, theil_decomposition
from servicepo.methods.nested_inequality import nested_theil

N = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
GROUPS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
PLAIN = 5_000


def one_sort(x: np.ndarray, groups: np.ndarray) -> tuple:
    """Put values and their groups in order."""
    order = np.argsort(x)
    return x[order], groups[order]


def plain(x: np.ndarray, groups: np.ndarray) -> float:
    """Gini from all pairs, group by group."""
    k = groups.max() + 1
    total = 0.0
    for j in range(k):
        for h in range(k):
            total += np.abs(x[groups == j][:, None] - x[groups == h][None, :]).sum()
    return total / (2 * len(x) ** 2 * x.mean())


def seconds(call, times: int = 3) -> float:
    """Return the best of some wall times."""
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(0)
    x, groups = rng.uniform(0.1, 100, N), rng.integers(0, GROUPS, N)
    few, their = x[:PLAIN], groups[:PLAIN]
    assert abs(dagum(few, their).total - plain(few, their)) < 1e-12
    print(f"{N:,} values in {GROUPS} groups, {os.cpu_count()} cores")
    core = seconds(lambda: one_sort(x, groups))
    print(f"{'one sort':24} {core:8.3f} s")
    for name, call in (
        ("dagum", lambda: dagum(x, groups)),
        ("theil_decomposition", lambda: theil_decomposition(x, groups)),
        ("gini", lambda: gini(x)),
    ):
        taken = seconds(call)
        print(f"{name:24} {taken:8.3f} s  {taken / core:6.2f} x")
    ours, theirs = seconds(lambda: dagum(few, their)), seconds(lambda: plain(few, their), 1)
    print(f"dagum of {PLAIN:,}: {ours:.4f} s; all pairs {theirs:.3f} s, {theirs / ours:,.0f} x")
    n = min(N, 1_000)
    levels = pd.DataFrame({"region": groups[:n] % 2, "domain": groups[:n]})
    taken = seconds(lambda: nested_theil(x[:n], levels, draws=1000, seed=0), 1)
    print(f"nested_theil of {n:,} with 1,000 draws: {taken:.3f} s")


if __name__ == "__main__":
    main()
