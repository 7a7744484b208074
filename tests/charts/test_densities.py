import numpy as np
import pandas as pd
import pytest

from servicepo.charts import density_ridges
from servicepo.errors import TableError


def ridge(groups, peaks, name="group"):
    grid = np.linspace(0, 100, 21)
    parts = [
        pd.DataFrame(
            {name: g, "score": grid, "density": p * np.exp(-(((grid - 60) / 9) ** 2)), "n": 9}
        )
        for g, p in zip(groups, peaks, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def test_ridges_stand_in_order_and_share_one_scale():
    ax = density_ridges(ridge(["organs", "rural"], [0.02, 0.04]))
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "农村（村、社区）\nn = 9",
        "机关事业\nn = 9",
    ]
    curves = [line.get_ydata() for line in ax.lines[::2]]
    rises = [place - curve.min() for place, curve in enumerate(curves)]
    assert rises == pytest.approx([1.5, 0.75])  # the second is half as high
    assert ax.get_xlim() == (0, 100)
    assert ax.get_xlabel() == "得分"


def test_years_stand_in_their_order_in_one_colour():
    frame = ridge(["2024", "2022", "2023"], [0.02] * 3, name="period").drop(columns="n")
    ax = density_ridges(frame, by="period", language="en")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2022", "2023", "2024"]
    assert len({line.get_color() for line in ax.lines}) == 1


def test_a_point_that_stands_twice_is_refused():
    frame = ridge(["rural", "rural"], [0.02, 0.03])
    with pytest.raises(TableError, match="must have one row for each group and score"):
        density_ridges(frame)
