"""Shows what changed between two specs: layers, shapes, costs, budgets and training settings.

Layers are aligned by what they are; the numbers in their names may differ. `~` marks a
changed layer, `-` a removed one, `+` a new one. The meaning of the texts is compared, not
their layout. Exit code 0 if it is the same, 1 if it differs.
"""

from argparse import ArgumentParser, Namespace

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.analysis.diff import Change, Difference, Pair, compare
from cnnspec.analysis.load import normalized
from cnnspec.commands.arguments import SPEC
from cnnspec.commands.output import print_json
from cnnspec.core.table import Cell, Table
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.sources import read_source
from cnnspec.graph.graph import LayerCall

_MARKS = {"same": " ", "changed": "~", "added": "+", "removed": "-"}
_STYLES = {"+": "good", "-": "bad", "~": "strong"}


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "a", metavar="A", complete=SPEC, help="a .cnn file or an IR document; `-` reads stdin"
    )
    parser.add_argument("b", metavar="B", complete=SPEC, help="the file to compare it with")


def run(args: Namespace) -> int:
    """Compares two specs."""
    before, after = _known(args.a), _known(args.b)
    difference = compare(before, after)
    if args.json:
        names = {"before": before.source.name, "after": after.source.name}
        print_json({"command": "diff", "ok": True, **names, **difference.dump()})
    else:
        show(report(before, after, difference))
    return 0 if difference.same else 1


def _known(path: str) -> CheckedSpec:
    """A checked spec. A budget may be passed, but every shape must be known."""
    result = check(normalized(read_source(path)))
    if result.totals is None or result.expanded.problems:
        raise CnnspecError(*result.problems)
    return result


def report(before: CheckedSpec, after: CheckedSpec, difference: Difference) -> list[Line]:
    """What a person reads."""
    names = f"{before.source.name} and {after.source.name}"
    if difference.same:
        return [[(f"{names} say the same", "good")]]
    lines: list[Line] = [[(before.source.name, "bad"), (" -> ", ""), (after.source.name, "good")]]
    changed = [pair for pair in difference.pairs if pair.change != "same"]
    same = len(difference.pairs) - len(changed)
    if changed:
        header = ("", "name", "layer", "output", "params", "MACs")
        lines += [[], *Table(header, tuple(map(_cells, changed)), "llllrr").lines()]
        lines += [[(f"{same:,} layers are the same", "dim")]] if same else []
    totals = tuple(
        (name, f"{old:,}", f"{new:,}", f"{new - old:+,}")
        for name, (old, new) in difference.totals.items()
        if old != new
    )
    if totals:
        lines += [[], *Table(("total", "before", "after", "change"), totals, "lrrr").lines()]
    for title, changes in (("claims", difference.claims), ("settings", difference.settings)):
        lines += [[], [(title, "dim")], *map(_changed, changes)] if changes else []
    return lines


def _cells(pair: Pair) -> tuple[str, ...]:
    """The row of a layer; what differs as `before -> after`."""
    rows = [row for row in (pair.before, pair.after) if row is not None]
    columns = [list(column) for column in zip(*map(_facts, rows), strict=True)]
    columns[1] = _shortened(columns[1])
    texts = [" -> ".join(dict.fromkeys(column)) for column in columns]
    if pair.rewired:
        texts[1] += "  (other inputs)"
    mark = _MARKS[pair.change]
    return (Cell(mark, _STYLES[mark]), *texts)


def _shortened(layers: list[str]) -> list[str]:
    """Two layers that differ, without the arguments they share."""
    if len(set(layers)) < 2:
        return layers
    words = [layer.split(" ") for layer in layers]
    common = set(words[0]) & set(words[1])
    return [" ".join([own[0], *(w for w in own[1:] if w not in common)]) for own in words]


def _facts(row: LayerCall) -> tuple[str, ...]:
    layer = f"({row.layer})" if row.implicit else str(row.layer)
    return row.name, layer, str(row.output_shape), f"{row.params:,}", f"{row.macs:,}"


def _changed(change: Change) -> Line:
    # A budget begins with what it speaks of, a setting is only the value.
    old, new = (side.removeprefix(f"{change.what} ") for side in (change.before, change.after))
    if not old:
        return [("+  ", "good"), (f"{change.what} {new}", "")]
    if not new:
        return [("-  ", "bad"), (f"{change.what} {old}", "")]
    return [("~  ", "strong"), (f"{change.what} {old} -> {new}", "")]
