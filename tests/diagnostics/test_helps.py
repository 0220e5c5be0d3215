"""Help that helps when it is followed: what people write, and what the help makes of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnspec.analysis.check import check, check_spec
from cnnspec.commands import main
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.core.terminal import plain
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import render
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.language.arg_types import Float

END = "\ndense 10 softmax"


def found_in(text: str) -> list[Diagnostic]:
    return [*check(Source("spec.cnn", text)).problems]


def errors(text: str) -> list[Diagnostic]:
    return [problem for problem in found_in(text) if problem.severity == "error"]


def followed(text: str) -> tuple[str, bool]:
    """The text after the first fix of its first error, and whether the fix is safe."""
    fix = errors(text)[0].fixes[0]
    return apply_edits(fix.edits[0].span.source, fix.edits), fix.safe


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        # Percent, which the language does not have.
        (f"dropout 50%{END}", f"dropout 0.5{END}"),
        (f"dropout 5 %{END}", f"dropout 0.05{END}"),
        (f"dropout rate=50%{END}", f"dropout rate=0.5{END}"),
        (f"expect accuracy >= 98.6%{END}", f"expect accuracy >= 0.986{END}"),
        (f"train {{ validation 12.5% }}{END}", f"train {{ validation 0.125 }}{END}"),
        # Thousands, as our own reports print them.
        ("dense 10 softmax; budget params <= 8,000", "dense 10 softmax; budget params <= 8_000"),
        (f"budget macs <= 1,000,000{END}", f"budget macs <= 1_000_000{END}"),
        ("dense 10 softmax; train { batch 1,024 }", "dense 10 softmax; train { batch 1_024 }"),
        # Comments.
        ("dense 10 softmax // the last", "dense 10 softmax # the last"),
        ("// LeNet\ndense 10 softmax", "# LeNet\ndense 10 softmax"),
        (f"conv 8x4 stride=2 // halves{END}", f"conv 8x4 stride=2 # halves{END}"),
        # Sizes in pieces, and names in them.
        (f"conv 32 3x3 relu{END}", f"conv 32x3 relu{END}"),
        (f"conv 32 3x5 relu{END}", f"conv 32x3x5 relu{END}"),
        (f"conv 32 3 relu{END}", f"conv 32x3 relu{END}"),
        (f"conv 32, 3 relu{END}", f"conv 32x3 relu{END}"),
        (f"let f = 8; conv (f) 3{END}", f"let f = 8; conv (f)x3{END}"),
        (f"let f = 8; conv fx3{END}", f"let f = 8; conv (f)x3{END}"),
        (f"let f = 8; let k = 3; conv fxk{END}", f"let f = 8; let k = 3; conv (f)x(k){END}"),
        (f"let box = 8; conv boxx3{END}", f"let box = 8; conv (box)x3{END}"),
        # Ranges.
        (f"let n = 2; repeat i in 1..n {{ relu }}{END}",
         f"let n = 2; repeat i in 1..(n) {{ relu }}{END}"),
        (f"let n = 2; repeat i in n..3 {{ relu }}{END}",
         f"let n = 2; repeat i in (n)..3 {{ relu }}{END}"),
        # Python.
        (f"conv 8 kernel=(3, 3){END}", f"conv 8 kernel=3{END}"),
        (f"conv 8x3 stride=(1,2){END}", f"conv 8x3 stride=1x2{END}"),
        (f"input (28, 28, 1){END}", f"input 28x28x1{END}"),
        (f"conv 8x3 activation='relu'{END}", f"conv 8x3 activation=relu{END}"),
        (f'conv 8x3 activation="relu"{END}', f"conv 8x3 activation=relu{END}"),
        (f'conv 8x3 padding="same"{END}', f"conv 8x3 padding=same{END}"),
        (f"conv 8x3 bias=False{END}", f"conv 8x3 bias=no{END}"),
        (f'train {{ optimizer "adam" }}{END}', f"train {{ optimizer adam }}{END}"),
        ("conv 8x3 relu,\ndense 10 softmax", "conv 8x3 relu\ndense 10 softmax"),
        # Options in the wrong form.
        ("dense 10 softmax; train { optimizer adam lr=0.01 }",
         "dense 10 softmax; train { optimizer adam(learning_rate=0.01) }"),
        ("dense 10 softmax; train { optimizer sgd(momentum) }",
         "dense 10 softmax; train { optimizer sgd(momentum=0.9) }"),
        ("dense 10 softmax; train { early_stop patience=3 }",
         "dense 10 softmax; train { early_stop val_accuracy patience=3 }"),
        (f"expect test_accuracy >= 0.9{END}", f"expect accuracy >= 0.9{END}"),
        # Numbers as a padding, as PyTorch and Caffe have it.
        (f"conv 8x3 pad=1{END}", f"conv 8x3 same{END}"),
        (f"conv 8x3 padding=1{END}", f"conv 8x3 same{END}"),
        (f"conv 8x5 padding=2 relu{END}", f"conv 8x5 same relu{END}"),
        (f"conv 8x3 stride=2 padding=1{END}", f"pad 1; conv 8x3 stride=2{END}"),
        # PyTorch's `Linear`, activations with their own options, channels as a range.
        (f"linear 10{END}", f"dense 10{END}"),
        (f"conv 8x3 relu max=6{END}", f"conv 8x3 relu6{END}"),
        (f"conv 8x3 same relu max=4{END}", f"conv 8x3 same; relu max=4{END}"),
        (f"conv 8x3 leaky_relu slope=0.2{END}", f"conv 8x3; leaky_relu slope=0.2{END}"),
        (f"conv 8x3; slice 0..3{END}", f"conv 8x3; slice 4 start=0{END}"),
        (f"conv 8x3; slice 4..7{END}", f"conv 8x3; slice 4 start=4{END}"),
        # Options without their `=`, as on a command line.
        (f"conv 8x4 stride 2 relu{END}", f"conv 8x4 stride=2 relu{END}"),
        (f"conv 8x3 padding same{END}", f"conv 8x3 padding=same{END}"),
        (f"conv 8x3 activation relu{END}", f"conv 8x3 activation=relu{END}"),
        (f"conv 8 kernel 3{END}", f"conv 8 kernel=3{END}"),
        # Settings with the signs of other files.
        (f"train {{\n  epochs: 5\n}}{END}", f"train {{\n  epochs 5\n}}{END}"),
        (f"train {{\n  epochs = 5\n}}{END}", f"train {{\n  epochs 5\n}}{END}"),
        (f"train epochs 5{END}", f"train {{ epochs 5 }}{END}"),
        (f"let f := 8; conv (f)x3{END}", f"let f = 8; conv (f)x3{END}"),
        (f"let f = 8, k = 3; conv (f)x(k){END}", f"let f = 8; let k = 3; conv (f)x(k){END}"),
        # Numbers.
        (f"dropout 0,5{END}", f"dropout 0.5{END}"),
        (f"budget params <= 10 k{END}", f"budget params <= 10k{END}"),
        (f"budget params <= 10 000{END}", f"budget params <= 10_000{END}"),
        (f"budget ram <= 1GB{END}", f"budget ram <= 1000MB{END}"),
        (f"let f = 8; conv f*2x3{END}", f"let f = 8; conv (f*2)x3{END}"),
        # Loops.
        (f"for i in 1..3 {{ relu }}{END}", f"repeat i in 1..3 {{ relu }}{END}"),
        (f"repeat 3 times {{ relu }}{END}", f"repeat 3 {{ relu }}{END}"),
        (f"repeat i=1..3 {{ relu }}{END}", f"repeat i in 1..3 {{ relu }}{END}"),
        (f"repeat i in 1:3 {{ relu }}{END}", f"repeat i in 1..3 {{ relu }}{END}"),
        (f"repeat i in 1...3 {{ relu }}{END}", f"repeat i in 1..3 {{ relu }}{END}"),
        (f"repeat i in [1, 2] {{ relu }}{END}", f"repeat i in 1, 2 {{ relu }}{END}"),
        # Words that are not needed.
        (f"pool 2 max{END}", f"pool 2{END}"),
        # Per cent, once more: with a comma, and without its sign.
        (f"expect accuracy >= 98,6%{END}", f"expect accuracy >= 0.986{END}"),
        (f"expect accuracy >= 98,6{END}", f"expect accuracy >= 0.986{END}"),
        (f"expect accuracy >= 98.6{END}", f"expect accuracy >= 0.986{END}"),
        (f"expect accuracy > 80{END}", f"expect accuracy > 0.8{END}"),
        # Arguments without a comma or an operator between.
        ("dense 10 softmax; train { optimizer sgd(momentum=0.9 nesterov) }",
         "dense 10 softmax; train { optimizer sgd(momentum=0.9, nesterov) }"),
        ("dense 10 softmax; train { optimizer adam(learning_rate 0.01) }",
         "dense 10 softmax; train { optimizer adam(learning_rate=0.01) }"),
        ("dense 10 softmax; train { optimizer adam lr 0.01 }",
         "dense 10 softmax; train { optimizer adam(learning_rate=0.01) }"),
        ("dense 10 softmax; train { optimizer adam, 0.01 }",
         "dense 10 softmax; train { optimizer adam(0.01) }"),
        ("dense 10 softmax; train { schedule step(10) }",
         "dense 10 softmax; train { schedule step(every=10) }"),
        # The source of `data`.
        (f"data cifar-10{END}", f'data "cifar-10"{END}'),
        (f"model m; data cifar-100 transpose{END}", f'model m; data "cifar-100" transpose{END}'),
        (f'data("digits"){END}', f'data "digits"{END}'),
        ("dense 10 softmax; train { schedule plateau 3 }",
         "dense 10 softmax; train { schedule plateau(patience=3) }"),
        ("dense 10 softmax; train { schedule plateau 0.5 }",
         "dense 10 softmax; train { schedule plateau(factor=0.5) }"),
        # The word that comes first, where it is missing, and where it follows.
        ("dense 10 softmax; train { early_stop patience 3 }",
         "dense 10 softmax; train { early_stop val_accuracy patience=3 }"),
        ("dense 10 softmax; train { early_stop patience 3 val_loss }",
         "dense 10 softmax; train { early_stop patience=3 val_loss }"),
        ("dense 10 softmax; train { schedule cosine(10) }",
         "dense 10 softmax; train { schedule cosine }"),
        # A number whose word is missing, and options behind the value that they belong to.
        ("dense 10 softmax; train { optimizer 0.01 }",
         "dense 10 softmax; train { optimizer adam(0.01) }"),
        ("let rate = 0.01; dense 10 softmax; train { optimizer (rate) }",
         "let rate = 0.01; dense 10 softmax; train { optimizer adam((rate)) }"),
        ("dense 10 softmax; train { loss 0.1 }",
         "dense 10 softmax; train { loss categorical_crossentropy(label_smoothing=0.1) }"),
        ("dense 10 softmax; train { schedule 0.5 }",
         "dense 10 softmax; train { schedule cosine(warmup=0.5) }"),
        ("dense 10 softmax init=0.1", "dense 10 softmax init=constant(0.1)"),
        ("dense 10 softmax; train { optimizer adam(0.01) ema=0.999 }",
         "dense 10 softmax; train { optimizer adam(0.01, ema=0.999) }"),
        ("dense 10 softmax; train { optimizer sgd(0.1) momentum 0.9 nesterov }",
         "dense 10 softmax; train { optimizer sgd(0.1, momentum=0.9, nesterov) }"),
        ("dense 10 softmax; train { schedule cosine(warmup=3) floor=0.1 }",
         "dense 10 softmax; train { schedule cosine(warmup=3, floor=0.1) }"),
        ("dense 10 softmax; train { early_stop val_loss(patience=3) }",
         "dense 10 softmax; train { early_stop val_loss patience=3 }"),
        ("dense 10 softmax init=he_normal seed=3", "dense 10 softmax init=he_normal(seed=3)"),
        ("dense 10 softmax init=random_normal(0.1) seed=3 name=a",
         "dense 10 softmax init=random_normal(0.1, seed=3) name=a"),
        (f"let f = max(8 16); conv (f)x3{END}", f"let f = max(8, 16); conv (f)x3{END}"),
        (f"conv 32x(3,3) relu{END}", f"conv 32x3 relu{END}"),
        (f"pool 2 2{END}", f"pool 2 stride=2{END}"),
        # Functions and ranges.
        (f"let f = floor 8.5; conv (f)x3{END}", f"let f = floor(8.5); conv (f)x3{END}"),
        (f"let w = fit 1..8; dense (w){END}", f"let w = fit(1..8); dense (w){END}"),
        (f"let w = fit(1, 8); dense (w){END}", f"let w = fit(1..8); dense (w){END}"),
        (f"let w = fit(8..64 step 8); dense (w){END}",
         f"let w_steps = fit(1..8); let w = 8*w_steps; dense (w){END}"),
        (f"let w = fit(4..64 step 8); dense (w){END}",
         f"let w_steps = fit(0..7); let w = 4+8*w_steps; dense (w){END}"),
        (f"repeat i in 1-5 {{ relu }}{END}", f"repeat i in 1..5 {{ relu }}{END}"),
        (f"repeat i in 1 - 5 {{ relu }}{END}", f"repeat i in 1..5 {{ relu }}{END}"),
        (f"repeat i in 1 to 5 {{ relu }}{END}", f"repeat i in 1..5 {{ relu }}{END}"),
        (f"repeat i in 1..9 step 4 {{ relu }}{END}", f"repeat i in 1, 5, 9 {{ relu }}{END}"),
        (f"repeat i in range(3) {{ relu }}{END}", f"repeat i in 0..2 {{ relu }}{END}"),
        # Names with a point or a stroke.
        ("dense 10 softmax name=dense.flatten", 'dense 10 softmax name="dense.flatten"'),
        ("dense 10 softmax name=my-layer", 'dense 10 softmax name="my-layer"'),
        # What belongs elsewhere keeps its number.
        ("dense 10 softmax; train { lr=0.05 }",
         "dense 10 softmax; train { optimizer adam(learning_rate=0.05) }"),
        ("dense 10 softmax; train { optimizer sgd(0.1); momentum: 0.9 }",
         "dense 10 softmax; train { optimizer sgd(0.1, momentum=0.9) }"),
        ("dense 10 softmax; train { patience 3 }",
         "dense 10 softmax; train { early_stop val_accuracy patience=3 }"),
        ("dense 10 softmax; train { shuffle yes }", "dense 10 softmax; train { }"),
        ("dense 10 softmax; train { data mnist; epochs 3 }",
         "dense 10 softmax; data mnist; train { epochs 3 }"),
        # Separators.
        ("add { branch { conv 4x1 } branch { conv 4x1 } }; dense 10 softmax",
         "add { branch { conv 4x1 }; branch { conv 4x1 } }; dense 10 softmax"),
    ],
)  # fmt: skip
def test_one_error_whose_fix_is_what_was_meant(text: str, fixed: str) -> None:
    assert len(errors(text)) == 1
    got, _ = followed(text)
    assert got == fixed
    assert errors(got) == []


WORTH = {"monitor": "val_loss", "momentum": "0.9", "flip": "vertical", "nesterov": "yes"}
"""Values of options that not every number is one of."""
TABLES = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "loss": LOSSES}


def entries() -> Iterator[tuple[str, str]]:
    """Every option of every entry of the tables of training, in forms that other files have."""
    for setting, table in TABLES.items():
        for word, cls in table.items():
            for name, spec in cls.specs.items():
                value = WORTH.get(name, "0.5")
                if not isinstance(spec.kind, Float):
                    value = WORTH.get(name, "1")
                form = f"{setting} {word}({name}={value})"
                if spec.place == "flag" or errors(f"dense 10 softmax; train {{ {form} }}"):
                    continue
                yield f"{setting} {word} {name} {value}", form
                yield f"{setting} {word} {name}={value}", form
                yield f"{setting} {word}() {name}={value}", form
                if value[0].isdigit():
                    yield f"{setting} {word}({name} {value})", form


@pytest.mark.parametrize(("written", "meant"), [*entries()])
def test_an_option_in_any_form_is_one_fix_away(written: str, meant: str) -> None:
    got, safe = followed(f"dense 10 softmax; train {{ {written} }}")
    assert got == f"dense 10 softmax; train {{ {meant} }}"
    assert safe


@pytest.mark.parametrize(
    "text",
    [
        *(f"train {{ {setting} {word}({name}) }}" for setting, table in TABLES.items()
          for word, cls in table.items() for name in cls.specs),
        *(f"train {{ {setting} {word} 0.5 }}" for setting, table in TABLES.items()
          for word, cls in table.items() if word != "plateau"),
        *(form.replace("(", ", ", 1).replace(")", "", 1) for form in
          (f"train {{ {form} }}" for form in dict(entries()).values())),
        *(f"train {{ {setting} {number} }}" for setting in TABLES for number in (0.5, 1, 3)
          if (setting, number) != ("loss", 3)),
        "train { optimizer adam(lr) }",
        "train { augment flip=both(1) crop=1 }",
        "conv 8x3 init=random_normal stddev=0.1 mean=2",
        "train { optimizer adam(beta1) }",
        "train { early_stop patience 3 }",
        "train { early_stop(patience=3) }",
        "train { augment rotate 10 }",
        "train { augment horizontal }",
        "conv 8x3 init he_uniform",
        "conv 8x3 init=he_uniform(1)",
        "conv 8x3 l2",
        "dense 9 l1 0.01",
        "bn momentum 0.9",
        "leaky_relu slope 0.1",
        "gn groups 1",
    ],
)  # fmt: skip
def test_the_first_fixes_lead_to_a_right_text(text: str) -> None:
    text = f"{text}{END}"
    for _ in range(3):
        if errors(text):
            text, _ = followed(text)
    assert errors(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train { optimizer sgd(0.1) adam }", "unknown word `adam` for `sgd`"),
        ("train { optimizer adam(0.01) rubbish=3 }", "`adam` has no option `rubbish`"),
        ("train { loss 3 }", "for `loss`, found the number 3"),
    ],
)
def test_what_no_parentheses_help_is_an_error_of_its_own(text: str, said: str) -> None:
    (error,) = errors(f"{text}{END}")
    assert said in error.message


@pytest.mark.parametrize(
    "text",
    ["train { epochs 5% }", "train { batch 5% }", "budget params <= 50%", "dense 9% relu"],
)
def test_a_share_of_nothing_is_told_to_be_a_whole_number(text: str) -> None:
    (error,) = errors(f"{text}{END}")
    assert error.help == "write a whole number: a share in per cent means nothing here"
    assert error.fixes == ()
    assert errors(f"{text.replace('50%', '8k').replace('%', '')}{END}") == []


def test_commas_between_statements_are_told_to_be_semicolons() -> None:
    text = "conv 8x3 relu, pool 2, dense 10 softmax"
    assert [error.code for error in errors(text)] == ["CNN014", "CNN014"]
    once, safe = followed(text)
    twice, _ = followed(once)
    assert (twice, safe) == ("conv 8x3 relu; pool 2; dense 10 softmax", True)
    assert errors(twice) == []


@pytest.mark.parametrize(
    "text",
    [
        "repeat 3 { conv 8x3 relu; dense 10 softmax",
        "conv 8x3 relu; repeat 3 shared { conv 8x3 relu; pool 2\ngap\ndense 10 softmax",
        "conv 8x3 relu; residual { conv 8x3 same relu; pool 2\ngap\ndense 10 softmax",
        "conv 8x3 relu; concat { branch { conv 8x3 same relu }\npool 2\ndense 10 softmax",
        "block part(f) {\n  conv (f)x3 relu\n\nconv 8x3\ndense 10 softmax",
    ],
)
def test_a_missing_brace_is_one_error(text: str) -> None:
    assert [error.code for error in errors(text)] == ["CNN002"]


@pytest.mark.parametrize(
    ("text", "help", "follows"),
    [
        (
            "dense 10 softmax; sweep { learning_rate in 0.1, 0.01 }",
            "write `optimizer in adam(0.1), adam(0.01)` for Keras's `learning_rate`; it is the "
            "optimizer's: `rmsprop(0.01)`, `sgd(0.01)`",
            "dense 10 softmax; sweep { optimizer in adam(0.1), adam(0.01) }",
        ),
        (
            "conv 16x3 same relu; residual project { tconv 16x2 stride=2 }; dense 10 softmax",
            "a projection makes an image smaller, never larger: write "
            "`add project { branch { upsample 2 }; branch { … } }`",
            "conv 16x3 same relu; add project { branch { upsample 2 }; "
            "branch { tconv 16x2 stride=2 } }; dense 10 softmax",
        ),
        (
            "dense 10; train { loss categorical_crossentropy(from_logits=True) }",
            "Keras's `from_logits` has no equivalent here: end the network with "
            "`dense 10 softmax`, and write `loss categorical_crossentropy` without it",
            "dense 10 softmax; train { loss categorical_crossentropy }",
        ),
        (
            "let n = 2**3; dense 10 softmax",
            "write a power with `^`, in parentheses: `(2^3)`",
            "let n = (2^3); dense (n); dense 10 softmax",
        ),
        (
            "dense 10; train { loss from_logits=True }",
            "Keras's `from_logits` has no equivalent here: end the network with "
            "`dense 10 softmax`, and write `loss categorical_crossentropy` without it",
            "dense 10 softmax; train { loss categorical_crossentropy }",
        ),
        (
            "dense 10; train { loss sparse_categorical_crossentropy from_logits=True }",
            "Keras's `from_logits` has no equivalent here: end the network with "
            "`dense 10 softmax`, and write `loss categorical_crossentropy` without it",
            "dense 10 softmax; train { loss categorical_crossentropy }",
        ),
        (
            "dense 10; train { from_logits=True }",
            "write `loss categorical_crossentropy` for Keras's `from_logits`; end the network "
            "with `dense 10 softmax`: the losses here take shares",
            "dense 10 softmax; train { loss categorical_crossentropy }",
        ),
        (
            "budget flops <= 1M; dense 10 softmax",
            "write `macs` for `flops`; a MAC is two FLOPs, or one in many papers: halve a limit "
            "that counts two",
            "budget macs <= 500k; dense 10 softmax",
        ),
        (
            "dense 10 softmax; train { early_stop 3 }",
            "write `val_accuracy patience=3` or `val_accuracy min_delta=3`: "
            "the monitor comes first",
            "dense 10 softmax; train { early_stop val_accuracy patience=3 }",
        ),
        (
            "conv 8x3 2; dense 10 softmax",
            "write `stride=2`: how far the kernel moves; or `dilation=2`: the distance between "
            "the points of the kernel; or `groups=2`: into how many separate convolutions the "
            "channels are divided",
            "conv 8x3 stride=2; dense 10 softmax",
        ),
        (
            "let w = (1, 2); dense (w); dense 10 softmax",
            "a parenthesis holds one number, such as `(2*f)`",
            "let w = 2; dense (w); dense 10 softmax",
        ),
        # Ten classes are the default, and nobody may have meant them.
        (
            'data "a.npz"; dense 5 softmax',
            "write `dense 10 softmax`, or `classes 5`: as many as the data have",
            'data "a.npz"; classes 5; dense 5 softmax',
        ),
        # The order of four sides differs from tool to tool.
        (
            "pad 1 2 0 1; dense 10 softmax",
            "name the sides: `pad top=… bottom=… left=… right=…`",
            "pad top=1 bottom=2 left=0 right=1; dense 10 softmax",
        ),
        (
            "crop 0 1 1 0; dense 10 softmax",
            "name the sides: `crop top=… bottom=… left=… right=…`",
            "crop top=0 bottom=1 left=1 right=0; dense 10 softmax",
        ),
        (
            "LSTM 32; dense 10 softmax",
            "Keras's `LSTM` has no equivalent here: for sequences; networks here are convolutional",
            "conv 32x3; dense 10 softmax",
        ),
        (
            f'data "digits" shuffle{END}',
            "`shuffle` is not needed here: the training images are shuffled in every epoch: leave "
            "it out",
            f'data "digits"{END}',
        ),
    ],
)
def test_a_help_in_words_is_true(text: str, help: str, follows: str) -> None:
    (error,) = errors(text)
    assert error.help == help
    assert errors(follows) == []


def test_convolutions_that_are_added_for_a_pooling_fit_the_image() -> None:
    text = "conv 8x3 relu; pool 4; conv 16x3 relu; gap; dense 10 softmax"
    (lint,) = [found for found in found_in(text) if found.code == "CNN609"]
    assert lint.help.startswith("put 2 more 3x3 convolutions with `same` before it")
    more = text.replace("; gap", "; conv 16x3 same relu; conv 16x3 same relu; gap")
    assert "CNN609" not in [found.code for found in found_in(more)]
    assert errors(more) == []


@pytest.mark.parametrize("input", ["32x32x3", "224x224x3"])
def test_an_input_without_data_blames_no_dataset(input: str) -> None:
    assert errors(f"input {input}; conv 8x3 relu; pool 2; gap; dense 10 softmax") == []


def test_an_error_in_a_document_is_placed_in_its_text() -> None:
    """A document is one line; the canonical text, which is shown, has others."""
    text = check(Source("a.cnn", "conv 8x3 relu; pool 2; dense 10 softmax; budget params <= 9"))
    (error,) = check_spec(text.spec, "a.json").problems
    assert error.span is not None
    assert error.span.source.name == "a.json"
    assert " --> a.json, as text:" in plain(render([error]))


def test_a_fit_is_no_value_of_an_optimizer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cnn"
    path.write_text("dense 10 softmax\n")
    assert main(["check", str(path), "--set", "learning_rate=fit(1..3)"]) == 1
    assert "write `optimizer=adam(0.01)` for Keras's `learning_rate`" in capsys.readouterr().err
    assert main(["check", str(path), "--set", "optimizer=adam(0.01)"]) == 0
