"""The form of each JSON document of a run or a sweep, by the name of its file.

Fields that older versions did not write are optional. Fields that later versions may add have the
form `Anything`. Light.
"""

import json
from typing import Any

from cnnspec.core.record import MISSING
from cnnspec.ir.claims import METRIC_NAMES, RELATIONS
from cnnspec.runs.forms import (
    Count,
    Flag,
    Form,
    ListOf,
    MapOf,
    Matrix,
    Maybe,
    Number,
    ObjectOf,
    Text,
    Word,
)

_SECONDS = Number(0, 1e12)
_SHARE = Number(0, 1 + 1e-6)
"""An accuracy, an F1 score or a rate; a mean of many may be rounded up."""
_EPOCHS = Count(0, 10**7)
_MACHINES = Count(0, 2**16)
"""Threads, devices and parts of a batch."""

EPOCHS = ListOf(
    ObjectOf({"epoch": _EPOCHS, "seconds": _SECONDS}, ("epoch",), others=Maybe(Number())),
    cut=True,
)
"""The metrics of epochs, in order. Everything after a damaged epoch is dropped."""

_MEASURES: dict[str, Form] = {
    "accuracy": Maybe(_SHARE),
    "f1": Maybe(_SHARE),
    "loss": Maybe(Number()),
    "confusion": Matrix(),
}
_SPLIT = ObjectOf(_MEASURES)
_IN_INT8 = ObjectOf({**_MEASURES, "agreement": Maybe(_SHARE)})
_EXPECTATIONS = ListOf(
    ObjectOf(
        {
            "quantity": Word(tuple(METRIC_NAMES)),
            "relation": Word(tuple(RELATIONS)),
            "limit": Number(),
            "value": Maybe(Number()),
            "dtype": Word(("int8",)),
            "holds": Flag(),
        },
        ("quantity", "relation", "limit", "value", "holds"),
    )
)
_TARGET = Maybe(
    ObjectOf(
        {
            "quantity": Word(tuple(METRIC_NAMES)),
            "limit": Number(),
            "epoch": Maybe(Number(0, 1e7)),
            "seconds": Maybe(_SECONDS),
            "value": Maybe(Number()),
            "reached": Count(),
        },
        ("quantity", "limit"),
    )
)
_SPREAD = ObjectOf(
    {"mean": Number(), "deviation": Maybe(Number(0)), "values": Count()},
    ("mean", "deviation", "values"),
)
_DATA = ObjectOf(
    {
        "name": Text(),
        "origin": Text(),
        "path": Text(),
        "labels": ListOf(Text()),
        "sha256": MapOf(Text()),
        "train": Count(),
        "validation": Count(),
        "test": Count(),
    }
)
_CODE = ObjectOf({"size": Count(), "compiler": Text()}, ("size", "compiler"))
_POINT = ObjectOf(
    {
        "name": Text(),
        "text": Text(),
        "values": MapOf(Text()),
        "params": Count(),
        "macs": Count(),
        "seeds": ListOf(Count()),
        "epochs": _EPOCHS,
    },
    ("name", "text", "values", "params", "macs", "seeds", "epochs"),
)
_DROPPED = ObjectOf(
    {"values": MapOf(Text()), "code": Text(), "reason": Text()}, ("values", "code", "reason")
)
_FRACTIONS = ListOf(Number(), 3)

CHECKPOINT = ObjectOf(
    {
        "epoch": _EPOCHS,
        "step": Count(),
        "spent": _SECONDS,
        "ended": Flag(),
        "history": EPOCHS,
        "rates": ObjectOf(
            {"best": Maybe(Number()), "share": Number(0, 1), "waited": Count()},
            ("best", "share", "waited"),
        ),
        "stopper": ObjectOf(
            {"best": Maybe(Number()), "best_epoch": _EPOCHS}, ("best", "best_epoch")
        ),
        "aim": Maybe(
            ObjectOf(
                {"epoch": _EPOCHS, "seconds": _SECONDS, "value": Number()},
                ("epoch", "seconds", "value"),
            )
        ),
    },
    ("epoch",),
)
"""What a checkpoint has beside its arrays; a training checks what else it needs."""

FORMS: dict[str, Form] = {
    "environment.json": ObjectOf(
        {
            "cnnspec": Text(),
            "python": Text(),
            "keras": Text(),
            "backend": Text(),
            "first_weights": Text(),
            "compiler": Text(),
            "compiler_flags": Text(),
            "numpy": Text(),
            "platform": Text(),
            "processors": Maybe(_MACHINES),
            "threads": Maybe(_MACHINES),
            "parts": _MACHINES,
            "devices": _MACHINES,
            "started": Text(),
            "command": ListOf(Text()),
            "data": _DATA,
            "continues": ObjectOf({"run": Text(), "epochs": _EPOCHS}, ("run", "epochs")),
            "imported": ObjectOf({"file": Text(), "sha256": Text(), "tool": Text()}),
        }
    ),
    "history.json": EPOCHS,
    "metrics.json": ObjectOf(
        {
            "train": Maybe(_SPLIT),
            "validation": Maybe(_SPLIT),
            "test": Maybe(_SPLIT),
            "int8": ObjectOf({"test": _IN_INT8, "validation": _IN_INT8}),
            "expectations": _EXPECTATIONS,
            "params": Count(),
            "macs": Count(),
            "epochs": _EPOCHS,
            "best_epoch": Maybe(_EPOCHS),
            "seconds": _SECONDS,
            "target": _TARGET,
            "weights_sha256": Text(),
        },
        ("epochs", "seconds"),
        partly=True,
    ),
    "manifest.json": ObjectOf(
        {
            "target": Text(),
            "dtype": Text(),
            "weights_sha256": Text(),
            "figures": ObjectOf({"code": MapOf(Maybe(_CODE))}),
        }
    ),
    "series.json": ObjectOf(
        {
            "seeds": ListOf(Count()),
            "train": MapOf(_SPREAD),
            "validation": MapOf(_SPREAD),
            "test": MapOf(_SPREAD),
            "int8": MapOf(MapOf(_SPREAD)),
            "expectations": _EXPECTATIONS,
            "target": _TARGET,
        }
    ),
    "inputs.json": ObjectOf(
        {
            "framing": ObjectOf(
                {
                    "frame": ListOf(Count(1, 10**6), 2),
                    "ground": ListOf(Number(0, 255)),
                    "plain": _SHARE,
                    "ink": Number(-255, 255),
                    "one_tone": _SHARE,
                    "side": _FRACTIONS,
                    "box": _FRACTIONS,
                    "mass": _FRACTIONS,
                    "stroke": _FRACTIONS,
                    "stretched": Flag(),
                },
                ("frame", "ground", "plain", "ink", "one_tone", "side", "box", "mass", "stroke"),
            ),
            "doubt": ObjectOf(
                {
                    "limit": Number(0),
                    "rate": _SHARE,
                    "split": Word(("validation", "test")),
                    "images": Count(),
                },
                ("limit", "rate", "split", "images"),
            ),
        },
        ("framing", "doubt"),
    ),
    "checkpoints/manifest.json": ObjectOf(
        {
            "version": Count(),
            "checkpoints": ListOf(
                ObjectOf(
                    {"file": Text(), "size": Count(), "sha256": Text()}, ("file", "size", "sha256")
                )
            ),
        },
        ("version", "checkpoints"),
    ),
    "mlflow.json": ObjectOf({"run_id": Text()}, ("run_id",)),
    "sweep.json": ObjectOf(
        {
            "version": Count(),
            "model": Text(),
            "source": Text(),
            "names": MapOf(ListOf(Text())),
            "total": Count(0, 10**60),
            "points": ListOf(_POINT),
            "reasons": MapOf(Count()),
            "dropped": ListOf(_DROPPED),
            "data": Maybe(Text()),
            "backend": Maybe(Text()),
            "threads": _MACHINES,
            "stop_early": Text(),
            "command": ListOf(Text()),
            "by": Word(METRIC_NAMES),
        },
        ("version", "model", "source", "names", "total", "points", "reasons", "dropped"),
    ),
    "search.json": ObjectOf(
        {
            "version": Count(),
            "sampler": Text(),
            "seed": Count(),
            "points": Count(),
            "width": Count(1),
            "metric": Word(METRIC_NAMES),
            "against": Text(),
            "sets": ListOf(Text()),
            "drawn": Count(),
            "proposals": ListOf(
                ObjectOf(
                    {
                        "values": MapOf(Text()),
                        "name": Text(),
                        "violation": Number(0),
                        "cost": Maybe(Number(0)),
                        "marks": MapOf(Count()),
                    },
                    ("values", "name", "violation", "cost", "marks"),
                )
            ),
        },
        (
            "version",
            "sampler",
            "seed",
            "points",
            "width",
            "metric",
            "against",
            "sets",
            "drawn",
            "proposals",
        ),
    ),
    "rounds.json": ListOf(
        ObjectOf(
            {
                "epoch": _EPOCHS,
                "figure": Text(),
                "figures": MapOf(Maybe(Number())),
                "on": ListOf(Text()),
            },
            ("epoch", "figure", "figures", "on"),
        )
    ),
    "failure.json": ObjectOf(
        {"code": Text(), "message": Text(), "remedy": Text(), "attempts": Count()},
        ("code", "message"),
    ),
}
"""The form of every JSON document in a folder, by its name in it."""


def parse(text: str | bytes, form: Form) -> tuple[Any, tuple[str, ...]]:
    """Returns the undamaged part of a JSON text (`MISSING` for none) and what is damaged in it."""
    try:
        value = json.loads(text)
    except RecursionError:
        return MISSING, ("it is nested too deep",)
    except ValueError as error:
        return MISSING, (f"it is not JSON ({error})",)
    found: list[str] = []
    left = form.fit(value, "", found.append)
    return left, tuple(found)


def empty(form: Form) -> Any:
    """Returns the value for a document of which nothing can be read."""
    return [] if isinstance(form, ListOf) else {}
