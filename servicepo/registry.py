"""The words of `build_index`, and the functions of the toolbox that they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, Final

from .methods.aggregation import AGGREGATIONS
from .methods.data_envelopment import efficiency
from .methods.fuzzy_evaluation import fuzzy_scores
from .methods.imputation import IMPUTATIONS, Imputed, impute
from .methods.promethee import promethee
from .methods.rank_sum_ratio import rank_sum_ratio
from .methods.ranking import grey_relation, topsis, vikor
from .methods.treatment import TRANSFORMS, Treated, transform, treat_skew, winsorise

Aggregation = Callable[..., Any]


def _marked(function: Aggregation, read: Callable[[Any], Any]) -> Aggregation:
    """Turn a ranking method into marks of 0..100, more is better."""

    @wraps(function)
    def marks(x: Any, weights: Any, **options: Any) -> Any:
        return 100 * read(function(x, weights, **options))

    return marks


RANKINGS: Final[Mapping[str, Aggregation]] = MappingProxyType(
    {
        "topsis": _marked(topsis, lambda made: made.closeness),
        "vikor": _marked(vikor, lambda made: 1 - made.q),
        "grey_relation": _marked(grey_relation, lambda made: made.grade),
        "promethee": _marked(promethee, lambda made: (1 + made.net) / 2),
        "rank_sum_ratio": _marked(rank_sum_ratio, lambda made: made.table["rsr"]),
        "data_envelopment": _marked(efficiency, lambda made: made),
    }
)
"""Ranking methods as marks: closeness, 1 - Q, grade, (1 + net flow) / 2, RSR, efficiency; × 100."""

AGGREGATES: Final[Mapping[str, Aggregation]] = MappingProxyType(
    {**AGGREGATIONS, **RANKINGS, "fuzzy_evaluation": fuzzy_scores}
)
"""Every word that `build_index` takes as ``aggregate``."""

TREATMENTS: Final[Mapping[str, Callable[..., Treated]]] = MappingProxyType(
    {
        "skew": treat_skew,
        **{rule: partial(winsorise, rule=rule) for rule in ("percentile", "iqr", "mad")},
        **{word: partial(transform, method=word) for word in TRANSFORMS},
    }
)
"""Every word that `build_index` takes as ``treat``."""

IMPUTERS: Final[Mapping[str, Callable[..., Imputed]]] = MappingProxyType(
    {word: partial(impute, method=word) for word in IMPUTATIONS}
)
"""Every word that `build_index` takes as ``impute``."""
