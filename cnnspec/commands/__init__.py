"""The command line: one small module for each command, imported only when it is called.

This module turns what happens into exit codes: 0 fine, 1 findings, 2 usage,
3 environment (data, disk, packages), 70 a bug of ours, 130 after Ctrl-C, 143 after
SIGTERM and SIGHUP.
"""

import contextlib
import os
import sys
from errno import EINVAL
from importlib import import_module
from typing import Any

COMMANDS = {
    "new": "write a first spec from a template",
    "check": "check shapes, costs and budgets, in milliseconds",
    "train": "train a network and report what it reached",
    "sweep": "train every point of a sweep: many networks in one command",
    "search": "look for the best points of a sweep with ranges, within its budgets",
    "class": "check, train and rank the submissions of a class by the rules of an assignment",
    "cluster": "check a Ray cluster before you use it",
    "reproduce": "train a run again and compare the result bit for bit",
    "evaluate": "measure a trained run again",
    "report": "write the report of trained runs: a page, plots, Markdown, JSON",
    "compare": "compare trained runs side by side",
    "predict": "labels and probabilities of a trained run, as CSV, JSON or a submission",
    "export": "export a trained run: C for a microcontroller",
    "import": "import a model of Keras, ONNX or LiteRT as a spec, its weights as a run",
    "data": "list the datasets, or describe your own data",
    "fmt": "give .cnn files their canonical layout",
    "expand": "write a spec in full: no sugar, every default",
    "lsp": "the language server: errors, shapes and fixes in your editor",
    "serve": "a page in the browser: type, see shapes and costs, train, open reports",
    "draw": "draw a network as SVG, blocks in proportion to their shapes",
    "diff": "show what changed between two specs",
    "ir": "print the intermediate representation as JSON",
    "explain": "explain an error code such as CNN201",
    "completion": "print a script that completes commands in your shell",
}
"""Every command with its summary; each is the module of that name, with `arguments` and `run`."""


def module_of(name: str) -> str:
    """The module of a command; an underscore follows a name that is a word of Python."""
    return f"cnnspec.commands.{name}{'_' if name in ('class', 'import') else ''}"


USAGE = 2
BUG = 70
INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if sys.stdout is None:
        # Closed by the caller, who wants to be told nothing.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - stays open to the end
    try:
        try:
            code = _dispatch(arguments)
        except SystemExit as ended:  # after the `--help` of a command
            code = int(ended.code or 0)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _quietly(141)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except OSError as error:
        if os.name == "nt" and error.errno == EINVAL:
            # How Windows says that nobody reads the pipe any more.
            return _quietly(141)
        return _quietly(_say(f"error: cannot write the output: {error.strerror or error}", 3))
    except Exception as error:
        return _fail(error, arguments)


def _dispatch(arguments: list[str]) -> int:
    match arguments:
        case [] | ["-h" | "--help" | "help"]:
            sys.stdout.write(_help())
            return 0 if arguments else USAGE
        case ["--version" | "-V"]:
            from cnnspec.version import __version__

            sys.stdout.write(f"cnnspec {__version__}\n")
            return 0
        case [name, *rest] if name in COMMANDS:
            return _run(name, rest)
        case ["help", name, *_] if name in COMMANDS:
            return _run(name, ["--help"])
    return _unknown(arguments[0])


def parser_of(name: str) -> tuple[Any, Any]:
    """The module of a command and the parser of its arguments."""
    from cnnspec.commands.arguments import Parser

    module: Any = import_module(module_of(name))
    story = (module.__doc__ or COMMANDS[name]).strip()
    parser = Parser(prog=f"cnnspec {name}", description=story)
    declare(name, parser)
    return module, parser


def declare(name: str, parser: Any) -> None:
    """Declares the arguments of a command."""
    module: Any = import_module(module_of(name))
    module.arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _run(name: str, arguments: list[str]) -> int:
    module, parser = parser_of(name)
    from argparse import Namespace

    from cnnspec.diagnostics.errors import CnnspecError, Interrupted

    # What a command line asks for that cannot be read is not known but for this.
    parsed = Namespace(json="--json" in arguments)
    try:
        parsed = parser.parse_intermixed_args(arguments)
        code: int = module.run(parsed)
    except Interrupted as stopped:
        from cnnspec.commands.output import chosen_format, report_stopped

        return report_stopped(name, stopped, chosen_format(parsed))
    except CnnspecError as problems:
        from cnnspec.commands.output import chosen_format, report_problems

        return report_problems(name, problems, chosen_format(parsed))
    return code


def _help() -> str:
    width = max(map(len, COMMANDS))
    rows = "".join(f"  {name:<{width}}  {summary}\n" for name, summary in COMMANDS.items())
    return (
        "usage: cnnspec COMMAND …\n\n"
        "A compiler for small convolutional networks.\n\n"
        f"commands:\n{rows}\n"
        "`cnnspec COMMAND --help` tells more. A first try:\n\n"
        "  cnnspec check -e 'conv 32x3 relu; pool 2; dense 10 softmax'\n"
    )


def _unknown(name: str) -> int:
    from cnnspec.core.terminal import safe
    from cnnspec.language.suggest import nearest

    near = nearest(name, COMMANDS)
    hint = f"did you mean `{near}`?" if near else f"it can be {', '.join(COMMANDS)}"
    kind = "option" if name.startswith("-") else "command"
    return _say(f"error: unknown {kind} `{safe(name)}`\n  = help: {hint}", USAGE)


def _say(text: str, code: int) -> int:
    # A terminal that has gone takes no text; the exit code still tells.
    with contextlib.suppress(OSError):
        if sys.stderr is not None:
            sys.stderr.write(f"{text}\n")
    return code


def _quietly(code: int) -> int:
    """Ends without a second complaint when the interpreter flushes a closed stream."""
    sink = os.open(os.devnull, os.O_WRONLY)
    if sys.stdout is not None:
        os.dup2(sink, sys.stdout.fileno())
    return code


def _fail(error: Exception, arguments: list[str]) -> int:
    import traceback

    traceback.print_exception(error)
    from cnnspec.version import __version__

    return _say(
        f"\nThis is a bug of cnnspec {__version__}, not yours. Please report it with the lines\n"
        f"above and the command: cnnspec {' '.join(arguments)}",
        BUG,
    )
