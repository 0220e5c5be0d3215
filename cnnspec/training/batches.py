"""Batches for Keras, in an order of our own.

Keras's `fit(shuffle=True)` on arrays takes the same permutation in every epoch
once a seed is set; here each epoch has its own, drawn from (seed, epoch) alone,
so that it does not matter what was drawn before.
"""

import keras
import numpy as np

from cnnspec.datasets.arrays import Split


def scale(images: np.ndarray) -> np.ndarray:
    """Pixels as float32 between 0 and 1."""
    return images.astype(np.float32) / np.float32(255)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Images and one-hot labels, batch by batch.

    With a seed the order changes from epoch to epoch; without one it is that of the data.
    """

    def __init__(self, split: Split, classes: int, batch: int, seed: int | None = None) -> None:
        super().__init__()
        self._split = split
        self._one_hot = np.eye(classes, dtype=np.float32)
        self._batch = batch
        self._seed = seed
        self._epoch = 0
        self._order = self._permutation()

    def __len__(self) -> int:
        return -(-len(self._split) // self._batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        chosen = self._split.take(rows)
        return scale(chosen.images), self._one_hot[chosen.labels]

    def on_epoch_end(self) -> None:
        """Draws the order of the next epoch."""
        self._epoch += 1
        self._order = self._permutation()

    def _permutation(self) -> np.ndarray:
        if self._seed is None:
            return np.arange(len(self._split))
        return np.random.Generator(np.random.PCG64([self._seed, self._epoch])).permutation(
            len(self._split)
        )
