"""Prints a script that completes commands, options, their values and file names in a shell.

bash: eval "$(cnnspec completion bash)"             in ~/.bashrc
zsh:  eval "$(cnnspec completion zsh)"              in ~/.zshrc, after compinit
fish: cnnspec completion fish > ~/.config/fish/completions/cnnspec.fish
tcsh: cnnspec completion tcsh > ~/.cnnspec.tcsh     and `source ~/.cnnspec.tcsh` in ~/.tcshrc
PowerShell: cnnspec completion powershell | Out-String | Invoke-Expression    in $PROFILE
"""

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from cnnspec.commands import COMMANDS, declare
from cnnspec.commands.arguments import SPEC, Complete, Parser
from cnnspec.commands.output import print_json, print_text

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")
"""Every shell that shtab writes a script for."""


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete in")


def run(args: Namespace) -> int:
    """Prints one script."""
    text = script(args.shell)
    if args.json:
        print_json({"command": "completion", "ok": True, "shell": args.shell, "text": text})
    else:
        print_text(text)
    return 0


def script(shell: str) -> str:
    """Returns the script of a shell. What it offers is fixed; it never starts the program."""
    import shtab

    text: str = shtab.complete(whole_parser(), shell)
    return text if text.endswith("\n") else f"{text}\n"


def whole_parser() -> ArgumentParser:
    """Returns one parser of all commands, whose arguments know what completes them."""
    whole = ArgumentParser("cnnspec", description="A compiler for small convolutional networks.")
    whole.add_argument("--version", "-V", action="version", version="")
    commands = whole.add_subparsers(metavar="COMMAND", parser_class=_Completed)
    for name, summary in COMMANDS.items():
        declare(name, commands.add_parser(name, help=summary, description=summary))
    return whole


class _Completed(Parser):
    """A parser that tells shtab what completes each argument."""

    def add_argument(self, *names: Any, complete: Complete = "", **options: Any) -> Action:
        action = super().add_argument(*names, **options)
        if isinstance(complete, str):
            if complete:
                action.complete = _files(complete)  # type: ignore[attr-defined]
        else:
            action.choices = tuple(complete() if callable(complete) else complete)
        return action


def _files(kind: str) -> Any:
    import shtab

    return shtab.glob("*.cnn", "*.json") if kind == SPEC else kind


def settings() -> Iterator[str]:
    """Yields what `--set` can begin with or be: `epochs=`, `precision=mixed_float16`."""
    from cnnspec.ir.training import Training

    for name, spec in Training.specs.items():
        words = spec.kind.words
        yield from (f"{name}={word}" for word in words or ("",))
