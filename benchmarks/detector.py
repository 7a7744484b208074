"""How good the list of weak branches is, in made counties whose truth is known.

    python benchmarks/detector.py [organisations] [counties per world]

Prints, world by world: precision of the lowest tenth by the raw score, by the z-score, by the
shrunken score and by P(weak); how often 90 % rank intervals hold; the calibration error of P(weak);
how many the rule "at most 20 % wrong names" names, how many of these are wrong, and in how many
counties it names nobody.
"""

import sys

import numpy as np
import pandas as pd

from servicepo.chances import chances
from servicepo.methods.detection import average_precision, brier, calibration_error, precision_at
from servicepo.methods.selection import select
from servicepo.methods.shrinkage import shrink
from servicepo.synthetic.worlds import WORLDS, trial

N = int(sys.argv[1]) if len(sys.argv) > 1 else 300
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
DRAWS = 400


def run(world: str, prior: str) -> dict[str, float]:
    """Try the detector on the counties of one world."""
    lowest = round(N / 10)
    classes = pd.DataFrame({"n": [N], "named": [lowest], "note": [""]}, index=["all"])
    rows, truths, saids, wrong, named = [], [], [], 0, []
    for seed in range(RUNS):
        made = trial(world, N, seed=seed)
        errors = np.hypot(made.errors, made.noise)
        table = pd.DataFrame({"group": "all", "score": made.scores})
        random = np.random.default_rng(seed)
        told, _ = chances(table, classes, errors, prior=prior, draws=DRAWS, random=random)
        low, p = made.lowest(), told["p_weak"].to_numpy()
        rank = (-made.truth).argsort().argsort() + 1
        shrunken = np.asarray(shrink(made.scores, errors).mean)
        z = (made.scores - made.scores.mean()) / errors
        by = (-made.scores, -z, -shrunken, p)
        chosen = select(p, fdr=0.2).chosen
        wrong, named = wrong + (chosen & ~low).sum(), [*named, chosen.sum()]
        truths.append(low)
        saids.append(p)
        rows.append(
            [
                *(precision_at(low, score, lowest) for score in by),
                average_precision(low, p),
                ((told["rank_low"] <= rank) & (rank <= told["rank_high"])).mean(),
            ]
        )
    truth, said = np.concatenate(truths), np.concatenate(saids)
    mean = np.mean(rows, axis=0)
    names = ["raw", "z", "shrunken", "P(weak)", "AP", "covered"]
    return {
        **dict(zip(names, mean, strict=True)),
        "gain": mean[3] - mean[0],
        "ECE": calibration_error(truth, said),
        "Brier": brier(truth, said),
        "named": float(np.mean(named)),
        "wrong": wrong / max(1, sum(named)),
        "nobody": float(np.mean(np.array(named) == 0)),
    }


def main() -> None:
    """Run and print."""
    print(f"{N} organisations, {RUNS} counties per world, lowest tenth, {DRAWS} draws")
    for prior in ("npmle", "normal"):
        found = pd.DataFrame({world: run(world, prior) for world in WORLDS}).T
        print(f"\nprior {prior}\n{found.round(3).to_string()}")


if __name__ == "__main__":
    main()
