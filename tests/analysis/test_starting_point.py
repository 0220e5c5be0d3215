"""A network that keeps given rules, or the rules that none keeps."""

from pathlib import Path

import pytest

from cnnspec.analysis.assignment import judge, read_rules
from cnnspec.analysis.starting_point import starting_point
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.language.formatter import format_text
from cnnspec.layers.table import CONSTRUCTS


@pytest.mark.parametrize(
    "text",
    [
        "budget params <= 20k",
        "data mnist; allow conv pool dense; budget params <= 2k; budget ram <= 16KiB",
        "data mnist; budget params <= 2k; budget depth >= 4; deny warnings",
        "allow conv gap softmax; budget flash int8 <= 1KiB",
        "budget params == 7850",
        "budget params >= 100k; train { optimizer sgd(0.1); batch in 16, 32; epochs in 3..5 }",
        'data "digits"; classes 5; input 12x12; budget params <= 900',
        "model given; expect accuracy >= 0.9; train { validation 0.2; loss mse; seed 7 }",
        "let n = 500; budget params <= (2 * n); budget macs <= 20k",
    ],
)
def test_it_keeps_every_rule(text: str, tmp_path: Path) -> None:
    rules = read_rules(Source(str(tmp_path / "rules.cnn"), text))
    path = tmp_path / "sub" / "first.cnn"
    found = starting_point(rules, path, "first")
    source = Source(str(path), found.text)
    judgement = judge(rules, source)
    assert judgement.ok
    assert judgement.held == (True,) * len(rules.rules)
    assert format_text(source, CONSTRUCTS) == found.text


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        # A value for each of 10 classes needs 10 biases, and a weight from the mean of the image.
        ("data mnist\nbudget params <= 5", "keeps `budget params <= 5`", 2),
        ("allow bn\nbudget params <= 5k", "keeps `allow bn`", 1),
        (
            "budget params >= 1M\nbudget macs <= 10k",
            "keeps `budget params >= 1000000` and `budget macs <= 10000` together",
            2,
        ),
    ],
)
def test_it_names_the_rules_that_nothing_keeps(text: str, message: str, line: int) -> None:
    rules = read_rules(Source("rules.cnn", text))
    with pytest.raises(CnnspecError, match="CNN406") as caught:
        starting_point(rules, Path("x.cnn"), "x")
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert found.span is not None
    assert found.span.line == line


def test_the_nearest_value_is_named() -> None:
    rules = read_rules(Source("rules.cnn", "budget params <= 5"))
    with pytest.raises(CnnspecError, match="the nearest has 20"):
        starting_point(rules, Path("x.cnn"), "x")
