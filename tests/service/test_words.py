"""What can be typed at a place: words of the tables, names in sight, and nothing else."""

from random import Random

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.expansion.vocabulary import words
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.training import Training
from cnnspec.layers.table import CONSTRUCTS, LAYERS
from cnnspec.service.completion import complete, signature
from cnnspec.service.hover import hover
from cnnspec.service.outline import marks
from cnnspec.service.snapshot import Snapshot, snapshot
from cnnspec.service.tokens import place_at, tokens
from tests.support.paths import SPECS

HERE = "§"


def at(text: str) -> tuple[Snapshot, int]:
    """A text with a mark in it, without the mark, and where that was."""
    return snapshot(Source("x.cnn", text.replace(HERE, ""))), text.index(HERE)


def offered(text: str) -> list[str]:
    return [item.word for item in complete(*at(text)).items]


@pytest.mark.parametrize(
    ("text", "some", "none"),
    [
        ("§", ["conv", "data", "train", "let", "block"], ["batch", "branch", "relu6 "]),
        ("con§", ["conv", "concat"], ["batch"]),
        ("conv 8x3 §", ["relu", "same", "stride", "no_bias", "name"], ["filters", "conv"]),
        ("conv 8x3 relu stride=2 §", ["same", "groups"], ["relu", "stride"]),
        ("conv 8x3 padding=§", ["same", "valid"], ["relu"]),
        ("conv 8x3 bias=§", ["yes", "no"], ["no_bias"]),
        ("conv 8x3 init=§", ["he_uniform", "zeros"], ["relu", "adam"]),
        ("conv 8x3 init=he_§", ["he_uniform"], ["relu"]),
        ("conv 8x3 init=random_normal(§", ["stddev", "seed"], ["stride"]),
        ("conv 8x3 init=he_uniform(seed=1) §", ["relu", "bias_init"], ["init", "seed"]),
        ("train { §", ["epochs", "optimizer"], ["conv", "let"]),
        ("train {\n  epochs 3\n  §\n}", ["batch"], ["conv"]),
        ("train { optimizer §", ["adam", "sgd"], ["cosine", "epochs"]),
        ("train { optimizer sgd(0.1, §", ["momentum", "nesterov"], ["amsgrad"]),
        ("train { early_stop §", ["val_loss", "patience", "restore"], ["f1"]),
        ("train { validation §", ["none", "test"], ["yes"]),
        ("train { augment flip=§", ["horizontal", "both"], ["crop"]),
        ("sweep { batch in 32, 64; optimizer in §", ["adam"], ["batch"]),
        ("let rate = 1; sweep { rate in 1e-3..1e-1 §", ["log"], ["adam"]),
        ("let width = 1; sweep { §", ["width", "batch"], ["conv"]),
        ("budget §", ["params", "flash"], ["int8", "accuracy"]),
        ("budget flash §", ["int8"], ["params"]),
        ("maximize §", ["macs"], ["accuracy"]),
        ("minimize ram §", ["int8"], ["params"]),
        ("expect §", ["accuracy", "val_f1"], ["params"]),
        ("data §", ["mnist", "none", "test"], ["conv"]),
        ("allow §", ["conv", "concat"], ["residual"]),
        ("silence §", ["CNN601"], ["CNN101"]),
        ("concat { §", ["branch", "conv"], ["data"]),
        ("residual { §", ["conv", "from"], ["branch", "train"]),
        ("conv 8x3 name=stem; concat { branch { from §", ["stem", "input"], ["conv"]),
        ("let f = 8; dense (§", ["f", "round"], ["relu"]),
        ("let f = 8; let g = §", ["f", "fit", "max"], ["g"]),
        ("dense (§); let later = 8", ["max"], ["later"]),
        ("block b(f, k=3) { conv (§", ["f", "k"], ["b"]),
        ("block b(f, k=3) { conv (f)x(k) }\n§", ["b"], ["f"]),
        ("block b(f, k=3) { conv (f)x(k) }\nb 8 §", ["k", "name"], ["relu"]),
        ("repeat 3 §", ["shared"], ["relu"]),
        ("conv 8x3 name=§", [], ["relu", "max"]),
        ("conv 8§", [], ["relu"]),
        ("# conv §", [], ["relu"]),
        ('data "mn§', [], ["mnist"]),
    ],
)
def test_what_is_offered(text, some, none):
    found = offered(text)
    assert [word for word in some if word not in found] == []
    assert [word for word in none if word in found] == []
    assert len(found) == len(set(found))


def test_every_word_offered_to_a_layer_is_one_that_it_takes():
    for word in CONSTRUCTS:
        for item in complete(*at(f"{word} §")).items:
            text = f"{word} {item.word}{'=1' if item.sort == 'option' else ''}"
            codes = {problem.code for problem in check(Source("x", text)).problems}
            assert not codes & {"CNN102", "CNN103"}, text


def test_every_setting_and_every_word_for_it_is_one_that_training_takes():
    for setting in Training.specs:
        assert setting in offered("train { §")
        for item in complete(*at(f"train {{ {setting} §")).items:
            if item.sort in ("value", "call"):
                text = f"dense 10; train {{ {setting} {item.word} }}"
                codes = {problem.code for problem in check(Source("x", text)).problems}
                assert not codes & {"CNN102", "CNN103"}, text


def test_every_word_has_help():
    bare = [
        item.word
        for text in ("§", "conv 8x3 §", "train { §", "train { optimizer §", "budget §", "data §")
        for item in complete(*at(text)).items
        if not item.help
    ]
    assert bare == []


def test_every_word_of_structure_says_what_follows_it():
    # Behind these come names that are new, blocks and paths.
    free = {"let", "block", "use", "train", "sweep"}
    assert {word for word in words() if not offered(f"{word} §")} == free


def test_a_word_is_replaced_as_a_whole():
    found = complete(*at("conv 8x3 re§; dense 10"))
    assert (found.start, found.end) == (9, 11)


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("conv §", "conv FILTERSxKERNEL", 0),
        ("conv 8x§", "conv FILTERSxKERNEL", 1),
        ("conv (8)x§", "conv FILTERSxKERNEL", 1),
        ("conv 8x3§", "conv FILTERSxKERNEL", 1),
        ("conv 8x3 §", "conv FILTERSxKERNEL", None),
        ("conv 8x3 stride=§", "conv FILTERSxKERNEL", "[stride=…]"),
        ("train { optimizer adam(§", "adam [LEARNING_RATE]", 0),
        ("train { optimizer adam(0.1, beta_1=§", "adam [LEARNING_RATE]", "[beta_1=…]"),
        ("train { early_stop §", "early_stop MONITOR", 0),
        ("train { early_stop val_loss §", "early_stop MONITOR", None),
        ("train { epochs §", "epochs a whole number from 1 to 100000", 0),
        ("block b(f, k=3) { conv (f)x(k) }; b §", "b F K", 0),
        ("block b(f, k=3) { conv (f)x(k) }; b 8 §", "b F K", 1),
    ],
)
def test_signatures(text, label, active):
    found = signature(*at(text))
    assert found
    assert found.label.startswith(label)
    if isinstance(active, str):
        assert found.active is not None
        assert found.parameters[found.active].label == active
    else:
        assert found.active == active


@pytest.mark.parametrize("text", ["§", "# conv §", "let f = §", "repeat §", "unknown §"])
def test_no_signature(text):
    assert signature(*at(text)) is None


def test_every_word_of_every_spec_has_a_sort():
    for path in SPECS:
        found = snapshot(Source(str(path), path.read_text()))
        marked = {mark.span.start: mark.sort for mark in marks(found)}
        bare = [
            token.text
            for token in tokens(found.source.text)
            if token.form in ("word", "number", "string") and token.start not in marked
        ]
        # The name of a network is what its author likes.
        assert bare == [found.checked.spec.model] * (found.checked.spec.model in bare), path


def test_layers_and_optimizers_have_their_sort_wherever_they_are():
    for word in LAYERS:
        assert marks(snapshot(Source("x", word)))[0].sort == "layer"
    for word in OPTIMIZERS:
        found = marks(snapshot(Source("x", f"train {{ optimizer {word} }}")))
        assert [mark.sort for mark in found] == ["keyword", "setting", "call"]


def test_half_a_text_is_answered_wherever_it_ends():
    random = Random(7)
    for path in SPECS:
        text = path.read_text()
        for _ in range(6):
            end = random.randrange(len(text))
            found = snapshot(Source("x.cnn", text[:end]))
            for offset in (end, random.randrange(end + 1)):
                complete(found, offset)
                signature(found, offset)
                hover(found, offset)
            marks(found)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("conv 32x3 stride=2 ", ((), "conv", (), "", ("stride",), 2)),
        ("conv 3x3 stride=2* ", ((), "conv", (), "stride", ("stride",), 2)),
        ("conv (2*f)x3 ", ((), "conv", (), "", (), 2)),
        ("a { b { c ", (("a", "b"), "c", (), "", (), 0)),
        ("a { b }; c ", ((), "c", (), "", (), 0)),
        ("a { b\nc(1, d=", (("a",), "c", ("c",), "d", ("d",), 1)),
        ("} } a ", ((), "a", (), "", (), 0)),
        ("a (1\nb ", ((), "b", (), "", (), 0)),
        ("a 1, 2, 3 ", ((), "a", (), "", (), 1)),
        ('a "x # y" b ', ((), "a", (), "", ("b",), 1)),
        ("a # { b\n", ((), "", (), "", (), 0)),
    ],
)
def test_places(text, place):
    found = place_at(text, len(text))
    assert found
    one = found[0]
    given = one.blocks, one.statement, one.calls, one.option, one.given, one.values
    assert given == place
