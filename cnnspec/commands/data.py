"""Lists the datasets the language knows, or tells what data of your own holds.

Of a name: where it is, and where it came from; every file that is found is verified
against the published size and SHA-256. Of a path: its arrays, the images of each class,
and the lines to write in a spec.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cnnspec.commands.inputs import BadUsage
from cnnspec.commands.output import print_json
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line, show
from cnnspec.datasets.files import cache_folder, contents, locate
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import as_json, render
from cnnspec.ir.datasets import DATASETS, Dataset
from cnnspec.language.suggest import nearest


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        complete=tuple(DATASETS),
        help="these datasets, or a path of your own data",
    )
    parser.add_argument(
        "--fetch", action="store_true", help="download those that are not on this machine"
    )


def run(args: Namespace) -> int:
    """Lists, and fetches where asked."""
    paths = [name for name in args.names if name not in DATASETS]
    if paths:
        return _describe(args, paths[0])
    chosen = [DATASETS[name] for name in args.names or DATASETS]
    rows = [state(dataset, fetch=args.fetch) for dataset in chosen]
    damaged = any(row["state"] == "damaged" for row in rows)
    if args.json:
        print_json({"command": "data", "ok": not damaged, "datasets": rows})
    else:
        header = ("name", "images", "state", "from", "folder")
        cells = tuple(
            (
                row["name"],
                f"{row['train']:,} + {row['test']:,}",
                row["state"],
                row["origin"],
                row["folder"],
            )
            for row in rows
        )
        show(Table(header, cells).lines())
        show([[]] + [[(f"{row['name']}: {row['title']}, {row['licence']}", "dim")] for row in rows])
        for row in rows:
            if row["problem"]:
                show([[(row["problem"], "bad")]])
        if any(row["state"] == "not here" for row in rows):
            show(
                [
                    [
                        ("`cnnspec data --fetch` downloads what is not here into ", ""),
                        (str(cache_folder()), ""),
                    ]
                ]
            )
    return 3 if damaged else 0


def _describe(args: Namespace, path: str) -> int:
    """Tells what a path holds."""
    if len(args.names) > 1 or args.fetch:
        raise CnnspecError(BadUsage(None, f"{path} is no dataset with a name, and goes alone"))
    if not Path(path).exists() and path.isidentifier():
        near = nearest(path, DATASETS)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(DATASETS)}"
        raise CnnspecError(BadUsage(None, f"there is no dataset and no path {path}", hint))
    from cnnspec.datasets.describe import describe

    facts, notes = describe(Path(path))
    if args.json:
        said = [as_json(note) for note in notes]
        print_json({"command": "data", "ok": True, **facts, "notes": said})
        return 0
    lines: list[Line] = [[(path, "strong"), (f": {facts['kind']}", "")], []]
    header = ("", "shape", "type", "values", "from")
    lines += Table(header, tuple(_arrays(facts))).lines()
    per_class = tuple(
        (name, *("unknown" if n is None else f"{n:,}" for n in counts.values()))
        for name, counts in facts["per_class"].items()
    )
    lines += [[], *Table(("class", "train", "test"), per_class, "lrr").lines()]
    lines += [[], [("in a spec:", "dim")], *([(f"  {line}", "")] for line in facts["lines"])]
    show(lines)
    if notes:
        show([[], *render(notes)], sys.stderr)
    return 0


def _arrays(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each array."""
    return [
        (
            f"{part} {role}",
            "x".join(map(str, array["shape"])),
            array["dtype"],
            f"{array['least']:g} to {array['most']:g}",
            array["from"],
        )
        for part in ("train", "test")
        for role, array in (facts[part] or {}).items()
        if array
    ]


def state(dataset: Dataset, *, fetch: bool) -> dict[str, Any]:
    """What is known of one dataset."""
    place = locate(dataset)
    word, problem = "not here", ""
    if place or fetch:
        try:
            place, _ = contents(dataset, offline=not fetch)
            word = "verified"
        except CnnspecError as problems:
            if not place:
                raise
            word, problem = "damaged", problems.diagnostics[0].message
    return {
        "name": dataset.name,
        "title": dataset.title,
        "licence": dataset.licence,
        "train": dataset.counts[0],
        "test": dataset.counts[1],
        "state": word,
        "origin": place.origin if place else "",
        "folder": str(place.folder) if place else "",
        "problem": problem,
    }
