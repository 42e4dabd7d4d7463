"""The version of the distribution; it says so once."""

__all__ = ["__version__"]

__version__ = "0.1.0"
