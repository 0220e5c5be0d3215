import pytest

from cnnspec.core.edits import Edit, Fix, apply_edits, insert, overlap, write
from cnnspec.core.source import Source

SOURCE = Source("x", "conv 8x3; pool 2")


def edit(start: int, end: int, text: str) -> Edit:
    return Edit(SOURCE.span(start, end), text)


def test_edits_are_applied_whatever_their_order() -> None:
    edits = (edit(15, 16, "4"), edit(5, 8, "16x5"), edit(0, 0, "relu; "), edit(8, 9, ""))
    assert apply_edits(SOURCE, edits) == "relu; conv 16x5 pool 4"
    assert apply_edits(SOURCE, ()) == SOURCE.text


def test_an_insertion_stands_before_what_replaces_the_character_after_it() -> None:
    assert apply_edits(SOURCE, (edit(0, 4, "dense"), edit(0, 0, "a "))) == "a dense 8x3; pool 2"


@pytest.mark.parametrize(
    "edits",
    [(edit(0, 4, ""), edit(3, 5, "")), (Edit(Source("y", "conv").span(0, 4), "pool"),)],
    ids=["overlap", "another source"],
)
def test_edits_that_cannot_be_applied_raise(edits: tuple[Edit, ...]) -> None:
    with pytest.raises(ValueError, match="cannot apply"):
        apply_edits(SOURCE, edits)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ((0, 4), (4, 5), False),
        ((0, 4), (3, 5), True),
        ((3, 5), (0, 4), True),
        ((4, 4), (4, 4), True),
        ((4, 4), (4, 6), True),
        ((4, 4), (5, 6), False),
        ((0, 9), (2, 3), True),
    ],
)
def test_edits_that_overlap_are_found(
    one: tuple[int, int], other: tuple[int, int], found: bool
) -> None:
    first, second = (write(SOURCE.span(*place), "") for place in (one, other))
    assert overlap(first, second) is found
    assert overlap(second, first) is found


def test_a_fix_says_whether_it_is_safe() -> None:
    fix = insert(SOURCE, 4, " ", safe=True, title="insert a blank")
    assert fix == Fix((edit(4, 4, " "),), True, "insert a blank")
