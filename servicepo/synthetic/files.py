"""The files that a county would send: each in the layout of some office, with known faults."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import pandas as pd

from ..framework import load_framework
from ..labels import word
from ..tables import ANSWERS, FAMILY, Dataset
from .faults import plant_faults
from .readme import readme
from .sheets import Cell, Header, Sheet, table_sheet, write_sheets

_UNITS: Final = {
    "报酬": "元",
    "收入": "元",
    "工资": "元",
    "时数": "小时",
    "户数": "户",
    "人次": "人次",
    "次数": "次",
}
_SOURCES: Final = {"self": "基层自评", "mass": "群众测评", "superior": "组织考评"}
_DOMAINS: Final = {"rural": "农村", "enterprise": "企业", "organs": "机关事业"}
_SIGNATURE: Final = ("填表人：　　　　　审核人：　　　　　填表日期：　　年　　月　　日",)
_DATE_STYLES: Final = ("{0}.{1}.{2}", "{0}年{1}月{2}日", "{0}{1:02d}{2:02d}")


def write_county(
    data: Dataset, folder: str | Path, *, seed: int | np.random.Generator | None = 0
) -> pd.DataFrame:
    """Write a synthetic county as files that look like what counties really send.

    Parameters
    ----------
    data : Dataset
        A county from `synthesise`; it is left alone.
    folder : str or Path
        Made if it is not there; files of the same names are overwritten.
    seed : int, Generator or None
        Chooses where the faults are planted. The same data and seed give the same files.

    Returns
    -------
    DataFrame
        The faults that were planted: ``fault`` (a code of `servicepo.synthetic.faults.FAULTS`),
        ``file, sheet, row, column`` (counted from 1; ``cell`` tells both as people do),
        ``truth`` (what should stand there), ``written`` (what stands there).

    Notes
    -----
    A roster; score sheets whose layout changes from year to year (all in one with two header rows;
    by domain with three; one file per source, and one township's as a long CSV; side by side); a
    sheet of base and own plan per year; a service ledger per year (GB18030 CSV with three ways to
    write dates in two years, xlsx in the two others); survey counts under a two-level header;
    yearly statistics; and ``README.md``, which lists every planted fault.

    Examples
    --------
    >>> import tempfile
    >>> from servicepo.synthetic.county import synthesise
    >>> data, _ = synthesise(24, 1, seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     faults = write_county(data, folder)
    ...     sorted(path.name for path in Path(folder).iterdir())[:3]
    ['2024年度服务台账.csv', '2024年度考核评分表.xlsx', '2024年满意度测评.xlsx']
    """
    county = _County.of(data)
    sheets = [
        _roster(county),
        *(sheet for k, year in enumerate(county.years) for sheet in LAYOUTS[k % 4](county, year)),
        *_plan_sheets(county),
        *(_ledger(county, k, year) for k, year in enumerate(county.years)),
        *(sheet for year in county.years for sheet in _survey_sheets(county, year)),
        *_statistics_sheets(county),
    ]
    faults = plant_faults(sheets, np.random.default_rng(seed))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_sheets(sheets, folder)
    text = readme(data, sheets, faults, seed)
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return faults


@dataclass(frozen=True, eq=False, slots=True)
class _County:
    """A county's tables in the order of its roster, and the items of its score sheets."""

    organisations: pd.DataFrame
    evaluations: pd.DataFrame
    services: pd.DataFrame
    surveys: pd.DataFrame
    years: tuple[str, ...]
    items: Mapping[str, str]  # item -> the dimension above it
    plan: Mapping[str, str]

    @classmethod
    def of(cls, data: Dataset) -> _County:
        """Order the organisations by township, as rosters are."""
        order = pd.factorize(data.organisations["township"])[0].argsort(kind="stable")
        return cls(
            organisations=data.organisations.iloc[order],
            evaluations=data.evaluations,
            services=data.services,
            surveys=data.surveys,
            years=tuple(sorted(data.evaluations["period"].unique())),
            items=_items_of("six_haves"),
            plan=_items_of("base_plus_plan"),
        )

    def scores(self, year: str, source: str, items: Sequence[str]) -> pd.DataFrame:
        """Return scores, organisations by items, in the order of the roster."""
        rows = self.evaluations
        rows = rows[(rows["period"] == year) & (rows["source"] == source)]
        rows = rows[rows["indicator"].isin(items)]
        # A pivot refuses a second score of the same cell; a pivot table would hide it.
        wide = rows.pivot(index="org", columns="indicator", values="score")  # noqa: PD010
        wide = wide.reindex(columns=[item for item in items if item in wide])
        return wide.loc[[org for org in self.organisations.index if org in wide.index]]

    def raters(self, year: str) -> pd.Series:
        """Return which team scored each organisation."""
        rows = self.evaluations[self.evaluations["period"] == year].dropna(subset="rater")
        return rows.drop_duplicates("org").set_index("org")["rater"]


def _items_of(framework: str) -> dict[str, str]:
    loaded = load_framework(framework)
    return {
        item: dimension.label()
        for dimension in loaded.dimensions
        for indicator in dimension.indicators
        if indicator.source["kind"] == "evaluation"
        for item in cast("Sequence[str]", indicator.source["item"])
    }


# -- roster ----------------------------------------------------------------------------------------

_ROSTER: Final = {
    "类型": "sector",
    "领域": "domain",
    "上级党组织": "supervisor",
    "组织形式": "level",
    "功能定位": "core_role",
    "党员数": "members",
    "户数": "households",
    "职工数": "staff",
    "网格数": "grids",
    "倾斜地区": "tags",
}
_FAMILIES: Final = {"tags": "tag"}
_CODED: Final = ("sector", "domain", "level", "core_role", "tags")


def _roster(county: _County) -> Sheet:
    header: list[Header] = [("序号", ""), ("党组织名称", ""), ("属地", "县"), ("属地", "乡镇")]
    header += [(label, "") for label in (*_ROSTER, "联系电话")]
    organisations = county.organisations
    body: list[list[Cell]] = []
    columns = [_words(organisations[c], c) for c in _ROSTER.values()]
    for k, (org, county_name, town, *cells) in enumerate(
        zip(
            organisations.index,
            organisations["county"],
            organisations["township"],
            *columns,
            strict=True,
        )
    ):
        body.append([k + 1, org, county_name, town, *cells, f"138-0000-{k + 1:04d}"])
    sheet = table_sheet(
        "党组织名册.xlsx", "名册", "示例县基层党组织名册", header, body, [_SIGNATURE]
    )
    _merge_down(sheet, header.index(("属地", "县")), len(body))
    _merge_down(sheet, header.index(("属地", "乡镇")), len(body))
    return sheet


def _merge_down(sheet: Sheet, column: int, count: int) -> None:
    """Merge equal neighbours of a column of the body, as rosters do with townships."""
    start = sheet.head
    for r in range(sheet.head + 1, sheet.head + count + 1):
        last = r == sheet.head + count
        if last or sheet.rows[r][column] != sheet.rows[start][column]:
            if r - start > 1:
                sheet.merges.append((start, column, r - 1, column))
                for line in sheet.rows[start + 1 : r]:
                    line[column] = None
            start = r


def _words(values: pd.Series, column: str) -> list[Cell]:
    """Return cells as they are written: words for codes, whole numbers, blanks."""
    if column in _CODED:
        family = _FAMILIES.get(column, column)
        words = {v: _DOMAINS.get(v) or word(f"{family}.{v}") for v in values.dropna().unique()}
        return [words.get(v) for v in values]
    return [_number(v) if isinstance(v, float) else v for v in values]


def _number(value: float, blank: Cell = None) -> Cell:
    if math.isnan(value):
        return blank
    return int(value) if value == int(value) else value


# -- score sheets ----------------------------------------------------------------------------------


def _score_body(
    wide: pd.DataFrame, raters: pd.Series | None = None
) -> tuple[list[list[Cell]], list[Cell]]:
    """Return body rows (序号, 党组织, [考评组], scores, 合计) and the row of means."""
    body: list[list[Cell]] = []
    for k, (org, *scores) in enumerate(wide.reset_index().itertuples(index=False)):
        before: list[Cell] = [k + 1, org] if raters is None else [k + 1, org, raters[org]]
        total = round(sum(s for s in scores if not math.isnan(s)), 1)
        body.append([*before, *(_number(s, "/") for s in scores), total])
    skip: list[Cell] = [None, "平均"] if raters is None else [None, "平均", None]
    means = [round(m, 2) for m in wide.mean().to_list()]
    return body, [*skip, *means, round(sum(means), 2)]


def _score_header(
    wide: pd.DataFrame, *, rater: bool, dimensions: Mapping[str, str]
) -> list[Header]:
    header: list[Header] = [("序号", ""), ("党组织", "")]
    if rater:
        header.append(("考评组", ""))
    header += [(dimensions[item], f"{item}(100分)") for item in wide.columns.to_list()]
    return [*header, ("合计", "")]


def _score_sheet(
    county: _County, file: str, name: str, title: str, wide: pd.DataFrame, raters: pd.Series | None
) -> Sheet:
    header = _score_header(wide, rater=raters is not None, dimensions=county.items)
    body, means = _score_body(wide, raters)
    return table_sheet(file, name, title, header, body, [means, _SIGNATURE])


def _together(county: _County, year: str) -> list[Sheet]:
    """Lay out one sheet per source with all organisations: two header rows."""
    sheets = []
    for source, label in _SOURCES.items():
        wide = county.scores(year, source, list(county.items))
        raters = county.raters(year) if source == "superior" else None
        title = f"{year}年度基层服务型党组织考核评分表（{label}）"
        sheets.append(
            _score_sheet(county, f"{year}年度考核评分表.xlsx", label, title, wide, raters)
        )
    return sheets


def _by_domain(county: _County, year: str) -> list[Sheet]:
    """Lay out a sheet per domain, the sources side by side below each item: three header rows."""
    sheets = []
    for domain, label in _DOMAINS.items():
        mine = county.organisations.index[county.organisations["domain"] == domain]
        by_source = {
            "自评": county.scores(year, "self", list(county.items)),
            "群众测评": county.scores(year, "mass", list(county.items)),
            "组织考评": county.scores(year, "superior", list(county.items)),
        }
        by_source = {s: w.loc[mine].dropna(axis=1, how="all") for s, w in by_source.items()}
        items = by_source["自评"].columns.to_list()
        header: list[Header] = [("序号", "", ""), ("党组织", "", "")]
        header += [(county.items[i], f"{i}(100分)", s) for i in items for s in by_source]
        columns = [by_source[s][i] for i in items for s in by_source]
        body: list[list[Cell]] = [
            [k + 1, org, *(_number(score, "/") for score in scores)]
            for k, (org, *scores) in enumerate(zip(mine, *columns, strict=True))
        ]
        title = f"{year}年度基层服务型党组织考核评分表（{label}）"
        file = f"{year}年度考核评分表（分领域）.xlsx"
        sheets.append(table_sheet(file, label, title, header, body, [_SIGNATURE]))
    return sheets


def _by_source(county: _County, year: str) -> list[Sheet]:
    """Lay out a file per source; one township sends its self-scores apart, as a long CSV."""
    towns = county.organisations["township"]
    sheets = []
    for source, label in _SOURCES.items():
        wide = county.scores(year, source, list(county.items))
        if source == "self" and len(set(towns)) > 1:
            first = towns.index[towns == towns.iloc[0]]
            name = f"{year}年度{label}（{towns.iloc[0]}）.csv"
            sheets.append(Sheet(name, "", _long_rows(wide.loc[first])))
            wide = wide.drop(index=first)
        raters = county.raters(year) if source == "superior" else None
        title = f"{year}年度基层服务型党组织考核评分表"
        sheets.append(_score_sheet(county, f"{year}年度{label}.xlsx", label, title, wide, raters))
    return sheets


def _long_rows(wide: pd.DataFrame) -> list[list[Cell]]:
    """Return one row per score, below a header."""
    long = wide.reset_index().melt("org").dropna()
    rows = [[org, item, _number(score)] for org, item, score in long.itertuples(index=False)]
    return [["党组织", "指标", "得分"], *rows]


def _side_by_side(county: _County, year: str) -> list[Sheet]:
    """Lay out a file per domain, a sheet per source, two blocks of organisations side by side."""
    sheets = []
    for domain, label in _DOMAINS.items():
        mine = county.organisations.index[county.organisations["domain"] == domain]
        for source, name in _SOURCES.items():
            wide = county.scores(year, source, list(county.items)).loc[mine]
            wide = wide.dropna(axis=1, how="all")
            header = [("党组织",), *((f"{item}(100分)",) for item in wide)]
            if source == "superior":
                header.insert(1, ("考评组",))
            body, _ = _score_body(wide, county.raters(year) if source == "superior" else None)
            lines = [line[1:-1] for line in body]
            half = -(-len(lines) // 2)
            blank: list[Cell] = [None] * len(header)
            right = [*lines[half:], *[blank] * (2 * half - len(lines))]
            both = [a + b for a, b in zip(lines[:half], right, strict=True)]
            file = f"{year}年度{label}党组织考核评分表.xlsx"
            title = f"{year}年度{label}基层服务型党组织考核评分表（{name}）"
            sheets.append(table_sheet(file, name, title, header * 2, both))
    return sheets


LAYOUTS: Final[tuple[Callable[[_County, str], list[Sheet]], ...]] = (
    _together,
    _by_domain,
    _by_source,
    _side_by_side,
)


def _plan_sheets(county: _County) -> list[Sheet]:
    sheets = []
    for year in county.years:
        wide = county.scores(year, "superior", list(county.plan))
        header = _score_header(wide, rater=True, dimensions=county.plan)
        body, means = _score_body(wide, county.raters(year))
        title = f"{year}年度“基础加自主计划”考核评分表（{_SOURCES['superior']}）"
        file, foot = "基础加自主计划考核.xlsx", [means, _SIGNATURE]
        sheets.append(table_sheet(file, f"{year}年", title, header, body, foot))
    return sheets


def _statistics_sheets(county: _County) -> list[Sheet]:
    rows = county.evaluations[county.evaluations["source"] == "record"]
    items = list(rows["indicator"].unique())
    header: list[Header] = [("序号",), ("党组织",)]
    header += [(f"{item}（{next(u for k, u in _UNITS.items() if k in item)}）",) for item in items]
    sheets = []
    for year in county.years:
        wide = county.scores(year, "record", items)
        body, _ = _score_body(wide)
        lines = [line[:-1] for line in body]
        title = f"{year}年度统计数据"
        sheets.append(table_sheet("统计数据.xlsx", f"{year}年", title, header, lines, [_SIGNATURE]))
    return sheets


# -- surveys ---------------------------------------------------------------------------------------


def _survey_sheets(county: _County, year: str) -> list[Sheet]:
    sheets = []
    answers = [word(f"answer.{answer}") for answer in ANSWERS]
    for respondent in ("mass", "member"):
        label = word(f"respondent.{respondent}")
        rows = county.surveys[
            (county.surveys["period"] == year) & (county.surveys["respondent"] == respondent)
        ]
        questions = list(rows["question"].unique())
        votes = rows.pivot(index="org", columns=["question", "answer"], values="count")  # noqa: PD010
        votes = votes.loc[[o for o in county.organisations.index if o in votes.index]]
        votes = votes[[(q, a) for q in questions for a in ANSWERS]]
        issued = rows.drop_duplicates("org").set_index("org")["issued"]
        header: list[Header] = [(h, "") for h in ("序号", "党组织", "发放数", "收回数")]
        header += [(question, answer) for question in questions for answer in answers]
        body: list[list[Cell]] = []
        for k, (org, *counts) in enumerate(votes.reset_index().itertuples(index=False)):
            returned = int(sum(counts[: len(ANSWERS)]))
            body.append([k + 1, org, int(issued[org]), returned, *map(int, counts)])
        totals = [sum(int(line[c]) for line in body) for c in range(2, len(header))]
        title = f"{year}年度党组织服务满意度测评汇总表（{label}）"
        foot: list[list[Cell]] = [[None, "合计", *totals], list(_SIGNATURE)]
        file = f"{year}年满意度测评.xlsx"
        sheets.append(table_sheet(file, f"{label}测评", title, header, body, foot))
    return sheets


# -- ledgers ---------------------------------------------------------------------------------------

_LEDGER: Final = {
    "登记号": "record",
    "党组织": "org",
    "服务类别": "service",
    "需求类型": "need",
    "了解渠道": "channel",
    "责任层级": "tier",
    "办理方式": "way",
    "受理日期": "accepted",
    "承办日期": "undertaken",
    "承诺办结日期": "due",
    "回复日期": "replied",
    "处置走向": "disposal",
    "满意度": "satisfaction",
    "走访对象": "visit",
    "办理次数": "times",
}
_DATES: Final = ("accepted", "undertaken", "due", "replied")
_NAMES: Final = "赵钱孙李周吴郑王"


def _ledger(county: _County, k: int, year: str) -> Sheet:
    """Return the ledger of the k-th year: GB18030 text for two years, then workbooks for two."""
    rows = county.services[county.services["accepted"].dt.year == int(year)]
    as_text = k % 4 < 2
    columns: list[Sequence[Cell]] = []
    # Each township has its own way to write dates.
    town = county.organisations["township"].reindex(rows["org"]).to_numpy()
    style = pd.Categorical(town, categories=county.organisations["township"].unique()).codes % 3
    for column in _LEDGER.values():
        values = rows[column]
        if column in _DATES:
            days = [None if pd.isna(v) else v.date() for v in values]
            columns.append(
                [_day(d, s) for d, s in zip(days, style.tolist(), strict=True)] if as_text else days
            )
        elif column in ("record", "org"):
            columns.append(values.to_list())
        elif column == "times":
            columns.append([_number(v) for v in values])
        else:
            family = FAMILY.get(column, column)
            words = {v: word(f"{family}.{v}") for v in values.dropna().unique()}
            columns.append([words.get(v) for v in values])
    header = list(_LEDGER)
    if k % 4 == 0:
        header.append("诉求人")
        columns.append([_NAMES[i % len(_NAMES)] + "某某" for i in range(len(rows))])
    body: list[list[Cell]] = [list(line) for line in zip(*columns, strict=True)]
    if as_text:
        text: list[list[Cell]] = [list(header), *body]
        return Sheet(f"{year}年度服务台账.csv", "", text, encoding="gb18030")
    labels: list[Header] = [(label,) for label in header]
    title = f"{year}年度党组织服务台账"
    return table_sheet(f"{year}年度服务台账.xlsx", "台账", title, labels, body)


def _day(day: Cell, style: int) -> Cell:
    if day is None:
        return None
    return _DATE_STYLES[style].format(day.year, day.month, day.day)
