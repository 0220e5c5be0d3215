"""The IR as JSON: written, validated and read, with the schema made from the tables.

The schema is committed as `grammar/ir.schema.json`; a test compares the two.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from cnnspec.diagnostics.claims import InvalidIR
from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.claims import BYTES, METRIC_NAMES, QUANTITIES, RELATIONS, Budget, Claim, Expectation
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.spec import (
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
from cnnspec.language.tables import tagged
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS

VERSION = 1
"""Grows when a document that was valid before would be read differently."""


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
    except (ValueError, RecursionError) as error:
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
    errors = jsonschema.Draft202012Validator(schema()).iter_errors(data)
    try:
        error = jsonschema.exceptions.best_match(errors)
    except RecursionError:
        raise _invalid(name, "", "its layers nest too deep") from None
    if error is not None:
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        raise _invalid(name, place.lstrip("."), error.message[:300])


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
    return cls(item["quantity"], item["relation"], float(item["limit"]), dtype)


def _claim_schema(known: tuple[str, ...], dtypes: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "quantity": {"enum": list(known)},
        "relation": {"enum": list(RELATIONS)},
        "limit": {"type": "number"},
    }
    if dtypes:
        properties["dtype"] = {"enum": list(BYTES)}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": ["quantity", "relation", "limit"],
            "additionalProperties": False,
        },
    }


def schema() -> dict[str, Any]:
    """The JSON Schema of an IR document, draft 2020-12."""
    layers = {}
    for word, cls in (LAYERS | MERGES).items():
        layer = cls.schema("layer")
        layer["properties"]["name"] = NAME.schema
        if word in MERGES:
            branch = {"$ref": "#/$defs/sequence"}
            layer["properties"]["branches"] = {"type": "array", "minItems": 2, "items": branch}
            layer["required"].append("branches")
        layer["description"] = (cls.__doc__ or "").split("\n", 1)[0]
        layers[word] = layer
    header = Spec.schema("")["properties"]
    train = Training.schema("")
    claims = _claim_schema(tuple(QUANTITIES), dtypes=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cnnspec IR",
        "description": "A checked network: layers in order with every default filled in. "
        "A dense layer on an image flattens it first.",
        "type": "object",
        "properties": {
            "version": {"const": VERSION},
            **header,
            "layers": {"$ref": "#/$defs/sequence", "minItems": 1},
            "budgets": claims,
            "expectations": _claim_schema(METRIC_NAMES, dtypes=False),
            "train": train,
        },
        "required": ["version", "layers"],
        "additionalProperties": False,
        "$defs": {
            "sequence": {
                "type": "array",
                "maxItems": 10_000,
                "items": {
                    "type": "object",
                    # One level for each kind: a validator recurses, and layers may nest deep.
                    "dependentSchemas": {
                        kind: {"$ref": f"#/$defs/{kind}"} for kind in ("repeat", "from")
                    },
                    "if": {"anyOf": [{"required": ["repeat"]}, {"required": ["from"]}]},
                    "else": {
                        "required": ["layer"],
                        "properties": {"layer": {"enum": list(layers)}},
                        "allOf": [
                            {
                                "if": {"properties": {"layer": {"const": word}}},
                                "then": {"$ref": f"#/$defs/{word}"},
                            }
                            for word in layers
                        ],
                    },
                },
            },
            "repeat": {
                "description": "Layers applied several times with one set of weights.",
                "type": "object",
                "properties": {
                    "repeat": {"type": "integer", "minimum": 0, "maximum": 10_000},
                    "layers": {"$ref": "#/$defs/sequence"},
                },
                "required": ["repeat", "layers"],
                "additionalProperties": False,
            },
            "from": {
                "description": "The output of a layer before, with which a branch begins.",
                "type": "object",
                "properties": {"from": NAME.schema},
                "required": ["from"],
                "additionalProperties": False,
            },
            **layers,
            "initializer": tagged("name", INITIALIZERS),
            "optimizer": tagged("name", OPTIMIZERS),
            "schedule": tagged("name", SCHEDULES),
            "loss": tagged("name", LOSSES),
        },
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
