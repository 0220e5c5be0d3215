"""The interpreter of LiteRT running a file that was read as data before."""

import numpy as np

from cnnspec.diagnostics.packages import require_packages


class LitertRuntime:
    """Runs a file, image by image."""

    name = "LiteRT"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def start(self) -> None:
        """Raises `CnnspecError` where it is not installed."""
        require_packages("a comparison", "tflite", "ai_edge_litert")

    def run(self, images: np.ndarray) -> np.ndarray:
        """Returns the outputs for images. Raises whatever LiteRT raises."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        # Without delegates, which print what they do.
        interpreter = Interpreter(
            model_content=self._data,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
        size = int(source["shape"][0])
        interpreter.resize_tensor_input(source["index"], [size, *images.shape[1:]])
        interpreter.allocate_tensors()
        more = -len(images) % size
        given = np.concatenate([images, images[:1].repeat(more, 0)]) if more else images
        found = []
        for at in range(0, len(given), size):
            interpreter.set_tensor(source["index"], given[at : at + size].astype(np.float32))
            interpreter.invoke()
            found.append(interpreter.get_tensor(target["index"]).reshape(size, -1))
        return np.concatenate(found)[: len(images)]
