"""The `train { … }` block: every setting with its default."""

from typing import ClassVar

from cnnspec.ir.claims import MEASURES
from cnnspec.ir.losses import LOSSES, CategoricalCrossentropy, Loss
from cnnspec.ir.optimizers import OPTIMIZERS, Adam, Optimizer
from cnnspec.language.choices import Choice, Either, Several, Switch
from cnnspec.language.entries import Entry, flag, option, positional
from cnnspec.language.kinds import Real, Whole
from cnnspec.language.tables import Made, OneOf

_MONITORED = tuple(prefix + measure for prefix in ("val_", "train_") for measure in MEASURES)


class EarlyStop(Entry):
    """Ends training when a figure has not improved for some epochs."""

    word: ClassVar[str] = "early_stop"

    monitor: str = positional(
        Choice(*_MONITORED), "the figure watched: the lower the better for a loss, else the higher"
    )
    patience: int = option(Whole(), "epochs to wait for an improvement", default=5)
    min_delta: float = option(Real(), "what counts as an improvement", default=0.0)
    restore: bool = flag(
        Switch("restore", means=True), "goes back to the weights of the best epoch", default=False
    )


class Training(Entry):
    """Every setting of training, each with a default."""

    word: ClassVar[str] = "train"

    optimizer: Optimizer = option(
        OneOf("optimizer", OPTIMIZERS), "how the weights are moved", default=Adam()
    )
    loss: Loss = option(
        OneOf("loss", LOSSES), "what training makes small", default=CategoricalCrossentropy()
    )
    metrics: tuple[str, ...] = option(
        Several("accuracy", "f1"), "the figures shown after each epoch", default=("accuracy",)
    )
    batch: int = option(Whole(high=65536), "images in a step", default=128)
    epochs: int = option(Whole(high=100_000), "passes over the training images", default=10)
    validation: float | str = option(
        Either(Real(high=1, above=True, below=True), "none", "test"),
        "the share of the training images held back to validate on; `test` takes the test set",
        default=0.1,
    )
    early_stop: EarlyStop | None = option(Made(EarlyStop), "when to end early", default=None)
    seed: int = option(Whole(0), "what every random number follows from", default=1)

    def statements(self, *, full: bool = False) -> list[str]:
        """The settings as statements: those that differ from their defaults, or all with `full`."""
        return [
            f"{name} {spec.kind.write_full(value) if full else spec.kind.write(value)}"
            for name, spec in type(self).specs.items()
            if (value := getattr(self, name)) is not None and (full or value != spec.default)
        ]
