"""The manifest: what a report was made from and with, so that it can be made again and checked."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from hashlib import sha256

import numpy as np
import pandas as pd

from .. import __version__
from ..index import Index
from .pieces import Content


def compose_manifest(content: Content, index: Index, files: Mapping[str, bytes]) -> bytes:
    """Write the manifest.

    Parameters
    ----------
    content : Content
        The report, with its choices.
    index : Index
        What was reported.
    files : mapping
        Path inside the report -> bytes.

    Returns
    -------
    bytes
        JSON; no clock time, no absolute path: the same report gives the same bytes.
    """
    framework = index.framework
    manifest = {
        "servicepo": __version__,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pandas": pd.__version__,
        },
        "framework": {"id": framework.id, "version": framework.version},
        "choices": dict(content.choices),
        "inputs": _inputs(index),
        "files": {name: sha256(file).hexdigest() for name, file in sorted(files.items())},
    }
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _inputs(index: Index) -> list[dict[str, object]]:
    """List the sheets that were read, each with the digest of its file."""
    if index.evidence is None:
        return []
    sources = index.evidence.data.sources
    told = [c for c in ("file", "sheet", "table", "records", "kept", "sha256") if c in sources]
    rows: list[dict[str, object]] = json.loads(sources[told].to_json(orient="records"))
    return rows
