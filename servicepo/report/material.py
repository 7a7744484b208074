"""What the sections are written from: the index, the analyses, and what may be shown of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import pandas as pd
from matplotlib.axes import Axes

from ..charts.frames import moment
from ..index import Index
from ..labels import WORDS, Language, word
from .analyses import Analyses
from .pieces import Figure, Style, Table
from .sentences import say


@dataclass(frozen=True, eq=False)
class Material:
    """Everything a section needs, in the language of the report.

    Attributes
    ----------
    index : Index
        What is reported.
    analyses : Analyses
        What was computed on it.
    language : {"zh", "en"}
        The language of the report.
    names : bool
        Whether organisations are shown by name.
    """

    index: Index
    analyses: Analyses
    language: Language
    names: bool

    @cached_property
    def period(self) -> pd.Period:
        """The last period."""
        return self.index.overall.index.get_level_values("period").max()

    @cached_property
    def periods(self) -> list[pd.Period]:
        """All periods, in order."""
        return sorted(self.index.overall.index.get_level_values("period").unique())

    @cached_property
    def span(self) -> str:
        """All periods in words: 2021—2024年."""
        first, last = self.when(self.periods[0]), self.when(self.periods[-1])
        if first == last:
            return first
        if self.language == "zh" and first.endswith("年") and last.endswith("年"):
            first = first.removesuffix("年")
        return f"{first}{'—' if self.language == 'zh' else '–'}{last}"

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """What organisations are called in the report: names, or codes that tell nothing."""
        orgs = self.index.overall.index.get_level_values("org").unique()
        if self.names:
            return {org: org for org in orgs}
        return organisation_codes(orgs)

    @cached_property
    def chart_words(self) -> dict[str, str]:
        """Words for the codes of the framework, for charts."""
        items = [*self.index.framework.dimensions, *self.index.framework.indicators]
        return {item.code: item.label(self.language) for item in items}

    def when(self, period: pd.Period) -> str:
        """Return a period in words."""
        return moment(period).text(self.language)

    def say(self, key: str, **values: object) -> str:
        """Return a sentence with its values."""
        return say(key, self.language, **values)

    def word(self, key: str) -> str:
        """Return a word of the labels, or the framework's word for a code."""
        return self.chart_words.get(key) or word(key, self.language)

    def words(self, family: str, codes: pd.Series) -> pd.Series:
        """Return a column of codes as words: ``words("domain", frame["domain"])``."""
        found = {code: word(f"{family}.{code}", self.language) for code in codes.dropna().unique()}
        return codes.map(found)

    def hide(self, orgs: pd.Series | pd.Index) -> pd.Series | pd.Index:
        """Return what the organisations are called in the report."""
        return orgs.map(self.shown)

    def table(
        self,
        key: str,
        frame: pd.DataFrame,
        styles: Mapping[str, Style] | None = None,
        *,
        notes: Sequence[str] = (),
        shown: int | None = None,
        **values: object,
    ) -> Table:
        """Make a table: codes of columns become words, the title and the source are added.

        Parameters
        ----------
        key : str
            Its key; the sentence ``table.<key>`` is its title, filled with ``values``.
        frame : DataFrame
            Columns are codes.
        styles : mapping, optional
            Code of a column -> how its numbers are written.
        notes : sequence of str
            What must be said below it.
        shown : int, optional
            How many rows HTML and Word show; where there are more, a note says so.
        """
        heads = {name: self._head(str(name)) for name in frame.columns}
        said = [note for note in notes if note]
        if shown is not None and len(frame) > shown:
            said.append(self.say("note.shown", shown=shown, rows=len(frame)))
        return Table(
            key,
            self.say(f"table.{key}", **values),
            frame.set_axis(list(heads.values()), axis=1),
            {heads[name]: style for name, style in (styles or {}).items() if name in heads},
            self._below(said),
            shown,
        )

    def figure(
        self,
        key: str,
        chart: Callable[..., Axes],
        frame: pd.DataFrame,
        *,
        notes: Sequence[str] = (),
        options: Mapping[str, object] | None = None,
        **values: object,
    ) -> Figure:
        """Make a figure: its caption is the sentence ``figure.<key>``, filled with ``values``."""
        draw = partial(
            chart, frame, language=self.language, **{"words": self.chart_words, **(options or {})}
        )
        return Figure(key, self.say(f"figure.{key}", **values), draw, self._below(notes))

    def _head(self, name: str) -> str:
        for key in (f"report.column.{name}", name):
            if key in WORDS:
                text = word(key, self.language)
                return text[:1].upper() + text[1:]
        return self.chart_words.get(name, name)

    def _below(self, notes: Sequence[str]) -> tuple[str, ...]:
        joined = ("" if self.language == "zh" else " ").join(notes)
        note = (self.say("note", text=joined),) if joined else ()
        return (*note, self.say("source"))


def organisation_codes(orgs: pd.Index) -> dict[str, str]:
    """Give every organisation a code that tells nothing about it but its place in their order.

    Parameters
    ----------
    orgs : Index
        Unique names.

    Returns
    -------
    dict of str to str
        The same organisations always get the same codes.

    Examples
    --------
    >>> organisation_codes(pd.Index(["b", "a"]))
    {'a': 'D001', 'b': 'D002'}
    """
    width = max(3, len(str(len(orgs))))
    return {org: f"D{place:0{width}d}" for place, org in enumerate(sorted(orgs), start=1)}
