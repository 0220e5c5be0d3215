"""The plan of a sweep: the points to train, and those that the checker dropped.

Knows the checker and the points, but neither folders nor training.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from string import Formatter
from typing import Any, Self

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.datasets.locate import beside
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.expand import read
from cnnspec.expansion.state import Axis, Overrides
from cnnspec.files.names import folder_name
from cnnspec.ir.spec import Spec
from cnnspec.sweeps import MAX_RUNS
from cnnspec.sweeps.dimensions import has_ranges, size, text_of
from cnnspec.sweeps.points import (
    MAX_DRAWN,
    MAX_POINTS,
    Point,
    axes_of,
    label,
    points,
    reason,
    require_few,
)


class Planned(Record):
    """A point to train: its name, its values, its costs, its spec.

    Each of its `seeds` is a training of `epochs` epochs.
    """

    name: str
    values: dict[str, str]
    params: int
    macs: int
    seeds: tuple[int, ...]
    epochs: int
    spec: Spec

    @property
    def several(self) -> bool:
        """Whether it is trained with several seeds, so that its folder is a series."""
        return len(self.seeds) > 1

    def dump(self) -> dict[str, Any]:
        """The point as JSON, its spec as canonical text."""
        rest = {name: value for name, value in self.as_dict().items() if name != "spec"}
        return {**rest, "text": str(self.spec)}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The point from its JSON; raises `ValueError` where its spec is damaged."""
        expanded = read(Source(data["name"], data["text"]))
        if expanded.problems:
            raise ValueError(f"{data['name']}: {expanded.problems[0].message}")
        given = {name: data[name] for name in cls.fields if name != "spec"}
        return cls(**{**given, "seeds": tuple(data["seeds"])}, spec=expanded.spec)

    def folder(self, seed: int) -> str:
        """The run folder of a seed, relative to the folder of the sweep."""
        return f"{self.name}/seed-{seed}" if self.several else self.name


class Dropped(Record):
    """A point that the checker dropped, with the code and text of its first error."""

    values: dict[str, str]
    code: str
    reason: str


class Plan(Record):
    """Everything a sweep is to do, fixed before it begins.

    `names` are the names swept with their values in order (none where very many are drawn from a
    range), and `total` counts the points that they span.

    `reasons` counts the points dropped by their first error, of which `dropped` has the first
    ones. `data` is the path of the user's own data, else `None`. `stop_early` is empty, or the name
    of the rule that stops weak points; `threads` is the number of threads of each training, and
    `command` the command line that made the plan. `by` is the metric that chooses points, unless
    another one is asked for. `limit` and `isolated` are those of its tasks.
    """

    model: str
    source: str
    names: dict[str, tuple[str, ...]]
    total: int
    points: tuple[Planned, ...]
    reasons: dict[str, int]
    dropped: tuple[Dropped, ...]
    data: str | None = None
    backend: str | None = None
    threads: int = 1
    stop_early: str = ""
    command: tuple[str, ...] = ()
    limit: float | None = None
    isolated: bool = False
    by: str = "accuracy"

    def dump(self) -> dict[str, Any]:
        """The plan as JSON."""
        return {
            "version": 1,
            **self.as_dict(),
            "points": [point.dump() for point in self.points],
            "dropped": [point.as_dict() for point in self.dropped],
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The plan from a document of its form; raises `ValueError` for one it cannot read."""
        if data["version"] != 1:
            raise ValueError(f"version {data['version']}")
        fields = {name: data.get(name, default) for name, default in cls.fields.items()}
        fields["points"] = tuple(Planned.load(point) for point in data["points"])
        fields["dropped"] = tuple(
            Dropped(*(d[name] for name in Dropped.fields)) for d in data["dropped"]
        )
        fields["command"] = tuple(fields["command"])
        fields["names"] = {name: tuple(values) for name, values in data["names"].items()}
        return cls(**fields)


def plan(
    checked: CheckedSpec,
    overrides: Overrides,
    *,
    name: str = "",
    drawn: int | None = None,
    most: int = MAX_RUNS,
    **how: Any,
) -> Plan:
    """Checks the points of a spec with a sweep and plans a training for each valid one.

    `name` is a template such as `net_{depth}-{filters}` (default: the model and every value).
    `drawn` takes so many valid points at random, always the same ones for a seed. `most` is the
    maximum number of trainings; `how` becomes fields of the plan. Raises `CnnspecError` for a spec
    that sweeps nothing, for too many trainings, for names that are not distinct, and where no point
    is valid.
    """
    axes = axes_of(checked)
    source = checked.source
    template = name or template_of(checked.spec.model, [axis.name for axis in axes])
    chance = None if drawn is None else random.Random(checked.spec.train.seed)
    found = _Found(template, [axis.name for axis in axes])
    looks = max(most, MAX_POINTS)
    if drawn is None:
        require_few(axes, looks, "`--sample` draws some of them")
    elif size(axes) > looks or has_ranges(axes):
        looks = max(MAX_DRAWN, 10 * drawn)
    for point in islice(points(source, axes, overrides, chance), looks):
        found.add(point)
        if found.trainings > most:
            what = f"this sweep has more than {most:,} trainings"
            limit = f"{most:,}; `--max-runs` sets another, and `--sample` draws some of them"
            raise CnnspecError(TooLarge(axes[0].span, what=what, limit=limit))
        if len(found.right) == drawn:
            break
    if not found.right:
        reasons = "; ".join(f"{count:,} times {why}" for why, count in found.reasons.items())
        cause = f"no point of {source.name} is valid: {reasons}"
        if size(axes) > looks or has_ranges(axes):
            cause = (
                f"none of {looks:,} points of {source.name}, drawn at random, is valid: {reasons}"
            )
        raise CnnspecError(CannotRead(None, cause, "`cnnspec check` shows what is wrong with it"))
    where = beside(checked.spec.data, source.name)
    return Plan(
        model=checked.spec.model,
        source=source.name,
        names=values_by_name(axes, [point.values for point in found.right.values()]),
        total=size(axes),
        points=tuple(found.right.values()),
        reasons=dict(found.reasons.most_common()),
        dropped=tuple(found.dropped),
        data=str(where.path) if where else None,
        **how,
    )


MOST_LISTED = 1_000
"""How many dropped points a plan lists; the others are only counted."""


class _Found:
    """The points checked so far, the valid ones by their names."""

    def __init__(self, template: str, names: list[str]) -> None:
        self.template = template
        self.right: dict[str, Planned] = {}
        self.dropped: list[Dropped] = []
        self.reasons: Counter[str] = Counter()
        self.trainings = 0
        self._check_template(names)

    def _check_template(self, names: list[str]) -> None:
        try:
            parts = list(Formatter().parse(self.template))
        except ValueError as error:
            raise _bad_name(self.template, str(error)) from None
        for _, field, form, conversion in parts:
            if field is not None and field not in names:
                cause = f"`{field}` is not swept; {listing(names, 'and')} are"
                raise _bad_name(self.template, cause)
            if form or conversion:
                raise _bad_name(self.template, f"`{field}` can only be written as `{{{field}}}`")

    def add(self, point: Point) -> None:
        error = point.error
        if error is not None:
            self.reasons[reason(error)] += 1
            if len(self.dropped) < MOST_LISTED:
                self.dropped.append(Dropped(point.values, error.code, error.message))
            return
        planned = planned_point(point, self.template)
        if not planned.name:
            raise _bad_name(self.template, f"{point.label} would have no name")
        if planned.name in self.right:
            both = f"{label(self.right[planned.name].values)} and {point.label}"
            cause = f"two points would be called `{planned.name}`: {both}"
            raise _bad_name(self.template, cause)
        self.right[planned.name] = planned
        self.trainings += len(planned.seeds)


def planned_point(point: Point, template: str) -> Planned:
    """A valid point as one to train, named by a template."""
    spec, totals = point.checked.spec, point.checked.totals
    assert totals is not None
    return Planned(
        folder_name(template.format(**point.values)),
        point.values,
        totals.params,
        totals.macs,
        tuple(spec.train.seeds),
        spec.train.epochs,
        spec,
    )


MOST_VALUES = 12
"""With so many whole numbers or fewer drawn from a range, they are compared one by one."""


def values_by_name(
    axes: Iterable[Axis], points: Sequence[dict[str, str]]
) -> dict[str, tuple[str, ...]]:
    """The values of each name in order; of a range those of the points.

    None of a continuous range, where hardly a value comes twice, and none if there are too many.
    """
    found = {}
    for axis in axes:
        texts = [text_of(value) for value in axis.values]
        if axis.interval:
            texts = sorted({values[axis.name] for values in points}, key=float)
            texts = texts if axis.interval.whole and len(texts) <= MOST_VALUES else []
        found[axis.name] = tuple(texts)
    return found


def template_of(model: str, names: list[str]) -> str:
    """The default template of names: `grid_{depth}-{filters}-{kernel}`."""
    plain = model.replace("{", "").replace("}", "")
    return f"{plain}_{'-'.join(f'{{{name}}}' for name in names)}"


def _bad_name(template: str, cause: str) -> CnnspecError:
    remedy = "as in `--names 'net_{depth}-{filters}'`, with every name that distinguishes points"
    return CnnspecError(CannotRead(None, f"`--names {template}`: {cause}", remedy))
