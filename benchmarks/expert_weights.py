"""How fast a group of experts is weighed: AHP, as a multiple of one ``numpy.linalg.eig`` call.

python benchmarks/expert_weights.py [experts] [size]
"""

import sys
import time

import numpy as np

from servicepo.methods.expert_weights import group_ahp

EXPERTS, SIZE = (int(a) for a in (sys.argv[1:] + ["200", "9"][len(sys.argv) - 1 :])[:2])


def judgements(experts: int, size: int) -> np.ndarray:
    """Draw judgement matrices around each expert's own weights."""
    rng = np.random.default_rng(0)
    w = rng.dirichlet(np.full(size, 3.0), experts)
    noise = np.exp(rng.normal(0, 0.2, (experts, size, size)))
    upper = np.triu(w[:, :, None] / w[:, None, :] * noise, 1)
    lower = np.divide(1, upper, out=np.zeros_like(upper), where=upper > 0).transpose(0, 2, 1)
    return upper + lower + np.eye(size)


def seconds(work, times: int = 200) -> float:
    """Return the median time of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


if __name__ == "__main__":
    stack = judgements(EXPERTS, SIZE)
    one = seconds(lambda: np.linalg.eig(stack[0]))
    print(f"{EXPERTS} experts, n = {SIZE}; one numpy.linalg.eig call: {one * 1e6:.0f} µs")
    for by in ("judgements", "priorities"):
        ours = seconds(lambda by=by: group_ahp(stack, by=by, inconsistent="allow"))
        print(f"group_ahp by {by}: {ours * 1e6:.0f} µs = {ours / one:.1f} × that call")
