import pytest

from servicepo.charts import waterfall
from servicepo.errors import TableError


def test_bars_lie_where_the_steps_are(frames):
    ax = waterfall(frames["waterfall"])
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars[0] == (60.0, 3.0)
    assert bars[1] == pytest.approx((61.5, 0.04))
    assert bars[2] == (61.5, 1.5)
    assert [bar.get_hatch() for bar in ax.patches] == [None, None, "////"]
    assert [t.get_text() for t in ax.texts] == ["60.0", "+3.0", "−1.5", "+0.04", "61.5"]
    (diamonds,) = ax.lines
    assert diamonds.get_xdata().tolist() == [60.0, 61.54]
    assert diamonds.get_ydata().tolist() == [0, 4]


def test_rows_are_named_from_top_to_bottom_and_totals_by_their_periods(frames):
    frame = frames["waterfall"]
    names = [t.get_text() for t in waterfall(frame).get_yticklabels()]
    assert names == ["上期综合得分", "服务意识", "服务作风", "权重与指标增减", "本期综合得分"]
    frame = frame.assign(period=["2023", None, None, None, "2024"])
    names = [t.get_text() for t in waterfall(frame, language="en").get_yticklabels()]
    assert names[0] == "2023"
    assert names[-1] == "2024"


def test_the_axis_shows_the_changes_not_the_levels(frames):
    low, high = waterfall(frames["waterfall"]).get_xlim()
    assert 59 < low < 60
    assert 63 < high < 64


def test_words_are_the_callers(frames):
    ax = waterfall(frames["waterfall"], words={"服务意识": "意识"})
    assert ax.get_yticklabels()[1].get_text() == "意识"


def test_a_step_twice_is_refused(frames):
    frame = frames["waterfall"].assign(step=["start", "a", "a", "b", "end"])
    with pytest.raises(TableError) as caught:
        waterfall(frame)
    assert str(caught.value) == (
        "a frame for charts.waterfall must have one row for each step, got 'a' more than once. "
        "Select or average rows first."
    )
