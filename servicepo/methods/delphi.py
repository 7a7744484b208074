"""Delphi rounds (德尔菲法): how willing, how competent and how much of one mind the experts are."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy.typing as npt
import pandas as pd

from ..errors import MethodError
from .agreement import kendall_w
from .guards import as_matrix, as_vector, refuse_columns

BASIS_SCALE: Final = MappingProxyType(
    {
        "practice": (0.5, 0.4, 0.3),
        "theory": (0.3, 0.2, 0.1),
        "peers": (0.1, 0.1, 0.1),
        "intuition": (0.1, 0.1, 0.1),
    }
)
"""What a basis of judgement adds to Ca where it counts much, some or little."""


@dataclass(frozen=True, eq=False, slots=True)
class DelphiRound:
    """What one round of questions to experts tells.

    Attributes
    ----------
    items : DataFrame
        One row per item: ``mean``, ``sd`` (n - 1), ``cv`` (变异系数), ``full_mark_share``
        (满分频率), ``weight`` (mean over the sum of means).
    response_rate : float
        积极系数: experts who answered over experts asked; NaN where it is not told.
    kendall_w : float
        Agreement of the experts, 0..1, corrected for ties.
    chi_square, degrees_of_freedom, p_value : float, int, float
        Test of W = 0.
    """

    items: pd.DataFrame
    response_rate: float
    kendall_w: float
    chi_square: float
    degrees_of_freedom: int
    p_value: float

    def __repr__(self) -> str:
        """Return one line."""
        return f"DelphiRound({len(self.items)} items, W {self.kendall_w:.3f}, p {self.p_value:.3g})"


def delphi_round(
    ratings: pd.DataFrame, *, asked: int | None = None, full_mark: float = 5.0
) -> DelphiRound:
    """Summarise one round.

    Parameters
    ----------
    ratings : DataFrame, experts × items
        How important every expert finds every item; one row per expert who answered, at least 2
        each way. NaN is refused.
    asked : int, optional
        How many experts were asked.
    full_mark : float
        The highest mark.

    Returns
    -------
    DelphiRound

    Raises
    ------
    MethodError
        For missing ratings, ratings outside 0..full_mark, fewer than 2 experts or items, more
        answers than questions, or experts who rate all items the same.

    Notes
    -----
    W as in `methods.agreement.kendall_w`. Studies ask for CV < 0.25, full marks and means above
    their limits, and p < 0.05.

    References
    ----------
    Kendall and Babington Smith (1939), Annals of Mathematical Statistics 10, 275–287.

    Examples
    --------
    >>> ratings = pd.DataFrame({"a": [5, 5, 4], "b": [4, 3, 4], "c": [1, 2, 2]})
    >>> made = delphi_round(ratings, asked=4)
    >>> made.response_rate, round(made.kendall_w, 4), round(made.p_value, 4)
    (0.75, 0.9394, 0.0597)
    >>> made.items.loc["a", ["mean", "full_mark_share"]].round(3).tolist()
    [4.667, 0.667]
    """
    x = as_matrix(ratings, what="ratings", least=2)
    experts, items = x.shape
    if items < 2:
        raise MethodError(f"a round must have at least 2 items, got {items}. Add items.")
    refuse_columns(
        ((x < 0) | (x > full_mark)).any(axis=0),
        ratings.columns,
        f"ratings must lie between 0 and the full mark {full_mark:g}, got others for",
        "Correct them or give full_mark=.",
    )
    if asked is not None and not asked >= experts:
        raise MethodError(
            f"asked must be at least the {experts} experts who answered, got {asked!r}. "
            "Count all who got the questions."
        )
    concord = kendall_w(x.T)
    mean, sd = x.mean(axis=0), x.std(axis=0, ddof=1)
    refuse_columns(
        mean == 0,
        ratings.columns,
        "every item must be rated above 0 by somebody, got 0 from all for",
        "Drop it.",
    )
    table = {
        "mean": mean,
        "sd": sd,
        "cv": sd / mean,
        "full_mark_share": (x == full_mark).mean(axis=0),
        "weight": mean / mean.sum(),
    }
    return DelphiRound(
        pd.DataFrame(table, index=ratings.columns),
        float("nan") if asked is None else experts / asked,
        concord.w,
        concord.chi_square,
        concord.degrees_of_freedom,
        concord.p_value,
    )


def expert_authority(basis: pd.DataFrame, familiarity: pd.Series | npt.ArrayLike) -> pd.DataFrame:
    """Give the authority of experts (权威系数): ``Cr = (Ca + Cs) / 2``.

    Parameters
    ----------
    basis : DataFrame, experts × bases
        What each basis of judgement adds (see ``BASIS_SCALE``: practice .5/.4/.3, theory .3/.2/.1,
        peers and intuition .1); rows sum to 0..1.
    familiarity : Series or array, experts
        Cs, 0..1: 1 very familiar, 0.8, 0.6, 0.4, 0.2 unfamiliar.

    Returns
    -------
    DataFrame
        Indexed like ``basis``: ``basis`` (Ca), ``familiarity`` (Cs), ``authority`` (Cr). Its mean
        is the panel's; 0.7 and more is held acceptable.

    Raises
    ------
    MethodError
        For missing numbers, or coefficients outside 0..1.

    Examples
    --------
    >>> basis = pd.DataFrame({"practice": [0.5, 0.4], "theory": [0.3, 0.2]}, index=["甲", "乙"])
    >>> expert_authority(basis, [0.8, 0.6])["authority"].round(2).to_dict()
    {'甲': 0.8, '乙': 0.6}
    """
    ca = as_matrix(basis, what="basis").sum(axis=1)
    if isinstance(familiarity, pd.Series) and set(familiarity.index) == set(basis.index):
        familiarity = familiarity.loc[list(basis.index)]
    cs = as_vector(familiarity, what="familiarity")
    if len(cs) != len(ca):
        raise MethodError(
            f"familiarity must have one entry per expert, got {len(cs)} for {len(ca)} experts. "
            "Give one number per expert."
        )
    for what, found in (("basis", ca), ("familiarity", cs)):
        refuse_columns(
            (found < 0) | (found > 1 + 1e-9),
            basis.index,
            f"{what} must come to 0..1 for every expert, got another number for",
            "Use the usual scale.",
        )
    table = {"basis": ca, "familiarity": cs, "authority": (ca + cs) / 2}
    return pd.DataFrame(table, index=basis.index)
