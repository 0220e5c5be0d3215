"""Finds what is repeated in a network and says it once: in a `repeat`, or in a block.

Greedy, as compressors with a grammar are (Larsson and Moffat, "Off-line dictionary-based
compression", 2000): what saves the most lines becomes a block, until nothing saves enough. Numbers
that differ become its parameters, and multiples of a parameter are written as such: `(4*f)`.
"""

from collections import Counter
from collections.abc import Iterator

from cnnspec.importing.folded import Block, Call, Folded, written
from cnnspec.importing.pieces import Key, Nested, Piece, Pieces, Term, sequences
from cnnspec.importing.repeats import with_repeats
from cnnspec.layers.merging import MERGES, Residual
from cnnspec.layers.table import CONSTRUCTS

_LONGEST = 60
"""Statements of a block, at most."""
_WINDOWS = 100_000
"""Sequences that are looked at for one block; longer ones are not where a network is large."""
_PARAMETERS = 4
"""Parameters of a block, at most: a person loses track of more."""
_NAME = 20
"""Letters of a name that lists what is in a block, at most."""
_WORTH = 2
"""Lines that a block must save."""
_FIRST = ("filters", "units")
_LETTERS = {
    "filters": "fgh",
    "kernel": "kl",
    "size": "kl",
    "stride": "st",
    "units": "u",
    "groups": "g",
    "times": "nm",
    "channels": "c",
}


def fold(network: Pieces) -> Folded:
    """Returns the text of a network with each repetition said once."""
    blocks: list[Block] = []
    network = with_repeats(network)
    while True:
        bodies = [network, *(block.body for block in blocks)]
        taken = {block.name for block in blocks}
        made = next(filter(None, (_block(bodies, key, taken) for key in _candidates(bodies))), None)
        if made is None:
            break
        key, block, calls = made
        replaced = iter(calls)
        network = with_repeats(_replaced(network, key, replaced))
        blocks = [
            each.replace(body=with_repeats(_replaced(each.body, key, replaced))) for each in blocks
        ]
        blocks.append(block)
    return written(network, blocks)


def _keys(pieces: Pieces) -> tuple[Key, ...]:
    return tuple(piece.key for piece in pieces)


def _candidates(bodies: list[Pieces]) -> Iterator[tuple[Key, ...]]:
    """The sequences that would save lines as a block, by their keys: what saves the most first."""
    ids: dict[Key, int] = {}
    every = [each for body in bodies for each in sequences(body) if each]
    total = sum(map(len, every))
    longest = max(2, min(_LONGEST, _WINDOWS // total))
    counts: Counter[tuple[int, ...]] = Counter()
    places: dict[tuple[int, ...], Pieces] = {}
    for sequence in every:
        numbers = tuple(ids.setdefault(piece.key, len(ids)) for piece in sequence)
        ends: dict[tuple[int, ...], int] = {}
        for start in range(len(numbers)):
            for end in range(start + 1, min(start + longest, len(numbers)) + 1):
                if sequence[end - 1].bound:
                    break
                window = numbers[start:end]
                if start >= ends.get(window, 0):
                    counts[window] += 1
                    ends[window] = end
                    places.setdefault(window, sequence[start:end])
    saved: list[tuple[int, int, tuple[int, ...]]] = []
    for window, times in counts.items():
        size = sum(piece.size for piece in places[window])
        lines = times * (size - 1) - size - 2
        if times > 1 and lines >= _WORTH and not _is_periodic(window):
            saved.append((-lines, len(window), window))
    return (_keys(places[window]) for _, _, window in sorted(saved))


def _is_periodic(window: tuple[int, ...]) -> bool:
    """Whether it is a shorter sequence several times."""
    size = len(window)
    return any(
        size % period == 0 and window == window[:period] * (size // period)
        for period in range(1, size // 2 + 1)
    )


def _occurrences(body: Pieces, key: tuple[Key, ...]) -> Iterator[Pieces]:
    """Where a sequence is in another and within its statements, none over another."""
    at = 0
    while at < len(body):
        window = body[at : at + len(key)]
        if _keys(window) == key:
            yield window
            at += len(key)
            continue
        piece = body[at]
        if isinstance(piece, Nested):
            for inner in piece.bodies:
                yield from _occurrences(inner, key)
        at += 1


def _replaced(body: Pieces, key: tuple[Key, ...], calls: Iterator[Call]) -> Pieces:
    """The same with a call in each of those places."""
    found: list[Piece] = []
    at = 0
    while at < len(body):
        piece = body[at]
        if _keys(body[at : at + len(key)]) == key:
            found.append(next(calls))
            at += len(key)
            continue
        if isinstance(piece, Nested):
            piece = piece.with_bodies(tuple(_replaced(each, key, calls) for each in piece.bodies))
        found.append(piece)
        at += 1
    return tuple(found)


def _block(
    bodies: list[Pieces], key: tuple[Key, ...], taken: set[str]
) -> tuple[tuple[Key, ...], Block, list[Call]] | None:
    """A block for the sequences with some keys, and its use in the place of each.

    `None` where it would take too many parameters.
    """
    found = [each for body in bodies for each in _occurrences(body, key)]
    terms = [[term for piece in window for term in piece.terms] for window in found]
    hints = [hint for piece in found[0] for hint in piece.hints]
    columns = list(zip(*terms, strict=True))
    varying = {c for c in columns if len(set(c)) > 1 or c[0].parameter}
    bases: list[tuple[Term, ...]] = []
    said: dict[tuple[Term, ...], tuple[int, tuple[Term, ...]]] = {}
    for column in sorted(varying, key=lambda column: [term.factor for term in column]):
        base = next((b for b in bases if _ratio(column, b)), None)
        said[column] = (_ratio(column, base), base) if base else (1, column)
        if base is None:
            bases.append(column)
    if len(bases) > _PARAMETERS:
        return None
    # What a person names first: how many filters, then the rest as it comes.
    bases.sort(key=lambda base: (hints[columns.index(base)] not in _FIRST, columns.index(base)))
    names = _letters([hints[columns.index(base)] for base in bases])
    by_base = dict(zip(bases, names, strict=True))
    inside = iter(
        [
            Term(said[column][0], by_base[said[column][1]]) if column in varying else column[0]
            for column in columns
        ]
    )
    body = tuple(piece.with_terms(inside) for piece in found[0])
    block = Block(
        _name(body, taken),
        tuple(names),
        tuple(hints[columns.index(base)] for base in bases),
        body,
    )
    of_calls = ("call", block.name)
    calls = [
        Call(of_calls, tuple(base[number] for base in bases), block.hints, block.name)
        for number in range(len(found))
    ]
    return key, block, calls


def _ratio(column: tuple[Term, ...], base: tuple[Term, ...]) -> int:
    """The whole number by which each term is a multiple of that of the base; 0 without one."""
    ratios = {a.times(b) for a, b in zip(column, base, strict=True)}
    ratio = ratios.pop() if len(ratios) == 1 else None
    return ratio or 0


def _letters(hints: list[str]) -> list[str]:
    """Names for parameters: the first letter of what they are, each once."""
    found: list[str] = []
    for hint in hints:
        wishes = [*_LETTERS.get(hint, hint[0]), *"abdeijopqrvwxyz"]
        found.append(next(letter for letter in wishes if letter not in found))
    return found


def _name(body: Pieces, taken: set[str]) -> str:
    """A name that says what is in a block."""
    words = [piece.word for piece in body]
    merge = next((word for word in words if word in (*MERGES, Residual.word)), "")
    name = "_".join(words)
    if "repeat" in words:
        name = "stage"
    elif merge:
        name = f"{merge}_block"
    elif len(name) > _NAME:
        first, *_, last = name.split("_")
        name = f"{first}_to_{last}"
    # No number at its end: uses of a block are called after it with a number.
    wishes = (name, *(f"{name}_{letter}" for letter in "bcdefghijklmnopqrstuvwxyz"))
    free = (wish for wish in wishes if wish not in taken and wish not in CONSTRUCTS)
    return next(free, f"block_{len(taken)}_")
