"""Counties made to try the detector on: true and noisy scores, and what is known of the noise."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from ..errors import MethodError

Floats = npt.NDArray[np.float64]

SPREAD: Final = 4.0  # points between organisations
ANSWER: Final = 30.0  # points between the answers of respondents
FEWEST: Final = 4  # respondents
MOST: Final = 1000
TEAMS: Final = 20

WORLDS: Final = MappingProxyType(
    {
        "normal": "true scores are normal",
        "heavy": "true scores have heavy tails (t with 3 degrees of freedom)",
        "weak_tenth": "a tenth is weak, 10 points below the others",
        "weak_graded": "a tenth is weak, 4 to 16 points below the others",
        "lenient": "true scores are normal; teams are lenient by N(0, 1.5²) beside the sampling",
        "even": "true scores are normal; all surveys have 63 respondents",
        "none": "all are equally good; only noise differs",
    }
)
LENIENCY: Final = 1.5  # points between teams


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """One county of a world.

    Attributes
    ----------
    truth : ndarray of float, n
        True scores.
    scores : ndarray of float, n
        What was measured.
    errors : ndarray of float, n
        Sampling standard errors, as a tally would know them.
    noise : float
        Standard deviation of the noise that the errors do not know of.
    """

    truth: Floats
    scores: Floats
    errors: Floats
    noise: float

    def lowest(self, share: float = 0.1) -> npt.NDArray[np.bool_]:
        """Tell who is truly among the lowest."""
        cut = round(share * len(self.truth))
        found: npt.NDArray[np.bool_] = self.truth.argsort().argsort() < cut
        return found


def trial(world: str, organisations: int, *, seed: int | np.random.Generator | None = 0) -> Trial:
    """Make one county of a world.

    Parameters
    ----------
    world : str
        A word of `WORLDS`.
    organisations : int
        How many, 10 or more.
    seed : int, Generator or None

    Returns
    -------
    Trial

    Raises
    ------
    MethodError
        For another word or fewer than 10 organisations.

    Notes
    -----
    Respondents are 4 to 1,000 per organisation (log-uniform), an answer has a standard deviation of
    30 points, so that the sampling error is 15 to 0.9 points against 4 points between organisations
    (2 beside a weak tenth). Each organisation of the world "lenient" draws one of 20 teams.

    Examples
    --------
    >>> made = trial("weak_tenth", 200, seed=1)
    >>> int(made.lowest().sum()), round(float(made.truth[made.lowest()].mean()))
    (20, 71)
    """
    if world not in WORLDS:
        raise MethodError(
            f"world must be one of {', '.join(WORLDS)}, got {world!r}. Give one of these words."
        )
    if organisations < 10:
        raise MethodError(
            f"organisations must be at least 10, got {organisations!r}. Ask for more."
        )
    rng, n = np.random.default_rng(seed), organisations
    answers = np.exp(rng.uniform(np.log(FEWEST), np.log(MOST), n)).round()
    if world == "even":
        answers[:] = round(np.sqrt(FEWEST * MOST))
    errors = ANSWER / np.sqrt(answers)
    shape = rng.standard_t(3, n) / np.sqrt(3) if world == "heavy" else rng.normal(0.0, 1.0, n)
    grouped = world in ("weak_tenth", "weak_graded")
    truth = 80.0 + shape * (0.0 if world == "none" else 2.0 if grouped else SPREAD)
    if grouped:
        weak = rng.permutation(n)[: round(n / 10)]
        truth[weak] -= 10.0 if world == "weak_tenth" else rng.uniform(4.0, 16.0, len(weak))
    noise = LENIENCY if world == "lenient" else 0.0
    lenient = rng.normal(0.0, noise, TEAMS)[rng.integers(TEAMS, size=n)]
    return Trial(truth, truth + errors * rng.normal(size=n) + lenient, errors, noise)
