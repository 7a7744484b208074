"""The report as one HTML page that holds its style and figures and loads nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..labels import word
from .figures import Picture
from .pieces import Content, Figure, Table

_PAGES: Final = Environment(
    loader=PackageLoader("servicepo.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def compose_html(content: Content, pictures: Mapping[str, Picture]) -> bytes:
    """Write the report as HTML.

    Parameters
    ----------
    content : Content
        The report.
    pictures : mapping
        Key of each figure -> its picture.

    Returns
    -------
    bytes
        UTF-8.

    Examples
    --------
    >>> from servicepo.report.pieces import Section
    >>> content = Content("Report", "2024", (Section("s", "1. Data", ("Few.",)),), (), "en", {})
    >>> b"<h2>1. Data</h2>" in compose_html(content, {})
    True
    """
    page = _PAGES.get_template("report.html").render(
        content=content,
        kind=_kind,
        sources={
            key: "data:image/svg+xml;base64," + b64encode(picture.svg).decode("ascii")
            for key, picture in pictures.items()
        },
        contents=word("report.contents", content.language),
        gap="\u3000" if content.language == "zh" else "  ",
        lang="zh-CN" if content.language == "zh" else "en",
    )
    return page.encode("utf-8")


def _kind(part: object) -> str:
    return {Table: "table", Figure: "figure"}.get(type(part), "text")
