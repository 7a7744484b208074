"""Bad input, every word of every choice: refused by name and with a mend, never NaN in silence."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.methods.combined_weights import COMBINATIONS
from servicepo.methods.normalisation import fit_scale
from servicepo.methods.objective_weights import OBJECTIVE_WEIGHTS
from servicepo.methods.scalings import NORMALISATIONS
from servicepo.registry import AGGREGATES, IMPUTERS, TREATMENTS

FORM = re.compile(r".+, got .+[.:)] ?[A-Z].+\.", re.DOTALL)
HEAD = """
id = "four"
version = "1"
name = { zh = "四项", en = "Four" }
citation = "made for this test"
[[dimensions]]
code = "all"
name = { zh = "全部", en = "All" }
citation = "-"
"""
INDICATOR = """
[[dimensions.indicators]]
code = "{0}"
name = {{ zh = "项{0}", en = "Item {0}" }}
unit = "points"
full_mark = 100
source = {{ kind = "given" }}
"""
GOOD = pd.DataFrame(
    np.random.default_rng(0).uniform(10, 90, (8, 4)).round(1),
    index=pd.Index([f"o{i}" for i in range(8)], name="org"),
    columns=list("abcd"),
)


def with_cell(value):
    frame = GOOD.copy()
    frame.loc["o2", "b"] = value
    return frame


BAD = {
    "a constant column": GOOD.assign(b=5.0),
    "a column of zeros": GOOD.assign(b=0.0),
    "an all-missing column": GOOD.assign(b=np.nan),
    "a missing value": with_cell(np.nan),
    "a zero": with_cell(0.0),
    "a negative value": with_cell(-3.0),
    "an infinite value": with_cell(np.inf),
    "text": GOOD.assign(b="x"),
    "a repeated organisation": pd.concat([GOOD, GOOD.iloc[:1]]),
    "two organisations": GOOD.iloc[:2],
    "one organisation": GOOD.iloc[:1],
    "no organisation": GOOD.iloc[:0],
    "everybody alike": GOOD * 0 + 5,
}
NAMED = {"an infinite value": "'b'", "text": "'b'", "a repeated organisation": "o0"}
"""What no method can take, and what a refusal must name."""
ALONE = ("a column of zeros", "a negative value", "one organisation", "everybody alike")
"""What is tried on the formulas alone."""


@pytest.fixture(scope="module")
def framework(tmp_path_factory):
    path = tmp_path_factory.mktemp("four") / "four.toml"
    path.write_text(HEAD + "".join(INDICATOR.format(c) for c in "abcd"), encoding="utf-8")
    return sp.load_framework(path)


def dated(frame):
    rows = [frame.index, pd.PeriodIndex(["2024"] * len(frame), freq="Y")]
    return frame.set_axis(pd.MultiIndex.from_arrays(rows, names=["org", "period"]))


def outcome(call):
    """Return what a call gives, None where it refuses, and everything it says."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", MethodWarning)
        try:
            found = np.asarray(call(), dtype=float)
        except MethodError as refused:
            return None, str(refused)
    return found, " ".join(str(w.message) for w in caught)


def held(bad, found, said, *, missing=0):
    """Hold an answer against what must be: refused by name, or finite but for what is missing."""
    if found is None:
        assert FORM.fullmatch(said)
    if bad in NAMED:
        assert found is None, "taken as if nothing were"
        assert NAMED[bad] in said
    elif found is not None:
        assert not np.isinf(found).any()
        assert np.isnan(found).sum() <= missing


CHOICES = [
    *[{"weights": word} for word in OBJECTIVE_WEIGHTS],
    *[
        {"weights": {"method": word, "parts": ["entropy", "standard_deviation"]}}
        for word in COMBINATIONS
    ],
    *[{"aggregate": word} for word in AGGREGATES if word != "data_envelopment"],
    *[{"normalise": word} for word in NORMALISATIONS],
    *[{"treat": word} for word in TREATMENTS],
    *[{"impute": word} for word in IMPUTERS],
    {"normalise": "goalposts", "aggregate": "geometric"},
    {"normalise": "minmax_positive", "weights": "merec", "aggregate": "harmonic"},
]


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad not in ALONE])
def test_no_word_of_an_index_gives_nan_in_silence(framework, bad):
    values = dated(BAD[bad])
    for choices in CHOICES:
        found, said = outcome(lambda c=choices: sp.build_index(values, framework, **c).overall)
        # Where the missing one weighs more than a third, the rest is less than an index needs.
        held(bad, found, said, missing=1 if bad == "a missing value" else 0)
        if bad == "an all-missing column" and found is not None:
            assert "Item b" in said


@pytest.mark.parametrize("bad", BAD)
def test_no_weighting_gives_nan_in_silence(bad):
    for word, method in OBJECTIVE_WEIGHTS.items():
        found, said = outcome(lambda m=method: m(BAD[bad]))
        if word == "equal":  # it looks at the columns' number alone
            assert found.tolist() == [0.25] * 4
            continue
        held(bad, found, said)
        if bad in ("an all-missing column", "a missing value"):
            assert found is None
            assert "'b'" in said


@pytest.mark.parametrize("bad", BAD)
def test_no_aggregation_gives_nan_in_silence(bad):
    weights = pd.Series(0.25, index=list("abcd"))
    for word, method in AGGREGATES.items():
        options = {"inputs": ["a"]} if word == "data_envelopment" else {}
        held(bad, *outcome(lambda m=method, o=options: m(BAD[bad], weights, **o)))


@pytest.mark.parametrize("bad", BAD)
def test_no_normalisation_gives_nan_in_silence(bad):
    row = {"direction": "benefit", "low": 0.0, "high": 100.0, "target": 50.0, "full_mark": 100.0}
    bounds = pd.DataFrame([row] * 4, index=list("abcd"))
    for word in NORMALISATIONS:
        found = outcome(lambda w=word: fit_scale(BAD[bad], w, directions=bounds).apply(BAD[bad]))
        held(bad, *found, missing=1 if bad == "a missing value" else 0)
