"""Places as editors count them, in every unit, where lines end as the protocol says."""

import pytest

from cnnspec.core.positions import UTF8, UTF16, UTF32, Position, Positions, units


@pytest.mark.parametrize(
    ("text", "length", "unit"),
    [
        ("abc", 3, UTF16),
        ("é", 1, UTF16),
        ("é", 2, UTF8),
        ("\U0001f600", 2, UTF16),
        ("\U0001f600", 4, UTF8),
        ("\U0001f600", 1, UTF32),
        ("\ud800", 1, UTF16),
    ],
)
def test_units_of_a_text(text, length, unit):
    assert units(text, unit) == length


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_of_the_protocol_ends_a_line(end):
    lines = Positions(f"ab{end}cd{end}")
    assert lines.lines == 3
    assert lines.at(2 + len(end)) == Position(1, 0)
    assert lines.offset(1, 1) == 3 + len(end)


@pytest.mark.parametrize("inside", ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029"])
def test_nothing_else_ends_a_line(inside):
    # `str.splitlines` would.
    lines = Positions(f"# a{inside}b\nconv")
    assert lines.at(6) == Position(1, 0)
    assert lines.offset(1, 4) == 10


@pytest.mark.parametrize("unit", [UTF8, UTF16, UTF32])
def test_there_and_back(unit):
    text = "a\U0001f600é b\r\n\rz\nü\U0001f4a9"
    lines = Positions(text, unit)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # within a line end there is no place
        at = lines.at(offset)
        assert lines.offset(at.line, at.character) == offset


def test_a_place_outside_of_the_text_is_its_nearest():
    lines = Positions("ab\ncd")
    assert lines.offset(0, 99) == 2
    assert lines.offset(99, 0) == 5
    # The second half of a pair is where the pair begins.
    assert Positions("\U0001f600x").offset(0, 1) == 0
