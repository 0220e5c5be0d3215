"""Sections of darknet's cfg files and layers of Caffe's prototxt, in words of this language."""

import re

from cnnspec.diagnostics.dialects import find
from cnnspec.diagnostics.restating import Piece, Restated, restate

_ACTIVATIONS = {"leaky": "leaky_relu 0.1", "linear": "", "logistic": "sigmoid", "swish": "silu"}
"""darknet's names; its `leaky` has a slope of 0.1."""
_WEIGHTED = ("convolutional", "connected")
_CAFFE = {
    "num_output", "kernel_size", "stride", "pad", "group", "dropout_ratio", "dilation", "bias_term",
}  # fmt: skip
"""Parameters of Caffe that say what a layer computes."""


def darknet_section(word: str, body: list[str]) -> Piece:
    """Returns what a section with its `name=value` lines is here."""
    given = dict(line.replace(" ", "").split("=", 1) for line in body if line)
    if word in ("net", "network"):
        return Piece(_net(given), layer=False)
    if word in ("shortcut", "route"):
        return Piece(restate(word))
    activation = given.pop("activation", "logistic" if word in _WEIGHTED else "")
    normalized = given.pop("batch_normalize", "0") == "1"
    size = given.get("size", "1")
    if given.pop("pad", "0") == "1" and size.isdecimal() and int(size) > 1:
        # In darknet this pads by half of the kernel.
        given["padding"] = str(int(size) // 2)
    if word == "avgpool":
        return Piece(Restated("gap"))
    if word == "maxpool":
        # As many windows as strides fit, of which the last may reach over the end.
        exact = size == given.get("stride", size) == "2"
        said = restate(f"pool {size} same stride={given.get('stride', '1')}")
        notes = () if exact else ("darknet's windows begin further to the left",)
        return Piece(said and said.replace(notes=notes))
    options = [f"{name}={value}" for name, value in given.items() if name != "output"]
    options += [f"units={given['output']}"] if "output" in given else []
    after = _ACTIVATIONS.get(activation, activation)
    if after and " " not in after and not normalized:
        options.append(f"activation={after}")
        after = ""
    said = restate(" ".join([word, *options]), code=True)
    if said is None or not said.text:
        return Piece(said)
    text = "; ".join([said.text + " no_bias; bn" * normalized, *([after] if after else [])])
    return Piece(said.replace(text=text))


def _net(given: dict[str, str]) -> Restated | None:
    """The section `[net]`: the input, and the settings of training."""
    parts = []
    if "height" in given and "width" in given:
        parts.append(f"input {given['height']}x{given['width']}x{given.get('channels', '3')}")
    settings = [f"batch {given['batch']}"] if "batch" in given else []
    if "learning_rate" in given:
        momentum = f", momentum={given['momentum']}" if "momentum" in given else ""
        settings.append(f"optimizer sgd({given['learning_rate']}{momentum})")
    if settings:
        parts.append(f"train {{ {'; '.join(settings)} }}")
    return Restated("; ".join(parts)) if parts else None


def caffe_layer(text: str) -> Piece:
    """Returns what a `layer { … }` of a prototxt is here."""
    # The first of each name: the `type` of a filler comes after that of its layer.
    pairs = re.findall(r"(\w+)\s*:\s*(\"[^\"]*\"|[^\s{}]+)", text)
    found = dict(reversed(pairs))
    kind = found.get("type", "").strip('"')
    row = find(kind, "layer")
    words = [f"{name}={value}" for name, value in found.items() if name in _CAFFE]
    if kind in ("ReLU", "Sigmoid", "TanH", "Softmax", "Dropout", "ELU", "PReLU", "Flatten"):
        return Piece(restate(" ".join([kind.lower(), *words])))
    dims = [value for name, value in pairs if name == "dim"]
    if kind == "Input" and len(dims) == 4:
        # Examples, channels, rows and columns.
        return Piece(Restated(f"input {dims[2]}x{dims[3]}x{dims[1]}"), layer=False)
    if kind == "Pooling":
        word = "avgpool" if found.get("pool") == "AVE" else "pool"
        if found.get("global_pooling") == "true":
            return Piece(Restated("gap" if word == "avgpool" else "gmp"))
        # Caffe rounds the number of windows up, and moves them by 1 unless it is told otherwise.
        words += [] if "stride" in found else ["stride=1"]
        return Piece(restate(" ".join([word, "ceil=true", *words])))
    said = restate(" ".join([kind, *words]), code=True) if row else None
    return Piece(said, layer=kind not in ("Accuracy", "Data", "ImageData", "SoftmaxWithLoss"))
