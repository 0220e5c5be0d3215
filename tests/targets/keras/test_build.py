import sys

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.layers.table import LAYERS
from cnnspec.targets.keras.lowering.table import lower

pytestmark = pytest.mark.usefixtures("backend")

SMALL = "conv 4x3 relu; bn; dropout 0.5; pool 2; dense 10 softmax"


def build(text, seed=1):
    from cnnspec.targets.keras.build import build

    return build(check(Source("x", text)), seed)


def weights(text, seed=1):
    return build(text, seed).get_weights()


def equal(left, right):
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_layers_have_the_names_and_order_of_the_check():
    model = build(SMALL)
    names = [layer.name for layer in model.layers][1:]
    assert names == ["conv", "bn", "dropout", "pool", "dense.flatten", "dense"]


@pytest.mark.parametrize("name", ["image", "input", "image_2", "model"])
def test_a_layer_can_have_the_name_that_the_input_has(name):
    model = build(f"conv 4x3 relu name={name}; pool 2 name=image_3; dense 10 softmax")
    assert [layer.name for layer in model.layers][1:3] == [name, "image_3"]
    assert model.output_shape == (None, 10)


def test_a_seed_gives_the_weights_whatever_was_drawn_before():
    first = weights(SMALL)
    np.random.default_rng().random()
    weights("dense 10")
    assert equal(first, weights(SMALL))
    assert not equal(first, weights(SMALL, seed=2))


def test_layers_of_the_same_kind_start_differently():
    kernels = [w for w in weights("dense 10; dense 10; dense 10") if w.shape == (10, 10)]
    assert not np.array_equal(*kernels)


def test_a_seed_in_the_spec_is_kept():
    text = "dense 10 init=he_uniform(seed=1) bias_init=random_normal(seed=2)"
    assert equal(weights(text, seed=1), weights(text, seed=2))


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("conv 4x3x5 stride=2x1 no_bias", "strides", (2, 1)),
        ("conv 4x3x5 stride=2x1 no_bias", "kernel_size", (3, 5)),
        ("conv 4x3 no_bias", "use_bias", False),
        ("conv 4x3 dilation=2", "dilation_rate", (2, 2)),
        ("conv 4x3; conv 8x3 groups=4", "groups", 4),
        ("pool 3 stride=2 same", "strides", (2, 2)),
        ("pool 3", "strides", (3, 3)),
        ("bn momentum=0.9 epsilon=1e-5", "momentum", 0.9),
        ("conv 4x3; gn instance", "groups", 4),
        ("dropout 0.25", "rate", 0.25),
        ("leaky_relu 0.1", "negative_slope", 0.1),
    ],
)
def test_options_reach_keras(text, attribute, value):
    model = build(f"dense 784; reshape 28x28x1; {text}")
    last = [layer for layer in model.layers if hasattr(layer, attribute)][-1]
    assert getattr(last, attribute) == value


def test_regularization_is_what_the_spec_says():
    model = build("dense 10 l1=0.25 l2=0.5")
    kernel = model.layers[-1].kernel
    expected = 0.25 * np.abs(kernel).sum() + 0.5 * np.square(kernel).sum()
    assert float(sum(model.losses)) == pytest.approx(float(expected), rel=1e-5)


def test_every_layer_of_the_table_lowers_to_a_class_that_there_is():
    import keras

    from cnnspec.targets.keras import own_layers

    samples = {"rate": 0.5, "stddev": 0.1, "shape": (784,)}
    for word, cls in LAYERS.items():
        fields = {
            name: samples.get(name, (2, 2) if spec.kind.parts == 2 else 4)
            for name, spec in cls.specs.items()
            if cls.fields[name] is spec.default and spec.place == "positional"
        }
        lowered = lower(cls(**fields))
        space, name = lowered.name.split(".")
        assert hasattr({"layers": keras.layers, "ours": own_layers}[space], name), word


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("sgd(0.1, momentum=0.9, nesterov)", {"momentum": 0.9, "nesterov": True}),
        ("adam(1e-4, beta_1=0.8)", {"beta_1": 0.8}),
        ("adamw(1e-3, weight_decay=0.01)", {"weight_decay": 0.01}),
        ("rmsprop(centered)", {"centered": True, "rho": 0.9}),
        ("nadam", {}),
        ("adamax", {}),
        ("adagrad", {}),
        ("adadelta", {}),
        ("lion(1e-4)", {}),
        ("lamb", {}),
        ("sgd(0.1, weight_decay=0.01, clipnorm=2)", {"weight_decay": 0.01, "clipnorm": 2}),
        ("rmsprop(clipvalue=0.5)", {"clipvalue": 0.5}),
        ("adam(global_clipnorm=1, ema=0.9)", {"global_clipnorm": 1, "ema_momentum": 0.9}),
    ],
)
def test_every_optimizer_takes_a_step(setting, expected):
    from cnnspec.targets.keras.build import compile_model

    checked = check(Source("x", f"pool 4; dense 10 softmax; train {{ optimizer {setting} }}"))
    assert checked.ok
    model = build("pool 4; dense 10 softmax")
    compile_model(model, checked.spec.train)
    before = model.get_weights()
    images = np.random.default_rng(0).random((8, 28, 28, 1), np.float32)
    model.train_on_batch(images, np.eye(10, dtype=np.float32)[:8])
    assert not equal(before, model.get_weights())
    config = model.optimizer.get_config()
    assert {name: config[name] for name in expected} == expected
    assert config["learning_rate"] == pytest.approx(checked.spec.train.optimizer.learning_rate)


NORMS = "conv 4x3; bn; prelu; dwconv 3; sepconv 4x3; ln; tconv 4x3; gn 2; dense 10 softmax"


def test_weight_decay_leaves_biases_norms_and_slopes_alone():
    from cnnspec.targets.keras.build import undecayed

    model = build(NORMS)
    excluded = [variable.path for variable in undecayed(model)]
    kept = [v.path for v in model.trainable_variables if v.path not in excluded]
    assert kept == [
        "conv/kernel",
        "dwconv/kernel",
        "sepconv/depthwise_kernel",
        "sepconv/pointwise_kernel",
        "tconv/kernel",
        "dense/kernel",
    ]
    assert excluded == [
        "conv/bias",
        "bn/gamma",
        "bn/beta",
        "prelu/alpha",
        "dwconv/bias",
        "sepconv/bias",
        "ln/gamma",
        "ln/beta",
        "tconv/bias",
        "gn/gamma",
        "gn/beta",
        "dense/bias",
    ]


@pytest.mark.parametrize(
    "optimizer", ["sgd(0.1, weight_decay=0.5)", "adamw(0.1, weight_decay=0.5)"]
)
def test_decay_takes_its_share_of_kernels_and_nothing_else(optimizer):
    from cnnspec.targets.keras.build import compile_model

    text = f"pool 4; bn; dense 10 softmax; train {{ optimizer {optimizer} }}"
    model = build(text)
    compile_model(model, check(Source("x", text)).spec.train)
    before = {v.path: v.numpy() + 1 for v in model.trainable_variables}
    for variable in model.trainable_variables:
        variable.assign(before[variable.path])
    model.optimizer.apply(
        [np.zeros(v.shape, np.float32) for v in model.trainable_variables],
        model.trainable_variables,
    )
    for variable in model.trainable_variables:
        left = 1 - 0.1 * 0.5 if variable.name == "kernel" else 1
        assert np.allclose(variable.numpy(), before[variable.path] * left, atol=1e-6)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("clipnorm=1", [[0.6, 0.8], [0.3, 0.4]]),
        ("clipvalue=1", [[1, 1], [0.3, 0.4]]),
        # Both together have a norm of sqrt(25 + 0.25).
        (
            "global_clipnorm=1",
            [[3 / 25.25**0.5, 4 / 25.25**0.5], [0.3 / 25.25**0.5, 0.4 / 25.25**0.5]],
        ),
    ],
)
def test_gradients_are_clipped(option, expected):
    import keras

    from cnnspec.targets.keras.build import Seeds, make

    spec = check(Source("x", f"dense 10 softmax; train {{ optimizer sgd(1, {option}) }}")).spec
    optimizer = make(lower(spec.train.optimizer), Seeds(1))
    variables = [keras.Variable(np.zeros(2, np.float32)) for _ in range(2)]
    optimizer.apply([np.array([3, 4], "float32"), np.array([0.3, 0.4], "float32")], variables)
    for variable, gradient in zip(variables, expected, strict=True):
        assert np.allclose(variable.numpy(), -np.array(gradient), atol=1e-6)


def test_names_of_any_script_become_names_for_frameworks():
    from cnnspec.core.names import plain_names

    names = ["conv", "größe", "gr__e", "_x", "模型", "cbr_2.conv", "größe!"]
    found = plain_names(names)
    assert {n: found[n] for n in ("conv", "gr__e", "cbr_2.conv")} == {
        "conv": "conv",
        "gr__e": "gr__e",
        "cbr_2.conv": "cbr_2.conv",
    }
    assert len(set(found.values())) == len(names)
    assert all(name.isascii() and name[0].isalnum() for name in found.values())


def test_a_network_with_such_names_is_built(backend):
    from cnnspec.targets.keras.build import build

    text = 'model "über <x>"; conv 4x3 name=größe; conv 4x3 name=gr__e; pool 4; dense 10'
    model = build(check(Source("x", text)), 1)
    assert [layer.name for layer in model.layers[1:3]] == ["ngr__e", "gr__e"]


OWN = (
    "conv 8x2 relu; pool 2 ceil; avgpool 3 stride=2 ceil; shuffle 2"
    "\nconcat { branch { slice 4 }; branch { slice 4 start=4; conv 4x1 relu } }"
    "\ngap; slice 7; dense 10 softmax"
)
"""Everything that Keras has no layer for."""


def test_a_model_with_layers_of_ours_is_saved_and_loaded(tmp_path):
    import keras

    model = build(OWN)
    images = np.random.default_rng(1).normal(size=(3, 28, 28, 1)).astype("float32")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(model(images), again(images))


def test_gradients_through_windows_over_the_end_are_numbers():
    model = build(OWN)
    model.compile(optimizer="sgd", loss="categorical_crossentropy")
    # Below zero everywhere: the largest of a window is never what was padded.
    images = -1 - np.random.default_rng(1).random((8, 28, 28, 1)).astype("float32")
    before = model.get_weights()
    model.train_on_batch(images, np.eye(10, dtype="float32")[:8])
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert not equal(before, after)


def test_relu_is_not_moved_behind_a_pool_with_windows_over_the_end():
    from cnnspec.targets.keras.build import build as built
    from cnnspec.targets.keras.passes import PASSES

    checked = check(Source("x", "conv 8x2 relu; pool 2 ceil; dense 10 softmax"))
    images = np.random.default_rng(1).normal(size=(3, 28, 28, 1)).astype("float32")
    plain, quick = built(checked, 1), built(checked, 1, PASSES)
    np.testing.assert_allclose(plain(images), quick(images), rtol=1e-5)


def test_a_layer_may_have_the_name_of_the_input(backend):
    from cnnspec.targets.keras.build import build

    checked = check(Source("x", "conv 2x3 name=image_; dense 10 softmax name=image"))
    model = build(checked, seed=1)
    assert [layer.name for layer in model.layers] == ["image__", "image_", "image.flatten", "image"]


def test_a_network_deeper_than_the_stack_of_python_is_built():
    """Keras itself stops at 980 layers."""
    limit = sys.getrecursionlimit()
    model = build("input 2x2x1; classes 2; repeat 1_100 { relu }; dense 2 softmax")
    assert len(model.layers) == 1_103  # with the input, and the flatten of the dense layer
    assert np.asarray(model(np.ones((1, 2, 2, 1), "float32"))).sum() == pytest.approx(1)
    assert sys.getrecursionlimit() == limit
