"""A file of Keras to the steps of its network."""

from pathlib import Path

from cnnspec.importing.keras.file import read
from cnnspec.importing.keras.runtime import KerasRuntime
from cnnspec.importing.keras.translate import Translator
from cnnspec.importing.network import Network


def read_network(path: Path, size: tuple[int, ...] | None) -> Network:
    """Returns the network of a file.

    `size` is that of its images, where it leaves rows and columns open. Raises `CnnspecError`.
    """
    model = read(path)
    translator = Translator(model, size)
    steps = translator.steps()
    runtime = KerasRuntime(path, model)
    notes = tuple(translator.notes)
    return Network(model.name, model.tool, steps, model.output, translator.shapes, runtime, notes)
