"""How commands speak: results on standard output, everything else on standard error."""

import contextlib
import sys
from argparse import Namespace
from typing import Any

from cnnspec.core.terminal import show
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.diagnostics.render import as_json as problem_as_json
from cnnspec.diagnostics.render import render


def print_json(data: Any) -> None:
    """One JSON document, ASCII only so that every terminal and locale can carry it."""
    from cnnspec.files.atomic import json_text

    sys.stdout.write(json_text(data))


def print_text(text: str) -> None:
    """A text on standard output, in UTF-8 whatever the locale, as files are."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
    else:
        buffer.write(text.encode())


FORMATS = ("text", "json", "sarif", "github")
"""How `check` can print what it finds."""


def chosen_format(args: Namespace) -> str:
    """What `--json` or `--format` asks for; a command without formats has two of them."""
    return "json" if args.json else getattr(args, "format", "text")


def print_findings(form: str, found: tuple[Diagnostic, ...]) -> None:
    """Diagnostics as one document for machines."""
    from cnnspec.diagnostics.formats import github, sarif
    from cnnspec.version import __version__

    if form == "sarif":
        print_json(sarif(found, __version__))
    else:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        text = github(found).encode(encoding, "backslashreplace")
        sys.stdout.write(text.decode(encoding))


def report_problems(command: str, problems: CnnspecError, form: str) -> int:
    """Shows why a command ended, and returns its exit code."""
    if form == "json":
        found = [problem_as_json(p) for p in problems.diagnostics]
        print_json({"command": command, "ok": False, "problems": found})
    elif form == "text":
        show(render(problems.diagnostics), sys.stderr)
    else:
        print_findings(form, problems.diagnostics)
    return problems.exit_code


def report_stopped(command: str, stopped: Interrupted, form: str) -> int:
    """Says that a signal ended a command and how to go on, and returns its exit code."""
    if form == "json":
        remedy = stopped.remedy or None
        print_json({"command": command, "ok": False, "signal": stopped.number, "remedy": remedy})
    going_on = f"; go on with `{stopped.remedy}`" if stopped.remedy else ""
    # The terminal may be what has gone: then nobody reads this, and the code still counts.
    with contextlib.suppress(OSError):
        show([[(f"stopped{going_on}", "")]], sys.stderr)
    return 128 + stopped.number
