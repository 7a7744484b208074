"""What every chart promises."""

import logging
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import servicepo as sp
from servicepo.errors import TableError

NAMES = [
    "ranking",
    "rank_intervals",
    "dimensions_radar",
    "dimensions_heatmap",
    "domain_distribution",
    "density_ridges",
    "cumulative_distribution",
    "lorenz_curve",
    "quantile_shift",
    "weights",
    "funnel",
    "weak_reasons",
    "trend",
    "transition_matrix",
    "grade_shares",
    "slope",
    "waterfall",
    "control_chart",
    "survival_curves",
    "calendar",
    "backlog",
]
TIDY = [name for name in NAMES if not name.startswith("dimensions")]


def draw(name, frames, **choices):
    return getattr(sp.charts, name)(frames[name], **choices)


def texts(ax):
    return [text.get_text() for text in ax.figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize("name", NAMES)
def test_chinese_is_drawn_without_a_missing_letter_under_the_caller_s_settings(
    name, frames, tmp_path, caplog
):
    ax = draw(name, frames, title="标题 −5")
    assert mpl.rcParams["font.family"] == ["sans-serif"]
    with caplog.at_level(logging.WARNING, logger="matplotlib"):
        for ending in ("png", "svg", "pdf"):
            ax.figure.savefig(tmp_path / f"figure.{ending}")  # a missing glyph is a warning
    assert caplog.records == []
    families = {tuple(text.get_fontfamily()) for text in ax.findobj(Text)}
    assert families == {("Noto Sans SC", "DejaVu Sans")}


@pytest.mark.parametrize("name", NAMES)
def test_rcparams_stay_as_they_are(name, frames):
    with mpl.rc_context({"font.family": "serif", "axes.grid": True, "lines.linewidth": 7.0}):
        before = dict(mpl.rcParams)
        draw(name, frames)
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_caller_s_frame_is_left_alone(name, frames):
    before = frames[name].copy()
    draw(name, frames)
    pd.testing.assert_frame_equal(frames[name], before)


@pytest.mark.parametrize("name", NAMES)
def test_it_draws_on_the_axes_it_is_given_and_opens_no_figure(name, frames):
    ax = Figure(layout="constrained").subplots()
    assert draw(name, frames, ax=ax) is ax
    assert texts(ax)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", NAMES)
def test_without_axes_it_opens_one_pyplot_figure(name, frames):
    ax = draw(name, frames)
    assert [plt.figure(number) for number in plt.get_fignums()] == [ax.figure]


@pytest.mark.parametrize("name", NAMES)
def test_own_words_follow_the_language(name, frames):
    chinese = " ".join(texts(draw(name, frames)))
    english = " ".join(texts(draw(name, frames, language="en")))
    assert chinese != english or name == "dimensions_radar"
    if "rural" in frames[name].index or "domain" in frames[name].columns:
        assert "农村（村、社区）" in chinese.replace("\n", "")
        assert "rural" in english


@pytest.mark.parametrize("name", NAMES)
def test_a_language_that_is_neither_is_refused(name, frames):
    with pytest.raises(ValueError, match=r'^language must be "zh" or "en", got \'fr\'\. Give'):
        draw(name, frames, language="fr")


@pytest.mark.parametrize("name", NAMES)
def test_a_title_is_drawn_only_when_asked(name, frames):
    assert draw(name, frames).get_title() == ""
    assert draw(name, frames, title="图题").get_title() == "图题"


@pytest.mark.parametrize("name", NAMES)
def test_no_letter_is_smaller_than_eight_points(name, frames):
    on_theirs = draw(name, frames, ax=plt.figure(layout="constrained").subplots())
    for ax in (draw(name, frames), on_theirs):
        assert {text.get_fontsize() for text in ax.findobj(Text) if text.get_text()} <= {8.0, 9.0}


@pytest.mark.parametrize("name", NAMES)
def test_one_row_is_enough(name, frames):
    frames[name] = frames[name].head(1)
    draw(name, frames).figure.draw_without_rendering()


@pytest.mark.parametrize("name", TIDY)
def test_every_column_it_misses_is_named(name, frames):
    for column in set(frames[name].columns) - {"local_weight"}:
        bad = {name: frames[name].rename(columns={column: f"{column}s"})}
        if (name, column) == ("weak_reasons", "org"):
            continue
        with pytest.raises(TableError, match=rf"Add {column} \(near: {column}s.*\)\.$"):
            draw(name, bad)


def test_the_message_about_a_missing_column_is_whole():
    frame = pd.DataFrame({"org": ["甲"], "scor": [1.0], "period": ["2024"]})
    with pytest.raises(TableError) as caught:
        sp.charts.ranking(frame)
    assert str(caught.value) == (
        "a frame for charts.ranking must have the columns org, score, rank, "
        "got ['org', 'scor', 'period']. Add score (near: scor), rank."
    )
    assert plt.get_fignums() == []


def test_text_where_numbers_must_be_is_refused():
    frame = pd.DataFrame({"org": ["甲"], "score": ["九十"], "rank": [1]})
    with pytest.raises(TableError) as caught:
        sp.charts.ranking(frame)
    assert str(caught.value) == (
        "column score for charts.ranking must hold numbers, got 'str'. Convert it to numbers."
    )


def test_an_infinite_number_is_refused():
    frame = pd.DataFrame({"reason": ["甲"], "count": [np.inf]})
    with pytest.raises(TableError) as caught:
        sp.charts.weak_reasons(frame)
    assert str(caught.value) == (
        "column count for charts.weak_reasons must hold finite numbers, got inf. Make it missing."
    )


@pytest.mark.parametrize("name", TIDY)
def test_a_frame_without_rows_is_refused(name, frames):
    with pytest.raises(TableError, match=rf"charts.{name} must have at least one row with"):
        draw(name, {name: frames[name].head(0)})


def test_importing_charts_loads_no_matplotlib():
    code = "import sys, servicepo; servicepo.charts; print('matplotlib' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_every_listed_chart_is_there():
    assert set(NAMES) < set(dir(sp.charts))
    for name in sp.charts.__all__:
        assert callable(getattr(sp.charts, name))
    with pytest.raises(AttributeError, match="has no attribute 'rankings_of'"):
        _ = sp.charts.rankings_of


def test_a_chart_stays_a_function_after_its_module_was_imported():
    import servicepo.charts.rankings

    assert servicepo.charts.ranking is servicepo.charts.rankings.ranking
