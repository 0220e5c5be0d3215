"""How good predictions are: accuracy, macro F1, loss and confusion matrix."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from math import prod
from typing import Any

import keras
import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Split
from cnnspec.targets.keras.backend import parts
from cnnspec.training.batches import scale
from cnnspec.training.microbatches import bounds

_IMAGES = 1000
"""Images in a forward pass, at most; enough to be fast."""
_VALUES = 16_000_000
"""Values of a layer's output in a forward pass; of large images few go at once."""


class Score(Record):
    """Figures of one split of the data. `confusion[i, j]` counts images of class i put in j."""

    accuracy: float
    f1: float
    loss: float
    confusion: np.ndarray

    @property
    def figures(self) -> dict[str, float]:
        """Accuracy, macro F1 and loss by their names."""
        return {"accuracy": self.accuracy, "f1": self.f1, "loss": self.loss}

    def dump(self) -> dict[str, Any]:
        """The figures as JSON; one that is no number is null."""
        figures = self.figures.items()
        known = {name: value if np.isfinite(value) else None for name, value in figures}
        return {**known, "confusion": self.confusion.tolist()}


Seen = Callable[[np.ndarray], None]
"""Looks at outputs of the network."""


def _unseen(outputs: np.ndarray) -> None:
    """Nobody looks."""


class Scorer:
    """A compiled model forwards over any number of images; it is made ready once for all.

    As one function of the backend it takes half the time of layer after layer.
    """

    def __init__(self, model: keras.Model) -> None:
        self.classes = model.output_shape[-1]
        self._forwards = _FORWARDS[keras.backend.backend()](model)
        largest = max(prod(layer.output.shape[1:]) for layer in model.layers)
        self._at_once = min(_IMAGES, max(1, _VALUES // largest))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The output of the network for uint8 images: float32 of shape (n, classes)."""
        # No label is right: the loss that comes with the output is of no use.
        none = np.zeros((self._at_once, self.classes), np.float32)
        parts = []
        for rows in self._rows(images):
            outputs, _ = self._forwards(scale(images[rows]), none[: len(images[rows])])
            parts.append(keras.ops.convert_to_numpy(outputs))
        return np.concatenate(parts)

    def scores(
        self,
        splits: Mapping[str, Split],
        pause: Callable[[], None] = lambda: None,
        on_batch: Mapping[str, Seen] | None = None,
    ) -> dict[str, Score]:
        """Measures splits by their names, each once: what validates may be the test set.

        `on_batch` has who looks at the outputs for the split of a name, as in `score`.
        """
        scores: dict[str, Score] = {}
        for name, split in splits.items():
            same = next(known for known, other in splits.items() if other is split)
            if same not in scores:
                scores[same] = self.score(split, pause, (on_batch or {}).get(name, _unseen))
            scores[name] = scores[same]
        return scores

    def score(
        self, split: Split, pause: Callable[[], None] = lambda: None, on_batch: Seen = _unseen
    ) -> Score:
        """Measures a split; the loss includes regularization, as in Keras's `evaluate`.

        `pause` is called now and then; what it raises ends the measuring. `on_batch` gets the
        output of the network for some images after others.
        """
        one_hot = np.eye(self.classes, dtype=np.float32)
        counts = np.zeros((self.classes, self.classes), int)
        loss = 0.0
        for rows in self._rows(split.images):
            pause()
            labels = split.known[rows]
            found, losses = self._forwards(scale(split.images[rows]), one_hot[labels])
            loss += float(keras.ops.convert_to_numpy(losses).sum(dtype=float))
            outputs = keras.ops.convert_to_numpy(found)
            counts += confusion(labels, outputs.argmax(axis=1), self.classes)
            on_batch(outputs)
        right = int(np.trace(counts))
        return Score(right / len(split), macro_f1(counts), loss / len(split), counts)

    def _rows(self, images: np.ndarray) -> Iterator[slice]:
        for start in range(0, len(images), self._at_once):
            yield slice(start, start + self._at_once)


Forwards = Callable[[np.ndarray, np.ndarray], tuple[Any, Any]]
"""From float images and one-hot labels to the output of the network and the losses."""


def _forwards(model: keras.Model) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Output and loss of each image, layer after layer.

    A loss is computed from the output itself and not from its numbers: Keras
    takes a loss from what went into a softmax or sigmoid where it knows it. Each has the
    penalties of the weights in it, as their mean has in Keras.
    """

    def forwards(images: Any, labels: Any) -> tuple[Any, Any]:
        outputs = model(images, training=False)
        return outputs, model.loss.call(labels, outputs) + sum(model.losses)

    return forwards


def _in_tensorflow(model: keras.Model) -> Forwards:
    import tensorflow as tf

    shapes = ((None, *model.input_shape[1:]), model.output_shape)
    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    forwards = _forwards(model)

    @cache
    def compiled(parts: int) -> Any:
        def in_parts(images: Any, labels: Any) -> tuple[Any, Any]:
            ends = bounds(tf.shape(images)[0], parts)
            found = [forwards(images[first:last], labels[first:last]) for first, last in ends]
            outputs, losses = (tf.concat(each, 0) for each in zip(*found, strict=True))
            return outputs, losses

        whole = parts == 1
        return tf.function(forwards if whole else in_parts, input_signature=signature)

    def call(images: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
        found: tuple[Any, Any]
        found = compiled(parts() if len(images) >= parts() else 1)(images, labels)
        return found

    return call


def _in_jax(model: keras.Model) -> Forwards:
    import jax

    forwards = _forwards(model)

    def stateless(values: list[Any], images: Any, labels: Any) -> tuple[Any, Any]:
        with keras.StatelessScope(list(zip(model.variables, values, strict=True))):
            return forwards(images, labels)

    compiled = jax.jit(stateless)
    return lambda images, labels: compiled([v.value for v in model.variables], images, labels)


def _in_torch(model: keras.Model) -> Forwards:
    import torch

    return torch.no_grad()(_forwards(model))  # type: ignore[no-any-return]


_FORWARDS: dict[str, Callable[[keras.Model], Forwards]]
_FORWARDS = {"tensorflow": _in_tensorflow, "jax": _in_jax, "torch": _in_torch}


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How many images of each class (rows) were put in each class (columns)."""
    flat = np.bincount(labels.astype(int) * classes + predicted, minlength=classes**2)
    return flat.reshape(classes, classes)


def macro_f1(counts: np.ndarray) -> float:
    """The mean over classes of 2*TP / (2*TP + FP + FN), 0 for a class that never occurs.

    The same as 2PR / (P + R) of precision P and recall R (van Rijsbergen, 1979).
    """
    right = np.diag(counts)
    either = counts.sum(axis=0) + counts.sum(axis=1)
    return float(np.mean(np.where(either > 0, 2 * right / np.maximum(either, 1), 0.0)))
