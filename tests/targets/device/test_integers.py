"""C in int8 against the interpreter in integers, bit for bit, and both against float32."""

import numpy as np
import pytest

from cnnspec.program.build import build_program, validate
from cnnspec.program.inference import integer_program
from cnnspec.program.memory_plan import memory_plan
from cnnspec.targets.device.host import HostNetwork
from cnnspec.targets.device.network import write_integers
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.quantize.ranges import observe, whole
from cnnspec.targets.quantize.run import quantized
from tests.program.networks import checked, drawn, weights
from tests.support.paths import ROOT
from tests.support.seeds import seeds
from tests.targets.c.support import needs_compiler
from tests.targets.device.support import PROCESSORS, as_floats, compile_for, missing, pixels


def integers(spec, seed, images):
    """A network in int8 with random weights, and what it is in float32 on the images."""
    program = integer_program(spec.graph)
    validate(program)
    interpreter = Interpreter(program, weights(build_program(spec.graph), seed))
    floats = as_floats(images)
    ranges = [whole(seen) for seen in observe(interpreter, floats)]
    given = weights(build_program(spec.graph), seed)
    return quantized(program, given, ranges), interpreter.predict(floats)


def predicted(network, images, *flags):
    files = {f"{network.name}.h": network.header, f"{network.name}.c": network.source}
    with HostNetwork(network, files, flags=flags) as host:
        assert host.warnings == ""
        return host.predict(images)


@needs_compiler
@pytest.mark.parametrize("seed", seeds(12))
def test_drawn_networks_give_the_integers_of_the_interpreter(seed):
    spec = drawn(seed)
    program = integer_program(spec.graph)
    if sum(step.value.shape.size for step in program.steps) > 300_000:
        pytest.skip("too large to be quick")
    images = pixels(program, 8, seed)
    integer, floats = integers(spec, seed, images)
    if not np.isfinite(floats).all() or np.abs(floats).max() > 1e6:
        pytest.skip("numbers too large to be compared")
    network = write_integers(integer, "net", "a test")
    right = integer.predict(images).reshape(8, -1)
    assert (predicted(network, images) == right).all()
    # What `check` promises, to the byte.
    assert network.arena == spec.totals.ram("int8")
    assert network.tables == spec.totals.flash("int8")
    scale = integer.output_scale
    back = scale.factor * (right.astype(float) - scale.zero_point)
    error = np.abs(back - floats.reshape(8, -1)).max()
    assert error <= 0.1 * max(float(np.ptp(floats)), scale.factor * 20)


ONE_OF_EACH = """
input 12x12x3; classes 5
conv 6x3 leaky_relu; dwconv 3 same tanh; bn; prelu; ln; shuffle 2
tconv 8x3 stride=2 same relu6; resize 9x10; avgpool 3 same stride=2; gn groups=2
residual { conv 8x1 same; bn }
gap; dense 5 softmax
"""


@needs_compiler
def test_integers_have_no_undefined_behaviour_that_a_sanitizer_sees(tmp_path):
    spec = checked(ONE_OF_EACH)
    images = np.concatenate(
        [
            pixels(integer_program(spec.graph), 6),
            np.zeros((1, 12, 12, 3), np.uint8),
            np.full((1, 12, 12, 3), 255, np.uint8),
        ]
    )
    integer, _ = integers(spec, 1, images)
    network = write_integers(integer, "net", "a test")
    trapping = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    found = predicted(network, images, *trapping)
    assert (found == integer.predict(images)).all()


@needs_compiler
@pytest.mark.parametrize(
    "text",
    [
        "conv 8x3 same silu; dwconv 3 same stride=2 silu; conv 16x1 silu; gap; dense 10",
        "conv 16x3 same relu; dwconv 3 same stride=2; conv 8x1; dense 10",
        "conv 16x3 same silu; dwconv 7x3 silu; conv 4x1; gap; dense 10",
        "conv 12x4 stride=2 same; pool 3 stride=2 ceil; conv 30x3 same; avgpool 2; dense 10",
        "conv 8x3 relu; pool 2; conv 4x3 relu; pool 2 ceil; dense 10",
        "conv 4x3 same; dwconv 5 same dilation=2; conv 8x3 tanh; pool 3 stride=2 same; dense 10",
    ],
)
def test_steps_in_one_pass_give_the_same_integers(text):
    spec = checked(text)
    images = pixels(integer_program(spec.graph), 4)
    integer, _ = integers(spec, 1, images)
    assert memory_plan(integer.program, "int8").lines
    network = write_integers(integer, "net", "a test")
    trapping = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    found = predicted(network, images, *trapping)
    assert (found == integer.predict(images).reshape(4, -1)).all()
    assert network.arena == spec.totals.ram("int8")


@pytest.mark.parametrize("processor", PROCESSORS)
def test_compilers_for_other_processors_have_nothing_to_say(processor, tmp_path):
    if missing(processor):
        pytest.skip(missing(processor))
    spec = checked(ONE_OF_EACH)
    integer, _ = integers(spec, 5, pixels(integer_program(spec.graph), 4))
    network = write_integers(integer, "net", "a test")
    (tmp_path / "net.h").write_text(network.header)
    (tmp_path / "net.c").write_text(network.source)
    done = compile_for(processor, tmp_path, "net.c")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.cnn")), ids=lambda path: path.stem)
def test_check_knows_arena_and_constants_of_every_spec(path):
    spec = checked(path.read_text())
    if spec.totals.params > 300_000:
        pytest.skip("too large to be quick")
    integer, _ = integers(spec, 2, pixels(integer_program(spec.graph), 2))
    network = write_integers(integer, "net", "a test")
    assert (network.arena, network.tables) == (spec.totals.ram("int8"), spec.totals.flash("int8"))


def test_bytes_by_hand():
    # 28x28x1 to 26x26x4 by kernels of 9, then a table for tanh; 2704 to 10.
    spec = checked("conv 4x3 tanh; dense 10")
    assert spec.totals.flash("int8") == (36 + 4 * 8) + 256 + (27_040 + 10 * 8)
    # The output begins below the image; its last row is written when three rows are left.
    assert spec.totals.ram("int8") == 2704 + 3 * 28
