"""servicepo (draft front door)."""
__version__ = "0.1.0"
