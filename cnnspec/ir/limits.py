"""Whether a spec can be written out in full and read again. Pure: a spec in, yes or no out.

A short text can say a long network. What a check accepts must be accepted in every form that
is printed of it, so a network is refused whose canonical text would be.
"""

from collections.abc import Iterable, Iterator

from cnnspec.ir.spec import MAX_ELEMENTS, Element, From, Merge, Node, SharedRepeat, Spec
from cnnspec.language.scan import MAX_BYTES, MAX_TOKENS, MAX_WORD, words
from cnnspec.language.texts import MAX_TEXT
from cnnspec.layers.base import Layer

_SETTINGS = 10
"""Statements for settings; rather too many."""
_HEADER = 24 * MAX_TEXT
"""Bytes for the settings of a spec, its paths among them; rather too many."""
_LINE = 1_000 + 4 * MAX_WORD
"""Bytes of the longest layer, with its indent and a name of four bytes a character."""
_FEW = (MAX_BYTES - _HEADER) // _LINE


_END = "}"


def can_be_written(spec: Spec) -> bool:
    """Whether the canonical text of a spec, with every default, is within the limits of texts."""
    lines, claims = [*_lines(spec.nodes, 0)], [*spec.budgets, *spec.expectations]
    count = _SETTINGS + sum(head != _END for head, _, _ in lines) + len(claims)
    if len(lines) + len(claims) <= _FEW:
        return True
    size, tokens = _HEADER, _HEADER // 8
    written: dict[int, tuple[int, int]] = {}
    for head, name, depth in [*lines, *((claim, "", 0) for claim in claims)]:
        # The same layer, as repeats and equal statements have it, is written once.
        if id(head) not in written:
            text = head.written(full=True) if isinstance(head, Layer) else str(head)
            written[id(head)] = len(text.encode()), words(text)
        own_size, own_tokens = written[id(head)]
        size += own_size + len(name.encode()) + 2 * depth + len(" name= { }\n")
        tokens += own_tokens + words(name) + 4
    return count <= MAX_ELEMENTS and size <= MAX_BYTES and tokens <= MAX_TOKENS


def _lines(elements: Iterable[Element], depth: int) -> Iterator[tuple[object, str, int]]:
    """The lines of elements: a layer or another word, its name, and how deep it is."""
    for element in elements:
        match element:
            case Node(name=name, layer=layer):
                yield layer, name, depth
            case Merge(name=name, layer=merging, branches=branches):
                yield merging, name, depth
                for branch in branches:
                    yield "branch", "", depth + 1
                    yield from _lines(branch, depth + 2)
                    yield _END, "", depth + 1
                yield _END, "", depth
            case SharedRepeat(times=times, body=body):
                yield f"repeat {times} shared", "", depth
                yield from _lines(body, depth + 1)
                yield _END, "", depth
            case From(source=source):
                yield "from", source, depth
