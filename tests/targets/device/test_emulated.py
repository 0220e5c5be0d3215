"""Networks on emulated Cortex-M boards: the bits of the host, and what `check` promises."""

import pytest

from cnnspec.program.inference import integer_program
from cnnspec.targets.device.network import write_integers
from tests.program.networks import checked
from tests.support.paths import ROOT
from tests.targets.c.support import needs_compiler
from tests.targets.device.emulator import BOARDS, emulate, missing
from tests.targets.device.support import pixels
from tests.targets.device.test_float import predicted, written
from tests.targets.device.test_integers import ONE_OF_EACH, integers

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing()), needs_compiler]

TEXTS = {
    "one_of_each": ONE_OF_EACH,
    **{
        name: (ROOT / "specs" / f"{name}.cnn").read_text()
        for name in ("lenet5", "budget", "mobile_se")
    },
}


def made(name, dtype):
    """A network of each number type, with images for it."""
    spec = checked(TEXTS[name])
    images = pixels(integer_program(spec.graph), 3)
    if dtype == "float32":
        return spec, images, written(spec, 1)[2]
    return spec, images, write_integers(integers(spec, 1, images)[0], "net", "a test")


CASES = [
    *(("one_of_each", dtype, processor) for dtype in ("float32", "int8") for processor in BOARDS),
    ("lenet5", "int8", "cortex-m3"),
    ("budget", "float32", "cortex-m4"),
    ("mobile_se", "int8", "cortex-m4"),
    ("budget", "int8", "cortex-m55"),
]


@pytest.mark.parametrize(("name", "dtype", "processor"), CASES)
def test_board_gives_the_bits_of_the_host(name, dtype, processor, tmp_path):
    spec, images, network = made(name, dtype)
    found = emulate(processor, tmp_path, network, images)
    assert found.scores.tobytes() == predicted(network, images).tobytes()
    assert found.arena == spec.totals.ram(dtype)
    assert found.constants == network.tables
    if dtype == "int8":
        assert found.constants == spec.totals.flash("int8")
    assert 0 < found.stack < 400
