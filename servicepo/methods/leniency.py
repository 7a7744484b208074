"""Leniency: grade shares of places that grade themselves cannot be laid side by side."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from ..errors import MethodError, MethodWarning
from .guards import as_matrix, listed

BEYOND_CHANCE: Final = 0.001


@dataclass(frozen=True, eq=False, slots=True)
class Leniency:
    """Answer of `leniency`.

    Attributes
    ----------
    shares : DataFrame, places × grades
        Share of each grade in its place; rows sum to 1.
    standing : DataFrame, places × grades
        Where a grade stands inside its own place, 0..1: the share of the place's organisations
        below it and half of those that hold it. This may be compared between places.
    lenient : Series, places
        Chance that an organisation of the place holds a better grade than one of all places
        together (equals count half): 0.5 where it grades like all.
    chi2, p_value : float
        Test that all places have the same shares.
    cramers_v : float
        How far they differ, 0..1.
    """

    shares: pd.DataFrame
    standing: pd.DataFrame
    lenient: pd.Series
    chi2: float
    p_value: float
    cramers_v: float

    def __repr__(self) -> str:
        ordered = self.lenient.sort_values(kind="stable")
        names, found = list(ordered.index), ordered.to_numpy()
        return (
            f"Leniency({len(self.shares)} places, Cramér's V {self.cramers_v:.2f}; most lenient "
            f"{names[-1]} {found[-1]:.2f}, strictest {names[0]} {found[0]:.2f})"
        )


def leniency(counts: pd.DataFrame) -> Leniency:
    """Show how unlike places grade, and what of a grade may be compared between them.

    Parameters
    ----------
    counts : DataFrame of int, places × grades
        How many organisations hold each grade, the best grade first. At least 2 places and grades.

    Returns
    -------
    Leniency

    Raises
    ------
    MethodError
        Where a place does not use all the grades (NaN; write 0 for nobody), a count is below 0, or
        a place has none at all.

    Warns
    -----
    MethodWarning
        Where shares differ beyond chance (p < 0.001): whether organisations are better there or
        graders milder cannot be told from shares, so they must not be compared.

    Notes
    -----
    Pearson's χ² on (r − 1)(k − 1) degrees of freedom; V = √(χ² / (N (min(r, k) − 1))). The standing
    of a grade is Bross's ridit with the place itself as reference, ``lenient`` the mean ridit with
    all places as reference.

    References
    ----------
    Bross, I. D. J. (1958). How to use ridit analysis. Biometrics 14: 18–38.

    Examples
    --------
    >>> counts = pd.DataFrame({"good": [5, 6], "poor": [5, 4]}, index=["甲县", "乙县"])
    >>> made = leniency(counts)
    >>> made
    Leniency(2 places, Cramér's V 0.10; most lenient 乙县 0.53, strictest 甲县 0.47)
    >>> made.standing.round(2)
          good  poor
    甲县  0.75  0.25
    乙县  0.70  0.20
    """
    table = as_matrix(counts, what="counts", least=2, missing=True)
    if table.shape[1] < 2:
        raise MethodError(
            f"places must have at least 2 grades to be compared, got {table.shape[1]}. Add grades."
        )
    lost = np.isnan(table).any(axis=1)
    if lost.any():
        raise MethodError(
            "every place must use the same grades, got others in "
            f"{listed(counts.index[np.flatnonzero(lost)])}. "
            "Compare places with one scheme, and write 0 for nobody."
        )
    wrong = (table < 0).any(axis=1) | (table.sum(axis=1) == 0)
    if wrong.any():
        raise MethodError(
            f"counts must be at least 0, and above 0 somewhere, got others in "
            f"{listed(counts.index[np.flatnonzero(wrong)])}. Correct them."
        )
    shares = table / table.sum(axis=1, keepdims=True)
    together = table.sum(axis=0) / table.sum()
    expected = table.sum(axis=1, keepdims=True) * together
    held = together > 0
    chi2 = float((((table - expected) ** 2)[:, held] / expected[:, held]).sum())
    r, k = len(table), int(held.sum())
    p = float(chdtrc((r - 1) * (k - 1), chi2)) if k > 1 else 1.0
    v = float(np.sqrt(chi2 / (table.sum() * (min(r, k) - 1)))) if k > 1 else 0.0
    below = together[::-1].cumsum()[::-1] - together / 2
    made = Leniency(
        pd.DataFrame(shares, counts.index, counts.columns),
        pd.DataFrame(
            shares[:, ::-1].cumsum(axis=1)[:, ::-1] - shares / 2, counts.index, counts.columns
        ),
        pd.Series(shares @ below, counts.index, name="lenient"),
        chi2,
        p,
        v,
    )
    if p < BEYOND_CHANCE:
        warnings.warn(
            MethodWarning(
                "Grade shares of places that grade themselves must not be compared; they differ "
                f"beyond chance (Cramér's V {v:.2f}), and whether by merit or by leniency cannot "
                "be told. Compare where organisations stand inside their place (.standing).",
                zh=f"各地自行定级，等次占比不能互比：差异超出偶然（Cramér V {v:.2f}），"
                "无法区分是工作好还是尺度松。请改比组织在本地的相对位置（.standing）。",
            ),
            stacklevel=2,
        )
    return made
