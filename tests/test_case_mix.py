"""Case mix of a ledger: the slow way, planted truth, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.errors import MethodError, TableError
from servicepo.tables import Dataset, dtype_of, empty

AS_OF = "2024-12-31"


def dataset(events):
    made = empty("services")
    frame = events.reindex(columns=made.columns)
    frame = frame.astype({c: dtype_of(c) for c in frame.columns})
    others = {
        name: empty(name)
        for name in ("organisations", "evaluations", "surveys", "problems", "sources", "layout")
    }
    return Dataset(services=frame, **others)


def ledger(seed=0, orgs=30, each=120, bad=()):
    """Hard cases are late far more often, and some organisations get most of them."""
    rng = np.random.default_rng(seed)
    org = np.repeat(np.arange(orgs), each)
    hard = rng.random(len(org)) < np.linspace(0.1, 0.9, orgs)[org]
    chance = np.where(hard, 0.3, 0.03) * np.where(np.isin(org, bad), 2.0, 1.0)
    late = rng.random(len(org)) < chance
    accepted = pd.Timestamp("2024-01-02") + pd.to_timedelta(rng.integers(0, 300, len(org)), "D")
    return pd.DataFrame(
        {
            "org": [f"村{o:02d}" for o in org],
            "accepted": accepted,
            "due": accepted + pd.Timedelta(days=10),
            "replied": accepted + pd.to_timedelta(np.where(late, 15, 5), "D"),
            "need": np.where(hard, "dispute", "schooling"),
            "way": rng.choice(["direct", "agency"], len(org)),
            "satisfaction": np.where(late, "dissatisfied", "satisfied"),
            "late": late,
        }
    )


def test_observed_and_expected_slowly():
    events = ledger()
    data = dataset(events)
    before = data.services.copy()
    found = sp.adjust_case_mix(data, by=["need", "way"], as_of=AS_OF)
    pd.testing.assert_frame_equal(data.services, before)
    kind = events["need"] + events["way"]
    rate = events.groupby(kind)["late"].mean()
    table = found.table.droplevel("period")
    for org, own in events.groupby("org"):
        assert table.loc[org, "observed"] == own["late"].sum()
        assert table.loc[org, "expected"] == pytest.approx(kind[own.index].map(rate).sum())
    np.testing.assert_allclose(found.mix.sum(axis=1), 1)
    assert found.reference.shape == (1, 4)
    assert repr(found).startswith("CaseMix(late by need, way: 30 ratios, ")


def test_hard_cases_excuse_and_bad_handling_does_not():
    events = ledger(seed=1, each=400, bad=(2, 3))
    found = sp.adjust_case_mix(dataset(events), as_of=AS_OF).table.droplevel("period")
    crude = events.groupby("org")["late"].mean()
    # By the crude rate those with the hard cases look worst, the two that are bad look good.
    assert crude.rank()[["村02", "村03"]].max() < 20
    assert (found.loc[["村02", "村03"], "low"] > 1).all()
    assert found["ratio"].nlargest(2).index.sort_values().tolist() == ["村02", "村03"]
    rest = found.drop(["村02", "村03"])
    assert ((rest["low"] <= 1) & (rest["high"] >= 1)).mean() > 0.85
    assert found["rate"].nlargest(2).index.sort_values().tolist() == ["村02", "村03"]


def test_other_outcomes_and_what_is_not_classified():
    events = ledger()
    events.loc[:9, "need"] = None
    unhappy = sp.adjust_case_mix(dataset(events), outcome="dissatisfied", as_of=AS_OF)
    assert unhappy.unclassified == 10
    assert unhappy.table["observed"].sum() == events["late"][10:].sum()
    opened = sp.adjust_case_mix(dataset(events), outcome="open", as_of="2024-06-30")
    then = events[10:][events["accepted"][10:] <= "2024-06-30"]
    assert opened.table["observed"].sum() == (then["replied"] > "2024-06-30").sum()


def test_the_methods_say_what_may_be_compared():
    found = sp.adjust_case_mix(dataset(ledger(orgs=4, each=40)), as_of=AS_OF)
    assert "只能与 1 比较，不能在组织之间互比" in found.methods()
    assert "may be compared with 1 but not with another" in found.methods("en")
    assert "需求类型" in found.methods()
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        (
            {"by": "neeed"}, MethodError,
            "by must be one of 'service', 'need', 'channel', 'tier', 'way', 'disposal', 'visit', "
            "'activity', 'satisfaction', 'first_asked', 'reopened', 'called_back', got 'neeed'. "
            "Did you mean 'need'?",
        ),
        (
            {"outcome": "lat"}, MethodError,
            "outcome must be one of 'late', 'open', 'reopened', 'dissatisfied', got 'lat'. "
            "Did you mean 'late'?",
        ),
        (
            {"by": "satisfaction", "outcome": "dissatisfied"}, MethodError,
            "by must name columns other than the outcome's, got 'satisfaction' for "
            "'dissatisfied'. Take the kind of need or service.",
        ),
        (
            {"by": "channel"}, TableError,
            "The ledger must record channel and due, got no event with both. "
            "Complete these columns or take others.",
        ),
    ],
)  # fmt: skip
def test_refusals(choices, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        sp.adjust_case_mix(dataset(ledger(orgs=2, each=5)), **choices)


def test_a_ledger_on_disk_gives_the_same(tmp_path):
    events = ledger(orgs=6, each=60).drop(columns="late")
    events.to_parquet(tmp_path / "events.parquet")
    known = sp.adjust_case_mix(dataset(events), as_of=AS_OF)
    opened = sp.open_ledger(tmp_path / "events.parquet")
    found = sp.adjust_case_mix(dataset(events[:0]), as_of=AS_OF, ledger=opened)
    pd.testing.assert_frame_equal(found.table, known.table)
    assert found.unclassified == known.unclassified == 0
