"""Choices: a word, a callable, or a mapping that adds options or tells the levels apart.

=============================================== ==============================================
written                                         meant
=============================================== ==============================================
``"geometric"``                                 a word of a registry
``my_function``                                 a callable
``{"method": "power", "exponent": 0.5}``        a word (or callable) with options
``{"indicators": ..., "dimensions": ...}``      one of these for each level
=============================================== ==============================================
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from .declared import near
from .errors import MethodError
from .labels import Language, word

Choice: TypeAlias = str | Callable[..., Any] | Mapping[str, Any] | pd.Series

LEVELS = ("indicators", "dimensions")


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices an index was built with, so that it can be built again.

    Attributes
    ----------
    treat, impute, normalise, weights, aggregate, available
        As `build_index` takes them.
    """

    treat: Choice
    impute: Choice
    normalise: Choice
    weights: Choice
    aggregate: Choice
    available: float | Mapping[str, float]


class Method(NamedTuple):
    """A choice that was looked up.

    Attributes
    ----------
    word : str
        The word of the registry; "given" for a callable.
    call : callable
        The function, with its options.
    """

    word: str
    call: Callable[..., Any]


def chosen(choice: Choice, registry: Mapping[str, Callable[..., Any]], what: str) -> Method:
    """Look up a word, a callable, or a mapping with ``method`` and options.

    Parameters
    ----------
    choice : str, callable or mapping
        The user's choice.
    registry : mapping
        Words and their functions.
    what : str
        What is chosen, for the message.

    Returns
    -------
    Method

    Raises
    ------
    MethodError
        For an unknown word or option, and one that must be given and is not.

    Examples
    --------
    >>> from servicepo.methods.aggregation import AGGREGATIONS
    >>> found = chosen({"method": "power", "exponent": 2}, AGGREGATIONS, "aggregate")
    >>> found.word, float(found.call([[1.0, 7.0]], [0.5, 0.5])[0])
    ('power', 5.0)
    """
    options: dict[str, Any] = {}
    asked: Any = choice
    if isinstance(choice, Mapping):
        options = {key: value for key, value in choice.items() if key != "method"}
        asked = choice.get("method")
    if callable(asked):
        return Method("given", partial(asked, **options) if options else asked)
    if not isinstance(asked, str) or asked not in registry:
        raise MethodError(f"{what} must be a known word, got {asked!r}. {near(asked, registry)}")
    function = registry[asked]
    fixed = getattr(function, "keywords", {})
    parameters = inspect.signature(function).parameters.values()
    own = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in fixed]
    known = [p.name for p in own]
    if unknown := [key for key in options if key not in known]:
        mend = f"It takes {', '.join(known)}." if known else "Leave it out."
        raise MethodError(f"{what} {asked} must have known options, got {unknown[0]!r}. {mend}")
    if lost := [p.name for p in own if p.default is p.empty and p.name not in options]:
        raise MethodError(
            f"{what} {asked} must have its options, got none for {', '.join(lost)}. "
            f'Write {{"method": "{asked}", "{lost[0]}": ...}}.'
        )
    return Method(asked, partial(function, **options) if options else function)


def by_level(choice: Choice, default: str, what: str) -> tuple[Any, Any]:
    """Split a choice into the one for indicators and the one for dimensions.

    Parameters
    ----------
    choice : word, callable, Series or mapping
        A mapping without ``method`` has the keys "indicators" and "dimensions"; a missing key takes
        the default. A key "veto" is passed over.
    default : str
        The word a missing key takes.
    what : str
        Name of the choice, for the message.

    Returns
    -------
    (choice, choice)

    Raises
    ------
    MethodError
        For another key.

    Examples
    --------
    >>> by_level({"dimensions": "equal"}, "framework", "weights")
    ('framework', 'equal')
    """
    if not isinstance(choice, Mapping):
        return choice, choice
    choice = {key: value for key, value in choice.items() if key != "veto"}
    if "method" in choice:
        only = choice["method"] if len(choice) == 1 else choice
        return only, only
    if unknown := sorted(set(choice) - set(LEVELS)):
        raise MethodError(
            f'{what} by level must have the keys "indicators" and "dimensions", '
            f"got {unknown[0]!r}. Rename it; one number per indicator goes into a Series."
        )
    return choice.get("indicators", default), choice.get("dimensions", default)


def veto_of(choice: Choice) -> Mapping[str, Any] | None:
    """Return the veto that stands in a choice of aggregation, None where none does.

    Examples
    --------
    >>> veto_of({"method": "geometric", "veto": {"thresholds": {"safety": 60}, "cap": 59}})
    {'thresholds': {'safety': 60}, 'cap': 59}
    """
    return choice.get("veto") if isinstance(choice, Mapping) else None


def named(choice: object, family: str, language: Language) -> str:
    """Name a choice with its options, for a methods sentence.

    Parameters
    ----------
    choice : word, callable, Series or mapping
        As the user gave it.
    family : str
        Family of the words, as "aggregate".
    language : {"zh", "en"}
        Language of the words.

    Returns
    -------
    str

    Examples
    --------
    >>> named({"method": "power", "exponent": 0.5}, "aggregate", "en")
    'weighted power mean (exponent = 0.5)'
    """
    if not isinstance(choice, Mapping):
        return word(f"{family}.{choice if isinstance(choice, str) else 'given'}", language)
    choice = {key: part for key, part in choice.items() if key != "veto"} or {
        "method": "arithmetic"
    }
    comma, semicolon = (" ", "；") if language == "zh" else (" ", "; ")
    if "method" not in choice:
        parts = (
            f"{word(key, language)}{comma}{named(part, family, language)}"
            for key, part in choice.items()
        )
        return semicolon.join(parts)
    options = "、" if language == "zh" else ", "
    told = options.join(
        _told(key, value, family, language) for key, value in choice.items() if key != "method"
    )
    name = named(choice["method"], family, language)
    if not told:
        return name
    return f"{name}（{told}）" if language == "zh" else f"{name} ({told})"


def _told(key: str, value: object, family: str, language: Language) -> str:
    if isinstance(value, list | tuple):
        inner = (
            named(v, family, language).removeprefix(f"{family}.")
            if not isinstance(v, int | float)
            else f"{v:g}"
            for v in value
        )
        text = (" + " if key == "parts" else "–").join(inner)
    else:
        text = word(f"option.{value}" if isinstance(value, str) else "", language)
        text = text.removeprefix("option.") or str(value)
    return f"{word(f'option.{key}', language).removeprefix('option.')} = {text}"
