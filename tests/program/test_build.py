"""Programs: what a graph is made of, and what is not one."""

from math import prod

import pytest

from cnnspec.core.shapes import Image, Vector
from cnnspec.operations.base import Function, Input
from cnnspec.operations.values import Map
from cnnspec.operations.windows import Convolution, MatrixProduct
from cnnspec.program.build import Program, Step, Value, build_program, validate
from cnnspec.program.recipes import NormOffset, NormScale
from tests.program.networks import drawn, program_of


def test_program_reads_as_what_is_computed_in_order() -> None:
    text = (
        "conv 4x3 same stride=2 relu name=stem; residual { dropout 0.5 }; pool 2; dense 10 softmax"
    )
    assert str(program_of(text)) == (
        "%0 = input() : 28x28x1 float32\n"
        "%1 = convolution 3 stride=2(%0) [stem/kernel] [stem/bias] : 14x14x4 float32\n"
        "%2 = relu(%1) : 14x14x4 float32\n"
        "%3 = dropout(%2) : 14x14x4 float32\n"
        "%4 = add(%3, %2) : 14x14x4 float32\n"
        "%5 = max pool 2(%4) : 7x7x4 float32\n"
        "%6 = reshape 196(%5) : 196 float32\n"
        "%7 = matrix product(%6) [dense/kernel] [dense/bias] : 10 float32\n"
        "%8 = softmax(%7) : 10 float32\n"
        "return %8\n"
    )


def test_layers_with_shared_weights_read_those_of_the_first() -> None:
    program = program_of("repeat 2 shared { conv 1x3 same }; dense 10")
    keys = [step.operation.operands for step in program.steps[1:3]]
    assert keys == [("conv/kernel", "conv/bias")] * 2
    assert program.weights["conv/kernel"] == (3, 3, 1, 1)


@pytest.mark.parametrize("seed", range(60))
def test_program_of_a_drawn_network_has_the_shapes_macs_and_weights_of_its_graph(seed: int) -> None:
    result = drawn(seed)
    assert result.totals is not None
    program = build_program(result.graph)
    # `validate` works out every shape anew from the explicit padding.
    validate(program)
    made = {step.name: step.value.shape for step in program.steps}
    assert made == {call.name: call.output_shape for call in result.graph.calls}
    assert program.macs == result.totals.macs
    assert sum(map(prod, program.weights.values())) == result.totals.params


IMAGE, MADE = Value(Image(4, 4, 1)), Value(Image(2, 2, 3))
INPUT = Step(Input((4, 4, 1)), (), IMAGE, ("input",))
CONV = Step(Convolution(3, (3, 3)), (0,), MADE, ("conv",))
RELU = Step(Map(Function("relu")), (1,), MADE, ("relu",))


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (Program((INPUT, CONV, RELU), 3), "the output is 3"),
        (Program((INPUT, CONV, RELU.replace(inputs=(2,))), 2), "step 2 takes"),
        (Program((INPUT, CONV, RELU), 1), "nothing takes the value of step 2"),
        (Program((INPUT, CONV.replace(value=IMAGE)), 1), "makes 2x2x3"),
        (Program((INPUT, CONV.replace(inputs=())), 1), "step 1 has 0 inputs"),
        (Program((CONV, RELU), 1), "step 0 takes"),
        (
            Program((INPUT, Step(MatrixProduct(2), (0,), Value(Vector(2)), ("dense",))), 1),
            "needs a vector",
        ),
        (
            Program(
                (INPUT, CONV),
                1,
                {"a": NormOffset("", "m", "s"), "s": NormScale("", "v", 1.0)},
            ),
            "a is made of weights that are not there yet",
        ),
    ],
)
def test_what_is_no_program_is_refused(program: Program, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        validate(program)
