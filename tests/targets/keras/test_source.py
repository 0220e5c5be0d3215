"""The module of a network: plain Keras that a person could have written, and the same function."""

import ast

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from tests.program.networks import checked
from tests.support.keras_by_hand import draw_network
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("backend")

NETWORKS = 3


def text_of(spec):
    from cnnspec.targets.keras.source import module_text

    return module_text(spec, "1.0")


def module_of(spec, folder):
    """What the module defines, as if it were in a file of that folder."""
    names = {"__file__": str(folder / "network.py"), "__name__": "network"}
    exec(compile(text_of(spec), "network.py", "exec"), names)
    return names


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_drawn_networks_give_what_keras_by_hand_gives(seed, tmp_path):
    from cnnspec.targets.keras.source import layer_names
    from tests.support.weights import outputs_in_double, weights_of

    drawn = draw_network(seed)
    images = drawn.images(3)
    single = np.asarray(drawn.keras_model()(images, training=False))
    if not np.isfinite(single).all():
        pytest.skip("exponentials of exponentials: no number is right")
    double = outputs_in_double(drawn, images)
    rounding = 0.0 if double is None else np.abs(single - double).max()
    spec = check(Source("drawn", drawn.text))
    names = layer_names(spec)
    arrays = {}
    for key, array in weights_of(drawn).items():
        layer, _, weight = key.rpartition("/")
        if layer in names:
            arrays[f"{names[layer]}/{weight}"] = array
    np.savez(tmp_path / "weights.npz", **arrays)
    found = np.asarray(module_of(spec, tmp_path)["load"]()(images, training=False))
    assert np.abs(found - single).max() <= 1e-5 * np.abs(single).max() + rounding


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.cnn")), ids=lambda path: path.stem)
def test_every_spec_is_built_with_its_parameters(path, tmp_path):
    spec = checked(path.read_text())
    model = module_of(spec, tmp_path)["build"](batch=1)
    assert model.count_params() == spec.totals.params
    assert model.output_shape == (1, spec.spec.classes)


def test_text_of_a_chain_is_sequential_and_has_no_defaults():
    spec = checked((ROOT / "specs" / "lenet5.cnn").read_text())
    assert """\
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), batch_size=batch, name="image"),
            layers.Conv2D(6, 5, padding="same", activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(16, 5, activation="relu", name="conv_2"),
            layers.MaxPooling2D(name="pool_2"),
            layers.Flatten(name="flatten"),
            layers.Dense(120, activation="relu", name="dense"),
            layers.Dense(84, activation="relu", name="dense_2"),
            layers.Dense(10, activation="softmax", name="dense_3"),
        ],
        name="lenet5",
    )
""" in text_of(spec)


def test_keras_takes_what_is_written_down_of_it():
    """Arguments and defaults as the Keras that is installed has them."""
    import inspect
    from operator import attrgetter

    import keras

    from cnnspec.targets.keras.signatures import SIGNATURES

    for name, (required, defaults) in SIGNATURES.items():
        found = inspect.signature(attrgetter(name)(keras)).parameters
        named = {n: p.default for n, p in found.items() if p.kind is not p.VAR_KEYWORD}
        assert required == tuple(n for n, d in named.items() if d is inspect.Parameter.empty), name
        assert defaults == {n: named[n] for n in defaults}, name


BRANCHES = """
input 8x8x4; classes 3
residual { conv 4x3 same relu init=he_normal l2=1e-4 bias_init=constant(0.5); dropout 0.25 }
repeat 2 shared { conv 4x1 no_bias }
concat { branch { slice 2 start=1 }; branch { shuffle 2 } }
avgpool 3 ceil; pool 2 ceil; gap; dense 3 softmax
"""


def test_text_of_branches_names_what_is_used_later():
    assert """\
    image = keras.Input((8, 8, 4), batch_size=batch, name="image")
    x = layers.Conv2D(
        4,
        3,
        padding="same",
        activation="relu",
        bias_initializer=keras.initializers.Constant(value=0.5),
        kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L1L2(l2=0.0001),
        name="conv",
    )(image)
    x = layers.Dropout(0.25, name="dropout")(x)
    x = layers.Add(name="add")([x, image])
    conv_2_layer = layers.Conv2D(4, 1, use_bias=False, name="conv_2")
    x = conv_2_layer(x)
    conv_2_2 = conv_2_layer(x)
    slice_2 = conv_2_2[..., 1:3]
    x = layers.Reshape((8, 8, 2, 2), name="shuffle.groups")(conv_2_2)
    x = layers.Permute((1, 2, 4, 3), name="shuffle.turned")(x)
    x = layers.Reshape((8, 8, 4), name="shuffle")(x)
    x = layers.Concatenate(name="concat")([slice_2, x])
""" in text_of(checked(BRANCHES))


@pytest.mark.parametrize("text", ["dense 10 softmax", BRANCHES])
def test_text_of_a_network_without_weights_builds_it(text):
    from cnnspec.targets.keras.source import network_text

    spec = checked(text)
    names = {"__name__": "network"}
    exec(network_text(spec, "1.0"), names)
    assert names["build"]().count_params() == spec.totals.params


def test_layers_and_operations_of_keras_have_different_names(tmp_path):
    from cnnspec.targets.keras.source import layer_names

    spec = checked(
        "input 8x8x4; classes 3; pad 1; conv 4x3 name=get_item; slice 3; shuffle 3; reshape 64x3\n"
        "reshape 8x8x3; pool 3 ceil; pad 1 name=pad_; avgpool 3 ceil; pad 1 name=pad_1; dense 3"
    )
    assert module_of(spec, tmp_path)["build"]().count_params() == spec.totals.params
    names = layer_names(spec)
    assert (names["pad"], names["pad_"], names["get_item"]) == ("pad__", "pad_", "get_item_")


@pytest.mark.parametrize("text", [BRANCHES, (ROOT / "specs" / "mobile_se.cnn").read_text()])
def test_text_is_python_of_one_layout_that_imports_nothing_of_ours(text):
    found = text_of(checked(text))
    imported = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(found))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imported == ["pathlib", "keras", "numpy", "keras"]
    assert max(map(len, found.splitlines())) <= 100
