import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from servicepo.charts import control_chart
from servicepo.charts.control import MARKS
from servicepo.charts.style import INK
from servicepo.errors import TableError
from servicepo.methods.control_rules import SIGNALS


def looks(ax):
    """Return the marked points of a panel: position, value, marker, filled."""
    return [
        (x, y, line.get_marker(), to_hex(line.get_markerfacecolor()) == INK)
        for line in ax.lines
        if line.get_linestyle() == "None"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def test_each_organisation_has_a_panel_with_its_limits(frames):
    ax = control_chart(frames["control_chart"])
    panels = ax.child_axes
    assert [panel.get_title() for panel in panels] == ["甲村", "乙村"]
    values, centre, low, high = panels[0].lines[:4]
    np.testing.assert_array_equal(values.get_ydata(), frames["control_chart"]["value"][:8])
    assert {line.get_ydata()[0] for line in (centre, low, high)} == {80.0, 70.0, 90.0}
    assert low.get_linestyle() == high.get_linestyle() == "--"
    labels = [t.get_text() for t in panels[0].get_xticklabels()]
    assert labels == ["2024年1月", "2024年8月"]


def test_signals_are_told_by_shape_and_filling(frames):
    first, second = control_chart(frames["control_chart"]).child_axes
    marked = [(round(x - 2024, 3), y, marker, filled) for x, y, marker, filled in looks(first)]
    assert marked == [
        (0.5, 95.0, "^", True),
        (0.25, 60.0, "v", True),
        (round(5 / 12, 3), 84.0, "^", False),
    ]
    assert {(marker, filled) for *_, marker, filled in looks(second)} == {("v", False)}


def test_every_signal_has_a_mark():
    assert set(MARKS) == set(SIGNALS) - {"none"}


def test_the_legend_explains_the_marks_that_are_there(frames):
    told = [t.get_text() for t in control_chart(frames["control_chart"]).get_legend().get_texts()]
    assert told[:2] == ["取值", "控制限"]
    assert sorted(told[2:]) == sorted(
        ["超出上限", "低于下限", "其他规则：偏高或上升", "其他规则：偏低或下降"]
    )
    calm = frames["control_chart"].assign(signal="none")
    assert len(control_chart(calm).get_legend().get_texts()) == 2


def test_panels_do_not_touch_each_other():
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "org": f"中共清河县东风镇第{i}村总支部委员会",
                    "period": pd.period_range("2023-01", periods=24, freq="M"),
                    "value": np.linspace(1000, 2000, 24),
                    "centre": 1500.0,
                    "low": 900.0,
                    "high": 2100.0,
                    "signal": "none",
                }
            )
            for i in range(12)
        ]
    )
    ax = control_chart(frame)
    ax.figure.draw_without_rendering()
    boxes = [panel.get_tightbbox() for panel in ax.child_axes]
    for at, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[at + 1 :])
    window = ax.figure.bbox
    assert all(box.x0 >= window.x0 - 1 and box.x1 <= window.x1 + 1 for box in boxes)


def test_more_than_a_page_is_refused(frames):
    frame = pd.concat([frames["control_chart"].assign(org=f"第{i}村").iloc[:8] for i in range(13)])
    with pytest.raises(TableError) as caught:
        control_chart(frame)
    assert str(caught.value) == (
        "a frame for charts.control_chart must have at most 12 organisations, got 13. "
        "Select those with alarms, or draw several charts."
    )
