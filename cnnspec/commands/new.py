"""Writes a first spec from a template: a network that checks and trains, explained line by line.

Without a name, lists the templates. PATH is a file or a folder; the default is NAME.cnn
here. An existing file is kept without `--force`.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from cnnspec.commands.arguments import FILE
from cnnspec.commands.inputs import BadUsage
from cnnspec.commands.output import print_json
from cnnspec.core.table import Table
from cnnspec.core.terminal import show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically
from cnnspec.language.suggest import nearest
from cnnspec.service.templates import TEMPLATES, template


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    # A wrong name gets a suggestion, which argparse's own choices have not.
    parser.add_argument(
        "name", nargs="?", metavar="NAME", complete=TEMPLATES, help=", ".join(TEMPLATES)
    )
    parser.add_argument(
        "path", nargs="?", metavar="PATH", complete=FILE, help="the file or folder to write to"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def run(args: Namespace) -> int:
    """Lists the templates, or copies one."""
    if args.name is None:
        return _list(as_json=args.json)
    text = _text(args.name)
    path = Path(args.path or f"{args.name}.cnn")
    if path.is_dir():
        path /= f"{args.name}.cnn"
    if path.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{path} exists", "replace it with `--force`"))
    write_atomically(path, text)
    if args.json:
        print_json({"command": "new", "ok": True, "template": args.name, "file": str(path)})
    else:
        show([[("written to ", ""), (str(path), "strong")]])
        show([[(f"next: cnnspec check {path}, then cnnspec train {path}", "dim")]])
    return 0


def _text(name: str) -> str:
    """The text of a template; raises `CnnspecError` where there is none of that name."""
    if name not in TEMPLATES:
        near = nearest(name, TEMPLATES)
        hint = f"did you mean `{near}`?" if near else f"it can be {', '.join(TEMPLATES)}"
        raise CnnspecError(BadUsage(None, f"there is no template {name}", hint))
    return template(name).text


def _list(*, as_json: bool) -> int:
    stories = {name: template(name).story for name in TEMPLATES}
    if as_json:
        found = [{"name": name, "story": story} for name, story in stories.items()]
        print_json({"command": "new", "ok": True, "templates": found})
    else:
        show(Table(("name", "what it is"), tuple(stories.items())).lines())
        show([[], [("`cnnspec new lenet` writes lenet.cnn", "dim")]])
    return 0
