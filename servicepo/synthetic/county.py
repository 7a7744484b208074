"""A county that never was: the four tables, seen through raters, respondents and ledgers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from ..framework import load_framework
from ..tables import (
    ANSWERS,
    COLUMNS,
    DISPOSALS,
    DOMAIN_OF_SECTOR,
    NEEDS,
    SERVICES,
    VISITS,
    WAYS,
    Dataset,
    dtype_of,
    empty,
)
from .names import pick
from .world import PLANTED, Booleans, Floats, Integers, World, make_world, team_names, truth_of

FRAMEWORKS: Final = ("six_haves", "base_plus_plan")
SMALLEST, LARGEST = 8, 1_000_000


def synthesise(
    organisations: int = 250, years: int = 4, *, seed: int | np.random.Generator | None = 0
) -> tuple[Dataset, pd.DataFrame]:
    """Make a county with planted truth: four tables as if just read, and what is behind them.

    Everything is invented. Names are put together from word lists; no real body is meant.

    Parameters
    ----------
    organisations : int
        Number of organisations, 8 to 1,000,000, shared out over the eight sectors of three domains
        (46 % villages), over townships of about 21 organisations each.
    years : int
        Number of years, 1 or more; the last one is 2024.
    seed : int, Generator or None
        The same seed gives the same bytes.

    Returns
    -------
    data : Dataset
        Without problems and without missing scores. ``file`` of every row tells the call that made
        it. `servicepo.synthetic.files.write_county` writes it as a county would send it.
    truth : DataFrame
        Indexed by (org, period), sorted; ``period`` is yearly. Columns: ``quality`` (true score,
        0..100, mean of the dimensions), one column per dimension code of ``six_haves`` (true
        score), ``weak`` (bool), ``causes`` (codes of the weak dimensions joined by ";", empty
        unless weak), ``course`` ("steady", "weak" throughout, "turned" around, "declined"),
        ``trend`` (points per year, planted beside drift and turns), ``rater`` (the superior team
        that scored it) and ``leniency`` (points this team gives too much).

    Raises
    ------
    MethodError
        For fewer than 8 or more than 1,000,000 organisations, or less than one year.

    Notes
    -----
    The true score of organisation i in year t and dimension d is::

        Q = m_s + g_s (a_i + u_id) + b_i (t - mean t) + e_it - weak_it (5 + 14 cause_id)

    with a ~ N(0, 4²), u ~ N(0, 2.5²), b ~ N(0, 0.6²), e an AR(1) drift (φ = 0.6, innovation
    N(0, 1)), and m_s, g_s the mean and spread of its sector. About 8 % are weak in any one year,
    spread over the sectors in proportion: 5 % throughout, 3 % turn around and 3 % decline in a year
    drawn at random; each for one to three dimensions.

    Scores are Q plus an effect of the item, N(0, 1.5²), cut to 0..100, and:

    - superior: leniency of the team, N(0, 2.5²), teams rotate over the townships; a halo,
      N(0, 1.5²); noise, N(0, 3²); to half points;
    - mass: a halo, N(0, 2²), and noise, N(0, 6²); to tenths;
    - self: inflated by N(6, 3²) per organisation; noise, N(0, 2²); to whole points.

    Surveys draw 8 to 300 respondents (members and masses apart) from an ordered logit of the true
    results score. Service events arrive by a Poisson process; handling times are log-normal,
    shorter where results are better; what is not answered by the last day of the last year is
    open.

    Examples
    --------
    >>> data, truth = synthesise(40, 2, seed=1)
    >>> data.organisations["sector"].nunique(), data.organisations["domain"].nunique()
    (8, 3)
    >>> truth.groupby("weak")["quality"].mean().round().to_dict()
    {False: 80.0, True: 68.0}
    """
    if not SMALLEST <= organisations <= LARGEST:
        raise MethodError(
            f"organisations must be between {SMALLEST} and {LARGEST:,}, got {organisations!r}. "
            "Ask for a number in this range."
        )
    if years < 1:
        raise MethodError(f"years must be at least 1, got {years!r}. Ask for one year or more.")
    made_by = f"synthesise({organisations}, {years}, seed={seed if isinstance(seed, int) else '?'})"
    streams = np.random.default_rng(seed).spawn(6)
    world = make_world(organisations, years, streams[0], streams[1])
    tables = {
        "organisations": world.organisations,
        "evaluations": pd.concat(
            [_evaluations(world, streams[2]), _statistics(world, streams[3])], ignore_index=True
        ),
        "services": _services(world, streams[4]),
        "surveys": _surveys(world, streams[5]),
    }
    data = _dataset(tables, made_by)
    return data, truth_of(world)


def _dataset(tables: dict[str, pd.DataFrame], made_by: str) -> Dataset:
    """Give every row its place and every table its columns."""
    sources = pd.DataFrame({"file": made_by, "sheet": list(tables), "table": list(tables)})
    sources["encoding"] = ""
    sources["records"] = sources["kept"] = [len(frame) for frame in tables.values()]
    sources["set_aside"] = sources["skipped"] = 0
    placed = {}
    for table, frame in tables.items():
        same = np.zeros(len(frame), np.int64)
        index = frame.index
        place = {
            "file": pick((made_by,), same),
            "sheet": pick((table,), same),
            "row": pd.Series(np.arange(1, len(frame) + 1), dtype="Int64"),
            "column": pick((made_by,), same - 1),
        }
        for column in COLUMNS[table]:
            if column in place:
                frame[column] = place[column].set_axis(index)
            elif column not in frame:  # a county that does not keep it
                frame[column] = pd.Series(index=index, dtype=dtype_of(column))
        placed[table] = frame[list(COLUMNS[table])]
    return Dataset(
        **placed,
        problems=empty("problems"),
        sources=sources.reindex(columns=empty("sources").columns),
        layout=empty("layout"),
    )


# -- scores ----------------------------------------------------------------------------------------


class Items(NamedTuple):
    """The evaluation items that the built-in frameworks ask for."""

    names: tuple[str, ...]
    dimension: Integers  # position of the dimension in the world; -1: quality as a whole
    sectors: Booleans  # (items, sectors): where an item applies
    sources: tuple[frozenset[str], ...]  # who scores it


def evaluation_items(dimensions: tuple[str, ...]) -> Items:
    """Return the items scored by people; statistics (source "record") are not among them.

    Examples
    --------
    >>> evaluation_items(("team",)).names[:3]
    ('服务意识', '服务作风', '服务水平')
    """
    rows = []
    for framework in map(load_framework, FRAMEWORKS):
        for indicator in framework.indicators:
            if indicator.source["kind"] != "evaluation":
                continue
            given = indicator.source.get("sources", framework.source_weights)
            sources = frozenset(cast("Mapping[str, float]", given))
            place = (
                dimensions.index(indicator.dimension) if indicator.dimension in dimensions else -1
            )
            applies = [indicator.applies(DOMAIN_OF_SECTOR[s], s) for s in PLANTED]
            if sources != {"record"} and any(applies):
                items = cast("Sequence[str]", indicator.source["item"])
                rows += [(item, place, applies, sources) for item in items]
    labels, places, sectors, scorers = zip(*rows, strict=True)
    return Items(labels, np.array(places), np.array(sectors), scorers)


def _evaluations(world: World, rng: np.random.Generator) -> pd.DataFrame:
    items = evaluation_items(world.dimensions)
    count, years, _ = world.quality.shape
    truth = np.concatenate([world.quality, world.quality.mean(axis=2, keepdims=True)], axis=2)
    truth = truth[:, :, items.dimension] + rng.normal(0.0, 1.5, len(items.names))
    shape = truth.shape
    lenient = world.leniency[world.team] + rng.normal(0.0, 1.5, (count, years))
    seen = {
        "self": (rng.normal(6.0, 3.0, (count, 1)), 2.0, 1.0),
        "mass": (rng.normal(0.0, 2.0, (count, years)), 6.0, 10.0),
        "superior": (lenient, 3.0, 2.0),
    }
    frames = []
    for source, (bias, noise, steps) in seen.items():
        scores = truth + bias[:, :, None] + rng.normal(0.0, noise, shape)
        scores = np.round(scores.clip(0.0, 100.0) * steps) / steps
        asked = items.sectors.T & np.array([source in s for s in items.sources])
        org, year, item = np.nonzero(np.broadcast_to(asked[world.sector][:, None, :], shape))
        raters = world.team[org, year] if source == "superior" else np.full(len(org), -1)
        frames.append(
            _score_rows(world, org, year, scores[org, year, item]).assign(
                indicator=pick(items.names, item),
                source=pick((source,), np.zeros(len(org), np.int64)),
                rater=team_names(raters),
                full_mark=100.0,
            )
        )
    return pd.concat(frames, ignore_index=True)


def _score_rows(world: World, org: Integers, year: Integers, score: Floats) -> pd.DataFrame:
    """Return what score rows of people and statistics have in common."""
    same = np.zeros(len(org), np.int64)
    frame = _rows(world, org, year)
    frame["score"] = score
    frame["kind"] = pick(("base",), same)
    frame["evidence"] = pick(("base",), same - 1)
    return frame


def _rows(world: World, org: Integers, year: Integers) -> pd.DataFrame:
    """Return rows of these organisations in these years."""
    keys = pd.Series(world.organisations.index.array.take(org))
    return pd.DataFrame({"org": keys, "period": pick(tuple(map(str, world.years)), year)})


# -- yearly statistics -----------------------------------------------------------------------------


def _statistics(world: World, rng: np.random.Generator) -> pd.DataFrame:
    count, years, _ = world.quality.shape
    shape = (count, years)
    z = _standard(world.quality.mean(axis=2))
    clock = np.arange(years)
    # The county's average wage, one year longer: community staff are paid by last year's.
    wage = 58_000 * 1.05 ** np.arange(years + 1)
    income = 21_000 * 1.06**clock * rng.uniform(0.9, 1.1, world.township.max() + 1)[:, None]
    income = income[world.township]
    members = world.organisations["members"].to_numpy()[:, None]
    households = world.organisations["households"].to_numpy()[:, None]
    village, community = world.sector == 0, world.sector == 1
    rural, everywhere = village | community, np.ones(count, bool)
    ratio = rng.normal(1.06, 0.10, shape) + 0.02 * z
    visited = 1 / (1 + np.exp(-(1.5 + 0.6 * z + rng.normal(0.0, 0.5, shape))))
    statistics = {
        "村书记报酬": (village, income * ratio, 100),
        "当地农村劳动力平均收入": (village, income, 10),
        "社区工作者报酬": (community, wage[:-1] * (ratio - 0.02), 100),
        "当地社会平均工资": (community, np.broadcast_to(wage[1:], shape), 10),
        "志愿服务时数": (everywhere, members * rng.normal(25, 5, shape) * np.exp(0.1 * z), 1),
        "走访户数": (rural, households * visited, 1),
        "活动次数": (everywhere, rng.poisson(14 * np.exp(0.15 * z)), 1),
        "培训人次": (everywhere, rng.poisson(members * np.exp(0.1 * z)), 1),
        "会议次数": (everywhere, rng.poisson(12 * np.exp(0.08 * z)), 1),
    }
    frames = []
    for k, (where, number, unit) in enumerate(statistics.values()):
        org, year = np.nonzero(np.broadcast_to(where[:, None], shape))
        rows = _score_rows(world, org, year, np.round(number[org, year] / unit) * unit)
        rows["indicator"] = pick(tuple(statistics), np.full(len(org), k))
        rows["source"] = pick(("record",), np.zeros(len(org), np.int64))
        rows["rater"] = pick(("record",), np.full(len(org), -1))
        rows["full_mark"] = np.nan
        frames.append(rows)
    return pd.concat(frames, ignore_index=True)


def _standard(score: Floats) -> Floats:
    """Return a true score in standard units around a middling organisation."""
    return (score - 80.0) / 6.0


# -- surveys ---------------------------------------------------------------------------------------

_RESPONDENTS: Final = {"mass": (0.0, 0.04), "member": (0.4, 0.01)}  # leniency, share unknown
_QUESTIONS: Final = {"总体满意度": 0.15, "服务业绩认可": -0.10}  # how easily a question pleases
_CUTS: Final = np.array([0.2, 1.6, 2.8, np.inf])  # satisfied, at least mostly, average, any


def _surveys(world: World, rng: np.random.Generator) -> pd.DataFrame:
    count, years, _ = world.quality.shape
    z = _standard(world.quality[:, :, world.dimensions.index("results")])
    members = world.organisations["members"].to_numpy()[:, None]
    sizes = {
        "mass": np.exp(rng.normal(np.log(55), 0.8, z.shape)).clip(8, 300).round(),
        "member": np.clip((members * rng.uniform(0.7, 1.0, z.shape)).round(), 8, 300),
    }
    org, year = (index.ravel() for index in np.indices((count, years)))
    frames = []
    for respondent, size in sizes.items():
        lenient, unknown = _RESPONDENTS[respondent]
        issued = np.ceil(size / rng.uniform(0.8, 1.0, z.shape))
        for question, easy in _QUESTIONS.items():
            eta = 0.9 * z + lenient + easy + rng.normal(0.0, 0.25, z.shape)
            share = np.diff(_at_least(eta), axis=2, prepend=0.0) * (1 - unknown)
            share = np.concatenate([share, np.full((*z.shape, 1), unknown)], axis=2)
            votes = rng.multinomial(size.astype(np.int64), share)
            rows = _rows(world, org.repeat(len(ANSWERS)), year.repeat(len(ANSWERS)))
            rows["respondent"] = pick((respondent,), np.zeros(len(rows), np.int64))
            rows["stratum"] = pick(("",), np.full(len(rows), -1))
            rows["question"] = pick((question,), np.zeros(len(rows), np.int64))
            rows["answer"] = pick(ANSWERS, np.tile(np.arange(len(ANSWERS)), len(org)))
            rows["count"] = votes.astype(np.float64).ravel()
            rows["issued"] = issued.ravel().repeat(len(ANSWERS))
            frames.append(rows)
    return pd.concat(frames, ignore_index=True)


def _at_least(eta: Floats) -> Floats:
    """Return the chances to be satisfied, at least mostly, at least average, to answer at all."""
    chances: Floats = 1 / (1 + np.exp(-(eta[..., None] + _CUTS)))
    return chances


# -- service events --------------------------------------------------------------------------------

# Events per organisation and year, and how they divide over the five services.
_EVENTS: Final = {
    "village": (24, (0.06, 0.12, 0.42, 0.30, 0.10)),
    "community": (40, (0.05, 0.05, 0.45, 0.35, 0.10)),
    "state_enterprise": (8, (0.15, 0.40, 0.10, 0.20, 0.15)),
    "private_enterprise": (8, (0.10, 0.45, 0.10, 0.20, 0.15)),
    "government_organ": (18, (0.20, 0.20, 0.25, 0.30, 0.05)),
    "public_institution": (18, (0.10, 0.15, 0.40, 0.30, 0.05)),
    "school": (10, (0.10, 0.15, 0.35, 0.25, 0.15)),
    "social_organisation": (8, (0.10, 0.25, 0.25, 0.30, 0.10)),
}
_MIXES: Final = np.cumsum([mix for _, mix in _EVENTS.values()], axis=1)
_NEED_SHARES: Final = (0.12, 0.20, 0.17, 0.15, 0.12, 0.16, 0.08)
_CHANNELS: Final = ("reception", "visits", "hotline", "network", "members")
_CHANNEL_SHARES: Final = (0.30, 0.25, 0.20, 0.15, 0.10)
_TIERS: Final = ("village", "township", "county")
_TIER_SHARES: Final = (0.70, 0.25, 0.05)
_WAY_SHARES: Final = (0.35, 0.30, 0.15, 0.20)
_PROMISES: Final = np.array([[1, 1, 1], [7, 15, 30], [3, 5, 5], [5, 10, 20]])  # days, by way
_DISPOSAL_SHARES: Final = (0.70, 0.18, 0.12)


def _services(world: World, rng: np.random.Generator) -> pd.DataFrame:
    org, year, accepted, z = _arrivals(world, rng)
    count = len(org)
    service = (rng.random((count, 1)) > _MIXES[world.sector[org]]).sum(axis=1)
    need = rng.choice(len(NEEDS), count, p=_NEED_SHARES)
    need[service != SERVICES.index("livelihood")] = -1
    channel = rng.choice(len(_CHANNELS), count, p=_CHANNEL_SHARES)
    # A call on a household is no request: it has no promise and is over the same day.
    called = (service == SERVICES.index("masses")) & (channel == _CHANNELS.index("visits"))
    visit = np.where(called, rng.integers(len(VISITS), size=count), -1)
    way = np.where(called, 0, rng.choice(len(WAYS), count, p=_WAY_SHARES))

    promise = _PROMISES[way, rng.integers(3, size=count)]
    days = np.floor(promise * np.exp(rng.normal(np.log(0.55) - 0.3 * z, 0.8)))
    days[called] = 0
    cut = np.datetime64(f"{world.years[-1]}-12-31")
    replied = accepted + days.astype("timedelta64[D]")
    forgotten = (rng.random(count) < 0.01 + 0.015 * np.maximum(-z, 0)) & ~called
    is_open = forgotten | (replied > cut)
    undertaken = accepted + np.minimum(days, rng.integers(3, size=count)).astype("timedelta64[D]")
    disposal = rng.choice(len(DISPOSALS), count, p=_DISPOSAL_SHARES)
    eta = 0.8 * z + 0.8 - 1.2 * (days > promise)
    answer = (rng.random((count, 1)) > _at_least(eta)).sum(axis=1)
    silent = is_open | (rng.random(count) < 0.45)
    again = rng.poisson(np.where(way == 0, 0.1, 0.35) * np.exp(-0.4 * z))

    number = np.arange(count) - np.searchsorted(year, year) + 1
    digits = pd.Series(number).astype("str").str.zfill(len(str(number.max())))
    frame = _rows(world, org, year)
    frame["record"] = frame.pop("period") + "-" + digits
    frame["service"] = pick(SERVICES, service)
    frame["need"] = pick(NEEDS, need)
    frame["channel"] = pick(_CHANNELS, channel)
    frame["tier"] = pick(_TIERS, rng.choice(len(_TIERS), count, p=_TIER_SHARES))
    frame["way"] = pick(WAYS, way)
    frame["accepted"] = accepted.astype("datetime64[us]")
    frame["undertaken"] = _unless(undertaken > cut, undertaken)
    frame["replied"] = _unless(is_open, replied)
    frame["due"] = _unless(called, accepted + promise.astype("timedelta64[D]"))
    frame["disposal"] = pick(DISPOSALS, np.where(is_open, -1, disposal))
    frame["satisfaction"] = pick(ANSWERS, np.where(silent, -1, answer))
    frame["visit"] = pick(VISITS, visit)
    frame["times"] = np.where(is_open, np.nan, 1.0 + again)
    return frame


def _arrivals(
    world: World, rng: np.random.Generator
) -> tuple[Integers, Integers, npt.NDArray[np.datetime64], Floats]:
    """Return organisation, year, day and results (standard units) of every event, in order."""
    results = _standard(world.quality[:, :, world.dimensions.index("results")])
    rates = np.array([rate for rate, _ in _EVENTS.values()])[world.sector][:, None]
    busy = rates * np.exp(rng.normal(0.0, 0.25, results.shape) + 0.1 * results)
    events = rng.poisson(busy).ravel() + 2
    org, year = (index.ravel().repeat(events) for index in np.indices(results.shape))
    days = np.array([f"{y}-01-01" for y in (*world.years, world.years[-1] + 1)], "datetime64[D]")
    length = np.diff(days).astype(np.int64)
    accepted = days[year] + np.floor(rng.random(len(org)) * length[year]).astype("timedelta64[D]")
    order = np.argsort(accepted, kind="stable")
    org, year = org[order], year[order]
    return org, year, accepted[order], results[org, year]


def _unless(condition: Booleans, dates: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """Return the dates, missing where the condition holds."""
    return np.where(condition, np.datetime64("NaT"), dates).astype("datetime64[us]")
