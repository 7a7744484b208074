"""Severity of evaluation teams taken out of the scores, before anything is built on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from .declared import near
from .errors import MethodError
from .labels import Language, word
from .methods.guards import choose
from .methods.raters import RaterEffects, rater_effects
from .tables import PLACE, SOURCES, Dataset

LINKS: Final = ("overlap", "rotation")
HUNDRED: Final = 100.0


@dataclass(frozen=True, eq=False, slots=True)
class SeverityCorrection:
    """Scores without the severity of the teams that gave them.

    Attributes
    ----------
    data : Dataset
        The same tables, with the corrected scores.
    teams : DataFrame
        Indexed by ``rater``: ``n`` (organisations and periods scored), ``leniency`` (marks of 100
        that it gives too much), ``standard_error``.
    scores : DataFrame
        One row per corrected score: ``org``, ``period``, ``indicator``, ``rater``, ``score`` (as
        read), ``corrected`` and its place in the files.
    effects : RaterEffects
        The model behind it, in marks of 100.
    source : str
    linked_by : {"overlap", "rotation"}
    """

    data: Dataset
    teams: pd.DataFrame
    scores: pd.DataFrame
    effects: RaterEffects
    source: str
    linked_by: str

    def __repr__(self) -> str:
        spread = self.teams["leniency"].abs().max()
        return (
            f"SeverityCorrection({self.source}: {len(self.teams)} teams, {len(self.scores)} scores "
            f"corrected, by at most {spread:.1f} marks of 100)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.teams.round(2).to_html()}"

    def methods(self, language: Language = "zh") -> str:
        """Tell in one paragraph what was corrected, ready for a methods section."""
        return word("methods.severity", language).format(
            source=word(f"source.{self.source}", language),
            teams=len(self.teams),
            link=word(f"methods.severity.{self.linked_by}", language),
            low=self.teams["leniency"].min(),
            high=self.teams["leniency"].max(),
        )


def correct_severity(
    data: Dataset, *, source: str = "superior", linked_by: str = "overlap"
) -> SeverityCorrection:
    """Take the severity of evaluation teams out of the scores of one source.

    Parameters
    ----------
    data : Dataset
        What `read` gave; the column ``rater`` of the evaluations names the teams.
    source : str
        The source whose teams are compared.
    linked_by : {"overlap", "rotation"}
        What tells severity from quality. "overlap": organisations that several teams scored in the
        same period. "rotation": organisations that different teams scored in different periods;
        this asserts that teams stay as severe as they are and that organisations do not rise or
        fall, against the others, because of who comes.

    Returns
    -------
    SeverityCorrection
        Give its ``data`` to `tally` in place of the original.

    Raises
    ------
    MethodError
        Where severity cannot be told from quality: a single team, no organisation with two teams,
        groups of teams without a link. For a source that did not score or names no teams.

    Notes
    -----
    Scores become marks of 100, less the mean of their period and item, and are averaged for each
    organisation, period and team; `methods.raters.rater_effects` (random effects) then separates
    organisations from teams. From every score its team's leniency is subtracted, shrunken as it is,
    and the result is kept within 0 and the full mark. Bonuses and deductions are left alone.

    Examples
    --------
    >>> import servicepo as sp
    >>> data, truth = sp.synthesise(organisations=120, years=4, seed=0)
    >>> made = correct_severity(data, linked_by="rotation")
    >>> planted = truth.groupby("rater")["leniency"].first()
    >>> made.teams["leniency"].corr(planted).round(1).item()
    1.0
    >>> correct_severity(data)
    Traceback (most recent call last):
    ...
    servicepo.errors.MethodError: some organisation must be scored by 2 teams in one period to \
tell severity from quality, got none by 'superior'. Have anchor organisations scored by several \
teams, or, where teams rotate between periods, say linked_by="rotation".
    """
    choose(linked_by, dict.fromkeys(LINKS), "linked_by")
    rows = _scored(data.evaluations, source)
    full = rows["full_mark"].fillna(HUNDRED)
    marks = rows["score"] / full * HUNDRED
    items = marks.groupby([rows["period"], rows["indicator"]]).transform("mean")
    visits = (marks - items).groupby([rows["org"], rows["period"], rows["rater"]]).mean()
    org, period, rater = (visits.index.get_level_values(level) for level in range(3))
    several = visits.groupby(level=["org", "period"]).size().max() > 1
    if linked_by == "overlap" and not several:
        raise MethodError(
            "some organisation must be scored by 2 teams in one period to tell severity from "
            f"quality, got none by {source!r}. Have anchor organisations scored by several teams, "
            'or, where teams rotate between periods, say linked_by="rotation".'
        )
    visit = pd.Index([f"{o} {p}" for o, p in zip(org, period, strict=True)])
    units = org if linked_by == "rotation" else visit
    effects = rater_effects(visits.to_numpy(), units, rater)
    leniency = effects.raters["leniency"].reindex(rows["rater"]).to_numpy()
    corrected = np.clip(rows["score"] - leniency * full / HUNDRED, 0.0, full)
    evaluations = data.evaluations.copy()
    evaluations.loc[rows.index, "score"] = corrected
    told = rows[["org", "period", "indicator", "rater", "score", *PLACE]]
    told.insert(5, "corrected", corrected)
    return SeverityCorrection(
        data=replace(data, evaluations=evaluations),
        teams=effects.raters.sort_values("leniency"),
        scores=told,
        effects=effects,
        source=source,
        linked_by=linked_by,
    )


def _scored(evaluations: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the base scores of a source, each by a named team."""
    present = [s for s in SOURCES if (evaluations["source"] == s).any()]
    if source not in present:
        raise MethodError(
            f"source must be one that scored, got {source!r}. {near(source, present or SOURCES)}"
        )
    base = evaluations["kind"].fillna("base") == "base"
    rows = evaluations[(evaluations["source"] == source) & base & evaluations["score"].notna()]
    named = rows["rater"].notna() & (rows["rater"] != "")
    if not named.any():
        raise MethodError(
            f"scores must name the team that gave them, got no rater by {source!r}. "
            "Add a column such as 考评组 to the sheets."
        )
    return rows[named]
