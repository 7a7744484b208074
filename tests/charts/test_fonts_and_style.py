import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from servicepo.charts import new_axes, set_typeface
from servicepo.charts.fonts import register_fonts
from servicepo.charts.style import _STYLES, drawing, size_of, styles_of
from servicepo.errors import MethodError

SERIF = ["Noto Serif SC", "DejaVu Serif"]


def test_fonts_are_registered_once():
    register_fonts()
    count = len(font_manager.fontManager.ttflist)
    register_fonts()
    assert len(font_manager.fontManager.ttflist) == count


def test_ticks_that_come_later_keep_the_typeface():
    ax = new_axes()
    ax.plot([0, 1], [0, 1])
    ax.set_xlim(-1000, 1000)
    ax.set_xticks(range(-1000, 1001, 50))
    ax.set_xlabel("得分")
    ax.set_title("标题")
    ax.figure.draw_without_rendering()
    assert {tuple(t.get_fontfamily()) for t in ax.findobj(Text)} == {
        ("Noto Sans SC", "DejaVu Sans")
    }


def test_typeface_of_a_whole_figure():
    figure, (left, right) = plt.subplots(1, 2)
    left.text(0, 0, "宋体")
    right.legend(right.plot([1, 2]), ["图例"])
    set_typeface(figure, "serif")
    figure.draw_without_rendering()
    for text in figure.findobj(Text):
        assert text.get_fontfamily() == SERIF
    right.set_xticks(range(30))
    assert {tuple(t.get_fontfamily()) for t in right.get_xticklabels()} == {tuple(SERIF)}


def test_another_typeface_is_refused():
    with pytest.raises(MethodError) as caught:
        set_typeface(new_axes(), "楷体")
    assert str(caught.value) == (
        'typeface must be "sans" or "serif", got \'楷体\'. Give one of the two.'
    )


def test_new_axes_are_as_large_as_they_say_and_keep_the_screen_s_resolution():
    with mpl.rc_context({"figure.dpi": 55}):
        ax = new_axes(width=8, height=6)
    assert ax.figure.dpi == 55
    assert (ax.figure.get_size_inches() * 2.54).tolist() == pytest.approx([8, 6])
    assert size_of(ax) == pytest.approx((8, 6))


def test_the_same_picture_under_any_theme():
    with plt.style.context("dark_background"):
        ax = new_axes()
    assert to_rgb(ax.get_facecolor()) == (1, 1, 1)
    assert to_rgb(ax.figure.get_facecolor()) == (1, 1, 1)


def test_axes_of_another_theme_are_dressed():
    with plt.style.context("dark_background"):
        theirs = plt.figure().subplots()
    with drawing(theirs, height=5) as ax:
        ax.plot([1, 2])
    assert to_rgb(ax.get_facecolor()) == (1, 1, 1)
    assert not ax.spines["top"].get_visible()
    assert to_rgb(ax.get_xticklabels()[0].get_color()) == to_rgb("#1a1a1a")


def test_styles_of_domains_do_not_depend_on_which_are_there():
    whole = styles_of(["rural", "enterprise", "organs"])
    assert styles_of(["organs"])["organs"] == whole["organs"]
    assert styles_of(["甲", "乙"])["乙"] == whole["enterprise"]


def test_styles_survive_the_loss_of_colour():
    for attribute in ("hatch", "marker", "line"):
        assert len({str(getattr(style, attribute)) for style in _STYLES}) == len(_STYLES)
    luminance = [
        0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (to_rgb(s.colour) for s in _STYLES[:3])
    ]
    assert luminance[1] - luminance[0] > 0.1
    assert luminance[2] - luminance[1] > 0.2
