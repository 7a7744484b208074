"""How long `read` takes on a ledger of 100,000 rows, beside `pandas.read_csv` on the same file.

Run it as ``python benchmarks/read_ledger.py [rows]``. They are timed in turn and the best of each
is compared, so that what else the machine does weighs on all. `pandas.read_csv` guesses types and
turns the record number 001 into 1; with ``dtype=str`` it keeps the text, as `read` does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import servicepo as sp


def write_ledger(path: Path, rows: int, seed: int = 0) -> None:
    """Write a ledger of service events as a town's office would export it."""
    rng = np.random.default_rng(seed)

    def words(*choices: str) -> np.ndarray:
        return np.array(choices)[rng.integers(0, len(choices), rows)]

    accepted = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1400, rows), unit="D")
    due = accepted + pd.to_timedelta(rng.integers(3, 30, rows), unit="D")
    replied = pd.Series(accepted + pd.to_timedelta(rng.integers(0, 40, rows), unit="D"))
    pd.DataFrame(
        {
            "登记号": [f"SL{i:07d}" for i in range(rows)],
            "党组织": words(*(f"第{i}村党支部" for i in range(250))),
            "服务类别": words("服务改革", "服务发展", "服务民生", "服务群众", "服务党员"),
            "需求类型": words("上学", "看病", "就业", "养老", "住房"),
            "了解渠道": words("走访", "热线", "接访"),
            "责任层级": words("村级", "乡级", "县级"),
            "办理方式": words("直接办理", "承诺办理", "代办"),
            "受理日期": accepted.strftime("%Y-%m-%d"),
            "承办日期": accepted.strftime("%Y-%m-%d"),
            "回复日期": replied.dt.strftime("%Y-%m-%d").where(rng.random(rows) > 0.1),
            "承诺日期": due.strftime("%Y-%m-%d"),
            "处置走向": words("解决", "传递", "动员"),
            "满意度": words("满意", "基本满意", "不满意"),
            "办理次数": rng.integers(1, 4, rows),
        }
    ).to_csv(path, index=False)


def best_of(times: int, *functions: Callable[[], object]) -> list[float]:
    """Time functions in turn; return the best wall seconds of each."""
    seconds: list[list[float]] = [[] for _ in functions]
    for _ in range(times):
        for taken, function in zip(seconds, functions, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in seconds]


def main() -> None:
    """Print both times and their ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "服务台账.csv"
        write_ledger(path, rows)
        data = sp.read(path)
        assert len(data.services) == rows
        ours, guessed, kept = best_of(
            9,
            lambda: sp.read(path),
            lambda: pd.read_csv(path),
            lambda: pd.read_csv(path, dtype=str),
        )
    print(
        f"{rows} rows: read {ours:.3f} s; pandas.read_csv {guessed:.3f} s, {ours / guessed:.1f} "
        f"times; with dtype=str, which keeps 001 as it is, {kept:.3f} s, {ours / kept:.1f} times"
    )


if __name__ == "__main__":
    main()
