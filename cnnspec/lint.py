"""Warnings: what is right and still hardly meant. Pure: a spec and its graph in, diagnostics out.

A table of small functions, one for each lint. Each is silent where it is in doubt:
a warning that is wrong once is not read the second time. There is none for a budget
that is never near, for a budget is mostly the task's and not the network's.
"""

from collections.abc import Callable, Iterable, Iterator
from math import ceil
from typing import Any

from cnnspec.datasets.catalog import DATASETS
from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.diagnostics.lints import (
    BiasBeforeNorm,
    ChangesClass,
    DenseHoldsMost,
    DoesNothing,
    DropoutBeforeNorm,
    DropoutOnOutput,
    IdleSchedule,
    LossMisfit,
    NoActivation,
    NoProbabilities,
    PatienceTooLong,
    PoolDrops,
    SilencesNothing,
    SkipsPixels,
    SlowAverage,
    SmallField,
    SoftmaxTwice,
    UnusualRate,
    ValidatesOnTest,
)
from cnnspec.graph import INPUT, Graph, Row
from cnnspec.ir.claims import MEASURES
from cnnspec.ir.schedules import Exponential, Plateau, Step
from cnnspec.ir.spec import Element, Gap, Merge, Node, Placed, Shared, Spec
from cnnspec.language.kinds import number_text
from cnnspec.layers.activations import Activation, Relu
from cnnspec.layers.base import Layer
from cnnspec.layers.convolution import Convolution, DepthwiseConv, TransposedConv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Crop, Flatten, Pad, Reshape, Resize
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm, Normalization
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalPooling, Pooling
from cnnspec.layers.weighted import Weighted
from cnnspec.receptive import fields
from cnnspec.settings import watched
from cnnspec.shapes import Image, Vector
from cnnspec.source import Span


class Network:
    """A spec and its graph, with what several lints ask of them."""

    def __init__(self, spec: Spec, graph: Graph, places: dict[str, Span]) -> None:
        self.spec = spec
        self.graph = graph
        self.rows = graph.rows
        self.places = places
        self.elements = dict(_named(spec.nodes))
        self.indices = {row.name: index for index, row in enumerate(self.rows)}
        self.takers: list[list[int]] = [[] for _ in range(len(self.rows) + 1)]
        for index, row in enumerate(self.rows):
            for source in row.inputs:
                self.takers[source].append(index)
        self.repeated = {row.shares for row in self.rows if row.shares}

    def source(self, row: Row) -> Row | None:
        """The row whose output a row takes; `None` for the input and for several."""
        if len(row.inputs) != 1 or row.inputs[0] == INPUT:
            return None
        return self.rows[row.inputs[0]]

    def taker(self, row: Row) -> Row | None:
        """The row that takes the output of a row, if it is the only one."""
        taken = self.takers[self.indices[row.name]]
        return self.rows[taken[0]] if len(taken) == 1 else None

    def used_once(self, row: Row) -> bool:
        """Whether a layer is at work in one place only, and was written as it is."""
        return not (row.shares or row.implied or row.name in self.repeated)

    def back(self, row: Row | None, through: tuple[type[Layer], ...]) -> Row | None:
        """The first row that is none of some layers, a row and those before it looked at."""
        while row is not None and isinstance(row.layer, through):
            row = self.source(row)
        return row

    def element(self, row: Row) -> Placed | None:
        """What was written for a row."""
        return self.elements.get(row.shares or row.name)

    def at(self, row: Row, cls: type[Diagnostic], place: str = "", **values: Any) -> Diagnostic:
        """A warning at a row, or at the place of one of its fields where that was written."""
        element = self.element(row)
        span = element.places.get(place, element.span) if element else row.span
        found = cls(span, **values)
        if element and element.uses:
            return Traced(span, found, tuple(Label(use, "used here") for use in element.uses))
        return found


def _named(elements: Iterable[Element]) -> Iterator[tuple[str, Placed]]:
    for element in elements:
        match element:
            case Node(name=name):
                yield name, element
            case Merge(name=name, branches=branches):
                yield name, element
                for branch in branches:
                    yield from _named(branch)
            case Shared(body=body):
                yield from _named(body)
            case Gap():
                pass


def short(layer: Layer) -> str:
    """A layer with its sizes only, so that a message stays a line."""
    specs = type(layer).specs
    sizes = {name: getattr(layer, name) for name in specs if specs[name].place == "positional"}
    return str(type(layer)(**sizes))


def _label(row: Row, text: str) -> Label | None:
    return Label(row.span, text) if row.span else None


def lint(spec: Spec, graph: Graph, places: dict[str, Span]) -> list[Diagnostic]:
    """The warnings of a spec without errors, each place once, without those it silences."""
    network = Network(spec, graph, places)
    found: dict[Any, Diagnostic] = {}
    for function in LINTS:
        for warning in function(network):
            span = warning.span
            place = (id(span.source), span.start) if span else None
            found.setdefault((warning.code, place), warning)
    codes = {warning.code for warning in found.values()}
    needless = [
        SilencesNothing(places.get(f"silence.{code}"), silenced=code)
        for code in spec.silence
        if code not in codes
    ]
    return [w for w in found.values() if w.code not in spec.silence] + needless


def bias_before_norm(network: Network) -> Iterator[Diagnostic]:
    """A bias that the batch norm right behind it takes off."""
    for row in network.rows:
        layer = row.layer
        if not (isinstance(layer, Weighted) and layer.bias and layer.activation == "linear"):
            continue
        norm = network.taker(row)
        if norm is None or not isinstance(norm.layer, BatchNorm):
            continue
        # Without a center of its own the batch norm would leave no offset at all.
        if norm.layer.center and network.used_once(row):
            yield network.at(
                row,
                BiasBeforeNorm,
                of=short(layer),
                biases=row.after.dims[-1],
                norm=_label(norm, "this batch norm has an offset of its own"),
            )


def pool_drops(network: Network) -> Iterator[Diagnostic]:
    """Rows and columns at the edge that fill no window of a pooling."""
    for row in network.rows:
        layer, image = row.layer, row.before
        if not isinstance(layer, Pooling) or layer.padding == "same":
            continue
        assert isinstance(image, Image)
        sides = (image.height, image.width)
        strides = layer.stride or layer.size
        rows, columns = (
            # Where it steps further than it is large, it leaves out more than the edge.
            (side - size) % stride if stride <= size else 0
            for side, size, stride in zip(sides, layer.size, strides, strict=True)
        )
        if rows or columns:
            near = (layer.size[0] - 1, layer.size[0] + 1)
            even = layer.stride is None and layer.size[0] == layer.size[1]
            fits = [n for n in near if even and n > 1 and not any(side % n for side in sides)]
            yield network.at(
                row,
                PoolDrops,
                "size",
                of=short(layer),
                image=f"{image.height}x{image.width}",
                rows=rows,
                columns=columns,
                fits=tuple(fits),
            )


LINEAR: tuple[type[Layer], ...] = (
    AveragePool,
    BatchNorm,
    Crop,
    Dropout,
    Flatten,
    GlobalAverage,
    Noise,
    Pad,
    Reshape,
    Resize,
    SpatialDropout,
)
"""Layers that are linear once trained: two linear layers with these between are linear."""


def no_activation(network: Network) -> Iterator[Diagnostic]:
    """Two layers with kernels and nothing between them that bends."""
    for row in network.rows:
        layer = row.layer
        if not (isinstance(layer, Weighted) and layer.activation == "linear"):
            continue
        between, then = "", network.taker(row)
        while then and (isinstance(then.layer, LINEAR) or then.layer.word == "linear"):
            between = "bn" if isinstance(then.layer, BatchNorm) else between
            then = network.taker(then)
        if then is None or not isinstance(then.layer, Weighted) or _factors(row, then):
            continue
        if network.used_once(row) and network.used_once(then):
            here = f"write `{short(layer)} relu`"
            yield network.at(
                row,
                NoActivation,
                of=short(layer),
                next=short(then.layer),
                fix="put `relu` after the batch norm" if between else here,
                then=_label(then, "the next layer with a kernel"),
            )


def _factors(first: Row, second: Row) -> bool:
    """Whether two linear layers are one on purpose, written as two to save weights."""
    kernels = [getattr(row.layer, "kernel", ()) for row in (first, second)]
    depthwise = [isinstance(row.layer, DepthwiseConv) for row in (first, second)]
    if any(depthwise) and (1, 1) in kernels:
        return True
    if all(kernel and 1 in kernel and kernel != (1, 1) for kernel in kernels):
        return kernels[0].index(1) != kernels[1].index(1)
    if isinstance(second.layer, Dense):
        sizes = first.before.size, first.after.size, second.after.size
    else:
        sizes = first.before.dims[-1], first.after.dims[-1], second.after.dims[-1]
    return sizes[1] < min(sizes[0], sizes[2])


_SAME_VALUES = (Dropout, Flatten, Noise)
"""Layers behind which values are what they were, but for noise while training."""


def softmax_twice(network: Network) -> Iterator[Diagnostic]:
    """A softmax of what is a softmax already."""
    for row in network.rows:
        if row.layer.word != "softmax":
            continue
        before = network.source(row)
        first = network.back(before, _SAME_VALUES)
        if first and _function(first.layer) == "softmax":
            yield network.at(row, SoftmaxTwice, first=_label(first, "the first softmax"))


def _function(layer: Layer) -> str:
    """The function that makes the values of a layer, empty if it has none."""
    if isinstance(layer, Weighted):
        return layer.activation
    return layer.word if isinstance(layer, Activation) else ""


LOSSES: dict[str, tuple[str, ...]] = {
    "categorical_crossentropy": ("softmax",),
    "focal": ("softmax",),
    "binary_crossentropy": ("sigmoid", "hard_sigmoid"),
    "poisson": ("softmax", "sigmoid", "softplus", "exponential"),
}
"""The last functions that fit a loss, the best one first. `mse` takes any numbers."""


def last_function(network: Network) -> Iterator[Diagnostic]:
    """An end of the network that is not what the loss reads."""
    loss = network.spec.train.loss.word
    row = network.rows[-1]
    # A mean of probabilities is one, and so are probabilities in another order.
    passed = (*_SAME_VALUES, AveragePool, GlobalAverage, Reshape)
    while isinstance(row.layer, passed) or row.layer.word == "linear":
        before = network.source(row)
        if before is None:
            return
        row = before
    function = _function(row.layer)
    if isinstance(row.layer, Normalization):
        function = "linear"
    if loss not in LOSSES or not function or function in LOSSES[loss]:
        return
    wanted = LOSSES[loss][0]
    if function == "linear":
        dense = isinstance(row.layer, Weighted)
        fix = f"write `{short(row.layer)} {wanted}`" if dense else f"put `{wanted}` at the end"
        yield network.at(row, NoProbabilities, loss=loss, wanted=wanted, fix=fix)
    else:
        other = {"softmax": "categorical_crossentropy", "sigmoid": "binary_crossentropy"}
        yield network.at(
            row,
            LossMisfit,
            "activation",
            activation=function,
            loss=loss,
            wanted=wanted,
            other=other.get(function, ""),
        )


def _rate(layer: Layer) -> float:
    """How much a layer disturbs; 0 for every other one."""
    match layer:
        case Dropout(rate=rate) | SpatialDropout(rate=rate) | Noise(stddev=rate):
            return rate
    return 0


def dropout_before_norm(network: Network) -> Iterator[Diagnostic]:
    """A batch norm that learns the variance of dropout."""
    # A kernel mixes many values, behind which little of the shift is left.
    through = (Activation, Flatten, Noise, Pooling, Reshape)
    for row in network.rows:
        if not isinstance(row.layer, BatchNorm):
            continue
        before = network.back(network.source(row), through)
        if before and isinstance(before.layer, Dropout | SpatialDropout) and _rate(before.layer):
            norm = _label(row, "the batch norm")
            yield network.at(before, DropoutBeforeNorm, of=short(before.layer), norm=norm)


def dropout_on_output(network: Network) -> Iterator[Diagnostic]:
    """Dropout or noise behind the last layer that could make up for it."""
    through = (Activation, Dropout, Flatten, Noise, Reshape, SpatialDropout)
    disturbing = []
    row: Row | None = network.rows[-1]
    while row is not None and isinstance(row.layer, through):
        if _rate(row.layer):
            disturbing.append(row)
        row = network.source(row)
    last = short(row.layer) if row and isinstance(row.layer, Weighted) else ""
    for found in disturbing:
        yield network.at(found, DropoutOnOutput, of=short(found.layer), last=last)


def small_field(network: Network) -> Iterator[Diagnostic]:
    """A global pooling at the end of which no value sees the whole image."""
    row: Row | None = network.rows[-1]
    while row is not None and isinstance(row.before, Vector):
        row = network.source(row)
    image = network.graph.input
    if row is None or not isinstance(row.layer, GlobalPooling) or not isinstance(image, Image):
        return
    assert isinstance(row.before, Image)
    seen = fields(network.graph)[row.inputs[0]]
    sides = (image.height, image.width)
    missing = [side - field.size for side, field in zip(sides, seen, strict=True)]
    # On a single pixel nothing is joined.
    if max(missing) <= 0 or (row.before.height, row.before.width) == (1, 1):
        return
    more = max(ceil(lack / (2 * field.step)) for lack, field in zip(missing, seen, strict=True))
    field = "x".join(str(ceil(min(f.size, s))) for f, s in zip(seen, sides, strict=True))
    yield network.at(
        row,
        SmallField,
        of=short(row.layer),
        field=field,
        image=f"{image.height}x{image.width}",
        more=more,
    )


def validates_on_test(network: Network) -> Iterator[Diagnostic]:
    """A test set that is watched while training, or even chooses."""
    train = network.spec.train
    choosing = watched(train)
    # A target that does not end the training is looked at, no more.
    if train.target and not train.target.stop:
        del choosing["target"]
    if train.validation == "test":
        chosen = [text for text, figure in choosing.values() if figure.startswith("val_")]
        chooses = next(iter(chosen), "")
        yield ValidatesOnTest(network.places.get("train.validation"), chooses=chooses)
    if "target" in choosing and train.target and train.target.quantity in MEASURES:
        yield ValidatesOnTest(
            network.places.get("train.target"),
            chooses=f"{choosing['target'][0]} … stop",
            instead=f"val_{train.target.quantity}",
        )


RATES: dict[str, tuple[float, float]] = {
    "sgd": (1e-4, 0.5),
    "adam": (1e-5, 1e-2),
    "adamw": (1e-5, 1e-2),
    "nadam": (1e-5, 1e-2),
    "adamax": (1e-5, 2e-2),
    "lamb": (1e-4, 0.1),
    "rmsprop": (1e-5, 1e-2),
    "adagrad": (1e-3, 0.5),
    "adadelta": (1e-3, 1.0),
    "lion": (1e-6, 1e-3),
}
"""The learning rates an optimizer is used with: around its default in Keras and its paper's."""
SLACK = 3.0
"""How far beyond, as a factor, is still nobody's business."""


def unusual_rate(network: Network) -> Iterator[Diagnostic]:
    """A learning rate far out of the habit of its optimizer."""
    optimizer = network.spec.train.optimizer
    rate, (low, high) = optimizer.learning_rate, RATES[optimizer.word]
    if not low / SLACK <= rate <= high * SLACK:
        yield UnusualRate(
            network.places.get("train.optimizer"),
            optimizer=optimizer.word,
            rate=number_text(rate),
            low=number_text(low),
            high=number_text(high),
            default=number_text(type(optimizer).specs["learning_rate"].default),
            above=rate > high,
        )


def patience_too_long(network: Network) -> Iterator[Diagnostic]:
    """Patience that cannot run out."""
    train = network.spec.train
    stop, schedule = train.early_stop, train.schedule
    if stop and not stop.restore and stop.patience >= train.epochs:
        yield PatienceTooLong(
            network.places.get("train.early_stop"),
            what=f"early_stop {stop.monitor}",
            patience=stop.patience,
            epochs=train.epochs,
            restores=True,
        )
    if isinstance(schedule, Plateau) and schedule.patience >= train.epochs - 1:
        yield PatienceTooLong(
            network.places.get("train.schedule"),
            what=f"schedule plateau({schedule.monitor})",
            patience=schedule.patience,
            epochs=train.epochs,
        )


def changes_class(network: Network) -> Iterator[Diagnostic]:
    """Digits that are mirrored or turned upside down."""
    augment = network.spec.train.augment
    dataset = DATASETS.get(network.spec.data.source)
    if augment is None or dataset is None or "".join(dataset.labels) != "0123456789":
        return
    place = network.places.get("train.augment")
    if augment.flip:
        option, becomes = f"flip={augment.flip}", "a mirrored 2 is none"
        yield ChangesClass(place, option=option, becomes=becomes)
    elif augment.rotate > 90:
        option = f"rotate={number_text(augment.rotate)}"
        yield ChangesClass(place, option=option, becomes="a 6 upside down is a 9")


SPENT = 1e-4
"""The share of a learning rate below which a network hardly learns."""


def idle_schedule(network: Network) -> Iterator[Diagnostic]:
    """Rates that never change, or are next to nothing for half of the training."""
    schedule, epochs = network.spec.train.schedule, network.spec.train.epochs
    place = network.places.get("train.schedule")
    written = schedule.called()
    if isinstance(schedule, Step) and schedule.every >= epochs:
        yield IdleSchedule(place, schedule=written, every=schedule.every, epochs=epochs)
    # One step an epoch is as fine as it needs.
    elif isinstance(schedule, Step | Exponential) and (
        schedule.share(epochs // 2, 1, epochs) < SPENT
    ):
        yield IdleSchedule(place, schedule=written, epochs=epochs)


def slow_average(network: Network) -> Iterator[Diagnostic]:
    """An average of the weights that does not get away from the first of them."""
    train = network.spec.train
    dataset = DATASETS.get(network.spec.data.source)
    momentum = train.optimizer.ema
    if momentum is None or dataset is None:
        return
    held = train.validation if isinstance(train.validation, float) else 0
    steps = train.epochs * ceil(dataset.counts[0] * (1 - held) / train.batch)
    first = momentum**steps
    if first > 0.5:
        yield SlowAverage(
            network.places.get("train.optimizer"),
            momentum=number_text(momentum),
            steps=steps,
            share=int(100 * first),
        )


DENSE_SHARE = 0.9
DENSE_LEAST = 100_000
"""Below so many parameters, where they are is hardly worth a word."""


def dense_holds_most(network: Network) -> Iterator[Diagnostic]:
    """A dense layer on the image of convolutions that holds nearly every parameter."""
    total = sum(row.params for row in network.rows)
    if total < DENSE_LEAST:
        return
    for row in network.rows:
        layer = row.layer
        if not isinstance(layer, Dense) or row.params <= DENSE_SHARE * total:
            continue
        flat = network.back(network.source(row), (Activation, Dropout, Noise, Normalization))
        if flat is None or not isinstance(flat.layer, Flatten):
            continue
        image = flat.before
        seen = [r for r in network.rows if isinstance(r.layer, Convolution)]
        if seen and isinstance(image, Image) and image.height * image.width > 1:
            field = fields(network.graph)[flat.inputs[0]]
            whole = network.graph.input.dims[:2]
            yield network.at(
                row,
                DenseHoldsMost,
                "units",
                of=short(layer),
                params=row.params,
                total=total,
                image=str(image),
                left=(image.channels + layer.bias) * layer.units,
                covers=all(f.size >= side for f, side in zip(field, whole, strict=False)),
            )


_NEVER_NEGATIVE = (
    "relu",
    "relu6",
    "sigmoid",
    "hard_sigmoid",
    "softplus",
    "exponential",
    "softmax",
)


def does_nothing(network: Network) -> Iterator[Diagnostic]:
    """Layers whose output is their input."""
    for row in network.rows:
        reason = _why_nothing(network, row)
        if reason is not None and network.used_once(row):
            yield network.at(row, DoesNothing, of=short(row.layer), reason=reason)


def _why_nothing(network: Network, row: Row) -> str | None:
    """Why a layer does nothing, empty where it is plain; `None` for one that does something."""
    match row.layer:
        case Pooling(size=(1, 1), stride=None | (1, 1)):
            return "its window is a single pixel"
        case Dropout() | SpatialDropout() | Noise() if not _rate(row.layer):
            return ""
        case Pad(border=(0, 0)) | Crop(border=(0, 0)):
            return ""
        case Flatten() if isinstance(row.before, Vector):
            return "its input is flat already"
        case Reshape() | Resize() if row.before == row.after:
            return f"its input is {row.before} already"
        case Relu(max=None, slope=0):
            before = network.back(network.source(row), (*_SAME_POSITIONS, Pooling))
            if before is None or _function(before.layer) not in _NEVER_NEGATIVE:
                return None
            # A `relu` statement may have a slope below zero.
            if isinstance(before.layer, Relu) and before.layer.slope:
                return None
            return "its input is never below 0"
    return None


_SAME_POSITIONS: tuple[type[Layer], ...] = (Dropout, SpatialDropout, Flatten, Reshape)


def skips_pixels(network: Network) -> Iterator[Diagnostic]:
    """Windows that move further than they are large."""
    for row in network.rows:
        layer = row.layer
        if isinstance(layer, TransposedConv) or row.implied:
            continue
        if not isinstance(layer, Convolution | Pooling):
            continue
        size: tuple[int, int] = layer.size if isinstance(layer, Pooling) else layer.kernel  # type: ignore[attr-defined]
        stride = layer.stride or size
        # What else reads the image sees what this one leaves out: the shortcut of a residual.
        alone = len(network.takers[row.inputs[0]]) == 1
        over = [
            step > side and positions > 1
            for step, side, positions in zip(stride, size, row.after.dims, strict=False)
        ]
        if alone and any(over):
            yield network.at(
                row,
                SkipsPixels,
                "stride",
                of=short(layer),
                kernel=_pair(size),
                stride=_pair(stride),
            )


def _pair(sides: tuple[int, int]) -> str:
    return str(sides[0]) if sides[0] == sides[1] else f"{sides[0]}x{sides[1]}"


LINTS: tuple[Callable[[Network], Iterator[Diagnostic]], ...] = (
    bias_before_norm,
    pool_drops,
    no_activation,
    softmax_twice,
    last_function,
    dropout_before_norm,
    dropout_on_output,
    small_field,
    validates_on_test,
    unusual_rate,
    dense_holds_most,
    does_nothing,
    skips_pixels,
    patience_too_long,
    changes_class,
    idle_schedule,
    slow_average,
)
"""Every lint, in the order of their codes."""
