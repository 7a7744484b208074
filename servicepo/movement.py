"""Who moved between grades or quantiles, how often, and how much of it is noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .anonymity import anonymous_codes
from .declared import near
from .errors import MethodError
from .labels import Language
from .methods.mobility import Homogeneity, homogeneity_test, mobility_indices, noise_transitions
from .methods.panel_states import at_start, state_steps
from .methods.transitions import (
    mean_first_passage,
    steady_state,
    transition_matrices,
    transition_matrix,
    transition_probabilities,
)


@dataclass(frozen=True, eq=False, slots=True)
class Movement:
    """Moves between ordered states, such as grades.

    Attributes
    ----------
    steps : DataFrame
        Indexed by (org, period): ``start`` (period the step starts in), ``before``, ``after``,
        ``moved`` (states up; below 0 down).
    counts : DataFrame
        Moves from each state (rows) to each, worst first.
    transitions : DataFrame
        One row per pair of states, best first: ``before``, ``after``, ``count``, ``n``,
        ``probability``, ``low``, ``high`` (Wilson, 95 %), ``noise`` (the probability that noise
        alone would give; NaN where the reliability is not known).
    mobility : DataFrame
        As `methods.mobility.mobility_indices`: ``value``, ``noise``, ``low``, ``high`` of each
        index. Empty where a state has no move that starts there.
    reliability : float or None
        Share of the variance of the scores that is known to be real.
    organisations : DataFrame or None
        Attributes, indexed by ``org``.
    """

    steps: pd.DataFrame
    counts: pd.DataFrame
    transitions: pd.DataFrame
    mobility: pd.DataFrame
    reliability: float | None
    organisations: pd.DataFrame | None

    def __repr__(self) -> str:
        moved = self.steps["moved"]
        return (
            f"Movement({len(moved)} steps between {len(self.counts)} states: "
            f"{int((moved > 0).sum())} up, {int((moved == 0).sum())} stayed, "
            f"{int((moved < 0).sum())} down)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.counts.iloc[::-1, ::-1].to_html()}"

    def long_run(self) -> pd.DataFrame:
        """Say where the moves lead if they stay as they are.

        Returns
        -------
        DataFrame
            Indexed by the state: ``share`` in the steady state, ``now`` (share of the last steps'
            ends), and a column ``to <state>`` for each state: steps on average until it is reached
            first (again, on the diagonal).

        Raises
        ------
        MethodError
            Where the states do not form one class, or a state has no move that starts there.

        Notes
        -----
        A thought experiment, not a forecast: it supposes that everybody of a state moves alike and
        that the probabilities never change.
        """
        sums = self.counts.sum(axis=1)
        p = self.counts.div(sums.where(sums > 0), axis=0)
        share, passage = steady_state(p), mean_first_passage(p)
        last = self.steps["after"][self.steps["start"] == self.steps["start"].max()]
        now = last.value_counts(normalize=True).reindex(share.index)
        table = pd.DataFrame({"share": share, "now": now})
        return table.join(passage.add_prefix("to "))

    def by(self, condition: str | pd.Series) -> pd.DataFrame:
        """Count the moves of every class apart.

        Parameters
        ----------
        condition : str or Series
            "period", a column of the organisations, or a Series by (org, period) of what held when
            a step started, such as the state of the neighbours.

        Returns
        -------
        DataFrame
            As `methods.transitions.transition_matrices`: rows (class, before), columns after.

        Raises
        ------
        MethodError
            For a column that is not there.
        """
        if isinstance(condition, pd.Series):
            classes = at_start(condition, self.steps)
        elif condition == "period":
            classes = pd.Series(self.steps.index.get_level_values("period"), self.steps.index)
        else:
            known = pd.DataFrame() if self.organisations is None else self.organisations
            if condition not in known.columns:
                raise MethodError(
                    f"condition must be a column of the organisations, got {condition!r}. "
                    f"{near(condition, ['period', *known.columns])}"
                )
            orgs = self.steps.index.get_level_values("org")
            classes = known[condition].reindex(orgs).set_axis(self.steps.index)
        return transition_matrices(
            self.steps["before"], self.steps["after"], classes, states=list(self.counts.index)
        )

    def homogeneity(self, condition: str | pd.Series) -> Homogeneity:
        """Test whether classes move alike.

        Parameters
        ----------
        condition : str or Series
            As `by`.

        Returns
        -------
        Homogeneity

        Raises
        ------
        MethodError
            As `by`; for fewer than 2 classes with moves.
        """
        return homogeneity_test(self.by(condition))

    def movers(
        self, *, names: bool = False, language: Language = "zh", seed: int = 0
    ) -> pd.DataFrame:
        """List who moved up or down, the deepest falls first.

        Parameters
        ----------
        names : bool
            Whether organisations are named; by default they have codes that tell their sector only.
        language : {"zh", "en"}
            Language of the codes.
        seed : int
            The same organisations and seed have the same codes.

        Returns
        -------
        DataFrame
            ``org``, ``period``, ``before``, ``after``, ``moved``; one row per step that left its
            state.
        """
        table = self.steps[self.steps["moved"] != 0].drop(columns="start").reset_index()
        if not names:
            orgs = self.steps.index.get_level_values("org")
            codes = anonymous_codes(
                self.organisations, pd.Index(orgs.unique()), seed=seed, language=language
            )
            table["org"] = table["org"].map(codes)
        return table.sort_values(["moved", "period", "org"], ignore_index=True)


def movement_of(
    states: pd.Series,
    *,
    organisations: pd.DataFrame | None = None,
    reliability: float | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Movement:
    """Put together how organisations moved between states.

    Parameters
    ----------
    states : Series of ordered categories
        By (org, period), worst first: grades, or `methods.panel_states.quantile_states`.
    organisations : DataFrame, optional
        Attributes, indexed by ``org``.
    reliability : float, optional
        Share of the variance of the scores behind the states that is real, above 0 and at most 1.
    draws : int
        Samples for the intervals of the mobility indices; 0 gives none.
    seed : int
        For the draws.

    Returns
    -------
    Movement

    Raises
    ------
    MethodError
        For states that are not ordered categories, an (org, period) that stands twice, fewer than 2
        periods, or another reliability.

    Warns
    -----
    MethodWarning
        Where organisations have a gap between their first and their last state.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([list("abc"), ["2023", "2024"]], names=["org", "period"])
    >>> kind = pd.CategoricalDtype(["poor", "good"], ordered=True)
    >>> words = ["poor", "good", "good", "good", "good", "poor"]
    >>> movement = movement_of(pd.Series(words, rows, dtype=kind), reliability=0.8)
    >>> movement
    Movement(3 steps between 2 states: 1 up, 1 stayed, 1 down)
    >>> movement.movers()[["org", "moved"]].to_numpy().tolist()
    [['党组织-002', -1], ['党组织-003', 1]]
    """
    steps = state_steps(states)
    order = list(states.cat.categories)
    counts = transition_matrix(steps["before"], steps["after"], states=order)
    table = transition_probabilities(counts)
    n = counts.to_numpy()
    # States that nobody starts from, or ends in, have no cut between them and their neighbours.
    moving = bool(n.sum(axis=1).all())
    table["noise"] = np.nan
    if reliability is not None and moving and len(order) > 1:
        before, after = n.sum(axis=1) / n.sum(), n.sum(axis=0) / n.sum()
        table["noise"] = noise_transitions(reliability, before, after).to_numpy().ravel()
    mobility = pd.DataFrame(columns=["value", "noise", "low", "high"], dtype=float)
    if moving and len(order) > 1:
        mobility = mobility_indices(counts, reliability=reliability, draws=draws, seed=seed)
    kind = pd.CategoricalDtype(order[::-1], ordered=True)
    ordered = table.astype({"before": kind, "after": kind})
    return Movement(
        steps=steps,
        counts=counts,
        transitions=ordered.sort_values(["before", "after"], ignore_index=True),
        mobility=mobility,
        reliability=reliability,
        organisations=organisations,
    )
