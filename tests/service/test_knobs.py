"""Sliders: which numbers they are for, and where they end."""

import pytest

from cnnspec.core.source import Source
from cnnspec.service.knobs import knobs
from cnnspec.service.snapshot import snapshot


def knob(text):
    (found,) = knobs(snapshot(Source("x.cnn", text)))
    return found


@pytest.mark.parametrize("value", ["1", "6", "7", "6k", "0", "-3", "0.25", "1e-4", "-0.5"])
def test_a_slider_has_room_on_both_sides_of_its_number(value):
    found = knob(f"let a = {value}")
    assert found.low <= found.value <= found.high
    assert found.high - found.value >= abs(found.value)
    assert found.span.text == value


def test_a_slider_of_whole_numbers_goes_by_ones():
    assert knob("let a = 6").step == 1
    assert isinstance(knob("let a = 6").high, int)


def test_ends_stay_while_a_number_changes_a_little():
    assert {knob(f"let a = {value}").high for value in (8, 9, 12, 15)} == {32}


def test_only_numbers_in_digits_have_one():
    text = "let a = 4\nlet b = 2*a\nlet c = fit(1..4)\nblock s(n) { let d = 3; conv (n)x3 }"
    assert [found.name for found in knobs(snapshot(Source("x.cnn", text)))] == ["a"]
