"""Prints a script that completes commands, options and file names in a shell.

bash: eval "$(cnnspec completion bash)"             in ~/.bashrc
zsh:  eval "$(cnnspec completion zsh)"              in ~/.zshrc, after compinit
fish: cnnspec completion fish > ~/.config/fish/completions/cnnspec.fish
"""

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Mapping

from cnnspec.commands import COMMANDS, parser_of
from cnnspec.commands.output import print_json, print_text
from cnnspec.commands.shells import FILES, SHELLS, Command, Flag


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument("shell", choices=tuple(SHELLS), help="the shell to complete in")


def run(args: Namespace) -> int:
    """Prints one script."""
    text = SHELLS[args.shell]("cnnspec", tuple(map(described, COMMANDS)))
    if args.json:
        print_json({"command": "completion", "ok": True, "shell": args.shell, "text": text})
    else:
        print_text(text)
    return 0


def described(name: str) -> Command:
    """A command as its parser describes it."""
    module, parser = parser_of(name)
    words: Mapping[str, tuple[str, ...]] = getattr(module, "COMPLETED_WORDS", {})
    flags = tuple(
        Flag(
            tuple(action.option_strings),
            None if action.nargs == 0 else _values(action, words),
            action.help or "",
            # The class of `action="append"` has no public name.
            type(action).__name__ == "_AppendAction",
        )
        for action in parser._actions
        if action.option_strings
    )
    places = tuple(_values(a, words) for a in parser._actions if not a.option_strings)
    return Command(name, COMMANDS[name], flags, places)


def _values(action: Action, words: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What an argument can be: its choices, else files if its name says so, else nothing known."""
    if action.dest in words:
        return words[action.dest]
    if action.choices is not None:
        return tuple(choice for choice in action.choices if isinstance(choice, str))
    named = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return FILES if named in _FILES else ()


_FILES = ("A", "B", "FILE", "IMAGES", "OUT", "PATH", "RULES", "RUN")
"""The arguments that are files or folders, by what the help calls them."""
