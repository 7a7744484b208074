"""What the sections are written from: the index, the analyses, and what may be shown of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import pandas as pd
from matplotlib.axes import Axes

from ..anonymity import anonymous_codes
from ..charts.frames import moment
from ..index import Index
from ..labels import WORDS, Language, word
from ..methods.disclosure import FEWEST
from ..tables import DOMAINS, SECTORS
from .analyses import Analyses
from .disclosure import suppressed
from .pieces import Figure, Style, Table, show
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
    seed : int
        Seed of whatever is drawn.
    """

    index: Index
    analyses: Analyses
    language: Language
    names: bool
    seed: int

    @cached_property
    def period(self) -> pd.Period:
        """The last period."""
        found: pd.Period = self.index.overall.index.get_level_values("period").max()
        return found

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
    def ranks(self) -> pd.DataFrame:
        """Ranks of the last period with the standard errors of the scores, one row each."""
        frame = self.analyses.ranks
        errors = self.analyses.standard_errors
        if errors is not None:
            frame = frame.assign(standard_error=errors)
        frame = frame.reset_index()
        return frame[frame["period"] == self.period].reset_index(drop=True)

    @cached_property
    def groups(self) -> list[str]:
        """The classes ranked within, in the order of the vocabulary."""
        return self.in_order(self.ranks["group"].dropna().unique())

    @cached_property
    def group_names(self) -> dict[str, str]:
        """The classes ranked within, in words."""
        within = self.analyses.within
        if within is None:
            return dict.fromkeys(self.groups, self.say("all"))
        return {code: self._code(within, code) for code in self.groups}

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """What organisations are called in the report: names, or codes that tell nothing."""
        orgs = self.index.overall.index.get_level_values("org").unique()
        if self.names:
            return {org: org for org in orgs}
        codes = anonymous_codes(
            self.index.organisations, orgs, seed=self.seed, language=self.language
        )
        return {str(org): str(code) for org, code in codes.items()}

    @cached_property
    def hidden(self) -> pd.DataFrame:
        """Where a value, a score or a degree of an indicator may not be shown."""
        return suppressed(self.index)

    @cached_property
    def suppression(self) -> str:
        """The note on suppressed cells, or nothing where there are none."""
        return self.say("note.suppressed", fewest=FEWEST) if self.hidden.any(axis=None) else ""

    @cached_property
    def chart_words(self) -> dict[str, str]:
        """Words for the codes of the framework, for charts."""
        framework = self.index.framework
        names = {d.code: d.label(self.language) for d in framework.dimensions}
        return names | {i.code: i.label(self.language) for i in framework.indicators}

    def latest(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the last period of a frame by (org, period), indexed by org."""
        mine = frame.index.get_level_values("period") == self.period
        return frame[mine].droplevel("period")

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
        return codes.map({code: self._code(family, code) for code in codes.dropna().unique()})

    def listed(self, words: Iterable[str]) -> str:
        """Join words: 甲、乙."""
        return ("、" if self.language == "zh" else ", ").join(words)

    def clauses(self, sentences: Iterable[str]) -> str:
        """Join parts of a sentence: 甲；乙."""
        return ("；" if self.language == "zh" else "; ").join(sentences)

    def knows(self, key: str) -> bool:
        """Tell whether the labels have a word."""
        return key in WORDS

    def is_hidden(self, org: str, indicator: str) -> bool:
        """Tell whether an organisation's indicator may not be shown for the last period."""
        if indicator not in self.hidden:
            return False
        return bool(self.latest(self.hidden)[indicator][org])

    def refusal(self, analysis: str) -> str:
        """Say why an analysis is not there."""
        return self.say("refused", why=self.analyses.refused[analysis])

    def p_value(self, p: float) -> str:
        """Write a p-value for a sentence: = 0.012, or < 0.001."""
        return show(p, "p_value").replace("<", "< ") if p < 0.001 else f"= {p:.3f}"

    def signed(self, change: float) -> str:
        """Write a change with its sign: +1.2, −0.4."""
        return f"+{change:.1f}" if change >= 0.05 else show(change, "one")

    def in_order(self, codes: Iterable[str]) -> list[str]:
        """Sort codes of classes as the vocabulary has them, others after these."""
        known = [*DOMAINS, *SECTORS]
        return sorted(codes, key=lambda code: known.index(code) if code in known else len(known))

    def joined(self, sentences: Iterable[str]) -> str:
        """Put sentences one after another."""
        return ("" if self.language == "zh" else " ").join(sentences)

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
        said = list(notes)
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

    def _code(self, family: str, code: object) -> str:
        key = f"{family}.{code}"
        return word(key, self.language) if key in WORDS else str(code)

    def _head(self, name: str) -> str:
        for key in (f"report.column.{name}", name):
            if key in WORDS:
                text = word(key, self.language)
                return text[:1].upper() + text[1:]
        return self.chart_words.get(name, name)

    def _below(self, notes: Sequence[str]) -> tuple[str, ...]:
        said = self.joined(note for note in notes if note)
        note = (self.say("note", text=said),) if said else ()
        return (*note, self.say("source"))
