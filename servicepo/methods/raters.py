"""Severity of evaluation teams (考评组宽严): what is the organisation's, and what its rater's.

A score is read as y = μ + θ_u + β_r + ε: the organisation's quality θ, the leniency β of who scored
it, and noise. The two can be told apart only where raters and organisations are linked: where some
organisations were scored by several raters, and these by chains of common organisations reach all
others. Where they are not, no method can; that is refused here, and not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from ..errors import MethodError
from .guards import FloatArray, as_vector, choose, listed

Labels: TypeAlias = "pd.Series | pd.Index | Sequence[object] | npt.NDArray[np.object_]"
Codes: TypeAlias = npt.NDArray[np.intp]

MOST: Final = 10_000  # of the rarer kind, organisations or raters: their table is dense
BOUNDS: Final = (-16.0, 16.0)  # of the logarithm of a variance over that of the noise
ROWS: Final = 1 << 12


@dataclass(frozen=True, eq=False, slots=True)
class RaterEffects:
    """Organisations and their raters, told apart.

    Attributes
    ----------
    units : DataFrame
        Indexed by ``unit``: ``n`` (scores), ``raw`` (their mean), ``score`` (what an average rater
        would give, in the unit of the scores), ``standard_error``, ``reliability`` (0..1: how much
        of the spread of true qualities is known; NaN for fixed effects).
    raters : DataFrame
        Indexed by ``rater``: ``n``, ``leniency`` (what this rater gives too much; negative for a
        strict one), ``standard_error``.
    variances : Series
        Variance between "unit"s, between "rater"s and of the "noise" of one score; for fixed
        effects that of the noise alone.
    mean : float
        μ, what an average rater gives an average organisation.
    effects : {"random", "fixed"}
        Which model.
    """

    units: pd.DataFrame
    raters: pd.DataFrame
    variances: pd.Series
    mean: float
    effects: str

    def __repr__(self) -> str:
        spread = f"sd of leniency {self.raters['leniency'].std(ddof=0):.3g}"
        return (
            f"RaterEffects({self.effects}: {len(self.units)} units, {len(self.raters)} raters, "
            f"mean {self.mean:.4g}, {spread})"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.raters.describe().round(3).to_html()}"

    @property
    def reliability(self) -> float:
        """Mean reliability of the units' scores; NaN for fixed effects."""
        return float(self.units["reliability"].mean())


def linked_groups(units: Labels, raters: Labels) -> pd.DataFrame:
    """Find who can be compared with whom: groups linked by common raters.

    Parameters
    ----------
    units, raters : Series or sequence of labels, one per score
        Which organisation was scored, and by whom. A missing label is refused.

    Returns
    -------
    DataFrame
        Indexed by ``rater``: ``group`` (numbered from 1, the largest first), ``units`` (different
        organisations it scored), ``scores``. One group: severity can be told from quality.

    Raises
    ------
    MethodError
        For lengths that differ or a missing label.

    Examples
    --------
    >>> linked_groups(["甲", "乙", "乙", "丙"], ["一组", "一组", "二组", "三组"])["group"].to_dict()
    {'一组': 1, '二组': 1, '三组': 2}
    """
    design = _design(units, raters)
    group = _groups(design)
    table = pd.DataFrame(
        {
            "group": group,
            "units": np.bincount(design.links.indices, minlength=len(design.raters)),
            "scores": np.bincount(design.rater, minlength=len(design.raters)),
        },
        index=design.raters.rename("rater"),
    )
    return table.sort_values(["group", "units"], ascending=[True, False], kind="stable")


def rater_effects(
    scores: pd.Series | npt.ArrayLike,
    units: Labels,
    raters: Labels,
    *,
    confidence: pd.Series | npt.ArrayLike | None = None,
    effects: str = "random",
    assigned: str = "any",
) -> RaterEffects:
    """Separate the quality of organisations from the severity of those who scored them.

    Parameters
    ----------
    scores : Series or array of float, n
        One number per organisation and rater, on one scale; NaN is refused.
    units, raters : Series or sequence of labels, n
        Which organisation was scored, and by whom.
    confidence : Series or array of float, n, optional
        How sure a rater was of a score (positive; 1 each by default): the variance of its noise is
        inversely proportional.
    effects : {"random", "fixed"}
        "random": qualities and severities are drawn from normal distributions, estimates are
        shrunken (BLUP, variances by REML); for lists and rankings. "fixed": weighted least squares
        without shrinkage, severities sum to 0; for few raters that are of interest themselves.
    assigned : {"any", "random"}
        How organisations came to their raters. "random" asserts that a lot decided; only then may
        raters without common organisations be compared (by the random effects).

    Returns
    -------
    RaterEffects

    Raises
    ------
    MethodError
        Where severity is not identified: a single rater, one score per organisation, or groups of
        raters that no organisation links. For missing numbers or labels, confidence that is not
        positive, scores that are all equal or (random effects) free of noise, other words, and more
        than 10,000 both of organisations and of raters.

    Notes
    -----
    Random: y = μ + θ_u + β_r + ε with θ ~ N(0, σ_u²), β ~ N(0, σ_r²), ε ~ N(0, σ² / c). The
    residual likelihood is maximised over the two variance ratios with its exact gradient, whose
    zeros are the fixed points of EM-REML; the more numerous kind is eliminated from the mixed model
    equations (Schur complement of a sparse table), so that one step costs a product of sparse
    tables and a Cholesky factor as large as the rarer kind. Standard errors are those of
    prediction, given the variances; the reliability is 1 less their square over σ_u².

    Fixed: minimises Σ c (y − v_u − b_r)² under Σ b_r = 0 (calibration with confidence); v is the
    organisation's score. The variance of the noise is the residual sum of squares over n less the
    number of effects; standard errors are NaN where nothing is left.

    References
    ----------
    Henderson, C. R. (1975). Best linear unbiased estimation and prediction under a selection model.
    Biometrics 31: 423–447. Harville, D. A. (1977). Maximum likelihood approaches to variance
    component estimation. JASA 72: 320–338. MacKay, R. S., Kenna, R., Low, R. J. & Parker, S.
    (2017). Calibration with confidence. Royal Society Open Science 4: 160760.

    Examples
    --------
    >>> scores = [80, 84, 70, 75, 90, 93, 60, 66]
    >>> orgs = ["甲", "甲", "乙", "乙", "丙", "丙", "丁", "丁"]
    >>> made = rater_effects(scores, orgs, ["严", "宽"] * 4, effects="fixed")
    >>> made.raters["leniency"].round(2).to_dict()
    {'严': -2.25, '宽': 2.25}
    >>> rater_effects(scores, orgs, ["严", "宽"] * 4).units["score"].round(1).to_dict()
    {'甲': 82.0, '乙': 72.5, '丙': 91.5, '丁': 63.0}
    """
    choose(effects, {"random": 0, "fixed": 0}, "effects")
    choose(assigned, {"any": 0, "random": 0}, "assigned")
    y = as_vector(scores, what="scores", least=2)
    design = _design(units, raters)
    if len(design.unit) != len(y):
        raise MethodError(
            f"every score must have a unit and a rater, got {len(y)} scores and "
            f"{len(design.unit)} labels. Give one of each per score."
        )
    c = _confidence(confidence, len(y))
    if not np.ptp(y) > 0:
        raise MethodError("scores must vary, got one single score. Leave them as they are.")
    _refuse_not_identified(design, effects, assigned)
    # The more numerous kind is eliminated, so the equations are as small as the other.
    swap = len(design.raters) > len(design.units)
    many, few = (design.rater, design.unit) if swap else (design.unit, design.rater)
    shift = float((c * y).sum() / c.sum())
    system = _System.of(y - shift, c, many, few)
    found = _fixed(system) if effects == "fixed" else _random(system)
    unit, rater = (found.few, found.many) if swap else (found.many, found.few)
    mean = shift + found.mean
    table = pd.DataFrame(index=design.units.rename("unit"))
    table["n"] = np.bincount(design.unit)
    table["raw"] = np.bincount(design.unit, c * y) / np.bincount(design.unit, c)
    table["score"] = mean + unit.effect
    mean = float(table["score"].mean()) if effects == "fixed" else mean
    table["standard_error"] = unit.error
    spread = found.variance_few if swap else found.variance_many
    with np.errstate(divide="ignore", invalid="ignore"):
        table["reliability"] = np.where(spread > 0, 1 - unit.error**2 / spread, spread)
    judges = pd.DataFrame(index=design.raters.rename("rater"))
    judges["n"] = np.bincount(design.rater)
    judges["leniency"], judges["standard_error"] = rater.effect, rater.error
    other = found.variance_many if swap else found.variance_few
    variances = {"unit": spread, "rater": other, "noise": found.noise}
    return RaterEffects(
        table, judges, pd.Series(variances, name="variance").dropna(), mean, effects
    )


class _Design(NamedTuple):
    """Who scored whom: labels, their numbers by score, and the table of links."""

    units: pd.Index
    raters: pd.Index
    unit: Codes
    rater: Codes
    links: csr_array  # units x raters, how often


class _Part(NamedTuple):
    """Effects of one kind and their standard errors."""

    effect: FloatArray
    error: FloatArray


class _Found(NamedTuple):
    mean: float
    many: _Part
    few: _Part
    variance_many: float
    variance_few: float
    noise: float


class _System(NamedTuple):
    """The normal equations: a diagonal block of the many, a dense one of the few and the mean."""

    n: int
    diagonal: FloatArray  # of the many
    cross: csr_array  # many x (mean and few)
    dense: FloatArray  # (mean and few) squared
    right_many: FloatArray
    right_few: FloatArray
    squares: float  # Σ c y²

    @classmethod
    def of(cls, y: FloatArray, c: FloatArray, many: Codes, few: Codes) -> _System:
        """Add the scores up."""
        diagonal, size = (np.asarray(np.bincount(kind, c), float) for kind in (many, few))
        links = coo_array((c, (many, few + 1)), shape=(len(diagonal), len(size) + 1))
        mean = coo_array((diagonal, (np.arange(len(diagonal)), np.zeros(len(diagonal), int))))
        mean.resize(links.shape)
        dense = np.diag(np.append(c.sum(), size))
        dense[0, 1:] = dense[1:, 0] = size
        weighted = c * y
        return cls(
            n=len(y),
            diagonal=diagonal,
            cross=csr_array(links + mean),
            dense=dense,
            right_many=np.asarray(np.bincount(many, weighted), dtype=float),
            right_few=np.append(weighted.sum(), np.bincount(few, weighted)),
            squares=float((weighted * y).sum()),
        )

    def gram(self, weight: FloatArray) -> FloatArray:
        """Return cross' diag(weight) cross."""
        half = self.cross.copy()
        half.data = half.data * np.repeat(np.sqrt(weight), np.diff(half.indptr))
        found: FloatArray = (half.T @ half).toarray()
        return found

    def leverage(self, inverse: FloatArray) -> FloatArray:
        """Return the diagonal of cross · inverse · cross', in blocks of rows."""
        found = np.empty(len(self.diagonal))
        for start in range(0, len(found), ROWS):
            block = self.cross[start : start + ROWS]
            found[start : start + ROWS] = block.multiply(block @ inverse).sum(axis=1)
        return found


def _random(system: _System) -> _Found:
    """Maximise the residual likelihood; return what it predicts."""

    def deviance(at: FloatArray) -> tuple[float, FloatArray]:
        made = _mixed(system, np.exp(-at))
        return made.deviance, made.gradient

    start = np.zeros(2)
    made = minimize(
        deviance,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS] * 2,
        options={"ftol": 1e-15, "gtol": 1e-6, "maxiter": 200},
    )
    best, at = float(made.fun), made.x
    # A kind that does not differ at all: the likelihood is flat there, so ask.
    for kind in range(2):
        nothing = np.where(np.arange(2) == kind, BOUNDS[0], at)
        value, _ = deviance(nothing)
        if value <= best + 1e-6:
            best, at = value, nothing
    if (at >= BOUNDS[1]).any():
        raise MethodError(
            "random effects need scores that differ by chance too, got scores that organisation "
            'and rater explain without rest. Use effects="fixed".'
        )
    ratios = np.exp(-at)
    fit = _mixed(system, ratios)
    noise = fit.residual / (system.n - 1)
    variances = np.where(at <= BOUNDS[0], 0.0, noise / ratios)
    inverse = fit.inverse
    weight = 1 / (system.diagonal + ratios[0])
    of_many = noise * (weight + weight**2 * system.leverage(inverse))
    of_few = noise * np.diag(inverse)[1:]
    return _Found(
        float(fit.few[0]),
        _Part(fit.many, np.sqrt(np.where(variances[0] > 0, of_many, 0.0))),
        _Part(fit.few[1:], np.sqrt(np.where(variances[1] > 0, of_few, 0.0))),
        float(variances[0]),
        float(variances[1]),
        noise,
    )


class _Mixed(NamedTuple):
    deviance: float
    gradient: FloatArray
    many: FloatArray
    few: FloatArray
    inverse: FloatArray
    residual: float


def _mixed(system: _System, ratios: FloatArray) -> _Mixed:
    """Solve the mixed model equations for two ratios of the noise to a variance.

    The deviance is −2 times the residual log likelihood, up to a constant, with the variance of the
    noise profiled out; its gradient is by the logarithms of the variances.
    """
    weight = 1 / (system.diagonal + ratios[0])
    penalty = np.append(0.0, np.full(len(system.dense) - 1, ratios[1]))
    schur = system.dense + np.diag(penalty) - system.gram(weight)
    factor = cho_factor(schur, lower=True)
    right = system.right_few - system.cross.T @ (weight * system.right_many)
    few = cho_solve(factor, right)
    many = weight * (system.right_many - system.cross @ few)
    inverse = cho_solve(factor, np.eye(len(schur)))
    residual = system.squares - many @ system.right_many - few @ system.right_few
    sizes = np.array([len(many), len(few) - 1])
    logs = np.log(system.diagonal + ratios[0]).sum() + 2 * np.log(np.diag(factor[0])).sum()
    free = system.n - 1
    traces = np.array(
        [
            weight.sum() + (inverse * system.gram(weight**2)).sum(),
            np.trace(inverse) - inverse[0, 0],
        ]
    )
    squares = np.array([many @ many, few[1:] @ few[1:]])
    return _Mixed(
        float(logs - (sizes * np.log(ratios)).sum() + free * np.log(residual)),
        sizes - ratios * traces - free * ratios * squares / residual,
        many,
        few,
        inverse,
        float(residual),
    )


def _fixed(system: _System) -> _Found:
    """Solve the weighted least squares problem with severities that sum to 0."""
    weight = 1 / system.diagonal
    size = len(system.dense) - 1
    # No mean beside the organisations: what is left is a Laplacian, whole once ones are added.
    gram = system.gram(weight)[1:, 1:]
    one = np.ones((size, size)) / size
    laplacian = system.dense[1:, 1:] - gram
    scale = float(np.trace(laplacian)) / size
    inverse = np.linalg.inv(laplacian + scale * one) - one / scale
    padded = np.zeros((size + 1, size + 1))
    padded[1:, 1:] = inverse
    right = system.right_few - system.cross.T @ (weight * system.right_many)
    few = np.append(0.0, inverse @ right[1:])
    many = weight * (system.right_many - system.cross @ few)
    residual = system.squares - many @ system.right_many - few @ system.right_few
    free = system.n - len(many) - size + 1
    noise = max(float(residual), 0.0) / free if free > 0 else np.nan
    of_many = noise * (weight + weight**2 * system.leverage(padded))
    return _Found(
        0.0,  # the organisations' own
        _Part(many, np.sqrt(of_many)),
        _Part(few[1:], np.sqrt(noise * np.diag(inverse))),
        np.nan,
        np.nan,
        noise,
    )


def _design(units: Labels, raters: Labels) -> _Design:
    coded = []
    for what, labels in (("units", units), ("raters", raters)):
        codes, found = pd.factorize(np.asarray(labels, dtype=object))
        if (codes < 0).any():
            raise MethodError(
                f"every score must tell its {what[:-1]}, got {int((codes < 0).sum())} that do not. "
                "Complete them or leave these scores out."
            )
        coded.append((codes.astype(np.intp), pd.Index(found)))
    (unit, unit_names), (rater, rater_names) = coded
    if len(unit) != len(rater):
        raise MethodError(
            f"units and raters must have the same length, got {len(unit)} and {len(rater)}. "
            "Give one of each per score."
        )
    shape = (len(unit_names), len(rater_names))
    links = csr_array(coo_array((np.ones(len(unit)), (unit, rater)), shape=shape))
    return _Design(unit_names, rater_names, unit, rater, links)


def _groups(design: _Design) -> npt.NDArray[np.int64]:
    """Give the groups of raters that organisations link numbers, the largest first."""
    size = len(design.units)
    edges = coo_array(
        (np.ones(len(design.unit)), (design.unit, size + design.rater)),
        shape=(size + len(design.raters),) * 2,
    )
    count, group = connected_components(edges, directed=False)
    held = np.bincount(group[:size], minlength=count)
    order = np.empty(count, dtype=np.int64)
    order[np.argsort(-held, kind="stable")] = np.arange(1, count + 1)
    found: npt.NDArray[np.int64] = order[group[size:]]
    return found


def _confidence(confidence: pd.Series | npt.ArrayLike | None, n: int) -> FloatArray:
    if confidence is None:
        return np.ones(n)
    c = as_vector(confidence, what="confidence")
    if len(c) != n or not (c > 0).all():
        got = f"{c.min():g}" if len(c) == n else f"{len(c)} for {n} scores"
        raise MethodError(
            f"confidence must be a positive number for every score, got {got}. "
            "Leave scores out that nobody trusts."
        )
    return c


def _refuse_not_identified(design: _Design, effects: str, assigned: str) -> None:
    units, raters = len(design.units), len(design.raters)
    if raters < 2:
        raise MethodError(
            f"severity must be compared between at least 2 raters, got {listed(design.raters)} "
            "alone. Add the scores of others, or leave the scores as they are."
        )
    if min(units, raters) > MOST:
        raise MethodError(
            f"organisations or raters must be at most {MOST:,} to solve for both, got {units:,} "
            f"and {raters:,}. Solve region by region."
        )
    if len(design.unit) <= units:
        raise MethodError(
            "some organisations must be scored more than once to tell severity from quality, got "
            f"{len(design.unit):,} scores of as many organisations. "
            "Have anchor organisations scored by several teams."
        )
    group = _groups(design)
    if group.max() == 1 or (assigned == "random" and effects == "random"):
        return
    teams = [design.raters[group == number] for number in range(1, min(group.max(), 3) + 1)]
    named = "; ".join(f"({listed(names, most=3)})" for names in teams)
    rest = f" and {group.max() - 3:,} more" if group.max() > 3 else ""
    raise MethodError(
        "raters must be linked by organisations they have in common for severity to be told from "
        f"quality, got {group.max():,} groups without a link: {named}{rest}. Have anchor "
        "organisations scored by teams of different groups, or, where organisations were given to "
        'teams by lot, say assigned="random".'
    )
