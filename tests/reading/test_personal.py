"""Columns of persons: found, never shown; and what only looks like them."""

import pandas as pd
import pytest

from servicepo.labels import WORDS
from servicepo.reading.personal import personal_columns


def card(first):
    """Return 17 digits with the check digit that makes sum(digit x 2^place) 1 modulo 11."""
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(first))
    return first + next(c for v, c in enumerate("0123456789X") if (total + v) % 11 == 1)


CARDS = [
    "11010519491231002X",
    card("44052419800101001"),
]  # the standard's own example, and one made
BANK = ["4111 1111 1111 1111", "5500000000000004"]  # published test numbers of card makers
MOBILES = ["13800000000", "+86 138-0000-0001", "电13800000002"]
MAILS = ["a.b@example.org", "联系 c@example.com.cn"]


def found(**columns):
    return personal_columns(pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("reason", "values"),
    [("id_card", CARDS), ("bank_card", BANK), ("mobile", MOBILES), ("email", MAILS)],
)
def test_content_tells(reason, values):
    assert found(备注=values) == {"备注": reason}
    assert found(备注=[*values, *["无"] * len(values) * 3]) == {"备注": reason}
    assert found(备注=[*values, *["无"] * len(values) * 6]) == {}


def test_a_card_must_have_province_birthday_and_check_digit():
    good = card("44052419800101001")
    assert found(x=[good]) == {"x": "id_card"}
    assert found(x=[good.lower()]) == {"x": "id_card"}
    for bad in (card("99052419800101001"), card("44052418800101001"), card("44052419801301001")):
        assert found(x=[bad]) == {}
    assert found(x=[good[:17] + ("1" if good[17] != "1" else "2")]) == {}


def test_old_cards_have_15_digits():
    assert found(x=["110105491231002", "440524800101001"]) == {"x": "id_card"}


def test_mobiles_read_as_numbers():
    assert found(x=[13800000000.0, None]) == {"x": "mobile"}
    assert found(x=[13800000000, 13900000000]) == {"x": "mobile"}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("身份證號", "id_card"),
        ("公民身份号码", "id_card"),
        ("手机", "mobile"),
        ("移动电话", "mobile"),
        ("联系电话", "telephone"),
        ("银行卡号", "bank_card"),
        ("电子邮箱", "email"),
        ("家庭住址", "address"),
        ("姓名", "name"),
        ("被访人", "name"),
        ("受访者", "name"),
        ("填表人", "name"),
        ("户主", "name"),
        ("户主姓名", "name"),
        ("责任人", "name"),
        ("党组织书记", "name"),
        ("经办人员", "name"),
        ("评分人", "name"),
        ("responsible", "name"),
    ],
)
def test_headers_tell(header, reason):
    assert found(**{header: ["某某", None]}) == {header: reason}
    assert f"personal.{reason}" in WORDS


@pytest.mark.parametrize(
    "header",
    [
        "党组织名称",
        "单位名称",
        "上级党组织",
        "考评组",
        "责任单位",
        "责任人类别",
        "联系电话满意度",
        "走访人数",
        "审核得分",
        "访谈次数",
    ],
)
def test_headers_of_bodies_and_counts_stay(header):
    assert found(**{header: ["甲", "乙"]}) == {}


@pytest.mark.parametrize(
    "values",
    [
        [f"320581{20240116}{i:04d}" for i in range(200)],  # region, day, running number: 18 digits
        [f"320581240116{i:03d}" for i in range(200)],  # 15 digits
        [f"20240116{i:08d}" for i in range(200)],  # 16 digits
        [f"6210{20240116}{i:04d}" for i in range(200)],  # a tenth pass the Luhn test by chance
        [f"2024{i:07d}" for i in range(200)],  # 11 digits
        [f"GD-{i:011d}" for i in range(200)],
        ["20140116", "20240229"],
        [20140116, 20240229],
        [12345.0, 110_000_000.0],
        ["91320581MA1XXXXXX4"],  # a unified social credit code
        ["@所有人", "a@b"],
        [0.13800000000],
        pd.to_datetime(["2024-05-01", "2024-05-02"]),
        [True, False],
        [None, None],
        [],
    ],
)
def test_what_only_looks_personal_stays(values):
    assert found(编号=values) == {}


def test_scores_under_a_persons_role_and_codes_of_raters_stay():
    assert found(书记=[90, 85.5]) == {}
    assert found(书记=["90分", "√"]) == {}
    assert found(评委=["评委1", "评委2"], 评分人=["第一组", "第二组"]) == {}
    assert found(联系电话=[4.2, 3.9]) == {}


def test_doubled_headers_are_looked_at_one_by_one():
    frame = pd.DataFrame([["13800000000", "甲"], ["13800000001", "乙"]], columns=["备注", "备注"])
    assert personal_columns(frame) == {"备注": "mobile"}


def test_no_value_is_told_and_the_frame_is_left_alone():
    frame = pd.DataFrame({"备注": MOBILES[:2], "证件号": CARDS, "党组织": ["甲", "乙"]})
    given = frame.copy()
    told = repr(personal_columns(frame))
    assert told == "{'备注': 'mobile', '证件号': 'id_card'}"
    pd.testing.assert_frame_equal(frame, given)


def test_municipal_cases_name_who_is_responsible(shared):
    cases = pd.read_csv(shared / "real/municipal_cases.csv", dtype=str)
    assert personal_columns(cases) == {"responsible": "name"}
    scores = pd.read_csv(shared / "real/putuo_2024q3_villages.csv", dtype=str)
    assert personal_columns(scores) == {}
