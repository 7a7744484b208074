"""Mapping files: how foreign columns and words translate into ours (TOML)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo

from rapidfuzz import process

from ..errors import TableError
from ..tables import COLUMNS, PLACE, TABLES

IGNORE: Final = "ignore"
"""The word that stands for a field where a column is to be passed over."""

_KEYS: Final = {
    "match": str,
    "sheet": str,
    "table": str,
    "columns": dict,
    "constants": dict,
    "values": dict,
    "timezone": str,
}


@dataclass(frozen=True, eq=False, slots=True)
class FileMapping:
    """How the sheets of some files are to be read.

    Attributes
    ----------
    match, sheet : str
        Patterns of file and sheet names (``*`` stands for anything).
    table : str or None
        Which table they are; None leaves it to be recognised.
    columns : dict
        Their header -> our field, or "ignore".
    constants : dict
        Field -> the one value it has in all rows.
    values : dict
        Field -> {their word: our word}.
    zone : ZoneInfo or None
        Where moments with an offset are told in local time (China where None).
    """

    match: str
    sheet: str
    table: str | None
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    zone: ZoneInfo | None

    def covers(self, file: str, sheet: str) -> bool:
        """Tell whether it speaks of a sheet."""
        named = fnmatchcase(file, self.match) or fnmatchcase(PurePosixPath(file).name, self.match)
        return named and fnmatchcase(sheet, self.sheet)


def load_mapping(
    mapping: str | os.PathLike[str] | Mapping[str, Any] | None,
) -> tuple[FileMapping, ...]:
    """Read a mapping and check it whole.

    Parameters
    ----------
    mapping : path, dict or None
        A TOML file, or what it would hold.

    Returns
    -------
    tuple of FileMapping

    Raises
    ------
    TableError
        All that is wrong with it, each with its path in the file.

    Examples
    --------
    >>> found, = load_mapping({"files": [{"match": "cases*.csv", "table": "services",
    ...                                   "columns": {"case": "record", "department": "org"}}]})
    >>> found.covers("cases_2011.csv", ""), found.columns["case"]
    (True, 'record')
    """
    if mapping is None:
        return ()
    content = mapping if isinstance(mapping, Mapping) else _load(Path(mapping))
    problems: list[str] = []
    entries = content.get("files")
    if set(content) != {"files"} or not isinstance(entries, list) or not entries:
        raise TableError(
            f"a mapping must hold [[files]] entries and nothing else, got {sorted(content)!r}. "
            "Write one [[files]] entry with match and columns."
        )
    found = [_entry(entry, f"$.files[{i}]", problems) for i, entry in enumerate(entries)]
    if problems:
        raise TableError("\n".join(problems))
    return tuple(found)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableError(
            f"mapping must be a TOML file that exists, got {str(path)!r}. Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TableError(
            f"mapping must be a TOML file in UTF-8, got {error} (at {path.name}). Mend that line."
        ) from None


def _entry(entry: Any, path: str, problems: list[str]) -> FileMapping:
    if not isinstance(entry, Mapping):
        problems.append(f"an entry must be a table, got {entry!r} (at {path}). Write [[files]].")
        entry = {}
    for key, value in entry.items():
        if key not in _KEYS:
            problems.append(
                f"a key must be one of {', '.join(_KEYS)}, got {key!r} (at {path}). Rename it."
            )
        elif not isinstance(value, _KEYS[key]):
            kind = "text" if _KEYS[key] is str else "a table"
            problems.append(f"{key} must be {kind}, got {value!r} (at {path}.{key}). Mend it.")
    good = {k: v for k, v in entry.items() if k in _KEYS and isinstance(v, _KEYS[k])}
    table = good.get("table")
    if table is not None and table not in TABLES:
        problems.append(
            f"table must be one of {', '.join(TABLES)}, got {table!r} (at {path}.table). "
            "Choose one of them."
        )
        table = None
    fields = fields_of(table)
    columns, constants, values = (good.get(k, {}) for k in ("columns", "constants", "values"))
    for header, field in columns.items():
        _check_field(field, (*fields, IGNORE), f"{path}.columns.{header}", problems)
    for part, known in (("constants", constants), ("values", values)):
        for field in known:
            _check_field(field, fields, f"{path}.{part}.{field}", problems)
    for field, words in values.items():
        if not isinstance(words, Mapping):
            problems.append(
                f"values must be tables of words, got {words!r} (at {path}.values.{field}). "
                "Write their word = our word."
            )
    return FileMapping(
        match=good.get("match", "*"),
        sheet=good.get("sheet", "*"),
        table=table,
        columns={str(k): v for k, v in columns.items()},
        constants={k: str(v) for k, v in constants.items()},
        values={
            k: {a: str(b) for a, b in v.items()}
            for k, v in values.items()
            if isinstance(v, Mapping)
        },
        zone=_zone(good.get("timezone"), f"{path}.timezone", problems),
    )


def fields_of(table: str | None) -> tuple[str, ...]:
    """Return the fields a sheet of a table may tell: its own and those of its organisations."""
    tables = TABLES if table is None else (table, "organisations")
    fields = dict.fromkeys(["org", *(c for t in tables for c in COLUMNS[t])])
    return tuple(f for f in fields if f not in PLACE)


def _check_field(field: Any, fields: tuple[str, ...], path: str, problems: list[str]) -> None:
    if field in fields:
        return
    near = process.extractOne(str(field), fields, score_cutoff=60)
    hint = f'Perhaps "{near[0]}" is meant.' if near else "Choose one of them."
    problems.append(
        f"a field must be one of {', '.join(fields)}, got {field!r} (at {path}). {hint}"
    )


def _zone(name: str | None, path: str, problems: list[str]) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        problems.append(
            f"timezone must be a name such as Asia/Shanghai, got {name!r} (at {path}). "
            "Mend the name."
        )
        return None
