"""The IR as JSON: written, validated by the schema, and read."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cnnspec.diagnostics.documents import InvalidIR
from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.claims import Budget, Claim, Expectation
from cnnspec.ir.schema import VERSION, schema
from cnnspec.ir.spec import (
    MAX_ELEMENTS,
    MAX_NESTING,
    NAME,
    Element,
    From,
    Merge,
    Names,
    Node,
    SharedRepeat,
    Spec,
    is_automatic,
)
from cnnspec.ir.training import Training
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS


def dump(spec: Spec) -> dict[str, Any]:
    """The spec as a JSON document."""
    return {
        "version": VERSION,
        **Spec.dump(spec),
        "layers": _dump(spec.nodes),
        "budgets": [budget.dump() for budget in spec.budgets],
        "expectations": [claim.dump() for claim in spec.expectations],
        "train": spec.train.dump(),
    }


def load(text: str, name: str) -> Spec:
    """The spec in a JSON document; raises `CnnspecError` where it is not valid."""
    try:
        data = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise _invalid(name, "", "it is nested too deep") from None
    except ValueError as error:
        raise _invalid(name, "", f"it is not JSON ({error})") from None
    validate(data, name)
    header = {key: data[key] for key in Spec.specs if key in data}
    fields = {key: Spec.specs[key].kind.load(value) for key, value in header.items()}
    return Spec(
        **fields,
        nodes=_elements(data["layers"], Names(), name, "layers"),
        budgets=tuple(_claim(Budget, item) for item in data.get("budgets", ())),
        expectations=tuple(_claim(Expectation, item) for item in data.get("expectations", ())),
        train=Training.load(data.get("train", {})),
    )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:24]} is not a finite number")
    return value


def validate(data: Any, name: str) -> None:
    """Raises `CnnspecError` with the first and deepest fault of a document."""
    try:
        import jsonschema
    except ImportError:
        cause = f"{name} is an IR document, and reading it needs jsonschema, which is not installed"
        raise CnnspecError(MissingExtra(None, cause, "pip install jsonschema")) from None
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        reason = f"version {version} is newer than this program reads ({VERSION})"
        raise _invalid(name, "version", reason)
    form = schema(nested=False)
    validator = jsonschema.Draft202012Validator(form)

    def require(value: Any, part: dict[str, Any], place: str) -> None:
        error = jsonschema.exceptions.best_match(validator.descend(value, part))
        if error is not None:
            steps = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path]
            raise _invalid(name, (place + "".join(steps)).lstrip("."), error.message[:300])

    require(data, form, "")
    # Layer by layer: a validator recurses, and tries each layer as every kind that there is.
    count = 0
    held: set[str] = set()
    todo: list[tuple[list[Any], str, int]] = [(data["layers"], "layers", 0)]
    while todo:
        items, place, depth = todo.pop()
        count += len(items)
        if depth > MAX_NESTING or count > MAX_ELEMENTS:
            raise _invalid(name, "", _TOO_DEEP if depth > MAX_NESTING else _TOO_MANY)
        for index, item in enumerate(items):
            here = f"{place}[{index}]"
            part = _part(item, form["$defs"])
            if plain := _plain(item):
                # Most layers of a long network are like others, but for their names.
                if plain not in held:
                    require(item, part, here)
                    held.add(plain)
                elif "name" in item:
                    require(item["name"], NAME.schema, f"{here}.name")
                continue
            require(item, part, here)
            todo += [(inner, f"{here}.{at}", depth + more) for inner, at, more in _inner(item)]


_TOO_DEEP = f"merges and repeats nest deeper than {MAX_NESTING} brackets of the canonical text"
_TOO_MANY = f"it has more than {MAX_ELEMENTS:,} layers, merges and repeats"


def _part(item: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """The part of the schema that an element must satisfy: that of its word, where it has one."""
    if isinstance(item, dict):
        word = item.get("layer")
        known = isinstance(word, str) and (word in LAYERS or word in MERGES)
        kind = next((key for key in ("repeat", "from") if key in item), word if known else None)
        if kind is not None:
            part: dict[str, Any] = parts[kind]
            return part
    return {
        "type": "object",
        "required": ["layer"],
        "properties": {"layer": {"enum": [*LAYERS, *MERGES]}},
    }


def _plain(item: Any) -> str:
    """A layer without its name, as text; empty for what is not one, or holds other layers."""
    if not isinstance(item, dict) or "layer" not in item or item.keys() & {"branches", "layers"}:
        return ""
    return json.dumps({key: value for key, value in item.items() if key != "name"})


def _inner(item: dict[str, Any]) -> Iterator[tuple[list[Any], str, int]]:
    """The elements within one, where they are, and how many brackets the text puts around them."""
    if "repeat" in item:
        yield item["layers"], "layers", 1
    for index, branch in enumerate(item.get("branches", ())):
        yield branch, f"branches[{index}]", 2


def _invalid(name: str, place: str, reason: str) -> CnnspecError:
    return CnnspecError(InvalidIR(None, name=name, place=place, reason=reason))


def _dump(elements: Iterable[Element]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for element in elements:
        match element:
            case Node(name=name, layer=layer):
                found.append({"layer": layer.word, "name": name, **layer.dump()})
            case Merge(name=name, layer=merging, branches=branches):
                head = {"layer": merging.word, "name": name, **merging.dump()}
                found.append({**head, "branches": [_dump(branch) for branch in branches]})
            case SharedRepeat(times=times, body=body):
                found.append({"repeat": times, "layers": _dump(body)})
            case From(source=source):
                found.append({"from": source})
    return found


def _elements(
    items: list[dict[str, Any]], names: Names, document: str, place: str
) -> tuple[Element, ...]:
    elements: list[Element] = []
    for index, item in enumerate(items):
        here = f"{place}[{index}]"
        if "repeat" in item:
            body = _elements(item["layers"], names, document, f"{here}.layers")
            elements.append(SharedRepeat(times=int(item["repeat"]), body=body))
            continue
        if "from" in item:
            elements.append(From(source=item["from"]))
            continue
        word = item["layer"]
        if word in MERGES:
            # Branches come before the join, as they do in a text.
            branches = tuple(
                _elements(branch, names, document, f"{here}.branches[{number}]")
                for number, branch in enumerate(item["branches"])
            )
            name = _name(item, names, document, here)
            elements.append(Merge(name=name, layer=MERGES[word].load(item), branches=branches))
        else:
            name = _name(item, names, document, here)
            elements.append(Node(name=name, layer=LAYERS[word].load(item)))
    return tuple(elements)


def _name(item: dict[str, Any], names: Names, document: str, place: str) -> str:
    given: str | None = item.get("name")
    if given is not None and not is_automatic(given):
        return given
    automatic = names.next(item["layer"])
    if given not in (None, automatic):
        reason = f"{given!r} is a name that layers get by themselves; here it is {automatic!r}"
        raise _invalid(document, f"{place}.name", reason)
    return automatic


def _claim(cls: type[Claim], item: Mapping[str, Any]) -> Any:
    dtype = item.get("dtype", "")
    dtype = "" if dtype == "float32" else dtype
    runtime = item.get("runtime", "")
    return cls(item["quantity"], item["relation"], float(item["limit"]), dtype, runtime=runtime)
