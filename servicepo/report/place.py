"""Where a report is put: never over anything else, and never half of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..errors import MethodError

MANIFEST: Final = "manifest.json"


def refuse_strangers(out: Path) -> None:
    """Refuse a place that holds anything but a former report.

    Parameters
    ----------
    out : Path
        The folder a report is to be put into.

    Raises
    ------
    MethodError
        For a file, and for a folder with a file that no former report lists.

    Examples
    --------
    >>> refuse_strangers(Path("a folder that is not there yet"))
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise MethodError(f"out must be a folder, got the file {str(out)!r}. Name another place.")
    known = {MANIFEST}
    former = out / MANIFEST
    if former.is_file():
        try:
            known |= set(json.loads(former.read_text(encoding="utf-8"))["files"])
        except (ValueError, KeyError, TypeError):
            known = set()
    found = (p.relative_to(out).as_posix() for p in sorted(out.rglob("*")) if not p.is_dir())
    if stranger := next((name for name in found if name not in known), None):
        raise MethodError(
            f"out must be new, empty or hold a former report only, got {stranger!r} in "
            f"{str(out)!r}. Move it away or name another folder."
        )


def put(files: Mapping[str, bytes], out: Path) -> None:
    """Write all files beside the place, then put them there in one move.

    Parameters
    ----------
    files : mapping
        Path inside the folder -> bytes.
    out : Path
        The folder; whatever stands there is replaced, and kept where writing fails.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     put({"figures/a.svg": b"<svg/>"}, Path(folder, "out"))
    ...     [path.name for path in Path(folder).rglob("*.svg")]
    ['a.svg']
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh, former = (out.with_name(f".{out.name}.{end}") for end in ("part", "former"))
    for leftover in (fresh, former):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        for name, file in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file)
        if out.exists():
            out.rename(former)
        fresh.rename(out)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        if former.exists() and not out.exists():
            former.rename(out)
        raise
    shutil.rmtree(former, ignore_errors=True)
