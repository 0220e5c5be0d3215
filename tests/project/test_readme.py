"""Everything the README shows is run: specs are checked, commands print what it says."""

import re
import shlex

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import COMMANDS, main
from cnnspec.core.source import Source
from cnnspec.layers.table import LAYERS
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.S)
SPECS = [text for kind, text in BLOCKS if kind == "cnn"]
SESSIONS = [text for kind, text in BLOCKS if kind == "console"]
PROGRAMS = [text for kind, text in BLOCKS if kind == "python"]


def test_readme_has_the_expected_snippets():
    assert len(SPECS) == 3
    assert len(SESSIONS) == 2
    assert len(PROGRAMS) == 1


@pytest.mark.parametrize("text", SPECS)
def test_every_spec_is_valid(text):
    result = check(Source("README.md", text))
    assert result.problems == ()
    assert check(Source("again", str(result.spec))).spec == result.spec


def test_the_spec_shown_is_the_one_in_the_folder():
    assert (ROOT / "specs" / "lenet5.cnn").read_text() == SPECS[0]


@pytest.mark.parametrize("session", SESSIONS)
def test_every_command_prints_what_is_shown(session, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    command, shown = session.split("\n", 1)
    _, program, *arguments = shlex.split(command)
    assert program == "cnnspec"
    main(arguments)
    captured = capsys.readouterr()
    assert captured.out + captured.err == shown


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_runs(program, capsys, monkeypatch, tmp_path, backend):
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)
    assert names["model"].count_params() == 6_154
    shown = capsys.readouterr().out
    assert "6,154 parameters" in shown
    assert "runs/quickstart-1/report.html" in shown
    assert (tmp_path / "runs" / "quickstart-1" / "report.html").is_file()


def test_the_two_commands_come_first_and_exist():
    makefile = (ROOT / "Makefile").read_text()
    assert [line.split("#")[0].strip() for line in BLOCKS[0][1].splitlines()] == [
        "make train",
        "make test",
    ]
    assert "\ntrain:" in makefile
    assert "\ntest:" in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_every_command_and_layer_is_named():
    for name in COMMANDS:
        assert f"`cnnspec {name}" in README
    listed = " ".join(re.findall(r"Layers: `(.*?)`.*?activation: `(.*?)`", README, re.S)[0])
    assert set(listed.split()) == set(LAYERS)


def test_every_link_exists():
    for path, heading in re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", README):
        assert (ROOT / path).exists(), path
        if heading:
            assert re.search(rf"(?im)^#+ {heading}$", (ROOT / path).read_text("utf-8")), heading
