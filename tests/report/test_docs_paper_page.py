"""What docs/paper.md shows: its commands are commands, and its document compiles."""

import re
import shlex
import subprocess

import pytest

from cnnspec.commands import main, parser_of
from tests.support.paths import ROOT
from tests.support.tex import PDFLATEX, needs_tex

PAGE = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"(?:^|`)(cnnspec .*?)(?:$|`)", PAGE, re.M)
(DOCUMENT,) = re.findall(r"```latex\n(.*?)```", PAGE, re.S)


def test_there_is_something_to_try():
    assert len(COMMANDS) >= 12


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_what_the_parser_takes(command):
    _, name, *arguments = shlex.split(command.partition(">")[0])
    _, parser = parser_of(name)
    parser.parse_intermixed_args(arguments)


@needs_tex
def test_the_document_compiles_with_what_the_commands_write(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.cnn").write_text((ROOT / "specs" / "lenet5.cnn").read_text())
    block = PAGE[PAGE.index("\n```\ncnnspec check") :]
    for line in re.findall(r"^cnnspec .*$", block[: block.index("\n```\n\n")], re.M):
        command, _, out = line.partition(" > ")
        assert main(shlex.split(command)[1:]) == 0
        printed = capsys.readouterr().out
        if out:
            (tmp_path / out).write_text(printed)
    (tmp_path / "paper.tex").write_text(DOCUMENT)
    command = [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
