"""Members and masses: the answers of both to the same questions, side by side."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from .errors import MethodWarning
from .index import Index
from .methods.shrinkage import shrink
from .tables import text_of
from .tallying.answers import rate
from .tallying.matching import keyed
from .tallying.ordinals import ordinals

GROUPS: Final = ("member", "mass")
LEAST: Final = 2


def compare_respondents(index: Index, orgs: pd.Index, period: pd.Period) -> pd.DataFrame | None:
    """Compare what members and masses answered in one period.

    Parameters
    ----------
    index : Index
        Built from values that `tally` made; its survey indicators name the questions and scales.
    orgs : Index
        The organisations looked at.
    period : Period

    Returns
    -------
    DataFrame or None
        One row per organisation and indicator that both answered: ``org``, ``indicator``,
        ``member`` and ``mass`` (mean answers on the declared scale), ``n_member``, ``n_mass``,
        ``difference`` (members − masses), ``standard_error``, ``shrunken`` (to the mean difference
        of the indicator, Paule–Mandel) and ``sd``. None where surveys did not ask both.

    Warns
    -----
    MethodWarning
        Where a single person answered: that is no rate.
    """
    evidence = index.evidence
    asked = [
        # Whoever and however many the framework counts, both are asked here, each for themselves.
        replace(i, source={k: i.source[k] for k in ("kind", "question", "scale", "unknown")})
        for i in index.framework.indicators
        if i.source["kind"] == "survey"
    ]
    if evidence is None or evidence.data is None or not asked:
        return None
    surveys = keyed(evidence.data.surveys, "question")
    numbers = ordinals(surveys["period"], evidence.freq)
    surveys = surveys.assign(text=surveys["period"], period=numbers)
    when = ordinals(pd.Series([text_of(period)]), evidence.freq).iloc[0]
    surveys = surveys[(surveys["period"] == when) & surveys["org"].isin(orgs)]
    roster = evidence.data.organisations
    rates = {who: rate(surveys[surveys["respondent"] == who], asked, roster) for who in GROUPS}
    if any(made.empty for made in rates.values()):
        return None
    member, mass = (rates[who].droplevel("period") for who in GROUPS)
    mass = mass.reindex(member.index)
    few = (member["n"] < LEAST) | (mass["n"] < LEAST)
    if few.any():
        warnings.warn(
            MethodWarning(
                f"A rate must rest on at least {LEAST} answers to be compared, got one answer in "
                f"{few[few].index.get_level_values('org').nunique()} organisations, left out. Ask "
                "more people there.",
                zh=f"满意率须有至少 {LEAST} 份回答才能比较；有 "
                f"{few[few].index.get_level_values('org').nunique()} 个组织不足，未计入。"
                "请在那里多问几人。",
            ),
            stacklevel=3,
        )
    known = mass["n"].notna() & ~few
    member, mass = member[known], mass[known]
    table = pd.DataFrame(
        {
            "member": member["value"],
            "mass": mass["value"],
            "n_member": member["n"],
            "n_mass": mass["n"],
            "difference": member["value"] - mass["value"],
            "standard_error": np.hypot(member["standard_error"], mass["standard_error"]),
            "shrunken": np.nan,
            "sd": np.nan,
        }
    )
    for code, own in table.groupby(level="indicator"):
        if len(own) > 1:
            made = shrink(own["difference"], own["standard_error"])
            rows = table.index.get_level_values("indicator") == code
            table.loc[rows, "shrunken"], table.loc[rows, "sd"] = made.mean, made.sd
    return table.reset_index() if len(table) else None
