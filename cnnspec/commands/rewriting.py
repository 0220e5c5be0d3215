"""What the commands that change files share: a diff of a text, as it is shown and as JSON."""

import re
import sys

from cnnspec.commands.output import print_text
from cnnspec.core.source import Source
from cnnspec.core.terminal import Line, has_colour, show


def unified(source: Source, text: str, how: str) -> str:
    """Returns the unified diff from a source to another text; empty where they are the same.

    `how` says beside the name of the file what was done to it: `formatted`.
    """
    from difflib import unified_diff

    before, after = (re.findall(r"[^\n]*\n|[^\n]+", side) for side in (source.text, text))
    lines = unified_diff(before, after, source.name, f"{source.name} ({how})")
    missing = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + missing for line in lines)


def print_diff(diff: str) -> None:
    """Prints a diff in colour for a person; as it is, blanks at line ends included, for `patch`."""
    if not has_colour(sys.stdout):
        print_text(diff)
        return
    styles = {"+": "good", "-": "bad", "@": "dim"}
    lines: list[Line] = [[(line, styles.get(line[:1], ""))] for line in diff.split("\n")]
    show(lines[:-1])
