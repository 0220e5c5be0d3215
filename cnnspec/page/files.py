"""The files of the page that a browser loads. They are the same with and without a server."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder of the page: its modules are read as they are, and the editor is one bundle."""
