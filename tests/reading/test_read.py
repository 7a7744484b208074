import pandas as pd
import pytest
import sqlalchemy

from servicepo.reading.read import read
from servicepo.tables import COLUMNS, dtype_of


def cells(frame, *columns):
    """Return columns as a list of tuples, missing cells as None."""
    told = frame[list(columns)].astype(object)
    return [tuple(row) for row in told.where(told.notna(), None).itertuples(index=False)]


def rules(data, severity):
    found = data.problems[data.problems["severity"].eq(severity)]
    return cells(found, "rule", "row", "column")


# -- scores ------------------------------------------------------------------------------------
def test_a_wide_score_sheet(sheets, write):
    data = read(write("2023年度考评.xlsx", Sheet1=sheets.SCORES))
    assert cells(data.evaluations, "org", "indicator", "score", "full_mark", "row", "column") == [
        ("张村党支部", "服务意识", 9, 10, 5, "E"),
        ("张村党支部", "服务作风", 8.5, 10, 5, "F"),
        ("张村党支部", "便捷服务", 4, 5, 5, "G"),
        ("李村党支部", "服务意识", 8, 10, 6, "E"),
        ("李村党支部", "服务作风", 7, 10, 6, "F"),
        ("王庄社区党支部", "服务意识", 7, 10, 7, "E"),
        ("王庄社区党支部", "服务作风", 6.5, 10, 7, "F"),
    ]
    assert set(cells(data.evaluations, "period", "source", "kind")) == {
        ("2023", "superior", "base")
    }
    assert cells(data.organisations.reset_index(), "org", "domain", "sector", "township") == [
        ("张村党支部", "rural", "village", "城关镇"),
        ("李村党支部", "rural", "village", "城关镇"),
        ("王庄社区党支部", "rural", "community", "河口乡"),
    ]
    assert rules(data, "error") == [("blank_score", 7, "G")]
    assert rules(data, "notice") == [
        ("column_passed_over", None, "H"),
        ("column_passed_over", None, "I"),
        ("title_row", 1, None),
        ("title_row", 2, None),
        ("not_applicable", 6, "G"),
        ("total_row", 8, None),
        ("total_row", 9, None),
        ("signature_row", 10, None),
    ]


def test_a_header_of_three_levels_with_sources_as_columns(sheets, write):
    data = read(write("2022年度考评.xlsx", 农村=sheets.THREE_LEVELS))
    scores = data.evaluations.set_index(["org", "indicator", "source"])["score"].sort_index()
    assert scores["张村党支部", "服务意识"].to_dict() == {"self": 95, "mass": 90, "superior": 88}
    assert scores["张村党支部", "服务作风"].to_dict() == {"self": 94, "mass": 91}
    assert data.evaluations["full_mark"].eq(100).all()
    assert data.evaluations["period"].eq("2022").all()


def test_the_form_of_one_organisation(sheets, write):
    data = read(write("考评.xlsx", Sheet1=sheets.FORM))
    told = cells(data.evaluations, "org", "indicator", "source", "score", "full_mark", "kind")
    assert told == [
        ("张村党支部", "召开动员会", "self", 3, 3, "base"),
        ("张村党支部", "召开动员会", "superior", 2.5, 3, "base"),
        ("张村党支部", "书记抓", "self", 5, 5, "base"),
        ("张村党支部", "书记抓", "superior", -1, 5, "deduction"),
        ("张村党支部", "班子抓", "self", 4, 5, "base"),
    ]
    assert rules(data, "error") == [("not_a_number", 7, "H")]
    assert ("merged_scores", 5, "G") in rules(data, "warning")
    assert "signature_row" in data.problems["rule"].tolist()


def test_tables_side_by_side(sheets, write):
    data = read(write("通报.xlsx", Sheet1=sheets.SIDE_BY_SIDE))
    scores = data.evaluations[data.evaluations["indicator"].eq("得分")]
    assert cells(scores, "org", "period", "score", "row", "column") == [
        ("灌南县", "2021-07", 147.72, 4, "C"),
        ("东海县", "2021-07", 146.71, 5, "C"),
        ("徐圩新区", "2021-07", 97.5, 4, "G"),
        ("云台山景区", "2021-07", 96.87, 5, "G"),
        ("连云区", "2021-07", 96.5, 6, "G"),
    ]
    assert data.organisations["group"].to_dict() == {
        **dict.fromkeys(["灌南县", "东海县"], "县、赣榆区组"),
        **dict.fromkeys(["徐圩新区", "云台山景区", "连云区"], "区、功能板块组"),
    }
    assert rules(data, "warning")[0] == ("source_assumed", None, None)


def test_a_long_score_sheet_reads_what_people_write(write):
    head = ["党组织", "指标", "得分", "满分", "评价主体", "考评方式"]
    rows = [
        head,
        ["张村党支部", "服务意识", "90分", 100, "自评", "听、看、查"],
        ["张村党支部", "服务意识", "38.46%", 100, "群众测评", "走访"],
        ["同上", "服务意识", "第四名", 100, "考评组", "听"],
        ["张村党支部", "服务作风", 9, 100, "第三方", "听"],
        ["张村党支部", "服务作风", 120, 100, "自评", "听"],
        ["张村党支部", "服务水平", "９０", 100, "自评", "听"],
    ]
    data = read(write("考评.xlsx", **{"2023年度": (rows, [])}))
    assert cells(data.evaluations, "org", "source", "score", "evidence") == [
        ("张村党支部", "self", 90, "listen;look;check"),
        ("张村党支部", "mass", 38.46, "visit"),
        ("张村党支部", "superior", 4, "listen"),
        ("张村党支部", "self", 90, "listen"),
    ]
    assert rules(data, "error") == [("unknown_word", 5, "E"), ("above_full_mark", 6, "C")]
    assert ("number_is_rank", 4, "C") in rules(data, "warning")


def test_organisations_as_columns(write):
    rows = [
        ["指标", "满分", "张村党支部", "李村党支部"],
        ["服务意识", 10, 9, 8],
        ["合计", 10, 9, 8],
    ]
    data = read(write("2023年得分.xlsx", 组织考评=(rows, [])))
    assert cells(data.evaluations, "org", "indicator", "score", "full_mark", "column") == [
        ("张村党支部", "服务意识", 9, 10, "C"),
        ("李村党支部", "服务意识", 8, 10, "D"),
    ]


def test_yearly_statistics_are_records(write):
    rows = [
        ["2023年统计数据"],
        ["党组织", "村书记报酬（元）", "志愿服务时数", "走访户数"],
        ["张村党支部", "4.5万", 120, "200多"],
    ]
    data = read(write("统计数据.xlsx", **{"2023年": (rows, ["A1:D1"])}))
    assert cells(data.evaluations, "indicator", "source", "score") == [
        ("村书记报酬", "record", 45000),
        ("志愿服务时数", "record", 120),
        ("走访户数", "record", 200),
    ]
    assert rules(data, "warning") == [("number_at_least", 3, "D")]


def test_ticks_count_and_stray_ticks_are_told(write):
    rows = [
        ["党组织", "制度上墙", "服务意识"],
        ["张村党支部", "√", 9],
        ["李村党支部", "×", "√"],
    ]
    data = read(write("2023年组织考评.xlsx", Sheet1=(rows, [])))
    assert cells(data.evaluations, "org", "indicator", "score") == [
        ("张村党支部", "制度上墙", 1),
        ("张村党支部", "服务意识", 9),
        ("李村党支部", "制度上墙", 0),
    ]
    assert rules(data, "error") == [("not_a_number", 3, "C")]


def test_bonus_and_deduction_have_their_kind_and_sign(write):
    rows = [["党组织", "服务意识", "加分", "扣分"], ["张村党支部", 9, 2, 1]]
    data = read(write("2023年组织考评.xlsx", Sheet1=(rows, [])))
    assert cells(data.evaluations, "indicator", "kind", "score") == [
        ("服务意识", "base", 9),
        ("加分", "bonus", 2),
        ("扣分", "deduction", -1),
    ]


def test_marks_beside_each_item(write):
    rows = [
        ["党组织", "服务意识", None, "服务作风", None],
        [None, "满分", "得分", "满分", "得分"],
        ["张村党支部", 10, 9, 20, 18],
    ]
    merges = ["A1:A2", "B1:C1", "D1:E1"]
    data = read(write("2023年组织考评.xlsx", Sheet1=(rows, merges)))
    assert cells(data.evaluations, "indicator", "score", "full_mark") == [
        ("服务意识", 9, 10),
        ("服务作风", 18, 20),
    ]


def test_items_of_one_name_are_told_apart_by_the_level_above(write):
    rows = [["党组织", "领导班子", "骨干队伍"], [None, "规范", "规范"], ["张村", 9, 8]]
    data = read(write("2023年组织考评.xlsx", Sheet1=(rows, ["A1:A2"])))
    assert data.evaluations["indicator"].tolist() == ["领导班子/规范", "骨干队伍/规范"]


# -- votes -------------------------------------------------------------------------------------
def test_vote_counts(sheets, write):
    data = read(write("测评票.xlsx", 群众测评=sheets.VOTES))
    assert len(data.surveys) == 16
    first = data.surveys[data.surveys["org"].eq("税务局党支部")].head(4)
    assert cells(first, "period", "respondent", "question", "answer", "count", "issued") == [
        ("2023", "mass", "依法办事", "satisfied", 40, 60),
        ("2023", "mass", "依法办事", "mostly_satisfied", 10, 60),
        ("2023", "mass", "依法办事", "average", 5, 60),
        ("2023", "mass", "依法办事", "dissatisfied", 3, 60),
    ]
    assert rules(data, "error") == []


def test_votes_of_two_columns_that_mean_one_answer_are_added_up(write):
    rows = [
        ["党组织", "非常满意", "满意", "基本满意", "不满意", "很不满意"],
        ["张村", 10, 20, 3, 2, 1],
        ["李村", 5, "—", 4, "/", 6],
        ["王村", 7, "许多", 1, 0, 0],
    ]
    data = read(write("2024年满意度测评.xlsx", 测评=(rows, [])), language="en")
    votes = data.surveys.set_index(["org", "answer"])["count"].unstack()  # noqa: PD010
    assert votes.loc["张村"].to_dict() == {
        "satisfied": 30,
        "mostly_satisfied": 3,
        "dissatisfied": 3,
    }
    assert votes.loc["李村", ["satisfied", "dissatisfied"]].tolist() == [5, 6]
    assert pd.isna(votes.loc["王村", "satisfied"])  # half a sum is no sum
    faulty = data.problems[data.problems["severity"].eq("error")]
    assert faulty[["rule", "row", "column", "value"]].to_numpy().tolist() == [
        ["not_a_number", 4, "C", "许多"]
    ]
    told = data.problems[data.problems["rule"].eq("answers_added")]
    assert told["must"].tolist() == [
        "it and 非常满意 both count as satisfied; their votes are added up",
        "it and 不满意 both count as dissatisfied; their votes are added up",
    ]
    assert data.sources.loc[0, ["records", "kept", "set_aside"]].tolist() == [9, 8, 1]


def test_votes_in_a_text_file_without_merges(tmp_path):
    path = tmp_path / "2022年群众测评.csv"
    path.write_text(
        "2022年测评\n序号,单位名称,依法办事,,规范收费,\n,,满意,不满意,满意,不满意\n1,税务局,3,4,5,6\n",
        encoding="gb18030",
    )
    data = read(path)
    assert cells(data.surveys, "question", "answer", "count", "row", "column") == [
        ("依法办事", "satisfied", 3, 4, "C"),
        ("依法办事", "dissatisfied", 4, 4, "D"),
        ("规范收费", "satisfied", 5, 4, "E"),
        ("规范收费", "dissatisfied", 6, 4, "F"),
    ]


def test_votes_one_answer_a_row_with_year_and_quarter_apart(write):
    rows = [
        ["党组织", "年度", "季度", "调查对象", "问题", "选项", "票数", "发放"],
        ["张村", 2024, "一季度", "群众", "总体满意度", "满意", 30, 50],
        ["张村", 2024, 2, "党员", "总体满意度", "不满意", 10, 50],
        ["张村", 2024, 3, "党员", "总体满意度", "还行", 10, 50],
    ]
    data = read(write("测评.xlsx", Sheet1=(rows, [])))
    assert cells(data.surveys, "period", "respondent", "answer", "count", "issued") == [
        ("2024Q1", "mass", "satisfied", 30, 50),
        ("2024Q2", "member", "dissatisfied", 10, 50),
    ]
    assert rules(data, "error") == [("unknown_word", 4, "F")]


def test_one_questionnaire_a_row(write):
    rows = [
        ["序号", "党组织", "身份", "服务态度怎样", "服务效果怎样", "姓名"],
        [1, "张村党支部", "党员", "满意", "非常满意", "张三"],
        [2, "张村党支部", "群众", "一般", "弃权", "李四"],
        [3, "张村党支部", "群众", None, "还行", "王五"],
    ]
    data = read(write("2024年问卷.xlsx", Sheet1=(rows, [])))
    assert cells(data.surveys, "respondent", "question", "answer", "count") == [
        ("member", "服务态度怎样", "satisfied", 1),
        ("member", "服务效果怎样", "satisfied", 1),
        ("mass", "服务态度怎样", "average", 1),
        ("mass", "服务效果怎样", "unknown", 1),
    ]
    assert rules(data, "error") == [("not_an_answer", 4, "E")]


def test_a_vote_sheet_without_a_question_says_what_it_takes(write):
    rows = [["党组织", "满意", "不满意"], ["张村党支部", 9, 1]]
    data = read(write("2024年群众满意度.xlsx", Sheet1=(rows, [])))
    assert set(data.surveys["question"]) == {"总体满意度"}
    assert rules(data, "warning") == [("question_assumed", None, None)]


# -- rosters and ledgers -----------------------------------------------------------------------
def test_a_roster(sheets, write):
    data = read(write("名册.xlsx", 名册=sheets.ROSTER))
    told = ("org", "domain", "sector", "county", "township", "members", "households", "tags")
    assert cells(data.organisations.reset_index(), *told) == [
        ("张村党支部", "rural", "village", "某县", "城关镇", 35, 420, "old_revolutionary;poor"),
        ("李村党支部", "rural", "village", "某县", "城关镇", 26, 300, None),
        ("某公司党支部", None, None, "某县", "河口乡", 12, None, "border"),
    ]
    assert rules(data, "warning") == [("word_not_known", 6, "E")]
    warned = data.problems[data.problems["rule"].eq("word_not_known")].iloc[0]
    assert (warned["value"], warned["mend"]) == (
        "两新组织",
        "可能是：非公有制企业、社会组织。请改正。",
    )


def test_a_ledger_without_a_date_of_acceptance_is_no_questionnaire(write):
    rows = [
        ["时间", "支部名称", "事项", "办结时间", "满意情况"],
        ["2024-03-01", "张村", "修路", "2024-03-03", "满意"],
    ]
    data = read(write("为民办实事台账.xlsx", Sheet1=(rows, [])))
    assert data.surveys.empty
    told = data.problems[data.problems["severity"].eq("error")]
    assert told["rule"].tolist() == ["missing"]
    assert told["column"].tolist() == ["accepted"]


def test_a_roster_may_give_full_names_alone(write):
    rows = [
        ["序号", "党组织全称", "组织类别", "所在乡镇"],
        [1, "张村党支部", "村", "柳溪镇"],
        [2, "第一中学党支部", "学校", "城关镇"],
    ]
    data = read(write("名册.xlsx", Sheet1=(rows, [])))
    assert data.organisations["sector"].to_dict() == {
        "张村党支部": "village",
        "第一中学党支部": "school",
    }


def test_a_ledger(sheets, write):
    data = read(write("台账.xlsx", Sheet1=sheets.LEDGER))
    told = ("record", "org", "service", "need", "channel", "way", "satisfaction")
    assert cells(data.services, *told) == [
        ("001", "张村党支部", "livelihood", "schooling", "visits", "promised", "satisfied"),
        ("002", "张村党支部", "masses", "other", "微信群", "agency", "mostly_satisfied"),
    ]
    dates = data.services[["accepted", "undertaken", "replied", "due"]]
    assert dates.iloc[0].dt.strftime("%Y%m%d").tolist() == [
        *("20140116", "20140117", "20140120", "20140125")
    ]
    assert dates.iloc[1].isna().tolist() == [False, True, True, False]
    assert rules(data, "error") == [
        ("not_a_date", 5, "G"),
        ("replied_before_accepted", 6, "I；G"),
    ]
    assert ("date_without_day", 4, "J") in rules(data, "warning")


def test_organisations_are_known_across_files(sheets, write, tmp_path):
    write("1名册.xlsx", 名册=sheets.ROSTER)
    rows = [["党组织", "服务意识"], ["张 村 黨支部", 9], ["李村党支部", 8], ["李庄党支部", 7]]
    write("2023年组织考评.xlsx", Sheet1=(rows, []))
    data = read(tmp_path / "county")
    assert data.evaluations["org"].tolist() == ["张村党支部", "李村党支部", "李庄党支部"]
    # A roster alone tells who belongs; the stranger's scores are kept, and it is asked about.
    assert data.organisations.index.tolist() == ["张村党支部", "李村党支部", "某公司党支部"]
    unknown = data.problems[data.problems["rule"].eq("unknown_organisation")].iloc[0]
    assert (unknown["severity"], unknown["value"]) == ("warning", "李庄党支部")
    assert "李村党支部" in unknown["mend"]
    unified = data.problems[data.problems["rule"].eq("name_unified")].iloc[0]
    assert unified["must"] == "同一党组织须用一种写法，现统一为“张村党支部”"


def test_organisations_seen_only_elsewhere_bring_what_stands_beside_them(write):
    rows = [["乡镇", "党组织", "类型", "服务意识"], ["城关镇", "县医院党委", "事业单位", 9]]
    data = read(write("2023年组织考评.xlsx", Sheet1=(rows, [])))
    assert cells(data.organisations.reset_index(), "org", "domain", "sector", "township") == [
        ("县医院党委", "organs", "public_institution", "城关镇")
    ]


# -- the same data, other forms ----------------------------------------------------------------
TABLE = pd.DataFrame(
    {
        "登记号": ["001", "002", "003"],
        "党组织": ["张村党支部", "李村党支部", "张村党支部"],
        "服务类别": ["服务民生", "服务群众", "服务党员"],
        "受理日期": ["2014-01-16", "2014-01-17", "2014-02-01"],
        "回复日期": ["2014-01-20", None, "2014-02-03"],
        "办理次数": [1, 2, 1],
    }
)


def same(one, other):
    for name in COLUMNS:
        left, right = (getattr(d, name).drop(columns=["file", "sheet"]) for d in (one, other))
        pd.testing.assert_frame_equal(left, right)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16", "utf-16-be"])
def test_another_encoding_gives_the_same_dataset(tmp_path, encoding):
    TABLE.to_csv(tmp_path / "a.csv", index=False)
    TABLE.to_csv(tmp_path / "b.tsv", index=False, encoding=encoding, sep="\t")
    same(read(tmp_path / "a.csv"), read(tmp_path / "b.tsv"))


def test_another_format_gives_the_same_dataset(tmp_path):
    TABLE.to_csv(tmp_path / "a.csv", index=False)
    plain = read(tmp_path / "a.csv")
    TABLE.to_excel(tmp_path / "a.xlsx", index=False)
    same(plain, read(tmp_path / "a.xlsx"))
    typed = TABLE.assign(
        受理日期=pd.to_datetime(TABLE["受理日期"]), 回复日期=pd.to_datetime(TABLE["回复日期"])
    )
    typed.to_parquet(tmp_path / "a.parquet", index=False)
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    typed.to_sql("台账", engine, index=False)
    engine.dispose()
    for source in (tmp_path / "a.parquet", f"sqlite:///{tmp_path / 'a.db'}"):
        data = read(source)
        assert data.services["row"].tolist() == [1, 2, 3]
        shifted = plain.services.assign(row=plain.services["row"] - 1)
        pd.testing.assert_frame_equal(
            data.services.drop(columns=["file", "sheet"]), shifted.drop(columns=["file", "sheet"])
        )


def test_every_column_has_its_type(sheets, write, tmp_path):
    write("名册.xlsx", 名册=sheets.ROSTER)
    write("台账.xlsx", Sheet1=sheets.LEDGER)
    write("2023年测评票.xlsx", 群众测评=sheets.VOTES)
    data = read(tmp_path / "county")
    for name, columns in COLUMNS.items():
        frame = getattr(data, name)
        assert list(frame) == list(columns)
        assert {c: str(t) for c, t in frame.dtypes.items()} == {c: dtype_of(c) for c in columns}
    assert data.evaluations.empty


def test_reading_twice_gives_the_same(sheets, write, tmp_path):
    write("b/2023年度考评.xlsx", Sheet1=sheets.SCORES)
    write("a/名册.xlsx", 名册=sheets.ROSTER)
    told = []
    one = read(tmp_path / "county", progress=told.append)
    other = read(tmp_path / "county")
    assert told == ["a/名册.xlsx", "b/2023年度考评.xlsx"]
    same(one, other)
    for name in ("problems", "sources", "layout"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def test_a_long_ledger_gives_the_same_as_a_short_one(tmp_path):
    rows = 18_000
    ledger = pd.DataFrame(
        {
            "登记号": [f"SL{i:07d}" for i in range(rows)],
            "党组织": [f"第{i % 250}村党支部" for i in range(rows)],
            "服务类别": ["服务民生", "服务群众", None] * (rows // 3),
            "了解渠道": ["走访", "微信群", "热线", None] * (rows // 4),
            "受理日期": pd.date_range("2021-01-01", periods=rows, freq="h").strftime("%Y-%m-%d"),
            "回复日期": ["2024.1.16", None, "2024年1月17日"] * (rows // 3),
            "满意度": ["满意", "—", "不满意"] * (rows // 3),
        }
    )
    ledger.loc[7, "受理日期"] = "某日"
    ledger.loc[9, "党组织"] = None
    ledger.loc[rows - 1, ["登记号", "党组织"]] = ["合计", None]
    ledger.to_csv(tmp_path / "台账.csv", index=False)
    ledger.to_parquet(tmp_path / "台账.parquet")
    assert (tmp_path / "台账.csv").stat().st_size > 1 << 20
    long, short = read(tmp_path / "台账.csv"), read(tmp_path / "台账.parquet")
    assert len(long.services) == rows - 3
    shifted = short.services.assign(file="台账.csv", row=short.services["row"] + 1)
    pd.testing.assert_frame_equal(long.services, shifted)
    told = ["severity", "rule", "column", "value", "must", "mend"]
    pd.testing.assert_frame_equal(long.problems[told], short.problems[told])
    assert long.problems["rule"].tolist() == ["not_a_date", "missing", "total_row"]


# -- more ways of writing the same -------------------------------------------------------------
def test_marks_stand_in_the_labels_of_rows_too(write):
    rows = [
        ["项目及分值", "评分要点", "单位自评", "上级评定"],
        ["1.工作业绩(20分)", "……", 18, 17],
        ["2.群众反映(25分)", "……", 24, "20.5"],
    ]
    data = read(write("2013年.xlsx", 县农业局党支部=(rows, [])))
    assert cells(data.evaluations, "org", "indicator", "source", "score", "full_mark") == [
        ("县农业局党支部", "工作业绩", "self", 18, 20),
        ("县农业局党支部", "工作业绩", "superior", 17, 20),
        ("县农业局党支部", "群众反映", "self", 24, 25),
        ("县农业局党支部", "群众反映", "superior", 20.5, 25),
    ]


def test_of_several_columns_of_items_the_one_that_tells_them_apart(write):
    rows = [
        ["单位名称：", "江岸区某局党委"],
        ["项目", "内容", "具体内容", "分值", "实得分", "备注"],
        ["组织建设", "班子", "按期换届", 5, 5, None],
        [None, "队伍", "发展党员", 3, 2, None],
    ]
    data = read(write("2014年组织考评.xlsx", Sheet1=(rows, ["A3:A4"])))
    assert data.evaluations["indicator"].tolist() == ["班子", "队伍"]
    assert data.evaluations["org"].unique().tolist() == ["江岸区某局党委"]


@pytest.mark.parametrize(
    ("headers", "periods"),
    [(["2022年", "2023年"], ["2022", "2023"]), (["一季度", "下半年"], ["2023Q1", "2023H2"])],
)
def test_periods_as_columns(write, headers, periods):
    rows = [["党组织", *headers], ["张村", 90, 91]]
    data = read(write("2023年.xlsx", 组织考评=(rows, [])))
    assert data.evaluations["period"].tolist() == periods
    assert set(data.evaluations["indicator"]) == {"得分"}


def test_a_source_among_items_with_full_marks_is_an_item(write):
    rows = [
        ["党组织", "基础建设(20分)", "服务成效(60分)", None, None],
        [None, None, "为民办实事(30分)", "办事效率(20分)", "群众评价(10分)"],
        ["张村", 15, 25, 18, 8],
    ]
    data = read(write("2024年度考核.xlsx", Sheet1=(rows, ["A1:A2", "B1:B2", "C1:E1"])))
    told = data.evaluations[["indicator", "source", "score", "full_mark"]].to_numpy().tolist()
    assert told == [
        ["基础建设", "superior", 15, 20],
        ["为民办实事", "superior", 25, 30],
        ["办事效率", "superior", 18, 20],
        ["群众评价", "superior", 8, 10],
    ]


def test_sources_as_columns_are_one_item(write):
    rows = [
        ["序号", "党支部名称", "自评总分", "群众测评得分", "组织考评得分", "综合得分", "排名"],
        [1, "张村党支部", 95, 90, 88, 89.5, 1],
    ]
    data = read(write("汇总.xlsx", **{"2023年度": (rows, [])}))
    assert cells(data.evaluations, "indicator", "source", "score") == [
        ("得分", "self", 95),
        ("得分", "mass", 90),
        ("得分", "superior", 88),
    ]


def test_votes_of_an_appraisal_without_a_question(write):
    rows = [["党组织", "好", "较好", "一般", "差", "弃权"], ["张村党委", 30, 5, 2, 1, 0]]
    data = read(write("2023年述职评议.xlsx", Sheet1=(rows, [])))
    assert set(data.surveys["question"]) == {"总体评价"}
    assert data.surveys["answer"].tolist() == [
        *("satisfied", "mostly_satisfied", "average", "dissatisfied", "unknown")
    ]


def test_instructions_and_examples_are_no_records(sheets, write):
    rows = [["序号", "党组织", "服务意识"], ["示例", "某村党支部", 9], [1, "张村党支部", 8]]
    data = read(write("2023年组织考评.xlsx", 填写说明=sheets.SCORES, 评分=(rows, [])))
    assert data.evaluations["org"].tolist() == ["张村党支部"]
    assert data.problems["rule"].tolist() == ["sheet_of_instructions", "example_row"]


def test_a_class_is_a_sector_or_a_group_by_its_words(write):
    rows = [["党组织", "考评类别", "服务意识"], ["张村", "村", 9], ["县医院", "事业单位", 8]]
    data = read(write("a/2023年组织考评.xlsx", Sheet1=(rows, [])))
    assert data.organisations["sector"].tolist() == ["village", "public_institution"]
    rows = [["党组织", "考评类别", "服务意识"], ["张村", "甲类", 9], ["李村", "乙类", 8]]
    data = read(write("b/2023年组织考评.xlsx", Sheet1=(rows, [])))
    assert data.organisations["group"].tolist() == ["甲类", "乙类"]
    assert data.organisations["sector"].isna().all()
    assert data.problems.empty


def test_the_same_as_above_needs_something_above(write):
    rows = [["党组织", "服务意识"], ["同上", 9], ["张村", 8], ["〃", 7]]
    data = read(write("2023年.xlsx", 组织考评=(rows, [])))
    assert cells(data.evaluations, "org", "score", "row") == [("张村", 8, 3)]
    assert rules(data, "error") == [("missing", 2, "B"), ("conflict", 4, "B")]


def test_a_ledger_of_one_organisation_is_named_above_it(write):
    rows = [
        ["单位名称：张村党支部"],
        ["登记号", "服务类别", "受理日期", "回复日期"],
        ["1", "服务民生", "2014-01-16", None],
    ]
    data = read(write("台账.xlsx", Sheet1=(rows, [])))
    assert cells(data.services, "record", "org") == [("1", "张村党支部")]
