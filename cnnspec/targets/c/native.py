"""A network in machine code: trains, predicts, and keeps its state in numpy arrays.

    network = NativeNetwork(checked, initial_weights(checked), threads=2)
    done = network.train(images, labels, order, rates)   # losses of the steps, answers
    network.predict(images)                              # (n, classes) float32
    network.weights                                      # {"conv/kernel": …}
    network.state()                                      # all that a training goes on from

Nothing is kept between calls but arrays: threads begin and end with a call.
"""

import ctypes
import os
from collections.abc import Mapping

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.layers.weighted import Weighted
from cnnspec.targets.c.compiler import Compiler, compiled
from cnnspec.targets.c.job import job_type
from cnnspec.targets.c.kernels.augmentation import augmentation
from cnnspec.targets.c.kernels.rounding import SCALE
from cnnspec.targets.c.layout import Layout, Tensor, lay_out
from cnnspec.targets.c.library import Held, give_images, load_library, zeros
from cnnspec.targets.c.network import network_text
from cnnspec.targets.c.optimizers import rule
from cnnspec.targets.c.passes import augmented, training_program
from cnnspec.targets.c.rounding import rounded_program

Arrays = dict[str, np.ndarray]


class Done(Record):
    """What a call of `train` did."""

    losses: np.ndarray
    """The loss of each step done, float32: of the batch, before the step, penalties included.

    The last is not a number where the training diverged; then there are fewer steps.
    """
    answers: np.ndarray
    """The likeliest class of each image in the order given, int32, each before its step."""


class Executable:
    """A network as C for this machine: its text, where everything of it lies, and its functions."""

    def __init__(
        self, checked: CheckedSpec, compiler: Compiler | None = None, flags: tuple[str, ...] = ()
    ) -> None:
        """Writes the text; nothing is compiled yet."""
        self.layout = laid_out(checked)
        self.text = network_text(self.layout, checked.spec.train).text
        self.job_type = job_type(self.layout)
        self.compiler = compiler
        self._flags = flags
        self._slots = len(rule(checked.spec.train.optimizer).slots)
        self._library: ctypes.CDLL | None = None

    def library(self, *, quick: bool) -> ctypes.CDLL:
        """The functions, compiled at the first call.

        If they are wanted `quick`, that takes half of the time, and a step a little longer. Raises
        `CnnspecError` where there is no compiler.
        """
        if self._library is None:
            path = compiled(self.text, self.compiler, self._flags, quick=quick)
            self._library = load_library(path, self.job_type)
        return self._library

    def threads(self, wanted: int | None) -> int:
        """The threads wanted, else as many as find work on this machine."""
        return wanted or min(os.cpu_count() or 1, self.layout.parts)

    def step_bytes(self, threads: int | None = None) -> int:
        """The memory that training steps work in, in bytes: values, gradients, weights."""
        layout = self.layout
        arenas = layout.parts if layout.by_part else self.threads(threads)
        numbers = layout.weights + (self._slots + layout.parts) * layout.trained
        return 4 * (16 * arenas * layout.arena + numbers)


class NativeNetwork:
    """A network compiled for this machine, with its weights and the state of its optimizer.

    Its results do not depend on the number of threads, bit for bit.
    """

    def __init__(
        self,
        checked: CheckedSpec,
        weights: Mapping[str, np.ndarray],
        *,
        threads: int | None = None,
        executable: Executable | None = None,
        quick: bool = False,
    ) -> None:
        """Takes a spec without errors and weights by the names that runs give them.

        The `executable` is that of the spec, by default made anew with this machine's compiler,
        and compiled `quick` if it is not yet. Raises `CnnspecError` where there is no compiler, and
        `KeyError` or `ValueError` for weights that are not those of the spec.
        """
        train = checked.spec.train
        self._train = train
        self._rule = rule(train.optimizer)
        executable = executable or Executable(checked)
        self.layout = executable.layout
        self.text = executable.text
        self.compiler = executable.compiler
        self.threads = executable.threads(threads)
        self._shapes = checked.graph.weights()
        self._job_type = executable.job_type
        self._library = executable.library(quick=quick)
        layout = self.layout
        self._weights = zeros(layout.weights)
        self._slots = zeros(max(len(self._rule.slots), 1) * layout.trained)
        self._slots[:] = self._rule.start
        self._average = zeros(layout.trained)
        self._gradients = zeros(layout.parts * layout.trained)
        self._shared = zeros(layout.parts * layout.shared)
        self._arenas = zeros(0)
        self._rounded = zeros(layout.weights if layout.rounded else 0)
        self.scales: np.ndarray | None = None
        """How values are rounded in steps, (values, 4) float32 as `SCALE` has it, if they are."""
        self.step = 0
        """Steps done."""
        self.set_weights(weights)

    def train(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        order: np.ndarray,
        rates: np.ndarray,
        counts: np.ndarray | None = None,
    ) -> Done:
        """Takes one step for each batch of images in an order, the last perhaps a smaller one.

        `images` are (n, height, width, channels): uint8, divided by 255 here, or float32 as
        they are. `labels` and `order` are int32; `rates` has the learning rate of each step,
        and `counts` what each of the images counts.
        """
        steps = -(-len(order) // self._train.batch)
        if len(rates) != steps:
            raise ValueError(f"{steps} steps have {len(rates)} learning rates")
        counted = np.arange(self.step + 1, self.step + steps + 1, dtype=np.float64)
        rate = np.asarray(rates, np.float64)
        factors = np.stack([*self._rule.factors(counted, rate), rate], 1) if steps else rate
        losses, answers = np.zeros(steps, np.float32), np.zeros(len(order), np.int32)
        with Held() as hold:
            job = self._job(images, order, hold)
            job.labels = hold(labels, np.int32)
            job.counts = hold(counts, np.float32) if counts is not None else None
            job.factors = hold(factors, np.float32)
            job.losses, job.answers = hold(losses), hold(answers)
            self._round(job, hold)
            done = self._library.cnnspec_train(ctypes.byref(job)) if steps else 0
        self.step += done
        return Done(losses[:done], answers[: min(done * self._train.batch, len(order))])

    @property
    def classes(self) -> int:
        """Outputs for each image."""
        program = self.layout.program
        return int(program.steps[program.output].value.shape.size)

    def predict(self, images: np.ndarray, *, rounded: bool = False) -> np.ndarray:
        """Returns the outputs for images, (n, classes) float32, as at inference.

        Those that are `rounded` are what int8 comes to, with the scales that steps have.
        """
        return self._outputs(images, None, rounded=rounded)[0]

    def seen(self, images: np.ndarray) -> np.ndarray:
        """Returns the least and the largest of each value that is rounded, (values, 2) float32.

        At inference, before rounding.
        """
        count = self.layout.rounded
        found = np.zeros((self.layout.parts, count, 2), np.float32)
        found[:] = np.inf, -np.inf
        self._outputs(images, None, seen=found)
        return np.stack([found[:, :, 0].min(0), found[:, :, 1].max(0)], 1)

    def measure(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, float]:
        """Returns the outputs for images and the sum of their losses, with penalties in each."""
        outputs, loss = self._outputs(images, labels)
        return outputs, loss + len(images) * self._penalty()

    def _outputs(
        self,
        images: np.ndarray,
        labels: np.ndarray | None,
        *,
        rounded: bool = False,
        seen: np.ndarray | None = None,
    ) -> tuple[np.ndarray, float]:
        outputs = np.zeros((len(images), self.classes), np.float32)
        answers = np.zeros(len(images), np.int32)
        with Held() as hold:
            job = self._job(images, np.arange(len(images)), hold)
            job.labels = hold(labels, np.int32) if labels is not None else None
            job.outputs, job.answers = hold(outputs), hold(answers)
            job.seen = hold(seen) if seen is not None else None
            if rounded:
                self._round(job, hold)
            loss = float(self._library.cnnspec_predict(ctypes.byref(job)))
        return outputs, loss

    def _penalty(self) -> float:
        """What the size of the weights adds to the loss of every image."""
        found = 0.0
        for tensor in self._trained:
            if tensor.l1 or tensor.l2:
                weight = self._weights[tensor.start : tensor.start + tensor.size].astype(float)
                found += tensor.l1 * np.abs(weight).sum() + tensor.l2 * np.square(weight).sum()
        return float(found)

    def gradients(
        self, images: np.ndarray, labels: np.ndarray, counts: np.ndarray | None = None
    ) -> tuple[float, Arrays]:
        """Returns the loss of a batch and its gradients, penalties left out of the latter.

        The weights and the state stay as they are. For tests.
        """
        kept = self.state()
        done = self.train(images, labels, np.arange(len(images)), np.zeros(1), counts)
        # Each part's own; the first holds its own until it is the sum for a norm.
        sums = self._gradients.reshape(self.layout.parts, -1).sum(0, dtype=np.float64)
        found = {
            tensor.key: sums[tensor.start : tensor.start + tensor.size].reshape(tensor.shape)
            for tensor in self._trained
        }
        self.load(kept)
        return float(done.losses[0]), found

    def _job(self, images: np.ndarray, order: np.ndarray, hold: Held) -> ctypes.Structure:
        """What both kinds of work need."""
        layout = self.layout
        if not len(self._arenas):
            arenas = layout.parts if layout.by_part else self.threads
            # A prediction takes one for each thread, even where parts have their own.
            self._arenas = zeros(max(arenas, self.threads) * layout.arena * 16)
        job = self._job_type()
        give_images(job, hold, images, order, layout)
        job.weights, job.slots = hold(self._weights), hold(self._slots)
        job.average = hold(self._average) if self._train.optimizer.ema is not None else None
        job.gradients, job.shared = hold(self._gradients), hold(self._shared)
        job.arenas = hold(self._arenas)
        job.batch = self._train.batch
        job.seed, job.step = self._train.seed, self.step
        job.threads = self.threads
        return job

    def _round(self, job: ctypes.Structure, hold: Held) -> None:
        """Gives a job what it rounds with, if there is something."""
        if self.scales is not None:
            job.scales, job.rounded = hold(self.scales, np.float32), hold(self._rounded)

    @property
    def _trained(self) -> list[Tensor]:
        return [t for t in self.layout.tensors if t.start < self.layout.trained]

    @property
    def weights(self) -> Arrays:
        """The weights by the names and in the order and shapes of a run, as copies."""
        return self._named(self._weights)

    @property
    def averages(self) -> Arrays:
        """The weights with their moving averages in place of those that are trained."""
        if self._train.optimizer.ema is None or not self.step:
            return self.weights
        return self.weights | self._named(self._average, trained=True)

    def _named(self, flat: np.ndarray, trained: bool = False) -> Arrays:
        places = {t.key: t for t in (self._trained if trained else self.layout.tensors)}
        return {
            key: flat[at.start : at.start + at.size].reshape(shape).copy()
            for key, shape in self._shapes.items()
            if (at := places.get(key)) is not None
        }

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Takes other weights; raises `KeyError` or `ValueError` for those of another network."""
        for tensor in self.layout.tensors:
            given = np.asarray(weights[tensor.key], np.float32)
            if given.size != tensor.size:
                raise ValueError(f"{tensor.key} is {given.shape} and not {tensor.shape}")
            self._weights[tensor.start : tensor.start + tensor.size] = given.ravel()

    def state(self) -> Arrays:
        """All that a training goes on from, as arrays: weights, slots, averages, the step."""
        found = {f"weight/{key}": array for key, array in self.weights.items()}
        for n, name in enumerate(self._rule.slots):
            own = self._slots[n * self.layout.trained : (n + 1) * self.layout.trained]
            for key, array in self._named(own, trained=True).items():
                found[f"{name}/{key}"] = array
        if self._train.optimizer.ema is not None:
            for key, array in self._named(self._average, trained=True).items():
                found[f"average/{key}"] = array
        found["step"] = np.asarray(self.step, np.int64)
        if count := self.layout.rounded:
            none = np.zeros((count, SCALE), np.float32)
            found["scales"] = none if self.scales is None else self.scales.copy()
        return found

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to a state; raises `KeyError` or `ValueError` for that of another network."""
        self.set_weights({t.key: state[f"weight/{t.key}"] for t in self.layout.tensors})
        trained = self.layout.trained
        for tensor in self._trained:
            at = slice(tensor.start, tensor.start + tensor.size)
            for n, name in enumerate(self._rule.slots):
                self._slots[n * trained :][at] = state[f"{name}/{tensor.key}"].ravel()
            if self._train.optimizer.ema is not None:
                self._average[at] = state[f"average/{tensor.key}"].ravel()
        self.step = int(state["step"])
        scales = state.get("scales")
        self.scales = scales.copy() if scales is not None and scales.any() else None


def laid_out(checked: CheckedSpec) -> Layout:
    """Returns where everything of a network in training lies."""
    train = checked.spec.train
    if train.quantize:
        program = rounded_program(checked.graph).program
    else:
        program = training_program(checked.graph)
    if train.augment:
        program = augmented(program, augmentation(train.augment))
    return lay_out(program, train.batch, penalties(checked))


def penalties(checked: CheckedSpec) -> dict[str, tuple[float, float]]:
    """Returns l1 and l2 by the keys of the weights that they concern: kernels."""
    found = {}
    for call in checked.graph.owners:
        if isinstance(call.layer, Weighted) and (call.layer.l1 or call.layer.l2):
            for name in call.layer.weights(call.input_shape):
                if name.endswith("kernel"):
                    found[f"{call.name}/{name}"] = call.layer.l1, call.layer.l2
    return found
