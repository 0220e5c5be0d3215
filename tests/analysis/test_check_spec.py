"""A spec that is checked as it is says the same as its text."""

import copy
import json
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cnnspec.analysis.check import CheckedSpec, check, check_spec
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.expand import read
from cnnspec.graph.build import build_graph
from cnnspec.ir.document import dump, load
from cnnspec.ir.source import SpecSource
from cnnspec.ir.spec import Spec
from cnnspec.ir.validity import is_valid
from cnnspec.language.parse import parse, parse_value
from tests.support.counting import calls
from tests.support.paths import SPECS
from tests.support.random_specs import draw_spec


def of_text(spec: Spec) -> CheckedSpec:
    return check(Source("spec", str(spec)))


def told(result: CheckedSpec) -> list[Any]:
    """What is said of a spec, and where."""
    return [
        (p.code, p.message, p.help, p.span and (p.span.start, p.span.end)) for p in result.problems
    ]


def same(one: CheckedSpec, other: CheckedSpec) -> None:
    assert one.spec == other.spec
    assert one.ok == other.ok
    assert one.totals == other.totals
    assert one.budget_results == other.budget_results
    assert [(c.name, c.layer, c.input_shape, c.output_shape) for c in one.graph.calls] == [
        (c.name, c.layer, c.input_shape, c.output_shape) for c in other.graph.calls
    ]
    assert told(one) == told(other)


@pytest.mark.parametrize("seed", range(100))
def test_a_drawn_spec_is_judged_as_its_text_is(seed: int) -> None:
    spec = draw_spec(Random(seed))
    assert is_valid(spec)
    same(check(SpecSource("spec", spec)), of_text(spec))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_of_the_project_is_checked_without_a_text(path) -> None:
    spec = check(Source(str(path), path.read_text(encoding="utf-8"))).spec
    source = SpecSource("spec", spec)
    with calls(parse, build_graph) as count:
        result = check_spec(spec, "spec")
        assert result.ok
    assert count == {"parse": 0, "build_graph": 1}
    same(check(source), of_text(spec))


ODD = (0, 1, 2, 3.0, -1.0, 1e9, 2.5, [], None, "none", "a", "conv_2", "float32", 9999)


def mutated(document: Any, random: Random) -> Any:
    """A document with a value taken from elsewhere in it, or one that seldom fits."""
    document = copy.deepcopy(document)
    places: list[tuple[Any, Any, Any]] = []
    todo = [document]
    while todo:
        inner = todo.pop()
        for key, value in inner.items() if isinstance(inner, dict) else enumerate(inner):
            places.append((inner, key, value))
            if isinstance(value, dict | list):
                todo.append(value)
    for _ in range(random.randint(1, 2)):
        where, key, _ = random.choice(places)
        alike = [value for _, name, value in places if name == key]
        where[key] = copy.deepcopy(random.choice(random.choice((alike, ODD))))
    return document


def test_a_document_that_was_tampered_with_is_judged_as_its_text_is() -> None:
    random = Random(1)
    documents = [dump(draw_spec(random)) for _ in range(60)]
    loaded = 0
    for _ in range(400):
        document = mutated(random.choice(documents), random)
        try:
            spec = load(json.dumps(document), "spec")
        except CnnspecError:
            continue
        loaded += 1
        assert not is_valid(spec) or not read(Source("spec", str(spec))).problems, document
        same(check(SpecSource("spec", spec)), of_text(spec))
    assert loaded > 100


def tampered(**changes: Any) -> Spec:
    """A small spec with some fields of its document changed."""
    text = "conv 4x3; add { branch { relu }; branch { } }; repeat 2 shared { relu }; dense 10"
    document = dump(check(Source("x", text)).spec)
    return load(json.dumps(document | changes), "x")


NAMED = [{"layer": "relu", "name": "a"}, {"layer": "dense", "name": "a", "units": 10}]
DENSE = {"layer": "dense", "units": 10}
RELU = {"layer": "relu"}


def nested(depth: int) -> list[Any]:
    """Merges within each other."""
    inner: list[Any] = [RELU]
    for _ in range(depth):
        inner = [{"layer": "add", "branches": [inner, []]}]
    return [*inner, DENSE]


# What the schema of documents cannot say, and a text is refused for.
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"layers": NAMED}, "CNN013"),
        ({"input": [28, 28, 3]}, "CNN113"),
        ({"classes": 9}, "CNN113"),
        ({"train": {"metrics": []}}, "CNN106"),
        ({"train": {"target": {"quantity": "accuracy", "value": 2}}}, "CNN105"),
        (
            {"budgets": [{"quantity": "params", "relation": "<=", "limit": 1, "dtype": "int8"}]},
            "CNN102",
        ),
        ({"expectations": [{"quantity": "f1", "relation": ">=", "limit": 2}]}, "CNN105"),
        ({"data": {"source": "mnist", "train_images": "x"}}, "CNN113"),
        ({"layers": [{"layer": "conv", "filters": 4, "kernel": [3, 3], "stride": [2, 2],
                      "dilation": [2, 2]}, DENSE]}, "CNN113"),
        ({"layers": [{"repeat": 6000, "layers": [RELU, RELU]}, DENSE]}, "CNN007"),
    ],
)  # fmt: skip
def test_what_only_expansion_refuses_is_refused(changes: dict[str, Any], code: str) -> None:
    spec = tampered(**changes)
    assert not is_valid(spec)
    result = check_spec(spec, "x.json")
    assert [problem.code for problem in result.problems][:1] == [code]
    assert all(p.span and p.span.source.name == "x.json" for p in result.problems)


@pytest.mark.parametrize(
    "layers",
    [
        nested(49),
        nested(150),
        [{"repeat": 1, "layers": nested(48)}, DENSE],
        [RELU] * 30_000 + [DENSE],
        [{"repeat": 1, "layers": [RELU] * 15_000}] * 2,
    ],
    ids=["49", "150", "within a repeat", "many", "many within repeats"],
)
def test_a_document_that_is_too_deep_or_too_long_is_refused(layers: list[Any]) -> None:
    with pytest.raises(CnnspecError) as caught:
        tampered(layers=layers)
    (problem,) = caught.value.diagnostics
    assert problem.code == "CNN401"
    assert len(problem.message) < 200


def test_ten_thousand_layers_of_a_document_are_looked_at_one_by_one() -> None:
    """A validator that tries each layer as every kind there is takes minutes for them."""
    layers = [{"layer": "dense", "units": number} for number in range(1, 1_001)]
    with calls(Draft202012Validator.descend) as count:
        tampered(layers=layers)
        once = count["descend"]
        tampered(layers=layers * 2)
    assert once < 30 * len(layers)
    # What has been seen is not looked at again.
    assert count["descend"] < 2.2 * once


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"input": [28, 28]},
        {"budgets": [{"quantity": "ram", "relation": "<=", "limit": 9e9, "dtype": "float32"}]},
        {"layers": [{"layer": "dense", "units": 10.0}]},
        {"layers": [{"repeat": 0, "layers": [RELU]}, DENSE]},
        {"layers": nested(48)},
    ],
)
def test_what_a_text_can_say_is_accepted(changes: dict[str, Any]) -> None:
    result = check_spec(tampered(**changes), "x.json")
    assert result.ok
    assert dump(result.spec) == dump(of_text(result.spec).spec)


@pytest.mark.parametrize("word", ["residual", "add", "repeat 1", "repeat 1 shared"])
def test_at_the_limit_of_nesting_every_printed_form_is_accepted(word: str) -> None:
    """`residual` is an `add` with two branches in the canonical text, which nests deeper."""
    inside = {"add": ("add { branch { ", " }; branch { } }")}.get(word, (f"{word} {{ ", " }"))

    def nest(depth: int) -> CheckedSpec:
        text = f"{inside[0] * depth}conv 1x1 same{inside[1] * depth}; dense 10 softmax"
        return check(Source("x", text))

    deepest = max(depth for depth in range(40, 101) if nest(depth).ok)
    refused = nest(deepest + 1).problems
    assert [problem.code for problem in refused] == ["CNN007"]
    spec = nest(deepest).spec
    assert check(Source("x", str(spec))).ok
    assert check(Source("x", spec.written(full=True))).ok
    assert check_spec(load(json.dumps(dump(spec)), "x"), "x").ok


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("conv 8x3; dense 10 softmax", {"epochs": "7"}),
        ("conv 8x3; dense 10 softmax", {"epoch": "7"}),
        ("conv 8x3; dense 10 softmax", {"epochs": "0"}),
        ("dense 10 softmax; expect val_f1 >= 0.5", {"validation": "none"}),
    ],
)
def test_values_that_are_set_are_taken_as_for_a_text(text: str, sets: dict[str, str]) -> None:
    overrides = {}
    for name, value in sets.items():
        found = parse_value(Source("<--set>", f"{name}={value}"))
        assert found is not None
        overrides[name] = found
    spec = check(Source("x", text)).spec
    same(check(SpecSource("x", spec), overrides), check(Source("x", str(spec)), overrides))


def test_a_network_that_was_checked_before_is_not_built_again() -> None:
    first = check(Source("x", "conv 8x3; dense 10 softmax; train { epochs 3 }"))
    other = first.spec.replace(train=first.spec.train.replace(epochs=9, seed=4))
    with calls(parse, build_graph) as count:
        again = check_spec(other, "y", like=first)
    assert count == {"parse": 0, "build_graph": 0}
    assert again.spec.train.epochs == 9
    assert again.graph is first.graph
    wider = first.spec.replace(classes=9)
    assert check_spec(wider, "y", like=first).graph is not first.graph


def test_a_network_much_longer_than_its_text_can_be_checked() -> None:
    head = "block b { conv 32x3 same relu init=he_normal(seed=1) l2=0.0001 }"
    spec = check(Source("x", f"{head}; repeat 9999 {{ b }}; dense 10 softmax")).spec
    assert len(str(spec)) > 256 * 1024
    assert check_spec(spec, "x").ok
