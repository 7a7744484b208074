import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.image import imread

from servicepo.charts import new_axes, save_figure, trend
from servicepo.errors import TableError


def test_bytes_are_the_same_every_time_and_in_any_order(frames, tmp_path):
    ax = trend(frames["trend"])
    first = {e: save_figure(ax, tmp_path / f"a.{e}").read_bytes() for e in ("svg", "png", "pdf")}
    again = trend(frames["trend"])
    for ending in ("pdf", "svg", "png"):
        assert save_figure(again, tmp_path / f"b.{ending}").read_bytes() == first[ending]
        assert save_figure(ax, tmp_path / f"c.{ending}").read_bytes() == first[ending]


def test_the_size_is_kept_whatever_the_caller_s_settings(tmp_path):
    ax = new_axes(width=8, height=5)
    ax.set_ylabel("得分")
    with mpl.rc_context({"savefig.bbox": "tight", "savefig.transparent": True}):
        path = save_figure(ax, tmp_path / "figure.png", dpi=254)
    pixels = imread(path)
    assert pixels.shape[:2] == (500, 800)
    assert pixels[..., 3].min() == 1


def test_letters_of_svg_are_outlines_and_of_pdf_embedded(frames, tmp_path):
    ax = trend(frames["trend"])
    svg = save_figure(ax, tmp_path / "figure.svg").read_text("utf-8")
    assert "<text" not in svg
    assert "<dc:date>" not in svg
    pdf = save_figure(ax.figure, tmp_path / "figure.pdf").read_bytes()
    assert b"NotoSansSC" in pdf
    assert b"CreationDate" not in pdf


def test_it_leaves_the_figure_open_and_its_layout_on(frames, tmp_path):
    ax = trend(frames["trend"])
    save_figure(ax, tmp_path / "figure.png")
    assert plt.fignum_exists(ax.figure.number)
    assert ax.get_in_layout()
    assert ax.figure.get_layout_engine() is not None


def test_another_ending_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(TableError) as caught:
        save_figure(new_axes(), tmp_path / "figure.jpg")
    assert str(caught.value) == (
        "a figure must be saved as .png, .svg or .pdf, got 'figure.jpg'. Change the ending."
    )
    assert list(tmp_path.iterdir()) == []
