import json
import subprocess
import sys
from random import Random
from typing import Any

import jsonschema
import pytest

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.document import dump, load
from cnnspec.ir.schema import VERSION, schema, schema_text
from cnnspec.ir.spec import Spec
from cnnspec.ir.training import Training
from cnnspec.layers.base import Layer
from cnnspec.layers.dense import Dense
from cnnspec.layers.table import LAYERS
from tests.ir.test_spec import named
from tests.support.paths import ROOT
from tests.support.random_specs import draw_spec, entries

MINIMAL: dict[str, Any] = {"version": VERSION, "layers": [{"layer": "dense", "units": 10}]}


def refusal(document: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(CnnspecError) as caught:
        load(text, "net.json")
    (problem,) = caught.value.diagnostics
    assert problem.code == "CNN401"
    assert caught.value.exit_code == 1
    return problem.message


def test_committed_schema_is_the_one_of_the_tables() -> None:
    committed = ROOT / "grammar" / "ir.schema.json"
    assert committed.read_text(encoding="utf-8") == schema_text()


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("seed", range(60))
def test_random_spec_reads_back_from_its_document(seed: int) -> None:
    spec = draw_spec(Random(seed))
    assert load(json.dumps(dump(spec)), "random") == spec


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_every_value_of_every_layer_reads_back(cls: type[Layer]) -> None:
    layers = [layer for layer in entries(cls) if isinstance(layer, Layer)]
    spec = Spec(nodes=named(layers))
    assert load(json.dumps(dump(spec)), "layers") == spec


def test_every_training_setting_reads_back() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    for train in entries(Training):
        spec = Spec(nodes=named([Dense(units=1)]), train=train)
        document = json.loads(json.dumps(dump(spec)))
        validator.validate(document)
        assert Training.load(document["train"]) == train


def test_what_is_left_out_has_its_default() -> None:
    spec = load(json.dumps(MINIMAL), "minimal")
    assert spec == Spec(nodes=named([Dense(units=10)]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": VERSION + 1}, "newer"),
        ({"version": "1"}, "version"),
        ({"layers": []}, "layers"),
        ({"layers": [{"layer": "dens", "units": 10}]}, "layers[0].layer"),
        ({"layers": [{"layer": "dense"}]}, "'units' is a required property"),
        ({"layers": [{"layer": "dense", "units": 0}]}, "layers[0].units"),
        ({"layers": [{"layer": "dense", "units": 2**31}]}, "layers[0].units"),
        ({"layers": [{"layer": "dense", "units": 1.5}]}, "layers[0].units"),
        ({"layers": [{"layer": "dense", "units": 10, "unit": 3}]}, "'unit' was unexpected"),
        ({"layers": [{"layer": "dense", "units": 10, "name": "dense_2"}]}, "layers[0].name"),
        ({"layers": [{"layer": "dense", "units": 10, "name": "a/b"}]}, "layers[0].name"),
        ({"layers": [{"layer": "dense", "units": 10, "name": "a\x1b"}]}, "layers[0].name"),
        ({"layers": [{"layer": "dense", "units": 10, "name": "..."}]}, "layers[0].name"),
        ({"model": "n" * 256}, "model"),
        ({"train": {"optimizer": {"name": "adm"}}}, "train.optimizer.name"),
        ({"train": {"batch": 0}}, "train.batch"),
        ({"train": {"metrics": ["accuracy", "accuracy"]}}, "train.metrics"),
        ({"surprise": 1}, "'surprise' was unexpected"),
    ],
)
def test_a_wrong_document_is_refused_at_its_place(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(MINIMAL | changes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 1, "layers": [{"layer": "dense", "units": 10}], "budgets": '
        '[{"quantity": "params", "relation": "<=", "limit": 1e999}]}',
        '{"version": NaN}',
        '{"version": ' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
    ids=["empty", "open", "list", "null", "infinite", "nan", "digits", "deep"],
)
def test_what_is_no_document_is_refused(text: str) -> None:
    assert "is not a valid IR" in refusal(text)


def test_without_jsonschema_its_name_and_how_to_get_it_are_said():
    """In a Python in which it cannot be imported, as where only the light part is installed."""
    code = (
        "import sys; sys.modules['jsonschema'] = None\n"
        "from cnnspec.commands import main; sys.exit(main(['check', '-e', sys.argv[1]]))"
    )
    document = json.dumps(MINIMAL)
    done = subprocess.run(
        [sys.executable, "-c", code, document], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "error[CNN902]" in done.stderr
    assert "pip install jsonschema" in done.stderr


def test_a_document_that_is_nested_too_deep_is_json_all_the_same() -> None:
    with pytest.raises(CnnspecError, match="it is nested too deep"):
        load('{"layers": ' + "[" * 100_000 + "]" * 100_000 + "}", "deep.json")
