"""How fast organisations and the severity of their raters are told apart.

The comparison is one solution of the same equations with the variances known: SciPy's sparse
tables, one Schur complement and one Cholesky factor. The estimate needs about fifteen of these, and
their derivatives. The share of the truly lowest tenth that is found before and after the
correction is printed too.

python benchmarks/raters.py [organisations] [ratings of each] [raters]
"""

import sys
import time

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from servicepo.methods.raters import rater_effects

UNITS, EACH, RATERS = (
    int(a) for a in (sys.argv[1:] + ["100000", "3", "400"][len(sys.argv) - 1 :])[:3]
)
QUALITY, LENIENCY, NOISE = 5.0, 2.5, 3.0


def known_variances(y: np.ndarray, unit: np.ndarray, rater: np.ndarray) -> np.ndarray:
    """Predict the organisations for the variances that are true."""
    y = y - y.mean()
    links = csr_array((np.ones(len(y)), (unit, rater)), shape=(UNITS, RATERS))
    weight = 1 / (np.bincount(unit) + (NOISE / QUALITY) ** 2)
    right, other = np.bincount(unit, y), np.bincount(rater, y)
    dense = np.diag(np.bincount(rater) + (NOISE / LENIENCY) ** 2)
    schur = dense - (links.T @ links.multiply(weight[:, None])).toarray()
    severity = cho_solve(cho_factor(schur), other - links.T @ (weight * right))
    return weight * (right - links @ severity)


def timed(call: object) -> tuple[float, object]:
    """Return the better of two times, and the answer."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        found = call()
        times.append(time.perf_counter() - start)
    return min(times), found


if __name__ == "__main__":
    draw = np.random.default_rng(0)
    truth = draw.normal(80, QUALITY, UNITS)
    unit = np.repeat(np.arange(UNITS), EACH)
    rater = draw.integers(0, RATERS, UNITS * EACH)
    y = truth[unit] + draw.normal(0, LENIENCY, RATERS)[rater] + draw.normal(0, NOISE, len(unit))

    core, effect = timed(lambda: known_variances(y, unit, rater))
    whole, made = timed(lambda: rater_effects(y, unit, rater))
    fixed, _ = timed(lambda: rater_effects(y, unit, rater, effects="fixed"))
    units = made.units.sort_index()
    print(f"{UNITS:,} organisations x {EACH} ratings, {RATERS} raters")
    print(f"one solution, variances known  {core:7.3f} s")
    print(f"random effects, REML           {whole:7.3f} s  x {whole / core:.1f}")
    print(f"fixed effects                  {fixed:7.3f} s  x {fixed / core:.1f}")
    print(f"correlation of the two answers {np.corrcoef(effect, units['score'])[0, 1]:.6f}")
    lowest = np.argsort(truth)[: UNITS // 10]
    for name in ("raw", "score"):
        found = np.argsort(units[name].to_numpy())[: UNITS // 10]
        print(f"lowest tenth found by {name:<6}   {np.isin(found, lowest).mean():.3f}")
