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


def watched():
    """Return two organisations' months between control limits, with signals of every look."""
    months = pd.period_range("2024-01", periods=8, freq="M")
    frame = pd.DataFrame(
        {
            "org": np.repeat(["甲村", "乙村"], 8),
            "period": [*months, *months],
            "value": [80.0, 82, 81, 60, 83, 84, 95, 80, 80.0, 81, 82, 83, 79, 78, 77, np.nan],
        }
    )
    marks = ["none", "none", "none", "below_limit", "none", "run_above", "above_limit", "none"]
    signals = [*marks, *["none"] * 4, "falling_run", "falling_run", "two_of_three_below", "none"]
    return frame.assign(centre=80.0, low=70.0, high=90.0, signal=signals)


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
        "slope": pd.DataFrame(
            {
                "org": ["甲村", "乙村", "丙校"] * 3,
                "period": pd.period_range("2022", "2024", freq="Y").repeat(3),
                "score": np.linspace(50.0, 70.0, 9),
            }
        ),
        "waterfall": pd.DataFrame(
            {
                "step": ["start", "服务意识", "服务作风", "weights", "end"],
                "amount": [60.0, 3.0, -1.5, 0.04, 61.54],
                "low": [0.0, 60.0, 61.5, 61.5, 0.0],
                "high": [60.0, 63.0, 63.0, 61.54, 61.54],
                "kind": ["total", "rise", "fall", "rise", "total"],
            }
        ),
        "control_chart": watched(),
        "grade_shares": pd.DataFrame(
            {
                "org": np.repeat(table["org"].to_numpy()[:4], 3),
                "grade": ["good", "average", "poor"] * 4,
                "share": [0.5, 0.3, 0.2, 1.0, 0.0, 0.0, 0.05, 0.9, 0.05, 0.0, 0.1, 0.9],
            }
        ),
        "survival_curves": pd.DataFrame(
            {
                "group": ["hotline"] * 3 + ["visits"] * 2,
                "time": [2.0, 5.0, 9.0, 1.0, 4.0],
                "survival": [0.8, 0.5, 0.2, 0.6, 0.1],
            }
        ),
        "calendar": pd.DataFrame(
            {"date": pd.date_range("2023-12-20", "2024-02-10"), "value": range(53)}
        ),
        "backlog": pd.DataFrame(
            {
                "period": pd.period_range("2024-01", "2024-06", freq="M"),
                "open": [5, 9, 7, 4, 6, 8],
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
