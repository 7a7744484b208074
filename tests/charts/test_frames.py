import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicepo.charts.frames import (
    cells,
    decimals,
    grouped,
    in_order,
    latest,
    moment,
    shown,
    table_of,
    wrap,
)
from servicepo.errors import TableError


@pytest.mark.parametrize(
    ("period", "zh", "en"),
    [
        ("2024", "2024年", "2024"),
        (2024, "2024年", "2024"),
        ("2024H1", "2024年上半年", "H1 2024"),
        ("2024Q3", "2024年三季度", "Q3 2024"),
        ("2024-05", "2024年5月", "May 2024"),
        (pd.Period("2024", "Y"), "2024年", "2024"),
        (pd.Period("2024Q1", "2Q-DEC"), "2024年上半年", "H1 2024"),
        (pd.Period("2024Q3", "2Q-DEC"), "2024年下半年", "H2 2024"),
        (pd.Period("2024Q4", "Q"), "2024年四季度", "Q4 2024"),
        (pd.Period("2024-12", "M"), "2024年12月", "Dec 2024"),
    ],
)
def test_periods_in_words(period, zh, en):
    assert (moment(period).text("zh"), moment(period).text("en")) == (zh, en)


def test_positions_of_periods_leave_room_for_missing_ones():
    assert [moment(p).position for p in ("2023", "2024H2", "2024Q2", "2024-07")] == [
        2023,
        2024.5,
        2024.25,
        2024.5,
    ]


def test_a_text_that_is_no_period_is_refused():
    with pytest.raises(TableError) as caught:
        moment("去年")
    assert str(caught.value) == (
        "a period must be a pandas Period or a text such as 2024, 2024H1, 2024Q3, 2024-05, "
        "got '去年'. Write it so."
    )


@settings(max_examples=30)
@given(st.text("东风镇（第）1 2村ab,，委员会", max_size=60), st.integers(4, 20), st.integers(1, 3))
def test_wrapping_keeps_the_lines_and_the_ends(text, letters, lines):
    text = text.strip()
    found = wrap(text, letters, lines)
    assert len(found.split("\n")) <= lines
    if cells(text) <= 2 * letters:
        assert found == text
    else:
        assert found[:1] == text[:1]
        assert found[-1:] == text[-1:]


def test_wrapping_leaves_no_punctuation_at_the_start_of_a_line():
    assert wrap("农村（村、社区）党组", 7) == "农村（村、\n社区）党组"
    assert "\n）" not in wrap("村村村村村村村）委员会会", 7)


def test_wrapping_breaks_between_latin_words():
    assert wrap("state-owned enterprise branch", 8) == "state-owned\nenterprise\nbranch"


def test_codes_become_words_and_names_pass():
    assert shown("organs", "zh") == "机关事业"
    assert shown("organs", "en", {"organs": "government"}) == "government"
    assert shown("红旗村", "en") == "红旗村"


def test_order_of_groups():
    assert in_order(pd.Series(["organs", "甲", "rural", None, "乙"])) == [
        "rural",
        "organs",
        "甲",
        "乙",
    ]
    assert in_order(pd.Series(["差", "好"], dtype=pd.CategoricalDtype(["好", "中", "差"]))) == [
        "好",
        "差",
    ]


def test_missing_groups_are_a_group_of_their_own():
    codes, order = grouped(pd.Series(["organs", None, "rural"]))
    assert [shown(code, "zh") for code in order] == ["农村（村、社区）", "机关事业", "未注明"]
    assert codes.isna().sum() == 0


def test_the_last_period_is_taken():
    table = pd.DataFrame({"period": ["2023H2", "2024H1", "2024H1"], "x": [1, 2, 3]})
    rows, period = latest(table)
    assert (list(rows["x"]), period) == ([2, 3], "2024H1")
    assert latest(table[["x"]])[1] is None


def test_index_levels_are_columns_and_missing_numbers_become_nan():
    frame = pd.DataFrame(
        {"score": pd.array([1, None], dtype="Int64"), "other": 0},
        index=pd.MultiIndex.from_tuples([("甲", "2024"), ("乙", "2024")], names=["org", "period"]),
    )
    table = table_of(frame, "ranking", text=("org",), numbers=("score",), optional=("period",))
    assert list(table.columns) == ["org", "score", "period"]
    np.testing.assert_array_equal(table["score"], [1.0, np.nan])


def test_decimals_tell_small_scales_apart():
    assert [decimals(np.array(x)) for x in ([88.0], [4.5, np.nan], [0.3], [np.nan])] == [1, 2, 3, 3]
