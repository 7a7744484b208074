"""How fast TOPSIS, VIKOR and PROMETHEE II are, as a multiple of hand-vectorised NumPy.

The hand version is the faster of two: column by column, or in blocks of rows. The peers (pymcdm,
scikit-criteria, pyrepo-mcda) are timed once where they are installed, on more than 200,000 rows
only where the word "peers" asks for them; pymcdm also without its checks of the input.

    python benchmarks/ranking.py [organisations] [indicators] [peers]
"""

import os
import sys
import time
from contextlib import suppress
from importlib import import_module

import numpy as np
import pandas as pd

from servicepo.methods.promethee import promethee
from servicepo.methods.ranking import topsis, vikor

SIZES = [int(word) for word in sys.argv[1:] if word != "peers"]
ROWS, COLUMNS = (*SIZES, *(100_000, 40)[len(SIZES) :])
MANY = 200_000  # rows from which the peers, on whole arrays, take minutes and several GiB
WITH_PEERS = ROWS <= MANY or "peers" in sys.argv

BLOCK = 4096


def topsis_by_columns(x: np.ndarray, w: np.ndarray) -> np.ndarray:
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


def topsis_by_blocks(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """TOPSIS in blocks of rows."""
    low, high = x.min(axis=0), x.max(axis=0)
    scale = w / np.sqrt(np.einsum("ij,ij->j", x, x))
    plus, minus = np.empty(len(x)), np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        for total, end in ((plus, high), (minus, low)):
            apart = (x[rows] - end) * scale
            total[rows] = np.sqrt(np.einsum("ij,ij->i", apart, apart))
    return minus / (minus + plus)


def vikor_by_columns(x: np.ndarray, w: np.ndarray) -> np.ndarray:
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


def vikor_by_blocks(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """VIKOR in blocks of rows."""
    low, high = x.min(axis=0), x.max(axis=0)
    s, r = np.empty(len(x)), np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        apart = (high - x[rows]) * (w / (high - low))
        s[rows], r[rows] = apart.sum(axis=1), apart.max(axis=1)
    return 0.5 * (s - s.min()) / np.ptp(s) + 0.5 * (r - r.min()) / np.ptp(r)


def promethee_by_columns(x: np.ndarray, w: np.ndarray) -> np.ndarray:
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


def peers(method: str, x: np.ndarray, w: np.ndarray) -> dict:
    """Return the peers' calls for a method, where they are installed."""
    ways = np.ones(x.shape[1])
    calls = {}
    with suppress(ImportError):
        ours = import_module("pymcdm.methods")
        vector = import_module("pymcdm.normalizations").vector_normalization
        body = {"TOPSIS": lambda: ours.TOPSIS(vector), "VIKOR": ours.VIKOR}[method]()
        calls["pymcdm"] = lambda: body(x, w, ways)
        calls["pymcdm, unchecked"] = lambda: body(x, w, ways, validation=False)
    with suppress(ImportError):
        ours = import_module("pyrepo_mcda.mcda_methods")
        vector = import_module("pyrepo_mcda.normalizations").vector_normalization
        other = {"TOPSIS": lambda: ours.TOPSIS(vector), "VIKOR": ours.VIKOR}[method]()
        calls["pyrepo-mcda"] = lambda: other(x, w, ways)
    with suppress(ImportError):
        problem = import_module("skcriteria").mkdm(x, [max] * x.shape[1], weights=w)
        own = getattr(import_module(f"skcriteria.agg.{method.lower()}"), method)()
        calls["scikit-criteria"] = lambda: own.evaluate(problem)
    return calls


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(42)
    base = rng.uniform(0.1, 1, (ROWS, COLUMNS))
    weights = np.full(COLUMNS, 1 / COLUMNS)
    print(f"{ROWS:,} organisations × {COLUMNS} indicators, {os.cpu_count()} cores")
    if not WITH_PEERS:
        print(
            f"peers left out: minutes and several GiB each above {MANY:,} rows; add the word peers"
        )
    for order in ("F", "C"):
        table = np.asarray(base, order=order)
        frame = pd.DataFrame(table, columns=[f"i{c}" for c in range(COLUMNS)], copy=False)
        for name, ours, hands in (
            (
                "TOPSIS",
                lambda frame=frame: topsis(frame, weights).closeness,
                (topsis_by_columns, topsis_by_blocks),
            ),
            (
                "VIKOR",
                lambda frame=frame: vikor(frame, weights).q,
                (vikor_by_columns, vikor_by_blocks),
            ),
            (
                "PROMETHEE II",
                lambda frame=frame: promethee(frame, weights).net,
                (promethee_by_columns,),
            ),
        ):
            for hand in hands:
                np.testing.assert_allclose(ours(), hand(table, weights), atol=1e-9)
            works = [lambda hand=hand, table=table: hand(table, weights) for hand in hands]
            own, *by_hand = seconds(ours, *works, times=1 if len(hands) == 1 else 5)
            reference = min(by_hand)
            print(f"{name:13}{order}  numpy by hand      {reference:8.3f} s")
            rows = {"servicepo": own}
            if name != "PROMETHEE II" and WITH_PEERS:
                for peer, call in peers(name, table, weights).items():
                    rows[peer] = seconds(call, times=1)[0]
            for peer, taken in rows.items():
                print(f"                {peer:19}{taken:8.3f} s  {taken / reference:7.2f} x")


if __name__ == "__main__":
    main()
