"""Lists of criteria: which declared situations an organisation is in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from .conditions import looked_at
from .declared import near
from .errors import MethodError
from .index import Index
from .rules import Criteria, load_criteria

Lists = str | Path | Sequence[str | Path]


def load_lists(given: Lists, index: Index) -> tuple[Criteria, ...]:
    """Load the lists; refuse a code that two of them share, and what is not there to look at."""
    each = (given,) if isinstance(given, str | Path) else tuple(given)
    declared = tuple(load_criteria(one) for one in each)
    codes = [criterion.code for one in declared for criterion in one.criteria]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise MethodError(
            f"criteria of several lists must have codes of their own, got {twice!r} twice. "
            "Rename it in one of the lists."
        )
    people = [] if index.organisations is None else list(map(str, index.organisations.columns))
    known = ["overall", *(i.code for i in index.framework.indicators)]
    for path, one in zip(each, declared, strict=True):
        if not str(path).endswith(".toml"):
            continue  # a built-in list says "no data" where a county has none
        for place, criterion in enumerate(one.criteria):
            for condition in criterion.conditions:
                name = condition.indicator or condition.column
                there = known if condition.indicator else people
                if name not in there:
                    what = "an indicator of the framework" if condition.indicator else "a column"
                    raise MethodError(
                        f"criterion {criterion.code!r} must look at {what} that is there, got "
                        f"{name!r} (at {path}: $.criteria[{place}]). {near(name, there)}"
                    )
    return declared


def tried_on(index: Index, declared: tuple[Criteria, ...], rows: pd.Index) -> pd.DataFrame:
    """Try every criterion on every organisation."""
    orgs = rows.get_level_values("org")
    parts = []
    for name, criterion in ((each.id, c) for each in declared for c in each.criteria):
        hit = np.zeros(len(rows), dtype=bool)
        unknown = np.full(len(rows), not criterion.conditions)
        detail = np.full(len(rows), "", dtype=object)
        for condition in criterion.conditions:
            values = looked_at(index, condition, rows)
            met = (values < condition.below) | (values > condition.above)
            unknown |= np.isnan(values)
            hit |= met
            told = condition.indicator or condition.column
            limit = f"< {condition.below:g}" if condition.below == condition.below else ""
            limit = limit or f"> {condition.above:g}"
            detail[met] = [
                f"{old}; {told} {value:g} {limit}".lstrip("; ")
                for old, value in zip(detail[met], values[met], strict=True)
            ]
        state = np.where(hit, "hit", np.where(unknown, "no_data", "passed"))
        parts.append(
            pd.DataFrame(
                {
                    "org": orgs,
                    "list": name,
                    "criterion": criterion.code,
                    "state": state,
                    "detail": detail,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def rules_met(bottom: pd.Series, hits: pd.DataFrame) -> pd.Series:
    """Join the rules that each organisation meets by ";"."""
    by_criterion = hits.groupby("org")["criterion"].agg(";".join)
    rules = bottom.map({True: "bottom_share", False: ""})
    both = rules.str.cat(by_criterion.reindex(bottom.index).fillna(""), sep=";")
    return both.str.strip(";").astype("str")
