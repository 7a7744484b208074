"""Expert weights by AHP (层次分析法): one expert, a group of experts, a whole hierarchy.

A judgement matrix says of every pair how many times the row counts as much as the column. All
functions refuse judgements that contradict each other too much, unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from warnings import warn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from . import pairwise
from .guards import (
    FloatArray,
    as_vector,
    choose,
    column_names,
    like_columns,
    listed,
    refuse_columns,
)
from .judgements import inconsistent_judgements, like_matrix
from .pairwise import CONSISTENT, PRIORITIES, Matrix, as_judgements, check_stack, consistency

ALONE: Final = ("refuse", "warn", "allow")
GROUPED: Final = (*ALONE, "drop", "downweight")
_CONSISTENCY: Final = ("lambda_max", "ci", "cr")
_EXPERTS: Final = pd.Index(["influence", *_CONSISTENCY])


@dataclass(frozen=True, eq=False, slots=True)
class AhpResult:
    """Weights from one judgement matrix, and how consistent it is.

    Attributes
    ----------
    weights : Series or ndarray, n
        Sum 1.
    lambda_max, ci, cr : float
        Principal eigenvalue, consistency index, consistency ratio.
    random_index : str
        Name of the table of random indices behind ``cr``.
    method : str
        How the weights were found.
    matrix : DataFrame or ndarray, n × n
        The judgements, those that were not made filled in.
    """

    weights: Any
    lambda_max: float
    ci: float
    cr: float
    random_index: str
    method: str
    matrix: Any

    def __repr__(self) -> str:
        """Return one line."""
        return f"AhpResult(n={len(self.weights)}, {self.method}, CR {self.cr:.4f})"


@dataclass(frozen=True, eq=False, slots=True)
class GroupAhp:
    """Weights of a group of experts.

    Attributes
    ----------
    weights : Series or ndarray, n
        Sum 1.
    cr : float
        Consistency ratio of the joint matrix; NaN where priorities were joined, not judgements.
    experts : DataFrame
        One row per expert: ``influence`` (share in the group, 0 where dropped), ``lambda_max``,
        ``ci``, ``cr``.
    priorities : DataFrame, experts × n
        Each expert's own weights.
    by, method, random_index : str
        How they were joined and found.
    """

    weights: Any
    cr: float
    experts: pd.DataFrame
    priorities: pd.DataFrame
    by: str
    method: str
    random_index: str

    def __repr__(self) -> str:
        """Return one line."""
        kept = int((self.experts["influence"] > 0).sum())
        return f"GroupAhp({kept} of {len(self.experts)} experts, n={len(self.weights)}, {self.by})"


@dataclass(frozen=True, eq=False, slots=True)
class AhpHierarchy:
    """Weights of a whole hierarchy (层次总排序).

    Attributes
    ----------
    weights : Series
        Global weight of everything that has nothing below it; sum 1.
    table : DataFrame
        Indexed (parent, item): ``local_weight``, ``global_weight`` (a part of the item's weight
        where it stands below several parents).
    matrices : DataFrame
        One row per matrix, indexed by what stands above it: ``level``, ``weight``, ``lambda_max``,
        ``ci``, ``cr``.
    cr : Series
        Consistency ratio of each level: ``sum(weight * CI) / sum(weight * RI)``.
    """

    weights: pd.Series
    table: pd.DataFrame
    matrices: pd.DataFrame
    cr: pd.Series

    def __repr__(self) -> str:
        """Return one line."""
        return f"AhpHierarchy({len(self.weights)} weights, CR {self.cr.max():.4f})"


def ahp(
    matrix: Matrix,
    *,
    method: str = "eigenvector",
    random_index: str = "saaty",
    inconsistent: str = "refuse",
) -> AhpResult:
    """Weights from one judgement matrix.

    Parameters
    ----------
    matrix : DataFrame or array, n × n
        ``a_ij``: how many times i counts as much as j; positive, reciprocal within 0.005 (the upper
        triangle counts, the lower one is made its exact reciprocal). NaN on both sides where a pair
        was not judged: it is filled from the others.
    method : {"eigenvector", "geometric_mean", "column_sum"}
        特征根法, 方根法 or 和积法. They differ in the third decimal.
    random_index : {"saaty", "saaty_2008", "tummala_ling", "alonso_lamata"}
        Table of random indices; they differ by up to 7 %.
    inconsistent : {"refuse", "warn", "allow"}
        What is done about CR >= 0.1.

    Returns
    -------
    AhpResult

    Raises
    ------
    MethodError
        For a matrix that is no judgement matrix, is larger than the random index goes, or (by
        default) has CR >= 0.1; where missing judgements leave separate groups.

    Warns
    -----
    MethodWarning
        For CR >= 0.1 with ``inconsistent="warn"``.

    Notes
    -----
    eigenvector: ``A w = lambda_max w``; geometric_mean: ``w_i ~ (prod_j a_ij)^(1/n)``; column_sum:
    ``w_i = mean_j(a_ij / sum_k a_kj)``; for the last two lambda_max is ``mean_i((A w)_i / w_i)``.
    ``CI = (lambda_max - n) / (n - 1)``, ``CR = CI / RI``.

    Missing judgements: the completion of least lambda_max for "eigenvector" (Bozóki, Fülöp and
    Rónyai 2010), logarithmic least squares for the others; RI shrinks by Ágoston and Csató (2022).

    References
    ----------
    Saaty, T. L. (1980). The Analytic Hierarchy Process. McGraw-Hill.

    Examples
    --------
    >>> made = ahp([[1, 1 / 2, 4], [2, 1, 7], [1 / 4, 1 / 7, 1]])
    >>> made.weights.round(4), round(made.cr, 4)
    (array([0.315 , 0.6026, 0.0823]), 0.0017)
    >>> ahp([[1, 9, 1], [1 / 9, 1, 1], [1, 1, 1]])
    Traceback (most recent call last):
    ...
    servicepo.errors.MethodError: judgements must have a consistency ratio below 0.1, \
got CR 0.4835 (random index 'saaty'). Judge the pair (0, 1) again first.
    """
    choose(method, PRIORITIES, "method")
    _check_word(inconsistent, ALONE)
    array, names = as_judgements(matrix), column_names(matrix)
    absent = int(np.isnan(array).sum()) // 2
    filled = pairwise.complete(array, names, method)[None]
    w = PRIORITIES[method](filled)
    lambda_max = pairwise.principal_values(filled, w)
    ci, cr = consistency(lambda_max, len(names), random_index, absent=absent)
    if cr[0] >= CONSISTENT and inconsistent != "allow":
        again = _worst_pair(filled[0], names)
        _complain(
            f"judgements must have a consistency ratio below {CONSISTENT}, got CR {cr[0]:.4f} "
            f"(random index {random_index!r}). Judge the pair {again} again first.",
            inconsistent,
            zh=f"判断矩阵的一致性比例须小于 {CONSISTENT}，现为 {cr[0]:.4f}。"
            f"请先重新判断 {again} 这一对。",
        )
    return AhpResult(
        like_columns(matrix, w[0], "weight"),
        float(lambda_max[0]),
        float(ci[0]),
        float(cr[0]),
        random_index,
        method,
        like_matrix(matrix, filled[0]),
    )


def group_ahp(
    matrices: Mapping[Hashable, Matrix] | Iterable[Matrix] | FloatArray,
    *,
    by: str = "judgements",
    method: str = "eigenvector",
    random_index: str = "saaty",
    inconsistent: str = "refuse",
    influence: pd.Series | npt.ArrayLike | None = None,
) -> GroupAhp:
    """Weights of a group of experts who judged the same things.

    Parameters
    ----------
    matrices : mapping, list or array, k × n × n
        One judgement matrix per expert, as in `ahp`; the keys of a mapping name the experts.
    by : {"judgements", "priorities", "priorities_geometric"}
        What is averaged: the judgements, by geometric mean (AIJ), or the experts' own weights
        (AIP), by arithmetic or geometric mean.
    method, random_index
        As in `ahp`.
    inconsistent : {"refuse", "warn", "allow", "drop", "downweight"}
        What is done about experts with CR >= 0.1; "drop" leaves them out, "downweight" multiplies
        their influence by 0.1 / CR.
    influence : Series or array, k, optional
        How much each expert counts, at least 0; equal by default.

    Returns
    -------
    GroupAhp

    Raises
    ------
    MethodError
        As `ahp`, naming the experts; where nobody is left; where experts judged different things.

    Warns
    -----
    MethodWarning
        For CR >= 0.1 with ``inconsistent="warn"``; naming whom "drop" left out.

    References
    ----------
    Forman and Peniwati (1998), European Journal of Operational Research 108, 165–169.

    Examples
    --------
    >>> made = group_ahp({"甲": [[1, 2], [1 / 2, 1]], "乙": [[1, 8], [1 / 8, 1]]})
    >>> made.weights.round(4)
    array([0.8, 0.2])
    >>> group_ahp([[[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]], by="priorities").weights.round(4)
    array([0.7778, 0.2222])
    """
    choose(method, PRIORITIES, "method")
    join = choose(by, _JOINED, "by")
    _check_word(inconsistent, GROUPED)
    experts, first, stack, absent = _stacked(matrices, method)
    names = column_names(first)
    own = PRIORITIES[method](stack)
    lambda_max = pairwise.principal_values(stack, own)
    ci, cr = consistency(lambda_max, len(names), random_index, absent=absent)
    share = _influence(influence, experts)
    wrong = cr >= CONSISTENT
    if wrong.any() and inconsistent != "allow":
        share = _without(share, cr, experts, inconsistent, random_index)
    w, joint = join(stack, own, share, method)
    joint_cr = float("nan")
    if joint is not None:
        top = pairwise.principal_values(joint[None], w[None])
        joint_cr = float(consistency(top, len(names), random_index)[1][0])
    table = np.column_stack([share, lambda_max, ci, cr])
    return GroupAhp(
        like_columns(first, w, "weight"),
        joint_cr,
        pd.DataFrame(table, index=experts, columns=_EXPERTS),
        pd.DataFrame(own, index=experts, columns=names),
        by,
        method,
        random_index,
    )


def ahp_hierarchy(
    goal: pd.DataFrame,
    below: Mapping[str, pd.DataFrame],
    *,
    method: str = "eigenvector",
    random_index: str = "saaty",
    inconsistent: str = "refuse",
) -> AhpHierarchy:
    """Weights of a hierarchy of judgement matrices, multiplied down from the goal.

    Parameters
    ----------
    goal : DataFrame, n × n
        Judgements on the first level.
    below : mapping
        What stands above -> judgements on what stands below it, to any depth. The same things may
        stand below several (alternatives under each criterion): their weights add up.
    method, random_index, inconsistent
        As in `ahp`.

    Returns
    -------
    AhpHierarchy

    Raises
    ------
    MethodError
        As `ahp`; for a matrix of something that is not in the hierarchy, or stands below itself.

    Examples
    --------
    >>> names = ["班子", "业绩"]
    >>> goal = pd.DataFrame([[1, 1 / 4], [4, 1]], index=names, columns=names)
    >>> parts = ["欢迎", "受益"]
    >>> results = pd.DataFrame([[1, 3], [1 / 3, 1]], index=parts, columns=parts)
    >>> ahp_hierarchy(goal, {"业绩": results}).weights.round(4).to_dict()
    {'班子': 0.2, '欢迎': 0.6, '受益': 0.2}
    """
    choices = {"method": method, "random_index": random_index, "inconsistent": inconsistent}
    table: list[tuple[Any, ...]] = []
    matrices: list[tuple[Any, ...]] = []
    leaves: dict[Any, float] = {}
    judged: set[Any] = set()
    here: dict[Any, float] = {"goal": 1.0}
    for level in range(1, len(below) + 3):
        under: dict[Any, float] = {}
        for parent, weight in here.items():
            top = level == 1
            if not top and parent not in below:
                leaves[parent] = leaves.get(parent, 0.0) + weight
                continue
            if not top and parent in judged:
                raise MethodError(
                    f"nothing may stand below itself, got {parent!r} on two levels. "
                    "Give what stands on different levels different names."
                )
            made = _below(parent, goal if top else below[parent], choices)
            judged |= set() if top else {parent}
            ri = pairwise.random_index(len(made.weights), random_index)
            matrices.append((parent, level, weight, made.lambda_max, made.ci, made.cr, ri))
            for item, local in made.weights.items():
                table.append((parent, item, local, weight * local))
                under[item] = under.get(item, 0.0) + weight * local
        here = under
    lost = [name for name in below if name not in judged]
    if lost:
        raise MethodError(
            f"every matrix must stand below something in the hierarchy, got {listed(lost)}. "
            "Judge it on the level above, or leave its matrix out."
        )
    told = pd.DataFrame(matrices, columns=["parent", "level", "weight", *_CONSISTENCY, "ri"])
    sums = told[["ci", "ri"]].mul(told["weight"], axis=0).groupby(told["level"]).sum()
    ratio = sums["ci"].div(sums["ri"].where(sums["ri"] > 0, np.inf))
    weights = pd.DataFrame(table, columns=["parent", "item", "local_weight", "global_weight"])
    return AhpHierarchy(
        pd.Series(leaves, name="weight"),
        weights.set_index(["parent", "item"]),
        told.drop(columns="ri").set_index("parent"),
        ratio.rename("cr"),
    )


def _complain(message: str, inconsistent: str, zh: str, level: int = 3) -> None:
    if inconsistent == "refuse":
        raise MethodError(message)
    warn(MethodWarning(message, zh=zh), stacklevel=level)


def _check_word(word: str, words: tuple[str, ...]) -> None:
    choose(word, dict.fromkeys(words), "inconsistent")


def _worst_pair(array: FloatArray, names: list[Any]) -> str:
    i, j = inconsistent_judgements(array)[["row", "column"]].to_numpy()[0]
    return f"({names[i]}, {names[j]})"


def _below(parent: Hashable, matrix: pd.DataFrame, choices: Mapping[str, str]) -> AhpResult:
    try:
        return ahp(matrix, **choices)
    except MethodError as error:
        raise MethodError(f"below {parent!r}: {error}") from None


def _stacked(
    matrices: Mapping[Hashable, Matrix] | Iterable[Matrix] | FloatArray, method: str
) -> tuple[pd.Index, Matrix, FloatArray, npt.NDArray[np.intp]]:
    """Return who judged, the first matrix as given, all matrices complete, and what was missing."""
    if isinstance(matrices, np.ndarray) and matrices.ndim == 3 and matrices.shape[0]:
        experts = pd.Index(range(len(matrices)), name="expert")
        first: Matrix = matrices[0]
        names = column_names(first)
        if matrices.shape[1] != matrices.shape[2]:
            as_judgements(first)  # which refuses it
        stack = check_stack(np.asarray(matrices, dtype=float), names)
    else:
        given = dict(matrices) if isinstance(matrices, Mapping) else dict(enumerate(matrices))
        if not given:
            raise MethodError("a group must have at least 1 expert, got 0. Give their matrices.")
        experts = pd.Index(list(given), name="expert")
        first = next(iter(given.values()))
        names = column_names(first)
        for expert, matrix in given.items():
            if column_names(matrix) != names:
                raise MethodError(
                    f"every expert must judge the same things in the same order, got others from "
                    f"{expert!r}. Reindex the matrix in rows and columns."
                )
        stack = np.stack([as_judgements(m, what=f"matrix {e!r}") for e, m in given.items()])
    absent = np.zeros(len(stack), dtype=np.intp)
    if np.isnan(stack.min()):  # a minimum finds NaN faster than looking at each
        absent += np.isnan(stack).sum(axis=(1, 2)) // 2
    for k in np.flatnonzero(absent):
        stack[k] = pairwise.complete(stack[k], names, method)
    return experts, first, stack, absent


def _influence(influence: pd.Series | npt.ArrayLike | None, experts: pd.Index) -> FloatArray:
    if influence is None:
        return np.full(len(experts), 1 / len(experts))
    if isinstance(influence, pd.Series) and set(influence.index) == set(experts):
        influence = influence.loc[experts]
    share = as_vector(influence, what="influence")
    if len(share) != len(experts):
        raise MethodError(
            f"influence must have one entry per expert, got {len(share)} for {len(experts)} "
            "experts. Give one number per expert."
        )
    refuse_columns(
        share < 0, experts, "influence must be at least 0, got a negative one for", "Correct it."
    )
    return share / _positive(share.sum(), "influence must have a positive sum, got 0")


def _positive(total: float, message: str) -> float:
    if not total > 0:
        raise MethodError(f"{message}. Let somebody count.")
    return float(total)


def _without(
    share: FloatArray, cr: FloatArray, experts: pd.Index, inconsistent: str, table: str
) -> FloatArray:
    """Apply the rule about experts who contradict themselves."""
    wrong = cr >= CONSISTENT
    told = ", ".join(f"CR {cr[k]:.4f} for {experts[k]!r}" for k in np.flatnonzero(wrong)[:5])
    more = f" and {int(wrong.sum()) - 5} more" if wrong.sum() > 5 else ""
    message = (
        f"judgements must have a consistency ratio below {CONSISTENT}, got {told}{more} "
        f"(random index {table!r})"
    )
    said = f"判断矩阵的一致性比例须小于 {CONSISTENT}；{enumerated(experts[wrong])}不满足"
    if inconsistent == "downweight":
        share = np.where(wrong, share * CONSISTENT / np.maximum(cr, CONSISTENT), share)
    elif inconsistent == "drop":
        share = np.where(wrong, 0.0, share)
        total = _positive(share.sum(), f"{message}: nobody is left")
        left = MethodWarning(
            f"{message}: left out. Ask them to judge again.",
            zh=f"{said}，未计入。请他们重新判断。",
        )
        warn(left, stacklevel=3)
        return share / total
    else:
        mend = "Ask them to judge again, or choose inconsistent='drop'."
        _complain(f"{message}. {mend}", inconsistent, zh=f"{said}。请他们重新判断。", level=4)
    return np.asarray(share / share.sum())


_Joined: TypeAlias = tuple[FloatArray, FloatArray | None]


def _judgements(stack: FloatArray, own: FloatArray, share: FloatArray, method: str) -> _Joined:
    upper = np.triu_indices(stack.shape[1], 1)
    joint = np.eye(stack.shape[1])
    one_side = stack.reshape(len(stack), -1)[:, np.ravel_multi_index(upper, joint.shape)]
    joint[upper] = np.exp(share @ np.log(one_side))
    joint.T[upper] = 1 / joint[upper]
    return PRIORITIES[method](joint[None])[0], joint


def _priorities(stack: FloatArray, own: FloatArray, share: FloatArray, method: str) -> _Joined:
    return share @ own, None


def _geometric(stack: FloatArray, own: FloatArray, share: FloatArray, method: str) -> _Joined:
    w = np.exp(share @ np.log(own))
    return w / w.sum(), None


_JOINED: Final = MappingProxyType(
    {"judgements": _judgements, "priorities": _priorities, "priorities_geometric": _geometric}
)
