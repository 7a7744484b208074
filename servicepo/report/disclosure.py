"""What may not be shown: survey results from too few answers, and what would give them away."""

from __future__ import annotations

import pandas as pd

from ..index import Index
from ..methods.disclosure import FEWEST


def suppressed(index: Index) -> pd.DataFrame:
    """Find the cells of (org, period) x indicator that no output may show.

    A survey result from fewer than 10 answers is one of them. Its dimension's score would give it
    away beside the other indicators of the dimension, so these are not shown either.

    Parameters
    ----------
    index : Index
        An index whose values were tallied; without evidence the numbers of answers are not known
        and nothing is found.

    Returns
    -------
    DataFrame
        True where a cell may not be shown, like ``index.values``.

    Examples
    --------
    >>> import servicepo as sp
    >>> framework = sp.load_framework("six_haves")
    >>> rows = pd.MultiIndex.from_product([["a"], pd.period_range("2024", periods=1, freq="Y")],
    ...                                   names=["org", "period"])
    >>> values = pd.DataFrame({i.code: [50.0] for i in framework.applicable()[:3]}, index=rows)
    >>> bool(suppressed(sp.build_index(values, framework, normalise="score_rate")).any(axis=None))
    False
    """
    values = index.values
    hidden = pd.DataFrame(False, index=values.index, columns=values.columns)
    if index.evidence is None:
        return hidden
    table = index.evidence.table
    answers = table["n"].unstack("indicator")  # noqa: PD010 (a Series has no pivot_table)
    for dimension in index.framework.dimensions:
        codes = [i.code for i in dimension.indicators if i.code in values.columns]
        asked = [
            i.code
            for i in dimension.indicators
            if i.source["kind"] == "survey" and i.code in answers.columns and i.code in codes
        ]
        few = answers[asked].reindex(values.index).lt(FEWEST).any(axis=1)
        for code in codes:
            hidden[code] = few
    return hidden
