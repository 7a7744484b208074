"""Weights of a level from comparisons that stand in a framework's file."""

import pandas as pd
import pytest

from servicepo.declared import Table
from servicepo.methods.elicitation import best_worst, order_relation
from servicepo.weighting import take_level

CODES = ["team", "places", "results"]
NONE = [(code, float("nan")) for code in CODES]


def taken(weights):
    problems = []
    weighting, found = take_level(Table({"weights": weights}, "$", problems), "dimensions", NONE)
    return weighting, found, problems


def test_best_worst_weights_come_from_the_comparisons():
    best, worst = [2, 8, 1], [4, 1, 8]
    lists = {"best_to_others": best, "others_to_worst": worst}
    weighting, found, problems = taken({"method": "best_worst", **lists})
    assert problems == []
    assert (weighting.method, weighting.choice) == ("best_worst", None)
    own = best_worst(pd.Series(best, CODES), pd.Series(worst, CODES)).weights
    assert found == pytest.approx(own.tolist())


def test_order_relation_weights_come_in_the_order_of_the_file():
    order = ["results", "team", "places"]
    weighting, found, problems = taken(
        {"method": "order_relation", "order": order, "ratios": [1.2, 1.4]}
    )
    assert problems == []
    assert weighting.method == "order_relation"
    own = order_relation(order, [1.2, 1.4])
    assert found == own[CODES].tolist()
    assert own["results"] / own["team"] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        (
            {"method": "best_worst", "best_to_others": [1, 2, 8]},
            "best_worst must have the lists best_to_others and others_to_worst, "
            "got [[1, 2, 8], None] (at $.weights). Write both, as shown in docs/frameworks.md.",
        ),
        (
            {"method": "order_relation", "order": ["team", "places"], "ratios": [1.2]},
            "order must name each of team, places, results once, got ['team', 'places'] "
            "(at $.weights). Correct it.",
        ),
    ],
)
def test_wrong_comparisons_are_told_with_their_place(weights, problem):
    assert taken(weights)[2] == [problem]


@pytest.mark.parametrize("best", [[1, 2], ["a", 2, 8], [2, 2, 8]])
def test_what_the_method_refuses_is_a_mistake_of_the_file(best):
    _, weights, problems = taken(
        {"method": "best_worst", "best_to_others": best, "others_to_worst": [8, 4, 1]}
    )
    assert weights == [1.0, 1.0, 1.0]
    assert len(problems) == 1
    assert "(at $.weights). " in problems[0]
