"""The IR as JSON: written, validated and read, with the schema made from the tables.

The schema is committed as `grammar/ir.schema.json`; a test compares the two.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.claims import InvalidIR
from cnnspec.ir.claims import BYTES, MEASURED, QUANTITIES, RELATIONS, Budget, Claim, Expectation
from cnnspec.ir.spec import NAME, Node, Spec, automatic_names, is_automatic
from cnnspec.ir.training import LOSSES, OPTIMIZERS, Training
from cnnspec.language.entries import tagged
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.table import LAYERS

VERSION = 1
"""Grows when a document that was valid before would be read differently."""


def dump(spec: Spec) -> dict[str, Any]:
    """The spec as a JSON document."""
    return {
        "version": VERSION,
        **Spec.dump(spec),
        "layers": [
            {"layer": node.layer.word, "name": node.name, **node.layer.dump()}
            for node in spec.nodes
        ],
        "budgets": [budget.dump() for budget in spec.budgets],
        "expectations": [claim.dump() for claim in spec.expectations],
        "train": spec.train.dump(),
    }


def load(text: str, name: str) -> Spec:
    """The spec in a JSON document; raises `Problems` where it is not valid."""
    try:
        data = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise _invalid(name, "", f"it is no JSON ({error})") from None
    validate(data, name)
    header = {key: data[key] for key in Spec.specs if key in data}
    fields = {key: Spec.specs[key].kind.load(value) for key, value in header.items()}
    return Spec(
        **fields,
        nodes=tuple(_nodes(data["layers"], name)),
        budgets=tuple(_claim(Budget, item) for item in data.get("budgets", ())),
        expectations=tuple(_claim(Expectation, item) for item in data.get("expectations", ())),
        train=Training.load(data.get("train", {})),
    )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:24]} is no finite number")
    return value


def validate(data: Any, name: str) -> None:
    """Raises `Problems` with the first and deepest fault of a document."""
    import jsonschema

    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        reason = f"version {version} is newer than this program reads ({VERSION})"
        raise _invalid(name, "version", reason)
    errors = jsonschema.Draft202012Validator(schema()).iter_errors(data)
    error = jsonschema.exceptions.best_match(errors)
    if error is not None:
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        raise _invalid(name, place.lstrip("."), error.message[:300])


def _invalid(name: str, place: str, reason: str) -> Problems:
    return Problems(InvalidIR(None, name=name, place=place, reason=reason))


def _nodes(items: list[dict[str, Any]], document: str) -> list[Node]:
    names = automatic_names()
    next(names)
    nodes = []
    for index, item in enumerate(items):
        automatic = names.send(item["layer"])
        name = item.get("name", automatic)
        if name != automatic and is_automatic(name):
            reason = f"{name!r} is a name that layers get by themselves; here it is {automatic!r}"
            raise _invalid(document, f"layers[{index}].name", reason)
        layer = LAYERS[item["layer"]].load({k: v for k, v in item.items() if k != "name"})
        nodes.append(Node(name, layer))
    return nodes


def _claim(cls: type[Claim], item: Mapping[str, Any]) -> Any:
    return cls(item["quantity"], item["relation"], float(item["limit"]), item.get("dtype", ""))


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
    for word, cls in LAYERS.items():
        layer = cls.schema("layer")
        layer["properties"]["name"] = NAME.schema
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
            "layers": {
                "type": "array",
                "minItems": 1,
                "maxItems": 10_000,
                "items": {
                    **tagged("layer", LAYERS),
                    "allOf": [
                        {
                            "if": {"properties": {"layer": {"const": word}}},
                            "then": {"$ref": f"#/$defs/{word}"},
                        }
                        for word in LAYERS
                    ],
                },
            },
            "budgets": claims,
            "expectations": _claim_schema(MEASURED, dtypes=False),
            "train": train,
        },
        "required": ["version", "layers"],
        "additionalProperties": False,
        "$defs": {
            **layers,
            "initializer": tagged("name", INITIALIZERS),
            "optimizer": tagged("name", OPTIMIZERS),
            "loss": tagged("name", LOSSES),
        },
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
