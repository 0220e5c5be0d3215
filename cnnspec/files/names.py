"""Names of folders: the same on every system. Knows no run and no sweep."""

import re

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(?![^.])", re.IGNORECASE)
"""Devices of Windows: no file there can have such a name, nor one with an ending."""


def folder_name(text: str) -> str:
    """Returns a text as the name of a folder; empty where it has no letter or digit."""
    name = re.sub(r"[^\w.-]+", "-", text).strip("-.")
    return _RESERVED.sub(r"\1_", name, count=1) if _RESERVED.match(name) else name
