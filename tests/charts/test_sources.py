import numpy as np
import pandas as pd
import pytest

from servicepo.charts import mass_weight_path, new_axes, source_divergence
from servicepo.errors import TableError


def said(ax):
    return [text.get_text() for text in ax.texts]


def inflated(count):
    middle = np.linspace(-3, 12, count)
    return pd.DataFrame(
        {
            "org": [f"村-{n:03d}" for n in range(count)],
            "inflation": middle,
            "low": middle - 2,
            "high": middle + 2,
            "difference": middle * 1.5,
        }
    )


def paths(count):
    weight = np.tile([0.0, 0.5, 1.0], count)
    org = np.repeat([f"村-{n:03d}" for n in range(count)], 3)
    rise = np.repeat(np.linspace(-10, 10, count), 3)
    return pd.DataFrame({"org": org, "weight": weight, "score": 80 + rise * weight})


def test_estimates_intervals_and_raw_differences_stand_where_they_are():
    frame = inflated(3)
    before = frame.copy()
    ax = source_divergence(frame, delta=5)
    pd.testing.assert_frame_equal(frame, before)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["村-002", "村-001", "村-000"]
    dots = next(line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()))
    assert dots.get_xdata().tolist() == [12.0, 4.5, -3.0]
    raw = next(line for line in ax.lines if line.get_marker() == "D")
    assert raw.get_xdata().tolist() == [18.0, 6.75, -4.5]
    spans = ax.collections[0].get_segments()
    assert [(s[0][0], s[1][0]) for s in spans] == [(10.0, 14.0), (2.5, 6.5), (-5.0, -1.0)]
    assert said(ax) == ["δ = 5"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["收缩估计与90%区间", "原始差值"]


def test_many_are_cut_and_missing_ones_are_told():
    frame = inflated(100)
    frame.loc[3, "inflation"] = np.nan
    ax = source_divergence(frame, top=5, bottom=5, language="en")
    assert "… 89 not shown …" in said(ax)
    assert ax.get_xlabel() == "Inflation (points)\n1 without a score, not shown"


def test_marked_lines_are_named_and_the_others_stand_behind():
    ax = mass_weight_path(paths(30), marked=["村-003", "村-029"], cuts={"good": 90})
    strong = [line for line in ax.lines if line.get_marker() in ("o", "s")]
    assert [line.get_ydata()[-1] for line in strong] == pytest.approx([80 - 10 + 60 / 29, 90])
    assert len([line for line in ax.lines if line.get_marker() == "None"]) == 28 + 1
    assert set(said(ax)) == {"好", "村-003", "村-029"}
    assert ax.get_xlabel() == "群众测评权重"


def test_few_are_all_named_and_many_none():
    assert len(said(mass_weight_path(paths(4)))) == 4
    assert said(mass_weight_path(paths(12), ax=new_axes(width=8, height=6))) == []


def test_refusals():
    def refusal(*args, **kwargs):
        with pytest.raises(TableError) as caught:
            mass_weight_path(*args, **kwargs)
        return str(caught.value)

    frame = paths(12)
    assert refusal(frame, marked=["甲村"]) == (
        "marked for charts.mass_weight_path must be organisations of the frame, got '甲村'. "
        "Take them from its column org."
    )
    assert refusal(frame, marked=list(frame["org"].unique()[:10])) == (
        "marked for charts.mass_weight_path must be at most 9 organisations, got 10. "
        "Draw several charts."
    )
    assert "must have one row for each org and weight" in refusal(pd.concat([frame, frame]))
    assert "must have the columns org, weight, score" in refusal(frame[["org", "score"]])
