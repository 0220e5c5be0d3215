"""Code of a network on other processors: the bytes that binutils count, from every compiler."""

import re
import shutil
import subprocess

import pytest

from cnnspec.targets.device import code
from cnnspec.targets.device.code import PROCESSORS, measured_code
from tests.program.networks import checked
from tests.targets.device.test_float import written

SIZE = "arm-none-eabi-size"
NETWORK = "conv 4x3 tanh; pool 2; gap; dense 10 softmax"

needs_size = pytest.mark.skipif(not shutil.which(SIZE), reason=f"{SIZE} is not installed")


def counted(folder):
    """The bytes of the sections of code in an object, as binutils list them."""
    said = subprocess.run([SIZE, "-A", "code.o"], cwd=folder, capture_output=True, text=True).stdout
    return sum(map(int, re.findall(r"^\.text\S*\s+(\d+)", said, re.M)))


@needs_size
@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("command", [0, 1])
def test_code_is_what_binutils_count(processor, command, tmp_path):
    compiler = PROCESSORS[processor].commands[command]
    if not shutil.which(compiler[0]):
        pytest.skip(f"{compiler[0]} is not installed")
    network = written(checked(NETWORK), 1)[2]
    (tmp_path / "net.h").write_text(network.header)
    (tmp_path / "net.c").write_text(network.source)
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "string.h").write_text(code._STRING_H)
    only = PROCESSORS[processor].replace(commands=(compiler,))
    found = code._measured(only, "net", tmp_path)
    assert found.size == counted(tmp_path)
    assert 500 < found.size < 20_000
    assert found.compiler == code.version_of(compiler)


@needs_size
def test_more_layers_are_more_code():
    few, many = (
        measured_code(written(checked(text), 1)[2])
        for text in (NETWORK, f"conv 4x3 same; {NETWORK}")
    )
    assert few.keys() == many.keys() == PROCESSORS.keys()
    for name in few:
        assert (few[name] is None) == (many[name] is None)
        assert few[name] is None or few[name].size < many[name].size


def test_without_a_compiler_nothing_is_measured(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = measured_code(written(checked(NETWORK), 1)[2])
    assert found == dict.fromkeys(PROCESSORS)
