"""How fast a nation's weak branches are found: a million organisations in eight classes.

    python benchmarks/weakness.py [organisations] [indicators]

Times shrinkage with P(bottom 10 %), expected ranks and rank intervals, joint rank sets, and reasons
of the lowest tenth (obstacle degrees against the median of the class, and the probability of each
indicator lying below it), each beside the plain NumPy it cannot do without: one sort, one normal
distribution function per organisation, one pass of arithmetic per cell.
"""

import sys
import time

import numpy as np
import pandas as pd
from scipy.special import ndtr

from servicepo.methods.obstacle import main_obstacles, obstacle_degree
from servicepo.methods.rank_sets import joint_rank_sets, standing
from servicepo.methods.shrinkage import fit_prior

N = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
M = int(sys.argv[2]) if len(sys.argv) > 2 else 20
CLASSES = 8


def seconds(call):
    """Return seconds of the processor, seconds on the wall, and the answer."""
    start = time.process_time(), time.perf_counter()
    answer = call()
    return time.process_time() - start[0], time.perf_counter() - start[1], answer


def told(what, taken, wall, core):
    """Print one line."""
    times = f"{taken:7.2f} s ({wall:.2f} s on the wall)"
    print(f"{what:45} {times} {taken / core:6.1f} x NumPy {core:.3f} s", flush=True)


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(0)
    truth = rng.normal(75, 6, N)
    s = rng.uniform(1, 8, N)
    y = truth + s * rng.normal(size=N)
    group = np.arange(N) * CLASSES // N
    members = [slice(*ends) for ends in zip(*_ends(group), strict=True)]
    x = pd.DataFrame(
        np.asfortranarray(np.clip(truth[:, None] + rng.normal(0, 10, (N, M)), 0, 100)),
        columns=[f"i{j:02d}" for j in range(M)],
    )
    errors = np.asfortranarray(rng.uniform(1, 6, (N, M)))
    weights = pd.Series(1 / M, x.columns)
    totals = {}

    for prior in ("normal", "npmle"):

        def shrunken(prior=prior):
            found = []
            for own in members:
                posterior, _, _ = fit_prior(y[own], s[own], prior=prior)
                found.append(standing(posterior, lowest=len(posterior.mean) // 10))
            return found

        taken, wall, found = seconds(shrunken)
        totals[prior] = np.array([taken, wall])
        core = _core(lambda: [np.argsort(y), ndtr((y - 70) / s), ndtr((y - 71) / s)])
        told(f"shrinkage, P(bottom 10 %), ranks, {prior}", taken, wall, core)
    p = np.concatenate([each.lowest for each in found])

    taken, wall, _ = seconds(lambda: [joint_rank_sets(y[own], s[own]) for own in members])
    both = np.array([taken, wall])
    core = _core(lambda: [np.searchsorted(np.sort(y + s), y - s)] * 2)
    told("joint rank sets", taken, wall, core)

    def reasons():
        below = np.empty((N, M), order="F")
        target = np.empty((N, M), order="F")
        for own in members:
            for j in range(M):
                column = x.iloc[own, j].to_numpy()
                target[own, j] = middle = np.median(column)
                posterior, _, _ = fit_prior(column, errors[own, j])
                below[own, j] = ndtr((middle - posterior.mean) / posterior.sd)
        weak = np.argpartition(-p, N // 10)[: N // 10]
        rows = x.iloc[weak]
        against = pd.DataFrame(target[weak], rows.index, rows.columns)
        return main_obstacles(obstacle_degree(rows, weights, reference=against)), below[weak]

    taken, wall, _ = seconds(reasons)
    both += [taken, wall]
    core = _core(lambda: [ndtr((x.iloc[:, j].to_numpy() - 70) / errors[:, j]) for j in range(M)])
    told("reasons of the lowest tenth", taken, wall, core)
    for prior, own in totals.items():
        taken, wall = own + both
        what = f"all, {prior} prior (8 s are promised)"
        print(f"{what:45} {taken:7.2f} s ({wall:.2f} s on the wall)")


def _ends(group):
    starts = np.searchsorted(group, np.arange(CLASSES))
    return starts, np.append(starts[1:], len(group))


def _core(call) -> float:
    return min(seconds(call)[0] for _ in range(2))


if __name__ == "__main__":
    main()
