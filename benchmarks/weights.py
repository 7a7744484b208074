"""How fast objective weights and benefit of the doubt are, beside NumPy by hand and the peers.

Prints wall seconds (best of three; peers once), each as a ratio to the hand-vectorised NumPy
version in the same run.

    python benchmarks/weights.py [organisations] [indicators] [peers]

The peers (pymcdm, scikit-criteria, pyrepo-mcda) are timed once where they are installed; on more
than 200,000 rows only where the word "peers" asks for them.
"""

import os
import sys
import time
from importlib import import_module

import numpy as np

from servicepo.methods.benefit_of_the_doubt import benefit_of_the_doubt
from servicepo.methods.objective_weights import critic, entropy

SIZES = [int(word) for word in sys.argv[1:] if word != "peers"]
ROWS, COLUMNS = (*SIZES, *(100_000, 40)[len(SIZES) :])
MANY = 200_000  # rows from which the peers, on whole arrays, take minutes and several GiB
WITH_PEERS = ROWS <= MANY or "peers" in sys.argv
BLOCK = 8192


def entropy_by_hand(x: np.ndarray) -> np.ndarray:
    """Entropy weights in blocks of rows, in the form that keeps its digits."""
    mean = x.mean(axis=0)
    divergence = np.zeros(x.shape[1])
    for start in range(0, len(x), BLOCK):
        r = x[start : start + BLOCK] - mean
        r /= mean
        log = np.log1p(r)
        log *= 1 + r
        log -= r
        divergence += log.sum(axis=0)
    return divergence / divergence.sum()


def critic_by_hand(x: np.ndarray) -> np.ndarray:
    """CRITIC weights with one centred Gram matrix, in blocks of rows."""
    mean = x.mean(axis=0)
    gram = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), BLOCK):
        centred = x[start : start + BLOCK] - mean
        gram += centred.T @ centred
    sd = np.sqrt(np.diag(gram))
    raw = sd * (1 - gram / np.outer(sd, sd)).sum(axis=1)
    return raw / raw.sum()


def seconds(call, times: int = 3) -> float:
    """Return the best of some wall times."""
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def peers(method: str, x: np.ndarray) -> dict:
    """Return the peers' functions for a method, where they are installed."""
    ways = np.ones(x.shape[1])
    found = {}
    for name, module, calls in (
        (
            "pymcdm",
            "pymcdm.weights",
            {
                "entropy": lambda m: m.entropy_weights(x),
                "critic": lambda m: m.critic_weights(x),
            },
        ),
        (
            "scikit-criteria",
            "skcriteria.preprocessing.weighters",
            {
                "entropy": lambda m: m.entropy_weights(x),
                "critic": lambda m: m.critic_weights(x, ways, correlation="pearson", scale=False),
            },
        ),
        (
            "pyrepo-mcda",
            "pyrepo_mcda.weighting_methods",
            {
                "entropy": lambda m: m.entropy_weighting(x),
                "critic": lambda m: m.critic_weighting(x),
            },
        ),
    ):
        try:
            loaded = import_module(module)
        except ImportError:
            continue
        found[name] = lambda call=calls[method], loaded=loaded: call(loaded)
    return found


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(0)
    print(f"{ROWS:,} organisations x {COLUMNS} indicators, {os.cpu_count()} cores")
    if not WITH_PEERS:
        print(
            f"peers left out: minutes and several GiB each above {MANY:,} rows; add the word peers"
        )
    base = rng.uniform(0.1, 1, (ROWS, COLUMNS))
    for order in ("C", "F"):
        x = np.asarray(base, order=order)
        for method, ours, by_hand in (
            ("entropy", entropy, entropy_by_hand),
            ("critic", critic, critic_by_hand),
        ):
            np.testing.assert_allclose(ours(x), by_hand(x), rtol=1e-9)
            reference = seconds(lambda by_hand=by_hand, x=x: by_hand(x))
            rows = {"servicepo": seconds(lambda ours=ours, x=x: ours(x))}
            if WITH_PEERS:
                rows |= {name: seconds(call, 1) for name, call in peers(method, x).items()}
            print(f"{method:8} {order}  numpy by hand    {reference:8.3f} s")
            for name, taken in rows.items():
                print(f"            {name:16} {taken:8.3f} s  {taken / reference:7.2f} x")
    n = min(ROWS, 10_000)
    small = rng.random((n, 10))
    taken = seconds(lambda: benefit_of_the_doubt(small), 1)
    print(f"benefit of the doubt, {n:,} x 10, shares +-20 %: {taken:.2f} s, {n / taken:,.0f} per s")


if __name__ == "__main__":
    main()
