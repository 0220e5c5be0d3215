"""Fixes applied to a text: what was to be fixed is gone, and nothing is worse."""

from random import Random

import pytest

from cnnspec.analysis.check import check
from cnnspec.analysis.fixing import MAX_CHECKS, FixedText, fix_texts
from cnnspec.core.source import Source
from cnnspec.language.parse import parse
from tests.support.fuzz import wrong_text
from tests.support.paths import SPECS


def fixed(text: str, *, unsafe: bool = False) -> FixedText:
    (result,) = fix_texts([Source("x", text)], unsafe=unsafe)
    return result


def errors(text: str) -> int:
    return sum(p.severity == "error" for p in check(Source("x", text)).problems)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Dense 10 softmax", "dense 10 softmax"),
        ("conv 32 x 3 relu; dense 10 softmax", "conv 32x3 relu; dense 10 softmax"),
        ("conv 8X3 relu; dense 10 softmax", "conv 8x3 relu; dense 10 softmax"),
        ("dropout .5; dense 10 softmax", "dropout 0.5; dense 10 softmax"),
        ("dense(10) softmax", "dense 10 softmax"),
        ("let n = 10; dense n softmax", "let n = 10; dense (n) softmax"),
        ("let n 10; dense (n) softmax", "let n = 10; dense (n) softmax"),
        ("dense 10 softmax; budget params 8K", "dense 10 softmax; budget params <= 8k"),
        ("dense 10 softmax=yes", "dense 10 softmax"),
        ("dense 10, softmax", "dense 10 softmax"),
        ("data digits.h5; dense 10 softmax", 'data "digits.h5"; dense 10 softmax'),
        ("dense 10 softmax; train { optimizer sgd momentum=0.9 }",
         "dense 10 softmax; train { optimizer sgd(momentum=0.9) }"),
        ("dense 10 softmax; train { epochs 5 batch 32 }",
         "dense 10 softmax; train { epochs 5; batch 32 }"),
        ("dense 10 softmax\ntrain\n{\n  epochs 5\n}\n",
         "dense 10 softmax\ntrain {\n  epochs 5\n}\n"),
        ("epochs 5; dense 10 softmax; train { }", "dense 10 softmax; train { epochs 5 }"),
        ("repeat 2 {\n  conv 8x3 same relu\n  residual {\n    conv 8x3 same\n}\ndense 10 softmax\n",
         "repeat 2 {\n  conv 8x3 same relu\n  residual {\n    conv 8x3 same\n}\n}\n"
         "dense 10 softmax\n"),
        ("dense 10 softmax; sweep { epochs 1, 2 }", "dense 10 softmax; sweep { epochs in 1, 2 }"),
        ("dense 10 softmax; sweep { epochs in 3..1 }",
         "dense 10 softmax; sweep { epochs in 1..3 }"),
        # Warnings.
        ("silence CNN601, CNN602\ndense 10 softmax", "dense 10 softmax"),
        ("flatten; flatten\nrelu  # needed\ndense 10 softmax",
         "flatten\nrelu  # needed\ndense 10 softmax"),
        ("conv 8x3 same bias=yes; bn; relu; pool 2; dense 10 softmax",
         "conv 8x3 same no_bias; bn; relu; pool 2; dense 10 softmax"),
    ],
)  # fmt: skip
def test_what_is_meant_for_certain_is_written(before: str, after: str) -> None:
    result = fixed(before)
    assert result.text == after
    assert result.applied
    assert result.result.ok


@pytest.mark.parametrize(
    "text",
    [
        # What is near to two words, or only to one by two edits, may be either or neither.
        "conv 8x3 belu; dense 10 softmax",
        "let size1 = 3; conv 8x(size3) relu; dense 10 softmax",
        # The classes of data of one's own may be what is wrong.
        'data "digits.h5"; classes 8; dense 9 softmax',
        "conv 8x3 relu tanh; dense 10 softmax",
        "conv (2*f x3 relu; dense 10 softmax",
        "repeat 2 { conv 8x3 relu\npool 2\ndense 10 softmax",
        "dense 10 softmax }",
        "dense 10 softmax  # \u202etfosnu\u202c",
    ],
)
def test_a_guess_is_left_alone(text: str) -> None:
    assert errors(text)
    result = fixed(text)
    assert (result.text, result.applied) == (text, ())


def test_fixes_that_overlap_are_applied_one_after_another() -> None:
    result = fixed("epochs 5; batch 32; seed 3; dense 10 softmax")
    assert result.text == "train { epochs 5; batch 32; seed 3 }; dense 10 softmax"
    assert len(result.applied) == 3


def test_one_guess_for_another_is_no_progress() -> None:
    # A global pooling would make the field of view too small, and a flatten the layer too large.
    result = fixed("conv 32x3 relu; dense 64 relu; dense 10 softmax", unsafe=True)
    assert not result.changed
    assert [change.found.code for change in result.refused] == ["CNN612"]


def test_a_budget_is_brought_down_by_a_guess() -> None:
    text = "dense 64 relu\ndense 10 softmax\nbudget params <= 40k\n"
    assert fixed(text).text == text
    assert fixed(text, unsafe=True).text == text.replace("64", "50")


def test_many_errors_take_few_checks() -> None:
    result = fixed("\n".join(["conv 8x3rleu same"] * 200 + ["dens 10 softmx"]))
    assert result.result.ok
    assert len(result.applied) == 402


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("unsafe", [False, True])
def test_random_edits_are_never_made_worse(seed: int, unsafe: bool) -> None:
    random = Random(seed)
    changed = 0
    for _ in range(100):
        text = wrong_text(random)
        result = fixed(text, unsafe=unsafe)
        assert errors(result.text) <= errors(text), text
        before, after = (len(parse(Source("x", t)).problems) for t in (text, result.text))
        assert after <= before, text
        assert result.changed == bool(result.applied)
        assert result.changed or result.text == text
        changed += result.changed
        # What is fixed stays so.
        assert fixed(result.text, unsafe=unsafe).applied == () or unsafe
    assert changed > 10


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_letter_that_is_missing_is_put_back(path) -> None:
    text = path.read_text(encoding="utf-8")
    source = Source(path.name, text)
    for statement in parse(source).statements:
        if len(statement.word) > 4 and not statement.block:
            span = statement.word_span
            cut = text[: span.start + 1] + text[span.start + 2 :]
            if errors(cut) == 1 and errors(text) == 0:
                assert fixed(cut, unsafe=True).result.ok


def test_checks_are_bounded() -> None:
    assert MAX_CHECKS <= 500
