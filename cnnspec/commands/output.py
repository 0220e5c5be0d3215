"""How commands speak: results on standard output, everything else on standard error."""

import json
import sys
from typing import Any

from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.render import as_json as problem_as_json
from cnnspec.diagnostics.render import render
from cnnspec.terminal import show


def print_json(data: Any) -> None:
    """One JSON document, ASCII only so that every terminal and locale can carry it."""
    sys.stdout.write(json.dumps(data, indent=2, allow_nan=False) + "\n")


def print_text(text: str) -> None:
    """A .cnn text on standard output, in UTF-8 whatever the locale, as its files are."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
    else:
        buffer.write(text.encode())


def report_problems(command: str, problems: Problems, *, as_json: bool) -> int:
    """Shows why a command ended, and returns its exit code."""
    if as_json:
        found = [problem_as_json(p) for p in problems.diagnostics]
        print_json({"command": command, "ok": False, "problems": found})
    else:
        show(render(problems.diagnostics), sys.stderr)
    return problems.exit_code
