"""Small datasets made by hand, row by row."""

import pandas as pd
import pytest

from servicepo.framework import load_framework
from servicepo.tables import Dataset, dtype_of, empty


def table(name, rows):
    """Make one table from a list of dicts; what is not said is missing."""
    made = empty(name)
    if not rows:
        return made
    frame = pd.DataFrame(rows)
    if name == "organisations":
        frame = frame.set_index("org")
    frame = frame.reindex(columns=made.columns)
    kinds = {column: dtype_of(column) for column in frame.columns}
    return frame.astype(kinds)


@pytest.fixture
def dataset():
    """Make a Dataset from lists of dicts."""

    def dataset(organisations=(), evaluations=(), services=(), surveys=(), layout=()):
        return Dataset(
            organisations=table("organisations", list(organisations)),
            evaluations=table("evaluations", list(evaluations)),
            services=table("services", list(services)),
            surveys=table("surveys", list(surveys)),
            problems=empty("problems"),
            sources=empty("sources"),
            layout=table("layout", list(layout)),
        )

    return dataset


@pytest.fixture
def framework(tmp_path):
    """Make a framework of one dimension from lines per indicator."""

    def framework(*indicators, head=""):
        blocks = "".join(
            f'[[dimensions.indicators]]\ncode = "i{n}"\nname = "指标"\nunit = "points"\n{lines}\n'
            for n, lines in enumerate(indicators)
        )
        text = f'id = "f"\nname = "体系"\ncitation = "无"\n{head}\n'
        text += f'[[dimensions]]\ncode = "d"\nname = "维"\n{blocks}'
        path = tmp_path / "f.toml"
        path.write_text(text, encoding="utf-8")
        return load_framework(path)

    return framework
