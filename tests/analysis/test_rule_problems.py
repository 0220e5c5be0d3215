"""What breaks a rule is reported at the lines of the submission, with a fix that keeps it."""

import pytest

from cnnspec.analysis.assignment import judge, read_rules
from cnnspec.analysis.rule_problems import rule_problems
from cnnspec.core.source import Source
from cnnspec.core.terminal import plain
from cnnspec.diagnostics.render import render
from tests.diagnostics.test_fixes import applied

SUBMISSION = """data fashion_mnist_mini
conv 8x3 relu
flatten
dense 60 relu
dense 10 softmax
train {
  epochs 20
  batch 7
}
"""


def problems(rules: str, text: str = SUBMISSION):
    found = read_rules(Source("rules.cnn", rules))
    return rule_problems(found, judge(found, Source("ada.cnn", text)))


def test_prints_the_line_of_the_submission_and_what_to_write() -> None:
    found = problems("train { epochs <= 15; batch in 32, 64 }; allow conv dense flatten")
    assert plain(render(found)) == (
        "error[CNN403]: the rule `epochs <= 15` is not kept: here it is `epochs 20`\n"
        " --> ada.cnn:7:3\n"
        "  |\n"
        "7 |   epochs 20\n"
        "  |   ^^^^^^^^^\n"
        "  = help: write `epochs 15`\n"
        "\n"
        "error[CNN403]: the rule `batch in 32, 64` is not kept: here it is `batch 7`\n"
        " --> ada.cnn:8:3\n"
        "  |\n"
        "8 |   batch 7\n"
        "  |   ^^^^^^^\n"
        "  = help: write `batch 32`\n"
    )


@pytest.mark.parametrize(
    "rule",
    [
        "train { epochs <= 15 }",
        "train { epochs < 15 }",
        "train { epochs in 3..5 }",
        "train { epochs == 6 }",
        "train { batch in 32, 64 }",
        "train { batch >= 8 }",
        "budget params <= 200k",
        "budget flash <= 800k",
    ],
)
def test_the_fix_keeps_the_rule(rule: str) -> None:
    rules = read_rules(Source("rules.cnn", rule))
    (found,) = problems(rule)
    assert judge(rules, Source("ada.cnn", SUBMISSION)).held == (False,)
    assert judge(rules, Source("ada.cnn", applied(found.fixes[0]))).held == (True,)


def test_advice_keeps_every_budget_of_the_rules() -> None:
    # 8 * 26 * 26 = 5,408 values are flattened: 36 units have 194,724 + 370 + 80 parameters.
    found = problems("budget params <= 200k; budget trainable <= 195200")
    assert ["`dense 36 relu` at line 4 would fit" in each.help for each in found] == [True, True]


def test_what_is_written_nowhere_has_no_place() -> None:
    (found,) = problems("data mnist", "dense 10 softmax")
    assert found.span is None
    assert "here it is `data fashion_mnist_mini (28x28x1, 10 classes)`" in found.message
    assert found.help == "write `data mnist`"
    (found,) = problems("train { epochs <= 3 }", "dense 10 softmax")
    assert found.help == "write `epochs 3` in the `train` block"


def test_a_layer_and_a_warning_are_where_they_are() -> None:
    found = problems("allow conv dense; deny warnings", SUBMISSION.replace("flatten", "pool 5"))
    assert [(each.code, each.span.line) for each in found] == [("CNN304", 3), ("CNN602", 3)]


def test_what_training_must_show_is_no_problem_of_a_text() -> None:
    assert problems("expect accuracy >= 0.9") == ()
