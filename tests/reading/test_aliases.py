"""What counties call things: headers, words, rows that are no data."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

import servicepo.reading.aliases as aliases
from servicepo.errors import TableError
from servicepo.labels import WORDS
from servicepo.reading.aliases import (
    bare_header,
    code_in,
    code_of,
    codes_of,
    field_of,
    full_mark_in,
    kind_of_column,
    kind_of_row,
    meant_codes,
    nearest_field,
)
from servicepo.tables import CHANNELS, COLUMNS, FAMILY, PLACE, TABLES, TIERS, VOCABULARIES

DECLARED = tomllib.loads(Path(aliases.__file__).with_name("aliases.toml").read_text("utf-8"))
CODES = {FAMILY.get(name, name): codes for name, codes in VOCABULARIES.items()}
CODES |= {"channel": CHANNELS, "tier": TIERS}


def code(vocabulary, word):
    return code_of(vocabulary, pd.Series([word])).fillna("").iloc[0]


# -- the table itself --------------------------------------------------------------------------
def test_every_field_and_every_code_is_declared_and_nothing_else():
    for table in TABLES:
        fields = {"org", *COLUMNS[table]} - set(PLACE)
        assert set(DECLARED["fields"][table]) == fields
    assert {v: set(codes) for v, codes in DECLARED["codes"].items()} == {
        v: set(codes) for v, codes in CODES.items()
    }


@pytest.mark.parametrize("vocabulary", CODES)
def test_a_word_means_one_code(vocabulary):
    meant = {}
    for a_code, words in DECLARED["codes"][vocabulary].items():
        for word in (a_code, *words, *WORDS[f"{vocabulary}.{a_code}"]):
            assert meant.setdefault(aliases._key(word), a_code) == a_code
            assert code(vocabulary, word) == a_code
    for word in DECLARED["ambiguous"].get(vocabulary, {}):
        assert aliases._key(word) not in meant


@pytest.mark.parametrize("table", TABLES)
def test_a_header_names_one_field_of_a_table(table):
    shared = {"名称", "类别", "考评类别", "考核类别"}  # the cells tell which
    for field, words in DECLARED["fields"][table].items():
        for word in words if isinstance(words, list) else ():
            if not word.startswith("@") and word not in shared:
                assert [f for t, f in field_of(word) if t == table] == [field]


def test_the_words_of_our_own_templates_are_known():
    for table in TABLES:
        for field in {"org", *COLUMNS[table]} - set(PLACE):
            for header in WORDS[f"field.{field}"]:
                assert (table, field) in field_of(header)


# -- headers -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("黨組織名稱", ("evaluations", "org")),
        ("单位\n名称", ("services", "org")),
        ("1.考评项目", ("evaluations", "indicator")),
        ("二、满分", ("evaluations", "full_mark")),
        ("得分（分）", ("evaluations", "score")),
        ("＊受理日期", ("services", "accepted")),
        ("党员数(人)", ("organisations", "members")),
        ("发放问卷（份）", ("surveys", "issued")),
        ("Full Mark", ("evaluations", "full_mark")),
        ("enddate_planned", ("services", "due")),
        ("镇街管委会", ("organisations", "township")),
    ],
)
def test_field_of(header, field):
    assert field in field_of(header)


def test_an_unknown_header_names_nothing_but_may_be_near():
    assert field_of("办理群众受里日期") == field_of("天气") == []
    near = nearest_field("受理日朝")
    assert (near.table, near.field) == ("services", "accepted")
    assert nearest_field("受理日朝", "surveys") is None
    assert nearest_field("天气") is None


@pytest.mark.parametrize(
    ("header", "bare", "full_mark"),
    [
        ("动员部署(3分)", "动员部署", 3),
        ("动员部署（ 3 分 ）", "动员部署", 3),
        ("动员部署3分", "动员部署", 3),
        ("得分（满分150）", "得分", 150),
        ("得分（满分：150分）", "得分", 150),
        ("评分(100分制)", "评分", 100),
        ("满分：100", "满分：100", 100),
        ("户数（户）", "户数", None),
        ("报酬（单位：元）", "报酬", None),
        ("满意率(%)", "满意率", None),
        ("加3分", "加3分", None),
        ("党支部（一组）", "党支部（一组）", None),
        ("(一)服务意识", "服务意识", None),
        ("2024年", "2024年", None),
        ("3.5", "3.5", None),
        ("2.服务作风【10分】", "服务作风", 10),
    ],
)
def test_marks_in_headers(header, bare, full_mark):
    assert bare_header(header) == bare
    assert full_mark_in(header) == full_mark


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("序号", "serial"),
        ("排 名", "rank"),
        ("合计", "total"),
        ("考核等次", "grade"),
        ("满意率(%)", "share"),
        ("一级指标", "dimension"),
        ("计(扣)分办法", "note"),
        ("得分", None),
    ],
)
def test_kind_of_column(header, kind):
    assert kind_of_column(header) == kind


# -- words -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("vocabulary", "word", "expected"),
    [
        ("domain", "国企", "enterprise"),
        ("domain", "村（社区）", "rural"),
        ("domain", "学校", "organs"),
        ("sector", "街道", "community"),
        ("sector", "居委会", "community"),
        ("sector", "非公", "private_enterprise"),
        ("sector", "事業單位", "public_institution"),
        ("sector", "商务楼宇", "building"),
        ("source", "支部自评得分", "self"),
        ("source", "群众测评(20分)", "mass"),
        ("source", "考评组审核得分", "superior"),
        ("source", "条", "line"),
        ("source", "块", "area"),
        ("source", "统计数据", "record"),
        ("way", "全程代办", "agency"),
        ("way", "明确答复制", "explicit_reply"),
        ("disposal", "动员各方力量", "mobilised"),
        ("need", "看病", "medical"),
        ("visit", "空巢老人", "elderly_alone"),
        ("answer", "比较满意", "mostly_satisfied"),
        ("answer", "满意（票）", "satisfied"),
        ("answer", "弃权", "unknown"),
        ("level", "党总支", "general_branch"),
        ("tag", "革命老区", "old_revolutionary"),
        ("kind", "扣分", "deduction"),
        ("sector", "两新组织", ""),
        ("sector", "不知何物", ""),
    ],
)
def test_code_of(vocabulary, word, expected):
    assert code(vocabulary, word) == expected


def test_code_of_keeps_the_index_and_the_words():
    words = pd.Series(["自评", None, "某"], index=[3, 4, 5], name="主体")
    codes = code_of("source", words)
    assert codes.fillna("").tolist() == ["self", "", ""]
    assert (codes.index.tolist(), codes.name) == ([3, 4, 5], "主体")
    assert words.fillna("").tolist() == ["自评", "", "某"]


@pytest.mark.parametrize(
    ("vocabulary", "text", "codes"),
    [
        ("evidence", "听、看、查、走、访", "listen;look;check;walk;visit"),
        ("evidence", "听看查走访", "listen;look;check;walk;visit"),
        ("evidence", "听取情况汇报，查看资料", "listen;check"),
        ("tag", "老区；贫困地区", "old_revolutionary;poor"),
        ("tag", "老区老区", ""),
        ("evidence", "听、猜", ""),
    ],
)
def test_codes_of(vocabulary, text, codes):
    assert codes_of(vocabulary, pd.Series([text])).fillna("").tolist() == [codes]


def test_code_in_a_title():
    assert code_in("source", "2024年度群众测评汇总表") == "mass"
    assert code_in("respondent", "党员测评票") == "member"
    assert code_in("source", "统计数据.xlsx") == "record"
    assert code_in("source", "名册") is None


def test_what_a_word_may_mean():
    assert meant_codes("sector", "两新组织") == ["private_enterprise", "social_organisation"]
    assert meant_codes("sector", "民营企业们")[0] == "private_enterprise"
    assert meant_codes("source", "天气预报") == []


def test_an_unknown_vocabulary_is_refused():
    for ask in (code_of, codes_of):
        with pytest.raises(TableError) as caught:
            ask("sectors", pd.Series(["村"]))
        assert str(caught.value) == (
            "vocabulary must be one of domain, sector, source, kind, evidence, service, need, "
            "channel, tier, way, disposal, visit, activity, yes_no, respondent, answer, tag, "
            "level, core_role, got 'sectors'. Give one of them."
        )


# -- rows --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("合计", "total"),
        ("合　计", "total"),
        ("合计：", "total"),
        ("小計", "total"),
        ("平均分", "total"),
        ("签名（支部章）：　　年　月　日", "signature"),
        ("签名（支部章）　年　月　日", "signature"),
        ("填表人：", "signature"),
        ("考核组长签字：", "signature"),
        ("乡镇党委（盖章）：　", "signature"),
        ("审核人: 某某", "signature"),
        ("备注：以上均为百分制", "note"),
        ("数据来源：县委组织部", "note"),
        ("考评对象：张村党支部", "head"),
        ("张村", None),
        ("平均村", None),
        ("服务：态度", None),
    ],
)
def test_kind_of_row(text, kind):
    assert kind_of_row(text) == kind


def test_a_count_is_not_near_to_a_name():
    assert nearest_field("村居数") is None
    assert nearest_field("党员人教数").field == "members"
