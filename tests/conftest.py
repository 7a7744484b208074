"""What the tests share: the folder of published examples, where it stands beside the project."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of published examples and real inputs; skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of published examples does not stand beside this project")
    return folder


SMALL = """
id = "small"
version = "1"
name = { zh = "小体系", en = "Small" }
citation = "made for the tests"
source_weights = { superior = 1 }

[[dimensions]]
code = "team"
name = { zh = "班子", en = "Team" }
citation = "-"
[[dimensions.indicators]]
code = "team_awareness"
name = { zh = "服务意识", en = "Awareness" }
unit = "points"
full_mark = 100
source = { kind = "evaluation", item = ["服务意识"] }
[[dimensions.indicators]]
code = "team_style"
name = { zh = "服务作风", en = "Style" }
unit = "points"
full_mark = 100
source = { kind = "evaluation", item = ["服务作风"] }
[[dimensions.indicators]]
code = "task_village"
name = { zh = "村服务任务", en = "Village task" }
unit = "points"
full_mark = 100
sectors = ["village"]
source = { kind = "evaluation", item = ["村服务任务"] }

[[dimensions]]
code = "results"
name = { zh = "业绩", en = "Results" }
citation = "-"
[[dimensions.indicators]]
code = "results_welcomed"
name = { zh = "群众欢迎", en = "Welcomed" }
unit = "share"
goalposts = [0, 1]
[dimensions.indicators.source]
kind = "survey"
question = ["总体满意度"]
scale = { satisfied = 1, mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0 }
unknown = "exclude"
"""


@pytest.fixture(scope="session")
def small_index(tmp_path_factory):
    """Return a function: values, organisations and errors -> an index on a small framework.

    Scores are marks out of 100; two dimensions weigh one half each. ``errors`` (frame like the
    values) and ``full_marks`` (Series by org) become the evidence behind the values.
    """
    import servicepo as sp
    from servicepo.tallying.evidence import Evidence, Values

    path = tmp_path_factory.mktemp("frameworks") / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    framework = sp.load_framework(path)

    def build(values, organisations=None, *, errors=None, full_marks=None, **choices):
        values = values.rename_axis(columns=None)
        if errors is not None or full_marks is not None:
            long = values.melt(ignore_index=False, var_name="indicator", value_name="value")
            long = long.dropna().set_index("indicator", append=True)
            if errors is not None:
                errors = errors.melt(ignore_index=False, var_name="indicator")
                errors = errors.set_index("indicator", append=True)["value"]
                long["standard_error"] = errors.reindex(long.index)
            else:
                long["standard_error"] = float("nan")
            orgs = long.index.get_level_values("org")
            marks = float("nan") if full_marks is None else orgs.map(full_marks)
            long = long.assign(numerator=50 * long["value"], denominator=50.0, n=50.0)
            long["full_mark"] = marks
            values = Values(values)
            values.evidence = Evidence(
                data=None, framework=framework, freq="Y", as_of=None, table=long, sources=None
            )
        kept = {"normalise": "goalposts", **choices}
        return sp.build_index(values, framework, organisations=organisations, **kept)

    return build
