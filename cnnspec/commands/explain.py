"""Explains a code, with a spec that gets it and one that does not.

Without a code, lists them all.
"""

from argparse import ArgumentParser, Namespace

from cnnspec.commands.output import print_json
from cnnspec.commands.stories import printed
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.catalog import catalog, story, title
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.language.suggest import nearest


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "code", nargs="?", metavar="CODE", complete=catalog, help="a code such as CNN201"
    )


def run(args: Namespace) -> int:
    """Explains one code or lists all."""
    known = catalog()
    if args.code is None:
        if args.json:
            stories = {code: story(cls) for code, cls in known.items()}
            print_json({"command": "explain", "ok": True, "codes": stories})
        else:
            show([[(code, "strong"), (f"  {story(cls)[0]}", "")] for code, cls in known.items()])
        return 0
    code = f"CNN{args.code}" if args.code.isdecimal() else args.code.upper()
    if code not in known:
        near = nearest(code, known)
        hint = f"did you mean {near}?" if near else "`cnnspec explain` lists every code"
        raise CnnspecError(CannotRead(None, f"there is no code {args.code}", hint))
    cls = known[code]
    if args.json:
        data = {
            "code": code,
            "title": title(cls),
            "severity": cls.severity,
            "story": " ".join(story(cls)),
            "bad": cls.bad,
            "good": cls.good,
        }
        print_json({"command": "explain", "ok": True, **data})
    else:
        show(page(cls))
    return 0


def page(cls: type[Diagnostic]) -> list[Line]:
    """The story of a code, its two examples, and what is printed of the wrong one."""
    lines: list[Line] = [[(f"{cls.code}: {title(cls)}", "strong")], []]
    lines += [[(line, "")] for line in story(cls)]
    if cls.bad:
        lines += [[], [("wrong:", "bad")], *_indented([[(s, "")] for s in cls.bad.splitlines()])]
        lines += [[], *_indented(printed(cls))]
    if cls.good:
        lines += [[], [("right:", "good")], *_indented([[(s, "")] for s in cls.good.splitlines()])]
    return lines


def _indented(lines: list[Line]) -> list[Line]:
    return [[("  ", ""), *line] for line in lines]
