"""How long a newcomer waits: importing servicepo, and the report of the sample county.

Prints the import as a ratio to ``import pandas`` (promised: at most 1.5) and the whole command
``servicepo report data/sample`` in seconds, start-up included (promised: at most 15).

    python benchmarks/startup.py
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def seconds(*command: str, runs: int = 1) -> float:
    """Return the shortest time a command took."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, cwd=ROOT, capture_output=True)
        taken.append(time.perf_counter() - start)
    return min(taken)


if __name__ == "__main__":
    nothing = seconds("-c", "pass", runs=5)
    pandas = seconds("-c", "import pandas", runs=5) - nothing
    ours = seconds("-c", "import servicepo", runs=5) - nothing
    every = seconds("-c", "import servicepo as sp; [getattr(sp, n) for n in sp.__all__]", runs=3)
    print(
        f"import servicepo: {ours:.3f} s; import pandas: {pandas:.3f} s; ratio {ours / pandas:.2f}"
    )
    print(f"every public name: {every - nothing:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out")
        report = seconds("-m", "servicepo", "report", "data/sample", "--out", out)
    print(f"servicepo report data/sample: {report:.1f} s")
