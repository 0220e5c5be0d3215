"""Writes a spec in full: no block, repeat, `let` or expression is left; every default is shown.

The text parses to an equal spec. Comments are dropped, because they describe the other text.
`cnnspec ir` prints the same as JSON.
"""

from argparse import ArgumentParser, Namespace

from cnnspec.analysis.load import checked
from cnnspec.commands.arguments import add_overrides, add_sources
from cnnspec.commands.inputs import overrides, sources
from cnnspec.commands.output import print_json, print_text


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)


def run(args: Namespace) -> int:
    """Expands one spec."""
    (source,) = sources(args)
    text = checked(source, overrides(args)).spec.written(full=True)
    if args.json:
        print_json({"command": "expand", "ok": True, "file": source.name, "text": text})
    else:
        print_text(text)
    return 0
