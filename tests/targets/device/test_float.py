"""C in float32 for one image against the interpreter, and what compilers say of it."""

import ctypes
import re
import subprocess

import numpy as np
import pytest

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.operations import base, moves, values, windows
from cnnspec.program.build import build_program
from cnnspec.program.inference import inference_program
from cnnspec.targets.device.files import project
from cnnspec.targets.device.host import HostNetwork
from cnnspec.targets.device.network import write_network
from cnnspec.targets.device.table import TEMPLATES
from cnnspec.targets.interpreter.run import Interpreter
from tests.program.networks import checked, drawn, weights
from tests.support.paths import ROOT
from tests.support.seeds import seeds
from tests.targets.c.support import needs_compiler
from tests.targets.device.support import PROCESSORS, as_floats, compile_for, missing, pixels

EVERY_FUNCTION = (
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "hard_silu",
    "softplus",
    "softsign",
    "exponential",
)


def written(spec, seed, name="net"):
    full, program = build_program(spec.graph), inference_program(spec.graph)
    given = weights(full, seed)
    return program, given, write_network(program, given, name, "a test")


def predicted(network, images):
    files = {f"{network.name}.h": network.header, f"{network.name}.c": network.source}
    with HostNetwork(network, files) as host:
        assert host.warnings == ""
        return host.predict(images)


@needs_compiler
@pytest.mark.parametrize("seed", seeds(12))
def test_drawn_networks_give_what_the_interpreter_gives(seed):
    spec = drawn(seed)
    program, given, network = written(spec, seed)
    if sum(step.value.shape.size for step in program.steps) > 300_000:
        pytest.skip("too large to be quick")
    images = pixels(program, 3, seed)
    right = Interpreter(program, given, "float64").predict(as_floats(images)).reshape(3, -1)
    single = Interpreter(program, given).predict(as_floats(images)).reshape(3, -1)
    if not np.isfinite(single).all() or np.abs(single).max() > 1e6:
        pytest.skip("numbers too large to be compared")
    scale = max(1.0, float(np.abs(right).max()))
    rounding = float(np.abs(single - right).max())
    found = predicted(network, images)
    assert np.abs(found - right).max() <= 2e-5 * scale + 3 * rounding
    assert network.arena == spec.totals.ram()


@needs_compiler
@pytest.mark.parametrize("word", EVERY_FUNCTION)
def test_functions_are_within_rounding_over_their_range(word):
    # One pixel times factors from -12 to 12, so that 256 pixels sweep the range.
    text = f"input 1x1x1; classes 4; flatten; dense 4 {word}"
    program = inference_program(checked(text).graph)
    factors = np.array([[-12.0, -3.0, 3.0, 12.0]])
    given = {"dense/kernel": factors, "dense/bias": np.array([0.0, 0.1, -0.1, 0.0])}
    images = np.arange(256, dtype=np.uint8).reshape(256, 1, 1, 1)
    right = Interpreter(program, given, "float64").predict(images / 255)
    found = predicted(write_network(program, given, "net", "a test"), images)
    assert (np.abs(found - right) <= 1e-6 + 1e-6 * np.abs(right)).all()


def test_every_operation_that_passes_leave_has_a_template():
    classes = {
        cls
        for module in (moves, values, windows)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, base.Operation) and cls is not base.Operation
    }
    gone = {values.BatchNormalization, values.Dropout, values.Noise, moves.Reshape, base.Input}
    abstract = {windows.SlidingKernel}
    assert classes - set(TEMPLATES) == (gone - {base.Input}) | abstract


@needs_compiler
def test_test_images_pass_and_a_wrong_score_fails():
    spec = checked((ROOT / "specs" / "quickstart.cnn").read_text())
    program, given, network = written(spec, 3, "clothes")
    images = pixels(program, 4)
    scores = Interpreter(program, given).predict(as_floats(images))
    with HostNetwork(network, project(network, images, scores, 1e-4)) as host:
        assert "4 images, 0 scores differ" in host.run_tests()
    scores[2, 5] += 1e-3
    with (
        HostNetwork(network, project(network, images, scores, 1e-4)) as host,
        pytest.raises(CnnspecError, match="1 scores differ"),
    ):
        host.run_tests()


@needs_compiler
def test_a_call_with_a_null_pointer_uses_the_static_arena(tmp_path):
    spec = checked("pool 4; dense 10 softmax")
    program, _, network = written(spec, 1)
    image = pixels(program, 1)
    right = predicted(network, image)[0]
    (tmp_path / "net.h").write_text(network.header)
    (tmp_path / "net.c").write_text(network.source)
    command = "cc -std=c99 -shared -fPIC -DNET_STATIC_ARENA net.c -o net.so"
    subprocess.run(command.split(), cwd=tmp_path, check=True)
    library = ctypes.CDLL(str(tmp_path / "net.so"))
    library.net_run.restype = ctypes.POINTER(ctypes.c_float)
    found = library.net_run(None, image.ctypes.data_as(ctypes.c_void_p))
    assert [found[n] for n in range(10)] == right.tolist()
    assert library.net_class(None, image.ctypes.data_as(ctypes.c_void_p)) == right.argmax()


SHIPPED = ("lenet5", "mobile_se", "dense_net")


# Each processor with one network at every push, in turns.
@pytest.mark.parametrize(
    ("processor", "name"),
    [
        pytest.param(processor, name, marks=[] if at % len(SHIPPED) == turn else pytest.mark.slow)
        for at, processor in enumerate(PROCESSORS)
        for turn, name in enumerate(SHIPPED)
    ],
)
def test_compilers_for_other_processors_have_nothing_to_say(processor, name, tmp_path):
    if missing(processor):
        pytest.skip(missing(processor))
    _, _, network = written(checked((ROOT / "specs" / f"{name}.cnn").read_text()), 5)
    (tmp_path / "net.h").write_text(network.header)
    (tmp_path / "net.c").write_text(network.source)
    done = compile_for(processor, tmp_path, "net.c")
    assert (done.returncode, done.stderr) == (0, "")


def test_text_takes_no_library_and_says_what_each_step_computes():
    _, _, network = written(checked((ROOT / "specs" / "lenet5.cnn").read_text()), 5)
    assert re.findall(r"#include (\S+)", network.header + network.source) == [
        "<stdint.h>",
        '"net.h"',
        "<string.h>",
    ]
    called = set(
        re.findall(r"\b([a-z_0-9]+)\(", re.sub(r"/\*.*?\*/", "", network.source, flags=re.S))
    )
    library = {"malloc", "free", "printf", "exp", "expf", "sqrt", "sqrtf", "tanhf", "alloca"}
    assert not called & library
    assert "conv_2, pool_2: convolution 5 and max pool 2, relu, 14x14x6 -> 5x5x16" in network.source
    # Four bytes for each of the 61,706 parameters that LeNet-5 has.
    assert network.tables == 4 * 61_706
    # The input, and the pooled output that begins as far below it as its last row demands:
    # 14 rows of 14x6, less the 24 of 28 before those that this row needs.
    assert 4 * (784 + 14 * 14 * 6 - 24 * 28) == 5_152
    assert "Constants: 246,824 bytes. Arena: 5,152 bytes." in network.header
