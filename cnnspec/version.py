"""The version of the package; everything else of the package may import this."""

__version__ = "0.1.0"
