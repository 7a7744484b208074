"""The methods sentence: one paragraph that names every choice behind an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from .choices import Choices, named, veto_of
from .framework import Framework
from .labels import Language, word
from .preparing import Prepared
from .tables import period_text


def methods_sentence(
    framework: Framework,
    choices: Choices,
    prepared: Prepared,
    *,
    rows: pd.Index,
    codes: Sequence[object],
    dimensions: int,
    coverage: float,
    vetoed: int | None,
    language: Language,
) -> str:
    """Name every choice, what was imputed and treated included.

    Parameters
    ----------
    framework, choices, prepared
        Of the index.
    rows : Index
        (org, period).
    codes : sequence
        The indicators that were used.
    dimensions : int
        How many dimensions there are.
    coverage : float
        Mean share of the weight that was present.
    vetoed : int or None
        Rows held down by a veto; None where none was asked for.
    language : {"zh", "en"}

    Returns
    -------
    str
    """
    comma = "、" if language == "zh" else ", "
    periods = period_text(pd.PeriodIndex(rows.get_level_values("period")))
    available = choices.available
    least = available.get("overall", 2 / 3) if isinstance(available, Mapping) else available
    parts = [
        word("methods.index", language).format(
            framework=framework.kind(language),
            version=framework.version,
            dimensions=dimensions,
            indicators=len(codes),
            organisations=rows.get_level_values("org").nunique(),
            periods=comma.join(dict.fromkeys(periods)),
            normalise=named(choices.normalise, "normalise", language),
            weights=named(choices.weights, "weights", language),
            aggregate=named(choices.aggregate, "aggregate", language),
            available=f"{least:.0%}",
            coverage=f"{coverage:.1%}",
        ),
        *_preparation(choices, prepared, language),
    ]
    if vetoed is not None:
        rule = veto_of(choices.aggregate) or {}
        limits = comma.join(
            f"{framework.indicator(code).label(language)} {limit:g}"
            for code, limit in rule["thresholds"].items()
        )
        parts.append(word("methods.veto", language).format(limits=limits, n=vetoed))
    if framework.source_weights:
        shares = [
            f"{word(f'source.{source}', language)} {share:.0%}"
            for source, share in framework.source_weights.items()
        ]
        parts.append(word("methods.sources", language).format(sources=comma.join(shares)))
    for domain, weights in framework.source_weights_by_domain.items():
        shares = [f"{word(f'source.{s}', language)} {share:.0%}" for s, share in weights.items()]
        parts.append(
            word("methods.sources_in", language).format(
                domain=word(f"domain.{domain}", language), sources=comma.join(shares)
            )
        )
    if illustrative := len(framework.illustrative_numbers()):
        parts.append(word("methods.illustrative", language).format(n=illustrative))
    return "".join(parts)


def _preparation(choices: Choices, prepared: Prepared, language: Language) -> list[str]:
    """Tell what was screened, imputed and treated, with numbers."""
    told = []
    if prepared.screened is not None:
        told.append(
            word("methods.screened", language).format(
                organisations=int((~prepared.screened.organisations["kept"]).sum()),
                indicators=int((~prepared.screened.indicators["kept"]).sum()),
            )
        )
    if prepared.imputed is None:
        told.append(word("methods.not_imputed", language))
    else:
        cells = int(prepared.imputed.mask.to_numpy().sum())
        told.append(
            word("methods.imputed", language).format(
                impute=named(choices.impute, "impute", language),
                cells=cells,
                share=f"{cells / prepared.imputed.mask.size:.1%}",
            )
        )
    if prepared.treated is not None:
        told.append(
            word("methods.treated", language).format(
                treat=named(choices.treat, "treat", language),
                indicators=int((prepared.treated.indicators["treatment"] != "none").sum()),
                points=len(prepared.treated.points),
            )
        )
    return told
