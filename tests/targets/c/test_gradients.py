"""The gradients of every operation against differences in double precision."""

from math import prod

import numpy as np
import pytest

from cnnspec.analysis.check import CheckedSpec
from cnnspec.operations.values import BatchNormalization
from cnnspec.program.build import build_program
from cnnspec.targets.c.native import NativeNetwork
from tests.targets.c.doubles import loss_of, outputs, slope_along
from tests.targets.c.support import checked, needs_compiler

pytestmark = needs_compiler

HEAD = 'model x\ndata "x"\ninput 9x8x2\nclasses 5\n'
END = "flatten\ndense 5 softmax\n"
NETWORKS = {
    "dense": "dense 7 relu",
    "dense wide": "dense 70 tanh\ndense 33 relu6",
    "conv": "conv 5x3 relu\nconv 3x2",
    "conv same": "conv 5x3 same\nconv 4x4x3 same relu",
    "conv stride": "conv 6x3 stride=2\nconv 4x3 same stride=2 relu",
    "conv stride apart": "conv 4x2\nconv 6x1 stride=2 relu\nconv 3x2 stride=3",
    "conv stride one way": "conv 4x3 same\nconv 5x3 stride=1x2 same\nconv 3x2 stride=2x1",
    "conv stride groups": "conv 4x2\nconv 6x3 stride=2 groups=2 same\ndwconv 3 stride=2 same",
    "conv stride and pool": "conv 4x2\nconv 6x2 stride=2 relu\npool 2 same",
    "conv stride added": "conv 4x3\nresidual project { conv 6x3 same stride=2 }\nconv 3x2 stride=3",
    "conv stride 3": "conv 3x2x3 same stride=3x2",
    "conv dilation": "conv 4x3 dilation=2 relu\nconv 3x2 same dilation=2x3",
    "conv by tiles": "conv 16x3\nconv 17x3 relu\nconv 18x3 same",
    "conv by tiles added": "conv 16x3\nresidual { conv 16x3 same relu; conv 16x3 same }",
    "conv by tiles and pool": "conv 16x3 same\nconv 20x3\npool 2\nrelu",
    "conv groups": "conv 6x3 groups=2 relu\nconv 9x3 groups=3 same",
    "conv large": "conv 3x5\nconv 2x4x3 same",
    "conv point": "conv 7x1 relu\nconv 13x1 stride=2",
    "no bias": "conv 4x3 no_bias\ndense 6 no_bias relu",
    "dwconv": "conv 3x1\ndwconv 3 same relu\ndwconv 2 multiplier=2 stride=2",
    "sepconv": "sepconv 5x3 relu\nsepconv 4x2 multiplier=2 same",
    "tconv": "tconv 4x3 relu\ntconv 3x2 stride=2",
    "tconv same": "tconv 3x3 same stride=2 relu\nconv 2x3",
    "tconv apart": "tconv 3x2 stride=3\nconv 2x2 stride=2",
    "tconv dilation": "tconv 3x3 dilation=2",
    "pool": "conv 4x2\npool 2\nrelu",
    "pool cropped": "conv 4x2\npool 3\nconv 2x2",
    "pool same": "conv 4x2\npool 2 same\npool 3 same stride=1",
    "pool overlapping": "conv 4x2\npool 3 stride=2",
    "avgpool": "conv 4x2 tanh\navgpool 2\navgpool 2 same",
    "avgpool same": "conv 3x2\navgpool 3 same stride=2",
    "gap": "conv 6x3 relu\ngap",
    "gmp": "conv 6x3 tanh\ngmp",
    "bn": "conv 4x3 no_bias\nbn\nrelu\nconv 3x2\nbn momentum=0.9 no_scale",
    "bn of vectors": "dense 8\nbn no_center\ndense 4 relu\nbn",
    "ln": "conv 4x3\nln\nrelu\nln no_scale",
    "gn": "conv 6x3\ngn 3\nrelu\ngn instance no_center",
    "prelu": "conv 3x3\nprelu\nconv 4x2\nprelu shared",
    "softmax within": "conv 4x3\nsoftmax\nconv 2x2",
    "pad crop": "conv 3x2\npad 2x1\nconv 3x3\ncrop 1x2",
    "resize": "conv 3x2\nresize 11x5\nconv 2x2\nresize 5x7 bicubic",
    "resize nearest": "conv 3x2\nupsample 2\nresize 9x9 nearest",
    "reshape": "conv 4x2\nreshape 8x4x7\nconv 3x3\nflatten\nreshape 3x6x2\nconv 2x2",
    "residual": "conv 4x3 same\nresidual { conv 4x3 same relu; conv 4x3 same }\nrelu",
    "residual project": "conv 4x3\nresidual project { conv 6x3 same stride=2 }",
    "concat": "concat { branch { conv 3x3 same relu }; branch { }; branch { conv 2x1 } }\nconv 3x3",
    "average": "average { branch { conv 3x1 }; branch { conv 3x3 same }; branch { conv 3x1 } }",
    "maximum": "maximum { branch { conv 3x1 }; branch { conv 3x3 same }; branch { conv 3x1 } }",
    "multiply": "multiply { branch { conv 3x1 }; branch { conv 3x3 same tanh } }",
    "gate": "conv 4x3\nmultiply { branch { }; branch { gap; dense 4 sigmoid } }",
    "gate of one channel": "conv 4x3\nmultiply { branch { }; branch { conv 1x1 sigmoid } }",
    "slice shuffle": "conv 6x3\nshuffle 3\nconv 4x2\nslice 2 start=1\nconv 3x1",
    "gap keep": "conv 6x3 relu\nmultiply { branch { }; branch { gap keep; conv 6x1 sigmoid } }",
    "pool ceil": "conv 4x2\npool 3 ceil\navgpool 2 ceil",
    "shared": "conv 4x3 same\nrepeat 3 shared { conv 4x3 same tanh }",
    "shared norm": "conv 4x1\nrepeat 2 shared { bn; relu; conv 4x3 same no_bias }",
} | {
    name: f"conv 3x3 {name}\ndense 6 {name}"
    for name in (
        *("elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid", "hard_sigmoid"),
        *("hard_silu", "softplus", "softsign", "leaky_relu", "relu6"),
    )
}
# Of exponentials of exponentials double precision and float32 have little in common.
NETWORKS["exponential"] = "conv 3x2 tanh\nconv 3x1 exponential\ndense 6 tanh"
TRAIN = "train { batch 40 }\n"


def weights_of(spec: CheckedSpec, seed: int) -> dict[str, np.ndarray]:
    """Weights no initializer leaves: biases other than 0, and factors other than 1."""
    random = np.random.default_rng(seed)
    found = {}
    for key, shape in spec.graph.weights().items():
        if key.endswith("variance"):
            found[key] = random.uniform(0.5, 2, shape)
        elif key.endswith("gamma"):
            found[key] = random.uniform(0.5, 1.5, shape)
        else:
            found[key] = random.normal(0, 1 / np.sqrt(max(2, prod(shape[:-1]))), shape)
    return {key: array.astype(np.float32) for key, array in found.items()}


def compare(text: str, count: int, seed: int = 3) -> None:
    """Compares loss and gradients of a batch, tensor by tensor, with differences."""
    spec = checked(text)
    program = build_program(spec.graph)
    random = np.random.default_rng(seed)
    weights = weights_of(spec, seed)
    images = random.normal(0.3, 1, (count, *program.steps[0].value.shape.dims)).astype(np.float32)
    labels = random.integers(0, spec.spec.classes, count).astype(np.int32)
    counts = random.uniform(0.5, 2, count).astype(np.float32)
    network = NativeNetwork(spec, weights)
    loss, gradients = network.gradients(images, labels, counts)
    double = {key: array.astype(np.float64) for key, array in weights.items()}
    scaled = counts.astype(np.float64)

    def cost(given: object) -> float:
        return loss_of(spec.spec.train.loss, outputs(program, given, images), labels, scaled)

    right = cost(double)
    assert abs(loss - right) <= 2e-5 * max(1, abs(right))
    for key, found in gradients.items():
        way = {name: np.zeros_like(array) for name, array in double.items()}
        # Along its own gradient nothing cancels, and along another way nothing is missed.
        for along in (found.reshape(double[key].shape), random.normal(0, 1, double[key].shape)):
            norm = np.sqrt((along**2).sum())
            if norm == 0:
                continue
            way[key] = along / norm
            slope = slope_along(cost, double, way)
            ours = float((found.reshape(way[key].shape) * way[key]).sum())
            size = max(abs(slope), float(np.sqrt((found**2).sum())), 1e-3)
            assert abs(ours - slope) <= 5e-4 * size, f"{key}: {ours} and not {slope}"


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_differences(name: str) -> None:
    compare(f"{HEAD}{NETWORKS[name]}\n{END}{TRAIN}", 40)


LOSSES = {
    "softmax": (
        "categorical_crossentropy",
        "categorical_crossentropy(label_smoothing=0.1)",
        "binary_crossentropy",
        "focal",
        "focal(alpha=0.4, gamma=1.5, label_smoothing=0.2)",
        "poisson",
        "mse",
    ),
    "sigmoid": (
        "categorical_crossentropy(label_smoothing=0.2)",
        "binary_crossentropy",
        "binary_crossentropy(label_smoothing=0.1)",
        "mse",
    ),
    "softplus": ("poisson", "categorical_crossentropy"),
}


@pytest.mark.parametrize(
    ("ending", "loss"), [(ending, loss) for ending in LOSSES for loss in LOSSES[ending]]
)
def test_gradients_of_losses_are_those_of_differences(ending: str, loss: str) -> None:
    end = f"flatten\ndense 5 {ending}\ntrain {{ batch 40; loss {loss} }}\n"
    compare(f"{HEAD}conv 3x3 relu\n{end}", 40)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 100, 150])
def test_gradients_of_batches_of_any_size(count: int) -> None:
    text = f"{HEAD}conv 4x3 relu\npool 2\nbn\n{END}train {{ batch 150 }}\n"
    compare(text, count)


def test_moving_statistics_follow_as_keras_defines_them() -> None:
    spec = checked(f"{HEAD}bn momentum=0.8\n{END}train {{ batch 40 }}\n")
    key = next(
        step.operation.mean.rpartition("/")[0]
        for step in build_program(spec.graph).steps
        if isinstance(step.operation, BatchNormalization)
    )
    weights = weights_of(spec, 1)
    images = np.random.default_rng(2).normal(1, 2, (37, 9, 8, 2)).astype(np.float32)
    network = NativeNetwork(spec, weights)
    network.train(images, np.zeros(37, np.int32), np.arange(37), np.zeros(1))
    for name, now in (
        ("moving_mean", images.mean((0, 1, 2))),
        ("moving_variance", images.var((0, 1, 2))),
    ):
        right = 0.8 * weights[f"{key}/{name}"] + 0.2 * now
        assert np.allclose(network.weights[f"{key}/{name}"], right, rtol=1e-5)
