"""Keras as a backend, on TensorFlow, JAX or PyTorch."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import Any

import keras
import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.training_memory import layer_bytes
from cnnspec.core.record import Record
from cnnspec.core.shapes import Image
from cnnspec.datasets.splits import Splits
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.targets import Unsupported
from cnnspec.runs.run import Run
from cnnspec.targets.keras.backend import parts, threads
from cnnspec.targets.keras.build import Seeds, as_written, build, compile_model
from cnnspec.targets.keras.passes import PASSES
from cnnspec.targets.keras.precision import require_accelerator
from cnnspec.targets.keras.restore import as_it_ended, restore, save
from cnnspec.targets.keras.weights import weights_of
from cnnspec.targets.table import KERAS, require_target
from cnnspec.training.augment import Augmenter
from cnnspec.training.averages import averaged, settle
from cnnspec.training.backends.base import Arrays, Finished
from cnnspec.training.backends.forwards import at_once, forwards
from cnnspec.training.batches import image_weights, scale, statistics_batches
from cnnspec.training.features import features_of
from cnnspec.training.loops import Feed
from cnnspec.training.microbatches import separable
from cnnspec.training.novelty import Features
from cnnspec.training.steps import steps

_EPOCH = 0xE90C4
"""Keeps the seeds of epochs apart from those of layers."""


class KerasPredictor:
    """A compiled Keras model; its forward pass is made ready once for any number of images."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.classes = model.output_shape[-1]
        self.at_once = at_once(model)
        self._forwards = forwards(model)

    def forward(self, images: np.ndarray, labels: np.ndarray | None) -> tuple[np.ndarray, float]:
        one_hot = np.zeros((len(images), self.classes), np.float32)
        if labels is not None:
            one_hot[np.arange(len(images)), labels] = 1
        outputs, losses = self._forwards(scale(images), one_hot)
        found = keras.ops.convert_to_numpy(losses).sum(dtype=float)
        return keras.ops.convert_to_numpy(outputs), float(found)

    def features(self) -> Features:
        return features_of(self.model)


class KerasTrainer(KerasPredictor):
    """A compiled Keras model in training.

    With a strategy of `tf.distribute` its steps are spread over several devices; else each
    is taken in parts of its batch.
    """

    def __init__(
        self,
        model: keras.Model,
        checked: CheckedSpec,
        splits: Splits,
        strategy: Any = None,
        parts: int = 1,
    ) -> None:
        super().__init__(model)
        self._checked = checked
        self._train = train = checked.spec.train
        self._images = splits.train.images
        self._augmenter: Augmenter | None = None
        if train.augment:
            shape = Image(*splits.train.images.shape[1:])
            self._augmenter = Augmenter(train.augment, shape, train.seed)
        weights = image_weights(train.class_weight, splits.train.known, self.classes)
        feed = Feed(splits.train, self._augmenter, weights)
        self._runner = steps(model, feed, strategy, parts)

    def begin_epoch(self, epoch: int) -> None:
        reseed(self.model, self._train.seed, epoch)
        if self._augmenter:
            self._augmenter.reseed(epoch)
        self.model.reset_metrics()

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        return self._runner.run(rows, rates)

    def running(self) -> dict[str, float]:
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def averaged(self) -> AbstractContextManager[None]:
        return averaged(self.model, self._batches)

    def settle(self) -> None:
        settle(self.model, self._batches)

    def _batches(self) -> Iterator[Any]:
        """Some training images as training sees them, by which batch norm is measured.

        The same each time, and what training draws next stays as it is.
        """
        drawing = self._augmenter.variables if self._augmenter else []
        kept = [keras.ops.convert_to_numpy(state) for state in drawing]
        if self._augmenter:
            self._augmenter.reseed(0)
        for rows in statistics_batches(len(self._images), self._train.batch):
            pixels = keras.ops.convert_to_tensor(scale(self._images[rows]))
            yield self._augmenter(pixels) if self._augmenter else pixels
        for state, value in zip(drawing, kept, strict=True):
            state.assign(value)

    def weights(self) -> list[np.ndarray]:
        found: list[np.ndarray] = self.model.get_weights()
        return found

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.model.set_weights(weights)

    def _variables(self) -> list[Any]:
        """Weights, states of random numbers, the optimizer's and the running metrics."""
        model = self.model
        watching = [*model.optimizer.variables, *model.metrics_variables]
        drawing = self._augmenter.variables if self._augmenter else []
        return [*model.variables, *watching, *drawing]

    def dump(self) -> Arrays:
        values = [keras.ops.convert_to_numpy(v) for v in self._variables()]
        return {f"variable_{i}": value for i, value in enumerate(values)}

    def load(self, arrays: Arrays) -> None:
        variables = self._variables()
        values = [arrays[f"variable_{i}"] for i in range(len(arrays))]
        expected = [(tuple(v.shape), str(v.dtype)) for v in variables]
        found = [(value.shape, str(value.dtype)) for value in values]
        if expected != found:
            raise ValueError("it holds the variables of another network")
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def take_over(self, run: Run) -> None:
        trained = as_it_ended(run, self._checked)
        for to, by in ((self.model, trained), (self.model.optimizer, trained.optimizer)):
            for variable, value in zip(to.variables, by.variables, strict=True):
                variable.assign(value)

    def finish(self, run: Run) -> Finished:
        written = as_written(self.model, self._checked)
        save(written, run)
        return Finished(weights_of(written, self._checked), lambda: features_of(written))


def reseed(model: keras.Model, seed: int, epoch: int) -> None:
    """Sets what dropout and noise draw next from (seed, epoch), whatever they drew before."""
    seeds = Seeds(seed, _EPOCH, epoch)
    for layer in model.layers:
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(np.array([seeds.next(), 0], np.uint32))


class KerasPreparation(Record):
    """A spec to be trained with Keras: its model is built when its data is there."""

    checked: CheckedSpec
    strategy: Any = None

    def step_bytes(self, batch: int) -> int:
        return layer_bytes(self.checked, batch)

    def trainer(self, splits: Splits) -> KerasTrainer:
        train = self.checked.spec.train
        keras.utils.set_random_seed(train.seed)
        model = build(self.checked, train.seed, PASSES)
        compile_model(model, train, quick=True)
        pieces = parts() if separable(self.checked) else 1
        return KerasTrainer(model, self.checked, splits, self.strategy, pieces)


class KerasBackend(Record):
    """Keras on one of its own backends; `strategy` is one of `tf.distribute`."""

    name: str
    strategy: Any = None

    @property
    def immaterial(self) -> frozenset[str]:
        return frozenset()

    def described(self) -> dict[str, Any]:
        return {
            "keras": keras.version(),
            "backend": self.name,
            self.name: version(self.name),
            # The same seed gives other weights on each; a run never changes its backend.
            "first_weights": self.name,
            "threads": threads(),
            "parts": parts(),
            "devices": self.strategy.num_replicas_in_sync if self.strategy else 1,
        }

    def require(self, checked: CheckedSpec) -> None:
        require_target(checked, KERAS)
        require_accelerator(checked)
        if checked.spec.train.quantize:
            raise CnnspecError(
                Unsupported(
                    checked.expanded.spans.get("train.quantize"),
                    word="quantize",
                    target=self.name,
                    reason="it does not train through the rounding of int8",
                    kind="backend",
                    instead="train with `--backend native`",
                    optional=True,
                )
            )

    def spread(self, checked: CheckedSpec, devices: int) -> "KerasBackend":
        from cnnspec.training.distributed.devices import spread

        return KerasBackend(self.name, spread(checked, self.name, devices))

    def prepare(self, checked: CheckedSpec) -> KerasPreparation:
        return KerasPreparation(checked, self.strategy)

    def restore(self, run: Run) -> tuple[CheckedSpec, KerasPredictor]:
        checked, model = restore(run)
        return checked, KerasPredictor(model)

    def clear(self) -> None:
        keras.backend.clear_session()
