"""How fast `build_index` is: two levels, min-max, entropy weights, arithmetic mean.

Prints the best time of three as a ratio to a hand-vectorised, column-by-column NumPy version in the
same run, the very first call (which also looks whether the rows' labels repeat), and the memory:
what the call needed beyond what was there before it, added to the size of the input. Where numba is
installed the same again with compiled loops, and how long compiling (or loading) took.

    python benchmarks/index.py [organisations] [indicators]
"""

import os
import resource
import sys
import tempfile
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

import servicepo as sp
from servicepo.methods import compiled

NEVER = 1 << 62  # numbers in a table from which loops are compiled

ROWS, COLUMNS = (int(a) for a in (sys.argv[1:] + ["1000000", "40"][len(sys.argv) - 1 :])[:2])


def framework(columns: int, dimensions: int = 5) -> sp.Framework:
    """Declare a framework of that many given indicators."""
    text = 'id = "b"\nversion = "1"\nname = { zh = "b", en = "b" }\ncitation = "-"\n'
    for d, part in enumerate(np.array_split(np.arange(columns), dimensions)):
        text += f'[[dimensions]]\ncode = "d{d}"\nname = {{ zh = "d", en = "d" }}\ncitation = "-"\n'
        for c in part:
            text += (
                f'[[dimensions.indicators]]\ncode = "i{c}"\nname = {{ zh = "i", en = "i" }}\n'
                'unit = "points"\nsource = { kind = "given" }\n'
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.toml"
        path.write_text(text, encoding="utf-8")
        return sp.load_framework(path)


def by_hand(x: np.ndarray) -> np.ndarray:
    """Do the same with NumPy, column by column, keeping no second matrix."""
    n, m = x.shape
    divergence = np.empty(m)
    scratch, ratio = np.empty(n), np.empty(n)
    bounds = []
    for j in range(m):
        low, high = x[:, j].min(), x[:, j].max()
        bounds.append((low, high - low))
        np.subtract(x[:, j], low, out=scratch)
        scratch /= high - low
        np.divide(scratch, scratch.mean(), out=ratio)
        ratio -= 1
        np.maximum(ratio, np.nextafter(-1.0, 0.0), out=scratch)
        np.log1p(scratch, out=scratch)
        scratch *= ratio + 1
        scratch -= ratio
        divergence[j] = scratch.mean() / np.log(n)
    weights = divergence / divergence.sum()
    total = np.zeros(n)
    for j, (low, width) in enumerate(bounds):
        np.subtract(x[:, j], low, out=scratch)
        scratch *= weights[j] / width * 100
        total += scratch
    return total


def resident() -> float:
    """Return the memory the process holds now, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def forget_peak() -> None:
    """Let the peak of the process start again from here (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Return the peak memory of the process since then, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def seconds(call) -> float:
    """Return the wall time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    table = np.empty((ROWS, COLUMNS), order="F")
    for column in range(COLUMNS):
        table[:, column] = rng.uniform(0.1, 1, ROWS)
    periods = pd.PeriodIndex.from_ordinals(np.full(ROWS, 54), freq="Y")
    rows = pd.MultiIndex.from_arrays([np.arange(ROWS), periods], names=["org", "period"])
    values = pd.DataFrame(table, index=rows, columns=[f"i{c}" for c in range(COLUMNS)], copy=False)
    declared = framework(COLUMNS)
    build = partial(sp.build_index, values, declared, weights="entropy")
    compiled.LEAST, least = NEVER, compiled.LEAST
    sp.build_index(values.iloc[:1000], declared, weights="entropy")  # imports what it needs
    before = resident()
    forget_peak()
    first = seconds(build)
    extra = peak() - before
    ours, fast, hand = [], [], []
    loading = seconds(compiled.kernels) if find_spec("numba") else None
    for _ in range(5):
        compiled.LEAST = NEVER
        ours.append(seconds(build))
        hand.append(seconds(lambda: by_hand(table)))
        if loading is not None:
            compiled.LEAST = least
            fast.append(seconds(build))
    np.testing.assert_allclose(build().overall, by_hand(table), rtol=1e-12)
    size = table.nbytes
    print(f"{ROWS:,} organisations x {COLUMNS} indicators, {os.cpu_count()} cores")
    print(f"build_index {min(ours):.2f} s (first call {first:.2f} s), NumPy {min(hand):.2f} s")
    print(f"ratio {min(ours) / min(hand):.2f} x NumPy")
    if loading is not None:
        print(f"compiled {min(fast):.2f} s (compiling or loading {loading:.2f} s)")
        print(f"ratio {min(fast) / min(hand):.2f} x NumPy")
    print(f"memory {1 + extra / size:.2f} x input ({extra / 2**30:.2f} GiB beside the input)")
    print(f"process at its peak {peak() / 2**30:.2f} GiB")
