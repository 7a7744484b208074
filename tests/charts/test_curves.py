import numpy as np
import pandas as pd
import pytest

from servicepo.charts import cumulative_distribution, lorenz_curve, quantile_shift
from servicepo.errors import TableError


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_steps_are_the_shares_with_at_most_each_score():
    frame = pd.DataFrame(
        {"domain": ["rural"] * 4 + ["organs"], "score": [60.0, 50.0, 60.0, 80.0, 70.0]}
    )
    ax = cumulative_distribution(frame)
    x, y = ax.lines[0].get_data()
    for score in (50, 55, 60, 70, 80):
        assert y[x <= score].max() == (frame["score"][:4] <= score).mean()
    assert legend(ax) == ["农村（村、社区）（n = 4）", "机关事业（n = 1）"]
    assert ax.get_ylabel() == "得分不高于该值的组织占比"


def test_of_several_periods_the_last_is_drawn_and_missing_scores_are_not():
    frame = pd.DataFrame(
        {"domain": "rural", "score": [1.0, 2.0, np.nan], "period": ["2023", "2024", "2024"]}
    )
    ax = cumulative_distribution(frame, language="en")
    assert legend(ax) == ["rural (n = 1)"]
    assert ax.get_xlabel() == "Score (2024)"


def test_a_lorenz_curve_for_each_group_below_equality():
    points = {"population_share": [0.0, 0.5, 1.0], "value_share": [0.0, 0.3, 1.0]}
    frame = pd.concat(
        [pd.DataFrame({**points, "group": g, "gini": 0.2}) for g in ("organs", "rural")]
    )
    ax = lorenz_curve(frame.sample(frac=1, random_state=0))
    assert legend(ax) == ["完全平均", "农村（村、社区）\n基尼系数 0.200", "机关事业 基尼系数 0.200"]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [0, 0.3, 1])
    assert ax.get_aspect() == 1


def test_differences_with_intervals_and_band():
    frame = pd.DataFrame(
        {
            "quantile": [0.5, 0.1],
            "difference": [2.0, -1.0],
            "low": [1.0, -3.0],
            "high": [3.5, 1.0],
            "band_low": [0.0, -4.0],
            "band_high": [4.0, 2.0],
        }
    )
    ax = quantile_shift(frame, names=["rural", "organs"], language="en")
    assert legend(ax) == ["95 % band of all together", "difference with 95 % interval"]
    assert ax.get_ylabel() == "Difference of scores: organs − rural"
    bars = ax.collections[-1].get_segments()
    np.testing.assert_allclose(bars[1], [[0.5, 1.0], [0.5, 3.5]])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["10%", "50%"]


def test_without_names_and_intervals_the_line_is_alone():
    ax = quantile_shift(pd.DataFrame({"quantile": [0.5], "difference": [2.0]}))
    assert legend(ax) == ["得分之差"]
    assert ax.get_ylabel() == "得分之差"


def test_a_quantile_that_stands_twice_is_refused():
    frame = pd.DataFrame({"quantile": [0.5, 0.5], "difference": [2.0, 1.0]})
    with pytest.raises(TableError, match=r"one row for each quantile, got '0\.5' more than once"):
        quantile_shift(frame)
