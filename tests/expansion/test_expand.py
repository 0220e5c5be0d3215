from collections import Counter

import pytest

from cnnspec.core.source import Source
from cnnspec.expansion.expand import read
from cnnspec.layers.table import LAYERS


def codes(text: str) -> list[str]:
    return [problem.code for problem in read(Source("x", text)).problems]


def layers(text: str) -> list[str]:
    return [str(node.layer) for node in read(Source("x", text)).spec.nodes]


# For want of a separator: what was meant is read on, and said once.
@pytest.mark.parametrize(
    ("text", "found", "meant"),
    [
        ("conv 8x3 relu pool 2", ["CNN014"], ["conv 8x3 relu", "pool 2"]),
        ("flatten dense 10", ["CNN014"], ["flatten", "dense 10"]),
        ("pool 2 relu", ["CNN014"], ["pool 2", "relu"]),
        ("model net dense 10", ["CNN014"], ["dense 10"]),
        ("data mnist dense 10", ["CNN014"], ["dense 10"]),
        ("let f = 3 conv (f)x3", ["CNN014"], ["conv 3x3"]),
        ("budget params <= 6k dense 10", ["CNN014"], ["dense 10"]),
        ("conv 8x3 relu", [], ["conv 8x3 relu"]),
        ("model dense; dense 10", [], ["dense 10"]),
        ("let pool = 4; dense (pool)", [], ["dense 4"]),
    ],
)
def test_missing_separator(text: str, found: list[str], meant: list[str]) -> None:
    assert (codes(text), layers(text)) == (found, meant)


# For want of a closing brace: one fault at the opener, the rest is read as it was meant.
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("train {\n epochs 5\nconv 8x3 rleu\ndense 10", ["CNN002", "CNN102"]),
        ("train {\n epochs 5\nconv 8x3 relu\ndense 10", ["CNN002"]),
        ("dense 10 {", ["CNN002"]),
        ("conv 8x3 {\npool 2\ndense 10 sofmax", ["CNN002", "CNN102"]),
        ("dense 10\ntrain\n{\n  epochs 5\n}", ["CNN001"]),
        ("train { conv 8x3 }; dense 10", ["CNN110"]),
    ],
)
def test_block_without_end_or_in_the_wrong_place(text: str, found: list[str]) -> None:
    assert codes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("let f = 8; conv (f)x3", []),
        ("conv (f)x3; let f = 8", ["CNN108"]),
        ("let f = 8; let f = 9; dense (f)", ["CNN013"]),
        ("let f = 8; let g = 2*f; dense (g)", []),
        ("let f = relu; dense 10", ["CNN108"]),
        ("let; dense 10", ["CNN120"]),
        ("let f; dense 10", ["CNN120"]),
        ("data mnist; data mnist; dense 10", ["CNN013"]),
        ("model a; model b; dense 10", ["CNN013"]),
        ("dense 10 name=a; relu name=a", ["CNN013"]),
        ("dense 10 name=dense", []),
        ("dense 10 name=dense_2", ["CNN113"]),
        ("dense 10 name=relu", ["CNN113"]),
        ("input 28x28; dense 10", []),
        ("data mnist; input 28x28x3; dense 10", ["CNN113"]),
        ("train 5 { epochs 5 }; dense 10", ["CNN120"]),
        ("train; dense 10", ["CNN011"]),
        ("dense 10; train { momentum 0.9 }", ["CNN110"]),
        ("dense 10; train { metrics f1, f1 }", ["CNN013"]),
        ("dense 10; train { metrics f1 f1 }", ["CNN013"]),
        ("dense 10; train { optimizer adam 0.1 }", ["CNN110"]),
        ("dense 10; train { early_stop val_f1 5 }", ["CNN107"]),
    ],
)
def test_words_and_names(text: str, found: list[str]) -> None:
    assert codes(text) == found


@pytest.mark.parametrize("word", LAYERS)
def test_every_layer_refuses_what_it_does_not_know(word: str) -> None:
    for argument, code in (("zzzz=1", "CNN103"), ("zzzz", None), ("<= 3", "CNN106")):
        found = codes(f"{word} {argument}")
        assert len(found) == 1
        assert code in (None, found[0])


def test_every_fault_of_a_file_is_found_in_one_run() -> None:
    text = "conv 8x3 @\n" * 12 + "dense 10"
    assert codes(text) == ["CNN001"] * 12


def test_a_line_of_many_words_without_a_separator_is_read() -> None:
    found = codes("relu " * 3000 + "\ndense 10")
    assert found[:100] == ["CNN014"] * 100
    # A text with more errors is not looked at to its end.
    assert Counter(found)["CNN007"] == 1
    assert len(found) < 110


def test_the_use_of_a_block_that_is_wrong_leaves_the_shapes_after_it_unknown() -> None:
    spec = read(Source("x", "block b(f) { conv (f)x3 }\nb\nconv 8x99\ndense 10")).spec
    assert [type(node).__name__ for node in spec.nodes] == ["ErrorNode", "Node", "Node"]


@pytest.mark.parametrize(
    ("text", "data", "shape", "classes"),
    [
        ("input 224x224x3; classes 1000; gap; dense 1000", "none", (224, 224, 3), 1000),
        ("input 32x32x3; gap; dense 10", "none", (32, 32, 3), 10),
        ("classes 12; gap; dense 12", "none", (28, 28, 1), 12),
        ("data none; input 28x28x1; gap; dense 10", "none", (28, 28, 1), 10),
        # What the sample has, it is trained on.
        ("input 28x28; gap; dense 10", "fashion_mnist_mini", (28, 28, 1), 10),
        ("gap; dense 10", "fashion_mnist_mini", (28, 28, 1), 10),
        ('data "none"; input 8x8x1; gap; dense 10', "./none", (8, 8, 1), 10),
    ],
)
def test_a_spec_without_data_is_a_network_for_any_images(text, data, shape, classes) -> None:
    found = read(Source("x", text))
    assert not found.problems
    spec = found.spec
    assert (spec.data.source, spec.input, spec.classes) == (data, shape, classes)
    assert read(Source("x", str(spec))).spec == spec


def test_a_dataset_that_is_named_keeps_its_images() -> None:
    assert codes("data mnist; input 32x32x3; gap; dense 10") == ["CNN113"]
    assert codes("data none invert; input 32x32x3; gap; dense 10") == ["CNN113"]
