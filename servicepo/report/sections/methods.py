"""方法说明与附注: how everything was computed, ready for a methods section, and what to mind."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ... import __version__
from ...methods.disclosure import FEWEST
from ..material import Material
from ..pieces import Part, Section


def methods_section(material: Material) -> Section:
    """Write how the index and the analyses were computed.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    found = material.analyses
    results = (
        *(found.domains, found.grades, found.parties),
        *(found.weak, found.change, found.robustness),
    )
    parts: list[Part] = [
        material.index.methods(material.language),
        *(result.methods(material.language) for result in results if result is not None),
        material.say(
            "methods.software",
            servicepo=__version__,
            pandas=pd.__version__,
            numpy=np.__version__,
            seed=material.seed,
        ),
    ]
    return Section("methods", material.say("methods.title"), tuple(parts))


def notes_section(material: Material) -> Section:
    """Write what whoever uses the report must mind.

    Parameters
    ----------
    material : Material
        What is reported.

    Returns
    -------
    Section
    """
    parts: list[Part] = [material.say("notes.dash", fewest=FEWEST)]
    cells = int(material.hidden.to_numpy().sum())
    parts.append(material.say("notes.suppressed", fewest=FEWEST, cells=cells))
    parts.append(material.say("notes.relative"))
    if not material.names:
        parts.append(material.say("notes.codes"))
    if material.analyses.conventions:
        parts.append(material.say("notes.conventions"))
        parts += [w.said(material.language) for w in material.analyses.conventions]
    return Section("notes", material.say("notes.title"), tuple(parts))
