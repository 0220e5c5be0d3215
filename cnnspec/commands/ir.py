"""Prints the intermediate representation of a spec as JSON: no sugar, every default.

The document is what `grammar/ir.schema.json` describes; every command takes it in
place of a .cnn file. `--text` prints the canonical .cnn text instead.
"""

from argparse import ArgumentParser, Namespace

from cnnspec.analysis.load import checked
from cnnspec.commands.arguments import add_overrides, add_sources
from cnnspec.commands.inputs import overrides, sources
from cnnspec.commands.output import print_json, print_text
from cnnspec.ir.document import dump


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)
    parser.add_argument("--text", action="store_true", help="print canonical .cnn text")


def run(args: Namespace) -> int:
    """Prints one document."""
    (source,) = sources(args)
    spec = checked(source, overrides(args)).spec
    if args.text and not args.json:
        print_text(str(spec))
    else:
        print_json(dump(spec))
    return 0
