"""How good predictions are: accuracy, macro F1, loss and confusion matrix."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from cnnspec.datasets.arrays import Split
from cnnspec.record import Record
from cnnspec.training.batches import scale

_AT_ONCE = 1000
"""Images in a forward pass; enough to be fast, few enough for any network."""


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


def predict(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The output of the network for uint8 images: float32 of shape (n, classes)."""
    parts = [np.asarray(model.predict_on_batch(scale(images[rows]))) for rows in _rows(images)]
    return np.concatenate(parts)


def score(model: keras.Model, split: Split, pause: Callable[[], None] = lambda: None) -> Score:
    """Measures a compiled model; the loss includes regularization, as in Keras's `evaluate`.

    `pause` is called now and then; what it raises ends the measuring.

    The loss is computed from the output itself and not from its numbers: Keras
    takes a loss from what went into a softmax or sigmoid where it knows it.
    """
    classes = model.output_shape[-1]
    one_hot = np.eye(classes, dtype=np.float32)
    counts = np.zeros((classes, classes), int)
    loss = 0.0
    for rows in _rows(split.images):
        pause()
        images, labels = scale(split.images[rows]), split.labels[rows]
        outputs = model(images, training=False)
        mean = model.compute_loss(images, one_hot[labels], outputs, training=False)
        loss += float(keras.ops.convert_to_numpy(mean)) * len(labels)
        predicted = keras.ops.convert_to_numpy(outputs).argmax(axis=1)
        counts += confusion(labels, predicted, classes)
    right = int(np.trace(counts))
    return Score(right / len(split), macro_f1(counts), loss / len(split), counts)


def _rows(images: np.ndarray) -> list[slice]:
    return [slice(start, start + _AT_ONCE) for start in range(0, len(images), _AT_ONCE)]


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
