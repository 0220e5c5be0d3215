"""Styled lines on a stream: plain text without colour, `rich` with colour.

Everything that comes from a file passes through `safe`, so that its control characters never reach
a terminal.
"""

import os
import re
import sys
from collections.abc import Iterable
from typing import TextIO

Line = list[tuple[str, str]]
"""Pieces of text, each with the name of a style or an empty string."""

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
    "place": "blue",
    "strong": "bold",
    "dim": "dim",
    "good": "green",
    "bad": "red",
    "help": "cyan",
}

_UNSAFE = (
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def safe(text: str) -> str:
    r"""Makes control characters of a text visible: `\x1b`, `\u202e`; a tab becomes a space."""
    if text.isprintable():
        return text
    return re.sub(_UNSAFE, lambda m: ascii(m.group())[1:-1], text.replace("\t", " "))


def plain(lines: Iterable[Line]) -> str:
    """The lines as text without styles."""
    return "".join("".join(safe(text) for text, _ in line).rstrip() + "\n" for line in lines)


def has_colour(stream: TextIO) -> bool:
    """Whether a stream shows colour: a terminal, unless `NO_COLOR` or `TERM=dumb` forbids it."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(getattr(stream, "isatty", lambda: False)())


def interactive() -> bool:
    """Whether a person types into this process: a notebook, IPython or the prompt of Python."""
    return hasattr(sys, "ps1")


def in_notebook() -> bool:
    """Whether output is shown in a notebook, where standard error is shown in red."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    # Only the shell of a kernel has it, in every front end.
    return hasattr(shell, "kernel")


def messages() -> TextIO | None:
    """The stream for messages beside a result: standard error, in a notebook standard output."""
    return sys.stdout if in_notebook() else sys.stderr


def show(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Writes lines to a stream (default: standard output)."""
    stream = stream or sys.stdout
    if stream is None:
        return
    if not has_colour(stream):
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(plain(lines).encode(encoding, "backslashreplace").decode(encoding))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    for line in lines:
        text = Text()
        for piece, style in line:
            text.append(safe(piece), STYLES.get(style, ""))
        console.print(text, soft_wrap=True)


def width(text: str) -> int:
    """How many terminal columns a text takes."""
    text = safe(text)
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )
