"""What is declared in a TOML file, taken out piece by piece; every mistake is noted with its path.

A `Table` hands out what it is asked for and remembers what was asked, so that at the end it knows
which keys nobody wanted. Nothing is raised on the way: a mistake becomes a line in ``problems`` and
the reader goes on with a harmless value, so that one run tells them all.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

__all__ = ["Table", "near", "told"]


def near(word: object, words: Iterable[object]) -> str:
    """Return the sentence that helps with a wrong word: the near one, or all of them.

    Examples
    --------
    >>> near("vilage", ["village", "community"])
    "Did you mean 'village'?"
    >>> near("x", ["village", "community"])
    'Take one of village, community.'
    """
    every = [str(w) for w in words]
    close = get_close_matches(str(word), every, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Take one of {', '.join(every)}."


def told(numbers: Mapping[str, object]) -> str:
    """Write declared numbers in one line, those that are missing left out.

    Examples
    --------
    >>> told({"weight": 2.0, "target": None, "goalposts": (0.0, 1.0), "scale": {"satisfied": 1.0}})
    'weight 2; goalposts 0–1; scale satisfied 1'
    """
    return "; ".join(f"{key} {_plain(n)}" for key, n in numbers.items() if n)


def _plain(number: object) -> str:
    if isinstance(number, Mapping):
        return ", ".join(f"{k} {v:g}" for k, v in number.items())
    if isinstance(number, tuple):
        return "–".join(f"{n:g}" for n in number)
    return f"{number:g}" if isinstance(number, float) else str(number)


class Table:
    """One TOML table under inspection.

    Parameters
    ----------
    content : dict
        The table as `tomllib` gives it; never written to.
    path : str
        Where it stands, as ``$.dimensions[0]``.
    problems : list of str
        Where mistakes are noted; shared by all tables of a file.
    """

    def __init__(self, content: dict[str, Any], path: str, problems: list[str]) -> None:
        self.content = content
        self.path = path
        self.problems = problems
        self._asked: set[str] = set()

    def wrong(self, key: str | None, must: str, got: object, mend: str) -> None:
        """Note a mistake: what must hold, what was found, what to do."""
        at = self.path if key is None else f"{self.path}.{key}"
        self.problems.append(f"{must}, got {got!r} (at {at}). {mend}")

    def take(self, key: str) -> Any:
        """Return what stands under a key, None where nothing does."""
        self._asked.add(key)
        return self.content.get(key)

    def text(self, key: str, *, required: bool = False, default: str = "") -> str:
        """Take a text (a bare number is taken as text)."""
        found = self.take(key)
        if isinstance(found, int | float) and not isinstance(found, bool):
            found = str(found)
        if found is None and not required:
            return default
        if not isinstance(found, str) or not found.strip():
            self.wrong(key, f"{key} must be a text", found, "Write it between double quotes.")
            return default
        return found.strip()

    def names(self, key: str = "name") -> dict[str, str]:
        """Take a name: a text, or ``{ zh = ..., en = ... }`` where only the Chinese one must be."""
        found = self.take(key)
        pair = {"zh": found} if isinstance(found, str) else found
        right = (
            isinstance(pair, dict)
            and {"zh"} <= set(pair) <= {"zh", "en"}
            and all(isinstance(v, str) and v.strip() for v in pair.values())
        )
        if not right:
            mend = f'Write {key} = {{ zh = "…", en = "…" }}.'
            self.wrong(key, f"{key} must give a Chinese name", found, mend)
            return {"zh": "", "en": ""}
        return {"zh": pair["zh"], "en": pair.get("en", pair["zh"])}

    def flag(self, key: str) -> bool:
        """Take true or false; false where nothing is written."""
        found = self.take(key)
        if found is not None and not isinstance(found, bool):
            self.wrong(key, f"{key} must be true or false", found, "Write it without quotes.")
            return False
        return bool(found)

    def number(self, key: str, *, least: float = -math.inf, required: bool = False) -> float | None:
        """Take a finite number of at least ``least``; None where nothing is written."""
        found = self.take(key)
        if found is None and not required:
            return None
        if not _is_number(found):
            self.wrong(key, f"{key} must be a number", found, "Write it without quotes.")
            return None
        if found < least:
            self.wrong(key, f"{key} must be at least {least:g}", found, "Correct the number.")
            return None
        return float(found)

    def pair(self, key: str) -> tuple[float, float] | None:
        """Take ``[low, high]`` with low < high; None where nothing is written."""
        found = self.take(key)
        if found is None:
            return None
        if not (isinstance(found, list) and len(found) == 2 and all(map(_is_number, found))):
            self.wrong(key, f"{key} must be two numbers", found, f"Write {key} = [low, high].")
            return None
        if not found[0] < found[1]:
            mend = "Write the smaller number first; direction says which is best."
            self.wrong(key, f"{key} must run from low to high", found, mend)
            return None
        return float(found[0]), float(found[1])

    def choice(self, key: str, words: Collection[str], *, default: str | None = None) -> str:
        """Take one word of a vocabulary; without a default it must be written."""
        found = self.take(key)
        if found is None and default is not None:
            return default
        if found not in words:
            self.wrong(key, f"{key} must be a known word", found, near(found, words))
            return default or next(iter(words))
        return str(found)

    def words(
        self, key: str, vocabulary: Collection[str] | None = None, *, required: bool = False
    ) -> tuple[str, ...]:
        """Take a text or a list of texts, each a word of the vocabulary where there is one."""
        found = self.take(key)
        if found is None and not required:
            return ()
        every = [found] if isinstance(found, str) else found
        texts = isinstance(every, list) and all(isinstance(w, str) and w.strip() for w in every)
        if not texts or not every:
            self.wrong(key, f"{key} must be a text or a list of texts", found, "Name at least one.")
            return ()
        for w in every:
            if vocabulary is not None and w not in vocabulary:
                self.wrong(key, f"{key} must hold known words", w, near(w, vocabulary))
        return tuple(every)

    def numbers(self, key: str, words: Collection[str]) -> dict[str, float] | None:
        """Take a table word -> number of at least 0; None where nothing is written."""
        found = self.take(key)
        if found is None:
            return None
        if not isinstance(found, dict) or not found:
            mend = f"Write {key} = {{ {next(iter(words))} = 1 }}, for example."
            self.wrong(key, f"{key} must be a table of numbers", found, mend)
            return None
        inner = Table(found, f"{self.path}.{key}", self.problems)
        numbers = {w: inner.number(w, least=0) for w in words if w in found}
        inner.close()
        return {w: n for w, n in numbers.items() if n is not None}

    def table(self, key: str) -> Table | None:
        """Take a table; None where nothing is written."""
        found = self.take(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            self.wrong(key, f"{key} must be a table", found, f"Write [{key}] and its keys below.")
            return None
        return Table(found, f"{self.path}.{key}", self.problems)

    def tables(self, key: str) -> list[Table]:
        """Take a list of one or more tables (``[[key]]``)."""
        found = self.take(key)
        every = found if isinstance(found, list) else []
        if not every or not all(isinstance(t, dict) for t in every):
            mend = f"Write [[{key}]] for each of them."
            self.wrong(key, f"{key} must be one or more tables", found, mend)
            return []
        return [Table(t, f"{self.path}.{key}[{n}]", self.problems) for n, t in enumerate(found)]

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for key in self.content:
            if key not in self._asked:
                mend = near(key, sorted(self._asked))
                self.wrong(None, "Every key must be known", key, mend)


def _is_number(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
