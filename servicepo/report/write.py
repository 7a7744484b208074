"""Write a report: everything is composed first, then moved into place at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import MethodError
from ..index import Index
from ..labels import Language, word
from .contents import gather
from .figures import Picture, draw
from .html import compose_html
from .manifest import compose_manifest
from .pieces import Content
from .place import MANIFEST, put, refuse_strangers
from .word import compose_docx
from .workbook import compose_xlsx

FORMATS: Final = ("html", "docx", "xlsx", "png")


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written.

    Attributes
    ----------
    folder : Path
        Where it stands.
    paths : tuple of Path
        Every file of it.
    """

    folder: Path
    paths: tuple[Path, ...]

    def __repr__(self) -> str:
        return f"Report({str(self.folder)!r}: {len(self.paths)} files)"


def write_report(
    index: Index,
    out: str | Path,
    *,
    language: Language = "zh",
    formats: Collection[str] = FORMATS,
    names: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Write the whole report on an index into a folder.

    Parameters
    ----------
    index : Index
        What to report. Values that `tally` made bring their evidence (files, problems, numbers of
        respondents) with them; without it the sections on data say so.
    out : str or Path
        The folder. A former report there is replaced; a folder that holds anything else is left
        alone and refused. Nothing half-written stays behind.
    language : {"zh", "en"}
        The language of the report.
    formats : collection of {"html", "docx", "xlsx", "png"}
        ``report.html`` (self-contained), ``report.docx``, ``tables.xlsx``, ``figures/`` (PNG at
        300 dpi and SVG). ``manifest.json`` is always written.
    names : bool
        False gives codes instead of the names of organisations everywhere, for reports that leave
        the house; True gives names.
    seed : int
        Seed of the analyses that draw at random.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    Report

    Raises
    ------
    MethodError
        For an unknown format, or a folder that may not be written over.

    Notes
    -----
    Survey results from fewer than 10 answers are written in no file. The same index, choices and
    seed give the same bytes.

    Examples
    --------
    >>> import servicepo as sp
    >>> write_report(sp.Index, "out", formats=["pdf"])
    Traceback (most recent call last):
        ...
    servicepo.errors.MethodError: formats must be some of html, docx, xlsx, png, got 'pdf'. ...
    """
    for name in formats:
        if name not in FORMATS:
            raise MethodError(
                f"formats must be some of {', '.join(FORMATS)}, got {name!r}. Leave it out."
            )
    out = Path(out)
    refuse_strangers(out)

    def tell(step: str) -> None:
        if progress is not None:
            progress(word(f"report.step.{step}", language))

    content = gather(index, language=language, names=names, seed=seed, tell=tell)
    pictures: dict[str, Picture] = {}
    if {"html", "docx", "png"} & set(formats):
        tell("figures")
        pictures = {figure.key: draw(figure) for figure in content.figures}
    tell("files")
    files = _compose(content, pictures, formats)
    files[MANIFEST] = compose_manifest(content, index, files)
    put(files, out)
    return Report(out, tuple(out / name for name in files))


def _compose(
    content: Content, pictures: Mapping[str, Picture], formats: Collection[str]
) -> dict[str, bytes]:
    files = {}
    if "html" in formats:
        files["report.html"] = compose_html(content, pictures)
    if "docx" in formats:
        files["report.docx"] = compose_docx(content, pictures)
    if "xlsx" in formats:
        files["tables.xlsx"] = compose_xlsx(content)
    if "png" in formats:
        for place, (key, picture) in enumerate(pictures.items(), start=1):
            files[f"figures/{place:02d}_{key}.png"] = picture.png
            files[f"figures/{place:02d}_{key}.svg"] = picture.svg
    return files
