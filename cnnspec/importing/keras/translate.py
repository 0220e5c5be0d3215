"""Calls of Keras to layers of the language, with the shape of every value and all weights."""

from collections.abc import Sequence

import numpy as np

from cnnspec.core.shapes import Image, Shape, shape_of
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.keras.layers import LAYERS, MERGES
from cnnspec.importing.keras.model import Call, ForeignModel
from cnnspec.importing.keras.settings import Settings
from cnnspec.importing.keras.windows import Translated
from cnnspec.importing.steps import Affine, Step, Steps
from cnnspec.layers.base import Layer, ShapeError
from cnnspec.layers.merging import Merging

_OPERATIONS = ("keras.src.ops", "keras.ops", "tensorflow")


class Translator:
    """Turns the calls of a model into steps.

    `size` is the shape of the image where the model leaves it open.
    """

    def __init__(self, model: ForeignModel, size: tuple[int, ...] | None) -> None:
        self.model = model
        self.notes: list[str] = []
        self.shapes: dict[str, Shape] = {}
        self._size = size

    def steps(self) -> Steps:
        """Returns every step. Raises `CnnspecError` where a call is none of the language."""
        found: Steps = {}
        for call in self.model.calls:
            found[call.key] = self._step(call)
        return found

    def _step(self, call: Call) -> Step:
        if call.kind == "InputLayer":
            self.shapes[call.key] = self._input(call)
            return Step(call.key, call.name, None, ())
        shapes = [self.shapes[source] for source in call.inputs]
        arrays = self.model.weights.get(call.owner, [])
        made = self._translated(call, shapes, arrays)
        layer = made.layer
        self.shapes[call.key] = self._output(call, layer, shapes) if layer else shapes[0]
        if made.affine:
            return Step(call.key, call.name, None, call.inputs, affine=made.affine)
        kept = self._weights(call, made, shapes[0], arrays) if layer else ()
        owner = call.owner if layer and layer.weights(shapes[0]) else ""
        return Step(call.key, call.name, layer, call.inputs, owner, kept)

    def _translated(
        self, call: Call, shapes: list[Shape], arrays: Sequence[np.ndarray]
    ) -> Translated:
        settings = Settings(call, self.model.tool, self.notes)
        if call.module.startswith(_OPERATIONS) or call.kind == "TFOpLambda":
            return _operation(call, settings)
        if call.kind in MERGES and len(shapes) > 1:
            return Translated(_merge(call, settings, shapes))
        translate = LAYERS.get(call.kind)
        if translate is None or len(shapes) != 1 or call.constants not in ((), (None,)):
            raise settings.unknown()
        made = translate(settings, shapes[0], arrays)
        settings.finish()
        return made

    def _output(self, call: Call, layer: Layer, shapes: list[Shape]) -> Shape:
        try:
            if isinstance(layer, Merging):
                return layer.join(tuple(shapes)).shape
            return layer.infer(shapes[0]).shape
        except ShapeError as error:
            cause = f"layer `{call.name}` ({call.kind}): {error.diagnostic.message}"
            raise CnnspecError(CannotImport(None, cause, error.diagnostic.help)) from None

    def _weights(
        self, call: Call, made: Translated, shape: Shape, arrays: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The arrays of a layer as its weights; raises `CnnspecError` where they do not fit."""
        assert made.layer is not None
        wanted = list(made.layer.weights(shape).values())
        if not self.model.weights or not wanted:
            return ()
        found = [np.asarray(array, np.float32) for array in arrays]
        if made.reshaped and found and found[0].size == np.prod(made.reshaped):
            found[0] = found[0].reshape(made.reshaped)
        if [array.shape for array in found] != wanted:
            has = ", ".join("x".join(map(str, array.shape)) for array in found) or "no arrays"
            needs = ", ".join("x".join(map(str, shape)) for shape in wanted)
            cause = f"layer `{call.name}` ({call.kind}) has {has}, where its weights are {needs}"
            raise CnnspecError(CannotImport(None, cause, "save the model again"))
        return tuple(found)

    def _input(self, call: Call) -> Shape:
        dims = call.config["shape"]
        if len(dims) != 3:
            cause = f"the input has {len(dims)} axes beside that of the batch, and an image has 3"
            remedy = "a spec takes images: rows, columns and channels"
            raise CnnspecError(CannotImport(None, cause, remedy))
        given = self._size or tuple(dims)
        fits = len(given) == 3 and all(a in (None, b) for a, b in zip(dims, given, strict=True))
        if None in given or not fits:
            asked = "x".join("?" if size is None else str(size) for size in dims)
            cause = f"the model takes images of {asked}"
            if self._size:
                cause += f", not of {'x'.join(map(str, self._size))}"
            raise CnnspecError(CannotImport(None, cause, "say the size with `--input 224x224x3`"))
        shape = shape_of(tuple(int(size) for size in given))
        assert isinstance(shape, Image)
        return shape


def _merge(call: Call, settings: Settings, shapes: list[Shape]) -> Merging:
    if call.kind == "Concatenate":
        settings.require("axis", -1, len(shapes[0].dims))
    settings.finish()
    return MERGES[call.kind]()


def _operation(call: Call, settings: Settings) -> Translated:
    """What is written as arithmetic: `x + 3`, `x * (1 / 6)`, `a + b`."""
    kind = call.name.partition("_")[0] if call.kind == "TFOpLambda" else call.kind
    numbers = [value for value in call.constants if isinstance(value, int | float)]
    if len(call.inputs) > 1 and kind in MERGES and not call.constants:
        return Translated(MERGES[kind]())
    if len(call.inputs) == 1 and len(numbers) == 1 == len(call.constants):
        value = float(numbers[0])
        known = {
            "Add": Affine(1.0, value),
            "Subtract": Affine(1.0, -value),
            "Multiply": Affine(value, 0.0),
            "TrueDivide": Affine(1 / value if value else 0.0, 0.0),
            "Divide": Affine(1 / value if value else 0.0, 0.0),
        }
        if kind in known:
            return Translated(affine=known[kind])
    raise settings.unknown("is an operation on tensors that no layer of a spec does")
