"""Numbers, dates and periods as people write them."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.reading.values import (
    chinese_number,
    parse_dates,
    parse_numbers,
    parse_periods,
    period_in_text,
)

few = settings(max_examples=30, deadline=None)


def one(parser, cell, **options):
    """Return value, understood and note of one cell."""
    return tuple(part.iloc[0] for part in parser(pd.Series([cell], dtype=object), **options))


def read(parser, cell, **options):
    value, understood, note = one(parser, cell, **options)
    return (None if pd.isna(value) else value), bool(understood), note


# -- numbers -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cell", "value", "note"),
    [
        ("90 分", 90, ""),
        ("90分（优秀）", 90, ""),
        ("得分：90", 90, ""),
        ("38.46%", 38.46, "percent"),
        ("３８．４６％", 38.46, "percent"),
        ("百分之三十", 30, "percent"),
        ("第四名", 4, "rank"),
        ("第4名", 4, "rank"),
        ("4名", 4, ""),
        ("一百二十三", 123, ""),
        ("十二", 12, ""),
        ("两", 2, ""),
        ("110多万", 1_100_000, "lower_bound"),
        ("50多万件次", 500_000, "lower_bound"),
        ("20多个", 20, "lower_bound"),
        ("不少于100小时", 100, "lower_bound"),
        ("90分以上", 90, "lower_bound"),
        ("约30户", 30, "approximate"),
        ("1.2万", 12_000, ""),
        ("１２３", 123, ""),
        (" 1 234 ", 1234, ""),
        ("1,234,567", 1_234_567, ""),
        ("扣1分", -1, "deduction"),
        ("扣-0.5", -0.5, "deduction"),
        ("附加分2", 2, "bonus"),
        ("加 1.5 分", 1.5, "bonus"),
        ("−3", -3, ""),
        ("1E+05", 100_000, ""),
        (90, 90, ""),
        (np.float64(0.5), 0.5, ""),
        (True, 1, ""),
        ("3.211", 3.211, ""),
    ],
)
def test_a_number_as_it_is_written(cell, value, note):
    assert read(parse_numbers, cell) == (pytest.approx(value), True, note)


@pytest.mark.parametrize("cell", ["—", "/", "－", "——", "不适用", "N/A", " / "])
def test_not_applicable_is_understood_and_no_number(cell):
    assert read(parse_numbers, cell) == (None, True, "not_applicable")
    assert read(parse_dates, cell) == (None, True, "not_applicable")
    assert read(parse_periods, cell) == (None, True, "not_applicable")


@pytest.mark.parametrize("cell", [None, np.nan, "", " 　", "\u200b"])
def test_blank_is_understood_and_never_nought(cell):
    assert read(parse_numbers, cell) == (None, True, "blank")
    assert read(parse_dates, cell) == (None, True, "blank")
    assert read(parse_periods, cell) == (None, True, "blank")


@pytest.mark.parametrize(
    "cell",
    [
        "较好",
        "50-100户",
        "3,5",
        "90/100",
        "inf",
        "nan",
        "万",
        "十点",
        "√",
        "无",
        "同上",
        dt.date(2024, 1, 1),
    ],
)
def test_what_is_no_number_is_not_understood(cell):
    assert read(parse_numbers, cell) == (None, False, "")


@pytest.mark.parametrize(
    ("cell", "value"),
    [("√", 1), ("×", 0), ("有", 1), ("无", 0), ("是", 1), ("否", 0), ("Yes", 1), ("未完成", 0)],
)
def test_ticks_are_truths_where_asked(cell, value):
    assert read(parse_numbers, cell, boolean=True) == (value, True, "boolean")
    assert read(parse_numbers, "0.5", boolean=True) == (0.5, True, "")


@pytest.mark.parametrize("form", ["{} 分", "{}分", "得分：{}", "{}（分）", "+{}", " {} "])
@given(st.decimals(0, 10**6, places=2))
@few
def test_a_number_in_words_around_it_is_that_number(form, number):
    assert read(parse_numbers, form.format(number))[:2] == (float(number), True)


@given(st.integers(0, 10**7))
@few
def test_full_width_and_thousands_separators_do_not_matter(number):
    plain = f"{number:,}"
    wide = plain.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789,"})
    assert read(parse_numbers, plain)[0] == read(parse_numbers, wide)[0] == number


def numeral(number):
    """Write a number below 100,000,000 as a Chinese numeral, the slow way."""
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        return numeral(high) + "万" + (("零" if low < 1000 else "") + numeral(low) if low else "")
    digits, text, gap = f"{number}", "", False
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit == "0":
            gap = bool(text)
            continue
        text += (
            ("零" if gap else "")
            + "零一二三四五六七八九"[int(digit)]
            + ["", "十", "百", "千"][place]
        )
        gap = False
    return text or "零"


@given(st.integers(0, 99_999_999))
@few
def test_chinese_numerals(number):
    text = numeral(number)
    assert chinese_number(text) == number
    formal = text.translate(str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟"))
    assert read(parse_numbers, formal)[0] == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一百二", 120),
        ("两万三", 23_000),
        ("二〇二四", 2024),
        ("三点五", 3.5),
        ("一亿零五", 100_000_005),
        ("村", None),
        ("", None),
    ],
)
def test_numerals_as_they_are_spoken(text, value):
    assert chinese_number(text) == value


def test_a_column_of_numbers_needs_no_reading():
    cells = pd.Series([1, 2], index=[5, 7], name="x")
    parsed = parse_numbers(cells)
    assert parsed.values.tolist() == [1.0, 2.0]
    assert parsed.note.tolist() == ["", ""]
    assert parse_numbers(pd.Series([1.0, None])).note.tolist() == ["", "blank"]


# -- dates -------------------------------------------------------------------------------------
day = dt.datetime(2014, 1, 16)
moment = dt.datetime(2014, 1, 16, 9, 30)


@pytest.mark.parametrize(
    ("cell", "value", "note"),
    [
        ("2014.1.16", day, ""),
        ("2014-01-16", day, ""),
        ("2014/1/16", day, ""),
        ("2014年1月16日", day, ""),
        ("2014年 1 月16 日", day, ""),
        ("2014年1月16号", day, ""),
        ("２０１４．１．１６", day, ""),
        ("20140116", day, ""),
        (20140116, day, ""),
        (20140116.0, day, ""),
        ("2014年1月", dt.datetime(2014, 1, 1), "month"),
        ("2014.1", dt.datetime(2014, 1, 1), "month"),
        ("201401", dt.datetime(2014, 1, 1), "month"),
        ("2014/1/16 9:30", moment, ""),
        ("2014-01-16 09:30", moment, ""),
        ("2014-01-16T09:30:00", moment, ""),
        ("2014年1月16日9时30分", moment, ""),
        ("2014年1月16日 9：30", moment, ""),
        ("20140116093000", moment, ""),
        ("2014-01-16T09:30:00+08:00", moment, "zone"),
        ("2014-01-16T01:30:00Z", moment, "zone"),
        ("2014-01-16T02:30:00.000+01:00", moment, "zone"),
        (45292, dt.datetime(2024, 1, 1), "serial"),
        ("45292", dt.datetime(2024, 1, 1), "serial"),
        (45292.5, dt.datetime(2024, 1, 1, 12), "serial"),
        (pd.Timestamp("2014-01-16 09:30"), moment, ""),
        (dt.date(2014, 1, 16), day, ""),
        (
            dt.datetime(2014, 1, 16, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            moment,
            "zone",
        ),
    ],
)
def test_a_date_as_it_is_written(cell, value, note):
    assert read(parse_dates, cell) == (value, True, note)
    if isinstance(cell, str):
        parsed = parse_dates(pd.Series([cell], dtype="str"))
        assert (parsed.values[0], parsed.note[0]) == (value, note)


@pytest.mark.parametrize(
    "cell",
    ["2014", "2014-13-01", "2014-02-30", "1月16日", "春节前", "2014-01-16 25:00", 3, 1.5, True],
)
def test_what_is_no_date_is_not_understood(cell):
    assert read(parse_dates, cell) == (None, False, "")


FORMS = [
    "{0:%Y-%m-%d}",
    "{0:%Y%m%d}",
    "{0.year}.{0.month}.{0.day}",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}年{0.month}月{0.day}日",
    "{0:%Y-%m-%d %H:%M:%S}",
    "{0.year}/{0.month}/{0.day} {0.hour}:{0.minute:02d}",
    "{0.year}年{0.month}月{0.day}日{0.hour}时{0.minute}分",
    "{0:%Y-%m-%dT%H:%M:%S}+08:00",
]


@pytest.mark.parametrize("form", FORMS)
@given(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2099, 12, 31)))
@few
def test_every_form_of_a_date_gives_it_back(form, when):
    value = read(parse_dates, form.format(when))[0]
    timed = "hour" in form or "%H" in form
    second = when.second if "%S" in form else 0
    exact = when.replace(second=second, microsecond=0)
    assert value == (exact if timed else dt.datetime(when.year, when.month, when.day))


@given(st.dates(dt.date(1955, 1, 1), dt.date(2118, 12, 31)))
@few
def test_excel_serials_count_from_the_end_of_1899(date):
    serial = (date - dt.date(1899, 12, 30)).days
    assert read(parse_dates, serial) == (
        dt.datetime(date.year, date.month, date.day),
        True,
        "serial",
    )


def test_moments_with_offsets_are_told_in_one_zone():
    cells = pd.Series(["2011-10-11T13:42:22.688+02:00", "2011-12-06T13:41:31.788+01:00", None])
    amsterdam = parse_dates(cells, zone=ZoneInfo("Europe/Amsterdam"))
    assert amsterdam.values.astype("str").str[:19].tolist()[:2] == [
        "2011-10-11 13:42:22",
        "2011-12-06 13:41:31",
    ]
    between = parse_dates(cells).values.diff()[1]
    assert between == pd.Timestamp(cells[1]) - pd.Timestamp(cells[0])


def test_columns_of_moments_need_no_reading():
    naive = pd.Series(pd.to_datetime(["2024-05-01", None]))
    assert parse_dates(naive).values.dtype == "datetime64[us]"
    assert parse_dates(naive).note.tolist() == ["", "blank"]
    zoned = naive.dt.tz_localize("UTC")
    assert parse_dates(zoned).values[0] == pd.Timestamp("2024-05-01 08:00")


# -- periods -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cell", "value", "note"),
    [
        ("2024", "2024", ""),
        ("2024年", "2024", ""),
        ("2024年度", "2024", ""),
        (2024, "2024", ""),
        (2024.0, "2024", ""),
        ("2024.0", "2024", ""),
        ("2024年全年", "2024", ""),
        ("2024上半年", "2024H1", ""),
        ("2024年下半年", "2024H2", ""),
        ("2024h1", "2024H1", ""),
        ("2024年第三季度", "2024Q3", ""),
        ("2024年第 3 季度", "2024Q3", ""),
        ("2024年三季度", "2024Q3", ""),
        ("2024Q3", "2024Q3", ""),
        ("2024q3", "2024Q3", ""),
        ("2024-Q3", "2024Q3", ""),
        ("2021-07", "2021-07", ""),
        ("2021年7月", "2021-07", ""),
        ("2021年7月份", "2021-07", ""),
        ("2021.7", "2021-07", ""),
        ("202107", "2021-07", ""),
        ("2024年十二月", "2024-12", ""),
        ("2024年1-6月", "2024H1", "range"),
        ("2024年1月至3月", "2024Q1", "range"),
        ("2024年1—12月", "2024", "range"),
        ("2020年第三轮(5-6月)", "2020Q2", "range"),
        ("2014.1.16", "2014-01", "date"),
        ("2014年1月16日", "2014-01", "date"),
        (pd.Timestamp("2014-01-16"), "2014-01", "date"),
    ],
)
def test_a_period_as_it_is_written(cell, value, note):
    assert read(parse_periods, cell) == (value, True, note)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("三季度", "2023Q3"),
        ("第3季度", "2023Q3"),
        ("上半年", "2023H1"),
        ("7月", "2023-07"),
        ("十一月份", "2023-11"),
        ("全年", "2023"),
    ],
)
def test_a_part_of_a_year_told_elsewhere(cell, value):
    assert read(parse_periods, cell, year=2023) == (value, True, "year_given")
    assert read(parse_periods, cell) == (None, False, "")


@pytest.mark.parametrize(
    "cell",
    ["2024年1-9月", "2023-2024", "2024年13月", "第三轮", "45292", "2024Q5", "24年", "1月16日"],
)
def test_what_is_no_period_is_not_understood(cell):
    assert read(parse_periods, cell) == (None, False, "")


def test_columns_of_moments_are_their_months():
    parsed = parse_periods(pd.Series(pd.to_datetime(["2024-05-01", None])))
    assert parsed.values.tolist()[0] == "2024-05"
    assert parsed.note.tolist() == ["date", "blank"]


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("某县2024年第三季度考核评分表", "2024Q3"),
        ("2023年度党组织考核", "2023"),
        ("台账202403.xlsx", "2024-03"),
        ("2021-07 月报", "2021-07"),
        ("２０２４年上半年", "2024H1"),
        ("2021年7月至9月", "2021Q3"),
        ("scores_2023.csv", "2023"),
        ("关于2023年度考核的通知(2024)", "2023"),
        ("关于2023年考核的通知(2024)", None),
        ("2023-2024年度考核", None),
        ("考核表20240116.xlsx", None),
        ("2024年1月16日动员会", None),
        ("名册", None),
    ],
)
def test_the_period_a_title_speaks_of(text, period):
    assert period_in_text(text) == period


# -- all ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("parser", [parse_numbers, parse_dates, parse_periods])
@given(
    st.lists(
        st.one_of(st.none(), st.integers(-5, 10**8), st.floats(), st.text(max_size=8)), max_size=12
    )
)
@settings(max_examples=25, deadline=None)
def test_every_cell_is_read_or_told_and_the_column_left_alone(parser, cells):
    column = pd.Series(cells, dtype=object, index=range(3, 3 + len(cells)), name="列")
    given = column.copy()
    values, understood, note = parser(column)
    pd.testing.assert_series_equal(column, given)
    for part in (values, understood, note):
        assert part.index.equals(column.index)
        assert part.name == "列"
    assert understood.dtype == bool
    assert values[~understood].isna().all()
    assert (note[~understood] == "").all()
    silent = understood & values.isna()
    assert note[silent].isin(["blank", "not_applicable"]).all()


@pytest.mark.parametrize("parser", [parse_numbers, parse_dates, parse_periods])
def test_an_empty_column_is_read(parser):
    for column in (pd.Series([], dtype="str"), pd.Series([None, None], dtype=object)):
        values, understood, note = parser(column)
        assert values.isna().all()
        assert understood.all()
        assert (note == "blank").all()
