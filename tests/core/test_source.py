import pytest

from cnnspec.core.source import Source

TEXT = "conv 3x3\r\npool 2\n\n\tdense 10"


@pytest.mark.parametrize(
    ("part", "line", "column"), [("conv", 1, 1), ("3x3", 1, 6), ("pool", 2, 1), ("dense", 4, 2)]
)
def test_places_count_from_one(part: str, line: int, column: int) -> None:
    source = Source("x", TEXT)
    start = TEXT.index(part)
    span = source.span(start, start + len(part))
    assert (span.line, span.column, span.text) == (line, column, part)


def test_the_end_of_the_text_is_a_place() -> None:
    assert Source("x", TEXT).line_column(len(TEXT)) == (4, 10)
    assert Source("x", "").line_column(0) == (1, 1)
    assert Source("x", "a\n").line_column(2) == (2, 1)


@pytest.mark.parametrize(
    ("number", "text"), [(1, "conv 3x3"), (2, "pool 2"), (3, ""), (4, "\tdense 10")]
)
def test_lines_come_without_their_end(number: int, text: str) -> None:
    assert Source("x", TEXT).line(number) == text


def test_spans_join() -> None:
    source = Source("x", TEXT)
    assert source.span(0, 4).to(source.span(5, 8)).text == "conv 3x3"
