"""Networks of PyTorch by `torch.onnx`, imported: the same outputs by ONNX Runtime."""

from pathlib import Path
from typing import Any

import pytest

from cnnspec.importing.compare import compare
from cnnspec.importing.session import import_file


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="PyTorch is not installed: `make test-backends`")


def model(torch: Any) -> Any:
    """Strided convolutions with batch norm, a residual, a gate, and a flatten before a dense."""
    nn = torch.nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False)
            self.norm = nn.BatchNorm2d(16)
            self.pool = nn.MaxPool2d(3, 2, 1)
            self.depthwise = nn.Conv2d(16, 16, 3, padding=1, groups=16)
            self.pointwise = nn.Conv2d(16, 16, 1)
            self.down, self.up = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
            self.dense = nn.Linear(16 * 8 * 6, 5)

        def forward(self, x: Any) -> Any:
            functions = nn.functional
            x = self.pool(functions.relu(self.norm(self.first(x))))
            x = x + functions.silu(self.pointwise(functions.hardswish(self.depthwise(x))))
            small = functions.adaptive_avg_pool2d(x, 1)
            x = x * torch.sigmoid(self.up(functions.relu(self.down(small))))
            return self.dense(torch.flatten(x, 1)).softmax(1)

    torch.manual_seed(1)
    made = Network()
    made.norm.running_mean.normal_()
    made.norm.running_var.uniform_(0.5, 2)
    return made.eval()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dynamo", [False, True])
def test_a_network_of_pytorch_is_imported(dynamo: bool, tmp_path: Path, torch: Any) -> None:
    if dynamo:
        pytest.importorskip("onnxscript", reason="the newer exporter of PyTorch needs onnxscript")
    path = tmp_path / "net.onnx"
    open_batch: dict[str, Any] = {"dynamic_axes": {"image": {0: "n"}}}
    if dynamo:
        open_batch = {"dynamic_shapes": {"x": {0: "n"}}, "verbose": False}
    images = torch.rand(2, 3, 32, 24)
    torch.onnx.export(
        model(torch), images, str(path), input_names=["image"], dynamo=dynamo, **open_batch
    )
    found = import_file(path)
    comparison = compare(found)
    assert comparison.reason == ""
    assert comparison.difference < 1e-5
    lines = found.text.split("\n\n")[1].splitlines()
    assert lines == [
        "pad 1",
        "conv 16x3 relu stride=2",
        "pad 1",
        "pool 3 stride=2",
        "residual {",
        "  dwconv 3 same hard_silu",
        "  conv 16x1 silu",
        "}",
        "multiply {",
        "  branch { }",
        "  branch {",
        "    gap keep",
        "    conv 4x1 relu",
        "    conv 16x1 sigmoid",
        "  }",
        "}",
        "flatten",
        "dense 5 softmax",
    ]
