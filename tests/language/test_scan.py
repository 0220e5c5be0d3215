import time

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.language.parse import parse
from cnnspec.language.scan import MAX_BYTES, MAX_DEPTH, MAX_TOKENS, MAX_WORD, scan

SPEC = "dense 10 softmax\n"


def checked(text: str) -> CheckedSpec:
    return check(Source("x", text))


def codes(text: str) -> list[str]:
    return [p.code for p in checked(text).problems if p.severity == "error"]


def padded(size: int) -> str:
    """A spec of so many bytes."""
    return SPEC + "#" + "." * (size - len(SPEC) - 1)


def nested(depth: int) -> str:
    return f"let f = {'(' * depth}1{')' * depth}\n{SPEC}"


def worded(count: int) -> str:
    """A text of so many tokens: statements of two, the spec's own three, one more if odd."""
    rest = count - 3
    return SPEC + "bn;" * (rest // 2) + ("bn" if rest % 2 else "")


LIMITS = [
    ("bytes", padded, MAX_BYTES),
    ("depth", nested, MAX_DEPTH),
    ("word", lambda n: f"model {'m' * n}\n{SPEC}", MAX_WORD),
]


@pytest.mark.parametrize(("name", "text", "limit"), LIMITS, ids=[row[0] for row in LIMITS])
def test_text_up_to_the_limit_is_read(name: str, text, limit: int) -> None:
    assert codes(text(limit - 1)) == []
    assert codes(text(limit)) == []
    assert codes(text(limit + 1)) == ["CNN007"]


def test_tokens_up_to_the_limit_are_read() -> None:
    statement = "let a=1\n"  # four tokens
    whole = statement * (MAX_TOKENS // 4)
    for text, refused in ((whole, False), (whole + "a", True)):
        found = [problem.code for problem in scan(Source("x", text))[0]]
        assert found == (["CNN007"] if refused else [])


def test_a_carriage_return_alone_ends_a_line() -> None:
    text = "# the first line\rconv 8x3 relu\rpool 2\r\rdense 10 softmax\r"
    parsed = parse(Source("x", text))
    assert parsed.problems == ()
    assert [s.word for s in parsed.statements] == ["conv", "pool", "dense"]
    assert [(s.span.line, s.span.column) for s in parsed.statements] == [(2, 1), (3, 1), (5, 1)]
    assert parsed.source.line(2) == "conv 8x3 relu"


def test_a_thousand_statements_between_carriage_returns_are_read() -> None:
    assert codes("relu\r" * 1_000 + SPEC) == []


def test_a_thousand_statements_on_a_line_are_told() -> None:
    found = codes("relu " * 1_000 + "dense 10 softmax")
    assert set(found) == {"CNN014", "CNN007"}


def test_an_error_in_a_very_long_text_is_found_where_it_is() -> None:
    lines = "dense 10 relu\n" * 40_000
    (problem,) = parse(Source("x", f"{lines}dense 10 +\n")).problems
    assert problem.code == "CNN007"
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == (40_001, 10)


def test_bytes_count_and_not_characters() -> None:
    assert codes(padded(MAX_BYTES - 1) + "ü") == ["CNN007"]
    assert codes(padded(MAX_BYTES - 2) + "ü") == []


@pytest.mark.parametrize(
    "text",
    [
        "conv " + "x" * 3_000_000,
        "conv " + "x" * 200_000,
        "(" * 100_000,
        ")" * 100_000,
        "{" * 100_000,
        "}" * 100_000,
        "a{" * 50_000,
        "let f = " + "(" * 100_000 + ")" * 100_000,
        '"' * 100_000,
        "9" * 200_000,
        ";" * 200_000,
        "#" * 200_000,
        "a" + "=" * 100_000,
        "a 1," * 60_000,
        "conv " + "1x" * 60_000,
        "\x00" * 200_000,
        "\n" * 200_000,
        "dense 1/" * 20_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_hostile_text_is_refused_at_once(text: str) -> None:
    checked("dense 10")  # the grammar is built once
    start = time.process_time()
    result = checked(text)
    # It takes a tenth of that; what grows with the square of the length takes minutes.
    assert time.process_time() - start < 3
    assert not result.ok


@pytest.mark.parametrize(
    ("text", "codes_of_it"),
    [
        ("(", ["CNN002"]),
        ("conv (1; pool (2", ["CNN002", "CNN002"]),
        ("a { b { c", ["CNN002", "CNN002"]),
        ("a { ( }", ["CNN002"]),
        ("( a {", ["CNN002", "CNN002"]),
        (") }", ["CNN003", "CNN003"]),
        ('"', ["CNN004"]),
        ('a "b\nc "d', ["CNN004", "CNN004"]),
        ('# ( { "', []),
        ('"( { #"', []),
        ("( )", []),
    ],
)
def test_brackets_and_strings(text: str, codes_of_it: list[str]) -> None:
    assert [problem.code for problem in scan(Source("x", text))[0]] == codes_of_it


@pytest.mark.parametrize(
    "character",
    list("\x00\x08\x1b\x7f\x85\x9b\u061c\u200b\u202e\u2066\ufeff"),
    ids=ascii,
)
@pytest.mark.parametrize(
    "place", ["dense{}10", "dense 10 # {}", "{}dense 10", 'model "a{}b"; dense 10']
)
def test_invisible_characters_are_refused_everywhere(character: str, place: str) -> None:
    problems, rest = scan(Source("x", place.format(character)))
    assert [problem.code for problem in problems] == ["CNN005"]
    assert problems[0].span is not None
    assert problems[0].span.text == character
    assert rest == ""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\n\r\n", "\n\t \n", ";\n"])
@pytest.mark.parametrize("last", ["", "\n", "\r\n", "\f", "  # end"])
def test_line_ends_and_blanks_change_nothing(end: str, last: str) -> None:
    lines = ["conv 8x3 relu", "  pool 2", "\tdense 10 softmax"]
    parsed = parse(Source("x", end.join(lines) + last))
    assert parsed.problems == ()
    assert [s.word for s in parsed.statements] == ["conv", "pool", "dense"]
    assert [s.span.column for s in parsed.statements] == [1, 3, 2]


def test_a_lone_carriage_return_is_a_blank() -> None:
    assert codes("dense 10\rsoftmax") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("dense " + "9" * 5000, "CNN009"),
        ("dense 2147483648", "CNN009"),
        ("dense 3000M", "CNN009"),
        ("dense 10 l2=1e999", "CNN009"),
        ("dense 10 l2=1e39", "CNN105"),
        ("dense nan", "CNN106"),
        ("dense -0", "CNN105"),
        ("dense -10", "CNN105"),
        ("dense ٣", "CNN001"),
        ("dense 10 l2=٣", "CNN001"),
        ("dense ²", "CNN106"),
        ("dense 1__0", None),
        ("dense 10 l2=1e-400", None),
        ("dense 010", None),
        ("dense +10", "CNN001"),
    ],
)
def test_numbers(text: str, code: str | None) -> None:
    assert codes(text) == ([code] if code else [])
