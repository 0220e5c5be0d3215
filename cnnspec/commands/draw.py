r"""Draws the network of a spec as SVG: blocks in proportion to their shapes, branches laid out.

Prints the picture, or writes it with `--out`. An existing file is kept without `--force`.
Long networks continue in further rows; equal parts are drawn once.

`--memory` draws the arena of inference instead: a rectangle for each buffer over the layers
that use it. `--tikz` writes the network for LaTeX: `\input` it where tikz is loaded.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked
from cnnspec.commands.arguments import FILE, add_memory, add_overrides, add_sources
from cnnspec.commands.inputs import BadUsage, overrides, require_ending, sources
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.terminal import show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)
    add_memory(parser, "draw where each value is in memory at inference")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        complete=FILE,
        help="write the picture to this file: FILE.svg, or FILE.tex with --tikz",
    )
    parser.add_argument(
        "--tikz", action="store_true", help="write a `tikzpicture` for LaTeX instead of SVG"
    )
    parser.add_argument("--force", action="store_true", help="let `--out` replace an existing file")


def run(args: Namespace) -> int:
    """Draws one spec."""
    if args.tikz and args.memory:
        fault = "`--tikz` draws the network, not its memory"
        raise CnnspecError(BadUsage(None, fault, "leave out one of the two"))
    if args.tikz:
        require_ending("--out", args.out, (".tex", ".tikz"), "LaTeX")
    else:
        other = "SVG; a browser or Inkscape makes PNG and PDF of it"
        require_ending("--out", args.out, (".svg",), other)
    if args.out and args.out.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{args.out} exists", "replace it with `--force`"))
    if args.dtype and not args.memory:
        raise CnnspecError(BadUsage(None, "`--dtype` goes with `--memory`", "add `--memory`"))
    (source,) = sources(args)
    result = checked(source, overrides(args))
    picture, document = _drawn(result, args)
    if args.out:
        write_atomically(args.out, picture)
    if args.json:
        written = {"out": str(args.out)} if args.out else {}
        data = {"file": source.name, **written, **document}
        print_json({"command": "draw", "ok": True, **data})
    elif args.out:
        show([[("written to ", ""), (str(args.out), "strong")]])
    else:
        print_text(picture)
    return 0


def _drawn(result: CheckedSpec, args: Namespace) -> tuple[str, dict[str, Any]]:
    """The file with the picture, and what is drawn as JSON."""
    if args.tikz:
        from cnnspec.drawing.tikz import drawn_tikz

        text, sheet = drawn_tikz(result)
        return text, sheet.dump(result.graph)
    svg, document = _memory(result, args.dtype) if args.memory else _network(result)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg}\n', document


def _network(result: CheckedSpec) -> tuple[str, dict[str, Any]]:
    """The picture of a network, and its blocks and lines as JSON."""
    from cnnspec.drawing.layout import layout
    from cnnspec.drawing.svg import drawn

    sheet = layout(result)
    return drawn(result, sheet), sheet.dump(result.graph)


def _memory(result: CheckedSpec, dtype: str | None) -> tuple[str, dict[str, Any]]:
    """The picture of the memory of a network, and the plan as JSON."""
    from cnnspec.drawing.memory import draw_memory
    from cnnspec.program.inference import inference_plan

    plan = inference_plan(result.graph, dtype or "float32")
    return draw_memory(result, plan), {"memory": plan.dump()}
