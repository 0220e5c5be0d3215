"""A network is the same function on TensorFlow, JAX and PyTorch: each in a process of its own.

`make test-backends` installs all three; a backend that is absent is skipped.
"""

import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tests.support.on_backend import IMAGES, NETWORKS
from tests.support.paths import ROOT


@cache
def on(backend: str) -> dict[str, np.ndarray]:
    """What `tests.support.on_backend` writes; skips the test where the backend is absent."""
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: `make test-backends` installs it")
    environment = {name: v for name, v in os.environ.items() if name != "KERAS_BACKEND"}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "outputs.npz"
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.support.on_backend", backend, path],
            cwd=ROOT,
            env=environment,
            check=True,
            timeout=300,
        )
        with np.load(path) as arrays:
            return dict(arrays)


def averaged(images: np.ndarray, window: int, stride: int) -> np.ndarray:
    """The mean of what each window covers with padding `same`, by loops."""
    count, height, width, channels = images.shape
    rows, columns = -(-height // stride), -(-width // stride)
    up = max(0, (rows - 1) * stride + window - height) // 2
    left = max(0, (columns - 1) * stride + window - width) // 2
    found = np.empty((count, rows, columns, channels))
    for row in range(rows):
        for column in range(columns):
            y, x = row * stride - up, column * stride - left
            part = images[:, max(0, y) : y + window, max(0, x) : x + window]
            found[:, row, column] = part.mean(axis=(1, 2))
    return found.reshape(count, -1)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_build_takes_the_backend_that_it_is_told(backend):
    assert on(backend)["backend"] == backend
    # Elsewhere a person's model has Keras's own layer.
    assert on(backend)["own"] == (backend == "torch")


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.parametrize(
    ("name", "shape", "window", "stride"),
    [
        ("avgpool 3 same stride=2", (8, 7, 3), 3, 2),
        ("avgpool 2 same", (7, 5, 2), 2, 2),
        ("avgpool 5 same stride=1", (6, 6, 1), 5, 1),
        ("avgpool 4 same stride=3", (11, 10, 2), 4, 3),
    ],
)
def test_an_average_counts_what_lies_inside_on_every_backend(backend, name, shape, window, stride):
    images = np.random.default_rng(0).random((IMAGES, *shape)).astype(np.float32)
    np.testing.assert_allclose(on(backend)[name], averaged(images, window, stride), atol=1e-6)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.parametrize(
    ("name", "shape", "kernel", "dilation"),
    [
        ("tconv 3 dilation=2", (5, 4, 2), (3, 3), (2, 2)),
        ("tconv 2x3 dilation=3x2", (6, 5, 2), (2, 3), (3, 2)),
    ],
)
def test_each_value_paints_a_kernel_with_holes_on_every_backend(
    backend, name, shape, kernel, dilation
):
    """TensorFlow itself has no transposed convolution with a dilation on some processors."""
    random = np.random.default_rng(0)
    images = random.random((IMAGES, *shape)).astype(np.float32)
    weights = random.uniform(0.1, 0.5, (*kernel, 3, shape[2]))
    bias = random.uniform(0.1, 0.5, 3)
    spans = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    painted = np.zeros((IMAGES, shape[0] + spans[0], shape[1] + spans[1], 3)) + bias
    for row in range(shape[0]):
        for column in range(shape[1]):
            for i in range(kernel[0]):
                for j in range(kernel[1]):
                    values = images[:, row, column] @ weights[i, j].T
                    painted[:, row + i * dilation[0], column + j * dilation[1]] += values
    np.testing.assert_allclose(on(backend)[name], painted.reshape(IMAGES, -1), atol=1e-5)


@pytest.mark.parametrize("backend", ["jax", "torch"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_backend_computes_what_tensorflow_does(backend, name):
    np.testing.assert_allclose(on(backend)[name], on("tensorflow")[name], atol=1e-5)
