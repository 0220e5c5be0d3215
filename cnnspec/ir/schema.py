"""The JSON Schema of IR documents, made from the tables of the language.

It is committed as `grammar/ir.schema.json`; a test compares the two.
"""

import json
from typing import Any

from cnnspec.ir.claims import BYTES, METRIC_NAMES, QUANTITIES, RELATIONS, RUNTIMES
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.spec import MAX_ELEMENTS, MAX_LAYERS, NAME, Spec
from cnnspec.ir.training import Training
from cnnspec.language.tables import tagged
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS

VERSION = 1
"""Grows when a document that was valid before would be read differently."""


def _claim_schema(
    known: tuple[str, ...], dtypes: tuple[str, ...], runtimes: tuple[str, ...] = ()
) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "quantity": {"enum": list(known)},
        "relation": {"enum": list(RELATIONS)},
        "limit": {"type": "number"},
    }
    properties["dtype"] = {"enum": list(dtypes)}
    if runtimes:
        properties["runtime"] = {"enum": list(runtimes)}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": ["quantity", "relation", "limit"],
            "additionalProperties": False,
        },
    }


def schema(*, nested: bool = True) -> dict[str, Any]:
    """The JSON Schema of an IR document, draft 2020-12.

    One that is not `nested` asks for lists of layers, and nothing of what is in them.
    """
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
    claims = _claim_schema(tuple(QUANTITIES), tuple(BYTES), tuple(RUNTIMES))
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
            "expectations": _claim_schema(METRIC_NAMES, dtypes=("float32", "int8")),
            "train": train,
        },
        "required": ["version", "layers"],
        "additionalProperties": False,
        "$defs": {
            "sequence": _sequence(tuple(layers)) if nested else {"type": "array"},
            "repeat": {
                "description": "Layers applied several times with one set of weights.",
                "type": "object",
                "properties": {
                    "repeat": {"type": "integer", "minimum": 0, "maximum": MAX_LAYERS},
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


def _sequence(words: tuple[str, ...]) -> dict[str, Any]:
    """The schema of layers one after another."""
    return {
        "type": "array",
        "maxItems": MAX_ELEMENTS,
        "items": {
            "type": "object",
            # One level for each kind: a validator recurses, and layers may nest deep.
            "dependentSchemas": {kind: {"$ref": f"#/$defs/{kind}"} for kind in ("repeat", "from")},
            "if": {"anyOf": [{"required": ["repeat"]}, {"required": ["from"]}]},
            "else": {
                "required": ["layer"],
                "properties": {"layer": {"enum": list(words)}},
                "allOf": [
                    {
                        "if": {"properties": {"layer": {"const": word}}},
                        "then": {"$ref": f"#/$defs/{word}"},
                    }
                    for word in words
                ],
            },
        },
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
