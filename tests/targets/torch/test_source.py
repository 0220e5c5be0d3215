"""Modules of PyTorch against exact arithmetic, and how they read.

`make test-backends` installs PyTorch; what needs it is skipped where it is absent.
"""

import numpy as np
import pytest

from cnnspec.operations import base, moves, values, windows
from cnnspec.program.build import build_program
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.torch.source import module_of
from cnnspec.targets.torch.table import LOWERINGS
from tests.program.networks import checked, drawn, weights
from tests.support.paths import ROOT

NETWORKS = 60


def needed_torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: `make test-backends`")


def predicted(program, given, images):
    """What a module gives for images (n, height, width, channels)."""
    torch = needed_torch()
    module = module_of(program, given, "net", "1.0")
    names = {"__file__": "network.py", "__name__": "network"}
    exec(module.text, names)
    network = names["Network"]()
    network.load_state_dict({name: torch.from_numpy(a) for name, a in module.state.items()})
    first = np.ascontiguousarray(np.moveaxis(images, -1, 1) if images.ndim == 4 else images)
    with torch.no_grad():
        found = network.eval()(torch.from_numpy(first)).numpy()
    return np.moveaxis(found, 1, -1) if found.ndim == 4 else found


def require_equal(spec, seed):
    needed_torch()
    program = build_program(spec.graph)
    given = weights(program, seed)
    images = np.random.default_rng(seed).random((3, *spec.spec.shape.dims), np.float32)
    exact = Interpreter(program, given, "float64").predict(images)
    single = Interpreter(program, given).predict(images)
    if not np.isfinite(single).all() or np.abs(single).max() > 1e6:
        pytest.skip("numbers too large to be compared")
    rounding = 3 * float(np.abs(single - exact).max())
    found = predicted(program, given, images)
    assert np.abs(found - exact).max() <= 2e-5 * max(1.0, float(np.abs(exact).max())) + rounding


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_drawn_networks_give_what_exact_arithmetic_gives(seed):
    require_equal(drawn(seed), seed)


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.cnn")), ids=lambda path: path.stem)
def test_every_spec_gives_what_exact_arithmetic_gives(path):
    require_equal(checked(path.read_text()), 3)


@pytest.mark.parametrize(
    "text",
    [
        "input 5x4x3; resize 7x9 bicubic; resize 3x11 nearest; resize 4x4; gap; dense 10",
        "input 8x8x2; tconv 3x4 same stride=2; tconv 3x2 stride=3; tconv 2x3 dilation=2; dense 10",
        "input 9x8x2; pool 3 ceil; avgpool 2 ceil; avgpool 3 same; pool 5 same stride=1; dense 10",
        "input 9x8x2; prelu; prelu shared; ln; gn groups=2 no_scale; bn no_center; ln; dense 10",
        "input 6x6x2; relu max=2 slope=0.5; relu max=6; elu 0.5; noise 0.1; flatten; dense 10",
        "input 6x6x4; reshape 4x12x3; reshape 9x16; flatten; reshape 6x6x4; shuffle 2; dense 10",
    ],
)
def test_what_pytorch_does_in_another_way(text):
    require_equal(checked(text), 1)


def test_every_operation_is_lowered():
    classes = {
        cls
        for module in (moves, values, windows)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, base.Operation) and cls is not base.Operation
    }
    made_by_passes = {values.Affine, windows.PooledConvolution}
    assert classes - set(LOWERINGS) == made_by_passes | {windows.SlidingKernel}


def test_text_is_what_a_person_writes():
    program = build_program(checked((ROOT / "specs" / "lenet5.cnn").read_text()).graph)
    module = module_of(program, weights(program, 0), "lenet5", "1.0")
    assert (
        """\
class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 5, padding=2)
        self.conv_2 = nn.Conv2d(6, 16, 5)
        self.dense = nn.Linear(400, 120)
        self.dense_2 = nn.Linear(120, 84)
        self.dense_3 = nn.Linear(84, 10)

    def forward(self, image):
        x = F.relu(self.conv(image))
        x = F.max_pool2d(x, 2)
        x = F.relu(self.conv_2(x))
        x = F.max_pool2d(x, 2)
        x = x.flatten(1)
        x = F.relu(self.dense(x))
        x = F.relu(self.dense_2(x))
        x = F.softmax(self.dense_3(x), dim=1)
        return x
"""
        in module.text
    )
    assert module.state["conv_2.weight"].shape == (16, 6, 5, 5)
    assert "cnnspec." not in module.text


def test_shared_weights_are_one_part():
    program = build_program(checked("repeat 2 shared { conv 1x3 same }; residual { }; gap").graph)
    text = module_of(program, weights(program, 0), "net", "1.0").text
    assert text.count("nn.Conv2d") == 1
    assert text.count("self.conv(") == 2
