import itertools

import numpy as np
import pandas as pd
import pytest

from servicepo.charts import new_axes, rank_intervals, ranking
from servicepo.errors import TableError


def names(ax):
    return [label.get_text().replace("\n", "") for label in ax.get_yticklabels()]


def said(ax):
    return [text.get_text() for text in ax.texts]


def test_bars_stand_in_the_order_of_ranks_and_are_as_long_as_scores():
    frame = pd.DataFrame(
        {"org": ["甲", "乙", "丙"], "score": [70.0, 90.0, 80.0], "rank": [3, 1, 2]}
    )
    ax = ranking(frame)
    assert names(ax) == ["乙", "丙", "甲"]
    assert [bar.get_width() for bar in ax.patches] == [90.0, 80.0, 70.0]
    centres = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert centres == pytest.approx(list(ax.get_yticks()))
    assert ax.yaxis_inverted()
    assert said(ax) == ["90.0", "80.0", "70.0", "名次", "1", "2", "3"]


def test_the_order_is_that_of_the_ranks_not_of_the_scores():
    frame = pd.DataFrame({"org": ["甲", "乙"], "score": [1.0, 2.0], "rank": [1, 2]})
    assert names(ranking(frame)) == ["甲", "乙"]


def test_ties_share_a_rank_and_half_ranks_are_shown():
    frame = pd.DataFrame({"org": ["甲", "乙"], "score": [1.0, 1.0], "rank": [1.5, 1.5]})
    assert said(ranking(frame))[-2:] == ["1.5", "1.5"]


def test_many_rows_are_cut_and_told(organisations):
    ax = ranking(organisations(250))
    assert len(ax.patches) == 40
    assert "… 210 个未显示 …" in said(ax)
    assert ax.figure.get_figheight() * 2.54 < 25
    ax = ranking(organisations(250), top=5, bottom=0, language="en")
    assert len(ax.patches) == 5
    assert "… 245 not shown …" in said(ax)
    assert [float(t) for t in said(ax)[-5:]] == [1, 2, 3, 4, 5]


def test_the_longest_names_stay_apart(organisations):
    labels = names(ranking(organisations(250)))
    assert len(set(labels)) == len(labels) == 40


def test_names_are_wrapped():
    frame = pd.DataFrame({"org": ["中共清河县东风镇" * 3 + "委员会"], "score": [1.0], "rank": [1]})
    assert "\n" in ranking(frame).get_yticklabels()[0].get_text()


def test_groups_stand_below_each_other_each_with_its_own_ranks(organisations):
    table = organisations(90)
    table["group"] = table["domain"]
    table["rank"] = table.groupby("group")["score"].rank(ascending=False)
    ax = ranking(table, top=6, bottom=6)
    sizes = table["group"].value_counts()
    headings = [text for text in said(ax) if "n =" in text]
    assert headings == [
        f"农村（村、社区）  n = {sizes['rural']}",
        f"企业  n = {sizes['enterprise']}",
        f"机关事业  n = {sizes['organs']}",
    ]
    assert len(ax.patches) == 12
    assert said(ax)[12:].count("1") == 3


def test_unscored_rows_are_told_not_drawn():
    frame = pd.DataFrame({"org": ["甲", "乙"], "score": [50.0, np.nan], "rank": [1, np.nan]})
    ax = ranking(frame)
    assert names(ax) == ["甲"]
    assert ax.get_xlabel() == "得分\n另有 1 个无得分，未显示"
    assert ranking(frame, language="en").get_xlabel() == "Score\n1 without a score, not shown"


def test_the_last_period_is_drawn_and_named():
    index = pd.MultiIndex.from_product(
        [["甲", "乙"], pd.period_range("2023", "2024", freq="Y")], names=["org", "period"]
    )
    frame = pd.DataFrame({"group": "all", "score": [1, 20, 2, 10], "rank": [2, 1, 1, 2]}, index)
    ax = ranking(frame)
    assert [bar.get_width() for bar in ax.patches] == [20, 10]
    assert ax.get_xlabel() == "得分（2024年）"


def test_negative_scores_reach_to_the_left():
    frame = pd.DataFrame({"org": ["甲", "乙"], "score": [1.5, -0.5], "rank": [1, 2]})
    ax = ranking(frame)
    assert ax.get_xlim()[0] < -0.5
    assert [bar.get_width() for bar in ax.patches] == [1.5, -0.5]


def test_an_organisation_that_stands_twice_is_refused():
    frame = pd.DataFrame({"org": ["甲", "甲"], "score": [1.0, 2.0], "rank": [2, 1]})
    with pytest.raises(TableError) as caught:
        ranking(frame)
    assert str(caught.value) == (
        "a frame for charts.ranking must have one row for each org, got '甲' more than once. "
        "Select or average rows first."
    )


def test_a_row_without_a_name_is_refused():
    frame = pd.DataFrame({"org": ["甲", None], "score": [1.0, 2.0], "rank": [2, 1]})
    with pytest.raises(TableError) as caught:
        ranking(frame)
    assert str(caught.value) == (
        "column org for charts.ranking must be filled in every row, got 1 rows without. "
        "Fill them or leave them out."
    )


def test_no_score_at_all_is_refused():
    frame = pd.DataFrame({"org": ["甲"], "score": [np.nan], "rank": [1]})
    with pytest.raises(TableError) as caught:
        ranking(frame)
    assert str(caught.value) == (
        "a frame for charts.ranking must have at least one row with score and rank, "
        "got 1 rows without. Select rows that have values."
    )


def test_words_of_the_caller_come_first():
    frame = pd.DataFrame({"org": ["D001"], "score": [1.0], "rank": [1]})
    assert names(ranking(frame, words={"D001": "东风村"})) == ["东风村"]


def test_labels_fit_into_small_axes(organisations):
    ax = ranking(organisations(15), ax=new_axes(width=8, height=9))
    assert all("\n" not in label.get_text() for label in ax.get_yticklabels())
    ax.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    for above, below in itertools.pairwise(boxes):
        assert above.y0 >= below.y1 - 1
    assert min(box.x0 for box in boxes) >= 0


def test_intervals_reach_from_low_to_high_in_the_order_of_medians():
    frame = pd.DataFrame(
        {
            "org": ["甲", "乙", "丙"],
            "median": [2.0, 1.0, 3.0],
            "low": [1.0, 1.0, 2.0],
            "high": [3.0, 2.0, 3.0],
            "rank": [2, 1, 3],
        }
    )
    ax = rank_intervals(frame)
    assert names(ax) == ["乙", "甲", "丙"]
    ends = [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()]
    assert ends == [[1, 2], [1, 3], [2, 3]]
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["中位数与5%–95%区间", "原名次"]
    assert ax.get_xticks()[0] == 1
    assert ax.get_xlabel() == "名次"


def test_intervals_without_a_rank_as_built(frames):
    ax = rank_intervals(frames["rank_intervals"], language="en")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["Median and 5–95% interval"]


def test_many_intervals_are_cut_and_told(organisations):
    table = organisations(60)
    table = table.assign(median=table["rank"], low=table["rank"], high=table["rank"])
    assert "… 50 个未显示 …" in said(rank_intervals(table, top=5, bottom=5))


def test_intervals_of_groups_stand_below_each_other(organisations):
    table = organisations(30)
    ranks = table.groupby("domain")["score"].rank(ascending=False)
    table = table.assign(group=table["domain"], median=ranks, low=ranks, high=ranks)
    headings = [text for text in said(rank_intervals(table)) if "n =" in text]
    assert [heading.split()[0] for heading in headings] == ["农村（村、社区）", "企业", "机关事业"]
