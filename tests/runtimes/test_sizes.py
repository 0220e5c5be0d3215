"""What other runtimes take: formulas against files of TensorFlow and arenas of TFLite Micro."""

from functools import cache

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.analysis.rules_file import read_rules
from cnnspec.core.source import Source
from cnnspec.program.build import build_program
from cnnspec.runtimes.arena import arena_size, planned_size
from cnnspec.runtimes.operators import file_of
from cnnspec.runtimes.size import file_size
from cnnspec.runtimes.table import ERRORS
from tests.program.networks import checked, weights
from tests.support.paths import ROOT

MEASURED_ON_M4 = {
    "lenet5": 9_204,
    "budget": 10_244,
    "grid_2": 29_060,
    "four_2": 34_036,
    "mobile_se": 23_508,
    "preact_resnet": 21_876,
    "inception": 25_380,
    "dense_net": 40_852,
    "quickstart": 8_212,
    "mlp_64": 3_540,
}
"""`arena_used_bytes()` in int8: tflite-micro 90b983c, gcc 12 -O2, Cortex-M4 in QEMU 7.2."""

PLANNED = {
    ("lenet5", "float32"): 23_520,
    ("lenet5", "int8"): 5_888,
    ("mobile_se", "float32"): 62_720,
    ("mobile_se", "int8"): 15_680,
    ("dense_net", "float32"): 141_120,
    ("dense_net", "int8"): 35_280,
    ("mlp_64", "float32"): 6_272,
    ("mlp_64", "int8"): 1_568,
}
"""What tflite-micro 0.dev20261023 on x86-64 prints as the head of the arena of the same files."""

PROBES = {
    "a transposed convolution has sums of 32 bits": ("tconv 8x3 stride=2", 26_736),
    "layer norm is eleven operators": ("ln", 8_640),
    "group norm goes through float32": ("gn groups=2", 15_568),
    "silu is two operators": ("silu", 5_184),
    "elu is computed in float32": ("elu", 13_824),
}
"""A layer between two convolutions in int8, and the head of the arena, measured in the same way."""


@cache
def spec(name):
    return checked((ROOT / "specs" / f"{name}.cnn").read_text())


def written(network, dtype):
    return file_of(network.graph, network.spec.model, dtype)


def converted_file(network, dtype):
    """The file of a network with weights drawn at random."""
    from cnnspec.targets.keras.source import plain_model
    from cnnspec.targets.litert.convert import converted

    drawn = weights(build_program(network.graph), 1)
    shapes = network.graph.weights()
    given = {key: drawn[key].reshape(shape).astype(np.float32) for key, shape in shapes.items()}
    images = np.random.default_rng(1).random((8, *network.spec.shape.dims), np.float32)
    return converted(plain_model(network, given, 1), images if dtype == "int8" else None)


def operators_in(data):
    """The names of the operators of a file in their order."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    return [
        names[model.operatorCodes[each.opcodeIndex].builtinCode]
        for each in model.subgraphs[0].operators
    ]


@pytest.mark.parametrize("name", MEASURED_ON_M4)
def test_arena_is_near_what_was_measured_on_a_cortex_m4(name):
    found, measured = arena_size(written(spec(name), "int8")), MEASURED_ON_M4[name]
    assert abs(found - measured) <= ERRORS["ram"] * measured


def test_arena_in_float32_is_near_what_was_measured_on_a_cortex_m4():
    assert abs(arena_size(written(spec("lenet5"), "float32")) - 25_072) <= ERRORS["ram"] * 25_072


@pytest.mark.parametrize(("name", "dtype"), PLANNED)
def test_values_are_planned_as_tflite_micro_plans_them(name, dtype):
    assert planned_size(written(spec(name), dtype)) == PLANNED[name, dtype]


@pytest.mark.parametrize("case", PROBES)
def test_a_layer_takes_what_its_operators_take(case):
    layer, measured = PROBES[case]
    text = f"input 14x14x8; classes 5; conv 12x3; {layer}; conv 4x3 same; gap; dense 5 softmax"
    assert planned_size(written(checked(text), "int8")) == measured


RULES = "budget ram int8 on tflm <= {limit}"


@pytest.mark.parametrize(("limit", "holds"), [("10KiB", True), ("8KiB", False)])
def test_rules_take_budgets_on_a_runtime(limit, holds):
    (rule,) = read_rules(Source("rules", RULES.format(limit=limit))).rules
    verdict = rule.judge(spec("lenet5"))
    assert (verdict.found, verdict.holds) == ("9,288", holds)


def test_a_rule_on_a_runtime_is_broken_by_what_that_cannot_run():
    (rule,) = read_rules(Source("rules", RULES.format(limit="1M"))).rules
    verdict = rule.judge(checked("input 9x9x1; classes 4; conv 8x3 selu; dense 4 softmax"))
    assert (verdict.found, verdict.holds) == ("it has no operator for it", False)


def test_a_runtime_runs_in_float32_what_it_does_not_in_int8():
    text = "input 9x9x1; classes 4; conv 8x3 softplus; dense 4 softmax; budget ram{} on tflm <= 1M"
    assert not check(Source("x", text.format(""))).problems
    (problem,) = check(Source("x", text.format(" int8"))).problems
    assert problem.code == "CNN307"


@pytest.mark.parametrize("dtype", ["", " int8"])
@pytest.mark.parametrize(("word", "instead"), [("litert", "tflm"), ("ram", "flash")])
def test_what_the_error_of_ram_on_litert_says_can_be_budgeted(dtype, word, instead):
    text = f"conv 8x3 relu; dense 10 softmax; budget ram{dtype} on litert <= 300KiB"
    (problem,) = check(Source("x", text)).problems
    assert problem.code == "CNN308"
    assert f"`{instead}` in place of `{word}`" in problem.help
    assert not check(Source("x", text.replace(word, instead))).problems
    if word == "litert":
        (fix,) = problem.fixes
        (edit,) = fix.edits
        assert text[: edit.span.start] + edit.text + text[edit.span.end :] == text.replace(
            word, instead
        )


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("name", ["lenet5", "mobile_se", "mlp_64"])
def test_file_is_near_what_tensorflow_writes(name, dtype):
    network = spec(name)
    data, file = converted_file(network, dtype), written(network, dtype)
    assert [each.name for each in file.operators] == operators_in(data)
    assert abs(file_size(file) - len(data)) <= ERRORS["flash"] * len(data)


@pytest.mark.slow
@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize(
    "path", sorted((ROOT / "specs").rglob("*.cnn")), ids=lambda path: path.stem
)
def test_every_file_is_near_what_tensorflow_writes(path, dtype):
    network = checked(path.read_text())
    data = converted_file(network, dtype)
    found = file_size(written(network, dtype))
    assert abs(found - len(data)) <= ERRORS["flash"] * len(data)
