"""Convolutions by tiles beside sums of products in double precision, written here."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from cnnspec.targets.c.native import NativeNetwork
from tests.targets.c.support import checked, needs_compiler

pytestmark = needs_compiler

HEAD = 'model x\ndata "x"\nclasses 5\n'
IMAGES = 37
EPSILON = float(np.finfo(np.float32).eps)


def network(text: str) -> tuple[NativeNetwork, dict[str, np.ndarray]]:
    """A network with random weights, biases too."""
    spec = checked(HEAD + text)
    random = np.random.default_rng(1)
    weights = {
        key: random.normal(0, 0.3, shape).astype(np.float32)
        for key, shape in spec.graph.weights().items()
    }
    return NativeNetwork(spec, weights), weights


def convolved(images: np.ndarray, kernel: np.ndarray, pad: int = 0) -> np.ndarray:
    """A convolution (n, rows, columns, filters) of float64."""
    around = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = sliding_window_view(around, (3, 3), (1, 2))
    return np.einsum("nijcrs,rscf->nijf", windows, kernel, optimize=True)


@pytest.mark.parametrize("size", ["8x8", "9x8", "11x13", "4x4", "3x5"])
@pytest.mark.parametrize("how", ["", " same"])
def test_outputs_are_as_exact_as_float32_lets_them_be(size: str, how: str) -> None:
    rows, columns = map(int, size.split("x"))
    made, weights = network(
        f"input {size}x16\nconv 24x3{how}\nflatten\ndense 5\ntrain {{ loss mse }}"
    )
    images = np.random.default_rng(2).normal(0, 1, (IMAGES, rows, columns, 16)).astype(np.float32)
    pad = 1 if how else 0
    exact = {key: array.astype(np.float64) for key, array in weights.items()}
    hidden = convolved(images.astype(np.float64), exact["conv/kernel"], pad) + exact["conv/bias"]
    right = hidden.reshape(IMAGES, -1) @ exact["dense/kernel"] + exact["dense/bias"]
    # What the sizes of all products add up to, each rounded a few times.
    sizes = convolved(np.abs(images).astype(np.float64), np.abs(exact["conv/kernel"]), pad)
    most = (sizes.reshape(IMAGES, -1) @ np.abs(exact["dense/kernel"])).max()
    assert np.abs(made.predict(images) - right).max() <= 4 * EPSILON * most


def test_a_window_of_a_pool_is_the_largest_of_a_tile() -> None:
    made, weights = network(
        "input 9x11x16\nconv 20x3 no_bias\npool 2\nflatten\ndense 5\ntrain { loss mse }"
    )
    images = np.random.default_rng(3).normal(0, 1, (IMAGES, 9, 11, 16)).astype(np.float32)
    exact = {key: array.astype(np.float64) for key, array in weights.items()}
    hidden = convolved(images.astype(np.float64), exact["conv/kernel"])[:, :6, :8]
    pooled = hidden.reshape(IMAGES, 3, 2, 4, 2, 20).max((2, 4))
    right = pooled.reshape(IMAGES, -1) @ exact["dense/kernel"] + exact["dense/bias"]
    assert np.abs(made.predict(images) - right).max() <= 2e-5 * np.abs(right).max()


def test_few_channels_steps_groups_and_other_windows_are_computed_directly() -> None:
    for layers in (
        "conv 6x3",
        "conv 32x3 stride=2",
        "conv 32x5",
        "conv 32x3 dilation=2",
        "conv 32x3 groups=2",
        "dwconv 3",
    ):
        made, _ = network(f"input 12x12x16\n{layers}\nflatten\ndense 5 softmax")
        assert "input_tile" not in made.text, layers
    made, _ = network("input 12x12x16\nconv 32x3\nflatten\ndense 5 softmax")
    assert "input_tile" in made.text
