"""The layout keeps the meaning, every comment and itself."""

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.expand import read
from cnnspec.language.formatter import WIDTH, format_text
from cnnspec.language.parse import parse
from cnnspec.language.scan import comments
from cnnspec.language.syntax import Dims, Number, Statement
from cnnspec.layers.table import CONSTRUCTS, LAYERS
from tests.project.test_readme import SPECS as README
from tests.support.counting import work
from tests.support.paths import ROOT, SPECS
from tests.support.random_specs import draw_spec

GOLDEN = sorted((ROOT / "tests" / "errors").glob("*.cnn"))
SUGAR = """
let f=16; let half = f/2 -1  # half
block cbr(f,k = 3){conv (f)x(k) same no_bias;bn;relu} # a block

repeat i in 0..( 2-1 ) { conv ( f*2^i )x3 relu stride = 1; pool 2 }
residual project { cbr 16 ; conv 16x3 same # inside
}


concat { branch { } ; branch{ conv 4x1 relu}
  # between
  branch { # first
    gap # "no string"
    dense 4 relu; dense 16 sigmoid ; }
}
repeat 2 shared{ sepconv 26x3 same relu; bn }
let name = "a # b"; dense 10 softmax
# last"""


def formatted(text: str) -> str:
    return format_text(Source("x", text), CONSTRUCTS)


def letters(text: str) -> Counter[str]:
    """Every character that is not layout."""
    return Counter(re.sub(r"[\s;]", "", text))


def said(text: str) -> list[str]:
    return [span.text.rstrip() for span in comments(Source("x", text))]


def keeps(text: str) -> str:
    """Formats a text and holds every law on the way."""
    after = formatted(text)
    assert formatted(after) == after
    assert parse(Source("x", after)).problems == ()
    assert read(Source("x", after)).spec == read(Source("x", text)).spec
    assert letters(after) == letters(text)
    assert said(after) == said(text)
    assert "\n\n\n" not in after
    assert not re.search(r"[ \t\r\f]\n|\t|^\n|\n\n$", after)
    assert after.endswith("\n")
    return after


class Mess:
    """Writes statements as a careless person would: blanks, separators, order, comments."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def blank(self) -> str:
        return self.random.choice((" ", "  ", "\t", " \f "))

    def end(self) -> str:
        comment = self.random.choice(("", "", "", "# a; b { c", '#"', "#"))
        return self.random.choice(
            ("\n", "\r\n", "\r", ";" if not comment else "\n", "\n\n\n")
        ).join(
            (
                self.random.choice(("", " ", "\t")) + comment,
                self.random.choice(("", "  ", ";\n#\n")),
            )
        )

    def body(self, statements: tuple[Statement, ...]) -> str:
        return "".join(
            self.statement(each) + self.end() + "\n;"[self.random.random() < 0.3]
            for each in statements
        )

    def statement(self, statement: Statement) -> str:
        arguments = list(statement.arguments)
        if statement.word in LAYERS:
            sizes = [a for a in arguments if isinstance(a, Number | Dims)]
            self.random.shuffle(arguments)
            # Sizes stay in their order among themselves.
            order = iter(sizes)
            arguments = [next(order) if isinstance(a, Number | Dims) else a for a in arguments]
        words = [statement.word, *(self.loose(a.span.text) for a in arguments)]
        text = self.blank().join(words)
        if statement.block is None:
            return text
        return text + self.blank() + "{" + self.body(statement.block.statements) + "}"

    def loose(self, text: str) -> str:
        """The text of an argument with blanks where they may stand."""
        parts = re.split(r'("[^"]*"|[,/]|(?<![<>=])=(?!=)|(?<=\()|(?=\)))', text)
        return "".join(self.blank() + p + self.blank() if p in ",=/" and p else p for p in parts)


@pytest.mark.parametrize("seed", range(400))
def test_random_spec_keeps_its_meaning(seed: int) -> None:
    random = Random(seed)
    spec = draw_spec(random)
    text = Mess(random).body(parse(Source("printed", str(spec))).statements)
    assert read(Source("messy", text)).spec == spec
    keeps(text)
    assert format_text(Source("printed", str(spec)), CONSTRUCTS) == str(spec)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_spec_keeps_its_meaning(path: Path) -> None:
    keeps(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", [*README, SUGAR, SUGAR.replace("\n", "\r\n")])
def test_text_keeps_its_meaning(text: str) -> None:
    keeps(text)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_wrong_text_stays_as_wrong_as_it_is(path: Path) -> None:
    try:
        source = Source("x", path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        return
    if parse(source).problems:
        with pytest.raises(CnnspecError) as caught:
            format_text(source, CONSTRUCTS)
        assert caught.value.diagnostics == parse(source).problems
        assert caught.value.exit_code == 1
        return
    after = Source("x", format_text(source, CONSTRUCTS))
    assert Counter(p.code for p in read(after).problems) == Counter(
        p.code for p in read(source).problems
    )


def test_the_layout_of_everything() -> None:
    assert (
        formatted(SUGAR)
        == """\
let f = 16
let half = f/2 - 1  # half
block cbr(f, k=3) { conv (f)x(k) same no_bias; bn; relu }  # a block

repeat i in 0..(2-1) { conv (f*2^i)x3 relu stride=1; pool 2 }
residual project {
  cbr 16
  conv 16x3 same  # inside
}

concat {
  branch { }
  branch { conv 4x1 relu }
  # between
  branch {  # first
    gap     # "no string"
    dense 4 relu
    dense 16 sigmoid
  }
}
repeat 2 shared { sepconv 26x3 same relu; bn }
let name = "a # b"
dense 10 softmax
# last
"""
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("conv  relu stride = 2\tsame 32x3", "conv 32x3 same relu stride=2"),
        ("conv name=a l2=1 / 8 32x3", "conv 32x3 l2=1/8 name=a"),
        ("dense activation=relu units=10", "dense units=10 activation=relu"),
        # The place of a size depends on those given by name.
        ("conv kernel=3 32 relu", "conv kernel=3 32 relu"),
        ("conv same rleu 32x3", "conv same rleu 32x3"),
        ("leaky_relu - 0.1", "leaky_relu -0.1"),
        ("conv 32x3 stride = 2 - 1", "conv 32x3 stride=2-1"),
        ("let f = 2*( 3-1 )+4 -  - 1", "let f = 2*(3-1) + 4 - -1"),
        ("let a=1   b =2", "let a = 1 b = 2"),
        ("let w=fit( 1 .. 64 )", "let w = fit(1..64)"),
        ("budget flash  int8<=8KiB", "budget flash int8 <= 8KiB"),
        ("budget params <= 6_000", "budget params <= 6_000"),
        ("sweep { depth in 1,2 ,3; f in 1 .. 4 }", "sweep { depth in 1, 2, 3; f in 1..4 }"),
        ('model "my  # net"', 'model "my  # net"'),
        ("train{}", "train { }"),
        ("train {\n\n}", "train { }"),
        (
            "optimizer sgd( 0.1 ,momentum = 0.9,nesterov )",
            "optimizer sgd(0.1, momentum=0.9, nesterov)",
        ),
        ("residual   project{relu}", "residual project { relu }"),
    ],
)
def test_statement_is_formatted_as_one_line(text: str, line: str) -> None:
    assert formatted(text) == f"{line}\n"
    assert formatted(line) == f"{line}\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", ""),
        (" \n\t\r\n", ""),
        ("# only", "# only\n"),
        ("\n\n# a\n\n\n\n# b\n\n", "# a\n\n# b\n"),
        ("relu\n#a\n\nrelu # b", "relu\n#a\n\nrelu  # b\n"),
        ("relu # a\nsoftmax # b\n\ntanh # c", "relu     # a\nsoftmax  # b\n\ntanh  # c\n"),
        ("relu # a\ntanh\nsoftmax # b", "relu     # a\ntanh\nsoftmax  # b\n"),
        ("train { # a\n\n epochs 1 }", "train {  # a\n  epochs 1\n}\n"),
        ("train { epochs 1\n\n\n # a\n\n}# b", "train {\n  epochs 1\n\n  # a\n}  # b\n"),
        ("relu;relu # a", "relu\nrelu  # a\n"),
        ("relu;# a\n;\n;relu", "relu  # a\n\nrelu\n"),
    ],
)
def test_comments_and_blank_lines(text: str, after: str) -> None:
    assert formatted(text) == after
    assert formatted(after) == after


def test_a_block_stays_on_its_line_while_it_fits() -> None:
    def block(size: int) -> str:
        """A block of so many columns."""
        return f"repeat 2 {{ conv 1x1 name={'n' * (size - 33)}; relu }}"

    fits, too_long = block(WIDTH), block(WIDTH + 1)
    assert len(fits) == WIDTH
    assert formatted(fits) == f"{fits}\n"
    assert formatted(too_long).count("\n") == 4


def test_a_large_text_takes_no_stack() -> None:
    texts = [
        "let f = " + " + ".join(["1"] * 1_000),
        "relu # a\n" * 20_000,
        "relu;" * 40_000,
        "repeat 1 {" * 99 + "relu" + "}" * 99,
        "repeat 1 {\n" * 99 + "relu;" * 1_000 + "}" * 99,
        "conv (" + "(" * 98 + "1" + ")" * 98 + ")x3",
    ]
    for text in texts:
        after = formatted(text)
        assert formatted(after) == after


@pytest.mark.parametrize(
    "text",
    [
        lambda n: "let f = " + " + ".join(["1"] * n),
        lambda n: "relu # a\n" * n,
        lambda n: "relu;" * n,
        lambda n: "repeat 1 {\n" * 9 + "relu;" * n + "}" * 9,
    ],
    ids=["terms", "lines", "statements", "nested"],
)
def test_a_text_of_twice_the_length_takes_twice_the_work(text) -> None:
    formatted(text(10))
    once, twice = (work(lambda n=n: formatted(text(n))) for n in (400, 800))
    assert once < twice < 2.1 * once


def test_what_would_be_too_long_to_be_read_again_is_refused() -> None:
    with pytest.raises(CnnspecError, match="too long in its canonical layout"):
        formatted("repeat 1 {" * 99 + "relu;" * 20_000 + "}" * 99)
