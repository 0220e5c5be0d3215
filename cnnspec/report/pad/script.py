"""The script of a pad, and its hash, by which a page allows it and no other. Light."""

import base64
import hashlib
from functools import cache
from pathlib import Path

_TEXTS = ("operations.js", "prepare.js", "pad.js")


@cache
def script() -> str:
    """Returns the script of every pad, in one function so that it leaves no names behind."""
    texts = (Path(__file__).with_name(name).read_text("utf-8") for name in _TEXTS)
    return "(() => {\n" + "\n".join(texts) + "})();\n"


@cache
def source() -> str:
    """Returns what a Content-Security-Policy calls the script: `'sha256-…'`."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()}'"
