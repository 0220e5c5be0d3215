"""Passes: the network that is trained computes what the one that is written computes."""

import json
from random import Random

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.targets.keras.lowering.table import lower
from cnnspec.targets.keras.passes import (
    convolution_of_images,
    dropout_of_few_bits,
    nodes,
    optimizer_at_once,
    relu_after_pool,
)

pytestmark = pytest.mark.usefixtures("backend")

REWRITTEN = {
    "conv relu": "conv 6x5 same relu; pool 2",
    "twice": "conv 6x3 relu; pool 2; conv 4x3 relu; pool 2 same",
    "overlapping windows": "conv 6x3 relu; pool 3 stride=1",
    "windows apart": "conv 6x3 relu; pool 2x3 stride=4 same",
    "a layer of its own": "conv 6x3; bn; relu; pool 2",
    "other convolutions": "sepconv 6x3 relu; pool 2; dwconv 3 relu; pool 2",
    "transposed": "tconv 3x3 stride=2 relu; pool 4",
    "in a branch": "concat { branch { conv 3x3 same relu; pool 2 }; branch { avgpool 2 } }",
}
LEFT = {
    "another function": "conv 6x3 tanh; pool 2",
    "a mean": "conv 6x3 relu; avgpool 2",
    "a slope": "conv 6x3; relu slope=0.1; pool 2",
    "a ceiling": "conv 6x3; relu max=1; pool 2",
    "pool first": "pool 2; conv 6x3 relu",
    "read twice": "conv 6x3 same relu; residual { pool 1 }",
    "the same weights again": "repeat 2 shared { conv 1x3 same relu; pool 1 }",
}


QUICKER = {
    "valid": "conv 16x3 relu",
    "same": "conv 16x3 same tanh",
    "even window": "conv 16x4 same relu",
    "oblong window": "conv 32x2x3 same",
    "single points": "conv 3x1 relu",
    "a large window": "conv 16x14 relu",
    "with a pool": "conv 16x5 relu; pool 2",
    "regularized": "conv 16x3 relu l2=0.01",
    "two of them": "concat { branch { conv 16x3 same }; branch { conv 20x5 same } }",
}
AS_KERAS = {
    "few filters": "conv 15x3 relu",
    "a stride": "conv 16x3 stride=2 relu",
    "a dilation": "conv 16x3 dilation=2 relu",
    "no bias": "conv 16x3 relu no_bias",
}


def checked(text):
    found = check(Source("x", f"{text}; dense 10 softmax"))
    assert found.ok, found.problems
    return found


def outcome(model, images, labels):
    """Outputs, and the gradient of the loss for every weight."""
    import keras
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        loss = keras.losses.categorical_crossentropy(labels, outputs)
    return outputs.numpy(), [g.numpy() for g in tape.gradient(loss, model.trainable_variables)]


def batch(spec, seed=1):
    random = np.random.default_rng(seed)
    images = random.normal(size=(8, *spec.shape.dims)).astype(np.float32)
    return images, np.eye(spec.classes, dtype=np.float32)[np.arange(8) % spec.classes]


def assert_same_function(found, passes):
    from cnnspec.targets.keras.build import build

    written, quick = build(found, 1), build(found, 1, passes)
    assert [w.path for w in quick.weights] == [w.path for w in written.weights]
    for theirs, ours in zip(written.weights, quick.weights, strict=True):
        assert np.array_equal(theirs, ours)
    data = batch(found.spec)
    outputs, gradients = outcome(written, *data)
    quick_outputs, quick_gradients = outcome(quick, *data)
    np.testing.assert_allclose(quick_outputs, outputs, rtol=1e-6, atol=1e-7)
    for name, theirs, ours in zip(
        (w.path for w in written.trainable_weights), gradients, quick_gradients, strict=True
    ):
        scale = max(1e-6, np.abs(theirs).max())
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * scale, err_msg=name)


def relus_in(network):
    """How often ReLU is computed by what is built."""
    return str([node.lowered() for node in network[1:]]).lower().count("relu")


@pytest.mark.parametrize("text", REWRITTEN.values(), ids=REWRITTEN)
def test_relu_goes_behind_the_pool(text):
    found = checked(text)
    before = nodes(found)
    after = relu_after_pool(before)
    pools = [n.kernel for n in after].count("MaxPoolingThenReLU")
    relus = relus_in(before)
    assert pools == relus > 0
    assert relus_in(after) == pools
    assert [n.replace(layer=None, kernel="") for n in after] == [
        n.replace(layer=None) for n in before
    ]
    assert_same_function(found, [relu_after_pool])


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT)
def test_what_is_no_plain_relu_before_a_pool_stays(text):
    found = checked(text)
    assert list(relu_after_pool(nodes(found))) == nodes(found)


def random_text(seed):
    """Convolutions and pools of all kinds, with ReLU between some of them."""
    random = Random(seed)
    layers = []
    for _ in range(3):
        kind = random.choice(("conv 4x3", "conv 3x1 stride=2", "sepconv 4x2", "dwconv 3"))
        relu = random.choice((" relu", " relu", " tanh", "", "; bn; relu"))
        window = random.choice(("2", "2x3", "3 stride=1", "3 stride=2", "1"))
        layers += [f"{kind}{random.choice(('', ' same'))}{relu}", f"pool {window} same"]
    return "; ".join(layers)


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_compute_the_same(seed):
    found = check(Source("random", f"input 28x28x1; {random_text(seed)}; dense 10 softmax"))
    assert found.ok, found.problems
    assert_same_function(found, [relu_after_pool])


def left_to_keras(found):
    """How many convolutions have the gradient of their kernel in Keras's own way."""
    import tensorflow as tf

    from cnnspec.targets.keras.build import build

    model = build(found, 1, [convolution_of_images])
    images, _ = batch(found.spec)

    @tf.function
    def gradients(images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(images, training=True))
        return tape.gradient(loss, model.trainable_variables)

    graph = gradients.get_concrete_function(images).graph
    return [operation.type for operation in graph.get_operations()].count("Conv2DBackpropFilter")


@pytest.mark.parametrize("text", QUICKER.values(), ids=QUICKER)
def test_a_convolution_of_the_images_computes_the_same(text):
    found = checked(text)
    assert left_to_keras(found) == 0
    assert_same_function(found, [convolution_of_images])
    assert_same_function(found, [relu_after_pool, convolution_of_images])


@pytest.mark.parametrize("text", AS_KERAS.values(), ids=AS_KERAS)
def test_other_convolutions_of_the_images_are_left_to_keras(text):
    found = checked(text)
    assert left_to_keras(found) == 1
    assert_same_function(found, [convolution_of_images])


def test_only_what_reads_the_images_is_a_convolution_of_images():
    before = nodes(checked("bn; conv 16x3; conv 16x3"))
    assert list(convolution_of_images(before)) == before
    colours = checked('data "own"; input 28x28x3; classes 10; conv 16x3')
    assert left_to_keras(colours) == 1
    assert_same_function(colours, [convolution_of_images])


def test_the_gradient_of_images_is_that_of_keras():
    import tensorflow as tf

    from cnnspec.targets.keras.build import build

    found = checked("conv 16x3 same relu; pool 2")
    images, _ = batch(found.spec)
    images = tf.constant(images)
    gradients = []
    for passes in ([], [convolution_of_images]):
        model = build(found, 1, passes)
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = model(images)[:, 0]
        gradients.append(tape.gradient(outputs, images).numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_dropout_drops_its_share(rate):
    import tensorflow as tf

    from cnnspec.targets.keras.kernels import Dropout

    layer = Dropout(rate, seed=3)
    ones = tf.ones((77, 13, 11))  # no multiple of four
    with tf.GradientTape() as tape:
        tape.watch(ones)
        dropped = layer(ones, training=True)
    values = dropped.numpy()
    kept = values != 0
    spread = (rate * (1 - rate) / kept.size) ** 0.5
    assert abs((1 - kept.mean()) - rate) < 5 * spread
    assert np.unique(values[kept]) == pytest.approx([1 / (1 - rate)], rel=1e-4)
    # The gradient is dropped where the value is, and enlarged as much.
    assert np.array_equal(tape.gradient(dropped, ones), values)
    # Each value for itself: no two images, rows or calls are alike.
    assert len({row.tobytes() for row in kept.reshape(-1, 11 * 13)}) == 77
    assert not np.array_equal(layer(ones, training=True), values)
    assert np.array_equal(layer(ones), ones)


def test_dropout_draws_the_same_from_the_same_seed():
    import tensorflow as tf

    from cnnspec.targets.keras.kernels import Dropout

    ones = tf.ones((50, 7))
    first, again = (Dropout(0.3, seed=3)(ones, training=True) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, Dropout(0.3, seed=4)(ones, training=True))


@pytest.mark.parametrize("rate", [0.25, 0.3])
@pytest.mark.parametrize("skip", [0, 1, 8, 16, 37, 700])
def test_dropout_can_draw_what_comes_behind_others(rate, skip):
    from cnnspec.targets.keras.kernels import Dropout

    layer = Dropout(rate)
    whole = layer.draw([90, 11], [3, 4]).numpy().reshape(-1)
    behind = layer.draw([25, 11], [3, 4], skip).numpy().reshape(-1)
    assert np.array_equal(behind, whole[skip : skip + 275])
    assert 0.1 < (behind == 0).mean() < 0.5


def test_neighbouring_values_are_dropped_independently():
    """Several values come from the bits of one drawn number."""
    import tensorflow as tf

    from cnnspec.targets.keras.kernels import Dropout

    for rate in (0.5, 0.3):
        kept = Dropout(rate, seed=5)(tf.ones((1, 400_000)), training=True).numpy()[0] != 0
        for apart in (1, 2, 3, 4):
            together = (kept[apart:] & kept[:-apart]).mean()
            assert together == pytest.approx((1 - rate) ** 2, abs=0.004)


def test_every_dropout_is_replaced():
    after = dropout_of_few_bits(nodes(checked("dropout 0.1; sdropout 0.1; noise 0.1; flatten")))
    names = [node.lowered().name.rpartition(".")[0] for node in after[1:4]]
    assert names == ["kernels", "layers", "layers"]


@pytest.mark.parametrize(
    ("setting", "at_once"),
    [
        ("adam", 2),
        ("adam(0.1, beta_1=0.8, beta_2=0.99, epsilon=1e-3)", 2),
        ("adam(clipnorm=1, ema=0.5)", 2),
        ("adamw(weight_decay=0.1)", 2),
        ("adam(amsgrad)", 0),
        ("sgd(0.1)", 0),
    ],
)
def test_an_optimizer_takes_the_steps_of_keras(setting, at_once):
    """Thirty steps by gradients of all sizes, and how many weights are moved at once."""
    import keras
    import tensorflow as tf

    from cnnspec.targets.keras.build import Seeds, make

    optimizer = checked(f"train {{ optimizer {setting} }}").spec.train.optimizer
    random = np.random.default_rng(1)
    first = [random.normal(size=shape).astype(np.float32) for shape in ((40, 30), (30,))]
    weights = [
        [keras.Variable(first[0], name="kernel"), keras.Variable(first[1], name="bias")]
        for _ in range(2)
    ]
    theirs, ours = (make(way(optimizer), Seeds(1)) for way in (lower, optimizer_at_once))
    for each, moved in zip((theirs, ours), weights, strict=True):
        each.exclude_from_weight_decay(var_list=[moved[1]])
        each.build(moved)
    spec = [tf.TensorSpec(each.shape) for each in first]
    step = tf.function(lambda *g: ours.apply(g)).get_concrete_function(*spec)
    kinds = [operation.type for operation in step.graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == at_once
    for _ in range(30):
        size = 10 ** random.uniform(-4, 1)
        gradients = [tf.constant(size * random.normal(size=f.shape), tf.float32) for f in first]
        theirs.apply(gradients)
        step(*gradients)
    sides = [(*theirs.variables, *weights[0]), (*ours.variables, *weights[1])]
    for other, mine in zip(*sides, strict=True):
        assert mine.path.rpartition("/")[2] == other.path.rpartition("/")[2]
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=2e-5, atol=2e-6)
    assert np.abs(weights[0][0].numpy() - first[0]).max() > 0.01


def test_what_is_kept_of_a_training_is_the_network_as_it_is_written(tmp_path):
    """The model file is Keras's own, and goes on as the trained one would."""
    import keras

    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    text = """
    conv 4x3 relu; pool 4; dropout 0.5; dense 10 softmax
    train { epochs 1; optimizer adam ema=0.9; batch 100 }
    """
    outcome = train(check(Source("net", text)), tmp_path, start())
    model = keras.models.load_model(outcome.run.model)
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    assert type(model.optimizer) is keras.optimizers.Adam
    assert model.get_layer("conv").activation is keras.activations.relu
    assert int(model.optimizer.iterations) == len(outcome.state.rates.of(1))
    moved = [np.abs(v).max() for v in model.optimizer.variables if "velocity" in v.path]
    assert min(moved) > 0
    metrics = json.loads((outcome.run.folder / "metrics.json").read_text())
    assert metrics["test"]["loss"] == outcome.scores["test"].loss
