"""Blocks together: one spelling per organisation, places in letters, organisations made whole."""

from __future__ import annotations

import pandas as pd

from ..labels import Language, word
from ..tables import DOMAIN_OF_SECTOR, ORGANISATIONS, empty, problem_rows
from .recognise import ATTRIBUTES
from .scores import plain
from .text import match_key


def joined(parts: list[pd.DataFrame], table: str) -> pd.DataFrame:
    """Return frames of one shape one below the other (organisations: ``org`` as a column)."""
    filled = [part for part in parts if len(part)]
    if len(filled) == 1:
        return filled[0].reset_index(drop=True)
    if filled:
        return pd.concat([plain(part) for part in filled], ignore_index=True)
    return empty(table).reset_index() if table == "organisations" else empty(table)


def in_letters(problems: pd.DataFrame, layout: pd.DataFrame) -> pd.DataFrame:
    """Return problems whose columns are told in letters where the layout knows the field."""
    if problems.empty or layout.empty:
        return problems
    first = layout.drop_duplicates(["file", "sheet", "field"])
    letters = {
        (f, s, n): c
        for f, s, n, c in zip(
            first["file"], first["sheet"], first["field"], first["column"], strict=True
        )
    }
    keys = problems[["file", "sheet", "column"]].drop_duplicates()
    told = {
        (f, s, c): "；".join(letters.get((f, s, part), part) for part in c.split("；"))
        for f, s, c in keys.dropna().itertuples(index=False)
    }
    found = [
        told.get(key, key[2])
        for key in zip(problems["file"], problems["sheet"], problems["column"], strict=True)
    ]
    return problems.assign(column=pd.array(found, dtype="str"))


def unify_names(
    tables: dict[str, pd.DataFrame], beside: pd.DataFrame, language: Language
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]:
    """Write every organisation one way: as the roster does, else as it was first met.

    Names that differ only in width, brackets, spaces or traditional characters are one name, and so
    is the full name the roster gives.
    """
    roster = tables["organisations"]
    full = roster[["name", "org"]].dropna()
    seen = beside["org"].dropna()
    orgs = pd.concat([roster["org"].dropna(), full["org"], seen], ignore_index=True)
    names = pd.concat([roster["org"].dropna(), full["name"], seen], ignore_index=True)
    keys = match_key(names)
    canonical = orgs[~keys.duplicated()].set_axis(keys[~keys.duplicated()])
    unified = keys.map(canonical)
    different = (unified != orgs) & (orgs == names)
    changed = dict(zip(orgs[different], unified[different], strict=True))
    if not changed:
        return _indexed(tables), beside, empty("problems")
    remarks = []
    done = {}
    for table, frame in tables.items():
        hit = frame["org"].isin(list(changed))
        rows = frame[hit].drop_duplicates("org")
        remarks.append(
            problem_rows(
                rows,
                severity="notice",
                rule="name_unified",
                must=rows["org"]
                .map(changed)
                .map(lambda n: word("must.name_unified", language).format(name=n)),
                mend=word("mend.name_unified", language),
                value=rows["org"],
            )
        )
        if hit.any():
            frame = plain(frame)
            frame = frame.assign(org=frame["org"].replace(changed))
        done[table] = frame
    beside = beside.assign(org=beside["org"].replace(changed))
    return _indexed(done), beside, joined(remarks, "problems")


def _indexed(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {**tables, "organisations": tables["organisations"].set_index("org")}


def complete(roster: pd.DataFrame, beside: pd.DataFrame) -> pd.DataFrame:
    """Fill what the roster lacks from what stands beside scores, events and surveys.

    Without a roster the organisations are those they name; with one it alone tells who belongs. A
    domain nobody told follows from the sector.
    """
    others = beside.dropna(subset="org")
    others = (
        others.set_index("org")
        if others["org"].is_unique
        else others.groupby("org", sort=False).first()
    )
    whole = roster if len(roster) else others
    filled = {
        name: whole[name].where(whole[name].notna(), others[name].reindex(whole.index))
        for name in ATTRIBUTES
        if whole[name].isna().any() and others[name].notna().any()
    }
    filled_sector = filled.get("sector", whole["sector"])
    domain = filled.get("domain", whole["domain"])
    derived = filled_sector.map(DOMAIN_OF_SECTOR).astype("str")
    whole = whole.assign(**{**filled, "domain": domain.where(domain.notna(), derived)})
    return whole[list(ORGANISATIONS)].rename_axis("org")
