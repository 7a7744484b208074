"""Disclosure: which cells of a table may not be shown, and rounding instead of hiding.

Hiding them is not enough where totals are shown: see `cell_suppression`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from ..errors import MethodError
from .guards import FloatArray, as_matrix, choose, refuse_columns

FEWEST: Final = 10  # below this number of people a figure could tell who answered what
ZEROS: Final = {"shown": 0, "hidden": -1}  # the greatest count that tells of nobody
RULES: Final = {"few": "few", "dominance": "dominated", "p_percent": "guessable"}


def too_few(counts: pd.DataFrame, *, fewest: int = FEWEST, zeros: str = "shown") -> pd.DataFrame:
    """Find the counts that stand for too few people.

    Parameters
    ----------
    counts : DataFrame of int
        Numbers of people, with or without totals; NaN (not asked) is never too few.
    fewest : int
        The least count that may be shown.
    zeros : {"shown", "hidden"}
        A 0 tells of nobody and is shown; or it is hidden like other small counts, for tables where
        "nobody here" says something of everybody.

    Returns
    -------
    DataFrame of bool

    Raises
    ------
    MethodError
        For negative counts or another word.

    Examples
    --------
    >>> too_few(pd.DataFrame({"yes": [3, 12], "no": [0, 10]}))
         yes     no
    0   True  False
    1  False  False
    """
    nobody = choose(zeros, ZEROS, "zeros")
    n = _not_negative(counts, "counts", missing=True)
    return pd.DataFrame((n < fewest) & (n > nobody), index=counts.index, columns=counts.columns)


def same_answer(answers: pd.DataFrame) -> pd.Series:
    """Find the groups in which all gave the same answer, so that it is known of each of them.

    Parameters
    ----------
    answers : DataFrame of int, groups × answers
        How many of the group gave the answer. NaN is refused.

    Returns
    -------
    Series of bool
        However many they are. False where nobody answered.

    Raises
    ------
    MethodError
        For negative counts.

    Examples
    --------
    >>> same_answer(pd.DataFrame({"satisfied": [30, 28], "not": [0, 2]})).tolist()
    [True, False]
    """
    n = _not_negative(answers, "answers")
    return pd.Series((n > 0).sum(axis=1) == 1, index=answers.index, name="same_answer")


def sensitive_sums(
    contributions: pd.DataFrame,
    *,
    by: Sequence[str],
    value: str,
    rules: Sequence[str] = tuple(RULES),
    fewest: int = FEWEST,
    dominance: tuple[int, float] = (2, 0.9),
    p: float = 0.1,
) -> pd.DataFrame:
    """Find the sums that would tell what one contributor gave.

    Parameters
    ----------
    contributions : DataFrame
        One row per contributor and cell.
    by : list of str
        The columns that make the cells.
    value : str
        The column that is summed, at least 0. A contribution of 0 counts as a contributor.
    rules : list of {"few", "dominance", "p_percent"}
        Any of them makes a cell sensitive.
    fewest : int
        The least number of contributors.
    dominance : (int, float)
        The n largest may hold at most the share k of the sum.
    p : float
        How near, as a share, the second largest contributor may come to knowing the largest.

    Returns
    -------
    DataFrame
        Index: the cells. Columns: ``sum``, ``contributors``, ``top_share`` (of the n largest; NaN
        for a sum of 0), ``few``, ``dominated``, ``guessable``, ``sensitive``.

    Raises
    ------
    MethodError
        For negative or missing contributions, an unknown rule or a lacking column.

    Notes
    -----
    Dominance: ``x_1 + … + x_n > k X``. p %: ``X − x_1 − x_2 < p x_1``, with x in falling order.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, section 4.2.

    Examples
    --------
    >>> gifts = pd.DataFrame({"town": ["a"] * 3 + ["b"] * 3, "yuan": [90, 5, 5, 40, 30, 30]})
    >>> found = sensitive_sums(gifts, by=["town"], value="yuan", fewest=3)
    >>> found[["sum", "top_share", "dominated", "guessable"]]
            sum  top_share  dominated  guessable
    town
    a     100.0       0.95       True       True
    b     100.0       0.70      False      False
    """
    chosen = [choose(rule, RULES, "rule") for rule in rules]
    lost = [c for c in (*by, value) if c not in contributions.columns]
    if lost:
        raise MethodError(
            f"contributions must have the columns of `by` and `value`, got none called {lost[0]!r}."
            " Name the columns as they are."
        )
    if contributions[list(by)].isna().to_numpy().any():
        raise MethodError(
            "every contribution must belong to a cell, got a missing value in the columns of `by`. "
            "Fill it in or leave the row out."
        )
    rows = contributions.reset_index(drop=True)
    given = pd.Series(_not_negative(rows[[value]], "contributions")[:, 0])
    falling = given.sort_values(ascending=False, kind="stable")
    cells = [rows[c].loc[falling.index] for c in by]
    place = falling.groupby(cells, observed=True).cumcount()

    def largest(n: int) -> pd.Series:
        return falling.where(place < n, 0.0).groupby(cells, observed=True).sum()

    most, share = dominance
    groups = falling.groupby(cells, observed=True)
    out = pd.DataFrame({"sum": groups.sum(), "contributors": groups.size()})
    out["top_share"] = largest(most) / out["sum"].where(out["sum"] > 0)
    out["few"] = out["contributors"] < fewest
    out["dominated"] = out["top_share"] > share
    # A hair of the sum keeps rounding errors from making an exact tie sensitive.
    out["guessable"] = out["sum"] - largest(2) < p * largest(1) - 1e-12 * out["sum"]
    out["sensitive"] = out[chosen].any(axis=1)
    return out


def round_to_base(table: pd.DataFrame, *, base: int = 5) -> pd.DataFrame:
    """Round every cell and total to a multiple of a base, instead of hiding any.

    Parameters
    ----------
    table : DataFrame of float
        Counts or sums of at least 0, with or without totals. NaN is refused.
    base : int
        At least 2.

    Returns
    -------
    DataFrame of float
        The nearest multiples, the half upwards. Each is rounded by itself, so rounded cells need
        not add up to their rounded totals; compute nothing further from them.

    Raises
    ------
    MethodError
        For missing or negative cells or a base below 2.

    Examples
    --------
    >>> round_to_base(pd.DataFrame({"a": [2, 3], "b": [7, 8]})).to_numpy().tolist()
    [[0.0, 5.0], [5.0, 10.0]]
    """
    if base < 2:
        raise MethodError(f"base must be at least 2, got {base!r}. Give 5 to round to fives.")
    rounded = np.floor(_not_negative(table, "table") / base + 0.5) * base
    return pd.DataFrame(rounded, index=table.index, columns=table.columns)


def _not_negative(table: pd.DataFrame, what: str, *, missing: bool = False) -> FloatArray:
    values = as_matrix(table, what=what, missing=missing)
    wrong = (values < 0).any(axis=0)
    refuse_columns(
        wrong, table.columns, f"{what} must be at least 0, got less in", "Correct these numbers."
    )
    return values
