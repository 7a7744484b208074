"""The errors servicepo raises on purpose, each with a sentence that tells how to mend it."""

from __future__ import annotations

__all__ = ["FrameworkError", "MethodError", "MethodWarning", "ServicepoError", "TableError"]


class ServicepoError(ValueError):
    """The root: everything this package refuses on purpose is one of these."""


class TableError(ServicepoError):
    """A file or a table is not what it must be."""


class FrameworkError(ServicepoError):
    """A framework or scheme file is wrong; the message lists every problem with its path."""


class MethodError(ServicepoError):
    """A method cannot honestly be applied to these values."""


class MethodWarning(UserWarning):
    """A method can be applied by a convention that the reader of the result must know.

    Parameters
    ----------
    message : str
        The sentence in English, as everywhere in code.
    zh : str, optional
        The same sentence in Chinese, for the command line and the report.

    Examples
    --------
    >>> MethodWarning("Two left out.", zh="略去两个。").said("zh")
    '略去两个。'
    """

    def __init__(self, message: str, zh: str | None = None) -> None:
        super().__init__(message)
        self.zh = message if zh is None else zh

    def said(self, language: str) -> str:
        """Return the sentence in a language."""
        return self.zh if language == "zh" else str(self)
