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
    """A method can be applied by a convention that the reader of the result must know."""
