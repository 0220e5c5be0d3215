"""Machine code of our own as a backend: no framework, only numpy and a C compiler."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked_spec
from cnnspec.core.record import Record
from cnnspec.datasets.splits import Splits
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotDistribute, NoAccelerator
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import read_bytes
from cnnspec.ir.conflicts import running_metrics
from cnnspec.runs.arrays import unpack_arrays
from cnnspec.runs.run import STATE, Run
from cnnspec.runs.weights import read_weights
from cnnspec.targets.c.compiler import FLAGS, FULL, QUICK, Compiler
from cnnspec.targets.c.initial import initial_weights
from cnnspec.targets.c.native import Executable, NativeNetwork
from cnnspec.targets.c.rounding import rounded_program
from cnnspec.targets.table import C, require_target
from cnnspec.training.backends.base import Arrays, Finished
from cnnspec.training.backends.native_features import features_of
from cnnspec.training.backends.native_rounding import find_scales
from cnnspec.training.backends.native_statistics import measured_statistics
from cnnspec.training.batches import image_weights
from cnnspec.training.novelty import Features
from cnnspec.training.score import confusion, macro_f1

NAME = "native"

_IMAGES = 10_000
"""Images of a forward pass, at most, and the MACs: a person is not kept waiting for long."""
_MACS = 100_000_000_000
_SHORT = 150_000_000_000
"""MACs of a training, forward, of about ten seconds: more optimization would take longer than it
saves."""


class NativePredictor:
    """A compiled network with its weights."""

    def __init__(self, checked: CheckedSpec, network: NativeNetwork) -> None:
        self._checked = checked
        self.network = network
        self.classes = network.classes
        macs = checked.totals.macs if checked.totals else 0
        self.at_once = min(_IMAGES, max(1, _MACS // max(macs, 1)))

    def forward(self, images: np.ndarray, labels: np.ndarray | None) -> tuple[np.ndarray, float]:
        if labels is None:
            return self.network.predict(images), 0.0
        return self.network.measure(images, labels)

    def features(self) -> Features:
        of = self.network
        return features_of(self._checked.graph, of.weights, of.threads, of.compiler)


class NativeTrainer(NativePredictor):
    """A compiled network in training.

    Dropout and noise follow from the seed and the number of the step among all. With `quantize`
    the scales of values follow from the weights at the beginning of an epoch.
    """

    def __init__(self, checked: CheckedSpec, splits: Splits, network: NativeNetwork) -> None:
        super().__init__(checked, network)
        self._train = train = checked.spec.train
        self._images = np.ascontiguousarray(splits.train.images)
        self._labels = splits.train.known.astype(np.int32)
        self._counts = image_weights(train.class_weight, splits.train.known, self.classes)
        self._rounded = rounded_program(checked.graph) if train.quantize else None
        self._forget()

    def begin_epoch(self, epoch: int) -> None:
        self._forget()
        quantize = self._train.quantize
        if quantize and self._rounded:
            rounds = epoch >= quantize.begins(self._train.epochs)
            found = find_scales(self.network, self._rounded, self._images) if rounds else None
            self.network.scales = found

    def _forget(self) -> None:
        """Begins the metrics of an epoch."""
        self._loss, self._seen = 0.0, 0
        self._confusion = np.zeros((self.classes, self.classes), np.int64)

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        order = rows.ravel()
        done = self.network.train(self._images, self._labels, order, rates, self._counts)
        sizes = np.full(len(done.losses), rows.shape[1])
        self._loss += float(done.losses.astype(float) @ sizes)
        self._seen += int(sizes.sum())
        labels = self._labels[order[: len(done.answers)]]
        self._confusion += confusion(labels, done.answers, self.classes)
        return len(done.losses) == len(rows) and bool(np.isfinite(done.losses).all())

    def running(self) -> dict[str, float]:
        measured = {
            "accuracy": float(np.trace(self._confusion) / max(self._seen, 1)),
            "f1": macro_f1(self._confusion),
        }
        shown = {name: measured[name] for name in running_metrics(self._train)}
        return {"loss": self._loss / max(self._seen, 1), **shown}

    @contextmanager
    def averaged(self) -> Iterator[None]:
        trained = self.network.weights
        self.settle()
        try:
            yield
        finally:
            self.network.set_weights(trained)

    def settle(self) -> None:
        if self._train.optimizer.ema is None:
            return
        network = self.network
        network.set_weights(network.averages)
        measured = measured_statistics(network, self._images, self._labels, self._train.batch)
        network.set_weights(network.weights | measured)

    def weights(self) -> list[np.ndarray]:
        return list(self.network.weights.values())

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.network.set_weights(dict(zip(self.network.weights, weights, strict=True)))

    def dump(self) -> Arrays:
        epoch = {
            "epoch/loss": np.asarray(self._loss),
            "epoch/seen": np.asarray(self._seen),
            "epoch/confusion": self._confusion,
        }
        return self.network.state() | epoch

    def load(self, arrays: Arrays) -> None:
        expected = {name: (array.shape, array.dtype) for name, array in self.dump().items()}
        if expected != {name: (array.shape, array.dtype) for name, array in arrays.items()}:
            raise ValueError("it holds the state of another network")
        self.network.load(arrays)
        self._loss, self._seen = float(arrays["epoch/loss"]), int(arrays["epoch/seen"])
        self._confusion = arrays["epoch/confusion"].copy()

    def take_over(self, run: Run) -> None:
        path = run.folder / STATE
        try:
            self.load(unpack_arrays(read_bytes(path)))
        except (OSError, ValueError) as error:
            cause = f"cannot use {path}, which has the state of the optimizer: {error}"
            raise CnnspecError(BadRun(None, cause, "train anew")) from None

    def finish(self, run: Run) -> Finished:
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **self.dump())
        run.write(STATE, file.getvalue())
        return Finished(self.network.weights, self.features)


class NativePreparation:
    """A network to be trained: compiled at once where its images can be counted without them.

    So the compiler works while they are read.
    """

    def __init__(self, checked: CheckedSpec, executable: Executable, threads: int | None) -> None:
        self._checked = checked
        self._executable = executable
        self._threads = threads
        if (dataset := checked.spec.data.dataset) is not None:
            executable.library(quick=self._short(dataset.counts[0]))

    def _short(self, images: int) -> bool:
        """Whether a training is over before more optimization would have paid."""
        macs = self._checked.totals.macs if self._checked.totals else 0
        return macs * images * self._checked.spec.train.epochs < _SHORT

    def step_bytes(self, _batch: int) -> int:
        return self._executable.step_bytes(self._threads)

    def trainer(self, splits: Splits) -> NativeTrainer:
        network = NativeNetwork(
            self._checked,
            initial_weights(self._checked),
            threads=self._threads,
            executable=self._executable,
            quick=self._short(len(splits.images.train)),
        )
        return NativeTrainer(self._checked, splits, network)


class NativeBackend(Record):
    """The C compiler of this machine, and so many threads; `None` for one of each processor."""

    threads: int | None
    compiler: Compiler
    name: str = NAME

    @property
    def immaterial(self) -> frozenset[str]:
        # Tests hold that none of these changes a bit.
        return frozenset({"threads", "processors", "compiler", "compiler_flags"})

    def described(self) -> dict[str, Any]:
        return {
            "backend": self.name,
            "first_weights": self.name,
            "threads": self.threads,
            "compiler": f"{' '.join(self.compiler.command)}: {self.compiler.version}",
            "compiler_flags": " ".join((f"{FULL}|{QUICK}", *FLAGS, *self.compiler.native)),
        }

    def require(self, checked: CheckedSpec) -> None:
        require_target(checked, C)
        precision = checked.spec.train.precision
        if precision != "float32":
            place = checked.expanded.spans.get("train.precision")
            cause = f"`precision {precision}` needs a GPU, and the backend `native` uses none"
            remedy = "leave it out, or train with `--backend tensorflow` on a machine with a GPU"
            raise CnnspecError(NoAccelerator(place, cause, remedy))

    def spread(self, checked: CheckedSpec, devices: int) -> "NativeBackend":
        if devices > 1:
            cause = "several devices need tensorflow, and the backend is native"
            remedy = "train with `--backend tensorflow`, or with `--threads` in place of devices"
            raise CnnspecError(CannotDistribute(None, cause, remedy))
        return self

    def prepare(self, checked: CheckedSpec) -> NativePreparation:
        return NativePreparation(checked, Executable(checked, self.compiler), self.threads)

    def restore(self, run: Run) -> tuple[CheckedSpec, NativePredictor]:
        checked = checked_spec(run.spec)
        self.require(checked)
        executable = Executable(checked, self.compiler)
        network = NativeNetwork(
            checked, read_weights(run), threads=self.threads, executable=executable, quick=True
        )
        return checked, NativePredictor(checked, network)

    def clear(self) -> None:
        """Nothing stays in the process."""
