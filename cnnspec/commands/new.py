"""Writes a first spec: a template explained line by line, or a network that keeps given rules.

`cnnspec new digits` writes `digits.cnn` from a template, `lenet` unless `--template` names another;
the name of a template alone writes that one. With `--rules` it is a small network that keeps every
rule of an assignment but what training must show. Without a name, lists the templates. PATH is a
file or a folder; the default is NAME.cnn here. An existing file is kept without `--force`.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from cnnspec.commands.arguments import FILE, SPEC
from cnnspec.commands.inputs import BadUsage
from cnnspec.commands.output import print_json
from cnnspec.core.source import Source
from cnnspec.core.table import Table
from cnnspec.core.terminal import show
from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically
from cnnspec.files.names import folder_name
from cnnspec.language.suggest import nearest
from cnnspec.service.templates import TEMPLATES, template

DEFAULT = TEMPLATES[0]
"""The template that a network begins with by default."""


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        complete=TEMPLATES,
        help=f"the name of the network, or that of a template: {', '.join(TEMPLATES)}",
    )
    parser.add_argument(
        "path", nargs="?", metavar="PATH", complete=FILE, help="the file or folder to write to"
    )
    # A wrong name gets a suggestion, which argparse's own choices have not.
    parser.add_argument(
        "--template",
        metavar="TEMPLATE",
        complete=TEMPLATES,
        help=f"the template to begin with ({DEFAULT})",
    )
    parser.add_argument(
        "--rules",
        metavar="RULES",
        complete=SPEC,
        help="write a small network that keeps the rules of an assignment in this file",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def run(args: Namespace) -> int:
    """Lists the templates, or writes a spec."""
    if args.rules is not None:
        return _keeping(args)
    if args.name is None and args.template is None:
        return _list(as_json=args.json)
    chosen, name = _chosen(args)
    path = _path(args, name)
    text = template(chosen).text
    if name != chosen:
        text = _named(text, chosen, name)
    write_atomically(path, text)
    if args.json:
        print_json({"command": "new", "ok": True, "template": chosen, "file": str(path)})
    else:
        _told(path)
    return 0


def _chosen(args: Namespace) -> tuple[str, str]:
    """The template and the name of the network; raises `CnnspecError` where either is wrong."""
    if args.template is not None:
        if args.template not in TEMPLATES:
            raise _unknown(args.template, "")
        return args.template, _model(args.name or args.template)
    if args.name in TEMPLATES:
        return args.name, args.name
    # Rather a slip than the name of a network.
    if nearest(args.name, TEMPLATES):
        raise _unknown(args.name, args.name)
    return DEFAULT, _model(args.name)


def _model(name: str) -> str:
    """A name that a network and its file can have; raises `CnnspecError` for any other."""
    if folder_name(name) == name and not name.endswith(".cnn"):
        return name
    cause = f"`{name}` is not a name for a network and its file"
    instead = folder_name(Path(name).stem) or "digits"
    raise CnnspecError(BadUsage(None, cause, f"`cnnspec new {instead} PATH` writes to a path"))


def _unknown(template: str, network: str) -> CnnspecError:
    """The error of an unknown template, which may be meant as the name of a network."""
    near = nearest(template, TEMPLATES)
    hint = f"did you mean `{near}`?" if near else f"it can be {', '.join(TEMPLATES)}"
    if network:
        hint += f" A network of that name: `cnnspec new {network} --template {near}`"
    return CnnspecError(BadUsage(None, f"there is no template {template}", hint))


def _path(args: Namespace, name: str) -> Path:
    """The file to write to; raises `CnnspecError` where there is one that is not to be replaced."""
    path = Path(args.path or f"{name}.cnn")
    if path.is_dir():
        path /= f"{name}.cnn"
    if path.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{path} exists", "replace it with `--force`"))
    return path


def _named(text: str, chosen: str, name: str) -> str:
    """A template with another name, its comments in line."""
    from cnnspec.ir.spec import NAME
    from cnnspec.language.formatter import format_text
    from cnnspec.layers.table import CONSTRUCTS

    renamed = text.replace(f"model {chosen}", f"model {NAME.write(name)}", 1)
    for ending in (".cnn", "-1", "-2"):
        renamed = renamed.replace(f"{chosen}{ending}", f"{name}{ending}")
    return format_text(Source(name, renamed), CONSTRUCTS)


def _keeping(args: Namespace) -> int:
    """Writes a network that keeps rules. Raises `CnnspecError` where none is found."""
    if args.template is not None:
        cause = "`--template` and `--rules` each say what to begin with"
        raise CnnspecError(BadUsage(None, cause, "leave one of them out"))
    from cnnspec.analysis.assignment import read_rules
    from cnnspec.analysis.starting_point import starting_point
    from cnnspec.files.sources import read_source

    rules = read_rules(read_source(args.rules))
    name = _model(args.name or "submission")
    path = _path(args, name)
    found = starting_point(rules, path, name)
    write_atomically(path, found.text)
    if args.json:
        print_json({"command": "new", "ok": True, "rules": rules.names, "file": str(path)})
    else:
        totals = found.judgement.checked.totals
        assert totals is not None
        kept = f"it keeps all that a check can judge, with {many(totals.params, 'parameter')}"
        show([[(kept, "")]])
        _told(path)
    return 0


def _told(path: Path) -> None:
    """Says where the spec is and what comes next."""
    show([[("written to ", ""), (str(path), "strong")]])
    show([[(f"next: cnnspec check {path}, then cnnspec train {path}", "dim")]])


def _list(*, as_json: bool) -> int:
    stories = {name: template(name).story for name in TEMPLATES}
    if as_json:
        found = [{"name": name, "story": story} for name, story in stories.items()]
        print_json({"command": "new", "ok": True, "templates": found})
    else:
        show(Table(("name", "what it is"), tuple(stories.items())).lines())
        show([[], [("`cnnspec new digits --template tiny` writes digits.cnn from one", "dim")]])
    return 0
