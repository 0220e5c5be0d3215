from random import Random

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.expansion.expand import read
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.spec import Names, Node, Spec, is_automatic
from cnnspec.ir.training import EarlyStop, Target, Training
from cnnspec.language.constructs import Construct
from cnnspec.language.formatter import format_text
from cnnspec.layers.base import Layer
from cnnspec.layers.dense import Dense
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.table import CONSTRUCTS, LAYERS
from tests.support.paths import SPECS
from tests.support.random_specs import NAMES, draw_spec, entries, required


def named(layers: list[Layer]) -> tuple[Node, ...]:
    """The layers under the names they get by themselves."""
    names = Names()
    return tuple(Node(name=names.next(layer.word), layer=layer) for layer in layers)


def reads_back(spec: Spec) -> None:
    expanded = read(Source("printed", str(spec)))
    assert expanded.problems == ()
    assert expanded.spec == spec


@pytest.mark.parametrize("seed", range(200))
def test_random_spec_reads_back_from_its_text(seed: int) -> None:
    spec = draw_spec(Random(seed))
    checked = check(Source("random", str(spec)))
    # Budgets and claims are drawn blindly; whether they can hold is not the point.
    assert {p.code for p in checked.problems if p.severity == "error"} <= {"CNN301", "CNN302"}
    assert checked.spec == spec
    assert str(checked.spec) == str(spec)
    full = spec.written(full=True)
    assert read(Source("full", full)).spec == spec
    assert format_text(Source("full", full), CONSTRUCTS) == full


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_every_value_of_every_layer_reads_back(cls: type[Layer]) -> None:
    reads_back(Spec(nodes=named([layer for layer in entries(cls) if isinstance(layer, Layer)])))


@pytest.mark.parametrize("cls", INITIALIZERS.values(), ids=lambda cls: cls.word)
def test_every_value_of_every_initializer_reads_back(cls: type[Construct]) -> None:
    reads_back(Spec(nodes=named([Dense(units=1, init=init) for init in entries(cls)])))


@pytest.mark.parametrize("cls", OPTIMIZERS.values(), ids=lambda cls: cls.word)
def test_every_value_of_every_optimizer_reads_back(cls: type[Construct]) -> None:
    for optimizer in entries(cls):
        reads_back(Spec(nodes=named([Dense(units=1)]), train=Training(optimizer=optimizer)))


@pytest.mark.parametrize("cls", LOSSES.values(), ids=lambda cls: cls.word)
def test_every_value_of_every_loss_reads_back(cls: type[Construct]) -> None:
    for loss in entries(cls):
        reads_back(Spec(nodes=named([Dense(units=1)]), train=Training(loss=loss)))


@pytest.mark.parametrize("cls", SCHEDULES.values(), ids=lambda cls: cls.word)
def test_every_value_of_every_schedule_reads_back(cls: type[Construct]) -> None:
    for schedule in entries(cls):
        reads_back(Spec(nodes=named([Dense(units=1)]), train=Training(schedule=schedule)))


@pytest.mark.parametrize("cls", [Training, EarlyStop, Augment, Target], ids=lambda cls: cls.word)
def test_every_value_of_every_training_setting_reads_back(cls: type[Construct]) -> None:
    for value in entries(cls):
        train = value if isinstance(value, Training) else Training(**{cls.word: value})
        reads_back(Spec(nodes=named([Dense(units=1)]), train=train))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_reads_back(name: str) -> None:
    reads_back(Spec(model=name, nodes=(Node(name=name, layer=Dense(units=1)),)))


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_full_form_names_every_default_and_means_the_same(cls: type[Layer]) -> None:
    layer = cls(**required(cls))
    expanded = read(Source("full", layer.written(full=True)))
    assert expanded.problems == ()
    assert expanded.spec.nodes[0].layer == layer


def test_full_form_leaves_no_default_unsaid() -> None:
    spec = read(Source("x", "dense 10; train { optimizer adam; early_stop val_f1 }")).spec
    assert (
        spec.written(full=True)
        == """\
model model
data fashion_mnist_mini
input 28x28x1
classes 10

dense 10 linear bias=yes init=glorot_uniform bias_init=zeros l1=0 l2=0

train {
  optimizer adam(0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, amsgrad=no)
  schedule constant
  loss categorical_crossentropy(label_smoothing=0)
  metrics accuracy
  class_weight none
  batch 128
  epochs 10
  validation 0.1
  early_stop val_f1 patience=5 min_delta=0 restore=no
  measure all
  precision float32
  seed 1
  runs 1
}
"""
    )


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_spec_reads_back(path) -> None:
    reads_back(read(Source(path.name, path.read_text(encoding="utf-8"))).spec)


def test_semicolons_are_line_ends() -> None:
    text = "let f = 8; conv (f)x3 relu; pool 2; dense 10 softmax; train { epochs 5; batch 32 }"
    one, many = (read(Source("x", t)) for t in (text, text.replace("; ", "\n")))
    assert one.problems == many.problems == ()
    assert one.spec == many.spec


@pytest.mark.parametrize(
    "text",
    [
        "conv 32x3 same relu stride=2; dense 10 softmax",
        "conv same stride=2 relu 32x3; dense softmax 10",
        "conv stride=2x2 32x3x3 activation=relu padding=same; dense units=10 activation=softmax",
        "\tconv  32x3\tsame relu stride=2 # first\r\n ;\r\n\r\n dense 10 softmax # last",
        "conv (4^2*2)x(1+2) same relu stride=(6/3)\ndense (100 % 30) softmax",
        "let f = 32\nlet k = 3\nconv (f)x(k) same relu stride=2\ndense 10 softmax",
        "conv 3_2x3 same relu stride=2.0; dense 1e1 softmax",
    ],
)
def test_many_ways_to_write_are_one_spec(text: str) -> None:
    expanded = read(Source("x", text))
    assert expanded.problems == ()
    assert str(expanded.spec) == (
        "data fashion_mnist_mini\n\nconv 32x3 same relu stride=2\ndense 10 softmax\n"
    )


def test_places_take_no_part_in_equality() -> None:
    spaced, dense = (read(Source("x", t)).spec for t in ("dense   10", "dense 10"))
    assert spaced == dense
    assert spaced.nodes[0].span != dense.nodes[0].span
    assert hash(spaced) == hash(dense)


def test_layers_are_numbered_by_word() -> None:
    spec = read(Source("x", "dense 1; relu; dense 2; dense 3 name=last; dense 4")).spec
    assert [node.name for node in spec.nodes] == ["dense", "relu", "dense_2", "last", "dense_3"]


@pytest.mark.parametrize(
    ("name", "automatic"),
    [("conv", True), ("conv_2", True), ("leaky_relu_12", True), ("conv_a", False), ("stem", False)],
)
def test_automatic_names_are_known(name: str, automatic: bool) -> None:
    assert is_automatic(name) is automatic
