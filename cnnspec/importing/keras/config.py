"""The configuration of a Keras model to calls of layers: sequential, functional, one in another."""

from collections.abc import Iterator
from typing import Any

from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.keras.model import Call, ForeignModel, Weights

MAX_CALLS = 10_000
"""Layers that a network may apply, as a spec."""
_MODELS = {"Sequential", "Functional", "Model"}

Config = dict[str, Any]


def read_config(document: Any, tool: str, weights: Weights) -> ForeignModel:
    """Returns the network that a configuration describes.

    `document` is the JSON of a model in Keras 2 or 3. Raises `CnnspecError` where the network
    has several inputs or outputs or is a class of its author's, and `KeyError`, `TypeError` or
    `ValueError` where the document is damaged.
    """
    if not isinstance(document, dict) or not isinstance(document.get("config"), dict | list):
        raise ValueError("it is not the configuration of a Keras model")
    if document.get("class_name") not in _MODELS:
        cause = (
            f"the model is a class of its author's, `{document.get('class_name')}`, and only its "
            "code says what it computes"
        )
        remedy = "save it as a functional model: `keras.Model(inputs, outputs)`"
        raise CnnspecError(CannotImport(None, cause, remedy))
    reader = _Reader()
    output = reader.model(document, "", None)
    calls = tuple(_in_order(reader.calls, output))
    name = reader.config(document).get("name") or "model"
    return ForeignModel(str(name), calls, output, tool, weights)


class _Reader:
    """Collects the calls of a model and of the models in it, by their keys."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}

    def config(self, document: Config) -> Config:
        """The settings of a model; old sequential ones are a list of their layers."""
        config = document["config"]
        return {"layers": config} if isinstance(config, list) else config

    def model(self, document: Config, prefix: str, given: str | None) -> str:
        """Adds the calls of a model and returns the key of its output.

        `given` is the key of its input where it is called in another model.
        """
        config = self.config(document)
        if document["class_name"] == "Sequential":
            return self._sequential(config, prefix, given)
        return self._functional(config, prefix, given)

    def _sequential(self, config: Config, prefix: str, given: str | None) -> str:
        value = given
        for layer in config["layers"]:
            if layer["class_name"] == "InputLayer":
                value = value or self._input(layer, prefix)
                continue
            if value is None:
                value = self._implied_input(layer, prefix)
            value = self._call(layer, prefix, 0, (value,), ())
        if value is None:
            raise ValueError("it has no layers")
        return value

    def _functional(self, config: Config, prefix: str, given: str | None) -> str:
        source = _single(config["input_layers"], "inputs")
        target = _single(config["output_layers"], "outputs")
        layers = {layer.get("name") or layer["config"]["name"]: layer for layer in config["layers"]}
        outputs: dict[tuple[str, int], str] = {}
        # Iteratively, and each layer once: a network may be deeper than Python's stack.
        waiting = [(str(target[0]), int(target[1]))]
        open_: set[tuple[str, int]] = set()
        while waiting:
            at = waiting[-1]
            name, index = at
            layer = layers[name]
            if at in outputs:
                waiting.pop()
                continue
            if layer["class_name"] == "InputLayer":
                if name != source[0]:
                    raise ValueError(f"`{name}` is an input that the model does not name")
                outputs[at] = given or self._input(layer, prefix)
                continue
            tensors, constants = _arguments(layer["inbound_nodes"][index])
            missing = [each for each in tensors if each not in outputs]
            if not missing:
                inputs = tuple(outputs[each] for each in tensors)
                outputs[at] = self._call(layer, prefix, index, inputs, constants)
            elif at in open_:
                raise ValueError(f"the output of `{name}` is among its own inputs")
            else:
                open_.add(at)
                waiting += missing
        return outputs[str(target[0]), int(target[1])]

    def _call(
        self,
        layer: Config,
        prefix: str,
        index: int,
        inputs: tuple[str, ...],
        constants: tuple[Any, ...],
    ) -> str:
        name = str(layer.get("name") or layer["config"]["name"])
        owner = f"{prefix}{name}"
        if layer["class_name"] in _MODELS:
            if index or any(key.startswith(f"{owner}/") for key in self.calls):
                cause = f"the model `{owner}` is applied several times"
                remedy = "a spec can share layers that follow each other: `repeat 2 shared { … }`"
                raise CnnspecError(CannotImport(None, cause, remedy))
            return self.model(layer, f"{owner}/", inputs[0])
        key = f"{owner}#{index}"
        config = dict(layer["config"])
        module = str(layer.get("module") or "")
        return self._add(
            Call(key, name, str(layer["class_name"]), module, config, owner, inputs, constants)
        )

    def _input(self, layer: Config, prefix: str) -> str:
        config = layer["config"]
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        return self._image(shape, prefix)

    def _implied_input(self, layer: Config, prefix: str) -> str:
        """The input that a sequential model begins with where its first layer says its shape."""
        config = layer["config"]
        shape = config.get("batch_input_shape") or config.get("batch_shape")
        if shape is None:
            shape = (layer.get("build_config") or {}).get("input_shape")
        return self._image(shape, prefix)

    def _image(self, shape: Any, prefix: str) -> str:
        if not isinstance(shape, list) or not shape:
            raise ValueError("it does not say the shape of its input: call or build it, then save")
        key = f"{prefix}input"
        return self._add(Call(key, "input", "InputLayer", "", {"shape": shape[1:]}, "", ()))

    def _add(self, call: Call) -> str:
        if len(self.calls) >= MAX_CALLS:
            raise ValueError(f"it has more than {MAX_CALLS:,} layers")
        self.calls[call.key] = call
        return call.key


def _single(layers: Any, what: str) -> Any:
    """The input or output of a functional model: `[name, index, tensor]`, in a list or not."""
    if layers and not isinstance(layers[0], list):
        return layers
    if len(layers) != 1:
        cause = f"the model has {many(len(layers), what.removesuffix('s'))}; a spec has one"
        raise CnnspecError(
            CannotImport(None, cause, "import the part from one image to one output")
        )
    return layers[0]


def _arguments(node: Any) -> tuple[list[tuple[str, int]], tuple[Any, ...]]:
    """What one call of a layer takes: tensors as (layer, call), and the other arguments.

    Keras 3 has a dictionary with `args`; Keras 2 a list of `[layer, call, tensor, more]`.
    """
    tensors: list[tuple[str, int]] = []
    constants: list[Any] = []
    if isinstance(node, dict):
        for argument in node["args"]:
            for each in argument if _of_tensors(argument) else [argument]:
                if isinstance(each, dict) and each.get("class_name") == "__keras_tensor__":
                    name, index, _ = each["config"]["keras_history"]
                    tensors.append((str(name), int(index)))
                else:
                    constants.append(each)
        return tensors, tuple(constants)
    if node and not isinstance(node[0], list):
        node = [node]
    for name, index, _, *more in node:
        tensors.append((str(name), int(index)))
        constants += [value for each in more for value in each.values()]
    return tensors, tuple(constants)


def _of_tensors(argument: Any) -> bool:
    return isinstance(argument, list) and any(isinstance(each, dict) for each in argument)


def _in_order(calls: dict[str, Call], output: str) -> Iterator[Call]:
    """The calls that the output needs, in the order in which they were added: that of computing."""
    needed = {output}
    for call in reversed(calls.values()):
        if call.key in needed:
            needed.update(call.inputs)
    return (call for call in calls.values() if call.key in needed)
