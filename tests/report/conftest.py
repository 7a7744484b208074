"""A small report that needs no analysis: every kind of part once, and what is hard to typeset."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from servicepo.report.pieces import Content, Figure, Section, Table, number


def draw_line():
    axes = plt.figure(figsize=(6, 3)).subplots()
    axes.plot([1, 2, 4])
    return axes


@pytest.fixture
def content() -> Content:
    ranks = pd.DataFrame(
        {
            "名次": [1.0, 2.0, float("nan")],
            "党组织": ["东风村<支部>", "=1+1", "红星社区"],
            "综合得分": [92.5, -0.04, float("nan")],
            "占比": [0.5, 0.25, float("nan")],
        }
    )
    long = pd.DataFrame({"序号": range(1, 61), "说明": ["这是一段很长的说明文字" * 6] * 60})
    sections = (
        Section(
            "ranks",
            "综合得分",
            (
                "最高 92.5 分（[[ranking]]、[[line]]）。",
                Table(
                    "ranking",
                    "综合得分与名次",
                    ranks,
                    {"名次": "integer", "综合得分": "one", "占比": "percent"},
                    ("注：“—”为缺失。", "数据来源：示例。"),
                ),
                Figure("line", "一条线", draw_line, ("数据来源：示例。",)),
            ),
        ),
        Section(
            "long",
            "长表",
            (Table("long", "长表", long, {"序号": "integer"}, ("注：共 60 行。",), 50),),
        ),
    )
    appendix = (Table("all", "全部得分", ranks, {"综合得分": "two"}),)
    return Content("评价报告", "2021—2024 年", number(sections, "zh"), appendix, "zh", {"seed": 0})
