import numpy as np
import pandas as pd
import pytest

from servicepo.charts import weights
from servicepo.errors import TableError


def test_bars_are_percent_under_their_dimension(frames):
    ax = weights(frames["weights"], words={"team": "领导班子", "results": "服务业绩"})
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([10, 30, 60])
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "服务意识",
        "服务作风",
        "群众欢迎",
    ]
    said = [text.get_text() for text in ax.texts]
    assert said == [
        "领导班子  40.0%",
        "服务业绩  60.0%",
        "10.0 (25.0)",
        "30.0 (75.0)",
        "60.0 (100.0)",
    ]
    assert list(ax.get_yticks()) == [1, 2, 4]
    assert ax.get_xlabel() == "总权重（%），括号内为在一级指标中的权重"


def test_local_weights_may_be_absent(frames):
    ax = weights(frames["weights"].drop(columns="local_weight"), language="en")
    assert ax.get_xlabel() == "Global weight (%)"
    assert [text.get_text() for text in ax.texts][-1] == "60.0"


def test_an_index_of_group_and_indicator_will_do(frames):
    frame = frames["weights"].assign(group="all").set_index(["group", "indicator"])
    assert len(weights(frame).patches) == 3


def test_several_groups_are_markers_that_stand_apart(frames):
    rural = frames["weights"].assign(group="rural")
    organs = frames["weights"].assign(group="organs", global_weight=[0.1, None, 0.9])
    ax = weights(pd.concat([organs, rural]))
    assert len(ax.patches) == 0
    first, second = (line for line in ax.lines if line.get_marker() != "None")
    drawn = {line.get_label(): line.get_xdata().tolist() for line in (first, second)}
    assert drawn["农村（村、社区）"] == pytest.approx([10, 30, 60])
    assert drawn["机关事业"] == pytest.approx([10, 90])
    assert first.get_marker() != second.get_marker()
    assert first.get_ydata()[0] != second.get_ydata()[0]


def test_an_indicator_that_stands_twice_is_refused(frames):
    frame = pd.concat([frames["weights"]] * 2)
    with pytest.raises(TableError) as caught:
        weights(frame)
    assert str(caught.value) == (
        "a frame for charts.weights must have one row for each group and indicator, "
        "got 'all, 服务意识' more than once. Select or average rows first."
    )


def test_many_groups_are_cells_by_dimension(frames):
    groups = ["school", "village", "community", "building", "rest"]
    frame = pd.concat([frames["weights"].assign(group=group) for group in groups])
    frame = frame[(frame["group"] != "rest") | (frame["indicator"] != "服务作风")]
    ax = weights(frame, words={"team": "领导班子", "results": "服务业绩"})
    np.testing.assert_allclose(
        ax.collections[0].get_array().filled(np.nan)[:, [0, -1]], [[10, 10], [30, np.nan], [60, 60]]
    )
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "村",
        "社区",
        "楼宇",
        "学校",
        "其余",
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "领导班子  服务意识",
        "服务作风",
        "服务业绩  群众欢迎",
    ]
    assert ax.get_xlabel() == "总权重（%）"
