"""Whether a spec is one that a text can say. Pure: a spec in, yes or no out.

Expansion holds these rules for a text, and says what is wrong and where. Here is what
neither the types of the fields nor the JSON Schema hold for a spec that comes without a text.
"""

from collections.abc import Iterable, Iterator

from cnnspec.ir.claims import CONVERTED, Claim
from cnnspec.ir.limits import can_be_written
from cnnspec.ir.spec import (
    INPUT_NAME,
    MAX_LAYERS,
    MAX_NESTING,
    Element,
    ErrorNode,
    From,
    Merge,
    Names,
    Node,
    SharedRepeat,
    Spec,
    applied,
    every,
    is_automatic,
)
from cnnspec.language.constructs import Construct
from cnnspec.language.scan import MAX_WORD


def is_valid(spec: Spec) -> bool:
    """Whether the canonical text of a spec would expand to it without an error."""
    elements = list(every(spec.nodes))
    constructs = [e.layer for e in elements if isinstance(e, Node | Merge)]
    return (
        not any(isinstance(element, ErrorNode) for element in elements)
        and all(e.times > 0 for e in elements if isinstance(e, SharedRepeat))
        and all(len(e.branches) > 1 for e in elements if isinstance(e, Merge))
        and applied(spec.nodes) <= MAX_LAYERS
        and _nesting(spec.nodes) <= MAX_NESTING
        and can_be_written(spec)
        and _has_distinct_names(spec.nodes)
        and _knows_sources(spec.nodes, {INPUT_NAME})
        and _repeats_dataset(spec)
        and all(_in_range(claim) for claim in (*spec.budgets, *spec.expectations))
        and all(_says_all(part) for part in (spec, spec.train))
        and not any(_conflicts((spec, *constructs)))
    )


def _nesting(elements: Iterable[Element]) -> int:
    """How many brackets are around the innermost elements in the canonical text."""
    deepest = 0
    for element in elements:
        match element:
            case Merge(branches=branches):
                deepest = max(deepest, *(2 + _nesting(branch) for branch in branches))
            case SharedRepeat(body=body):
                deepest = max(deepest, 1 + _nesting(body))
    return deepest


def _has_distinct_names(elements: Iterable[Element]) -> bool:
    """Whether no two layers share a name, and automatic ones count up as in a text.

    None is longer than a text can give.
    """
    found = [pair for element in elements for pair in _named(element)]
    names = Names()
    counted = all(name == names.next(word) for name, word in found if is_automatic(name))
    distinct = len({name for name, _ in found}) == len(found)
    return counted and distinct and all(len(name) <= MAX_WORD for name, _ in found)


def _knows_sources(elements: Iterable[Element], known: set[str], opens: bool = False) -> bool:
    """Whether each `from` opens a branch and names a layer before it by a name of a person's own.

    `known` grows by the names that come.
    """
    for element in elements:
        match element:
            case From(source=source) if not opens or source not in known or is_automatic(source):
                return False
            case Node(name=name):
                known.add(name)
            case Merge(name=name, branches=branches):
                if not all(_knows_sources(branch, known, opens=True) for branch in branches):
                    return False
                known.add(name)
            case SharedRepeat(body=body):
                if not _knows_sources(body, known):
                    return False
        opens = False
    return True


def _named(element: Element) -> Iterator[tuple[str, str]]:
    """The names and words of layers; branches come before their merge, as in a text."""
    match element:
        case Node(name=name, layer=layer):
            yield name, layer.word
        case Merge(name=name, layer=merging, branches=branches):
            for branch in branches:
                for inner in branch:
                    yield from _named(inner)
            yield name, merging.word
        case SharedRepeat(body=body):
            for inner in body:
                yield from _named(inner)


def _repeats_dataset(spec: Spec) -> bool:
    """Whether shape and classes are those of the dataset, where it is a known one."""
    dataset = spec.data.dataset
    return dataset is None or (spec.input, spec.classes) == (dataset.shape, dataset.classes)


def _in_range(claim: Claim) -> bool:
    """Whether the limit of a claim is one that its quantity can have."""
    in_bytes = claim.quantity in ("flash", "ram")
    known = not claim.runtime or (
        claim.runtime in claim.runtimes(claim.quantity) and claim.dtype in ("", *CONVERTED)
    )
    in_range = claim.limits(claim.quantity).contains(claim.limit)
    return in_range and known and (in_bytes or not claim.dtype)


def _says_all(construct: Construct) -> bool:
    """Whether no list is empty that has something in it by default."""
    return all(
        getattr(construct, name) != () or field.default == ()
        for name, field in type(construct).specs.items()
    )


def _conflicts(constructs: Iterable[Construct]) -> Iterator[bool]:
    """For each construct, and those in its fields, whether its fields contradict each other."""
    for construct in constructs:
        yield construct.conflict() is not None
        inner = (getattr(construct, name) for name in type(construct).fields)
        yield from _conflicts(value for value in inner if isinstance(value, Construct))
