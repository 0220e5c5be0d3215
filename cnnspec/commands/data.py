"""Lists the known datasets, or describes your own data.

For a name it prints where the dataset is and where it came from; every file is verified
against the published size and SHA-256. For a path it prints splits, classes, warnings, and
the lines to write in a spec. Options of `data` may follow the path, as they are written in a
spec: `cnnspec data set.npz train_labels=answers transpose`.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cnnspec.analysis.check import check
from cnnspec.commands.arguments import FILE
from cnnspec.commands.inputs import BadUsage
from cnnspec.commands.output import print_json
from cnnspec.core.source import Source
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line, show
from cnnspec.datasets.files import cache_folder, contents, locate
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import as_json, render
from cnnspec.files.atomic import write_atomically
from cnnspec.ir.datasets import DATASETS, Dataset
from cnnspec.ir.spec import Data
from cnnspec.language.suggest import nearest
from cnnspec.language.texts import Text

MOST_CLASSES = 60
"""Classes that are printed; `--json` and `--html` have more."""
_FLAGS = tuple(word for word in Data.words() if word not in DATASETS)
_SPLITS = ("train", "validation", "test")


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        complete=tuple(DATASETS),
        help="these datasets, or a path of your own data and options of `data` to read it by",
    )
    parser.add_argument("--fetch", action="store_true", help="download missing datasets")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        complete=FILE,
        help="write a page with images of each class",
    )
    parser.add_argument("--force", action="store_true", help="let `--html` replace a file")


def run(args: Namespace) -> int:
    """Lists, and fetches where asked."""
    paths = [name for name in args.names if name not in DATASETS]
    if paths:
        return _describe(args, paths[0])
    if args.html:
        raise CnnspecError(BadUsage(None, "`--html` goes with a path", "name your data"))
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
    """Tells what a path holds. The exit code is 1 where something in it is broken."""
    if args.fetch or args.names[0] != path:
        raise CnnspecError(BadUsage(None, f"{path} is a path, not a known dataset; give it alone"))
    if not Path(path).exists() and path.isidentifier():
        near = nearest(path, DATASETS)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(DATASETS)}"
        raise CnnspecError(BadUsage(None, f"there is no dataset and no path {path}", hint))
    if args.html and args.html.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{args.html} exists", "replace it with `--force`"))
    data = _options(path, args.names[1:])
    from cnnspec.datasets.describe import describe

    found = describe(Path(path), data)
    facts, notes = found.facts, found.notes
    if args.html:
        from cnnspec.report import data_page

        page = data_page.render(facts, notes, found.samples, _arrays(facts))
        write_atomically(args.html, page)
    if args.json:
        said = [as_json(note) for note in notes]
        print_json({"command": "data", "ok": not facts["broken"], **facts, "notes": said})
    else:
        show(_shown(path, facts))
        if notes:
            show([[], *render(notes)], sys.stderr)
    return 1 if facts["broken"] else 0


def _options(path: str, options: list[str]) -> Data:
    """The statement that the arguments write. Raises `CnnspecError`."""
    written = []
    for option in options:
        name, equals, value = option.partition("=")
        if not equals and name not in _FLAGS:
            cause = f"{path} is a path, not a known dataset; give it alone"
            hint = f"or with options of `data`: {', '.join(_FLAGS)}, or one such as `scale=16`"
            raise CnnspecError(BadUsage(None, cause, hint))
        known = Data.specs.get(name)
        # A shell has taken the quotes away.
        text = f'"{value}"' if known and isinstance(known.kind, Text) else value
        written.append(f"{name}={text}" if equals else name)
    statement = f'data "." {" ".join(written)}'
    result = check(Source("arguments", f"{statement}\ninput 8x8\nclasses 2\ndense 2 softmax"))
    if not result.ok:
        raise CnnspecError(*result.problems)
    return result.spec.data


def _shown(path: str, facts: dict[str, Any]) -> list[Line]:
    lines: list[Line] = [[(path, "strong"), (f": {facts['kind']}", "")], []]
    lines += Table(("", "shape", "type", "values", "from"), tuple(_arrays(facts))).lines()
    seen = ("split", "drawn", "border", "middle", "repeated", "in train")
    lines += [[], *Table(seen, tuple(_seen(facts)), "llrrrr").lines()]
    lines += [[], [(f"orientation: {facts['orientation']}", "")]]
    classes = list(facts["per_class"].items())
    per_class = tuple(
        (name, *("unknown" if n is None else f"{n:,}" for n in counts.values()))
        for name, counts in classes[:MOST_CLASSES]
    )
    splits = classes[0][1]
    lines += [[], *Table(("class", *splits), per_class, "l" + "r" * len(splits)).lines()]
    if len(classes) > MOST_CLASSES:
        lines.append([(f"and {len(classes) - MOST_CLASSES:,} more classes", "dim")])
    broken = facts["broken"]
    if broken:
        lines += [[], [(f"{len(broken):,} cannot be read:", "bad")]]
        lines += [[(f"  {name}", "")] for name in broken]
    lines += [[], [("in a spec:", "dim")], *([(f"  {line}", "")] for line in facts["lines"])]
    return lines


def _arrays(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each array."""
    return [
        (
            f"{part} {role}",
            "x".join(map(str, array["shape"])),
            array["dtype"],
            "names" if array["least"] is None else f"{array['least']:g} to {array['most']:g}",
            array["from"],
        )
        for part in _SPLITS
        for role in ("images", "labels")
        if facts[part] and (array := facts[part][role])
    ]


def _seen(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each split: what shows when all images are looked at."""
    return [
        (
            part,
            facts[part]["polarity"]["reads"],
            f"{facts[part]['polarity']['border']:g}",
            f"{facts[part]['polarity']['middle']:g}",
            f"{facts[part]['duplicates']:,}",
            f"{facts['shared'][part]:,}" if part in facts["shared"] else "",
        )
        for part in _SPLITS
        if facts[part]
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
