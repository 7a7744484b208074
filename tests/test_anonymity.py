"""Codes in place of names."""

import pandas as pd

from servicepo.anonymity import anonymous_codes


def roster(sectors):
    orgs = pd.Index([f"o{i:03d}" for i in range(len(sectors))], name="org")
    return pd.DataFrame({"sector": sectors}, index=orgs)


def test_codes_tell_the_sector_and_nothing_else():
    people = roster(["village"] * 12 + ["school"] * 3)
    codes = anonymous_codes(people, people.index, seed=1)
    assert codes.is_unique
    assert codes[:12].str.startswith("村-").all()
    assert codes[12:].str.startswith("学校-").all()
    assert not codes[:12].is_monotonic_increasing
    assert anonymous_codes(people, people.index[::-1], seed=1).equals(codes)
    assert anonymous_codes(people, people.index, language="en").iloc[12:].str[:6].eq("school").all()
    assert anonymous_codes(None, people.index).str.startswith("党组织-").all()
    many = roster(["village"] * 1200)
    assert anonymous_codes(many, many.index).str.len().eq(6).all()


def test_an_unknown_sector_has_codes_too():
    people = pd.DataFrame({"sector": ["village", None]}, index=["甲村", "乙会"])
    codes = anonymous_codes(people, people.index)
    assert codes.to_dict() == {"甲村": "村-001", "乙会": "党组织-001"}
    assert anonymous_codes(people.fillna(""), people.index).equals(codes)


def test_a_sector_of_ones_own_keeps_its_word():
    people = pd.DataFrame({"sector": ["village", "金融业"]}, index=["甲村", "乙行"])
    codes = anonymous_codes(people, people.index, language="en")
    assert codes.to_dict() == {"甲村": "village-001", "乙行": "金融业-001"}
