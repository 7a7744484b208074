"""Evidence knows which scores had different full marks."""

import pandas as pd

from servicepo.tallying.evidence import Evidence


def evidence(marks):
    rows = [(org, pd.Period(year, "Y"), "style", mark) for org, year, mark in marks]
    table = pd.DataFrame(rows, columns=["org", "period", "indicator", "full_mark"])
    table = table.set_index(["org", "period", "indicator"])
    return Evidence(data=None, framework=None, freq="Y", as_of=None, table=table, sources=None)


def test_full_marks_are_mixed_within_a_period_or_over_time():
    found = evidence([("a", "2023", 150.0), ("b", "2023", 150.0), ("a", "2024", 100.0)])
    assert found.mixed_full_marks().empty
    assert found.mixed_full_marks(over_time=True).to_dict() == {("all", "style"): "100, 150"}


def test_full_marks_may_differ_between_classes():
    found = evidence([("a", "2023", 150.0), ("b", "2023", 100.0), ("c", "2023", None)])
    assert found.mixed_full_marks().to_dict() == {("all", "style"): "100, 150"}
    rows = found.table.index.droplevel("indicator")
    apart = pd.Series(["x", "y", "y"], index=rows)
    assert found.mixed_full_marks(apart).empty
    together = pd.Series(["x", "x", "y"], index=rows)
    before = together.copy()
    assert found.mixed_full_marks(together).to_dict() == {("x", "style"): "100, 150"}
    assert found.mixed_full_marks(together.iloc[:1]).empty
    pd.testing.assert_series_equal(together, before)


def test_the_first_period_speaks_for_all():
    marks = [("a", "2023", 150.0), ("b", "2023", 100.0), ("a", "2024", 40.0), ("b", "2024", 60.0)]
    assert evidence(marks).mixed_full_marks().iloc[0] == "100, 150"
