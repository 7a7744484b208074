"""Small workbooks written the way counties write them; shared by the tests of reading."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest

Rows = list[list[object]]
Sheet = tuple[Rows, list[str]]


def workbook(path: Path, sheets: dict[str, Sheet]) -> Path:
    """Write sheets (rows, merged ranges) to an xlsx file."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, (rows, merges) in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for merge in merges:
            sheet.merge_cells(merge)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


SCORES: Sheet = (
    [
        ["2023年度基层服务型党组织考评表（组织考评）"],
        ["考评单位：某县委组织部", None, None, None, "单位：分"],
        ["序号", "党组织名称", "所属乡镇", "类型", "领导班子", None, "服务场所", "合计", "名次"],
        [None, None, None, None, "服务意识(10分)", "服务作风(10分)", "便捷服务(5分)", None, None],
        [1, "张村党支部", "城关镇", "村", 9, 8.5, "4 分", 21.5, 1],
        [2, "李村党支部", None, "村", "８", 7, "—", 15, 2],
        [3, "王庄社区党支部", "河口乡", "社区", 7, 6.5, None, 13.5, 3],
        ["合计", None, None, None, 24, 22, 9, 50, None],
        ["平均", None, None, None, 8, 7.3, 4.5, 16.7, None],
        ["填表人：某某　联系电话：13800000000"],
    ],
    ["A1:I1", "A3:A4", "B3:B4", "C3:C4", "D3:D4", "E3:F3", "H3:H4", "I3:I4", "C5:C6"],
)

FORM: Sheet = (
    [
        ["2024年党支部考评表"],
        ["考评对象：张村党支部", None, None, "考评总分：", 95],
        ["序号", "一级指标", "序号", "二级指标", "分值", "考核内容", "单位自评得分", "考评组得分"],
        [1, "动员部署(3分)", 1, "召开动员会", 3, "召开会议", "3", "2.5 分"],
        [None, None, 2, "制定方案", None, "有方案", None, None],
        [2, "组织领导(10分)", 1, "书记抓", 5, "……", 5, "扣1分"],
        [None, None, 2, "班子抓", 5, "……", 4, "较好"],
        ["合计", None, None, None, 13, None, 12, 10],
        ["签名（支部章）：　年　月　日"],
        ["意见建议："],
    ],
    ["A1:H1", "A2:C2", "A4:A5", "B4:B5", "E4:E5", "G4:G5", "H4:H5", "A6:A7", "B6:B7"],
)

THREE_LEVELS: Sheet = (
    [
        ["2022年度农村基层党组织考评得分"],
        ["序号", "党组织", "领导班子", None, None, None, None, None],
        [None, None, "服务意识(100分)", None, None, "服务作风(100分)", None, None],
        [None, None, "自评", "群众测评", "组织考评", "自评", "群众测评", "组织考评"],
        [1, "张村党支部", 95, 90, 88, 94, 91, "/"],
        [2, "李村党支部", 96, 80, 78, 90, 82, 77],
    ],
    ["A1:H1", "A2:A4", "B2:B4", "C2:H2", "C3:E3", "F3:H3"],
)

SIDE_BY_SIDE: Sheet = (
    [
        ["2021年7月12345热线办理情况"],
        ["县、赣榆区组", None, None, None, "区、功能板块组", None, None, None],
        ["单位", "总工单数", "得分", "排名", "单位", "总工单数", "得分", "排名"],
        ["灌南县", 2843, 147.72, 1, "徐圩新区", 1085, 97.5, 1],
        ["东海县", 3653, 146.71, 2, "云台山景区", 400, 96.87, 2],
        [None, None, None, None, "连云区", 4985, 96.5, 3],
    ],
    ["A1:H1", "A2:D2", "E2:H2"],
)

VOTES: Sheet = (
    [
        ["2023年度群众满意度测评票数统计"],
        ["序号", "单位名称", "发放数", "依法办事", None, None, None, "规范收费", None, None, None],
        [None, None, None, *["满意", "比较满意", "一般", "不满意"] * 2],
        [1, "税务局党支部", 60, 40, 10, 5, 3, 50, 5, 2, 1],
        [2, "工商局党支部", 60, 30, 20, "五", 2, 45, 9, 2, 1],
        ["合计", None, 120, 70, 30, 5, 5, 95, 14, 4, 2],
    ],
    ["A2:A3", "B2:B3", "C2:C3", "D2:G2", "H2:K2"],
)

ROSTER: Sheet = (
    [
        ["某县基层党组织名册"],
        [
            "序号",
            "党组织名称",
            "属地",
            None,
            "类型",
            "党员数（人）",
            "户数",
            "书记",
            "联系电话",
            "标签",
        ],
        [None, None, "县", "乡镇", None, None, None, None, None, None],
        [1, "张村党支部", "某县", "城关镇", "村", 35, "420户", "张三", "13800000001", "老区、贫困"],
        [2, "李村党支部", "某县", None, "村", "二十六", 300, "李四", "13800000002", None],
        [3, "某公司党支部", "某县", "河口乡", "两新组织", 12, None, "王五", "13800000003", "边疆"],
    ],
    ["A1:J1", "C2:D2", "D4:D5", *(f"{c}2:{c}3" for c in "ABEFGHIJ")],
)

LEDGER: Sheet = (
    [
        ["为民服务全程代办台账（2014年）"],
        [
            *("登记号", "党组织", "服务类别", "需求类型", "了解渠道", "办理方式"),
            *("受理日期", "承办日期", "回复日期", "承诺日期", "满意度", "诉求人"),
        ],
        [
            *("001", "张村党支部", "服务民生", "上学", "走访", "承诺办理"),
            *("2014.1.16", "2014-01-17", "2014年1月20日", "20140125", "满意", "张三"),
        ],
        [
            *("002", "同上", "服务群众", "其它", "微信群", "代办"),
            *(41655, None, None, "2014年2月", "基本满意", "李四"),
        ],
        [
            *("003", "张村党支部", "服务民生", "吃饭", "热线", "直接办理"),
            *("2014-13-45", "2014-01-02", None, None, None, "李四"),
        ],
        [
            *("004", "张村党支部", "服务民生", "看病", "热线", "直接办理"),
            *("2014-03-05", None, "2014-03-01", None, None, "李四"),
        ],
        [None] * 12,
        ["合计", 4, *[None] * 10],
    ],
    ["A1:L1"],
)


@pytest.fixture(scope="session")
def sheets():
    """Return the sheets of this file by name."""
    named = {k: v for k, v in globals().items() if k.isupper()}
    return SimpleNamespace(**named)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes sheets to an xlsx file below the test's folder."""

    def write(name: str, **sheets: Sheet) -> Path:
        return workbook(tmp_path / "county" / name, sheets)

    return write
