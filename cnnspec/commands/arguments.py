"""What commands share on their command line: the parser and the ways to name a spec."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NoReturn

from cnnspec.core.terminal import has_colour
from cnnspec.language.suggest import nearest

SPEC = "spec"
"""Completes an argument with .cnn files and IR documents."""
FILE = "file"
"""Completes an argument with files of any kind."""
FOLDER = "directory"
"""Completes an argument with folders."""

Complete = str | tuple[str, ...] | Callable[[], Iterable[str]]
"""What a shell offers for an argument: a kind of file, words, or what makes the words."""


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests, and that takes no abbreviations."""

    def __init__(self, *, prog: str, description: str, **options: Any) -> None:
        self.names: list[str] = []
        """The names of all options."""
        layout = {"allow_abbrev": False, "formatter_class": _Layout}
        super().__init__(prog=prog, description=description, **options | layout)
        # Python 3.14 and later colour the help, and `add_argument` would load what that takes.
        self.color = has_colour(sys.stdout)

    def add_argument(self, *names: Any, complete: Complete = "", **options: Any) -> argparse.Action:
        """Declares an argument; `complete` is what a shell offers for it (`completion`)."""
        action = super().add_argument(*names, **options)
        self.names += action.option_strings
        return action

    def print_help(self, file: Any = None) -> None:
        """Prints the help; argparse itself would hide that it cannot be written."""
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Raises `CnnspecError` with the error and a suggestion."""
        from cnnspec.commands.inputs import BadUsage
        from cnnspec.diagnostics.errors import CnnspecError

        hint = f"`{self.prog} --help` lists what there is"
        if wrong := re.fullmatch(_CHOICE, message):
            option, word, listed = wrong.groups()
            choices = [each.strip("' ") for each in listed.split(",")]
            meant = _meant(word, choices)
            message = f"`{word}` is not a value of `{option}`"
            hint = f"did you mean `{meant}`?" if meant else f"it can be {', '.join(choices)}"
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            first = unknown.split()[0].split("=")[0]
            message = f"unknown option `{first}`" if first[0] == "-" else f"unexpected `{first}`"
            near = nearest(first.lstrip("-"), [name.lstrip("-") for name in self.names])
            hint = f"did you mean `--{near}`?" if near else hint
            if "--set" in self.names and (setting := _as_setting(unknown.split()[0])):
                hint = f"a setting of the spec: write `--set {setting}`"
        raise CnnspecError(BadUsage(None, message, hint))


_CHOICE = r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)"
"""How argparse says that a value is not one of those that an option can have."""


def _meant(word: str, choices: list[str]) -> str:
    """The choice that a word is probably meant to be: near, the only one within it or around it."""
    around = [choice for choice in choices if choice in word or choice.startswith(word)]
    return nearest(word, choices) or (around[0] if len(around) == 1 else "")


def _as_setting(option: str) -> str:
    """The setting that an option such as `--batch` or `--lr=0.1` means; empty for none.

    A value after a blank is not known: it may have been taken for a file.
    """
    from cnnspec.diagnostics.dialects import find, replacement
    from cnnspec.ir.training import Training

    name, _, value = option.lstrip("-").partition("=")
    name = name.replace("-", "_")
    word = name if name in Training.specs else replacement(name, Training.specs)
    if word:
        return f"{word}={value or '…'}"
    row = find(name, "setting")
    if row is None or not row.pattern:
        return ""
    setting, _, pattern = row.filled(value).partition(" ")
    return f"'{setting}={pattern}'"


class _Layout(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal; argparse makes one for every argument it is given."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


@cache
def _columns() -> int:
    """Columns of the terminal, as `shutil` finds them, which takes long to import."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def add_memory(parser: argparse.ArgumentParser, text: str) -> None:
    """`--memory`, and what its bytes are counted in."""
    from cnnspec.ir.claims import BYTES

    parser.add_argument("--memory", action="store_true", help=text)
    parser.add_argument(
        "--dtype",
        choices=tuple(BYTES),
        help="with --memory: how each value is stored (float32)",
    )


def add_sources(parser: argparse.ArgumentParser, *, many: bool) -> None:
    """A file, `-` or `-e TEXT`."""
    parser.add_argument(
        "files" if many else "file",
        nargs="*" if many else "?",
        metavar="FILE",
        complete=SPEC,
        help="a .cnn file or an IR document; `-` reads standard input",
    )
    parser.add_argument(
        "-e",
        dest="inline",
        metavar="TEXT",
        help="a spec as text: 'conv 32x3 relu; pool 2; dense 10 softmax'",
    )


def _settings() -> Iterable[str]:
    from cnnspec.commands.completion import settings

    return settings()


def add_overrides(
    parser: argparse.ArgumentParser, text: str = "set a `let` or a training setting"
) -> None:
    """`--set name=value`."""
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        complete=_settings,
        help=f"{text}; repeatable",
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """The folder of a run."""
    parser.add_argument(
        "run",
        metavar="RUN",
        complete=FOLDER,
        help="a run folder, or a folder with a single one; `@last` is the newest in runs",
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Another place for the data of a run."""
    from pathlib import Path

    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        complete=FILE,
        help="use other data than the run was trained on",
    )


def add_backend(parser: argparse.ArgumentParser) -> None:
    """What computes, and where data may come from."""
    parser.add_argument(
        "--backend",
        choices=("tensorflow", "jax", "torch", "native"),
        help="what computes: Keras on tensorflow, jax or torch, or native machine code, which "
        "needs a C compiler and no framework (default: that of the run if it is native, else "
        "the first of these that is installed)",
    )
    parser.add_argument("--offline", action="store_true", help="never download a dataset")


def add_threads(parser: argparse.ArgumentParser, without: str) -> None:
    """How many threads a training computes with."""
    parser.add_argument(
        "--threads",
        type=count,
        metavar="N",
        help=f"how many threads a training computes with ({without}); the last bits of its "
        "weights depend on it",
    )


def add_kept(
    parser: argparse.ArgumentParser, resumed: str, folders: str, metavar: str = "FOLDER"
) -> None:
    """Where many trainings are kept and how they go on; `resumed` and `folders` name them."""
    # A check parses its options without it.
    from pathlib import Path

    parser.add_argument("--resume", metavar=metavar, complete=FOLDER, help=f"continue {resumed}")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        complete=FOLDER,
        help=f"the folder for {folders} (runs)",
    )


def add_devices(parser: argparse.ArgumentParser, without: str) -> None:
    """How many devices a training is spread over."""
    parser.add_argument(
        "--devices",
        type=count,
        metavar="N",
        help=f"spread each step over N GPUs of this machine, or where it has none over N parts of "
        f"its processor, to try it out ({without}); needs tensorflow, and the result is that of "
        "one device but for its last bits",
    )


def count(text: str) -> int:
    """A number of things, at least one. Raises `ArgumentTypeError`."""
    return whole(text, least=1)


def seed(text: str) -> int:
    """What random numbers follow from, at least 0. Raises `ArgumentTypeError`."""
    return whole(text, least=0)


MOST = 10**9 - 1
"""The largest number of anything that the command line takes, where nothing else says so."""


def whole(text: str, least: int, most: int = MOST) -> int:
    """A whole number within bounds. Raises `ArgumentTypeError`."""
    digits = text.lstrip("0") or text[:1]
    # Digits are counted first: Python refuses to read more than 4,300.
    long = len(digits) > len(str(most))
    written = text.isascii() and text.isdecimal()
    if written and long and most == MOST:
        shown = text if len(text) <= 24 else f"{text[:20]}…"
        raise argparse.ArgumentTypeError(f"`{shown}` is too large; the limit is {most:,}")
    if not written or long or not least <= int(digits) <= most:
        bounds = f"from {least} on" if most == MOST else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number {bounds}")
    return int(digits)
