"""Draws the network of a spec as SVG: blocks in proportion to their shapes, branches laid out.

Prints the picture, or writes it with `--out`. A file that exists is not touched without
`--force`. Long networks go on in further rows; equal parts of them are drawn once.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from cnnspec.analysis.load import checked
from cnnspec.commands.arguments import FILE, add_overrides, add_sources
from cnnspec.commands.inputs import overrides, sources
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.terminal import show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", complete=FILE, help="write the picture to this file"
    )
    parser.add_argument("--force", action="store_true", help="let `--out` replace a file")


def run(args: Namespace) -> int:
    """Draws one spec."""
    if args.out and args.out.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{args.out} exists", "replace it with `--force`"))
    (source,) = sources(args)
    result = checked(source, overrides(args))
    from cnnspec.drawing.layout import layout
    from cnnspec.drawing.svg import drawn

    sheet = layout(result)
    picture = f'<?xml version="1.0" encoding="UTF-8"?>\n{drawn(result, sheet)}\n'
    if args.out:
        write_atomically(args.out, picture)
    if args.json:
        written = {"out": str(args.out)} if args.out else {}
        data = {"file": source.name, **written, **sheet.dump(result.graph)}
        print_json({"command": "draw", "ok": True, **data})
    elif args.out:
        show([[("written to ", ""), (str(args.out), "strong")]])
    else:
        print_text(picture)
    return 0
