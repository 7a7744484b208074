"""How fast control charts are for a panel, beside the limits alone in plain NumPy.

python benchmarks/control.py [organisations] [periods]
"""

import os
import sys
import time

import numpy as np
import pandas as pd

import servicepo as sp
from servicepo.methods.control import cusum, ewma, p_chart, xmr

ROWS, PERIODS = (int(a) for a in (sys.argv[1:] + ["100000", "24"][len(sys.argv) - 1 :])[:2])


def seconds(work, times=3):
    """Return the least time of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def limits_by_hand(x):
    """Mean, mean moving range and what lies outside: what any XmR chart must at least do."""
    centre = x.mean(axis=1, keepdims=True)
    half = 2.66 * np.abs(np.diff(x, axis=1)).mean(axis=1, keepdims=True)
    return (x > centre + half) | (x < centre - half)


def main():
    """Run and print."""
    draw = np.random.default_rng(0)
    print(f"{ROWS:,} organisations × {PERIODS} periods, {os.cpu_count()} cores")
    x = draw.normal(80, 5, (ROWS, PERIODS))
    frame = pd.DataFrame(x)
    holes = frame.where(draw.random(x.shape) > 0.1)
    totals = pd.DataFrame(draw.integers(50, 500, x.shape).astype(float))
    counts = (0.85 * totals).round()
    hand = seconds(lambda: limits_by_hand(x))
    print(f"NumPy by hand, one rule    {hand:8.2f} s")
    for name, work in (
        ("XmR, four rules", lambda: xmr(frame)),
        ("XmR, gaps", lambda: xmr(holes)),
        ("p′, four rules", lambda: p_chart(counts, totals)),
        ("EWMA", lambda: ewma(frame)),
        ("CUSUM", lambda: cusum(frame)),
    ):
        taken = seconds(work)
        print(f"{name:24}   {taken:8.2f} s  {taken / hand:6.1f} x by hand")
    months = pd.period_range("2023-01", periods=PERIODS, freq="M")
    orgs = [f"org{i:07d}" for i in range(ROWS)]
    rows = pd.MultiIndex.from_product([orgs, months], names=["org", "period"])
    column = pd.Series(x.ravel(), rows)
    print(f"watch, from column to alarms {seconds(lambda: sp.watch(column), 1):6.2f} s")


if __name__ == "__main__":
    main()
