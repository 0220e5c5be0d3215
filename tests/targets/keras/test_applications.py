"""The specs of `tests/published/` against the models of keras.applications, weight for weight."""

import math
from typing import Any

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from tests.support.paths import ROOT

pytestmark = [pytest.mark.usefixtures("backend"), pytest.mark.slow]

MODELS = {
    "resnet50_keras": "ResNet50",
    "densenet121": "DenseNet121",
    "mobilenetv2": "MobileNetV2",
    "efficientnetb0": "EfficientNetB0",
}


def filled(weights: list[Any]) -> list[np.ndarray]:
    """Values for weights that no initializer leaves, assigned and returned."""
    random = np.random.default_rng(0)
    for weight in weights:
        if "variance" in weight.name or "gamma" in weight.name:
            values = random.uniform(0.5, 1.5, weight.shape)
        else:
            spread = 1 / math.sqrt(max(1, math.prod(weight.shape[:-1])))
            values = random.normal(0, spread, weight.shape)
        weight.assign(values.astype("float32"))
    return [np.asarray(weight) for weight in weights]


def macs(layer: Any) -> int:
    """Each number of a kernel once for each place where it is applied."""
    kernels = [math.prod(w.shape) for w in layer.weights if w.name.endswith("kernel")]
    return sum(kernels) * math.prod(layer.output.shape[1:-1])


@pytest.mark.parametrize("name", MODELS)
def test_published_network_computes_what_keras_applications_does(name: str) -> None:
    import keras

    from cnnspec.targets.keras.build import build

    theirs = getattr(keras.applications, MODELS[name])(weights=None)
    path = ROOT / "tests" / "published" / f"{name}.cnn"
    spec = check(Source(path.name, path.read_text(encoding="utf-8")))
    assert spec.totals is not None
    # EfficientNet takes bytes and begins with the mean and variance of three colours.
    layers = [layer for layer in theirs.layers if layer.name != "normalization"]
    assert spec.totals.params == sum(layer.count_params() for layer in layers)
    assert spec.totals.macs == sum(map(macs, layers))
    weights = [weight for layer in layers for weight in layer.weights]
    ours = build(spec, seed=1)
    ours.set_weights(filled(weights))
    images = np.random.default_rng(1).random((2, 224, 224, 3)).astype("float32")
    whole = 255 if name == "efficientnetb0" else 1
    expected = np.asarray(theirs(images * whole, training=False))
    assert expected.std() > 1e-5
    np.testing.assert_allclose(np.asarray(ours(images, training=False)), expected, rtol=1e-4)
