"""Combined weights (组合赋权): several weightings of the same indicators made into one.

Every function takes a table of weightings (rows = indicators, columns = weightings, each of sum 1)
and returns the combined weights with the share of each weighting in them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from warnings import warn

import numpy as np
import pandas as pd

from ..errors import MethodError, MethodWarning
from ..labels import enumerated
from .guards import FloatArray, check_weights, listed

Weightings: TypeAlias = pd.DataFrame | Mapping[Hashable, pd.Series]
Shares: TypeAlias = pd.Series | Sequence[float] | None


@dataclass(frozen=True, eq=False, slots=True)
class Combined:
    """Combined weights.

    Attributes
    ----------
    weights : Series, m
        Sum 1.
    shares : Series
        Share of each weighting, sum 1: a factor in sums, an exponent in products.
    raw : Series or None
        The game-theoretic coefficients before they were scaled; they may be negative.
    method : str
        How they were combined.
    """

    weights: pd.Series
    shares: pd.Series
    raw: pd.Series | None
    method: str

    def __repr__(self) -> str:
        """Return one line."""
        parts = ", ".join(f"{name} {share:.3f}" for name, share in self.shares.items())
        return f"Combined({len(self.weights)} weights, {self.method}: {parts})"


def linear(weightings: Weightings, *, shares: Shares = None) -> Combined:
    """Weighted mean of weightings: ``w = sum_l a_l w_l``.

    Parameters
    ----------
    weightings : DataFrame, m × L, or mapping of Series
        At least 2; each of sum 1.
    shares : Series or sequence, L, optional
        Sum 1; equal by default.

    Returns
    -------
    Combined

    Raises
    ------
    MethodError
        For one weighting, other labels, weights or shares that do not sum to 1.

    Examples
    --------
    >>> w = pd.DataFrame({"ahp": [0.7, 0.3], "entropy": [0.2, 0.8]}, index=["a", "b"])
    >>> linear(w, shares=[0.6, 0.4]).weights.to_dict()
    {'a': 0.5, 'b': 0.5}
    """
    table = _table(weightings)
    a = _shares(shares, table)
    return _combined(table, table.to_numpy() @ a, a, "linear")


def multiplicative(weightings: Weightings) -> Combined:
    """Product of weightings, scaled: ``w ~ prod_l w_l``. It sharpens what all agree on.

    Parameters, returns and raises as `linear`, without shares; refused where no indicator has a
    weight above 0 in all of them.

    References
    ----------
    张敬信, mathmodels-book (https://zhjx19.github.io/mathmodels-book), 组合赋权.

    Examples
    --------
    >>> w = pd.DataFrame({"ahp": [0.6, 0.4], "entropy": [0.5, 0.5]}, index=["a", "b"])
    >>> multiplicative(w).weights.round(4).to_dict()
    {'a': 0.6, 'b': 0.4}
    """
    table = _table(weightings)
    even = np.full(table.shape[1], 1 / table.shape[1])
    return _combined(table, table.to_numpy().prod(axis=1), even, "multiplicative")


def geometric(weightings: Weightings, *, shares: Shares = None) -> Combined:
    """Geometric mean of weightings, scaled: ``w ~ prod_l w_l^a_l``.

    Parameters, returns and raises as `linear`; refused where no indicator has a weight above 0 in
    all of them.

    Examples
    --------
    >>> w = pd.DataFrame({"ahp": [0.8, 0.2], "entropy": [0.5, 0.5]}, index=["a", "b"])
    >>> geometric(w).weights.round(4).to_dict()
    {'a': 0.6667, 'b': 0.3333}
    """
    return _product(_table(weightings), shares, "geometric")


def minimum_relative_entropy(weightings: Weightings) -> Combined:
    """Weights nearest to all weightings by relative entropy (最小相对信息熵).

    Parameters, returns and raises as `multiplicative`.

    Notes
    -----
    The least of ``sum_l sum_j w_j ln(w_j / w_lj)`` over weights of sum 1 is the scaled geometric
    mean: the name differs, the numbers are those of `geometric`.

    Examples
    --------
    >>> w = pd.DataFrame({"ahp": [0.8, 0.2], "entropy": [0.5, 0.5]}, index=["a", "b"])
    >>> minimum_relative_entropy(w).weights.round(4).to_dict()
    {'a': 0.6667, 'b': 0.3333}
    """
    return _product(_table(weightings), None, "minimum_relative_entropy")


def game_theoretic(weightings: Weightings, *, negative: str = "refuse") -> Combined:
    """Weights as a compromise between weightings (博弈论组合赋权).

    Parameters
    ----------
    weightings
        As `linear`.
    negative : {"refuse", "absolute"}
        What is done where a coefficient comes out negative, so that a weighting would count against
        itself. "absolute" takes absolute values, as papers do, and warns.

    Returns
    -------
    Combined
        ``raw`` holds the coefficients before they were scaled.

    Raises
    ------
    MethodError
        As `linear`; for equal weightings, which leave the coefficients open, and (by default) for a
        negative coefficient.

    Warns
    -----
    MethodWarning
        For a negative coefficient with "absolute".

    Notes
    -----
    ``sum_k a_k (w_l · w_k) = w_l · w_l`` for every l, then ``a* = |a| / sum |a|`` and
    ``w = sum a*_l w_l``.

    References
    ----------
    张敬信, mathmodels-book (https://zhjx19.github.io/mathmodels-book), 组合赋权.

    Examples
    --------
    >>> w = pd.DataFrame({"ahp": [0.7, 0.3], "entropy": [0.4, 0.6]}, index=["a", "b"])
    >>> game_theoretic(w).shares.round(4).to_dict()
    {'ahp': 0.642, 'entropy': 0.358}
    """
    if negative not in ("refuse", "absolute"):
        raise MethodError(
            f"negative must be one of 'refuse', 'absolute', got {negative!r}. "
            "Give one of these words."
        )
    table = _table(weightings)
    w = table.to_numpy()
    gram = w.T @ w
    if np.linalg.cond(gram) > 1e12:
        raise MethodError(
            "weightings must differ in more than scale for the game-theoretic combination, got "
            f"{listed(table.columns)} that depend on each other. Drop one, or use linear."
        )
    a = np.linalg.solve(gram, np.diag(gram))
    raw = pd.Series(a, index=table.columns, name="coefficient")
    if (a < 0).any():
        told = ", ".join(f"{value:.4f} for {name!r}" for name, value in raw[raw < 0].items())
        message = f"game-theoretic coefficients must be at least 0, got {told}"
        if negative == "refuse":
            raise MethodError(
                f"{message}. Choose negative='absolute' for the convention of papers, or linear."
            )
        warn(
            MethodWarning(
                f"{message}: absolute values taken. Say so in the text.",
                zh=f"博弈论组合系数应不小于 0；{enumerated(raw.index[raw < 0])}为负，已取绝对值。"
                "请在文中说明。",
            ),
            stacklevel=2,
        )
    shares = np.abs(a) / np.abs(a).sum()
    return _combined(table, w @ shares, shares, "game_theoretic", raw)


def moment(weightings: Weightings, *, subjective: Sequence[Hashable]) -> Combined:
    """Weights by moment estimation (矩估计): groups of weightings count by their mean weights.

    Parameters
    ----------
    weightings
        As `linear`.
    subjective : sequence of labels
        Which weightings are experts'; the others are objective. At least one of each.

    Returns
    -------
    Combined

    Raises
    ------
    MethodError
        As `linear`; where one group is empty, or an indicator has weight 0 in all weightings.

    Notes
    -----
    With the mean weights s_j and o_j of both groups, ``a = mean_j s_j / (s_j + o_j)`` and
    ``b = 1 - a``; the weights are the least of ``sum_j (a sum_s (w_j - w_sj)^2 + b sum_o (w_j -
    w_oj)^2)``, which is ``w_j = (a S s_j + b O o_j) / (a S + b O)`` for S and O weightings.

    Examples
    --------
    >>> w = pd.DataFrame({"ahp": [0.7, 0.3], "entropy": [0.3, 0.7]}, index=["a", "b"])
    >>> moment(w, subjective=["ahp"]).weights.to_dict()
    {'a': 0.5, 'b': 0.5}
    """
    table = _table(weightings)
    known = [name for name in subjective if name in table.columns]
    if len(known) != len(list(subjective)) or not 0 < len(known) < table.shape[1]:
        raise MethodError(
            f"subjective must name some of the weightings and leave some, got {listed(subjective)} "
            f"of {listed(table.columns)}. Name the experts' ones."
        )
    is_expert = table.columns.isin(known)
    w = table.to_numpy()
    s, o = w[:, is_expert].mean(axis=1), w[:, ~is_expert].mean(axis=1)
    idle = [name for name, total in zip(table.index, s + o, strict=True) if total == 0]
    if idle:
        raise MethodError(
            "every indicator must have a weight above 0 somewhere for moment estimation, got none "
            f"for {listed(idle)}. Drop it."
        )
    a = float((s / (s + o)).mean())
    shares = np.where(is_expert, a, 1 - a)
    shares /= shares.sum()
    return _combined(table, w @ shares, shares, "moment")


def _table(weightings: Weightings) -> pd.DataFrame:
    given: dict[Any, Any] = dict(weightings.items())
    if len(given) < 2:
        raise MethodError(
            f"a combination must have at least 2 weightings, got {len(given)}. Add another one."
        )
    names = list(next(iter(given.values())).index)
    columns = {name: check_weights(w, names, what=f"weights {name!r}") for name, w in given.items()}
    return pd.DataFrame(columns, index=names)


def _shares(shares: Shares, table: pd.DataFrame) -> FloatArray:
    if shares is None:
        return np.full(table.shape[1], 1 / table.shape[1])
    return check_weights(
        shares if isinstance(shares, pd.Series) else np.asarray(shares, dtype=float),
        table.columns,
        what="shares",
    )


def _product(table: pd.DataFrame, shares: Shares, method: str) -> Combined:
    a = _shares(shares, table)
    return _combined(table, np.power(table.to_numpy(), a).prod(axis=1), a, method)


def _combined(
    table: pd.DataFrame,
    w: FloatArray,
    shares: FloatArray,
    method: str,
    raw: pd.Series | None = None,
) -> Combined:
    if not w.sum() > 0:
        raise MethodError(
            "some indicator must have a weight above 0 in every weighting for a product, got none. "
            "Use linear."
        )
    return Combined(
        pd.Series(w / w.sum(), index=table.index, name="weight"),
        pd.Series(shares, index=table.columns, name="share"),
        raw,
        method,
    )


COMBINATIONS: Final[Mapping[str, Callable[..., Combined]]] = MappingProxyType(
    {
        "linear": linear,
        "multiplicative": multiplicative,
        "geometric": geometric,
        "minimum_relative_entropy": minimum_relative_entropy,
        "game_theoretic": game_theoretic,
        "moment": moment,
    }
)
"""The words for combinations and the functions they name."""
