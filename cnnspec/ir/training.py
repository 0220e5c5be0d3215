"""The `train { … }` block: every setting with its default."""

from math import ceil
from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.values import OutOfRange
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.claims import METRIC_NAMES, MONITORED
from cnnspec.ir.losses import LOSSES, CategoricalCrossentropy, Loss
from cnnspec.ir.optimizers import OPTIMIZERS, Adam, Optimizer
from cnnspec.ir.schedules import SCHEDULES, Constant, Schedule
from cnnspec.language.arg_types import Float, Int, number_text
from cnnspec.language.choices import Bool, Choice, Union, WordSet
from cnnspec.language.constructs import Construct, flag, option, positional
from cnnspec.language.several import Numbers
from cnnspec.language.tables import Construction, OneOf


class EarlyStop(Construct):
    """Ends training when a metric has not improved for some epochs."""

    word: ClassVar[str] = "early_stop"

    monitor: str = positional(
        Choice(*MONITORED), "the metric watched: the lower the better for a loss, else the higher"
    )
    patience: int = option(Int(), "epochs to wait for an improvement", default=5)
    min_delta: float = option(Float(), "what counts as an improvement", default=0.0)
    restore: bool = flag(
        Bool("restore", means=True), "goes back to the weights of the best epoch", default=False
    )


class Target(Construct):
    """A metric to be reached; the report says after how many epochs and seconds it was."""

    word: ClassVar[str] = "target"

    quantity: str = positional(
        Choice(*METRIC_NAMES), "the metric: at least the value, for a loss at most"
    )
    value: float = positional(Float(), "what is to be reached")
    stop: bool = flag(Bool("stop", means=True), "ends training when it is reached", default=False)

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """A share is at most 1."""
        if self.quantity.endswith("loss") or self.value <= 1:
            return None
        what, shown = f"the target of `{self.quantity}`", number_text(self.value)
        allowed, share = Float(high=1).expected, Float(high=1).share(self.value)
        error = OutOfRange(
            None, what=what, value=shown, allowed=allowed, nearest=share, share=bool(share)
        )
        return "value", error


class Quantize(Construct):
    """Trains the last epochs through int8, so that weights fit what a device computes with.

    Weights and values are rounded in the forward pass as an export in int8 rounds them, and the
    gradient goes straight through (Jacob et al., 2018).
    """

    word: ClassVar[str] = "quantize"

    dtype: str = positional(Choice("int8"), "what is trained for")
    last: float = option(
        Float(high=1, above=True), "the share of the epochs in which it rounds", default=0.5
    )

    def begins(self, epochs: int) -> int:
        """Returns the first epoch that rounds, from 1, of so many."""
        return epochs + 1 - ceil(self.last * epochs)


class Training(Construct):
    """Every setting of training, each with a default."""

    word: ClassVar[str] = "train"

    optimizer: Optimizer = option(
        OneOf("optimizer", OPTIMIZERS, usual="adam"), "how the weights are moved", default=Adam()
    )
    schedule: Schedule = option(
        OneOf("schedule", SCHEDULES), "how the learning rate changes", default=Constant()
    )
    loss: Loss = option(
        OneOf("loss", LOSSES), "what training makes small", default=CategoricalCrossentropy()
    )
    metrics: tuple[str, ...] = option(
        WordSet("accuracy", "f1"), "the metrics shown after each epoch", default=("accuracy",)
    )
    class_weight: tuple[float, ...] | str = option(
        Union(Numbers(Float(above=True)), "balanced", "none"),
        "how much the images of each class count; `balanced`: n / (classes * images of the class)",
        default="none",
    )
    augment: Augment | None = option(
        Construction(Augment, optional=True), "random changes of training images", default=None
    )
    batch: int = option(Int(high=65536), "images in a step", default=128)
    epochs: int = option(Int(high=100_000), "passes over the training images", default=10)
    validation: float | str = option(
        Union(Float(high=1, above=True, below=True), "none", "test"),
        "the share of the training images held back to validate on; `test` takes the test set",
        default=0.1,
    )
    early_stop: EarlyStop | None = option(
        Construction(EarlyStop, optional=True), "when to end early", default=None
    )
    target: Target | None = option(
        Construction(Target, optional=True), "a metric to be reached", default=None
    )
    measure: str = option(
        Choice("all", "held_out"),
        "what is measured at the end: all images, or those alone that it was not trained on, "
        "which is quicker",
        default="all",
    )
    precision: str = option(
        Choice("float32", "mixed_float16", "mixed_bfloat16"),
        "of the arithmetic; weights are float32 in any case, and less needs a GPU",
        default="float32",
    )
    quantize: Quantize | None = option(
        Construction(Quantize, optional=True),
        "trains through the rounding of int8; the backend `native` does",
        default=None,
    )
    seed: int = option(Int(0), "what every random number follows from", default=1)
    runs: int = option(Int(high=1000), "trainings with this seed and those after it", default=1)

    @property
    def seeds(self) -> range:
        """The seed of each of its runs: they count up from the first."""
        return range(self.seed, self.seed + self.runs)

    def statements(self, *, full: bool = False) -> list[str]:
        """The settings as statements: those that differ from their defaults, or all with `full`."""
        return [
            f"{name} {spec.kind.write_full(value) if full else spec.kind.write(value)}"
            for name, spec in type(self).specs.items()
            if (value := getattr(self, name)) is not None and (full or value != spec.default)
        ]
