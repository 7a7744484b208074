"""Problems of the input in words, for the report and for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..labels import WORDS, Language, word

if TYPE_CHECKING:
    import pandas as pd


def problems_in_words(problems: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Turn the codes of problems into words.

    Parameters
    ----------
    problems : DataFrame
        As ``data.problems``.
    language : {"zh", "en"}
        The language of severity, kind and fields; what must hold and how to mend were written on
        reading.

    Returns
    -------
    DataFrame
        The same rows; ``value`` is called ``cell``, the text as it stands in the file.
    """
    if "column" in problems:
        column = problems["column"]
        named = {told: _columns(told, language) for told in column.dropna().unique()}
        problems = problems.assign(column=column.map(named))
    return problems.assign(
        severity=[word(f"severity.{code}", language) for code in problems["severity"]],
        rule=[word(f"rule.{code}", language) for code in problems["rule"]],
    ).rename(columns={"value": "cell"})


def _columns(told: str, language: Language) -> str:
    """Leave letters as they are; say in words the fields that no column tells."""
    return "；".join(
        part if part.isupper() else WORDS.get(f"field.{part}", (part, part))[language == "en"]
        for part in told.split("；")
    )
