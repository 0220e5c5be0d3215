"""Writes equal statements that follow each other as a `repeat`."""

from cnnspec.importing.pieces import Nested, Piece, Pieces, repeat

_ROUND = 30
"""Statements of one round, at most."""


def with_repeats(body: Pieces) -> Pieces:
    """The same statements, equal ones that follow each other as a `repeat`."""
    inner = tuple(
        piece.with_bodies(tuple(map(with_repeats, piece.bodies)))
        if isinstance(piece, Nested)
        else piece
        for piece in body
    )
    found: list[Piece] = []
    at = 0
    while at < len(inner):
        period, times = _rounds(inner, at)
        found.append(repeat(times, inner[at : at + period]) if times > 1 else inner[at])
        at += period * times
    # Rounds of rounds show when those within are written.
    return tuple(found) if len(found) == len(body) else with_repeats(tuple(found))


def _rounds(body: Pieces, at: int) -> tuple[int, int]:
    """The statements of the shortest round that repeats from a place on, and how many follow."""
    for period in range(1, min(_ROUND, (len(body) - at) // 2) + 1):
        first = body[at : at + period]
        if first[-1].bound:
            break
        times = 1
        while _same(first, body[at + times * period : at + (times + 1) * period]):
            times += 1
        size = sum(piece.size for piece in first)
        if times > 1 and (times - 1) * size > (2 if size > 1 else 0):
            return period, times
    return 1, 1


def _same(first: Pieces, other: Pieces) -> bool:
    return len(first) == len(other) and all(
        a.key == b.key and a.terms == b.terms for a, b in zip(first, other, strict=True)
    )
