"""Outputs of networks on one backend: `python -m tests.support.on_backend BACKEND FILE.npz`.

The same images and weights on each: drawn by numpy, in the order of the weights.
"""

import sys

import numpy as np

_DATA = 'data "any.npz"; '
NETWORKS = {
    "avgpool 3 same stride=2": _DATA + "input 8x7x3; classes 48; avgpool 3 same stride=2; flatten",
    "avgpool 2 same": _DATA + "input 7x5x2; classes 24; avgpool 2 same; flatten",
    "avgpool 5 same stride=1": _DATA + "input 6x6x1; classes 36; avgpool 5 same stride=1; flatten",
    "avgpool 4 same stride=3": _DATA
    + "input 11x10x2; classes 32; avgpool 4 same stride=3; flatten",
    "avgpool 3": _DATA + "input 9x9x2; classes 18; avgpool 3; flatten",
    "avgpool 3 stride=2 ceil": _DATA + "input 8x7x3; classes 48; avgpool 3 stride=2 ceil; flatten",
    "pool 3 stride=2 ceil": _DATA + "input 8x7x3; classes 48; pool 3 stride=2 ceil; flatten",
    "channels": _DATA + "input 4x3x6; classes 48; shuffle 3; slice 4 start=1; flatten",
    "resize up bicubic": _DATA + "input 7x5x2; classes 416; resize 16x13 bicubic; flatten",
    "resize down bicubic": _DATA + "input 12x17x2; classes 70; resize 5x7 bicubic; flatten",
    "resize bilinear": _DATA + "input 7x5x2; classes 416; resize 16x13 bilinear; flatten",
    "resize nearest": _DATA + "input 7x5x2; classes 416; resize 16x13 nearest; flatten",
    "tconv 3 dilation=2": _DATA + "input 5x4x2; classes 216; tconv 3x3 dilation=2; flatten",
    "tconv 2x3 dilation=3x2": _DATA + "input 6x5x2; classes 243; tconv 3x2x3 dilation=3x2; flatten",
    "network": (
        _DATA + "input 14x13x3; classes 5; conv 8x3 same relu; avgpool 3 same stride=2; bn;"
        "resize 12x12 bicubic; conv 8x3 relu; pool 3 same stride=2; gap; dense 5 softmax"
    ),
}
IMAGES = 4


def outputs(text: str) -> np.ndarray:
    """The outputs (n, values) of a network, its weights drawn by numpy."""
    from cnnspec.analysis.check import check
    from cnnspec.core.source import Source
    from cnnspec.targets.keras.build import build

    random = np.random.default_rng(0)
    checked = check(Source("drawn", text))
    model = build(checked, 1)
    images = random.random((IMAGES, *checked.spec.shape.dims)).astype(np.float32)
    # Above zero: some are variances.
    model.set_weights([random.uniform(0.1, 0.5, weight.shape) for weight in model.weights])
    found: np.ndarray = model.predict(images, verbose=0)
    return found


def run(backend: str, path: str) -> None:
    """Writes the outputs of all networks, the backend and the class of each first layer."""
    import cnnspec

    text = _DATA + "input 6x6x1; classes 3; avgpool 5 same stride=1; gap; dense 3"
    model = cnnspec.loads(text).build(backend=backend)
    from keras import backend as now

    np.savez(
        path,
        backend=now.backend(),
        own=type(model.layers[1]).__module__.startswith("cnnspec"),
        **{name: outputs(text) for name, text in NETWORKS.items()},
    )


if __name__ == "__main__":
    run(*sys.argv[1:])
