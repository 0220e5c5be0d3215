"""Lists the datasets the language knows: where each is, and where it came from.

Every file that is found is verified against the published size and SHA-256.
"""

from argparse import ArgumentParser, Namespace
from typing import Any

from cnnspec.commands.output import print_json
from cnnspec.datasets.catalog import DATASETS, Dataset
from cnnspec.datasets.files import cache_folder, contents, locate
from cnnspec.diagnostics.base import Problems
from cnnspec.terminal import show, table


class _Names(tuple[str, ...]):
    """Choices for any number of names: argparse also asks whether no name at all is one."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return item == [] or super().__contains__(item)


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "names", nargs="*", choices=_Names(DATASETS), metavar="NAME", help="only these datasets"
    )
    parser.add_argument(
        "--fetch", action="store_true", help="download those that are not on this machine"
    )


def run(args: Namespace) -> int:
    """Lists, and fetches where asked."""
    chosen = [DATASETS[name] for name in args.names or DATASETS]
    rows = [state(dataset, fetch=args.fetch) for dataset in chosen]
    damaged = any(row["state"] == "damaged" for row in rows)
    if args.json:
        print_json({"command": "data", "ok": not damaged, "datasets": rows})
    else:
        header = ("name", "images", "state", "from", "folder")
        cells = [
            (
                row["name"],
                f"{row['train']:,} + {row['test']:,}",
                row["state"],
                row["origin"],
                row["folder"],
            )
            for row in rows
        ]
        show(table(header, cells, 0))
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


def state(dataset: Dataset, *, fetch: bool) -> dict[str, Any]:
    """What is known of one dataset."""
    place = locate(dataset)
    word, problem = "not here", ""
    if place or fetch:
        try:
            place, _ = contents(dataset, offline=not fetch)
            word = "verified"
        except Problems as problems:
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
