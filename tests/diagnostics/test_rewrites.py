"""Edits of statements and arguments, wherever they are in a text."""

import pytest

from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.rewrites import (
    block_of,
    close_brace,
    close_parenthesis,
    leave_out_if_whole,
    statement_around,
    without_argument,
    without_statement,
)


def at(text: str) -> Span:
    """The characters between two marks, of a text without them."""
    begin, end = text.index("["), text.index("]") - 1
    return Source("x", text.replace("[", "").replace("]", "")).span(begin, end)


def done(text: str, how: object) -> str:
    span = at(text)
    return apply_edits(span.source, (how(span),))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a; [b]; c", "a; c"),
        ("[b]; c", "c"),
        ("a; [b]", "a"),
        ("a\n[b]\nc\n", "a\nc\n"),
        ("a\r\n  [b]\r\nc\r\n", "a\r\nc\r\n"),
        ("a\n[b]", "a\n"),
        ("a\n[b]  # why\nc", "a\n# why\nc"),
        ("a; [b]  # why\nc", "a  # why\nc"),
        ("t { [b] }", "t { }"),
        ("t {\n  [b 1 {\n    c\n  }]\n}\n", "t {\n}\n"),
        ("[b]", ""),
    ],
)
def test_a_statement_is_taken_out_with_its_separator(text: str, left: str) -> None:
    assert done(text, without_statement) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("conv 8x3 [relu] same", "conv 8x3 same"),
        ("conv 8x3x[3] relu", "conv 8x3 relu"),
        ("f(a=1, [b=2])", "f(a=1)"),
        ("f([a=1], b=2)", "f(b=2)"),
        ("f([a=1])", "f"),
        ("silence [A], B", "silence B"),
        ("silence A [B]", "silence A"),
        ("silence [A]\ndense 10", "dense 10"),
        ("train { augment [flip=both] }", "train { }"),
    ],
)
def test_an_argument_is_taken_out_with_what_joins_it(text: str, left: str) -> None:
    assert done(text, without_argument) == left


@pytest.mark.parametrize("text", ["let a = [f(1)]", "block [b] { }", "[train] { }", "[seed] in 3"])
def test_a_part_of_something_is_not_taken_out(text: str) -> None:
    assert leave_out_if_whole(at(text)) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a; b [c] d  # e; f", "b c d"),
        ('a "x;y" [c]', 'a "x;y" c'),
        ("t { a [b]\n}", "a b"),
        ("# a; b\n  c [d] { e }", "c d"),
    ],
)
def test_the_statement_around_an_argument(text: str, found: str) -> None:
    assert statement_around(at(text)).text == found


@pytest.mark.parametrize(
    ("text", "closed", "safe"),
    [
        ("t [{]\n  a\nb\n", "t {\n  a\n}\nb\n", True),
        ("t [{]\n  a\n\n# end\nb\n", "t {\n  a\n}\n\n# end\nb\n", True),
        ("t [{]\n  a", "t {\n  a\n}", True),
        ("t [{]\r\n  a\r\nb\r\n", "t {\r\n  a\r\n}\r\nb\r\n", True),
        ("t [{]\na\nb\n", "t {\na\nb\n}\n", False),
        ("t [{] a  # why", "t { a }  # why", False),
        ("t [{] a", "t { a }", True),
        ("t [{] a\nb", "t { a }\nb", False),
    ],
)
def test_a_brace_is_closed_where_the_indentation_ends(text: str, closed: str, safe: bool) -> None:
    span = at(text)
    fix = close_brace(span)
    assert apply_edits(span.source, fix.edits) == closed
    assert fix.safe is safe


@pytest.mark.parametrize(
    ("text", "closed", "safe"),
    [
        ("f [(]1; b", "f (1); b", True),
        ("f [(]2*f x3 # c", "f (2*f x3) # c", False),
        ("t { f [(]1 }", "t { f (1) }", True),
    ],
)
def test_a_parenthesis_is_closed_in_its_statement(text: str, closed: str, safe: bool) -> None:
    span = at(text)
    fix = close_parenthesis(span)
    assert apply_edits(span.source, fix.edits) == closed
    assert fix.safe is safe


def test_the_block_of_a_word_is_at_the_top() -> None:
    text = "# train { }\nblock train2 { train { a } }\ntrain { b { c } }"
    found = block_of(Source("x", text), "train")
    assert found is not None
    assert found.text == " b { c } "
    assert block_of(Source("x", "training { }"), "train") is None
