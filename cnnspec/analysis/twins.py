"""Submissions that are the same: the same text but for names, or the same network."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.graph.graph import Graph
from cnnspec.language.parse import parse
from cnnspec.language.syntax import (
    Call,
    Option,
    Statement,
    SyntaxNode,
    Word,
    nodes_in,
)
from cnnspec.layers.base import Layer
from cnnspec.layers.merging import Concat, Merging
from cnnspec.layers.table import LAYERS
from cnnspec.layers.weighted import Weighted

TEXT = "text"
NAMES = "text but for names, comments and layout"
NETWORK = "network"


class Twins(Record):
    """Files that are the same, and what is the same of them."""

    files: tuple[str, ...]
    same: str

    def dump(self) -> dict[str, object]:
        """The group as JSON."""
        return {"files": list(self.files), "same": self.same}


def twins(submissions: Mapping[str, CheckedSpec]) -> list[Twins]:
    """Returns the groups of submissions that are the same, each told by what is most alike.

    Those with errors are compared as texts alone.
    """
    found: list[Twins] = []
    told: set[frozenset[str]] = set()
    for same, key in ((TEXT, _plain), (NAMES, text_key), (NETWORK, _network)):
        groups: dict[str, list[str]] = {}
        for file, checked in submissions.items():
            groups.setdefault(key(checked) or file, []).append(file)
        for files in groups.values():
            # A larger group is told again: the same network, of which some are the same text.
            if len(files) > 1 and frozenset(files) not in told:
                told.add(frozenset(files))
                found.append(Twins(tuple(files), same))
    return found


def _plain(checked: CheckedSpec) -> str:
    return checked.source.text


def _network(checked: CheckedSpec) -> str:
    return network_key(checked.graph) if checked.ok else ""


def text_key(checked: CheckedSpec) -> str:
    """Returns what a text says without the names that its author chose, comments and layout."""
    parsed = parse(checked.source)
    if parsed.problems:
        return ""
    numbers: dict[str, str] = {}
    for name in _names(parsed.statements):
        numbers.setdefault(name, f"name {len(numbers)}")
    return repr([_said(s, numbers) for s in parsed.statements if s.word != "model"])


def _names(statements: Iterable[Statement]) -> Iterable[str]:
    """Yields the names of numbers and blocks, in the order in which they are defined."""
    for statement in statements:
        arguments = statement.arguments
        if statement.word == "let":
            yield from (a.name for a in arguments if isinstance(a, Option))
        elif statement.word == "block":
            for node in nodes_in(arguments):
                match node:
                    case Call(name=name) | Option(name=name) | Word(text=name):
                        yield name
        elif statement.word == "repeat" and len(arguments) > 1 and isinstance(arguments[0], Word):
            yield arguments[0].text
        if statement.block:
            yield from _names(statement.block.statements)


def _said(node: object, numbers: dict[str, str]) -> object:
    """A piece of syntax as plain data; the name of a layer is left out."""
    match node:
        case Word(text=text):
            return numbers.get(text, text)
        case SyntaxNode():
            values = (getattr(node, field) for field in type(node).fields if "span" not in field)
            return type(node).__name__, [_said(value, numbers) for value in values]
        case str():
            return numbers.get(node, node)
        case tuple():
            return [_said(part, numbers) for part in node if not _is_name(part)]
    return node if node is None or isinstance(node, bool | int) else repr(node)


def _is_name(part: object) -> bool:
    return isinstance(part, Option) and part.name == "name"


def network_key(graph: Graph) -> str:
    """Returns what a graph computes, whatever its layers are called and in which order it is built.

    `conv 8x3 relu` is the same as `conv 8x3; relu`, and a flatten that is written the same as
    one that is not.
    """
    keys: list[str] = []
    owners: dict[str, str] = {}
    for call in graph.calls:
        inputs = [keys[source] for source in call.inputs]
        if isinstance(call.layer, Merging) and not isinstance(call.layer, Concat):
            inputs.sort()
        # Layers that share weights are known by the one that has them.
        owner = owners.get(call.weights_from, "")
        key = inputs
        for layer in _plainly(call.layer):
            key = [_digest(f"{layer} {call.output_shape} {key} {owner}")]
        keys.append(key[0] if call.inputs else _digest(str(call.output_shape)))
        owners[call.name] = keys[-1]
    # Equal layers that share their weights, and those that do not, differ in how many there are.
    weights = sorted(call.params for call in graph.owners if call.params)
    return _digest(f"{keys[-1]} {weights}")


def _plainly(layer: Layer) -> tuple[str, ...]:
    """The statements of a layer, the function that it ends with as one of its own."""
    if isinstance(layer, Merging):
        return ("add" if layer.word == "residual" else layer.word,)
    if isinstance(layer, Weighted) and layer.activation != "linear":
        function = layer.activation
        alone = LAYERS[function]().replace(slope=0.2) if function == "leaky_relu" else function
        return str(layer.replace(activation="linear")), str(alone)
    return (str(layer),)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
