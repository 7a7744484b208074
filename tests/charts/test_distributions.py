import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import FillBetweenPolyCollection, PathCollection

from servicepo.charts import domain_distribution
from servicepo.charts.distributions import MOST_POINTS, thinned


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def points(ax):
    return [c for c in ax.collections if isinstance(c, PathCollection)]


def test_each_domain_has_its_n_and_its_points(organisations):
    table = organisations(60)
    ax = domain_distribution(table)
    sizes = table["domain"].value_counts()
    assert labels(ax) == [
        f"{zh}\nn = {sizes[code]}"
        for code, zh in (
            ("rural", "农村（村、社区）"),
            ("enterprise", "企业"),
            ("organs", "机关事业"),
        )
    ]
    for cloud, code in zip(points(ax), ("rural", "enterprise", "organs"), strict=True):
        drawn = cloud.get_offsets()[:, 0]
        np.testing.assert_array_equal(drawn, table["score"][table["domain"] == code].sort_values())


def test_the_box_stands_at_the_quartiles():
    frame = pd.DataFrame({"domain": "rural", "score": np.arange(101.0)})
    ax = domain_distribution(frame)
    box = ax.patches[0].get_path().vertices
    assert (box[:, 0].min(), box[:, 0].max()) == (25, 75)
    median = next(line for line in ax.lines if line.get_linewidth() == 1.8)
    assert set(median.get_xdata()) == {50}


def test_violins_stand_above_and_points_below_the_box(organisations):
    ax = domain_distribution(organisations(60))
    violin = next(c for c in ax.collections if isinstance(c, FillBetweenPolyCollection))
    assert violin.get_paths()[0].vertices[:, 1].max() < 0
    assert points(ax)[0].get_offsets()[:, 1].min() > 0


@pytest.mark.parametrize("scores", [[50.0], [50.0, 60.0, 70.0, 80.0]])
def test_few_scores_are_points_only(scores):
    ax = domain_distribution(pd.DataFrame({"domain": "rural", "score": scores}))
    assert len(points(ax)) == len(ax.collections) == 1
    assert len(ax.patches) == 0


def test_equal_scores_have_a_box_but_no_violin():
    ax = domain_distribution(pd.DataFrame({"domain": "rural", "score": [80.0] * 9}))
    assert len(ax.collections) == 1
    assert len(ax.patches) == 1


def test_rows_without_a_domain_are_a_group_and_without_a_score_are_not_counted():
    frame = pd.DataFrame({"domain": ["rural", None, "rural"], "score": [1.0, 2.0, np.nan]})
    assert labels(domain_distribution(frame)) == ["农村（村、社区）\nn = 1", "未注明\nn = 1"]


def test_another_column_may_hold_the_groups():
    frame = pd.DataFrame({"sector": ["school", "village"], "score": [1.0, 2.0]})
    ax = domain_distribution(frame, by="sector", language="en")
    assert labels(ax) == ["village\nn = 1", "school\nn = 1"]


def test_many_points_are_thinned_and_rasterised_and_the_axis_says_so():
    frame = pd.DataFrame({"domain": "rural", "score": np.linspace(0, 100, 6000)})
    ax = domain_distribution(frame)
    cloud = points(ax)[0]
    assert len(cloud.get_offsets()) == MOST_POINTS
    assert cloud.get_rasterized()
    assert labels(ax) == ["农村（村、社区）\nn = 6000"]
    assert ax.get_xlabel() == "得分\n每组至多画 1000 个点"


def test_thinning_keeps_the_ends_and_the_order():
    kept = thinned(np.arange(10_001.0))
    assert (kept[0], kept[-1], len(kept)) == (0, 10_000, MOST_POINTS)
    assert (np.diff(kept) > 0).all()
    few = np.arange(5.0)
    assert thinned(few) is few
