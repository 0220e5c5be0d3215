"""Training through int8: gradients by hand, and outputs beside those of the integers."""

import numpy as np
import pytest

from cnnspec.analysis.check import CheckedSpec
from cnnspec.program.inference import integer_program
from cnnspec.targets.c.native import NativeNetwork
from cnnspec.targets.c.rounding import RoundedProgram, rounded_program
from cnnspec.targets.quantize.run import IntegerProgram, quantized
from cnnspec.training.backends.native_rounding import find_scales, value_ranges
from tests.targets.c.support import checked, needs_compiler
from tests.targets.c.test_gradients import NETWORKS, weights_of

pytestmark = needs_compiler

HEAD = 'model x\ndata "x"\ninput 9x8x2\nclasses 5\n'
TRAIN = "train { batch 40; quantize int8 }\n"


def network_of(text: str, seed: int = 3) -> tuple[CheckedSpec, NativeNetwork, RoundedProgram]:
    spec = checked(f"{HEAD}{text}\n{TRAIN}")
    return spec, NativeNetwork(spec, weights_of(spec, seed)), rounded_program(spec.graph)


def images_of(count: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 9, 8, 2)).astype(np.uint8)


def rounded_kernel(kernel: np.ndarray) -> np.ndarray:
    """Each output channel, the last axis, in 255 steps around zero."""
    grain = np.abs(kernel).max(tuple(range(kernel.ndim - 1))) / 127
    return np.rint(kernel / grain) * grain


def rounding(values: np.ndarray, factor: float, least: int, most: int):
    """The values as int8 has them, and where they are not cut off."""
    steps = values / factor
    inside = (steps >= least) & (steps <= most)
    return np.clip(np.rint(steps), least, most) * factor, inside


def test_gradients_of_a_rounded_convolution_by_hand() -> None:
    """All of it in double precision: a convolution, ReLU, a matrix product, a softmax."""
    _, network, _ = network_of("conv 3x2 stride=2 relu; flatten; dense 5 softmax")
    weights = {key: value.astype(np.float64) for key, value in network.weights.items()}
    images, labels = images_of(24), np.arange(24, dtype=np.int32) % 5
    # Ranges so narrow that both cut something off; 1/64 and 1/16 are exact in either precision.
    first, second = (1 / 256, 0, 200), (1 / 64, -60, 40)
    scales = [(1 / factor, factor, least, most) for factor, least, most in (first, second)]
    network.scales = np.array(scales, np.float32)
    loss, found = network.gradients(images, labels)

    x = images.astype(np.float64) / 255
    kernel, dense = (rounded_kernel(weights[f"{name}/kernel"]) for name in ("conv", "dense"))
    windows = np.stack(
        [np.stack([x[:, i : i + 2, j : j + 2] for j in range(0, 7, 2)], 1) for i in range(0, 8, 2)],
        1,
    )  # (N, 4, 4, 2, 2, 2)
    sums = np.einsum("nijrsc,rscf->nijf", windows, kernel) + weights["conv/bias"]
    hidden, kept = rounding(np.maximum(sums, 0), *first)
    flat = hidden.reshape(24, -1)
    logits, whole = rounding(flat @ dense + weights["dense/bias"], *second)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    right = -np.log(shares[np.arange(24), labels]).mean()
    assert not kept.all()
    assert not whole.all()

    d_logits = (shares - np.eye(5)[labels]) / 24 * whole
    d_hidden = (d_logits @ dense.T).reshape(hidden.shape) * kept * (sums > 0)
    by_hand = {
        "dense/kernel": flat.T @ d_logits,
        "dense/bias": d_logits.sum(0),
        "conv/kernel": np.einsum("nijrsc,nijf->rscf", windows, d_hidden),
        "conv/bias": d_hidden.sum((0, 1, 2)),
    }
    assert loss == pytest.approx(right, rel=1e-5)
    assert set(found) == set(by_hand)
    for key, expected in by_hand.items():
        assert np.abs(found[key] - expected).max() <= 1e-5 * np.abs(expected).max(), key


def test_without_scales_nothing_is_rounded() -> None:
    text = "conv 4x3 no_bias; bn; relu; pool 2; gap; dense 5 softmax"
    _, network, _ = network_of(text)
    plain = checked(f"{HEAD}{text}\ntrain {{ batch 40 }}\n")
    other = NativeNetwork(plain, weights_of(plain, 3))
    images, labels = images_of(40), np.arange(40, dtype=np.int32) % 5
    order, rates = np.arange(40), np.full(1, 0.01)
    network.train(images, labels, order, rates)
    other.train(images, labels, order, rates)
    for key, value in other.weights.items():
        assert np.array_equal(network.weights[key], value), key


INTEGERS = {
    name: NETWORKS[name]
    for name in (
        *("dense", "conv same", "conv stride", "conv groups", "no bias", "dwconv", "sepconv"),
        *("tconv", "tconv same", "pool", "pool overlapping", "avgpool", "gap", "gmp", "prelu"),
        *("bn of vectors", "shared", "shared norm", "residual", "concat", "average", "maximum"),
        *("multiply", "gate", "slice shuffle", "leaky_relu", "silu", "relu6", "resize"),
    )
} | {
    "bn": "conv 4x3 no_bias; bn; relu; dwconv 3 no_bias; bn; relu6; conv 6x1 no_bias; bn",
    "bn behind": "conv 4x3 same relu; bn; relu; conv 6x3; bn",
    "pooled concat": "conv 4x3 relu\nconcat { branch { conv 3x1 }; branch { } }\npool 2",
    "pooled relu": "conv 4x3; bn; relu; pool 3 stride=2; conv 3x1 leaky_relu; pool 2",
    "dropout": "conv 4x3 relu; dropout 0.5\nconcat { branch { conv 3x1 }; branch { } }\ngap",
}


def in_integers(
    spec: CheckedSpec, network: NativeNetwork, rounded: RoundedProgram, images: np.ndarray
) -> IntegerProgram:
    """The network in int8 with the ranges that training takes, and that of its output."""
    ranges = value_ranges(rounded, network.seen(images))
    outputs = network.predict(images)
    ranges[rounded.integer.output] = float(outputs.min()), float(outputs.max())
    return quantized(integer_program(spec.graph), network.weights, ranges)


@pytest.mark.parametrize("name", INTEGERS)
def test_rounded_outputs_are_those_of_the_integers(name: str) -> None:
    """Within a step of int8 on nearly all outputs: integers round some sums on the way."""
    spec, network, rounded = network_of(f"{INTEGERS[name]}\nflatten\ndense 5")
    images = images_of(80)
    network.scales = find_scales(network, rounded, images)
    integer = in_integers(spec, network, rounded, images)
    scale = integer.output_scale
    found = scale.factor * (integer.predict(images).astype(float) - scale.zero_point)
    given = network.predict(images, rounded=True)
    away = np.abs(found - given) / scale.factor
    assert (away <= 1.01).mean() >= 0.95
    assert np.median(away) <= 0.5
    # Rounding is what both do, so without it the distance is larger.
    plain = np.abs(found - network.predict(images)) / scale.factor
    assert away.mean() < plain.mean()


def test_bits_are_the_same_with_any_number_of_threads() -> None:
    spec, network, rounded = network_of(
        "conv 4x3 no_bias; bn; relu; dwconv 3; gap; dense 5 softmax"
    )
    more = NativeNetwork(spec, weights_of(spec, 3), threads=2)
    images, labels = images_of(100), np.arange(100, dtype=np.int32) % 5
    for each in (network, more):
        each.scales = find_scales(each, rounded, images)
        each.train(images, labels, np.arange(100), np.full(3, 0.01))
    for (key, one), two in zip(network.state().items(), more.state().values(), strict=True):
        assert np.array_equal(one, two), key
