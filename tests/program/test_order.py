"""The order of branches: the least of all orders, the same outputs, and chains as they are."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
import pytest

from cnnspec.program.build import Program, build_program, validate
from cnnspec.program.inference import inference_plan, inference_program, integer_program
from cnnspec.program.memory_plan import memory_plan
from cnnspec.program.order import order_for_memory, reordered
from cnnspec.program.passes import for_inference, for_integers
from cnnspec.program.usage import Usage
from cnnspec.targets.interpreter.run import Interpreter
from tests.program.networks import checked, drawn, weights
from tests.support.counting import calls
from tests.support.paths import SPECS

LAYERS = (
    "conv {f}x1 relu",
    "conv {f}x3 same",
    "conv {f}x5 same relu",
    "pool 3 same stride=1",
    "dwconv 3 same",
    "bn; tanh",
    "shuffle 2",
)


def branched(seed: int) -> Program:
    """A small network with two or three branches, perhaps one more inside, in int8."""
    random = Random(seed)

    def layers(most: int) -> str:
        chosen = (random.choice(LAYERS) for _ in range(random.randint(1, most)))
        return "; ".join(layer.format(f=random.choice((2, 4, 8, 16))) for layer in chosen)

    def branches(number: int, inside: str = "") -> str:
        each = [layers(3 if number == 2 else 2) for _ in range(number)]
        each[-1] += inside and f"; {inside}"
        return f"concat {{ {' '.join(f'branch {{ {one} }};' for one in each)} }}"

    inner = branches(2) if random.random() < 0.3 else ""
    text = f"conv 4x3 same; {branches(2 if inner else random.choice((2, 3)), inner)}"
    return for_integers(build_program(checked(f"{text}; conv 4x1; gap; dense 10").graph))


def all_orders(program: Program) -> Iterator[list[int]]:
    """Every order in which the steps of a program can be computed."""
    order: list[int] = []

    def further() -> Iterator[list[int]]:
        if len(order) == len(program.steps):
            yield list(order)
        for index, step in enumerate(program.steps):
            if index not in order and all(source in order for source in step.inputs):
                order.append(index)
                yield from further()
                order.pop()

    return further()


def test_the_order_is_the_best_of_all() -> None:
    tried = better = 0
    for seed in range(60):
        program = branched(seed)
        orders = list(islice(all_orders(program), 301))
        if len(orders) > 300:
            continue
        tried += 1
        least = min(memory_plan(reordered(program, order), "int8").peak for order in orders)
        ordered = order_for_memory(program)
        validate(ordered)
        assert memory_plan(ordered, "int8").peak == least, seed
        better += least < memory_plan(program, "int8").peak
    assert tried >= 40
    assert better >= 2


# Values of one image that each plan needs, by hand.
@pytest.mark.parametrize(
    ("text", "values"),
    [
        # Channels are shuffled first, while the image is still there, and not beside the other
        # branch: 1 + 16 + 16 channels and not 4 + 16 + 16.
        ("concat { branch { conv 4x1 }; branch { conv 16x1; shuffle 2; conv 4x1 } }",
         784 * (1 + 16 + 16)),
        # One branch after the other; of those that are done, only the four channels are kept.
        ("conv 2x1; concat { branch { conv 4x1; shuffle 2; conv 4x1 };"
         " branch { conv 8x1; shuffle 2; conv 2x1 }; branch { conv 16x1; shuffle 2; conv 2x1 } }",
         784 * (2 + 16 + 16)),
    ],
)  # fmt: skip
def test_peak_by_hand(text: str, values: int) -> None:
    result = checked(f"{text}; softmax; gap; dense 10")
    assert inference_plan(result.graph, "int8").peak == values
    assert inference_plan(result.graph, "float32").peak == 4 * values


def test_outputs_are_those_of_the_order_of_the_text() -> None:
    moved = 0
    for seed in range(300):
        graph = drawn(seed).graph
        program, ordered = for_inference(build_program(graph)), inference_program(graph)
        if ordered is not program and ordered.steps != program.steps:
            moved += 1
            stored = weights(build_program(graph), seed)
            images = np.random.default_rng(seed).random((2, *graph.input.dims))
            wanted = Interpreter(program, stored, "float64").predict(images)
            found = Interpreter(ordered, stored, "float64").predict(images)
            assert np.array_equal(found, wanted, equal_nan=True), seed
            assert memory_plan(ordered).peak < memory_plan(program).peak
    assert moved >= 3


def test_a_chain_stays_as_it_is() -> None:
    for text in ("conv 8x3; pool 2; dense 10", "conv 4x1; residual { conv 4x1 }; gap; dense 10"):
        program = for_inference(build_program(checked(text).graph))
        assert order_for_memory(program) is program


def test_the_same_branches_again_are_searched_once() -> None:
    def steps_looked_at(times: int) -> int:
        module = """concat {
            branch { conv 4x1 relu }; branch { conv 8x1; conv 4x3 same }
            branch { conv 6x1; conv 4x5 same }; branch { pool 3 same stride=1; conv 4x1 }
        }"""
        text = f"conv 16x3 same; repeat {times} {{ {module} }}; conv 4x1; gap; dense 10"
        program = for_inference(build_program(checked(text).graph))
        with calls(Usage.after) as counted:
            order_for_memory(program)
        return counted["after"]

    # A search looks at more than a hundred; without one a module takes about fifty.
    assert steps_looked_at(24) - steps_looked_at(4) < 20 * 100


def test_hundred_branches_need_no_more_than_in_the_order_of_the_text() -> None:
    branches = "; ".join(f"branch {{ conv {1 + n % 7}x3 same; shuffle 1 }}" for n in range(100))
    graph = checked(f"conv 8x3 same; concat {{ {branches} }}; conv 4x1; gap; dense 10").graph
    program = for_inference(build_program(graph))
    assert inference_plan(graph).peak <= memory_plan(program).peak


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_specs_are_valid_in_their_order(path: Path) -> None:
    graph = checked(path.read_text(encoding="utf-8")).graph
    for program in (inference_program(graph), integer_program(graph)):
        validate(program)
        assert program.output == len(program.steps) - 1
