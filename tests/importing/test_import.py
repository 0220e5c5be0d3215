"""Models that Keras makes by hand, saved and imported: the text, the counts and the outputs."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.importing.compare import compare
from cnnspec.importing.keras.layers import LAYERS, MERGES
from cnnspec.importing.session import Imported, import_file
from cnnspec.program.inference import inference_program
from cnnspec.targets.interpreter.run import Interpreter
from tests.support.keras_by_hand import COVERING, draw_network
from tests.support.paths import ROOT
from tests.support.seeds import seeds

pytestmark = pytest.mark.usefixtures("backend")


def filled(model: Any, seed: int = 1) -> Any:
    """A model whose weights all do something: no bias of zero, no mean of zero."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        values = random.normal(0, 0.5, weight.shape)
        if "variance" in weight.path:
            values = random.uniform(0.5, 2, weight.shape)
        if "count" not in weight.path:
            weight.assign(values.astype(weight.dtype))
    return model


def sequential(*layers: Any, shape: tuple[int, ...] = (12, 12, 2)) -> Any:
    """A model of some layers on an image, with three classes."""
    ends = [kl.Flatten(), kl.Dense(3, activation="softmax")]
    return filled(keras.Sequential([keras.Input(shape), *layers, *ends], name="by_hand"))


def functional(body: Callable[[Any], Any], shape: tuple[int, ...] = (12, 12, 4)) -> Any:
    image = keras.Input(shape)
    value = kl.Dense(3)(kl.Flatten()(body(image)))
    return filled(keras.Model(image, value, name="by_hand"))


def imported(model: Any, folder: Path, name: str = "model.keras", **options: Any) -> Imported:
    """What a saved model is imported as; its outputs are those of the model in memory."""
    path = folder / name
    model.save(path)
    found = import_file(path, **options)
    low, high = found.pixels
    images = np.random.default_rng(2).random((5, *found.checked.spec.input), np.float32)
    expected = keras.ops.convert_to_numpy(model(images * (high - low) + low, training=False))
    ours = Interpreter(inference_program(found.checked.graph), found.weights).predict(images)
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-4)
    return found


def body(found: Imported) -> str:
    """The statements between the header and the budget."""
    return "\n\n".join(found.text.strip().split("\n\n")[1:-1])


(PAGE_SPEC,) = re.findall(r"```cnn\n(.*?)```", (ROOT / "docs/import.md").read_text(), re.S)
"""The spec on the page about imports: that of ResNet-50."""


def test_the_spec_on_the_page_is_right() -> None:
    result = check(Source("import.md", PAGE_SPEC))
    assert {problem.code for problem in result.problems} == {"CNN601"}
    assert result.ok


LENET = [
    kl.Rescaling(1 / 255),
    kl.Conv2D(6, 5, padding="same"),
    kl.ReLU(),
    kl.MaxPooling2D(),
    kl.Conv2D(16, 3, use_bias=False),
    kl.BatchNormalization(),
    kl.Activation("relu"),
]


@pytest.mark.parametrize("name", ["lenet.keras", "lenet.h5"])
def test_a_model_is_written_as_a_person_would(
    name: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    model = keras.models.clone_model(sequential(*LENET, shape=(28, 28, 1)))
    found = imported(filled(model), tmp_path, name)
    assert found.text == (
        f"# {name}, written by Keras {keras.__version__}.\n"
        "model by_hand\ninput 28x28x1\nclasses 3\n\n"
        "conv 6x5 same relu\npool 2\nconv 16x3 no_bias\nbn\nrelu\nflatten\ndense 3 softmax\n\n"
        "budget params == 7_999\n"
    )
    assert model.count_params() == 7_999
    assert found.pixels == (0, 255)
    comparison = compare(found)
    assert (comparison.images, comparison.reason) == (200, "")
    assert comparison.difference < 1e-4


def test_a_configuration_alone_is_a_spec_without_weights(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(sequential(kl.Conv2D(4, 3)).to_json())
    found = import_file(path)
    assert "conv 4x3\n" in found.text
    assert found.weights == {}


LAYER_CASES: dict[str, tuple[Any, str]] = {
    "Conv2D": (lambda: kl.Conv2D(4, (3, 2), strides=2, groups=2), "conv 4x3x2 stride=2 groups=2"),
    "DepthwiseConv2D": (
        lambda: kl.DepthwiseConv2D(3, depth_multiplier=2, activation="relu6"),
        "dwconv 3 relu6 multiplier=2",
    ),
    "SeparableConv2D": (
        lambda: kl.SeparableConv2D(5, 3, padding="same", use_bias=False),
        "sepconv 5x3 same no_bias",
    ),
    "Conv2DTranspose": (
        lambda: kl.Conv2DTranspose(4, 3, strides=2, activation="elu"),
        "tconv 4x3 elu stride=2",
    ),
    "Dense": (lambda: kl.Dense(5, kernel_regularizer="l2"), "conv 5x1 l2=0.01"),
    "MaxPooling2D": (lambda: kl.MaxPooling2D(3, 2, "same"), "pool 3 same stride=2"),
    "AveragePooling2D": (lambda: kl.AveragePooling2D((2, 3)), "avgpool 2x3"),
    "GlobalAveragePooling2D": (lambda: kl.GlobalAveragePooling2D(keepdims=True), "gap keep"),
    "GlobalMaxPooling2D": (lambda: kl.GlobalMaxPooling2D(), "gmp"),
    "BatchNormalization": (
        lambda: kl.BatchNormalization(epsilon=1e-5, momentum=0.9, scale=False),
        "bn no_scale epsilon=1e-05 momentum=0.9",
    ),
    "LayerNormalization": (lambda: kl.LayerNormalization(epsilon=1e-6), "ln epsilon=1e-06"),
    "GroupNormalization": (lambda: kl.GroupNormalization(2), "gn 2"),
    "Dropout": (lambda: kl.Dropout(0.25), "dropout 0.25"),
    "SpatialDropout2D": (lambda: kl.SpatialDropout2D(0.5), "sdropout 0.5"),
    "GaussianNoise": (lambda: kl.GaussianNoise(0.1), "noise 0.1"),
    "ZeroPadding2D": (
        lambda: kl.ZeroPadding2D(((0, 1), (2, 1))),
        "pad bottom=1 left=2 right=1",
    ),
    "Cropping2D": (lambda: kl.Cropping2D((2, 1)), "crop 2x1"),
    "Resizing": (lambda: kl.Resizing(9, 10, interpolation="nearest"), "resize 9x10 nearest"),
    "UpSampling2D": (lambda: kl.UpSampling2D(2, interpolation="bilinear"), "resize 24"),
    "Flatten": (lambda: kl.Flatten(), "flatten"),
    "Reshape": (lambda: kl.Reshape((6, 24, -1)), "reshape 6x24x2"),
    "Activation": (lambda: kl.Activation("leaky_relu"), "leaky_relu 0.2"),
    "ReLU": (lambda: kl.ReLU(4.0, 0.1), "relu max=4 slope=0.1"),
    "LeakyReLU": (lambda: kl.LeakyReLU(0.05), "leaky_relu 0.05"),
    "PReLU": (lambda: kl.PReLU(shared_axes=[1, 2]), "prelu shared"),
    "ELU": (lambda: kl.ELU(0.5), "elu 0.5"),
    "Softmax": (lambda: kl.Softmax(), "softmax"),
    "Rescaling": (lambda: kl.Rescaling(2.0, -1.0), "bn no_center no_scale epsilon=1e-07"),
    "Normalization": (
        lambda: kl.Normalization(mean=[0.1, 0.2], variance=[0.5, 0.25]),
        "bn no_center no_scale epsilon=1e-07",
    ),
    "AlphaDropout": (lambda: kl.AlphaDropout(0.2), ""),
    "RandomFlip": (lambda: kl.RandomFlip(), ""),
}


@pytest.mark.parametrize("case", LAYER_CASES)
def test_a_layer_becomes_the_word_that_computes_the_same(case: str, tmp_path: Path) -> None:
    make, line = LAYER_CASES[case]
    # After a layer of its own, so that nothing of it is taken for a scaling of the pixels.
    model = sequential(kl.Activation("tanh"), make())
    lines = body(imported(model, tmp_path)).splitlines()
    assert [each for each in lines[1:-1] if each != "flatten" or line == "flatten"] == (
        [line] if line else []
    )


def test_every_class_of_the_table_has_a_case() -> None:
    # The first three are other names, the others belong to models of this package or of
    # keras.applications, which other tests import.
    elsewhere = {
        "Convolution2D",
        "CeilMaxPooling2D",
        "CeilAveragePooling2D",
        "SliceChannels",
        "ShuffleChannels",
        "LayerScale",
    }
    same = {name for name, how in LAYERS.items() if how is LAYERS["RandomFlip"]}
    assert set(LAYERS) - elsewhere - same <= set(LAYER_CASES)


@pytest.mark.parametrize("name", MERGES)
def test_a_merge_keeps_its_branches(name: str, tmp_path: Path) -> None:
    def network(image: Any) -> Any:
        one = kl.Conv2D(4, 1, name="one")(image)
        other = kl.Conv2D(4, 3, padding="same", activation="relu")(image)
        return getattr(kl, name)()([one, other])

    found = imported(functional(network), tmp_path)
    word = {"Concatenate": "concat"}.get(name, name.lower())
    assert (
        f"{word} {{\n  branch {{ conv 4x1 }}\n  branch {{ conv 4x3 same relu }}\n}}" in found.text
    )


def test_routes_that_no_nesting_says_are_taken_by_name(tmp_path: Path) -> None:
    def network(image: Any) -> Any:
        first = kl.Conv2D(4, 3, padding="same", name="first")(image)
        second = kl.Conv2D(4, 3, padding="same", name="conv_2")(first)
        third = kl.Add()([second, kl.Conv2D(4, 1)(image)])
        fourth = kl.Concatenate()([third, first])
        return kl.Concatenate()([kl.Conv2D(2, 1)(fourth), second])

    found = imported(functional(network), tmp_path)
    assert "from first" in found.text
    # A name that layers get by themselves would change when a layer is added.
    assert "from conv_2_out" in found.text


def test_a_u_net_is_nested(tmp_path: Path) -> None:
    def network(image: Any) -> Any:
        fine = kl.Conv2D(4, 3, padding="same", activation="relu")(image)
        coarse = kl.Conv2D(8, 3, padding="same", activation="relu")(kl.MaxPooling2D()(fine))
        deep = kl.UpSampling2D()(kl.MaxPooling2D()(coarse))
        up = kl.Conv2D(4, 3, padding="same")(kl.Concatenate()([deep, coarse]))
        return kl.Concatenate()([kl.UpSampling2D()(up), fine])

    assert "from" not in body(imported(functional(network), tmp_path))


def test_shared_layers_are_rounds(tmp_path: Path) -> None:
    def network(image: Any) -> Any:
        conv, norm = kl.Conv2D(4, 3, padding="same"), kl.BatchNormalization()
        for _ in range(3):
            image = kl.ReLU()(norm(conv(image)))
        return image

    found = imported(functional(network), tmp_path)
    shared = "repeat 3 shared {\n  conv 4x3 same\n  bn\n  relu\n}"
    assert shared in found.text


def test_models_within_a_model_are_part_of_it(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((12, 12, 4)), kl.Conv2D(4, 3), kl.MaxPooling2D()])
    found = imported(functional(lambda image: kl.ReLU()(inner(kl.Conv2D(4, 1)(image)))), tmp_path)
    assert body(found).startswith("conv 4x1\nconv 4x3\npool 2\nrelu\n")


def test_hard_sigmoid_in_arithmetic_is_one_word(tmp_path: Path) -> None:
    def network(image: Any) -> Any:
        value = kl.Conv2D(4, 1)(image)
        return kl.ReLU(6.0)(value + 3.0) * (1.0 / 6.0)

    assert "conv 4x1 hard_sigmoid\n" in imported(functional(network), tmp_path).text


def test_repetitions_are_said_once(tmp_path: Path) -> None:
    def network(image: Any) -> Any:
        for filters in (8, 12, 16):
            for _ in range(2):
                skip = kl.Conv2D(filters, 1)(image)
                value = kl.Conv2D(2 * filters, 3, padding="same", use_bias=False)(skip)
                value = kl.ReLU()(kl.BatchNormalization()(value))
                value = kl.Conv2D(filters, 3, padding="same")(value)
                image = kl.Add()([skip, value])
            image = kl.MaxPooling2D()(image)
        return image

    found = imported(functional(network, (16, 16, 4)), tmp_path)
    assert body(found).splitlines() == [
        "block stage(f) {",
        "  repeat 2 {",
        "    conv (f)x1",
        "    residual {",
        "      conv (2*f)x3 same no_bias",
        "      bn",
        "      relu",
        "      conv (f)x3 same",
        "    }",
        "  }",
        "  pool 2",
        "}",
        "",
        "stage 8",
        "stage 12",
        "stage 16",
        "flatten",
        "dense 3",
    ]


def test_pixels_as_a_model_takes_them_are_said(tmp_path: Path) -> None:
    found = imported(sequential(kl.Conv2D(4, 3)), tmp_path, pixels=(-1, 1))
    assert body(found).startswith("bn no_center no_scale epsilon=1e-07\nconv 4x3\n")


def test_the_size_of_an_image_may_be_left_open(tmp_path: Path) -> None:
    image = keras.Input((None, None, 3))
    value = kl.Dense(3)(kl.GlobalAveragePooling2D()(kl.Conv2D(4, 3)(image)))
    found = imported(keras.Model(image, value), tmp_path, size=(20, 16, 3))
    assert "input 20x16x3\n" in found.text


@pytest.mark.parametrize("seed", seeds(COVERING, 100))
def test_drawn_networks_are_equal(seed: int, tmp_path: Path) -> None:
    model = draw_network(seed).keras_model()
    try:
        model.save(tmp_path / "drawn.keras")
    except NotImplementedError:
        pytest.skip("it has a layer that is made for the test, which Keras does not save")
    try:
        found = import_file(tmp_path / "drawn.keras")
    except CnnspecError as error:
        # Rounds with merges in them, and windows that are made for the test.
        pytest.skip(error.diagnostics[0].message)
    assert found.checked.totals is not None
    assert found.checked.totals.params == model.count_params()
    if "dilation" not in found.text:  # TensorFlow has no dilated `tconv` for processors
        imported(model, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "ConvNeXtTiny",
        "DenseNet121",
        "EfficientNetB0",
        "EfficientNetV2B0",
        "InceptionV3",
        "MobileNet",
        "MobileNetV2",
        "MobileNetV3Large",
        "MobileNetV3Small",
        "NASNetMobile",
        "ResNet50",
        "ResNet50V2",
        "Xception",
    ],
)
def test_the_networks_of_keras_applications_are_equal(name: str, tmp_path: Path) -> None:
    model = getattr(keras.applications, name)(weights=None)
    path = tmp_path / f"{name}.keras"
    model.save(path)
    size = (224, 224, 3) if name.startswith("MobileNetV3") else None
    found = import_file(path, size=size)
    assert found.checked.totals is not None
    layers = [layer for layer in model.layers if not isinstance(layer, kl.Normalization)]
    theirs = sum(layer.count_params() for layer in layers)
    # What scales the pixels is batch norm here: a mean and a variance for each colour.
    norms = found.text.count("bn no_center no_scale epsilon=1e-07")
    assert found.checked.totals.params == theirs + 6 * norms
    assert found.checked.totals.trainable == sum(
        int(np.prod(weight.shape)) for weight in model.trainable_weights
    )
    if name == "ResNet50":
        assert found.text.split("\n", 1)[1] == PAGE_SPEC
    comparison = compare(found)
    assert comparison.images > 0
    said: list[str] = []
    model.summary(print_fn=lambda line, **_: said.append(line))
    lines = sum(text.count("\n") + 1 for text in said)
    # NASNet's cells take values of the cells before by name, which no block can say.
    assert found.text.count("\n") < lines / 2
