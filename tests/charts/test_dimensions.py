import numpy as np
import pandas as pd
import pytest

from servicepo.charts import dimensions_heatmap, dimensions_radar
from servicepo.errors import TableError


def test_polygons_are_closed_and_told_apart_without_colour(frames):
    ax = dimensions_radar(frames["dimensions_radar"])
    polygons = [line for line in ax.lines if line.get_marker() not in ("None", None, "")]
    assert len(polygons) == 3
    assert len({line.get_marker() for line in polygons}) == 3
    for polygon, values in zip(polygons, frames["dimensions_radar"].to_numpy(), strict=True):
        x, y = polygon.get_data()
        assert (x[0], y[0]) == (x[-1], y[-1])
        np.testing.assert_allclose(np.hypot(x, y)[:-1], values / 100)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "农村（村、社区）",
        "企业",
        "机关事业",
    ]


def test_the_first_dimension_points_up():
    frame = pd.DataFrame([[100.0, 50.0, 50.0]], columns=["a", "b", "c"])
    ax = dimensions_radar(frame)
    polygon = next(line for line in ax.lines if line.get_marker() == "o")
    assert polygon.get_data()[0][0] == pytest.approx(0)
    assert polygon.get_data()[1][0] == pytest.approx(1)
    assert ax.get_legend() is None


def test_a_missing_dimension_leaves_the_polygon_open():
    frame = pd.DataFrame([[60.0, np.nan, 50.0, 70.0]], columns=list("abcd"))
    ax = dimensions_radar(frame)
    polygon = next(line for line in ax.lines if line.get_marker() == "o")
    assert np.isnan(polygon.get_xdata()).tolist() == [False, True, False, False, False]


def test_corner_names_and_ring_numbers(frames):
    ax = dimensions_radar(frames["dimensions_radar"], words={"team": "领导班子"}, limits=(0, 10))
    said = [text.get_text() for text in ax.texts]
    assert "领导班子" in said
    assert said[:5] == ["2", "4", "6", "8", "10"]


def test_rows_of_organisations_and_periods_are_named_by_both():
    index = pd.MultiIndex.from_product([["甲村"], pd.period_range("2023", "2024", freq="Y")])
    frame = pd.DataFrame(np.full((2, 3), 50.0), index, list("abc"))
    legend = dimensions_radar(frame).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["甲村 2023年", "甲村 2024年"]


def test_too_many_polygons_are_refused():
    with pytest.raises(TableError) as caught:
        dimensions_radar(pd.DataFrame(np.ones((7, 3))))
    assert str(caught.value) == (
        "a frame for charts.dimensions_radar must have at most 6 rows, got 7. "
        "Use charts.dimensions_heatmap."
    )


def test_too_few_dimensions_are_refused():
    with pytest.raises(TableError) as caught:
        dimensions_radar(pd.DataFrame(np.ones((1, 2))))
    assert str(caught.value) == (
        "a frame for charts.dimensions_radar must have at least 3 dimensions, got 2. "
        "Use charts.dimensions_heatmap."
    )


@pytest.mark.parametrize("chart", [dimensions_heatmap, dimensions_radar])
def test_text_columns_and_empty_frames_are_refused(chart):
    with pytest.raises(TableError) as caught:
        chart(pd.DataFrame({"a": [1.0], "domain": ["rural"]}))
    assert str(caught.value) == (
        f"every column for charts.{chart.__name__} must hold numbers, got text in ['domain']. "
        "Select the columns of dimensions."
    )
    with pytest.raises(TableError) as caught:
        chart(pd.DataFrame({"a": [1.0]}).head(0))
    assert str(caught.value) == (
        f"a frame for charts.{chart.__name__} must have at least one row and one column, "
        "got (0, 1). Select rows that exist."
    )


def test_cells_hold_the_numbers_first_row_on_top(frames):
    frame = frames["dimensions_heatmap"].round(1)
    frame.iloc[1, 2] = np.nan
    ax = dimensions_heatmap(frame)
    np.testing.assert_array_equal(ax.collections[0].get_array().filled(np.nan), frame.to_numpy())
    said = {(t.get_position()[0] - 0.5, t.get_position()[1] - 0.5): t.get_text() for t in ax.texts}
    assert said[0, 0] == f"{frame.iloc[0, 0]:.1f}"
    assert said[2, 1] == "—"
    assert ax.yaxis_inverted()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["农村（村、社区）", "企业", "机关事业"]
    assert ax.collections[0].get_clim() == (0, 100)


def test_numbers_are_read_on_light_and_dark_cells():
    ax = dimensions_heatmap(pd.DataFrame([[0.0, 50.0, 100.0]], columns=list("abc")))
    assert [text.get_color() for text in ax.texts] == ["#1a1a1a", "#1a1a1a", "white"]


def test_many_columns_lose_their_decimals_before_they_overlap():
    frame = pd.DataFrame(np.full((2, 30), 55.5), ["甲", "乙"], [f"指标{i}" for i in range(30)])
    assert {text.get_text() for text in dimensions_heatmap(frame).texts} == {"56"}


def test_latin_words_longer_than_a_cell_are_slanted():
    frame = pd.DataFrame(np.ones((1, 12)), columns=["Institutionalisation"] * 12)
    frame.columns = [f"Institutionalisation{i}" for i in range(12)]
    labels = dimensions_heatmap(frame, language="en").get_xticklabels()
    assert {label.get_rotation() for label in labels} == {40.0}
    short = dimensions_heatmap(frame.set_axis([f"群众欢迎{i}" for i in range(12)], axis=1))
    assert {label.get_rotation() for label in short.get_xticklabels()} == {0.0}


def test_too_many_rows_are_refused():
    with pytest.raises(TableError) as caught:
        dimensions_heatmap(pd.DataFrame(np.ones((61, 3))))
    assert str(caught.value) == (
        "a frame for charts.dimensions_heatmap must have at most 60 rows, got 61. "
        "Select fewer rows or average them by group."
    )
