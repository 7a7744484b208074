"""What stands behind the values: counts, errors, and the way back to the cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

import pandas as pd

from ..framework import Framework
from ..tables import Dataset, Frequency, period_text, text_of
from .accounts import Accounts
from .cells import CELLS, STATIC, cells_of
from .ledger import Ledger, records_of
from .ordinals import ordinals, periods

GAPS: Final = ("missing",)


class Values(pd.DataFrame):
    """Values per indicator: a frame like any other that also knows its ``evidence``.

    The evidence follows the values through selections, arithmetic and copies; files hold the
    numbers alone.
    """

    _metadata: ClassVar[list[str]] = ["evidence"]
    evidence: Evidence | None = None

    @property
    def _constructor(self) -> type[Values]:
        return Values


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """What `tally` computed the values from; it travels as ``values.evidence``.

    Attributes
    ----------
    data : Dataset
        The tables.
    framework : Framework
        The indicators.
    freq : {"Y", "H", "Q", "M"}
        The frequency of the periods.
    as_of : Timestamp or None
        The day the service ledger was drawn: what had not been replied to by then is open. None
        where no indicator asks for the ledger.
    table : DataFrame
        Indexed by (org, period, indicator), one row per value: ``value``, ``numerator``,
        ``denominator``, ``n`` (scores, answers or events it rests on), ``standard_error`` (in units
        of the value), ``full_mark`` (of a score), ``issued`` and ``population`` (people asked, and
        among how many, of a survey). NaN where there is no such thing.
    sources : DataFrame
        Indexed by (org, period, indicator, source), for evaluations: ``value`` of that source,
        ``weight`` as used (scaled up where others were missing; 0 for a source without weight),
        ``n`` (scores), ``standard_error`` (between raters; NaN for one).
    gaps : DataFrame
        Indexed by (org, period, indicator), for duties and for records due by the month, quarter,
        half-year or year: one row for each that is missing, named in ``missing`` ("2024-03",
        "2024Q2").
    ledger : Accounts or None
        What became of every row of the service ledger; None where no indicator asks for it.
    source : Ledger or None
        The ledger of any size that the events came from; None where they stood in the tables.
    bonuses : DataFrame
        One row per bonus or deduction: ``org``, ``period``, ``indicator``, ``kind``, ``points`` (as
        on the sheet, deductions negative), ``counted`` (in points of the value, after caps; NaN
        where there is no score to go with), ``evidence``, ``source``, ``rater`` and its place.
    """

    data: Dataset
    framework: Framework
    freq: Frequency
    as_of: pd.Timestamp | None
    table: pd.DataFrame
    sources: pd.DataFrame
    gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    ledger: Accounts | None = None
    bonuses: pd.DataFrame = field(default_factory=pd.DataFrame)
    source: Ledger | None = None

    def __repr__(self) -> str:
        return f"Evidence({len(self.table)} values of {self.framework.id}, as of {self.as_of})"

    def standard_errors(self) -> pd.DataFrame:
        """Return the standard errors, shaped as the values: (org, period) x indicator.

        Returns
        -------
        DataFrame
            In the units of the values; NaN where unknown. Indicators without any value are absent.
        """
        found: pd.DataFrame = self.table["standard_error"].unstack("indicator")  # noqa: PD010 (keys are unique)
        return found

    def mixed_full_marks(
        self, classes: pd.Series | None = None, *, over_time: bool = False
    ) -> pd.Series:
        """Return the indicators whose scores had several full marks where one is needed.

        Parameters
        ----------
        classes : Series, optional
            By (org, period): those who must be scored alike, by the label they share; other rows
            are passed over. One class of everybody by default.
        over_time : bool
            Whether the full mark must be the same in all periods too.

        Returns
        -------
        Series
            Indexed by (class, indicator), the full marks as text ("100, 150"); empty where all is
            well.

        Examples
        --------
        >>> import servicepo as sp
        >>> data, truth = sp.synthesise(organisations=12, years=1, seed=0)
        >>> values = sp.tally(data, sp.load_framework("six_haves"))
        >>> values.evidence.mixed_full_marks().empty
        True
        """
        marks = self.table["full_mark"].dropna().reset_index()
        if classes is None:
            marks["class"] = "all"
        else:
            named = classes.rename("class").reset_index()
            marks = marks.merge(named, on=["org", "period"], how="inner")
        by = ["class", "indicator"] if over_time else ["class", "period", "indicator"]
        different = marks.drop_duplicates([*by, "full_mark"])
        mixed = different[different.duplicated(by, keep=False)].sort_values([*by, "full_mark"])
        if not over_time:  # the first period in which they are mixed speaks for all
            first = mixed.groupby(["class", "indicator"])["period"].transform("min")
            mixed = mixed[mixed["period"] == first]
        told = mixed["full_mark"].map("{:g}".format)
        return told.groupby([mixed["class"], mixed["indicator"]]).agg(", ".join)

    def cells(
        self, org: str, indicator: str, period: pd.Period | str | None = None
    ) -> pd.DataFrame:
        """Return the cells that a value was computed from.

        Parameters
        ----------
        org : str
            The organisation.
        indicator : str
            Code of the indicator.
        period : Period or str, optional
            One period only.

        Returns
        -------
        DataFrame
            One row per cell: ``org``, ``period`` (of the value), ``role`` (who scored, "bonus",
            "deduction", the answer, or the field), ``file``, ``sheet``, ``row``, ``column``,
            ``value`` (as read). Of a ledger of any size the rows of the organisation are read
            again: ``column`` is then the name of the column, ``row`` the number of the row in a
            Parquet file, from 0; a cluster, a database and CSV files tell no rows.

        Raises
        ------
        FrameworkError
            For an indicator the framework does not have.

        Examples
        --------
        >>> import servicepo as sp
        >>> data, truth = sp.synthesise(organisations=12, years=1, seed=0)
        >>> values = sp.tally(data, sp.load_framework("six_haves"))
        >>> org = data.organisations.index[0]
        >>> cells = values.evidence.cells(org, "team_style")
        >>> sorted(cells["role"])
        ['mass', 'self', 'superior']
        """
        asked = self.framework.indicator(indicator)
        data = self.data
        if self.source is not None and asked.source["kind"] in ("service", "frequency"):
            services, layout = records_of(self.source, org)
            known = pd.concat([data.layout, layout], ignore_index=True)
            data = replace(data, services=services, layout=known)
        found = cells_of(data, asked, org, self.freq)
        valued = self.table.index[
            (self.table.index.get_level_values("org") == org)
            & (self.table.index.get_level_values("indicator") == indicator)
        ].get_level_values("period")
        text = pd.Series(period_text(pd.PeriodIndex(valued)), dtype="str")
        if period is not None:
            text = text[text == text_of(period)]
        own = ordinals(text, self.freq)
        static = found[found["period"] == STATIC].drop(columns="period")
        cells = pd.concat(
            [found[found["period"].isin(own)], static.merge(own.to_frame(), how="cross")],
            ignore_index=True,
        )
        cells = cells.sort_values(["period", "role", "file", "sheet", "row"], kind="stable")
        cells["period"] = periods(cells["period"].astype(int), self.freq)
        cells["org"] = org
        return cells[["org", *CELLS]].reset_index(drop=True)
