"""How long the cheapest improvement takes for everybody, as a multiple of hand-vectorised NumPy.

python benchmarks/improvement.py [organisations] [indicators]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from servicepo.methods.grades import award, natural_breaks
from servicepo.methods.improvement import cheapest_geometric_improvement, cheapest_improvement

ROWS, COLUMNS = (int(a) for a in (sys.argv[1:] + ["1000000", "12"][len(sys.argv) - 1 :])[:2])


def by_hand(x: np.ndarray, w: np.ndarray, c: np.ndarray, target: float) -> np.ndarray:
    """Fill up column by column in the order of w / c, without any check."""
    rises = np.empty_like(x)
    gap = target - x @ w
    for j in np.argsort(-w / c):
        np.clip(gap / w[j], 0.0, 1 - x[:, j], out=rises[:, j])
        gap -= w[j] * rises[:, j]
    return rises


def seconds(*works, times: int = 3) -> list[float]:
    """Return the least time of each call; they take turns, so that all meet the same weather."""
    taken = [[] for _ in works]
    for _ in range(times):
        for work, own in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            own.append(time.perf_counter() - start)
    return [min(own) for own in taken]


def graded():
    """Grade as many organisations, so that their conditions can be asked for."""
    import servicepo as sp

    codes = [f"i{c}" for c in range(COLUMNS)]
    head = 'id = "f"\nname = "f"\ncitation = "for the benchmark"\n'
    head += '[[dimensions]]\ncode = "d"\nname = "d"\n'
    each = '[[dimensions.indicators]]\ncode = "{0}"\nname = "{0}"\nunit = "points"\n'
    each += 'goalposts = [0, 100]\nsource = {{ kind = "given" }}\n'
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.toml"
        path.write_text(head + "".join(each.format(code) for code in codes), "utf-8")
        framework = sp.load_framework(path)
    orgs = [f"O{i:07d}" for i in range(ROWS)]
    rows = pd.MultiIndex.from_product([orgs, [pd.Period("2024")]], names=["org", "period"])
    marks = np.random.default_rng(1).uniform(45, 97, (ROWS, COLUMNS))
    return sp.grade(sp.build_index(pd.DataFrame(marks, rows, codes), framework))


def main() -> None:
    """Run and print."""
    grades = graded()
    draw = np.random.default_rng(42)
    table = np.asarray(draw.uniform(0.2, 1, (ROWS, COLUMNS)), order="F")
    names = [f"i{c}" for c in range(COLUMNS)]
    scores = pd.DataFrame(table, columns=names, copy=False)
    w, c = draw.dirichlet(np.ones(COLUMNS)), draw.uniform(0.5, 5, COLUMNS)
    weights, costs = pd.Series(w, names), pd.Series(c, names)
    kinds = draw.dirichlet(np.ones(COLUMNS), 10)
    by_row = pd.DataFrame(kinds[draw.integers(0, 10, ROWS)], columns=names)
    gates = {"first": (names[:3], 0.6), "second": (names[3:6], 0.6)}
    target = 0.8
    ours = cheapest_improvement(scores, weights, target, costs=costs)
    np.testing.assert_allclose(ours, by_hand(table, w, c, target), atol=1e-9)
    print(f"{ROWS:,} organisations × {COLUMNS} indicators, {os.cpu_count()} cores")
    equal = pd.Series(1 / COLUMNS, names)
    points = table.mean(axis=1)
    works = {
        "numpy by hand": lambda: by_hand(table, w, c, target),
        "one set of weights": lambda: cheapest_improvement(scores, weights, target, costs=costs),
        "with two gates": lambda: cheapest_improvement(
            scores, weights, target, costs=costs, gates=gates
        ),
        "ten sets of weights": lambda: cheapest_improvement(scores, by_row, target, costs=costs),
        "all equally cheap": lambda: cheapest_improvement(scores, equal, target),
        "geometric": lambda: cheapest_geometric_improvement(scores, weights, target, costs=costs),
        "conditions listed for everybody": grades.conditions,
        "grades, 5 quotas in 50 classes": lambda: award(
            points,
            np.full(4, -np.inf),
            quotas=[np.nan, 0.2, 0.2, 0.2, 0.2],
            classes=np.arange(ROWS) % 50,
        ),
        "natural breaks, 4 classes": lambda: natural_breaks(points, 4),
    }
    taken = dict(zip(works, seconds(*works.values()), strict=True))
    for name, found in taken.items():
        print(f"{name:32}{found:8.3f} s  {found / taken['numpy by hand']:6.2f} x")


if __name__ == "__main__":
    main()
