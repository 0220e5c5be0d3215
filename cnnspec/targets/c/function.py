"""A program in machine code that computes and does not train."""

import ctypes
import os
from collections.abc import Mapping

import numpy as np

from cnnspec.program.build import Program
from cnnspec.targets.c.compiler import Compiler, compiled
from cnnspec.targets.c.job import job_type
from cnnspec.targets.c.layout import lay_out
from cnnspec.targets.c.library import Held, give_images, load_library, zeros
from cnnspec.targets.c.network import function_text

_BATCH = 512
"""Images that go through it together: enough for eight threads."""


class NativeFunction:
    """A program with its weights, compiled for this machine."""

    def __init__(
        self,
        program: Program,
        weights: Mapping[str, np.ndarray],
        *,
        threads: int | None = None,
        compiler: Compiler | None = None,
    ) -> None:
        """Takes a program and weights by their keys (`conv/kernel`).

        Raises `CnnspecError` where there is no compiler, and `KeyError` for a missing weight.
        """
        self._layout = layout = lay_out(program, _BATCH, trains=False)
        self._threads = threads or min(os.cpu_count() or 1, layout.parts)
        self._job_type = job_type(layout)
        path = compiled(function_text(layout), compiler, quick=True)
        self._library = load_library(path, self._job_type)
        self._weights = zeros(layout.weights)
        for tensor in layout.tensors:
            at = slice(tensor.start, tensor.start + tensor.size)
            self._weights[at] = np.asarray(weights[tensor.key], np.float32).ravel()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Returns what it makes of images (n, height, width, channels): (n, size) float32.

        Bytes are divided by 255, float32 is taken as it is.
        """
        layout = self._layout
        size = layout.program.steps[layout.program.output].value.shape.size
        outputs = np.zeros((len(images), size), np.float32)
        # One of each thread; what is worked out of the weights lies there as well.
        arenas, shared = zeros(self._threads * layout.arena * 16), zeros(layout.shared)
        with Held() as hold:
            job = self._job_type()
            give_images(job, hold, images, np.arange(len(images)), layout)
            job.weights, job.arenas, job.shared = map(hold, (self._weights, arenas, shared))
            job.outputs, job.threads = hold(outputs), self._threads
            self._library.cnnspec_predict(ctypes.byref(job))
        return outputs
