"""Steps to the elements of a spec: a chain of layers, branches within merges, names for routes.

Where the branches of a merge begin is its immediate dominator, the last value that all of them
depend on (Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", 2001). What has been
written in another branch already is taken by its name.
"""

import re

from cnnspec.core.record import Record
from cnnspec.importing.steps import Step, Steps
from cnnspec.ir.spec import (
    INPUT_NAME,
    Element,
    From,
    Merge,
    Names,
    Node,
    SharedRepeat,
    is_automatic,
)
from cnnspec.layers.merging import Add, Merging


class Arranged(Record):
    """The elements of a network, and its steps in the order in which the spec applies them.

    Of steps that share their weights the first one stands in the order alone.
    """

    elements: tuple[Element, ...]
    order: tuple[Step, ...]


class Shared(Exception):
    """A layer shares its weights in a way that `repeat N shared` cannot say; its path."""


class _Part(Record):
    """An element with the steps that are in it, those of one round of shared ones."""

    element: Element
    steps: tuple[Step, ...]

    @property
    def signature(self) -> tuple[Element, tuple[str, ...]]:
        """What two parts have in common where they are the same layers with the same weights."""
        return self.element, tuple(step.owner for step in self.steps)


def arrange(steps: Steps, output: str) -> Arranged:
    """Returns the network as nested elements. Raises `Shared`, where they cannot say it."""
    return _Arrangement(steps, output).whole()


class _Arrangement:
    def __init__(self, steps: Steps, output: str) -> None:
        self._steps = steps
        self._output = output
        self._input = next(iter(steps))
        self._dominators = _dominators(steps)
        self._written: set[str] = set()
        self._names: dict[str, str] = {}
        self._count: dict[str, int] = {}
        for step in filter(lambda step: step.owner, steps.values()):
            self._count[step.owner] = self._count.get(step.owner, 0) + 1

    def whole(self) -> Arranged:
        # Twice: the first time finds the values that need a name.
        for _ in range(2):
            self._written = {self._input}
            parts = self._sequence(self._output, self._input)
        steps = tuple(step for part in parts for step in part.steps)
        owners = [step.owner for step in steps if step.owner]
        if len(set(owners)) < len(owners):
            raise Shared(next(owner for owner in owners if owners.count(owner) > 1))
        names = Names()
        return Arranged(tuple(_with_name(part.element, names) for part in parts), steps)

    def _chain(self, end: str, start: str) -> list[str]:
        """The values from one (left out) to another that all ways pass through."""
        found = []
        while end != start:
            found.append(end)
            end = self._dominators[end]
        return found[::-1]

    def _sequence(self, end: str, start: str) -> list[_Part]:
        """The parts that make a value of one that is written already."""
        chain = self._chain(end, start)
        parts: list[_Part] = []
        done = [number for number, key in enumerate(chain) if key in self._written]
        if done:
            parts.append(_Part(From(source=self._named(chain[done[-1]])), ()))
            chain = chain[done[-1] + 1 :]
        return _with_repeats([*parts, *map(self._put, chain)], self._count)

    def _put(self, key: str) -> _Part:
        """The part that makes a value, which is written then."""
        step = self._steps[key]
        name = self._names.get(key, "")
        layer = step.layer
        assert layer is not None
        if isinstance(layer, Merging):
            start = self._dominators[key]
            sources = list(step.inputs)
            if isinstance(layer, Add) and len(sources) == 2 and sources[0] == start:
                # A sum of two is the same in either order, and `residual` has the input last.
                sources.reverse()
            branches = [self._sequence(source, start) for source in sources]
            inside = tuple(tuple(part.element for part in branch) for branch in branches)
            element: Element = Merge(name=name, layer=layer, branches=inside)
            steps = [step for branch in branches for part in branch for step in part.steps]
        else:
            element, steps = Node(name=name, layer=layer), []
        self._written.add(key)
        return _Part(element, (*steps, step))

    def _named(self, key: str) -> str:
        if key == self._input:
            return INPUT_NAME
        if key not in self._names:
            self._names[key] = self._free(self._steps[key].name)
        return self._names[key]

    def _free(self, wish: str) -> str:
        """A name that no layer gets by itself and no other has."""
        stem = re.sub(r"\W+", "_", wish).strip("_") or "value"
        name = f"{stem}_out" if is_automatic(stem) or stem == INPUT_NAME else stem
        number, found = 2, name
        while found in self._names.values():
            found, number = f"{name}_{number}_out", number + 1
        return found


def _with_name(element: Element, names: Names) -> Element:
    """The same element, every layer in it with the name that it gets by itself or its own."""
    match element:
        case Node(name=name, layer=layer):
            return element.replace(name=name or names.next(layer.word))
        case Merge(name=name, layer=layer, branches=branches):
            name = name or names.next(layer.word)
            inner = tuple(tuple(_with_name(e, names) for e in branch) for branch in branches)
            return element.replace(name=name, branches=inner)
        case SharedRepeat(body=body):
            return element.replace(body=tuple(_with_name(e, names) for e in body))
    return element


def _dominators(steps: Steps) -> dict[str, str]:
    """The immediate dominator of every value; the order is one of computation, so one pass does."""
    found: dict[str, str] = {}
    depth: dict[str, int] = {}
    for key, step in steps.items():
        if not step.inputs:
            depth[key] = 0
            continue
        at = step.inputs[0]
        for other in step.inputs[1:]:
            while at != other:
                if depth[at] >= depth[other]:
                    at = found[at]
                else:
                    other = found[other]
        found[key] = at
        depth[key] = depth[at] + 1
    return found


def _with_repeats(parts: list[_Part], count: dict[str, int]) -> list[_Part]:
    """Writes rounds of the same layers as `repeat N shared`."""
    found: list[_Part] = []
    while parts:
        period, times = _rounds(parts, count)
        body = parts[:period]
        if times > 1:
            element = SharedRepeat(times=times, body=tuple(part.element for part in body))
            body = [_Part(element, tuple(step for part in body for step in part.steps))]
        found += body
        parts = parts[period * times :]
    return found


def _rounds(parts: list[_Part], count: dict[str, int]) -> tuple[int, int]:
    """How many parts a round of shared layers has that begins here, and how many rounds."""
    for period in range(1, len(parts) // 2 + 1):
        first = [part.signature for part in parts[:period]]
        owners = {step.owner for part in parts[:period] for step in part.steps if step.owner}
        if not any(count[owner] > 1 for owner in owners):
            continue
        times = 1
        while [p.signature for p in parts[times * period : (times + 1) * period]] == first:
            times += 1
        if times > 1 and all(count[owner] % times == 0 for owner in owners):
            return period, times
    return 1, 1
