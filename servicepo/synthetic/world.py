"""What is true of a county that never was: its organisations and their planted qualities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..framework import load_framework
from ..tables import DOMAIN_OF_SECTOR
from . import names
from .names import pick

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

LAST_YEAR: Final = 2024


class Plan(NamedTuple):
    """What is planted for one sector."""

    share: float  # of all organisations
    mean: float  # true score, 0..100
    spread: float  # standard deviation between organisations, as a multiple of the common one


PLANS: Final = {
    "village": Plan(0.46, 79.0, 1.0),
    "community": Plan(0.12, 80.5, 0.9),
    "state_enterprise": Plan(0.05, 82.0, 0.8),
    "private_enterprise": Plan(0.12, 77.5, 1.3),
    "government_organ": Plan(0.10, 83.0, 0.7),
    "public_institution": Plan(0.06, 81.0, 0.8),
    "school": Plan(0.06, 81.5, 0.8),
    "social_organisation": Plan(0.03, 78.0, 1.2),
}
PLANTED: Final = tuple(PLANS)

# Shares of organisations that are weak throughout, that turn around, that decline: with the year of
# the turn spread evenly, about 8 % are weak in any one year.
WEAK_SHARES: Final = {"weak": 0.05, "turned": 0.03, "declined": 0.03}
COURSES: Final = ("steady", *WEAK_SHARES)

_SUPERVISORS: Final = (
    *("", "", "县国有资产监督管理机构党委", "县委非公有制企业和社会组织工作委员会"),
    *("县直机关工作委员会", "县直机关工作委员会", "县教育系统党委"),
    "县委非公有制企业和社会组织工作委员会",
)
_LEVELS: Final = ("branch", "general_branch", "committee")
_LEVEL_NAMES: Final = ("党支部", "党总支", "党委")
_ROLES: Final = ("leadership_core", "political_core")
_TAGS: Final = ("old_revolutionary", "poor")


@dataclass(frozen=True, eq=False, slots=True)
class World:
    """What is true of a county: rows are organisations, then years, then dimensions.

    Attributes
    ----------
    organisations : DataFrame
        The table of organisations.
    years : array of int, shape (years,)
    sector, township : array of int, shape (n,)
        Positions in ``PLANTED`` and in the list of townships.
    dimensions : tuple of str
        Codes of the dimensions of ``six_haves``.
    quality : array, shape (n, years, dimensions)
        True score of each dimension, about 60..95.
    weak : array of bool, shape (n, years)
    causes : array of bool, shape (n, dimensions)
        The dimensions that make an organisation weak while it is weak.
    course : array of int, shape (n,)
        Position in ``COURSES``.
    trend : array, shape (n,)
        Points per year, beside drift and turns.
    team : array of int, shape (n, years)
        Which superior team scored it.
    leniency : array, shape (teams,)
        Points that a team gives too much.
    """

    organisations: pd.DataFrame
    years: Integers
    sector: Integers
    township: Integers
    dimensions: tuple[str, ...]
    quality: Floats
    weak: Booleans
    causes: Booleans
    course: Integers
    trend: Floats
    team: Integers
    leniency: Floats


def make_world(
    count: int, years: int, place: np.random.Generator, rng: np.random.Generator
) -> World:
    """Plant a county: who there is (drawn by ``place``) and how good they truly are (``rng``)."""
    sector = np.repeat(np.arange(len(PLANTED)), _sector_counts(count))
    township, organisations = _organisations(sector, place)
    dimensions = tuple(d.code for d in load_framework("six_haves").dimensions)
    plans = np.array([(p.mean, p.spread) for p in PLANS.values()])
    mean, spread = plans[sector].T

    course, weak = _weakness(sector, years, rng)
    # One to three causes: the dimensions with the smallest of six random numbers.
    number = rng.choice([1, 2, 3], p=[0.30, 0.45, 0.25], size=count)
    order = rng.random((count, len(dimensions))).argsort(axis=1).argsort(axis=1)
    causes = (order < number[:, None]) & (course > 0)[:, None]

    general = rng.normal(0.0, 4.0, (count, 1)) + rng.normal(0.0, 2.5, (count, len(dimensions)))
    trend = rng.normal(0.0, 0.6, count)
    clock = np.arange(years) - (years - 1) / 2
    drift = np.zeros((count, years))
    for t in range(years):
        drift[:, t] = 0.6 * drift[:, t - 1] * (t > 0) + rng.normal(0.0, 1.0, count)
    quality = (mean[:, None] + trend[:, None] * clock + drift)[:, :, None]
    quality = quality + (spread[:, None] * general)[:, None, :]
    quality -= weak[:, :, None] * (5.0 + 14.0 * causes[:, None, :])

    towns = int(township.max()) + 1
    teams = max(2, -(-towns // 2))
    team = (township[:, None] + np.arange(years)) % teams
    return World(
        organisations=organisations,
        years=np.arange(LAST_YEAR - years + 1, LAST_YEAR + 1),
        sector=sector,
        township=township,
        dimensions=dimensions,
        quality=quality,
        weak=weak,
        causes=causes,
        course=course,
        trend=trend,
        team=team,
        leniency=rng.normal(0.0, 2.5, teams),
    )


def _sector_counts(count: int) -> Integers:
    """Share organisations out over the sectors: one each, the rest by largest remainder."""
    shares = np.array([plan.share for plan in PLANS.values()]) * (count - len(PLANS))
    counts: Integers = 1 + np.floor(shares).astype(np.int64)
    counts[np.argsort(counts - shares, kind="stable")[: count - counts.sum()]] += 1
    return counts


def _weakness(sector: Integers, years: int, rng: np.random.Generator) -> tuple[Integers, Booleans]:
    """Plant weak organisations evenly over the sectors; return the course and weak by year."""
    count = len(sector)
    queue = np.lexsort((rng.random(count), sector))
    share = sum(WEAK_SHARES.values())
    steps = np.floor((np.arange(count + 1) * share) + rng.random())
    chosen = queue[np.diff(steps) > 0]
    ruler = np.cumsum(list(WEAK_SHARES.values()))[:-1]
    course = np.zeros(count, np.int64)
    course[chosen] = 1 + np.searchsorted(
        ruler / share, (rng.permutation(len(chosen)) + 0.5) / len(chosen)
    )
    turn = rng.integers(1, max(years, 2), size=count)[:, None]
    year = np.arange(years)
    weak = (
        (course == 1)[:, None]
        | ((course == 2)[:, None] & (year < turn))
        | ((course == 3)[:, None] & (year >= turn))
    )
    return course, weak


def truth_of(world: World) -> pd.DataFrame:
    """Return what is true as the frame that `synthesise` hands back."""
    count, years, _ = world.quality.shape
    # Codes of the causes by bit pattern, so that no row is visited one by one.
    bits = np.arange(len(world.dimensions))
    patterns = tuple(
        ";".join(code for b, code in enumerate(world.dimensions) if pattern >> b & 1)
        for pattern in range(2 ** len(world.dimensions))
    )
    pattern = (world.causes * 2**bits).sum(axis=1)[:, None] * world.weak
    org = np.repeat(np.arange(count), years)
    columns = {"quality": world.quality.mean(axis=2).ravel()}
    columns |= {code: world.quality[:, :, d].ravel() for d, code in enumerate(world.dimensions)}
    frame = pd.DataFrame(columns)
    frame["weak"] = world.weak.ravel()
    frame["causes"] = pick(patterns, pattern.ravel())
    frame["course"] = pick(COURSES, world.course[org])
    frame["trend"] = world.trend[org]
    frame["rater"] = team_names(world.team.ravel())
    frame["leniency"] = world.leniency[world.team].ravel()
    period = pd.PeriodIndex(np.tile(world.years, count).astype(str), freq="Y-DEC")
    frame.index = pd.MultiIndex.from_arrays(
        [world.organisations.index.take(org), period], names=["org", "period"]
    )
    return frame.sort_index()


def team_names(team: Integers) -> pd.Series:
    """Return the names of superior teams by number."""
    return pick(tuple(f"第{k + 1}考评组" for k in range(int(team.max()) + 1)), team)


# -- organisations ---------------------------------------------------------------------------------


def _organisations(sector: Integers, rng: np.random.Generator) -> tuple[Integers, pd.DataFrame]:
    count = len(sector)
    towns = max(1, round(count / 21))
    # Larger and smaller townships: every sector is laid along the same uneven ruler.
    ruler = np.cumsum(rng.uniform(0.7, 1.3, towns))
    town_names = names.township_names(towns, rng)
    township = np.empty(count, np.int64)
    body: list[pd.Series] = []
    for s, code in enumerate(PLANTED):
        mine = np.flatnonzero(sector == s)
        place = (np.arange(len(mine)) + rng.random()) / len(mine)
        here = np.searchsorted(ruler / ruler[-1], place, side="right").clip(max=towns - 1)
        number = np.arange(len(mine)) - np.searchsorted(here, here)
        township[mine] = here
        body.append(names.body_names(code, here, number, rng))

    rural = np.isin(sector, [0, 1])
    members = rng.lognormal(np.log(32), 0.5, count).clip(10, 300).round()
    members[rural] = (members[rural] * 1.3).round()
    households = np.where(sector == 0, rng.lognormal(np.log(520), 0.4, count), np.nan)
    households = np.where(sector == 1, rng.lognormal(np.log(1500), 0.4, count), households)
    households = households.clip(120, 6000).round()
    staff = np.where(rural, rng.integers(5, 13, count), rng.lognormal(np.log(70), 0.7, count))
    level = np.searchsorted([50, 100], members, side="left")

    town = town_names.take(township).reset_index(drop=True)
    name = town + pd.concat(body, ignore_index=True)
    frame = pd.DataFrame({"name": name + pick(_LEVEL_NAMES, level)})
    frame["domain"] = pick(tuple(DOMAIN_OF_SECTOR[s] for s in PLANTED), sector)
    frame["sector"] = pick(PLANTED, sector)
    for column, text in zip(("province", "city", "county"), names.REGION, strict=True):
        frame[column] = pick((text,), np.zeros(count, np.int64))
    frame["township"] = town
    frame["group"] = pick(("",), np.full(count, -1))
    frame["supervisor"] = (town + "党委").where(rural, pick(_SUPERVISORS, sector))
    frame["level"] = pick(_LEVELS, level)
    frame["core_role"] = pick(_ROLES, (~rural).astype(np.int64))
    frame["members"] = members
    frame["households"] = households
    frame["staff"] = staff.clip(4, 800).round()
    frame["grids"] = (households / rng.uniform(45, 125, count)).round().clip(min=1)
    frame["tags"] = pick(_TAGS, rng.choice([-1, 0, 1], p=[0.85, 0.10, 0.05], size=count))
    frame.index = pd.Index(frame["name"], name="org")
    return township, frame
