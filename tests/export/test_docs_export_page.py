"""What docs/export.md says is so: its commands are commands, and its programs run."""

import re
import shlex
import sys
import warnings

import pytest

from cnnspec.commands import main, parser_of
from cnnspec.export.table import EXPORTERS, OPTIONS
from tests.export.support import finished
from tests.program.networks import checked
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.S)
COMMANDS = [
    line for kind, text in BLOCKS if not kind for line in text.splitlines() if "cnnspec" in line
]
PROGRAMS = [text for kind, text in BLOCKS if kind == "python" and "quickstart-1" in text]
(SOURCE,) = (text for kind, text in BLOCKS if kind == "python" and "quickstart-1" not in text)


def test_there_is_something_to_try():
    assert len(COMMANDS) == 2
    assert len(PROGRAMS) == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_what_the_parser_takes(command):
    _, name, *arguments = shlex.split(command)
    _, parser = parser_of(name)
    parser.parse_intermixed_args(arguments)


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run_beside_the_export(program, tmp_path, monkeypatch, capsys, backend):
    run = finished(tmp_path / "runs", (ROOT / "specs" / "quickstart.cnn").read_text())
    run.folder.rename(tmp_path / "runs" / "quickstart-1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    if "import torch" in program:
        pytest.importorskip("torch", reason="PyTorch is not installed: `make test-backends`")
    target = re.findall(r"quickstart-1/export/(\w+)", program)[0]
    assert main(["export", "runs/quickstart-1", "--to", target]) == 0
    capsys.readouterr()
    with warnings.catch_warnings():
        # TensorFlow announces that its interpreter will move to a package of its own.
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter", UserWarning)
        exec(program, {})
    assert capsys.readouterr().out in ("(5, 10)\n", "(1, 10)\n")


def test_the_keras_shown_is_what_is_written(backend):
    from cnnspec.targets.keras.source import module_text

    shown = SOURCE[SOURCE.index("keras.Sequential") :].replace(
        "batch_size=None", "batch_size=batch"
    )
    lines = shown.replace(".summary()", "").strip().splitlines()
    written = module_text(checked((ROOT / "specs" / "lenet5.cnn").read_text()), "1.0")
    assert "return " + "\n    ".join(lines) in written
    exec(SOURCE, {})


def test_every_kind_of_export_and_every_option_is_on_the_page():
    for exporter in EXPORTERS.values():
        (row,) = re.findall(rf"^\| `{exporter.name}` \|.*$", PAGE, re.M)
        _, _, _, dtypes, _, _ = row.split("|")
        assert re.findall(r"`(\w+)`", dtypes) == list(exporter.dtypes)
    for name in OPTIONS:
        assert f"`--{name}" in PAGE
