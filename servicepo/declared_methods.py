"""The methods that a framework file declares, checked: the table ``[methods]``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .choices import by_level, chosen
from .declared import Table
from .errors import MethodError
from .methods.scalings import NORMALISATIONS
from .registry import AGGREGATES, IMPUTERS, TREATMENTS

_WORDS: Final[Mapping[str, Mapping[str, Callable[..., Any]]]] = MappingProxyType(
    {
        "treat": TREATMENTS,
        "impute": IMPUTERS,
        "normalise": NORMALISATIONS,
        "aggregate": AGGREGATES,
    }
)


def take_methods(framework: Table) -> dict[str, Any]:
    """Take ``[methods]`` of a framework file: what `build_index` does unless it is told otherwise.

    Parameters
    ----------
    framework : Table
        The whole file.

    Returns
    -------
    dict
        Any of "treat", "impute", "normalise", "aggregate"; each as `build_index` takes it.

    Examples
    --------
    >>> problems = []
    >>> table = Table({"methods": {"normalise": "minmix"}}, "$", problems)
    >>> take_methods(table)
    {}
    >>> problems
    ["normalise must be a known word, got 'minmix' (at $.methods.normalise). \
Did you mean 'minmax'?"]
    """
    table = framework.table("methods")
    if table is None:
        return {}
    found = {}
    for key, words in _WORDS.items():
        choice = table.take(key)
        if choice is None:
            continue
        try:
            _check(choice, key, words)
        except MethodError as error:
            must, _, mend = str(error).partition(". ")
            table.problems.append(f"{must} (at {table.path}.{key}). {mend}")
            continue
        found[key] = choice
    table.close()
    return found


def _check(choice: Any, key: str, words: Mapping[str, Callable[..., Any]]) -> None:
    """Refuse an unknown word or option; which indicators are named is seen with the values."""
    if key in ("treat", "impute") and choice == "none":
        return
    parts = [choice]
    if isinstance(choice, Mapping) and "method" not in choice:
        by_code = key in ("treat", "normalise")
        parts = list(choice.values()) if by_code else list(by_level(choice, "arithmetic", key))
    for part in parts:
        if isinstance(part, Mapping):
            part = {k: v for k, v in part.items() if k not in ("veto", "within")}
        chosen(part, words, key)
