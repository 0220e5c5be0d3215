"""Names with a hyphen, names in quotes, brackets or parentheses, numbers without their name.

Each text has such a slip in one place where the language takes a name. Its fixes, applied one
after the other, must lead to the text that was meant, and each help must say what its fix writes.
"""

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic

END = "\ngap\ndense 10 softmax"
MNIST = f"data mnist{END}"


def trained(setting: str) -> str:
    return f"{MNIST}\ntrain {{ {setting} }}"


def errors(text: str) -> list[Diagnostic]:
    return [p for p in check(Source("spec.cnn", text)).problems if p.severity == "error"]


# What is written, and what it is after each step: one text for every error that is left.
HYPHENS = [
    # The name of a model, a layer, data or a file may have a hyphen in quotes.
    (f"model le-net\n{MNIST}", [f'model "le-net"\n{MNIST}']),
    (f"model le-net-5\n{MNIST}", [f'model "le-net-5"\n{MNIST}']),
    (f"data cifar-10-binary{END}", [f'data "cifar-10-binary"{END}']),
    (f"data cifar-10{END}", [f'data "cifar-10"{END}']),
    (f"data my-digits{END}", [f'data "my-digits"{END}']),
    (f"data fashion-mnist{END}", [f"data fashion_mnist{END}"]),
    (f"conv 8x3 name=my-conv{END}", [f'conv 8x3 name="my-conv"{END}']),
    (f'conv 8x3 same name="c-1"\nadd {{ branch {{ from c-1 }}; branch {{ }} }}{END}',
     [f'conv 8x3 same name="c-1"\nadd {{ branch {{ from "c-1" }}; branch {{ }} }}{END}']),
    # Names of blocks and of numbers are words.
    (f"block my-block {{ conv 8x3 }}\nmy-block{END}",
     [f"block my_block {{ conv 8x3 }}\nmy-block{END}",
      f"block my_block {{ conv 8x3 }}\nmy_block{END}"]),
    (f"block b-2(f) {{ conv (f)x3 }}\nb-2 8{END}",
     [f"block b_2(f) {{ conv (f)x3 }}\nb-2 8{END}", f"block b_2(f) {{ conv (f)x3 }}\nb_2 8{END}"]),
    (f"let my-width = 8\nconv (my-width)x3{END}",
     [f"let my_width = 8\nconv (my-width)x3{END}", f"let my_width = 8\nconv (my_width)x3{END}"]),
    (f"let w-1 = 8\nconv (2*w-1)x3{END}",
     [f"let w_1 = 8\nconv (2*w-1)x3{END}", f"let w_1 = 8\nconv (2*w_1)x3{END}"]),
    (f"repeat i-j in 1..3 {{ conv 8x3 }}{END}", [f"repeat i_j in 1..3 {{ conv 8x3 }}{END}"]),
    (f"let my_w = 8\nconv (my_w)x3{END}\nsweep {{ my-w in 8, 16 }}",
     [f"let my_w = 8\nconv (my_w)x3{END}\nsweep {{ my_w in 8, 16 }}"]),
    # A sum is not a name.
    (f"let f = 8\nconv f-2x3{END}", [f"let f = 8\nconv (f-2)x3{END}"]),
    (f"block b(n) {{ conv n-2x3x5 }}\nb 8{END}", [f"block b(n) {{ conv (n-2)x3x5 }}\nb 8{END}"]),
    # Words of the language.
    (trained("early-stop val_loss"), [trained("early_stop val_loss")]),
    (trained("early_stop val-loss"), [trained("early_stop val_loss")]),
    (trained("early_stop monitor=val-loss"), [trained("early_stop monitor=val_loss")]),
    (trained("class-weight balanced"), [trained("class_weight balanced")]),
    (trained("batch-size 3"), [trained("batch_size 3"), trained("batch 3")]),
    (trained("optimizer rms-prop"), [trained("optimizer rms_prop"), trained("optimizer rmsprop")]),
    (trained("loss cross-entropy"), [trained("loss categorical_crossentropy")]),
    (trained("schedule cosine-decay"), [trained("schedule cosine")]),
    (f"{MNIST}\nexpect val-accuracy >= 0.9", [f"{MNIST}\nexpect val_accuracy >= 0.9"]),
    (f"{MNIST}\nsilence cnn-609", [f"{MNIST}\nsilence CNN609"]),
    (f"conv 8x3 leaky-relu{END}", [f"conv 8x3 leaky_relu{END}"]),
    (f"conv 8x3 kernel-size=3{END}", [f"conv 8x3 kernel_size=3{END}", f"conv 8x3{END}"]),
    (f"conv 8x3 init=he-normal{END}", [f"conv 8x3 init=he_normal{END}"]),
    (f"max-pool 2{END}", [f"max_pool 2{END}", f"pool 2{END}"]),
]  # fmt: skip

NUMBERS = [
    (trained("target 0.9"), [trained("target accuracy 0.9")]),
    (trained("target 0.9 val_f1"), [trained("target val_f1 0.9")]),
    (trained("target 90"), [trained("target accuracy 90"), trained("target accuracy 0.9")]),
    (trained("early_stop 3"), [trained("early_stop val_accuracy patience=3")]),
    (trained("early_stop 0.5"), [trained("early_stop val_accuracy min_delta=0.5")]),
    (trained("precision 16"), [trained("precision mixed_float16")]),
    (f"{MNIST}\nexpect 0.9", [f"{MNIST}\nexpect accuracy >= 0.9"]),
    (f"{MNIST}\nexpect >= 0.9", [f"{MNIST}\nexpect accuracy >= 0.9"]),
    (f"{MNIST}\nexpect 0.1 loss", [f"{MNIST}\nexpect loss <= 0.1"]),
    (f"{MNIST}\nexpect 98.5%", [f"{MNIST}\nexpect 0.985", f"{MNIST}\nexpect accuracy >= 0.985"]),
    (f"{MNIST}\nbudget 5000", [f"{MNIST}\nbudget params <= 5000"]),
    (f"{MNIST}\nbudget <= 5k", [f"{MNIST}\nbudget params <= 5k"]),
    (f"{MNIST}\nbudget 90k macs", [f"{MNIST}\nbudget macs <= 90k"]),
    (f"{MNIST}\nbudget params <= 10 k", [f"{MNIST}\nbudget params <= 10k"]),
    (f"{MNIST}\nbudget params <= 10 000", [f"{MNIST}\nbudget params <= 10_000"]),
    (f"{MNIST}\nsilence 609", [f"{MNIST}\nsilence CNN609"]),
]

WRAPPED = [
    (f'data ("digits"){END}', [f'data "digits"{END}']),
    (f"data (mnist){END}", [MNIST]),
    (f"data ((mnist)){END}", [MNIST]),
    (f"data (digits){END}", [f"data digits{END}", f'data "digits"{END}']),
    (f'data ["digits"]{END}', [f'data "digits"{END}']),
    (f"data [mnist]{END}", [MNIST]),
    (f"data {{mnist}}{END}", [MNIST]),
    (f'data("digits"){END}', [f'data "digits"{END}']),
    (f"model (lenet)\n{MNIST}", [f"model lenet\n{MNIST}"]),
    (f'model ["le-net"]\n{MNIST}', [f'model "le-net"\n{MNIST}']),
    (f"conv 8x3 name=(c1){END}", [f"conv 8x3 name=c1{END}"]),
    (f'conv 8x3 name=["c1"]{END}', [f'conv 8x3 name="c1"{END}']),
    (f"conv 8x3 padding=(same){END}", [f"conv 8x3 padding=same{END}"]),
    (f"conv 8x3 (same){END}", [f"conv 8x3 same{END}"]),
    (f'conv 8x3 activation=("relu"){END}', [f"conv 8x3 activation=relu{END}"]),
    (trained("optimizer (adam)"), [trained("optimizer adam")]),
    (trained('optimizer ["adam"]'), [trained("optimizer adam")]),
    (trained("optimizer ['adam']"), [trained("optimizer adam")]),
    (trained("metrics [accuracy, f1]"), [trained("metrics accuracy, f1")]),
    (trained('metrics ["accuracy", "f1"]'), [trained("metrics accuracy, f1")]),
    (trained("early_stop (val_loss)"), [trained("early_stop val_loss")]),
    (f"{MNIST}\nsilence (CNN609)", [f"{MNIST}\nsilence CNN609"]),
    (f"allow (gap) dense\n{MNIST}", [f"allow gap dense\n{MNIST}"]),
    (f"{MNIST}\nexpect (accuracy) >= 0.9", [f"{MNIST}\nexpect accuracy >= 0.9"]),
    (f'{MNIST}\nbudget "params" <= 9k', [f"{MNIST}\nbudget params <= 9k"]),
    (f'{MNIST}\nsweep {{ "epochs" in 1, 2 }}', [f"{MNIST}\nsweep {{ epochs in 1, 2 }}"]),
    (f"{MNIST}\nsweep {{ (epochs) in 1, 2 }}", [f"{MNIST}\nsweep {{ epochs in 1, 2 }}"]),
    (f"let (f) = 8\nconv (f)x3{END}", [f"let f = 8\nconv (f)x3{END}"]),
    (f'let "f" = 8\nconv (f)x3{END}', [f"let f = 8\nconv (f)x3{END}"]),
    (f"block (b) {{ conv 8x3 }}\nb{END}", [f"block b {{ conv 8x3 }}\nb{END}"]),
    (f'block "b" {{ conv 8x3 }}\nb{END}', [f"block b {{ conv 8x3 }}\nb{END}"]),
    (f"repeat (i) in 1..2 {{ conv 8x3 }}{END}", [f"repeat i in 1..2 {{ conv 8x3 }}{END}"]),
    (f"conv 8x3 same name=c\nadd {{ branch {{ from (c) }}; branch {{ }} }}{END}",
     [f"conv 8x3 same name=c\nadd {{ branch {{ from c }}; branch {{ }} }}{END}"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "steps"), [*HYPHENS, *NUMBERS, *WRAPPED])
def test_following_the_help_leads_to_what_was_meant(text: str, steps: list[str]) -> None:
    for step in steps:
        error = errors(text)[0]
        fix = error.fixes[0]
        text = apply_edits(fix.edits[0].span.source, fix.edits)
        assert text == step, error.help
        # The help says what the fix writes, or the statement that comes of it.
        assert any(edit.text in error.help for edit in fix.edits) or "remove" in error.help
    assert errors(text) == []


@pytest.mark.parametrize("text", [text for text, steps in HYPHENS if len(steps) == 1])
def test_a_name_with_a_hyphen_is_one_error(text: str) -> None:
    (error,) = errors(text)
    assert error.span
    assert error.span.text.count("-") == text.count("-") - text.count('"c-1"')


def test_a_claim_of_other_words_is_an_error_and_no_more() -> None:
    """It has a number, a word that begins as a unit does, and a sign that is no comparison."""
    (error,) = errors(f"{MNIST}\nexpect noise 32x3 kernel_size=3 seed")
    assert error.help == "write it as in `expect accuracy >= 0.98`"


@pytest.mark.parametrize(
    "text",
    [
        # Sums where arithmetic may be, and names in quotes and comments.
        f"let f = 8; let g = 2; let h = f-g\nconv (f-g)x3 name=a{END}",
        f"block b(n-f) {{ conv 8x3 }}; b{END}",
        f'model "le-net" # le-net and early-stop\nconv 8 kernel=5-2{END}',
    ],
)
def test_other_hyphens_stay(text: str) -> None:
    for error in errors(f"{text}\nunknown"):
        assert "a name of letters" not in error.message
