"""How good predictions are: accuracy, macro F1, loss and confusion matrix."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Split
from cnnspec.training.backends.base import Predictor


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
    """Measures a network on any number of images, in pieces that it takes at once."""

    def __init__(self, network: Predictor) -> None:
        self.classes = network.classes
        self._network = network

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The output of the network for uint8 images: float32 of shape (n, classes)."""
        rows = self._rows(images)
        return np.concatenate([self._network.forward(images[each], None)[0] for each in rows])

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
        counts = np.zeros((self.classes, self.classes), int)
        loss = 0.0
        for rows in self._rows(split.images):
            pause()
            labels = split.known[rows]
            outputs, losses = self._network.forward(split.images[rows], labels)
            loss += losses
            counts += confusion(labels, outputs.argmax(axis=1), self.classes)
            on_batch(outputs)
        right = int(np.trace(counts))
        return Score(right / len(split), macro_f1(counts), loss / len(split), counts)

    def _rows(self, images: np.ndarray) -> Iterator[slice]:
        at_once = self._network.at_once
        for start in range(0, len(images), at_once):
            yield slice(start, start + at_once)


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
