import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

DIMENSIONS = {
    "team": "领导班子",
    "backbone": "骨干队伍",
    "premises": "服务场所",
    "vehicles": "服务载体",
    "institutions": "制度机制",
    "results": "服务业绩",
}


@pytest.fixture(autouse=True)
def no_open_figures():
    plt.close("all")
    yield
    plt.close("all")


def county(n=12, seed=0):
    """Return n organisations of three domains with scores and ranks."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "org": [f"中共清河县东风镇第{i}村（社区）总支部委员会" for i in range(n)],
            "domain": rng.choice(["organs", "rural", "enterprise"], n),
            "score": rng.normal(65, 12, n).clip(0, 100),
        }
    )
    return frame.assign(rank=frame["score"].rank(ascending=False))


def example_frames():
    """Return one frame for every chart."""
    table = county()
    middle = table["rank"]
    domains = ["rural", "enterprise", "organs"]
    wide = pd.DataFrame(np.linspace(40, 90, 18).reshape(3, 6), domains, list(DIMENSIONS))
    grid = pd.MultiIndex.from_product([["好", "较好", "一般"]] * 2, names=["before", "after"])
    moves = pd.DataFrame({"count": range(1, 10)}, index=grid).reset_index()
    totals = moves.groupby("before", sort=False)["count"].transform("sum")
    return {
        "ranking": table[["org", "score", "rank"]],
        "rank_intervals": table[["org"]].assign(median=middle, low=middle - 1, high=middle + 2),
        "dimensions_radar": wide,
        "dimensions_heatmap": wide,
        "domain_distribution": table[["domain", "score"]],
        "density_ridges": pd.DataFrame(
            {
                "group": np.repeat(domains, 11),
                "score": np.tile(np.linspace(0.0, 100, 11), 3),
                "density": np.tile([0, 0, 0, 0.001, 0.01, 0.03, 0.03, 0.02, 0.01, 0, 0], 3),
            }
        ),
        "cumulative_distribution": table[["domain", "score"]],
        "lorenz_curve": pd.DataFrame(
            {"population_share": [0.0, 0.3, 0.6, 1.0], "value_share": [0.0, 0.1, 0.4, 1.0]}
        ),
        "quantile_shift": pd.DataFrame({"quantile": [0.1, 0.5, 0.9], "difference": [-1.0, 2, 5]}),
        "weights": pd.DataFrame(
            {
                "dimension": ["team", "team", "results"],
                "indicator": ["服务意识", "服务作风", "群众欢迎"],
                "local_weight": [0.25, 0.75, 1.0],
                "global_weight": [0.1, 0.3, 0.6],
            }
        ),
        "funnel": table[["org"]].assign(
            value=np.linspace(0.3, 0.95, len(table)),
            denominator=np.arange(1, len(table) + 1) * 10,
            target=0.8,
            low_95=0.7,
            high_95=0.9,
            low_998=0.6,
            high_998=1.0,
        ),
        "weak_reasons": pd.DataFrame({"reason": ["服务作风", "便于议事"], "count": [3, 7]}),
        "trend": pd.DataFrame(
            {
                "period": pd.period_range("2022", "2024", freq="Y").repeat(3),
                "domain": domains * 3,
                "mean": np.linspace(50.0, 70.0, 9),
            }
        ),
        "transition_matrix": moves.assign(probability=moves["count"] / totals),
    }


@pytest.fixture
def frames():
    return example_frames()


@pytest.fixture
def organisations():
    return county
