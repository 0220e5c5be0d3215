"""Blocks and their uses, and the text of a network that has them."""

from collections import Counter
from collections.abc import Iterator

from cnnspec.core.record import Record
from cnnspec.importing.pieces import Lines, Nested, Piece, Pieces, Term, sequences


class Block(Record):
    """A sequence of statements with parameters in the place of some numbers."""

    name: str
    parameters: tuple[str, ...]
    hints: tuple[str, ...]
    body: Pieces


class Call(Piece):
    """A block used; its terms are the arguments. `options` are the parameters with a default."""

    options: tuple[tuple[str, Term], ...] = ()

    def lines(self) -> Lines:
        plain = len(self.terms) - len(self.options)
        given = [
            f"{name}={term}"
            for (name, default), term in zip(self.options, self.terms[plain:], strict=True)
            if term != default
        ]
        return [" ".join([self.word, *map(str, self.terms[:plain]), *given])]


class Folded(Record):
    """A network as blocks and statements: the text of each block, then the text of the rest."""

    blocks: tuple[Lines, ...]
    lines: Lines


def written(network: Pieces, blocks: list[Block]) -> Folded:
    """The text, parameters with their most common value as default where most uses have it."""
    options: dict[str, tuple[list[int], tuple[tuple[str, Term], ...]]] = {}
    bodies = [network, *(block.body for block in blocks)]
    for block in blocks:
        uses = [call for body in bodies for call in _calls(body) if call.word == block.name]
        options[block.name] = _defaults(block, uses)
    texts = {}
    for block in blocks:
        order, given = options[block.name]
        plain = [block.parameters[number] for number in order[: len(order) - len(given)]]
        heads = ", ".join([*plain, *(f"{name}={default}" for name, default in given)])
        head = f"block {block.name}({heads})" if heads else f"block {block.name}"
        inner = [line for piece in _signed(block.body, options) for line in piece.lines()]
        texts[block.name] = [f"{head} {{", *(f"  {line}" for line in inner), "}"]
    ordered: dict[str, None] = {}
    by_name = {block.name: block for block in blocks}

    def put(name: str) -> None:
        for call in _calls(by_name[name].body):
            put(call.word)
        ordered.setdefault(name)

    for block in blocks:
        put(block.name)
    lines = [line for piece in _signed(network, options) for line in piece.lines()]
    return Folded(tuple(texts[name] for name in ordered), lines)


def _calls(body: Pieces) -> Iterator[Call]:
    for sequence in sequences(body):
        yield from (piece for piece in sequence if isinstance(piece, Call))


def _defaults(block: Block, uses: list[Call]) -> tuple[list[int], tuple[tuple[str, Term], ...]]:
    """The order of the parameters, and those at its end that have a default."""
    plain, given = [], []
    for number, name in enumerate(block.parameters):
        (term, times), *_ = Counter(call.terms[number] for call in uses).most_common(1)
        common = number and not term.parameter and times * 2 > len(uses)
        if common or (number and block.hints[number] == "stride"):
            given.append((number, name, Term(1) if block.hints[number] == "stride" else term))
        else:
            plain.append(number)
    order = [*plain, *(number for number, _, _ in given)]
    return order, tuple((name, term) for _, name, term in given)


Options = dict[str, tuple[list[int], tuple[tuple[str, Term], ...]]]


def _signed(body: Pieces, options: Options) -> Pieces:
    """The same with the arguments of every call in their order."""
    found: list[Piece] = []
    for piece in body:
        if isinstance(piece, Call):
            order, given = options[piece.word]
            terms = tuple(piece.terms[number] for number in order)
            found.append(piece.replace(terms=terms, options=given))
        elif isinstance(piece, Nested):
            found.append(piece.with_bodies(tuple(_signed(each, options) for each in piece.bodies)))
        else:
            found.append(piece)
    return tuple(found)
