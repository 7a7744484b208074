"""How fast Mann–Kendall and Sen are for a panel, beside pymannkendall series by series.

python benchmarks/trend.py [organisations] [periods]
"""

import os
import sys
import time

import numpy as np
import pandas as pd
import pymannkendall

from servicepo.methods.change_points import pettitt
from servicepo.methods.trend import mann_kendall, sen_interval, sen_slope

ROWS, PERIODS = (int(a) for a in (sys.argv[1:] + ["200000", "10"][len(sys.argv) - 1 :])[:2])
SINGLE = 300  # series that the peer is timed on


def seconds(work, times=3):
    """Return the least time of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def by_hand(x):
    """S and Sen's slope without ties, gaps or p-values: what any version must at least do."""
    s = np.zeros(len(x))
    slopes = []
    for i in range(x.shape[1]):
        for j in range(i + 1, x.shape[1]):
            step = x[:, j] - x[:, i]
            s += np.sign(step)
            slopes.append(step / (j - i))
    return s, np.median(np.array(slopes), axis=0)


def main():
    """Run and print."""
    draw = np.random.default_rng(0)
    print(f"{ROWS:,} organisations × {PERIODS} periods, {os.cpu_count()} cores")
    panels = {"no ties": draw.normal(size=(ROWS, PERIODS))}
    panels["ties"] = panels["no ties"].round(0)
    panels["gaps"] = np.where(draw.random((ROWS, PERIODS)) < 0.1, np.nan, panels["no ties"])
    hand = seconds(lambda: by_hand(panels["no ties"]))
    print(f"NumPy by hand, without p-values      {hand:8.2f} s")
    for name, table in panels.items():
        frame = pd.DataFrame(table)
        both = seconds(lambda frame=frame: (mann_kendall(frame), sen_slope(frame)))
        print(f"Mann–Kendall + Sen, {name:10}       {both:8.2f} s  {both / hand:6.2f} x by hand")
        if name == "no ties":
            some = frame.iloc[:SINGLE].to_numpy()
            peer = seconds(lambda some=some: [pymannkendall.original_test(row) for row in some], 1)
            ratio = peer / SINGLE / (both / ROWS)
            print(f"pymannkendall, {SINGLE} series      {peer:12.2f} s  {ratio:6.0f} x slower each")
    frame = pd.DataFrame(panels["no ties"])
    print(f"intervals of slopes                  {seconds(lambda: sen_interval(frame), 1):8.2f} s")
    if PERIODS >= 12:
        print(f"Pettitt                              {seconds(lambda: pettitt(frame), 1):8.2f} s")


if __name__ == "__main__":
    main()
