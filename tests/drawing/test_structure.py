"""What is drawn by itself, what once for several, and what not."""

import pytest

from cnnspec.drawing.structure import MAX_DRAWN_ITEMS, Fork, Group, Left, Repeat, rows_of, structure
from tests.support.drawing_cases import CASES, cases, checked


def items(text):
    return structure(checked(text).graph)


@pytest.mark.parametrize("text", cases().values(), ids=cases())
def test_every_row_is_in_exactly_one_item(text):
    graph = checked(text).graph
    found = sorted(rows_of(structure(graph)))
    assert found == list(range(len(graph.calls)))


def test_layers_that_change_values_only_stand_with_the_one_before():
    chain = items("conv 4x3; bn; relu; pool 2; flatten; dropout 0.5; dense 10")
    assert [item.calls for item in chain] == [(0,), (1, 2, 3), (4,), (5, 6), (7,)]


def test_a_skip_is_an_empty_branch():
    (_, _, fork, _) = items("conv 4x3; residual { conv 4x3 same; relu }; dense 10")[:4]
    assert isinstance(fork, Fork)
    assert fork.join == 4
    assert set(fork.branches) == {(), (Group((2, 3)),)}


def test_a_projection_is_in_the_branch_of_the_skip():
    graph = checked(CASES["project"]).graph
    fork = structure(graph)[2]
    names = {tuple(graph.calls[row].name for row in rows_of(branch)) for branch in fork.branches}
    assert names == {("conv_2",), ("add.project",)}


def test_shared_weights_are_drawn_once_in_a_network_of_any_length():
    repeat = items(CASES["shared"])[2]
    assert isinstance(repeat, Repeat)
    assert (repeat.times, repeat.shared) == (3, True)
    assert list(rows_of(repeat.body)) == [2, 3, 4]
    assert repeat.further == tuple(range(5, 11))


def test_shared_weights_on_other_shapes_are_drawn_one_by_one():
    assert not any(isinstance(item, Repeat) for item in items(CASES["shrinking"]))


def test_equal_parts_are_drawn_once_in_a_long_network_only():
    short = "conv 4x3 same; repeat 5 { conv 4x3 same; relu }; dense 10"
    assert not any(isinstance(item, Repeat) for item in items(short))
    (repeat,) = (item for item in items(CASES["repeated"]) if isinstance(item, Repeat))
    assert (repeat.times, repeat.shared) == (60, False)
    assert isinstance(repeat.body[0], Fork)


def test_parts_that_differ_are_not_drawn_as_one():
    assert not any(isinstance(item, Repeat) for item in items(CASES["hundred"]))


def test_the_middle_of_a_very_long_network_is_counted():
    chain = items(CASES["thousands"])
    assert len(chain) <= MAX_DRAWN_ITEMS + 1
    (left,) = (item for item in chain if isinstance(item, Left))
    assert left.what == f"{len(left.calls):,} layers"
    assert isinstance(chain[-1], Group)
    assert chain[-1].calls == (len(checked(CASES["thousands"]).layers),)


def test_the_middle_of_very_many_branches_is_counted():
    fork = items(CASES["crowd"])[1]
    (left,) = (branch[0] for branch in fork.branches if isinstance(branch[0], Left))
    assert left.what == f"{400 - len(fork.branches) + 1} branches"
