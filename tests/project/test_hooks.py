"""The hooks that other projects can use through pre-commit."""

import re
import shlex
import subprocess
import sys

import pytest

from cnnspec.commands import COMMANDS
from tests.support.paths import ROOT, SPECS


def hooks():
    """The file as a list of mappings; it holds nothing but those, with plain words as values."""
    found = []
    for line in (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"(- |  )([a-z_]+): ([^\s'\"#&*!|>%@`{\[-][^#:'\"]*)", line)
        assert match, line
        start, key, value = match.groups()
        if start == "- ":
            found.append({})
        assert key not in found[-1]
        found[-1][key] = value
    return found


def test_every_hook_says_what_it_needs():
    assert [hook["id"] for hook in hooks()] == ["cnnspec-check", "cnnspec-fmt"]
    for hook in hooks():
        assert {"id", "name", "entry", "language", "files"} <= set(hook)
        assert set(hook) <= {"id", "name", "description", "entry", "language", "files"}
        assert hook["language"] == "python"
        assert re.search(hook["files"], "specs/lenet5.cnn")
        assert not re.search(hook["files"], "lenet5.cnn.txt")


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_every_hook_runs(hook, tmp_path):
    program, name, *arguments = shlex.split(hook["entry"])
    assert program == "cnnspec"
    assert name in COMMANDS
    files = []
    for path in SPECS[:2]:
        files.append(tmp_path / path.name)
        files[-1].write_bytes(path.read_bytes())
    command = [sys.executable, "-m", program, name, *arguments, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    files[0].write_text("conv 8x99; dense   10")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # pre-commit sees a failure, or that a file has changed.
    assert done.returncode == 1 or files[0].read_text() == "conv 8x99\ndense 10\n"
