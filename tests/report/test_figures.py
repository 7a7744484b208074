from io import BytesIO

import matplotlib.pyplot as plt
from PIL import Image

from servicepo.report.figures import draw


def test_figures_are_drawn_at_300_dots_per_inch(content):
    image = Image.open(BytesIO(draw(content.figures[0]).png))
    assert image.size == (1800, 900)
    assert round(image.info["dpi"][0]) == 300


def test_drawing_leaves_no_figure_open(content):
    before = plt.get_fignums()
    draw(content.figures[0])
    assert plt.get_fignums() == before


def test_the_same_figure_gives_the_same_bytes_without_a_date(content):
    first, second = draw(content.figures[0]), draw(content.figures[0])
    assert first == second
    assert b"dc:date" not in first.svg
